//! Reading a whole document into values.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use num_bigint::BigInt;

use super::budget::Budget;
use super::error::{ParseError, ParseErrorReason};
use super::grammar::{self, Container, Handler};
use super::map::Map;
use super::number::Number;
use super::oddity::{EXACT_INTEGER_MAX, Oddity, OddityKind, OddityList};
use super::text::Text;
use super::token::{Scalar, StringToken};
use super::value::Value;

/// Up to this many keys an object's case twins are sought pair by pair, which needs no memory; beyond, with a set.
const PAIRWISE_KEYS_MAX: usize = 16;

/// A document that was read.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it says.
    pub value: Value,
    /// What in it could be read otherwise, in the order of its bytes.
    pub oddities: Vec<Oddity>,
    /// Whether there are more oddities than [`super::ODDITIES_MAX`] and [`super::ODDITY_POINTER_BYTES_MAX`] let list.
    pub oddities_truncated: bool,
}

/// Reads a document under the default budget.
///
/// # Errors
///
/// What CPython refuses, and what exceeds the budget.
pub fn parse(bytes: &[u8]) -> Result<Document, ParseError> {
    parse_with(bytes, &Budget::WHOLE)
}

/// Reads a document under a budget.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_with(bytes: &[u8], budget: &Budget) -> Result<Document, ParseError> {
    let mut builder = Builder::default();
    grammar::read(bytes, budget, &mut builder)?;
    let (oddities, oddities_truncated) = builder.oddities.finish();
    Ok(Document { value: builder.root.unwrap_or(Value::Null), oddities, oddities_truncated })
}

/// Builds values from the outside in; containers that are not yet whole lie on a stack.
#[derive(Default)]
struct Builder {
    open: Vec<Frame>,
    root: Option<Value>,
    /// Where the first occurrence of each key of the open maps stands, those of inner maps behind those of outer ones.
    key_spans: Vec<Range<usize>>,
    oddities: OddityList,
}

enum Frame {
    List(Vec<Value>),
    Map { map: Map, key: Text, key_span: Range<usize>, first_key_span: usize },
}

impl<'a> Handler<'a> for Builder {
    fn scalar(&mut self, scalar: Scalar<'a>, span: Range<usize>) -> Result<(), ParseErrorReason> {
        let value = match scalar {
            Scalar::Null => Value::Null,
            Scalar::Bool(bool) => Value::Bool(bool),
            Scalar::Number(token) => {
                let number = token.decode();
                if let Some(kind) = number_oddity(&number) {
                    self.note(kind, span);
                }
                Value::Number(number)
            }
            Scalar::Text(token) => {
                let text = token.decode();
                if text.has_lone_surrogate() {
                    self.note(OddityKind::LoneSurrogate, span);
                }
                Value::Text(text)
            }
        };
        self.place(value);
        Ok(())
    }

    fn open(&mut self, container: Container, _start: usize) -> Result<(), ParseErrorReason> {
        self.open.push(match container {
            Container::List => Frame::List(Vec::new()),
            Container::Map => Frame::Map {
                map: Map::new(),
                key: Text::from(""),
                key_span: 0..0,
                first_key_span: self.key_spans.len(),
            },
        });
        Ok(())
    }

    fn key(&mut self, token: StringToken<'a>) {
        let text = token.decode();
        let is_lone = text.has_lone_surrogate();
        if let Some(Frame::Map { key, key_span, .. }) = self.open.last_mut() {
            *key = text;
            *key_span = token.span.clone();
        }
        if is_lone {
            self.note(OddityKind::LoneSurrogate, token.span.clone());
        }
        if token.has_needless_escape() {
            self.note(OddityKind::EscapedKey, token.span);
        }
    }

    fn close(&mut self, _end: usize) {
        let value = match self.open.pop() {
            None => return,
            Some(Frame::List(list)) => Value::List(list),
            Some(Frame::Map { map, first_key_span, .. }) => {
                self.note_case_twins(&map, first_key_span);
                self.key_spans.truncate(first_key_span);
                Value::Map(map)
            }
        };
        self.place(value);
    }
}

impl Builder {
    /// Puts a whole value where it belongs.
    fn place(&mut self, value: Value) {
        match self.open.last_mut() {
            None => self.root = Some(value),
            Some(Frame::List(list)) => list.push(value),
            Some(Frame::Map { map, key, key_span, .. }) => {
                let span = key_span.clone();
                let key = std::mem::replace(key, Text::from(""));
                let (index, was_there) = map.insert_full(key, value);
                if was_there {
                    let token = map.key_at(index).map(|key| key.to_lossy().into_owned()).unwrap_or_default();
                    self.note_in_parent(OddityKind::DuplicateKey, span, &token);
                } else {
                    self.key_spans.push(span);
                }
            }
        }
    }

    /// Notes an oddity of the value (or its key) that is being read.
    fn note(&mut self, kind: OddityKind, span: Range<usize>) {
        self.oddities.add(kind, span, path(&self.open));
    }

    /// Notes an oddity of a value of the innermost open container, by its key.
    fn note_in_parent(&mut self, kind: OddityKind, span: Range<usize>, token: &str) {
        let outer = self.open.split_last().map(|(_, outer)| outer).unwrap_or_default();
        self.oddities.add(kind, span, path(outer).chain([Cow::Borrowed(token)]));
    }

    /// Notes each key of a map (already taken off the stack) that has an earlier twin.
    fn note_case_twins(&mut self, map: &Map, first_key_span: usize) {
        for index in case_twins(map) {
            let span = self.key_spans.get(first_key_span + index).cloned().unwrap_or_default();
            let token = map.key_at(index).map(Text::to_lossy).unwrap_or_default();
            self.oddities.add(OddityKind::CaseTwinKeys, span, path(&self.open).chain([token]));
        }
    }
}

/// The tokens of the pointer of the value that is being read.
fn path(open: &[Frame]) -> impl Iterator<Item = Cow<'_, str>> {
    open.iter().map(|frame| match frame {
        Frame::List(list) => Cow::Owned(list.len().to_string()),
        Frame::Map { key, .. } => key.to_lossy(),
    })
}

fn number_oddity(number: &Number) -> Option<OddityKind> {
    let is_big = match number {
        Number::Float(float) => return (!float.is_finite()).then_some(OddityKind::NonFinite),
        Number::Int(int) => int.unsigned_abs() > EXACT_INTEGER_MAX,
        Number::Big(int) => int.magnitude() > BigInt::from(EXACT_INTEGER_MAX).magnitude(),
    };
    is_big.then_some(OddityKind::BigInteger)
}

/// The positions of the keys that equal an earlier one but for ASCII case.
fn case_twins(map: &Map) -> Vec<usize> {
    let keys = || map.keys().map(Text::as_bytes);
    if map.len() <= PAIRWISE_KEYS_MAX {
        let has_twin = |(index, key): (usize, &[u8])| {
            keys().take(index).any(|earlier| earlier.eq_ignore_ascii_case(key)).then_some(index)
        };
        return keys().enumerate().filter_map(has_twin).collect();
    }
    // Twins differ in case, so one of them has a capital; most big objects have none.
    if !keys().any(|key| key.iter().any(u8::is_ascii_uppercase)) {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    keys().enumerate().filter_map(|(index, key)| (!seen.insert(key.to_ascii_lowercase())).then_some(index)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::budget::MAX_DEPTH;
    use super::super::compact::to_compact_string;
    use super::super::oddity::{ODDITIES_MAX, ODDITY_POINTER_BYTES_MAX};
    use super::super::value::tests::json_like;
    use super::*;

    fn compact(text: &str) -> String {
        to_compact_string(&parse(text.as_bytes()).unwrap().value)
    }

    fn refusal(bytes: impl AsRef<[u8]>) -> String {
        parse(bytes.as_ref()).unwrap_err().to_string()
    }

    fn oddities(text: &str) -> Vec<(OddityKind, String, String)> {
        let document = parse(text.as_bytes()).unwrap();
        assert!(!document.oddities_truncated);
        document
            .oddities
            .into_iter()
            .map(|oddity| (oddity.kind, oddity.pointer, text.get(oddity.span).unwrap().to_owned()))
            .collect()
    }

    #[test]
    fn what_cpython_reads_is_read() {
        for (text, value) in [
            (" \t\n\r[ 1 , -2.5e3 ]\r\n", "[1,-2500.0]"),
            ("[NaN,Infinity,-Infinity,1e999,-1e999]", "[NaN,Infinity,-Infinity,Infinity,-Infinity]"),
            (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
            (r#""\uD83D\uDE00\ud800""#, r#""\ud83d\ude00\ud800""#),
            ("-0", "0"),
            ("-0.0", "-0.0"),
            ("1E5", "100000.0"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("[[],{},\"\",null,true,false]", "[[],{},\"\",null,true,false]"),
            ("\"\u{7f}\u{2028}\"", "\"\\u007f\\u2028\""),
        ] {
            assert_eq!(compact(text), value, "{text}");
        }
        assert!(parse("9".repeat(4300).as_bytes()).is_ok());
        assert!(parse(format!("-{}", "9".repeat(4300)).as_bytes()).is_ok());
        assert!(parse(format!("{}.0", "9".repeat(5000)).as_bytes()).is_ok());
    }

    #[test]
    fn what_cpython_refuses_is_refused() {
        for text in [
            "",
            " ",
            "[",
            "]",
            "{",
            "}",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{1:1}",
            "{'a':1}",
            "01",
            "-01",
            "00",
            "-",
            "+1",
            ".5",
            "1.",
            "1.e5",
            "1e",
            "1e+",
            "0x10",
            "1_0",
            "-NaN",
            "+Infinity",
            "nan",
            "nul",
            "nulll",
            "True",
            "\"",
            "\"\\",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u+123\"",
            "\"\\u 123\"",
            "\"\\ud800\\u12\"",
            "\"\\",
            "\"a\nb\"",
            "\"\t\"",
            "\"\0\"",
            "1 2",
            "{}{}",
            "[]]",
            "[}",
            "{]",
            "\u{b}1",
            "\u{a0}1",
            "\u{feff}1",
            "// x\n1",
            "\u{0}",
            "[1]\0",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse(b"\"\xff\"").is_err());
        assert!(parse(b"\"\xed\xa0\x80\"").is_err());
        assert!(parse(b"\"\xc0\x80\"").is_err());
    }

    #[test]
    fn errors_say_what_and_where() {
        assert_eq!(refusal("[1 2]"), "expected ',' or ']' at byte 3");
        assert_eq!(refusal("{\"a\" 1}"), "expected ':' at byte 5");
        assert_eq!(refusal("[1]x"), "trailing data at byte 3");
        assert_eq!(refusal("[\"ab"), "unterminated string at byte 1");
        assert_eq!(refusal("[\"a\nb\"]"), "raw control character 0x0a in a string at byte 3");
        assert_eq!(refusal("[\"a\\q\"]"), "invalid escape at byte 3");
        assert_eq!(refusal(b"[\"\xff\"]"), "invalid UTF-8 at byte 2");
        assert_eq!(refusal("\u{feff}[]"), "byte order mark at byte 0");
        assert_eq!(refusal("9".repeat(4301)), "integer of more than 4300 digits at byte 0");
        assert_eq!(refusal("[".repeat(901)), "nested more than 900 deep at byte 900");
    }

    #[test]
    fn budgets_hold() {
        let budget = Budget { bytes_max: 7, depth_max: 2, nodes_max: 3 };
        assert!(parse_with(b"[[1]]", &budget).is_ok());
        assert_eq!(
            parse_with(b"[[[]]]", &budget).unwrap_err(),
            ParseError { offset: 2, reason: ParseErrorReason::TooDeep { depth_max: 2 } }
        );
        assert_eq!(
            parse_with(b"[1,2,3]", &budget).unwrap_err(),
            ParseError { offset: 5, reason: ParseErrorReason::TooManyNodes { nodes_max: 3 } }
        );
        assert_eq!(
            parse_with(b"        ", &budget).unwrap_err(),
            ParseError { offset: 7, reason: ParseErrorReason::TooLarge { bytes_max: 7 } }
        );
        let boundless = Budget { bytes_max: usize::MAX, depth_max: usize::MAX, nodes_max: usize::MAX };
        assert!(parse_with("[".repeat(MAX_DEPTH + 1).as_bytes(), &boundless).is_err());
    }

    /// Building, cloning, comparing, writing and dropping the deepest value fits the smallest usual stack.
    #[test]
    fn the_deepest_document_fits_a_thread() {
        let work = || {
            for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                let inner = if open == "[" { "" } else { "0" };
                let text = format!("{}{inner}{}", open.repeat(MAX_DEPTH), close.repeat(MAX_DEPTH));
                let value = parse(text.as_bytes()).unwrap().value;
                let other = value.clone();
                assert_eq!(value, other);
                assert_eq!(to_compact_string(&value), text);
                assert!(super::super::difference::difference(&value, &other).is_empty());
                assert!(!format!("{value:?}").is_empty());
            }
        };
        std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(work).unwrap().join().unwrap();
    }

    #[test]
    fn oddities_are_placed() {
        use OddityKind::{BigInteger, CaseTwinKeys, DuplicateKey, EscapedKey, LoneSurrogate, NonFinite};
        let found = |kind, pointer: &str, text: &str| (kind, pointer.to_owned(), text.to_owned());
        assert_eq!(
            oddities(r#"{"a":[{"k":1,"K":2,"k":3}],"x/y~":NaN,"\u0061":-1e999}"#),
            [
                found(CaseTwinKeys, "/a/0/K", "\"K\""),
                found(DuplicateKey, "/a/0/k", "\"k\""),
                found(NonFinite, "/x~1y~0", "NaN"),
                found(DuplicateKey, "/a", "\"\\u0061\""),
                found(EscapedKey, "/a", "\"\\u0061\""),
                found(NonFinite, "/a", "-1e999"),
            ]
        );
        assert_eq!(
            oddities(r#"[9007199254740992,9007199254740993,-9007199254740993,1e20,99999999999999999999,"\udfff"]"#),
            [
                found(BigInteger, "/1", "9007199254740993"),
                found(BigInteger, "/2", "-9007199254740993"),
                found(BigInteger, "/4", "99999999999999999999"),
                found(LoneSurrogate, "/5", "\"\\udfff\""),
            ]
        );
        assert_eq!(
            oddities(r#"{"\ud800":{"b":Infinity}}"#),
            [
                found(EscapedKey, "/\u{fffd}", "\"\\ud800\""),
                found(LoneSurrogate, "/\u{fffd}", "\"\\ud800\""),
                found(NonFinite, "/\u{fffd}/b", "Infinity"),
            ]
            .map(|oddity| oddity)
        );
        assert_eq!(oddities(r#"{"a":"\u0061\/","\n":1,"b":{"a":0}}"#), []);
    }

    #[test]
    fn case_twins_are_found_in_objects_of_any_size() {
        for size in [2, PAIRWISE_KEYS_MAX, PAIRWISE_KEYS_MAX + 1, 100] {
            let mut keys: Vec<String> = (2..size).map(|n| format!("\"key{n}\":0")).collect();
            keys.insert(0, "\"TaskId\":0".to_owned());
            keys.push("\"taskid\":0".to_owned());
            let text = format!("{{{}}}", keys.join(","));
            assert_eq!(oddities(&text), [(OddityKind::CaseTwinKeys, "/taskid".to_owned(), "\"taskid\"".to_owned())]);
        }
        // Only ASCII folds.
        assert_eq!(oddities(r#"{"É":0,"é":0}"#), []);
    }

    #[test]
    fn the_list_of_oddities_is_bounded() {
        let many = format!("[{}0]", "NaN,".repeat(ODDITIES_MAX + 1));
        let document = parse(many.as_bytes()).unwrap();
        assert_eq!((document.oddities.len(), document.oddities_truncated), (ODDITIES_MAX, true));
        let long = format!("{{\"{}\":[NaN,NaN,NaN,NaN]}}", "k".repeat(ODDITY_POINTER_BYTES_MAX / 3));
        let document = parse(long.as_bytes()).unwrap();
        assert_eq!((document.oddities.len(), document.oddities_truncated), (2, true));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }

        #[test]
        fn spans_are_in_range(text in json_like()) {
            match parse(text.as_bytes()) {
                Ok(document) => {
                    for oddity in &document.oddities {
                        prop_assert!(text.get(oddity.span.clone()).is_some_and(|source| !source.is_empty()));
                    }
                }
                Err(error) => prop_assert!(error.offset <= text.len()),
            }
        }
    }
}
