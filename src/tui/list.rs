//! A list with a cursor, of which a window is seen.

use std::ops::Range;

use super::keymap::Action;

/// Where a list stands. It knows how long the list is when it is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The line under the cursor.
    pub(super) at: usize,
    /// The first line that is seen.
    first: usize,
    /// How many lines were seen last.
    height: usize,
    /// How long the list was.
    len: usize,
}

impl Cursor {
    /// At a line.
    pub(super) fn on(at: usize) -> Self {
        Self { at, ..Self::default() }
    }

    /// The lines that are seen of a list in so many rows, with the cursor among them.
    pub(super) fn window(&mut self, len: usize, height: usize) -> Range<usize> {
        (self.len, self.height) = (len, height);
        self.at = self.at.min(len.saturating_sub(1));
        let last_first = len.saturating_sub(height);
        self.first = self.first.clamp(self.at.saturating_sub(height.saturating_sub(1)), self.at).min(last_first);
        self.first..len.min(self.first + height)
    }

    /// Moves as an action says; `false`: it is none that moves.
    pub(super) fn act(&mut self, action: Action) -> bool {
        let page = self.height.saturating_sub(1).max(1);
        let last = self.len.saturating_sub(1);
        self.at = match action {
            Action::Up => self.at.saturating_sub(1),
            Action::Down => (self.at + 1).min(last),
            Action::PageUp => self.at.saturating_sub(page),
            Action::PageDown => (self.at + page).min(last),
            Action::Top => 0,
            Action::Bottom => last,
            _ => return false,
        };
        true
    }

    /// Puts the cursor on the line that is seen in a row; `false`: there is none.
    pub(super) fn click(&mut self, row: usize) -> bool {
        let at = self.first + row;
        let is_line = row < self.height && at < self.len;
        if is_line {
            self.at = at;
        }
        is_line
    }

    /// Moves by some lines.
    pub(super) fn scroll(&mut self, lines: isize) {
        self.at = self.at.saturating_add_signed(lines).min(self.len.saturating_sub(1));
    }
}

/// The next line after the cursor that matches, or with `back` before it, around the end.
pub(super) fn search(len: usize, at: usize, back: bool, matches: impl Fn(usize) -> bool) -> Option<usize> {
    let steps = 1..=len;
    let place = |step: usize| if back { (at + len - step % len) % len } else { (at + step) % len };
    steps.map(place).find(|line| matches(*line))
}

/// A search as it is typed: for what, and from where.
#[derive(Debug, Default)]
pub(super) struct Sought {
    text: String,
    from: usize,
}

impl Sought {
    /// Begins at the cursor.
    pub(super) fn begin(&mut self, cursor: &Cursor) {
        self.from = cursor.at;
    }

    /// Takes what is typed so far, and goes to the first line from the beginning on that has it.
    pub(super) fn typed(&mut self, text: &str, cursor: &mut Cursor, len: usize, has: impl Fn(usize, &str) -> bool) {
        text.clone_into(&mut self.text);
        let is_here = text.is_empty() || (self.from < len && has(self.from, text));
        let found = if is_here { None } else { search(len, self.from, false, |line| has(line, text)) };
        cursor.at = found.unwrap_or(self.from);
    }

    /// Goes to the next line that has it, or with `back` to the one before; `false`: none has.
    pub(super) fn go(&self, back: bool, cursor: &mut Cursor, len: usize, has: impl Fn(usize, &str) -> bool) -> bool {
        let found =
            if self.text.is_empty() { None } else { search(len, cursor.at, back, |line| has(line, &self.text)) };
        if let Some(line) = found {
            cursor.at = line;
        }
        found.is_some()
    }
}

/// Whether a text has another in it, whatever the case of its ASCII letters.
pub(super) fn has_text(text: &str, wanted: &str) -> bool {
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    !wanted.is_empty() && text.windows(wanted.len()).any(|part| part.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_sought_from_where_it_began() {
        let lines = ["build", "Sign", "test", "signing"];
        let has = |line: usize, text: &str| has_text(lines[line], text);
        let (mut sought, mut cursor) = (Sought::default(), Cursor::on(2));
        sought.begin(&cursor);
        sought.typed("s", &mut cursor, 4, has);
        assert_eq!(cursor.at, 2);
        sought.typed("si", &mut cursor, 4, has);
        assert_eq!(cursor.at, 3);
        assert!(sought.go(false, &mut cursor, 4, has) && cursor.at == 1);
        assert!(sought.go(true, &mut cursor, 4, has) && cursor.at == 3);
        sought.typed("", &mut cursor, 4, has);
        assert!(cursor.at == 2 && !sought.go(false, &mut cursor, 4, has));
        sought.typed("nowhere", &mut cursor, 4, has);
        assert_eq!(cursor.at, 2);
    }

    #[test]
    fn the_cursor_is_always_seen() {
        let mut cursor = Cursor::default();
        assert_eq!(cursor.window(0, 10), 0..0);
        assert_eq!(cursor.window(100, 10), 0..10);
        cursor.act(Action::Bottom);
        assert_eq!(cursor.window(100, 10), 90..100);
        cursor.act(Action::PageUp);
        assert_eq!((cursor.at, cursor.window(100, 10)), (90, 90..100));
        cursor.act(Action::Up);
        assert_eq!(cursor.window(100, 10), 89..99);
        // The list became shorter.
        assert_eq!(cursor.window(5, 10), 0..5);
        assert_eq!(cursor.at, 4);
        assert_eq!(cursor.window(5, 0).len(), 0);
        assert!(!cursor.click(9));
    }

    #[test]
    fn a_search_goes_round() {
        let even = |line: usize| line.is_multiple_of(2);
        assert_eq!(search(5, 0, false, even), Some(2));
        assert_eq!(search(5, 4, false, even), Some(0));
        assert_eq!(search(5, 0, true, even), Some(4));
        assert_eq!(search(0, 0, false, even), None);
        assert_eq!(search(3, 1, false, |_| false), None);
    }
}
