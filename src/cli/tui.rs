//! `cotrace tui`.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;

use super::args::TuiArgs;
use super::import::operator_named;
use super::{Outcome, clock, output, replay};
use crate::replay::Targets;
use crate::store::{Access, Case};
use crate::tui::{self, Options, Rehearsal, Theme};

pub(super) fn run(case: Option<PathBuf>, args: &TuiArgs) -> anyhow::Result<Outcome> {
    let Some(path) = replay::case_path(case.as_deref()) else { return Ok(Outcome::Usage) };
    let Some(base) = replay::request(Targets::All, &args.judgement) else { return Ok(Outcome::Usage) };
    // What can't be opened is said before the terminal is taken over.
    drop(Case::open(path, Access::Keep)?);
    let options = Options {
        path: path.to_owned(),
        program: std::env::current_exe().context("where this program lies is not known")?,
        operator: operator_named(args.operator.clone()),
        base,
        arguments: args.judgement.lasting(),
        theme: theme(args),
        clock: clock::now,
    };
    let Some(keys) = &args.picture else {
        if !output::is_terminal() {
            output::note("error: standard output is no terminal; `cotrace replay --all` prints a report");
            return Ok(Outcome::Usage);
        }
        tui::run(options)?;
        return Ok(Outcome::Done);
    };
    let (width, height) = args.size;
    let mut rehearsal = Rehearsal::new(options, width, height);
    if !rehearsal.press(keys) {
        output::note("error: --picture takes characters, and names of keys such as <Enter>");
        return Ok(Outcome::Usage);
    }
    let mut out = output::plain();
    out.write_all(rehearsal.svg().as_bytes())?;
    out.flush()?;
    Ok(Outcome::Done)
}

/// What the terminal can show: as its user, else as the environment says.
fn theme(args: &TuiArgs) -> Theme {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let term = set("TERM").unwrap_or_default();
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    let is_utf8 = locale.is_none_or(|locale| {
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    });
    Theme {
        has_colours: set("NO_COLOR").is_none() && term != "dumb",
        is_ascii: args.ascii || !is_utf8 || ["dumb", "linux", "vt100"].iter().any(|plain| term == *plain),
    }
}
