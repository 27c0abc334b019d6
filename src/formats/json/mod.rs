//! JSON exactly as CPython's `json.loads` reads a file that was decoded as strict UTF-8: scriptworker's reader.
//!
//! So it accepts what RFC 8259 does not: `NaN`, `Infinity`, `-Infinity`, floats that overflow to infinity, lone
//! surrogates from `\uD800` escapes, and repeated keys (the last value wins, at the first one's position). It refuses
//! what CPython refuses: a byte order mark, invalid UTF-8, raw control characters in strings, trailing data, leading
//! zeros, trailing commas, unknown escapes, integers of more than 4300 digits. What another reader could read otherwise
//! is listed as [`Oddity`].
//!
//! [`parse`] builds values; [`entries()`] indexes the top level of a big object without building anything, and [`KeyIndex`]
//! does so to be kept. All run the same grammar, so they accept the same bytes.

mod budget;
mod compact;
mod difference;
mod document;
mod entries;
mod error;
mod grammar;
mod index;
mod lookalike;
mod map;
mod number;
mod oddity;
mod text;
mod token;
mod value;

pub use budget::{BYTES_MAX, Budget, INTEGER_DIGITS_MAX, MAX_DEPTH, NODES_MAX, WHOLE_NODES_MAX};
pub use compact::{to_compact_string, to_pretty_string, to_sorted_string};
pub use difference::{DIFFERENCE_POINTER_BYTES_MAX, Difference, DifferenceKind, difference};
pub use document::{Document, parse, parse_with};
pub use entries::{Entries, Entry, entries, entries_with, items};
pub use error::{ParseError, ParseErrorReason};
pub use index::{EntryStream, INDEX_VERSION, IndexedValue, KeyIndex};
pub use lookalike::{LOOKALIKES_MAX, lookalikes};
pub use map::Map;
pub use number::Number;
pub use oddity::{EXACT_INTEGER_MAX, ODDITIES_MAX, ODDITY_POINTER_BYTES_MAX, Oddity, OddityKind};
pub use text::Text;
pub use value::Value;
