//! What the tree makes of a decision or action task: template, variables, result, and in what it differs.

use ratatui::style::Style;

use super::Context;
use super::body::Lines;
use super::graph::differences;
use crate::tui::message::Rebuilt;

pub(super) fn lines(context: &Context<'_>) -> Lines {
    let theme = context.session.theme;
    let mut lines = Lines::new(theme);
    match context.session.rebuilds.get(&context.task_id) {
        None => {
            lines.text("being rebuilt", theme.dim());
        }
        Some(Err(error)) => {
            lines.text(error, theme.dim());
        }
        Some(Ok(Err(why))) => {
            lines.text(&why.to_string(), theme.dim());
        }
        Some(Ok(Ok(rebuilt))) => rebuilt_lines(rebuilt, &mut lines),
    }
    lines
}

fn rebuilt_lines(rebuilt: &Rebuilt, lines: &mut Lines) {
    let rebuild = &rebuilt.rebuild;
    lines.field("outcome", rebuild.outcome.word());
    if let Some(why) = &rebuild.why {
        lines.field("why", why);
    }
    lines.field("rules", &rebuilt.rules);
    lines.field("product", &rebuilt.product);
    lines.field("made for", rebuild.tasks_for.as_deref().unwrap_or("nothing that it says"));
    lines.field("tasks", &format!("{} given by the template", rebuild.tasks));
    if let Some(group) = &rebuild.group_id {
        lines.field("other group", &format!("the template gives ACTION_TASK_GROUP_ID {group}")).copying(group);
    }
    for lack in &rebuild.lacks {
        lines.field("lacked", &lack.words());
    }
    for source in &rebuild.sources {
        lines.field("read", &format!("{}  sha256:{}", source.url, source.sha256)).copying(&source.sha256.to_string());
    }
    differences(lines, "the tree's task and the queue's differ", ["tree", "queue"], &rebuild.differences);
    for (what, json) in &rebuilt.parts {
        lines.heading(what);
        for line in json.lines() {
            let text = line.trim_start();
            lines.text(text, Style::new()).indented(2 + line.len() - text.len());
        }
    }
}
