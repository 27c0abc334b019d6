//! The program without a terminal: keys go in as text, and what is on the screen comes out as text or as a picture.

use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{Event as Input, MouseEvent};

use super::app::Effect;
use super::message::Event;
use super::stage::Stage;
use super::{Options, keymap, picture};

/// The program in a size, driven by a text of keys.
pub struct Rehearsal {
    stage: Stage<TestBackend>,
    /// What was copied last.
    copied: Option<String>,
    has_quit: bool,
}

impl Rehearsal {
    /// Opens a case and waits until it is judged.
    pub fn new(options: Options, width: u16, height: u16) -> Self {
        let mut rehearsal = Self::at_once(options, width, height);
        rehearsal.settle();
        rehearsal
    }

    /// Draws before anything was answered: what a user sees first.
    pub fn at_once(options: Options, width: u16, height: u16) -> Self {
        let terminal = match Terminal::new(TestBackend::new(width, height)) {
            Ok(terminal) => terminal,
            Err(never) => match never {},
        };
        let mut rehearsal = Self { stage: Stage::new(terminal, options), copied: None, has_quit: false };
        rehearsal.draw();
        rehearsal
    }

    /// Presses keys, such as `jj<Enter>/build<Enter>`, waiting for all answers after each. `false`: a name is unknown.
    pub fn press(&mut self, text: &str) -> bool {
        let Some(keys) = keymap::keys(text) else { return false };
        for key in keys {
            self.input(Input::Key(key));
        }
        true
    }

    /// Presses a key without waiting for answers, and draws.
    pub fn press_only(&mut self, text: &str) -> bool {
        let Some(keys) = keymap::keys(text) else { return false };
        for key in keys {
            self.stage.app.take(Event::Input(Input::Key(key)));
            self.effects();
            self.draw();
        }
        true
    }

    /// One turn of the loop: waits for an answer, for so long at most, takes what else is there, and draws. `false`: nothing
    /// more is asked for.
    pub fn turn(&mut self, wait: Duration) -> bool {
        self.turn_timed(wait).0
    }

    /// The same, and how long it took without the waiting.
    pub fn turn_timed(&mut self, wait: Duration) -> (bool, Duration) {
        let begin = self.stage.turn(wait);
        self.effects();
        self.draw();
        (self.stage.app.session.pending > 0, begin.elapsed())
    }

    /// Points with the mouse.
    pub fn point(&mut self, mouse: MouseEvent) {
        self.input(Input::Mouse(mouse));
    }

    /// Pastes a text.
    pub fn paste(&mut self, text: &str) {
        self.input(Input::Paste(text.to_owned()));
    }

    /// Changes the size.
    pub fn resize(&mut self, width: u16, height: u16) {
        self.stage.terminal.backend_mut().resize(width, height);
        self.input(Input::Resize(width, height));
    }

    fn input(&mut self, input: Input) {
        self.stage.app.take(Event::Input(input));
        self.effects();
        self.settle();
    }

    fn effects(&mut self) {
        for effect in std::mem::take(&mut self.stage.app.effects) {
            match effect {
                Effect::Quit => self.has_quit = true,
                Effect::Copy(text) => self.copied = Some(text),
                Effect::Suspend | Effect::Redraw | Effect::Mouse(_) => {}
            }
        }
    }

    fn settle(&mut self) {
        // Drawing may ask for what it lacks.
        self.stage.settle();
        self.draw();
        self.stage.settle();
        self.draw();
    }

    fn draw(&mut self) {
        match self.stage.draw() {
            Ok(()) => {}
            Err(never) => match never {},
        }
    }

    /// Whether the user has left.
    pub const fn has_quit(&self) -> bool {
        self.has_quit
    }

    /// What was copied last.
    pub fn copied(&self) -> Option<&str> {
        self.copied.as_deref()
    }

    /// The screen as lines of text.
    pub fn text(&self) -> String {
        picture::text(self.stage.terminal.backend().buffer())
    }

    /// The screen as lines of text, each followed by its runs of styles.
    pub fn styled_text(&self) -> String {
        picture::styled_text(self.stage.terminal.backend().buffer())
    }

    /// The screen as terminal sequences, as they would be written.
    pub fn sequences(&self) -> Vec<u8> {
        picture::sequences(self.stage.terminal.backend().buffer())
    }

    /// The screen as a picture.
    pub fn svg(&self) -> String {
        picture::svg(self.stage.terminal.backend().buffer())
    }
}
