//! Reading key repositories: git objects, without the `git` program, a checkout, or anything that the repository's own
//! configuration says.
//!
//! What is kept is evidence: the refs, every commit and annotated tag that they lead to, and of the trees what holds
//! keys, or scriptworker's lists of them. What follows from it is worked out from those bytes alone, when it is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use gix_object::Find as _;

use super::capture::ImportError;
use super::tree::{self, Found, Tree};
use crate::formats::git::{self, ObjectKind};
use crate::model::Digest;
use crate::store::{Disposition, FileRow, KeyKind, KeyRow};

/// The most bytes of a repository's files. The real key repository has 460 KiB, scriptworker's 5 MiB.
const REPOSITORY_SIZE_MAX: u64 = 1 << 30;

/// The most files of a repository: a busy one of loose objects has some 10,000.
const FILES_MAX: usize = 500_000;

/// The most bytes of one object that is read. The largest real key file has 180 kB.
const OBJECT_SIZE_MAX: usize = 16 << 20;

/// The most objects that are kept: the real key repository has some 800.
const OBJECTS_MAX: usize = 200_000;

/// The most bytes of objects that are kept.
const KEPT_SIZE_MAX: u64 = 256 << 20;

/// How deep folders of keys are followed. Real ones have two levels.
const DEPTH_MAX: usize = 16;

/// The folders of a key set at the root of a tree: those of the worker implementations.
const ROLES: [&str; 2] = ["docker-worker", "generic-worker"];

/// The folders of a key set below `scriptworker`.
const RINGS: [&str; 2] = ["trusted", "valid"];

/// The files in which scriptworker's own repository lists the ed25519 keys that its releases trust.
const LISTS: [&[&str]; 2] = [&["scriptworker", "constants.py"], &["src", "scriptworker", "constants.py"]];

/// Keeps the contents of an object.
type Keep<'a> = &'a mut dyn FnMut(Digest, &[u8]) -> Result<(), ImportError>;

/// What a repository came to: its row, where it can be used, and the files.
#[derive(Debug, Default)]
pub(super) struct Repository {
    pub(super) row: Option<KeyRow>,
    pub(super) files: Vec<FileRow>,
}

/// Reads a bare repository in a folder.
///
/// # Errors
///
/// Those of `keep`. What is wrong with the repository is told in the files that are set aside.
pub(super) fn read_folder(
    tree: &dyn Tree,
    folder: &str,
    path: &str,
    keep: Keep<'_>,
) -> Result<Repository, ImportError> {
    read_staged(path, keep, |folder_of_copy| stage(tree, folder, folder_of_copy))
}

/// Reads a bundle, which holds all that it needs.
///
/// # Errors
///
/// Those of `keep`.
pub(super) fn read_bundle(
    tree: &dyn Tree,
    file: &Found,
    path: &str,
    keep: Keep<'_>,
) -> Result<Repository, ImportError> {
    read_staged(path, keep, |folder_of_copy| unbundle(tree, file, folder_of_copy))
}

/// Whether a file begins as a bundle does.
pub(super) fn is_bundle(tree: &dyn Tree, file: &Found) -> bool {
    let mut start = [0; 16];
    tree.open(&file.path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && is_bundle_head(&start)
}

fn is_bundle_head(start: &[u8]) -> bool {
    start.starts_with(b"# v2 git bundle\n") || start.starts_with(b"# v3 git bundle\n")
}

/// Refs by name; and what else the repository says of itself.
#[derive(Default)]
struct Refs {
    head: Option<String>,
    refs: BTreeMap<String, String>,
    shallow: BTreeSet<String>,
}

fn read_staged(
    path: &str,
    keep: Keep<'_>,
    stage: impl FnOnce(&Path) -> Result<Refs, String>,
) -> Result<Repository, ImportError> {
    let mut repository = Repository::default();
    let read =
        tempfile::TempDir::new().map_err(|error| error.to_string()).and_then(|copy| Ok((stage(copy.path())?, copy)));
    let (refs, copy) = match read {
        Ok(read) => read,
        Err(reason) => {
            repository.set_aside(path.to_owned(), reason);
            return Ok(repository);
        }
    };
    let options = gix_odb::store::init::Options { alloc_limit_bytes: Some(OBJECT_SIZE_MAX), ..Default::default() };
    let objects = gix_odb::at_opts(copy.path().join("objects"), gix_hash::Kind::Sha1, None, options);
    let objects = match objects {
        Ok(objects) => objects,
        Err(error) => {
            repository.set_aside(path.to_owned(), format!("its objects can't be read: {error}"));
            return Ok(repository);
        }
    };
    let mut walk = Walk { path, objects, keep, repository, seen: BTreeSet::new(), kept: 0, has_keys: false };
    walk.follow(&refs)?;
    if walk.has_keys {
        let document = refs.document();
        let digest = Digest::of(document.as_bytes());
        walk.evidence(format!("{path}/refs"), document.as_bytes())?;
        walk.repository.row =
            Some(KeyRow { kind: KeyKind::Repository, path: path.to_owned(), file: Some(digest), ..KeyRow::default() });
    } else {
        let reason = "no commit of it holds a key set (docker-worker, generic-worker, scriptworker/trusted or valid) or \
                      scriptworker's constants.py";
        walk.repository.set_aside(path.to_owned(), reason.to_owned());
    }
    Ok(walk.repository)
}

impl Refs {
    /// The evidence: `HEAD`, shallow commits and refs, a line each.
    fn document(&self) -> String {
        let head = self.head.iter().map(|head| format!("HEAD {head}\n"));
        let shallow = self.shallow.iter().map(|id| format!("shallow {id}\n"));
        let refs = self.refs.iter().map(|(name, id)| format!("{id} {name}\n"));
        head.chain(shallow).chain(refs).collect()
    }

    fn add(&mut self, id: &str, name: &str) {
        if git::is_id(id) && !name.chars().any(char::is_control) {
            self.refs.insert(name.to_owned(), id.to_owned());
        }
    }
}

/// Copies what a repository's objects and refs need. Its configuration and hooks are left alone; objects that it borrows
/// from elsewhere are refused: they are no part of the evidence.
fn stage(tree: &dyn Tree, folder: &str, copy: &Path) -> Result<Refs, String> {
    let walk = tree::walk(tree, folder);
    if let Some((name, reason)) = walk.refused.first() {
        return Err(format!("{name}: {reason}"));
    }
    let mut refs = Refs::default();
    let (mut size, mut count) = (0_u64, 0_usize);
    std::fs::create_dir_all(copy.join("objects/pack")).map_err(|error| error.to_string())?;
    for file in &walk.files {
        let name = file.name.as_str();
        if matches!(name, "objects/info/alternates" | "objects/info/http-alternates") {
            return Err("it borrows objects from another repository".to_owned());
        }
        size = size.saturating_add(file.size);
        count += 1;
        if size > REPOSITORY_SIZE_MAX || count > FILES_MAX {
            return Err("it is larger than a key repository can be".to_owned());
        }
        let read = || tree::read(tree, file, OBJECT_SIZE_MAX as u64).map_err(|error| format!("{name}: {error}"));
        let text = || read().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        match name {
            "HEAD" => refs.head = text()?.trim().strip_prefix("ref: ").map(str::to_owned),
            "shallow" => refs.shallow = text()?.lines().filter(|id| git::is_id(id)).map(str::to_owned).collect(),
            "packed-refs" => {
                for (id, name) in text()?.lines().filter_map(|line| line.split_once(' ')) {
                    // A loose ref counts more than a packed one.
                    if !refs.refs.contains_key(name) {
                        refs.add(id, name);
                    }
                }
            }
            _ if name.starts_with("refs/") => {
                let text = text()?;
                refs.add(text.trim(), name);
            }
            _ if name.starts_with("objects/") && !name.starts_with("objects/info/") => copy_object(tree, file, copy)?,
            _ => {}
        }
    }
    Ok(refs)
}

fn copy_object(tree: &dyn Tree, file: &Found, copy: &Path) -> Result<(), String> {
    let parts: Vec<&str> = file.name.split('/').collect();
    // `objects/ab/cdef…` or `objects/pack/pack-….pack`: names that can't lead anywhere else.
    let is_plain = |part: &&str| {
        part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')) && !part.starts_with('.')
    };
    if parts.len() != 3 || !parts.iter().all(is_plain) {
        return Ok(());
    }
    let target: PathBuf = copy.join(parts.iter().collect::<PathBuf>());
    let failed = |error: std::io::Error| format!("{}: {error}", file.name);
    if let Some(folder) = target.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut from = tree.open(&file.path).map_err(failed)?.take(REPOSITORY_SIZE_MAX);
    let mut to = std::fs::File::create(&target).map_err(failed)?;
    std::io::copy(&mut from, &mut to).map(|_| ()).map_err(failed)
}

/// Unpacks a bundle: a head of refs, and a pack.
fn unbundle(tree: &dyn Tree, file: &Found, copy: &Path) -> Result<Refs, String> {
    let failed = |error: std::io::Error| error.to_string();
    let mut bundle = BufReader::new(tree.open(&file.path).map_err(failed)?.take(REPOSITORY_SIZE_MAX));
    let mut refs = Refs::default();
    let mut head = 0_usize;
    loop {
        let mut line = Vec::new();
        let read = bundle.by_ref().take(4096).read_until(b'\n', &mut line).map_err(failed)?;
        head += read;
        if !line.ends_with(b"\n") || head > OBJECT_SIZE_MAX {
            return Err("its head does not end".to_owned());
        }
        let text = String::from_utf8_lossy(&line);
        match text.trim_end_matches('\n') {
            "" => break,
            line if line.starts_with('-') => return Err("it needs commits that it does not hold".to_owned()),
            line if line.starts_with('@') && line != "@object-format=sha1" => {
                return Err("it asks for more than this cotrace knows of bundles".to_owned());
            }
            line => {
                if let Some((id, name)) = line.split_once(' ') {
                    refs.add(id, name);
                }
            }
        }
    }
    if let Some(id) = refs.refs.remove("HEAD") {
        let of_head = refs.refs.iter().find(|(name, of)| name.starts_with("refs/heads/") && **of == id);
        refs.head = of_head.map(|(name, _)| name.clone());
    }
    let packs = copy.join("objects/pack");
    std::fs::create_dir_all(&packs).map_err(failed)?;
    let options = gix_pack::bundle::write::Options { alloc_limit_bytes: Some(OBJECT_SIZE_MAX), ..Default::default() };
    gix_pack::Bundle::write_to_directory(
        &mut bundle,
        Some(&packs),
        &mut prodash::progress::Discard,
        &AtomicBool::new(false),
        None::<gix_object::find::Never>,
        gix_hash::Kind::Sha1,
        options,
    )
    .map_err(|error| format!("its pack can't be read: {error}"))?;
    Ok(refs)
}

/// Goes through a repository and keeps what counts.
struct Walk<'a> {
    path: &'a str,
    objects: gix_odb::Handle,
    keep: Keep<'a>,
    repository: Repository,
    seen: BTreeSet<String>,
    kept: u64,
    has_keys: bool,
}

impl Walk<'_> {
    /// Follows all refs through tags and commits.
    fn follow(&mut self, refs: &Refs) -> Result<(), ImportError> {
        let mut open: Vec<String> = refs.refs.values().cloned().collect();
        while let Some(id) = open.pop() {
            let Some((kind, bytes)) = self.take(&id)? else { continue };
            match kind {
                ObjectKind::Tag => open.extend(git::tag(&bytes).ok().map(|tag| tag.target)),
                ObjectKind::Commit => {
                    let Ok(commit) = git::commit(&bytes) else { continue };
                    if !refs.shallow.contains(&id) {
                        open.extend(commit.parents);
                    }
                    self.keys_of(&commit.tree)?;
                    self.lists_of(&commit.tree)?;
                }
                // A tag of a tree or a blob: it is kept, and leads to nothing.
                ObjectKind::Tree | ObjectKind::Blob => {}
            }
        }
        Ok(())
    }

    /// Keeps what a commit's tree has of key sets.
    fn keys_of(&mut self, root: &str) -> Result<(), ImportError> {
        let Some((_, bytes)) = self.find(root) else { return Ok(()) };
        let Ok(entries) = git::tree(&bytes) else { return Ok(()) };
        let is_new = !self.seen.contains(root);
        let mut found = false;
        for entry in entries.iter().filter(|entry| entry.kind == Some(ObjectKind::Tree)) {
            if ROLES.iter().any(|role| entry.name == role.as_bytes()) {
                found = true;
                self.folder(&entry.id, 0)?;
            } else if entry.name == b"scriptworker" {
                let Some((_, bytes)) = self.find(&entry.id) else { continue };
                let rings = git::tree(&bytes).unwrap_or_default();
                let rings = rings.iter().filter(|ring| {
                    ring.kind == Some(ObjectKind::Tree) && RINGS.iter().any(|name| ring.name == name.as_bytes())
                });
                for ring in rings {
                    found = true;
                    self.take(&entry.id)?;
                    self.folder(&ring.id, 0)?;
                }
            }
        }
        if found {
            self.has_keys = true;
            if is_new {
                self.take(root)?;
            }
        }
        Ok(())
    }

    /// Keeps what a commit's tree has of scriptworker's lists of keys: the file, and the folders that lead to it.
    fn lists_of(&mut self, root: &str) -> Result<(), ImportError> {
        for path in LISTS {
            let mut ids = vec![root.to_owned()];
            for name in path {
                let Some((ObjectKind::Tree, bytes)) = ids.last().and_then(|id| self.find(id)) else { break };
                let entries = git::tree(&bytes).unwrap_or_default();
                let Some(entry) = entries.into_iter().find(|entry| entry.name == name.as_bytes()) else { break };
                ids.push(entry.id);
            }
            if ids.len() == path.len() + 1 {
                self.has_keys = true;
                for id in ids {
                    self.take(&id)?;
                }
            }
        }
        Ok(())
    }

    /// Keeps a folder of keys and all below it.
    fn folder(&mut self, id: &str, depth: usize) -> Result<(), ImportError> {
        if depth > DEPTH_MAX || self.seen.contains(id) {
            return Ok(());
        }
        let Some((_, bytes)) = self.take(id)? else { return Ok(()) };
        for entry in git::tree(&bytes).unwrap_or_default() {
            match entry.kind {
                Some(ObjectKind::Tree) => self.folder(&entry.id, depth + 1)?,
                Some(ObjectKind::Blob) => {
                    self.take(&entry.id)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Keeps an object, once; `None` where it was kept before, or can't be read.
    fn take(&mut self, id: &str) -> Result<Option<(ObjectKind, Vec<u8>)>, ImportError> {
        if !self.seen.insert(id.to_owned()) {
            return Ok(None);
        }
        let place = format!("{}/objects/{id}", self.path);
        if self.seen.len() > OBJECTS_MAX || self.kept > KEPT_SIZE_MAX {
            if self.seen.len() == OBJECTS_MAX + 1 || self.kept != u64::MAX {
                self.kept = u64::MAX;
                self.repository.set_aside(place, "the repository has more objects than are kept".to_owned());
            }
            return Ok(None);
        }
        let Some((kind, bytes)) = self.find(id) else {
            self.repository.set_aside(place, "the object is missing, too large, or not what its id says".to_owned());
            return Ok(None);
        };
        self.kept = self.kept.saturating_add(bytes.len() as u64);
        self.evidence(format!("{}/objects/{}/{id}", self.path, kind.word()), &bytes)?;
        Ok(Some((kind, bytes)))
    }

    /// An object whose bytes are what its id says.
    fn find(&self, id: &str) -> Option<(ObjectKind, Vec<u8>)> {
        let oid = gix_hash::ObjectId::from_hex(id.as_bytes()).ok()?;
        let mut buffer = Vec::new();
        let found = self.objects.try_find(&oid, &mut buffer).ok()??;
        let kind = match found.kind {
            gix_object::Kind::Commit => ObjectKind::Commit,
            gix_object::Kind::Tag => ObjectKind::Tag,
            gix_object::Kind::Tree => ObjectKind::Tree,
            gix_object::Kind::Blob => ObjectKind::Blob,
        };
        let bytes = found.data.to_vec();
        (bytes.len() <= OBJECT_SIZE_MAX && git::object_id(kind, &bytes).as_deref() == Some(id)).then_some((kind, bytes))
    }

    fn evidence(&mut self, path: String, bytes: &[u8]) -> Result<(), ImportError> {
        let digest = Digest::of(bytes);
        self.repository.files.push(FileRow {
            path,
            disposition: Disposition::Evidence,
            reason: None,
            sha256: Some(digest),
            size: Some(bytes.len() as u64),
        });
        (self.keep)(digest, bytes)
    }
}

impl Repository {
    fn set_aside(&mut self, path: String, reason: String) {
        let disposition = Disposition::Quarantined;
        self.files.push(FileRow { path, disposition, reason: Some(reason), sha256: None, size: None });
    }
}
