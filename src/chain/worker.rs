//! Which worker implementation ran a task, by the voting rules of scriptworker's `guess_worker_impl`.

use crate::model::{Role, WorkerHints};
use crate::rules::{ImplementationTag, RuleBook};

/// The provisioner of scriptworkers that are no containers.
const OLD_PROVISIONER: &str = "scriptworker-prov-v1";

/// What the votes come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkerVote {
    /// They agree.
    Agreed(Role),
    /// Nothing votes.
    Nobody,
    /// They disagree: all candidates, sorted.
    Disagree(Vec<String>),
}

/// Counts the votes of a definition. Every rule that matches votes; two different votes are as bad as none.
pub fn worker_implementation(hints: &WorkerHints, book: &RuleBook) -> WorkerVote {
    // scriptworker-prov-v1 counts even where a deployment lists other provisioners (since 24.0.0; before, all listed it).
    let is_scriptworker =
        |provisioner: &String| book.scriptworker_provisioners.contains(provisioner) || provisioner == OLD_PROVISIONER;
    let is_worker_type = |worker_type: &String| book.scriptworker_worker_types.contains(worker_type);
    let has_vote = book.switches.implementation_tag == ImplementationTag::Votes;
    let votes = [
        hints.image.then_some("docker-worker"),
        hints.docker_worker_scope.then_some("docker-worker"),
        hints.provisioner_id.as_ref().filter(|id| is_scriptworker(id)).map(|_| "scriptworker"),
        (hints.mounts || hints.os_groups).then_some("generic-worker"),
        hints.worker_type.as_ref().filter(|name| is_worker_type(name)).map(|_| "scriptworker"),
        hints.tag.as_deref().filter(|_| has_vote),
    ];
    let mut candidates: Vec<&str> = votes.into_iter().flatten().collect();
    candidates.sort_unstable();
    candidates.dedup();
    match candidates.as_slice() {
        [] => WorkerVote::Nobody,
        [one] => WorkerVote::Agreed(Role::new(*one)),
        many => WorkerVote::Disagree(many.iter().map(|name| (*name).to_owned()).collect()),
    }
}
