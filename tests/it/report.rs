//! The JSON report: held against its published schema, and the same bytes wherever it is made.

use std::collections::BTreeSet;
use std::fs;

use cotrace::model::{Check, Code};
use cotrace_generator::sample::{nightly_2017, nightly_2026};
use jsonschema::Validator;
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{CaseFile, Ran, capture_of, root, sample, targets};

fn schema() -> Value {
    serde_json::from_slice(&fs::read(root().join("schema/report-v1.json")).unwrap()).unwrap()
}

pub(crate) fn validator() -> Validator {
    let schema = schema();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

#[track_caller]
pub(crate) fn holds(validator: &Validator, report: &Value, what: &str) {
    let errors: Vec<String> =
        validator.iter_errors(report).map(|error| format!("{}: {error}", error.instance_path())).take(10).collect();
    assert!(errors.is_empty(), "{what}:\n{}", errors.join("\n"));
}

/// Replays of both samples that end in every verdict, under every rule book and in every mode.
const QUESTIONS: &[&[&str]] = &[
    &["--all"],
    &["--all", "--as-of", "2001-01-01"],
    &["--all", "--as-of", "2030-01-01"],
    &["--all", "--no-check-task"],
    &["--all", "--no-check-task", "--rules", "scriptworker-63.6.1"],
    &["--all", "--rules", "scriptworker-63.6.1"],
    &["--all", "--rules", "signatures", "--as-of", "2018-02-22T12:00:00.125+01:00"],
    &["--all", "--task-type", "signing", "--product", "thunderbird"],
];

/// The samples, and both with much taken away.
fn cases() -> Vec<(&'static str, CaseFile)> {
    let samples = [sample("nightly-2026"), sample("nightly-2017")];
    let unaccepted = CaseFile::empty();
    unaccepted.run(["import", samples[0].to_str().unwrap(), samples[1].to_str().unwrap()]).exits(0);
    let digests = CaseFile::empty();
    digests.run(["import", "--keep-artifacts", "none", samples[0].to_str().unwrap(), samples[1].to_str().unwrap()]);
    vec![
        ("samples", CaseFile::of(&samples)),
        ("keys not accepted", unaccepted),
        ("digests only", digests),
        ("holes", CaseFile::of(&[holey().path()])),
    ]
}

/// A sample with a hole of every kind, and bytes that no schema foresees.
fn holey() -> TempDir {
    let mut world = nightly_2026().unwrap();
    let definition = world.definition_path("decision").unwrap();
    world.remove(&definition);
    let status = world.status_path("build-linux64").unwrap();
    world.remove(&status);
    let signature = world.artifact_path("docker-image", "public/chain-of-trust.json.sig").unwrap();
    world.remove(&signature);
    let attestation = world.attestation_path("signing-win64").unwrap();
    world.remove(&attestation);
    world.put("keys/openpgp/r\u{f6}le/junk.asc", "junk");
    world
        .edit_json(&world.definition_path("signing-linux64").unwrap(), |definition| {
            definition["metadata"]["name"] = "\u{1b}[31m\u{202e}n\u{e4}me \u{1f600}\u{7f}".into();
            definition["tags"]["label"] = "l\u{e4}bel\u{2028}\"\\".into();
        })
        .unwrap();
    capture_of(&world)
}

#[test]
fn every_report_holds_its_schema() {
    let validator = validator();
    let mut verdicts = BTreeSet::new();
    for (name, case) in cases() {
        for question in QUESTIONS {
            let report = case.report(question.iter().copied());
            holds(&validator, &report, &format!("{name} {question:?}"));
            let found = report["targets"].as_array().unwrap().iter();
            verdicts.extend(found.map(|target| target["verdict"].as_str().unwrap().to_owned()));
        }
    }
    assert_eq!(verdicts.into_iter().collect::<Vec<_>>(), ["refuted", "undetermined", "verified"]);
}

#[test]
fn a_refuted_report_of_forged_evidence_holds_its_schema() {
    let validator = validator();
    for mut world in [nightly_2017().unwrap(), nightly_2026().unwrap()] {
        let path = world.attestation_path("build-linux64").unwrap();
        let forged = String::from_utf8(world.read(&path).unwrap().to_vec()).unwrap().replace("linux", "l1nux");
        world.put(&path, forged);
        let case = CaseFile::of(&[capture_of(&world).path()]);
        let report = case.report([world.task_id("signing-linux64").unwrap()]);
        assert_eq!(report["targets"][0]["verdict"], "refuted");
        assert_eq!(report["targets"][0]["reason"], "contradicted");
        holds(&validator, &report, "a forged attestation");
    }
}

#[test]
fn the_schema_refuses_what_is_no_report() {
    let validator = validator();
    let good = CaseFile::of(&[sample("nightly-2017")]).report(["--all", "--as-of", "2001-01-01"]);
    holds(&validator, &good, "the report itself");
    let edits: &[(&str, Value)] = &[
        ("/reportVersion", 2.into()),
        ("/case", "ABC".into()),
        ("/more", true.into()),
        ("/targets", Vec::<Value>::new().into()),
        ("/targets/0/verdict", "Verified".into()),
        ("/targets/0/verdict", "verified".into()),
        ("/targets/0/reason", Value::Null),
        ("/targets/0/asOf/key", "2001-01-01".into()),
        ("/targets/0/asOf/zone", "UTC".into()),
        ("/targets/0/links/0/checks/0/check", "taste".into()),
        ("/targets/0/links/0/taskId", "../../etc/passwd".into()),
        ("/findings/0/code", "key-lost".into()),
        ("/findings/0/subject/kind", "weather".into()),
        ("/findings/0/evidence/0/assertedBy", "rumour".into()),
        ("/notChecked/0/what", 7.into()),
    ];
    for (pointer, value) in edits {
        let mut report = good.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = report.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent}"));
        match (parent.as_array_mut(), name.parse::<usize>()) {
            (Some(list), Ok(index)) => list[index] = value.clone(),
            _ => parent[name] = value.clone(),
        }
        assert!(!validator.is_valid(&report), "{pointer} may not be {value}");
    }
    for pointer in ["/targets/0/headline", "/gaps", "/findings/0/plane", "/tool/version"] {
        let mut report = good.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        report.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
        assert!(!validator.is_valid(&report), "{pointer} may not be missing");
    }
}

/// Every object of the schema is closed, and everything in it is described.
#[test]
fn the_schema_is_closed_and_described() {
    fn look(schema: &Value, place: &str, wrong: &mut Vec<String>) {
        if let Some(properties) = schema.get("properties").filter(|_| schema.get("type").is_some()) {
            if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
                wrong.push(format!("{place} is open"));
            }
            for (name, property) in properties.as_object().unwrap() {
                let of_definition = property.get("$ref").is_some();
                if property.get("description").is_none() && !of_definition {
                    wrong.push(format!("{place}/{name} is not described"));
                }
                look(property, &format!("{place}/{name}"), wrong);
            }
        }
        if let Some(items) = schema.get("items") {
            look(items, &format!("{place}/*"), wrong);
        }
    }
    let schema = schema();
    let mut wrong = Vec::new();
    look(&schema, "", &mut wrong);
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        if definition.get("description").is_none() {
            wrong.push(format!("{name} is not described"));
        }
        look(definition, name, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_schema_lists_what_the_program_has() {
    let schema = schema();
    let listed = |pointer: &str| -> Vec<String> {
        let list = schema.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}")).as_array().unwrap();
        list.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(listed("/$defs/code/enum"), Code::ALL.iter().map(|code| code.id().to_owned()).collect::<Vec<_>>());
    let checks: Vec<String> = Check::ALL.iter().map(|check| check.word().to_owned()).collect();
    assert_eq!(listed("/$defs/check/properties/check/enum"), checks);
}

#[test]
fn the_same_question_gives_the_same_bytes_everywhere() {
    let holey = holey();
    let captures = [sample("nightly-2026"), sample("nightly-2017"), holey.path().to_owned()];
    let environments: &[(&str, &str)] = &[
        ("RAYON_NUM_THREADS", "1"),
        ("RAYON_NUM_THREADS", "8"),
        ("TZ", "Asia/Tokyo"),
        ("TZ", ":/nonsense"),
        ("LC_ALL", "tr_TR.UTF-8"),
        ("LANG", "C"),
        ("COLUMNS", "20"),
        ("NO_COLOR", "1"),
    ];
    for format in ["json", "text"] {
        let args = ["replay", "--all", "--chains", "--format", format];
        let case = CaseFile::of(&captures);
        let first = case.run(args);
        assert!(!first.stdout.is_empty());
        assert!(case.run(args).stdout == first.stdout, "a second replay, from stored facts, differs");
        for (name, value) in environments {
            // A case of its own, so that everything is examined anew.
            let other = CaseFile::empty();
            let mut import = other.command();
            import.arg("import").args(&captures).args(["--accept-keys", "--operator", "somebody else"]);
            Ran::of(import.env(name, value)).exits(0);
            let fresh = Ran::of(other.command().args(args).env(name, value));
            assert_eq!(fresh.code, first.code);
            assert!(fresh.stdout == first.stdout, "{name}={value}: another report");
            let again = Ran::of(case.command().args(args).env(name, value));
            assert!(again.stdout == first.stdout, "{name}={value}: another report from stored facts");
        }
    }
}

#[test]
fn the_report_is_ascii_and_loses_nothing() {
    let case = CaseFile::of(&[holey().path()]);
    let ran = case.run(["replay", "--all", "--format", "json"]);
    let visible = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
    assert!(ran.stdout.iter().all(visible), "a byte that is no visible ASCII");
    assert!(ran.stdout.ends_with(b"}\n"));
    let report = ran.json();
    let id = &targets("nightly-2026")["signing-linux64"];
    assert_eq!(crate::program::target(&report, id)["label"], "l\u{e4}bel\u{2028}\"\\");
}

/// The text of the report, too, is free of what could steer a terminal.
#[test]
fn the_text_shows_steering_characters_as_escapes() {
    let case = CaseFile::of(&[holey().path()]);
    let id = &targets("nightly-2026")["signing-linux64"];
    for args in [&["replay", "--all", "--chains"][..], &["show", id]] {
        let text = String::from_utf8(case.run(args).stdout).unwrap();
        let steers = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202e}' | '\u{2028}' | '\u{7f}');
        assert!(!text.contains(steers), "{args:?}");
        assert!(text.contains("l\u{e4}bel\\u{2028}"), "{args:?}: {text}");
    }
}

#[test]
fn everything_is_in_its_order() {
    for (name, case) in cases() {
        for question in QUESTIONS {
            let report = case.report(question.iter().copied());
            is_ordered(&report, &format!("{name} {question:?}"));
        }
    }
}

fn is_ordered(report: &Value, what: &str) {
    let list = |name: &str| report[name].as_array().unwrap();
    let ids: Vec<&str> = list("targets").iter().map(|target| target["taskId"].as_str().unwrap()).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{what}: targets");
    let digests = |of: &Value| -> Vec<String> {
        let digests = of["snapshots"].as_array().unwrap();
        digests.iter().map(|digest| digest.as_str().unwrap().to_owned()).collect()
    };
    let scopes: Vec<Vec<String>> = list("snapshots").iter().map(digests).collect();
    assert!(scopes.is_sorted_by(|a, b| a < b), "{what}: snapshots");
    for scope in list("snapshots") {
        let judged = list("targets").iter().filter(|target| digests(target) == digests(scope)).count();
        assert_eq!(scope["targets"], judged, "{what}: targets of a snapshot");
    }
    assert!(list("targets").iter().all(|target| scopes.contains(&digests(target))), "{what}: snapshots of targets");
    let subject = |of: &Value| {
        let subject = &of["subject"];
        let text = |name: &str| subject[name].as_str().map(str::to_owned);
        (text("kind"), text("taskId"), subject["runId"].as_u64(), text("name"))
    };
    let rank = |words: &[&str], of: &Value| words.iter().position(|word| of == word).unwrap();
    let findings: Vec<_> = list("findings")
        .iter()
        .map(|finding| {
            let plane = rank(&["rule", "audit"], &finding["plane"]);
            let severity = rank(&["high", "medium", "low", "info"], &finding["severity"]);
            let code = finding["code"].as_str().unwrap();
            (plane, severity, code.to_owned(), subject(finding), finding["message"].as_str().unwrap().to_owned())
        })
        .collect();
    assert!(findings.is_sorted(), "{what}: findings");
    for finding in list("findings") {
        let of: Vec<usize> = finding["targets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|target| ids.iter().position(|id| target == id).expect("a target of the report"))
            .collect();
        assert!(of.is_sorted_by(|a, b| a < b), "{what}: targets of {}", finding["code"]);
    }
    const KINDS: [&str; 7] =
        ["definition", "status", "attestation", "signature", "artifact", "artifact-content", "keys"];
    let gaps: Vec<_> = list("gaps").iter().map(|gap| (rank(&KINDS, &gap["kind"]), subject(gap))).collect();
    assert!(gaps.is_sorted_by(|a, b| a < b), "{what}: gaps");
    for gap in list("gaps") {
        let needed: Vec<&str> = gap["neededBy"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        assert!(needed.is_sorted_by(|a, b| a < b), "{what}: {needed:?}");
    }
    let parts: Vec<&str> = list("notChecked").iter().map(|part| part["what"].as_str().unwrap()).collect();
    assert!(parts.is_sorted_by(|a, b| a < b), "{what}: {parts:?}");
    // What is distrusted is checked only where something is.
    let distrusts = !report["trust"]["distrust"].as_array().unwrap().is_empty();
    let made = Check::ALL.iter().filter(|check| distrusts || **check != Check::Distrust);
    let checks: Vec<&str> = made.map(|check| check.word()).collect();
    for target in list("targets") {
        let links = target["links"].as_array().unwrap();
        assert_eq!(links[0]["taskId"], target["taskId"], "{what}: the target comes first");
        for link in links {
            let order: Vec<usize> =
                link["checks"].as_array().unwrap().iter().map(|check| rank(&checks, &check["check"])).collect();
            assert_eq!(order, (0..checks.len()).collect::<Vec<_>>(), "{what}: every check, in its order");
        }
    }
}
