//! The history of a key repository, from the git objects that were kept of it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use sequoia_openpgp::cert::Cert;
use sequoia_openpgp::policy::StandardPolicy;

use super::certificate;
use super::git_history::{Branch, Repository};
pub use super::git_history::{Object, ObjectKind};
use crate::model::{KeyBlocker, KeyHistory, KeyId, KeyMember, KeyPoint, Moment, PointKind, Ring, Role};

/// Raised when the answers of this file could change.
pub const VERSION: u32 = 2;

/// The most commits of a branch whose key sets are worked out. The real key repository has some 90.
const TIPS_MAX: usize = 5_000;

/// How deep folders of keys are followed. Real ones have two levels.
const DEPTH_MAX: usize = 16;

/// Works out the history. `refs` is what the importer kept of them, `objects` are the objects by id, and `signers` the
/// certificate files of those who may sign tags and commits.
pub fn examine(refs: &str, objects: &BTreeMap<String, Object>, signers: &[Vec<u8>]) -> KeyHistory {
    let mut repository = Repository::new(refs, objects, signers);
    let tips = repository.tips();
    let mut branch = repository.branch(&tips);
    if tips.len() > TIPS_MAX {
        repository.problem(format!("the branch has {} commits; only tags are looked at", tips.len()));
        branch.decided_by.clear();
    }
    let mut reader = Reader { repository, files: BTreeMap::new(), points: Vec::new() };
    reader.add_commits(&branch);
    reader.add_tags(&branch);
    if reader.points.iter().all(|point| point.members.is_empty()) {
        // A repository of something else.
        return KeyHistory::default();
    }
    let mut history = KeyHistory { problems: reader.repository.problems, known_until: None, points: reader.points };
    history.points.sort_by(|a, b| (a.at, a.kind, &a.id).cmp(&(b.at, b.kind, &b.id)));
    history.known_until = history.points.iter().map(|point| point.at).max();
    history
}

struct Reader<'a> {
    repository: Repository<'a>,
    /// The certificates of key files, by the id of their bytes.
    files: BTreeMap<&'a str, Vec<Cert>>,
    points: Vec<KeyPoint>,
}

impl Reader<'_> {
    fn add_commits(&mut self, branch: &Branch) {
        for (id, commit) in self.repository.commits.clone() {
            let Some(at) = Moment::from_unix(commit.committed) else {
                self.repository.problem(format!("commit {id} states an impossible time"));
                continue;
            };
            let decided_by = branch.decided_by.get(id).cloned();
            let landed = branch.landed.get(id).copied().flatten();
            let members = if decided_by.is_some() { self.members(&commit.tree, at) } else { Vec::new() };
            let blockers = self.blockers(&members, at);
            let signature = self.repository.signature(commit.signed.as_ref());
            self.points.push(KeyPoint {
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
        for (id, tag) in self.repository.tags() {
            let Some(at) = tag.tagged.and_then(Moment::from_unix) else {
                self.repository.problem(format!("tag {id} states no time"));
                continue;
            };
            let commit = (tag.target_kind == ObjectKind::Commit).then_some(tag.target.as_str());
            let tree = commit.and_then(|commit| self.repository.commits.get(commit)).map(|commit| commit.tree.clone());
            if tree.is_none() {
                let kind = tag.target_kind.word();
                self.repository
                    .problem(format!("tag {:?} points to {kind} {}, whose key set is not known", tag.name, tag.target));
            }
            let landed = commit.and_then(|commit| branch.landed.get(commit)).copied().flatten();
            if tree.is_some() && landed.is_none() {
                self.repository
                    .problem(format!("tag {:?} is of a commit that the default branch does not lead to", tag.name));
            }
            let effective = landed.map_or(at, |landed| landed.max(at));
            let members = tree.map(|tree| self.members(&tree, effective)).unwrap_or_default();
            let blockers = self.blockers(&members, effective);
            let signature = self.repository.signature(tag.signed.as_ref());
            self.points.push(KeyPoint {
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
        for (name, id) in self.repository.folders(tree) {
            match name.as_str() {
                "docker-worker" | "generic-worker" => self.list(&id, &name, &name, Ring::Flat, 0, &mut files),
                "scriptworker" => {
                    for (ring_name, id) in self.repository.folders(&id) {
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

    /// The files of a folder of keys and those below it, but for what no verifier read.
    fn list(&mut self, tree: &str, path: &str, role: &str, ring: Ring, depth: usize, files: &mut Vec<KeyMember>) {
        if depth > DEPTH_MAX {
            return;
        }
        for entry in self.repository.entries(tree) {
            let name = String::from_utf8_lossy(&entry.name).into_owned();
            let path = format!("{path}/{name}");
            match entry.kind {
                Some(ObjectKind::Tree) => self.list(&entry.id, &path, role, ring, depth + 1, files),
                Some(ObjectKind::Blob) if !is_ignored(role, &name) => {
                    let file = self.repository.objects.get_key_value(&entry.id);
                    if let Some((id, object)) = file {
                        self.files.entry(id).or_insert_with(|| certificate::read(&object.2).unwrap_or_default());
                    } else {
                        self.repository.problem(format!("the key file {path} is missing: {}", entry.id));
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
