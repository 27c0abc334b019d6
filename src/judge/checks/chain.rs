//! The link's place in the chain: depth, dependencies, worker implementation, task type.

use crate::chain::{ChainProblem, Link, WorkerVote};
use crate::judge::judging::{Judging, Ruling, evidence, subject};
use crate::model::{Asserter, Code, GapKind, Outcome};

pub(super) fn check(judging: &mut Judging<'_>, link: &Link) -> Ruling {
    let task = judging.task(&link.task_id);
    let blob = task.and_then(|task| task.evidence.definition);
    let here = || subject("task", &link.task_id, None, None);
    let mut outcome = Outcome::Pass;
    let mut detail = Vec::new();
    match &link.worker {
        Some(WorkerVote::Agreed(role)) => detail.push(format!("run by {role}")),
        Some(WorkerVote::Nobody) => {
            outcome = Outcome::Fail;
            let message = "nothing in the definition tells which worker implementation ran it".to_owned();
            let votes = evidence(blob, "", None, Asserter::Queue);
            judging.refute(Code::WorkerImplementationUnknown, here(), message, vec![votes]);
        }
        Some(WorkerVote::Disagree(candidates)) => {
            outcome = Outcome::Fail;
            let message = format!("the definition votes for {}", candidates.join(" and "));
            let votes = evidence(blob, "", None, Asserter::Queue);
            judging.refute(Code::WorkerImplementationAmbiguous, here(), message, vec![votes]);
        }
        None => {
            outcome = Outcome::Unknown;
            detail.push("nothing of the task is known".to_owned());
            let presence =
                task.map_or(crate::model::Presence::Unknown, |task| task.evidence.reply_presence("definition"));
            judging.lack(GapKind::Definition, here(), presence);
        }
    }
    if let Some(task_type) = &link.task_type {
        if judging.book.task_types.contains(task_type) {
            detail.push(task_type.clone());
        } else {
            outcome = Outcome::Fail;
            let message = format!("{task_type} is no task type of {}", judging.book.id);
            judging.refute(Code::TaskTypeInvalid, here(), message, Vec::new());
        }
    }
    for problem in judging.chain.problems.get(&link.task_id).into_iter().flatten() {
        outcome = outcome.max(tell(judging, link, problem));
    }
    (outcome, detail.join(", "))
}

/// Tells a problem of the chain at the link that it belongs to.
fn tell(judging: &mut Judging<'_>, link: &Link, problem: &ChainProblem) -> Outcome {
    let here = subject("task", &link.task_id, None, None);
    let blob = judging.task(&link.task_id).and_then(|task| task.evidence.definition);
    match problem {
        ChainProblem::TooDeep { .. } => {
            let depth = judging.book.max_chain_length;
            let message = format!("it lies more than {depth} links from the target: the chain is not followed further");
            judging.refute(Code::ChainTooDeep, here, message, Vec::new());
            Outcome::Fail
        }
        ChainProblem::Malformed { origin, to, .. } => {
            let message = format!("{origin} names {to:?}, which is no task id");
            let place = evidence(blob, &origin.to_string(), Some(to.clone()), Asserter::Queue);
            judging.refute(Code::DependencyMalformed, here, message, vec![place]);
            Outcome::Fail
        }
        ChainProblem::Cycle { tasks } => {
            let path: Vec<&str> = tasks.iter().chain(tasks.first()).map(crate::model::TaskId::as_str).collect();
            let message = format!("the task rests on itself: {}", path.join(" → "));
            judging.remark(Code::ChainCycle, here, message, vec![evidence(blob, "", None, Asserter::Queue)]);
            Outcome::Pass
        }
    }
}
