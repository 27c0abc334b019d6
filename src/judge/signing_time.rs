//! Claimed signing times that do not fit. A claim is the signer's word: it never rescues anything.

use super::judging::{Judging, evidence};
use crate::model::{
    Asserter, AttestationFacts, Clocks, Code, Evidence, Moment, Role, Signature, SignatureState, Subject, TaskFacts,
    TimeBound, Validity,
};
use crate::trust::Standing;

/// How far clocks are taken to be apart: those of workers, of the queue, and of the keys' holders. They differ by minutes
/// at most, and workers sign before they report the run's end.
pub(super) const CLOCK_TOLERANCE_SECONDS: i64 = 15 * 60;

/// Tells what does not fit: the moment of judgement, the run, the signatures of others, the key.
pub(super) fn remark(
    judging: &mut Judging<'_>,
    task: &TaskFacts,
    here: &Subject,
    facts: &AttestationFacts,
    signature: &Signature,
    role: Option<&Role>,
) {
    let Some(claimed) = signature.claimed_time else { return };
    let place = evidence(Some(facts.blob), "", Some(claimed.to_string()), facts.asserter());
    let run = task.evidence.latest_run().and_then(|run_id| task.evidence.run(run_id));
    let moment = judging.clocks.key;
    // The target itself is judged while it runs: it signs afterwards.
    let is_running = judging.is_target(&task.evidence.task_id)
        && run.and_then(|run| run.started).is_some_and(|started| started <= moment);
    if claimed > moment && !is_running {
        let message = format!("the signature claims to be of {claimed}, after the moment of judgement {moment}");
        judging.remark(Code::SignatureAfterAsOf, here.clone(), message, vec![place.clone()]);
    }
    if let Some((started, resolved)) = run.and_then(|run| Some((run.started?, run.resolved?))) {
        let outside = is_before(claimed, started) || is_before(resolved, claimed);
        if outside {
            let message =
                format!("the signature claims to be of {claimed}; the run lasted from {started} to {resolved}");
            judging.remark(Code::SignatureTimeOutsideRun, here.clone(), message, vec![place.clone()]);
        }
    }
    if signature.state == SignatureState::Sound {
        remark_on_bounds(judging, task, here, claimed, &place);
        remark_on_key(judging, here, signature, role, claimed, place);
    }
}

/// Whether a moment is before another by more than clocks are apart.
pub(super) fn is_before(moment: Moment, other: Moment) -> bool {
    moment.unix() < other.unix() - CLOCK_TOLERANCE_SECONDS
}

/// What other keys signed around it rules the time out.
fn remark_on_bounds(judging: &mut Judging<'_>, task: &TaskFacts, here: &Subject, claimed: Moment, place: &Evidence) {
    let bounds = judging.bounds.of(&task.evidence.task_id);
    let witness = |bound: &TimeBound| {
        let witness = evidence(Some(bound.blob), "", Some(bound.at.to_string()), Asserter::WorkerSigned);
        vec![place.clone(), witness]
    };
    if let Some(bound) = bounds.not_before.filter(|bound| is_before(claimed, bound.at)) {
        let message = format!(
            "the signature claims to be of {claimed}, and its attestation states the digest of what is not older than {}",
            bound.words()
        );
        judging.remark(Code::SignatureTimeContradicted, here.clone(), message, witness(&bound));
    }
    if let Some(bound) = bounds.not_after.filter(|bound| is_before(bound.at, claimed)) {
        let message =
            format!("the signature claims to be of {claimed}, and its digest was stated before {}", bound.words());
        judging.remark(Code::SignatureTimeContradicted, here.clone(), message, witness(&bound));
    }
}

/// At that time the key could not sign, or was not in its key set.
fn remark_on_key(
    judging: &mut Judging<'_>,
    here: &Subject,
    signature: &Signature,
    role: Option<&Role>,
    claimed: Moment,
    place: Evidence,
) {
    let Some((key, role)) = signature.key.as_ref().zip(role) else { return };
    let clocks = Clocks { key: claimed, policy: claimed, knowledge: judging.clocks.knowledge };
    let why = match judging.ledger.standing(key, signature.signing_key.as_deref(), role, clocks) {
        Standing::NotValid { validity: Validity::NotYetCreated, moment } => {
            format!("before the key was made{}", moment.map(|moment| format!(", on {moment}")).unwrap_or_default())
        }
        Standing::NotValid { validity: Validity::Expired, moment } => {
            format!("after the key had expired{}", moment.map(|moment| format!(", on {moment}")).unwrap_or_default())
        }
        Standing::NotInForce { intervals, .. } => {
            if intervals.iter().all(|(from, _)| from.is_some_and(|from| claimed < from)) {
                format!("before the key came into its key set for {role}")
            } else if intervals.iter().all(|(_, until)| until.is_some_and(|until| until <= claimed)) {
                format!("after the key had left its key set for {role}")
            } else {
                format!("while the key was not in its key set for {role}")
            }
        }
        // Revocations and algorithms have findings of their own, and of other keys nothing is known.
        Standing::NotValid { .. }
        | Standing::Trusted { .. }
        | Standing::NotAccepted
        | Standing::OtherRoles(_)
        | Standing::OtherVariant => return,
    };
    let message = format!("the signature claims to be of {claimed}, {why} (key {key})");
    judging.remark(Code::SignatureTimeOutsideKey, here.clone(), message, vec![place]);
}
