//! What several benchmarks set up: a generated capture in a case file, and its keys.

use std::fs;
use std::path::Path;

use cotrace::import::{Evidence, KeepArtifacts, Options, import};
use cotrace::model::Moment;
use cotrace::store::{Access, Case};

/// A moment.
pub(super) fn moment(text: &str) -> Moment {
    text.parse().unwrap()
}

/// A new case that holds a capture and accepts its keys.
pub(super) fn imported(capture: &Path, path: &Path) -> Case {
    let mut case = Case::open(path, Access::Create).unwrap();
    let options = Options {
        keep: KeepArtifacts::Evidence,
        accept_keys: true,
        operator: Some("bench".to_owned()),
        now: moment("2026-11-01"),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    import(&mut case, &Evidence::open(capture).unwrap(), &options, &|_| ()).unwrap();
    case
}

/// The ed25519 keys of a capture for a role, as they are listed: in base64.
pub(super) fn ed25519_keys(capture: &Path, role: &str) -> Vec<String> {
    let keys: serde_json::Value = serde_json::from_slice(&fs::read(capture.join("keys.json")).unwrap()).unwrap();
    keys[role].as_array().unwrap().iter().map(|key| key.as_str().unwrap().to_owned()).collect()
}

/// The roles that captures list keys for.
pub(super) const ROLES: [&str; 3] = ["docker-worker", "generic-worker", "scriptworker"];
