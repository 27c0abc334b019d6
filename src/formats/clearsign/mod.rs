//! OpenPGP clear-signed files (RFC 4880 section 7), taken apart as GnuPG 2.2 does it.
//!
//! Only [`Block::signed`] is what a signature covers; everything else in such a file, text around the blocks included,
//! is for the signer's reader to stumble over, and listed as [`Anomaly`].

mod anomaly;
mod block;
mod line;
mod text;

pub use anomaly::{Anomaly, AnomalyKind};
pub use block::{BLOCKS_MAX, Block, ClearSigned, HEADERS_MAX, Header, looks_clear_signed, split};
pub use text::GPG_LINE_BYTES_MAX;
