//! Reading what version control and configuration servers answered.

use std::collections::BTreeMap;

use super::capture::{ImportError, SMALL_FILE_SIZE_MAX};
use super::tree::{self, Tree};
use crate::formats::json::{Value, parse};
use crate::model::Digest;
use crate::store::{Disposition, FileRow, SourceRow};

/// What lies in `sources/`.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) rows: Vec<SourceRow>,
    pub(super) files: Vec<FileRow>,
}

/// Keeps the contents of a file.
type Keep<'a> = &'a mut dyn FnMut(Digest, &[u8]) -> Result<(), ImportError>;

/// Reads `sources/index.json` and the files that it names. Contents are handed on one by one, each once however often
/// it is named: an index of 20 kB can name a large file thousands of times.
///
/// # Errors
///
/// Those of `keep`.
pub(super) fn read_sources(tree: &dyn Tree, folder: &str, keep: Keep<'_>) -> Result<Sources, ImportError> {
    let mut sources = Sources::default();
    let walk = tree::walk(tree, folder);
    for (name, reason) in walk.refused {
        sources.set_aside(&name, Disposition::Quarantined, &reason);
    }
    let mut files: BTreeMap<String, _> = walk.files.into_iter().map(|file| (file.name.clone(), file)).collect();
    let Some(index) = files.remove("index.json") else {
        for name in files.keys() {
            sources.set_aside(name, Disposition::Ignored, "there is no sources/index.json to say what it is");
        }
        return Ok(sources);
    };
    let read = tree::read(tree, &index, SMALL_FILE_SIZE_MAX).map_err(|error| error.to_string());
    let (bytes, entries) = match read.and_then(|bytes| Ok((sources.index(&bytes)?, bytes))) {
        Ok((entries, bytes)) => (bytes, entries),
        Err(reason) => {
            sources.set_aside("index.json", Disposition::Quarantined, &reason);
            return Ok(sources);
        }
    };
    keep(Digest::of(&bytes), &bytes)?;
    let mut seen: BTreeMap<String, Result<(Digest, u64), ()>> = BTreeMap::new();
    for (mut row, file) in entries {
        match file.as_deref().map(|name| (name, files.get(name))) {
            None => {}
            Some((name, None)) => {
                let place = format!("index.json#{name}");
                sources.set_aside(&place, Disposition::Quarantined, "it names a file that is not there");
            }
            Some((name, Some(found))) => {
                if !seen.contains_key(name) {
                    let read = tree::read(tree, found, SMALL_FILE_SIZE_MAX);
                    let kept = match read {
                        Ok(bytes) => {
                            let digest = Digest::of(&bytes);
                            keep(digest, &bytes)?;
                            Ok((digest, bytes.len() as u64))
                        }
                        Err(error) => {
                            sources.set_aside(name, Disposition::Quarantined, &error.to_string());
                            Err(())
                        }
                    };
                    seen.insert(name.to_owned(), kept);
                }
                let kept = seen.get(name).and_then(|kept| kept.as_ref().ok());
                if let Some((digest, size)) = kept {
                    row.path = Some(format!("sources/{name}"));
                    row.sha256 = Some(*digest);
                    row.size = Some(*size);
                } else if found.size > SMALL_FILE_SIZE_MAX {
                    // Its size tells it from what nobody captured.
                    row.path = Some(format!("sources/{name}"));
                    row.size = Some(found.size);
                }
            }
        }
        sources.rows.push(row);
    }
    let named: std::collections::BTreeSet<&str> = sources.rows.iter().filter_map(|row| row.path.as_deref()).collect();
    let unnamed: Vec<String> =
        files.into_keys().filter(|name| !named.contains(format!("sources/{name}").as_str())).collect();
    for name in unnamed {
        sources.set_aside(&name, Disposition::Ignored, "sources/index.json does not name it");
    }
    Ok(sources)
}

impl Sources {
    /// The rows of the index, each with the file that it names.
    fn index(&mut self, bytes: &[u8]) -> Result<Vec<(SourceRow, Option<String>)>, String> {
        let document = parse(bytes).map_err(|error| error.to_string())?;
        let entries = document.value.as_map().ok_or("it is no object")?;
        let mut rows = Vec::with_capacity(entries.len());
        for (url, entry) in entries.iter() {
            let url = url.as_str().ok_or("a URL is not Unicode text")?.to_owned();
            let http_status = entry.get("status").and_then(Value::as_i64).and_then(|status| u16::try_from(status).ok());
            let content_type = entry.get("content_type").and_then(Value::as_text).map(str::to_owned);
            let file = entry.get("file").and_then(Value::as_text).map(str::to_owned);
            rows.push((SourceRow { url, http_status, content_type, ..SourceRow::default() }, file));
        }
        rows.sort_by(|a, b| a.0.url.cmp(&b.0.url));
        let digest = Digest::of(bytes);
        self.files.push(FileRow {
            path: "sources/index.json".to_owned(),
            disposition: Disposition::Evidence,
            reason: None,
            sha256: Some(digest),
            size: Some(bytes.len() as u64),
        });
        Ok(rows)
    }

    fn set_aside(&mut self, name: &str, disposition: Disposition, reason: &str) {
        self.files.push(FileRow {
            path: format!("sources/{name}"),
            disposition,
            reason: Some(reason.to_owned()),
            sha256: None,
            size: None,
        });
    }
}
