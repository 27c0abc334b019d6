//! Who was trusted when, and what each key signed.

use super::{Stage, pin};

/// The line that names the key under the cursor.
fn selected(screen: &str) -> String {
    screen.lines().find(|line| line.starts_with("── signed")).unwrap().to_owned()
}

#[test]
fn the_keys_screen() {
    pin("keys", "nightly-2017", "6@2017-08-01<Enter>/504DF<Enter>");
    pin("keys_certificate", "nightly-2017", "6/A8EED9<Enter><Tab><Tab><Tab>");
    pin("keys_distrusted", "nightly-2017", "6/504DF<Enter>d<Enter><Tab>");
}

#[test]
fn what_a_key_signed_is_what_the_command_line_says() {
    let mut stage = Stage::of("nightly-2017");
    let screen = stage.press("6/504DF<Enter><Tab>");
    let json = stage.case.run(["keys", "show", "504DF800DD063143", "--format", "json"]).json();
    let uses = json["keys"][0]["uses"].as_array().unwrap();
    assert!(screen.contains(&format!("signed {}", uses.len())), "{screen}");
    for made in uses {
        let claimed = made["claimedTime"].as_str().unwrap();
        assert!(screen.contains(&format!("claims {claimed}")), "{claimed}: {screen}");
    }
    let twin = stage.press("!");
    assert!(twin.contains("keys show openpgp:"), "{twin}");
    stage.press("<Esc>");
    let chain = stage.press("<Enter>");
    assert!(chain.lines().nth(2).unwrap().contains("chain"), "{chain}");
    assert_eq!(stage.press("<Esc>"), screen);
}

#[test]
fn keys_are_found_by_name_role_and_source() {
    let mut stage = Stage::of("nightly-2017");
    assert!(stage.press("6/d79913ce<Enter>").contains("BBD79913CEFD45E8A9"));
    assert!(stage.press("g/generic-worker<Enter>").contains("── generic-worker ─"));
    let first = selected(&stage.press("/cot-gpg-keys.bundle<Enter>"));
    let next = selected(&stage.press("n"));
    assert_ne!(first, next);
    assert_eq!(selected(&stage.press("N")), first);
}

#[test]
fn a_part_after_the_other_and_back_to_the_keys() {
    let mut stage = Stage::of("nightly-2017");
    let keys = stage.press("6/A8EED9<Enter>");
    assert!(stage.press("<Tab><Tab>").contains("on the word of"));
    let certificate = stage.press("<Tab>");
    assert!(certificate.contains("revoked 20") && certificate.contains("valid from"), "{certificate}");
    stage.press("<Tab><Tab>");
    // In the keys again: the cursor goes on to another key.
    assert_ne!(stage.press("j").lines().nth(25), keys.lines().nth(25));
    let findings = stage.press("g/504DF<Enter><Tab><Tab><Tab><Tab>");
    assert!(findings.contains("audit key-binding-weak"), "{findings}");
    let page = stage.press("<Enter>");
    assert!(page.contains(" key-binding-weak ") && page.contains("## "), "{page}");
    assert_eq!(stage.press("<Esc>"), findings);
}

#[test]
fn it_fits_every_size() {
    let mut stage = Stage::of("nightly-2017");
    stage.press("6d<Esc>@2018-06-01<Enter>jjd<Enter>");
    for (width, height) in [(20, 6), (40, 6), (40, 8), (60, 12), (79, 17), (250, 80), (120, 1)] {
        stage.ui.resize(width, height);
        for _ in 0..5 {
            stage.press("+j-<Right>k<Tab>");
        }
    }
}
