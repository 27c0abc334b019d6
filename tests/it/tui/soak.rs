//! Random keys: whatever is pressed in whichever size, the program goes on.

use std::path::PathBuf;

use cotrace::tui::{Options, Rehearsal, Theme};

use super::{options, then};
use crate::program::{CaseFile, how_often, sample};

/// What is pressed: every key that means something, and what is typed.
const KEYS: &[&str] = &[
    "<Up>",
    "<Down>",
    "<Left>",
    "<Right>",
    "<PageUp>",
    "<PageDown>",
    "<Home>",
    "<End>",
    "<Enter>",
    "<Esc>",
    "<Tab>",
    "<BackTab>",
    "<Backspace>",
    "<Delete>",
    "<Space>",
    "<Ctrl-l>",
    "<Ctrl-u>",
    "<Ctrl-w>",
    "<Ctrl-c>",
    "<Ctrl-r>",
    "<F5>",
    "<Shift-Left>",
    "<Shift-Right>",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
    "9",
    "0",
    "a",
    "b",
    "c",
    "d",
    "e",
    "f",
    "g",
    "h",
    "i",
    "j",
    "k",
    "l",
    "m",
    "n",
    "o",
    "p",
    "q",
    "r",
    "s",
    "t",
    "w",
    "x",
    "y",
    "z",
    "A",
    "D",
    "G",
    "H",
    "L",
    "M",
    "N",
    "S",
    "T",
    "/",
    ":",
    "?",
    "!",
    "@",
    "[",
    "]",
    "+",
    "-",
    "~",
    ".",
    "<lt>",
    ">",
    "é",
    "\u{202e}",
];

/// How many keys between two changes of the size.
const RESIZED_EVERY: u32 = 97;

/// A generator of numbers that is the same everywhere: xorshift.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// `COTRACE_SOAK_KEYS=100000` presses that many.
#[test]
fn random_keys_never_stop_the_program() {
    let keys = how_often("COTRACE_SOAK_KEYS", 3000);
    for (seed, name) in [(0x9e37_79b9_7f4a_7c15, "nightly-2017"), (0xd1b5_4a32_d192_ed03, "nightly-2026")] {
        let case = CaseFile::of(&[sample(name)]);
        let theme = Theme { has_colours: seed % 2 == 0, is_ascii: seed % 3 == 0 };
        // Nothing is to be written anywhere.
        let options = Options { program: PathBuf::from("/nonexistent/cotrace"), theme, ..options(&case.path, then()) };
        let mut ui = Rehearsal::new(options, 80, 24);
        let mut numbers = Numbers(seed);
        let mut pressed: Vec<&str> = Vec::new();
        for number in 0..keys / 2 {
            if number % RESIZED_EVERY == 0 {
                let size = [(80, 24), (120, 40), (40, 10), (20, 6), (7, 2), (250, 70)][numbers.below(6)];
                ui.resize(size.0, size.1);
            }
            let key = KEYS[numbers.below(KEYS.len())];
            pressed.push(key);
            // Answers come whenever they come, as they do for people.
            let known = if numbers.below(4) == 0 { ui.press(key) } else { ui.press_only(key) };
            assert!(known, "{key}");
        }
        let last = pressed.iter().rev().take(60).rev().copied().collect::<String>();
        assert!(ui.press("<Esc><Esc><Esc>1"), "after {last}");
        ui.resize(120, 40);
        ui.press("<Esc><Esc>1");
        let shown = ui.text();
        assert!(shown.contains("── overview") || shown.contains("-- overview"), "after {last}: {shown}");
        assert!(!shown.contains("which is a bug"), "after {last}: {shown}");
    }
}
