//! Questions to a case: where something occurs, what is missing, what a document looks like.

use std::fs;

use cotrace_generator::World;
use serde_json::{Value, json};

use crate::program::{CaseFile, capture_of, sample, targets};

fn sampled() -> CaseFile {
    CaseFile::of(&[sample("nightly-2026"), sample("nightly-2017")])
}

#[test]
fn an_artifact_is_found_with_its_maker_and_its_consumers() {
    let case = sampled();
    let [build, signing] = ["build-linux64", "signing-linux64"].map(|label| {
        let world = cotrace_generator::sample::nightly_2026().unwrap();
        world.task_id(label).unwrap().to_owned()
    });
    let world = cotrace_generator::sample::nightly_2026().unwrap();
    let path = world
        .files
        .keys()
        .find(|path| path.starts_with(&format!("tasks/{build}/")) && path.ends_with("/target.tar.xz"));
    let file = sample("nightly-2026").join(path.unwrap());
    let found = case.run(["find", file.to_str().unwrap(), "--format", "json"]).exits(0).json();
    let hits = found[0]["hits"].as_array().unwrap();
    let has = |relation: &str, task: &str| hits.iter().any(|hit| hit["relation"] == relation && hit["taskId"] == task);
    assert!(has("made", &build) && has("attests", &build) && has("consumes", &signing), "{found:#}");
    let digest = hits.iter().find(|hit| hit["relation"] == "made").unwrap()["digest"].as_str().unwrap().to_owned();
    for query in [digest.clone(), format!("sha256:{digest}")] {
        assert_eq!(case.run(["find", &query, "--format", "json"]).exits(0).json(), found);
    }
    let name = file.file_name().unwrap().to_str().unwrap();
    let by_name = case.run(["find", name]).exits(0).text();
    assert!(by_name.contains(&digest), "{by_name}");
}

#[test]
fn keys_and_workers_are_found_by_what_they_did() {
    let case = sampled();
    let signatures = case.sqlite();
    let key: String =
        signatures.query_row("SELECT public_key FROM key WHERE role = 'generic-worker'", [], |row| row.get(0)).unwrap();
    let found = case.run(["find", &format!("key:{}", &key[..6])]).exits(0).text();
    assert!(found.contains("signed for"), "{found}");
    let worker: String =
        signatures.query_row("SELECT worker_id FROM run WHERE worker_id IS NOT NULL", [], |row| row.get(0)).unwrap();
    let found = case.run(["find", &format!("worker:{worker}")]).exits(0).text();
    assert!(found.contains("ran ") && found.contains("named by the attestation of"), "{found}");
    let nothing = case.run(["find", "key:nobody"]).exits(0);
    assert!(nothing.stdout.is_empty() && nothing.stderr.contains("nothing of the kind"));
}

#[test]
fn what_nobody_captured_is_listed_with_its_address() {
    let mut world = cotrace_generator::sample::nightly_2026().unwrap();
    let path = world.attestation_path("docker-image").unwrap();
    world.remove(&path);
    let case = CaseFile::of(&[capture_of(&world)]);
    let signing = world.task_id("signing-linux64").unwrap();
    let text = case.run(["gaps", signing]).exits(0).text();
    assert!(text.contains("public/chain-of-trust.json was not captured"), "{text}");
    assert!(text.contains("1 never asked for"), "{text}");
    let urls = case.run(["gaps", signing, "--format", "urls"]).exits(0).text();
    let address = format!(
        "/api/queue/v1/task/{}/runs/0/artifacts/public%2Fchain-of-trust.json",
        world.task_id("docker-image").unwrap()
    );
    assert!(urls.lines().any(|line| line.starts_with("https://") && line.ends_with(&address)), "{urls}");
    let json = case.run(["gaps", signing, "--rules", "signatures", "--format", "json"]).exits(0).json();
    assert_eq!(json["targets"][0]["completeness"]["unknown"], 1, "{json:#}");
    assert_eq!(json["gaps"][0]["presence"], "unknown");
}

/// Patterns are followed where that ends; where it does not, they are shown themselves.
#[test]
fn a_consumer_by_pattern_is_found() {
    for (pattern, shown) in [
        ("public/build/target.*.xz".to_owned(), TARGET.to_owned()),
        ("public/build/target.*.zip".to_owned(), String::new()),
        (format!("public/build/{}", "*".repeat(5_000)), format!("public/build/{}…", "*".repeat(87))),
    ] {
        let mut world = cotrace_generator::sample::nightly_2026().unwrap();
        let path = world.definition_path("beetmover-linux64").unwrap();
        let edit = |task: &mut Value| task["payload"]["upstreamArtifacts"][1]["paths"] = json!([pattern]);
        world.edit_json(&path, edit).unwrap();
        let case = CaseFile::of(&[capture_of(&world)]);
        let found = case.run(["find", "target.tar.xz", "--format", "json"]).exits(0).json();
        let beetmover = world.task_id("beetmover-linux64").unwrap();
        let hits = found[0]["hits"].as_array().unwrap().iter();
        let names: Vec<&str> = hits
            .filter(|hit| hit["relation"] == "consumes" && hit["taskId"] == beetmover)
            .filter_map(|hit| hit["name"].as_str())
            .collect();
        let expected = format!("{shown} of {}", world.task_id("build-linux64").unwrap());
        assert_eq!(names.contains(&expected.as_str()), !shown.is_empty(), "{pattern}: {names:?}");
    }
}

/// The gap about an artifact of a task, and whether `--format urls` has its address.
fn gap_of(world: &World, label: &str, name: &str) -> (Value, bool, String) {
    let case = CaseFile::of(&[capture_of(world)]);
    let signing = world.task_id("signing-linux64").unwrap();
    let gaps = case.run(["gaps", signing, "--rules", "signatures", "--format", "json"]).exits(0).json();
    let id = world.task_id(label).unwrap();
    let of_it = |gap: &&Value| gap["subject"]["taskId"] == id && gap["subject"]["name"] == name;
    let gap = gaps["gaps"].as_array().unwrap().iter().find(of_it).unwrap_or_else(|| panic!("{gaps:#}")).clone();
    let urls = case.run(["gaps", signing, "--format", "urls"]).exits(0).text();
    let has_url = gap["url"].as_str().is_some_and(|url| urls.lines().any(|line| line == url));
    (gap, has_url, case.run(["gaps", signing]).exits(0).text())
}

const TARGET: &str = "public/build/target.tar.xz";

/// The build's target was not captured.
fn without_target() -> World {
    let mut world = cotrace_generator::sample::nightly_2026().unwrap();
    let path = world.artifact_path("build-linux64", TARGET).unwrap();
    world.remove(&path);
    world
}

/// The capture says that the queue answered so when asked for the build's target.
fn refused(world: &mut World, status: u16, at: &str) {
    let path = format!("tasks/{}/absent.json", world.task_id("build-linux64").unwrap());
    let denial = json!([{"what": "artifact", "runId": 1, "name": TARGET, "status": status, "at": at}]);
    world.put(&path, denial.to_string());
}

fn unlisted(world: &mut World) {
    let folder = world.artifact_path("build-linux64", "").unwrap();
    world.remove(&format!("{}.json", folder.trim_end_matches('/')));
}

#[test]
fn gaps_say_who_says_so() {
    let (gap, has_url, text) = gap_of(&without_target(), "build-linux64", TARGET);
    assert_eq!((&gap["presence"], &gap["toldBy"], has_url), (&json!("unknown"), &json!("queue"), true));
    assert!(text.contains("target.tar.xz is in the queue's listing and was not captured"), "{text}");

    let mut world = without_target();
    unlisted(&mut world);
    let (gap, has_url, text) = gap_of(&world, "build-linux64", TARGET);
    assert_eq!((&gap["presence"], &gap["toldBy"], has_url), (&json!("unknown"), &Value::Null, true));
    assert!(text.contains("target.tar.xz was not captured: nobody asked for it"), "{text}");

    refused(&mut world, 403, "2026-10-07T00:00:00Z");
    let (gap, has_url, text) = gap_of(&world, "build-linux64", TARGET);
    assert_eq!((&gap["presence"], &gap["toldBy"], has_url), (&json!("unknown"), &json!("collector"), true));
    assert!(text.contains("was asked for, and the answer does not tell whether it is there"), "{text}");

    refused(&mut world, 404, "2029-10-07T00:00:00Z");
    let (gap, has_url, text) = gap_of(&world, "build-linux64", TARGET);
    assert_eq!((&gap["presence"], &gap["toldBy"], has_url), (&json!("gone"), &json!("collector"), false));
    assert!(text.contains("was asked for after it had expired, as collected"), "{text}");
}

/// A refusal of one thing says nothing of another.
#[test]
fn a_refused_definition_is_no_word_on_the_status() {
    let mut world = cotrace_generator::sample::nightly_2026().unwrap();
    let id = world.task_id("build-linux64").unwrap().to_owned();
    world.remove(&format!("tasks/{id}/status.json"));
    world.put(
        &format!("tasks/{id}/absent.json"),
        json!([{"what": "definition", "status": 403, "at": "2026-10-07T00:00:00Z"}]).to_string(),
    );
    let case = CaseFile::of(&[capture_of(&world)]);
    let signing = world.task_id("signing-linux64").unwrap();
    let gaps = case.run(["gaps", signing, "--rules", "signatures", "--format", "json"]).exits(0).json();
    let status = gaps["gaps"].as_array().unwrap().iter().find(|gap| gap["kind"] == "status").unwrap();
    assert_eq!(status["toldBy"], Value::Null, "{gaps:#}");
}

#[test]
fn a_root_that_is_no_address_gives_none() {
    for (root, is_one) in [
        ("https://tc.example.com", true),
        ("http://[::1]:8080/tc/", true),
        ("javascript:alert(1)", false),
        ("file:///etc", false),
        ("https://", false),
        ("https:///path", false),
        ("https://tc.example.com/\n/etc/passwd", false),
        ("https://tc.example.com@evil.example.com", false),
        ("https://tc.example.com/?x=", false),
        ("https://tc.example.com/#", false),
        ("https://tc.ex\u{e4}mple.com", false),
    ] {
        let mut world = without_target();
        world.edit_json("capture.json", |head| head["rootUrl"] = root.into()).unwrap();
        let (gap, has_url, _) = gap_of(&world, "build-linux64", TARGET);
        assert_eq!((gap["url"].is_string(), has_url), (is_one, is_one), "{root:?}: {gap:#}");
    }
}

/// What several targets need counts once for their snapshot.
#[test]
fn each_snapshot_has_its_share() {
    let case = sampled();
    let all = case.run(["gaps", "--format", "json"]).exits(0).json();
    let scopes = all["snapshots"].as_array().unwrap();
    assert_eq!(scopes.len(), 2, "{all:#}");
    for scope in scopes {
        let of_it =
            all["targets"].as_array().unwrap().iter().filter(|target| target["snapshots"] == scope["snapshots"]);
        let present: Vec<u64> = of_it.map(|target| target["completeness"]["present"].as_u64().unwrap()).collect();
        let together = scope["completeness"]["present"].as_u64().unwrap();
        assert!(
            present.iter().all(|one| *one <= together) && together < present.iter().sum(),
            "{together} {present:?}"
        );
    }
    // One target alone needs what its snapshot's share says.
    let signing = targets("nightly-2026")["signing-linux64"].clone();
    let one = case.run(["gaps", &signing, "--format", "json"]).exits(0).json();
    assert_eq!(one["snapshots"].as_array().unwrap().len(), 1);
    let text = case.run(["gaps"]).exits(0).text();
    assert_eq!(text.lines().filter(|line| line.starts_with("snapshot ")).count(), 2, "{text}");
}

#[test]
fn a_document_is_shown_raw_indented_or_as_hexadecimal() {
    let case = sampled();
    let signing = targets("nightly-2026")["signing-linux64"].clone();
    let raw = case.run(["cat", &signing, "definition.json"]).exits(0).stdout;
    assert_eq!(raw, fs::read(sample("nightly-2026").join(format!("tasks/{signing}/definition.json"))).unwrap());
    let pretty = case.run(["cat", &signing, "definition.json", "--as", "pretty"]).exits(0).text();
    assert!(pretty.starts_with("{\n  \""), "{pretty}");
    let as_value: Value = serde_json::from_str(&pretty).unwrap();
    assert_eq!(as_value, serde_json::from_slice::<Value>(&raw).unwrap());
    let hex = case.run(["cat", &signing, "public/chain-of-trust.json.sig", "--as", "hex"]).exits(0).text();
    assert_eq!(hex.lines().count(), 4, "{hex}");
}

#[test]
fn a_chain_is_built_in_the_snapshot_that_is_named() {
    let mut world = cotrace_generator::sample::nightly_2026().unwrap();
    let case = CaseFile::of(&[capture_of(&world)]);
    let sound: String =
        case.sqlite().query_row("SELECT lower(hex(digest)) FROM snapshot", [], |row| row.get(0)).unwrap();
    let path = world.attestation_path("build-linux64").unwrap();
    let mut bytes = world.read(&path).unwrap().to_vec();
    bytes.push(b' ');
    world.put(&path, bytes);
    case.import(&[capture_of(&world)]).exits(0);
    let signing = world.task_id("signing-linux64").unwrap();
    assert_eq!(case.report([signing])["targets"][0]["verdict"], "refuted", "the newest snapshot counts");
    assert_eq!(case.report([signing, "--snapshot", &sound[..12]])["targets"][0]["verdict"], "verified");
    case.run(["replay", signing, "--snapshot", "ffff"]).exits(3);
}
