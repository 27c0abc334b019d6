//! Python's `==`, and the texts that Python makes of values.

use super::error::JsoneError;
use super::limits::Budget;
use super::value::Value;
use crate::formats::{json, yaml};

/// Python's `==`: booleans, integers and floats by their exact value.
pub(super) fn equals(left: &Value, right: &Value, budget: &Budget) -> Result<bool, JsoneError> {
    budget.charge(0)?;
    Ok(match (left, right) {
        (Value::Odd(what), _) | (_, Value::Odd(what)) => return Err(JsoneError::unsupported(*what)),
        (Value::Null, Value::Null) | (Value::Deleted, Value::Deleted) => true,
        (Value::Text(left), Value::Text(right)) => {
            budget.charge(left.len().min(right.len()) / 16)?;
            left == right
        }
        (Value::List(left), Value::List(right)) => {
            if left.items().len() != right.items().len() {
                return Ok(false);
            }
            for (left, right) in left.items().iter().zip(right.items()) {
                if !equals(left, right, budget)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Map(left), Value::Map(right)) => {
            if left.len() != right.len() {
                return Ok(false);
            }
            for (key, value) in left.iter() {
                match right.get(key) {
                    Some(other) if equals(value, other, budget)? => {}
                    Some(_) | None => return Ok(false),
                }
            }
            true
        }
        (Value::Stamp(left), Value::Stamp(right)) => left == right,
        (Value::Function(left), Value::Function(right)) => left == right,
        (left, right) => number(left).zip(number(right)).is_some_and(|(left, right)| left == right),
    })
}

/// The number that a value is to Python: booleans are numbers.
fn number(value: &Value) -> Option<json::Number> {
    match value {
        Value::Bool(bool) => Some(json::Number::Int(i64::from(*bool))),
        Value::Int(int) => Some(num_bigint::BigInt::from(*int).into()),
        Value::Float(float) => Some(json::Number::Float(*float)),
        Value::Null
        | Value::Text(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Stamp(_)
        | Value::Function(_)
        | Value::Odd(_)
        | Value::Deleted => None,
    }
}

/// json-e's `to_str` of what is no container: `true`, `null`, else Python's `str`.
pub(super) fn to_str(value: &Value) -> Result<String, JsoneError> {
    match value {
        Value::Bool(bool) => Ok(bool.to_string()),
        Value::Null => Ok("null".to_owned()),
        other => python_str(other),
    }
}

/// Python's `str` of what is no container.
pub(super) fn python_str(value: &Value) -> Result<String, JsoneError> {
    Ok(match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Int(int) => int.to_string(),
        Value::Float(float) => json::Number::Float(*float).repr(),
        Value::Text(text) => text.to_string(),
        Value::Stamp(stamp) => match &**stamp {
            yaml::Value::Date(date) => date.python_str(),
            yaml::Value::DateTime(time) => time.python_str(),
            _ => return Err(JsoneError::unsupported("a value of YAML as text")),
        },
        Value::List(_) | Value::Map(_) => return Err(JsoneError::unsupported("a list or object as text")),
        Value::Function(_) | Value::Deleted => return Err(JsoneError::unsupported("a function as text")),
        Value::Odd(what) => return Err(JsoneError::unsupported(*what)),
    })
}

/// What Python's `str.isspace` calls a blank, and its regular expressions `\s`.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}
