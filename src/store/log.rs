//! The custody log: who did what when. Append-only; each entry's digest covers the one before it.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Case, StoreError, readable};
use crate::model::Digest;

/// What an entry tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// When, in UTC.
    pub at: String,
    /// Who.
    pub operator: String,
    /// With which version of cotrace.
    pub cotrace_version: String,
    /// `import`, `accept-keys`, `note` or `withdraw-note`.
    pub action: String,
    /// The particulars, as JSON.
    pub detail: String,
}

/// An entry with its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEntry {
    /// Its number, from 1.
    pub sequence: i64,
    /// What it tells.
    pub entry: LogEntry,
    /// The digest of the entry before it; zeros for the first.
    pub previous: Digest,
    /// Its digest.
    pub digest: Digest,
}

impl LoggedEntry {
    /// The digest that an entry must have.
    pub(super) fn expected(sequence: i64, entry: &LogEntry, previous: &Digest) -> Digest {
        let sequence = sequence.to_be_bytes();
        Digest::of_parts([
            previous.bytes().as_slice(),
            &sequence,
            entry.at.as_bytes(),
            entry.operator.as_bytes(),
            entry.cotrace_version.as_bytes(),
            entry.action.as_bytes(),
            entry.detail.as_bytes(),
        ])
    }
}

/// Appends an entry.
pub(super) fn append(conn: &Connection, entry: &LogEntry) -> Result<(), StoreError> {
    let last: Option<(i64, Digest)> = conn
        .query_row("SELECT sequence, digest FROM log ORDER BY sequence DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let (last, previous) = last.unwrap_or((0, Digest::new([0; 32])));
    let sequence = last.checked_add(1).ok_or_else(|| StoreError::Damaged("its log has no number left".to_owned()))?;
    conn.execute(
        "INSERT INTO log (sequence, at, operator, cotrace_version, action, detail, previous, digest)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            sequence,
            entry.at,
            entry.operator,
            entry.cotrace_version,
            entry.action,
            entry.detail,
            previous,
            LoggedEntry::expected(sequence, entry, &previous)
        ],
    )?;
    Ok(())
}

/// The log's columns, oldest entry first.
const SELECT: &str =
    "SELECT sequence, at, operator, cotrace_version, action, detail, previous, digest FROM log ORDER BY sequence";

fn logged(row: &Row<'_>) -> rusqlite::Result<LoggedEntry> {
    Ok(LoggedEntry {
        sequence: row.get(0)?,
        entry: LogEntry {
            at: row.get(1)?,
            operator: row.get(2)?,
            cotrace_version: row.get(3)?,
            action: row.get(4)?,
            detail: row.get(5)?,
        },
        previous: row.get(6)?,
        digest: row.get(7)?,
    })
}

impl Case {
    /// The custody log, oldest first.
    pub fn log(&self) -> Result<Vec<LoggedEntry>, StoreError> {
        self.reading(|conn| {
            let mut statement = conn.prepare(SELECT)?;
            let entries = statement.query_map([], logged)?;
            Ok(entries.collect::<Result<_, _>>()?)
        })
    }

    /// The entries of the log that can be read.
    pub(super) fn legible_log(&self) -> Result<Vec<LoggedEntry>, StoreError> {
        let mut statement = self.conn.prepare(SELECT)?;
        let mut entries = Vec::new();
        for entry in statement.query_map([], logged)? {
            match entry {
                Err(error) if readable::is_unreadable(&error) => {}
                entry => entries.push(entry?),
            }
        }
        Ok(entries)
    }
}
