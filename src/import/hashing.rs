//! Digests of files of any size, in constant memory.

use std::io::Read;

use sha2::{Digest as _, Sha256, Sha512};

use super::tree::{Found, Tree};
use crate::model::Digest;

/// How much is read at once.
const BUFFER_SIZE: usize = 256 * 1024;

/// The digests and length of a file.
#[derive(Debug, Clone)]
pub(super) struct Hashed {
    pub(super) sha256: Digest,
    pub(super) sha512: Option<[u8; 64]>,
    pub(super) size: u64,
    /// The bytes, where they were to be kept and are few.
    pub(super) bytes: Option<Vec<u8>>,
}

/// Hashes a file, and keeps its bytes if there are at most `keep_max` of them.
pub(super) fn hash_file(tree: &dyn Tree, found: &Found, with_sha512: bool, keep_max: usize) -> std::io::Result<Hashed> {
    let mut file = tree.open(&found.path)?;
    let mut sha256 = Sha256::new();
    let mut sha512 = with_sha512.then(Sha512::new);
    let mut kept = Some(Vec::new());
    let mut size = 0;
    let expected = usize::try_from(found.size).unwrap_or(BUFFER_SIZE);
    let mut buffer = vec![0; expected.saturating_add(1).min(BUFFER_SIZE)];
    loop {
        let read = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let part = &buffer[..read];
        sha256.update(part);
        if let Some(sha512) = &mut sha512 {
            sha512.update(part);
        }
        size += read as u64;
        match &mut kept {
            Some(bytes) if bytes.len() + read <= keep_max => bytes.extend_from_slice(part),
            _ => kept = None,
        }
    }
    let bytes = kept.filter(|_| keep_max > 0);
    let sha512 = sha512.map(|hasher| hasher.finalize().into());
    Ok(Hashed { sha256: Digest::new(sha256.finalize().into()), sha512, size, bytes })
}

/// The SHA-256 of all that a reader gives, in constant memory.
///
/// # Errors
///
/// If it can't be read to its end.
pub fn digest_of(mut reader: impl Read) -> std::io::Result<Digest> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; BUFFER_SIZE];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(Digest::new(hasher.finalize().into())),
            Ok(read) => hasher.update(&buffer[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
