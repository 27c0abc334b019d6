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
mod noted;
mod outlines;
mod planning;
mod rebuilds;
mod report;
mod repositories;
mod rules;
mod scope;
mod service;
mod sitting;
mod targets;
mod task_list;
mod verifiers;
mod what_if;

pub use desk::{Listener, Progress, SILENT, Work};
pub use graphs::verify_indexes;
pub use key_ledger::key_report;
pub use rules::RuleChoice;
pub use scope::SnapshotChoice;
pub use service::{
    Definitions, NotRebuilt, RebuildShown, Replayed, Request, definitions, dependency_graph, keep, rebuild, replay,
    survey, verify_facts,
};
pub use sitting::{Sitting, SittingLine, Standing, Standings, hold};
pub use targets::{ReplayError, Targets};
pub use task_list::{ListedTask, task_list};
pub use what_if::{Changed, WhatIf, what_if};
