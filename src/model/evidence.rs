//! What a snapshot holds of one task: plain values, as the case file gives them to a replay.

use std::collections::BTreeMap;

use super::{Digest, FewMap, Moment, Presence, Run, TaskId};

/// A task as a snapshot has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskEvidence {
    /// Its id.
    pub task_id: TaskId,
    /// The queue's definition, by digest of its bytes.
    pub definition: Option<Digest>,
    /// The queue's status, by digest of its bytes.
    pub status: Option<Digest>,
    /// Why the status can't be read, if it can't.
    pub status_problem: Option<String>,
    /// When the evidence was collected, as the capture says.
    pub captured_at: Option<Moment>,
    /// When the task's evidence expires, as its definition or status says.
    pub expires: Option<Moment>,
    /// The runs of the status, in its order.
    pub runs: Vec<Run>,
    /// Whether run numbers are only what attestations claim of themselves.
    pub run_is_claimed: bool,
    /// The runs of which an artifact listing was captured.
    pub listed_runs: Vec<u32>,
    /// The artifacts, by run and name.
    pub artifacts: FewMap<(u32, String), ArtifactRecord>,
    /// What was asked for and denied.
    pub denials: Vec<Denial>,
    /// Where snapshots that were joined have different bytes for one thing that never changes.
    pub conflicts: Vec<Conflict>,
}

/// Two snapshots with different bytes for one thing that never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// `definition`, or `run N NAME` for an artifact. Captured text.
    pub what: String,
    /// What the newer snapshot has; it counts.
    pub newer: Digest,
    /// What the older one has.
    pub older: Digest,
}

/// One artifact of one run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArtifactRecord {
    /// The SHA-256 of its bytes, where they were captured.
    pub sha256: Option<Digest>,
    /// The SHA-512 of its bytes in hexadecimal, where the run's attestation states one.
    pub sha512: Option<String>,
    /// Its length in bytes, where they were captured.
    pub size: Option<u64>,
    /// Whether a listing of the run names it.
    pub listed: bool,
    /// How it is stored, as a listing says: `s3`, `object`, `reference`, `link`, `error`. Captured text.
    pub storage_type: Option<String>,
    /// When it expires by itself, as a listing says.
    pub expires: Option<Moment>,
}

/// Something that a collector asked for and was denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// `definition`, `status` or `artifact`.
    pub what: String,
    /// The run, for an artifact.
    pub run_id: Option<u32>,
    /// The name, for an artifact.
    pub name: Option<String>,
    /// When it was denied.
    pub at: Option<Moment>,
    /// The HTTP status: only 404 and 410 say that a thing is not there.
    pub http_status: Option<u16>,
}

impl TaskEvidence {
    /// Joins what an older snapshot has of the same task. The newer one counts where both have something; a definition
    /// or an artifact of a run never changes, so two different ones are a conflict. A status does change.
    pub fn join(&mut self, older: Self) {
        let older_runs = older.runs.clone();
        self.settle("definition".to_owned(), self.definition, older.definition);
        self.definition = self.definition.or(older.definition);
        if self.status.is_none() {
            self.status = older.status;
            self.status_problem = older.status_problem;
            self.runs = older.runs;
            self.run_is_claimed = older.run_is_claimed;
        }
        self.expires = self.expires.or(older.expires);
        self.captured_at = self.captured_at.or(older.captured_at);
        // A listing of a run that had not ended says nothing of what the run published later.
        let ended = |run_id: &u32| older_runs.iter().any(|run| run.run_id == *run_id && run.resolved.is_some());
        self.listed_runs.extend(older.listed_runs.into_iter().filter(ended));
        self.listed_runs.sort_unstable();
        self.listed_runs.dedup();
        let mut artifacts: BTreeMap<(u32, String), ArtifactRecord> =
            std::mem::take(&mut self.artifacts).into_iter().collect();
        for ((run_id, name), record) in older.artifacts {
            let newer = artifacts.get(&(run_id, name.clone())).and_then(|record| record.sha256);
            self.settle(format!("run {run_id} {name}"), newer, record.sha256);
            let known = artifacts.entry((run_id, name)).or_default();
            if known.sha256.is_none() {
                *known = ArtifactRecord { listed: known.listed || record.listed, ..record };
            }
        }
        self.artifacts = artifacts.into_iter().collect();
        self.denials.extend(older.denials);
        self.conflicts.extend(older.conflicts);
    }

    fn settle(&mut self, what: String, newer: Option<Digest>, older: Option<Digest>) {
        if let (Some(newer), Some(older)) = (newer, older)
            && newer != older
        {
            self.conflicts.push(Conflict { what, newer, older });
        }
    }

    /// The run whose artifacts count: the last of the status, as the queue's own "latest" artifact addresses have it;
    /// without a status, the highest run of which anything was captured.
    pub fn latest_run(&self) -> Option<u32> {
        match self.runs.last() {
            Some(run) => Some(run.run_id),
            None if self.status.is_none() || self.status_problem.is_some() => {
                let artifacts = self.artifacts.keys().map(|(run_id, _)| *run_id);
                artifacts.chain(self.listed_runs.iter().copied()).max()
            }
            None => None,
        }
    }

    /// The run with this number, as the status tells it.
    pub fn run(&self, run_id: u32) -> Option<&Run> {
        self.runs.iter().find(|run| run.run_id == run_id)
    }

    /// The artifact of a run, if its bytes or a listing were captured.
    pub fn artifact(&self, run_id: u32, name: &str) -> Option<&ArtifactRecord> {
        self.artifacts.find(|(run, known)| (*run, known.as_str()).cmp(&(run_id, name)))
    }

    /// The artifacts of a run, by name.
    pub fn artifacts_of(&self, run_id: u32) -> impl Iterator<Item = (&str, &ArtifactRecord)> {
        let from_here = self.artifacts.from(move |(run, _)| *run < run_id);
        let of_run = from_here.take_while(move |((run, _), _)| *run == run_id);
        of_run.map(|((_, name), record)| (name.as_str(), record))
    }

    /// Whether an artifact is there.
    pub fn artifact_presence(&self, run_id: u32, name: &str) -> Presence {
        let record = self.artifact(run_id, name);
        if record.is_some_and(|record| record.sha256.is_some()) {
            return Presence::Present;
        }
        let denied = |denial: &&Denial| {
            denial.what == "artifact"
                && denial.name.as_deref() == Some(name)
                && denial.run_id.is_none_or(|run| run == run_id)
        };
        let own_expiry = record.and_then(|record| record.expires);
        let expires = own_expiry.into_iter().chain(self.expires).min();
        // What says most counts: that it is not there, before that it was gone, before that nobody knows.
        match self.denials.iter().filter(denied).map(|denial| denial.presence(expires)).min() {
            Some(presence) => presence,
            None if record.is_some() || !self.listed_runs.contains(&run_id) => Presence::Unknown,
            // The queue lists no more what has expired.
            None if self.captured_at.zip(self.expires).is_some_and(|(at, expires)| at >= expires) => Presence::Gone,
            None => Presence::Absent,
        }
    }

    /// Whether a collector asked for something and was denied it, whatever the answer was. `what` is that of a [`Denial`].
    pub fn was_denied(&self, what: &str, run_id: Option<u32>, name: Option<&str>) -> bool {
        self.denials.iter().any(|denial| {
            denial.what == what
                && denial.name.as_deref() == name
                && (denial.run_id.is_none() || run_id.is_none() || denial.run_id == run_id)
        })
    }

    /// What it means that a server denied having something that the task needs: absence only before the task's evidence
    /// expired. What is not kept for ever is no longer there after that, and nobody can say that it was not.
    pub fn denied_source(&self) -> Presence {
        match self.captured_at.zip(self.expires) {
            Some((asked, expires)) if asked < expires => Presence::Absent,
            Some(_) => Presence::Gone,
            None => Presence::Unknown,
        }
    }

    /// Whether the definition (`what` = `definition`) or the status (`status`) is there.
    pub fn reply_presence(&self, what: &str) -> Presence {
        let captured = match what {
            "definition" => self.definition.is_some(),
            _ => self.status.is_some(),
        };
        if captured {
            return Presence::Present;
        }
        self.denials
            .iter()
            .find(|denial| denial.what == what)
            .map_or(Presence::Unknown, |denial| denial.presence(self.expires))
    }
}

impl Denial {
    /// A denial means absence only if it came before what was asked for expired; without both
    /// times it can't be said, and nothing is refuted by it.
    fn presence(&self, expires: Option<Moment>) -> Presence {
        match (self.at, expires) {
            _ if !matches!(self.http_status, Some(404 | 410)) => Presence::Unknown,
            (Some(at), Some(expires)) if at >= expires => Presence::Gone,
            (Some(_), Some(_)) => Presence::Absent,
            (Some(_), None) | (None, _) => Presence::Unknown,
        }
    }
}
