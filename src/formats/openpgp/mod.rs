//! OpenPGP data before it reaches an OpenPGP library: out of ASCII armor, and with its big numbers set right.

mod armor;
mod base64;
mod mpi;
mod packet;

pub use armor::{ARMOR_BYTES_MAX, ArmorError, CrcState, Dearmored, dearmor};
pub use mpi::normalise_mpis;
