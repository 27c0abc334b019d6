//! What the links of a chain consume, read once for all of its checks, and for every moment at which it is judged.

use std::collections::{BTreeMap, BTreeSet};

use crate::chain::Chain;
use crate::formats::fnmatch::Pattern;
use crate::model::{Facts, TaskFacts, TaskId};

/// The steps of comparing patterns with names that one chain takes: about a second. The largest real release task
/// takes some 40 plain names of 200 tasks, far below a million steps.
const PATTERN_STEPS_MAX: u64 = 100_000_000;

/// The steps that each name takes that a pattern of a link stands for, since every check of it is made: so all patterns
/// of a chain stand for 100,000 names at most. Real ones stand for a few hundred.
const STEPS_PER_NAME: u64 = 1_000;

/// What the chain consumes of one task.
#[derive(Debug, Default)]
struct OfTask<'a> {
    names: BTreeSet<&'a str>,
    /// The patterns; `None` is one that is too long to compare.
    patterns: BTreeMap<&'a str, Option<Pattern>>,
    /// What some link calls optional, by that link.
    optional: BTreeSet<(&'a TaskId, &'a str)>,
    /// The names of its latest run; `None`: nobody asked yet.
    published: Option<Vec<Name<'a>>>,
}

/// A name that a task's latest run published, or says that it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name<'a> {
    pub(super) name: &'a str,
    /// Whether the queue lists it, or the capture holds it; else its maker attested it and that is all.
    pub(super) is_seen: bool,
}

/// What the links of a chain consume.
#[derive(Debug, Default)]
pub(super) struct Consumption<'a> {
    tasks: BTreeMap<&'a str, OfTask<'a>>,
    steps: u64,
    /// Answers given before, by link, maker and pattern. The same question comes again for every moment of judgement,
    /// and must have the same answer whatever is left of the steps.
    expanded: BTreeMap<(&'a str, &'a str, &'a str), Option<Vec<Name<'a>>>>,
    /// Answers given before, by maker and name.
    consumed: BTreeMap<(&'a str, &'a str), Option<bool>>,
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
        Self { tasks, steps: PATTERN_STEPS_MAX, expanded: BTreeMap::new(), consumed: BTreeMap::new() }
    }

    /// Whether a link's definition calls a path of a task optional, in any of its entries.
    pub(super) fn is_called_optional(&self, link: &TaskId, task_id: &str, path: &str) -> bool {
        self.tasks.get(task_id).is_some_and(|of_task| of_task.optional.contains(&(link, path)))
    }

    /// Whether some link consumes an artifact of a task; `None`: it can't be said.
    pub(super) fn has(&mut self, task_id: &'a str, name: &'a str) -> Option<bool> {
        if let Some(known) = self.consumed.get(&(task_id, name)) {
            return *known;
        }
        let answer = self.look_for(task_id, name);
        self.consumed.insert((task_id, name), answer);
        answer
    }

    fn look_for(&mut self, task_id: &str, name: &str) -> Option<bool> {
        let Some(of_task) = self.tasks.get(task_id) else { return Some(false) };
        if of_task.names.contains(name) {
            return Some(true);
        }
        let mut is_told = true;
        for pattern in of_task.patterns.values() {
            match pattern {
                // The name is too long for all of them, or no steps are left: no other pattern settles it either.
                Some(pattern) if pattern.matches(name, &mut self.steps)? => return Some(true),
                Some(_) => {}
                None => is_told = false,
            }
        }
        is_told.then_some(false)
    }

    /// The names of a maker's latest run that a pattern of a link stands for: by the queue's listing, by what the capture
    /// holds, and by what the maker attested, whether it is still there or not. `None`: it can't be said.
    pub(super) fn expand(
        &mut self,
        link: &'a TaskId,
        maker: &'a TaskFacts,
        run_id: u32,
        pattern: &'a str,
    ) -> Option<&[Name<'a>]> {
        let key = (link.as_str(), maker.evidence.task_id.as_str(), pattern);
        if !self.expanded.contains_key(&key) {
            let names = self.compare(maker, run_id, pattern);
            self.expanded.insert(key, names);
        }
        self.expanded.get(&key)?.as_deref()
    }

    fn compare(&mut self, maker: &'a TaskFacts, run_id: u32, pattern: &str) -> Option<Vec<Name<'a>>> {
        let of_task = self.tasks.get_mut(maker.evidence.task_id.as_str())?;
        let published = of_task.published.get_or_insert_with(|| published(maker, run_id));
        let pattern = of_task.patterns.get(pattern)?.as_ref()?;
        let mut names = Vec::new();
        for name in published {
            if pattern.matches(name.name, &mut self.steps)? {
                self.steps = self.steps.checked_sub(STEPS_PER_NAME)?;
                names.push(*name);
            }
        }
        Some(names)
    }
}

/// The names of a task's latest run, each once, sorted.
fn published(maker: &TaskFacts, run_id: u32) -> Vec<Name<'_>> {
    let seen = maker.evidence.artifacts_of(run_id).map(|(name, _)| (name, true));
    let attested = maker.attestations.values().flat_map(|facts| facts.digests.claims.keys());
    let mut names: BTreeMap<&str, bool> = attested.map(|name| (name.as_str(), false)).collect();
    names.extend(seen);
    names.into_iter().map(|(name, is_seen)| Name { name, is_seen }).collect()
}
