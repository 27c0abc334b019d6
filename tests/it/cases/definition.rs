use cotrace::model::{Code, Verdict};
use cotrace_generator::World;
use serde_json::{Value, json};

use super::Case;
use super::edits::{deny, edit_bytes, edit_status, redefine};
use crate::support::{Scene, nightly_2026};

pub(super) const CASES: &[Case] = &[
    Case::refutes(
        Code::DefinitionMissing,
        ("task", "build-linux64"),
        ("the queue denied a definition a second before it expired", "it denied it when it had expired"),
        || Scene::of(denied("2027-10-06T10:05:43.620Z"), "signing-linux64"),
        || Scene::of(denied("2027-10-06T10:05:43.621Z"), "signing-linux64"),
    )
    .near_verdict(Verdict::Undetermined),
    Case::refutes(
        Code::DefinitionMalformed,
        ("task", "signing-linux64"),
        ("the tag of the worker is a number", "the tag of the worker is empty"),
        || Scene::of(tagged(json!(7)), "signing-linux64"),
        || Scene::of(tagged(json!("")), "signing-linux64"),
    ),
    Case::refutes(
        Code::DefinitionMalformed,
        ("task", "build-linux64"),
        ("a definition ends too early", "a definition ends in a line feed"),
        || Scene::of(ending(|bytes| bytes[..bytes.len() - 1].to_vec()), "signing-linux64"),
        || Scene::of(ending(|bytes| [bytes, b"\n"].concat()), "signing-linux64"),
    )
    .also(&[Code::WorkerImplementationUnknown]),
    Case::remarks(
        Code::StatusMalformed,
        ("task", "build-linux64"),
        ("a status is another task's", "a status was saved without its wrapper"),
        || {
            let mut world = nightly_2026();
            let other = world.read(&world.status_path("docker-image").unwrap()).unwrap().to_vec();
            world.put(&world.status_path("build-linux64").unwrap(), other);
            Scene::of(world, "signing-linux64")
        },
        || {
            let mut world = nightly_2026();
            edit_status(&mut world, "build-linux64", |status| *status = status["status"].take());
            Scene::of(world, "signing-linux64")
        },
    )
    .verdict(Verdict::Undetermined),
    Case::remarks(
        Code::SnapshotsDisagree,
        ("task", "build-linux64"),
        ("an older snapshot has another artifact of the same run", "an older snapshot lacks the artifact"),
        || Scene::of(nightly_2026(), "signing-linux64").after(with_checksums(Some("other")), true).joined(),
        || Scene::of(nightly_2026(), "signing-linux64").after(with_checksums(None), true).joined(),
    ),
    Case::remarks(
        Code::EvidenceExpired,
        ("task", "decision"),
        ("it was captured when the decision expired", "it was captured a millisecond before"),
        || Scene::of(captured_at("2027-10-06T10:01:53.607Z"), "signing-linux64"),
        || Scene::of(captured_at("2027-10-06T10:01:53.606Z"), "signing-linux64"),
    ),
];

fn captured_at(at: &str) -> World {
    let mut world = nightly_2026();
    world.edit_json("capture.json", |head| head["capturedAt"] = at.into()).unwrap();
    world
}

/// The sample with another file of checksums, or without one.
fn with_checksums(bytes: Option<&str>) -> World {
    let mut world = nightly_2026();
    let path = world.artifact_path("build-linux64", "public/build/target.checksums").unwrap();
    world.read(&path).unwrap();
    match bytes {
        Some(bytes) => world.put(&path, bytes),
        None => world.remove(&path),
    }
    world
}

fn denied(at: &str) -> World {
    let mut world = nightly_2026();
    world.remove(&world.definition_path("build-linux64").unwrap());
    deny(&mut world, "build-linux64", &[("definition", None)], at);
    world
}

fn tagged(tag: Value) -> World {
    let mut world = nightly_2026();
    redefine(&mut world, "signing-linux64", |task| task["tags"]["worker-implementation"] = tag.clone());
    world
}

fn ending(edit: impl FnOnce(&[u8]) -> Vec<u8>) -> World {
    let mut world = nightly_2026();
    let path = world.definition_path("build-linux64").unwrap();
    edit_bytes(&mut world, &path, |bytes| edit(&bytes));
    world
}
