//! What servers answered, as examiners ask for it.

use crate::model::{Digest, Lacking, SourceRead};

/// What a case holds of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Nobody asked, the answer was no answer, or its bytes were not kept.
    Unknown,
    /// The server said that there is nothing.
    Denied,
    /// It answered, and with more bytes than are read.
    TooLarge {
        /// The most bytes that are read.
        limit: u64,
    },
    /// It answered.
    Body {
        /// The digest of the bytes.
        sha256: Digest,
        /// The bytes.
        bytes: Vec<u8>,
        /// Whether it called them HTML: an error page, which scriptworker refuses where it asked for something else.
        is_html: bool,
    },
}

/// Answers by address.
pub type Ask<'a> = &'a mut dyn FnMut(&str) -> Reply;

/// Asks, and notes what was read and what was missing.
pub(super) struct Sources<'a> {
    ask: Ask<'a>,
    pub(super) read: Vec<SourceRead>,
    pub(super) lacks: Vec<Lacking>,
}

/// An answer that was read.
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    pub(super) is_html: bool,
}

impl<'a> Sources<'a> {
    pub(super) fn new(ask: Ask<'a>) -> Self {
        Self { ask, read: Vec::new(), lacks: Vec::new() }
    }

    /// What lies at an address; `None` where that is missing or too large, which is noted.
    pub(super) fn get(&mut self, url: &str) -> Option<Body> {
        match (self.ask)(url) {
            Reply::Unknown => self.lack(Lacking::Source(url.to_owned())),
            Reply::Denied => self.lack(Lacking::NoSource(url.to_owned())),
            Reply::TooLarge { limit } => self.lack(Lacking::TooLarge { url: url.to_owned(), limit }),
            Reply::Body { sha256, bytes, is_html } => {
                let read = SourceRead { url: url.to_owned(), sha256 };
                if !self.read.contains(&read) {
                    self.read.push(read);
                }
                return Some(Body { bytes, is_html });
            }
        }
        None
    }

    /// The most bytes that are read of what an address gave, where that had more.
    pub(super) fn exceeded(&self, url: &str) -> Option<u64> {
        self.lacks.iter().find_map(|lack| {
            let Lacking::TooLarge { url: found, limit } = lack else { return None };
            (found == url).then_some(*limit)
        })
    }

    /// Notes that something is missing.
    pub(super) fn lack(&mut self, what: Lacking) {
        if !self.lacks.contains(&what) {
            self.lacks.push(what);
        }
    }
}
