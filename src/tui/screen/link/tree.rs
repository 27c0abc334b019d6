//! A JSON document that can be folded. Its lines are made once; what is folded is left out of the list of those shown.

use ratatui::text::Span;

use super::body::shifted;
use crate::formats::json::{Document, Value, parse, to_compact_string};
use crate::tui::list::has_text;
use crate::tui::text::captured;
use crate::tui::theme::Theme;

/// How many columns a level takes, and the most that all of them take.
const INDENT: usize = 2;
const INDENT_MAX: usize = 40;

/// From how many lines on everything below the first level begins folded.
const FOLDED_FROM: usize = 400;

/// A document.
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// The nodes that are seen, in order.
    shown: Vec<u32>,
    widest: usize,
}

/// A line.
struct Node {
    depth: u32,
    kind: Kind,
    /// The key and its colon, as ASCII JSON; empty for items of lists and for the whole.
    key: Box<str>,
    /// The value as ASCII JSON; of a container its first bracket.
    value: Box<str>,
    /// Its place in the list that it is an item of.
    place: Option<u32>,
    /// The number of the first node behind it and all that it holds.
    end: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Something that the parser says of the document.
    Note,
    Scalar,
    /// The first line of an object or array, with how many members it has.
    Open {
        members: u32,
        is_folded: bool,
    },
    /// The last line of one.
    Close,
}

impl Tree {
    /// The tree of a document; in words, why it is none.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, String> {
        let document = parse(bytes).map_err(|error| error.to_string())?;
        Ok(Self::made(&document))
    }

    fn made(document: &Document) -> Self {
        let mut nodes = Vec::new();
        for oddity in &document.oddities {
            let at = if oddity.pointer.is_empty() { "the whole" } else { &oddity.pointer };
            note(&mut nodes, &format!("! {} at {at}", oddity.kind.phrase()));
        }
        if document.oddities_truncated {
            note(&mut nodes, "! and more that could be read otherwise");
        }
        add(&mut nodes, &document.value, 0, "".into(), None);
        let is_long = nodes.len() > FOLDED_FROM;
        for node in nodes.iter_mut().filter(|node| is_long && node.depth > 0) {
            if let Kind::Open { members, .. } = node.kind {
                node.kind = Kind::Open { members, is_folded: members > 0 };
            }
        }
        let width = |node: &Node| node.depth as usize * INDENT + node.key.len() + node.value.len();
        let widest = nodes.iter().map(width).max().unwrap_or_default();
        let mut tree = Self { nodes, shown: Vec::new(), widest };
        tree.show();
        tree
    }

    fn show(&mut self) {
        self.shown.clear();
        let mut at = 0;
        while let Some(node) = self.nodes.get(at) {
            self.shown.push(at as u32);
            at = match node.kind {
                Kind::Open { is_folded: true, .. } => (node.end as usize).max(at + 1),
                Kind::Open { .. } | Kind::Note | Kind::Scalar | Kind::Close => at + 1,
            };
        }
    }

    fn number(&self, line: usize) -> Option<usize> {
        self.shown.get(line).map(|number| *number as usize)
    }

    fn node(&self, line: usize) -> Option<&Node> {
        self.nodes.get(self.number(line)?)
    }

    pub(super) fn len(&self) -> usize {
        self.shown.len()
    }

    pub(super) const fn widest(&self) -> usize {
        self.widest
    }

    /// Folds or unfolds the part that a line is of, and says on which line its beginning is then.
    pub(super) fn fold(&mut self, line: usize) -> Option<usize> {
        let mut number = self.number(line)?;
        if !matches!(self.nodes.get(number)?.kind, Kind::Open { .. }) {
            number = self.parent(number)?;
        }
        let node = self.nodes.get_mut(number)?;
        let Kind::Open { members, is_folded } = node.kind else { return None };
        node.kind = Kind::Open { members, is_folded: !is_folded && members > 0 };
        self.show();
        self.shown.binary_search(&(number as u32)).ok()
    }

    /// The node that one lies in.
    fn parent(&self, number: usize) -> Option<usize> {
        let node = self.nodes.get(number)?;
        let depth = match node.kind {
            // A last line stands as deep as the first.
            Kind::Close => node.depth,
            Kind::Note | Kind::Scalar | Kind::Open { .. } => node.depth.checked_sub(1)?,
        };
        let before = self.nodes.get(..number)?;
        before.iter().rposition(|node| node.depth == depth && matches!(node.kind, Kind::Open { .. }))
    }

    pub(super) fn has(&self, line: usize, text: &str) -> bool {
        self.node(line).is_some_and(|node| has_text(&node.key, text) || has_text(&node.value, text))
    }

    /// The string itself, another value as JSON; of a part its JSON pointer.
    pub(super) fn copied(&self, line: usize) -> Option<String> {
        let number = self.number(line)?;
        let node = self.nodes.get(number)?;
        match node.kind {
            Kind::Note => None,
            Kind::Scalar => Some(plain_text(&node.value).unwrap_or_else(|| node.value.to_string())),
            Kind::Open { .. } => Some(self.pointer(number)),
            Kind::Close => self.parent(number).map(|number| self.pointer(number)),
        }
    }

    /// The JSON pointer of a node.
    fn pointer(&self, number: usize) -> String {
        let mut tokens = Vec::new();
        let mut next = Some(number);
        while let Some(number) = next {
            let Some(node) = self.nodes.get(number) else { break };
            next = self.parent(number);
            if next.is_some() {
                let key = || plain_text(node.key.trim_end_matches(": ")).unwrap_or_default();
                tokens.push(node.place.map_or_else(key, |place| place.to_string()));
            }
        }
        let escaped = tokens.iter().rev().map(|token| token.replace('~', "~0").replace('/', "~1"));
        escaped.map(|token| format!("/{token}")).collect()
    }

    pub(super) fn spans(&self, line: usize, across: usize, width: usize, theme: Theme) -> Vec<Span<'static>> {
        let Some(node) = self.node(line) else { return Vec::new() };
        let (mark, more) = match node.kind {
            Kind::Note => return captured(&node.value, theme.severity(crate::model::Severity::Medium), theme),
            Kind::Open { members, is_folded: true } => {
                let close = if &*node.value == "{" { "}" } else { "]" };
                (theme.or("▸ ", "> "), format!(" {} {close} {members} inside", theme.or("…", "..")))
            }
            Kind::Open { members: 0, .. } | Kind::Scalar | Kind::Close => ("  ", String::new()),
            Kind::Open { .. } => (theme.or("▾ ", "v "), String::new()),
        };
        let indent = (node.depth as usize * INDENT).min(INDENT_MAX);
        // Of a value of many megabytes only what can be seen is taken.
        let value = node.value.get(..(across + width).min(node.value.len())).unwrap_or(&node.value);
        let spans = vec![
            Span::raw(" ".repeat(indent)),
            Span::styled(mark, theme.dim()),
            Span::styled(node.key.to_string(), theme.key()),
            Span::raw(value.to_owned()),
            Span::styled(more, theme.dim()),
        ];
        shifted(spans, across)
    }
}

fn note(nodes: &mut Vec<Node>, text: &str) {
    let end = nodes.len() as u32 + 1;
    nodes.push(Node { depth: 0, kind: Kind::Note, key: "".into(), value: text.into(), place: None, end });
}

/// Adds a value and all that it holds. Values nest no deeper than the parser allows.
fn add(nodes: &mut Vec<Node>, value: &Value, depth: u32, key: Box<str>, place: Option<u32>) {
    let at = nodes.len();
    let (open, close, members) = match value {
        Value::Map(map) => ("{", "}", map.len()),
        Value::List(list) => ("[", "]", list.len()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {
            let value = to_compact_string(value).into();
            nodes.push(Node { depth, kind: Kind::Scalar, key, value, place, end: at as u32 + 1 });
            return;
        }
    };
    let first: &str = match (members, open) {
        (0, "{") => "{}",
        (0, _) => "[]",
        (_, open) => open,
    };
    let kind = Kind::Open { members: members as u32, is_folded: false };
    nodes.push(Node { depth, kind, key, value: first.into(), place, end: 0 });
    match value {
        Value::Map(map) => {
            for (key, value) in map.iter() {
                let key = format!("{}: ", to_compact_string(&Value::Text(key.clone())));
                add(nodes, value, depth + 1, key.into(), None);
            }
        }
        Value::List(list) => {
            for (place, value) in list.iter().enumerate() {
                add(nodes, value, depth + 1, "".into(), Some(place as u32));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
    }
    if members > 0 {
        let end = nodes.len() as u32 + 1;
        nodes.push(Node { depth, kind: Kind::Close, key: "".into(), value: close.into(), place: None, end });
    }
    let end = nodes.len() as u32;
    if let Some(node) = nodes.get_mut(at) {
        node.end = end;
    }
}

/// The text that a JSON string stands for, where it is Unicode.
fn plain_text(json: &str) -> Option<String> {
    parse(json.as_bytes()).ok()?.value.as_text().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEME: Theme = Theme { has_colours: true, is_ascii: true };

    fn told(tree: &Tree) -> Vec<String> {
        let line = |line| tree.spans(line, 0, 80, THEME).iter().map(|span| span.content.as_ref()).collect::<String>();
        (0..tree.len()).map(line).map(|line: String| line.trim_end().to_owned()).collect()
    }

    #[test]
    fn a_document_is_told_in_its_order_and_folded() {
        let mut tree = Tree::of(br#"{"b": {"x/y": [1, "t\u202e"]}, "a": {}, "b2": null}"#).unwrap();
        let whole = [
            "v {",
            "  v \"b\": {",
            "    v \"x/y\": [",
            "        1",
            "        \"t\\u202e\"",
            "      ]",
            "    }",
            "    \"a\": {}",
            "    \"b2\": null",
            "  }",
        ];
        assert_eq!(told(&tree), whole);
        assert_eq!(tree.copied(2).as_deref(), Some("/b/x~1y"));
        assert_eq!(tree.copied(4).as_deref(), Some("t\u{202e}"));
        assert_eq!(tree.copied(5).as_deref(), Some("/b/x~1y"));
        assert!(tree.has(4, "T\\U202E") && !tree.has(3, "t"));
        // From within, and back from its beginning.
        assert_eq!(tree.fold(4), Some(2));
        assert_eq!(told(&tree)[2], "    > \"x/y\": [ .. ] 2 inside");
        assert_eq!(tree.len(), 7);
        assert_eq!(tree.fold(2), Some(2));
        assert_eq!(told(&tree), whole);
        assert_eq!(tree.fold(9), Some(0));
        assert_eq!(tree.len(), 1);
        assert_eq!(tree.fold(5), None);
    }

    #[test]
    fn what_can_be_read_otherwise_is_told_first() {
        let tree = Tree::of(br#"{"a": 1, "a": 2}"#).unwrap();
        assert_eq!(told(&tree)[0], "! a key that occurs twice (the last one counts) at /a");
        assert_eq!(told(&tree)[2], "    \"a\": 2");
        assert!(Tree::of(b"{").is_err());
    }

    #[test]
    fn long_lines_are_seen_in_part() {
        let tree = Tree::of(format!("[\"{}\"]", "x".repeat(100_000)).as_bytes()).unwrap();
        let spans = tree.spans(1, 50_000, 10, THEME);
        assert!(spans.iter().map(|span| span.content.len()).sum::<usize>() <= 20);
        assert_eq!(tree.widest(), 100_004);
    }
}
