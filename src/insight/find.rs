//! Where something occurs: who made it, who states it, who consumes it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::formats::fnmatch::{Pattern, fnmatch};
use crate::model::{ClaimState, Definition, Digest, Facts, Form, SignatureState, TaskFacts, TaskId};

/// The steps of comparing patterns with names that one search takes: about a second.
const PATTERN_STEPS_MAX: u64 = 100_000_000;

/// The steps that each name takes that a pattern stands for: all patterns together stand for 100,000 at most.
const STEPS_PER_HIT: u64 = 1_000;

/// How many characters of a pattern are shown that can't be followed.
const PATTERN_SHOWN: usize = 100;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// Bytes with this digest.
    Digest(Digest),
    /// An artifact of this name, or whose last part it is; `*` stands for anything.
    Name(String),
    /// A key by the beginning or end of its fingerprint, or of its base64.
    Key(String),
    /// A worker or worker group.
    Worker(String),
}

/// What a task has to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// It is the task's definition.
    Definition,
    /// It is the task's status.
    Status,
    /// The task published it.
    Made,
    /// The task's attestation states it, in agreement with the bytes seen.
    Attests,
    /// The task's attestation states it, and the bytes seen are others, or none were seen.
    AttestsOnly,
    /// The task consumes it.
    Consumes,
    /// It signed the task's attestation, soundly.
    Signed,
    /// It ran the task.
    Ran,
    /// The task's attestation names it.
    Named,
}

impl Relation {
    /// The word that people read.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Definition => "is the definition of",
            Self::Status => "is the status of",
            Self::Made => "made by",
            Self::Attests => "attested by",
            Self::AttestsOnly => "attested, but not seen so, by",
            Self::Consumes => "consumed by",
            Self::Signed => "signed for",
            Self::Ran => "ran",
            Self::Named => "named by the attestation of",
        }
    }
}

/// One occurrence. Ordered by relation, task, run and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hit {
    /// What the task has to do with it.
    pub relation: Relation,
    /// The task.
    pub task_id: TaskId,
    /// Its run.
    pub run_id: Option<u32>,
    /// The artifact, the attestation, the worker. Captured text.
    pub name: Option<String>,
    /// The digest of the bytes, where bytes are what was found.
    pub digest: Option<Digest>,
}

/// Looks for something in the facts of a snapshot.
pub fn find(query: &Query, facts: &Facts) -> Vec<Hit> {
    let mut hits = BTreeSet::new();
    for task in facts.tasks.values() {
        match query {
            Query::Digest(digest) => of_digest(task, digest, &mut hits),
            Query::Name(name) => of_name(task, name, &mut hits),
            Query::Key(key) => of_key(task, key, &mut hits),
            Query::Worker(worker) => of_worker(task, worker, &mut hits),
        }
    }
    let artifacts = |hit: &Hit| matches!(hit.relation, Relation::Made | Relation::Attests | Relation::AttestsOnly);
    let mut found: Found = BTreeMap::new();
    for hit in hits.iter().filter(|hit| artifacts(hit)) {
        found.entry(hit.task_id.to_string()).or_default().extend(hit.name.clone());
    }
    let mut steps = PATTERN_STEPS_MAX;
    for task in facts.tasks.values() {
        consumers(task, &found, &mut steps, &mut hits);
    }
    hits.into_iter().collect()
}

fn hit(task: &TaskFacts, relation: Relation, run_id: Option<u32>, name: Option<&str>, digest: Option<Digest>) -> Hit {
    Hit { relation, task_id: task.evidence.task_id, run_id, name: name.map(str::to_owned), digest }
}

fn of_digest(task: &TaskFacts, digest: &Digest, hits: &mut BTreeSet<Hit>) {
    let evidence = &task.evidence;
    if evidence.definition == Some(*digest) {
        hits.insert(hit(task, Relation::Definition, None, None, Some(*digest)));
    }
    if evidence.status == Some(*digest) {
        hits.insert(hit(task, Relation::Status, None, None, Some(*digest)));
    }
    for ((run_id, name), record) in &evidence.artifacts {
        if record.sha256 == Some(*digest) {
            hits.insert(hit(task, Relation::Made, Some(*run_id), Some(name), Some(*digest)));
        }
    }
    let run_id = evidence.latest_run();
    let stated_digest = digest.to_string();
    for (name, claim) in task.attestations.values().flat_map(|facts| &facts.digests.claims) {
        let seen = run_id.and_then(|run_id| evidence.artifact(run_id, name)).and_then(|record| record.sha256);
        if claim.state == ClaimState::Agrees && seen == Some(*digest) {
            hits.insert(hit(task, Relation::Attests, run_id, Some(name), Some(*digest)));
        }
        if claim.open.iter().any(|open| open.stated == stated_digest) {
            hits.insert(hit(task, Relation::AttestsOnly, run_id, Some(name), Some(*digest)));
        }
    }
}

/// Whether a pattern stands for a name. What is too long to compare is shown rather than hidden.
fn fits(name: &str, pattern: &str) -> bool {
    fnmatch(name, pattern).unwrap_or(true)
}

/// Whether an artifact's name is the one looked for, or ends with it.
fn is_named(name: &str, wanted: &str) -> bool {
    if wanted.contains('*') {
        return fits(name, wanted) || name.rsplit('/').next().is_some_and(|last| fits(last, wanted));
    }
    name == wanted || name.strip_suffix(wanted).is_some_and(|start| start.ends_with('/'))
}

fn of_name(task: &TaskFacts, wanted: &str, hits: &mut BTreeSet<Hit>) {
    let evidence = &task.evidence;
    for ((run_id, name), record) in evidence.artifacts.iter().filter(|((_, name), _)| is_named(name, wanted)) {
        hits.insert(hit(task, Relation::Made, Some(*run_id), Some(name), record.sha256));
    }
    let run_id = evidence.latest_run();
    for (name, claim) in task.attestations.values().flat_map(|facts| &facts.digests.claims) {
        if !is_named(name, wanted) {
            continue;
        }
        let seen = run_id.and_then(|run_id| evidence.artifact(run_id, name)).and_then(|record| record.sha256);
        let agrees = claim.state == ClaimState::Agrees;
        let relation = if agrees { Relation::Attests } else { Relation::AttestsOnly };
        let stated = claim.open.iter().find_map(|open| open.stated.parse().ok());
        hits.insert(hit(task, relation, run_id, Some(name), if agrees { seen } else { stated }));
    }
}

fn of_key(task: &TaskFacts, wanted: &str, hits: &mut BTreeSet<Hit>) {
    let run_id = task.evidence.latest_run();
    for (form, facts) in &task.attestations {
        let Some(signature) = facts.signature.as_ref().filter(|signature| signature.state == SignatureState::Sound)
        else {
            continue;
        };
        let key = signature.key.as_ref().map(|key| key.as_str().split_once(':').map_or("", |(_, name)| name));
        let names = key.into_iter().chain(signature.signing_key.as_deref());
        // Base64 tells cases apart, hexadecimal does not.
        let fits = |name: &str| match form {
            Form::Ed25519 => name.starts_with(wanted) || name.ends_with(wanted),
            Form::Openpgp => {
                let wanted = wanted.trim_start_matches("0x").to_ascii_uppercase();
                name.starts_with(&wanted) || name.ends_with(&wanted)
            }
        };
        if names.into_iter().any(fits) {
            hits.insert(hit(task, Relation::Signed, run_id, Some(form.artifact()), Some(facts.blob)));
        }
    }
}

fn of_worker(task: &TaskFacts, wanted: &str, hits: &mut BTreeSet<Hit>) {
    for run in &task.evidence.runs {
        let names = [&run.worker_id, &run.worker_group];
        if let Some(name) = names.into_iter().flatten().find(|name| *name == wanted) {
            hits.insert(hit(task, Relation::Ran, Some(run.run_id), Some(name), None));
        }
    }
    for attestation in task.attestations.values().filter_map(|facts| facts.attestation.as_ref()) {
        let names = [&attestation.worker_id, &attestation.worker_group];
        if let Some(name) = names.into_iter().flatten().find(|name| *name == wanted) {
            hits.insert(hit(task, Relation::Named, task.evidence.latest_run(), Some(name), None));
        }
    }
}

/// Names of artifacts by the task that made them.
type Found = BTreeMap<String, BTreeSet<String>>;

/// Adds a task that consumes any of some artifacts. A pattern that is too long, or for which no steps are left, is shown
/// itself rather than hidden.
fn consumers(task: &TaskFacts, found: &Found, steps: &mut u64, hits: &mut BTreeSet<Hit>) {
    let Some(shape) = task.shape() else { return };
    for consumed in consumed_paths(shape) {
        let Some(names) = found.get(consumed.maker) else { continue };
        let mut consumes = |name: &str| {
            let name = format!("{name} of {}", consumed.maker);
            hits.insert(hit(task, Relation::Consumes, None, Some(&name), None));
        };
        if names.contains(consumed.path) {
            consumes(consumed.path);
        }
        if consumed.is_pattern {
            let fitting = followed(names, consumed.path, steps);
            match fitting {
                Some(fitting) => fitting.into_iter().for_each(consumes),
                None => consumes(&cut(consumed.path)),
            }
        }
    }
}

/// The names that fit a pattern; `None`: it can't be said.
fn followed<'a>(names: &'a BTreeSet<String>, pattern: &str, steps: &mut u64) -> Option<Vec<&'a str>> {
    let pattern = Pattern::new(pattern)?;
    let mut fitting = Vec::new();
    for name in names {
        if pattern.matches(name, steps)? {
            *steps = steps.checked_sub(STEPS_PER_HIT)?;
            fitting.push(name.as_str());
        }
    }
    Some(fitting)
}

/// A pattern, cut where it is long.
fn cut(pattern: &str) -> String {
    let mut shown: String = pattern.chars().take(PATTERN_SHOWN).collect();
    if shown.len() < pattern.len() {
        shown.push('…');
    }
    shown
}

/// What a task says that it consumes.
struct ConsumedPath<'a> {
    maker: &'a str,
    path: &'a str,
    /// Whether it stands for every name that fits.
    is_pattern: bool,
}

fn consumed_paths(shape: &Definition) -> impl Iterator<Item = ConsumedPath<'_>> {
    let upstream = shape.upstream.iter().flat_map(|entry| {
        let maker = entry.task_id.as_str();
        entry.paths.iter().map(move |path| ConsumedPath { maker, path, is_pattern: path.contains('*') })
    });
    let image = shape.task_image.iter();
    let image = image.map(|image| ConsumedPath { maker: &image.task_id, path: &image.path, is_pattern: false });
    upstream.chain(image)
}
