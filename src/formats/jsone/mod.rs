//! JSON-e as the Python package json-e 4.8.4 renders it: scriptworker's renderer.
//!
//! So numbers are Python's (`1 == 1.0 == true`, `/` gives a float), keys keep their order, and what Python refuses is
//! refused, whatever the specification says. Unlike Python, a rendering has limits ([`LIMITS`]): beyond them it ends with
//! [`JsoneError::Limit`], which says nothing about the template's task. What only Python could answer (integers beyond
//! 128 bits, `repr` of containers, complex numbers, the order of NaN) ends with [`JsoneError::Unsupported`].
//!
//! Time is a variable like any other: a context without a text `now` has none.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "an operation names the types that Python lets it take, and refuses all others, known and to come"
)]

mod builtins;
mod compare;
mod error;
mod evaluate;
mod from_now;
mod limits;
mod operators;
mod parse;
mod render;
mod scope;
mod token;
mod value;

pub use compare::is_space;
pub use error::JsoneError;
pub use limits::{LIMITS, Limits};
pub use render::render;
pub use value::{Function, List, Map, Value};
