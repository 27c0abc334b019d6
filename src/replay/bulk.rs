//! Many tasks at once: each document is read and parsed once for all facts that rest on it.
//!
//! What is left out here (a task of which only its definition tells that it is asked for, a graph that the import could not
//! tell of) is examined as for a single target.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::desk::{FactDesk, in_batches};
use super::examination::{
    AttestationWork, DOCUMENT_SIZE_MAX, Examiner, definition_key, entry_key, graph_digest, listed, makers_of, settle,
};
use super::graphs::Graph;
use super::scope::Scope;
use crate::examine::graph_entry::{self, Listing};
use crate::examine::{Reading, definition};
use crate::model::{
    AttestationFacts, Definition, Digest, FactKey, FewMap, Form, GraphEntry, Role, TaskEvidence, TaskId,
};
use crate::store::{StoreError, TaskSummary};

/// What the evidence of all tasks of a snapshot shows.
#[derive(Debug, Default)]
pub(super) struct Surveyed {
    /// What was captured, by task.
    pub(super) evidence: BTreeMap<TaskId, TaskEvidence>,
    /// What definitions say.
    pub(super) definitions: BTreeMap<TaskId, Arc<Definition>>,
    /// The attestations of latest runs.
    pub(super) attestations: BTreeMap<TaskId, FewMap<Form, AttestationFacts>>,
    /// How tasks differ from their entries in the graphs of their makers.
    pub(super) entries: BTreeMap<TaskId, FewMap<TaskId, GraphEntry>>,
    /// What graphs list.
    pub(super) graph_tasks: BTreeMap<TaskId, Vec<String>>,
}

/// Looks up or examines the facts of all tasks of a scope: definitions and attestations of each, and of those that have an
/// attestation the comparison with task graphs.
pub(super) fn survey_tasks(
    desk: &mut FactDesk<'_>,
    scope: &Scope,
    summaries: &[TaskSummary],
    examiner: Examiner<'_>,
) -> Result<Surveyed, StoreError> {
    let evidence = scope.evidence_of_all(desk.case)?;
    let mut surveyed = Surveyed::default();
    let mut graphs = Graphs { evidence: &evidence, open: None, listed: BTreeMap::new() };
    let mut rest = graphs.in_order(summaries).into_iter();
    in_batches(
        desk,
        ("tasks", rest.len()),
        |desk| match rest.next() {
            Some((maker, task, is_first)) => {
                let work = if is_first {
                    TaskWork::gather(desk, task, maker, &mut graphs, examiner)?
                } else {
                    TaskWork::gather_entry(desk, task, maker, &mut graphs)?
                };
                let size = work.size();
                Ok(Some((work, size)))
            }
            None => Ok(None),
        },
        |work| work.examine(examiner),
        |desk, examined| {
            examined.fresh.into_iter().for_each(|(key, value)| desk.made(key, value));
            let task_id = examined.task_id;
            surveyed.definitions.extend(examined.definition.map(|definition| (task_id, Arc::new(definition))));
            if !examined.attestations.is_empty() {
                surveyed.attestations.insert(task_id, examined.attestations);
            }
            if let Some((maker, entry)) = examined.entry {
                surveyed.entries.entry(task_id).or_default().insert(maker, entry);
            }
        },
    )?;
    surveyed.graph_tasks = graphs.listed;
    surveyed.evidence = evidence;
    Ok(surveyed)
}

/// The task graphs, one open at a time.
struct Graphs<'a> {
    evidence: &'a BTreeMap<TaskId, TaskEvidence>,
    open: Option<(TaskId, Option<Graph>)>,
    listed: BTreeMap<TaskId, Vec<String>>,
}

impl<'a> Graphs<'a> {
    /// The tasks in the order in which they are examined, each with the maker whose graph it is compared with then, and
    /// whether it comes up for the first time: by graph, so that each is read once; then in the order in which the case keeps
    /// documents.
    fn in_order(&self, summaries: &[TaskSummary]) -> Vec<(Option<TaskId>, &'a TaskEvidence, bool)> {
        let mut ordered = Vec::with_capacity(summaries.len());
        for task in summaries {
            let Some(evidence) = self.evidence.get(&task.task_id) else { continue };
            let makers: BTreeSet<TaskId> = task.makers.into_iter().flatten().collect();
            let has_graph = |maker: &TaskId| task.attested && *maker != task.task_id && self.digest(maker).is_some();
            let mut makers = makers.into_iter().filter(has_graph);
            ordered.push((makers.next(), evidence, true));
            ordered.extend(makers.map(|other| (Some(other), evidence, false)));
        }
        ordered.sort_by_key(|(maker, task, _)| (*maker, task.task_id));
        ordered
    }

    fn digest(&self, maker: &TaskId) -> Option<Digest> {
        self.evidence.get(maker).and_then(graph_digest)
    }

    /// What the graph of a maker says of a task; the graph is opened where it is not the one before.
    fn listing(
        &mut self,
        desk: &mut FactDesk<'_>,
        maker: TaskId,
        digest: Digest,
        task_id: &TaskId,
    ) -> Result<Option<Listing<Vec<u8>>>, StoreError> {
        if self.open.as_ref().is_none_or(|(open, _)| *open != maker) {
            // The one before goes before the next comes.
            self.open = None;
            let graph = Graph::open(desk, digest, usize::MAX)?;
            if let Some(graph) = &graph {
                let listed = listed(desk, &maker, digest, |_| Ok(graph.tasks()))?;
                self.listed.extend(listed.map(|listed| (maker, listed)));
            }
            self.open = Some((maker, graph));
        }
        let graph = self.open.as_ref().and_then(|(_, graph)| graph.as_ref());
        graph.map(|graph| graph.listing(desk, task_id.as_str())).transpose()
    }
}

/// What is examined of one task in one go.
struct TaskWork<'a> {
    task_id: TaskId,
    definition: Option<(FactKey, Option<Definition>)>,
    /// The bytes of the definition, where a fact that rests on them is missing.
    bytes: Option<Vec<u8>>,
    /// The role of its worker, where the definition's fact is stored.
    role: Option<Role>,
    attestations: Vec<AttestationWork<'a>>,
    entry: Option<EntryWork>,
}

/// The comparison with the graph of a maker.
struct EntryWork {
    maker: TaskId,
    key: FactKey,
    stored: Option<GraphEntry>,
    listing: Option<Listing<Vec<u8>>>,
}

/// What came of it, and the facts that are new.
struct TaskExamined {
    task_id: TaskId,
    definition: Option<Definition>,
    attestations: FewMap<Form, AttestationFacts>,
    entry: Option<(TaskId, GraphEntry)>,
    fresh: Vec<(FactKey, String)>,
}

impl<'a> TaskWork<'a> {
    /// Looks up what is stored of a task and reads the bytes of what is not.
    fn gather(
        desk: &mut FactDesk<'_>,
        task: &'a TaskEvidence,
        maker: Option<TaskId>,
        graphs: &mut Graphs<'_>,
        examiner: Examiner<'_>,
    ) -> Result<Self, StoreError> {
        let task_id = &task.task_id;
        let (mut definition, mut bytes) = (None, None);
        if let Some(digest) = task.definition {
            let key = definition_key(task_id, digest);
            let stored = desk.stored::<Definition>(&key)?;
            if stored.is_none() {
                bytes = desk.document(&digest, DOCUMENT_SIZE_MAX)?;
            }
            if stored.is_some() || bytes.is_some() {
                definition = Some((key, stored));
            }
        }
        let stored = definition.as_ref().and_then(|(_, stored)| stored.as_ref());
        let role = stored.and_then(|stored| examiner.role(Some(stored)));
        // Without a definition nobody knows the role; with one that is not yet examined, the examination tells.
        let known = (definition.is_none() || stored.is_some()).then_some(role.as_ref());
        let digest = definition.as_ref().and(task.definition);
        let mut attestations = Vec::new();
        for form in [Form::Ed25519, Form::Openpgp] {
            attestations.extend(AttestationWork::gather(desk, task, form, digest, known, examiner)?);
        }
        let entry = match (maker, digest) {
            (Some(maker), Some(digest)) => EntryWork::gather(desk, task_id, digest, maker, graphs)?,
            _ => None,
        };
        let is_wanted = attestations.iter().any(AttestationWork::wants_definition)
            || entry.as_ref().is_some_and(|entry| entry.listing.is_some());
        if let (None, Some(digest)) = (&bytes, digest.filter(|_| is_wanted)) {
            bytes = desk.document(&digest, DOCUMENT_SIZE_MAX)?;
        }
        Ok(Self { task_id: *task_id, definition, bytes, role, attestations, entry })
    }

    /// The same for the comparison with another maker's graph alone.
    fn gather_entry(
        desk: &mut FactDesk<'_>,
        task: &TaskEvidence,
        maker: Option<TaskId>,
        graphs: &mut Graphs<'_>,
    ) -> Result<Self, StoreError> {
        let (mut bytes, mut entry) = (None, None);
        if let (Some(maker), Some(digest)) = (maker, task.definition) {
            entry = EntryWork::gather(desk, &task.task_id, digest, maker, graphs)?;
            if entry.as_ref().is_some_and(|entry| entry.listing.is_some()) {
                bytes = desk.document(&digest, DOCUMENT_SIZE_MAX)?;
            }
        }
        Ok(Self { task_id: task.task_id, definition: None, bytes, role: None, attestations: Vec::new(), entry })
    }

    /// The bytes of documents that it holds.
    fn size(&self) -> usize {
        let attestations: usize = self.attestations.iter().map(AttestationWork::size).sum();
        let listing = self.entry.as_ref().and_then(|entry| entry.listing.as_ref());
        let entry = if let Some(Listing::Listed(entry, _)) = listing { entry.len() } else { 0 };
        attestations + entry + self.bytes.as_ref().map_or(0, Vec::len)
    }

    fn examine(self, examiner: Examiner<'_>) -> TaskExamined {
        let mut fresh = Vec::new();
        let reading = self.bytes.map(|bytes| Reading::of(&bytes));
        let is_stored = self.definition.as_ref().is_some_and(|(_, stored)| stored.is_some());
        let definition = self.definition.and_then(|(key, stored)| {
            settle((key, stored), &mut fresh, || Some(definition::examine(reading.as_ref()?)))
        });
        let role = if is_stored { self.role } else { examiner.role(definition.as_ref()) };
        let works = self.attestations.into_iter();
        let attestations =
            works.map(|work| work.examine(role.as_ref(), reading.as_ref(), examiner, &mut fresh)).collect();
        // The import's word on who made a task only tells where to look first.
        let is_made_by = |maker: &TaskId| definition.as_ref().is_none_or(|it| makers_of(it).contains(maker));
        let entry = self.entry.filter(|entry| is_made_by(&entry.maker)).and_then(|entry| {
            let compare = || Some(graph_entry::examine(entry.listing.as_ref()?, reading.as_ref()?));
            Some((entry.maker, settle((entry.key, entry.stored), &mut fresh, compare)?))
        });
        TaskExamined { task_id: self.task_id, definition, attestations, entry, fresh }
    }
}

impl EntryWork {
    fn gather(
        desk: &mut FactDesk<'_>,
        task_id: &TaskId,
        definition: Digest,
        maker: TaskId,
        graphs: &mut Graphs<'_>,
    ) -> Result<Option<Self>, StoreError> {
        let Some(digest) = graphs.digest(&maker) else { return Ok(None) };
        let key = entry_key(task_id, definition, &maker, digest);
        let is_held = desk.case.blob_size(&digest)?.is_some();
        let stored = desk.stored::<GraphEntry>(&key)?.filter(|_| is_held);
        let listing = match stored {
            Some(_) => None,
            None => graphs.listing(desk, maker, digest, task_id)?,
        };
        Ok((stored.is_some() || listing.is_some()).then_some(Self { maker, key, stored, listing }))
    }
}
