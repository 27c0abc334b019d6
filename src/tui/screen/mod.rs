//! The screens, one file each. A screen keeps where it stands; what it shows it takes from the session when it is drawn.

pub(super) mod chain;
pub(super) mod evidence;
pub(super) mod findings;
pub(super) mod graph;
pub(super) mod keys;
pub(super) mod link;
mod narrowing;
pub(super) mod notes;
pub(super) mod overview;
pub(super) mod tasks;
pub(super) mod time;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keymap::{Action, Place};
use super::message::Told;
use super::session::Session;
use crate::model::{NoteSubject, TaskId};

/// One screen.
pub(super) trait Screen {
    /// Which one it is.
    fn place(&self) -> Place;

    /// What it is about, for the line above it. Already neutralised.
    fn title(&self, session: &Session) -> String;

    /// Asks for what it shows: when it comes up, and after each answer and each key.
    fn prepare(&mut self, session: &mut Session);

    /// Draws it.
    fn draw(&mut self, session: &Session, area: Rect, buffer: &mut Buffer);

    /// Does something.
    fn act(&mut self, action: Action, session: &mut Session) -> Step;

    /// Takes an answer.
    fn hear(&mut self, _told: &Told, _session: &mut Session) {}

    /// What was typed at the foot, at each key (`is_done` is false) and at the end.
    fn typed(&mut self, _purpose: Purpose, _text: &str, _is_done: bool, _session: &mut Session) -> Step {
        Step::Done
    }

    /// A click on a place in its area; `is_twice`: on what was under the cursor already.
    fn click(&mut self, _column: u16, _row: u16, _session: &mut Session) -> Step {
        Step::Done
    }

    /// The wheel.
    fn scroll(&mut self, _lines: isize) {}

    /// The task under the cursor.
    fn task(&self, _session: &Session) -> Option<TaskId> {
        None
    }

    /// What a note would be on.
    fn subject(&self, session: &Session) -> Option<NoteSubject> {
        self.task(session).map(NoteSubject::Task)
    }

    /// What is copied: the text under the cursor, as it was captured.
    fn copied(&self, session: &Session) -> Option<String> {
        self.task(session).map(|task_id| task_id.to_string())
    }

    /// What can be distrusted under the cursor, as `KIND:NAME`.
    fn suspect(&self, session: &Session) -> Option<String> {
        self.task(session).map(|task_id| format!("task:{task_id}"))
    }

    /// The command line that prints the same, without the case file.
    fn twin(&self, session: &Session) -> Vec<String>;
}

/// What comes of an action.
pub(super) enum Step {
    /// It is done.
    Done,
    /// It is not for this screen.
    Other,
    /// Another screen comes up.
    Go(Box<dyn Screen>),
    /// Something is to be typed.
    Type { purpose: Purpose, label: &'static str, text: String },
    /// Something to say.
    Say(String),
    /// Text to show over the screen: a title and lines.
    Show(String, Vec<ratatui::text::Line<'static>>),
}

/// What something is typed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Filter,
    Search,
    AsOf,
    Distrust,
    Export,
    Note,
}
