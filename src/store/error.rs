//! What can go wrong with a case file.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// A failure of the store. What the evidence says is never one.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such file.
    #[error("there is no case file at {}; `cotrace import` makes one", .0.display())]
    Missing(PathBuf),
    /// The file is something else.
    #[error("{} is not a cotrace case file", .0.display())]
    NotACase(PathBuf),
    /// A newer cotrace wrote it.
    #[error("{} was written by a newer cotrace (schema {found}, this one knows up to {known})", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest schema version that this program knows.
        known: i64,
    },
    /// Another process is writing to it.
    #[error("another process is writing to {}; try again when it has finished", .0.display())]
    Busy(PathBuf),
    /// Whoever reads gave it up.
    #[error("it was given up")]
    Stopped,
    /// It has no such note.
    #[error("the case has no note {0}")]
    NoNote(i64),
    /// The note was withdrawn already.
    #[error("note {0} was withdrawn already")]
    Withdrawn(i64),
    /// It can't be written to.
    #[error("{} can't be written to", .0.display())]
    ReadOnly(PathBuf),
    /// A write to it was interrupted, and can't be undone where it is.
    #[error(
        "the last write to {} was interrupted: a command that may write, such as `cotrace replay`, settles it; where the \
         file or its folder can't be written to, copy it with its -journal or -wal to where it can",
        .0.display()
    )]
    Interrupted(PathBuf),
    /// Its schema holds something that no cotrace put there.
    #[error("the case file holds a foreign {kind} {name}: it is not opened")]
    Foreign {
        /// `table`, `index`, `view` or `trigger`.
        kind: String,
        /// Its name.
        name: String,
    },
    /// Something lies beside it that no cotrace put there.
    #[error("{} {what}: nothing is opened; look at it, and move it away", .path.display())]
    Beside {
        /// What lies there.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// There is no room to write.
    #[error("there is no room left on the disk of {}", .0.display())]
    DiskFull(PathBuf),
    /// Its content contradicts itself.
    #[error("the case file is damaged: {0}")]
    Damaged(String),
    /// A document is larger than what was asked for.
    #[error("a document of {size} bytes is larger than the limit of {limit}")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Reading or writing beside the database failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// SQLite failed.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// SQLite's code for a journal that a connection for reading alone would have to roll back.
const READONLY_ROLLBACK: i32 = rusqlite::ffi::SQLITE_READONLY_ROLLBACK;

impl StoreError {
    /// Says in cotrace's words what SQLite says in its own, of the case file at `path`.
    #[must_use]
    pub fn of(self, path: &Path) -> Self {
        let Self::Sqlite(inner) = &self else { return self };
        let extended = inner.sqlite_error().map(|error| error.extended_code);
        if extended == Some(READONLY_ROLLBACK) {
            return Self::Interrupted(path.to_owned());
        }
        if super::readable::is_unreadable(inner) {
            return Self::Damaged(format!("a value can't be read: {inner}"));
        }
        match inner.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotACase(path.to_owned()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(path.to_owned()),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::TooBig) => Self::Damaged(inner.to_string()),
            Some(ErrorCode::SystemIoFailure) => {
                let text = format!("reading or writing {} failed: {inner}", path.display());
                Self::Io(std::io::Error::other(text))
            }
            Some(ErrorCode::DiskFull) => Self::DiskFull(path.to_owned()),
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => Self::ReadOnly(path.to_owned()),
            Some(_) | None => self,
        }
    }
}
