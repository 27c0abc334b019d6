//! The artifacts of every run: what was stated of them, what was seen, and whether that agrees.

use std::collections::BTreeSet;

use super::Context;
use super::body::Lines;
use crate::model::{ArtifactRecord, ClaimState, DigestFact, Form, Presence, TaskFacts, Verdict};
use crate::tui::message::Seen;
use crate::tui::theme::Theme;
use crate::tui::view::size;

pub(super) fn lines(context: &Context<'_>) -> Lines {
    let theme = context.session.theme;
    let mut lines = Lines::new(theme);
    let (seen, facts) = (context.session.seen.get(&context.task_id), context.session.facts.get(&context.task_id));
    let Some(seen) = seen else {
        lines.text("being read", theme.dim());
        return lines;
    };
    let Some(seen) = seen else {
        lines.text("the case has nothing of this task", theme.dim());
        return lines;
    };
    let facts = facts.and_then(|facts| facts.as_deref());
    if facts.is_none() {
        lines.text("what attestations state is not there", theme.dim());
    }
    let latest = seen.evidence.latest_run();
    let mut names: BTreeSet<(u32, &str)> =
        seen.evidence.artifacts.keys().map(|(run_id, name)| (*run_id, name.as_str())).collect();
    // What was stated and never seen.
    for (run_id, fact) in facts.into_iter().flat_map(|facts| stated(facts, latest)) {
        names.extend(fact.claims.keys().map(|name| (run_id, name.as_str())));
    }
    if names.is_empty() {
        lines.text("no artifact is known", theme.dim());
    }
    // What is not as it was stated comes first: it is what somebody looks for here.
    let mut listed: Vec<(u32, bool, &str)> =
        names.into_iter().map(|(run_id, name)| (run_id, !differs(facts, latest, run_id, name), name)).collect();
    listed.sort_unstable();
    let mut before = None;
    for &(run_id, _, name) in &listed {
        if before.replace(run_id) != Some(run_id) {
            let is_latest = if latest == Some(run_id) { ", the latest" } else { "" };
            let differing = listed.iter().filter(|(of, is_as_stated, _)| *of == run_id && !is_as_stated).count();
            let odd = if differing > 0 { format!(", {differing} not as stated") } else { String::new() };
            lines.heading(&format!("artifacts of run {run_id}{is_latest}{odd}"));
        }
        artifact_lines((seen, facts), (run_id, name), theme, &mut lines);
    }
    lines
}

/// What the attestations of each run state.
fn stated(facts: &TaskFacts, latest: Option<u32>) -> impl Iterator<Item = (u32, &DigestFact)> {
    let of_latest = facts.attestations.values().filter_map(move |found| Some((latest?, &found.digests)));
    of_latest.chain(facts.earlier.iter().map(|((run_id, _), earlier)| (*run_id, &earlier.digests)))
}

/// What an attestation of a form states of a run's artifacts.
fn of_form(facts: &TaskFacts, latest: Option<u32>, run_id: u32, form: Form) -> Option<&DigestFact> {
    if latest == Some(run_id) {
        return facts.attestations.get(&form).map(|found| &found.digests);
    }
    facts.earlier.get(&(run_id, form)).map(|earlier| &earlier.digests)
}

/// Whether some attestation states another digest than was seen.
fn differs(facts: Option<&TaskFacts>, latest: Option<u32>, run_id: u32, name: &str) -> bool {
    Form::ALL
        .into_iter()
        .filter_map(|form| of_form(facts?, latest, run_id, form))
        .any(|fact| fact.claims.get(name).is_some_and(|claim| claim.state == ClaimState::Differs))
}

fn artifact_lines(
    (seen, facts): (&Seen, Option<&TaskFacts>),
    (run_id, name): (u32, &str),
    theme: Theme,
    lines: &mut Lines,
) {
    let record = seen.evidence.artifact(run_id, name);
    lines.text(name, ratatui::style::Style::new()).indented(2).copying(name);
    let presence = seen.evidence.artifact_presence(run_id, name);
    let about = about(record, presence, seen);
    lines.field("", &about).indented(4);
    if let Some(record) = record {
        if let Some(digest) = record.sha256 {
            lines.field("seen", &format!("sha256:{digest}")).indented(4).copying(&digest.to_string());
        }
        if let Some(digest) = &record.sha512 {
            lines.field("", &format!("sha512:{digest}")).indented(4).copying(digest);
        }
    }
    let mut is_stated = false;
    for form in Form::ALL {
        let Some(fact) = facts.and_then(|facts| of_form(facts, seen.evidence.latest_run(), run_id, form)) else {
            continue;
        };
        let Some(claim) = fact.claims.get(name) else { continue };
        is_stated = true;
        for algorithm in &claim.algorithms {
            if let Some(digest) = fact.stated(name, algorithm, record) {
                lines.field("stated", &format!("{algorithm}:{digest}")).indented(4).copying(&digest);
            }
        }
        let (word, more) = told(claim.state);
        let style = if claim.state == ClaimState::Differs { theme.verdict(Verdict::Refuted) } else { theme.dim() };
        lines.field_named(word, style, &format!("{}, {more}", form.artifact())).indented(4);
    }
    if !is_stated && facts.is_some() {
        lines.field("not stated", "no attestation of this run names it").indented(4);
    }
}

/// What is known of it beside its digests.
fn about(record: Option<&ArtifactRecord>, presence: Presence, seen: &Seen) -> String {
    let mut parts = vec![presence.word().to_owned()];
    let Some(record) = record else { return parts.concat() };
    if let Some(bytes) = record.size {
        parts.push(size(bytes));
    }
    if let Some(storage) = &record.storage_type {
        parts.push(format!("storage {storage}"));
    }
    let kept = match record.sha256 {
        Some(digest) if seen.held.contains_key(&digest) => "contents kept",
        Some(_) => "digest only",
        None => "listed, not captured",
    };
    parts.push(kept.to_owned());
    if let Some(expires) = record.expires {
        parts.push(format!("expires {expires}"));
    }
    parts.join(", ")
}

/// How a claim compares, in a word and in more.
const fn told(state: ClaimState) -> (&'static str, &'static str) {
    match state {
        ClaimState::Agrees => ("agrees", "what it states is what was seen"),
        ClaimState::Differs => ("DIFFERS", "what it states is not what was seen"),
        ClaimState::Unseen => ("unseen", "the bytes were not captured"),
        ClaimState::NoDigest => ("no digest", "it names the artifact and states no digest"),
        ClaimState::UnknownAlgorithm => ("unknown", "it states a digest by an algorithm that nobody reads"),
        ClaimState::Malformed => ("malformed", "what it states is no object of digests"),
    }
}
