//! From a request to a report.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::desk::{FactDesk, Listener, Progress, Work};
use super::examination::{self, Examiner};
use super::gathered::Gathered;
use super::gathering::facts_of_all;
use super::keys::{self, Keys};
use super::noted;
use super::outlines::defined;
use super::planning::{Plan, Planned, Trial};
use super::rebuilds::{self, Answers};
use super::report::{Heard, HeardAt, Judged, Telling};
use super::rules::{RuleChoice, RuleShelf, examination_book};
use super::scope::{Scope, SnapshotChoice};
use super::targets::{ReplayError, ScopedTargets, Targets, by_scope};
use crate::chain::Mode;
use crate::examine::rebuild::Workings;
use crate::insight::{CompletenessOfAll, DependencyGraph, TooManyEdges};
use crate::judge::judge;
use crate::model::{
    AsOf, Basis, ClockOverrides, Clocks, Completeness, Definition, Digest, FactKey, FactKind, Facts, Moment, Notes,
    Report, SnapshotReport, TaskId, ToolUsed,
};
use crate::rules::RuleBook;
use crate::store::{Case, Damage, ReplayRecord, TaskSummary};
use crate::trust::{Deployments, Distrusted};

/// How many targets are planned and judged at once: their plans and judgements are in memory until they are told.
pub(super) const JUDGED_AT_ONCE: usize = 256;

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

/// Replays the verification, and tells how far it has come. What is examined is stored batch by batch: who stops it loses
/// little. The listener can stop it: that is [`ReplayError::Stopped`].
pub fn replay(case: &mut Case, request: &Request, listener: Listener<'_>) -> Result<Replayed, ReplayError> {
    let scopes = by_scope(case, &request.targets, &request.snapshot)?;
    let mut desk = FactDesk::telling(case, listener);
    let keys = keys::load(&mut desk)?;
    let deployments = Deployments::shipped()?;
    let mut telling = Telling::default();
    let mut snapshots = Vec::new();
    let mut done = BTreeSet::new();
    // The newest snapshot first: with --all, a task is judged in the newest that has it.
    for ScopedTargets { scope, tasks } in scopes.into_iter().rev() {
        let before = telling.targets.len();
        let completeness = replay_scope(&mut desk, &scope, tasks, &keys, &deployments, request, &done, &mut telling)?;
        let of_scope = &telling.targets[before..];
        if !of_scope.is_empty() {
            let targets = of_scope.len() as u64;
            snapshots.push(SnapshotReport { snapshots: scope.digests(), targets, completeness });
        }
        done.extend(of_scope.iter().map(|target| target.task_id));
    }
    if telling.targets.is_empty() {
        return Err(ReplayError::NothingToReplay);
    }
    let work = desk.work();
    snapshots.sort_by(|a: &SnapshotReport, b| a.snapshots.cmp(&b.snapshots));
    let inputs = inputs(&keys, case.held()?);
    let mut report = telling.report(case.content_id()?, inputs, snapshots, &keys, request);
    report.notes = noted::on(&report, Notes::of_list(case.notes()?));
    keep(case, &report, request)?;
    Ok(Replayed { report, work })
}

/// Keeps what a request came to in the case, for SQL and for whoever opens it next; where the case can be written to.
pub fn keep(case: &mut Case, report: &Report, request: &Request) -> Result<(), ReplayError> {
    if case.is_writable() {
        case.keep_replay(&record(report, request), report)?;
    }
    Ok(())
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
    let gathered = Gathered::of(&mut desk, &scope, Some(targets), &keys, &book, &BTreeSet::new())?;
    let ledger = keys.ledger.narrowed(scope.root_url().as_deref(), &request.bases);
    let verifiers = gathered.verifiers(&ledger, &deployments, &book);
    let planned = gathered.plan(&gathered.targets, &verifiers, &RuleShelf::new(&request.rules), request)?;
    let planned = planned.first().ok_or(ReplayError::NothingToReplay)?;
    let (facts, target) = (&gathered.facts, &planned.target);
    let Some(found) = rebuilds::documents(&facts.tasks, target) else { return Ok(Err(NotRebuilt::NoDefinition)) };
    let plan = planned.likeliest();
    if let Some(other) = other_type(plan) {
        return Ok(Err(NotRebuilt::OtherType(other)));
    }
    let rules = plan.rules.book.id.clone();
    let Some(product) = plan.product.clone() else { return Ok(Err(NotRebuilt::NoProduct)) };
    let Some(recipe) = plan.rules.book.recipe(&product) else {
        return Ok(Err(NotRebuilt::NotByRules { rules, product }));
    };
    let answers = Answers::of(&desk, &scope)?;
    let workings = rebuilds::work_out(&desk, &answers, &found, target, &recipe)?;
    Ok(workings.map(|workings| RebuildShown { rules, product, workings }).ok_or(NotRebuilt::NoDefinition))
}

/// The types that a target may be of, where it can be no decision or action task.
fn other_type(plan: &Plan) -> Option<String> {
    let types: Vec<&str> = plan.task_type.iter().chain(&plan.candidates).map(String::as_str).collect();
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
        let mut facts = facts_of_all(&mut desk, &scope, Examiner::new(&keys.keyring, &book))?;
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

/// What definitions say, by task.
pub type Definitions = BTreeMap<TaskId, Arc<Definition>>;

/// The tasks of all snapshots joined, and what their definitions say; what is missing is examined and kept.
pub fn definitions(case: &mut Case) -> Result<(Vec<TaskSummary>, Definitions), ReplayError> {
    let scope = Scope::joined(case.snapshots()?);
    let mut desk = FactDesk::new(case);
    desk.load_all::<Definition>(FactKind::Definition)?;
    let summaries = scope.summaries(desk.case)?;
    let definitions = examination::definitions(&mut desk, &defined(&summaries))?;
    Ok((summaries, definitions))
}

/// Which of these tasks rest on which, by their definitions.
///
/// # Errors
///
/// If they have more edges than there are numbers.
pub fn dependency_graph(summaries: &[TaskSummary], definitions: &Definitions) -> Result<DependencyGraph, TooManyEdges> {
    let definition = |task_id: &TaskId| definitions.get(task_id).map(|definition| &**definition);
    DependencyGraph::of_definitions(summaries.iter().map(|task| (task.task_id, definition(&task.task_id))))
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
    let examiner = Examiner::new(&keys.keyring, book);
    let mut surveyed = Vec::new();
    for snapshot in desk.case.snapshots()?.into_iter().rev() {
        desk.load_facts_of_tasks()?;
        let digest = snapshot.digest;
        surveyed.push((digest, facts_of_all(desk, &Scope::one(snapshot), examiner)?));
    }
    Ok(surveyed)
}

/// Judges targets by one scope of evidence, and tells of them.
#[expect(clippy::too_many_arguments, reason = "each is one part of what a judgement rests on")]
fn replay_scope(
    desk: &mut FactDesk<'_>,
    scope: &Scope,
    wanted: Option<Vec<TaskId>>,
    keys: &Keys,
    deployments: &Deployments,
    request: &Request,
    done: &BTreeSet<TaskId>,
    telling: &mut Telling,
) -> Result<Completeness, ReplayError> {
    let book = examination_book()?;
    let mut gathered = Gathered::of(desk, scope, wanted, keys, &book, done)?;
    let ledger = keys.ledger.narrowed(scope.root_url().as_deref(), &request.bases);
    let verifiers = gathered.verifiers(&ledger, deployments, &book);
    let (shelf, answers) = (RuleShelf::new(&request.rules), Answers::of(desk, scope)?);
    let (snapshots, targets) = (scope.digests(), std::mem::take(&mut gathered.targets));
    let mut completeness = CompletenessOfAll::default();
    let (mut told, total) = (0, targets.len() as u64);
    for batch in targets.chunks(JUDGED_AT_ONCE) {
        let planned = gathered.plan(batch, &verifiers, &shelf, request)?;
        gathered.rebuild(desk, &answers, &planned)?;
        judge_and_tell(planned, &snapshots, &gathered.facts, request, &mut completeness, telling);
        told += batch.len() as u64;
        desk.tell(Progress { stage: "targets", done: told, total })?;
    }
    let completeness = completeness.total();
    // Giving back the memory of a whole graph takes a while, and nobody waits for it.
    rayon::spawn(move || drop(gathered));
    Ok(completeness)
}

/// Judges some targets, and tells of them.
pub(super) fn judge_and_tell(
    planned: Vec<Planned<'_>>,
    snapshots: &[Digest],
    facts: &Facts,
    request: &Request,
    completeness: &mut CompletenessOfAll,
    telling: &mut Telling,
) {
    let judge = |planned| judge_target(planned, snapshots, facts, request);
    let judged: Vec<Judged> = planned.into_par_iter().map(judge).collect();
    judged.iter().for_each(|target| completeness.add(target.told().needs(), facts));
    telling.add(judged, request);
}

/// Judges one target. Pure, and made in parallel with the others.
pub(super) fn judge_target(planned: Planned<'_>, snapshots: &[Digest], facts: &Facts, request: &Request) -> Judged {
    let hear = |trials: &[Trial]| hear(&planned, trials, facts, request);
    let (judgements, moved) = (hear(&planned.trials), hear(&planned.moved));
    let Planned { target, verifier, ran, is_cut, plans, leeway, .. } = planned;
    let heard = Heard { ran, is_cut, judgements, leeway, moved, fleet: verifier.fleet.clone() };
    Judged::new(target, plans, snapshots.to_vec(), facts, heard)
}

/// Makes the judgements. Those of one plan and one set of keys are made together: what the chain consumes is worked out
/// once.
fn hear(planned: &Planned<'_>, trials: &[Trial], facts: &Facts, request: &Request) -> Vec<HeardAt> {
    let mut heard = Vec::with_capacity(trials.len());
    for alike in trials.chunk_by(|a, b| (a.rollout, a.plan) == (b.rollout, b.plan)) {
        let Some(first) = alike.first() else { continue };
        let plan = &planned.plans[first.plan];
        let (rules, ledger) = (plan.judged_by(), planned.verifier.held(first.rollout));
        let clocks: Vec<Clocks> = alike.iter().map(|trial| trial.clocks).collect();
        let judgements = judge(&plan.chain, facts, rules, ledger, &request.distrust, &clocks, request.mode);
        heard.extend(alike.iter().zip(judgements).map(|(trial, judgement)| HeardAt { trial: *trial, judgement }));
    }
    heard
}

/// What verdicts rest on beside the snapshots: key epochs, who accepted them, and the contents kept.
pub(super) fn inputs(keys: &Keys, held: (u64, u64)) -> Digest {
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
