//! Moments as milliseconds since 1970, and their text.

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use serde_json::Value;

pub(crate) const SECOND: i64 = 1000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// The moment that RFC 3339 text names.
pub(crate) fn moment(text: &str) -> Result<i64> {
    let stamp: Timestamp = text.parse().with_context(|| format!("{text:?} is not a time"))?;
    Ok(stamp.as_millisecond())
}

/// RFC 3339 in UTC with milliseconds, as the queue writes it.
pub(crate) fn text(moment: i64) -> Result<String> {
    format(moment, "%Y-%m-%dT%H:%M:%S%.3fZ")
}

/// A moment in any layout.
pub(crate) fn format(moment: i64, layout: &str) -> Result<String> {
    Ok(Timestamp::from_millisecond(moment).context("a moment out of range")?.strftime(layout).to_string())
}

/// The milliseconds that a relative date such as `28 days` means.
pub(crate) fn offset(relative: &str) -> Result<i64> {
    let (count, unit) = relative.split_once(' ').with_context(|| format!("{relative:?} is not a relative date"))?;
    let count: i64 = count.parse().with_context(|| format!("{relative:?} has no count"))?;
    Ok(count
        * match unit.trim_end_matches('s') {
            "second" => SECOND,
            "minute" => MINUTE,
            "hour" => HOUR,
            "day" => DAY,
            "year" => 365 * DAY,
            _ => bail!("{relative:?} has an unknown unit"),
        })
}

/// A copy in which every `{"relative-datestamp": …}` has become a date, `spare` standing between its milliseconds and its Z.
pub(crate) fn resolve(value: &Value, created: i64, spare: &str) -> Result<Value> {
    Ok(match value {
        Value::Object(map) => {
            if let (1, Some(relative)) = (map.len(), map.get("relative-datestamp").and_then(Value::as_str)) {
                let date = text(created + offset(relative)?)?;
                return Ok(Value::String(format!("{}{spare}Z", date.trim_end_matches('Z'))));
            }
            let resolved: Result<serde_json::Map<String, Value>> =
                map.iter().map(|(key, value)| Ok((key.clone(), resolve(value, created, spare)?))).collect();
            Value::Object(resolved?)
        }
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| resolve(item, created, spare)).collect::<Result<_>>()?)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    })
}
