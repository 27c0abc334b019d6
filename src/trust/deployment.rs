//! Which release of scriptworker a pool of workers ran when, and what that means for the keys it held.
//!
//! scriptworker's ed25519 keys are part of its releases: a verifier held those of the release that was deployed on it,
//! in its default configuration, and not those of the newest one.

use serde::Deserialize;

use super::ledger_file::LedgerError;
use crate::model::{KeyEpoch, Moment, Release};

/// The shipped deployments.
const DEPLOYMENTS: (&str, &str) = ("deployments.json", include_str!("deployments.json"));

/// The version of their format.
const DEPLOYMENTS_VERSION: u32 = 1;

/// What ran where, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deployments {
    /// The version of the format: 1.
    pub deployments_version: u32,
    /// What it is and how to read it.
    pub description: String,
    /// The moment up to which the sources were read.
    pub known_until: Moment,
    /// The fleets.
    pub fleets: Vec<Fleet>,
}

/// Worker pools that ran the same release.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fleet {
    /// Its name.
    pub name: String,
    /// The provisioner of its pools.
    pub provisioner: String,
    /// Their worker types.
    pub worker_types: Vec<String>,
    /// Where the worker types are made by rule, TRUST_DOMAIN-LEVEL-KIND with or without a suffix: the kind.
    pub kind: Option<String>,
    /// The longest time, in seconds, that workers took to run what the pin says.
    pub lag_seconds: i64,
    /// Where the pins stand.
    pub source: String,
    /// The pins, by their moment.
    pub pins: Vec<Pin>,
    /// The moment up to which they were read: that of the whole file.
    #[serde(skip)]
    pub known_until: Option<Moment>,
}

/// A release that a fleet's configuration named.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Pin {
    /// When that landed.
    pub landed: Moment,
    /// The release.
    pub release: Release,
    /// The commit.
    pub commit: String,
}

/// What a fleet ran at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deployed<'a> {
    /// The newest pin.
    pub pin: &'a Pin,
    /// While that was still being rolled out: the one before, which a worker could still run.
    pub before: Option<&'a Pin>,
}

/// How quickly workers are taken to run what a pin says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rollout {
    /// The moment it landed.
    AtOnce,
    /// After the fleet's whole lag.
    Late,
}

/// The trust levels in the names of worker types (`t` is for tests).
const LEVELS: [&str; 4] = ["1", "2", "3", "t"];

impl Deployments {
    /// The deployments that cotrace ships.
    ///
    /// # Errors
    ///
    /// If they are broken: then the program was built wrong.
    pub fn shipped() -> Result<Self, LedgerError> {
        let (name, text) = DEPLOYMENTS;
        let error = |why: String| LedgerError { name: name.to_owned(), why };
        let mut deployments: Self = serde_json::from_str(text).map_err(|cause| error(cause.to_string()))?;
        if deployments.deployments_version != DEPLOYMENTS_VERSION {
            return Err(error(format!("its version is not {DEPLOYMENTS_VERSION}")));
        }
        if deployments.fleets.iter().any(|fleet| !fleet.pins.is_sorted_by(|a, b| a.landed < b.landed)) {
            return Err(error("the pins of a fleet are not in their order".to_owned()));
        }
        let known_until = Some(deployments.known_until);
        deployments.fleets.iter_mut().for_each(|fleet| fleet.known_until = known_until);
        Ok(deployments)
    }

    /// The fleet of a worker pool, where it is known.
    pub fn fleet(&self, provisioner: &str, worker_type: &str) -> Option<&Fleet> {
        self.fleets.iter().find(|fleet| fleet.provisioner == provisioner && fleet.has(worker_type))
    }
}

impl Fleet {
    fn has(&self, worker_type: &str) -> bool {
        let parts: Vec<&str> = worker_type.split('-').collect();
        let is_kind = |kind: &str| parts.windows(2).any(|pair| LEVELS.contains(&pair[0]) && pair[1] == kind);
        self.worker_types.iter().any(|known| known == worker_type) || self.kind.as_deref().is_some_and(is_kind)
    }

    /// What it ran at a moment; `None` before its first pin.
    pub fn deployed(&self, moment: Moment) -> Option<Deployed<'_>> {
        let index = self.pins.iter().rposition(|pin| pin.landed <= moment)?;
        let pin = &self.pins[index];
        let is_rolled_out = self.takes_effect(pin, Rollout::Late) <= moment;
        let before = index.checked_sub(1).map(|before| &self.pins[before]).filter(|_| !is_rolled_out);
        Some(Deployed { pin, before })
    }

    /// When a worker of it may begin to run another release: each pin's landing, and when the last worker had followed.
    pub fn break_points(&self) -> impl Iterator<Item = Moment> {
        self.pins.iter().flat_map(|pin| [Rollout::AtOnce, Rollout::Late].map(|rollout| self.takes_effect(pin, rollout)))
    }

    fn takes_effect(&self, pin: &Pin, rollout: Rollout) -> Moment {
        match rollout {
            Rollout::AtOnce => pin.landed,
            Rollout::Late => Moment::from_unix(pin.landed.unix() + self.lag_seconds).unwrap_or(pin.landed),
        }
    }

    /// When the fleet held a key that a ledger gives by release. Before its first pin, that goes by the moments of the
    /// releases, as it does where no fleet is known. What no release tells stays as it is.
    pub(super) fn held(&self, epoch: &KeyEpoch, rollout: Rollout) -> Vec<KeyEpoch> {
        let release = |event: Option<&crate::model::EpochEvent>| event?.release.as_deref()?.parse::<Release>().ok();
        let Some(began) = release(epoch.began.as_ref()) else { return vec![epoch.clone()] };
        let ended = release(epoch.ended.as_ref());
        let lists = |release: &Release| began <= *release && ended.as_ref().is_none_or(|ended| release < ended);
        let mut held: Vec<(Option<Moment>, Option<Moment>)> = Vec::new();
        let first = self.pins.first().map(|pin| self.takes_effect(pin, rollout));
        let until = match (epoch.until, first) {
            (Some(until), Some(first)) => Some(until.min(first)),
            (until, first) => until.or(first),
        };
        if epoch.from.is_none_or(|from| until.is_none_or(|until| from < until)) {
            held.push((epoch.from, until));
        }
        for (index, pin) in self.pins.iter().enumerate().filter(|(_, pin)| lists(&pin.release)) {
            let from = self.takes_effect(pin, rollout);
            let until = self.pins.get(index + 1).map(|next| self.takes_effect(next, rollout));
            match held.last_mut() {
                Some(last) if last.1 == Some(from) => last.1 = until,
                _ => held.push((Some(from), until)),
            }
        }
        held.into_iter().map(|(from, until)| KeyEpoch { from, until, ..epoch.clone() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Clocks, KeyId, Role};
    use crate::trust::{Ledger, LedgerFile, Standing};

    fn at(text: &str) -> Moment {
        text.parse().unwrap()
    }

    #[test]
    fn the_shipped_deployments_can_be_read_and_name_pools() {
        let deployments = Deployments::shipped().unwrap();
        assert_eq!(deployments.fleets.len(), 23);
        let name = |provisioner: &str, worker_type: &str| {
            deployments.fleet(provisioner, worker_type).map(|fleet| fleet.name.as_str())
        };
        assert_eq!(name("scriptworker-prov-v1", "signing-linux-v1"), Some("signing (puppet)"));
        assert_eq!(name("scriptworker-k8s", "gecko-3-signing"), Some("signing (k8s)"));
        assert_eq!(name("scriptworker-k8s", "mobile-1-beetmover-dev"), Some("beetmover (k8s)"));
        assert_eq!(name("scriptworker-k8s", "signing-linux-v1"), None);
        assert_eq!(name("scriptworker-k8s", "gecko-signing"), None);
        assert_eq!(name("aws-provisioner-v1", "gecko-3-b-linux"), None);
    }

    #[test]
    fn a_fleet_runs_what_landed_and_for_its_lag_what_was_before() {
        let deployments = Deployments::shipped().unwrap();
        let signing = deployments.fleet("scriptworker-prov-v1", "signing-linux-v1").unwrap();
        let told = |text: &str| {
            let deployed = signing.deployed(at(text)).unwrap();
            (deployed.pin.release.to_string(), deployed.before.map(|pin| pin.release.to_string()))
        };
        assert_eq!(told("2019-03-08T18:00:52Z"), ("21.0.0".to_owned(), None));
        assert_eq!(told("2019-03-08T18:00:53Z"), ("22.0.0".to_owned(), Some("21.0.0".to_owned())));
        assert_eq!(told("2019-03-08T19:00:52Z"), ("22.0.0".to_owned(), Some("21.0.0".to_owned())));
        assert_eq!(told("2019-03-08T19:00:53Z"), ("22.0.0".to_owned(), None));
        assert_eq!(signing.deployed(at("2016-08-12")), None);
    }

    #[test]
    fn a_key_is_held_from_the_deployment_of_its_release_on() {
        let deployments = Deployments::shipped().unwrap();
        let signing = deployments.fleet("scriptworker-prov-v1", "signing-linux-v1").unwrap();
        let ledgers = LedgerFile::all().unwrap();
        let (file, epoch) = ledgers
            .iter()
            .flat_map(|ledger| ledger.epochs.iter().map(move |epoch| (ledger, epoch)))
            .find(|(_, epoch)| epoch.role == Role::new("docker-worker") && epoch.key.public_key().is_some())
            .unwrap();
        let epoch = file.epoch(epoch, None, Some(crate::model::Basis::Builtin));
        assert_eq!(epoch.from, Some(at("2019-03-07T19:47:30Z")));
        let held = signing.held(&epoch, Rollout::AtOnce);
        assert_eq!(
            held.iter().map(|epoch| (epoch.from, epoch.until)).collect::<Vec<_>>(),
            [(Some(at("2019-03-08T18:00:53Z")), None)]
        );
        let late = signing.held(&epoch, Rollout::Late);
        assert_eq!(late[0].from, Some(at("2019-03-08T19:00:53Z")));
    }

    #[test]
    fn a_rollback_takes_a_key_away_again() {
        let pin = |landed: &str, release: &str| Pin {
            landed: at(landed),
            release: release.parse().unwrap(),
            commit: String::new(),
        };
        let fleet = Fleet {
            name: "test".to_owned(),
            provisioner: "p".to_owned(),
            worker_types: vec!["w".to_owned()],
            kind: None,
            lag_seconds: 10,
            source: String::new(),
            known_until: None,
            pins: vec![
                pin("2020-01-01", "1.0.0"),
                pin("2020-02-01", "2.0.0"),
                pin("2020-03-01", "1.0.1"),
                pin("2020-04-01", "2.0.1"),
                pin("2020-05-01", "3.0.0"),
            ],
        };
        let key = KeyId::ed25519(&[7; 32]);
        let event =
            |release: &str| Some(crate::model::EpochEvent { release: Some(release.to_owned()), ..Default::default() });
        let epoch = KeyEpoch {
            key: key.clone(),
            role: Role::new("docker-worker"),
            from: Some(at("2019-12-01")),
            until: Some(at("2020-04-15")),
            deployments: Vec::new(),
            file: None,
            source: String::new(),
            began: event("2.0.0"),
            ended: event("3.0.0"),
            known_until: None,
            basis: Some(crate::model::Basis::Builtin),
        };
        let mut ledger = Ledger::default();
        ledger.add_epoch(epoch);
        let ledger = ledger.held_by(&fleet, Rollout::AtOnce);
        let is_trusted = |text: &str| {
            let standing = ledger.standing(&key, None, &Role::new("docker-worker"), Clocks::all_at(at(text)));
            matches!(standing, Standing::Trusted { .. })
        };
        let expected = [
            ("2019-11-30", false),
            ("2019-12-31", true),
            ("2020-01-01", false),
            ("2020-02-01", true),
            ("2020-03-01", false),
            ("2020-04-30T23:59:59Z", true),
            ("2020-05-01", false),
        ];
        for (moment, trusted) in expected {
            assert_eq!(is_trusted(moment), trusted, "{moment}");
        }
    }
}
