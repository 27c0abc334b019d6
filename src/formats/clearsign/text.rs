//! The text of a block: what of it a signature covers, and what is unusual in it.

use std::ops::Range;

use super::anomaly::{AnomalyKind, AnomalyList};
use super::line::{Line, Lines, trim_end};

/// The longest line, in bytes without its line feed, that GnuPG is sure to read. It stops at a buffer of 20,000 ("line
/// longer than 20000 characters") and then calls the signature bad; a little of the buffer is for the line's end.
pub const GPG_LINE_BYTES_MAX: usize = 19_995;

/// What GnuPG takes off the end of a line. RFC 4880 section 7.1 says blanks; that GnuPG takes NUL for one comes from
/// searching it with C's `strchr`, which finds the end of its list. Files that GnuPG signed rest on it.
const TRIMMED: &[u8] = b" \t\r\0";

/// What the text of a block comes to.
pub(super) struct Normalised {
    pub(super) signed: Vec<u8>,
    pub(super) longest_line: usize,
}

/// Normalises the text that stands at `text`, as GnuPG does: dash escapes are undone, blanks and line ends at the end of
/// each line are taken off, and the lines are joined with CRLF. Nothing follows the last one.
pub(super) fn normalise(bytes: &[u8], text: Range<usize>, anomalies: &mut AnomalyList) -> Normalised {
    let mut normalised = Normalised { signed: Vec::with_capacity(text.len()), longest_line: 0 };
    let mut ends = LineEnds::default();
    // Cut off only behind the text, so that offsets are those of the file.
    let mut lines = Lines::new(bytes.get(..text.end).unwrap_or_default()).starting_at(text.start);
    let mut is_first = true;
    while let Some(line) = lines.next() {
        let raw = lines.bytes_of(line);
        normalised.longest_line = usize::max(normalised.longest_line, raw.len());
        if !is_first {
            normalised.signed.extend(b"\r\n");
        }
        is_first = false;
        let unescaped = raw.strip_prefix(b"- ").unwrap_or(raw);
        normalised.signed.extend(trim_end(unescaped, TRIMMED));
        ends.add(raw, line);
        note_line(raw, line, anomalies);
    }
    ends.note(text.clone(), anomalies);
    if let Err(error) = std::str::from_utf8(bytes.get(text.clone()).unwrap_or_default()) {
        let start = text.start + error.valid_up_to();
        let length = error.error_len().unwrap_or(text.end - start);
        anomalies.note(AnomalyKind::NonUtf8, start..start + length);
    }
    normalised
}

/// The bytes of the text that the signature covers, line by line: without dash escapes, and without blanks at the ends of
/// lines. A line feed between two lines is covered, as CRLF.
pub(super) fn covered(bytes: &[u8], text: Range<usize>) -> Vec<Range<usize>> {
    let mut lines = Lines::new(bytes.get(..text.end).unwrap_or_default()).starting_at(text.start);
    let mut covered = Vec::new();
    while let Some(line) = lines.next() {
        let raw = lines.bytes_of(line);
        let unescaped = raw.strip_prefix(b"- ").unwrap_or(raw);
        let start = line.end - unescaped.len();
        covered.push(start..start + trim_end(unescaped, TRIMMED).len());
        if line.next < text.end {
            covered.push(line.end..line.next);
        }
    }
    covered.retain(|range| !range.is_empty());
    covered
}

/// Notes what is unusual in one line.
fn note_line(raw: &[u8], line: Line, anomalies: &mut AnomalyList) {
    let escaped = raw.strip_prefix(b"- ");
    let escape = match (escaped, escaped.unwrap_or(raw)) {
        (Some(_), [b'-', ..]) => Some(AnomalyKind::DashEscaped),
        (Some(_), text) if text.starts_with(b"From ") => Some(AnomalyKind::FromEscaped),
        (Some(_), _) => Some(AnomalyKind::NeedlessEscape),
        (None, [b'-', ..]) => Some(AnomalyKind::UnescapedDash),
        (None, text) if text.starts_with(b"From ") => Some(AnomalyKind::FromUnescaped),
        (None, _) => None,
    };
    if let Some(kind) = escape {
        anomalies.note(kind, line.span());
    }
    if raw.len() > GPG_LINE_BYTES_MAX {
        anomalies.note(AnomalyKind::LineTooLong, line.span());
    }
    // One carriage return before the line feed is part of the line's end.
    let content = if line.next > line.end { raw.strip_suffix(b"\r").unwrap_or(raw) } else { raw };
    let trimmed = trim_end(content, TRIMMED);
    let tail = content.get(trimmed.len()..).unwrap_or_default();
    if tail.iter().any(|byte| matches!(byte, b' ' | b'\t' | b'\0')) {
        anomalies.note(AnomalyKind::TrailingWhitespace, line.start + trimmed.len()..line.start + content.len());
    }
    for (byte, kind) in
        [(b'\r', AnomalyKind::LoneCarriageReturn), (b'\x0c', AnomalyKind::FormFeed), (b'\0', AnomalyKind::NulByte)]
    {
        let count = content.iter().filter(|&&other| other == byte).count();
        if let Some(first) = content.iter().position(|&other| other == byte) {
            anomalies.note_many(kind, line.start + first..line.start + first + 1, count);
        }
    }
}

/// How the lines of a text end.
#[derive(Default)]
struct LineEnds {
    crlf_count: usize,
    lf_count: usize,
    first_change: Option<Range<usize>>,
}

impl LineEnds {
    fn add(&mut self, raw: &[u8], line: Line) {
        if line.next == line.end {
            return;
        }
        let is_crlf = raw.ends_with(b"\r");
        let others = if is_crlf { self.lf_count } else { self.crlf_count };
        if others > 0 && self.first_change.is_none() {
            self.first_change = Some(line.end - usize::from(is_crlf)..line.next);
        }
        *(if is_crlf { &mut self.crlf_count } else { &mut self.lf_count }) += 1;
    }

    fn note(self, text: Range<usize>, anomalies: &mut AnomalyList) {
        if let Some(span) = self.first_change {
            anomalies.note_many(AnomalyKind::MixedLineEnds, span, usize::min(self.crlf_count, self.lf_count));
        } else if self.crlf_count > 0 {
            anomalies.note_many(AnomalyKind::CrLf, text, self.crlf_count);
        }
    }
}
