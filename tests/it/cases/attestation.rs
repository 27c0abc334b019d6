use cotrace::model::{Code, Verdict};
use cotrace_generator::World;
use serde_json::{Value, json};

use super::Case;
use super::edits::{attest_in_both_forms, deny, edit_attestation_file, edit_status, uncapture, unlist};
use crate::support::{Scene, nightly_2017, nightly_2026};

pub(super) const CASES: &[Case] = &[
    Case::remarks(
        Code::RunNotCompleted,
        ("task", "build-linux64"),
        ("the queue calls the last run failed", "the queue calls an earlier run an exception"),
        || Scene::of(with_run_state(1, "failed"), "signing-linux64"),
        || Scene::of(with_run_state(0, "exception"), "signing-linux64"),
    ),
    Case::remarks(
        Code::RunNotCompleted,
        ("task", "build-linux64"),
        ("the queue calls the last run failed, which attested nothing", "it calls it completed"),
        || Scene::of(unattested_with_state("failed"), "signing-linux64"),
        || Scene::of(unattested_with_state("completed"), "signing-linux64"),
    )
    .verdict(Verdict::Refuted)
    .near_verdict(Verdict::Refuted)
    .also(&[Code::AttestationMissing])
    .near_also(&[Code::AttestationMissing]),
    Case::remarks(
        Code::RunRepeated,
        ("task", "build-linux64"),
        ("the run before had completed", "the worker of the run before was shut down"),
        || Scene::of(with_run_state(0, "completed"), "signing-linux64"),
        || Scene::of(nightly_2026(), "signing-linux64"),
    ),
    Case::remarks(
        Code::RunRepeated,
        ("task", "build-linux64"),
        ("somebody had the task run again", "the queue had it run again"),
        || Scene::of(with_run(1, "reasonCreated", "rerun"), "signing-linux64"),
        || Scene::of(with_run(1, "reasonCreated", "task-retry"), "signing-linux64"),
    ),
    Case::remarks(
        Code::RunRepeated,
        ("task", "build-linux64"),
        ("the run before was canceled", "the claim of the run before expired"),
        || Scene::of(with_run(0, "reasonResolved", "canceled"), "signing-linux64"),
        || Scene::of(with_run(0, "reasonResolved", "claim-expired"), "signing-linux64"),
    ),
    Case::remarks(
        Code::RunUnlisted,
        ("task", "build-linux64"),
        ("there is a file of a run after the last", "there is a file of the run before"),
        || Scene::of(with_file_of_run(2), "signing-linux64"),
        || Scene::of(with_file_of_run(0), "signing-linux64"),
    ),
    Case::remarks(
        Code::RunBeforeUpstream,
        ("task", "signing-linux64"),
        ("the signing started a millisecond before its build had ended", "it started when the build had ended"),
        || Scene::of(signing_started("2026-10-06T11:27:23.117Z"), "signing-linux64"),
        || Scene::of(signing_started("2026-10-06T11:27:23.118Z"), "signing-linux64"),
    ),
    Case::remarks(
        Code::EqualInPythonOnly,
        ("attestation", "build-linux64"),
        ("the worker ran 5.0 retries of the queue's 5", "the worker ran 5"),
        || Scene::of(edited(|body| body["task"]["retries"] = 5.0.into()), "signing-linux64"),
        || Scene::of(edited(|body| body["task"]["retries"] = 5.into()), "signing-linux64"),
    ),
    Case::refutes(
        Code::AttestationMissing,
        ("artifact", "build-linux64"),
        ("the queue lists no attestation", "the queue lists one that was not captured"),
        || {
            let mut world = uncaptured();
            for name in FORM_OF_2026 {
                unlist(&mut world, "build-linux64", name);
            }
            Scene::of(world, "signing-linux64")
        },
        || Scene::of(uncaptured(), "signing-linux64"),
    )
    .near_verdict(Verdict::Undetermined),
    Case::refutes(
        Code::AttestationMissing,
        ("artifact", "decision"),
        ("the queue denied both forms", "the queue denied one form, and nobody asked for the other"),
        || Scene::of(denied(&["public/chainOfTrust.json.asc", "public/chain-of-trust.json"]), "signing-linux64"),
        || Scene::of(denied(&["public/chainOfTrust.json.asc"]), "signing-linux64"),
    )
    .near_verdict(Verdict::Undetermined),
    Case::refutes(
        Code::AttestationMalformed,
        ("attestation", "build-linux64"),
        ("it is of schema version 2", "it says something beyond the schema"),
        || Scene::of(edited(|body| body["chainOfTrustVersion"] = 2.into()), "signing-linux64"),
        || Scene::of(edited(|body| body["chainOfTrustRevision"] = 2.into()), "signing-linux64"),
    ),
    Case::refutes(
        Code::AttestationMalformed,
        ("attestation", "build-linux64"),
        ("a second document follows", "white space follows"),
        || Scene::of(rewritten(|text| text + "{}"), "signing-linux64"),
        || Scene::of(rewritten(|text| text + " \n"), "signing-linux64"),
    ),
    Case::refutes(
        Code::AttestationTaskMismatch,
        ("attestation", "build-linux64"),
        ("it speaks of another task", "it speaks of another task in passing"),
        || Scene::of(edited(|body| body["taskId"] = OTHER_ID.into()), "signing-linux64"),
        || Scene::of(edited(|body| body["environment"]["taskId"] = OTHER_ID.into()), "signing-linux64"),
    ),
    Case::refutes(
        Code::AttestationTaskMismatch,
        ("attestation", "build-linux64"),
        ("another task's, soundly signed, took its place", "another task's lies beside it under another name"),
        || Scene::of(with_the_image_s(""), "signing-linux64"),
        || Scene::of(with_the_image_s(".bak"), "signing-linux64"),
    )
    .also(&[
        Code::AttestationRunMismatch,
        Code::AttestationWorkerMismatch,
        Code::AttestationDefinitionMismatch,
        Code::ArtifactNotAttested,
        Code::ArtifactAltered,
        Code::DockerImageUnstated,
        Code::ArtifactUnattested,
        Code::ArtifactAttestedUnlisted,
    ])
    .near_also(&[Code::ArtifactUnattested]),
    Case::refutes(
        Code::AttestationRunMismatch,
        ("attestation", "build-linux64"),
        ("it speaks of the run before", "the run before has one too"),
        || Scene::of(edited(|body| body["runId"] = 0.into()), "signing-linux64"),
        || {
            let mut world = nightly_2026();
            for name in FORM_OF_2026 {
                let path = world.artifact_path("build-linux64", name).unwrap();
                let bytes = world.read(&path).unwrap().to_vec();
                world.put(&path.replacen("/artifacts/1/", "/artifacts/0/", 1), bytes);
            }
            Scene::of(world, "signing-linux64")
        },
    ),
    Case::refutes(
        Code::AttestationWorkerMismatch,
        ("attestation", "build-linux64"),
        ("the queue gave the run to another worker", "the queue gave the run before to another worker"),
        || Scene::of(run_by_another(1), "signing-linux64"),
        || Scene::of(run_by_another(0), "signing-linux64"),
    ),
    Case::refutes(
        Code::AttestationDefinitionMismatch,
        ("attestation", "build-linux64"),
        ("the worker ran another command", "the worker left out what the queue came to repeat"),
        || Scene::of(edited(|body| body["task"]["payload"]["command"] = json!(["true"])), "signing-linux64"),
        || {
            let forget = |body: &mut Value| {
                let task = body["task"].as_object_mut().unwrap();
                task.remove("projectId").unwrap();
                task.remove("taskQueueId").unwrap();
            };
            Scene::of(edited(forget), "signing-linux64")
        },
    ),
    Case::refutes(
        Code::AttestationFormsDisagree,
        ("attestation", "docker-image"),
        ("one form names another instance type", "one form is only laid out otherwise"),
        || Scene::of(in_both_forms(|body| body["environment"]["instanceType"] = "m3.large".into()), "docker-image"),
        || Scene::of(in_both_forms(|_| ()), "docker-image"),
    ),
];

const FORM_OF_2026: [&str; 2] = ["public/chain-of-trust.json", "public/chain-of-trust.json.sig"];

/// Some task, and none of the samples.
const OTHER_ID: &str = "AAAAAAAAQaiAAAAAAAAAAA";

fn uncaptured() -> World {
    let mut world = nightly_2026();
    for name in FORM_OF_2026 {
        uncapture(&mut world, "build-linux64", name);
    }
    world
}

fn denied(names: &[&str]) -> World {
    let mut world = nightly_2017();
    uncapture(&mut world, "decision", "public/chainOfTrust.json.asc");
    let what: Vec<(&str, Option<&str>)> = names.iter().map(|name| ("artifact", Some(*name))).collect();
    deny(&mut world, "decision", &what, "2017-06-28T08:00:00Z");
    world
}

/// The build's worker attests something else.
fn edited(edit: impl FnOnce(&mut Value)) -> World {
    let mut world = nightly_2026();
    world.edit_attestation("build-linux64", edit).unwrap();
    world
}

/// The build's worker signs another text.
fn rewritten(edit: impl FnOnce(String) -> String) -> World {
    let mut world = nightly_2026();
    edit_attestation_file(&mut world, "build-linux64", edit);
    world.sign("build-linux64").unwrap();
    world
}

/// The attestation of the docker image and its signature, put in the build's folder.
fn with_the_image_s(suffix: &str) -> World {
    let mut world = nightly_2026();
    for name in FORM_OF_2026 {
        let bytes = world.read(&world.artifact_path("docker-image", name).unwrap()).unwrap().to_vec();
        world.put(&(world.artifact_path("build-linux64", name).unwrap() + suffix), bytes);
    }
    world
}

fn run_by_another(run: usize) -> World {
    let mut world = nightly_2026();
    edit_status(&mut world, "build-linux64", |status| status["status"]["runs"][run]["workerId"] = "1129044".into());
    world
}

/// The docker image of 2017 with an ed25519 attestation of the same content, edited.
fn in_both_forms(edit: impl FnOnce(&mut Value)) -> World {
    let mut world = nightly_2017();
    let mut body: Value = serde_json::from_str(&world.attestation("docker-image").unwrap()).unwrap();
    edit(&mut body);
    let text = serde_json::to_string_pretty(&body).unwrap();
    attest_in_both_forms(&mut world, "docker-image", &text, &text);
    world
}

fn signing_started(at: &str) -> World {
    let mut world = nightly_2026();
    edit_status(&mut world, "signing-linux64", |status| status["status"]["runs"][0]["started"] = at.into());
    world
}

fn with_run_state(run: usize, state: &str) -> World {
    with_run(run, "state", state)
}

fn with_run(run: usize, member: &str, value: &str) -> World {
    let mut world = nightly_2026();
    edit_status(&mut world, "build-linux64", |status| status["status"]["runs"][run][member] = value.into());
    world
}

/// The build's last run is in this state and published no attestation.
fn unattested_with_state(state: &str) -> World {
    let mut world = with_run_state(1, state);
    for name in FORM_OF_2026 {
        uncapture(&mut world, "build-linux64", name);
        unlist(&mut world, "build-linux64", name);
    }
    world
}

/// A file of the build, captured of another run than the last.
fn with_file_of_run(run: u32) -> World {
    let mut world = nightly_2026();
    let path = world.artifact_path("build-linux64", "public/more.txt").unwrap();
    world.put(&path.replacen("/artifacts/1/", &format!("/artifacts/{run}/"), 1), "more");
    world
}
