//! The moment at which the target was judged: `then`.

use crate::chain::{Chain, Mode, WorkerVote};
use crate::model::{Facts, Moment, Role};

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
pub fn then(chain: &Chain, facts: &Facts, mode: Mode) -> MomentOfJudgement {
    let Some(target) = chain.links.first() else { return MomentOfJudgement::Unknown };
    let Some(task) = facts.tasks.get(&target.task_id) else { return MomentOfJudgement::Unknown };
    let run = task.evidence.latest_run().and_then(|run_id| task.evidence.run(run_id));
    let by_scriptworker = target.worker == Some(WorkerVote::Agreed(Role::new("scriptworker")));
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
