//! A definition beside its entry in the parent's task graph.

use std::collections::BTreeSet;
use std::ops::Range;

use super::ambiguity::ambiguities;
use super::attestation::shorten;
use super::reading::Reading;
use crate::formats::datestamp::resolve_datestamps;
use crate::formats::json::{self, KeyIndex, Value, parse};
use crate::model::GraphEntry;

/// Raised when the answers of this file could change.
pub const VERSION: u32 = 4;

/// The version of a graph's index: raised when what it says of a graph, or its form, could change.
pub const INDEX_VERSION: u32 = json::INDEX_VERSION;

/// Where the entries of a task-graph.json lie.
#[derive(Debug)]
pub struct GraphIndex(KeyIndex);

/// What a graph says of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing<T> {
    /// The graph can't be read, for this reason.
    Unreadable(String),
    /// It does not list the task.
    Absent,
    /// It does, here; perhaps more than once.
    Listed(T, Repeated),
}

/// Whether a graph lists a task more than once.
pub type Repeated = bool;

impl GraphIndex {
    /// Indexes the bytes of a task-graph.json.
    pub fn new(bytes: &[u8]) -> Self {
        Self(KeyIndex::of(bytes))
    }

    /// Reads an index that was kept of a graph of this size; `None` where it can't be one.
    pub fn from_bytes(bytes: &[u8], graph_size: u64) -> Option<Self> {
        KeyIndex::from_bytes(bytes, graph_size).map(Self)
    }

    /// Its form for keeping.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes()
    }

    /// Where the entry of a task lies: if it is listed twice, the last.
    pub fn find(&self, task_id: &str) -> Listing<Range<usize>> {
        match (self.0.problem(), self.0.find(task_id)) {
            (Some(problem), _) => Listing::Unreadable(problem.to_owned()),
            (None, Some(found)) => Listing::Listed(found.range, found.is_repeated),
            (None, None) => Listing::Absent,
        }
    }

    /// The tasks that the graph lists, sorted; `None` where it can't be read.
    pub fn tasks(&self) -> Option<Vec<String>> {
        self.0.problem().is_none().then(|| self.0.keys().map(str::to_owned).collect())
    }

    /// Whether entries lie in the order of their tasks, as taskgraph writes them.
    pub fn is_in_order(&self) -> bool {
        self.0.is_in_order()
    }
}

impl<T> Listing<T> {
    /// The same, with what lies at the place.
    ///
    /// # Errors
    ///
    /// Those of `read`.
    pub fn read<U, E>(self, read: impl FnOnce(T) -> Result<U, E>) -> Result<Listing<U>, E> {
        Ok(match self {
            Self::Unreadable(problem) => Listing::Unreadable(problem),
            Self::Absent => Listing::Absent,
            Self::Listed(place, is_repeated) => Listing::Listed(read(place)?, is_repeated),
        })
    }
}

/// Compares a definition with the graph's entry of its task, given its bytes: the complete difference, for the rule book to
/// weigh.
pub fn examine(listing: &Listing<Vec<u8>>, definition: &Reading) -> GraphEntry {
    let (entry, is_repeated) = match listing {
        Listing::Listed(entry, is_repeated) => (entry, *is_repeated),
        Listing::Absent => return GraphEntry::default(),
        Listing::Unreadable(error) => return GraphEntry { unreadable: Some(error.clone()), ..GraphEntry::default() },
    };
    let mut found = GraphEntry { listed: true, ..GraphEntry::default() };
    if is_repeated {
        found.ambiguities.push("the graph lists the task twice (the last entry counts)".to_owned());
    }
    if let Err(problem) = compare(entry, definition, &mut found) {
        found.malformed = Some(problem);
    }
    found
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
