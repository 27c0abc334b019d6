//! A case held open: all targets judged once, and then again and again, at other moments and with other things distrusted.
//!
//! The facts stay in memory, and so do the chains of the first question. Of another question, the targets for which one
//! judgement is in question go through a [`Docket`], which judges again only what the change can touch; the others are
//! judged in full.

use std::borrow::Cow;
use std::collections::BTreeSet;

use rayon::prelude::*;

use super::desk::{FactDesk, Listener, Progress};
use super::gathered::Gathered;
use super::keys::{self, Keys};
use super::noted;
use super::planning::Planned;
use super::rebuilds::Answers;
use super::report::{self, Telling};
use super::rules::{RuleShelf, examination_book};
use super::service::{JUDGED_AT_ONCE, Request, inputs, judge_and_tell, judge_target};
use super::targets::{ReplayError, ScopedTargets, by_scope};
use super::verifiers::Verifiers;
use crate::insight::CompletenessOfAll;
use crate::judge::{Docket, Hearing, MomentOfJudgement, Reheard};
use crate::model::{
    AsOf, Clocks, Definition, Digest, Facts, KeyId, Moment, Notes, Reason, Report, SnapshotReport, TaskFacts, TaskId,
    Verdict,
};
use crate::store::Case;
use crate::trust::{Deployments, Ledger};

/// A verdict, and the class of its weightiest reason.
pub type Standing = (Verdict, Option<Reason>);

/// What a question comes to for every target, in the order of [`Sitting::targets`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standings {
    /// By target.
    pub of: Vec<Standing>,
    /// How many targets were looked at again after the question before: this one cannot touch the others.
    pub reheard: u64,
    /// How many of them were judged in full, since more than one moment, release or order of signatures is in question.
    pub in_full: u64,
}

/// A target, as far as it does not depend on the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SittingLine {
    /// The target.
    pub task_id: TaskId,
    /// Its task type, where the evidence settles it.
    pub task_type: Option<String>,
    /// The keys that made the signatures of its attestations.
    pub keys: Vec<String>,
    /// When it was judged, where one moment is known.
    pub judged_at: Option<Moment>,
}

/// All targets of a case, ready to be judged again.
pub struct Sitting<'a> {
    rooms: Vec<Room<'a>>,
    keys: &'a Keys,
    content_id: Digest,
    held: (u64, u64),
    /// As they were when it was opened.
    notes: Notes,
    /// Facts that had to be examined first: none, where the case was replayed before.
    pub examined: u64,
}

/// Judges the targets of the first question and hands over the sitting, with everything that the other questions need too.
/// The case is free meanwhile.
///
/// # Errors
///
/// As [`super::replay`].
pub fn hold<T>(
    case: &mut Case,
    questions: &[&Request],
    listener: Listener<'_>,
    hold: impl FnOnce(&mut Sitting<'_>, &mut Case) -> T,
) -> Result<T, ReplayError> {
    let Some(first) = questions.first().copied() else { return Err(ReplayError::NothingToReplay) };
    let scopes = by_scope(case, &first.targets, &first.snapshot)?;
    let deployments = Deployments::shipped()?;
    let book = examination_book()?;
    let mut desk = FactDesk::telling(case, listener);
    let keys = keys::load(&mut desk)?;
    let (mut done, mut gathered) = (BTreeSet::new(), Vec::new());
    for ScopedTargets { scope, tasks } in scopes.into_iter().rev() {
        let found = Gathered::of(&mut desk, &scope, tasks, &keys, &book, &done)?;
        done.extend(found.targets.iter().copied());
        let ledger = keys.ledger.narrowed(scope.root_url().as_deref(), &first.bases);
        gathered.push((scope, found, ledger));
    }
    if done.is_empty() {
        return Err(ReplayError::NothingToReplay);
    }
    let total = done.len() as u64;
    desk.tell(Progress { stage: "targets", done: 0, total })?;
    let verifiers: Vec<Verifiers<'_>> =
        gathered.iter().map(|(_, gathered, ledger)| gathered.verifiers(ledger, &deployments, &book)).collect();
    let mut plans = Vec::with_capacity(gathered.len());
    for ((scope, gathered, _), verifiers) in gathered.iter_mut().zip(&verifiers) {
        let answers = Answers::of(&desk, scope)?;
        let mut of_first = None;
        for question in questions {
            let planned = gathered.plan(&gathered.targets, verifiers, &RuleShelf::new(&question.rules), question)?;
            gathered.rebuild(&mut desk, &answers, &planned)?;
            of_first.get_or_insert(planned);
        }
        plans.push((scope.digests(), of_first.unwrap_or_default()));
    }
    desk.tell(Progress { stage: "targets", done: 0, total })?;
    let examined = desk.work().examined;
    let rooms = gathered.iter().zip(&verifiers).zip(&plans);
    let rooms = rooms.map(|(((_, gathered, ledger), verifiers), (snapshots, planned))| {
        Room::new(snapshots, gathered, ledger, verifiers, planned, first)
    });
    let rooms = rooms.collect();
    let mut sitting = Sitting {
        rooms,
        keys: &keys,
        content_id: case.content_id()?,
        held: case.held()?,
        notes: Notes::of_list(case.notes()?),
        examined,
    };
    Ok(hold(&mut sitting, case))
}

impl Sitting<'_> {
    /// The targets: by evidence, the newest first, and then by task id.
    pub fn targets(&self) -> impl Iterator<Item = TaskId> {
        self.rooms.iter().flat_map(|room| room.gathered.targets.iter().copied())
    }

    /// The same with what is known of each whatever the question.
    pub fn lines(&self) -> impl Iterator<Item = SittingLine> {
        let planned = self.rooms.iter().flat_map(|room| room.planned.iter().map(move |planned| (room, planned)));
        planned.map(|(room, planned)| {
            let task = room.gathered.facts.tasks.get(&planned.target);
            let keys = task.into_iter().flat_map(|task| &task.attestations).flat_map(|(form, attestation)| {
                let signature = attestation.signature.as_ref();
                let key = signature.and_then(|signature| signature.key.as_ref()).map(KeyId::as_str);
                KeyId::names(*form, key, signature.and_then(|signature| signature.signing_key.as_deref()))
            });
            SittingLine {
                task_id: planned.target,
                task_type: planned.likeliest().task_type.clone(),
                keys: keys.map(Cow::into_owned).collect(),
                judged_at: match planned.ran {
                    MomentOfJudgement::At(moment, _) => Some(moment),
                    MomentOfJudgement::Between(..) | MomentOfJudgement::Unknown => None,
                },
            }
        })
    }

    /// The facts that were gathered of a task, in the newest evidence that has it.
    pub fn facts(&self, task_id: &TaskId) -> Option<&TaskFacts> {
        self.rooms.iter().find_map(|room| room.gathered.facts.tasks.get(task_id))
    }

    /// A task's label, else its name. Captured text.
    pub fn label(&self, task_id: &TaskId) -> Option<&str> {
        Definition::title(self.facts(task_id)?.shape()?)
    }

    /// When the standing of any key can change.
    pub fn key_changes(&self) -> BTreeSet<Moment> {
        self.rooms.iter().flat_map(|room| room.ledger.break_points()).collect()
    }

    /// Judges all targets by another question of the same targets, snapshots, mode, rules and bases of trust. `None`: it
    /// needs facts that nobody asked for yet, and the case has to be opened anew with it as a question.
    ///
    /// # Errors
    ///
    /// If what ships is broken.
    pub fn ask(&mut self, question: &Request) -> Result<Option<Standings>, ReplayError> {
        let mut standings = Standings::default();
        for room in &mut self.rooms {
            if !room.ask(question, &mut standings)? {
                return Ok(None);
            }
        }
        Ok(Some(standings))
    }

    /// The report that replaying some of the targets gives; without any named, all of them.
    ///
    /// # Errors
    ///
    /// If none of them is a target here, or what ships is broken.
    pub fn report(
        &self,
        targets: Option<&[TaskId]>,
        question: &Request,
        listener: Listener<'_>,
    ) -> Result<Report, ReplayError> {
        let mut telling = Telling::default();
        let mut snapshots = Vec::new();
        for room in &self.rooms {
            let before = telling.targets.len();
            let here = |task_id: &&TaskId| targets.is_none_or(|wanted| wanted.contains(task_id));
            let wanted: Vec<TaskId> = room.gathered.targets.iter().filter(here).copied().collect();
            let mut completeness = CompletenessOfAll::default();
            let shelf = RuleShelf::new(&question.rules);
            let (mut told, total) = (0, wanted.len() as u64);
            for some in wanted.chunks(JUDGED_AT_ONCE) {
                let planned = room.gathered.plan(some, room.verifiers, &shelf, question)?;
                let facts = &room.gathered.facts;
                judge_and_tell(planned, room.snapshots, facts, question, &mut completeness, &mut telling);
                told += some.len() as u64;
                if listener(Progress { stage: "targets", done: told, total }).is_break() {
                    return Err(ReplayError::Stopped);
                }
            }
            let targets = (telling.targets.len() - before) as u64;
            if targets > 0 {
                let completeness = completeness.total();
                snapshots.push(SnapshotReport { snapshots: room.snapshots.to_vec(), targets, completeness });
            }
        }
        if telling.targets.is_empty() {
            return Err(ReplayError::NothingToReplay);
        }
        snapshots.sort_by(|a: &SnapshotReport, b| a.snapshots.cmp(&b.snapshots));
        let mut report = telling.report(self.content_id, inputs(self.keys, self.held), snapshots, self.keys, question);
        report.notes = noted::on(&report, self.notes.clone());
        Ok(report)
    }
}

/// The targets that are judged by one scope of evidence.
struct Room<'a> {
    snapshots: &'a [Digest],
    gathered: &'a Gathered,
    ledger: &'a Ledger,
    verifiers: &'a Verifiers<'a>,
    /// By target: what it was judged by for the first question.
    planned: &'a [Planned<'a>],
    /// By target: its hearing in the docket, where one judgement alone is in question.
    hearings: Vec<Option<usize>>,
    docket: Docket<'a>,
}

impl<'a> Room<'a> {
    fn new(
        snapshots: &'a [Digest],
        gathered: &'a Gathered,
        ledger: &'a Ledger,
        verifiers: &'a Verifiers<'a>,
        planned: &'a [Planned<'a>],
        first: &Request,
    ) -> Self {
        let facts = &gathered.facts;
        let mut plain = Vec::new();
        let hearings = planned.iter().map(|planned| {
            is_plain(planned, facts).then(|| {
                plain.push(hearing(planned));
                plain.len() - 1
            })
        });
        let hearings = hearings.collect();
        let docket = Docket::new(facts, first.mode, plain);
        Self { snapshots, gathered, ledger, verifiers, planned, hearings, docket }
    }

    /// Adds what a question comes to for the targets here; `false`: a fact that it needs is not there.
    fn ask(&mut self, question: &Request, standings: &mut Standings) -> Result<bool, ReplayError> {
        let gathered = self.gathered;
        let planned = gathered.plan(&gathered.targets, self.verifiers, &RuleShelf::new(&question.rules), question)?;
        if !self.gathered.has_rebuilt(&planned) {
            return Ok(false);
        }
        let facts = &self.gathered.facts;
        let heard: Vec<Option<usize>> = self
            .hearings
            .iter()
            .zip(&planned)
            .zip(self.planned)
            .map(|((hearing, now), first)| {
                hearing.filter(|_| is_plain(now, facts) && judged_alike(now, first, question.as_of))
            })
            .collect();
        let in_docket = heard.iter().position(Option::is_some);
        let clocks = match question.as_of {
            AsOf::Then => None,
            AsOf::At(_) => in_docket.map(|target| planned[target].trials[0].clocks),
        };
        let Reheard { combined, in_full, .. } = match (question.as_of, clocks) {
            // There is none that the docket could judge.
            (AsOf::At(_), None) => Reheard::default(),
            (AsOf::At(_) | AsOf::Then, clocks) => self.docket.rehear(clocks, &question.distrust),
        };
        let others = heard.iter().filter(|hearing| hearing.is_none()).count();
        let docket = &self.docket;
        let judged: Vec<Standing> = planned
            .into_par_iter()
            .zip(heard)
            .map(|(planned, hearing)| {
                let known = hearing.and_then(|hearing| docket.verdict(hearing));
                let judge = || report::standing(judge_target(planned, self.snapshots, facts, question), question);
                known.unwrap_or_else(judge)
            })
            .collect();
        standings.of.extend(judged);
        standings.reheard += (combined + others) as u64;
        standings.in_full += (in_full + others) as u64;
        Ok(true)
    }
}

/// Whether a target comes to what its one judgement comes to.
fn is_plain(planned: &Planned<'_>, facts: &Facts) -> bool {
    let [trial] = planned.trials.as_slice() else { return false };
    let plan = &planned.plans[trial.plan];
    let has_definition = |task_id: &TaskId| facts.tasks.get(task_id).is_none_or(|task| task.definition.is_some());
    !planned.is_cut
        && !planned.leeway.is_contradicted()
        && plan.task_type.is_some()
        && plan.chain.links.iter().all(|link| has_definition(&link.task_id))
}

/// Whether two plain plans are by the same rules and keys; and by the same clocks, where each target has its own.
fn judged_alike(one: &Planned<'_>, other: &Planned<'_>, as_of: AsOf) -> bool {
    let by = |planned: &Planned<'_>| {
        let trial = planned.trials.first()?;
        let plan = &planned.plans[trial.plan];
        Some((plan.rules.book.digest, plan.product.clone(), trial.rollout))
    };
    let own = |planned: &Planned<'_>| planned.trials.first().map(|trial| trial.clocks).filter(|_| as_of == AsOf::Then);
    by(one) == by(other) && own(one) == own(other)
}

/// The one judgement of a plain target.
fn hearing<'a>(planned: &'a Planned<'_>) -> Hearing<'a> {
    let trial = &planned.trials[0];
    let plan = &planned.plans[trial.plan];
    let ledger = planned.verifier.held(trial.rollout);
    let own: Clocks = trial.clocks;
    Hearing { chain: &plan.chain, rules: plan.judged_by(), ledger, own }
}
