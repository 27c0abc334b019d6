//! All findings: a list, sorted and narrowed, and the one under the cursor in full, with its evidence.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::chain::Chain;
use super::evidence::{Document, asserted};
use super::narrowing::{Narrowed, Narrowing};
use super::overview::finding_line;
use super::{Purpose, Screen, Step};
use crate::model::{Evidence, Finding, NoteSubject, Plane, Report, TaskId};
use crate::tui::app::explained;
use crate::tui::keymap::{Action, Place};
use crate::tui::list::{Cursor, search};
use crate::tui::session::Session;
use crate::tui::text::{captured, plain};
use crate::tui::view::wrap::wrapped;
use crate::tui::view::{cell, count, rule, select};

/// How many of the targets that rest on a finding are named.
const NAMED: usize = 3;

/// What the list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Order {
    /// The worst first.
    #[default]
    Severity,
    Code,
    Plane,
    Task,
}

impl Order {
    const ALL: [Self; 4] = [Self::Severity, Self::Code, Self::Plane, Self::Task];

    const fn word(self) -> &'static str {
        match self {
            Self::Severity => "severity",
            Self::Code => "code",
            Self::Plane => "plane",
            Self::Task => "task",
        }
    }
}

/// The screen.
#[derive(Debug, Default)]
pub(in crate::tui) struct Findings {
    cursor: Cursor,
    /// The evidence of the finding under the cursor that is opened.
    evidence: usize,
    /// The places of the findings that are shown, in the report that they are of.
    rows: Vec<usize>,
    of: Option<Arc<Report>>,
    order: Order,
    is_turned: bool,
    narrowing: Narrowing,
    /// The code to begin at.
    start: Option<(TaskId, &'static str)>,
}

impl Findings {
    /// With the cursor on the first finding of a code about a task.
    pub(in crate::tui) fn on(finding: Option<&Finding>) -> Self {
        let start = finding.and_then(|finding| Some((finding.subject.task_id?, finding.code.id())));
        Self { start, ..Self::default() }
    }

    fn finding(&self) -> Option<&Finding> {
        self.of.as_ref()?.findings.get(*self.rows.get(self.cursor.at)?)
    }

    fn chosen(&self) -> Option<&Evidence> {
        self.finding()?.evidence.get(self.evidence)
    }

    /// Makes the list anew; the cursor stays on its finding.
    fn list(&mut self, session: &Session) {
        let held = self.finding().cloned();
        let Some(report) = self.of.clone() else { return };
        let words = self.narrowing.words();
        let findings = &report.findings;
        self.rows = (0..findings.len()).filter(|place| has(&findings[*place], &words, session)).collect();
        let title = |finding: &Finding| finding.subject.task_id.map(|task_id| session.title(&task_id).to_owned());
        let order = self.order;
        self.rows.sort_by(|a, b| {
            let (a, b) = (&findings[*a], &findings[*b]);
            let first = match order {
                Order::Severity => b.severity.cmp(&a.severity),
                Order::Code => a.code.id().cmp(b.code.id()),
                Order::Plane => a.plane.cmp(&b.plane),
                Order::Task => title(a).cmp(&title(b)),
            };
            first.then_with(|| a.order(b))
        });
        if self.is_turned {
            self.rows.reverse();
        }
        let is_wanted = |finding: &Finding| match (&held, &self.start) {
            (Some(held), _) => held == finding,
            (None, Some((task_id, code))) => finding.subject.task_id == Some(*task_id) && finding.code.id() == *code,
            (None, None) => false,
        };
        let place = self.rows.iter().position(|place| is_wanted(&findings[*place]));
        self.cursor.at = place.unwrap_or_default();
        self.start = None;
    }

    fn narrow(&mut self, asked: Narrowed, session: &Session) -> Step {
        match asked {
            Narrowed::List => self.list(session),
            Narrowed::Search(back) => return self.search(session, back),
            Narrowed::Type(step) => return step,
        }
        Step::Done
    }

    fn search(&mut self, session: &Session, back: bool) -> Step {
        let Some(report) = &self.of else { return Step::Done };
        let words = self.narrowing.sought();
        let matches = |line: usize| has(&report.findings[self.rows[line]], &words, session);
        match search(self.rows.len(), self.cursor.at, back, matches) {
            Some(line) => {
                (self.cursor.at, self.evidence) = (line, 0);
                Step::Done
            }
            None => Step::Say(format!("no finding has {}", self.narrowing.found)),
        }
    }

    fn draw_head(&self, session: &Session, report: &Report, area: Rect, buffer: &mut Buffer) {
        let theme = session.theme;
        let left: u64 = report.findings_left_out.iter().map(|left| left.count).sum();
        let left = if left == 0 {
            String::new()
        } else {
            format!(", {} more of the same codes are counted only", count(left))
        };
        let filter = if self.narrowing.filter.is_empty() {
            String::new()
        } else {
            format!("  {} {}", theme.or("│", "|"), plain(&self.narrowing.filter))
        };
        let turned = if self.is_turned { ", turned" } else { "" };
        let told = format!(
            "{} of {} findings{left}, by {}{turned}",
            count(self.rows.len() as u64),
            count(report.findings.len() as u64),
            self.order.word()
        );
        cell(vec![Span::styled(told, theme.dim()), Span::styled(filter, theme.heading())], area, buffer);
    }

    fn draw_detail(&self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let Some(finding) = self.finding() else { return };
        let [head, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
        rule(session, finding.code.id(), head, buffer);
        let lines = wrapped(&detail(finding, self.evidence, session), body.width.into());
        for (line, y) in lines.into_iter().zip(body.y..body.bottom()) {
            line.render(Rect { y, height: 1, ..body }, buffer);
        }
    }
}

/// Whether a finding has all words somewhere.
fn has(finding: &Finding, words: &[String], session: &Session) -> bool {
    let plane = plane(finding.plane);
    words.iter().all(|word| {
        let is_in = |text: &str| text.to_lowercase().contains(word.as_str());
        is_in(finding.code.id())
            || is_in(finding.severity.word())
            || is_in(plane)
            || is_in(finding.reason.word())
            || is_in(&finding.message)
            || finding.subject.task_id.is_some_and(|task_id| is_in(session.title(&task_id)) || is_in(task_id.as_str()))
    })
}

const fn plane(plane: Plane) -> &'static str {
    match plane {
        Plane::Rule => "rule",
        Plane::Audit => "audit",
    }
}

/// A finding in full.
fn detail(finding: &Finding, chosen: usize, session: &Session) -> Vec<Line<'static>> {
    let theme = session.theme;
    let mut lines = vec![Line::from(captured(&finding.message, Style::new(), theme))];
    let counts = match finding.plane {
        Plane::Rule => "it counts for the verdict",
        Plane::Audit => "beyond the rule book: it counts for no verdict",
    };
    lines.push(Line::styled(
        format!(
            "{} {}: {}; {counts}",
            theme.severity_symbol(finding.severity),
            finding.severity.word(),
            finding.reason.phrase()
        ),
        theme.severity(finding.severity),
    ));
    let mut about = vec![Span::styled(format!("about {} ", finding.subject.kind), theme.dim())];
    if let Some(task_id) = &finding.subject.task_id {
        about.extend(captured(session.title(task_id), Style::new(), theme));
        about.push(Span::styled(format!(" {task_id} "), theme.dim()));
    }
    if let Some(run_id) = finding.subject.run_id {
        about.push(Span::styled(format!("run {run_id} "), theme.dim()));
    }
    about.extend(captured(finding.subject.name.as_deref().unwrap_or_default(), Style::new(), theme));
    lines.push(Line::from(about));
    lines.push(resting(finding, session));
    for (number, evidence) in finding.evidence.iter().enumerate() {
        let mark = if number == chosen { theme.or("▶ ", "> ") } else { "  " };
        let mut spans = vec![Span::styled(mark, theme.heading())];
        match evidence.blob {
            Some(blob) => spans.push(Span::styled(format!("sha256:{blob} "), theme.dim())),
            None => spans.push(Span::styled("no document ", theme.dim())),
        }
        spans.extend(captured(evidence.pointer.as_deref().unwrap_or_default(), theme.heading(), theme));
        spans.push(Span::raw(" "));
        spans.extend(captured(evidence.excerpt.as_deref().unwrap_or_default(), Style::new(), theme));
        spans.push(Span::styled(format!("  ({})", asserted(evidence.asserted_by)), theme.dim()));
        lines.push(Line::from(spans));
    }
    if let Some(confirm) = &finding.confirm {
        let mut spans = vec![Span::styled("confirm: ", theme.dim())];
        spans.extend(captured(confirm, Style::new(), theme));
        lines.push(Line::from(spans));
    }
    lines
}

/// The targets that rest on what a finding is about: how many, and the first by name.
fn resting(finding: &Finding, session: &Session) -> Line<'static> {
    let theme = session.theme;
    let number = finding.targets.len();
    let told = if number == 1 { "1 target rests".to_owned() } else { format!("{} targets rest", count(number as u64)) };
    let mut spans = vec![Span::styled(format!("{told} on it"), theme.dim())];
    for (place, task_id) in finding.targets.iter().take(NAMED).enumerate() {
        spans.push(Span::styled(if place == 0 { ": " } else { ", " }, theme.dim()));
        if let Some((verdict, _)) = session.standing(task_id) {
            spans.push(Span::styled(format!("{} ", theme.verdict_symbol(verdict)), theme.verdict(verdict)));
        }
        spans.extend(captured(session.title(task_id), Style::new(), theme));
    }
    if number > NAMED {
        spans.push(Span::styled(format!(" and {} more", count((number - NAMED) as u64)), theme.dim()));
    }
    Line::from(spans)
}

/// The target whose chain shows what a finding means: the worst that rests on its subject.
pub(super) fn weightiest_target(finding: &Finding, session: &Session) -> Option<TaskId> {
    let verdict = |task_id: &TaskId| session.standing(task_id).map(|(verdict, _)| verdict);
    // Of several that are as bad, the first; where the subject is one of them, its own chain is the shortest way.
    let worst = finding.targets.iter().map(verdict).max()?;
    let own = finding.subject.task_id.filter(|task_id| finding.targets.contains(task_id) && verdict(task_id) == worst);
    own.or_else(|| finding.targets.iter().find(|task_id| verdict(task_id) == worst).copied())
}

impl Screen for Findings {
    fn place(&self) -> Place {
        Place::Findings
    }

    fn title(&self, _session: &Session) -> String {
        "findings".to_owned()
    }

    fn prepare(&mut self, session: &mut Session) {
        session.want_survey();
        let Some((_, report)) = &session.survey else { return };
        if self.of.as_ref().is_none_or(|of| !Arc::ptr_eq(of, report)) {
            let report = Arc::clone(report);
            let held = self.finding().cloned();
            self.of = Some(report);
            if let Some(held) = held.as_ref() {
                self.start = held.subject.task_id.map(|task_id| (task_id, held.code.id()));
            }
            self.rows.clear();
            self.list(session);
        }
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let Some(report) = self.of.clone() else {
            Line::styled("being judged", session.theme.dim()).render(area, buffer);
            return;
        };
        // A short list leaves its room to the finding in full: its evidence comes last, and must not be cut off.
        let room = area.height.saturating_sub(1);
        let wanted = u16::try_from(self.rows.len().max(1)).unwrap_or(u16::MAX);
        let below = room.saturating_sub(wanted).clamp(room.saturating_mul(2) / 5, room.saturating_mul(3) / 4);
        let [head, list, below] =
            Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(below)]).areas(area);
        self.draw_head(session, &report, head, buffer);
        let window = self.cursor.window(self.rows.len(), list.height.into());
        let at = self.cursor.at;
        for (line, y) in window.zip(list.y..) {
            let row = Rect { y, height: 1, ..list };
            cell(finding_line(&report.findings[self.rows[line]], session), row, buffer);
            if line == at {
                select(row, session, buffer);
            }
        }
        if self.rows.is_empty() {
            let told = if report.findings.is_empty() { "there are none" } else { "no finding has all these words" };
            Line::styled(told, session.theme.dim()).render(list, buffer);
        }
        self.draw_detail(session, below, buffer);
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Step {
        if self.cursor.act(action) {
            self.evidence = 0;
            return Step::Done;
        }
        if let Some(asked) = self.narrowing.act(action) {
            return self.narrow(asked, session);
        }
        match action {
            Action::Next | Action::Previous => {
                let number = self.finding().map_or(0, |finding| finding.evidence.len()).max(1);
                let step = if action == Action::Next { 1 } else { number - 1 };
                self.evidence = (self.evidence + step) % number;
            }
            Action::Open => {
                let task_id = self.task(session);
                return match self.chosen().and_then(|evidence| Document::of(evidence, task_id)) {
                    Some(document) => Step::Go(Box::new(document)),
                    None => Step::Say("this finding names no document".to_owned()),
                };
            }
            Action::Chain => {
                let target = self.finding().and_then(|finding| weightiest_target(finding, session));
                return target.map_or(Step::Other, |task_id| Step::Go(Box::new(Chain::of(task_id))));
            }
            Action::Explain => {
                return self.finding().map_or(Step::Done, |finding| explained(finding.code, session));
            }
            Action::Sort => {
                let at = Order::ALL.iter().position(|order| *order == self.order).unwrap_or_default();
                self.order = Order::ALL[(at + 1) % Order::ALL.len()];
                self.list(session);
            }
            Action::Turn => {
                self.is_turned = !self.is_turned;
                self.list(session);
            }
            _ => return Step::Other,
        }
        Step::Done
    }

    fn typed(&mut self, purpose: Purpose, text: &str, is_done: bool, session: &mut Session) -> Step {
        let here = self.finding().cloned();
        let has = |words: &[String]| here.as_ref().is_some_and(|here| has(here, words, session));
        match self.narrowing.typed(purpose, text, is_done, has) {
            Some(asked) => self.narrow(asked, session),
            None => Step::Done,
        }
    }

    fn click(&mut self, _column: u16, row: u16, _session: &mut Session) -> Step {
        let before = self.cursor.at;
        if let Some(row) = row.checked_sub(1)
            && self.cursor.click(row.into())
        {
            self.evidence = 0;
            if before == self.cursor.at {
                return Step::Other;
            }
        }
        Step::Done
    }

    fn scroll(&mut self, lines: isize) {
        self.cursor.scroll(lines);
    }

    fn task(&self, _session: &Session) -> Option<TaskId> {
        self.finding()?.subject.task_id
    }

    fn subject(&self, _session: &Session) -> Option<NoteSubject> {
        self.finding().map(NoteSubject::of)
    }

    fn copied(&self, _session: &Session) -> Option<String> {
        let evidence = self.chosen();
        let place = evidence.and_then(|evidence| Some(format!("{} {}", evidence.blob?, evidence.pointer.as_deref()?)));
        place.or_else(|| self.finding().map(|finding| finding.message.clone()))
    }

    fn twin(&self, session: &Session) -> Vec<String> {
        let mut twin = vec!["replay".to_owned(), "--all".to_owned()];
        twin.extend(session.question_arguments());
        twin
    }
}
