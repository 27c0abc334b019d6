//! The frame around all screens: header, footer, overlays, history; and the overview and the list of tasks.

use super::{Stage, pin};

#[test]
fn the_overview_tells_what_the_case_holds_and_what_matters_most() {
    pin("overview", "nightly-2017", "");
}

#[test]
fn the_list_of_tasks_is_narrowed_as_one_types() {
    pin("tasks_refuted", "nightly-2017", "2fverdict:refuted <Enter>");
    let mut stage = Stage::of("nightly-2017");
    assert!(stage.press("2").contains("12 of 12"));
    assert!(stage.press("ftype:signing").contains("filter type:signing"));
    assert!(!stage.press("").contains("12 of 12"), "it is narrowed before the line is done");
    assert!(stage.press("<Esc>").contains("12 of 12"), "leaving the line leaves the filter");
    let shown = stage.press("fverdict:refused<Enter>");
    assert!(shown.contains("at character 9"), "{shown}");
}

#[test]
fn a_search_finds_what_is_nearly_typed() {
    let mut stage = Stage::of("nightly-2017");
    let shown = stage.press("2/bmvrwin<Enter>");
    assert!(shown.contains("1 of 12") && shown.contains("beetmover-win64-nightly/opt"), "{shown}");
    assert!(stage.press("<Backspace>").contains("12 of 12"));
}

#[test]
fn tasks_are_sorted_by_any_column_and_the_cursor_stays_on_its_task() {
    let mut stage = Stage::of("nightly-2017");
    stage.press("2jj");
    let chosen = stage.press("y");
    let copied = stage.ui.copied().unwrap().to_owned();
    assert!(chosen.contains(&format!("copied {copied}")));
    for _ in 0..4 {
        stage.press("sS");
        assert!(stage.press("y").contains(&format!("copied {copied}")));
    }
}

#[test]
fn the_moment_moves_and_the_old_verdicts_stand_beside_the_new() {
    let mut stage = Stage::of("nightly-2017");
    assert!(stage.press("").contains("✘ 3 refuted"));
    let shown = stage.press("@2016-01-01<Enter>");
    assert!(shown.contains("(was 3)") && shown.contains("as of 2016-01-01T00:00:00Z"), "{shown}");
    let tasks = stage.press("2");
    assert!(tasks.contains("was verified"), "{tasks}");
    let shown = stage.press("t");
    assert!(shown.contains("✘ 3 refuted") && !shown.contains("was"), "{shown}");
    assert!(stage.press("@yesterday<Enter>").contains("yesterday: not a date"));
}

#[test]
fn what_is_distrusted_is_in_the_header_and_can_be_trusted_again() {
    let mut stage = Stage::of("nightly-2017");
    let shown = stage.press("2d<Enter>");
    assert!(shown.contains("distrust task:"), "{shown}");
    assert!(stage.press("D").contains("distrust none"));
    assert!(stage.press("2d<Ctrl-u>nonsense<Enter>").contains("not KIND:NAME"));
}

#[test]
fn help_and_palette_are_made_from_the_table_of_keys() {
    let mut stage = Stage::sized("nightly-2026", 120, 60);
    let help = stage.press("2?");
    for told in ["keys of the screen tasks", "narrow the list", "keys everywhere", "symbols", "refuted"] {
        assert!(help.contains(told), "{told}: {help}");
    }
    stage.press("<Esc>");
    assert!(stage.press(":dist").contains("distrust-none"));
    assert!(stage.press("<Esc>:overview<Enter>").contains("the findings that matter most"));
    stage.press(":quit<Enter>");
    assert!(stage.ui.has_quit());
}

#[test]
fn one_goes_back_and_on_through_what_one_saw() {
    let mut stage = Stage::of("nightly-2026");
    assert!(stage.press("2").contains("── tasks"));
    assert!(stage.press("<Esc>").contains("── overview"));
    assert!(stage.press("<Ctrl-l>").contains("── tasks"));
    assert!(stage.press("<Esc><Esc><Esc>").contains("── overview"));
}

#[test]
fn the_command_line_of_a_screen_is_told_and_written_to_a_file() {
    let mut stage = Stage::of("nightly-2017");
    let shown = stage.press("2fverdict:refuted<Enter>@2018-01-01<Enter>!");
    assert!(shown.contains("tasks verdict:refuted --as-of 2018-01-01T00:00:00Z"), "{shown}");
    stage.press("<Esc>");
    let file = stage.case.folder.path().join("out.json");
    let shown = stage.press(&format!("e<Ctrl-u>{}<Enter>", file.display()));
    assert!(shown.contains("wrote"), "{shown}");
    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert!(written["count"].as_u64().unwrap() > 0);
    // What is there is never overwritten.
    let shown = stage.press(&format!("e<Ctrl-u>{}<Enter>", file.display()));
    assert!(shown.contains("was not written"), "{shown}");
}

#[test]
fn every_screen_is_drawn_in_any_size() {
    let mut stage = Stage::of("nightly-2017");
    let tabs = ["<Tab>"; 10];
    let screens = ["1", "?", "<Esc>:", "<Esc>!", "<Esc>7", "<Enter>", "2", "3", "w", "<Esc>4", "<Enter>"];
    let others = ["5", "6", "<Tab>", "<Tab>", "<Tab>", "8", "2fverdict:refuted"];
    for keys in screens.into_iter().chain(tabs).chain(others) {
        stage.press(keys);
        for (width, height) in (40..=250).step_by(15).zip([24, 10, 60, 6, 40].into_iter().cycle()) {
            stage.ui.resize(width, height);
            let shown = stage.ui.text();
            assert_eq!(shown.lines().count(), usize::from(height), "{keys}: {width}x{height}");
            assert!(shown.contains("refuted"), "{keys}: the verdicts are not to be seen in {width}x{height}:\n{shown}");
        }
        for (width, height) in [(20, 6), (10, 3), (1, 1), (80, 24)] {
            stage.ui.resize(width, height);
        }
    }
}
