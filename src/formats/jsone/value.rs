//! Values as Python has them in a rendering.

use std::rc::Rc;

use indexmap::IndexMap;

use super::error::JsoneError;
use crate::formats::{json, yaml};

/// A value. Containers are shared, so that a copy costs nothing, and know how deep they are.
#[derive(Debug, Clone)]
pub enum Value {
    /// `None`.
    Null,
    /// `True` or `False`.
    Bool(bool),
    /// An `int`.
    Int(i128),
    /// A `float`.
    Float(f64),
    /// A `str` without lone surrogates.
    Text(Rc<str>),
    /// A `list`.
    List(Rc<List>),
    /// A `dict` whose keys are texts.
    Map(Rc<Map>),
    /// A `date` or `datetime` of a YAML document.
    Stamp(Rc<yaml::Value>),
    /// A function.
    Function(Function),
    /// What a template can carry along, and not look at.
    Odd(&'static str),
    /// Python's marker of what is to be left out.
    Deleted,
}

/// A list.
#[derive(Debug, Clone, Default)]
pub struct List {
    items: Vec<Value>,
    depth: u16,
}

/// A mapping in its order.
#[derive(Debug, Clone, Default)]
pub struct Map {
    entries: IndexMap<Rc<str>, Value>,
    depth: u16,
}

/// A function that templates can call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Function {
    /// One of JSON-e's own.
    Builtin(super::builtins::Builtin),
    /// A function of one argument that looks it up in a table, and gives a text for everything else: what `as_slugid` is
    /// where a task definition is rebuilt.
    Lookup(Rc<Lookup>),
}

/// The table of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// Arguments and what they give.
    pub known: Vec<(String, String)>,
    /// What every other argument gives.
    pub otherwise: String,
}

impl Function {
    /// A function that looks its argument up, and gives one text for everything else.
    pub fn lookup(known: Vec<(String, String)>, otherwise: &str) -> Self {
        Self::Lookup(Rc::new(Lookup { known, otherwise: otherwise.to_owned() }))
    }
}

impl List {
    /// The elements.
    pub fn items(&self) -> &[Value] {
        &self.items
    }
}

impl Map {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(key)
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Rc<str>, &Value)> {
        self.entries.iter()
    }

    /// How many keys it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has no keys.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The mapping without a key.
    #[must_use]
    pub fn without(&self, key: &str) -> Self {
        let mut entries = self.entries.clone();
        entries.shift_remove(key);
        Self { entries, depth: self.depth }
    }

    pub(super) fn into_entries(map: &Rc<Self>) -> IndexMap<Rc<str>, Value> {
        map.entries.clone()
    }
}

impl Value {
    /// A text.
    pub fn text(text: &str) -> Self {
        Self::Text(Rc::from(text))
    }

    /// A list.
    pub fn list(items: Vec<Self>) -> Self {
        let depth = items.iter().map(Self::depth).max().unwrap_or(0).saturating_add(1);
        Self::List(Rc::new(List { items, depth }))
    }

    /// A mapping; of equal keys the last value counts, at the first one's place.
    pub fn map(entries: impl IntoIterator<Item = (Rc<str>, Self)>) -> Self {
        Self::of_entries(entries.into_iter().collect())
    }

    /// The same, of pairs of a literal key and a value.
    pub fn object<const N: usize>(entries: [(&str, Self); N]) -> Self {
        Self::map(entries.into_iter().map(|(key, value)| (Rc::from(key), value)))
    }

    pub(super) fn of_entries(entries: IndexMap<Rc<str>, Self>) -> Self {
        let depth = entries.values().map(Self::depth).max().unwrap_or(0).saturating_add(1);
        Self::Map(Rc::new(Map { entries, depth }))
    }

    /// How deep containers are nested in it.
    pub(super) fn depth(&self) -> u16 {
        match self {
            Self::List(list) => list.depth,
            Self::Map(map) => map.depth,
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Float(_)
            | Self::Text(_)
            | Self::Stamp(_)
            | Self::Function(_)
            | Self::Odd(_)
            | Self::Deleted => 0,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The mapping, if it is one.
    pub fn as_map(&self) -> Option<&Rc<Map>> {
        if let Self::Map(map) = self { Some(map) } else { None }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&Rc<List>> {
        if let Self::List(list) = self { Some(list) } else { None }
    }

    /// The value of a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    /// What stands at a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// Python's `bool(value)`.
    pub(super) fn is_truthy(&self) -> Result<bool, JsoneError> {
        Ok(match self {
            Self::Null => false,
            Self::Bool(bool) => *bool,
            Self::Int(int) => *int != 0,
            Self::Float(float) => *float != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(list) => !list.items.is_empty(),
            Self::Map(map) => !map.entries.is_empty(),
            Self::Stamp(_) | Self::Function(_) | Self::Deleted => true,
            Self::Odd(what) => return Err(JsoneError::unsupported(*what)),
        })
    }

    /// Takes a value of a JSON document.
    pub fn of_json(value: &json::Value) -> Self {
        match value {
            json::Value::Null => Self::Null,
            json::Value::Bool(bool) => Self::Bool(*bool),
            json::Value::Number(number) => of_number(number),
            json::Value::Text(text) => of_text(text),
            json::Value::List(list) => Self::list(list.iter().map(Self::of_json).collect()),
            json::Value::Map(map) => {
                let entries: Option<Vec<(Rc<str>, Self)>> =
                    map.iter().map(|(key, value)| Some((Rc::from(key.as_str()?), Self::of_json(value)))).collect();
                entries.map_or(Self::Odd("a key with a lone surrogate"), Self::map)
            }
        }
    }

    /// Takes a value of a YAML document.
    pub fn of_yaml(value: &yaml::Value) -> Self {
        match value {
            yaml::Value::Null => Self::Null,
            yaml::Value::Bool(bool) => Self::Bool(*bool),
            yaml::Value::Number(number) => of_number(number),
            yaml::Value::Text(text) => of_text(text),
            yaml::Value::Date(_) | yaml::Value::DateTime(_) => Self::Stamp(Rc::new(value.clone())),
            yaml::Value::Binary(_) => Self::Odd("bytes"),
            yaml::Value::Pairs(_) => Self::Odd("a list of pairs"),
            yaml::Value::Set(_) => Self::Odd("a set"),
            yaml::Value::List(list) => Self::list(list.iter().map(Self::of_yaml).collect()),
            yaml::Value::Map(map) => {
                let entries: Option<Vec<(Rc<str>, Self)>> = map
                    .iter()
                    .map(|(key, value)| Some((Rc::from(key.text()?.as_str()?), Self::of_yaml(value))))
                    .collect();
                entries.map_or(Self::Odd("a mapping with a key that is no text"), Self::map)
            }
        }
    }

    /// The value as JSON can hold it.
    ///
    /// # Errors
    ///
    /// If it holds what JSON can't.
    pub fn to_json(&self) -> Result<json::Value, JsoneError> {
        Ok(match self {
            Self::Null => json::Value::Null,
            Self::Bool(bool) => (*bool).into(),
            Self::Int(int) => json::Value::Number(num_bigint::BigInt::from(*int).into()),
            Self::Float(float) => (*float).into(),
            Self::Text(text) => (&**text).into(),
            Self::List(list) => list.items.iter().map(Self::to_json).collect::<Result<Vec<_>, _>>()?.into(),
            Self::Map(map) => {
                let entries = map.iter().map(|(key, value)| Ok((json::Text::from(&**key), value.to_json()?)));
                entries.collect::<Result<json::Map, JsoneError>>()?.into()
            }
            Self::Stamp(_) => return Err(JsoneError::unsupported("a date in JSON")),
            Self::Function(_) | Self::Deleted => return Err(JsoneError::refused("a function is no value")),
            Self::Odd(what) => return Err(JsoneError::unsupported(*what)),
        })
    }
}

fn of_number(number: &json::Number) -> Value {
    match number {
        json::Number::Int(int) => Value::Int(i128::from(*int)),
        json::Number::Big(int) => {
            i128::try_from(int).map_or(Value::Odd("an integer of more than 128 bits"), Value::Int)
        }
        json::Number::Float(float) => Value::Float(*float),
    }
}

fn of_text(text: &json::Text) -> Value {
    text.as_str().map_or(Value::Odd("a text with a lone surrogate"), Value::text)
}
