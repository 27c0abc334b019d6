//! The generator held against its snapshots and against itself.
#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

mod snapshots;
mod worlds;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Every file below a directory, by its path there.
fn files(base: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![base.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(base).unwrap().to_str().unwrap().replace('\\', "/");
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}
