//! One rule book.

use serde::Deserialize;

use crate::model::{Digest, Form};

/// The rule books that cotrace ships: id and text.
const BOOKS: [(&str, &str); 9] = [
    ("signatures", include_str!("books/signatures.json")),
    ("scriptworker-4.1.2", include_str!("books/scriptworker-4.1.2.json")),
    ("scriptworker-12.0.0", include_str!("books/scriptworker-12.0.0.json")),
    ("scriptworker-17.1.0", include_str!("books/scriptworker-17.1.0.json")),
    ("scriptworker-22.0.0", include_str!("books/scriptworker-22.0.0.json")),
    ("scriptworker-23.0.0", include_str!("books/scriptworker-23.0.0.json")),
    ("scriptworker-34.0.0", include_str!("books/scriptworker-34.0.0.json")),
    ("scriptworker-41.0.0", include_str!("books/scriptworker-41.0.0.json")),
    ("scriptworker-63.6.1", include_str!("books/scriptworker-63.6.1.json")),
];

/// The rules that a judgement applies. The sources of the figures stand beside them in the book's file.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleBook {
    /// Its stable id.
    pub id: String,
    /// What it is, in a sentence.
    pub description: String,
    /// The task types that a link may have.
    pub task_types: Vec<String>,
    /// The provisioners whose tasks scriptworkers run.
    pub scriptworker_provisioners: Vec<String>,
    /// The most colons in a link's name: deeper links are not followed.
    pub max_chain_length: usize,
    /// The top-level keys that the comparison with the task graph leaves out.
    pub graph_ignored_keys: Vec<String>,
    /// The forms of attestation that it accepts.
    pub forms: Vec<Form>,
    /// How much of an attestation must fit the run that published it.
    pub attestation_identity: AttestationIdentity,
    /// Whose consumed artifacts are held to their digests.
    pub consumers: Consumers,
    /// Whether artifacts that a definition calls optional are held to their digests where they are there.
    pub optional_artifacts: OptionalArtifacts,
    /// When a decision task's actions.json and parameters.yml count as consumed.
    pub decision_artifacts: DecisionArtifacts,
    /// Whether a task's parent must be a decision or action task of the chain.
    pub parentage: Parentage,
    /// What an artifact that is attested with no digest at all is worth.
    pub empty_digests: EmptyDigests,
    /// Whether the comparison with the task graph looks at the expiry of payload artifacts.
    pub artifact_expiry_in_graph: ArtifactExpiry,
    /// Whether the key of the host that judges may sign for every role.
    pub own_host_key: OwnHostKey,
    /// What the real verifier checks and this book does not yet: keeps every verdict from being Verified.
    pub not_checked: Vec<Unchecked>,
    /// The digest of the book's file.
    #[serde(skip, default = "no_digest")]
    pub digest: Digest,
}

const fn no_digest() -> Digest {
    Digest::new([0; 32])
}

/// How much of an attestation must fit the run that published it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttestationIdentity {
    /// Nothing (scriptworker until 4.1.2); what does not fit is an audit finding.
    NotHeld,
    /// Its task id (scriptworker since 4.1.3, 2017-07-12); the rest is an audit finding.
    TaskId,
    /// Schema, task id, run, worker and the definition that the worker ran.
    Whole,
}

/// Whose consumed artifacts are held to their digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consumers {
    /// The target's, as scriptworker does; those of other links are audit findings.
    Target,
    /// Every link's.
    EveryLink,
}

/// Whether optional artifacts are held to their digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptionalArtifacts {
    /// They may be missing, and a wrong digest is an audit finding, as scriptworker has it.
    NotHeld,
    /// They may be missing; where they are there, they must be what was attested.
    HeldToTheirDigest,
}

/// When a decision task's actions.json and parameters.yml count as consumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecisionArtifacts {
    /// Never (scriptworker until 6.0.2).
    Never,
    /// Always (scriptworker since 7.0.0, 2018-01-18).
    Always,
    /// Where the decision task attests them: decision tasks of 2016 did not publish them all.
    IfAttested,
}

/// Whether a task's parent must be a decision or action task of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parentage {
    /// It must: else nothing says who made the task.
    Held,
    /// A parent that the chain knows under another task type is not looked at, as scriptworker has it.
    NotHeld,
}

/// What an artifact that is attested with no digest at all is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmptyDigests {
    /// Nothing: it is refused.
    Refused,
    /// It passes unchecked, as scriptworker has it; an audit finding.
    NotChecked,
}

/// Whether the comparison with the task graph looks at `payload.artifacts[].expires`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArtifactExpiry {
    /// It does.
    Compared,
    /// It does not (scriptworker until 11.x left it out): graphs of that time state it relative to another moment.
    Ignored,
}

/// Whether the key of the host that judges may sign for every role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnHostKey {
    /// It may: each scriptworker of the OpenPGP era put its own key into every keyring, with ultimate trust (0.8.0 to
    /// 22.1.0, `rebuild_gpg_homedirs`). Each such use is an audit finding.
    Accepted,
    /// It may sign what its role says.
    Refused,
}

/// Something that the real verifier checks and this book does not yet.
#[derive(Debug, Clone, Deserialize)]
pub struct Unchecked {
    /// A stable name.
    pub what: String,
    /// One sentence.
    pub message: String,
}

/// A rule book could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleBookError {
    /// There is none of that name.
    #[error("there is no rule book {id}; there are: {}", RuleBook::ids().collect::<Vec<_>>().join(", "))]
    Unknown {
        /// The name asked for.
        id: String,
    },
    /// Its file is broken.
    #[error("the rule book {0} can't be read: {1}")]
    Malformed(String, String),
}

impl RuleBook {
    /// The ids of the shipped rule books; the first is the default.
    pub fn ids() -> impl Iterator<Item = &'static str> {
        BOOKS.iter().map(|(id, _)| *id)
    }

    /// A shipped rule book.
    pub fn named(id: &str) -> Result<Self, RuleBookError> {
        let (_, text) =
            BOOKS.iter().find(|(known, _)| *known == id).ok_or_else(|| RuleBookError::Unknown { id: id.to_owned() })?;
        let mut book: Self =
            serde_json::from_str(text).map_err(|error| RuleBookError::Malformed(id.to_owned(), error.to_string()))?;
        book.digest = Digest::of(text.as_bytes());
        Ok(book)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_book_can_be_read_and_has_its_name() {
        for id in RuleBook::ids() {
            assert_eq!(RuleBook::named(id).unwrap().id, id);
        }
        assert!(matches!(RuleBook::named("5.1.4"), Err(RuleBookError::Unknown { .. })));
    }
}
