//! Which tasks a replay judges.

use std::collections::BTreeMap;

use super::scope::{Scope, SnapshotChoice};
use crate::model::TaskId;
use crate::rules::RuleBookError;
use crate::store::{Case, SnapshotInfo, StoreError};
use crate::trust::LedgerError;

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
    /// A shipped key ledger is broken.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Whoever listens stopped it. No failure: what was examined is kept.
    #[error("it was given up")]
    Stopped,
    /// The case file failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for ReplayError {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Stopped) { Self::Stopped } else { Self::Store(error) }
    }
}

/// Targets with the evidence to judge them by; `None`: all that it has.
pub(super) struct ScopedTargets {
    pub(super) scope: Scope,
    pub(super) tasks: Option<Vec<TaskId>>,
}

/// The targets, each once, by the evidence in which each is judged. The newest snapshot comes last.
pub(super) fn by_scope(
    case: &Case,
    targets: &Targets,
    choice: &SnapshotChoice,
) -> Result<Vec<ScopedTargets>, ReplayError> {
    match (choice, targets) {
        (SnapshotChoice::Newest, Targets::These(tasks)) => by_newest(case, tasks),
        (SnapshotChoice::Newest, Targets::All) => {
            let scopes = case.snapshots()?.into_iter().map(Scope::one);
            Ok(scopes.map(|scope| ScopedTargets { scope, tasks: None }).collect())
        }
        (SnapshotChoice::Named(start), _) => in_scope(case, targets, Scope::one(named(case, start)?)),
        (SnapshotChoice::Union, _) => in_scope(case, targets, Scope::joined(case.snapshots()?)),
    }
}

fn by_newest(case: &Case, tasks: &[TaskId]) -> Result<Vec<ScopedTargets>, ReplayError> {
    let mut found: BTreeMap<i64, (SnapshotInfo, Vec<TaskId>)> = BTreeMap::new();
    for task_id in tasks {
        let snapshot = case.snapshot_of(task_id)?.ok_or_else(|| ReplayError::UnknownTarget(*task_id))?;
        let entry = found.entry(snapshot.id).or_insert_with(|| (snapshot, Vec::new()));
        if !entry.1.contains(task_id) {
            entry.1.push(*task_id);
        }
    }
    let found = found.into_values();
    Ok(found.map(|(snapshot, tasks)| ScopedTargets { scope: Scope::one(snapshot), tasks: Some(tasks) }).collect())
}

/// The one snapshot whose digest begins so.
fn named(case: &Case, start: &str) -> Result<SnapshotInfo, ReplayError> {
    let start = start.strip_prefix("sha256:").unwrap_or(start);
    let mut named = case.snapshots()?;
    named.retain(|snapshot| snapshot.digest.to_string().starts_with(start));
    match <[SnapshotInfo; 1]>::try_from(named) {
        Ok([snapshot]) => Ok(snapshot),
        Err(_) => Err(ReplayError::UnknownSnapshot(start.to_owned())),
    }
}

fn in_scope(case: &Case, targets: &Targets, scope: Scope) -> Result<Vec<ScopedTargets>, ReplayError> {
    let tasks = match targets {
        Targets::All => None,
        Targets::These(tasks) => {
            let mut once = Vec::new();
            for task_id in tasks {
                if scope.evidence(case, task_id)?.is_none() {
                    return Err(ReplayError::UnknownTarget(*task_id));
                }
                if !once.contains(task_id) {
                    once.push(*task_id);
                }
            }
            Some(once)
        }
    };
    Ok(vec![ScopedTargets { scope, tasks }])
}
