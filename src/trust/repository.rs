//! From the history of a key repository to epochs: which key set a verifier could hold when.

use std::collections::BTreeMap;

use crate::model::{
    Basis, Digest, EpochEvent, GitSignatureState, KeyEpoch, KeyHistory, KeyId, KeyMember, KeyPoint, Moment, PointKind,
    Role,
};

/// What a history comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeySets {
    /// The epochs, by their beginning.
    pub epochs: Vec<KeyEpoch>,
    /// The indexes of the points whose key sets a verifier took, in their order.
    pub deciding: Vec<usize>,
    /// The indexes of those that would have decided, had a trusted signer signed them.
    pub unauthenticated: Vec<usize>,
    /// The indexes of those that would have decided, had keyrings been built from them.
    pub blocked: Vec<usize>,
}

/// Works out the epochs. Until there was a signed tag, the newest commit decided that is no merge and is signed; since
/// then the nearest signed annotated tag (scriptworker 1.0.0b5, 2017-01-10). What no trusted signer signed changed
/// nothing: a verifier that could not authenticate the repository kept its old keyring. So it did where a key of the set
/// let it build none: until there was a set without such a key, those before it stayed in service (as in the night of
/// 2017-09-19, for 18 hours).
pub fn key_sets(history: &KeyHistory, source: &str) -> KeySets {
    let mut sets = KeySets::default();
    let state: BTreeMap<&str, GitSignatureState> =
        history.points.iter().map(|point| (point.id.as_str(), point.signature.state)).collect();
    // Of a commit that was the branch's tip another can decide: merges were not signed.
    let is_good = |point: &KeyPoint| match &point.decided_by {
        Some(id) => state.get(id.as_str()) == Some(&GitSignatureState::Good),
        None => point.signature.state == GitSignatureState::Good,
    };
    let is_tag = |point: &&KeyPoint| point.kind == PointKind::Tag && point.is_on_branch();
    let tags_since = history.points.iter().filter(is_tag).filter(|point| is_good(point)).map(KeyPoint::effective).min();
    let mut blocked: Vec<&KeyPoint> = Vec::new();
    let mut open: BTreeMap<(Role, String, KeyId, Option<Digest>), KeyEpoch> = BTreeMap::new();
    let mut points: Vec<(usize, &KeyPoint)> = history.points.iter().enumerate().collect();
    // A tag can come to the branch after younger ones were made.
    points.sort_by_key(|(_, point)| point.effective());
    for (index, point) in points {
        let counts = match point.kind {
            PointKind::Commit => point.decided_by.is_some() && tags_since.is_none_or(|since| point.effective() < since),
            PointKind::Tag => point.commit.is_some(),
        };
        if !counts || !point.is_on_branch() {
            continue;
        }
        if !is_good(point) {
            sets.unauthenticated.push(index);
            continue;
        }
        if !point.blockers.is_empty() {
            sets.blocked.push(index);
            blocked.push(point);
            continue;
        }
        sets.deciding.push(index);
        let mut kept = BTreeMap::new();
        for member in &point.members {
            for key in &member.keys {
                let place = (member.role.clone(), member.path.clone(), key.clone(), member.file);
                let late = || blocked.iter().find(|set| set.members.iter().any(|listed| is_same(listed, member)));
                let epoch = open.remove(&place).unwrap_or_else(|| KeyEpoch {
                    key: key.clone(),
                    role: member.role.clone(),
                    from: Some(point.effective()),
                    until: None,
                    deployments: Vec::new(),
                    file: member.file,
                    source: format!("{} of {source}", member.path),
                    began: Some(EpochEvent {
                        why: late().map(|set| why_late(set)).or(point.why.clone()),
                        ..event(point)
                    }),
                    ended: None,
                    known_until: history.known_until,
                    basis: Some(Basis::Repository),
                });
                kept.insert(place, epoch);
            }
        }
        sets.epochs.extend(open.into_values().map(|epoch| end(epoch, point)));
        open = kept;
        blocked.clear();
    }
    sets.epochs.extend(open.into_values());
    sets.epochs.sort_by(|a, b| (a.from, &a.role, &a.key, &a.source).cmp(&(b.from, &b.role, &b.key, &b.source)));
    // Two points of one second: what the first said never held.
    sets.epochs.retain(|epoch| epoch.until.is_none_or(|until| epoch.from.is_none_or(|from| from < until)));
    sets
}

/// Whether two key sets list the same file at the same place.
fn is_same(listed: &KeyMember, member: &KeyMember) -> bool {
    (&listed.role, &listed.path, listed.file) == (&member.role, &member.path, member.file)
}

/// Why a key that an earlier key set listed began later.
fn why_late(set: &KeyPoint) -> String {
    format!("listed since {} of {}, from which no keyring could be built", set.title(), set.at)
}

fn end(epoch: KeyEpoch, point: &KeyPoint) -> KeyEpoch {
    KeyEpoch { until: Some(point.effective()), ended: Some(event(point)), ..epoch }
}

fn event(point: &KeyPoint) -> EpochEvent {
    EpochEvent {
        at: Some(point.at),
        landed_at: point.landed.filter(|landed| *landed > point.at),
        tag: point.name.clone(),
        commit: point.commit.clone(),
        who: Some(point.who.clone()),
        signer: point.signature.signer.as_ref().and_then(|signer| signer.fingerprint()).map(str::to_owned),
        why: point.why.clone(),
        ..EpochEvent::default()
    }
}

/// Since when a repository has held each key file, by the points that decided.
pub fn known_since(history: &KeyHistory, sets: &KeySets) -> BTreeMap<Digest, Moment> {
    let mut since = BTreeMap::new();
    for point in sets.deciding.iter().filter_map(|index| history.points.get(*index)) {
        for file in point.members.iter().filter_map(|member| member.file) {
            since.entry(file).or_insert(point.effective());
        }
    }
    since
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BlockReason, GitSignature, KeyBlocker, Ring};

    fn point(kind: PointKind, at: &str, state: GitSignatureState, keys: &[u8]) -> KeyPoint {
        let member = |key: &u8| KeyMember {
            path: format!("docker-worker/{key}"),
            role: Role::new("docker-worker"),
            ring: Ring::Flat,
            file: Some(Digest::new([*key; 32])),
            id: String::new(),
            keys: vec![KeyId::ed25519(&[*key; 32])],
            uncertified: Vec::new(),
        };
        KeyPoint {
            kind,
            id: at.to_owned(),
            name: None,
            commit: Some(String::new()),
            at: at.parse().unwrap(),
            who: String::new(),
            why: None,
            landed: Some(at.parse().unwrap()),
            decided_by: (kind == PointKind::Commit).then(|| at.to_owned()),
            signature: GitSignature { state, signer: None, issuer: None, made: None },
            members: keys.iter().map(member).collect(),
            blockers: Vec::new(),
        }
    }

    /// The same, and no keyring can be built from it.
    fn blocked(point: KeyPoint) -> KeyPoint {
        let member = &point.members[0];
        let (path, key) = (member.path.clone(), member.keys[0].clone());
        let blockers = vec![KeyBlocker { path, key, why: BlockReason::Expired, since: Some(point.at) }];
        KeyPoint { blockers, ..point }
    }

    fn intervals(points: Vec<KeyPoint>) -> Vec<(u8, String, Option<String>)> {
        let history = KeyHistory { problems: Vec::new(), known_until: None, points };
        let told = |epoch: KeyEpoch| {
            let key = epoch.file.unwrap().bytes()[0];
            (key, epoch.from.unwrap().to_string(), epoch.until.map(|until| until.to_string()))
        };
        key_sets(&history, "test").epochs.into_iter().map(told).collect()
    }

    #[test]
    fn a_set_from_which_no_keyring_can_be_built_changes_nothing() {
        use GitSignatureState::Good;
        use PointKind::Tag;
        let found = intervals(vec![
            point(Tag, "2017-08-01", Good, &[1, 2]),
            blocked(point(Tag, "2017-09-19", Good, &[1, 3])),
            blocked(point(Tag, "2017-09-20", Good, &[1, 3, 4])),
            point(Tag, "2017-09-21", Good, &[3]),
        ]);
        let day = |text: &str| format!("{text}T00:00:00Z");
        assert_eq!(found[2..], [(3, day("2017-09-21"), None)]);
        assert_eq!(found[..2], [1, 2].map(|key| (key, day("2017-08-01"), Some(day("2017-09-21")))));
    }

    #[test]
    fn commits_decide_until_there_is_a_signed_tag() {
        use GitSignatureState::{Good, UnknownSigner, Unsigned};
        use PointKind::{Commit, Tag};
        let found = intervals(vec![
            point(Commit, "2016-10-01", Good, &[1]),
            point(Commit, "2016-11-01", Unsigned, &[1, 2]),
            point(Tag, "2016-12-01", UnknownSigner, &[1, 2, 3]),
            point(Tag, "2017-01-11T00:00:00Z", Good, &[1, 4]),
            point(Commit, "2017-02-01", Good, &[5]),
            // A tag set that changes twice within a minute.
            point(Tag, "2017-03-01T00:00:00Z", Good, &[4, 6]),
            point(Tag, "2017-03-01T00:00:30Z", Good, &[4]),
        ]);
        let day = |text: &str| text.to_owned();
        assert_eq!(
            found,
            [
                (1, day("2016-10-01T00:00:00Z"), Some(day("2017-03-01T00:00:00Z"))),
                (4, day("2017-01-11T00:00:00Z"), None),
                (6, day("2017-03-01T00:00:00Z"), Some(day("2017-03-01T00:00:30Z"))),
            ]
        );
    }
}
