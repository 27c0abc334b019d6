//! Many chains, judged again and again: at another moment, with something else distrusted.
//!
//! Of all checks only that of signatures asks for the moment, and only that of distrust for what is distrusted. The others
//! are made once. Links whose signatures rest on the same grounds (the same key in the same role, mostly) are one *class*,
//! and a class is judged once a moment. What is left is to combine: a chain comes to the worst of its links, and a change
//! concerns only the chains with a link of a class, or of a task, that it changed.
//!
//! The order of signatures can show that a link is older than a distrust. Chains that have such an order are then judged in
//! full.

use std::collections::HashMap;
use std::hash::Hash;

use rayon::prelude::*;

use super::bounds::Bounds;
use super::checks::{Grounds, Sources, is_distrusted};
use super::consumption::Consumption;
use super::judging::{Judging, Matter, Rules, judge};
use crate::chain::{Chain, Mode};
use crate::model::{Check, Clocks, Code, Facts, KeyId, Reason, TaskId, Verdict};
use crate::trust::{DistrustKind, Distrusted, Ledger};

/// Hearings whose lasting checks are made at once: what classes are told apart by takes memory until they are numbered.
const MADE_AT_ONCE: usize = 4096;

/// One chain and what it is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Hearing<'a> {
    /// The chain.
    pub chain: &'a Chain,
    /// The rules.
    pub rules: Rules<'a>,
    /// The keys.
    pub ledger: &'a Ledger,
    /// The moment that is its own: when it was judged then.
    pub own: Clocks,
}

/// What came of judging again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reheard {
    /// The hearings whose verdict or reason is another now.
    pub changed: Vec<usize>,
    /// How many were combined anew: the others cannot have changed.
    pub combined: usize,
    /// How many of them were judged in full.
    pub in_full: usize,
}

/// Chains whose verdicts follow a moment and what is distrusted.
#[derive(Debug)]
pub struct Docket<'a> {
    facts: &'a Facts,
    mode: Mode,
    hearings: Vec<Hearing<'a>>,
    /// Where the links of each hearing begin; one more than there are hearings.
    starts: Vec<u32>,
    /// By link: what all checks come to but those of the signature and of distrust.
    lasting: Vec<Weight>,
    /// By link: its class.
    class_of: Vec<u32>,
    /// By link: its task.
    task_of: Vec<u32>,
    /// By link: what its signature comes to at its hearing's own moment; made when it is first asked for.
    own: Vec<Weight>,
    /// By hearing: what it comes to at best.
    floors: Vec<Weight>,
    /// By hearing: whether its signatures have an order.
    ordered: Vec<bool>,
    classes: Vec<Class>,
    tasks: Vec<Task<'a>>,
    hearings_of_class: Lists,
    hearings_of_task: Lists,
    now: Position,
}

/// Links whose signatures rest on the same grounds: one of them speaks for all.
#[derive(Debug, Clone, Copy)]
struct Class {
    hearing: u32,
    link: u32,
}

/// A task of some chain.
#[derive(Debug)]
struct Task<'a> {
    task_id: TaskId,
    /// Of the keys that made its signatures, which set.
    keys: u32,
    /// Of the set, one task that speaks for all.
    speaks_for_keys: bool,
    facts: Option<&'a crate::model::TaskFacts>,
}

/// Where a docket stands.
#[derive(Debug, Default)]
struct Position {
    clocks: Option<Option<Clocks>>,
    distrust: Vec<Distrusted>,
    /// By class, at a moment that is the same for all.
    classes: Vec<Weight>,
    /// By task: whether it is distrusted.
    distrusted: Vec<bool>,
    /// By hearing.
    verdicts: Vec<Weight>,
}

/// A verdict with all reasons for it, each a bit: two are combined with `or`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Weight(u8);

impl Weight {
    const REASONS: [Reason; 5] =
        [Reason::Contradicted, Reason::Malformed, Reason::NotPermitted, Reason::NotTrusted, Reason::Absent];

    fn new(verdict: Verdict, reasons: impl IntoIterator<Item = Reason>) -> Self {
        let verdict = match verdict {
            Verdict::Verified => 1,
            Verdict::Undetermined => 2,
            Verdict::Refuted => 4,
        };
        let bit = |reason| 8 << Self::REASONS.iter().position(|known| *known == reason).unwrap_or_default();
        Self(reasons.into_iter().fold(verdict, |weight, reason| weight | bit(reason)))
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// As a judgement tells it.
    fn told(self) -> (Verdict, Option<Reason>) {
        if self.0 & 4 != 0 {
            let mut reasons = (0..Self::REASONS.len()).filter(|place| self.0 & (8 << place) != 0);
            return (Verdict::Refuted, reasons.next().map(|place| Self::REASONS[place]));
        }
        if self.0 == 1 { (Verdict::Verified, None) } else { (Verdict::Undetermined, Some(Reason::Absent)) }
    }
}

/// For each of some things a list of hearings, all in one array.
#[derive(Debug, Default)]
struct Lists {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    /// Of pairs of a thing and a hearing, the hearings ascending; each is kept once a thing.
    fn new(things: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = vec![0_u32; things + 1];
        let mut last = vec![u32::MAX; things];
        let mut each = |add: &mut dyn FnMut(usize, u32)| {
            last.fill(u32::MAX);
            for (thing, hearing) in pairs.clone() {
                let thing = thing as usize;
                if last[thing] != hearing {
                    last[thing] = hearing;
                    add(thing, hearing);
                }
            }
        };
        each(&mut |thing, _| starts[thing + 1] += 1);
        for thing in 0..things {
            starts[thing + 1] += starts[thing];
        }
        let mut next = starts.clone();
        let mut items = vec![0; starts.last().copied().unwrap_or_default() as usize];
        each(&mut |thing, hearing| {
            items[next[thing] as usize] = hearing;
            next[thing] += 1;
        });
        Self { starts, items }
    }

    fn of(&self, thing: usize) -> &[u32] {
        &self.items[self.starts[thing] as usize..self.starts[thing + 1] as usize]
    }
}

/// Gives equal things the same number.
struct Numbers<T> {
    known: HashMap<T, u32>,
}

impl<T: Eq + Hash> Numbers<T> {
    fn new() -> Self {
        Self { known: HashMap::new() }
    }

    /// The number of a thing, and whether it is new.
    fn of(&mut self, thing: T) -> (u32, bool) {
        let next = self.known.len() as u32;
        let number = *self.known.entry(thing).or_insert(next);
        (number, number == next)
    }
}

/// What does not change of one hearing.
struct Lasting {
    links: Vec<(Weight, Grounds)>,
    floor: Weight,
    is_ordered: bool,
}

impl Lasting {
    fn of(hearing: &Hearing<'_>, facts: &Facts, mode: Mode) -> Self {
        let Hearing { chain, rules, ledger, own } = *hearing;
        let sources = Sources::of(chain, facts, rules);
        let matter = Matter { chain, facts, rules, recipe: rules.recipe(), sources: &sources, ledger, mode };
        let mut judging = Judging::new(matter, &[], own, Consumption::of(chain, facts));
        let lasting = Check::ALL.into_iter().filter(|check| !matches!(check, Check::Signature | Check::Distrust));
        let links = chain.links.iter().enumerate().map(|(index, link)| {
            let (verdict, reasons) = judging.weigh(index, link, lasting.clone());
            (Weight::new(verdict, reasons), Grounds::of(&judging, link))
        });
        let links = links.collect();
        let is_whole = rules.book.not_checked.is_empty() && !chain.links.is_empty();
        let floor = if is_whole { Verdict::Verified } else { Verdict::Undetermined };
        Self { links, floor: Weight::new(floor, []), is_ordered: Bounds::are_possible(chain, facts) }
    }
}

impl<'a> Docket<'a> {
    /// Makes the checks that neither a moment nor a distrust changes.
    pub fn new(facts: &'a Facts, mode: Mode, hearings: Vec<Hearing<'a>>) -> Self {
        let mut docket = Self {
            facts,
            mode,
            starts: vec![0],
            lasting: Vec::new(),
            class_of: Vec::new(),
            task_of: Vec::new(),
            own: Vec::new(),
            floors: Vec::with_capacity(hearings.len()),
            ordered: Vec::with_capacity(hearings.len()),
            classes: Vec::new(),
            tasks: Vec::new(),
            hearings_of_class: Lists::default(),
            hearings_of_task: Lists::default(),
            now: Position::default(),
            hearings,
        };
        docket.number();
        let hearing_of_links = |of: &'_ [u32]| -> Vec<(u32, u32)> {
            let spans = docket.starts.array_windows().enumerate();
            spans
                .flat_map(|(hearing, [from, until])| (*from..*until).map(move |link| (link, hearing as u32)))
                .map(|(link, hearing)| (of[link as usize], hearing))
                .collect()
        };
        let (by_class, by_task) = (hearing_of_links(&docket.class_of), hearing_of_links(&docket.task_of));
        docket.hearings_of_class = Lists::new(docket.classes.len(), by_class.into_iter());
        docket.hearings_of_task = Lists::new(docket.tasks.len(), by_task.into_iter());
        docket
    }

    /// Makes the lasting checks of all hearings, some at a time, and numbers classes and tasks.
    fn number(&mut self) {
        let mut classes = Numbers::new();
        let mut tasks = Numbers::new();
        let mut key_sets: Numbers<Vec<&KeyId>> = Numbers::new();
        let (facts, mode) = (self.facts, self.mode);
        let hearings = std::mem::take(&mut self.hearings);
        let lasting = hearings.chunks(MADE_AT_ONCE).flat_map(|batch| -> Vec<Lasting> {
            batch.par_iter().map(|hearing| Lasting::of(hearing, facts, mode)).collect()
        });
        for (index, (hearing, lasting)) in hearings.iter().zip(lasting).enumerate() {
            // Keys and rules are told apart by where they lie: the same ones are not held twice.
            let by = (std::ptr::from_ref(hearing.ledger) as usize, std::ptr::from_ref(hearing.rules.book) as usize);
            for (place, (link, (weight, grounds))) in hearing.chain.links.iter().zip(lasting.links).enumerate() {
                self.lasting.push(weight);
                let (class, is_new) = classes.of((by, grounds));
                if is_new {
                    self.classes.push(Class { hearing: index as u32, link: place as u32 });
                }
                self.class_of.push(class);
                let (task, is_new) = tasks.of(link.task_id);
                if is_new {
                    let facts = facts.tasks.get(&link.task_id);
                    let attestations = facts.iter().flat_map(|task| task.attestations.values());
                    let keys = attestations.filter_map(|facts| facts.signature.as_ref()?.key.as_ref()).collect();
                    let (keys, speaks_for_keys) = key_sets.of(keys);
                    self.tasks.push(Task { task_id: link.task_id, keys, speaks_for_keys, facts });
                }
                self.task_of.push(task);
            }
            self.starts.push(self.lasting.len() as u32);
            self.floors.push(lasting.floor);
            self.ordered.push(lasting.is_ordered);
        }
        self.hearings = hearings;
    }

    /// How many hearings there are.
    pub fn len(&self) -> usize {
        self.hearings.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.hearings.is_empty()
    }

    /// Verdict and reason of a hearing, as [`judge`] gives them; nothing is known before the first [`Docket::rehear`].
    pub fn verdict(&self, hearing: usize) -> Option<(Verdict, Option<Reason>)> {
        self.now.verdicts.get(hearing).map(|weight| weight.told())
    }

    /// Judges all at a moment, or each at its own, with something distrusted. What that cannot change is not looked at.
    pub fn rehear(&mut self, clocks: Option<Clocks>, distrust: &[Distrusted]) -> Reheard {
        let before = std::mem::take(&mut self.now);
        let classes = clocks.map(|clocks| self.judge_classes(clocks)).unwrap_or_default();
        if clocks.is_none() && self.own.is_empty() {
            self.own = self.judge_own();
        }
        let distrusted = self.judge_tasks(distrust);
        let mut open = vec![false; self.hearings.len()];
        // A distrust from a moment on is weighed against the order of signatures, which knowledge time moves.
        let dates = |distrust: &[Distrusted]| distrust.iter().any(|one| one.since.is_some());
        let is_dated = dates(distrust) || dates(&before.distrust);
        let is_first = before.clocks.is_none() || before.clocks.map(|of| of.is_some()) != Some(clocks.is_some());
        if is_first || before.classes.len() != classes.len() {
            open.fill(true);
        } else {
            let moved = classes.iter().zip(&before.classes).enumerate().filter(|(_, (now, before))| now != before);
            for (class, _) in moved {
                self.hearings_of_class.of(class).iter().for_each(|hearing| open[*hearing as usize] = true);
            }
        }
        for (task, is_distrusted) in distrusted.iter().enumerate() {
            let was = before.distrusted.get(task).copied().unwrap_or_default();
            if *is_distrusted != was || *is_distrusted && is_dated {
                self.hearings_of_task.of(task).iter().for_each(|hearing| open[*hearing as usize] = true);
            }
        }
        self.now =
            Position { clocks: Some(clocks), distrust: distrust.to_vec(), classes, distrusted, verdicts: Vec::new() };
        self.combine(&open, &before.verdicts, dates(distrust))
    }

    /// Combines the hearings that are open; the others stay as they were.
    fn combine(&mut self, open: &[bool], before: &[Weight], is_dated: bool) -> Reheard {
        let combined: Vec<(Weight, bool)> = (0..self.hearings.len())
            .into_par_iter()
            .with_min_len(1024)
            .map(|hearing| match before.get(hearing) {
                Some(before) if !open[hearing] => (*before, false),
                _ => self.weight(hearing, is_dated),
            })
            .collect();
        let is_other = |(hearing, (weight, _)): (usize, &(Weight, bool))| {
            let was = before.get(hearing).map(|weight| weight.told());
            (was != Some(weight.told())).then_some(hearing)
        };
        let changed = combined.iter().enumerate().filter_map(is_other).collect();
        let in_full = combined.iter().filter(|(_, in_full)| *in_full).count();
        self.now.verdicts = combined.into_iter().map(|(weight, _)| weight).collect();
        Reheard { changed, combined: open.iter().filter(|open| **open).count(), in_full }
    }

    /// What a hearing comes to, and whether it was judged in full for it.
    fn weight(&self, hearing: usize, is_dated: bool) -> (Weight, bool) {
        let links = self.starts[hearing] as usize..self.starts[hearing + 1] as usize;
        let mut weight = self.floors[hearing];
        let mut is_touched = false;
        for link in links {
            let signature = match self.now.classes.get(self.class_of[link] as usize) {
                Some(weight) => *weight,
                None => self.own[link],
            };
            weight = weight.and(self.lasting[link]).and(signature);
            is_touched |= self.now.distrusted.get(self.task_of[link] as usize).copied().unwrap_or_default();
        }
        if !is_touched {
            return (weight, false);
        }
        if is_dated && self.ordered[hearing] {
            return (self.judge_in_full(hearing), true);
        }
        (weight.and(Weight::new(Verdict::Refuted, [Code::Distrusted.reason()])), false)
    }

    fn judge_in_full(&self, hearing: usize) -> Weight {
        let Hearing { chain, rules, ledger, own } = self.hearings[hearing];
        let clocks = self.now.clocks.flatten().unwrap_or(own);
        let judged = judge(chain, self.facts, rules, ledger, &self.now.distrust, &[clocks], self.mode);
        judged.first().map_or_else(Weight::default, |judged| Weight::new(judged.verdict, judged.reason))
    }

    /// What the signatures of each class come to at a moment.
    fn judge_classes(&self, clocks: Clocks) -> Vec<Weight> {
        self.classes.par_iter().map(|class| self.judge_signature(*class, clocks)).collect()
    }

    /// What the signature of each link comes to at its hearing's own moment.
    fn judge_own(&self) -> Vec<Weight> {
        let mut cases: Numbers<(u32, Clocks)> = Numbers::new();
        let mut asked = Vec::new();
        let mut case_of = Vec::with_capacity(self.lasting.len());
        for (hearing, [from, until]) in self.hearings.iter().zip(self.starts.array_windows()) {
            for link in *from..*until {
                let class = self.class_of[link as usize];
                let (case, is_new) = cases.of((class, hearing.own));
                if is_new {
                    asked.push((self.classes[class as usize], hearing.own));
                }
                case_of.push(case);
            }
        }
        let judged: Vec<Weight> =
            asked.into_par_iter().map(|(class, clocks)| self.judge_signature(class, clocks)).collect();
        case_of.into_iter().map(|case| judged[case as usize]).collect()
    }

    fn judge_signature(&self, class: Class, clocks: Clocks) -> Weight {
        let Hearing { chain, rules, ledger, .. } = self.hearings[class.hearing as usize];
        let sources = Sources::default();
        let matter =
            Matter { chain, facts: self.facts, rules, recipe: None, sources: &sources, ledger, mode: self.mode };
        let mut judging = Judging::new(matter, &[], clocks, Consumption::default());
        let place = class.link as usize;
        let (verdict, reasons) = judging.weigh(place, &chain.links[place], [Check::Signature]);
        Weight::new(verdict, reasons)
    }

    /// Which tasks are distrusted, whenever that began.
    fn judge_tasks(&self, distrust: &[Distrusted]) -> Vec<bool> {
        if distrust.is_empty() {
            return vec![false; self.tasks.len()];
        }
        let (by_key, others): (Vec<&Distrusted>, Vec<&Distrusted>) =
            distrust.iter().partition(|one| one.kind == DistrustKind::Key);
        let means = |distrust: &[&Distrusted], task: &Task<'_>| {
            distrust.iter().any(|one| match task.facts {
                Some(facts) => is_distrusted(one, facts),
                None => one.means(DistrustKind::Task, &[task.task_id.as_str()]),
            })
        };
        let speakers = self.tasks.iter().filter(|task| task.speaks_for_keys);
        let key_sets: Vec<bool> = speakers.map(|task| means(&by_key, task)).collect();
        let is_meant = |task: &Task<'_>| key_sets[task.keys as usize] || !others.is_empty() && means(&others, task);
        self.tasks.par_iter().with_min_len(1024).map(is_meant).collect()
    }
}
