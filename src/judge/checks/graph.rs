//! The definition is the one that the parent's task graph lists.

use crate::chain::Link;
use crate::judge::checks::attestation::{DIFFERENCES_TOLD, tell_differences};
use crate::judge::judging::{Judging, Ruling, evidence, subject};
use crate::model::{
    Asserter, AttestationFacts, ClaimState, Code, Difference, DifferenceKind, Digest, Evidence, GapKind, GraphEntry,
    Group, Outcome, Plane, Presence, TASK_GRAPH_JSON, TaskFacts, TaskId,
};
use crate::rules::{ArtifactExpiry, Parentage};

pub(super) fn check(judging: &mut Judging<'_>, link: &Link) -> Ruling {
    if link.is_parent_type() {
        remark_on_group(judging, link);
    }
    remark_on_copies(judging, link);
    if link.is_parent_type() && (link.is_attested || shows_its_type(judging, link)) {
        return of_parent_type(judging, link);
    }
    let Some(task) = judging.task(&link.task_id) else { return (Outcome::Unknown, "not captured".to_owned()) };
    if task.definition.is_none() {
        return (Outcome::Unknown, "the definition is missing".to_owned());
    }
    let Some(parent) = link.parent else { return (Outcome::Unknown, "no parent is known".to_owned()) };
    if !judging.chain.link(&parent).is_some_and(Link::is_parent_type) {
        return no_parent(judging, link, &parent);
    }
    match task.graph_entries.get(&parent) {
        Some(entry) => judge_entry(judging, link, &parent, entry),
        None => no_graph(judging, &parent),
    }
}

/// What the task graph of a decision or action task lists, beside the tasks of the snapshot that name it as their parent.
fn remark_on_group(judging: &mut Judging<'_>, link: &Link) {
    let Some(task) = judging.task(&link.task_id) else { return };
    let Some(group) = judging.facts.groups.get(&link.task_id) else { return };
    let run_id = task.evidence.latest_run();
    let graph = run_id.and_then(|run_id| task.evidence.artifact(run_id, TASK_GRAPH_JSON)?.sha256);
    let about = || subject("graph", &link.task_id, run_id, Some(TASK_GRAPH_JSON));
    let told = |tasks: &[TaskId]| {
        let more = if tasks.len() > DIFFERENCES_TOLD { ", …" } else { "" };
        let first = tasks.iter().take(DIFFERENCES_TOLD).map(TaskId::as_str).collect::<Vec<_>>();
        format!("{}{more}", first.join(", "))
    };
    let place = || vec![evidence(graph, "", None, Asserter::Collector)];
    let Group { unlisted, idle } = group;
    if !unlisted.is_empty() {
        let message =
            format!("{} tasks name it as their parent and are not in its graph: {}", unlisted.len(), told(unlisted));
        judging.remark(Code::GroupTaskUnlisted, about(), message, place());
    }
    if !idle.is_empty() {
        let message = format!("{} tasks of its graph have not run: {}", idle.len(), told(idle));
        judging.remark(Code::GraphTaskNotRun, about(), message, place());
    }
}

/// Other tasks that do the same. Only those of a graph were asked for by a tree.
fn remark_on_copies(judging: &mut Judging<'_>, link: &Link) {
    let Some(copies) = judging.facts.copies.get(&link.task_id) else { return };
    let more = if copies.len() > DIFFERENCES_TOLD { ", …" } else { "" };
    let told = copies.iter().take(DIFFERENCES_TOLD).map(|copy| copy.task_id.as_str()).collect::<Vec<_>>().join(", ");
    let message = format!("{} more of its name and payload that no task graph lists: {told}{more}", copies.len());
    let places = copies.iter().take(DIFFERENCES_TOLD);
    let places = places.map(|copy| evidence(copy.definition, "/payload", None, Asserter::Queue));
    let places = places.collect();
    judging.remark(Code::TaskSubmittedAgain, subject("task", &link.task_id, None, None), message, places);
}

/// Whether a task's own definition shows that it is the decision or action task that it is taken for.
fn shows_its_type(judging: &Judging<'_>, link: &Link) -> bool {
    let shape = judging.task(&link.task_id).and_then(|task| task.shape());
    let is_own_group = || link.decision.as_deref() == Some(link.task_id.as_str());
    shape
        .is_some_and(|shape| if link.task_type.as_deref() == Some("action") { shape.is_action } else { is_own_group() })
}

/// Decision tasks are in no graph, and action tasks are made after theirs. But what a chain takes for one, by the place
/// at which it was reached, must show it.
fn of_parent_type(judging: &mut Judging<'_>, link: &Link) -> Ruling {
    let task_type = link.task_type.as_deref().unwrap_or("parent");
    if judging.book.switches.parentage == Parentage::NotHeld || shows_its_type(judging, link) {
        return (Outcome::NotApplicable, format!("a {task_type} task is in no graph"));
    }
    let Some(task) = judging.task(&link.task_id).filter(|task| task.shape().is_some()) else {
        return (Outcome::Unknown, "not captured".to_owned());
    };
    let message = format!("the chain takes it for a {task_type} task, and its definition does not show that it is one");
    let group = link.decision.clone();
    let place = evidence(task.evidence.definition, "/taskGroupId", group, Asserter::Queue);
    judging.refute(Code::ParentNotPermitted, subject("task", &link.task_id, None, None), message, vec![place]);
    (Outcome::Fail, format!("no {task_type} task"))
}

/// The parent is no decision or action task, as the chain knows it: what graph it published is not even attested to be
/// one.
fn no_parent(judging: &mut Judging<'_>, link: &Link, parent: &TaskId) -> Ruling {
    let known = judging.chain.link(parent);
    if known.is_some_and(|known| known.task_type.is_none()) || known.is_none() {
        return (Outcome::Unknown, format!("of its parent {parent} nothing is known"));
    }
    let task_type = known.and_then(|known| known.task_type.clone()).unwrap_or_default();
    let plane = match judging.book.switches.parentage {
        Parentage::Held => Plane::Rule,
        Parentage::NotHeld => Plane::Audit,
    };
    let definition = judging.task(&link.task_id).and_then(|task| task.evidence.definition);
    let message = format!("its parent {parent} is a {task_type} task of the chain, no decision or action task");
    let place = evidence(definition, "/extra/parent", Some(parent.to_string()), Asserter::Queue);
    let about = subject("task", &link.task_id, None, None);
    let outcome = judging.object(plane, Code::ParentNotPermitted, about, message, vec![place]);
    (outcome, "its parent makes no tasks".to_owned())
}

fn no_graph(judging: &mut Judging<'_>, parent: &TaskId) -> Ruling {
    let task = judging.task(parent);
    let run_id = task.and_then(|task| task.evidence.latest_run());
    let presence = match (task, run_id) {
        (Some(task), Some(run_id)) => task.evidence.artifact_presence(run_id, TASK_GRAPH_JSON),
        _ => Presence::Unknown,
    };
    let kind = if presence == Presence::Present { GapKind::ArtifactContent } else { GapKind::Artifact };
    judging.lack(kind, subject("artifact", parent, run_id, Some(TASK_GRAPH_JSON)), presence);
    (Outcome::Unknown, format!("the task graph of {parent} is {}", presence.word()))
}

fn judge_entry(judging: &mut Judging<'_>, link: &Link, parent: &TaskId, entry: &GraphEntry) -> Ruling {
    let run_id = judging.task(parent).and_then(|task| task.evidence.latest_run());
    let graph = judging
        .task(parent)
        .and_then(|task| task.evidence.artifact(run_id?, TASK_GRAPH_JSON))
        .and_then(|record| record.sha256);
    let definition = judging.task(&link.task_id).and_then(|task| task.evidence.definition);
    let who = judging.task(parent).map_or(Asserter::Collector, |parent| who_says(judging, parent));
    let about_graph = || subject("graph", parent, run_id, Some(TASK_GRAPH_JSON));
    let about_task = || subject("task", &link.task_id, None, None);
    let in_graph = |pointer: &str, excerpt| evidence(graph, &format!("/{}{pointer}", link.task_id), excerpt, who);
    for ambiguity in &entry.ambiguities {
        let message = format!("its entry in the task graph holds {ambiguity}");
        judging.remark(Code::DocumentAmbiguous, about_graph(), message, vec![in_graph("", Some(ambiguity.clone()))]);
    }
    if let Some(why) = &entry.unreadable {
        let message = format!("the task graph of {parent} can't be read: {why}");
        judging.refute(Code::GraphMalformed, about_graph(), message, vec![evidence(graph, "", None, who)]);
        return (Outcome::Fail, "the graph can't be read".to_owned());
    }
    if !entry.listed {
        let message = format!("the task graph of {parent} does not list {}", link.task_id);
        judging.refute(Code::TaskNotInGraph, about_task(), message, vec![evidence(graph, "", None, who)]);
        return (Outcome::Fail, "not listed".to_owned());
    }
    if let Some(why) = &entry.malformed {
        let message = format!("it can't be compared with its entry in the task graph of {parent}: {why}");
        judging.refute(Code::GraphMalformed, about_graph(), message, vec![in_graph("", None)]);
        return (Outcome::Fail, "the entry can't be compared".to_owned());
    }
    remark_on_entry(judging, link, parent, entry, &in_graph);
    let counted: Vec<Difference> = entry.differences.iter().filter(|d| counts(judging, d)).cloned().collect();
    let decision = link.decision.as_deref();
    let extra: Vec<&String> = entry.extra_dependencies.iter().filter(|id| Some(id.as_str()) != decision).collect();
    if counted.is_empty() && extra.is_empty() {
        return (Outcome::Pass, format!("as {parent} lists it"));
    }
    if !counted.is_empty() {
        let message = tell_differences(&counted, "graph", "queue");
        let places = difference_places(&counted, &in_graph, definition);
        judging.refute(Code::TaskDiffersFromGraph, about_task(), message, places);
    }
    if !extra.is_empty() {
        let extra = extra.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ");
        let message = format!("it depends on {extra}, which the graph does not say");
        let place = evidence(definition, "/dependencies", Some(extra), Asserter::Queue);
        judging.refute(Code::TaskDiffersFromGraph, about_task(), message, vec![place]);
    }
    (Outcome::Fail, "differs from the graph".to_owned())
}

/// What is odd about an entry and no rule looks at.
fn remark_on_entry(
    judging: &mut Judging<'_>,
    link: &Link,
    parent: &TaskId,
    entry: &GraphEntry,
    in_graph: &dyn Fn(&str, Option<String>) -> Evidence,
) {
    let definition = judging.task(&link.task_id).and_then(|task| task.evidence.definition);
    let about_task = || subject("task", &link.task_id, None, None);
    if !entry.lookalikes.is_empty() {
        let told = tell_differences(&entry.lookalikes, "graph", "queue");
        let message = format!("its entry in the graph and its definition are equal to Python alone: {told}");
        let places = difference_places(&entry.lookalikes, in_graph, definition);
        judging.remark(Code::EqualInPythonOnly, about_task(), message, places);
    }
    if let Some(label) = &entry.other_label {
        let message = format!("the task graph of {parent} calls it {label}, and its definition does not");
        judging.remark(Code::GraphLabelMismatch, about_task(), message, vec![in_graph("/label", Some(label.clone()))]);
    }
    let is_told = |d: &&Difference| !counts(judging, d) && !is_filled_in(d) && !is_same_expiry(d);
    let ignored: Vec<Difference> = entry.differences.iter().filter(is_told).cloned().collect();
    if !entry.missing_dependencies.is_empty() {
        let lacking = entry.missing_dependencies.join(", ");
        let message = format!("where no rule looks: it does not depend on {lacking}, and the graph says that it does");
        let place = evidence(definition, "/dependencies", None, Asserter::Queue);
        judging.remark(Code::GraphDifferenceIgnored, about_task(), message, vec![place]);
    }
    if !ignored.is_empty() {
        let message = format!("where no rule looks: {}", tell_differences(&ignored, "graph", "queue"));
        let places = difference_places(&ignored, in_graph, definition);
        judging.remark(Code::GraphDifferenceIgnored, about_task(), message, places);
    }
}

/// Where the first few differences stand in both documents.
fn difference_places(
    differences: &[Difference],
    in_graph: &dyn Fn(&str, Option<String>) -> Evidence,
    definition: Option<Digest>,
) -> Vec<Evidence> {
    let places = differences.iter().take(DIFFERENCES_TOLD).flat_map(|difference| {
        [
            in_graph(&format!("/task{}", difference.pointer), difference.left.clone()),
            evidence(definition, &difference.pointer, difference.right.clone(), Asserter::Queue),
        ]
    });
    places.collect()
}

/// Who says what a task graph says: its maker, where a sound attestation covers the graph's bytes.
fn who_says(judging: &Judging<'_>, parent: &TaskFacts) -> Asserter {
    let covers = |facts: &&AttestationFacts| {
        facts.digests.claims.get(TASK_GRAPH_JSON).is_some_and(|claim| claim.state == ClaimState::Agrees)
    };
    let forms = judging.forms(parent);
    forms.iter().map(|(_, facts)| *facts).find(covers).map_or(Asserter::Collector, AttestationFacts::asserter)
}

/// Whether a difference is what the queue, or whoever submits the graph, fills in; or one of dependencies, told apart.
fn is_filled_in(difference: &Difference) -> bool {
    const FILLED_IN: [&str; 4] = ["/taskGroupId", "/schedulerId", "/projectId", "/taskQueueId"];
    // The defaults of the queue's schema (`create-task-request`).
    const DEFAULTS: [(&str, &str); 7] = [
        ("/priority", "\"lowest\""),
        ("/requires", "\"all-completed\""),
        ("/retries", "5"),
        ("/routes", "[]"),
        ("/scopes", "[]"),
        ("/tags", "{}"),
        ("/extra", "{}"),
    ];
    let pointer = difference.pointer.as_str();
    let is_default = |right: &str| DEFAULTS.contains(&(pointer, right));
    let is_added = difference.kind == DifferenceKind::RightOnly;
    pointer.starts_with("/dependencies/")
        || is_added && (FILLED_IN.contains(&pointer) || difference.right.as_deref().is_some_and(is_default))
}

/// Whether the rule book counts a difference: not in an ignored key, and not a key that only the definition has, which
/// scriptworker, walking the graph's keys, never sees.
fn counts(judging: &Judging<'_>, difference: &Difference) -> bool {
    let mut parts = difference.pointer.split('/').skip(1);
    let key = parts.next().unwrap_or_default();
    let is_top_level = parts.next().is_none();
    if judging.book.graph_ignored_keys.iter().any(|ignored| ignored == key) {
        return false;
    }
    if is_top_level && difference.kind == DifferenceKind::RightOnly {
        return false;
    }
    !(is_artifact_expiry(difference) && judging.book.switches.artifact_expiry_in_graph == ArtifactExpiry::Ignored)
}

/// `/payload/artifacts/<artifact>/expires` and nothing deeper or shallower. Graphs of old state it in other digits.
fn is_artifact_expiry(difference: &Difference) -> bool {
    difference.pointer.starts_with("/payload/artifacts/")
        && difference.pointer.ends_with("/expires")
        && difference.pointer.matches('/').count() == 4
}

/// An expiry of an artifact that is the same to the millisecond: definitions of 2017 state it in more digits than what the
/// relative moments of their graphs come to.
fn is_same_expiry(difference: &Difference) -> bool {
    const TO_THE_MILLISECOND: usize = "\"2017-06-27T10:04:10.540".len();
    let text =
        |side: &Option<String>| side.as_deref().and_then(|text| text.get(..TO_THE_MILLISECOND).map(str::to_owned));
    let (left, right) = (text(&difference.left), text(&difference.right));
    is_artifact_expiry(difference) && left.is_some() && left == right
}
