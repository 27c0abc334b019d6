//! What became of the targets between two questions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::theme::Theme;
use super::view::count;
use crate::model::Verdict;
use crate::replay::Standing;

/// What differs between two times all standings.
#[derive(Debug, Default)]
pub(super) struct Changed {
    before: Option<Arc<Vec<Standing>>>,
    after: Option<Arc<Vec<Standing>>>,
    /// The places of the targets.
    pub(super) places: Vec<u32>,
    /// How many came from which verdict to which.
    counts: Vec<((Verdict, Verdict), usize)>,
}

impl Changed {
    /// Of the standings before and after.
    pub(super) fn of(before: &Arc<Vec<Standing>>, after: &Arc<Vec<Standing>>) -> Self {
        // The worst first; within a kind in the order of the targets.
        let mut kinds: BTreeMap<(Verdict, Verdict), Vec<u32>> = BTreeMap::new();
        for (place, (was, is)) in before.iter().zip(after.iter()).enumerate().filter(|(_, (was, is))| was != is) {
            kinds.entry((is.0, was.0)).or_default().push(place as u32);
        }
        let (mut places, mut counts) = (Vec::new(), Vec::new());
        for ((is, was), of) in kinds.into_iter().rev() {
            counts.push(((was, is), of.len()));
            places.extend(of);
        }
        Self { before: Some(Arc::clone(before)), after: Some(Arc::clone(after)), places, counts }
    }

    /// Whether it is of these.
    pub(super) fn is_of(&self, before: &Arc<Vec<Standing>>, after: &Arc<Vec<Standing>>) -> bool {
        let is = |of: &Option<Arc<Vec<Standing>>>, other| of.as_ref().is_some_and(|of| Arc::ptr_eq(of, other));
        is(&self.before, before) && is(&self.after, after)
    }

    /// What a target came to before and after.
    pub(super) fn standings(&self, place: u32) -> Option<(Standing, Standing)> {
        let of = |of: &Option<Arc<Vec<Standing>>>| of.as_ref()?.get(place as usize).copied();
        Some((of(&self.before)?, of(&self.after)?))
    }

    /// Whether there is anything to compare yet.
    pub(super) const fn is_there(&self) -> bool {
        self.after.is_some()
    }

    /// How many came from which verdict to which, in words.
    pub(super) fn told(&self, theme: Theme) -> String {
        let arrow = theme.or("→", "->");
        let kinds: Vec<String> = self
            .counts
            .iter()
            .map(|((was, is), number)| {
                if was == is {
                    format!("{} {} for another reason", count(*number as u64), is.word())
                } else {
                    format!("{} {} {arrow} {}", count(*number as u64), was.word(), is.word())
                }
            })
            .collect();
        kinds.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_ordered_by_what_became_of_it() {
        let of = |standings: &[Verdict]| {
            Arc::new(standings.iter().map(|verdict| (*verdict, None)).collect::<Vec<Standing>>())
        };
        let (good, open, bad) = (Verdict::Verified, Verdict::Undetermined, Verdict::Refuted);
        let (before, after) = (of(&[good, good, bad, good, open]), of(&[good, open, good, bad, open]));
        let changed = Changed::of(&before, &after);
        assert_eq!(changed.places, [3, 1, 2]);
        assert_eq!(changed.counts, [((good, bad), 1), ((good, open), 1), ((bad, good), 1)]);
        assert!(changed.is_of(&before, &after) && !changed.is_of(&after, &before));
    }
}
