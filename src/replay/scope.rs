//! The evidence that a chain is built from: one snapshot, or several joined.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::model::{Digest, TaskEvidence, TaskId};
use crate::store::{Case, SnapshotInfo, SourceInfo, StoreError, TaskHead, TaskSummary};

/// Which snapshots a chain is built from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SnapshotChoice {
    /// The newest that has the target.
    #[default]
    Newest,
    /// The one whose digest begins so.
    Named(String),
    /// All, joined: the newest counts where several have something.
    Union,
}

impl SnapshotChoice {
    /// What it is, for telling one question from another.
    pub(super) fn word(&self) -> String {
        match self {
            Self::Newest => "newest".to_owned(),
            Self::Named(start) => format!("named {start}"),
            Self::Union => "union".to_owned(),
        }
    }
}

/// Snapshots that are taken as one, the newest first.
#[derive(Debug)]
pub(super) struct Scope {
    snapshots: Vec<SnapshotInfo>,
}

impl Scope {
    /// One snapshot.
    pub(super) fn one(snapshot: SnapshotInfo) -> Self {
        Self { snapshots: vec![snapshot] }
    }

    /// Several, the newest import last as the store lists them.
    pub(super) fn joined(snapshots: Vec<SnapshotInfo>) -> Self {
        Self { snapshots: snapshots.into_iter().rev().collect() }
    }

    /// The snapshots, the newest first.
    pub(super) fn snapshots(&self) -> &[SnapshotInfo] {
        &self.snapshots
    }

    /// The snapshot, where it is one.
    pub(super) fn only(&self) -> Option<&SnapshotInfo> {
        match self.snapshots.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// The digests of the snapshots, sorted: the order of imports never shows.
    pub(super) fn digests(&self) -> Vec<Digest> {
        let mut digests: Vec<Digest> = self.snapshots.iter().map(|snapshot| snapshot.digest).collect();
        digests.sort();
        digests
    }

    /// The tasks, ordered by id.
    pub(super) fn summaries(&self, case: &Case) -> Result<Vec<TaskSummary>, StoreError> {
        let mut tasks: BTreeMap<TaskId, TaskSummary> = BTreeMap::new();
        for snapshot in &self.snapshots {
            for summary in case.task_summaries(snapshot.id)? {
                match tasks.get_mut(&summary.task_id) {
                    Some(newer) => {
                        newer.definition = newer.definition.or(summary.definition);
                        newer.attested |= summary.attested;
                        newer.has_run = newer.has_run.or(summary.has_run);
                        for (newer, older) in newer.makers.iter_mut().zip(summary.makers) {
                            *newer = newer.or(older);
                        }
                    }
                    None => {
                        tasks.insert(summary.task_id, summary);
                    }
                }
            }
        }
        Ok(tasks.into_values().collect())
    }

    /// Passes on the words of every task, the newest snapshot first, and each ordered by id.
    pub(super) fn each_task_head(&self, case: &Case, each: &mut dyn FnMut(TaskHead<'_>)) -> Result<(), StoreError> {
        self.snapshots.iter().try_for_each(|snapshot| case.each_task_head(snapshot.id, each))
    }

    /// What is known of a task.
    pub(super) fn evidence(&self, case: &Case, task_id: &TaskId) -> Result<Option<TaskEvidence>, StoreError> {
        let mut joined: Option<TaskEvidence> = None;
        for snapshot in &self.snapshots {
            match (case.task_evidence(snapshot.id, task_id)?, &mut joined) {
                (Some(older), Some(newer)) => newer.join(older),
                (Some(evidence), None) => joined = Some(evidence),
                (None, _) => {}
            }
        }
        Ok(joined)
    }

    /// What is known of all tasks, by task.
    pub(super) fn evidence_of_all(&self, case: &Case) -> Result<BTreeMap<TaskId, TaskEvidence>, StoreError> {
        let mut joined: BTreeMap<TaskId, TaskEvidence> = BTreeMap::new();
        for snapshot in &self.snapshots {
            for evidence in case.evidence_of_all(snapshot.id)? {
                match joined.entry(evidence.task_id) {
                    Entry::Occupied(newer) => newer.into_mut().join(evidence),
                    Entry::Vacant(place) => {
                        place.insert(evidence);
                    }
                }
            }
        }
        Ok(joined)
    }

    /// What servers answered, by address: the newest snapshot that has an address counts.
    pub(super) fn sources(&self, case: &Case) -> Result<BTreeMap<String, SourceInfo>, StoreError> {
        let mut sources = BTreeMap::new();
        for snapshot in &self.snapshots {
            for source in case.sources(snapshot.id)? {
                sources.entry(source.url.clone()).or_insert(source);
            }
        }
        Ok(sources)
    }

    /// The deployment, as the newest snapshot that states one has it.
    pub(super) fn root_url(&self) -> Option<String> {
        self.snapshots.iter().find_map(|snapshot| snapshot.root_url.clone())
    }
}
