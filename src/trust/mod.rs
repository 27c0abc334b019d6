//! Trust: which key was trusted for what, when, and on whose word. Pure.

mod audit;
mod deployment;
mod distrust;
mod ledger;
mod ledger_file;
mod releases;
mod repository;

pub use audit::audit;
pub use deployment::{Deployed, Deployments, Fleet, Pin, Rollout};
pub use distrust::{DistrustKind, Distrusted, InvalidDistrust};
pub use ledger::{Ledger, Standing};
pub use ledger_file::{LedgerEpoch, LedgerError, LedgerFile};
pub use releases::{release_differences, release_epochs};
pub use repository::{KeySets, key_sets, known_since};
