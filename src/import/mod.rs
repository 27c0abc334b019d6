//! Import: evidence as it lies outside, into a case file. The only code that reads files of evidence.
//!
//! Ugly evidence is never an error: what does not parse is stored as it came, what can't be read safely is set aside
//! with the reason, and the rest is imported. No path is ever made from captured text: names are looked up among the
//! paths that were walked.

mod capture;
mod crew;
mod evidence;
mod flat;
mod hashing;
mod key_files;
mod keys;
mod replies;
mod repository;
mod sources;
mod summary;
mod task;
mod tree;

pub use capture::{ImportError, Options, import};
pub use evidence::Evidence;
pub use hashing::digest_of;
pub use key_files::{KeyInput, KeyInputError, ReadCertificates, stage_keys};
pub use summary::{Progress, Summary};
pub use task::KeepArtifacts;
