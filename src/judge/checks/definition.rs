//! The queue's definition is there and can be read.

use crate::chain::Link;
use crate::judge::judging::{Judging, Ruling, evidence, subject};
use crate::model::{Asserter, Code, GapKind, Outcome, Presence};

pub(super) fn check(judging: &mut Judging<'_>, link: &Link) -> Ruling {
    let here = subject("task", &link.task_id, None, None);
    let Some(task) = judging.task(&link.task_id) else {
        judging.lack(GapKind::Definition, here, Presence::Unknown);
        return (Outcome::Unknown, "not captured".to_owned());
    };
    if let Some(problem) = &task.evidence.status_problem {
        let message = format!("the queue's status can't be read: {problem}");
        let place = evidence(task.evidence.status, "", None, Asserter::Queue);
        judging.remark(Code::StatusMalformed, here.clone(), message, vec![place]);
    }
    for conflict in &task.evidence.conflicts {
        let message =
            format!("{}: one snapshot has other bytes than another; those of the newer one count", conflict.what);
        let places = [conflict.newer, conflict.older].map(|blob| evidence(Some(blob), "", None, Asserter::Collector));
        judging.remark(Code::SnapshotsDisagree, here.clone(), message, places.to_vec());
    }
    if let Some((at, expires)) =
        task.evidence.captured_at.zip(task.evidence.expires).filter(|(at, expires)| at >= expires)
    {
        let message = format!("it expired on {expires}, and was captured on {at}: what is missing may have been there");
        judging.remark(Code::EvidenceExpired, here.clone(), message, Vec::new());
    }
    let Some(definition) = &task.definition else {
        let presence = task.evidence.reply_presence("definition");
        if presence == Presence::Absent {
            let message = "the queue denied having the definition".to_owned();
            judging.refute(Code::DefinitionMissing, here, message, Vec::new());
            return (Outcome::Fail, "absent".to_owned());
        }
        judging.lack(GapKind::Definition, here, presence);
        return (Outcome::Unknown, format!("{}: only an attestation gives its shape", presence.word()));
    };
    let place = |excerpt: &str| vec![evidence(task.evidence.definition, "", Some(excerpt.to_owned()), Asserter::Queue)];
    for ambiguity in &definition.ambiguities {
        let message = format!("the definition holds {ambiguity}");
        judging.remark(Code::DocumentAmbiguous, here.clone(), message, place(ambiguity));
    }
    for problem in &definition.problems {
        let message = format!("in the definition {problem}");
        judging.refute(Code::DefinitionMalformed, here.clone(), message, place(problem));
    }
    if definition.problems.is_empty() {
        (Outcome::Pass, "as the queue gave it".to_owned())
    } else {
        (Outcome::Fail, definition.problems.join("; "))
    }
}
