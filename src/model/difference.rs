//! How two documents differ.

use serde::{Deserialize, Serialize};

/// One place where two documents differ, with both values as compact JSON, cut where they are long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// RFC 6901 JSON pointer, the same in both documents.
    pub pointer: String,
    /// Which side has it.
    pub kind: DifferenceKind,
    /// The first document's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// The second document's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
}

/// Which side of a comparison has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DifferenceKind {
    /// Only the first document.
    LeftOnly,
    /// Only the second document.
    RightOnly,
    /// Both, with different values.
    Changed,
}
