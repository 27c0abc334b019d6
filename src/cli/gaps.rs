//! `cotrace gaps`.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use super::args::{GapsArgs, GapsFormat};
use super::{Outcome, output, replay};
use crate::export::text;
use crate::model::{Completeness, Gap, TaskId};
use crate::replay::Targets;
use crate::store::{Access, Case};

/// What is missing, for programs.
#[derive(Serialize)]
struct Missing<'a> {
    targets: Vec<TargetCompleteness<'a>>,
    gaps: &'a [Gap],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetCompleteness<'a> {
    task_id: &'a TaskId,
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
            let completeness = |target: &'_ crate::model::TargetReport| target.completeness;
            let targets = report.targets.iter();
            let targets = targets
                .map(|target| TargetCompleteness { task_id: &target.task_id, completeness: completeness(target) });
            let missing = Missing { targets: targets.collect(), gaps: &report.gaps };
            crate::export::json::write_value(&missing, &mut out)?;
        }
        GapsFormat::Urls => {
            let urls: BTreeSet<&str> = report.gaps.iter().filter_map(|gap| gap.url.as_deref()).collect();
            for url in urls {
                // Addresses are made of the deployment's root, which is captured text, and of encoded names.
                writeln!(out, "{}", crate::model::Untrusted(url))?;
            }
            let elsewhere = report.gaps.iter().filter(|gap| gap.url.is_none()).count();
            if elsewhere > 0 {
                output::note(&format!("{elsewhere} gaps have no address; --format text tells them"));
            }
        }
        GapsFormat::Text => {
            for target in &report.targets {
                text::write_completeness(target, &mut out)?;
            }
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
