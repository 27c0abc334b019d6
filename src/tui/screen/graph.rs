//! What a task rests on, and what rests on it: three columns, walked with the arrows.
//!
//! ```text
//! DEPENDANTS (3)       │ TASKS                  │ RESTS ON (2)
//!   ✔ signing-linux64  │ ✔ build-linux64/opt    │ ✔ Decision task
//!   ✔ repackage-linux  │   toolchain-gcc        │   docker-image-debian
//! ── edges: /dependencies, /extra/chainOfTrust/inputs ──────────────────────
//! ```

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::{Purpose, Screen, Step};
use crate::insight::{Counted, DependencyGraph, Direction, Node, Origins, Paths};
use crate::model::TaskId;
use crate::tui::catalog::Catalog;
use crate::tui::keymap::{Action, Place};
use crate::tui::list::{Cursor, search};
use crate::tui::message::Told;
use crate::tui::session::Session;
use crate::tui::text::{captured, plain};
use crate::tui::theme::Theme;
use crate::tui::view::{cell, count, rule, select};

/// How many paths are told.
const PATHS_TOLD: usize = 50;

/// Tasks beside another, each with the places of the definition that make the edge.
type Column = Vec<(Node, Origins)>;

/// The screen.
#[derive(Debug)]
pub(in crate::tui) struct Graph {
    /// The task that it begins at.
    start: TaskId,
    /// The column in the middle, once the graph is there.
    middle: Option<Vec<Node>>,
    cursor: Cursor,
    /// What is beside the task under the cursor, and which task that is.
    beside: Option<(Node, Column, Column)>,
    /// Where the walk came from: the middle column and its cursor, to come back to.
    trail: Vec<(Direction, Vec<Node>, Cursor)>,
    marked: Option<TaskId>,
    is_focused: bool,
    found: String,
}

impl Graph {
    /// At a task.
    pub(in crate::tui) fn of(start: TaskId) -> Self {
        Self {
            start,
            middle: None,
            cursor: Cursor::default(),
            beside: None,
            trail: Vec::new(),
            marked: None,
            is_focused: false,
            found: String::new(),
        }
    }

    fn node(&self) -> Option<Node> {
        self.middle.as_ref()?.get(self.cursor.at).copied()
    }

    /// Whether a task is to be seen: all are, but in focus only those that the filter of the task list wants.
    fn is_seen(&self, session: &Session, task_id: &TaskId) -> bool {
        let line = || session.catalog.line(session.catalog.place(task_id)?, session.live());
        !self.is_focused || line().is_some_and(|line| session.filter.matches(&line))
    }

    fn neighbours(&self, session: &Session, graph: &DependencyGraph, node: Node, to: Direction) -> Column {
        let all = graph.neighbours(node, to);
        all.filter(|(other, _)| self.is_seen(session, graph.task_id(*other))).collect()
    }

    /// Walks to the column on a side; back the way it came, where it came from there.
    fn walk(&mut self, to: Direction) {
        let back = match to {
            Direction::Ancestors => Direction::Dependants,
            Direction::Dependants => Direction::Ancestors,
        };
        if let Some((_, middle, cursor)) = self.trail.pop_if(|(came, _, _)| *came == back) {
            (self.middle, self.cursor) = (Some(middle), cursor);
            return;
        }
        let Some((_, dependants, ancestors)) = &self.beside else { return };
        let column = match to {
            Direction::Dependants => dependants,
            Direction::Ancestors => ancestors,
        };
        if column.is_empty() {
            return;
        }
        let column = column.iter().map(|(node, _)| *node).collect();
        if let Some(left) = self.middle.replace(column) {
            self.trail.push((to, left, self.cursor));
        }
        self.cursor = Cursor::default();
    }

    fn matches(&self, session: &Session, graph: &DependencyGraph, node: Node) -> bool {
        let task_id = graph.task_id(node);
        let wanted = self.found.to_lowercase();
        session.title(task_id).to_lowercase().contains(&wanted) || task_id.as_str().contains(&self.found)
    }

    fn search(&mut self, session: &Session, back: bool) -> Step {
        let (Some(graph), Some(middle)) = (&session.graph, &self.middle) else { return Step::Done };
        match search(middle.len(), self.cursor.at, back, |line| self.matches(session, graph, middle[line])) {
            Some(line) => {
                self.cursor.at = line;
                Step::Done
            }
            None => Step::Say(format!("nothing in the middle column has {}", self.found)),
        }
    }

    fn draw_column(
        &self,
        session: &Session,
        (title, nodes): (&str, &[(Node, Origins)]),
        window: std::ops::Range<usize>,
        area: Rect,
        buffer: &mut Buffer,
    ) {
        let Some(graph) = &session.graph else { return };
        let [head, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
        let head_text = format!("{title} ({})", count(nodes.len() as u64));
        cell(vec![Span::styled(head_text, session.theme.heading())], head, buffer);
        for ((node, _), y) in nodes[window].iter().zip(body.y..body.bottom()) {
            let is_marked = self.marked.as_ref() == Some(graph.task_id(*node));
            cell(task(session, graph, *node, is_marked), Rect { y, height: 1, ..body }, buffer);
        }
        if nodes.is_empty() && body.height > 0 {
            cell(vec![Span::styled("nothing", session.theme.dim())], Rect { height: 1, ..body }, buffer);
        }
    }

    fn draw_details(&self, session: &Session, graph: &DependencyGraph, area: Rect, buffer: &mut Buffer) {
        let Some(node) = self.node() else { return };
        let (theme, task_id) = (session.theme, graph.task_id(node));
        let row = |y: u16| Rect { y: area.y + y, height: 1, ..area }.intersection(area);
        rule(session, &format!("{} {task_id}", plain(session.title(task_id))), row(0), buffer);
        let mut told: Vec<Span<'static>> = Vec::new();
        if let Some((verdict, reason)) = session.standing(task_id) {
            let symbol = theme.verdict_symbol(verdict);
            told.push(Span::styled(format!("{symbol} {}", verdict.word()), theme.verdict(verdict)));
            told.extend(reason.map(|reason| Span::styled(format!(" ({})", reason.phrase()), theme.dim())));
        }
        match session.catalog.place(task_id).and_then(|place| session.catalog.line(place, session.live())) {
            Some(line) => {
                let words = [line.task_type.or(line.kind), line.pool, line.worker, line.tree, line.state];
                for word in words.into_iter().flatten() {
                    if !told.is_empty() {
                        told.push(Span::styled(theme.or(" · ", " | "), theme.dim()));
                    }
                    told.extend(captured(word, Style::new(), theme));
                }
            }
            None => told.push(Span::styled("it was not captured: what it rests on is unknown", theme.dim())),
        }
        cell(told, row(1), buffer);
        // Of the edge over which the walk came.
        let (Some((came, left, cursor)), Some((_, dependants, ancestors))) = (self.trail.last(), &self.beside) else {
            return;
        };
        let side = match came {
            Direction::Ancestors => dependants,
            Direction::Dependants => ancestors,
        };
        let Some(from) = left.get(cursor.at) else { return };
        let origins = side.iter().find(|(other, _)| other == from).map(|(_, origins)| *origins);
        let origins: Vec<String> =
            origins.into_iter().flat_map(Origins::iter).map(|origin| origin.to_string()).collect();
        let mut told = vec![Span::styled("edge ", theme.dim()), Span::raw(origins.join(", "))];
        told.push(Span::styled(if *came == Direction::Ancestors { "  of " } else { "  to " }, theme.dim()));
        told.extend(captured(session.title(graph.task_id(*from)), Style::new(), theme));
        cell(told, row(2), buffer);
    }

    /// Paths from the task under the cursor to the tree, or between it and the marked one.
    fn why(&self, session: &mut Session) -> Step {
        let (Some(graph), Some(node)) = (session.graph.clone(), self.node()) else { return Step::Done };
        let other = self.marked.and_then(|marked| graph.node(&marked)).filter(|other| *other != node);
        let (catalog, theme) = (Arc::clone(&session.catalog), session.theme);
        session.beside(move || {
            let (paths, title) = match other {
                None => (graph.paths_to_tree(node, Origins::ALL, PATHS_TOLD), "paths to the tree"),
                Some(other) => {
                    let there = graph.paths(node, other, Origins::ALL, PATHS_TOLD);
                    // Whichever rests on the other.
                    let is_empty = there.shortest.is_empty();
                    let paths = if is_empty { graph.paths(other, node, Origins::ALL, PATHS_TOLD) } else { there };
                    (paths, "paths between the two")
                }
            };
            Told::Show(title.to_owned(), told_paths(&paths, &graph, &catalog, theme))
        });
        Step::Done
    }

    /// How much is reached both ways, however far away.
    fn reach(&self, session: &mut Session) -> Step {
        let (Some(graph), Some(node)) = (session.graph.clone(), self.node()) else { return Step::Done };
        session.beside(move || {
            let dependants = graph.dependants(node, Origins::ALL).len();
            let ancestors = graph.ancestors(node, Origins::ALL).len();
            let told = [count(dependants as u64), count(ancestors as u64)];
            Told::Said(format!("rest on it: {}; it rests on: {} (tasks, however far away)", told[0], told[1]))
        });
        Step::Done
    }
}

/// A task in a column.
fn task(session: &Session, graph: &DependencyGraph, node: Node, is_marked: bool) -> Vec<Span<'static>> {
    let (theme, task_id) = (session.theme, graph.task_id(node));
    let symbol = match session.standing(task_id) {
        Some((verdict, _)) => Span::styled(format!("{} ", theme.verdict_symbol(verdict)), theme.verdict(verdict)),
        None if graph.is_captured(node) => Span::raw("  "),
        None => Span::styled(theme.or("∅ ", "0 "), theme.dim()),
    };
    let mut spans = vec![symbol];
    if is_marked {
        spans.push(Span::styled(theme.or("◆ ", "# "), theme.changed()));
    }
    let title = session.catalog.title(task_id);
    spans.extend(captured(title.unwrap_or(task_id.as_str()), Style::new(), theme));
    if let Some((before, _)) = session.standing_before(task_id) {
        spans.push(Span::styled(format!(" (was {})", before.word()), theme.changed()));
    }
    spans
}

/// Paths in words: how many, where they end, and the shortest one by one.
fn told_paths(paths: &Paths, graph: &DependencyGraph, catalog: &Catalog, theme: Theme) -> Vec<Line<'static>> {
    let title = |node: Node| plain(catalog.title(graph.task_id(node)).unwrap_or(graph.task_id(node).as_str()));
    if paths.ends.is_empty() {
        return vec![Line::raw("there is no path: neither rests on the other, as far as was captured")];
    }
    let which = match paths.counted {
        Counted::All => "paths",
        Counted::Shortest => {
            "shortest paths (tasks between rest on each other in a cycle: longer ones are not counted)"
        }
    };
    let number =
        if paths.count == u64::MAX { "18,446,744,073,709,551,615 or more".to_owned() } else { count(paths.count) };
    let mut lines = vec![Line::styled(format!("{number} {which}"), theme.heading())];
    for end in &paths.ends {
        let missing = if graph.is_captured(end.node) { "" } else { " (not captured: it may go on)" };
        lines.push(Line::raw(format!(
            "  to {}{missing}: {}, the shortest of length {}",
            title(end.node),
            count(end.count),
            end.distance
        )));
    }
    for (number, path) in (1..).zip(&paths.shortest) {
        lines.push(Line::default());
        for (step, node) in path.iter().enumerate() {
            let lead = if step == 0 {
                format!("{number:>3} ")
            } else {
                format!("    {}{} ", "  ".repeat(step - 1), theme.or("└", "`"))
            };
            lines.push(Line::from(vec![
                Span::styled(lead, theme.dim()),
                Span::raw(title(*node)),
                Span::styled(format!("  {}", graph.task_id(*node)), theme.dim()),
            ]));
        }
    }
    let told = paths.shortest.len() as u64;
    if told < paths.count || paths.is_cut {
        lines.push(Line::default());
        lines.push(Line::styled(format!("the {told} shortest are told"), theme.dim()));
    }
    lines
}

impl Screen for Graph {
    fn place(&self) -> Place {
        Place::Graph
    }

    fn title(&self, session: &Session) -> String {
        let focus =
            if self.is_focused { format!(", only {}", plain(&session.filter.to_string())) } else { String::new() };
        match &self.marked {
            Some(marked) => format!("graph, marked {}{focus}", plain(session.title(marked))),
            None => format!("graph{focus}"),
        }
    }

    fn prepare(&mut self, session: &mut Session) {
        let Some(graph) = session.graph.clone() else { return };
        if self.middle.is_none() {
            self.middle = Some(graph.node(&self.start).into_iter().collect());
        }
        let Some(node) = self.node() else { return };
        if self.beside.as_ref().is_none_or(|(of, ..)| *of != node) {
            let dependants = self.neighbours(session, &graph, node, Direction::Dependants);
            let ancestors = self.neighbours(session, &graph, node, Direction::Ancestors);
            self.beside = Some((node, dependants, ancestors));
        }
    }

    fn hear(&mut self, told: &Told, _session: &mut Session) {
        // Another graph numbers its tasks anew.
        if matches!(told, Told::Graph(_)) {
            *self = Self { marked: self.marked, ..Self::of(self.start) };
        }
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let Some(graph) = session.graph.clone() else {
            Line::styled("being read", session.theme.dim()).render(area, buffer);
            return;
        };
        let [top, below] = Layout::vertical([Constraint::Min(0), Constraint::Length(3)]).areas(area);
        let sides = if area.width < 60 { [0, 100, 0] } else { [33, 34, 33] };
        let columns: [Rect; 3] = Layout::horizontal(sides.map(Constraint::Percentage)).spacing(2).areas(top);
        let height = usize::from(top.height).saturating_sub(1);
        let middle: Column = self.middle.iter().flatten().map(|node| (*node, Origins::NONE)).collect();
        if middle.is_empty() {
            let told = format!("no definition names {}, and the case has none of it", self.start);
            Line::styled(told, session.theme.dim()).render(area, buffer);
            return;
        }
        let window = self.cursor.window(middle.len(), height);
        let at = self.cursor.at - window.start;
        self.draw_column(session, ("TASKS", &middle), window, columns[1], buffer);
        select(
            Rect { y: columns[1].y + 1 + at as u16, height: 1, ..columns[1] }.intersection(columns[1]),
            session,
            buffer,
        );
        if let Some((_, dependants, ancestors)) = &self.beside {
            let seen = |column: &[(Node, Origins)]| 0..column.len().min(height);
            self.draw_column(session, ("DEPENDANTS", dependants), seen(dependants), columns[0], buffer);
            self.draw_column(session, ("RESTS ON", ancestors), seen(ancestors), columns[2], buffer);
        }
        self.draw_details(session, &graph, below, buffer);
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Step {
        if self.cursor.act(action) {
            return Step::Done;
        }
        match action {
            Action::Left => self.walk(Direction::Dependants),
            Action::Right => self.walk(Direction::Ancestors),
            Action::Why => return self.why(session),
            Action::Walk => return self.reach(session),
            Action::Mark => {
                let here = self.task(session);
                self.marked = if self.marked == here { None } else { here };
            }
            Action::Focus => {
                if session.filter.is_empty() && !self.is_focused {
                    return Step::Say("the list of tasks (2) has no filter to focus on".to_owned());
                }
                self.is_focused = !self.is_focused;
                self.beside = None;
            }
            Action::Search => return Step::Type { purpose: Purpose::Search, label: "/", text: String::new() },
            Action::SearchNext => return self.search(session, false),
            Action::SearchBack => return self.search(session, true),
            _ => return Step::Other,
        }
        Step::Done
    }

    fn typed(&mut self, purpose: Purpose, text: &str, is_done: bool, session: &mut Session) -> Step {
        if purpose != Purpose::Search {
            return Step::Done;
        }
        text.clone_into(&mut self.found);
        let (Some(graph), Some(middle)) = (&session.graph, &self.middle) else { return Step::Done };
        // What is under the cursor may match already.
        if is_done
            || text.is_empty()
            || middle.get(self.cursor.at).is_some_and(|node| self.matches(session, graph, *node))
        {
            return Step::Done;
        }
        self.search(session, false)
    }

    fn click(&mut self, column: u16, row: u16, session: &mut Session) -> Step {
        let width = session.columns;
        let Some(row) = row.checked_sub(1) else { return Step::Done };
        match column * 3 / width.max(1) {
            0 if width >= 60 => self.walk(Direction::Dependants),
            2 if width >= 60 => self.walk(Direction::Ancestors),
            _ => {
                let before = self.cursor.at;
                if self.cursor.click(row.into()) && before == self.cursor.at {
                    return Step::Other;
                }
            }
        }
        Step::Done
    }

    fn scroll(&mut self, lines: isize) {
        self.cursor.scroll(lines);
    }

    fn task(&self, session: &Session) -> Option<TaskId> {
        Some(*session.graph.as_ref()?.task_id(self.node()?))
    }

    fn twin(&self, session: &Session) -> Vec<String> {
        let task_id = self.task(session).unwrap_or(self.start).to_string();
        match self.marked {
            Some(marked) => vec!["why".to_owned(), task_id, marked.to_string()],
            None => vec!["ancestors".to_owned(), task_id],
        }
    }
}
