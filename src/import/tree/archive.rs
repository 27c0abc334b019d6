//! Archives: opened by their first bytes, indexed once, read by the place of each member.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use rayon::prelude::*;

use super::spool::{self, Spool};
use super::{Found, Listing, MEMBERS_MAX, PATH_SIZE_MAX, REFUSED_TOLD, Tree, set_twins_aside, tar, zip};

std::thread_local! {
    /// Where a search in an index ended last.
    static LAST_FOUND: Cell<usize> = const { Cell::new(0) };
}

/// A member of an archive.
#[derive(Debug)]
struct Member<Place> {
    /// Where its path begins in the text of all paths, and how long it is.
    path: (usize, usize),
    place: Place,
    size: u64,
}

/// An index that is being made, in the order of the archive.
#[derive(Debug)]
pub(super) struct Indexing<Place>(Index<Place>);

/// The members of an archive, sorted by path, and what was set aside.
#[derive(Debug)]
pub(super) struct Index<Place> {
    /// All paths, one after another: an archive has hundreds of thousands.
    paths: String,
    members: Vec<Member<Place>>,
    refused: Vec<(String, String)>,
    /// How many more were set aside, beyond those that are told.
    refused_beyond: usize,
}

impl<Place: Send + Sync> Indexing<Place> {
    pub(super) const fn new() -> Self {
        Self(Index { paths: String::new(), members: Vec::new(), refused: Vec::new(), refused_beyond: 0 })
    }

    /// Adds a member. Returns `false` where no more are taken.
    pub(super) fn add(&mut self, name: &[u8], place: Place, size: u64) -> bool {
        let Self(index) = self;
        if index.members.len() + index.refused.len() + index.refused_beyond >= MEMBERS_MAX {
            self.refuse("…".to_owned(), &format!("the archive has more than {MEMBERS_MAX} members"));
            return false;
        }
        let start = index.paths.len();
        match clean(name, &mut index.paths) {
            Err(reason) => self.refuse(String::from_utf8_lossy(name).into_owned(), reason),
            Ok(()) => index.members.push(Member { path: (start, index.paths.len() - start), place, size }),
        }
        true
    }

    /// Sets something aside.
    pub(super) fn refuse(&mut self, name: String, reason: &str) {
        let Self(index) = self;
        if index.refused.len() < REFUSED_TOLD {
            index.refused.push((name, reason.to_owned()));
        } else {
            index.refused_beyond += 1;
        }
    }

    /// The index, once all members were added. Of several members of one name the first counts.
    pub(super) fn finish(mut self) -> Index<Place> {
        let mut members = std::mem::take(&mut self.0.members);
        let paths = std::mem::take(&mut self.0.paths);
        let path = |member: &Member<Place>| &paths[member.path.0..member.path.0 + member.path.1];
        members.par_sort_by(|a, b| path(a).cmp(path(b)));
        let mut twins = Vec::new();
        members.dedup_by(|later, first| {
            let is_twin = path(later) == path(first);
            if is_twin {
                twins.push(path(later).to_owned());
            }
            is_twin
        });
        for twin in twins {
            self.refuse(twin, "the archive has a member of this name already");
        }
        Index { paths, members, ..self.0 }
    }
}

impl<Place> Index<Place> {
    fn path(&self, member: &Member<Place>) -> &str {
        &self.paths[member.path.0..member.path.0 + member.path.1]
    }

    /// The place and size of a member.
    pub(super) fn member(&self, path: &str) -> io::Result<(&Place, u64)> {
        let member = self.members.get(self.find(path)).filter(|member| self.path(member) == path);
        member.map(|member| (&member.place, member.size)).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Where a path lies among the members, or would lie. Who reads a task asks for one neighbour after another: the search
    /// begins where this thread's last one ended.
    fn find(&self, path: &str) -> usize {
        let is_before = |at: usize| self.members.get(at).is_some_and(|member| self.path(member) < path);
        let from = LAST_FOUND.get().min(self.members.len());
        let (mut low, mut high, mut step) = (0, self.members.len(), 1);
        if is_before(from) {
            low = from + 1;
            while from + step < high {
                if is_before(from + step) {
                    low = from + step + 1;
                } else {
                    high = from + step;
                }
                step *= 2;
            }
        } else {
            high = from;
            while step <= from - low {
                if is_before(from - step) {
                    low = from - step + 1;
                } else {
                    high = from - step;
                }
                step *= 2;
            }
        }
        let found = low + self.members[low..high].partition_point(|member| self.path(member) < path);
        LAST_FOUND.set(found);
        found
    }

    /// Lists a folder. What was set aside is told at the root.
    pub(super) fn list(&self, folder: &str) -> Listing {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut listing = Listing::default();
        let mut rest = &self.members[self.find(&prefix)..];
        while let Some(member) = rest.first() {
            let path = self.path(member);
            let Some(below) = path.strip_prefix(&prefix) else { break };
            match below.split_once('/') {
                None => {
                    listing.files.push(Found { name: below.to_owned(), path: path.to_owned(), size: member.size });
                    rest = &rest[1..];
                }
                Some((name, _)) => {
                    let folder = &path[..prefix.len() + name.len()];
                    listing.folders.push(Found { name: name.to_owned(), path: folder.to_owned(), size: 0 });
                    let within = &path[..=folder.len()];
                    rest = &rest[self.count_while(rest, |path| path.starts_with(within))..];
                }
            }
        }
        // Paths sort `a-b` before `a/b`, names the other way.
        listing.files.sort_by(|a, b| a.name.cmp(&b.name));
        listing.folders.sort_by(|a, b| a.name.cmp(&b.name));
        if folder.is_empty() {
            listing.refused.clone_from(&self.refused);
            if self.refused_beyond > 0 {
                let reason = format!("{} more members were set aside", self.refused_beyond);
                listing.refused.push(("…".to_owned(), reason));
            }
        }
        set_twins_aside(&mut listing);
        listing
    }

    /// How many members at the beginning satisfy a condition that none does after the first that does not. Looks nearby
    /// first: most folders hold little.
    fn count_while(&self, members: &[Member<Place>], condition: impl Fn(&str) -> bool) -> usize {
        let mut step = 1;
        while members.get(step).is_some_and(|member| condition(self.path(member))) {
            step *= 2;
        }
        let end = step.min(members.len());
        step / 2 + members[step / 2..end].partition_point(|member| condition(self.path(member)))
    }
}

/// Appends a member's name to a text, as a path below the root; or says why it can't be one.
fn clean(name: &[u8], to: &mut String) -> Result<(), &'static str> {
    let name = std::str::from_utf8(name).map_err(|_| "its name is not UTF-8")?;
    if name.len() > PATH_SIZE_MAX {
        return Err("its name is too long");
    }
    if name.starts_with('/') {
        return Err("its name begins with a slash");
    }
    if name.contains('\\') || name.chars().any(char::is_control) {
        return Err("its name has a backslash or control characters");
    }
    let parts = || name.split('/').filter(|part| !part.is_empty() && *part != ".");
    if parts().any(|part| part == "..") {
        return Err("its name leads out of the archive");
    }
    let mut parts = parts();
    to.push_str(parts.next().ok_or("it has no name")?);
    for part in parts {
        to.push('/');
        to.push_str(part);
    }
    Ok(())
}

/// Opens an archive in a file.
pub(super) fn open_file(path: &Path) -> io::Result<Box<dyn Tree>> {
    if !std::fs::metadata(path)?.is_file() {
        // To open a named pipe would wait for whoever writes to it.
        return Err(io::Error::other("it is neither a file nor a directory"));
    }
    let mut file = File::open(path)?;
    let mut start = [0; 512];
    let read = spool::read_up_to(&mut file, &mut start)?;
    file.seek(SeekFrom::Start(0))?;
    match kind(&start[..read]) {
        Some(Kind::Zip) => Ok(Box::new(zip::Zip::open(file)?)),
        Some(Kind::Tar) => Ok(Box::new(tar::Tar::open(Spool::of_file(file)?)?)),
        Some(kind @ (Kind::Gzip | Kind::Zstd)) => {
            let size = file.metadata()?.len();
            Ok(Box::new(tar::Tar::open(expand(kind, file, Some(size))?)?))
        }
        None => Err(unknown()),
    }
}

/// Opens an archive from a stream, which is spooled to a temporary file.
pub(super) fn open_stream(stream: impl Read) -> io::Result<Box<dyn Tree>> {
    let spool = Spool::from_reader(stream, None)?;
    let mut start = [0; 512];
    let read = spool::read_up_to(&mut spool.reader(0, spool.size()), &mut start)?;
    match kind(&start[..read]) {
        Some(Kind::Zip) => Ok(Box::new(zip::Zip::open(spool.into_file())?)),
        Some(Kind::Tar) => Ok(Box::new(tar::Tar::open(spool)?)),
        Some(kind @ (Kind::Gzip | Kind::Zstd)) => {
            let size = spool.size();
            let reader = spool.reader(0, size);
            Ok(Box::new(tar::Tar::open(expand(kind, reader, Some(size))?)?))
        }
        None => Err(unknown()),
    }
}

fn unknown() -> io::Error {
    io::Error::other("it is neither a directory nor a tar, tar.gz, tar.zst or zip archive")
}

#[derive(Clone, Copy)]
enum Kind {
    Tar,
    Gzip,
    Zstd,
    Zip,
}

fn kind(start: &[u8]) -> Option<Kind> {
    if start.starts_with(&[0x1f, 0x8b]) {
        Some(Kind::Gzip)
    } else if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Some(Kind::Zstd)
    } else if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        Some(Kind::Zip)
    } else if start.get(257..262) == Some(b"ustar") {
        Some(Kind::Tar)
    } else {
        None
    }
}

/// Expands a compressed stream to a temporary file, as far as its limits allow.
fn expand(kind: Kind, stream: impl Read, packed_size: Option<u64>) -> io::Result<Spool> {
    match kind {
        Kind::Gzip => Spool::from_reader(flate2::read::MultiGzDecoder::new(stream), packed_size),
        Kind::Zstd => {
            let mut decoder = zstd::Decoder::new(stream)?;
            // A frame may ask for a window of up to 2 GiB; 128 MiB is what `zstd --ultra` itself writes at most.
            decoder.window_log_max(27)?;
            Spool::from_reader(decoder, packed_size)
        }
        Kind::Tar | Kind::Zip => Spool::from_reader(stream, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_wherever_the_last_search_ended() {
        let names: Vec<String> = (0..200).map(|number| format!("{}/{number}", number % 7)).collect();
        let mut index = Indexing::new();
        for (place, name) in names.iter().enumerate() {
            assert!(index.add(name.as_bytes(), place, 1));
        }
        let index = index.finish();
        for from in (0..=names.len() + 1).step_by(3) {
            for (place, name) in names.iter().enumerate() {
                LAST_FOUND.set(from);
                assert_eq!(index.member(name).unwrap(), (&place, 1), "from {from}");
            }
            for missing in ["", "0", "3/1000", "7/0"] {
                LAST_FOUND.set(from);
                assert!(index.member(missing).is_err(), "{missing} from {from}");
            }
            LAST_FOUND.set(from);
            let listed: usize = (0..7).map(|folder| index.list(&folder.to_string()).files.len()).sum();
            assert_eq!((listed, index.list("").folders.len()), (names.len(), 7), "from {from}");
        }
    }
}
