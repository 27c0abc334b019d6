//! Digests over rows: what the evidence in the case says, beside the blobs, which have digests of their own.
//!
//! Every task has one over its own row and all that belong to it; every snapshot has one over its own row, its sources,
//! keys and files, and the digests of its tasks. So a changed row is told, and the task is named.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};
use sha2::Digest as _;

use super::StoreError;
use crate::model::Digest;

/// The digest over a task's rows.
pub(super) fn of_task(conn: &Connection, task: i64) -> Result<Digest, StoreError> {
    let mut hasher = sha2::Sha256::new();
    for sql in [
        "SELECT task_id, definition, status, status_problem, task_group_id, parent_task_id, name, label, kind,
         provisioner_id, worker_type, source, created, deadline, expires, state, run_basis FROM task WHERE id = ?1",
        "SELECT ordinal, run_id, state, reason_created, reason_resolved, worker_group, worker_id, scheduled, started,
         resolved FROM run WHERE task = ?1 ORDER BY ordinal",
        "SELECT run_id, name, sha256, sha512, size, path, listed, storage_type, content_type, expires
         FROM artifact WHERE task = ?1 ORDER BY run_id, name",
        "SELECT run_id, sha256, problem FROM listing WHERE task = ?1 ORDER BY run_id",
        "SELECT ordinal, what, run_id, name, http_status, at, url FROM denial WHERE task = ?1 ORDER BY ordinal",
    ] {
        add_rows(conn, sql, task, &mut hasher)?;
    }
    Ok(Digest::new(hasher.finalize().into()))
}

/// The digest over a snapshot's rows, its tasks by their digests.
pub(super) fn of_snapshot(conn: &Connection, snapshot: i64) -> Result<Digest, StoreError> {
    let mut hasher = sha2::Sha256::new();
    for sql in [
        "SELECT digest, root_url, captured_at, collector, note, capture_path, imported_at, cotrace_version, operator
         FROM snapshot WHERE id = ?1",
        "SELECT url, http_status, content_type, path, sha256, size FROM source WHERE snapshot = ?1 ORDER BY url",
        "SELECT ordinal, kind, role, public_key, file, path, valid_from, valid_until, source
         FROM key WHERE snapshot = ?1 ORDER BY ordinal",
        "SELECT path, disposition, reason, sha256, size FROM file WHERE snapshot = ?1 ORDER BY path",
        "SELECT task_id, rows FROM task WHERE snapshot = ?1 ORDER BY task_id",
    ] {
        add_rows(conn, sql, snapshot, &mut hasher)?;
    }
    Ok(Digest::new(hasher.finalize().into()))
}

/// Adds rows: each value with its type and length, each row and each table with an end.
fn add_rows(conn: &Connection, sql: &str, id: i64, hasher: &mut sha2::Sha256) -> Result<(), StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query(params![id])?;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            let integer;
            let (kind, bytes): (u8, &[u8]) = match row.get_ref(column)? {
                ValueRef::Null => (0, &[]),
                ValueRef::Integer(value) => {
                    integer = value.to_be_bytes();
                    (1, &integer)
                }
                ValueRef::Real(value) => {
                    integer = value.to_bits().to_be_bytes();
                    (2, &integer)
                }
                ValueRef::Text(text) => (3, text),
                ValueRef::Blob(blob) => (4, blob),
            };
            hasher.update([kind]);
            hasher.update((bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        }
        hasher.update([5]);
    }
    hasher.update([6]);
    Ok(())
}
