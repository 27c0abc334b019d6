//! What an operator distrusts: "if that key leaked in March, what did it touch?"

use std::fmt;
use std::str::FromStr;

use crate::model::{KeyId, Moment};

/// Kinds of things that can be distrusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DistrustKind {
    /// A key, by its beginning or end.
    Key,
    /// A worker, by its id or by worker group and id.
    Worker,
    /// A worker pool, by provisioner and worker type.
    Pool,
    /// A task, by its id.
    Task,
    /// A docker image, by the digest that a worker attested, or by the docker-image task that built it.
    Image,
    /// A source tree, by its URL or its path on the server.
    Tree,
}

impl DistrustKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Key, Self::Worker, Self::Pool, Self::Task, Self::Image, Self::Tree];

    /// The word that the command line and reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Worker => "worker",
            Self::Pool => "pool",
            Self::Task => "task",
            Self::Image => "image",
            Self::Tree => "tree",
        }
    }
}

/// Something distrusted, from a moment on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Distrusted {
    /// Its kind.
    pub kind: DistrustKind,
    /// Its name.
    pub name: String,
    /// From when on; `None`: always.
    pub since: Option<Moment>,
}

/// A text that names nothing to distrust.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDistrust {
    /// It has no kind.
    #[error("not KIND:NAME or KIND:NAME@MOMENT, where KIND is key, worker, pool, task, image or tree")]
    Kind,
    /// It has no name.
    #[error("no name after the kind")]
    Name,
    /// The name is too short to mean one key.
    #[error("the beginning or end of a key has at least {KEY_PART_MIN} characters")]
    ShortKey,
    /// What stands behind the last `@` is no moment.
    #[error("what stands behind @ is {0}")]
    Moment(#[from] crate::model::InvalidMoment),
}

/// The fewest characters of a key that name it: the short key ids that people use have eight.
const KEY_PART_MIN: usize = 8;

impl FromStr for Distrusted {
    type Err = InvalidDistrust;

    /// Reads `key:FAD6F73E@2018-03-01`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, rest) = text.split_once(':').ok_or(InvalidDistrust::Kind)?;
        let kind = DistrustKind::ALL.into_iter().find(|known| known.word() == kind).ok_or(InvalidDistrust::Kind)?;
        let (name, since) = match rest.rsplit_once('@') {
            Some((name, moment)) => (name, Some(moment.parse()?)),
            None => (rest, None),
        };
        if name.trim().is_empty() {
            return Err(InvalidDistrust::Name);
        }
        let bare = name.trim_start_matches("openpgp:").trim_start_matches("ed25519:");
        if kind == DistrustKind::Key && bare.len() < KEY_PART_MIN {
            return Err(InvalidDistrust::ShortKey);
        }
        Ok(Self { kind, name: name.to_owned(), since })
    }
}

impl fmt::Display for Distrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.word(), self.name)?;
        self.since.map_or(Ok(()), |since| write!(f, "@{since}"))
    }
}

impl Distrusted {
    /// Whether it means a key, by its whole name, beginning or end.
    pub fn means_key(&self, key: &KeyId) -> bool {
        self.kind == DistrustKind::Key && key.is_named(&self.name)
    }

    /// Whether it means one of these names of a thing of a kind.
    pub fn means(&self, kind: DistrustKind, names: &[&str]) -> bool {
        self.kind == kind && names.contains(&self.name.as_str())
    }

    /// Whether it means the tree that a source URL lies in: the URL begins with the name, or its path does.
    pub fn means_tree_of(&self, source: &str) -> bool {
        if self.kind != DistrustKind::Tree {
            return false;
        }
        let path = source.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path);
        let name = self.name.trim_matches('/');
        let is_below = |text: &str| {
            text.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '#', '?', '@']))
        };
        is_below(source) || path.is_some_and(is_below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Distrusted {
        text.parse().unwrap()
    }

    #[test]
    fn kind_name_and_moment_are_read() {
        let distrusted = of("worker:signing-linux-3@2018-03-01T00:00:00Z");
        assert_eq!((distrusted.kind, distrusted.name.as_str()), (DistrustKind::Worker, "signing-linux-3"));
        assert_eq!(distrusted.to_string(), "worker:signing-linux-3@2018-03-01T00:00:00Z");
        assert_eq!(of("tree:https://hg.mozilla.org/try").since, None);
        for text in ["", "key", "key:", "key:FAD6", "host:x", "key:FAD6F73E@soon", "worker:@2018-03-01"] {
            assert!(text.parse::<Distrusted>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_is_meant_by_its_beginning_or_end() {
        let key = KeyId::openpgp("FAD6F73ED15A6620149115BBD79913CEFD45E8A9");
        for text in ["key:fad6f73e", "key:FD45E8A9", "key:openpgp:FAD6F73ED15A6620149115BBD79913CEFD45E8A9"] {
            assert!(of(text).means_key(&key), "{text}");
        }
        assert!(of("key:D15A6620").means_key(&key), "eight digits anywhere");
        assert!(!of("key:D15A6621").means_key(&key));
        let key = KeyId::ed25519(&[7; 32]);
        assert!(of(&format!("key:{key}")).means_key(&key));
        assert!(of("key:BwcHBwcH").means_key(&key));
        assert!(!of("key:bwchbwch").means_key(&key), "base64 tells cases apart");
    }

    #[test]
    fn a_tree_is_meant_with_all_below_it_and_no_other() {
        let source = "https://hg.mozilla.org/mozilla-central/file/abc/taskcluster/ci/build";
        for text in ["tree:https://hg.mozilla.org/mozilla-central", "tree:mozilla-central", "tree:/mozilla-central/"] {
            assert!(of(text).means_tree_of(source), "{text}");
        }
        for text in ["tree:mozilla", "tree:mozilla-central-2", "tree:https://hg.mozilla.org/mozilla"] {
            assert!(!of(text).means_tree_of(source), "{text}");
        }
    }
}
