//! Notes: written where the cursor is, kept in the case file.

use cotrace::store::{Access, Case};
use cotrace::tui::Rehearsal;

use super::{Stage, options, pin, then};

#[test]
fn a_note_is_written_on_what_is_under_the_cursor_and_kept() {
    pin("notes", "nightly-2017", "2a#incident reviewed: looked at it<Enter>7aaccepted: known<Enter>8");
    let mut stage = Stage::of("nightly-2017");
    let shown = stage.press("2a#incident reviewed: looked at it<Enter>");
    assert!(shown.contains("note 1 on task:") && shown.contains("✎ "), "{shown}");
    assert!(stage.press("fhas:note<Enter>").contains("1 of 12"));
    let shown = stage.press("7aaccepted<Enter>");
    assert!(shown.contains("accepted needs a text that says why"), "{shown}");
    assert!(stage.press("aaccepted: known since May<Enter>").contains("note 2 on finding:"));
    let shown = stage.press("8");
    assert!(
        shown.contains("2 of 2 notes") && shown.contains("#incident") && shown.contains("known since May"),
        "{shown}"
    );
    assert!(stage.press("fMay<Enter>").contains("1 of 2 notes"));
    assert!(stage.press("<Delete>").contains("note 2 is withdrawn"));
    // Who opens the case next finds them.
    let ui = Rehearsal::new(options(&stage.case.path, then()), 120, 40);
    drop(ui);
    let notes = Case::open(&stage.case.path, Access::Read).unwrap().notes().unwrap();
    assert_eq!(notes.len(), 2);
    assert!(notes[1].withdrawn.is_some() && notes[0].author == "J. Doe");
    assert_eq!(stage.case.run(["case", "verify"]).code, 0);
}

#[test]
fn nothing_is_written_to_a_case_that_can_only_be_read() {
    let mut stage = Stage::of("nightly-2017");
    let mut permissions = std::fs::metadata(&stage.case.path).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&stage.case.path, permissions).unwrap();
    stage.ui = Rehearsal::new(options(&stage.case.path, then()), 120, 40);
    let shown = stage.press("2alooked at it<Enter>");
    assert!(shown.contains("can't be written to"), "{shown}");
}
