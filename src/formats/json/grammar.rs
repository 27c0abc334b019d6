//! The grammar of JSON, walked without recursion. Whoever wants values or spans hands in a [`Handler`].

use std::ops::Range;

use super::budget::{Budget, MAX_DEPTH};
use super::error::{ParseError, ParseErrorReason};
use super::token::{Cursor, Scalar, StringToken};

/// A kind of container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    List,
    Map,
}

/// Is told what a document consists of, in order. In a map, each value is preceded by its key.
pub(super) trait Handler<'a> {
    /// A scalar and where it stands. An error of this or [`Handler::open`] is placed at the value's first byte.
    fn scalar(&mut self, scalar: Scalar<'a>, span: Range<usize>) -> Result<(), ParseErrorReason>;
    /// A container begins at a byte.
    fn open(&mut self, container: Container, start: usize) -> Result<(), ParseErrorReason>;
    /// The key of the value that comes next.
    fn key(&mut self, key: StringToken<'a>);
    /// The innermost open container ends before a byte.
    fn close(&mut self, end: usize);
}

/// Reads a whole document.
pub(super) fn read<'a, H: Handler<'a>>(bytes: &'a [u8], budget: &Budget, handler: &mut H) -> Result<(), ParseError> {
    if bytes.len() > budget.bytes_max {
        return Err(ParseError::new(budget.bytes_max, ParseErrorReason::TooLarge { bytes_max: budget.bytes_max }));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| ParseError::new(error.valid_up_to(), ParseErrorReason::InvalidUtf8))?;
    if text.starts_with('\u{feff}') {
        return Err(ParseError::new(0, ParseErrorReason::ByteOrderMark));
    }
    let depth_max = usize::min(budget.depth_max, MAX_DEPTH);
    let reader = Reader {
        cursor: Cursor::new(text),
        handler,
        open: Vec::new(),
        nodes: 0,
        nodes_max: budget.nodes_max,
        depth_max,
    };
    reader.document()
}

struct Reader<'a, 'h, H> {
    cursor: Cursor<'a>,
    handler: &'h mut H,
    open: Vec<Container>,
    nodes: usize,
    nodes_max: usize,
    depth_max: usize,
}

impl<'a, H: Handler<'a>> Reader<'a, '_, H> {
    fn document(mut self) -> Result<(), ParseError> {
        loop {
            self.cursor.skip_blanks();
            let is_whole = match self.cursor.peek() {
                Some(b'{') => self.open(Container::Map, b'}')?,
                Some(b'[') => self.open(Container::List, b']')?,
                Some(_) | None => self.scalar()?,
            };
            if is_whole && self.after_value()? {
                return Ok(());
            }
        }
    }

    /// Enters a container. True if it is empty, hence already closed; otherwise the next value is its first.
    #[inline]
    fn open(&mut self, container: Container, end: u8) -> Result<bool, ParseError> {
        self.count_node()?;
        if self.open.len() >= self.depth_max {
            return Err(self.cursor.error(ParseErrorReason::TooDeep { depth_max: self.depth_max }));
        }
        self.handler.open(container, self.cursor.offset()).map_err(|reason| self.cursor.error(reason))?;
        self.cursor.advance();
        self.cursor.skip_blanks();
        if self.cursor.peek() == Some(end) {
            self.cursor.advance();
            self.handler.close(self.cursor.offset());
            return Ok(true);
        }
        self.open.push(container);
        if container == Container::Map {
            self.key()?;
        }
        Ok(false)
    }

    #[inline]
    fn scalar(&mut self) -> Result<bool, ParseError> {
        self.count_node()?;
        let start = self.cursor.offset();
        let scalar = self.cursor.scalar()?;
        let span = start..self.cursor.offset();
        self.handler.scalar(scalar, span).map_err(|reason| ParseError::new(start, reason))?;
        Ok(true)
    }

    /// Goes from the end of a value to the next value. True if that was the end of the document.
    #[inline]
    fn after_value(&mut self) -> Result<bool, ParseError> {
        loop {
            self.cursor.skip_blanks();
            match (self.open.last(), self.cursor.peek()) {
                (None, None) => return Ok(true),
                (None, Some(_)) => return Err(self.cursor.error(ParseErrorReason::TrailingData)),
                (Some(Container::List), Some(b',')) => {
                    self.cursor.advance();
                    return Ok(false);
                }
                (Some(Container::Map), Some(b',')) => {
                    self.cursor.advance();
                    self.cursor.skip_blanks();
                    self.key()?;
                    return Ok(false);
                }
                (Some(Container::List), Some(b']')) | (Some(Container::Map), Some(b'}')) => {
                    self.cursor.advance();
                    self.open.pop();
                    self.handler.close(self.cursor.offset());
                }
                (Some(Container::List), _) => return Err(self.cursor.expected("',' or ']'")),
                (Some(Container::Map), _) => return Err(self.cursor.expected("',' or '}'")),
            }
        }
    }

    /// Reads a key and its colon.
    #[inline]
    fn key(&mut self) -> Result<(), ParseError> {
        if self.cursor.peek() != Some(b'"') {
            return Err(self.cursor.expected("a key in double quotes"));
        }
        let key = self.cursor.string()?;
        self.cursor.skip_blanks();
        if self.cursor.peek() != Some(b':') {
            return Err(self.cursor.expected("':'"));
        }
        self.cursor.advance();
        self.handler.key(key);
        Ok(())
    }

    #[inline]
    fn count_node(&mut self) -> Result<(), ParseError> {
        self.nodes += 1;
        if self.nodes > self.nodes_max {
            return Err(self.cursor.error(ParseErrorReason::TooManyNodes { nodes_max: self.nodes_max }));
        }
        Ok(())
    }
}
