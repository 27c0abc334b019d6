//! The words of JSON: blanks, strings, numbers and names, found and checked but not converted.

use std::ops::Range;

use num_bigint::BigInt;

use super::budget::INTEGER_DIGITS_MAX;
use super::error::{ParseError, ParseErrorReason};
use super::number::Number;
use super::text::{Text, TextBuilder};

/// A string as it is written.
#[derive(Clone)]
pub(super) struct StringToken<'a> {
    /// What stands between the quotes; its escapes are well formed.
    raw: &'a str,
    /// Whether it has escapes.
    is_escaped: bool,
    /// Where it stands, quotes included.
    pub(super) span: Range<usize>,
}

impl StringToken<'_> {
    /// The string that it means. A high surrogate's escape with a low one's next to it is one character, as in Python.
    pub(super) fn decode(&self) -> Text {
        if !self.is_escaped {
            return Text::from(self.raw);
        }
        let mut text = TextBuilder::default();
        let mut pieces = self.raw.split('\\');
        text.push_str(pieces.next().unwrap_or_default());
        let mut pending_high = None;
        while let Some(piece) = pieces.next() {
            let (escape, rest) = match piece.chars().next() {
                // Two backslashes make one; what follows the second is the next piece.
                None => ('\\', pieces.next().unwrap_or_default()),
                Some(escape) => (escape, piece.get(1..).unwrap_or_default()),
            };
            let (unit, rest) = if escape == 'u' { hex_unit(rest) } else { (plain_escape(escape), rest) };
            match (pending_high.take(), unit) {
                (Some(high), 0xdc00..=0xdfff) => char::decode_utf16([high, unit])
                    .for_each(|char| text.push_char(char.unwrap_or(char::REPLACEMENT_CHARACTER))),
                (Some(high), _) => {
                    text.push_unit(high);
                    text.push_unit_or_hold(unit, &mut pending_high);
                }
                (None, _) => text.push_unit_or_hold(unit, &mut pending_high),
            }
            if !rest.is_empty() {
                if let Some(high) = pending_high.take() {
                    text.push_unit(high);
                }
                text.push_str(rest);
            }
        }
        if let Some(high) = pending_high {
            text.push_unit(high);
        }
        text.finish()
    }

    /// Whether an escape in it could have been left away: any but those of the quote, the backslash and the control
    /// characters. Lone surrogates cannot be written otherwise, but are no ordinary text either, so they count.
    pub(super) fn has_needless_escape(&self) -> bool {
        let mut pieces = self.raw.split('\\').skip(1);
        while let Some(piece) = pieces.next() {
            match piece.as_bytes().first() {
                None => _ = pieces.next(),
                Some(b'u') if hex_unit(piece.get(1..).unwrap_or_default()).0 >= 0x20 => return true,
                Some(b'/') => return true,
                Some(_) => {}
            }
        }
        false
    }
}

impl TextBuilder {
    /// Adds a code unit, or keeps it back if it is a high surrogate, which may have a partner.
    fn push_unit_or_hold(&mut self, unit: u16, pending_high: &mut Option<u16>) {
        if (0xd800..=0xdbff).contains(&unit) {
            *pending_high = Some(unit);
        } else {
            self.push_unit(unit);
        }
    }
}

/// The code unit that four hexadecimal digits name, and what follows them.
fn hex_unit(text: &str) -> (u16, &str) {
    let (digits, rest) = text.split_at_checked(4).unwrap_or((text, ""));
    (u16::from_str_radix(digits, 16).unwrap_or_default(), rest)
}

fn plain_escape(escape: char) -> u16 {
    match escape {
        'b' => 0x08,
        'f' => 0x0c,
        'n' => 0x0a,
        'r' => 0x0d,
        't' => 0x09,
        other => u16::try_from(u32::from(other)).unwrap_or_default(),
    }
}

/// A number as it is written, or one of the names that CPython reads as one.
#[derive(Clone, Copy)]
pub(super) enum NumberToken<'a> {
    Integer(&'a str),
    Float(&'a str),
    Named(f64),
}

impl NumberToken<'_> {
    /// The number that it means: floats are rounded to nearest, or overflow to infinity, as in Python.
    pub(super) fn decode(self) -> Number {
        match self {
            Self::Integer(digits) => match digits.parse::<i64>() {
                Ok(int) => Number::Int(int),
                Err(_) => Number::from(digits.parse::<BigInt>().unwrap_or_default()),
            },
            Self::Float(text) => Number::Float(text.parse().unwrap_or(f64::NAN)),
            Self::Named(float) => Number::Float(float),
        }
    }
}

/// A value that is not a container.
#[derive(Clone)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    Number(NumberToken<'a>),
    Text(StringToken<'a>),
}

/// A place in a text.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// The byte here, none at the end.
    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes past the byte here.
    #[inline]
    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    /// Goes past blanks: space, tab, LF and CR only.
    #[inline]
    pub(super) fn skip_blanks(&mut self) {
        // Indented documents are blank for a third of their bytes, mostly in runs of spaces.
        while let Some(&[b' ', b' ', b' ', b' ']) = self.rest().first_chunk::<4>() {
            self.at += 4;
        }
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
            while let Some(&[b' ', b' ', b' ', b' ']) = self.rest().first_chunk::<4>() {
                self.at += 4;
            }
        }
    }

    /// Reads a scalar; the cursor stands on its first byte.
    #[inline]
    pub(super) fn scalar(&mut self) -> Result<Scalar<'a>, ParseError> {
        match self.peek() {
            Some(b'"') => self.string().map(Scalar::Text),
            Some(b'-' | b'0'..=b'9') => self.number().map(Scalar::Number),
            Some(b't') => self.name("true", Scalar::Bool(true)),
            Some(b'f') => self.name("false", Scalar::Bool(false)),
            Some(b'n') => self.name("null", Scalar::Null),
            Some(b'N') => self.name("NaN", Scalar::Number(NumberToken::Named(f64::NAN))),
            Some(b'I') => self.name("Infinity", Scalar::Number(NumberToken::Named(f64::INFINITY))),
            Some(_) | None => Err(self.expected("a value")),
        }
    }

    /// Reads a string; the cursor stands on its opening quote.
    #[inline]
    pub(super) fn string(&mut self) -> Result<StringToken<'a>, ParseError> {
        let start = self.at;
        let mut is_escaped = false;
        self.at += 1;
        loop {
            self.at += plain_length(self.rest());
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    is_escaped = true;
                    self.escape(start)?;
                }
                Some(byte) => return Err(self.error(ParseErrorReason::ControlCharacter(byte))),
                None => return Err(ParseError::new(start, ParseErrorReason::UnterminatedString)),
            }
        }
        let raw = self.text.get(start + 1..self.at).unwrap_or_default();
        self.at += 1;
        Ok(StringToken { raw, is_escaped, span: start..self.at })
    }

    pub(super) fn expected(&self, what: &'static str) -> ParseError {
        self.error(ParseErrorReason::Expected(what))
    }

    pub(super) fn error(&self, reason: ParseErrorReason) -> ParseError {
        ParseError::new(self.at, reason)
    }

    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Goes past an escape; the cursor stands on its backslash, in the string that began at `start`.
    fn escape(&mut self, start: usize) -> Result<(), ParseError> {
        match self.rest() {
            [_, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => self.at += 2,
            [_, b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|b| b.is_ascii_hexdigit()) => self.at += 6,
            [_] => return Err(ParseError::new(start, ParseErrorReason::UnterminatedString)),
            _ => return Err(self.error(ParseErrorReason::InvalidEscape)),
        }
        Ok(())
    }

    /// Reads a number: `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?`, or `-Infinity`. What follows is not looked at:
    /// a `1.` is the integer 1 and then something that the grammar refuses, as in CPython.
    fn number(&mut self) -> Result<NumberToken<'a>, ParseError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let digits = match self.peek() {
            Some(b'0') => 1,
            Some(b'1'..=b'9') => digits_length(self.rest()),
            Some(b'I') if self.at > start => {
                return self.name("Infinity", NumberToken::Named(f64::NEG_INFINITY));
            }
            Some(_) | None => return Err(self.expected("a digit")),
        };
        self.at += digits;
        let integer_end = self.at;
        if let [b'.', fraction @ ..] = self.rest()
            && let length @ 1.. = digits_length(fraction)
        {
            self.at += 1 + length;
        }
        if let [b'e' | b'E', exponent @ ..] = self.rest() {
            let sign = usize::from(matches!(exponent.first(), Some(b'+' | b'-')));
            if let length @ 1.. = digits_length(exponent.get(sign..).unwrap_or_default()) {
                self.at += 1 + sign + length;
            }
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        if self.at > integer_end {
            return Ok(NumberToken::Float(text));
        }
        if digits > INTEGER_DIGITS_MAX {
            return Err(ParseError::new(start, ParseErrorReason::IntegerTooLong));
        }
        Ok(NumberToken::Integer(text))
    }

    /// Reads one of JSON's names.
    fn name<T>(&mut self, name: &'static str, value: T) -> Result<T, ParseError> {
        if !self.rest().starts_with(name.as_bytes()) {
            return Err(self.expected("a value"));
        }
        self.at += name.len();
        Ok(value)
    }
}

fn digits_length(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| b.is_ascii_digit()).count()
}

/// How many bytes come before the next quote, backslash or control character. Eight bytes at a time: most of a task
/// graph is inside strings.
#[inline]
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    // Marks the high bit of each byte below `bound`. Borrows can mark bytes above a true mark only, so the lowest is true.
    let below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word & HIGHS;
    let mut length = 0;
    while let Some(chunk) = bytes.get(length..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let marks = below(word, 0x20) | below(word ^ (ONES * 0x22), 1) | below(word ^ (ONES * 0x5c), 1);
        if marks != 0 {
            return length + (marks.trailing_zeros() / 8) as usize;
        }
        length += 8;
    }
    let tail = bytes.get(length..).unwrap_or_default();
    length + tail.iter().take_while(|&&b| b >= 0x20 && b != b'"' && b != b'\\').count()
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any text that a document can have, lone surrogates included.
    pub(in super::super) fn any_text() -> impl Strategy<Value = Text> {
        let unit = prop_oneof![any::<u16>(), 0x20u16..0x7f, 0xd7f0u16..0xe010, 0u16..0x20];
        prop::collection::vec(unit, 0..6).prop_map(|units| {
            let escaped: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            decoded(&format!("\"{escaped}\""))
        })
    }

    fn decoded(source: &str) -> Text {
        Cursor::new(source).string().map(|token| token.decode()).unwrap()
    }

    #[test]
    fn escapes_mean_what_python_says() {
        assert_eq!(decoded(r#""\"\\\/\b\f\n\r\t""#), "\"\\/\u{8}\u{c}\n\r\t");
        assert_eq!(decoded(r#""a\\u0041\\\\b""#), r"a\u0041\\b");
        assert_eq!(decoded(r#""\u0041é\u00e9\uD83D\ude00""#), "Aéé\u{1f600}");
        let points = |source| decoded(source).code_points().collect::<Vec<_>>();
        assert_eq!(points(r#""\ud800\ud800\udc00""#), [0xd800, 0x10000]);
        assert_eq!(points(r#""\udc00\ud800""#), [0xdc00, 0xd800]);
        assert_eq!(points(r#""\ud800x\udc00""#), [0xd800, 0x78, 0xdc00]);
        assert_eq!(points(r#""\ud800\n""#), [0xd800, 0x0a]);
        assert_eq!(points(r#""\ud800\\""#), [0xd800, 0x5c]);
        assert_eq!(points(r#""\ud800""#), [0xd800]);
    }

    #[test]
    fn needless_escapes_are_seen() {
        let needless = |source: &str| Cursor::new(source).string().unwrap().has_needless_escape();
        for source in [r#""\u0061""#, r#""a\/b""#, r#""\\\u0061""#, r#""\u00e9""#, r#""\ud800""#] {
            assert!(needless(source), "{source}");
        }
        for source in [r#""\\u0061""#, r#""\"\n\u0000\u001f""#, r#""plain""#, r#""\\/""#, r#""\\\\/""#] {
            assert!(!needless(source), "{source}");
        }
    }

    proptest! {
        #[test]
        fn plain_length_is_that_of_the_simple_loop(bytes: Vec<u8>) {
            let simple = bytes.iter().take_while(|&&b| b >= 0x20 && b != b'"' && b != b'\\').count();
            prop_assert_eq!(plain_length(&bytes), simple);
        }

        #[test]
        fn characters_survive_escaping(text: String) {
            let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            let token = format!("\"{escaped}\"");
            prop_assert_eq!(decoded(&token), text.as_str());
        }
    }
}
