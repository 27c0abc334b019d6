//! What a document that was read has in it that another reader could read otherwise.

use std::ops::Range;

/// Most oddities listed for a document: enough to show a pattern, and hostile input can have one in every few bytes.
pub const ODDITIES_MAX: usize = 1000;

/// Most bytes of all pointers of a document's oddities together: a key of many megabytes would otherwise be repeated in
/// the pointer of everything under it.
pub const ODDITY_POINTER_BYTES_MAX: usize = 1024 * 1024;

/// The largest magnitude up to which every integer is exact as a float (2^53), hence in readers that have only floats.
pub const EXACT_INTEGER_MAX: u64 = 1 << 53;

/// Something unusual at a place of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// What it is.
    pub kind: OddityKind,
    /// The value that it concerns, or whose key it concerns, as a JSON pointer (RFC 6901); lone surrogates in keys are
    /// shown as U+FFFD.
    pub pointer: String,
    /// The bytes of the key or value.
    pub span: Range<usize>,
}

/// A kind of oddity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OddityKind {
    /// A key that its object already had: Python keeps the last value, others the first, or refuse.
    DuplicateKey,
    /// A key that equals an earlier one of its object but for ASCII case: Go's decoder takes either for the other.
    CaseTwinKeys,
    /// A key written with an escape that it did not need (`\u0061`, `\/`): invisible to a search of the bytes.
    EscapedKey,
    /// A key or string with a surrogate that has no partner: not Unicode text, and refused by most readers.
    LoneSurrogate,
    /// `NaN`, `Infinity`, `-Infinity`, or a float too large for one (`1e999`): refused by most readers.
    NonFinite,
    /// An integer of a magnitude above [`EXACT_INTEGER_MAX`]: rounded by readers that have only floats.
    BigInteger,
}

impl OddityKind {
    /// It in a few words.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::DuplicateKey => "a key that occurs twice (the last one counts)",
            Self::CaseTwinKeys => "keys that differ in case only",
            Self::EscapedKey => "a key written with escapes",
            Self::LoneSurrogate => "half a surrogate pair",
            Self::NonFinite => "a number that is not finite",
            Self::BigInteger => "an integer beyond 2^53",
        }
    }
}

/// Lists oddities up to the limits.
#[derive(Default)]
pub(super) struct OddityList {
    list: Vec<Oddity>,
    pointer_bytes: usize,
    is_truncated: bool,
}

impl OddityList {
    /// Adds an oddity if there is room. `path` gives the tokens of the pointer.
    pub(super) fn add<P: AsRef<str>>(
        &mut self,
        kind: OddityKind,
        span: Range<usize>,
        path: impl IntoIterator<Item = P>,
    ) {
        if self.is_truncated {
            return;
        }
        let room = ODDITY_POINTER_BYTES_MAX - self.pointer_bytes;
        let mut pointer = String::new();
        for token in path {
            push_token(&mut pointer, token.as_ref());
            if pointer.len() > room {
                break;
            }
        }
        if pointer.len() > room || self.list.len() == ODDITIES_MAX {
            self.is_truncated = true;
            return;
        }
        self.pointer_bytes += pointer.len();
        self.list.push(Oddity { kind, pointer, span });
    }

    /// The oddities in the order of their places, and whether there were more than the limits allow.
    pub(super) fn finish(mut self) -> (Vec<Oddity>, bool) {
        self.list.sort_by_key(|oddity| (oddity.span.start, oddity.kind));
        (self.list, self.is_truncated)
    }
}

/// Adds one reference token to a JSON pointer (RFC 6901 section 3).
pub(super) fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    for char in token.chars() {
        match char {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}
