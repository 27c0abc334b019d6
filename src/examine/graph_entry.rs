//! A definition beside its entry in the parent's task graph.

use std::collections::BTreeSet;
use std::ops::Range;

use super::ambiguity::ambiguities;
use super::attestation::shorten;
use super::reading::Reading;
use crate::formats::datestamp::resolve_datestamps;
use crate::formats::json::{self, Entries, Value, parse};
use crate::model::GraphEntry;

/// Raised when the answers of this file could change.
pub const VERSION: u32 = 4;

/// A task-graph.json, indexed once for all its tasks.
#[derive(Debug)]
pub struct Graph {
    bytes: Vec<u8>,
    entries: Result<Entries, String>,
    repeated: BTreeSet<String>,
}

impl Graph {
    /// Indexes the bytes of a task-graph.json.
    pub fn new(bytes: Vec<u8>) -> Self {
        let entries = json::entries(&bytes).map_err(|error| error.to_string());
        let repeated = entries.as_ref().map_or_else(
            |_| BTreeSet::new(),
            |entries| {
                let all = entries.as_slice();
                let keys = entries.duplicates().iter().filter_map(|index| all.get(*index));
                keys.map(|entry| entry.key.to_lossy().into_owned()).collect()
            },
        );
        Self { bytes, entries, repeated }
    }

    fn entry(&self, task_id: &str) -> Result<Option<Range<usize>>, String> {
        self.entries.as_ref().map(|entries| entries.find(task_id)).map_err(Clone::clone)
    }

    /// The tasks that the graph lists, sorted; `None` where it can't be read.
    pub fn tasks(&self) -> Option<Vec<String>> {
        let entries = self.entries.as_ref().ok()?;
        let listed: BTreeSet<String> = entries.iter().map(|entry| entry.key.to_lossy().into_owned()).collect();
        Some(listed.into_iter().collect())
    }

    /// Compares a definition with the graph's entry of its task: the complete difference, for the rule book to weigh.
    pub fn examine(&self, task_id: &str, definition: &Reading) -> GraphEntry {
        let range = match self.entry(task_id) {
            Ok(Some(range)) => range,
            Ok(None) => return GraphEntry::default(),
            Err(error) => return GraphEntry { unreadable: Some(error), ..GraphEntry::default() },
        };
        let mut found = GraphEntry { listed: true, ..GraphEntry::default() };
        if self.repeated.contains(task_id) {
            found.ambiguities.push("the graph lists the task twice (the last entry counts)".to_owned());
        }
        if let Err(problem) = compare(&self.bytes[range], definition, &mut found) {
            found.malformed = Some(problem);
        }
        found
    }
}

fn compare(entry: &[u8], definition: &Reading, found: &mut GraphEntry) -> Result<(), String> {
    let entry = parse(entry).map_err(|error| format!("the entry: {error}"))?;
    let definition = &definition.document().map_err(|error| format!("the definition: {error}"))?.value;
    found.ambiguities.extend(ambiguities(&entry));
    let task = entry.value.get("task").filter(|task| task.as_map().is_some()).ok_or("the entry has no task")?;
    let created = definition.get("created").and_then(Value::as_text).ok_or("the definition has no created")?;
    let task = resolve_datestamps(created, task).map_err(|error| error.to_string())?;
    let of_graph = dependencies(&task, "the entry")?;
    let of_task = dependencies(definition, "the definition")?;
    found.extra_dependencies = of_task.difference(&of_graph).map(|id| (*id).to_owned()).collect();
    found.missing_dependencies = of_graph.difference(&of_task).map(|id| (*id).to_owned()).collect();
    let label = entry.value.get("label").and_then(Value::as_text);
    let name = definition.pointer("/metadata/name").and_then(Value::as_text);
    found.other_label = label.filter(|label| name.is_some_and(|name| name != *label)).map(str::to_owned);
    found.differences = json::difference(&task, definition).into_iter().map(shorten).collect();
    found.lookalikes = json::lookalikes(&task, definition).into_iter().map(shorten).collect();
    Ok(())
}

fn dependencies<'a>(task: &'a Value, whose: &str) -> Result<BTreeSet<&'a str>, String> {
    let listed = task.get("dependencies").and_then(Value::as_list);
    let listed = listed.ok_or_else(|| format!("{whose} has no list of dependencies"))?;
    let texts: Option<BTreeSet<&str>> = listed.iter().map(Value::as_text).collect();
    texts.ok_or_else(|| format!("{whose} has a dependency that is no text"))
}
