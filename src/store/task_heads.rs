//! Reading what lists of tasks tell: the captured words of many tasks, without copying them.

use rusqlite::Row;

use super::{Case, StoreError};
use crate::model::TaskId;

/// The captured words of a task.
#[derive(Debug, Clone, Copy)]
pub struct TaskHead<'a> {
    /// The task.
    pub task_id: TaskId,
    /// Whether its definition was captured.
    pub has_definition: bool,
    /// `tags.label`.
    pub label: Option<&'a str>,
    /// `metadata.name`.
    pub name: Option<&'a str>,
    /// `tags.kind`.
    pub kind: Option<&'a str>,
    /// `provisionerId`.
    pub provisioner_id: Option<&'a str>,
    /// `workerType`.
    pub worker_type: Option<&'a str>,
    /// `metadata.source`.
    pub source: Option<&'a str>,
    /// `created`, as written.
    pub created: Option<&'a str>,
    /// Whether its status was captured.
    pub has_status: bool,
    /// The state in it.
    pub state: Option<&'a str>,
    /// The worker of its latest run.
    pub worker_id: Option<&'a str>,
}

impl Case {
    /// Passes on the words of every task of a snapshot, ordered by task id.
    pub fn each_task_head(&self, snapshot: i64, each: &mut dyn FnMut(TaskHead<'_>)) -> Result<(), StoreError> {
        self.reading(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT task_id, definition IS NOT NULL, label, name, kind, provisioner_id, worker_type, source, created,
                 status IS NOT NULL, state,
                 (SELECT worker_id FROM run WHERE run.task = task.id ORDER BY ordinal DESC LIMIT 1)
                 FROM task WHERE snapshot = ?1 ORDER BY task_id",
            )?;
            let mut rows = statement.query([snapshot])?;
            while let Some(row) = rows.next()? {
                each(head(row)?);
            }
            Ok(())
        })
    }
}

fn head<'a>(row: &'a Row<'_>) -> rusqlite::Result<TaskHead<'a>> {
    let text = |column: usize| {
        let value = row.get_ref(column)?;
        value
            .as_str_or_null()
            .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, value.data_type(), Box::new(error)))
    };
    Ok(TaskHead {
        task_id: row.get(0)?,
        has_definition: row.get(1)?,
        label: text(2)?,
        name: text(3)?,
        kind: text(4)?,
        provisioner_id: text(5)?,
        worker_type: text(6)?,
        source: text(7)?,
        created: text(8)?,
        has_status: row.get(9)?,
        state: text(10)?,
        worker_id: text(11)?,
    })
}
