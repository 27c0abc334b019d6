//! The chain of a target: its tree, its gaps, and what another moment makes of it.

use cotrace::tui::Rehearsal;

use super::{Stage, options, pin, then};
use crate::program::CaseFile;
use crate::support::nightly_2026;

#[test]
fn a_chain_is_a_tree_with_the_worst_of_each_link() {
    pin("chain", "nightly-2017", "2/repackagesigning<Enter><Enter>");
    let mut stage = Stage::of("nightly-2017");
    let shown = stage.press("2/repackagesigning<Enter><Enter>");
    for told in [
        "chain of repackage-signing-linux64-nightly/opt",
        "REFUTED",
        "[key not trusted at that moment]",
        "evidence: 14 of 14 present",
        "verifier: scriptworker 4.1.2",
        "└─ docker-image",
        "signature: the signature is sound, but",
    ] {
        assert!(shown.contains(told), "{told} in\n{shown}");
    }
}

#[test]
fn another_moment_tells_the_verdict_before() {
    let mut stage = Stage::of("nightly-2017");
    let before = stage.press("2/build-linux64<Enter><Enter>");
    assert!(before.contains("VERIFIED") && !before.contains("was "), "{before}");
    let after = stage.press("@2016-01-01<Enter>");
    assert!(after.contains("was ✔ verified") && after.contains("REFUTED"), "{after}");
    assert_eq!(stage.press("t"), before, "then again");
}

#[test]
fn what_is_missing_stands_below_its_link_and_is_no_verdict() {
    let mut world = nightly_2026();
    for name in ["public/chain-of-trust.json", "public/chain-of-trust.json.sig"] {
        world.remove(&world.artifact_path("docker-image", name).unwrap());
    }
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("capture");
    world.write_to(&capture).unwrap();
    let case = CaseFile::of(&[capture]);
    let mut ui = Rehearsal::new(options(&case.path, then()), 140, 40);
    assert!(ui.press("2/signing-linux64<Enter><Enter>"));
    let shown = ui.text();
    let gap = shown.lines().find(|line| line.contains("○ gap")).unwrap_or_else(|| panic!("{shown}"));
    assert!(gap.contains("─ attestation"), "{gap}");
    let above = shown.lines().take_while(|line| !line.contains("○ gap")).last().unwrap_or_default();
    assert!(above.contains("docker-image") && above.contains("undetermined"), "{above}");
    // From the gap to its link, and back to the chain with the cursor there.
    assert!(ui.press("/needed<Enter><Enter>"));
    assert!(ui.text().contains("checks of docker-image"), "{}", ui.text());
}

#[test]
fn a_search_goes_through_the_links_as_it_is_typed() {
    let mut stage = Stage::of("nightly-2017");
    stage.press("2/repackagesigning<Enter><Enter>");
    let shown = stage.press("/docker");
    assert!(shown.contains("signing:build:docker-image"), "told in full under the cursor:\n{shown}");
    assert!(stage.press("<Enter>n").contains("signing:build:docker-image"));
    assert!(stage.press("<Enter>").contains("checks of build-docker-image"));
    // 4 within a link is the chain that it is in; 4 there, the chain of the link itself.
    assert!(stage.press("4").contains("chain of repackage-signing-linux64-nightly/opt"));
    assert!(stage.press("4").contains("chain of build-docker-image"));
}

#[test]
fn small_terminals_have_a_chain_too() {
    for (width, height) in [(20, 6), (40, 8), (40, 24), (250, 12)] {
        let mut stage = Stage::sized("nightly-2017", width, height);
        let shown = stage.press("2/repackagesigning<Enter><Enter>");
        assert!(shown.contains("chain of"), "{width}x{height}\n{shown}");
        if width >= 40 && height >= 8 {
            assert!(shown.contains("refuted") || shown.contains("REFUTED"), "{width}x{height}\n{shown}");
        }
    }
}
