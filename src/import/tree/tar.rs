//! tar archives: members are read where they lie in the file.

use std::io::{self, Read};

use super::archive::Index;
use super::spool::Spool;
use super::{Listing, Tree};
use crate::import::hashing::digest_of;
use crate::model::Digest;

/// An indexed tar archive.
pub(super) struct Tar {
    spool: Spool,
    index: Index<u64>,
}

impl Tar {
    /// Indexes an archive. One that is damaged gives what comes before the damage.
    pub(super) fn open(spool: Spool) -> io::Result<Self> {
        let mut index = Index::default();
        if let Some(cut) = spool.cut() {
            index.refuse("…".to_owned(), cut);
        }
        let mut archive = tar::Archive::new(spool.reader(0, spool.size()));
        for entry in archive.entries()? {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    index.refuse("…".to_owned(), &format!("the archive can't be read further: {error}"));
                    break;
                }
            };
            if !add(&mut index, &entry, spool.size()) {
                break;
            }
        }
        Ok(Self { spool, index })
    }
}

/// Adds a member; `false` where no more are taken.
fn add<R: Read>(index: &mut Index<u64>, entry: &tar::Entry<'_, R>, archive_size: u64) -> bool {
    let name = entry.path_bytes().into_owned();
    let shown = || String::from_utf8_lossy(&name).into_owned();
    let kind = entry.header().entry_type();
    if kind.is_file() || kind == tar::EntryType::Continuous {
        let (place, size) = (entry.raw_file_position(), entry.size());
        if place.checked_add(size).is_none_or(|end| end > archive_size) {
            index.refuse(shown(), "the archive ends before it does");
            return true;
        }
        return index.add(&name, place, size);
    }
    if kind.is_dir() || kind.is_pax_global_extensions() {
        return true;
    }
    let reason = if kind.is_symlink() || kind.is_hard_link() {
        "it is a link"
    } else if kind.is_gnu_sparse() {
        "it is stored as a sparse file"
    } else {
        "it is neither file nor folder"
    };
    index.refuse(shown(), reason);
    true
}

impl Tree for Tar {
    fn list(&self, folder: &str) -> io::Result<Listing> {
        Ok(self.index.list(folder))
    }

    fn open(&self, file: &str) -> io::Result<Box<dyn Read + '_>> {
        let (place, size) = *self.index.member(file)?;
        Ok(Box::new(self.spool.reader(place, size)))
    }

    fn fingerprint(&self) -> io::Result<Digest> {
        digest_of(self.spool.reader(0, self.spool.size()))
    }
}
