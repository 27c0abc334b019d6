//! Real evidence from public repositories, put into captures: it lies beside the repository, and is not ours to publish.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{CaseFile, write};
use crate::real_input::shared;

/// A capture in the making.
struct Capture(TempDir);

impl Capture {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn artifact(&self, task_id: &str, name: &str, file: &Path) {
        write(self.0.path(), &format!("tasks/{task_id}/artifacts/0/{name}"), &fs::read(file).unwrap());
    }

    fn put(&self, path: &str, file: &Path) {
        write(self.0.path(), path, &fs::read(file).unwrap());
    }

    /// Imports it, accepting its keys, and replays everything; nothing unsigned may be verified.
    fn case(&self) -> CaseFile {
        let case = CaseFile::of(&[self.0.path()]);
        let report = case.report(["--all", "--rules", "signatures"]);
        for target in report["targets"].as_array().unwrap() {
            assert_ne!(target["verdict"], "verified", "{}: {}", target["taskId"], target["headline"]);
        }
        case.run(["case", "verify"]).exits(0);
        case
    }
}

/// The state of what an attestation claims of an artifact.
fn claim(case: &CaseFile, task_id: &str, name: &str) -> String {
    let sql = "SELECT value FROM fact WHERE kind = 'digests' AND subject = ?1";
    let fact: String = case.sqlite().query_row(sql, [task_id], |row| row.get(0)).unwrap();
    let fact: Value = serde_json::from_str(&fact).unwrap();
    fact["claims"][name]["state"].as_str().unwrap_or("not claimed").to_owned()
}

/// The digests of a task's artifacts as the case has them.
fn seen(case: &CaseFile, task_id: &str) -> BTreeMap<String, String> {
    let sqlite = case.sqlite();
    let mut statement = sqlite.prepare("SELECT name, sha256 FROM artifacts WHERE task_id = ?1").unwrap();
    let rows = statement.query_map([task_id], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Attestations of Fenix and Focus of 2020 and 2021, without signatures; of three tasks the log is there too.
#[test]
fn the_logs_of_mobile_tasks_are_what_their_attestations_state() {
    let Some(folder) = shared("real/ffupdater") else { return };
    let capture = Capture::new();
    let log = "public/logs/chain_of_trust.log";
    for file in crate::program::files(&folder).keys() {
        let Some(id) = file.strip_suffix(".chain-of-trust.json") else { continue };
        let id: String = id.chars().skip(id.len() - 22).collect();
        capture.artifact(&id, "public/chain-of-trust.json", &folder.join(file));
    }
    let logs = [
        ("IlriR12WRHCTviPdnLVECw", "log-2021-02-09-fenix-release-IlriR12WRHCTviPdnLVECw", "agrees"),
        ("EW47NZ4ETr6mCJm9eVWmyQ", "log-2021-02-11-fenix-beta-EW47NZ4ETr6mCJm9eVWmyQ", "agrees"),
        // Altered when it was committed to the repository that it comes from.
        ("Jw-7xbq3SrWn_EgybtV4wA", "log-2021-01-19-focus", "differs"),
    ];
    for (id, file, _) in logs {
        capture.artifact(id, log, &folder.join(format!("{file}.chain_of_trust.log")));
    }
    let case = capture.case();
    assert_eq!(case.number("SELECT count(*) FROM task"), 6);
    for (id, file, expected) in logs {
        assert_eq!(claim(&case, id, log), expected, "{file}");
    }
    assert_eq!(claim(&case, "R1GBuwB5TS61TTuWnJMWMg", log), "unseen");
}

/// One real chain of June 2017, as its author showed it on slides.
#[test]
fn a_real_build_ran_in_the_image_that_its_docker_image_task_made() {
    let Some(folder) = shared("real/slides-sf-2017") else { return };
    let capture = Capture::new();
    let (build, image) = ("el2acWweT5a6rYhb19RBRw", "Pr9OcxSqQlOjbytRDpHd2g");
    for (name, id) in [("decision", "UnU2jpdcQheHKXpI3HHXsQ"), ("build", build), ("docker-image", image)] {
        capture.artifact(id, "public/chain-of-trust.json", &folder.join(format!("{name}-{id}.cot.json")));
    }
    let case = capture.case();
    let sql = "SELECT json_extract(value, '$.imageArtifactHash') FROM fact WHERE kind = 'attestation' AND subject = ?1";
    let loaded: String = case.sqlite().query_row(sql, [build], |row| row.get(0)).unwrap();
    assert_eq!(loaded, "sha256:16dbc133957eab1a5180102828edfec57b67541ce34a932f576cf7ae53815bcf");
    let made = case.run(["cat", image, "public/chain-of-trust.json"]).exits(0).json();
    assert_eq!(format!("sha256:{}", made["artifacts"]["public/image.tar.zst"]["sha256"].as_str().unwrap()), loaded);
    let report = case.report([build, "--rules", "signatures"]);
    let image_check = report["targets"][0]["links"][0]["checks"].as_array().unwrap().iter();
    let image_check = image_check.clone().find(|check| check["check"] == "docker-image").unwrap();
    assert_ne!(image_check["outcome"], "fail", "{image_check}");
}

/// The same chain, from a signing task on, under the rules of that day: what scriptworker 4.1.2 looked at holds, and what
/// the slides do not show is named. The attestations are unsigned copies: a rule book that reads such says what is in them.
#[test]
fn a_real_chain_of_2017_holds_under_the_rules_of_its_day() {
    let Some(folder) = shared("real/slides-sf-2017") else { return };
    let capture = Capture::new();
    let (decision, build, image) = ("UnU2jpdcQheHKXpI3HHXsQ", "el2acWweT5a6rYhb19RBRw", "Pr9OcxSqQlOjbytRDpHd2g");
    for (name, id) in [("decision", decision), ("build", build), ("docker-image", image)] {
        let attestation = folder.join(format!("{name}-{id}.cot.json"));
        let text: Value = serde_json::from_slice(&fs::read(&attestation).unwrap()).unwrap();
        capture.artifact(id, "public/chain-of-trust.json", &attestation);
        // What the queue would give is what the worker embedded.
        write(capture.0.path(), &format!("tasks/{id}/definition.json"), text["task"].to_string().as_bytes());
    }
    let signing = "AAAAAAAAQAaAAAAAAAAAAA";
    capture.put(&format!("tasks/{signing}/definition.json"), &folder.join("signing-task-definition.json"));
    let book = r#"{"base": "4.1.2", "id": "4.1.2-unsigned", "switches": {"forms": ["ed25519"]}}"#;
    write(capture.0.path(), "book.json", book.as_bytes());
    let case = CaseFile::of(&[capture.0.path()]);
    let rules = capture.0.path().join("book.json");
    let report =
        case.report([signing, "--task-type", "signing", "--no-check-task", "--rules", rules.to_str().unwrap()]);
    let target = &report["targets"][0];
    assert_eq!(target["verdict"], "undetermined", "{}", target["headline"]);
    let outcome = |link: &str, check: &str| {
        let links = target["links"].as_array().unwrap();
        let link = links.iter().find(|found| found["name"] == link).unwrap_or_else(|| panic!("{link}: {target:#}"));
        let checks = link["checks"].as_array().unwrap();
        checks.iter().find(|found| found["check"] == check).unwrap()["outcome"].as_str().unwrap().to_owned()
    };
    for link in ["signing", "signing:decision", "signing:build", "signing:build:docker-image"] {
        for check in ["chain", "definition", "worker", "tree"] {
            assert_eq!(outcome(link, check), "pass", "{link} {check}");
        }
    }
    assert_eq!(outcome("signing:decision", "rebuild"), "pass", "the usual command");
    for link in ["signing:decision", "signing:build", "signing:build:docker-image"] {
        assert_eq!(outcome(link, "docker-image"), "pass", "{link}");
    }
    let gaps = report["gaps"].as_array().unwrap();
    let lacks = |kind: &str, id: &str| gaps.iter().any(|gap| gap["kind"] == kind && gap["subject"]["taskId"] == id);
    assert!(lacks("artifact", decision), "its task graph: {gaps:#?}");
    assert!(lacks("signature", build), "{gaps:#?}");
    let other = gaps.iter().filter(|gap| gap["kind"] == "definition").count();
    assert_eq!(other, 1, "the docker-image task's own decision task: {gaps:#?}");
}

/// Prototype attestations of May 2016, from before schema version 1: soundly signed lists of tasks.
#[test]
fn the_prototypes_of_2016_are_sound_and_their_digests_those_of_the_artifacts() {
    let Some(folder) = shared("real/nightly-cot-poc") else { return };
    let capture = Capture::new();
    let (decision, build) = ("S_TGzDg0SvSsPywR886aGw", "DgnGMqNVTM2gwZN6rVvwhA");
    for (id, name) in [(decision, "decision"), (build, "build")] {
        let signed = folder.join(format!("dbc18e31-{name}_cleartext.gpg"));
        capture.artifact(id, "public/chainOfTrust.json.asc", &signed);
        for file in crate::program::files(&folder.join(name)).into_keys().filter(|file| !file.ends_with("info")) {
            let artifact = match (name, file.as_str()) {
                (_, "task_definition.json") => "public/taskcluster/task.json".to_owned(),
                (_, "live_backing.log") => "public/logs/live_backing.log".to_owned(),
                ("decision", other) => format!("public/{other}"),
                (_, other) => format!("public/build/{other}"),
            };
            capture.artifact(id, &artifact, &folder.join(name).join(&file));
        }
    }
    capture.put("keys/openpgp/docker-worker/prototype.gpg", &folder.join("gpg-pub.gpg"));
    let case = capture.case();
    let mut compared = 0;
    for (id, name) in [(decision, "decision"), (build, "build")] {
        let sql = "SELECT state, key FROM signatures WHERE task_id = ?1";
        let (state, key): (String, String) =
            case.sqlite().query_row(sql, [id], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!((state.as_str(), key.as_str()), ("sound", "openpgp:9F273A624FEB70C9CE50622F25A70127068AE865"));
        let body = fs::read(folder.join(format!("dbc18e31-{name}_cleartext.gpg"))).unwrap();
        let body = cotrace::examine::signature::covered(cotrace::model::Form::Openpgp, &body).unwrap().into_owned();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let stated: BTreeMap<String, String> = body
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|entry| entry["artifacts"].as_object().unwrap())
            .map(|(name, digest)| (name.clone(), digest.as_str().unwrap().replace("SHA256:", "")))
            .collect();
        for (name, digest) in seen(&case, id) {
            if let Some(stated) = stated.get(&name) {
                assert_eq!(stated, &digest, "{name}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 11, "five artifacts of the decision task, six of the build");
    let findings = case.report([decision, "--rules", "signatures"]);
    assert!(crate::program::codes(&findings).contains("attestation-malformed"));
}

/// What scriptworker's own tests have: a task graph of 1,761 tasks, and a signature by a test key.
#[test]
fn the_test_data_of_scriptworker_are_imported_as_they_are() {
    let Some(folder) = shared("real/scriptworker") else { return };
    let capture = Capture::new();
    let decision = "VQU9QMO4Teq7zr91FhBusg";
    let of = |name: &str| folder.join("cotv2").join(name);
    capture.put(&format!("tasks/{decision}/definition.json"), &of("2018-01-12.8364e9bd.decision_hg-push.json"));
    for (name, file) in [
        ("public/task-graph.json", "2018-01-12.eab1da25.task-graph.json"),
        ("public/actions.json", "2018-01-12.0e1835fd.actions.json"),
        ("public/parameters.yml", "2018-01-12.c3e9cc8d.parameters.yml"),
    ] {
        capture.artifact(decision, name, &of(file));
    }
    let signed = "AAAAAAAAQAaAAAAAAAAAAA";
    let of = |name: &str| folder.join("ed25519").join(name);
    capture.artifact(signed, "public/chain-of-trust.json", &of("2019-03-05.f949d384.foo.json"));
    capture.artifact(signed, "public/chain-of-trust.json.sig", &of("2019-03-05.7db2c1dc.foo.json.scriptworker.sig"));
    let key = |file: &str| fs::read_to_string(of(file)).unwrap().trim().to_owned();
    let keys = serde_json::json!({
        "docker-worker": [key("2019-03-05.feeee479.docker-worker_public_key")],
        "generic-worker": [key("2019-03-05.173270c7.generic-worker_public_key")],
        "scriptworker": [key("2019-03-05.b0abe2d3.scriptworker_public_key")],
    });
    write(capture.0.path(), "keys.json", keys.to_string().as_bytes());
    let case = capture.case();
    let graph = &seen(&case, decision)["public/task-graph.json"];
    assert!(graph.starts_with("ea80fad4"), "{graph}");
    let sql = "SELECT state, key FROM signatures WHERE task_id = ?1";
    let (state, made_by): (String, String) =
        case.sqlite().query_row(sql, [signed], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(state, "sound");
    assert_eq!(made_by, format!("ed25519:{}", key("2019-03-05.b0abe2d3.scriptworker_public_key")));
}
