//! The worlds that ship as sample snapshots.

mod key_history;
mod nightly_2017;
mod nightly_2026;

use anyhow::{Result, bail};

pub use nightly_2017::{nightly_2017, nightly_2017_with_key_history};
pub use nightly_2026::nightly_2026;

use crate::World;

/// The names of the samples, as the command line and the folders of the snapshots have them.
pub const NAMES: [&str; 2] = ["nightly-2017", "nightly-2026"];

/// The sample of this name.
pub fn by_name(name: &str) -> Result<World> {
    match name {
        "nightly-2017" => nightly_2017_with_key_history(),
        "nightly-2026" => nightly_2026(),
        _ => bail!("there is no sample named {name:?}; there are: {}", NAMES.join(", ")),
    }
}
