//! Reading what snapshots hold of tasks.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::{Case, StoreError};
use crate::model::{ArtifactRecord, Denial, Digest, FewMap, Moment, Run, TaskEvidence, TaskId};

/// A snapshot of the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// Its row.
    pub id: i64,
    /// The digest of its manifest.
    pub digest: Digest,
    /// The deployment that its evidence comes from.
    pub root_url: Option<String>,
}

/// What chains are built from: a task without its artifacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskSummary {
    /// The task.
    pub task_id: TaskId,
    /// Its definition.
    pub definition: Option<Digest>,
    /// Whether an attestation of it, in either form, was captured.
    pub attested: bool,
    /// Whether it has run; `None` where no status was captured.
    pub has_run: Option<bool>,
    /// The parent and the task group, as the import read the definition: whose graphs to look at first.
    pub makers: [Option<TaskId>; 2],
}

/// What a server answered, as a snapshot has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceInfo {
    /// The address. Captured text.
    pub url: String,
    /// The HTTP status.
    pub http_status: Option<u16>,
    /// The content type. Captured text.
    pub content_type: Option<String>,
    /// The digest of the answer's bytes.
    pub sha256: Option<Digest>,
    /// The length of the answer; without a digest, of one that was too large to be kept.
    pub size: Option<u64>,
}

/// A document of a snapshot that belongs to no task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// `source` or `file`.
    pub kind: &'static str,
    /// Its URL, or its path in the capture. Captured text.
    pub name: String,
}

impl Case {
    /// The documents of a snapshot with these bytes that belong to no task: what servers answered, key files, the
    /// capture's own.
    pub fn places_of(&self, snapshot: &Digest, digest: &Digest) -> Result<Vec<Place>, StoreError> {
        self.reading(|conn| {
            let mut places = Vec::new();
            for (kind, sql) in [
                (
                    "source",
                    "SELECT source.url FROM source JOIN snapshot ON snapshot.id = source.snapshot
                     WHERE snapshot.digest = ?1 AND source.sha256 = ?2 ORDER BY source.url",
                ),
                (
                    "file",
                    "SELECT file.path FROM file JOIN snapshot ON snapshot.id = file.snapshot
                     WHERE snapshot.digest = ?1 AND file.sha256 = ?2 ORDER BY file.path",
                ),
            ] {
                let mut statement = conn.prepare_cached(sql)?;
                let names = statement.query_map(params![snapshot, digest], |row| row.get(0))?;
                for name in names {
                    places.push(Place { kind, name: name? });
                }
            }
            Ok(places)
        })
    }

    /// What servers answered, by address.
    pub fn sources(&self, snapshot: i64) -> Result<Vec<SourceInfo>, StoreError> {
        self.reading(|conn| {
            let mut statement = conn.prepare(
                "SELECT url, http_status, content_type, sha256, size FROM source WHERE snapshot = ?1 ORDER BY url",
            )?;
            let rows = statement.query_map([snapshot], |row| {
                Ok(SourceInfo {
                    url: row.get(0)?,
                    http_status: row.get(1)?,
                    content_type: row.get(2)?,
                    sha256: row.get(3)?,
                    size: row.get::<_, Option<i64>>(4)?.map(i64::cast_unsigned),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The snapshots, the newest import last.
    pub fn snapshots(&self) -> Result<Vec<SnapshotInfo>, StoreError> {
        self.reading(|conn| {
            let mut statement = conn.prepare("SELECT id, digest, root_url FROM snapshot ORDER BY id")?;
            let rows = statement.query_map([], |row| {
                Ok(SnapshotInfo { id: row.get(0)?, digest: row.get(1)?, root_url: row.get(2)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The newest snapshot that holds a task.
    pub fn snapshot_of(&self, task_id: &TaskId) -> Result<Option<SnapshotInfo>, StoreError> {
        self.reading(|conn| {
            let row = conn
                .prepare_cached(
                    "SELECT snapshot.id, snapshot.digest, snapshot.root_url FROM task
                     JOIN snapshot ON snapshot.id = task.snapshot WHERE task.task_id = ?1 ORDER BY snapshot.id DESC LIMIT 1",
                )?
                .query_row([task_id], |row| Ok(SnapshotInfo { id: row.get(0)?, digest: row.get(1)?, root_url: row.get(2)? }))
                .optional()?;
            Ok(row)
        })
    }

    /// The tasks of a snapshot, ordered by id.
    pub fn task_summaries(&self, snapshot: i64) -> Result<Vec<TaskSummary>, StoreError> {
        self.reading(|conn| {
            let mut statement = conn.prepare(
                "SELECT task_id, definition, EXISTS (SELECT 1 FROM artifact WHERE artifact.task = task.id
                 AND artifact.name IN ('public/chainOfTrust.json.asc', 'public/chain-of-trust.json')),
                 CASE WHEN status IS NULL OR status_problem IS NOT NULL THEN NULL
                 ELSE EXISTS (SELECT 1 FROM run WHERE run.task = task.id AND run.started IS NOT NULL) END,
                 parent_task_id, task_group_id FROM task WHERE snapshot = ?1 ORDER BY task_id",
            )?;
            let maker = |row: &Row<'_>, column: usize| {
                let text = row.get::<_, Option<String>>(column)?;
                Ok::<_, rusqlite::Error>(text.and_then(|maker| maker.parse::<TaskId>().ok()))
            };
            let rows = statement.query_map([snapshot], |row| {
                Ok(TaskSummary {
                    task_id: row.get(0)?,
                    definition: row.get(1)?,
                    attested: row.get(2)?,
                    has_run: row.get(3)?,
                    makers: [maker(row, 4)?, maker(row, 5)?],
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// What a snapshot holds of a task.
    pub fn task_evidence(&self, snapshot: i64, task_id: &TaskId) -> Result<Option<TaskEvidence>, StoreError> {
        self.reading(|conn| {
            let sql = format!("{HEAD} WHERE snapshot = ?1 AND task_id = ?2");
            let head = conn.prepare_cached(&sql)?.query_row(params![snapshot, task_id], head).optional()?;
            let Some((task, mut evidence)) = head else { return Ok(None) };
            evidence.runs = rows(conn, &format!("{RUN} WHERE task = ?1 ORDER BY ordinal"), task, run)?;
            evidence.listed_runs = rows(conn, &format!("{LISTING} AND task = ?1 ORDER BY run_id"), task, listed_run)?;
            let artifacts: Vec<_> = rows(conn, &format!("{ARTIFACT} WHERE task = ?1"), task, artifact)?;
            evidence.artifacts = artifacts.into_iter().collect();
            evidence.denials = rows(conn, &format!("{DENIAL} WHERE task = ?1 ORDER BY ordinal"), task, denial)?;
            Ok(Some(evidence))
        })
    }

    /// The same of all tasks of a snapshot, in few steps.
    pub fn evidence_of_all(&self, snapshot: i64) -> Result<Vec<TaskEvidence>, StoreError> {
        self.reading(|conn| {
            let heads: Vec<_> = rows(conn, &format!("{HEAD} WHERE snapshot = ?1 ORDER BY task.id"), snapshot, head)?;
            let mut found = OfAll { places: BTreeMap::new(), all: Vec::with_capacity(heads.len()) };
            for (task, evidence) in heads {
                found.places.insert(task, found.all.len());
                found.all.push(evidence);
            }
            let of = |select: &str, order: &str| {
                let joint = if select.contains(" WHERE ") { "AND" } else { "WHERE" };
                format!("{select} {joint} task IN (SELECT id FROM task WHERE snapshot = ?1) ORDER BY task, {order}")
            };
            found.each(conn, &of(RUN, "ordinal"), snapshot, run, |evidence, run| evidence.runs.push(run))?;
            found.each(conn, &of(LISTING, "run_id"), snapshot, listed_run, |evidence, run_id| {
                evidence.listed_runs.push(run_id);
            })?;
            found.each(conn, &of(ARTIFACT, "run_id, name"), snapshot, artifact, |evidence, (key, record)| {
                evidence.artifacts.insert(key, record);
            })?;
            found.each(conn, &of(DENIAL, "ordinal"), snapshot, denial, |evidence, denial| {
                evidence.denials.push(denial);
            })?;
            Ok(found.all)
        })
    }

    /// The path of the capture and the size of an artifact's bytes, for showing where they came from.
    pub fn artifact_digest(
        &self,
        snapshot: i64,
        task_id: &TaskId,
        run_id: u32,
        name: &str,
    ) -> Result<Option<Digest>, StoreError> {
        self.reading(|conn| {
            let digest = conn
                .prepare_cached(
                    "SELECT artifact.sha256 FROM artifact JOIN task ON task.id = artifact.task
                     WHERE task.snapshot = ?1 AND task.task_id = ?2 AND artifact.run_id = ?3 AND artifact.name = ?4",
                )?
                .query_row(params![snapshot, task_id, run_id, name], |row| row.get(0))
                .optional()?;
            Ok(digest.flatten())
        })
    }
}

/// The evidence of all tasks of a snapshot, in the making.
struct OfAll {
    /// Where a task stands in the list, by its row.
    places: BTreeMap<i64, usize>,
    all: Vec<TaskEvidence>,
}

impl OfAll {
    fn each<T>(
        &mut self,
        conn: &Connection,
        sql: &str,
        snapshot: i64,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
        add: impl Fn(&mut TaskEvidence, T),
    ) -> Result<(), StoreError> {
        let mut statement = conn.prepare_cached(sql)?;
        let rows = statement.query_map([snapshot], |row| Ok((row.get::<_, i64>("task")?, read(row)?)))?;
        for row in rows {
            let (task, value) = row?;
            if let Some(place) = self.places.get(&task) {
                add(&mut self.all[*place], value);
            }
        }
        Ok(())
    }
}

fn rows<T>(
    conn: &Connection,
    sql: &str,
    of: i64,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([of], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const HEAD: &str =
    "SELECT task.id, task_id, definition, status, status_problem, expires, snapshot.captured_at, run_basis
    FROM task JOIN snapshot ON snapshot.id = task.snapshot";

/// A task's row, and what it says.
fn head(row: &Row<'_>) -> rusqlite::Result<(i64, TaskEvidence)> {
    let evidence = TaskEvidence {
        task_id: row.get(1)?,
        definition: row.get(2)?,
        status: row.get(3)?,
        status_problem: row.get(4)?,
        expires: moment(row, 5)?,
        captured_at: moment(row, 6)?,
        run_is_claimed: row.get::<_, String>(7)? == "attestation",
        runs: Vec::new(),
        listed_runs: Vec::new(),
        artifacts: FewMap::new(),
        denials: Vec::new(),
        conflicts: Vec::new(),
    };
    Ok((row.get(0)?, evidence))
}

const RUN: &str =
    "SELECT run_id, state, reason_created, reason_resolved, worker_group, worker_id, started, resolved, task
    FROM run";

fn run(row: &Row<'_>) -> rusqlite::Result<Run> {
    Ok(Run {
        run_id: row.get(0)?,
        state: row.get(1)?,
        reason_created: row.get(2)?,
        reason_resolved: row.get(3)?,
        worker_group: row.get(4)?,
        worker_id: row.get(5)?,
        started: moment(row, 6)?,
        resolved: moment(row, 7)?,
    })
}

const LISTING: &str = "SELECT run_id, task FROM listing WHERE problem IS NULL";

fn listed_run(row: &Row<'_>) -> rusqlite::Result<u32> {
    row.get(0)
}

const ARTIFACT: &str = "SELECT run_id, name, sha256, sha512, size, listed, expires, storage_type, task FROM artifact";

fn artifact(row: &Row<'_>) -> rusqlite::Result<((u32, String), ArtifactRecord)> {
    let size: Option<i64> = row.get(4)?;
    let record = ArtifactRecord {
        sha256: row.get(2)?,
        sha512: row.get::<_, Option<Vec<u8>>>(3)?.map(|bytes| faster_hex::hex_string(&bytes)),
        size: size.and_then(|size| u64::try_from(size).ok()),
        listed: row.get(5)?,
        expires: moment(row, 6)?,
        storage_type: row.get(7)?,
    };
    Ok(((row.get(0)?, row.get(1)?), record))
}

const DENIAL: &str = "SELECT what, run_id, name, at, http_status, task FROM denial";

fn denial(row: &Row<'_>) -> rusqlite::Result<Denial> {
    Ok(Denial {
        what: row.get(0)?,
        run_id: row.get(1)?,
        name: row.get(2)?,
        at: moment(row, 3)?,
        http_status: row.get(4)?,
    })
}

/// A captured time; one that can't be read counts as not stated.
fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Moment>> {
    Ok(row.get::<_, Option<String>>(column)?.and_then(|text| text.parse().ok()))
}
