//! Writing a snapshot: one transaction, whole or not at all.

use std::io::Read;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{BlobWriter, DocumentIndex, LogEntry, StoreError, log, rows};
use crate::model::{Digest, Moment, TaskId};

/// What a snapshot says of itself.
#[derive(Debug, Clone)]
pub struct SnapshotHead {
    /// The digest of its manifest: every path, digest and size.
    pub digest: Digest,
    /// The Taskcluster deployment that the evidence comes from.
    pub root_url: Option<String>,
    /// When it was collected, as the capture says.
    pub captured_at: Option<String>,
    /// What collected it, as the capture says.
    pub collector: Option<String>,
    /// A remark of the collector's.
    pub note: Option<String>,
    /// Where the capture lay.
    pub capture_path: String,
    /// When it was imported.
    pub imported_at: Moment,
    /// By which version.
    pub cotrace_version: String,
    /// By whom.
    pub operator: Option<String>,
}

/// A row of `task`.
#[derive(Debug, Clone, Default)]
pub struct TaskRow {
    /// Digest of the definition.
    pub definition: Option<Digest>,
    /// Digest of the status.
    pub status: Option<Digest>,
    /// Why the status can't be read.
    pub status_problem: Option<String>,
    /// `taskGroupId`.
    pub task_group_id: Option<String>,
    /// `extra.parent`.
    pub parent_task_id: Option<String>,
    /// `metadata.name`.
    pub name: Option<String>,
    /// `tags.label`.
    pub label: Option<String>,
    /// `tags.kind`.
    pub kind: Option<String>,
    /// `provisionerId`.
    pub provisioner_id: Option<String>,
    /// `workerType`.
    pub worker_type: Option<String>,
    /// `metadata.source`.
    pub source: Option<String>,
    /// `created`.
    pub created: Option<String>,
    /// `deadline`.
    pub deadline: Option<String>,
    /// `expires`.
    pub expires: Option<String>,
    /// The status' state.
    pub state: Option<String>,
    /// Whether the numbers of its runs are only what its attestations claim.
    pub run_is_claimed: bool,
}

impl TaskRow {
    /// What the numbers of its runs rest on.
    pub(super) const fn run_basis(&self) -> &'static str {
        if self.run_is_claimed { "attestation" } else { "queue" }
    }
}

/// A task with all that belongs to it.
#[derive(Debug, Clone, Copy)]
pub struct TaskRows<'a> {
    /// Its id.
    pub task_id: &'a TaskId,
    /// Its own row.
    pub row: &'a TaskRow,
    /// Its runs, in the order of the status.
    pub runs: &'a [RunRow],
    /// Its artifacts.
    pub artifacts: &'a [ArtifactRow],
    /// The listings of its runs.
    pub listings: &'a [ListingRow],
    /// What was denied of it, in the order of the capture.
    pub denials: &'a [DenialRow],
}

/// A row of `run`.
#[derive(Debug, Clone, Default)]
pub struct RunRow {
    /// `runId`.
    pub run_id: u32,
    /// `state`.
    pub state: String,
    /// `reasonCreated`.
    pub reason_created: Option<String>,
    /// `reasonResolved`.
    pub reason_resolved: Option<String>,
    /// `workerGroup`.
    pub worker_group: Option<String>,
    /// `workerId`.
    pub worker_id: Option<String>,
    /// `scheduled`.
    pub scheduled: Option<String>,
    /// `started`.
    pub started: Option<String>,
    /// `resolved`.
    pub resolved: Option<String>,
}

/// A row of `artifact`.
#[derive(Debug, Clone, Default)]
pub struct ArtifactRow {
    /// The run.
    pub run_id: u32,
    /// The name.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: Option<Digest>,
    /// SHA-512 of its bytes.
    pub sha512: Option<[u8; 64]>,
    /// Its length in bytes.
    pub size: Option<u64>,
    /// Its path in the capture, where it is not its name below the run.
    pub path: Option<String>,
    /// Whether the run's listing names it.
    pub listed: bool,
    /// The listing's `storageType`.
    pub storage_type: Option<String>,
    /// The listing's `contentType`.
    pub content_type: Option<String>,
    /// The listing's `expires`.
    pub expires: Option<String>,
}

/// A row of `listing`.
#[derive(Debug, Clone)]
pub struct ListingRow {
    /// The run.
    pub run_id: u32,
    /// Digest of the reply.
    pub sha256: Digest,
    /// Why it can't be read.
    pub problem: Option<String>,
}

/// A row of `denial`.
#[derive(Debug, Clone, Default)]
pub struct DenialRow {
    /// `definition`, `status` or `artifact`.
    pub what: String,
    /// The run.
    pub run_id: Option<u32>,
    /// The name.
    pub name: Option<String>,
    /// The HTTP status.
    pub http_status: Option<u16>,
    /// When.
    pub at: Option<String>,
    /// The URL asked.
    pub url: Option<String>,
}

/// A row of `source`.
#[derive(Debug, Clone, Default)]
pub struct SourceRow {
    /// The URL.
    pub url: String,
    /// The HTTP status.
    pub http_status: Option<u16>,
    /// The content type.
    pub content_type: Option<String>,
    /// Its path in the capture.
    pub path: Option<String>,
    /// Digest of its bytes; none where they were too many to be kept.
    pub sha256: Option<Digest>,
    /// Its length in bytes.
    pub size: Option<u64>,
}

/// What became of a file of the capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// It was read.
    Evidence,
    /// It is no evidence.
    Ignored,
    /// It was set aside.
    Quarantined,
}

impl Disposition {
    /// Its name in the case file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Ignored => "ignored",
            Self::Quarantined => "quarantined",
        }
    }
}

/// A row of `file`: a file of the capture that is no definition, status, artifact or source.
#[derive(Debug, Clone)]
pub struct FileRow {
    /// Its path in the capture.
    pub path: String,
    /// What became of it.
    pub disposition: Disposition,
    /// Why.
    pub reason: Option<String>,
    /// Digest of its bytes, where they were read.
    pub sha256: Option<Digest>,
    /// Its length in bytes.
    pub size: Option<u64>,
}

/// Writes one snapshot.
#[derive(Debug)]
pub struct SnapshotWriter<'case> {
    transaction: Transaction<'case>,
    blobs: BlobWriter,
    id: i64,
}

impl<'case> SnapshotWriter<'case> {
    pub(super) fn begin(conn: &'case mut Connection) -> Result<Self, StoreError> {
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let blobs = BlobWriter::new(&transaction)?;
        let last: Option<i64> = transaction.query_row("SELECT max(id) FROM snapshot", [], |row| row.get(0))?;
        let id = last.unwrap_or(0).checked_add(1);
        let id = id.ok_or_else(|| StoreError::Damaged("its snapshots have no number left".to_owned()))?;
        // The head is not known before the end: the transaction checks references when it commits.
        transaction.pragma_update(None, "defer_foreign_keys", true)?;
        Ok(Self { transaction, blobs, id })
    }

    /// Keeps the bytes of a document, once. `digest` is theirs: the caller has just made it of them.
    pub fn keep(&mut self, digest: Digest, bytes: &[u8]) -> Result<(), StoreError> {
        self.blobs.append(&self.transaction, digest, bytes)
    }

    /// Keeps a document of any size from a reader, once.
    pub fn keep_from(&mut self, digest: Digest, size: u64, reader: impl Read) -> Result<(), StoreError> {
        self.blobs.append_from(&self.transaction, digest, size, reader)
    }

    /// Keeps the index of a document that is kept.
    pub fn index(&mut self, document: &Digest, index: &DocumentIndex) -> Result<(), StoreError> {
        index.write(&self.transaction, document)
    }

    /// Number and bytes of the documents that were new to the case.
    pub const fn written(&self) -> (u64, u64) {
        self.blobs.written()
    }

    /// Adds a task and all that belongs to it, with a digest over it, so that a later change can be told and named.
    pub fn task(&mut self, task: &TaskRows<'_>) -> Result<(), StoreError> {
        let id = self.task_row(task)?;
        for (ordinal, row) in task.runs.iter().enumerate() {
            self.run(id, ordinal, row)?;
        }
        for row in task.artifacts {
            self.artifact(id, row)?;
        }
        for row in task.listings {
            self.listing(id, row)?;
        }
        for (ordinal, row) in task.denials.iter().enumerate() {
            self.denial(id, ordinal, row)?;
        }
        Ok(())
    }

    fn task_row(&mut self, task: &TaskRows<'_>) -> Result<i64, StoreError> {
        let row = task.row;
        self.transaction
            .prepare_cached(
                "INSERT INTO task (snapshot, task_id, definition, status, status_problem, task_group_id, parent_task_id,
                 name, label, kind, provisioner_id, worker_type, source, created, deadline, expires, state, run_basis, rows)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
            )?
            .execute(params![
                self.id,
                task.task_id,
                row.definition,
                row.status,
                row.status_problem,
                row.task_group_id,
                row.parent_task_id,
                row.name,
                row.label,
                row.kind,
                row.provisioner_id,
                row.worker_type,
                row.source,
                row.created,
                row.deadline,
                row.expires,
                row.state,
                row.run_basis(),
                rows::of_new_task(task)
            ])?;
        Ok(self.transaction.last_insert_rowid())
    }

    /// Adds a run, in the order of the status.
    fn run(&mut self, task: i64, ordinal: usize, row: &RunRow) -> Result<(), StoreError> {
        self.transaction
            .prepare_cached(
                "INSERT INTO run (task, ordinal, run_id, state, reason_created, reason_resolved, worker_group, worker_id,
                 scheduled, started, resolved) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                task,
                ordinal as i64,
                row.run_id,
                row.state,
                row.reason_created,
                row.reason_resolved,
                row.worker_group,
                row.worker_id,
                row.scheduled,
                row.started,
                row.resolved
            ])?;
        Ok(())
    }

    /// Adds an artifact.
    fn artifact(&mut self, task: i64, row: &ArtifactRow) -> Result<(), StoreError> {
        self.transaction
            .prepare_cached(
                "INSERT INTO artifact (task, run_id, name, sha256, sha512, size, path, listed, storage_type, content_type,
                 expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                task,
                row.run_id,
                row.name,
                row.sha256,
                row.sha512.as_ref().map(<[u8; 64]>::as_slice),
                row.size.map(u64::cast_signed),
                row.path,
                row.listed,
                row.storage_type,
                row.content_type,
                row.expires
            ])?;
        Ok(())
    }

    /// Adds the listing of a run.
    fn listing(&mut self, task: i64, row: &ListingRow) -> Result<(), StoreError> {
        self.transaction
            .prepare_cached("INSERT INTO listing (task, run_id, sha256, problem) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![task, row.run_id, row.sha256, row.problem])?;
        Ok(())
    }

    /// Adds a denial.
    fn denial(&mut self, task: i64, ordinal: usize, row: &DenialRow) -> Result<(), StoreError> {
        self.transaction
            .prepare_cached(
                "INSERT INTO denial (task, ordinal, what, run_id, name, http_status, at, url)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![task, ordinal as i64, row.what, row.run_id, row.name, row.http_status, row.at, row.url])?;
        Ok(())
    }

    /// Adds a source.
    pub fn source(&mut self, row: &SourceRow) -> Result<(), StoreError> {
        self.transaction
            .prepare_cached(
                "INSERT INTO source (snapshot, url, http_status, content_type, path, sha256, size)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                self.id,
                row.url,
                row.http_status,
                row.content_type,
                row.path,
                row.sha256,
                row.size.map(u64::cast_signed)
            ])?;
        Ok(())
    }

    /// Adds a key, in the order in which the capture lists it.
    pub fn key(&mut self, ordinal: usize, row: &super::KeyRow) -> Result<(), StoreError> {
        self.transaction
            .prepare_cached(
                "INSERT INTO key (snapshot, ordinal, kind, role, public_key, file, path, valid_from, valid_until, source)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                self.id,
                ordinal as i64,
                row.kind.name(),
                row.role,
                row.public_key,
                row.file,
                row.path,
                row.valid_from,
                row.valid_until,
                row.source
            ])?;
        Ok(())
    }

    /// Adds another file of the capture.
    pub fn file(&mut self, row: &FileRow) -> Result<(), StoreError> {
        self.transaction
            .prepare_cached(
                "INSERT OR IGNORE INTO file (snapshot, path, disposition, reason, sha256, size)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                self.id,
                row.path,
                row.disposition.name(),
                row.reason,
                row.sha256,
                row.size.map(u64::cast_signed)
            ])?;
        Ok(())
    }

    /// Ends the snapshot: from here on the case shows it. Where the case already has a snapshot of this digest, its
    /// rows stay as they are; contents that this import keeps and the case lacked are added. Either way the custody log
    /// tells of the import. Returns whether the snapshot is new.
    pub fn commit(mut self, head: &SnapshotHead, accepted_by: Option<&str>) -> Result<bool, StoreError> {
        self.blobs.finish(&self.transaction)?;
        let known: Option<i64> = self
            .transaction
            .query_row("SELECT id FROM snapshot WHERE digest = ?1", [head.digest], |row| row.get(0))
            .optional()?;
        match known {
            Some(_) => self.discard_rows()?,
            None => self.insert_head(head)?,
        }
        self.log_import(head, known.is_none())?;
        if let Some(operator) = accepted_by {
            self.accept(known.unwrap_or(self.id), head, operator)?;
        }
        self.transaction.commit()?;
        Ok(known.is_none())
    }

    fn log_import(&self, head: &SnapshotHead, is_new: bool) -> Result<(), StoreError> {
        let (documents, bytes) = self.blobs.written();
        let detail = serde_json::json!({
            "snapshot": head.digest,
            "isNew": is_new,
            "capture": head.capture_path,
            "documentsKept": documents,
            "bytesKept": bytes,
        });
        self.log(head, "import", &detail)
    }

    /// Records that an operator accepts the keys of a snapshot, once.
    fn accept(&self, snapshot: i64, head: &SnapshotHead, operator: &str) -> Result<(), StoreError> {
        let inserted = self.transaction.execute(
            "INSERT OR IGNORE INTO acceptance (snapshot, operator, accepted_at, cotrace_version)
             VALUES (?1, ?2, ?3, ?4)",
            params![snapshot, operator, head.imported_at, head.cotrace_version],
        )?;
        if inserted == 1 {
            self.log(head, "accept-keys", &serde_json::json!({ "snapshot": head.digest, "acceptedBy": operator }))?;
        }
        Ok(())
    }

    fn log(&self, head: &SnapshotHead, action: &str, detail: &serde_json::Value) -> Result<(), StoreError> {
        let entry = LogEntry {
            at: head.imported_at.to_string(),
            operator: head.operator.clone().unwrap_or_default(),
            cotrace_version: head.cotrace_version.clone(),
            action: action.to_owned(),
            detail: detail.to_string(),
        };
        log::append(&self.transaction, &entry)
    }

    fn insert_head(&self, head: &SnapshotHead) -> Result<(), StoreError> {
        self.transaction.execute(
            "INSERT INTO snapshot (id, digest, rows, root_url, captured_at, collector, note, capture_path, imported_at,
             cotrace_version, operator) VALUES (?1, ?2, zeroblob(32), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                self.id,
                head.digest,
                head.root_url,
                head.captured_at,
                head.collector,
                head.note,
                head.capture_path,
                head.imported_at,
                head.cotrace_version,
                head.operator
            ],
        )?;
        let digest = rows::of_snapshot(&self.transaction, self.id)?;
        self.transaction.execute("UPDATE snapshot SET rows = ?1 WHERE id = ?2", params![digest, self.id])?;
        Ok(())
    }

    fn discard_rows(&self) -> Result<(), StoreError> {
        for table in ["run", "artifact", "listing", "denial"] {
            let sql = format!("DELETE FROM {table} WHERE task IN (SELECT id FROM task WHERE snapshot = ?1)");
            self.transaction.execute(&sql, [self.id])?;
        }
        for table in ["task", "source", "key", "file"] {
            self.transaction.execute(&format!("DELETE FROM {table} WHERE snapshot = ?1"), [self.id])?;
        }
        Ok(())
    }
}
