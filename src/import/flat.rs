//! Replies of the queue that somebody saved in a flat folder, told apart by their content.
//!
//! A status names its task, and so does each entry of a task group's listing. A definition and a listing of artifacts do
//! not: for these the file's name has to begin with the task id, and a listing's to go on with the run.

use std::collections::BTreeMap;

use super::capture::ImportError;
use super::replies;
use super::task::{REPLY_SIZE_MAX, TaskCapture};
use super::tree::{self, Found, Tree};
use crate::formats::json::{self, Value};
use crate::model::{Digest, TaskId};
use crate::store::{Disposition, FileRow, ListingRow};

/// What a saved reply is.
enum Reply {
    Status(TaskId),
    Definition(TaskId),
    Listing(TaskId, u32),
    Group,
    /// A reply that does not say of which task it is.
    Unnamed(&'static str),
}

/// What lies in a flat folder.
#[derive(Default)]
pub(super) struct Flat {
    pub(super) tasks: BTreeMap<TaskId, TaskCapture>,
    pub(super) files: Vec<FileRow>,
    /// Path, digest and size of what was read.
    pub(super) manifest: Vec<(String, Digest, u64)>,
    /// Task groups by whether a last page of their listing was read.
    groups: BTreeMap<String, bool>,
}

/// Whether any file of a folder is a reply of the queue.
pub(super) fn holds_replies(tree: &dyn Tree, files: &[Found]) -> bool {
    let mut replies = files.iter().filter(|file| file.name.ends_with(".json"));
    replies.any(|file| {
        let bytes = tree::read(tree, file, REPLY_SIZE_MAX);
        bytes.is_ok_and(|bytes| {
            replies::parse(&bytes).is_ok_and(|document| classify(&document.value, &file.name).is_some())
        })
    })
}

/// Keeps the contents of a reply.
type Keep<'a> = &'a mut dyn FnMut(Digest, &[u8]) -> Result<(), ImportError>;

/// Reads the replies of a folder; their contents are handed on one by one. What is none is left to the caller: its name
/// is returned.
///
/// # Errors
///
/// Those of `keep`.
pub(super) fn read_flat(tree: &dyn Tree, files: &[Found], keep: Keep<'_>) -> Result<(Flat, Vec<String>), ImportError> {
    let mut flat = Flat::default();
    let mut others = Vec::new();
    for file in files {
        let read = tree::read(tree, file, REPLY_SIZE_MAX);
        let document = read.as_ref().ok().and_then(|bytes| replies::parse(bytes).ok());
        let reply = document.as_ref().and_then(|document| classify(&document.value, &file.name));
        match (read, document, reply) {
            (Ok(bytes), Some(document), Some(reply)) => flat.take(file, &bytes, &document.value, reply, keep)?,
            _ => others.push(file.name.clone()),
        }
    }
    let cut: Vec<String> = flat.groups.iter().filter(|(_, whole)| !**whole).map(|(group, _)| group.clone()).collect();
    for group in cut {
        let reason = "the listing goes on, and its last page is not here".to_owned();
        flat.file(format!("group {group}"), Disposition::Quarantined, Some(reason), None, None);
    }
    Ok((flat, others))
}

/// Tells what a document is.
fn classify(value: &Value, file_name: &str) -> Option<Reply> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_text);
    if value.pointer("/status/runs").is_some() {
        return text("/status/taskId").and_then(|task_id| task_id.parse().ok()).map(Reply::Status);
    }
    if value.get("tasks").is_some_and(|tasks| tasks.as_list().is_some()) && text("/taskGroupId").is_some() {
        return Some(Reply::Group);
    }
    let task_id = file_name.get(..22).and_then(|start| start.parse::<TaskId>().ok());
    if value.get("artifacts").is_some_and(|artifacts| artifacts.as_list().is_some()) {
        let rest = file_name.get(22..).unwrap_or_default();
        let digits: String =
            rest.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        return Some(match task_id.zip(digits.parse().ok()) {
            Some((task_id, run_id)) => Reply::Listing(task_id, run_id),
            None => Reply::Unnamed("a listing of artifacts says of no task: name the file TASK_ID.RUN.json"),
        });
    }
    if value.get("payload").is_some() && value.get("metadata").is_some() && value.get("taskGroupId").is_some() {
        let unnamed = Reply::Unnamed("a definition says of no task: name the file TASK_ID.json");
        return Some(task_id.map_or(unnamed, Reply::Definition));
    }
    None
}

impl Flat {
    fn take(
        &mut self,
        file: &Found,
        bytes: &[u8],
        value: &Value,
        reply: Reply,
        keep: Keep<'_>,
    ) -> Result<(), ImportError> {
        let digest = Digest::of(bytes);
        let size = bytes.len() as u64;
        self.manifest.push((file.name.clone(), digest, size));
        match reply {
            Reply::Status(task_id) => {
                self.file(file.name.clone(), Disposition::Evidence, None, Some(digest), Some(size));
                self.task(&task_id).set_status(digest, bytes);
                keep(digest, bytes)?;
            }
            Reply::Definition(task_id) => {
                self.file(file.name.clone(), Disposition::Evidence, None, Some(digest), Some(size));
                self.task(&task_id).define(digest, bytes);
                keep(digest, bytes)?;
            }
            Reply::Listing(task_id, run_id) => {
                let problem = match replies::read_listing(bytes, run_id) {
                    Ok(rows) => {
                        self.task(&task_id).artifacts.extend(rows);
                        None
                    }
                    Err(problem) => Some(problem),
                };
                self.file(file.name.clone(), Disposition::Evidence, problem.clone(), Some(digest), Some(size));
                self.task(&task_id).listings.push(ListingRow { run_id, sha256: digest, problem });
                keep(digest, bytes)?;
            }
            Reply::Group => {
                self.file(file.name.clone(), Disposition::Evidence, None, Some(digest), Some(size));
                self.group(bytes, value, keep)?;
                keep(digest, bytes)?;
            }
            Reply::Unnamed(reason) => {
                self.file(
                    file.name.clone(),
                    Disposition::Quarantined,
                    Some(reason.to_owned()),
                    Some(digest),
                    Some(size),
                );
            }
        }
        Ok(())
    }

    /// Takes a page of a task group's listing: of each task its status and its definition, as the bytes stand there.
    fn group(&mut self, bytes: &[u8], value: &Value, keep: Keep<'_>) -> Result<(), ImportError> {
        let group = value.get("taskGroupId").and_then(Value::as_text).unwrap_or_default().to_owned();
        let goes_on = value.get("continuationToken").is_some_and(Value::is_truthy);
        *self.groups.entry(group).or_default() |= !goes_on;
        let Some(tasks) = json::entries(bytes).ok().and_then(|entries| entries.find("tasks")) else {
            return Ok(());
        };
        let list = &bytes[tasks];
        for item in json::items(list).unwrap_or_default() {
            self.group_task(&list[item], keep)?;
        }
        Ok(())
    }

    fn group_task(&mut self, item: &[u8], keep: Keep<'_>) -> Result<(), ImportError> {
        let Ok(entries) = json::entries(item) else { return Ok(()) };
        let (Some(status), Some(definition)) = (entries.find("status"), entries.find("task")) else {
            return Ok(());
        };
        let (status, definition) = (&item[status], &item[definition]);
        let task_id = replies::parse(status).ok().and_then(|document| {
            document.value.get("taskId").and_then(Value::as_text).and_then(|task_id| task_id.parse::<TaskId>().ok())
        });
        let Some(task_id) = task_id else { return Ok(()) };
        let task = self.task(&task_id);
        let (of_status, of_definition) = (Digest::of(status), Digest::of(definition));
        task.set_status(of_status, status);
        task.define(of_definition, definition);
        keep(of_status, status)?;
        keep(of_definition, definition)
    }

    fn task(&mut self, task_id: &TaskId) -> &mut TaskCapture {
        self.tasks.entry(*task_id).or_insert_with(|| TaskCapture::new(task_id))
    }

    fn file(
        &mut self,
        path: String,
        disposition: Disposition,
        reason: Option<String>,
        sha256: Option<Digest>,
        size: Option<u64>,
    ) {
        self.files.push(FileRow { path, disposition, reason, sha256, size });
    }
}
