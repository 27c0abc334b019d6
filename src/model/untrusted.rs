//! Captured text on its way to a screen or a report.

use std::fmt;

/// Captured text. Displaying it neutralises whatever could steer a terminal or mislead a reader, visibly: control
/// characters (C0, C1, DEL) and the Unicode characters that reorder, hide or join text are shown as `\u{…}`.
///
/// A backslash stays as it is, so that ordinary text reads as it was; lossless output is the JSON's job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Untrusted<T>(pub T);

impl<T: AsRef<str>> fmt::Display for Untrusted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.as_ref().chars() {
            if is_steering(character) {
                write!(f, "\\u{{{:x}}}", u32::from(character))?;
            } else {
                fmt::Write::write_char(f, character)?;
            }
        }
        Ok(())
    }
}

/// Characters that change how what follows is shown, or show as nothing: all of Cc, the bidirectional controls, the
/// zero-width and invisible characters, line and paragraph separators, variation selectors and tag characters
/// (Unicode 15, categories Cc, Cf, Zl, Zp and the blocks that render as nothing).
pub const fn is_steering(character: char) -> bool {
    matches!(character,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}'
        | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{110bd}'
        | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steering_characters_are_shown_and_ordinary_ones_are_kept() {
        let shown = Untrusted("a\u{1b}[31mred\u{202e}x\u{200b}é\n\u{9b}").to_string();
        assert_eq!(shown, "a\\u{1b}[31mred\\u{202e}x\\u{200b}é\\u{a}\\u{9b}");
    }
}
