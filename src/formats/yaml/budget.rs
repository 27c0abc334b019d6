//! What reading one YAML document may cost.

/// Most bytes of a document. Real ones (`.taskcluster.yml`, `parameters.yml`) stay far below one megabyte.
pub const BYTES_MAX: usize = 16 * 1024 * 1024;

/// Most collections inside one another, aliases followed. Real documents stay below 20. PyYAML recurses while composing,
/// and gives up somewhere above 200 by Python's limit on recursion; 100 lies below that, and keeps every recursion here, and
/// the drop, clone and comparison of a value, within a 2 MiB thread stack.
pub const DEPTH_MAX: usize = 100;

/// Most nodes as written, keys and aliases included. The largest real document has some ten thousand.
pub const NODES_MAX: usize = 1_000_000;

/// Most nodes once every alias and merge key is replaced by what it stands for, which a few lines can make a number
/// with many digits.
pub const EXPANDED_NODES_MAX: usize = 1_000_000;

/// Most bytes of all scalars once every alias and merge key is replaced: one long string can be referred to many times.
pub const EXPANDED_BYTES_MAX: usize = 4 * BYTES_MAX;

/// Most digits of an integer, in any base. For decimal ones that is CPython's default for `sys.set_int_max_str_digits`,
/// since 3.11 and the security releases of 2022; for the others it keeps writing them as decimal cheap.
pub(super) const INTEGER_DIGITS_MAX: usize = crate::formats::json::INTEGER_DIGITS_MAX;

/// Most characters that a key may have to be recognised by its `:` alone, as in PyYAML's `stale_possible_simple_keys`.
pub(super) const SIMPLE_KEY_CHARS_MAX: usize = 1024;

/// Most lines of comments between two tokens, where the parser has to keep them to decide what the token belongs to. Real
/// documents have some tens.
pub(super) const COMMENT_LINES_MAX: usize = 100_000;

/// Most characters of a tag that an error repeats.
pub(super) const TAG_CHARS_SHOWN_MAX: usize = 100;
