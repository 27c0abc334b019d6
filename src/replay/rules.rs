//! Which rule book judges a target.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::chain::{Mode, WorkerVote, worker_implementation};
use crate::judge::{MomentOfJudgement, ran_at};
use crate::model::{Facts, Form, Moment, Release, Role, TaskFacts, TaskId};
use crate::rules::{RuleBook, RuleBookError, latest, newest_at, releases};
use crate::trust::Deployments;

/// The last release that read OpenPGP attestations (its changelog: 23.0.0 does not).
const LAST_OPENPGP: &str = "22.1.0";

/// By which rules to judge.
#[derive(Debug, Clone)]
pub enum RuleChoice {
    /// Those that were in force when the target ran.
    Then,
    /// One rule book for all.
    One(Arc<RuleBook>),
}

impl RuleChoice {
    /// The word for it: `then`, or the book's id.
    pub fn word(&self) -> &str {
        match self {
            Self::Then => "then",
            Self::One(book) => &book.id,
        }
    }

    /// What tells one choice from another.
    pub(super) fn digest(&self) -> Vec<u8> {
        match self {
            Self::Then => b"then".to_vec(),
            Self::One(book) => book.digest.bytes().to_vec(),
        }
    }
}

/// The rules of a target.
#[derive(Debug, Clone)]
pub(super) struct RulesOfTarget {
    pub(super) book: Arc<RuleBook>,
    /// Why these; and whose behaviour they are, where that is another release's.
    pub(super) basis: String,
}

impl RulesOfTarget {
    fn new(book: Arc<RuleBook>, why: &str) -> Self {
        let behaviour = book.behaviour().map(|behaviour| format!("; {behaviour}")).unwrap_or_default();
        Self { book, basis: format!("{why}{behaviour}") }
    }
}

/// The rule book that examination goes by, and everything else for which no release counts: it knows every provisioner of
/// scriptworkers that there ever was.
pub(super) fn examination_book() -> Result<RuleBook, RuleBookError> {
    RuleBook::named("signatures")
}

/// The rules of some targets.
pub(super) fn rules_of(
    choice: &RuleChoice,
    targets: &[TaskId],
    facts: &Facts,
    deployments: &Deployments,
    mode: Mode,
) -> Result<Vec<RulesOfTarget>, RuleBookError> {
    let mut books: BTreeMap<Release, Arc<RuleBook>> = BTreeMap::new();
    let mut found = Vec::with_capacity(targets.len());
    let known_to_all = examination_book()?;
    for target in targets {
        let rules = match choice {
            RuleChoice::One(book) => RulesOfTarget::new(Arc::clone(book), "requested"),
            RuleChoice::Then => {
                let (release, basis) = release_of(facts.tasks.get(target), &known_to_all, deployments, mode);
                let book = match books.get(&release) {
                    Some(book) => Arc::clone(book),
                    None => {
                        let unknown = || RuleBookError::Unknown { id: release.to_string() };
                        let book = Arc::new(RuleBook::of_release(&release).ok_or_else(unknown)??);
                        books.insert(release, Arc::clone(&book));
                        book
                    }
                };
                RulesOfTarget::new(book, &basis)
            }
        };
        found.push(rules);
    }
    Ok(found)
}

/// The release that judged a target, or would have, and why it is taken for that.
fn release_of(
    task: Option<&TaskFacts>,
    known_to_all: &RuleBook,
    deployments: &Deployments,
    mode: Mode,
) -> (Release, String) {
    let Some((task, shape)) = task.and_then(|task| Some((task, task.shape()?))) else {
        let newest = latest().cloned().unwrap_or_else(known_to_all_release);
        return (newest, "nothing tells when the target ran: the newest release".to_owned());
    };
    let by_scriptworker =
        worker_implementation(&shape.hints, known_to_all) == WorkerVote::Agreed(Role::new("scriptworker"));
    let moment = match ran_at(task, by_scriptworker, mode) {
        MomentOfJudgement::At(moment, _) | MomentOfJudgement::Between(moment, _) => moment,
        MomentOfJudgement::Unknown => return by_form(task),
    };
    let hints = &shape.hints;
    let pool = hints.provisioner_id.as_deref().zip(hints.worker_type.as_deref()).filter(|_| by_scriptworker);
    let fleet = pool.and_then(|(provisioner, worker_type)| deployments.fleet(provisioner, worker_type));
    let deployed = fleet.and_then(|fleet| Some((fleet, fleet.deployed(moment)?)));
    if let Some((fleet, deployed)) = deployed {
        let before = deployed.before.map(|before| format!(", or still {}", before.release)).unwrap_or_default();
        let basis = format!("deployed on {} at {moment}{before}", fleet.name);
        let known = clamped(&deployed.pin.release);
        if known != deployed.pin.release {
            let pinned = &deployed.pin.release;
            return (known, format!("{basis}: {pinned}, of whose tables these are the nearest that are known"));
        }
        return (known, basis);
    }
    by_date(moment)
}

/// Where nothing tells when a target ran: the newest release, or the newest that read the form of its attestation.
fn by_form(task: &TaskFacts) -> (Release, String) {
    let has = |form| task.attestations.contains_key(&form);
    if has(Form::Openpgp) && !has(Form::Ed25519) {
        let last =
            releases().iter().rev().map(|known| &known.release).find(|release| release.to_string() == LAST_OPENPGP);
        if let Some(release) = last {
            let basis = "nothing tells when the target ran: the newest release that read OpenPGP attestations";
            return (release.clone(), basis.to_owned());
        }
    }
    let newest = latest().cloned().unwrap_or_else(known_to_all_release);
    (newest, "nothing tells when the target ran: the newest release".to_owned())
}

/// The newest release at a moment.
fn by_date(moment: Moment) -> (Release, String) {
    match newest_at(moment) {
        Some(release) => {
            let undated = releases().iter().filter(|known| known.tagged.is_none() && known.release > *release).count();
            let is_last = releases().iter().rev().find(|known| known.tagged.is_some()).map(|known| &known.release);
            // Only after the last release whose date is known can one of the others have been out.
            let later = if is_last == Some(release) && undated > 0 {
                format!("; {undated} later ones, of unknown dates, may have been out")
            } else {
                String::new()
            };
            (release.clone(), format!("the newest release at {moment}{later}"))
        }
        None => {
            let first = releases().first().map_or_else(known_to_all_release, |known| known.release.clone());
            (first, format!("the first release that verified chains; at {moment} there was none"))
        }
    }
}

/// A release whose tables are known: deployments can name newer ones than the tables.
fn clamped(release: &Release) -> Release {
    let known = releases().iter().rev().map(|known| &known.release).find(|known| *known <= release);
    known.or_else(|| releases().first().map(|known| &known.release)).cloned().unwrap_or_else(known_to_all_release)
}

/// Where the shipped list of releases is broken, which a test rules out.
fn known_to_all_release() -> Release {
    RuleBook::read_in_full().pop().unwrap_or_default()
}
