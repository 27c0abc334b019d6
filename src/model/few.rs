//! Maps of few entries.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A map as a sorted list. For the few entries that each of many tasks has: a tree reserves the room of eleven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FewMap<K, V> {
    /// Sorted by key, each key once.
    entries: Vec<(K, V)>,
}

impl<K, V> FewMap<K, V> {
    /// An empty map.
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Whether it has no entry.
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many entries it has.
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entries, in the order of the keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + Clone {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.entries.iter().map(|(key, _)| key)
    }

    /// The values, in the order of the keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone {
        self.entries.iter().map(|(_, value)| value)
    }

    /// Keeps the entries that are wanted.
    pub fn retain(&mut self, mut is_wanted: impl FnMut(&K) -> bool) {
        self.entries.retain(|(key, _)| is_wanted(key));
    }

    /// The value of the key to which `order` says that it is equal; keys are ordered by it.
    pub fn find(&self, mut order: impl FnMut(&K) -> Ordering) -> Option<&V> {
        let place = self.entries.binary_search_by(|(key, _)| order(key)).ok()?;
        self.entries.get(place).map(|(_, value)| value)
    }

    /// The entries from the first one on for whose key `is_before` no longer holds; it holds for none after.
    pub fn from(&self, mut is_before: impl FnMut(&K) -> bool) -> impl Iterator<Item = (&K, &V)> {
        let start = self.entries.partition_point(|(key, _)| is_before(key));
        self.entries[start..].iter().map(|(key, value)| (key, value))
    }
}

impl<K: Ord, V> FewMap<K, V> {
    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.find(|known| known.borrow().cmp(key))
    }

    /// Whether it has a key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get(key).is_some()
    }

    /// Sets the value of a key. Quick where the key comes last; many entries in another order are better collected.
    pub fn insert(&mut self, key: K, value: V) {
        if self.entries.last().is_none_or(|(last, _)| *last < key) {
            self.entries.push((key, value));
            return;
        }
        match self.entries.binary_search_by(|(known, _)| known.cmp(&key)) {
            Ok(place) => self.entries[place] = (key, value),
            Err(place) => self.entries.insert(place, (key, value)),
        }
    }
}

impl<K, V> Default for FewMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for FewMap<K, V> {
    /// Of several values of a key the last counts.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut entries: Vec<(K, V)> = entries.into_iter().collect();
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        entries.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                std::mem::swap(later, kept);
            }
            is_same
        });
        entries.shrink_to_fit();
        Self { entries }
    }
}

impl<K, V> IntoIterator for FewMap<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'a, K, V> IntoIterator for &'a FewMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, (K, V)>, fn(&'a (K, V)) -> (&'a K, &'a V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter().map(|(key, value)| (key, value))
    }
}

impl<K: Serialize, V: Serialize> Serialize for FewMap<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Deserialize<'de> for FewMap<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

struct Entries<K, V>(PhantomData<(K, V)>);

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for Entries<K, V> {
    type Value = FewMap<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(entries.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_what_a_tree_is(entries in prop::collection::vec((0_u8..9, any::<u8>()), 0..12), start in 0_u8..10) {
            let tree: BTreeMap<u8, u8> = entries.iter().copied().collect();
            let collected: FewMap<u8, u8> = entries.iter().copied().collect();
            let mut inserted = FewMap::new();
            entries.iter().for_each(|(key, value)| inserted.insert(*key, *value));
            prop_assert_eq!(&collected, &inserted);
            prop_assert!(tree.iter().eq(collected.iter()));
            prop_assert!(tree.range(start..).eq(collected.from(|key| *key < start)));
            prop_assert!((0..10).all(|key| tree.get(&key) == collected.get(&key)));
            let text = serde_json::to_string(&collected).unwrap();
            prop_assert_eq!(&text, &serde_json::to_string(&tree).unwrap());
            prop_assert_eq!(serde_json::from_str::<FewMap<u8, u8>>(&text).unwrap(), collected);
        }
    }
}
