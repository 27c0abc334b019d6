//! What a task says that it rests on.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One statement of a task's definition that it depends on another task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    /// The task depended on, as the definition writes it: captured text, perhaps no task id at all.
    pub to: String,
    /// The name that the definition gives to the other task: the last part of a link's name.
    pub name: String,
    /// Where in the definition it stands.
    pub origin: Origin,
}

/// The place in a definition that makes an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// `extra.parent`.
    Parent,
    /// `taskGroupId`, where there is no `extra.parent`.
    TaskGroup,
    /// `extra.chainOfTrust.inputs`.
    Input,
    /// `payload.upstreamArtifacts[].taskId`.
    UpstreamArtifacts,
    /// `dependencies`: for scheduling, never part of a chain.
    Dependency,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parent => "/extra/parent",
            Self::TaskGroup => "/taskGroupId",
            Self::Input => "/extra/chainOfTrust/inputs",
            Self::UpstreamArtifacts => "/payload/upstreamArtifacts",
            Self::Dependency => "/dependencies",
        })
    }
}

/// One entry of `payload.upstreamArtifacts`: what a scriptworker task consumes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpstreamArtifact {
    /// The task that made the artifacts.
    pub task_id: String,
    /// The type that this definition gives to that task.
    pub task_type: String,
    /// Artifact names; with `*`, patterns.
    pub paths: Vec<String>,
    /// Whether the definition says that they may be missing.
    pub optional: bool,
}
