//! Insight: facts to answers. Pure.

mod completeness;
mod dependency_graph;
mod find;

pub use completeness::{CompletenessOfAll, Needs, completeness};
pub use dependency_graph::{DependencyGraph, Direction, Node, Origins, Reach, Reached, TooManyEdges};
pub use find::{Hit, Query, Relation, find};
