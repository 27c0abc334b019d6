//! The worlds that ship as sample snapshots.

mod attacks;
mod key_history;
mod nightly_2017;
mod nightly_2026;

use anyhow::{Result, bail};

pub use attacks::{ATTACKS, attack};
pub(crate) use nightly_2017::graph_of_2017;
pub use nightly_2017::{nightly_2017, nightly_2017_as_shipped};
pub use nightly_2026::{nightly_2026, nightly_2026_as_shipped};

use crate::World;

/// What a sample is made for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// To be edited by tests: all is good, the keys have no history, and the logs of scriptworkers list no digests, as
    /// those of releases before 2.0.0. So an edit of one task is contradicted by no log of another.
    Editing,
    /// To ship.
    Shipping,
}

/// The names of the samples of whole nightlies, as the command line and the folders of the snapshots have them.
pub const NAMES: [&str; 2] = ["nightly-2017", "nightly-2026"];

/// The sample of this name.
pub fn by_name(name: &str) -> Result<World> {
    match name {
        "nightly-2017" => nightly_2017_as_shipped(),
        "nightly-2026" => nightly_2026_as_shipped(),
        name if ATTACKS.contains(&name) => attack(name),
        _ => bail!("there is no sample named {name:?}; there are: {}, {}", NAMES.join(", "), ATTACKS.join(", ")),
    }
}
