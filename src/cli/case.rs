//! `cotrace case`.

use std::io::Write;
use std::path::PathBuf;

use indicatif::HumanBytes;

use super::args::CaseCommand;
use super::{Outcome, output, replay};
use crate::model::Untrusted;
use crate::store::{Access, Case, Damage};

pub(super) fn run(case: Option<PathBuf>, command: &CaseCommand) -> anyhow::Result<Outcome> {
    let Some(path) = replay::case_path(case.as_deref()) else { return Ok(Outcome::Usage) };
    let mut case = Case::open(path, Access::Read)?;
    let mut out = output::stdout();
    let outcome = match command {
        CaseCommand::Info => info(&case, &mut out)?,
        CaseCommand::Verify => verify(&mut case, &mut out)?,
        CaseCommand::Log => log(&case, &mut out)?,
    };
    out.flush()?;
    Ok(outcome)
}

fn info(case: &Case, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let info = case.info()?;
    writeln!(out, "content id {}", info.content_id)?;
    for snapshot in &info.snapshots {
        let by = snapshot.operator.as_deref().unwrap_or("nobody named");
        writeln!(out, "snapshot {}", snapshot.digest)?;
        writeln!(out, "  {} tasks, {} artifacts", snapshot.tasks, snapshot.artifacts)?;
        writeln!(
            out,
            "  imported {} by {} from {}",
            snapshot.imported_at,
            Untrusted(by),
            Untrusted(&snapshot.capture_path)
        )?;
        writeln!(out, "  deployment {}", Untrusted(snapshot.root_url.as_deref().unwrap_or("not stated")))?;
        match &snapshot.keys_accepted_by {
            Some(operator) => writeln!(out, "  keys accepted by {}", Untrusted(operator))?,
            None => writeln!(out, "  keys accepted by nobody")?,
        }
    }
    let (documents, bytes) = info.blobs;
    writeln!(out, "contents {documents} documents, {}, in {} of packs", HumanBytes(bytes), HumanBytes(info.packed))?;
    writeln!(out, "facts {}, replays {}", info.facts, info.replays)?;
    match info.log_head {
        Some((sequence, digest)) => writeln!(out, "log {sequence} entries, head {digest}")?,
        None => writeln!(out, "log empty")?,
    }
    Ok(Outcome::Done)
}

fn verify(case: &mut Case, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let mut damages = case.verify()?;
    if damages.is_empty() {
        // Indexes and facts are made again from evidence that has just been found whole.
        damages.extend(crate::replay::verify_indexes(case)?);
        damages.extend(crate::replay::verify_facts(case)?);
    }
    for Damage { kind, name, message } in &damages {
        writeln!(out, "damaged: {kind} {}: {}", Untrusted(name), Untrusted(message))?;
    }
    if damages.is_empty() {
        writeln!(out, "whole: every blob, row, fact and log entry is as it was written")?;
        writeln!(out, "A rewritten log can't be told from within: compare its head with one noted elsewhere.")?;
        return Ok(Outcome::Done);
    }
    anyhow::bail!("the case file is damaged in {} places", damages.len())
}

fn log(case: &Case, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    for logged in case.log()? {
        let entry = &logged.entry;
        writeln!(
            out,
            "{} {} {} {} (cotrace {}) {}",
            logged.sequence,
            Untrusted(&entry.at),
            Untrusted(&entry.operator),
            Untrusted(&entry.action),
            Untrusted(&entry.cotrace_version),
            Untrusted(&entry.detail)
        )?;
        writeln!(out, "  {}", logged.digest)?;
    }
    Ok(Outcome::Done)
}
