//! What a document that was read has in it that another reader could read otherwise.

use std::collections::BTreeMap;
use std::ops::Range;

use super::node::Tag;
use super::resolve::is_core_number;
use super::source::Mark;

/// Most oddities listed for a document: enough to show a pattern, and hostile input can have one in every few bytes.
pub const ODDITIES_MAX: usize = 1000;

/// Something unusual at a place of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// What it is.
    pub kind: OddityKind,
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
    /// The bytes of the document as it was given.
    pub span: Range<usize>,
}

/// A kind of oddity. YAML 1.2 is its core schema (section 10.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OddityKind {
    /// A key that its mapping already had: PyYAML keeps the last value, others the first, or refuse.
    DuplicateKey,
    /// A key that is not a string, which JSON cannot have.
    NonStringKey,
    /// `yes`, `no`, `on` or `off`: a boolean here, a string in YAML 1.2.
    WordBoolean,
    /// A number in base 60 (`1:30` is 90): a string in YAML 1.2.
    Sexagesimal,
    /// A number with `_`: a string in YAML 1.2.
    UnderscoreNumber,
    /// An integer that begins with 0: octal here (`010` is 8), decimal in YAML 1.2.
    ZeroOctal,
    /// Another number that is a string in YAML 1.2 (`0b11`, `-0x1F`).
    OldNumber,
    /// A string here that is a number in YAML 1.2 (`1e3`, `0o17`, `08`).
    NewNumber,
    /// A date or time here, a string in YAML 1.2.
    Timestamp,
    /// A merge key (`<<`): an ordinary key in YAML 1.2.
    MergeKey,
    /// `=` as a key without quotes: YAML 1.1's default value.
    ValueKey,
    /// A name for a value, to repeat it elsewhere.
    Anchor,
    /// A value repeated by its name.
    Alias,
    /// An explicit tag, which can make another value of a text than it looks like.
    Tag,
    /// A directive (`%YAML`, `%TAG`, or one that is passed over).
    Directive,
}

/// What a plain scalar could be to another reader.
pub(super) fn scalar_oddity(text: &str, tag: Tag) -> Option<OddityKind> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    match tag {
        Tag::Bool => {
            let is_core = matches!(text.as_bytes().first(), Some(b't' | b'T' | b'f' | b'F'));
            (!is_core).then_some(OddityKind::WordBoolean)
        }
        Tag::Int | Tag::Float if text.contains(':') => Some(OddityKind::Sexagesimal),
        Tag::Int | Tag::Float if text.contains('_') => Some(OddityKind::UnderscoreNumber),
        Tag::Int if digits.len() > 1 && digits.bytes().all(|b| b.is_ascii_digit()) && digits.starts_with('0') => {
            Some(OddityKind::ZeroOctal)
        }
        Tag::Int => (!is_core_number(text)).then_some(OddityKind::OldNumber),
        Tag::Str => is_core_number(text).then_some(OddityKind::NewNumber),
        Tag::Timestamp => Some(OddityKind::Timestamp),
        Tag::Merge => Some(OddityKind::MergeKey),
        Tag::Value => Some(OddityKind::ValueKey),
        // The other forms of floats, and null, are the same in YAML 1.2.
        Tag::Float | Tag::Null | Tag::Binary | Tag::Seq | Tag::Map | Tag::Set | Tag::Omap | Tag::Pairs | Tag::Yaml => {
            None
        }
    }
}

/// Lists oddities up to the limit, each once, however often its value is repeated by aliases.
#[derive(Default)]
pub(super) struct OddityList {
    list: BTreeMap<(usize, OddityKind), Oddity>,
    is_truncated: bool,
}

impl OddityList {
    /// Adds an oddity if there is room. `end` is a byte of the document as it was given.
    pub(super) fn add(&mut self, kind: OddityKind, mark: Mark, end: usize) {
        let key = (mark.offset, kind);
        if self.list.contains_key(&key) {
            return;
        }
        if self.list.len() == ODDITIES_MAX {
            self.is_truncated = true;
            return;
        }
        let span = mark.offset..usize::max(end, mark.offset);
        self.list.insert(key, Oddity { kind, line: mark.line, column: mark.column, span });
    }

    /// The oddities in the order of their places, and whether there were more.
    pub(super) fn finish(self) -> (Vec<Oddity>, bool) {
        (self.list.into_values().collect(), self.is_truncated)
    }
}
