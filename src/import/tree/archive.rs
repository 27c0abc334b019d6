//! Archives: opened by their first bytes, indexed once, read by the place of each member.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::spool::{self, Spool};
use super::{Found, Listing, MEMBERS_MAX, PATH_SIZE_MAX, REFUSED_TOLD, Tree, set_twins_aside, tar, zip};

/// The members of an archive by path, and what was set aside.
#[derive(Debug, Default)]
pub(super) struct Index<Place> {
    members: BTreeMap<String, (Place, u64)>,
    refused: Vec<(String, String)>,
    /// How many more were set aside, beyond those that are told.
    refused_beyond: usize,
}

impl<Place> Index<Place> {
    /// Adds a member. Returns `false` where no more are taken.
    pub(super) fn add(&mut self, name: &[u8], place: Place, size: u64) -> bool {
        let shown = || String::from_utf8_lossy(name).into_owned();
        if self.members.len() + self.refused.len() + self.refused_beyond >= MEMBERS_MAX {
            self.refuse("…".to_owned(), &format!("the archive has more than {MEMBERS_MAX} members"));
            return false;
        }
        match clean(name) {
            Err(reason) => self.refuse(shown(), reason),
            Ok(path) if self.members.contains_key(&path) => {
                self.refuse(shown(), "the archive has a member of this name already");
            }
            Ok(path) => {
                self.members.insert(path, (place, size));
            }
        }
        true
    }

    /// Sets something aside.
    pub(super) fn refuse(&mut self, name: String, reason: &str) {
        if self.refused.len() < REFUSED_TOLD {
            self.refused.push((name, reason.to_owned()));
        } else {
            self.refused_beyond += 1;
        }
    }

    /// The place and size of a member.
    pub(super) fn member(&self, path: &str) -> io::Result<&(Place, u64)> {
        self.members.get(path).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    /// Lists a folder. What was set aside is told at the root.
    pub(super) fn list(&self, folder: &str) -> Listing {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut listing = Listing::default();
        let mut from = prefix.clone();
        while let Some((path, (_, size))) = self.members.range(from.clone()..).next() {
            let Some(rest) = path.strip_prefix(&prefix) else { break };
            match rest.split_once('/') {
                None => {
                    listing.files.push(Found { name: rest.to_owned(), path: path.clone(), size: *size });
                    // The next possible path after this one.
                    from = format!("{path}\0");
                }
                Some((name, _)) => {
                    listing.folders.push(Found { name: name.to_owned(), path: format!("{prefix}{name}"), size: 0 });
                    // `0` follows `/`: this skips all that lies in the folder.
                    from = format!("{prefix}{name}0");
                }
            }
        }
        // Paths sort `a-b` before `a/b`, names the other way.
        listing.files.sort_by(|a, b| a.name.cmp(&b.name));
        listing.folders.sort_by(|a, b| a.name.cmp(&b.name));
        listing.folders.dedup_by(|a, b| a.name == b.name);
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
}

/// A member's name as a path below the root, or why it can't be one.
fn clean(name: &[u8]) -> Result<String, &'static str> {
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
    let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return Err("its name leads out of the archive");
    }
    if parts.is_empty() { Err("it has no name") } else { Ok(parts.join("/")) }
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
