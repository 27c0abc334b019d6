//! Trust: which key was trusted for what, when, and on whose word. Pure.

mod ledger;

pub use ledger::{Ledger, Standing};
