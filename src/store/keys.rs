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
}

impl KeyKind {
    /// Every kind.
    const ALL: [Self; 3] = [Self::Ed25519, Self::Openpgp, Self::Ledger];

    /// Its name in the case file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Openpgp => "openpgp",
            Self::Ledger => "ledger",
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
    /// The digest of a file of certificates, or of a ledger.
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
