use cotrace::model::{Code, Verdict};
use cotrace_generator::World;
use serde_json::{Value, json};

use super::edits::{copy_alone, deny_source, edit_source, forget_source, redefine_alone, source_ending};
use super::{Case, THEIRS};
use crate::support::{Scene, nightly_2017, nightly_2026};

pub(super) const CASES: &[Case] = &[
    Case::refutes(
        Code::TaskDiffersFromTree,
        ("task", "decision"),
        ("the decision ran longer than its tree says", "it has an empty thing more, which counts as none"),
        || Scene::of(decided(|task| task["payload"]["maxRunTime"] = 1801.into()), "signing-linux64").under(THEIRS),
        || Scene::of(decided(|task| task["payload"]["onExitStatus"] = json!({})), "signing-linux64").under(THEIRS),
    ),
    Case::refutes(
        Code::TaskDiffersFromTree,
        ("task", "decision"),
        ("the tree has another command", "the tree has another comment"),
        || {
            let edit = |text: String| text.replacen("taskgraph decision\n", "taskgraph full\n", 1);
            Scene::of(with_template(edit), "signing-linux64").under(THEIRS)
        },
        || {
            let edit = |text: String| text.replacen("# One decision task", "# A decision task", 1);
            Scene::of(with_template(edit), "signing-linux64").under(THEIRS)
        },
    ),
    Case::remarks(
        Code::TreeGivesSeveralTasks,
        ("task", "decision"),
        ("the tree gives a task more", "the tree gives it where it is for cron jobs alone"),
        || Scene::of(with_template(|text| text + ANOTHER_TASK), "signing-linux64").under(THEIRS),
        || {
            let for_cron = ANOTHER_TASK.replace("hg-push", "cron");
            Scene::of(with_template(|text| text + &for_cron), "signing-linux64").under(THEIRS)
        },
    ),
    Case::refutes(
        Code::TaskNotRebuilt,
        ("task", "decision"),
        ("the list of projects lacks the decision's", "the list of projects lacks another"),
        || Scene::of(without_project("mozilla-central"), "signing-linux64").under(THEIRS),
        || Scene::of(without_project("mozilla-beta"), "signing-linux64").under(THEIRS),
    ),
    Case::refutes(
        Code::TaskNotRebuilt,
        ("task", "decision"),
        ("the template uses a variable that there is not", "it would use it for cron jobs"),
        || {
            let edit = |text: String| text.replacen("'${pusher}'", "'${puller}'", 1);
            Scene::of(with_template(edit), "signing-linux64").under(THEIRS)
        },
        || {
            let edit = |text: String| text.replacen("cron job ${cron.job_name}", "cron job ${chron.job_name}", 1);
            Scene::of(with_template(edit), "signing-linux64").under(THEIRS)
        },
    ),
    Case::refutes(
        Code::TaskNotRebuilt,
        ("task", ACTION),
        ("the decision offers no action of this name", "the decision offers it"),
        || Scene::of(with_action("retrigger-all", false), ACTION).under(THEIRS),
        || Scene::of(with_action("retrigger", false), ACTION).under(THEIRS),
    ),
    Case::remarks(
        Code::ActionGroupOverlooked,
        ("task", ACTION),
        ("the action names itself as the task group, and its tree the decision", "it names the decision"),
        || Scene::of(with_action("retrigger", true), ACTION).under(THEIRS),
        || Scene::of(with_action("retrigger", false), ACTION).under(THEIRS),
    ),
    Case::refutes(
        Code::RebuildUnsettled,
        ("task", "decision"),
        ("the template is nested 101 deep", "the template is nested 100 deep"),
        || Scene::of(with_template(|text| text + &nested(100)), "signing-linux64").under(THEIRS),
        || Scene::of(with_template(|text| text + &nested(99)), "signing-linux64").under(THEIRS),
    )
    .verdict(Verdict::Undetermined),
    Case::refutes(
        Code::RebuildUnsettled,
        ("task", "decision"),
        ("the template has more bytes than are read", "it has a few bytes more than it had"),
        || Scene::of(with_template(|text| padded(&text, 16 << 20)), "signing-linux64").under(THEIRS),
        || Scene::of(with_template(|text| padded(&text, 16)), "signing-linux64").under(THEIRS),
    )
    .verdict(Verdict::Undetermined),
    Case::refutes(
        Code::SourceDenied,
        ("task", "decision"),
        ("the server has no push of the decision's revision", "nobody asked the server for it"),
        || {
            let mut world = nightly_2026();
            let url = source_ending(&world, PUSH);
            deny_source(&mut world, &url);
            Scene::of(world, "signing-linux64").under(THEIRS)
        },
        || {
            let mut world = nightly_2026();
            let url = source_ending(&world, PUSH);
            forget_source(&mut world, &url);
            Scene::of(world, "signing-linux64").under(THEIRS)
        },
    )
    .near_verdict(Verdict::Undetermined),
    Case::refutes(
        Code::TasksForNotPermitted,
        ("task", "decision"),
        ("the decision was made for something that Firefox knows nothing of", "it was made for a cron job"),
        || Scene::of(made_for("hg-pull"), "signing-linux64").under(THEIRS),
        || Scene::of(made_for_cron(), "signing-linux64").under(THEIRS),
    )
    .also(&[Code::TaskNotRebuilt]),
    Case::remarks(
        Code::TasksForMismatch,
        ("task", "decision"),
        ("a decision of a tree on hg.mozilla.org was made for a push to GitHub", "it was made for a cron job"),
        || Scene::of(made_for("github-push"), "signing-linux64").under(THEIRS),
        || Scene::of(made_for_cron(), "signing-linux64").under(THEIRS),
    )
    .verdict(Verdict::Refuted)
    .also(&[Code::TaskNotRebuilt, Code::SourceMalformed]),
    Case::refutes(
        Code::DecisionCommandUnusual,
        ("task", "decision"),
        ("in 2017 the decision ran something else", "it ran the same from where it was later"),
        || {
            Scene::of(commanded(|command| command[0] = "/home/worker/bin/ran-task".into()), "signing-linux64")
                .under(OF_2017)
        },
        || {
            let edit = |command: &mut Value| command[0] = "/builds/worker/bin/run-task".into();
            Scene::of(commanded(edit), "signing-linux64").under(OF_2017)
        },
    ),
    Case::refutes(
        Code::DecisionCommandUnusual,
        ("task", "decision"),
        ("in 2017 the decision ran a command more", "it changed its folder once more"),
        || Scene::of(line_of("cd /home/worker && true"), "signing-linux64").under(OF_2017),
        || Scene::of(line_of("cd /home/worker && cd /home"), "signing-linux64").under(OF_2017),
    ),
    Case::remarks(
        Code::DecisionCommandUnseen,
        ("task", "decision"),
        ("in 2017 the decision ran a command more, where nobody looked", "it went to a folder of that name"),
        || Scene::of(line_of("cd /home/worker; true"), "signing-linux64").under(OF_2017),
        || Scene::of(line_of("cd /home/worker/true"), "signing-linux64").under(OF_2017),
    ),
];

/// The rule book of the time in which the commands of decision tasks were looked at.
const OF_2017: &str = "scriptworker-4.1.2";

/// How the address of the push ends.
const PUSH: &str = "&version=2&full=1";

/// A task that a tree gives beside the decision.
const ANOTHER_TASK: &str = "  - $if: 'tasks_for == \"hg-push\"'
    then:
      provisionerId: gecko-3
      workerType: images-gcp
      payload: {}
";

/// The decision ran another definition.
fn decided(edit: impl FnOnce(&mut Value)) -> World {
    let mut world = nightly_2026();
    redefine_alone(&mut world, "decision", edit);
    world
}

/// The tree has another template.
fn with_template(edit: impl FnOnce(String) -> String) -> World {
    let mut world = nightly_2026();
    edit_source(&mut world, ".taskcluster.yml", edit);
    world
}

/// The list of projects lacks one.
fn without_project(name: &str) -> World {
    let mut world = nightly_2026();
    edit_source(&mut world, "projects.yml", |text| {
        let start = text.find(&format!("{name}:\n")).unwrap();
        let end = text[start..].find("trust_domain: gecko\n").unwrap() + start + "trust_domain: gecko\n".len();
        format!("{}{}", &text[..start], &text[end..])
    });
    world
}

/// A member of the template that holds lists in lists.
fn nested(depth: usize) -> String {
    format!("nested: {}{}\n", "[".repeat(depth), "]".repeat(depth))
}

/// A text with a comment of some length at its end.
fn padded(text: &str, length: usize) -> String {
    format!("{text}# {}\n", "x".repeat(length))
}

fn made_for(reason: &str) -> World {
    decided(|task| task["extra"]["tasks_for"] = reason.into())
}

/// The decision was made for a cron job, and is what the tree makes of one.
fn made_for_cron() -> World {
    decided(|task| {
        let routes = task["routes"].as_array_mut().unwrap();
        routes.truncate(4);
        routes.iter_mut().skip(1).for_each(|route| *route = format!("{}-nightly", route.as_str().unwrap()).into());
        task["priority"] = "low".into();
        task["scopes"] = json!(["assume:repo:hg.mozilla.org/mozilla-central:cron:nightly"]);
        task["metadata"]["name"] = "Decision Task for cron job nightly".into();
        let owner = task["metadata"]["owner"].as_str().unwrap().to_owned();
        task["metadata"]["owner"] = "cron@noreply.mozilla.org".into();
        task["tags"] = json!({"kind": "cron-task", "worker-implementation": "docker-worker"});
        task["payload"]["env"]["GECKO_COMMIT_MSG"] = "".into();
        let command = &mut task["payload"]["command"][6];
        let line = command.as_str().unwrap().replace("'hg-push'", "'cron'");
        *command = line.replace(&format!("'{owner}'"), "'cron@noreply.mozilla.org'").into();
        task["extra"] = json!({
            "tasks_for": "cron",
            "treeherder": {"machine": {"platform": "gecko-decision"}, "groupSymbol": "cron", "symbol": "N"},
            "cron": r#"{"job_name":"nightly","job_symbol":"N"}"#,
        });
    })
}

/// The decision of 2017 ran another command.
fn commanded(edit: impl FnOnce(&mut Value)) -> World {
    let mut world = nightly_2017();
    redefine_alone(&mut world, "decision", |task| edit(&mut task["payload"]["command"]));
    world
}

/// The shell of the decision of 2017 ran this before all else.
fn line_of(start: &str) -> World {
    commanded(|command| {
        let line = command.as_array_mut().unwrap().last_mut().unwrap();
        *line = format!("{start} && {}", line.as_str().unwrap()).into();
    })
}

/// The id of an action task, which the sample does not have.
const ACTION: &str = "AnActionOfSomeone00001";

/// Somebody had a task run again: an action task by the hook of the decision, or by one of another name. Whether its
/// variables name itself as its task group.
fn with_action(callback: &str, is_own_group: bool) -> World {
    let mut world = nightly_2026();
    let decision = world.task_id("decision").unwrap().to_owned();
    let definition = world.json(&world.definition_path("decision").unwrap()).unwrap();
    let mut action = definition.clone();
    action["scopes"] = json!(["assume:repo:hg.mozilla.org/mozilla-central:action:generic"]);
    action["routes"] = json!([]);
    action["metadata"]["name"] = "Action: Retrigger".into();
    action["extra"] = json!({"tasks_for": "action", "parent": decision, "action": {"name": callback}});
    action["payload"]["env"]["ACTION_CALLBACK"] = callback.into();
    action["payload"]["env"]["ACTION_TASK_ID"] = "null".into();
    action["payload"]["env"]["ACTION_TASK_GROUP_ID"] = decision.as_str().into();
    let template = template_of_action(&action);
    edit_source(&mut world, ".taskcluster.yml", |text| format!("{text}{template}"));
    action["extra"]["action"]["context"] = json!({
        "clientId": "mozilla-auth0/somebody",
        "input": {},
        "taskId": null,
        "taskGroupId": decision,
    });
    if is_own_group {
        action["payload"]["env"]["ACTION_TASK_GROUP_ID"] = ACTION.into();
    }
    copy_alone(&mut world, "decision", ACTION, |scratch| {
        let path = scratch.definition_path("decision").unwrap();
        scratch.edit_json(&path, |task| *task = action).unwrap();
    });
    world
}

/// The entry of a template that gives an action task such as this.
fn template_of_action(action: &Value) -> String {
    let mut task = action.clone();
    task["taskGroupId"] = "${action.taskGroupId}".into();
    task["scopes"] = json!(["${action.repo_scope}"]);
    task["created"] = json!({"$fromNow": ""});
    task["deadline"] = json!({"$fromNow": "1 day"});
    task["metadata"]["name"] = "Action: ${action.title}".into();
    task["metadata"]["source"] = "${repository.url}/raw-file/${push.revision}/.taskcluster.yml".into();
    task["payload"]["env"]["ACTION_CALLBACK"] = "${action.cb_name}".into();
    task["payload"]["env"]["ACTION_TASK_ID"] = json!({"$json": {"$eval": "taskId"}});
    task["payload"]["env"]["ACTION_TASK_GROUP_ID"] = "${action.taskGroupId}".into();
    task["extra"] = json!({
        "tasks_for": "${tasks_for}",
        "parent": "${action.taskGroupId}",
        "action": {
            "name": "${action.name}",
            "context": {
                "clientId": "${clientId}",
                "input": {"$eval": "input"},
                "taskId": {"$eval": "taskId"},
                "taskGroupId": "${taskGroupId}",
            },
        },
    });
    format!("  - $if: 'tasks_for == \"action\"'\n    then: {task}\n")
}
