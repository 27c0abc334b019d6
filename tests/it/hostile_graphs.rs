//! Graphs that were made to keep a verifier busy: each is judged, and none is verified for want of patience.

use cotrace::import::KeepArtifacts;
use cotrace::model::{Code, GapKind, Report, Verdict};
use cotrace_generator::World;
use serde_json::{Value, json};

use crate::cases::redefine;
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
    let tasks = 1_200;
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
    let tasks = 20_000;
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
    assert_eq!(findings.iter().filter(|finding| finding["code"] == "artifact-altered").count(), 200);
    assert_eq!(report["findingsLeftOut"], json!([{"plane": "audit", "code": "artifact-altered", "count": 50}]));
    let text = case.run(["replay", world.task_id("build-linux64").unwrap()]).text();
    assert_eq!(text.matches("artifact-altered [").count(), 200);
    assert!(text.contains("… 50 more of artifact-altered"), "{text}");
}

/// What is left out of a report counts, and each target keeps the first that concerns it.
#[test]
fn findings_that_are_left_out_count_for_every_verdict() {
    let verdict_with = |missing: usize| {
        let mut world = nightly_2026();
        for label in ["signing-linux64", "beetmover-linux64"] {
            redefine(&mut world, label, |task| {
                let paths = (0..missing).map(|number| format!("public/{}{number:04}", &label[..1]));
                task["payload"]["upstreamArtifacts"][0]["paths"] = paths.collect::<Vec<_>>().into();
            });
        }
        let mut case = TempCase::new();
        case.import(&world, true, KeepArtifacts::Evidence);
        let ids = ["signing-linux64", "beetmover-linux64"].map(|label| crate::support::task_id(&world, label));
        case.replay(&request(Targets::These(ids.to_vec())))
    };
    let few = verdict_with(1);
    let many = verdict_with(300);
    let verdicts =
        |report: &Report| -> Vec<_> { report.targets.iter().map(|target| (target.verdict, target.reason)).collect() };
    assert_eq!(verdicts(&few), verdicts(&many));
    assert_eq!(verdicts(&many)[0].0, Verdict::Refuted);
    assert_eq!(few.findings_left_out, []);
    let told: Vec<_> = many.findings.iter().filter(|finding| finding.code == Code::ArtifactNotAttested).collect();
    let left_out: u64 = many.findings_left_out.iter().map(|more| more.count).sum();
    assert_eq!(told.len() as u64 + left_out, 600);
    assert!(told.len() < 210, "{}", told.len());
    for target in &many.targets {
        assert!(told.iter().any(|finding| finding.targets.contains(&target.task_id)), "{}", target.task_id);
    }
}

/// The beetmover takes these patterns of the build, whose attestation states these names beside its own.
fn patterns_over(patterns: impl Iterator<Item = String>, names: impl Iterator<Item = String>) -> Report {
    Scene::of(with_patterns_over(patterns, names), "beetmover-linux64").report()
}

fn with_patterns_over(patterns: impl Iterator<Item = String>, names: impl Iterator<Item = String>) -> World {
    let mut world = nightly_2026();
    let patterns: Vec<String> = patterns.collect();
    redefine(&mut world, "beetmover-linux64", |task| {
        let entry = &mut task["payload"]["upstreamArtifacts"][1];
        entry["optional"] = true.into();
        entry["paths"] = patterns.clone().into();
    });
    world
        .edit_attestation("build-linux64", |body| {
            for name in names {
                body["artifacts"][name] = json!({"sha256": "00"});
            }
        })
        .unwrap();
    world
}

/// The budget ends it, and says so, once for each maker.
#[track_caller]
fn ends_undetermined(report: &Report) {
    let target = only_target(report);
    assert_eq!(target.verdict, Verdict::Undetermined, "{}", target.headline);
    assert!(report.findings.iter().any(|finding| finding.code == Code::ArtifactPatternUnfollowed));
    assert!(report.gaps.iter().any(|gap| gap.kind == GapKind::Artifact), "{:?}", report.gaps);
}

#[test]
fn long_patterns_over_long_names_end_undetermined() {
    let patterns = (0..200).map(|number| format!("{}{number}*", "*a".repeat(1_500)));
    ends_undetermined(&patterns_over(patterns, (0..300).map(|number| format!("{}{number}", "a".repeat(4_000)))));
}

#[test]
fn patterns_without_number_end_undetermined() {
    let patterns = (0..10_000).map(|number| format!("public/build/*.{number}"));
    ends_undetermined(&patterns_over(patterns, (0..20_000).map(|number| format!("public/build/{number}.x"))));
}

/// Each pattern stands for every name.
#[test]
fn patterns_that_stand_for_everything_end_undetermined() {
    let patterns = (0..10_000).map(|number| format!("[x{number}]*"));
    ends_undetermined(&patterns_over(patterns, (0..20_000).map(|number| format!("x{number}"))));
}

/// What patterns stand for is worked out once: a chain that the budget allows is followed at every moment, however many
/// there are where `then` is not known.
#[test]
fn the_budget_does_not_depend_on_the_moments() {
    let patterns = (0..60).map(|number| format!("[x{number}]*"));
    let mut world = with_patterns_over(patterns, (0..1_000).map(|number| format!("x{number}")));
    world.remove(&world.status_path("beetmover-linux64").unwrap());
    let report = Scene::of(world, "beetmover-linux64").report();
    let basis = only_target(&report).as_of.basis.as_deref().unwrap_or_default();
    assert!(basis.starts_with("between"), "{basis}");
    assert!(report.findings.iter().all(|finding| finding.code != Code::ArtifactPatternUnfollowed));
    assert!(report.findings.iter().any(|finding| finding.code == Code::ArtifactMissing));
}
