//! The history of a key repository, from the git objects that were kept of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use sequoia_openpgp::cert::Cert;
use sequoia_openpgp::crypto::hash::Hash as _;
use sequoia_openpgp::packet::{Packet, Signature as SignaturePacket};
use sequoia_openpgp::parse::Parse as _;
use sequoia_openpgp::policy::StandardPolicy;
use sequoia_openpgp::types::SignatureType;
use sequoia_openpgp::{KeyHandle, PacketPile};

use super::certificate;
pub use crate::formats::git::ObjectKind;
use crate::formats::git::{self, Commit, Signed};
use crate::formats::openpgp::{dearmor, normalise_mpis};
use crate::model::{
    Digest, GitSignature, GitSignatureState, KeyBlocker, KeyHistory, KeyId, KeyMember, KeyPoint, Moment, PointKind,
    Ring, Role,
};

/// Raised when the answers of this file could change.
pub const VERSION: u32 = 2;

/// The most problems that are told of one repository.
const PROBLEMS_MAX: usize = 100;

/// The most commits of a branch whose key sets are worked out. The real key repository has some 90.
const TIPS_MAX: usize = 5_000;

/// How deep folders of keys are followed. Real ones have two levels.
const DEPTH_MAX: usize = 16;

/// An object as it was kept: its kind, the digest of its bytes, and the bytes.
pub type Object = (ObjectKind, Digest, Vec<u8>);

/// Works out the history. `refs` is what the importer kept of them, `objects` are the objects by id, and `signers` the
/// certificate files of those who may sign tags and commits.
pub fn examine(refs: &str, objects: &BTreeMap<String, Object>, signers: &[Vec<u8>]) -> KeyHistory {
    let signers = signers.iter().flat_map(|file| certificate::read(file).unwrap_or_default()).collect();
    let mut reader =
        Reader { objects, signers, commits: BTreeMap::new(), files: BTreeMap::new(), history: KeyHistory::default() };
    let refs: Vec<(&str, &str)> = refs.lines().filter_map(|line| line.split_once(' ')).collect();
    for (_, id) in refs.iter().filter(|(word, _)| *word == "shallow") {
        reader.problem(format!("the copy is shallow: what came before commit {id} is missing"));
    }
    reader.read_commits();
    let head = reader.head(&refs);
    if head.is_none() {
        reader.problem("no default branch is named, so no commit or tag decides".to_owned());
    }
    let tips = reader.tips(head);
    let mut branch = reader.branch(&tips);
    if tips.len() > TIPS_MAX {
        reader.problem(format!("the branch has {} commits; only tags are looked at", tips.len()));
        branch.decided_by.clear();
    }
    reader.add_commits(&branch);
    reader.add_tags(&branch);
    let mut history = reader.history;
    history.points.sort_by(|a, b| (a.at, a.kind, &a.id).cmp(&(b.at, b.kind, &b.id)));
    history.known_until = history.points.iter().map(|point| point.at).max();
    history
}

/// The default branch.
#[derive(Default)]
struct Branch {
    /// Of each tip that it once had, the newest commit up to it that is no merge.
    decided_by: BTreeMap<String, String>,
    /// Of each commit that it leads to, when its first tip with that commit was made.
    landed: BTreeMap<String, Option<Moment>>,
}

struct Reader<'a> {
    objects: &'a BTreeMap<String, Object>,
    signers: Vec<Cert>,
    commits: BTreeMap<&'a str, Commit>,
    /// The certificates of key files, by the id of their bytes.
    files: BTreeMap<&'a str, Vec<Cert>>,
    history: KeyHistory,
}

impl<'a> Reader<'a> {
    fn problem(&mut self, problem: String) {
        if self.history.problems.len() < PROBLEMS_MAX {
            self.history.problems.push(problem);
        }
    }

    fn read_commits(&mut self) {
        for (id, bytes) in of_kind(self.objects, ObjectKind::Commit) {
            match git::commit(bytes) {
                Ok(commit) => {
                    self.commits.insert(id, commit);
                }
                Err(why) => self.problem(format!("commit {id} can't be read: {why}")),
            }
        }
        let missing: BTreeSet<&str> = self
            .commits
            .values()
            .flat_map(|commit| commit.parents.iter().map(String::as_str))
            .filter(|parent| !self.objects.contains_key(*parent))
            .collect();
        let missing: Vec<String> = missing.into_iter().map(str::to_owned).collect();
        for id in missing {
            self.problem(format!("commit {id} is missing, and with it what came before"));
        }
    }

    /// The tip of the default branch.
    fn head(&self, refs: &[(&str, &str)]) -> Option<String> {
        let of_name =
            |name: &str| refs.iter().find(|(id, of)| *of == name && git::is_id(id)).map(|(id, _)| (*id).to_owned());
        let head = refs.iter().find(|(word, _)| *word == "HEAD").and_then(|(_, name)| of_name(name));
        let usual = ["refs/heads/master", "refs/heads/main", "refs/remotes/origin/master", "refs/remotes/origin/main"];
        head.or_else(|| usual.iter().find_map(|name| of_name(name)))
    }

    /// The commits that were once the tip of the default branch, oldest first: each first parent of the next.
    fn tips(&self, head: Option<String>) -> Vec<String> {
        let mut tips = Vec::new();
        let mut open = head;
        let mut seen = BTreeSet::new();
        while let Some(id) = open.filter(|id| seen.insert(id.clone())) {
            let Some(commit) = self.commits.get(id.as_str()) else { break };
            open = commit.parents.first().cloned();
            tips.push(id);
        }
        tips.reverse();
        tips
    }

    fn branch(&self, tips: &[String]) -> Branch {
        let mut branch = Branch::default();
        let mut newest: Option<(i64, &str)> = None;
        for tip in tips {
            let landed = self.commits.get(tip.as_str()).and_then(|tip| Moment::from_unix(tip.committed));
            let mut open = vec![tip.as_str()];
            while let Some(id) = open.pop() {
                let Some((id, commit)) = self.commits.get_key_value(id) else { continue };
                if branch.landed.contains_key(*id) {
                    continue;
                }
                branch.landed.insert((*id).to_owned(), landed);
                if commit.parents.len() < 2 {
                    newest = newest.max(Some((commit.committed, *id)));
                }
                open.extend(commit.parents.iter().map(String::as_str));
            }
            branch.decided_by.extend(newest.map(|(_, id)| (tip.clone(), id.to_owned())));
        }
        branch
    }

    fn add_commits(&mut self, branch: &Branch) {
        let commits: Vec<(&str, Commit)> = self.commits.iter().map(|(id, commit)| (*id, commit.clone())).collect();
        for (id, commit) in commits {
            let Some(at) = Moment::from_unix(commit.committed) else {
                self.problem(format!("commit {id} states an impossible time"));
                continue;
            };
            let decided_by = branch.decided_by.get(id).cloned();
            let landed = branch.landed.get(id).copied().flatten();
            let members = if decided_by.is_some() { self.members(&commit.tree, at) } else { Vec::new() };
            let blockers = self.blockers(&members, at);
            let signature = self.signature(commit.signed.as_ref());
            self.history.points.push(KeyPoint {
                kind: PointKind::Commit,
                id: id.to_owned(),
                name: None,
                commit: Some(id.to_owned()),
                at,
                who: commit.author,
                why: Some(commit.subject),
                decided_by,
                landed,
                signature,
                members,
                blockers,
            });
        }
    }

    fn add_tags(&mut self, branch: &Branch) {
        for (id, bytes) in of_kind(self.objects, ObjectKind::Tag) {
            let tag = match git::tag(bytes) {
                Ok(tag) => tag,
                Err(why) => {
                    self.problem(format!("tag {id} can't be read: {why}"));
                    continue;
                }
            };
            let Some(at) = tag.tagged.and_then(Moment::from_unix) else {
                self.problem(format!("tag {id} states no time"));
                continue;
            };
            let commit = (tag.target_kind == ObjectKind::Commit).then_some(tag.target.as_str());
            let tree = commit.and_then(|commit| self.commits.get(commit)).map(|commit| commit.tree.clone());
            if tree.is_none() {
                let kind = tag.target_kind.word();
                self.problem(format!("tag {:?} points to {kind} {}, whose key set is not known", tag.name, tag.target));
            }
            let landed = commit.and_then(|commit| branch.landed.get(commit)).copied().flatten();
            if tree.is_some() && landed.is_none() {
                self.problem(format!("tag {:?} is of a commit that the default branch does not lead to", tag.name));
            }
            let effective = landed.map_or(at, |landed| landed.max(at));
            let members = tree.map(|tree| self.members(&tree, effective)).unwrap_or_default();
            let blockers = self.blockers(&members, effective);
            let signature = self.signature(tag.signed.as_ref());
            self.history.points.push(KeyPoint {
                kind: PointKind::Tag,
                id: id.to_owned(),
                name: Some(tag.name),
                commit: commit.map(str::to_owned),
                at,
                who: tag.tagger,
                why: None,
                decided_by: None,
                landed,
                signature,
                members,
                blockers,
            });
        }
    }

    /// The key set in a tree.
    fn members(&mut self, tree: &str, at: Moment) -> Vec<KeyMember> {
        let mut files = Vec::new();
        for (name, id) in self.folders(tree) {
            match name.as_str() {
                "docker-worker" | "generic-worker" => self.list(&id, &name, &name, Ring::Flat, 0, &mut files),
                "scriptworker" => {
                    for (ring_name, id) in self.folders(&id) {
                        let ring = match ring_name.as_str() {
                            "trusted" => Ring::Trusted,
                            "valid" => Ring::Valid,
                            _ => continue,
                        };
                        self.list(&id, &format!("scriptworker/{ring_name}"), "scriptworker", ring, 0, &mut files);
                    }
                }
                _ => {}
            }
        }
        let trusted: Vec<Cert> = files
            .iter()
            .filter(|file| file.ring == Ring::Trusted)
            .flat_map(|file| self.files.get(file.id.as_str()).cloned().unwrap_or_default())
            .collect();
        for file in &mut files {
            let certs = self.files.get(file.id.as_str()).map_or(&[][..], Vec::as_slice);
            for cert in certs {
                let counts = file.ring != Ring::Valid || trusted.iter().any(|by| certifies(by, cert, at));
                let keys = if counts { &mut file.keys } else { &mut file.uncertified };
                keys.push(certificate::key_id(cert));
            }
        }
        files
    }

    /// The keys that gpg refuses to certify at a moment. The files of one ring end up in one keyring, where several
    /// certificates of a key are joined.
    fn blockers(&self, members: &[KeyMember], at: Moment) -> Vec<KeyBlocker> {
        let mut rings: BTreeMap<(&Role, Ring, KeyId), (&str, Cert)> = BTreeMap::new();
        for member in members.iter().filter(|member| member.ring != Ring::Valid) {
            for cert in self.files.get(member.id.as_str()).map_or(&[][..], Vec::as_slice) {
                let place = (&member.role, member.ring, certificate::key_id(cert));
                let (path, joined) = rings.remove(&place).unwrap_or_else(|| (member.path.as_str(), cert.clone()));
                // Certificates of one key can be joined always; where not, the first is as good.
                let joined = joined.clone().merge_public(cert.clone()).unwrap_or(joined);
                rings.insert(place, (path, joined));
            }
        }
        let blockers = rings.into_iter().filter_map(|((_, ring, key), (path, cert))| {
            let (why, since) = certificate::blocks_at(&cert, ring == Ring::Trusted, time_of(at)?)?;
            Some(KeyBlocker { path: path.to_owned(), key, why, since })
        });
        let mut blockers: Vec<KeyBlocker> = blockers.collect();
        blockers.sort();
        blockers
    }

    fn entries(&self, tree: &str) -> Vec<git::TreeEntry> {
        let object = self.objects.get(tree).filter(|object| object.0 == ObjectKind::Tree);
        object.and_then(|object| git::tree(&object.2).ok()).unwrap_or_default()
    }

    /// The folders of a tree, by name.
    fn folders(&self, tree: &str) -> Vec<(String, String)> {
        let folders = self.entries(tree).into_iter().filter(|entry| entry.kind == Some(ObjectKind::Tree));
        folders.filter_map(|entry| Some((String::from_utf8(entry.name).ok()?, entry.id))).collect()
    }

    /// The files of a folder of keys and those below it, but for what no verifier read.
    fn list(&mut self, tree: &str, path: &str, role: &str, ring: Ring, depth: usize, files: &mut Vec<KeyMember>) {
        if depth > DEPTH_MAX {
            return;
        }
        for entry in self.entries(tree) {
            let name = String::from_utf8_lossy(&entry.name).into_owned();
            let path = format!("{path}/{name}");
            match entry.kind {
                Some(ObjectKind::Tree) => self.list(&entry.id, &path, role, ring, depth + 1, files),
                Some(ObjectKind::Blob) if !is_ignored(role, &name) => {
                    let file = self.objects.get_key_value(&entry.id);
                    if let Some((id, object)) = file {
                        self.files.entry(id).or_insert_with(|| certificate::read(&object.2).unwrap_or_default());
                    } else {
                        self.problem(format!("the key file {path} is missing: {}", entry.id));
                    }
                    files.push(KeyMember {
                        path,
                        role: Role::new(role),
                        ring,
                        file: file.map(|(_, object)| object.1),
                        id: entry.id,
                        keys: Vec::new(),
                        uncertified: Vec::new(),
                    });
                }
                _ => {}
            }
        }
    }

    /// What comes of a signature, by the signers' keys, as of the time that it claims.
    fn signature(&self, signed: Option<&Signed>) -> GitSignature {
        let mut fact = GitSignature { state: GitSignatureState::Unsigned, signer: None, issuer: None, made: None };
        let Some(signed) = signed else { return fact };
        fact.state = GitSignatureState::Unreadable;
        let Some(packet) = signature_packet(&signed.armor) else { return fact };
        let Some(made) = packet.signature_creation_time() else { return fact };
        let issuers = packet.get_issuers();
        fact.issuer = issuers.first().map(KeyHandle::to_hex);
        fact.made = certificate::moment(made);
        let Ok(digest) = digest(&packet, &signed.payload) else { return fact };
        fact.state = GitSignatureState::UnknownSigner;
        for cert in &self.signers {
            for key in cert.keys().filter(|key| key.key().pk_algo().for_signing()) {
                let handle = KeyHandle::from(key.key().fingerprint());
                if !issuers.iter().any(|issuer| issuer.aliases(&handle)) {
                    continue;
                }
                let is_sound = key.key().verify(packet.mpis(), packet.hash_algo(), &digest).is_ok();
                let is_valid = certificate::is_valid_at(cert, &key.key().fingerprint(), made);
                let state = match (is_sound, is_valid) {
                    (false, _) => GitSignatureState::Bad,
                    (true, false) => GitSignatureState::KeyNotValid,
                    (true, true) => GitSignatureState::Good,
                };
                // Several files can hold one signer's certificate: the best of them counts.
                if fact.signer.is_none() || state < fact.state {
                    fact.state = state;
                    fact.signer = Some(certificate::key_id(cert));
                }
            }
        }
        fact
    }
}

/// The objects of a kind, by id.
fn of_kind(objects: &BTreeMap<String, Object>, kind: ObjectKind) -> impl Iterator<Item = (&str, &[u8])> {
    let of_kind = objects.iter().filter(move |(_, object)| object.0 == kind);
    of_kind.map(|(id, object)| (id.as_str(), object.2.as_slice()))
}

/// The suffixes of files in the key repository that scriptworker passed over (5.0.2, the last to add one).
fn is_ignored(role: &str, name: &str) -> bool {
    let suffixes: &[&str] = match role {
        "docker-worker" => &[".md", ".json"],
        "generic-worker" => &[".md", ".in", ".sh"],
        _ => &[".md"],
    };
    suffixes.iter().any(|suffix| name.ends_with(suffix))
}

/// The one signature in an armor over binary data.
fn signature_packet(armor: &[u8]) -> Option<SignaturePacket> {
    let packets = dearmor(armor).ok()?.bytes;
    let packets = normalise_mpis(&packets).unwrap_or(packets);
    let mut packets: Vec<Packet> = PacketPile::from_bytes(&packets).ok()?.into_children().collect();
    match (packets.pop(), packets.is_empty()) {
        (Some(Packet::Signature(signature)), true) if signature.typ() == SignatureType::Binary => Some(signature),
        _ => None,
    }
}

fn digest(packet: &SignaturePacket, payload: &[u8]) -> sequoia_openpgp::Result<Vec<u8>> {
    let mut hasher = packet.hash_algo().context()?.for_signature(packet.version());
    hasher.update(payload);
    packet.hash(&mut hasher)?;
    hasher.into_digest()
}

/// A moment as Sequoia has it.
fn time_of(at: Moment) -> Option<SystemTime> {
    let seconds = u64::try_from(at.unix()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// Whether a certificate vouched for a user id of another at a moment, and could.
fn certifies(by: &Cert, cert: &Cert, at: Moment) -> bool {
    let Some(time) = time_of(at) else { return false };
    if !certificate::is_alive_at(by, time) {
        return false;
    }
    let policy = StandardPolicy::at(time);
    let key = by.primary_key().key().role_as_unspecified();
    cert.userids().any(|user_id| user_id.active_certifications_by_key(&policy, time, key).next().is_some())
}
