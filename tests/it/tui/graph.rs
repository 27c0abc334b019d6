//! The graph: columns walked with the arrows, paths, focus.

use super::{Stage, pin};

#[test]
fn the_columns_are_walked_with_the_arrows() {
    pin("graph", "nightly-2017", "2/beetmoverlinux<Enter>3<Right>j");
    let mut stage = Stage::of("nightly-2017");
    let start = stage.press("2/beetmoverlinux<Enter>3");
    assert!(start.contains("DEPENDANTS (1)") && start.contains("RESTS ON (3)"), "{start}");
    let there = stage.press("<Right>j");
    assert!(there.contains("edge /") && there.contains("of beetmover-linux64-nightly/opt"), "{there}");
    assert_eq!(stage.press("<Left>"), start, "the way back is the way there");
    assert_eq!(stage.press("lj"), there, "and on again, with the letters of vi");
}

#[test]
fn why_tells_the_paths_to_the_tree_and_between_two_tasks() {
    let mut stage = Stage::of("nightly-2017");
    let shown = stage.press("2/beetmoverlinux<Enter>3w");
    assert!(shown.contains("paths to the tree") && shown.contains("Decision task for cron job"), "{shown}");
    let shown = stage.press("<Esc>m<Right>Gw");
    assert!(shown.contains("paths between the two"), "{shown}");
    assert!(stage.press("<Esc>x").contains("however far away"));
}

#[test]
fn focus_hides_what_the_filter_does_not_want() {
    let mut stage = Stage::of("nightly-2017");
    assert!(stage.press("2/beetmoverlinux<Enter>3z").contains("has no filter"));
    let shown = stage.press("2ftype:build<Enter><Esc>z");
    assert!(shown.contains("RESTS ON (1)") && shown.contains("only type:build"), "{shown}");
    assert!(stage.press("z").contains("RESTS ON (3)"));
}
