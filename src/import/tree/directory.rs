//! A directory. Links and special files are never followed or opened.

use std::collections::HashMap;
use std::fs::{DirEntry, File, FileType};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use sha2::Digest as _;

use super::stamp::Stamp;
use super::{Found, Listing, Tree, set_twins_aside};

/// A directory on this machine.
pub(super) struct Directory {
    root: PathBuf,
    /// What each folder was like when it was first listed, by short digests of its path and of its look: 32 bytes a
    /// folder, whatever lies in it.
    seen: Mutex<HashMap<Short, Short>>,
    /// Whether a folder was another when it was listed again.
    changed: AtomicBool,
}

/// The first half of a SHA-256: enough to tell folders and looks apart, also against whoever chooses them.
type Short = [u8; 16];

impl Directory {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), seen: Mutex::default(), changed: AtomicBool::new(false) }
    }

    /// The place of a path that a listing gave.
    fn place(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }

    /// Notes what a folder is like.
    fn note(&self, folder: &str, look: Short) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen.entry(short(folder.as_bytes())).or_insert(look) != look {
            self.changed.store(true, Ordering::Relaxed);
        }
    }

    /// How many folders from this one on were listed and are as they were; none if any is not.
    fn count_unchanged(&self, folder: &str) -> Option<usize> {
        let noted = self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(&short(folder.as_bytes())).copied();
        // What nobody listed does not matter.
        let Some(noted) = noted else { return Some(0) };
        let entries = entries(&self.place(folder)).ok()?;
        if look(&entries) != noted {
            return None;
        }
        let folders = entries.par_iter().filter(|entry| entry.is_folder());
        let below = folders.map(|entry| match entry.name.to_str() {
            Some(name) => self.count_unchanged(&below(folder, name)),
            None => Some(0),
        });
        below.try_reduce(|| 0, |a, b| Some(a + b)).map(|below| below + 1)
    }
}

/// The path of an entry of a folder.
fn below(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

fn short(bytes: &[u8]) -> Short {
    let digest = sha2::Sha256::digest(bytes);
    std::array::from_fn(|at| digest[at])
}

/// An entry of a folder.
struct Entry {
    name: std::ffi::OsString,
    kind: io::Result<FileType>,
    /// Of files alone: the others are not read, and a folder's changes show in what lies in it.
    stamp: Option<io::Result<Stamp>>,
}

impl Entry {
    fn of(entry: &DirEntry) -> Self {
        // Neither follows links. The kind stands in the folder itself on most systems.
        let kind = entry.file_type();
        let is_file = kind.as_ref().is_ok_and(FileType::is_file);
        let stamp = is_file.then(|| entry.metadata().map(|metadata| Stamp::of(&metadata)));
        Self { name: entry.file_name(), kind, stamp }
    }

    fn is_folder(&self) -> bool {
        self.kind.as_ref().is_ok_and(FileType::is_dir)
    }
}

/// The entries of a folder, sorted by name.
fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    let entries = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| Entry::of(&entry)));
    let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// What a folder is like: names and kinds, and the stamps of files.
fn look(entries: &[Entry]) -> Short {
    let mut bytes = Vec::new();
    for entry in entries {
        let name = entry.name.as_encoded_bytes();
        bytes.extend_from_slice(&(name.len() as u64).to_be_bytes());
        bytes.extend_from_slice(name);
        bytes.push(match &entry.kind {
            Ok(kind) if kind.is_file() => 1,
            Ok(kind) if kind.is_dir() => 2,
            Ok(kind) if kind.is_symlink() => 3,
            Ok(_) => 4,
            Err(_) => 5,
        });
        match &entry.stamp {
            Some(Ok(stamp)) => bytes.extend_from_slice(&stamp.bytes()),
            Some(Err(_)) => bytes.push(0),
            None => {}
        }
    }
    short(&bytes)
}

impl Tree for Directory {
    fn list(&self, folder: &str) -> io::Result<Listing> {
        let entries = entries(&self.place(folder))?;
        self.note(folder, look(&entries));
        let mut listing = Listing::default();
        for entry in entries {
            let Some(name) = entry.name.to_str().map(str::to_owned) else {
                let lossy = entry.name.to_string_lossy().into_owned();
                listing.refused.push((lossy, "its name is not UTF-8".to_owned()));
                continue;
            };
            let path = below(folder, &name);
            match (entry.kind, entry.stamp) {
                (Ok(_), Some(Ok(stamp))) => listing.files.push(Found { name, path, size: stamp.size() }),
                (Ok(kind), None) if kind.is_dir() => listing.folders.push(Found { name, path, size: 0 }),
                (Ok(kind), None) if kind.is_symlink() => {
                    listing.refused.push((name, "it is a symbolic link".to_owned()));
                }
                (Ok(_), None) => listing.refused.push((name, "it is neither file nor folder".to_owned())),
                (Err(error), _) | (Ok(_), Some(Err(error))) => {
                    listing.refused.push((name, format!("it can't be looked at: {error}")));
                }
            }
        }
        set_twins_aside(&mut listing);
        Ok(listing)
    }

    fn open(&self, file: &str) -> io::Result<Box<dyn Read + Send + '_>> {
        let file = open_without_following(&self.place(file))?;
        if file.metadata()?.is_file() { Ok(Box::new(file)) } else { Err(io::Error::other("it is no regular file")) }
    }

    fn is_unchanged(&self) -> io::Result<bool> {
        if self.changed.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let listed = self.seen.lock().unwrap_or_else(PoisonError::into_inner).len();
        Ok(self.count_unchanged("") == Some(listed))
    }
}

/// Opens a file, but no link, and without waiting for whoever writes to a pipe.
#[cfg(unix)]
fn open_without_following(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)
}

#[cfg(not(unix))]
fn open_without_following(path: &Path) -> io::Result<File> {
    if std::fs::symlink_metadata(path)?.is_file() {
        File::open(path)
    } else {
        Err(io::Error::other("it is no regular file"))
    }
}
