//! ASCII armor (RFC 4880 section 6.2).

use std::ops::Range;

use super::base64::Decoder;

/// Most bytes of armor read: far above any key or signature (a key with many certifications takes some 100 KB).
pub const ARMOR_BYTES_MAX: usize = 8 * 1024 * 1024;

/// One armored block, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dearmored {
    /// What its markers say it is, such as `PGP SIGNATURE`. Captured text.
    pub label: String,
    /// The data.
    pub bytes: Vec<u8>,
    /// Whether the data agree with the checksum.
    pub crc: CrcState,
    /// The block within the armor, both markers included; another may follow.
    pub span: Range<usize>,
    /// The lines of its headers, with their ends.
    pub headers: Range<usize>,
    /// The blank line behind them, line feed excluded.
    pub separator: Range<usize>,
    /// The lines of data and checksum, with their ends.
    pub data: Range<usize>,
    /// The line of the checksum, line feed excluded.
    pub checksum: Option<Range<usize>>,
    /// The line of the last marker, line feed excluded.
    pub end: Range<usize>,
}

/// Whether armored data agree with their checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CrcState {
    /// They do.
    Good,
    /// They do not: GnuPG refuses such a block.
    Bad,
    /// There is no checksum, which RFC 4880 allows.
    Absent,
}

/// Why armor cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArmorError {
    /// More bytes than [`ARMOR_BYTES_MAX`].
    #[error("more than {ARMOR_BYTES_MAX} bytes of armor")]
    TooLarge,
    /// No line begins a block.
    #[error("no armored block")]
    NoBlock,
    /// A header is not a name, a colon and a blank: GnuPG refuses such a block.
    #[error("invalid armor header at byte {offset} of the armor")]
    InvalidHeader {
        /// Byte offset of its line.
        offset: usize,
    },
    /// No blank line ends the headers.
    #[error("armor headers do not end")]
    HeadersUnterminated,
    /// Something that is no base64 stands in the data.
    #[error("invalid base64 at byte {offset} of the armor")]
    InvalidBase64 {
        /// Byte offset.
        offset: usize,
    },
    /// The checksum is not four characters of base64.
    #[error("malformed checksum at byte {offset} of the armor")]
    MalformedCrc {
        /// Byte offset of its line.
        offset: usize,
    },
    /// No line ends the block.
    #[error("armored block does not end")]
    Unterminated,
}

/// Decodes the first armored block. Lenient where GnuPG is: blanks and CRs anywhere in the data, no checksum, headers of
/// any kind, damaged markers. A wrong checksum is told, not refused.
///
/// # Errors
///
/// If no block is there, or it is cut off or not base64.
pub fn dearmor(armor: &[u8]) -> Result<Dearmored, ArmorError> {
    if armor.len() > ARMOR_BYTES_MAX {
        return Err(ArmorError::TooLarge);
    }
    let mut lines = lines(armor);
    let (start, begin_length, label) =
        lines.find_map(|(offset, line)| Some((offset, line.len(), marker_label(line)?))).ok_or(ArmorError::NoBlock)?;
    let separator = skip_headers(&mut lines)?;
    let data_start = separator.end + 1;
    let mut decoder = Decoder::default();
    let mut crc = None;
    let mut checksum = None;
    for (offset, line) in lines {
        if line.starts_with(b"-") {
            if !line.starts_with(b"-----END ") {
                return Err(ArmorError::InvalidBase64 { offset });
            }
            let bytes = decoder.finish().ok_or(ArmorError::InvalidBase64 { offset })?;
            let crc = match crc {
                None => CrcState::Absent,
                Some(crc) if crc == crc24(&bytes) => CrcState::Good,
                Some(_) => CrcState::Bad,
            };
            let label = String::from_utf8_lossy(label).into_owned();
            let end = offset..offset + line.len();
            let headers = start + begin_length + 1..separator.start;
            let (span, data) = (start..end.end, data_start..offset);
            return Ok(Dearmored { label, bytes, crc, span, headers, separator, data, checksum, end });
        }
        // The data's own padding stands at the end of a line, a checksum's sign at the start of one.
        match line.trim_ascii() {
            [b'=', digits @ ..] if !digits.is_empty() && digits != b"=" && crc.is_none() => {
                crc = Some(crc_of(digits).ok_or(ArmorError::MalformedCrc { offset })?);
                checksum = Some(offset..offset + line.len());
            }
            [] => {}
            _ if crc.is_some() => return Err(ArmorError::InvalidBase64 { offset }),
            _ => decoder.feed(line).map_err(|position| ArmorError::InvalidBase64 { offset: offset + position })?,
        }
    }
    Err(ArmorError::Unterminated)
}

/// Lines with their offsets, line feeds excluded.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    bytes.split_inclusive(|&byte| byte == b'\n').scan(0, |offset, line| {
        let start = *offset;
        *offset += line.len();
        Some((start, line.strip_suffix(b"\n").unwrap_or(line)))
    })
}

/// What a line that begins a block says. GnuPG takes any line of five dashes and more for it where a signature must come,
/// and does not look at what follows the label.
fn marker_label(line: &[u8]) -> Option<&[u8]> {
    let text = line.strip_prefix(b"-----")?;
    let label = text.strip_prefix(b"BEGIN ").unwrap_or(text);
    label.split(|byte| *byte == b'-').next().map(<[u8]>::trim_ascii)
}

/// Goes past the headers and the blank line behind them, which is returned. Another marker is no header, so that one
/// block's data are never taken for another's.
fn skip_headers<'b>(lines: &mut impl Iterator<Item = (usize, &'b [u8])>) -> Result<Range<usize>, ArmorError> {
    for (offset, whole) in lines {
        let line = whole.trim_ascii_end();
        if line.is_empty() {
            return Ok(offset..offset + whole.len());
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let behind = colon.and_then(|colon| line.get(colon + 1..));
        if behind.is_none_or(|behind| !matches!(behind, [] | [b' ', ..])) {
            return Err(ArmorError::InvalidHeader { offset });
        }
    }
    Err(ArmorError::HeadersUnterminated)
}

/// The checksum that four characters of base64 mean.
fn crc_of(digits: &[u8]) -> Option<u32> {
    let mut decoder = Decoder::default();
    decoder.feed(digits).ok()?;
    let bytes: [u8; 3] = decoder.finish()?.try_into().ok()?;
    (digits.len() == 4).then(|| bytes.iter().fold(0, |crc, byte| crc << 8 | u32::from(*byte)))
}

/// CRC-24 of RFC 4880 section 6.1.
fn crc24(bytes: &[u8]) -> u32 {
    const INITIAL: u32 = 0x00b7_04ce;
    const GENERATOR: u32 = 0x0186_4cfb;
    bytes.iter().fold(INITIAL, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 16, |crc, _| {
            let shifted = crc << 1;
            if shifted & 0x0100_0000 == 0 { shifted } else { shifted ^ GENERATOR }
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// "foobar", with a checksum to be set.
    const ARMOR: &str = "-----BEGIN PGP SIGNATURE-----\nVersion: x\n\nZm9v\nYmFy\n=CRCX\n-----END PGP SIGNATURE-----\n";

    fn armor() -> String {
        let crc = crc24(b"foobar").to_be_bytes();
        let digit = |bits: u32| {
            char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[bits as usize & 63])
        };
        let word = u32::from_be_bytes(crc);
        ARMOR.replace("CRCX", &[18, 12, 6, 0].map(|shift| digit(word >> shift)).iter().collect::<String>())
    }

    #[test]
    fn crc24_check_value() {
        // The check value of CRC-24/OPENPGP in the catalogue of parametrised CRC algorithms.
        assert_eq!(crc24(b"123456789"), 0x0021_cf02);
        assert_eq!(crc24(b""), 0x00b7_04ce);
    }

    #[test]
    fn a_block_is_decoded() {
        let armor = armor();
        let block = dearmor(armor.as_bytes()).unwrap();
        assert_eq!((block.bytes.as_slice(), block.label.as_str()), (b"foobar".as_slice(), "PGP SIGNATURE"));
        assert_eq!((block.crc, block.span), (CrcState::Good, 0..armor.len() - 1));
        assert_eq!((&armor[block.headers], &armor[block.separator]), ("Version: x\n", ""));
        assert!(armor[block.data].starts_with("Zm9v\nYmFy\n=") && armor[block.checksum.unwrap()].starts_with('='));
        assert_eq!(&armor[block.end], "-----END PGP SIGNATURE-----");
        let framed = format!("text\r\n{}more", armor.replace('\n', " \r\n"));
        let block = dearmor(framed.as_bytes()).unwrap();
        assert_eq!((block.bytes.as_slice(), block.crc), (b"foobar".as_slice(), CrcState::Good));
        assert!(framed[block.span].starts_with("-----BEGIN"));
    }

    #[test]
    fn damaged_markers_are_read() {
        for (marker, label) in
            [("-----BEGIN PGP SIG NATURE---x", "PGP SIG NATURE"), ("-----BEG\0IN -----", "BEG\0IN"), ("-----", "")]
        {
            let damaged =
                armor().replace("-----BEGIN PGP SIGNATURE-----", marker).replace("END PGP SIGNATURE", "END PGP X");
            let block = dearmor(damaged.as_bytes()).unwrap();
            assert_eq!((block.label.as_str(), block.bytes.as_slice()), (label, b"foobar".as_slice()));
        }
    }

    #[test]
    fn checksums_are_told() {
        let state = |armor: String| dearmor(armor.as_bytes()).map(|block| block.crc);
        assert_eq!(state(armor().replace("Zm9v", "Zm9w")), Ok(CrcState::Bad));
        assert_eq!(state(ARMOR.replace("=CRCX\n", "")), Ok(CrcState::Absent));
        assert_eq!(state(ARMOR.replace("=CRCX", "=CRC")), Err(ArmorError::MalformedCrc { offset: 52 }));
        assert_eq!(state(ARMOR.replace("=CRCX", "=*RCX")), Err(ArmorError::MalformedCrc { offset: 52 }));
    }

    #[test]
    fn padding_is_no_checksum() {
        for data in ["Zm9vYg==", "Zm9vYg\n==", "Zm9vYg=\n="] {
            let armor = ARMOR.replace("Zm9v\nYmFy\n=CRCX", data);
            let block = dearmor(armor.as_bytes()).unwrap();
            assert_eq!((block.bytes.as_slice(), block.crc), (b"foob".as_slice(), CrcState::Absent), "{data}");
        }
    }

    #[test]
    fn broken_blocks_are_refused() {
        let error = |armor: String| dearmor(armor.as_bytes()).unwrap_err();
        assert_eq!(error(String::new()), ArmorError::NoBlock);
        assert_eq!(error("---BEGIN X---\n\n---END X---\n".to_owned()), ArmorError::NoBlock);
        assert_eq!(error(ARMOR.replace("\n\n", "\n")), ArmorError::InvalidHeader { offset: 41 });
        assert_eq!(error("-----BEGIN X-----\na: b\n".to_owned()), ArmorError::HeadersUnterminated);
        for header in ["none", "Comment:x", "-----END PGP SIGNATURE-----"] {
            assert_eq!(
                error(ARMOR.replace("Version: x", header)),
                ArmorError::InvalidHeader { offset: 30 },
                "{header}"
            );
        }
        assert_eq!(error(ARMOR.replace("YmFy", "Ym!y")), ArmorError::InvalidBase64 { offset: 49 });
        assert_eq!(error(ARMOR.replace("YmFy", "Y")), ArmorError::InvalidBase64 { offset: 55 });
        assert_eq!(error(ARMOR.replace("=CRCX", "=CRCX\nYmFy")), ArmorError::InvalidBase64 { offset: 58 });
        assert_eq!(error(ARMOR.replace("-----END", "----END")), ArmorError::InvalidBase64 { offset: 58 });
        assert_eq!(error(ARMOR.replace("-----END PGP SIGNATURE-----\n", "")), ArmorError::Unterminated);
        assert_eq!(error("x".repeat(ARMOR_BYTES_MAX + 1)), ArmorError::TooLarge);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>, inner: Vec<u8>) {
            let _ = dearmor(&bytes);
            let framed = [b"-----BEGIN X-----\n\n".as_slice(), &inner, b"\n-----END X-----"].concat();
            if let Ok(block) = dearmor(&framed) {
                prop_assert!(block.span.end <= framed.len() && block.bytes.len() <= inner.len());
                let parts = [&block.headers, &block.separator, &block.data, &block.end];
                let mut at = block.span.start;
                for part in parts {
                    prop_assert!(at <= part.start && part.start <= part.end);
                    at = part.end;
                }
                prop_assert_eq!(at, block.span.end);
            }
        }
    }
}
