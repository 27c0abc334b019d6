//! A target's task type, worked out from the evidence. Scriptworker is told it; an auditor rarely knows it.

use std::collections::{BTreeMap, BTreeSet};

use super::worker::{WorkerVote, worker_implementation};
use crate::model::{Definition, Outline, TaskId};
use crate::rules::RuleBook;

/// The names that definitions of a snapshot give to other tasks.
#[derive(Debug, Clone, Default)]
pub struct EdgeNames {
    names: BTreeMap<TaskId, BTreeSet<String>>,
}

impl EdgeNames {
    /// Those of the tasks that are asked for.
    pub fn new(outline: &Outline, is_asked_for: impl Fn(&TaskId) -> bool) -> Self {
        let mut names: BTreeMap<TaskId, BTreeSet<String>> = BTreeMap::new();
        let named = outline.definitions().flat_map(|(_, definition)| definition.named());
        for (task_id, name) in named.filter(|(task_id, _)| is_asked_for(task_id)) {
            let of_task = names.entry(*task_id).or_default();
            if !of_task.contains(name) {
                of_task.insert(name.clone());
            }
        }
        Self { names }
    }

    /// Whether some definition rests on a task by artifacts or inputs.
    pub fn rests_on(&self, task_id: &TaskId) -> bool {
        self.names.contains_key(task_id)
    }

    fn of(&self, task_id: &TaskId) -> impl Iterator<Item = &str> {
        self.names.get(task_id).into_iter().flatten().map(String::as_str)
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
