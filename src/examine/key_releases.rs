//! The ed25519 keys that scriptworker's releases trust by default, from the git objects that were kept of its repository.

use std::collections::{BTreeMap, BTreeSet};

use super::git_history::{Branch, Object, Repository};
use super::keyring;
use crate::formats::git::Tag;
use crate::formats::python_literal::{self, Kind, Value};
use crate::model::{
    CommitTold, GitSignature, GitSignatureState, KeyChange, KeyId, KeyRelease, KeyReleases, Moment, Release,
    ReleasedKey, Role,
};

/// Raised when the answers of this file could change.
pub const VERSION: u32 = 1;

/// Where the file with the keys stood: at first, and since 26.0.0.
pub const PATHS: [&[&str]; 2] = [&["scriptworker", "constants.py"], &["src", "scriptworker", "constants.py"]];

/// What the file assigns its configuration to, and the key of the lists in it.
const CONFIGURATION: (&str, &str) = ("DEFAULT_CONFIG", "ed25519_public_keys");

/// The most releases that are looked at. The real repository has some 260.
const RELEASES_MAX: usize = 5_000;

/// Works out which keys each release lists. Nothing is said of a repository whose commits have no such file.
pub fn examine(refs: &str, objects: &BTreeMap<String, Object>, signers: &[Vec<u8>]) -> KeyReleases {
    let mut repository = Repository::new(refs, objects, signers);
    let tips = repository.tips();
    let branch = repository.branch(&tips);
    let mut reader = Reader { repository, lists: BTreeMap::new() };
    let mut releases = reader.releases();
    if releases.iter().all(|release| release.path.is_none()) {
        return KeyReleases::default();
    }
    reader.compare(&mut releases, &branch);
    let Repository { problems, .. } = reader.repository;
    KeyReleases { problems, known_until: branch.landed.values().copied().flatten().max(), releases }
}

type Listed = Vec<ReleasedKey>;

struct Reader<'a> {
    repository: Repository<'a>,
    /// The lists of files that were read, by id; `None` of those that can't be.
    lists: BTreeMap<&'a str, Option<Listed>>,
}

impl<'a> Reader<'a> {
    /// The releases with their lists, oldest first.
    fn releases(&mut self) -> Vec<KeyRelease> {
        let tags: BTreeMap<&str, Tag> = self.repository.tags().into_iter().collect();
        let mut releases = Vec::new();
        for (name, id) in self.repository.refs("refs/tags/") {
            let Ok(release) = name.parse::<Release>() else { continue };
            if releases.len() == RELEASES_MAX {
                self.repository.problem(format!("more than {RELEASES_MAX} releases are tagged; the rest is left out"));
                break;
            }
            let unsigned = GitSignature { state: GitSignatureState::Unsigned, signer: None, issuer: None, made: None };
            let (commit, signature) = match tags.get(id) {
                // A signed tag of another name, put in this one's place, says nothing of this release.
                Some(tag) if tag.name != name => {
                    self.repository.problem(format!("the tag under the name {name:?} calls itself {:?}", tag.name));
                    (tag.target.as_str(), unsigned)
                }
                Some(tag) => (tag.target.as_str(), self.repository.signature(tag.signed.as_ref())),
                None => (id, unsigned),
            };
            let Some(found) = self.repository.commits.get(commit) else {
                self.repository.problem(format!("tag {name:?} points to no commit that is there: {commit}"));
                continue;
            };
            let (tree, committed) = (found.tree.clone(), found.committed);
            let Some(at) = Moment::from_unix(committed) else {
                self.repository.problem(format!("commit {commit} states an impossible time"));
                continue;
            };
            let (path, keys) =
                self.list_of(&tree, Some(name)).map_or((None, Vec::new()), |(path, keys)| (Some(path), keys));
            let (added, removed) = (Vec::new(), Vec::new());
            releases.push(KeyRelease { release, commit: commit.to_owned(), at, signature, path, keys, added, removed });
        }
        releases.sort_by(|a, b| (a.at, &a.release).cmp(&(b.at, &b.release)));
        releases
    }

    /// The list in a tree, and where it stands. A list that can't be read is empty: then no key of it is trusted. What is
    /// wrong is told of releases only: what was never released matters to nobody.
    fn list_of(&mut self, tree: &str, release: Option<&str>) -> Option<(String, Listed)> {
        for path in PATHS {
            let told = path.join("/");
            match self.repository.file(tree, path) {
                Some((id, object)) => {
                    let is_new = !self.lists.contains_key(id);
                    if is_new {
                        let (list, problems) = read(&object.2);
                        self.lists.insert(id, list);
                        for (of, problem) in release.iter().flat_map(|of| problems.iter().map(move |told| (of, told))) {
                            self.repository.problem(format!("{told} of {of}: {problem}"));
                        }
                    }
                    return Some((told, self.lists.get(id).cloned().flatten().unwrap_or_default()));
                }
                None if self.repository.has_entry(tree, path) => {
                    if let Some(of) = release {
                        self.repository.problem(format!("{told} of {of} is missing or is no file"));
                    }
                    return Some((told, Vec::new()));
                }
                None => {}
            }
        }
        None
    }

    /// Tells what each release added and removed, and which commit did.
    fn compare(&mut self, releases: &mut [KeyRelease], branch: &Branch) {
        let mut before: BTreeSet<(Role, KeyId)> = BTreeSet::new();
        let mut commit_before: Option<String> = None;
        for release in releases.iter_mut() {
            let listed: BTreeSet<(Role, KeyId)> =
                release.keys.iter().map(|listed| (listed.role.clone(), listed.key.clone())).collect();
            if listed != before {
                let commits = self.between(commit_before.as_deref(), &release.commit);
                let changes = self.changes(&commits, branch);
                let told = |of: Vec<&(Role, KeyId)>, is_added: bool| -> Vec<KeyChange> {
                    let change = |(role, key): &(Role, KeyId)| KeyChange {
                        role: role.clone(),
                        key: key.clone(),
                        commit: changes.get(&(role.clone(), key.clone(), is_added)).cloned(),
                    };
                    of.into_iter().map(change).collect()
                };
                release.added = told(listed.difference(&before).collect(), true);
                release.removed = told(before.difference(&listed).collect(), false);
            }
            before = listed;
            commit_before = Some(release.commit.clone());
        }
    }

    /// The commits that lead to one and not to another.
    fn between(&self, before: Option<&str>, commit: &str) -> Vec<String> {
        let known = before.map(|before| self.repository.ancestors(before)).unwrap_or_default();
        self.repository.ancestors(commit).into_iter().filter(|id| !known.contains(id)).collect()
    }

    /// What some commits changed in their parent's list: of each change the youngest commit. Merges change nothing
    /// themselves.
    fn changes(&mut self, commits: &[String], branch: &Branch) -> BTreeMap<(Role, KeyId, bool), CommitTold> {
        let mut changes: BTreeMap<(Role, KeyId, bool), CommitTold> = BTreeMap::new();
        for id in commits {
            let Some(commit) = self.repository.commits.get(id.as_str()).cloned() else { continue };
            let Some(at) = Moment::from_unix(commit.committed).filter(|_| commit.parents.len() < 2) else { continue };
            let parent = commit.parents.first().and_then(|parent| self.repository.commits.get(parent.as_str()));
            let tree_before = parent.map(|parent| parent.tree.clone());
            let before = tree_before.map(|tree| self.set_of(&tree)).unwrap_or_default();
            let after = self.set_of(&commit.tree);
            let landed = branch.landed.get(id).copied().flatten();
            let told = CommitTold { id: id.clone(), at, landed, who: commit.author, why: commit.subject };
            let added = after.difference(&before).map(|(role, key)| (role.clone(), key.clone(), true));
            let removed = before.difference(&after).map(|(role, key)| (role.clone(), key.clone(), false));
            for change in added.chain(removed) {
                let is_younger = changes.get(&change).is_none_or(|other| (other.at, &other.id) < (told.at, &told.id));
                if is_younger {
                    changes.insert(change, told.clone());
                }
            }
        }
        changes
    }

    fn set_of(&mut self, tree: &str) -> BTreeSet<(Role, KeyId)> {
        let listed = self.list_of(tree, None).map(|(_, listed)| listed).unwrap_or_default();
        listed.into_iter().map(|listed| (listed.role, listed.key)).collect()
    }
}

/// Reads the list in a file, `None` of one that can't be read, and what is wrong with it.
fn read(source: &[u8]) -> (Option<Listed>, Vec<String>) {
    let (name, key) = CONFIGURATION;
    let refused = |problem: String| (None, vec![problem]);
    let configuration = match python_literal::assigned(source, name) {
        Ok(Some(value)) => value,
        Ok(None) => return refused(format!("nothing is assigned to {name}")),
        Err(error) => return refused(format!("it can't be read: {error}")),
    };
    let is_told = |entries: &[(Value, Value)]| entries.iter().all(|(name, _)| matches!(name.kind, Kind::Text(_)));
    match &configuration.kind {
        Kind::Map(entries) if is_told(entries) => {}
        Kind::Map(_) | Kind::Text(_) | Kind::List(_) | Kind::Other => {
            return refused(format!("line {}: {name} is no plain dictionary", configuration.line));
        }
    }
    // Releases before 22.0.0 have none.
    let Some(lists) = configuration.get(key) else { return (Some(Vec::new()), Vec::new()) };
    match keys_of(lists) {
        Ok((keys, unusable)) => (Some(keys), unusable),
        Err(line) => refused(format!("line {line}: {key} is no plain dictionary of lists of texts")),
    }
}

/// The keys in the lists, and what is wrong with those that can't be used.
///
/// # Errors
///
/// The line of what is no dictionary of lists of texts.
fn keys_of(lists: &Value) -> Result<(Listed, Vec<String>), u64> {
    let Kind::Map(entries) = &lists.kind else { return Err(lists.line) };
    let mut keys = Vec::new();
    let mut unusable = Vec::new();
    for (index, (name, list)) in entries.iter().enumerate() {
        let Kind::Text(role) = &name.kind else { return Err(name.line) };
        // Python takes the last of equal keys.
        if entries[index + 1..].iter().any(|(later, _)| later.kind == name.kind) {
            continue;
        }
        let Kind::List(texts) = &list.kind else { return Err(list.line) };
        for value in texts {
            let Kind::Text(text) = &value.kind else { return Err(value.line) };
            match keyring::read_ed25519(text) {
                Ok((key, _)) => keys.push(ReleasedKey { role: Role::new(role.clone()), key, line: value.line }),
                Err(why) => unusable.push(format!("line {}: {text:?} of {role} can't be used: {why}", value.line)),
            }
        }
    }
    Ok((keys, unusable))
}
