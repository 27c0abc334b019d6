//! `cotrace find`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use super::args::{FindArgs, Format};
use super::{Outcome, output, replay};
use crate::insight::{Hit, Query, find};
use crate::model::{Digest, Untrusted};
use crate::store::{Access, Case, Place};

/// What was found in one snapshot.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    snapshot: Digest,
    hits: Vec<Hit>,
    documents: Vec<Place>,
}

pub(super) fn run(case: Option<PathBuf>, args: &FindArgs) -> anyhow::Result<Outcome> {
    let Some(path) = replay::case_path(case.as_deref()) else { return Ok(Outcome::Usage) };
    let query = query(&args.what)?;
    let mut case = Case::open(path, Access::Keep)?;
    let mut found = Vec::new();
    for (snapshot, facts) in crate::replay::survey(&mut case)? {
        let documents = match &query {
            Query::Digest(digest) => case.places_of(&snapshot, digest)?,
            Query::Name(_) | Query::Key(_) | Query::Worker(_) => Vec::new(),
        };
        found.push(Found { snapshot, hits: find(&query, &facts), documents });
    }
    found.retain(|found| !found.hits.is_empty() || !found.documents.is_empty());
    let mut out = output::stdout();
    match args.format {
        Format::Json => crate::export::json::write_value(&found, &mut out)?,
        Format::Text => {
            for found in &found {
                writeln!(out, "snapshot {}", found.snapshot)?;
                for place in &found.documents {
                    writeln!(out, "  is {} {}", place.kind, Untrusted(&place.name))?;
                }
                for hit in &found.hits {
                    let run = hit.run_id.map(|run_id| format!(" run {run_id}")).unwrap_or_default();
                    let name = hit.name.as_ref().map(|name| format!("  {}", Untrusted(name))).unwrap_or_default();
                    let digest = hit.digest.map(|digest| format!("  sha256:{digest}")).unwrap_or_default();
                    writeln!(out, "  {} {}{run}{name}{digest}", hit.relation.word(), hit.task_id)?;
                }
            }
        }
    }
    out.flush()?;
    if found.is_empty() {
        output::note("nothing of the kind is in the case");
    }
    Ok(Outcome::Done)
}

/// What is meant: `sha256:…` or 64 hexadecimal digits, `key:…`, `worker:…`; else a file on this machine, by its bytes,
/// where there is one of that path; else an artifact's name.
fn query(what: &str) -> anyhow::Result<Query> {
    if let Some(key) = what.strip_prefix("key:") {
        return Ok(Query::Key(key.to_owned()));
    }
    if let Some(worker) = what.strip_prefix("worker:") {
        return Ok(Query::Worker(worker.to_owned()));
    }
    if let Ok(digest) = what.parse() {
        return Ok(Query::Digest(digest));
    }
    let path = Path::new(what);
    if path.is_file() {
        let file = std::fs::File::open(path).with_context(|| format!("{} can't be read", path.display()))?;
        return Ok(Query::Digest(crate::import::digest_of(file)?));
    }
    Ok(Query::Name(what.to_owned()))
}
