//! Key repositories of a case: their histories, and what follows from them for the keys.

use std::collections::{BTreeMap, BTreeSet};

use super::examination::{FactDesk, input_digest};
use super::keys::{GIT_SIGNER, KeyProblem, Keys};
use crate::examine::ListedKey;
use crate::examine::key_history::{self, ObjectKind};
use crate::model::{Code, Digest, FactKey, FactKind, GitSignatureState, KeyHistory, Role};
use crate::store::{KeyKind, KeyRow, StoreError};
use crate::trust::{KeySets, key_sets, known_since};

/// The most bytes of one git object. Imports keep none larger.
const OBJECT_SIZE_MAX: u64 = 16 << 20;

/// The most keys that a finding names as being in the way.
const BLOCKERS_TOLD_MAX: usize = 10;

/// The most findings of one kind that are told of one repository.
const TOLD_MAX: usize = 50;

/// Adds the keys of every repository of the case; returns their key files with the bytes.
pub(super) fn load(
    desk: &mut FactDesk<'_>,
    keys: &mut Keys,
    rows: &[KeyRow],
    files: &[Option<Vec<u8>>],
) -> Result<Vec<(Digest, Vec<u8>)>, StoreError> {
    let is_signer = |row: &KeyRow| row.role == GIT_SIGNER && row.accepted_by.is_some();
    let signers: BTreeMap<Digest, &Vec<u8>> = rows
        .iter()
        .zip(files)
        .filter(|(row, _)| row.kind == KeyKind::Openpgp && is_signer(row))
        .filter_map(|(row, bytes)| Some((row.file?, bytes.as_ref()?)))
        .collect();
    let mut key_files = BTreeMap::new();
    for (row, refs) in rows.iter().zip(files).filter(|(row, _)| row.kind == KeyKind::Repository) {
        let Some(refs) = refs else { continue };
        let history = history(desk, row, refs, &signers)?;
        let sets = key_sets(&history, &row.path);
        keys.tell_of(row, &history, &sets, signers.is_empty());
        for (file, since) in known_since(&history, &sets) {
            keys.know(file, Some(since));
            if let Some(bytes) = desk.case.blob(&file, OBJECT_SIZE_MAX)? {
                key_files.insert(file, bytes);
            }
        }
        let listed: BTreeSet<(Role, Digest)> =
            sets.epochs.iter().filter_map(|epoch| Some((epoch.role.clone(), epoch.file?))).collect();
        for (role, file) in listed {
            if let Some(bytes) = key_files.get(&file) {
                keys.keyring.add(&role, ListedKey::Openpgp(bytes));
            }
        }
        for epoch in sets.epochs {
            keys.ledger.add_epoch(epoch);
        }
    }
    Ok(key_files.into_iter().collect())
}

/// The history of a repository, from the stored fact where there is one.
fn history(
    desk: &mut FactDesk<'_>,
    row: &KeyRow,
    refs: &[u8],
    signers: &BTreeMap<Digest, &Vec<u8>>,
) -> Result<KeyHistory, StoreError> {
    let snapshot = row.snapshot.unwrap_or(Digest::new([0; 32]));
    let listed = desk.case.repository_objects(&snapshot, &row.path)?;
    let inputs: Vec<Option<Digest>> = std::iter::once(row.file)
        .chain(signers.keys().map(|signer| Some(*signer)))
        .chain(listed.iter().map(|(_, _, digest)| Some(*digest)))
        .collect();
    let key = FactKey {
        kind: FactKind::KeyHistory,
        subject: row.path.clone(),
        variant: String::new(),
        inputs: input_digest(&inputs),
        examiner: key_history::VERSION,
    };
    if let Some(history) = desk.stored::<KeyHistory>(&key)? {
        return Ok(history);
    }
    let mut objects = BTreeMap::new();
    for (kind, id, digest) in listed {
        let kind = ObjectKind::ALL.into_iter().find(|known| known.word() == kind);
        if let (Some(kind), Some(bytes)) = (kind, desk.case.blob(&digest, OBJECT_SIZE_MAX)?) {
            objects.insert(id, (kind, digest, bytes));
        }
    }
    let signers: Vec<Vec<u8>> = signers.values().map(|bytes| (*bytes).clone()).collect();
    let history = key_history::examine(&String::from_utf8_lossy(refs), &objects, &signers);
    desk.examined(key, &history);
    desk.keep()?;
    Ok(history)
}

impl Keys {
    /// Notes what is odd about a repository.
    fn tell_of(&mut self, row: &KeyRow, history: &KeyHistory, sets: &KeySets, has_no_signers: bool) {
        let problem = |code: Code, message: String| KeyProblem {
            code,
            role: Role::new(row.path.clone()),
            blob: row.file,
            message,
            is_for_audit: true,
        };
        for told in history.problems.iter().take(TOLD_MAX) {
            self.problems.push(problem(Code::KeyRepositoryIncomplete, format!("{}: {told}", row.path)));
        }
        if has_no_signers {
            let count = sets.unauthenticated.len();
            let message =
                format!("{}: nobody said who may sign its tags, so none of {count} key sets counts", row.path);
            self.problems.push(problem(Code::KeySetUnauthenticated, message));
        } else {
            let points = sets.unauthenticated.iter().filter_map(|index| history.points.get(*index));
            for point in points.take(TOLD_MAX) {
                let phrase = point.signature.state.phrase();
                let issuer = point.signature.issuer.as_ref().map(|issuer| format!(" ({issuer})")).unwrap_or_default();
                let kept =
                    if point.signature.state == GitSignatureState::Good { "" } else { ": its key set changed nothing" };
                let message = format!("{}: {} of {} is {phrase}{issuer}{kept}", row.path, point.title(), point.at);
                self.problems.push(problem(Code::KeySetUnauthenticated, message));
            }
        }
        let lapsed = history.points.iter().filter(|point| point.signature.state == GitSignatureState::KeyNotValid);
        for point in lapsed.take(TOLD_MAX) {
            let signer = point.signature.signer.as_ref().map(ToString::to_string).unwrap_or_default();
            let made = point.signature.made.map(|made| format!(" on {made}")).unwrap_or_default();
            let message =
                format!("{}: {} was signed{made} by {signer}, which was not valid then", row.path, point.title());
            self.problems.push(problem(Code::KeySignerLapsed, message));
        }
        for point in sets.blocked.iter().filter_map(|index| history.points.get(*index)).take(TOLD_MAX) {
            let blockers = point.blockers.iter().take(BLOCKERS_TOLD_MAX).map(|blocker| {
                let since = blocker.since.map(|since| format!(" on {since}")).unwrap_or_default();
                format!("{} in {} {}{since}", blocker.key, blocker.path, blocker.why.phrase())
            });
            let message = format!(
                "{}: no keyring could be built from {} of {}, so verifiers kept what they had: {}",
                row.path,
                point.title(),
                point.at,
                blockers.collect::<Vec<_>>().join("; ")
            );
            self.problems.push(problem(Code::KeySetBlocked, message));
        }
        let deciding = sets.deciding.iter().filter_map(|index| history.points.get(*index));
        let mut uncertified = BTreeMap::new();
        for point in deciding {
            for member in &point.members {
                for key in &member.uncertified {
                    uncertified.entry((key.clone(), member.path.clone())).or_insert(point.at);
                }
            }
        }
        for ((key, path), since) in uncertified.into_iter().take(TOLD_MAX) {
            let message = format!("{}: no trusted key has certified {key} in {path}, first on {since}", row.path);
            self.problems.push(problem(Code::KeyUncertified, message));
        }
    }
}
