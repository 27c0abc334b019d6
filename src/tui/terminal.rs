//! The terminal: taken over, given back whatever happens, and lent to the shell in between.

use std::io::{self, Stdout, Write};
use std::panic;
use std::thread;

use base64::Engine as _;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{
    self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};

use super::app::Effect;
use super::message::Event;
use super::stage::Stage;
use super::{Options, TuiError};

/// The longest text that is copied: terminals take no more in one sequence.
const COPIED_MAX: usize = 64 * 1024;

/// Runs on the terminal until the user leaves.
///
/// # Errors
///
/// If the terminal can't be used.
pub(super) fn run(options: Options) -> Result<(), TuiError> {
    give_back_on_panic();
    take_over()?;
    let ran = on_terminal(options);
    give_back();
    ran
}

fn on_terminal(options: Options) -> Result<(), TuiError> {
    let mut stage = Stage::new(Terminal::new(CrosstermBackend::new(io::stdout()))?, options);
    let sender = stage.sender.clone();
    thread::spawn(move || {
        while let Ok(input) = event::read() {
            if sender.send(Event::Input(input)).is_err() {
                return;
            }
        }
    });
    let mut has_mouse = true;
    loop {
        stage.draw()?;
        for effect in stage.step() {
            match effect {
                Effect::Quit => return Ok(()),
                Effect::Redraw => stage.terminal.clear()?,
                Effect::Mouse(wanted) => {
                    has_mouse = wanted;
                    mouse(has_mouse)?;
                }
                Effect::Copy(text) => copy(&mut io::stdout(), &text)?,
                Effect::Suspend => {
                    suspend()?;
                    mouse(has_mouse)?;
                    stage.terminal.clear()?;
                }
            }
        }
    }
}

fn take_over() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste)
}

/// Gives the terminal back. What fails is left: there is nothing else to try.
fn give_back() {
    let _ = execute!(io::stdout(), DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen);
    let _ = disable_raw_mode();
}

fn mouse(is_on: bool) -> io::Result<()> {
    let mut out: Stdout = io::stdout();
    if is_on { execute!(out, EnableMouseCapture) } else { execute!(out, DisableMouseCapture) }
}

/// A panic of the loop gives the terminal back before it says what happened. Those of the judge and the clerk are told on
/// the screen, which goes on.
fn give_back_on_panic() {
    let told = panic::take_hook();
    let screen = thread::current().id();
    panic::set_hook(Box::new(move |info| {
        if thread::current().id() == screen {
            give_back();
            told(info);
        }
    }));
}

#[cfg(unix)]
fn suspend() -> io::Result<()> {
    give_back();
    // To the whole group, as the terminal would have sent it.
    rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
    take_over()
}

#[cfg(not(unix))]
fn suspend() -> io::Result<()> {
    Ok(())
}

/// Puts a text on the clipboard of whoever sits at the terminal, also through ssh: OSC 52, which only writes.
fn copy(out: &mut dyn Write, text: &str) -> io::Result<()> {
    let end = text.char_indices().map(|(at, _)| at).chain([text.len()]).rfind(|at| *at <= COPIED_MAX).unwrap_or(0);
    let encoded = base64::engine::general_purpose::STANDARD.encode(&text[..end]);
    write!(out, "\x1b]52;c;{encoded}\x07")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copying_writes_one_sequence_and_nothing_of_the_text_itself() {
        let mut out = Vec::new();
        copy(&mut out, "a\x07b\x1b]0;x").unwrap();
        assert_eq!(out, b"\x1b]52;c;YQdiG10wO3g=\x07");
        let mut out = Vec::new();
        copy(&mut out, &"ä".repeat(COPIED_MAX)).unwrap();
        assert!(out.len() < 2 * COPIED_MAX);
    }
}
