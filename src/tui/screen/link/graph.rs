//! The definition beside its entry in the task graph of the task that made it.

use ratatui::style::Style;

use super::Context;
use super::body::{Lines, Opens};
use crate::model::{Difference, GraphEntry, TaskId};

pub(super) fn lines(context: &Context<'_>) -> Lines {
    let theme = context.session.theme;
    let mut lines = Lines::new(theme);
    let Some(facts) = context.session.facts.get(&context.task_id) else {
        lines.text("being read", theme.dim());
        return lines;
    };
    let entries = facts.as_ref().map(|facts| &facts.graph_entries);
    let Some(entries) = entries.filter(|entries| !entries.is_empty()) else {
        let told = "no task graph was compared: its maker's graph is not there, or it is a decision or action task, \
                    which no graph lists";
        lines.text(told, theme.dim());
        return lines;
    };
    for (parent, entry) in entries {
        entry_lines(context, parent, entry, &mut lines);
    }
    lines
}

fn entry_lines(context: &Context<'_>, parent: &TaskId, entry: &GraphEntry, lines: &mut Lines) {
    let of = format!("the task graph of {}  {parent}", context.session.title(parent));
    lines.heading(&of).copying(parent.as_str()).opening(Opens::Task(*parent));
    for (name, why) in [("unreadable", &entry.unreadable), ("malformed", &entry.malformed)] {
        if let Some(why) = why {
            lines.field(name, why).indented(2);
        }
    }
    let listed = if entry.listed { "the graph lists the task" } else { "the graph does not list the task" };
    lines.text(listed, Style::new()).indented(2);
    if let Some(label) = &entry.other_label {
        lines.field("other label", label).indented(2);
    }
    for why in &entry.ambiguities {
        lines.field("ambiguous", why).indented(2);
    }
    for (name, dependencies) in
        [("not in graph", &entry.extra_dependencies), ("only in graph", &entry.missing_dependencies)]
    {
        for dependency in dependencies {
            let opens = dependency.parse().map_or(Opens::Nothing, Opens::Task);
            lines.field(name, &format!("dependency {dependency}")).indented(2).copying(dependency).opening(opens);
        }
    }
    if entry.listed && entry.differences.is_empty() {
        lines.text("the entry's task and the definition do not differ", Style::new()).indented(2);
    }
    differences(lines, "they differ", ["graph", "queue"], &entry.differences);
    differences(lines, "equal to Python alone", ["graph", "queue"], &entry.lookalikes);
}

/// Places where two documents differ, one side beside the other.
pub(super) fn differences(lines: &mut Lines, title: &str, names: [&'static str; 2], differences: &[Difference]) {
    if differences.is_empty() {
        return;
    }
    let plural = if differences.len() == 1 { "place" } else { "places" };
    lines.heading(&format!("{title}, in {} {plural}", differences.len())).indented(2);
    for difference in differences {
        let at = if difference.pointer.is_empty() { "the whole" } else { &difference.pointer };
        lines.field("at", at).indented(2).copying(&difference.pointer);
        let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".to_owned());
        let (left, right) = (side(&difference.left), side(&difference.right));
        lines.pair((names[0], &left), (names[1], &right)).indented(4).copying(&difference.pointer);
    }
}
