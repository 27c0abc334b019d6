//! What lists show of tasks, and what the last replay came to: read in passing, before anything is examined.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use rusqlite::{Connection, Row};

use super::{Case, StoreError};
use crate::model::{Moment, TaskId, Verdict};

/// A task as a snapshot tells it, and its latest run. All texts are captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskListRow<'a> {
    /// The task.
    pub task_id: TaskId,
    /// The snapshot; a later import has a higher number.
    pub snapshot: i64,
    /// `tags.label`.
    pub label: Option<&'a str>,
    /// `metadata.name`.
    pub name: Option<&'a str>,
    /// `tags.kind`.
    pub kind: Option<&'a str>,
    /// `provisionerId`, `/` and `workerType`.
    pub pool: Option<&'a str>,
    /// `metadata.source`.
    pub source: Option<&'a str>,
    /// The state in its status.
    pub state: Option<&'a str>,
    /// `created`.
    pub created: Option<Moment>,
    /// The worker of the latest run.
    pub worker: Option<&'a str>,
    /// When the latest run started.
    pub started: Option<Moment>,
}

/// What the last replay of all targets came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReplay {
    /// Whether the case holds the same snapshots now.
    pub is_current: bool,
    /// How many targets came to each verdict, by its word.
    pub verdicts: BTreeMap<String, u64>,
}

/// Who takes the tasks of a list, until it has enough.
pub type TaskSink<'a> = &'a mut dyn FnMut(TaskListRow<'_>) -> ControlFlow<()>;

/// How many tasks are read before others can write again.
const READ_AT_ONCE: usize = 32_768;

/// What a list tells of a task, but for its run.
const COLUMNS: &str = "task.id, task.task_id, task.snapshot, task.label, task.name, task.kind,
    task.provisioner_id || '/' || task.worker_type, task.source, task.state, task.created";

impl Case {
    /// Tells the first tasks of the case by their ids, each of every snapshot that has it: soon, however many there are.
    pub fn first_tasks(&self, limit: u32, sink: TaskSink<'_>) -> Result<(), StoreError> {
        self.reading(|conn| {
            let sql = format!("SELECT {COLUMNS} FROM task ORDER BY task.task_id, task.snapshot LIMIT ?1");
            let mut tasks = conn.prepare(&sql)?;
            let mut runs =
                conn.prepare("SELECT task, worker_id, started FROM run WHERE task = ?1 ORDER BY ordinal DESC LIMIT 1")?;
            let mut rows = tasks.query([limit])?;
            while let Some(row) = rows.next()? {
                let mut latest = Latest::default();
                if let Some(run) = runs.query([row.get::<_, i64>(0)?])?.next()? {
                    latest.take(run)?;
                }
                if sink(task(row, &latest)?).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Tells the tasks of all snapshots, each of every snapshot that has it, in the order in which they were written: tasks
    /// and runs are read from beginning to end, side by side. Others can write in between.
    pub fn all_tasks(&self, sink: TaskSink<'_>) -> Result<(), StoreError> {
        let mut after = Some(0);
        while let Some(number) = after {
            after = self.reading(|conn| some_tasks(conn, number, sink))?;
        }
        Ok(())
    }

    /// How many tasks its snapshots have, each once.
    pub fn task_count(&self) -> Result<u64, StoreError> {
        self.reading(|conn| {
            let count: i64 = conn.query_row("SELECT count(DISTINCT task_id) FROM task", [], |row| row.get(0))?;
            Ok(count.cast_unsigned())
        })
    }

    /// What the last question came to that was asked of the most targets; `None` where none was asked. Those that were asked
    /// of the same snapshots as there are now come first.
    pub fn last_replay(&self) -> Result<Option<StoredReplay>, StoreError> {
        let content_id = self.content_id()?;
        self.reading(|conn| {
            let mut replays = conn.prepare(
                "SELECT id, content_id = ?1 FROM replay ORDER BY content_id = ?1 DESC, id DESC",
            )?;
            let mut rows = replays.query([content_id])?;
            // One pass over its verdicts, and no sorting: there can be a million of them.
            let mut verdicts = conn.prepare(
                "SELECT count(*), total(verdict = 'verified'), total(verdict = 'refuted') FROM verdict WHERE replay = ?1",
            )?;
            let mut last: Option<(u64, StoredReplay)> = None;
            while let Some(row) = rows.next()? {
                let is_current: bool = row.get(1)?;
                if !is_current && last.as_ref().is_some_and(|(_, stored)| stored.is_current) {
                    break;
                }
                let [all, verified, refuted] = verdicts.query_row([row.get::<_, i64>(0)?], |row| {
                    // Counts are small enough to be exact as floating-point numbers.
                    let total = |column| Ok::<_, rusqlite::Error>(row.get::<_, f64>(column)? as u64);
                    Ok([row.get::<_, i64>(0)?.cast_unsigned(), total(1)?, total(2)?])
                })?;
                if last.as_ref().is_some_and(|(most, _)| all <= *most) {
                    continue;
                }
                let undetermined = all.saturating_sub(verified).saturating_sub(refuted);
                let words = [Verdict::Verified, Verdict::Refuted, Verdict::Undetermined].map(Verdict::word);
                let counts = words.into_iter().map(str::to_owned).zip([verified, refuted, undetermined]);
                let stored = StoredReplay {
                    is_current,
                    verdicts: counts.filter(|(_, count)| *count > 0).collect(),
                };
                last = Some((all, stored));
            }
            Ok(last.map(|(_, stored)| stored))
        })
    }
}

/// Tells some tasks that come after one, and the number of the last; `None`: these are all, or enough.
fn some_tasks(conn: &Connection, after: i64, sink: TaskSink<'_>) -> Result<Option<i64>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM task WHERE task.id > ?1 ORDER BY task.id LIMIT {READ_AT_ONCE}");
    let mut tasks = conn.prepare_cached(&sql)?;
    let mut runs =
        conn.prepare_cached("SELECT task, worker_id, started FROM run WHERE task > ?1 ORDER BY task, ordinal")?;
    let (mut rows, mut runs) = (tasks.query([after])?, runs.query([after])?);
    let (mut latest, mut last) = (Latest::default(), None);
    let mut run = runs.next()?;
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        latest.clear();
        while let Some(of) = run
            && of.get::<_, i64>(0)? <= number
        {
            if of.get::<_, i64>(0)? == number {
                latest.take(of)?;
            }
            run = runs.next()?;
        }
        if sink(task(row, &latest)?).is_break() {
            return Ok(None);
        }
        last = Some(number);
    }
    Ok(last)
}

/// The latest run of a task.
#[derive(Debug, Default)]
struct Latest {
    worker: Option<String>,
    started: Option<Moment>,
}

impl Latest {
    fn clear(&mut self) {
        (self.worker, self.started) = (None, None);
    }

    /// Takes a run: task, worker, start.
    fn take(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        self.worker = row.get(1)?;
        self.started = moment(row, 2)?;
        Ok(())
    }
}

/// A moment that can't be read is none: the definition's own check tells of it.
fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Moment>> {
    Ok(text(row, column)?.and_then(|text| text.parse().ok()))
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<Option<&'a str>> {
    let value = row.get_ref(column)?;
    let failed = |error| rusqlite::Error::FromSqlConversionFailure(column, value.data_type(), Box::new(error));
    value.as_str_or_null().map_err(failed)
}

fn task<'a>(row: &'a Row<'_>, latest: &'a Latest) -> rusqlite::Result<TaskListRow<'a>> {
    Ok(TaskListRow {
        task_id: row.get(1)?,
        snapshot: row.get(2)?,
        label: text(row, 3)?,
        name: text(row, 4)?,
        kind: text(row, 5)?,
        pool: text(row, 6)?,
        source: text(row, 7)?,
        state: text(row, 8)?,
        created: moment(row, 9)?,
        worker: latest.worker.as_deref(),
        started: latest.started,
    })
}
