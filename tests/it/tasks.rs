//! Lists of tasks: filters and orders on the command line.

use cotrace_generator::sample::nightly_2026;
use serde_json::Value;

use crate::program::{CaseFile, Ran, capture_of, sample};

fn sampled() -> CaseFile {
    CaseFile::of(&[sample("nightly-2026"), sample("nightly-2017")])
}

/// The answer to a filter.
#[track_caller]
fn listed(case: &CaseFile, args: &[&str]) -> Value {
    Ran::of(case.command().args(["tasks", "--format", "json"]).args(args)).exits(0).json()
}

fn ids(answer: &Value) -> Vec<&str> {
    answer["tasks"].as_array().unwrap().iter().map(|task| task["taskId"].as_str().unwrap()).collect()
}

/// A list and a replay say the same of the same tasks, and what is not judged is listed too.
#[test]
fn a_list_has_every_task_with_the_verdict_of_a_replay() {
    let case = sampled();
    let report = case.report(["--all"]);
    let answer = listed(&case, &[]);
    let tasks = answer["tasks"].as_array().unwrap();
    assert_eq!(tasks.len() as i64, case.number("SELECT count(DISTINCT task_id) FROM task"));
    let targets = report["targets"].as_array().unwrap();
    for target in targets {
        let task = tasks.iter().find(|task| task["taskId"] == target["taskId"]).unwrap();
        for member in ["verdict", "reason", "taskType"] {
            assert_eq!(task[member], target[member], "{target:#}");
        }
        assert_eq!(task["keys"][0], target["links"][0]["key"]);
    }
    let count = |name: &str| answer["verdicts"][name].as_u64().unwrap();
    let judged = count("verified") + count("refuted") + count("undetermined");
    assert_eq!(judged as usize, targets.len());
    assert_eq!(judged + answer["notJudged"].as_u64().unwrap(), tasks.len() as u64);
    assert_eq!((answer["of"].as_u64(), answer["count"].as_u64()), (Some(tasks.len() as u64), Some(tasks.len() as u64)));
}

#[test]
fn a_task_that_nobody_judges_is_listed_without_a_verdict() {
    let mut world = nightly_2026().unwrap();
    let id = world.task_id("build-linux64").unwrap().to_owned();
    // Alone, unattested, and of a pool that attests nothing.
    let is_kept = |path: &str| path == "capture.json" || path == format!("tasks/{id}/definition.json");
    world.files.retain(|path, _| is_kept(path));
    let definition = world.definition_path("build-linux64").unwrap();
    let edit = |task: &mut Value| {
        task["tags"]["label"] = "\u{1b}[2Jbuild".into();
        task["payload"] = serde_json::json!({});
        task["tags"]["worker-implementation"] = Value::Null;
    };
    world.edit_json(&definition, edit).unwrap();
    let case = CaseFile::of(&[capture_of(&world)]);
    case.run(["replay", "--all"]).exits(3);
    let text = case.run(["tasks"]).exits(0).text();
    assert!(text.starts_with('-') && text.contains("\\u{1b}[2Jbuild") && !text.contains('\u{1b}'), "{text}");
    assert!(text.ends_with("1 of 1 tasks: 0 verified, 0 refuted, 0 undetermined, 1 not judged\n"), "{text}");
    let answer = listed(&case, &["--", "-has:verdict"]);
    assert_eq!(ids(&answer), [id]);
    assert_eq!(answer["tasks"][0]["verdict"], Value::Null);
}

#[test]
fn filters_take_what_they_say() {
    let case = sampled();
    let all = listed(&case, &[]);
    let wanted = |filter: &[&str], fits: &dyn Fn(&Value) -> bool| {
        let answer = listed(&case, filter);
        let tasks = all["tasks"].as_array().unwrap().iter().filter(|task| fits(task));
        let expected: Vec<&str> = tasks.map(|task| task["taskId"].as_str().unwrap()).collect();
        assert!(!expected.is_empty() && expected.len() < ids(&all).len(), "{filter:?} is no test");
        assert_eq!(ids(&answer), expected, "{filter:?}");
    };
    let is = |task: &Value, member: &str, text: &str| task[member] == text;
    let begins = |task: &Value, member: &str, text: &str| task[member].as_str().is_some_and(|it| it.starts_with(text));
    wanted(&["verdict:refuted"], &|task| is(task, "verdict", "refuted"));
    wanted(&["type:signing", "type:build"], &|task| is(task, "taskType", "signing") || is(task, "taskType", "build"));
    wanted(&["type:signing worker:signing-linux-3"], &|task| begins(task, "worker", "signing-linux-3"));
    wanted(&["--", "-worker:signing"], &|task| !begins(task, "worker", "signing"));
    wanted(&["before:2018-01-01"], &|task| begins(task, "created", "2017"));
    wanted(&["pool:scriptworker-prov-v1/"], &|task| begins(task, "pool", "scriptworker-prov-v1/"));
    let key = all["tasks"].as_array().unwrap().iter().find(|task| begins(task, "created", "2017")).unwrap()["keys"][0]
        .as_str()
        .unwrap();
    let end = format!("key:{}", key[key.len() - 8..].to_lowercase());
    wanted(&[end.as_str()], &|task| task["keys"].as_array().unwrap().iter().any(|other| other == key));
    let trees: std::collections::BTreeSet<&str> =
        all["tasks"].as_array().unwrap().iter().filter_map(|task| task["tree"].as_str()).collect();
    for tree in &trees {
        let found = listed(&case, &[&format!("tree:{}", tree.trim_start_matches('/'))]);
        assert!(!ids(&found).is_empty() && found["tasks"].as_array().unwrap().iter().all(|task| task["tree"] == *tree));
    }
    assert!(!trees.is_empty() && ids(&listed(&case, &["tree:nowhere"])).is_empty());
}

#[test]
fn lists_are_sorted_and_cut() {
    let case = sampled();
    let sorted = |args: &[&str]| {
        let answer = listed(&case, args);
        let created =
            answer["tasks"].as_array().unwrap().iter().map(|task| task["created"].as_str().unwrap().to_owned());
        created.collect::<Vec<_>>()
    };
    let oldest = sorted(&["--sort", "created"]);
    assert!(oldest.is_sorted() && oldest.first() != oldest.last());
    let newest = sorted(&["--sort", "created", "--reverse"]);
    assert!(newest.iter().rev().is_sorted());
    let cut = listed(&case, &["--sort", "created", "--limit", "3"]);
    assert_eq!((cut["tasks"].as_array().unwrap().len(), cut["leftOut"].as_u64()), (3, Some(oldest.len() as u64 - 3)));
    let text = case.run(["tasks", "--limit", "1", "verdict:refuted"]).exits(0).text();
    assert!(text.contains("2 more; --limit"), "{text}");
}

#[test]
fn what_is_no_filter_is_told_with_its_place() {
    let case = sampled();
    let ran = case.run(["tasks", "type:signing", "colour:\u{1b}[31m"]).exits(2);
    assert!(ran.stderr.contains("at character 14") && !ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
    assert!(ran.stdout.is_empty());
    case.run(["tasks", "--sort", "colour"]).exits(2);
    CaseFile::of(&[crate::program::capture(&[("keys.json", "{}")]).path()]).run(["tasks"]).exits(3);
}

/// One snapshot, the newest of each task, and all joined.
#[test]
fn snapshots_are_chosen_as_for_a_replay() {
    let mut older = nightly_2026().unwrap();
    let id = older.task_id("build-linux64").unwrap().to_owned();
    let path = older.definition_path("build-linux64").unwrap();
    let mut newer = older.clone();
    newer.remove(&path);
    older.edit_json(&path, |task| task["tags"]["label"] = "older-build".into()).unwrap();
    let case = CaseFile::of(&[capture_of(&older), capture_of(&newer)]);
    let label = |args: &[&str]| {
        let answer = listed(&case, &[args, &[&format!("task:{id}")]].concat());
        let task = answer["tasks"][0].clone();
        task["label"].as_str().map(str::to_owned)
    };
    let old: String = case
        .sqlite()
        .query_row("SELECT lower(hex(digest)) FROM snapshot ORDER BY id LIMIT 1", [], |row| row.get(0))
        .unwrap();
    assert_eq!(label(&["--snapshot", &old]).as_deref(), Some("older-build"));
    assert_eq!(label(&["--union"]).as_deref(), Some("older-build"));
    assert_ne!(label(&[]).as_deref(), Some("older-build"), "the newest snapshot counts");
}
