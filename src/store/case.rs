//! Opening a case file.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::blobs::PackCache;
use super::guard;
use super::index::PartCache;
use super::migrate::{APPLICATION_ID, SCHEMA_VERSION, migrate};
use super::{SnapshotWriter, StoreError, readable};
use crate::model::Digest;

/// How long to wait for another process before saying that it is busy.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// SQLite's page cache while a snapshot is written, in KiB. Digests come in no order, so each falls on another page of
/// their index: this holds the whole index of some 500,000 documents.
const IMPORT_CACHE_KIB: i64 = 32 * 1024;

/// Flags of every connection: used by one thread, with SQLite's full error codes.
const COMMON_FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_NO_MUTEX.union(OpenFlags::SQLITE_OPEN_EXRESCODE);

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
    pub(super) parts: RefCell<PartCache>,
    /// The version of its schema: an older one has no room for some things until it can be written to.
    pub(super) version: i64,
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
        // SQLite follows links, and looks for its other files beside where they lead.
        let real = if exists { std::fs::canonicalize(path)? } else { path.to_owned() };
        let path = real.as_path();
        let header = if exists { guard::read_header(path)? } else { None };
        // An empty file is what an interrupted first import leaves: only an import goes on with it.
        if exists && header.is_none() && access != Access::Create {
            return Err(StoreError::NotACase(path.to_owned()));
        }
        guard::check_beside(path)?;
        let file_allows = !exists || !std::fs::metadata(path)?.permissions().readonly();
        let writable = access != Access::Read && file_allows;
        if access == Access::Create && !writable {
            return Err(StoreError::ReadOnly(path.to_owned()));
        }
        let left_in_wal = header.is_some_and(|header| header.is_wal);
        Self::connect(path, writable, left_in_wal).map_err(|error| {
            let error = error.of(path);
            // What SQLite wants to write is the index of what lies written ahead.
            let is_index = matches!(error, StoreError::ReadOnly(_)) && guard::has_beside(path, "-wal");
            if is_index { StoreError::Interrupted(path.to_owned()) } else { error }
        })
    }

    fn connect(path: &Path, mut writable: bool, left_in_wal: bool) -> Result<Self, StoreError> {
        // Beside a write-ahead file that is in use lies its index; without one, SQLite would make one there.
        let is_left = guard::has_beside(path, "-wal") && guard::beside(path, "-shm").is_none();
        let is_rehearsed = (guard::has_beside(path, "-journal") || is_left) && rehearse(path)?;
        if !is_rehearsed && writable && path.metadata().is_ok_and(|file| file.len() > 0) {
            // For reading alone SQLite changes nothing, and takes nothing over from a write-ahead file beside it.
            let looking = connect_read_only(path, left_in_wal)?;
            looking.busy_timeout(BUSY_WAIT)?;
            identify(&looking, path)?;
        }
        let mut conn = if writable {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
            Connection::open_with_flags(path, flags | COMMON_FLAGS)?
        } else {
            connect_read_only(path, left_in_wal)?
        };
        conn.busy_timeout(BUSY_WAIT)?;
        let mut version = identify(&conn, path)?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        conn.pragma_update(None, "foreign_keys", true)?;
        if version == 0 && !writable {
            return Err(StoreError::ReadOnly(path.to_owned()));
        }
        if version < SCHEMA_VERSION && writable {
            match migrate(&mut conn).map_err(|error| error.of(path)) {
                Ok(()) => version = SCHEMA_VERSION,
                // Older versions are read as they are; only an empty file has nothing to read.
                Err(StoreError::ReadOnly(_)) if version > 0 => writable = false,
                Err(error) => return Err(error),
            }
        }
        if writable && left_in_wal {
            // What an interrupted import leaves.
            let _ = conn.pragma_update(None, "journal_mode", "DELETE");
        }
        Ok(Self {
            conn,
            packs: RefCell::default(),
            parts: RefCell::default(),
            version,
            path: path.to_owned(),
            writable,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What became of a write that the case can do without: where the file or its folder turns out not to be writable,
    /// the case goes on without keeping anything.
    pub(super) fn forgo(&mut self, written: Result<(), StoreError>) -> Result<(), StoreError> {
        match written {
            Err(StoreError::ReadOnly(_)) => {
                self.writable = false;
                Ok(())
            }
            written => written,
        }
    }

    /// Whether new facts can be kept.
    pub const fn is_writable(&self) -> bool {
        self.writable
    }

    /// The digest over its snapshots' digests, sorted: what the case holds, whatever the order of imports and the
    /// layout of the file.
    pub fn content_id(&self) -> Result<Digest, StoreError> {
        self.reading(|conn| {
            let mut statement = conn.prepare("SELECT digest FROM snapshot ORDER BY digest")?;
            let digests = statement.query_map([], |row| row.get::<_, Digest>(0))?.collect::<Result<Vec<_>, _>>()?;
            Ok(Digest::of_parts(digests.iter().map(|digest| digest.bytes().as_slice())))
        })
    }

    /// Begins to read many things at once, of one state of the file: SQLite then locks it once, and looks once for
    /// journals beside it. Until [`Case::end_reading`] nothing can be written, by others either, so it is to come within
    /// milliseconds.
    pub fn begin_reading(&self) -> Result<(), StoreError> {
        self.reading(|conn| Ok(conn.execute_batch("BEGIN")?))
    }

    /// Ends what [`Case::begin_reading`] began.
    pub fn end_reading(&self) -> Result<(), StoreError> {
        self.reading(|conn| if conn.is_autocommit() { Ok(()) } else { Ok(conn.execute_batch("COMMIT")?) })
    }

    /// Reads, and says in which row it was if something could not be read, and of which file.
    pub(super) fn reading<T>(&self, read: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        read(&self.conn).map_err(|error| readable::located(&self.conn, error).of(&self.path))
    }

    /// Begins the one transaction that writes a snapshot. Dropping the writer leaves the case as it was.
    pub fn write_snapshot(&mut self) -> Result<SnapshotWriter<'_>, StoreError> {
        if !self.writable {
            return Err(StoreError::ReadOnly(self.path.clone()));
        }
        let path = self.path.clone();
        self.conn.pragma_update(None, "cache_size", -IMPORT_CACHE_KIB)?;
        // Write-ahead, so that others can read meanwhile.
        self.conn.pragma_update(None, "journal_mode", "WAL").map_err(|error| StoreError::from(error).of(&path))?;
        SnapshotWriter::begin(&mut self.conn).map_err(|error| error.of(&path))
    }

    /// After writing: one file again, unless somebody else is reading; then the next writer sees to it.
    pub fn settle(&self) {
        let _ = self.conn.pragma_update(None, "wal_checkpoint", "TRUNCATE");
        let _ = self.conn.pragma_update(None, "journal_mode", "DELETE");
    }
}

/// The schema version of a file that is a case, in the shape that this version has; 0 of an empty file.
fn identify(conn: &Connection, path: &Path) -> Result<i64, StoreError> {
    guard::confine(conn)?;
    let application_id: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let empty = application_id == 0 && version == 0 && is_empty(conn)?;
    // Versions count from 1: only an empty file has none.
    if !empty && (application_id != APPLICATION_ID || version < 1) {
        return Err(StoreError::NotACase(path.to_owned()));
    }
    if version > SCHEMA_VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), found: version, known: SCHEMA_VERSION });
    }
    if !empty {
        guard::check_schema(conn, version)?;
    }
    Ok(version)
}

/// Looks at a file beside which an interrupted write has left its journal. Whoever opens it takes the journal over, and
/// with it whatever somebody wrote there: so that is done with a copy first. What is refused then is left as it was.
/// Returns whether there still was a journal: that of a write that goes on goes away when the write ends.
fn rehearse(path: &Path) -> Result<bool, StoreError> {
    let folder = tempfile::TempDir::new()?;
    let copy = folder.path().join("case.sqlite");
    std::fs::copy(path, &copy)?;
    for suffix in ["-journal", "-wal"] {
        if guard::beside(path, suffix).is_some() {
            match std::fs::copy(guard::name_beside(path, suffix), guard::name_beside(&copy, suffix)) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
                copied => copied?,
            };
        }
    }
    let conn = Connection::open_with_flags(&copy, OpenFlags::SQLITE_OPEN_READ_WRITE | COMMON_FLAGS)?;
    identify(&conn, path).map(|_| true)
}

/// Opens a file for reading alone. One that was left in write-ahead mode, with nothing beside it to read, is taken as
/// unchangeable: SQLite could not make the files that it wants beside it in a folder that can't be written to.
fn connect_read_only(path: &Path, left_in_wal: bool) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | COMMON_FLAGS;
    if !left_in_wal || guard::has_beside(path, "-wal") {
        return Ok(Connection::open_with_flags(path, flags)?);
    }
    let path = std::path::absolute(path)?;
    let text = path.to_str().ok_or_else(|| std::io::Error::other("the path of the case file is not UTF-8"))?;
    let mut uri = String::from("file:");
    for character in text.chars() {
        match character {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            _ => uri.push(character),
        }
    }
    uri.push_str("?immutable=1");
    Ok(Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?)
}

fn is_empty(conn: &Connection) -> Result<bool, StoreError> {
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0)
}
