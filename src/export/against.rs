//! What other rules make of the same targets.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::model::{Report, TargetReport, TaskId, Untrusted, Verdict};

/// One target under two rules.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Compared<'a> {
    task_id: &'a TaskId,
    label: Option<&'a str>,
    task_type: Option<&'a str>,
    differs: bool,
    rules: Side<'a>,
    against: Side<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Side<'a> {
    rules: &'a str,
    verdict: Verdict,
    headline: &'a str,
}

impl<'a> Side<'a> {
    fn of(target: &'a TargetReport) -> Self {
        Self { rules: &target.rules.id, verdict: target.verdict, headline: &target.headline }
    }
}

/// The targets of two reports beside each other.
pub fn compared<'a>(report: &'a Report, against: &'a Report) -> Vec<Compared<'a>> {
    let others: BTreeMap<&TaskId, &TargetReport> =
        against.targets.iter().map(|target| (&target.task_id, target)).collect();
    let pair = |target: &'a TargetReport| {
        let other = others.get(&target.task_id).copied()?;
        Some(Compared {
            task_id: &target.task_id,
            label: target.label.as_deref(),
            task_type: target.task_type.as_deref(),
            differs: target.verdict != other.verdict,
            rules: Side::of(target),
            against: Side::of(other),
        })
    };
    report.targets.iter().filter_map(pair).collect()
}

/// Writes the targets whose verdicts differ, and how many there are of each pair.
pub fn write(compared: &[Compared<'_>], out: &mut dyn Write) -> io::Result<()> {
    let differing: Vec<&Compared<'_>> = compared.iter().filter(|target| target.differs).collect();
    for target in &differing {
        let label = target.label.unwrap_or("-");
        let task_type = target.task_type.unwrap_or("?");
        writeln!(out, "{}  {}  {}", Untrusted(label), target.task_id, Untrusted(task_type))?;
        for side in [&target.rules, &target.against] {
            writeln!(out, "  {:<24} {:<13} {}", Untrusted(side.rules), side.verdict.word(), Untrusted(side.headline))?;
        }
    }
    let mut pairs: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for target in compared {
        *pairs.entry((target.rules.verdict.word(), target.against.verdict.word())).or_default() += 1;
    }
    writeln!(out, "{} targets", compared.len())?;
    for ((before, after), count) in pairs {
        writeln!(out, "  {count} {before}, and {after} under the other rules")?;
    }
    Ok(())
}
