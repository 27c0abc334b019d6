//! The integration tests: one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod cli;
mod house;
mod program;

