//! Times as Taskcluster writes them, and taskgraph's datestamps relative to one.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use crate::formats::json::{Map, Text, Value};

/// The only key of an object that stands for a time, in the definitions of a task graph.
const RELATIVE_DATESTAMP: &str = "relative-datestamp";

/// Reads a time of RFC 3339 as Taskcluster writes it: `2018-01-12T18:35:34.123Z`, with a fraction of one to nine digits
/// or none, and with `Z` or an offset such as `+02:00`, which is applied. Capitals only; no leap second, no year 0;
/// nothing from 9999-12-30T22:00:01Z on, where [`Timestamp`] ends.
pub fn parse_instant(text: &str) -> Option<Timestamp> {
    let (civil, rest) = civil(text, b"T")?;
    let offset = offset_seconds(rest)?;
    let local = Offset::UTC.to_timestamp(civil).ok()?;
    local.checked_sub(SignedDuration::from_secs(offset)).ok()
}

/// Why datestamps cannot be resolved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatestampError {
    /// The time to start from is not of RFC 3339.
    #[error("the time of creation is not an RFC 3339 time")]
    Created,
    /// A datestamp is neither a string nor an object.
    #[error("a relative datestamp is neither text nor an object")]
    NotText,
    /// A datestamp names no number with a unit.
    #[error("a relative datestamp has no number with a unit")]
    NoAmount,
    /// A datestamp's number is not a whole one in ASCII digits.
    #[error("a relative datestamp's number is not whole")]
    NotWhole,
    /// A datestamp's unit is unknown.
    #[error("a relative datestamp's unit is unknown")]
    Unit,
    /// The time is later than the year 9999.
    #[error("a relative datestamp is too far away")]
    OutOfRange,
}

/// Replaces the relative datestamps of a task graph's definition by times, as taskgraph's `resolve_timestamps` does for
/// a task that was created at a time.
///
/// `created` is a time of RFC 3339, with `T` or a blank between date and time. Its offset, which may be missing, is
/// dropped and not applied, as scriptworker does it. Every object with the one key `relative-datestamp` becomes the text
/// `YYYY-MM-DDTHH:MM:SS.mmmZ`, cut to milliseconds; if the key's value is an object, its keys are replaced instead. Of a
/// datestamp only the first number with a unit counts: a sign is overlooked, `1 day 2 hours` is a day, a month has 30
/// days and a year 365.
///
/// # Errors
///
/// What makes Python raise, and forms of `created` that only Python reads (`20180112T183534`, week dates).
pub fn resolve_datestamps<'v>(created: &str, value: &'v Value) -> Result<Cow<'v, Value>, DatestampError> {
    let (created, rest) = civil(created, b"T ").ok_or(DatestampError::Created)?;
    if !rest.is_empty() && offset_seconds(rest).is_none() {
        return Err(DatestampError::Created);
    }
    // Python's times have microseconds.
    let nanoseconds = created.subsec_nanosecond() / 1_000 * 1_000;
    let created = created.with().subsec_nanosecond(nanoseconds).build().map_err(|_| DatestampError::Created)?;
    if holds_datestamps(value) { resolved(created, value).map(Cow::Owned) } else { Ok(Cow::Borrowed(value)) }
}

/// Whether there is anything to resolve: mostly there is not, and the value need not be copied.
fn holds_datestamps(value: &Value) -> bool {
    match value {
        Value::List(list) => list.iter().any(holds_datestamps),
        Value::Map(map) if map.len() == 1 && map.contains_key(RELATIVE_DATESTAMP) => true,
        Value::Map(map) => map.values().any(holds_datestamps),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => false,
    }
}

/// Loops instead of chains of iterators keep this recursion's stack small, down to the deepest document.
fn resolved(created: DateTime, value: &Value) -> Result<Value, DatestampError> {
    match value {
        Value::List(list) => {
            let mut copy = Vec::with_capacity(list.len());
            for item in list {
                copy.push(resolved(created, item)?);
            }
            Ok(Value::List(copy))
        }
        Value::Map(map) => match map.get(RELATIVE_DATESTAMP) {
            Some(Value::Text(datestamp)) if map.len() == 1 => Ok(Value::from(later(created, datestamp)?)),
            Some(Value::Map(datestamps)) if map.len() == 1 => resolved_map(created, datestamps, true),
            Some(_) if map.len() == 1 => Err(DatestampError::NotText),
            Some(_) | None => resolved_map(created, map, false),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => Ok(value.clone()),
    }
}

/// Of keys that become the same time, the last one's value stays.
fn resolved_map(created: DateTime, map: &Map, are_keys_datestamps: bool) -> Result<Value, DatestampError> {
    let mut copy = Map::new();
    for (key, item) in map.iter() {
        let key = if are_keys_datestamps { Text::from(later(created, key)?) } else { key.clone() };
        copy.insert(key, resolved(created, item)?);
    }
    Ok(Value::Map(copy))
}

/// The time that is so much later, as text.
fn later(created: DateTime, datestamp: &Text) -> Result<String, DatestampError> {
    let datestamp = datestamp.to_lossy();
    // Python's `\d` and `int` take the digits of any script. They do not occur; reading past them would be wrong.
    if datestamp.chars().any(|char| char.is_numeric() && !char.is_ascii()) {
        return Err(DatestampError::NotWhole);
    }
    let (number, unit) = amount(&datestamp).ok_or(DatestampError::NoAmount)?;
    let seconds_each: i64 = match unit {
        "s" | "second" | "seconds" => 1,
        "min" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 3_600,
        "d" | "day" | "days" => 86_400,
        "mo" | "month" | "months" => 30 * 86_400,
        "y" | "year" | "years" => 365 * 86_400,
        _ => return Err(DatestampError::Unit),
    };
    if number.contains('.') {
        return Err(DatestampError::NotWhole);
    }
    let seconds = number.parse::<i64>().ok().and_then(|number| number.checked_mul(seconds_each));
    let time = seconds
        .and_then(|seconds| created.checked_add(SignedDuration::from_secs(seconds)).ok())
        .ok_or(DatestampError::OutOfRange)?;
    Ok(format!("{}.{:03}Z", time.strftime("%Y-%m-%dT%H:%M:%S"), time.subsec_nanosecond() / 1_000_000))
}

/// The first number with a unit: what Python's `re.search(r"((?:\d+)?\.?\d+) *([a-z]+)", text)` finds.
///
/// A number ends where its digits end, and a search from within one that no unit follows ends there too. So the search
/// goes on at the digits behind its dot, which may be the start of another number, or else behind it; every digit is
/// looked at twice at most.
fn amount(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let run = |from: usize, class: fn(&u8) -> bool| {
        bytes.get(from..).unwrap_or_default().iter().take_while(|&byte| class(byte)).count()
    };
    let mut start = 0;
    while start < bytes.len() {
        let whole_end = start + run(start, u8::is_ascii_digit);
        let is_dot = bytes.get(whole_end) == Some(&b'.');
        let fraction = if is_dot { run(whole_end + 1, u8::is_ascii_digit) } else { 0 };
        let end = if fraction > 0 { whole_end + 1 + fraction } else { whole_end };
        if end == start {
            start += 1;
            continue;
        }
        let unit_start = end + run(end, |byte| *byte == b' ');
        let unit_end = unit_start + run(unit_start, u8::is_ascii_lowercase);
        if unit_end > unit_start {
            return text.get(start..end).zip(text.get(unit_start..unit_end));
        }
        start = if fraction > 0 { whole_end + 1 } else { end };
    }
    None
}

/// Reads `YYYY-MM-DD`, one of the separators, and `HH:MM:SS` with a fraction or without; gives what follows.
fn civil<'t>(text: &'t str, separators: &[u8]) -> Option<(DateTime, &'t [u8])> {
    let (head, rest) = text.as_bytes().split_first_chunk::<19>()?;
    let &[y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, separator, h0, h1, b':', n0, n1, b':', s0, s1] = head else {
        return None;
    };
    if !separators.contains(&separator) {
        return None;
    }
    let year = i16::try_from(digits(&[y0, y1, y2, y3])?).ok().filter(|year| *year > 0)?;
    let two = |tens, ones| i8::try_from(digits(&[tens, ones])?).ok();
    let date = Date::new(year, two(m0, m1)?, two(d0, d1)?).ok()?;
    let (nanosecond, rest) = match rest {
        [b'.', fraction @ ..] => {
            let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (fraction, rest) = fraction.split_at_checked(length)?;
            let scale = 10_i32.checked_pow(u32::try_from(9_usize.checked_sub(length)?).ok()?)?;
            (i32::try_from(digits(fraction)?).ok()?.checked_mul(scale)?, rest)
        }
        _ => (0, rest),
    };
    let time = Time::new(two(h0, h1)?, two(n0, n1)?, two(s0, s1)?, nanosecond).ok()?;
    Some((DateTime::from_parts(date, time), rest))
}

/// Reads `Z` or an offset of less than a day: seconds east of UTC.
fn offset_seconds(text: &[u8]) -> Option<i64> {
    let &[sign @ (b'+' | b'-'), h0, h1, b':', m0, m1] = text else {
        return (text == b"Z").then_some(0);
    };
    let (hours, minutes) = (digits(&[h0, h1])?, digits(&[m0, m1])?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = i64::from(hours * 3_600 + minutes * 60);
    Some(if sign == b'-' { -seconds } else { seconds })
}

/// A number of one to nine ASCII digits.
fn digits(bytes: &[u8]) -> Option<u32> {
    if !(1..=9).contains(&bytes.len()) || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(bytes.iter().fold(0, |number, byte| number * 10 + u32::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::formats::json::{MAX_DEPTH, parse, to_compact_string};

    const CREATED: &str = "2018-01-12T18:35:34.123Z";

    fn resolve(created: &str, text: &str) -> Result<String, DatestampError> {
        let document = parse(text.as_bytes()).unwrap();
        resolve_datestamps(created, &document.value).map(|value| to_compact_string(&value))
    }

    fn datestamp(text: &str) -> Result<String, DatestampError> {
        let resolved = resolve(CREATED, &format!("{{\"relative-datestamp\":\"{text}\"}}"))?;
        Ok(resolved.trim_matches('"').to_owned())
    }

    #[test]
    fn instants_are_read() {
        for (text, expected) in [
            (CREATED, "2018-01-12T18:35:34.123Z"),
            ("2018-01-12T18:35:34Z", "2018-01-12T18:35:34Z"),
            ("2018-01-12T18:35:34+02:00", "2018-01-12T16:35:34Z"),
            ("2018-01-12T18:35:34.5-05:30", "2018-01-13T00:05:34.5Z"),
            ("2020-02-29T00:00:00.123456789Z", "2020-02-29T00:00:00.123456789Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(parse_instant(text).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "2018-01-12",
            "2018-01-12T18:35:34",
            "2018-01-12 18:35:34Z",
            "2018-01-12t18:35:34Z",
            "2018-01-12T18:35:34z",
            "2018-01-12T18:35:34.Z",
            "2018-01-12T18:35:34.1234567890Z",
            "2018-01-12T18:35:34,1Z",
            "2018-01-12T18:35Z",
            "2018-02-29T00:00:00Z",
            "2018-13-01T00:00:00Z",
            "2018-01-12T24:00:00Z",
            "2018-01-12T23:59:60Z",
            "2018-01-12T18:35:34+0200",
            "2018-01-12T18:35:34+02",
            "2018-01-12T18:35:34+24:00",
            "2018-01-12T18:35:34+02:60",
            "2018-01-12T18:35:34ZZ",
            " 2018-01-12T18:35:34Z",
            "+018-01-12T18:35:34Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "2018-01-1\u{0661}T18:35:34Z",
            "20180112T183534Z",
        ] {
            assert_eq!(parse_instant(text), None, "{text}");
        }
    }

    #[test]
    fn datestamps_become_times() {
        for (text, expected) in [
            ("1 day", "2018-01-13T18:35:34.123Z"),
            ("-1 day", "2018-01-13T18:35:34.123Z"),
            ("1 day 2 hours", "2018-01-13T18:35:34.123Z"),
            ("in 90min!", "2018-01-12T20:05:34.123Z"),
            ("007   seconds", "2018-01-12T18:35:41.123Z"),
            ("1 second", "2018-01-12T18:35:35.123Z"),
            ("1s", "2018-01-12T18:35:35.123Z"),
            ("3h", "2018-01-12T21:35:34.123Z"),
            ("1 month", "2018-02-11T18:35:34.123Z"),
            ("2mo", "2018-03-13T18:35:34.123Z"),
            ("1 year", "2019-01-12T18:35:34.123Z"),
            ("28 years", "2046-01-05T18:35:34.123Z"),
            ("0 d", "2018-01-12T18:35:34.123Z"),
            ("1 X 2 d", "2018-01-14T18:35:34.123Z"),
            ("1. 2 d", "2018-01-14T18:35:34.123Z"),
        ] {
            assert_eq!(datestamp(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_python_refuses_is_refused() {
        use DatestampError::{NoAmount, NotWhole, OutOfRange, Unit};
        for (text, error) in [
            ("", NoAmount),
            ("day", NoAmount),
            ("1 DAY", NoAmount),
            ("1", NoAmount),
            ("1\\tday", NoAmount),
            ("1 week", Unit),
            ("1 dayx", Unit),
            ("1.5 days", NotWhole),
            ("1.2.3 days", NotWhole),
            (".5 days", NotWhole),
            ("1..5 days", NotWhole),
            ("\u{0663}1 days", NotWhole),
            ("8000 years", OutOfRange),
            ("99999999999999999999 d", OutOfRange),
            ("9223372036854775807 s", OutOfRange),
        ] {
            assert_eq!(datestamp(text), Err(error), "{text}");
        }
        for datestamp in ["null", "1", "[\"1 day\"]", "true"] {
            let text = format!("[{{\"relative-datestamp\":{datestamp}}}]");
            assert_eq!(resolve(CREATED, &text), Err(DatestampError::NotText), "{text}");
        }
    }

    #[test]
    fn datestamps_are_found_anywhere() {
        assert_eq!(
            resolve(
                CREATED,
                r#"{"a":[{"relative-datestamp":"1 d"},1.0],"b":{"relative-datestamp":"1 d","c":0},"relative-datestamp":{"relative-datestamp":"0s"}}"#
            )
            .unwrap(),
            r#"{"a":["2018-01-13T18:35:34.123Z",1.0],"b":{"relative-datestamp":"1 d","c":0},"relative-datestamp":"2018-01-12T18:35:34.123Z"}"#
        );
        assert_eq!(
            resolve(CREATED, r#"{"relative-datestamp":{"1 d":{"relative-datestamp":"0s"},"1 day":2,"2 d":3}}"#)
                .unwrap(),
            r#"{"2018-01-13T18:35:34.123Z":2,"2018-01-14T18:35:34.123Z":3}"#
        );
    }

    #[test]
    fn times_of_creation_are_taken_as_scriptworker_does() {
        let at = |created| resolve(created, r#"{"relative-datestamp":"0s"}"#);
        for (created, expected) in [
            ("2018-01-12T18:35:34+02:00", "2018-01-12T18:35:34.000Z"),
            ("2018-01-12 18:35:34.999999999-11:30", "2018-01-12T18:35:34.999Z"),
            ("2018-01-12T18:35:34.1", "2018-01-12T18:35:34.100Z"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(at(created), Ok(format!("\"{expected}\"")), "{created}");
        }
        for created in
            ["", "2018-01-12", "20180112T183534", "2018-W02-5", "2018-01-12x18:35:34", "2018-01-12T18:35:34+0200"]
        {
            assert_eq!(at(created), Err(DatestampError::Created), "{created}");
        }
        // It is read even where nothing depends on it.
        assert_eq!(resolve("yesterday", "{}"), Err(DatestampError::Created));
    }

    #[test]
    fn the_deepest_document_fits_a_thread() {
        let text = format!("{}0{}", "{\"a\":".repeat(MAX_DEPTH), "}".repeat(MAX_DEPTH));
        let work = move || assert_eq!(resolve(CREATED, &text), Ok(text));
        std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(work).unwrap().join().unwrap();
    }

    #[test]
    fn long_datestamps_end() {
        assert_eq!(amount(&"1".repeat(1_000_000)), None);
        assert_eq!(amount(&"1.".repeat(500_000)), None);
        assert_eq!(amount(&"1  ".repeat(300_000)), None);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text: String, created: String) {
            let _ = parse_instant(&text);
            let _ = amount(&text);
            let _ = resolve_datestamps(&created, &Value::from(text));
        }

        #[test]
        fn awkward_datestamps_are_survived(text in "[0-9. dyhms]{0,12}") {
            if let Some((number, unit)) = amount(&text) {
                prop_assert!(!number.is_empty() && !unit.is_empty());
            }
        }

        #[test]
        fn instants_are_read_back(second in -60_000_000_000i64..250_000_000_000, nanosecond in 0i32..1_000_000_000) {
            let instant = Timestamp::new(second, nanosecond).unwrap();
            prop_assert_eq!(parse_instant(&instant.to_string()), Some(instant));
        }
    }
}
