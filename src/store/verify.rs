//! Verifying a case file: that it still is what was imported.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::types::FromSql;
use rusqlite::{Row, params};

use super::{Case, LoggedEntry, StoreError, readable, rows};
use crate::model::Digest;

/// The most damages that SQLite's own check reports.
const SQLITE_DAMAGES_MAX: u32 = 100;

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// What it hit: `blob`, `index`, `task`, `snapshot`, `log`, `acceptance`, `note`, `fact`; a `row` or `table` that can't be read; `file`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// What is wrong.
    pub message: String,
}

/// What a case holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseInfo {
    /// The content id.
    pub content_id: Digest,
    /// Snapshots: digest, root URL, capture path, time of import, operator, who accepted its keys.
    pub snapshots: Vec<SnapshotSummary>,
    /// Documents, and their bytes before compression.
    pub blobs: (u64, u64),
    /// Bytes of the packs.
    pub packed: u64,
    /// Facts.
    pub facts: u64,
    /// Replays whose verdicts are kept.
    pub replays: u64,
    /// The digest of the last entry of the custody log: note it elsewhere, and a shortened log can be told.
    pub log_head: Option<(i64, Digest)>,
}

/// A snapshot in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotSummary {
    /// Its digest.
    pub digest: Digest,
    /// The deployment.
    pub root_url: Option<String>,
    /// Where the capture lay.
    pub capture_path: String,
    /// When it was imported.
    pub imported_at: String,
    /// By whom.
    pub operator: Option<String>,
    /// Who accepted its keys.
    pub keys_accepted_by: Option<String>,
    /// Tasks in it.
    pub tasks: u64,
    /// Artifacts in it.
    pub artifacts: u64,
}

/// Rows that belong to nothing: what digests of tasks and snapshots don't cover.
const STRAYS: [(&str, &str, &str); 3] = [
    (
        "snapshot",
        "tasks, sources, keys or files belong to no snapshot",
        "SELECT count(*) FROM (SELECT snapshot FROM task UNION ALL SELECT snapshot FROM source
         UNION ALL SELECT snapshot FROM key UNION ALL SELECT snapshot FROM file)
         WHERE snapshot NOT IN (SELECT id FROM snapshot)",
    ),
    (
        "acceptance",
        "acceptances belong to no snapshot",
        "SELECT count(*) FROM acceptance WHERE snapshot NOT IN (SELECT id FROM snapshot)",
    ),
    (
        "task",
        "runs, artifacts, listings or denials belong to no task",
        "SELECT count(*) FROM (SELECT task FROM run UNION ALL SELECT task FROM artifact UNION ALL SELECT task FROM listing
         UNION ALL SELECT task FROM denial) WHERE task NOT IN (SELECT id FROM task)",
    ),
];

/// What the custody log tells of snapshots, by their digests.
struct Told {
    imported: BTreeSet<String>,
    /// Operator, moment and version of each acceptance.
    accepted: BTreeMap<String, Vec<Vec<String>>>,
}

impl Told {
    fn of(entries: &[LoggedEntry]) -> Self {
        let mut told = Self { imported: BTreeSet::new(), accepted: BTreeMap::new() };
        for LoggedEntry { entry, .. } in entries {
            let detail = serde_json::from_str::<serde_json::Value>(&entry.detail).unwrap_or_default();
            let Some(snapshot) = detail["snapshot"].as_str() else { continue };
            match entry.action.as_str() {
                "import" => drop(told.imported.insert(snapshot.to_owned())),
                "accept-keys" => {
                    let by = detail["acceptedBy"].as_str().unwrap_or_default().to_owned();
                    let accepted = vec![by, entry.at.clone(), entry.cotrace_version.clone()];
                    told.accepted.entry(snapshot.to_owned()).or_default().push(accepted);
                }
                _ => {}
            }
        }
        told
    }
}

/// A value, unless it can't be read: then it has been told already.
fn legible<T: FromSql>(row: &Row<'_>, column: usize) -> Result<Option<T>, StoreError> {
    match row.get(column) {
        Ok(value) => Ok(Some(value)),
        Err(error) if readable::is_unreadable(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Case {
    /// Checks the whole file: SQLite's own structure, whether every row can be read, every blob against its digest, the
    /// rows of every task and snapshot against theirs, and the chain of the custody log. What can't be read is told and
    /// passed over. Facts are for [`crate::replay`] to make again.
    pub fn verify(&self) -> Result<Vec<Damage>, StoreError> {
        let mut damages = Vec::new();
        self.attempt("its structure", &mut damages, Self::verify_structure)?;
        readable::scan(&self.conn, &mut |damage| {
            damages.push(damage);
            true
        });
        self.attempt("blobs", &mut damages, Self::verify_blobs)?;
        self.attempt("the presence of blobs", &mut damages, Self::verify_presence)?;
        self.attempt("indexes", &mut damages, Self::verify_indexes)?;
        self.attempt("rows", &mut damages, Self::verify_rows)?;
        self.attempt("the log", &mut damages, Self::verify_log)?;
        self.attempt("notes", &mut damages, Self::verify_notes)?;
        Ok(damages)
    }

    /// Makes one check. Where damage keeps it from its end, that is a damage too, and the other checks go on.
    fn attempt(
        &self,
        what: &str,
        damages: &mut Vec<Damage>,
        check: impl FnOnce(&Self, &mut Vec<Damage>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        match check(self, damages).map_err(|error| error.of(self.path())) {
            Ok(()) => Ok(()),
            Err(error @ (StoreError::Damaged(_) | StoreError::Sqlite(_) | StoreError::Io(_))) => {
                let message = format!("{what} can't be checked to the end: {error}");
                damages.push(Damage { kind: "file", name: self.path().display().to_string(), message });
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn verify_structure(&self, damages: &mut Vec<Damage>) -> Result<(), StoreError> {
        let mut statement = self.conn.prepare(&format!("PRAGMA integrity_check({SQLITE_DAMAGES_MAX})"))?;
        for message in statement.query_map([], |row| row.get::<_, String>(0))? {
            let message = message?;
            if message != "ok" {
                damages.push(Damage { kind: "file", name: self.path().display().to_string(), message });
            }
        }
        Ok(())
    }

    fn verify_blobs(&self, damages: &mut Vec<Damage>) -> Result<(), StoreError> {
        // In the order of the packs, so that each is decompressed once.
        let mut statement = self.conn.prepare("SELECT sha256 FROM blob ORDER BY pack, start")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let Some(digest) = legible::<Digest>(row, 0)? else { continue };
            let message = match self.read_blob(&digest, &mut |_| Ok(())) {
                Ok(()) => continue,
                Err(StoreError::Damaged(message)) => message,
                Err(StoreError::Sqlite(error)) => format!("it can't be read: {error}"),
                Err(error) => return Err(error),
            };
            damages.push(Damage { kind: "blob", name: digest.to_string(), message });
        }
        Ok(())
    }

    /// Documents that every import keeps must be there, and as many documents as the log tells of.
    fn verify_presence(&self, damages: &mut Vec<Damage>) -> Result<(), StoreError> {
        let mut statement = self.conn.prepare(
            "WITH kept (digest) AS (
                 SELECT definition FROM task UNION SELECT status FROM task UNION SELECT sha256 FROM listing
                 UNION SELECT file FROM key UNION SELECT sha256 FROM source
                 UNION SELECT sha256 FROM file WHERE disposition = 'evidence'
             )
             SELECT digest FROM kept
             WHERE digest IS NOT NULL AND NOT EXISTS (SELECT 1 FROM blob WHERE blob.sha256 = digest) ORDER BY digest",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let Some(digest) = legible::<Digest>(row, 0)? else { continue };
            let message = "its bytes are missing".to_owned();
            damages.push(Damage { kind: "blob", name: digest.to_string(), message });
        }
        let log = self.legible_log()?;
        let told = log.iter().filter(|logged| logged.entry.action == "import");
        let told = told.filter_map(|logged| serde_json::from_str::<serde_json::Value>(&logged.entry.detail).ok());
        let told = told.filter_map(|detail| detail["documentsKept"].as_u64()).fold(0, u64::saturating_add);
        let held: i64 = self.conn.query_row("SELECT count(*) FROM blob", [], |row| row.get(0))?;
        if held.unsigned_abs() != told {
            let message = format!("there are {held}, the log tells of {told}");
            damages.push(Damage { kind: "blob", name: "all documents".to_owned(), message });
        }
        Ok(())
    }

    fn verify_rows(&self, damages: &mut Vec<Damage>) -> Result<(), StoreError> {
        let mut statement = self.conn.prepare("SELECT id, digest, rows FROM snapshot ORDER BY id")?;
        let mut snapshots = statement.query([])?;
        while let Some(row) = snapshots.next()? {
            let id: i64 = row.get(0)?;
            self.verify_tasks(id, damages)?;
            if Some(rows::of_snapshot(&self.conn, id)?) != legible::<Digest>(row, 2)? {
                let name =
                    legible::<Digest>(row, 1)?.map_or_else(|| format!("of row {id}"), |digest| digest.to_string());
                let message =
                    "its rows (sources, keys, files, or the set of its tasks) are not those that were imported";
                damages.push(Damage { kind: "snapshot", name, message: message.to_owned() });
            }
        }
        for (kind, what, sql) in STRAYS {
            let strays: i64 = self.conn.query_row(sql, [], |row| row.get(0))?;
            if strays > 0 {
                let message = format!("{strays} {what}");
                damages.push(Damage { kind, name: "missing".to_owned(), message });
            }
        }
        Ok(())
    }

    fn verify_tasks(&self, snapshot: i64, damages: &mut Vec<Damage>) -> Result<(), StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT id, task_id, rows FROM task WHERE snapshot = ?1")?;
        let mut tasks = statement.query(params![snapshot])?;
        while let Some(row) = tasks.next()? {
            let id: i64 = row.get(0)?;
            if Some(rows::of_task(&self.conn, id)?) != legible::<Digest>(row, 2)? {
                let name = legible::<String>(row, 1)?.unwrap_or_else(|| format!("of row {id}"));
                let message = "its rows are not those that were imported".to_owned();
                damages.push(Damage { kind: "task", name, message });
            }
        }
        Ok(())
    }

    fn verify_log(&self, damages: &mut Vec<Damage>) -> Result<(), StoreError> {
        let entries = self.legible_log()?;
        let (mut previous, mut number) = (Digest::new([0; 32]), 1);
        for logged in &entries {
            let mut tell = |message: &str| {
                damages.push(Damage {
                    kind: "log",
                    name: format!("entry {}", logged.sequence),
                    message: message.to_owned(),
                });
            };
            if logged.sequence != number {
                tell("an entry before it is missing");
            }
            if logged.previous != previous {
                tell("it does not follow the entry before it");
            }
            if LoggedEntry::expected(logged.sequence, &logged.entry, &logged.previous) != logged.digest {
                tell("it is not what was written");
            }
            previous = logged.digest;
            number = logged.sequence.saturating_add(1);
        }
        self.verify_told(&entries, damages)
    }

    /// Snapshots and acceptances must be those of which the log tells, and the other way round.
    fn verify_told(&self, entries: &[LoggedEntry], damages: &mut Vec<Damage>) -> Result<(), StoreError> {
        let mut told = Told::of(entries);
        let mut statement = self.conn.prepare(
            "SELECT snapshot.digest, acceptance.operator, acceptance.accepted_at, acceptance.cotrace_version
             FROM snapshot LEFT JOIN acceptance ON acceptance.snapshot = snapshot.id",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let Some(digest) = legible::<Digest>(row, 0)? else { continue };
            let name = digest.to_string();
            if !told.imported.remove(&name) {
                let message = "the log does not tell of its import".to_owned();
                damages.push(Damage { kind: "snapshot", name: name.clone(), message });
            }
            let mut stated = [const { None }; 3];
            for (at, stated) in stated.iter_mut().enumerate() {
                *stated = legible::<Option<String>>(row, at + 1)?.flatten();
            }
            let stated = stated.into_iter().collect::<Option<Vec<_>>>();
            let fits = match (stated, told.accepted.get(&name)) {
                (Some(stated), Some(accepted)) => accepted.contains(&stated),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            if !fits {
                let message = "who accepted its keys, and when, is not what the log tells".to_owned();
                damages.push(Damage { kind: "acceptance", name, message });
            }
        }
        for name in told.imported {
            let message = "the log tells of its import, and it is not there".to_owned();
            damages.push(Damage { kind: "snapshot", name, message });
        }
        Ok(())
    }

    /// Number and bytes of the documents whose contents the case holds.
    pub fn held(&self) -> Result<(u64, u64), StoreError> {
        self.reading(|conn| {
            // Sizes of a hostile file may come to more than an integer holds: `sum` would fail, `total` does not.
            let sql = "SELECT count(*), total(size) FROM blob";
            let (count, size): (i64, f64) = conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok((count.unsigned_abs(), size as u64))
        })
    }

    /// What the case holds.
    pub fn info(&self) -> Result<CaseInfo, StoreError> {
        self.reading(|conn| {
            let count = |sql: &str| -> Result<u64, StoreError> {
                let value: Option<i64> = conn.query_row(sql, [], |row| row.get(0))?;
                Ok(u64::try_from(value.unwrap_or(0)).unwrap_or(0))
            };
            let mut statement = conn.prepare(
                "SELECT snapshot.digest, snapshot.root_url, snapshot.capture_path, snapshot.imported_at, snapshot.operator,
                 acceptance.operator, (SELECT count(*) FROM task WHERE task.snapshot = snapshot.id),
                 (SELECT count(*) FROM artifact JOIN task ON task.id = artifact.task WHERE task.snapshot = snapshot.id)
                 FROM snapshot LEFT JOIN acceptance ON acceptance.snapshot = snapshot.id ORDER BY snapshot.id",
            )?;
            let snapshots = statement.query_map([], |row| {
                let count = |column| row.get::<_, i64>(column).map(|count| u64::try_from(count).unwrap_or(0));
                Ok(SnapshotSummary {
                    digest: row.get(0)?,
                    root_url: row.get(1)?,
                    capture_path: row.get(2)?,
                    imported_at: row.get(3)?,
                    operator: row.get(4)?,
                    keys_accepted_by: row.get(5)?,
                    tasks: count(6)?,
                    artifacts: count(7)?,
                })
            })?;
            Ok(CaseInfo {
                content_id: self.content_id()?,
                snapshots: snapshots.collect::<Result<_, _>>()?,
                blobs: self.held()?,
                packed: count("SELECT sum(length(content)) FROM pack")?,
                facts: count("SELECT count(*) FROM fact")?,
                replays: count("SELECT count(*) FROM replay")?,
                log_head: self.log()?.last().map(|logged| (logged.sequence, logged.digest)),
            })
        })
    }
}
