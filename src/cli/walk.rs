//! `cotrace dependants` and `cotrace ancestors`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::args::{EdgeOrigin, Format, WalkArgs};
use super::{Outcome, output, replay};
use crate::insight::{DependencyGraph, Direction, Node, Origins, Reach, Reached};
use crate::model::{Definition, Origin, TaskId, Untrusted};
use crate::replay::{ReplayError, definitions, dependency_graph};
use crate::store::{Access, Case, TaskSummary};

/// What was reached from a task.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Walked<'a> {
    #[serde(flatten)]
    task: Told<'a>,
    direction: &'static str,
    origins: Origins,
    count: usize,
    /// How many of them end the walk, since nobody knows what they rest on.
    undefined: usize,
    /// How many are how far away, from a distance of one on.
    by_distance: Vec<usize>,
    tasks: Vec<Step<'a>>,
    left_out: usize,
}

/// A task, and what the case has of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Told<'a> {
    task_id: &'a TaskId,
    /// Captured text.
    name: Option<&'a str>,
    captured: bool,
    pub(super) definition: bool,
    attestation: bool,
}

/// A task that was reached, and how.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Step<'a> {
    distance: usize,
    #[serde(flatten)]
    task: Told<'a>,
    via: &'a TaskId,
    origins: Origins,
}

pub(super) fn run(case: Option<PathBuf>, args: &WalkArgs, direction: Direction) -> anyhow::Result<Outcome> {
    let Some(path) = replay::case_path(case.as_deref()) else { return Ok(Outcome::Usage) };
    let mut case = Case::open(path, Access::Keep)?;
    let (summaries, definitions) = definitions(&mut case)?;
    let graph = dependency_graph(&summaries, &definitions)?;
    let Some(node) = graph.node(&args.task_id) else {
        output::note(&format!("error: {}", ReplayError::UnknownTarget(args.task_id)));
        return Ok(Outcome::NothingToReplay);
    };
    let summaries = summaries.iter().map(|task| (&task.task_id, task)).collect();
    let known = Known { graph: &graph, summaries, definitions: &definitions };
    let walked = known.walked(node, direction, args);
    let mut out = output::stdout();
    match args.format {
        Format::Json => crate::export::json::write_value(&walked, &mut out)?,
        Format::Text => write(&walked, direction, &mut out)?,
    }
    out.flush()?;
    Ok(Outcome::Done)
}

/// The origins that were asked for; of none, all.
pub(super) fn origins(asked: &[EdgeOrigin]) -> Origins {
    if asked.is_empty() { Origins::ALL } else { asked.iter().map(|origin| Origin::from(*origin)).collect() }
}

/// What the case has of every task.
pub(super) struct Known<'a> {
    pub(super) graph: &'a DependencyGraph,
    pub(super) summaries: BTreeMap<&'a TaskId, &'a TaskSummary>,
    pub(super) definitions: &'a BTreeMap<TaskId, Arc<Definition>>,
}

impl<'a> Known<'a> {
    fn walked(&self, node: Node, direction: Direction, args: &WalkArgs) -> Walked<'a> {
        let origins = origins(&args.origin);
        let reach: Reach<'_> = self.graph.reach(node, direction, origins);
        let shown = reach.len().min(args.limit.unwrap_or(usize::MAX));
        let step = |Reached { node, distance, via, origins }| Step {
            distance,
            task: self.told(node),
            via: self.graph.task_id(via),
            origins,
        };
        Walked {
            task: self.told(node),
            direction: match direction {
                Direction::Dependants => "dependants",
                Direction::Ancestors => "ancestors",
            },
            origins,
            count: reach.len(),
            undefined: reach.nodes().filter(|node| !self.definitions.contains_key(self.graph.task_id(*node))).count(),
            by_distance: reach.by_distance().collect(),
            tasks: (0..shown).filter_map(|place| reach.get(place)).map(step).collect(),
            left_out: reach.len() - shown,
        }
    }

    pub(super) fn told(&self, node: Node) -> Told<'a> {
        let task_id = self.graph.task_id(node);
        let definition = self.definitions.get(task_id);
        Told {
            task_id,
            name: definition.and_then(|definition| definition.title()),
            captured: self.graph.is_captured(node),
            definition: definition.is_some(),
            attestation: self.summaries.get(task_id).is_some_and(|task| task.attested),
        }
    }
}

fn write(walked: &Walked<'_>, direction: Direction, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "task {}", line(&walked.task))?;
    let count = walked.count;
    let tasks = if count == 1 { "task" } else { "tasks" };
    match direction {
        Direction::Dependants if count == 1 => writeln!(out, "1 task rests on it")?,
        Direction::Dependants => writeln!(out, "{count} tasks rest on it")?,
        Direction::Ancestors if walked.task.definition => writeln!(out, "it rests on {count} {tasks}")?,
        Direction::Ancestors => writeln!(out, "what it rests on is unknown")?,
    }
    for (place, count) in walked.by_distance.iter().enumerate() {
        writeln!(out, "  {count} at distance {}", place + 1)?;
    }
    if walked.undefined > 0 {
        writeln!(out, "  {} without a definition: what such tasks rest on is unknown", walked.undefined)?;
    }
    if !walked.tasks.is_empty() {
        writeln!(out)?;
    }
    let width = walked.tasks.last().map_or(0, |step| step.distance.to_string().len());
    for step in &walked.tasks {
        let origins: Vec<String> = step.origins.iter().map(|origin| origin.to_string()).collect();
        let via = if step.distance > 1 { format!("  via {}", step.via) } else { String::new() };
        writeln!(out, "{:>width$}  {}  {}{via}", step.distance, line(&step.task), origins.join(" "))?;
    }
    if walked.left_out > 0 {
        writeln!(out, "{} more; --limit says how many are shown", walked.left_out)?;
    }
    Ok(())
}

/// A task as a line tells it.
pub(super) fn line(task: &Told<'_>) -> String {
    let name = task.name.map(|name| format!("  {}", Untrusted(name))).unwrap_or_default();
    let lacks = match (task.captured, task.definition, task.attestation) {
        (false, _, _) => "  (not captured)",
        (true, false, _) => "  (no definition)",
        (true, true, false) => "  (no attestation)",
        (true, true, true) => "",
    };
    format!("{}{name}{lacks}", task.task_id)
}
