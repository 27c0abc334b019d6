//! Captured text on its way to the screen.
//!
//! What could steer the terminal, reorder or hide text is told as `\u{…}`, as [`crate::model::Untrusted`] does on the command line, and
//! marked. Beyond that, on a screen where texts stand side by side: letters of another script in a word of Latin letters
//! (they look like others), and heaps of combining marks (they reach over their neighbours).

use std::fmt::Write as _;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::theme::Theme;
use crate::model::is_steering;

/// The most combining marks in a row that are shown: some languages have two.
const COMBINING_MAX: usize = 2;

/// Captured text, neutralised and marked, in a style.
pub(super) fn captured(text: &str, style: Style, theme: Theme) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    let (mut plain, mut marked) = (String::new(), String::new());
    for (character, is_told) in pieces(text) {
        let (to, other) = if is_told { (&mut marked, &mut plain) } else { (&mut plain, &mut marked) };
        if !other.is_empty() {
            let style = if is_told { style } else { style.patch(theme.marked()) };
            spans.push(Span::styled(std::mem::take(other), style));
        }
        push(to, character, is_told);
    }
    for (text, style) in [(plain, style), (marked, style.patch(theme.marked()))] {
        if !text.is_empty() {
            spans.push(Span::styled(text, style));
        }
    }
    spans
}

/// Captured text as a line of its own.
pub(super) fn captured_line(text: &str, style: Style, theme: Theme) -> Line<'static> {
    Line::from(captured(text, style, theme))
}

/// Captured text, neutralised, without marks: where it is written into a sentence.
pub(super) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    pieces(text).for_each(|(character, is_told)| push(&mut shown, character, is_told));
    shown
}

/// Writes a character, or tells it.
fn push(to: &mut String, character: char, is_told: bool) {
    if is_told {
        // Writing to a string does not fail.
        let _ = write!(to, "\\u{{{:x}}}", u32::from(character));
    } else {
        to.push(character);
    }
}

/// The characters, and whether each is told instead of shown.
fn pieces(text: &str) -> impl Iterator<Item = (char, bool)> {
    let mut combining = 0;
    words(text).flat_map(|(word, is_mixed)| word.chars().map(move |character| (character, is_mixed))).map(
        move |(character, is_mixed)| {
            combining = if is_combining(character) { combining + 1 } else { 0 };
            let is_told = is_steering(character)
                || combining > COMBINING_MAX
                || (is_mixed && character.is_alphabetic() && !is_latin(character));
            (character, is_told)
        },
    )
}

/// The words of a text and what is between them, each with whether it has Latin letters and letters of another script.
fn words(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let is_break = |character: char| !character.is_alphabetic() && !is_combining(character) && !is_steering(character);
    text.split_inclusive(is_break).map(|word| {
        let letters = || word.chars().filter(|character| character.is_alphabetic());
        (word, letters().any(is_latin) && !letters().all(is_latin))
    })
}

/// Letters of the Latin script: basic, supplements and extensions, but for the wide ones and those for mathematics, which
/// look like others.
const fn is_latin(character: char) -> bool {
    matches!(character, 'a'..='z' | 'A'..='Z' | '\u{aa}' | '\u{ba}' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

const fn is_combining(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEME: Theme = Theme { has_colours: true, is_ascii: false };

    fn shown(text: &str) -> String {
        let line = captured_line(text, Style::new(), THEME);
        line.spans
            .iter()
            .map(|span| {
                let is_marked = span.style.patch(THEME.marked()) == span.style;
                if is_marked { format!("<{}>", span.content) } else { span.content.to_string() }
            })
            .collect()
    }

    #[test]
    fn what_could_mislead_is_told_and_marked() {
        assert_eq!(shown("a\u{1b}[31mb"), "a<\\u{1b}>[31mb");
        assert_eq!(shown("x\u{202e}\u{200b}y"), "x<\\u{202e}\\u{200b}>y");
        // A Cyrillic letter within a Latin word, and within a word of its own script.
        assert_eq!(shown("p\u{430}ypal"), "p<\\u{430}>ypal");
        assert_eq!(shown("\u{43f}\u{440}\u{438} build"), "\u{43f}\u{440}\u{438} build");
        assert_eq!(shown("naïve Größe"), "naïve Größe");
        assert_eq!(shown("e\u{301}"), "e\u{301}");
        assert_eq!(shown("e\u{301}\u{301}\u{301}\u{301}"), "e\u{301}\u{301}<\\u{301}\\u{301}>");
        assert_eq!(shown("\u{ff41}bc"), "<\\u{ff41}>bc");
        assert_eq!(plain("a\nb"), "a\\u{a}b");
    }
}
