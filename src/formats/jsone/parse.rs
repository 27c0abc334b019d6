//! Expressions as json-e's parser understands them, with its habits.

use indexmap::IndexMap;

use super::error::JsoneError;
use super::limits::Budget;
use super::token::{Lexer, Token, Word};

/// An expression.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    Name(String),
    Unary(&'static str, Box<Node>),
    /// Operator, what is evaluated first, what second: of `**` the exponent comes first.
    Binary(&'static str, Box<Node>, Box<Node>),
    /// `left.name`.
    Property(Box<Node>, String),
    Access {
        value: Box<Node>,
        is_interval: bool,
        left: Option<Box<Node>>,
        right: Option<Box<Node>>,
    },
    Call(Box<Node>, Vec<Node>),
    List(Vec<Node>),
    Object(IndexMap<String, Node>),
    /// Nothing, where json-e's parser lets that pass: it fails when it is evaluated.
    Missing,
}

/// The most operators, accesses and calls of an expression. Real ones have some 30; Python gives up at some 300 in a row.
const LINKS_MAX: u32 = 200;

/// The operators by priority, those that bind least first. `**` follows.
const BY_PRIORITY: [&[&str]; 7] =
    [&["||"], &["&&"], &["in"], &["==", "!="], &["<", ">", "<=", ">="], &["+", "-"], &["*", "/"]];

/// Parses a whole expression.
pub(super) fn whole(source: &str, budget: &Budget) -> Result<Node, JsoneError> {
    let mut parser = Parser::new(source, budget)?;
    let node = parser.expression(0)?;
    match &parser.current {
        None => Ok(node),
        Some(token) => Err(unexpected(token)),
    }
}

/// Parses an expression up to the `}` of an interpolation; and where that stands.
pub(super) fn interpolated(source: &str, budget: &Budget) -> Result<(Node, usize), JsoneError> {
    let mut parser = Parser::new(source, budget)?;
    let node = parser.expression(0)?;
    match &parser.current {
        None => Err(JsoneError::refused("an interpolation does not end")),
        Some(Token { word: Word::Sign("}"), start }) => Ok((node, *start)),
        Some(token) => Err(unexpected(token)),
    }
}

fn unexpected(token: &Token) -> JsoneError {
    let what = match &token.word {
        Word::Sign(sign) => format!("{sign:?}"),
        Word::Number(text) | Word::Name(text) => format!("{text:?}"),
        Word::Text(_) => "a string".to_owned(),
    };
    JsoneError::refused(format!("an expression goes on with {what}"))
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    current: Option<Token>,
    budget: &'a Budget,
    depth: u32,
    /// The operators, accesses and calls so far, each of which makes the tree higher.
    links: u32,
}

impl<'a> Parser<'a> {
    fn new(source: &'a str, budget: &'a Budget) -> Result<Self, JsoneError> {
        let mut lexer = Lexer::new(source);
        let current = lexer.next()?;
        if current.is_none() {
            return Err(JsoneError::refused("an expression is empty"));
        }
        Ok(Self { lexer, current, budget, depth: 0, links: 0 })
    }

    /// Counts what makes the tree higher: trees are evaluated and dropped by recursion.
    fn link(&mut self) -> Result<(), JsoneError> {
        self.links += 1;
        if self.links > LINKS_MAX { Err(JsoneError::Limit("operators in an expression")) } else { Ok(()) }
    }

    fn sign(&self) -> Option<&'static str> {
        match &self.current {
            Some(Token { word: Word::Sign(sign), .. }) => Some(sign),
            Some(Token { word: Word::Number(_) | Word::Name(_) | Word::Text(_), .. }) | None => None,
        }
    }

    /// Takes the current token.
    fn take(&mut self) -> Result<Word, JsoneError> {
        self.budget.charge(0)?;
        let token = self.current.take().ok_or_else(end)?;
        self.current = self.lexer.next()?;
        Ok(token.word)
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), JsoneError> {
        match (&self.current, self.sign()) {
            (None, _) => Err(end()),
            (Some(_), Some(found)) if found == sign => self.take().map(|_| ()),
            (Some(token), _) => Err(unexpected(token)),
        }
    }

    /// An expression of the operators from a priority on.
    fn expression(&mut self, priority: usize) -> Result<Node, JsoneError> {
        if self.depth >= self.budget.limits().expression_depth {
            return Err(JsoneError::Limit("levels of expressions"));
        }
        self.depth += 1;
        let node = self.binary(priority);
        self.depth -= 1;
        node
    }

    /// By precedence climbing: a frame for each operator that is open, not for each priority.
    fn binary(&mut self, priority: usize) -> Result<Node, JsoneError> {
        let mut node = self.power()?;
        loop {
            let Some(sign) = self.sign() else { return Ok(node) };
            let Some(binds) = BY_PRIORITY.iter().position(|signs| signs.contains(&sign)) else { return Ok(node) };
            if binds < priority {
                return Ok(node);
            }
            self.link()?;
            self.take()?;
            let right = self.expression(binds + 1)?;
            node = Node::Binary(sign, Box::new(node), Box::new(right));
        }
    }

    /// Operands and `**`, which groups from the right.
    fn power(&mut self) -> Result<Node, JsoneError> {
        let mut operands = vec![self.unit()?];
        while self.sign() == Some("**") {
            self.link()?;
            self.take()?;
            operands.push(self.unit()?);
        }
        let mut node = operands.pop().unwrap_or(Node::Missing);
        while let Some(base) = operands.pop() {
            node = Node::Binary("**", Box::new(node), Box::new(base));
        }
        Ok(node)
    }

    /// A unit with the accesses, properties and calls behind it.
    fn unit(&mut self) -> Result<Node, JsoneError> {
        let mut node = self.bare_unit()?;
        loop {
            if matches!(self.sign(), Some("[" | "." | "(")) {
                self.link()?;
            }
            node = match self.sign() {
                Some("[") => self.access(node)?,
                Some(".") => {
                    self.take()?;
                    match self.take()? {
                        Word::Name(name) => Node::Property(Box::new(node), name),
                        Word::Sign(_) | Word::Number(_) | Word::Text(_) => {
                            return Err(JsoneError::refused("a dot is followed by no name"));
                        }
                    }
                }
                Some("(") => self.call(node)?,
                Some(_) | None => return Ok(node),
            };
        }
    }

    /// Signs bind more than accesses: `-a.b` is `(-a).b`.
    fn bare_unit(&mut self) -> Result<Node, JsoneError> {
        let mut signs = Vec::new();
        while let Some(sign @ ("-" | "+" | "!")) = self.sign() {
            self.link()?;
            self.take()?;
            signs.push(sign);
        }
        let mut node = self.operand()?;
        while let Some(sign) = signs.pop() {
            node = Node::Unary(sign, Box::new(node));
        }
        Ok(node)
    }

    fn operand(&mut self) -> Result<Node, JsoneError> {
        match &self.current {
            None => Err(end()),
            Some(Token { word: Word::Sign(sign), .. }) => match *sign {
                "(" => {
                    self.take()?;
                    let node = self.expression(0)?;
                    if matches!(node, Node::Missing) {
                        return Err(JsoneError::refused("parentheses hold nothing"));
                    }
                    self.expect(")")?;
                    Ok(node)
                }
                "[" => self.list(),
                "{" => self.object(),
                word @ ("true" | "false") => self.take().map(|_| Node::Bool(word == "true")),
                "null" => self.take().map(|_| Node::Null),
                _ => Ok(Node::Missing),
            },
            Some(Token { word: Word::Number(_) | Word::Name(_) | Word::Text(_), .. }) => Ok(match self.take()? {
                Word::Number(text) => Node::Number(text),
                Word::Name(name) => Node::Name(name),
                Word::Text(text) => Node::Text(text),
                Word::Sign(_) => Node::Missing,
            }),
        }
    }

    fn list(&mut self) -> Result<Node, JsoneError> {
        self.expect("[")?;
        let mut items = vec![self.expression(0)?];
        while self.sign() == Some(",") {
            if items.iter().any(|item| matches!(item, Node::Missing)) {
                return Err(JsoneError::refused("a list has an empty element"));
            }
            self.take()?;
            let item = self.expression(0)?;
            if matches!(item, Node::Missing) {
                return Err(JsoneError::refused("a list has an empty element"));
            }
            items.push(item);
        }
        self.expect("]")?;
        // `[]` is read as a list with one element that is missing.
        items.retain(|item| !matches!(item, Node::Missing));
        Ok(Node::List(items))
    }

    fn object(&mut self) -> Result<Node, JsoneError> {
        self.expect("{")?;
        let mut entries = IndexMap::new();
        while let Some(Token { word: Word::Text(_) | Word::Name(_), .. }) = &self.current {
            let key = match self.take()? {
                Word::Text(key) | Word::Name(key) => key,
                Word::Sign(_) | Word::Number(_) => return Err(JsoneError::refused("an object has an odd key")),
            };
            self.expect(":")?;
            let value = self.expression(0)?;
            if matches!(value, Node::Missing) {
                return Err(JsoneError::refused("an object has an empty value"));
            }
            entries.insert(key, value);
            if self.sign() == Some("}") {
                break;
            }
            self.expect(",")?;
        }
        self.expect("}")?;
        Ok(Node::Object(entries))
    }

    fn call(&mut self, function: Node) -> Result<Node, JsoneError> {
        self.expect("(")?;
        let mut arguments = Vec::new();
        if self.current.is_none() {
            return Err(end());
        }
        if self.sign() != Some(")") {
            arguments.push(self.expression(0)?);
            while self.sign() == Some(",") {
                if matches!(arguments.last(), Some(Node::Missing)) {
                    return Err(JsoneError::refused("a call has an empty argument"));
                }
                self.take()?;
                arguments.push(self.expression(0)?);
            }
        }
        self.expect(")")?;
        Ok(Node::Call(Box::new(function), arguments))
    }

    fn access(&mut self, value: Node) -> Result<Node, JsoneError> {
        self.expect("[")?;
        let (mut left, mut right, mut is_interval) = (None, None, false);
        if self.current.is_none() || self.sign() == Some("]") {
            return Err(JsoneError::refused("brackets hold no index"));
        }
        if self.sign() != Some(":") {
            left = Some(Box::new(self.expression(0)?));
        }
        if self.current.is_none() {
            return Err(end());
        }
        if self.sign() == Some(":") {
            is_interval = true;
            self.take()?;
        }
        if self.current.is_none() {
            return Err(end());
        }
        if self.sign() != Some("]") {
            right = Some(Box::new(self.expression(0)?));
        }
        self.expect("]")?;
        // Where an operand is missing, Python's parser leaves None, which counts as not given.
        let given = |node: Option<Box<Node>>| node.filter(|node| !matches!(**node, Node::Missing));
        Ok(Node::Access { value: Box::new(value), is_interval, left: given(left), right: given(right) })
    }
}

fn end() -> JsoneError {
    JsoneError::refused("an expression ends too early")
}
