//! Reading one task's folder.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::hashing::{Hashed, Job, hash_files};
use super::replies;
use super::tree::{self, Found, Listing, Tree};
use crate::formats::{clearsign, json};
use crate::model::{ATTESTATION_ASC, ATTESTATION_JSON, Digest, TASK_GRAPH_JSON, TaskId, is_evidence_artifact};
use crate::store::{
    ArtifactRow, DenialRow, Disposition, DocumentIndex, FileRow, ListingRow, PACK_SIZE_MAX, RunRow, TaskRow,
};

/// The most bytes of a queue reply. The largest real definition is well under 1 MiB; a listing of 10,000 artifacts is
/// about 3 MiB.
pub(super) const REPLY_SIZE_MAX: u64 = 16 * 1024 * 1024;

/// The contents of one task that are held in memory until they are written; what goes beyond is read again then. Real
/// tasks have some 20 kB of them.
const CONTENTS_SIZE_MAX: usize = 1024 * 1024;

/// The most artifacts that the listings of one task name. The largest real task publishes some 10,000.
const LISTED_MAX: usize = 100_000;

/// Which artifact contents an import keeps. Digests and sizes are always kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepArtifacts {
    /// None.
    None,
    /// What verification reads: attestations, graphs, parameters, actions, logs.
    Evidence,
    /// All.
    All,
}

impl KeepArtifacts {
    fn keeps(self, name: &str) -> bool {
        match self {
            Self::None => false,
            Self::Evidence => is_evidence_artifact(name),
            Self::All => true,
        }
    }
}

/// How many artifacts of a task are hashed at once.
const WINDOW_FILES: usize = 1024;

/// How many bytes of theirs are held at once.
const WINDOW_HELD_MAX: u64 = 8 * 1024 * 1024;

/// The artifact names that stand for files below a run, by file.
type Names = BTreeMap<String, Vec<String>>;

/// Contents on their way into the case.
#[derive(Debug)]
pub(super) enum Content {
    /// In memory.
    Bytes(Vec<u8>),
    /// Too large for that: to be read again.
    File(String, u64),
}

/// One task as its folder has it.
#[derive(Debug)]
pub(super) struct TaskCapture {
    pub(super) task_id: TaskId,
    pub(super) row: TaskRow,
    pub(super) runs: Vec<RunRow>,
    pub(super) artifacts: Vec<ArtifactRow>,
    pub(super) listings: Vec<ListingRow>,
    pub(super) denials: Vec<DenialRow>,
    pub(super) files: Vec<FileRow>,
    pub(super) contents: Vec<(Digest, Content)>,
    /// The indexes of task graphs that are kept.
    pub(super) indexes: Vec<(Digest, DocumentIndex)>,
    /// Path, digest and size of all evidence, in the order of reading.
    pub(super) manifest: Vec<(String, Digest, u64)>,
}

/// Reads the folder of a task. Never fails: what can't be read is set aside.
pub(super) fn read_task(tree: &dyn Tree, folder: &str, task_id: &TaskId, keep: KeepArtifacts) -> TaskCapture {
    let mut reader =
        Reader { tree, keep, prefix: format!("tasks/{task_id}"), held: 0, task: TaskCapture::new(task_id) };
    reader.read(folder);
    reader.task
}

/// Reads what scriptworker left of a task in its work directory: `task.json`, which it wrote anew from the queue's reply,
/// and artifacts at their names. There is no status, and no run but the one that the attestation claims.
pub(super) fn read_work_task(tree: &dyn Tree, folder: &Found, task_id: &TaskId, keep: KeepArtifacts) -> TaskCapture {
    let mut reader = Reader { tree, keep, prefix: folder.path.clone(), held: 0, task: TaskCapture::new(task_id) };
    reader.read_work(&folder.path);
    reader.task
}

impl TaskCapture {
    /// A task of which nothing has been read yet.
    pub(super) fn new(task_id: &TaskId) -> Self {
        Self {
            task_id: *task_id,
            row: TaskRow::default(),
            runs: Vec::new(),
            artifacts: Vec::new(),
            listings: Vec::new(),
            denials: Vec::new(),
            files: Vec::new(),
            contents: Vec::new(),
            indexes: Vec::new(),
            manifest: Vec::new(),
        }
    }

    /// Roughly how many bytes it takes in memory.
    pub(super) fn size(&self) -> usize {
        let contents = self.contents.iter().map(|(_, content)| match content {
            Content::Bytes(bytes) => bytes.len(),
            Content::File(..) => 0,
        });
        let rows = self.runs.len() + self.artifacts.len() + self.files.len() + self.denials.len() + self.manifest.len();
        let indexes: usize = self.indexes.iter().map(|(_, index)| index.size()).sum();
        contents.sum::<usize>() + indexes + rows * size_of::<ArtifactRow>()
    }

    /// Takes a definition.
    pub(super) fn define(&mut self, digest: Digest, bytes: &[u8]) {
        replies::read_definition(bytes, &mut self.row);
        self.row.definition = Some(digest);
    }

    /// Takes a status.
    pub(super) fn set_status(&mut self, digest: Digest, bytes: &[u8]) {
        match replies::read_status(bytes, &self.task_id, &mut self.row) {
            Ok(runs) => self.runs = runs,
            Err(problem) => self.row.status_problem = Some(problem),
        }
        self.row.status = Some(digest);
    }
}

/// Artifacts of a run by name.
type Rows = BTreeMap<String, ArtifactRow>;

/// A file of a run, with the artifact names that it stands for.
struct Named {
    file: Found,
    /// Its path below the task's folder.
    relative: String,
    names: Vec<String>,
    /// Its path in the capture, where it is not its name below the run.
    path: Option<String>,
}

/// What the attestations of a run are.
#[derive(Default)]
struct Attestations {
    /// Their bytes, by path in the tree.
    bytes: BTreeMap<String, Vec<u8>>,
    state_sha512: bool,
}

struct Reader<'a> {
    tree: &'a dyn Tree,
    keep: KeepArtifacts,
    prefix: String,
    held: usize,
    task: TaskCapture,
}

impl Reader<'_> {
    fn read(&mut self, folder: &str) {
        let prefix = self.prefix.clone();
        let Some(listing) = self.list(folder, &prefix) else { return };
        for file in listing.files {
            match file.name.as_str() {
                "definition.json" => self.definition(&file),
                "status.json" => self.status(&file),
                "absent.json" => self.absent(&file),
                _ => self.ignore(&file.name, "it is no part of a task's capture"),
            }
        }
        for folder in listing.folders {
            if folder.name == "artifacts" {
                self.artifacts(&folder.path);
            } else {
                self.ignore(&format!("{}/", folder.name), "it is no part of a task's capture");
            }
        }
    }

    fn list(&mut self, folder: &str, prefix: &str) -> Option<Listing> {
        let mut listing = match self.tree.list(folder) {
            Ok(listing) => listing,
            Err(error) => {
                self.quarantine_path(prefix.to_owned(), format!("the folder can't be read: {error}"));
                return None;
            }
        };
        for (name, reason) in std::mem::take(&mut listing.refused) {
            self.quarantine_path(format!("{prefix}/{name}"), reason);
        }
        Some(listing)
    }

    fn read_work(&mut self, folder: &str) {
        self.task.row.run_is_claimed = true;
        let walk = tree::walk(self.tree, folder);
        for (name, reason) in walk.refused {
            self.quarantine(&name, reason);
        }
        let attestations: Vec<&Found> = walk.files.iter().filter(|file| is_attestation(&file.name)).collect();
        let mut read = self.attestations(&attestations);
        let claimed =
            attestations.iter().filter_map(|file| claimed_run(&file.name, read.bytes.get(&file.path)?)).next();
        let run_id = claimed.unwrap_or(0);
        let mut rows = BTreeMap::new();
        let artifact = |file: &Found, prefix: &str| Named {
            relative: file.name.clone(),
            names: vec![file.name.clone()],
            path: Some(format!("{prefix}/{}", file.name)),
            file: file.clone(),
        };
        for files in walk.files.chunk_by(|a, b| a.name != "task.json" && b.name != "task.json") {
            match files {
                [file] if file.name == "task.json" => self.work_definition(file),
                files => {
                    let artifacts: Vec<Named> = files.iter().map(|file| artifact(file, &self.prefix)).collect();
                    self.named(&artifacts, run_id, &mut read, &mut rows);
                }
            }
        }
        self.task.artifacts.extend(rows.into_values());
    }

    fn work_definition(&mut self, file: &Found) {
        let Some((digest, bytes)) = self.reply(file, "task.json") else { return };
        let size = bytes.len() as u64;
        let reason = "scriptworker wrote it anew: it is not the queue's own bytes".to_owned();
        self.evidence_file("task.json", digest, size, Some(reason));
        self.task.define(digest, &bytes);
        self.hold(digest, bytes, file);
    }

    fn definition(&mut self, file: &Found) {
        let Some((digest, bytes)) = self.reply(file, "definition.json") else { return };
        self.task.define(digest, &bytes);
        self.hold(digest, bytes, file);
    }

    fn status(&mut self, file: &Found) {
        let Some((digest, bytes)) = self.reply(file, "status.json") else { return };
        self.task.set_status(digest, &bytes);
        self.hold(digest, bytes, file);
    }

    fn absent(&mut self, file: &Found) {
        let Some((digest, bytes)) = self.reply(file, "absent.json") else { return };
        let size = bytes.len() as u64;
        let reason = match replies::read_absent(&bytes) {
            Ok(denials) => {
                self.task.denials = denials;
                None
            }
            Err(problem) => Some(problem),
        };
        self.evidence_file("absent.json", digest, size, reason);
        self.hold(digest, bytes, file);
    }

    fn artifacts(&mut self, folder: &str) {
        let prefix = format!("{}/artifacts", self.prefix);
        let Some(listing) = self.list(folder, &prefix) else { return };
        let mut names = BTreeMap::new();
        let mut listed = BTreeMap::new();
        for file in &listing.files {
            let relative = format!("artifacts/{}", file.name);
            match file.name.split_once('.') {
                Some((run, "json")) if run_number(run).is_some() => self.listing(file, &relative, run, &mut listed),
                Some((run, "names.json")) if run_number(run).is_some() => self.names(file, &relative, run, &mut names),
                _ => self.ignore(&relative, "it is neither a run's listing nor its names"),
            }
        }
        for folder in &listing.folders {
            match run_number(&folder.name) {
                Some(run_id) => {
                    let names = names.remove(&run_id).unwrap_or_default();
                    self.run(&folder.path, run_id, names, listed.entry(run_id).or_default());
                }
                None => self.quarantine(&format!("artifacts/{}", folder.name), "its name is no run number".to_owned()),
            }
        }
        for rows in listed.into_values() {
            self.task.artifacts.extend(rows.into_values());
        }
    }

    fn listing(&mut self, file: &Found, relative: &str, run: &str, listed: &mut BTreeMap<u32, Rows>) {
        let Some(run_id) = run_number(run) else { return };
        let Some((sha256, bytes)) = self.reply(file, relative) else { return };
        let size = bytes.len() as u64;
        let so_far: usize = listed.values().map(BTreeMap::len).sum();
        let problem = match replies::read_listing(&bytes, run_id) {
            Ok(rows) if so_far + rows.len() > LISTED_MAX => {
                Some(format!("the task's listings name more than {LISTED_MAX} artifacts: this one is not used"))
            }
            Ok(rows) => {
                listed.insert(run_id, rows.into_iter().map(|row| (row.name.clone(), row)).collect());
                None
            }
            Err(problem) => Some(problem),
        };
        self.evidence_file(relative, sha256, size, problem.clone());
        self.task.listings.push(ListingRow { run_id, sha256, problem });
        self.hold(sha256, bytes, file);
    }

    fn names(&mut self, file: &Found, relative: &str, run: &str, names: &mut BTreeMap<u32, Names>) {
        let Some(run_id) = run_number(run) else { return };
        let Some((digest, bytes)) = self.reply(file, relative) else { return };
        let size = bytes.len() as u64;
        let problem = match replies::read_names(&bytes) {
            Ok(pairs) => {
                let of_run: &mut Names = names.entry(run_id).or_default();
                for (file, name) in pairs {
                    of_run.entry(file).or_default().push(name);
                }
                None
            }
            Err(problem) => Some(problem),
        };
        self.evidence_file(relative, digest, size, problem);
        self.hold(digest, bytes, file);
    }

    /// Reads the artifacts of a run into `rows`, by name; those that a listing names are there already.
    fn run(&mut self, folder: &str, run_id: u32, mut names: Names, rows: &mut Rows) {
        let walk = tree::walk(self.tree, folder);
        for (name, reason) in walk.refused {
            self.quarantine(&format!("artifacts/{run_id}/{name}"), reason);
        }
        let is_named =
            |file: &Found| names.get(&file.name).is_some_and(|names| names.iter().any(|n| is_attestation(n)));
        let attestations = walk.files.iter().filter(|file| is_attestation(&file.name) || is_named(file));
        let mut read = self.attestations(&attestations.collect::<Vec<_>>());
        let artifacts = walk.files.into_iter().map(|file| {
            let relative = format!("artifacts/{run_id}/{}", file.name);
            let mapped = names.remove(&file.name);
            let path = mapped.is_some().then(|| format!("{}/{relative}", self.prefix));
            Named { relative, names: mapped.unwrap_or_else(|| vec![file.name.clone()]), path, file }
        });
        let artifacts: Vec<Named> = artifacts.collect();
        self.named(&artifacts, run_id, &mut read, rows);
        for file in names.into_keys() {
            let relative = format!("artifacts/{run_id}.names.json#{file}");
            self.quarantine(&relative, "it names a file that is not there".to_owned());
        }
    }

    /// Reads the attestations of a run before all else: they say which digests are asked for.
    fn attestations(&self, files: &[&Found]) -> Attestations {
        let mut read = Attestations::default();
        for file in files {
            let Ok(bytes) = tree::read(self.tree, file, REPLY_SIZE_MAX) else { continue };
            // A rough look is enough: it only decides what is computed.
            read.state_sha512 |= memchr::memmem::find(&bytes, b"sha512").is_some();
            read.bytes.insert(file.path.clone(), bytes);
        }
        read
    }

    /// Takes the artifacts of a run into `rows`, by name.
    fn named(&mut self, artifacts: &[Named], run_id: u32, read: &mut Attestations, rows: &mut Rows) {
        let mut taken = BTreeSet::new();
        let mut rest = artifacts;
        while !rest.is_empty() {
            let (window, after) = rest.split_at(self.window(rest));
            let jobs: Vec<Job<'_>> = window.iter().map(|artifact| self.job(artifact)).collect();
            let hashed = self.hash(&jobs, read);
            for (artifact, hashed) in window.iter().zip(hashed) {
                self.take(artifact, run_id, hashed, &mut taken, rows);
            }
            rest = after;
        }
    }

    fn job<'f>(&self, artifact: &'f Named) -> Job<'f> {
        let keep = artifact.names.iter().any(|name| self.keep.keeps(name));
        let is_graph = keep && artifact.names.iter().any(|name| name == TASK_GRAPH_JSON);
        Job { file: &artifact.file, keep_max: if keep { PACK_SIZE_MAX } else { 0 }, is_graph }
    }

    /// How many artifacts are hashed at once.
    fn window(&self, artifacts: &[Named]) -> usize {
        let mut held = 0;
        let fits = |artifact: &&Named| {
            let job = self.job(artifact);
            held += if artifact.file.size <= job.keep_max as u64 { artifact.file.size } else { 0 };
            held <= WINDOW_HELD_MAX
        };
        artifacts.iter().take(WINDOW_FILES).take_while(fits).count().max(1)
    }

    /// Hashes files, in their order. What was read as an attestation is not read again.
    fn hash(&self, jobs: &[Job<'_>], read: &mut Attestations) -> Vec<io::Result<Hashed>> {
        let unread: Vec<Job<'_>> =
            jobs.iter().filter(|job| !read.bytes.contains_key(&job.file.path)).copied().collect();
        let mut hashed = hash_files(self.tree, &unread, read.state_sha512).into_iter();
        let hash = |job: &Job<'_>| match read.bytes.remove(&job.file.path) {
            Some(bytes) => Some(Ok(Hashed::of(bytes, read.state_sha512, job.is_graph))),
            None => hashed.next(),
        };
        jobs.iter().filter_map(hash).collect()
    }

    /// Takes an artifact in under each of its names. One file can have many.
    fn take(
        &mut self,
        artifact: &Named,
        run_id: u32,
        hashed: io::Result<Hashed>,
        taken: &mut BTreeSet<String>,
        rows: &mut Rows,
    ) {
        let mut hashed = hashed.map_err(|error| format!("it can't be read: {error}"));
        // The manifest tells a file once for the names whose bytes are kept, and once for the others.
        let mut told = [false; 2];
        for name in &artifact.names {
            if !taken.insert(name.clone()) {
                let reason = "another file of this run has the same artifact name".to_owned();
                self.quarantine(&artifact.relative, reason);
                continue;
            }
            let hashed = match &mut hashed {
                Ok(hashed) => hashed,
                Err(reason) => return self.quarantine(&artifact.relative, reason.clone()),
            };
            let keep = self.keep.keeps(name);
            if !std::mem::replace(&mut told[usize::from(keep)], true) {
                let path = format!("{}/{}", self.prefix, artifact.relative);
                self.task.manifest.push((path, hashed.sha256, hashed.size));
                if keep {
                    self.task.indexes.extend(hashed.index.take().map(|index| (hashed.sha256, index)));
                }
                match hashed.bytes.take() {
                    Some(bytes) if keep => self.hold(hashed.sha256, bytes, &artifact.file),
                    bytes if keep => {
                        drop(bytes);
                        let content = Content::File(artifact.file.path.clone(), hashed.size);
                        self.task.contents.push((hashed.sha256, content));
                    }
                    bytes => hashed.bytes = bytes,
                }
            }
            let new = || ArtifactRow { run_id, name: name.clone(), ..ArtifactRow::default() };
            let row = rows.entry(name.clone()).or_insert_with(new);
            row.sha256 = Some(hashed.sha256);
            row.sha512 = hashed.sha512;
            row.size = Some(hashed.size);
            row.path.clone_from(&artifact.path);
        }
    }

    /// Reads a reply whole; sets it aside if it can't be.
    fn reply(&mut self, file: &Found, relative: &str) -> Option<(Digest, Vec<u8>)> {
        match tree::read(self.tree, file, REPLY_SIZE_MAX) {
            Ok(bytes) => {
                let digest = Digest::of(&bytes);
                self.task.manifest.push((format!("{}/{relative}", self.prefix), digest, bytes.len() as u64));
                Some((digest, bytes))
            }
            Err(error) => {
                self.quarantine(relative, format!("it can't be read: {error}"));
                None
            }
        }
    }

    /// Holds contents until they are written, or notes where they are to be read again.
    fn hold(&mut self, digest: Digest, bytes: Vec<u8>, file: &Found) {
        let content = if self.held + bytes.len() > CONTENTS_SIZE_MAX {
            Content::File(file.path.clone(), bytes.len() as u64)
        } else {
            self.held += bytes.len();
            Content::Bytes(bytes)
        };
        self.task.contents.push((digest, content));
    }

    fn evidence_file(&mut self, relative: &str, digest: Digest, size: u64, reason: Option<String>) {
        self.task.files.push(FileRow {
            path: format!("{}/{relative}", self.prefix),
            disposition: Disposition::Evidence,
            reason,
            sha256: Some(digest),
            size: Some(size),
        });
    }

    fn ignore(&mut self, relative: &str, reason: &str) {
        self.task.files.push(FileRow {
            path: format!("{}/{relative}", self.prefix),
            disposition: Disposition::Ignored,
            reason: Some(reason.to_owned()),
            sha256: None,
            size: None,
        });
    }

    fn quarantine(&mut self, relative: &str, reason: String) {
        self.quarantine_path(format!("{}/{relative}", self.prefix), reason);
    }

    fn quarantine_path(&mut self, path: String, reason: String) {
        self.task.files.push(FileRow {
            path,
            disposition: Disposition::Quarantined,
            reason: Some(reason),
            sha256: None,
            size: None,
        });
    }
}

/// A run number as the queue writes it: decimal, without leading zeros.
fn run_number(text: &str) -> Option<u32> {
    let number: u32 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn is_attestation(name: &str) -> bool {
    matches!(name, ATTESTATION_ASC | ATTESTATION_JSON)
}

/// The run that an attestation says that it is of. Of a clear-signed file only the signed text is read.
fn claimed_run(name: &str, bytes: &[u8]) -> Option<u32> {
    let signed = match name {
        ATTESTATION_ASC => &clearsign::split(bytes).blocks.into_iter().next()?.signed,
        _ => bytes,
    };
    let run = json::parse(signed).ok()?.value.get("runId").and_then(json::Value::as_i64)?;
    u32::try_from(run).ok()
}
