use cotrace::model::Code;
use cotrace_generator::World;
use serde_json::{Value, json};

use super::Case;
use super::edits::{edit_bytes, redefine};
use crate::support::{Scene, nightly_2026};

pub(super) const CASES: &[Case] = &[
    Case::refutes(
        Code::DockerImageMismatch,
        ("attestation", "build-linux64"),
        ("the image became another one after the build", "the image was another one from the beginning"),
        || Scene::of(with_another_image(), "signing-linux64"),
        || {
            let mut world = with_another_image();
            world.attest("build-linux64").unwrap();
            Scene::of(world, "signing-linux64")
        },
    ),
    Case::refutes(
        Code::DockerImageMismatch,
        ("attestation", "build-linux64"),
        ("the worker states another digest", "the worker states another id of the image, which nothing attests"),
        || Scene::of(attested(|environment| environment["imageArtifactHash"] = NO_DIGEST.into()), "signing-linux64"),
        || Scene::of(attested(|environment| environment["imageHash"] = NO_DIGEST.into()), "signing-linux64"),
    ),
    Case::refutes(
        Code::DockerImageMismatch,
        ("task", "build-linux64"),
        ("the image is of another task than the declared input", "the image is of no task"),
        || {
            let decision = nightly_2026().task_id("decision").unwrap().to_owned();
            Scene::of(in_image(|image| image["taskId"] = decision.as_str().into()), "signing-linux64")
        },
        || Scene::of(in_image(|image| *image = json!("debian:12")), "signing-linux64"),
    ),
    Case::refutes(
        Code::DockerImageUnstated,
        ("attestation", "build-linux64"),
        ("the worker states no digest of the image", "the worker states no id of the image"),
        || Scene::of(attested(|environment| forget(environment, "imageArtifactHash")), "signing-linux64"),
        || Scene::of(attested(|environment| forget(environment, "imageHash")), "signing-linux64"),
    ),
];

/// The digest of nothing that there is.
const NO_DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// The docker-image task published and attested another image.
fn with_another_image() -> World {
    let mut world = nightly_2026();
    let path = world.artifact_path("docker-image", "public/image.tar.zst").unwrap();
    edit_bytes(&mut world, &path, |bytes| [bytes.as_slice(), b"\0"].concat());
    world.attest("docker-image").unwrap();
    world
}

/// The build's worker tells something else of where it ran.
fn attested(edit: impl FnOnce(&mut Value)) -> World {
    let mut world = nightly_2026();
    world.edit_attestation("build-linux64", |body| edit(&mut body["environment"])).unwrap();
    world
}

fn forget(environment: &mut Value, name: &str) {
    environment.as_object_mut().unwrap().remove(name).unwrap();
}

/// The build runs in another image.
fn in_image(edit: impl Fn(&mut Value)) -> World {
    let mut world = nightly_2026();
    redefine(&mut world, "build-linux64", |task| edit(&mut task["payload"]["image"]));
    world
}
