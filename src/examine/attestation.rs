//! What an attestation says.

use std::borrow::Cow;

use super::ambiguity::ambiguities;
use super::definition;
use super::reading::Reading;
use crate::formats::json::{self, Map, Text, Value, to_compact_string, to_sorted_string};
use crate::model::{Attestation, Difference, DifferenceKind, Digest};

/// Raised when the answers of this file could change.
pub const VERSION: u32 = 4;

/// The longest value that a difference shows.
const EXCERPT_MAX: usize = 300;

/// The version of the attestation schema, the only one that workers ever wrote (since 2016-09-08).
const SCHEMA_VERSION: i64 = 1;

/// Examines what the signature of an attestation covers, beside the queue's definition where there is one.
pub fn examine(covered: &Reading, definition: Option<&Reading>) -> Attestation {
    let document = match covered.document() {
        Ok(document) => document,
        Err(error) => return Attestation { unreadable: Some(error.to_string()), ..Attestation::default() },
    };
    let value = &document.value;
    let Some(map) = value.as_map() else {
        let unreadable = Some(format!("it is no object but {}", value.type_name()));
        return Attestation { unreadable, ..Attestation::default() };
    };
    let stated = |name: &str| map.get(name).map(as_stated);
    let queue = definition.and_then(|definition| definition.document().ok());
    let embedded = map.get("task");
    Attestation {
        unreadable: None,
        problems: problems(map),
        ambiguities: ambiguities(document),
        task_id: stated("taskId"),
        run_id: map.get("runId").map(to_compact_string),
        worker_group: stated("workerGroup"),
        worker_id: stated("workerId"),
        image_hash: value.pointer("/environment/imageHash").map(as_stated),
        image_artifact_hash: value.pointer("/environment/imageArtifactHash").map(as_stated),
        differences: match (embedded, queue) {
            (Some(embedded), Some(queue)) => Some(task_differences(embedded, &queue.value)),
            _ => None,
        },
        lookalikes: match (embedded, queue) {
            (Some(embedded), Some(queue)) => {
                json::lookalikes(embedded, &queue.value).into_iter().map(shorten).collect()
            }
            _ => Vec::new(),
        },
        embedded: embedded.filter(|_| definition.is_none()).map(|task| Box::new(definition::shape(task))),
        value_digest: Some(Digest::of(to_sorted_string(value).as_bytes())),
    }
}

/// A text as it is, anything else as compact JSON.
fn as_stated(value: &Value) -> String {
    value.as_text().map_or_else(|| to_compact_string(value), str::to_owned)
}

/// Where an attestation breaks schema version 1 (scriptworker's `cot_v1_schema.json` and the workers' own).
fn problems(map: &Map) -> Vec<String> {
    let mut problems = Vec::new();
    let mut ask = |holds: bool, problem: &str| {
        if !holds {
            problems.push(problem.to_owned());
        }
    };
    let is_text = |name: &str| map.get(name).is_some_and(|value| matches!(value, Value::Text(_)));
    let is_object = |name: &str| map.get(name).is_some_and(|value| value.as_map().is_some());
    ask(
        matches!(map.get("chainOfTrustVersion"), Some(version @ Value::Number(_)) if version.as_i64() == Some(SCHEMA_VERSION)),
        "chainOfTrustVersion is not 1",
    );
    ask(is_text("taskId"), "taskId is no text");
    ask(
        matches!(map.get("runId"), Some(run @ Value::Number(_)) if run.as_i64().is_some_and(|run| run >= 0)),
        "runId is no number",
    );
    ask(is_text("workerGroup"), "workerGroup is no text");
    ask(is_text("workerId"), "workerId is no text");
    ask(is_object("environment"), "environment is no object");
    ask(is_object("task"), "task is no object");
    ask(is_object("artifacts"), "artifacts is no object");
    problems
}

/// How the embedded task (left) differs from the queue's definition (right), all of it.
///
/// The queue came to tell the same thing in more words: since 2021 its definitions have `projectId` and `taskQueueId`,
/// which old attestations lack. Those two are filled in on both sides from what they stand for (`none`, and
/// provisioner and worker type).
fn task_differences(embedded: &Value, queue: &Value) -> Vec<Difference> {
    let missing = [missing_from(embedded), missing_from(queue)];
    let [embedded, queue] = match &missing {
        // What both lack in the same words makes no difference.
        [left, right] if left == right => [Cow::Borrowed(embedded), Cow::Borrowed(queue)],
        [left, right] => [filled_in(embedded, left), filled_in(queue, right)],
    };
    json::difference(&embedded, &queue).into_iter().map(shorten).collect()
}

/// What a definition does not tell, and stands for by what it does.
fn missing_from(task: &Value) -> Vec<(&'static str, String)> {
    let Some(map) = task.as_map() else { return Vec::new() };
    let part = |name: &str| map.get(name).and_then(Value::as_text);
    let mut missing = Vec::new();
    if !map.contains_key("projectId") {
        missing.push(("projectId", "none".to_owned()));
    }
    if let (None, Some(provisioner), Some(worker_type)) =
        (map.get("taskQueueId"), part("provisionerId"), part("workerType"))
    {
        missing.push(("taskQueueId", format!("{provisioner}/{worker_type}")));
    } else if let Some((provisioner, worker_type)) = part("taskQueueId").and_then(|queue| queue.split_once('/'))
        && !map.contains_key("provisionerId")
        && !map.contains_key("workerType")
    {
        missing.extend([("provisionerId", provisioner.to_owned()), ("workerType", worker_type.to_owned())]);
    }
    missing
}

fn filled_in<'v>(task: &'v Value, missing: &[(&'static str, String)]) -> Cow<'v, Value> {
    let Some(map) = task.as_map().filter(|_| !missing.is_empty()) else { return Cow::Borrowed(task) };
    let mut map = map.clone();
    for (name, value) in missing {
        map.insert(*name, Value::Text(Text::from(value.as_str())));
    }
    Cow::Owned(Value::Map(map))
}

/// A difference with its values as compact JSON, cut where they are long.
pub(super) fn shorten(difference: json::Difference) -> Difference {
    let excerpt = |value: Value| {
        let mut text = to_compact_string(&value);
        if text.len() > EXCERPT_MAX {
            // The text is ASCII.
            text.truncate(EXCERPT_MAX);
            text.push('…');
        }
        text
    };
    Difference {
        pointer: difference.pointer,
        kind: match difference.kind {
            json::DifferenceKind::LeftOnly => DifferenceKind::LeftOnly,
            json::DifferenceKind::RightOnly => DifferenceKind::RightOnly,
            json::DifferenceKind::Changed => DifferenceKind::Changed,
        },
        left: difference.left.map(excerpt),
        right: difference.right.map(excerpt),
    }
}
