//! When something was signed, as far as others prove it.

use serde::Serialize;

use super::{Digest, KeyId, Moment, TaskId};

/// Between which other signatures an attestation was signed, and which dates on the wall follow from that.
///
/// The order is proven by digests: an attestation that states the digest of a log, which lists the digest of another
/// attestation, is the younger one. Dates come only from other keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SigningBounds {
    /// The tasks whose attestations it lists: it is younger.
    pub after: Vec<TaskId>,
    /// The tasks whose attestations list it: it is older.
    pub before: Vec<TaskId>,
    /// The latest moment that is proven to be before it.
    pub not_before: Option<Box<TimeBound>>,
    /// The earliest moment that is proven to be after it.
    pub not_after: Option<Box<TimeBound>>,
}

impl SigningBounds {
    /// The dates that others give, each in words.
    pub fn words(&self) -> Vec<String> {
        TimeBound::words_of(self.not_before.as_deref(), self.not_after.as_deref())
    }
}

/// A date, and who vouches for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TimeBound {
    /// The moment.
    pub at: Moment,
    /// What gives it.
    pub basis: BoundBasis,
    /// The task whose attestation it is.
    pub task_id: TaskId,
    /// The key that signed that.
    pub key: KeyId,
    /// The attestation's artifact.
    pub blob: Digest,
}

/// What gives a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BoundBasis {
    /// The time that another key's signature claims.
    ClaimedTime,
    /// The end of another key's last epoch: later its holder no longer signed.
    EpochEnd,
}

impl TimeBound {
    /// Two bounds of the same thing in words, those of them that there are.
    pub fn words_of(not_before: Option<&Self>, not_after: Option<&Self>) -> Vec<String> {
        let not_before = not_before.map(|bound| format!("not before {}", bound.words()));
        let not_after = not_after.map(|bound| format!("not after {}", bound.words()));
        not_before.into_iter().chain(not_after).collect()
    }

    /// The bound in words, said of what is bounded by it.
    pub fn words(&self) -> String {
        match self.basis {
            BoundBasis::ClaimedTime => {
                format!("{}, when {} says that it signed the attestation of {}", self.at, self.key, self.task_id)
            }
            BoundBasis::EpochEnd => {
                format!(
                    "{}, when {}, which signed the attestation of {}, left its key set",
                    self.at, self.key, self.task_id
                )
            }
        }
    }
}
