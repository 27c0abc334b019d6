//! When the attestations of a chain were signed: first a partial order, then dates, as far as other keys give them.
//!
//! The order rests on digests alone and needs no trust: who states the digest of a log that lists the digest of an
//! attestation came after it. Dates need it. They come from attestations by another key that the ledger accepts: from the
//! time that its OpenPGP signature claims, or from the end of its last epoch. The queue's times give none: nobody signs
//! them. Nor do the source revision and other embedded digests: of those no other key states when they came to be.

use std::collections::{BTreeMap, BTreeSet};

use super::checks::is_distrusted;
use crate::chain::{Chain, WorkerVote, worker_implementation};
use crate::model::{
    BoundBasis, ClaimState, Clocks, Digest, Facts, KeyId, Moment, Role, SignatureState, SigningBounds, TaskFacts,
    TaskId, TimeBound, VERIFICATION_LOG,
};
use crate::rules::RuleBook;
use crate::trust::{Distrusted, Ledger, Standing};

/// The dates of one key each that are carried along the order: of what is bounded, up to two forms with a key each must
/// be left out.
const DATES_MAX: usize = 3;

/// The bounds of the attestations of a chain.
#[derive(Debug, Clone, Default)]
pub(super) struct Bounds {
    of_task: BTreeMap<TaskId, SigningBounds>,
}

impl Bounds {
    /// Of a task's attestation; nothing is known of one that is not in the chain.
    pub(super) fn of(&self, task_id: &TaskId) -> SigningBounds {
        self.of_task.get(task_id).cloned().unwrap_or_default()
    }

    /// Whether anything bounds the attestations of a chain at all: a log lists one of them.
    pub(super) fn are_possible(chain: &Chain, facts: &Facts) -> bool {
        let tasks = Self::witnesses(chain, facts);
        !Order::of(facts, &tasks).older.is_empty()
    }

    /// The links of a chain, and those that consume something of its target.
    fn witnesses<'a>(chain: &'a Chain, facts: &'a Facts) -> BTreeSet<&'a TaskId> {
        let target = chain.links.first().map(|link| &link.task_id);
        let consumers = target.and_then(|target| facts.consumers.get(target)).into_iter().flatten();
        chain.links.iter().map(|link| &link.task_id).chain(consumers).collect()
    }

    /// Works out the bounds of a chain, by what was known of keys at a moment.
    pub(super) fn of_chain(
        chain: &Chain,
        facts: &Facts,
        book: &RuleBook,
        ledger: &Ledger,
        distrust: &[Distrusted],
        knowledge: Moment,
    ) -> Self {
        let tasks = Self::witnesses(chain, facts);
        let order = Order::of(facts, &tasks);
        if order.older.is_empty() {
            // Nobody's log lists anybody's attestation: nothing is bounded.
            return Self::default();
        }
        let nodes: BTreeMap<&TaskId, Node> = tasks
            .into_iter()
            .filter_map(|task_id| {
                Some((task_id, Node::of(facts.tasks.get(task_id)?, book, ledger, distrust, knowledge)))
            })
            .collect();
        let mut bounds = Self::default();
        // A claim that others contradict proves nothing of what came before it.
        let mut carried = Carried::new(&order.older, |task_id| nodes.get(task_id).and_then(Node::claim), latest);
        let not_before: BTreeMap<&TaskId, Option<TimeBound>> =
            nodes.iter().map(|(task_id, node)| (*task_id, carried.of(task_id, &node.keys))).collect();
        let vouches = |task_id: &TaskId| {
            let node = nodes.get(task_id).filter(|node| !node.is_distrusted)?;
            let not_before = not_before.get(task_id).and_then(Option::as_ref);
            // Who signed after his key had left its key set is no witness of that end either.
            let is_possible = |date: &TimeBound| not_before.is_none_or(|bound| bound.at <= date.at);
            node.claim().into_iter().chain(node.epoch_end.clone()).filter(is_possible).min()
        };
        let mut carried = Carried::new(&order.younger, vouches, earliest);
        for (task_id, node) in &nodes {
            let listed = |order: &BTreeMap<&TaskId, BTreeSet<&TaskId>>| -> Vec<TaskId> {
                order.get(*task_id).into_iter().flatten().map(|of| *(*of)).collect()
            };
            let found = SigningBounds {
                after: listed(&order.older),
                before: listed(&order.younger),
                not_before: not_before.get(*task_id).cloned().flatten().map(Box::new),
                not_after: carried.of(task_id, &node.keys).map(Box::new),
            };
            bounds.of_task.insert(*(*task_id), found);
        }
        bounds
    }
}

/// An attested task, as a witness.
struct Node {
    /// The keys that made its sound signatures.
    keys: BTreeSet<KeyId>,
    /// The time that its signature claims, by a key that was trusted then.
    claimed: Option<TimeBound>,
    /// The end of the last epoch of its key.
    epoch_end: Option<TimeBound>,
    /// Whether the operator distrusts its key, worker, pool, image, tree or itself, whenever.
    is_distrusted: bool,
}

impl Node {
    fn of(task: &TaskFacts, book: &RuleBook, ledger: &Ledger, distrust: &[Distrusted], knowledge: Moment) -> Self {
        let task_id = &task.evidence.task_id;
        let mut node = Self {
            keys: BTreeSet::new(),
            claimed: None,
            epoch_end: None,
            is_distrusted: distrust.iter().any(|one| is_distrusted(one, task)),
        };
        let role = task.shape().map(|shape| worker_implementation(&shape.hints, book));
        for facts in task.attestations.values() {
            let Some(signature) = facts.signature.as_ref().filter(|made| made.state == SignatureState::Sound) else {
                continue;
            };
            let Some(key) = &signature.key else { continue };
            node.keys.insert(key.clone());
            let Some(WorkerVote::Agreed(role)) = &role else { continue };
            let bound = |at, basis| TimeBound { at, basis, task_id: *task_id, key: key.clone(), blob: facts.blob };
            let signing_key = signature.signing_key.as_deref();
            let is_trusted_at = |moment: Moment| {
                let clocks = Clocks { key: moment, policy: moment, knowledge };
                matches!(ledger.standing(key, signing_key, role, clocks), Standing::Trusted { .. })
            };
            if let Some(claimed) = signature.claimed_time.filter(|claimed| is_trusted_at(*claimed)) {
                node.claimed = Some(bound(claimed, BoundBasis::ClaimedTime));
            }
            // A signature that claims to be younger than that end was not made before it.
            let fits = |last: &Moment| signature.claimed_time.is_none_or(|claimed| claimed <= *last);
            node.epoch_end = last_second(ledger, key, role)
                .filter(|last| is_trusted_at(*last) && fits(last))
                .map(|last| bound(last, BoundBasis::EpochEnd))
                .or(node.epoch_end);
        }
        node
    }

    fn claim(&self) -> Option<TimeBound> {
        self.claimed.clone()
    }
}

/// The last second of the last epoch of a key for a role, if it has ended.
fn last_second(ledger: &Ledger, key: &KeyId, role: &Role) -> Option<Moment> {
    let accepted = ledger.epochs().filter(|epoch| epoch.key == *key && epoch.role == *role && epoch.basis.is_some());
    // An epoch without an end, and there is none.
    let ends: Option<Vec<Moment>> = accepted.map(|epoch| epoch.until).collect();
    Moment::from_unix(ends?.into_iter().max()?.unix() - 1)
}

/// Which attestation lists which.
#[derive(Default)]
struct Order<'a> {
    older: BTreeMap<&'a TaskId, BTreeSet<&'a TaskId>>,
    younger: BTreeMap<&'a TaskId, BTreeSet<&'a TaskId>>,
}

impl<'a> Order<'a> {
    fn of(facts: &'a Facts, tasks: &BTreeSet<&'a TaskId>) -> Self {
        let mut order = Self::default();
        for task_id in tasks {
            let Some(task) = facts.tasks.get(*task_id) else { continue };
            let Some(log) = task.log.as_ref().filter(|_| attests_its_log(task)) else { continue };
            for logged in &log.log.digests {
                let Some(older) = tasks.get(&logged.task_id) else { continue };
                let is_attestation =
                    facts.tasks.get(*older).is_some_and(|older| has_attestation(older, &logged.sha256));
                if is_attestation && older != task_id {
                    order.older.entry(*task_id).or_default().insert(*older);
                    order.younger.entry(*older).or_default().insert(*task_id);
                }
            }
        }
        order
    }
}

fn has_attestation(task: &TaskFacts, digest: &Digest) -> bool {
    task.attestations.values().any(|facts| facts.blob == *digest)
}

/// Whether the attestation of a task states the digest of its log.
fn attests_its_log(task: &TaskFacts) -> bool {
    let mut claims = task.attestations.values().filter_map(|facts| facts.digests.claims.get(VERIFICATION_LOG));
    claims.any(|claim| claim.state == ClaimState::Agrees)
}

fn latest(dates: &mut [TimeBound]) {
    dates.sort_by(|a, b| (b.at, &b.task_id).cmp(&(a.at, &a.task_id)));
}

fn earliest(dates: &mut [TimeBound]) {
    dates.sort_by(|a, b| (a.at, &a.task_id).cmp(&(b.at, &b.task_id)));
}

/// Carries dates along the order: to each task the best of all before or after it, of several keys.
struct Carried<'a, D> {
    edges: &'a BTreeMap<&'a TaskId, BTreeSet<&'a TaskId>>,
    date: D,
    best_first: fn(&mut [TimeBound]),
    done: BTreeMap<TaskId, Vec<TimeBound>>,
}

impl<'a, D: Fn(&TaskId) -> Option<TimeBound>> Carried<'a, D> {
    fn new(edges: &'a BTreeMap<&'a TaskId, BTreeSet<&'a TaskId>>, date: D, best_first: fn(&mut [TimeBound])) -> Self {
        Self { edges, date, best_first, done: BTreeMap::new() }
    }

    /// The best date by another key than these.
    fn of(&mut self, task_id: &TaskId, keys: &BTreeSet<KeyId>) -> Option<TimeBound> {
        self.settle(task_id);
        self.done.get(task_id)?.iter().find(|date| !keys.contains(&date.key)).cloned()
    }

    /// Works out the dates of a task from those of its neighbours, without recursion: chains can be long.
    fn settle(&mut self, task_id: &TaskId) {
        let mut open = vec![(*task_id, false)];
        let mut entered = BTreeSet::new();
        while let Some((task_id, is_ready)) = open.pop() {
            if self.done.contains_key(&task_id) {
                continue;
            }
            let neighbours: Vec<TaskId> =
                self.edges.get(&task_id).into_iter().flatten().map(|neighbour| *(*neighbour)).collect();
            if is_ready {
                let mut dates: Vec<TimeBound> = Vec::new();
                for neighbour in &neighbours {
                    dates.extend((self.date)(neighbour));
                    dates.extend(self.done.get(neighbour).into_iter().flatten().cloned());
                }
                (self.best_first)(&mut dates);
                let mut of_keys = BTreeSet::new();
                dates.retain(|date| of_keys.len() < DATES_MAX && of_keys.insert(date.key.clone()));
                self.done.insert(task_id, dates);
            } else if entered.insert(task_id) {
                open.push((task_id, true));
                open.extend(neighbours.into_iter().map(|neighbour| (neighbour, false)));
            }
        }
    }
}
