//! Tasks and their runs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Moment;

/// A Taskcluster task id: a slugid of 22 characters of URL-safe base64.
///
/// Old and hand-made ids need not be v4 UUIDs, so only length and alphabet are asked for; that is enough for an id
/// to be harmless wherever it is shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId([u8; TaskId::LENGTH]);

/// A text that is no task id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a task id (22 characters of A-Z a-z 0-9 - _)")]
pub struct InvalidTaskId;

impl TaskId {
    /// Characters, and bytes.
    const LENGTH: usize = 22;

    /// The id as text.
    pub fn as_str(&self) -> &str {
        // Only letters, digits, `-` and `_` get in.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Serialize for TaskId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl FromStr for TaskId {
    type Err = InvalidTaskId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes: [u8; Self::LENGTH] = text.as_bytes().try_into().map_err(|_| InvalidTaskId)?;
        let is_valid = bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-' || *b == b'_');
        if is_valid { Ok(Self(bytes)) } else { Err(InvalidTaskId) }
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for TaskId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::text::parsed(deserializer)
    }
}

/// One run of a task, as the queue's status tells it. Nothing here is signed: the queue asserts it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    /// Its number, from 0.
    pub run_id: u32,
    /// `completed`, `failed`, `exception`, `running`, `pending`, `unscheduled`, as the queue says.
    pub state: String,
    /// Why it was made: `scheduled`, `retry`, `task-retry`, `rerun`, `exception`, as the queue says.
    pub reason_created: Option<String>,
    /// Why it ended.
    pub reason_resolved: Option<String>,
    /// The worker group that ran it.
    pub worker_group: Option<String>,
    /// The worker that ran it.
    pub worker_id: Option<String>,
    /// When it started.
    pub started: Option<Moment>,
    /// When it ended.
    pub resolved: Option<Moment>,
}
