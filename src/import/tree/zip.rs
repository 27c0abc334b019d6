//! zip archives: members are expanded where they lie in the file.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::sync::{Mutex, PoisonError};

use super::archive::{Index, Indexing};
use super::limits::{EXPANDED_SIZE_MAX, RATIO_FREE_SIZE, RATIO_MAX};
use super::spool::{Spool, is_bomb};
use super::{Listing, Tree};

/// Members up to this size are expanded in memory, larger ones to a temporary file.
const IN_MEMORY_SIZE_MAX: u64 = 8 << 20;

/// An indexed zip archive.
pub(super) struct Zip {
    /// The archive's file, to see whether it changes.
    spool: Spool,
    archive: Mutex<zip::ZipArchive<File>>,
    index: Index<usize>,
}

impl Zip {
    /// Indexes an archive.
    pub(super) fn open(file: File) -> io::Result<Self> {
        let spool = Spool::of_file(file.try_clone()?)?;
        let mut archive = zip::ZipArchive::new(file)?;
        let mut index = Indexing::new();
        let mut budget = spool.size().saturating_mul(RATIO_MAX).clamp(RATIO_FREE_SIZE, EXPANDED_SIZE_MAX);
        for number in 0..archive.len() {
            match archive.by_index_raw(number) {
                Ok(member) => {
                    // Members can share the bytes that they are made of: each is small then, and their sum is not.
                    let counts = !member.is_dir() && !member.is_symlink();
                    if counts && member.size() > budget {
                        index.refuse(
                            String::from_utf8_lossy(member.name_raw()).into_owned(),
                            "with it the archive expands to too many times its size",
                        );
                        continue;
                    }
                    budget -= if counts { member.size() } else { 0 };
                    if !add(&mut index, number, &member) {
                        break;
                    }
                }
                Err(error) => index.refuse(format!("member {number}"), &format!("it can't be read: {error}")),
            }
        }
        Ok(Self { spool, archive: Mutex::new(archive), index: index.finish() })
    }
}

fn other_size() -> io::Error {
    io::Error::other("it has another size than the archive states")
}

/// Adds a member; `false` where no more are taken.
fn add<R: Read>(index: &mut Indexing<usize>, number: usize, member: &zip::read::ZipFile<'_, R>) -> bool {
    let shown = || String::from_utf8_lossy(member.name_raw()).into_owned();
    if member.is_dir() {
        return true;
    }
    if member.is_symlink() {
        index.refuse(shown(), "it is a link");
    } else if member.encrypted() {
        index.refuse(shown(), "it is encrypted");
    } else if is_bomb(member.compressed_size(), member.size()) {
        index.refuse(shown(), "it expands to many times its size");
    } else {
        return index.add(member.name_raw(), number, member.size());
    }
    true
}

impl Tree for Zip {
    fn list(&self, folder: &str) -> io::Result<Listing> {
        Ok(self.index.list(folder))
    }

    /// Expands a member whole: a zip archive has one reader. At most its stated size, which the index has weighed.
    fn open(&self, file: &str) -> io::Result<Box<dyn Read + Send + '_>> {
        let (&number, size) = self.index.member(file)?;
        let mut archive = self.archive.lock().unwrap_or_else(PoisonError::into_inner);
        let mut member = archive.by_index(number)?.take(size.saturating_add(1));
        if size <= IN_MEMORY_SIZE_MAX {
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes)?;
            return if bytes.len() as u64 == size { Ok(Box::new(Cursor::new(bytes))) } else { Err(other_size()) };
        }
        let spool = Spool::from_reader(member, None)?;
        if spool.size() != size {
            return Err(other_size());
        }
        Ok(Box::new(spool.into_reader()?))
    }

    fn is_unchanged(&self) -> io::Result<bool> {
        self.spool.is_unchanged()
    }
}
