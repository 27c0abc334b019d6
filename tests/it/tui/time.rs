//! The moment of judgement on a line.

use super::{Stage, pin};

/// The line above every screen that tells the question.
fn question(screen: &str) -> &str {
    screen.lines().nth(1).unwrap()
}

/// The labels of the listed changes.
fn changes(screen: &str) -> Vec<String> {
    let listed = screen.lines().skip_while(|line| !line.contains("targets change")).skip(1);
    let arrow = listed.take_while(|line| line.contains('→'));
    arrow.map(|line| line.split_whitespace().nth(5).unwrap().to_owned()).collect()
}

#[test]
fn the_time_screen() {
    pin("time", "nightly-2017", "5");
    pin("time_moved", "nightly-2017", "5@2019-01-01<Enter>");
    pin("time_compared", "nightly-2017", "5@2017-06-29<Enter>m@2019-01-01<Enter>++<Tab>");
}

#[test]
fn a_day_a_week_an_event_and_the_ends_of_time() {
    let mut stage = Stage::of("nightly-2017");
    assert!(question(&stage.press("5")).starts_with("as of then"));
    assert!(question(&stage.press("@2019-01-01<Enter>")).contains("2019-01-01T00:00:00Z"));
    assert!(question(&stage.press("<Right>")).contains("2019-01-02T00:00:00Z"));
    assert!(question(&stage.press("<Left><Left>")).contains("2018-12-31T00:00:00Z"));
    assert!(question(&stage.press("LH")).contains("2018-12-31T00:00:00Z"));
    assert!(question(&stage.press("L")).contains("2019-01-07T00:00:00Z"));
    // The ends of epochs of the ledger that ships.
    stage.press("@2019-03-20<Enter><Tab>");
    let screen = stage.press("]");
    assert!(question(&screen).contains("2019-03-27T22:59:58Z"), "{screen}");
    assert!(screen.lines().any(|line| line.starts_with("here") && line.contains("epoch ends")), "{screen}");
    let first = stage.press("<Home>");
    let before = stage.press("[");
    assert_eq!(question(&first), question(&before));
    assert!(before.contains("no event was before this"), "{before}");
    assert!(question(&stage.press("<End>")).contains("2026-11-01T00:00:00Z"));
    assert!(question(&stage.press("t")).starts_with("as of then"));
}

#[test]
fn what_another_moment_changes_is_what_the_command_line_says() {
    let mut stage = Stage::of("nightly-2017");
    let screen = stage.press("5@2019-01-01<Enter>");
    let mut told = changes(&screen);
    let ran = stage.case.run(["what-if", "--judged-at", "2019-01-01", "--rules", "then", "--format", "json"]);
    let json = ran.json();
    let changed = json[0]["changed"].as_array().unwrap();
    let mut expected: Vec<String> = changed.iter().map(|change| change["label"].as_str().unwrap().to_owned()).collect();
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
    assert!(!told.is_empty());
    let twin = stage.press("!");
    assert!(twin.contains("what-if --judged-at 2019-01-01T00:00:00Z"), "{twin}");
}

#[test]
fn two_moments_are_compared_with_each_other() {
    let mut stage = Stage::of("nightly-2017");
    let alone = changes(&stage.press("5@2019-01-01<Enter>"));
    // The mark is where the moment is: nothing differs from it.
    let marked = stage.press("m");
    assert!(marked.contains("0 of 12 targets change"), "{marked}");
    assert!(changes(&marked).is_empty());
    let back = stage.press("@then<Enter>");
    let mut turned = changes(&back);
    let mut alone_sorted = alone.clone();
    turned.sort();
    alone_sorted.sort();
    assert_eq!(turned, alone_sorted);
    assert!(back.contains("refuted → "), "{back}");
    let twin = stage.press("!");
    assert!(twin.contains("--judged-at then --as-of 2019-01-01T00:00:00Z"), "{twin}");
    // The twin prints the same number.
    let ran = stage.case.run(["what-if", "--judged-at", "then", "--as-of", "2019-01-01", "--format", "json"]);
    assert_eq!(ran.json()[0]["changedCount"].as_u64().unwrap() as usize, alone.len());
    assert!(stage.press("<Esc>m@2019-01-01<Enter>").contains("(from then to 2019-01-01T00:00:00Z)"));
}

#[test]
fn enter_opens_the_chain_of_what_changed() {
    let mut stage = Stage::of("nightly-2017");
    let screen = stage.press("5@2019-01-01<Enter>j");
    let second = changes(&screen).swap_remove(1);
    let chain = stage.press("<Enter>");
    assert!(chain.lines().nth(2).unwrap().contains("chain") && chain.contains(&second), "{chain}");
    // Back where it was.
    assert_eq!(stage.press("<Esc>"), screen);
}

#[test]
fn it_fits_every_size() {
    let mut stage = Stage::of("nightly-2017");
    stage.press("5@2018-06-01<Enter>m@2019-01-01<Enter>");
    for (width, height) in [(20, 6), (40, 6), (40, 8), (60, 12), (79, 17), (250, 80), (120, 1)] {
        stage.ui.resize(width, height);
        stage.press("+j-<Right>");
        if height >= 9 {
            let screen = stage.ui.text();
            assert!(screen.contains("of 12 targets"), "{width}x{height}: {screen}");
        }
    }
}
