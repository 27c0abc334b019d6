//! The clerk: a thread that reads the case file while the judge judges, and writes what is exported.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;

use super::catalog::Catalog;
use super::judge::Tell;
use super::message::{ClerkAsk, Event, Seen, Told};
use crate::judge::SourceTrees;
use crate::model::{Digest, TaskId};
use crate::store::{Access, Case, StoreError, TaskListRow};

/// The most bytes of a document that are shown.
pub(super) const DOCUMENT_SIZE_MAX: u64 = 4 * 1024 * 1024;

/// After how many tasks the first are told, so that there is something to see.
const FIRST_TASKS: u32 = 512;

/// How many sources are known at once.
const SOURCES_MAX: usize = 4096;

/// After how many tasks it is looked whether the list is still wanted.
const LOOKED_UP_EVERY: usize = 1024;

/// For how many tasks room is made at once, whatever the case says.
const TASKS_ROOM_MAX: u64 = 4_000_000;

/// After how many tasks it is told how many were read.
const LOADED_AT_ONCE: usize = 50_000;

/// Answers until nobody asks any more. What takes long is read beside, so that the rest is answered meanwhile.
pub(super) fn serve(path: &Path, program: &Path, operator: &str, asks: &Receiver<ClerkAsk>, tell: Tell<'_>) {
    std::thread::scope(|scope| {
        let mut case = None;
        while let Ok(ask) = asks.recv() {
            if let ClerkAsk::Open { is_idle } = ask {
                scope.spawn(move || {
                    let told = |told: Told| tell(Event::Told(told));
                    let read = AssertUnwindSafe(|| open(path, &is_idle, &told));
                    match catch_unwind(read) {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => told(Told::Said(error.to_string())),
                        Err(_) => told(Told::Failed("reading the tasks stopped, which is a bug".to_owned())),
                    }
                    tell(Event::Served);
                });
                continue;
            }
            let told = |told: Told| tell(Event::Told(told));
            if let Err(error) = answer(path, (program, operator), &mut case, ask, &told) {
                told(Told::Said(error.to_string()));
            }
            tell(Event::Served);
        }
    });
}

/// Tells what the case holds: what is seen first comes first.
fn open(path: &Path, is_idle: &AtomicBool, tell: &dyn Fn(Told)) -> Result<(), StoreError> {
    let case = Case::open(path, Access::Read)?;
    list(&case, true, 0, is_idle, tell)?;
    tell(Told::Stored(case.last_replay()?.map(Box::new)));
    tell(Told::Notes(Arc::new(case.notes()?)));
    let tasks = case.task_count()?;
    tell(Told::Tasks(tasks));
    list(&case, false, tasks, is_idle, tell)?;
    if !is_idle.load(Ordering::Relaxed) {
        tell(Told::Case(Box::new(case.info()?)));
    }
    Ok(())
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
        // It is read beside.
        ClerkAsk::Open { .. } => {}
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

/// Tells the tasks: the first few, or all.
fn list(case: &Case, is_first: bool, tasks: u64, is_idle: &AtomicBool, tell: &dyn Fn(Told)) -> Result<(), StoreError> {
    let trees = SourceTrees::new(None);
    let mut catalog = Catalog::with_room(usize::try_from(tasks.min(TASKS_ROOM_MAX)).unwrap_or(0));
    let mut known: HashMap<String, Option<String>> = HashMap::new();
    let mut read = 0;
    let mut take = |row: TaskListRow<'_>| {
        let tree = row.source.and_then(|source| {
            // Many tasks have one source.
            if !known.contains_key(source) {
                if known.len() >= SOURCES_MAX {
                    known.clear();
                }
                known.insert(source.to_owned(), trees.tree(source));
            }
            known.get(source).and_then(Option::as_deref)
        });
        catalog.add(&row, tree);
        read += 1;
        if read % LOADED_AT_ONCE == 0 {
            tell(Told::Loaded(read as u64));
        }
        if read % LOOKED_UP_EVERY == 0 && is_idle.load(Ordering::Relaxed) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    };
    if is_first {
        case.first_tasks(FIRST_TASKS, &mut take)?;
    } else {
        case.all_tasks(&mut take)?;
    }
    if !is_idle.load(Ordering::Relaxed) {
        catalog.settle();
        tell(Told::Catalog { catalog: Arc::new(catalog), is_whole: !is_first });
    }
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
