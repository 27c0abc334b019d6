//! Whether every row can be read: what each column must hold, beyond what SQLite itself watches over.
//!
//! SQLite keeps the types of columns only while it writes them by the schema. Whoever edits the file otherwise can put
//! a number where a digest belongs, or a run -1. Reading such a row fails with an error that names neither table nor
//! row; this finds it.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::keys::KeyKind;
use super::migrate::{ENTRY_INDEX_SINCE, NOTES_SINCE};
use super::snapshot::Disposition;
use super::{Damage, StoreError};
use crate::model::{Moment, TaskId};

/// What a value must be.
#[derive(Debug, Clone, Copy)]
enum Holds {
    /// Any whole number.
    Integer,
    /// A number of a run, or of a version.
    Number,
    /// An HTTP status.
    Status,
    /// A size or a place: not negative.
    Size,
    /// 0 or 1.
    Flag,
    /// Any text.
    Text,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// A kind of key.
    KeyKind,
    /// A task id.
    TaskId,
    /// A moment that cotrace wrote.
    Moment,
    /// Bytes.
    Bytes,
    /// This many bytes.
    Digest(usize),
}

/// A column: its name, what it holds, and whether it may be NULL.
type Column = (&'static str, Holds, bool);

/// A table: its name, how many of its first columns name a row, and its columns.
type Table = (&'static str, usize, &'static [Column]);

const MUST: bool = false;
const MAY: bool = true;

const SHA256: Holds = Holds::Digest(32);

const DISPOSITIONS: &[&str] =
    &[Disposition::Evidence.name(), Disposition::Ignored.name(), Disposition::Quarantined.name()];

/// The tables that cotrace reads.
const TABLES: [Table; 16] = [
    (
        "snapshot",
        1,
        &[
            ("id", Holds::Integer, MUST),
            ("digest", SHA256, MUST),
            ("rows", SHA256, MUST),
            ("root_url", Holds::Text, MAY),
            ("captured_at", Holds::Text, MAY),
            ("collector", Holds::Text, MAY),
            ("note", Holds::Text, MAY),
            ("capture_path", Holds::Text, MUST),
            ("imported_at", Holds::Moment, MUST),
            ("cotrace_version", Holds::Text, MUST),
            ("operator", Holds::Text, MAY),
        ],
    ),
    (
        "acceptance",
        1,
        &[
            ("snapshot", Holds::Integer, MUST),
            ("operator", Holds::Text, MUST),
            ("accepted_at", Holds::Text, MUST),
            ("cotrace_version", Holds::Text, MUST),
        ],
    ),
    (
        "log",
        1,
        &[
            ("sequence", Holds::Integer, MUST),
            ("at", Holds::Text, MUST),
            ("operator", Holds::Text, MUST),
            ("cotrace_version", Holds::Text, MUST),
            ("action", Holds::Text, MUST),
            ("detail", Holds::Text, MUST),
            ("previous", SHA256, MUST),
            ("digest", SHA256, MUST),
        ],
    ),
    ("pack", 1, &[("id", Holds::Integer, MUST), ("raw_size", Holds::Size, MUST), ("content", Holds::Bytes, MUST)]),
    (
        "blob",
        1,
        &[
            ("sha256", SHA256, MUST),
            ("size", Holds::Size, MUST),
            ("pack", Holds::Integer, MUST),
            ("start", Holds::Size, MUST),
        ],
    ),
    (
        "entry_index",
        1,
        &[
            ("sha256", SHA256, MUST),
            ("version", Holds::Number, MUST),
            ("parts", Holds::Bytes, MUST),
            ("entries_size", Holds::Size, MUST),
            ("entries", Holds::Bytes, MUST),
            ("digest", SHA256, MUST),
        ],
    ),
    (
        "task",
        2,
        &[
            ("id", Holds::Integer, MUST),
            ("task_id", Holds::TaskId, MUST),
            ("snapshot", Holds::Integer, MUST),
            ("definition", SHA256, MAY),
            ("status", SHA256, MAY),
            ("status_problem", Holds::Text, MAY),
            ("task_group_id", Holds::Text, MAY),
            ("parent_task_id", Holds::Text, MAY),
            ("name", Holds::Text, MAY),
            ("label", Holds::Text, MAY),
            ("kind", Holds::Text, MAY),
            ("provisioner_id", Holds::Text, MAY),
            ("worker_type", Holds::Text, MAY),
            ("source", Holds::Text, MAY),
            ("created", Holds::Text, MAY),
            ("deadline", Holds::Text, MAY),
            ("expires", Holds::Text, MAY),
            ("state", Holds::Text, MAY),
            ("run_basis", Holds::Word(&["queue", "attestation"]), MUST),
            ("rows", SHA256, MUST),
        ],
    ),
    (
        "run",
        2,
        &[
            ("task", Holds::Integer, MUST),
            ("ordinal", Holds::Integer, MUST),
            ("run_id", Holds::Number, MUST),
            ("state", Holds::Text, MUST),
            ("reason_created", Holds::Text, MAY),
            ("reason_resolved", Holds::Text, MAY),
            ("worker_group", Holds::Text, MAY),
            ("worker_id", Holds::Text, MAY),
            ("scheduled", Holds::Text, MAY),
            ("started", Holds::Text, MAY),
            ("resolved", Holds::Text, MAY),
        ],
    ),
    (
        "artifact",
        3,
        &[
            ("task", Holds::Integer, MUST),
            ("run_id", Holds::Number, MUST),
            ("name", Holds::Text, MUST),
            ("sha256", SHA256, MAY),
            ("sha512", Holds::Digest(64), MAY),
            ("size", Holds::Size, MAY),
            ("path", Holds::Text, MAY),
            ("listed", Holds::Flag, MUST),
            ("storage_type", Holds::Text, MAY),
            ("content_type", Holds::Text, MAY),
            ("expires", Holds::Text, MAY),
        ],
    ),
    (
        "listing",
        2,
        &[
            ("task", Holds::Integer, MUST),
            ("run_id", Holds::Number, MUST),
            ("sha256", SHA256, MUST),
            ("problem", Holds::Text, MAY),
        ],
    ),
    (
        "denial",
        2,
        &[
            ("task", Holds::Integer, MUST),
            ("ordinal", Holds::Integer, MUST),
            ("what", Holds::Text, MUST),
            ("run_id", Holds::Number, MAY),
            ("name", Holds::Text, MAY),
            ("http_status", Holds::Status, MAY),
            ("at", Holds::Text, MAY),
            ("url", Holds::Text, MAY),
        ],
    ),
    (
        "source",
        2,
        &[
            ("snapshot", Holds::Integer, MUST),
            ("url", Holds::Text, MUST),
            ("http_status", Holds::Status, MAY),
            ("content_type", Holds::Text, MAY),
            ("path", Holds::Text, MAY),
            ("sha256", SHA256, MAY),
            ("size", Holds::Size, MAY),
        ],
    ),
    (
        "key",
        2,
        &[
            ("snapshot", Holds::Integer, MUST),
            ("ordinal", Holds::Integer, MUST),
            ("kind", Holds::KeyKind, MUST),
            ("role", Holds::Text, MUST),
            ("public_key", Holds::Text, MAY),
            ("file", SHA256, MAY),
            ("path", Holds::Text, MUST),
            ("valid_from", Holds::Text, MAY),
            ("valid_until", Holds::Text, MAY),
            ("source", Holds::Text, MAY),
        ],
    ),
    (
        "file",
        2,
        &[
            ("snapshot", Holds::Integer, MUST),
            ("path", Holds::Text, MUST),
            ("disposition", Holds::Word(DISPOSITIONS), MUST),
            ("reason", Holds::Text, MAY),
            ("sha256", SHA256, MAY),
            ("size", Holds::Size, MAY),
        ],
    ),
    (
        "fact",
        1,
        &[
            ("id", Holds::Integer, MUST),
            ("kind", Holds::Text, MUST),
            ("subject", Holds::Text, MUST),
            ("variant", Holds::Text, MUST),
            ("inputs", SHA256, MUST),
            ("examiner", Holds::Number, MUST),
            ("value", Holds::Text, MUST),
        ],
    ),
    (
        "note",
        1,
        &[
            ("id", Holds::Integer, MUST),
            ("at", Holds::Moment, MUST),
            ("author", Holds::Text, MUST),
            ("subject", Holds::Text, MUST),
            ("standing", Holds::Word(&["bookmark", "reviewed", "accepted", "false"]), MAY),
            ("text", Holds::Text, MUST),
            ("tags", Holds::Text, MUST),
            ("withdraws", Holds::Integer, MAY),
        ],
    ),
];

/// The most bytes of a captured text that the name of a row shows.
const NAME_SIZE_MAX: usize = 80;

impl Holds {
    /// What is wrong with a value, if anything is.
    fn refuses(self, value: ValueRef<'_>) -> Option<String> {
        match (self, value) {
            (Self::Integer, ValueRef::Integer(_)) | (Self::Bytes, ValueRef::Blob(_)) => None,
            (Self::Number, ValueRef::Integer(number)) => refuse(u32::try_from(number).is_err(), number),
            (Self::Status, ValueRef::Integer(number)) => refuse(u16::try_from(number).is_err(), number),
            (Self::Size, ValueRef::Integer(number)) => refuse(number < 0, number),
            (Self::Flag, ValueRef::Integer(number)) => refuse(!(0..=1).contains(&number), number),
            (Self::Digest(length), ValueRef::Blob(bytes)) => {
                (bytes.len() != length).then(|| format!("{} bytes, not the {length} of a digest", bytes.len()))
            }
            (Self::Text, ValueRef::Text(text)) => refuse_text(text, |_| true),
            (Self::Word(words), ValueRef::Text(text)) => refuse_text(text, |text| words.contains(&text)),
            (Self::KeyKind, ValueRef::Text(text)) => {
                refuse_text(text, |text| KeyKind::ALL.iter().any(|kind| kind.name() == text))
            }
            (Self::TaskId, ValueRef::Text(text)) => refuse_text(text, |text| text.parse::<TaskId>().is_ok()),
            (Self::Moment, ValueRef::Text(text)) => refuse_text(text, |text| text.parse::<Moment>().is_ok()),
            (_, value) => Some(format!("{}, which is not what belongs there", kind_of(value))),
        }
    }
}

fn refuse(refused: bool, number: i64) -> Option<String> {
    refused.then(|| format!("{number}, which is out of range"))
}

fn refuse_text(text: &[u8], fits: impl FnOnce(&str) -> bool) -> Option<String> {
    let Ok(text) = std::str::from_utf8(text) else { return Some("text that is not UTF-8".to_owned()) };
    (!fits(text)).then(|| format!("'{}', which is not what belongs there", shortened(text)))
}

const fn kind_of(value: ValueRef<'_>) -> &'static str {
    match value {
        ValueRef::Null => "nothing",
        ValueRef::Integer(_) => "a whole number",
        ValueRef::Real(_) => "a fraction",
        ValueRef::Text(_) => "a text",
        ValueRef::Blob(_) => "bytes",
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().find(|(at, _)| *at >= NAME_SIZE_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A value in the name of a row.
fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => shortened(&String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => faster_hex::hex_string(&bytes[..bytes.len().min(NAME_SIZE_MAX / 2)]),
    }
}

/// Passes on every column of every row that can't be read; `sink` says whether to go on. A table that can't be walked to
/// its end is passed on as that.
pub(super) fn scan(conn: &Connection, sink: &mut dyn FnMut(Damage) -> bool) {
    let version = conn.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    let version = version.unwrap_or_default();
    let since = |name: &str| match name {
        "entry_index" => ENTRY_INDEX_SINCE,
        "note" => NOTES_SINCE,
        _ => 1,
    };
    for table in TABLES.into_iter().filter(|(name, ..)| version >= since(name)) {
        match scan_table(conn, table, sink) {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                let message = format!("it can't be read to its end: {error}");
                if !sink(Damage { kind: "table", name: table.0.to_owned(), message }) {
                    return;
                }
            }
        }
    }
}

fn scan_table(
    conn: &Connection,
    (table, named, columns): Table,
    sink: &mut dyn FnMut(Damage) -> bool,
) -> rusqlite::Result<bool> {
    let names: Vec<&str> = columns.iter().map(|(name, ..)| *name).collect();
    // Without an index: a row is met where it lies.
    let mut statement = conn.prepare(&format!("SELECT {} FROM {table} NOT INDEXED", names.join(", ")))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for (at, (name, holds, may_be_null)) in columns.iter().enumerate() {
            let value = row.get_ref(at)?;
            if *may_be_null && matches!(value, ValueRef::Null) {
                continue;
            }
            let Some(wrong) = holds.refuses(value) else { continue };
            let message = format!("its {name} is {wrong}");
            if !sink(Damage { kind: "row", name: name_of(row, table, &names[..named])?, message }) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn name_of(row: &Row<'_>, table: &str, names: &[&str]) -> rusqlite::Result<String> {
    let mut text = format!("of {table} with");
    for (at, name) in names.iter().enumerate() {
        text.push_str(&format!(" {name} {}", shown(row.get_ref(at)?)));
    }
    Ok(text)
}

/// Whether an error says that a value could not be read.
pub(super) const fn is_unreadable(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..)
    )
}

/// Says of an error that a value could not be read in which row that value is.
pub(super) fn located(conn: &Connection, error: StoreError) -> StoreError {
    let StoreError::Sqlite(inner) = &error else { return error };
    if !is_unreadable(inner) {
        return error;
    }
    let mut text = inner.to_string();
    scan(conn, &mut |damage| {
        text = format!("the {} {}: {}", damage.kind, damage.name, damage.message);
        false
    });
    StoreError::Damaged(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::migrate;
    use super::*;

    /// What replays came to is written and never read.
    const NEVER_READ: [&str; 4] = ["replay", "verdict", "finding", "gap"];

    #[test]
    fn every_column_that_is_read_is_looked_at() {
        let fresh = migrate::fresh(migrate::SCHEMA_VERSION).unwrap();
        let sql = "SELECT schema.name, info.name, info.\"notnull\" OR info.pk > 0
                   FROM sqlite_schema AS schema, pragma_table_info(schema.name) AS info
                   WHERE schema.type = 'table' AND schema.name NOT LIKE 'sqlite_%'";
        let mut statement = fresh.prepare(sql).unwrap();
        let made = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        let mut made: BTreeSet<(String, String, bool)> = made.map(Result::unwrap).collect();
        made.retain(|(table, ..)| !NEVER_READ.contains(&table.as_str()));
        // Sealing a task comes after its first row.
        made.remove(&("task".to_owned(), "rows".to_owned(), false));
        made.insert(("task".to_owned(), "rows".to_owned(), true));
        let of_table = |(table, _, columns): &Table| {
            let table = (*table).to_owned();
            let column = move |(name, _, may): &Column| (table.clone(), (*name).to_owned(), !may);
            columns.iter().map(column).collect::<Vec<_>>()
        };
        let looked_at: BTreeSet<(String, String, bool)> = TABLES.iter().flat_map(of_table).collect();
        assert_eq!(looked_at, made);
    }
}
