//! The tour of `docs/tour.md`: every command in it runs, every key is pressed, and what it promises is on the screen.

use std::fs;
use std::path::Path;

use cotrace::tui::Rehearsal;

use super::{options, then};
use crate::cli::{run_in_shell, workbench};
use crate::program::root;

/// What a block of the page asks for.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// A command line.
    Run(String),
    /// Keys, a line each.
    Press(String),
    /// A piece of text that is on the screen.
    See(String),
}

/// The steps of a page, in its order, each with the number of its line.
fn steps(page: &str) -> Vec<(usize, Step)> {
    let mut steps = Vec::new();
    let mut open: Option<&str> = None;
    for (number, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), open) {
            (Some(language), None) => open = Some(language.trim()),
            (Some(_), Some(_)) => open = None,
            (None, Some(language)) => {
                let line = line.trim();
                let step = match language {
                    "sh" => Step::Run(line.to_owned()),
                    "keys" => Step::Press(line.to_owned()),
                    "screen" => Step::See(line.to_owned()),
                    other => panic!("line {}: a tour has no blocks of {other}", number + 1),
                };
                steps.push((number + 1, step));
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    steps
}

/// Text with every run of blanks as one.
fn pressed_together(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The case that a command line opens on the terminal.
fn opened(command: &str) -> Option<&str> {
    command.strip_prefix("cotrace --case ")?.split_once(" tui").map(|(case, _)| case)
}

/// The keys, with the name of a file that they write moved into a folder: names are of the place where the program runs.
fn in_folder(keys: &str, folder: &Path) -> String {
    match keys.strip_prefix("e<Ctrl-u>") {
        Some(name) => format!("e<Ctrl-u>{}/{name}", folder.display()),
        None => keys.to_owned(),
    }
}

#[test]
fn every_step_of_the_tour_shows_what_it_promises() {
    let page = fs::read_to_string(root().join("docs/tour.md")).unwrap();
    let folder = workbench();
    let mut ui: Option<Rehearsal> = None;
    let mut counts = [0; 3];
    let mut is_told = false;
    for (line, step) in steps(&page) {
        match step {
            Step::Run(command) => {
                counts[0] += 1;
                match opened(&command) {
                    Some(case) => {
                        assert!(
                            ui.as_ref().is_none_or(Rehearsal::has_quit),
                            "line {line}: the screen before is not left"
                        );
                        ui = Some(Rehearsal::new(options(&folder.path().join(case), then()), 120, 40));
                    }
                    None => {
                        // What was copied from the screen is what the page has.
                        if let Some(copied) = ui.as_ref().and_then(Rehearsal::copied).filter(|_| !is_told) {
                            assert_eq!(
                                copied.replace(&format!("{}/", folder.path().display()), ""),
                                command,
                                "line {line}"
                            );
                            is_told = true;
                        }
                        run_in_shell(folder.path(), &command);
                    }
                }
            }
            Step::Press(keys) => {
                counts[1] += 1;
                let ui = ui.as_mut().unwrap_or_else(|| panic!("line {line}: nothing is open"));
                assert!(ui.press(&in_folder(&keys, folder.path())), "line {line}: {keys} names no keys");
            }
            Step::See(text) => {
                counts[2] += 1;
                let shown = ui.as_ref().map(Rehearsal::text).unwrap_or_default();
                let is_there = pressed_together(&shown).contains(&pressed_together(&text));
                assert!(is_there, "line {line}: {text} is not on the screen:\n{shown}");
            }
        }
    }
    assert!(ui.is_some_and(|ui| ui.has_quit()), "the tour ends before the screen is left");
    assert!(is_told, "no command line was copied");
    assert!(counts.iter().all(|count| *count > 5), "the tour has few steps: {counts:?}");
}

#[test]
fn the_steps_of_a_page_are_read_in_order() {
    let page = "text\n```sh\ncotrace explain\n```\n```keys\n7\n4<Enter>\n```\n```screen\na  b\n```\n";
    let see = Step::See("a  b".to_owned());
    let press = |keys: &str| Step::Press(keys.to_owned());
    let run = Step::Run("cotrace explain".to_owned());
    assert_eq!(steps(page), [(3, run), (6, press("7")), (7, press("4<Enter>")), (10, see)]);
    assert_eq!(opened("cotrace --case a.sqlite tui"), Some("a.sqlite"));
    assert_eq!(opened("cotrace --case a.sqlite case log"), None);
}
