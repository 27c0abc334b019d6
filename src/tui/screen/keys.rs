//! Who was trusted when, and what each key signed.
//!
//! ```text
//!                     │2017  │2018  │2019            FROM       UNTIL      ON WHOSE WORD  SIGNED
//! docker-worker                 │
//!   504DF800DD063143  ┄━━●━━━━━━│━━━━┄┄┄┄┄┄┄┄        ever       open       operator            3
//! ── signed 3 │ epochs 2 │ certificates 1 │ findings 0 ── 504DF800DD063143 ─────
//! ✔ verified  build-linux64-nightly/opt     2017-06-02T20:17:44Z  claims …
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::overview::finding_line;
use super::{Purpose, Screen, Step};
use crate::insight::{KeyStretch, TimeScale, key_span, key_stretches, keys_by_role};
use crate::model::{
    AsOf, Basis, CertificateKey, CertificateSeen, EpochEvent, Finding, KeyEpoch, KeyId, KeyReport, KeyStory, KeyUse,
    Moment, NoteSubject, Role, TaskId, Verdict,
};
use crate::trust::Distrusted;
use crate::tui::app::explained;
use crate::tui::changed::Changed;
use crate::tui::keymap::{Action, Place};
use crate::tui::list::{Cursor, search};
use crate::tui::session::Session;
use crate::tui::text::{captured, captured_line, plain};
use crate::tui::theme::Theme;
use crate::tui::view::wrap::wrapped;
use crate::tui::view::{cell, count, rule, select};
use crate::tui::zoom::{Zoom, draw_axis};

/// The columns of a key's name in the list.
const NAME: u16 = KeyId::SHORT as u16 + 3;

/// The most user ids and keys that are told of one certificate: hostile ones have any number.
const TOLD_MAX: usize = 200;

/// The most epochs and certificates that are told of a key.
const TOLD_OF_KEY_MAX: usize = 50;

/// With fewer rows, either the keys or what is below them is shown.
const BOTH_MIN: u16 = 9;

/// From so many rows on the symbols of the bars are told.
const LEGEND_MIN: u16 = 16;

/// What is told of the key under the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    #[default]
    Signed,
    Epochs,
    Certificates,
    Findings,
}

impl Part {
    const ALL: [Self; 4] = [Self::Signed, Self::Epochs, Self::Certificates, Self::Findings];

    const fn word(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Epochs => "epochs",
            Self::Certificates => "certificates",
            Self::Findings => "findings",
        }
    }
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    /// `None`: the keys that are in no list.
    role: Option<Role>,
    /// The key, by its place in the report; `None`: the line of the role itself.
    story: Option<usize>,
    /// The first moment of its epochs, and the last: `None` where the source says none.
    from: Option<Moment>,
    until: Option<Moment>,
    bases: String,
    signed: usize,
}

/// The screen.
#[derive(Debug, Default)]
pub(in crate::tui) struct Keys {
    cursor: Cursor,
    rows: Vec<Row>,
    /// What the rows are of, and the time that it knows of.
    report: Option<Arc<KeyReport>>,
    known: Option<(Moment, Moment)>,
    /// In which columns a row has signatures, of the part of the time that was drawn last: a key can have made many.
    used: BTreeMap<usize, Vec<bool>>,
    used_on: Option<TimeScale>,
    /// What is told below, and whether the cursor is there.
    part: Part,
    is_below: bool,
    below: Cursor,
    /// The lines of a part that is text, and the findings of the key, each made when the cursor moves.
    lines: Vec<Line<'static>>,
    findings: Vec<usize>,
    made_of: Option<(usize, Part)>,
    zoom: Zoom,
    changed: Changed,
    searched: String,
    /// The first rows of the list and of what is below, as they were drawn last.
    drawn: (Option<u16>, Option<u16>),
}

/// The lines of a report.
fn rows(report: &KeyReport) -> Vec<Row> {
    let mut rows = Vec::new();
    let places: BTreeMap<&KeyId, usize> = report.keys.iter().enumerate().map(|(at, story)| (&story.key, at)).collect();
    for (role, stories) in keys_by_role(report) {
        rows.push(Row { role: Some(role.clone()), ..none() });
        for story in stories {
            let epochs: Vec<&KeyEpoch> = story.epochs.iter().filter(|epoch| epoch.role == *role).collect();
            let bases: BTreeSet<&str> = epochs.iter().map(|epoch| epoch.basis.map_or("nobody", Basis::word)).collect();
            let is_open = epochs.iter().any(|epoch| epoch.until.is_none());
            let is_ever = epochs.iter().any(|epoch| epoch.from.is_none());
            rows.push(Row {
                role: Some(role.clone()),
                story: places.get(&story.key).copied(),
                from: epochs.iter().filter_map(|epoch| epoch.from).min().filter(|_| !is_ever),
                until: epochs.iter().filter_map(|epoch| epoch.until).max().filter(|_| !is_open),
                bases: bases.into_iter().collect::<Vec<_>>().join(", "),
                signed: story.uses.iter().filter(|made| made.role.as_ref() == Some(role)).count(),
            });
        }
    }
    let unlisted: Vec<usize> =
        report.keys.iter().enumerate().filter(|(_, story)| story.epochs.is_empty()).map(|(place, _)| place).collect();
    if !unlisted.is_empty() {
        rows.push(none());
        rows.extend(unlisted.into_iter().map(|place| Row {
            story: Some(place),
            signed: report.keys[place].uses.len(),
            ..none()
        }));
    }
    rows
}

const fn none() -> Row {
    Row { role: None, story: None, from: None, until: None, bases: String::new(), signed: 0 }
}

impl Keys {
    fn row(&self) -> Option<&Row> {
        self.rows.get(self.cursor.at)
    }

    fn story(&self) -> Option<&KeyStory> {
        self.report.as_ref()?.keys.get(self.row()?.story?)
    }

    fn used(&self) -> Option<&KeyUse> {
        self.story()?.uses.get(self.below.at)
    }

    fn finding(&self) -> Option<&Finding> {
        self.report.as_ref()?.findings.get(*self.findings.get(self.below.at)?)
    }

    /// How many lines a part has; of texts only that there are some.
    fn len(&self, part: Part) -> usize {
        let story = self.story();
        match part {
            Part::Signed => story.map_or(0, |story| story.uses.len()),
            Part::Epochs => story.map_or(0, |story| story.epochs.len()),
            Part::Certificates => story.map_or(0, |story| story.certificates.len()),
            Part::Findings => self.findings.len(),
        }
    }

    /// What concerns the line under the cursor is made when it moves, and not for each drawing.
    fn refresh(&mut self, theme: Theme) {
        let made_of = (self.cursor.at, self.part);
        if self.made_of == Some(made_of) {
            return;
        }
        if self.made_of.is_none_or(|(at, part)| at != made_of.0 || part != made_of.1) {
            self.below = Cursor::default();
        }
        self.made_of = Some(made_of);
        self.lines = match (self.part, self.story()) {
            (Part::Epochs, Some(story)) => {
                story.epochs.iter().take(TOLD_OF_KEY_MAX).flat_map(|epoch| told_epoch(epoch, theme)).collect()
            }
            (Part::Certificates, Some(story)) => {
                story.certificates.iter().take(TOLD_OF_KEY_MAX).flat_map(|seen| told_certificate(seen, theme)).collect()
            }
            (Part::Signed | Part::Epochs | Part::Certificates | Part::Findings, _) => Vec::new(),
        };
        self.findings = self.findings_of();
    }

    /// The findings of the key under the cursor; on the line of a role, of the role and all of its keys.
    fn findings_of(&self) -> Vec<usize> {
        let (Some(report), Some(row)) = (&self.report, self.row()) else { return Vec::new() };
        let mut names: BTreeSet<&str> = BTreeSet::new();
        let of_role = self.rows.iter().filter(|other| row.story.is_none() && other.role == row.role);
        for story in of_role.chain([row]).filter_map(|row| row.story).filter_map(|place| report.keys.get(place)) {
            names.insert(story.key.as_str());
        }
        if row.story.is_none() {
            names.extend(row.role.as_ref().map(Role::as_str));
        }
        let is_named = |finding: &Finding| finding.subject.name.as_deref().is_some_and(|name| names.contains(name));
        let findings = report.findings.iter().enumerate();
        findings.filter(|(_, finding)| is_named(finding)).map(|(place, _)| place).collect()
    }

    fn search_by(&mut self, back: bool, from: usize) {
        let Some(report) = self.report.clone() else { return };
        let wanted = self.searched.to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&wanted);
        let rows = &self.rows;
        let matches = |line: usize| {
            let Some(row) = rows.get(line) else { return false };
            let Some(story) = row.story.and_then(|place| report.keys.get(place)) else {
                return row.role.as_ref().is_some_and(|role| has(role.as_str()));
            };
            let of_role = |epoch: &&KeyEpoch| row.role.as_ref() == Some(&epoch.role);
            has(story.key.as_str()) || story.epochs.iter().filter(of_role).any(|epoch| has(&epoch.source))
        };
        if !wanted.is_empty()
            && let Some(line) = search(rows.len(), from, back, matches)
        {
            self.cursor.at = line;
        }
    }

    fn span(&self, session: &Session) -> Option<(Moment, Moment)> {
        let (first, last) = self.known?;
        let moment = moment(session);
        Some((moment.map_or(first, |moment| moment.min(first)), moment.map_or(last, |moment| moment.max(last))))
    }

    fn scale(&mut self, session: &Session, columns: u16) -> Option<TimeScale> {
        let span = self.span(session)?;
        // What is zoomed into: the moment of judgement, else what the key signed, else when it began.
        let used = self.story().and_then(|story| story.uses.iter().find_map(KeyUse::about));
        let middle = moment(session).or(used).or_else(|| self.row()?.from).unwrap_or(span.0);
        self.zoom.scale(span, middle, false, columns)
    }

    fn draw_list(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let theme = session.theme;
        let [head, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
        let widths = columns(area.width);
        let of_head: [Rect; 6] = Layout::horizontal(widths).spacing(1).areas(head);
        for (word, at) in ["", "", "FROM", "UNTIL", "ON WHOSE WORD", "SIGNED"].into_iter().zip(of_head) {
            cell(vec![Span::styled(word, theme.heading())], at, buffer);
        }
        let scale = self.scale(session, of_head[1].width);
        if let Some(scale) = &scale {
            draw_axis(theme, scale, of_head[1], buffer);
        }
        if self.used_on != scale {
            self.used.clear();
            self.used_on = scale;
        }
        let window = self.cursor.window(self.rows.len(), body.height.into());
        self.drawn.0 = Some(body.y);
        let at = self.cursor.at;
        // The role of the first line that is seen, where its own line is not.
        let first = self.rows.get(window.start).filter(|row| row.story.is_some());
        let role = first.and_then(|row| row.role.as_ref());
        cell(captured(role.map_or("", Role::as_str), theme.heading(), theme), of_head[0], buffer);
        let Some(report) = &self.report else { return };
        for (line, y) in window.zip(body.y..body.bottom()) {
            let Some(row) = self.rows.get(line) else { continue };
            let area = Rect { y, height: 1, ..body };
            let of_row = || scale.map(|scale| used(report, row, &scale)).unwrap_or_default();
            let used = self.used.entry(line).or_insert_with(of_row);
            draw_row(session, report, row, scale.as_ref().map(|scale| (scale, &**used)), (area, of_head), buffer);
            if line == at && !self.is_below {
                select(area, session, buffer);
            } else if line == at {
                buffer.set_style(area, Style::new().add_modifier(Modifier::UNDERLINED));
            }
        }
    }

    fn draw_below(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let theme = session.theme;
        let [head, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
        rule(session, "", head, buffer);
        let mut spans = vec![Span::styled(theme.or("──", "--").to_owned(), theme.dim())];
        for part in Part::ALL {
            let is_shown = part == self.part;
            let style = if is_shown { theme.heading() } else { theme.dim() };
            let style = if is_shown && self.is_below { theme.selected() } else { style };
            let told = format!(" {} {} ", part.word(), count(self.len(part) as u64));
            spans.push(Span::styled(told, style));
        }
        spans.push(Span::styled(theme.or("──", "--").to_owned(), theme.dim()));
        let of = self.story().map_or_else(
            || self.row().and_then(|row| row.role.as_ref()).map(Role::as_str),
            |story| Some(story.key.as_str()),
        );
        spans.extend(captured(&format!(" {} ", of.unwrap_or("in no list")), theme.heading(), theme));
        cell(spans, head, buffer);
        self.drawn.1 = Some(body.y);
        if self.len(self.part) == 0 {
            Line::styled(nothing(self.part, self.story().is_some()), theme.dim()).render(body, buffer);
            return;
        }
        let lines = wrapped(&self.lines, body.width.into());
        let len = match self.part {
            Part::Signed | Part::Findings => self.len(self.part),
            Part::Epochs | Part::Certificates => lines.len(),
        };
        let window = self.below.window(len, body.height.into());
        let at = self.below.at;
        for (line, y) in window.zip(body.y..body.bottom()) {
            let row = Rect { y, height: 1, ..body };
            match self.part {
                Part::Signed => {
                    if let Some(made) = self.story().and_then(|story| story.uses.get(line)) {
                        draw_use(session, made, row, buffer);
                    }
                }
                Part::Findings => {
                    let finding = self.findings.get(line).zip(self.report.as_ref());
                    if let Some(finding) = finding.and_then(|(place, report)| report.findings.get(*place)) {
                        cell(finding_line(finding, session), row, buffer);
                    }
                }
                Part::Epochs | Part::Certificates => {
                    if let Some(line) = lines.get(line) {
                        line.render(row, buffer);
                    }
                }
            }
            if line == at && self.is_below {
                select(row, session, buffer);
            }
        }
    }

    /// How many keys there are, and what distrusting some of them changes.
    fn told(&self, session: &Session) -> Vec<Span<'static>> {
        let theme = session.theme;
        let Some(report) = &self.report else {
            return vec![Span::styled("the keys are being read", theme.dim())];
        };
        let findings = report.findings.len() as u64;
        let mut spans =
            vec![Span::raw(format!("{} keys, {} findings", count(report.keys.len() as u64), count(findings)))];
        // Where the moment alone was moved, the lines above every screen tell what that changes.
        let has_distrust = session.question.distrust != session.base.distrust;
        let keys: Vec<&Distrusted> = session.question.distrust.iter().filter(|it| means_any(it, report)).collect();
        if has_distrust {
            let waits = if session.is_fresh { "" } else { ", judging" };
            let number = count(self.changed.places.len() as u64);
            let told = self.changed.told(theme);
            let told = if told.is_empty() { told } else { format!(" ({told})") };
            let noun = if number == "1" { "target" } else { "targets" };
            spans.push(Span::styled(format!("  changes {number} {noun}{told}{waits}"), theme.changed()));
            // The count is of everything that is asked otherwise.
            let others = session.question.distrust.len() - keys.len();
            if session.question.as_of != session.base.as_of || others > 0 {
                spans.push(Span::styled(", with all else that is asked otherwise", theme.dim()));
            }
        }
        if !keys.is_empty() {
            let names: Vec<String> = keys.iter().map(|distrusted| plain(&distrusted.to_string())).collect();
            spans.push(Span::styled("  distrusted ", theme.dim()));
            spans.push(Span::styled(names.join(", "), theme.changed()));
        }
        spans
    }
}

fn means_any(distrusted: &Distrusted, report: &KeyReport) -> bool {
    report.keys.iter().any(|story| distrusted.means_key(&story.key))
}

/// The moment of the question.
const fn moment(session: &Session) -> Option<Moment> {
    match session.question.as_of {
        AsOf::At(moment) => Some(moment),
        AsOf::Then => None,
    }
}

/// Why a part is empty.
const fn nothing(part: Part, is_key: bool) -> &'static str {
    match (part, is_key) {
        (Part::Findings, _) => "no finding",
        (Part::Signed | Part::Epochs | Part::Certificates, false) => "on the line of a role there is no key: move down",
        (Part::Signed, true) => "no sound signature of it was seen",
        (Part::Epochs, true) => "it is in no list",
        (Part::Certificates, true) => "the case has no certificate of it",
    }
}

/// The columns in which the key of a row made signatures.
fn used(report: &KeyReport, row: &Row, scale: &TimeScale) -> Vec<bool> {
    let mut used = vec![false; scale.columns()];
    let uses = row.story.and_then(|place| report.keys.get(place)).into_iter().flat_map(|story| &story.uses);
    for made in uses.filter(|made| made.role == row.role) {
        if let Some(column) = made.about().and_then(|about| scale.column(about)).and_then(|at| used.get_mut(at)) {
            *column = true;
        }
    }
    used
}

/// A line of the list.
fn draw_row(
    session: &Session,
    report: &KeyReport,
    row: &Row,
    scale: Option<(&TimeScale, &[bool])>,
    (area, columns): (Rect, [Rect; 6]),
    buffer: &mut Buffer,
) {
    let theme = session.theme;
    let at = |column: usize| Rect { y: area.y, height: 1, ..columns[column] };
    if let Some((scale, _)) = scale {
        draw_moment(session, scale, at(1), buffer);
    }
    let Some(story) = row.story.and_then(|place| report.keys.get(place)) else {
        let name = row.role.as_ref().map_or("in no list", Role::as_str);
        cell(captured(name, theme.heading(), theme), area, buffer);
        return;
    };
    let distrusted: Vec<&Distrusted> =
        session.question.distrust.iter().filter(|distrusted| distrusted.means_key(&story.key)).collect();
    let mark = if distrusted.is_empty() { "  " } else { theme.or("✘ ", "x ") };
    let style = if distrusted.is_empty() { Style::new() } else { theme.changed() };
    let mut name = vec![Span::styled(mark.to_owned(), style)];
    name.extend(captured(story.key.short(), style, theme));
    cell(name, at(0), buffer);
    if let (Some((scale, used)), Some(role)) = (scale, &row.role) {
        draw_bar(session, (scale, used), (story, role), &distrusted, at(1), buffer);
        draw_moment(session, scale, at(1), buffer);
    }
    let dim = |text: String| vec![Span::styled(text, theme.dim())];
    if row.role.is_some() {
        cell(dim(day(row.from, "ever")), at(2), buffer);
        cell(dim(day(row.until, "open")), at(3), buffer);
        cell(dim(row.bases.clone()), at(4), buffer);
    }
    if row.signed > 0 {
        cell(vec![Span::raw(format!("{:>6}", count(row.signed as u64)))], at(5), buffer);
    }
}

/// The bar of a key for a role, with the signatures that were seen.
fn draw_bar(
    session: &Session,
    (scale, used): (&TimeScale, &[bool]),
    (story, role): (&KeyStory, &Role),
    distrusted: &[&Distrusted],
    area: Rect,
    buffer: &mut Buffer,
) {
    let theme = session.theme;
    let mut put = |column: usize, symbol: &str, style: Style| {
        let x = u16::try_from(column).ok().and_then(|column| area.x.checked_add(column));
        if let Some(cell) = x.filter(|x| *x < area.right()).and_then(|x| buffer.cell_mut((x, area.y))) {
            cell.set_symbol(symbol).set_style(style);
        }
    };
    for (column, stretch) in key_stretches(scale, story, role).into_iter().enumerate() {
        let end = scale.moment(column + 1);
        let is_distrusted = distrusted.iter().any(|it| it.since.is_none_or(|since| end.is_some_and(|end| since < end)));
        match stretch {
            KeyStretch::Outside => {}
            KeyStretch::InForce if is_distrusted => put(column, theme.or("╍", "!"), theme.verdict(Verdict::Refuted)),
            KeyStretch::InForce => put(column, theme.or("━", "="), theme.key()),
            KeyStretch::NotValid => put(column, theme.or("┄", "-"), theme.dim()),
        }
    }
    for (column, _) in used.iter().enumerate().filter(|(_, is_used)| **is_used) {
        put(column, theme.or("●", "x"), Style::new().add_modifier(Modifier::BOLD));
    }
}

/// The moment of judgement, through every line.
fn draw_moment(session: &Session, scale: &TimeScale, area: Rect, buffer: &mut Buffer) {
    let theme = session.theme;
    let column = moment(session).and_then(|moment| scale.column(moment));
    let x = column.and_then(|column| u16::try_from(column).ok()).and_then(|column| area.x.checked_add(column));
    if let Some(cell) = x.filter(|x| *x < area.right()).and_then(|x| buffer.cell_mut((x, area.y))) {
        if cell.symbol() == " " {
            cell.set_symbol(theme.or("│", "|"));
        }
        cell.set_style(theme.selected());
    }
}

/// A signature.
fn draw_use(session: &Session, made: &KeyUse, row: Rect, buffer: &mut Buffer) {
    let theme = session.theme;
    let (was, claimed, about) = match row.width {
        0..70 => (0, 0, 0),
        70..110 => (0, 0, 24),
        // What a verdict was comes before what a signature claims of itself.
        110..130 if session.is_moved() => (16, 0, 24),
        _ => (if session.is_moved() { 16 } else { 0 }, 31, 24),
    };
    let widths = [14, was].map(Constraint::Length).into_iter().chain([Constraint::Fill(1)]);
    let widths = widths.chain([about, claimed].map(Constraint::Length));
    let [verdict, before, label, time, claim] = Layout::horizontal(widths).spacing(1).areas(row);
    let told = session.standing(&made.task_id).map_or_else(
        || Span::styled("  -", theme.dim()),
        |(verdict, _)| {
            Span::styled(format!("{} {}", theme.verdict_symbol(verdict), verdict.word()), theme.verdict(verdict))
        },
    );
    cell(vec![told], verdict, buffer);
    if let Some((was, _)) = session.standing_before(&made.task_id) {
        cell(vec![Span::styled(format!("was {}", was.word()), theme.changed())], before, buffer);
    }
    cell(captured(session.title(&made.task_id), Style::new(), theme), label, buffer);
    let moment = |moment: Option<Moment>| moment.map_or_else(String::new, |moment| moment.to_string());
    cell(vec![Span::styled(moment(made.resolved.or(made.started)), theme.dim())], time, buffer);
    if let Some(claimed) = made.claimed_time {
        cell(vec![Span::styled(format!("claims {claimed}"), theme.dim())], claim, buffer);
    }
}

/// What the symbols of the bars mean.
fn legend(theme: Theme) -> Vec<Span<'static>> {
    let told = [
        (theme.or("━", "="), theme.key(), "in force"),
        (theme.or("┄", "-"), theme.dim(), "in force, certificate not valid or revoked"),
        (
            theme.or("●", "x"),
            Style::new().add_modifier(Modifier::BOLD),
            "signature seen, at the queue's end of its run",
        ),
        (theme.or("╍", "!"), theme.verdict(Verdict::Refuted), "distrusted here"),
    ];
    let spans = told.into_iter().flat_map(|(symbol, style, means)| {
        [Span::styled(symbol.to_owned(), style), Span::styled(format!(" {means}   "), theme.dim())]
    });
    spans.collect()
}

/// The widths of the columns of the list: what matters least goes first where there is little room.
const fn columns(width: u16) -> [Constraint; 6] {
    let (from, bases, signed) = match width {
        0..50 => (0, 0, 0),
        50..80 => (0, 0, 6),
        80..110 => (10, 0, 6),
        _ => (10, 20, 6),
    };
    [
        Constraint::Length(NAME),
        Constraint::Fill(1),
        Constraint::Length(from),
        Constraint::Length(from),
        Constraint::Length(bases),
        Constraint::Length(signed),
    ]
}

/// The day of a moment.
fn day(moment: Option<Moment>, none: &str) -> String {
    moment.map_or_else(|| none.to_owned(), |moment| moment.to_string().split('T').next().unwrap_or_default().to_owned())
}

fn bound(moment: Option<Moment>, none: &str) -> String {
    moment.map_or_else(|| none.to_owned(), |moment| moment.to_string())
}

/// All of an epoch.
fn told_epoch(epoch: &KeyEpoch, theme: Theme) -> Vec<Line<'static>> {
    let word = epoch.basis.map_or("nobody", Basis::word);
    let mut lines = vec![Line::from(
        captured(epoch.role.as_str(), theme.heading(), theme)
            .into_iter()
            .chain([Span::raw(format!(
                " from {} until {}, on the word of {word}",
                bound(epoch.from, "ever"),
                bound(epoch.until, "nobody says when")
            ))])
            .collect::<Vec<_>>(),
    )];
    let mut tell = |word: &str, text: &str| {
        let mut spans = vec![Span::styled(format!("  {word:<9} "), theme.dim())];
        spans.extend(captured(text, Style::new(), theme));
        lines.push(Line::from(spans));
    };
    tell("source", &epoch.source);
    if !epoch.deployments.is_empty() {
        tell("for", &epoch.deployments.join(", "));
    }
    if let Some(file) = &epoch.file {
        tell("file", &file.to_string());
    }
    for (word, event) in [("began", &epoch.began), ("ended", &epoch.ended)] {
        if let Some(event) = event {
            tell(word, &told_event(event));
        }
    }
    if let Some(known) = epoch.known_until {
        tell("read on", &known.to_string());
    }
    lines
}

/// How an epoch began or ended. Captured text.
fn told_event(event: &EpochEvent) -> String {
    let why = event.why.as_ref().map(|why| format!("since {why}"));
    event.parts().chain(why).collect::<Vec<_>>().join(", ")
}

/// All of a certificate: whose it is, and for each key when it may sign, and what revokes it.
fn told_certificate(seen: &CertificateSeen, theme: Theme) -> Vec<Line<'static>> {
    let mut lines = vec![Line::from(vec![
        Span::styled("certificate", theme.heading()),
        Span::raw(format!(" known since {}", bound(seen.known_since, "ever"))),
        Span::styled(format!(", in {}", seen.file), theme.dim()),
    ])];
    for user_id in seen.certificate.user_ids.iter().take(TOLD_MAX) {
        lines.push(captured_line(&format!("  {user_id}"), Style::new(), theme));
    }
    for key in seen.certificate.keys.iter().take(TOLD_MAX) {
        lines.extend(told_key(key, theme));
    }
    let left =
        seen.certificate.user_ids.len().saturating_sub(TOLD_MAX) + seen.certificate.keys.len().saturating_sub(TOLD_MAX);
    if left > 0 {
        let left = count(left as u64);
        lines.push(Line::styled(format!("  and {left} more: the command line (!) lists them"), theme.dim()));
    }
    lines
}

fn told_key(key: &CertificateKey, theme: Theme) -> Vec<Line<'static>> {
    let created = bound(key.created, "at an unknown time");
    let mut lines = vec![Line::from(vec![
        Span::raw(format!("  {} {} ", plain(&key.fingerprint), plain(&key.algorithm))),
        Span::styled(format!("created {created}"), theme.dim()),
    ])];
    for era in key.eras.iter().take(TOLD_MAX) {
        let from = era.from.map_or_else(|| "at first".to_owned(), |from| format!("by the algorithms since {from}"));
        let steps = era.steps.iter().take(TOLD_MAX);
        let steps: Vec<String> = steps.map(|step| format!("{} from {}", step.validity.word(), step.from)).collect();
        lines.push(Line::from(vec![Span::styled(format!("    {from}: "), theme.dim()), Span::raw(steps.join(", "))]));
    }
    for revocation in key.revocations.iter().take(TOLD_MAX) {
        let kind = if revocation.is_hard { "for ever" } else { "from then on" };
        let made = bound(revocation.made, "at an unknown time");
        let mut spans = vec![Span::styled(format!("    revoked {made}, {kind}: "), theme.verdict(Verdict::Refuted))];
        spans.extend(captured(&revocation.reason, Style::new(), theme));
        lines.push(Line::from(spans));
    }
    lines
}

impl Screen for Keys {
    fn place(&self) -> Place {
        Place::Keys
    }

    fn title(&self, _session: &Session) -> String {
        "keys".to_owned()
    }

    fn prepare(&mut self, session: &mut Session) {
        session.want_keys();
        let is_same = match (&self.report, &session.keys) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            // While they are read again, those before stay.
            (Some(_), None) => true,
            (None, Some(_)) => false,
        };
        if !is_same {
            let held = self.row().map(|row| row.role.clone()).zip(self.story().map(|story| story.key.clone()));
            self.report.clone_from(&session.keys);
            self.known = self.report.as_deref().and_then(|report| key_span(report, None));
            self.used.clear();
            self.rows = self.report.as_deref().map(rows).unwrap_or_default();
            self.made_of = None;
            let place = held.and_then(|(role, key)| {
                let report = self.report.as_ref()?;
                let is_it = |row: &Row| row.role == role && row.story.is_some_and(|at| report.keys[at].key == key);
                self.rows.iter().position(is_it)
            });
            self.cursor.at = place.unwrap_or_else(|| self.rows.len().min(1));
        }
        self.refresh(session.theme);
        if let (Some(before), Some(after)) = (&session.before, &session.standings)
            && !self.changed.is_of(before, after)
        {
            self.changed = Changed::of(before, after);
        }
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) {
        self.drawn = (None, None);
        let [first, rest] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
        cell(self.told(session), first, buffer);
        if self.report.is_none() {
            return;
        }
        if rest.height < BOTH_MIN {
            if self.is_below {
                self.draw_below(session, rest, buffer);
            } else {
                self.draw_list(session, rest, buffer);
            }
        } else {
            let symbols = u16::from(rest.height >= LEGEND_MIN);
            let heights = [Constraint::Fill(3), Constraint::Length(symbols), Constraint::Fill(2)];
            let [list, symbols, below] = Layout::vertical(heights).areas(rest);
            self.draw_list(session, list, buffer);
            cell(legend(session.theme), symbols, buffer);
            self.draw_below(session, below, buffer);
        }
        let above = |y: Option<u16>| y.map(|y| y.saturating_sub(area.y));
        self.drawn = (above(self.drawn.0), above(self.drawn.1));
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Step {
        let cursor = if self.is_below { &mut self.below } else { &mut self.cursor };
        if cursor.act(action) {
            return Step::Done;
        }
        match action {
            Action::Next => self.turn(true),
            Action::Previous => self.turn(false),
            Action::ZoomIn | Action::ZoomOut | Action::ZoomWhole | Action::Left | Action::Right => {
                let span = self.span(session);
                self.zoom.act(action, span);
            }
            Action::Search => return Step::Type { purpose: Purpose::Search, label: "/", text: String::new() },
            Action::SearchNext => self.search_by(false, self.cursor.at),
            Action::SearchBack => self.search_by(true, self.cursor.at),
            Action::Explain => {
                let finding = self.finding().filter(|_| self.is_below && self.part == Part::Findings);
                return finding.map_or(Step::Other, |finding| explained(finding.code, session));
            }
            Action::Open if !self.is_below => self.is_below = true,
            Action::Open => match self.part {
                // The chain of the task comes up.
                Part::Signed => return Step::Other,
                Part::Findings => {
                    if let Some(finding) = self.finding() {
                        return explained(finding.code, session);
                    }
                }
                Part::Epochs | Part::Certificates => {}
            },
            _ => return Step::Other,
        }
        Step::Done
    }

    fn typed(&mut self, purpose: Purpose, text: &str, _is_done: bool, _session: &mut Session) -> Step {
        if purpose == Purpose::Search {
            self.is_below = false;
            self.searched = text.to_owned();
            // What is under the cursor may match as it is.
            let before = self.cursor.at.checked_sub(1).unwrap_or(self.rows.len().saturating_sub(1));
            self.search_by(false, before);
        }
        Step::Done
    }

    fn click(&mut self, _column: u16, row: u16, _session: &mut Session) -> Step {
        let (list, below) = self.drawn;
        let (is_below, first) = match (list, below) {
            (_, Some(below)) if row >= below => (true, below),
            (Some(list), _) => (false, list),
            (None, _) => return Step::Done,
        };
        let cursor = if is_below { &mut self.below } else { &mut self.cursor };
        let before = (cursor.at, self.is_below);
        if row.checked_sub(first).is_some_and(|row| cursor.click(row.into())) {
            let after = (cursor.at, is_below);
            self.is_below = is_below;
            if before == after {
                return Step::Other;
            }
        }
        Step::Done
    }

    fn scroll(&mut self, lines: isize) {
        if self.is_below { self.below.scroll(lines) } else { self.cursor.scroll(lines) }
    }

    fn task(&self, _session: &Session) -> Option<TaskId> {
        let made = self.used().filter(|_| self.is_below && self.part == Part::Signed);
        made.map(|made| made.task_id)
    }

    fn copied(&self, session: &Session) -> Option<String> {
        let task_id = self.task(session).map(|task_id| task_id.to_string());
        task_id.or_else(|| self.story().map(|story| story.key.to_string()))
    }

    fn subject(&self, session: &Session) -> Option<NoteSubject> {
        let task = self.task(session).map(NoteSubject::Task);
        task.or_else(|| self.story().map(|story| NoteSubject::Key(story.key.clone())))
    }

    fn suspect(&self, session: &Session) -> Option<String> {
        let task = self.task(session).map(|task_id| format!("task:{task_id}"));
        task.or_else(|| self.story().map(|story| format!("key:{}", story.key)))
    }

    fn twin(&self, session: &Session) -> Vec<String> {
        let word = |word: &str| word.to_owned();
        let mut twin = vec![word("keys")];
        match (self.story(), self.row().and_then(|row| row.role.as_ref())) {
            (Some(story), _) => twin.extend([word("show"), story.key.to_string()]),
            (None, role) => {
                twin.push(word(if self.part == Part::Findings && self.is_below { "audit" } else { "timeline" }));
                if let Some(role) = role {
                    twin.extend([word("--role"), role.to_string()]);
                }
                if let (AsOf::At(moment), false) = (session.question.as_of, twin.contains(&word("audit"))) {
                    twin.extend([word("--as-of"), moment.to_string()]);
                }
            }
        }
        if session.question.bases.len() < Basis::ALL.len() {
            let bases: Vec<&str> = session.question.bases.iter().map(|basis| basis.word()).collect();
            twin.extend([word("--trust"), bases.join(",")]);
        }
        twin
    }
}

impl Keys {
    /// On to the next part: the keys themselves, then what is told of the one under the cursor.
    fn turn(&mut self, is_on: bool) {
        let at = Part::ALL.iter().position(|part| *part == self.part).unwrap_or_default();
        let last = Part::ALL.len() - 1;
        let to = match (self.is_below, is_on) {
            (false, true) => Some(0),
            (false, false) => Some(last),
            (true, true) => Some(at + 1).filter(|at| *at <= last),
            (true, false) => at.checked_sub(1),
        };
        self.is_below = to.is_some();
        if let Some(part) = to.and_then(|to| Part::ALL.get(to)) {
            self.part = *part;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_gone_through_in_a_ring() {
        let mut keys = Keys::default();
        let mut seen = Vec::new();
        for _ in 0..5 {
            keys.turn(true);
            seen.push((keys.is_below, keys.part));
        }
        let parts = Part::ALL.map(|part| (true, part));
        assert_eq!((&seen[..4], seen[4].0), (&parts[..], false));
        keys.turn(false);
        assert_eq!((keys.is_below, keys.part), (true, Part::Findings));
    }
}
