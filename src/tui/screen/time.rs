//! The moment of judgement on a line: what happened when, and what would be said at another moment.
//!
//! ```text
//! as of 2019-01-01T00:00:00Z   a column is 30 days
//! keys    ▲ 2 3▲ ▼         │7   ▲▼
//! rules   ◆ 3 5 2 4◆ ◆ ◆   │ ◆ ◆ ◆
//! runs        7            │
//! signed      8            │
//!         │2017    │2018   │2019
//! before  14 days: …
//! next    3 days: …
//! ── 3 of 12 targets change: 3 verified -> refuted (from then to 2019-01-01T00:00:00Z) ──
//! ✔ verified -> ✘ refuted      build-win64-nightly/opt  key not trusted
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::{Purpose, Screen, Step};
use crate::insight::TimeScale;
use crate::model::{AsOf, Moment, TaskId, Validity, Verdict};
use crate::replay::Standing;
use crate::tui::changed::Changed;
use crate::tui::keymap::{Action, Place};
use crate::tui::list::{Cursor, search};
use crate::tui::moments::{Lane, Moments, What, told_seconds};
use crate::tui::session::Session;
use crate::tui::text::captured;
use crate::tui::view::{cell, count, rule, select};
use crate::tui::zoom::{Zoom, draw_axis};

const DAY_SECONDS: i64 = 86_400;
const WEEK_SECONDS: i64 = 7 * DAY_SECONDS;

/// The columns of the words before the rows of events.
const WORDS: u16 = 8;

/// The most changes that the command line is asked to list.
const TOLD_MIN: usize = 100;

/// The screen.
#[derive(Debug, Default)]
pub(in crate::tui) struct Time {
    cursor: Cursor,
    /// The targets of which something else is said, by what became of what.
    changed: Changed,
    zoom: Zoom,
    /// The row of events that `[` and `]` go by; `None`: all.
    lane: Option<Lane>,
    /// The rows of events as they were drawn last.
    drawn: Option<Drawn>,
    searched: String,
}

/// Where events and changes were drawn, for the mouse.
#[derive(Debug, Clone, Copy)]
struct Drawn {
    scale: TimeScale,
    /// The rows of events, and the first row of the list.
    rows: (u16, u16),
    list: u16,
}

impl Time {
    /// The moment on the line: that of the question; of `then`, the last at which a target was judged.
    fn moment(session: &Session) -> Moment {
        match session.question.as_of {
            AsOf::At(moment) => moment,
            AsOf::Then => session.moments.as_ref().and_then(|moments| moments.judged_last).unwrap_or(session.now()),
        }
    }

    fn lanes(&self) -> Vec<Lane> {
        self.lane.map_or_else(|| Lane::ALL.to_vec(), |lane| vec![lane])
    }

    fn place(&self) -> Option<u32> {
        self.changed.places.get(self.cursor.at).copied()
    }

    fn target<'a>(&self, session: &'a Session, line: usize) -> Option<&'a TaskId> {
        let place = *self.changed.places.get(line)?;
        session.targets.get(place as usize).map(|target| &target.task_id)
    }

    /// The whole time: all events, the moment and the mark.
    fn span(session: &Session, moments: &Moments) -> (Moment, Moment) {
        let (first, last) = moments.span(session.now());
        let moment = Self::moment(session);
        let mark = session.mark.as_ref().and_then(|mark| match mark.as_of {
            AsOf::At(moment) => Some(moment),
            AsOf::Then => None,
        });
        let mark = mark.unwrap_or(moment);
        (first.min(moment).min(mark), last.max(moment).max(mark))
    }

    /// How much time there is to zoom into.
    fn whole(session: &Session) -> Option<(Moment, Moment)> {
        session.moments.as_ref().map(|moments| Self::span(session, moments))
    }

    fn move_by(session: &mut Session, seconds: i64) -> Step {
        let to = Self::moment(session).unix().checked_add(seconds).and_then(Moment::from_unix);
        if let Some(to) = to {
            session.judge_at(AsOf::At(to));
        }
        Step::Done
    }

    fn move_to_event(&self, session: &mut Session, is_on: bool) -> Step {
        let Some(moments) = session.moments.clone() else { return Step::Say("the events are being read".to_owned()) };
        let (lanes, at) = (self.lanes(), Self::moment(session));
        let to = if is_on { moments.after(&lanes, at) } else { moments.before(&lanes, at) };
        match to {
            Some(to) => session.judge_at(AsOf::At(to)),
            None => {
                return Step::Say(format!("no event {}", if is_on { "comes after this" } else { "was before this" }));
            }
        }
        Step::Done
    }

    fn move_to_end(session: &mut Session, is_last: bool) -> Step {
        if let Some(moments) = session.moments.clone() {
            let (first, last) = moments.span(session.now());
            session.judge_at(AsOf::At(if is_last { last } else { first }));
        }
        Step::Done
    }

    fn turn_lane(&mut self, by: isize) {
        let at = self.lane.and_then(|lane| Lane::ALL.iter().position(|of| *of == lane)).map_or(0, |at| at + 1);
        let len = Lane::ALL.len() + 1;
        let at = (at + len).saturating_add_signed(by) % len;
        self.lane = at.checked_sub(1).map(|at| Lane::ALL[at]);
    }

    fn search_by(&mut self, session: &Session, back: bool) {
        let wanted = self.searched.to_lowercase();
        let has = |line: usize| {
            let found = self.target(session, line);
            found.is_some_and(|task_id| {
                session.title(task_id).to_lowercase().contains(&wanted) || task_id.as_str().starts_with(&self.searched)
            })
        };
        if !wanted.is_empty()
            && let Some(line) = search(self.changed.places.len(), self.cursor.at, back, has)
        {
            self.cursor.at = line;
        }
    }

    /// The rows of events and the axis; what was drawn where.
    fn draw_lanes(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) -> Option<TimeScale> {
        let theme = session.theme;
        let Some(moments) = session.moments.clone() else {
            Line::styled("the events are being read", theme.dim()).render(area, buffer);
            return None;
        };
        let [words, bars] = Layout::horizontal([Constraint::Length(WORDS), Constraint::Min(0)]).areas(area);
        let span = Self::span(session, &moments);
        let scale = self.zoom.scale(span, Self::moment(session), true, bars.width)?;
        let groups = groups(area.height);
        for ((word, lanes), y) in groups.iter().zip(area.y..) {
            let is_chosen = self.lane.is_some_and(|lane| lanes.contains(&lane));
            let style = if is_chosen { theme.heading() } else { theme.dim() };
            let marker = if is_chosen { theme.or("▸", ">") } else { "" };
            cell(vec![Span::styled(format!("{word}{marker}"), style)], Rect { y, height: 1, ..words }, buffer);
            for (column, x) in (0..scale.columns()).zip(bars.x..bars.right()) {
                let Some((symbol, style)) = event_symbol(session, &moments, lanes, &scale, column) else { continue };
                if let Some(cell) = buffer.cell_mut((x, y)) {
                    cell.set_symbol(&symbol).set_style(style);
                }
            }
        }
        let rows = (groups.len() as u16).min(area.height);
        let events = Rect { height: rows, ..bars };
        draw_marks(session, &scale, events, buffer);
        if rows < area.height {
            draw_axis(session.theme, &scale, Rect { y: bars.y + rows, height: 1, ..bars }, buffer);
        }
        if rows + 1 < area.height {
            cell(legend(session), Rect { y: area.y + rows + 1, height: 1, ..area }, buffer);
        }
        Some(scale)
    }

    fn draw_changes(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let theme = session.theme;
        let len = self.changed.places.len();
        let window = self.cursor.window(len, area.height.into());
        if len == 0 && self.changed.is_there() && session.is_fresh {
            let told = if session.is_moved() || session.mark.is_some() {
                "no verdict changes, and no reason for one"
            } else {
                "what another moment changes is listed here: move it, or set a second mark (m) and move then"
            };
            cell(vec![Span::styled(told, theme.dim())], area, buffer);
        }
        let at = self.cursor.at;
        for (line, y) in window.zip(area.y..area.bottom()) {
            let place = self.changed.places.get(line).copied();
            let Some((was, is)) = place.and_then(|place| self.changed.standings(place)) else { continue };
            let Some(task_id) = self.target(session, line) else { continue };
            let row = Rect { y, height: 1, ..area };
            draw_change(session, task_id, (was, is), row, buffer);
            if line == at {
                select(row, session, buffer);
            }
        }
    }

    /// What the list is of.
    fn heading(&self, session: &Session) -> String {
        let kinds = self.changed.told(session.theme);
        let kinds = if kinds.is_empty() { String::new() } else { format!(": {kinds}") };
        let from = session.mark.as_ref().map_or(session.base.as_of, |mark| mark.as_of);
        let times = format!("from {} to {}", told_as_of(from), told_as_of(session.question.as_of));
        let of = session.targets.len() as u64;
        let number = count(self.changed.places.len() as u64);
        let waits = session.mark.as_ref().is_some_and(|mark| mark.standings.is_none()) || !session.is_fresh;
        let judging = if waits { ", judging" } else { "" };
        format!("{number} of {} targets change{kinds}{judging} ({times})", count(of))
    }

    /// What happened here, else before, and what comes next.
    fn draw_events(&self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let theme = session.theme;
        let Some(moments) = &session.moments else { return };
        let (lanes, at) = (self.lanes(), Self::moment(session));
        let here = moments.at(&lanes, at).next().map(|_| at);
        let past = here.or_else(|| moments.before(&lanes, at));
        let next = moments.after(&lanes, at);
        let told = [(if here.is_some() { "here" } else { "before" }, past), ("next", next)];
        for ((word, moment), y) in told.into_iter().zip(area.y..area.bottom()) {
            let mut spans = vec![Span::styled(format!("{word:<width$}", width = WORDS.into()), theme.heading())];
            match moment {
                Some(moment) => {
                    let apart = moment.unix().saturating_sub(at.unix());
                    let apart = match apart {
                        0 => String::new(),
                        apart if apart < 0 => format!("{} ago ", told_seconds(apart)),
                        apart => format!("in {} ", told_seconds(apart)),
                    };
                    spans.push(Span::raw(format!("{moment} ")));
                    spans.push(Span::styled(apart, theme.dim()));
                    spans.extend(told_events(session, moments, &lanes, moment));
                }
                None => spans.push(Span::styled("nothing", theme.dim())),
            }
            cell(spans, Rect { y, height: 1, ..area }, buffer);
        }
    }
}

/// The events of one moment in words: the first, and how many more.
fn told_events(session: &Session, moments: &Moments, lanes: &[Lane], moment: Moment) -> Vec<Span<'static>> {
    let theme = session.theme;
    let mut at = moments.at(lanes, moment);
    let Some(first) = at.next() else { return Vec::new() };
    let more = at.count();
    let (symbol, ascii) = first.what.symbol();
    let mut spans = vec![
        Span::styled(format!("{} ", theme.or(symbol, ascii)), event_style(session, first.what)),
        Span::raw(moments.words(first.what, session)),
    ];
    if more > 0 {
        spans.push(Span::styled(format!(" and {} more", count(more as u64)), theme.dim()));
    }
    spans
}

fn told_as_of(as_of: AsOf) -> String {
    match as_of {
        AsOf::Then => "then".to_owned(),
        AsOf::At(moment) => moment.to_string(),
    }
}

/// The rows of events for so many rows: one each, or all in one; the axis where there is room.
fn groups(height: u16) -> Vec<(&'static str, Vec<Lane>)> {
    if usize::from(height) >= Lane::ALL.len() {
        return Lane::ALL.map(|lane| (lane.word(), vec![lane])).to_vec();
    }
    if height == 0 { Vec::new() } else { vec![("events", Lane::ALL.to_vec())] }
}

/// What stands in a column of a row: the event's symbol; of several, how many.
fn event_symbol(
    session: &Session,
    moments: &Moments,
    lanes: &[Lane],
    scale: &TimeScale,
    column: usize,
) -> Option<(String, Style)> {
    let theme = session.theme;
    let (from, until) = (scale.moment(column)?, scale.moment(column + 1)?);
    // The last moment lies in the last column, too.
    let is_last = column + 1 == scale.columns();
    let until = if is_last { Moment::from_unix(until.unix().saturating_add(1))? } else { until };
    let found = lanes.iter().map(|lane| moments.between(*lane, from, until));
    let (mut number, mut first, mut weightiest) = (0, None, None);
    for some in found {
        number += some.len();
        first = first.or(some.first());
        // A revocation must not vanish in a crowd. Crowds are looked at in part.
        let is_heavy = |what: What| matches!(what, What::Revoked(_));
        weightiest = weightiest.or(some.iter().take(TOLD_MIN).find(|happened| is_heavy(happened.what)));
    }
    let shown = weightiest.or(first)?;
    let (symbol, ascii) = shown.what.symbol();
    let symbol = match number {
        1 => theme.or(symbol, ascii).to_owned(),
        _ if weightiest.is_some() => theme.or(symbol, ascii).to_owned(),
        2..=9 => number.to_string(),
        _ => theme.or("▒", "#").to_owned(),
    };
    Some((symbol, event_style(session, shown.what)))
}

fn event_style(session: &Session, what: What) -> Style {
    let theme = session.theme;
    match what {
        What::Revoked(_) => theme.verdict(Verdict::Refuted),
        What::Begins(..) | What::Ends(..) | What::Certificate(..) => theme.key(),
        What::Other => theme.dim(),
        What::Released(_) | What::Deployed(..) | What::Started(_) | What::Judged(_) | What::Signed(..) => Style::new(),
    }
}

/// The moment and the second mark, through all rows of events.
fn draw_marks(session: &Session, scale: &TimeScale, area: Rect, buffer: &mut Buffer) {
    let theme = session.theme;
    let is_then = session.question.as_of == AsOf::Then;
    let mark = session.mark.as_ref().and_then(|mark| match mark.as_of {
        AsOf::At(moment) => Some(moment),
        AsOf::Then => None,
    });
    let style = if is_then { theme.dim() } else { theme.selected() };
    let lines = [(mark, theme.or("┆", ":"), theme.changed()), (Some(Time::moment(session)), theme.or("│", "|"), style)];
    for (moment, symbol, style) in lines {
        let Some(column) = moment.and_then(|moment| scale.column(moment)) else { continue };
        let Some(x) = u16::try_from(column).ok().and_then(|column| area.x.checked_add(column)) else { continue };
        for y in area.y..area.bottom() {
            let Some(cell) = buffer.cell_mut((x, y)).filter(|_| x < area.right()) else { continue };
            if cell.symbol() == " " {
                cell.set_symbol(symbol);
            }
            cell.set_style(style);
        }
    }
}

/// What the symbols of events mean.
fn legend(session: &Session) -> Vec<Span<'static>> {
    let theme = session.theme;
    let symbol = |what: What| {
        let (symbol, ascii) = what.symbol();
        theme.or(symbol, ascii)
    };
    let told = [
        (format!("{}{}", symbol(What::Begins(0, 0)), symbol(What::Ends(0, 0))), "epoch"),
        (
            format!(
                "{}{}",
                symbol(What::Certificate(0, Validity::Valid)),
                symbol(What::Certificate(0, Validity::Expired))
            ),
            "certificate valid, expired",
        ),
        (symbol(What::Revoked(0)).to_owned(), "revoked"),
        (symbol(What::Released(0)).to_owned(), "release"),
        (symbol(What::Deployed(0, 0)).to_owned(), "deployed"),
        (symbol(What::Started(0)).to_owned(), "starts"),
        (symbol(What::Judged(0)).to_owned(), "judged, signed"),
        (format!("2-9{}", theme.or("▒", "#")), "several"),
    ];
    let spans = told.into_iter().flat_map(|(symbol, word)| {
        [Span::styled(symbol, theme.heading()), Span::styled(format!(" {word}  "), theme.dim())]
    });
    spans.collect()
}

/// A target of which something else is said.
fn draw_change(session: &Session, task_id: &TaskId, change: (Standing, Standing), row: Rect, buffer: &mut Buffer) {
    let theme = session.theme;
    let ((was, was_reason), (is, is_reason)) = change;
    let [what, label, reason, id] = Layout::horizontal(columns(row.width)).spacing(1).areas(row);
    let told = |verdict: Verdict, is_whole: bool| {
        let word = if is_whole { format!(" {}", verdict.word()) } else { String::new() };
        Span::styled(format!("{}{word}", theme.verdict_symbol(verdict)), theme.verdict(verdict))
    };
    let arrow = Span::styled(format!(" {} ", theme.or("→", "->")), theme.dim());
    cell(vec![told(was, row.width >= WIDE), arrow, told(is, true)], what, buffer);
    cell(captured(session.title(task_id), Style::new(), theme), label, buffer);
    let why = match (was_reason, is_reason) {
        (Some(was), Some(is)) if was != is => format!("{}, was {}", is.word(), was.word()),
        (_, Some(is)) => is.phrase().to_owned(),
        (Some(was), None) => format!("was: {}", was.phrase()),
        (None, None) => String::new(),
    };
    cell(vec![Span::styled(why, theme.dim())], reason, buffer);
    cell(vec![Span::styled(task_id.to_string(), theme.dim())], id, buffer);
}

/// From this width on both verdicts are told in words.
const WIDE: u16 = 100;

/// The widths of the columns of a change: what matters least goes first where there is little room.
const fn columns(width: u16) -> [Constraint; 4] {
    let (what, reason, id) = match width {
        0..60 => (18, 0, 0),
        60..WIDE => (18, 22, 0),
        WIDE..140 => (31, 36, 0),
        _ => (31, 34, 22),
    };
    [Constraint::Length(what), Constraint::Fill(1), Constraint::Length(reason), Constraint::Length(id)]
}

/// How many rows the line above, the rows of events with the axis and the symbols, and the named events get; the list has
/// the rest.
const fn rows(height: u16) -> (u16, u16, u16) {
    match height {
        0..3 => (1, 0, 0),
        3..6 => (1, 1, 0),
        6..9 => (1, 2, 1),
        9..13 => (1, 2, 2),
        13..18 => (1, 5, 2),
        _ => (1, 6, 2),
    }
}

impl Screen for Time {
    fn place(&self) -> Place {
        Place::Time
    }

    fn title(&self, _session: &Session) -> String {
        "time".to_owned()
    }

    fn prepare(&mut self, session: &mut Session) {
        session.want_keys();
        session.want_moments();
        let marked = match &session.mark {
            Some(mark) => mark.standings.as_ref(),
            None => session.before.as_ref(),
        };
        if let (Some(before), Some(after)) = (marked, session.standings.as_ref())
            && !self.changed.is_of(before, after)
        {
            let held = self.place();
            self.changed = Changed::of(before, after);
            let line = held.and_then(|held| self.changed.places.iter().position(|place| *place == held));
            self.cursor.at = line.unwrap_or_default();
        }
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let (first, lanes, events) = rows(area.height);
        let heading = u16::from(area.height > 2);
        let heights = [first, lanes, events, heading].map(Constraint::Length);
        let [first, lanes, events, heading, list] =
            Layout::vertical(heights.into_iter().chain([Constraint::Min(0)])).areas(area);
        let scale = if lanes.height > 0 { self.draw_lanes(session, lanes, buffer) } else { None };
        draw_moment(session, scale.as_ref(), first, buffer);
        self.draw_events(session, events, buffer);
        if heading.height > 0 {
            rule(session, &self.heading(session), heading, buffer);
        }
        self.draw_changes(session, list, buffer);
        let above = |y: u16| y.saturating_sub(area.y);
        self.drawn =
            scale.map(|scale| Drawn { scale, rows: (above(lanes.y), above(lanes.bottom())), list: above(list.y) });
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Step {
        if self.cursor.act(action) {
            return Step::Done;
        }
        match action {
            Action::DayBack => return Self::move_by(session, -DAY_SECONDS),
            Action::DayOn => return Self::move_by(session, DAY_SECONDS),
            Action::WeekBack => return Self::move_by(session, -WEEK_SECONDS),
            Action::WeekOn => return Self::move_by(session, WEEK_SECONDS),
            Action::EventBack => return self.move_to_event(session, false),
            Action::EventOn => return self.move_to_event(session, true),
            Action::SpanBegin => return Self::move_to_end(session, false),
            Action::SpanEnd => return Self::move_to_end(session, true),
            Action::ZoomIn | Action::ZoomOut | Action::ZoomWhole => self.zoom.act(action, Self::whole(session)),
            Action::Next => self.turn_lane(1),
            Action::Previous => self.turn_lane(-1),
            Action::Compare => session.turn_mark(),
            Action::Search => return Step::Type { purpose: Purpose::Search, label: "/", text: String::new() },
            Action::SearchNext => self.search_by(session, false),
            Action::SearchBack => self.search_by(session, true),
            _ => return Step::Other,
        }
        Step::Done
    }

    fn typed(&mut self, purpose: Purpose, text: &str, _is_done: bool, session: &mut Session) -> Step {
        if purpose == Purpose::Search {
            self.searched = text.to_owned();
            // What is under the cursor may match as it is.
            let before = self.cursor.at;
            self.cursor.at = before.checked_sub(1).unwrap_or(self.changed.places.len().saturating_sub(1));
            let from = self.cursor.at;
            self.search_by(session, false);
            if self.cursor.at == from {
                self.cursor.at = before;
            }
        }
        Step::Done
    }

    fn click(&mut self, column: u16, row: u16, session: &mut Session) -> Step {
        let Some(drawn) = self.drawn else { return Step::Done };
        if (drawn.rows.0..drawn.rows.1).contains(&row) {
            let column = column.checked_sub(WORDS).map(usize::from).filter(|column| *column < drawn.scale.columns());
            if let Some(moment) = column.and_then(|column| drawn.scale.moment(column)) {
                session.judge_at(AsOf::At(moment));
            }
            return Step::Done;
        }
        let before = self.cursor.at;
        if row.checked_sub(drawn.list).is_some_and(|row| self.cursor.click(row.into())) && before == self.cursor.at {
            return Step::Other;
        }
        Step::Done
    }

    fn scroll(&mut self, lines: isize) {
        self.cursor.scroll(lines);
    }

    fn task(&self, session: &Session) -> Option<TaskId> {
        self.target(session, self.cursor.at).copied()
    }

    fn twin(&self, session: &Session) -> Vec<String> {
        let (as_of, distrust) = match &session.mark {
            Some(mark) => (mark.as_of, mark.distrust.as_slice()),
            None => (session.base.as_of, session.base.distrust.as_slice()),
        };
        let mut twin = vec!["what-if".to_owned()];
        twin.extend(["--judged-at".to_owned(), told_as_of(session.question.as_of)]);
        let also = session.question.distrust.iter().filter(|distrusted| !distrust.contains(distrusted));
        for distrusted in also {
            twin.extend(["--distrust-also".to_owned(), distrusted.to_string()]);
        }
        if self.changed.places.len() > TOLD_MIN {
            twin.extend(["--limit".to_owned(), self.changed.places.len().to_string()]);
        }
        twin.extend(session.arguments_of(as_of, distrust));
        twin
    }
}

/// The moment in words, the mark, and how much time a column is.
fn draw_moment(session: &Session, scale: Option<&TimeScale>, area: Rect, buffer: &mut Buffer) {
    let theme = session.theme;
    let mut spans = match session.question.as_of {
        AsOf::At(moment) => vec![Span::raw("as of "), Span::styled(moment.to_string(), theme.heading())],
        AsOf::Then => vec![
            Span::raw("as of "),
            Span::styled("then", theme.heading()),
            Span::styled(
                format!(", each target at its own moment; the slider sets out from {}", Time::moment(session)),
                theme.dim(),
            ),
        ],
    };
    if let Some(mark) = &session.mark {
        spans.push(Span::styled("  second mark ", theme.dim()));
        spans.push(Span::styled(told_as_of(mark.as_of), theme.changed()));
        if mark.distrust != session.question.distrust {
            spans.push(Span::styled(", with other things distrusted", theme.dim()));
        }
    }
    if let Some(scale) = scale {
        let seconds = scale.until().unix().saturating_sub(scale.from().unix());
        let each = told_seconds(seconds / scale.columns().max(1) as i64);
        spans.push(Span::styled(format!("  a column is {each}"), theme.dim()));
    }
    cell(spans, area, buffer);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_at_least_half_of_few_rows() {
        for height in 0..60 {
            let (first, lanes, events) = rows(height);
            assert!(first + lanes + events <= height.max(1), "{height}");
        }
    }
}
