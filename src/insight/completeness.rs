//! How much of the evidence that chains need is there.

use std::collections::{BTreeMap, HashSet};

use crate::chain::{Chain, Link};
use crate::model::{ATTESTATION_SIG, Completeness, Facts, Form, Presence, TASK_GRAPH_JSON, TaskFacts, TaskId};
use crate::rules::RuleBook;

/// One piece of evidence: the task, the kind, and of an artifact its name.
type Piece<'a> = (&'a str, &'static str, &'a str);

/// Counts the evidence that judging a chain needs, by presence: each link's definition and status; its attestation and
/// signature, where it must have run; the task graph, where it is a decision or action task; and what it consumes by
/// name. What several links need counts for each.
pub fn completeness(chain: &Chain, facts: &Facts, book: &RuleBook) -> Completeness {
    let mut counts = Completeness::default();
    for link in &chain.links {
        needs(link, facts, book, &mut |_, presence| counts.add(presence));
    }
    counts
}

/// The same of many chains together: what several links or chains need counts once.
pub fn completeness_of_all<'a>(
    chains: impl IntoIterator<Item = (&'a Chain, &'a RuleBook)>,
    facts: &'a Facts,
) -> Completeness {
    let mut seen = HashSet::new();
    let mut pieces: BTreeMap<Piece<'_>, Presence> = BTreeMap::new();
    let links = chains.into_iter().flat_map(|(chain, book)| chain.links.iter().map(move |link| (link, book)));
    for (link, book) in links {
        // A link of many chains needs the same in each, but for the role that it plays there, and for the rules.
        if seen.insert((&link.task_id, link.is_attested, link.is_parent_type(), &book.switches.forms)) {
            needs(link, facts, book, &mut |piece, presence| {
                pieces.insert(piece, presence);
            });
        }
    }
    let mut counts = Completeness::default();
    pieces.into_values().for_each(|presence| counts.add(presence));
    counts
}

/// Tells every piece of evidence that a link needs.
fn needs<'a>(link: &'a Link, facts: &'a Facts, book: &RuleBook, tell: &mut dyn FnMut(Piece<'a>, Presence)) {
    let id = link.task_id.as_str();
    let Some(task) = facts.tasks.get(&link.task_id) else {
        for what in ["definition", "status", "attestation"] {
            tell((id, what, ""), Presence::Unknown);
        }
        return;
    };
    tell((id, "definition", ""), task.evidence.reply_presence("definition"));
    tell((id, "status", ""), task.evidence.reply_presence("status"));
    if link.is_attested {
        attestation(task, id, book, tell);
        if link.is_parent_type() {
            tell((id, "artifact", TASK_GRAPH_JSON), artifact(facts, &link.task_id, TASK_GRAPH_JSON));
        }
    }
    for entry in task.shape().map_or(&[][..], |shape| &shape.upstream) {
        let Ok(maker) = entry.task_id.parse() else { continue };
        for path in entry.paths.iter().filter(|path| !path.contains('*')) {
            let presence = artifact(facts, &maker, path);
            // What may be missing is needed only where it is there.
            if !entry.optional || presence == Presence::Present {
                tell((&entry.task_id, "artifact", path), presence);
            }
        }
    }
}

fn artifact(facts: &Facts, task_id: &TaskId, name: &str) -> Presence {
    let Some(task) = facts.tasks.get(task_id) else { return Presence::Unknown };
    task.evidence.latest_run().map_or(Presence::Unknown, |run_id| task.evidence.artifact_presence(run_id, name))
}

/// The attestation in any accepted form, and the signature beside it.
fn attestation<'a>(task: &TaskFacts, id: &'a str, book: &RuleBook, tell: &mut dyn FnMut(Piece<'a>, Presence)) {
    let Some(run_id) = task.evidence.latest_run() else {
        tell((id, "attestation", ""), Presence::Unknown);
        return;
    };
    let presence = |form: &Form| task.evidence.artifact_presence(run_id, form.artifact());
    let presences: Vec<Presence> = book.switches.forms.iter().map(presence).collect();
    let best =
        [Presence::Present, Presence::Unknown, Presence::Gone].into_iter().find(|wanted| presences.contains(wanted));
    tell((id, "attestation", ""), best.unwrap_or(Presence::Absent));
    if book.switches.forms.contains(&Form::Ed25519) && presence(&Form::Ed25519) == Presence::Present {
        tell((id, "signature", ""), task.evidence.artifact_presence(run_id, ATTESTATION_SIG));
    }
}
