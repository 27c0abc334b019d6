//! Which worker implementation ran a task, by the voting rules of scriptworker's `guess_worker_impl`.

use crate::model::{Role, WorkerHints};
use crate::rules::RuleBook;

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
    let is_scriptworker = |provisioner: &String| book.scriptworker_provisioners.contains(provisioner);
    let votes = [
        hints.image.then_some("docker-worker"),
        hints.docker_worker_scope.then_some("docker-worker"),
        hints.provisioner_id.as_ref().filter(|id| is_scriptworker(id)).map(|_| "scriptworker"),
        (hints.mounts || hints.os_groups).then_some("generic-worker"),
        hints.tag.as_deref(),
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
