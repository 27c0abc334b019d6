//! Worlds can be edited and signed again, and graphs of any size hold together.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use cotrace_generator::{Signer, World, sample, scale};
use ed25519_dalek::{Signature, VerifyingKey};
use sequoia_openpgp as openpgp;
use sequoia_openpgp::parse::Parse as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::files;

fn attested(world: &World) -> Vec<String> {
    let labels: Vec<String> = world.labels().map(str::to_owned).collect();
    labels.into_iter().filter(|label| world.attestation(label).is_ok()).collect()
}

#[test]
fn attesting_again_changes_nothing() {
    for name in sample::NAMES {
        let made = sample::by_name(name).unwrap();
        let mut world = made.clone();
        let labels = attested(&world);
        assert!(labels.len() >= 8);
        for label in &labels {
            world.attest(label).unwrap();
        }
        assert!(world.files == made.files, "{name}: attesting again made other bytes");
        for label in &labels {
            world.sign(label).unwrap();
        }
        assert!(world.files == made.files, "{name}: signing again made other bytes");
    }
}

#[test]
fn attestations_agree_with_the_queue() {
    for name in sample::NAMES {
        let world = sample::by_name(name).unwrap();
        for label in attested(&world) {
            let body: Value = serde_json::from_str(&world.attestation(&label).unwrap()).unwrap();
            let definition = world.json(&world.definition_path(&label).unwrap()).unwrap();
            let status = world.json(&world.status_path(&label).unwrap()).unwrap();
            let run = status["status"]["runs"].as_array().unwrap().last().unwrap();
            assert_eq!(body["task"], definition, "{name} {label}");
            assert_eq!(body["taskId"], world.task_id(&label).unwrap());
            for key in ["runId", "workerGroup", "workerId"] {
                assert_eq!(body[key], run[key], "{name} {label} {key}");
            }
            for (artifact, digests) in body["artifacts"].as_object().unwrap() {
                let bytes = world.read(&world.artifact_path(&label, artifact).unwrap()).unwrap();
                assert_eq!(digests["sha256"], hex::encode(Sha256::digest(bytes)));
            }
        }
    }
}

/// What a scriptworker logs is what is there; and it logs every attestation of its chain.
#[test]
fn logs_list_true_digests() {
    for (name, listed) in [("nightly-2017", 8), ("nightly-2026", 4)] {
        let world = sample::by_name(name).unwrap();
        let logs: Vec<String> =
            world.files.keys().filter(|path| path.ends_with("public/logs/chain_of_trust.log")).cloned().collect();
        assert_eq!(logs.len(), listed, "{name}");
        for log in logs {
            let text = std::str::from_utf8(world.read(&log).unwrap()).unwrap();
            let mut attestations = 0;
            for line in text.lines().filter(|line| line.contains(" DEBUG - ")) {
                let (_, place) = line.split_once("/cot/").unwrap();
                let (path, digest) = place.rsplit_once(' ').unwrap();
                let (path, says) = path.split_once(' ').unwrap();
                let (task_id, artifact) = path.split_once('/').unwrap();
                let artifact = artifact.trim_start_matches("./");
                let label = world.labels().find(|label| world.task_id(label).unwrap() == task_id).unwrap();
                let bytes = world.read(&world.artifact_path(label, artifact).unwrap()).unwrap();
                assert_eq!(digest, hex::encode(Sha256::digest(bytes)), "{log}: {line}");
                assert!(says.starts_with("downloaded; hash is") || says.starts_with("matches the expected sha256"));
                attestations += usize::from(says.starts_with("downloaded"));
            }
            assert!(attestations >= 2, "{log}: a chain has a decision and a build at least");
        }
    }
}

#[test]
fn task_ids_are_slugids() {
    for name in sample::NAMES {
        let world = sample::by_name(name).unwrap();
        for label in world.labels() {
            let id = world.task_id(label).unwrap().as_bytes();
            assert_eq!(id.len(), 22);
            assert!(id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte)));
            assert!(b"QRST".contains(&id[8]) && b"CGKOSWaeimquy26-".contains(&id[10]) && b"AQgw".contains(&id[21]));
            assert_ne!(id[0], b'-');
        }
    }
}

#[test]
fn an_edited_file_keeps_its_layout() {
    let mut world = sample::nightly_2026().unwrap();
    let paths: Vec<String> = world.files.keys().filter(|path| path.ends_with(".json")).cloned().collect();
    for path in paths {
        let before = world.read(&path).unwrap().to_vec();
        // Go's escapes are not kept: such a file is edited as an attestation.
        if !before.windows(6).any(|window| window == b"\\u0026") {
            world.edit_json(&path, |_| ()).unwrap();
            assert!(world.read(&path).unwrap() == before, "{path}");
        }
    }
}

/// The signature packet of a clear-signed file, with its number as the standard wants it: Go counts leading zeros, and
/// Sequoia refuses a number that has any.
fn signature_packet(file: &str) -> openpgp::Packet {
    let block = &file[file.find("-----BEGIN PGP SIGNATURE-----").unwrap()..];
    let lines: Vec<&str> = block.lines().skip_while(|line| !line.is_empty()).skip(1).collect();
    let base64: String = lines.iter().take_while(|line| !line.starts_with('=')).copied().collect();
    let packet = base64::engine::general_purpose::STANDARD.decode(base64).unwrap();
    // Old packets begin with a tag and two bytes of length as new ones of this length do.
    let body = &packet[3..];
    let hashed = 6 + usize::from(u16::from_be_bytes([body[4], body[5]]));
    let number = hashed + 2 + usize::from(u16::from_be_bytes([body[hashed], body[hashed + 1]])) + 4;
    let zeros = body[number..].iter().take_while(|byte| **byte == 0).count();
    let significant = &body[number + zeros..];
    let bits = significant.len() * 8 - significant[0].leading_zeros() as usize;
    let mut fixed = body[..number - 2].to_vec();
    fixed.extend_from_slice(&u16::try_from(bits).unwrap().to_be_bytes());
    fixed.extend_from_slice(significant);
    let mut out = vec![0xc2, 0xff];
    out.extend_from_slice(&u32::try_from(fixed.len()).unwrap().to_be_bytes());
    out.extend_from_slice(&fixed);
    openpgp::Packet::from_bytes(&out).unwrap()
}

/// Whether the clear-signed attestation of a label verifies with the certificate of a role.
fn openpgp_verifies(world: &World, label: &str, role: &str) -> bool {
    let path = world.attestation_path(label).unwrap();
    let file = std::str::from_utf8(world.read(&path).unwrap()).unwrap();
    let packet = signature_packet(file);
    let openpgp::Packet::Signature(signature) = packet else { panic!("not a signature") };
    let certificate = world.read(&format!("keys/openpgp/{role}/sample-{role}.asc")).unwrap();
    let certificate = openpgp::Cert::from_bytes(certificate).unwrap();
    let mut hash = signature.hash_algo().context().unwrap().for_signature(signature.version());
    hash.update(world.attestation(label).unwrap().replace('\n', "\r\n").as_bytes());
    signature.verify_hash(certificate.primary_key().key(), hash).is_ok()
}

#[test]
fn openpgp_signatures_are_sound_until_someone_else_makes_them() {
    let mut world = sample::nightly_2017().unwrap();
    for (label, role) in
        [("decision", "docker-worker"), ("build-win64", "generic-worker"), ("balrog-linux64", "scriptworker")]
    {
        assert!(openpgp_verifies(&world, label, role), "{label}");
        world.edit_attestation(label, |body| body["runId"] = 7.into()).unwrap();
        assert!(openpgp_verifies(&world, label, role), "{label}");
        world.sign_as(label, Signer::Stranger).unwrap();
        assert!(!openpgp_verifies(&world, label, role), "{label}");
        world.sign_at(label, Signer::Role(role), 1_500_000_000).unwrap();
        assert!(openpgp_verifies(&world, label, role), "{label}");
    }
}

fn listed_keys(list: &Value) -> Vec<VerifyingKey> {
    let decode = |key: &Value| {
        let bytes = base64::engine::general_purpose::STANDARD.decode(key.as_str().unwrap()).unwrap();
        VerifyingKey::from_bytes(&bytes.try_into().unwrap()).unwrap()
    };
    list.as_array().unwrap().iter().map(decode).collect()
}

#[test]
fn ed25519_signatures_are_sound_until_someone_else_makes_them() {
    let mut world = sample::nightly_2026().unwrap();
    let keys = world.json("keys.json").unwrap();
    let verifies = |world: &World, label: &str, role: &str| {
        let path = world.attestation_path(label).unwrap();
        let signature = Signature::from_slice(world.read(&format!("{path}.sig")).unwrap()).unwrap();
        listed_keys(&keys[role]).iter().any(|key| key.verify_strict(world.read(&path).unwrap(), &signature).is_ok())
    };
    for (label, role) in
        [("decision", "docker-worker"), ("build-win64", "generic-worker"), ("balrog-linux64", "scriptworker")]
    {
        assert!(verifies(&world, label, role), "{label}");
        let artifact = world.artifact_path(label, "public/new.txt").unwrap();
        world.put(&artifact, "new");
        world.attest(label).unwrap();
        assert!(verifies(&world, label, role), "{label}");
        assert!(world.attestation(label).unwrap().contains("public/new.txt"));
        world.sign_as(label, Signer::Stranger).unwrap();
        assert!(!verifies(&world, label, role), "{label}");
    }
    world.sign_as("balrog-linux64", Signer::Role("scriptworker-previous")).unwrap();
    assert!(verifies(&world, "balrog-linux64", "scriptworker"));
    assert!(world.sign_as("balrog-linux64", Signer::Role("nobody")).is_err());
}

#[test]
fn an_existing_directory_is_refused() {
    let dir = scratch("existing");
    fs::create_dir_all(&dir).unwrap();
    assert!(sample::nightly_2026().unwrap().write_to(&dir).is_err());
    assert!(scale::write(&dir, 60, 1).is_err());
    fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn a_graph_of_many_tasks_holds_together() {
    let (first, second) = (scratch("scale-1"), scratch("scale-2"));
    let summary = scale::write(&first, 237, 9).unwrap();
    assert_eq!(scale::write(&second, 237, 9).unwrap(), summary);
    let (left, right) = (files(&first), files(&second));
    assert!(left == right, "the same seed made other bytes");
    assert_eq!(left.len(), summary.files);
    assert_eq!(left.values().map(|bytes| bytes.len() as u64).sum::<u64>(), summary.bytes);

    let decision = &summary.targets.iter().find(|target| target.label == "decision").unwrap().task_id;
    let json = |path: &str| serde_json::from_slice::<Value>(&left[path]).unwrap();
    let graph = json(&format!("tasks/{decision}/artifacts/0/public/task-graph.json"));
    let labels = json(&format!("tasks/{decision}/artifacts/0/public/label-to-taskid.json"));
    let keys = json("keys.json");
    assert_eq!(graph.as_object().unwrap().len(), 236);
    assert_eq!(labels.as_object().unwrap().len(), 236);
    let ids = graph.as_object().unwrap().keys().cloned().chain([decision.clone()]);
    for id in ids {
        let folder = format!("tasks/{id}/artifacts/0/");
        let attestation = &left[&format!("{folder}public/chain-of-trust.json")];
        let body: Value = serde_json::from_slice(attestation).unwrap();
        let definition = json(&format!("tasks/{id}/definition.json"));
        assert_eq!(body["task"], definition);
        let role = definition["tags"]["worker-implementation"].as_str().unwrap();
        let signature = Signature::from_slice(&left[&format!("{folder}public/chain-of-trust.json.sig")]).unwrap();
        assert!(listed_keys(&keys[role]).iter().any(|key| key.verify_strict(attestation, &signature).is_ok()));
        for (name, digests) in body["artifacts"].as_object().unwrap() {
            assert_eq!(*digests, json!({"sha256": hex::encode(Sha256::digest(&left[&format!("{folder}{name}")]))}));
        }
        if id != *decision {
            assert_eq!(graph[&id]["task"]["metadata"], definition["metadata"]);
            assert_eq!(definition["extra"]["parent"], decision.as_str());
        }
    }
    fs::remove_dir_all(&first).unwrap();
    fs::remove_dir_all(&second).unwrap();
}

#[test]
fn a_graph_of_clear_signed_tasks_holds_together() {
    let (first, second) = (scratch("openpgp-1"), scratch("openpgp-2"));
    let summary = scale::write_openpgp(&first, 18, 9).unwrap();
    assert_eq!(scale::write_openpgp(&second, 18, 9).unwrap(), summary);
    let (left, right) = (files(&first), files(&second));
    assert!(left == right, "the same seed made other bytes");
    assert_eq!((left.len(), summary.attested), (summary.files, 18));
    assert_eq!(left.keys().filter(|path| path.ends_with("/public/chainOfTrust.json.asc")).count(), 18);
    let names = left.keys().find(|path| path.ends_with("/label-to-taskid.json")).unwrap();
    let names: Value = serde_json::from_slice(&left[names]).unwrap();
    assert_eq!(names.as_object().unwrap().len(), 17, "a label names two tasks");
    fs::remove_dir_all(&first).unwrap();
    fs::remove_dir_all(&second).unwrap();
}

fn scratch(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cotrace-generator-{name}"));
    if dir.exists() {
        fs::remove_dir_all(&dir).unwrap();
    }
    dir
}
