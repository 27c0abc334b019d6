//! The verifiers that judge: by deployment, what each pool of scriptworkers held.

use std::collections::{BTreeMap, BTreeSet};

use crate::chain::{WorkerVote, worker_implementation};
use crate::model::{Definition, Moment, Role, TaskFacts, TaskId};
use crate::rules::RuleBook;
use crate::trust::{Deployments, Fleet, Ledger, Rollout};

/// What one verifier held.
#[derive(Debug)]
pub(super) struct Verifier {
    /// The keys: of a fleet, as if it ran what its configuration said at once; else by the dates of releases.
    pub(super) ledger: Ledger,
    /// The keys of the fleet as if it took its whole lag.
    pub(super) late: Option<Ledger>,
    /// The fleet.
    pub(super) fleet: Option<Fleet>,
    /// When the standing of any of its keys can change.
    pub(super) break_points: BTreeSet<Moment>,
}

impl Verifier {
    fn new(ledger: &Ledger, fleet: Option<&Fleet>) -> Self {
        let held = |rollout| fleet.map(|fleet| ledger.held_by(fleet, rollout));
        let late = held(Rollout::Late);
        let ledger = held(Rollout::AtOnce).unwrap_or_else(|| ledger.clone());
        let mut break_points = ledger.break_points();
        break_points.extend(late.iter().flat_map(Ledger::break_points));
        Self { ledger, late, fleet: fleet.cloned(), break_points }
    }

    /// The keys that it held, by how quickly it ran what its configuration said.
    pub(super) fn held(&self, rollout: Rollout) -> &Ledger {
        match rollout {
            Rollout::AtOnce => &self.ledger,
            Rollout::Late => self.late.as_ref().unwrap_or(&self.ledger),
        }
    }
}

/// The verifiers of some targets.
#[derive(Debug)]
pub(super) struct Verifiers<'a> {
    deployments: &'a Deployments,
    /// It knows every provisioner of scriptworkers.
    book: &'a RuleBook,
    any: Verifier,
    of_fleet: BTreeMap<String, Verifier>,
}

impl<'a> Verifiers<'a> {
    /// Prepares those that can judge the targets.
    pub(super) fn new(
        ledger: &Ledger,
        deployments: &'a Deployments,
        book: &'a RuleBook,
        targets: &[TaskId],
        tasks: &BTreeMap<TaskId, TaskFacts>,
    ) -> Self {
        let mut of_fleet = BTreeMap::new();
        for definition in targets.iter().filter_map(|target| tasks.get(target)?.definition.as_ref()) {
            if let Some(fleet) = fleet(deployments, definition) {
                of_fleet.entry(fleet.name.clone()).or_insert_with(|| Verifier::new(ledger, Some(fleet)));
            }
        }
        Self { deployments, book, any: Verifier::new(ledger, None), of_fleet }
    }

    /// The one that judges a target: its own fleet, if a scriptworker runs it and its pool is known.
    pub(super) fn of(&self, shape: Option<&Definition>) -> &Verifier {
        let fleet = shape.filter(|shape| self.is_scriptworkers(shape)).and_then(|shape| fleet(self.deployments, shape));
        fleet.and_then(|fleet| self.of_fleet.get(&fleet.name)).unwrap_or(&self.any)
    }

    /// Whether a scriptworker runs the task.
    pub(super) fn is_scriptworkers(&self, shape: &Definition) -> bool {
        worker_implementation(&shape.hints, self.book) == WorkerVote::Agreed(Role::new("scriptworker"))
    }
}

fn fleet<'a>(deployments: &'a Deployments, definition: &Definition) -> Option<&'a Fleet> {
    let hints = &definition.hints;
    deployments.fleet(hints.provisioner_id.as_deref()?, hints.worker_type.as_deref()?)
}
