//! A Python `str`: any sequence of code points, lone surrogates included.

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// Text as Python holds it. It is UTF-8 unless it has lone surrogates, which are then coded as UTF-8 would code their
/// numbers (WTF-8). In this coding the order of bytes is the order of code points, as in Python.
///
/// There is no `Display`: captured text is shown only after it has been made harmless.
#[derive(Clone)]
pub struct Text(Coding);

/// The second variant holds at least one surrogate, so one text has one coding.
#[derive(Clone)]
enum Coding {
    Utf8(Box<str>),
    Surrogates(Box<[u8]>),
}

impl Text {
    /// The text, if it has no lone surrogate.
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Coding::Utf8(text) => Some(text),
            Coding::Surrogates(_) => None,
        }
    }

    /// UTF-8, with lone surrogates coded likewise (three bytes each).
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Coding::Utf8(text) => text.as_bytes(),
            Coding::Surrogates(bytes) => bytes,
        }
    }

    /// The text with U+FFFD for each lone surrogate.
    pub fn to_lossy(&self) -> Cow<'_, str> {
        match &self.0 {
            Coding::Utf8(text) => Cow::Borrowed(text),
            Coding::Surrogates(_) => {
                Cow::Owned(self.code_points().map(|c| char::from_u32(c).unwrap_or('\u{fffd}')).collect())
            }
        }
    }

    /// Whether it has no characters.
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// Whether a surrogate stands alone in it, so that it cannot be coded as UTF-8.
    pub fn has_lone_surrogate(&self) -> bool {
        matches!(self.0, Coding::Surrogates(_))
    }

    /// The code points in order: scalar values and lone surrogates. Their number is Python's `len`.
    pub fn code_points(&self) -> impl Iterator<Item = u32> + '_ {
        let mut rest = self.as_bytes();
        std::iter::from_fn(move || {
            let (&first, tail) = rest.split_first()?;
            // The bytes are well formed by construction, so the lead byte alone tells the length.
            let (mut point, more) = match first {
                0x00..=0x7f => (u32::from(first), 0),
                0x80..=0xdf => (u32::from(first & 0x1f), 1),
                0xe0..=0xef => (u32::from(first & 0x0f), 2),
                0xf0..=0xff => (u32::from(first & 0x07), 3),
            };
            let (following, tail) = tail.split_at(usize::min(more, tail.len()));
            for byte in following {
                point = point << 6 | u32::from(byte & 0x3f);
            }
            rest = tail;
            Some(point)
        })
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Coding::Utf8(text.into()))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Coding::Utf8(text.into()))
    }
}

/// Lets a map be searched with bytes; agrees with `Eq`, `Ord` and `Hash`, which all go by [`Text::as_bytes`].
impl Borrow<[u8]> for Text {
    fn borrow(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Text {}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

/// By code points, as Python orders strings.
impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_lossy(), f)
    }
}

/// Collects the pieces of a string with escapes.
#[derive(Default)]
pub(super) struct TextBuilder {
    bytes: Vec<u8>,
    has_surrogate: bool,
}

impl TextBuilder {
    pub(super) fn push_str(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(super) fn push_char(&mut self, char: char) {
        self.push_str(char.encode_utf8(&mut [0; 4]));
    }

    /// Adds one code unit of UTF-16 that has no partner: a character, or else a lone surrogate.
    pub(super) fn push_unit(&mut self, unit: u16) {
        if let Some(char) = char::from_u32(u32::from(unit)) {
            self.push_char(char);
            return;
        }
        let [high, low] = unit.to_be_bytes();
        self.bytes.extend([0xe0 | high >> 4, 0x80 | (high & 0x0f) << 2 | low >> 6, 0x80 | low & 0x3f]);
        self.has_surrogate = true;
    }

    pub(super) fn finish(self) -> Text {
        if self.has_surrogate {
            return Text(Coding::Surrogates(self.bytes.into()));
        }
        match String::from_utf8(self.bytes) {
            Ok(text) => text.into(),
            Err(error) => Text(Coding::Surrogates(error.into_bytes().into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_units(units: &[u16]) -> Text {
        let mut builder = TextBuilder::default();
        for &unit in units {
            builder.push_unit(unit);
        }
        builder.finish()
    }

    #[test]
    fn lone_surrogates_are_kept() {
        let text = of_units(&[0x61, 0xd800, 0xe9]);
        assert_eq!(text.as_str(), None);
        assert!(text.has_lone_surrogate());
        assert_eq!(text.to_lossy(), "a\u{fffd}é");
        assert_eq!(text.code_points().collect::<Vec<_>>(), [0x61, 0xd800, 0xe9]);
    }

    #[test]
    fn order_is_by_code_points() {
        // By UTF-16 units U+FF5E would come after U+10000; by code points it comes before.
        let mut texts = [Text::from("\u{10000}"), Text::from("\u{ff5e}"), of_units(&[0xdfff]), Text::from("z")];
        texts.sort();
        let firsts: Vec<_> = texts.iter().map(|t| t.code_points().next().unwrap()).collect();
        assert_eq!(firsts, [0x7a, 0xdfff, 0xff5e, 0x10000]);
    }

    #[test]
    fn code_points_are_those_of_chars() {
        let text = "a\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}";
        assert!(Text::from(text).code_points().eq(text.chars().map(u32::from)));
    }
}
