//! What a tab shows: lines that are wrapped, or a document of which only what is seen is made.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::bytes::Bytes;
use super::dependants::Neighbours;
use super::tree::Tree;
use crate::model::{Code, TaskId};
use crate::tui::list::has_text;
use crate::tui::session::Session;
use crate::tui::text::captured;
use crate::tui::theme::Theme;
use crate::tui::view::wrap::{HANG, broken};

/// How wide the names of fields are.
const NAME: usize = 14;

/// How wide the names of sides are, with the blank behind them.
const NAME_SHORT: usize = 7;

/// From which width on two texts stand side by side.
const SIDE_BY_SIDE_MIN: usize = 80;

/// What a tab shows.
pub(super) enum Body {
    /// Lines, wrapped.
    Lines(Lines),
    /// A JSON document.
    Tree(Tree),
    /// Bytes.
    Bytes(Bytes),
    /// The tasks next to this one.
    Neighbours(Neighbours),
}

impl Default for Body {
    fn default() -> Self {
        Self::Lines(Lines::default())
    }
}

/// What a line offers to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opens {
    Nothing,
    /// The screen of another task.
    Task(TaskId),
    /// The page of a code.
    Code(Code),
}

impl Body {
    /// How many lines it has.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Lines(lines) => lines.rows.len(),
            Self::Tree(tree) => tree.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Neighbours(tasks) => tasks.len(),
        }
    }

    /// Breaks lines anew where the width is another one.
    pub(super) fn fit(&mut self, width: usize, theme: Theme) {
        match self {
            Self::Lines(lines) => lines.fit(width, theme),
            Self::Bytes(bytes) => bytes.fit(width),
            Self::Tree(_) | Self::Neighbours(_) => {}
        }
    }

    /// How far it can be moved to the side.
    pub(super) fn widest(&self) -> usize {
        match self {
            Self::Tree(tree) => tree.widest(),
            Self::Bytes(bytes) => bytes.widest(),
            Self::Lines(_) | Self::Neighbours(_) => 0,
        }
    }

    /// A line, from a column on, as far as it can be seen.
    pub(super) fn spans(&self, at: usize, across: usize, width: usize, session: &Session) -> Vec<Span<'static>> {
        match self {
            Self::Lines(lines) => lines.rows.get(at).map(|row| row.line.spans.clone()).unwrap_or_default(),
            Self::Tree(tree) => tree.spans(at, across, width, session.theme),
            Self::Bytes(bytes) => bytes.spans(at, across, width, session.theme),
            Self::Neighbours(tasks) => tasks.spans(at, width, session),
        }
    }

    /// Whether a line has a text.
    pub(super) fn has(&self, at: usize, text: &str, session: &Session) -> bool {
        match self {
            Self::Lines(lines) => lines.rows.get(at).is_some_and(|row| {
                let told: String = row.line.spans.iter().map(|span| span.content.as_ref()).collect();
                has_text(&told, text)
            }),
            Self::Tree(tree) => tree.has(at, text),
            Self::Bytes(bytes) => bytes.has(at, text),
            Self::Neighbours(tasks) => tasks.has(at, text, session),
        }
    }

    /// What of a line is copied.
    pub(super) fn copied(&self, at: usize) -> Option<String> {
        match self {
            Self::Lines(lines) => lines.entry(at)?.copy.clone(),
            Self::Tree(tree) => tree.copied(at),
            Self::Bytes(bytes) => bytes.copied(at),
            Self::Neighbours(tasks) => tasks.task_id(at).map(|task_id| task_id.to_string()),
        }
    }

    /// What a line offers to open.
    pub(super) fn opens(&self, at: usize) -> Opens {
        match self {
            Self::Lines(lines) => lines.entry(at).map_or(Opens::Nothing, |entry| entry.opens),
            Self::Neighbours(tasks) => tasks.task_id(at).map_or(Opens::Nothing, Opens::Task),
            Self::Tree(_) | Self::Bytes(_) => Opens::Nothing,
        }
    }

    /// Folds or unfolds the part that a line is of, and says on which line its beginning is then.
    pub(super) fn fold(&mut self, at: usize) -> Option<usize> {
        match self {
            Self::Tree(tree) => tree.fold(at),
            Self::Lines(_) | Self::Bytes(_) | Self::Neighbours(_) => None,
        }
    }
}

/// Spans from a column on.
pub(super) fn shifted(spans: Vec<Span<'static>>, across: usize) -> Vec<Span<'static>> {
    let mut left = across;
    let mut seen = Vec::with_capacity(spans.len());
    for span in spans {
        let length = span.content.chars().count();
        if left >= length {
            left -= length;
            continue;
        }
        let content: String = span.content.chars().skip(left).collect();
        left = 0;
        seen.push(Span::styled(content, span.style));
    }
    seen
}

/// Something to read.
pub(super) struct Entry {
    told: Told,
    /// How far it stands to the right.
    indent: usize,
    /// How much further its rows after the first stand.
    hang: usize,
    copy: Option<String>,
    opens: Opens,
}

enum Told {
    Line(Vec<Span<'static>>),
    /// Two texts of which one stands beside the other where there is room, each with its name.
    Pair([(&'static str, Vec<Span<'static>>); 2]),
}

/// Lines, broken where they are wider than the screen.
#[derive(Default)]
pub(super) struct Lines {
    entries: Vec<Entry>,
    rows: Vec<Row>,
    width: usize,
    theme: Option<Theme>,
}

/// A row of the screen.
struct Row {
    entry: usize,
    line: Line<'static>,
}

impl Lines {
    /// Of a theme.
    pub(super) fn new(theme: Theme) -> Self {
        Self { theme: Some(theme), ..Self::default() }
    }

    fn entry(&self, at: usize) -> Option<&Entry> {
        self.entries.get(self.rows.get(at)?.entry)
    }

    fn push(&mut self, told: Told) -> &mut Entry {
        let at = self.entries.len();
        self.entries.push(Entry { told, indent: 0, hang: HANG, copy: None, opens: Opens::Nothing });
        // The width is not known yet, and there is something to count.
        self.rows.push(Row { entry: at, line: Line::default() });
        self.width = 0;
        &mut self.entries[at]
    }

    /// Adds a line.
    pub(super) fn line(&mut self, spans: Vec<Span<'static>>) -> &mut Entry {
        self.push(Told::Line(spans))
    }

    /// Adds captured text in a style.
    pub(super) fn text(&mut self, text: &str, style: Style) -> &mut Entry {
        let spans = self.theme.map_or_else(Vec::new, |theme| captured(text, style, theme));
        self.line(spans)
    }

    /// Adds a heading, after an empty line where it is not the first.
    pub(super) fn heading(&mut self, text: &str) -> &mut Entry {
        if !self.entries.is_empty() {
            self.line(Vec::new());
        }
        let style = self.theme.map_or(Style::new(), Theme::heading);
        self.text(text, style)
    }

    /// Adds a name and captured text.
    pub(super) fn field(&mut self, name: &str, text: &str) -> &mut Entry {
        let style = self.theme.map_or_else(Style::new, Theme::dim);
        self.field_named(name, style, text)
    }

    /// The same, its name in a style.
    pub(super) fn field_named(&mut self, name: &str, style: Style, text: &str) -> &mut Entry {
        let Some(theme) = self.theme else { return self.line(Vec::new()) };
        let mut spans = vec![Span::styled(format!("{name:<NAME$} "), style)];
        spans.extend(captured(text, Style::new(), theme));
        let entry = self.line(spans).copying(text);
        entry.hang = NAME + 1;
        entry
    }

    /// Adds two texts, side by side where there is room.
    pub(super) fn pair(&mut self, left: (&'static str, &str), right: (&'static str, &str)) -> &mut Entry {
        let theme = self.theme;
        let spans = |text: &str| theme.map_or_else(Vec::new, |theme| captured(text, Style::new(), theme));
        self.push(Told::Pair([(left.0, spans(left.1)), (right.0, spans(right.1))]))
    }

    fn fit(&mut self, width: usize, theme: Theme) {
        if self.width == width {
            return;
        }
        self.width = width;
        self.rows.clear();
        for (number, entry) in self.entries.iter().enumerate() {
            let lines = match &entry.told {
                Told::Line(spans) => broken(spans, entry.indent, entry.hang, width),
                Told::Pair(sides) => pair_rows(sides, entry.indent, width, theme),
            };
            self.rows.extend(lines.into_iter().map(|line| Row { entry: number, line }));
        }
    }
}

impl Entry {
    /// Stands further to the right.
    pub(super) fn indented(&mut self, by: usize) -> &mut Self {
        self.indent = by;
        self
    }

    /// Gives this to whoever copies it.
    pub(super) fn copying(&mut self, text: &str) -> &mut Self {
        self.copy = Some(text.to_owned());
        self
    }

    /// Opens something.
    pub(super) fn opening(&mut self, opens: Opens) -> &mut Self {
        self.opens = opens;
        self
    }
}

/// Two texts side by side, or where there is no room for that, one below the other.
fn pair_rows(
    sides: &[(&'static str, Vec<Span<'static>>); 2],
    indent: usize,
    width: usize,
    theme: Theme,
) -> Vec<Line<'static>> {
    let named = |(name, spans): &(&'static str, Vec<Span<'static>>)| {
        let mut all = vec![Span::styled(format!("{name:<6} "), theme.dim())];
        all.extend(spans.iter().cloned());
        all
    };
    let [left, right] = sides;
    if width < SIDE_BY_SIDE_MIN {
        return [left, right].into_iter().flat_map(|side| broken(&named(side), indent, NAME_SHORT, width)).collect();
    }
    let column = width.saturating_sub(indent + 3) / 2;
    let (left, right) = (broken(&named(left), 0, NAME_SHORT, column), broken(&named(right), 0, NAME_SHORT, column));
    let rows = left.len().max(right.len());
    let line = |number: usize| {
        let mut spans = vec![Span::raw(" ".repeat(indent))];
        let left = left.get(number).cloned().unwrap_or_default();
        let padding = column.saturating_sub(left.width());
        spans.extend(left.spans);
        spans.push(Span::raw(" ".repeat(padding)));
        spans.push(Span::styled(format!(" {} ", theme.or("│", "|")), theme.dim()));
        spans.extend(right.get(number).cloned().unwrap_or_default().spans);
        Line::from(spans)
    };
    (0..rows).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEME: Theme = Theme { has_colours: true, is_ascii: true };

    fn told(lines: &Lines) -> Vec<String> {
        lines.rows.iter().map(|row| row.line.spans.iter().map(|span| span.content.as_ref()).collect()).collect()
    }

    #[test]
    fn lines_are_broken_and_know_what_they_are_of() {
        let mut lines = Lines::new(THEME);
        lines.heading("one");
        lines.text("0123456789abcdef", Style::new()).indented(2).copying("all of it");
        lines.fit(12, THEME);
        assert_eq!(told(&lines), ["one", "  0123456789", "    abcdef"]);
        assert_eq!(lines.entry(2).and_then(|entry| entry.copy.as_deref()), Some("all of it"));
        // Hardly any room at all.
        lines.fit(1, THEME);
        assert!(told(&lines).concat().replace(' ', "").ends_with("0123456789abcdef"));
        lines.fit(0, THEME);
        assert!(lines.rows.len() > 1);
    }

    #[test]
    fn pairs_stand_side_by_side_where_there_is_room() {
        let mut lines = Lines::new(THEME);
        lines.pair(("graph", "[1]"), ("queue", "nothing"));
        lines.fit(40, THEME);
        assert_eq!(told(&lines), ["graph  [1]", "queue  nothing"]);
        lines.fit(83, THEME);
        assert_eq!(told(&lines), [format!("{:<40} | {}", "graph  [1]", "queue  nothing")]);
    }
}
