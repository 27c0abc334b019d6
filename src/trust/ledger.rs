//! The key ledger of a replay: epochs, and the certificates behind them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Basis, Certificate, Clocks, Digest, KeyEpoch, KeyId, Moment, Role, Validity};

/// How a key stands for a role at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Trusted, on these words.
    Trusted(BTreeSet<Basis>),
    /// Nobody accepted it.
    NotAccepted,
    /// Accepted, for these roles only.
    OtherRoles(Vec<Role>),
    /// Accepted for the role, in these intervals only.
    NotInForce(Vec<(Option<Moment>, Option<Moment>)>),
    /// Accepted and in force, but its certificate says otherwise.
    NotValid {
        /// What it says.
        validity: Validity,
        /// Since when; of a key that was not yet created, until when.
        moment: Option<Moment>,
    },
}

/// Key epochs and certificates.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    epochs: BTreeMap<KeyId, Vec<KeyEpoch>>,
    /// Certificates, each with whether somebody accepted the file that it comes from.
    certificates: BTreeMap<KeyId, Vec<(Certificate, bool)>>,
    /// The files that certificates come from.
    files: BTreeMap<KeyId, BTreeSet<Digest>>,
}

impl Ledger {
    /// Adds an epoch.
    pub fn add_epoch(&mut self, epoch: KeyEpoch) {
        self.epochs.entry(epoch.key.clone()).or_default().push(epoch);
    }

    /// Adds a certificate; several variants of one are all kept. One that nobody accepted can take trust away, by a
    /// revocation that it bears, but gives none: its later expiry counts for nothing.
    pub fn add_certificate(&mut self, certificate: Certificate, is_accepted: bool, file: Digest) {
        self.files.entry(certificate.key.clone()).or_default().insert(file);
        let variants = self.certificates.entry(certificate.key.clone()).or_default();
        match variants.iter_mut().find(|(known, _)| *known == certificate) {
            Some((_, accepted)) => *accepted |= is_accepted,
            None => variants.push((certificate, is_accepted)),
        }
    }

    /// The epochs, by key.
    pub fn epochs(&self) -> impl Iterator<Item = &KeyEpoch> {
        self.epochs.values().flatten()
    }

    /// A file that holds a certificate.
    pub fn file(&self, key: &KeyId) -> Option<Digest> {
        self.files.get(key).and_then(BTreeSet::first).copied()
    }

    /// The accepted keys of a role.
    pub fn accepted(&self, role: &Role) -> BTreeSet<&KeyId> {
        let of_role = self.epochs().filter(|epoch| epoch.role == *role && epoch.basis.is_some());
        of_role.map(|epoch| &epoch.key).collect()
    }

    /// Whether anybody accepted any key for a role.
    pub fn has_accepted(&self, role: &Role) -> bool {
        self.epochs().any(|epoch| epoch.role == *role && epoch.basis.is_some())
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
        let in_force: Vec<&&KeyEpoch> = of_role.iter().filter(|epoch| epoch.contains(clocks.key)).collect();
        if in_force.is_empty() {
            return Standing::NotInForce(of_role.iter().map(|epoch| (epoch.from, epoch.until)).collect());
        }
        match signing_key.map(|fingerprint| self.validity(key, fingerprint, clocks)) {
            None | Some((Validity::Valid, _)) => {
                Standing::Trusted(in_force.iter().filter_map(|epoch| epoch.basis).collect())
            }
            Some((validity, moment)) => Standing::NotValid { validity, moment },
        }
    }

    /// The validity of a certificate's key. Of several variants of the certificate a revocation counts wherever it
    /// stands; else the key is valid if any variant makes it so.
    fn validity(&self, key: &KeyId, fingerprint: &str, clocks: Clocks) -> (Validity, Option<Moment>) {
        let mut found: Vec<(Validity, Option<Moment>)> = Vec::new();
        for (certificate, is_accepted) in self.certificates.get(key).into_iter().flatten() {
            let of_key = certificate.keys.iter().filter(|key| key.fingerprint == fingerprint);
            let validities = of_key.map(|key| key.validity(clocks.key, clocks.policy));
            found.extend(validities.filter(|(validity, _)| *is_accepted || *validity == Validity::Revoked));
        }
        [Validity::Revoked, Validity::Valid]
            .into_iter()
            .find_map(|wanted| found.iter().find(|(validity, _)| *validity == wanted).copied())
            .or_else(|| found.first().copied())
            .unwrap_or((Validity::NotYetCreated, None))
    }

    /// The moments at which the standing of any key can change, sorted.
    pub fn break_points(&self) -> BTreeSet<Moment> {
        let mut points: BTreeSet<Moment> =
            self.epochs().flat_map(|epoch| [epoch.from, epoch.until]).flatten().collect();
        for key in self.certificates.values().flatten().flat_map(|(certificate, _)| &certificate.keys) {
            for era in &key.eras {
                points.extend(era.from);
                points.extend(era.steps.iter().map(|step| step.from));
            }
        }
        points
    }
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
            source: "test".to_owned(),
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
        let trusted = Standing::Trusted(BTreeSet::from([Basis::Operator]));
        assert!(matches!(standing(&epochs, "2019-03-06T23:59:59Z"), Standing::NotInForce(_)));
        assert_eq!(standing(&epochs, "2019-03-07T00:00:00Z"), trusted);
        assert_eq!(standing(&epochs, "2019-12-31T23:59:59Z"), trusted);
        assert!(matches!(standing(&epochs, "2020-01-01T00:00:00Z"), Standing::NotInForce(_)));
    }

    #[test]
    fn a_key_counts_only_where_it_was_accepted_and_for_its_role() {
        assert_eq!(standing(&[epoch("docker-worker", None, None, None)], "2020-01-01"), Standing::NotAccepted);
        let others = standing(&[epoch("scriptworker", None, None, Some(Basis::Operator))], "2020-01-01");
        assert_eq!(others, Standing::OtherRoles(vec![Role::new("scriptworker")]));
    }
}
