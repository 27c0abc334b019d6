//! What a case knows of its keys.

use serde::Serialize;

use super::{Certificate, Digest, Finding, Form, KeyEpoch, KeyId, Moment, Role, TaskId, TrustUsed};

/// The keys of a case: epochs, certificates, the signatures seen, and what is odd about them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyReport {
    /// The version of this format: 1.
    pub key_report_version: u32,
    /// The content id of the case.
    pub case: Digest,
    /// What was trusted, as asked for.
    pub trust: TrustUsed,
    /// The keys, by name.
    pub keys: Vec<KeyStory>,
    /// The findings about them, ordered by severity, code and key.
    pub findings: Vec<Finding>,
}

/// One key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyStory {
    /// The key.
    pub key: KeyId,
    /// Its epochs, by role and beginning.
    pub epochs: Vec<KeyEpoch>,
    /// Its certificates, one of each file that holds one.
    pub certificates: Vec<CertificateSeen>,
    /// The sound signatures that it made, by claimed time and task.
    pub uses: Vec<KeyUse>,
}

/// A certificate as a file of the case holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateSeen {
    /// The file.
    pub file: Digest,
    /// Since when the file has been known; `null`: always.
    pub known_since: Option<Moment>,
    /// What it says.
    #[serde(flatten)]
    pub certificate: Certificate,
}

/// A sound signature that a key made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyUse {
    /// The time that an OpenPGP signature claims: the signer's word.
    pub claimed_time: Option<Moment>,
    /// When the run started, as the queue says.
    pub started: Option<Moment>,
    /// When the run ended, as the queue says.
    pub resolved: Option<Moment>,
    /// The task whose attestation it signed.
    pub task_id: TaskId,
    /// The run.
    pub run_id: Option<u32>,
    /// The form of the attestation.
    pub form: Form,
    /// The role for which it signed: the worker implementation, where one can be told.
    pub role: Option<Role>,
    /// The OpenPGP key or subkey that made it.
    pub signing_key: Option<String>,
    /// The attestation's artifact.
    pub blob: Digest,
    /// The deployment that its snapshot names.
    pub root_url: Option<String>,
}

impl KeyUse {
    /// The best that anybody says of when it was made: the end of its run as the queue has it, else its start, else
    /// what the signature claims. Nobody signs the queue's times.
    pub fn about(&self) -> Option<Moment> {
        self.resolved.or(self.started).or(self.claimed_time)
    }
}
