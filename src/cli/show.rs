//! `cotrace show`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;

use super::args::ShowArgs;
use super::{Outcome, output, replay};
use crate::export::text::{self, Detail};
use crate::model::{Digest, TaskEvidence, Untrusted};
use crate::replay::Targets;
use crate::store::{Access, Case, SnapshotInfo};

/// The most bytes of a definition that are shown.
const DEFINITION_SIZE_MAX: u64 = 1024 * 1024;

pub(super) fn run(case: Option<PathBuf>, args: &ShowArgs) -> anyhow::Result<Outcome> {
    let Some(path) = replay::case_path(case.as_deref()) else { return Ok(Outcome::Usage) };
    let targets = Targets::These(vec![args.task_id.clone()]);
    let Some(request) = replay::request(targets, &args.judgement) else { return Ok(Outcome::Usage) };
    let mut case = Case::open(path, Access::Keep)?;
    let Some(snapshot) = case.snapshot_of(&args.task_id)? else {
        output::note(&format!("error: the case has nothing of task {}", args.task_id));
        return Ok(Outcome::NothingToReplay);
    };
    let evidence = case.task_evidence(snapshot.id, &args.task_id)?.context("the task has just been there")?;
    let replayed = crate::replay::replay(&mut case, &request)?;
    let mut out = output::stdout();
    write_task(&case, &snapshot, &evidence, &mut out)?;
    for link in replayed.report.targets.iter().filter_map(|target| target.links.first()) {
        text::write_attestations(link, &mut out)?;
    }
    writeln!(out)?;
    text::write(&replayed.report, Detail::Chains, &mut out)?;
    out.flush()?;
    Ok(replay::outcome(&replayed.report, None))
}

fn write_task(
    case: &Case,
    snapshot: &SnapshotInfo,
    evidence: &TaskEvidence,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    writeln!(out, "task {}", evidence.task_id)?;
    writeln!(out, "snapshot {}", snapshot.digest)?;
    writeln!(out, "definition {}", document(evidence.definition))?;
    if let Some(digest) = evidence.definition
        && let Ok(Some(bytes)) = case.blob(&digest, DEFINITION_SIZE_MAX)
    {
        write_definition(&bytes, out)?;
    }
    writeln!(out, "status {}", document(evidence.status))?;
    for run in &evidence.runs {
        let worker = run.worker_id.as_deref().unwrap_or("no worker");
        let reason = run.reason_resolved.as_deref().unwrap_or("not resolved");
        let time = |moment: Option<crate::model::Moment>| moment.map_or_else(|| "?".to_owned(), |m| m.to_string());
        writeln!(
            out,
            "  run {}: {} ({}), {}, {} to {}",
            run.run_id,
            Untrusted(&run.state),
            Untrusted(reason),
            Untrusted(worker),
            time(run.started),
            time(run.resolved)
        )?;
    }
    writeln!(out, "artifacts {}", evidence.artifacts.len())?;
    for ((run_id, name), record) in &evidence.artifacts {
        let size = record.size.map_or_else(|| "size unknown".to_owned(), |size| format!("{size} bytes"));
        let kept = match record.sha256.map(|digest| case.blob_size(&digest)).transpose()?.flatten() {
            Some(_) => "contents kept",
            None if record.sha256.is_some() => "digest only",
            None => "listed, not captured",
        };
        writeln!(out, "  run {run_id}  {}  {size}  {kept}  {}", Untrusted(name), document(record.sha256))?;
    }
    Ok(())
}

/// The definition as scriptworker reads it, line by line, neutralised.
fn write_definition(bytes: &[u8], out: &mut dyn Write) -> anyhow::Result<()> {
    let text = match crate::formats::json::parse(bytes) {
        Ok(document) => crate::formats::json::to_pretty_string(&document.value),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    };
    for line in text.lines() {
        writeln!(out, "  {}", Untrusted(line))?;
    }
    Ok(())
}

fn document(digest: Option<Digest>) -> String {
    digest.map_or_else(|| "not captured".to_owned(), |digest| format!("sha256:{digest}"))
}
