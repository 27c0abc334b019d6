//! What this task rests on and what rests on it, one edge away. A decision task can have very many of them: what is told of
//! each is looked up when it is seen.

use ratatui::style::Style;
use ratatui::text::Span;

use super::body::{Body, Lines};
use super::{Context, Stamp};
use crate::insight::{Direction, Origins};
use crate::model::TaskId;
use crate::tui::list::has_text;
use crate::tui::session::Session;
use crate::tui::text::captured;
use crate::tui::view::count;

/// The tasks next to one.
pub(super) struct Neighbours {
    rows: Vec<Row>,
}

enum Row {
    Heading(String),
    Empty,
    Task { task_id: TaskId, origins: Origins, is_captured: bool },
}

/// What of the session it is made of: verdicts and titles are looked up later.
pub(super) fn stamp(session: &Session) -> Stamp {
    vec![session.graph.as_ref().map_or(0, |graph| std::sync::Arc::as_ptr(graph) as usize)]
}

pub(super) fn body(context: &Context<'_>) -> Body {
    let theme = context.session.theme;
    let mut lines = Lines::new(theme);
    let Some(graph) = &context.session.graph else {
        lines.text("the graph of the tasks is being made", theme.dim());
        return Body::Lines(lines);
    };
    let Some(node) = graph.node(&context.task_id) else {
        lines.text("no definition of the case names this task", theme.dim());
        return Body::Lines(lines);
    };
    let mut rows = Vec::new();
    for (direction, what) in [(Direction::Ancestors, "it rests on"), (Direction::Dependants, "rest on it")] {
        let heading = rows.len();
        rows.push(Row::Empty);
        rows.extend(graph.neighbours(node, direction).map(|(node, origins)| Row::Task {
            task_id: *graph.task_id(node),
            origins,
            is_captured: graph.is_captured(node),
        }));
        let number = count((rows.len() - heading - 1) as u64);
        let told = match direction {
            Direction::Ancestors => format!("{what} {number} tasks"),
            Direction::Dependants => format!("{number} tasks {what}"),
        };
        if let Some(row) = rows.get_mut(heading) {
            *row = Row::Heading(told);
        }
        rows.push(Row::Empty);
    }
    rows.pop();
    Body::Neighbours(Neighbours { rows })
}

impl Neighbours {
    pub(super) const fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn task_id(&self, at: usize) -> Option<TaskId> {
        match self.rows.get(at)? {
            Row::Task { task_id, .. } => Some(*task_id),
            Row::Heading(_) | Row::Empty => None,
        }
    }

    pub(super) fn has(&self, at: usize, text: &str, session: &Session) -> bool {
        let has = |task_id: TaskId| has_text(task_id.as_str(), text) || has_text(session.title(&task_id), text);
        self.task_id(at).is_some_and(has)
    }

    pub(super) fn spans(&self, at: usize, width: usize, session: &Session) -> Vec<Span<'static>> {
        let theme = session.theme;
        let (task_id, origins, is_captured) = match self.rows.get(at) {
            Some(Row::Heading(text)) => return vec![Span::styled(text.clone(), theme.heading())],
            Some(Row::Task { task_id, origins, is_captured }) => (task_id, origins, *is_captured),
            Some(Row::Empty) | None => return Vec::new(),
        };
        let mut spans = vec![match session.standing(task_id) {
            Some((verdict, _)) => {
                let told = format!("  {} {:<13}", theme.verdict_symbol(verdict), verdict.word());
                Span::styled(told, theme.verdict(verdict))
            }
            None if is_captured => Span::styled(format!("  {:<15}", "- no target"), theme.dim()),
            None => Span::styled(format!("  {:<15}", "- not captured"), theme.dim()),
        }];
        if width >= 60 {
            spans.push(Span::styled(format!("{task_id}  "), theme.dim()));
        }
        spans.extend(captured(session.title(task_id), Style::new(), theme));
        let origins: Vec<String> = origins.iter().map(|origin| origin.to_string()).collect();
        spans.push(Span::styled(format!("  by {}", origins.join(", ")), theme.dim()));
        spans
    }
}
