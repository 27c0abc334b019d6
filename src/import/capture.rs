//! Importing a capture-v1 directory.
//!
//! One walker, the tasks of a batch read in parallel, one writer in the order of task ids: the case is the same at any
//! number of threads. What is in memory at once is a batch of tasks, each bounded, never an artifact.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::Digest as _;

use super::files::{self, Found};
use super::task::{Content, KeepArtifacts, TaskCapture, read_task};
use super::{Progress, Summary, keys, sources};
use crate::formats::json::{Value, parse};
use crate::model::{Digest, Moment, TaskId};
use crate::store::{Case, Disposition, FileRow, SnapshotHead, SnapshotWriter, StoreError};

/// Tasks read at once: enough to keep every core busy while the writer works, few enough to bound memory.
const BATCH_TASKS: usize = 64;

/// The most bytes of `capture.json`, of a key list and of a certificate file.
pub(super) const SMALL_FILE_SIZE_MAX: u64 = 16 * 1024 * 1024;

/// The capture format that this importer reads.
const CAPTURE_VERSION: i64 = 1;

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
    /// It is no directory.
    #[error("{} is not a directory", .0.display())]
    NotADirectory(PathBuf),
    /// It holds nothing that a capture holds.
    #[error("{} is no capture: it has neither tasks/ nor keys nor sources/", .0.display())]
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
    #[error("{} can't be read", .0.display())]
    Reread(PathBuf, #[source] std::io::Error),
}

/// What lies at the top of a capture.
struct Layout {
    top: files::Listing,
    tasks: Option<files::Listing>,
    head: CaptureHead,
}

#[derive(Default)]
struct CaptureHead {
    root_url: Option<String>,
    captured_at: Option<String>,
    tool: Option<String>,
    note: Option<String>,
    file: Option<FileRow>,
    bytes: Option<Vec<u8>>,
}

/// Whether a directory can be imported: called before a case file is made for it.
pub fn check_directory(directory: &Path) -> Result<(), ImportError> {
    look(directory).map(|_| ())
}

fn look(directory: &Path) -> Result<Layout, ImportError> {
    let unreadable = |error| ImportError::Unreadable(directory.to_owned(), error);
    if !std::fs::metadata(directory).map_err(unreadable)?.is_dir() {
        return Err(ImportError::NotADirectory(directory.to_owned()));
    }
    let top = files::list(directory).map_err(unreadable)?;
    let folder = |name: &str| top.folders.iter().find(|found| found.name == name);
    let has_keys = folder("keys").is_some() || top.files.iter().any(|found| found.name == "keys.json");
    if folder("tasks").is_none() && folder("sources").is_none() && !has_keys {
        return Err(ImportError::NotACapture(directory.to_owned()));
    }
    let head = match top.files.iter().find(|found| found.name == "capture.json") {
        Some(file) => read_head(directory, file)?,
        None => CaptureHead::default(),
    };
    let tasks = folder("tasks").map(|found| files::list(&found.path)).transpose().map_err(unreadable)?;
    Ok(Layout { top, tasks, head })
}

fn read_head(directory: &Path, file: &Found) -> Result<CaptureHead, ImportError> {
    let mut head = CaptureHead::default();
    let row = |disposition, reason, sha256| FileRow {
        path: file.name.clone(),
        disposition,
        reason,
        sha256,
        size: Some(file.size),
    };
    let bytes = match files::read(&file.path, SMALL_FILE_SIZE_MAX) {
        Ok(bytes) => bytes,
        Err(error) => {
            head.file = Some(row(Disposition::Quarantined, Some(error.to_string()), None));
            return Ok(head);
        }
    };
    let digest = Some(Digest::of(&bytes));
    match parse(&bytes) {
        Ok(document) => {
            if let Some(found) = document.value.get("captureVersion").and_then(Value::as_i64)
                && found != CAPTURE_VERSION
            {
                return Err(ImportError::UnknownVersion { path: directory.to_owned(), found });
            }
            let text = |name: &str| document.value.get(name).and_then(Value::as_text).map(str::to_owned);
            head.root_url = text("rootUrl");
            head.captured_at = text("capturedAt");
            head.tool = text("tool");
            head.note = text("note");
            head.file = Some(row(Disposition::Evidence, None, digest));
        }
        Err(error) => head.file = Some(row(Disposition::Evidence, Some(error.to_string()), digest)),
    }
    head.bytes = Some(bytes);
    Ok(head)
}

/// Imports a capture directory as one snapshot.
pub fn import_directory(
    case: &mut Case,
    directory: &Path,
    options: &Options,
    progress: &dyn Fn(Progress),
) -> Result<Summary, ImportError> {
    if options.accept_keys && options.operator.is_none() {
        return Err(ImportError::NoOperator);
    }
    let layout = look(directory)?;
    let mut import = Import::new(case.write_snapshot()?);
    import.read_top(directory, &layout)?;
    import.read_tasks(&layout, options.keep, progress)?;
    import.finish(directory, layout.head, options)
}

struct Import<'case> {
    writer: SnapshotWriter<'case>,
    manifest: sha2::Sha256,
    summary: Summary,
}

impl<'case> Import<'case> {
    fn new(writer: SnapshotWriter<'case>) -> Self {
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
            ignored: Vec::new(),
            quarantined: Vec::new(),
        };
        Self { writer, manifest: sha2::Sha256::new(), summary }
    }

    /// Reads what lies beside the tasks.
    fn read_top(&mut self, directory: &Path, layout: &Layout) -> Result<(), ImportError> {
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
        for file in &layout.top.files {
            match file.name.as_str() {
                "capture.json" | "keys.json" => {}
                _ => self.ignored(&file.name, "it is no part of a capture")?,
            }
        }
        for folder in &layout.top.folders {
            match folder.name.as_str() {
                "tasks" | "sources" | "keys" => {}
                _ => self.ignored(&format!("{}/", folder.name), "it is no part of a capture")?,
            }
        }
        self.read_sources(&directory.join("sources"))?;
        self.read_keys(directory)
    }

    fn read_sources(&mut self, folder: &Path) -> Result<(), ImportError> {
        let read = sources::read_sources(folder);
        for (digest, bytes) in &read.contents {
            self.writer.keep(*digest, bytes)?;
        }
        for row in &read.rows {
            if let (Some(digest), Some(size)) = (row.sha256, row.size) {
                self.evidence(&row.url, digest, size);
            }
            self.writer.source(row)?;
            self.summary.sources += 1;
        }
        for row in &read.files {
            self.file(row)?;
        }
        Ok(())
    }

    fn read_keys(&mut self, directory: &Path) -> Result<(), ImportError> {
        let read = keys::read_keys(directory);
        for (path, digest, bytes) in &read.contents {
            self.evidence(path, *digest, bytes.len() as u64);
            self.writer.keep(*digest, bytes)?;
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
                Ok(task_id) => folders.push((task_id, &folder.path)),
                Err(error) => self.quarantined(&format!("tasks/{}", folder.name), &error.to_string())?,
            }
        }
        let tasks_total = folders.len() as u64;
        for batch in folders.chunks(BATCH_TASKS) {
            let read: Vec<TaskCapture> =
                batch.par_iter().map(|(task_id, folder)| read_task(folder, task_id, keep)).collect();
            for task in read {
                self.write_task(task)?;
            }
            let Summary { tasks, files, bytes, .. } = self.summary;
            progress(Progress { tasks, tasks_total, files, bytes });
        }
        Ok(())
    }

    fn write_task(&mut self, task: TaskCapture) -> Result<(), ImportError> {
        for (path, digest, size) in &task.manifest {
            self.evidence(path, *digest, *size);
        }
        for (digest, content) in &task.contents {
            match content {
                Content::Bytes(bytes) => self.writer.keep(*digest, bytes)?,
                Content::File(path, size) => {
                    let file = files::open(path).map_err(|error| ImportError::Reread(path.clone(), error))?;
                    self.writer.keep_from(*digest, *size, file)?;
                }
            }
        }
        for row in &task.files {
            self.file(row)?;
        }
        let id = self.writer.task(&task.task_id, &task.row)?;
        for (ordinal, row) in task.runs.iter().enumerate() {
            self.writer.run(id, ordinal, row)?;
        }
        for row in &task.artifacts {
            self.summary.artifacts += u64::from(row.sha256.is_some());
            self.writer.artifact(id, row)?;
        }
        for row in &task.listings {
            self.writer.listing(id, row)?;
        }
        for (ordinal, row) in task.denials.iter().enumerate() {
            self.writer.denial(id, ordinal, row)?;
        }
        self.summary.tasks += 1;
        Ok(())
    }

    /// Counts a piece of evidence into the manifest.
    fn evidence(&mut self, path: &str, digest: Digest, size: u64) {
        self.summary.files += 1;
        self.summary.bytes += size;
        self.manifest.update((path.len() as u64).to_be_bytes());
        self.manifest.update(path.as_bytes());
        self.manifest.update(digest.bytes());
        self.manifest.update(size.to_be_bytes());
    }

    fn file(&mut self, row: &FileRow) -> Result<(), ImportError> {
        let reason = row.reason.clone().unwrap_or_default();
        match row.disposition {
            Disposition::Evidence => {}
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

    fn finish(self, directory: &Path, head: CaptureHead, options: &Options) -> Result<Summary, ImportError> {
        let Self { writer, manifest, mut summary } = self;
        summary.snapshot = Digest::new(manifest.finalize().into());
        summary.kept = writer.written();
        let head = SnapshotHead {
            digest: summary.snapshot,
            root_url: head.root_url,
            captured_at: head.captured_at,
            collector: head.tool,
            note: head.note,
            capture_path: directory.display().to_string(),
            imported_at: options.now,
            cotrace_version: options.version.clone(),
            operator: options.operator.clone(),
        };
        let accepted_by = options.operator.as_deref().filter(|_| options.accept_keys && summary.keys > 0);
        let (_, is_new) = writer.commit(&head, accepted_by)?;
        summary.is_new = is_new;
        Ok(summary)
    }
}

fn set_aside(path: &str, disposition: Disposition, reason: &str) -> FileRow {
    FileRow { path: path.to_owned(), disposition, reason: Some(reason.to_owned()), sha256: None, size: None }
}
