use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cotrace::model::{Code, Plane, Verdict};
use cotrace_generator::{Signer, World};
use ed25519_dalek::SigningKey;
use sequoia_openpgp::cert::{Cert, CertRevocationBuilder};
use sequoia_openpgp::crypto::KeyPair;
use sequoia_openpgp::packet::Signature;
use sequoia_openpgp::packet::signature::SignatureBuilder;
use sequoia_openpgp::parse::Parse as _;
use sequoia_openpgp::serialize::SerializeInto as _;
use sequoia_openpgp::types::{HashAlgorithm, KeyFlags, ReasonForRevocation, SignatureType};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Case;
use super::edits::{edit_status, redefine_alone};
use crate::support::{Scene, moment, nightly_2017, nightly_2026, nothing};

pub(super) const STRANGER: &[u8] = include_bytes!("../../../generator/keys/stranger.public.asc");
const DOCKER_WORKER_SECRET: &[u8] = include_bytes!("../../../generator/keys/docker-worker.secret.asc");

pub(super) const CASES: &[Case] = &[
    Case::refutes(
        Code::KeyUnknown,
        ("signature", "build-linux64"),
        ("a stranger signed", "a stranger signed, whose key is listed and accepted"),
        || Scene::of(signed_by_stranger(), "signing-linux64"),
        || {
            let mut world = signed_by_stranger();
            world.put("keys/openpgp/docker-worker/another.asc", STRANGER);
            Scene::of(world, "signing-linux64")
        },
    ),
    Case::refutes(
        Code::KeyNotAccepted,
        ("signature", "build-linux64"),
        (
            "a stranger's key came with a capture whose keys nobody accepted",
            "somebody accepted the keys of that capture",
        ),
        || Scene::of(signed_by_stranger(), "signing-linux64").after(keys_of_a_stranger(), false),
        || Scene::of(signed_by_stranger(), "signing-linux64").after(keys_of_a_stranger(), true),
    ),
    Case::refutes(
        Code::KeyNotAccepted,
        ("signature", "decision"),
        ("the key is listed, and nobody accepted the list", "somebody accepted the list"),
        || Scene::of(without_first_key(), "decision").after(keys_of_2026(), false),
        || Scene::of(without_first_key(), "decision").after(keys_of_2026(), true),
    ),
    Case::refutes(
        Code::KeyWrongRole,
        ("signature", "build-linux64"),
        ("a scriptworker signed for a docker-worker", "a generic-worker did, whose key is listed for both"),
        || Scene::of(signed_by("scriptworker"), "signing-linux64"),
        || Scene::of(signed_by("generic-worker"), "signing-linux64"),
    )
    .near_also(&[Code::DockerImageByTask]),
    Case {
        // What scriptworker of that time accepted.
        plane: Plane::Audit,
        ..Case::refutes(
            Code::KeyOfOwnHost,
            ("signature", "build-linux64"),
            ("the signing's host signed for a docker-worker", "a generic-worker signed for a docker-worker"),
            || Scene::of(signed_in_2017_by("scriptworker"), "signing-linux64"),
            || Scene::of(signed_in_2017_by("generic-worker"), "signing-linux64"),
        )
        .also(&[Code::KeyWrongRole])
        .near_also(&[Code::KeyWrongRole, Code::DockerImageByTask])
        .near_verdict(Verdict::Refuted)
    },
    Case {
        plane: Plane::Audit,
        ..Case::refutes(
            Code::KeyOfOwnHost,
            ("signature", "build-linux64"),
            ("the rules of 2017 take the own key of the signing's host", "they take nobody else's"),
            || Scene::of(signed_in_2017_by("scriptworker"), "signing-linux64").under("scriptworker-4.1.2"),
            || Scene::of(signed_in_2017_by("generic-worker"), "signing-linux64").under("scriptworker-4.1.2"),
        )
        .verdict(Verdict::Verified)
        .near_verdict(Verdict::Refuted)
        .near_also(&[Code::KeyWrongRole, Code::DockerImageByTask])
    },
    Case::refutes(
        Code::VerifierReleaseUndecided,
        ("task", "signing-linux64"),
        ("the release that knows a key is being rolled out", "every worker of the pool has that release"),
        || Scene::of(known_since_63_4_2(), "signing-linux64").at("2026-08-19T18:44:21Z"),
        || Scene::of(known_since_63_4_2(), "signing-linux64").at("2026-08-19T18:44:22Z"),
    )
    .verdict(Verdict::Undetermined)
    .also(&[Code::KeyNotInForce]),
    Case::refutes(
        Code::VerifierReleaseUndecided,
        ("task", "signing-linux64"),
        (
            "a priority that the release before heeds, while the one that does not is being rolled out",
            "every worker of the pool has that release",
        ),
        || Scene::of(prioritised("2026-03-16T10:40:38Z"), "signing-linux64").under("then"),
        || Scene::of(prioritised("2026-03-16T10:40:40Z"), "signing-linux64").under("then"),
    )
    .verdict(Verdict::Undetermined)
    .also(&[Code::TaskDiffersFromGraph, Code::RunBeforeUpstream])
    .near_also(&[Code::GraphDifferenceIgnored, Code::RunBeforeUpstream]),
    Case::refutes(
        Code::KeyNotInForce,
        ("signature", "build-linux64"),
        ("the key went out of force when the target started", "it went out of force a millisecond later"),
        || Scene::of(dated("docker-worker", None, Some("2026-10-06T11:28:56.025Z")), "signing-linux64"),
        || Scene::of(dated("docker-worker", None, Some("2026-10-06T11:28:56.026Z")), "signing-linux64"),
    ),
    Case::refutes(
        Code::KeyNotInForce,
        ("signature", "signing-linux64"),
        ("the key came into force a second later", "the key came into force then"),
        || Scene::of(dated("scriptworker", Some("2026-11-01"), None), "signing-linux64").at("2026-10-31T23:59:59Z"),
        || Scene::of(dated("scriptworker", Some("2026-11-01"), None), "signing-linux64").at("2026-11-01"),
    )
    .near_also(&[Code::KeyNotTrustedThen]),
    Case::refutes(
        Code::KeyNotYetCreated,
        ("signature", "signing-linux64"),
        ("a second before the key was made", "when the key was made"),
        || Scene::of(nightly_2017(), "signing-linux64").at("2017-01-17T11:59:59Z"),
        || Scene::of(nightly_2017(), "signing-linux64").at("2017-01-17T12:00:00Z"),
    )
    .also(&[Code::SignatureAfterAsOf])
    .near_also(&[Code::SignatureAfterAsOf]),
    Case::refutes(
        Code::KeyExpired,
        ("signature", "build-win64"),
        ("when the key expired", "a second before the key expired"),
        || Scene::of(nightly_2017(), "signing-win64").at("2017-08-30T09:00:00Z"),
        || Scene::of(nightly_2017(), "signing-win64").at("2017-08-30T08:59:59Z"),
    ),
    Case::refutes(
        Code::KeyRevoked,
        ("signature", "decision"),
        ("when the key was retired", "a second before the key was retired"),
        || Scene::of(revoked(ReasonForRevocation::KeyRetired), "decision").at(CHANGED).known_now(),
        || Scene::of(revoked(ReasonForRevocation::KeyRetired), "decision").at(SECOND_BEFORE).known_now(),
    ),
    Case::refutes(
        Code::KeyRevoked,
        ("signature", "decision"),
        ("long before the key was found stolen", "long before the key was retired"),
        || Scene::of(revoked(ReasonForRevocation::KeyCompromised), "decision").known_now(),
        || Scene::of(revoked(ReasonForRevocation::KeyRetired), "decision").known_now(),
    ),
    Case::remarks(
        Code::KeyRevokedLater,
        ("signature", "decision"),
        ("the key was found stolen, later", "the key was retired, later"),
        || Scene::of(revoked(ReasonForRevocation::KeyCompromised), "decision"),
        || Scene::of(revoked(ReasonForRevocation::KeyRetired), "decision"),
    ),
    Case::remarks(
        Code::KeyNotTrustedThen,
        ("signature", "build-linux64"),
        ("the key came into force after the build", "the key came into force before"),
        || Scene::of(dated("docker-worker", Some("2026-10-06T11:28:56Z"), None), "signing-linux64"),
        || Scene::of(dated("docker-worker", Some("2026-10-06"), None), "signing-linux64"),
    ),
    Case::remarks(
        Code::KeyVariantUnknown,
        ("key", ""),
        ("a certificate calls itself a known one, in other bytes", "a certificate more"),
        || {
            let mut world = nightly_2017();
            world.put("keys/openpgp/docker-worker/another.asc", STRANGER);
            world.put("keys/ledger.json", ledger_of_a_stranger(&[0; 32]));
            Scene::of(world, "signing-linux64")
        },
        || {
            let mut world = nightly_2017();
            world.put("keys/openpgp/docker-worker/another.asc", STRANGER);
            world.put("keys/ledger.json", ledger_of_a_stranger(&Sha256::digest(STRANGER)));
            Scene::of(world, "signing-linux64")
        },
    )
    .about_no_task(),
    Case::refutes(
        Code::KeyVariantUnknown,
        ("signature", "build-linux64"),
        ("a key that the ledger knows signed, in other bytes", "in the bytes that it knows"),
        || {
            let mut world = signed_by_stranger();
            world.put("keys/openpgp/docker-worker/another.asc", STRANGER);
            world.put("keys/ledger.json", ledger_of_a_stranger(&[0; 32]));
            Scene::of(world, "signing-linux64")
        },
        || {
            let mut world = signed_by_stranger();
            world.put("keys/openpgp/docker-worker/another.asc", STRANGER);
            world.put("keys/ledger.json", ledger_of_a_stranger(&Sha256::digest(STRANGER)));
            Scene::of(world, "signing-linux64")
        },
    ),
    Case::remarks(
        Code::KeyLedgerOutdated,
        ("signature", "build-linux64"),
        ("the ledger was read before the target started", "the ledger was read when the target started"),
        || {
            let mut world = signed_by_stranger();
            world.put("keys/openpgp/docker-worker/another.asc", STRANGER);
            world.put("keys/ledger.json", ledger(&Sha256::digest(STRANGER), "2017-06-27T00:00:00Z"));
            Scene::of(world, "signing-linux64")
        },
        || {
            let mut world = signed_by_stranger();
            world.put("keys/openpgp/docker-worker/another.asc", STRANGER);
            world.put("keys/ledger.json", ledger_of_a_stranger(&Sha256::digest(STRANGER)));
            Scene::of(world, "signing-linux64")
        },
    ),
    Case::refutes(
        Code::Distrusted,
        ("task", "build-linux64"),
        ("the key of docker-workers is distrusted", "another key is"),
        || Scene::of(nightly_2017(), "signing-linux64").distrusting(&format!("key:{}", fingerprint("docker-worker"))),
        || Scene::of(nightly_2017(), "signing-linux64").distrusting("key:FAD6F73E@2018-03-01"),
    )
    .also(&[]),
    Case::refutes(
        Code::KeyRefusedByPolicy,
        ("signature", "decision"),
        ("SHA-1, which binds the key, no longer counts", "a second before"),
        || Scene::of(nightly_2017(), "decision").at("2023-02-01T00:00:00Z"),
        || Scene::of(nightly_2017(), "decision").at("2023-01-31T23:59:59Z"),
    ),
    Case::refutes(
        Code::KeyUnusable,
        ("signature", "decision"),
        ("when the key was bound anew, for certifying only", "a second before"),
        || Scene::of(certifying_only(), "decision").at(CHANGED),
        || Scene::of(certifying_only(), "decision").at(SECOND_BEFORE),
    ),
    Case::remarks(
        Code::KeyMalformed,
        ("key", ""),
        ("31 bytes are listed as a key", "a key more is listed"),
        || Scene::of(listing(&STANDARD.encode([7; 31])), "signing-linux64"),
        || Scene::of(listing(&STANDARD.encode(ed25519_key("stranger"))), "signing-linux64"),
    )
    .about_no_task(),
    Case::refutes(
        Code::KeyMalformed,
        ("signature", "build-linux64"),
        ("a key that can't be read is listed before the one that signed", "a key that did not sign is"),
        || Scene::of(listing("!!!"), "signing-linux64").under(super::THEIRS),
        || Scene::of(listing(&STANDARD.encode(ed25519_key("stranger"))), "signing-linux64").under(super::THEIRS),
    ),
    Case::remarks(
        Code::KeyMalformed,
        ("key", ""),
        ("a key of small order is listed", "a key more is listed"),
        || {
            // The neutral element: y = 1.
            let mut neutral = [0; 32];
            neutral[0] = 1;
            Scene::of(listing(&STANDARD.encode(neutral)), "signing-linux64")
        },
        || Scene::of(listing(&STANDARD.encode(ed25519_key("stranger"))), "signing-linux64"),
    )
    .about_no_task(),
    Case::remarks(
        Code::KeyMalformed,
        ("key", ""),
        ("a file of certificates holds none", "a file of certificates holds one more"),
        || {
            let mut world = nightly_2017();
            world.put("keys/openpgp/docker-worker/another.asc", "none");
            Scene::of(world, "signing-linux64")
        },
        || {
            let mut world = nightly_2017();
            world.put("keys/openpgp/docker-worker/another.asc", STRANGER);
            Scene::of(world, "signing-linux64")
        },
    )
    .about_no_task(),
    Case::remarks(
        Code::KeyMalformed,
        ("key", ""),
        ("the interval of a key that is not needed can't be read", "its interval is a date"),
        || Scene::of(dated("generic-worker", Some("some day"), None), "signing-linux64"),
        || Scene::of(dated("generic-worker", Some("2026-12-24"), None), "signing-linux64"),
    )
    .about_no_task(),
];

/// When the certificates of these cases change, and a second before.
const CHANGED: &str = "2018-01-01T00:00:00Z";
const SECOND_BEFORE: &str = "2017-12-31T23:59:59Z";

fn signed_by(role: &'static str) -> World {
    let mut world = nightly_2026();
    world.sign_as("build-linux64", Signer::Role(role)).unwrap();
    world
}

fn signed_in_2017_by(role: &'static str) -> World {
    let mut world = nightly_2017();
    world.sign_as("build-linux64", Signer::Role(role)).unwrap();
    world
}

/// The build has another priority than the graph says, and the target started then.
pub(super) fn prioritised(started: &str) -> World {
    let mut world = nightly_2026();
    redefine_alone(&mut world, "build-linux64", |task| task["priority"] = "highest".into());
    edit_status(&mut world, "signing-linux64", |status| status["status"]["runs"][0]["started"] = started.into());
    world
}

/// The key of docker-workers came with scriptworker 63.4.2, which pools were to run from 2026-08-12T18:44:22Z on and ran a
/// week later at the latest.
fn known_since_63_4_2() -> World {
    let key = nightly_2026().json("keys.json").unwrap()["docker-worker"][0].as_str().unwrap().to_owned();
    let mut world = without_first_key();
    let ledger = json!({
        "ledgerVersion": 1,
        "id": "test",
        "description": "",
        "deployments": ["https://firefox-ci-tc.services.mozilla.com"],
        "source": "a test",
        "authenticated": null,
        "knownUntil": "2027-01-01",
        "epochs": [{
            "role": "docker-worker",
            "key": format!("ed25519:{key}"),
            "from": "2026-08-12T18:25:24Z",
            "until": null,
            "began": {"release": "63.4.2"},
            "ended": null,
        }],
    });
    world.put("keys/ledger.json", ledger.to_string());
    world
}

fn signed_by_stranger() -> World {
    let mut world = nightly_2017();
    world.sign_as("build-linux64", Signer::Stranger).unwrap();
    world
}

/// A capture of a stranger's certificate.
fn keys_of_a_stranger() -> World {
    let mut world = nothing();
    world.put("keys/openpgp/docker-worker/another.asc", STRANGER);
    world
}

/// A capture of all keys of 2026.
fn keys_of_2026() -> World {
    let mut world = nothing();
    world.put("keys.json", nightly_2026().read("keys.json").unwrap());
    world
}

/// The key that docker-workers signed with is not listed; another one of the role is.
fn without_first_key() -> World {
    let mut world = nightly_2026();
    world
        .edit_json("keys.json", |keys| {
            keys["docker-worker"].as_array_mut().unwrap().remove(0);
        })
        .unwrap();
    world
}

fn listing(key: &str) -> World {
    let mut world = nightly_2026();
    world.edit_json("keys.json", |keys| keys["docker-worker"].as_array_mut().unwrap().insert(0, key.into())).unwrap();
    world
}

/// The public half of a throwaway key of the samples.
fn ed25519_key(name: &str) -> [u8; 32] {
    let seed = Sha256::digest(format!("cotrace sample ed25519 key of {name}"));
    SigningKey::from_bytes(&seed.into()).verifying_key().to_bytes()
}

fn dated(role: &str, from: Option<&str>, until: Option<&str>) -> World {
    let mut world = nightly_2026();
    date_keys(&mut world, role, from, until);
    world
}

/// Lists the keys of 2026 in the dated form, those of one role with an interval.
pub(crate) fn date_keys(world: &mut World, role: &str, from: Option<&str>, until: Option<&str>) {
    let keys = world.json("keys.json").unwrap();
    let mut rows: Vec<Value> = Vec::new();
    for (of, listed) in keys.as_object().unwrap() {
        for key in listed.as_array().unwrap() {
            let mut row = json!({"role": of, "publicKey": key});
            if of == role {
                row["from"] = from.into();
                row["until"] = until.into();
            }
            rows.push(row);
        }
    }
    world.remove("keys.json");
    world.put("keys/ed25519.json", Value::Array(rows).to_string());
}

/// A ledger that knows the stranger's key, in a file of this digest.
fn ledger_of_a_stranger(file: &[u8]) -> String {
    ledger(file, "2018-01-01")
}

fn ledger(file: &[u8], known_until: &str) -> String {
    let fingerprint = Cert::from_bytes(STRANGER).unwrap().fingerprint().to_hex();
    json!({
        "ledgerVersion": 1,
        "id": "test",
        "description": "",
        "deployments": ["https://taskcluster.net"],
        "source": "a test",
        "authenticated": null,
        "knownUntil": known_until,
        "epochs": [{
            "role": "docker-worker",
            "ring": "flat",
            "key": format!("openpgp:{fingerprint}"),
            "path": "docker-worker/another",
            "file": hex(file),
            "packets": hex(&[1; 32]),
            "from": "2017-01-01",
            "until": null,
            "began": {},
            "ended": null,
        }],
    })
    .to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The fingerprint of the OpenPGP key of a role of the samples.
pub(crate) fn fingerprint(role: &str) -> String {
    let path = format!("keys/openpgp/{role}/sample-{role}.asc");
    Cert::from_bytes(nightly_2017().read(&path).unwrap()).unwrap().fingerprint().to_hex()
}

/// The sample of 2017 with something added to the certificate of docker-workers.
fn certified(change: impl FnOnce(&Cert, &mut KeyPair, SystemTime) -> Signature) -> World {
    let cert = Cert::from_bytes(DOCKER_WORKER_SECRET).unwrap();
    let secret = cert.primary_key().key().clone().parts_into_secret().unwrap();
    let changed = u64::try_from(moment(CHANGED).unix()).unwrap();
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(changed);
    let signature = change(&cert, &mut secret.into_keypair().unwrap(), at);
    let (cert, _) = cert.insert_packets(signature).unwrap();
    let mut world = nightly_2017();
    world.put("keys/openpgp/docker-worker/sample-docker-worker.asc", cert.armored().export_to_vec().unwrap());
    world
}

/// The sample of 2017 with the key of docker-workers revoked as compromised.
pub(crate) fn revoked_key() -> World {
    revoked(ReasonForRevocation::KeyCompromised)
}

fn revoked(reason: ReasonForRevocation) -> World {
    certified(|cert, signer, at| {
        let builder = CertRevocationBuilder::new().set_signature_creation_time(at).unwrap();
        let builder = builder.set_reason_for_revocation(reason, b"").unwrap();
        builder.build(signer, cert, HashAlgorithm::SHA256).unwrap()
    })
}

fn certifying_only() -> World {
    certified(|cert, signer, at| {
        let builder = SignatureBuilder::new(SignatureType::PositiveCertification)
            .set_hash_algo(HashAlgorithm::SHA256)
            .set_signature_creation_time(at)
            .unwrap()
            .set_key_flags(KeyFlags::empty().set_certification())
            .unwrap();
        cert.userids().next().unwrap().userid().bind(signer, cert, builder).unwrap()
    })
}

/// Where the auditor names the moment, the keys of that moment were being rolled out, whenever the target ran.
#[test]
fn a_rollout_is_told_at_the_moment_that_it_was_on() {
    let report = Scene::of(known_since_63_4_2(), "signing-linux64").at("2026-08-19T18:44:21Z").report();
    let told = report.findings.iter().find(|finding| finding.code == Code::VerifierReleaseUndecided).unwrap();
    let expected =
        "63.4.2 was being rolled out to signing (k8s) on 2026-08-19T18:44:21Z, and 63.4.1 could still run there";
    assert!(told.message.starts_with(expected), "{}", told.message);
}
