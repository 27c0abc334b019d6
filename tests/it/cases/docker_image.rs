use cotrace::model::Code;
use cotrace_generator::World;
use serde_json::{Value, json};

use super::edits::{edit_bytes, redefine, redefine_alone};
use super::{Case, THEIRS};
use crate::support::{Scene, nightly_2017, nightly_2026};

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
    )
    .near_also(&[Code::DockerImageFloating]),
    Case::refutes(
        Code::DockerImageUnstated,
        ("attestation", "build-linux64"),
        ("the worker states no digest of the image", "the worker states no id of the image"),
        || Scene::of(attested(|environment| forget(environment, "imageArtifactHash")), "signing-linux64"),
        || Scene::of(attested(|environment| forget(environment, "imageHash")), "signing-linux64"),
    ),
    Case::refutes(
        Code::DockerImageNotPermitted,
        ("task", "build-linux64"),
        ("a build runs in an image that no task made", "a docker-image task does"),
        || Scene::of(in_image(|image| *image = NAMED.into()), "signing-linux64").under(THEIRS),
        || Scene::of(builder(NAMED.into()), "signing-linux64").under(THEIRS),
    ),
    Case::refutes(
        Code::DockerImageNotPermitted,
        ("task", "docker-image"),
        (
            "a target with restricted scopes rests on an image found by an index",
            "a target without such scopes rests on it",
        ),
        || Scene::of(builder(indexed()), "signing-linux64").under(THEIRS),
        || Scene::of(builder(indexed()), "build-linux64").under(THEIRS),
    )
    .also(&[Code::DockerImageFloating])
    .near_also(&[Code::DockerImageFloating]),
    Case::refutes(
        Code::DockerImageNotPermitted,
        ("task", "docker-image"),
        ("under the rules of 2017 the builder of images is in no list", "it is another one of the lists"),
        || {
            let unlisted = LISTED.replace("74c5a18c", "74c5a18d");
            Scene::of(built_in(&unlisted), "signing-linux64").under("scriptworker-4.1.2")
        },
        || Scene::of(built_in(LISTED), "signing-linux64").under("scriptworker-4.1.2"),
    ),
    Case::remarks(
        Code::DockerImageFloating,
        ("task", "docker-image"),
        ("an image is named without a digest", "an image is named with one"),
        || Scene::of(builder("mozillareleases/image_builder:5.1.0".into()), "signing-linux64"),
        || Scene::of(builder(NAMED.into()), "signing-linux64"),
    ),
    Case::remarks(
        Code::DockerImageFloating,
        ("task", "docker-image"),
        ("an image is found by an index", "an image is named with a digest"),
        || Scene::of(builder(indexed()), "signing-linux64"),
        || Scene::of(builder(NAMED.into()), "signing-linux64"),
    ),
    Case::remarks(
        Code::DockerImagePrebuilt,
        ("task", "docker-image"),
        ("an image is named with its digest", "every image is named without one"),
        || Scene::of(built_and_decided_in(Some(NAMED)), "signing-linux64"),
        || Scene::of(built_and_decided_in(None), "signing-linux64"),
    )
    .also(&[Code::DockerImageFloating])
    .near_also(&[Code::DockerImageFloating]),
];

/// An image that no task made.
const NAMED: &str =
    "mozillareleases/image_builder@sha256:1c5ac4b2c6ce8be35ac06e2ba7b3c97d1f1c4c2a8e0b9c6d0d4a3b2f1e0d9c8b";

/// An image that docker-image tasks could run in until 2018.
const LISTED: &str = "sha256:74c5a18ce1768605ce9b1b5f009abac1ff11b55a007e2d03733cd6e95847c747";

/// An image that is whatever an index has.
fn indexed() -> Value {
    json!({
        "type": "indexed-image",
        "namespace": "gecko.cache.level-3.docker-images.v2.image_builder.latest",
        "path": "public/image.tar.zst",
    })
}

/// The docker-image task runs in this image.
fn builder(image: Value) -> World {
    let mut world = nightly_2026();
    redefine(&mut world, "docker-image", |task| task["payload"]["image"] = image.clone());
    world
}

/// The decision task runs in an image that is named by a tag, and so does the docker-image task unless it has a better one.
fn built_and_decided_in(builder: Option<&str>) -> World {
    let tagged = "mozillareleases/image_builder:5.1.0";
    let mut world = self::builder(builder.unwrap_or(tagged).into());
    redefine_alone(&mut world, "decision", |task| task["payload"]["image"] = tagged.into());
    world
}

/// The worker of 2017 says that the docker-image task ran in this image.
fn built_in(hash: &str) -> World {
    let mut world = nightly_2017();
    world.edit_attestation("docker-image", |body| body["environment"]["imageHash"] = hash.into()).unwrap();
    world
}

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
