//! A JSON document, read once for every examiner that looks at it.

use crate::formats::json::{Document, ParseError, parse};

/// The document, or why it is none.
#[derive(Debug)]
pub struct Reading(Result<Document, ParseError>);

impl Reading {
    /// Reads bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(parse(bytes))
    }

    /// The document.
    ///
    /// # Errors
    ///
    /// Why the bytes are none.
    pub(super) const fn document(&self) -> Result<&Document, &ParseError> {
        self.0.as_ref()
    }
}
