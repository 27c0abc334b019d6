use cotrace::model::Code;
use cotrace_generator::World;
use serde_json::Value;

use super::Case;
use super::edits::{listing_path, uncapture, unlist};
use crate::support::{Scene, nightly_2026};

pub(super) const CASES: &[Case] = &[
    Case::remarks(
        Code::ArtifactPointer,
        ("artifact", "build-linux64"),
        ("an artifact leads elsewhere", "the queue keeps an artifact as an object"),
        || Scene::of(stored_as("redirect"), "signing-linux64"),
        || Scene::of(stored_as("object"), "signing-linux64"),
    ),
    Case::remarks(
        Code::ArtifactPointer,
        ("artifact", "build-linux64"),
        ("an artifact stands for an error", "the queue keeps an artifact in a bucket"),
        || Scene::of(stored_as("error"), "signing-linux64"),
        || Scene::of(stored_as("s3"), "signing-linux64"),
    ),
    Case::remarks(
        Code::ArtifactUnattested,
        ("attestation", "build-linux64"),
        ("the run uploaded one artifact more than it attests", "it uploaded one log more"),
        || Scene::of(with_unattested("public/build/more.txt"), "signing-linux64"),
        || Scene::of(with_unattested("public/logs/more.txt"), "signing-linux64"),
    ),
    Case::remarks(
        Code::ArtifactAttestedUnlisted,
        ("attestation", "build-linux64"),
        ("the queue does not list what the worker attests", "nobody captured the queue's listing"),
        || Scene::of(without_langpack(true), "signing-linux64"),
        || Scene::of(without_langpack(false), "signing-linux64"),
    ),
    Case::remarks(
        Code::ArtifactChangedBetweenRuns,
        ("artifact", "build-linux64"),
        ("the run before uploaded other bytes", "the run before uploaded the same bytes"),
        || Scene::of(with_earlier_langpack(|bytes| bytes.push(b'\n')), "signing-linux64"),
        || Scene::of(with_earlier_langpack(|_| ()), "signing-linux64"),
    ),
    Case::remarks(
        Code::ArtifactChangedBetweenRuns,
        ("artifact", "build-linux64"),
        ("the worker of the run before attested another digest", "it attested the same digest"),
        || Scene::of(attested_before("abad1dea"), "signing-linux64"),
        || Scene::of(attested_before(""), "signing-linux64"),
    ),
    Case::remarks(
        Code::AttestationDataByTask,
        ("attestation", "build-win64"),
        ("the task wrote what its worker merges into the attestation", "it wrote a file of nearly that name"),
        || Scene::of(windows_build_with("public/chain-of-trust-additional-data.json"), "signing-win64"),
        || Scene::of(windows_build_with("public/chain-of-trust-additional-data.jsonl"), "signing-win64"),
    ),
    Case::remarks(
        Code::DockerImageByTask,
        ("attestation", "build-win64"),
        ("an attestation by generic-worker states the digest of an image", "it states an address"),
        || Scene::of(windows_build_stating("imageArtifactHash"), "signing-win64"),
        || Scene::of(windows_build_stating("publicIpAddress"), "signing-win64"),
    ),
];

const LANGPACK: &str = "public/build/target.langpack.xpi";

/// The queue keeps the build's language pack in this way.
fn stored_as(kind: &str) -> World {
    let mut world = nightly_2026();
    let path = listing_path(&world, "build-linux64");
    world
        .edit_json(&path, |listing| {
            let artifacts = listing["artifacts"].as_array_mut().unwrap();
            let langpack = artifacts.iter_mut().find(|artifact| artifact["name"] == LANGPACK);
            langpack.unwrap()["storageType"] = kind.into();
        })
        .unwrap();
    world
}

/// The build's run has an artifact of this name, which its worker does not attest.
fn with_unattested(name: &str) -> World {
    let mut world = nightly_2026();
    world.put(&world.artifact_path("build-linux64", name).unwrap(), "more");
    world
}

/// Nobody captured the language pack, and the queue's listing lacks it, or is lacking itself.
fn without_langpack(is_listed: bool) -> World {
    let mut world = nightly_2026();
    uncapture(&mut world, "build-linux64", LANGPACK);
    unlist(&mut world, "build-linux64", LANGPACK);
    if !is_listed {
        world.remove(&listing_path(&world, "build-linux64"));
    }
    world
}

/// The build's first run, which ended with its machine, had uploaded the language pack.
fn with_earlier_langpack(edit: impl FnOnce(&mut Vec<u8>)) -> World {
    let mut world = nightly_2026();
    let path = world.artifact_path("build-linux64", LANGPACK).unwrap();
    let mut bytes = world.read(&path).unwrap().to_vec();
    edit(&mut bytes);
    world.put(&path.replacen("/artifacts/1/", "/artifacts/0/", 1), bytes);
    world
}

/// The run before the build's latest has the same attestation, but for the beginning of the language pack's digest. Its
/// artifacts were not captured.
fn attested_before(start: &str) -> World {
    let mut world = nightly_2026();
    let mut body: Value = serde_json::from_str(&world.attestation("build-linux64").unwrap()).unwrap();
    let stated = &mut body["artifacts"][LANGPACK]["sha256"];
    let digest = format!("{start}{}", &stated.as_str().unwrap()[start.len()..]);
    *stated = digest.into();
    let path = world.attestation_path("build-linux64").unwrap();
    world.put(&path.replacen("/artifacts/1/", "/artifacts/0/", 1), body.to_string());
    world
}

/// The attestation of the build for Windows has this in its environment.
fn windows_build_stating(name: &str) -> World {
    let mut world = nightly_2026();
    let state = |body: &mut Value| body["environment"][name] = "sha256:00".into();
    world.edit_attestation("build-win64", state).unwrap();
    world
}

/// The build for Windows uploaded a file of this name, and its worker attests it.
fn windows_build_with(name: &str) -> World {
    let mut world = nightly_2026();
    world.put(&world.artifact_path("build-win64", name).unwrap(), "{}");
    world.attest("build-win64").unwrap();
    world
}
