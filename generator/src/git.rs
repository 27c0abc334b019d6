//! Git repositories in memory, written as bundles that real git reads.
//!
//! Objects are stored without compression: the bytes then depend on no version of a compressor.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use sequoia_openpgp::types::HashAlgorithm;

use crate::clearsign;
use crate::keys::OpenPgpKey;

/// The files of a commit, by path.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// A repository of one branch, whose commits and tags one person signs.
pub(crate) struct Repository {
    key: OpenPgpKey,
    /// The name and address of that person.
    who: &'static str,
    /// Number of the kind in a pack, and content, by id.
    objects: BTreeMap<String, (u8, Vec<u8>)>,
    tip: Option<String>,
    tags: BTreeMap<String, String>,
}

const COMMIT: (u8, &str) = (1, "commit");
const TREE: (u8, &str) = (2, "tree");
const BLOB: (u8, &str) = (3, "blob");
const TAG: (u8, &str) = (4, "tag");

/// The most bytes of a block that deflate stores as they are.
const STORED_MAX: usize = 65_535;

/// The time zone of all dates.
const ZONE: &str = "-0700";

impl Repository {
    pub(crate) fn new(key: OpenPgpKey, who: &'static str) -> Self {
        Self { key, who, objects: BTreeMap::new(), tip: None, tags: BTreeMap::new() }
    }

    /// Adds a signed commit to the branch, at a second since 1970.
    pub(crate) fn commit(&mut self, files: &Files, message: &str, at: u32) -> Result<()> {
        let files: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        let tree = self.tree(&files)?;
        let parent = self.tip.iter().map(|tip| format!("parent {tip}\n")).collect::<String>();
        let who = format!("{} {at} {ZONE}", self.who);
        let head = format!("tree {tree}\n{parent}author {who}\ncommitter {who}\n");
        let body = format!("\n{message}\n");
        let armor = clearsign::detached(format!("{head}{body}").as_bytes(), &mut self.key, at)?;
        let content = format!("{head}gpgsig {}\n{body}", armor.trim_end().replace('\n', "\n "));
        self.tip = Some(self.object(COMMIT, content.into_bytes())?);
        Ok(())
    }

    /// Adds a signed annotated tag of the newest commit.
    pub(crate) fn tag(&mut self, name: &str, at: u32) -> Result<()> {
        let tip = self.tip.as_ref().context("there is no commit to tag")?;
        let payload = format!("object {tip}\ntype commit\ntag {name}\ntagger {} {at} {ZONE}\n\n{name}\n", self.who);
        let armor = clearsign::detached(payload.as_bytes(), &mut self.key, at)?;
        let id = self.object(TAG, (payload + &armor).into_bytes())?;
        self.tags.insert(name.to_owned(), id);
        Ok(())
    }

    /// The repository as `git bundle create FILE --all` writes it: refs, and a pack.
    pub(crate) fn bundle(&self) -> Result<Vec<u8>> {
        let tip = self.tip.as_ref().context("there is no commit")?;
        let tags: String = self.tags.iter().map(|(name, id)| format!("{id} refs/tags/{name}\n")).collect();
        let mut out = format!("# v2 git bundle\n{tip} refs/heads/master\n{tags}{tip} HEAD\n\n").into_bytes();
        let mut pack = b"PACK\0\0\0\x02".to_vec();
        pack.extend(u32::try_from(self.objects.len())?.to_be_bytes());
        for (kind, content) in self.objects.values() {
            pack.extend(pack_head(*kind, content.len()));
            pack.extend(zlib_stored(content)?);
        }
        let sum = sha1(&pack)?;
        out.extend(pack);
        out.extend(sum);
        Ok(out)
    }

    /// A tree of these files, whose paths are sorted and have as many parts as they like.
    fn tree(&mut self, files: &[(&str, &[u8])]) -> Result<String> {
        let mut folders: BTreeMap<&str, Vec<(&str, &[u8])>> = BTreeMap::new();
        // Git sorts a folder as if its name ended in a slash.
        let mut entries = BTreeMap::new();
        for (path, bytes) in files {
            match path.split_once('/') {
                Some((folder, rest)) => folders.entry(folder).or_default().push((rest, bytes)),
                None => {
                    let blob = self.object(BLOB, bytes.to_vec())?;
                    entries.insert((*path).to_owned(), (format!("100644 {path}\0"), blob));
                }
            }
        }
        for (folder, files) in folders {
            let tree = self.tree(&files)?;
            entries.insert(format!("{folder}/"), (format!("40000 {folder}\0"), tree));
        }
        let mut content = Vec::new();
        for (head, id) in entries.into_values() {
            content.extend(head.into_bytes());
            content.extend(hex::decode(id)?);
        }
        self.object(TREE, content)
    }

    /// Keeps an object; returns its id.
    fn object(&mut self, (number, word): (u8, &str), content: Vec<u8>) -> Result<String> {
        let head = format!("{word} {}\0", content.len());
        let id = hex::encode(sha1(&[head.as_bytes(), &content].concat())?);
        self.objects.insert(id.clone(), (number, content));
        Ok(id)
    }
}

fn sha1(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut hasher = HashAlgorithm::SHA1.context()?.for_digest();
    hasher.update(bytes);
    hasher.into_digest()
}

/// The kind and length of an object in a pack: four bits of the length in the first byte, seven in each that follows.
fn pack_head(kind: u8, length: usize) -> Vec<u8> {
    let low = |bits: usize, of: usize| u8::try_from(of & ((1 << bits) - 1)).unwrap_or_default();
    let mut head = vec![kind << 4 | low(4, length)];
    let mut rest = length >> 4;
    while rest > 0 {
        if let Some(last) = head.last_mut() {
            *last |= 0x80;
        }
        head.push(low(7, rest));
        rest >>= 7;
    }
    head
}

/// A zlib stream of stored blocks.
fn zlib_stored(content: &[u8]) -> Result<Vec<u8>> {
    let mut out = vec![0x78, 0x01];
    let blocks: Vec<&[u8]> = if content.is_empty() { vec![content] } else { content.chunks(STORED_MAX).collect() };
    for (index, block) in blocks.iter().enumerate() {
        let length = u16::try_from(block.len())?;
        out.push(u8::from(index + 1 == blocks.len()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in content {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    out.extend((b << 16 | a).to_be_bytes());
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_git() {
        let key = OpenPgpKey::of(crate::Signer::Stranger).unwrap();
        let mut repository = Repository::new(key, "T <t@example.com>");
        // As `git hash-object` and `git write-tree` have them.
        assert_eq!(repository.object(BLOB, b"hello\n".to_vec()).unwrap(), "ce013625030ba8dba906f756967f9e9ca394464a");
        let files: [(&str, &[u8]); 3] = [("a-b", b"hello\n"), ("a.b", b""), ("a/b", b"hello\n")];
        assert_eq!(repository.tree(&files).unwrap(), "2ec0d514021087b8257e0fcd424c35cdc5973d2b");
    }

    #[test]
    fn lengths_and_streams_have_their_forms() {
        assert_eq!(pack_head(3, 15), [0x3f]);
        assert_eq!(pack_head(1, 0x1234), [0x94, 0xa3, 0x02]);
        // Python: zlib.compress(b"ab", 0)
        assert_eq!(hex::encode(zlib_stored(b"ab").unwrap()), "7801010200fdff6162012600c4");
    }
}
