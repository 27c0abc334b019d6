//! What a link's run uploaded, beside what its worker attested. Part of the check of artifacts, and audit alone: scriptworker
//! looks only at what the target consumes.

use std::collections::{BTreeMap, BTreeSet};

use crate::chain::Link;
use crate::judge::judging::{Judging, evidence, subject};
use crate::model::{
    Asserter, AttestationFacts, Code, Digest, Presence, Role, SignatureState, TaskFacts, is_evidence_artifact,
};

/// The most artifacts that one message names.
const NAMES_TOLD: usize = 3;

/// The algorithm by whose digests runs are compared.
const SHA256: &str = "sha256";

/// The kinds of storage of an artifact that lies elsewhere, or nowhere (`storageType` of the queue).
const POINTERS: [&str; 4] = ["reference", "redirect", "link", "error"];

/// What a task run by generic-worker can write itself, and its worker merges into the attestation.
const ADDITIONAL_DATA: &str = "chain-of-trust-additional-data.json";

/// Remarks on what a link's latest run uploaded.
pub(super) fn remark(judging: &mut Judging<'_>, link: &Link) {
    let Some(task) = judging.task(&link.task_id).filter(|_| link.is_attested) else { return };
    let Some(run_id) = task.evidence.latest_run() else { return };
    pointers(judging, link, task, run_id);
    changed(judging, link, task, run_id);
    let readable = judging.forms(task).into_iter().map(|(_, facts)| facts);
    let Some(facts) =
        readable.into_iter().find(|facts| facts.attestation.as_ref().is_some_and(|a| a.unreadable.is_none()))
    else {
        return;
    };
    let attested: BTreeSet<&str> = facts.digests.claims.keys().map(String::as_str).collect();
    let of_run = task.evidence.artifacts.keys().filter(|(run, _)| *run == run_id).map(|(_, name)| name.as_str());
    let uploaded: BTreeSet<&str> = of_run.filter(|name| is_work(name)).collect();
    let about = || subject("attestation", &link.task_id, Some(run_id), None);
    let signed = |pointer: &str| vec![evidence(Some(facts.blob), pointer, None, facts.asserter())];
    let unattested: Vec<&str> = uploaded.difference(&attested).copied().collect();
    if !unattested.is_empty() && !attested.is_empty() {
        let message =
            format!("{} of its artifacts are not in its attestation: {}", unattested.len(), told(&unattested));
        judging.remark(Code::ArtifactUnattested, about(), message, signed("/artifacts"));
    }
    if task.evidence.listed_runs.contains(&run_id) {
        let is_missing =
            |name: &&&str| is_work(name) && task.evidence.artifact_presence(run_id, name) == Presence::Absent;
        let missing: Vec<&str> = attested.iter().filter(is_missing).copied().collect();
        if !missing.is_empty() {
            let message =
                format!("it attests {} artifacts that its run does not list: {}", missing.len(), told(&missing));
            judging.remark(Code::ArtifactAttestedUnlisted, about(), message, signed("/artifacts"));
        }
    }
    let own_data = attested.union(&uploaded).find(|name| name.rsplit('/').next() == Some(ADDITIONAL_DATA));
    if let Some(name) = own_data {
        let message = format!("the task itself wrote into its attestation: it uploaded {name}");
        judging.remark(Code::AttestationDataByTask, about(), message, signed("/environment"));
    }
    if let Some(stated) = image_by_task(judging, link, facts) {
        let message = format!("which image it ran in is its own word: a generic-worker states no {stated}");
        judging.remark(Code::DockerImageByTask, about(), message, signed(&format!("/environment/{stated}")));
    }
}

/// What an attestation states of the docker image, where generic-worker made it: that states none by itself (d2g has its
/// tasks write it).
fn image_by_task(judging: &Judging<'_>, link: &Link, facts: &AttestationFacts) -> Option<&'static str> {
    let attestation = facts.attestation.as_ref()?;
    let hash = attestation.image_hash.as_ref().map(|_| "imageHash");
    let stated = attestation.image_artifact_hash.as_ref().map(|_| "imageArtifactHash").or(hash)?;
    let generic = Role::new("generic-worker");
    let key = facts.signature.as_ref().filter(|made| made.state == SignatureState::Sound)?.key.as_ref()?;
    let by_generic = Judging::role(link) == Some(&generic) || judging.ledger.is_accepted(key, &generic);
    Some(stated).filter(|_| by_generic)
}

/// Whether an artifact is one of the task's own work: no attestation, and no log, which end after what attests them.
fn is_work(name: &str) -> bool {
    !is_evidence_artifact(name) && !name.starts_with("public/logs/")
}

fn told(names: &[&str]) -> String {
    let mut told = names.iter().take(NAMES_TOLD).copied().collect::<Vec<_>>().join(", ");
    if names.len() > NAMES_TOLD {
        told.push_str(", …");
    }
    told
}

/// Artifacts that only point to where something lies.
fn pointers(judging: &mut Judging<'_>, link: &Link, task: &TaskFacts, run_id: u32) {
    let of_run = task.evidence.artifacts.iter().filter(|((run, name), _)| *run == run_id && is_work(name));
    let is_pointer = |kind: &str| POINTERS.contains(&kind);
    let pointers: Vec<&str> = of_run
        .filter(|(_, record)| record.storage_type.as_deref().is_some_and(is_pointer))
        .map(|((_, name), _)| name.as_str())
        .collect();
    if pointers.is_empty() {
        return;
    }
    let message = format!(
        "{} of its artifacts only point elsewhere, and can come to point to something else: {}",
        pointers.len(),
        told(&pointers)
    );
    let about = subject("artifact", &link.task_id, Some(run_id), pointers.first().copied());
    judging.remark(Code::ArtifactPointer, about, message, Vec::new());
}

/// Artifacts that an earlier run made with other bytes, by the bytes, or where these were not captured by the digests that
/// the attestations of the runs state.
fn changed(judging: &mut Judging<'_>, link: &Link, task: &TaskFacts, run_id: u32) {
    // Of the newest run that tells; its bytes count before its attestation's word.
    let mut earlier: BTreeMap<&str, (u32, bool, String, Digest)> = BTreeMap::new();
    let mut add = |name, found: (u32, bool, String, Digest)| {
        let known = earlier.entry(name).or_insert_with(|| found.clone());
        if (known.0, known.1) < (found.0, found.1) {
            *known = found;
        }
    };
    for ((run, form), attestation) in &task.earlier {
        let accepted = judging.book.switches.forms.contains(form);
        for name in attestation.digests.claims.keys().filter(|name| accepted && is_work(name)) {
            if let Some(stated) = attestation.digests.stated(name, SHA256, task.evidence.artifact(*run, name)) {
                add(name.as_str(), (*run, false, stated, attestation.blob));
            }
        }
    }
    for ((run, name), record) in &task.evidence.artifacts {
        if let Some(digest) = record.sha256.filter(|_| *run < run_id && is_work(name)) {
            add(name.as_str(), (*run, true, digest.to_string(), digest));
        }
    }
    let mut changed: Vec<&str> = Vec::new();
    let mut places = Vec::new();
    for (name, (_, _, before, source)) in earlier {
        let Some((now, told_by)) = made_by(judging, task, run_id, name) else { continue };
        if before != now {
            changed.push(name);
            let both = [(before, source), (now, told_by)];
            let place =
                |(digest, blob)| evidence(Some(blob), "", Some(format!("{name} {digest}")), Asserter::Collector);
            places.extend(both.map(place));
        }
    }
    if changed.is_empty() {
        return;
    }
    let message = format!("{} of its artifacts had other bytes in an earlier run: {}", changed.len(), told(&changed));
    places.truncate(2 * NAMES_TOLD);
    let about = subject("artifact", &link.task_id, Some(run_id), changed.first().copied());
    judging.remark(Code::ArtifactChangedBetweenRuns, about, message, places);
}

/// The SHA-256 of an artifact of a run: of its bytes, or what the run's attestation states; and where that stands.
fn made_by<'a>(judging: &Judging<'a>, task: &'a TaskFacts, run_id: u32, name: &str) -> Option<(String, Digest)> {
    let record = task.evidence.artifact(run_id, name);
    if let Some(digest) = record.and_then(|record| record.sha256) {
        return Some((digest.to_string(), digest));
    }
    let forms = judging.forms(task);
    forms.into_iter().find_map(|(_, facts)| Some((facts.digests.stated(name, SHA256, record)?, facts.blob)))
}
