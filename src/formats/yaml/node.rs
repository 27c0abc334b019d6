//! Nodes: what PyYAML's composer makes before anything is constructed.

use std::rc::Rc;

use super::source::Mark;

/// A node. Aliases share it.
pub(super) struct Node {
    pub tag: Tag,
    pub content: Content,
    pub mark: Mark,
    /// The byte behind it in the document as it was given; for a collection, behind its first token.
    pub end: usize,
    /// How many collections are in one another here, itself included and aliases followed; 0 for a scalar.
    pub height: usize,
    /// What it costs, aliases followed.
    pub cost: Cost,
}

/// The part of a node that depends on its kind.
pub(super) enum Content {
    Scalar(String),
    Sequence(Vec<Rc<Node>>),
    Mapping(Pairs),
}

/// The pairs of a mapping after PyYAML's `flatten_mapping`.
#[derive(Default)]
pub(super) struct Pairs {
    /// Those that merge keys brought, then its own.
    pub list: Vec<(Rc<Node>, Rc<Node>)>,
    /// How many were brought.
    pub merged: usize,
    /// Whether it had merge keys, even if they brought nothing.
    pub has_merge_key: bool,
}

/// What nodes cost once constructed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    pub nodes: usize,
    pub bytes: usize,
}

impl Cost {
    pub(super) fn add(&mut self, other: Self) {
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// The tags that PyYAML's safe constructor knows, and those that its resolver gives to `<<`, to `=`, and to `!`, `&` and
/// `*`; all in the namespace [`NAMESPACE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Null,
    Bool,
    Int,
    Float,
    Binary,
    Timestamp,
    Str,
    Seq,
    Map,
    Set,
    Omap,
    Pairs,
    Merge,
    Value,
    Yaml,
}

/// The namespace of YAML's own tags.
pub(super) const NAMESPACE: &str = "tag:yaml.org,2002:";

impl Tag {
    /// The tag of a name in the namespace.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "bool" => Self::Bool,
            "int" => Self::Int,
            "float" => Self::Float,
            "binary" => Self::Binary,
            "timestamp" => Self::Timestamp,
            "str" => Self::Str,
            "seq" => Self::Seq,
            "map" => Self::Map,
            "set" => Self::Set,
            "omap" => Self::Omap,
            "pairs" => Self::Pairs,
            "merge" => Self::Merge,
            "value" => Self::Value,
            "yaml" => Self::Yaml,
            _ => return None,
        })
    }

    /// Its name in the namespace.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Binary => "binary",
            Self::Timestamp => "timestamp",
            Self::Str => "str",
            Self::Seq => "seq",
            Self::Map => "map",
            Self::Set => "set",
            Self::Omap => "omap",
            Self::Pairs => "pairs",
            Self::Merge => "merge",
            Self::Value => "value",
            Self::Yaml => "yaml",
        }
    }
}
