//! The docker image that the link ran in is the one that its docker-image task attested, or one that tasks of its type may
//! use without that (`verify_docker_image_sha` in scriptworker).

use super::tree::is_restricted;
use crate::chain::Link;
use crate::judge::judging::{Judging, Ruling, evidence, subject};
use crate::model::{
    Algorithm, Asserter, AttestationFacts, Code, ImageKind, Origin, Outcome, Role, TaskFacts, TaskId, TaskImage,
};
use crate::rules::{Images, ProductRules};

pub(super) fn check(judging: &mut Judging<'_>, link: &Link) -> Ruling {
    let nothing = |words: &str| (Outcome::NotApplicable, words.to_owned());
    if !link.is_attested {
        return nothing("the target has not run yet");
    }
    let Some(task) = judging.task(&link.task_id) else { return (Outcome::Unknown, "not captured".to_owned()) };
    if Judging::role(link) != Some(&Role::new("docker-worker")) {
        return nothing("not run by docker-worker");
    }
    let Some(image) = task.shape().and_then(|shape| shape.task_image.as_ref()) else {
        let kind = task.shape().map_or(&ImageKind::None, |shape| &shape.image);
        prebuilt(judging, link, task, kind);
        return of_no_task(judging, link, task, kind);
    };
    let Some(maker) = maker(judging, link, task, image) else {
        return (Outcome::Fail, "the image is not that of the declared docker-image task".to_owned());
    };
    let forms = judging.forms(task);
    let mut outcome = Outcome::NotApplicable;
    for (_, facts) in &forms {
        outcome = outcome.max(check_form(judging, link, task, image, &maker, facts));
    }
    match outcome {
        Outcome::NotApplicable => (Outcome::Unknown, "there is no attestation".to_owned()),
        Outcome::Pass => (outcome, format!("the image that {maker} attested")),
        Outcome::Unknown => (outcome, format!("what {maker} attested can't be said")),
        Outcome::Fail => (outcome, format!("not the image that {maker} attested")),
    }
}

/// An image that no task of the chain made.
fn of_no_task(judging: &mut Judging<'_>, link: &Link, task: &TaskFacts, kind: &ImageKind) -> Ruling {
    let images = judging.book.switches.images;
    if images == Images::MadeByTasks {
        return (Outcome::NotApplicable, "no image that another task built".to_owned());
    }
    let Some(product) = judging.product else {
        return (Outcome::Unknown, "whose tables count is not known".to_owned());
    };
    let task_type = link.task_type.as_deref().unwrap_or_default();
    let types = &product.prebuilt_image_types;
    let may_use = types.contains("any") || types.contains(task_type);
    let refused = match (images, kind) {
        (Images::MadeByTasks, _) => None,
        (Images::DigestLists, ImageKind::None | ImageKind::Named(_)) => return listed(judging, link, task, product),
        (Images::TaskTypes | Images::TaskTypesAndIndex, ImageKind::None | ImageKind::Named(_)) => {
            (!may_use).then(|| format!("{task_type} tasks may not use an image that no task made"))
        }
        (Images::TaskTypesAndIndex, ImageKind::Indexed(_)) if is_restricted(judging) => {
            Some("under restricted scopes no image may be found by an index".to_owned())
        }
        (Images::TaskTypesAndIndex, ImageKind::Indexed(_)) => {
            (!may_use).then(|| format!("{task_type} tasks may not use an image found by an index"))
        }
        (_, ImageKind::Indexed(_) | ImageKind::Other(_) | ImageKind::OfTask) => {
            Some("its image is of a kind that scriptworker does not know".to_owned())
        }
    };
    match refused {
        None => (Outcome::Pass, format!("an image that {task_type} tasks may use")),
        Some(message) => not_permitted(judging, link, task, message),
    }
}

fn not_permitted(judging: &mut Judging<'_>, link: &Link, task: &TaskFacts, message: String) -> Ruling {
    let place = evidence(task.evidence.definition, "/payload/image", None, Asserter::Queue);
    judging.refute(Code::DockerImageNotPermitted, subject("task", &link.task_id, None, None), message, vec![place]);
    (Outcome::Fail, "an image that it may not use".to_owned())
}

/// Before 12.0.0: the image that the worker says it loaded has one of the digests in the tables.
fn listed(judging: &mut Judging<'_>, link: &Link, task: &TaskFacts, product: &ProductRules) -> Ruling {
    let task_type = link.task_type.as_deref().unwrap_or_default();
    // Action tasks have the images of decision tasks (since 5.2.0).
    let lists = if task_type == "action" { "decision" } else { task_type };
    let known = product.image_digests.get(lists);
    let mut outcome = Outcome::NotApplicable;
    let mut detail = "there is no attestation".to_owned();
    for (_, facts) in judging.forms(task) {
        let Some(attestation) = facts.attestation.as_ref().filter(|found| found.unreadable.is_none()) else { continue };
        let loaded = attestation.image_hash.as_deref();
        if loaded.is_some_and(|loaded| known.is_some_and(|known| known.contains(loaded))) {
            outcome = outcome.max(Outcome::Pass);
            detail = "an image of the lists".to_owned();
            continue;
        }
        let told = loaded.unwrap_or("none that the worker states");
        let message = format!("its image, {told}, is not one that {task_type} tasks may use");
        let place = evidence(Some(facts.blob), "/environment/imageHash", loaded.map(str::to_owned), facts.asserter());
        let here = subject("task", &link.task_id, None, None);
        judging.refute(Code::DockerImageNotPermitted, here, message, vec![place]);
        (outcome, detail) = (Outcome::Fail, "an image that it may not use".to_owned());
    }
    (if outcome == Outcome::NotApplicable { Outcome::Unknown } else { outcome }, detail)
}

/// An image that no chain of trust leads to, and maybe one whose name can come to stand for another.
fn prebuilt(judging: &mut Judging<'_>, link: &Link, task: &TaskFacts, kind: &ImageKind) {
    let (code, message) = match kind {
        ImageKind::Named(name) if !name.contains("@sha256:") => (
            Code::DockerImageFloating,
            format!("its image {name} is named without a digest: what the name stands for can change"),
        ),
        ImageKind::Named(name) => {
            (Code::DockerImagePrebuilt, format!("its image {name} was built elsewhere: no chain of trust leads to it"))
        }
        ImageKind::Indexed(namespace) => (
            Code::DockerImageFloating,
            format!("its image is whatever the index has at {namespace}: no chain of trust leads to it"),
        ),
        ImageKind::None | ImageKind::OfTask | ImageKind::Other(_) => return,
    };
    let place = evidence(task.evidence.definition, "/payload/image", None, Asserter::Queue);
    judging.remark(code, subject("task", &link.task_id, None, None), message, vec![place]);
}

/// The docker-image task, if the definition declares it as an input, so that the chain leads there.
fn maker(judging: &mut Judging<'_>, link: &Link, task: &TaskFacts, image: &TaskImage) -> Option<TaskId> {
    let edges = task.shape().map_or(&[][..], |shape| &shape.edges);
    let declared = edges.iter().find(|edge| edge.origin == Origin::Input && edge.name == "docker-image");
    if declared.map(|edge| edge.to.as_str()) == Some(image.task_id.as_str())
        && let Ok(maker) = image.task_id.parse()
    {
        return Some(maker);
    }
    let declared = declared.map_or_else(|| "none".to_owned(), |edge| edge.to.clone());
    let message = format!("the image comes from {}, the declared docker-image task is {declared}", image.task_id);
    let definition = task.evidence.definition;
    let places = vec![
        evidence(definition, "/payload/image/taskId", Some(image.task_id.clone()), Asserter::Queue),
        evidence(definition, "/extra/chainOfTrust/inputs/docker-image", Some(declared), Asserter::Queue),
    ];
    judging.refute(Code::DockerImageMismatch, subject("task", &link.task_id, None, None), message, places);
    None
}

fn check_form(
    judging: &mut Judging<'_>,
    link: &Link,
    task: &TaskFacts,
    image: &TaskImage,
    maker: &TaskId,
    facts: &AttestationFacts,
) -> Outcome {
    let Some(attestation) = facts.attestation.as_ref().filter(|attestation| attestation.unreadable.is_none()) else {
        return Outcome::Unknown;
    };
    let here = subject("attestation", &link.task_id, task.evidence.latest_run(), None);
    let loaded = attestation.image_artifact_hash.as_deref();
    let says = || {
        let excerpt = loaded.map(str::to_owned);
        evidence(Some(facts.blob), "/environment/imageArtifactHash", excerpt, facts.asserter())
    };
    // Scriptworker compares texts, whatever the algorithm is called; only cotrace's own rules ask for one that is known.
    let any_algorithm = judging.book.switches.images != Images::MadeByTasks;
    let usable = loaded.and_then(|hash| hash.split_once(':')).filter(|(_, digest)| !digest.contains(':'));
    let usable = usable.filter(|(name, _)| any_algorithm || Algorithm::named(name).is_some());
    let Some((algorithm, loaded_digest)) = usable else {
        let message = match loaded {
            None => "the worker does not state which image it loaded".to_owned(),
            Some(stated) => format!("the worker states no usable digest of the image it loaded, but {stated:?}"),
        };
        judging.refute(Code::DockerImageUnstated, here, message, vec![says()]);
        return Outcome::Fail;
    };
    if Algorithm::named(algorithm).is_none() {
        let message = format!("the digests of its image are compared by {algorithm}, which nobody computes here");
        judging.remark(Code::DockerImageUnstated, here.clone(), message, vec![says()]);
    }
    let Some(made) = judging.task(maker) else {
        judging.lack_attestation(maker);
        return Outcome::Unknown;
    };
    if judging.forms(made).is_empty() {
        judging.lack_attestation(maker);
    }
    let mut outcome = Outcome::NotApplicable;
    for (_, of_maker) in judging.forms(made) {
        if of_maker.attestation.is_none() {
            continue;
        }
        let record = made.evidence.latest_run().and_then(|run_id| made.evidence.artifact(run_id, &image.path));
        let attested = of_maker.digests.stated(&image.path, algorithm, record);
        if attested.as_deref() == Some(loaded_digest) {
            outcome = outcome.max(Outcome::Pass);
            continue;
        }
        let attested = attested.unwrap_or_else(|| format!("no {algorithm}"));
        let path = &image.path;
        let message =
            format!("the worker loaded an image of {algorithm} {loaded_digest}; {maker} attested {attested} of {path}");
        let pointer = format!("/artifacts/{}", path.replace('~', "~0").replace('/', "~1"));
        let places = vec![says(), evidence(Some(of_maker.blob), &pointer, Some(attested), of_maker.asserter())];
        judging.refute(Code::DockerImageMismatch, here.clone(), message, places);
        outcome = Outcome::Fail;
    }
    // Without an attestation of the docker-image task nothing can be said; its own link tells that it is missing.
    outcome.max(if outcome == Outcome::NotApplicable { Outcome::Unknown } else { Outcome::NotApplicable })
}
