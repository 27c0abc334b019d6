//! The fact of a rebuilt definition.

use serde::{Deserialize, Serialize};

use super::{Difference, Digest};

/// What came of rebuilding the definition of a decision or action task from its tree.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rebuild {
    /// What came of it.
    pub outcome: RebuildOutcome,
    /// Why the definition was refused, or could not be rebuilt, in a few words. Holds captured text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// `extra.tasks_for`: the reason that the task gives for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tasks_for: Option<String>,
    /// How the nearest rebuilt task (left) differs from the definition (right).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// How many tasks the template gives.
    pub tasks: usize,
    /// What servers answered that was read, by address, in the order in which it was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceRead>,
    /// What was not there to be read, or not read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<Lacking>,
    /// The `ACTION_TASK_GROUP_ID` that the template gives, where the definition has another and scriptworker overlooks
    /// it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
}

/// What came of a rebuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RebuildOutcome {
    /// The definition is what the tree makes of it.
    Matches,
    /// The tree makes something else of it.
    Differs,
    /// Scriptworker can't rebuild it, and refuses it: [`Rebuild::why`].
    Refused,
    /// It needs more than a limit allows, or what Python makes of it is not known here: [`Rebuild::why`].
    Unsettled,
    /// Something is missing: [`Rebuild::lacks`].
    #[default]
    Incomplete,
}

impl RebuildOutcome {
    /// The word that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Matches => "matches",
            Self::Differs => "differs",
            Self::Refused => "refused",
            Self::Unsettled => "unsettled",
            Self::Incomplete => "incomplete",
        }
    }
}

/// An answer of a server that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceRead {
    /// The address.
    pub url: String,
    /// What it answered.
    pub sha256: Digest,
}

/// Something that was not there to be read, or not read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lacking {
    /// The decision task's definition.
    Decision,
    /// An artifact of the decision task, by its name.
    Artifact(String),
    /// What a server answers at an address: nobody asked, or the answer was not kept.
    Source(String),
    /// A server was asked, and said that there is nothing at this address.
    NoSource(String),
    /// A server answered, and with more than is read.
    TooLarge {
        /// The address.
        url: String,
        /// The most bytes that are read.
        limit: u64,
    },
}

impl Lacking {
    /// What was not there, in a line. Holds captured text.
    pub fn words(&self) -> String {
        match self {
            Self::Decision => "missing the decision task's definition".to_owned(),
            Self::Artifact(name) => format!("missing {name} of the decision task"),
            Self::Source(url) => format!("missing {url}"),
            Self::NoSource(url) => format!("missing {url}: the server has nothing there"),
            Self::TooLarge { url, limit } => format!("not read {url}: it has more than {limit} bytes"),
        }
    }
}

/// Whether commits are on the branches of the repository that a task names, and who owns that.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Landing {
    /// The commits that the task names: that of its variables, and that of its source.
    pub commits: Vec<Commit>,
    /// Why no repository and commit can be read from its source, if they can't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// A commit that a task names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Commit {
    /// Where the task names it: a JSON pointer.
    pub pointer: String,
    /// The owner of the repository. Captured text.
    pub owner: String,
    /// The repository's name. Captured text.
    pub repository: String,
    /// The commit or tag; `None` where the variables name a repository alone. Captured text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Whether it is on a branch of the repository; `None` where that can't be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub landed: Option<bool>,
    /// The answer that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceRead>,
    /// What scriptworker stumbles over when it asks. Holds captured text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// What was not there to be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacks: Option<Lacking>,
}
