//! The screen of a link: every tab, what is signed, what is folded, what is copied.

use super::{Stage, pin};

/// The link of the refuted signing task, and so many tabs further.
fn at(tab: usize) -> String {
    format!("2/repackagesigning<Enter><Enter><Enter>{}", "<Tab>".repeat(tab))
}

#[test]
fn every_tab_shows_its_part() {
    let tabs = [
        ("checks", "not-applicable"),
        ("definition", "\"taskGroupId\": \"IZr_cb1TRzm1-iEx4FadFg\""),
        ("graph", "the graph lists the task"),
        ("rebuild", "only decision and action tasks"),
        ("runs", "worker group"),
        ("artifacts", "what it states is what was seen"),
        ("attestation", "not signed  -----BEGIN PGP SIGNED MESSAGE-----"),
        ("signature", "trusted by repository"),
        ("findings", "key-not-in-force"),
        ("dependants", "it rests on 2 tasks"),
    ];
    let mut stage = Stage::of("nightly-2017");
    stage.press(&at(0));
    for (name, told) in tabs {
        let shown = stage.ui.text();
        let title = format!("{name} of repackage-signing-linux64-nightly/opt");
        assert!(shown.contains(&title) && shown.contains(told), "{name}\n{shown}");
        stage.press("<Tab>");
    }
    assert!(stage.ui.text().contains("checks of"), "around the end");
    assert!(stage.press("<BackTab>").contains("dependants of"));
    for (number, name) in [(0, "link_checks"), (5, "link_artifacts"), (6, "link_attestation"), (8, "link_findings")] {
        pin(name, "nightly-2017", &at(number));
    }
}

#[test]
fn an_attestation_says_of_every_line_whether_it_is_signed() {
    let mut stage = Stage::of("nightly-2017");
    let shown = stage.press(&at(6));
    assert!(shown.contains("signed        \"artifacts\": {") && shown.contains("signature sound"), "{shown}");
    assert!(stage.press("G").contains("signature   -----END PGP SIGNATURE-----"));
    let shown = stage.press("x");
    assert!(shown.contains("not signed  00000000  2d 2d 2d"), "{shown}");
    let shown = stage.press("x");
    assert!(shown.contains("\"chainOfTrustVersion\": 1") && !shown.contains("BEGIN PGP"), "{shown}");
    assert!(stage.press("x").contains("as text"));
    // A detached signature covers all of it.
    let mut stage = Stage::of("nightly-2026");
    let shown = stage.press("2/signinglinux64<Enter><Enter><Enter><Tab><Tab><Tab><Tab><Tab><Tab>");
    assert!(shown.contains("public/chain-of-trust.json as text"), "{shown}");
    assert!(shown.contains("signed      {") && !shown.contains("not signed"), "{shown}");
}

#[test]
fn a_definition_is_folded_searched_and_copied() {
    let mut stage = Stage::of("nightly-2017");
    let whole = stage.press(&at(1));
    let folded = stage.press("/\"routes\"<Enter><Space>");
    assert!(folded.contains("[ … ] 2 inside") && !folded.contains("tc-treeherder-stage"), "{folded}");
    stage.press("y");
    assert_eq!(stage.ui.copied(), Some("/routes"));
    assert!(stage.press("<Space>").contains("tc-treeherder-stage"));
    stage.press("g/deadline<Enter>y");
    assert_eq!(stage.ui.copied(), Some("2017-06-08T10:04:16.039Z"));
    assert_eq!(stage.press("g"), whole.replace("copied", ""), "nothing else changed");
}

#[test]
fn from_a_link_to_the_next() {
    let mut stage = Stage::of("nightly-2017");
    let shown = stage.press(&format!("{}jj<Enter>", at(9)));
    assert!(shown.contains("dependants of build-linux64-nightly/opt"), "{shown}");
    assert!(shown.contains("in the chain of repackage-signing"), "{shown}");
    assert!(stage.press("<Esc>").contains("dependants of repackage-signing"));
    let shown = stage.press("<BackTab>x");
    assert!(shown.contains("key-not-in-force") && shown.contains("#"), "{shown}");
}

#[test]
fn a_decision_task_is_rebuilt() {
    let mut stage = Stage::of("nightly-2017");
    let keys = "2/decision<Enter><Enter><Enter><Tab><Tab><Tab>";
    let shown = stage.press(keys);
    assert!(shown.contains("rebuilds no tasks of firefox"), "why it is not:\n{shown}");
    let mut stage = Stage::of("nightly-2026");
    let shown = stage.press(keys);
    assert!(shown.contains("outcome        matches") && shown.contains("template"), "{shown}");
    let told = stage.press("!");
    assert!(told.contains("--rebuild"), "{told}");
}

#[test]
fn small_terminals_have_every_tab() {
    for (width, height) in [(20, 6), (40, 8), (250, 60)] {
        let mut stage = Stage::sized("nightly-2017", width, height);
        stage.press(&at(0));
        for _ in 0..10 {
            let shown = stage.press("<Tab>l<Down>G<PageUp>h");
            assert!(shown.contains(" of repackage") || width < 40, "{width}x{height}\n{shown}");
        }
    }
}
