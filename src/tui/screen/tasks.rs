//! All tasks: a table, sorted and narrowed.
//!
//! ```text
//! │ verdict:refuted │ label~nightly │                          12 of 5,007
//! VERDICT        LABEL                        TYPE      WORKER      TIME
//! ✘ refuted      build-linux64/opt            build     gecko-3-b   2017-06-02 …
//! ```

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::{Purpose, Screen, Step};
use crate::insight::{Field, SortDirection, TaskFilter, TaskLine, TaskOrder};
use crate::model::{Reason, TaskId};
use crate::tui::keymap::{Action, Place};
use crate::tui::list::Cursor;
use crate::tui::message::Told;
use crate::tui::session::Session;
use crate::tui::text::{captured, plain};
use crate::tui::view::{cell, count, select};

/// The columns that tasks can be sorted by, in their order.
const COLUMNS: [Field; 9] = [
    Field::Task,
    Field::Verdict,
    Field::Reason,
    Field::Label,
    Field::Type,
    Field::Worker,
    Field::Created,
    Field::Tree,
    Field::Key,
];

/// The screen.
#[derive(Debug, Default)]
pub(in crate::tui) struct Tasks {
    cursor: Cursor,
    /// The places in the catalog that are shown; `None`: the list was not made yet.
    rows: Option<Arc<Vec<u32>>>,
    job: Option<u64>,
    /// What the list is of: catalog, question, filter and search.
    made_of: Option<MadeOf>,
    fuzzy: String,
    order: TaskOrder,
    /// The task that the cursor stays on while the list changes.
    held: Option<TaskId>,
}

/// What a list was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct MadeOf {
    catalog: usize,
    standings: usize,
    notes: usize,
    filter: TaskFilter,
    fuzzy: String,
    order: TaskOrder,
}

impl Tasks {
    /// With the cursor on a task.
    pub(in crate::tui) fn on(task_id: Option<TaskId>) -> Self {
        Self { held: task_id, ..Self::default() }
    }

    fn place(&self) -> Option<usize> {
        self.rows.as_ref()?.get(self.cursor.at).map(|place| *place as usize)
    }

    fn len(&self) -> usize {
        self.rows.as_ref().map_or(0, |rows| rows.len())
    }

    fn hold(&mut self, session: &Session) {
        self.held = self.place().and_then(|place| session.catalog.task_id(place)).copied();
    }

    fn search_by(&mut self, back: bool) {
        let len = self.len();
        if len > 0 && !self.fuzzy.is_empty() {
            self.cursor.at = if back { (self.cursor.at + len - 1) % len } else { (self.cursor.at + 1) % len };
        }
    }

    fn draw_chips(&self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let theme = session.theme;
        let mut spans = Vec::new();
        let bar = theme.or("│", "|");
        for term in session.filter.terms() {
            spans.push(Span::raw(format!("{bar} ")));
            spans.push(Span::styled(plain(&term.to_string()), theme.heading()));
            spans.push(Span::raw(" "));
        }
        if !self.fuzzy.is_empty() {
            spans.push(Span::raw(format!("{bar} ")));
            spans.push(Span::styled(format!("/{}", plain(&self.fuzzy)), theme.heading()));
            spans.push(Span::raw(" "));
        }
        if spans.is_empty() {
            spans.push(Span::styled("all tasks", theme.dim()));
        }
        Line::from(spans).render(area, buffer);
        let of = if session.catalog_is_whole { session.catalog.len() as u64 } else { session.tasks };
        let shown = self.rows.as_ref().map_or_else(|| "…".to_owned(), |rows| count(rows.len() as u64));
        let loading = match session.loaded {
            _ if session.catalog_is_whole => String::new(),
            0 => " (loading)".to_owned(),
            loaded => format!(" (loading: {})", count(loaded)),
        };
        let told = Span::styled(format!("{shown} of {}{loading}", count(of)), theme.dim());
        Line::from(told).right_aligned().render(area, buffer);
    }

    fn draw_heads(&self, session: &Session, widths: &[Rect], buffer: &mut Buffer) {
        let theme = session.theme;
        let heads = [
            ("VERDICT", Field::Verdict),
            ("REASON", Field::Reason),
            ("LABEL", Field::Label),
            ("TYPE", Field::Type),
            ("WORKER", Field::Worker),
            ("TIME", Field::Created),
            ("TREE", Field::Tree),
        ];
        let down = self.order.direction == SortDirection::Descending;
        for ((head, field), area) in heads.into_iter().zip(widths) {
            let arrow = if field == self.order.column {
                if down { theme.or("▼", "v") } else { theme.or("▲", "^") }
            } else {
                ""
            };
            cell(vec![Span::styled(format!("{head}{arrow}"), theme.heading())], *area, buffer);
        }
    }
}

impl Screen for Tasks {
    fn place(&self) -> Place {
        Place::Tasks
    }

    fn title(&self, _session: &Session) -> String {
        "tasks".to_owned()
    }

    fn prepare(&mut self, session: &mut Session) {
        let made_of = MadeOf {
            catalog: Arc::as_ptr(&session.catalog) as usize,
            // Verdicts change what is listed only where the filter or the order asks for them.
            standings: session.standings.as_ref().map_or(0, |standings| Arc::as_ptr(standings) as usize),
            notes: Arc::as_ptr(&session.noted) as usize,
            filter: session.filter.clone(),
            fuzzy: self.fuzzy.clone(),
            order: self.order,
        };
        if self.made_of.as_ref() != Some(&made_of) {
            let order = (self.order != TaskOrder::default()).then_some(self.order);
            self.job = Some(session.list(&self.fuzzy, order));
            self.made_of = Some(made_of);
        }
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let [chips, heads, body] =
            Layout::vertical([Constraint::Length(1), Constraint::Length(1), Constraint::Min(0)]).areas(area);
        self.draw_chips(session, chips, buffer);
        let widths = columns(area.width);
        let columns: [Rect; 7] = Layout::horizontal(widths).spacing(1).areas(heads);
        self.draw_heads(session, &columns, buffer);
        let window = self.cursor.window(self.len(), body.height.into());
        let at = self.cursor.at;
        for (line, y) in window.zip(body.y..) {
            let place = self.rows.as_ref().and_then(|rows| rows.get(line)).map(|place| *place as usize);
            let Some(told) = place.and_then(|place| session.catalog.line(place, session.live())) else { continue };
            row(session, &told, &columns, y, buffer);
            if line == at {
                select(Rect { y, height: 1, ..body }, session, buffer);
            }
        }
        if self.len() == 0 && self.rows.is_some() {
            let nothing = if session.catalog.len() == 0 { "the case has no tasks" } else { "no task matches" };
            Line::styled(nothing, session.theme.dim().add_modifier(Modifier::ITALIC)).render(body, buffer);
        }
    }

    fn hear(&mut self, told: &Told, session: &mut Session) {
        if let Told::Listed { job, rows } = told
            && Some(*job) == self.job
        {
            self.rows = Some(Arc::clone(rows));
            if let Some(place) = self.held.and_then(|held| session.catalog.place(&held))
                && let Some(line) = rows.iter().position(|row| *row as usize == place)
            {
                self.cursor.at = line;
            }
        }
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Step {
        if self.cursor.act(action) {
            self.hold(session);
            return Step::Done;
        }
        match action {
            Action::Filter => {
                let text = if session.filter.is_empty() { String::new() } else { format!("{} ", session.filter) };
                return Step::Type { purpose: Purpose::Filter, label: "filter", text };
            }
            Action::Search => {
                return Step::Type { purpose: Purpose::Search, label: "/", text: String::new() };
            }
            Action::SearchNext => self.search_by(false),
            Action::SearchBack => self.search_by(true),
            Action::DropChip => {
                if !self.fuzzy.is_empty() {
                    self.fuzzy.clear();
                } else if let Some(last) = session.filter.terms().len().checked_sub(1) {
                    session.filter = session.filter.without(last);
                } else {
                    return Step::Other;
                }
            }
            Action::Sort => {
                let at = COLUMNS.iter().position(|column| *column == self.order.column).unwrap_or_default();
                self.order.column = COLUMNS[(at + 1) % COLUMNS.len()];
            }
            Action::Turn => {
                self.order.direction = match self.order.direction {
                    SortDirection::Ascending => SortDirection::Descending,
                    SortDirection::Descending => SortDirection::Ascending,
                };
            }
            _ => return Step::Other,
        }
        Step::Done
    }

    fn typed(&mut self, purpose: Purpose, text: &str, is_done: bool, session: &mut Session) -> Step {
        match purpose {
            Purpose::Search => {
                self.cursor = Cursor::default();
                self.held = None;
                self.fuzzy = text.to_owned();
            }
            Purpose::Filter => match text.parse::<TaskFilter>() {
                Ok(filter) => session.filter = filter,
                // While a term is being typed it is mostly wrong.
                Err(error) if is_done => return Step::Say(error.to_string()),
                Err(_) => {}
            },
            Purpose::AsOf | Purpose::Distrust | Purpose::Export | Purpose::Note => {}
        }
        Step::Done
    }

    fn click(&mut self, _column: u16, row: u16, session: &mut Session) -> Step {
        let before = self.cursor.at;
        let Some(row) = row.checked_sub(2) else { return Step::Done };
        if self.cursor.click(row.into()) {
            self.hold(session);
            if before == self.cursor.at {
                return Step::Other;
            }
        }
        Step::Done
    }

    fn scroll(&mut self, lines: isize) {
        self.cursor.scroll(lines);
    }

    fn task(&self, session: &Session) -> Option<TaskId> {
        self.place().and_then(|place| session.catalog.task_id(place)).copied()
    }

    fn twin(&self, session: &Session) -> Vec<String> {
        let mut twin = vec!["tasks".to_owned()];
        twin.extend(session.filter.terms().iter().map(ToString::to_string));
        if self.order != TaskOrder::default() {
            twin.extend(["--sort".to_owned(), self.order.column.word().to_owned()]);
        }
        if self.order.direction == SortDirection::Descending {
            twin.push("--reverse".to_owned());
        }
        twin.extend(session.question_arguments());
        twin
    }
}

/// A task in its row.
fn row(session: &Session, line: &TaskLine<'_>, widths: &[Rect], y: u16, buffer: &mut Buffer) {
    let theme = session.theme;
    let at = |column: usize| Rect { y, ..widths[column] };
    match line.verdict {
        Some(verdict) => {
            let word = format!("{} {}", theme.verdict_symbol(verdict), verdict.word());
            cell(vec![Span::styled(word, theme.verdict(verdict))], at(0), buffer);
        }
        None => cell(vec![Span::styled("  -", theme.dim())], at(0), buffer),
    }
    let was = session.standing_before(line.task_id).map(|(verdict, _)| format!("was {}", verdict.word()));
    let reason = was.map_or_else(
        || Span::styled(line.reason.map_or("", Reason::word), theme.dim()),
        |was| Span::styled(was, theme.changed()),
    );
    cell(vec![reason], at(1), buffer);
    let title = line.label.or(line.name).unwrap_or("unnamed");
    let mut label = captured(title, Style::new(), theme);
    if line.has_note {
        label.insert(0, Span::styled(theme.or("✎ ", "* "), theme.heading()));
    }
    cell(label, at(2), buffer);
    let optional = |text: Option<&str>| captured(text.unwrap_or(""), theme.dim(), theme);
    cell(optional(line.task_type.or(line.kind)), at(3), buffer);
    cell(optional(line.worker), at(4), buffer);
    let started = session.catalog.place(line.task_id).and_then(|place| session.catalog.started(place));
    let time = started.map(|moment| moment.to_string()).unwrap_or_default();
    cell(optional(Some(&time)), at(5), buffer);
    cell(optional(line.tree.map(|tree| tree.rsplit('/').next().unwrap_or(tree))), at(6), buffer);
}

/// The widths of the columns: what matters least goes first where there is little room.
const fn columns(width: u16) -> [Constraint; 7] {
    let (reason, kind, worker, time, tree) = match width {
        0..60 => (0, 0, 0, 0, 0),
        60..90 => (0, 12, 0, 20, 0),
        90..120 => (20, 12, 0, 20, 0),
        120..160 => (20, 14, 16, 20, 0),
        _ => (20, 18, 22, 20, 18),
    };
    [
        Constraint::Length(14),
        Constraint::Length(reason),
        Constraint::Fill(1),
        Constraint::Length(kind),
        Constraint::Length(worker),
        Constraint::Length(time),
        Constraint::Length(tree),
    ]
}
