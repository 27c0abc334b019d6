//! Keys, the roles they are trusted for, and since when.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Digest, Form, Moment};

/// A key's name: `ed25519:` and the public key in base64, as key lists have it; or `openpgp:` and the certificate's fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// The characters of a short name.
    pub const SHORT: usize = 16;

    /// The part of it that people know it by: the end of a fingerprint, the beginning of a public key.
    pub fn short(&self) -> &str {
        let name = self.fingerprint().or_else(|| self.public_key());
        let is_fingerprint = self.fingerprint().is_some();
        let name = name.unwrap_or(&self.0);
        let skipped = if is_fingerprint { name.chars().count().saturating_sub(Self::SHORT) } else { 0 };
        let begin = name.char_indices().nth(skipped).map_or(0, |(at, _)| at);
        let rest = &name[begin..];
        rest.char_indices().nth(Self::SHORT).map_or(rest, |(end, _)| &rest[..end])
    }

    /// The name of an ed25519 public key.
    pub fn ed25519(public_key: &[u8; 32]) -> Self {
        use base64::Engine as _;
        Self(format!("ed25519:{}", base64::engine::general_purpose::STANDARD.encode(public_key)))
    }

    /// The name of an ed25519 public key that is given in base64.
    pub fn ed25519_named(base64: &str) -> Option<Self> {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::STANDARD.decode(base64).ok()?;
        bytes.try_into().ok().map(|public_key: [u8; 32]| Self::ed25519(&public_key))
    }

    /// The name of an OpenPGP certificate, by the fingerprint of its primary key.
    pub fn openpgp(fingerprint: &str) -> Self {
        Self(format!("openpgp:{}", fingerprint.to_ascii_uppercase()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The names under which the key that made a signature is known: its own, and of an OpenPGP subkey the one that it has
    /// beside that of its certificate.
    pub fn names<'a>(
        form: Form,
        key: Option<&'a str>,
        signing_key: Option<&str>,
    ) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let subkey =
            signing_key.filter(|_| form == Form::Openpgp).map(|subkey| Cow::Owned(format!("openpgp:{subkey}")));
        key.map(Cow::Borrowed).into_iter().chain(subkey)
    }

    /// The fingerprint of an OpenPGP certificate.
    pub fn fingerprint(&self) -> Option<&str> {
        self.0.strip_prefix("openpgp:")
    }

    /// Whether a text names it: its whole name; the beginning, the end or eight digits of its fingerprint, in any case and
    /// with any blanks; or the beginning or end of its public key.
    pub fn is_named(&self, name: &str) -> bool {
        let name = name.replace(' ', "");
        if name.is_empty() || self.0 == name {
            return self.0 == name;
        }
        match self.fingerprint() {
            Some(fingerprint) => {
                let name = name.trim_start_matches("openpgp:").to_ascii_uppercase();
                let is_inside = name.len() >= 8 && fingerprint.contains(&name);
                is_inside || fingerprint.starts_with(&name) || fingerprint.ends_with(&name)
            }
            None => self.public_key().is_some_and(|public_key| {
                let name = name.trim_start_matches("ed25519:");
                public_key.starts_with(name) || public_key.ends_with(name)
            }),
        }
    }

    /// The public key of an ed25519 key, in base64.
    pub fn public_key(&self) -> Option<&str> {
        self.0.strip_prefix("ed25519:")
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
    /// A ledger that ships with cotrace: facts of public repositories, as somebody read them.
    Builtin,
    /// A key repository had it in a key set that a trusted signer signed.
    Repository,
    /// An operator accepted it, and the custody log says who.
    Operator,
}

impl Basis {
    /// Every basis.
    pub const ALL: [Self; 3] = [Self::Builtin, Self::Repository, Self::Operator];

    /// The word that reports and the command line use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Builtin => "builtin",
            Self::Repository => "repository",
            Self::Operator => "operator",
        }
    }
}

/// How an epoch began or ended, as its source tells.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EpochEvent {
    /// When the key set that has it was made, where that is not a release.
    pub at: Option<Moment>,
    /// The signed tag of that key set.
    pub tag: Option<String>,
    /// The release that made it effective.
    pub release: Option<String>,
    /// When that release was made.
    pub released_at: Option<Moment>,
    /// The commit.
    pub commit: Option<String>,
    /// When the commit was made, as its author's clock had it.
    pub committed_at: Option<Moment>,
    /// When it landed on the main branch.
    pub landed_at: Option<Moment>,
    /// Who made the commit.
    pub who: Option<String>,
    /// The fingerprint of the key that signed the tag, or the commit where there is none.
    pub signer: Option<String>,
    /// Why, in the source's words.
    pub why: Option<String>,
}

impl EpochEvent {
    /// What it says but for why, each part in words. Captured text.
    pub fn parts(&self) -> impl Iterator<Item = String> {
        let moment = |words: &str, moment: Option<Moment>| moment.map(|moment| format!("{words} {moment}"));
        let text = |words: &str, text: &Option<String>| text.as_ref().map(|text| format!("{words} {text}"));
        let parts = [
            text("tag", &self.tag),
            moment("of", self.at),
            text("release", &self.release),
            moment("of", self.released_at),
            text("commit", &self.commit),
            moment("made", self.committed_at),
            moment("landed", self.landed_at),
            text("by", &self.who),
            text("signed by", &self.signer),
        ];
        parts.into_iter().flatten()
    }
}

/// An interval in which a key was trusted for a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyEpoch {
    /// The key.
    pub key: KeyId,
    /// The role.
    pub role: Role,
    /// First moment of trust; `None` where the source gives no beginning.
    pub from: Option<Moment>,
    /// First moment without trust; `None` where the source gives no end.
    pub until: Option<Moment>,
    /// The deployments whose verifiers trusted it, by root URL; empty where the source names none: then any.
    pub deployments: Vec<String>,
    /// The file whose certificate counts in it. Other files may hold other variants of the same certificate.
    pub file: Option<Digest>,
    /// What says so.
    pub source: String,
    /// How it began, where the source tells.
    pub began: Option<EpochEvent>,
    /// How it ended, where the source tells.
    pub ended: Option<EpochEvent>,
    /// The moment up to which the source knows; `None` where it names no such moment.
    pub known_until: Option<Moment>,
    /// On whose word it counts; `None` while nobody has accepted it.
    pub basis: Option<Basis>,
}

impl KeyEpoch {
    /// Whether `moment` lies in [from, until).
    pub fn contains(&self, moment: Moment) -> bool {
        self.from.is_none_or(|from| from <= moment) && self.until.is_none_or(|until| moment < until)
    }

    /// Whether it counts for a deployment; where the deployment is not known, it does.
    pub fn is_of(&self, root_url: Option<&str>) -> bool {
        let plain = |url: &str| url.trim_end_matches('/').to_owned();
        self.deployments.is_empty()
            || root_url.is_none_or(|root| self.deployments.iter().any(|of| plain(of) == plain(root)))
    }
}
