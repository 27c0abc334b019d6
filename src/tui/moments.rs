//! What happened when: the events that a moment of judgement can be moved along.

use std::sync::Arc;

use super::catalog::Catalog;
use super::message::TargetLine;
use super::session::Session;
use super::text::plain;
use crate::model::{KeyEpoch, KeyReport, KeyStory, Moment, Validity};
use crate::rules::releases;
use crate::trust::{Deployments, Fleet};

const DAY_SECONDS: i64 = 86_400;

/// How far from the present an event may be to count for the span that is seen at first: captured times can be any.
const YEARS_BACK: i64 = 30;
const YEARS_ON: i64 = 10;

/// The rows of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    Keys,
    Rules,
    Runs,
    Signatures,
}

impl Lane {
    /// In their order.
    pub(super) const ALL: [Self; 4] = [Self::Keys, Self::Rules, Self::Runs, Self::Signatures];

    /// The word before its row.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Rules => "rules",
            Self::Runs => "runs",
            Self::Signatures => "signed",
        }
    }
}

/// What happened, by places in lists: words are made for the few that are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// An epoch begins: of a story, its place among the epochs.
    Begins(u32, u32),
    /// An epoch ends.
    Ends(u32, u32),
    /// From then on the certificate of a story says this of one of its keys.
    Certificate(u32, Validity),
    /// A key of a story was revoked, as the revocation claims.
    Revoked(u32),
    /// Something else from which on a key can stand otherwise.
    Other,
    /// A release of scriptworker, by its place.
    Released(u32),
    /// A fleet's configuration names another release: fleet and pin.
    Deployed(u32, u32),
    /// The run of a task starts, by its place in the catalog.
    Started(u32),
    /// A target was judged, by its place.
    Judged(u32),
    /// A signature, by story and use.
    Signed(u32, u32),
}

impl What {
    /// Its symbol, and that in ASCII.
    pub(super) const fn symbol(self) -> (&'static str, &'static str) {
        match self {
            Self::Begins(..) => ("▲", "^"),
            Self::Ends(..) => ("▼", "v"),
            Self::Certificate(_, Validity::Valid) => ("△", "'"),
            Self::Certificate(..) => ("▽", ","),
            Self::Revoked(_) => ("✘", "x"),
            Self::Other => ("·", "."),
            Self::Released(_) => ("◆", "r"),
            Self::Deployed(..) => ("◇", "d"),
            Self::Started(_) => ("○", "o"),
            Self::Judged(_) => ("●", "*"),
            Self::Signed(..) => ("●", "*"),
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Happened {
    pub(super) at: Moment,
    pub(super) what: What,
}

/// Everything that happened, a list for each lane, each in the order of time.
#[derive(Debug, Default)]
pub(super) struct Moments {
    lanes: [Vec<Happened>; 4],
    fleets: Vec<Fleet>,
    /// The latest moment at which a target was judged.
    pub(super) judged_last: Option<Moment>,
}

/// What the moments are made of.
#[derive(Debug, Clone)]
pub(super) struct MadeOf {
    pub(super) catalog: Arc<Catalog>,
    pub(super) targets: Arc<Vec<TargetLine>>,
    pub(super) keys: Option<Arc<KeyReport>>,
    pub(super) key_changes: Arc<Vec<Moment>>,
}

impl MadeOf {
    /// Whether another would give the same.
    pub(super) fn is(&self, other: &Self) -> bool {
        let same_keys = match (&self.keys, &other.keys) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        same_keys && Arc::ptr_eq(&self.catalog, &other.catalog) && Arc::ptr_eq(&self.targets, &other.targets)
    }
}

impl Moments {
    /// Gathers and sorts them.
    pub(super) fn of(from: &MadeOf) -> Self {
        let (rules, fleets) = rule_changes(&from.catalog);
        let keys = key_changes(from.keys.as_deref(), &from.key_changes);
        let mut lanes = [keys, rules, runs(&from.catalog, &from.targets), signatures(from.keys.as_deref())];
        for lane in &mut lanes {
            lane.sort_by_key(|happened| happened.at);
        }
        let judged_last = from.targets.iter().filter_map(|target| target.judged_at).max();
        Self { lanes, fleets, judged_last }
    }

    fn lane(&self, lane: Lane) -> &[Happened] {
        let at = match lane {
            Lane::Keys => 0,
            Lane::Rules => 1,
            Lane::Runs => 2,
            Lane::Signatures => 3,
        };
        &self.lanes[at]
    }

    /// What happened in a lane from one moment until before another.
    pub(super) fn between(&self, lane: Lane, from: Moment, until: Moment) -> &[Happened] {
        let lane = self.lane(lane);
        let begin = lane.partition_point(|happened| happened.at < from);
        let end = lane.partition_point(|happened| happened.at < until);
        lane.get(begin..end).unwrap_or(&[])
    }

    /// What happened in some lanes at one moment.
    pub(super) fn at<'a>(&'a self, lanes: &'a [Lane], moment: Moment) -> impl Iterator<Item = Happened> + 'a {
        lanes.iter().flat_map(move |lane| {
            let lane = self.lane(*lane);
            let begin = lane.partition_point(|happened| happened.at < moment);
            lane[begin..].iter().take_while(move |happened| happened.at == moment).copied()
        })
    }

    /// The next moment at which something happened in some lanes.
    pub(super) fn after(&self, lanes: &[Lane], moment: Moment) -> Option<Moment> {
        let next = lanes.iter().filter_map(|lane| {
            let lane = self.lane(*lane);
            lane.get(lane.partition_point(|happened| happened.at <= moment)).map(|happened| happened.at)
        });
        next.min()
    }

    /// The last moment before another at which something happened in some lanes.
    pub(super) fn before(&self, lanes: &[Lane], moment: Moment) -> Option<Moment> {
        let last = lanes.iter().filter_map(|lane| {
            let lane = self.lane(*lane);
            let before = lane.partition_point(|happened| happened.at < moment).checked_sub(1)?;
            lane.get(before).map(|happened| happened.at)
        });
        last.max()
    }

    /// From the first event to the last, or the present: those within some years of it alone. What merely became known
    /// stretches it no further.
    pub(super) fn span(&self, now: Moment) -> (Moment, Moment) {
        let year = DAY_SECONDS * 366;
        let shifted = |years: i64| Moment::from_unix(now.unix().saturating_add(years * year)).unwrap_or(now);
        let (least, most) = (shifted(-YEARS_BACK), shifted(YEARS_ON));
        let is_named = |happened: &&Happened| happened.what != What::Other;
        let lanes = Lane::ALL.map(|lane| self.between(lane, least, most));
        let first = lanes.iter().filter_map(|lane| lane.iter().find(is_named)).map(|happened| happened.at).min();
        let last = lanes.iter().filter_map(|lane| lane.iter().rfind(is_named)).map(|happened| happened.at).max();
        (first.unwrap_or(now).min(now), last.unwrap_or(now).max(now))
    }

    /// An event in words. Already neutralised.
    pub(super) fn words(&self, what: What, session: &Session) -> String {
        let story = |place: u32| session.keys.as_deref().and_then(|keys| keys.keys.get(place as usize));
        let named = |story: Option<&KeyStory>| story.map_or_else(String::new, |story| plain(story.key.short()));
        let epoch_told = |place: u32, of: u32, how: &str| {
            let story = story(place);
            let epoch = story.and_then(|story| story.epochs.get(of as usize));
            let told = epoch.map_or_else(String::new, |epoch| {
                format!(" of {}: epoch {how} ({})", plain(epoch.role.as_str()), plain(&epoch.source))
            });
            format!("key {}{told}", named(story))
        };
        match what {
            What::Begins(place, of) => epoch_told(place, of, "begins"),
            What::Ends(place, of) => epoch_told(place, of, "ends"),
            What::Certificate(place, validity) => {
                format!("key {}: its certificate says {} from here on", named(story(place)), validity.word())
            }
            What::Revoked(place) => format!("key {}: revoked, as it says itself", named(story(place))),
            What::Other => "what is known of keys, or which algorithms count, changes".to_owned(),
            What::Released(place) => match releases().get(place as usize) {
                Some(known) => format!("scriptworker {} is tagged: its rule book from here on", known.release),
                None => String::new(),
            },
            What::Deployed(fleet, pin) => {
                let told =
                    self.fleets.get(fleet as usize).and_then(|fleet| Some((fleet, fleet.pins.get(pin as usize)?)));
                told.map_or_else(String::new, |(fleet, pin)| {
                    format!("{} gets scriptworker {}", plain(&fleet.name), pin.release)
                })
            }
            What::Started(place) => {
                let title = session.catalog.task_id(place as usize).map_or("", |task_id| session.title(task_id));
                format!("{} starts", plain(title))
            }
            What::Judged(place) => {
                let title = session.targets.get(place as usize).map_or("", |target| session.title(&target.task_id));
                format!("{} was judged", plain(title))
            }
            What::Signed(place, of) => {
                let story = story(place);
                let made = story.and_then(|story| story.uses.get(of as usize));
                let told = made.map_or_else(String::new, |made| {
                    let word = if made.claimed_time.is_some() { "claims to sign" } else { "signs" };
                    format!(" {word} {}", plain(session.title(&made.task_id)))
                });
                format!("key {}{told}", named(story))
            }
        }
    }
}

fn key_changes(keys: Option<&KeyReport>, changes: &[Moment]) -> Vec<Happened> {
    let mut found = Vec::new();
    for (place, story) in keys.into_iter().flat_map(|keys| &keys.keys).enumerate() {
        let place = place as u32;
        for (of, epoch) in story.epochs.iter().enumerate() {
            // One period can be told by several sources.
            if !is_told_before(&story.epochs[..of], epoch, |epoch| epoch.from) {
                found.extend(epoch.from.map(|at| Happened { at, what: What::Begins(place, of as u32) }));
            }
            if !is_told_before(&story.epochs[..of], epoch, |epoch| epoch.until) {
                found.extend(epoch.until.map(|at| Happened { at, what: What::Ends(place, of as u32) }));
            }
        }
        let mut told = Vec::new();
        for key in story.certificates.iter().flat_map(|seen| &seen.certificate.keys) {
            let steps = key.eras.first().into_iter().flat_map(|era| &era.steps);
            let steps = steps.map(|step| Happened { at: step.from, what: What::Certificate(place, step.validity) });
            let revoked = key.revocations.iter().filter_map(|revocation| revocation.made);
            let revoked = revoked.map(|at| Happened { at, what: What::Revoked(place) });
            told.extend(steps.chain(revoked));
        }
        told.sort_by_key(|happened| happened.at);
        told.dedup();
        found.append(&mut told);
    }
    let named: std::collections::BTreeSet<Moment> = found.iter().map(|happened| happened.at).collect();
    let others = changes.iter().filter(|change| !named.contains(*change));
    found.extend(others.map(|change| Happened { at: *change, what: What::Other }));
    found
}

/// Whether an epoch before says the same of a role's begin or end.
fn is_told_before(before: &[KeyEpoch], epoch: &KeyEpoch, when: impl Fn(&KeyEpoch) -> Option<Moment>) -> bool {
    before.iter().any(|other| other.role == epoch.role && when(other) == when(epoch))
}

/// The releases, and what the fleets ran that have tasks here.
fn rule_changes(catalog: &Catalog) -> (Vec<Happened>, Vec<Fleet>) {
    let tagged = releases()
        .iter()
        .enumerate()
        .filter_map(|(place, known)| known.tagged.map(|at| Happened { at, what: What::Released(place as u32) }));
    let mut found: Vec<Happened> = tagged.collect();
    let mut fleets: Vec<Fleet> = Vec::new();
    if let Ok(deployments) = Deployments::shipped() {
        for pool in catalog.pools() {
            let fleet = pool.split_once('/').and_then(|(provisioner, kind)| deployments.fleet(provisioner, kind));
            if let Some(fleet) = fleet
                && !fleets.contains(fleet)
            {
                fleets.push(fleet.clone());
            }
        }
    }
    for (place, fleet) in fleets.iter().enumerate() {
        let pins = fleet.pins.iter().enumerate();
        found.extend(pins.map(|(of, pin)| Happened { at: pin.landed, what: What::Deployed(place as u32, of as u32) }));
    }
    (found, fleets)
}

fn runs(catalog: &Catalog, targets: &[TargetLine]) -> Vec<Happened> {
    let judged = targets
        .iter()
        .enumerate()
        .filter_map(|(place, target)| target.judged_at.map(|at| Happened { at, what: What::Judged(place as u32) }));
    let mut found: Vec<Happened> = judged.collect();
    let mut target = 0;
    for place in 0..catalog.len() {
        let (Some(task_id), Some(started)) = (catalog.task_id(place), catalog.started(place)) else { continue };
        // Both are ordered by id.
        while targets.get(target).is_some_and(|target| target.task_id < *task_id) {
            target += 1;
        }
        let of = targets.get(target).filter(|target| target.task_id == *task_id);
        // A scriptworker was judged when it started: that is told once.
        if of.is_none_or(|target| target.judged_at != Some(started)) {
            found.push(Happened { at: started, what: What::Started(place as u32) });
        }
    }
    found
}

fn signatures(keys: Option<&KeyReport>) -> Vec<Happened> {
    let mut found = Vec::new();
    for (place, story) in keys.into_iter().flat_map(|keys| &keys.keys).enumerate() {
        for (of, made) in story.uses.iter().enumerate() {
            let at = made.claimed_time.or_else(|| made.about());
            found.extend(at.map(|at| Happened { at, what: What::Signed(place as u32, of as u32) }));
        }
    }
    found
}

/// So many seconds in words.
pub(super) fn told_seconds(seconds: i64) -> String {
    let told = |number: i64, unit: &str| format!("{number} {unit}{}", if number == 1 { "" } else { "s" });
    match seconds.abs() {
        seconds @ 0..120 => told(seconds, "second"),
        seconds @ 120..7_200 => told(seconds / 60, "minute"),
        seconds @ 7_200..172_800 => told(seconds / 3_600, "hour"),
        seconds => told(seconds / DAY_SECONDS, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_the_unit_that_fits() {
        assert_eq!(
            [0, 1, 7_199, 7_200, 86_400 * 3].map(told_seconds),
            ["0 seconds", "1 second", "119 minutes", "2 hours", "3 days"]
        );
    }
}
