//! Reading the keys of a capture. They are evidence: whether they count is for the operator to say.

use super::capture::SMALL_FILE_SIZE_MAX;
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
    /// Path, digest and bytes of the files read.
    pub(super) contents: Vec<(String, Digest, Vec<u8>)>,
    pub(super) files: Vec<FileRow>,
}

/// Reads `keys.json`, `keys/ed25519.json`, `keys/ledger.json` and `keys/openpgp/<role>/`. `simple` is the file `keys.json`, `folder` the
/// folder `keys`.
pub(super) fn read_keys(tree: &dyn Tree, simple: Option<&Found>, folder: Option<&Found>) -> Keys {
    let mut keys = Keys::default();
    if let Some(simple) = simple {
        keys.list(tree, simple, "keys.json", simple_rows);
    }
    let Some(folder) = folder else { return keys };
    match tree.list(&folder.path) {
        Ok(listing) => keys.folder(tree, listing),
        Err(error) => {
            keys.set_aside("keys".to_owned(), Disposition::Quarantined, format!("the folder can't be read: {error}"));
        }
    }
    keys
}

impl Keys {
    fn folder(&mut self, tree: &dyn Tree, listing: Listing) {
        for (name, reason) in listing.refused {
            self.set_aside(format!("keys/{name}"), Disposition::Quarantined, reason);
        }
        for file in listing.files {
            let path = format!("keys/{}", file.name);
            if file.name == "ed25519.json" {
                self.list(tree, &file, &path, dated_rows);
            } else if file.name == "ledger.json" {
                self.ledger(tree, &file, &path);
            } else {
                self.set_aside(path, Disposition::Ignored, "it is no list of keys that this cotrace reads".to_owned());
            }
        }
        for entry in listing.folders {
            if entry.name == "openpgp" {
                self.openpgp(tree, &entry.path);
            } else {
                let path = format!("keys/{}/", entry.name);
                self.set_aside(path, Disposition::Ignored, "this cotrace reads no key repositories yet".to_owned());
            }
        }
    }

    /// Reads a JSON list of ed25519 keys.
    fn list(&mut self, tree: &dyn Tree, file: &Found, path: &str, rows: RowReader) {
        let bytes = match tree::read(tree, &file.path, SMALL_FILE_SIZE_MAX) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.set_aside(path.to_owned(), Disposition::Quarantined, error.to_string());
                return;
            }
        };
        let read = parse(&bytes).map_err(|error| error.to_string()).and_then(|document| rows(&document.value, path));
        let reason = match read {
            Ok(rows) => {
                self.rows.extend(rows);
                None
            }
            Err(reason) => Some(reason),
        };
        self.evidence(path.to_owned(), bytes, reason);
    }

    /// Keeps a ledger of key epochs. Whether it can be read is told where it is used.
    fn ledger(&mut self, tree: &dyn Tree, file: &Found, path: &str) {
        match tree::read(tree, &file.path, SMALL_FILE_SIZE_MAX) {
            Ok(bytes) => {
                self.rows.push(KeyRow {
                    kind: KeyKind::Ledger,
                    file: Some(Digest::of(&bytes)),
                    path: path.to_owned(),
                    ..KeyRow::default()
                });
                self.evidence(path.to_owned(), bytes, None);
            }
            Err(error) => self.set_aside(path.to_owned(), Disposition::Quarantined, error.to_string()),
        }
    }

    /// Reads `keys/openpgp/<role>/`: every file below a role's folder.
    fn openpgp(&mut self, tree: &dyn Tree, folder: &str) {
        let walk = tree::walk(tree, folder);
        for (name, reason) in walk.refused {
            self.set_aside(format!("keys/openpgp/{name}"), Disposition::Quarantined, reason);
        }
        for file in walk.files {
            match file.name.split_once('/') {
                Some((role, _)) => self.certificates(tree, &file, role),
                None => {
                    let reason = "it lies in no role's folder".to_owned();
                    self.set_aside(format!("keys/openpgp/{}", file.name), Disposition::Ignored, reason);
                }
            }
        }
    }

    fn certificates(&mut self, tree: &dyn Tree, file: &Found, role: &str) {
        let path = format!("keys/openpgp/{}", file.name);
        match tree::read(tree, &file.path, SMALL_FILE_SIZE_MAX) {
            Ok(bytes) => {
                self.rows.push(KeyRow {
                    kind: KeyKind::Openpgp,
                    role: role.to_owned(),
                    file: Some(Digest::of(&bytes)),
                    path: path.clone(),
                    ..KeyRow::default()
                });
                self.evidence(path, bytes, None);
            }
            Err(error) => self.set_aside(path, Disposition::Quarantined, error.to_string()),
        }
    }

    fn evidence(&mut self, path: String, bytes: Vec<u8>, reason: Option<String>) {
        let digest = Digest::of(&bytes);
        self.files.push(FileRow {
            path: path.clone(),
            disposition: Disposition::Evidence,
            reason,
            sha256: Some(digest),
            size: Some(bytes.len() as u64),
        });
        self.contents.push((path, digest, bytes));
    }

    fn set_aside(&mut self, path: String, disposition: Disposition, reason: String) {
        self.files.push(FileRow { path, disposition, reason: Some(reason), sha256: None, size: None });
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
