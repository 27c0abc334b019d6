//! Outlines: the little that is asked of every task of a snapshot when some of them are judged.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Digest, TaskId};

/// The tasks of a snapshot, and of each what others ask of it: who names it, who consumes of it, who does the same. A
/// chain then needs the definitions of its own tasks alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Outline {
    /// By task.
    pub tasks: BTreeMap<TaskId, TaskOutline>,
}

/// What others ask of a task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskOutline {
    /// Whether an attestation of it, in either form, was captured.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub attested: bool,
    /// Whether it has run; `None` where no status was captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_run: Option<bool>,
    /// Whether its definition was captured and can't be read: it is too large, or its bytes are not kept.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_unread: bool,
    /// What its definition says; `None` where that is missing or can't be read. Boxed: a map moves its values about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition: Option<Box<DefinitionOutline>>,
}

/// What others ask of a task's definition. What is no task id leads to no task, and is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DefinitionOutline {
    /// The task that makes tasks like this one: `extra.parent`, else the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maker: Option<TaskId>,
    /// The task group, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<TaskId>,
    /// Whether it is an action or decision task.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub makes_tasks: bool,
    /// The provisioner of its worker. Captured text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioner: Option<String>,
    /// Whether it asks its worker for an attestation.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub wants_attestation: bool,
    /// The tasks whose artifacts it consumes, with the names that it gives to them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub upstream: Vec<(TaskId, String)>,
    /// The tasks that it names as inputs, with those names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<(TaskId, String)>,
    /// A digest of name and payload: the same for two tasks that do the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work: Option<Digest>,
}

impl Outline {
    /// Adds what an older snapshot has. The newer definition counts, whether or not it can be read.
    pub fn join(&mut self, older: Self) {
        if self.tasks.is_empty() {
            *self = older;
            return;
        }
        for (task_id, older) in older.tasks {
            let task = self.tasks.entry(task_id).or_default();
            task.attested |= older.attested;
            task.has_run = task.has_run.or(older.has_run);
            if !task.is_unread && task.definition.is_none() {
                task.is_unread = older.is_unread;
                task.definition = older.definition;
            }
        }
    }

    /// What the definition of a task says.
    pub fn definition(&self, task_id: &TaskId) -> Option<&DefinitionOutline> {
        self.tasks.get(task_id)?.definition.as_deref()
    }

    /// All definitions, by task.
    pub fn definitions(&self) -> impl Iterator<Item = (&TaskId, &DefinitionOutline)> {
        self.tasks.iter().filter_map(|(task_id, task)| Some((task_id, task.definition.as_deref()?)))
    }
}

impl DefinitionOutline {
    /// The tasks that it names but for its group, with their names.
    pub fn named(&self) -> impl Iterator<Item = &(TaskId, String)> {
        self.upstream.iter().chain(&self.inputs)
    }

    /// The tasks that a chain can go on to from here.
    pub fn leads_to(&self) -> impl Iterator<Item = TaskId> {
        // The task group too, whatever the parent is: actions are rebuilt from what their decision task published.
        self.maker.into_iter().chain(self.group).chain(self.named().map(|(task_id, _)| *task_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(task: TaskOutline) -> Outline {
        Outline { tasks: BTreeMap::from([("AAAAAAAAQAAAAAAAAAAAAA".parse().unwrap(), task)]) }
    }

    #[test]
    fn a_newer_definition_counts_though_it_can_not_be_read() {
        let says = DefinitionOutline { wants_attestation: true, ..DefinitionOutline::default() };
        let older = TaskOutline { attested: true, definition: Some(Box::new(says.clone())), ..TaskOutline::default() };
        let mut unread = outline(TaskOutline { is_unread: true, has_run: Some(false), ..TaskOutline::default() });
        unread.join(outline(TaskOutline { has_run: Some(true), ..older.clone() }));
        let (_, task) = unread.tasks.pop_first().unwrap();
        assert_eq!(task, TaskOutline { attested: true, has_run: Some(false), is_unread: true, definition: None });
        // Where the newer snapshot has none, the older one's does.
        let mut missing = outline(TaskOutline::default());
        missing.join(outline(older));
        assert_eq!(missing.tasks.pop_first().unwrap().1.definition, Some(Box::new(says)));
    }
}
