//! Importing evidence as one snapshot.
//!
//! Tasks are read on all cores while one writer takes them in the order of their ids: the case is the same at any number of
//! threads. What is in memory at once are the tasks that were read ahead, up to a limit, and never a whole artifact: of a task
//! graph, which is indexed as it is read, one entry at a time.

use std::collections::BTreeSet;
use std::path::PathBuf;

use sha2::Digest as _;

use super::crew::read_in_order;
use super::evidence::{CaptureHead, Evidence, EvidenceForm, Layout};
use super::task::{Content, KeepArtifacts, TaskCapture, read_task, read_work_task};
use super::tree::Found;
use super::{Progress, Summary, flat, keys, sources};
use crate::model::{Digest, Moment, TaskId};
use crate::store::{Case, Disposition, FileRow, SnapshotHead, SnapshotWriter, StoreError, TaskRows};

/// After so many tasks it is told how far the import has come.
const PROGRESS_TASKS: u64 = 32;

/// The most bytes of `capture.json`, of a key list and of a certificate file.
pub(super) const SMALL_FILE_SIZE_MAX: u64 = 16 * 1024 * 1024;

/// The capture format that this importer reads.
pub(super) const CAPTURE_VERSION: i64 = 1;

/// How to import.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which artifact contents to keep.
    pub keep: KeepArtifacts,
    /// Whether the operator accepts the keys of the capture.
    pub accept_keys: bool,
    /// Who imports.
    pub operator: Option<String>,
    /// When.
    pub now: Moment,
    /// By which version of cotrace.
    pub version: String,
}

/// Why an import could not be done. What the evidence looks like is never a reason.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// There is nothing at that path.
    #[error("{} can't be read", .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// It changed while it was read; nothing of it was imported.
    #[error("{} changed while it was imported: nothing of it was", .0.display())]
    Changed(PathBuf),
    /// It holds nothing that a capture holds.
    #[error("{} is no capture, no work directory of a scriptworker, and holds no replies of the queue", .0.display())]
    NotACapture(PathBuf),
    /// It is of a later format.
    #[error("{} is a capture of version {found}; this cotrace reads version {CAPTURE_VERSION}", .path.display())]
    UnknownVersion {
        /// The capture.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// Keys are to be accepted and nobody says by whom.
    #[error("keys are accepted by somebody: name the operator")]
    NoOperator,
    /// The case file could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file could not be read again while its contents were kept.
    #[error("{0} can't be read again")]
    Reread(String, #[source] std::io::Error),
}

impl ImportError {
    /// Says in cotrace's words what SQLite says in its own, of the case file at `path`.
    fn of(self, path: &std::path::Path) -> Self {
        if let Self::Store(error) = self { Self::Store(error.of(path)) } else { self }
    }
}

/// Imports evidence as one snapshot. At the end all of it must be as it was when it was listed.
pub fn import(
    case: &mut Case,
    evidence: &Evidence,
    options: &Options,
    progress: &dyn Fn(Progress),
) -> Result<Summary, ImportError> {
    if options.accept_keys && options.operator.is_none() {
        return Err(ImportError::NoOperator);
    }
    let path = case.path().to_owned();
    let summary = import_into(case, evidence, options, progress);
    case.settle();
    summary.map_err(|error| error.of(&path))
}

fn import_into(
    case: &mut Case,
    evidence: &Evidence,
    options: &Options,
    progress: &dyn Fn(Progress),
) -> Result<Summary, ImportError> {
    let unreadable = |error| ImportError::Unreadable(evidence.path.clone(), error);
    let mut import = Import::new(case.write_snapshot()?, evidence);
    import.read_top(&evidence.layout)?;
    import.read_tasks(&evidence.layout, options.keep, progress)?;
    if !evidence.tree.is_unchanged().map_err(unreadable)? {
        return Err(ImportError::Changed(evidence.path.clone()));
    }
    import.finish(&evidence.layout.head, options)
}

struct Import<'case> {
    evidence: &'case Evidence,
    writer: SnapshotWriter<'case>,
    manifest: sha2::Sha256,
    summary: Summary,
}

impl<'case> Import<'case> {
    fn new(writer: SnapshotWriter<'case>, evidence: &'case Evidence) -> Self {
        let summary = Summary {
            snapshot: Digest::new([0; 32]),
            is_new: false,
            tasks: 0,
            artifacts: 0,
            sources: 0,
            keys: 0,
            files: 0,
            bytes: 0,
            kept: (0, 0),
            unusable: Vec::new(),
            ignored: Vec::new(),
            quarantined: Vec::new(),
        };
        Self { evidence, writer, manifest: sha2::Sha256::new(), summary }
    }

    /// Reads what lies beside the tasks.
    fn read_top(&mut self, layout: &Layout) -> Result<(), ImportError> {
        if let (Some(row), bytes) = (&layout.head.file, &layout.head.bytes) {
            if let (Some(digest), Some(bytes)) = (row.sha256, bytes) {
                self.evidence(&row.path, digest, bytes.len() as u64);
                self.writer.keep(digest, bytes)?;
            }
            self.file(row)?;
        }
        for (name, reason) in &layout.top.refused {
            self.quarantined(name, reason)?;
        }
        let known = |file: &&Found| matches!(file.name.as_str(), "capture.json" | "keys.json");
        let others = layout.top.files.iter().filter(|file| !known(file)).cloned();
        self.read_others(layout.form, &others.collect::<Vec<_>>())?;
        for folder in &layout.top.folders {
            match (layout.form, folder.name.as_str()) {
                (EvidenceForm::Capture, "tasks" | "sources" | "keys") => {}
                (EvidenceForm::WorkDirectory, "cot" | "work" | "keys") => {}
                (EvidenceForm::Replies, "keys") => {}
                _ => self.ignored(&format!("{}/", folder.name), "it is no part of a capture")?,
            }
        }
        if let Some(folder) = layout.folder("sources") {
            self.read_sources(&folder.path)?;
        }
        self.read_keys(layout)
    }

    /// Reads or passes over the files at the top that no form of evidence names.
    fn read_others(&mut self, form: EvidenceForm, files: &[Found]) -> Result<(), ImportError> {
        if form != EvidenceForm::Replies {
            for file in files {
                self.ignored(&file.name, "it is no part of a capture")?;
            }
            return Ok(());
        }
        let writer = &mut self.writer;
        let mut keep = |digest, bytes: &[u8]| Ok(writer.keep(digest, bytes)?);
        let (flat, others) = flat::read_flat(self.evidence.tree.as_ref(), files, &mut keep)?;
        for (path, digest, size) in &flat.manifest {
            self.evidence(path, *digest, *size);
        }
        for row in &flat.files {
            self.file(row)?;
        }
        for task in flat.tasks.into_values() {
            self.write_task(task)?;
        }
        for name in others {
            self.ignored(&name, "it is no reply of the queue")?;
        }
        Ok(())
    }

    fn read_sources(&mut self, folder: &str) -> Result<(), ImportError> {
        let writer = &mut self.writer;
        let mut keep = |digest, bytes: &[u8]| Ok(writer.keep(digest, bytes)?);
        let read = sources::read_sources(self.evidence.tree.as_ref(), folder, &mut keep)?;
        let mut counted = BTreeSet::new();
        for row in &read.rows {
            if let (Some(digest), Some(size)) = (row.sha256, row.size) {
                // Many addresses can have given one file.
                if counted.insert(&row.path) {
                    self.evidence(&row.url, digest, size);
                } else {
                    self.record(&row.url, digest, size);
                }
            }
            self.writer.source(row)?;
            self.summary.sources += 1;
        }
        for row in &read.files {
            if let (Disposition::Evidence, Some(digest), Some(size)) = (row.disposition, row.sha256, row.size) {
                self.evidence(&row.path, digest, size);
            }
            self.file(row)?;
        }
        Ok(())
    }

    fn read_keys(&mut self, layout: &Layout) -> Result<(), ImportError> {
        let simple = layout.top.files.iter().find(|file| file.name == "keys.json");
        let writer = &mut self.writer;
        let mut keep = |digest, bytes: &[u8]| Ok(writer.keep(digest, bytes)?);
        let read = keys::read_keys(self.evidence.tree.as_ref(), simple, layout.folder("keys"), &mut keep)?;
        for row in &read.files {
            if let (Disposition::Evidence, Some(digest), Some(size)) = (row.disposition, row.sha256, row.size) {
                self.evidence(&row.path, digest, size);
            }
        }
        for (ordinal, row) in read.rows.iter().enumerate() {
            self.writer.key(ordinal, row)?;
            self.summary.keys += 1;
        }
        for row in &read.files {
            self.file(row)?;
        }
        Ok(())
    }

    fn read_tasks(
        &mut self,
        layout: &Layout,
        keep: KeepArtifacts,
        progress: &dyn Fn(Progress),
    ) -> Result<(), ImportError> {
        let Some(listing) = &layout.tasks else { return Ok(()) };
        for (name, reason) in &listing.refused {
            self.quarantined(&format!("tasks/{name}"), reason)?;
        }
        for file in &listing.files {
            self.ignored(&format!("tasks/{}", file.name), "it is no task's folder")?;
        }
        let mut folders = Vec::with_capacity(listing.folders.len());
        for folder in &listing.folders {
            match folder.name.parse::<TaskId>() {
                Ok(task_id) => folders.push((task_id, folder)),
                Err(error) => self.quarantined(&format!("tasks/{}", folder.name), &error.to_string())?,
            }
        }
        let tasks_total = folders.len() as u64;
        let tree = self.evidence.tree.as_ref();
        let read = |(task_id, folder): &(TaskId, &Found)| match layout.form {
            EvidenceForm::Capture | EvidenceForm::Replies => read_task(tree, &folder.path, task_id, keep),
            EvidenceForm::WorkDirectory => read_work_task(tree, folder, task_id, keep),
        };
        read_in_order(&folders, rayon::current_num_threads(), read, TaskCapture::size, |task| {
            self.write_task(task)?;
            let Summary { tasks, files, bytes, .. } = self.summary;
            if tasks % PROGRESS_TASKS == 0 || tasks == tasks_total {
                progress(Progress { tasks, tasks_total, files, bytes });
            }
            Ok(())
        })
    }

    fn write_task(&mut self, task: TaskCapture) -> Result<(), ImportError> {
        for (path, digest, size) in &task.manifest {
            self.evidence(path, *digest, *size);
        }
        for (digest, content) in &task.contents {
            match content {
                Content::Bytes(bytes) => self.writer.keep(*digest, bytes)?,
                Content::File(path, size) => {
                    let file = self.evidence.tree.open(path);
                    let file = file.map_err(|error| ImportError::Reread(path.clone(), error))?;
                    self.writer.keep_from(*digest, *size, file)?;
                }
            }
        }
        for (digest, index) in &task.indexes {
            self.writer.index(digest, index)?;
        }
        for row in &task.files {
            self.file(row)?;
        }
        self.summary.artifacts += task.artifacts.iter().filter(|row| row.sha256.is_some()).count() as u64;
        self.writer.task(&TaskRows {
            task_id: &task.task_id,
            row: &task.row,
            runs: &task.runs,
            artifacts: &task.artifacts,
            listings: &task.listings,
            denials: &task.denials,
        })?;
        self.summary.tasks += 1;
        Ok(())
    }

    /// Counts a piece of evidence, and adds it to the manifest.
    fn evidence(&mut self, path: &str, digest: Digest, size: u64) {
        self.summary.files += 1;
        self.summary.bytes += size;
        self.record(path, digest, size);
    }

    /// Adds a piece of evidence to the manifest.
    fn record(&mut self, path: &str, digest: Digest, size: u64) {
        self.manifest.update((path.len() as u64).to_be_bytes());
        self.manifest.update(path.as_bytes());
        self.manifest.update(digest.bytes());
        self.manifest.update(size.to_be_bytes());
    }

    fn file(&mut self, row: &FileRow) -> Result<(), ImportError> {
        let reason = row.reason.clone().unwrap_or_default();
        match row.disposition {
            Disposition::Evidence if reason.is_empty() => {}
            Disposition::Evidence => self.summary.unusable.push((row.path.clone(), reason)),
            Disposition::Ignored => self.summary.ignored.push((row.path.clone(), reason)),
            Disposition::Quarantined => {
                // What was set aside is part of what the snapshot is.
                self.manifest.update(b"quarantined");
                self.manifest.update((row.path.len() as u64).to_be_bytes());
                self.manifest.update(row.path.as_bytes());
                self.summary.quarantined.push((row.path.clone(), reason));
            }
        }
        Ok(self.writer.file(row)?)
    }

    fn ignored(&mut self, path: &str, reason: &str) -> Result<(), ImportError> {
        self.file(&set_aside(path, Disposition::Ignored, reason))
    }

    fn quarantined(&mut self, path: &str, reason: &str) -> Result<(), ImportError> {
        self.file(&set_aside(path, Disposition::Quarantined, reason))
    }

    fn finish(self, head: &CaptureHead, options: &Options) -> Result<Summary, ImportError> {
        let Self { evidence, writer, manifest, mut summary } = self;
        summary.snapshot = Digest::new(manifest.finalize().into());
        summary.kept = writer.written();
        let head = SnapshotHead {
            digest: summary.snapshot,
            root_url: head.root_url.clone(),
            captured_at: head.captured_at.clone(),
            collector: head.tool.clone(),
            note: head.note.clone(),
            capture_path: evidence.path.display().to_string(),
            imported_at: options.now,
            cotrace_version: options.version.clone(),
            operator: options.operator.clone(),
        };
        let accepted_by = options.operator.as_deref().filter(|_| options.accept_keys && summary.keys > 0);
        let is_new = writer.commit(&head, accepted_by)?;
        summary.is_new = is_new;
        Ok(summary)
    }
}

fn set_aside(path: &str, disposition: Disposition, reason: &str) -> FileRow {
    FileRow { path: path.to_owned(), disposition, reason: Some(reason.to_owned()), sha256: None, size: None }
}
