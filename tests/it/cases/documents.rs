use cotrace::model::Code;
use cotrace_generator::World;
use serde_json::json;

use super::Case;
use super::edits::{edit_attestation_file, graph_path, redefine, replace};
use crate::support::{Scene, nightly_2026};

pub(super) const CASES: &[Case] = &[
    Case::remarks(
        Code::DocumentAmbiguous,
        ("task", "signing-linux64"),
        ("a definition has a key twice", "a definition has a key twice in two objects"),
        || {
            let mut world = nightly_2026();
            let path = world.definition_path("signing-linux64").unwrap();
            replace(&mut world, &path, "{", "{\"priority\":\"highest\",");
            world.attest("signing-linux64").unwrap();
            Scene::of(world, "signing-linux64")
        },
        || {
            let mut world = nightly_2026();
            redefine(&mut world, "signing-linux64", |task| task["extra"]["priority"] = "highest".into());
            Scene::of(world, "signing-linux64")
        },
    ),
    Case::remarks(
        Code::DocumentAmbiguous,
        ("task", "build-linux64"),
        ("a definition has keys that differ in case only", "the environment of a task has such keys"),
        || {
            let mut world = nightly_2026();
            redefine(&mut world, "build-linux64", |task| task["Routes"] = json!([]));
            Scene::of(world, "signing-linux64")
        },
        || {
            let mut world = nightly_2026();
            redefine(&mut world, "build-linux64", |task| {
                task["payload"]["env"]["http_proxy"] = "http://proxy".into();
                task["payload"]["env"]["HTTP_PROXY"] = "http://proxy".into();
            });
            Scene::of(world, "signing-linux64")
        },
    ),
    Case::remarks(
        Code::DocumentAmbiguous,
        ("attestation", "build-linux64"),
        ("an attestation states 2^53 + 1", "an attestation states 2^53"),
        || Scene::of(stating("9007199254740993"), "signing-linux64"),
        || Scene::of(stating("9007199254740992"), "signing-linux64"),
    ),
    Case::remarks(
        Code::DocumentAmbiguous,
        ("attestation", "build-linux64"),
        ("an attestation hides a key behind an escape", "an attestation has an escape in a text"),
        || {
            let escape = |text: String| text.replacen("\"workerId\"", "\"\\u0077orkerId\"", 1);
            Scene::of(attested(escape), "signing-linux64")
        },
        || {
            let escape = |text: String| text.replacen("\"us-central1-a\"", "\"\\u0075s-central1-a\"", 1);
            Scene::of(attested(escape), "signing-linux64")
        },
    ),
    Case::remarks(
        Code::DocumentAmbiguous,
        ("graph", "decision"),
        ("the graph lists a link twice", "the graph lists another task twice"),
        || Scene::of(listed_twice("signing-linux64"), "signing-linux64"),
        || Scene::of(listed_twice("test-linux64"), "signing-linux64"),
    ),
];

/// The build's worker signs an edited text.
fn attested(edit: impl FnOnce(String) -> String) -> World {
    let mut world = nightly_2026();
    let before = world.attestation("build-linux64").unwrap();
    edit_attestation_file(&mut world, "build-linux64", edit);
    assert_ne!(world.attestation("build-linux64").unwrap(), before);
    world.sign("build-linux64").unwrap();
    world
}

fn stating(number: &str) -> World {
    attested(|text| text.replacen('{', &format!("{{\"serial\": {number},"), 1))
}

/// The graph lists a task twice, the right entry last.
fn listed_twice(label: &str) -> World {
    let mut world = nightly_2026();
    let entry = format!("{{\"{}\": {{}}, ", world.task_id(label).unwrap());
    let path = graph_path(&world);
    replace(&mut world, &path, "{", &entry);
    world.attest("decision").unwrap();
    world
}
