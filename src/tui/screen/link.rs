//! One task in the chain of a target, in tabs: what was checked of it, what it is, and who says so.
//!
//! ```text
//!  checks  definition  graph  rebuild  runs  artifacts  attestation  signature  findings  dependants
//! ✔ verified  signing:build  PvLdgkFfQbC35oojJE-EfQ  docker-worker, run 0
//! ✔ definition: the queue's definition is there and can be read
//! ```
//!
//! Each tab makes a [`Body`] of what the session has, again whenever that changes, and never while it is drawn.

mod artifacts;
mod attestation;
mod body;
mod bytes;
mod checks;
mod definition;
mod dependants;
mod findings;
mod graph;
mod rebuild;
mod runs;
mod signature;
mod tree;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Span;

use self::body::{Body, Lines, Opens};
use super::chain::Chain;
use super::{Purpose, Screen, Step};
use crate::model::{ATTESTATION_JSON, LinkReport, Report, TaskId};
use crate::tui::app::explained;
use crate::tui::keymap::{Action, Place};
use crate::tui::list::{Cursor, Sought};
use crate::tui::session::Session;
use crate::tui::text::{captured, plain};
use crate::tui::view::{cell, select};

/// How many columns a step to the side is.
const STEP_ACROSS: usize = 8;

/// The tabs, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    Checks,
    Definition,
    Graph,
    Rebuild,
    Runs,
    Artifacts,
    Attestation,
    Signature,
    Findings,
    Dependants,
}

impl Tab {
    const ALL: [Self; 10] = [
        Self::Checks,
        Self::Definition,
        Self::Graph,
        Self::Rebuild,
        Self::Runs,
        Self::Artifacts,
        Self::Attestation,
        Self::Signature,
        Self::Findings,
        Self::Dependants,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Checks => "checks",
            Self::Definition => "definition",
            Self::Graph => "graph",
            Self::Rebuild => "rebuild",
            Self::Runs => "runs",
            Self::Artifacts => "artifacts",
            Self::Attestation => "attestation",
            Self::Signature => "signature",
            Self::Findings => "findings",
            Self::Dependants => "dependants",
        }
    }

    fn number(self) -> usize {
        Self::ALL.iter().position(|tab| *tab == self).unwrap_or_default()
    }

    /// The tab so many places further, around the end.
    fn stepped(self, by: usize) -> Self {
        Self::ALL[(self.number() + by) % Self::ALL.len()]
    }
}

/// The screen.
pub(in crate::tui) struct Link {
    target: TaskId,
    task_id: TaskId,
    tab: Tab,
    pages: [Page; Tab::ALL.len()],
    sought: Sought,
    /// How often the key that goes through the ways to show an attestation was pressed.
    ways: usize,
    /// The first row of the body, in the screen's area.
    top: u16,
}

/// What a tab shows, and where it stands.
#[derive(Default)]
struct Page {
    cursor: Cursor,
    /// The first column that is seen, where lines are not wrapped.
    across: usize,
    /// What the body was made of.
    stamp: Option<Stamp>,
    body: Body,
    /// A line about it.
    about: String,
}

/// Of what a body is made: another number where something else is there.
type Stamp = Vec<usize>;

/// What tabs are made of.
struct Context<'a> {
    session: &'a Session,
    task_id: TaskId,
    /// The report of the target, and in it the link.
    report: Option<&'a Report>,
    link: Option<&'a LinkReport>,
}

/// Where something lies: another number for another thing of its kind that is there at the same time.
fn address<T>(of: &T) -> usize {
    std::ptr::from_ref(of) as usize
}

impl Context<'_> {
    /// Says why there is nothing of the link.
    fn absent(&self, lines: &mut Lines) {
        let theme = self.session.theme;
        match self.report {
            Some(_) => lines.text("it is no link of this chain: Esc, then 4 on it, asks for its own", theme.dim()),
            None => lines.text("being judged", theme.dim()),
        };
    }
}

impl Link {
    /// A task in the chain of a target.
    pub(in crate::tui) fn of(target: TaskId, task_id: TaskId) -> Self {
        Self {
            target,
            task_id,
            tab: Tab::Checks,
            pages: Default::default(),
            sought: Sought::default(),
            ways: 0,
            top: 0,
        }
    }

    /// At one of the tabs.
    fn at(mut self, tab: Tab) -> Self {
        self.tab = tab;
        self
    }

    fn page(&self) -> &Page {
        &self.pages[self.tab.number()]
    }

    fn page_mut(&mut self) -> &mut Page {
        &mut self.pages[self.tab.number()]
    }

    fn context<'a>(&self, session: &'a Session) -> Context<'a> {
        let report = session.chain(&self.target).and_then(|report| report.as_deref().ok());
        let links = report.and_then(|report| report.targets.first()).map_or(&[][..], |target| &target.links);
        let link = links.iter().find(|link| link.task_id == self.task_id);
        Context { session, task_id: self.task_id, report, link }
    }

    /// Asks for what the tab needs.
    fn want(&self, session: &mut Session) {
        session.want_chain(self.target);
        let document = match self.tab {
            Tab::Definition => definition::digest(session, &self.task_id),
            Tab::Attestation => attestation::digest(session, &self.task_id, self.ways),
            Tab::Checks
            | Tab::Graph
            | Tab::Rebuild
            | Tab::Runs
            | Tab::Artifacts
            | Tab::Signature
            | Tab::Findings
            | Tab::Dependants => None,
        };
        if let Some(digest) = document {
            session.want_document(digest);
        }
        match self.tab {
            Tab::Checks | Tab::Findings | Tab::Dependants => {}
            Tab::Definition | Tab::Runs => session.want_evidence(self.task_id),
            Tab::Graph => session.want_facts(self.task_id),
            Tab::Rebuild => session.want_rebuild(self.task_id),
            Tab::Artifacts | Tab::Attestation => {
                session.want_evidence(self.task_id);
                session.want_facts(self.task_id);
            }
            Tab::Signature => {
                session.want_facts(self.task_id);
                session.want_keys();
            }
        }
    }

    /// Of what the body of the tab is made.
    fn stamp(&self, session: &Session) -> Stamp {
        let report = session.chain(&self.target).map_or(0, |report| match report {
            Ok(report) => Arc::as_ptr(report) as usize,
            Err(_) => 1,
        });
        let seen = session.seen.get(&self.task_id).map_or(0, |seen| seen.as_deref().map_or(1, address));
        let facts = session.facts.get(&self.task_id).map_or(0, |facts| facts.as_deref().map_or(1, address));
        match self.tab {
            Tab::Checks | Tab::Findings => vec![report],
            Tab::Definition => definition::stamp(session, &self.task_id),
            Tab::Graph => vec![facts, session.catalog.len()],
            Tab::Rebuild => vec![usize::from(session.rebuilds.get(&self.task_id).is_some())],
            Tab::Runs => vec![seen],
            Tab::Artifacts => vec![seen, facts],
            Tab::Attestation => attestation::stamp(session, &self.task_id, self.ways),
            Tab::Signature => vec![report, facts, session.keys.as_deref().map_or(0, address)],
            Tab::Dependants => dependants::stamp(session),
        }
    }

    fn make(&self, session: &Session) -> (Body, String) {
        let context = self.context(session);
        let lines = match self.tab {
            Tab::Definition => return (definition::body(&context), String::new()),
            Tab::Attestation => return attestation::body(&context, self.ways),
            Tab::Dependants => return (dependants::body(&context), String::new()),
            Tab::Checks => checks::lines(&context),
            Tab::Graph => graph::lines(&context),
            Tab::Rebuild => rebuild::lines(&context),
            Tab::Runs => runs::lines(&context),
            Tab::Artifacts => artifacts::lines(&context),
            Tab::Signature => signature::lines(&context),
            Tab::Findings => findings::lines(&context),
        };
        (Body::Lines(lines), String::new())
    }

    fn search(&mut self, back: bool, session: &Session) -> Step {
        let Self { sought, pages, tab, .. } = self;
        let Page { cursor, body, .. } = &mut pages[tab.number()];
        let found = sought.go(back, cursor, body.len(), |line, text| body.has(line, text, session));
        if found { Step::Done } else { Step::Say("nothing else matches".to_owned()) }
    }

    /// Does what the line under the cursor offers.
    fn open(&mut self, session: &Session) -> Step {
        let target = self.target;
        let Page { cursor, body, .. } = self.page_mut();
        if let Some(line) = body.fold(cursor.at) {
            cursor.at = line;
            return Step::Done;
        }
        match body.opens(cursor.at) {
            Opens::Task(task_id) => Step::Go(Box::new(Self::of(target, task_id).at(self.tab))),
            Opens::Code(code) => explained(code, session),
            Opens::Nothing => Step::Done,
        }
    }

    /// Shows the attestation in the next way; of a finding, what its code means.
    fn turn(&mut self, session: &Session) -> Step {
        match self.tab {
            Tab::Attestation => {
                self.ways = self.ways.wrapping_add(1);
                let page = self.page_mut();
                (page.cursor, page.across) = (Cursor::default(), 0);
                Step::Done
            }
            Tab::Findings => self.open(session),
            Tab::Checks
            | Tab::Definition
            | Tab::Graph
            | Tab::Rebuild
            | Tab::Runs
            | Tab::Artifacts
            | Tab::Signature
            | Tab::Dependants => Step::Say("bytes are shown on the tab attestation".to_owned()),
        }
    }

    fn draw_tabs(&self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let theme = session.theme;
        let words: Vec<String> = Tab::ALL.iter().map(|tab| format!(" {} ", tab.word())).collect();
        let own = self.tab.number();
        // The first that is seen: so that the own one is.
        let room = usize::from(area.width).saturating_sub(2);
        let mut first = 0;
        while first < own && words[first..=own].iter().map(String::len).sum::<usize>() > room {
            first += 1;
        }
        let mut spans = Vec::new();
        if first > 0 {
            spans.push(Span::styled(theme.or("‹", "<"), theme.dim()));
        }
        for (number, word) in words.into_iter().enumerate().skip(first) {
            let style = if number == own { theme.selected() } else { theme.dim() };
            spans.push(Span::styled(word, style));
        }
        cell(spans, area, buffer);
    }

    fn draw_head(&self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let theme = session.theme;
        let context = self.context(session);
        let mut spans = Vec::new();
        if let Some(link) = context.link {
            let verdict = format!("{} {}  ", theme.verdict_symbol(link.verdict), link.verdict.word());
            spans.push(Span::styled(verdict, theme.verdict(link.verdict)));
            spans.extend(captured(&link.name, theme.heading(), theme));
            let run = link.run_id.map_or_else(|| "no run".to_owned(), |run_id| format!("run {run_id}"));
            let worker = link.worker_impl.as_deref().unwrap_or("worker unknown");
            spans.extend(captured(&format!("  {worker}, {run}"), theme.dim(), theme));
        } else if context.report.is_some() {
            let other = format!("not a link of the chain of {}", session.title(&self.target));
            spans.extend(captured(&other, theme.dim(), theme));
        } else {
            spans.push(Span::styled("being judged", theme.dim()));
        }
        if !self.page().about.is_empty() {
            // What the bytes are matters more here than whose they are.
            spans.truncate(1);
            spans.push(Span::raw(self.page().about.clone()));
        }
        cell(spans, area, buffer);
    }
}

impl Screen for Link {
    fn place(&self) -> Place {
        Place::Link
    }

    fn title(&self, session: &Session) -> String {
        let of = if self.task_id == self.target {
            String::new()
        } else {
            format!(", in the chain of {}", plain(session.title(&self.target)))
        };
        format!("{} of {}  {}{of}", self.tab.word(), plain(session.title(&self.task_id)), self.task_id)
    }

    fn prepare(&mut self, session: &mut Session) {
        self.want(session);
        let stamp = self.stamp(session);
        if self.page().stamp.as_ref() != Some(&stamp) {
            let (body, about) = self.make(session);
            let page = self.page_mut();
            (page.stamp, page.body, page.about) = (Some(stamp), body, about);
        }
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let heads = if area.height > 4 { 2 } else { area.height.min(1) };
        let [top, body] = Layout::vertical([Constraint::Length(heads), Constraint::Min(0)]).areas(area);
        self.draw_tabs(session, Rect { height: top.height.min(1), ..top }, buffer);
        if heads > 1 {
            self.draw_head(session, Rect { y: top.y + 1, height: 1, ..top }, buffer);
        }
        self.top = heads;
        let page = self.page_mut();
        page.body.fit(body.width.into(), session.theme);
        let window = page.cursor.window(page.body.len(), body.height.into());
        for (line, y) in window.zip(body.y..) {
            let row = Rect { y, height: 1, ..body };
            cell(page.body.spans(line, page.across, row.width.into(), session), row, buffer);
            if line == page.cursor.at {
                select(row, session, buffer);
            }
        }
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Step {
        if self.page_mut().cursor.act(action) {
            return Step::Done;
        }
        match action {
            Action::Next => self.tab = self.tab.stepped(1),
            Action::Previous => self.tab = self.tab.stepped(Tab::ALL.len() - 1),
            Action::Left => {
                let page = self.page_mut();
                page.across = page.across.saturating_sub(STEP_ACROSS);
            }
            Action::Right => {
                let page = self.page_mut();
                page.across = (page.across + STEP_ACROSS).min(page.body.widest());
            }
            Action::Open | Action::Fold => return self.open(session),
            Action::Hex => return self.turn(session),
            Action::Chain => return Step::Go(Box::new(Chain::on(self.target, self.task_id))),
            Action::Search => {
                self.sought.begin(&self.pages[self.tab.number()].cursor);
                return Step::Type { purpose: Purpose::Search, label: "/", text: String::new() };
            }
            Action::SearchNext => return self.search(false, session),
            Action::SearchBack => return self.search(true, session),
            _ => return Step::Other,
        }
        Step::Done
    }

    fn typed(&mut self, purpose: Purpose, text: &str, _is_done: bool, session: &mut Session) -> Step {
        if purpose == Purpose::Search {
            let Self { sought, pages, tab, .. } = self;
            let Page { cursor, body, .. } = &mut pages[tab.number()];
            sought.typed(text, cursor, body.len(), |line, text| body.has(line, text, session));
        }
        Step::Done
    }

    fn click(&mut self, column: u16, row: u16, _session: &mut Session) -> Step {
        let _ = column;
        let Some(row) = row.checked_sub(self.top) else { return Step::Done };
        let cursor = &mut self.page_mut().cursor;
        let before = cursor.at;
        if cursor.click(row.into()) && before == cursor.at { Step::Other } else { Step::Done }
    }

    fn scroll(&mut self, lines: isize) {
        self.page_mut().cursor.scroll(lines);
    }

    fn task(&self, _session: &Session) -> Option<TaskId> {
        let page = self.page();
        match page.body.opens(page.cursor.at) {
            Opens::Task(task_id) => Some(task_id),
            Opens::Code(_) | Opens::Nothing => Some(self.task_id),
        }
    }

    fn copied(&self, _session: &Session) -> Option<String> {
        let page = self.page();
        Some(page.body.copied(page.cursor.at).unwrap_or_else(|| self.task_id.to_string()))
    }

    fn twin(&self, session: &Session) -> Vec<String> {
        let task_id = self.task_id.to_string();
        let (words, judges): (&[&str], bool) = match self.tab {
            Tab::Attestation => {
                let name = attestation::name(session, &self.task_id, self.ways).unwrap_or(ATTESTATION_JSON);
                return ["cat", &task_id, name].map(str::to_owned).to_vec();
            }
            Tab::Definition => return ["cat", &task_id, "definition.json"].map(str::to_owned).to_vec(),
            Tab::Dependants => (&["dependants", &task_id], false),
            Tab::Rebuild => (&["show", &task_id, "--rebuild"], true),
            Tab::Checks | Tab::Graph | Tab::Runs | Tab::Artifacts | Tab::Signature | Tab::Findings => {
                (&["show", &task_id], true)
            }
        };
        let mut twin: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        if judges {
            twin.extend(session.question_arguments());
        }
        twin
    }
}
