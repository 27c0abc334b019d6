//! Numbered migrations: `user_version` says how many have been applied.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{StoreError, guard};
use crate::model::Digest;

/// `CoTr`: marks a SQLite file as a case file.
pub const APPLICATION_ID: i32 = 0x436f_5472;

/// The migrations, in order. One that has been released never changes.
const MIGRATIONS: [&str; 2] =
    [include_str!("../../schema/case/0001-first.sql"), include_str!("../../schema/case/0002-notes.sql")];

/// The schema version that this program writes.
pub const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;

/// The digest over what the migrations make: kind, name and text of every table, index and view, sorted. A test holds the
/// two together.
pub(super) const SCHEMA_DIGEST: Digest = Digest::new([
    0x5b, 0x0d, 0xbc, 0x3d, 0xa2, 0x37, 0xa9, 0xd1, 0x6a, 0x14, 0x86, 0x2c, 0x0a, 0xcb, 0x3e, 0xab, 0xa6, 0x5e, 0xb9,
    0xef, 0xac, 0x2e, 0x09, 0x74, 0xe1, 0xdf, 0xd7, 0x0e, 0xa9, 0xd6, 0x7b, 0x13,
]);

/// An empty case in memory: the schema as it must be.
pub(super) fn fresh() -> Result<Connection, StoreError> {
    let mut conn = Connection::open_in_memory()?;
    apply(&mut conn)?.commit()?;
    Ok(conn)
}

/// Applies the migrations that a file lacks, in one exclusive transaction. A file whose schema is then another than ours
/// stays as it was.
pub(super) fn migrate(conn: &mut Connection) -> Result<(), StoreError> {
    let transaction = apply(conn)?;
    guard::check_schema(&transaction)?;
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
