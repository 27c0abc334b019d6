//! JSON text as the languages of the workers print it.

use std::fmt::Write as _;

use serde_json::Value;

/// How text beyond plain ASCII is escaped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escape {
    /// Nothing but what JSON requires.
    Needed,
    /// All but ASCII, as surrogate pairs where there is no single code unit.
    Ascii,
    /// What HTML could misread.
    Html,
}

/// A way of printing.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    /// Two spaces a level and one member a line, or all on one line.
    pub(crate) indent: bool,
    /// Members in the order of their keys.
    pub(crate) sort: bool,
    /// Escapes in strings.
    pub(crate) escape: Escape,
}

/// Python's `json.dumps` with an indent of two and sorted keys.
pub(crate) const PYTHON: Style = Style { indent: true, sort: true, escape: Escape::Ascii };
/// Go's `MarshalIndent` with two spaces.
pub(crate) const GO: Style = Style { indent: true, sort: false, escape: Escape::Html };
/// JavaScript's `JSON.stringify`.
pub(crate) const JAVASCRIPT: Style = Style { indent: false, sort: false, escape: Escape::Needed };
/// JavaScript's `JSON.stringify` with an indent of two.
pub(crate) const JAVASCRIPT_INDENTED: Style = Style { indent: true, sort: false, escape: Escape::Needed };

/// The text of a value.
pub(crate) fn print(value: &Value, style: Style) -> String {
    let mut out = String::new();
    write_value(&mut out, value, style, 0);
    out
}

fn write_value(out: &mut String, value: &Value, style: Style, depth: usize) {
    match value {
        Value::String(text) => write_string(out, text, style.escape),
        Value::Array(items) => write_members(out, style, depth, ('[', ']'), items.iter().map(|item| (None, item))),
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().map(|(key, value)| (Some(key.as_str()), value)).collect();
            if style.sort {
                members.sort_by_key(|(key, _)| *key);
            }
            write_members(out, style, depth, ('{', '}'), members.into_iter());
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
    }
}

fn write_members<'a>(
    out: &mut String,
    style: Style,
    depth: usize,
    (open, close): (char, char),
    members: impl Iterator<Item = (Option<&'a str>, &'a Value)>,
) {
    out.push(open);
    let mut empty = true;
    for (key, value) in members {
        if !empty {
            out.push(',');
        }
        empty = false;
        new_line(out, style, depth + 1);
        if let Some(key) = key {
            write_string(out, key, style.escape);
            out.push_str(if style.indent { ": " } else { ":" });
        }
        write_value(out, value, style, depth + 1);
    }
    if !empty {
        new_line(out, style, depth);
    }
    out.push(close);
}

fn new_line(out: &mut String, style: Style, depth: usize) {
    if style.indent {
        out.push('\n');
        for _ in 0..depth {
            out.push_str("  ");
        }
    }
}

fn write_string(out: &mut String, text: &str, escape: Escape) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' if escape != Escape::Html => out.push_str("\\b"),
            '\u{c}' if escape != Escape::Html => out.push_str("\\f"),
            '\0'..='\u{1f}' => unit(out, u16::from(character as u8)),
            '<' | '>' | '&' if escape == Escape::Html => unit(out, u16::from(character as u8)),
            '\u{2028}' | '\u{2029}' if escape == Escape::Html => units(out, character),
            _ if escape == Escape::Ascii && !character.is_ascii() => units(out, character),
            _ => out.push(character),
        }
    }
    out.push('"');
}

fn units(out: &mut String, character: char) {
    for code in character.encode_utf16(&mut [0; 2]) {
        unit(out, *code);
    }
}

fn unit(out: &mut String, code: u16) {
    // Writing to a String does not fail.
    let _ = write!(out, "\\u{code:04x}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_its_own_text() {
        let value = serde_json::json!({"b": ["<a & b>", "ü\u{1f98a}\u{8}"], "a": {}, "c": []});
        assert_eq!(print(&value, JAVASCRIPT), "{\"b\":[\"<a & b>\",\"ü\u{1f98a}\\b\"],\"a\":{},\"c\":[]}");
        assert_eq!(
            print(&value, PYTHON),
            "{\n  \"a\": {},\n  \"b\": [\n    \"<a & b>\",\n    \"\\u00fc\\ud83e\\udd8a\\b\"\n  ],\n  \"c\": []\n}"
        );
        assert_eq!(
            print(&value, GO),
            "{\n  \"b\": [\n    \"\\u003ca \\u0026 b\\u003e\",\n    \"ü\u{1f98a}\\u0008\"\n  ],\n  \"a\": {},\n  \"c\": []\n}"
        );
    }
}
