//! Digests of files of any size, in constant memory.

use std::io::Read;

use rayon::prelude::*;
use sha2::{Digest as _, Sha256, Sha512};

use super::tree::{Found, Tree, read_up_to};
use crate::model::Digest;

/// How much is read at once: what a core's own cache holds, so that hashing finds there what reading has put there.
const BUFFER_SIZE: usize = 128 * 1024;

/// From this many bytes on, files are hashed on several cores: below, sharing them out would cost more than it gains.
const SHARED_SIZE_MIN: u64 = 1024 * 1024;

/// The digests and length of a file.
#[derive(Debug, Clone)]
pub(super) struct Hashed {
    pub(super) sha256: Digest,
    pub(super) sha512: Option<[u8; 64]>,
    pub(super) size: u64,
    /// The bytes, where they were to be kept and are few.
    pub(super) bytes: Option<Vec<u8>>,
}

/// A file to be hashed.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) file: &'a Found,
    /// Its bytes are kept if there are at most so many.
    pub(super) keep_max: usize,
}

/// Hashes files, in their order; large ones on all cores.
pub(super) fn hash_files(tree: &dyn Tree, jobs: &[Job<'_>], with_sha512: bool) -> Vec<std::io::Result<Hashed>> {
    let size = jobs.iter().map(|job| job.file.size).fold(0, u64::saturating_add);
    let hash = |job: &Job<'_>| hash_file(tree, job.file, with_sha512, job.keep_max);
    if size < SHARED_SIZE_MIN || jobs.len() < 2 {
        return jobs.iter().map(hash).collect();
    }
    // One by one, since sizes differ: a thread that has the largest file gets no other beside it.
    jobs.par_iter().with_max_len(1).map(hash).collect()
}

/// Hashes a file, and keeps its bytes if there are at most `keep_max` of them. It is read as far as it was listed.
fn hash_file(tree: &dyn Tree, found: &Found, with_sha512: bool, keep_max: usize) -> std::io::Result<Hashed> {
    let mut file = tree.open(&found.path)?;
    if found.size <= keep_max as u64 {
        let mut bytes = vec![0; usize::try_from(found.size).unwrap_or_default()];
        let read = read_up_to(&mut file, &mut bytes)?;
        bytes.truncate(read);
        return Ok(Hashed::of(bytes, with_sha512));
    }
    let mut sha256 = Sha256::new();
    let mut sha512 = with_sha512.then(Sha512::new);
    let mut left = found.size;
    let mut buffer = vec![0; usize::try_from(found.size).unwrap_or(BUFFER_SIZE).min(BUFFER_SIZE)];
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(BUFFER_SIZE).min(BUFFER_SIZE);
        let read = read_up_to(&mut file, &mut buffer[..wanted])?;
        if read == 0 {
            break;
        }
        let part = &buffer[..read];
        sha256.update(part);
        if let Some(sha512) = &mut sha512 {
            sha512.update(part);
        }
        left -= read as u64;
    }
    let sha512 = sha512.map(|hasher| hasher.finalize().into());
    Ok(Hashed { sha256: Digest::new(sha256.finalize().into()), sha512, size: found.size - left, bytes: None })
}

impl Hashed {
    /// Of bytes that were read already and are kept.
    pub(super) fn of(bytes: Vec<u8>, with_sha512: bool) -> Self {
        Self {
            sha256: Digest::of(&bytes),
            sha512: with_sha512.then(|| Sha512::digest(&bytes).into()),
            size: bytes.len() as u64,
            bytes: Some(bytes),
        }
    }
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
