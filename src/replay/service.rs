//! From a request to a report.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::examination::{FactDesk, Work, attestations, definitions, graph_entries, graph_tasks, logs, reachable};
use super::keys::{self, Keys};
use super::rebuilds::{self, Answers, CommitsOf, Wanted};
use super::report::{self, Heard, HeardAt, Judged};
use super::rules::{RuleChoice, RulesOfTarget, examination_book, rules_of};
use super::scope::{Scope, SnapshotChoice};
use super::targets::{ReplayError, ScopedTargets, Targets, by_scope};
use super::verifiers::{Verifier, Verifiers};
use crate::chain::{Chain, EdgeNames, Mode, TaskTypeGuess, build, guess_task_type, speaks_of_github};
use crate::examine::rebuild::Workings;
use crate::insight::{completeness, completeness_of_all};
use crate::judge::{Leeway, MomentOfJudgement, Rules, judge, leeway, product_of, then};
use crate::model::{
    AsOf, Basis, ClockOverrides, Clocks, Completeness, Definition, Digest, FactKey, FactKind, Facts, Member, Moment,
    Origin, Report, SnapshotReport, TaskCopy, TaskFacts, TaskId, ToolUsed,
};
use crate::rules::{Restriction, RuleBook, Trees};
use crate::store::{Case, Damage, ReplayRecord, StoreError, TaskSummary};
use crate::trust::{Deployments, Distrusted, Ledger, Rollout};

/// With this many targets, all stored facts of a kind are read at once instead of one by one.
const BULK_TARGETS: usize = 64;

/// What to replay.
#[derive(Debug, Clone)]
pub struct Request {
    /// The targets.
    pub targets: Targets,
    /// The snapshots to judge them by.
    pub snapshot: SnapshotChoice,
    /// The targets' task type, where the caller says it.
    pub task_type: Option<String>,
    /// The product, where the caller says it.
    pub product: Option<String>,
    /// Whether the targets have run.
    pub mode: Mode,
    /// The moment of judgement.
    pub as_of: AsOf,
    /// The clocks that are moved away from it.
    pub clocks: ClockOverrides,
    /// The bases of trust that count.
    pub bases: BTreeSet<Basis>,
    /// What is distrusted.
    pub distrust: Vec<Distrusted>,
    /// The rules.
    pub rules: RuleChoice,
    /// The program that asks.
    pub tool: ToolUsed,
    /// When it asks: kept with the verdicts in the case, never in a report.
    pub now: Moment,
}

/// What a replay came to.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// The report.
    pub report: Report,
    /// How much work it was.
    pub work: Work,
}

/// Replays the verification.
pub fn replay(case: &mut Case, request: &Request) -> Result<Replayed, ReplayError> {
    let scopes = by_scope(case, &request.targets, &request.snapshot)?;
    let mut desk = FactDesk::new(case);
    let keys = keys::load(&mut desk)?;
    let deployments = Deployments::shipped()?;
    let mut judged = Vec::new();
    let mut snapshots = Vec::new();
    let mut done = BTreeSet::new();
    // The newest snapshot first: with --all, a task is judged in the newest that has it.
    for ScopedTargets { scope, tasks } in scopes.into_iter().rev() {
        let (of_scope, completeness) = replay_scope(&mut desk, &scope, tasks, &keys, &deployments, request, &done)?;
        if !of_scope.is_empty() {
            let targets = of_scope.len() as u64;
            snapshots.push(SnapshotReport { snapshots: scope.digests(), targets, completeness });
        }
        done.extend(of_scope.iter().map(|target| target.task_id.clone()));
        judged.extend(of_scope);
    }
    if judged.is_empty() {
        return Err(ReplayError::NothingToReplay);
    }
    let work = desk.work();
    snapshots.sort_by(|a: &SnapshotReport, b| a.snapshots.cmp(&b.snapshots));
    judged.sort_by(|a, b| a.task_id.cmp(&b.task_id));
    let inputs = inputs(&keys, case.held()?);
    let report = report::assemble(case.content_id()?, inputs, snapshots, judged, &keys, request);
    if case.is_writable() {
        case.keep_replay(&record(&report, request), &report)?;
    }
    Ok(Replayed { report, work })
}

/// A task's rebuild with everything that went into it, and by whose rules.
#[derive(Debug)]
pub struct RebuildShown {
    /// The rule book's id.
    pub rules: String,
    /// The product whose tables count.
    pub product: String,
    /// Template, variables, result, differences.
    pub workings: Workings,
}

/// Why a task is not rebuilt at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRebuilt {
    /// It is of a type that is not rebuilt.
    #[error("only decision and action tasks are rebuilt from their trees, and this one is of type {0}")]
    OtherType(String),
    /// The queue's definition is missing, or too large.
    #[error("the task's definition is missing: it can't be rebuilt")]
    NoDefinition,
    /// Nothing tells the product.
    #[error("the evidence does not tell whose rules apply: --product says it")]
    NoProduct,
    /// The rules rebuild no tasks of the product.
    #[error("the rule book {rules} rebuilds no tasks of {product}")]
    NotByRules {
        /// The rule book's id.
        rules: String,
        /// The product.
        product: String,
    },
}

/// Rebuilds the one target of a request, as its rules say, or tells why they don't.
pub fn rebuild(case: &mut Case, request: &Request) -> Result<Result<RebuildShown, NotRebuilt>, ReplayError> {
    let scopes = by_scope(case, &request.targets, &request.snapshot)?;
    let Some(ScopedTargets { scope, tasks: Some(targets) }) = scopes.into_iter().next_back() else {
        return Err(ReplayError::NothingToReplay);
    };
    let deployments = Deployments::shipped()?;
    let mut desk = FactDesk::new(case);
    let keys = keys::load(&mut desk)?;
    let book = examination_book()?;
    let summaries = scope.summaries(desk.case)?;
    let definitions = definitions_of(&mut desk, &summaries)?;
    let mut names = EdgeNames::default();
    definitions.values().for_each(|definition| names.add(definition));
    let facts = gather_facts(&mut desk, &scope, &targets, (&summaries, &definitions), &keys, &book)?;
    let rules = rules_of(&request.rules, &targets, &facts, &deployments, request.mode)?;
    let Some((target, rules)) = targets.iter().zip(rules).next() else { return Err(ReplayError::NothingToReplay) };
    let planned = plan(target, rules, &facts, &names, request);
    let Some(found) = rebuilds::documents(&facts.tasks, target) else { return Ok(Err(NotRebuilt::NoDefinition)) };
    if let Some(other) = other_type(&planned) {
        return Ok(Err(NotRebuilt::OtherType(other)));
    }
    let rules = planned.rules.book.id.clone();
    let Some(product) = planned.product else { return Ok(Err(NotRebuilt::NoProduct)) };
    let Some(recipe) = planned.rules.book.recipe(&product) else {
        return Ok(Err(NotRebuilt::NotByRules { rules, product }));
    };
    let answers = Answers::of(&desk, &scope)?;
    let workings = rebuilds::work_out(&desk, &answers, &found, target, &recipe)?;
    Ok(workings.map(|workings| RebuildShown { rules, product, workings }).ok_or(NotRebuilt::NoDefinition))
}

/// The types that a target may be of, where it can be no decision or action task.
fn other_type(planned: &Planned) -> Option<String> {
    let types: Vec<&str> = planned.task_type.iter().chain(&planned.candidates).map(String::as_str).collect();
    let is_other = types.iter().all(|name| !matches!(*name, "decision" | "action"));
    is_other.then(|| types.join(" or "))
}

/// Makes every fact again and holds it against the stored one: what differs was changed in the case file. Facts that
/// nothing asks for any more (made by an older version, or with other keys) are not looked at.
pub fn verify_facts(case: &mut Case) -> Result<Vec<Damage>, ReplayError> {
    if !case.has_facts()? {
        return Ok(Vec::new());
    }
    let book = examination_book()?;
    let snapshots = case.snapshots()?;
    let mut desk = FactDesk::auditing(case);
    let keys = keys::load(&mut desk)?;
    for snapshot in snapshots {
        let scope = Scope::one(snapshot);
        let mut facts = facts_of_all(&mut desk, &scope, &keys, &book)?;
        rebuilds::make_again(&mut desk, &scope, &mut facts.tasks)?;
    }
    let differing = desk.into_audit().differing.into_iter();
    let damage = |key: FactKey| Damage {
        kind: "fact",
        name: format!("{} {} {}", key.kind.name(), key.subject, key.variant),
        message: "it is not what the evidence gives".to_owned(),
    };
    Ok(differing.map(damage).collect())
}

/// The facts of every task of every snapshot, the newest snapshot first; what is missing is examined and kept.
pub fn survey(case: &mut Case) -> Result<Vec<(Digest, Facts)>, ReplayError> {
    let book = examination_book()?;
    let mut desk = FactDesk::new(case);
    let keys = keys::load(&mut desk)?;
    survey_with(&mut desk, &keys, &book)
}

/// The same, with keys that are loaded already.
pub(super) fn survey_with(
    desk: &mut FactDesk<'_>,
    keys: &Keys,
    book: &RuleBook,
) -> Result<Vec<(Digest, Facts)>, ReplayError> {
    for kind in
        [FactKind::Definition, FactKind::Attestation, FactKind::Signature, FactKind::Digests, FactKind::VerificationLog]
    {
        desk.load_all(kind)?;
    }
    let mut surveyed = Vec::new();
    for snapshot in desk.case.snapshots()?.into_iter().rev() {
        let digest = snapshot.digest;
        surveyed.push((digest, facts_of_all(desk, &Scope::one(snapshot), keys, book)?));
    }
    Ok(surveyed)
}

/// The facts of every task of a snapshot.
fn facts_of_all(desk: &mut FactDesk<'_>, scope: &Scope, keys: &Keys, book: &RuleBook) -> Result<Facts, StoreError> {
    let summaries = scope.summaries(desk.case)?;
    let definitions = definitions_of(desk, &summaries)?;
    let tasks: Vec<TaskId> = summaries.iter().map(|task| task.task_id.clone()).collect();
    gather_facts(desk, scope, &tasks, (&summaries, &definitions), keys, book)
}

/// What the definitions of the tasks say.
fn definitions_of(
    desk: &mut FactDesk<'_>,
    summaries: &[TaskSummary],
) -> Result<BTreeMap<TaskId, Definition>, StoreError> {
    let defined: Vec<(TaskId, Digest)> =
        summaries.iter().filter_map(|task| Some((task.task_id.clone(), task.definition?))).collect();
    definitions(desk, &defined)
}

/// Judges targets by one scope of evidence.
fn replay_scope(
    desk: &mut FactDesk<'_>,
    scope: &Scope,
    wanted: Option<Vec<TaskId>>,
    keys: &Keys,
    deployments: &Deployments,
    request: &Request,
    done: &BTreeSet<TaskId>,
) -> Result<(Vec<Judged>, Completeness), ReplayError> {
    let book = examination_book()?;
    let summaries = scope.summaries(desk.case)?;
    if wanted.as_ref().is_none_or(|wanted| wanted.len() >= BULK_TARGETS) {
        for kind in [
            FactKind::Attestation,
            FactKind::Signature,
            FactKind::Digests,
            FactKind::GraphEntry,
            FactKind::GraphTasks,
            FactKind::VerificationLog,
            FactKind::Rebuild,
            FactKind::Landing,
        ] {
            desk.load_all(kind)?;
        }
    }
    desk.load_all(FactKind::Definition)?;
    let definitions = definitions_of(desk, &summaries)?;
    let mut names = EdgeNames::default();
    definitions.values().for_each(|definition| names.add(definition));
    let targets = wanted.unwrap_or_else(|| {
        let needs = |task: &&TaskSummary| {
            let definition = definitions.get(&task.task_id);
            task.attested
                || definition.is_some_and(|definition| needs_attestation(&task.task_id, definition, &names, &book))
        };
        summaries.iter().filter(needs).map(|task| task.task_id.clone()).filter(|id| !done.contains(id)).collect()
    });
    let mut facts = gather_facts(desk, scope, &targets, (&summaries, &definitions), keys, &book)?;
    let rules = rules_of(&request.rules, &targets, &facts, deployments, request.mode)?;
    let plan = |(target, rules): (&TaskId, RulesOfTarget)| plan(target, rules, &facts, &names, request);
    let planned: Vec<Planned> = targets.par_iter().zip(rules).map(plan).collect();
    let wanted = wanted_of(&planned, &facts);
    let answers = Answers::of(desk, scope)?;
    rebuilds::examine(desk, &answers, &mut facts.tasks, &wanted)?;
    let ledger = keys.ledger.narrowed(scope.root_url().as_deref(), &request.bases);
    let verifiers = Verifiers::new(&ledger, deployments, &targets, &definitions);
    let snapshots = scope.digests();
    let judge = |planned| judge_target(planned, &snapshots, &facts, &verifiers, deployments, request);
    let judged: Vec<Judged> = planned.into_par_iter().map(judge).collect();
    let chains = judged.iter().map(|target| (&target.chain, &*target.rules.book));
    let completeness = completeness_of_all(chains, &facts);
    Ok((judged, completeness))
}

/// What a target's chains need that takes more than one document.
fn wanted_of(planned: &[Planned], facts: &Facts) -> Wanted {
    let mut wanted = Wanted::default();
    for target in planned {
        let book = &target.rules.book;
        let Some(name) = target.product.as_deref() else { continue };
        if let Some(recipe) = book.recipe(name) {
            let parents = target.chain.links.iter().filter(|link| link.is_parent_type());
            wanted.rebuilds.extend(parents.map(|link| (link.task_id.clone(), recipe.clone())));
        }
        let Some(product) = book.products.get(name) else { continue };
        let scopes = facts.tasks.get(&target.target).and_then(TaskFacts::shape).map(|shape| &shape.scopes);
        let is_restricted = scopes.into_iter().flatten().any(|scope| product.restriction(scope) != Restriction::None);
        if is_restricted && book.switches.trees == Trees::OneTreeAndNoPullRequest {
            let commits = CommitsOf {
                prefix: product.source_env_prefix.clone(),
                is_private: product.is_private(),
                key: product.commits_key(),
            };
            let links = target.chain.links.iter().filter(|link| {
                let shape = facts.tasks.get(&link.task_id).and_then(TaskFacts::shape);
                shape.is_some_and(speaks_of_github)
            });
            wanted.landings.extend(links.map(|link| (link.task_id.clone(), commits.clone())));
        }
    }
    wanted
}

/// Whether a task needs an attestation: it asks its worker for one, a scriptworker runs it (they always make one), or
/// another task rests on it.
fn needs_attestation(task_id: &TaskId, definition: &Definition, names: &EdgeNames, book: &RuleBook) -> bool {
    let provisioners = &book.scriptworker_provisioners;
    let by_scriptworker = definition.hints.provisioner_id.as_ref().is_some_and(|id| provisioners.contains(id));
    definition.wants_attestation || by_scriptworker || names.rests_on(task_id)
}

/// The facts of every task that the targets' chains can reach.
fn gather_facts(
    desk: &mut FactDesk<'_>,
    scope: &Scope,
    targets: &[TaskId],
    (summaries, definitions): (&[TaskSummary], &BTreeMap<TaskId, Definition>),
    keys: &Keys,
    book: &RuleBook,
) -> Result<Facts, StoreError> {
    let mut shapes = definitions.clone();
    let mut tasks: BTreeMap<TaskId, TaskFacts> = BTreeMap::new();
    let consumers = consumers(targets, definitions, book);
    loop {
        let mut fresh = BTreeMap::new();
        let witnesses = consumers.values().flatten().cloned();
        for task_id in reachable(targets, &shapes).into_iter().chain(witnesses) {
            if tasks.contains_key(&task_id) {
                continue;
            }
            if let Some(evidence) = scope.evidence(desk.case, &task_id)? {
                let definition = definitions.get(&task_id).cloned();
                fresh.insert(task_id, TaskFacts::new(evidence, definition));
            }
        }
        if fresh.is_empty() {
            break;
        }
        attestations(desk, &mut fresh, &keys.keyring, book)?;
        logs(desk, &mut fresh)?;
        // Where the queue's definition is missing, what an attestation embeds shows where the chain would go on.
        for (task_id, task) in &fresh {
            if let (None, Some(shape)) = (&task.definition, task.shape()) {
                shapes.insert(task_id.clone(), shape.clone());
            }
        }
        tasks.extend(fresh);
    }
    graph_entries(desk, &mut tasks)?;
    let members = members(summaries, &tasks, definitions);
    graph_tasks(desk, &mut tasks, members.keys())?;
    let copies = copies(desk, scope, summaries, &tasks, definitions)?;
    Ok(Facts { tasks, consumers, members, copies, root_url: scope.root_url() })
}

/// The tasks of the snapshot that do the same as one of these, and that no task graph lists. Where the graph of a copy's
/// parent is not held nobody can tell, and it counts as listed: graphs share tasks with each other.
fn copies(
    desk: &mut FactDesk<'_>,
    scope: &Scope,
    summaries: &[TaskSummary],
    tasks: &BTreeMap<TaskId, TaskFacts>,
    definitions: &BTreeMap<TaskId, Definition>,
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
        if let Some(evidence) = scope.evidence(desk.case, parent)? {
            makers.insert(parent.clone(), TaskFacts::new(evidence, None));
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
                task_id: (*task_id).clone(),
                definition: documents.get(*task_id).copied().flatten(),
            });
            let others: Vec<TaskCopy> = others.collect();
            if !others.is_empty() {
                copies.insert((*original).clone(), others);
            }
        }
    }
    Ok(copies)
}

/// The tasks of the snapshot that name one of these as their parent.
fn members(
    summaries: &[TaskSummary],
    tasks: &BTreeMap<TaskId, TaskFacts>,
    definitions: &BTreeMap<TaskId, Definition>,
) -> BTreeMap<TaskId, Vec<Member>> {
    let has_run: BTreeMap<&TaskId, Option<bool>> = summaries.iter().map(|task| (&task.task_id, task.has_run)).collect();
    let mut members: BTreeMap<TaskId, Vec<Member>> = BTreeMap::new();
    for (task_id, definition) in definitions {
        let parent = definition.maker().and_then(|parent| parent.parse::<TaskId>().ok());
        if let Some(parent) = parent.filter(|parent| parent != task_id && tasks.contains_key(parent)) {
            members.entry(parent).or_default().push(Member {
                task_id: task_id.clone(),
                makes_tasks: definition.makes_tasks(task_id),
                has_run: has_run.get(task_id).copied().flatten(),
            });
        }
    }
    members
}

/// The scriptworkers' tasks that consume something of each target: their logs tell of its attestation.
fn consumers(
    targets: &[TaskId],
    definitions: &BTreeMap<TaskId, Definition>,
    book: &RuleBook,
) -> BTreeMap<TaskId, Vec<TaskId>> {
    let mut consumers: BTreeMap<TaskId, Vec<TaskId>> =
        targets.iter().map(|target| (target.clone(), Vec::new())).collect();
    for (task_id, definition) in definitions {
        let provisioner = definition.hints.provisioner_id.as_ref();
        if !provisioner.is_some_and(|id| book.scriptworker_provisioners.contains(id)) {
            continue;
        }
        let consumed = definition.edges.iter().filter(|edge| edge.origin == Origin::UpstreamArtifacts);
        let consumed: BTreeSet<TaskId> = consumed.filter_map(|edge| edge.to.parse().ok()).collect();
        for to in consumed.iter().filter(|to| *to != task_id) {
            if let Some(of_target) = consumers.get_mut(to) {
                of_target.push(task_id.clone());
            }
        }
    }
    consumers.retain(|_, of_target| !of_target.is_empty());
    consumers
}

/// A target with its chain and rules, before it is judged.
struct Planned {
    target: TaskId,
    rules: RulesOfTarget,
    chain: Chain,
    task_type: Option<String>,
    candidates: Vec<String>,
    product: Option<String>,
}

/// Works out task type and product, and builds the chain.
fn plan(target: &TaskId, rules: RulesOfTarget, facts: &Facts, names: &EdgeNames, request: &Request) -> Planned {
    let book = &*rules.book;
    let shape = facts.tasks.get(target).and_then(TaskFacts::shape);
    let guess = match (&request.task_type, shape) {
        (Some(task_type), _) => TaskTypeGuess::Settled(task_type.clone()),
        (None, Some(shape)) => guess_task_type(target, shape, names, book),
        (None, None) => TaskTypeGuess::Undecided(book.task_types.iter().cloned().collect()),
    };
    let source = shape.and_then(|shape| shape.source.as_deref());
    let product = request.product.clone().or_else(|| product_of(source?, book));
    let (task_type, candidates) = match guess {
        TaskTypeGuess::Settled(task_type) => (Some(task_type), Vec::new()),
        TaskTypeGuess::Undecided(candidates) => (None, candidates),
    };
    // Without a task type the chain is the same but for the target's own name.
    let mut chain = build(target, task_type.as_deref().unwrap_or("target"), request.mode, facts, book);
    if let (None, Some(head)) = (&task_type, chain.links.first_mut()) {
        // That name is for people: no type of the rule book's.
        head.task_type = None;
    }
    // Before its run nothing of a task is signed: a definition that calls itself a decision or action task, which no task
    // graph lists, would then vouch for itself.
    let vouches_for_itself = chain.links.first().is_some_and(|head| !head.is_attested && head.is_parent_type());
    let (task_type, candidates) = match task_type {
        Some(task_type) if vouches_for_itself && request.task_type.is_none() => (None, vec![task_type]),
        task_type => (task_type, candidates),
    };
    Planned { target: target.clone(), rules, chain, task_type, candidates, product }
}

/// Judges one target. Pure, and made in parallel with the others.
fn judge_target(
    planned: Planned,
    snapshots: &[Digest],
    facts: &Facts,
    verifiers: &Verifiers,
    deployments: &Deployments,
    request: &Request,
) -> Judged {
    let Planned { target, rules, chain, task_type, candidates, product } = planned;
    let shape = facts.tasks.get(&target).and_then(TaskFacts::shape);
    let verifier = verifiers.of(deployments, &chain, shape);
    let (moments, as_of) = moments(&chain, facts, verifier, request);
    let leeway = match (request.as_of, as_of) {
        (AsOf::Then, MomentOfJudgement::At(moment, _)) => {
            let (ledger, points) = (&verifier.ledger, &verifier.break_points);
            let knowledge = request.clocks.clocks(moment).knowledge;
            leeway(&chain, facts, &rules.book, ledger, points, moment, knowledge)
        }
        _ => Leeway::default(),
    };
    let by = Rules { book: &rules.book, product: product.as_deref() };
    let hear = |moments: Vec<Moment>| hear(&chain, facts, by, verifier, moments, request);
    let moved = hear(leeway.moments.clone());
    let heard = hear(moments);
    let completeness = completeness(&chain, facts, &rules.book);
    let snapshots = snapshots.to_vec();
    Judged::new(
        target,
        rules,
        snapshots,
        chain,
        facts,
        task_type,
        candidates,
        product,
        Heard { as_of, judgements: heard, leeway, moved, fleet: verifier.fleet.clone() },
        completeness,
    )
}

/// Judges at some moments; where a new release was being rolled out and its keys are others, by both releases.
fn hear(
    chain: &Chain,
    facts: &Facts,
    rules: Rules<'_>,
    verifier: &Verifier,
    moments: Vec<Moment>,
    request: &Request,
) -> Vec<HeardAt> {
    let clocks: Vec<Clocks> = moments.into_iter().map(|moment| request.clocks.clocks(moment)).collect();
    let by = |ledger: &Ledger, clocks: Vec<Clocks>, rollout: Rollout| -> Vec<HeardAt> {
        let judgements = judge(chain, facts, rules, ledger, &request.distrust, &clocks, request.mode);
        let heard = clocks.into_iter().zip(judgements);
        heard.map(|(clocks, judgement)| HeardAt { clocks, rollout, judgement }).collect()
    };
    let late = verifier.late.as_ref().map(|late| {
        let differ = |clocks: &Clocks| verifier.ledger.differs_at(late, clocks.key);
        by(late, clocks.iter().copied().filter(differ).collect(), Rollout::Late)
    });
    let mut heard = by(&verifier.ledger, clocks.clone(), Rollout::AtOnce);
    heard.extend(late.into_iter().flatten());
    heard
}

/// The moments at which a target is judged: one; or where `then` is not known, every moment of the time in question at
/// which the answer can change.
fn moments(chain: &Chain, facts: &Facts, verifier: &Verifier, request: &Request) -> (Vec<Moment>, MomentOfJudgement) {
    let moment = match request.as_of {
        AsOf::At(moment) => return (vec![moment], MomentOfJudgement::At(moment, "")),
        AsOf::Then => then(chain, facts, request.mode),
    };
    let points = verifier.break_points.iter().copied();
    let moments = match moment {
        MomentOfJudgement::At(moment, _) => vec![moment],
        MomentOfJudgement::Between(from, until) => {
            let between = points.filter(|point| from < *point && *point < until);
            std::iter::once(from).chain(between).chain([until]).collect()
        }
        MomentOfJudgement::Unknown => {
            let first = verifier.break_points.first().and_then(|point| Moment::from_unix(point.unix() - 1));
            let moments: Vec<Moment> = first.into_iter().chain(points).collect();
            if moments.is_empty() { Moment::from_unix(0).into_iter().collect() } else { moments }
        }
    };
    (moments, moment)
}

/// What verdicts rest on beside the snapshots: key epochs, who accepted them, and the contents kept.
fn inputs(keys: &Keys, held: (u64, u64)) -> Digest {
    let epochs = keys.ledger.epochs().map(|epoch| format!("{epoch:?}"));
    let parts: Vec<String> = epochs.chain([format!("{} {}", held.0, held.1)]).collect();
    Digest::of_parts(parts.iter().map(String::as_bytes))
}

fn record(report: &Report, request: &Request) -> ReplayRecord {
    let as_of = match request.as_of {
        AsOf::Then => "then".to_owned(),
        AsOf::At(moment) => moment.to_string(),
    };
    let targets = report.targets.iter().map(|target| target.task_id.as_str().as_bytes());
    let choice = request.snapshot.word();
    let moved = format!("{:?}", request.clocks);
    let rules = request.rules.digest();
    let narrowed = format!("{:?} {:?}", request.bases, request.distrust);
    let question = [
        report.inputs.bytes().as_slice(),
        report.case.bytes().as_slice(),
        report.tool.version.as_bytes(),
        rules.as_slice(),
        as_of.as_bytes(),
        request.mode.word().as_bytes(),
        request.task_type.as_deref().unwrap_or_default().as_bytes(),
        request.product.as_deref().unwrap_or_default().as_bytes(),
        choice.as_bytes(),
        moved.as_bytes(),
        narrowed.as_bytes(),
    ];
    let parts = question.into_iter().chain(targets);
    let bases: BTreeSet<&str> =
        report.targets.iter().flat_map(|target| &target.trust_basis).map(|basis| basis.word()).collect();
    ReplayRecord {
        request: Digest::of_parts(parts),
        rules: request.rules.word().to_owned(),
        as_of,
        mode: request.mode.word().to_owned(),
        trust: bases.into_iter().collect::<Vec<_>>().join(","),
        replayed_at: request.now,
    }
}
