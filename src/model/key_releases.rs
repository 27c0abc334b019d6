//! What the history of scriptworker's own repository shows: which ed25519 keys each release trusted by default.

use serde::{Deserialize, Serialize};

use super::{GitSignature, KeyId, Moment, Release, Role};

/// The releases of a repository, with the keys in their default configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyReleases {
    /// What is wrong with the repository: objects that are missing, lists that can't be read, tags that are no release's.
    pub problems: Vec<String>,
    /// The youngest moment that any commit of the default branch states.
    pub known_until: Option<Moment>,
    /// The releases, by the moment that their commits state.
    pub releases: Vec<KeyRelease>,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRelease {
    /// Which one.
    pub release: Release,
    /// The commit that its tag points to.
    pub commit: String,
    /// When that was committed: the committer's word.
    pub at: Moment,
    /// The signature of the tag; unsigned where the tag is a bare name.
    pub signature: GitSignature,
    /// The path of the file with the keys.
    pub path: Option<String>,
    /// The keys that it lists, in their order.
    pub keys: Vec<ReleasedKey>,
    /// What it lists and the release before does not.
    pub added: Vec<KeyChange>,
    /// What the release before lists and it no longer does.
    pub removed: Vec<KeyChange>,
}

/// A key in a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleasedKey {
    /// The worker implementation that it is listed for.
    pub role: Role,
    /// The key.
    pub key: KeyId,
    /// The line on which it stands, from 1.
    pub line: u64,
}

/// A key that came into a list or left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyChange {
    /// The worker implementation.
    pub role: Role,
    /// The key.
    pub key: KeyId,
    /// The commit that changed the list; `None` where no one commit before the release did.
    pub commit: Option<CommitTold>,
}

/// A commit, as it tells of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommitTold {
    /// Its id.
    pub id: String,
    /// When it was committed: the committer's word.
    pub at: Moment,
    /// When it came to the default branch: the committer's time of the first of its tips that leads there.
    pub landed: Option<Moment>,
    /// Who wrote it. Captured text.
    pub who: String,
    /// The first line of its message. Captured text.
    pub why: String,
}
