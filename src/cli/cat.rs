//! `cotrace cat`.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context as _, bail};

use super::args::{CatArgs, CatForm};
use super::{Outcome, output, replay};
use crate::model::{Digest, TaskId, Untrusted};
use crate::store::{Access, Case};

pub(super) fn run(case: Option<PathBuf>, args: &CatArgs) -> anyhow::Result<Outcome> {
    let Some(path) = replay::case_path(case.as_deref()) else { return Ok(Outcome::Usage) };
    let case = Case::open(path, Access::Read)?;
    let digest = match (args.what.parse::<TaskId>(), args.what.parse::<Digest>(), &args.name) {
        (Ok(task_id), _, Some(name)) => of_task(&case, &task_id, name, args.run)?,
        (_, Ok(digest), None) => digest,
        (Ok(_), _, None) => {
            output::note("error: name an artifact of the task, or definition.json or status.json");
            return Ok(Outcome::Usage);
        }
        (Err(_), _, _) => {
            output::note("error: name a task id and an artifact, or the SHA-256 of a document");
            return Ok(Outcome::Usage);
        }
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let held = match args.form {
        CatForm::Raw if output::is_terminal() => {
            let mut escaping = Escaping { out: &mut out, cut: Vec::new() };
            let held = case.copy_blob(&digest, &mut escaping)?;
            escaping.finish()?;
            held
        }
        CatForm::Raw => case.copy_blob(&digest, &mut out)?,
        CatForm::Hex => {
            let mut hex = Hex { out: &mut out, offset: 0, line: Vec::new() };
            let held = case.copy_blob(&digest, &mut hex)?;
            hex.finish()?;
            held
        }
        CatForm::Pretty => match case.blob(&digest, PRETTY_SIZE_MAX)? {
            Some(bytes) => {
                pretty(&bytes, &mut out)?;
                true
            }
            None => false,
        },
    };
    if !held {
        bail!(
            "the case has the digest sha256:{digest}, not its bytes: they were not kept (see import --keep-artifacts)"
        );
    }
    out.flush()?;
    Ok(Outcome::Done)
}

/// The most bytes that are indented; more can be had raw or as hexadecimal.
const PRETTY_SIZE_MAX: u64 = 64 * 1024 * 1024;

/// Writes JSON indented, anything else as it is; both line by line, with control characters as escapes. JSON is read as
/// scriptworker reads it: of repeated keys the last one is shown.
fn pretty(bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
    let text = match crate::formats::json::parse(bytes) {
        Ok(document) => crate::formats::json::to_pretty_string(&document.value),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    };
    for line in text.lines() {
        writeln!(out, "{}", Untrusted(line))?;
    }
    Ok(())
}

/// The digest of a task's document in the newest snapshot that has the task.
fn of_task(case: &Case, task_id: &TaskId, name: &str, run: Option<u32>) -> anyhow::Result<Digest> {
    let snapshot = case.snapshot_of(task_id)?.with_context(|| format!("the case has nothing of task {task_id}"))?;
    let evidence =
        case.task_evidence(snapshot.id, task_id)?.with_context(|| format!("the case has nothing of task {task_id}"))?;
    let found = match (name, run) {
        ("definition.json", None) => evidence.definition,
        ("status.json", None) => evidence.status,
        _ => {
            let run = run.or_else(|| evidence.latest_run()).with_context(|| format!("no run of {task_id} is known"))?;
            evidence.artifact(run, name).and_then(|record| record.sha256)
        }
    };
    found.with_context(|| format!("the case has no {name} of task {task_id}"))
}

/// Shows bytes on a terminal: text as text, whatever could steer the terminal as escapes.
struct Escaping<W> {
    out: W,
    /// The beginning of a character that the last part cut off.
    cut: Vec<u8>,
}

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.cut.extend_from_slice(part);
        let mut bytes = std::mem::take(&mut self.cut);
        if let Err(error) = std::str::from_utf8(&bytes)
            && error.error_len().is_none()
        {
            // The last character goes on in the next part.
            self.cut = bytes.split_off(error.valid_up_to());
        }
        self.escape(&bytes)?;
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W: Write> Escaping<W> {
    /// Writes what is left of a character that never went on.
    fn finish(mut self) -> io::Result<()> {
        let rest = std::mem::take(&mut self.cut);
        self.escape(&rest)
    }

    fn escape(&mut self, bytes: &[u8]) -> io::Result<()> {
        for chunk in bytes.utf8_chunks() {
            for line in chunk.valid().split_inclusive('\n') {
                match line.strip_suffix('\n') {
                    Some(line) => writeln!(self.out, "{}", Untrusted(line))?,
                    None => write!(self.out, "{}", Untrusted(line))?,
                }
            }
            for byte in chunk.invalid() {
                write!(self.out, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// How many bytes a line of hexadecimal shows.
const HEX_LINE: usize = 16;

/// Shows bytes as offsets, hexadecimal and ASCII.
struct Hex<W> {
    out: W,
    offset: u64,
    line: Vec<u8>,
}

impl<W: Write> Hex<W> {
    fn finish(mut self) -> io::Result<()> {
        self.write_line()
    }

    fn write_line(&mut self) -> io::Result<()> {
        if self.line.is_empty() {
            return Ok(());
        }
        let digits: Vec<String> = self.line.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown = |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
        let text: String = self.line.iter().map(shown).collect();
        writeln!(self.out, "{:08x}  {:<47}  {text}", self.offset, digits.join(" "))?;
        self.offset += self.line.len() as u64;
        self.line.clear();
        Ok(())
    }
}

impl<W: Write> Write for Hex<W> {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        for byte in part {
            self.line.push(*byte);
            if self.line.len() == HEX_LINE {
                self.write_line()?;
            }
        }
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
