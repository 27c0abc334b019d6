//! Python's `dict` and `set` with keys of any hashable kind.

use std::fmt;
use std::hash::{Hash, Hasher};

use indexmap::{IndexMap, IndexSet};

use super::value::Value;
use crate::formats::json::{Number, Text};

/// A key: any value but a list, mapping or set, which Python cannot hash.
///
/// Equality is that of Python's keys: 1, 1.0 and `true` are one key. All NaNs are one, because PyYAML makes a single
/// object of them and Python compares keys by identity first.
#[derive(Clone)]
pub struct Key(Value);

impl Key {
    /// Makes a key, if the value is hashable in Python.
    pub fn new(value: Value) -> Option<Self> {
        match value {
            Value::List(_) | Value::Pairs(_) | Value::Map(_) | Value::Set(_) => None,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::Date(_)
            | Value::DateTime(_)
            | Value::Binary(_) => Some(Self(value)),
        }
    }

    /// The key as a value.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// The key as text, if it is a string.
    pub fn text(&self) -> Option<&Text> {
        match &self.0 {
            Value::Text(text) => Some(text),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Date(_)
            | Value::DateTime(_)
            | Value::Binary(_)
            | Value::List(_)
            | Value::Pairs(_)
            | Value::Map(_)
            | Value::Set(_) => None,
        }
    }

    fn is_nan(&self) -> bool {
        matches!(&self.0, Value::Number(Number::Float(float)) if float.is_nan())
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.is_nan() && other.is_nan()
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Value::Bool(bool) => hash_float(f64::from(*bool), state),
            Value::Number(number) => hash_float(nearest_float(number), state),
            Value::Text(text) => text.hash(state),
            Value::Date(date) => date.hash(state),
            Value::DateTime(time) => time.hash(state),
            Value::Binary(bytes) => bytes.hash(state),
            Value::Null | Value::List(_) | Value::Pairs(_) | Value::Map(_) | Value::Set(_) => {}
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Equal numbers have the same nearest float, so it serves as their hash.
fn nearest_float(number: &Number) -> f64 {
    match number {
        Number::Int(int) => *int as f64,
        // Digits of any length parse, at worst to infinity.
        Number::Big(int) => int.to_string().parse().unwrap_or_default(),
        Number::Float(float) => *float,
    }
}

fn hash_float<H: Hasher>(float: f64, state: &mut H) {
    let canonical = if float.is_nan() {
        f64::NAN
    } else if float == 0.0 {
        0.0
    } else {
        float
    };
    canonical.to_bits().hash(state);
}

/// A mapping in the order of its document. Setting a key again keeps its position and the key that was there, as in Python.
///
/// Keys are hashed with the standard library's seeded hash, so that hostile keys cannot be made to collide; the seed
/// never shows, since the order is that of insertion.
#[derive(Clone, Default)]
pub struct Map(
    // Boxed, so that a value is small whatever it is.
    Box<IndexMap<Key, Value>>,
);

impl Map {
    /// An empty mapping.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key; tells its position, and whether it was there before.
    pub fn insert(&mut self, key: Key, value: Value) -> (usize, bool) {
        let (index, before) = self.0.insert_full(key, value);
        (index, before.is_some())
    }

    /// The value of a string key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.get_key(&Key(Value::Text(Text::from(key))))
    }

    /// The value of a key.
    pub fn get_key(&self, key: &Key) -> Option<&Value> {
        self.0.get(key)
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Key, &Value)> + DoubleEndedIterator {
        self.0.iter()
    }

    /// How many keys it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no keys.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its keys as a set.
    pub(super) fn into_keys(self) -> Set {
        Set(Box::new(self.0.into_keys().collect()))
    }
}

/// Python's `==`: the same keys with equal values, in whatever order.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get_key(key) == Some(value))
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Python's `set`. The order is that of the document, which Python's sets do not keep.
#[derive(Clone, Default)]
pub struct Set(Box<IndexSet<Key>>);

impl Set {
    /// Whether the key is in it.
    pub fn contains(&self, key: &Key) -> bool {
        self.0.contains(key)
    }

    /// The keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Key> + DoubleEndedIterator {
        self.0.iter()
    }

    /// How many keys it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no keys.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Python's `==`: the same keys, in whatever order.
impl PartialEq for Set {
    fn eq(&self, other: &Self) -> bool {
        *self.0 == *other.0
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_equal_as_in_python() {
        let key = |text: &str| {
            let document = super::super::parse(format!("[{text}]").as_bytes()).unwrap();
            Key::new(document.value.as_list().unwrap()[0].clone()).unwrap()
        };
        let mut map = Map::new();
        let mut add = |text: &str| map.insert(key(text), Value::Null).0;
        for (place, texts) in [
            ["1", "1.0", "yes", "0b1"].as_slice(),
            &["0", "-0.0", "off"],
            &["'1'"],
            &[".nan", ".NaN"],
            &["10000000000000000000000", "1.0e+22"],
            &["9007199254740993"],
            &["9007199254740992", "9007199254740992.0"],
            &["~", "null"],
            &["2001-01-01"],
            &["2001-01-01 00:00:00"],
            &["2001-01-01 10:00:00Z", "2001-01-01 11:00:00+1"],
            &["'2001-01-01'"],
            &["a", "'a'"],
            &["!!binary YQ=="],
            &[".inf", "1.0e+999"],
        ]
        .into_iter()
        .enumerate()
        {
            for text in texts {
                assert_eq!(add(text), place, "{text}");
            }
        }
    }

    #[test]
    fn collections_are_no_keys() {
        assert!(Key::new(Value::List(Vec::new())).is_none());
        assert!(Key::new(Value::Map(Map::new())).is_none());
    }
}
