//! The loop: waits for keys and answers, and draws. The same for a terminal and for a rehearsal.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::Backend;

use super::app::{App, Effect};
use super::message::{Event, Told};
use super::session::{Session, ToJudge};
use super::{Options, clerk, judge};

/// How many answers are taken before something is drawn.
const ANSWERS_AT_ONCE: usize = 256;

/// The program on a terminal.
pub(super) struct Stage<B: Backend> {
    pub(super) terminal: Terminal<B>,
    pub(super) app: App,
    events: Receiver<Event>,
    /// For whoever reads the keys.
    pub(super) sender: Sender<Event>,
}

impl<B: Backend> Stage<B> {
    /// Starts judge and clerk.
    pub(super) fn new(terminal: Terminal<B>, options: Options) -> Self {
        let (sender, events) = channel();
        let (judge_asks, judge_asked) = channel();
        let (clerk_asks, clerk_asked) = channel();
        let Options { path, program, operator, base, arguments, theme, clock } = options;
        let first = base.clone();
        let case: PathBuf = path.clone();
        let given_up = Arc::<AtomicU64>::default();
        let to_judge = ToJudge { asks: judge_asks, given_up: Arc::clone(&given_up) };
        spawn("judge", sender.clone(), move |tell| judge::sit(&case, &first, &judge_asked, &given_up, tell));
        let case = path.clone();
        spawn("clerk", sender.clone(), move |tell| clerk::serve(&case, &program, &operator, &clerk_asked, tell));
        let senders = (to_judge, clerk_asks, sender.clone());
        let session = Session::new(path, base, arguments, theme, clock, senders);
        Self { terminal, app: App::new(session), events, sender }
    }

    /// Draws.
    ///
    /// # Errors
    ///
    /// Those of the terminal.
    pub(super) fn draw(&mut self) -> Result<(), B::Error> {
        let app = &mut self.app;
        self.terminal.draw(|frame| {
            app.area = frame.area();
            app.session.columns = app.area.width;
            let area = frame.area();
            super::view::draw(app, area, frame.buffer_mut());
        })?;
        Ok(())
    }

    /// Waits for something, takes it and what else is there, and tells what only the terminal can do.
    pub(super) fn step(&mut self) -> Vec<Effect> {
        if let Ok(event) = self.events.recv() {
            self.app.take(event);
        }
        for event in self.events.try_iter().take(ANSWERS_AT_ONCE) {
            self.app.take(event);
        }
        std::mem::take(&mut self.app.effects)
    }

    /// Waits for an answer, if any is to come, for so long at most; takes it and what else is there. Gives when it came.
    pub(super) fn turn(&mut self, wait: Duration) -> Instant {
        let first = if self.app.session.pending > 0 { self.events.recv_timeout(wait).ok() } else { None };
        let begin = Instant::now();
        for event in first.into_iter().chain(self.events.try_iter().take(ANSWERS_AT_ONCE)) {
            self.app.take(event);
        }
        begin
    }

    /// Takes answers until nothing is asked for any more.
    pub(super) fn settle(&mut self) {
        while self.app.session.pending > 0 {
            let Ok(event) = self.events.recv() else { return };
            self.app.take(event);
        }
    }
}

/// Starts a thread. If it panics, the loop hears of it: a screen that waits for ever would tell nothing.
fn spawn(name: &'static str, sender: Sender<Event>, work: impl FnOnce(judge::Tell<'_>) + Send + 'static) {
    let failing = sender.clone();
    let run = move || {
        let tell = move |event: Event| {
            // Nobody listens any more: the program ends.
            let _ = sender.send(event);
        };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(&tell))) {
            let why = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let why = why.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            let _ = failing.send(Event::Told(Told::Failed(format!("the {name} stopped, which is a bug: {why}"))));
            let _ = failing.send(Event::Served);
        }
    };
    // Where there is no room for a thread, its channel is closed: whoever asks is told.
    let _ = thread::Builder::new().name(name.to_owned()).spawn(run);
}
