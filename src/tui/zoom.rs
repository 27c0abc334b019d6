//! A part of a time on the screen, and the axis below it.

use jiff::civil::Date;
use jiff::tz::Offset;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::keymap::Action;
use super::theme::Theme;
use super::view::cell;
use crate::insight::TimeScale;
use crate::model::Moment;

const DAY_SECONDS: i64 = 86_400;

/// The least time that is shown.
const SHOWN_SECONDS_MIN: i64 = 3_600;

/// Which part of a time is shown.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Zoom {
    /// How often it was halved.
    times: u32,
    /// Its first second; `None`: as the moment in its middle says.
    from: Option<i64>,
}

impl Zoom {
    /// The part on so many columns. With `is_kept`, a moment stays in it; else it is in the middle at first.
    pub(super) fn scale(
        &mut self,
        (first, last): (Moment, Moment),
        at: Moment,
        is_kept: bool,
        columns: u16,
    ) -> Option<TimeScale> {
        let whole = last.unix().saturating_sub(first.unix());
        let length = whole.checked_shr(self.times).unwrap_or_default().max(SHOWN_SECONDS_MIN).min(whole);
        let at = at.unix();
        let has = |from: &i64| !is_kept || (*from..=from.saturating_add(length)).contains(&at);
        let from = self.from.filter(has).unwrap_or(at.saturating_sub(length / 2));
        let from = from.clamp(first.unix(), last.unix().saturating_sub(length).max(first.unix()));
        self.from = Some(from);
        let until = from.saturating_add(length);
        // The ends of the whole are finer than seconds.
        let until = if until >= last.unix() { last } else { Moment::from_unix(until)? };
        let from = if from <= first.unix() { first } else { Moment::from_unix(from)? };
        TimeScale::new(from, until, columns.into())
    }

    /// Zooms or moves as an action says, in a whole.
    pub(super) fn act(&mut self, action: Action, whole: Option<(Moment, Moment)>) {
        let whole = whole.map_or(0, |(first, last)| last.unix().saturating_sub(first.unix()));
        let length = whole.checked_shr(self.times).unwrap_or_default();
        match action {
            Action::ZoomIn if length > SHOWN_SECONDS_MIN => (self.times, self.from) = (self.times + 1, None),
            Action::ZoomOut => (self.times, self.from) = (self.times.saturating_sub(1), None),
            Action::ZoomWhole => *self = Self::default(),
            Action::Left => self.from = self.from.map(|from| from.saturating_sub(length / 4)),
            Action::Right => self.from = self.from.map(|from| from.saturating_add(length / 4)),
            _ => {}
        }
    }
}

/// Draws the axis of a time.
pub(super) fn draw_axis(theme: Theme, scale: &TimeScale, area: Rect, buffer: &mut Buffer) {
    for (column, label) in axis(scale) {
        let Some(x) = u16::try_from(column).ok().and_then(|column| area.x.checked_add(column)) else { continue };
        let width = area.right().saturating_sub(x);
        // The last label is left out where it would be cut: half a year names another.
        if width > label.len() as u16 {
            let mark = Span::styled(theme.or("│", "|").to_owned(), theme.dim());
            cell(vec![mark, Span::styled(label, theme.dim())], Rect { x, width, ..area }, buffer);
        }
    }
}

/// How far apart the marks of an axis are.
#[derive(Debug, Clone, Copy)]
enum Apart {
    Months(i64),
    Seconds(i64),
}

/// The steps of an axis, with the columns of a label: the finest that has room is taken.
const STEPS: [(Apart, usize); 16] = [
    (Apart::Seconds(60), 11),
    (Apart::Seconds(600), 11),
    (Apart::Seconds(3_600), 11),
    (Apart::Seconds(21_600), 11),
    (Apart::Seconds(DAY_SECONDS), 10),
    (Apart::Seconds(7 * DAY_SECONDS), 10),
    (Apart::Months(1), 7),
    (Apart::Months(3), 7),
    (Apart::Months(6), 7),
    (Apart::Months(12), 4),
    (Apart::Months(24), 4),
    (Apart::Months(60), 4),
    (Apart::Months(120), 4),
    (Apart::Months(1_200), 4),
    (Apart::Months(12_000), 4),
    (Apart::Months(60_000), 4),
];

/// The days of an average month.
const MONTH_SECONDS: i64 = 2_629_746;

/// The first Monday after 1970-01-01, which was a Thursday.
const MONDAY_SECONDS: i64 = 4 * DAY_SECONDS;

/// The marks of an axis: their columns and labels, as far apart as there is room.
fn axis(scale: &TimeScale) -> Vec<(usize, String)> {
    let seconds = scale.until().unix() - scale.from().unix();
    let has_room = |(apart, label): &(Apart, usize)| {
        let each = match apart {
            Apart::Months(months) => months * MONTH_SECONDS,
            Apart::Seconds(seconds) => *seconds,
        };
        let marks = usize::try_from(seconds / each).unwrap_or(usize::MAX).saturating_add(1);
        marks.saturating_mul(label + 2) <= scale.columns()
    };
    let Some((apart, label)) = STEPS.into_iter().find(has_room) else { return Vec::new() };
    let cut = |moment: Moment| {
        let text = moment.to_string();
        match label {
            11 => format!("{} {}", text.get(5..10).unwrap_or_default(), text.get(11..16).unwrap_or_default()),
            _ => text.chars().take(label).collect(),
        }
    };
    let marks = match apart {
        Apart::Seconds(each) => by_seconds(scale, each),
        Apart::Months(each) => by_months(scale, each),
    };
    marks.into_iter().filter_map(|moment| Some((scale.column(moment)?, cut(moment)))).collect()
}

fn by_seconds(scale: &TimeScale, each: i64) -> Vec<Moment> {
    let first = if each == 7 * DAY_SECONDS { MONDAY_SECONDS } else { 0 };
    let from = (scale.from().unix() - first).div_euclid(each) * each + first;
    let marks = (from..=scale.until().unix()).step_by(usize::try_from(each).unwrap_or(usize::MAX));
    marks.filter_map(Moment::from_unix).collect()
}

fn by_months(scale: &TimeScale, each: i64) -> Vec<Moment> {
    let begin = Offset::UTC.to_datetime(scale.from().timestamp());
    let begin = i64::from(begin.year()) * 12 + i64::from(begin.month()) - 1;
    let begin = begin.div_euclid(each) * each;
    let moment = |month: i64| {
        let (year, month) = (i16::try_from(month.div_euclid(12)).ok()?, i8::try_from(month.rem_euclid(12) + 1).ok()?);
        let day = Date::new(year, month, 1).ok()?;
        Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok().map(Moment::new)
    };
    let steps = (0..=scale.columns() as i64).map(|step| moment(begin + step * each));
    // Before the first year there is: that of the first mark alone.
    steps.skip_while(Option::is_none).map_while(|mark| mark.filter(|mark| *mark <= scale.until())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(from: &str, until: &str, columns: usize) -> Vec<(usize, String)> {
        axis(&TimeScale::new(from.parse().unwrap(), until.parse().unwrap(), columns).unwrap())
    }

    fn labels(from: &str, until: &str, columns: usize) -> Vec<String> {
        marks(from, until, columns).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn an_axis_has_marks_as_far_apart_as_there_is_room() {
        assert_eq!(
            labels("2016-09-19", "2018-12-01", 100),
            ["2016-10", "2017-01", "2017-04", "2017-07", "2017-10"]
                .into_iter()
                .chain(["2018-01", "2018-04", "2018-07", "2018-10"])
                .collect::<Vec<_>>()
        );
        assert_eq!(labels("2016-09-19", "2026-08-12", 50), ["2018", "2020", "2022", "2024", "2026"]);
        assert_eq!(labels("2017-06-02", "2017-06-10", 120).first().map(String::as_str), Some("2017-06-02"));
        assert_eq!(
            labels("2017-06-02T10:00:00Z", "2017-06-02T13:30:00Z", 60),
            ["06-02 10:00", "06-02 11:00", "06-02 12:00", "06-02 13:00"]
        );
        // A Monday.
        assert_eq!(labels("2017-06-02", "2017-06-20", 40), ["2017-06-05", "2017-06-12", "2017-06-19"]);
        assert!(labels("-009999-01-03T00:00:00Z", "9999-12-30", 40).len() > 1);
    }

    #[test]
    fn labels_of_an_axis_never_lie_over_each_other() {
        for columns in 10..250 {
            for until in ["2016-09-19T01:00:00Z", "2016-09-20", "2016-10-19", "2017-09-19", "2026-09-19", "9000-01-01"]
            {
                let mut end = 0;
                for (column, label) in marks("2016-09-19", until, columns) {
                    assert!(column >= end, "{columns} {until}: {label} at {column}, {end}");
                    end = column + label.len() + 1;
                }
            }
        }
    }

    #[test]
    fn a_moment_stays_in_the_part_that_is_shown() {
        let at = |text: &str| text.parse::<Moment>().unwrap();
        let whole = (at("2016-01-01"), at("2026-01-01"));
        let mut zoom = Zoom::default();
        assert_eq!(
            zoom.scale(whole, at("2017-01-01"), true, 100).map(|scale| (scale.from(), scale.until())),
            Some(whole)
        );
        for _ in 0..40 {
            zoom.act(Action::ZoomIn, Some(whole));
            let scale = zoom.scale(whole, at("2017-06-02"), true, 100).unwrap();
            assert!(scale.column(at("2017-06-02")).is_some());
        }
        let scale = zoom.scale(whole, at("2025-12-31"), true, 100).unwrap();
        assert!(scale.column(at("2025-12-31")).is_some() && scale.column(at("2017-06-02")).is_none());
        zoom.act(Action::ZoomWhole, Some(whole));
        assert_eq!(zoom, Zoom::default());
    }
}
