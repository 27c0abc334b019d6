//! The shell: one file a subcommand. The only code that reads the clock, the environment and the terminal.
//!
//! Exit codes, of every subcommand:
//!
//! | code | meaning |
//! | --- | --- |
//! | 0 | done; of a replay: every target verified |
//! | 1 | the tool could not do its work |
//! | 2 | the command line is wrong |
//! | 3 | there is nothing to replay |
//! | 10 | a target is undetermined, and none refuted |
//! | 11 | a target is refuted |
//! | 12 | `--fail-on`: there is an audit finding of that severity |
//!
//! A pipe that is closed early is no error.

mod args;
mod case;
mod cat;
mod clock;
mod completions;
mod explain;
mod find;
mod gaps;
mod import;
mod keys;
mod man;
mod notes;
mod output;
mod replay;
mod rules;
mod show;
mod tasks;
mod tui;
mod verify_cot;
mod walk;
mod what_if;
mod why;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Command};

use crate::insight::Direction;
use crate::model::Verdict;

/// Everything that a subcommand can come to, as an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Usage,
    NothingToReplay,
    Undetermined,
    Refuted,
    Findings,
}

impl Outcome {
    /// Of judged targets, by the worst verdict.
    const fn of_worst(worst: Option<Verdict>) -> Self {
        match worst {
            None => Self::NothingToReplay,
            Some(Verdict::Refuted) => Self::Refuted,
            Some(Verdict::Undetermined) => Self::Undetermined,
            Some(Verdict::Verified) => Self::Done,
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Usage => 2,
            Self::NothingToReplay => 3,
            Self::Undetermined => 10,
            Self::Refuted => 11,
            Self::Findings => 12,
        }
    }
}

/// The exit code of a failure of the tool.
const FAILED: u8 = 1;

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match run(cli) {
        Ok(outcome) => ExitCode::from(outcome.code()),
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            ExitCode::from(FAILED)
        }
    }
}

/// Help and version as they are; a wrong command line told with the arguments neutralised: they may have been pasted
/// from captured text.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    for line in error.render().to_string().lines() {
        output::note(&crate::model::Untrusted(line).to_string());
    }
    ExitCode::from(Outcome::Usage.code())
}

fn run(cli: Cli) -> anyhow::Result<Outcome> {
    let case = cli.case;
    match cli.command {
        Command::Import(args) => import::run(case, args),
        Command::Replay(args) => replay::run(case, &args),
        Command::WhatIf(args) => what_if::run(case, &args),
        Command::Tasks(args) => tasks::run(case, &args),
        Command::Show(args) => show::run(case, &args),
        Command::Tui(args) => tui::run(case, &args),
        Command::VerifyCot(args) => verify_cot::run(case, &args),
        Command::Rules(command) => rules::run(&command),
        Command::Keys(command) => keys::run(case, &command),
        Command::Case(command) => case::run(case, &command),
        Command::Cat(args) => cat::run(case, &args),
        Command::Find(args) => find::run(case, &args),
        Command::Dependants(args) => walk::run(case, &args, Direction::Dependants),
        Command::Ancestors(args) => walk::run(case, &args, Direction::Ancestors),
        Command::Why(args) => why::run(case, &args),
        Command::Gaps(args) => gaps::run(case, &args),
        Command::Note(args) => notes::add(case, args),
        Command::Notes(args) => notes::list(case, &args),
        Command::Explain(args) => explain::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man => man::run(),
    }
}
