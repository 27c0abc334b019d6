//! `cotrace what-if`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use super::args::{Format, WhatIfArgs};
use super::{Outcome, output, replay};
use crate::model::{AsOf, Reason, TaskId, Untrusted, Verdict};
use crate::replay::{Request, Standing, Targets, WhatIf, what_if};
use crate::store::{Access, Case};

/// The answer to one question.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    as_of: String,
    distrust: Vec<String>,
    before: BTreeMap<&'static str, u64>,
    after: BTreeMap<&'static str, u64>,
    changed_count: usize,
    reheard: u64,
    in_full: u64,
    examined: u64,
    changed: Vec<Change<'a>>,
    left_out: usize,
}

/// A target of which something else is to be said.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change<'a> {
    task_id: &'a TaskId,
    /// Captured text.
    label: Option<&'a str>,
    before: Verdict,
    before_reason: Option<Reason>,
    after: Verdict,
    after_reason: Option<Reason>,
}

pub(super) fn run(case: Option<PathBuf>, args: &WhatIfArgs) -> anyhow::Result<Outcome> {
    let Some(path) = replay::case_path(case.as_deref()) else { return Ok(Outcome::Usage) };
    let targets = if args.targets.is_empty() { Targets::All } else { Targets::These(args.targets.clone()) };
    let Some(request) = replay::request(targets, &args.judgement) else { return Ok(Outcome::Usage) };
    let also = |request: &Request| {
        let mut distrust = request.distrust.clone();
        distrust.extend(args.distrust_also.iter().cloned());
        distrust
    };
    let at = |as_of| Request { as_of, distrust: also(&request), ..request.clone() };
    let others: Vec<Request> = match args.judged_at.as_slice() {
        [] => vec![at(request.as_of)],
        moments => moments.iter().map(|moment| at(*moment)).collect(),
    };
    let mut case = Case::open(path, Access::Keep)?;
    let Some(told) = replay::or_say(what_if(&mut case, &request, &others))? else {
        return Ok(Outcome::NothingToReplay);
    };
    let answers: Vec<Answer<'_>> =
        others.iter().zip(&told).map(|(other, told)| answer(other, told, args.limit)).collect();
    let mut out = output::stdout();
    match args.format {
        Format::Json => crate::export::json::write_value(&answers, &mut out)?,
        Format::Text => answers.iter().try_for_each(|answer| write(answer, &mut out))?,
    }
    out.flush()?;
    Ok(Outcome::of_worst(told.iter().flat_map(|told| told.after.keys()).max().copied()))
}

fn answer<'a>(other: &Request, told: &'a WhatIf, limit: usize) -> Answer<'a> {
    let counts = |counts: &BTreeMap<Verdict, u64>| {
        let of = |verdict: Verdict| (verdict.word(), counts.get(&verdict).copied().unwrap_or_default());
        [Verdict::Verified, Verdict::Undetermined, Verdict::Refuted].into_iter().map(of).collect()
    };
    let changed = told.changed.iter().take(limit).map(|changed| Change {
        task_id: &changed.task_id,
        label: changed.label.as_deref(),
        before: changed.before.0,
        before_reason: changed.before.1,
        after: changed.after.0,
        after_reason: changed.after.1,
    });
    Answer {
        as_of: match other.as_of {
            AsOf::Then => "then".to_owned(),
            AsOf::At(moment) => moment.to_string(),
        },
        distrust: other.distrust.iter().map(ToString::to_string).collect(),
        before: counts(&told.before),
        after: counts(&told.after),
        changed_count: told.changed.len(),
        reheard: told.reheard,
        in_full: told.in_full,
        examined: told.examined,
        changed: changed.collect(),
        left_out: told.changed.len().saturating_sub(limit),
    }
}

fn write(answer: &Answer<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    let distrust: Vec<String> =
        answer.distrust.iter().map(|distrusted| format!(", distrusting {}", Untrusted(distrusted))).collect();
    writeln!(out, "judged as of {}{}", answer.as_of, distrust.concat())?;
    for verdict in [Verdict::Verified, Verdict::Undetermined, Verdict::Refuted].map(Verdict::word) {
        let of = |counts: &BTreeMap<&str, u64>| counts.get(verdict).copied().unwrap_or_default();
        writeln!(out, "  {verdict:<13}{} -> {}", of(&answer.before), of(&answer.after))?;
    }
    let (changed, reheard) = (answer.changed_count, answer.reheard);
    writeln!(out, "  changed {changed}; judged again {reheard}; facts examined {}", answer.examined)?;
    if !answer.changed.is_empty() {
        writeln!(out)?;
    }
    for change in &answer.changed {
        let label = change.label.map(|label| format!("  {}", Untrusted(label))).unwrap_or_default();
        let (before, after) =
            (words((change.before, change.before_reason)), words((change.after, change.after_reason)));
        writeln!(out, "{}{label}  {before} -> {after}", change.task_id)?;
    }
    if answer.left_out > 0 {
        writeln!(out, "{} more; --limit says how many are shown", answer.left_out)?;
    }
    writeln!(out)
}

/// A verdict with its reason.
fn words((verdict, reason): Standing) -> String {
    match reason {
        Some(reason) if verdict == Verdict::Refuted => format!("{} ({})", verdict.word(), reason.phrase()),
        Some(_) | None => verdict.word().to_owned(),
    }
}
