//! Keys from outside a capture: key repositories, key files, ledgers. They are laid out as a capture of keys alone, and
//! imported as one.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;

use super::evidence::Evidence;
use crate::model::{Digest, KeyId, Moment};

/// The most bytes of a key file or ledger.
const KEY_FILE_SIZE_MAX: u64 = 16 << 20;

/// The most files of a folder of keys.
const KEY_FILES_MAX: usize = 10_000;

/// Keys to import.
pub struct KeyInput<'a> {
    /// A git repository (bare or not), a bundle, a ledger, a key file, or a folder of key files.
    pub path: PathBuf,
    /// A file or folder of the certificates of those who may sign a repository's tags.
    pub signers: Option<PathBuf>,
    /// The role of key files.
    pub role: Option<String>,
    /// Their first moment of trust.
    pub from: Option<Moment>,
    /// Their first moment without trust.
    pub until: Option<Moment>,
    /// What says so.
    pub source: Option<String>,
    /// When they are imported.
    pub now: Moment,
    /// The certificates in a file, and the digest of their packets.
    pub read_certificates: &'a ReadCertificates<'a>,
}

/// Reads the certificates in a file, and makes the digest of their packets.
pub type ReadCertificates<'a> = dyn Fn(&[u8]) -> (Vec<KeyId>, Digest) + 'a;

/// Why keys can't be imported.
#[derive(Debug, thiserror::Error)]
pub enum KeyInputError {
    /// Something can't be read.
    #[error("{} can't be read", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// Key files say of no role.
    #[error("{} holds keys and names no role: say which with --role", .0.display())]
    NoRole(PathBuf),
    /// A role that no worker has.
    #[error("{0:?} is no role: letters, digits and hyphens")]
    InvalidRole(String),
    /// A work tree whose repository lies elsewhere.
    #[error("the repository of {} lies elsewhere: name the folder that its file .git names", .0.display())]
    LinkedWorkTree(PathBuf),
    /// It holds no key.
    #[error("{} holds neither an OpenPGP certificate nor an ed25519 public key in base64", .0.display())]
    NoKeys(PathBuf),
    /// It can't be laid out.
    #[error("the keys can't be laid out")]
    Staging(#[source] io::Error),
    /// What was laid out can't be read.
    #[error(transparent)]
    Import(#[from] super::ImportError),
}

/// Lays keys out as a capture.
///
/// # Errors
///
/// If something can't be read, or it is not known what it is.
pub fn stage_keys(input: &KeyInput<'_>) -> Result<Evidence, KeyInputError> {
    let folder = TempDir::new().map_err(KeyInputError::Staging)?;
    let stage = Stage { root: folder.path(), input };
    stage.put("capture.json", json!({"captureVersion": 1, "tool": "cotrace keys import"}).to_string().as_bytes())?;
    let unreadable = |error| KeyInputError::Unreadable(input.path.clone(), error);
    let metadata = fs::metadata(&input.path).map_err(unreadable)?;
    match repository_in(&input.path)? {
        Some(repository) => stage.repository(&repository)?,
        None if metadata.is_dir() => stage.key_files(&files_of(&input.path)?)?,
        None => {
            let bytes = read(&input.path)?;
            if bytes.starts_with(b"# v2 git bundle\n") || bytes.starts_with(b"# v3 git bundle\n") {
                stage.put(&format!("keys/{}.bundle", stage.name()), &bytes)?;
            } else if is_ledger(&bytes) {
                stage.put("keys/ledger.json", &bytes)?;
            } else {
                stage.key_files(std::slice::from_ref(&input.path))?;
            }
        }
    }
    if let Some(signers) = &input.signers {
        let files = if signers.is_dir() { files_of(signers)? } else { vec![signers.clone()] };
        for (number, file) in files.iter().enumerate() {
            stage.put(&format!("keys/openpgp/git-signer/{number:04}-{}", plain(file)), &read(file)?)?;
        }
    }
    Ok(Evidence::staged(folder, &input.path)?)
}

/// The git directory of a path, if it is a repository or a work tree.
fn repository_in(path: &Path) -> Result<Option<PathBuf>, KeyInputError> {
    let is_repository = |path: &Path| path.join("HEAD").is_file() && path.join("objects").is_dir();
    if is_repository(path) {
        return Ok(Some(path.to_owned()));
    }
    let inner = path.join(".git");
    if inner.is_file() {
        return Err(KeyInputError::LinkedWorkTree(path.to_owned()));
    }
    Ok(is_repository(&inner).then_some(inner))
}

fn is_ledger(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(bytes).is_ok_and(|value| value.get("ledgerVersion").is_some())
}

/// The files of a folder, sorted; links are not followed.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>, KeyInputError> {
    let unreadable = |error| KeyInputError::Unreadable(folder.to_owned(), error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)?.take(KEY_FILES_MAX) {
        let entry = entry.map_err(unreadable)?;
        if entry.file_type().map_err(unreadable)?.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<Vec<u8>, KeyInputError> {
    let unreadable = |error| KeyInputError::Unreadable(path.to_owned(), error);
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(unreadable(io::Error::other("it is no file")));
    }
    let mut bytes = Vec::new();
    let mut file = fs::File::open(path).map_err(unreadable)?.take(KEY_FILE_SIZE_MAX + 1);
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > KEY_FILE_SIZE_MAX {
        return Err(unreadable(io::Error::other("it is larger than key files are")));
    }
    Ok(bytes)
}

/// A file's name with nothing in it but letters, digits, hyphens and dots.
fn plain(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')).collect();
    name.trim_matches('.').chars().take(80).collect()
}

/// A capture that is being laid out.
struct Stage<'a> {
    root: &'a Path,
    input: &'a KeyInput<'a>,
}

impl Stage<'_> {
    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), KeyInputError> {
        let path = self.root.join(name);
        let folder = path.parent().unwrap_or(self.root);
        fs::create_dir_all(folder).and_then(|()| fs::write(&path, bytes)).map_err(KeyInputError::Staging)
    }

    /// The name of what is imported, for a path below `keys/`.
    fn name(&self) -> String {
        let absolute = fs::canonicalize(&self.input.path).unwrap_or_else(|_| self.input.path.clone());
        let name = plain(&absolute).trim_end_matches(".git").trim_end_matches(".bundle").to_owned();
        if name.is_empty() { "keys".to_owned() } else { name }
    }

    /// Copies what a repository's objects and refs need, and nothing else.
    fn repository(&self, repository: &Path) -> Result<(), KeyInputError> {
        let target = format!("keys/{}.git", self.name());
        let mut open = vec![PathBuf::new()];
        while let Some(below) = open.pop() {
            let folder = repository.join(&below);
            let unreadable = |error| KeyInputError::Unreadable(folder.clone(), error);
            for entry in fs::read_dir(&folder).map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?;
                let relative = below.join(entry.file_name());
                let kind = entry.file_type().map_err(unreadable)?;
                let counts = ["HEAD", "packed-refs", "shallow", "refs", "objects"];
                let is_needed = counts.iter().any(|name| relative.starts_with(name));
                let Some(name) = relative.to_str().filter(|_| is_needed) else { continue };
                if kind.is_dir() {
                    open.push(relative);
                } else if kind.is_file() {
                    let path = self.root.join(&target).join(name);
                    let folder = path.parent().unwrap_or(self.root);
                    let copied = fs::create_dir_all(folder).and_then(|()| fs::copy(entry.path(), &path));
                    copied.map_err(KeyInputError::Staging)?;
                }
            }
        }
        Ok(())
    }

    /// Lays out key files of a role: certificates, or texts of ed25519 public keys.
    fn key_files(&self, files: &[PathBuf]) -> Result<(), KeyInputError> {
        let input = self.input;
        let Some(role) = &input.role else { return Err(KeyInputError::NoRole(input.path.clone())) };
        if role.is_empty() || !role.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(KeyInputError::InvalidRole(role.clone()));
        }
        let (mut rows, mut epochs, mut found) = (Vec::new(), Vec::new(), false);
        for (number, path) in files.iter().enumerate() {
            let bytes = read(path)?;
            let public_keys = public_keys(&bytes);
            if !public_keys.is_empty() {
                found = true;
                rows.extend(public_keys.into_iter().map(|key| {
                    json!({"role": role, "publicKey": key, "from": input.from, "until": input.until,
                        "source": input.source})
                }));
                continue;
            }
            let (keys, packets) = (input.read_certificates)(&bytes);
            found |= !keys.is_empty();
            self.put(&format!("keys/openpgp/{role}/{number:04}-{}", plain(path)), &bytes)?;
            epochs.extend(keys.into_iter().map(|key| {
                json!({"role": role, "ring": null, "key": key, "path": plain(path), "file": Digest::of(&bytes),
                    "packets": packets, "from": input.from, "until": input.until, "began": {}, "ended": null})
            }));
        }
        if !found {
            return Err(KeyInputError::NoKeys(input.path.clone()));
        }
        if !rows.is_empty() {
            self.put("keys/ed25519.json", json!(rows).to_string().as_bytes())?;
        }
        // Certificates without dates are accepted as those of a capture are.
        if (input.from.is_some() || input.until.is_some() || input.source.is_some()) && !epochs.is_empty() {
            let source = input.source.clone().unwrap_or_else(|| "the operator".to_owned());
            let ledger = json!({"ledgerVersion": 1, "id": source, "description": "Keys that an operator imported.",
                "deployments": [], "source": source, "authenticated": null, "knownUntil": null, "epochs": epochs});
            self.put("keys/ledger.json", ledger.to_string().as_bytes())?;
        }
        Ok(())
    }
}

/// The ed25519 public keys of a text, in base64, a line each.
fn public_keys(bytes: &[u8]) -> Vec<String> {
    use base64::Engine as _;
    let Ok(text) = std::str::from_utf8(bytes) else { return Vec::new() };
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let is_key = |line: &&str| base64::engine::general_purpose::STANDARD.decode(line).is_ok_and(|key| key.len() == 32);
    if lines.iter().all(is_key) { lines.into_iter().map(str::to_owned).collect() } else { Vec::new() }
}
