//! `cotrace man`.

use std::io::Write as _;

use clap::CommandFactory as _;

use super::args::Cli;
use super::{Outcome, output};

pub(super) fn run() -> anyhow::Result<Outcome> {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for subcommand in command.get_subcommands() {
        let name = format!("cotrace {}", subcommand.get_name());
        let subcommand = subcommand.clone().display_name(name.clone()).bin_name(name);
        clap_mangen::Man::new(subcommand).render(&mut page)?;
    }
    let mut out = output::stdout();
    out.write_all(&page)?;
    out.flush()?;
    Ok(Outcome::Done)
}
