//! Writes a sample capture or a graph of many tasks.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use cotrace_generator::scale::{self, ScaleSummary};

const USAGE: &str = "usage:
  cotrace-generator sample NAME OUT_DIR
  cotrace-generator scale --tasks N [--seed N] [--era ed25519|openpgp] OUT_DIR
NAME is nightly-2017, nightly-2026, or attacks/ and altered-definition, malicious-image, altered-artifact or
moved-pointer. OUT_DIR must not exist.";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (headline, targets) = match arguments.as_slice() {
        ["--help" | "-h"] => (USAGE.to_owned(), Vec::new()),
        ["sample", name, out] => {
            let world = cotrace_generator::sample::by_name(name)?;
            world.write_to(Path::new(out))?;
            (format!("{out}: {} files", world.files.len()), world.targets)
        }
        ["scale", options @ .., out] => {
            let (tasks, seed, write) = scale_options(options)?;
            let summary = write(Path::new(out), tasks, seed)?;
            let (attested, files, bytes) = (summary.attested, summary.files, summary.bytes);
            (format!("{out}: {tasks} tasks, {attested} attested, {files} files, {bytes} bytes"), summary.targets)
        }
        _ => bail!("{USAGE}"),
    };
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{headline}")?;
    for target in targets {
        writeln!(stdout, "{}  {}  {}  {}", target.task_id, target.task_type, target.label, target.verdict)?;
    }
    Ok(())
}

/// Writes a graph of as many tasks, of a seed.
type Write = fn(&Path, usize, u64) -> Result<ScaleSummary>;

fn scale_options(options: &[&str]) -> Result<(usize, u64, Write)> {
    let (mut tasks, mut seed, mut write) = (None, 1, scale::write as Write);
    for option in options.chunks(2) {
        match option {
            ["--tasks", value] => tasks = Some(value.parse().context("--tasks takes a number")?),
            ["--seed", value] => seed = value.parse().context("--seed takes a number")?,
            ["--era", "ed25519"] => write = scale::write,
            ["--era", "openpgp"] => write = scale::write_openpgp,
            _ => bail!("{USAGE}"),
        }
    }
    Ok((tasks.context("--tasks is needed")?, seed, write))
}
