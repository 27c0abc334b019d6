//! The link has nothing to do with what the operator distrusts.

use crate::chain::Link;
use crate::judge::judging::{Judging, Ruling, evidence, subject};
use crate::model::{Asserter, Code, KeyId, Outcome, TaskFacts};
use crate::trust::{DistrustKind, Distrusted};

pub(super) fn check(judging: &mut Judging<'_>, link: &Link) -> Ruling {
    let matching: Vec<(&Distrusted, String)> = match judging.task(&link.task_id) {
        Some(task) => judging.distrust.iter().filter_map(|one| Some((one, touched(one, task)?))).collect(),
        None => judging
            .distrust
            .iter()
            .filter(|one| one.means(DistrustKind::Task, &[link.task_id.as_str()]))
            .map(|one| (one, "the task itself".to_owned()))
            .collect(),
    };
    let here = subject("task", &link.task_id, None, None);
    let place = judging
        .task(&link.task_id)
        .and_then(|task| task.attestations.values().next())
        .map(|facts| evidence(Some(facts.blob), "", None, facts.asserter()));
    let place = place.unwrap_or_else(|| evidence(None, "", None, Asserter::Operator));
    // A signature's own time is the signer's word, and nobody signs the queue's times: only what others signed around
    // it can show that it is older.
    let proven = judging.proven.of(&link.task_id).not_after;
    let (mut told, mut older) = (Vec::new(), Vec::new());
    for (distrusted, what) in matching {
        let is_older = distrusted.since.zip(proven.as_ref()).is_some_and(|(since, bound)| bound.at < since);
        if let Some(bound) = proven.as_ref().filter(|_| is_older) {
            older.push(format!("{distrusted}: {what}, but its attestation was signed before {}", bound.words()));
            continue;
        }
        let since = distrusted
            .since
            .map_or_else(String::new, |since| format!(" from {since} on, and nothing proves that the link is older"));
        let words = format!("{distrusted} is distrusted{since}: {what}");
        judging.refute(Code::Distrusted, here.clone(), words.clone(), vec![place.clone()]);
        told.push(words);
    }
    if !told.is_empty() {
        return (Outcome::Fail, told.join("; "));
    }
    if older.is_empty() {
        (Outcome::Pass, "nothing of it is distrusted".to_owned())
    } else {
        (Outcome::Pass, format!("older than the distrust: {}", older.join("; ")))
    }
}

/// Whether a task has to do with something distrusted, whenever that began.
pub(in crate::judge) fn is_distrusted(one: &Distrusted, task: &TaskFacts) -> bool {
    touched(one, task).is_some()
}

/// What of a task is meant, if anything is.
fn touched(one: &Distrusted, task: &TaskFacts) -> Option<String> {
    match one.kind {
        DistrustKind::Key => {
            let keys = task.attestations.values().filter_map(|facts| facts.signature.as_ref()?.key.as_ref());
            let keys: Vec<&KeyId> = keys.filter(|key| one.means_key(key)).collect();
            keys.first().map(|key| format!("{key} signed its attestation"))
        }
        DistrustKind::Worker => {
            let attested = task.attestations.values().filter_map(|facts| facts.attestation.as_ref());
            let attested =
                attested.map(|says| (says.worker_group.as_deref(), says.worker_id.as_deref(), "its attestation"));
            let queued = task.evidence.runs.iter();
            let queued = queued.map(|run| (run.worker_group.as_deref(), run.worker_id.as_deref(), "the queue"));
            let mut all =
                attested.chain(queued).filter_map(|(group, id, who)| Some((group.unwrap_or_default(), id?, who)));
            all.find_map(|(group, id, who)| {
                let full = format!("{group}/{id}");
                one.means(DistrustKind::Worker, &[id, full.as_str()]).then(|| format!("{who} says that {full} ran it"))
            })
        }
        DistrustKind::Pool => {
            let hints = &task.shape()?.hints;
            let worker_type = hints.worker_type.as_deref()?;
            let pool = format!("{}/{worker_type}", hints.provisioner_id.as_deref().unwrap_or_default());
            let is_meant = one.means(DistrustKind::Pool, &[worker_type, pool.as_str()]);
            is_meant.then(|| format!("its definition sends it to {pool}"))
        }
        DistrustKind::Task => {
            let task_id = &task.evidence.task_id;
            one.means(DistrustKind::Task, &[task_id.as_str()]).then(|| "the task itself".to_owned())
        }
        DistrustKind::Image => {
            let mut attested = task
                .attestations
                .values()
                .filter_map(|facts| facts.attestation.as_ref()?.image_artifact_hash.as_deref());
            let by_digest =
                attested.find(|hash| one.means(DistrustKind::Image, &[hash, hash.trim_start_matches("sha256:")]));
            if let Some(hash) = by_digest {
                return Some(format!("its attestation says that it ran in {hash}"));
            }
            let image = task.shape()?.task_image.as_ref()?;
            let is_meant = one.means(DistrustKind::Image, &[&image.task_id]);
            is_meant.then(|| format!("its definition runs it in the image of {}", image.task_id))
        }
        DistrustKind::Tree => {
            let source = task.shape()?.source.as_deref()?;
            one.means_tree_of(source).then(|| format!("its source is {source}"))
        }
    }
}
