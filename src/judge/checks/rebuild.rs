//! The definition of a decision or action task is what its tree makes of it (`verify_parent_task_definition`).

use crate::chain::Link;
use crate::judge::checks::attestation::{DIFFERENCES_TOLD, tell_differences};
use crate::judge::judging::{Judging, Ruling, evidence, subject};
use crate::model::{
    Asserter, Code, Digest, Evidence, GapKind, Lacking, Outcome, Presence, Rebuild, RebuildOutcome, Subject, TaskId,
};
use crate::rules::Rebuilding;

pub(super) fn check(judging: &mut Judging<'_>, link: &Link) -> Ruling {
    if !link.is_parent_type() {
        return (Outcome::NotApplicable, "no decision or action task".to_owned());
    }
    match &judging.book.switches.rebuild {
        Rebuilding::NotMade => (Outcome::NotApplicable, "the rule book rebuilds nothing".to_owned()),
        Rebuilding::Commands => command(judging, link),
        Rebuilding::FromTheTree { except, .. } => match judging.product_name {
            None => (Outcome::Unknown, "whose tree it is of is not known".to_owned()),
            Some(product) if except.contains(product) => {
                (Outcome::NotApplicable, format!("tasks of {product} were not rebuilt then"))
            }
            Some(_) => from_the_tree(judging, link),
        },
    }
}

/// Before definitions were rebuilt, the commands of decision tasks were looked at.
fn command(judging: &mut Judging<'_>, link: &Link) -> Ruling {
    let Some(task) = judging.task(&link.task_id) else { return (Outcome::Unknown, "not captured".to_owned()) };
    let Some(shape) = task.shape() else { return (Outcome::Unknown, "the definition is missing".to_owned()) };
    if let Some(part) = &shape.unseen_command {
        let message = format!("the part {part:?} of its command was not looked at");
        let place = evidence(task.evidence.definition, "/payload/command", Some(part.clone()), Asserter::Queue);
        judging.remark(Code::DecisionCommandUnseen, about(link), message, vec![place]);
    }
    let Some(why) = &shape.unusual_command else { return (Outcome::Pass, "the usual command".to_owned()) };
    let message = format!("its command is not that of decision tasks: {why}");
    let place = evidence(task.evidence.definition, "/payload/command", None, Asserter::Queue);
    judging.refute(Code::DecisionCommandUnusual, about(link), message, vec![place]);
    (Outcome::Fail, "an unusual command".to_owned())
}

fn from_the_tree(judging: &mut Judging<'_>, link: &Link) -> Ruling {
    let mut outcome = reason(judging, link);
    remark_on_reason(judging, link);
    let Some(task) = judging.task(&link.task_id) else { return (Outcome::Unknown, "not captured".to_owned()) };
    let rebuild = judging.recipe.and_then(|recipe| task.rebuilds.get(&recipe));
    let Some(decision) = decision(judging, link) else { return (Outcome::Fail, "no decision task".to_owned()) };
    let Some(rebuild) = rebuild else {
        return (outcome.max(Outcome::Unknown), "its definition or its rules are missing".to_owned());
    };
    let definition = task.evidence.definition;
    for lack in &rebuild.lacks {
        outcome = outcome.max(tell_lack(judging, link, &decision, lack));
    }
    let told = match rebuild.outcome {
        RebuildOutcome::Matches => {
            remark_group(judging, link, rebuild, definition);
            if rebuild.tasks > 1 {
                let message = format!("the template of its tree gives {} tasks, and it is one of them", rebuild.tasks);
                judging.remark(Code::TreeGivesSeveralTasks, about(link), message, sources(rebuild).collect());
            }
            "as the tree makes it".to_owned()
        }
        RebuildOutcome::Differs => {
            outcome = Outcome::Fail;
            let message = tell_differences(&rebuild.differences, "tree", "queue");
            let places = rebuild.differences.iter().take(DIFFERENCES_TOLD);
            let places = places
                .map(|difference| evidence(definition, &difference.pointer, difference.right.clone(), Asserter::Queue));
            let places = places.chain(sources(rebuild)).collect();
            judging.found(
                crate::model::Plane::Rule,
                Code::TaskDiffersFromTree,
                about(link),
                message,
                places,
                Some(format!("cotrace show {} --rebuild", link.task_id)),
            );
            "not as the tree makes it".to_owned()
        }
        RebuildOutcome::Refused => {
            outcome = Outcome::Fail;
            let why = rebuild.why.as_deref().unwrap_or_default();
            let places = std::iter::once(evidence(definition, "", None, Asserter::Queue)).chain(sources(rebuild));
            let message = format!("it can't be rebuilt from its tree: {why}");
            judging.refute(Code::TaskNotRebuilt, about(link), message, places.collect());
            "it can't be rebuilt".to_owned()
        }
        RebuildOutcome::Unsettled => {
            outcome = outcome.max(Outcome::Unknown);
            let why = rebuild.why.as_deref().unwrap_or_default();
            let message = format!("what scriptworker's rebuild would come to can't be said: {why}");
            judging.refute(Code::RebuildUnsettled, about(link), message, sources(rebuild).collect());
            format!("not settled: {why}")
        }
        RebuildOutcome::Incomplete => {
            outcome = outcome.max(Outcome::Unknown);
            "what it is rebuilt from is missing".to_owned()
        }
    };
    (outcome, told)
}

/// The decision task, which must be a link that has run: what it published is read.
fn decision(judging: &mut Judging<'_>, link: &Link) -> Option<TaskId> {
    let named = link.decision.as_deref().and_then(|decision| decision.parse::<TaskId>().ok());
    if let Some(decision) = named.filter(|decision| judging.chain.link(decision).is_some()) {
        return Some(decision);
    }
    let definition = judging.task(&link.task_id).and_then(|task| task.evidence.definition);
    let message = "the chain does not lead to its decision task".to_owned();
    let place = evidence(definition, "/taskGroupId", link.decision.clone(), Asserter::Queue);
    judging.refute(Code::TaskNotRebuilt, about(link), message, vec![place]);
    None
}

/// The reason that the task gives for itself is one that the product knows.
fn reason(judging: &mut Judging<'_>, link: &Link) -> Outcome {
    let Some(task) = judging.task(&link.task_id) else { return Outcome::Unknown };
    let (Some(shape), Some(product)) = (task.shape(), judging.product) else { return Outcome::Unknown };
    let tasks_for = shape.tasks_for.as_deref();
    if product.tasks_for.is_empty() || tasks_for.is_none_or(|tasks_for| product.tasks_for.contains(tasks_for)) {
        // Without one, it is not rebuilt.
        return Outcome::Pass;
    }
    let tasks_for = tasks_for.unwrap_or_default();
    let known = product.tasks_for.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let name = judging.product_name.unwrap_or_default();
    let message = format!("it was made for {tasks_for:?}, and tasks of {name} are made for {known}");
    let place = evidence(task.evidence.definition, "/extra/tasks_for", Some(tasks_for.to_owned()), Asserter::Queue);
    judging.refute(Code::TasksForNotPermitted, about(link), message, vec![place]);
    Outcome::Fail
}

/// The reason fits the place of the tree: pushes to hg.mozilla.org are no events of GitHub, and the other way round.
fn remark_on_reason(judging: &mut Judging<'_>, link: &Link) {
    let Some(task) = judging.task(&link.task_id) else { return };
    let Some((tasks_for, source)) =
        task.shape().and_then(|shape| shape.tasks_for.as_deref().zip(shape.source.as_deref()))
    else {
        return;
    };
    let is_on_github = crate::formats::url::is_github(source);
    if (tasks_for.starts_with("github-") && !is_on_github) || (tasks_for == "hg-push" && is_on_github) {
        let message = format!("it says that it was made for {tasks_for}, and its source is {source}");
        let place = evidence(task.evidence.definition, "/extra/tasks_for", Some(tasks_for.to_owned()), Asserter::Queue);
        judging.remark(Code::TasksForMismatch, about(link), message, vec![place]);
    }
}

fn tell_lack(judging: &mut Judging<'_>, link: &Link, decision: &TaskId, lack: &Lacking) -> Outcome {
    match lack {
        Lacking::Decision => {
            let presence = judging.task(decision).map(|task| task.evidence.reply_presence("definition"));
            let about = subject("task", decision, None, None);
            judging.lack(GapKind::Definition, about, presence.unwrap_or(Presence::Unknown));
            Outcome::Unknown
        }
        Lacking::Artifact(name) => {
            let task = judging.task(decision);
            let run_id = task.and_then(|task| task.evidence.latest_run());
            let presence = match (task, run_id) {
                (Some(task), Some(run_id)) => task.evidence.artifact_presence(run_id, name),
                _ => Presence::Unknown,
            };
            let kind = if presence == Presence::Present { GapKind::ArtifactContent } else { GapKind::Artifact };
            judging.lack(kind, subject("artifact", decision, run_id, Some(name)), presence);
            Outcome::Unknown
        }
        Lacking::Source(url) => {
            judging.lack(GapKind::Source, source(url), Presence::Unknown);
            Outcome::Unknown
        }
        Lacking::NoSource(url) => denied(judging, link, url),
        // It is there: the outcome of the rebuild says that it was not read.
        Lacking::TooLarge { .. } => Outcome::Unknown,
    }
}

/// A server was asked, and denied having something.
pub(super) fn denied(judging: &mut Judging<'_>, link: &Link, url: &str) -> Outcome {
    let task = judging.task(&link.task_id);
    match task.map_or(Presence::Unknown, |task| task.evidence.denied_source()) {
        Presence::Absent => {
            let message = format!("it needs {url}, and the server said that there is nothing");
            judging.refute(Code::SourceDenied, about(link), message, Vec::new());
            Outcome::Fail
        }
        presence @ (Presence::Present | Presence::Gone | Presence::Unknown) => {
            judging.lack(GapKind::Source, source(url), presence);
            Outcome::Unknown
        }
    }
}

/// What servers answered that the rebuild read.
fn sources(rebuild: &Rebuild) -> impl Iterator<Item = Evidence> {
    rebuild.sources.iter().map(|read| Evidence {
        blob: Some(read.sha256),
        pointer: None,
        excerpt: Some(read.url.clone()),
        asserted_by: Asserter::Collector,
    })
}

fn remark_group(judging: &mut Judging<'_>, link: &Link, rebuild: &Rebuild, definition: Option<Digest>) {
    let Some(made) = &rebuild.group_id else { return };
    let message = format!("its tree gives it the task group {made}, and it states another");
    let place = evidence(definition, "/payload/env/ACTION_TASK_GROUP_ID", None, Asserter::Queue);
    judging.remark(Code::ActionGroupOverlooked, about(link), message, vec![place]);
}

fn about(link: &Link) -> Subject {
    subject("task", &link.task_id, None, None)
}

/// An answer of a server.
pub(super) fn source(url: &str) -> Subject {
    Subject { kind: "source", task_id: None, run_id: None, name: Some(url.to_owned()) }
}
