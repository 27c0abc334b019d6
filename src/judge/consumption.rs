//! What the links of a chain consume, read once for all of its checks.

use std::collections::{BTreeMap, BTreeSet};

use crate::chain::Chain;
use crate::formats::fnmatch::Pattern;
use crate::model::{Facts, TaskId};

/// The steps of comparing patterns with names that one judgement takes: about a second. The largest real release task
/// takes some 40 plain names of 200 tasks, far below a million steps.
const PATTERN_STEPS_MAX: u64 = 100_000_000;

/// What the chain consumes of one task.
#[derive(Debug, Default)]
struct OfTask<'a> {
    names: BTreeSet<&'a str>,
    /// The patterns; `None` is one that is too long to compare.
    patterns: BTreeMap<&'a str, Option<Pattern>>,
    /// What some link calls optional, by that link.
    optional: BTreeSet<(&'a TaskId, &'a str)>,
}

/// What the links of a chain consume.
#[derive(Debug)]
pub(super) struct Consumption<'a> {
    tasks: BTreeMap<&'a str, OfTask<'a>>,
    steps: u64,
}

impl<'a> Consumption<'a> {
    /// Of all links of a chain.
    pub(super) fn of(chain: &'a Chain, facts: &'a Facts) -> Self {
        let mut tasks: BTreeMap<&str, OfTask<'_>> = BTreeMap::new();
        for link in &chain.links {
            let Some(shape) = facts.tasks.get(&link.task_id).and_then(|task| task.shape()) else { continue };
            for entry in &shape.upstream {
                let of_task = tasks.entry(entry.task_id.as_str()).or_default();
                for path in &entry.paths {
                    of_task.names.insert(path);
                    if path.contains('*') {
                        of_task.patterns.entry(path).or_insert_with(|| Pattern::new(path));
                    }
                    if entry.optional {
                        of_task.optional.insert((&link.task_id, path));
                    }
                }
            }
        }
        Self { tasks, steps: PATTERN_STEPS_MAX }
    }

    /// Whether a link's definition calls a path of a task optional, in any of its entries.
    pub(super) fn is_called_optional(&self, link: &TaskId, task_id: &str, path: &str) -> bool {
        self.tasks.get(task_id).is_some_and(|of_task| of_task.optional.contains(&(link, path)))
    }

    /// Whether some link consumes an artifact of a task; `None`: it can't be said.
    pub(super) fn has(&mut self, task_id: &str, name: &str) -> Option<bool> {
        let Some(of_task) = self.tasks.get(task_id) else { return Some(false) };
        if of_task.names.contains(name) {
            return Some(true);
        }
        let mut is_told = true;
        for pattern in of_task.patterns.values() {
            match pattern.as_ref().and_then(|pattern| pattern.matches(name, &mut self.steps)) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => is_told = false,
            }
        }
        is_told.then_some(false)
    }

    /// Whether a name fits a pattern that some link has of a task; `None`: it can't be said.
    pub(super) fn fits(&mut self, task_id: &str, pattern: &str, name: &str) -> Option<bool> {
        let pattern = self.tasks.get(task_id)?.patterns.get(pattern)?.as_ref()?;
        pattern.matches(name, &mut self.steps)
    }
}
