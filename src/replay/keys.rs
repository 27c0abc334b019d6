//! The keys of a replay: the keyring that signatures are tried against, and the ledger of who is trusted.

use rayon::prelude::*;

use super::examination::{FactDesk, input_digest};
use crate::examine::{Keyring, ListedKey, certificate};
use crate::model::{Basis, Certificate, Code, Digest, FactKey, FactKind, KeyEpoch, Moment, Role};
use crate::store::{KeyRow, StoreError};
use crate::trust::Ledger;

/// The most bytes of a key file. Imports keep none larger.
const KEY_FILE_SIZE_MAX: u64 = 16 * 1024 * 1024;

/// A listed key that can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyProblem {
    pub(super) code: Code,
    pub(super) role: Role,
    pub(super) blob: Option<Digest>,
    pub(super) message: String,
}

/// All keys of a case.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pub(super) keyring: Keyring,
    pub(super) ledger: Ledger,
    pub(super) problems: Vec<KeyProblem>,
}

/// Reads the keys of the case and examines the certificates that have not been yet.
pub(super) fn load(desk: &mut FactDesk<'_>) -> Result<Keys, StoreError> {
    let rows = desk.case.keys()?;
    let mut files = Vec::new();
    for row in &rows {
        let bytes = row.file.map(|file| desk.case.blob(&file, KEY_FILE_SIZE_MAX)).transpose()?.flatten();
        files.push(bytes);
    }
    let mut keys = Keys::default();
    for (row, bytes) in rows.iter().zip(&files) {
        keys.add(row, bytes.as_deref());
    }
    for (certificate, is_accepted, file) in certificates(desk, &rows, &files)? {
        keys.ledger.add_certificate(certificate, is_accepted, file);
    }
    Ok(keys)
}

impl Keys {
    fn add(&mut self, row: &KeyRow, file: Option<&[u8]>) {
        let role = Role::new(row.role.clone());
        let problem = |message: String| KeyProblem {
            code: Code::KeyMalformed,
            role: role.clone(),
            blob: row.file,
            message: format!("{}: {message}", row.path),
        };
        let listed = match (&row.public_key, file) {
            (Some(text), _) => ListedKey::Ed25519(text),
            (None, Some(bytes)) => ListedKey::Openpgp(bytes),
            (None, None) => {
                let missing = problem("the key file's bytes are not in the case".to_owned());
                self.problems.push(missing);
                return;
            }
        };
        let interval = (moment(row.valid_from.as_deref()), moment(row.valid_until.as_deref()));
        let (from, until) = match interval {
            (Ok(from), Ok(until)) => (from, until),
            (Err(_), _) | (_, Err(_)) => {
                self.problems.push(problem("its interval can't be read, so it is never in force".to_owned()));
                (Moment::from_unix(0), Moment::from_unix(0))
            }
        };
        let entry = self.keyring.add(&role, listed);
        if let Some(why) = entry.problem {
            let shown = row.public_key.as_deref().unwrap_or("a certificate");
            let unusable = problem(format!("the key {shown} of {role} can't be used: {why}"));
            self.problems.push(unusable);
        }
        for key in entry.keys {
            self.ledger.add_epoch(KeyEpoch {
                key,
                role: role.clone(),
                from,
                until,
                source: row.source.clone().unwrap_or_else(|| row.path.clone()),
                basis: row.accepted_by.as_ref().map(|_| Basis::Operator),
            });
        }
    }
}

fn moment(text: Option<&str>) -> Result<Option<Moment>, crate::model::InvalidMoment> {
    text.map(str::parse).transpose()
}

/// The certificates of all key files, from stored facts where there are any; each with whether somebody accepted it.
fn certificates(
    desk: &mut FactDesk<'_>,
    rows: &[KeyRow],
    files: &[Option<Vec<u8>>],
) -> Result<Vec<(Certificate, bool, Digest)>, StoreError> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for (row, bytes) in rows.iter().zip(files) {
        let (Some(file), Some(bytes)) = (row.file, bytes) else { continue };
        let key = FactKey {
            kind: FactKind::Certificate,
            subject: file.to_string(),
            variant: String::new(),
            inputs: input_digest(&[Some(file)]),
            examiner: certificate::VERSION,
        };
        let is_accepted = row.accepted_by.is_some();
        match desk.stored::<Vec<Certificate>>(&key)? {
            Some(certificates) => found.extend(certificates.into_iter().map(|cert| (cert, is_accepted, file))),
            None => missing.push((key, bytes, is_accepted, file)),
        }
    }
    let examined: Vec<(FactKey, Vec<Certificate>, bool, Digest)> = missing
        .into_par_iter()
        .map(|(key, bytes, is_accepted, file)| (key, certificate::examine(bytes), is_accepted, file))
        .collect();
    for (key, certificates, is_accepted, file) in examined {
        desk.examined(key, &certificates);
        found.extend(certificates.into_iter().map(|cert| (cert, is_accepted, file)));
    }
    desk.keep()?;
    Ok(found)
}
