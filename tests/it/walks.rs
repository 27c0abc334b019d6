//! What rests on a task, and what it rests on.

use cotrace_generator::World;
use cotrace_generator::sample::{nightly_2026, nightly_2026_as_shipped};

use crate::program::{CaseFile, capture_of};

/// A world of which nobody captured the image, and not the definition of the Linux build.
fn with_holes() -> World {
    let mut world = nightly_2026().unwrap();
    let folder = format!("tasks/{}/", world.task_id("docker-image").unwrap());
    let of_image: Vec<String> = world.files.keys().filter(|path| path.starts_with(&folder)).cloned().collect();
    of_image.iter().for_each(|path| world.remove(path));
    world.remove(&world.definition_path("build-linux64").unwrap());
    world
}

#[test]
fn both_ways_as_people_and_programs_read_them() {
    let world = nightly_2026().unwrap();
    let case = CaseFile::of(&[capture_of(&world)]);
    let mut out = String::new();
    for (direction, label) in
        [("dependants", "docker-image"), ("ancestors", "beetmover-linux64"), ("ancestors", "decision")]
    {
        let task_id = world.task_id(label).unwrap();
        out += &format!("=== {direction} of {label} ===\n{}", case.run([direction, task_id]).exits(0).text());
    }
    let image = world.task_id("docker-image").unwrap();
    out += "=== limited, by one origin ===\n";
    let args = ["dependants", image, "--origin", "input", "--origin", "dependency", "--limit", "1"];
    out += &case.run(args).exits(0).text();
    out += "=== the same as JSON ===\n";
    out += &case.run(args.into_iter().chain(["--format", "json"])).exits(0).text();
    insta::assert_snapshot!(out);
}

#[test]
fn where_the_evidence_ends_is_said() {
    let world = with_holes();
    let case = CaseFile::of(&[capture_of(&world)]);
    let [image, build, beetmover] =
        ["docker-image", "build-linux64", "beetmover-linux64"].map(|label| world.task_id(label).unwrap());
    let mut out = case.run(["ancestors", beetmover]).exits(0).text();
    out += &case.run(["ancestors", build]).exits(0).text();
    out += &case.run(["dependants", build, "--origin", "upstream-artifacts"]).exits(0).text();
    insta::assert_snapshot!(out);
    let image = case.run(["dependants", image]).exits(0).text();
    assert!(image.lines().next().unwrap().ends_with("(not captured)"), "{image}");
    let stranger = case.run(["ancestors", "AAAAAAAAQAAAAAAAAAAAAA"]).exits(3);
    assert!(stranger.stderr.contains("the case has nothing of task AAAAAAAAQAAAAAAAAAAAAA"), "{}", stranger.stderr);
    assert!(stranger.stdout.is_empty());
}

/// The definitions of all snapshots make one graph, and a name is shown so that it does nothing to a terminal.
#[test]
fn snapshots_are_joined_and_names_neutralised() {
    let mut world = nightly_2026().unwrap();
    let signing = world.task_id("signing-linux64").unwrap().to_owned();
    let path = world.definition_path("signing-linux64").unwrap();
    world.edit_json(&path, |task| task["tags"]["label"] = "\u{1b}[2Jsigning".into()).unwrap();
    let build = world.task_id("build-linux64").unwrap().to_owned();
    let [folder, of_build] = [&signing, &build].map(|id| format!("tasks/{id}/"));
    let (mut first, mut second) = (world.clone(), world.clone());
    for path in world.files.keys() {
        if path.starts_with(&folder) {
            first.remove(path);
        }
        if path.starts_with(&of_build) {
            second.remove(path);
        }
    }
    let case = CaseFile::of(&[capture_of(&first), capture_of(&second)]);
    let text = case.run(["dependants", &build]).exits(0).text();
    let line = text.lines().find(|line| line.contains(&signing)).unwrap();
    assert!(line.starts_with("1  ") && !line.contains('\u{1b}') && line.contains("signing"), "{text}");
    let ancestors = case.run(["ancestors", &signing]).exits(0).text();
    assert!(ancestors.contains(&build) && !ancestors.contains("(not captured)"), "{ancestors}");
}

/// What a walk over chains gives is what the definitions give: every link of a chain is an ancestor of its target.
#[test]
fn every_link_of_a_chain_is_an_ancestor() {
    let world = nightly_2026_as_shipped().unwrap();
    let case = CaseFile::of(&[capture_of(&world)]);
    let report = case.report(["--all"]);
    let mut links = 0;
    for target in report["targets"].as_array().unwrap() {
        let target_id = target["taskId"].as_str().unwrap();
        let walked = case.run(["ancestors", target_id, "--format", "json"]).exits(0).json();
        let ancestors: Vec<&str> =
            walked["tasks"].as_array().unwrap().iter().map(|task| task["taskId"].as_str().unwrap()).collect();
        for link in target["links"].as_array().unwrap() {
            let link = link["taskId"].as_str().unwrap();
            assert!(link == target_id || ancestors.contains(&link), "{link} of {target_id}");
            links += 1;
        }
    }
    assert!(links > 10, "only {links} links");
}
