//! `cotrace gaps`.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use super::args::{GapsArgs, GapsFormat};
use super::{Outcome, output, replay};
use crate::export::text;
use crate::model::{Completeness, Digest, Gap, SnapshotReport, TaskId};
use crate::replay::Targets;
use crate::store::{Access, Case};

/// What is missing, for programs.
#[derive(Serialize)]
struct Missing<'a> {
    snapshots: &'a [SnapshotReport],
    targets: Vec<TargetCompleteness<'a>>,
    gaps: &'a [Gap],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetCompleteness<'a> {
    task_id: &'a TaskId,
    snapshots: &'a [Digest],
    completeness: Completeness,
}

pub(super) fn run(case: Option<PathBuf>, args: &GapsArgs) -> anyhow::Result<Outcome> {
    let Some(path) = replay::case_path(case.as_deref()) else { return Ok(Outcome::Usage) };
    let targets = if args.targets.is_empty() { Targets::All } else { Targets::These(args.targets.clone()) };
    let Some(request) = replay::request(targets, &args.judgement) else { return Ok(Outcome::Usage) };
    let mut case = Case::open(path, Access::Keep)?;
    let Some(replayed) = replay::replay_or_say(&mut case, &request)? else {
        return Ok(Outcome::NothingToReplay);
    };
    let report = replayed.report;
    let mut out = output::stdout();
    match args.format {
        GapsFormat::Json => {
            let targets = report.targets.iter().map(|target| TargetCompleteness {
                task_id: &target.task_id,
                snapshots: &target.snapshots,
                completeness: target.completeness,
            });
            let missing = Missing { snapshots: &report.snapshots, targets: targets.collect(), gaps: &report.gaps };
            crate::export::json::write_value(&missing, &mut out)?;
        }
        GapsFormat::Urls => {
            let (fetchable, other): (Vec<&Gap>, Vec<&Gap>) = report.gaps.iter().partition(|gap| gap.is_fetchable());
            let urls: BTreeSet<&str> = fetchable.iter().filter_map(|gap| gap.url.as_deref()).collect();
            for url in urls {
                // Addresses are made of the deployment's root, which is captured text, and of encoded names.
                writeln!(out, "{}", crate::model::Untrusted(url))?;
            }
            if !other.is_empty() {
                let count = other.len();
                output::note(&format!(
                    "{count} gaps have no address, or are known to be gone; --format text tells them"
                ));
            }
        }
        GapsFormat::Text => {
            text::write_completeness(&report, &mut out)?;
            writeln!(out)?;
            text::write_gaps(&report, &mut out)?;
        }
    }
    out.flush()?;
    if report.gaps.is_empty() {
        output::note("no evidence is missing");
    }
    Ok(Outcome::Done)
}
