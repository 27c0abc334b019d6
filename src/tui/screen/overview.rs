//! What the case holds, what its targets came to, and the findings that matter most.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::chain::Chain;
use super::findings::{Findings, weightiest_target};
use super::{Screen, Step};
use crate::model::{Completeness, Finding, Moment, NoteSubject, Plane, Report, Severity, TaskId};
use crate::replay::Standing;
use crate::tui::app::explained;
use crate::tui::keymap::{Action, Place};
use crate::tui::list::Cursor;
use crate::tui::message::TargetLine;
use crate::tui::session::Session;
use crate::tui::text::{captured, plain};
use crate::tui::view::{cell, count, rule, select, size};

/// How many findings are told here.
const FINDINGS: usize = 10;

/// The screen.
#[derive(Debug, Default)]
pub(in crate::tui) struct Overview {
    cursor: Cursor,
    /// The places of the findings that matter most, and the report that they are of.
    weightiest: Option<(Arc<Report>, Vec<usize>)>,
    /// What the targets carry, told, and the targets that it is of.
    eras: Option<(Arc<Vec<TargetLine>>, String)>,
    /// How many came to what, and the standings that it is of.
    reasons: Option<Reasons>,
}

/// How many targets came to each verdict for which reason, and what it is of.
type Reasons = (Arc<Vec<Standing>>, BTreeMap<Standing, u64>);

/// The places of the findings that matter most: by severity, those that count for the verdict first; one of each code and plane before
/// the next of the same, so that many of one kind hide no other.
pub(super) fn weightiest(report: &Report) -> Vec<usize> {
    let mut seen: BTreeMap<(Plane, &str), usize> = BTreeMap::new();
    let mut ranked: Vec<(usize, usize, &Finding)> = report
        .findings
        .iter()
        .enumerate()
        .map(|(place, finding)| {
            let nth = seen.entry((finding.plane, finding.code.id())).or_default();
            *nth += 1;
            (*nth, place, finding)
        })
        .collect();
    ranked.sort_by(|(a, _, one), (b, _, other)| {
        other.severity.cmp(&one.severity).then(a.cmp(b)).then_with(|| one.order(other))
    });
    ranked.into_iter().map(|(_, place, _)| place).collect()
}

impl Overview {
    fn finding<'a>(&self, session: &'a Session) -> Option<&'a Finding> {
        let (_, report) = session.survey.as_ref()?;
        let (of, places) = self.weightiest.as_ref()?;
        report.findings.get(*places.get(self.cursor.at)?).filter(|_| Arc::ptr_eq(of, report))
    }

    /// Works out what is told, where it is of something else.
    fn work_out(&mut self, session: &Session) {
        if let Some((_, report)) = &session.survey
            && self.weightiest.as_ref().is_none_or(|(of, _)| !Arc::ptr_eq(of, report))
        {
            let places = weightiest(report).into_iter().take(FINDINGS).collect();
            self.weightiest = Some((Arc::clone(report), places));
        }
        if self.eras.as_ref().is_none_or(|(of, _)| !Arc::ptr_eq(of, &session.targets)) {
            self.eras = Some((Arc::clone(&session.targets), eras(session)));
        }
        if let Some(standings) = &session.standings
            && self.reasons.as_ref().is_none_or(|(of, _)| !Arc::ptr_eq(of, standings))
        {
            let mut reasons = BTreeMap::new();
            standings.iter().for_each(|standing| *reasons.entry(*standing).or_default() += 1);
            self.reasons = Some((Arc::clone(standings), reasons));
        }
    }

    fn draw_findings(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let theme = session.theme;
        let [head, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
        let Some((version, report)) = &session.survey else {
            rule(session, "the findings that matter most: being made", head, buffer);
            return;
        };
        let age = if *version == session.version { "" } else { ", of the question before" };
        rule(session, &format!("the findings that matter most{age}"), head, buffer);
        let told: Vec<&Finding> = match &self.weightiest {
            Some((of, places)) if Arc::ptr_eq(of, report) => {
                places.iter().filter_map(|place| report.findings.get(*place)).collect()
            }
            Some(_) | None => Vec::new(),
        };
        let window = self.cursor.window(told.len(), body.height.into());
        if told.is_empty() {
            Line::styled("none: no check failed, and the audit saw nothing odd", theme.dim()).render(body, buffer);
        }
        let at = self.cursor.at;
        for (place, y) in window.zip(body.y..) {
            let row = Rect { y, height: 1, ..body };
            cell(finding_line(told[place], session), row, buffer);
            if place == at {
                select(row, session, buffer);
            }
        }
    }
}

/// A finding in a line.
pub(super) fn finding_line(finding: &Finding, session: &Session) -> Vec<Span<'static>> {
    let theme = session.theme;
    let severity = format!("{} {:<7}", theme.severity_symbol(finding.severity), finding.severity.word());
    let plane = match finding.plane {
        Plane::Rule => "rule  ",
        Plane::Audit => "audit ",
    };
    let mut spans = vec![
        Span::styled(severity, theme.severity(finding.severity)),
        Span::styled(plane, theme.dim()),
        Span::styled(format!("{}  ", finding.code.id()), theme.heading()),
    ];
    if let Some(task_id) = &finding.subject.task_id {
        spans.extend(captured(session.title(task_id), Style::new(), theme));
        spans.push(Span::raw(": "));
    }
    spans.extend(captured(&finding.message, Style::new(), theme));
    spans
}

impl Screen for Overview {
    fn place(&self) -> Place {
        Place::Overview
    }

    fn title(&self, session: &Session) -> String {
        let name = session.path.file_name().map(|name| name.to_string_lossy().into_owned());
        format!("overview of {}", plain(&name.unwrap_or_default()))
    }

    fn prepare(&mut self, session: &mut Session) {
        session.want_survey();
        self.work_out(session);
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let mut lines = evidence(session, self.eras.as_ref().map_or("", |(_, told)| told));
        lines.extend(judged(session, self.reasons.as_ref().map(|(_, reasons)| reasons)));
        let above = (lines.len() as u16).min(area.height.saturating_sub(4));
        let [top, below] = Layout::vertical([Constraint::Length(above), Constraint::Min(0)]).areas(area);
        for (line, y) in lines.into_iter().zip(top.y..top.bottom()) {
            cell(line.spans, Rect { y, height: 1, ..top }, buffer);
        }
        self.draw_findings(session, below, buffer);
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Step {
        if self.cursor.act(action) {
            return Step::Done;
        }
        match (action, self.finding(session)) {
            (Action::Explain, Some(finding)) => explained(finding.code, session),
            (Action::Chain, Some(finding)) => weightiest_target(finding, session)
                .map_or(Step::Other, |task_id| Step::Go(Box::new(Chain::of(task_id)))),
            (Action::Open, Some(finding)) => Step::Go(Box::new(Findings::on(Some(finding)))),
            _ => Step::Other,
        }
    }

    fn scroll(&mut self, lines: isize) {
        self.cursor.scroll(lines);
    }

    fn task(&self, session: &Session) -> Option<TaskId> {
        self.finding(session)?.subject.task_id
    }

    fn subject(&self, session: &Session) -> Option<NoteSubject> {
        self.finding(session).map(NoteSubject::of)
    }

    fn twin(&self, session: &Session) -> Vec<String> {
        let mut twin = vec!["replay".to_owned(), "--all".to_owned()];
        twin.extend(session.question_arguments());
        twin
    }
}

/// What the case holds.
fn evidence(session: &Session, eras: &str) -> Vec<Line<'static>> {
    let theme = session.theme;
    let name = |text: &str| Span::styled(format!("{text:<14}"), theme.heading());
    let Some(info) = &session.info else {
        let tasks = if session.tasks == 0 { String::new() } else { format!("{} tasks, ", count(session.tasks)) };
        return vec![Line::from(vec![name("case"), Span::raw(tasks), Span::styled("being read", theme.dim())])];
    };
    let mut lines = vec![Line::from(vec![
        name("case"),
        Span::raw(format!("{} tasks, {} documents ", count(session.tasks), count(info.blobs.0))),
        Span::styled(format!("({}, {} packed)", size(info.blobs.1), size(info.packed)), theme.dim()),
    ])];
    for snapshot in info.snapshots.iter().rev().take(3) {
        let digest: String = snapshot.digest.to_string().chars().take(12).collect();
        let mut spans = vec![
            name("snapshot"),
            Span::raw(format!("{digest}  {} tasks, {} artifacts  ", count(snapshot.tasks), count(snapshot.artifacts))),
        ];
        spans.extend(captured(snapshot.root_url.as_deref().unwrap_or("no deployment named"), theme.dim(), theme));
        let accepted = match &snapshot.keys_accepted_by {
            Some(operator) => format!("  its keys accepted by {}", plain(operator)),
            None => "  its keys accepted by nobody".to_owned(),
        };
        spans.push(Span::styled(accepted, theme.dim()));
        lines.push(Line::from(spans));
    }
    if let Some(more) = info.snapshots.len().checked_sub(3).filter(|more| *more > 0) {
        lines.push(Line::from(vec![name(""), Span::styled(format!("and {more} older"), theme.dim())]));
    }
    lines.push(Line::from(vec![name("eras"), Span::raw(eras.to_owned())]));
    lines
}

/// Targets that carry signatures of one form.
#[derive(Default)]
struct Era {
    targets: u64,
    /// The first and the last year in which they were judged.
    years: Option<(i16, i16)>,
}

/// How many targets carry signatures of which form, and in which years they were judged.
fn eras(session: &Session) -> String {
    let mut eras: BTreeMap<&str, Era> = BTreeMap::new();
    for target in session.targets.iter() {
        let forms: BTreeSet<&str> =
            target.keys.iter().filter_map(|key| key.split_once(':')).map(|(form, _)| form).collect();
        let forms = if forms.is_empty() { BTreeSet::from(["unsigned"]) } else { forms };
        for form in forms {
            let era = eras.entry(form).or_default();
            era.targets += 1;
            if let Some(year) = target.judged_at.map(Moment::year) {
                let (first, last) = era.years.unwrap_or((year, year));
                era.years = Some((first.min(year), last.max(year)));
            }
        }
    }
    let told = eras.into_iter().map(|(form, era)| {
        let years = match era.years {
            Some((first, last)) if first == last => format!(" of {first}"),
            Some((first, last)) => format!(" of {first} to {last}"),
            None => String::new(),
        };
        format!("{} {form}{years}", count(era.targets))
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() { "no targets yet".to_owned() } else { told.join(", ") }
}

/// What the targets came to, and what is missing.
fn judged(session: &Session, reasons: Option<&BTreeMap<Standing, u64>>) -> Vec<Line<'static>> {
    let theme = session.theme;
    let name = |text: &str| Span::styled(format!("{text:<14}"), theme.heading());
    let mut lines = Vec::new();
    if let Some(reasons) = reasons {
        for (&(verdict, reason), &number) in reasons.iter().rev() {
            let why = reason.map_or(String::new(), |reason| format!("  {}", reason.phrase()));
            lines.push(Line::from(vec![
                name(if lines.is_empty() { "verdicts" } else { "" }),
                Span::styled(
                    format!("{} {} {}", theme.verdict_symbol(verdict), count(number), verdict.word()),
                    theme.verdict(verdict),
                ),
                Span::styled(why, theme.dim()),
            ]));
        }
    }
    let Some((_, report)) = &session.survey else { return lines };
    let mut total = Completeness::default();
    for snapshot in &report.snapshots {
        let Completeness { present, absent, gone, unknown } = snapshot.completeness;
        total.present += present;
        total.absent += absent;
        total.gone += gone;
        total.unknown += unknown;
    }
    lines.push(Line::from(vec![
        name("evidence"),
        Span::raw(format!("{} of {} pieces present", count(total.present), count(total.needed()))),
        Span::styled(
            format!(
                ", {} absent, {} gone, {} never asked for",
                count(total.absent),
                count(total.gone),
                count(total.unknown)
            ),
            theme.dim(),
        ),
    ]));
    lines.push(Line::from(vec![name("findings"), Span::raw(findings(report))]));
    let mut gaps: BTreeMap<&str, u64> = BTreeMap::new();
    report.gaps.iter().for_each(|gap| *gaps.entry(gap.kind.word()).or_default() += 1);
    let told: Vec<String> = gaps.into_iter().map(|(kind, number)| format!("{} {kind}", count(number))).collect();
    let told = if told.is_empty() { "none".to_owned() } else { told.join(", ") };
    lines.push(Line::from(vec![name("gaps"), Span::raw(told)]));
    let required = report.not_checked.iter().filter(|part| part.required_by_rules);
    let required: Vec<&str> = required.map(|part| part.what.as_str()).collect();
    let others = report.not_checked.len() - required.len();
    let told = if required.is_empty() { String::new() } else { format!("{}, and ", required.join(", ")) };
    lines.push(Line::from(vec![
        name("not covered"),
        Span::styled(
            format!("{told}{others} things that no verdict covers: the command line (!) lists them"),
            theme.dim(),
        ),
    ]));
    lines
}

/// How many findings of which severity, those left out of the report among them.
fn findings(report: &Report) -> String {
    let mut counts: BTreeMap<Severity, [u64; 2]> = BTreeMap::new();
    let place = |plane: Plane| match plane {
        Plane::Rule => 0,
        Plane::Audit => 1,
    };
    for finding in &report.findings {
        counts.entry(finding.severity).or_default()[place(finding.plane)] += 1;
    }
    for left in &report.findings_left_out {
        counts.entry(left.code.severity()).or_default()[place(left.plane)] += left.count;
    }
    let told: Vec<String> = counts
        .into_iter()
        .rev()
        .map(|(severity, [rule, audit])| {
            format!("{} {} ({} by rule, {} by audit)", count(rule + audit), severity.word(), count(rule), count(audit))
        })
        .collect();
    if told.is_empty() { "none".to_owned() } else { told.join(", ") }
}
