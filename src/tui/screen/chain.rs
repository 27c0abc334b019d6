//! The chain of one target back to the tree.
//!
//! ```text
//! ✘ REFUTED  [key not trusted at that moment] signing: the signature is sound, but …
//! evidence: 14 of 14 present, 0 absent, 0 gone, 0 never asked for
//! VERDICT        LINK                TYPE        WHY                       KEY       SIGNED
//! ✘ refuted      signing             signing     signature: its key was …  EB1D2614  2017-06-07T11:38:29Z
//! ✔ verified     ├─ decision         decision    10 checks pass            DD063143  2017-06-27T10:04:29Z
//! ○ gap          │  └─ artifact …                was not captured: nobody asked for it; needed for: …
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::link::Link;
use super::{Purpose, Screen, Step};
use crate::model::{AttestationReport, CheckResult, Gap, LinkReport, Outcome, Report, TargetReport, TaskId, Verdict};
use crate::tui::keymap::{Action, Place};
use crate::tui::list::{Cursor, Sought, has_text};
use crate::tui::session::Session;
use crate::tui::text::{captured, plain};
use crate::tui::theme::Theme;
use crate::tui::view::wrap::{HANG, broken};
use crate::tui::view::{cell, rule, select};

/// How many characters of a key are told in its column.
const KEY_SHORT: usize = 8;

/// The most lines of what is under the cursor.
const DETAIL_MAX: usize = 10;

/// The screen.
pub(in crate::tui) struct Chain {
    target: TaskId,
    cursor: Cursor,
    /// The task that the cursor stays on while the chain is judged again.
    held: Option<TaskId>,
    made: Option<Made>,
    sought: Sought,
    /// The first row of the list, in the screen's area.
    top: u16,
}

/// The rows of a report.
struct Made {
    report: Arc<Report>,
    rows: Vec<Row>,
    /// The columns that the widest row takes with the last parts of names, and with whole paths.
    widths: (usize, usize),
}

/// A row of the tree.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    /// The branches before it.
    stem: String,
    what: What,
}

/// What a row tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// The link with this number.
    Link(usize),
    /// The gap with this number.
    Gap(usize),
}

/// A row with what it is of.
enum Told<'a> {
    Link(&'a LinkReport),
    Gap(&'a Gap),
}

impl Told<'_> {
    fn task_id(&self) -> Option<TaskId> {
        match self {
            Self::Link(link) => Some(link.task_id),
            Self::Gap(gap) => gap.subject.task_id,
        }
    }
}

impl Chain {
    /// The chain of a target.
    pub(in crate::tui) fn of(target: TaskId) -> Self {
        Self::on(target, target)
    }

    /// The chain of a target, with the cursor on one of its links.
    pub(in crate::tui) fn on(target: TaskId, link: TaskId) -> Self {
        Self { target, cursor: Cursor::default(), held: Some(link), made: None, sought: Sought::default(), top: 0 }
    }

    fn told(&self, line: usize) -> Option<Told<'_>> {
        let made = self.made.as_ref()?;
        match made.rows.get(line)?.what {
            What::Link(number) => made.report.targets.first()?.links.get(number).map(Told::Link),
            What::Gap(number) => made.report.gaps.get(number).map(Told::Gap),
        }
    }

    fn len(&self) -> usize {
        self.made.as_ref().map_or(0, |made| made.rows.len())
    }

    fn hold(&mut self) {
        self.held = self.told(self.cursor.at).and_then(|told| told.task_id());
    }

    /// Whether a row has a text.
    fn has(&self, line: usize, text: &str) -> bool {
        match self.told(line) {
            Some(Told::Link(link)) => {
                let attestation = shown(link);
                let worker = attestation.and_then(|attestation| attestation.worker_id.as_deref());
                [Some(&*link.name), Some(link.task_id.as_str()), link.key.as_deref(), link.task_type.as_deref(), worker]
                    .into_iter()
                    .flatten()
                    .any(|part| has_text(part, text))
            }
            Some(Told::Gap(gap)) => has_text(&gap.words(), text),
            None => false,
        }
    }

    fn search(&mut self, back: bool) -> Step {
        let (mut cursor, len) = (self.cursor, self.len());
        let found = self.sought.go(back, &mut cursor, len, |line, text| self.has(line, text));
        self.cursor = cursor;
        self.hold();
        if found { Step::Done } else { Step::Say("nothing else matches".to_owned()) }
    }

    fn draw_list(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let [heads, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
        let Some(made) = &self.made else { return };
        let (columns, has_paths) = columns(area.width, made.widths);
        let places = Layout::horizontal(columns.iter().map(|(_, width)| *width)).spacing(1).split(heads);
        for ((column, _), place) in columns.iter().zip(places.iter()) {
            cell(vec![Span::styled(column.head(), session.theme.heading())], *place, buffer);
        }
        let window = self.cursor.window(made.rows.len(), body.height.into());
        for (line, y) in window.zip(body.y..) {
            let (Some(row), Some(told)) = (made.rows.get(line), self.told(line)) else { continue };
            for ((column, _), place) in columns.iter().zip(places.iter()) {
                let spans = match &told {
                    Told::Link(link) => column.of_link(link, &row.stem, has_paths, session.theme),
                    Told::Gap(gap) => column.of_gap(gap, &row.stem, session.theme),
                };
                cell(spans, Rect { y, ..*place }, buffer);
            }
            if line == self.cursor.at {
                select(Rect { y, height: 1, ..body }, session, buffer);
            }
        }
    }

    /// What is under the cursor, in full.
    fn detail(&self, session: &Session) -> Vec<Line<'static>> {
        match self.told(self.cursor.at) {
            Some(Told::Link(link)) => link_detail(link, session.theme),
            Some(Told::Gap(gap)) => gap_detail(gap, session.theme),
            None => Vec::new(),
        }
    }
}

impl Screen for Chain {
    fn place(&self) -> Place {
        Place::Chain
    }

    fn title(&self, session: &Session) -> String {
        let is_of_now = session.chains.get(&(session.version, self.target)).is_some();
        let age = if is_of_now || self.made.is_none() { "" } else { ", of the question before" };
        format!("chain of {}  {}{age}", plain(session.title(&self.target)), self.target)
    }

    fn prepare(&mut self, session: &mut Session) {
        session.want_chain(self.target);
        let Some(Ok(report)) = session.chain(&self.target) else { return };
        if self.made.as_ref().is_some_and(|made| Arc::ptr_eq(&made.report, report)) {
            return;
        }
        self.made = Some(Made::of(Arc::clone(report), session.theme));
        let is_held = |line: &usize| self.told(*line).is_some_and(|told| told.task_id() == self.held);
        if let Some(line) = (0..self.len()).find(is_held) {
            self.cursor.at = line;
        }
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let above = match (session.chain(&self.target), self.made.as_ref().and_then(Made::target)) {
            (Some(Err(error)), _) => {
                let told = format!("there is no chain: {}", plain(error));
                vec![Line::styled(told, session.theme.verdict(Verdict::Undetermined))]
            }
            (_, Some(target)) => target_lines(session, self.made.as_ref().map(|made| &*made.report), target),
            (_, None) => vec![Line::styled("being judged", session.theme.dim())],
        };
        let above = wrapped_first(above, area.width);
        let least = self.len().min(5) as u16 + 1;
        let head = (above.len() as u16).min(area.height.saturating_sub(least));
        let detail: Vec<Line<'_>> =
            self.detail(session).iter().flat_map(|line| broken(&line.spans, 0, HANG, area.width.into())).collect();
        let room = area.height.saturating_sub(head) / 3;
        let foot = if room < 3 { 0 } else { room.min(detail.len().min(DETAIL_MAX) as u16 + 1) };
        let [top, list, below] =
            Layout::vertical([Constraint::Length(head), Constraint::Min(0), Constraint::Length(foot)]).areas(area);
        for (line, y) in above.into_iter().zip(top.y..top.bottom()) {
            cell(line.spans, Rect { y, height: 1, ..top }, buffer);
        }
        self.top = head + 1;
        self.draw_list(session, list, buffer);
        if foot > 0 {
            rule(session, "under the cursor", Rect { height: 1, ..below }, buffer);
            for (line, y) in detail.into_iter().zip(below.y + 1..below.bottom()) {
                cell(line.spans, Rect { y, height: 1, ..below }, buffer);
            }
        }
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Step {
        if self.cursor.act(action) {
            self.hold();
            return Step::Done;
        }
        match action {
            Action::Open => match self.task(session) {
                Some(task_id) => Step::Go(Box::new(Link::of(self.target, task_id))),
                None => Step::Say("there is nothing to open here".to_owned()),
            },
            // Of another task than its own.
            Action::Chain if self.task(session) == Some(self.target) => Step::Done,
            Action::Search => {
                self.sought.begin(&self.cursor);
                Step::Type { purpose: Purpose::Search, label: "/", text: String::new() }
            }
            Action::SearchNext => self.search(false),
            Action::SearchBack => self.search(true),
            _ => Step::Other,
        }
    }

    fn typed(&mut self, purpose: Purpose, text: &str, _is_done: bool, _session: &mut Session) -> Step {
        if purpose == Purpose::Search {
            let (mut cursor, len) = (self.cursor, self.len());
            let mut sought = std::mem::take(&mut self.sought);
            sought.typed(text, &mut cursor, len, |line, text| self.has(line, text));
            (self.cursor, self.sought) = (cursor, sought);
            self.hold();
        }
        Step::Done
    }

    fn click(&mut self, _column: u16, row: u16, _session: &mut Session) -> Step {
        let before = self.cursor.at;
        let Some(row) = row.checked_sub(self.top) else { return Step::Done };
        if !self.cursor.click(row.into()) {
            return Step::Done;
        }
        self.hold();
        if before == self.cursor.at { Step::Other } else { Step::Done }
    }

    fn scroll(&mut self, lines: isize) {
        self.cursor.scroll(lines);
        self.hold();
    }

    fn task(&self, _session: &Session) -> Option<TaskId> {
        match self.told(self.cursor.at) {
            Some(told) => told.task_id(),
            None => Some(self.target),
        }
    }

    fn twin(&self, session: &Session) -> Vec<String> {
        let mut twin = vec!["replay".to_owned(), self.target.to_string(), "--chains".to_owned()];
        twin.extend(session.question_arguments());
        twin
    }
}

impl Made {
    fn of(report: Arc<Report>, theme: Theme) -> Self {
        let rows = rows(&report, theme);
        let links = report.targets.first().map_or(&[][..], |target| &target.links);
        let mut widths = (0, 0);
        for row in &rows {
            if let What::Link(number) = row.what
                && let Some(link) = links.get(number)
            {
                let stem = row.stem.chars().count();
                widths.0 = widths.0.max(stem + last_part(&link.name).chars().count());
                widths.1 = widths.1.max(stem + link.name.chars().count());
            }
        }
        Self { report, rows, widths }
    }

    fn target(&self) -> Option<&TargetReport> {
        self.report.targets.first()
    }
}

/// The tree of a report: each link below the one from which it was first reached, and what is missing of it below it.
fn rows(report: &Report, theme: Theme) -> Vec<Row> {
    let links = report.targets.first().map_or(&[][..], |target| &target.links);
    let known: BTreeMap<TaskId, usize> =
        links.iter().enumerate().map(|(number, link)| (link.task_id, number)).collect();
    let mut below: BTreeMap<Option<TaskId>, Vec<What>> = BTreeMap::new();
    for (number, gap) in report.gaps.iter().enumerate() {
        let of = gap.subject.task_id.filter(|task_id| known.contains_key(task_id));
        below.entry(of).or_default().push(What::Gap(number));
    }
    for (number, link) in links.iter().enumerate() {
        if let Some(parent) = link.reached_from {
            below.entry(Some(parent)).or_default().push(What::Link(number));
        }
    }
    let (last, middle, through) = (theme.or("└─ ", "`- "), theme.or("├─ ", "|- "), theme.or("│  ", "|  "));
    let mut rows = Vec::with_capacity(links.len() + report.gaps.len());
    // Rows still to be made: what, the branch before it, and the indentation of what hangs below it.
    let mut open: Vec<(What, String, String)> = Vec::new();
    if !links.is_empty() {
        open.push((What::Link(0), String::new(), String::new()));
    }
    while let Some((what, stem, indent)) = open.pop() {
        rows.push(Row { stem, what });
        let children = match what {
            What::Link(number) => links.get(number).and_then(|link| below.get(&Some(link.task_id))),
            What::Gap(_) => None,
        };
        let children = children.map_or(&[][..], Vec::as_slice);
        for (place, child) in children.iter().enumerate().rev() {
            let is_last = place + 1 == children.len();
            let (branch, stem) = if is_last { (last, "   ") } else { (middle, through) };
            open.push((*child, format!("{indent}{branch}"), format!("{indent}{stem}")));
        }
    }
    // Of no link: keys that nobody accepted.
    let others = below.get(&None).into_iter().flatten();
    rows.extend(others.map(|what| Row { stem: String::new(), what: *what }));
    rows
}

/// The name of a link without the path to it.
fn last_part(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// What matters most of a link's checks: the first that fails, else the first that can't be made.
pub(super) fn worst(link: &LinkReport) -> Option<&CheckResult> {
    let of = |outcome| link.checks.iter().find(|made| made.outcome == outcome);
    of(Outcome::Fail).or_else(|| of(Outcome::Unknown))
}

/// The attestation that the verdict is about.
fn shown(link: &LinkReport) -> Option<&AttestationReport> {
    let with_key = link.attestations.iter().find(|attestation| attestation.key == link.key);
    with_key.or_else(|| link.attestations.first())
}

/// The part of a key's name that people know it by: the end of a fingerprint, the beginning of a public key.
fn short(key: &str) -> String {
    match key.split_once(':') {
        Some(("openpgp", fingerprint)) => {
            fingerprint.chars().skip(fingerprint.chars().count().saturating_sub(KEY_SHORT)).collect()
        }
        Some((_, name)) => name.chars().take(KEY_SHORT).collect(),
        None => key.chars().take(KEY_SHORT).collect(),
    }
}

/// A column of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Verdict,
    Name,
    Type,
    WorkerKind,
    Why,
    Key,
    Time,
    Worker,
}

/// The columns for a width, and whether whole paths fit: what matters least goes first where there is little room.
fn columns(width: u16, (names, paths): (usize, usize)) -> (Vec<(Column, Constraint)>, bool) {
    let half = usize::from(width) / 2;
    // The reason needs the room more than the path does, which is told under the cursor, too.
    let has_paths = paths <= half / 2;
    let name = if has_paths { paths } else { names };
    let name = u16::try_from(name.clamp(4, half.max(4))).unwrap_or(width);
    let mut columns = vec![(Column::Verdict, Constraint::Length(14))];
    if width < 60 {
        columns.push((Column::Name, Constraint::Fill(1)));
        return (columns, false);
    }
    columns.push((Column::Name, Constraint::Length(name)));
    let mut wide = |column, from: u16, length: u16| {
        if width >= from {
            columns.push((column, Constraint::Length(length)));
        }
    };
    wide(Column::Type, 110, 12);
    wide(Column::WorkerKind, 140, 14);
    columns.push((Column::Why, Constraint::Fill(1)));
    let mut wide = |column, from: u16, length: u16| {
        if width >= from {
            columns.push((column, Constraint::Length(length)));
        }
    };
    wide(Column::Key, 90, 8);
    wide(Column::Time, 120, 22);
    wide(Column::Worker, 180, 22);
    (columns, has_paths)
}

impl Column {
    const fn head(self) -> &'static str {
        match self {
            Self::Verdict => "VERDICT",
            Self::Name => "LINK",
            Self::Type => "TYPE",
            Self::WorkerKind => "RUN BY",
            Self::Why => "WHY",
            Self::Key => "KEY",
            Self::Time => "SIGNED",
            Self::Worker => "WORKER",
        }
    }

    fn of_link(self, link: &LinkReport, stem: &str, has_paths: bool, theme: Theme) -> Vec<Span<'static>> {
        let optional = |text: Option<&str>| captured(text.unwrap_or(""), theme.dim(), theme);
        match self {
            Self::Verdict => {
                let told = format!("{} {}", theme.verdict_symbol(link.verdict), link.verdict.word());
                vec![Span::styled(told, theme.verdict(link.verdict))]
            }
            Self::Name => {
                let name = if has_paths { &link.name } else { last_part(&link.name) };
                let mut spans = vec![Span::styled(stem.to_owned(), theme.dim())];
                spans.extend(captured(name, Style::new(), theme));
                spans
            }
            Self::Type => optional(link.task_type.as_deref()),
            Self::WorkerKind => optional(link.worker_impl.as_deref()),
            Self::Why => match worst(link) {
                Some(made) => {
                    let check = format!("{}: ", made.check.word());
                    let mut spans = vec![Span::styled(check, theme.outcome(made.outcome))];
                    spans.extend(captured(&made.detail, Style::new(), theme));
                    spans
                }
                None => vec![Span::styled(passed(link), theme.dim())],
            },
            Self::Key => link.key.as_deref().map_or_else(Vec::new, |key| captured(&short(key), Style::new(), theme)),
            Self::Time => vec![Span::styled(signed(link, theme), theme.dim())],
            Self::Worker => optional(shown(link).and_then(|attestation| attestation.worker_id.as_deref())),
        }
    }

    fn of_gap(self, gap: &Gap, stem: &str, theme: Theme) -> Vec<Span<'static>> {
        match self {
            Self::Verdict => vec![Span::styled(format!("{} gap", theme.or("○", "o")), theme.heading())],
            Self::Name => {
                let mut spans = vec![Span::styled(stem.to_owned(), theme.dim())];
                spans.push(Span::styled(format!("{} ", gap.kind.word()), theme.heading()));
                spans.extend(captured(gap.subject.name.as_deref().unwrap_or(""), Style::new(), theme));
                spans
            }
            Self::Why => {
                let mut spans = vec![Span::styled(format!("{}: ", gap.presence.word()), theme.heading())];
                spans.extend(captured(&gap.words(), Style::new(), theme));
                spans
            }
            Self::Type | Self::WorkerKind | Self::Key | Self::Time | Self::Worker => Vec::new(),
        }
    }
}

/// How many checks passed, where none did not.
fn passed(link: &LinkReport) -> String {
    let passed = link.checks.iter().filter(|made| made.outcome == Outcome::Pass).count();
    format!("{passed} checks pass, {} do not apply", link.checks.len() - passed)
}

/// When a link's attestation was signed: by its own word, else as far as others prove it.
fn signed(link: &LinkReport, theme: Theme) -> String {
    let claimed = shown(link).and_then(|attestation| attestation.claimed_time);
    let bounds = || {
        let not_before = link.signed.not_before.as_ref().map(|bound| format!("{}{}", theme.or("≥", ">="), bound.at));
        let not_after = || link.signed.not_after.as_ref().map(|bound| format!("{}{}", theme.or("≤", "<="), bound.at));
        not_before.or_else(not_after)
    };
    claimed.map(|time| time.to_string()).or_else(bounds).unwrap_or_default()
}

/// What is told of a target above its chain.
fn target_lines(session: &Session, report: Option<&Report>, target: &TargetReport) -> Vec<Line<'static>> {
    let theme = session.theme;
    let mut headline = vec![Span::styled(
        format!("{} {}  ", theme.verdict_symbol(target.verdict), target.verdict.word().to_uppercase()),
        theme.verdict(target.verdict),
    )];
    // Of an undetermined target the headline says what is open.
    if let Some(reason) = target.reason.filter(|_| target.verdict == Verdict::Refuted) {
        headline.push(Span::raw(format!("[{}] ", reason.phrase())));
    }
    headline.extend(captured(&target.headline, Style::new(), theme));
    let mut lines = vec![Line::from(headline)];
    if let Some((verdict, reason)) = session.standing_before(&target.task_id) {
        let why = reason.map_or(String::new(), |reason| format!(", {}", reason.phrase()));
        let (symbol, word) = (theme.verdict_symbol(verdict), verdict.word());
        let told = format!("was {symbol} {word}{why}, by the question of the command line");
        lines.push(Line::styled(told, theme.changed()));
    }
    if let Some(beyond) = report.and_then(|report| report.beyond_the_rules(&target.task_id)) {
        lines.push(Line::styled(beyond, theme.severity(crate::model::Severity::High)));
    }
    let product = target.product.as_deref().unwrap_or("product undecided");
    let dot = theme.or("·", "-");
    let task_type = target.task_type.as_deref().unwrap_or("task type undecided");
    for text in [
        target.completeness.words(),
        format!("{} {dot} {} {dot} {product} {dot} {task_type}", target.as_of.words(), target.mode),
        format!("rules {} ({})", target.rules.id, target.rules.basis),
        target.verifier.words(),
        target.as_of.proven(),
    ] {
        lines.push(Line::from(captured(&text, theme.dim(), theme)));
    }
    lines
}

/// A line whose own style is in its spans: they are drawn without it.
fn styled_spans(line: Line<'static>) -> Line<'static> {
    let style = line.style;
    Line::from(line.spans.into_iter().map(|span| span.patch_style(style)).collect::<Vec<_>>())
}

/// The first line in as many rows as it needs, the others cut.
fn wrapped_first(lines: Vec<Line<'static>>, width: u16) -> Vec<Line<'static>> {
    let mut lines = lines.into_iter().map(styled_spans);
    let mut all: Vec<Line<'static>> =
        lines.next().map_or_else(Vec::new, |line| broken(&line.spans, 0, HANG, width.into()));
    all.extend(lines);
    all
}

/// A link in full: its place, what its checks came to, who signed it.
fn link_detail(link: &LinkReport, theme: Theme) -> Vec<Line<'static>> {
    let mut name = captured(&link.name, theme.heading(), theme);
    let run = link.run_id.map_or_else(|| "no run".to_owned(), |run_id| format!("run {run_id}"));
    let worker = link.worker_impl.as_deref().unwrap_or("worker unknown");
    let shape = if link.shape_from_attestation { ", shape from its attestation only" } else { "" };
    name.extend(captured(&format!("  {}  {worker}, {run}{shape}", link.task_id), theme.dim(), theme));
    let mut lines = vec![Line::from(name)];
    let mut made: Vec<&CheckResult> =
        link.checks.iter().filter(|made| matches!(made.outcome, Outcome::Fail | Outcome::Unknown)).collect();
    made.sort_by_key(|made| std::cmp::Reverse(made.outcome));
    lines.extend(made.into_iter().map(|made| check_line(made, theme)));
    for attestation in &link.attestations {
        let key = attestation.key.as_deref().unwrap_or("no known key");
        let algorithm = attestation.algorithm.as_deref().unwrap_or("signature not kept");
        let time = attestation.claimed_time.map(|time| format!(", by its own word on {time}")).unwrap_or_default();
        let worker = attestation.worker_id.as_deref().unwrap_or("no worker");
        let told = format!("signed by {key} ({algorithm}{time}); states worker {worker}");
        lines.push(Line::from(captured(&told, theme.dim(), theme)));
    }
    let bounds = link.signed.words().into_iter();
    lines.extend(bounds.map(|bound| Line::from(captured(&format!("signed {bound}"), theme.dim(), theme))));
    lines
}

/// A check with what it came to.
pub(super) fn check_line(made: &CheckResult, theme: Theme) -> Line<'static> {
    let told = format!("{} {}: ", theme.outcome_symbol(made.outcome), made.check.word());
    let mut spans = vec![Span::styled(told, theme.outcome(made.outcome))];
    spans.extend(captured(&made.detail, Style::new(), theme));
    Line::from(spans)
}

/// A gap in full.
fn gap_detail(gap: &Gap, theme: Theme) -> Vec<Line<'static>> {
    let mut lines = vec![Line::from(captured(&gap.words(), Style::new(), theme))];
    if let Some(url) = &gap.url {
        lines.push(Line::from(captured(url, theme.dim(), theme)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_short() {
        assert_eq!(short("openpgp:BFDA6BA4EC6269DBAC831A14C7586C62EB1D2614"), "EB1D2614");
        assert_eq!(short("ed25519:k0UpPbuxikFFZASPB7JlKjlz90kbRXxiIXqSUiO+dp8="), "k0UpPbux");
        assert_eq!(short("odd"), "odd");
    }

    #[test]
    fn what_matters_least_goes_first() {
        let at = |width| columns(width, (20, 60)).0.into_iter().map(|(column, _)| column).collect::<Vec<_>>();
        assert_eq!(at(40), [Column::Verdict, Column::Name]);
        assert_eq!(at(80), [Column::Verdict, Column::Name, Column::Why]);
        assert_eq!(at(250).len(), 8);
        assert!(columns(250, (20, 60)).1 && !columns(120, (20, 60)).1);
    }
}
