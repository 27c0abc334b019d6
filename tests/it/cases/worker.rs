use cotrace::model::{Code, Verdict};
use cotrace_generator::World;
use serde_json::{Value, json};

use super::edits::{edit_source, redefine, redefine_alone};
use super::{Case, THEIRS};
use crate::support::{Scene, nightly_2026};

pub(super) const CASES: &[Case] = &[
    Case::refutes(
        Code::WorkerPoolNotPermitted,
        ("task", "docker-image"),
        ("images are built where builds are", "images are built where those of level 1 are"),
        || Scene::of(image_built_on("gecko-3/b-linux-gcp"), "signing-linux64").under(THEIRS),
        || Scene::of(image_built_on("gecko-1/images-gcp"), "signing-linux64").under(THEIRS),
    ),
    Case::refutes(
        Code::WorkerPoolNotPermitted,
        ("task", "decision"),
        ("the tree has its decisions made in a pool for images", "in the older pool for decisions"),
        || Scene::of(decision_made_on("images-gcp"), "signing-linux64").under(THEIRS),
        || Scene::of(decision_made_on("decision"), "signing-linux64").under(THEIRS),
    ),
    Case::refutes(
        Code::WorkerNotScriptworker,
        ("task", "build-linux64"),
        ("upstream is called a signing, and docker-worker ran it", "upstream is called a repackage"),
        || Scene::of(consumed_as("signing"), "signing-linux64").under(THEIRS),
        || Scene::of(consumed_as("repackage"), "signing-linux64").under(THEIRS),
    ),
    Case::refutes(
        Code::TaskInteractive,
        ("task", "build-linux64"),
        ("a shell in the container was asked for", "it was expressly not asked for"),
        || {
            Scene::of(build(|task| task["payload"]["features"]["interactive"] = true.into()), "signing-linux64")
                .under(THEIRS)
        },
        || {
            Scene::of(build(|task| task["payload"]["features"]["interactive"] = false.into()), "signing-linux64")
                .under(THEIRS)
        },
    ),
    Case::refutes(
        Code::TaskInteractive,
        ("task", "build-linux64"),
        ("a variable says that the task is interactive", "the variable is empty"),
        || {
            let edit = |task: &mut Value| task["payload"]["env"]["TASKCLUSTER_INTERACTIVE"] = "1".into();
            Scene::of(build(edit), "signing-linux64").under(THEIRS)
        },
        || {
            let edit = |task: &mut Value| task["payload"]["env"]["TASKCLUSTER_INTERACTIVE"] = "".into();
            Scene::of(build(edit), "signing-linux64").under(THEIRS)
        },
    ),
    Case::refutes(
        Code::TaskInteractive,
        ("task", "build-win64"),
        ("a scope allows a remote desktop", "a scope allows something of nearly that name"),
        || Scene::of(windows_with_scope("generic-worker:allow-rdp:gecko-3/b-win2022"), "signing-win64").under(THEIRS),
        || {
            Scene::of(windows_with_scope("generic-worker:allow-rdp-not:gecko-3/b-win2022"), "signing-win64")
                .under(THEIRS)
        },
    ),
    Case::remarks(
        Code::TaskInteractive,
        ("task", "build-linux64"),
        ("a shell in the container was asked for, and the rules do not mind", "it was expressly not asked for"),
        || Scene::of(build(|task| task["payload"]["features"]["interactive"] = true.into()), "signing-linux64"),
        || Scene::of(build(|task| task["payload"]["features"]["interactive"] = false.into()), "signing-linux64"),
    ),
    Case::refutes(
        Code::DefinitionMalformed,
        ("task", "build-linux64"),
        ("scriptworker finds no variables where it looks for interactive tasks", "it finds none in them"),
        || {
            let edit = |task: &mut Value| {
                task["payload"].as_object_mut().unwrap().remove("env").unwrap();
            };
            Scene::of(build(edit), "signing-linux64").under(THEIRS)
        },
        || Scene::of(build(|task| task["payload"]["env"] = json!({})), "signing-linux64").under(THEIRS),
    )
    .near_verdict(Verdict::Verified),
    Case::remarks(
        Code::TaskPrivileged,
        ("task", "build-linux64"),
        ("the build wants a privileged container", "the build wants to run docker in its container"),
        || Scene::of(build(|task| task["payload"]["capabilities"] = json!({"privileged": true})), "signing-linux64"),
        || Scene::of(build(|task| task["payload"]["features"]["dind"] = true.into()), "signing-linux64"),
    ),
    Case::remarks(
        Code::TaskPrivileged,
        ("task", "build-win64"),
        ("the build runs as administrator", "the build does expressly not"),
        || Scene::of(windows(|task| task["payload"]["features"]["runAsAdministrator"] = true.into()), "signing-win64"),
        || Scene::of(windows(|task| task["payload"]["features"]["runAsAdministrator"] = false.into()), "signing-win64"),
    ),
];

/// Puts a task into another pool.
fn move_to(task: &mut Value, pool: &str) {
    let (provisioner, worker_type) = pool.split_once('/').unwrap();
    task["provisionerId"] = provisioner.into();
    task["workerType"] = worker_type.into();
    task["taskQueueId"] = pool.into();
}

fn image_built_on(pool: &str) -> World {
    let mut world = nightly_2026();
    redefine(&mut world, "docker-image", |task| move_to(task, pool));
    world
}

/// The decision ran there, as its tree wants it.
fn decision_made_on(worker_type: &str) -> World {
    let mut world = nightly_2026();
    edit_source(&mut world, ".taskcluster.yml", |text| {
        text.replacen("workerType: decision-gcp", &format!("workerType: {worker_type}"), 1)
    });
    redefine_alone(&mut world, "decision", |task| move_to(task, &format!("gecko-3/{worker_type}")));
    world
}

/// The signing calls the build that it consumes so.
fn consumed_as(task_type: &str) -> World {
    let mut world = nightly_2026();
    redefine(&mut world, "signing-linux64", |task| {
        for entry in task["payload"]["upstreamArtifacts"].as_array_mut().unwrap() {
            entry["taskType"] = task_type.into();
        }
    });
    world
}

fn build(edit: impl Fn(&mut Value)) -> World {
    let mut world = nightly_2026();
    redefine(&mut world, "build-linux64", edit);
    world
}

fn windows(edit: impl Fn(&mut Value)) -> World {
    let mut world = nightly_2026();
    redefine(&mut world, "build-win64", edit);
    world
}

fn windows_with_scope(scope: &str) -> World {
    windows(|task| task["scopes"].as_array_mut().unwrap().push(scope.into()))
}
