//! The samples: made anew byte for byte, and judged exactly as they say.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::program::{CaseFile, files, sample, target};

/// The generator's own tests compare too; here it is done with the version that these tests were built with.
#[test]
fn samples_are_what_the_generator_makes() {
    for name in cotrace_generator::sample::NAMES {
        let world = cotrace_generator::sample::by_name(name).unwrap();
        let there = files(&sample(name));
        assert!(there.keys().eq(world.files.keys()), "snapshots/{name} has other files");
        for (path, bytes) in &world.files {
            assert!(fs::read(&there[path]).unwrap() == *bytes, "snapshots/{name}/{path} differs");
        }
    }
}

#[test]
fn samples_get_the_verdicts_that_they_state() {
    for name in cotrace_generator::sample::NAMES {
        let text = fs::read(sample(name).join("verdicts.json")).unwrap();
        let stated: Value = serde_json::from_slice(&text).unwrap();
        let stated = stated["targets"].as_array().unwrap();
        assert!(stated.len() >= 4);
        let case = CaseFile::of(&[sample(name)]);
        let all = case.report(["--all"]);
        for expected in stated {
            let id = expected["taskId"].as_str().unwrap();
            let alone = case.report([id]);
            for report in [&all, &alone] {
                let found = target(report, id);
                for member in ["taskType", "product", "verdict"] {
                    assert_eq!(found[member], expected[member], "{name} {id} {member}: {}", found["headline"]);
                }
            }
            // Said with its type, or judged before its run, a target is no worse.
            let typed = case.report([id, "--task-type", expected["taskType"].as_str().unwrap()]);
            assert_eq!(target(&typed, id)["verdict"], expected["verdict"], "{name} {id}");
            let before = case.report([id, "--no-check-task"]);
            assert_eq!(target(&before, id)["verdict"], expected["verdict"], "{name} {id} before its run");
        }
    }
}

#[test]
fn samples_are_good_evidence_throughout() {
    for name in cotrace_generator::sample::NAMES {
        let report = CaseFile::of(&[sample(name)]).report(["--all"]);
        let findings = report["findings"].as_array().unwrap();
        let bad: Vec<&Value> = findings
            .iter()
            .filter(|finding| {
                finding["plane"] == "rule" || !matches!(finding["severity"].as_str(), Some("info" | "low"))
            })
            .collect();
        assert!(bad.is_empty(), "{name}: {bad:?}");
        assert_eq!(report["gaps"].as_array().unwrap().len(), 0, "{name}");
        for target in report["targets"].as_array().unwrap() {
            for link in target["links"].as_array().unwrap() {
                assert_eq!(link["verdict"], "verified");
                assert!(link["checks"].as_array().unwrap().iter().all(|check| check["detail"] != ""));
            }
        }
    }
}

/// Together in one case they are judged as each is alone.
#[test]
fn samples_do_not_disturb_each_other() {
    let names = cotrace_generator::sample::NAMES;
    let together = CaseFile::of(&names.map(sample)).report(["--all"]);
    let targets = |report: &Value| -> BTreeMap<String, Value> {
        let list = report["targets"].as_array().unwrap();
        list.iter().map(|target| (target["taskId"].as_str().unwrap().to_owned(), target.clone())).collect()
    };
    let mut apart = BTreeMap::new();
    for name in names {
        apart.extend(targets(&CaseFile::of(&[sample(name)]).report(["--all"])));
    }
    assert_eq!(targets(&together), apart);
}
