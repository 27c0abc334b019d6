//! Bytes that can be read at any place by several readers at once: a file, or a stream copied to a temporary file.

use std::fs::File;
use std::io::{self, Read, Seek, Write};

use super::stamp::Stamp;
use super::{EXPANDED_SIZE_MAX, RATIO_FREE_SIZE, RATIO_MAX};

/// How much is copied at once.
const BUFFER_SIZE: usize = 256 * 1024;

/// A file that is only read.
#[derive(Debug)]
pub(super) struct Spool {
    file: File,
    size: u64,
    /// What the file was like when it was opened. A temporary one has no name by which anybody else could change it.
    stamp: Option<Stamp>,
    /// Why the stream was not copied to its end, if it was not.
    cut: Option<String>,
}

impl Spool {
    /// A file as it is.
    pub(super) fn of_file(file: File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self { file, size: metadata.len(), stamp: Some(Stamp::of(&metadata)), cut: None })
    }

    /// Copies a stream to a temporary file that has no name, up to the limits. `packed_size` is the size of what the
    /// stream expands. A stream that breaks off gives what came before.
    pub(super) fn from_reader(mut stream: impl Read, packed_size: Option<u64>) -> io::Result<Self> {
        let mut file = tempfile::tempfile()?;
        let mut buffer = vec![0; BUFFER_SIZE];
        let mut size = 0;
        let cut = loop {
            let read = match stream.read(&mut buffer) {
                Ok(0) => break None,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if size > 0 => break Some(format!("the archive is damaged after {size} bytes: {error}")),
                Err(error) => return Err(error),
            };
            size += read as u64;
            if size > EXPANDED_SIZE_MAX {
                break Some(format!("the archive expands to more than {EXPANDED_SIZE_MAX} bytes"));
            }
            if packed_size.is_some_and(|packed| is_bomb(packed, size)) {
                break Some(format!("the archive expands to more than {RATIO_MAX} times its size"));
            }
            file.write_all(&buffer[..read])?;
        };
        let size = file.metadata()?.len();
        Ok(Self { file, size, stamp: None, cut })
    }

    /// Its size in bytes.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// Why it does not hold all of the stream, if it does not.
    pub(super) fn cut(&self) -> Option<&str> {
        self.cut.as_deref()
    }

    /// Whether the file is as it was when it was opened.
    pub(super) fn is_unchanged(&self) -> io::Result<bool> {
        match self.stamp {
            Some(stamp) => Ok(stamp == Stamp::of(&self.file.metadata()?)),
            None => Ok(true),
        }
    }

    /// A reader of `size` bytes from a place on.
    pub(super) fn reader(&self, start: u64, size: u64) -> SpoolReader<'_> {
        SpoolReader { spool: self, place: start, end: start.saturating_add(size) }
    }

    /// A reader of all of it.
    pub(super) fn into_reader(mut self) -> io::Result<File> {
        self.file.rewind()?;
        Ok(self.file)
    }

    /// The file itself.
    pub(super) fn into_file(self) -> File {
        self.file
    }
}

/// Whether what expands so far is no honest compression.
pub(super) fn is_bomb(packed: u64, expanded: u64) -> bool {
    expanded > RATIO_FREE_SIZE && expanded / RATIO_MAX > packed
}

/// Reads a part of a spool; any number of them at once.
pub(super) struct SpoolReader<'a> {
    spool: &'a Spool,
    place: u64,
    end: u64,
}

impl Read for SpoolReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.place)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        if wanted == 0 {
            return Ok(0);
        }
        let read = read_at(&self.spool.file, &mut buffer[..wanted], self.place)?;
        self.place += read as u64;
        Ok(read)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], place: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, place)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], place: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, place)
}

/// Reads until the buffer is full or the reader ends.
pub(in crate::import) fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
