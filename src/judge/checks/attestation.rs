//! The attestation is there, well-formed, and speaks of this run of this task.

use super::runs;
use crate::chain::Link;
use crate::judge::judging::{Judging, Ruling, evidence, subject};
use crate::model::{
    Asserter, Attestation, AttestationFacts, Code, Difference, Evidence, Form, GapKind, Outcome, Plane, Presence,
    Subject, TaskFacts,
};
use crate::rules::AttestationIdentity;

/// The most differences that one message lists.
pub(super) const DIFFERENCES_TOLD: usize = 5;

pub(super) fn check(judging: &mut Judging<'_>, link: &Link) -> Ruling {
    if !link.is_attested {
        return (Outcome::NotApplicable, "the target has not run yet".to_owned());
    }
    let Some(task) = judging.task(&link.task_id) else {
        judging.lack_attestation(&link.task_id);
        return (Outcome::Unknown, "nothing of the task was captured".to_owned());
    };
    runs::remark(judging, link, task);
    let forms = judging.forms(task);
    if forms.is_empty() {
        return none(judging, link);
    }
    let mut outcome = Outcome::Pass;
    let mut told = Vec::new();
    for (form, facts) in &forms {
        let (of_form, words) = check_form(judging, link, task, *form, facts);
        outcome = outcome.max(of_form);
        told.push(words);
    }
    if let [(_, first), (_, second)] = forms.as_slice()
        && let (Some(first_says), Some(second_says)) = (&first.attestation, &second.attestation)
        && first_says.value_digest != second_says.value_digest
    {
        let message = format!("{} and {} say different things", Form::Ed25519.artifact(), Form::Openpgp.artifact());
        let places = [first, second].map(|facts| evidence(Some(facts.blob), "", None, facts.asserter()));
        judging.refute(
            Code::AttestationFormsDisagree,
            about(link, task, *forms.first().map_or(&Form::Ed25519, |(f, _)| f)),
            message,
            places.to_vec(),
        );
        outcome = Outcome::Fail;
    }
    (outcome, told.join("; "))
}

fn about(link: &Link, task: &TaskFacts, form: Form) -> Subject {
    subject("attestation", &link.task_id, task.evidence.latest_run(), Some(form.artifact()))
}

/// No attestation in any accepted form.
fn none(judging: &mut Judging<'_>, link: &Link) -> Ruling {
    let presence = judging.lack_attestation(&link.task_id);
    if presence != Presence::Absent {
        let about = judging.attestation_artifact(&link.task_id);
        let told_by = judging.told_by(GapKind::Attestation, &about, presence);
        return (Outcome::Unknown, format!("it {}", presence.phrase(told_by)));
    }
    let about = judging.attestation_artifact(&link.task_id);
    let run = about.run_id.map_or_else(|| "the task".to_owned(), |run_id| format!("run {run_id}"));
    judging.refute(Code::AttestationMissing, about, format!("{run} published no attestation"), Vec::new());
    (Outcome::Fail, "absent".to_owned())
}

fn check_form(
    judging: &mut Judging<'_>,
    link: &Link,
    task: &TaskFacts,
    form: Form,
    facts: &AttestationFacts,
) -> (Outcome, String) {
    let here = about(link, task, form);
    let Some(attestation) = &facts.attestation else {
        // Either its bytes were not kept, or no single signature covers them: then the signature check says so.
        if facts.signature.is_none() {
            judging.lack(GapKind::ArtifactContent, here, Presence::Present);
        }
        return (Outcome::Unknown, "its bytes can't be read".to_owned());
    };
    let place = |pointer: &str, excerpt: Option<String>| evidence(Some(facts.blob), pointer, excerpt, facts.asserter());
    if let Some(why) = &attestation.unreadable {
        let message = format!("the attestation can't be read: {why}");
        judging.refute(Code::AttestationMalformed, here, message, vec![place("", None)]);
        return (Outcome::Fail, "unreadable".to_owned());
    }
    for ambiguity in &attestation.ambiguities {
        let message = format!("the attestation holds {ambiguity}");
        judging.remark(Code::DocumentAmbiguous, here.clone(), message, vec![place("", Some(ambiguity.clone()))]);
    }
    tell_lookalikes(judging, task, facts, attestation, &here);
    let mut outcome = Outcome::Pass;
    if attestation.task_id.as_deref() != Some(link.task_id.as_str()) {
        let stated = attestation.task_id.clone().unwrap_or_else(|| "no task".to_owned());
        let message = format!("the attestation speaks of {stated}, not of {}", link.task_id);
        let says = place("/taskId", attestation.task_id.clone());
        let plane = match judging.book.switches.attestation_identity {
            AttestationIdentity::NotHeld => Plane::Audit,
            AttestationIdentity::TaskId | AttestationIdentity::Whole => Plane::Rule,
        };
        outcome = judging.object(plane, Code::AttestationTaskMismatch, here.clone(), message, vec![says]);
    }
    let whole = judging.book.switches.attestation_identity == AttestationIdentity::Whole;
    let beyond = identity(judging, link, task, facts, attestation, &here);
    if whole {
        outcome = outcome.max(beyond);
    }
    let words = match outcome {
        Outcome::Pass => format!("{} of this run", form.name()),
        Outcome::Unknown if task.evidence.run_is_claimed => "its run is only what it claims itself".to_owned(),
        Outcome::Unknown => "the status that tells its run is missing".to_owned(),
        Outcome::Fail | Outcome::NotApplicable => "not of this run of this task".to_owned(),
    };
    (outcome, words)
}

/// What the worker ran and the queue gives, equal as Python compares and told apart by readers with types.
fn tell_lookalikes(
    judging: &mut Judging<'_>,
    task: &TaskFacts,
    facts: &AttestationFacts,
    attestation: &Attestation,
    here: &Subject,
) {
    if attestation.lookalikes.is_empty() {
        return;
    }
    let told = tell_differences(&attestation.lookalikes, "worker", "queue");
    let message = format!("the worker's definition and the queue's are equal to Python alone: {told}");
    let places = difference_places(&attestation.lookalikes, facts, task);
    judging.remark(Code::EqualInPythonOnly, here.clone(), message, places);
}

/// Schema, run, worker and definition: what scriptworker never compared.
fn identity(
    judging: &mut Judging<'_>,
    link: &Link,
    task: &TaskFacts,
    facts: &AttestationFacts,
    attestation: &Attestation,
    here: &Subject,
) -> Outcome {
    let plane = match judging.book.switches.attestation_identity {
        AttestationIdentity::Whole => Plane::Rule,
        AttestationIdentity::NotHeld | AttestationIdentity::TaskId => Plane::Audit,
    };
    let mut outcome = Outcome::Pass;
    let mut fail = |judging: &mut Judging<'_>, code, message, places| {
        outcome = Outcome::Fail;
        judging.found(plane, code, here.clone(), message, places, None);
    };
    let signed =
        |pointer: &str, excerpt: Option<String>| evidence(Some(facts.blob), pointer, excerpt, facts.asserter());
    let queue =
        |pointer: String, excerpt: Option<String>| evidence(task.evidence.status, &pointer, excerpt, Asserter::Queue);
    for problem in &attestation.problems {
        let message = format!("in the attestation {problem}");
        fail(judging, Code::AttestationMalformed, message, vec![signed("", Some(problem.clone()))]);
    }
    let run_id = task.evidence.latest_run();
    let latest = run_id.map(|run_id| run_id.to_string());
    if let (Some(stated), Some(latest)) = (&attestation.run_id, &latest)
        && stated != latest
    {
        let message = format!("the attestation of run {latest} speaks of run {stated}");
        let places =
            vec![signed("/runId", Some(stated.clone())), queue("/status/runs".to_owned(), Some(latest.clone()))];
        fail(judging, Code::AttestationRunMismatch, message, places);
    }
    let run = run_id.and_then(|run_id| task.evidence.run(run_id));
    if let Some(run) = run {
        for (name, stated, told) in [
            ("workerGroup", &attestation.worker_group, &run.worker_group),
            ("workerId", &attestation.worker_id, &run.worker_id),
        ] {
            if let Some(stated) = stated
                && told.as_ref() != Some(stated)
            {
                let told = told.clone().unwrap_or_else(|| "none".to_owned());
                let message = format!("the attestation states {name} {stated}, the queue {told}");
                let pointer = format!("/status/runs/{}/{name}", run.run_id);
                let places = vec![signed(&format!("/{name}"), Some(stated.clone())), queue(pointer, Some(told))];
                fail(judging, Code::AttestationWorkerMismatch, message, places);
            }
        }
    }
    if let Some(differences) = attestation.differences.as_ref().filter(|differences| !differences.is_empty()) {
        let message = format!(
            "the worker ran another definition than the queue gives: {}",
            tell_differences(differences, "worker", "queue")
        );
        let places = difference_places(differences, facts, task);
        fail(judging, Code::AttestationDefinitionMismatch, message, places);
    }
    if run.is_none() && outcome == Outcome::Pass {
        let status = subject("task", &link.task_id, None, None);
        if judging.book.switches.attestation_identity == AttestationIdentity::Whole {
            judging.lack(GapKind::Status, status, task.evidence.reply_presence("status"));
        }
        return Outcome::Unknown;
    }
    outcome
}

/// Differences in words: both values of the first few.
pub(super) fn tell_differences(differences: &[Difference], left: &str, right: &str) -> String {
    let none = || "nothing".to_owned();
    let told = differences.iter().take(DIFFERENCES_TOLD).map(|difference| {
        let of_left = difference.left.clone().unwrap_or_else(none);
        let of_right = difference.right.clone().unwrap_or_else(none);
        format!("{} ({left}: {of_left}; {right}: {of_right})", difference.pointer)
    });
    let mut words: Vec<String> = told.collect();
    if differences.len() > DIFFERENCES_TOLD {
        words.push(format!("and {} more", differences.len() - DIFFERENCES_TOLD));
    }
    words.join(", ")
}

fn difference_places(differences: &[Difference], facts: &AttestationFacts, task: &TaskFacts) -> Vec<Evidence> {
    let places = differences.iter().take(DIFFERENCES_TOLD).flat_map(|difference| {
        let signed = format!("/task{}", difference.pointer);
        [
            evidence(Some(facts.blob), &signed, difference.left.clone(), facts.asserter()),
            evidence(task.evidence.definition, &difference.pointer, difference.right.clone(), Asserter::Queue),
        ]
    });
    places.collect()
}
