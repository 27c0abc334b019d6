//! `cotrace verify-cot`: the flags of scriptworker's own command, on the case file.

use std::path::PathBuf;

use super::args::{Format, JudgementArgs, ReplayArgs, VerifyCotArgs};
use super::{Outcome, output, replay};

pub(super) fn run(case: Option<PathBuf>, args: &VerifyCotArgs) -> anyhow::Result<Outcome> {
    if !args.verify_sigs {
        output::note("signatures are checked, with --verify-sigs or without");
    }
    let args = ReplayArgs {
        targets: vec![args.task_id],
        all: false,
        chains: true,
        format: Format::Text,
        fail_on: None,
        against: None,
        judgement: JudgementArgs {
            rules: args.rules.clone(),
            task_type: Some(args.task_type.clone()),
            product: Some(args.cot_product.clone()),
            no_check_task: args.no_check_task,
            ..JudgementArgs::default()
        },
    };
    replay::run(case, &args)
}
