//! The checks: one file a family.

mod artifacts;
mod attestation;
mod chain;
mod definition;
mod distrust;
mod docker_image;
mod graph;
mod rebuild;
mod runs;
mod signature;
mod tree;
mod uploads;
mod worker;

pub(super) use distrust::is_distrusted;
pub(super) use signature::Grounds;
pub(super) use tree::Sources;

use super::judging::{Judging, Ruling};
use crate::chain::Link;
use crate::model::Check;

/// Runs one check of one link.
pub(super) fn run<'a>(check: Check, judging: &mut Judging<'a>, link: &'a Link) -> Ruling {
    match check {
        Check::Chain => chain::check(judging, link),
        Check::Definition => definition::check(judging, link),
        Check::Attestation => attestation::check(judging, link),
        Check::Signature => signature::check(judging, link),
        Check::Artifacts => artifacts::check(judging, link),
        Check::DockerImage => docker_image::check(judging, link),
        Check::Graph => graph::check(judging, link),
        Check::Worker => worker::check(judging, link),
        Check::Rebuild => rebuild::check(judging, link),
        Check::Tree => tree::check(judging, link),
        Check::Distrust => distrust::check(judging, link),
    }
}
