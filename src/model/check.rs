//! Checks of a judgement and what each came to for one link.

use serde::{Deserialize, Serialize};

use super::Verdict;

/// A family of rules that is judged for every link. Its file in `judge/checks/` has its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The link has its place in the chain: depth, worker implementation, task type.
    Chain,
    /// The queue's definition is there and can be read.
    Definition,
    /// The attestation is there, well-formed, and speaks of this run of this task.
    Attestation,
    /// The attestation's signature is sound, by a key in force for the role.
    Signature,
    /// What the link consumes is what its makers attested.
    Artifacts,
    /// The docker image that it ran in is the one that its docker-image task attested.
    DockerImage,
    /// The definition is the one that the parent's task graph lists.
    Graph,
    /// It ran where tasks of its type may run, and nobody could log in to it.
    Worker,
    /// The definition of a decision or action task is what the tree makes of it.
    Rebuild,
    /// Its source is a tree, and its restricted scopes are for that tree.
    Tree,
    /// It has nothing to do with what the operator distrusts; only there where something is.
    Distrust,
}

impl Check {
    /// Every check, in the order in which reports list them.
    pub const ALL: [Self; 11] = [
        Self::Chain,
        Self::Definition,
        Self::Attestation,
        Self::Signature,
        Self::Artifacts,
        Self::DockerImage,
        Self::Graph,
        Self::Worker,
        Self::Rebuild,
        Self::Tree,
        Self::Distrust,
    ];

    /// The word that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Definition => "definition",
            Self::Attestation => "attestation",
            Self::Signature => "signature",
            Self::Artifacts => "artifacts",
            Self::DockerImage => "docker-image",
            Self::Graph => "graph",
            Self::Worker => "worker",
            Self::Rebuild => "rebuild",
            Self::Tree => "tree",
            Self::Distrust => "distrust",
        }
    }
}

/// What a check came to. Ordered: the worst of several is their maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The rule book does not apply it to this link.
    NotApplicable,
    /// It holds.
    Pass,
    /// It can't be said: evidence is missing, or nobody decided whom to trust.
    Unknown,
    /// It does not hold.
    Fail,
}

impl Outcome {
    /// The verdict that a check with this outcome allows at best.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::NotApplicable | Self::Pass => Verdict::Verified,
            Self::Unknown => Verdict::Undetermined,
            Self::Fail => Verdict::Refuted,
        }
    }

    /// The word that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotApplicable => "not-applicable",
            Self::Pass => "pass",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }
}

/// One check of one link.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckResult {
    /// The check.
    pub check: Check,
    /// What it came to.
    pub outcome: Outcome,
    /// In a few words, why: which key, how many artifacts, what is missing. Holds captured text.
    pub detail: String,
}
