//! The findings of a report: told once where several targets share one, and bounded where evidence was made to raise one a
//! byte. Verdicts, reasons and headlines are made before, of all of them.

use std::cmp::Ordering;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Code, Finding, FindingsLeftOut, Plane, TaskId};

/// The most findings of one code on one plane that a report tells. A file can be made to raise one for every few of its
/// bytes, tens of megabytes in all, and nobody reads the second hundred. The first for each target is told beyond that,
/// so that no target is without the codes that concern it.
const FINDINGS_OF_A_CODE_MAX: usize = 200;

/// Findings, those that several targets share told once.
#[derive(Default)]
pub(super) struct Findings {
    /// Each, and its targets, which it leaves out itself.
    all: BTreeMap<Shared, Vec<TaskId>>,
}

/// A finding, the same as another one if both say the same of the same.
struct Shared(Finding);

impl Ord for Shared {
    fn cmp(&self, other: &Self) -> Ordering {
        fn key(Shared(finding): &Shared) -> impl Ord {
            (finding.plane, finding.code, &finding.subject, &finding.message, &finding.evidence)
        }
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Shared {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Shared {}

/// What was told of one code on one plane.
#[derive(Default)]
struct Told {
    count: usize,
    targets: BTreeSet<TaskId>,
    left_out: u64,
}

impl Findings {
    pub(super) fn add(&mut self, mut finding: Finding) {
        let targets = std::mem::take(&mut finding.targets);
        match self.all.entry(Shared(finding)) {
            Entry::Occupied(known) => {
                // Targets are sorted, and mostly come in that order.
                let known = known.into_mut();
                for target in targets {
                    if let Err(at) = known.binary_search(&target) {
                        known.insert(at, target);
                    }
                }
            }
            Entry::Vacant(place) => {
                place.insert(targets);
            }
        }
    }

    /// Those that are told, in their order, and how many of each code are not.
    pub(super) fn told(self) -> (Vec<Finding>, Vec<FindingsLeftOut>) {
        let all = self.all.into_iter();
        let mut findings: Vec<Finding> = all.map(|(Shared(finding), targets)| Finding { targets, ..finding }).collect();
        findings.sort_by(Finding::order);
        let mut by_code: BTreeMap<(Plane, &str), (Code, Told)> = BTreeMap::new();
        findings.retain(|finding| {
            let (_, told) =
                by_code.entry((finding.plane, finding.code.id())).or_insert_with(|| (finding.code, Told::default()));
            let is_news = finding.targets.iter().any(|target| !told.targets.contains(target));
            if told.count >= FINDINGS_OF_A_CODE_MAX && !is_news {
                told.left_out += 1;
                return false;
            }
            told.count += 1;
            told.targets.extend(finding.targets.iter().cloned());
            true
        });
        let left_out = by_code.into_iter().filter(|(_, (_, told))| told.left_out > 0);
        let left_out = left_out.map(|((plane, _), (code, told))| FindingsLeftOut { plane, code, count: told.left_out });
        (findings, left_out.collect())
    }
}
