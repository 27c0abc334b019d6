//! cotrace: offline audit and forensics for the Taskcluster Chain of Trust.
//!
//! Everything rests on one idea: **examine once, judge at any moment**. What the evidence shows (which key's signature
//! verifies over which bytes, which digests agree, how a definition differs from its entry in the task graph) depends
//! on neither time nor opinion: these are *facts*, made once and stored. What follows from them (is this chain good, and
//! was it good then?) depends on the moment and the rules: that is *judgement*, algebra over facts.
//!
//! Data flows one way, through modules in this order:
//!
//! - [`import`] reads captures: bytes and where they came from. The only code that reads evidence from files.
//! - [`store`] is the case file: content-addressed blobs and rows. The only code that speaks SQL.
//! - [`replay`] is the one service: it loads values from the store, has what is missing examined, stores the facts,
//!   has the chains judged, and returns a report.
//!
//! Below it, everything is pure: values in, values out, time an argument.
//!
//! - [`formats`] turns hostile bytes into values, under budgets, as the historical readers read them.
//! - [`examine`] turns evidence into facts.
//! - [`chain`] builds a chain from a target back to the tree, by a rule book's conventions.
//! - [`rules`] are the rule books; [`trust`] is the key ledger.
//! - [`judge`] turns chain, facts, trust, rules and clocks into verdicts, findings and gaps.
//!
//! - [`insight`] turns facts into answers: where something occurs, how complete the evidence is, what rests on what.
//!
//! And above it are presenters of its reports, which hold no rules:
//!
//! - [`export`] writes a report for programs (JSON) and for people (text).
//! - [`tui`] shows it all on a terminal, and judges again as the moment moves.
//! - [`cli`] is the shell: one file a subcommand. The only code that reads the clock and the environment.
//!
//! [`model`] is the vocabulary that all of them speak.

pub mod chain;
pub mod cli;
pub mod examine;
pub mod export;
pub mod formats;
pub mod import;
pub mod insight;
pub mod judge;
pub mod model;
pub mod replay;
pub mod rules;
pub mod store;
pub mod trust;
pub mod tui;
