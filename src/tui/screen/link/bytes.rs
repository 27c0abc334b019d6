//! The bytes of a document as they are, line by line or in hexadecimal, each with whether a signature covers it. Only what
//! is seen is decoded.

use std::ops::Range;
use std::sync::Arc;

use ratatui::style::Style;
use ratatui::text::Span;

use crate::tui::list::has_text;
use crate::tui::text::captured;
use crate::tui::theme::Theme;

/// How wide the column beside the bytes is.
const GUTTER: usize = 12;

/// How many columns sixteen bytes take with their offset and their text, beside the gutter.
const SIXTEEN: usize = 78;

/// What a stretch of bytes is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// A signature covers it.
    Signed,
    /// A signature covers it that is not sound, or that nobody looked at yet.
    Covered,
    /// None does.
    Unsigned,
    /// It is the signature.
    Signature,
    /// It is of one of several signed texts: what covers it, nobody can say.
    Contested,
}

impl Mark {
    const fn word(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Covered => "covered",
            Self::Unsigned => "not signed",
            Self::Signature => "signature",
            Self::Contested => "contested",
        }
    }

    const fn style(self, theme: Theme) -> Style {
        match self {
            Self::Signed => theme.signed(),
            Self::Covered | Self::Unsigned | Self::Contested => theme.unsigned(),
            Self::Signature => theme.dim(),
        }
    }
}

/// Bytes, and what each stretch of them is.
pub(super) struct Bytes {
    bytes: Arc<[u8]>,
    /// In order, without overlap; what lies between them is not signed.
    regions: Vec<(Range<usize>, Mark)>,
    /// The lines, their ends included.
    lines: Vec<Range<usize>>,
    is_hex: bool,
    /// How many bytes a line of hexadecimal has.
    a_line: usize,
    widest: usize,
}

impl Bytes {
    /// As text.
    pub(super) fn text(bytes: Arc<[u8]>, regions: Vec<(Range<usize>, Mark)>) -> Self {
        let mut lines = Vec::new();
        let mut begin = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            lines.push(begin..begin + line.len());
            begin += line.len();
        }
        let widest = lines.iter().map(ExactSizeIterator::len).max().unwrap_or_default();
        Self { bytes, regions, lines, is_hex: false, a_line: 16, widest }
    }

    /// In hexadecimal.
    pub(super) const fn hex(bytes: Arc<[u8]>, regions: Vec<(Range<usize>, Mark)>) -> Self {
        Self { bytes, regions, lines: Vec::new(), is_hex: true, a_line: 16, widest: SIXTEEN }
    }

    pub(super) fn fit(&mut self, width: usize) {
        self.a_line = if width >= SIXTEEN + GUTTER { 16 } else { 8 };
    }

    pub(super) fn len(&self) -> usize {
        if self.is_hex { self.bytes.len().div_ceil(self.a_line) } else { self.lines.len() }
    }

    pub(super) const fn widest(&self) -> usize {
        self.widest
    }

    fn line(&self, at: usize) -> Option<Range<usize>> {
        if !self.is_hex {
            return self.lines.get(at).cloned();
        }
        let begin = at.checked_mul(self.a_line).filter(|begin| *begin < self.bytes.len())?;
        Some(begin..self.bytes.len().min(begin + self.a_line))
    }

    /// What a byte is.
    fn mark(&self, at: usize) -> Mark {
        let place = self.regions.partition_point(|(region, _)| region.end <= at);
        match self.regions.get(place) {
            Some((region, mark)) if region.contains(&at) => *mark,
            Some(_) | None => Mark::Unsigned,
        }
    }

    /// The stretches of a line, each of one mark.
    fn stretches(&self, line: Range<usize>) -> Vec<(Range<usize>, Mark)> {
        let mut stretches = Vec::new();
        let mut at = line.start;
        while at < line.end {
            let mark = self.mark(at);
            let place = self.regions.partition_point(|(region, _)| region.end <= at);
            let end = match self.regions.get(place) {
                Some((region, _)) if region.contains(&at) => region.end,
                Some((region, _)) => region.start,
                None => line.end,
            };
            let end = end.min(line.end).max(at + 1);
            stretches.push((at..end, mark));
            at = end;
        }
        stretches
    }

    pub(super) fn has(&self, at: usize, text: &str) -> bool {
        let Some(line) = self.line(at) else { return false };
        let bytes = self.bytes.get(line).unwrap_or_default();
        has_text(&String::from_utf8_lossy(bytes), text)
    }

    /// The line itself; in hexadecimal, where it is, as findings tell it.
    pub(super) fn copied(&self, at: usize) -> Option<String> {
        let line = self.line(at)?;
        if self.is_hex {
            return Some(format!("bytes={}-{}", line.start, line.end));
        }
        let bytes = self.bytes.get(line)?;
        Some(String::from_utf8_lossy(bytes).trim_end_matches(['\r', '\n']).to_owned())
    }

    pub(super) fn spans(&self, at: usize, across: usize, width: usize, theme: Theme) -> Vec<Span<'static>> {
        let Some(line) = self.line(at) else { return Vec::new() };
        let stretches = self.stretches(line.clone());
        let gutter = gutter(&stretches, &self.bytes);
        let style = gutter.1.style(theme);
        let mut spans = vec![Span::styled(format!("{:<GUTTER$}", gutter.0), style)];
        if self.is_hex {
            spans.extend(self.hex_spans(line, &stretches, theme));
        } else {
            spans.extend(self.text_spans(line.start + across, width, &stretches, theme));
        }
        spans
    }

    fn text_spans(
        &self,
        from: usize,
        width: usize,
        stretches: &[(Range<usize>, Mark)],
        theme: Theme,
    ) -> Vec<Span<'static>> {
        // A character has up to four bytes; none is begun in its middle.
        let is_inside = |at: &usize| self.bytes.get(*at).is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000);
        let from = (from..from + 4).find(|at| !is_inside(at)).unwrap_or(from);
        let until = from + width * 4;
        let mut spans = Vec::new();
        for (stretch, mark) in stretches {
            let seen = stretch.start.max(from)..stretch.end.min(until);
            let bytes = self.bytes.get(seen).unwrap_or_default();
            let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
            let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
            spans.extend(decoded(bytes, mark.style(theme), theme));
            let is_tail = *mark == Mark::Unsigned && !bytes.is_empty() && stretches.len() > 1;
            if is_tail && bytes.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0) {
                // Nobody sees blanks.
                let told = format!(" [{} blanks, not signed]", bytes.len());
                spans.push(Span::styled(told, mark.style(theme)));
            }
        }
        spans
    }

    fn hex_spans(&self, line: Range<usize>, stretches: &[(Range<usize>, Mark)], theme: Theme) -> Vec<Span<'static>> {
        let mut digits = vec![Span::styled(format!("{:08x}  ", line.start), theme.dim())];
        let mut text = vec![Span::raw(" ".repeat((self.a_line - line.len()) * 3 + 1))];
        for (stretch, mark) in stretches {
            let bytes = self.bytes.get(stretch.clone()).unwrap_or_default();
            let style = mark.style(theme);
            digits.push(Span::styled(bytes.iter().map(|byte| format!("{byte:02x} ")).collect::<String>(), style));
            let shown = |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
            text.push(Span::styled(bytes.iter().map(shown).collect::<String>(), style));
        }
        digits.extend(text);
        digits
    }
}

/// The word for a line, and the mark whose style it takes: that of all of it, else what part of it is not signed.
fn gutter(stretches: &[(Range<usize>, Mark)], bytes: &[u8]) -> (&'static str, Mark) {
    let is_end = |range: &Range<usize>| {
        let bytes = bytes.get(range.clone()).unwrap_or_default();
        bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n'))
    };
    let mut marks = stretches.iter().filter(|(range, _)| !is_end(range)).map(|(_, mark)| *mark);
    // A line end alone is what the line is of.
    let Some(first) = marks.next().or_else(|| stretches.first().map(|(_, mark)| *mark)) else {
        return ("", Mark::Unsigned);
    };
    if marks.all(|mark| mark == first) { (first.word(), first) } else { ("partly", Mark::Unsigned) }
}

/// Bytes as text; what is no UTF-8 is told.
fn decoded(bytes: &[u8], style: Style, theme: Theme) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    for chunk in bytes.utf8_chunks() {
        spans.extend(captured(chunk.valid(), style, theme));
        if !chunk.invalid().is_empty() {
            let told: String = chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")).collect();
            spans.push(Span::styled(told, style.patch(theme.marked())));
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEME: Theme = Theme { has_colours: true, is_ascii: true };

    fn told(bytes: &Bytes, across: usize, width: usize) -> Vec<String> {
        let line = |line| bytes.spans(line, across, width, THEME).iter().map(|span| span.content.as_ref()).collect();
        (0..bytes.len()).map(line).collect()
    }

    #[test]
    fn every_line_says_what_covers_it() {
        let regions = vec![(7..8, Mark::Signed), (11..13, Mark::Signed), (15..17, Mark::Signed)];
        let bytes = Bytes::text(Arc::from(&b"before\n{  \n}\n- x\nafter\x1b\n"[..]), regions);
        let lines = told(&bytes, 0, 80);
        assert_eq!(lines[0], "not signed  before");
        assert_eq!(lines[1], "partly      {   [2 blanks, not signed]");
        assert_eq!(lines[2], "signed      }");
        assert!(lines[3].starts_with("partly      - x"), "{lines:?}");
        assert!(lines[4].starts_with("not signed  after") && lines[4].ends_with("\\u{1b}"), "{lines:?}");
        assert_eq!(told(&bytes, 3, 80)[0], "not signed  ore");
        assert_eq!(bytes.copied(2).as_deref(), Some("}"));
    }

    #[test]
    fn bytes_that_are_no_text_are_told() {
        let bytes = Bytes::text(Arc::from(&b"a\xff\xc3\xa9\n"[..]), vec![(0..5, Mark::Signed)]);
        assert_eq!(told(&bytes, 0, 80), ["signed      a\\xff\u{e9}"]);
        // Not from within a character.
        assert_eq!(told(&bytes, 3, 80), ["signed      "]);
        assert_eq!(told(&Bytes::text(Arc::from(&b""[..]), Vec::new()), 0, 80), Vec::<String>::new());
    }

    #[test]
    fn hexadecimal_has_fewer_bytes_a_line_where_there_is_little_room() {
        let mut bytes = Bytes::hex(Arc::from(&b"0123456789abcdef\n"[..]), vec![(0..4, Mark::Signed)]);
        bytes.fit(120);
        let lines = told(&bytes, 0, 120);
        assert_eq!(lines.len(), 2);
        let digits = "30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66";
        assert_eq!(lines[0], format!("partly      00000000  {digits}  0123456789abcdef"));
        assert_eq!(lines[1], format!("not signed  00000010  0a {} .", "   ".repeat(15)));
        bytes.fit(60);
        assert_eq!(bytes.len(), 3);
        assert_eq!(bytes.copied(1).as_deref(), Some("bytes=8-16"));
    }
}
