//! Events to nodes: PyYAML's `Composer`, with `flatten_mapping` of its constructor.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, Span, StructureStyle};

use super::budget::{
    COMMENT_LINES_MAX, DEPTH_MAX, EXPANDED_BYTES_MAX, EXPANDED_NODES_MAX, NODES_MAX, SIMPLE_KEY_CHARS_MAX,
    TAG_CHARS_SHOWN_MAX,
};
use super::error::{Refusal, YamlError, YamlErrorReason};
use super::guard::{self, Guard};
use super::node::{Content, Cost, NAMESPACE, Node, Pairs, Tag};
use super::oddity::{OddityKind, OddityList, scalar_oddity};
use super::resolve::resolve;
use super::source::{Mark, Source};

/// Makes the nodes of a document; none if there is none.
pub(super) fn compose(source: &Source<'_>, oddities: &mut OddityList) -> Result<Option<Rc<Node>>, YamlError> {
    guard::check_prologue(source, oddities)?;
    let mut composer = Composer {
        source,
        guard: Guard::new(source),
        oddities,
        open: Vec::new(),
        root: None,
        anchors: HashMap::new(),
        names: HashSet::new(),
        last_node: 0,
        documents: 0,
        nodes: 0,
        merged: Cost::default(),
    };
    for event in Parser::new_from_str_with_options(source.text(), options()) {
        let (event, span) = event.map_err(|error| scan_error(source, &error))?;
        composer.event(event, &span)?;
    }
    composer.guard.finish()?;
    Ok(composer.root)
}

/// What makes the parser agree with PyYAML.
fn options() -> Options {
    granit_parser::options! {
        bom_inside_document_as_content: true,
        block_scalar_eof_without_line_feed: true,
        emit_anchor_events: true,
        emit_comments: true,
        max_buffered_comment_events: COMMENT_LINES_MAX,
        simple_key_max_lookahead: SIMPLE_KEY_CHARS_MAX,
        flow_nesting_limit: DEPTH_MAX,
        block_nesting_limit: DEPTH_MAX,
    }
}

fn scan_error(source: &Source<'_>, error: &ScanError) -> YamlError {
    let kind = error.kind();
    let reason = if *kind == ErrorKind::RecursionLimitExceeded {
        YamlErrorReason::TooDeep
    } else if *kind == ErrorKind::TooManyComments {
        YamlErrorReason::TooLarge
    } else {
        YamlErrorReason::Malformed(kind.to_string())
    };
    YamlError::new(source.mark_of(error.marker()), reason)
}

struct Composer<'s> {
    source: &'s Source<'s>,
    guard: Guard<'s>,
    oddities: &'s mut OddityList,
    /// The collections that are not yet whole.
    open: Vec<Frame>,
    root: Option<Rc<Node>>,
    /// The nodes with anchors by the parser's numbers; none while a node is not yet whole.
    anchors: HashMap<usize, Option<Rc<Node>>>,
    names: HashSet<String>,
    /// Where in the text the node begins whose anchor may come next.
    last_node: usize,
    documents: usize,
    nodes: usize,
    /// What merge keys brought altogether.
    merged: Cost,
}

/// A collection that is not yet whole.
struct Frame {
    tag: Tag,
    anchor: usize,
    is_flow: bool,
    mark: Mark,
    end: usize,
    /// Where it begins in the text.
    start: usize,
    height: usize,
    cost: Cost,
    items: Items,
}

enum Items {
    Sequence(Vec<Rc<Node>>),
    Mapping {
        merged: Vec<(Rc<Node>, Rc<Node>)>,
        own: Vec<(Rc<Node>, Rc<Node>)>,
        key: Option<Rc<Node>>,
        has_merge_key: bool,
    },
}

impl Composer<'_> {
    fn event(&mut self, event: Event<'_>, span: &Span) -> Result<(), YamlError> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return self.fail(span, YamlErrorReason::SeveralDocuments);
                }
                Ok(())
            }
            Event::Comment(..) => {
                self.guard.protect(byte_range(span));
                Ok(())
            }
            Event::Anchor(_, name) => self.anchor(&name, span),
            Event::Alias(id) => self.alias(id, span),
            Event::Scalar(text, style, anchor, tag) => self.scalar(text, style, anchor, tag.as_deref(), span),
            Event::SequenceStart(style, anchor, tag) => {
                let tag = self.tag(tag.as_deref(), span)?.unwrap_or(Tag::Seq);
                self.open(style, anchor, tag, Items::Sequence(Vec::new()), span)
            }
            Event::MappingStart(style, anchor, tag) => {
                let tag = self.tag(tag.as_deref(), span)?.unwrap_or(Tag::Map);
                let items = Items::Mapping { merged: Vec::new(), own: Vec::new(), key: None, has_merge_key: false };
                self.open(style, anchor, tag, items, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::UnresolvedAlias(_) => self.fail(span, YamlErrorReason::Malformed("unknown anchor".to_owned())),
            // Of a version to come.
            _ => self.fail(span, YamlErrorReason::Malformed("unexpected event".to_owned())),
        }
    }

    fn anchor(&mut self, name: &str, span: &Span) -> Result<(), YamlError> {
        let range = byte_range(span);
        let text = self.source.text();
        self.check(span, guard::check_name(text, range.clone(), self.is_in_flow_before()))?;
        self.check(span, guard::check_property(text, range.start, self.last_node, self.is_in_flow_before()))?;
        self.note(OddityKind::Anchor, span);
        if !self.names.insert(name.to_owned()) {
            return self.fail(span, YamlErrorReason::DuplicateAnchor);
        }
        Ok(())
    }

    fn alias(&mut self, id: usize, span: &Span) -> Result<(), YamlError> {
        self.check(span, guard::check_name(self.source.text(), byte_range(span), self.is_in_flow()))?;
        self.note(OddityKind::Alias, span);
        self.count(span)?;
        match self.anchors.get(&id) {
            Some(Some(node)) => {
                let node = Rc::clone(node);
                self.place(node, byte_range(span), span)
            }
            Some(None) => self.fail(span, Refusal::Recursive.into()),
            None => self.fail(span, YamlErrorReason::Malformed("unknown anchor".to_owned())),
        }
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&granit_parser::Tag>,
        span: &Span,
    ) -> Result<(), YamlError> {
        let range = byte_range(span);
        let source = self.source.text();
        let is_plain = style == ScalarStyle::Plain;
        match style {
            // The parser gives `~` for nothing.
            ScalarStyle::Plain if range.is_empty() => {}
            ScalarStyle::Plain => {
                self.check(span, guard::check_plain(source, range.clone(), self.is_in_flow()))?;
            }
            ScalarStyle::DoubleQuoted => self.check(span, guard::check_double_quoted(source, range.clone()))?,
            ScalarStyle::Literal | ScalarStyle::Folded if text.is_empty() => {}
            ScalarStyle::Literal | ScalarStyle::Folded => {
                self.check(span, guard::check_block(source, range.clone(), span.start.col()))?;
            }
            ScalarStyle::SingleQuoted => {}
        }
        // Of an empty block scalar the parser gives the header.
        let is_header = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) && text.is_empty();
        if !is_plain && !is_header {
            self.guard.protect(range.clone());
        }
        let text = if is_plain && range.is_empty() { Cow::Borrowed("") } else { text };
        let tag = self.scalar_tag(&text, is_plain, tag, span)?;
        if is_plain && range.is_empty() && self.awaits_key() {
            return self.fail(span, Refusal::EmptyKey.into());
        }
        self.count(span)?;
        let node = Rc::new(Node {
            tag,
            mark: self.source.mark_of(&span.start),
            end: self.source.original(range.end),
            height: 0,
            cost: Cost { nodes: 1, bytes: text.len() },
            content: Content::Scalar(text.into_owned()),
        });
        if anchor != 0 {
            self.anchors.insert(anchor, Some(Rc::clone(&node)));
        }
        self.last_node = range.start;
        self.place(node, range, span)
    }

    /// The tag of a scalar: its own, or what the resolver says. Of the latter, what is odd is noted.
    fn scalar_tag(
        &mut self,
        text: &str,
        is_plain: bool,
        tag: Option<&granit_parser::Tag>,
        span: &Span,
    ) -> Result<Tag, YamlError> {
        let is_tagged = tag.is_some();
        if let Some(tag) = self.tag(tag, span)? {
            return Ok(tag);
        }
        if !is_plain && !is_tagged {
            return Ok(Tag::Str);
        }
        let tag = resolve(text);
        // In the resolver's expressions, `$` matches before a last line break too. Only `!` brings such a text there.
        if text.strip_suffix('\n').is_some_and(|line| resolve(line) != Tag::Str) {
            return self.fail(span, Refusal::Tag.into());
        }
        if let Some(kind) = scalar_oddity(text, tag) {
            self.note(kind, span);
        }
        Ok(tag)
    }

    /// The explicit tag of a node. None without, and for the non-specific `!`.
    fn tag(&mut self, tag: Option<&granit_parser::Tag>, span: &Span) -> Result<Option<Tag>, YamlError> {
        let Some(tag) = tag else {
            return Ok(None);
        };
        let Some(tag_span) = span.tag_span() else {
            return self.fail(span, Refusal::Tag.into());
        };
        let (text, range) = (self.source.text(), byte_range(&tag_span));
        self.check(&tag_span, guard::check_tag(text, range.clone()))?;
        self.check(&tag_span, guard::check_property(text, range.start, byte_range(span).start, self.is_in_flow()))?;
        self.note(OddityKind::Tag, &tag_span);
        let name = format!("{}{}", tag.handle(), tag.suffix());
        if name == "!" {
            return Ok(None);
        }
        match name.strip_prefix(NAMESPACE).and_then(Tag::from_name) {
            Some(tag) => Ok(Some(tag)),
            None => {
                let shown = name.chars().take(TAG_CHARS_SHOWN_MAX).collect();
                self.fail(&tag_span, YamlErrorReason::UnknownTag(shown))
            }
        }
    }

    fn open(
        &mut self,
        style: StructureStyle,
        anchor: usize,
        tag: Tag,
        items: Items,
        span: &Span,
    ) -> Result<(), YamlError> {
        self.count(span)?;
        if self.open.len() >= DEPTH_MAX {
            return self.fail(span, YamlErrorReason::TooDeep);
        }
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
        let range = byte_range(span);
        self.last_node = range.start;
        self.open.push(Frame {
            tag,
            anchor,
            is_flow: style == StructureStyle::Flow,
            mark: self.source.mark_of(&span.start),
            end: self.source.original(range.end),
            start: range.start,
            height: 0,
            cost: Cost { nodes: 1, bytes: 0 },
            items,
        });
        Ok(())
    }

    fn close(&mut self, span: &Span) -> Result<(), YamlError> {
        let Some(frame) = self.open.pop() else {
            return self.fail(span, YamlErrorReason::Malformed("unexpected end".to_owned()));
        };
        let content = match frame.items {
            Items::Sequence(items) => Content::Sequence(items),
            Items::Mapping { merged, own, has_merge_key, .. } => {
                let count = merged.len();
                let mut list = merged;
                list.extend(own);
                Content::Mapping(Pairs { list, merged: count, has_merge_key })
            }
        };
        let node = Rc::new(Node {
            tag: frame.tag,
            mark: frame.mark,
            end: frame.end,
            height: frame.height + 1,
            cost: frame.cost,
            content,
        });
        if frame.anchor != 0 {
            self.anchors.insert(frame.anchor, Some(Rc::clone(&node)));
        }
        // A block collection has no end of its own in the text, and is no key without `?`.
        let end = if frame.is_flow { byte_range(span).end } else { frame.start };
        self.place(node, frame.start..end, span)
    }

    /// Puts a whole node where it belongs.
    fn place(&mut self, node: Rc<Node>, range: Range<usize>, span: &Span) -> Result<(), YamlError> {
        if self.open.len() + node.height > DEPTH_MAX {
            return self.fail(span, YamlErrorReason::TooDeep);
        }
        if self.awaits_key() && !range.is_empty() {
            self.check(span, guard::check_key(self.source.text(), range, self.is_in_flow()))?;
        }
        let Some(frame) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        frame.height = usize::max(frame.height, node.height);
        match &mut frame.items {
            Items::Sequence(items) => {
                frame.cost.add(node.cost);
                items.push(node);
            }
            Items::Mapping { key: key @ None, .. } => *key = Some(node),
            Items::Mapping { merged, own, key, has_merge_key } => {
                let Some(key) = key.take() else {
                    return Ok(());
                };
                if key.tag == Tag::Merge {
                    *has_merge_key = true;
                    let Some(cost) = merge(merged, &node) else {
                        return self.fail(span, YamlErrorReason::BadMerge);
                    };
                    frame.cost.add(cost);
                    self.merged.add(cost);
                } else {
                    frame.cost.add(key.cost);
                    frame.cost.add(node.cost);
                    own.push((key, node));
                }
            }
        }
        let costs = [frame.cost, self.merged];
        if costs.iter().any(|cost| cost.nodes > EXPANDED_NODES_MAX || cost.bytes > EXPANDED_BYTES_MAX) {
            return self.fail(span, YamlErrorReason::AliasBomb);
        }
        Ok(())
    }

    fn count(&mut self, span: &Span) -> Result<(), YamlError> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return self.fail(span, YamlErrorReason::TooLarge);
        }
        Ok(())
    }

    /// Whether the next node is a key.
    fn awaits_key(&self) -> bool {
        self.open.last().is_some_and(|frame| matches!(frame.items, Items::Mapping { key: None, .. }))
    }

    /// Whether the next node stands in a flow collection.
    fn is_in_flow(&self) -> bool {
        self.open.last().is_some_and(|frame| frame.is_flow)
    }

    /// Whether the last node, be it an open collection, stands in a flow collection.
    fn is_in_flow_before(&self) -> bool {
        match self.open.as_slice() {
            [.., outer, last] if last.start == self.last_node => outer.is_flow,
            [last] if last.start == self.last_node => false,
            [.., last] => last.is_flow,
            [] => false,
        }
    }

    fn note(&mut self, kind: OddityKind, span: &Span) {
        let end = self.source.original(byte_range(span).end);
        self.oddities.add(kind, self.source.mark_of(&span.start), end);
    }

    fn check(&self, span: &Span, result: Result<(), Refusal>) -> Result<(), YamlError> {
        result.map_err(|refusal| YamlError::new(self.source.mark_of(&span.start), refusal.into()))
    }

    fn fail<T>(&self, span: &Span, reason: YamlErrorReason) -> Result<T, YamlError> {
        Err(YamlError::new(self.source.mark_of(&span.start), reason))
    }
}

/// PyYAML's `flatten_mapping` for one merge key: the pairs of a mapping; or those of a list of mappings, the last one's
/// first, so that the first one's win. None if it is neither. Tells what the pairs cost.
///
/// The mappings are flattened themselves by now: an alias can only stand for what is whole.
fn merge(merged: &mut Vec<(Rc<Node>, Rc<Node>)>, node: &Rc<Node>) -> Option<Cost> {
    let mappings: Vec<&Pairs> = match &node.content {
        Content::Scalar(_) => return None,
        Content::Mapping(pairs) => vec![pairs],
        Content::Sequence(items) => items
            .iter()
            .rev()
            .map(|item| match &item.content {
                Content::Mapping(pairs) => Some(pairs),
                Content::Scalar(_) | Content::Sequence(_) => None,
            })
            .collect::<Option<_>>()?,
    };
    let mut cost = Cost::default();
    for (key, value) in mappings.iter().flat_map(|pairs| &pairs.list) {
        cost.add(key.cost);
        cost.add(value.cost);
        // Beyond, the caller refuses; until then nothing more need be copied.
        if cost.nodes <= EXPANDED_NODES_MAX {
            merged.push((Rc::clone(key), Rc::clone(value)));
        }
    }
    Some(cost)
}

/// The bytes of the text that an event has. Parsers of text always know them.
fn byte_range(span: &Span) -> Range<usize> {
    span.byte_range().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::error::YamlErrorReason;
    use super::super::parse;
    use super::*;

    fn reason(text: &str) -> YamlErrorReason {
        parse(text.as_bytes()).map(|document| document.value).unwrap_err().reason
    }

    /// Documents of many references to the one before.
    fn chain(first: &str, link: impl Fn(usize) -> String, length: usize) -> String {
        let links = (1..length).map(|index| format!("- &a{index} {}\n", link(index - 1)));
        format!("- &a0 {first}\n{}", links.collect::<String>())
    }

    #[test]
    fn bombs_are_refused() {
        let nine = |index: usize| format!("[{}]", vec![format!("*a{index}"); 9].join(", "));
        assert_eq!(reason(&chain("[x]", nine, 9)), YamlErrorReason::AliasBomb);
        assert_eq!(reason(&chain("{x: y}", |i| format!("{{<<: [*a{i}, *a{i}]}}"), 60)), YamlErrorReason::AliasBomb);
        let long = format!("- &a {}\n{}", "x".repeat(1 << 20), "- *a\n".repeat(100));
        assert_eq!(reason(&long), YamlErrorReason::AliasBomb);
        let merged = format!("- &a {{{}}}\n{}", "x: y, ".repeat(1000), "- {<<: {<<: *a}}\n".repeat(400));
        assert_eq!(reason(&merged), YamlErrorReason::AliasBomb);
    }

    #[test]
    fn depth_is_limited_also_through_aliases() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert_eq!(reason(&nested(DEPTH_MAX + 1)), YamlErrorReason::TooDeep);
        for text in ["[", "{", "- ", "? ", "{a: ", "[? "] {
            assert_eq!(reason(&text.repeat(100_000)), YamlErrorReason::TooDeep, "{text}");
        }
        let alternating = format!("{}{}", "- ".repeat(60), nested(60));
        assert_eq!(reason(&alternating), YamlErrorReason::TooDeep);
        assert!(parse(chain("x", |i| format!("[*a{i}]"), DEPTH_MAX).as_bytes()).is_ok());
        assert_eq!(reason(&chain("x", |i| format!("[*a{i}]"), 100_000)), YamlErrorReason::TooDeep);
        assert_eq!(reason(&chain("{x: y}", |i| format!("{{<<: *a{i}, k: v}}"), 100_000)), YamlErrorReason::TooDeep);
    }

    #[test]
    fn nodes_are_limited() {
        assert_eq!(reason(&"- a\n".repeat(NODES_MAX)), YamlErrorReason::TooLarge);
        assert_eq!(reason(&format!("a:\n{}  b", "#\n".repeat(COMMENT_LINES_MAX + 1))), YamlErrorReason::TooLarge);
    }

    #[test]
    fn one_document_and_known_tags_only() {
        assert_eq!(reason("a\n---\nb"), YamlErrorReason::SeveralDocuments);
        assert_eq!(reason("---\n---\n"), YamlErrorReason::SeveralDocuments);
        assert_eq!(reason("[&a b, &a c]"), YamlErrorReason::DuplicateAnchor);
        assert!(matches!(reason("[*a, &a b]"), YamlErrorReason::Malformed(_)));
        for (text, tag) in [
            ("!foo a", "!foo"),
            ("!!foo a", "tag:yaml.org,2002:foo"),
            ("!!python/object/apply:os.system [ls]", "tag:yaml.org,2002:python/object/apply:os.system"),
            ("[=]", "tag:yaml.org,2002:value"),
            ("a: <<", "tag:yaml.org,2002:merge"),
            ("! '*'", "tag:yaml.org,2002:yaml"),
        ] {
            assert_eq!(reason(text), YamlErrorReason::UnknownTag(tag.to_owned()), "{text}");
        }
        assert_eq!(
            reason(&format!("!{} x", "a".repeat(1000))).to_string().len(),
            "tag that cannot be constructed: ".len() + 100
        );
    }
}
