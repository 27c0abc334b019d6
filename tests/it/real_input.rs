//! Evidence that Taskcluster's own workers made, where it lies beside the repository: it is not ours to publish again.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sequoia_openpgp::cert::Cert;
use sequoia_openpgp::packet::Packet;
use sequoia_openpgp::parse::Parse as _;
use sequoia_openpgp::serialize::SerializeInto as _;
use sequoia_openpgp::types::SignatureType;
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{CaseFile, codes, files, root, skip, target, write};

const PRODUCTION: &str = "LnshJjNXTfeBlPNrAzyy9w";
const FINGERPRINT: &str = "openpgp:FAD6F73ED15A6620149115BBD79913CEFD45E8A9";

/// A folder beside the repository, if it is there.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let path = root().join("../shared").join(name);
    if path.is_dir() {
        return Some(path);
    }
    skip(&format!("there is no {name} beside the repository"));
    None
}

/// A capture of one clear-signed attestation and key files, each as `role/name`.
fn attestation(task_id: &str, signed: &[u8], keys: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    write(folder.path(), &format!("tasks/{task_id}/artifacts/0/public/chainOfTrust.json.asc"), signed);
    for (path, bytes) in keys {
        write(folder.path(), &format!("keys/openpgp/{path}"), bytes);
    }
    folder
}

/// The production attestation of 2017, or an altered copy of it, with the key of its host.
fn production(folder: &Path, file: &str) -> CaseFile {
    let key = fs::read(folder.join("signing-linux-3.pgp")).unwrap();
    let keys = [("scriptworker/signing-linux-3.pgp", key)];
    CaseFile::of(&[attestation(PRODUCTION, &fs::read(folder.join(file)).unwrap(), &keys).path()])
}

/// The report of one task at a moment, and the check of its own signature there.
fn signature_at(case: &CaseFile, task_id: &str, moment: &str) -> (Value, String, String) {
    let report = case.report([task_id, "--as-of", moment, "--rules", "signatures"]);
    let target = target(&report, task_id);
    assert_ne!(target["verdict"], "verified", "{moment}: the definition is missing");
    let checks = target["links"][0]["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["check"] == "signature").unwrap();
    let words = |name: &str| check[name].as_str().unwrap().to_owned();
    let (outcome, detail) = (words("outcome"), words("detail"));
    (report, outcome, detail)
}

#[test]
fn the_production_signature_of_2017_is_sound_and_its_key_in_force_then() {
    let Some(folder) = shared("real/production-2017-06-02") else { return };
    let case = production(&folder, "chainOfTrust.json.asc");
    let (report, outcome, detail) = signature_at(&case, PRODUCTION, "2017-06-02T20:17:44Z");
    assert_eq!(outcome, "pass", "{detail}");
    assert!(detail.contains("sound") && detail.contains("in force for scriptworker"), "{detail}");
    let target = target(&report, PRODUCTION);
    assert_eq!(target["verdict"], "undetermined", "{}", target["headline"]);
    assert_eq!(target["links"][0]["key"], FINGERPRINT);
    assert_eq!(target["links"][0]["shapeFromAttestation"], true);
    assert_eq!(target["links"][0]["workerImpl"], "scriptworker");
    let high: Vec<&Value> =
        report["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "high").collect();
    assert!(high.is_empty(), "{high:?}");
    // The day itself, at midnight, is before the signature was made: the key was in force all the same.
    assert_eq!(signature_at(&case, PRODUCTION, "2017-06-02").1, "pass");
    // Nobody knows when the run was: `then` lies between the embedded task's creation and deadline.
    let then = case.report([PRODUCTION, "--rules", "signatures"]);
    assert_eq!(then["targets"][0]["verdict"], "undetermined");
    assert_eq!(then["targets"][0]["asOf"]["key"], Value::Null);
}

#[test]
fn the_production_key_has_a_beginning_and_an_end() {
    let Some(folder) = shared("real/production-2017-06-02") else { return };
    let case = production(&folder, "chainOfTrust.json.asc");
    for (moment, expected) in [
        ("2016-09-01", &["key-not-in-force", "key-not-yet-created"][..]),
        ("2016-09-18", &["key-not-in-force", "key-not-yet-created"]),
        // It existed; the key set had it in a file that nobody had certified yet.
        ("2016-09-19T23:34:50Z", &["key-not-in-force"]),
        // The tag of that day no longer had it.
        ("2018-07-25T16:34:28Z", &["key-not-in-force"]),
        ("2018-08-15", &["key-not-in-force"]),
        ("2018-09-20", &["key-not-in-force", "key-expired"]),
        ("2018-12-01", &["key-not-in-force", "key-expired"]),
        ("2026-11-01", &["key-not-in-force", "key-expired"]),
    ] {
        let (report, outcome, detail) = signature_at(&case, PRODUCTION, moment);
        let target = target(&report, PRODUCTION);
        assert_eq!(target["verdict"], "refuted", "{moment}");
        assert_eq!(target["reason"], "not-trusted-at-as-of", "{moment}: it is no forgery");
        assert_eq!(outcome, "fail", "{moment}: {detail}");
        let found: BTreeSet<&str> = codes(&report).into_iter().filter(|code| code.starts_with("key-")).collect();
        assert_eq!(found, expected.iter().copied().collect(), "{moment}");
    }
    for moment in ["2016-09-19T23:34:51Z", "2017-01-10", "2018-07-25T16:34:27Z"] {
        assert_eq!(signature_at(&case, PRODUCTION, moment).1, "pass", "{moment}");
    }
    // A ledger that ships with cotrace knows the key, in these very bytes: nobody has to accept it. In other bytes it is
    // evidence until somebody does.
    let unaccepted = CaseFile::empty();
    let key = fs::read(folder.join("signing-linux-3.pgp")).unwrap();
    let signed = fs::read(folder.join("chainOfTrust.json.asc")).unwrap();
    let capture = attestation(PRODUCTION, &signed, &[("scriptworker/signing-linux-3.pgp", key.clone())]);
    unaccepted.run(["import", capture.path().to_str().unwrap()]).exits(0);
    assert_eq!(signature_at(&unaccepted, PRODUCTION, "2017-06-03").1, "pass");
    let narrowed =
        unaccepted.report([PRODUCTION, "--as-of", "2017-06-03", "--trust", "operator", "--rules", "signatures"]);
    assert_eq!(target(&narrowed, PRODUCTION)["verdict"], "undetermined");
    // What folder it lies in is of no matter then.
    let capture = attestation(PRODUCTION, &signed, &[("docker-worker/signing-linux-3.pgp", key)]);
    assert_eq!(signature_at(&CaseFile::of(&[capture.path()]), PRODUCTION, "2017-06-03").1, "pass");
}

#[test]
fn another_variant_of_the_production_key_gives_no_trust() {
    let Some(folder) = shared("real/production-2017-06-02") else { return };
    let signed = fs::read(folder.join("chainOfTrust.json.asc")).unwrap();
    // The key without what others certified: as the first file of the key set had it, and anybody can make it.
    let cert = Cert::from_file(folder.join("signing-linux-3.pgp")).unwrap();
    let bare = cert.retain_userids(|_| true).strip_secret_key_material();
    let certifies = |packet: &Packet| matches!(packet, Packet::Signature(signature) if signature.typ() == SignatureType::GenericCertification);
    let packets = bare.into_packets().filter(|packet| !certifies(packet));
    let bare = Cert::from_packets(packets).unwrap().to_vec().unwrap();
    for accept in [true, false] {
        let capture = attestation(PRODUCTION, &signed, &[("scriptworker/signing-linux-3.pgp", bare.clone())]);
        let case = CaseFile::empty();
        let path = capture.path().to_str().unwrap();
        let accepting: &[&str] = if accept { &["import", path, "--accept-keys"] } else { &["import", path] };
        case.run(accepting).exits(0);
        let (report, outcome, detail) = signature_at(&case, PRODUCTION, "2017-06-03");
        assert_eq!(outcome, "fail", "{detail}");
        assert!(codes(&report).contains("key-variant-unknown"), "{:?}", codes(&report));
    }
}

/// What every altered copy must be told for. Whether gpg accepted it then is another question.
const TAMPERED: [(&str, &str, &str); 9] = [
    ("prefix", "clearsign-text-outside", "any"),
    ("suffix", "clearsign-text-outside", "any"),
    ("ws_eol", "clearsign-uncovered-bytes", "pass"),
    ("trailing_ws", "signature-invalid", "fail"),
    ("crlf", "clearsign-uncovered-bytes", "pass"),
    ("hashhdr_extra", "clearsign-armor-header", "any"),
    ("hashhdr_wrong", "clearsign-hash-header", "any"),
    ("no_hash", "clearsign-hash-header", "any"),
    ("dup_sigblock", "signature-ambiguous", "fail"),
];

#[test]
fn every_altered_copy_is_told_for_what_it_is() {
    let Some(folder) = shared("real/production-2017-06-02") else { return };
    let sound = production(&folder, "chainOfTrust.json.asc");
    let (report, ..) = signature_at(&sound, PRODUCTION, "2017-06-03");
    let unaltered: Vec<String> = codes(&report).into_iter().map(str::to_owned).collect();
    let found: Vec<String> = files(&folder.join("tamper")).into_keys().collect();
    assert_eq!(found.len(), TAMPERED.len(), "{found:?}");
    let mut wrong = Vec::new();
    for (name, code, expected) in TAMPERED {
        assert!(!unaltered.iter().any(|known| known == code), "the sound file has {code}");
        let case = production(&folder, &format!("tamper/{name}.asc"));
        let (report, outcome, detail) = signature_at(&case, PRODUCTION, "2017-06-03");
        if !codes(&report).contains(code) || expected != "any" && outcome != expected {
            wrong.push(format!("{name}: {outcome}: {detail}: {:?}", codes(&report)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn signatures_of_every_writer_are_sound() {
    let Some(folder) = shared("real/synthetic") else { return };
    // The docker-worker fixtures claim to be of late 2026; the scriptworker one expired in 2020.
    let docker = fs::read(folder.join("synthetic-docker-worker.pub")).unwrap();
    let scriptworker = fs::read(folder.join("synthetic-scriptworker-expires-2020-02-21.pub")).unwrap();
    let keys = [("docker-worker/synthetic.pub", docker), ("scriptworker/synthetic.pub", scriptworker)];
    for (file, task_id, moment) in [
        ("docker-worker.pre-2018-04-09.oneline", "UnU2jpdcQheHKXpI3HHXsQ", "2027-01-01"),
        ("docker-worker.post-2018-04-09.indent2", "UnU2jpdcQheHKXpI3HHXsQ", "2027-01-01"),
        ("docker-worker.pre-2018-04-09.over20k-oneline", "UnU2jpdcQheHKXpI3HHXsQ", "2027-01-01"),
        ("scriptworker", "IlriR12WRHCTviPdnLVECw", "2018-02-23"),
    ] {
        let signed = fs::read(folder.join(format!("{file}.chainOfTrust.json.asc"))).unwrap();
        let case = CaseFile::of(&[attestation(task_id, &signed, &keys).path()]);
        let (report, outcome, detail) = signature_at(&case, task_id, moment);
        assert_eq!(outcome, "pass", "{file}: {detail} {:?}", codes(&report));
        assert!(detail.starts_with("sound"), "{file}: {detail}");
        let is_long = codes(&report).contains("clearsign-line-too-long");
        assert_eq!(is_long, file.contains("over20k"), "{file}: {:?}", codes(&report));
        if is_long {
            let findings = report["findings"].as_array().unwrap();
            let found = findings.iter().find(|finding| finding["code"] == "clearsign-line-too-long").unwrap();
            assert_eq!(found["plane"], "audit", "gpg refused the file; the signature is sound");
        }
        if file == "scriptworker" {
            let (report, outcome, _) = signature_at(&case, task_id, "2020-03-01");
            assert_eq!(outcome, "fail");
            assert!(codes(&report).contains("key-expired"));
        }
    }
}

/// Clear-signed files of every kind of malice: none may stop the program, and none that scriptworker 16.2.1 refused
/// for its signature may have a sound one by a key in force.
#[test]
fn hostile_clear_signed_files_stop_nothing() {
    let Some(folder) = shared("oracle/gpg") else { return };
    let keys: Vec<(String, Vec<u8>)> = files(&folder.join("keyrepo"))
        .into_iter()
        .map(|(name, path)| (name.replace("/valid/", "/").replace("/trusted/", "/"), fs::read(path).unwrap()))
        .collect();
    let keys: Vec<(&str, Vec<u8>)> = keys.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let cases = files(&folder.join("cases"));
    assert_eq!(cases.len(), 32, "{:?}", cases.keys());
    let expected: Value = serde_json::from_slice(&fs::read(folder.join("expected_gpg.json")).unwrap()).unwrap();
    for (name, path) in cases {
        let signed = fs::read(path).unwrap();
        let case = CaseFile::of(&[attestation(PRODUCTION, &signed, &keys).path()]);
        for moment in ["then", "2018-03-01", "2026-11-24"] {
            let report = case.report(["--all", "--as-of", moment, "--rules", "signatures"]);
            assert_ne!(report["targets"][0]["verdict"], "verified", "{name} {moment}");
            let text = case.run(["replay", PRODUCTION, "--as-of", moment, "--rules", "signatures"]);
            assert!(matches!(text.code, 10 | 11), "{name} {moment}: {}", text.stderr);
            assert!(!text.stdout.contains(&0x1b), "{name}: an escape sequence came through");
        }
        gpg_agrees(&name, &case.report(["--all", "--rules", "signatures"]), &expected);
        case.run(["show", PRODUCTION]);
        let cat = case.run(["cat", PRODUCTION, "public/chainOfTrust.json.asc"]).exits(0);
        assert!(cat.stdout == signed, "{name} came back otherwise");
    }
}

/// What we say that gpg of the time said, beside what it said: of signatures that it accepted never that it refused
/// them, and the other way round. Whether it trusted the key is another question, and left aside.
fn gpg_agrees(name: &str, report: &Value, expected: &Value) {
    let label = name.trim_end_matches(".asc");
    let cases = expected["cases"].as_array().unwrap();
    let recorded =
        cases.iter().find(|case| case["label"] == label).unwrap_or_else(|| panic!("{label} is not recorded"));
    let links = report["targets"][0]["links"][0]["checks"].as_array().unwrap();
    let detail = links.iter().find(|check| check["check"] == "signature").unwrap()["detail"].as_str().unwrap();
    let of_trust = ["key-other-impl", "key-untrusted", "key-uncertified", "key-expired", "signature-from-other"];
    let of_body = ["dash-escaped", "not-json", "non-utf8"];
    // Two shapes that gpg reads in its own manner and we refuse to guess at: several texts, and none that is clear-signed.
    let open = !detail.contains("gpg of that time");
    let says_good = detail.contains("gpg of that time calls the signature good");
    match recorded["verdict"]["ok"].as_bool().unwrap() {
        true => assert!(says_good || open || label == "key-my-own", "{label}: {detail}"),
        false if of_trust.contains(&label) || of_body.contains(&label) => {}
        false => assert!(!says_good, "{label}: {detail}"),
    }
}
