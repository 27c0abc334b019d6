//! The bytes of a document as the text that PyYAML sees.

use std::borrow::Cow;

use granit_parser::Marker;

use super::budget::BYTES_MAX;
use super::error::{Refusal, YamlError, YamlErrorReason};

/// A place in a document as it was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// Bytes before it.
    pub offset: usize,
    /// Counted from 1.
    pub line: usize,
    /// Characters, counted from 1.
    pub column: usize,
}

/// A document decoded as Python's text mode does: UTF-8 without leniency, every CR LF and CR an LF; and without the byte
/// order mark at its start, which PyYAML skips (`scan_to_next_token`).
pub(super) struct Source<'a> {
    text: Cow<'a, str>,
    bom_length: usize,
    /// Where in the text an LF stands for a CR LF.
    shortened: Vec<usize>,
}

const BOM: char = '\u{feff}';

impl<'a> Source<'a> {
    /// Decodes a document, and checks its characters.
    pub(super) fn decode(bytes: &'a [u8]) -> Result<Self, YamlError> {
        if bytes.len() > BYTES_MAX {
            let offset = BYTES_MAX;
            return Err(YamlError { line: 1, column: 1, offset, reason: YamlErrorReason::TooLarge });
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let (valid, _) = bytes.split_at(error.valid_up_to());
            let mark = Self::of(std::str::from_utf8(valid).unwrap_or_default()).mark_at_end();
            YamlError::new(mark, YamlErrorReason::InvalidUtf8)
        })?;
        let source = Self::of(text);
        match source.text.char_indices().find_map(|(at, char)| Some((at, character_error(char)?))) {
            Some((at, reason)) => Err(YamlError::new(source.mark_at(at), reason)),
            None => Ok(source),
        }
    }

    fn of(text: &'a str) -> Self {
        let (bom_length, text) = text.strip_prefix(BOM).map_or((0, text), |rest| (BOM.len_utf8(), rest));
        let mut shortened = Vec::new();
        if !text.contains('\r') {
            return Self { text: Cow::Borrowed(text), bom_length, shortened };
        }
        let mut unified = String::with_capacity(text.len());
        let mut chars = text.chars().peekable();
        while let Some(char) = chars.next() {
            if char != '\r' {
                unified.push(char);
                continue;
            }
            if chars.next_if_eq(&'\n').is_some() {
                shortened.push(unified.len());
            }
            unified.push('\n');
        }
        Self { text: Cow::Owned(unified), bom_length, shortened }
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Which byte of the document as it was given a byte of the text is.
    pub(super) fn original(&self, at: usize) -> usize {
        at + self.bom_length + self.shortened.partition_point(|&shortened| shortened < at)
    }

    /// The place of a byte of the text. Counts from the start of the text.
    pub(super) fn mark_at(&self, at: usize) -> Mark {
        let (before, _) = self.text.split_at_checked(at).unwrap_or((&self.text, ""));
        let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Mark { offset: self.original(at), line, column }
    }

    fn mark_at_end(&self) -> Mark {
        self.mark_at(self.text.len())
    }

    /// The place that the parser gave for the text.
    pub(super) fn mark_of(&self, marker: &Marker) -> Mark {
        Mark {
            offset: self.original(marker.byte_offset().unwrap_or_default()),
            line: marker.line(),
            column: marker.col() + 1,
        }
    }
}

/// PyYAML's `Reader.NON_PRINTABLE`, and the line separators that are refused.
fn character_error(char: char) -> Option<YamlErrorReason> {
    match char {
        '\u{85}' | '\u{2028}' | '\u{2029}' => Some(Refusal::LineSeparator.into()),
        '\t' | '\n' | '\r' | ' '..='~' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}' => None,
        other => Some(YamlErrorReason::NotPrintable(u32::from(other))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newlines_are_unified_and_offsets_kept() {
        let source = Source::decode("\u{feff}a\r\nb\rc\n\r\nd".as_bytes()).unwrap();
        assert_eq!(source.text(), "a\nb\nc\n\nd");
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7].map(|at| source.original(at)), [3, 4, 6, 7, 8, 9, 10, 12]);
        assert_eq!(source.mark_at(7), Mark { offset: 12, line: 5, column: 1 });
    }

    #[test]
    fn characters_are_checked() {
        let reason = |bytes: &[u8]| Source::decode(bytes).map(|_| ()).unwrap_err();
        assert_eq!(reason(b"a\n\xffb").to_string(), "invalid UTF-8 at line 2, column 1");
        assert_eq!(reason(b"\xed\xa0\x80").reason, YamlErrorReason::InvalidUtf8);
        assert_eq!(reason(b"a\0").to_string(), "unacceptable character U+0000 at line 1, column 2");
        for char in ["\u{7f}", "\u{80}", "\u{9f}", "\u{fffe}", "\u{ffff}", "\u{b}"] {
            assert!(matches!(reason(char.as_bytes()).reason, YamlErrorReason::NotPrintable(_)), "{char:?}");
        }
        assert_eq!(reason("\u{2028}".as_bytes()).reason, Refusal::LineSeparator.into());
        assert!(Source::decode("é\u{a0}\u{d7ff}\u{e000}\u{fffd}\u{10ffff}\t".as_bytes()).is_ok());
        assert_eq!(reason(&vec![b' '; BYTES_MAX + 1]).reason, YamlErrorReason::TooLarge);
    }
}
