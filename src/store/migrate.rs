//! Numbered migrations: `user_version` says how many have been applied.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{StoreError, guard};
use crate::model::Digest;

/// `CoTr`: marks a SQLite file as a case file.
pub const APPLICATION_ID: i32 = 0x436f_5472;

/// The migrations, in order. One that has been released never changes.
const MIGRATIONS: [&str; 3] = [
    include_str!("../../schema/case/0001-first.sql"),
    include_str!("../../schema/case/0002-entry-index.sql"),
    include_str!("../../schema/case/0003-notes.sql"),
];

/// The schema version that this program writes.
pub const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;

/// The first version with `entry_index`.
pub(super) const ENTRY_INDEX_SINCE: i64 = 2;

/// The first version with `note`.
pub(super) const NOTES_SINCE: i64 = 3;

/// For each version the digest over what the migrations up to it make: kind, name and text of every table, index and view,
/// sorted. A test holds the two together.
pub(super) const SCHEMA_DIGESTS: [Digest; MIGRATIONS.len()] = [
    Digest::new([
        0x43, 0x36, 0x28, 0xe3, 0x38, 0xa5, 0x86, 0x4e, 0x8b, 0xb9, 0xca, 0x79, 0x69, 0x10, 0xce, 0x6c, 0x15, 0xaf,
        0xe6, 0x5b, 0xe0, 0x05, 0x67, 0x02, 0x20, 0xb3, 0xbd, 0x58, 0x84, 0xe6, 0xcb, 0xcd,
    ]),
    Digest::new([
        0x44, 0xb7, 0xaf, 0x48, 0x7c, 0xb3, 0x52, 0x15, 0x21, 0x72, 0xd5, 0x39, 0x76, 0x0c, 0xd1, 0x90, 0x22, 0x69,
        0xe1, 0x93, 0x8c, 0x23, 0xc8, 0x2f, 0xe5, 0x7b, 0x2a, 0x63, 0x80, 0x1f, 0x42, 0xf8,
    ]),
    Digest::new([
        0x90, 0x86, 0x26, 0xae, 0xec, 0xf1, 0x59, 0xab, 0xf1, 0xc3, 0x15, 0x22, 0x2d, 0xca, 0xa9, 0x79, 0x0b, 0x70,
        0x55, 0x47, 0x5d, 0x07, 0xe0, 0x06, 0x9a, 0xa5, 0xde, 0x0f, 0x9c, 0x06, 0x79, 0xc6,
    ]),
];

/// An empty case in memory: the schema of a version as it must be.
pub(super) fn fresh(version: i64) -> Result<Connection, StoreError> {
    let conn = Connection::open_in_memory()?;
    for migration in MIGRATIONS.iter().take(usize::try_from(version).unwrap_or(0)) {
        conn.execute_batch(migration)?;
    }
    Ok(conn)
}

/// Applies the migrations that a file lacks, in one exclusive transaction. A file whose schema is then another than ours
/// stays as it was.
pub(super) fn migrate(conn: &mut Connection) -> Result<(), StoreError> {
    let transaction = apply(conn)?;
    guard::check_schema(&transaction, SCHEMA_VERSION)?;
    transaction.commit()?;
    Ok(())
}

fn apply(conn: &mut Connection) -> Result<Transaction<'_>, StoreError> {
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(0)) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    Ok(transaction)
}
