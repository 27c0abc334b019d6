//! Keys, the roles they are trusted for, and since when.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Moment;

/// A key's name: `ed25519:` and the public key in base64, as key lists have it; or `openpgp:` and the certificate's fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// The name of an ed25519 public key.
    pub fn ed25519(public_key: &[u8; 32]) -> Self {
        use base64::Engine as _;
        Self(format!("ed25519:{}", base64::engine::general_purpose::STANDARD.encode(public_key)))
    }

    /// The name of an OpenPGP certificate, by the fingerprint of its primary key.
    pub fn openpgp(fingerprint: &str) -> Self {
        Self(format!("openpgp:{}", fingerprint.to_ascii_uppercase()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a key is trusted for: a worker implementation (`docker-worker`, `generic-worker`, `scriptworker`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Role(String);

impl Role {
    /// The role with this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// On whose word a key is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// An operator accepted it.
    Operator,
}

impl Basis {
    /// The word that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Operator => "operator",
        }
    }
}

/// An interval in which a key was trusted for a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyEpoch {
    /// The key.
    pub key: KeyId,
    /// The role.
    pub role: Role,
    /// First moment of trust; `None` where the source gives no beginning.
    pub from: Option<Moment>,
    /// First moment without trust; `None` where the source gives no end.
    pub until: Option<Moment>,
    /// What says so.
    pub source: String,
    /// On whose word it counts; `None` while nobody has accepted it.
    pub basis: Option<Basis>,
}

impl KeyEpoch {
    /// Whether `moment` lies in [from, until).
    pub fn contains(&self, moment: Moment) -> bool {
        self.from.is_none_or(|from| from <= moment) && self.until.is_none_or(|until| moment < until)
    }
}
