//! `cotrace tasks`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use super::args::{Format, TasksArgs};
use super::{Outcome, output, replay};
use crate::insight::{SortDirection, TaskFilter, TaskOrder};
use crate::model::{Moment, Reason, TargetReport, TaskId, Untrusted, Verdict};
use crate::replay::{ListedTask, ReplayError, Targets, task_list};
use crate::store::{Access, Case};

/// The widest that a column of captured text makes the others give way.
const WIDTH_MAX: usize = 48;

/// The tasks that are wanted.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    /// The filter in its canonical form.
    filter: String,
    sorted_by: &'static str,
    reversed: bool,
    /// How many tasks the case has.
    of: usize,
    /// How many of them are wanted.
    count: usize,
    /// How many of those came to each verdict.
    verdicts: BTreeMap<&'static str, usize>,
    /// How many of them were not judged: they have no attestation, and need none.
    not_judged: usize,
    tasks: Vec<Line<'a>>,
    /// How many more are wanted than are told.
    left_out: usize,
}

/// A task. Texts are captured.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    task_id: &'a TaskId,
    label: Option<&'a str>,
    name: Option<&'a str>,
    /// As it was judged.
    task_type: Option<&'a str>,
    kind: Option<&'a str>,
    verdict: Option<Verdict>,
    reason: Option<Reason>,
    /// Those that made its signatures.
    keys: Vec<&'a str>,
    /// Of the latest run.
    worker: Option<&'a str>,
    /// Provisioner, `/`, worker type.
    pool: Option<&'a str>,
    tree: Option<&'a str>,
    /// As its status says.
    state: Option<&'a str>,
    created: Option<Moment>,
}

pub(super) fn run(case: Option<PathBuf>, args: &TasksArgs) -> anyhow::Result<Outcome> {
    let Some(path) = replay::case_path(case.as_deref()) else { return Ok(Outcome::Usage) };
    let filter: TaskFilter = match args.filter.join(" ").parse() {
        Ok(filter) => filter,
        Err(error) => {
            output::note(&format!("error: the filter can't be read: {error}"));
            return Ok(Outcome::Usage);
        }
    };
    let Some(request) = replay::request(Targets::All, &args.judgement) else { return Ok(Outcome::Usage) };
    let mut case = Case::open(path, Access::Keep)?;
    let judged = match replay::replay_telling(&mut case, &request) {
        // Tasks that nobody judges are told all the same.
        Err(ReplayError::NothingToReplay) => Vec::new(),
        replayed => match replay::or_say(replayed)? {
            Some(replayed) => replayed.report.targets,
            None => return Ok(Outcome::NothingToReplay),
        },
    };
    let listed = task_list(&case, &request, &judged)?;
    drop::<Vec<TargetReport>>(judged);
    if listed.is_empty() {
        output::note("error: the case has no tasks");
        return Ok(Outcome::NothingToReplay);
    }
    let direction = if args.reverse { SortDirection::Descending } else { SortDirection::Ascending };
    let answer = answer(&listed, &filter, TaskOrder { column: args.sort, direction }, args.limit);
    let mut out = output::stdout();
    match args.format {
        Format::Json => crate::export::json::write_value(&answer, &mut out)?,
        Format::Text => write(&answer, &mut out)?,
    }
    out.flush()?;
    Ok(Outcome::Done)
}

fn answer<'a>(listed: &'a [ListedTask], filter: &TaskFilter, order: TaskOrder, limit: Option<usize>) -> Answer<'a> {
    let mut wanted: Vec<&ListedTask> = listed.iter().filter(|task| filter.matches(&task.line())).collect();
    wanted.sort_unstable_by(|a, b| order.compare(&a.line(), &b.line()));
    let of_verdict =
        |verdict: Verdict| (verdict.word(), wanted.iter().filter(|task| task.verdict == Some(verdict)).count());
    let told = wanted.iter().take(limit.unwrap_or(usize::MAX)).map(|task| line(task));
    let tasks: Vec<Line<'a>> = told.collect();
    Answer {
        filter: filter.to_string(),
        sorted_by: order.column.word(),
        reversed: order.direction == SortDirection::Descending,
        of: listed.len(),
        count: wanted.len(),
        verdicts: [Verdict::Verified, Verdict::Undetermined, Verdict::Refuted].map(of_verdict).into(),
        not_judged: wanted.iter().filter(|task| task.verdict.is_none()).count(),
        left_out: wanted.len() - tasks.len(),
        tasks,
    }
}

fn line(task: &ListedTask) -> Line<'_> {
    Line {
        task_id: &task.task_id,
        label: task.label.as_deref(),
        name: task.name.as_deref(),
        task_type: task.task_type.as_deref(),
        kind: task.kind.as_deref(),
        verdict: task.verdict,
        reason: task.reason,
        keys: task.keys.iter().map(|key| &**key).collect(),
        worker: task.worker.as_deref(),
        pool: task.pool.as_deref(),
        tree: task.tree.as_deref(),
        state: task.state.as_deref(),
        created: task.created,
    }
}

fn write(answer: &Answer<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    let cells = |task: &Line<'_>| {
        let shown = |text: Option<&str>| text.map_or_else(|| "-".to_owned(), |text| Untrusted(text).to_string());
        [
            task.verdict.map_or("-", Verdict::word).to_owned(),
            task.task_id.to_string(),
            shown(task.task_type),
            shown(task.label.or(task.name)),
            shown(task.worker),
            task.created.map_or_else(|| "-".to_owned(), |created| created.to_string()),
            shown(task.tree),
        ]
    };
    let mut widths = [0; 7];
    for task in &answer.tasks {
        for (width, cell) in widths.iter_mut().zip(cells(task)) {
            *width = cell.chars().count().min(WIDTH_MAX).max(*width);
        }
    }
    for task in &answer.tasks {
        let mut line = String::new();
        for (cell, width) in cells(task).iter().zip(widths) {
            line += &format!("{cell:<width$}  ");
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    if answer.left_out > 0 {
        writeln!(out, "{} more; --limit says how many are shown", answer.left_out)?;
    }
    let of = |verdict: Verdict| answer.verdicts.get(verdict.word()).copied().unwrap_or_default();
    let [verified, refuted, undetermined] = [Verdict::Verified, Verdict::Refuted, Verdict::Undetermined].map(of);
    let not_judged = answer.not_judged;
    writeln!(
        out,
        "{} of {} tasks: {verified} verified, {refuted} refuted, {undetermined} undetermined, {not_judged} not judged",
        answer.count, answer.of
    )
}
