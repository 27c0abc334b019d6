//! The key ledger of a replay: epochs, and the certificates behind them.

use std::collections::{BTreeMap, BTreeSet};

use super::deployment::{Fleet, Rollout};
use crate::model::{
    Basis, Certificate, CertificateKey, Clocks, Digest, Form, KeyEpoch, KeyId, Moment, Revocation, Role, Validity,
};

/// How a key stands for a role at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Trusted.
    Trusted {
        /// On these words.
        bases: BTreeSet<Basis>,
        /// Where no source knows the moment itself: the moment up to which the latest of them does.
        last_known: Option<Moment>,
    },
    /// Nobody accepted it.
    NotAccepted,
    /// Accepted, for these roles only.
    OtherRoles(Vec<Role>),
    /// Accepted for the role, in other intervals only.
    NotInForce {
        /// The intervals.
        intervals: Vec<(Option<Moment>, Option<Moment>)>,
        /// What its certificate says besides, where it does not make the key valid, and since when.
        validity: Option<(Validity, Option<Moment>)>,
    },
    /// In force, but with another file's certificate than any that is known.
    OtherVariant,
    /// Accepted and in force, but its certificate says otherwise.
    NotValid {
        /// What it says.
        validity: Validity,
        /// Since when; of a key that was not yet created, until when; `None` of a revocation that counts always.
        moment: Option<Moment>,
    },
}

/// A certificate as one file holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Variant {
    certificate: Certificate,
    file: Digest,
    /// Since when the file has been known; `None`: always.
    known_since: Option<Moment>,
}

/// Key epochs and certificates.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    epochs: BTreeMap<KeyId, Vec<KeyEpoch>>,
    certificates: BTreeMap<KeyId, Vec<Variant>>,
    behind: BTreeMap<(Role, KeyId), String>,
}

impl Ledger {
    /// Notes that a key file lists a key of a role after one that can't be read, and what is to be told of that one.
    pub fn add_behind(&mut self, role: &Role, key: &KeyId, told: &str) {
        self.behind.entry((role.clone(), key.clone())).or_insert_with(|| told.to_owned());
    }

    /// The key that can't be read and stands before this one in the list that an operator accepted for the role.
    pub fn behind(&self, role: &Role, key: &KeyId) -> Option<&str> {
        self.behind.get(&(role.clone(), key.clone())).map(String::as_str)
    }

    /// Adds an epoch, once.
    pub fn add_epoch(&mut self, epoch: KeyEpoch) {
        let of_key = self.epochs.entry(epoch.key.clone()).or_default();
        if !of_key.contains(&epoch) {
            of_key.push(epoch);
        }
    }

    /// Adds a certificate as a file holds it, which has been known since a moment. Several variants of one are all kept:
    /// each counts in the epochs of its file alone, but a revocation counts wherever it stands.
    pub fn add_certificate(&mut self, certificate: Certificate, file: Digest, known_since: Option<Moment>) {
        let variants = self.certificates.entry(certificate.key.clone()).or_default();
        match variants.iter_mut().find(|known| known.file == file && known.certificate == certificate) {
            // `None` is before every moment.
            Some(known) => known.known_since = known.known_since.min(known_since),
            None => variants.push(Variant { certificate, file, known_since }),
        }
    }

    /// What counts of it at a deployment, on some bases: other epochs are as if nobody had accepted them.
    pub fn narrowed(&self, root_url: Option<&str>, bases: &BTreeSet<Basis>) -> Self {
        let mut narrowed = self.clone();
        for epoch in narrowed.epochs.values_mut().flatten() {
            epoch.basis = epoch.basis.filter(|basis| bases.contains(basis) && epoch.is_of(root_url));
        }
        narrowed
    }

    /// What a fleet held: the keys of releases from their deployment on it to that of a release without them.
    pub fn held_by(&self, fleet: &Fleet, rollout: Rollout) -> Self {
        let mut held =
            Self { epochs: BTreeMap::new(), certificates: self.certificates.clone(), behind: self.behind.clone() };
        self.epochs().flat_map(|epoch| fleet.held(epoch, rollout)).for_each(|epoch| held.add_epoch(epoch));
        held
    }

    /// Whether the keys in force at a moment are others than those of another ledger.
    pub fn differs_at(&self, other: &Self, moment: Moment) -> bool {
        let in_force = |ledger: &Self| -> BTreeSet<(Role, KeyId, Option<Basis>)> {
            let in_force = ledger.epochs().filter(|epoch| epoch.contains(moment));
            in_force.map(|epoch| (epoch.role.clone(), epoch.key.clone(), epoch.basis)).collect()
        };
        in_force(self) != in_force(other)
    }

    /// The epochs, by key.
    pub fn epochs(&self) -> impl Iterator<Item = &KeyEpoch> {
        self.epochs.values().flatten()
    }

    /// The certificates of a key, each with the file that holds it and since when that has been known.
    pub fn certificates(&self, key: &KeyId) -> impl Iterator<Item = (&Certificate, Digest, Option<Moment>)> {
        let variants = self.certificates.get(key).into_iter().flatten();
        variants.map(|variant| (&variant.certificate, variant.file, variant.known_since))
    }

    /// Every key with an epoch or a certificate.
    pub fn keys(&self) -> BTreeSet<&KeyId> {
        self.epochs.keys().chain(self.certificates.keys()).collect()
    }

    /// A file that holds a certificate.
    pub fn file(&self, key: &KeyId) -> Option<Digest> {
        self.certificates(key).map(|(_, file, _)| file).min()
    }

    /// The accepted keys of a role.
    pub fn accepted(&self, role: &Role) -> BTreeSet<&KeyId> {
        let of_role = self.epochs().filter(|epoch| epoch.role == *role && epoch.basis.is_some());
        of_role.map(|epoch| &epoch.key).collect()
    }

    /// Whether a key is accepted for a role, whenever.
    pub fn is_accepted(&self, key: &KeyId, role: &Role) -> bool {
        self.epochs().any(|epoch| epoch.key == *key && epoch.role == *role && epoch.basis.is_some())
    }

    /// Whether the keys of a role are known at a moment for a form of attestation, so that a key that is not among them
    /// can be refused: somebody accepted one, and the source knows of that moment.
    pub fn has_accepted(&self, role: &Role, form: Form, moment: Moment) -> bool {
        self.epochs().any(|epoch| {
            let is_of_form = match form {
                Form::Ed25519 => epoch.key.public_key().is_some(),
                Form::Openpgp => epoch.key.fingerprint().is_some(),
            };
            let knows = epoch.known_until.is_none_or(|known| moment < known);
            epoch.role == *role && epoch.basis.is_some() && is_of_form && knows
        })
    }

    /// The key whose fingerprint ends like the issuer that a signature names, where the ledger knows of it.
    pub fn issued_by(&self, issuer: &str) -> Option<&KeyId> {
        let issuer = issuer.to_ascii_uppercase();
        let names = |key: &&KeyId| key.fingerprint().is_some_and(|known| known.ends_with(&issuer));
        if issuer.is_empty() { None } else { self.epochs.keys().find(names) }
    }

    /// How a key stands for a role. `signing_key` is the fingerprint of the OpenPGP key or subkey that made a signature.
    pub fn standing(&self, key: &KeyId, signing_key: Option<&str>, role: &Role, clocks: Clocks) -> Standing {
        let accepted = || self.epochs.get(key).into_iter().flatten().filter(|epoch| epoch.basis.is_some());
        let of_role: Vec<&KeyEpoch> = accepted().filter(|epoch| epoch.role == *role).collect();
        if of_role.is_empty() {
            let others: BTreeSet<&Role> = accepted().map(|epoch| &epoch.role).collect();
            return if others.is_empty() {
                Standing::NotAccepted
            } else {
                Standing::OtherRoles(others.into_iter().cloned().collect())
            };
        }
        let validity = |epoch: &&KeyEpoch| match signing_key {
            Some(fingerprint) => self.validity(key, fingerprint, epoch.file, clocks),
            None => Some((Validity::Valid, None)),
        };
        let in_force: Vec<&KeyEpoch> = of_role.iter().filter(|epoch| epoch.contains(clocks.key)).copied().collect();
        if in_force.is_empty() {
            let intervals: BTreeSet<_> = of_role.iter().map(|epoch| (epoch.from, epoch.until)).collect();
            let found: Vec<_> = of_role.iter().filter_map(validity).collect();
            let validity = worst_of(&found).filter(|(validity, _)| *validity != Validity::Valid);
            return Standing::NotInForce { intervals: intervals.into_iter().collect(), validity };
        }
        let valid: Vec<&&KeyEpoch> =
            in_force.iter().filter(|epoch| matches!(validity(epoch), Some((Validity::Valid, _)))).collect();
        if !valid.is_empty() {
            let knows = valid.iter().any(|epoch| epoch.known_until.is_none_or(|known| clocks.key < known));
            let last_known = valid.iter().filter_map(|epoch| epoch.known_until).max().filter(|_| !knows);
            return Standing::Trusted { bases: valid.iter().filter_map(|epoch| epoch.basis).collect(), last_known };
        }
        let found: Vec<_> = in_force.iter().filter_map(validity).collect();
        worst_of(&found).map_or(Standing::OtherVariant, |(validity, moment)| Standing::NotValid { validity, moment })
    }

    /// The validity of a certificate's key, as a file has it; `None` where that file is not known. A revocation counts
    /// from whichever variant of the certificate, as soon as it was known: a hard one at every key time, a soft one
    /// (retired, superseded) only for what came after it.
    fn validity(
        &self,
        key: &KeyId,
        fingerprint: &str,
        file: Option<Digest>,
        clocks: Clocks,
    ) -> Option<(Validity, Option<Moment>)> {
        let variants = || self.certificates.get(key).into_iter().flatten();
        let keys = |variant: &Variant| {
            let keys = variant.certificate.keys.iter().filter(|key| key.fingerprint == fingerprint);
            keys.cloned().collect::<Vec<CertificateKey>>()
        };
        let of_file = variants().filter(|variant| file.is_none_or(|file| variant.file == file));
        let found: Vec<_> = of_file.flat_map(keys).map(|key| key.validity(clocks.key, clocks.policy)).collect();
        if found.is_empty() {
            return None;
        }
        let known = variants().filter(|variant| variant.known_since.is_none_or(|since| since <= clocks.knowledge));
        let revocations: Vec<Revocation> = known.flat_map(keys).flat_map(|key| key.revocations).collect();
        let rejecting = revocations.iter().filter(|revocation| revocation.rejects(clocks.key));
        // A hard one first: it has no beginning.
        let rejecting = rejecting.min_by_key(|revocation| (!revocation.is_hard, revocation.made));
        match rejecting {
            Some(revocation) => Some((Validity::Revoked, revocation.made.filter(|_| !revocation.is_hard))),
            None => found.iter().find(|(validity, _)| *validity == Validity::Valid).or(found.first()).copied(),
        }
    }

    /// What a certificate says of its key's dates at a moment, leaving revocations and algorithms aside: the best over its
    /// variants. `None` where none is known.
    pub fn own_dates(&self, key: &KeyId, fingerprint: &str, moment: Moment) -> Option<(Validity, Option<Moment>)> {
        let keys = self.certificates(key).flat_map(|(certificate, ..)| &certificate.keys);
        let oldest = Moment::from_unix(0).unwrap_or(moment);
        let found: Vec<_> =
            keys.filter(|key| key.fingerprint == fingerprint).map(|key| key.validity(moment, oldest)).collect();
        found.iter().find(|(validity, _)| *validity == Validity::Valid).or(found.first()).copied()
    }

    /// A revocation that would reject a signature of the key and was not yet known, with the moment since when it is.
    pub fn later_revocation(&self, key: &KeyId, fingerprint: &str, clocks: Clocks) -> Option<(&Revocation, Moment)> {
        let variants = self.certificates.get(key).into_iter().flatten();
        let later = variants.filter_map(|variant| Some((variant, variant.known_since?)));
        let later = later.filter(|(_, known)| *known > clocks.knowledge).flat_map(|(variant, known)| {
            let keys = variant.certificate.keys.iter().filter(|key| key.fingerprint == fingerprint);
            keys.flat_map(|key| &key.revocations).map(move |revocation| (revocation, known))
        });
        let rejecting = later.filter(|(revocation, _)| revocation.rejects(clocks.key));
        rejecting.min_by_key(|(revocation, known)| (*known, !revocation.is_hard))
    }

    /// The moments at which the standing of any key can change, sorted.
    pub fn break_points(&self) -> BTreeSet<Moment> {
        let mut points: BTreeSet<Moment> =
            self.epochs().flat_map(|epoch| [epoch.from, epoch.until, epoch.known_until]).flatten().collect();
        for variant in self.certificates.values().flatten() {
            points.extend(variant.known_since);
            for key in &variant.certificate.keys {
                points.extend(key.revocations.iter().filter_map(|revocation| revocation.made));
                for era in &key.eras {
                    points.extend(era.from);
                    points.extend(era.steps.iter().map(|step| step.from));
                }
            }
        }
        points
    }
}

/// Of several answers about one key the one to tell: a revocation before anything else.
fn worst_of(found: &[(Validity, Option<Moment>)]) -> Option<(Validity, Option<Moment>)> {
    found.iter().find(|(validity, _)| *validity == Validity::Revoked).or(found.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(role: &str, from: Option<&str>, until: Option<&str>, basis: Option<Basis>) -> KeyEpoch {
        KeyEpoch {
            key: KeyId::ed25519(&[7; 32]),
            role: Role::new(role),
            from: from.map(|text| text.parse().unwrap()),
            until: until.map(|text| text.parse().unwrap()),
            deployments: Vec::new(),
            file: None,
            source: "test".to_owned(),
            began: None,
            ended: None,
            known_until: None,
            basis,
        }
    }

    fn standing(epochs: &[KeyEpoch], at: &str) -> Standing {
        let mut ledger = Ledger::default();
        epochs.iter().cloned().for_each(|epoch| ledger.add_epoch(epoch));
        let clocks = Clocks::all_at(at.parse().unwrap());
        ledger.standing(&KeyId::ed25519(&[7; 32]), None, &Role::new("docker-worker"), clocks)
    }

    #[test]
    fn an_epoch_begins_with_its_first_second_and_ends_before_its_last() {
        let epochs = [epoch("docker-worker", Some("2019-03-07"), Some("2020-01-01"), Some(Basis::Operator))];
        let trusted = Standing::Trusted { bases: BTreeSet::from([Basis::Operator]), last_known: None };
        assert!(matches!(standing(&epochs, "2019-03-06T23:59:59Z"), Standing::NotInForce { .. }));
        assert_eq!(standing(&epochs, "2019-03-07T00:00:00Z"), trusted);
        assert_eq!(standing(&epochs, "2019-12-31T23:59:59Z"), trusted);
        assert!(matches!(standing(&epochs, "2020-01-01T00:00:00Z"), Standing::NotInForce { .. }));
    }

    #[test]
    fn a_key_counts_only_where_it_was_accepted_and_for_its_role() {
        assert_eq!(standing(&[epoch("docker-worker", None, None, None)], "2020-01-01"), Standing::NotAccepted);
        let others = standing(&[epoch("scriptworker", None, None, Some(Basis::Operator))], "2020-01-01");
        assert_eq!(others, Standing::OtherRoles(vec![Role::new("scriptworker")]));
    }
}
