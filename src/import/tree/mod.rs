//! Evidence as a tree of files, wherever it lies: a directory, or an archive.
//!
//! Names come from captured text; none becomes a path outside the tree. A directory is opened by names that were just
//! listed in it; an archive by the place of a member in its file.

mod archive;
mod directory;
mod limits;
mod spool;
mod stamp;
mod tar;
mod zip;

use std::io::{self, Read};
use std::path::Path;

pub(super) use spool::read_up_to;

pub(super) use limits::{
    DEPTH_MAX, EXPANDED_SIZE_MAX, MEMBERS_MAX, PATH_SIZE_MAX, RATIO_FREE_SIZE, RATIO_MAX, REFUSED_TOLD,
};

/// A file or folder of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Its name: in a listing the last part, in a walk the path below the walk's start, with `/` between the parts.
    pub(super) name: String,
    /// Its path from the root of the tree.
    pub(super) path: String,
    /// Its size in bytes.
    pub(super) size: u64,
}

/// The entries of one folder, sorted by name: files, folders, and what was not touched, with the reason.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) files: Vec<Found>,
    pub(super) folders: Vec<Found>,
    pub(super) refused: Vec<(String, String)>,
}

/// What a walk found, sorted by name.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) files: Vec<Found>,
    pub(super) refused: Vec<(String, String)>,
}

/// Where evidence lies. Never written to.
pub(super) trait Tree: Sync {
    /// Lists a folder, by its path from the root; the root's is empty.
    fn list(&self, folder: &str) -> io::Result<Listing>;

    /// Opens a file that was listed.
    fn open(&self, file: &str) -> io::Result<Box<dyn Read + Send + '_>>;

    /// Whether all that was listed is still as it was then, by names, sizes and times: every folder that was listed, and
    /// what lies in it; an archive as a whole. A second reading of every byte would double the cost of an import, and
    /// what is kept is checked against its digest anyway.
    fn is_unchanged(&self) -> io::Result<bool>;
}

/// Opens evidence: a directory, an archive told by its first bytes, or `-` for an archive on standard input.
pub(super) fn open(path: &Path) -> io::Result<Box<dyn Tree>> {
    if path.as_os_str() == "-" {
        return archive::open_stream(io::stdin().lock());
    }
    if std::fs::metadata(path)?.is_dir() {
        return Ok(Box::new(directory::Directory::new(path)));
    }
    archive::open_file(path)
}

/// Walks a folder and all below it.
pub(super) fn walk(tree: &dyn Tree, folder: &str) -> Walk {
    let mut walk = Walk::default();
    let mut open = vec![(folder.to_owned(), String::new(), 0)];
    while let Some((path, prefix, depth)) = open.pop() {
        let below = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        let listing = match tree.list(&path) {
            Ok(listing) => listing,
            Err(error) => {
                walk.refused.push((prefix, format!("the folder can't be read: {error}")));
                continue;
            }
        };
        walk.files.extend(listing.files.into_iter().map(|found| Found { name: below(&found.name), ..found }));
        walk.refused.extend(listing.refused.into_iter().map(|(name, reason)| (below(&name), reason)));
        for folder in listing.folders {
            if depth < DEPTH_MAX {
                open.push((folder.path, below(&folder.name), depth + 1));
            } else {
                walk.refused.push((below(&folder.name), format!("it lies more than {DEPTH_MAX} folders deep")));
            }
        }
    }
    walk.files.sort_by(|a, b| a.name.cmp(&b.name));
    walk.refused.sort();
    walk
}

/// Reads a whole file of at most `limit` bytes: as many as were listed. That it has not grown since, the tree says at the
/// end for all files at once.
pub(super) fn read(tree: &dyn Tree, file: &Found, limit: u64) -> io::Result<Vec<u8>> {
    let too_large = || io::Error::other(format!("it is larger than {limit} bytes"));
    let size = usize::try_from(file.size).ok().filter(|_| file.size <= limit).ok_or_else(too_large)?;
    let mut bytes = vec![0; size];
    let read = read_up_to(&mut tree.open(&file.path)?, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Sets aside names that a file system with other rules could not tell apart: they differ in case or Unicode form only,
/// and whoever unpacked the evidence elsewhere lost one. The first in the order of names stays.
fn set_twins_aside(listing: &mut Listing) {
    if listing.folders.len() + listing.files.len() > 1 {
        let mut seen = std::collections::HashSet::new();
        let refused = &mut listing.refused;
        let mut is_first = |found: &Found| {
            let first = seen.insert(folded(&found.name));
            if !first {
                refused.push((found.name.clone(), "another name here differs in case or Unicode form only".to_owned()));
            }
            first
        };
        listing.folders.retain(&mut is_first);
        listing.files.retain(&mut is_first);
    }
    listing.refused.sort();
}

/// A name without case and Unicode form.
fn folded(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    name.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}
