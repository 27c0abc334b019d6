//! Base64 (RFC 4648 section 4), lenient about blanks and about where the padding stands.

/// Decodes as many characters as belong together; feeds of any length.
#[derive(Default)]
pub(super) struct Decoder {
    bytes: Vec<u8>,
    /// Bits that do not yet make a byte, and how many they are.
    bits: u32,
    bit_count: u32,
    is_padded: bool,
}

impl Decoder {
    /// Decodes a line. Blanks are skipped; the position of the first byte that is no base64 is the error, and so is that
    /// of data behind padding.
    pub(super) fn feed(&mut self, line: &[u8]) -> Result<(), usize> {
        for (position, &byte) in line.iter().enumerate() {
            let sextet = match byte {
                b' ' | b'\t' | b'\r' | b'\n' => continue,
                b'=' => {
                    self.is_padded = true;
                    continue;
                }
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return Err(position),
            };
            if self.is_padded {
                return Err(position);
            }
            self.bits = self.bits << 6 | u32::from(sextet);
            self.bit_count += 6;
            if self.bit_count >= 8 {
                self.bit_count -= 8;
                self.bytes.push((self.bits >> self.bit_count & 0xff) as u8);
                self.bits &= (1 << self.bit_count) - 1;
            }
        }
        Ok(())
    }

    /// The bytes; none if the last character is one alone, which is no byte.
    pub(super) fn finish(self) -> Option<Vec<u8>> {
        (self.bit_count < 6).then_some(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Option<Vec<u8>> {
        let mut decoder = Decoder::default();
        decoder.feed(text.as_bytes()).ok()?;
        decoder.finish()
    }

    #[test]
    fn vectors_of_rfc_4648() {
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
            ("Zm9v\r\nYmFy", "foobar"),
            ("Zm8", "fo"),
        ] {
            assert_eq!(decode(text).unwrap(), bytes.as_bytes(), "{text}");
        }
        assert_eq!(decode("+/+/"), Some(vec![0xfb, 0xff, 0xbf]));
        for text in ["Z", "Zm9vY", "Zg==Zg==", "Zm9*", "Zm9v-_"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
