//! Evidence that is no capture: work directories of scriptworkers, and saved replies of the queue.

use cotrace_generator::World;
use cotrace_generator::sample::nightly_2026;
use serde_json::{Value, json};

use crate::program::{CaseFile, capture};

/// The chain of the signing task as scriptworker leaves it in its work directory: definitions written anew, artifacts at
/// their names, no status.
fn work_directory(world: &World) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for label in ["decision", "docker-image", "build-linux64", "signing-linux64"] {
        let id = world.task_id(label).unwrap();
        let definition = world.json(&world.definition_path(label).unwrap()).unwrap();
        files.push((format!("work/cot/{id}/task.json"), serde_json::to_vec_pretty(&definition).unwrap()));
        let folder = world.artifact_path(label, "").unwrap();
        let artifacts = world.files.iter().filter(|(path, _)| path.starts_with(&folder));
        for (path, bytes) in artifacts {
            files.push((format!("work/cot/{id}/{}", &path[folder.len()..]), bytes.clone()));
        }
    }
    files.push(("keys.json".to_owned(), world.read("keys.json").unwrap().to_vec()));
    files
}

fn imported(files: &[(String, Vec<u8>)]) -> (CaseFile, String) {
    let files: Vec<(&str, &Vec<u8>)> = files.iter().map(|(path, bytes)| (path.as_str(), bytes)).collect();
    let case = CaseFile::empty();
    let told = case.import(&[capture(&files).path()]).exits(0).stderr;
    (case, told)
}

#[test]
fn a_work_directory_is_replayed_as_far_as_it_goes() {
    let world = nightly_2026().unwrap();
    let (case, told) = imported(&work_directory(&world));
    assert!(told.contains("4 tasks"), "{told}");
    let report = case.report([world.task_id("signing-linux64").unwrap(), "--rules", "signatures"]);
    let target = &report["targets"][0];
    assert_eq!(target["verdict"], "undetermined", "{target:#}");
    let links = target["links"].as_array().unwrap();
    assert_eq!(links.len(), 4);
    for link in links {
        for check in link["checks"].as_array().unwrap() {
            let expected: &[&str] = match check["check"].as_str().unwrap() {
                // Nobody but the attestation says which run it was.
                "attestation" => &["unknown"],
                "docker-image" | "graph" | "artifacts" | "rebuild" | "tree" => &["pass", "not-applicable"],
                _ => &["pass"],
            };
            assert!(expected.contains(&check["outcome"].as_str().unwrap()), "{}: {check:#}", link["name"]);
        }
    }
    let build = links.iter().find(|link| link["name"] == "signing:build").unwrap();
    assert_eq!(build["runId"], 1, "the attestation's own claim");
    assert!(report["gaps"].as_array().unwrap().iter().all(|gap| gap["kind"] == "status"), "{}", report["gaps"]);
    let basis: String = case.sqlite().query_row("SELECT DISTINCT run_basis FROM task", [], |row| row.get(0)).unwrap();
    assert_eq!(basis, "attestation");
    case.run(["case", "verify"]).exits(0);
}

#[test]
fn an_altered_artifact_in_a_work_directory_is_told() {
    let world = nightly_2026().unwrap();
    let mut files = work_directory(&world);
    let build = world.task_id("build-linux64").unwrap();
    let name = format!("work/cot/{build}/public/build/target.tar.xz");
    files.iter_mut().find(|(path, _)| *path == name).unwrap().1.push(b'!');
    let (case, _) = imported(&files);
    let report = case.report([world.task_id("signing-linux64").unwrap(), "--rules", "signatures"]);
    assert_eq!(report["targets"][0]["verdict"], "refuted");
    assert_eq!(report["findings"][0]["code"], "artifact-digest-mismatch");
}

/// The tasks of the sample as a group's listing has them.
fn group_entries(world: &World) -> Vec<Value> {
    let labels = ["decision", "docker-image", "build-linux64", "signing-linux64"];
    let read = |path: String| world.json(&path).unwrap();
    let entry = |label: &&str| {
        let status = read(world.status_path(label).unwrap());
        json!({ "status": status["status"], "task": read(world.definition_path(label).unwrap()) })
    };
    labels.iter().map(entry).collect()
}

#[test]
fn saved_replies_are_told_apart_by_content() {
    let world = nightly_2026().unwrap();
    let entries = group_entries(&world);
    let group = entries[0]["status"]["taskGroupId"].as_str().unwrap().to_owned();
    let page = |tasks: &[Value], token: Option<&str>| {
        let mut page = json!({ "taskGroupId": group, "tasks": tasks });
        if let Some(token) = token {
            page["continuationToken"] = token.into();
        }
        serde_json::to_vec(&page).unwrap()
    };
    let test = world.task_id("test-linux64").unwrap();
    let files = vec![
        ("page-one.json".to_owned(), page(&entries[..2], Some("next"))),
        ("page-two.json".to_owned(), page(&entries[2..], None)),
        ("whatever.json".to_owned(), world.read(&world.status_path("test-linux64").unwrap()).unwrap().to_vec()),
        (format!("{test}.json"), world.read(&world.definition_path("test-linux64").unwrap()).unwrap().to_vec()),
        (
            format!("{test}.0.json"),
            br#"{"artifacts": [{"name": "public/logs/live.log", "storageType": "s3"}]}"#.to_vec(),
        ),
        ("unnamed.json".to_owned(), br#"{"artifacts": []}"#.to_vec()),
        ("notes.json".to_owned(), br#"{"hello": 1}"#.to_vec()),
    ];
    let (case, told) = imported(&files);
    assert!(told.contains("5 tasks"), "{told}");
    assert!(told.contains("set aside: unnamed.json: a listing of artifacts says of no task"), "{told}");
    assert!(told.contains("ignored: notes.json"), "{told}");
    assert!(!told.contains("its last page is not here"), "{told}");
    assert_eq!(case.number("SELECT count(*) FROM task WHERE definition IS NOT NULL AND status IS NOT NULL"), 5);
    assert_eq!(case.number("SELECT count(*) FROM artifact WHERE listed = 1"), 1);
    let report = case.report([world.task_id("signing-linux64").unwrap(), "--rules", "signatures"]);
    assert_eq!(report["targets"][0]["verdict"], "undetermined");
    let (_, told) = imported(&files[..1]);
    assert!(told.contains("its last page is not here"), "{told}");
}
