//! Which rule book judges a target.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::{Form, Moment, Release, TaskFacts};
use crate::rules::{RuleBook, RuleBookError, latest, newest_at, releases};
use crate::trust::{Fleet, Rollout};

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

/// The rule books that targets of one request can need, each made once.
pub(super) struct RuleShelf<'a> {
    choice: &'a RuleChoice,
    books: Mutex<BTreeMap<Release, Arc<RuleBook>>>,
}

impl<'a> RuleShelf<'a> {
    /// By what was asked for.
    pub(super) const fn new(choice: &'a RuleChoice) -> Self {
        Self { choice, books: Mutex::new(BTreeMap::new()) }
    }

    /// The rules of a target that ran at a moment: those of the release that was deployed on its fleet, or the one before
    /// for who had not followed yet; else of the newest release then. `None`: nothing tells the moment.
    ///
    /// # Errors
    ///
    /// If what ships is broken.
    pub(super) fn rules(
        &self,
        task: Option<&TaskFacts>,
        fleet: Option<&Fleet>,
        moment: Option<Moment>,
        rollout: Rollout,
    ) -> Result<RulesOfTarget, RuleBookError> {
        let (release, basis) = match (self.choice, moment) {
            (RuleChoice::One(book), _) => return Ok(RulesOfTarget::new(Arc::clone(book), "requested")),
            (RuleChoice::Then, None) => by_form(task),
            (RuleChoice::Then, Some(moment)) => {
                fleet.and_then(|fleet| by_deployment(fleet, moment, rollout)).unwrap_or_else(|| by_date(moment))
            }
        };
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let book = match books.get(&release) {
            Some(book) => Arc::clone(book),
            None => {
                let unknown = || RuleBookError::Unknown { id: release.to_string() };
                let book = Arc::new(RuleBook::of_release(&release).ok_or_else(unknown)??);
                books.insert(release, Arc::clone(&book));
                book
            }
        };
        Ok(RulesOfTarget::new(book, &basis))
    }

    /// The moments between two others at which the rules can be others than just before.
    pub(super) fn break_points(&self, fleet: Option<&Fleet>, from: Moment, until: Moment) -> BTreeSet<Moment> {
        if matches!(self.choice, RuleChoice::One(_)) {
            return BTreeSet::new();
        }
        let of_fleet = fleet.into_iter().flat_map(Fleet::break_points);
        let tagged = releases().iter().filter_map(|known| known.tagged);
        // A fleet goes by the dates of releases before its first pin alone.
        let first = fleet.and_then(|fleet| fleet.break_points().next());
        let tagged = tagged.filter(|tagged| first.is_none_or(|first| *tagged < first));
        of_fleet.chain(tagged).filter(|point| from < *point && *point < until).collect()
    }
}

/// The release that a fleet ran at a moment; `None` before its first.
fn by_deployment(fleet: &Fleet, moment: Moment, rollout: Rollout) -> Option<(Release, String)> {
    let deployed = fleet.deployed(moment)?;
    let newest = &deployed.pin.release;
    let (pinned, basis) = match (deployed.before, rollout) {
        (Some(before), Rollout::Late) => {
            (&before.release, format!("still on some of {} at {moment}, while {newest} was rolled out", fleet.name))
        }
        (before, _) => {
            let before = before.map(|before| format!(", or still {}", before.release)).unwrap_or_default();
            (newest, format!("deployed on {} at {moment}{before}", fleet.name))
        }
    };
    let known = clamped(pinned);
    if known != *pinned {
        let basis = format!("{basis}: {pinned}, of whose tables these are the nearest that are known");
        return Some((known, basis));
    }
    Some((known, basis))
}

/// Where nothing tells when a target ran: the newest release, or the newest that read the form of its attestation.
fn by_form(task: Option<&TaskFacts>) -> (Release, String) {
    let has = |form| task.is_some_and(|task| task.attestations.contains_key(&form));
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
