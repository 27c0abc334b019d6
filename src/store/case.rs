//! Opening a case file.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::blobs::PackCache;
use super::migrate::{APPLICATION_ID, SCHEMA_VERSION, migrate};
use super::{SnapshotWriter, StoreError};
use crate::model::Digest;

/// How long to wait for another process before saying that it is busy.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// What a caller wants to do with a case file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Import: make the file where there is none.
    Create,
    /// Replay: keep new facts where the file can be written to, and do without where it can't.
    Keep,
    /// Read only.
    Read,
}

/// An open case file.
#[derive(Debug)]
pub struct Case {
    pub(super) conn: Connection,
    pub(super) packs: RefCell<PackCache>,
    path: PathBuf,
    writable: bool,
}

impl Case {
    /// Opens the case file at `path`, or makes it where `access` says so.
    pub fn open(path: &Path, access: Access) -> Result<Self, StoreError> {
        let exists = path.try_exists()?;
        if !exists && access != Access::Create {
            return Err(StoreError::Missing(path.to_owned()));
        }
        let file_allows = !exists || !std::fs::metadata(path)?.permissions().readonly();
        let writable = access != Access::Read && file_allows;
        if access == Access::Create && !writable {
            return Err(StoreError::ReadOnly(path.to_owned()));
        }
        let case = Self::connect(path, access, writable, exists).map_err(|error| named(error, path))?;
        Ok(case)
    }

    fn connect(path: &Path, access: Access, writable: bool, exists: bool) -> Result<Self, StoreError> {
        let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
        flags |= if writable { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
        if !exists {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let mut conn = Connection::open_with_flags(path, flags)?;
        conn.busy_timeout(BUSY_WAIT)?;
        let application_id: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let empty = application_id == 0 && version == 0 && is_empty(&conn)?;
        if !empty && application_id != APPLICATION_ID {
            return Err(StoreError::NotACase(path.to_owned()));
        }
        if version > SCHEMA_VERSION {
            return Err(StoreError::Newer { path: path.to_owned(), found: version, known: SCHEMA_VERSION });
        }
        // An empty file is what an interrupted first import leaves: only an import goes on with it. SQLite takes a file
        // of one byte for an empty one.
        if empty && exists && (access != Access::Create || std::fs::metadata(path)?.len() == 1) {
            return Err(StoreError::NotACase(path.to_owned()));
        }
        // DELETE and FULL cost nothing measurable beside the work of an import, and leave a single file.
        conn.pragma_update(None, "journal_mode", "DELETE")
            .or_else(|error| if writable { Err(error) } else { Ok(()) })?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        conn.pragma_update(None, "foreign_keys", true)?;
        conn.pragma_update(None, "cell_size_check", true)?;
        conn.pragma_update(None, "trusted_schema", false)?;
        // Views read facts through the JSON functions, which are innocuous and stay allowed.
        if version < SCHEMA_VERSION {
            if !writable {
                return Err(StoreError::ReadOnly(path.to_owned()));
            }
            migrate(&mut conn)?;
        }
        Ok(Self { conn, packs: RefCell::new(PackCache::default()), path: path.to_owned(), writable })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether new facts can be kept.
    pub const fn is_writable(&self) -> bool {
        self.writable
    }

    /// The digest over its snapshots' digests, sorted: what the case holds, whatever the order of imports and the
    /// layout of the file.
    pub fn content_id(&self) -> Result<Digest, StoreError> {
        let mut statement = self.conn.prepare("SELECT digest FROM snapshot ORDER BY digest")?;
        let digests = statement.query_map([], |row| row.get::<_, Digest>(0))?.collect::<Result<Vec<_>, _>>()?;
        Ok(Digest::of_parts(digests.iter().map(|digest| digest.bytes().as_slice())))
    }

    /// Begins the one transaction that writes a snapshot. Dropping the writer leaves the case as it was.
    pub fn write_snapshot(&mut self) -> Result<SnapshotWriter<'_>, StoreError> {
        if !self.writable {
            return Err(StoreError::ReadOnly(self.path.clone()));
        }
        let path = self.path.clone();
        SnapshotWriter::begin(&mut self.conn).map_err(|error| named(error, &path))
    }
}

fn is_empty(conn: &Connection) -> Result<bool, StoreError> {
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0)
}

/// Says in cotrace's words what SQLite says in its own.
pub(super) fn named(error: StoreError, path: &Path) -> StoreError {
    let StoreError::Sqlite(inner) = &error else { return error };
    match inner.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => StoreError::NotACase(path.to_owned()),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy(path.to_owned()),
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged(inner.to_string()),
        Some(ErrorCode::ReadOnly) => StoreError::ReadOnly(path.to_owned()),
        Some(_) | None => error,
    }
}
