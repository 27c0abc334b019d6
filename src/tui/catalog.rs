//! The list of tasks: what the case says of each, in a few arrays, with what the judge said beside it. Filters and orders
//! make lists of places in it; a screen draws the few that it shows.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering as Atomic};

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::message::TargetLine;
use crate::insight::{TaskFilter, TaskLine, TaskOrder};
use crate::model::{Moment, TaskId};
use crate::replay::Standing;
use crate::store::TaskListRow;

/// How many lines are looked at between two looks at whether the list is still wanted.
const LOOKED_AT_ONCE: usize = 4096;

/// No text.
const NONE: u32 = u32::MAX;

/// The tasks of a case, ordered by id. A task takes some 90 bytes and the length of its label.
#[derive(Debug, Default, Clone)]
pub(super) struct Catalog {
    ids: Vec<TaskId>,
    rows: Vec<Row>,
    /// Labels and names, one after the other.
    texts: String,
    /// What many tasks have in common: kinds, worker pools, states, trees, workers.
    words: Vec<Arc<str>>,
    known: HashMap<Arc<str>, u32>,
}

/// What is known of a task.
#[derive(Debug, Clone)]
struct Row {
    label: (u32, u32),
    name: (u32, u32),
    kind: u32,
    pool: u32,
    state: u32,
    tree: u32,
    worker: u32,
    created: Option<Moment>,
    started: Option<Moment>,
}

/// What the judge says of the tasks of a catalog.
#[derive(Debug, Clone, Copy)]
pub(super) struct Live<'a> {
    /// Ordered by task id.
    pub(super) targets: &'a [TargetLine],
    /// In their order; empty where nothing was judged yet.
    pub(super) standings: &'a [Standing],
    /// How many notes there are, by task.
    pub(super) noted: &'a BTreeMap<TaskId, usize>,
}

impl<'a> Live<'a> {
    /// The target of a task.
    pub(super) fn target(self, task_id: &TaskId) -> Option<(&'a TargetLine, Option<Standing>)> {
        let place = self.targets.binary_search_by(|target| target.task_id.cmp(task_id)).ok()?;
        Some((&self.targets[place], self.standings.get(place).copied()))
    }
}

impl Catalog {
    /// How many tasks it has.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Adds a task; they come in the order of their ids.
    pub(super) fn add(&mut self, row: &TaskListRow, tree: Option<&str>) {
        let label = self.text(row.label.as_deref());
        let name = if row.name == row.label { label } else { self.text(row.name.as_deref()) };
        let kind = self.word(row.kind.as_deref());
        let pool = self.word(row.pool.as_deref());
        let state = self.word(row.state.as_deref());
        let tree = self.word(tree);
        let worker = self.word(row.worker.as_deref());
        self.ids.push(row.task_id);
        self.rows.push(Row {
            label,
            name,
            kind,
            pool,
            state,
            tree,
            worker,
            created: row.created,
            started: row.started,
        });
    }

    fn text(&mut self, text: Option<&str>) -> (u32, u32) {
        let Some(text) = text else { return (NONE, NONE) };
        let begin = u32::try_from(self.texts.len()).unwrap_or(NONE);
        self.texts.push_str(text);
        (begin, u32::try_from(self.texts.len()).unwrap_or(NONE))
    }

    fn word(&mut self, text: Option<&str>) -> u32 {
        let Some(text) = text else { return NONE };
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let number = u32::try_from(self.words.len()).unwrap_or(NONE);
        let text: Arc<str> = Arc::from(text);
        self.words.push(Arc::clone(&text));
        self.known.insert(text, number);
        number
    }

    fn at(&self, (begin, end): (u32, u32)) -> Option<&str> {
        self.texts.get(Range { start: begin as usize, end: end as usize })
    }

    fn of(&self, word: u32) -> Option<&str> {
        self.words.get(word as usize).map(|word| &**word)
    }

    /// The task at a place.
    pub(super) fn task_id(&self, place: usize) -> Option<&TaskId> {
        self.ids.get(place)
    }

    /// The place of a task.
    pub(super) fn place(&self, task_id: &TaskId) -> Option<usize> {
        self.ids.binary_search(task_id).ok()
    }

    /// A task's label, else its name. Captured text.
    pub(super) fn title(&self, task_id: &TaskId) -> Option<&str> {
        let row = &self.rows[self.place(task_id)?];
        self.at(row.label).or_else(|| self.at(row.name))
    }

    /// When the latest run of a task started.
    pub(super) fn started(&self, place: usize) -> Option<Moment> {
        self.rows.get(place)?.started
    }

    /// The worker pools that tasks ran on. Captured text.
    pub(super) fn pools(&self) -> impl Iterator<Item = &str> {
        let pools: BTreeSet<u32> = self.rows.iter().map(|row| row.pool).collect();
        pools.into_iter().filter_map(|pool| self.of(pool))
    }

    /// The line of the task at a place.
    pub(super) fn line<'a>(&'a self, place: usize, live: Live<'a>) -> Option<TaskLine<'a>> {
        let task_id = self.ids.get(place)?;
        Some(self.joined(place, live.target(task_id), live.noted.contains_key(task_id)))
    }

    fn joined<'a>(
        &'a self,
        place: usize,
        target: Option<(&'a TargetLine, Option<Standing>)>,
        has_note: bool,
    ) -> TaskLine<'a> {
        let row = &self.rows[place];
        let standing = target.and_then(|(_, standing)| standing);
        TaskLine {
            task_id: &self.ids[place],
            label: self.at(row.label),
            name: self.at(row.name),
            task_type: target.and_then(|(target, _)| target.task_type.as_deref()),
            kind: self.of(row.kind),
            verdict: standing.map(|(verdict, _)| verdict),
            reason: standing.and_then(|(_, reason)| reason),
            keys: target.map_or(&[], |(target, _)| &target.keys),
            worker: self.of(row.worker),
            pool: self.of(row.pool),
            tree: self.of(row.tree),
            state: self.of(row.state),
            created: row.created,
            has_note,
        }
    }

    /// The places of the tasks that a filter wants and a fuzzy search finds, in an order; with a search, the best first.
    /// `None`: it was given up.
    pub(super) fn list(
        &self,
        live: Live<'_>,
        filter: &TaskFilter,
        fuzzy: &str,
        order: Option<TaskOrder>,
        is_idle: &AtomicBool,
    ) -> Option<Vec<u32>> {
        let lines = Lines { catalog: self, targets: self.targets(live), live };
        let mut places: Vec<u32> = Vec::new();
        for place in 0..self.len() {
            if place % LOOKED_AT_ONCE == 0 && is_idle.load(Atomic::Relaxed) {
                return None;
            }
            if filter.is_empty() || filter.matches(&lines.at(place as u32)) {
                places.push(place as u32);
            }
        }
        if !fuzzy.is_empty() {
            return self.found(places, fuzzy, is_idle);
        }
        if let Some(order) = order {
            places.sort_by(|a, b| order.compare(&lines.at(*a), &lines.at(*b)));
        }
        (!is_idle.load(Atomic::Relaxed)).then_some(places)
    }

    /// Of some places those that a fuzzy search finds, the best first.
    fn found(&self, places: Vec<u32>, fuzzy: &str, is_idle: &AtomicBool) -> Option<Vec<u32>> {
        let pattern = Pattern::parse(fuzzy, CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut scored: Vec<(u32, u32)> = Vec::new();
        for some in places.chunks(LOOKED_AT_ONCE) {
            if is_idle.load(Atomic::Relaxed) {
                return None;
            }
            for place in some {
                let row = &self.rows[*place as usize];
                let title = self.at(row.label).or_else(|| self.at(row.name)).unwrap_or_default();
                let id = self.ids[*place as usize];
                let score = [title, id.as_str()]
                    .into_iter()
                    .filter_map(|text| pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher))
                    .max();
                scored.extend(score.map(|score| (score, *place)));
            }
        }
        scored.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        Some(scored.into_iter().map(|(_, place)| place).collect())
    }

    /// By place, the number of the target: both are ordered by id.
    fn targets(&self, live: Live<'_>) -> Vec<u32> {
        let mut next = 0;
        let number = |task_id: &TaskId| {
            while live.targets.get(next).is_some_and(|target| target.task_id < *task_id) {
                next += 1;
            }
            let is_here = live.targets.get(next).is_some_and(|target| target.task_id == *task_id);
            if is_here { next as u32 } else { NONE }
        };
        self.ids.iter().map(number).collect()
    }
}

/// The lines of a catalog, with the targets looked up once for all.
struct Lines<'a> {
    catalog: &'a Catalog,
    targets: Vec<u32>,
    live: Live<'a>,
}

impl<'a> Lines<'a> {
    fn at(&self, place: u32) -> TaskLine<'a> {
        let number = self.targets[place as usize] as usize;
        let target = self.live.targets.get(number);
        let target = target.map(|target| (target, self.live.standings.get(number).copied()));
        let has_note = !self.live.noted.is_empty() && self.live.noted.contains_key(&self.catalog.ids[place as usize]);
        self.catalog.joined(place as usize, target, has_note)
    }
}
