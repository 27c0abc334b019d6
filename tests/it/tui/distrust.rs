//! What is distrusted on a screen: the prompt, what it changes, and that taking it back leaves no trace.

use serde_json::Value;

use super::Stage;

/// The line of verdicts, and that of the question.
fn header(screen: &str) -> (String, String) {
    let mut lines = screen.lines().map(|line| line.trim_end().to_owned());
    (lines.next().unwrap(), lines.next().unwrap())
}

/// How many targets the command line says to be refuted when something is distrusted.
fn refuted(stage: &Stage, suspect: &str) -> u64 {
    let report: Value =
        stage.case.run(["what-if", "--rules", "then", "--distrust-also", suspect, "--format", "json"]).json();
    report[0]["after"]["refuted"].as_u64().unwrap()
}

/// A value of a task's definition.
fn definition(stage: &Stage, label: &str) -> (String, Value) {
    let tasks = stage.case.run(["tasks", "--format", "json"]).json();
    let all = tasks["tasks"].as_array().unwrap();
    let task_id = all.iter().find(|task| task["name"] == label).unwrap()["taskId"].as_str().unwrap().to_owned();
    let definition = stage.case.run(["cat", &task_id, "definition.json"]).json();
    (task_id, definition)
}

/// Types something to distrust, holds what the header says against the command line, and takes it back.
fn distrust(stage: &mut Stage, suspect: &str) -> u64 {
    let before = header(&stage.ui.text());
    let expected = refuted(stage, suspect);
    let after = header(&stage.press(&format!("d<Ctrl-u>{suspect}<Enter>")));
    assert!(after.0.contains(&format!("✘ {expected} refuted")), "{suspect}: {}", after.0);
    assert!(after.1.contains(suspect), "{suspect}: {}", after.1);
    assert_eq!(header(&stage.press("D")), before, "{suspect}");
    expected
}

#[test]
fn each_kind_of_thing_can_be_distrusted_and_trusted_again() {
    let mut stage = Stage::of("nightly-2017");
    let before = stage.press("");
    let (task_id, built) = definition(&stage, "build-linux64-nightly/opt");
    let usual = 3;
    let pool = format!("{}/{}", built["provisionerId"].as_str().unwrap(), built["workerType"].as_str().unwrap());
    let image = built["payload"]["image"]["taskId"].as_str().unwrap().to_owned();
    let status = stage.case.run(["cat", &task_id, "status.json"]).json();
    let worker = status["status"]["runs"][0]["workerId"].as_str().unwrap().to_owned();
    for suspect in [
        "key:504DF800DD063143".to_owned(),
        format!("worker:{worker}"),
        format!("pool:{pool}"),
        format!("task:{task_id}"),
        format!("image:{image}"),
        "tree:mozilla-central".to_owned(),
    ] {
        assert!(distrust(&mut stage, &suspect) > usual, "{suspect} changes nothing");
    }
    // Nothing is left of it.
    assert_eq!(stage.press(""), before);
}

#[test]
fn screens_name_what_is_under_the_cursor() {
    let mut stage = Stage::of("nightly-2017");
    // Overview: the task of the finding. Tasks, graph, chain: the task. Keys: the key.
    for (screen, kind) in [("1", "task:"), ("2", "task:"), ("3", "task:"), ("4", "task:"), ("6/504DF<Enter>", "key:")] {
        let shown = stage.press(&format!("{screen}d"));
        let prompt = shown.lines().last().unwrap();
        assert!(prompt.contains(&format!("distrust (add @MOMENT) {kind}")), "{screen}: {prompt}");
        stage.press("<Esc>");
    }
    stage.press("5@2019-01-01<Enter>");
    let shown = stage.press("d");
    assert!(shown.lines().last().unwrap().contains("task:"), "{shown}");
}

#[test]
fn a_key_is_distrusted_under_the_cursor_and_its_targets_are_counted() {
    let count = |stage: &Stage, suspect: &str| {
        let report =
            stage.case.run(["what-if", "--rules", "then", "--distrust-also", suspect, "--format", "json"]).json();
        report[0]["changedCount"].as_u64().unwrap()
    };
    let mut stage = Stage::of("nightly-2017");
    let before = stage.press("6/504DF<Enter>");
    let screen = stage.press("d<Enter>");
    let changed = count(&stage, "key:504DF800DD063143");
    assert!(changed > 0 && screen.contains(&format!("changes {changed} targets")), "{screen}");
    // What it signed says what it was before.
    assert!(screen.lines().any(|line| line.contains("refuted") && line.contains("was verified")), "{screen}");
    assert_eq!(stage.press("D"), before);
    // From a moment on: what cannot be shown to be older is still touched.
    let later = stage.press("d@2019-01-01<Enter>");
    let changed_later = count(&stage, "key:504DF800DD063143@2019-01-01");
    assert!(changed_later < changed && later.contains(&format!("changes {changed_later} targets")), "{later}");
    assert_eq!(stage.press("D"), before);
}

#[test]
fn what_is_no_thing_to_distrust_is_said() {
    let mut stage = Stage::of("nightly-2017");
    let before = header(&stage.press("2"));
    for wrong in ["host:x", "key:", "key:12", "task:x@soon", ""] {
        let screen = stage.press(&format!("d<Ctrl-u>{wrong}<Enter>"));
        assert_eq!(header(&screen), before, "{wrong}");
        assert!(!screen.lines().last().unwrap().contains("Enter open"), "{wrong}: nothing was said");
    }
}
