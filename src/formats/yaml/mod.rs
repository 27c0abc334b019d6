//! YAML exactly as PyYAML 6.0.3's `yaml.safe_load` reads a text file (the pure-Python `SafeLoader`): scriptworker's reader.
//!
//! So it is YAML 1.1 with PyYAML's habits: `yes` and `on` are booleans, `010` is 8, `1:30` is 90, `1e3` is a string, dates
//! become dates, merge keys merge, repeated keys keep the last value at the first one's position, keys need not be
//! strings. What a YAML 1.2 reader would read otherwise is listed as [`Oddity`].
//!
//! Tokens and structure come from granit-parser, set to agree with PyYAML; where it is known not to, or where nobody can
//! be sure, the document is refused ([`YamlErrorReason::Refused`] among others): a value that is returned is PyYAML's, a
//! refusal need not be. Known to be refused though PyYAML reads it: an empty mapping key; a comment glued to a closing
//! quote or bracket; `[-]`; in flow collections plain text with `?` or a leading `:`, a key's tag or anchor on another
//! line; an anchor or tag ended by punctuation; surrogate escapes; a byte order mark in the midst of plain text; U+0085,
//! U+2028 and U+2029 unescaped; values that contain themselves; a scalar's tag on a mapping; odd spellings under an
//! explicit tag (`!!int "0o17"`); and what exceeds the limits.

mod binary;
mod budget;
mod compose;
mod construct;
mod document;
mod error;
mod guard;
mod map;
mod node;
mod number;
mod oddity;
mod resolve;
mod source;
mod time;
mod value;

pub use binary::decode as decode_base64;
pub use budget::{BYTES_MAX, DEPTH_MAX, EXPANDED_BYTES_MAX, EXPANDED_NODES_MAX, NODES_MAX};
pub use document::{Document, parse};
pub use error::{Refusal, YamlError, YamlErrorReason};
pub use map::{Key, Map, Set};
pub use oddity::{ODDITIES_MAX, Oddity, OddityKind};
pub use time::{Date, DateTime};
pub use value::{Value, to_json};
