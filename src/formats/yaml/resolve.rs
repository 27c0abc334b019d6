//! Which tag a plain scalar has: PyYAML's `Resolver`, the regular expressions of its `resolver.py` as code.

use super::node::Tag;
use super::time::Stamp;

/// The tag of a plain scalar.
///
/// The expressions are tried in PyYAML's order (so float before int); none of the others overlap.
pub(super) fn resolve(text: &str) -> Tag {
    match text {
        "yes" | "Yes" | "YES" | "no" | "No" | "NO" | "true" | "True" | "TRUE" | "false" | "False" | "FALSE" | "on"
        | "On" | "ON" | "off" | "Off" | "OFF" => Tag::Bool,
        "" | "~" | "null" | "Null" | "NULL" => Tag::Null,
        "<<" => Tag::Merge,
        "=" => Tag::Value,
        // Never plain, but `!` has quoted text resolved too.
        "!" | "&" | "*" => Tag::Yaml,
        _ if is_float(text) => Tag::Float,
        _ if is_int(text) => Tag::Int,
        _ if Stamp::read(text).is_some_and(|stamp| stamp.is_implicit()) => Tag::Timestamp,
        _ => Tag::Str,
    }
}

/// `[-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?`, `\.[0-9][0-9_]*([eE][-+][0-9]+)?`,
/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*`, `[-+]?\.(inf|Inf|INF)`, `\.(nan|NaN|NAN)`.
fn is_float(text: &str) -> bool {
    if let ".inf" | ".Inf" | ".INF" = unsigned(text) {
        return true;
    }
    if let ".nan" | ".NaN" | ".NAN" = text {
        return true;
    }
    if let Some(rest) = text.strip_prefix('.') {
        return starts_with_digit(rest) && is_optional_exponent(after(rest, is_digit_or_underscore));
    }
    let rest = unsigned(text);
    if !starts_with_digit(rest) {
        return false;
    }
    let rest = after(rest, is_digit_or_underscore);
    match rest.strip_prefix('.') {
        Some(fraction) => is_optional_exponent(after(fraction, is_digit_or_underscore)),
        None => rest.split_once('.').is_some_and(|(parts, fraction)| {
            are_sexagesimal(parts) && after(fraction, is_digit_or_underscore).is_empty()
        }),
    }
}

/// `[-+]?0b[0-1_]+`, `[-+]?0[0-7_]+`, `[-+]?(0|[1-9][0-9_]*)`, `[-+]?0x[0-9a-fA-F_]+`,
/// `[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+`.
fn is_int(text: &str) -> bool {
    let text = unsigned(text);
    let is_run = |rest: &str, admits: fn(u8) -> bool| !rest.is_empty() && after(rest, admits).is_empty();
    if let Some(rest) = text.strip_prefix("0b") {
        return is_run(rest, |b| matches!(b, b'0' | b'1' | b'_'));
    }
    if let Some(rest) = text.strip_prefix("0x") {
        return is_run(rest, |b| b.is_ascii_hexdigit() || b == b'_');
    }
    if let Some(rest) = text.strip_prefix('0') {
        return after(rest, |b| matches!(b, b'0'..=b'7' | b'_')).is_empty();
    }
    let rest = after(text, is_digit_or_underscore);
    starts_with_digit(text) && (rest.is_empty() || are_sexagesimal(rest))
}

/// `(:[0-5]?[0-9])+`
fn are_sexagesimal(text: &str) -> bool {
    let is_part = |part: &str| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    text.strip_prefix(':').is_some_and(|parts| parts.split(':').all(is_part))
}

/// `([eE][-+][0-9]+)?`
fn is_optional_exponent(text: &str) -> bool {
    let Some(signed) = text.strip_prefix(['e', 'E']) else {
        return text.is_empty();
    };
    signed
        .strip_prefix(['-', '+'])
        .is_some_and(|digits| starts_with_digit(digits) && after(digits, is_digit).is_empty())
}

/// Whether YAML 1.2's core schema (section 10.3.2) makes a number of a plain scalar.
pub(super) fn is_core_number(text: &str) -> bool {
    if let Some(octal) = text.strip_prefix("0o") {
        return !octal.is_empty() && octal.bytes().all(|b| matches!(b, b'0'..=b'7'));
    }
    if let Some(hex) = text.strip_prefix("0x") {
        return !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit());
    }
    let number = unsigned(text);
    let (mantissa, exponent) = number.split_once(['e', 'E']).map_or((number, None), |(m, e)| (m, Some(e)));
    let is_mantissa = match mantissa.split_once('.') {
        None => starts_with_digit(mantissa) && after(mantissa, is_digit).is_empty(),
        Some((whole, fraction)) => {
            (starts_with_digit(whole) || whole.is_empty() && starts_with_digit(fraction))
                && after(whole, is_digit).is_empty()
                && after(fraction, is_digit).is_empty()
        }
    };
    let is_exponent = |text: &str| starts_with_digit(unsigned(text)) && after(unsigned(text), is_digit).is_empty();
    is_mantissa && exponent.is_none_or(is_exponent)
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|char: char| char.is_ascii_digit())
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

fn is_digit_or_underscore(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'_'
}

/// The text behind its longest start of admitted (ASCII) characters.
fn after(text: &str, admits: fn(u8) -> bool) -> &str {
    let length = text.bytes().take_while(|&byte| admits(byte)).count();
    text.get(length..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tag: Tag, texts: &[&str]) {
        for text in texts {
            assert_eq!(resolve(text), tag, "{text}");
        }
    }

    #[test]
    fn tags_are_pyyamls() {
        check(Tag::Bool, &["yes", "No", "TRUE", "off", "On"]);
        check(Tag::Null, &["", "~", "null", "Null", "NULL"]);
        check(
            Tag::Int,
            &["0", "-0", "+12", "010", "0_", "0b_", "-0b101", "0x_", "0xaF", "1_000", "30:00", "1:0:59", "-1:5"],
        );
        check(
            Tag::Float,
            &["1.", "-1.5", "1.e+5", ".5", ".5e-1", "1_0.0_", "0:30.5", "-190:20:30.15", ".inf", "-.INF", ".NaN"],
        );
        check(
            Tag::Timestamp,
            &["2001-01-01", "2001-1-1 1:02:03", "2001-12-14t21:59:43.10-05:00", "2001-01-01 0:00:00 Z"],
        );
        check(Tag::Merge, &["<<"]);
        check(Tag::Value, &["="]);
        check(Tag::Yaml, &["!", "&", "*"]);
        check(
            Tag::Str,
            &[
                "yES",
                "y",
                "n",
                "nULL",
                "08",
                "0o17",
                "0b",
                "0b2",
                "0x",
                "1e3",
                "1.0e3",
                "-.5",
                "+.5",
                ".",
                "._1",
                "0:30",
                "1:60",
                "1:",
                ":1",
                "1::2",
                "30:5:",
                "+.nan",
                "2001-1-1",
                "2001-01-01T",
                "2001-01-01 1:2:3",
                "_1",
                "-",
                "+",
                "1 ",
                "١",
                "12.5.6",
                "1:30.5e+3",
                "0x1.5",
                "1.5:30",
                "<<<",
                "==",
                "~~",
            ],
        );
    }

    #[test]
    fn core_numbers() {
        for text in ["0", "08", "1e3", "1.0e3", "-.5", "+.5E-1", "0o17", "0x1F", "1.", "-12"] {
            assert!(is_core_number(text), "{text}");
        }
        for text in ["", ".", "e3", "1e", "-0x1", "0b1", "1_0", "0o8", "1.2.3", "1:30", "+", "1e3.5"] {
            assert!(!is_core_number(text), "{text}");
        }
    }
}
