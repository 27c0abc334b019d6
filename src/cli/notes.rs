//! `cotrace note` and `cotrace notes`.

use std::io::Write as _;
use std::path::PathBuf;

use super::args::{Format, NoteArgs, NotesArgs, StandingArgs};
use super::import::operator_named;
use super::{Outcome, clock, output, replay};
use crate::export::{json, text};
use crate::model::{NewNote, Note, NoteStanding, NoteSubject};
use crate::store::{Access, Case};

pub(super) fn add(case: Option<PathBuf>, args: NoteArgs) -> anyhow::Result<Outcome> {
    let Some(path) = replay::case_path(case.as_deref()) else { return Ok(Outcome::Usage) };
    let operator = operator_named(args.operator);
    if let Some(number) = args.withdraw {
        let note = Case::open(path, Access::Keep)?.withdraw_note(number, clock::now(), &operator)?;
        output::note(&format!("note {number} on {} is withdrawn by {operator}", note.subject));
        return Ok(Outcome::Done);
    }
    // The command line asks for one or the other.
    let Some(subject) = args.subject else { return Ok(Outcome::Usage) };
    if let NoteSubject::Finding(finding) = &subject
        && finding.known_code().is_none()
    {
        let code = &finding.code;
        output::note(&format!("error: there is no finding code {code}; `cotrace explain` lists them"));
        return Ok(Outcome::Usage);
    }
    let note = match NewNote::new(subject, standing(&args.standing), args.text.unwrap_or_default(), args.tag) {
        Ok(note) => note,
        Err(error) => {
            output::note(&format!("error: {error}"));
            return Ok(Outcome::Usage);
        }
    };
    let note = Case::open(path, Access::Keep)?.add_note(&note, clock::now(), &operator)?;
    output::note(&format!("note {} on {} by {operator}", note.id, note.subject));
    Ok(Outcome::Done)
}

fn standing(args: &StandingArgs) -> Option<NoteStanding> {
    let StandingArgs { bookmark, reviewed, accepted, is_false } = *args;
    let given = [bookmark, reviewed, accepted, is_false];
    NoteStanding::ALL.into_iter().zip(given).find(|(_, given)| *given).map(|(standing, _)| standing)
}

pub(super) fn list(case: Option<PathBuf>, args: &NotesArgs) -> anyhow::Result<Outcome> {
    let Some(path) = replay::case_path(case.as_deref()) else { return Ok(Outcome::Usage) };
    let mut notes = Case::open(path, Access::Keep)?.notes()?;
    notes.retain(|note| is_wanted(note, args));
    let mut out = output::stdout();
    match args.format {
        Format::Json => json::write_value(&notes, &mut out)?,
        Format::Text => notes.iter().try_for_each(|note| text::write_note(note, &mut out))?,
    }
    out.flush()?;
    if notes.is_empty() {
        output::note("no such note is in the case");
    }
    Ok(Outcome::Done)
}

fn is_wanted(note: &Note, args: &NotesArgs) -> bool {
    let has = |wanted: &String| {
        let wanted = wanted.to_lowercase();
        let subject = note.subject.to_string();
        let mut texts = note.tags.iter().chain([&note.text, &subject]);
        texts.any(|text| text.to_lowercase().contains(&wanted))
    };
    (args.withdrawn || note.withdrawn.is_none())
        && args.subject.as_ref().is_none_or(|subject| note.subject == *subject)
        && args.tag.iter().all(|tag| note.tags.contains(tag))
        && args.search.as_ref().is_none_or(has)
}
