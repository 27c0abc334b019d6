//! The moment at which the target was judged: `then`.

use std::collections::BTreeSet;

use super::bounds::Bounds;
use super::signing_time::is_before;
use crate::chain::{Chain, Mode};
use crate::model::{Facts, Moment, SigningBounds, TaskFacts};
use crate::rules::RuleBook;
use crate::trust::Ledger;

/// When the target was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MomentOfJudgement {
    /// At this moment; and what says so.
    At(Moment, &'static str),
    /// Somewhere between these: the verdict stands only if it is the same over all of it.
    Between(Moment, Moment),
    /// Nothing says.
    Unknown,
}

/// Works out `then`: the moment at which scriptworker itself judged, which is when the target's own run started. A
/// target that no scriptworker ran is taken as judged when its run ended. The queue says when that was; it signs
/// nothing. Without a usable status the target ran between its creation and its deadline.
pub fn ran_at(task: &TaskFacts, by_scriptworker: bool, mode: Mode) -> MomentOfJudgement {
    let run = task.evidence.latest_run().and_then(|run_id| task.evidence.run(run_id));
    if let Some(run) = run {
        if (by_scriptworker || mode == Mode::BeforeRun)
            && let Some(started) = run.started
        {
            return MomentOfJudgement::At(started, "the queue's start of the target's run");
        }
        if !by_scriptworker && let Some(resolved) = run.resolved {
            return MomentOfJudgement::At(resolved, "the queue's end of the target's run");
        }
    }
    match task.shape().map(|shape| (shape.created, shape.deadline)) {
        Some((Some(created), Some(deadline))) if created <= deadline => MomentOfJudgement::Between(created, deadline),
        _ => MomentOfJudgement::Unknown,
    }
}

/// When else a target could have been judged, by what other keys signed around it: the queue's word for it is nobody's
/// signature.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Leeway {
    /// Between which moments the target's attestation was signed. It was judged just before.
    pub bounds: SigningBounds,
    /// Where they rule out the moment that the queue tells: the nearest that they do not.
    pub nearest: Option<Moment>,
}

impl Leeway {
    /// Whether the moment that the queue tells is ruled out.
    pub const fn is_contradicted(&self) -> bool {
        self.nearest.is_some()
    }

    /// The moments to which the moment of judgement could be moved: those within the bounds, and at their edges, at which
    /// the answer can change. Without both a beginning and an end there are none, unless the queue's moment is ruled out:
    /// then the nearest that is not.
    pub fn moments(&self, break_points: &BTreeSet<Moment>) -> BTreeSet<Moment> {
        let lower = self.bounds.not_before.as_ref().map(|bound| bound.at);
        let upper = self.bounds.not_after.as_ref().map(|bound| bound.at);
        match (self.nearest, lower, upper) {
            (Some(nearest), _, _) => BTreeSet::from([nearest]),
            (None, Some(lower), Some(upper)) if lower < upper => {
                break_points.range(lower..upper).copied().chain([lower, upper]).collect()
            }
            (None, _, _) => BTreeSet::new(),
        }
    }
}

/// Works out the leeway of a moment that the queue tells.
pub fn leeway(
    chain: &Chain,
    facts: &Facts,
    book: &RuleBook,
    ledger: &Ledger,
    moment: Moment,
    knowledge: Moment,
) -> Leeway {
    let Some(target) = chain.links.first() else { return Leeway::default() };
    let bounds = Bounds::of_chain(chain, facts, book, ledger, &[], knowledge).of(&target.task_id);
    let lower = bounds.not_before.as_ref().map(|bound| bound.at).filter(|lower| is_before(moment, *lower));
    let upper = bounds.not_after.as_ref().map(|bound| bound.at).filter(|upper| is_before(*upper, moment));
    Leeway { bounds, nearest: lower.or(upper) }
}
