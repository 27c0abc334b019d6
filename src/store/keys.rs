//! Captured keys, and who accepted them.

use super::{Case, StoreError};
use crate::model::Digest;

/// A key as a capture brought it: a base64 ed25519 public key, or a file of OpenPGP certificates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyRow {
    /// The snapshot's digest. Not used when writing.
    pub snapshot: Option<Digest>,
    /// The role, as the capture names it.
    pub role: String,
    /// The ed25519 public key, as the capture writes it.
    pub public_key: Option<String>,
    /// The digest of a file of certificates.
    pub file: Option<Digest>,
    /// The path in the capture.
    pub path: String,
    /// First moment of trust, as the capture writes it.
    pub valid_from: Option<String>,
    /// First moment without trust, as the capture writes it.
    pub valid_until: Option<String>,
    /// What says so, as the capture writes it.
    pub source: Option<String>,
    /// Who accepted the capture's keys.
    pub accepted_by: Option<String>,
}

impl Case {
    /// All captured keys, by snapshot and in their listed order.
    pub fn keys(&self) -> Result<Vec<KeyRow>, StoreError> {
        let mut statement = self.conn.prepare(
            "SELECT snapshot.digest, key.role, key.public_key, key.file, key.path, key.valid_from, key.valid_until,
             key.source, acceptance.operator
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
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
