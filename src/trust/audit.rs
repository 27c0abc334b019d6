//! What is odd about the keys themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::Ledger;
use crate::model::{
    Asserter, Basis, Code, Digest, Evidence, Finding, KeyEpoch, KeyId, KeyUse, Moment, Plane, Role, Subject, Validity,
};

/// A role without a key for this long is told. Shorter gaps are those of a key set that changes.
const UNCOVERED_SECONDS_MIN: i64 = 24 * 60 * 60;

/// The fewest bits of an RSA key that no longer counts as short: NIST SP 800-131A disallows less since 2014.
const RSA_BITS_MIN: u32 = 2048;

/// Findings about the keys of a ledger and the sound signatures that they made.
pub fn audit(ledger: &Ledger, uses: &BTreeMap<KeyId, Vec<KeyUse>>) -> Vec<Finding> {
    let mut audit = Audit { ledger, findings: Vec::new() };
    for key in ledger.keys() {
        audit.uses(key, uses.get(key).map_or(&[][..], Vec::as_slice));
        audit.epochs(key);
        audit.certificates(key);
    }
    for role in audit.roles() {
        audit.coverage(&role);
    }
    audit.findings.sort_by(Finding::order);
    audit.findings
}

struct Audit<'a> {
    ledger: &'a Ledger,
    findings: Vec<Finding>,
}

impl Audit<'_> {
    fn found(&mut self, code: Code, name: String, message: String, evidence: Vec<Evidence>) {
        self.findings.push(Finding {
            code,
            plane: Plane::Audit,
            severity: code.severity(),
            reason: code.reason(),
            subject: Subject { kind: "key", task_id: None, run_id: None, name: Some(name) },
            targets: Vec::new(),
            message,
            confirm: None,
            evidence,
        });
    }

    /// The accepted epochs of a key.
    fn accepted(&self, key: &KeyId) -> Vec<&KeyEpoch> {
        self.ledger.epochs().filter(|epoch| epoch.key == *key && epoch.basis.is_some()).collect()
    }

    /// Signatures from outside every epoch of their key for their role.
    fn uses(&mut self, key: &KeyId, uses: &[KeyUse]) {
        let accepted = self.accepted(key);
        if accepted.is_empty() {
            if !uses.is_empty() {
                let message = format!("{key} made {} sound signatures, and no accepted source knows it", uses.len());
                self.found(Code::KeyUnlisted, key.to_string(), message, places(uses));
            }
            return;
        }
        let is_inside = |made: &KeyUse| match (made.about(), &made.role) {
            (Some(about), Some(role)) => accepted
                .iter()
                .any(|epoch| epoch.role == *role && epoch.contains(about) && epoch.is_of(made.root_url.as_deref())),
            _ => true,
        };
        let outside: Vec<KeyUse> = uses.iter().filter(|made| !is_inside(made)).cloned().collect();
        let Some(first) = outside.first() else { return };
        let about =
            first.about().map_or_else(String::new, |about| format!(", the first at {about} for {}", first.task_id));
        let told: BTreeSet<String> = accepted.iter().map(|epoch| interval(epoch)).collect();
        let message = format!(
            "{key} made {} signatures outside its epochs{about}; it was in force {}",
            outside.len(),
            told.into_iter().collect::<Vec<_>>().join(" and ")
        );
        self.found(Code::KeyUsedOutsideEpoch, key.to_string(), message, places(&outside));
    }

    /// A key that came back, and a key of several roles.
    fn epochs(&mut self, key: &KeyId) {
        let accepted = self.accepted(key);
        let roles: BTreeSet<Role> = accepted.iter().map(|epoch| epoch.role.clone()).collect();
        let mut returns = Vec::new();
        for role in &roles {
            let spans = joined(accepted.iter().filter(|epoch| epoch.role == *role).copied());
            let gaps: Vec<String> = spans
                .windows(2)
                .filter_map(|pair| Some(format!("gone from {} to {}", pair[0].1?, pair[1].0?)))
                .collect();
            if !gaps.is_empty() {
                returns.push(format!("{key} left the keys of {role} and came back: {}", gaps.join("; ")));
            }
        }
        for message in returns {
            self.found(Code::KeyReturned, key.to_string(), message, Vec::new());
        }
        if roles.len() > 1 {
            let roles: Vec<&str> = roles.iter().map(Role::as_str).collect();
            let message = format!("{key} is trusted for {}", roles.join(" and "));
            self.found(Code::KeyOfSeveralRoles, key.to_string(), message, Vec::new());
        }
    }

    /// Short keys, bindings by SHA-1, and keys that expired while they were in force.
    fn certificates(&mut self, key: &KeyId) {
        let mut told = Vec::new();
        for (certificate, file, _) in self.ledger.certificates(key) {
            for part in &certificate.keys {
                let name = &part.fingerprint;
                if is_short(&part.algorithm) {
                    told.push((Code::KeyShort, format!("{name} is a key of {}", part.algorithm), file));
                }
                let refused = part
                    .eras
                    .iter()
                    .filter(|era| era.steps.iter().any(|step| step.validity == Validity::RefusedByPolicy));
                if let Some(from) = refused.filter_map(|era| era.from).min() {
                    let message = format!("what binds {name} rests on an algorithm that no longer counts since {from}");
                    told.push((Code::KeyBindingWeak, message, file));
                }
            }
            // The primary key stands first; without it nothing of the certificate is valid.
            let Some(primary) = certificate.keys.first() else { continue };
            for epoch in self.accepted(key).iter().filter(|epoch| epoch.file == Some(file)) {
                let steps = primary.eras.first().map_or(&[][..], |era| &era.steps);
                let expired = steps.iter().find(|step| step.validity == Validity::Expired && epoch.contains(step.from));
                if let Some(step) = expired {
                    let until = epoch.until.map_or_else(|| "without end".to_owned(), |until| format!("until {until}"));
                    let message = format!("{key} expired on {}, and is listed for {} {until}", step.from, epoch.role);
                    told.push((Code::KeyExpiredInSet, message, file));
                }
            }
        }
        told.sort();
        told.dedup();
        for (code, message, file) in told {
            self.found(code, key.to_string(), message, vec![place(file)]);
        }
    }

    /// The roles with an accepted key, each with the form of its keys.
    fn roles(&self) -> BTreeSet<Role> {
        self.ledger.epochs().filter(|epoch| epoch.basis.is_some()).map(|epoch| epoch.role.clone()).collect()
    }

    /// Times in which a role had no valid key, and those in which it had several.
    fn coverage(&mut self, role: &Role) {
        let of_role: Vec<&KeyEpoch> =
            self.ledger.epochs().filter(|epoch| epoch.role == *role && epoch.basis.is_some()).collect();
        let mut points: BTreeSet<Moment> =
            of_role.iter().flat_map(|epoch| [epoch.from, epoch.until]).flatten().collect();
        for epoch in &of_role {
            points.extend(self.steps(epoch));
        }
        // A certificate's life outside its epochs is of no matter.
        let first = of_role.iter().filter_map(|epoch| epoch.from).min();
        let points: Vec<Moment> =
            points.into_iter().filter(|point| first.is_none_or(|first| first <= *point)).collect();
        let mut several = 0_usize;
        let mut most = (0, None);
        let mut gaps = Vec::new();
        for pair in points.windows(2) {
            let (from, until) = (pair[0], pair[1]);
            let valid: BTreeSet<&KeyId> =
                of_role.iter().filter(|epoch| self.is_valid(epoch, from)).map(|epoch| &epoch.key).collect();
            several += usize::from(valid.len() > 1);
            if valid.len() > most.0 {
                most = (valid.len(), Some(from));
            }
            if valid.is_empty() && until.unix() - from.unix() >= UNCOVERED_SECONDS_MIN {
                gaps.push((from, until));
            }
        }
        for (from, until) in gaps {
            let message = format!("no valid key of {role} from {from} until {until}");
            self.found(Code::KeyRoleUncovered, role.to_string(), message, Vec::new());
        }
        if let (true, (count, Some(when))) = (several > 0, most) {
            let message = format!("{role} had up to {count} valid keys at once, first on {when}");
            self.found(Code::KeyEpochsOverlap, role.to_string(), message, Vec::new());
        }
    }

    /// When the certificate of an epoch changes.
    fn steps(&self, epoch: &KeyEpoch) -> Vec<Moment> {
        let of_file = self.ledger.certificates(&epoch.key).filter(|(_, file, _)| epoch.file == Some(*file));
        let eras = of_file.filter_map(|(certificate, ..)| certificate.keys.first()?.eras.first());
        let steps = eras.flat_map(|era| era.steps.iter().map(|step| step.from));
        let revocations = self.ledger.certificates(&epoch.key).flat_map(|(certificate, _, known_since)| {
            let revocations = certificate.keys.iter().flat_map(|key| &key.revocations);
            revocations.flat_map(move |revocation| [revocation.made, known_since])
        });
        steps.chain(revocations.flatten()).collect()
    }

    /// Whether a revocation that was known at a moment rejects a key or subkey then.
    fn is_revoked(&self, key: &KeyId, fingerprint: &str, moment: Moment) -> bool {
        let known = self.ledger.certificates(key).filter(|(.., since)| since.is_none_or(|since| since <= moment));
        let keys = known.flat_map(|(certificate, ..)| &certificate.keys).filter(|key| key.fingerprint == fingerprint);
        keys.flat_map(|key| &key.revocations).any(|revocation| revocation.rejects(moment))
    }

    /// Whether an epoch holds at a moment, and its certificate, where the case has it, makes the key valid, which no
    /// revocation takes back that was known then.
    fn is_valid(&self, epoch: &KeyEpoch, moment: Moment) -> bool {
        if !epoch.contains(moment) {
            return false;
        }
        let mut of_file =
            self.ledger.certificates(&epoch.key).filter(|(_, file, _)| epoch.file == Some(*file)).peekable();
        let is_unknown = of_file.peek().is_none();
        is_unknown
            || of_file.any(|(certificate, ..)| {
                certificate.keys.iter().any(|key| {
                    key.validity(moment, moment).0 == Validity::Valid
                        && !self.is_revoked(&epoch.key, &key.fingerprint, moment)
                })
            })
    }
}

/// The intervals of some epochs, joined where they touch.
pub(super) fn joined<'a>(epochs: impl Iterator<Item = &'a KeyEpoch>) -> Vec<(Option<Moment>, Option<Moment>)> {
    let mut spans: Vec<(Option<Moment>, Option<Moment>)> = epochs.map(|epoch| (epoch.from, epoch.until)).collect();
    // `None` as a beginning is before every moment, as an end after it.
    spans.sort_by_key(|span| span.0);
    let mut joined: Vec<(Option<Moment>, Option<Moment>)> = Vec::new();
    for (from, until) in spans {
        match joined.last_mut() {
            Some(last) if last.1.is_none_or(|end| from.is_none_or(|from| from <= end)) => {
                last.1 = last.1.zip(until).map(|(a, b)| a.max(b));
            }
            _ => joined.push((from, until)),
        }
    }
    joined
}

fn is_short(algorithm: &str) -> bool {
    let Some((name, bits)) = algorithm.rsplit_once('-') else { return false };
    let is_of_numbers = name.starts_with("RSA") || name.starts_with("DSA");
    is_of_numbers && bits.parse::<u32>().is_ok_and(|bits| bits < RSA_BITS_MIN)
}

fn interval(epoch: &KeyEpoch) -> String {
    let from = epoch.from.map_or_else(|| "ever".to_owned(), |from| from.to_string());
    let until = epoch.until.map_or_else(|| "without end".to_owned(), |until| format!("until {until}"));
    let basis = epoch.basis.map_or("nobody", Basis::word);
    format!("for {} from {from} {until} ({basis})", epoch.role)
}

fn places(uses: &[KeyUse]) -> Vec<Evidence> {
    let place = |made: &KeyUse| Evidence {
        blob: Some(made.blob),
        pointer: Some(String::new()),
        excerpt: Some(made.task_id.to_string()),
        asserted_by: Asserter::WorkerSigned,
    };
    uses.iter().take(PLACES_MAX).map(place).collect()
}

/// The most signatures that one finding lists.
const PLACES_MAX: usize = 20;

fn place(file: Digest) -> Evidence {
    Evidence { blob: Some(file), pointer: None, excerpt: None, asserted_by: Asserter::Collector }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Certificate, CertificateKey, CertificateStep, PolicyEra, Revocation};

    fn epoch(key: u8, role: &str, from: Option<&str>, until: Option<&str>) -> KeyEpoch {
        KeyEpoch {
            key: KeyId::ed25519(&[key; 32]),
            role: Role::new(role),
            from: from.map(|text| text.parse().unwrap()),
            until: until.map(|text| text.parse().unwrap()),
            deployments: Vec::new(),
            file: None,
            source: "test".to_owned(),
            began: None,
            ended: None,
            known_until: None,
            basis: Some(Basis::Operator),
        }
    }

    fn codes(epochs: &[KeyEpoch]) -> Vec<(Code, String)> {
        let mut ledger = Ledger::default();
        epochs.iter().cloned().for_each(|epoch| ledger.add_epoch(epoch));
        let told = audit(&ledger, &BTreeMap::new());
        told.into_iter().map(|finding| (finding.code, finding.message)).collect()
    }

    #[test]
    fn a_key_that_came_back_leaves_a_gap_and_one_that_goes_on_does_not() {
        let back = [epoch(1, "a", Some("2020-01-01"), Some("2020-02-01")), epoch(1, "a", Some("2020-03-01"), None)];
        let found = codes(&back);
        assert!(found.iter().any(|(code, _)| *code == Code::KeyReturned), "{found:?}");
        assert!(found.iter().any(|(code, message)| *code == Code::KeyRoleUncovered
            && message.contains("2020-02-01T00:00:00Z until 2020-03-01T00:00:00Z")));
        let goes_on = [epoch(1, "a", Some("2020-01-01"), Some("2020-02-01")), epoch(1, "a", Some("2020-02-01"), None)];
        assert_eq!(codes(&goes_on), []);
    }

    #[test]
    fn overlaps_and_keys_of_two_roles_are_told() {
        let overlap = [
            epoch(1, "a", Some("2020-01-01"), Some("2020-03-01")),
            epoch(2, "a", Some("2020-02-01"), Some("2020-04-01")),
        ];
        let found = codes(&overlap);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, Code::KeyEpochsOverlap);
        assert!(found[0].1.contains("up to 2 valid keys at once, first on 2020-02-01"), "{}", found[0].1);
        let two = [epoch(1, "a", None, None), epoch(1, "b", None, None)];
        assert_eq!(codes(&two).iter().map(|(code, _)| *code).collect::<Vec<_>>(), [Code::KeyOfSeveralRoles]);
    }

    /// A certificate that is valid always, and as a file that came later holds it, revoked for ever.
    #[test]
    fn a_revoked_key_covers_no_role_from_when_that_was_known() {
        let key = KeyId::openpgp("AAAA");
        let at = |text: &str| text.parse::<Moment>().unwrap();
        let certificate = |revocations: Vec<Revocation>| Certificate {
            key: key.clone(),
            user_ids: Vec::new(),
            keys: vec![CertificateKey {
                fingerprint: "AAAA".to_owned(),
                algorithm: "RSA-2048".to_owned(),
                created: Some(at("2019-01-01")),
                eras: vec![PolicyEra {
                    from: None,
                    steps: vec![CertificateStep { from: at("2019-01-01"), validity: Validity::Valid }],
                }],
                revocations,
            }],
        };
        let revoked = Revocation { made: Some(at("2020-02-01")), is_hard: true, reason: String::new() };
        let files = [Digest::new([1; 32]), Digest::new([2; 32])];
        let mut ledger = Ledger::default();
        for (file, from, until) in [(files[0], "2020-01-01", "2020-03-01"), (files[1], "2020-03-01", "2020-04-01")] {
            ledger.add_epoch(KeyEpoch { key: key.clone(), file: Some(file), ..epoch(1, "a", Some(from), Some(until)) });
        }
        ledger.add_certificate(certificate(Vec::new()), files[0], Some(at("2020-01-01")));
        ledger.add_certificate(certificate(vec![revoked]), files[1], Some(at("2020-03-01")));
        let told = audit(&ledger, &BTreeMap::new());
        let uncovered: Vec<&str> = told
            .iter()
            .filter(|finding| finding.code == Code::KeyRoleUncovered)
            .map(|finding| finding.message.as_str())
            .collect();
        assert_eq!(uncovered, ["no valid key of a from 2020-03-01T00:00:00Z until 2020-04-01T00:00:00Z"]);
    }

    #[test]
    fn short_keys_are_told_by_their_algorithm() {
        assert!(is_short("RSA-1024") && is_short("DSA-1024"));
        for fine in ["RSA-2048", "RSA-4096", "EdDSA-256", "ECDSA-256", "ed25519"] {
            assert!(!is_short(fine), "{fine}");
        }
    }
}
