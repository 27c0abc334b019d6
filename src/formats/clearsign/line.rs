//! Lines of a file of bytes: what a line feed ends, nothing else.

use std::ops::Range;

/// A line by its offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its first byte.
    pub(super) start: usize,
    /// Behind its last byte, before the line feed.
    pub(super) end: usize,
    /// Where the next line starts.
    pub(super) next: usize,
}

impl Line {
    pub(super) fn span(self) -> Range<usize> {
        self.start..self.end
    }
}

/// Walks over the lines of bytes. A last line without a line feed is one; an empty one is not.
#[derive(Clone)]
pub(super) struct Lines<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Lines<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The same, from an offset on.
    pub(super) fn starting_at(self, at: usize) -> Self {
        Self { at, ..self }
    }

    /// Where the next line starts.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// The bytes of a line, line feed excluded.
    pub(super) fn bytes_of(&self, line: Line) -> &'b [u8] {
        self.bytes.get(line.span()).unwrap_or_default()
    }
}

impl Iterator for Lines<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        let (end, next) = match rest.iter().position(|&byte| byte == b'\n') {
            Some(length) => (start + length, start + length + 1),
            None => (self.bytes.len(), self.bytes.len()),
        };
        self.at = next;
        Some(Line { start, end, next })
    }
}

/// The bytes without the given ones at their end.
pub(super) fn trim_end<'b>(bytes: &'b [u8], trimmed: &[u8]) -> &'b [u8] {
    let kept = bytes.iter().rposition(|byte| !trimmed.contains(byte)).map_or(0, |last| last + 1);
    bytes.get(..kept).unwrap_or_default()
}
