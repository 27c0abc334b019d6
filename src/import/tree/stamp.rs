//! What a file is like without its bytes.

use std::fs::Metadata;
use std::time::SystemTime;

/// Size and times of a file, and which file it is. Whoever writes to a file changes its stamp; to write and set the time
/// of the writing back changes it too, where the system keeps a time of change that nobody can set. That time also changes
/// with the file's names and rights: then it can't be told from writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
    /// Device, number, and time of change.
    node: [i64; 4],
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { size: metadata.len(), modified: metadata.modified().ok(), node: node(metadata) }
    }

    /// The size in bytes.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// As bytes, for a digest over many.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let since = self.modified.map(|time| match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => after.as_nanos().cast_signed(),
            Err(before) => -before.duration().as_nanos().cast_signed(),
        });
        let mut bytes = Vec::with_capacity(57);
        bytes.extend_from_slice(&self.size.to_be_bytes());
        bytes.push(u8::from(since.is_some()));
        bytes.extend_from_slice(&since.unwrap_or_default().to_be_bytes());
        self.node.iter().for_each(|part| bytes.extend_from_slice(&part.to_be_bytes()));
        bytes
    }
}

#[cfg(unix)]
fn node(metadata: &Metadata) -> [i64; 4] {
    use std::os::unix::fs::MetadataExt as _;
    [metadata.dev().cast_signed(), metadata.ino().cast_signed(), metadata.ctime(), metadata.ctime_nsec()]
}

#[cfg(not(unix))]
fn node(_: &Metadata) -> [i64; 4] {
    [0; 4]
}
