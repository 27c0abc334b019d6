//! Moments and clocks. Time is always an argument: only the shell reads a clock.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant in UTC.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Moment(Timestamp);

/// A text that names no single instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a date (2018-08-15) or an instant with its offset (2018-08-15T10:00:00Z, 2018-08-15T10:00:00+02:00)")]
pub struct InvalidMoment;

impl Moment {
    /// The moment of a timestamp.
    pub const fn new(timestamp: Timestamp) -> Self {
        Self(timestamp)
    }

    /// The moment this many seconds after 1970-01-01T00:00:00Z, or `None` outside the years -9999 to 9999.
    pub fn from_unix(seconds: i64) -> Option<Self> {
        Timestamp::from_second(seconds).ok().map(Self)
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn unix(self) -> i64 {
        self.0.as_millisecond().div_euclid(1000)
    }

    /// The moment as its text tells it: what is finer than a millisecond is cut off.
    #[must_use]
    pub fn to_milliseconds(self) -> Self {
        Timestamp::from_millisecond(self.0.as_millisecond()).map_or(self, Self)
    }

    /// The year in UTC.
    pub fn year(self) -> i16 {
        self.0.to_zoned(jiff::tz::TimeZone::UTC).year()
    }

    /// The timestamp.
    pub const fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl fmt::Display for Moment {
    /// `2017-06-02T20:17:44Z`, with milliseconds where there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let precision = if self.0.subsec_nanosecond() == 0 { 0 } else { 3 };
        write!(f, "{:.*}", precision, self.0)
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Moment {
    type Err = InvalidMoment;

    /// Reads a date, which means 00:00:00Z of that day, or an instant with `Z` or a numeric offset. A local time
    /// without offset names no instant and is refused.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            return Ok(Self(timestamp));
        }
        let is_date = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        if !is_date {
            return Err(InvalidMoment);
        }
        format!("{text}T00:00:00Z").parse::<Timestamp>().map(Self).map_err(|_| InvalidMoment)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::text::parsed(deserializer)
    }
}

/// The moment that a replay is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// When the target was judged: the start of its own run where a scriptworker ran it, else the end of that run.
    Then,
    /// A moment that the caller names.
    At(Moment),
}

/// Clocks that are moved alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClockOverrides {
    /// Key time.
    pub key: Option<Moment>,
    /// Policy time.
    pub policy: Option<Moment>,
    /// Knowledge time.
    pub knowledge: Option<Moment>,
}

impl ClockOverrides {
    /// The clocks of a judgement at a moment.
    pub fn clocks(&self, moment: Moment) -> Clocks {
        Clocks {
            key: self.key.unwrap_or(moment),
            policy: self.policy.unwrap_or(moment),
            knowledge: self.knowledge.unwrap_or(moment),
        }
    }
}

/// The moments at which keys live, algorithms count, and key sets were known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Clocks {
    /// Key time: was the key alive, unrevoked and in its role's key set?
    pub key: Moment,
    /// Policy time: which algorithms counted?
    pub policy: Moment,
    /// Knowledge time: which key facts were known?
    pub knowledge: Moment,
}

impl Clocks {
    /// All three clocks at one moment.
    pub const fn all_at(moment: Moment) -> Self {
        Self { key: moment, policy: moment, knowledge: moment }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_means_midnight_utc() {
        assert_eq!("2018-08-15".parse::<Moment>().unwrap().to_string(), "2018-08-15T00:00:00Z");
        assert_eq!("2016-02-29".parse::<Moment>().unwrap().to_string(), "2016-02-29T00:00:00Z");
    }

    #[test]
    fn an_offset_is_applied() {
        assert_eq!("2018-08-15T01:30:00+02:00".parse::<Moment>().unwrap().to_string(), "2018-08-14T23:30:00Z");
        assert_eq!("2017-06-02T19:24:57.565Z".parse::<Moment>().unwrap().to_string(), "2017-06-02T19:24:57.565Z");
    }

    #[test]
    fn a_local_time_is_refused() {
        for text in ["2018-08-15T10:00:00", "2018-08-15 10:00", "10:00", "2018-02-30", "yesterday", "", "2018-8-15"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }
}
