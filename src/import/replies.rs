//! Rows of the queue's replies. Read leniently: a field in the wrong form counts as not stated, and the reply itself is
//! kept as it came; whether it is well-formed is the examination's business.

use crate::formats::json::{Budget, Document, ParseError, Value, entries_with, parse_with};
use crate::model::TaskId;
use crate::store::{ArtifactRow, DenialRow, RunRow, TaskRow};

/// The most values in one reply. A page of a task group's listing has a thousand tasks of some 300 values each.
const REPLY_NODES_MAX: usize = 1_000_000;

/// Reads a reply as JSON.
pub(super) fn parse(bytes: &[u8]) -> Result<Document, ParseError> {
    parse_with(bytes, &Budget { nodes_max: REPLY_NODES_MAX, ..Budget::WHOLE })
}

/// Text of a member, if it is text.
fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_text).map(str::to_owned)
}

/// Fills in what a definition says. Of its members only those that have a row are built; the others are most of it.
pub(super) fn read_definition(bytes: &[u8], row: &mut TaskRow) {
    let budget = Budget { nodes_max: REPLY_NODES_MAX, ..Budget::WHOLE };
    let Ok(entries) = entries_with(bytes, &budget) else { return };
    let member = |name: &str| Some(parse(&bytes[entries.find(name)?]).ok()?.value);
    let whole = |name: &str| member(name)?.as_text().map(str::to_owned);
    row.task_group_id = whole("taskGroupId");
    row.parent_task_id = member("extra").and_then(|extra| text(&extra, "/parent"));
    if let Some(metadata) = member("metadata") {
        row.name = text(&metadata, "/name");
        row.source = text(&metadata, "/source");
    }
    if let Some(tags) = member("tags") {
        row.label = text(&tags, "/label");
        row.kind = text(&tags, "/kind");
    }
    row.provisioner_id = whole("provisionerId");
    row.worker_type = whole("workerType");
    row.created = whole("created");
    row.deadline = whole("deadline");
    row.expires = whole("expires");
}

/// The runs of a status, in its order; or why it can't be read.
pub(super) fn read_status(bytes: &[u8], task_id: &TaskId, row: &mut TaskRow) -> Result<Vec<RunRow>, String> {
    let document = parse(bytes).map_err(|error| error.to_string())?;
    // The reply wraps the status; a status saved on its own is taken as well.
    let status = document.value.get("status").unwrap_or(&document.value);
    let stated = status.get("taskId").and_then(Value::as_text);
    if stated != Some(task_id.as_str()) {
        return Err("it is not the status of this task".to_owned());
    }
    row.state = text(status, "/state");
    if row.expires.is_none() {
        row.expires = text(status, "/expires");
    }
    let runs = status.get("runs").and_then(Value::as_list).ok_or("it has no list of runs")?;
    runs.iter().map(read_run).collect()
}

fn read_run(run: &Value) -> Result<RunRow, String> {
    let run_id = run.get("runId").and_then(Value::as_i64).and_then(|id| u32::try_from(id).ok());
    Ok(RunRow {
        run_id: run_id.ok_or("a run has no number")?,
        state: text(run, "/state").ok_or("a run has no state")?,
        reason_created: text(run, "/reasonCreated"),
        reason_resolved: text(run, "/reasonResolved"),
        worker_group: text(run, "/workerGroup"),
        worker_id: text(run, "/workerId"),
        scheduled: text(run, "/scheduled"),
        started: text(run, "/started"),
        resolved: text(run, "/resolved"),
    })
}

/// The artifacts that a listing names; or why it can't be read.
pub(super) fn read_listing(bytes: &[u8], run_id: u32) -> Result<Vec<ArtifactRow>, String> {
    let document = parse(bytes).map_err(|error| error.to_string())?;
    let listed = document.value.get("artifacts").and_then(Value::as_list).ok_or("it has no list of artifacts")?;
    let row = |artifact: &Value| {
        Ok(ArtifactRow {
            run_id,
            name: text(artifact, "/name").ok_or("an artifact has no name")?,
            listed: true,
            storage_type: text(artifact, "/storageType"),
            content_type: text(artifact, "/contentType"),
            expires: text(artifact, "/expires"),
            ..ArtifactRow::default()
        })
    };
    if document.value.get("continuationToken").is_some_and(Value::is_truthy) {
        return Err("it is one page of several".to_owned());
    }
    listed.iter().map(row).collect()
}

/// What an `absent.json` says was denied; or why it can't be read.
pub(super) fn read_absent(bytes: &[u8]) -> Result<Vec<DenialRow>, String> {
    let document = parse(bytes).map_err(|error| error.to_string())?;
    let entries = document.value.as_list().ok_or("it is no list")?;
    let row = |entry: &Value| DenialRow {
        what: text(entry, "/what").unwrap_or_default(),
        run_id: entry.get("runId").and_then(Value::as_i64).and_then(|id| u32::try_from(id).ok()),
        name: text(entry, "/name"),
        http_status: entry.get("status").and_then(Value::as_i64).and_then(|status| u16::try_from(status).ok()),
        at: text(entry, "/at"),
        url: text(entry, "/url"),
    };
    Ok(entries.iter().map(row).collect())
}

/// The artifact names that stand for files below a run: file to name; or why it can't be read.
pub(super) fn read_names(bytes: &[u8]) -> Result<Vec<(String, String)>, String> {
    let document = parse(bytes).map_err(|error| error.to_string())?;
    let names = document.value.as_map().ok_or("it is no object")?;
    let pair = |(name, file): (&crate::formats::json::Text, &Value)| {
        let name = name.as_str().ok_or("a name is not Unicode text")?;
        let file = file.as_text().ok_or("a file is no text")?;
        Ok((file.to_owned(), name.to_owned()))
    };
    names.iter().map(pair).collect()
}
