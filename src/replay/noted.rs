//! The notes on what a report tells. They are operators' words: they are told beside verdicts, and change none.

use std::collections::BTreeSet;

use crate::model::{Note, NoteSubject, Notes, Report};

/// The notes on the tasks, keys and findings of a report, in the order in which they were written.
pub(super) fn on(report: &Report, notes: Notes) -> Vec<Note> {
    if notes.is_empty() {
        return Vec::new();
    }
    let links = || report.targets.iter().flat_map(|target| &target.links);
    let targets = report.targets.iter().map(|target| target.task_id);
    let tasks: BTreeSet<_> = targets.chain(links().map(|link| link.task_id)).collect();
    let attested = links().flat_map(|link| link.attestations.iter().filter_map(|found| found.key.as_deref()));
    let keys: BTreeSet<&str> = links().filter_map(|link| link.key.as_deref()).chain(attested).collect();
    let findings: BTreeSet<NoteSubject> = report.findings.iter().map(NoteSubject::of).collect();
    let is_told = |subject: &NoteSubject| match subject {
        NoteSubject::Task(task_id) => tasks.contains(task_id),
        NoteSubject::Key(key) => keys.contains(key.as_str()),
        NoteSubject::Finding(_) => findings.contains(subject),
    };
    let told = notes.iter().filter(|(subject, _)| is_told(subject));
    let mut told: Vec<Note> = told.flat_map(|(_, notes)| notes).cloned().collect();
    told.sort_by_key(|note| note.id);
    told
}
