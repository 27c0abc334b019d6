//! When the keys of a certificate may sign.
//!
//! Validity needs cryptography (binding signatures, revocations), so Sequoia is asked once at every moment at which its
//! answer can change, for every policy that was ever in force, and the answers are kept as step functions. Judgement
//! looks up. Sequoia is never asked without a time: that would read the clock.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use sequoia_openpgp::Fingerprint;
use sequoia_openpgp::cert::amalgamation::ValidAmalgamation as _;
use sequoia_openpgp::cert::{Cert, CertParser};
use sequoia_openpgp::packet::Signature;
use sequoia_openpgp::parse::Parse;
use sequoia_openpgp::policy::{AsymmetricAlgorithm, HashAlgoSecurity, StandardPolicy};
use sequoia_openpgp::types::{HashAlgorithm, RevocationStatus, RevocationType};

use crate::formats::openpgp::dearmor;
use crate::model::{
    BlockReason, Certificate, CertificateKey, CertificateStep, Digest, KeyId, Moment, PolicyEra, Revocation, Validity,
};

/// Raised when the answers of this file could change.
pub const VERSION: u32 = 4;

/// The most certificates that are read from one file. The largest real key file holds two.
const CERTIFICATES_MAX: usize = 256;

/// The most steps for the certificates of one file: for every key, at every moment and under every policy, Sequoia
/// looks at every key, user ID and signature. The largest real key file (five people's keys of 2016 to 2018) takes
/// 34,096 steps; this many take seconds. Without a limit, 20 kB of made-up subkeys take hours.
const STEPS_MAX: usize = 100_000;

/// A policy time before every cut-off: then nothing was refused for its algorithm. 1995-01-01T00:00:00Z.
const BEFORE_EVERY_CUTOFF: u64 = 788_918_400;

/// Examines a file of certificates.
pub fn examine(bytes: &[u8]) -> Vec<Certificate> {
    read(bytes).unwrap_or_default().iter().map(examine_cert).collect()
}

/// Reads a file of certificates, armored or binary.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Cert>, String> {
    let packets = packets(bytes);
    let parser = CertParser::from_bytes(&packets).map_err(|error| format!("it is no OpenPGP certificate: {error}"))?;
    let certs: Vec<Cert> = parser.take(CERTIFICATES_MAX).filter_map(Result::ok).collect();
    if certs.is_empty() {
        return Err("it holds no OpenPGP certificate".to_owned());
    }
    // Cut short, a certificate could lose what revokes it: the whole file is left out, and said to be.
    let steps = certs.iter().map(work).fold(0, usize::saturating_add);
    if steps > STEPS_MAX { Err(TOO_MUCH.to_owned()) } else { Ok(certs) }
}

const TOO_MUCH: &str = "its certificates have more keys, user IDs and signatures than can be examined";

/// The steps that a certificate takes, as `STEPS_MAX` counts them.
fn work(cert: &Cert) -> usize {
    let keys = cert.keys().count();
    let parts = keys.saturating_add(cert.userids().count());
    let least = keys.saturating_mul(parts);
    // To list the signatures is to verify them: not before the rest is known to be small.
    if least > STEPS_MAX {
        return least;
    }
    let parts = parts.saturating_add(signatures(cert).count());
    [keys, parts, policy_times().len(), break_points(cert).len()].into_iter().fold(1, usize::saturating_mul)
}

/// A certificate's name.
pub(super) fn key_id(cert: &Cert) -> KeyId {
    KeyId::openpgp(&cert.fingerprint().to_hex())
}

fn examine_cert(cert: &Cert) -> Certificate {
    let moments = break_points(cert);
    let policies = policy_times();
    let keys = cert.keys().map(|key| CertificateKey {
        fingerprint: key.key().fingerprint().to_hex(),
        algorithm: algorithm(key.key().pk_algo().to_string().as_str(), key.key().mpis().bits()),
        created: moment(key.key().creation_time()),
        eras: eras(cert, &key.key().fingerprint(), key.key().creation_time(), &policies, &moments),
        revocations: revocations(cert, &key.key().fingerprint()),
    });
    Certificate {
        key: key_id(cert),
        user_ids: cert.userids().map(|id| String::from_utf8_lossy(id.userid().value()).into_owned()).collect(),
        keys: keys.collect(),
    }
}

/// Algorithm and size, such as `RSA-4096`.
pub(super) fn algorithm(name: &str, bits: Option<usize>) -> String {
    let name = name.split_whitespace().next().unwrap_or(name);
    bits.map_or_else(|| name.to_owned(), |bits| format!("{name}-{bits}"))
}

/// The validity of a key by policy time; eras with the same answers are one.
fn eras(
    cert: &Cert,
    key: &Fingerprint,
    created: SystemTime,
    policies: &BTreeSet<SystemTime>,
    moments: &BTreeSet<SystemTime>,
) -> Vec<PolicyEra> {
    let mut eras: Vec<PolicyEra> = Vec::new();
    for (index, policy_time) in policies.iter().enumerate() {
        let steps = steps(cert, key, created, &StandardPolicy::at(*policy_time), moments);
        if eras.last().is_none_or(|era| era.steps != steps) {
            eras.push(PolicyEra { from: if index == 0 { None } else { moment(*policy_time) }, steps });
        }
    }
    eras
}

fn steps(
    cert: &Cert,
    key: &Fingerprint,
    created: SystemTime,
    policy: &StandardPolicy<'_>,
    moments: &BTreeSet<SystemTime>,
) -> Vec<CertificateStep> {
    let mut steps: Vec<CertificateStep> = Vec::new();
    for time in moments {
        let validity = validity(cert, key, created, policy, *time);
        let last = steps.last().map_or(Validity::NotYetCreated, |step| step.validity);
        if validity != last
            && let Some(from) = moment(*time)
        {
            steps.push(CertificateStep { from, validity });
        }
    }
    steps
}

/// Whether a key may sign at a key time under a policy.
fn validity(
    cert: &Cert,
    key: &Fingerprint,
    created: SystemTime,
    policy: &StandardPolicy<'_>,
    time: SystemTime,
) -> Validity {
    if time < created {
        return Validity::NotYetCreated;
    }
    if let Some(validity) = ask(cert, key, policy, time) {
        return validity;
    }
    // Nothing binds the key, as this policy sees it: either nothing did yet, or what did no longer counts.
    let lenient = StandardPolicy::at(seconds(BEFORE_EVERY_CUTOFF));
    match ask(cert, key, &lenient, time) {
        Some(_) => Validity::RefusedByPolicy,
        None => Validity::NotYetCreated,
    }
}

/// The answer of a policy; `None` where it sees nothing that binds the key to the certificate.
fn ask(cert: &Cert, key: &Fingerprint, policy: &StandardPolicy<'_>, time: SystemTime) -> Option<Validity> {
    let valid = cert.with_policy(policy, time).ok()?;
    let amalgamation = valid.keys().find(|found| found.key().fingerprint() == *key)?;
    let validity = if valid.alive().is_err() || amalgamation.alive().is_err() {
        Validity::Expired
    } else if !amalgamation.for_signing() {
        Validity::NotForSigning
    } else {
        Validity::Valid
    };
    Some(validity)
}

/// Whether a key of a certificate may sign at a moment, by the algorithms that counted then, and was not revoked.
pub(super) fn is_valid_at(cert: &Cert, key: &Fingerprint, time: SystemTime) -> bool {
    let policy = StandardPolicy::at(time);
    let is_revoked = cert.with_policy(&policy, time).is_ok_and(|valid| {
        let of_key = valid.keys().find(|found| found.key().fingerprint() == *key);
        let of_key = of_key.map(|found| found.revocation_status());
        is_revocation(&valid.revocation_status()) || of_key.is_some_and(|status| is_revocation(&status))
    });
    !is_revoked && ask(cert, key, &policy, time) == Some(Validity::Valid)
}

/// Whether a certificate is alive and not revoked at a moment, by the algorithms that counted then.
pub(super) fn is_alive_at(cert: &Cert, time: SystemTime) -> bool {
    let policy = StandardPolicy::at(time);
    let valid = cert.with_policy(&policy, time);
    valid.is_ok_and(|valid| valid.alive().is_ok() && !is_revocation(&valid.revocation_status()))
}

/// Why gpg refuses to certify a certificate at a moment, and since when that is so. Of trusted keys scriptworker also read
/// gpg's list of user ids, and went no further where one was revoked (scriptworker/gpg.py of 4.1.2, `sign_key` and
/// `parse_list_sigs_output`).
pub(super) fn blocks_at(cert: &Cert, is_trusted: bool, time: SystemTime) -> Option<(BlockReason, Option<Moment>)> {
    let policy = StandardPolicy::at(time);
    let valid = cert.with_policy(&policy, time).ok()?;
    if let RevocationStatus::Revoked(by) = valid.revocation_status() {
        let since = by.iter().filter_map(|signature| signature.signature_creation_time()).min();
        return Some((BlockReason::Revoked, since.and_then(moment)));
    }
    if valid.alive().is_err() {
        let end = valid.primary_key().key_expiration_time();
        return Some((BlockReason::Expired, end.and_then(moment)));
    }
    let mut user_ids = valid.userids().filter(|user_id| is_revocation(&user_id.revocation_status()));
    (is_trusted && user_ids.next().is_some()).then_some((BlockReason::UserIdRevoked, None))
}

const fn is_revocation(status: &RevocationStatus<'_>) -> bool {
    matches!(status, RevocationStatus::Revoked(_))
}

/// What revokes a key: revocations of the key itself, and of the primary key, which stands for all.
fn revocations(cert: &Cert, key: &Fingerprint) -> Vec<Revocation> {
    let concerned = cert.keys().filter(|found| [cert.fingerprint(), key.clone()].contains(&found.key().fingerprint()));
    let signatures = concerned.flat_map(|found| found.bundle().self_revocations().collect::<Vec<_>>());
    let told = signatures.map(|signature| {
        let reason = signature.reason_for_revocation();
        Revocation {
            made: signature.signature_creation_time().and_then(moment),
            is_hard: reason.is_none_or(|(reason, _)| reason.revocation_type() == RevocationType::Hard),
            reason: reason.map_or_else(
                || "no reason given".to_owned(),
                |(reason, words)| {
                    let words = String::from_utf8_lossy(words);
                    if words.is_empty() { reason.to_string() } else { format!("{reason}: {words}") }
                },
            ),
        }
    });
    told.collect()
}

/// A digest over the packets of a file of certificates, without their armor: by it, a file that was exported in another
/// wrapping is still known. It covers exactly the bytes that are read as certificates.
pub fn packets_digest(bytes: &[u8]) -> Digest {
    Digest::of(&packets(bytes))
}

/// The packets of a file: those of its armored blocks, or all of it where there are none.
fn packets(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut packets = Vec::new();
    let mut rest = bytes;
    while let Ok(block) = dearmor(rest) {
        packets.extend_from_slice(&block.bytes);
        rest = rest.get(block.span.end..).unwrap_or_default();
    }
    if packets.is_empty() { Cow::Borrowed(bytes) } else { Cow::Owned(packets) }
}

/// Every moment at which the validity of a certificate's keys can change: creations, ends of keys and of signatures,
/// and the second after each, since an end may be the last moment of validity or the first without it.
fn break_points(cert: &Cert) -> BTreeSet<SystemTime> {
    let keys: Vec<SystemTime> = cert.keys().map(|key| key.key().creation_time()).collect();
    let mut points: BTreeSet<SystemTime> = keys.iter().copied().collect();
    for signature in signatures(cert) {
        let Some(made) = signature.signature_creation_time() else { continue };
        points.insert(made);
        if let Some(period) = signature.signature_validity_period() {
            points.extend(made.checked_add(period));
        }
        if let Some(period) = signature.key_validity_period() {
            points.extend(keys.iter().filter_map(|created| created.checked_add(period)));
        }
    }
    let after: Vec<SystemTime> = points.iter().filter_map(|point| point.checked_add(Duration::from_secs(1))).collect();
    points.extend(after);
    points
}

fn signatures(cert: &Cert) -> impl Iterator<Item = &Signature> {
    let of_keys = cert.keys().flat_map(|key| {
        let bundle = key.bundle();
        bundle.self_signatures().chain(bundle.self_revocations()).collect::<Vec<_>>()
    });
    let of_user_ids = cert.userids().flat_map(|user_id| {
        let bundle = user_id.bundle();
        bundle.self_signatures().chain(bundle.self_revocations()).collect::<Vec<_>>()
    });
    of_keys.chain(of_user_ids)
}

/// Every policy time at which the set of algorithms that count changes, by Sequoia's own tables, and one before all.
fn policy_times() -> BTreeSet<SystemTime> {
    let policy = StandardPolicy::at(seconds(BEFORE_EVERY_CUTOFF));
    let hashes = HashAlgorithm::variants().flat_map(|hash| {
        [HashAlgoSecurity::CollisionResistance, HashAlgoSecurity::SecondPreImageResistance]
            .map(|property| policy.hash_cutoff(hash, property))
    });
    let keys = AsymmetricAlgorithm::variants().map(|algorithm| policy.asymmetric_algo_cutoff(algorithm));
    let earliest = seconds(BEFORE_EVERY_CUTOFF);
    let cutoffs = hashes.chain(keys).flatten().filter(|cutoff| *cutoff > earliest);
    std::iter::once(earliest).chain(cutoffs).collect()
}

/// From which policy time on a hash no longer counts for signatures over data; `None`: it still does.
pub(super) fn data_hash_cutoff(hash: HashAlgorithm) -> Option<Moment> {
    let policy = StandardPolicy::at(seconds(BEFORE_EVERY_CUTOFF));
    policy.hash_cutoff(hash, HashAlgoSecurity::CollisionResistance).and_then(moment)
}

fn seconds(unix: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(unix)
}

/// A time of Sequoia's, which has whole seconds.
pub(super) fn moment(time: SystemTime) -> Option<Moment> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok().and_then(Moment::from_unix)
}

#[cfg(test)]
mod tests {
    use sequoia_openpgp::packet::UserID;
    use sequoia_openpgp::serialize::Serialize as _;

    use super::*;

    const SAMPLE: &[u8] =
        include_bytes!("../../snapshots/nightly-2017/keys/openpgp/scriptworker/sample-scriptworker.asc");

    /// The sample's certificate with so many user IDs that nobody bound to it.
    fn with_user_ids(count: usize) -> Vec<u8> {
        let cert = Cert::from_bytes(SAMPLE).expect("a certificate");
        let user_ids = (0..count).map(|number| UserID::from(format!("user {number}")));
        let (cert, _) = cert.insert_packets(user_ids).expect("a certificate");
        let mut bytes = Vec::new();
        cert.serialize(&mut bytes).expect("bytes");
        bytes
    }

    #[test]
    fn a_certificate_of_too_many_parts_is_left_out_and_said_to_be() {
        assert_eq!(examine(&with_user_ids(10)).len(), 1);
        assert_eq!(read(&with_user_ids(20_000)).expect_err("too much"), TOO_MUCH);
    }
}
