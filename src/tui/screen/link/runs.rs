//! The runs of the task, as the queue's status tells them. Nobody signs that.

use super::Context;
use super::body::Lines;
use crate::model::{Moment, Run};

pub(super) fn lines(context: &Context<'_>) -> Lines {
    let theme = context.session.theme;
    let mut lines = Lines::new(theme);
    let Some(seen) = context.session.seen.get(&context.task_id) else {
        lines.text("being read", theme.dim());
        return lines;
    };
    let Some(seen) = seen else {
        lines.text("the case has nothing of this task", theme.dim());
        return lines;
    };
    let evidence = &seen.evidence;
    lines.field("snapshot", &seen.snapshot.digest.to_string());
    let status = evidence.status.map_or_else(|| "not captured".to_owned(), |digest| format!("sha256:{digest}"));
    lines.field("status", &status);
    if let Some(problem) = &evidence.status_problem {
        lines.field("unreadable", problem);
    }
    if let Some(at) = evidence.captured_at {
        lines.field("collected", &at.to_string());
    }
    if let Some(expires) = evidence.expires {
        lines.field("expires", &expires.to_string());
    }
    if evidence.run_is_claimed {
        lines.text("run numbers are only what attestations claim of themselves", theme.dim());
    }
    let latest = evidence.latest_run();
    for run in &evidence.runs {
        run_lines(run, latest == Some(run.run_id), &mut lines);
    }
    if evidence.runs.is_empty() {
        lines.text("no run is told", theme.dim());
    }
    for denial in &evidence.denials {
        let run = denial.run_id.map(|run_id| format!(" of run {run_id}")).unwrap_or_default();
        let name = denial.name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
        let at = denial.at.map(|at| format!(" on {at}")).unwrap_or_default();
        let status = denial.http_status.map(|status| format!(", HTTP {status}")).unwrap_or_default();
        lines.field("denied", &format!("{}{name}{run}{at}{status}", denial.what));
    }
    for conflict in &evidence.conflicts {
        let told = format!("{}: sha256:{} and older sha256:{}", conflict.what, conflict.newer, conflict.older);
        lines.field("conflict", &told);
    }
    lines
}

fn run_lines(run: &Run, is_latest: bool, lines: &mut Lines) {
    let latest = if is_latest { ", the latest: its artifacts count" } else { "" };
    lines.heading(&format!("run {}{latest}", run.run_id));
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "not told".to_owned());
    let time = |moment: Option<Moment>| moment.map_or_else(|| "not told".to_owned(), |moment| moment.to_string());
    for (name, told) in [
        ("state", run.state.clone()),
        ("made because", text(&run.reason_created)),
        ("ended because", text(&run.reason_resolved)),
        ("worker group", text(&run.worker_group)),
        ("worker", text(&run.worker_id)),
        ("started", time(run.started)),
        ("resolved", time(run.resolved)),
    ] {
        lines.field(name, &told).indented(2);
    }
}
