//! A document of the case at the place that a finding names.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::{Purpose, Screen, Step};
use crate::model::{Asserter, Digest, Evidence, TaskId};
use crate::tui::document::{DocumentLine, lines};
use crate::tui::keymap::{Action, Place};
use crate::tui::list::{Cursor, search};
use crate::tui::session::Session;
use crate::tui::text::{captured, plain};
use crate::tui::view::{cell, count, select};

/// The columns that mark what the finding names.
const GUTTER: usize = 2;

/// The screen.
#[derive(Debug)]
pub(in crate::tui) struct Document {
    digest: Digest,
    evidence: Evidence,
    /// The task that it is of, for the graph and the chain.
    task_id: Option<TaskId>,
    lines: Option<Vec<DocumentLine>>,
    cursor: Cursor,
    found: String,
    /// How many columns are skipped.
    skipped: usize,
}

impl Document {
    /// Where the evidence of a finding lies; `None`: it names no document.
    pub(in crate::tui) fn of(evidence: &Evidence, task_id: Option<TaskId>) -> Option<Self> {
        Some(Self {
            digest: evidence.blob?,
            evidence: evidence.clone(),
            task_id,
            lines: None,
            cursor: Cursor::default(),
            found: String::new(),
            skipped: 0,
        })
    }

    fn pointer(&self) -> &str {
        self.evidence.pointer.as_deref().unwrap_or_default()
    }

    fn search(&mut self, back: bool) -> Step {
        let Some(lines) = &self.lines else { return Step::Done };
        let wanted = self.found.to_lowercase();
        match search(lines.len(), self.cursor.at, back, |line| lines[line].text.to_lowercase().contains(&wanted)) {
            Some(line) => {
                self.cursor.at = line;
                Step::Done
            }
            None => Step::Say(format!("nothing here has {}", self.found)),
        }
    }
}

/// Who says so, in words.
pub(super) const fn asserted(by: Asserter) -> &'static str {
    match by {
        Asserter::WorkerSigned => "a worker says so, under its signature",
        Asserter::Queue => "the queue says so, and nobody signed it",
        Asserter::Collector => "the collector of the evidence says so",
        Asserter::Operator => "the operator says so",
    }
}

impl Screen for Document {
    fn place(&self) -> Place {
        Place::Document
    }

    fn title(&self, _session: &Session) -> String {
        format!("document {} {}", self.digest, plain(self.pointer()))
    }

    fn prepare(&mut self, session: &mut Session) {
        if self.lines.is_some() {
            return;
        }
        session.want_document(self.digest);
        if let Some(Ok(bytes)) = session.documents.get(&self.digest) {
            let lines = lines(bytes, self.pointer());
            let first = lines.iter().position(|line| line.is_within(self.pointer()));
            self.cursor = Cursor::on(first.unwrap_or_default());
            self.lines = Some(lines);
        }
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let theme = session.theme;
        let [head, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
        cell(vec![Span::styled(asserted(self.evidence.asserted_by), theme.dim())], head, buffer);
        let pointer = self.evidence.pointer.clone().unwrap_or_default();
        let Some(lines) = &self.lines else {
            let told = match session.documents.get(&self.digest) {
                Some(Err(why)) => plain(why),
                Some(Ok(_)) | None => "being read".to_owned(),
            };
            Line::styled(told, theme.dim()).render(body, buffer);
            return;
        };
        let window = self.cursor.window(lines.len(), body.height.into());
        let at = self.cursor.at;
        for (number, y) in window.zip(body.y..) {
            let line = &lines[number];
            let row = Rect { y, height: 1, ..body };
            let (mark, style) =
                if line.is_within(&pointer) { (theme.or("▌ ", "> "), theme.changed()) } else { ("  ", Style::new()) };
            let room = usize::from(body.width).saturating_sub(GUTTER) + 1;
            let seen: String = line.text.chars().skip(self.skipped).take(room).collect();
            let mut spans = vec![Span::styled(mark, style)];
            spans.extend(captured(&seen, Style::new(), theme));
            cell(spans, row, buffer);
            if number == at {
                select(row, session, buffer);
            }
        }
        let told = format!("line {} of {}", count(at as u64 + 1), count(lines.len() as u64));
        Line::from(Span::styled(told, theme.dim())).right_aligned().render(head, buffer);
    }

    fn act(&mut self, action: Action, _session: &mut Session) -> Step {
        if self.cursor.act(action) {
            return Step::Done;
        }
        match action {
            Action::Left => self.skipped = self.skipped.saturating_sub(8),
            Action::Right => {
                let longest =
                    self.lines.iter().flatten().nth(self.cursor.at).map_or(0, |line| line.text.chars().count());
                self.skipped = (self.skipped + 8).min(longest.saturating_sub(8));
            }
            Action::Search => return Step::Type { purpose: Purpose::Search, label: "/", text: String::new() },
            Action::SearchNext => return self.search(false),
            Action::SearchBack => return self.search(true),
            _ => return Step::Other,
        }
        Step::Done
    }

    fn typed(&mut self, purpose: Purpose, text: &str, is_done: bool, _session: &mut Session) -> Step {
        if purpose != Purpose::Search || text.is_empty() {
            return Step::Done;
        }
        text.clone_into(&mut self.found);
        let here = self.lines.iter().flatten().nth(self.cursor.at);
        if is_done || here.is_some_and(|line| line.text.to_lowercase().contains(&text.to_lowercase())) {
            return Step::Done;
        }
        self.search(false)
    }

    fn click(&mut self, _column: u16, row: u16, _session: &mut Session) -> Step {
        if let Some(row) = row.checked_sub(1) {
            self.cursor.click(row.into());
        }
        Step::Done
    }

    fn scroll(&mut self, lines: isize) {
        self.cursor.scroll(lines);
    }

    fn task(&self, _session: &Session) -> Option<TaskId> {
        self.task_id
    }

    fn copied(&self, _session: &Session) -> Option<String> {
        self.lines.iter().flatten().nth(self.cursor.at).map(|line| line.text.trim().to_owned())
    }

    fn twin(&self, _session: &Session) -> Vec<String> {
        vec!["cat".to_owned(), self.digest.to_string(), "--as".to_owned(), "pretty".to_owned()]
    }
}
