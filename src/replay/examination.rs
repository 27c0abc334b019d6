//! Facts of tasks: looked up where they are stored, examined where they are not.
//!
//! The case is read on one thread, in batches of owned values; batches are examined on all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::desk::{FactDesk, fact_key, in_batches};
use super::graphs::Graph;
use crate::chain::{WorkerVote, worker_implementation};
use crate::examine::graph_entry::Listing;
use crate::examine::{Keyring, Reading, attestation, definition, digests, graph_entry, signature, verification_log};
use crate::model::{
    ATTESTATION_SIG, ArtifactRecord, Attestation, AttestationFacts, Definition, Digest, DigestFact, EarlierAttestation,
    FactKey, FactKind, Form, GraphEntry, LogFacts, Role, Signature, SignatureState, TASK_GRAPH_JSON, TaskEvidence,
    TaskFacts, TaskId, VERIFICATION_LOG, VerificationLog,
};
use crate::rules::RuleBook;
use crate::store::StoreError;

/// The most bytes of a definition or attestation that are examined: far beyond real ones, which are well under 1 MiB.
/// What is larger counts as not readable, and a gap says so.
pub(super) const DOCUMENT_SIZE_MAX: u64 = 16 * 1024 * 1024;

/// The most bytes of a task graph that are examined. The largest graphs seen have 260 MiB.
pub(super) const GRAPH_SIZE_MAX: u64 = 512 * 1024 * 1024;

/// The definitions of many tasks, by task.
pub(super) fn definitions(
    desk: &mut FactDesk<'_>,
    tasks: &[(TaskId, Digest)],
) -> Result<BTreeMap<TaskId, Arc<Definition>>, StoreError> {
    let mut stored = BTreeMap::new();
    let mut made = BTreeMap::new();
    let mut rest = tasks.iter();
    in_batches(
        desk,
        ("definitions", tasks.len()),
        |desk| {
            for (task_id, digest) in rest.by_ref() {
                let key = definition_key(task_id, *digest);
                if let Some(fact) = desk.stored::<Definition>(&key)? {
                    stored.insert(*task_id, Arc::new(fact));
                } else if let Some(bytes) = desk.document(digest, DOCUMENT_SIZE_MAX)? {
                    let size = bytes.len();
                    return Ok(Some(((*task_id, key, bytes), size)));
                }
            }
            Ok(None)
        },
        |(task_id, key, bytes)| (task_id, key, definition::examine(&Reading::of(&bytes))),
        |desk, (task_id, key, fact)| {
            desk.examined(key, &fact);
            made.insert(task_id, Arc::new(fact));
        },
    )?;
    stored.append(&mut made);
    Ok(stored)
}

/// With which keys attestations are examined, and by which book it is told whose they are.
#[derive(Clone, Copy)]
pub(super) struct Examiner<'a> {
    pub(super) keyring: &'a Keyring,
    pub(super) keyring_digest: Digest,
    pub(super) book: &'a RuleBook,
}

impl<'a> Examiner<'a> {
    pub(super) fn new(keyring: &'a Keyring, book: &'a RuleBook) -> Self {
        Self { keyring, keyring_digest: keyring.digest(), book }
    }

    /// The role of a task's worker, where its definition settles it.
    pub(super) fn role(&self, shape: Option<&Definition>) -> Option<Role> {
        match shape.map(|shape| worker_implementation(&shape.hints, self.book)) {
            Some(WorkerVote::Agreed(role)) => Some(role),
            Some(WorkerVote::Nobody | WorkerVote::Disagree(_)) | None => None,
        }
    }
}

/// What is examined of one attestation: the keys of its facts, the stored ones, and the bytes for the others.
pub(super) struct AttestationWork<'a> {
    task_id: TaskId,
    form: Form,
    variant: String,
    blob: Digest,
    signature_blob: Option<Digest>,
    artifact: Option<Vec<u8>>,
    detached: Option<Vec<u8>>,
    artifacts: BTreeMap<&'a str, &'a ArtifactRecord>,
    attestation: (FactKey, Option<Attestation>),
    /// What a sound signature is stored under, whatever keys are known.
    of_sound: FactKey,
    signature: Option<Signature>,
    digests: (FactKey, Option<DigestFact>),
}

impl<'a> AttestationWork<'a> {
    /// Looks up what is stored of an attestation of a task's latest run and reads the bytes of what is not. `definition` is
    /// the queue's, where it can be read; `role` that of the worker, where it is known already.
    pub(super) fn gather(
        desk: &mut FactDesk<'_>,
        evidence: &'a TaskEvidence,
        form: Form,
        definition: Option<Digest>,
        role: Option<Option<&Role>>,
        examiner: Examiner<'_>,
    ) -> Result<Option<Self>, StoreError> {
        let Some(run_id) = evidence.latest_run() else { return Ok(None) };
        let Some(blob) = evidence.artifact(run_id, form.artifact()).and_then(|record| record.sha256) else {
            return Ok(None);
        };
        let signature_blob = match form {
            Form::Ed25519 => evidence.artifact(run_id, ATTESTATION_SIG).and_then(|record| record.sha256),
            Form::Openpgp => None,
        };
        let artifacts = run_artifacts(evidence, run_id);
        let task_id = &evidence.task_id;
        let variant = format!("{run_id}/{}", form.name());
        let key = |kind, inputs: &[Option<Digest>], version| fact_key(kind, task_id, variant.clone(), inputs, version);
        let of_attestation = key(FactKind::Attestation, &[Some(blob), definition], attestation::VERSION);
        // That a key made a signature stays true whatever other keys come: only what no known key explained is looked at
        // again.
        let of_sound = key(FactKind::Signature, &[Some(blob), signature_blob], signature::VERSION);
        let of_digests = key(FactKind::Digests, &[Some(blob), Some(artifacts_digest(&artifacts))], digests::VERSION);
        // Facts of a document that the case does not hold are nobody's but whoever wrote the file's.
        let is_held = desk.case.blob_size(&blob)?.is_some();
        let stored_attestation = desk.stored(&of_attestation)?.filter(|_| is_held);
        let is_sound = |signature: &Signature| signature.state == SignatureState::Sound;
        let mut signature = desk.stored(&of_sound)?.filter(|signature| is_held && is_sound(signature));
        if let (None, Some(role)) = (&signature, role) {
            let of_signature =
                signature_key(task_id, variant.clone(), (blob, signature_blob), role, examiner.keyring_digest);
            signature = desk.stored(&of_signature)?.filter(|signature| is_held && !is_sound(signature));
        }
        let stored_digests = desk.stored(&of_digests)?.filter(|_| is_held);
        let wanted = stored_attestation.is_none() || signature.is_none() || stored_digests.is_none();
        let read = |digest: Option<Digest>, wanted: bool| match digest.filter(|_| wanted) {
            Some(digest) => desk.document(&digest, DOCUMENT_SIZE_MAX),
            None => Ok(None),
        };
        Ok(Some(Self {
            task_id: *task_id,
            form,
            blob,
            signature_blob,
            artifact: read(Some(blob), wanted)?,
            detached: read(signature_blob, signature.is_none())?,
            artifacts,
            attestation: (of_attestation, stored_attestation),
            of_sound,
            signature,
            digests: (of_digests, stored_digests),
            variant,
        }))
    }

    /// Whether what it says is still to be compared with the queue's definition.
    pub(super) const fn wants_definition(&self) -> bool {
        self.attestation.1.is_none()
    }

    /// The bytes of documents that it holds.
    pub(super) fn size(&self) -> usize {
        [&self.artifact, &self.detached].into_iter().flatten().map(Vec::len).sum()
    }

    /// Examines what is not stored; facts that are new go to `fresh`.
    pub(super) fn examine(
        self,
        role: Option<&Role>,
        definition: Option<&Reading>,
        examiner: Examiner<'_>,
        fresh: &mut Vec<(FactKey, String)>,
    ) -> (Form, AttestationFacts) {
        let artifact = self.artifact.as_deref();
        // Of a clear-signed file only the bytes that its one signature covers are ever parsed.
        let wants_words = self.attestation.1.is_none() || self.digests.1.is_none();
        let covered = artifact.filter(|_| wants_words).and_then(|bytes| signature::covered(self.form, bytes));
        let covered = covered.map(|bytes| Reading::of(&bytes));
        let says = settle(self.attestation, fresh, || Some(attestation::examine(covered.as_ref()?, definition)));
        let detached_is_missing = self.signature_blob.is_some() && self.detached.is_none();
        let signed = self.signature.or_else(|| {
            // A detached signature whose bytes were not kept is no fact about the signature.
            let bytes = artifact.filter(|_| !detached_is_missing)?;
            let detached = self.detached.as_deref();
            let mut made = signature::examine(self.form, bytes, detached, role, examiner.keyring);
            let key = if made.state == SignatureState::Sound {
                // Which others were tried before depends on which others are known.
                made.tried = made.key.iter().cloned().collect();
                self.of_sound
            } else {
                let blobs = (self.blob, self.signature_blob);
                signature_key(&self.task_id, self.variant, blobs, role, examiner.keyring_digest)
            };
            settle((key, None), fresh, || Some(made))
        });
        let artifacts = &self.artifacts;
        let stated = settle(self.digests, fresh, || Some(digests::examine(covered.as_ref()?, artifacts)));
        let facts = AttestationFacts {
            blob: self.blob,
            signature_blob: self.signature_blob,
            attestation: says,
            signature: signed,
            digests: stated.unwrap_or_default(),
        };
        (self.form, facts)
    }
}

/// What a signature that is not sound is stored under: the order in which keys are tried depends on the role.
fn signature_key(
    task_id: &TaskId,
    variant: String,
    (blob, signature_blob): (Digest, Option<Digest>),
    role: Option<&Role>,
    keyring: Digest,
) -> FactKey {
    let tried_for = role.map_or(Digest::new([0; 32]), |role| Digest::of(role.as_str().as_bytes()));
    let inputs = [Some(blob), signature_blob, Some(keyring), Some(tried_for)];
    fact_key(FactKind::Signature, task_id, variant, &inputs, signature::VERSION)
}

/// The attestations of the latest run of many tasks, added to their facts.
pub(super) fn attestations(
    desk: &mut FactDesk<'_>,
    tasks: &mut BTreeMap<TaskId, TaskFacts>,
    examiner: Examiner<'_>,
) -> Result<(), StoreError> {
    let mut found = Vec::new();
    let open = tasks.values().filter(|task| task.attestations.is_empty());
    let all = open.flat_map(|task| [Form::Ed25519, Form::Openpgp].map(|form| (task, form)));
    let mut all = all.collect::<Vec<_>>().into_iter();
    in_batches(
        desk,
        ("attestations", tasks.len()),
        |desk| {
            for (task, form) in all.by_ref() {
                let role = examiner.role(task.shape());
                let definition = task.definition.as_ref().and(task.evidence.definition);
                let known = Some(role.as_ref());
                if let Some(work) = AttestationWork::gather(desk, &task.evidence, form, definition, known, examiner)? {
                    let bytes = match definition.filter(|_| work.wants_definition()) {
                        Some(digest) => desk.document(&digest, DOCUMENT_SIZE_MAX)?,
                        None => None,
                    };
                    let size = work.size() + bytes.as_ref().map_or(0, Vec::len);
                    return Ok(Some(((work, role, bytes), size)));
                }
            }
            Ok(None)
        },
        |(work, role, bytes)| {
            let mut fresh = Vec::new();
            let task_id = work.task_id;
            let definition = bytes.map(|bytes| Reading::of(&bytes));
            (task_id, work.examine(role.as_ref(), definition.as_ref(), examiner, &mut fresh), fresh)
        },
        |desk, (task_id, facts, fresh)| {
            fresh.into_iter().for_each(|(key, value)| desk.made(key, value));
            found.push((task_id, facts));
        },
    )?;
    for (task_id, (form, facts)) in found {
        if let Some(task) = tasks.get_mut(&task_id) {
            task.attestations.insert(form, facts);
        }
    }
    Ok(())
}

/// What the attestations of earlier runs state, added to the facts of their tasks: whether a rerun made the same.
pub(super) fn earlier_attestations(
    desk: &mut FactDesk<'_>,
    tasks: &mut BTreeMap<TaskId, TaskFacts>,
) -> Result<(), StoreError> {
    for (task_id, task) in tasks {
        let evidence = &task.evidence;
        let Some(latest) = evidence.latest_run() else { continue };
        let runs: BTreeSet<u32> = evidence.artifacts.keys().map(|(run_id, _)| *run_id).collect();
        for (run_id, form) in runs.range(..latest).flat_map(|run_id| Form::ALL.map(|form| (*run_id, form))) {
            let Some(blob) = evidence.artifact(run_id, form.artifact()).and_then(|record| record.sha256) else {
                continue;
            };
            let artifacts = run_artifacts(evidence, run_id);
            let inputs = [Some(blob), Some(artifacts_digest(&artifacts))];
            let variant = format!("{run_id}/{}", form.name());
            let key = fact_key(FactKind::Digests, task_id, variant, &inputs, digests::VERSION);
            let is_held = desk.case.blob_size(&blob)?.is_some();
            let stored = desk.stored::<DigestFact>(&key)?.filter(|_| is_held);
            let digests = match stored {
                Some(stored) => stored,
                None => {
                    let Some(bytes) = desk.document(&blob, DOCUMENT_SIZE_MAX)? else { continue };
                    let Some(covered) = signature::covered(form, &bytes) else { continue };
                    let made = digests::examine(&Reading::of(&covered), &artifacts);
                    desk.examined(key, &made);
                    made
                }
            };
            task.earlier.insert((run_id, form), EarlierAttestation { blob, digests });
        }
    }
    desk.keep()
}

fn run_artifacts(evidence: &TaskEvidence, run_id: u32) -> BTreeMap<&str, &ArtifactRecord> {
    evidence.artifacts_of(run_id).collect()
}

fn artifacts_digest(artifacts: &BTreeMap<&str, &ArtifactRecord>) -> Digest {
    let mut parts: Vec<&[u8]> = Vec::new();
    for (name, record) in artifacts {
        parts.push(name.as_bytes());
        parts.push(record.sha256.as_ref().map_or(&[][..], |digest| digest.bytes().as_slice()));
        parts.push(record.sha512.as_deref().unwrap_or_default().as_bytes());
    }
    Digest::of_parts(parts)
}

/// The stored fact, or one made now.
pub(super) fn settle<T: Serialize>(
    (key, stored): (FactKey, Option<T>),
    fresh: &mut Vec<(FactKey, String)>,
    make: impl FnOnce() -> Option<T>,
) -> Option<T> {
    if stored.is_some() {
        return stored;
    }
    let made = make()?;
    if let Ok(value) = serde_json::to_string(&made) {
        fresh.push((key, value));
    }
    Some(made)
}

/// The verification logs of the tasks that scriptworkers ran, added to their facts.
pub(super) fn logs(desk: &mut FactDesk<'_>, tasks: &mut BTreeMap<TaskId, TaskFacts>) -> Result<(), StoreError> {
    let (mut stored, mut made) = (Vec::new(), Vec::new());
    let mut rest = tasks.iter();
    in_batches(
        desk,
        ("logs", tasks.len()),
        |desk| {
            for (task_id, task) in rest.by_ref() {
                let latest = task.evidence.latest_run();
                let record = latest.and_then(|run_id| task.evidence.artifact(run_id, VERIFICATION_LOG));
                let Some(blob) = record.and_then(|record| record.sha256) else { continue };
                let kind = FactKind::VerificationLog;
                let key = fact_key(kind, task_id, String::new(), &[Some(blob)], verification_log::VERSION);
                let is_held = desk.case.blob_size(&blob)?.is_some();
                if let Some(log) = desk.stored::<VerificationLog>(&key)?.filter(|_| is_held) {
                    stored.push((*task_id, LogFacts { blob, log }));
                } else if let Some(bytes) = desk.document(&blob, DOCUMENT_SIZE_MAX)? {
                    let size = bytes.len();
                    return Ok(Some(((*task_id, key, blob, bytes), size)));
                }
            }
            Ok(None)
        },
        |(task_id, key, blob, bytes)| (task_id, key, LogFacts { blob, log: verification_log::examine(&bytes) }),
        |desk, (task_id, key, log)| {
            desk.examined(key, &log.log);
            made.push((task_id, log));
        },
    )?;
    for (task_id, log) in stored.into_iter().chain(made) {
        if let Some(task) = tasks.get_mut(&task_id) {
            task.log = Some(log);
        }
    }
    Ok(())
}

/// The comparisons of many definitions with the task graphs of their parents, added to their facts. Of a graph the entries
/// are read whose comparison is missing.
pub(super) fn graph_entries(
    desk: &mut FactDesk<'_>,
    tasks: &mut BTreeMap<TaskId, TaskFacts>,
) -> Result<(), StoreError> {
    let mut by_parent: BTreeMap<TaskId, Vec<(TaskId, Digest)>> = BTreeMap::new();
    for (task_id, task) in tasks.iter() {
        let Some((definition, digest)) = task.definition.as_ref().zip(task.evidence.definition) else { continue };
        let is_open = |parent: &TaskId| parent != task_id && !task.graph_entries.contains_key(parent);
        for parent in makers_of(definition).into_iter().filter(is_open) {
            by_parent.entry(parent).or_default().push((*task_id, digest));
        }
    }
    for (parent, children) in by_parent {
        let Some(graph) = tasks.get(&parent).and_then(|task| graph_digest(&task.evidence)) else { continue };
        for (task_id, entry) in entries_of(desk, &parent, graph, &children)? {
            if let Some(task) = tasks.get_mut(&task_id) {
                task.graph_entries.insert(parent, entry);
            }
        }
        desk.keep()?;
    }
    Ok(())
}

/// What a definition's own fact is stored under.
pub(super) fn definition_key(task_id: &TaskId, definition: Digest) -> FactKey {
    fact_key(FactKind::Definition, task_id, String::new(), &[Some(definition)], definition::VERSION)
}

/// What the comparison of a definition with the graph of a maker is stored under.
pub(super) fn entry_key(task_id: &TaskId, definition: Digest, maker: &TaskId, graph: Digest) -> FactKey {
    let inputs = [Some(definition), Some(graph)];
    fact_key(FactKind::GraphEntry, task_id, maker.to_string(), &inputs, graph_entry::VERSION)
}

/// The tasks that the graph of a maker lists: as stored, else as `read` gives them.
pub(super) fn listed(
    desk: &mut FactDesk<'_>,
    maker: &TaskId,
    graph: Digest,
    read: impl FnOnce(&mut FactDesk<'_>) -> Result<Option<Vec<String>>, StoreError>,
) -> Result<Option<Vec<String>>, StoreError> {
    let key = fact_key(FactKind::GraphTasks, maker, String::new(), &[Some(graph)], graph_entry::VERSION);
    let is_held = desk.case.blob_size(&graph)?.is_some();
    if let Some(stored) = desk.stored::<Vec<String>>(&key)?.filter(|_| is_held) {
        return Ok(Some(stored));
    }
    let found = read(desk)?;
    if let Some(found) = &found {
        desk.examined(key, found);
    }
    Ok(found)
}

/// The tasks that the task graphs of some tasks list, added to their facts.
pub(super) fn graph_tasks<'t>(
    desk: &mut FactDesk<'_>,
    tasks: &mut BTreeMap<TaskId, TaskFacts>,
    parents: impl IntoIterator<Item = &'t TaskId>,
) -> Result<(), StoreError> {
    for parent in parents {
        let task = tasks.get(parent).filter(|task| task.graph_tasks.is_none());
        let Some(graph) = task.and_then(|task| graph_digest(&task.evidence)) else { continue };
        let listed =
            listed(desk, parent, graph, |desk| Ok(Graph::open(desk, graph, 0)?.and_then(|graph| graph.tasks())))?;
        if let Some(task) = tasks.get_mut(parent) {
            task.graph_tasks = listed;
        }
    }
    desk.keep()
}

/// The tasks whose graphs may list a task: releases before 5.2.0 took the task group for the parent, whatever the
/// definition called its parent.
pub(super) fn makers_of(definition: &Definition) -> BTreeSet<TaskId> {
    let named = definition.parent.iter().chain(&definition.task_group_id);
    named.filter_map(|parent| parent.parse().ok()).collect()
}

/// The task graph that a task published.
pub(super) fn graph_digest(evidence: &TaskEvidence) -> Option<Digest> {
    evidence.artifact(evidence.latest_run()?, TASK_GRAPH_JSON)?.sha256
}

fn entries_of(
    desk: &mut FactDesk<'_>,
    parent: &TaskId,
    graph: Digest,
    children: &[(TaskId, Digest)],
) -> Result<Vec<(TaskId, GraphEntry)>, StoreError> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    let is_held = desk.case.blob_size(&graph)?.is_some();
    for (task_id, definition) in children {
        let key = entry_key(task_id, *definition, parent, graph);
        match desk.stored::<GraphEntry>(&key)?.filter(|_| is_held) {
            Some(entry) => found.push((*task_id, entry)),
            None => missing.push((task_id, key, *definition)),
        }
    }
    if missing.is_empty() {
        return Ok(found);
    }
    let Some(graph) = Graph::open(desk, graph, missing.len())? else { return Ok(found) };
    let mut rest = missing.into_iter();
    in_batches(
        desk,
        ("graph entries", rest.len()),
        |desk| {
            for (task_id, key, digest) in rest.by_ref() {
                if let Some(definition) = desk.document(&digest, DOCUMENT_SIZE_MAX)? {
                    let listing = graph.listing(desk, task_id.as_str())?;
                    let entry = if let Listing::Listed(entry, _) = &listing { entry.len() } else { 0 };
                    let size = definition.len() + entry;
                    return Ok(Some(((task_id, key, listing, definition), size)));
                }
            }
            Ok(None)
        },
        |(task_id, key, listing, definition)| (task_id, key, graph_entry::examine(&listing, &Reading::of(&definition))),
        |desk, (task_id, key, entry)| {
            desk.examined(key, &entry);
            found.push((*task_id, entry));
        },
    )?;
    Ok(found)
}
