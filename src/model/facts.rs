//! The facts of a replay, joined: what judgement looks up.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    Asserter, Attestation, Definition, Digest, DigestFact, FewMap, Form, GraphEntry, Landing, Rebuild, Signature,
    SignatureState, TaskEvidence, TaskId, VerificationLog,
};

/// One attestation of a task's latest run, in one form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestationFacts {
    /// The bytes of the artifact that carries it.
    pub blob: Digest,
    /// The bytes of the detached signature.
    pub signature_blob: Option<Digest>,
    /// What it says; `None` where its bytes are not kept or nothing of them is covered by one signature.
    pub attestation: Option<Attestation>,
    /// Its signature; `None` where its bytes are not kept.
    pub signature: Option<Signature>,
    /// The digests that it states, beside the artifacts seen.
    pub digests: DigestFact,
}

impl AttestationFacts {
    /// Who says what stands in it: the worker, if its signature is sound; else only whoever collected it.
    pub fn asserter(&self) -> Asserter {
        match &self.signature {
            Some(signature) if signature.state == SignatureState::Sound => Asserter::WorkerSigned,
            Some(_) | None => Asserter::Collector,
        }
    }
}

/// What is known of one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFacts {
    /// What the snapshot holds.
    pub evidence: TaskEvidence,
    /// What its definition says; `None` where it is missing.
    pub definition: Option<Arc<Definition>>,
    /// The attestations of its latest run.
    pub attestations: FewMap<Form, AttestationFacts>,
    /// What the attestations of earlier runs state, by run and form.
    pub earlier: FewMap<(u32, Form), EarlierAttestation>,
    /// Its definition beside its entry in the task graph of a parent, by parent.
    pub graph_entries: FewMap<TaskId, GraphEntry>,
    /// The tasks that its latest run's task graph lists, where it publishes one.
    pub graph_tasks: Option<Vec<String>>,
    /// What the tree makes of it, where it is a decision or action task, by the digest of the recipe.
    pub rebuilds: FewMap<Digest, Rebuild>,
    /// Whether the commits that it names are on branches, by what their variables begin with.
    pub landings: FewMap<String, Landing>,
    /// What its latest run logged while it verified its chain, where a scriptworker ran it and the log's bytes are kept.
    pub log: Option<LogFacts>,
}

/// An attestation of an earlier run than the latest. Its signature is not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierAttestation {
    /// The bytes of the artifact that carries it.
    pub blob: Digest,
    /// The digests that it states, beside the artifacts seen.
    pub digests: DigestFact,
}

/// The verification log of a task's latest run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFacts {
    /// Its bytes.
    pub blob: Digest,
    /// What it lists.
    pub log: VerificationLog,
}

impl TaskFacts {
    /// What is known before anything is examined but the definition.
    pub const fn new(evidence: TaskEvidence, definition: Option<Arc<Definition>>) -> Self {
        Self {
            evidence,
            definition,
            attestations: FewMap::new(),
            earlier: FewMap::new(),
            graph_entries: FewMap::new(),
            graph_tasks: None,
            rebuilds: FewMap::new(),
            landings: FewMap::new(),
            log: None,
        }
    }

    /// The definition, or where the queue no longer has it the shape of the task that an attestation embeds.
    pub fn shape(&self) -> Option<&Definition> {
        let embedded = || self.attestations.values().find_map(|found| found.attestation.as_ref()?.embedded.as_deref());
        self.definition.as_deref().or_else(embedded)
    }
}

/// What the task graph of a task lists, beside the tasks of the snapshot that name it as their parent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Group {
    /// The tasks that name it, and that its graph does not list: all but action and decision tasks, which no graph lists.
    pub unlisted: Vec<TaskId>,
    /// The tasks that its graph lists and that have not run.
    pub idle: Vec<TaskId>,
}

/// A task that does the same as another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskCopy {
    /// The task.
    pub task_id: TaskId,
    /// Its definition, by digest of its bytes.
    pub definition: Option<Digest>,
}

/// What is known of the tasks of one snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// By task.
    pub tasks: BTreeMap<TaskId, TaskFacts>,
    /// The scriptworkers' tasks that consume something of a task, by that task: those whose logs can speak of it.
    pub consumers: BTreeMap<TaskId, Vec<TaskId>>,
    /// What is odd of the tasks that name a task as their parent, by that task, where its graph is known.
    pub groups: BTreeMap<TaskId, Group>,
    /// The tasks of the snapshot that have the name and the payload of a task and that no task graph lists, by that task.
    pub copies: BTreeMap<TaskId, Vec<TaskCopy>>,
    /// The deployment that the evidence comes from.
    pub root_url: Option<String>,
}
