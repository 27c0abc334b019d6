//! Reading the keys of a capture. They are evidence: whether they count is for the operator to say.

use super::capture::{ImportError, SMALL_FILE_SIZE_MAX};
use super::repository::{self, Repository};
use super::tree::{self, Found, Listing, Tree};
use crate::formats::json::{Value, parse, to_compact_string};
use crate::model::Digest;
use crate::store::{Disposition, FileRow, KeyKind, KeyRow};

/// Reads the rows of a list of keys; the text is the list's path.
type RowReader = fn(&Value, &str) -> Result<Vec<KeyRow>, String>;

/// What a capture says of keys.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pub(super) rows: Vec<KeyRow>,
    pub(super) files: Vec<FileRow>,
}

/// Keeps the contents of a file.
type Keep<'a> = &'a mut dyn FnMut(Digest, &[u8]) -> Result<(), ImportError>;

/// Reads keys; what it reads goes on one file at a time.
struct Reader<'a> {
    tree: &'a dyn Tree,
    keep: Keep<'a>,
    keys: Keys,
}

/// Reads `keys.json`, `keys/ed25519.json`, `keys/ledger.json` and `keys/openpgp/<role>/`. `simple` is the file `keys.json`, `folder` the
/// folder `keys`. Contents are handed on file by file.
///
/// # Errors
///
/// Those of `keep`.
pub(super) fn read_keys(
    tree: &dyn Tree,
    simple: Option<&Found>,
    folder: Option<&Found>,
    keep: Keep<'_>,
) -> Result<Keys, ImportError> {
    let mut reader = Reader { tree, keep, keys: Keys::default() };
    if let Some(simple) = simple {
        reader.list(simple, "keys.json", simple_rows)?;
    }
    let Some(folder) = folder else { return Ok(reader.keys) };
    match tree.list(&folder.path) {
        Ok(listing) => reader.folder(listing)?,
        Err(error) => {
            let reason = format!("the folder can't be read: {error}");
            reader.set_aside("keys".to_owned(), Disposition::Quarantined, reason);
        }
    }
    Ok(reader.keys)
}

impl Reader<'_> {
    fn folder(&mut self, listing: Listing) -> Result<(), ImportError> {
        for (name, reason) in listing.refused {
            self.set_aside(format!("keys/{name}"), Disposition::Quarantined, reason);
        }
        for file in listing.files {
            let path = format!("keys/{}", file.name);
            if file.name == "ed25519.json" {
                self.list(&file, &path, dated_rows)?;
            } else if file.name == "ledger.json" {
                self.ledger(&file, &path)?;
            } else if repository::is_bundle(self.tree, &file) {
                let read = repository::read_bundle(self.tree, &file, &path, self.keep)?;
                self.add_repository(read);
            } else {
                self.set_aside(path, Disposition::Ignored, "it is no list of keys that this cotrace reads".to_owned());
            }
        }
        for entry in listing.folders {
            if entry.name == "openpgp" {
                self.openpgp(&entry.path)?;
            } else if entry.name.ends_with(".git") {
                let path = format!("keys/{}", entry.name);
                let read = repository::read_folder(self.tree, &entry.path, &path, self.keep)?;
                self.add_repository(read);
            } else {
                let path = format!("keys/{}/", entry.name);
                let reason = "it is neither openpgp nor a repository NAME.git".to_owned();
                self.set_aside(path, Disposition::Ignored, reason);
            }
        }
        Ok(())
    }

    fn add_repository(&mut self, read: Repository) {
        self.keys.rows.extend(read.row);
        self.keys.files.extend(read.files);
    }

    /// Reads a JSON list of ed25519 keys.
    fn list(&mut self, file: &Found, path: &str, rows: RowReader) -> Result<(), ImportError> {
        let Some(bytes) = self.read(file, path) else { return Ok(()) };
        let read = parse(&bytes).map_err(|error| error.to_string()).and_then(|document| rows(&document.value, path));
        let reason = match read {
            Ok(rows) => {
                self.keys.rows.extend(rows);
                None
            }
            Err(reason) => Some(reason),
        };
        self.evidence(path.to_owned(), &bytes, reason)
    }

    /// Keeps a ledger of key epochs. Whether it can be read is told where it is used.
    fn ledger(&mut self, file: &Found, path: &str) -> Result<(), ImportError> {
        let Some(bytes) = self.read(file, path) else { return Ok(()) };
        self.keys.rows.push(KeyRow {
            kind: KeyKind::Ledger,
            file: Some(Digest::of(&bytes)),
            path: path.to_owned(),
            ..KeyRow::default()
        });
        self.evidence(path.to_owned(), &bytes, None)
    }

    /// Reads `keys/openpgp/<role>/`: every file below a role's folder.
    fn openpgp(&mut self, folder: &str) -> Result<(), ImportError> {
        let walk = tree::walk(self.tree, folder);
        for (name, reason) in walk.refused {
            self.set_aside(format!("keys/openpgp/{name}"), Disposition::Quarantined, reason);
        }
        for file in walk.files {
            match file.name.split_once('/') {
                Some((role, _)) => self.certificates(&file, role)?,
                None => {
                    let reason = "it lies in no role's folder".to_owned();
                    self.set_aside(format!("keys/openpgp/{}", file.name), Disposition::Ignored, reason);
                }
            }
        }
        Ok(())
    }

    fn certificates(&mut self, file: &Found, role: &str) -> Result<(), ImportError> {
        let path = format!("keys/openpgp/{}", file.name);
        let Some(bytes) = self.read(file, &path) else { return Ok(()) };
        self.keys.rows.push(KeyRow {
            kind: KeyKind::Openpgp,
            role: role.to_owned(),
            file: Some(Digest::of(&bytes)),
            path: path.clone(),
            ..KeyRow::default()
        });
        self.evidence(path, &bytes, None)
    }

    /// Reads a file whole; sets it aside if it can't be.
    fn read(&mut self, file: &Found, path: &str) -> Option<Vec<u8>> {
        match tree::read(self.tree, file, SMALL_FILE_SIZE_MAX) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.set_aside(path.to_owned(), Disposition::Quarantined, error.to_string());
                None
            }
        }
    }

    fn evidence(&mut self, path: String, bytes: &[u8], reason: Option<String>) -> Result<(), ImportError> {
        let digest = Digest::of(bytes);
        self.keys.files.push(FileRow {
            path,
            disposition: Disposition::Evidence,
            reason,
            sha256: Some(digest),
            size: Some(bytes.len() as u64),
        });
        (self.keep)(digest, bytes)
    }

    fn set_aside(&mut self, path: String, disposition: Disposition, reason: String) {
        self.keys.files.push(FileRow { path, disposition, reason: Some(reason), sha256: None, size: None });
    }
}

/// `{"docker-worker": ["<base64>", …], …}`. What is no text stays in its place as compact JSON: a verifier that walks
/// the list would stumble there.
fn simple_rows(value: &Value, path: &str) -> Result<Vec<KeyRow>, String> {
    let roles = value.as_map().ok_or("it is no object")?;
    let mut rows = Vec::new();
    for (role, listed) in roles.iter() {
        let listed = listed.as_list().ok_or("a role has no list of keys")?;
        for key in listed {
            rows.push(KeyRow {
                role: role.to_lossy().into_owned(),
                public_key: Some(key.as_text().map_or_else(|| to_compact_string(key), str::to_owned)),
                path: path.to_owned(),
                ..KeyRow::default()
            });
        }
    }
    Ok(rows)
}

/// `[{"role", "publicKey", "from", "until", "source"}, …]`. An interval's end is open only where the entry says nothing
/// of it: anything but text stays as compact JSON, which no reader of moments takes for one. A member of another name
/// could be a misspelt end, so it makes the interval unreadable too.
fn dated_rows(value: &Value, path: &str) -> Result<Vec<KeyRow>, String> {
    let listed = value.as_list().ok_or("it is no list")?;
    let row = |entry: &Value| {
        let members = entry.as_map().ok_or("an entry is no object")?;
        let text = |name: &str| members.get(name).and_then(Value::as_text).map(str::to_owned);
        let bound = |name: &str| match members.get(name) {
            None | Some(Value::Null) => None,
            Some(value) => Some(value.as_text().map_or_else(|| to_compact_string(value), str::to_owned)),
        };
        let known = ["role", "publicKey", "from", "until", "source"];
        let unknown = members.keys().find(|name| !known.iter().any(|known| name.as_str() == Some(known)));
        Ok(KeyRow {
            role: text("role").ok_or("an entry has no role")?,
            public_key: Some(text("publicKey").ok_or("an entry has no publicKey")?),
            path: path.to_owned(),
            valid_from: unknown.map(|name| format!("unknown member {}", name.to_lossy())).or_else(|| bound("from")),
            valid_until: bound("until"),
            source: text("source"),
            ..KeyRow::default()
        })
    };
    listed.iter().map(row).collect()
}
