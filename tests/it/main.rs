//! The integration tests: one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod archives;
mod cases;
mod clearsign;
mod cli;
mod custody;
mod forms;
mod golden;
mod graph_index;
mod hostile_case;
mod hostile_graphs;
mod house;
mod import;
mod importing;
mod jsone;
mod keys;
mod parity;
mod program;
mod questions;
mod real_captures;
mod real_input;
mod rebuilds;
mod releases;
mod report;
mod repository;
mod rule_books;
mod samples;
mod store;
mod support;
mod terminal;
mod trust;
mod walks;
mod what_if;
mod wycheproof;
