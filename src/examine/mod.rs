//! Examination: evidence to facts. Pure, and independent of moment and rules: what is found here is true of the bytes.
//!
//! Each file is one kind of fact and has a `VERSION`, which is raised when its answers could change: a fact made by an
//! older version is then made anew.

mod ambiguity;
pub mod attestation;
pub mod certificate;
mod decision_command;
pub mod definition;
pub mod digests;
mod ed25519;
mod framing;
mod git_history;
pub mod graph_entry;
pub mod key_history;
pub mod key_releases;
mod keyring;
pub mod landing;
mod openpgp;
pub mod outline;
mod reading;
pub mod rebuild;
mod rsa;
pub mod signature;
mod sources;
pub mod verification_log;

pub use keyring::{Keyring, KeyringEntry, ListedKey};
pub use reading::Reading;
pub use sources::{Ask, Reply};
