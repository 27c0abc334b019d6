//! Why a document was not read.

use super::budget::{BYTES_MAX, COMMENT_LINES_MAX, DEPTH_MAX, EXPANDED_BYTES_MAX, EXPANDED_NODES_MAX, NODES_MAX};
use super::source::Mark;

/// Why a document was not read, and where reading stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at line {line}, column {column}")]
pub struct YamlError {
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
    /// The byte in the document as it was given, counted from 0.
    pub offset: usize,
    /// Why.
    pub reason: YamlErrorReason,
}

impl YamlError {
    pub(super) fn new(mark: Mark, reason: YamlErrorReason) -> Self {
        Self { line: mark.line, column: mark.column, offset: mark.offset, reason }
    }
}

/// Why a document was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum YamlErrorReason {
    /// Not UTF-8: Python's text mode raises `UnicodeDecodeError`.
    #[error("invalid UTF-8")]
    InvalidUtf8,
    /// A character that PyYAML's reader refuses wherever it stands (`Reader.NON_PRINTABLE`).
    #[error("unacceptable character U+{0:04X}")]
    NotPrintable(u32),
    /// Not YAML, in the words of the parser.
    #[error("malformed YAML: {0}")]
    Malformed(String),
    /// A second document: PyYAML's `get_single_node` takes one.
    #[error("more than one document")]
    SeveralDocuments,
    /// Two anchors of one name, which PyYAML's `compose_node` refuses.
    #[error("an anchor of this name was there before")]
    DuplicateAnchor,
    /// A tag that the safe constructor does not know, or (`<<`, `=`) knows only for keys; its start, if it is long.
    #[error("tag that cannot be constructed: {0}")]
    UnknownTag(String),
    /// A tag of another kind of node: `!!seq` on a mapping.
    #[error("tag of another kind of node: {0}")]
    WrongKind(&'static str),
    /// A scalar that its tag does not admit (`!!int abc`, the 31st of February), or admits only by Python's leniency.
    #[error("no valid {0}")]
    BadScalar(&'static str),
    /// A list, mapping or set as a key.
    #[error("a key must be a scalar")]
    UnhashableKey,
    /// A merge key whose value is neither a mapping nor a list of mappings.
    #[error("expected a mapping or a list of mappings to merge")]
    BadMerge,
    /// An element of `!!omap` or `!!pairs` that is not a mapping of one plain pair.
    #[error("expected a mapping of one pair")]
    BadPair,
    /// What PyYAML and the parser here read differently, or may.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// More than [`BYTES_MAX`] bytes, [`NODES_MAX`] nodes, or 100 000 lines of comments between two tokens.
    #[error("more than {BYTES_MAX} bytes, {NODES_MAX} nodes, or {COMMENT_LINES_MAX} lines of comments")]
    TooLarge,
    /// Collections inside one another deeper than [`DEPTH_MAX`], aliases followed.
    #[error("nested more than {DEPTH_MAX} deep")]
    TooDeep,
    /// Aliases and merge keys that stand for more than [`EXPANDED_NODES_MAX`] nodes or [`EXPANDED_BYTES_MAX`] bytes.
    #[error("aliases expand to more than {EXPANDED_NODES_MAX} nodes or {EXPANDED_BYTES_MAX} bytes")]
    AliasBomb,
}

/// What is refused because PyYAML reads it otherwise than YAML 1.2 parsers do, or because a value cannot hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A tab outside quoted scalars, block scalars and comments: PyYAML's scanner takes it for a token's end or an error.
    #[error("tab outside of quoted text, block text and comments")]
    Tab,
    /// A byte order mark outside quoted scalars, block scalars and comments: PyYAML does not count it as a column.
    #[error("byte order mark in the midst of the document")]
    ByteOrderMark,
    /// U+0085, U+2028 or U+2029: line breaks in YAML 1.1, and ordinary characters in YAML 1.2.
    #[error("line separator U+0085, U+2028 or U+2029")]
    LineSeparator,
    /// A mapping key of no characters (`: x`, `? `).
    #[error("empty mapping key")]
    EmptyKey,
    /// A plain scalar that starts as PyYAML's `check_plain` does not allow, or has `?` in flow context, where it ends it.
    #[error("plain text that is read differently")]
    Plain,
    /// An anchor or alias that is not ASCII letters, digits, `-` and `_`, or is followed by something else than a blank.
    #[error("anchor name that is read differently")]
    AnchorName,
    /// A tag with `%` escapes, or followed by something else than a blank or line break.
    #[error("tag that is read differently")]
    Tag,
    /// A key before a `:` on another line.
    #[error("key that is read differently")]
    Key,
    /// `...` where there is nothing to end, or a directive without its document.
    #[error("document marker without a document")]
    Marker,
    /// A `\uD800` escape: PyYAML keeps surrogates apart, and pairs of them are joined elsewhere.
    #[error("surrogate escape")]
    Surrogate,
    /// A block scalar whose indentation is read differently.
    #[error("block text that is read differently")]
    Block,
    /// An alias inside of what it stands for: a value without end.
    #[error("alias inside of what it stands for")]
    Recursive,
}
