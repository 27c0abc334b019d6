//! Notes in the case file: kept, told, withdrawn, and nothing that a verdict rests on.

use std::fs;

use serde_json::{Value, json};

use crate::program::{CaseFile, Ran, sample, target, targets};
use crate::report::{holds, validator};

/// A case with findings of both planes.
fn sampled() -> CaseFile {
    CaseFile::of(&[sample("nightly-2017")])
}

#[track_caller]
fn note(case: &CaseFile, args: &[&str]) -> Ran {
    Ran::of(case.command().arg("note").args(args).args(["--operator", "J. Doe"])).exits(0)
}

#[track_caller]
fn listed(case: &CaseFile, args: &[&str]) -> Value {
    Ran::of(case.command().args(["notes", "--format", "json"]).args(args)).exits(0).json()
}

/// A target that is refuted.
fn refuted(report: &Value) -> &Value {
    report["targets"].as_array().unwrap().iter().find(|target| target["verdict"] == "refuted").unwrap()
}

/// The text that names a finding of a report.
fn subject(finding: &Value) -> String {
    let text = |value: &Value| value.as_str().map(str::to_owned).unwrap_or_default();
    let about = &finding["subject"];
    let run = about["runId"].as_u64().map(|run_id| run_id.to_string()).unwrap_or_default();
    let name = about["name"].as_str().map(|name| format!(":{name}")).unwrap_or_default();
    let [code, plane] = [&finding["code"], &finding["plane"]].map(text);
    format!("finding:{code}:{plane}:{}:{}:{run}{name}", text(&about["kind"]), text(&about["taskId"]))
}

fn replayed(case: &CaseFile, format: &str) -> Vec<u8> {
    case.run(["replay", "--all", "--format", format]).exits(11).stdout
}

#[test]
fn reports_tell_the_notes_on_what_they_tell_and_no_verdict_changes() {
    let case = sampled();
    let before = [replayed(&case, "json"), replayed(&case, "text")];
    let report: Value = serde_json::from_slice(&before[0]).unwrap();
    let bad = refuted(&report);
    let task = format!("task:{}", bad["taskId"].as_str().unwrap());
    let key = format!("key:{}", bad["links"][0]["key"].as_str().unwrap());
    let found: Vec<String> = report["findings"].as_array().unwrap().iter().map(subject).collect();
    note(&case, &[&task, "asked J.\nno answer", "--tag", "todo", "--tag", "2017", "--bookmark"]);
    note(&case, &[&key, "bug 1", "--accepted"]);
    for subject in &found {
        note(&case, &[subject, "--reviewed"]);
    }
    // Beside what the report tells.
    note(&case, &["task:AAAAAAAAQAAAAAAAAAAAAA", "told of another"]);
    let mut noted: Value = serde_json::from_slice(&replayed(&case, "json")).unwrap();
    holds(&validator(), &noted, "with notes");
    let notes = noted.as_object_mut().unwrap().remove("notes").unwrap();
    assert_eq!(noted, report, "a note changed more than itself");
    let told: Vec<&Value> = notes.as_array().unwrap().iter().map(|note| &note["subject"]).collect();
    let expected: Vec<Value> = [&task, &key].into_iter().chain(&found).map(|subject| json!(subject)).collect();
    assert_eq!(told, expected.iter().collect::<Vec<_>>());
    let first = &notes[0];
    assert_eq!((&first["tags"], &first["standing"]), (&json!(["2017", "todo"]), &json!("bookmark")));
    assert_eq!((&first["author"], &first["text"]), (&json!("J. Doe"), &json!("asked J.\nno answer")));
    assert_eq!(replayed(&case, "json"), replayed(&case, "json"));
    let text = String::from_utf8(replayed(&case, "text")).unwrap();
    for part in
        ["  see note 1, bookmark, by J. Doe\n", "asked J.\n", "no answer\n", "#2017 #todo\n", "see note 3, reviewed"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("told of another"));
    let shown = case.run(["show", bad["taskId"].as_str().unwrap()]).exits(11).text();
    assert!(shown.contains("note 2, accepted, by J. Doe") && shown.contains("bug 1"), "{shown}");
    // Another task's report tells those on its own findings alone.
    let other = &targets("nightly-2017")["balrog-linux64"];
    let one = case.report([other.as_str()]);
    assert_eq!(target(&one, other)["verdict"], "verified");
    let own: Vec<String> = one["findings"].as_array().unwrap().iter().map(subject).collect();
    let told: Vec<&str> =
        one["notes"].as_array().unwrap().iter().map(|note| note["subject"].as_str().unwrap()).collect();
    assert!(!own.is_empty() && told == own, "{told:?}");
    // All withdrawn, the report is what it was.
    for id in 1..=found.len() + 3 {
        note(&case, &["--withdraw", &id.to_string()]);
    }
    assert!([replayed(&case, "json"), replayed(&case, "text")] == before, "withdrawn notes are told");
}

#[test]
fn notes_are_found_and_withdrawn() {
    let case = sampled();
    let task = format!("task:{}", targets("nightly-2017")["balrog-linux64"]);
    note(&case, &[&task, "Who asked?", "--tag", "todo"]);
    note(&case, &[&task, "nobody", "--reviewed", "--tag", "todo", "--tag", "done"]);
    note(&case, &["key:FAD6F73EAA09F73EAA09FAD6F73EAA09FAD6F73E", "--tag", "odd"]);
    let ids = |args: &[&str]| {
        let notes = listed(&case, args);
        notes.as_array().unwrap().iter().map(|note| note["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&[]), [1, 2, 3]);
    assert_eq!(ids(&[&task]), [1, 2]);
    assert_eq!(ids(&["--tag", "todo", "--tag", "done"]), [2]);
    assert_eq!(ids(&["--search", "WHO"]), [1]);
    assert_eq!(ids(&["--search", "fad6"]), [3]);
    let wanted = case.run(["tasks", "has:note", "--format", "json"]).exits(0).json();
    assert_eq!(
        (&wanted["count"], format!("task:{}", wanted["tasks"][0]["taskId"].as_str().unwrap())),
        (&json!(1), task.clone())
    );
    note(&case, &["--withdraw", "1"]);
    assert_eq!((ids(&[]), ids(&["--withdrawn"])), (vec![2, 3], vec![1, 2, 3]));
    assert_eq!(listed(&case, &["--withdrawn"])[0]["withdrawn"]["author"], "J. Doe");
    let again = case.run(["note", "--withdraw", "1"]).exits(1);
    assert!(again.stderr.contains("withdrawn already"), "{}", again.stderr);
    assert!(case.run(["note", "--withdraw", "9"]).exits(1).stderr.contains("no note 9"));
    // A withdrawal is an entry with a number of its own, and no note.
    assert!(case.run(["note", "--withdraw", "4"]).exits(1).stderr.contains("no note 4"));
    let log = case.run(["case", "log"]).exits(0).text();
    assert_eq!((log.matches("J. Doe note ").count(), log.matches("J. Doe withdraw-note ").count()), (3, 1), "{log}");
    case.run(["case", "verify"]).exits(0);
    let none = case.run(["notes", "--tag", "nothing"]).exits(0);
    assert!(none.stdout.is_empty() && none.stderr.contains("no such note"));
}

#[test]
fn what_is_no_note_is_refused() {
    let case = sampled();
    let task = format!("task:{}", targets("nightly-2017")["balrog-linux64"]);
    let wrong: &[&[&str]] = &[
        &[],
        &[&task],
        &[&task, "--accepted"],
        &[&task, " ", "--false"],
        &[&task, "why", "--accepted", "--false"],
        &[&task, "why", "--tag", "a b"],
        &["task:short", "why"],
        &["key:FAD6F73E", "why"],
        &["finding:no-such-code:rule:task::", "why"],
        &["finding:key-expired", "why"],
        &[&task, "why", "--withdraw", "1"],
        &["--withdraw", "1", "--bookmark"],
    ];
    for args in wrong {
        let ran = Ran::of(case.command().arg("note").args(*args));
        assert_eq!((ran.code, ran.text().as_str()), (2, ""), "{args:?}: {}", ran.stderr);
    }
    assert_eq!(case.number("SELECT count(*) FROM note"), 0);
}

#[test]
fn hostile_words_do_nothing_to_a_terminal() {
    let case = sampled();
    let id = targets("nightly-2017")["balrog-linux64"].clone();
    let author = "\u{1b}[2Jme";
    let args =
        ["note", &format!("task:{id}"), "a\u{202e}b\u{9b}31m\r\nnext", "--tag", "t\u{200b}", "--operator", author];
    case.run(args).exits(0);
    let name = format!("finding:key-expired:rule:signature:{id}:0:\u{1b}]0;x\u{7}");
    note(&case, &[&name, "why"]);
    for args in [&["notes"][..], &["replay", &id], &["case", "log"], &["notes", "--format", "json"]] {
        let text = case.run(args).exits(0).text();
        let steers = |c: char| c != '\n' && (c.is_control() || ['\u{202e}', '\u{200b}'].contains(&c));
        assert!(!text.contains(steers), "{args:?}: {text:?}");
    }
    assert!(listed(&case, &[])[0]["text"] == "a\u{202e}b\u{9b}31m\r\nnext");
}

#[test]
fn a_note_that_was_changed_added_or_taken_away_is_told() {
    for (sql, told) in [
        ("UPDATE note SET text = 'other' WHERE id = 1", "damaged: note 1: it is not what the log tells of"),
        ("UPDATE note SET author = 'other' WHERE id = 1", "damaged: note 1: it is not what the log tells of"),
        (
            "UPDATE note SET at = '2001-01-01T00:00:00Z' WHERE id = 1",
            "damaged: note 1: it is not what the log tells of",
        ),
        ("UPDATE note SET standing = 'reviewed' WHERE id = 1", "damaged: note 1: it is not what the log tells of"),
        ("UPDATE note SET standing = NULL WHERE id = 1", "damaged: note 1: it is not what the log tells of"),
        ("UPDATE note SET tags = '[\"a\"]' WHERE id = 1", "damaged: note 1: it is not what the log tells of"),
        ("UPDATE note SET subject = subject || 'a' WHERE id = 1", "damaged: note 1: it is not what the log tells of"),
        ("UPDATE note SET withdraws = 2 WHERE id = 3", "damaged: note 3: it is not what the log tells of"),
        ("UPDATE note SET withdraws = NULL WHERE id = 3", "damaged: note 3: it is not what the log tells of"),
        ("DELETE FROM note WHERE id = 3", "damaged: note 3: the log tells of it, and it is not there"),
        ("DELETE FROM note WHERE id = 2", "damaged: note 2: the log tells of it, and it is not there"),
        (
            "INSERT INTO note SELECT 4, at, author, subject, standing, text, tags, NULL FROM note WHERE id = 1",
            "damaged: note 4: the log does not tell of it",
        ),
        ("UPDATE log SET detail = replace(detail, '\"note\":1', '\"note\":7')", "damaged: note 7: the log tells of it"),
        (
            "DELETE FROM log WHERE sequence = (SELECT max(sequence) FROM log)",
            "damaged: note 3: the log does not tell of it",
        ),
    ] {
        let case = sampled();
        let task = format!("task:{}", targets("nightly-2017")["balrog-linux64"]);
        note(&case, &[&task, "why", "--accepted"]);
        note(&case, &[&task, "more"]);
        note(&case, &["--withdraw", "1"]);
        case.run(["case", "verify"]).exits(0);
        let sqlite = case.sqlite();
        sqlite.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        assert!(sqlite.execute(sql, []).unwrap() > 0, "{sql} changed nothing");
        let ran = case.run(["case", "verify"]).exits(1);
        assert!(ran.text().contains(told), "{sql}: {}", ran.text());
    }
    // What can't be read is told with its row, and nothing panics over it.
    let case = sampled();
    note(&case, &["key:FAD6F73EAA09F73EAA09FAD6F73EAA09FAD6F73E", "--tag", "odd"]);
    for sql in ["UPDATE note SET tags = 'no list'", "UPDATE note SET tags = '[]', subject = 'nothing'"] {
        case.sqlite().execute_batch(sql).unwrap();
        assert!(case.run(["notes"]).exits(1).stderr.contains("of note 1 can't be read"));
        assert!(case.run(["replay", "--all"]).exits(1).stderr.contains("the case file is damaged"));
        assert!(case.run(["case", "verify"]).exits(1).text().contains("damaged: note 1: "));
    }
}

#[cfg(unix)]
#[test]
fn a_case_that_can_not_be_written_to_takes_no_note() {
    use std::os::unix::fs::PermissionsExt as _;
    let case = sampled();
    note(&case, &["key:FAD6F73EAA09F73EAA09FAD6F73EAA09FAD6F73E", "--tag", "odd"]);
    fs::set_permissions(&case.path, fs::Permissions::from_mode(0o444)).unwrap();
    let before = fs::read(&case.path).unwrap();
    for args in [&["task:AAAAAAAAQAAAAAAAAAAAAA", "why"][..], &["--withdraw", "1"]] {
        let ran = Ran::of(case.command().arg("note").args(args)).exits(1);
        assert!(ran.stderr.contains("can't be written to"), "{}", ran.stderr);
    }
    assert!(fs::read(&case.path).unwrap() == before);
    assert_eq!(listed(&case, &[])[0]["id"], 1, "notes are read all the same");
}

/// A case of the first schema is brought up to date by what may write, and told by what may not.
#[test]
fn an_older_case_takes_notes_once_it_is_brought_up_to_date() {
    let case = sampled();
    let report = replayed(&case, "json");
    case.sqlite().execute_batch("DROP TABLE note; PRAGMA user_version = 2").unwrap();
    let before = fs::read(&case.path).unwrap();
    // It is read as it is.
    case.run(["case", "verify"]).exits(0);
    assert!(fs::read(&case.path).unwrap() == before);
    assert!(replayed(&case, "json") == report);
    note(&case, &["task:AAAAAAAAQAAAAAAAAAAAAA", "why"]);
    case.run(["case", "verify"]).exits(0);
}
