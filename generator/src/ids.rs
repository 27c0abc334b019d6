//! Identifiers and blobs, all from SHA-256 over a seed, a label and a counter.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// `length` bytes that depend on the seed and the label only.
pub(crate) fn blob(seed: &str, label: &str, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 32);
    let mut counter = 0u32;
    while bytes.len() < length {
        let mut hasher = Sha256::new();
        hasher.update(seed.as_bytes());
        hasher.update([0]);
        hasher.update(label.as_bytes());
        hasher.update(counter.to_be_bytes());
        bytes.extend_from_slice(&hasher.finalize());
        counter += 1;
    }
    bytes.truncate(length);
    bytes
}

/// A version 4 slugid of the "nice" kind: its first bit is clear, so it never starts with a dash.
pub(crate) fn slugid(seed: &str, label: &str) -> String {
    let mut bytes = blob(seed, label, 16);
    bytes[0] &= 0x7f;
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Lower-case hexadecimal of `length` bytes: revisions, instance ids, digests of things that nobody has.
pub(crate) fn hex_id(seed: &str, label: &str, length: usize) -> String {
    hex::encode(blob(seed, label, length))
}

/// A number below `limit`.
pub(crate) fn number(seed: &str, label: &str, limit: u64) -> u64 {
    let bytes = blob(seed, label, 8);
    bytes.iter().fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte)) % limit
}

/// The SHA-256 of bytes, as hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
