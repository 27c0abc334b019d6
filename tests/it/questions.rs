//! Questions to a case: where something occurs, what is missing, what a document looks like.

use std::fs;

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
    let json = case.run(["gaps", signing, "--format", "json"]).exits(0).json();
    assert_eq!(json["targets"][0]["completeness"]["unknown"], 1, "{json:#}");
    assert_eq!(json["gaps"][0]["presence"], "unknown");
}

#[test]
fn a_document_is_shown_raw_indented_or_as_hexadecimal() {
    let case = sampled();
    let signing = targets("nightly-2026")["signing-linux64"].clone();
    let raw = case.run(["cat", &signing, "definition.json"]).exits(0).stdout;
    assert_eq!(raw, fs::read(sample("nightly-2026").join(format!("tasks/{signing}/definition.json"))).unwrap());
    let pretty = case.run(["cat", &signing, "definition.json", "--as", "pretty"]).exits(0).text();
    assert!(pretty.starts_with("{\n  \""), "{pretty}");
    let as_value: serde_json::Value = serde_json::from_str(&pretty).unwrap();
    assert_eq!(as_value, serde_json::from_slice::<serde_json::Value>(&raw).unwrap());
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
