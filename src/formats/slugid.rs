//! Slugids: the identifiers of Taskcluster tasks, UUIDs in 22 characters of URL-safe base64.

/// Whether the text is a slugid of a version 4 UUID. Taskcluster's own pattern for task ids is
/// `^[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]$`: the ninth character holds the
/// version, the eleventh the variant, and the last only two bits.
pub fn is_slugid(text: &str) -> bool {
    text.len() == 22
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 => matches!(byte, b'Q'..=b'T'),
            10 => b"CGKOSWaeimquy26-".contains(&byte),
            21 => b"AQgw".contains(&byte),
            _ => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn task_ids_are_slugids() {
        for id in
            ["LpCJV9wUQHSTGKa-BJ9fHA", "A0m9a7BGTlWG6Xw3t9R98w", "A1Ey-jU6Rry9YFhB3wD_fQ", "--------Q-C----------A"]
        {
            assert!(is_slugid(id), "{id}");
        }
    }

    #[test]
    fn near_misses_are_not() {
        for text in [
            "",
            "LpCJV9wUQHSTGKa-BJ9fH",
            "LpCJV9wUQHSTGKa-BJ9fHAA",
            "LpCJV9wUUHSTGKa-BJ9fHA",
            "LpCJV9wUQHTTGKa-BJ9fHA",
            "LpCJV9wUQHSTGKa-BJ9fHB",
            "LpCJV9wU+HSTGKa-BJ9fHA",
            "LpCJV9wUQHSTGKa/BJ9fHA",
            "LpCJV9wUQHSTGKa-BJ9fHA\n",
            "LpCJV9wUQHSTGKa-BJ9fé",
        ] {
            assert!(!is_slugid(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn version_4_uuids_are_slugids(uuid: u128) {
            let uuid = uuid & !(0xf << 76) & !(3 << 62) | 4 << 76 | 2 << 62;
            let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let digit = |index: u32| {
                let bits = if index == 21 { uuid << 4 } else { uuid >> (122 - 6 * index) };
                char::from(alphabet[(bits & 63) as usize])
            };
            let slug: String = (0..22).map(digit).collect();
            prop_assert!(is_slugid(&slug), "{}", slug);
        }

        #[test]
        fn any_text_is_survived(text: String) {
            let _ = is_slugid(&text);
        }
    }
}
