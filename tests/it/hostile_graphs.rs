//! Graphs that were made to keep a verifier busy: each is judged, and none is verified for want of patience.

use cotrace::import::KeepArtifacts;
use cotrace::model::{Code, GapKind, Report, Verdict};
use cotrace_generator::World;
use serde_json::{Value, json};

use crate::support::{Scene, TempCase, nightly_2026, nothing, only_target, request};
use cotrace::replay::Targets;

/// The id of a made-up task: 22 characters, of which the last has two bits of its own.
fn id(number: usize) -> String {
    format!("A{number:07}QaAAAAAAAAAAAA")[..22].to_owned()
}

/// A definition that rests on these tasks, by `extra.chainOfTrust.inputs`.
fn definition(inputs: impl Iterator<Item = usize>) -> String {
    let inputs: serde_json::Map<String, Value> =
        inputs.map(|number| (format!("n{number}"), json!(id(number)))).collect();
    json!({
        "provisionerId": "scriptworker-k8s", "workerType": "gecko-3-signing", "schedulerId": "gecko-level-3",
        "taskGroupId": id(0), "dependencies": [], "requires": "all-completed", "routes": [], "priority": "low",
        "retries": 5, "created": "2026-10-06T10:00:00.000Z", "deadline": "2026-10-07T10:00:00.000Z",
        "expires": "2027-10-06T10:00:00.000Z", "scopes": [], "payload": {}, "tags": {},
        "metadata": {"name": "t", "description": "", "owner": "a@example.com", "source": "https://example.com/"},
        "extra": {"chainOfTrust": {"inputs": inputs}},
    })
    .to_string()
}

fn graph(tasks: usize, edges: impl Fn(usize) -> Vec<usize>) -> World {
    let mut world = nothing();
    for number in 0..tasks {
        world.put(&format!("tasks/{}/definition.json", id(number)), definition(edges(number).into_iter()));
    }
    world
}

fn report(world: &World, target: usize) -> Report {
    let mut case = TempCase::new();
    case.import(world, true, KeepArtifacts::Evidence);
    case.replay(&request(Targets::These(vec![id(target).parse().unwrap()])))
}

#[test]
fn a_graph_in_which_all_rest_on_all_is_judged() {
    let tasks = 300;
    let report = report(&graph(tasks, |_| (0..tasks).collect()), 1);
    let target = only_target(&report);
    assert_eq!(target.links.len(), tasks);
    assert_eq!(target.verdict, Verdict::Refuted, "{}", target.headline);
    assert!(report.findings.iter().any(|finding| finding.code == Code::ChainCycle));
}

#[test]
fn a_long_line_of_tasks_ends_where_the_rules_say() {
    let report = report(&graph(2_000, |number| if number < 1_999 { vec![number + 1] } else { Vec::new() }), 0);
    assert!(only_target(&report).links.len() < 100);
    assert!(report.findings.iter().any(|finding| finding.code == Code::ChainTooDeep));
}

#[test]
fn a_fan_of_many_tasks_is_judged() {
    let tasks = 3_000;
    let world = graph(1, |_| (1..tasks).collect());
    let report = report(&world, 0);
    let target = only_target(&report);
    assert_eq!(target.links.len(), tasks);
    assert_ne!(target.verdict, Verdict::Verified);
    assert!(report.gaps.iter().filter(|gap| gap.kind == GapKind::Definition).count() >= tasks - 1);
}

/// A report for people stays readable; the one for programs has everything.
#[test]
fn findings_without_number_are_counted_not_printed() {
    let mut world = nightly_2026();
    let folder = world.artifact_path("build-linux64", "x").unwrap();
    for number in 0..250 {
        world.put(&format!("{folder}/{number}"), "altered");
    }
    world
        .edit_attestation("build-linux64", |body| {
            for number in 0..250 {
                body["artifacts"][format!("x/{number}")] = json!({"sha256": "0".repeat(64)});
            }
        })
        .unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let capture = folder.path().join("capture");
    world.write_to(&capture).unwrap();
    let case = crate::program::CaseFile::of(&[capture]);
    let report = case.report([world.task_id("build-linux64").unwrap()]);
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.iter().filter(|finding| finding["code"] == "artifact-altered").count(), 250);
    let text = case.run(["replay", world.task_id("build-linux64").unwrap()]).text();
    assert_eq!(text.matches("artifact-altered [").count(), 200);
    assert!(text.contains("… 50 more of artifact-altered"), "{text}");
}

/// Thousands of patterns over thousands of names: the budget ends it, and says so.
#[test]
fn patterns_without_number_end_undetermined() {
    let mut world = nightly_2026();
    let path = world.definition_path("beetmover-linux64").unwrap();
    world
        .edit_json(&path, |task| {
            let entry = &mut task["payload"]["upstreamArtifacts"][1];
            entry["optional"] = true.into();
            let pattern = |number: usize| format!("{}{number}*", "*a".repeat(1_500));
            entry["paths"] = (0..200).map(pattern).collect::<Vec<_>>().into();
        })
        .unwrap();
    world
        .edit_attestation("build-linux64", |body| {
            for number in 0..300 {
                let name = format!("{}{number}", "a".repeat(4_000));
                body["artifacts"][name] = json!({"sha256": "00"});
            }
        })
        .unwrap();
    let report = Scene::of(world, "beetmover-linux64").report();
    assert_ne!(only_target(&report).verdict, Verdict::Verified);
    assert!(report.findings.iter().any(|finding| finding.code == Code::ArtifactPatternUnfollowed));
}
