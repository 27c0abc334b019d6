//! A target's task type, worked out from the evidence. Scriptworker is told it; an auditor rarely knows it.

use std::collections::{BTreeMap, BTreeSet};

use super::worker::{WorkerVote, worker_implementation};
use crate::model::{Definition, Origin, TaskId};
use crate::rules::RuleBook;

/// The names that definitions of a snapshot give to other tasks.
#[derive(Debug, Clone, Default)]
pub struct EdgeNames {
    names: BTreeMap<String, BTreeSet<String>>,
}

impl EdgeNames {
    /// Adds the edges of a definition.
    pub fn add(&mut self, definition: &Definition) {
        for edge in &definition.edges {
            match edge.origin {
                Origin::Input | Origin::UpstreamArtifacts => {
                    self.names.entry(edge.to.clone()).or_default().insert(edge.name.clone());
                }
                Origin::Parent | Origin::TaskGroup | Origin::Dependency => {}
            }
        }
    }

    /// Whether some definition rests on a task by artifacts or inputs.
    pub fn rests_on(&self, task_id: &TaskId) -> bool {
        self.names.contains_key(task_id.as_str())
    }

    fn of(&self, task_id: &TaskId) -> impl Iterator<Item = &str> {
        self.names.get(task_id.as_str()).into_iter().flatten().map(String::as_str)
    }
}

/// What the evidence says of a target's task type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskTypeGuess {
    /// It settles one.
    Settled(String),
    /// It allows these, sorted: somebody has to say which.
    Undecided(Vec<String>),
}

/// Works out a target's task type.
///
/// In this order: an action or decision task shows by itself; then the names that other tasks give to it count, if they
/// agree; then its own kind and worker type, for the types that scriptworkers run; a task of another worker that nothing
/// names is a build, the type that asks for the least.
pub fn guess_task_type(task_id: &TaskId, definition: &Definition, names: &EdgeNames, book: &RuleBook) -> TaskTypeGuess {
    let settled = |name: &str| TaskTypeGuess::Settled(name.to_owned());
    let is_own_group = definition.parent.is_none() && definition.task_group_id.as_deref() == Some(task_id.as_str());
    if definition.is_action {
        return settled("action");
    }
    if is_own_group {
        return settled("decision");
    }
    let known = |name: &&str| book.task_types.iter().any(|known| known == name);
    let given: Vec<&str> = names.of(task_id).filter(known).collect();
    match given.as_slice() {
        [] => {}
        [one] => return settled(one),
        several => return TaskTypeGuess::Undecided(several.iter().map(|name| (*name).to_owned()).collect()),
    }
    let hints = &definition.hints;
    let worker = worker_implementation(hints, book);
    let is_scriptworker = worker == WorkerVote::Agreed(crate::model::Role::new("scriptworker"));
    let own: Vec<&str> = [definition.kind.as_deref(), hints.worker_type.as_deref()].into_iter().flatten().collect();
    if is_scriptworker {
        // The longest name first: `beetmover` is no `mover`, and nothing is both.
        let types = ["balrog", "beetmover", "bouncer", "pushapk", "shipit", "signing"];
        let of_kind = |text: &&str| types.iter().find(|name| text.contains(**name)).copied();
        return match own.iter().find_map(of_kind) {
            Some(name) if known(&name) => settled(name),
            _ => TaskTypeGuess::Undecided(types.iter().filter(|name| known(name)).map(|n| (*n).to_owned()).collect()),
        };
    }
    match own.first() {
        Some(kind) if known(kind) => settled(kind),
        _ => match worker {
            WorkerVote::Agreed(_) => settled("build"),
            WorkerVote::Nobody | WorkerVote::Disagree(_) => {
                TaskTypeGuess::Undecided(book.task_types.iter().cloned().collect())
            }
        },
    }
}
