//! What a scriptworker logs while it verifies its task: `public/logs/chain_of_trust.log`.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::attestation::Era;
use crate::world::World;
use crate::{clock, ids};

/// The task whose scriptworker logs, before it is in the world.
pub(crate) struct Verified<'a> {
    pub(crate) task_id: &'a str,
    pub(crate) definition: &'a Value,
    /// When its run started.
    pub(crate) started: i64,
}

/// What the two eras of scriptworker wrote differently.
struct Layout {
    /// The folder of downloads, with what stood before it in a message.
    folder: &'static str,
    /// What it took from every decision.
    of_decisions: &'static [&'static str],
}

impl Layout {
    fn of(era: Era) -> Self {
        match era {
            Era::OpenPgp => Self { folder: "/builds/scriptworker/work/cot", of_decisions: &["public/task-graph.json"] },
            Era::Ed25519 => Self {
                folder: " /app/workdir/cot",
                of_decisions: &["public/actions.json", "public/parameters.yml", "public/task-graph.json"],
            },
        }
    }
}

/// The log: the digest of each attestation of the chain, of what the decision published, and of what the task consumes,
/// as those files are in the world now.
pub(crate) fn chain_of_trust(world: &World, task: &Verified<'_>) -> Result<String> {
    let layout = Layout::of(world.era());
    let time = clock::format(task.started, "%Y-%m-%dT%H:%M:%S")?;
    let mut log = format!("{time}     INFO - Verifying {}\n", task.task_id);
    let mut line = |path: String, says: &str, bytes: &[u8]| {
        log.push_str(&format!("{time}    DEBUG - {}/{path} {says} {}\n", layout.folder, ids::sha256(bytes)));
    };
    let links = links(world, task)?;
    for label in &links {
        let path = world.attestation_path(label)?;
        let (_, name) = path.rsplit_once("/public/").context("an attestation is a public artifact")?;
        let place = format!("{}/./public/{name}", world.task_id(label)?);
        line(place, "downloaded; hash is", world.read(&path)?);
    }
    let decisions = links.iter().filter(|label| *label == "decision");
    let published = decisions.flat_map(|label| layout.of_decisions.iter().map(move |name| (label, *name)));
    let mut consumed: Vec<(String, String)> = published.map(|(label, name)| (label.clone(), name.to_owned())).collect();
    for entry in upstream(task.definition) {
        let label = entry["taskId"].as_str().and_then(|task_id| world.label_of(task_id));
        let label = label.context("a task consumes what is not in the world")?;
        let names = world.artifact_names(label)?;
        let paths = entry["paths"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let of_path = paths.flat_map(|path| names.iter().filter(move |name| matches(path, name)));
        consumed.extend(of_path.map(|name| (label.to_owned(), name.clone())));
    }
    for (label, name) in consumed {
        let place = format!("{}/{name}", world.task_id(&label)?);
        line(place, "matches the expected sha256", world.read(&world.artifact_path(&label, &name)?)?);
    }
    log.push_str(&format!("{time}     INFO - Good.\n"));
    Ok(log)
}

/// The labels of all that a task rests on: its decision, the image that its worker loads, and what it consumes, with what
/// those rest on, each once, in the order in which they are met.
fn links(world: &World, task: &Verified<'_>) -> Result<Vec<String>> {
    let mut links = Vec::new();
    let mut seen = BTreeSet::from([task.task_id.to_owned()]);
    let mut open = rests_on(task.definition);
    open.reverse();
    while let Some(task_id) = open.pop() {
        if !seen.insert(task_id.clone()) {
            continue;
        }
        let label = world.label_of(&task_id).context("a task rests on what is not in the world")?;
        let definition = world.json(&world.definition_path(label)?)?;
        links.push(label.to_owned());
        open.extend(rests_on(&definition).into_iter().rev());
    }
    Ok(links)
}

fn rests_on(definition: &Value) -> Vec<String> {
    let parent = definition["extra"]["parent"].as_str().or_else(|| definition["taskGroupId"].as_str());
    let images =
        definition["extra"]["chainOfTrust"]["inputs"].as_object().into_iter().flat_map(|inputs| inputs.values());
    let consumed = upstream(definition).filter_map(|entry| entry["taskId"].as_str());
    let all = parent.into_iter().chain(images.filter_map(Value::as_str)).chain(consumed);
    all.map(str::to_owned).collect()
}

fn upstream(definition: &Value) -> impl Iterator<Item = &Value> {
    definition["payload"]["upstreamArtifacts"].as_array().into_iter().flatten()
}

/// Whether a path, which may have one star, stands for a name.
fn matches(path: &str, name: &str) -> bool {
    match path.split_once('*') {
        None => path == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| rest.ends_with(after)),
    }
}
