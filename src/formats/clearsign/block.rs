//! A clear-signed file, taken apart into byte ranges.

use std::ops::Range;

use super::anomaly::{Anomaly, AnomalyKind, AnomalyList};
use super::line::{Line, Lines, trim_end};
use super::text::{covered, normalise};

/// Most blocks taken apart in one file. Real files have one.
pub const BLOCKS_MAX: usize = 64;

/// Most armor headers kept of one block. Real ones have three at most.
pub const HEADERS_MAX: usize = 64;

/// What GnuPG knows as names in `Hash` headers.
const HASH_NAMES: [&str; 7] = ["MD5", "SHA1", "RIPEMD160", "SHA224", "SHA256", "SHA384", "SHA512"];

const MESSAGE_BEGIN: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE_BEGIN: &[u8] = b"-----BEGIN PGP SIGNATURE-----";
const SIGNATURE_END: &[u8] = b"-----END PGP SIGNATURE-----";

/// A file taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClearSigned {
    /// The clear-signed blocks in order; none if the file is not clear-signed.
    pub blocks: Vec<Block>,
    /// What stands before, between and after the blocks, in full, where it is not blank.
    pub outside: Vec<Range<usize>>,
    /// What is unusual, in the order of its places.
    pub anomalies: Vec<Anomaly>,
}

/// One clear-signed block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// All of it, from the first marker to the end of the last marker's line.
    pub span: Range<usize>,
    /// The armor headers, the first [`HEADERS_MAX`] of them.
    pub headers: Vec<Header>,
    /// The text as it stands, its last line end included.
    pub text: Range<usize>,
    /// The text as the signature covers it.
    pub signed: Vec<u8>,
    /// The signature's armor, from the line that ends the text to its end marker, the line end behind that not included;
    /// none if it does not begin or not end.
    pub armor: Option<Range<usize>>,
    /// Length of the longest line of the text in bytes, line feed not counted.
    pub longest_line: usize,
}

/// An armor header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What stands before the colon; the whole line, if there is none with a blank behind it. Bytes that are not UTF-8 are
    /// replaced.
    pub name: String,
    /// What stands behind the colon, blanks around it taken off.
    pub value: String,
    /// The line.
    pub span: Range<usize>,
}

impl Block {
    /// The algorithms that the `Hash` headers name, as they are written. A signature made with none of them is refused by
    /// GnuPG.
    pub fn hash_names(&self) -> Vec<&str> {
        self.headers.iter().flat_map(Header::hash_names).collect()
    }

    /// The bytes of the file that [`Self::signed`] is made of, in order; line feeds stand for CRLF.
    pub fn covered(&self, file: &[u8]) -> Vec<Range<usize>> {
        covered(file, self.text.clone())
    }
}

impl Header {
    /// The algorithms that it names, if it is a `Hash` header.
    fn hash_names(&self) -> impl Iterator<Item = &str> {
        let names = if self.name == "Hash" { self.value.as_str() } else { "" };
        names.split(',').map(|name| name.trim_matches([' ', '\t'])).filter(|name| !name.is_empty())
    }
}

/// Whether the file has a clear-signed block.
pub fn looks_clear_signed(bytes: &[u8]) -> bool {
    let lines = Lines::new(bytes);
    lines.clone().any(|line| is_marker(&lines, line, MESSAGE_BEGIN))
}

/// Takes a file apart. Any bytes will do: without a block, all of them are outside.
pub fn split(bytes: &[u8]) -> ClearSigned {
    let mut blocks = Vec::new();
    let mut anomalies = AnomalyList::default();
    let mut lines = Lines::new(bytes);
    while let Some(line) = lines.next() {
        if !is_marker(&lines, line, MESSAGE_BEGIN) {
            continue;
        }
        if blocks.len() == BLOCKS_MAX {
            anomalies.enter(None);
            anomalies.note(AnomalyKind::TooManyBlocks, line.span());
            break;
        }
        anomalies.enter(Some(blocks.len()));
        let block = block(bytes, line, &mut lines, &mut anomalies);
        if !blocks.is_empty() {
            anomalies.note(AnomalyKind::SecondBlock, block.span.clone());
        }
        blocks.push(block);
    }
    let outside = outside(bytes, &blocks, &mut anomalies);
    ClearSigned { blocks, outside, anomalies: anomalies.finish() }
}

/// The stretches outside the blocks that are not blank.
fn outside(bytes: &[u8], blocks: &[Block], anomalies: &mut AnomalyList) -> Vec<Range<usize>> {
    let starts = std::iter::once(0).chain(blocks.iter().map(|block| block.span.end));
    let ends = blocks.iter().map(|block| block.span.start).chain([bytes.len()]);
    anomalies.enter(None);
    let mut outside = Vec::new();
    for (index, (start, end)) in starts.zip(ends).enumerate() {
        if bytes.get(start..end).unwrap_or_default().trim_ascii().is_empty() {
            continue;
        }
        outside.push(start..end);
        if blocks.is_empty() {
            continue;
        }
        let kind = match index {
            0 => AnomalyKind::TextBefore,
            _ if index == blocks.len() => AnomalyKind::TextAfter,
            _ => AnomalyKind::TextBetween,
        };
        anomalies.note(kind, start..end);
    }
    outside
}

/// Reads a block, whose first marker is `first`; `lines` stands behind it, and behind the block in the end.
fn block(bytes: &[u8], first: Line, lines: &mut Lines<'_>, anomalies: &mut AnomalyList) -> Block {
    let headers = headers(lines, anomalies);
    note_headers(&headers, first, anomalies);
    let text_start = lines.offset();
    let marker = loop {
        match lines.next() {
            Some(line) if ends_text(lines, line) => break Some(line),
            Some(_) => {}
            None => break None,
        }
    };
    let text = text_start..marker.map_or(bytes.len(), |line| line.start);
    let normalised = normalise(bytes, text.clone(), anomalies);
    let armor = match marker {
        Some(marker) => {
            if !is_marker(lines, marker, SIGNATURE_BEGIN) {
                anomalies.note(AnomalyKind::UnexpectedArmor, marker.span());
            }
            let armor = armor(marker, lines);
            if armor.is_none() {
                anomalies.note(AnomalyKind::SignatureArmorUnterminated, marker.span());
            }
            armor
        }
        None => {
            anomalies.note(AnomalyKind::SignatureArmorMissing, first.span());
            None
        }
    };
    Block {
        span: first.start..lines.offset(),
        headers,
        text,
        signed: normalised.signed,
        armor,
        longest_line: normalised.longest_line,
    }
}

/// Reads armor headers, up to and including the blank line that ends them.
fn headers(lines: &mut Lines<'_>, anomalies: &mut AnomalyList) -> Vec<Header> {
    let mut headers = Vec::new();
    while let Some(line) = lines.next() {
        let text = trim_end(lines.bytes_of(line), b" \t\r");
        if text.is_empty() {
            break;
        }
        if headers.len() == HEADERS_MAX {
            anomalies.note(AnomalyKind::TooManyHeaders, line.span());
            continue;
        }
        // GnuPG wants a blank behind the colon, or the end of the line; without it the line is all name here.
        let text = String::from_utf8_lossy(text);
        let (name, value) = match text.split_once(':') {
            Some((name, value)) if value.is_empty() || value.starts_with(' ') => (name, value),
            Some(_) | None => (text.as_ref(), ""),
        };
        headers.push(Header {
            name: name.to_owned(),
            value: value.trim_matches([' ', '\t']).to_owned(),
            span: line.span(),
        });
    }
    headers
}

fn note_headers(headers: &[Header], first: Line, anomalies: &mut AnomalyList) {
    let mut has_hash = false;
    for header in headers {
        match header.name.as_str() {
            "Hash" => {
                if has_hash {
                    anomalies.note(AnomalyKind::SecondHashHeader, header.span.clone());
                }
                has_hash = true;
                if header.hash_names().next().is_none() || !header.hash_names().all(|name| HASH_NAMES.contains(&name)) {
                    anomalies.note(AnomalyKind::UnknownHashName, header.span.clone());
                }
            }
            "NotDashEscaped" => anomalies.note(AnomalyKind::NotDashEscapedHeader, header.span.clone()),
            _ => anomalies.note(AnomalyKind::UnexpectedHeader, header.span.clone()),
        }
    }
    if !has_hash {
        anomalies.note(AnomalyKind::MissingHashHeader, first.span());
    }
}

/// Goes past the signature's armor. It is cut off where a marker begins something else, so that no block can hide there.
fn armor(marker: Line, lines: &mut Lines<'_>) -> Option<Range<usize>> {
    loop {
        let before = lines.clone();
        let line = lines.next()?;
        if is_marker(lines, line, SIGNATURE_END) {
            return Some(marker.start..line.end);
        }
        if is_marker(lines, line, MESSAGE_BEGIN) || is_marker(lines, line, SIGNATURE_BEGIN) {
            *lines = before;
            return None;
        }
    }
}

/// GnuPG ends the text at any line that starts with five dashes, whatever it says.
fn ends_text(lines: &Lines<'_>, line: Line) -> bool {
    lines.bytes_of(line).starts_with(b"-----")
}

/// A marker stands at the start of its line, and only blanks follow it: so does GnuPG find it.
fn is_marker(lines: &Lines<'_>, line: Line, marker: &[u8]) -> bool {
    trim_end(lines.bytes_of(line), b" \t\r") == marker
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::text::GPG_LINE_BYTES_MAX;
    use super::*;

    const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----\n\niQ==\n=abcd\n-----END PGP SIGNATURE-----\n";

    fn message(text: &str) -> String {
        format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{text}{SIGNATURE}")
    }

    fn kinds(file: impl AsRef<[u8]>) -> Vec<AnomalyKind> {
        split(file.as_ref()).anomalies.into_iter().map(|anomaly| anomaly.kind).collect()
    }

    fn signed(file: impl AsRef<[u8]>) -> String {
        String::from_utf8(split(file.as_ref()).blocks[0].signed.clone()).unwrap()
    }

    #[test]
    fn an_ordinary_file_comes_apart() {
        let file = message("{\n  \"a\": 1\n}\n");
        let apart = split(file.as_bytes());
        let [block] = apart.blocks.as_slice() else { panic!("{apart:?}") };
        assert_eq!(block.span, 0..file.len());
        assert_eq!(block.hash_names(), ["SHA512"]);
        assert_eq!(&file[block.text.clone()], "{\n  \"a\": 1\n}\n");
        assert_eq!(block.signed, b"{\r\n  \"a\": 1\r\n}");
        assert_eq!(&file[block.armor.clone().unwrap()], SIGNATURE.trim_end());
        assert_eq!(block.longest_line, 8);
        assert_eq!((apart.outside, apart.anomalies), (vec![], vec![]));
        assert!(looks_clear_signed(file.as_bytes()));
    }

    #[test]
    fn openpgpjs_framing_is_ordinary() {
        let file = format!("\r\n{}", message("{\n}\n").replace('\n', "\r\n"));
        assert_eq!(kinds(&file), [AnomalyKind::CrLf]);
        assert_eq!(signed(&file), "{\r\n}");
        assert_eq!(split(file.as_bytes()).blocks[0].span.start, 2);
    }

    #[test]
    fn text_is_normalised_as_gnupg_does() {
        for (text, expected) in [
            ("", ""),
            ("\n", ""),
            ("\n\n", "\r\n"),
            ("a \t\nb\r\r\nc", "a\r\nb\r\nc"),
            ("- -dash\n- - x\n-y\n", "-dash\r\n- x\r\n-y"),
            ("a\rb\n", "a\rb"),
            (" \t \n  a\n", "\r\n  a"),
            ("- \n", ""),
            ("a\u{c}\n", "a\u{c}"),
            ("\0a\0 \0\r\n", "\0a"),
        ] {
            // A text that does not end its last line cannot be followed by the marker, so add what is missing.
            let text = if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
            let file = message(&text);
            assert_eq!(signed(&file), expected, "{text:?}");
            let covered = split(file.as_bytes()).blocks[0].covered(file.as_bytes());
            let covered: String = covered.into_iter().map(|range| file[range].replace('\n', "\r\n")).collect();
            assert_eq!(covered, expected, "{text:?}");
        }
    }

    #[test]
    fn anomalies_of_the_text_are_noted() {
        use AnomalyKind::*;
        for (text, kind, at, count) in [
            ("a\nb  \nc\t\n", TrailingWhitespace, "  ", 2),
            ("a\r\nb\r\n", CrLf, "a\r\nb\r\n", 2),
            ("a\nb\r\nc\n", MixedLineEnds, "\r\n", 1),
            ("a\r\nb\nc\n", MixedLineEnds, "\n", 1),
            ("a\rb\rc\n", LoneCarriageReturn, "\r", 2),
            ("- -\n- -x\n", DashEscaped, "- -", 2),
            ("- x\n- y\n", NeedlessEscape, "- x", 2),
            ("- From x\n", FromEscaped, "- From x", 1),
            ("From x\n", FromUnescaped, "From x", 1),
            ("-x\n", UnescapedDash, "-x", 1),
            ("----BEGIN PGP\n", UnescapedDash, "----BEGIN PGP", 1),
            ("a\u{c}\n", FormFeed, "\u{c}", 1),
            ("\0\0a\n", NulByte, "\0", 2),
        ] {
            let file = message(text);
            let anomalies = split(file.as_bytes()).anomalies;
            let [anomaly] = anomalies.as_slice() else { panic!("{text:?}: {anomalies:?}") };
            assert_eq!((anomaly.kind, &file[anomaly.span.clone()], anomaly.count), (kind, at, count), "{text:?}");
            assert_eq!(anomaly.block, Some(0));
        }
        assert_eq!(kinds(message("a\r\r\nb\r\n")), [CrLf, LoneCarriageReturn]);
        let mut file = message("ab\n").into_bytes();
        let last = file.len() - SIGNATURE.len() - 2;
        file[last] = 0xff;
        assert_eq!(kinds(&file), [NonUtf8]);
    }

    #[test]
    fn text_ends_where_gnupg_ends_it() {
        use AnomalyKind::*;
        for marker in ["-----BEGIN PGP SIG ATURE-----", "-----", "------x", "-----BEGIN PGP SIGNED MESSAGE-----"] {
            let file = message("a\n").replace("-----BEGIN PGP SIGNATURE-----", marker);
            let apart = split(file.as_bytes());
            assert_eq!((apart.blocks.len(), apart.blocks[0].signed.as_slice()), (1, b"a".as_slice()), "{marker}");
            assert!(file[apart.blocks[0].armor.clone().unwrap()].starts_with(marker));
            assert_eq!(kinds(&file), [UnexpectedArmor]);
        }
    }

    #[test]
    fn long_lines_are_noted() {
        let fits = message(&format!("{}\n", "x".repeat(GPG_LINE_BYTES_MAX)));
        assert_eq!(kinds(&fits), []);
        let long = message(&format!("{}\n", "x".repeat(GPG_LINE_BYTES_MAX + 1)));
        assert_eq!(kinds(&long), [AnomalyKind::LineTooLong]);
        assert_eq!(split(long.as_bytes()).blocks[0].longest_line, GPG_LINE_BYTES_MAX + 1);
    }

    #[test]
    fn text_around_blocks_is_noted() {
        use AnomalyKind::*;
        let block = message("a\n");
        let file = format!("before\n{block} \n{block}between\n{block}\nafter");
        let apart = split(file.as_bytes());
        assert_eq!(apart.blocks.len(), 3);
        let outside: Vec<_> = apart.outside.iter().map(|range| &file[range.clone()]).collect();
        assert_eq!(outside, ["before\n", "between\n", "\nafter"]);
        assert_eq!(kinds(&file), [TextBefore, SecondBlock, TextBetween, SecondBlock, TextAfter]);
        assert_eq!(apart.anomalies[3].block, Some(2));
        let plain = split(b"{}\n");
        assert_eq!((plain.blocks.len(), plain.outside.first(), plain.anomalies.len()), (0, Some(&(0..3)), 0));
        assert!(!looks_clear_signed(b"{}\n"));
    }

    #[test]
    fn headers_are_read() {
        use AnomalyKind::*;
        let with = |headers: &str| message("a\n").replace("Hash: SHA512\n", headers);
        assert_eq!(kinds(with("")), [MissingHashHeader]);
        assert_eq!(kinds(with("hash: SHA512\n")), [MissingHashHeader, UnexpectedHeader]);
        assert_eq!(kinds(with("Hash: SHA1\nNotDashEscaped: yes\n")), [NotDashEscapedHeader]);
        assert_eq!(kinds(with("Hash: SHA512\n{\"evil\": 1}\nnone\n")), [UnexpectedHeader]);
        for header in ["Hash:SHA1", "Hash:\tSHA1", " Hash: SHA1", "Comment: x"] {
            assert_eq!(kinds(with(&format!("{header}\nHash: SHA1\n"))), [UnexpectedHeader], "{header}");
        }
        for header in ["Hash:", "Hash: ", "Hash: sha256", "Hash: SHA1, X", "Hash: SHA1\u{b}"] {
            assert_eq!(kinds(with(&format!("{header}\n"))), [UnknownHashName], "{header}");
        }
        assert_eq!(kinds(with("Hash: SHA1\nHash: SHA1\n")), [SecondHashHeader]);
        let file = with("Hash: SHA256, SHA512\nHash: MD5 \t\r\n \t\nnot: a header\n");
        let apart = split(file.as_bytes());
        assert_eq!(apart.blocks[0].hash_names(), ["SHA256", "SHA512", "MD5"]);
        assert_eq!(apart.blocks[0].signed, b"not: a header\r\n\r\na");
    }

    #[test]
    fn markers_are_whole_lines_at_column_0() {
        let block = message("a\n");
        for odd in
            [format!(" {block}"), block.replacen("MESSAGE-----", "MESSAGE----- x", 1), block.replace("-----", "---")]
        {
            assert!(!looks_clear_signed(odd.as_bytes()), "{odd}");
            assert_eq!(split(odd.as_bytes()).blocks, []);
        }
        let blank = block.replace("-----\n", "----- \t\r\n");
        assert_eq!(split(blank.as_bytes()).blocks[0].signed, b"a");
    }

    #[test]
    fn cut_files_come_apart() {
        use AnomalyKind::*;
        let file = message("a\n");
        let apart = |cut: &str| {
            let apart = split(cut.as_bytes());
            assert_eq!((apart.blocks.len(), apart.blocks[0].armor.clone()), (1, None), "{cut:?}");
            apart.anomalies.into_iter().map(|anomaly| anomaly.kind).collect::<Vec<_>>()
        };
        assert_eq!(apart(file.split_once(SIGNATURE).unwrap().0), [SignatureArmorMissing]);
        assert_eq!(apart(file.split_once("=abcd").unwrap().0), [SignatureArmorUnterminated]);
        assert_eq!(apart("-----BEGIN PGP SIGNED MESSAGE-----"), [MissingHashHeader, SignatureArmorMissing]);
        // A block behind a signature without an end is not lost.
        let (cut, _) = file.split_once("-----END").unwrap();
        let two = format!("{cut}{file}");
        assert_eq!(split(two.as_bytes()).blocks.len(), 2);
        assert_eq!(kinds(&two), [SignatureArmorUnterminated, SecondBlock]);
    }

    #[test]
    fn blocks_are_bounded() {
        let apart = split(message("a\n").repeat(BLOCKS_MAX + 2).as_bytes());
        assert_eq!(apart.blocks.len(), BLOCKS_MAX);
        assert_eq!(apart.outside.len(), 1);
        let last: Vec<_> = apart.anomalies.iter().rev().take(2).map(|anomaly| anomaly.kind).collect();
        assert_eq!(last, [AnomalyKind::TooManyBlocks, AnomalyKind::TextAfter]);
    }

    #[test]
    fn headers_are_bounded() {
        let file = message("a\n").replace("Hash: SHA512\n", &"Hash: SHA1\n".repeat(HEADERS_MAX + 2));
        let apart = split(file.as_bytes());
        assert_eq!(apart.blocks[0].headers.len(), HEADERS_MAX);
        let told: Vec<_> = apart.anomalies.iter().map(|anomaly| (anomaly.kind, anomaly.count)).collect();
        assert_eq!(told, [(AnomalyKind::SecondHashHeader, HEADERS_MAX - 1), (AnomalyKind::TooManyHeaders, 2)]);
        assert_eq!(apart.blocks[0].signed, b"a");
    }

    fn pieces() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop::sample::select(vec![
            "-----BEGIN PGP SIGNED MESSAGE-----\n",
            "-----BEGIN PGP SIGNATURE-----\n",
            "-----END PGP SIGNATURE-----\n",
            "\n",
            "\r\n",
            "Hash: SHA1\n",
            "NotDashEscaped: \n",
            "- x\n",
            "-",
            " ",
            "\t\n",
            "a",
            "\r",
            "\u{c}",
            "\0",
            "é",
        ]);
        let byte = any::<u8>().prop_map(|byte| vec![byte]);
        let piece = prop_oneof![9 => piece.prop_map(|piece| piece.as_bytes().to_vec()), 1 => byte];
        prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_bytes_come_apart(file in prop_oneof![pieces(), any::<Vec<u8>>()]) {
            let apart = split(&file);
            prop_assert_eq!(looks_clear_signed(&file), !apart.blocks.is_empty());
            let mut end = 0;
            for block in &apart.blocks {
                prop_assert!(end <= block.span.start && block.span.end <= file.len());
                prop_assert!(block.span.start <= block.text.start && block.text.end <= block.span.end);
                prop_assert!(block.text.start <= block.text.end && block.signed.len() <= 2 * block.text.len());
                if let Some(armor) = &block.armor {
                    prop_assert!(block.text.end == armor.start && armor.end <= block.span.end);
                }
                end = block.span.end;
            }
            for anomaly in &apart.anomalies {
                prop_assert!(anomaly.count > 0 && file.get(anomaly.span.clone()).is_some());
            }
            for range in &apart.outside {
                prop_assert!(!file[range.clone()].trim_ascii().is_empty());
            }
        }
    }
}
