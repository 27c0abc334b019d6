//! A report for people. Styles are written as ANSI sequences; the caller's stream keeps or strips them.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::model::{
    Answer, Basis, Check, Finding, Gap, LinkReport, Note, NoteSubject, Outcome, Plane, Report, Severity,
    SignatureState, TargetReport, TaskId, Untrusted, Verdict,
};

/// How much of each target is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// A line or two of what is verified, the chain of what is not.
    Brief,
    /// Its whole chain.
    Chains,
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Writes a report: the targets, then findings, gaps, and what no verdict covers.
pub fn write(report: &Report, detail: Detail, out: &mut dyn Write) -> io::Result<()> {
    for target in &report.targets {
        write_target(target, report, detail, out)?;
    }
    write_trust(report, out)?;
    write_counts(report, out)?;
    write_findings(report, out)?;
    write_gaps(report, out)?;
    write_notes(&report.notes, out)?;
    write_not_checked(report, out)?;
    writeln!(out, "{DIM}case {} · {} {}{DIM:#}", report.case, report.tool.name, report.tool.version)
}

/// What was distrusted, and which bases of trust were left out.
fn write_trust(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for distrusted in &report.trust.distrust {
        writeln!(out, "distrusted: {}", Untrusted(distrusted))?;
    }
    if report.trust.bases.len() < Basis::ALL.len() {
        let bases: Vec<&str> = report.trust.bases.iter().map(|basis| basis.word()).collect();
        writeln!(out, "keys count only if trusted by: {}", bases.join(", "))?;
    }
    Ok(())
}

const fn verdict_style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Verified => Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green))),
        Verdict::Undetermined => Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow))),
        Verdict::Refuted => Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red))),
    }
}

const fn verdict_symbol(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Verified => "✔",
        Verdict::Undetermined => "?",
        Verdict::Refuted => "✘",
    }
}

const fn outcome_symbol(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotApplicable => "–",
        Outcome::Pass => "✔",
        Outcome::Unknown => "?",
        Outcome::Fail => "✘",
    }
}

const fn severity_style(severity: Severity) -> Style {
    match severity {
        Severity::Info | Severity::Low => DIM,
        Severity::Medium => verdict_style(Verdict::Undetermined),
        Severity::High => verdict_style(Verdict::Refuted),
    }
}

fn write_target(target: &TargetReport, report: &Report, detail: Detail, out: &mut dyn Write) -> io::Result<()> {
    let style = verdict_style(target.verdict);
    let symbol = verdict_symbol(target.verdict);
    let word = target.verdict.word().to_uppercase();
    let task_type = target.task_type.as_deref().unwrap_or("task type undecided");
    let label = target.label.as_deref().unwrap_or("unnamed");
    writeln!(
        out,
        "{style}{symbol} {word}{style:#}  {BOLD}{}{BOLD:#}  {}  {}",
        Untrusted(label),
        target.task_id,
        Untrusted(task_type)
    )?;
    // Of an undetermined target the headline says what is open.
    let reason = target.reason.filter(|_| target.verdict == Verdict::Refuted);
    let reason = reason.map(|reason| format!("[{}] ", reason.phrase())).unwrap_or_default();
    writeln!(out, "  {reason}{}", Untrusted(&target.headline))?;
    if let Some(beyond) = report.beyond_the_rules(&target.task_id) {
        writeln!(out, "  {beyond}")?;
    }
    write_notes_on(&NoteSubject::Task(target.task_id), &report.notes, "  ", out)?;
    if detail == Detail::Chains || target.verdict != Verdict::Verified {
        write_clocks(target, out)?;
        writeln!(out)?;
        write_tree(&target.links, out)?;
        writeln!(out)?;
    }
    Ok(())
}

fn write_clocks(target: &TargetReport, out: &mut dyn Write) -> io::Result<()> {
    let product = target.product.as_deref().unwrap_or("product undecided");
    writeln!(out, "  {DIM}{}{DIM:#}", target.completeness.words())?;
    let (mode, rules) = (&target.mode, &target.rules.id);
    writeln!(out, "  {DIM}{} · {mode} · {}{DIM:#}", Untrusted(target.as_of.words()), Untrusted(product))?;
    let why = &target.rules.basis;
    writeln!(out, "  {DIM}rules {} ({}){DIM:#}", Untrusted(rules), Untrusted(why))?;
    writeln!(out, "  {DIM}{}{DIM:#}", target.as_of.proven())?;
    writeln!(out, "  {DIM}{}{DIM:#}", target.verifier.words())
}

/// Writes how much of the evidence that is needed is there: by snapshot, and by target below it.
pub fn write_completeness(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for snapshot in &report.snapshots {
        let digests: Vec<String> = snapshot.snapshots.iter().map(ToString::to_string).collect();
        let targets = if snapshot.targets == 1 { "target" } else { "targets" };
        let share = snapshot.completeness.words();
        writeln!(out, "snapshot {}  {} {targets}  {share}", digests.join(" + "), snapshot.targets)?;
        for target in report.targets.iter().filter(|target| target.snapshots == snapshot.snapshots) {
            let label = target.label.as_deref().unwrap_or("unnamed");
            let share = target.completeness.words();
            writeln!(out, "  {BOLD}{}{BOLD:#}  {}  {share}", Untrusted(label), target.task_id)?;
        }
    }
    Ok(())
}

/// The chain as a tree: each link below the one from which it was first reached.
fn write_tree(links: &[LinkReport], out: &mut dyn Write) -> io::Result<()> {
    let Some(first) = links.first() else { return Ok(()) };
    let mut children: BTreeMap<&TaskId, Vec<&LinkReport>> = BTreeMap::new();
    for link in links {
        if let Some(parent) = &link.reached_from {
            children.entry(parent).or_default().push(link);
        }
    }
    // Links still to be written: the link, the indentation of what hangs below it, and the branch before it.
    let mut open = vec![(first, String::from("  "), String::from("  "))];
    while let Some((link, below, branch)) = open.pop() {
        let children = children.get(&link.task_id).map_or(&[][..], Vec::as_slice);
        write_link(link, &branch, &format!("{below}{}", if children.is_empty() { "     " } else { "│    " }), out)?;
        for (index, child) in children.iter().enumerate().rev() {
            let is_last = index + 1 == children.len();
            let (branch, stem) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            open.push((child, format!("{below}{stem}"), format!("{below}{branch}")));
        }
    }
    Ok(())
}

fn write_link(link: &LinkReport, branch: &str, below: &str, out: &mut dyn Write) -> io::Result<()> {
    let style = verdict_style(link.verdict);
    let symbol = verdict_symbol(link.verdict);
    let worker = link.worker_impl.as_deref().unwrap_or("worker unknown");
    let run = link.run_id.map_or_else(|| "no run".to_owned(), |run_id| format!("run {run_id}"));
    let shape = if link.shape_from_attestation { ", shape from its attestation only" } else { "" };
    writeln!(
        out,
        "{branch}{style}{symbol}{style:#} {BOLD}{}{BOLD:#}  {}  {DIM}{}, {run}{shape}{DIM:#}",
        Untrusted(&link.name),
        link.task_id,
        Untrusted(worker),
    )?;
    for attestation in &link.attestations {
        let key = attestation.key.as_deref().unwrap_or("no known key");
        let algorithm = attestation.algorithm.as_deref().unwrap_or("signature not kept");
        let time = attestation.claimed_time.map(|time| format!(", by its own word on {time}")).unwrap_or_default();
        writeln!(out, "{below}{DIM}signed by {key} ({}{time}){DIM:#}", Untrusted(algorithm))?;
        // Where nobody contradicts another or the verdict, the verdict of the link says it.
        let says = |answer| attestation.opinions.iter().any(|opinion| opinion.answer == answer);
        let is_refused = link.checks.iter().any(|made| made.check == Check::Signature && made.outcome == Outcome::Fail);
        if says(Answer::Accepts) && (says(Answer::Refuses) || is_refused) {
            for opinion in &attestation.opinions {
                writeln!(out, "{below}  {DIM}{}{DIM:#}", Untrusted(opinion.words()))?;
            }
        }
    }
    for bound in link.signed.words() {
        writeln!(out, "{below}{DIM}signed {bound}{DIM:#}")?;
    }
    for result in link.checks.iter() {
        if matches!(result.outcome, Outcome::Pass | Outcome::NotApplicable) {
            continue;
        }
        let style = verdict_style(result.outcome.verdict());
        let symbol = outcome_symbol(result.outcome);
        let check = result.check.word();
        writeln!(out, "{below}{style}{symbol} {check}{style:#}: {}", Untrusted(&result.detail))?;
    }
    Ok(())
}

fn write_counts(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let count = |verdict| report.targets.iter().filter(|target| target.verdict == verdict).count();
    let counts = [Verdict::Verified, Verdict::Refuted, Verdict::Undetermined].map(|verdict| {
        let style = verdict_style(verdict);
        format!("{style}{} {}{style:#}", count(verdict), verdict.word())
    });
    let targets = if report.targets.len() == 1 { "target" } else { "targets" };
    writeln!(out, "{} {targets}: {}\n", report.targets.len(), counts.join(", "))
}

fn write_findings(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for (plane, title) in
        [(Plane::Rule, "Findings under the rules"), (Plane::Audit, "Audit findings, beyond the rules")]
    {
        let findings: Vec<&Finding> = report.findings.iter().filter(|finding| finding.plane == plane).collect();
        writeln!(out, "{BOLD}{title}:{}{BOLD:#}", if findings.is_empty() { " none" } else { "" })?;
        for finding in findings {
            write_finding(finding, out)?;
            write_notes_on(&NoteSubject::of(finding), &report.notes, "         ", out)?;
        }
        for more in report.findings_left_out.iter().filter(|more| more.plane == plane) {
            writeln!(out, "  {BOLD}… {} more of {}{BOLD:#}, which no report tells one by one", more.count, more.code)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Writes findings about keys.
pub(super) fn write_key_findings(findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
    findings.iter().try_for_each(|finding| write_finding(finding, out))
}

fn write_finding(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let style = severity_style(finding.severity);
    let severity = finding.severity.word();
    let reason = finding.reason.phrase();
    writeln!(
        out,
        "  {style}{severity:<6}{style:#} {BOLD}{}{BOLD:#} [{reason}] {}",
        finding.code,
        Untrusted(finding.subject.words())
    )?;
    writeln!(out, "         {}", Untrusted(&finding.message))?;
    for evidence in &finding.evidence {
        writeln!(out, "         {DIM}{}{DIM:#}", Untrusted(evidence.words()))?;
    }
    match finding.targets.as_slice() {
        [] => {}
        [one] => writeln!(out, "         {DIM}concerns target {one}{DIM:#}")?,
        many => writeln!(out, "         {DIM}concerns {} targets{DIM:#}", many.len())?,
    }
    if let Some(confirm) = &finding.confirm {
        writeln!(out, "         {DIM}confirm: {}{DIM:#}", Untrusted(confirm))?;
    }
    Ok(())
}

/// Writes what is known of the attestations of a link, whatever the rules.
pub fn write_attestations(link: &LinkReport, out: &mut dyn Write) -> io::Result<()> {
    let none = || "none".to_owned();
    let shown = |text: &Option<String>| text.as_ref().map_or_else(none, |text| Untrusted(text).to_string());
    for attestation in &link.attestations {
        let state = attestation.signature.map_or("not kept", SignatureState::word);
        writeln!(out, "attestation {} sha256:{}", attestation.form.artifact(), attestation.blob)?;
        writeln!(out, "  signature {state}, {}", shown(&attestation.algorithm))?;
        writeln!(out, "  key {}, signing key {}", shown(&attestation.key), shown(&attestation.signing_key))?;
        if let Some(time) = attestation.claimed_time {
            writeln!(out, "  claims to be of {time}")?;
        }
        if let Some(covered) = attestation.covered {
            writeln!(out, "  covers bytes of sha256:{covered}")?;
        }
        writeln!(out, "  keys tried: {}", attestation.tried.join(", "))?;
        let worker = (shown(&attestation.worker_group), shown(&attestation.worker_id));
        writeln!(out, "  states run {}, worker group {}, worker {}", shown(&attestation.run_id), worker.0, worker.1)?;
        for opinion in &attestation.opinions {
            writeln!(out, "  {}", Untrusted(opinion.words()))?;
        }
    }
    let of_tasks = |tasks: &[TaskId]| tasks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if !link.signed.after.is_empty() {
        writeln!(out, "signed after the attestations of {}, whose digests it lists", of_tasks(&link.signed.after))?;
    }
    if !link.signed.before.is_empty() {
        writeln!(out, "signed before the attestations of {}, which list its digest", of_tasks(&link.signed.before))?;
    }
    for bound in link.signed.words() {
        writeln!(out, "signed {bound}")?;
    }
    if link.signed.not_before.is_none() && link.signed.not_after.is_none() && !link.attestations.is_empty() {
        writeln!(out, "no other key's signature tells when it was signed")?;
    }
    Ok(())
}

/// Writes what the evidence lacks.
pub fn write_gaps(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{BOLD}Gaps:{}{BOLD:#}", if report.gaps.is_empty() { " none" } else { "" })?;
    for gap in &report.gaps {
        write_gap(gap, out)?;
    }
    writeln!(out)
}

fn write_gap(gap: &Gap, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {}", Untrusted(gap.words()))?;
    if let Some(url) = &gap.url {
        writeln!(out, "         {DIM}{}{DIM:#}", Untrusted(url))?;
    }
    Ok(())
}

/// Points out that something was noted.
fn write_notes_on(subject: &NoteSubject, notes: &[Note], indent: &str, out: &mut dyn Write) -> io::Result<()> {
    for note in notes.iter().filter(|note| note.subject == *subject) {
        writeln!(out, "{indent}{DIM}see {}{DIM:#}", note_head(note))?;
    }
    Ok(())
}

/// The number of a note, its standing, and who wrote it.
fn note_head(note: &Note) -> String {
    let standing = note.standing.map(|standing| format!(", {}", standing.word())).unwrap_or_default();
    format!("note {}{standing}, by {}", note.id, Untrusted(&note.author))
}

fn write_notes(notes: &[Note], out: &mut dyn Write) -> io::Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    writeln!(out, "{BOLD}Notes of operators, which change no verdict{BOLD:#}")?;
    notes.iter().try_for_each(|note| write_note(note, out))?;
    writeln!(out)
}

/// Writes a note: what it is about, who says what.
pub fn write_note(note: &Note, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {}, {}  {}", note_head(note), note.at, Untrusted(&note.subject.to_string()))?;
    for line in note.text.lines() {
        writeln!(out, "         {}", Untrusted(line))?;
    }
    if !note.tags.is_empty() {
        writeln!(out, "         {DIM}#{}{DIM:#}", Untrusted(&note.tags.join(" #")))?;
    }
    if let Some(withdrawal) = &note.withdrawn {
        writeln!(out, "         {DIM}withdrawn by {}, {}{DIM:#}", Untrusted(&withdrawal.author), withdrawal.at)?;
    }
    Ok(())
}

fn write_not_checked(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{BOLD}What these verdicts do not cover{BOLD:#}")?;
    for part in &report.not_checked {
        let required = if part.required_by_rules { " The rule book asks for it." } else { "" };
        writeln!(out, "  {}: {}{required}", part.what, part.message)?;
    }
    writeln!(out)
}
