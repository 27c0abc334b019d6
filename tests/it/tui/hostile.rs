//! Captured text on the screens: whatever stands in the evidence, a terminal shows what was drawn and nothing else.

use cotrace::tui::Rehearsal;
use cotrace_generator::sample::{nightly_2017, nightly_2026};

use super::{options, then};
use crate::program::{CaseFile, Ran, capture_of};
use crate::terminal::{NAUGHTY, spoilt, steers_nothing};

/// Keys that lead through every screen.
const WAY: &[&str] = &[
    "",
    "?",
    "<Esc>:",
    "<Esc>!",
    "<Esc><Enter>",
    "<Enter>",
    "<Esc>7",
    "j<Enter>",
    "<Esc>jj<Tab><Enter>",
    "2",
    "j!",
    "<Esc>3",
    "w",
    "<Esc><Right>",
    "x",
    "2<Enter>",
    "<Tab>",
    "<Tab>",
    "<Tab>",
    "<Tab>",
    "<Tab>",
    "<Tab>",
    "<Tab>",
    "<Tab>",
    "<Tab>",
    "4",
    "<Enter>",
    "<Tab>",
    "x",
    "x",
    "5",
    "]",
    "m",
    "6",
    "<Tab>",
    "<Tab>",
    "d<Enter>",
    "8",
    "2fworker~a<Enter>",
    "y",
];

/// A terminal that gets the screen shows its text, and is in no other state than before.
fn harmless(ui: &Rehearsal, (width, height): (u16, u16), what: &str) {
    let text = ui.text();
    steers_nothing(&text, what);
    let mut terminal = vt100::Parser::new(height.try_into().unwrap(), width.try_into().unwrap(), 0);
    terminal.process(&ui.sequences());
    let screen = terminal.screen();
    assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste(), "{what}");
    assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "{what}");
    let shown: String = screen.rows(0, width).map(|row| row.trim_end().to_owned() + "\n").collect();
    assert_eq!(shown, text, "{what}: the terminal shows something else");
}

#[test]
fn no_screen_shows_captured_text_as_anything_but_text() {
    for (number, naughty) in NAUGHTY.iter().enumerate() {
        let world = if number % 2 == 0 { nightly_2026() } else { nightly_2017() };
        let world = spoilt(world.unwrap(), naughty);
        let case = CaseFile::empty();
        let capture = capture_of(&world);
        let mut import = case.command();
        import.arg("import").arg(capture.path()).args(["--accept-keys", "--operator", &naughty.replace('\0', "")]);
        assert_eq!(Ran::of(&mut import).code, 0);
        let size = [(120, 40), (61, 17)][number / 2 % 2];
        let mut ui = Rehearsal::new(options(&case.path, then()), size.0, size.1);
        for keys in WAY {
            assert!(ui.press(keys));
            harmless(&ui, size, &format!("{naughty:?} after {keys:?}"));
        }
        // What is pasted is captured text too.
        ui.press(":");
        ui.paste(naughty);
        harmless(&ui, size, &format!("{naughty:?} pasted"));
    }
}
