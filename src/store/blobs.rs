//! Content-addressed blobs in compressed packs.
//!
//! Documents are appended to a pack in the order of import; a pack is compressed when it is full. A document that does
//! not fit into the rest of a pack starts a new one, and one larger than a pack runs over consecutive packs. Packs of
//! 512 KiB compress within a few per cent of one whole archive and can still be read in well under 2 ms.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use rusqlite::{Connection, OptionalExtension, params};
use sha2::Digest as _;

use super::{Case, StoreError};
use crate::model::Digest;

/// The most bytes that a pack holds before compression. The schema bounds `pack.raw_size` by it.
pub const PACK_SIZE_MAX: usize = 512 * 1024;

/// zstd's own default: higher levels gain about 1 % at half the speed.
pub(super) const COMPRESSION_LEVEL: i32 = 3;

/// Decompressed packs that are kept at hand: reading documents in the order of their import then decompresses each
/// pack once, in at most 8 MiB.
const CACHED_PACKS: usize = 16;

/// How many full packs are being compressed at most while the writer goes on. A pack is always written when this many
/// more are full, however long its compression took: the file is the same byte for byte on any machine.
const PACKS_IN_FLIGHT: usize = 4;

/// Appends blobs within a transaction.
#[derive(Debug)]
pub struct BlobWriter {
    next_pack: i64,
    raw: Vec<u8>,
    compressor: Option<Compressor>,
    /// Documents written, and their bytes.
    written: (u64, u64),
}

impl BlobWriter {
    pub(super) fn new(conn: &Connection) -> Result<Self, StoreError> {
        let last: Option<i64> = conn.query_row("SELECT max(id) FROM pack", [], |row| row.get(0))?;
        let next_pack = last.unwrap_or(0).checked_add(1);
        let next_pack = next_pack.ok_or_else(|| StoreError::Damaged("its packs have no number left".to_owned()))?;
        Ok(Self { next_pack, raw: Vec::with_capacity(PACK_SIZE_MAX), compressor: None, written: (0, 0) })
    }

    /// Number and bytes of the documents that were new to the case.
    pub const fn written(&self) -> (u64, u64) {
        self.written
    }

    /// Keeps a document unless the case holds it. The caller has made `digest` of these very bytes.
    pub(super) fn append(&mut self, conn: &Connection, digest: Digest, bytes: &[u8]) -> Result<(), StoreError> {
        if !self.enter(conn, digest, bytes.len() as u64)? {
            return Ok(());
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let (part, after) = rest.split_at(rest.len().min(PACK_SIZE_MAX - self.raw.len()));
            self.raw.extend_from_slice(part);
            self.pass_on_full(conn)?;
            rest = after;
        }
        Ok(())
    }

    /// Keeps a document of `size` bytes from a reader, unless the case holds it. Fails, and with it the transaction, if
    /// the bytes are not those of the digest: then the file changed since it was hashed.
    pub(super) fn append_from(
        &mut self,
        conn: &Connection,
        digest: Digest,
        size: u64,
        mut reader: impl Read,
    ) -> Result<(), StoreError> {
        if !self.enter(conn, digest, size)? {
            return Ok(());
        }
        let mut hasher = sha2::Sha256::new();
        let mut left = size;
        while left > 0 {
            let room = (PACK_SIZE_MAX - self.raw.len()).min(usize::try_from(left).unwrap_or(PACK_SIZE_MAX));
            let before = self.raw.len();
            let read = reader.by_ref().take(room as u64).read_to_end(&mut self.raw)?;
            if read == 0 {
                break;
            }
            hasher.update(&self.raw[before..]);
            left -= read as u64;
            self.pass_on_full(conn)?;
        }
        if left > 0 || Digest::new(hasher.finalize().into()) != digest {
            return Err(StoreError::Io(std::io::Error::other("a file changed while it was imported")));
        }
        Ok(())
    }

    /// Enters a document at the place where its bytes will lie. Returns `false` if the case holds it already: one
    /// statement asks and enters.
    fn enter(&mut self, conn: &Connection, digest: Digest, size: u64) -> Result<bool, StoreError> {
        let fits = self.raw.len() as u64 + size <= PACK_SIZE_MAX as u64;
        let starts_anew = !fits && !self.raw.is_empty();
        let (pack, start) = if starts_anew { (self.next_pack + 1, 0) } else { (self.next_pack, self.raw.len() as i64) };
        let entered = conn
            .prepare_cached("INSERT OR IGNORE INTO blob (sha256, size, pack, start) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![digest, size as i64, pack, start])?;
        if entered == 0 {
            return Ok(false);
        }
        if starts_anew {
            self.pass_on(conn)?;
        }
        self.written.0 += 1;
        self.written.1 += size;
        Ok(true)
    }

    fn pass_on_full(&mut self, conn: &Connection) -> Result<(), StoreError> {
        if self.raw.len() == PACK_SIZE_MAX { self.pass_on(conn) } else { Ok(()) }
    }

    /// Has the open pack compressed, and writes the one that is due by now.
    fn pass_on(&mut self, conn: &Connection) -> Result<(), StoreError> {
        let compressor = match &mut self.compressor {
            Some(compressor) => compressor,
            none => none.insert(Compressor::start()?),
        };
        compressor.send(std::mem::take(&mut self.raw))?;
        self.next_pack += 1;
        if compressor.in_flight > PACKS_IN_FLIGHT {
            let first = self.next_pack - compressor.in_flight as i64;
            let pack = compressor.receive()?;
            write_pack(conn, first, &pack)?;
            // Its memory is used again.
            self.raw = pack.raw;
            self.raw.clear();
        } else {
            self.raw.reserve_exact(PACK_SIZE_MAX);
        }
        Ok(())
    }

    /// Compresses and writes all that is still open.
    pub(super) fn finish(&mut self, conn: &Connection) -> Result<(), StoreError> {
        if let Some(mut compressor) = self.compressor.take() {
            while compressor.in_flight > 0 {
                let first = self.next_pack - compressor.in_flight as i64;
                write_pack(conn, first, &compressor.receive()?)?;
            }
        }
        if !self.raw.is_empty() {
            write_pack(conn, self.next_pack, &Pack::compress(std::mem::take(&mut self.raw))?)?;
            self.next_pack += 1;
        }
        Ok(())
    }
}

fn write_pack(conn: &Connection, id: i64, pack: &Pack) -> Result<(), StoreError> {
    conn.prepare_cached("INSERT INTO pack (id, raw_size, content) VALUES (?1, ?2, ?3)")?.execute(params![
        id,
        pack.raw.len() as i64,
        pack.content
    ])?;
    Ok(())
}

/// A compressed pack.
#[derive(Debug)]
struct Pack {
    raw: Vec<u8>,
    content: Vec<u8>,
}

impl Pack {
    fn compress(raw: Vec<u8>) -> std::io::Result<Self> {
        let content = zstd::bulk::compress(&raw, COMPRESSION_LEVEL)?;
        Ok(Self { raw, content })
    }
}

/// A thread that compresses packs, in their order. It ends when this goes away.
#[derive(Debug)]
struct Compressor {
    raw: Sender<Vec<u8>>,
    packs: Receiver<std::io::Result<Pack>>,
    in_flight: usize,
}

impl Compressor {
    fn start() -> Result<Self, StoreError> {
        let (raw, packs_to_compress) = channel::<Vec<u8>>();
        let (compressed, packs) = channel();
        let work = move || {
            for raw in packs_to_compress {
                if compressed.send(Pack::compress(raw)).is_err() {
                    break;
                }
            }
        };
        std::thread::Builder::new().name("compress".to_owned()).spawn(work)?;
        Ok(Self { raw, packs, in_flight: 0 })
    }

    fn send(&mut self, raw: Vec<u8>) -> Result<(), StoreError> {
        self.raw.send(raw).map_err(|_| stopped())?;
        self.in_flight += 1;
        Ok(())
    }

    fn receive(&mut self) -> Result<Pack, StoreError> {
        let pack = self.packs.recv().map_err(|_| stopped())??;
        self.in_flight -= 1;
        Ok(pack)
    }
}

fn stopped() -> StoreError {
    StoreError::Io(std::io::Error::other("compression stopped"))
}

/// Decompressed packs, the most recently used last.
#[derive(Debug, Default)]
pub(super) struct PackCache {
    packs: VecDeque<(i64, Arc<Vec<u8>>)>,
}

impl PackCache {
    pub(super) fn pack(&mut self, conn: &Connection, id: i64) -> Result<Arc<Vec<u8>>, StoreError> {
        if let Some(position) = self.packs.iter().position(|(cached, _)| *cached == id)
            && let Some(entry) = self.packs.remove(position)
        {
            let raw = Arc::clone(&entry.1);
            self.packs.push_back(entry);
            return Ok(raw);
        }
        let raw = Arc::new(read_pack(conn, id)?);
        if self.packs.len() >= CACHED_PACKS {
            self.packs.pop_front();
        }
        self.packs.push_back((id, Arc::clone(&raw)));
        Ok(raw)
    }
}

fn read_pack(conn: &Connection, id: i64) -> Result<Vec<u8>, StoreError> {
    let damaged = |what: &str| StoreError::Damaged(format!("pack {id} {what}"));
    let row = conn
        .prepare_cached("SELECT raw_size, content FROM pack WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))
        .optional()?;
    let (raw_size, content) = row.ok_or_else(|| damaged("is missing"))?;
    let raw_size = usize::try_from(raw_size).ok().filter(|size| *size <= PACK_SIZE_MAX);
    let raw_size = raw_size.ok_or_else(|| damaged("states an impossible size"))?;
    let raw = zstd::bulk::decompress(&content, raw_size).map_err(|_| damaged("can't be decompressed"))?;
    if raw.len() == raw_size { Ok(raw) } else { Err(damaged("has another size than it states")) }
}

impl Case {
    /// The size in bytes of a blob, if the case holds it.
    pub fn blob_size(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        self.reading(|conn| {
            let size = conn
                .prepare_cached("SELECT size FROM blob WHERE sha256 = ?1")?
                .query_row([digest], |row| row.get::<_, i64>(0))
                .optional()?;
            size.map(|size| {
                u64::try_from(size).map_err(|_| StoreError::Damaged(format!("blob {digest} has a negative size")))
            })
            .transpose()
        })
    }

    /// The bytes of a blob of at most `limit` bytes, if the case holds it. Checked against the digest.
    pub fn blob(&self, digest: &Digest, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(size) = self.blob_size(digest)? else { return Ok(None) };
        if size > limit {
            return Err(StoreError::TooLarge { size, limit });
        }
        let mut bytes = Vec::new();
        self.reading(|_| {
            self.read_blob(digest, &mut |part| {
                bytes.extend_from_slice(part);
                Ok(())
            })
        })?;
        Ok(Some(bytes))
    }

    /// Writes a blob of any size, once all of it has been checked against its digest. Returns whether the case holds it.
    pub fn copy_blob(&self, digest: &Digest, out: &mut dyn Write) -> Result<bool, StoreError> {
        if self.blob_size(digest)?.is_none() {
            return Ok(false);
        }
        self.reading(|_| {
            self.read_blob(digest, &mut |_| Ok(()))?;
            self.read_blob(digest, &mut |part| Ok(out.write_all(part)?))
        })?;
        Ok(true)
    }

    /// Where a blob lies: its size, the pack in which it begins, and where there.
    pub(super) fn blob_place(&self, digest: &Digest) -> Result<(u64, i64, u64), StoreError> {
        let damaged = |what: &str| StoreError::Damaged(format!("blob {digest} {what}"));
        let (size, pack, start): (i64, i64, i64) = self
            .conn
            .prepare_cached("SELECT size, pack, start FROM blob WHERE sha256 = ?1")?
            .query_row([digest], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let size = u64::try_from(size).map_err(|_| damaged("has a negative size"))?;
        let start = u64::try_from(start).map_err(|_| damaged("has a negative place"))?;
        Ok((size, pack, start))
    }

    /// Passes a blob on in parts and checks its digest at the end.
    pub(super) fn read_blob(
        &self,
        digest: &Digest,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let damaged = |what: &str| StoreError::Damaged(format!("blob {digest} {what}"));
        let (mut left, mut pack, start) = self.blob_place(digest)?;
        let mut start = usize::try_from(start).map_err(|_| damaged("lies outside its pack"))?;
        let mut hasher = sha2::Sha256::new();
        while left > 0 {
            let raw = self.packs.borrow_mut().pack(&self.conn, pack)?;
            let part =
                raw.get(start..).filter(|part| !part.is_empty()).ok_or_else(|| damaged("lies outside its pack"))?;
            let part = &part[..part.len().min(usize::try_from(left).unwrap_or(PACK_SIZE_MAX))];
            hasher.update(part);
            sink(part)?;
            left -= part.len() as u64;
            pack = pack.checked_add(1).ok_or_else(|| damaged("lies in a pack without number"))?;
            start = 0;
        }
        if Digest::new(hasher.finalize().into()) == *digest {
            Ok(())
        } else {
            Err(damaged("does not have the bytes that its digest names"))
        }
    }
}
