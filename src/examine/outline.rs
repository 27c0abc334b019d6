//! What of a definition is asked when other tasks are judged.

use crate::model::{Definition, DefinitionOutline, Origin, TaskId};

/// Raised when the answers of this file could change, or what the case tells of a task's runs and attestations. Those of
/// `definition.rs` count beside it.
pub const VERSION: u32 = 1;

/// The outline of a task's definition.
pub fn outline(task_id: &TaskId, definition: &Definition) -> DefinitionOutline {
    let id = |text: &String| text.parse::<TaskId>().ok();
    let maker = definition.maker().and_then(id);
    let of = |origin: Origin| {
        let edges = definition.edges.iter().filter(|edge| edge.origin == origin);
        let mut named: Vec<(TaskId, String)> =
            edges.filter_map(|edge| Some((id(&edge.to)?, edge.name.clone()))).collect();
        named.sort();
        named.dedup();
        named
    };
    DefinitionOutline {
        maker,
        group: definition.task_group_id.as_ref().and_then(id).filter(|group| Some(*group) != maker),
        makes_tasks: definition.makes_tasks(task_id),
        provisioner: definition.hints.provisioner_id.clone(),
        wants_attestation: definition.wants_attestation,
        upstream: of(Origin::UpstreamArtifacts),
        inputs: of(Origin::Input),
        work: definition.work,
    }
}
