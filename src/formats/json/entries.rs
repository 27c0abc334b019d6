//! An index of a big object: which key's value stands where.

use std::ops::Range;

use super::budget::Budget;
use super::error::{ParseError, ParseErrorReason};
use super::grammar::{self, Container, Handler};
use super::text::Text;
use super::token::{Scalar, StringToken};

/// One key of the object, with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Text,
    /// The bytes of the value, without blanks around it. They are a JSON document in themselves.
    pub value: Range<usize>,
}

/// The entries of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries {
    list: Vec<Entry>,
    /// Positions in `list`, sorted by key; equal keys in document order. A sorted index instead of a hash table: it
    /// copies no key and hostile keys cannot spoil it.
    by_key: Vec<usize>,
    duplicates: Vec<usize>,
}

impl Entries {
    /// The value that Python sees for a key: the last one, if the key is repeated.
    pub fn find(&self, key: &str) -> Option<Range<usize>> {
        let key_at = |&position: &usize| self.list.get(position).map(|entry| entry.key.as_bytes());
        let end = self.by_key.partition_point(|position| key_at(position) <= Some(key.as_bytes()));
        let entry = self.list.get(*self.by_key.get(end.checked_sub(1)?)?)?;
        (entry.key == *key).then(|| entry.value.clone())
    }

    /// All entries in document order, repeated keys included.
    pub fn as_slice(&self) -> &[Entry] {
        &self.list
    }

    /// All entries in document order, repeated keys included.
    pub fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.list.iter()
    }

    /// How many entries there are, repeated keys included.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The positions, ascending, of the entries whose key an earlier entry has too.
    pub fn duplicates(&self) -> &[usize] {
        &self.duplicates
    }

    fn new(list: Vec<Entry>) -> Self {
        let key_at = |position: usize| list.get(position).map(|entry| &entry.key);
        let mut by_key: Vec<usize> = (0..list.len()).collect();
        by_key.sort_by_key(|&position| key_at(position));
        let mut duplicates: Vec<usize> = by_key
            .array_windows()
            .filter_map(|&[left, right]| (key_at(left) == key_at(right)).then_some(right))
            .collect();
        duplicates.sort_unstable();
        Self { list, by_key, duplicates }
    }
}

impl<'a> IntoIterator for &'a Entries {
    type Item = &'a Entry;
    type IntoIter = std::slice::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Indexes an object under the default budget, without building its values.
///
/// # Errors
///
/// As [`super::parse`]; in addition a document that is not an object is refused.
pub fn entries(bytes: &[u8]) -> Result<Entries, ParseError> {
    entries_with(bytes, &Budget::default())
}

/// Indexes an object under a budget.
///
/// # Errors
///
/// As [`entries`].
pub fn entries_with(bytes: &[u8], budget: &Budget) -> Result<Entries, ParseError> {
    let mut indexer = Indexer::default();
    grammar::read(bytes, budget, &mut indexer)?;
    Ok(Entries::new(indexer.list))
}

/// The places of the items of a list, in its order, without building them: each is a JSON document in itself.
///
/// # Errors
///
/// As [`super::parse`]; in addition a document that is not a list is refused.
pub fn items(bytes: &[u8]) -> Result<Vec<Range<usize>>, ParseError> {
    let mut indexer = ItemIndexer::default();
    grammar::read(bytes, &Budget::default(), &mut indexer)?;
    Ok(indexer.list)
}

/// Notes the spans of the items of the outermost list.
#[derive(Default)]
struct ItemIndexer {
    list: Vec<Range<usize>>,
    depth: usize,
}

impl<'a> Handler<'a> for ItemIndexer {
    fn scalar(&mut self, _scalar: Scalar<'a>, span: Range<usize>) -> Result<(), ParseErrorReason> {
        match self.depth {
            0 => return Err(ParseErrorReason::NotAList),
            1 => self.list.push(span),
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, container: Container, start: usize) -> Result<(), ParseErrorReason> {
        match (self.depth, container) {
            (0, Container::Map) => return Err(ParseErrorReason::NotAList),
            (1, Container::List | Container::Map) => self.list.push(start..start),
            (_, Container::List | Container::Map) => {}
        }
        self.depth += 1;
        Ok(())
    }

    fn key(&mut self, _key: StringToken<'a>) {}

    fn close(&mut self, end: usize) {
        self.depth -= 1;
        if self.depth == 1
            && let Some(item) = self.list.last_mut()
        {
            item.end = end;
        }
    }
}

/// Notes the keys and the spans of the values of the outermost object.
#[derive(Default)]
struct Indexer {
    list: Vec<Entry>,
    depth: usize,
}

impl<'a> Handler<'a> for Indexer {
    #[inline]
    fn scalar(&mut self, _scalar: Scalar<'a>, span: Range<usize>) -> Result<(), ParseErrorReason> {
        match self.depth {
            0 => return Err(ParseErrorReason::NotAnObject),
            1 => self.place(span),
            _ => {}
        }
        Ok(())
    }

    #[inline]
    fn open(&mut self, container: Container, start: usize) -> Result<(), ParseErrorReason> {
        match (self.depth, container) {
            (0, Container::List) => return Err(ParseErrorReason::NotAnObject),
            (1, Container::List | Container::Map) => self.place(start..start),
            (_, Container::List | Container::Map) => {}
        }
        self.depth += 1;
        Ok(())
    }

    #[inline]
    fn key(&mut self, key: StringToken<'a>) {
        if self.depth == 1 {
            self.list.push(Entry { key: key.decode(), value: 0..0 });
        }
    }

    #[inline]
    fn close(&mut self, end: usize) {
        self.depth -= 1;
        if self.depth == 1
            && let Some(entry) = self.list.last_mut()
        {
            entry.value.end = end;
        }
    }
}

impl Indexer {
    fn place(&mut self, span: Range<usize>) {
        if let Some(entry) = self.list.last_mut() {
            entry.value = span;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::document::parse;
    use super::super::map::Map;
    use super::super::value::tests::json_like;
    use super::*;

    /// Both readers agree on whether the bytes are an object, and on what is in it.
    fn check_agreement(bytes: &[u8]) {
        let document = parse(bytes);
        let index = match entries(bytes) {
            Ok(index) => index,
            Err(error) if error.reason == ParseErrorReason::NotAnObject => {
                assert!(document.is_err() || document.is_ok_and(|document| document.value.as_map().is_none()));
                return;
            }
            Err(error) => return assert_eq!(document.unwrap_err(), error),
        };
        let value = document.unwrap().value;
        let map = value.as_map().unwrap();
        let read = |range: Range<usize>| parse(bytes.get(range).unwrap()).unwrap().value;
        let read_map: Map = index.iter().map(|entry| (entry.key.clone(), read(entry.value.clone()))).collect();
        // Debug text instead of `==`, for which NaN differs from itself.
        assert_eq!(format!("{read_map:?}"), format!("{map:?}"));
        assert_eq!(index.len() - index.duplicates().len(), map.len());
        for (key, value) in map.iter() {
            if let Some(key) = key.as_str() {
                assert_eq!(format!("{:?}", read(index.find(key).unwrap())), format!("{value:?}"));
            }
        }
    }

    #[test]
    fn entries_are_found() {
        let text = br#" { "b" : [1, {"b":2}] ,"a":"x","b":  -3.5 ,"\u0063":{} } "#;
        let index = entries(text).unwrap();
        let source = |range: Range<usize>| std::str::from_utf8(&text[range]).unwrap();
        let pairs: Vec<_> = index.iter().map(|e| (e.key.to_lossy().into_owned(), source(e.value.clone()))).collect();
        let expected = [("b", r#"[1, {"b":2}]"#), ("a", "\"x\""), ("b", "-3.5"), ("c", "{}")];
        assert_eq!(pairs, expected.map(|(key, value)| (key.to_owned(), value)));
        assert_eq!(index.duplicates(), [2]);
        assert_eq!(index.find("b").map(source), Some("-3.5"));
        assert_eq!(index.find("c").map(source), Some("{}"));
        for absent in ["", "aa", "0", "d", "B"] {
            assert_eq!(index.find(absent), None, "{absent}");
        }
        assert_eq!(entries(b"{}").unwrap().len(), 0);
        assert_eq!(entries(b"{}").unwrap().find(""), None);
    }

    #[test]
    fn only_objects_are_indexed() {
        for text in ["[]", "[{}]", "1", "null", "\"{}\"", "NaN"] {
            assert_eq!(entries(text.as_bytes()).unwrap_err().reason, ParseErrorReason::NotAnObject, "{text}");
        }
    }

    #[test]
    fn agreement_on_awkward_texts() {
        for text in [
            "{",
            "{}",
            "{}x",
            "{\"a\":01}",
            "{\"a\":[}",
            "{\"a\":1e999}",
            r#"{"\ud800":NaN}"#,
            r#"{"a":"\x"}"#,
            "[1,]",
            "\u{feff}{}",
            "{\"a\":\"\t\"}",
        ] {
            check_agreement(text.as_bytes());
        }
        check_agreement(b"{\"a\":\"\xff\"}");
        for depth in [899, 900, 901] {
            check_agreement(format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1)).as_bytes());
        }
        for digits in [4300, 4301] {
            check_agreement(format!("{{\"a\":{}}}", "9".repeat(digits)).as_bytes());
        }
        let texts: Vec<Text> = ["b", "a", "b", "b"].map(Text::from).to_vec();
        let index = Entries::new(texts.into_iter().map(|key| Entry { key, value: 0..0 }).collect());
        assert_eq!(index.duplicates(), [2, 3]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_as_parse_reads_them(bytes: Vec<u8>) {
            check_agreement(&bytes);
        }

        #[test]
        fn json_like_text_is_read_as_parse_reads_it(text in json_like()) {
            check_agreement(text.as_bytes());
            check_agreement(format!("{{\"a\":{text}}}").as_bytes());
        }
    }
}
