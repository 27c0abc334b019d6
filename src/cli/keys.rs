//! `cotrace keys`.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::args::{Format, KeysArgs, KeysCommand, KeysImportArgs, KeysTimelineArgs};
use super::{Outcome, clock, output, replay};
use crate::examine::certificate;
use crate::export::json;
use crate::export::keys::{self, Picture};
use crate::import::{KeepArtifacts, KeyInput, stage_keys};
use crate::model::{Basis, KeyReport, KeyStory};
use crate::store::{Access, Case};

/// The columns of a picture where nobody says how many there are.
const COLUMNS: u16 = 100;

pub(super) fn run(case: Option<PathBuf>, command: &KeysCommand) -> anyhow::Result<Outcome> {
    let args = match command {
        KeysCommand::Import(args) => return import(case.as_deref(), args),
        KeysCommand::List(args) | KeysCommand::Audit(args) => args,
        KeysCommand::Show(args) => &args.keys,
        KeysCommand::Timeline(args) => &args.keys,
    };
    let Some(path) = replay::case_path(case.as_deref()) else { return Ok(Outcome::Usage) };
    let mut case = Case::open(path, Access::Keep)?;
    let mut report = crate::replay::key_report(&mut case, &bases(args))?;
    if let Some(role) = &args.role {
        of_role(&mut report, role);
    }
    if matches!((args.format, command), (Format::Text, KeysCommand::List(_) | KeysCommand::Timeline(_))) {
        leave_what_counts(&mut report, args);
    }
    if let KeysCommand::Show(args) = command {
        report.keys.retain(|story| story.key.is_named(&args.key));
        let names: BTreeSet<&str> = report.keys.iter().map(|story| story.key.as_str()).collect();
        report.findings.retain(|finding| finding.subject.name.as_deref().is_some_and(|name| names.contains(name)));
        if report.keys.is_empty() {
            output::note("error: the case knows no such key");
            return Ok(Outcome::NothingToReplay);
        }
    }
    let mut out = output::stdout();
    match (args.format, command) {
        (_, KeysCommand::Import(_)) => {}
        (Format::Json, KeysCommand::Audit(_)) => json::write_value(&report.findings, &mut out)?,
        (Format::Json, _) => json::write_value(&report, &mut out)?,
        (Format::Text, KeysCommand::List(_)) => keys::list(&report, &mut out)?,
        (Format::Text, KeysCommand::Show(_)) => keys::show(&report, &mut out)?,
        (Format::Text, KeysCommand::Timeline(args)) => keys::timeline(&report, &picture(args), &mut out)?,
        (Format::Text, KeysCommand::Audit(_)) => keys::audit(&report, &mut out)?,
    }
    out.flush()?;
    Ok(Outcome::Done)
}

/// Imports keys, which the operator accepts by importing them.
fn import(case: Option<&Path>, args: &KeysImportArgs) -> anyhow::Result<Outcome> {
    let Some(path) = replay::case_path(case) else { return Ok(Outcome::Usage) };
    let read_certificates = |bytes: &[u8]| {
        let keys = certificate::examine(bytes).into_iter().map(|certificate| certificate.key).collect();
        (keys, certificate::packets_digest(bytes))
    };
    let evidence = stage_keys(&KeyInput {
        path: args.path.clone(),
        signers: args.trusted_signers.clone(),
        role: args.role.clone(),
        from: args.from,
        until: args.until,
        source: args.source.clone(),
        now: clock::now(),
        read_certificates: &read_certificates,
    })?;
    let mut case = Case::open(path, Access::Create)?;
    super::import::import_evidence(&mut case, &evidence, args.operator.clone(), true, KeepArtifacts::All)?;
    Ok(Outcome::Done)
}

fn bases(args: &KeysArgs) -> BTreeSet<Basis> {
    if args.trust.is_empty() {
        return Basis::ALL.into_iter().collect();
    }
    args.trust.iter().copied().map(Basis::from).collect()
}

/// Leaves only what concerns a role.
fn of_role(report: &mut KeyReport, role: &str) {
    for story in &mut report.keys {
        story.epochs.retain(|epoch| epoch.role.as_str() == role);
        story.uses.retain(|made| made.role.as_ref().is_some_and(|of| of.as_str() == role));
    }
    report.keys.retain(|story| !story.epochs.is_empty() || !story.uses.is_empty());
    let names: BTreeSet<&str> = report.keys.iter().map(|story| story.key.as_str()).chain([role]).collect();
    report.findings.retain(|finding| finding.subject.name.as_deref().is_some_and(|name| names.contains(name)));
}

/// Leaves the epochs that count on the bases asked for, and of those that do not the keys that signed something.
fn leave_what_counts(report: &mut KeyReport, args: &KeysArgs) {
    if args.trust.is_empty() {
        return;
    }
    let counts = |story: &KeyStory| !story.uses.is_empty() || story.epochs.iter().any(|epoch| epoch.basis.is_some());
    let before = report.keys.len();
    report.keys.retain(counts);
    let left_out = before - report.keys.len();
    if left_out > 0 {
        output::note(&format!("{left_out} keys are not shown: they count on other words, and signed nothing here"));
    }
}

fn picture(args: &KeysTimelineArgs) -> Picture {
    let terminal = || terminal_size::terminal_size().map(|(width, _)| width.0);
    Picture {
        from: args.from,
        until: args.until,
        cursor: args.as_of,
        is_ascii: args.ascii,
        columns: usize::from(args.width.or_else(terminal).unwrap_or(COLUMNS)),
    }
}
