//! One scope of evidence, ready to be judged: the facts that its targets need, and what each is judged by.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::desk::FactDesk;
use super::examination::Examiner;
use super::gathering::{Known, gather_facts, needs_attestation};
use super::keys::Keys;
use super::planning::{Planned, Planner};
use super::rebuilds::{self, Answers, CommitsOf, Wanted};
use super::rules::RuleShelf;
use super::scope::Scope;
use super::service::Request;
use super::targets::ReplayError;
use super::verifiers::Verifiers;
use crate::chain::{EdgeNames, speaks_of_github};
use crate::model::{Facts, TaskFacts, TaskId, TaskOutline};
use crate::rules::{Restriction, RuleBook, Trees};
use crate::trust::{Deployments, Ledger};

/// The facts of some targets, and of all that their chains can reach.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) facts: Facts,
    pub(super) targets: Vec<TaskId>,
    names: EdgeNames,
    /// What was rebuilt, or could not be.
    asked: Wanted,
}

impl Gathered {
    /// Gathers them. Without named targets these are all tasks that need an attestation, but for those that are done.
    pub(super) fn of(
        desk: &mut FactDesk<'_>,
        scope: &Scope,
        wanted: Option<Vec<TaskId>>,
        keys: &Keys,
        book: &RuleBook,
        done: &BTreeSet<TaskId>,
    ) -> Result<Self, ReplayError> {
        let examiner = Examiner::new(&keys.keyring, book);
        let known = match &wanted {
            Some(wanted) => Known::for_some(desk, scope, wanted.len())?,
            None => {
                desk.load_facts_of_tasks()?;
                Known::of_all(desk, scope, examiner)?
            }
        };
        let names = match &wanted {
            Some(wanted) => EdgeNames::new(&known.outline, |task_id| wanted.contains(task_id)),
            None => EdgeNames::new(&known.outline, |_| true),
        };
        let targets = wanted.unwrap_or_else(|| {
            let needs =
                |task_id: &TaskId, task: &TaskOutline| task.attested || needs_attestation(task_id, task, &names, book);
            let tasks = known.outline.tasks.iter().filter(|(task_id, task)| needs(task_id, task));
            tasks.map(|(task_id, _)| *task_id).filter(|id| !done.contains(id)).collect()
        });
        let facts = gather_facts(desk, scope, &targets, known, examiner)?;
        Ok(Self { facts, targets, names, asked: Wanted::default() })
    }

    /// The verifiers that can judge the targets.
    pub(super) fn verifiers<'a>(
        &self,
        ledger: &Ledger,
        deployments: &'a Deployments,
        book: &'a RuleBook,
    ) -> Verifiers<'a> {
        Verifiers::new(ledger, deployments, book, &self.targets, &self.facts.tasks)
    }

    /// What some of the targets are judged by.
    pub(super) fn plan<'v>(
        &self,
        targets: &[TaskId],
        verifiers: &'v Verifiers<'v>,
        shelf: &RuleShelf<'_>,
        request: &Request,
    ) -> Result<Vec<Planned<'v>>, ReplayError> {
        let planner = Planner { facts: &self.facts, names: &self.names, verifiers, shelf, request };
        Ok(targets.par_iter().map(|target| planner.plan(target)).collect::<Result<_, _>>()?)
    }

    /// Adds what the trees make of the decision and action tasks that the plans ask for.
    pub(super) fn rebuild(
        &mut self,
        desk: &mut FactDesk<'_>,
        answers: &Answers,
        planned: &[Planned<'_>],
    ) -> Result<(), ReplayError> {
        let wanted = wanted_of(planned, &self.facts);
        rebuilds::examine(desk, answers, &mut self.facts.tasks, &wanted)?;
        self.asked.rebuilds.extend(wanted.rebuilds);
        self.asked.landings.extend(wanted.landings);
        Ok(())
    }

    /// Whether everything was rebuilt that plans ask for.
    pub(super) fn has_rebuilt(&self, planned: &[Planned<'_>]) -> bool {
        let wanted = wanted_of(planned, &self.facts);
        wanted.rebuilds.is_subset(&self.asked.rebuilds) && wanted.landings.is_subset(&self.asked.landings)
    }
}

/// What a target's chains need that takes more than one document.
fn wanted_of(planned: &[Planned<'_>], facts: &Facts) -> Wanted {
    let mut wanted = Wanted::default();
    for (target, plan) in planned.iter().flat_map(|one| one.plans.iter().map(|plan| (&one.target, plan))) {
        let book = &plan.rules.book;
        let Some(name) = plan.product.as_deref() else { continue };
        if let Some(recipe) = book.recipe(name) {
            let parents = plan.chain.links.iter().filter(|link| link.is_parent_type());
            wanted.rebuilds.extend(parents.map(|link| (link.task_id, recipe.clone())));
        }
        let Some(product) = book.products.get(name) else { continue };
        let scopes = facts.tasks.get(target).and_then(TaskFacts::shape).map(|shape| &shape.scopes);
        let is_restricted = scopes.into_iter().flatten().any(|scope| product.restriction(scope) != Restriction::None);
        if is_restricted && book.switches.trees == Trees::OneTreeAndNoPullRequest {
            let commits = CommitsOf {
                prefix: product.source_env_prefix.clone(),
                is_private: product.is_private(),
                key: product.commits_key(),
            };
            let links = plan.chain.links.iter().filter(|link| {
                let shape = facts.tasks.get(&link.task_id).and_then(TaskFacts::shape);
                shape.is_some_and(speaks_of_github)
            });
            wanted.landings.extend(links.map(|link| (link.task_id, commits.clone())));
        }
    }
    wanted
}
