//! Findings, and the place in a document that one names.

use super::{Stage, pin};

#[test]
fn the_findings_are_sorted_narrowed_and_told_in_full() {
    pin("findings", "nightly-2017", "7j");
    let mut stage = Stage::of("nightly-2017");
    assert!(stage.press("7").contains("11 of 11 findings, by severity"));
    assert!(stage.press("s").contains("by code"));
    let shown = stage.press("fkey-not<Enter>");
    assert!(shown.contains("2 of 11") && !shown.contains("docker-image-prebuilt"), "{shown}");
    assert!(stage.press("x").contains("# `key-not-in-force`") || stage.press("").contains("key-not-in-force"));
    assert!(stage.press("<Esc><Backspace>").contains("11 of 11"));
}

#[test]
fn a_finding_opens_its_evidence_at_the_place() {
    pin("document", "nightly-2017", "7<Tab><Enter>");
    let mut stage = Stage::of("nightly-2017");
    let shown = stage.press("7<Tab><Enter>");
    assert!(shown.contains("bytes=2745-2780") && shown.contains("▌ Version: GnuPG"), "{shown}");
    assert!(stage.press("/BEGIN PGP SIGNED<Enter>").contains("line 1 of"));
    assert!(stage.press("<Esc>").contains("── findings"));
}

#[test]
fn from_the_overview_a_finding_is_one_key_away() {
    let mut stage = Stage::of("nightly-2017");
    let shown = stage.press("jjj<Enter>");
    assert!(shown.contains("── findings") && shown.contains("── moment-on-queues-word"), "{shown}");
}
