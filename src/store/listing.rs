//! What lists show of tasks, and what the last replay came to: read in passing, before anything is examined.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use rusqlite::{OptionalExtension, Row, params};

use super::{Case, StoreError};
use crate::model::{Moment, TaskId};

/// A task as the newest snapshot that has it tells it, and its latest run. All texts are captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskListRow {
    /// The task.
    pub task_id: TaskId,
    /// `tags.label`.
    pub label: Option<String>,
    /// `metadata.name`.
    pub name: Option<String>,
    /// `tags.kind`.
    pub kind: Option<String>,
    /// `provisionerId`, `/` and `workerType`.
    pub pool: Option<String>,
    /// `metadata.source`.
    pub source: Option<String>,
    /// The state in its status.
    pub state: Option<String>,
    /// `created`.
    pub created: Option<Moment>,
    /// The worker of the latest run.
    pub worker: Option<String>,
    /// When the latest run started.
    pub started: Option<Moment>,
}

/// What the last replay of all targets came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReplay {
    /// By which rules.
    pub rules: String,
    /// `then`, or the moment that was asked for.
    pub as_of: String,
    /// When it was asked first.
    pub replayed_at: String,
    /// Whether the case holds the same snapshots now.
    pub is_current: bool,
    /// How many targets came to each verdict, by its word.
    pub verdicts: BTreeMap<String, u64>,
    /// How many findings of each severity it told, by its word.
    pub findings: BTreeMap<String, u64>,
    /// How many gaps.
    pub gaps: u64,
}

/// The newest row of each task: SQLite takes the other columns from the row with the maximum.
const TASKS: &str = "SELECT task.task_id, task.label, task.name, task.kind,
    task.provisioner_id || '/' || task.worker_type AS pool, task.source, task.state, task.created,
    (SELECT worker_id FROM run WHERE run.task = task.id ORDER BY ordinal DESC LIMIT 1) AS worker,
    (SELECT started FROM run WHERE run.task = task.id ORDER BY ordinal DESC LIMIT 1) AS started,
    max(task.snapshot) FROM task GROUP BY task.task_id";

impl Case {
    /// Tells the tasks of all snapshots, ordered by id, until the sink has enough.
    pub fn task_list(&self, sink: &mut dyn FnMut(TaskListRow) -> ControlFlow<()>) -> Result<(), StoreError> {
        self.reading(|conn| {
            let mut statement = conn.prepare_cached(TASKS)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                if sink(task(row)?).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    /// How many tasks its snapshots have, each once.
    pub fn task_count(&self) -> Result<u64, StoreError> {
        self.reading(|conn| {
            let count: i64 = conn.query_row("SELECT count(DISTINCT task_id) FROM task", [], |row| row.get(0))?;
            Ok(count.cast_unsigned())
        })
    }

    /// What the last question came to that was asked of the most targets; `None` where none was asked.
    pub fn last_replay(&self) -> Result<Option<StoredReplay>, StoreError> {
        let content_id = self.content_id()?;
        self.reading(|conn| {
            let found = conn
                .query_row(
                    "SELECT id, rules, as_of, replayed_at, content_id = ?1 FROM replay
                     ORDER BY content_id = ?1 DESC,
                     (SELECT count(*) FROM verdict WHERE verdict.replay = replay.id) DESC, id DESC LIMIT 1",
                    [content_id],
                    |row| {
                        let stored = StoredReplay {
                            rules: row.get(1)?,
                            as_of: row.get(2)?,
                            replayed_at: row.get(3)?,
                            is_current: row.get(4)?,
                            verdicts: BTreeMap::new(),
                            findings: BTreeMap::new(),
                            gaps: 0,
                        };
                        Ok((row.get::<_, i64>(0)?, stored))
                    },
                )
                .optional()?;
            let Some((id, mut stored)) = found else { return Ok(None) };
            let counts = |sql: &str| -> Result<BTreeMap<String, u64>, StoreError> {
                let mut statement = conn.prepare(sql)?;
                let rows = statement.query_map(params![id], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
                let counted = rows.map(|row| row.map(|(word, count)| (word, count.cast_unsigned())));
                Ok(counted.collect::<Result<_, _>>()?)
            };
            stored.verdicts = counts("SELECT verdict, count(*) FROM verdict WHERE replay = ?1 GROUP BY verdict")?;
            stored.findings = counts("SELECT severity, count(*) FROM finding WHERE replay = ?1 GROUP BY severity")?;
            stored.gaps = counts("SELECT 'gap', count(*) FROM gap WHERE replay = ?1")?.into_values().sum();
            Ok(Some(stored))
        })
    }
}

fn task(row: &Row<'_>) -> rusqlite::Result<TaskListRow> {
    // A moment that can't be read is none: the definition's own check tells of it.
    let moment = |column: usize| {
        let text: Option<String> = row.get(column)?;
        Ok::<_, rusqlite::Error>(text.and_then(|text| text.parse().ok()))
    };
    Ok(TaskListRow {
        task_id: row.get(0)?,
        label: row.get(1)?,
        name: row.get(2)?,
        kind: row.get(3)?,
        pool: row.get(4)?,
        source: row.get(5)?,
        state: row.get(6)?,
        created: moment(7)?,
        worker: row.get(8)?,
        started: moment(9)?,
    })
}
