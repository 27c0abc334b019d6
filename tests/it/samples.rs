//! The samples: made anew byte for byte, and judged exactly as they say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use cotrace::model::Code;

use crate::program::{CaseFile, files, sample, target};
use crate::support::Scene;

/// The generator's own tests compare too; here it is done with the version that these tests were built with.
#[test]
fn samples_are_what_the_generator_makes() {
    for name in cotrace_generator::sample::NAMES.iter().chain(&cotrace_generator::sample::ATTACKS) {
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
            // Said with its type it is the same; before its run its own signature does not count.
            let typed = case.report([id, "--task-type", expected["taskType"].as_str().unwrap()]);
            assert_eq!(target(&typed, id)["verdict"], expected["verdict"], "{name} {id}");
            let before = case.report([id, "--no-check-task"]);
            assert_eq!(target(&before, id)["verdict"], "verified", "{name} {id} before its run");
        }
    }
}

/// The four ways to attack a chain that its authors named: each is refuted, and says what it is refuted for.
#[test]
fn attacks_are_refuted_for_what_they_are() {
    for name in cotrace_generator::sample::ATTACKS {
        let stated: Value = serde_json::from_slice(&fs::read(sample(name).join("verdicts.json")).unwrap()).unwrap();
        let stated = &stated["targets"][0];
        let id = stated["taskId"].as_str().unwrap();
        let case = CaseFile::of(&[sample(name)]);
        for report in
            [case.report([id]), case.report([id, "--no-check-task"]), case.report([id, "--rules", "signatures"])]
        {
            let found = target(&report, id);
            assert_eq!(found["verdict"], "refuted", "{name}: {}", found["headline"]);
            let codes = crate::program::codes(&report);
            for code in stated["findings"].as_array().unwrap() {
                assert!(codes.contains(code.as_str().unwrap()), "{name}: {code}: {codes:?}");
            }
            let first = stated["findings"][0].as_str().unwrap();
            assert!(found["headline"].as_str().unwrap().contains(first), "{name}: {}", found["headline"]);
        }
    }
}

/// The codes of the findings that concern a target, but for mere remarks.
fn codes(report: &Value, id: &str) -> BTreeSet<String> {
    let concerns = |finding: &&Value| {
        let targets = finding["targets"].as_array().unwrap();
        targets.iter().any(|target| target == id)
            && (finding["plane"] == "rule" || !matches!(finding["severity"].as_str(), Some("info" | "low")))
    };
    let findings = report["findings"].as_array().unwrap().iter().filter(concerns);
    findings.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

/// What is good has nothing held against it, and what is bad only what it is bad for.
#[test]
fn samples_have_the_findings_that_they_state_and_no_others() {
    for name in cotrace_generator::sample::NAMES {
        let text = fs::read(sample(name).join("verdicts.json")).unwrap();
        let stated: Value = serde_json::from_slice(&text).unwrap();
        let of_target = |id: &str| {
            let target = stated["targets"].as_array().unwrap().iter().find(|target| target["taskId"] == id)?;
            let codes = target["findings"].as_array()?;
            Some(codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect::<BTreeSet<String>>())
        };
        let report = CaseFile::of(&[sample(name)]).report(["--all"]);
        assert_eq!(report["gaps"].as_array().unwrap().len(), 0, "{name}");
        for target in report["targets"].as_array().unwrap() {
            let id = target["taskId"].as_str().unwrap();
            let expected = of_target(id).unwrap_or_default();
            assert_eq!(codes(&report, id), expected, "{name} {id}");
            for link in target["links"].as_array().unwrap() {
                // All chains rest on good links; what is bad of a bad one is its own signature.
                let is_bad = target["verdict"] != "verified" && link["taskId"] == id;
                assert_eq!(link["verdict"], if is_bad { "refuted" } else { "verified" }, "{name} {id}");
                assert!(link["checks"].as_array().unwrap().iter().all(|check| check["detail"] != ""));
            }
        }
    }
}

/// The target of a sample that a label names.
fn labelled(name: &str, label: &str) -> String {
    let world = cotrace_generator::sample::by_name(name).unwrap();
    world.task_id(label).unwrap().to_owned()
}

#[test]
fn a_backdated_signature_is_judged_when_it_can_have_been_made() {
    let case = CaseFile::of(&[sample("nightly-2017")]);
    let id = labelled("nightly-2017", "repackage-signing-linux64");
    let report = case.report([id.as_str()]);
    let found = target(&report, &id);
    assert_eq!(found["verdict"], "refuted");
    assert_eq!(found["asOf"]["key"], "2017-06-27T11:32:29Z");
    let link = &found["links"].as_array().unwrap()[0];
    assert_eq!(link["signed"]["notBefore"]["at"], "2017-06-27T11:32:29Z");
    assert_eq!(link["signed"]["notBefore"]["taskId"], labelled("nightly-2017", "build-linux64"));
    // At the moment that the queue tells, it would be accepted.
    let believed = case.report([id.as_str(), "--as-of", "2017-06-07T11:36:50Z"]);
    assert_eq!(target(&believed, &id)["verdict"], "verified");
    assert!(codes(&believed, &id).contains("signature-time-contradicted"));
    let text = case.run(["replay", &id]).exits(11).text();
    assert!(
        text.contains("the queue says 2017-06-07T11:36:50.189Z, which signatures of other keys rule out"),
        "{text}"
    );
}

/// Who signed after his key had left its key set is no witness that what he lists is older than that end.
#[test]
fn a_removed_key_bounds_nobody_by_its_end() {
    let report = CaseFile::of(&[sample("nightly-2017")]).report(["--all"]);
    for label in ["build-linux64", "build-win64", "decision"] {
        let id = labelled("nightly-2017", label);
        let own = &target(&report, &id)["links"].as_array().unwrap()[0]["signed"];
        let not_after = own["notAfter"]["at"].as_str();
        assert!(not_after.is_none_or(|at| at > "2017-06-27"), "{label}: {own}");
        assert_eq!(codes(&report, &id), BTreeSet::new(), "{label}");
    }
}

#[test]
fn a_key_that_was_revoked_later_counts_until_that_is_known() {
    let case = CaseFile::of(&[sample("nightly-2017")]);
    let id = labelled("nightly-2017", "beetmover-win64");
    let text = case.run(["replay", &id]).exits(0).text();
    assert!(text.contains("beyond the rules, of high severity: key-revoked-later"), "{text}");
    for (known, verdict) in [("2017-07-12T15:42:15Z", "verified"), ("2017-07-12T15:42:16Z", "refuted")] {
        let report = case.report([id.as_str(), "--known-as-of", known]);
        assert_eq!(target(&report, &id)["verdict"], verdict, "{known}");
    }
}

/// The repository's tags alone tell the lives of the keys; and without its signer nothing of it counts.
#[test]
fn the_sample_tells_the_lives_of_its_keys() {
    let case = CaseFile::of(&[sample("nightly-2017")]);
    let listed = case.run(["keys", "list", "--trust", "repository", "--role", "scriptworker"]).exits(0).text();
    let line = |key: &str| listed.lines().find(|line| line.contains(key)).unwrap_or_default().to_owned();
    assert!(line("4C97CA50D0F67EC9").contains("2017-01-18T17:05:11Z … open"), "{listed}");
    assert!(line("4C97CA50D0F67EC9").contains("expires 2017-06-20T12:00:00Z"), "{listed}");
    assert!(line("C7586C62EB1D2614").contains("… 2017-06-08T15:48:20Z  repository"), "{listed}");
    assert!(line("A8EED933742CEBC9").contains("revoked 2017-07-12T15:15:00Z"), "{listed}");
    assert!(!listed.contains("builtin") && !listed.contains("FD45E8A9"), "they signed nothing here: {listed}");
    let asked = case.run(["keys", "list", "--trust", "repository"]).exits(0);
    assert!(asked.stderr.contains("keys are not shown: they count on other words"), "{}", asked.stderr);
    let span = ["--from", "2017-01-01", "--until", "2017-08-01", "--ascii", "--width", "80"];
    let drawn = case.run(["keys", "timeline", "--trust", "repository"].into_iter().chain(span)).exits(0).text();
    let bar = |key: &str| drawn.lines().find(|line| line.contains(key)).unwrap_or_default().to_owned();
    assert!(bar("A8EED933742CEBC9").ends_with("x=====-----"), "revoked, it counts no more: {drawn}");
    assert!(bar("4C97CA50D0F67EC9").ends_with("-x----------"), "expired before it signed: {drawn}");
    assert!(bar("C7586C62EB1D2614").ends_with("=x    x"), "it signed when it was gone: {drawn}");
    let mut world = cotrace_generator::sample::nightly_2017_as_shipped().unwrap();
    world.remove("keys/openpgp/git-signer/releng.asc");
    let unsigned = Scene::of(world, "beetmover-win64").report();
    assert!(unsigned.findings.iter().any(|finding| finding.code == Code::KeyUnknown), "{:#?}", unsigned.findings);
}

/// What a newcomer sees: the picture, the list and the audit of the keys, and why the backdated signature is refused.
#[test]
fn the_sample_as_people_read_it() {
    let case = CaseFile::of(&[sample("nightly-2017")]);
    let mut read = String::new();
    let span = ["--from", "2017-01-01", "--until", "2017-08-01", "--width", "90"];
    let backdated = labelled("nightly-2017", "repackage-signing-linux64");
    let asked: [(&[&str], &[&str], i32); 4] = [
        (&["keys", "list", "--trust", "repository"], &[], 0),
        (&["keys", "timeline", "--trust", "repository"], &span, 0),
        (&["keys", "audit", "--trust", "repository"], &[], 0),
        (&["replay", backdated.as_str()], &[], 11),
    ];
    for (words, more, code) in asked {
        let ran = case.run(words.iter().chain(more)).exits(code);
        // Counts of keys grow with the ledgers that ship.
        let text = ran.text();
        let lines: Vec<&str> = text.lines().filter(|line| !line.ends_with(" findings")).collect();
        read.push_str(&format!("$ cotrace {} {}\n{}\n\n", words.join(" "), more.join(" "), lines.join("\n")));
    }
    insta::assert_snapshot!(read);
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
