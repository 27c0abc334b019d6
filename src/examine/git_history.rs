//! Git repositories: commits, the default branch and signatures, from the objects that were kept of one.

use std::collections::{BTreeMap, BTreeSet};

use sequoia_openpgp::cert::Cert;
use sequoia_openpgp::crypto::hash::Hash as _;
use sequoia_openpgp::packet::{Packet, Signature as SignaturePacket};
use sequoia_openpgp::parse::Parse as _;
use sequoia_openpgp::types::SignatureType;
use sequoia_openpgp::{KeyHandle, PacketPile};

use super::certificate;
pub use crate::formats::git::ObjectKind;
use crate::formats::git::{self, Commit, Signed, Tag};
use crate::formats::openpgp::{dearmor, normalise_mpis};
use crate::model::{Digest, GitSignature, GitSignatureState, Moment};

/// The most problems that are told of one repository.
const PROBLEMS_MAX: usize = 100;

/// An object as it was kept: its kind, the digest of its bytes, and the bytes.
pub type Object = (ObjectKind, Digest, Vec<u8>);

/// The default branch.
#[derive(Default)]
pub(super) struct Branch {
    /// Of each tip that it once had, the newest commit up to it that is no merge.
    pub(super) decided_by: BTreeMap<String, String>,
    /// Of each commit that it leads to, when its first tip with that commit was made.
    pub(super) landed: BTreeMap<String, Option<Moment>>,
}

/// A repository.
pub(super) struct Repository<'a> {
    pub(super) objects: &'a BTreeMap<String, Object>,
    pub(super) commits: BTreeMap<&'a str, Commit>,
    refs: Vec<(&'a str, &'a str)>,
    signers: Vec<Cert>,
    /// What is wrong with it.
    pub(super) problems: Vec<String>,
}

impl<'a> Repository<'a> {
    /// Reads the commits. `refs` is what the importer kept of them, `objects` are the objects by id, and `signers` the
    /// certificate files of those who may sign tags and commits.
    pub(super) fn new(refs: &'a str, objects: &'a BTreeMap<String, Object>, signers: &[Vec<u8>]) -> Self {
        let signers = signers.iter().flat_map(|file| certificate::read(file).unwrap_or_default()).collect();
        let refs: Vec<(&str, &str)> = refs.lines().filter_map(|line| line.split_once(' ')).collect();
        let mut repository = Self { objects, commits: BTreeMap::new(), refs, signers, problems: Vec::new() };
        let shallow = repository.refs.iter().filter(|(word, _)| *word == "shallow");
        let shallow: Vec<String> =
            shallow.map(|(_, id)| format!("the copy is shallow: what came before commit {id} is missing")).collect();
        shallow.into_iter().for_each(|problem| repository.problem(problem));
        repository.read_commits();
        repository
    }

    pub(super) fn problem(&mut self, problem: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        }
    }

    fn read_commits(&mut self) {
        for (id, bytes) in self.of_kind(ObjectKind::Commit) {
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

    /// The objects of a kind, by id.
    fn of_kind(&self, kind: ObjectKind) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        let of_kind = self.objects.iter().filter(move |(_, object)| object.0 == kind);
        of_kind.map(|(id, object)| (id.as_str(), object.2.as_slice()))
    }

    /// The annotated tags, by id.
    pub(super) fn tags(&mut self) -> Vec<(&'a str, Tag)> {
        let mut tags = Vec::new();
        for (id, bytes) in self.of_kind(ObjectKind::Tag) {
            match git::tag(bytes) {
                Ok(tag) => tags.push((id, tag)),
                Err(why) => self.problem(format!("tag {id} can't be read: {why}")),
            }
        }
        tags
    }

    /// The refs below a prefix: the rest of the name, and the id that it names.
    pub(super) fn refs(&self, prefix: &str) -> Vec<(&'a str, &'a str)> {
        let below = |(id, name): &(&'a str, &'a str)| Some((name.strip_prefix(prefix)?, *id));
        self.refs.iter().filter(|(id, _)| git::is_id(id)).filter_map(below).collect()
    }

    /// The tip of the default branch.
    fn head(&self) -> Option<String> {
        let of_name = |name: &str| {
            self.refs.iter().find(|(id, of)| *of == name && git::is_id(id)).map(|(id, _)| (*id).to_owned())
        };
        let head = self.refs.iter().find(|(word, _)| *word == "HEAD").and_then(|(_, name)| of_name(name));
        let usual = ["refs/heads/master", "refs/heads/main", "refs/remotes/origin/master", "refs/remotes/origin/main"];
        head.or_else(|| usual.iter().find_map(|name| of_name(name)))
    }

    /// The commits that were once the tip of the default branch, oldest first: each first parent of the next.
    pub(super) fn tips(&mut self) -> Vec<String> {
        let head = self.head();
        if head.is_none() {
            self.problem("no default branch is named, so no commit or tag decides".to_owned());
        }
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

    /// The commits that one leads to, itself among them.
    pub(super) fn ancestors(&self, id: &str) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut open = vec![id.to_owned()];
        while let Some(id) = open.pop() {
            let Some(commit) = self.commits.get(id.as_str()) else { continue };
            if seen.insert(id) {
                open.extend(commit.parents.iter().cloned());
            }
        }
        seen
    }

    /// What the branch with these tips leads to.
    pub(super) fn branch(&self, tips: &[String]) -> Branch {
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

    /// The entries of a tree; none where it is missing.
    pub(super) fn entries(&self, tree: &str) -> Vec<git::TreeEntry> {
        let object = self.objects.get(tree).filter(|object| object.0 == ObjectKind::Tree);
        object.and_then(|object| git::tree(&object.2).ok()).unwrap_or_default()
    }

    /// The folders of a tree, by name.
    pub(super) fn folders(&self, tree: &str) -> Vec<(String, String)> {
        let folders = self.entries(tree).into_iter().filter(|entry| entry.kind == Some(ObjectKind::Tree));
        folders.filter_map(|entry| Some((String::from_utf8(entry.name).ok()?, entry.id))).collect()
    }

    /// The file at a path below a tree, with its id; `None` where there is none, or its bytes are missing.
    pub(super) fn file(&self, tree: &str, path: &[&str]) -> Option<(&'a str, &'a Object)> {
        let entry = self.entry(tree, path).filter(|entry| entry.kind == Some(ObjectKind::Blob))?;
        self.objects.get_key_value(&entry.id).map(|(id, object)| (id.as_str(), object))
    }

    /// Whether a tree has something at a path.
    pub(super) fn has_entry(&self, tree: &str, path: &[&str]) -> bool {
        self.entry(tree, path).is_some()
    }

    fn entry(&self, tree: &str, path: &[&str]) -> Option<git::TreeEntry> {
        let (name, folders) = path.split_last()?;
        let mut tree = tree.to_owned();
        for folder in folders {
            let entry = self.entries(&tree).into_iter().find(|entry| entry.name == folder.as_bytes())?;
            tree = entry.id;
        }
        self.entries(&tree).into_iter().find(|entry| entry.name == name.as_bytes())
    }

    /// What comes of a signature, by the signers' keys, as of the time that it claims.
    pub(super) fn signature(&self, signed: Option<&Signed>) -> GitSignature {
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
