//! Objects of a git repository: commits, annotated tags, trees, and what their signatures cover.

use gix_hash::{Kind as HashKind, ObjectId};
use gix_object::{CommitRef, CommitRefIter, Kind, TagRef, TagRefIter, TreeRef};

/// Kinds of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectKind {
    /// A commit.
    Commit,
    /// An annotated tag.
    Tag,
    /// A folder.
    Tree,
    /// A file's bytes.
    Blob,
}

impl ObjectKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Commit, Self::Tag, Self::Tree, Self::Blob];

    /// The word that git uses.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tag => "tag",
            Self::Tree => "tree",
            Self::Blob => "blob",
        }
    }

    const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Commit => Self::Commit,
            Kind::Tag => Self::Tag,
            Kind::Tree => Self::Tree,
            Kind::Blob => Self::Blob,
        }
    }

    const fn kind(self) -> Kind {
        match self {
            Self::Commit => Kind::Commit,
            Self::Tag => Kind::Tag,
            Self::Tree => Kind::Tree,
            Self::Blob => Kind::Blob,
        }
    }
}

/// The id that an object must have: SHA-1 of its kind, size and bytes, in hexadecimal. `None`: the bytes are those of a
/// known attack on SHA-1.
pub fn object_id(kind: ObjectKind, bytes: &[u8]) -> Option<String> {
    gix_object::compute_hash(HashKind::Sha1, kind.kind(), bytes).ok().map(|id| id.to_string())
}

/// Whether a text is an id: forty digits of lower-case hexadecimal.
pub fn is_id(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// A signature and the bytes that it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The signature's armor.
    pub armor: Vec<u8>,
    /// What it covers.
    pub payload: Vec<u8>,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its tree.
    pub tree: String,
    /// Its parents.
    pub parents: Vec<String>,
    /// When it was committed, in seconds since 1970: the committer's word.
    pub committed: i64,
    /// Who wrote it. Captured text.
    pub author: String,
    /// The first line of its message. Captured text.
    pub subject: String,
    /// Its signature, where it has one.
    pub signed: Option<Signed>,
}

/// An annotated tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// What it points to.
    pub target: String,
    /// Of what kind that is.
    pub target_kind: ObjectKind,
    /// The name that it states. Captured text.
    pub name: String,
    /// When it was made, in seconds since 1970: the tagger's word.
    pub tagged: Option<i64>,
    /// Who made it. Captured text.
    pub tagger: String,
    /// Its signature, where it has one.
    pub signed: Option<Signed>,
}

/// An entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// Its name. Captured text.
    pub name: Vec<u8>,
    /// The object.
    pub id: String,
    /// A folder or a file; `None` of links and of other repositories.
    pub kind: Option<ObjectKind>,
}

/// Reads a commit.
///
/// # Errors
///
/// Why it is none.
pub fn commit(bytes: &[u8]) -> Result<Commit, String> {
    let commit = CommitRef::from_bytes(bytes, HashKind::Sha1).map_err(|error| error.to_string())?;
    let signed = CommitRefIter::signature(bytes, HashKind::Sha1).map_err(|error| error.to_string())?;
    let committer = commit.committer().map_err(|error| error.to_string())?;
    let author = commit.author().map_err(|error| error.to_string())?;
    let subject = commit.message.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(Commit {
        tree: commit.tree().to_string(),
        parents: commit.parents().map(|parent| parent.to_string()).collect(),
        committed: seconds(committer.time)?,
        author: author.name.to_string(),
        subject: String::from_utf8_lossy(subject).into_owned(),
        signed: signed.map(|(armor, payload)| Signed { armor: armor.to_vec(), payload: payload.to_bstring().into() }),
    })
}

/// Reads an annotated tag.
///
/// # Errors
///
/// Why it is none.
pub fn tag(bytes: &[u8]) -> Result<Tag, String> {
    let tag = TagRef::from_bytes(bytes, HashKind::Sha1).map_err(|error| error.to_string())?;
    let tagger = tag.tagger().map_err(|error| error.to_string())?;
    let signed = TagRefIter::signature(bytes);
    Ok(Tag {
        target: tag.target().to_string(),
        target_kind: ObjectKind::of(tag.target_kind),
        name: tag.name.to_string(),
        tagged: tagger.as_ref().map(|tagger| seconds(tagger.time)).transpose()?,
        tagger: tagger.map(|tagger| tagger.name.to_string()).unwrap_or_default(),
        signed: signed.map(|(signature, payload)| Signed {
            armor: signature.data.to_vec(),
            payload: payload.to_bstring().into(),
        }),
    })
}

/// The seconds of a time as git writes it: `1505858643 +0000`.
fn seconds(time: &str) -> Result<i64, String> {
    let seconds = time.split_whitespace().next().and_then(|seconds| seconds.parse().ok());
    seconds.ok_or_else(|| "it states no time".to_owned())
}

/// Reads a tree.
///
/// # Errors
///
/// Why it is none.
pub fn tree(bytes: &[u8]) -> Result<Vec<TreeEntry>, String> {
    let tree = TreeRef::from_bytes(bytes, HashKind::Sha1).map_err(|error| error.to_string())?;
    let entry = |entry: &gix_object::tree::EntryRef<'_>| TreeEntry {
        name: entry.filename.to_vec(),
        id: ObjectId::from(entry.oid).to_string(),
        kind: if entry.mode.is_tree() {
            Some(ObjectKind::Tree)
        } else {
            entry.mode.is_blob().then_some(ObjectKind::Blob)
        },
    };
    Ok(tree.entries.iter().map(entry).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COMMIT: &[u8] =
        b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A U Thor <a@example.com> 1505858643 +0200\n\
        committer C O Mitter <c@example.com> 1505858644 +0200\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n \
        -----END PGP SIGNATURE-----\n\nthe subject\n\nthe rest\n";

    #[test]
    fn a_signed_commit_is_taken_apart() {
        let commit = commit(COMMIT).unwrap();
        assert_eq!(
            (commit.committed, commit.subject.as_str(), commit.parents.len()),
            (1_505_858_644, "the subject", 0)
        );
        let signed = commit.signed.unwrap();
        assert!(signed.armor.starts_with(b"-----BEGIN PGP SIGNATURE-----\n\nabc\n"));
        let payload = String::from_utf8(signed.payload).unwrap();
        assert!(!payload.contains("gpgsig") && payload.ends_with("+0200\n\nthe subject\n\nthe rest\n"), "{payload}");
    }

    #[test]
    fn a_signed_tag_is_taken_apart() {
        let text = b"object 4b825dc642cb6eb9a060e54bf8d69288fbee4904\ntype tree\ntag v1\n\
            tagger T <t@example.com> 1505858643 +0000\n\nmessage\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n";
        let tag = tag(text).unwrap();
        assert_eq!((tag.name.as_str(), tag.target_kind, tag.tagged), ("v1", ObjectKind::Tree, Some(1_505_858_643)));
        assert!(tag.signed.unwrap().payload.ends_with(b"\n\nmessage\n"));
    }

    #[test]
    fn ids_are_those_of_git() {
        assert_eq!(object_id(ObjectKind::Tree, b"").unwrap(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
        assert_eq!(object_id(ObjectKind::Blob, b"").unwrap(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert!(
            is_id("4b825dc642cb6eb9a060e54bf8d69288fbee4904") && !is_id("4B825DC642CB6EB9A060E54BF8D69288FBEE4904")
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>, at in 0..COMMIT.len(), byte: u8) {
            let _ = (commit(&bytes), tag(&bytes), tree(&bytes));
            let mut edited = COMMIT.to_vec();
            edited[at] = byte;
            let _ = (commit(&edited), tag(&edited), tree(&edited));
        }
    }
}
