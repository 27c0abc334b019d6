//! What to judge a target by, before it is judged: moments, and for each the keys and the rules that counted.

use std::collections::BTreeSet;

use super::rules::{RuleShelf, RulesOfTarget};
use super::service::Request;
use super::verifiers::{Verifier, Verifiers};
use crate::chain::{Chain, EdgeNames, TaskTypeGuess, build, guess_task_type};
use crate::insight::Needs;
use crate::judge::{Leeway, MomentOfJudgement, Rules, leeway, product_of, ran_at};
use crate::model::{AsOf, Clocks, Facts, Moment, TaskFacts, TaskId};
use crate::rules::RuleBookError;
use crate::trust::Rollout;

/// The most moments at which the rules can change that are looked at for a target. Between creation and deadline a queue
/// grants some days, and a week never had half as many.
const RULE_CHANGES_MAX: usize = 32;

/// A target, and what to judge it by.
#[derive(Debug, Clone)]
pub(super) struct Planned<'a> {
    pub(super) target: TaskId,
    pub(super) verifier: &'a Verifier,
    /// When it ran, as the queue says.
    pub(super) ran: MomentOfJudgement,
    /// By each rule book that could have counted.
    pub(super) plans: Vec<Plan>,
    /// Whether it may have run under more rule books than are looked at: then it is judged by the newest, and never
    /// Verified.
    pub(super) is_cut: bool,
    /// At the moment of judgement, or at all that are in question.
    pub(super) trials: Vec<Trial>,
    /// To which other moments it could be moved.
    pub(super) leeway: Leeway,
    /// At those.
    pub(super) moved: Vec<Trial>,
}

impl Planned<'_> {
    /// The plan for the moment at which the target was judged, as far as known.
    pub(super) fn likeliest(&self) -> &Plan {
        let moved = self.moved.iter().filter(|_| self.leeway.is_contradicted());
        let trial = moved.chain(&self.trials).next();
        &self.plans[trial.map_or(0, |trial| trial.plan)]
    }
}

/// What a rule book makes of a target.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) rules: RulesOfTarget,
    pub(super) chain: Chain,
    /// The target's task type, where the evidence settles it.
    pub(super) task_type: Option<String>,
    /// Where it does not: those that it allows.
    pub(super) candidates: Vec<String>,
    pub(super) product: Option<String>,
}

impl Plan {
    /// The rules that it is judged by.
    pub(super) fn judged_by(&self) -> Rules<'_> {
        Rules { book: &self.rules.book, product: self.product.as_deref() }
    }

    /// What says which evidence it needs.
    pub(super) fn needs(&self) -> Needs<'_> {
        Needs { chain: &self.chain, book: &self.rules.book, product: self.product.as_deref() }
    }
}

/// One judgement to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trial {
    /// When the target would have been judged.
    pub(super) moment: Moment,
    pub(super) clocks: Clocks,
    /// How quickly the verifier is taken to have run what its configuration said.
    pub(super) rollout: Rollout,
    /// By which of the plans.
    pub(super) plan: usize,
}

/// What all plans are made from.
#[derive(Clone, Copy)]
pub(super) struct Planner<'a, 'v> {
    pub(super) facts: &'a Facts,
    pub(super) names: &'a EdgeNames,
    pub(super) verifiers: &'v Verifiers<'v>,
    pub(super) shelf: &'a RuleShelf<'a>,
    pub(super) request: &'a Request,
}

impl<'v> Planner<'_, 'v> {
    /// Plans one target. Pure, and made in parallel with the others.
    pub(super) fn plan(self, target: &TaskId) -> Result<Planned<'v>, RuleBookError> {
        let task = self.facts.tasks.get(target);
        let shape = task.and_then(TaskFacts::shape);
        let verifier = self.verifiers.of(shape);
        let by_scriptworker = shape.is_some_and(|shape| self.verifiers.is_scriptworkers(shape));
        let ran = task.map_or(MomentOfJudgement::Unknown, |task| ran_at(task, by_scriptworker, self.request.mode));
        let mut planning = Planning {
            planner: self,
            planned: Planned {
                target: *target,
                verifier,
                ran,
                plans: Vec::new(),
                is_cut: false,
                trials: Vec::new(),
                leeway: Leeway::default(),
                moved: Vec::new(),
            },
        };
        planning.at_known_moments()?;
        planning.at_other_moments()?;
        Ok(planning.planned)
    }

    /// Works out task type and product under a rule book, and builds the chain.
    fn read(self, target: &TaskId, rules: RulesOfTarget) -> Plan {
        let Self { facts, names, request, .. } = self;
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
        // Before its run nothing of a task is signed: a definition that calls itself a decision or action task, which no
        // task graph lists, would then vouch for itself.
        let vouches_for_itself = chain.links.first().is_some_and(|head| !head.is_attested && head.is_parent_type());
        let (task_type, candidates) = match task_type {
            Some(task_type) if vouches_for_itself && request.task_type.is_none() => (None, vec![task_type]),
            task_type => (task_type, candidates),
        };
        Plan { rules, chain, task_type, candidates, product }
    }
}

/// A plan in the making.
struct Planning<'a, 'v> {
    planner: Planner<'a, 'v>,
    planned: Planned<'v>,
}

impl Planning<'_, '_> {
    /// At the moment of judgement; where that is not known, at every moment of the time in question at which the answer
    /// can change.
    fn at_known_moments(&mut self) -> Result<(), RuleBookError> {
        let moments = self.moments_in_question();
        // Where nothing tells when it ran, or too little, no release is likelier than the others: the newest one's rules
        // count.
        let is_known = self.planned.ran != MomentOfJudgement::Unknown && !self.planned.is_cut;
        let trials = self.trials(moments.into_iter().map(|moment| (moment, is_known.then_some(moment))))?;
        self.planned.trials = trials;
        Ok(())
    }

    fn moments_in_question(&mut self) -> BTreeSet<Moment> {
        let Verifier { break_points: keys, fleet, .. } = self.planned.verifier;
        match self.planned.ran {
            MomentOfJudgement::At(moment, _) => BTreeSet::from([moment]),
            MomentOfJudgement::Between(from, until) => {
                let mut moments = self.planner.shelf.break_points(fleet.as_ref(), from, until);
                self.planned.is_cut = moments.len() > RULE_CHANGES_MAX;
                if self.planned.is_cut {
                    moments.clear();
                }
                moments.extend(keys.range(from..until).chain([&from, &until]));
                moments
            }
            MomentOfJudgement::Unknown => {
                let first = keys.first().map_or(0, |point| point.unix() - 1);
                Moment::from_unix(first).into_iter().chain(keys.iter().copied()).collect()
            }
        }
    }

    /// At the moments to which the queue's word can be moved, by what other keys signed.
    fn at_other_moments(&mut self) -> Result<(), RuleBookError> {
        let (MomentOfJudgement::At(moment, _), Some(plan)) = (self.planned.ran, self.planned.plans.first()) else {
            return Ok(());
        };
        let Planner { facts, request, shelf, .. } = self.planner;
        let verifier = self.planned.verifier;
        let knowledge = self.clocks(moment).knowledge;
        let found = leeway(&plan.chain, facts, &plan.rules.book, &verifier.ledger, moment, knowledge);
        let mut moments = found.moments(&verifier.break_points);
        let as_asked = matches!(request.as_of, AsOf::At(_));
        if as_asked && !found.is_contradicted() {
            return Ok(());
        }
        let mut changes = match (moments.first(), moments.last()) {
            (Some(from), Some(until)) => shelf.break_points(verifier.fleet.as_ref(), *from, *until),
            _ => BTreeSet::new(),
        };
        // Far apart, only the keys are asked for: this is a remark, and no verdict rests on it.
        let is_near = changes.len() <= RULE_CHANGES_MAX;
        if is_near {
            moments.append(&mut changes);
        }
        let of_rules = |other| if is_near { other } else { moment };
        let moved = self.trials(moments.into_iter().map(|other| (other, Some(of_rules(other)))))?;
        // Where the auditor names the moment, only the rules can be others at the nearest moment that is possible.
        let is_new = |trial: &Trial| self.planned.trials.iter().all(|known| known.plan != trial.plan);
        if !as_asked || moved.iter().any(is_new) {
            self.planned.leeway = found;
            self.planned.moved = moved;
        }
        Ok(())
    }

    /// The judgements at moments, each with the moment whose rules count. Where a new release was being rolled out, by
    /// that first and then, where its keys or rules are others, by the one before.
    fn trials(&mut self, moments: impl Iterator<Item = (Moment, Option<Moment>)>) -> Result<Vec<Trial>, RuleBookError> {
        let (mut at_once, mut before) = (Vec::new(), Vec::new());
        let verifier = self.planned.verifier;
        for (moment, of_rules) in moments {
            let clocks = self.clocks(moment);
            let mut trial = |rollout| Ok(Trial { moment, clocks, rollout, plan: self.plan_at(of_rules, rollout)? });
            let (first, late) = (trial(Rollout::AtOnce)?, trial(Rollout::Late)?);
            let keys_differ = verifier.late.as_ref().is_some_and(|late| verifier.ledger.differs_at(late, clocks.key));
            push_new(&mut at_once, first);
            if keys_differ || first.plan != late.plan {
                push_new(&mut before, late);
            }
        }
        at_once.append(&mut before);
        Ok(at_once)
    }

    fn clocks(&self, moment: Moment) -> Clocks {
        let request = self.planner.request;
        request.clocks.clocks(match request.as_of {
            AsOf::Then => moment,
            AsOf::At(asked) => asked,
        })
    }

    /// The place of the plan by the rules of a moment; made if there is none yet.
    fn plan_at(&mut self, moment: Option<Moment>, rollout: Rollout) -> Result<usize, RuleBookError> {
        let Planner { facts, shelf, .. } = self.planner;
        let target = &self.planned.target;
        let rules = shelf.rules(facts.tasks.get(target), self.planned.verifier.fleet.as_ref(), moment, rollout)?;
        let known = self.planned.plans.iter().position(|plan| plan.rules.book.id == rules.book.id);
        Ok(known.unwrap_or_else(|| {
            self.planned.plans.push(self.planner.read(target, rules));
            self.planned.plans.len() - 1
        }))
    }
}

/// Adds a judgement, unless another moment has it already: where the auditor names the clocks, only rules tell them apart.
fn push_new(trials: &mut Vec<Trial>, trial: Trial) {
    if trials.iter().all(|known| (known.clocks, known.plan) != (trial.clocks, trial.plan)) {
        trials.push(trial);
    }
}
