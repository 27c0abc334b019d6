use cotrace::model::{Code, Verdict};
use cotrace_generator::{Signer, World};
use serde_json::{Value, json};

use super::Case;
use super::edits::{copy_task, log_attestation, redefine, redefine_alone};
use super::key::STRANGER;
use super::signature::run_moment;
use crate::support::{Scene, moment, nightly_2017, nightly_2026};

pub(super) const CASES: &[Case] = &[
    Case::refutes(
        Code::TaskTypeUndecided,
        ("task", "build-linux64"),
        ("two tasks name the target by different types", "a third one, which the rule book does not know, is no vote"),
        || Scene::of(named_otherwise("repackage"), "build-linux64"),
        || Scene::of(named_otherwise("build-signing"), "build-linux64"),
    )
    .verdict(Verdict::Undetermined),
    Case::refutes(
        Code::TaskTypeUndecided,
        ("task", "build-linux64"),
        ("two tasks name the target by different types", "somebody says which"),
        || Scene::of(named_otherwise("repackage"), "build-linux64"),
        || Scene::of(named_otherwise("repackage"), "build-linux64").typed("build"),
    )
    .verdict(Verdict::Undetermined),
    Case::refutes(
        Code::TaskTypeInvalid,
        ("task", "build-linux64"),
        ("upstream is a `test`, which is no task type", "upstream is a `repackage`, which is one"),
        || Scene::of(consumes_as("test"), "signing-linux64"),
        || Scene::of(consumes_as("repackage"), "signing-linux64"),
    ),
    Case::refutes(
        Code::WorkerImplementationUnknown,
        ("task", "build-win64"),
        ("neither tag nor mounts nor groups", "mounts alone tell generic-worker"),
        || Scene::of(windows(|task| forget(task, true)), "signing-win64"),
        || Scene::of(windows(|task| forget(task, false)), "signing-win64"),
    ),
    Case::refutes(
        Code::WorkerImplementationAmbiguous,
        ("task", "build-win64"),
        ("a scope of docker-worker beside mounts", "a scope that only mentions docker-worker"),
        || Scene::of(windows(|task| add_scope(task, "docker-worker:cache:checkouts")), "signing-win64"),
        || Scene::of(windows(|task| add_scope(task, "assume:docker-worker:cache:checkouts")), "signing-win64"),
    ),
    Case::refutes(
        Code::ChainTooDeep,
        ("task", "AnImageOnAnImage000021"),
        ("the last image lies 21 links from the target", "the last image lies 20 links from the target"),
        || Scene::of(images_on_images(21), "signing-linux64"),
        || Scene::of(images_on_images(20), "signing-linux64"),
    )
    // The images are copies of one, made at one time.
    .also(&[Code::RunBeforeUpstream])
    .near_also(&[Code::RunBeforeUpstream]),
    Case::remarks(
        Code::ChainCycle,
        ("task", "build-linux64"),
        ("the image rests on the build that uses it", "the signing rests on the image that its build uses"),
        || Scene::of(rests_on("docker-image", "build", "build-linux64"), "signing-linux64"),
        || Scene::of(rests_on("signing-linux64", "docker-image", "docker-image"), "signing-linux64"),
    )
    .also(&[Code::RunBeforeUpstream]),
    Case::refutes(
        Code::DependencyMalformed,
        ("task", "build-linux64"),
        ("an input of 21 characters", "a dependency of 21 characters, which no chain follows"),
        || {
            let edit = |task: &mut Value| task["extra"]["chainOfTrust"]["inputs"]["toolchain"] = SHORT_ID.into();
            Scene::of(build(edit), "signing-linux64")
        },
        || {
            let edit = |task: &mut Value| task["dependencies"].as_array_mut().unwrap().push(SHORT_ID.into());
            Scene::of(build(edit), "signing-linux64")
        },
    ),
    Case::refutes(
        Code::MomentUndecided,
        ("task", "signing-linux64"),
        (
            "a key goes out of force when the target, whose run is not known, must have started at the latest",
            "a key goes out of force a millisecond later",
        ),
        || Scene::of(without_status("2026-10-07T10:05:43.642Z"), "signing-linux64").before_run(),
        || Scene::of(without_status("2026-10-07T10:05:43.643Z"), "signing-linux64").before_run(),
    )
    .verdict(Verdict::Undetermined)
    .also(&[Code::KeyNotInForce]),
    Case::refutes(
        Code::MomentUndecided,
        ("task", "signing-linux64"),
        (
            "the target, whose run is not known, may have run before a release came that heeds no priorities",
            "it was created when every worker had that release",
        ),
        || Scene::of(prioritised_unless_run_from("2026-03-09T10:40:38Z"), "signing-linux64").under("then"),
        || Scene::of(prioritised_unless_run_from("2026-03-16T10:40:39Z"), "signing-linux64").under("then"),
    )
    .verdict(Verdict::Undetermined)
    .also(&[Code::GraphDifferenceIgnored, Code::TaskDiffersFromGraph, Code::VerifierReleaseUndecided])
    .near_also(&[Code::GraphDifferenceIgnored]),
    Case::refutes(
        Code::MomentUndecided,
        ("task", "signing-linux64"),
        (
            "its run is not known, and it may have run under the rules of any release of ten years",
            "it may have run within a day",
        ),
        || Scene::of(run_between("2016-09-01T00:00:00.000Z"), "signing-linux64").under("then"),
        || Scene::of(run_between("2026-10-06T00:00:00.000Z"), "signing-linux64").under("then"),
    )
    .verdict(Verdict::Undetermined)
    .also(&[Code::GraphDifferenceIgnored])
    .near_also(&[Code::GraphDifferenceIgnored]),
    Case::remarks(
        Code::MomentOnQueuesWord,
        ("task", "build-linux64"),
        ("its digest was stated 15 minutes and a second before the queue says that it ended", "15 minutes before"),
        || Scene::of(stated_before_end(-901), "build-linux64"),
        || Scene::of(stated_before_end(-900), "build-linux64"),
    ),
    Case::remarks(
        Code::MomentOnQueuesWord,
        ("task", "signing-win64"),
        (
            "others prove that it is older than a moment at which a key had expired, and nothing nearer",
            "others prove that it is older than a moment at which no key had expired",
        ),
        || Scene::of(consumed_at("2017-08-30T09:00:00Z"), "signing-win64"),
        || Scene::of(consumed_at("2017-08-30T08:59:59Z"), "signing-win64"),
    ),
];

/// The build has another priority than the graph says. The target was created then, and nothing else tells when it ran.
fn prioritised_unless_run_from(created: &str) -> World {
    let mut world = super::key::prioritised(created);
    redefine_alone(&mut world, "signing-linux64", |task| {
        task["created"] = created.into();
        task["deadline"] = "2026-03-17T00:00:00.000Z".into();
    });
    world.remove(&world.status_path("signing-linux64").unwrap());
    world
}

/// The target was created then, could run until 2026-10-07, and nothing else tells when it did.
fn run_between(created: &str) -> World {
    let mut world = nightly_2026();
    redefine_alone(&mut world, "signing-linux64", |task| {
        task["created"] = created.into();
        task["deadline"] = "2026-10-07T00:00:00.000Z".into();
    });
    world.remove(&world.status_path("signing-linux64").unwrap());
    world
}

/// The build is signed 20 minutes before its run ended, and so many seconds from that end somebody stated the digest of its
/// attestation.
fn stated_before_end(seconds: i64) -> World {
    let mut world = nightly_2017();
    let signed = |world: &mut World, label, role, seconds: i64| {
        let made = u32::try_from(run_moment(world, "build-linux64", "resolved") + seconds).unwrap();
        world.sign_at(label, Signer::Role(role), made).unwrap();
    };
    signed(&mut world, "build-linux64", "docker-worker", -1200);
    log_attestation(&mut world, "signing-linux64", "build-linux64");
    signed(&mut world, "signing-linux64", "scriptworker", seconds);
    world
}

/// The signing for Windows logs the build's attestation; a scriptworker with another key consumes and logs the signing's,
/// and signs that at this moment.
fn consumed_at(at: &str) -> World {
    let mut world = nightly_2017();
    world.put("keys/openpgp/scriptworker/another.asc", STRANGER);
    log_attestation(&mut world, "signing-win64", "build-win64");
    let signing = world.task_id("signing-win64").unwrap().to_owned();
    redefine(&mut world, "beetmover-linux64", |task| {
        task["payload"]["upstreamArtifacts"][0]["taskId"] = signing.as_str().into();
        task["dependencies"].as_array_mut().unwrap().push(signing.as_str().into());
    });
    log_attestation(&mut world, "beetmover-linux64", "signing-win64");
    let made = u32::try_from(moment(at).unix()).unwrap();
    world.sign_at("beetmover-linux64", Signer::Stranger, made).unwrap();
    world
}

/// One character short of a task id.
const SHORT_ID: &str = "Q4YCvt_aQTW1LNS5CBBdJ";

/// The beetmover names the build that the signing calls `build`.
fn named_otherwise(task_type: &str) -> World {
    let mut world = nightly_2026();
    redefine(&mut world, "beetmover-linux64", |task| {
        for entry in task["payload"]["upstreamArtifacts"].as_array_mut().unwrap() {
            if entry["taskType"] == "build" {
                entry["taskType"] = task_type.into();
            }
        }
    });
    world
}

/// The signing names its upstream task so.
fn consumes_as(task_type: &str) -> World {
    let mut world = nightly_2026();
    redefine(&mut world, "signing-linux64", |task| {
        for entry in task["payload"]["upstreamArtifacts"].as_array_mut().unwrap() {
            entry["taskType"] = task_type.into();
        }
    });
    world
}

fn windows(edit: impl Fn(&mut Value)) -> World {
    let mut world = nightly_2026();
    redefine(&mut world, "build-win64", edit);
    world
}

fn build(edit: impl Fn(&mut Value)) -> World {
    let mut world = nightly_2026();
    redefine(&mut world, "build-linux64", edit);
    world
}

/// Forgets what tells a generic-worker.
fn forget(task: &mut Value, with_mounts: bool) {
    task["tags"].as_object_mut().unwrap().remove("worker-implementation");
    let payload = task["payload"].as_object_mut().unwrap();
    payload.remove("osGroups");
    if with_mounts {
        payload.remove("mounts").unwrap();
    }
}

fn add_scope(task: &mut Value, scope: &str) {
    task["scopes"].as_array_mut().unwrap().push(scope.into());
}

/// A task has another one as an input.
fn rests_on(label: &str, name: &str, on: &str) -> World {
    let mut world = nightly_2026();
    let id = world.task_id(on).unwrap().to_owned();
    redefine(&mut world, label, |task| {
        task["extra"]["chainOfTrust"] = json!({"inputs": {name: id}});
    });
    world
}

/// Images that rest on images: the docker image of the build lies two links from the signing, and the last of the new
/// ones this many.
fn images_on_images(depth: usize) -> World {
    let mut world = nightly_2026();
    let id = |depth: usize| format!("AnImageOnAnImage{depth:06}");
    let rest = |task: &mut Value, at: usize| {
        if at < depth {
            task["extra"]["chainOfTrust"] = json!({"inputs": {"docker-image": id(at + 1)}});
        }
    };
    for at in 3..=depth {
        copy_task(&mut world, "docker-image", &id(at), |task| rest(task, at));
    }
    redefine(&mut world, "docker-image", |task| rest(task, 2));
    world
}

/// Nothing tells when the signing ran but its creation and deadline, and the keys of docker-worker end at a moment.
fn without_status(until: &str) -> World {
    let mut world = nightly_2026();
    world.remove(&world.status_path("signing-linux64").unwrap());
    super::key::date_keys(&mut world, "docker-worker", None, Some(until));
    world
}
