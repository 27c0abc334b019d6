//! The facts that judging some targets needs: of every task that their chains can reach, and of those around them.

use std::collections::{BTreeMap, BTreeSet};

use super::bulk::{Surveyed, survey_tasks};
use super::desk::FactDesk;
use super::examination::{
    Examiner, attestations, definitions, earlier_attestations, graph_entries, graph_tasks, logs, makers_of,
};
use super::outlines::{outline_of, outline_of_known};
use super::scope::Scope;
use crate::chain::EdgeNames;
use crate::examine::outline;
use crate::model::{DefinitionOutline, Digest, Facts, Group, Outline, TaskCopy, TaskFacts, TaskId, TaskOutline};
use crate::rules::RuleBook;
use crate::store::StoreError;

/// With this many targets, everything that is stored of a kind is read at once instead of one by one.
const BULK_TARGETS: usize = 64;

/// What is known before facts are gathered.
pub(super) struct Known {
    /// What is asked of all tasks of the scope.
    pub(super) outline: Outline,
    /// What was examined on the way.
    surveyed: Surveyed,
}

impl Known {
    /// Where some targets are asked for.
    pub(super) fn for_some(desk: &mut FactDesk<'_>, scope: &Scope, targets: usize) -> Result<Self, StoreError> {
        let (outline, definitions) = outline_of(desk, scope)?;
        let mut surveyed = Surveyed { definitions, ..Surveyed::default() };
        if targets >= BULK_TARGETS {
            desk.load_facts_of_tasks()?;
            surveyed.evidence = scope.evidence_of_all(desk.case)?;
        }
        Ok(Self { outline, surveyed })
    }

    /// Where every task is asked for. Who makes facts again asks for one after the other.
    pub(super) fn of_all(desk: &mut FactDesk<'_>, scope: &Scope, examiner: Examiner<'_>) -> Result<Self, StoreError> {
        let summaries = scope.summaries(desk.case)?;
        if summaries.len() < BULK_TARGETS || desk.is_auditing() {
            return Self::for_some(desk, scope, summaries.len());
        }
        let surveyed = survey_tasks(desk, scope, &summaries, examiner)?;
        let outline = outline_of_known(desk, scope, &summaries, &surveyed.definitions)?;
        Ok(Self { outline, surveyed })
    }
}

/// The facts of every task of a snapshot.
pub(super) fn facts_of_all(
    desk: &mut FactDesk<'_>,
    scope: &Scope,
    examiner: Examiner<'_>,
) -> Result<Facts, StoreError> {
    let known = Known::of_all(desk, scope, examiner)?;
    let tasks: Vec<TaskId> = known.outline.tasks.keys().copied().collect();
    gather_facts(desk, scope, &tasks, known, examiner)
}

/// Whether a task needs an attestation: it asks its worker for one, a scriptworker runs it (they always make one), or
/// another task rests on it.
pub(super) fn needs_attestation(task_id: &TaskId, task: &TaskOutline, names: &EdgeNames, book: &RuleBook) -> bool {
    task.definition.as_ref().is_some_and(|definition| {
        definition.wants_attestation || by_scriptworker(definition, book) || names.rests_on(task_id)
    })
}

/// Whether a scriptworker runs the task.
fn by_scriptworker(definition: &DefinitionOutline, book: &RuleBook) -> bool {
    definition.provisioner.as_ref().is_some_and(|id| book.scriptworker_provisioners.contains(id))
}

/// The facts of every task that the targets' chains can reach.
pub(super) fn gather_facts(
    desk: &mut FactDesk<'_>,
    scope: &Scope,
    targets: &[TaskId],
    known: Known,
    examiner: Examiner<'_>,
) -> Result<Facts, StoreError> {
    let Known { outline, mut surveyed } = known;
    let has_all = !surveyed.evidence.is_empty();
    let mut tasks: BTreeMap<TaskId, TaskFacts> = BTreeMap::new();
    let consumers = consumers(targets, &outline, examiner.book);
    // Where the queue's definition is missing, what an attestation embeds shows where the chain would go on.
    let mut embedded: BTreeMap<TaskId, DefinitionOutline> = BTreeMap::new();
    loop {
        let mut reached = reachable(targets, |task_id| outline.definition(task_id).or_else(|| embedded.get(task_id)));
        reached.extend(consumers.values().flatten());
        reached.retain(|task_id| !tasks.contains_key(task_id));
        let mut fresh = tasks_of(desk, scope, reached, &mut surveyed, has_all)?;
        if fresh.is_empty() {
            break;
        }
        attestations(desk, &mut fresh, examiner)?;
        earlier_attestations(desk, &mut fresh)?;
        logs(desk, &mut fresh)?;
        let undefined = fresh.iter().filter(|(_, task)| task.definition.is_none());
        embedded
            .extend(undefined.filter_map(|(task_id, task)| Some((*task_id, outline::outline(task_id, task.shape()?)))));
        tasks.append(&mut fresh);
    }
    graph_entries(desk, &mut tasks)?;
    let members = members(&tasks, &outline);
    graph_tasks(desk, &mut tasks, members.keys())?;
    let groups = groups(&tasks, &members, &outline);
    let copies = copies(desk, scope, &tasks, &outline)?;
    Ok(Facts { tasks, consumers, groups, copies, root_url: scope.root_url() })
}

/// The evidence of some tasks and what their definitions say, with what else is known of them already.
fn tasks_of(
    desk: &mut FactDesk<'_>,
    scope: &Scope,
    reached: BTreeSet<TaskId>,
    surveyed: &mut Surveyed,
    has_all: bool,
) -> Result<BTreeMap<TaskId, TaskFacts>, StoreError> {
    let mut tasks: BTreeMap<TaskId, TaskFacts> = BTreeMap::new();
    desk.at_once(|desk| {
        for task_id in reached {
            let evidence = match surveyed.evidence.remove(&task_id) {
                None if !has_all => scope.evidence(desk.case, &task_id)?,
                evidence => evidence,
            };
            let Some(evidence) = evidence else { continue };
            tasks.insert(task_id, TaskFacts::new(evidence, surveyed.definitions.remove(&task_id)));
        }
        Ok(())
    })?;
    let unknown = tasks.iter().filter(|(_, task)| task.definition.is_none());
    let unknown: Vec<(TaskId, Digest)> =
        unknown.filter_map(|(task_id, task)| Some((*task_id, task.evidence.definition?))).collect();
    for (task_id, definition) in definitions(desk, &unknown)? {
        if let Some(task) = tasks.get_mut(&task_id) {
            task.definition = Some(definition);
        }
    }
    for (task_id, task) in &mut tasks {
        task.attestations = surveyed.attestations.remove(task_id).unwrap_or_default();
        task.graph_entries = surveyed.entries.remove(task_id).unwrap_or_default();
        if let Some(definition) = &task.definition {
            task.graph_entries.retain(|maker| makers_of(definition).contains(maker));
        }
        task.graph_tasks = surveyed.graph_tasks.remove(task_id);
    }
    Ok(tasks)
}

/// The tasks of the snapshot that do the same as one of these, and that no task graph lists. Where the graph of a copy's
/// parent is not held nobody can tell, and it counts as listed: graphs share tasks with each other.
fn copies(
    desk: &mut FactDesk<'_>,
    scope: &Scope,
    tasks: &BTreeMap<TaskId, TaskFacts>,
    outline: &Outline,
) -> Result<BTreeMap<TaskId, Vec<TaskCopy>>, StoreError> {
    // Decision and action tasks are in no graph, and a tree makes the same ones again and again.
    let is_original = |task_id: &TaskId| {
        let definition = outline.definition(task_id).filter(|_| tasks.contains_key(task_id));
        definition.is_some_and(|definition| !definition.makes_tasks)
    };
    let works = outline.definitions().filter_map(|(task_id, definition)| Some((definition.work?, task_id)));
    let mut works: Vec<(Digest, &TaskId)> = works.collect();
    works.sort_unstable();
    let alike = works.chunk_by(|(one, _), (other, _)| one == other).filter(|same| same.len() > 1);
    let alike = alike.map(|same| same.iter().map(|(_, task_id)| *task_id).collect::<Vec<&TaskId>>());
    let alike: Vec<_> = alike.filter(|same| same.iter().any(|task_id| is_original(task_id))).collect();
    let parent_of = |task_id: &TaskId| outline.definition(task_id)?.maker;
    let parents: BTreeSet<TaskId> = alike.iter().flatten().filter_map(|task_id| parent_of(task_id)).collect();
    let mut makers: BTreeMap<TaskId, TaskFacts> = BTreeMap::new();
    for parent in &parents {
        if let Some(known) = tasks.get(parent).filter(|known| known.graph_tasks.is_some()) {
            let listed = TaskFacts::new(known.evidence.clone(), None);
            makers.insert(*parent, TaskFacts { graph_tasks: known.graph_tasks.clone(), ..listed });
        } else if let Some(evidence) = scope.evidence(desk.case, parent)? {
            makers.insert(*parent, TaskFacts::new(evidence, None));
        }
    }
    graph_tasks(desk, &mut makers, &parents)?;
    let graphs: BTreeMap<&TaskId, BTreeSet<&str>> = makers
        .iter()
        .filter_map(|(maker, facts)| Some((maker, facts.graph_tasks.as_ref()?.iter().map(String::as_str).collect())))
        .collect();
    let is_unlisted = |task_id: &TaskId| match parent_of(task_id) {
        // A task that was submitted without a group is a group of its own, and no decision task: it does the work of
        // a task of a graph.
        Some(parent) if parent == *task_id => true,
        Some(parent) => graphs.get(&parent).is_some_and(|listed| !listed.contains(task_id.as_str())),
        None => false,
    };
    let mut copies: BTreeMap<TaskId, Vec<TaskCopy>> = BTreeMap::new();
    for same in &alike {
        let mut unlisted: Vec<TaskCopy> = Vec::new();
        for task_id in same.iter().filter(|task_id| is_unlisted(task_id)) {
            let definition = match tasks.get(task_id) {
                Some(task) => task.evidence.definition,
                None => scope.evidence(desk.case, task_id)?.and_then(|evidence| evidence.definition),
            };
            unlisted.push(TaskCopy { task_id: **task_id, definition });
        }
        for original in same.iter().filter(|task_id| is_original(task_id)) {
            let others = unlisted.iter().filter(|copy| copy.task_id != **original);
            let others: Vec<TaskCopy> = others.cloned().collect();
            if !others.is_empty() {
                copies.insert(**original, others);
            }
        }
    }
    Ok(copies)
}

/// The tasks of the snapshot that name one of these as their parent, by that one.
fn members(tasks: &BTreeMap<TaskId, TaskFacts>, outline: &Outline) -> BTreeMap<TaskId, Vec<TaskId>> {
    let mut members: BTreeMap<TaskId, Vec<TaskId>> = BTreeMap::new();
    for (task_id, definition) in outline.definitions() {
        if let Some(parent) = definition.maker.filter(|parent| parent != task_id && tasks.contains_key(parent)) {
            members.entry(parent).or_default().push(*task_id);
        }
    }
    members
}

/// The members beside the graphs that should list them.
fn groups(
    tasks: &BTreeMap<TaskId, TaskFacts>,
    members: &BTreeMap<TaskId, Vec<TaskId>>,
    outline: &Outline,
) -> BTreeMap<TaskId, Group> {
    let mut groups = BTreeMap::new();
    for (parent, members) in members {
        let Some(listed) = tasks.get(parent).and_then(|task| task.graph_tasks.as_ref()) else { continue };
        let listed: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
        let mut group = Group::default();
        for (task_id, task) in members.iter().filter_map(|task_id| Some((task_id, outline.tasks.get(task_id)?))) {
            let is_listed = listed.contains(task_id.as_str());
            if is_listed && task.has_run == Some(false) {
                group.idle.push(*task_id);
            }
            if !is_listed && task.definition.as_ref().is_some_and(|definition| !definition.makes_tasks) {
                group.unlisted.push(*task_id);
            }
        }
        groups.insert(*parent, group);
    }
    groups
}

/// The scriptworkers' tasks that consume something of each target: their logs tell of its attestation.
fn consumers(targets: &[TaskId], outline: &Outline, book: &RuleBook) -> BTreeMap<TaskId, Vec<TaskId>> {
    let mut consumers: BTreeMap<TaskId, Vec<TaskId>> = targets.iter().map(|target| (*target, Vec::new())).collect();
    for (task_id, definition) in outline.definitions().filter(|(_, definition)| by_scriptworker(definition, book)) {
        let consumed: BTreeSet<&TaskId> = definition.upstream.iter().map(|(to, _)| to).collect();
        for to in consumed.into_iter().filter(|to| *to != task_id) {
            if let Some(of_target) = consumers.get_mut(to) {
                of_target.push(*task_id);
            }
        }
    }
    consumers.retain(|_, of_target| !of_target.is_empty());
    consumers
}

/// The tasks that the chains of some targets can reach, by the edges of definitions: never too few.
fn reachable<'d>(
    targets: &[TaskId],
    definition: impl Fn(&TaskId) -> Option<&'d DefinitionOutline>,
) -> BTreeSet<TaskId> {
    let mut reached: BTreeSet<TaskId> = targets.iter().copied().collect();
    let mut open: Vec<TaskId> = targets.to_vec();
    while let Some(task_id) = open.pop() {
        let Some(definition) = definition(&task_id) else { continue };
        open.extend(definition.leads_to().filter(|to| reached.insert(*to)));
    }
    reached
}
