//! Insight: facts to answers. Pure.

mod completeness;
mod dependency_graph;
mod find;
mod key_timeline;
mod paths;
mod task_filter;

pub use completeness::{CompletenessOfAll, Needs, completeness};
pub use dependency_graph::{DependencyGraph, Direction, Node, Origins, Reach, Reached, TooManyEdges};
pub use find::{Hit, Query, Relation, find};
pub use key_timeline::{KeyStretch, TimeScale, key_span, key_stretches, keys_by_role};
pub use paths::{Counted, End, PATHS_MAX, Paths};
pub use task_filter::{Field, FilterProblem, InvalidFilter, SortDirection, TaskFilter, TaskLine, TaskOrder, Term};
