//! Literals in Python source: what a name is assigned at the top of a module, as far as it is plain data. Nothing is
//! evaluated. What is no literal stays [`Kind::Other`], so that whoever asks can refuse it.
//!
//! Source: the Python language reference 3.13, lexical analysis and expressions; `ast.literal_eval` for what plain data is.
//! Beyond that, calls of container types with one literal (`tuple([...])`, `immutabledict({...})`) are that literal.

use std::iter::Peekable;
use std::vec::IntoIter;

/// The most tokens of a source file. scriptworker's largest has some 9,000.
const TOKENS_MAX: usize = 500_000;

/// How deep brackets may be nested. scriptworker's lie 10 deep.
const DEPTH_MAX: usize = 100;

/// Types whose constructors, called with one literal, give that literal back in another wrapping.
const CONTAINERS: [&str; 9] =
    ["dict", "frozendict", "frozenset", "immutabledict", "ImmutableDict", "list", "set", "tuple", "MappingProxyType"];

/// A value in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// What it is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text(String),
    /// A list, tuple or set, in its order.
    List(Vec<Value>),
    /// A dictionary, in its order; Python takes the last of equal keys.
    Map(Vec<(Value, Value)>),
    /// Anything else: numbers, names, calls, operators.
    Other,
}

/// Why a source can't be read, and on which line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct PythonError {
    /// The line, from 1.
    pub line: u64,
    /// Why.
    pub why: &'static str,
}

impl Value {
    /// The value of a key of a dictionary, as Python finds it: `None` where there is none, or where what the dictionary
    /// holds can't all be told.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Kind::Map(entries) = &self.kind else { return None };
        let is_told = entries.iter().all(|(key, _)| matches!(key.kind, Kind::Text(_)));
        let is_key = |entry: &&(Self, Self)| matches!(&entry.0.kind, Kind::Text(text) if text == key);
        entries.iter().rev().find(is_key).map(|(_, value)| value).filter(|_| is_told)
    }
}

/// What a module assigns to a name; `None` where it assigns nothing.
///
/// # Errors
///
/// If the source can't be read, or the name gets its value in another way than by one assignment.
pub fn assigned(source: &[u8], name: &str) -> Result<Option<Value>, PythonError> {
    let text = std::str::from_utf8(source).map_err(|_| PythonError { line: 1, why: "it is not UTF-8" })?;
    let mut parser = Parser { tokens: tokens(text)?.into_iter().peekable(), line: 1 };
    let mut found = None;
    while let Some(Token { line, is_indented, word }) = parser.next() {
        if word == Word::End {
            continue;
        }
        if !matches!(&word, Word::Name(first) if first == name) {
            parser.skip_statement();
            continue;
        }
        let why = if is_indented {
            "the name is used in a block"
        } else if found.is_some() {
            "the name is used again"
        } else if parser.is_assignment() {
            let value = parser.expression(false, 0)?;
            // A comma makes it a tuple of more.
            found = Some(if parser.at_end() { value } else { Value { line, kind: Kind::Other } });
            parser.skip_statement();
            continue;
        } else {
            "the name is not assigned, but changed"
        };
        return Err(PythonError { line, why });
    }
    Ok(found)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Name(String),
    Text(String),
    /// Numbers, bytes, formatted strings.
    Atom,
    Open(char),
    Close(char),
    Operator(char),
    /// The end of a statement.
    End,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    line: u64,
    /// Whether the line of the statement that it begins is indented.
    is_indented: bool,
    word: Word,
}

/// The tokens of a source.
fn tokens(text: &str) -> Result<Vec<Token>, PythonError> {
    let mut scanner =
        Scanner { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1, depth: 0, is_indented: false };
    let mut tokens = Vec::new();
    while let Some((line, word)) = scanner.word()? {
        tokens.push(Token { line, is_indented: scanner.is_indented, word });
        if tokens.len() > TOKENS_MAX {
            return Err(PythonError { line, why: "it has too many words" });
        }
    }
    Ok(tokens)
}

struct Scanner<'a> {
    rest: &'a str,
    line: u64,
    depth: usize,
    is_indented: bool,
}

impl<'a> Scanner<'a> {
    const fn error(&self, why: &'static str) -> PythonError {
        PythonError { line: self.line, why }
    }

    /// Takes so many bytes.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.bytes().filter(|byte| *byte == b'\n').count() as u64;
        self.rest = rest;
        taken
    }

    fn word(&mut self) -> Result<Option<(u64, Word)>, PythonError> {
        loop {
            let Some(first) = self.rest.chars().next() else { return Ok(None) };
            let line = self.line;
            let word = match first {
                '\n' => {
                    self.take(1);
                    if self.depth > 0 {
                        continue;
                    }
                    self.is_indented = self.rest.starts_with([' ', '\t']);
                    Word::End
                }
                ' ' | '\t' | '\r' | '\u{c}' => {
                    self.take(1);
                    continue;
                }
                '#' => {
                    self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
                    continue;
                }
                '\\' => {
                    self.take(1);
                    let skipped = usize::from(self.rest.starts_with('\r'));
                    if !self.rest[skipped..].starts_with('\n') {
                        return Err(self.error("a backslash stands alone"));
                    }
                    self.take(skipped + 1);
                    continue;
                }
                ';' if self.depth == 0 => {
                    self.take(1);
                    Word::End
                }
                '\'' | '"' => self.string("")?,
                '(' | '[' | '{' => {
                    self.depth += 1;
                    self.take(1);
                    Word::Open(first)
                }
                ')' | ']' | '}' => {
                    self.depth = self.depth.checked_sub(1).ok_or_else(|| self.error("a bracket is closed too much"))?;
                    self.take(1);
                    Word::Close(first)
                }
                _ if first.is_alphanumeric() || first == '_' => self.name()?,
                _ => {
                    self.take(first.len_utf8());
                    Word::Operator(first)
                }
            };
            return Ok(Some((line, word)));
        }
    }

    /// A name, a number, or the prefix of a string.
    fn name(&mut self) -> Result<Word, PythonError> {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let name = self.take(self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len()));
        let is_prefix = name.len() <= 2 && name.chars().all(|c| "rbufRBUF".contains(c));
        if is_prefix && self.rest.starts_with(['\'', '"']) {
            return self.string(&name.to_ascii_lowercase());
        }
        let is_number = name.starts_with(|c: char| c.is_ascii_digit());
        Ok(if is_number { Word::Atom } else { Word::Name(name.to_owned()) })
    }

    fn string(&mut self, prefix: &str) -> Result<Word, PythonError> {
        let quote = if self.rest.starts_with('"') { '"' } else { '\'' };
        let triple = String::from(quote).repeat(3);
        let is_long = self.rest.starts_with(&triple);
        self.take(if is_long { 3 } else { 1 });
        let mut length = 0;
        let unfinished = PythonError { line: self.line, why: "a string is not finished" };
        let end = loop {
            let rest = &self.rest[length..];
            let next = rest.chars().next().ok_or_else(|| unfinished.clone())?;
            match next {
                '\\' => length += 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
                '\n' if !is_long => return Err(unfinished),
                _ if is_long && rest.starts_with(&triple) => break 3,
                _ if !is_long && next == quote => break 1,
                _ => length += next.len_utf8(),
            }
        };
        let body = self.take(length);
        self.take(end);
        if prefix.contains(['b', 'f']) {
            return Ok(Word::Atom);
        }
        if prefix.contains('r') || !body.contains('\\') {
            return Ok(Word::Text(body.to_owned()));
        }
        unescape(body).map(Word::Text).ok_or_else(|| self.error("a string has an escape that can't be read"))
    }
}

/// What a string with escapes means.
fn unescape(body: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escape = rest[at + 1..].chars().next()?;
        rest = &rest[at + 1 + escape.len_utf8()..];
        let digits = match escape {
            '\n' => continue,
            '\\' | '\'' | '"' => {
                text.push(escape);
                continue;
            }
            'n' | 't' | 'r' => {
                text.push(match escape {
                    'n' => '\n',
                    't' => '\t',
                    _ => '\r',
                });
                continue;
            }
            'x' => 2,
            'u' => 4,
            'U' => 8,
            // Octal digits, names of characters and control characters stand in no list of keys.
            '0'..='7' | 'N' | 'a' | 'b' | 'f' | 'v' => return None,
            other => {
                text.push('\\');
                text.push(other);
                continue;
            }
        };
        let code = rest.get(..digits).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        text.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
        rest = &rest[digits..];
    }
    text.push_str(rest);
    Some(text)
}

struct Parser {
    tokens: Peekable<IntoIter<Token>>,
    /// The line of the last token.
    line: u64,
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.next()?;
        self.line = token.line;
        Some(token)
    }

    fn word(&mut self) -> Option<&Word> {
        self.tokens.peek().map(|token| &token.word)
    }

    fn at_end(&mut self) -> bool {
        self.word().is_none_or(|word| *word == Word::End)
    }

    /// Takes a token if it is this one.
    fn takes(&mut self, word: &Word) -> bool {
        let is_next = self.word() == Some(word);
        if is_next {
            self.next();
        }
        is_next
    }

    fn skip_statement(&mut self) {
        while !self.at_end() {
            self.next();
        }
        self.next();
    }

    /// Takes `=`, or an annotation and `=`; whether that is what stands there.
    fn is_assignment(&mut self) -> bool {
        if self.takes(&Word::Operator(':')) {
            while !self.at_end() && self.word() != Some(&Word::Operator('=')) {
                self.next();
            }
        }
        self.takes(&Word::Operator('=')) && self.word() != Some(&Word::Operator('='))
    }

    /// An expression up to a comma, a closing bracket or the end of the statement; of a key, or to a colon.
    fn expression(&mut self, is_key: bool, depth: usize) -> Result<Value, PythonError> {
        let line = self.tokens.peek().map_or(self.line, |token| token.line);
        if depth > DEPTH_MAX {
            return Err(PythonError { line, why: "brackets are nested too deeply" });
        }
        let mut kind = self.atom(depth)?;
        loop {
            match self.word() {
                None | Some(Word::End | Word::Close(_) | Word::Operator(',')) => break,
                Some(Word::Operator(':')) if is_key => break,
                Some(Word::Open(_)) => {
                    self.container(depth)?;
                    kind = Kind::Other;
                }
                Some(_) => {
                    self.next();
                    kind = Kind::Other;
                }
            }
        }
        Ok(Value { line, kind })
    }

    /// A literal, a call of a container type, or the first token of something else.
    fn atom(&mut self, depth: usize) -> Result<Kind, PythonError> {
        match self.word() {
            Some(Word::Text(_)) => {
                let mut joined = String::new();
                while let Some(Word::Text(text)) = self.word() {
                    joined.push_str(text);
                    self.next();
                }
                Ok(Kind::Text(joined))
            }
            Some(Word::Open(_)) => self.container(depth),
            Some(Word::Name(name)) if CONTAINERS.contains(&name.as_str()) => {
                self.next();
                if self.word() != Some(&Word::Open('(')) {
                    return Ok(Kind::Other);
                }
                let Kind::List(mut arguments) = self.items(depth)?.0 else { return Ok(Kind::Other) };
                let argument = arguments.pop().filter(|_| arguments.is_empty());
                let literal = argument.map(|argument| argument.kind);
                Ok(literal.filter(|kind| !matches!(kind, Kind::Text(_))).unwrap_or(Kind::Other))
            }
            None | Some(Word::End | Word::Close(_) | Word::Operator(_) | Word::Name(_) | Word::Atom) => {
                if !self.at_end() && !matches!(self.word(), Some(Word::Close(_))) {
                    self.next();
                }
                Ok(Kind::Other)
            }
        }
    }

    /// A bracket and all up to its end: a list, tuple, set or dictionary, or an expression in parentheses.
    fn container(&mut self, depth: usize) -> Result<Kind, PythonError> {
        let (mut kind, has_comma) = self.items(depth)?;
        // Parentheses around one expression are no tuple.
        if let Kind::List(items) = &mut kind
            && items.len() == 1
            && !has_comma
            && let Some(only) = items.pop()
        {
            kind = only.kind;
        }
        Ok(kind)
    }

    /// What stands in a bracket, and whether what it holds is surely a container: brackets other than parentheses, or a
    /// comma.
    fn items(&mut self, depth: usize) -> Result<(Kind, bool), PythonError> {
        let Some(Token { line, word: Word::Open(open), .. }) = self.next() else { return Ok((Kind::Other, true)) };
        let unclosed = PythonError { line, why: "a bracket is not closed" };
        let mut has_comma = open != '(';
        let (mut items, mut pairs) = (Vec::new(), Vec::new());
        loop {
            match self.word() {
                None | Some(Word::End) => return Err(unclosed),
                Some(Word::Close(_)) => {
                    self.next();
                    break;
                }
                Some(Word::Operator(',')) => {
                    has_comma = true;
                    self.next();
                }
                Some(_) => {
                    let item = self.expression(open == '{', depth + 1)?;
                    if self.takes(&Word::Operator(':')) {
                        pairs.push((item, self.expression(false, depth + 1)?));
                    } else {
                        items.push(item);
                    }
                }
            }
        }
        let kind = match (open, items.is_empty(), pairs.is_empty()) {
            ('{', true, _) => Kind::Map(pairs),
            (_, _, true) => Kind::List(items),
            _ => Kind::Other,
        };
        Ok((kind, has_comma))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(source: &str) -> Option<Vec<String>> {
        let value = assigned(source.as_bytes(), "CONFIG").ok()??;
        let Kind::List(listed) = &value.get("keys")?.get("role")?.kind else { return None };
        let text = |value: &Value| match &value.kind {
            Kind::Text(text) => Some(text.clone()),
            Kind::List(_) | Kind::Map(_) | Kind::Other => None,
        };
        listed.iter().map(text).collect()
    }

    #[test]
    fn every_way_to_write_a_list_of_keys_is_read() {
        for source in [
            "CONFIG = {'keys': {'role': ['a', 'b']}}",
            "CONFIG = frozendict({\"keys\": frozendict({\n  'role': tuple([\n 'a',  # first\n 'b',\n]),\n}),\n})\n",
            "import os\nCONFIG: immutabledict[str, Any] = immutabledict(\n    {\"keys\": immutabledict({\"role\": ('a', 'b')})}\n)",
            "def f():\n    return {}\n\nCONFIG = {'n': 60 * 2, 'f': lambda x: x, **{}, }\nX = 1",
            "CONFIG = {'x': os.environ.get('X', {'keys': 1}), 'keys': {'role': ('a' , u'''b''')}} ; Y = 1",
            "CONFIG = \\\n  {'keys': {'role': [r'a', 'c']}, 'keys': {'role': ['a'\n \"\", '\\x62']}}",
        ] {
            let found = keys(source);
            let expected = (!source.contains("**")).then(|| vec!["a".to_owned(), "b".to_owned()]);
            assert_eq!(found, expected, "{source}");
        }
    }

    #[test]
    fn what_is_no_literal_is_not_guessed() {
        for source in [
            "CONFIG = {'keys': {'role': ['a'] + ['b']}}",
            "CONFIG = {'keys': {'role': ['a'] if x else []}}",
            "CONFIG = {'keys': {'role': [k for k in KEYS]}}",
            "CONFIG = {'keys': {'role': ['a', KEY]}}",
            "CONFIG = {'keys': {'role': ['a', f'{KEY}']}}",
            "CONFIG = {'keys': {'role': ['a', 'b'][:1]}}",
            "CONFIG = {'keys': dict({'role': ['a']}, other=1)}",
            "CONFIG = {'keys': {'role': ['a']}} | OTHER",
            "CONFIG = CONFIG2 = {'keys': {'role': ['a']}}",
            "CONFIG = make({'keys': {'role': ['a']}})",
            "CONFIG = {'keys': {'role': ('a')}}",
        ] {
            assert_eq!(keys(source), None, "{source}");
        }
    }

    #[test]
    fn a_name_that_is_changed_later_has_no_value() {
        let plain = "CONFIG = {'keys': {'role': ['a']}}\n";
        for (change, line) in [
            ("CONFIG = {}", 2),
            ("CONFIG['keys'] = 1", 2),
            ("CONFIG.update(x)", 2),
            ("if x:\n    CONFIG = {}", 3),
            ("x = 1; CONFIG = 2", 2),
        ] {
            let error = assigned(format!("{plain}{change}").as_bytes(), "CONFIG").unwrap_err();
            assert_eq!(error.line, line, "{change}");
        }
        assert_eq!(assigned(b"OTHER = 1", "CONFIG"), Ok(None));
        assert_eq!(assigned(b"'''CONFIG = 1'''\n# CONFIG = 2\n", "CONFIG"), Ok(None));
    }

    #[test]
    fn hostile_sources_are_refused_in_time() {
        for source in [
            "CONFIG = ".to_owned() + &"[".repeat(100_000),
            "CONFIG = ".to_owned() + &"(".repeat(300) + &")".repeat(300),
            "CONFIG = [\n'a".to_owned(),
            "CONFIG = '''".to_owned(),
            "CONFIG = ]".to_owned(),
            "CONFIG = 'a\\".to_owned(),
            "CONFIG = '\\u12'".to_owned(),
            "x ".repeat(TOKENS_MAX + 1),
        ] {
            assert!(assigned(source.as_bytes(), "CONFIG").is_err(), "{}", &source[..20.min(source.len())]);
        }
        assert!(assigned(b"\xff", "CONFIG").is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_source_panics(source in "(CONFIG|=|:|,|\\(|\\)|\\[|\\]|\\{|\\}|'|\"|\\\\|#|\n| |a|é|\\*|f'|'''){0,60}") {
            let _ = assigned(source.as_bytes(), "CONFIG");
        }
    }
}
