//! Why a task rests on another.

use cotrace_generator::sample::nightly_2026;
use serde_json::{Value, json};

use crate::program::{CaseFile, Ran, capture_of};

fn asked(case: &CaseFile, args: &[&str]) -> Value {
    Ran::of(case.command().args(["why", "--format", "json"]).args(args)).exits(0).json()
}

fn steps(path: &Value) -> Vec<&str> {
    path["steps"].as_array().unwrap().iter().map(|step| step["taskId"].as_str().unwrap()).collect()
}

#[test]
fn paths_are_told_whichever_rests_on_the_other() {
    let world = nightly_2026().unwrap();
    let case = CaseFile::of(&[capture_of(&world)]);
    let [decision, build, beetmover] =
        ["decision", "build-linux64", "beetmover-linux64"].map(|label| world.task_id(label).unwrap());
    let there = asked(&case, &[beetmover, build]);
    assert_eq!(there, asked(&case, &[build, beetmover]));
    assert_eq!((&there["taskId"], &there["ends"][0]["taskId"]), (&json!(beetmover), &json!(build)));
    let paths = there["paths"].as_array().unwrap();
    assert_eq!(there["count"].as_u64().unwrap(), paths.len() as u64);
    let lengths: Vec<u64> = paths.iter().map(|path| path["length"].as_u64().unwrap()).collect();
    assert!(lengths.is_sorted() && lengths.len() > 1, "{there:#}");
    for path in paths {
        let steps = steps(path);
        assert_eq!(
            (steps[0], steps[steps.len() - 1], steps.len() as u64),
            (beetmover, build, path["length"].as_u64().unwrap() + 1)
        );
        // Every step is what `ancestors` says of it.
        for pair in steps.windows(2) {
            let walked = case.run(["ancestors", pair[0], "--format", "json"]).exits(0).json();
            let near = walked["tasks"].as_array().unwrap().iter().filter(|task| task["distance"] == 1);
            assert!(near.map(|task| task["taskId"].as_str().unwrap()).any(|near| near == pair[1]), "{pair:?}");
        }
        assert!(
            path["steps"].as_array().unwrap()[1..].iter().all(|step| !step["origins"].as_array().unwrap().is_empty())
        );
    }
    let first = asked(&case, &[beetmover, build, "--limit", "1"]);
    assert_eq!((&first["paths"][0], &first["count"]), (&there["paths"][0], &there["count"]));
    let text = case.run(["why", beetmover, build, "--limit", "1"]).exits(0).text();
    let more = format!("\n{} more; --limit says how many are shown\n", paths.len() - 1);
    assert!(text.ends_with(&more) && text.contains("path of 1\n"), "{text}");
    let to_tree = asked(&case, &[beetmover]);
    assert_eq!((&to_tree["to"], &to_tree["ends"][0]["taskId"]), (&json!("tree"), &json!(decision)));
    assert!(to_tree["count"].as_u64() > there["count"].as_u64());
    // Over the graph's own edges there is one.
    let own = asked(&case, &[beetmover, decision, "--origin", "task-group", "--origin", "parent"]);
    assert_eq!((&own["count"], &own["paths"][0]["length"]), (&json!(1), &json!(1)));
    assert!(to_tree["count"].as_u64() > Some(1));
}

#[test]
fn where_there_is_no_path_it_is_said() {
    let mut world = nightly_2026().unwrap();
    let [decision, signing, build, image] = ["decision", "signing-linux64", "build-linux64", "docker-image"]
        .map(|label| world.task_id(label).unwrap().to_owned());
    world.remove(&world.definition_path("build-linux64").unwrap());
    let case = CaseFile::of(&[capture_of(&world)]);
    let text = |args: &[&str]| Ran::of(case.command().arg("why").args(args)).exits(0).text();
    assert!(text(&[&image, &build]).contains("neither it nor "));
    assert!(text(&[&decision]).contains("rests on nothing that is captured"));
    assert!(text(&[&decision, &decision]).contains("the same task"));
    assert!(text(&[&build]).contains("what it rests on is unknown"));
    // The evidence ends at the build too.
    let ends = asked(&case, &[&signing])["ends"]
        .as_array()
        .unwrap()
        .iter()
        .map(|end| end["taskId"].as_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    assert!(ends.contains(&build) && ends.contains(&decision), "{ends:?}");
    assert!(text(&[&signing]).contains("(no definition)"));
    for args in [["AAAAAAAAQAAAAAAAAAAAAA", signing.as_str()], [signing.as_str(), "AAAAAAAAQAAAAAAAAAAAAA"]] {
        let ran = Ran::of(case.command().arg("why").args(args)).exits(3);
        assert!(ran.stderr.contains("the case has nothing of task AAAAAAAAQAAAAAAAAAAAAA") && ran.stdout.is_empty());
    }
}

/// Tasks that claim to rest on each other are told, and what is counted then.
#[test]
fn a_cycle_is_no_endless_walk() {
    let mut world = nightly_2026().unwrap();
    let [signing, build, beetmover] =
        ["signing-linux64", "build-linux64", "beetmover-linux64"].map(|label| world.task_id(label).unwrap().to_owned());
    let path = world.definition_path("build-linux64").unwrap();
    world.edit_json(&path, |task| task["dependencies"] = json!([signing, build])).unwrap();
    let path = world.definition_path("signing-linux64").unwrap();
    world.edit_json(&path, |task| task["metadata"]["name"] = "\u{1b}[2J".into()).unwrap();
    world.edit_json(&path, |task| task["tags"]["label"] = Value::Null).unwrap();
    let case = CaseFile::of(&[capture_of(&world)]);
    let answer = asked(&case, &[&beetmover]);
    assert_eq!((&answer["counted"], &answer["cut"]), (&json!("shortest"), &json!(false)));
    for path in answer["paths"].as_array().unwrap() {
        let mut steps = steps(path);
        let length = steps.len();
        steps.sort_unstable();
        steps.dedup();
        assert_eq!(steps.len(), length, "{answer:#}");
    }
    let text = case.run(["why", &beetmover]).exits(0).text();
    assert!(text.contains("rest on each other: longer paths are not counted"), "{text}");
    assert!(text.contains("\\u{1b}[2J") && !text.contains('\u{1b}'), "{text}");
}
