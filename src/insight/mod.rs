//! Insight: facts to answers. Pure.

mod completeness;
mod find;

pub use completeness::completeness;
pub use find::{Hit, Query, Relation, find};
