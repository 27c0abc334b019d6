//! Base64 as Python's `base64.decodebytes` reads it.

/// Decodes base64 as CPython's `binascii.a2b_base64` does without strict mode: characters outside the alphabet are passed
/// over, and padding that completes a group of four ends the data, whatever follows. None where it raises.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    // `construct_yaml_binary` encodes as ASCII first.
    if !text.is_ascii() {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut position, mut left, mut pads) = (0u8, 0u8, 0u8);
    for char in text.bytes() {
        if char == b'=' {
            if position >= 2 {
                pads += 1;
                if position + pads >= 4 {
                    return Some(bytes);
                }
            }
            continue;
        }
        let Some(six) = sextet(char) else {
            continue;
        };
        pads = 0;
        (position, left) = match position {
            0 => (1, six),
            1 => {
                bytes.push(left << 2 | six >> 4);
                (2, six & 0x0f)
            }
            2 => {
                bytes.push(left << 4 | six >> 2);
                (3, six & 0x03)
            }
            _ => {
                bytes.push(left << 6 | six);
                (0, 0)
            }
        };
    }
    (position == 0).then_some(bytes)
}

/// RFC 4648 table 1.
fn sextet(char: u8) -> Option<u8> {
    Some(match char {
        b'A'..=b'Z' => char - b'A',
        b'a'..=b'z' => char - b'a' + 26,
        b'0'..=b'9' => char - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leniency_is_pythons() {
        for (text, bytes) in [
            ("", Some(&b""[..])),
            ("aGVsbG8=", Some(b"hello")),
            ("aGVs\n bG8=\n", Some(b"hello")),
            ("aGVsbG8=trailing", Some(b"hello")),
            ("aGVs*bG8", None),
            ("a", None),
            ("ab=", None),
            ("ab==", Some(b"i")),
            ("a=b==", Some(b"i")),
            ("=", Some(b"")),
            ("====", Some(b"")),
            ("é", None),
            ("+/+/", Some(&[0xfb, 0xff, 0xbf])),
        ] {
            assert_eq!(decode(text).as_deref(), bytes, "{text}");
        }
    }
}
