//! `cotrace show`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;

use super::args::ShowArgs;
use super::{Outcome, output, replay};
use crate::examine::rebuild::Workings;
use crate::export::text::{self, Detail};
use crate::formats::jsone::Value;
use crate::model::{Digest, RebuildOutcome, TaskEvidence, Untrusted};
use crate::replay::{Request, Targets};
use crate::store::{Access, Case, SnapshotInfo};

/// The most bytes of a definition that are shown.
const DEFINITION_SIZE_MAX: u64 = 1024 * 1024;

pub(super) fn run(case: Option<PathBuf>, args: &ShowArgs) -> anyhow::Result<Outcome> {
    let Some(path) = replay::case_path(case.as_deref()) else { return Ok(Outcome::Usage) };
    let targets = Targets::These(vec![args.task_id]);
    let Some(request) = replay::request(targets, &args.judgement) else { return Ok(Outcome::Usage) };
    let mut case = Case::open(path, Access::Keep)?;
    let Some(snapshot) = case.snapshot_of(&args.task_id)? else {
        output::note(&format!("error: the case has nothing of task {}", args.task_id));
        return Ok(Outcome::NothingToReplay);
    };
    if args.rebuild {
        return show_rebuild(&mut case, &request);
    }
    let evidence = case.task_evidence(snapshot.id, &args.task_id)?.context("the task has just been there")?;
    let replayed = crate::replay::replay(&mut case, &request, crate::replay::SILENT)?;
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

/// How a definition is rebuilt from its tree.
fn show_rebuild(case: &mut Case, request: &Request) -> anyhow::Result<Outcome> {
    let Some(rebuilt) = replay::or_say(crate::replay::rebuild(case, request))? else {
        return Ok(Outcome::NothingToReplay);
    };
    let shown = match rebuilt {
        Ok(shown) => shown,
        Err(why) => {
            output::note(&format!("error: {why}"));
            return Ok(Outcome::NothingToReplay);
        }
    };
    let mut out = output::stdout();
    let rebuild = &shown.workings.rebuild;
    writeln!(out, "rules {}, product {}", Untrusted(&shown.rules), Untrusted(&shown.product))?;
    writeln!(out, "made for {}", Untrusted(rebuild.tasks_for.as_deref().unwrap_or("nothing that it says")))?;
    for source in &rebuild.sources {
        writeln!(out, "read {}  sha256:{}", Untrusted(&source.url), source.sha256)?;
    }
    for lack in &rebuild.lacks {
        writeln!(out, "{}", Untrusted(lack.words()))?;
    }
    let Workings { template, context, nearest, definition, .. } = &shown.workings;
    for (what, value) in [
        ("template", template),
        ("variables (as_slugid left out)", context),
        ("rebuilt, as it is compared", nearest),
        ("definition, as it is compared", definition),
    ] {
        write_value(what, value.as_ref(), &mut out)?;
    }
    let outcome = rebuild.outcome.word();
    let why = rebuild.why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    writeln!(out, "\n{outcome}{}", Untrusted(&why))?;
    for difference in &rebuild.differences {
        let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".to_owned());
        writeln!(out, "  {}", Untrusted(&difference.pointer))?;
        writeln!(out, "    tree:  {}", Untrusted(&side(&difference.left)))?;
        writeln!(out, "    queue: {}", Untrusted(&side(&difference.right)))?;
    }
    out.flush()?;
    Ok(match rebuild.outcome {
        RebuildOutcome::Matches => Outcome::Done,
        RebuildOutcome::Differs | RebuildOutcome::Refused => Outcome::Refuted,
        RebuildOutcome::Unsettled | RebuildOutcome::Incomplete => Outcome::Undetermined,
    })
}

/// Writes a value of a rebuild, neutralised.
fn write_value(what: &str, value: Option<&Value>, out: &mut dyn Write) -> anyhow::Result<()> {
    let Some(value) = value else { return Ok(()) };
    writeln!(out, "\n{what}")?;
    match value.to_json() {
        Ok(value) => {
            for line in crate::formats::json::to_pretty_string(&value).lines() {
                writeln!(out, "  {}", Untrusted(line))?;
            }
        }
        Err(error) => writeln!(out, "  (can't be shown as JSON: {})", Untrusted(&error.to_string()))?,
    }
    Ok(())
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
