//! A directory. Links and special files are never followed or opened.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::Digest as _;

use super::{DEPTH_MAX, Found, Listing, Tree, set_twins_aside};
use crate::model::Digest;

/// A directory on this machine.
pub(super) struct Directory {
    root: PathBuf,
}

impl Directory {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The place of a path that a listing gave.
    fn place(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }
}

impl Tree for Directory {
    fn list(&self, folder: &str) -> io::Result<Listing> {
        let mut listing = Listing::default();
        for entry in std::fs::read_dir(self.place(folder))? {
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
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            let found = Found { name: name.clone(), path, size: metadata.len() };
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
        set_twins_aside(&mut listing);
        Ok(listing)
    }

    fn open(&self, file: &str) -> io::Result<Box<dyn Read + '_>> {
        let path = self.place(file);
        let before = std::fs::symlink_metadata(&path)?;
        if !before.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        let file = File::open(&path)?;
        if is_same(&before, &file.metadata()?) {
            Ok(Box::new(file))
        } else {
            Err(io::Error::other("it was replaced meanwhile"))
        }
    }

    /// Names, kinds, sizes and times of change, of all that lies below: a second reading of every byte would double the
    /// cost of an import, and what is kept is checked against its digest anyway.
    fn fingerprint(&self) -> io::Result<Digest> {
        let mut hasher = sha2::Sha256::new();
        look(&self.root, 0)?.into_iter().for_each(|part| hasher.update(part));
        Ok(Digest::new(hasher.finalize().into()))
    }
}

/// What a folder is like, by name.
fn look(folder: &Path, depth: usize) -> io::Result<Vec<Vec<u8>>> {
    let mut entries = std::fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let looks = entries.par_iter().map(|entry| {
        let metadata = entry.metadata()?;
        let mut looks = vec![
            format!(
                "{:?} {:?} {} {:?}\n",
                entry.file_name(),
                metadata.file_type(),
                if metadata.is_dir() { 0 } else { metadata.len() },
                if metadata.is_dir() { None } else { metadata.modified().ok() }
            )
            .into_bytes(),
        ];
        if metadata.is_dir() && depth < DEPTH_MAX {
            looks.extend(look(&entry.path(), depth + 1)?);
        }
        Ok(looks)
    });
    let looks: Vec<Vec<Vec<u8>>> = looks.collect::<io::Result<_>>()?;
    Ok(looks.into_iter().flatten().collect())
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
