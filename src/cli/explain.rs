//! `cotrace explain`.

use std::io::Write as _;

use super::args::ExplainArgs;
use super::{Outcome, output};
use crate::model::Code;

pub(super) fn run(args: &ExplainArgs) -> anyhow::Result<Outcome> {
    let mut out = output::stdout();
    match &args.code {
        None => {
            for code in Code::ALL {
                writeln!(out, "{:<34} {:<6} {}", code.id(), code.severity().word(), code.sentence())?;
            }
        }
        Some(id) => match id.parse::<Code>() {
            Ok(code) => write!(out, "{}", code.page())?,
            Err(()) => {
                output::note(&format!("error: there is no finding code {id}; `cotrace explain` lists them"));
                return Ok(Outcome::Usage);
            }
        },
    }
    out.flush()?;
    Ok(Outcome::Done)
}
