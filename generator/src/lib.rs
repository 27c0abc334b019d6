//! Deterministic captures for cotrace: two sample snapshots, and task graphs of any size.
//!
//! This crate shares no code with the verifier. It writes evidence as the workers of each era wrote it, from its own
//! reading of their formats, so that agreement between the two means something.
//!
//! In flow order: [`World`] is a capture in memory, with the keys of the workers that attested its tasks. [`sample`]
//! makes the two worlds that ship as snapshots. [`scale`] writes a graph of many tasks straight to disk. `json` prints
//! JSON as Python, Go and JavaScript do, `clearsign` frames it as GnuPG, Go and OpenPGP.js do, `attestation` lays out
//! the attested body, `log` what a scriptworker saw, `keys` signs, `git` makes repositories, `ids` derives every identifier and blob from a seed, `clock` does calendar text,
//! and `gecko` has the shapes of Firefox CI tasks.
//!
//! Nothing here reads a clock or a source of randomness: the same version makes the same bytes.

mod attestation;
mod clearsign;
mod clock;
mod gecko;
mod git;
mod ids;
mod json;
mod keys;
mod log;
pub mod sample;
pub mod scale;
mod world;

pub use keys::Signer;
pub use world::{Target, World};
