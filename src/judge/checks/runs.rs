//! What the queue says of a link's runs, beside the artifacts. Part of the attestation check, and audit alone: scriptworker
//! takes the artifacts of the latest run, whatever became of it and of those before it.

use std::collections::BTreeSet;

use crate::chain::Link;
use crate::judge::judging::{Judging, evidence, subject};
use crate::model::{Asserter, Code, Origin, Run, TaskFacts};

/// Why the queue makes another run by itself (the reasons that it calls retriable). After any other end somebody asked
/// for it.
const RETRIED: [&str; 3] = ["claim-expired", "intermittent-task", "worker-shutdown"];

/// The most runs that one message names.
const RUNS_TOLD: usize = 5;

/// Remarks on a link's runs.
pub(super) fn remark(judging: &mut Judging<'_>, link: &Link, task: &TaskFacts) {
    not_completed(judging, link, task);
    repeated(judging, link, task);
    unlisted(judging, link, task);
    before_upstream(judging, link, task);
}

/// The run started before one that it rests on had ended.
fn before_upstream(judging: &mut Judging<'_>, link: &Link, task: &TaskFacts) {
    let run = task.evidence.latest_run().and_then(|run_id| task.evidence.run(run_id));
    let Some((run_id, started)) = run.and_then(|run| Some((run.run_id, run.started?))) else { return };
    let edges = task.shape().map_or(&[][..], |shape| &shape.edges);
    let mut told = BTreeSet::new();
    for edge in edges.iter().filter(|edge| !matches!(edge.origin, Origin::Parent | Origin::TaskGroup)) {
        let Some(upstream) = edge.to.parse().ok().and_then(|to| judging.task(&to)) else { continue };
        let ended = upstream.evidence.latest_run().and_then(|run_id| upstream.evidence.run(run_id)?.resolved);
        if let Some(ended) = ended.filter(|ended| *ended > started) {
            told.insert(format!("{} ended on {ended}", edge.to));
        }
    }
    if told.is_empty() {
        return;
    }
    let told = told.into_iter().take(RUNS_TOLD).collect::<Vec<_>>().join(", ");
    let message = format!("it started on {started}, and what it rests on had not ended: {told}");
    let place = evidence(task.evidence.status, "/status/runs", Some(started.to_string()), Asserter::Queue);
    judging.remark(Code::RunBeforeUpstream, subject("task", &link.task_id, Some(run_id), None), message, vec![place]);
}

/// The run whose artifacts count did not complete.
fn not_completed(judging: &mut Judging<'_>, link: &Link, task: &TaskFacts) {
    let Some((last, earlier)) = task.evidence.runs.split_last() else { return };
    if last.state == "completed" {
        return;
    }
    let mut message = format!("the queue says that run {} is {}", last.run_id, last.state);
    if let Some(completed) = earlier.iter().rev().find(|run| run.state == "completed") {
        message.push_str(&format!("; run {} before it completed, and its artifacts no longer count", completed.run_id));
    }
    let pointer = format!("/status/runs/{}/state", earlier.len());
    let state = evidence(task.evidence.status, &pointer, Some(last.state.clone()), Asserter::Queue);
    let about = subject("task", &link.task_id, Some(last.run_id), None);
    judging.remark(Code::RunNotCompleted, about, message, vec![state]);
}

/// Runs after which somebody had the task run again.
fn repeated(judging: &mut Judging<'_>, link: &Link, task: &TaskFacts) {
    let pairs = task.evidence.runs.iter().zip(task.evidence.runs.iter().skip(1)).enumerate();
    let asked: Vec<(usize, &Run, &Run)> =
        pairs.filter(|(_, (run, next))| !by_itself(run, next)).map(|(index, (run, next))| (index, run, next)).collect();
    let Some(last) = task.evidence.runs.last().filter(|_| !asked.is_empty()) else { return };
    let told = asked.iter().take(RUNS_TOLD).map(|(_, run, next)| {
        let reason = run.reason_resolved.as_ref().map(|reason| format!(", {reason}")).unwrap_or_default();
        let why = next.reason_created.as_ref().map(|reason| format!(" by {reason}")).unwrap_or_default();
        format!("run {} ({}{reason}) was followed{why}", run.run_id, run.state)
    });
    let mut told: Vec<String> = told.collect();
    if asked.len() > RUNS_TOLD {
        told.push(format!("and {} more", asked.len() - RUNS_TOLD));
    }
    let message = format!("the artifacts of run {} count, and {}", last.run_id, told.join("; "));
    let places = asked.iter().take(RUNS_TOLD).map(|(index, run, _)| {
        let pointer = format!("/status/runs/{index}");
        evidence(task.evidence.status, &pointer, Some(run.state.clone()), Asserter::Queue)
    });
    let places = places.collect();
    let about = subject("task", &link.task_id, Some(last.run_id), None);
    judging.remark(Code::RunRepeated, about, message, places);
}

/// Whether the queue made the next run by itself.
fn by_itself(run: &Run, next: &Run) -> bool {
    run.state == "exception"
        && run.reason_resolved.as_deref().is_some_and(|reason| RETRIED.contains(&reason))
        && next.reason_created.as_deref() != Some("rerun")
}

/// Runs that left something and that the status lacks.
fn unlisted(judging: &mut Judging<'_>, link: &Link, task: &TaskFacts) {
    let evidence_of = &task.evidence;
    if evidence_of.status.is_none() || evidence_of.status_problem.is_some() {
        return;
    }
    let listed: BTreeSet<u32> = evidence_of.runs.iter().map(|run| run.run_id).collect();
    let seen = evidence_of.artifacts.keys().map(|(run_id, _)| *run_id).chain(evidence_of.listed_runs.iter().copied());
    let unlisted: BTreeSet<u32> = seen.filter(|run_id| !listed.contains(run_id)).collect();
    let Some(newest) = unlisted.last() else { return };
    let told: Vec<String> = unlisted.iter().rev().take(RUNS_TOLD).map(u32::to_string).collect();
    let counts = evidence_of.latest_run().map_or_else(|| "none counts".to_owned(), |run| format!("run {run} counts"));
    let message = format!("there is evidence of run {}, which the status does not list: {counts}", told.join(", "));
    let status = evidence(evidence_of.status, "/status/runs", None, Asserter::Queue);
    let about = subject("task", &link.task_id, Some(*newest), None);
    judging.remark(Code::RunUnlisted, about, message, vec![status]);
}
