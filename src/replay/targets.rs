//! Which tasks a replay judges.

use std::collections::BTreeMap;

use crate::model::TaskId;
use crate::rules::RuleBookError;
use crate::store::{Case, SnapshotInfo, StoreError};

/// What to judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Targets {
    /// These tasks.
    These(Vec<TaskId>),
    /// Every task that has or needs an attestation.
    All,
}

/// Why a replay could not be done.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The case has nothing of a target.
    #[error("the case has nothing of task {0}")]
    UnknownTarget(TaskId),
    /// The case has no such snapshot, or several.
    #[error("the case has no one snapshot whose digest begins with {0}; `cotrace case info` lists them")]
    UnknownSnapshot(String),
    /// The case has no task that could be judged.
    #[error("the case has no task that has or needs an attestation")]
    NothingToReplay,
    /// A shipped rule book is broken.
    #[error(transparent)]
    Rules(#[from] RuleBookError),
    /// The case file failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A snapshot with the targets to judge in it; `None`: all of it.
pub(super) struct SnapshotTargets {
    pub(super) snapshot: SnapshotInfo,
    pub(super) tasks: Option<Vec<TaskId>>,
}

/// The targets by the snapshot in which each is judged: the newest that has it.
pub(super) fn by_snapshot(
    case: &Case,
    targets: &Targets,
    snapshot: Option<&str>,
) -> Result<Vec<SnapshotTargets>, ReplayError> {
    if let Some(start) = snapshot {
        return Ok(vec![in_one(case, targets, start)?]);
    }
    match targets {
        Targets::These(tasks) => {
            let mut found: BTreeMap<i64, (SnapshotInfo, Vec<TaskId>)> = BTreeMap::new();
            for task_id in tasks {
                let snapshot = case.snapshot_of(task_id)?.ok_or_else(|| ReplayError::UnknownTarget(task_id.clone()))?;
                let entry = found.entry(snapshot.id).or_insert_with(|| (snapshot, Vec::new()));
                if !entry.1.contains(task_id) {
                    entry.1.push(task_id.clone());
                }
            }
            let found = found.into_values();
            Ok(found.map(|(snapshot, tasks)| SnapshotTargets { snapshot, tasks: Some(tasks) }).collect())
        }
        Targets::All => {
            let snapshots = case.snapshots()?.into_iter();
            Ok(snapshots.map(|snapshot| SnapshotTargets { snapshot, tasks: None }).collect())
        }
    }
}

/// The targets in one snapshot, named by the beginning of its digest.
fn in_one(case: &Case, targets: &Targets, start: &str) -> Result<SnapshotTargets, ReplayError> {
    let start = start.strip_prefix("sha256:").unwrap_or(start);
    let mut named = case.snapshots()?;
    named.retain(|snapshot| snapshot.digest.to_string().starts_with(start));
    let [snapshot] =
        <[SnapshotInfo; 1]>::try_from(named).map_err(|_| ReplayError::UnknownSnapshot(start.to_owned()))?;
    let tasks = match targets {
        Targets::All => None,
        Targets::These(tasks) => {
            for task_id in tasks {
                if case.task_evidence(snapshot.id, task_id)?.is_none() {
                    return Err(ReplayError::UnknownTarget(task_id.clone()));
                }
            }
            Some(tasks.clone())
        }
    };
    Ok(SnapshotTargets { snapshot, tasks })
}
