//! tar archives: members are read where they lie in the file.

use std::io::{self, Read};

use super::archive::{Index, Indexing};
use super::limits::TAR_EXTENSION_SIZE_MAX;
use super::spool::{Spool, read_up_to};
use super::{Listing, Tree};

/// An indexed tar archive.
pub(super) struct Tar {
    spool: Spool,
    index: Index<u64>,
}

/// How much of an archive is read at once in search of headers.
const WINDOW_SIZE: usize = 32 * 1024;

/// The size of a block: headers take one, and what a member holds is filled up to whole ones.
const BLOCK: u64 = 512;

impl Tar {
    /// Indexes an archive. One that is damaged gives what comes before the damage.
    pub(super) fn open(spool: Spool) -> io::Result<Self> {
        let mut index = Indexing::new();
        if let Some(cut) = spool.cut() {
            index.refuse("…".to_owned(), cut);
        }
        let window = Window { start: 0, bytes: Vec::new() };
        let mut walk = Walk { spool: &spool, place: 0, window, extensions: Extensions::default(), is_cut: false };
        while let Some(step) = walk.next() {
            let goes_on = match step {
                Ok(Step::Member(member)) => index.add(&member.name, member.place, member.size),
                Ok(Step::Refused(name, reason)) => {
                    index.refuse(String::from_utf8_lossy(&name).into_owned(), reason);
                    true
                }
                Ok(Step::Nothing) => true,
                Err(error) => {
                    index.refuse("…".to_owned(), &format!("the archive can't be read further: {error}"));
                    false
                }
            };
            if !goes_on {
                break;
            }
        }
        Ok(Self { spool, index: index.finish() })
    }
}

/// A file in an archive.
struct Member {
    name: Vec<u8>,
    place: u64,
    size: u64,
}

/// What one header came to.
enum Step {
    Member(Member),
    Refused(Vec<u8>, &'static str),
    /// A folder, or something that stands there for the sake of the next member.
    Nothing,
}

/// What stands before a member for its sake.
#[derive(Default)]
struct Extensions {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    /// Why the member that follows is set aside.
    problem: Option<&'static str>,
}

/// Goes through the headers of an archive, by the sizes that they state. Of extensions it reads no more than their
/// limit, however long they are.
struct Walk<'a> {
    spool: &'a Spool,
    place: u64,
    window: Window,
    extensions: Extensions,
    /// Whether it was told that the archive ends without its mark.
    is_cut: bool,
}

/// A part of an archive, read at once: between the headers of small files lies little.
struct Window {
    start: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// The block at a place.
    fn block(&mut self, spool: &Spool, place: u64) -> io::Result<[u8; BLOCK as usize]> {
        let within = |window: &Self| {
            let at = usize::try_from(place.checked_sub(window.start)?).ok()?;
            window.bytes.get(at..)?.first_chunk().copied()
        };
        if let Some(block) = within(self) {
            return Ok(block);
        }
        self.start = place;
        self.bytes.resize(WINDOW_SIZE, 0);
        let read = read_up_to(&mut spool.reader(place, spool.size() - place), &mut self.bytes)?;
        self.bytes.truncate(read);
        within(self).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

impl Walk<'_> {
    fn next(&mut self) -> Option<io::Result<Step>> {
        if self.place >= self.spool.size() {
            let reason = "the archive ends without its end mark: members may be missing";
            let is_told = std::mem::replace(&mut self.is_cut, true);
            return (!is_told && self.spool.size() > 0).then(|| Ok(Step::Refused("…".into(), reason)));
        }
        let block = match self.window.block(self.spool, self.place) {
            Ok(block) => block,
            Err(error) => return Some(Err(error)),
        };
        // A block of zeros ends an archive.
        if block.iter().all(|byte| *byte == 0) { None } else { Some(self.step(&block)) }
    }

    fn step(&mut self, block: &[u8; BLOCK as usize]) -> io::Result<Step> {
        let header = tar::Header::from_byte_slice(block);
        // The checksum's own place counts as blanks.
        let sum = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum + u32::from(*byte));
        let summed = sum(block) - sum(&block[148..156]) + 8 * u32::from(b' ');
        if header.cksum()? != summed {
            return Err(io::Error::other("a header's checksum is wrong"));
        }
        let kind = header.entry_type();
        self.place += BLOCK;
        if kind.is_gnu_longname() || kind.is_gnu_longlink() || kind.is_pax_local_extensions() {
            let (place, size) = self.pass_over(header.entry_size()?)?;
            self.extend(kind, place, size)?;
            return Ok(Step::Nothing);
        }
        let extensions = std::mem::take(&mut self.extensions);
        let name = extensions.name.unwrap_or_else(|| header.path_bytes().into_owned());
        if kind.is_gnu_sparse() {
            self.pass_over_sparse_map(header)?;
        }
        let (place, size) = self.pass_over(extensions.size.map_or_else(|| header.entry_size(), Ok)?)?;
        if kind.is_dir() || kind.is_pax_global_extensions() {
            return Ok(Step::Nothing);
        }
        let reason = match extensions.problem {
            Some(problem) => problem,
            None if kind.is_symlink() || kind.is_hard_link() => "it is a link",
            None if kind.is_gnu_sparse() => "it is stored as a sparse file",
            None if !kind.is_file() && kind != tar::EntryType::Continuous => "it is neither file nor folder",
            None if place.checked_add(size).is_none_or(|end| end > self.spool.size()) => {
                "the archive ends before it does"
            }
            None => return Ok(Step::Member(Member { name, place, size })),
        };
        Ok(Step::Refused(name, reason))
    }

    /// The place and size of what follows a header; the walk goes on behind it.
    fn pass_over(&mut self, size: u64) -> io::Result<(u64, u64)> {
        let place = self.place;
        let whole = size.checked_next_multiple_of(BLOCK).and_then(|whole| place.checked_add(whole));
        self.place = whole.ok_or_else(|| io::Error::other("a header states an impossible size"))?;
        Ok((place, size))
    }

    /// Takes an extension in.
    fn extend(&mut self, kind: tar::EntryType, place: u64, size: u64) -> io::Result<()> {
        if size > TAR_EXTENSION_SIZE_MAX {
            self.extensions.problem = Some("what stands before it in the archive for its sake is too long");
            return Ok(());
        }
        let mut bytes = Vec::new();
        self.spool.reader(place, size).read_to_end(&mut bytes)?;
        if kind.is_gnu_longname() {
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            bytes.truncate(end);
            self.extensions.name = Some(bytes);
        } else if kind.is_pax_local_extensions() {
            for record in tar::PaxExtensions::new(&bytes) {
                let record = record?;
                match record.key_bytes() {
                    b"path" => self.extensions.name = Some(record.value_bytes().to_vec()),
                    b"size" => {
                        let size = record.value().ok().and_then(|text| text.parse().ok());
                        self.extensions.size =
                            Some(size.ok_or_else(|| io::Error::other("an extended header states no size"))?);
                    }
                    key if key.starts_with(b"GNU.sparse") => {
                        self.extensions.problem = Some("it is stored as a sparse file");
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Blocks of a sparse file's map follow its header, as long as each says that another does.
    fn pass_over_sparse_map(&mut self, header: &tar::Header) -> io::Result<()> {
        let mut goes_on = header.as_gnu().is_some_and(tar::GnuHeader::is_extended);
        while goes_on {
            let mut block = [0; BLOCK as usize];
            self.spool.reader(self.place, BLOCK).read_exact(&mut block)?;
            self.place += BLOCK;
            goes_on = block.get(504) == Some(&1);
        }
        Ok(())
    }
}

impl Tree for Tar {
    fn list(&self, folder: &str) -> io::Result<Listing> {
        Ok(self.index.list(folder))
    }

    fn open(&self, file: &str) -> io::Result<Box<dyn Read + Send + '_>> {
        let (place, size) = self.index.member(file)?;
        Ok(Box::new(self.spool.reader(*place, size)))
    }

    fn is_unchanged(&self) -> io::Result<bool> {
        self.spool.is_unchanged()
    }
}
