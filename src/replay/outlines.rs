//! The outline of a scope: what is asked of all its tasks, stored by snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::desk::{FactDesk, input_digest};
use super::examination::definitions;
use super::scope::Scope;
use crate::examine::{definition, outline};
use crate::model::{Definition, Digest, FactKey, FactKind, Outline, TaskId, TaskOutline};
use crate::store::{SnapshotInfo, StoreError, TaskSummary};

/// What definitions say, by task.
type Definitions = BTreeMap<TaskId, Arc<Definition>>;

/// The outline of a scope. Where that of a snapshot is not stored its definitions are read: what those say comes along.
pub(super) fn outline_of(desk: &mut FactDesk<'_>, scope: &Scope) -> Result<(Outline, Definitions), StoreError> {
    let (mut joined, mut read) = (Outline::default(), Definitions::new());
    for snapshot in scope.snapshots() {
        let mut of_snapshot = Definitions::new();
        let outline = match desk.stored(&key(snapshot))? {
            Some(stored) => stored,
            None => {
                let summaries = desk.case.task_summaries(snapshot.id)?;
                desk.load_all::<Definition>(FactKind::Definition)?;
                of_snapshot = definitions(desk, &defined(&summaries))?;
                desk.unload(FactKind::Definition);
                make(desk, Some(snapshot), &summaries, &of_snapshot)?
            }
        };
        // A definition of a newer snapshot counts, though it can't be read.
        let is_older = |task_id: &TaskId| {
            joined.tasks.get(task_id).is_some_and(|task| task.is_unread || task.definition.is_some())
        };
        read.extend(of_snapshot.into_iter().filter(|(task_id, _)| !is_older(task_id)));
        joined.join(outline);
    }
    Ok((joined, read))
}

/// The same where all definitions are known already.
pub(super) fn outline_of_known(
    desk: &mut FactDesk<'_>,
    scope: &Scope,
    summaries: &[TaskSummary],
    definitions: &Definitions,
) -> Result<Outline, StoreError> {
    let snapshot = scope.only();
    let stored = match snapshot {
        Some(snapshot) => desk.stored(&key(snapshot))?,
        None => None,
    };
    stored.map_or_else(|| make(desk, snapshot, summaries, definitions), Ok)
}

/// The documents of all definitions, by task.
pub(super) fn defined(summaries: &[TaskSummary]) -> Vec<(TaskId, Digest)> {
    summaries.iter().filter_map(|task| Some((task.task_id, task.definition?))).collect()
}

/// Makes an outline, and keeps it where it is that of one snapshot.
fn make(
    desk: &mut FactDesk<'_>,
    snapshot: Option<&SnapshotInfo>,
    summaries: &[TaskSummary],
    definitions: &Definitions,
) -> Result<Outline, StoreError> {
    let mut outline = Outline::default();
    let mut is_final = true;
    for TaskSummary { task_id, definition, attested, has_run, .. } in summaries {
        let says = definitions.get(task_id).map(|definition| Box::new(outline::outline(task_id, definition)));
        let unread = definition.filter(|_| says.is_none());
        if let Some(unread) = unread {
            // What is too large stays so; bytes that are not kept can come with another import.
            is_final &= desk.case.blob_size(&unread)?.is_some();
        }
        let task =
            TaskOutline { attested: *attested, has_run: *has_run, is_unread: unread.is_some(), definition: says };
        outline.tasks.insert(*task_id, task);
    }
    if let Some(snapshot) = snapshot.filter(|_| is_final) {
        desk.examined(key(snapshot), &outline);
        desk.keep()?;
    }
    Ok(outline)
}

/// What the outline of a snapshot is stored under.
fn key(snapshot: &SnapshotInfo) -> FactKey {
    FactKey {
        kind: FactKind::Outline,
        subject: snapshot.digest.to_string(),
        variant: String::new(),
        inputs: input_digest(&[Some(snapshot.digest), Some(Digest::of(&definition::VERSION.to_be_bytes()))]),
        examiner: outline::VERSION,
    }
}
