//! Values back to JSON text, to show and to store them.

use super::number::Number;
use super::text::Text;
use super::value::Value;

/// Writes a value as one line of ASCII JSON, without blanks: what Python's `json.dumps(value, separators=(",", ":"))`
/// writes, so with `NaN` and `Infinity`, floats in Python's shortest form, and every other character as `\uXXXX`.
/// [`super::parse`] reads it back to the same value.
pub fn to_compact_string(value: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, value, None);
    text
}

/// Writes a value as text that is the same for two values of the same content, in whatever order their keys stand: to take
/// digests of, not to read. Nested as deep as the reader allows, no deeper.
pub fn to_sorted_string(value: &Value) -> String {
    fn write(value: &Value, out: &mut String) {
        match value {
            Value::Map(map) => {
                let mut members: Vec<(&Text, &Value)> = map.iter().collect();
                members.sort_unstable_by(|a, b| a.0.cmp(b.0));
                out.push('{');
                for (key, value) in members {
                    write_text(out, key);
                    out.push(':');
                    write(value, out);
                    out.push(',');
                }
                out.push('}');
            }
            Value::List(items) => {
                out.push('[');
                for item in items {
                    write(item, out);
                    out.push(',');
                }
                out.push(']');
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => write_value(out, value, None),
        }
    }
    let mut out = String::new();
    write(value, &mut out);
    out
}

/// Writes a value as [`to_compact_string`] does, one member or item a line, indented by two blanks a level: for people.
pub fn to_pretty_string(value: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, value, Some(0));
    text
}

/// Writes a value; `level` is how deep it lies where lines are indented.
fn write_value(out: &mut String, value: &Value, level: Option<usize>) {
    let below = level.map(|level| level + 1);
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_number(out, number),
        Value::Text(text) => write_text(out, text),
        Value::List(list) => {
            out.push('[');
            for (index, item) in list.iter().enumerate() {
                begin_item(out, index, below);
                write_value(out, item, below);
            }
            end_items(out, list.is_empty(), level);
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                begin_item(out, index, below);
                write_text(out, key);
                out.push_str(if level.is_some() { ": " } else { ":" });
                write_value(out, item, below);
            }
            end_items(out, map.is_empty(), level);
            out.push('}');
        }
    }
}

fn begin_item(out: &mut String, index: usize, level: Option<usize>) {
    if index > 0 {
        out.push(',');
    }
    end_items(out, false, level);
}

fn end_items(out: &mut String, is_empty: bool, level: Option<usize>) {
    if let Some(level) = level.filter(|_| !is_empty) {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", level));
    }
}

fn write_text(out: &mut String, text: &Text) {
    out.push('"');
    match text.as_str() {
        Some(mut rest) => {
            // Mostly there is nothing to escape.
            let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
            loop {
                // Eight bytes at a time without a branch for each, then one by one.
                let chunks = rest.as_bytes().chunks_exact(8);
                let whole = chunks.take_while(|chunk| chunk.iter().fold(true, |all, byte| all & is_plain(*byte)));
                let passed = whole.count() * 8;
                let found = rest.bytes().skip(passed).position(|byte| !is_plain(byte));
                let Some(at) = found.map(|at| passed + at) else { break };
                let (plain, from) = rest.split_at(at);
                out.push_str(plain);
                let mut characters = from.chars();
                characters.next().into_iter().for_each(|other| write_point(out, u32::from(other)));
                rest = characters.as_str();
            }
            out.push_str(rest);
        }
        None => text.code_points().for_each(|point| write_point(out, point)),
    }
    out.push('"');
}

fn write_point(out: &mut String, point: u32) {
    match char::from_u32(point) {
        Some('"') => out.push_str("\\\""),
        Some('\\') => out.push_str("\\\\"),
        Some('\n') => out.push_str("\\n"),
        Some('\r') => out.push_str("\\r"),
        Some('\t') => out.push_str("\\t"),
        Some('\u{8}') => out.push_str("\\b"),
        Some('\u{c}') => out.push_str("\\f"),
        // So DEL is escaped too.
        Some(char @ ' '..='~') => out.push(char),
        Some(char) => char.encode_utf16(&mut [0; 2]).iter().for_each(|unit| write_unit(out, u32::from(*unit))),
        None => write_unit(out, point),
    }
}

fn write_unit(out: &mut String, unit: u32) {
    out.push_str(&format!("\\u{unit:04x}"));
}

/// JSON's number, or the names that Python's JSON has for what JSON cannot write.
fn write_number(out: &mut String, number: &Number) {
    match number {
        Number::Float(float) if float.is_nan() => out.push_str("NaN"),
        Number::Float(float) if float.is_infinite() => {
            out.push_str(if *float > 0.0 { "Infinity" } else { "-Infinity" });
        }
        Number::Int(_) | Number::Big(_) | Number::Float(_) => out.push_str(&number.repr()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::document::parse;
    use super::super::value::tests::any_value;
    use super::*;

    #[test]
    fn floats_look_as_in_python() {
        for text in [
            "1.0",
            "-0.0",
            "0.0",
            "0.0001",
            "1e-05",
            "1.5e-07",
            "1234567890123456.0",
            "1e+16",
            "1.2345e+22",
            "1e+100",
            "5e-324",
            "1.7976931348623157e+308",
            "0.1",
            "-2.5e-10",
            "NaN",
            "Infinity",
            "-Infinity",
        ] {
            let value = parse(text.as_bytes()).unwrap().value;
            assert!(matches!(value, Value::Number(Number::Float(_))));
            assert_eq!(to_compact_string(&value), text);
        }
    }

    #[test]
    fn text_is_ascii() {
        let value = parse("{\"é😀\":[\"\\ud800\\u0000\\\"\\\\\\/\",\"\u{7f}\",\"~\"]}".as_bytes()).unwrap().value;
        assert_eq!(to_compact_string(&value), r#"{"\u00e9\ud83d\ude00":["\ud800\u0000\"\\/","\u007f","~"]}"#);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in any_value()) {
            let text = to_compact_string(&value);
            prop_assert!(text.is_ascii());
            let document = parse(text.as_bytes()).unwrap();
            // NaN equals nothing, so compare what is written as well.
            prop_assert_eq!(to_compact_string(&document.value), text.clone());
            prop_assert!(text.contains("NaN") || document.value == value);
        }
    }
}
