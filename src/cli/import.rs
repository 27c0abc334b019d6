//! `cotrace import`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use indicatif::HumanBytes;

use super::args::{Format, ImportArgs};
use super::{Outcome, clock, output, replay};
use crate::import::{self, Evidence, KeepArtifacts, Options, Progress, Summary};
use crate::store::{Access, Case};

/// Files set aside that the summary lists; the rest is counted. The case file has them all.
const SET_ASIDE_LISTED: usize = 20;

pub(super) fn run(case: Option<PathBuf>, args: ImportArgs) -> anyhow::Result<Outcome> {
    let Some(path) = replay::case_path(case.as_deref()) else { return Ok(Outcome::Usage) };
    // A case file is made only for what can be imported.
    let evidence = args.captures.iter().map(|path| Evidence::open(path)).collect::<Result<Vec<_>, _>>()?;
    let mut case = Case::open(path, Access::Create)?;
    for evidence in &evidence {
        import_evidence(&mut case, evidence, args.operator.clone(), args.accept_keys, args.keep_artifacts.into())?;
    }
    if args.replay {
        return replay::replay_all(&mut case, Format::Text);
    }
    Ok(Outcome::Done)
}

/// Imports opened evidence and tells what came of it.
pub(super) fn import_evidence(
    case: &mut Case,
    evidence: &Evidence,
    operator: Option<String>,
    accept_keys: bool,
    keep: KeepArtifacts,
) -> anyhow::Result<()> {
    let operator = Some(operator_named(operator));
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let options = Options { keep, accept_keys, operator, now: clock::now(), version };
    let summary = import(case, evidence, &options)?;
    tell(evidence.path(), &summary, &options);
    Ok(())
}

fn import(case: &mut Case, evidence: &Evidence, options: &Options) -> anyhow::Result<Summary> {
    let bar = output::bar("tasks  {msg}");
    let progress = |progress: Progress| {
        bar.set_length(progress.tasks_total);
        bar.set_position(progress.tasks);
        bar.set_message(format!("{} files, {}", progress.files, HumanBytes(progress.bytes)));
    };
    let summary = import::import(case, evidence, options, &progress);
    bar.finish_and_clear();
    summary.with_context(|| format!("importing {}", evidence.path().display()))
}

/// Who works on the case. A machine may know no login: that nobody was named is then what the case file says.
pub(super) fn operator_named(operator: Option<String>) -> String {
    operator.or_else(login).unwrap_or_else(|| "unnamed operator".to_owned())
}

/// The name of the login, where nobody names an operator.
#[expect(clippy::disallowed_methods, reason = "the shell reads the environment")]
fn login() -> Option<String> {
    let named = ["USER", "LOGNAME", "USERNAME"].iter().filter_map(|name| std::env::var(name).ok());
    named.into_iter().find(|name| !name.is_empty())
}

/// The summary goes to standard error: standard output is for reports.
fn tell(capture: &Path, summary: &Summary, options: &Options) {
    let verb = match (summary.is_new, summary.kept.0) {
        (true, _) => "imported",
        (false, 0) => "already in the case, nothing imported",
        (false, _) => "already in the case, contents added",
    };
    output::note(&format!("{}: {verb}: snapshot {}", capture.display(), summary.snapshot));
    output::note(&format!(
        "  {} tasks, {} artifacts, {} sources, {} keys; {} files, {}",
        summary.tasks,
        summary.artifacts,
        summary.sources,
        summary.keys,
        summary.files,
        HumanBytes(summary.bytes)
    ));
    let (documents, bytes) = summary.kept;
    output::note(&format!("  contents new to the case: {documents} documents, {}", HumanBytes(bytes)));
    if summary.keys > 0 {
        match options.operator.as_deref().filter(|_| options.accept_keys) {
            Some(operator) => output::note(&format!("  keys accepted by {operator}")),
            None => output::note(
                "  keys not accepted: only those that a ledger of cotrace vouches for count (--accept-keys)",
            ),
        }
    }
    let lists = [("of note", &summary.unusable), ("ignored", &summary.ignored), ("set aside", &summary.quarantined)];
    for (word, listed) in lists {
        // What is said of the whole comes first.
        let (whole, parts): (Vec<_>, Vec<_>) = listed.iter().partition(|(path, _)| path == "…");
        for (path, reason) in whole.into_iter().chain(parts).take(SET_ASIDE_LISTED) {
            output::note(&format!("  {word}: {path}: {reason}"));
        }
        if listed.len() > SET_ASIDE_LISTED {
            output::note(&format!("  {word}: {} more", listed.len() - SET_ASIDE_LISTED));
        }
    }
}
