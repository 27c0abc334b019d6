//! What reading one JSON document may cost.

/// Most containers inside one another. CPython's scanner recurses and gives up a little below 1000, the exact depth
/// hanging on its caller's stack; 900 lies below every depth at which it was seen to fail, and keeps the recursive
/// drop, clone and comparison of a value within a 2 MiB thread stack.
pub const MAX_DEPTH: usize = 900;

/// Default for the bytes of one document: twice the largest task graph known (260 MB).
pub const BYTES_MAX: usize = 512 * 1024 * 1024;

/// Default for the values in one document that is read piece by piece. A real task graph has one in about 43 bytes, so
/// this admits 700 MB of it.
pub const NODES_MAX: usize = 16 * 1024 * 1024;

/// Default for the values in one document that is read whole. A value costs 32 bytes, or at worst (tiny objects) some
/// 190, so hostile input takes 600 MB at most; task graphs, the largest documents, are read piece by piece.
pub const WHOLE_NODES_MAX: usize = 3 * 1024 * 1024;

/// Most digits of an integer: CPython's default for `sys.set_int_max_str_digits`, since 3.11 and the security releases
/// of 2022. A sign does not count; floats have no such limit.
pub const INTEGER_DIGITS_MAX: usize = 4300;

/// Limits on one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Most bytes.
    pub bytes_max: usize,
    /// Most containers inside one another; [`MAX_DEPTH`] is the ceiling, whatever stands here.
    pub depth_max: usize,
    /// Most values: scalars and containers, keys not counted.
    pub nodes_max: usize,
}

impl Budget {
    /// For a document that is read whole: [`BYTES_MAX`], [`MAX_DEPTH`], [`WHOLE_NODES_MAX`].
    pub const WHOLE: Self = Self { bytes_max: BYTES_MAX, depth_max: MAX_DEPTH, nodes_max: WHOLE_NODES_MAX };
}

impl Default for Budget {
    /// [`BYTES_MAX`], [`MAX_DEPTH`], [`NODES_MAX`].
    fn default() -> Self {
        Self { bytes_max: BYTES_MAX, depth_max: MAX_DEPTH, nodes_max: NODES_MAX }
    }
}
