//! The committed snapshots are what the generator makes, byte for byte.

use std::path::{Path, PathBuf};

use cotrace_generator::sample;

use crate::files;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots").join(name)
}

#[test]
fn snapshots_are_what_the_generator_makes() {
    for name in sample::NAMES {
        let world = sample::by_name(name).unwrap();
        let committed = files(&folder(name));
        let made: Vec<&String> = world.files.keys().collect();
        let there: Vec<&String> = committed.keys().collect();
        assert_eq!(made, there, "snapshots/{name} has other files than the generator makes");
        for (path, bytes) in &world.files {
            assert!(committed[path] == *bytes, "snapshots/{name}/{path} differs from what the generator makes");
        }
    }
}

#[test]
fn snapshots_are_small() {
    for name in sample::NAMES {
        let world = sample::by_name(name).unwrap();
        let bytes: usize = world.files.values().map(Vec::len).sum();
        assert!(bytes < 600_000, "{name} has {bytes} bytes");
        assert!(world.files.len() < 100, "{name} has {} files", world.files.len());
    }
}
