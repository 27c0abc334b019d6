//! Judgement: a chain, its facts, trust, rules and clocks to verdicts, findings and gaps. Pure, and without
//! cryptography: everything that needs it is a fact already.
//!
//! Every check runs for every link; none stops another. A chain's verdict is the worst over its links, a link's the
//! worst over its checks.

mod bounds;
mod checks;
mod consumption;
mod docket;
mod judging;
mod moment;
mod opinions;
mod product;
mod signing_time;
mod source_trees;

pub use docket::{Docket, Hearing, Reheard};
pub use judging::{Judgement, LinkJudgement, Place, Rules, judge};
pub use moment::{Leeway, MomentOfJudgement, leeway, ran_at};
pub use product::product_of;
pub use source_trees::SourceTrees;
