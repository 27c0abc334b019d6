//! Reading a document in parts: where its entries lie, and the digest of each part.
//!
//! An index is derived, like a fact: it follows from the document, can be deleted, and is made again. What it says is for
//! whoever made it; the case keeps it as bytes. Nobody can hold a part against the digest of the whole document without
//! reading all of it. So the index has a digest for each part, and itself one over its row; whether it is that of its
//! document tells who makes it again.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use sha2::Digest as _;

use super::blobs::{COMPRESSION_LEVEL, PACK_SIZE_MAX};
use super::migrate::ENTRY_INDEX_SINCE;
use super::{Case, Damage, StoreError};
use crate::model::Digest;

/// The bytes of a part: an entry of a few kilobytes needs one or two, and each costs some 50 µs to hash.
const PART_SIZE: usize = 64 * 1024;

/// The most bytes that the entries of an index take before compression; the schema bounds `entry_index.entries_size` by it.
/// Those of the largest task graph known take 2 MB.
pub const INDEX_SIZE_MAX: usize = 32 * 1024 * 1024;

/// Parts that are kept at hand. Who reads entry after entry reads a part twice at most.
const CACHED_PARTS: usize = 4;

/// The digests of the parts of a document that is being read.
#[derive(Debug, Default)]
pub struct PartDigests {
    done: Vec<Digest>,
    open: sha2::Sha256,
    open_size: usize,
}

impl PartDigests {
    /// Those of a whole document.
    pub fn of(bytes: &[u8]) -> Self {
        let mut parts = Self::default();
        parts.update(bytes);
        parts
    }

    /// Takes the next bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, after) = bytes.split_at(bytes.len().min(PART_SIZE - self.open_size));
            self.open.update(now);
            self.open_size += now.len();
            if self.open_size == PART_SIZE {
                self.close();
            }
            bytes = after;
        }
    }

    fn close(&mut self) {
        self.done.push(Digest::new(self.open.finalize_reset().into()));
        self.open_size = 0;
    }

    fn finish(mut self) -> Vec<Digest> {
        if self.open_size > 0 {
            self.close();
        }
        self.done
    }
}

/// An index of a document, as the case keeps it.
#[derive(Debug, Clone)]
pub struct DocumentIndex {
    version: u32,
    parts: Vec<Digest>,
    entries_size: usize,
    /// Compressed.
    entries: Vec<u8>,
}

impl DocumentIndex {
    /// Of what an indexer of this version made of a document with these parts.
    ///
    /// # Errors
    ///
    /// If it can't be compressed, or is larger than [`INDEX_SIZE_MAX`].
    pub fn new(version: u32, parts: PartDigests, entries: &[u8]) -> Result<Self, StoreError> {
        if entries.is_empty() || entries.len() > INDEX_SIZE_MAX {
            return Err(StoreError::TooLarge { size: entries.len() as u64, limit: INDEX_SIZE_MAX as u64 });
        }
        let compressed = zstd::bulk::compress(entries, COMPRESSION_LEVEL)?;
        Ok(Self { version, parts: parts.finish(), entries_size: entries.len(), entries: compressed })
    }

    /// What the indexer made.
    ///
    /// # Errors
    ///
    /// If the row does not hold it.
    pub fn entries(&self) -> Result<Vec<u8>, StoreError> {
        let damaged = || StoreError::Damaged("an index of entries can't be decompressed".to_owned());
        if self.entries_size > INDEX_SIZE_MAX {
            return Err(damaged());
        }
        let entries = zstd::bulk::decompress(&self.entries, self.entries_size).map_err(|_| damaged())?;
        if entries.len() == self.entries_size { Ok(entries) } else { Err(damaged()) }
    }

    /// Whether another says the same: not by the compressed bytes, which hang on the version of zstd.
    ///
    /// # Errors
    ///
    /// Those of [`DocumentIndex::entries`].
    pub fn is_same(&self, other: &Self) -> Result<bool, StoreError> {
        Ok(self.version == other.version && self.parts == other.parts && self.entries()? == other.entries()?)
    }

    /// Roughly how many bytes it takes in memory.
    pub fn size(&self) -> usize {
        self.entries.len() + self.parts.len() * size_of::<Digest>()
    }

    fn parts_bytes(&self) -> Vec<u8> {
        self.parts.iter().flat_map(|part| *part.bytes()).collect()
    }

    /// The digest over its row.
    fn digest(&self, document: &Digest) -> Digest {
        let (version, size) = (self.version.to_be_bytes(), (self.entries_size as u64).to_be_bytes());
        Digest::of_parts([&document.bytes()[..], &version, &self.parts_bytes(), &size, &self.entries])
    }

    /// Reads a row: document, version, parts, size, entries, digest.
    fn of_row(row: &Row<'_>) -> Result<(Digest, Self), StoreError> {
        let document: Digest = row.get(0)?;
        let damaged = || StoreError::Damaged(format!("the index of {document} is not what was written"));
        let parts: Vec<u8> = row.get(2)?;
        let (parts, rest) = parts.as_chunks::<32>();
        let index = Self {
            version: row.get(1)?,
            parts: parts.iter().map(|part| Digest::new(*part)).collect(),
            entries_size: usize::try_from(row.get::<_, i64>(3)?).map_err(|_| damaged())?,
            entries: row.get(4)?,
        };
        let is_whole = rest.is_empty() && index.digest(&document) == row.get::<_, Digest>(5)?;
        if is_whole { Ok((document, index)) } else { Err(damaged()) }
    }

    /// Keeps it, in place of another of the same document.
    pub(super) fn write(&self, conn: &Connection, document: &Digest) -> Result<(), StoreError> {
        conn.prepare_cached(
            "INSERT INTO entry_index (sha256, version, parts, entries_size, entries, digest)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (sha256) DO UPDATE SET version = excluded.version, parts = excluded.parts,
                 entries_size = excluded.entries_size, entries = excluded.entries, digest = excluded.digest
                 WHERE entry_index.digest <> excluded.digest",
        )?
        .execute(params![
            document,
            self.version,
            self.parts_bytes(),
            self.entries_size as i64,
            self.entries,
            self.digest(document)
        ])?;
        Ok(())
    }
}

/// Parts that were read and checked, the most recently used last.
#[derive(Debug, Default)]
pub(super) struct PartCache {
    parts: VecDeque<(Digest, Arc<Vec<u8>>)>,
}

impl PartCache {
    fn get(&mut self, digest: &Digest) -> Option<Arc<Vec<u8>>> {
        let position = self.parts.iter().position(|(cached, _)| cached == digest)?;
        let entry = self.parts.remove(position)?;
        let bytes = Arc::clone(&entry.1);
        self.parts.push_back(entry);
        Some(bytes)
    }

    fn put(&mut self, digest: Digest, bytes: Arc<Vec<u8>>) {
        if self.parts.len() >= CACHED_PARTS {
            self.parts.pop_front();
        }
        self.parts.push_back((digest, bytes));
    }
}

const SELECT: &str = "SELECT sha256, version, parts, entries_size, entries, digest FROM entry_index";

impl Case {
    /// The index of a document, if there is one of this version. Checked against the digest of its row.
    pub fn document_index(&self, document: &Digest, version: u32) -> Result<Option<DocumentIndex>, StoreError> {
        if self.version < ENTRY_INDEX_SINCE {
            return Ok(None);
        }
        self.reading(|conn| {
            let mut statement = conn.prepare_cached(&format!("{SELECT} WHERE sha256 = ?1"))?;
            let read = |row: &Row<'_>| Ok(DocumentIndex::of_row(row));
            let found = statement.query_row([document], read).optional()?.transpose()?;
            Ok(found.map(|(_, index)| index).filter(|index| index.version == version))
        })
    }

    /// The documents that have an index of this version.
    pub fn indexed_documents(&self, version: u32) -> Result<Vec<Digest>, StoreError> {
        if self.version < ENTRY_INDEX_SINCE {
            return Ok(Vec::new());
        }
        self.reading(|conn| {
            let mut statement = conn.prepare("SELECT sha256 FROM entry_index WHERE version = ?1 ORDER BY sha256")?;
            Ok(statement.query_map([version], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
    }

    /// Keeps indexes that were made of documents of the case, in one transaction.
    pub fn keep_indexes(&mut self, indexes: &[(Digest, DocumentIndex)]) -> Result<(), StoreError> {
        if indexes.is_empty() || !self.is_writable() || self.version < ENTRY_INDEX_SINCE {
            return Ok(());
        }
        let path = self.path().to_owned();
        let write = |conn: &mut Connection| -> Result<(), StoreError> {
            let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for (document, index) in indexes {
                index.write(&transaction, document)?;
            }
            Ok(transaction.commit()?)
        };
        let written = write(&mut self.conn).map_err(|error| error.of(&path));
        self.forgo(written)
    }

    /// Some bytes of a document, by its index. Each part of the document that they touch is checked against the index, and
    /// nothing else is read.
    pub fn blob_range(
        &self,
        document: &Digest,
        index: &DocumentIndex,
        range: Range<u64>,
    ) -> Result<Vec<u8>, StoreError> {
        let damaged = |what: &str| StoreError::Damaged(format!("blob {document} {what}"));
        self.reading(|_| {
            let place = self.blob_place(document)?;
            let size = place.0;
            if range.start > range.end
                || range.end > size
                || index.parts.len() as u64 != size.div_ceil(PART_SIZE as u64)
            {
                return Err(damaged("is not what its index is of"));
            }
            let mut bytes = Vec::with_capacity(usize::try_from(range.end - range.start).unwrap_or_default());
            let mut at = range.start;
            while at < range.end {
                let number = at / PART_SIZE as u64;
                let begins = number * PART_SIZE as u64;
                let part = usize::try_from(number).ok().and_then(|number| index.parts.get(number));
                let part = self.part(document, place, part.ok_or_else(|| damaged("has fewer parts"))?, begins)?;
                let from = (at - begins) as usize;
                let to = usize::try_from(range.end - begins).unwrap_or(PART_SIZE).min(part.len());
                bytes.extend_from_slice(
                    part.get(from..to).filter(|now| !now.is_empty()).ok_or_else(|| damaged("is short"))?,
                );
                at = begins + to as u64;
            }
            Ok(bytes)
        })
    }

    /// A part of a document, which must have this digest.
    fn part(
        &self,
        document: &Digest,
        (size, pack, start): (u64, i64, u64),
        digest: &Digest,
        begins: u64,
    ) -> Result<Arc<Vec<u8>>, StoreError> {
        if let Some(bytes) = self.parts.borrow_mut().get(digest) {
            return Ok(bytes);
        }
        let damaged = |what: &str| StoreError::Damaged(format!("blob {document} {what}"));
        let mut left = usize::try_from(size - begins.min(size)).unwrap_or(PART_SIZE).min(PART_SIZE);
        let mut bytes = Vec::with_capacity(left);
        // A document that goes on in the next pack fills the one before.
        let place = start.checked_add(begins).ok_or_else(|| damaged("lies outside its pack"))?;
        let packs_before = i64::try_from(place / PACK_SIZE_MAX as u64).ok();
        let mut pack =
            packs_before.and_then(|before| pack.checked_add(before)).ok_or_else(|| damaged("lies nowhere"))?;
        let mut within = (place % PACK_SIZE_MAX as u64) as usize;
        while left > 0 {
            let raw = self.packs.borrow_mut().pack(&self.conn, pack)?;
            let now =
                raw.get(within..).filter(|now| !now.is_empty()).ok_or_else(|| damaged("lies outside its pack"))?;
            let now = &now[..now.len().min(left)];
            bytes.extend_from_slice(now);
            left -= now.len();
            pack = pack.checked_add(1).ok_or_else(|| damaged("lies in a pack without number"))?;
            within = 0;
        }
        if Digest::of(&bytes) != *digest {
            return Err(damaged("does not have the bytes that its index names"));
        }
        let bytes = Arc::new(bytes);
        self.parts.borrow_mut().put(*digest, Arc::clone(&bytes));
        Ok(bytes)
    }

    /// Every index must be what was written, and of a document that the case holds.
    pub(super) fn verify_indexes(&self, damages: &mut Vec<Damage>) -> Result<(), StoreError> {
        if self.version < ENTRY_INDEX_SINCE {
            return Ok(());
        }
        let mut statement = self.conn.prepare(&format!("{SELECT} ORDER BY sha256"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let message = match DocumentIndex::of_row(row) {
                Ok((document, _)) if self.blob_size(&document)?.is_some() => continue,
                Ok(_) => "it is of no document of the case".to_owned(),
                Err(StoreError::Damaged(_)) => "it is not what was written".to_owned(),
                // A value that can't be read has been told already.
                Err(StoreError::Sqlite(error)) if super::readable::is_unreadable(&error) => continue,
                Err(error) => return Err(error),
            };
            let name =
                row.get::<_, Digest>(0).map_or_else(|_| "of an unreadable digest".to_owned(), |it| it.to_string());
            damages.push(Damage { kind: "index", name, message });
        }
        Ok(())
    }
}
