//! A YAML value as PyYAML's safe loader makes it.

use super::map::{Map, Set};
use super::time::{Date, DateTime};
use crate::formats::json::{self, Number, Text};

/// A YAML value. One that [`super::parse`] made nests no deeper than [`super::DEPTH_MAX`]; code that builds values must
/// keep to that too, since dropping, cloning and comparing recurse.
#[derive(Clone, Debug)]
pub enum Value {
    /// Python's `None`.
    Null,
    /// `True` or `False`.
    Bool(bool),
    /// An `int` or `float`.
    Number(Number),
    /// A `str`.
    Text(Text),
    /// A `datetime.date`, which never equals a string.
    Date(Date),
    /// A `datetime.datetime`, which never equals a string or a date.
    DateTime(DateTime),
    /// `bytes`, from `!!binary`.
    Binary(Vec<u8>),
    /// A `list`.
    List(Vec<Value>),
    /// A `list` of `tuple`s of two, from `!!omap` and `!!pairs`. Never empty: that is an empty list.
    Pairs(Vec<(Value, Value)>),
    /// A `dict`.
    Map(Map),
    /// A `set`, from `!!set`.
    Set(Set),
}

impl Value {
    /// The text, if it is a string.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => text.as_str(),
            Self::Null
            | Self::Bool(_)
            | Self::Number(_)
            | Self::Date(_)
            | Self::DateTime(_)
            | Self::Binary(_)
            | Self::List(_)
            | Self::Pairs(_)
            | Self::Map(_)
            | Self::Set(_) => None,
        }
    }

    /// The list, if it is one (of anything but tuples).
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(list) => Some(list),
            Self::Null
            | Self::Bool(_)
            | Self::Number(_)
            | Self::Text(_)
            | Self::Date(_)
            | Self::DateTime(_)
            | Self::Binary(_)
            | Self::Pairs(_)
            | Self::Map(_)
            | Self::Set(_) => None,
        }
    }

    /// The mapping, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            Self::Null
            | Self::Bool(_)
            | Self::Number(_)
            | Self::Text(_)
            | Self::Date(_)
            | Self::DateTime(_)
            | Self::Binary(_)
            | Self::List(_)
            | Self::Pairs(_)
            | Self::Set(_) => None,
        }
    }

    /// The value of a string key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// The name of its type in Python.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "NoneType",
            Self::Bool(_) => "bool",
            Self::Number(Number::Float(_)) => "float",
            Self::Number(Number::Int(_) | Number::Big(_)) => "int",
            Self::Text(_) => "str",
            Self::Date(_) => "date",
            Self::DateTime(_) => "datetime",
            Self::Binary(_) => "bytes",
            Self::List(_) | Self::Pairs(_) => "list",
            Self::Map(_) => "dict",
            Self::Set(_) => "set",
        }
    }
}

/// Python's `==`: booleans, integers and floats compare by exact numeric value, mappings whatever the order of their keys.
/// NaN equals nothing, hence no `Eq`.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Number(left), Self::Number(right)) => left == right,
            (Self::Bool(bool), Self::Number(number)) | (Self::Number(number), Self::Bool(bool)) => {
                *number == Number::Int(i64::from(*bool))
            }
            (Self::Text(left), Self::Text(right)) => left == right,
            (Self::Date(left), Self::Date(right)) => left == right,
            (Self::DateTime(left), Self::DateTime(right)) => left == right,
            (Self::Binary(left), Self::Binary(right)) => left == right,
            (Self::List(left), Self::List(right)) => left == right,
            (Self::Pairs(left), Self::Pairs(right)) => left == right,
            (Self::Map(left), Self::Map(right)) => left == right,
            (Self::Set(left), Self::Set(right)) => left == right,
            (
                Self::Null
                | Self::Bool(_)
                | Self::Number(_)
                | Self::Text(_)
                | Self::Date(_)
                | Self::DateTime(_)
                | Self::Binary(_)
                | Self::List(_)
                | Self::Pairs(_)
                | Self::Map(_)
                | Self::Set(_),
                _,
            ) => false,
        }
    }
}

/// The value as JSON. None if it has anywhere what JSON cannot hold: a key that is not a string, a date or time, bytes, a
/// set, tuples. (Infinity and NaN are kept, since Python's JSON has them.)
pub fn to_json(value: &Value) -> Option<json::Value> {
    Some(match value {
        Value::Null => json::Value::Null,
        Value::Bool(bool) => json::Value::Bool(*bool),
        Value::Number(number) => json::Value::Number(number.clone()),
        Value::Text(text) => json::Value::Text(text.clone()),
        Value::List(list) => json::Value::List(list.iter().map(to_json).collect::<Option<_>>()?),
        Value::Map(map) => {
            let pairs = map.iter().map(|(key, value)| Some((key.text()?.clone(), to_json(value)?)));
            json::Value::Map(pairs.collect::<Option<_>>()?)
        }
        Value::Date(_) | Value::DateTime(_) | Value::Binary(_) | Value::Pairs(_) | Value::Set(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn json_of(text: &str) -> Option<String> {
        to_json(&parse(text.as_bytes()).unwrap().value).map(|value| json::to_compact_string(&value))
    }

    #[test]
    fn json_is_what_json_can_hold() {
        assert_eq!(
            json_of("{a: [1, 1.0, yes, ~, .inf], b: {}}").unwrap(),
            r#"{"a":[1,1.0,true,null,Infinity],"b":{}}"#
        );
        assert_eq!(json_of("!!omap []").unwrap(), "[]");
        for text in ["{1: a}", "{on: a}", "{~: a}", "[2001-01-01]", "[[!!binary YQ==]]", "!!set {a}", "!!omap [a: b]"] {
            assert_eq!(json_of(text), None, "{text}");
        }
    }

    #[test]
    fn equality_is_pythons() {
        let value = |text: &str| parse(text.as_bytes()).unwrap().value;
        for (left, right) in [
            ("{a: 1, b: [yes]}", "{b: [1.0], a: true}"),
            ("!!set {a, b}", "!!set {b, a}"),
            ("{1: x}", "{1.0: x}"),
            ("!!pairs [a: 1]", "!!omap [a: 1]"),
        ] {
            assert_eq!(value(left), value(right), "{left} {right}");
        }
        for (left, right) in [
            ("2001-01-01", "'2001-01-01'"),
            ("2001-01-01", "2001-01-01 00:00:00"),
            ("{1: x}", "{'1': x}"),
            ("!!binary YQ==", "a"),
            ("!!set {a}", "{a}"),
            (".nan", ".nan"),
        ] {
            assert_ne!(value(left), value(right), "{left} {right}");
        }
    }

    #[test]
    fn a_value_is_small() {
        assert!(size_of::<Value>() <= 32);
    }
}
