//! How much of the evidence that chains need is there.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::chain::{Chain, Link};
use crate::model::{
    ACTIONS_JSON, ATTESTATION_SIG, Completeness, Digest, Facts, Form, Lacking, PARAMETERS_YML, Presence, Rebuild,
    TASK_GRAPH_JSON, TaskFacts, TaskId,
};
use crate::rules::RuleBook;

/// One piece of evidence: the task, the kind, and of an artifact its name.
type Piece<'a> = (Option<TaskId>, &'static str, &'a str);

/// What says which evidence is needed.
#[derive(Debug, Clone, Copy)]
pub struct Needs<'a> {
    /// The chain.
    pub chain: &'a Chain,
    /// The rule book.
    pub book: &'a RuleBook,
    /// The product whose tables count.
    pub product: Option<&'a str>,
}

/// Counts the evidence that judging a chain needs, by presence: each link's definition and status; its attestation and
/// signature, where it must have run; the task graph, where it is a decision or action task, and what that is rebuilt from;
/// and what it consumes by name. What several links need counts for each.
pub fn completeness(needs: Needs<'_>, facts: &Facts) -> Completeness {
    let mut counts = Completeness::default();
    let recipe = needs.recipe();
    for link in &needs.chain.links {
        tell(link, facts, needs.book, recipe, &mut |_, presence| counts.add(presence));
    }
    counts
}

/// A link with the role that it plays, and the rules: another such link needs the same again.
type Asked = (TaskId, bool, bool, [bool; Form::ALL.len()], Option<Digest>);

/// The same of many chains together: what several links or chains need counts once.
#[derive(Debug, Default)]
pub struct CompletenessOfAll {
    /// Links that were asked already.
    seen: HashSet<Asked>,
    pieces: BTreeMap<(Option<TaskId>, &'static str, Arc<str>), Presence>,
    /// The names of pieces, each once.
    names: BTreeSet<Arc<str>>,
    recipes: BTreeMap<(Digest, Option<String>), Option<Digest>>,
}

impl CompletenessOfAll {
    /// Adds what one more chain needs.
    pub fn add(&mut self, needs: Needs<'_>, facts: &Facts) {
        let by = (needs.book.digest, needs.product.map(str::to_owned));
        let recipe = *self.recipes.entry(by).or_insert_with(|| needs.recipe());
        let forms = Form::ALL.map(|form| needs.book.switches.forms.contains(&form));
        for link in &needs.chain.links {
            if self.seen.insert((link.task_id, link.is_attested, link.is_parent_type(), forms, recipe)) {
                tell(link, facts, needs.book, recipe, &mut |(task_id, kind, name), presence| {
                    let name = shared(&mut self.names, name);
                    self.pieces.insert((task_id, kind, name), presence);
                });
            }
        }
    }

    /// The counts.
    pub fn total(&self) -> Completeness {
        let mut counts = Completeness::default();
        self.pieces.values().for_each(|presence| counts.add(*presence));
        counts
    }
}

/// The one copy of a text.
fn shared(known: &mut BTreeSet<Arc<str>>, text: &str) -> Arc<str> {
    match known.get(text) {
        Some(known) => Arc::clone(known),
        None => {
            let new: Arc<str> = text.into();
            known.insert(Arc::clone(&new));
            new
        }
    }
}

impl Needs<'_> {
    /// How definitions are rebuilt, by digest.
    fn recipe(&self) -> Option<Digest> {
        Some(self.book.recipe(self.product?)?.digest())
    }
}

/// Tells every piece of evidence that a link needs.
fn tell<'a>(
    link: &Link,
    facts: &'a Facts,
    book: &RuleBook,
    recipe: Option<Digest>,
    tell: &mut dyn FnMut(Piece<'a>, Presence),
) {
    let id = Some(link.task_id);
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
    if let Some(rebuild) = recipe.filter(|_| link.is_parent_type()).and_then(|recipe| task.rebuilds.get(&recipe)) {
        rebuilt_from(link, task, rebuild, facts, tell);
    }
    for entry in task.shape().map_or(&[][..], |shape| &shape.upstream) {
        let Ok(maker) = entry.task_id.parse() else { continue };
        for path in entry.paths.iter().filter(|path| !path.contains('*')) {
            let presence = artifact(facts, &maker, path);
            // What may be missing is needed only where it is there.
            if !entry.optional || presence == Presence::Present {
                tell((Some(maker), "artifact", path), presence);
            }
        }
    }
}

/// What the definition of a decision or action task is rebuilt from.
fn rebuilt_from<'a>(
    link: &Link,
    task: &'a TaskFacts,
    rebuild: &'a Rebuild,
    facts: &Facts,
    tell: &mut dyn FnMut(Piece<'a>, Presence),
) {
    for read in &rebuild.sources {
        tell((None, "source", &read.url), Presence::Present);
    }
    if rebuild.tasks_for.as_deref() == Some("action")
        && let Some(maker) = link.decision.as_ref().and_then(|decision| decision.parse().ok())
    {
        for name in [PARAMETERS_YML, ACTIONS_JSON] {
            tell((Some(maker), "artifact", name), artifact(facts, &maker, name));
        }
    }
    for lack in &rebuild.lacks {
        match lack {
            // A link of its own, which counts itself; and the two above.
            Lacking::Decision | Lacking::Artifact(_) => {}
            Lacking::Source(url) => tell((None, "source", url), Presence::Unknown),
            Lacking::NoSource(url) => tell((None, "source", url), task.evidence.denied_source()),
            Lacking::TooLarge { url, .. } => tell((None, "source", url), Presence::Present),
        }
    }
}

fn artifact(facts: &Facts, task_id: &TaskId, name: &str) -> Presence {
    let Some(task) = facts.tasks.get(task_id) else { return Presence::Unknown };
    task.evidence.latest_run().map_or(Presence::Unknown, |run_id| task.evidence.artifact_presence(run_id, name))
}

/// The attestation in any accepted form, and the signature beside it.
fn attestation<'a>(task: &TaskFacts, id: Option<TaskId>, book: &RuleBook, tell: &mut dyn FnMut(Piece<'a>, Presence)) {
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
