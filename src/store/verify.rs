//! Verifying a case file: that it still is what was imported.

use rusqlite::params;

use super::{Case, LoggedEntry, StoreError, rows};
use crate::model::Digest;

/// The most damages that SQLite's own check reports.
const SQLITE_DAMAGES_MAX: u32 = 100;

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// What it hit: `blob`, `task`, `snapshot`, `log`, `acceptance`, `fact`, `file`.
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

impl Case {
    /// Checks the whole file: SQLite's own structure, every blob against its digest, the rows of every task and snapshot
    /// against theirs, and the chain of the custody log. Facts are for [`crate::replay`] to make again.
    pub fn verify(&self) -> Result<Vec<Damage>, StoreError> {
        let mut damages = self.verify_structure()?;
        self.verify_blobs(&mut damages)?;
        self.verify_rows(&mut damages)?;
        self.verify_log(&mut damages)?;
        Ok(damages)
    }

    fn verify_structure(&self) -> Result<Vec<Damage>, StoreError> {
        let mut statement = self.conn.prepare(&format!("PRAGMA integrity_check({SQLITE_DAMAGES_MAX})"))?;
        let told = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
        let damage = |message: String| Damage { kind: "file", name: self.path().display().to_string(), message };
        Ok(told.into_iter().filter(|message| message != "ok").map(damage).collect())
    }

    fn verify_blobs(&self, damages: &mut Vec<Damage>) -> Result<(), StoreError> {
        // In the order of the packs, so that each is decompressed once.
        let mut statement = self.conn.prepare("SELECT sha256 FROM blob ORDER BY pack, start")?;
        let digests = statement.query_map([], |row| row.get::<_, Digest>(0))?;
        for digest in digests {
            let digest = digest?;
            match self.read_blob(&digest, &mut |_| Ok(())) {
                Ok(()) => {}
                Err(StoreError::Damaged(message)) => {
                    damages.push(Damage { kind: "blob", name: digest.to_string(), message });
                }
                Err(error) => return Err(error),
            }
        }
        self.verify_presence(damages)
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
        for digest in statement.query_map([], |row| row.get::<_, Digest>(0))? {
            let message = "its bytes are missing".to_owned();
            damages.push(Damage { kind: "blob", name: digest?.to_string(), message });
        }
        let told = self.log()?.into_iter().filter(|logged| logged.entry.action == "import");
        let told = told.filter_map(|logged| serde_json::from_str::<serde_json::Value>(&logged.entry.detail).ok());
        let told: u64 = told.filter_map(|detail| detail["documentsKept"].as_u64()).sum();
        let (held, _) = self.held()?;
        if held != told {
            let message = format!("there are {held}, the log tells of {told}");
            damages.push(Damage { kind: "blob", name: "all documents".to_owned(), message });
        }
        Ok(())
    }

    fn verify_rows(&self, damages: &mut Vec<Damage>) -> Result<(), StoreError> {
        let mut statement = self.conn.prepare("SELECT id, digest, rows FROM snapshot ORDER BY id")?;
        let snapshots: Vec<(i64, Digest, Digest)> =
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<Result<_, _>>()?;
        for (id, digest, stated) in snapshots {
            let mut tasks = self.conn.prepare_cached("SELECT id, task_id, rows FROM task WHERE snapshot = ?1")?;
            let tasks: Vec<(i64, String, Option<Digest>)> = tasks
                .query_map(params![id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect::<Result<_, _>>()?;
            for (task, task_id, stated) in tasks {
                if Some(rows::of_task(&self.conn, task)?) != stated {
                    let message = "its rows are not those that were imported".to_owned();
                    damages.push(Damage { kind: "task", name: task_id, message });
                }
            }
            if rows::of_snapshot(&self.conn, id)? != stated {
                let message =
                    "its rows (sources, keys, files, or the set of its tasks) are not those that were imported";
                damages.push(Damage { kind: "snapshot", name: digest.to_string(), message: message.to_owned() });
            }
        }
        let orphans: i64 = self.conn.query_row(
            "SELECT count(*) FROM task WHERE snapshot NOT IN (SELECT id FROM snapshot)",
            [],
            |row| row.get(0),
        )?;
        if orphans > 0 {
            let message = format!("{orphans} tasks belong to no snapshot");
            damages.push(Damage { kind: "snapshot", name: "missing".to_owned(), message });
        }
        Ok(())
    }

    fn verify_log(&self, damages: &mut Vec<Damage>) -> Result<(), StoreError> {
        let entries = self.log()?;
        let mut previous = Digest::new([0; 32]);
        for (number, logged) in (1..).zip(&entries) {
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
        }
        self.verify_told(&entries, damages)
    }

    /// Snapshots and acceptances must be those of which the log tells.
    fn verify_told(&self, entries: &[LoggedEntry], damages: &mut Vec<Damage>) -> Result<(), StoreError> {
        let mut statement = self.conn.prepare(
            "SELECT snapshot.digest, acceptance.operator, acceptance.accepted_at FROM snapshot
             LEFT JOIN acceptance ON acceptance.snapshot = snapshot.id",
        )?;
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, Digest>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, Option<String>>(2)?))
        })?;
        for row in rows {
            let (digest, operator, accepted_at) = row?;
            let told = |action: &str| {
                let of_action = entries.iter().filter(move |logged| logged.entry.action == action);
                of_action.filter(|logged| logged.entry.detail.contains(&digest.to_string())).collect::<Vec<_>>()
            };
            let name = digest.to_string();
            if told("import").is_empty() {
                let message = "the log does not tell of its import".to_owned();
                damages.push(Damage { kind: "snapshot", name: name.clone(), message });
            }
            let accepted = told("accept-keys");
            let fits = match (&operator, &accepted_at) {
                (Some(operator), Some(at)) => accepted.iter().any(|logged| {
                    logged.entry.at == *at
                        && serde_json::from_str::<serde_json::Value>(&logged.entry.detail)
                            .is_ok_and(|detail| detail["acceptedBy"] == **operator)
                }),
                _ => accepted.is_empty(),
            };
            if !fits {
                let message = "who accepted its keys, and when, is not what the log tells".to_owned();
                damages.push(Damage { kind: "acceptance", name, message });
            }
        }
        Ok(())
    }

    /// Number and bytes of the documents whose contents the case holds.
    pub fn held(&self) -> Result<(u64, u64), StoreError> {
        let (count, size): (i64, Option<i64>) =
            self.conn.query_row("SELECT count(*), sum(size) FROM blob", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok((count.unsigned_abs(), size.unwrap_or(0).unsigned_abs()))
    }

    /// What the case holds.
    pub fn info(&self) -> Result<CaseInfo, StoreError> {
        let count = |sql: &str| -> Result<u64, StoreError> {
            let value: Option<i64> = self.conn.query_row(sql, [], |row| row.get(0))?;
            Ok(u64::try_from(value.unwrap_or(0)).unwrap_or(0))
        };
        let mut statement = self.conn.prepare(
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
    }
}
