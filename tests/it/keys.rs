//! `cotrace keys`: epochs, stories, timeline, audit.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use cotrace::import::KeepArtifacts;
use cotrace::model::{Basis, Code, KeyReport};
use cotrace::replay::key_report;
use cotrace_generator::World;
use sequoia_openpgp::cert::Cert;
use sequoia_openpgp::packet::key::{Key4, PrimaryRole, SecretParts};
use sequoia_openpgp::packet::signature::SignatureBuilder;
use sequoia_openpgp::packet::{Key, Packet, UserID};
use sequoia_openpgp::serialize::SerializeInto as _;
use sequoia_openpgp::types::{HashAlgorithm, KeyFlags, SignatureType};
use serde_json::{Value, json};

use crate::program::{CaseFile, sample};
use crate::support::{TempCase, nightly_2017, nightly_2026, nothing};

/// One way to raise a finding of the audit, and what is nearest to it and raises none.
struct AuditCase {
    code: Code,
    /// What the subject's name or the message holds: findings about keys that ship with cotrace are there always.
    about: &'static str,
    raises: fn() -> (World, bool),
    near_miss: fn() -> (World, bool),
}

/// The codes that only `keys audit` tells.
pub(crate) fn audited() -> BTreeSet<Code> {
    CASES.iter().map(|case| case.code).collect()
}

const ROLE: &str = "test-worker";

const CASES: &[AuditCase] = &[
    AuditCase {
        code: Code::KeyUsedOutsideEpoch,
        about: "ed25519:",
        raises: || (dated("docker-worker", None, Some("2026-01-01")), true),
        near_miss: || (dated("docker-worker", None, Some("2026-12-01")), true),
    },
    AuditCase {
        code: Code::KeyUnlisted,
        about: "ed25519:",
        raises: || (nightly_2026(), false),
        near_miss: || (nightly_2026(), true),
    },
    AuditCase {
        code: Code::KeyRoleUncovered,
        about: ROLE,
        raises: || (epochs(&[(1, ROLE, "2020-01-01", "2020-02-01"), (2, ROLE, "2020-02-02", "2020-03-01")]), true),
        near_miss: || {
            (epochs(&[(1, ROLE, "2020-01-01", "2020-02-01"), (2, ROLE, "2020-02-01T23:59:59Z", "2020-03-01")]), true)
        },
    },
    AuditCase {
        code: Code::KeyEpochsOverlap,
        about: ROLE,
        raises: || {
            (epochs(&[(1, ROLE, "2020-01-01", "2020-02-01"), (2, ROLE, "2020-01-31T23:59:59Z", "2020-03-01")]), true)
        },
        near_miss: || (epochs(&[(1, ROLE, "2020-01-01", "2020-02-01"), (2, ROLE, "2020-02-01", "2020-03-01")]), true),
    },
    AuditCase {
        code: Code::KeyReturned,
        about: ROLE,
        raises: || {
            (epochs(&[(1, ROLE, "2020-01-01", "2020-02-01"), (1, ROLE, "2020-02-01T00:00:01Z", "2020-03-01")]), true)
        },
        near_miss: || (epochs(&[(1, ROLE, "2020-01-01", "2020-02-01"), (1, ROLE, "2020-02-01", "2020-03-01")]), true),
    },
    AuditCase {
        code: Code::KeyOfSeveralRoles,
        about: ROLE,
        raises: || (epochs(&[(1, ROLE, "2020-01-01", "2020-02-01"), (1, "another", "2021-01-01", "2021-02-01")]), true),
        near_miss: || {
            (epochs(&[(1, ROLE, "2020-01-01", "2020-02-01"), (2, "another", "2021-01-01", "2021-02-01")]), true)
        },
    },
    AuditCase {
        code: Code::KeySetUnauthenticated,
        about: "keys/cot.git",
        raises: crate::repository::tagged_by_nobody,
        near_miss: crate::repository::tagged_by_signer,
    },
    AuditCase {
        code: Code::KeySetBlocked,
        about: "keys/cot.git",
        raises: || crate::repository::with_expiring_key(1),
        near_miss: || crate::repository::with_expiring_key(0),
    },
    AuditCase {
        code: Code::KeyLedgerContradicted,
        about: "test-worker",
        raises: || crate::releases::with_another_key(&[1]),
        near_miss: || crate::releases::with_another_key(&[]),
    },
    AuditCase {
        code: Code::KeySignerLapsed,
        about: "keys/cot.git",
        raises: || crate::repository::signed_before_key_was_made(1),
        near_miss: || crate::repository::signed_before_key_was_made(0),
    },
    AuditCase {
        code: Code::KeyRepositoryIncomplete,
        about: "keys/cot.git",
        raises: crate::repository::shallow,
        near_miss: crate::repository::tagged_by_signer,
    },
    AuditCase {
        code: Code::KeyUncertified,
        about: "keys/cot.git",
        raises: crate::repository::uncertified,
        near_miss: crate::repository::tagged_by_signer,
    },
    AuditCase {
        code: Code::KeyShort,
        about: "RSA-1024",
        raises: || (with_rsa(1024), true),
        near_miss: || (with_rsa(2048), true),
    },
    AuditCase {
        code: Code::KeyBindingWeak,
        about: "openpgp:",
        raises: || (nightly_2017(), true),
        near_miss: || {
            let mut world = nightly_2017();
            world.remove("keys/openpgp/docker-worker/sample-docker-worker.asc");
            (world, true)
        },
    },
    AuditCase {
        code: Code::KeyExpiredInSet,
        about: "generic-worker without end",
        raises: || (nightly_2017(), true),
        near_miss: || {
            let mut world = nightly_2017();
            world.remove("keys/openpgp/generic-worker/sample-generic-worker.asc");
            (world, true)
        },
    },
];

/// The sample of 2026 with the keys of a role in an interval.
fn dated(role: &str, from: Option<&str>, until: Option<&str>) -> World {
    let mut world = nightly_2026();
    crate::cases::date_keys(&mut world, role, from, until);
    world
}

/// A capture of these epochs: which key, role, from, until.
fn epochs(listed: &[(u8, &str, &str, &str)]) -> World {
    use base64::Engine as _;
    let row = |(key, role, from, until): &(u8, &str, &str, &str)| {
        let key = ed25519_dalek::SigningKey::from_bytes(&[*key; 32]).verifying_key();
        let key = base64::engine::general_purpose::STANDARD.encode(key.as_bytes());
        json!({"role": role, "publicKey": key, "from": from, "until": until, "source": "a test"})
    };
    let mut world = nothing();
    world.put("keys/ed25519.json", Value::Array(listed.iter().map(row).collect()).to_string());
    world
}

/// A capture of an RSA key of so many bits.
fn with_rsa(bits: usize) -> World {
    let made = SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000);
    let mut key: Key<SecretParts, PrimaryRole> = Key4::generate_rsa(bits).unwrap().into();
    key.set_creation_time(made).unwrap();
    let mut signer = key.clone().into_keypair().unwrap();
    let cert = Cert::from_packets(std::iter::once(Packet::from(key.take_secret().0))).unwrap();
    let user_id = UserID::from("a short key");
    let builder = SignatureBuilder::new(SignatureType::PositiveCertification)
        .set_hash_algo(HashAlgorithm::SHA256)
        .set_signature_creation_time(made)
        .unwrap()
        .set_key_flags(KeyFlags::empty().set_certification().set_signing())
        .unwrap();
    let binding = user_id.bind(&mut signer, &cert, builder).unwrap();
    let (cert, _) = cert.insert_packets([Packet::from(user_id), Packet::from(binding)]).unwrap();
    let mut world = nothing();
    world.put("keys/openpgp/test-worker/key.pgp", cert.to_vec().unwrap());
    world
}

pub(crate) fn report(world: &World, accept_keys: bool) -> KeyReport {
    let mut case = TempCase::new();
    case.import(world, accept_keys, KeepArtifacts::Evidence);
    key_report(&mut case.case, &Basis::ALL.into_iter().collect()).unwrap()
}

#[test]
fn every_code_of_the_audit_has_a_case_and_a_near_miss() {
    for AuditCase { code, about, raises, near_miss } in CASES {
        let found = |(world, accept): (World, bool)| {
            let report = report(&world, accept);
            let told = report.findings.into_iter().filter(|finding| finding.code == *code);
            told.filter(|finding| {
                finding.message.contains(about)
                    || finding.subject.name.as_ref().is_some_and(|name| name.contains(about))
            })
            .map(|finding| finding.message)
            .filter(|message| !about.starts_with("ed25519:") || message.contains("signatures"))
            .collect::<Vec<_>>()
        };
        assert!(!found(raises()).is_empty(), "{code} is not raised");
        let near = found(near_miss());
        assert!(near.is_empty(), "{code} is raised in the near miss: {near:?}");
    }
}

#[test]
fn the_shipped_ledgers_tell_what_happened_to_their_keys() {
    let report = report(&epochs(&[(1, ROLE, "2020-01-01", "2020-02-01")]), false);
    let told = |code: Code, name: &str| {
        report.findings.iter().any(|f| f.code == code && f.subject.name.as_deref().is_some_and(|n| n.contains(name)))
    };
    assert!(told(Code::KeyReturned, "J+PAKmq3"), "33.0.0 removed it, 33.0.2 put it back");
    assert!(told(Code::KeyReturned, "uJhnk8ir"), "47.0.0 removed it, 47.0.1 put it back");
    assert!(told(Code::KeyReturned, "27B7BD13"), "generic-worker, February 2018");
    assert!(told(Code::KeyOfSeveralRoles, "Kz/aZIVe"), "generic-worker runs docker-worker's payloads");
    assert!(!told(Code::KeyRoleUncovered, "docker-worker"));
}

#[test]
fn list_show_timeline_and_audit_speak_of_the_same_keys() {
    let case = CaseFile::of(&[sample("nightly-2017"), sample("nightly-2026")]);
    let list = case.run(["keys", "list", "--role", "scriptworker"]).exits(0).text();
    assert!(list.contains("operator") && list.contains("builtin") && !list.contains("docker-worker"), "{list}");
    let json = case.run(["keys", "list", "--format", "json"]).exits(0).json();
    let keys = json["keys"].as_array().unwrap();
    let used: Vec<&Value> = keys.iter().filter(|key| !key["uses"].as_array().unwrap().is_empty()).collect();
    assert_eq!(used.len(), 9, "three workers in each sample, and three hosts with keys of their own");
    for key in used {
        let name = key["key"].as_str().unwrap();
        let shown = case.run(["keys", "show", name]).exits(0).text();
        assert!(shown.contains(name) && shown.contains("sound signatures seen"), "{shown}");
    }
    case.run(["keys", "show", "no such key"]).exits(3);
    let audit = case.run(["keys", "audit", "--format", "json"]).exits(0).json();
    assert_eq!(audit, json["findings"]);
    let narrowed = case.run(["keys", "list", "--trust", "operator", "--format", "json"]).exits(0).json();
    let bases = narrowed["keys"].as_array().unwrap().iter().flat_map(|key| key["epochs"].as_array().unwrap());
    assert!(bases.clone().all(|epoch| epoch["basis"] != "builtin") && bases.count() > 6);
}

#[test]
fn the_timeline_keeps_to_its_columns_and_to_ascii() {
    let case = CaseFile::of(&[sample("nightly-2017")]);
    for width in ["40", "77", "200"] {
        let args = ["keys", "timeline", "--width", width, "--as-of", "2017-06-02", "--role", "docker-worker"];
        let drawn = case.run(args.into_iter().chain(["--ascii"])).exits(0).text();
        assert!(drawn.is_ascii(), "{drawn}");
        let bars: Vec<&str> = drawn.lines().filter(|line| line.contains(['=', '-']) && line.contains("  ")).collect();
        let columns: usize = width.parse().unwrap();
        assert!(bars.iter().take(9).all(|line| line.len() <= columns), "{width}: {drawn}");
        assert!(drawn.contains('x') && drawn.contains('|') && drawn.contains("as of 2017-06-02T00:00:00Z"), "{drawn}");
        let unicode = case.run(args).exits(0).text();
        assert_eq!(unicode.replace('━', "=").replace('┄', "-").replace('●', "x").replace('│', "|"), drawn);
    }
    // A key that was in force for eleven minutes is there all the same.
    let drawn = case.run(["keys", "timeline", "--width", "60", "--ascii", "--role", "docker-worker"]).exits(0).text();
    let short_lived = drawn.lines().find(|line| line.starts_with("AAC4B4617A5985AB")).unwrap();
    assert!(short_lived.trim_end().ends_with('='), "{short_lived}");
}

#[test]
fn time_zone_and_locale_change_nothing() {
    let case = CaseFile::of(&[sample("nightly-2017")]);
    let asked = |zone: &str, locale: &str| {
        let mut all = Vec::new();
        for args in [
            &["replay", "--all", "--as-of", "2017-08-30", "--format", "json"][..],
            &["keys", "list", "--format", "json"],
            &["keys", "timeline", "--width", "90", "--as-of", "2017-08-30"],
            &["keys", "audit"],
        ] {
            let mut command = case.command();
            let output = command.args(args).env("TZ", zone).env("LC_ALL", locale).env("LANG", locale).output().unwrap();
            all.extend(output.stdout);
        }
        all
    };
    let here = asked("UTC", "C");
    assert!(here.len() > 10_000);
    assert!(asked("Asia/Kathmandu", "tr_TR.UTF-8") == here && asked("America/St_Johns", "ar_EG.UTF-8") == here);
}
