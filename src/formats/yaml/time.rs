//! Timestamps: PyYAML's `construct_yaml_timestamp`, and Python's `date` and `datetime`.

use std::hash::{Hash, Hasher};

use jiff::civil;

/// Python's `datetime.date`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    /// The date in the calendar.
    pub fn civil(self) -> civil::Date {
        self.0
    }

    /// Python's `str(date)`: `2001-12-14`.
    pub fn python_str(self) -> String {
        format!("{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

/// Python's `datetime.datetime`, with or without an offset from UTC.
///
/// Equality is Python's: two with offsets are equal if they are the same instant, one with an offset never equals one
/// without.
#[derive(Clone, Copy, Debug)]
pub struct DateTime {
    civil: civil::DateTime,
    offset_minutes: Option<i16>,
}

impl DateTime {
    /// Date and time as written, to the microsecond.
    pub fn civil(self) -> civil::DateTime {
        self.civil
    }

    /// The offset from UTC as written (`Z` is 0), if there is one.
    pub fn offset_minutes(self) -> Option<i16> {
        self.offset_minutes
    }

    /// Python's `str(datetime)`: `2001-12-14 21:59:43.100000-05:00`.
    pub fn python_str(self) -> String {
        let (date, time) = (Date(self.civil.date()), self.civil.time());
        let mut text = format!("{} {:02}:{:02}:{:02}", date.python_str(), time.hour(), time.minute(), time.second());
        let microseconds = time.subsec_nanosecond() / 1000;
        if microseconds != 0 {
            text.push_str(&format!(".{microseconds:06}"));
        }
        if let Some(offset) = self.offset_minutes {
            let sign = if offset < 0 { '-' } else { '+' };
            let minutes = offset.unsigned_abs();
            text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
        }
        text
    }

    /// Whether it has an offset, and the time since an arbitrary moment: in UTC if it has.
    fn identity(self) -> (bool, jiff::SignedDuration) {
        let since = self.civil.duration_since(civil::DateTime::ZERO);
        let offset = jiff::SignedDuration::from_mins(i64::from(self.offset_minutes.unwrap_or_default()));
        (self.offset_minutes.is_some(), since.saturating_sub(offset))
    }
}

impl PartialEq for DateTime {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for DateTime {}

impl Hash for DateTime {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

/// What a timestamp is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Moment {
    Date(Date),
    DateTime(DateTime),
}

/// A text of the form of a timestamp (PyYAML's `timestamp_regexp`); the calendar may not have it.
pub(super) struct Stamp<'a> {
    year: &'a str,
    month: &'a str,
    day: &'a str,
    clock: Option<Clock<'a>>,
}

struct Clock<'a> {
    hour: &'a str,
    minute: &'a str,
    second: &'a str,
    fraction: &'a str,
    zone: Option<Zone<'a>>,
}

enum Zone<'a> {
    Utc,
    Offset { is_negative: bool, hour: &'a str, minute: &'a str },
}

impl<'a> Stamp<'a> {
    /// Reads `[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?`, and behind it perhaps a blank or `T`, a time of day and an offset.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let mut rest = text;
        let year = digits(&mut rest, 4, 4)?;
        let month = after(&mut rest, '-').and_then(|()| digits(&mut rest, 1, 2))?;
        let day = after(&mut rest, '-').and_then(|()| digits(&mut rest, 1, 2))?;
        let clock = if rest.is_empty() { None } else { Some(Clock::read(rest)?) };
        Some(Self { year, month, day, clock })
    }

    /// Whether the resolver takes it for a timestamp without a tag: a date alone needs two digits for month and day.
    pub(super) fn is_implicit(&self) -> bool {
        self.clock.is_some() || self.month.len() == 2 && self.day.len() == 2
    }

    /// The date or time. None where Python raises `ValueError`.
    pub(super) fn moment(&self) -> Option<Moment> {
        let year: i16 = self.year.parse().ok()?;
        // Python's calendar begins with year 1.
        let date =
            civil::Date::new(year, self.month.parse().ok()?, self.day.parse().ok()?).ok().filter(|_| year > 0)?;
        let Some(clock) = &self.clock else {
            return Some(Moment::Date(Date(date)));
        };
        Some(Moment::DateTime(DateTime { civil: date.to_datetime(clock.time()?), offset_minutes: clock.offset()? }))
    }
}

impl<'a> Clock<'a> {
    /// `([Tt]|[ \t]+)[0-9][0-9]?:[0-9][0-9]:[0-9][0-9](\.[0-9]*)?([ \t]*(Z|[-+][0-9][0-9]?(:[0-9][0-9])?))?`
    fn read(text: &'a str) -> Option<Self> {
        let mut rest = match text.strip_prefix(['T', 't']) {
            Some(rest) => rest,
            None => text.strip_prefix([' ', '\t'])?.trim_start_matches([' ', '\t']),
        };
        let hour = digits(&mut rest, 1, 2)?;
        let minute = after(&mut rest, ':').and_then(|()| digits(&mut rest, 2, 2))?;
        let second = after(&mut rest, ':').and_then(|()| digits(&mut rest, 2, 2))?;
        let fraction = match after(&mut rest, '.') {
            Some(()) => digits(&mut rest, 0, usize::MAX)?,
            None => "",
        };
        let zone = if rest.is_empty() { None } else { Some(Zone::read(rest.trim_start_matches([' ', '\t']))?) };
        Some(Self { hour, minute, second, fraction, zone })
    }

    fn time(&self) -> Option<civil::Time> {
        let micros: String = self.fraction.chars().chain("000000".chars()).take(6).collect();
        let nanos = micros.parse::<i32>().ok()? * 1000;
        // Jiff would take second 60 for 59 nowhere but in text, so it refuses it here as Python does.
        civil::Time::new(self.hour.parse().ok()?, self.minute.parse().ok()?, self.second.parse().ok()?, nanos).ok()
    }

    /// The offset in minutes, if there is one. None where Python raises `ValueError`: a day or more.
    fn offset(&self) -> Option<Option<i16>> {
        match &self.zone {
            None => Some(None),
            Some(Zone::Utc) => Some(Some(0)),
            Some(Zone::Offset { is_negative, hour, minute }) => {
                let minutes = if minute.is_empty() { 0 } else { minute.parse::<i16>().ok()? };
                let minutes = hour.parse::<i16>().ok()? * 60 + minutes;
                (minutes < 24 * 60).then_some(Some(if *is_negative { -minutes } else { minutes }))
            }
        }
    }
}

impl<'a> Zone<'a> {
    fn read(text: &'a str) -> Option<Self> {
        if text == "Z" {
            return Some(Self::Utc);
        }
        let is_negative = text.starts_with('-');
        let mut rest = text.strip_prefix(['-', '+'])?;
        let hour = digits(&mut rest, 1, 2)?;
        let minute = match after(&mut rest, ':') {
            Some(()) => digits(&mut rest, 2, 2)?,
            None => "",
        };
        rest.is_empty().then_some(Self::Offset { is_negative, hour, minute })
    }
}

/// Takes as many ASCII digits as there are, up to `most`.
fn digits<'a>(rest: &mut &'a str, least: usize, most: usize) -> Option<&'a str> {
    let length = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (digits, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    (length >= least).then_some(digits)
}

/// Takes a character.
fn after(rest: &mut &str, char: char) -> Option<()> {
    *rest = rest.strip_prefix(char)?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        Some(match Stamp::read(text)?.moment()? {
            Moment::Date(date) => date.python_str(),
            Moment::DateTime(time) => time.python_str(),
        })
    }

    #[test]
    fn timestamps_are_pythons() {
        for (text, python) in [
            ("2001-12-14", "2001-12-14"),
            ("0001-1-1", "0001-01-01"),
            ("2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.100000-05:00"),
            ("2001-12-14 21:59:43.10 -5", "2001-12-14 21:59:43.100000-05:00"),
            ("2001-12-15 2:59:43.1234567", "2001-12-15 02:59:43.123456"),
            ("2001-12-15 \t 2:59:43. \tZ", "2001-12-15 02:59:43+00:00"),
            ("2001-12-15T02:59:43+5:99", "2001-12-15 02:59:43+06:39"),
            ("9999-12-31 23:59:59-23:59", "9999-12-31 23:59:59-23:59"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(python), "{text}");
        }
        for text in [
            "0000-01-01",
            "2001-02-29",
            "2001-13-01",
            "2001-00-01",
            "2001-01-01 24:00:00",
            "2001-01-01 0:60:00",
            "2001-01-01 0:00:60",
            "2001-01-01 0:00:00+24",
            "2001-01-01 0:00:00 z",
            "2001-01-01 0:00:00Z ",
            "2001-01-01T 0:00:00",
            "2001-01-01 0:00",
            "20011-01-01",
            "2001-01-011",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn equality_is_pythons() {
        let time = |text: &str| match Stamp::read(text).unwrap().moment().unwrap() {
            Moment::DateTime(time) => time,
            Moment::Date(_) => unreachable!(),
        };
        assert_eq!(time("2001-01-01 10:00:00Z"), time("2001-01-01 12:00:00+2"));
        assert_ne!(time("2001-01-01 10:00:00Z"), time("2001-01-01 10:00:00"));
        assert_ne!(time("2001-01-01 10:00:00"), time("2001-01-01 10:00:00.000001"));
        assert_eq!(time("0001-01-01 00:00:00+23:59"), time("0001-01-01 00:00:00+23:59"));
    }
}
