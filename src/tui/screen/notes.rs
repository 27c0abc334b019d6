//! What the auditors wrote: on tasks, keys and findings, kept in the case file.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::chain::Chain;
use super::narrowing::{Narrowed, Narrowing};
use super::{Purpose, Screen, Step};
use crate::model::{InvalidNote, NewNote, Note, NoteStanding, NoteSubject, TaskId};
use crate::tui::keymap::{Action, Place};
use crate::tui::list::{Cursor, search};
use crate::tui::session::Session;
use crate::tui::text::{captured, plain};
use crate::tui::view::wrap::wrapped;
use crate::tui::view::{cell, count, rule, select};

/// The screen.
#[derive(Debug, Default)]
pub(in crate::tui) struct Notes {
    cursor: Cursor,
    /// The places of the notes that are shown, the newest first.
    rows: Vec<usize>,
    of: Option<Arc<Vec<Note>>>,
    narrowing: Narrowing,
}

impl Notes {
    fn note(&self) -> Option<&Note> {
        self.of.as_ref()?.get(*self.rows.get(self.cursor.at)?)
    }

    fn list(&mut self, session: &Session) {
        let Some(notes) = &self.of else { return };
        let words = self.narrowing.words();
        self.rows = (0..notes.len()).rev().filter(|place| has(&notes[*place], &words, session)).collect();
    }

    fn narrow(&mut self, asked: Narrowed, session: &Session) -> Step {
        match asked {
            Narrowed::List => self.list(session),
            Narrowed::Search(back) => return self.search(session, back),
            Narrowed::Type(step) => return step,
        }
        Step::Done
    }

    fn search(&mut self, session: &Session, back: bool) -> Step {
        let Some(notes) = &self.of else { return Step::Done };
        let words = self.narrowing.sought();
        match search(self.rows.len(), self.cursor.at, back, |line| has(&notes[self.rows[line]], &words, session)) {
            Some(line) => {
                self.cursor.at = line;
                Step::Done
            }
            None => Step::Say(format!("no note has {}", self.narrowing.found)),
        }
    }

    fn draw_detail(&self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let Some(note) = self.note() else { return };
        let theme = session.theme;
        let [head, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
        rule(session, &format!("note {} of {} on {}", note.id, plain(&note.author), note.at), head, buffer);
        let mut lines = vec![Line::from(captured(&note.subject.to_string(), theme.heading(), theme))];
        lines.extend(note.text.lines().map(|line| Line::from(captured(line, Style::new(), theme))));
        if let Some(withdrawn) = &note.withdrawn {
            let told = format!("withdrawn by {} on {}", plain(&withdrawn.author), withdrawn.at);
            lines.push(Line::styled(told, theme.changed()));
        }
        for (line, y) in wrapped(&lines, body.width.into()).into_iter().zip(body.y..body.bottom()) {
            line.render(Rect { y, height: 1, ..body }, buffer);
        }
    }
}

/// Whether a note has all words somewhere.
fn has(note: &Note, words: &[String], session: &Session) -> bool {
    let subject = about(&note.subject, session);
    words.iter().all(|word| {
        let is_in = |text: &str| text.to_lowercase().contains(word.as_str());
        is_in(&note.text)
            || is_in(&note.author)
            || is_in(&subject)
            || is_in(&note.subject.to_string())
            || note.standing.is_some_and(|standing| is_in(standing.word()))
            || note.tags.iter().any(|tag| is_in(tag))
    })
}

/// What a note is about, as people say it. Captured text.
fn about(subject: &NoteSubject, session: &Session) -> String {
    match subject {
        NoteSubject::Task(task_id) => session.title(task_id).to_owned(),
        NoteSubject::Key(key) => key.to_string(),
        NoteSubject::Finding(finding) => {
            let task = finding.task_id.map(|task_id| format!(" of {}", session.title(&task_id))).unwrap_or_default();
            format!("{}{task}", finding.code)
        }
    }
}

/// A note in a line.
fn line(note: &Note, session: &Session) -> Vec<Span<'static>> {
    let theme = session.theme;
    let standing = match (&note.withdrawn, note.standing) {
        (Some(_), _) => "withdrawn",
        (None, Some(standing)) => standing.word(),
        (None, None) => "",
    };
    let mut spans = vec![Span::styled(format!("{standing:<10} "), theme.changed())];
    spans.extend(captured(&about(&note.subject, session), theme.heading(), theme));
    spans.push(Span::raw("  "));
    for tag in &note.tags {
        spans.extend(captured(&format!("#{tag} "), theme.key(), theme));
    }
    let first = note.text.lines().next().unwrap_or_default();
    spans.extend(captured(first, Style::new(), theme));
    spans.push(Span::styled(format!("  {} {}", plain(&note.author), note.at), theme.dim()));
    spans
}

/// The note that a line of text makes: words that begin with `#` are tags; where it begins with `bookmark`, `reviewed`,
/// `accepted` or `false` and a colon (or is that word alone), that is its standing.
///
/// # Errors
///
/// If it is no note.
pub(in crate::tui) fn written(subject: NoteSubject, text: &str) -> Result<NewNote, InvalidNote> {
    let (tags, words): (Vec<&str>, Vec<&str>) =
        text.split_whitespace().partition(|word| word.starts_with('#') && word.len() > 1);
    let text = words.join(" ");
    let (word, rest) = text.split_once(':').unwrap_or((&text, ""));
    let (standing, text) = match NoteStanding::named(word.trim()) {
        Some(standing) => (Some(standing), rest.trim().to_owned()),
        None => (None, text.clone()),
    };
    NewNote::new(subject, standing, text, tags.into_iter().map(|tag| tag[1..].to_owned()).collect())
}

impl Screen for Notes {
    fn place(&self) -> Place {
        Place::Notes
    }

    fn title(&self, _session: &Session) -> String {
        "notes".to_owned()
    }

    fn prepare(&mut self, session: &mut Session) {
        if self.of.as_ref().is_none_or(|of| !Arc::ptr_eq(of, &session.notes)) {
            self.of = Some(Arc::clone(&session.notes));
            self.list(session);
        }
    }

    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer) {
        let theme = session.theme;
        let Some(notes) = self.of.clone() else { return };
        let [head, list, below] =
            Layout::vertical([Constraint::Length(1), Constraint::Fill(3), Constraint::Fill(1)]).areas(area);
        let told = format!("{} of {} notes", count(self.rows.len() as u64), count(notes.len() as u64));
        let filter = if self.narrowing.filter.is_empty() {
            String::new()
        } else {
            format!("  {} {}", theme.or("│", "|"), plain(&self.narrowing.filter))
        };
        cell(vec![Span::styled(told, theme.dim()), Span::styled(filter, theme.heading())], head, buffer);
        let window = self.cursor.window(self.rows.len(), list.height.into());
        let at = self.cursor.at;
        for (number, y) in window.zip(list.y..) {
            let row = Rect { y, height: 1, ..list };
            cell(line(&notes[self.rows[number]], session), row, buffer);
            if number == at {
                select(row, session, buffer);
            }
        }
        if self.rows.is_empty() {
            let told = if notes.is_empty() {
                "none yet: a writes one on what is under the cursor"
            } else {
                "no note has all these words"
            };
            Line::styled(told, theme.dim()).render(list, buffer);
        }
        self.draw_detail(session, below, buffer);
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Step {
        if self.cursor.act(action) {
            return Step::Done;
        }
        if let Some(asked) = self.narrowing.act(action) {
            return self.narrow(asked, session);
        }
        match action {
            Action::Open => {
                let task_id = self.task(session);
                return task_id.map_or(Step::Other, |task_id| Step::Go(Box::new(Chain::of(task_id))));
            }
            Action::Withdraw => match self.note() {
                Some(note) if note.withdrawn.is_none() => session.withdraw_note(note.id),
                Some(_) | None => return Step::Say("there is no note here to withdraw".to_owned()),
            },
            _ => return Step::Other,
        }
        Step::Done
    }

    fn typed(&mut self, purpose: Purpose, text: &str, is_done: bool, session: &mut Session) -> Step {
        let here = self.note().cloned();
        let has = |words: &[String]| here.as_ref().is_some_and(|here| has(here, words, session));
        match self.narrowing.typed(purpose, text, is_done, has) {
            Some(asked) => self.narrow(asked, session),
            None => Step::Done,
        }
    }

    fn click(&mut self, _column: u16, row: u16, _session: &mut Session) -> Step {
        let before = self.cursor.at;
        match row.checked_sub(1) {
            Some(row) if self.cursor.click(row.into()) && before == self.cursor.at => Step::Other,
            Some(_) | None => Step::Done,
        }
    }

    fn scroll(&mut self, lines: isize) {
        self.cursor.scroll(lines);
    }

    fn task(&self, _session: &Session) -> Option<TaskId> {
        match &self.note()?.subject {
            NoteSubject::Task(task_id) => Some(*task_id),
            NoteSubject::Finding(finding) => finding.task_id,
            NoteSubject::Key(_) => None,
        }
    }

    fn subject(&self, _session: &Session) -> Option<NoteSubject> {
        self.note().map(|note| note.subject.clone())
    }

    fn copied(&self, _session: &Session) -> Option<String> {
        self.note().map(|note| note.text.clone())
    }

    fn suspect(&self, session: &Session) -> Option<String> {
        match &self.note()?.subject {
            NoteSubject::Key(key) => Some(format!("key:{key}")),
            NoteSubject::Task(_) | NoteSubject::Finding(_) => {
                self.task(session).map(|task_id| format!("task:{task_id}"))
            }
        }
    }

    fn twin(&self, _session: &Session) -> Vec<String> {
        let mut twin = vec!["notes".to_owned(), "--withdrawn".to_owned()];
        if !self.narrowing.filter.is_empty() {
            twin.extend(["--search".to_owned(), self.narrowing.filter.clone()]);
        }
        twin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_text_makes_a_note() {
        let subject = NoteSubject::Task("IRUnzTe9RuSQYlbWiSqMdQ".parse().unwrap());
        let note = |text: &str| written(subject.clone(), text);
        let plain = note("looked at it #incident twice").unwrap();
        assert_eq!(
            (plain.text(), plain.tags(), plain.standing()),
            ("looked at it twice", &["incident".to_owned()][..], None)
        );
        let accepted = note("accepted: known since May").unwrap();
        assert_eq!((accepted.text(), accepted.standing()), ("known since May", Some(NoteStanding::Accepted)));
        assert_eq!(note("bookmark").unwrap().standing(), Some(NoteStanding::Bookmark));
        assert!(note("accepted").is_err() && note("  ").is_err());
        assert_eq!(note("see: that").unwrap().text(), "see: that");
    }
}
