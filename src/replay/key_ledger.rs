//! What the case knows of its keys: who was trusted for what, when, and on whose word.

use std::collections::{BTreeMap, BTreeSet};

use super::desk::FactDesk;
use super::keys;
use super::service::survey_with;
use super::targets::ReplayError;
use crate::chain::{WorkerVote, worker_implementation};
use crate::model::{
    Basis, CertificateSeen, Facts, KeyId, KeyReport, KeyStory, KeyUse, SignatureState, TaskFacts, TrustUsed,
};
use crate::rules::RuleBook;
use crate::store::Case;
use crate::trust::audit;

/// The version of the format of key reports.
const KEY_REPORT_VERSION: u32 = 1;

/// The keys of a case, on these bases of trust.
pub fn key_report(case: &mut Case, bases: &BTreeSet<Basis>) -> Result<KeyReport, ReplayError> {
    let book = super::rules::examination_book()?;
    let content_id = case.content_id()?;
    let mut desk = FactDesk::new(case);
    let keys = keys::load(&mut desk)?;
    let ledger = keys.ledger.narrowed(None, bases);
    let mut uses: BTreeMap<KeyId, BTreeSet<KeyUse>> = BTreeMap::new();
    for (_, facts) in survey_with(&mut desk, &keys, &book)? {
        for task in facts.tasks.values() {
            add_uses(task, &facts, &book, &mut uses);
        }
    }
    let uses: BTreeMap<KeyId, Vec<KeyUse>> =
        uses.into_iter().map(|(key, of_key)| (key, of_key.into_iter().collect())).collect();
    let mut findings = audit(&ledger, &uses);
    findings.extend(keys.problems.iter().map(keys::KeyProblem::finding));
    findings.sort_by(crate::model::Finding::order);
    let story = |key: &KeyId| KeyStory {
        key: key.clone(),
        epochs: {
            let mut epochs: Vec<_> = ledger.epochs().filter(|epoch| epoch.key == *key).cloned().collect();
            epochs.sort_by(|a, b| (&a.role, a.from, a.until, a.basis).cmp(&(&b.role, b.from, b.until, b.basis)));
            epochs
        },
        certificates: {
            let seen = ledger.certificates(key);
            seen.map(|(certificate, file, known_since)| CertificateSeen {
                file,
                known_since,
                certificate: certificate.clone(),
            })
            .collect()
        },
        uses: uses.get(key).cloned().unwrap_or_default(),
    };
    let names: BTreeSet<&KeyId> = ledger.keys().into_iter().chain(uses.keys()).collect();
    Ok(KeyReport {
        key_report_version: KEY_REPORT_VERSION,
        case: content_id,
        trust: TrustUsed { bases: bases.iter().copied().collect(), distrust: Vec::new() },
        keys: names.into_iter().map(story).collect(),
        findings,
    })
}

/// Adds the sound signatures of a task's attestations.
fn add_uses(task: &TaskFacts, facts: &Facts, book: &RuleBook, uses: &mut BTreeMap<KeyId, BTreeSet<KeyUse>>) {
    let role = match task.shape().map(|shape| worker_implementation(&shape.hints, book)) {
        Some(WorkerVote::Agreed(role)) => Some(role),
        Some(WorkerVote::Nobody | WorkerVote::Disagree(_)) | None => None,
    };
    let run_id = task.evidence.latest_run();
    let run = run_id.and_then(|run_id| task.evidence.run(run_id));
    for (form, attestation) in &task.attestations {
        let Some(signature) = &attestation.signature else { continue };
        let (SignatureState::Sound, Some(key)) = (signature.state, &signature.key) else { continue };
        uses.entry(key.clone()).or_default().insert(KeyUse {
            claimed_time: signature.claimed_time,
            started: run.and_then(|run| run.started),
            resolved: run.and_then(|run| run.resolved),
            task_id: task.evidence.task_id,
            run_id,
            form: *form,
            role: role.clone(),
            signing_key: signature.signing_key.clone(),
            blob: attestation.blob,
            root_url: facts.root_url.clone(),
        });
    }
}
