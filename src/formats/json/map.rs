//! A Python `dict` with text keys.

use indexmap::IndexMap;

use super::text::Text;
use super::value::Value;

/// A mapping in the order of its document. Setting a key again keeps its position, as in Python.
///
/// Keys are hashed with the standard library's seeded hash, so that hostile keys cannot be made to collide; the seed
/// never shows, since the order is that of insertion.
#[derive(Clone, Default)]
pub struct Map(
    // Boxed, so that a value is 32 bytes whatever it is.
    Box<IndexMap<Text, Value>>,
);

impl Map {
    /// An empty mapping.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key, and returns the value that it had.
    pub fn insert(&mut self, key: impl Into<Text>, value: Value) -> Option<Value> {
        self.0.insert(key.into(), value)
    }

    /// Takes a key out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.0.shift_remove(key.as_bytes())
    }

    /// The value of a key, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.0.get_mut(key.as_bytes())
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key.as_bytes())
    }

    /// The value of a key that may have lone surrogates.
    pub fn get_text(&self, key: &Text) -> Option<&Value> {
        self.0.get(key)
    }

    /// Whether it has the key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.0.contains_key(key.as_bytes())
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Text, &Value)> + DoubleEndedIterator {
        self.0.iter()
    }

    /// Keys in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Text> + DoubleEndedIterator {
        self.0.keys()
    }

    /// Values in the order of their keys.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> + DoubleEndedIterator {
        self.0.values()
    }

    /// How many keys it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no keys.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets a key; tells its position, and whether it was there before.
    pub(super) fn insert_full(&mut self, key: Text, value: Value) -> (usize, bool) {
        let (index, before) = self.0.insert_full(key, value);
        (index, before.is_some())
    }

    /// The key at a position.
    pub(super) fn key_at(&self, index: usize) -> Option<&Text> {
        self.0.get_index(index).map(|(key, _)| key)
    }
}

/// Python's `==`: the same keys with equal values, in whatever order.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get_text(key) == Some(value))
    }
}

impl FromIterator<(Text, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Text, Value)>>(pairs: I) -> Self {
        Self(Box::new(pairs.into_iter().collect()))
    }
}

impl IntoIterator for Map {
    type Item = (Text, Value);
    type IntoIter = indexmap::map::IntoIter<Text, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl std::fmt::Debug for Map {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_a_key_again_keeps_its_position() {
        let mut map: Map =
            [("a", 1), ("b", 2), ("a", 3)].map(|(key, int)| (Text::from(key), Value::from(int))).into_iter().collect();
        assert_eq!(map.keys().map(|k| k.to_lossy()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(map.get("a"), Some(&Value::from(3)));
        assert_eq!(map.insert("b", Value::Null), Some(Value::from(2)));
        assert_eq!(map.remove("a"), Some(Value::from(3)));
        assert!(!map.contains_key("a") && map.len() == 1);
    }
}
