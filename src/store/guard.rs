//! Opening a case file that may be bait, or damaged, without harm.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;

use super::StoreError;
use super::migrate;
use crate::model::Digest;

/// The largest value that a row may hold: a pack of 512 KiB does not compress to more than this, nor does a fact.
const VALUE_SIZE_MAX: i32 = 64 << 20;

/// Limits of SQLite, far above what our own statements need.
const LIMITS: [(Limit, i32); 8] = [
    (Limit::SQLITE_LIMIT_LENGTH, VALUE_SIZE_MAX),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 100_000),
    (Limit::SQLITE_LIMIT_COLUMN, 100),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 50),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 10),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
    (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
];

/// What the first 100 bytes of a SQLite file say.
pub(super) struct Header {
    /// Whether it is in write-ahead mode: then other files may belong to it.
    pub(super) is_wal: bool,
}

/// Reads a file's header and holds its length against what the header states: SQLite itself takes a file that was cut
/// off for one with fewer rows.
pub(super) fn read_header(path: &Path) -> Result<Option<Header>, StoreError> {
    if !std::fs::metadata(path)?.is_file() {
        // To open a named pipe would wait for whoever writes to it.
        return Err(StoreError::NotACase(path.to_owned()));
    }
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut header = [0; 100];
    if size == 0 {
        return Ok(None);
    }
    if size < header.len() as u64 {
        return Err(StoreError::NotACase(path.to_owned()));
    }
    file.read_exact(&mut header)?;
    if !header.starts_with(b"SQLite format 3\0") {
        return Err(StoreError::NotACase(path.to_owned()));
    }
    let page_size = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let pages = u64::from(u32::from_be_bytes([header[28], header[29], header[30], header[31]]));
    let has_journal = ["-journal", "-wal"].iter().any(|suffix| has_beside(path, suffix));
    if size < page_size * pages && !has_journal {
        let stated = page_size * pages;
        return Err(StoreError::Damaged(format!("it has {size} bytes and states to have {stated}: it was cut off")));
    }
    Ok(Some(Header { is_wal: header[18] == 2 || header[19] == 2 }))
}

/// The size of a file that SQLite keeps beside another, if there is one.
pub(super) fn beside(path: &Path, suffix: &str) -> Option<u64> {
    std::fs::metadata(name_beside(path, suffix)).ok().map(|metadata| metadata.len())
}

/// Whether a file that SQLite keeps beside another is there and has something in it.
pub(super) fn has_beside(path: &Path, suffix: &str) -> bool {
    beside(path, suffix).is_some_and(|size| size > 0)
}

/// Refuses what lies beside a case file and was never put there by cotrace, before SQLite meets it: SQLite would write
/// through a link, wait for a pipe, delete a file that a journal names, and throw away what belongs to a file that isn't
/// there any more.
pub(super) fn check_beside(path: &Path) -> Result<(), StoreError> {
    for suffix in ["-journal", "-wal", "-shm"] {
        let name = name_beside(path, suffix);
        let refuse = |what| Err(StoreError::Beside { path: name.clone(), what });
        let metadata = match std::fs::symlink_metadata(&name) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error.into()),
        };
        if !metadata.is_file() {
            return refuse("is a link, a pipe or a folder");
        }
        if suffix == "-journal" && names_another_file(&name)? {
            return refuse("is a journal that has SQLite delete another file");
        }
        // An import makes the case in a file that is still empty, with a journal, and writes ahead only afterwards. The
        // case is looked at last: another process may be making it.
        let case = std::fs::metadata(path).ok().map(|case| case.len());
        let is_ours = match suffix {
            "-journal" => case.is_some(),
            "-wal" => case.is_some_and(|size| size > 0),
            _ => true,
        };
        if !is_ours && metadata.len() > 0 {
            return refuse("belongs to a file that is not there");
        }
    }
    Ok(())
}

/// The end of a journal of a write to several databases: 4 bytes of the length of a path before this, 4 of a checksum, and
/// these 8. cotrace writes to one database only.
const JOURNAL_MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

/// Whether a journal names the common journal of several databases, which is deleted when it is undone.
fn names_another_file(journal: &Path) -> Result<bool, StoreError> {
    let mut file = File::open(journal)?;
    let mut end = [0; 16];
    let Some(before) = file.metadata()?.len().checked_sub(end.len() as u64) else { return Ok(false) };
    file.seek(SeekFrom::Start(before))?;
    file.read_exact(&mut end)?;
    let length = u64::from(u32::from_be_bytes([end[0], end[1], end[2], end[3]]));
    Ok(end.ends_with(&JOURNAL_MAGIC) && (1..=before).contains(&length))
}

/// The path of a file that SQLite keeps beside another.
pub(super) fn name_beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Takes from a connection what a case file does not need and bait could use.
pub(super) fn confine(conn: &Connection) -> Result<(), StoreError> {
    for (limit, value) in LIMITS {
        conn.set_limit(limit, value)?;
    }
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    // A plan that holds for all bound values: else some statements are planned anew each time that one is bound.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    conn.pragma_update(None, "mmap_size", 0)?;
    Ok(())
}

/// Holds the schema of a case against the one that the migrations up to its version make: every table, index and view, to the letter. A
/// trigger, a virtual table, a view that poses as a table, or a column that computes something would run foreign code.
///
/// The whole is compared by its digest: to make the schema anew takes longer than all else that opening a case does.
pub(super) fn check_schema(conn: &Connection, version: i64) -> Result<(), StoreError> {
    let found = schema(conn)?;
    let place = usize::try_from(version).ok().and_then(|version| version.checked_sub(1));
    if place.and_then(|place| migrate::SCHEMA_DIGESTS.get(place)) == Some(&digest_of(&found)) {
        return Ok(());
    }
    let ours = schema(&migrate::fresh(version)?)?;
    if let Some((kind, name, _)) = found.iter().find(|object| !ours.contains(object)) {
        return Err(StoreError::Foreign { kind: kind.clone(), name: name.clone() });
    }
    if let Some((kind, name, _)) = ours.iter().find(|object| !found.contains(object)) {
        return Err(StoreError::Damaged(format!("the {kind} {name} is missing")));
    }
    Ok(())
}

fn digest_of(schema: &Schema) -> Digest {
    let parts = schema.iter().flat_map(|(kind, name, text)| [kind.as_bytes(), name.as_bytes(), text.as_bytes()]);
    Digest::of_parts(parts)
}

/// Kind, name and text of everything in a schema.
type Schema = std::collections::BTreeSet<(String, String, String)>;

fn schema(conn: &Connection) -> Result<Schema, StoreError> {
    let mut statement = conn.prepare("SELECT type, name, coalesce(sql, '') FROM sqlite_schema")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_schema() {
        for (version, digest) in (1..).zip(migrate::SCHEMA_DIGESTS) {
            let ours = schema(&migrate::fresh(version).unwrap()).unwrap();
            assert!(ours.len() > 20);
            let found = digest_of(&ours);
            assert_eq!(found, digest, "version {version}; so it is now: {:02x?}", found.bytes());
        }
    }
}
