//! The facts that judging some targets needs: of every task that their chains can reach, and of those around them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::bulk::{Surveyed, survey_tasks};
use super::desk::FactDesk;
use super::examination::{
    Examiner, attestations, definitions, earlier_attestations, graph_entries, graph_tasks, logs, makers_of, reachable,
};
use super::scope::Scope;
use crate::chain::EdgeNames;
use crate::model::{Definition, Digest, Facts, Group, Origin, TaskCopy, TaskFacts, TaskId};
use crate::rules::RuleBook;
use crate::store::{StoreError, TaskSummary};

/// With this many targets, everything that is stored of a kind is read at once instead of one by one.
pub(super) const BULK_TARGETS: usize = 64;

/// The facts of every task of a snapshot.
pub(super) fn facts_of_all(
    desk: &mut FactDesk<'_>,
    scope: &Scope,
    examiner: Examiner<'_>,
) -> Result<Facts, StoreError> {
    let summaries = scope.summaries(desk.case)?;
    let mut known = known_of_all(desk, scope, &summaries, examiner)?;
    let tasks: Vec<TaskId> = summaries.iter().map(|task| task.task_id).collect();
    gather_facts(desk, scope, &tasks, &summaries, &mut known, examiner)
}

/// What is known at once where every task is asked for. Who makes facts again asks for one after the other.
pub(super) fn known_of_all(
    desk: &mut FactDesk<'_>,
    scope: &Scope,
    summaries: &[TaskSummary],
    examiner: Examiner<'_>,
) -> Result<Surveyed, StoreError> {
    if summaries.len() >= BULK_TARGETS && !desk.is_auditing() {
        return survey_tasks(desk, scope, summaries, examiner);
    }
    Ok(Surveyed { definitions: definitions_of(desk, summaries)?, ..Surveyed::default() })
}

/// What the definitions of the tasks say.
pub(super) fn definitions_of(
    desk: &mut FactDesk<'_>,
    summaries: &[TaskSummary],
) -> Result<BTreeMap<TaskId, Arc<Definition>>, StoreError> {
    let defined: Vec<(TaskId, Digest)> =
        summaries.iter().filter_map(|task| Some((task.task_id, task.definition?))).collect();
    definitions(desk, &defined)
}

/// Whether a task needs an attestation: it asks its worker for one, a scriptworker runs it (they always make one), or
/// another task rests on it.
pub(super) fn needs_attestation(task_id: &TaskId, definition: &Definition, names: &EdgeNames, book: &RuleBook) -> bool {
    let provisioners = &book.scriptworker_provisioners;
    let by_scriptworker = definition.hints.provisioner_id.as_ref().is_some_and(|id| provisioners.contains(id));
    definition.wants_attestation || by_scriptworker || names.rests_on(task_id)
}

/// The facts of every task that the targets' chains can reach. What is known of them already is taken out of `known`, but
/// for the definitions.
pub(super) fn gather_facts(
    desk: &mut FactDesk<'_>,
    scope: &Scope,
    targets: &[TaskId],
    summaries: &[TaskSummary],
    known: &mut Surveyed,
    examiner: Examiner<'_>,
) -> Result<Facts, StoreError> {
    let Surveyed { evidence, definitions, .. } = known;
    let definitions = &*definitions;
    let mut tasks: BTreeMap<TaskId, TaskFacts> = BTreeMap::new();
    let consumers = consumers(targets, definitions, examiner.book);
    if targets.len() >= BULK_TARGETS && evidence.is_empty() {
        *evidence = scope.evidence_of_all(desk.case)?;
    }
    let is_complete = !evidence.is_empty();
    loop {
        // Where the queue's definition is missing, what an attestation embeds shows where the chain would go on.
        let shape = |task_id: &TaskId| {
            let embedded = || tasks.get(task_id).and_then(TaskFacts::shape);
            definitions.get(task_id).map(|definition| &**definition).or_else(embedded)
        };
        let mut fresh: BTreeMap<TaskId, TaskFacts> = BTreeMap::new();
        let witnesses = consumers.values().flatten().copied();
        let mut reached = reachable(targets, shape);
        reached.extend(witnesses);
        desk.at_once(|desk| {
            for task_id in reached.into_iter().filter(|task_id| !tasks.contains_key(task_id)) {
                let evidence = match evidence.remove(&task_id) {
                    None if !is_complete => scope.evidence(desk.case, &task_id)?,
                    evidence => evidence,
                };
                let Some(evidence) = evidence else { continue };
                let mut task = TaskFacts::new(evidence, definitions.get(&task_id).cloned());
                task.attestations = known.attestations.remove(&task_id).unwrap_or_default();
                task.graph_entries = known.entries.remove(&task_id).unwrap_or_default();
                if let Some(definition) = &task.definition {
                    task.graph_entries.retain(|maker, _| makers_of(definition).contains(maker));
                }
                task.graph_tasks = known.graph_tasks.remove(&task_id);
                fresh.insert(task_id, task);
            }
            Ok(())
        })?;
        if fresh.is_empty() {
            break;
        }
        attestations(desk, &mut fresh, examiner)?;
        earlier_attestations(desk, &mut fresh)?;
        logs(desk, &mut fresh)?;
        tasks.extend(fresh);
    }
    graph_entries(desk, &mut tasks)?;
    let members = members(&tasks, definitions);
    graph_tasks(desk, &mut tasks, members.keys())?;
    let groups = groups(summaries, &tasks, members);
    let copies = copies(desk, scope, summaries, &tasks, definitions)?;
    Ok(Facts { tasks, consumers, groups, copies, root_url: scope.root_url() })
}

/// The tasks of the snapshot that do the same as one of these, and that no task graph lists. Where the graph of a copy's
/// parent is not held nobody can tell, and it counts as listed: graphs share tasks with each other.
fn copies(
    desk: &mut FactDesk<'_>,
    scope: &Scope,
    summaries: &[TaskSummary],
    tasks: &BTreeMap<TaskId, TaskFacts>,
    definitions: &BTreeMap<TaskId, Arc<Definition>>,
) -> Result<BTreeMap<TaskId, Vec<TaskCopy>>, StoreError> {
    // Decision and action tasks are in no graph, and a tree makes the same ones again and again.
    let is_original = |task_id: &TaskId| {
        let definition = definitions.get(task_id).filter(|_| tasks.contains_key(task_id));
        definition.is_some_and(|definition| !definition.makes_tasks(task_id))
    };
    let mut alike: BTreeMap<Digest, Vec<&TaskId>> = BTreeMap::new();
    for (task_id, definition) in definitions {
        if let Some(work) = definition.work {
            alike.entry(work).or_default().push(task_id);
        }
    }
    alike.retain(|_, same| same.len() > 1 && same.iter().any(|task_id| is_original(task_id)));
    let parent_of = |task_id: &TaskId| definitions.get(task_id)?.maker()?.parse::<TaskId>().ok();
    let parents: BTreeSet<TaskId> = alike.values().flatten().filter_map(|task_id| parent_of(task_id)).collect();
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
    let documents: BTreeMap<&TaskId, Option<Digest>> =
        summaries.iter().map(|task| (&task.task_id, task.definition)).collect();
    for same in alike.values() {
        let unlisted: Vec<&TaskId> = same.iter().copied().filter(|task_id| is_unlisted(task_id)).collect();
        for original in same.iter().filter(|task_id| is_original(task_id)) {
            let others = unlisted.iter().filter(|task_id| *task_id != original).map(|task_id| TaskCopy {
                task_id: *(*task_id),
                definition: documents.get(*task_id).copied().flatten(),
            });
            let others: Vec<TaskCopy> = others.collect();
            if !others.is_empty() {
                copies.insert(*(*original), others);
            }
        }
    }
    Ok(copies)
}

/// The tasks of the snapshot that name one of these as their parent, by that one.
fn members<'a>(
    tasks: &BTreeMap<TaskId, TaskFacts>,
    definitions: &'a BTreeMap<TaskId, Arc<Definition>>,
) -> BTreeMap<TaskId, Vec<(&'a TaskId, &'a Definition)>> {
    let mut members: BTreeMap<TaskId, Vec<(&TaskId, &Definition)>> = BTreeMap::new();
    for (task_id, definition) in definitions {
        let parent = definition.maker().and_then(|parent| parent.parse::<TaskId>().ok());
        if let Some(parent) = parent.filter(|parent| parent != task_id && tasks.contains_key(parent)) {
            members.entry(parent).or_default().push((task_id, definition));
        }
    }
    members
}

/// The members beside the graphs that should list them.
fn groups(
    summaries: &[TaskSummary],
    tasks: &BTreeMap<TaskId, TaskFacts>,
    members: BTreeMap<TaskId, Vec<(&TaskId, &Definition)>>,
) -> BTreeMap<TaskId, Group> {
    let has_run: BTreeMap<&TaskId, Option<bool>> = summaries.iter().map(|task| (&task.task_id, task.has_run)).collect();
    let mut groups = BTreeMap::new();
    for (parent, members) in members {
        let Some(listed) = tasks.get(&parent).and_then(|task| task.graph_tasks.as_ref()) else { continue };
        let listed: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
        let mut group = Group::default();
        for (task_id, definition) in members {
            let is_listed = listed.contains(task_id.as_str());
            if is_listed && has_run.get(task_id) == Some(&Some(false)) {
                group.idle.push(*task_id);
            }
            if !is_listed && !definition.makes_tasks(task_id) {
                group.unlisted.push(*task_id);
            }
        }
        groups.insert(parent, group);
    }
    groups
}

/// The scriptworkers' tasks that consume something of each target: their logs tell of its attestation.
fn consumers(
    targets: &[TaskId],
    definitions: &BTreeMap<TaskId, Arc<Definition>>,
    book: &RuleBook,
) -> BTreeMap<TaskId, Vec<TaskId>> {
    let mut consumers: BTreeMap<TaskId, Vec<TaskId>> = targets.iter().map(|target| (*target, Vec::new())).collect();
    for (task_id, definition) in definitions {
        let provisioner = definition.hints.provisioner_id.as_ref();
        if !provisioner.is_some_and(|id| book.scriptworker_provisioners.contains(id)) {
            continue;
        }
        let consumed = definition.edges.iter().filter(|edge| edge.origin == Origin::UpstreamArtifacts);
        let consumed: BTreeSet<TaskId> = consumed.filter_map(|edge| edge.to.parse().ok()).collect();
        for to in consumed.iter().filter(|to| *to != task_id) {
            if let Some(of_target) = consumers.get_mut(to) {
                of_target.push(*task_id);
            }
        }
    }
    consumers.retain(|_, of_target| !of_target.is_empty());
    consumers
}
