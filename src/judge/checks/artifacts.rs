//! What the link consumes is what its makers attested; and what a decision or action task publishes for the verification
//! is what it attested itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::chain::{Link, Mode};
use crate::formats::url::unquote;
use crate::judge::consumption::Name;
use crate::judge::judging::{Judging, Ruling, evidence, subject};
use crate::model::{
    ACTIONS_JSON, Asserter, AttestationFacts, Claim, ClaimState, Code, Digest, Evidence, GapKind, Outcome,
    PARAMETERS_YML, Plane, Presence, TASK_GRAPH_JSON, TaskFacts, TaskId, VERIFICATION_LOG,
};
use crate::rules::{Consumers, DecisionArtifacts, EmptyDigests, OptionalArtifacts};

/// The most artifacts that one line names.
const OTHERS_TOLD: usize = 3;

/// One artifact that the chain rests on.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Consumed {
    maker: TaskId,
    name: String,
    /// A definition says that it may be missing.
    optional: bool,
    /// It counts only where its maker attests it.
    if_attested: bool,
    /// Its maker publishes it for the verification itself.
    is_published: bool,
    /// Only its maker's attestation says that a pattern stands for it: the queue's listing of the run lacks it, or was
    /// not captured.
    is_only_attested: bool,
}

pub(super) fn check<'a>(judging: &mut Judging<'a>, link: &'a Link) -> Ruling {
    super::uploads::remark(judging, link);
    remark_on_altered(judging, link);
    remark_on_log(judging, link);
    let mut outcome = Outcome::NotApplicable;
    let mut consumed = BTreeSet::new();
    consumed.extend(published(judging, link));
    let (upstream, expansion) = upstream(judging, link);
    outcome = outcome.max(expansion);
    consumed.extend(upstream);
    let mut others = Vec::new();
    for artifact in &consumed {
        let of_artifact = check_artifact(judging, link, artifact);
        if matches!(of_artifact, Outcome::Fail | Outcome::Unknown) {
            others.push(format!("{} of {}", artifact.name, artifact.maker));
        }
        outcome = outcome.max(of_artifact);
    }
    let (total, told) = (consumed.len(), others.iter().take(OTHERS_TOLD).cloned().collect::<Vec<_>>().join(", "));
    let words = match (total, others.len()) {
        (0, _) => "consumes none".to_owned(),
        (_, 0) => format!("all {total} as attested"),
        (_, open) if open > OTHERS_TOLD => format!("{open} of {total} not as attested, or not known: {told}, …"),
        (_, open) => format!("{open} of {total} not as attested, or not known: {told}"),
    };
    (outcome, words)
}

/// What a scriptworker had when it verified the chain, beside what was captured of the same artifact in any run.
fn remark_on_log(judging: &mut Judging<'_>, link: &Link) {
    let Some(log) = judging.task(&link.task_id).and_then(|task| task.log.as_ref()) else { return };
    let mut captured: BTreeMap<(&TaskId, &str), BTreeSet<Digest>> = BTreeMap::new();
    let makers: BTreeSet<&TaskId> = log.log.digests.iter().map(|logged| &logged.task_id).collect();
    for maker in makers.into_iter().filter_map(|maker| judging.task(maker)) {
        for ((_, name), record) in &maker.evidence.artifacts {
            captured.entry((&maker.evidence.task_id, name)).or_default().extend(record.sha256);
        }
    }
    for logged in &log.log.digests {
        let Some(captured) = captured.get(&(&logged.task_id, logged.name.as_str())) else { continue };
        let Some(first) = captured.first().filter(|_| !captured.contains(&logged.sha256)) else { continue };
        let message = format!(
            "it logged sha256:{} of {} of {} when it verified the chain, and what was captured has sha256:{first}",
            logged.sha256, logged.name, logged.task_id
        );
        let line = format!("line {}", logged.line);
        let here = subject("artifact", &link.task_id, None, Some(VERIFICATION_LOG));
        let place = evidence(Some(log.blob), "", Some(line), Asserter::Collector);
        judging.remark(Code::VerifiedOtherBytes, here, message, vec![place]);
    }
}

/// What a decision or action task publishes and the verification reads (`get_all_artifacts_per_task_id` in scriptworker).
fn published(judging: &Judging<'_>, link: &Link) -> Vec<Consumed> {
    if !link.is_attested || !link.is_parent_type() {
        return Vec::new();
    }
    // Scriptworker takes the target's word even here: what the target calls optional is not held to its digest.
    let target = judging.chain.links.first();
    let calls_optional = |name: &str| {
        target
            .is_some_and(|target| judging.consumption.is_called_optional(&target.task_id, link.task_id.as_str(), name))
    };
    let is_lax = judging.book.switches.optional_artifacts == OptionalArtifacts::NotHeld;
    let artifact = |name: &str, if_attested| Consumed {
        maker: link.task_id,
        name: name.to_owned(),
        optional: is_lax && calls_optional(name),
        if_attested,
        is_published: true,
        is_only_attested: false,
    };
    let mut published = vec![artifact(TASK_GRAPH_JSON, false)];
    let are_published = judging.book.switches.decision_artifacts != DecisionArtifacts::Never;
    if link.task_type.as_deref() == Some("decision") && are_published {
        let if_attested = judging.book.switches.decision_artifacts == DecisionArtifacts::IfAttested;
        published.push(artifact(ACTIONS_JSON, if_attested));
        published.push(artifact(PARAMETERS_YML, if_attested));
    }
    published
}

/// The artifacts that a definition consumes, patterns expanded.
fn upstream<'a>(judging: &mut Judging<'a>, link: &'a Link) -> (Vec<Consumed>, Outcome) {
    let mut outcome = Outcome::NotApplicable;
    let mut consumed = Vec::new();
    let shape = judging.task(&link.task_id).and_then(|task| task.shape());
    let entries = shape.map_or(&[][..], |shape| &shape.upstream);
    for entry in entries {
        // No task id: told by the chain check.
        let Ok(maker) = entry.task_id.parse::<TaskId>() else { continue };
        for path in &entry.paths {
            // To scriptworker a path is optional for all entries of a task as soon as one says so.
            let is_lax = judging.book.switches.optional_artifacts == OptionalArtifacts::NotHeld;
            let optional =
                entry.optional || is_lax && judging.consumption.is_called_optional(&link.task_id, &entry.task_id, path);
            if leads_elsewhere(path) {
                outcome = outcome.max(illegal(judging, link, &maker, path, "a name that leads elsewhere"));
            } else if !optional && !path.contains('*') && !is_found_again(path) {
                let what = "a name that scriptworker does not find again on its disk";
                outcome = outcome.max(illegal(judging, link, &maker, path, what));
            }
            if !path.contains('*') {
                consumed.push(Consumed {
                    maker,
                    name: path.clone(),
                    optional,
                    if_attested: false,
                    is_published: false,
                    is_only_attested: false,
                });
                continue;
            }
            if judging.mode == Mode::BeforeRun && !link.is_attested && !entry.optional {
                outcome = outcome.max(illegal(judging, link, &maker, path, "a pattern that is not optional"));
            }
            let (names, of_expansion) = expand(judging, link, &maker, path, optional);
            outcome = outcome.max(of_expansion);
            consumed.extend(names.into_iter().map(|expanded| Consumed {
                maker,
                name: expanded.name.to_owned(),
                optional,
                if_attested: false,
                is_published: false,
                is_only_attested: !expanded.is_seen,
            }));
        }
    }
    (consumed, outcome)
}

/// Whether a name, as it is or decoded as scriptworker's downloads decode it (twice), leaves the folder of its task.
fn leads_elsewhere(path: &str) -> bool {
    let once = unquote(path);
    let twice = unquote(&once);
    [path, &once, &twice].iter().any(|path| path.starts_with('/') || path.contains(".."))
}

/// Whether scriptworker finds a download where it looks for it: it stores it under the decoded name, and the name must be
/// one of a file.
fn is_found_again(path: &str) -> bool {
    const NAME_BYTES_MAX: usize = 255;
    let is_storable = |part: &str| part.len() <= NAME_BYTES_MAX && !part.contains(char::is_control);
    unquote(path) == path && path.split('/').all(is_storable) && !path.ends_with('/') && path != "public"
}

fn illegal(judging: &mut Judging<'_>, link: &Link, maker: &TaskId, path: &str, what: &str) -> Outcome {
    let blob = judging.task(&link.task_id).and_then(|task| task.evidence.definition);
    let message = format!("it consumes {path:?} of {maker}: {what}");
    let place = evidence(blob, "/payload/upstreamArtifacts", Some(path.to_owned()), Asserter::Queue);
    let about = subject("artifact", maker, None, Some(path));
    let plane = judging_plane(judging, link);
    judging.object(plane, Code::ArtifactPathIllegal, about, message, vec![place])
}

/// The plane on which consumption by a link counts.
fn judging_plane(judging: &Judging<'_>, link: &Link) -> Plane {
    let is_target = judging.is_target(&link.task_id);
    match judging.book.switches.consumers {
        Consumers::EveryLink => Plane::Rule,
        Consumers::Target if is_target => Plane::Rule,
        Consumers::Target => Plane::Audit,
    }
}

/// The names that a pattern stands for: by the queue's listing of the latest run, else by what the capture holds of it;
/// and those that the maker attested, whether they are still there or not.
fn expand<'a>(
    judging: &mut Judging<'a>,
    link: &'a Link,
    maker: &TaskId,
    pattern: &'a str,
    optional: bool,
) -> (Vec<Name<'a>>, Outcome) {
    let about = |run_id| subject("artifact", maker, run_id, Some(pattern));
    let found = judging.task(maker).and_then(|task| task.evidence.latest_run().map(|run_id| (task, run_id)));
    let Some((task, run_id)) = found else {
        if optional {
            return (Vec::new(), Outcome::Pass);
        }
        judging.lack(GapKind::Artifact, about(None), Presence::Unknown);
        return (Vec::new(), Outcome::Unknown);
    };
    let Some(names) = judging.consumption.expand(&link.task_id, task, run_id, pattern).map(<[_]>::to_vec) else {
        // Nobody says what it stands for.
        let message = format!("the pattern {pattern:?} of {maker} is too long, or too much work, to follow");
        judging.remark(Code::ArtifactPatternUnfollowed, about(Some(run_id)), message, Vec::new());
        judging.lack(GapKind::Artifact, about(Some(run_id)), Presence::Unknown);
        return (Vec::new(), Outcome::Unknown);
    };
    if task.evidence.listed_runs.contains(&run_id) {
        return (names, Outcome::Pass);
    }
    let captured = names.iter().filter(|name| name.is_seen).count();
    let message = format!(
        "the pattern {pattern:?} stands for {captured} artifacts of {maker} that were captured; the queue's listing of run {run_id} was not"
    );
    judging.remark(Code::ArtifactPatternUnlisted, about(Some(run_id)), message, Vec::new());
    if captured == 0 && !optional {
        judging.lack(GapKind::Artifact, about(Some(run_id)), Presence::Unknown);
        return (names, Outcome::Unknown);
    }
    (names, Outcome::Pass)
}

fn check_artifact(judging: &mut Judging<'_>, link: &Link, artifact: &Consumed) -> Outcome {
    let Some(task) = judging.task(&artifact.maker) else {
        judging.lack_attestation(&artifact.maker);
        return Outcome::Unknown;
    };
    let Some(run_id) = task.evidence.latest_run() else { return Outcome::Unknown };
    let about = subject("artifact", &artifact.maker, Some(run_id), Some(&artifact.name));
    let presence = task.evidence.artifact_presence(run_id, &artifact.name);
    let forms = judging.forms(task);
    let readable: Vec<_> = forms.iter().filter(|(_, facts)| is_readable(facts)).collect();
    if readable.is_empty() {
        // The maker's attestation is missing or unreadable, and told at its own link too.
        if forms.is_empty() {
            judging.lack_attestation(&artifact.maker);
        }
        return if artifact.optional && presence != Presence::Present { Outcome::Pass } else { Outcome::Unknown };
    }
    let plane = plane_of(judging, link, artifact);
    let mut outcome = Outcome::NotApplicable;
    for (_, facts) in readable {
        let signed = |excerpt: Option<String>| {
            let pointer = format!("/artifacts/{}", artifact.name.replace('~', "~0").replace('/', "~1"));
            evidence(Some(facts.blob), &pointer, excerpt, facts.asserter())
        };
        let of_form = match facts.digests.claims.get(&artifact.name) {
            None if artifact.if_attested => Outcome::NotApplicable,
            None if artifact.optional && presence != Presence::Present => Outcome::Pass,
            None => {
                let message = format!("{} of {} is not in its attestation", artifact.name, artifact.maker);
                judging.object(plane, Code::ArtifactNotAttested, about.clone(), message, vec![signed(None)])
            }
            Some(claim) => match claim.state {
                ClaimState::Agrees => Outcome::Pass,
                ClaimState::Unseen => unseen(judging, artifact, presence, &about, plane),
                ClaimState::Differs => {
                    let (message, places) = mismatch(task, artifact, claim, run_id, signed(None));
                    judging.object(plane, Code::ArtifactDigestMismatch, about.clone(), message, places)
                }
                ClaimState::NoDigest | ClaimState::UnknownAlgorithm | ClaimState::Malformed => {
                    let unchecked = judging.book.switches.empty_digests == EmptyDigests::NotChecked;
                    let plane = if claim.state == ClaimState::NoDigest && unchecked { Plane::Audit } else { plane };
                    let stated = claim.open.iter().map(|open| format!("{}: {}", open.algorithm, open.stated));
                    let stated = stated.collect::<Vec<_>>().join(", ");
                    let message = format!(
                        "of {} the attestation of {} states no usable digest ({})",
                        artifact.name,
                        artifact.maker,
                        if stated.is_empty() { "none" } else { &stated }
                    );
                    judging.object(
                        plane,
                        Code::ArtifactDigestMalformed,
                        about.clone(),
                        message,
                        vec![signed(Some(stated))],
                    )
                }
            },
        };
        outcome = outcome.max(of_form);
    }
    outcome
}

/// The plane on which what is wrong with a consumed artifact counts.
fn plane_of(judging: &Judging<'_>, link: &Link, artifact: &Consumed) -> Plane {
    match judging.book.switches.optional_artifacts {
        OptionalArtifacts::NotHeld if artifact.optional => Plane::Audit,
        // Scriptworker expands a pattern over the queue's listing: what is gone from there it does not miss. Where the
        // listing was not captured, nobody knows whether it would.
        OptionalArtifacts::NotHeld | OptionalArtifacts::HeldToTheirDigest
            if artifact.is_only_attested
                && is_listed(judging, &artifact.maker)
                && judging.book.switches.consumers == Consumers::Target =>
        {
            Plane::Audit
        }
        OptionalArtifacts::NotHeld | OptionalArtifacts::HeldToTheirDigest if artifact.is_published => Plane::Rule,
        OptionalArtifacts::NotHeld | OptionalArtifacts::HeldToTheirDigest => judging_plane(judging, link),
    }
}

/// Whether the queue's listing of a task's latest run was captured.
fn is_listed(judging: &Judging<'_>, maker: &TaskId) -> bool {
    let evidence = judging.task(maker).map(|task| &task.evidence);
    evidence.is_some_and(|evidence| evidence.latest_run().is_some_and(|run_id| evidence.listed_runs.contains(&run_id)))
}

/// Whether an attestation is there and says something.
fn is_readable(facts: &AttestationFacts) -> bool {
    facts.attestation.as_ref().is_some_and(|attestation| attestation.unreadable.is_none())
}

fn unseen(
    judging: &mut Judging<'_>,
    artifact: &Consumed,
    presence: Presence,
    about: &crate::model::Subject,
    plane: Plane,
) -> Outcome {
    if artifact.optional && matches!(presence, Presence::Absent) {
        if artifact.is_only_attested {
            let message = format!(
                "{} of {} is attested, fits an optional pattern, and is not there",
                artifact.name, artifact.maker
            );
            judging.remark(Code::ArtifactMissing, about.clone(), message, Vec::new());
        }
        return Outcome::Pass;
    }
    if presence == Presence::Absent {
        let message = format!("{} of {} is attested and not there", artifact.name, artifact.maker);
        return judging.object(plane, Code::ArtifactMissing, about.clone(), message, Vec::new());
    }
    if plane == Plane::Audit {
        return Outcome::Pass;
    }
    judging.lack(GapKind::Artifact, about.clone(), presence);
    Outcome::Unknown
}

fn mismatch(
    task: &TaskFacts,
    artifact: &Consumed,
    claim: &Claim,
    run_id: u32,
    signed: Evidence,
) -> (String, Vec<Evidence>) {
    let told = claim.open.iter().map(|open| {
        let seen = open.seen.as_deref().unwrap_or("not computed");
        format!("{} attested {}, seen {seen}", open.algorithm, open.stated)
    });
    let told = told.collect::<Vec<_>>().join("; ");
    let message = format!("{} of {} is not what was attested: {told}", artifact.name, artifact.maker);
    let blob = task.evidence.artifact(run_id, &artifact.name).and_then(|record| record.sha256);
    (message, vec![signed, evidence(blob, "", None, Asserter::Collector)])
}

/// Artifacts that differ from their own attestation and that nothing in the chain consumes: no verifier looks at them.
fn remark_on_altered<'a>(judging: &mut Judging<'a>, link: &'a Link) {
    let Some(task) = judging.task(&link.task_id) else { return };
    let Some(run_id) = task.evidence.latest_run() else { return };
    for (_, facts) in judging.forms(task) {
        for (name, claim) in &facts.digests.claims {
            if claim.state != ClaimState::Differs || is_consumed(judging, link, name) {
                continue;
            }
            let artifact = Consumed {
                maker: link.task_id,
                name: name.clone(),
                optional: false,
                if_attested: false,
                is_published: false,
                is_only_attested: false,
            };
            let signed = evidence(Some(facts.blob), "/artifacts", Some(name.clone()), facts.asserter());
            let (message, places) = mismatch(task, &artifact, claim, run_id, signed);
            let about = subject("artifact", &link.task_id, Some(run_id), Some(name));
            judging.remark(Code::ArtifactAltered, about, message, places);
        }
    }
}

/// Whether the chain consumes an artifact of a link. What can't be said is no reason to be silent.
fn is_consumed<'a>(judging: &mut Judging<'a>, link: &'a Link, name: &'a str) -> bool {
    published(judging, link).iter().any(|artifact| artifact.name == name)
        || judging.consumption.has(link.task_id.as_str(), name).unwrap_or(false)
}
