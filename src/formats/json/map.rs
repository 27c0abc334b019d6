//! A Python `dict` with text keys.

use indexmap::IndexMap;

use super::text::Text;
use super::value::Value;

/// Up to this many keys are sought one by one, which is quicker than to hash them; most objects have fewer.
const FEW_KEYS: usize = 16;

/// A mapping in the order of its document. Setting a key again keeps its position, as in Python.
#[derive(Clone, Default)]
pub struct Map(
    // Boxed, so that a value is 32 bytes whatever it is.
    Box<Pairs>,
);

#[derive(Clone)]
enum Pairs {
    Few(Vec<(Text, Value)>),
    /// Keys are hashed with the standard library's seeded hash, so that hostile keys cannot be made to collide; the seed
    /// never shows, since the order is that of insertion.
    Many(IndexMap<Text, Value>),
}

impl Default for Pairs {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Pairs {
    fn get(&self, key: &[u8]) -> Option<&Value> {
        match self {
            Self::Few(pairs) => pairs.iter().find(|(known, _)| known.as_bytes() == key).map(|(_, value)| value),
            Self::Many(pairs) => pairs.get(key),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Few(pairs) => pairs.len(),
            Self::Many(pairs) => pairs.len(),
        }
    }
}

impl Map {
    /// An empty mapping.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key, and returns the value that it had.
    pub fn insert(&mut self, key: impl Into<Text>, value: Value) -> Option<Value> {
        self.set(key.into(), value).1
    }

    /// Takes a key out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        match &mut *self.0 {
            Pairs::Few(pairs) => {
                let index = pairs.iter().position(|(known, _)| known == key)?;
                Some(pairs.remove(index).1)
            }
            Pairs::Many(pairs) => pairs.shift_remove(key.as_bytes()),
        }
    }

    /// The value of a key, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        match &mut *self.0 {
            Pairs::Few(pairs) => pairs.iter_mut().find(|(known, _)| known == key).map(|(_, value)| value),
            Pairs::Many(pairs) => pairs.get_mut(key.as_bytes()),
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key.as_bytes())
    }

    /// The value of a key that may have lone surrogates.
    pub fn get_text(&self, key: &Text) -> Option<&Value> {
        self.0.get(key.as_bytes())
    }

    /// Whether it has the key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Keys and values in order.
    pub fn iter(&self) -> Iter<'_> {
        match &*self.0 {
            Pairs::Few(pairs) => Iter::Few(pairs.iter()),
            Pairs::Many(pairs) => Iter::Many(pairs.iter()),
        }
    }

    /// Keys in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Text> + DoubleEndedIterator {
        self.iter().map(|(key, _)| key)
    }

    /// Values in the order of their keys.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> + DoubleEndedIterator {
        self.iter().map(|(_, value)| value)
    }

    /// How many keys it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sets a key; tells its position, and whether it was there before.
    pub(super) fn insert_full(&mut self, key: Text, value: Value) -> (usize, bool) {
        let (index, before) = self.set(key, value);
        (index, before.is_some())
    }

    fn set(&mut self, key: Text, value: Value) -> (usize, Option<Value>) {
        if let Pairs::Few(pairs) = &mut *self.0 {
            if let Some(index) = pairs.iter().position(|(known, _)| *known == key) {
                return (index, Some(std::mem::replace(&mut pairs[index].1, value)));
            }
            if pairs.len() < FEW_KEYS {
                pairs.push((key, value));
                return (pairs.len() - 1, None);
            }
            *self.0 = Pairs::Many(pairs.drain(..).collect());
        }
        match &mut *self.0 {
            Pairs::Many(pairs) => pairs.insert_full(key, value),
            Pairs::Few(pairs) => {
                pairs.push((key, value));
                (pairs.len() - 1, None)
            }
        }
    }

    /// The key at a position.
    pub(super) fn key_at(&self, index: usize) -> Option<&Text> {
        match &*self.0 {
            Pairs::Few(pairs) => pairs.get(index).map(|(key, _)| key),
            Pairs::Many(pairs) => pairs.get_index(index).map(|(key, _)| key),
        }
    }
}

/// Keys and values of a mapping in order.
#[derive(Debug, Clone)]
pub enum Iter<'a> {
    /// Of few.
    Few(std::slice::Iter<'a, (Text, Value)>),
    /// Of many.
    Many(indexmap::map::Iter<'a, Text, Value>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a Text, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Few(pairs) => pairs.next().map(|(key, value)| (key, value)),
            Self::Many(pairs) => pairs.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::Few(pairs) => pairs.size_hint(),
            Self::Many(pairs) => pairs.size_hint(),
        }
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        match self {
            Self::Few(pairs) => pairs.next_back().map(|(key, value)| (key, value)),
            Self::Many(pairs) => pairs.next_back(),
        }
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// Python's `==`: the same keys with equal values, in whatever order.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get_text(key) == Some(value))
    }
}

impl FromIterator<(Text, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Text, Value)>>(pairs: I) -> Self {
        let mut map = Self::new();
        for (key, value) in pairs {
            map.set(key, value);
        }
        map
    }
}

impl IntoIterator for Map {
    type Item = (Text, Value);
    type IntoIter = std::vec::IntoIter<(Text, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        match *self.0 {
            Pairs::Few(pairs) => pairs.into_iter(),
            Pairs::Many(pairs) => pairs.into_iter().collect::<Vec<_>>().into_iter(),
        }
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

    #[test]
    fn few_keys_and_many_behave_alike() {
        let mut map = Map::new();
        for number in 0..3 * FEW_KEYS {
            let key = Text::from(format!("k{number}"));
            assert_eq!(map.insert_full(key.clone(), Value::from(1)), (number, false));
            assert_eq!(map.insert_full(key.clone(), Value::Null), (number, true));
            assert_eq!((map.get_text(&key), map.len()), (Some(&Value::Null), number + 1));
            assert_eq!(map.key_at(number), Some(&key));
        }
        assert_eq!(map.keys().next_back(), Some(&Text::from(format!("k{}", 3 * FEW_KEYS - 1))));
        assert_eq!(map.remove("k1"), Some(Value::Null));
        let again: Map = map.clone().into_iter().collect();
        assert!(again == map && again.keys().eq(map.keys()) && !map.contains_key("k1"));
    }
}
