//! Reports written down: one file a format. Presenters of the same values; they hold no rules.

pub mod against;
pub mod json;
pub mod keys;
pub mod text;
