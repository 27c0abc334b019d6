//! What is kept of a big object, so that one entry of it can be read later without the others.
//!
//! Of each key it tells where the value stands that Python sees, and whether the key is repeated. It is made in one pass, and
//! has a form in bytes: a few bytes an entry beside its key.

use std::ops::Range;

use super::budget::{BYTES_MAX, Budget, NODES_MAX};
use super::error::ParseErrorReason;
use super::grammar::{self, Container, Handler};
use super::token::{Scalar, StringToken};

/// Raised when the index of a document could change, in what it says or in its form.
pub const INDEX_VERSION: u32 = 1;

/// The first byte of the form in bytes: what follows is why the document can't be indexed.
const PROBLEM: u8 = 0;

/// Or what follows are entries.
const ENTRIES: u8 = 1;

/// Where an entry's key stands among the keys, and its value in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    key: u32,
    key_len: u32,
    value: u32,
    value_len: u32,
    is_repeated: bool,
}

/// The value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedValue {
    /// The bytes of the value that Python sees: the last one, if the key is repeated. They are a JSON document in themselves.
    pub range: Range<usize>,
    /// Whether another entry has the same key.
    pub is_repeated: bool,
}

/// The keys of an object, each with the place of its value; or why there are none to be had.
///
/// A lone surrogate in a key counts as U+FFFD, so keys that differ in these alone are one. Nobody looks such a key up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyIndex {
    problem: Option<String>,
    /// All keys, one after the other, in their order.
    keys: String,
    /// Sorted by key, without repetitions.
    places: Vec<Place>,
}

impl KeyIndex {
    /// Indexes a document under the default budget.
    pub fn of(bytes: &[u8]) -> Self {
        Self::within(bytes, usize::MAX).unwrap_or(Self { problem: None, keys: String::new(), places: Vec::new() })
    }

    /// The same, unless the index would take more than about `size_max` bytes.
    pub fn within(bytes: &[u8], size_max: usize) -> Option<Self> {
        let mut builder = Builder::new(size_max);
        match grammar::read(bytes, &Budget::default(), &mut builder) {
            Ok(()) if builder.is_over => None,
            Ok(()) => Some(builder.finish()),
            Err(error) => Some(Self { problem: Some(error.to_string()), keys: String::new(), places: Vec::new() }),
        }
    }

    /// Why the document can't be indexed, if it can't.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// The value that Python sees for a key.
    pub fn find(&self, key: &str) -> Option<IndexedValue> {
        let found = self.places.binary_search_by(|place| self.key_of(place).cmp(key)).ok()?;
        let place = self.places.get(found)?;
        let (start, len) = (place.value as usize, place.value_len as usize);
        Some(IndexedValue { range: start..start + len, is_repeated: place.is_repeated })
    }

    /// The keys, sorted, each once.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.places.iter().map(|place| self.key_of(place))
    }

    /// Whether values stand in the order of their keys: who asks for all of them one after the other then goes through the
    /// document once.
    pub fn is_in_order(&self) -> bool {
        self.places.is_sorted_by_key(|place| place.value)
    }

    fn key_of(&self, place: &Place) -> &str {
        let start = place.key as usize;
        self.keys.get(start..start + place.key_len as usize).unwrap_or_default()
    }

    /// Its form in bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        if let Some(problem) = &self.problem {
            return [&[PROBLEM], problem.as_bytes()].concat();
        }
        // Column by column: what is alike stands together, for whoever compresses it.
        let mut bytes = vec![ENTRIES];
        put_number(&mut bytes, self.places.len() as u64);
        for place in &self.places {
            put_number(&mut bytes, u64::from(place.key_len));
        }
        let mut end = 0;
        for place in &self.places {
            let gap = i64::from(place.value) - end;
            put_number(&mut bytes, (gap << 1 ^ gap >> 63).cast_unsigned());
            end = i64::from(place.value) + i64::from(place.value_len);
        }
        for place in &self.places {
            put_number(&mut bytes, u64::from(place.value_len) << 1 | u64::from(place.is_repeated));
        }
        bytes.extend_from_slice(self.keys.as_bytes());
        bytes
    }

    /// Reads what [`KeyIndex::to_bytes`] wrote of a document of `document_size` bytes. `None` for what it can't have written:
    /// places outside the document, keys out of order.
    pub fn from_bytes(bytes: &[u8], document_size: u64) -> Option<Self> {
        let (kind, mut rest) = bytes.split_first()?;
        if *kind == PROBLEM {
            let problem = std::str::from_utf8(rest).ok()?.to_owned();
            return Some(Self { problem: Some(problem), keys: String::new(), places: Vec::new() });
        }
        let document_size = i64::from(u32::try_from(document_size).ok().filter(|_| *kind == ENTRIES)?);
        let count = usize::try_from(take_number(&mut rest)?).ok()?;
        // An entry takes three bytes at least: nothing is set aside for more than can be there.
        if count > rest.len() / 3 {
            return None;
        }
        let blank = Place { key: 0, key_len: 0, value: 0, value_len: 0, is_repeated: false };
        let mut places = vec![blank; count];
        let mut keys_end = 0_u32;
        for place in &mut places {
            place.key = keys_end;
            place.key_len = u32::try_from(take_number(&mut rest)?).ok()?;
            keys_end = keys_end.checked_add(place.key_len)?;
        }
        let mut gaps = Vec::with_capacity(count);
        for _ in 0..count {
            let number = take_number(&mut rest)?;
            gaps.push((number >> 1).cast_signed() ^ -(number & 1).cast_signed());
        }
        let mut end = 0_i64;
        for (place, gap) in places.iter_mut().zip(gaps) {
            let number = take_number(&mut rest)?;
            let start = end.checked_add(gap).filter(|start| *start >= 0)?;
            end = start.checked_add(i64::try_from(number >> 1).ok()?).filter(|end| *end <= document_size)?;
            place.value = u32::try_from(start).ok()?;
            place.value_len = u32::try_from(number >> 1).ok()?;
            place.is_repeated = number & 1 == 1;
        }
        let keys = std::str::from_utf8(rest).ok().filter(|keys| keys.len() == keys_end as usize)?;
        let is_whole = places.iter().all(|place| keys.is_char_boundary(place.key as usize));
        let read = Self { problem: None, keys: keys.to_owned(), places };
        let is_sorted = read.places.is_sorted_by(|a, b| read.key_of(a) < read.key_of(b));
        (is_whole && is_sorted).then_some(read)
    }
}

/// Seven bits a byte, the lowest first; a set eighth bit says that more follow.
fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Notes keys and values of the outermost object, in the order of the document.
struct Builder {
    keys: String,
    places: Vec<Place>,
    depth: usize,
    /// Where what is being read begins in the document.
    base: usize,
    /// Keys of the outermost object, and values anywhere.
    entries: usize,
    nodes: usize,
    size_max: usize,
    /// Whether more came than is to be kept.
    is_over: bool,
}

/// What an entry takes beside its key, at most, in bytes.
const ENTRY_SIZE: usize = 15;

impl Builder {
    fn new(size_max: usize) -> Self {
        let (keys, places) = (String::new(), Vec::new());
        Self { keys, places, depth: 0, base: 0, entries: 0, nodes: 0, size_max, is_over: false }
    }

    fn place(&mut self, span: &Range<usize>) {
        if let Some(place) = self.places.last_mut().filter(|_| !self.is_over) {
            // A document within the budget is far smaller than 4 GiB.
            place.value = (self.base + span.start) as u32;
            place.value_len = (span.end - span.start) as u32;
        }
    }

    /// Sorts by key, and leaves of equal keys the last.
    fn finish(self) -> KeyIndex {
        let Self { keys, mut places, .. } = self;
        let key_of = |place: &Place| keys.get(place.key as usize..(place.key + place.key_len) as usize);
        if places.is_sorted_by(|a, b| key_of(a) < key_of(b)) {
            return KeyIndex { problem: None, keys, places };
        }
        // Equal keys stay in the order of the document.
        places.sort_by(|a, b| key_of(a).cmp(&key_of(b)));
        let mut sorted = KeyIndex { problem: None, keys: String::with_capacity(keys.len()), places: Vec::new() };
        for same in places.chunk_by(|a, b| key_of(a) == key_of(b)) {
            if let Some(last) = same.last() {
                let key = sorted.keys.len() as u32;
                sorted.keys.push_str(key_of(last).unwrap_or_default());
                sorted.places.push(Place { key, is_repeated: same.len() > 1, ..*last });
            }
        }
        sorted
    }
}

impl<'a> Handler<'a> for Builder {
    #[inline]
    fn scalar(&mut self, _scalar: Scalar<'a>, span: Range<usize>) -> Result<(), ParseErrorReason> {
        self.nodes += 1;
        match self.depth {
            0 => return Err(ParseErrorReason::NotAnObject),
            1 => self.place(&span),
            _ => {}
        }
        Ok(())
    }

    #[inline]
    fn open(&mut self, container: Container, start: usize) -> Result<(), ParseErrorReason> {
        self.nodes += 1;
        match (self.depth, container) {
            (0, Container::List) => return Err(ParseErrorReason::NotAnObject),
            (1, Container::List | Container::Map) => self.place(&(start..start)),
            (_, Container::List | Container::Map) => {}
        }
        self.depth += 1;
        Ok(())
    }

    #[inline]
    fn key(&mut self, key: StringToken<'a>) {
        if self.depth != 1 {
            return;
        }
        self.entries += 1;
        if self.is_over {
            return;
        }
        let key = key.decode();
        let start = self.keys.len();
        self.keys.push_str(&key.to_lossy());
        let key_len = (self.keys.len() - start) as u32;
        self.places.push(Place { key: start as u32, key_len, value: 0, value_len: 0, is_repeated: false });
        if self.keys.len() + self.places.len().saturating_mul(ENTRY_SIZE) > self.size_max {
            self.is_over = true;
            (self.keys, self.places) = (String::new(), Vec::new());
        }
    }

    #[inline]
    fn close(&mut self, end: usize) {
        self.depth -= 1;
        if self.depth == 1
            && let Some(place) = self.places.last_mut()
        {
            place.value_len = (self.base + end) as u32 - place.value;
        }
    }
}

/// The most bytes of one entry that [`EntryStream`] holds: those of real graphs have some 5 kB.
const ENTRY_SIZE_MAX: usize = 16 * 1024 * 1024;

/// Makes the index of an object that comes in pieces, holding one entry at a time.
///
/// It cuts the object at the commas between its entries, and the grammar reads each entry as an object of its own. What
/// anything is wrong with is given up, and left to whoever reads it whole.
pub struct EntryStream {
    builder: Builder,
    /// An opening brace, and then what was read of the entry so far.
    entry: Vec<u8>,
    /// Where the entry begins in the document.
    begins: usize,
    /// What the document has given so far, and in which part of it that ends.
    read: usize,
    at: At,
    /// Containers that are open.
    depth: usize,
}

/// In which part of a document a byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Before,
    Entries,
    Text,
    /// After a backslash.
    Escape,
    After,
    /// It is given up.
    Nowhere,
}

impl std::fmt::Debug for EntryStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EntryStream").field("read", &self.read).finish_non_exhaustive()
    }
}

impl EntryStream {
    /// For an index of about `size_max` bytes at most.
    pub fn new(size_max: usize) -> Self {
        let entry = vec![b'{'];
        Self { builder: Builder::new(size_max), entry, begins: 0, read: 0, at: At::Before, depth: 0 }
    }

    /// Takes the next bytes of the document.
    pub fn update(&mut self, bytes: &[u8]) {
        if bytes.len() > BYTES_MAX - self.read {
            self.at = At::Nowhere;
            return;
        }
        let (mut at, mut held) = (0, 0);
        while at < bytes.len() {
            let rest = &bytes[at..];
            at += match self.at {
                At::Before => {
                    let taken = self.before(rest, self.read + at);
                    held = at + taken;
                    taken
                }
                At::Entries => {
                    let (taken, end) = self.entries(rest);
                    if let Some(end) = end {
                        let place = at + taken - 1;
                        self.hold(&bytes[held..place]);
                        held = place + 1;
                        self.end_entry(self.read + place, end);
                    }
                    taken
                }
                At::Text => self.text(rest),
                At::Escape => {
                    self.at = At::Text;
                    1
                }
                At::After => self.after(rest),
                At::Nowhere => return,
            };
        }
        if matches!(self.at, At::Entries | At::Text | At::Escape) {
            self.hold(&bytes[held..]);
        }
        self.read += bytes.len();
    }

    /// The index, unless something is wrong with the document, or the index is too large.
    pub fn finish(self) -> Option<KeyIndex> {
        (self.at == At::After && !self.builder.is_over).then(|| self.builder.finish())
    }

    /// Goes on to the entries; returns how many bytes that takes of those from a place on.
    fn before(&mut self, bytes: &[u8], place: usize) -> usize {
        let blanks = blanks(bytes);
        let Some(byte) = bytes.get(blanks) else { return blanks };
        (self.at, self.depth) = if *byte == b'{' { (At::Entries, 1) } else { (At::Nowhere, 0) };
        self.begins = place + blanks + 1;
        blanks + 1
    }

    /// Goes on past the next byte that means something: that opens or closes something, begins a text, or ends an entry; then
    /// it is returned, too.
    fn entries(&mut self, bytes: &[u8]) -> (usize, Option<u8>) {
        for (place, byte) in bytes.iter().enumerate() {
            match byte {
                b'"' => {
                    self.at = At::Text;
                    return (place + 1, None);
                }
                b'{' | b'[' => self.depth += 1,
                b']' | b'}' if self.depth > 1 => self.depth -= 1,
                b',' if self.depth > 1 => {}
                b',' | b'}' | b']' => return (place + 1, Some(*byte)),
                _ => {}
            }
        }
        (bytes.len(), None)
    }

    /// Goes on past the end of a text, or to what a backslash hides.
    fn text(&mut self, bytes: &[u8]) -> usize {
        let Some(place) = memchr::memchr2(b'"', b'\\', bytes) else { return bytes.len() };
        self.at = if bytes[place] == b'"' { At::Entries } else { At::Escape };
        place + 1
    }

    fn after(&mut self, bytes: &[u8]) -> usize {
        if blanks(bytes) < bytes.len() {
            self.at = At::Nowhere;
        }
        bytes.len()
    }

    fn hold(&mut self, bytes: &[u8]) {
        if self.entry.len() + bytes.len() > ENTRY_SIZE_MAX {
            self.at = At::Nowhere;
        } else {
            self.entry.extend_from_slice(bytes);
        }
    }

    /// Has the grammar read an entry that ends before a byte of the document, with what ends it.
    fn end_entry(&mut self, end: usize, with: u8) {
        let is_last = with == b'}';
        let is_empty = is_last && self.builder.entries == 0 && blanks(&self.entry[1..]) + 1 == self.entry.len();
        self.entry.push(b'}');
        // The brace before the entry stands for the byte before it.
        self.builder.base = self.begins - 1;
        let (before, nodes) = (self.builder.entries, self.builder.nodes);
        let read = grammar::read(&self.entry, &Budget::default(), &mut self.builder);
        // The document's own brace is counted once.
        self.builder.nodes -= usize::from(before > 0 && self.builder.nodes > nodes);
        let is_one = is_empty || self.builder.entries == before + 1;
        if read.is_err() || !is_one || self.builder.nodes > NODES_MAX || with == b']' || self.at == At::Nowhere {
            self.at = At::Nowhere;
        } else if is_last {
            self.at = At::After;
        }
        self.entry.truncate(1);
        self.begins = end + 1;
    }
}

/// How many bytes at the start are blanks of JSON.
fn blanks(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::entries::entries;
    use super::super::value::tests::json_like;
    use super::*;

    fn written_and_read(index: &KeyIndex, size: usize) -> KeyIndex {
        KeyIndex::from_bytes(&index.to_bytes(), size as u64).unwrap()
    }

    /// The index says what [`entries`] says, also after it was written and read.
    fn check_agreement(bytes: &[u8]) {
        let index = KeyIndex::of(bytes);
        assert_eq!(written_and_read(&index, bytes.len()), index);
        for piece in [1, 2, 7, bytes.len().max(1)] {
            let mut stream = EntryStream::new(usize::MAX);
            bytes.chunks(piece).for_each(|piece| stream.update(piece));
            assert_eq!(stream.finish(), index.problem().is_none().then(|| index.clone()), "pieces of {piece}");
        }
        let wanted = match entries(bytes) {
            Ok(wanted) => wanted,
            Err(error) => return assert_eq!(index.problem(), Some(error.to_string().as_str())),
        };
        assert_eq!(index.problem(), None);
        let repeated: Vec<_> = wanted.duplicates().iter().map(|at| &wanted.as_slice()[*at].key).collect();
        let mut keys: Vec<String> = wanted.iter().map(|entry| entry.key.to_lossy().into_owned()).collect();
        keys.sort();
        keys.dedup();
        assert!(index.keys().eq(keys.iter().map(String::as_str)));
        for entry in &wanted {
            if let Some(key) = entry.key.as_str().filter(|key| !key.contains('\u{fffd}')) {
                let found = index.find(key).unwrap();
                assert_eq!(Some(found.range), wanted.find(key));
                assert_eq!(found.is_repeated, repeated.contains(&&entry.key), "{key}");
            }
        }
        for absent in ["", "absent", "\u{10ffff}"] {
            assert_eq!(index.find(absent).is_some(), wanted.find(absent).is_some());
        }
    }

    #[test]
    fn it_says_where_values_stand() {
        let text = br#" { "b" : [1, {"b":2}] ,"a":"x","b":  -3.5 ,"\u0063":{} , "\ud800": 1, "\udfff": 2 } "#;
        let index = KeyIndex::of(text);
        let source = |key: &str| index.find(key).map(|found| (&text[found.range], found.is_repeated));
        assert_eq!(source("b"), Some((&b"-3.5"[..], true)));
        assert_eq!(source("a"), Some((&b"\"x\""[..], false)));
        assert_eq!(source("c"), Some((&b"{}"[..], false)));
        assert_eq!(source("d"), None);
        assert!(index.keys().eq(["a", "b", "c", "\u{fffd}"]));
        assert!(!KeyIndex::of(br#"{"b":1,"a":2}"#).is_in_order());
        assert!(KeyIndex::of(br#"{"a":1,"b":[],"c":{}}"#).is_in_order());
        for text in
            [&text[..], b"{}", b" { } ", b"{\"a\":{\"a\":1,\"a\":2}}", b"[]", b"", b"{", b"\xff", b"{\"a\":1}x", b"1"]
        {
            check_agreement(text);
        }
        for text in [
            r#"{"a\"":[{"b":"},{"}]},"c":"\\"}"#,
            r#"{"a":1,}"#,
            r#"{,"a":1}"#,
            r#"{"a":1,,"b":2}"#,
            r#"{"a":1 "b":2}"#,
            r#"{"a":1}}"#,
            r#"{"a":[1}"#,
            r#"{"a":[1}]}"#,
            r#"{"a":1]"#,
            r#"{]"#,
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{{"a":1}}"#,
            "\u{feff}{}",
            "{\"a\":1} \n\t\r ",
            "{\"a\":\"\n\"}",
            "{\u{a0}}",
        ] {
            check_agreement(text.as_bytes());
        }
        for depth in [899, 900] {
            check_agreement(format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth)).as_bytes());
        }
    }

    #[test]
    fn a_stream_gives_up_what_would_take_too_much() {
        let indexed = |text: &str, size_max| {
            let mut stream = EntryStream::new(size_max);
            text.as_bytes().chunks(60_000).for_each(|piece| stream.update(piece));
            stream.finish()
        };
        let long = |size: usize| format!("{{\"a\":1,\"b\":\"{}\",\"c\":2}}", "x".repeat(size));
        assert!(indexed(&long(ENTRY_SIZE_MAX - 10), usize::MAX).is_some());
        assert!(indexed(&long(ENTRY_SIZE_MAX), usize::MAX).is_none());
        assert!(indexed(&long(10), 3 * (ENTRY_SIZE + 1)).is_some());
        assert!(indexed(&long(10), 2 * (ENTRY_SIZE + 1)).is_none());
        let list = format!("[{}]", vec!["0"; NODES_MAX / 8 - 2].join(","));
        let lists: Vec<String> = (0..8).map(|number| format!("\"a{number}\":{list}")).collect();
        let at_most = format!("{{{},\"b\":0,\"c\":0,\"d\":0,\"e\":0,\"f\":0,\"g\":0,\"h\":0}}", lists.join(","));
        assert_eq!(indexed(&at_most, usize::MAX), Some(KeyIndex::of(at_most.as_bytes())));
        let beyond = format!("{},\"i\":0}}", at_most.trim_end_matches('}'));
        assert!(KeyIndex::of(beyond.as_bytes()).problem().is_some_and(|problem| problem.contains("values")));
        assert_eq!(indexed(&beyond, usize::MAX), None);
    }

    #[test]
    fn it_is_left_out_where_it_would_be_too_large() {
        let text: String = (0..100).map(|number| format!(",\"k{number}\":{number}")).collect();
        let text = format!("{{{}}}", &text[1..]);
        let index = KeyIndex::of(text.as_bytes());
        assert_eq!(KeyIndex::within(text.as_bytes(), index.to_bytes().len()), None);
        assert_eq!(KeyIndex::within(text.as_bytes(), 100 * (ENTRY_SIZE + 3)), Some(index));
        // A document that can't be read is told as that.
        let index = KeyIndex::within(&text.as_bytes()[..text.len() - 1], 10).unwrap();
        assert!(index.problem().unwrap().contains("expected"));
    }

    #[test]
    fn what_it_can_not_have_written_is_refused() {
        let text = br#"{"a":1,"b":22,"c":[3]}"#;
        let bytes = KeyIndex::of(text).to_bytes();
        let read = |bytes: &[u8], size| KeyIndex::from_bytes(bytes, size);
        assert!(read(&bytes, text.len() as u64).is_some());
        // The last value ends one byte before the document does.
        assert!(read(&bytes, text.len() as u64 - 1).is_some());
        for size in [0, 1, text.len() as u64 - 2, u64::from(u32::MAX) + 1, u64::MAX] {
            assert_eq!(read(&bytes, size), None, "{size}");
        }
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end], 100), None, "{end}");
        }
        assert_eq!(read(&[bytes.as_slice(), b"d"].concat(), 100), None);
        let swapped = [&bytes[..bytes.len() - 3], b"acb"].concat();
        assert_eq!(read(&swapped, 100), None);
        let twice = [&bytes[..bytes.len() - 3], b"abb"].concat();
        assert_eq!(read(&twice, 100), None);
        let cut = [ENTRIES, 2, 1, 1, 0, 0, 2, 2, 0xc3, 0xa9];
        assert_eq!(read(&cut, 100), None, "a key begins within a letter");
        assert_eq!(read(&[ENTRIES, 0xff, 0xff, 0xff, 0xff, 0x0f], 100), None);
        assert_eq!(read(&[ENTRIES, 1, 1, 1, 2, b'a'], 100), None, "before the document");
        let huge = [&[ENTRIES, 1, 1, 0][..], &[0xff; 9], &[1, b'a']].concat();
        assert_eq!(read(&huge, 100), None);
        assert_eq!(read(&[PROBLEM, 0xff], 100), None);
        assert_eq!(read(&[2], 100), None);
    }

    #[test]
    fn numbers_come_back() {
        for number in [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            let mut rest = bytes.as_slice();
            assert_eq!((take_number(&mut rest), rest), (Some(number), &[][..]));
        }
        assert_eq!(take_number(&mut &[0xff; 11][..]), None);
        let mut beyond = vec![0xff; 9];
        beyond.push(2);
        assert_eq!(take_number(&mut beyond.as_slice()), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_indexed_or_told(bytes: Vec<u8>) {
            check_agreement(&bytes);
        }

        #[test]
        fn json_like_text_is_indexed(text in json_like()) {
            check_agreement(text.as_bytes());
            check_agreement(format!("{{\"a\":{text}}}").as_bytes());
        }

        #[test]
        fn any_bytes_are_read_within_the_document(bytes: Vec<u8>, size in 0_u64..200) {
            for kind in [PROBLEM, ENTRIES] {
                let bytes = [&[kind], bytes.as_slice()].concat();
                if let Some(index) = KeyIndex::from_bytes(&bytes, size) {
                    for key in index.keys() {
                        prop_assert!(index.find(key).unwrap().range.end as u64 <= size);
                    }
                }
            }
        }
    }
}
