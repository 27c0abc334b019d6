//! Captured keys, and who accepted them.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};

use super::{Case, StoreError};
use crate::model::{Digest, Moment};

/// What a row of keys is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyKind {
    /// A base64 ed25519 public key.
    #[default]
    Ed25519,
    /// A file of OpenPGP certificates.
    Openpgp,
    /// A ledger of key epochs.
    Ledger,
    /// A git repository of key sets, with its history.
    Repository,
}

impl KeyKind {
    /// Every kind.
    pub(super) const ALL: [Self; 4] = [Self::Ed25519, Self::Openpgp, Self::Ledger, Self::Repository];

    /// Its name in the case file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Openpgp => "openpgp",
            Self::Ledger => "ledger",
            Self::Repository => "repository",
        }
    }
}

impl FromSql for KeyKind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let name = value.as_str()?;
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or(FromSqlError::InvalidType)
    }
}

/// A key as a capture brought it: a base64 ed25519 public key, or a file of OpenPGP certificates; or a ledger of keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyRow {
    /// The snapshot's digest. Not used when writing.
    pub snapshot: Option<Digest>,
    /// What it is.
    pub kind: KeyKind,
    /// The role, as the capture names it; empty of a ledger, which names its own.
    pub role: String,
    /// The ed25519 public key, as the capture writes it.
    pub public_key: Option<String>,
    /// The digest of a file of certificates, of a ledger, or of a repository's refs.
    pub file: Option<Digest>,
    /// The path in the capture.
    pub path: String,
    /// First moment of trust, as the capture writes it.
    pub valid_from: Option<String>,
    /// First moment without trust, as the capture writes it.
    pub valid_until: Option<String>,
    /// What says so, as the capture writes it.
    pub source: Option<String>,
    /// When the snapshot was imported. Not used when writing.
    pub imported_at: Option<Moment>,
    /// Who accepted the capture's keys.
    pub accepted_by: Option<String>,
}

impl Case {
    /// The git objects that a snapshot keeps of a key repository: kind, id, and the digest of the bytes, by id.
    pub fn repository_objects(
        &self,
        snapshot: &Digest,
        path: &str,
    ) -> Result<Vec<(String, String, Digest)>, StoreError> {
        self.reading(|conn| {
            let prefix = format!("{path}/objects/");
            let mut statement = conn.prepare(
                "SELECT substr(file.path, length(?2) + 1), file.sha256
                 FROM file JOIN snapshot ON snapshot.id = file.snapshot
                 WHERE snapshot.digest = ?1 AND substr(file.path, 1, length(?2)) = ?2 AND file.disposition = 'evidence'
                 AND file.sha256 IS NOT NULL ORDER BY file.path",
            )?;
            let rows = statement.query_map(rusqlite::params![snapshot, prefix], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, Digest>(1)?))
            })?;
            let mut objects = Vec::new();
            for row in rows {
                let (place, digest) = row?;
                if let Some((kind, id)) = place.split_once('/') {
                    objects.push((kind.to_owned(), id.to_owned(), digest));
                }
            }
            Ok(objects)
        })
    }

    /// All captured keys, by snapshot and in their listed order.
    pub fn keys(&self) -> Result<Vec<KeyRow>, StoreError> {
        self.reading(|conn| {
            let mut statement = conn.prepare(
                "SELECT snapshot.digest, key.role, key.public_key, key.file, key.path, key.valid_from, key.valid_until,
                 key.source, acceptance.operator, snapshot.imported_at, key.kind
                 FROM key JOIN snapshot ON snapshot.id = key.snapshot
                 LEFT JOIN acceptance ON acceptance.snapshot = key.snapshot
                 ORDER BY snapshot.digest, key.ordinal",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(KeyRow {
                    snapshot: row.get(0)?,
                    role: row.get(1)?,
                    public_key: row.get(2)?,
                    file: row.get(3)?,
                    path: row.get(4)?,
                    valid_from: row.get(5)?,
                    valid_until: row.get(6)?,
                    source: row.get(7)?,
                    accepted_by: row.get(8)?,
                    imported_at: row.get(9)?,
                    kind: row.get(10)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}
