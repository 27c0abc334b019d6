//! The state of the program, and what each key and each answer does to it. It draws nothing and waits for nothing.

use std::path::PathBuf;

use ratatui::crossterm::event::{Event as Input, KeyEvent, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::keymap::{self, Action, Place};
use super::list::Cursor;
use super::message::{Event, Told};
use super::screen::chain::Chain;
use super::screen::findings::Findings;
use super::screen::graph::Graph;
use super::screen::keys::Keys;
use super::screen::notes::{Notes, written};
use super::screen::overview::Overview;
use super::screen::tasks::Tasks;
use super::screen::time::Time;
use super::screen::{Purpose, Screen, Step};
use super::session::Session;
use super::text::captured_line;
use super::view;
use super::view::overlay::{help, palette};
use crate::model::{AsOf, Code, NoteSubject};
use crate::trust::Distrusted;

/// How many lines the wheel moves.
const WHEEL_LINES: isize = 3;

/// How many screens are kept to go back to.
const PAST_MAX: usize = 100;

/// The longest text that can be typed.
const TYPED_MAX: usize = 4096;

/// What lies over the screen and takes the keys.
pub(super) enum Overlay {
    /// Something to read.
    Text { title: String, lines: Vec<Line<'static>>, cursor: Cursor, copied: Option<String> },
    /// Actions by name.
    Palette { text: String, cursor: Cursor },
    /// Something is being typed at the foot.
    Typing { purpose: Purpose, label: &'static str, text: String, first: String },
}

/// What only the terminal can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    Quit,
    Suspend,
    Redraw,
    Mouse(bool),
    Copy(String),
}

/// The program.
pub(super) struct App {
    pub(super) session: Session,
    pub(super) screen: Box<dyn Screen>,
    pub(super) overlay: Option<Overlay>,
    past: Vec<Box<dyn Screen>>,
    future: Vec<Box<dyn Screen>>,
    has_mouse: bool,
    /// What a note is being written on.
    noting: Option<NoteSubject>,
    /// The size at the last drawing.
    pub(super) area: Rect,
    pub(super) effects: Vec<Effect>,
}

impl App {
    pub(super) fn new(session: Session) -> Self {
        let mut app = Self {
            session,
            screen: Box::new(Overview::default()),
            overlay: None,
            past: Vec::new(),
            future: Vec::new(),
            has_mouse: true,
            noting: None,
            area: Rect::default(),
            effects: Vec::new(),
        };
        app.screen.prepare(&mut app.session);
        app
    }

    /// Takes what came.
    pub(super) fn take(&mut self, event: Event) {
        match event {
            Event::Input(Input::Key(key)) if key.kind != KeyEventKind::Release => self.press(&key),
            Event::Input(Input::Mouse(mouse)) => self.point(mouse),
            Event::Input(Input::Paste(text)) => self.paste(&text),
            Event::Input(Input::Key(_) | Input::Resize(..) | Input::FocusGained | Input::FocusLost) => {}
            Event::Told(told) => self.hear(told),
            Event::Served => {
                self.session.pending = self.session.pending.saturating_sub(1);
                if self.session.pending == 0 {
                    self.session.progress = None;
                }
            }
        }
        self.screen.prepare(&mut self.session);
    }

    fn hear(&mut self, told: Told) {
        self.session.hear(&told);
        self.screen.hear(&told, &mut self.session);
        match told {
            Told::Show(title, lines) => self.show(&title, lines),
            told => self.session.keep(told),
        }
    }

    fn press(&mut self, key: &KeyEvent) {
        self.session.said = None;
        let name = keymap::name(key);
        match &mut self.overlay {
            Some(Overlay::Typing { .. }) => self.press_typing(&name),
            Some(Overlay::Palette { .. }) => self.press_palette(&name),
            Some(Overlay::Text { cursor, copied, .. }) => match keymap::action(&name, Place::Help) {
                Some(action) if cursor.act(action) => {}
                Some(Action::Copy) => {
                    let copied = copied.clone();
                    self.copy(copied);
                }
                Some(Action::Quit | Action::Back | Action::Help | Action::Open | Action::Twin | Action::Cancel) => {
                    self.overlay = None;
                }
                Some(_) | None => {}
            },
            None => {
                if let Some(action) = keymap::action(&name, self.screen.place()) {
                    self.act(action);
                }
            }
        }
    }

    fn press_typing(&mut self, name: &str) {
        let Some(Overlay::Typing { purpose, text, first, .. }) = &mut self.overlay else { return };
        let purpose = *purpose;
        let is_done = name == "Enter";
        if name == "Esc" || name == "Ctrl-c" {
            text.clone_from(first);
            let text = std::mem::take(text);
            self.overlay = None;
            if matches!(purpose, Purpose::Filter | Purpose::Search) {
                let step = self.screen.typed(purpose, &text, true, &mut self.session);
                self.step(step);
            }
            return;
        }
        if !is_done && !edit(text, name) {
            return;
        }
        let text = text.clone();
        if is_done {
            self.overlay = None;
        }
        self.typed(purpose, &text, is_done);
    }

    fn paste(&mut self, pasted: &str) {
        let Some(Overlay::Typing { purpose, text, .. }) = &mut self.overlay else { return };
        // A line is typed, and no line break ends it unseen.
        text.extend(pasted.chars().filter(|character| !character.is_control()).take(TYPED_MAX));
        let (purpose, text) = (*purpose, text.clone());
        self.typed(purpose, &text, false);
    }

    fn typed(&mut self, purpose: Purpose, text: &str, is_done: bool) {
        match purpose {
            Purpose::Filter | Purpose::Search => {
                let step = self.screen.typed(purpose, text, is_done, &mut self.session);
                self.step(step);
            }
            Purpose::AsOf | Purpose::Distrust | Purpose::Export | Purpose::Note if !is_done => {}
            Purpose::Note => self.note(text),
            Purpose::AsOf => match text.trim() {
                "then" => self.session.judge_at(AsOf::Then),
                "now" => self.session.judge_at(AsOf::At(self.session.now())),
                text => match text.parse() {
                    Ok(moment) => self.session.judge_at(AsOf::At(moment)),
                    Err(error) => self.session.said = Some(format!("{text}: {error}")),
                },
            },
            Purpose::Distrust => match text.trim().parse::<Distrusted>() {
                Ok(distrusted) => self.session.distrust(distrusted),
                Err(error) => self.session.said = Some(error.to_string()),
            },
            Purpose::Export => self.export(text.trim()),
        }
    }

    /// Keeps a note on what was under the cursor when it was begun.
    fn note(&mut self, text: &str) {
        let Some(subject) = self.noting.take() else { return };
        match written(subject, text) {
            Ok(note) => self.session.note(note),
            Err(error) => self.session.said = Some(error.to_string()),
        }
    }

    /// Writes what the screen shows: in the format that the name of the file asks for.
    fn export(&mut self, name: &str) {
        let mut arguments = self.screen.twin(&self.session);
        if name.is_empty() {
            return;
        }
        if name.ends_with(".json") {
            arguments.extend(["--format".to_owned(), "json".to_owned()]);
        }
        self.session.export(arguments, PathBuf::from(name));
    }

    fn press_palette(&mut self, name: &str) {
        let place = self.screen.place();
        let Some(Overlay::Palette { text, cursor }) = &mut self.overlay else { return };
        match name {
            "Esc" | "Ctrl-c" => self.overlay = None,
            "Up" | "Down" | "PageUp" | "PageDown" => {
                if let Some(action) = keymap::action(name, Place::Help) {
                    cursor.act(action);
                }
            }
            "Enter" => {
                let found = palette(place, text).get(cursor.at).map(|binding| binding.action);
                self.overlay = None;
                if let Some(action) = found {
                    self.act(action);
                }
            }
            _ => {
                edit(text, name);
                *cursor = Cursor::default();
            }
        }
    }

    fn point(&mut self, mouse: MouseEvent) {
        let body = view::body(self.area);
        let position = (mouse.column, mouse.row);
        match mouse.kind {
            MouseEventKind::ScrollDown | MouseEventKind::ScrollUp => {
                let lines = if mouse.kind == MouseEventKind::ScrollDown { WHEEL_LINES } else { -WHEEL_LINES };
                match &mut self.overlay {
                    Some(Overlay::Text { cursor, .. } | Overlay::Palette { cursor, .. }) => cursor.scroll(lines),
                    Some(Overlay::Typing { .. }) | None => self.screen.scroll(lines),
                }
            }
            MouseEventKind::Down(MouseButton::Left) if matches!(self.overlay, Some(Overlay::Typing { .. })) => {}
            MouseEventKind::Down(MouseButton::Left) if self.overlay.is_some() => self.overlay = None,
            MouseEventKind::Down(MouseButton::Left) if body.contains(position.into()) => {
                let (column, row) = (position.0 - body.x, position.1 - body.y);
                // A click on what is under the cursor already opens it.
                match self.screen.click(column, row, &mut self.session) {
                    Step::Other => self.act(Action::Open),
                    step => self.step(step),
                }
            }
            _ => {}
        }
    }

    fn act(&mut self, action: Action) {
        match self.screen.act(action, &mut self.session) {
            Step::Other => self.act_everywhere(action),
            step => self.step(step),
        }
    }

    fn act_everywhere(&mut self, action: Action) {
        match action {
            Action::Quit => self.effects.push(Effect::Quit),
            Action::Suspend => self.effects.push(Effect::Suspend),
            Action::Redraw => self.effects.push(Effect::Redraw),
            Action::Mouse => {
                self.has_mouse = !self.has_mouse;
                self.effects.push(Effect::Mouse(self.has_mouse));
                let told = if self.has_mouse { "the mouse acts here" } else { "the mouse is the terminal's" };
                self.session.said = Some(told.to_owned());
            }
            Action::Back => self.back(),
            Action::Forward => {
                if let Some(screen) = self.future.pop() {
                    let left = std::mem::replace(&mut self.screen, screen);
                    self.past.push(left);
                }
            }
            Action::Help => self.show("help", help(self.screen.place(), self.session.theme)),
            Action::Palette => self.overlay = Some(Overlay::Palette { text: String::new(), cursor: Cursor::default() }),
            Action::Twin => self.show_twin(),
            Action::Export => self.ask(Purpose::Export, "write to", format!("{}.json", self.screen.place().word())),
            Action::Copy => {
                let copied = self.screen.copied(&self.session);
                self.copy(copied);
            }
            Action::Note => match self.screen.subject(&self.session) {
                Some(subject) => {
                    self.noting = Some(subject);
                    self.ask(
                        Purpose::Note,
                        "note (#tag; bookmark, reviewed, accepted: why, false: why)",
                        String::new(),
                    );
                }
                None => self.session.said = Some("there is nothing here to write a note on".to_owned()),
            },
            Action::Notes => self.go(Box::new(Notes::default())),
            Action::AsOf => self.ask(Purpose::AsOf, "as of", String::new()),
            Action::Then => self.session.judge_at(AsOf::Then),
            Action::Now => self.session.judge_at(AsOf::At(self.session.now())),
            Action::Distrust => match self.screen.suspect(&self.session) {
                Some(suspect) => self.ask(Purpose::Distrust, "distrust (add @MOMENT)", suspect),
                None => self.ask(Purpose::Distrust, "distrust KIND:NAME[@MOMENT]", String::new()),
            },
            Action::DistrustNone => self.session.distrust_no_more(),
            Action::Refresh => self.session.refresh(),
            Action::Cancel => {
                let told = if self.session.give_up() { "given up; F5 goes on" } else { "press q to leave" };
                self.session.said = Some(told.to_owned());
            }
            Action::Overview => self.go(Box::new(Overview::default())),
            Action::Graph => match self.screen.task(&self.session) {
                Some(task_id) => self.go(Box::new(Graph::of(task_id))),
                None => self.session.said = Some("there is no task under the cursor".to_owned()),
            },
            Action::Findings => self.go(Box::new(Findings::on(None))),
            Action::Open | Action::Chain => match self.screen.task(&self.session) {
                Some(task_id) => self.go(Box::new(Chain::of(task_id))),
                None => self.session.said = Some("there is no task here to open".to_owned()),
            },
            Action::Tasks => {
                let task = self.screen.task(&self.session);
                self.go(Box::new(Tasks::on(task)));
            }
            Action::Time => self.go(Box::new(Time::default())),
            Action::Keys => self.go(Box::new(Keys::default())),
            _ => {}
        }
    }

    fn copy(&mut self, text: Option<String>) {
        match text {
            Some(text) => {
                self.session.said = Some(format!("copied {text}"));
                self.effects.push(Effect::Copy(text));
            }
            None => self.session.said = Some("there is nothing to copy here".to_owned()),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Done | Step::Other => {}
            Step::Go(screen) => self.go(screen),
            Step::Type { purpose, label, text } => self.ask(purpose, label, text),
            Step::Say(text) => self.session.said = Some(text),
            Step::Show(title, lines) => self.show(&title, lines),
        }
    }

    fn ask(&mut self, purpose: Purpose, label: &'static str, text: String) {
        self.overlay = Some(Overlay::Typing { purpose, label, first: text.clone(), text });
    }

    fn show(&mut self, title: &str, lines: Vec<Line<'static>>) {
        self.overlay = Some(Overlay::Text { title: title.to_owned(), lines, cursor: Cursor::default(), copied: None });
    }

    fn go(&mut self, screen: Box<dyn Screen>) {
        let left = std::mem::replace(&mut self.screen, screen);
        self.past.push(left);
        if self.past.len() > PAST_MAX {
            self.past.remove(0);
        }
        self.future.clear();
    }

    fn back(&mut self) {
        if let Some(screen) = self.past.pop() {
            let left = std::mem::replace(&mut self.screen, screen);
            self.future.push(left);
        }
    }

    fn show_twin(&mut self) {
        let twin = self.screen.twin(&self.session);
        let path = quoted(&self.session.path.to_string_lossy());
        let words: Vec<String> = twin.iter().map(|word| quoted(word)).collect();
        let line = format!("cotrace --case {path} {}", words.join(" "));
        let theme = self.session.theme;
        let lines = vec![
            captured_line(&line, theme.heading(), theme),
            Line::default(),
            Line::styled("It prints what this screen shows; where it takes --format json, as JSON too.", theme.dim()),
            Line::styled("y copies it to the terminal's clipboard.", theme.dim()),
        ];
        let title = "command line".to_owned();
        self.overlay = Some(Overlay::Text { title, lines, cursor: Cursor::default(), copied: Some(line) });
    }
}

/// What a finding's code means: its page.
pub(super) fn explained(code: Code, session: &Session) -> Step {
    let theme = session.theme;
    let lines = code.page().lines().map(|line| {
        let style = if line.starts_with('#') { theme.heading() } else { ratatui::style::Style::new() };
        Line::styled(line.to_owned(), style)
    });
    Step::Show(code.id().to_owned(), lines.collect())
}

/// Changes a text as a key says; `false`: it is none for that.
fn edit(text: &mut String, name: &str) -> bool {
    match name {
        "Backspace" => drop(text.pop()),
        "Ctrl-u" => text.clear(),
        "Ctrl-w" => {
            let kept = text.trim_end().rfind(' ').map_or(0, |space| space + 1);
            text.truncate(kept);
        }
        "Space" if text.len() < TYPED_MAX => text.push(' '),
        _ => {
            let mut characters = name.chars();
            let (Some(character), None) = (characters.next(), characters.next()) else { return false };
            if text.len() >= TYPED_MAX {
                return false;
            }
            text.push(character);
        }
    }
    true
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_./:@=,+%".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(quoted("--as-of"), "--as-of");
        assert_eq!(quoted("label~a b"), "'label~a b'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn lines_are_edited() {
        let mut text = "two words ".to_owned();
        assert!(edit(&mut text, "Ctrl-w") && text == "two ");
        assert!(edit(&mut text, "x") && edit(&mut text, "Space") && text == "two x ");
        assert!(edit(&mut text, "Backspace") && !edit(&mut text, "PageUp"));
        assert!(edit(&mut text, "Ctrl-u") && text.is_empty());
        assert!(edit(&mut text, "Backspace"));
    }
}
