//! Reading files of evidence: regular ones only, never through links, never more than a limit.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};

/// How deep folders are followed below a run. Real artifact names have at most a dozen parts.
const DEPTH_MAX: usize = 64;

/// A file or folder as a walk found it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Its path below the start of the walk, with `/` between the parts.
    pub(super) name: String,
    /// Where it lies.
    pub(super) path: PathBuf,
    /// Its size in bytes.
    pub(super) size: u64,
}

/// What a walk found: files, and what it did not touch, with the reason. Both sorted by name.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) files: Vec<Found>,
    pub(super) refused: Vec<(String, String)>,
}

/// The entries of one folder, sorted by name: files, folders, and what is neither or has no readable name.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) files: Vec<Found>,
    pub(super) folders: Vec<Found>,
    pub(super) refused: Vec<(String, String)>,
}

/// Lists one folder.
pub(super) fn list(folder: &Path) -> std::io::Result<Listing> {
    let mut listing = Listing::default();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            let lossy = entry.file_name().to_string_lossy().into_owned();
            listing.refused.push((lossy, "its name is not UTF-8".to_owned()));
            continue;
        };
        // Does not follow links.
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            Err(error) => {
                listing.refused.push((name, format!("it can't be looked at: {error}")));
                continue;
            }
        };
        let found = Found { name: name.clone(), path: entry.path(), size: metadata.len() };
        if metadata.is_file() {
            listing.files.push(found);
        } else if metadata.is_dir() {
            listing.folders.push(found);
        } else if metadata.file_type().is_symlink() {
            listing.refused.push((name, "it is a symbolic link".to_owned()));
        } else {
            listing.refused.push((name, "it is neither file nor folder".to_owned()));
        }
    }
    listing.files.sort_by(|a, b| a.name.cmp(&b.name));
    listing.folders.sort_by(|a, b| a.name.cmp(&b.name));
    listing.refused.sort();
    Ok(listing)
}

/// Walks a folder and all below it.
pub(super) fn walk(folder: &Path) -> Walk {
    let mut walk = Walk::default();
    let mut open = vec![(folder.to_owned(), String::new(), 0)];
    while let Some((path, prefix, depth)) = open.pop() {
        let below = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        let listing = match list(&path) {
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

/// Opens a regular file. Refuses one that became a link or something else since it was found.
pub(super) fn open(path: &Path) -> std::io::Result<File> {
    let before = std::fs::symlink_metadata(path)?;
    if !before.is_file() {
        return Err(std::io::Error::other("it is no regular file"));
    }
    let file = File::open(path)?;
    if is_same(&before, &file.metadata()?) { Ok(file) } else { Err(std::io::Error::other("it was replaced meanwhile")) }
}

#[cfg(unix)]
fn is_same(before: &Metadata, after: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (before.dev(), before.ino()) == (after.dev(), after.ino())
}

#[cfg(not(unix))]
fn is_same(before: &Metadata, after: &Metadata) -> bool {
    before.is_file() && after.is_file()
}

/// Reads a whole file of at most `limit` bytes.
pub(super) fn read(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(std::io::Error::other(format!("it is larger than {limit} bytes")));
    }
    Ok(bytes)
}
