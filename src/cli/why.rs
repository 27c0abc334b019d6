//! `cotrace why`.

use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use super::args::{Format, WhyArgs};
use super::walk::{Known, Told, line, origins};
use super::{Outcome, output, replay};
use crate::insight::{DependencyGraph, Direction, Node, Origins, Paths};
use crate::model::TaskId;
use crate::replay::{ReplayError, definitions, dependency_graph};
use crate::store::{Access, Case};

/// The paths from a task to what it rests on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    /// The task at which the paths begin: that which rests on the other.
    #[serde(flatten)]
    task: Told<'a>,
    /// What was asked for: `task` or `tree`.
    to: &'static str,
    origins: Origins,
    /// The tasks at which the paths end, the nearest first; of the tree, those that rest on nothing that is known.
    ends: Vec<End<'a>>,
    /// How many paths there are; 18446744073709551615 is that or more.
    count: u64,
    /// `all`, or `shortest`: of each end only the shortest are counted, since tasks on the way rest on each other.
    counted: &'static str,
    paths: Vec<Path<'a>>,
    /// Whether looking for paths was cut short: there may be more than are told, longer ones.
    cut: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct End<'a> {
    #[serde(flatten)]
    task: Told<'a>,
    /// The length of the shortest paths to it.
    distance: usize,
    count: u64,
}

/// A path: by length, then by the ids of its tasks.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Path<'a> {
    length: usize,
    steps: Vec<Step<'a>>,
}

/// A task of a path, and the places in the definition of the one before that name it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Step<'a> {
    #[serde(flatten)]
    task: Told<'a>,
    origins: Origins,
}

pub(super) fn run(case: Option<PathBuf>, args: &WhyArgs) -> anyhow::Result<Outcome> {
    let Some(path) = replay::case_path(case.as_deref()) else { return Ok(Outcome::Usage) };
    let mut case = Case::open(path, Access::Keep)?;
    let (summaries, definitions) = definitions(&mut case)?;
    let graph = dependency_graph(&summaries, &definitions)?;
    let node = |task_id: &TaskId| {
        let node = graph.node(task_id);
        if node.is_none() {
            output::note(&format!("error: {}", ReplayError::UnknownTarget(*task_id)));
        }
        node
    };
    let Some(from) = node(&args.task_id) else { return Ok(Outcome::NothingToReplay) };
    let to = args.other.as_ref().map(node);
    if to == Some(None) {
        return Ok(Outcome::NothingToReplay);
    }
    let summaries = summaries.iter().map(|task| (&task.task_id, task)).collect();
    let known = Known { graph: &graph, summaries, definitions: &definitions };
    let answer = answer(&known, from, to.flatten(), args);
    let mut out = output::stdout();
    match args.format {
        Format::Json => crate::export::json::write_value(&answer, &mut out)?,
        Format::Text => write(&answer, args, &mut out)?,
    }
    out.flush()?;
    Ok(Outcome::Done)
}

fn answer<'a>(known: &Known<'a>, from: Node, to: Option<Node>, args: &WhyArgs) -> Answer<'a> {
    let (graph, origins) = (known.graph, origins(&args.origin));
    let (from, paths) = match to {
        Some(to) => {
            let there = graph.paths(from, to, origins, args.limit);
            let back = || graph.paths(to, from, origins, args.limit);
            // Whichever rests on the other; where neither does, as they were named.
            let back = there.ends.is_empty().then(back).filter(|back| !back.ends.is_empty());
            back.map_or((from, there), |back| (to, back))
        }
        None => (from, graph.paths_to_tree(from, origins, args.limit)),
    };
    let Paths { ends, count, counted, shortest, is_cut } = paths;
    let ends = ends.iter().map(|end| End { task: known.told(end.node), distance: end.distance, count: end.count });
    let path = |path: &Vec<Node>| Path {
        length: path.len() - 1,
        steps: path
            .iter()
            .enumerate()
            .map(|(at, node)| Step {
                task: known.told(*node),
                origins: at.checked_sub(1).map_or(Origins::NONE, |before| between(graph, path[before], *node, origins)),
            })
            .collect(),
    };
    Answer {
        task: known.told(from),
        to: if args.other.is_some() { "task" } else { "tree" },
        origins,
        ends: ends.collect(),
        count,
        counted: counted.word(),
        paths: shortest.iter().map(path).collect(),
        cut: is_cut,
    }
}

/// The places that make the edge from one task to the next, of those that were asked for.
fn between(graph: &DependencyGraph, from: Node, to: Node, asked: Origins) -> Origins {
    let found = graph.neighbours(from, Direction::Ancestors).find(|(next, _)| *next == to);
    found.map_or(Origins::NONE, |(_, origins)| origins.iter().filter(|origin| asked.meets((*origin).into())).collect())
}

fn write(answer: &Answer<'_>, args: &WhyArgs, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "task {}", line(&answer.task))?;
    let own = answer.ends.iter().any(|end| end.distance == 0);
    match (&args.other, answer.ends.as_slice()) {
        (Some(_), _) if own => writeln!(out, "it is the same task")?,
        (None, _) if own && !answer.task.definition => writeln!(out, "what it rests on is unknown")?,
        (None, _) if own => writeln!(out, "it rests on nothing that is captured")?,
        (Some(other), []) => writeln!(out, "neither it nor {other} rests on the other")?,
        (None, []) => writeln!(out, "all that it rests on rests on each other")?,
        (_, ends) => {
            for End { task, distance, count } in ends {
                let paths = format!("{}{}", amount(*count), if *count == 1 { " path" } else { " paths" });
                let shortest = if answer.counted == "shortest" { " of that length" } else { "" };
                writeln!(out, "rests on {}  at distance {distance}, over {paths}{shortest}", line(task))?;
            }
        }
    }
    if answer.counted == "shortest" && !answer.ends.is_empty() {
        writeln!(out, "tasks on the way rest on each other: longer paths are not counted")?;
    }
    for path in answer.paths.iter().filter(|path| path.length > 0) {
        writeln!(out, "\npath of {}", path.length)?;
        for step in &path.steps {
            let places: String = step.origins.iter().map(|origin| format!("  {origin}")).collect();
            writeln!(out, "  {}{places}", line(&step.task))?;
        }
    }
    let told = answer.paths.len() as u64;
    if answer.cut {
        writeln!(out, "\nmore paths were not looked for: that would take too long")?;
    } else if answer.counted == "all" && told < answer.count {
        let more = if answer.count == u64::MAX { "many".to_owned() } else { (answer.count - told).to_string() };
        writeln!(out, "\n{more} more; --limit says how many are shown")?;
    }
    Ok(())
}

/// A number of paths.
fn amount(count: u64) -> String {
    if count == u64::MAX { format!("{count} or more") } else { count.to_string() }
}
