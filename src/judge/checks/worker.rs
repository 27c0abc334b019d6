//! The link ran where tasks of its type may run, and nobody could log in to it (`verify_parent_task`,
//! `verify_docker_image_task`, `verify_scriptworker_task`, `check_interactive_docker_worker`,
//! `check_interactive_generic_worker`).

use std::collections::BTreeSet;

use crate::chain::{Link, WorkerVote};
use crate::judge::judging::{Judging, Ruling, evidence, subject};
use crate::model::{Asserter, Code, Definition, Outcome, Plane};
use crate::rules::{Interactive, ProductRules, Workers};

/// The task types that scriptworkers run (`get_valid_task_types`: those of `verify_scriptworker_task`).
const OF_SCRIPTWORKERS: [&str; 8] =
    ["balrog", "beetmover", "bouncer", "pushapk", "pushsnap", "scriptworker", "shipit", "signing"];

/// The worker implementations that there are rules for (`get_valid_worker_impls`).
const IMPLEMENTATIONS: [&str; 3] = ["docker-worker", "generic-worker", "scriptworker"];

pub(super) fn check(judging: &mut Judging<'_>, link: &Link) -> Ruling {
    let Some(shape) = judging.task(&link.task_id).and_then(|task| task.shape()) else {
        return (Outcome::Unknown, "not captured".to_owned());
    };
    let mut outcome = Outcome::Pass;
    let mut detail = Vec::new();
    if judging.book.switches.workers == Workers::Held {
        let (pools, told) = worker(judging, link, shape);
        outcome = outcome.max(pools);
        detail.extend(told);
    }
    outcome = outcome.max(interactive(judging, link, shape));
    privileged(judging, link, shape);
    if detail.is_empty() {
        let told = match outcome {
            Outcome::Fail => "somebody could log in to it",
            Outcome::NotApplicable | Outcome::Pass | Outcome::Unknown => "nothing against it",
        };
        detail.push(told.to_owned());
    }
    (outcome, detail.join(", "))
}

/// The worker pool, and who ran it.
fn worker(judging: &mut Judging<'_>, link: &Link, shape: &Definition) -> (Outcome, Option<String>) {
    let task_type = link.task_type.as_deref().unwrap_or_default();
    let definition = judging.task(&link.task_id).and_then(|task| task.evidence.definition);
    let here = || subject("task", &link.task_id, None, None);
    let role = Judging::role(link).map(ToString::to_string);
    if let Some(role) = role.as_deref().filter(|role| !IMPLEMENTATIONS.contains(role)) {
        let message = format!("the definition votes for {role}, which is no worker implementation");
        let place = evidence(definition, "/tags/worker-implementation", Some(role.to_owned()), Asserter::Queue);
        judging.refute(Code::WorkerImplementationUnknown, here(), message, vec![place]);
        return (Outcome::Fail, Some(format!("run by {role}")));
    }
    if OF_SCRIPTWORKERS.contains(&task_type) {
        let is_sure = matches!(link.worker, Some(WorkerVote::Agreed(_)));
        if role.as_deref() == Some("scriptworker") || !is_sure {
            // Who ran it is for the check of the chain where the definition does not tell.
            return (Outcome::Pass, None);
        }
        let role = role.unwrap_or_default();
        let message = format!("it is a {task_type} task of the chain, and {role} ran it");
        let place = evidence(definition, "/provisionerId", shape.hints.provisioner_id.clone(), Asserter::Queue);
        judging.refute(Code::WorkerNotScriptworker, here(), message, vec![place]);
        return (Outcome::Fail, Some(format!("run by {role}")));
    }
    let is_parent = link.is_parent_type();
    if !is_parent && task_type != "docker-image" {
        return (Outcome::Pass, None);
    }
    let Some(product) = judging.product else {
        return (Outcome::Unknown, Some("whose worker pools count is not known".to_owned()));
    };
    let pools: &BTreeSet<String> = if is_parent { &product.decision_pools } else { &product.docker_image_pools };
    let (provisioner, worker_type) = (shape.hints.provisioner_id.as_deref(), shape.hints.worker_type.as_deref());
    let Some((provisioner, worker_type)) = provisioner.zip(worker_type) else {
        return (Outcome::Unknown, Some("its worker pool is not known".to_owned()));
    };
    let pool = format!("{provisioner}/{worker_type}");
    if ProductRules::is_pool_of(pools, provisioner, worker_type) {
        return (Outcome::Pass, Some(pool));
    }
    let message = format!("{task_type} tasks of {} may not run on {pool}", judging.product_name.unwrap_or_default());
    let place = evidence(definition, "/workerType", Some(worker_type.to_owned()), Asserter::Queue);
    judging.refute(Code::WorkerPoolNotPermitted, here(), message, vec![place]);
    (Outcome::Fail, Some(format!("run on {pool}")))
}

/// Whether somebody could log in to the task while it ran.
fn interactive(judging: &mut Judging<'_>, link: &Link, shape: &Definition) -> Outcome {
    let role = Judging::role(link).map(ToString::to_string);
    let switch = judging.book.switches.interactive;
    let definition = judging.task(&link.task_id).and_then(|task| task.evidence.definition);
    let here = || subject("task", &link.task_id, None, None);
    let is_refused = |place: &str| match (role.as_deref(), switch) {
        (_, Interactive::NotRefused) => false,
        (Some("docker-worker"), _) => place.starts_with("/payload/features") || place.starts_with("/payload/env"),
        (Some("generic-worker"), Interactive::Refused) => {
            place.starts_with("/payload/rdpInfo") || place.starts_with("/scopes")
        }
        (Some("generic-worker"), Interactive::RefusedWhollyForGenericWorker) => !place.starts_with("/payload/env"),
        (_, _) => false,
    };
    let mut outcome = Outcome::Pass;
    for (plane, is_meant) in [(Plane::Rule, true), (Plane::Audit, false)] {
        let places: Vec<&String> = shape.interactive.iter().filter(|place| is_refused(place) == is_meant).collect();
        if places.is_empty() {
            continue;
        }
        let told = places.iter().map(|place| place.as_str()).collect::<Vec<_>>().join(", ");
        let message = format!("somebody could log in to it while it ran: {told}");
        let places = places.iter().map(|place| evidence(definition, place, None, Asserter::Queue)).collect();
        outcome = outcome.max(judging.object(plane, Code::TaskInteractive, here(), message, places));
    }
    if role.as_deref() == Some("docker-worker") && switch != Interactive::NotRefused && !shape.has_docker_parts {
        let message = "payload.features or payload.env is no object, where scriptworker looks for interactive tasks";
        let place = evidence(definition, "/payload", None, Asserter::Queue);
        judging.refute(Code::DefinitionMalformed, here(), message.to_owned(), vec![place]);
        outcome = Outcome::Fail;
    }
    outcome
}

/// Whether the task asked for more rights than tasks need. No rule book looks.
fn privileged(judging: &mut Judging<'_>, link: &Link, shape: &Definition) {
    if shape.privileged.is_empty() {
        return;
    }
    let definition = judging.task(&link.task_id).and_then(|task| task.evidence.definition);
    let message = format!("it asked its worker for more rights than tasks need: {}", shape.privileged.join(", "));
    let places = shape.privileged.iter().map(|place| evidence(definition, place, None, Asserter::Queue)).collect();
    judging.remark(Code::TaskPrivileged, subject("task", &link.task_id, None, None), message, places);
}
