//! Standard output and error.

use std::io::{self, IsTerminal as _, Write as _};

use indicatif::{ProgressBar, ProgressStyle};

use crate::model::Untrusted;

/// Bytes that are written at once: reports of whole graphs have many megabytes.
const PLAIN_BUFFER: usize = 64 * 1024;

/// Standard output, buffered; colours are kept on a terminal and stripped in a pipe or where NO_COLOR says so.
pub(super) fn stdout() -> io::BufWriter<Box<dyn io::Write>> {
    let stdout = io::stdout();
    io::BufWriter::new(match anstream::AutoStream::choice(&stdout) {
        // What strips writes the pieces one by one: they are gathered again.
        anstream::ColorChoice::Never => Box::new(anstream::StripStream::new(Box::new(plain()) as Box<dyn io::Write>)),
        anstream::ColorChoice::Auto | anstream::ColorChoice::AlwaysAnsi | anstream::ColorChoice::Always => {
            Box::new(anstream::AutoStream::auto(stdout.lock()))
        }
    })
}

/// Standard output for what has no colours, such as JSON.
pub(super) fn plain() -> io::BufWriter<io::StdoutLock<'static>> {
    io::BufWriter::with_capacity(PLAIN_BUFFER, io::stdout().lock())
}

/// A progress bar on standard error, if that is a terminal; `what` is counted.
pub(super) fn bar(what: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(&format!("{{bar:30}} {{pos}}/{{len}} {what}  {{per_sec}}  {{eta}}"));
    ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Whether standard output is a terminal.
pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Writes a line to standard error. What can't be written there is lost: there is nowhere else to say so.
pub(super) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{}", Untrusted(text));
}

/// Tells a failure with its causes.
pub(super) fn complain(error: &anyhow::Error) {
    note(&format!("error: {error}"));
    let mut told = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !told.contains(&cause) {
            note(&format!("because: {cause}"));
        }
        told = cause;
    }
}

/// Whether a failure is only that nobody reads on.
pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>();
        io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}
