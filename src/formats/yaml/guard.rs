//! Where PyYAML's scanner and the parser here part, the document is refused.
//!
//! All checks look at the text itself, at the places that the parser gives for its events.

use std::ops::Range;

use super::error::{Refusal, YamlError};
use super::oddity::{OddityKind, OddityList};
use super::source::{Mark, Source};

const BOM: char = '\u{feff}';

/// Finds tabs and byte order marks outside of where they are plain content.
pub(super) struct Guard<'s> {
    source: &'s Source<'s>,
    /// Whether there is anything to find at all.
    is_needed: bool,
    /// Quoted text, block text and comments.
    protected: Vec<Range<usize>>,
}

impl<'s> Guard<'s> {
    pub(super) fn new(source: &'s Source<'s>) -> Self {
        let is_needed = source.text().contains(['\t', BOM]);
        Self { source, is_needed, protected: Vec::new() }
    }

    /// Notes where they are content.
    pub(super) fn protect(&mut self, span: Range<usize>) {
        if self.is_needed {
            self.protected.push(span);
        }
    }

    /// Looks for them everywhere else.
    pub(super) fn finish(mut self) -> Result<(), YamlError> {
        if !self.is_needed {
            return Ok(());
        }
        self.protected.sort_unstable_by_key(|span| span.start);
        let mut spans = self.protected.iter().peekable();
        for (at, char) in self.source.text().match_indices(['\t', BOM]) {
            while spans.next_if(|span| span.end <= at).is_some() {}
            if !spans.peek().is_some_and(|span| span.contains(&at)) {
                let refusal = if char == "\t" { Refusal::Tab } else { Refusal::ByteOrderMark };
                return Err(YamlError::new(self.source.mark_at(at), refusal.into()));
            }
        }
        Ok(())
    }
}

/// Checks what stands before the document: blank lines, comments, directives as PyYAML's `scan_directive` takes them, and
/// no `...`, which PyYAML takes for an error there. Directives need their `---`.
pub(super) fn check_prologue(source: &Source<'_>, oddities: &mut OddityList) -> Result<(), YamlError> {
    let mut at = 0;
    let mut has_directive = false;
    for (index, line) in source.text().split_inclusive('\n').enumerate() {
        let mark = Mark { offset: source.original(at), line: index + 1, column: 1 };
        let refuse = || Err(YamlError::new(mark, Refusal::Marker.into()));
        let content = line.trim_end_matches('\n');
        if content.starts_with('%') {
            if !is_directive(content) {
                return refuse();
            }
            has_directive = true;
            oddities.add(OddityKind::Directive, mark, mark.offset + content.len());
        } else if !is_blank_or_comment(content) {
            if is_marker(content, "...") || has_directive && !is_marker(content, "---") {
                return refuse();
            }
            return Ok(());
        }
        at += line.len();
    }
    if has_directive { Err(YamlError::new(source.mark_at(at), Refusal::Marker.into())) } else { Ok(()) }
}

fn is_blank_or_comment(line: &str) -> bool {
    let text = line.trim_start_matches(' ');
    text.is_empty() || text.starts_with('#')
}

/// Whether a line begins with a marker (`---`, `...`) as PyYAML's `check_document_start` and `check_document_end` say.
fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

/// `%YAML 1.x`, `%TAG handle prefix`, or a name that PyYAML passes over with the rest of its line.
fn is_directive(line: &str) -> bool {
    let directive = line.strip_prefix('%').unwrap_or_default();
    let (name, rest) = directive.split_once(' ').unwrap_or((directive, ""));
    let ends = |text: &str| text.is_empty() || text.starts_with(' ') && is_blank_or_comment(text);
    let rest = rest.trim_start_matches(' ');
    match name {
        "YAML" => {
            let minor = rest.strip_prefix("1.").unwrap_or_default();
            let behind = minor.trim_start_matches(|char: char| char.is_ascii_digit());
            minor.len() > behind.len() && ends(behind)
        }
        "TAG" => {
            let Some((handle, rest)) = rest.split_once(' ') else {
                return false;
            };
            let rest = rest.trim_start_matches(' ');
            let behind = rest.trim_start_matches(|char: char| char != ' ');
            let prefix = rest.strip_suffix(behind).unwrap_or_default();
            let is_handle = handle == "!"
                || handle
                    .strip_prefix('!')
                    .and_then(|rest| rest.strip_suffix('!'))
                    .is_some_and(|name| name.chars().all(is_name));
            is_handle && !prefix.is_empty() && prefix.chars().all(is_uri) && ends(behind)
        }
        _ => !name.is_empty() && name.chars().all(is_name),
    }
}

/// A character of names of anchors, tag handles and directives in PyYAML.
fn is_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '-' | '_')
}

/// A character of PyYAML's `scan_tag_uri`, but for the `%` of escapes.
fn is_uri(char: char) -> bool {
    char.is_ascii_alphanumeric() || "-;/?:@&=+$,_.!~*'()[]".contains(char)
}

/// Checks that a plain scalar is one to PyYAML: `check_plain` for its start, `scan_plain` for `?` in flow context.
pub(super) fn check_plain(text: &str, span: Range<usize>, is_in_flow: bool) -> Result<(), Refusal> {
    let mut chars = text.get(span.start..).unwrap_or_default().chars();
    let (first, second) = (chars.next(), chars.next());
    let is_plain_start = match first {
        None => false,
        Some('-') => !is_blank_or_end(second),
        Some('?' | ':') => !is_in_flow && !is_blank_or_end(second),
        Some(first) => !" \t\n,[]{}#&*!|>'\"%@`".contains(first),
    };
    let has_end = is_in_flow && text.get(span).unwrap_or_default().contains('?');
    if is_plain_start && !has_end { Ok(()) } else { Err(Refusal::Plain) }
}

fn is_blank_or_end(char: Option<char>) -> bool {
    matches!(char, None | Some(' ' | '\t' | '\n'))
}

/// Checks that an anchor or alias ends where PyYAML's `scan_anchor` ends it.
pub(super) fn check_name(text: &str, span: Range<usize>, is_in_flow: bool) -> Result<(), Refusal> {
    let behind = text.get(span.end..).unwrap_or_default().chars().next();
    let name = text.get(span).unwrap_or_default().get(1..).unwrap_or_default();
    let is_ended = is_blank_or_end(behind) || is_in_flow && matches!(behind, Some(',' | ']' | '}'));
    let is_fine = !name.is_empty() && name.chars().all(is_name) && is_ended;
    if is_fine { Ok(()) } else { Err(Refusal::AnchorName) }
}

/// Checks that a tag ends where PyYAML's `scan_tag` ends it: commas and brackets belong to it.
pub(super) fn check_tag(text: &str, span: Range<usize>) -> Result<(), Refusal> {
    let behind = text.get(span.end..).unwrap_or_default().chars().next();
    let has_escape = text.get(span).unwrap_or_default().contains('%');
    if is_blank_or_end(behind) && !has_escape { Ok(()) } else { Err(Refusal::Tag) }
}

/// Checks that a double-quoted scalar has no surrogate escapes.
pub(super) fn check_double_quoted(text: &str, span: Range<usize>) -> Result<(), Refusal> {
    let mut rest = text.get(span).unwrap_or_default();
    while let Some((_, escape)) = rest.split_once('\\') {
        let digits = match escape.as_bytes().first() {
            Some(b'u') => escape.get(1..5),
            Some(b'U') => escape.get(1..9),
            Some(_) | None => None,
        };
        if digits.and_then(|d| u32::from_str_radix(d, 16).ok()).is_some_and(|point| matches!(point, 0xd800..=0xdfff)) {
            return Err(Refusal::Surrogate);
        }
        let mut chars = escape.chars();
        chars.next();
        rest = chars.as_str();
    }
    Ok(())
}

/// Checks that every tab in a block scalar stands behind its indentation, of as many spaces as its first line has.
pub(super) fn check_block(text: &str, span: Range<usize>, indentation: usize) -> Result<(), Refusal> {
    let content = text.get(span).unwrap_or_default();
    let is_fine = |line: &str| {
        let rest = line.trim_start_matches(' ');
        !rest.starts_with('\t') || line.len() - rest.len() >= indentation
    };
    // The first line begins behind its indentation.
    let is_indented = content.is_empty() || indentation > 0;
    if is_indented && content.split('\n').skip(1).all(is_fine) { Ok(()) } else { Err(Refusal::Block) }
}

/// Checks that a key and its `:` stand on one line, as PyYAML's simple keys must; other keys have their `?`, and are
/// refused over several lines for simplicity.
pub(super) fn check_key(text: &str, span: Range<usize>, is_in_flow: bool) -> Result<(), Refusal> {
    let behind = text.get(span.end..).unwrap_or_default();
    if behind.trim_start_matches(' ').starts_with(':') {
        let is_one_line = !text.get(span).unwrap_or_default().contains('\n');
        return if is_one_line { Ok(()) } else { Err(Refusal::Key) };
    }
    let mut next = behind.trim_start_matches([' ', '\n']);
    while next.starts_with('#') {
        next = next.split_once('\n').map_or("", |(_, rest)| rest).trim_start_matches([' ', '\n']);
    }
    if is_in_flow && next.starts_with(':') { Err(Refusal::Key) } else { Ok(()) }
}

/// Checks that a node's anchor or tag stands on its line in flow context, where PyYAML takes no key otherwise.
pub(super) fn check_property(text: &str, start: usize, node: usize, is_in_flow: bool) -> Result<(), Refusal> {
    let has_break = text.get(start..node).is_some_and(|between| between.contains('\n'));
    if is_in_flow && has_break { Err(Refusal::Key) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::super::error::YamlErrorReason;
    use super::super::parse;
    use super::*;

    /// Each of these PyYAML reads otherwise than the parser, or both might.
    #[test]
    fn what_is_read_differently_is_refused() {
        for (text, refusal) in [
            ("a: b\tc", Refusal::Tab),
            ("a:\tb", Refusal::Tab),
            ("a: b\t#c", Refusal::Tab),
            ("|\t", Refusal::Tab),
            ("a: |\n  b\n\t\nc: d", Refusal::Tab),
            ("a: b\u{feff}c", Refusal::ByteOrderMark),
            ("\u{feff}\u{feff}a", Refusal::ByteOrderMark),
            ("'a\u{85}b'", Refusal::LineSeparator),
            ("# a\u{2028}b: c", Refusal::LineSeparator),
            ("{: a}", Refusal::EmptyKey),
            ("? \n: a", Refusal::EmptyKey),
            ("!!null : a", Refusal::EmptyKey),
            ("[http://a/b?c]", Refusal::Plain),
            ("[?a]", Refusal::Plain),
            ("[:a]", Refusal::Plain),
            ("&a.b c", Refusal::AnchorName),
            ("&a: b", Refusal::AnchorName),
            ("a: &a[b]", Refusal::AnchorName),
            ("[!!str, a]", Refusal::Tag),
            ("!!st%72 a", Refusal::Tag),
            ("! \"12\\n\"", Refusal::Tag),
            ("{\"a\\\n b\": c}", Refusal::Key),
            ("{!!str a #b\n: c}", Refusal::Key),
            ("{&a\n b: c}", Refusal::Key),
            ("...", Refusal::Marker),
            ("...\na", Refusal::Marker),
            ("%a", Refusal::Marker),
            ("a\n...\n%a", Refusal::Marker),
            ("%YAML=1 1.1\n---\n", Refusal::Marker),
            ("%%YAML 1.1\n---\n", Refusal::Marker),
            ("% YAML 1.1\n---\n", Refusal::Marker),
            ("%YAML 2.0\n---\n", Refusal::Marker),
            ("\"\\ud83d\\ude00\"", Refusal::Surrogate),
            ("\"\\U0000D83D\\ude00\"", Refusal::Surrogate),
            ("--- |\na", Refusal::Block),
            ("&a [*a]", Refusal::Recursive),
            ("&a {<<: *a}", Refusal::Recursive),
        ] {
            let reason = parse(text.as_bytes()).map(|document| document.value).unwrap_err().reason;
            // Some the parser finds itself, as long as it is as strict there.
            let may_be_found = matches!(refusal, Refusal::Surrogate | Refusal::Key | Refusal::Marker);
            let is_expected =
                reason == refusal.into() || may_be_found && matches!(reason, YamlErrorReason::Malformed(_));
            assert!(is_expected, "{text:?}: {reason}");
        }
    }

    #[test]
    fn content_may_have_what_is_refused_elsewhere() {
        for text in [
            "'a\tb'",
            "\"a\t\n\tb\"",
            "# a\tb",
            "a: b # \t\u{feff}",
            "|\n a\tb\n \tc",
            ">\n a\t\n b",
            "'\u{feff}'",
            "\u{feff}a: b",
            "\u{feff}# a\n---\nb",
            "a: http://b/c?d#e",
            "['?', \":\", a:b]",
            "\"\\\\ud83d\"",
            "[&a b, *a]",
            "%YAML 1.1 # a\n---\nb",
            "%a b c\n#d\n---\n",
            "%TAG !a! tag:yaml.org,2002:\n---\n!a!str 1",
            "a\n...\n...\n# b\n",
            "{a: b # c\n, d: e}",
            "[a\n b, c]",
        ] {
            assert!(parse(text.as_bytes()).is_ok(), "{text:?}");
        }
    }
}
