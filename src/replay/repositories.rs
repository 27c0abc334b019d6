//! Key repositories of a case: their histories, and what follows from them for the keys.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::desk::{FactDesk, input_digest};
use super::keys::{GIT_SIGNER, KeyProblem, Keys};
use super::targets::ReplayError;
use crate::examine::ListedKey;
use crate::examine::key_history::{self, Object, ObjectKind};
use crate::examine::key_releases;
use crate::model::{Basis, Code, Digest, FactKey, FactKind, GitSignatureState, KeyHistory, KeyReleases, Role};
use crate::store::{KeyKind, KeyRow, StoreError};
use crate::trust::{KeySets, LedgerError, LedgerFile, key_sets, known_since, release_differences, release_epochs};

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
) -> Result<Vec<(Digest, Vec<u8>)>, ReplayError> {
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
        let snapshot = row.snapshot.unwrap_or(Digest::new([0; 32]));
        let listed = desk.case.repository_objects(&snapshot, &row.path)?;
        let mut kept = Kept { row, refs, signers: &signers, listed, objects: None };
        let lists: KeyReleases =
            kept.fact(desk, (FactKind::KeyReleases, key_releases::VERSION), key_releases::examine)?;
        keys.add_releases(row, &lists)?;
        let history: KeyHistory =
            kept.fact(desk, (FactKind::KeyHistory, key_history::VERSION), key_history::examine)?;
        if history == KeyHistory::default() {
            continue;
        }
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

/// A repository of the case, whose objects are read once, and only where a fact is missing.
struct Kept<'a> {
    row: &'a KeyRow,
    refs: &'a [u8],
    signers: &'a BTreeMap<Digest, &'a Vec<u8>>,
    /// Kind, id and digest of each object.
    listed: Vec<(String, String, Digest)>,
    objects: Option<BTreeMap<String, Object>>,
}

impl Kept<'_> {
    /// What an examiner makes of it, from the stored fact where there is one.
    fn fact<T: Serialize + DeserializeOwned + 'static>(
        &mut self,
        desk: &mut FactDesk<'_>,
        (kind, examiner): (FactKind, u32),
        examine: impl FnOnce(&str, &BTreeMap<String, Object>, &[Vec<u8>]) -> T,
    ) -> Result<T, StoreError> {
        let inputs: Vec<Option<Digest>> = std::iter::once(self.row.file)
            .chain(self.signers.keys().map(|signer| Some(*signer)))
            .chain(self.listed.iter().map(|(_, _, digest)| Some(*digest)))
            .collect();
        let (subject, inputs) = (self.row.path.clone(), input_digest(&inputs));
        let key = FactKey { kind, subject, variant: String::new(), inputs, examiner };
        if let Some(fact) = desk.stored::<T>(&key)? {
            return Ok(fact);
        }
        let objects = match self.objects.take() {
            Some(objects) => objects,
            None => self.read(desk)?,
        };
        let signers: Vec<Vec<u8>> = self.signers.values().map(|bytes| (*bytes).clone()).collect();
        let fact = examine(&String::from_utf8_lossy(self.refs), &objects, &signers);
        self.objects = Some(objects);
        desk.examined(key, &fact);
        desk.keep()?;
        Ok(fact)
    }

    fn read(&self, desk: &FactDesk<'_>) -> Result<BTreeMap<String, Object>, StoreError> {
        let mut objects = BTreeMap::new();
        for (kind, id, digest) in &self.listed {
            let kind = ObjectKind::ALL.into_iter().find(|known| known.word() == kind);
            if let (Some(kind), Some(bytes)) = (kind, desk.case.blob(digest, OBJECT_SIZE_MAX)?) {
                objects.insert(id.clone(), (kind, *digest, bytes));
            }
        }
        Ok(objects)
    }
}

/// The shipped ledger of the same keys.
const RELEASES_LEDGER: &str = "scriptworker-ed25519";

impl Keys {
    /// Adds the keys that scriptworker's releases list, and notes where the shipped ledger says otherwise.
    fn add_releases(&mut self, row: &KeyRow, lists: &KeyReleases) -> Result<(), LedgerError> {
        if lists.releases.is_empty() {
            return Ok(());
        }
        let problem = |code: Code, message: &str| KeyProblem {
            code,
            role: Role::new(row.path.clone()),
            blob: row.file,
            message: format!("{}: {message}", row.path),
            is_for_audit: true,
        };
        for told in lists.problems.iter().take(TOLD_MAX) {
            self.problems.push(problem(Code::KeyRepositoryIncomplete, told));
        }
        let ledger = LedgerFile::all()?.into_iter().find(|ledger| ledger.id == RELEASES_LEDGER);
        let deployments = ledger.as_ref().map_or(&[][..], |ledger| &ledger.deployments);
        let accepted = row.accepted_by.as_ref().map(|_| Basis::Operator);
        let epochs = release_epochs(lists, &row.path, deployments, accepted);
        for told in ledger.iter().flat_map(|ledger| release_differences(&epochs, ledger)).take(TOLD_MAX) {
            self.problems.push(problem(Code::KeyLedgerContradicted, &told));
        }
        for epoch in epochs {
            if let Some(public_key) = epoch.key.public_key() {
                self.keyring.add(&epoch.role, ListedKey::Ed25519(public_key));
            }
            self.ledger.add_epoch(epoch);
        }
        Ok(())
    }

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
