//! The terminal UI: keys through the real loop, and the screen as it then is.

mod chain;
mod distrust;
mod findings;
mod frame;
mod graph;
mod hostile;
mod keys;
mod link;
mod meanwhile;
mod notes;
mod pictures;
mod soak;
mod time;
mod tour;

use std::path::{Path, PathBuf};

use cotrace::model::Moment;
use cotrace::replay::{Request, Targets};
use cotrace::tui::{Options, Rehearsal, Theme};

use crate::program::{BINARY, CaseFile, sample};
use crate::support::{moment, request, rules};

/// The moment that the program takes for the present one.
fn present() -> Moment {
    moment("2026-11-01")
}

/// The usual question: by the rules of then.
fn then() -> Request {
    Request { rules: rules("then"), ..request(Targets::All) }
}

/// What a case is opened with.
fn options(path: &Path, base: Request) -> Options {
    Options {
        path: path.to_owned(),
        program: PathBuf::from(BINARY),
        operator: "J. Doe".to_owned(),
        base,
        arguments: Vec::new(),
        theme: Theme { has_colours: true, is_ascii: false },
        clock: present,
    }
}

/// Pins a screen with its styles, at both sizes.
fn pin(name: &str, sample: &str, keys: &str) {
    for (width, height) in [(80, 24), (120, 40)] {
        let screen = Stage::sized(sample, width, height).styled(keys);
        insta::with_settings!({ prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen);
        });
    }
}

/// A case with samples in it, on a screen.
struct Stage {
    case: CaseFile,
    ui: Rehearsal,
}

impl Stage {
    /// A sample on a screen of 120 x 40.
    fn of(name: &str) -> Self {
        Self::sized(name, 120, 40)
    }

    /// A sample on a screen.
    fn sized(name: &str, width: u16, height: u16) -> Self {
        let case = CaseFile::of(&[sample(name)]);
        let ui = Rehearsal::new(options(&case.path, then()), width, height);
        Self { case, ui }
    }

    /// Presses keys, and gives the screen as text.
    fn press(&mut self, keys: &str) -> String {
        assert!(self.ui.press(keys), "{keys} names no keys");
        self.ui.text()
    }

    /// Presses keys, and gives the screen with its styles, the path of the case left out.
    fn styled(&mut self, keys: &str) -> String {
        self.press(keys);
        let folder = self.case.folder.path().to_string_lossy().into_owned();
        self.ui.styled_text().replace(&folder, "FOLDER")
    }
}
