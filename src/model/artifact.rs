//! Artifacts: their well-known names, and whether they are there.

use serde::{Deserialize, Serialize};

use super::Asserter;

/// The clear-signed attestation of 2016 to 2019.
pub const ATTESTATION_ASC: &str = "public/chainOfTrust.json.asc";
/// The attestation since 2019.
pub const ATTESTATION_JSON: &str = "public/chain-of-trust.json";
/// Its detached signature: 64 raw bytes of ed25519.
pub const ATTESTATION_SIG: &str = "public/chain-of-trust.json.sig";
/// What a decision or action task says that it created.
pub const TASK_GRAPH_JSON: &str = "public/task-graph.json";
/// The actions that a decision task offers.
pub const ACTIONS_JSON: &str = "public/actions.json";
/// The parameters of a decision task.
pub const PARAMETERS_YML: &str = "public/parameters.yml";

/// What a scriptworker logged while it verified the chain of its task.
pub const VERIFICATION_LOG: &str = "public/logs/chain_of_trust.log";

/// Whether verification reads the contents of an artifact with this name, beyond its digest: attestations and their
/// signatures, graphs, parameters, actions, logs.
pub fn is_evidence_artifact(name: &str) -> bool {
    const NAMES: [&str; 6] =
        [ATTESTATION_ASC, ATTESTATION_JSON, ATTESTATION_SIG, TASK_GRAPH_JSON, ACTIONS_JSON, PARAMETERS_YML];
    NAMES.contains(&name) || name.starts_with("public/logs/")
}

/// Whether a thing is there. Only `Absent` can refute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// Its bytes, or at least their digest, were captured.
    Present,
    /// It was asked for and denied before the task expired, or a listing of that run lacks it.
    Absent,
    /// It was denied after the task expired.
    Gone,
    /// Nobody asked, or no answer tells.
    Unknown,
}

impl Presence {
    /// What the word means, said of a thing, by whoever tells it.
    pub const fn phrase(self, told_by: Option<Asserter>) -> &'static str {
        match (self, told_by) {
            (Self::Present, _) => "was captured",
            (Self::Absent, _) => "was asked for and is not there",
            (Self::Gone, _) => "was asked for after it had expired",
            (Self::Unknown, None) => "was not captured: nobody asked for it",
            (Self::Unknown, Some(Asserter::Queue)) => "is in the queue's listing and was not captured",
            (Self::Unknown, Some(Asserter::Collector | Asserter::WorkerSigned | Asserter::Operator)) => {
                "was asked for, and the answer does not tell whether it is there"
            }
        }
    }

    /// The word that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Absent => "absent",
            Self::Gone => "gone",
            Self::Unknown => "unknown",
        }
    }
}
