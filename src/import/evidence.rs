//! Evidence that is about to be imported: opened, and found to be something that can be.

use std::path::{Path, PathBuf};

use super::capture::{CAPTURE_VERSION, ImportError, SMALL_FILE_SIZE_MAX};
use super::flat;
use super::tree::{self, Found, Listing, Tree};
use crate::formats::json::{Value, parse};
use crate::model::{Digest, TaskId};
use crate::store::{Disposition, FileRow};

/// How many folders that hold nothing but the next one an archive may begin with.
const WRAPPERS_MAX: usize = 3;

/// A capture, opened for reading.
pub struct Evidence {
    pub(super) path: PathBuf,
    pub(super) tree: Box<dyn Tree>,
    pub(super) layout: Layout,
    /// What was laid out for the import, and goes away with it.
    _staged: Option<tempfile::TempDir>,
}

/// The form of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EvidenceForm {
    /// capture-v1.
    Capture,
    /// What scriptworker leaves: a folder `cot` with a folder for each task.
    WorkDirectory,
    /// Replies of the queue in a flat folder.
    Replies,
}

/// What lies at the top of a capture.
pub(super) struct Layout {
    pub(super) form: EvidenceForm,
    pub(super) top: Listing,
    pub(super) tasks: Option<Listing>,
    pub(super) head: CaptureHead,
}

/// What a capture says of itself.
#[derive(Default)]
pub(super) struct CaptureHead {
    pub(super) root_url: Option<String>,
    pub(super) captured_at: Option<String>,
    pub(super) tool: Option<String>,
    pub(super) note: Option<String>,
    pub(super) file: Option<FileRow>,
    pub(super) bytes: Option<Vec<u8>>,
}

impl Layout {
    /// A folder at the top.
    pub(super) fn folder(&self, name: &str) -> Option<&Found> {
        self.top.folders.iter().find(|found| found.name == name)
    }
}

impl Evidence {
    /// Opens what was laid out in a temporary folder, under the path that it comes from.
    ///
    /// # Errors
    ///
    /// If it can't be read.
    pub(super) fn staged(folder: tempfile::TempDir, path: &Path) -> Result<Self, ImportError> {
        let opened = Self::open(folder.path())?;
        Ok(Self { path: path.to_owned(), _staged: Some(folder), ..opened })
    }

    /// Opens evidence: a capture, a scriptworker's work directory, or saved replies of the queue; as a directory; a tar,
    /// tar.gz, tar.zst or zip archive of one, told by its content; or `-` for an archive on standard input. Nothing is
    /// written, beside temporary files for what is compressed.
    ///
    /// # Errors
    ///
    /// If it can't be read, or is nothing that can be imported.
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        let unreadable = |error| ImportError::Unreadable(path.to_owned(), error);
        let tree = tree::open(path).map_err(unreadable)?;
        let top = top(tree.as_ref()).map_err(unreadable)?;
        let folder = |name: &str| top.folders.iter().find(|found| found.name == name);
        let has_keys = folder("keys").is_some() || top.files.iter().any(|found| found.name == "keys.json");
        let cot = work_directory(tree.as_ref(), &top).map_err(unreadable)?;
        let form = if folder("tasks").is_some() || folder("sources").is_some() {
            EvidenceForm::Capture
        } else if cot.is_some() {
            EvidenceForm::WorkDirectory
        } else if flat::holds_replies(tree.as_ref(), &top.files) {
            EvidenceForm::Replies
        } else if has_keys {
            EvidenceForm::Capture
        } else {
            return Err(ImportError::NotACapture(path.to_owned()));
        };
        let head = match top.files.iter().find(|found| found.name == "capture.json") {
            Some(file) => read_head(path, tree.as_ref(), file)?,
            None => CaptureHead::default(),
        };
        let tasks = match form {
            EvidenceForm::Capture => {
                folder("tasks").map(|found| tree.list(&found.path)).transpose().map_err(unreadable)?
            }
            EvidenceForm::WorkDirectory => cot,
            EvidenceForm::Replies => None,
        };
        Ok(Self { path: path.to_owned(), tree, layout: Layout { form, top, tasks, head }, _staged: None })
    }

    /// Where it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The top of a capture: the root, or the folder that an archive wraps all its members in.
fn top(tree: &dyn Tree) -> std::io::Result<Listing> {
    let mut top = tree.list("")?;
    for _ in 0..WRAPPERS_MAX {
        let ([], [only]) = (top.files.as_slice(), top.folders.as_slice()) else { break };
        if ["tasks", "sources", "keys", "cot", "work"].contains(&only.name.as_str()) {
            break;
        }
        let refused = std::mem::take(&mut top.refused);
        top = tree.list(&only.path)?;
        top.refused.extend(refused);
    }
    Ok(top)
}

/// The folder `cot` of a scriptworker's work directory, or of the folder that holds it as `work`, if it has tasks.
fn work_directory(tree: &dyn Tree, top: &Listing) -> std::io::Result<Option<Listing>> {
    let named = |listing: &Listing, name: &str| listing.folders.iter().find(|found| found.name == name).cloned();
    let cot = match (named(top, "cot"), named(top, "work")) {
        (Some(cot), _) => Some(cot),
        (None, Some(work)) => named(&tree.list(&work.path)?, "cot"),
        (None, None) => None,
    };
    let listing = cot.map(|cot| tree.list(&cot.path)).transpose()?;
    Ok(listing.filter(|listing| listing.folders.iter().any(|folder| folder.name.parse::<TaskId>().is_ok())))
}

fn read_head(path: &Path, tree: &dyn Tree, file: &Found) -> Result<CaptureHead, ImportError> {
    let mut head = CaptureHead::default();
    let row = |disposition, reason, sha256| FileRow {
        path: file.name.clone(),
        disposition,
        reason,
        sha256,
        size: Some(file.size),
    };
    let bytes = match tree::read(tree, file, SMALL_FILE_SIZE_MAX) {
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
                return Err(ImportError::UnknownVersion { path: path.to_owned(), found });
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
