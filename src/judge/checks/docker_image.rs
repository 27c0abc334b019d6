//! The docker image that the link ran in is the one that its docker-image task attested (`verify_docker_image_sha` in
//! scriptworker). Images by index or prebuilt are left to rule books that know which task types may use them.

use crate::chain::Link;
use crate::judge::judging::{Judging, Ruling, evidence, subject};
use crate::model::{Algorithm, Asserter, AttestationFacts, Code, Origin, Outcome, Role, TaskFacts, TaskId, TaskImage};

pub(super) fn check(judging: &mut Judging<'_>, link: &Link) -> Ruling {
    let nothing = |words: &str| (Outcome::NotApplicable, words.to_owned());
    if !link.is_attested {
        return nothing("the target has not run yet");
    }
    let Some(task) = judging.task(&link.task_id) else { return (Outcome::Unknown, "not captured".to_owned()) };
    let Some(image) = task.shape().and_then(|shape| shape.task_image.as_ref()) else {
        return nothing("no image that another task built");
    };
    if Judging::role(link) != Some(&Role::new("docker-worker")) {
        return nothing("not run by docker-worker");
    }
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
    let usable = loaded.and_then(|hash| hash.split_once(':')).filter(|(name, _)| Algorithm::named(name).is_some());
    let Some((algorithm, loaded_digest)) = usable else {
        let message = match loaded {
            None => "the worker does not state which image it loaded".to_owned(),
            Some(stated) => format!("the worker states no usable digest of the image it loaded, but {stated:?}"),
        };
        judging.refute(Code::DockerImageUnstated, here, message, vec![says()]);
        return Outcome::Fail;
    };
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
        let attested = attested_digest(made, of_maker, &image.path, algorithm);
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

/// The digest that a task attested of an artifact, by one algorithm.
fn attested_digest(made: &TaskFacts, facts: &AttestationFacts, path: &str, algorithm: &str) -> Option<String> {
    let claim = facts.digests.claims.get(path)?;
    if let Some(open) = claim.open.iter().find(|open| open.algorithm == algorithm) {
        return Some(open.stated.clone());
    }
    if !claim.algorithms.iter().any(|stated| stated == algorithm) {
        return None;
    }
    // What is stated and not open agrees with the bytes seen.
    let record = made.evidence.artifact(made.evidence.latest_run()?, path)?;
    match Algorithm::named(algorithm)? {
        Algorithm::Sha256 => record.sha256.map(|digest| digest.to_string()),
        Algorithm::Sha512 => record.sha512.clone(),
    }
}
