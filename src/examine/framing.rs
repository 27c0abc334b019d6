//! The framing of a clear-signed file beside that of the program that wrote it.
//!
//! No signature covers the framing, so all of it is looked at: what stands before the first marker, every line of markers
//! and headers, how the text's lines end, how the signature's data are laid out, and what follows. The parts leave no
//! byte out. What is not as its writer writes it becomes a note, so that nobody edits the framing unseen.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::formats::clearsign::{AnomalyKind, Block, ClearSigned};
use crate::formats::openpgp::{CrcState, Dearmored};
use crate::model::{ArmorNote, FramingKind};

/// The longest excerpt of odd bytes, in bytes.
const EXCERPT_MAX: usize = 80;

const MESSAGE_BEGIN: usize = b"-----BEGIN PGP SIGNED MESSAGE-----".len();
const SIGNATURE_BEGIN: &[u8] = b"-----BEGIN PGP SIGNATURE-----";

/// A program that clear-signs, as far as its framing differs from others'.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Writer {
    /// OpenPGP.js (docker-worker): CRLF before the file and in it, but LF within the data, 60 characters a line.
    OpenPgpJs,
    /// Go's clearsign (generic-worker): LF, 64 characters a line, no line end behind the last dash.
    Go,
    /// GnuPG (scriptworker), and whoever else gives a version: LF, 64 characters a line, a line end behind the last dash.
    GnuPg,
}

impl Writer {
    /// Whose file it seems to be: OpenPGP.js and old GnuPG name themselves. Of those that do not, only GnuPG writes packets
    /// of the old format, whose first byte has bit 6 clear (RFC 4880 section 4.2).
    fn of(headers: &[u8], data: &[u8]) -> Self {
        let is_old = data.first().is_some_and(|byte| byte & 0x40 == 0);
        if headers.starts_with(b"Version: OpenPGP.js") {
            Self::OpenPgpJs
        } else if is_old || headers.starts_with(b"Version: ") {
            Self::GnuPg
        } else {
            Self::Go
        }
    }

    const fn line_end(self) -> &'static [u8] {
        match self {
            Self::OpenPgpJs => b"\r\n",
            Self::Go | Self::GnuPg => b"\n",
        }
    }

    const fn data_width(self) -> usize {
        match self {
            Self::OpenPgpJs => 60,
            Self::Go | Self::GnuPg => 64,
        }
    }
}

/// What the reader noted of a file, whoever wrote it.
pub(super) fn anomalies(file: &[u8], parts: &ClearSigned) -> Vec<ArmorNote> {
    let noted = parts.anomalies.iter().filter_map(|anomaly| {
        let kind = kind(anomaly.kind)?;
        Some(note(file, kind, anomaly.span.clone(), anomaly.count))
    });
    noted.collect()
}

/// Takes away what is usual of a text whose signature can't be taken out of its armor, as far as the armor's first header
/// tells the writer.
pub(super) fn without_armor(file: &[u8], block: &Block, notes: &mut Vec<ArmorNote>) {
    let behind_marker = file.get(line_end_from(file, block.text.end) + 1..).unwrap_or_default();
    drop_usual(Writer::of(behind_marker, &[]), notes);
}

/// Takes away what is as its writer writes it.
fn drop_usual(writer: Writer, notes: &mut Vec<ArmorNote>) {
    let escapes_from = writer == Writer::GnuPg;
    notes.retain(|note| {
        let is_usual = if note.kind == FramingKind::CrLf {
            writer == Writer::OpenPgpJs
        } else if note.kind == FramingKind::UnescapedFrom {
            !escapes_from
        } else {
            note.kind == FramingKind::NeedlessEscape && escapes_from && note.excerpt.starts_with("- From ")
        };
        !is_usual
    });
}

/// The parts of a file that no signature covers: together with the text they are all of it.
pub(super) struct Framing {
    writer: Writer,
    begin: Range<usize>,
    message_headers: Vec<Range<usize>>,
    text: Range<usize>,
    signature_begin: Range<usize>,
    headers: Range<usize>,
    separator: Range<usize>,
    data: Range<usize>,
    checksum: Option<Range<usize>>,
    end: Range<usize>,
    armor_end: usize,
    block_end: usize,
}

impl Framing {
    /// The framing of the only block of a file, whose signature's armor stands at `armor` and came to `dearmored`.
    pub(super) fn of(file: &[u8], block: &Block, armor: &Range<usize>, dearmored: &Dearmored) -> Self {
        let within = |range: &Range<usize>| armor.start + range.start..armor.start + range.end;
        let headers = within(&dearmored.headers);
        Self {
            writer: Writer::of(file.get(headers.clone()).unwrap_or_default(), &dearmored.bytes),
            begin: block.span.start..line_end_from(file, block.span.start),
            message_headers: block.headers.iter().map(|header| header.span.clone()).collect(),
            text: block.text.clone(),
            signature_begin: armor.start..line_end_from(file, armor.start),
            headers,
            separator: within(&dearmored.separator),
            data: within(&dearmored.data),
            checksum: dearmored.checksum.as_ref().map(within),
            end: within(&dearmored.end),
            armor_end: armor.end,
            block_end: block.span.end,
        }
    }

    /// Adds what is not as the writer writes it to the reader's notes, and takes away what is.
    pub(super) fn compare(&self, file: &[u8], dearmored: &Dearmored, notes: &mut Vec<ArmorNote>) {
        let line_end = self.line_ends(file, notes);
        let mut comparison = Comparison { file, line_end, notes };
        self.before(&mut comparison);
        self.message_header_lines(&mut comparison);
        self.signature_headers(&mut comparison);
        self.data(&mut comparison, dearmored);
        self.after(&mut comparison);
    }

    /// How the lines of the text end, and hence those of the framing should. A file that was converted as a whole gets one
    /// note, not one a line.
    fn line_ends(&self, file: &[u8], notes: &mut Vec<ArmorNote>) -> &'static [u8] {
        let usual = self.writer.line_end();
        drop_usual(self.writer, notes);
        let text = file.get(self.text.clone()).unwrap_or_default();
        if text.is_empty() || notes.iter().any(|note| note.kind == FramingKind::MixedLineEnds) {
            return usual;
        }
        if text.ends_with(b"\r\n") {
            return b"\r\n";
        }
        if usual == b"\r\n" {
            let count = text.iter().filter(|byte| **byte == b'\n').count();
            notes.push(note(file, FramingKind::LfOnly, self.text.clone(), count));
        }
        b"\n"
    }

    /// What stands before the first marker, and its line.
    fn before(&self, comparison: &mut Comparison<'_, '_>) {
        let before = 0..self.begin.start;
        let usual = if self.writer == Writer::OpenPgpJs { comparison.line_end } else { b"" };
        let actual = comparison.bytes(&before);
        if actual.is_empty() && !usual.is_empty() {
            comparison.note(FramingKind::MissingLineEnd, before);
        } else if actual != usual && actual.trim_ascii().is_empty() {
            comparison.note(FramingKind::BlankBefore, before);
        }
        comparison.line(&self.begin, MESSAGE_BEGIN);
    }

    /// The headers of the text and the blank line behind them. All writers write one header, `Hash: ` and one name.
    fn message_header_lines(&self, comparison: &mut Comparison<'_, '_>) {
        let mut end = self.begin.end;
        for header in &self.message_headers {
            comparison.header(header);
            end = header.end;
        }
        // The lines between the last header that is kept and the text are one blank line, unless there are too many headers.
        let blank = end + 1..self.text.start.saturating_sub(1);
        if blank.start <= blank.end && !comparison.bytes(&blank).contains(&b'\n') {
            comparison.line(&blank, 0);
        }
    }

    /// The marker and the headers of the signature's armor, and the blank line behind them.
    fn signature_headers(&self, comparison: &mut Comparison<'_, '_>) {
        // A marker that is none is noted already.
        let behind = comparison.bytes(&self.signature_begin).strip_prefix(SIGNATURE_BEGIN);
        if behind.is_some_and(|behind| behind.iter().all(|byte| b" \t\r".contains(byte))) {
            comparison.line(&self.signature_begin, SIGNATURE_BEGIN.len());
        }
        let mut lines = Vec::new();
        let mut at = self.headers.start;
        while at < self.headers.end {
            let line = at..line_end_from(comparison.file, at);
            at = line.end + 1;
            comparison.header(&line);
            lines.push(line);
        }
        let mut is_known = true;
        for (index, line) in lines.iter().enumerate() {
            let text = comparison.bytes(line).trim_ascii_end();
            if !is_writers_own(self.writer, index, text) {
                is_known = false;
                comparison.note(FramingKind::SignatureHeader, line.clone());
            }
        }
        if is_known && !lines.is_empty() {
            comparison.note(FramingKind::WriterHeader, self.headers.clone());
        }
        comparison.line(&self.separator, 0);
    }

    /// The lines of data and checksum beside the same data as the writer lays them out.
    fn data(&self, comparison: &mut Comparison<'_, '_>, dearmored: &Dearmored) {
        let line_end = comparison.line_end;
        let inner = if self.writer == Writer::OpenPgpJs { b"\n" } else { line_end };
        let encoded = STANDARD.encode(&dearmored.bytes);
        let mut usual = Vec::with_capacity(self.data.len());
        for (index, line) in encoded.as_bytes().chunks(self.writer.data_width()).enumerate() {
            if index > 0 {
                usual.extend_from_slice(inner);
            }
            usual.extend_from_slice(line);
        }
        usual.extend_from_slice(line_end);
        if let Some(checksum) = &self.checksum {
            usual.extend_from_slice(comparison.bytes(checksum).trim_ascii());
            usual.extend_from_slice(line_end);
        }
        let actual = comparison.bytes(&self.data);
        if actual != usual {
            let same = actual.iter().zip(&usual).take_while(|(actual, usual)| actual == usual).count();
            let start = self.data.start + same;
            comparison.note(
                FramingKind::ArmorLines,
                start..usize::min(line_end_from(comparison.file, start) + 1, self.data.end),
            );
        }
        match (dearmored.crc, &self.checksum) {
            (CrcState::Bad, Some(line)) => comparison.note(FramingKind::WrongChecksum, line.clone()),
            (CrcState::Good, Some(_)) => {}
            (_, None) | (CrcState::Absent, Some(_)) => {
                comparison.note(FramingKind::MissingChecksum, self.end.start..self.end.start);
            }
        }
    }

    /// The last marker's line, and what stands behind it.
    fn after(&self, comparison: &mut Comparison<'_, '_>) {
        let file = comparison.file;
        if self.end.end < self.armor_end {
            comparison.note(FramingKind::TextInArmor, self.end.start..self.armor_end);
        }
        let last = file.get(..self.armor_end).unwrap_or_default();
        let last = last.iter().rposition(|byte| *byte == b'\n').map_or(0, |before| before + 1)..self.armor_end;
        let marker = comparison.bytes(&last).iter().rposition(|byte| *byte == b'-').map_or(0, |dash| dash + 1);
        let has_line_end = self.block_end > self.armor_end;
        let is_bare = self.writer == Writer::Go;
        if !is_bare {
            comparison.line(&last, marker);
        }
        if !is_bare && !has_line_end {
            comparison.note(FramingKind::MissingLineEnd, file.len()..file.len());
        }
        let after = if is_bare { last.start + marker } else { self.block_end }..file.len();
        let outside = file.get(self.block_end..).unwrap_or_default();
        if !after.is_empty() && outside.trim_ascii().is_empty() {
            comparison.note(FramingKind::BlankAfter, after);
        }
    }
}

/// Whether a header of the signature's armor is one that its writer writes, in its place.
fn is_writers_own(writer: Writer, index: usize, line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else { return false };
    let is_version = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_platform = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" /_.-".contains(&byte));
    match (writer, index) {
        (Writer::OpenPgpJs, 0) => line.strip_prefix("Version: OpenPGP.js v").is_some_and(is_version),
        (Writer::OpenPgpJs, 1) => matches!(line, "Comment: http://openpgpjs.org" | "Comment: https://openpgpjs.org"),
        (Writer::GnuPg, 0) => {
            // `GnuPG v2`, `GnuPG v2.0.14 (GNU/Linux)`; PGPy made the first proofs of concept.
            let gnupg = line.strip_prefix("Version: GnuPG v").map(|rest| rest.strip_suffix(')').unwrap_or(rest));
            gnupg.is_some_and(|rest| match rest.split_once(" (") {
                Some((version, platform)) => line.ends_with(')') && is_version(version) && is_platform(platform),
                None => !line.ends_with(')') && is_version(rest),
            }) || line.strip_prefix("Version: PGPy v").is_some_and(is_version)
        }
        _ => false,
    }
}

/// Compares lines with how they should end.
struct Comparison<'f, 'n> {
    file: &'f [u8],
    line_end: &'static [u8],
    notes: &'n mut Vec<ArmorNote>,
}

impl<'f> Comparison<'f, '_> {
    fn bytes(&self, range: &Range<usize>) -> &'f [u8] {
        self.file.get(range.clone()).unwrap_or_default()
    }

    /// A line, line feed excluded, of which the first bytes are as they should be and the rest should be its end.
    fn line(&mut self, line: &Range<usize>, length: usize) {
        let rest = line.start + length..line.end;
        let actual = self.bytes(&rest);
        let usual = self.line_end.strip_suffix(b"\n").unwrap_or_default();
        if actual == usual {
            return;
        }
        if matches!(actual, [] | [b'\r']) {
            self.note(FramingKind::FramingLineEnd, rest.start..usize::min(line.end + 1, self.file.len()));
        } else {
            self.note(FramingKind::FramingBlanks, rest);
        }
    }

    /// A line that holds a header.
    fn header(&mut self, line: &Range<usize>) {
        let length = self.bytes(line).iter().rposition(|byte| !b" \t\r".contains(byte)).map_or(0, |last| last + 1);
        self.line(line, length);
    }

    /// Adds a note, or counts it where there is one of its kind.
    fn note(&mut self, kind: FramingKind, span: Range<usize>) {
        match self.notes.iter_mut().find(|note| note.kind == kind) {
            Some(note) => note.count += 1,
            None => self.notes.push(note(self.file, kind, span, 1)),
        }
    }
}

/// Where the line ends that goes on at an offset: at its line feed, or with the file.
fn line_end_from(file: &[u8], start: usize) -> usize {
    let rest = file.get(start..).unwrap_or_default();
    rest.iter().position(|byte| *byte == b'\n').map_or(file.len(), |length| start + length)
}

/// A note with its excerpt.
pub(super) fn note(file: &[u8], kind: FramingKind, span: Range<usize>, count: usize) -> ArmorNote {
    let bytes = file.get(span.clone()).unwrap_or_default();
    let excerpt = String::from_utf8_lossy(bytes.get(..EXCERPT_MAX).unwrap_or(bytes)).into_owned();
    ArmorNote { kind, start: span.start as u64, end: span.end as u64, count: count as u64, excerpt }
}

const fn kind(kind: AnomalyKind) -> Option<FramingKind> {
    Some(match kind {
        AnomalyKind::TextBefore => FramingKind::TextBefore,
        AnomalyKind::TextBetween => FramingKind::TextBetween,
        AnomalyKind::TextAfter => FramingKind::TextAfter,
        AnomalyKind::SecondBlock => FramingKind::SecondBlock,
        AnomalyKind::TooManyBlocks => FramingKind::TooManyBlocks,
        AnomalyKind::UnexpectedHeader => FramingKind::UnexpectedHeader,
        AnomalyKind::UnknownHashName => FramingKind::UnknownHashName,
        AnomalyKind::SecondHashHeader => FramingKind::SecondHashHeader,
        AnomalyKind::NotDashEscapedHeader => FramingKind::NotDashEscapedHeader,
        AnomalyKind::MissingHashHeader => FramingKind::MissingHashHeader,
        AnomalyKind::TooManyHeaders => FramingKind::TooManyHeaders,
        AnomalyKind::TrailingWhitespace => FramingKind::TrailingWhitespace,
        AnomalyKind::CrLf => FramingKind::CrLf,
        AnomalyKind::MixedLineEnds => FramingKind::MixedLineEnds,
        AnomalyKind::LoneCarriageReturn => FramingKind::LoneCarriageReturn,
        AnomalyKind::DashEscaped => return None,
        AnomalyKind::FromEscaped | AnomalyKind::NeedlessEscape => FramingKind::NeedlessEscape,
        AnomalyKind::FromUnescaped => FramingKind::UnescapedFrom,
        AnomalyKind::UnescapedDash => FramingKind::UnescapedDash,
        AnomalyKind::FormFeed => FramingKind::FormFeed,
        AnomalyKind::NulByte => FramingKind::NulByte,
        AnomalyKind::LineTooLong => FramingKind::LineTooLong,
        AnomalyKind::NonUtf8 => FramingKind::NonUtf8,
        AnomalyKind::UnexpectedArmor => FramingKind::UnexpectedArmor,
        AnomalyKind::SignatureArmorMissing => FramingKind::SignatureArmorMissing,
        AnomalyKind::SignatureArmorUnterminated => FramingKind::SignatureArmorUnterminated,
    })
}
