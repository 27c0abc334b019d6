//! Key repositories: git repositories made here, with throwaway keys, and what the keys come to.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::{Duration, SystemTime};

use cotrace::examine::certificate;
use cotrace::formats::git::{ObjectKind, object_id};
use cotrace::model::{Basis, Code, Digest, EpochEvent, KeyEpoch, KeyHistory, KeyMember, KeyReport};
use cotrace::store::{Access, Case};
use cotrace::trust::key_sets;
use cotrace_generator::World;
use sequoia_openpgp::armor;
use sequoia_openpgp::cert::Cert;
use sequoia_openpgp::packet::Packet;
use sequoia_openpgp::packet::signature::SignatureBuilder;
use sequoia_openpgp::parse::Parse as _;
use sequoia_openpgp::serialize::Serialize as _;
use sequoia_openpgp::types::{HashAlgorithm, SignatureType};

use crate::keys::report;
use crate::program::{CaseFile, root, skip, write};
use crate::support::nothing;

const SIGNER: &[u8] = include_bytes!("../../generator/keys/docker-worker.secret.asc");
const MEMBER: &[u8] = include_bytes!("../../generator/keys/stranger.public.asc");

/// A key that expires on 2017-08-30T09:00:00Z, in seconds since 1970.
const EXPIRING: &[u8] =
    include_bytes!("../../snapshots/nightly-2017/keys/openpgp/generic-worker/sample-generic-worker.asc");
const EXPIRY: i64 = 1_504_083_600;

/// When the signer's key was made, 2017-01-15T12:00:00Z.
const SIGNER_MADE: i64 = 1_484_481_600;

/// A day of 2017, in seconds since 1970: the signer's key was valid then.
pub(crate) const DAY: i64 = 1_496_275_200;

/// A bare repository in the making.
#[derive(Clone, Default)]
pub(crate) struct Repository {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

/// Who signs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Signer,
    Nobody,
    /// The signer, but something else.
    Forger,
}

impl Repository {
    fn object(&mut self, kind: ObjectKind, content: &[u8]) -> String {
        let id = object_id(kind, content).unwrap();
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(format!("{} {}\0", kind.word(), content.len()).as_bytes()).unwrap();
        encoder.write_all(content).unwrap();
        self.files.insert(format!("objects/{}/{}", &id[..2], &id[2..]), encoder.finish().unwrap());
        id
    }

    /// A tree of these files, whose paths have as many parts as they like.
    pub(crate) fn tree(&mut self, files: &[(&str, &[u8])]) -> String {
        let mut entries: BTreeMap<String, Vec<(&str, &[u8])>> = BTreeMap::new();
        let mut content = BTreeMap::new();
        for (path, bytes) in files {
            match path.split_once('/') {
                Some((folder, rest)) => entries.entry(folder.to_owned()).or_default().push((rest, bytes)),
                None => {
                    content.insert((*path).to_owned(), ("100644", self.object(ObjectKind::Blob, bytes)));
                }
            }
        }
        for (folder, files) in entries {
            content.insert(folder, ("40000", self.tree(&files)));
        }
        let mut tree = Vec::new();
        for (name, (mode, id)) in content {
            tree.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            tree.extend(hex::decode(id).unwrap());
        }
        self.object(ObjectKind::Tree, &tree)
    }

    pub(crate) fn commit(&mut self, tree: &str, parents: &[&str], at: i64, by: By) -> String {
        let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
        let who = format!("A U Thor <a@example.com> {at} +0200");
        let head = format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n");
        let body = "\nchange keys\n";
        let content = match signature(&format!("{head}{body}"), at, by) {
            Some(armor) => format!("{head}gpgsig {}\n{body}", armor.trim_end().replace('\n', "\n ")),
            None => format!("{head}{body}"),
        };
        self.object(ObjectKind::Commit, content.as_bytes())
    }

    pub(crate) fn tag(&mut self, name: &str, kind: &str, target: &str, at: i64, by: By) -> String {
        let payload =
            format!("object {target}\ntype {kind}\ntag {name}\ntagger T <t@example.com> {at} +0000\n\nkeys\n");
        let content = format!("{payload}{}", signature(&payload, at, by).unwrap_or_default());
        let id = self.object(ObjectKind::Tag, content.as_bytes());
        self.files.insert(format!("refs/tags/{name}"), format!("{id}\n").into_bytes());
        id
    }

    pub(crate) fn head(&mut self, commit: &str) {
        self.files.insert("HEAD".to_owned(), b"ref: refs/heads/master\n".to_vec());
        self.files.insert("refs/heads/master".to_owned(), format!("{commit}\n").into_bytes());
    }

    /// A capture of it, with the signer's certificate.
    pub(crate) fn world(&self) -> World {
        let mut world = nothing();
        for (name, bytes) in &self.files {
            world.put(&format!("keys/cot.git/{name}"), bytes.clone());
        }
        world.put("keys/openpgp/git-signer/signer.pgp", public(SIGNER));
        world
    }
}

fn public(secret: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    Cert::from_bytes(secret).unwrap().serialize(&mut bytes).unwrap();
    bytes
}

/// The armor of a signature.
fn signature(payload: &str, at: i64, by: By) -> Option<String> {
    let signed = match by {
        By::Nobody => return None,
        By::Signer => payload.to_owned(),
        By::Forger => format!("{payload} of another"),
    };
    let cert = Cert::from_bytes(SIGNER).unwrap();
    let secret = cert.primary_key().key().clone().parts_into_secret().unwrap();
    let made = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(at).unwrap());
    let builder = SignatureBuilder::new(SignatureType::Binary).set_hash_algo(HashAlgorithm::SHA256);
    let builder = builder.set_signature_creation_time(made).unwrap();
    let signature = builder.sign_message(&mut secret.into_keypair().unwrap(), signed).unwrap();
    let mut writer = armor::Writer::new(Vec::new(), armor::Kind::Signature).unwrap();
    Packet::from(signature).serialize(&mut writer).unwrap();
    Some(String::from_utf8(writer.finalize().unwrap()).unwrap())
}

const FILE: &str = "docker-worker/2017-06-01/docker-worker.pub";

/// One commit and a tag of it.
pub(crate) fn tagged(file: &str, by: By) -> Repository {
    let mut repository = Repository::default();
    let tree = repository.tree(&[(file, MEMBER)]);
    let commit = repository.commit(&tree, &[], DAY, By::Signer);
    repository.tag("production-1", "commit", &commit, DAY + 60, by);
    repository.head(&commit);
    repository
}

pub(crate) fn tagged_by_signer() -> (World, bool) {
    (tagged(FILE, By::Signer).world(), true)
}

pub(crate) fn tagged_by_nobody() -> (World, bool) {
    (tagged(FILE, By::Nobody).world(), true)
}

/// A tag so many seconds after the generic-worker key in its set expired, less one.
pub(crate) fn with_expiring_key(seconds: i64) -> (World, bool) {
    let mut repository = Repository::default();
    let tree = repository.tree(&[(FILE, MEMBER), ("generic-worker/key.pub", EXPIRING)]);
    let commit = repository.commit(&tree, &[], DAY, By::Nobody);
    repository.tag("production-1", "commit", &commit, EXPIRY - 1 + seconds, By::Signer);
    repository.head(&commit);
    (repository.world(), true)
}

/// A tag so many seconds before the signer's key was made.
pub(crate) fn signed_before_key_was_made(seconds: i64) -> (World, bool) {
    let mut repository = Repository::default();
    let tree = repository.tree(&[(FILE, MEMBER)]);
    let commit = repository.commit(&tree, &[], DAY, By::Nobody);
    repository.tag("production-1", "commit", &commit, SIGNER_MADE - seconds, By::Signer);
    repository.head(&commit);
    (repository.world(), true)
}

pub(crate) fn uncertified() -> (World, bool) {
    (tagged("scriptworker/valid/host.pub", By::Signer).world(), true)
}

pub(crate) fn shallow() -> (World, bool) {
    let mut repository = tagged(FILE, By::Signer);
    let head = String::from_utf8(repository.files["refs/heads/master"].clone()).unwrap();
    repository.files.insert("shallow".to_owned(), head.into_bytes());
    (repository.world(), true)
}

/// From when until when repositories had which keys, by beginning.
fn epochs(report: &KeyReport) -> Vec<(String, Option<String>)> {
    let all = report.keys.iter().flat_map(|story| &story.epochs);
    let mut found: Vec<(String, Option<String>)> = all
        .filter(|epoch| epoch.basis == Some(Basis::Repository))
        .map(|epoch| (epoch.from.unwrap().to_string(), epoch.until.map(|until| until.to_string())))
        .collect();
    found.sort();
    found
}

fn has(report: &KeyReport, code: Code, words: &str) -> bool {
    report.findings.iter().any(|finding| finding.code == code && finding.message.contains(words))
}

#[test]
fn signed_tags_say_from_when_until_when_a_key_was_there() {
    let mut repository = Repository::default();
    let with = repository.tree(&[(FILE, MEMBER), ("docker-worker/README.md", b"read me"), ("README.md", b"")]);
    let without = repository.tree(&[("docker-worker/README.md", b"read me")]);
    let first = repository.commit(&with, &[], DAY, By::Signer);
    let second = repository.commit(&without, &[&first], DAY + 1000, By::Nobody);
    let third = repository.commit(&with, &[&second], DAY + 1120, By::Nobody);
    for (number, commit, seconds) in [(1, &first, 100), (2, &second, 1100), (3, &third, 1130), (4, &second, 1150)] {
        repository.tag(&format!("production-{number}"), "commit", commit, DAY + seconds, By::Signer);
    }
    repository.head(&third);
    let found = epochs(&report(&repository.world(), true));
    let at = |seconds: i64| cotrace::model::Moment::from_unix(DAY + seconds).unwrap().to_string();
    // The first commit decides until there is a tag; a set that changes twice within a minute is as it is.
    assert_eq!(found, [(at(0), Some(at(1100))), (at(1130), Some(at(1150)))]);
    // Without anybody who says who may sign, nothing counts.
    let mut alone = repository.world();
    alone.remove("keys/openpgp/git-signer/signer.pgp");
    let unsigned = report(&alone, true);
    assert!(epochs(&unsigned).is_empty());
    assert!(has(&unsigned, Code::KeySetUnauthenticated, "nobody said who may sign"));
    assert!(epochs(&report(&repository.world(), false)).is_empty(), "signers that nobody accepted");
}

#[test]
fn what_is_not_signed_changes_nothing_and_is_told() {
    for (by, words) in [(By::Nobody, "is not signed"), (By::Forger, "badly signed")] {
        let mut repository = tagged(FILE, By::Signer);
        let tree = repository.tree(&[("docker-worker/another.pub", MEMBER)]);
        let head = String::from_utf8(repository.files["refs/heads/master"].clone()).unwrap();
        let commit = repository.commit(&tree, &[head.trim()], DAY + 500, By::Nobody);
        repository.tag("production-2", "commit", &commit, DAY + 600, by);
        repository.head(&commit);
        let report = report(&repository.world(), true);
        assert!(has(&report, Code::KeySetUnauthenticated, words), "{:#?}", report.findings);
        let found = epochs(&report);
        assert_eq!(found.len(), 1, "the old key set stays: {found:?}");
        assert_eq!(found[0].1, None);
    }
}

#[test]
fn a_key_set_with_an_expired_key_takes_effect_when_that_is_gone() {
    let mut repository = Repository::default();
    let generic = ("generic-worker/key.pub", EXPIRING);
    let first = repository.tree(&[generic]);
    let second = repository.tree(&[generic, (FILE, MEMBER)]);
    let third = repository.tree(&[(FILE, MEMBER)]);
    let mut parent = None;
    for (number, tree, at) in [(1, &first, EXPIRY - 1), (2, &second, EXPIRY), (3, &third, EXPIRY + 100)] {
        let parents: Vec<&str> = parent.as_deref().into_iter().collect();
        let commit = repository.commit(tree, &parents, at, By::Nobody);
        repository.tag(&format!("production-{number}"), "commit", &commit, at, By::Signer);
        parent = Some(commit);
    }
    repository.head(&parent.unwrap());
    let report = report(&repository.world(), true);
    let at = |seconds: i64| cotrace::model::Moment::from_unix(seconds).unwrap().to_string();
    assert_eq!(epochs(&report), [(at(EXPIRY - 1), Some(at(EXPIRY + 100))), (at(EXPIRY + 100), None)]);
    assert!(has(&report, Code::KeySetBlocked, "tag production-2 of 2017-08-30T09:00:00Z"), "{:#?}", report.findings);
    let late = report
        .keys
        .iter()
        .flat_map(|story| &story.epochs)
        .find(|epoch| epoch.from.is_some_and(|from| from.unix() == EXPIRY + 100));
    let why = late.unwrap().began.as_ref().unwrap().why.clone().unwrap();
    assert!(why.contains("listed since tag production-2"), "{why}");
}

#[test]
fn a_tag_counts_once_its_commit_is_on_the_branch() {
    let mut repository = tagged(FILE, By::Signer);
    let first = String::from_utf8(repository.files["refs/heads/master"].clone()).unwrap().trim().to_owned();
    let tree = repository.tree(&[("docker-worker/another.pub", MEMBER)]);
    let aside = repository.commit(&tree, &[&first], DAY + 500, By::Nobody);
    repository.tag("production-2", "commit", &aside, DAY + 510, By::Signer);
    let at = |seconds: i64| cotrace::model::Moment::from_unix(DAY + seconds).unwrap().to_string();
    let never = report(&repository.world(), true);
    assert_eq!(epochs(&never), [(at(0), None)]);
    assert!(has(&never, Code::KeyRepositoryIncomplete, "the default branch does not lead to"), "{:#?}", never.findings);
    let merge = repository.commit(&tree, &[&first, &aside], DAY + 900, By::Nobody);
    repository.head(&merge);
    assert_eq!(epochs(&report(&repository.world(), true)), [(at(0), Some(at(900))), (at(900), None)]);
}

#[test]
fn odd_histories_are_told_and_stop_nothing() {
    // A tag that points to a tree, and an octopus merge.
    let mut repository = tagged(FILE, By::Signer);
    let tree = repository.tree(&[(FILE, MEMBER)]);
    repository.tag("of-a-tree", "tree", &tree, DAY + 700, By::Signer);
    let parents: Vec<String> =
        (0..3).map(|number| repository.commit(&tree, &[], DAY + 800 + number, By::Nobody)).collect();
    let parents: Vec<&str> = parents.iter().map(String::as_str).collect();
    let merge = repository.commit(&tree, &parents, DAY + 900, By::Nobody);
    repository.head(&merge);
    let odd = report(&repository.world(), true);
    assert!(has(&odd, Code::KeyRepositoryIncomplete, "points to tree"), "{:#?}", odd.findings);
    // The tag's commit is no longer on the branch: a rewritten history.
    assert!(epochs(&odd).is_empty(), "{:?}", epochs(&odd));
    // An object that is not what its id says, and one that is missing.
    let mut broken = tagged(FILE, By::Signer);
    let key = object_id(ObjectKind::Blob, MEMBER).unwrap();
    let path = format!("objects/{}/{}", &key[..2], &key[2..]);
    let other = broken.object(ObjectKind::Blob, b"another");
    let swapped = broken.files[&format!("objects/{}/{}", &other[..2], &other[2..])].clone();
    broken.files.insert(path.clone(), swapped);
    for world in [broken.world(), {
        broken.files.remove(&path);
        broken.world()
    }] {
        let told = report(&world, true);
        assert!(has(&told, Code::KeyRepositoryIncomplete, "is missing"), "{:#?}", told.findings);
        assert!(epochs(&told).is_empty());
    }
}

#[test]
fn a_repository_is_imported_from_outside_a_capture() {
    let folder = tempfile::TempDir::new().unwrap();
    for (name, bytes) in &tagged(FILE, By::Signer).files {
        write(folder.path(), &format!("clone/.git/{name}"), bytes);
    }
    write(folder.path(), "clone/.git/config", b"[core]\n\tworktree = /\n");
    write(folder.path(), "signers/signer.pgp", &public(SIGNER));
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let case = CaseFile::empty();
    let args = ["keys", "import", &path("clone"), "--trusted-signers", &path("signers"), "--operator", "T"];
    case.run(args).exits(0);
    let listed = case.run(["keys", "list", "--trust", "repository", "--role", "docker-worker"]).exits(0).text();
    assert!(listed.contains("repository") && listed.contains(FILE), "{listed}");
    case.run(["case", "verify"]).exits(0);
    // Objects that lie elsewhere are no part of the evidence.
    write(folder.path(), "clone/.git/objects/info/alternates", b"/somewhere/else\n");
    let borrowing = CaseFile::empty();
    let ran = borrowing.run(args).exits(0);
    assert!(ran.stderr.contains("borrows objects"), "{}", ran.stderr);
    // A file and a folder of keys need a role, and can have dates.
    write(folder.path(), "keys/member.asc", MEMBER);
    case.run(["keys", "import", &path("keys")]).exits(1);
    let dated = ["--role", "generic-worker", "--from", "2017-09-19", "--until", "2018-01-01", "--source", "bug 1"];
    case.run(["keys", "import", &path("keys"), "--operator", "T"].into_iter().chain(dated)).exits(0);
    let listed = case.run(["keys", "list", "--trust", "operator", "--role", "generic-worker"]).exits(0).text();
    assert!(listed.contains("2017-09-19T00:00:00Z … 2018-01-01T00:00:00Z  operator  bug 1"), "{listed}");
}

/// The real key repository, imported, and its history; `None` where nobody has it, or the keys of its signers.
fn real() -> Option<(CaseFile, KeyHistory)> {
    let signers = root().join("../shared/real/gpg/git_pubkeys");
    let Some(repository) = std::env::var_os("COTRACE_COT_GPG_KEYS").filter(|_| signers.is_dir()) else {
        skip("there is no cot-gpg-keys repository (COTRACE_COT_GPG_KEYS), or its signers' keys are not at hand");
        return None;
    };
    let case = CaseFile::empty();
    let repository = repository.to_str().unwrap();
    case.run(["keys", "import", repository, "--trusted-signers", signers.to_str().unwrap()]).exits(0);
    case.run(["keys", "list"]).exits(0);
    let sql = "SELECT value FROM fact WHERE kind = 'key-history'";
    let history: String = case.sqlite().query_row(sql, [], |row| row.get(0)).unwrap();
    Some((case, serde_json::from_str(&history).unwrap()))
}

/// A row of the ledger that ships, as that file has it.
fn ledger_row(case: &Case, member: &KeyMember, epoch: &KeyEpoch) -> String {
    let file = member.file.unwrap();
    let packets = certificate::packets_digest(&case.blob(&file, u64::MAX).unwrap().unwrap());
    let event = |event: &EpochEvent| {
        let fields = serde_json::to_value(event).unwrap();
        let order = ["commit", "at", "landedAt", "tag", "who", "signer", "why"];
        let told = order.iter().filter(|name| !fields[**name].is_null());
        let told: Vec<String> = told.map(|name| format!("\"{name}\": {}", fields[*name])).collect();
        format!("{{{}}}", told.join(", "))
    };
    let ended = epoch.ended.as_ref().map_or_else(|| END_OF_KEYRINGS.to_owned(), event);
    let until = epoch.until.map_or_else(|| "2019-03-27T22:59:58Z".to_owned(), |until| until.to_string());
    format!(
        "    {{\"role\": \"{}\", \"ring\": {}, \"key\": \"{}\", \"path\": \"{}\", \"file\": \"{}\", \"packets\": \"{}\", \
         \"from\": \"{}\", \"until\": \"{until}\", \"began\": {}, \"ended\": {ended}}}",
        epoch.role,
        serde_json::to_string(&member.ring).unwrap(),
        epoch.key,
        member.path,
        hex::encode(file.bytes()),
        hex::encode(packets.bytes()),
        epoch.from.unwrap(),
        event(epoch.began.as_ref().unwrap()),
    )
}

/// How the epochs ended that no key set ended.
const END_OF_KEYRINGS: &str = r#"{"release": "23.0.0", "releasedAt": "2019-03-27T22:59:58Z", "why": "scriptworker 23.0.0 no longer reads OpenPGP attestations"}"#;

/// The ledger that ships is what the real key repository comes to. Where it is not, what it should be is written to
/// `target/cot-gpg-keys.json`.
#[test]
fn the_shipped_ledger_is_what_the_real_key_repository_comes_to() {
    let Some((file, history)) = real() else { return };
    let case = Case::open(&file.path, Access::Keep).unwrap();
    let sets = key_sets(&history, "");
    let blocked: Vec<&str> =
        sets.blocked.iter().map(|index| history.points[*index].name.as_deref().unwrap_or_default()).collect();
    let expected = ["20170330193034", "20170919220403", "20170919221346", "20170920154554"];
    assert_eq!(blocked, expected.map(|tag| format!("production-{tag}")));
    let members: BTreeMap<(&str, Option<Digest>), &KeyMember> = history
        .points
        .iter()
        .flat_map(|point| &point.members)
        .map(|member| ((member.path.as_str(), member.file), member))
        .collect();
    let row = |epoch: &KeyEpoch| {
        let path = epoch.source.strip_suffix(" of ").unwrap();
        ledger_row(&case, members[&(path, epoch.file)], epoch)
    };
    let rows: Vec<String> = sets.epochs.iter().map(row).collect();
    let shipped = std::fs::read_to_string(root().join("src/trust/ledgers/cot-gpg-keys.json")).unwrap();
    let (head, _) = shipped.split_once("  \"epochs\": [\n").unwrap();
    let made = format!("{head}  \"epochs\": [\n{}\n  ]\n}}\n", rows.join(",\n"));
    if made != shipped {
        std::fs::create_dir_all(root().join("target")).unwrap();
        std::fs::write(root().join("target/cot-gpg-keys.json"), made).unwrap();
        panic!("the ledger that ships differs from what target/cot-gpg-keys.json now has");
    }
}

/// The real key repository, where somebody has it: its key sets are those that were worked out with git and gpg.
#[test]
fn the_real_key_repository_has_the_known_history() {
    let facts = root().join("../shared/history/gpg-keys.json");
    if !facts.is_file() {
        skip("there is nothing to hold the history against");
        return;
    }
    let Some((_, history)) = real() else { return };
    use cotrace::model::{GitSignatureState as State, PointKind};
    let count = |kind: PointKind, state: State| {
        history.points.iter().filter(|point| point.kind == kind && point.signature.state == state).count()
    };
    assert_eq!(count(PointKind::Tag, State::Good), 61);
    assert_eq!(count(PointKind::Commit, State::Good), 61);
    assert_eq!(
        count(PointKind::Commit, State::UnknownSigner),
        17,
        "13 by a key that is nowhere to be had, 4 by others"
    );
    assert_eq!(count(PointKind::Commit, State::Unsigned), 56);
    let facts: serde_json::Value = serde_json::from_slice(&std::fs::read(facts).unwrap()).unwrap();
    let mut wanted: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    let snapshots = facts["keyring_snapshots"]["snapshots"].as_array().unwrap();
    for snapshot in snapshots {
        for path in snapshot["removed"].as_array().unwrap() {
            wanted.remove(path.as_str().unwrap());
        }
        for (path, file) in snapshot["added_or_changed"].as_object().unwrap() {
            let keys = file["fingerprints"].as_array().unwrap().iter().map(|key| key.as_str().unwrap().to_owned());
            let mut keys: Vec<String> = keys.collect();
            keys.sort();
            wanted.insert(path.clone(), (file["blob"].as_str().unwrap().to_owned(), keys));
        }
        let named = snapshot["ref"].as_str().unwrap();
        let point =
            history.points.iter().find(|point| point.name.as_deref() == Some(named) || point.id == named).unwrap();
        let found: BTreeMap<String, (String, Vec<String>)> = point
            .members
            .iter()
            .map(|member| {
                let keys = member.keys.iter().chain(&member.uncertified);
                let mut keys: Vec<String> = keys.map(|key| key.fingerprint().unwrap().to_owned()).collect();
                keys.sort();
                (member.path.clone(), (member.id.clone(), keys))
            })
            .collect();
        assert_eq!(found, wanted, "{named}");
    }
    assert_eq!(snapshots.len(), 75);
}
