//! What another moment, or something distrusted, would change: all verdicts before and after, without examining anything
//! again.

use std::collections::{BTreeMap, BTreeSet};

use super::desk::FactDesk;
use super::gathered::Gathered;
use super::keys;
use super::planning::Planned;
use super::rebuilds::Answers;
use super::report;
use super::rules::{RuleShelf, examination_book};
use super::service::{Request, judge_target};
use super::targets::{ReplayError, ScopedTargets, by_scope};
use crate::judge::{Docket, Hearing, Reheard};
use crate::model::{AsOf, Clocks, Definition, Digest, Facts, Reason, TaskFacts, TaskId, Verdict};
use crate::store::Case;
use crate::trust::Deployments;

/// A verdict, and the class of its weightiest reason.
pub type Standing = (Verdict, Option<Reason>);

/// A target of which something else is to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The target.
    pub task_id: TaskId,
    /// Its label, else its name. Captured text.
    pub label: Option<String>,
    /// By the first question.
    pub before: Standing,
    /// By the other.
    pub after: Standing,
}

/// What another question comes to, beside the first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WhatIf {
    /// How many targets came to each verdict by the first question.
    pub before: BTreeMap<Verdict, u64>,
    /// The same by the other.
    pub after: BTreeMap<Verdict, u64>,
    /// The targets of which the two differ, ordered by id.
    pub changed: Vec<Changed>,
    /// How many targets were looked at again, after the question before: this one cannot touch the others.
    pub reheard: u64,
    /// How many of them were judged in full, since more than one moment, release or order of signatures is in question.
    pub in_full: u64,
    /// Facts that had to be examined first: none, where the case was replayed before.
    pub examined: u64,
}

/// Judges the targets of a request, and again by each of some others: of the same targets, by the same rules and bases of
/// trust, at another moment, by other clocks or with something else distrusted.
pub fn what_if(case: &mut Case, request: &Request, others: &[Request]) -> Result<Vec<WhatIf>, ReplayError> {
    let scopes = by_scope(case, &request.targets, &request.snapshot)?;
    let deployments = Deployments::shipped()?;
    let book = examination_book()?;
    let mut desk = FactDesk::new(case);
    let keys = keys::load(&mut desk)?;
    let (mut told, mut done) = (vec![WhatIf::default(); others.len()], BTreeSet::new());
    for ScopedTargets { scope, tasks } in scopes.into_iter().rev() {
        let mut gathered = Gathered::of(&mut desk, &scope, tasks, &keys, &book, &done)?;
        let ledger = keys.ledger.narrowed(scope.root_url().as_deref(), &request.bases);
        let verifiers = gathered.verifiers(&ledger, &deployments, &book);
        let answers = Answers::of(&desk, &scope)?;
        let mut questions = Vec::with_capacity(others.len() + 1);
        for request in std::iter::once(request).chain(others) {
            let planned = gathered.plan(&gathered.targets, &verifiers, &RuleShelf::new(&request.rules), request)?;
            gathered.rebuild(&mut desk, &answers, &planned)?;
            questions.push(Question { request, planned });
        }
        done.extend(gathered.targets.iter().copied());
        let bench = Bench { facts: &gathered.facts, snapshots: &scope.digests() };
        bench.compare(&questions, &mut told);
    }
    if done.is_empty() {
        return Err(ReplayError::NothingToReplay);
    }
    for told in &mut told {
        told.examined = desk.work().examined;
        told.changed.sort_by_key(|changed| changed.task_id);
    }
    Ok(told)
}

/// A question, and what each target is judged by for it.
struct Question<'a, 'v> {
    request: &'a Request,
    planned: Vec<Planned<'v>>,
}

impl Question<'_, '_> {
    /// The moment of judgement of all plain targets; `None`: each has its own.
    fn clocks(&self, plain: &[usize]) -> Option<Clocks> {
        match self.request.as_of {
            AsOf::Then => None,
            AsOf::At(_) => plain.first().map(|target| self.planned[*target].trials[0].clocks),
        }
    }
}

/// The evidence that questions are about.
struct Bench<'a> {
    facts: &'a Facts,
    snapshots: &'a [Digest],
}

impl Bench<'_> {
    /// Answers the questions in turn, and tells of all but the first how they differ from that.
    fn compare(&self, questions: &[Question<'_, '_>], told: &mut [WhatIf]) {
        let Some(first) = questions.first() else { return };
        let is_plain = |target: &usize| {
            let plans = questions.iter().map(|question| &question.planned[*target]);
            plans.clone().all(|planned| self.is_plain(planned) && judged_alike(planned, &first.planned[*target]))
        };
        let (plain, others): (Vec<usize>, Vec<usize>) = (0..first.planned.len()).partition(is_plain);
        let hearings = plain.iter().map(|target| hearing(&first.planned[*target])).collect();
        let mut docket = Docket::new(self.facts, first.request.mode, hearings);
        let mut standings: Vec<Vec<Standing>> = Vec::with_capacity(questions.len());
        for (index, question) in questions.iter().enumerate() {
            let Reheard { combined, in_full, .. } = docket.rehear(question.clocks(&plain), &question.request.distrust);
            let of_plain = (0..docket.len()).filter_map(|hearing| docket.verdict(hearing));
            let of_others = others.iter().map(|target| self.in_full(&question.planned[*target], question.request));
            standings.push(of_plain.chain(of_others).collect());
            if let Some(told) = index.checked_sub(1).and_then(|index| told.get_mut(index)) {
                told.reheard += (combined + others.len()) as u64;
                told.in_full += (in_full + others.len()) as u64;
            }
        }
        let mut standings = standings.into_iter();
        let before = standings.next().unwrap_or_default();
        let targets: Vec<TaskId> = plain.iter().chain(&others).map(|target| first.planned[*target].target).collect();
        for (after, told) in standings.zip(told) {
            for ((target, before), after) in targets.iter().zip(&before).zip(after) {
                self.tell(*target, *before, after, told);
            }
        }
    }

    /// Whether a target comes to what its one judgement comes to.
    fn is_plain(&self, planned: &Planned<'_>) -> bool {
        let [trial] = planned.trials.as_slice() else { return false };
        let plan = &planned.plans[trial.plan];
        let has_definition =
            |task_id: &TaskId| self.facts.tasks.get(task_id).is_none_or(|task| task.definition.is_some());
        !planned.is_cut
            && !planned.leeway.is_contradicted()
            && plan.task_type.is_some()
            && plan.chain.links.iter().all(|link| has_definition(&link.task_id))
    }

    fn in_full(&self, planned: &Planned<'_>, request: &Request) -> Standing {
        report::standing(judge_target(planned.clone(), self.snapshots, self.facts, request), request)
    }

    fn tell(&self, target: TaskId, before: Standing, after: Standing, told: &mut WhatIf) {
        *told.before.entry(before.0).or_default() += 1;
        *told.after.entry(after.0).or_default() += 1;
        if before != after {
            let shape = self.facts.tasks.get(&target).and_then(TaskFacts::shape);
            let label = shape.and_then(Definition::title).map(str::to_owned);
            told.changed.push(Changed { task_id: target, label, before, after });
        }
    }
}

/// Whether two plain plans are by the same rules and keys.
fn judged_alike(one: &Planned<'_>, other: &Planned<'_>) -> bool {
    let by = |planned: &Planned<'_>| {
        let trial = planned.trials.first()?;
        let plan = &planned.plans[trial.plan];
        Some((plan.rules.book.digest, plan.product.clone(), trial.rollout))
    };
    by(one) == by(other)
}

/// The one judgement of a plain target.
fn hearing<'a>(planned: &'a Planned<'_>) -> Hearing<'a> {
    let trial = &planned.trials[0];
    let plan = &planned.plans[trial.plan];
    let ledger = planned.verifier.held(trial.rollout);
    Hearing { chain: &plan.chain, rules: plan.judged_by(), ledger, own: trial.clocks }
}
