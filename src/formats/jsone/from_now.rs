//! `$fromNow`: a moment so long before or after another.

use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::compare::is_space;
use super::error::JsoneError;

/// The units in their order, with their names, the longest first, and their seconds. Years have 365 days, months 30.
const UNITS: [(&[&str], i64); 7] = [
    (&["years", "year", "yr", "y"], 365 * DAY),
    (&["months", "month", "mo"], 30 * DAY),
    (&["weeks", "week", "wk", "w"], 7 * DAY),
    (&["days", "day", "d"], DAY),
    (&["hours", "hour", "hr", "h"], 3600),
    (&["minutes", "minute", "min", "m"], 60),
    (&["seconds", "second", "sec", "s"], 1),
];

const DAY: i64 = 24 * 60 * 60;

/// The longest time that Python's `timedelta` holds.
const DAYS_MAX: i64 = 999_999_999;

/// The moment so long from a reference, as `2020-01-01T00:00:00.000Z`.
pub(super) fn from_now(offset: &str, reference: &str) -> Result<String, JsoneError> {
    let (is_future, seconds) = seconds(offset)?;
    let reference = moment(reference)?;
    let out_of_range = || JsoneError::refused("a moment is out of range");
    let offset = SignedDuration::from_secs(if is_future { seconds } else { -seconds });
    let moment = reference.checked_add(offset).map_err(|_| out_of_range())?;
    if moment.year() < 1 {
        return Err(out_of_range());
    }
    let (date, time) = (moment.date(), moment.time());
    Ok(format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        date.year(),
        date.month(),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.subsec_nanosecond() / 1_000_000
    ))
}

/// An offset such as `-1 day 2 hours`.
fn seconds(offset: &str) -> Result<(bool, i64), JsoneError> {
    let unreadable = || JsoneError::refused(format!("{offset:?} is no offset of time"));
    let too_long = || JsoneError::refused("an offset of time is too long");
    let mut rest = offset.trim_start_matches(is_space);
    let is_future = !rest.starts_with('-');
    rest = rest.strip_prefix('-').map_or(rest, |rest| rest.trim_start_matches(is_space));
    rest = rest.strip_prefix('+').map_or(rest, |rest| rest.trim_start_matches(is_space));
    let mut total = 0_i64;
    for (names, length) in UNITS {
        let start = rest.trim_start_matches(is_space);
        let digits = start.find(|c: char| !c.is_ascii_digit()).unwrap_or(start.len());
        if digits == 0 {
            continue;
        }
        let unit = start[digits..].trim_start_matches(is_space);
        let Some(name) = names.iter().find(|name| unit.starts_with(**name)) else { continue };
        // Of `months` the `m` is no minute: what follows must begin anew.
        let behind = &unit[name.len()..];
        if behind.starts_with(|c: char| c.is_alphabetic()) {
            continue;
        }
        let count: i64 = start[..digits].parse().map_err(|_| too_long())?;
        total = count.checked_mul(length).and_then(|seconds| total.checked_add(seconds)).ok_or_else(too_long)?;
        rest = behind;
    }
    if !rest.trim_start_matches(is_space).is_empty() {
        return Err(unreadable());
    }
    if total / DAY > DAYS_MAX { Err(too_long()) } else { Ok((is_future, total)) }
}

/// A moment as Python's `strptime` reads it by `%Y-%m-%dT%H:%M:%S.%fZ`.
fn moment(text: &str) -> Result<DateTime, JsoneError> {
    let unreadable = || JsoneError::refused(format!("{text:?} is no moment such as 2020-01-01T00:00:00.000Z"));
    let mut rest = text;
    let mut field = |least: usize, most: usize, end: char| -> Option<i64> {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let value = rest[..digits].parse().ok().filter(|_| (least..=most).contains(&digits))?;
        let mut behind = rest[digits..].chars();
        let follows = behind.next()?;
        rest = behind.as_str();
        follows.eq_ignore_ascii_case(&end).then_some(value)
    };
    let mut fields = || {
        let date = (field(4, 4, '-')?, field(1, 2, '-')?, field(1, 2, 'T')?);
        Some((date, (field(1, 2, ':')?, field(1, 2, ':')?, field(1, 2, '.')?)))
    };
    let ((year, month, day), (hour, minute, second)) = fields().ok_or_else(unreadable)?;
    let fraction = rest.strip_suffix(['Z', 'z']).filter(|digits| (1..=6).contains(&digits.len()));
    let fraction = fraction.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())).ok_or_else(unreadable)?;
    let nanoseconds: i32 = format!("{fraction:0<9}").parse().map_err(|_| unreadable())?;
    let small = |value: i64| i8::try_from(value).map_err(|_| unreadable());
    let year = i16::try_from(year).ok().filter(|year| *year >= 1).ok_or_else(unreadable)?;
    let (month, day, hour) = (small(month)?, small(day)?, small(hour)?);
    DateTime::new(year, month, day, hour, small(minute)?, small(second)?, nanoseconds).map_err(|_| unreadable())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_counted_as_in_python() {
        let reference = "2017-01-19T16:27:20.974Z";
        for (offset, moment) in [
            ("", "2017-01-19T16:27:20.974Z"),
            ("1 day", "2017-01-20T16:27:20.974Z"),
            ("-1 day", "2017-01-18T16:27:20.974Z"),
            (" - + 1d 2h", "2017-01-18T14:27:20.974Z"),
            ("1 mo 1 min", "2017-02-18T16:28:20.974Z"),
            ("1year", "2018-01-19T16:27:20.974Z"),
            ("2 weeks 3s\n", "2017-02-02T16:27:23.974Z"),
        ] {
            assert_eq!(from_now(offset, reference).as_deref(), Ok(moment), "{offset}");
        }
        for offset in
            ["1", "day", "1 hour 1 day", "1 monthsx", "1.5 days", "1 day and more", "--1 day", "99999999999 years"]
        {
            assert!(from_now(offset, reference).is_err(), "{offset}");
        }
        for reference in
            ["2017-01-19T16:27:20Z", "2017-01-19T16:27:20.974", "2017-02-30T00:00:00.0Z", "0000-01-01T00:00:00.0Z"]
        {
            assert!(from_now("1 day", reference).is_err(), "{reference}");
        }
        assert_eq!(from_now("", "2017-1-9t6:7:8.9z").as_deref(), Ok("2017-01-09T06:07:08.900Z"));
        assert!(from_now("-2018 years", "2017-01-19T16:27:20.974Z").is_err());
    }
}
