//! Digests over rows: what the evidence in the case says, beside the blobs, which have digests of their own.
//!
//! Every task has one over its own row and all that belong to it; every snapshot has one over its own row, its sources,
//! keys and files, and the digests of its tasks. So a changed row is told, and the task is named.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};
use sha2::Digest as _;

use super::{StoreError, TaskRows};
use crate::model::Digest;

/// The digest over a task's rows, as they stand in the case.
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

/// The digest over a task's rows before they stand in the case: the same as [`of_task`] finds there, without asking.
pub(super) fn of_new_task(task: &TaskRows<'_>) -> Digest {
    let mut table = Table::default();
    let row = task.row;
    table.text(Some(task.task_id.as_str())).digest(row.definition.as_ref()).digest(row.status.as_ref());
    for text in [
        &row.status_problem,
        &row.task_group_id,
        &row.parent_task_id,
        &row.name,
        &row.label,
        &row.kind,
        &row.provisioner_id,
        &row.worker_type,
        &row.source,
        &row.created,
        &row.deadline,
        &row.expires,
        &row.state,
    ] {
        table.text(text.as_deref());
    }
    table.text(Some(row.run_basis())).end_row().end_table();
    for (ordinal, run) in task.runs.iter().enumerate() {
        table.integer(Some(ordinal as i64)).integer(Some(i64::from(run.run_id))).text(Some(&run.state));
        for text in [
            &run.reason_created,
            &run.reason_resolved,
            &run.worker_group,
            &run.worker_id,
            &run.scheduled,
            &run.started,
            &run.resolved,
        ] {
            table.text(text.as_deref());
        }
        table.end_row();
    }
    table.end_table();
    let mut artifacts: Vec<_> = task.artifacts.iter().collect();
    artifacts.sort_by(|a, b| (a.run_id, &a.name).cmp(&(b.run_id, &b.name)));
    for artifact in artifacts {
        table.integer(Some(i64::from(artifact.run_id))).text(Some(&artifact.name)).digest(artifact.sha256.as_ref());
        table.blob(artifact.sha512.as_ref().map(<[u8; 64]>::as_slice));
        table.integer(artifact.size.map(u64::cast_signed)).text(artifact.path.as_deref());
        table.integer(Some(i64::from(artifact.listed)));
        for text in [&artifact.storage_type, &artifact.content_type, &artifact.expires] {
            table.text(text.as_deref());
        }
        table.end_row();
    }
    table.end_table();
    let mut listings: Vec<_> = task.listings.iter().collect();
    listings.sort_by_key(|listing| listing.run_id);
    for listing in listings {
        table.integer(Some(i64::from(listing.run_id))).digest(Some(&listing.sha256));
        table.text(listing.problem.as_deref()).end_row();
    }
    table.end_table();
    for (ordinal, denial) in task.denials.iter().enumerate() {
        table.integer(Some(ordinal as i64)).text(Some(&denial.what)).integer(denial.run_id.map(i64::from));
        table.text(denial.name.as_deref()).integer(denial.http_status.map(i64::from));
        table.text(denial.at.as_deref()).text(denial.url.as_deref()).end_row();
    }
    table.end_table();
    table.finish()
}

/// Adds the rows of a statement, and the end of their table.
fn add_rows(conn: &Connection, sql: &str, id: i64, hasher: &mut sha2::Sha256) -> Result<(), StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query(params![id])?;
    let mut table = Table::default();
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            match row.get_ref(column)? {
                ValueRef::Null => table.value(NULL, &[]),
                ValueRef::Integer(value) => table.integer(Some(value)),
                ValueRef::Real(value) => table.value(REAL, &value.to_bits().to_be_bytes()),
                ValueRef::Text(text) => table.value(TEXT, text),
                ValueRef::Blob(blob) => table.value(BLOB, blob),
            };
        }
        table.end_row();
        // Many rows are hashed as they come.
        hasher.update(&table.bytes);
        table.bytes.clear();
    }
    table.end_table();
    hasher.update(&table.bytes);
    Ok(())
}

const NULL: u8 = 0;
const INTEGER: u8 = 1;
const REAL: u8 = 2;
const TEXT: u8 = 3;
const BLOB: u8 = 4;
const END_OF_ROW: u8 = 5;
const END_OF_TABLE: u8 = 6;

/// Rows as bytes: each value with its type and length, each row and each table with an end.
#[derive(Default)]
struct Table {
    bytes: Vec<u8>,
}

impl Table {
    fn value(&mut self, kind: u8, bytes: &[u8]) -> &mut Self {
        self.bytes.push(kind);
        self.bytes.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        self.bytes.extend_from_slice(bytes);
        self
    }

    fn integer(&mut self, value: Option<i64>) -> &mut Self {
        match value {
            Some(value) => self.value(INTEGER, &value.to_be_bytes()),
            None => self.value(NULL, &[]),
        }
    }

    fn text(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.value(TEXT, text.as_bytes()),
            None => self.value(NULL, &[]),
        }
    }

    fn blob(&mut self, blob: Option<&[u8]>) -> &mut Self {
        match blob {
            Some(blob) => self.value(BLOB, blob),
            None => self.value(NULL, &[]),
        }
    }

    fn digest(&mut self, digest: Option<&Digest>) -> &mut Self {
        self.blob(digest.map(|digest| digest.bytes().as_slice()))
    }

    fn end_row(&mut self) -> &mut Self {
        self.bytes.push(END_OF_ROW);
        self
    }

    fn end_table(&mut self) {
        self.bytes.push(END_OF_TABLE);
    }

    fn finish(self) -> Digest {
        Digest::of(&self.bytes)
    }
}
