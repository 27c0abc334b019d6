//! Findings: what a check says of a subject, with its evidence. A finding is a value, never an error.

use serde::{Deserialize, Serialize};

use super::{Code, Digest, TaskId};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Odd, and mostly harmless.
    Low,
    /// Needs an explanation.
    Medium,
    /// Breaks trust, or would have.
    High,
}

impl Severity {
    /// The word that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// The plane on which a finding counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plane {
    /// The verdict under the rule book.
    Rule,
    /// Beyond the rule book: what it could not see.
    Audit,
}

impl Plane {
    /// The word that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Audit => "audit",
        }
    }

    /// The one of a word.
    pub fn named(word: &str) -> Option<Self> {
        [Self::Rule, Self::Audit].into_iter().find(|plane| plane.word() == word)
    }
}

/// The class of a reason. The order is that of the headline: of several failed checks the first class is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Evidence contradicts what is claimed.
    Contradicted,
    /// Evidence is not in the form that verification reads.
    Malformed,
    /// The rule book does not allow it.
    NotPermitted,
    /// The key, sound as its signature is, was not trusted at the moment of judgement.
    #[serde(rename = "not-trusted-at-as-of")]
    NotTrusted,
    /// What is needed is not there.
    Absent,
}

impl Reason {
    /// What the word means.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Contradicted => "contradicted by evidence",
            Self::Malformed => "malformed",
            Self::NotPermitted => "not permitted by the rules",
            Self::NotTrusted => "key not trusted at that moment",
            Self::Absent => "evidence is missing",
        }
    }

    /// The word that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Contradicted => "contradicted",
            Self::Malformed => "malformed",
            Self::NotPermitted => "not-permitted",
            Self::NotTrusted => "not-trusted-at-as-of",
            Self::Absent => "absent",
        }
    }
}

/// Who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asserter {
    /// A worker, under its signature.
    WorkerSigned,
    /// The queue.
    Queue,
    /// Whoever collected the evidence.
    Collector,
    /// Whoever runs cotrace.
    Operator,
}

impl Asserter {
    /// Who says so, in words.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::WorkerSigned => "signed by the worker",
            Self::Queue => "the queue says",
            Self::Collector => "as collected",
            Self::Operator => "the operator says",
        }
    }
}

/// Where a finding's evidence lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The blob, by the SHA-256 of its bytes.
    pub blob: Option<Digest>,
    /// RFC 6901 JSON pointer into it, or `bytes=FROM-TO`, the byte at TO excluded, where it is no JSON.
    pub pointer: Option<String>,
    /// What stands there, cut where it is long.
    pub excerpt: Option<String>,
    /// Who says so.
    pub asserted_by: Asserter,
}

impl Evidence {
    /// Where it lies, who says so, and what stands there, in a line. Holds captured text.
    pub fn words(&self) -> String {
        let blob = self.blob.map_or_else(|| "no document".to_owned(), |blob| format!("sha256:{blob}"));
        let pointer = self.pointer.as_deref().filter(|pointer| !pointer.is_empty());
        let pointer = pointer.map(|pointer| format!(" at {pointer}")).unwrap_or_default();
        let excerpt = self.excerpt.as_ref().map(|excerpt| format!(": {excerpt}")).unwrap_or_default();
        format!("{blob}{pointer} ({}){excerpt}", self.asserted_by.phrase())
    }
}

/// What a finding speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// `task`, `attestation`, `signature`, `artifact`, `graph`, `key`.
    pub kind: &'static str,
    /// The task.
    pub task_id: Option<TaskId>,
    /// Its run.
    pub run_id: Option<u32>,
    /// An artifact's name, or a key's.
    pub name: Option<String>,
}

impl Subject {
    /// It in a few words. Holds captured text.
    pub fn words(&self) -> String {
        let mut words = vec![self.kind.to_owned()];
        words.extend(self.task_id.as_ref().map(ToString::to_string));
        words.extend(self.run_id.map(|run_id| format!("run {run_id}")));
        words.extend(self.name.clone());
        words.join(" ")
    }
}

/// What a check says of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Its stable id.
    pub code: Code,
    /// Whether it counts for the verdict.
    pub plane: Plane,
    /// How much it matters.
    pub severity: Severity,
    /// The class of the reason.
    pub reason: Reason,
    /// What it speaks of.
    pub subject: Subject,
    /// The targets whose chains hold the subject, in their order in the report.
    pub targets: Vec<TaskId>,
    /// What was found, with both values where two are compared. Holds captured text.
    pub message: String,
    /// How to see it with other tools: a command over the files that `cotrace cat` writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
    /// Where it stands.
    pub evidence: Vec<Evidence>,
}

impl Finding {
    /// The order of findings in a report: plane, severity (worst first), code, subject, message.
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.plane
            .cmp(&other.plane)
            .then_with(|| other.severity.cmp(&self.severity))
            .then_with(|| self.code.id().cmp(other.code.id()))
            .then_with(|| self.subject.cmp(&other.subject))
            .then_with(|| self.message.cmp(&other.message))
            .then_with(|| self.evidence.cmp(&other.evidence))
    }
}
