//! Why bytes are not a JSON document.

use super::budget::INTEGER_DIGITS_MAX;

/// Why and where reading stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at byte {offset}")]
pub struct ParseError {
    /// Byte offset of what is wrong.
    pub offset: usize,
    /// What is wrong.
    pub reason: ParseErrorReason,
}

impl ParseError {
    pub(super) fn new(offset: usize, reason: ParseErrorReason) -> Self {
        Self { offset, reason }
    }
}

/// What is wrong with a JSON document. The first five variants are about its size or encoding, the rest about grammar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseErrorReason {
    /// More bytes than the budget allows.
    #[error("more than {bytes_max} bytes")]
    TooLarge {
        /// The budget's limit.
        bytes_max: usize,
    },
    /// More nesting than the budget allows.
    #[error("nested more than {depth_max} deep")]
    TooDeep {
        /// The limit in force.
        depth_max: usize,
    },
    /// More values than the budget allows.
    #[error("more than {nodes_max} values")]
    TooManyNodes {
        /// The budget's limit.
        nodes_max: usize,
    },
    /// The bytes are not UTF-8.
    #[error("invalid UTF-8")]
    InvalidUtf8,
    /// U+FEFF before the document: CPython refuses it.
    #[error("byte order mark")]
    ByteOrderMark,
    /// Something else stands where this was due.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A string does not end. The offset is that of its opening quote.
    #[error("unterminated string")]
    UnterminatedString,
    /// A raw control character (below U+0020) in a string.
    #[error("raw control character 0x{0:02x} in a string")]
    ControlCharacter(u8),
    /// A backslash that begins none of JSON's escapes.
    #[error("invalid escape")]
    InvalidEscape,
    /// An integer of more digits than CPython converts.
    #[error("integer of more than {INTEGER_DIGITS_MAX} digits")]
    IntegerTooLong,
    /// More text after the document.
    #[error("trailing data")]
    TrailingData,
    /// The document is not an object, where only an object can be indexed.
    #[error("expected an object as the whole document")]
    NotAnObject,
    /// The document is not a list, where only a list can be indexed.
    #[error("expected a list as the whole document")]
    NotAList,
}
