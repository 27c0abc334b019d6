//! Verdicts.

use serde::{Deserialize, Serialize};

/// What a judgement comes to. Ordered: the worst of several is their maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every check that applies passed, on evidence that is there.
    Verified,
    /// Some check that applies could not be made, and none failed.
    Undetermined,
    /// Some check failed.
    Refuted,
}

impl Verdict {
    /// The word that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Undetermined => "undetermined",
            Self::Refuted => "refuted",
        }
    }
}
