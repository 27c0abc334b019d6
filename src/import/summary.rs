//! What an import came to.

use crate::model::Digest;

/// How far an import has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Tasks read.
    pub tasks: u64,
    /// Tasks in all.
    pub tasks_total: u64,
    /// Files read.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
}

/// What one import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The snapshot's digest.
    pub snapshot: Digest,
    /// Whether the case lacked this snapshot.
    pub is_new: bool,
    /// Tasks in the snapshot.
    pub tasks: u64,
    /// Artifacts in the snapshot, with their bytes captured.
    pub artifacts: u64,
    /// Sources in the snapshot.
    pub sources: u64,
    /// Keys in the snapshot.
    pub keys: u64,
    /// Files read.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Documents whose contents were new to the case, and their bytes.
    pub kept: (u64, u64),
    /// Files that were kept and can't be used: path and why.
    pub unusable: Vec<(String, String)>,
    /// Files that are no evidence: path and why.
    pub ignored: Vec<(String, String)>,
    /// Files that were set aside: path and why.
    pub quarantined: Vec<(String, String)>,
}
