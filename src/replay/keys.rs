//! The keys of a replay: the keyring that signatures are tried against, and the ledger of who is trusted.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::desk::{FactDesk, input_digest};
use super::repositories;
use super::targets::ReplayError;
use crate::examine::{Keyring, KeyringEntry, ListedKey, certificate};
use crate::model::{
    Asserter, Basis, Certificate, Code, Digest, Evidence, FactKey, FactKind, Finding, KeyEpoch, KeyId, Moment, Plane,
    Role, Subject,
};
use crate::store::{KeyKind, KeyRow, StoreError};
use crate::trust::{Ledger, LedgerEpoch, LedgerFile};

/// The most bytes of a key file. Imports keep none larger.
const KEY_FILE_SIZE_MAX: u64 = 16 * 1024 * 1024;

/// The role of those who may sign the commits and tags of a key repository. It signs for no worker.
pub(super) const GIT_SIGNER: &str = "git-signer";

/// A listed key that can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyProblem {
    pub(super) code: Code,
    pub(super) role: Role,
    pub(super) blob: Option<Digest>,
    pub(super) message: String,
    /// Whether only the audit of keys tells it.
    pub(super) is_for_audit: bool,
}

impl KeyProblem {
    /// The finding that tells it.
    pub(super) fn finding(&self) -> Finding {
        Finding {
            code: self.code,
            plane: Plane::Audit,
            severity: self.code.severity(),
            reason: self.code.reason(),
            subject: Subject { kind: "key", task_id: None, run_id: None, name: Some(self.role.to_string()) },
            targets: Vec::new(),
            message: self.message.clone(),
            confirm: None,
            evidence: vec![Evidence {
                blob: self.blob,
                pointer: None,
                excerpt: None,
                asserted_by: Asserter::Collector,
            }],
        }
    }
}

/// All keys of a case.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pub(super) keyring: Keyring,
    pub(super) ledger: Ledger,
    pub(super) problems: Vec<KeyProblem>,
    /// The lists of ed25519 keys that have held one that can't be read so far, by snapshot, file and role, with what is to
    /// be told of it.
    broken: BTreeMap<(Option<Digest>, String, Role), String>,
    /// Since when each key file has been known; `None`: always.
    known_since: BTreeMap<Digest, Option<Moment>>,
    /// The epochs of ledgers whose files the case has: ledger, key, and file as the ledger names it.
    vouched: BTreeSet<(String, KeyId, Option<Digest>)>,
}

/// Reads the keys of the case, adds those that ship with cotrace, and examines the certificates that have not been yet.
pub(super) fn load(desk: &mut FactDesk<'_>) -> Result<Keys, ReplayError> {
    let rows = desk.case.keys()?;
    let mut files = Vec::new();
    for row in &rows {
        let bytes = row.file.map(|file| desk.case.blob(&file, KEY_FILE_SIZE_MAX)).transpose()?.flatten();
        files.push(bytes);
    }
    let mut keys = Keys::default();
    let mut ledgers: Vec<Counting> =
        LedgerFile::all()?.into_iter().map(|ledger| Counting { ledger, basis: Some(Basis::Builtin) }).collect();
    let listed = || rows.iter().zip(&files);
    for (row, bytes) in listed().filter(|(row, _)| row.kind == KeyKind::Ledger) {
        ledgers.extend(keys.read_ledger(row, bytes.as_deref()));
    }
    let of_workers = |row: &KeyRow| match row.kind {
        KeyKind::Ed25519 | KeyKind::Openpgp => row.role != GIT_SIGNER,
        KeyKind::Ledger | KeyKind::Repository => false,
    };
    for (row, bytes) in listed().filter(|(row, _)| of_workers(row)) {
        keys.add(row, bytes.as_deref(), &ledgers);
    }
    let mut key_files = repositories::load(desk, &mut keys, &rows, &files)?;
    let listed_files = listed().filter(|(row, _)| of_workers(row) && row.kind == KeyKind::Openpgp);
    key_files.extend(listed_files.filter_map(|(row, bytes)| Some((row.file?, bytes.clone()?))));
    // Last in the keyring: a key that the case brings is the likelier one.
    for (counting, epoch) in epochs_of(&ledgers) {
        // One whose file the case has was added with that file.
        if keys.vouched.contains(&(counting.ledger.id.clone(), epoch.key.clone(), epoch.file)) {
            continue;
        }
        if let Some(public_key) = epoch.key.public_key() {
            keys.keyring.add(&epoch.role, ListedKey::Ed25519(public_key));
        }
        keys.ledger.add_epoch(counting.ledger.epoch(epoch, None, counting.basis));
    }
    for (certificate, file) in certificates(desk, &key_files)? {
        let known_since = keys.known_since.get(&file).copied().flatten();
        keys.ledger.add_certificate(certificate, file, known_since);
    }
    Ok(keys)
}

/// A ledger, and on whose word it counts.
struct Counting {
    ledger: LedgerFile,
    basis: Option<Basis>,
}

/// The epochs of all ledgers.
fn epochs_of(ledgers: &[Counting]) -> impl Iterator<Item = (&Counting, &LedgerEpoch)> {
    ledgers.iter().flat_map(|counting| counting.ledger.epochs.iter().map(move |epoch| (counting, epoch)))
}

impl Keys {
    fn add(&mut self, row: &KeyRow, bytes: Option<&[u8]>, ledgers: &[Counting]) {
        let role = Role::new(row.role.clone());
        let problem = |code: Code, message: String| KeyProblem {
            code,
            role: role.clone(),
            blob: row.file,
            message: format!("{}: {message}", row.path),
            is_for_audit: false,
        };
        let listed = match (&row.public_key, bytes) {
            (Some(text), _) => ListedKey::Ed25519(text),
            (None, Some(bytes)) => ListedKey::Openpgp(bytes),
            (None, None) => {
                let missing = problem(Code::KeyMalformed, "the key file's bytes are not in the case".to_owned());
                self.problems.push(missing);
                return;
            }
        };
        let interval =
            moment(row.valid_from.as_deref()).and_then(|from| Ok((from, moment(row.valid_until.as_deref())?)));
        let (from, until) = interval.unwrap_or_else(|_| {
            let unreadable = "its interval can't be read, so it is never in force".to_owned();
            self.problems.push(problem(Code::KeyMalformed, unreadable));
            (Moment::from_unix(0), Moment::from_unix(0))
        });
        let entry = self.keyring.add(&role, listed);
        self.place(row, &entry);
        if let Some(why) = entry.problem {
            let shown = row.public_key.as_deref().unwrap_or("a certificate");
            let message = format!("the key {shown} of {role} can't be used: {why}");
            self.problems.push(problem(Code::KeyMalformed, message));
        }
        if let Some(file) = row.file {
            self.know(file, row.imported_at);
        }
        let mut variants = Vec::new();
        for key in entry.keys {
            let is_known = epochs_of(ledgers).any(|(_, epoch)| epoch.key == key);
            // What a ledger knows of a key is not widened by somebody who accepts it without saying from when to when.
            if is_known && from.is_none() && until.is_none() {
                let vouched = self.add_vouched(row, &key, bytes, ledgers);
                if !vouched {
                    variants.push(key);
                }
                continue;
            }
            self.ledger.add_epoch(KeyEpoch {
                key,
                role: role.clone(),
                from,
                until,
                deployments: Vec::new(),
                file: row.file,
                source: row.source.clone().unwrap_or_else(|| row.path.clone()),
                began: None,
                ended: None,
                known_until: None,
                basis: row.accepted_by.as_ref().map(|_| Basis::Operator),
            });
        }
        if let Some(first) = variants.first() {
            let more =
                if variants.len() > 1 { format!(" and {} more keys", variants.len() - 1) } else { String::new() };
            let message = format!("it holds other variants of {first}{more} than any that the ledger vouches for");
            self.problems.push(problem(Code::KeyVariantUnknown, message));
        }
    }

    /// Notes where a key stands in its list: behind one that can't be read, or being one.
    fn place(&mut self, row: &KeyRow, entry: &KeyringEntry) {
        let list = (row.snapshot, row.path.clone(), entry.role.clone());
        if let Some(told) = self.broken.get(&list) {
            entry.keys.iter().for_each(|key| self.ledger.add_behind(&entry.role, key, told));
        }
        if entry.problem.is_some()
            && let Some(text) = row.public_key.as_deref().filter(|text| !has_key_bytes(text))
        {
            self.broken.entry(list).or_insert_with(|| format!("the key {text:?} in {}", row.path));
        }
    }

    /// Reads a ledger that the case brings; one that can't be read is told.
    fn read_ledger(&mut self, row: &KeyRow, bytes: Option<&[u8]>) -> Option<Counting> {
        let text = bytes.map(String::from_utf8_lossy);
        let read = text.ok_or_else(|| format!("{}: the ledger's bytes are not in the case", row.path));
        match read.and_then(|text| LedgerFile::read(&row.path, &text).map_err(|error| error.to_string())) {
            Ok(ledger) => Some(Counting { ledger, basis: row.accepted_by.as_ref().map(|_| Basis::Operator) }),
            Err(message) => {
                let role = Role::new("");
                let code = Code::KeyMalformed;
                self.problems.push(KeyProblem { code, role, blob: row.file, message, is_for_audit: false });
                None
            }
        }
    }

    /// Adds the ledgers' epochs of a key that vouch for the bytes of its file; whether there is one.
    fn add_vouched(&mut self, row: &KeyRow, key: &KeyId, bytes: Option<&[u8]>, ledgers: &[Counting]) -> bool {
        let digests = row.file.zip(bytes.map(certificate::packets_digest));
        let vouches = |epoch: &LedgerEpoch| match digests {
            Some((file, packets)) => epoch.vouches_for(&file, &packets),
            None => true,
        };
        let mut vouched = false;
        for (counting, epoch) in epochs_of(ledgers).filter(|(_, epoch)| epoch.key == *key && vouches(epoch)) {
            vouched = true;
            if row.file.is_some() {
                self.vouched.insert((counting.ledger.id.clone(), key.clone(), epoch.file));
            }
            if let Some(file) = row.file {
                self.know(file, epoch.from.or(row.imported_at));
            }
            self.ledger.add_epoch(counting.ledger.epoch(epoch, row.file, counting.basis));
            if row.accepted_by.is_some() {
                self.ledger.add_epoch(counting.ledger.epoch(epoch, row.file, Some(Basis::Operator)));
            }
        }
        vouched
    }

    /// Notes since when a file has been known: the earliest that anything says.
    pub(super) fn know(&mut self, file: Digest, since: Option<Moment>) {
        let known = self.known_since.entry(file).or_insert(since);
        *known = (*known).min(since);
    }
}

/// Whether a text decodes to the 32 bytes of an ed25519 key as Python's `b64decode` reads it, which overlooks every character
/// that is not of the alphabet. Which 32 bytes they are does not matter to `cryptography`.
fn has_key_bytes(text: &str) -> bool {
    const DIGITS: usize = 43;
    let (digits, padding) = text.split_once('=').map_or((text, false), |(digits, _)| (digits, true));
    padding && digits.bytes().filter(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte)).count() == DIGITS
}

fn moment(text: Option<&str>) -> Result<Option<Moment>, crate::model::InvalidMoment> {
    text.map(str::parse).transpose()
}

/// The certificates of all key files, each with its file, from stored facts where there are any.
fn certificates(
    desk: &mut FactDesk<'_>,
    files: &[(Digest, Vec<u8>)],
) -> Result<Vec<(Certificate, Digest)>, StoreError> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for (file, bytes) in files.iter().map(|(file, bytes)| (*file, bytes)).collect::<BTreeMap<_, _>>() {
        let key = FactKey {
            kind: FactKind::Certificate,
            subject: file.to_string(),
            variant: String::new(),
            inputs: input_digest(&[Some(file)]),
            examiner: certificate::VERSION,
        };
        match desk.stored::<Vec<Certificate>>(&key)? {
            Some(certificates) => found.extend(certificates.into_iter().map(|cert| (cert, file))),
            None => missing.push((key, bytes, file)),
        }
    }
    let examined: Vec<(FactKey, Vec<Certificate>, Digest)> =
        missing.into_par_iter().map(|(key, bytes, file)| (key, certificate::examine(bytes), file)).collect();
    for (key, certificates, file) in examined {
        desk.examined(key, &certificates);
        found.extend(certificates.into_iter().map(|cert| (cert, file)));
    }
    desk.keep()?;
    Ok(found)
}
