//! Digests of files of any size, in constant memory.

use std::io::Read;
use std::sync::mpsc::sync_channel;

use rayon::prelude::*;
use sha2::{Digest as _, Sha256, Sha512};

use super::tree::{Found, Tree, read_up_to};
use crate::formats::json::{EntryStream, INDEX_VERSION};
use crate::model::Digest;
use crate::store::{DocumentIndex, INDEX_SIZE_MAX, PartDigests};

/// How much is read at once: what a core's own cache holds, so that hashing finds there what reading has put there.
const BUFFER_SIZE: usize = 128 * 1024;

/// From this size on, a file is read on another thread than it is hashed on.
const AHEAD_SIZE_MIN: u64 = 4 * 1024 * 1024;

/// How many buffers are read ahead then.
const BUFFERS_AHEAD: usize = 4;

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
    /// Where its entries lie, where that was asked for and it is an object with entries.
    pub(super) index: Option<DocumentIndex>,
}

/// A file to be hashed.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) file: &'a Found,
    /// Its bytes are kept if there are at most so many.
    pub(super) keep_max: usize,
    /// Whether it is a task graph, whose entries will be read one by one.
    pub(super) is_graph: bool,
}

/// Hashes files, in their order; large ones on all cores.
pub(super) fn hash_files(tree: &dyn Tree, jobs: &[Job<'_>], with_sha512: bool) -> Vec<std::io::Result<Hashed>> {
    let size = jobs.iter().map(|job| job.file.size).fold(0, u64::saturating_add);
    let hash = |job: &Job<'_>| hash_file(tree, job, with_sha512);
    if size < SHARED_SIZE_MIN || jobs.len() < 2 {
        return jobs.iter().map(hash).collect();
    }
    // One by one, since sizes differ: a thread that has the largest file gets no other beside it.
    jobs.par_iter().with_max_len(1).map(hash).collect()
}

/// Hashes a file, and keeps its bytes if there are few of them. It is read as far as it was listed.
fn hash_file(tree: &dyn Tree, job: &Job<'_>, with_sha512: bool) -> std::io::Result<Hashed> {
    let Job { file: found, keep_max, is_graph } = *job;
    let mut file = tree.open(&found.path)?;
    if found.size <= keep_max as u64 {
        let mut bytes = vec![0; usize::try_from(found.size).unwrap_or_default()];
        let read = read_up_to(&mut file, &mut bytes)?;
        bytes.truncate(read);
        return Ok(Hashed::of(bytes, with_sha512, is_graph));
    }
    let index = is_graph.then(Indexing::default);
    let mut sums = Sums { sha256: Sha256::new(), sha512: with_sha512.then(Sha512::new), size: 0, index };
    if found.size < AHEAD_SIZE_MIN {
        let mut buffer = vec![0; BUFFER_SIZE];
        while sums.left(found) > 0 {
            let read = read_up_to(&mut file, &mut buffer[..sums.left(found)])?;
            if read == 0 {
                break;
            }
            sums.add(&buffer[..read]);
        }
    } else {
        read_ahead(file, found.size, |part| sums.add(part))?;
    }
    let sha512 = sums.sha512.map(|hasher| hasher.finalize().into());
    let index = sums.index.and_then(Indexing::finish);
    Ok(Hashed { sha256: Digest::new(sums.sha256.finalize().into()), sha512, size: sums.size, bytes: None, index })
}

/// Digests of a file that is being read.
struct Sums {
    sha256: Sha256,
    sha512: Option<Sha512>,
    size: u64,
    index: Option<Indexing>,
}

impl Sums {
    fn add(&mut self, part: &[u8]) {
        self.sha256.update(part);
        if let Some(sha512) = &mut self.sha512 {
            sha512.update(part);
        }
        if let Some(index) = &mut self.index {
            index.add(part);
        }
        self.size += part.len() as u64;
    }

    /// How much of a file is to be read next.
    fn left(&self, file: &Found) -> usize {
        usize::try_from(file.size - self.size).unwrap_or(BUFFER_SIZE).min(BUFFER_SIZE)
    }
}

/// An index that is made while its document is read. What can't be indexed that way, since something is wrong with it or it
/// is far larger than any real graph, is left to whoever reads it whole.
struct Indexing {
    entries: EntryStream,
    parts: PartDigests,
}

impl Default for Indexing {
    fn default() -> Self {
        Self { entries: EntryStream::new(INDEX_SIZE_MAX), parts: PartDigests::default() }
    }
}

impl Indexing {
    fn add(&mut self, bytes: &[u8]) {
        self.entries.update(bytes);
        self.parts.update(bytes);
    }

    fn finish(self) -> Option<DocumentIndex> {
        let entries = self.entries.finish()?.to_bytes();
        DocumentIndex::new(INDEX_VERSION, self.parts, &entries).ok()
    }
}

/// Reads at most `size` bytes on another thread, and passes them on here in their order: to copy a file out of the system's
/// memory takes a third of the time that hashing it does.
fn read_ahead(mut file: impl Read + Send, size: u64, mut sink: impl FnMut(&[u8])) -> std::io::Result<()> {
    let (read, to_sink) = sync_channel::<std::io::Result<Vec<u8>>>(BUFFERS_AHEAD);
    let (emptied, to_fill) = sync_channel::<Vec<u8>>(BUFFERS_AHEAD);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut left = size;
            while left > 0 {
                let mut buffer = to_fill.try_recv().unwrap_or_default();
                buffer.resize(usize::try_from(left).unwrap_or(BUFFER_SIZE).min(BUFFER_SIZE), 0);
                let filled = read_up_to(&mut file, &mut buffer).map(|filled| {
                    buffer.truncate(filled);
                    buffer
                });
                let passed = filled.as_ref().map_or(0, |buffer| buffer.len() as u64);
                left -= passed;
                // An error is passed on like bytes are, and is the last.
                if read.send(filled).is_err() || passed == 0 {
                    break;
                }
            }
        });
        for part in to_sink {
            let part = part?;
            sink(&part);
            // Without room it is not used again.
            let _ = emptied.try_send(part);
        }
        Ok(())
    })
}

impl Hashed {
    /// Of bytes that were read already and are kept.
    pub(super) fn of(bytes: Vec<u8>, with_sha512: bool, is_graph: bool) -> Self {
        let index = is_graph.then(|| {
            let mut index = Indexing::default();
            index.add(&bytes);
            index.finish()
        });
        Self {
            index: index.flatten(),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives bytes in pieces of odd sizes, and fails at a place.
    struct Pieces<'a> {
        bytes: &'a [u8],
        fails_at: Option<usize>,
        at: usize,
    }

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.fails_at.is_some_and(|place| self.at >= place) {
                return Err(std::io::Error::other("damaged"));
            }
            let rest = &self.bytes[self.at..];
            let read = rest.len().min(buffer.len()).min(10_007);
            buffer[..read].copy_from_slice(&rest[..read]);
            self.at += read;
            Ok(read)
        }
    }

    #[test]
    fn what_is_read_ahead_comes_whole_and_in_order() {
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 20) as u8).collect();
        for size in [0, 1, BUFFER_SIZE, BUFFER_SIZE + 1, bytes.len(), bytes.len() + 1] {
            let mut got = Vec::new();
            let file = Pieces { bytes: &bytes, fails_at: None, at: 0 };
            read_ahead(file, size as u64, |part| got.extend_from_slice(part)).unwrap();
            assert!(got == bytes[..size.min(bytes.len())], "{size} bytes");
        }
        for place in [0, 1_000_000] {
            let mut got = 0;
            let file = Pieces { bytes: &bytes, fails_at: Some(place), at: 0 };
            let error = read_ahead(file, bytes.len() as u64, |part| got += part.len()).unwrap_err();
            assert_eq!(error.to_string(), "damaged");
            assert!(got < bytes.len());
        }
    }
}
