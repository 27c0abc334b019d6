//! What another moment, or something distrusted, would change: all verdicts before and after, without examining anything
//! again.

use std::collections::BTreeMap;

use super::desk::SILENT;
use super::service::Request;
use super::sitting::{Sitting, Standing, Standings, hold};
use super::targets::ReplayError;
use crate::model::{TaskId, Verdict};
use crate::store::Case;

/// A target of which something else is to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The target.
    pub task_id: TaskId,
    /// Its label, else its name. Captured text.
    pub label: Option<String>,
    /// By the first question.
    pub before: Standing,
    /// By the other.
    pub after: Standing,
}

/// What another question comes to, beside the first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WhatIf {
    /// How many targets came to each verdict by the first question.
    pub before: BTreeMap<Verdict, u64>,
    /// The same by the other.
    pub after: BTreeMap<Verdict, u64>,
    /// The targets of which the two differ, ordered by id.
    pub changed: Vec<Changed>,
    /// How many targets were looked at again, after the question before: this one cannot touch the others.
    pub reheard: u64,
    /// How many of them were judged in full, since more than one moment, release or order of signatures is in question.
    pub in_full: u64,
    /// Facts that had to be examined first: none, where the case was replayed before.
    pub examined: u64,
}

/// Judges the targets of a request, and again by each of some others: of the same targets, by the same rules and bases of
/// trust, at another moment, by other clocks or with something else distrusted.
pub fn what_if(case: &mut Case, request: &Request, others: &[Request]) -> Result<Vec<WhatIf>, ReplayError> {
    let questions: Vec<&Request> = std::iter::once(request).chain(others).collect();
    hold(case, &questions, SILENT, |sitting, _| {
        let before = asked(sitting, request)?;
        let tell = |other| {
            let after = asked(sitting, other)?;
            Ok(WhatIf::new(sitting, &before, &after))
        };
        others.iter().map(tell).collect()
    })?
}

/// What a question comes to that the sitting was opened for.
fn asked(sitting: &mut Sitting<'_>, question: &Request) -> Result<Standings, ReplayError> {
    sitting.ask(question)?.ok_or(ReplayError::NothingToReplay)
}

impl WhatIf {
    fn new(sitting: &Sitting<'_>, before: &Standings, after: &Standings) -> Self {
        let mut told =
            Self { reheard: after.reheard, in_full: after.in_full, examined: sitting.examined, ..Self::default() };
        for ((task_id, before), after) in sitting.targets().zip(&before.of).zip(&after.of) {
            *told.before.entry(before.0).or_default() += 1;
            *told.after.entry(after.0).or_default() += 1;
            if before != after {
                let label = sitting.label(&task_id).map(str::to_owned);
                told.changed.push(Changed { task_id, label, before: *before, after: *after });
            }
        }
        told.changed.sort_by_key(|changed| changed.task_id);
        told
    }
}
