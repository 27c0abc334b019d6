//! Tokens of expressions, read one at a time: what stands behind an interpolation's end is never looked at.

use super::compare::is_space;
use super::error::JsoneError;

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// An operator, a bracket, `true`, `false`, `null` or `in`.
    Sign(&'static str),
    Number(String),
    Name(String),
    /// A string, without its quotes.
    Text(String),
}

/// A token, and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) word: Word,
    pub(super) start: usize,
}

/// Signs in the order in which json-e tries them.
const SIGNS: [&str; 23] = [
    "**", "+", "-", "*", "/", "[", "]", ".", "(", ")", "{", "}", ":", ",", ">=", "<=", "<", ">", "==", "!=", "!", "&&",
    "||",
];

/// Names that are signs.
const WORDS: [&str; 4] = ["true", "false", "in", "null"];

/// Reads tokens.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    source: &'a str,
    offset: usize,
}

impl<'a> Lexer<'a> {
    pub(super) const fn new(source: &'a str) -> Self {
        Self { source, offset: 0 }
    }

    /// The next token; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token>, JsoneError> {
        let rest = &self.source[self.offset..];
        let trimmed = rest.trim_start_matches(is_space);
        self.offset += rest.len() - trimmed.len();
        let start = self.offset;
        let Some(first) = trimmed.chars().next() else { return Ok(None) };
        let (word, length) = read(trimmed, first)
            .ok_or_else(|| JsoneError::refused(format!("an expression can't be read from {first:?} on")))?;
        self.offset += length;
        Ok(Some(Token { word, start }))
    }
}

fn read(text: &str, first: char) -> Option<(Word, usize)> {
    if let Some(sign) = SIGNS.into_iter().find(|sign| text.starts_with(sign)) {
        return Some((Word::Sign(sign), sign.len()));
    }
    let run = |is_part: fn(char) -> bool| text.find(|c| !is_part(c)).unwrap_or(text.len());
    if first.is_ascii_digit() {
        let whole = run(|c| c.is_ascii_digit());
        let fraction = text[whole..].strip_prefix('.').unwrap_or_default();
        let digits = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
        let length = if digits > 0 { whole + 1 + digits } else { whole };
        return Some((Word::Number(text[..length].to_owned()), length));
    }
    if first.is_ascii_alphabetic() || first == '_' {
        let length = run(|c| c.is_ascii_alphanumeric() || c == '_');
        let name = &text[..length];
        let word = WORDS.into_iter().find(|word| *word == name);
        return Some((word.map_or_else(|| Word::Name(name.to_owned()), Word::Sign), length));
    }
    if first == '\'' || first == '"' {
        let body = text[1..].split(first).next().filter(|body| body.len() + 1 < text.len())?;
        return Some((Word::Text(body.to_owned()), body.len() + 2));
    }
    None
}
