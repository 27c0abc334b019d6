//! Long work that is given up, and others who write to the case while it is open here.

use std::time::Duration;

use cotrace::store::{Access, Case};
use cotrace::tui::Rehearsal;

use super::{options, then};
use crate::program::{CaseFile, sample};

/// So many that they are examined in several batches.
const TASKS: usize = 1_000;

/// Goes on until the screen has a text, or nothing more is asked for.
fn until(ui: &mut Rehearsal, wanted: &str) -> bool {
    loop {
        let goes_on = ui.turn(Duration::from_secs(1));
        if ui.text().contains(wanted) {
            return true;
        }
        if !goes_on {
            return false;
        }
    }
}

fn facts(case: &CaseFile) -> u64 {
    Case::open(&case.path, Access::Read).unwrap().info().unwrap().facts
}

#[test]
fn what_takes_long_can_be_given_up_and_taken_up_again() {
    let case = CaseFile::empty();
    let capture = case.folder.path().join("capture");
    cotrace_generator::scale::write(&capture, TASKS, 7).unwrap();
    case.import(&[&capture]).exits(0);
    let mut ui = Rehearsal::at_once(options(&case.path, then()), 120, 40);
    assert!(until(&mut ui, " tasks 256/"), "{}", ui.text());
    assert!(ui.press_only("<Ctrl-c>"));
    assert!(ui.text().contains("given up; F5 goes on"), "{}", ui.text());
    while ui.turn(Duration::from_secs(1)) {}
    let given_up = ui.text();
    assert!(given_up.contains(" given up\n") && given_up.contains("not judged yet"), "{given_up}");
    // It still goes on, and what was examined is kept.
    assert!(ui.press("2") && ui.text().contains("-- tasks") || ui.text().contains("── tasks"), "{}", ui.text());
    let kept = facts(&case);
    assert!(kept > 0);
    assert!(ui.press("1<F5>"));
    let judged = ui.text();
    assert!(judged.contains(&format!("{},", TASKS / 1000)) && judged.contains("targets  "), "{judged}");
    assert!(!judged.contains("given up"), "{judged}");
    assert!(facts(&case) > kept);
    // There is nothing to give up now.
    assert!(ui.press("<Ctrl-c>") && ui.text().contains("press q to leave"), "{}", ui.text());
}

#[test]
fn another_process_can_import_meanwhile() {
    let case = CaseFile::of(&[sample("nightly-2017")]);
    // Judge and clerk are at work.
    let mut ui = Rehearsal::at_once(options(&case.path, then()), 120, 40);
    case.import(&[sample("nightly-2026")]).exits(0);
    while ui.turn(Duration::from_secs(1)) {}
    assert!(ui.press("<F5>"));
    let shown = ui.text();
    assert_eq!(shown.matches("snapshot  ").count(), 2, "{shown}");
    // Once more, with everything read and nobody at work.
    case.import(&[sample("attacks/altered-artifact")]).exits(0);
    assert!(ui.press("<F5>"));
    let shown = ui.text();
    assert_eq!(shown.matches("snapshot  ").count(), 3, "{shown}");
    assert!(!shown.contains("busy") && !shown.contains("stopped"), "{shown}");
    drop(ui);
    case.run(["case", "verify"]).exits(0);
}
