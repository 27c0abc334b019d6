//! Lines that are wider than the screen, in several rows.

use ratatui::text::{Line, Span};

/// How much further to the right the rows after the first stand, mostly.
pub(in crate::tui) const HANG: usize = 4;

/// A line in rows of a width: broken behind blanks where there are some, and nothing of it lost. It stands `indent` to the
/// right, and all rows but the first `hang` further.
pub(in crate::tui) fn broken(spans: &[Span<'static>], indent: usize, hang: usize, width: usize) -> Vec<Line<'static>> {
    // Where there is hardly any room, indentation would take it all.
    let indent = indent.min(width / 4);
    let hang = (indent + hang).min(width / 3);
    let mut rows = Vec::new();
    let mut row = Row::new(indent, width);
    for span in spans {
        for character in span.content.chars() {
            if row.is_full(character) {
                let rest = row.split();
                rows.push(row.line());
                row = Row::new(hang, width);
                rest.into_iter().for_each(|piece| row.push(piece));
            }
            row.push((character, span.style));
        }
    }
    rows.push(row.line());
    rows
}

/// Lines in rows of a width, nothing of them lost.
pub(in crate::tui) fn wrapped(lines: &[Line<'static>], width: usize) -> Vec<Line<'static>> {
    let rows = lines.iter().flat_map(|line| {
        let styled = |span: &Span<'static>| Span::styled(span.content.clone(), line.style.patch(span.style));
        let spans: Vec<Span<'static>> = line.spans.iter().map(styled).collect();
        broken(&spans, 0, 0, width)
    });
    rows.collect()
}

/// A character in its style.
type Piece = (char, ratatui::style::Style);

/// A row that is being filled.
struct Row {
    pieces: Vec<Piece>,
    indent: usize,
    used: usize,
    room: usize,
}

impl Row {
    const fn new(indent: usize, width: usize) -> Self {
        Self { pieces: Vec::new(), indent, used: 0, room: width.saturating_sub(indent) }
    }

    fn is_full(&self, character: char) -> bool {
        !self.pieces.is_empty() && self.used + columns(character) > self.room
    }

    fn push(&mut self, piece: Piece) {
        self.used += columns(piece.0);
        self.pieces.push(piece);
    }

    /// Takes what stands behind the last blank off, unless that would leave less than half of the row.
    fn split(&mut self) -> Vec<Piece> {
        let blank = self.pieces.iter().rposition(|(character, _)| *character == ' ');
        match blank {
            Some(blank) if (blank + 1) * 2 > self.pieces.len() => self.pieces.split_off(blank + 1),
            Some(_) | None => Vec::new(),
        }
    }

    /// The row, with characters of one style in one span.
    fn line(self) -> Line<'static> {
        let mut spans: Vec<Span<'static>> = Vec::new();
        if self.indent > 0 && !self.pieces.is_empty() {
            spans.push(Span::raw(" ".repeat(self.indent)));
        }
        let mut text = String::new();
        let mut style = None;
        for (character, of) in self.pieces {
            if let Some(before) = style
                && before != of
            {
                spans.push(Span::styled(std::mem::take(&mut text), before));
            }
            style = Some(of);
            text.push(character);
        }
        spans.extend(style.map(|style| Span::styled(text, style)));
        Line::from(spans)
    }
}

/// How many columns a character takes.
fn columns(character: char) -> usize {
    if character.is_ascii() {
        return 1;
    }
    let mut buffer = [0; 4];
    let text: &str = character.encode_utf8(&mut buffer);
    Line::raw(text).width()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &'static str, indent: usize, width: usize) -> Vec<String> {
        let spans: Vec<Span<'static>> = text.split_inclusive('|').map(Span::raw).collect();
        let row = |line: Line<'static>| line.spans.iter().map(|span| span.content.as_ref()).collect();
        broken(&spans, indent, HANG, width).into_iter().map(row).collect()
    }

    #[test]
    fn lines_are_broken_at_blanks_and_nothing_is_lost() {
        assert_eq!(told("one two| three four", 0, 12), ["one two| ", "    three ", "    four"]);
        assert_eq!(told("0123456789abcdef", 2, 12), ["  0123456789", "    abcdef"]);
        assert_eq!(told("a 0123456789abcdef", 0, 12), ["a 0123456789", "    abcdef"]);
        assert_eq!(told("", 2, 12), [""]);
        for width in 0..4 {
            assert_eq!(told("one two", 2, width).concat().replace(' ', ""), "onetwo");
        }
        // Two columns a character.
        assert_eq!(told("\u{4e2d}\u{6587}\u{5b57}", 0, 4), ["\u{4e2d}\u{6587}", " \u{5b57}"]);
    }
}
