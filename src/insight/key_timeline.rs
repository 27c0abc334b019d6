//! Time on columns, and the epochs of keys on it: what pictures of them are drawn from.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{CertificateKey, KeyEpoch, KeyReport, KeyStory, KeyUse, Moment, Role, Validity};

/// Moments on columns. Each second from the first to the last lies in one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeScale {
    from: Moment,
    until: Moment,
    columns: usize,
}

impl TimeScale {
    /// So many columns from one moment until another; `None`: there is no time between them, or no column.
    pub fn new(from: Moment, until: Moment, columns: usize) -> Option<Self> {
        (from.unix() < until.unix() && columns > 0).then_some(Self { from, until, columns })
    }

    /// The first moment.
    pub const fn from(&self) -> Moment {
        self.from
    }

    /// The last moment.
    pub const fn until(&self) -> Moment {
        self.until
    }

    /// How many columns there are.
    pub const fn columns(&self) -> usize {
        self.columns
    }

    fn seconds(&self) -> i128 {
        i128::from(self.until.unix()) - i128::from(self.from.unix())
    }

    /// The first moment of a column, to the second; of the column after the last, the end.
    pub fn moment(&self, column: usize) -> Option<Moment> {
        let offset = self.seconds().checked_mul(column as i128)?;
        let columns = self.columns as i128;
        let offset = offset.div_euclid(columns) + i128::from(offset.rem_euclid(columns) > 0);
        i64::try_from(i128::from(self.from.unix()) + offset).ok().and_then(Moment::from_unix)
    }

    /// The column of a moment, if it is in the picture.
    pub fn column(&self, moment: Moment) -> Option<usize> {
        let offset = i128::from(moment.unix()) - i128::from(self.from.unix());
        let column = offset.checked_mul(self.columns as i128)?.div_euclid(self.seconds());
        // The end itself belongs to the last column.
        let column = if moment.unix() == self.until.unix() { self.columns as i128 - 1 } else { column };
        usize::try_from(column).ok().filter(|column| *column < self.columns)
    }
}

/// What a key is in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStretch {
    /// In no epoch.
    Outside,
    /// In force.
    InForce,
    /// In force, but its certificate is not valid, or revoked.
    NotValid,
}

/// What a key is for a role in each column. A column shows an epoch that touches it, however short.
pub fn key_stretches(scale: &TimeScale, story: &KeyStory, role: &Role) -> Vec<KeyStretch> {
    let stretch = |column: usize| {
        let (Some(start), Some(end)) = (scale.moment(column), scale.moment(column + 1)) else {
            return KeyStretch::Outside;
        };
        let touches = |epoch: &&KeyEpoch| {
            let begins = epoch.from.is_none_or(|from| from < end || from == start);
            epoch.role == *role && begins && epoch.until.is_none_or(|until| start < until)
        };
        let mut touching = story.epochs.iter().filter(touches).peekable();
        if touching.peek().is_none() {
            return KeyStretch::Outside;
        }
        let is_valid = touching.any(|epoch| is_valid(story, epoch, start.max(epoch.from.unwrap_or(start))));
        if is_valid { KeyStretch::InForce } else { KeyStretch::NotValid }
    };
    (0..scale.columns()).map(stretch).collect()
}

/// Whether the certificate of an epoch, where the case has it, makes the key valid at a moment, and no revocation that
/// was known then rejects it.
fn is_valid(story: &KeyStory, epoch: &KeyEpoch, moment: Moment) -> bool {
    let mut of_file =
        story.certificates.iter().filter(|seen| epoch.file.is_none_or(|file| file == seen.file)).peekable();
    let is_unknown = of_file.peek().is_none();
    let is_revoked = |fingerprint: &str| {
        let known = story.certificates.iter().filter(|seen| seen.known_since.is_none_or(|since| since <= moment));
        let of_key = known.flat_map(|seen| &seen.certificate.keys).filter(|key| key.fingerprint == fingerprint);
        of_key.flat_map(|key| &key.revocations).any(|revocation| revocation.rejects(moment))
    };
    let counts =
        |key: &CertificateKey| key.validity(moment, moment).0 == Validity::Valid && !is_revoked(&key.fingerprint);
    is_unknown || of_file.any(|seen| seen.certificate.keys.iter().any(counts))
}

/// The keys of each role, by role, and then by the beginning of the first epoch.
pub fn keys_by_role(report: &KeyReport) -> BTreeMap<&Role, Vec<&KeyStory>> {
    let mut roles: BTreeMap<&Role, Vec<&KeyStory>> = BTreeMap::new();
    for story in &report.keys {
        let of_key: BTreeSet<&Role> = story.epochs.iter().map(|epoch| &epoch.role).collect();
        for role in of_key {
            roles.entry(role).or_default().push(story);
        }
    }
    for (role, stories) in &mut roles {
        let begins = |story: &KeyStory| {
            let of_role = story.epochs.iter().filter(|epoch| epoch.role == **role);
            of_role.filter_map(|epoch| epoch.from).min()
        };
        stories.sort_by(|a, b| (begins(a), &a.key).cmp(&(begins(b), &b.key)));
    }
    roles
}

/// The first and the last moment that anything is known of: of an epoch, a signature, or the one that is given.
pub fn key_span(report: &KeyReport, also: Option<Moment>) -> Option<(Moment, Moment)> {
    let epochs = report.keys.iter().flat_map(|story| &story.epochs);
    let of_epochs = epochs.flat_map(|epoch| [epoch.from, epoch.until, epoch.known_until]).flatten();
    let of_uses = report.keys.iter().flat_map(|story| &story.uses).filter_map(KeyUse::about);
    let known = of_epochs.chain(of_uses).chain(also);
    known.fold(None, |span, moment| {
        let (first, last) = span.unwrap_or((moment, moment));
        Some((moment.min(first), moment.max(last)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_lies_in_one_column_and_its_first_moment_is_in_it() {
        let at = |seconds: i64| Moment::from_unix(seconds).unwrap();
        let scale = TimeScale::new(at(0), at(100), 7).unwrap();
        assert_eq!((scale.column(at(-1)), scale.column(at(101)), scale.column(at(100))), (None, None, Some(6)));
        for second in 0..100 {
            let column = scale.column(at(second)).unwrap();
            let (first, next) = (scale.moment(column).unwrap(), scale.moment(column + 1).unwrap());
            assert!(first <= at(second) && at(second) < next, "{second} in {column}: {first} to {next}");
        }
        assert!(TimeScale::new(at(1), at(1), 7).is_none() && TimeScale::new(at(0), at(1), 0).is_none());
    }
}
