//! A document in lines, each with the place in it that a finding would name.

use crate::formats::clearsign::{looks_clear_signed, split};
use crate::formats::json::{Value, parse, to_compact_string};

/// The longest that a text within a document is shown in one line, in bytes; what is longer goes on in the next.
const LINE_BYTES_MAX: usize = 4096;

/// A line of a document. Captured text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DocumentLine {
    pub(super) text: String,
    /// The JSON pointer of what begins here, or the bytes of the document that it is.
    place: Position,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Position {
    Pointer(String),
    Bytes(std::ops::Range<usize>),
}

impl DocumentLine {
    /// Whether it is part of what a pointer names: `/a/0`, or `bytes=FROM-TO`.
    pub(super) fn is_within(&self, pointer: &str) -> bool {
        match &self.place {
            Position::Pointer(here) => {
                !pointer.is_empty()
                    && here.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            Position::Bytes(here) => {
                bytes(pointer).is_some_and(|named| here.start < named.end && named.start < here.end)
            }
        }
    }
}

/// The range of `bytes=FROM-TO`.
fn bytes(pointer: &str) -> Option<std::ops::Range<usize>> {
    let (from, to) = pointer.strip_prefix("bytes=")?.split_once('-')?;
    Some(from.parse().ok()?..to.parse().ok()?)
}

/// The lines of a document, for a place in it: where that is a JSON pointer, those of the JSON (of a clear-signed file, of
/// what its first signature covers), else its bytes line by line.
pub(super) fn lines(document: &[u8], pointer: &str) -> Vec<DocumentLine> {
    if bytes(pointer).is_some() {
        return raw(document);
    }
    let signed = looks_clear_signed(document).then(|| split(document).blocks.into_iter().next()).flatten();
    let json = signed.as_ref().map_or(document, |block| &block.signed);
    match parse(json) {
        Ok(parsed) => {
            let mut lines = Vec::new();
            write(&parsed.value, &mut String::new(), 0, "", "", &mut lines);
            lines
        }
        Err(_) => raw(document),
    }
}

/// Writes a value: `lead` stands before it in its line, `end` behind it.
fn write(value: &Value, pointer: &mut String, depth: usize, lead: &str, end: &str, lines: &mut Vec<DocumentLine>) {
    let indent = "  ".repeat(depth);
    let mut line = |text: String, pointer: &str| {
        lines.push(DocumentLine { text, place: Position::Pointer(pointer.to_owned()) });
    };
    let length = pointer.len();
    match value {
        Value::Map(map) if !map.is_empty() => {
            line(format!("{indent}{lead}{{"), pointer);
            for (number, (key, item)) in map.iter().enumerate() {
                pointer.push('/');
                pointer.push_str(&key.to_lossy().replace('~', "~0").replace('/', "~1"));
                let name = format!("{}: ", to_compact_string(&Value::Text(key.clone())));
                write(item, pointer, depth + 1, &name, if number + 1 < map.len() { "," } else { "" }, lines);
                pointer.truncate(length);
            }
            lines.push(DocumentLine { text: format!("{indent}}}{end}"), place: Position::Pointer(pointer.clone()) });
        }
        Value::List(list) if !list.is_empty() => {
            line(format!("{indent}{lead}["), pointer);
            for (number, item) in list.iter().enumerate() {
                pointer.push('/');
                pointer.push_str(&number.to_string());
                write(item, pointer, depth + 1, "", if number + 1 < list.len() { "," } else { "" }, lines);
                pointer.truncate(length);
            }
            lines.push(DocumentLine { text: format!("{indent}]{end}"), place: Position::Pointer(pointer.clone()) });
        }
        Value::Map(_) | Value::List(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {
            line(format!("{indent}{lead}{}{end}", to_compact_string(value)), pointer);
        }
    }
}

/// The bytes of a document line by line; long lines in pieces.
fn raw(document: &[u8]) -> Vec<DocumentLine> {
    let mut lines = Vec::new();
    let mut at = 0;
    for line in document.split_inclusive(|byte| *byte == b'\n') {
        for piece in line.chunks(LINE_BYTES_MAX) {
            let range = at..at + piece.len();
            at = range.end;
            let text = String::from_utf8_lossy(piece.strip_suffix(b"\n").unwrap_or(piece)).into_owned();
            lines.push(DocumentLine { text, place: Position::Bytes(range) });
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_finds_its_lines() {
        let document = br#"{"a": {"b/c": [1, {"d": "x"}]}, "e": []}"#;
        let within = |pointer: &str| {
            let all = lines(document, pointer);
            all.into_iter().filter(|line| line.is_within(pointer)).map(|line| line.text).collect::<Vec<_>>()
        };
        assert_eq!(within("/a/b~1c/1"), ["      {", "        \"d\": \"x\"", "      }"]);
        assert_eq!(within("/e"), ["  \"e\": []"]);
        assert!(within("/a/b").is_empty() && within("").is_empty());
    }

    #[test]
    fn bytes_find_their_lines() {
        let document = b"one\ntwo\nthree";
        let all = lines(document, "bytes=5-9");
        let within: Vec<&str> =
            all.iter().filter(|line| line.is_within("bytes=5-9")).map(|line| line.text.as_str()).collect();
        assert_eq!(within, ["two", "three"]);
        assert_eq!(lines(b"no json", "/x").len(), 1);
        assert!(lines(b"", "").is_empty());
    }
}
