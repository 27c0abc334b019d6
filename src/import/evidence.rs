//! Evidence that is about to be imported: opened, and found to be something that can be.

use std::path::{Path, PathBuf};

use super::capture::{CAPTURE_VERSION, ImportError, SMALL_FILE_SIZE_MAX};
use super::tree::{self, Found, Listing, Tree};
use crate::formats::json::{Value, parse};
use crate::model::Digest;
use crate::store::{Disposition, FileRow};

/// How many folders that hold nothing but the next one an archive may begin with.
const WRAPPERS_MAX: usize = 3;

/// A capture, opened for reading.
pub struct Evidence {
    pub(super) path: PathBuf,
    pub(super) tree: Box<dyn Tree>,
    pub(super) layout: Layout,
}

/// What lies at the top of a capture.
pub(super) struct Layout {
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
    /// Opens a capture: a directory; a tar, tar.gz, tar.zst or zip archive of one, told by its content; or `-` for an
    /// archive on standard input. Nothing is written, beside temporary files for what is compressed.
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
        if folder("tasks").is_none() && folder("sources").is_none() && !has_keys {
            return Err(ImportError::NotACapture(path.to_owned()));
        }
        let head = match top.files.iter().find(|found| found.name == "capture.json") {
            Some(file) => read_head(path, tree.as_ref(), file)?,
            None => CaptureHead::default(),
        };
        let tasks = folder("tasks").map(|found| tree.list(&found.path)).transpose().map_err(unreadable)?;
        Ok(Self { path: path.to_owned(), tree, layout: Layout { top, tasks, head } })
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
        if ["tasks", "sources", "keys"].contains(&only.name.as_str()) {
            break;
        }
        let refused = std::mem::take(&mut top.refused);
        top = tree.list(&only.path)?;
        top.refused.extend(refused);
    }
    Ok(top)
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
    let bytes = match tree::read(tree, &file.path, SMALL_FILE_SIZE_MAX) {
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
