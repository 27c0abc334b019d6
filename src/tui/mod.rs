//! The terminal UI: the case on a screen, judged again as the moment moves. A presenter of the same values as the exports.
//!
//! Three threads. The loop (`stage`) takes keys and answers and draws; it never waits for work. The `judge` holds the
//! facts in memory and judges. The `clerk` reads the case file. A `screen` draws what the `session` has, and asks for
//! what it lacks.
//!
//! `keymap` is the one table of keys; `view` the frame around screens; `text` the way of captured text to the screen;
//! `terminal` takes the terminal over and gives it back; [`Rehearsal`] is the whole program without one, for tests and
//! pictures.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a screen acts on few of many actions, and leaves the others to the frame"
)]

mod app;
mod catalog;
mod changed;
mod clerk;
mod document;
mod judge;
mod keymap;
mod list;
mod message;
mod moments;
mod picture;
mod rehearsal;
mod screen;
mod session;
mod stage;
mod terminal;
mod text;
mod theme;
mod view;
mod zoom;

use std::path::PathBuf;

pub use rehearsal::Rehearsal;
pub use theme::Theme;

use crate::model::Moment;
use crate::replay::Request;

/// What the terminal UI is opened with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The case file.
    pub path: PathBuf,
    /// The program that prints the same: for exports.
    pub program: PathBuf,
    /// Who writes notes.
    pub operator: String,
    /// The question to begin with.
    pub base: Request,
    /// The arguments of the command line that stand for what of it never changes here: rules, trust, snapshots.
    pub arguments: Vec<String>,
    /// What the terminal can show.
    pub theme: Theme,
    /// The clock.
    pub clock: fn() -> Moment,
}

/// Why the terminal UI could not run.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// The terminal can't be used.
    #[error("the terminal can't be used: {0}")]
    Terminal(#[from] std::io::Error),
}

/// Runs on the terminal until the user leaves.
///
/// # Errors
///
/// If the terminal can't be used.
pub fn run(options: Options) -> Result<(), TuiError> {
    terminal::run(options)
}
