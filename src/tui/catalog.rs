//! The list of tasks: what the case says of each, in a few arrays, with what the judge said beside it. Filters and orders
//! make lists of places in it; a screen draws the few that it shows.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering as Atomic};

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use rayon::prelude::*;

use super::message::TargetLine;
use crate::insight::{Field, SortDirection, TaskFilter, TaskLine, TaskOrder};
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
    /// The snapshot that it is told by.
    snapshot: i64,
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

    /// With room for as many tasks.
    pub(super) fn with_room(tasks: usize) -> Self {
        Self { ids: Vec::with_capacity(tasks), rows: Vec::with_capacity(tasks), ..Self::default() }
    }

    /// Adds a task, as one of the snapshots has it.
    pub(super) fn add(&mut self, row: &TaskListRow<'_>, tree: Option<&str>) {
        let label = self.text(row.label);
        let name = if row.name == row.label { label } else { self.text(row.name) };
        let (kind, pool, state) = (self.word(row.kind), self.word(row.pool), self.word(row.state));
        let (tree, worker) = (self.word(tree), self.word(row.worker));
        self.ids.push(row.task_id);
        self.rows.push(Row {
            snapshot: row.snapshot,
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

    /// Orders the tasks by their ids, once all are there: each as the newest snapshot has it.
    pub(super) fn settle(&mut self) {
        let mut order: Vec<u32> = (0..self.ids.len() as u32).collect();
        let key = |place: &u32| (self.ids[*place as usize], Reverse(self.rows[*place as usize].snapshot));
        order.par_sort_unstable_by_key(key);
        order.dedup_by_key(|place| self.ids[*place as usize]);
        // One list after the other, so that no more than one is there twice.
        self.ids = order.iter().map(|place| self.ids[*place as usize]).collect();
        self.rows = order.iter().map(|place| self.rows[*place as usize].clone()).collect();
        self.texts.shrink_to_fit();
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
        let chunks = self.ids.par_chunks(LOOKED_AT_ONCE).enumerate();
        if !fuzzy.is_empty() {
            let pattern = Pattern::parse(fuzzy, CaseMatching::Ignore, Normalization::Smart);
            let found = chunks.map_init(
                || (Matcher::new(Config::DEFAULT), Vec::new()),
                |sought, (chunk, _)| self.found(self.wanted(chunk, live, filter, is_idle)?, &pattern, sought),
            );
            let found: Vec<Vec<(Reverse<u32>, u32)>> = found.collect::<Option<_>>()?;
            let mut scored = found.concat();
            scored.par_sort_unstable();
            return unless(is_idle, scored.into_iter().map(|(_, place)| place).collect());
        }
        let Some(order) = order else {
            let wanted = chunks.map(|(chunk, _)| {
                let lines = self.wanted(chunk, live, filter, is_idle)?;
                Some(lines.iter().map(|(place, _)| *place).collect::<Vec<u32>>())
            });
            return unless(is_idle, wanted.collect::<Option<Vec<_>>>()?.concat());
        };
        let ranks = Ranks::of(self, live, order);
        let ranked = chunks.map(|(chunk, _)| {
            let lines = self.wanted(chunk, live, filter, is_idle)?;
            Some(lines.iter().map(|(place, line)| ranks.of_line(*place, line)).collect::<Vec<_>>())
        });
        let ranked = ranked.collect::<Option<Vec<_>>>()?.concat();
        unless(is_idle, ranks.sorted(ranked))
    }

    /// The lines of one part of the list that a filter wants. `None`: it was given up.
    fn wanted<'a>(
        &'a self,
        chunk: usize,
        live: Live<'a>,
        filter: &TaskFilter,
        is_idle: &AtomicBool,
    ) -> Option<Vec<(u32, TaskLine<'a>)>> {
        if is_idle.load(Atomic::Relaxed) {
            return None;
        }
        let begin = chunk * LOOKED_AT_ONCE;
        let places = begin..(begin + LOOKED_AT_ONCE).min(self.len());
        // Both are ordered by id.
        let mut next = self.ids.get(begin).map_or(0, |first| live.targets.partition_point(|it| it.task_id < *first));
        let mut wanted = Vec::with_capacity(if filter.is_empty() { places.len() } else { 0 });
        for place in places {
            let task_id = &self.ids[place];
            while live.targets.get(next).is_some_and(|target| target.task_id < *task_id) {
                next += 1;
            }
            let target = live.targets.get(next).filter(|target| target.task_id == *task_id);
            let target = target.map(|target| (target, live.standings.get(next).copied()));
            let has_note = !live.noted.is_empty() && live.noted.contains_key(task_id);
            let line = self.joined(place, target, has_note);
            if filter.is_empty() || filter.matches(&line) {
                wanted.push((place as u32, line));
            }
        }
        Some(wanted)
    }

    /// Of some lines those that a fuzzy search finds, with how well.
    fn found(
        &self,
        lines: Vec<(u32, TaskLine<'_>)>,
        pattern: &Pattern,
        (matcher, buffer): &mut (Matcher, Vec<char>),
    ) -> Option<Vec<(Reverse<u32>, u32)>> {
        let scored = lines.into_iter().filter_map(|(place, line)| {
            let title = line.label.or(line.name).unwrap_or_default();
            let texts = [title, line.task_id.as_str()].into_iter();
            let score = texts.filter_map(|text| pattern.score(Utf32Str::new(text, buffer), matcher)).max()?;
            Some((Reverse(score), place))
        });
        Some(scored.collect())
    }
}

fn unless<T>(is_idle: &AtomicBool, made: T) -> Option<T> {
    (!is_idle.load(Atomic::Relaxed)).then_some(made)
}

/// Where a line comes: what is not known comes last, and of the same the one with the lower place, which is the lower id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ranked {
    is_unknown: bool,
    rank: u128,
    place: u32,
}

/// What lines are sorted by, as numbers: so the texts of a million lines are not compared again and again. It is the order
/// that [`TaskOrder::compare`] tells.
struct Ranks<'a> {
    catalog: &'a Catalog,
    order: TaskOrder,
    /// The words that many lines share, by their order.
    words: BTreeMap<&'a str, u32>,
}

impl<'a> Ranks<'a> {
    fn of(catalog: &'a Catalog, live: Live<'a>, order: TaskOrder) -> Self {
        let words: BTreeSet<&str> = match order.column {
            Field::Kind | Field::Pool | Field::Worker | Field::Tree | Field::State => {
                catalog.words.iter().map(|word| &**word).collect()
            }
            Field::Type => live.targets.iter().filter_map(|target| target.task_type.as_deref()).collect(),
            Field::Key => live.targets.iter().filter_map(|target| Some(&**target.keys.first()?)).collect(),
            Field::Task
            | Field::Label
            | Field::Name
            | Field::Verdict
            | Field::Reason
            | Field::Created
            | Field::Note => BTreeSet::new(),
        };
        Self { catalog, order, words: words.into_iter().zip(0..).collect() }
    }

    fn of_line(&self, place: u32, line: &TaskLine<'_>) -> Ranked {
        let word = |text: Option<&str>| text.and_then(|text| self.words.get(text)).map(|rank| u128::from(*rank));
        let rank = match self.order.column {
            Field::Task => Some(u128::from(place)),
            Field::Label => line.label.map(beginning),
            Field::Name => line.name.map(beginning),
            Field::Type => word(line.task_type),
            Field::Kind => word(line.kind),
            Field::Verdict => line.verdict.map(|verdict| verdict as u128),
            Field::Reason => line.reason.map(|reason| reason as u128),
            Field::Key => word(line.keys.first().map(|key| &**key)),
            Field::Worker => word(line.worker),
            Field::Pool => word(line.pool),
            Field::Tree => word(line.tree),
            Field::State => word(line.state),
            Field::Created => {
                line.created.map(|moment| moment.timestamp().as_nanosecond().wrapping_sub(i128::MIN) as u128)
            }
            Field::Note => line.has_note.then_some(0),
        };
        Ranked { is_unknown: rank.is_none(), rank: rank.unwrap_or_default(), place }
    }

    fn sorted(&self, mut ranked: Vec<Ranked>) -> Vec<u32> {
        ranked.par_sort_unstable_by(|a, b| {
            let by_rank = a.rank.cmp(&b.rank).then_with(|| self.by_text(a, b));
            let by_rank = match self.order.direction {
                SortDirection::Ascending => by_rank,
                SortDirection::Descending => by_rank.reverse(),
            };
            a.is_unknown.cmp(&b.is_unknown).then(by_rank).then(a.place.cmp(&b.place))
        });
        ranked.into_iter().map(|ranked| ranked.place).collect()
    }

    /// Texts that begin alike.
    fn by_text(&self, a: &Ranked, b: &Ranked) -> Ordering {
        let text = |ranked: &Ranked| {
            let row = &self.catalog.rows[ranked.place as usize];
            match self.order.column {
                Field::Label => self.catalog.at(row.label),
                Field::Name => self.catalog.at(row.name),
                Field::Task
                | Field::Type
                | Field::Kind
                | Field::Verdict
                | Field::Reason
                | Field::Key
                | Field::Worker
                | Field::Pool
                | Field::Tree
                | Field::State
                | Field::Created
                | Field::Note => None,
            }
        };
        text(a).cmp(&text(b))
    }
}

/// The first 16 bytes of a text, so that numbers have its order as far as they tell it.
fn beginning(text: &str) -> u128 {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(text.bytes()).for_each(|(to, byte)| *to = byte);
    u128::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Reason, Verdict};

    /// Tasks that are alike in much, in no order, one of them of two snapshots; every third is a target.
    fn some() -> (Catalog, Vec<TargetLine>, Vec<Standing>) {
        let mut catalog = Catalog::default();
        let mut ids: Vec<TaskId> = Vec::new();
        for number in 0..200_u32 {
            let scattered = number * 7_919 % 200;
            let task_id: TaskId = format!("AAAAAAAAAAAAAAAAAAA{scattered:03}").parse().unwrap();
            let label = format!("build-linux1804-64/{}", scattered % 50);
            let pool = format!("pool/{}", scattered % 3);
            let row = TaskListRow {
                task_id,
                snapshot: 1,
                label: (scattered % 7 > 0).then_some(&*label),
                name: ["", "a", "b\0", "b"].get(scattered as usize % 5).copied(),
                kind: (scattered % 2 > 0).then_some("test"),
                pool: Some(&pool),
                source: None,
                state: ["completed", "failed"].get(scattered as usize % 3).copied(),
                created: (scattered % 4 > 0).then(|| Moment::from_unix(i64::from(scattered % 9) - 4).unwrap()),
                worker: ["x", "Y"].get(scattered as usize % 3).copied(),
                started: None,
            };
            catalog.add(&row, ["/b", "/a"].get(scattered as usize % 3).copied());
            if scattered == 5 {
                catalog.add(&TaskListRow { snapshot: 2, label: Some("newer"), ..row }, None);
                catalog.add(&TaskListRow { snapshot: 0, label: Some("older"), ..row }, None);
            }
            ids.push(task_id);
        }
        catalog.settle();
        ids.sort();
        let target = |(number, task_id): (usize, &TaskId)| TargetLine {
            task_id: *task_id,
            task_type: ["build", "signing"].get(number % 3).map(|word| Arc::from(*word)),
            keys: if number % 2 == 0 { vec![Arc::from(format!("ed25519:{}", number % 4))] } else { Vec::new() },
            judged_at: None,
        };
        let targets: Vec<TargetLine> = ids.iter().enumerate().step_by(3).map(target).collect();
        let standing = |number: usize| match number % 3 {
            0 => (Verdict::Verified, None),
            1 => (Verdict::Refuted, Some(Reason::Contradicted)),
            _ => (Verdict::Undetermined, Some(Reason::Absent)),
        };
        let standings = (0..targets.len()).map(standing).collect();
        (catalog, targets, standings)
    }

    #[test]
    fn the_order_is_that_of_task_lists() {
        let (catalog, targets, standings) = some();
        let noted = catalog.ids.iter().step_by(10).map(|task_id| (*task_id, 1)).collect();
        let live = Live { targets: &targets, standings: &standings, noted: &noted };
        let is_idle = AtomicBool::new(false);
        let line = |place: &u32| catalog.line(*place as usize, live).unwrap();
        for column in Field::ALL {
            for direction in [SortDirection::Ascending, SortDirection::Descending] {
                let order = TaskOrder { column, direction };
                let mut wanted: Vec<u32> = (0..catalog.len() as u32).collect();
                wanted.sort_by(|a, b| order.compare(&line(a), &line(b)));
                let listed = catalog.list(live, &TaskFilter::default(), "", Some(order), &is_idle).unwrap();
                assert_eq!(listed, wanted, "{column} {direction:?}");
            }
        }
        let filter: TaskFilter = "verdict:refuted has:label".parse().unwrap();
        let wanted: Vec<u32> = (0..catalog.len() as u32).filter(|place| filter.matches(&line(place))).collect();
        assert!(!wanted.is_empty());
        assert_eq!(catalog.list(live, &filter, "", None, &is_idle), Some(wanted));
        assert_eq!(catalog.list(live, &filter, "", None, &AtomicBool::new(true)), None);
    }

    #[test]
    fn each_task_is_there_once_as_the_newest_snapshot_has_it() {
        let (catalog, targets, standings) = some();
        assert_eq!(catalog.len(), 200);
        assert!(catalog.ids.is_sorted());
        let noted = BTreeMap::new();
        let live = Live { targets: &targets, standings: &standings, noted: &noted };
        let found = catalog.list(live, &TaskFilter::default(), "newer", None, &AtomicBool::new(false)).unwrap();
        let titles: Vec<_> = found.iter().map(|place| catalog.title(&catalog.ids[*place as usize])).collect();
        assert_eq!(titles, [Some("newer")]);
        assert_eq!(catalog.title(&"AAAAAAAAAAAAAAAAAAA005".parse().unwrap()), Some("newer"));
    }
}
