//! What a key repository's history shows: which keys stood in it when, and who signed for that.

use serde::{Deserialize, Serialize};

use super::{Digest, KeyId, Moment, Role};

/// The history of a key repository.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyHistory {
    /// What is wrong with the repository: objects that are missing or can't be read, a shallow copy.
    pub problems: Vec<String>,
    /// The youngest moment that any commit or tag of it states.
    pub known_until: Option<Moment>,
    /// Its commits and annotated tags, by the moment that they state.
    pub points: Vec<KeyPoint>,
}

/// What a point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PointKind {
    /// A commit.
    Commit,
    /// An annotated tag.
    Tag,
}

/// A commit or an annotated tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyPoint {
    /// What it is.
    pub kind: PointKind,
    /// Its id.
    pub id: String,
    /// The name of a tag. Captured text.
    pub name: Option<String>,
    /// The commit whose tree it stands for; `None` of a tag that points to something else.
    pub commit: Option<String>,
    /// When it was made: the committer's or the tagger's word.
    pub at: Moment,
    /// Who made it. Captured text.
    pub who: String,
    /// The first line of a commit's message. Captured text.
    pub why: Option<String>,
    /// Of a commit that was once the tip of the default branch: the newest commit up to it that is no merge, whose
    /// signature decided (`git log --no-merges -n 1`).
    pub decided_by: Option<String>,
    /// When its commit came to the default branch, by the committer's time of the first of its tips that leads there;
    /// `None` of what is not on it.
    pub landed: Option<Moment>,
    /// Its signature.
    pub signature: GitSignature,
    /// The key set in its tree; of commits only of those that were once the branch's tip.
    pub members: Vec<KeyMember>,
    /// The keys of that set for which no keyring could be built from it when the point took effect.
    pub blockers: Vec<KeyBlocker>,
}

impl KeyPoint {
    /// Whether the default branch leads to its commit.
    pub const fn is_on_branch(&self) -> bool {
        self.landed.is_some()
    }

    /// From when on verifiers could take it, who looked at the default branch only.
    pub fn effective(&self) -> Moment {
        self.landed.map_or(self.at, |landed| landed.max(self.at))
    }

    /// What people call it: `tag NAME` or `commit ID`. Captured text.
    pub fn title(&self) -> String {
        self.name.as_ref().map_or_else(|| format!("commit {}", self.id), |name| format!("tag {name}"))
    }
}

/// A key that gpg refuses to certify. scriptworker certified every key of a flat or trusted ring with the host's own, and
/// where one failed it kept the keyrings that it had (`rebuild_gpg_homedirs`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyBlocker {
    /// The path of the first file that holds it. Captured text.
    pub path: String,
    /// The key.
    pub key: KeyId,
    /// What is wrong with it.
    pub why: BlockReason,
    /// Since when that is so, where it can be said.
    pub since: Option<Moment>,
}

/// Why gpg refuses to certify a key, or scriptworker to go on with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockReason {
    /// It has expired.
    Expired,
    /// It is revoked.
    Revoked,
    /// One of its user ids is revoked: scriptworker refused any such line in gpg's list of a trusted key.
    UserIdRevoked,
}

impl BlockReason {
    /// The words for people.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Expired => "had expired",
            Self::Revoked => "was revoked",
            Self::UserIdRevoked => "has a revoked user id",
        }
    }
}

/// What came of the signature of a commit or tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GitSignature {
    /// What came of it.
    pub state: GitSignatureState,
    /// The signer's certificate, where it is known.
    pub signer: Option<KeyId>,
    /// The issuer that it names, in hexadecimal.
    pub issuer: Option<String>,
    /// The time that it claims.
    pub made: Option<Moment>,
}

/// What came of a signature, as of its own time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GitSignatureState {
    /// It verifies under a signer's key, which was valid when it claims to have been made.
    Good,
    /// It verifies, but the signer's key was not valid at the time that it claims.
    KeyNotValid,
    /// It names a key that no signer has.
    UnknownSigner,
    /// It names a signer's key, and does not verify under it.
    Bad,
    /// It is there and can't be read.
    Unreadable,
    /// There is none.
    Unsigned,
}

impl GitSignatureState {
    /// The words for people.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Good => "signed by a trusted signer",
            Self::KeyNotValid => "signed by a signer whose key was not valid at that time",
            Self::UnknownSigner => "signed by a key that no trusted signer has",
            Self::Bad => "badly signed: the signature does not verify",
            Self::Unreadable => "signed in a way that can't be read",
            Self::Unsigned => "not signed",
        }
    }
}

/// The part of a key set that a file stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ring {
    /// Every key counts: docker-worker, generic-worker.
    Flat,
    /// Keys of people, which count themselves and certify others: scriptworker/trusted.
    Trusted,
    /// Keys that count if a key in the trusted ring certified them: scriptworker/valid.
    Valid,
}

/// A key file in a key set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyMember {
    /// Its path. Captured text.
    pub path: String,
    /// The role that it is for.
    pub role: Role,
    /// The part of the key set.
    pub ring: Ring,
    /// The SHA-256 of the file; `None` where the repository's copy lacks it.
    pub file: Option<Digest>,
    /// The id of the file's bytes in the repository.
    pub id: String,
    /// The keys in it that count, by the ring's rule, when the point took effect.
    pub keys: Vec<KeyId>,
    /// The keys in it that do not: nobody certified them.
    pub uncertified: Vec<KeyId>,
}
