//! From the releases of scriptworker to epochs: which ed25519 keys a verifier of each release held.

use std::collections::{BTreeMap, BTreeSet};

use super::audit::joined;
use super::ledger_file::LedgerFile;
use crate::model::{
    Basis, CommitTold, EpochEvent, GitSignatureState, KeyChange, KeyEpoch, KeyId, KeyRelease, KeyReleases, Moment,
    ReleasedKey, Role,
};

/// Works out the epochs. One begins with the first release that lists the key and ends with the first that no longer does.
/// It rests on the repository's word where a trusted signer signed the release's tag, else on that of `accepted`: nobody
/// else says that this is what was released. From the first signed release that still lists the key, the repository's word
/// counts.
pub fn release_epochs(
    lists: &KeyReleases,
    source: &str,
    deployments: &[String],
    accepted: Option<Basis>,
) -> Vec<KeyEpoch> {
    let mut epochs = Vec::new();
    let mut open: BTreeMap<(Role, KeyId), KeyEpoch> = BTreeMap::new();
    for release in &lists.releases {
        let basis = if release.signature.state == GitSignatureState::Good { Some(Basis::Repository) } else { accepted };
        let mut kept = BTreeMap::new();
        for listed in &release.keys {
            let place = (listed.role.clone(), listed.key.clone());
            let began = KeyEpoch {
                key: listed.key.clone(),
                role: listed.role.clone(),
                from: Some(release.at),
                until: None,
                deployments: deployments.to_vec(),
                file: None,
                source: place_of(listed, release, source),
                began: Some(event(release, change(&release.added, listed))),
                ended: None,
                known_until: lists.known_until,
                basis,
            };
            let epoch = match open.remove(&place) {
                Some(epoch) if basis == Some(Basis::Repository) && epoch.basis != basis => {
                    let began = KeyEpoch { began: Some(event(release, None)), ..began };
                    epochs.push(end(epoch, release, None));
                    began
                }
                Some(epoch) => epoch,
                None => began,
            };
            kept.insert(place, epoch);
        }
        for ((role, key), epoch) in open {
            let change = release.removed.iter().find(|change| change.role == role && change.key == key);
            epochs.push(end(epoch, release, change));
        }
        open = kept;
    }
    epochs.extend(open.into_values());
    // Two releases of one second: what the first said never held.
    epochs.retain(|epoch| epoch.until.is_none_or(|until| epoch.from.is_none_or(|from| from < until)));
    epochs.sort_by(|a, b| (a.from, &a.role, &a.key).cmp(&(b.from, &b.role, &b.key)));
    epochs
}

fn place_of(listed: &ReleasedKey, release: &KeyRelease, source: &str) -> String {
    let path = release.path.as_deref().unwrap_or_default();
    let state = release.signature.state;
    let word = if state == GitSignatureState::Good { "authenticated" } else { "not authenticated" };
    let (line, release) = (listed.line, &release.release);
    format!("{path}:{line} of {release} in {source}, {word}: its tag is {}", state.phrase())
}

fn change<'a>(changes: &'a [KeyChange], listed: &ReleasedKey) -> Option<&'a KeyChange> {
    changes.iter().find(|change| change.role == listed.role && change.key == listed.key)
}

fn end(epoch: KeyEpoch, release: &KeyRelease, change: Option<&KeyChange>) -> KeyEpoch {
    KeyEpoch { until: Some(release.at), ended: Some(event(release, change)), ..epoch }
}

fn event(release: &KeyRelease, change: Option<&KeyChange>) -> EpochEvent {
    let commit: Option<&CommitTold> = change.and_then(|change| change.commit.as_ref());
    EpochEvent {
        release: Some(release.release.to_string()),
        released_at: Some(release.at),
        commit: commit.map(|commit| commit.id.clone()),
        committed_at: commit.map(|commit| commit.at),
        landed_at: commit.and_then(|commit| commit.landed),
        who: commit.map(|commit| commit.who.clone()),
        why: commit.map(|commit| commit.why.clone()),
        signer: release.signature.signer.as_ref().and_then(|signer| signer.fingerprint()).map(str::to_owned),
        ..EpochEvent::default()
    }
}

/// How the epochs of a repository differ from those of a ledger, up to the moment at which that was read: a message for
/// each key and role.
pub fn release_differences(epochs: &[KeyEpoch], ledger: &LedgerFile) -> Vec<String> {
    let shipped: Vec<KeyEpoch> = ledger.epochs.iter().map(|epoch| ledger.epoch(epoch, None, None)).collect();
    let places: BTreeSet<(&Role, &KeyId)> =
        epochs.iter().chain(&shipped).map(|epoch| (&epoch.role, &epoch.key)).collect();
    let mut differences = Vec::new();
    for (role, key) in places {
        let of = |epochs: &[KeyEpoch]| -> Vec<(Option<Moment>, Option<Moment>)> {
            let known = |moment: Moment| ledger.known_until.is_none_or(|known| moment < known);
            let spans = joined(epochs.iter().filter(|epoch| epoch.role == *role && epoch.key == *key));
            let read = spans.into_iter().filter(|(from, _)| from.is_none_or(known));
            read.map(|(from, until)| (from, until.filter(|until| known(*until)))).collect()
        };
        let (here, there) = (of(epochs), of(&shipped));
        if here != there {
            differences.push(format!(
                "{key} of {role} is listed {}, and by {} {}",
                told(&here),
                ledger.id,
                told(&there)
            ));
        }
    }
    differences
}

fn told(spans: &[(Option<Moment>, Option<Moment>)]) -> String {
    let told = |(from, until): &(Option<Moment>, Option<Moment>)| {
        let from = from.map_or_else(|| "ever".to_owned(), |from| from.to_string());
        let until = until.map_or_else(|| "on".to_owned(), |until| format!("until {until}"));
        format!("from {from} {until}")
    };
    if spans.is_empty() { "never".to_owned() } else { spans.iter().map(told).collect::<Vec<_>>().join(" and ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GitSignature;

    fn release(name: &str, at: &str, state: GitSignatureState, keys: &[u8]) -> KeyRelease {
        let listed = |key: &u8| ReleasedKey { role: Role::new("a"), key: KeyId::ed25519(&[*key; 32]), line: 1 };
        KeyRelease {
            release: name.parse().unwrap(),
            commit: String::new(),
            at: at.parse().unwrap(),
            signature: GitSignature { state, signer: None, issuer: None, made: None },
            path: None,
            keys: keys.iter().map(listed).collect(),
            added: Vec::new(),
            removed: Vec::new(),
        }
    }

    fn epochs(releases: Vec<KeyRelease>) -> Vec<(KeyId, String, Option<String>, Option<Basis>)> {
        let lists = KeyReleases { problems: Vec::new(), known_until: None, releases };
        let day = |moment: Moment| moment.to_string()[..10].to_owned();
        let told = |epoch: KeyEpoch| (epoch.key, day(epoch.from.unwrap()), epoch.until.map(day), epoch.basis);
        release_epochs(&lists, "test", &[], Some(Basis::Operator)).into_iter().map(told).collect()
    }

    #[test]
    fn releases_begin_and_end_epochs_and_signed_ones_need_nobodys_word() {
        use GitSignatureState::{Good, Unsigned};
        let key = |key: u8| KeyId::ed25519(&[key; 32]);
        let day = |text: &str| text.to_owned();
        let found = epochs(vec![
            release("1.0.0", "2020-01-01", Unsigned, &[1]),
            release("2.0.0", "2020-02-01", Good, &[1, 2]),
            release("3.0.0", "2020-03-01", Unsigned, &[2]),
            release("3.0.1", "2020-04-01", Unsigned, &[1, 2]),
        ]);
        let (operator, repository) = (Some(Basis::Operator), Some(Basis::Repository));
        assert_eq!(
            found,
            [
                (key(1), day("2020-01-01"), Some(day("2020-02-01")), operator),
                (key(1), day("2020-02-01"), Some(day("2020-03-01")), repository),
                (key(2), day("2020-02-01"), None, repository),
                (key(1), day("2020-04-01"), None, operator),
            ]
        );
    }
}
