//! The clerk: a thread that reads the case file while the judge judges, and writes what is exported.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use super::catalog::Catalog;
use super::judge::Tell;
use super::message::{ClerkAsk, Event, Seen, Told};
use crate::judge::SourceTrees;
use crate::model::{Digest, TaskId};
use crate::store::{Access, Case, StoreError};

/// The most bytes of a document that are shown.
pub(super) const DOCUMENT_SIZE_MAX: u64 = 4 * 1024 * 1024;

/// After how many tasks the first are told, so that there is something to see.
const FIRST_TASKS: usize = 512;

/// Answers until nobody asks any more.
pub(super) fn serve(path: &Path, program: &Path, operator: &str, asks: &Receiver<ClerkAsk>, tell: Tell<'_>) {
    let mut case = None;
    while let Ok(ask) = asks.recv() {
        let told = |told: Told| tell(Event::Told(told));
        if let Err(error) = answer(path, (program, operator), &mut case, ask, &told) {
            told(Told::Said(error.to_string()));
        }
        tell(Event::Served);
    }
}

fn answer(
    path: &Path,
    (program, operator): (&Path, &str),
    case: &mut Option<Case>,
    ask: ClerkAsk,
    tell: &dyn Fn(Told),
) -> Result<(), StoreError> {
    let case = match case {
        Some(case) => case,
        none => none.insert(Case::open(path, Access::Keep)?),
    };
    match ask {
        ClerkAsk::Open => {
            tell(Told::Case {
                info: Box::new(case.info()?),
                stored: case.last_replay()?.map(Box::new),
                tasks: case.task_count()?,
            });
            tell(Told::Notes(Arc::new(case.notes()?)));
            list(case, tell)?;
        }
        ClerkAsk::Evidence(task_id) => tell(Told::Evidence(task_id, seen(case, task_id)?.map(Box::new))),
        ClerkAsk::Document(digest) => {
            let bytes = match case.blob(&digest, DOCUMENT_SIZE_MAX) {
                Ok(Some(bytes)) => Ok(Arc::from(bytes)),
                Ok(None) => Err("the case does not hold its bytes".to_owned()),
                Err(error) => Err(error.to_string()),
            };
            tell(Told::Document(digest, bytes));
        }
        ClerkAsk::Note { note, now } => {
            let kept = case.add_note(&note, now, operator)?;
            tell(Told::Said(format!("note {} on {} is kept in the case", kept.id, kept.subject)));
            tell(Told::Notes(Arc::new(case.notes()?)));
        }
        ClerkAsk::Withdraw { note, now } => {
            case.withdraw_note(note, now, operator)?;
            tell(Told::Said(format!("note {note} is withdrawn")));
            tell(Told::Notes(Arc::new(case.notes()?)));
        }
        ClerkAsk::Export { arguments, to } => tell(Told::Said(match export(path, program, &arguments, &to) {
            Ok(size) => format!("wrote {} ({size} bytes)", to.display()),
            Err(error) => format!("{} was not written: {error}", to.display()),
        })),
    }
    Ok(())
}

/// Tells the tasks: the first soon, then all.
fn list(case: &Case, tell: &dyn Fn(Told)) -> Result<(), StoreError> {
    let trees = SourceTrees::new(None);
    let mut catalog = Catalog::default();
    let mut known: BTreeMap<String, Option<String>> = BTreeMap::new();
    case.task_list(&mut |row| {
        let tree = row.source.as_deref().and_then(|source| {
            // Many tasks have one source.
            known.entry(source.to_owned()).or_insert_with(|| trees.tree(source)).clone()
        });
        if known.len() > FIRST_TASKS {
            known.clear();
        }
        catalog.add(&row, tree.as_deref());
        if catalog.len() == FIRST_TASKS {
            tell(Told::Catalog { catalog: Arc::new(catalog.clone()), is_whole: false });
        }
        ControlFlow::Continue(())
    })?;
    tell(Told::Catalog { catalog: Arc::new(catalog), is_whole: true });
    Ok(())
}

fn seen(case: &Case, task_id: TaskId) -> Result<Option<Seen>, StoreError> {
    let Some(snapshot) = case.snapshot_of(&task_id)? else { return Ok(None) };
    let Some(evidence) = case.task_evidence(snapshot.id, &task_id)? else { return Ok(None) };
    let of_artifacts = evidence.artifacts.values().filter_map(|record| record.sha256);
    let documents: Vec<Digest> = evidence.definition.into_iter().chain(evidence.status).chain(of_artifacts).collect();
    let mut held = BTreeMap::new();
    for digest in documents {
        if let Some(size) = case.blob_size(&digest)? {
            held.insert(digest, size);
        }
    }
    Ok(Some(Seen { snapshot, evidence, held }))
}

/// Runs the program as a user would, its output into a new file. Nothing that exists is overwritten, and what comes to
/// nothing leaves no file.
fn export(path: &Path, program: &Path, arguments: &[String], to: &Path) -> std::io::Result<u64> {
    let file = std::fs::File::create_new(to)?;
    let written = run(path, program, arguments, file).and_then(|said| match std::fs::metadata(to)?.len() {
        // A verdict is no failure: what failed has written nothing.
        0 => Err(std::io::Error::other(said.lines().next().unwrap_or("nothing came of it").to_owned())),
        size => Ok(size),
    });
    if written.is_err() {
        let _ = std::fs::remove_file(to);
    }
    written
}

/// What the program says on standard error.
fn run(path: &Path, program: &Path, arguments: &[String], out: std::fs::File) -> std::io::Result<String> {
    let mut command = Command::new(program);
    command.arg("--case").arg(path).args(arguments).env("NO_COLOR", "1");
    let output = command.stdin(Stdio::null()).stdout(out).stderr(Stdio::piped()).output()?;
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}
