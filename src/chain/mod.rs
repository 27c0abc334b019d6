//! Chains: from a target back to the tree, by a rule book's conventions. Pure.

mod build;
mod product;
mod task_type;
mod worker;

pub use build::{Chain, ChainProblem, Link, Mode, build};
pub use product::{NAMES as PRODUCTS, product, speaks_of_github};
pub use task_type::{EdgeNames, TaskTypeGuess, guess_task_type};
pub use worker::{WorkerVote, worker_implementation};
