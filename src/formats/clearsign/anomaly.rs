//! What is unusual in a clear-signed file.

use std::ops::Range;

/// Something unusual in a clear-signed file. There is one for each kind and block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// What it is.
    pub kind: AnomalyKind,
    /// Position of the block that has it; none for text outside the blocks.
    pub block: Option<usize>,
    /// The bytes of its first occurrence.
    pub span: Range<usize>,
    /// How often it occurs.
    pub count: usize,
}

/// A kind of anomaly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnomalyKind {
    /// Text before the first block. Blank text does not count: openpgp.js begins its files with CRLF.
    TextBefore,
    /// Text between two blocks.
    TextBetween,
    /// Text after the last block.
    TextAfter,
    /// A block after the first: GnuPG reads it too.
    SecondBlock,
    /// More blocks than [`super::BLOCKS_MAX`]; the rest of the file counts as text outside the blocks.
    TooManyBlocks,
    /// An armor header other than `Hash: `, the only one that RFC 4880 section 7 allows: GnuPG refuses the file.
    UnexpectedHeader,
    /// A `Hash` header that names no algorithm, or one that GnuPG does not know: it refuses the file.
    UnknownHashName,
    /// A `Hash` header after the first. GnuPG reads them all.
    SecondHashHeader,
    /// A `NotDashEscaped` header, GnuPG's own: it changes what the signature covers, which is not undone here.
    NotDashEscapedHeader,
    /// No `Hash` header: the signature then has to be made with MD5 (RFC 4880 section 7).
    MissingHashHeader,
    /// More armor headers than [`super::HEADERS_MAX`].
    TooManyHeaders,
    /// Spaces, tabs or NULs at the end of a line of the text: no signature covers them.
    TrailingWhitespace,
    /// All lines of the text end in CRLF (counted: the lines). Signatures do not tell it from LF, digests of the file do.
    CrLf,
    /// Some lines of the text end in CRLF and some in LF; the span is the first end unlike the one before it.
    MixedLineEnds,
    /// A carriage return that is not part of a line end. OpenPGP implementations differ over it.
    LoneCarriageReturn,
    /// A line of the text that starts with a dash and is escaped with `- `. As it should be, and only noted.
    DashEscaped,
    /// A line of the text that starts with `From ` and is escaped, which GnuPG does for mail programs and others do not.
    FromEscaped,
    /// A line of the text that starts with `From ` and is not escaped.
    FromUnescaped,
    /// A line of the text that is escaped without need. No signature covers the escape.
    NeedlessEscape,
    /// A line of the text that starts with a dash but is not escaped.
    UnescapedDash,
    /// A form feed in the text.
    FormFeed,
    /// A NUL byte in the text.
    NulByte,
    /// A line of the text of more than [`super::GPG_LINE_BYTES_MAX`] bytes: GnuPG refuses the file.
    LineTooLong,
    /// The text is not UTF-8.
    NonUtf8,
    /// The line that ends the text is not the marker of a signature. GnuPG warns of "unexpected armor" and reads on as if it
    /// were.
    UnexpectedArmor,
    /// The file ends before the signature begins.
    SignatureArmorMissing,
    /// The signature begins but does not end.
    SignatureArmorUnterminated,
}

/// Collects the anomalies of a block, or of the file.
#[derive(Default)]
pub(super) struct AnomalyList {
    list: Vec<Anomaly>,
    /// The first anomaly of the current block.
    block_start: usize,
    block: Option<usize>,
}

impl AnomalyList {
    /// What is noted from now on belongs to this block, or to none.
    pub(super) fn enter(&mut self, block: Option<usize>) {
        self.block_start = self.list.len();
        self.block = block;
    }

    /// Notes an occurrence.
    pub(super) fn note(&mut self, kind: AnomalyKind, span: Range<usize>) {
        self.note_many(kind, span, 1);
    }

    /// Notes several occurrences, the first one's place given.
    pub(super) fn note_many(&mut self, kind: AnomalyKind, span: Range<usize>, count: usize) {
        let of_block = self.list.get_mut(self.block_start..).unwrap_or_default();
        match of_block.iter_mut().find(|anomaly| anomaly.kind == kind) {
            Some(anomaly) => anomaly.count += count,
            None => self.list.push(Anomaly { kind, block: self.block, span, count }),
        }
    }

    /// The anomalies in the order of their places.
    pub(super) fn finish(mut self) -> Vec<Anomaly> {
        self.list.sort_by_key(|anomaly| (anomaly.span.start, anomaly.kind));
        self.list
    }
}
