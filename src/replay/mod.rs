//! Replay: the one service. Loads batches of owned values from the case, examines what is missing, stores the facts,
//! judges, and returns a report. Command line, terminal UI and exports call it; nobody repeats it.

mod bulk;
mod desk;
mod examination;
mod findings;
mod gathered;
mod gathering;
mod graphs;
mod key_ledger;
mod keys;
mod planning;
mod rebuilds;
mod report;
mod repositories;
mod rules;
mod scope;
mod service;
mod targets;
mod verifiers;
mod what_if;

pub use desk::{Listener, Progress, SILENT, Work};
pub use graphs::verify_indexes;
pub use key_ledger::key_report;
pub use rules::RuleChoice;
pub use scope::SnapshotChoice;
pub use service::{
    Definitions, NotRebuilt, RebuildShown, Replayed, Request, definitions, rebuild, replay, survey, verify_facts,
};
pub use targets::{ReplayError, Targets};
pub use what_if::{Changed, Standing, WhatIf, what_if};
