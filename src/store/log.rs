//! The custody log: who did what when. Append-only; each entry's digest covers the one before it.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Case, StoreError};
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
    /// `import` or `accept-keys`.
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
    let (sequence, previous) = last.map_or((1, Digest::new([0; 32])), |(sequence, digest)| (sequence + 1, digest));
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

impl Case {
    /// The custody log, oldest first.
    pub fn log(&self) -> Result<Vec<LoggedEntry>, StoreError> {
        let mut statement = self.conn.prepare(
            "SELECT sequence, at, operator, cotrace_version, action, detail, previous, digest FROM log ORDER BY sequence",
        )?;
        let rows = statement.query_map([], |row| {
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
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
