//! How much of the evidence that a chain needs is there.

use crate::chain::Chain;
use crate::model::{ATTESTATION_SIG, Completeness, Facts, Form, Presence, TASK_GRAPH_JSON, TaskFacts, TaskId};
use crate::rules::RuleBook;

/// Counts the evidence that judging a chain needs, by presence: each link's definition and status; its attestation and
/// signature, where it must have run; the task graph, where it is a decision or action task; and what it consumes by
/// name. What several links need counts for each.
pub fn completeness(chain: &Chain, facts: &Facts, book: &RuleBook) -> Completeness {
    let mut counts = Completeness::default();
    for link in &chain.links {
        let Some(task) = facts.tasks.get(&link.task_id) else {
            // Definition, status, attestation.
            (0..3).for_each(|_| counts.add(Presence::Unknown));
            continue;
        };
        counts.add(task.evidence.reply_presence("definition"));
        counts.add(task.evidence.reply_presence("status"));
        if link.is_attested {
            attestation(task, book, &mut counts);
            if link.is_parent_type() {
                counts.add(artifact(facts, &link.task_id, TASK_GRAPH_JSON));
            }
        }
        for entry in task.shape().map_or(&[][..], |shape| &shape.upstream) {
            let Ok(maker) = entry.task_id.parse() else { continue };
            let paths = entry.paths.iter().filter(|path| !path.contains('*'));
            let presences = paths.map(|path| artifact(facts, &maker, path));
            // What may be missing is needed only where it is there.
            presences
                .filter(|presence| !entry.optional || *presence == Presence::Present)
                .for_each(|presence| counts.add(presence));
        }
    }
    counts
}

fn artifact(facts: &Facts, task_id: &TaskId, name: &str) -> Presence {
    let Some(task) = facts.tasks.get(task_id) else { return Presence::Unknown };
    task.evidence.latest_run().map_or(Presence::Unknown, |run_id| task.evidence.artifact_presence(run_id, name))
}

/// The attestation in any accepted form, and the signature beside it.
fn attestation(task: &TaskFacts, book: &RuleBook, counts: &mut Completeness) {
    let Some(run_id) = task.evidence.latest_run() else {
        counts.add(Presence::Unknown);
        return;
    };
    let presence = |form: &Form| task.evidence.artifact_presence(run_id, form.artifact());
    let presences: Vec<Presence> = book.forms.iter().map(presence).collect();
    let best =
        [Presence::Present, Presence::Unknown, Presence::Gone].into_iter().find(|wanted| presences.contains(wanted));
    counts.add(best.unwrap_or(Presence::Absent));
    if book.forms.contains(&Form::Ed25519) && presence(&Form::Ed25519) == Presence::Present {
        counts.add(task.evidence.artifact_presence(run_id, ATTESTATION_SIG));
    }
}
