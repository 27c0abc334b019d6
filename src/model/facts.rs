//! The facts of a replay, joined: what judgement looks up.

use std::collections::BTreeMap;

use super::{
    Asserter, Attestation, Definition, Digest, DigestFact, Form, GraphEntry, Signature, SignatureState, TaskEvidence,
    TaskId,
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
    pub definition: Option<Definition>,
    /// The attestations of its latest run.
    pub attestations: BTreeMap<Form, AttestationFacts>,
    /// Its definition beside its entry in the task graph of a parent, by parent.
    pub graph_entries: BTreeMap<TaskId, GraphEntry>,
}

impl TaskFacts {
    /// The definition, or where the queue no longer has it the shape of the task that an attestation embeds.
    pub fn shape(&self) -> Option<&Definition> {
        let embedded = || self.attestations.values().find_map(|found| found.attestation.as_ref()?.embedded.as_ref());
        self.definition.as_ref().or_else(embedded)
    }
}

/// What is known of the tasks of one snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// By task.
    pub tasks: BTreeMap<TaskId, TaskFacts>,
    /// The deployment that the evidence comes from.
    pub root_url: Option<String>,
}
