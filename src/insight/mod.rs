//! Insight: facts to answers. Pure.

mod completeness;
mod find;

pub use completeness::{Needs, completeness, completeness_of_all};
pub use find::{Hit, Query, Relation, find};
