use cotrace::model::Code;
use cotrace_generator::World;
use serde_json::{Value, json};

use super::Case;
use super::edits::{copy_task, edit_bytes, edit_graph, edit_status, graph_path, redefine_alone};
use crate::support::{Scene, nightly_2026};

pub(super) const CASES: &[Case] = &[
    Case::refutes(
        Code::GraphMalformed,
        ("graph", "decision"),
        ("the graph ends too early", "the graph ends in a line feed"),
        || Scene::of(ending(|bytes| bytes[..bytes.len() - 1].to_vec()), "signing-linux64"),
        || Scene::of(ending(|bytes| [bytes, b"\n"].concat()), "signing-linux64"),
    ),
    Case::refutes(
        Code::GraphMalformed,
        ("graph", "decision"),
        ("a link's entry has no task", "another task's entry has none"),
        || Scene::of(emptied("signing-linux64"), "signing-linux64"),
        || Scene::of(emptied("test-linux64"), "signing-linux64"),
    ),
    Case::refutes(
        Code::ParentNotPermitted,
        ("task", "build-linux64"),
        (
            "the build names a signing task as its parent, beside which lies a graph",
            "the graph lies there, and nobody names it",
        ),
        || Scene::of(adopted(true), "beetmover-linux64"),
        || Scene::of(adopted(false), "beetmover-linux64"),
    )
    .also(&[Code::ChainCycle]),
    Case::refutes(
        Code::TaskNotInGraph,
        ("task", "signing-linux64"),
        ("the graph does not list a link", "the graph does not list another task"),
        || Scene::of(unlisted("signing-linux64"), "signing-linux64"),
        || Scene::of(unlisted("test-linux64"), "signing-linux64"),
    )
    .also(&[Code::GroupTaskUnlisted])
    .near_also(&[Code::GroupTaskUnlisted]),
    Case::refutes(
        Code::TaskDiffersFromGraph,
        ("task", "build-linux64"),
        ("the build runs longer than the graph says", "the build has another priority, which is ignored"),
        || Scene::of(redefined(|task| task["payload"]["maxRunTime"] = 86_400.into()), "signing-linux64"),
        || Scene::of(redefined(|task| task["priority"] = "highest".into()), "signing-linux64"),
    )
    .near_also(&[Code::GraphDifferenceIgnored]),
    Case::refutes(
        Code::TaskDiffersFromGraph,
        ("task", "build-linux64"),
        ("the build has a key more in its payload", "the build has a key more, which scriptworker never sees"),
        || Scene::of(redefined(|task| task["payload"]["onExitStatus"] = json!({})), "signing-linux64"),
        || Scene::of(redefined(|task| task["onExitStatus"] = json!({})), "signing-linux64"),
    )
    .near_also(&[Code::GraphDifferenceIgnored]),
    Case::refutes(
        Code::TaskDiffersFromGraph,
        ("task", "build-linux64"),
        ("the build depends on a task more", "the build depends on its decision task, as all may"),
        || Scene::of(depending_on("test-linux64"), "signing-linux64"),
        || Scene::of(depending_on("decision"), "signing-linux64"),
    ),
    Case::refutes(
        Code::TaskDiffersFromGraph,
        ("task", "build-linux64"),
        ("an artifact is of another type", "an artifact expires at another moment"),
        || {
            let edit = |task: &mut Value| task["payload"]["artifacts"]["public/build"]["type"] = "volume".into();
            Scene::of(redefined(edit), "signing-linux64")
        },
        || {
            let edit = |task: &mut Value| {
                task["payload"]["artifacts"]["public/build"]["expires"] = "2027-10-06T10:05:44.000Z".into();
            };
            Scene::of(redefined(edit), "signing-linux64")
        },
    )
    .near_also(&[Code::GraphDifferenceIgnored]),
    Case::remarks(
        Code::EqualInPythonOnly,
        ("task", "build-linux64"),
        ("the graph lists 5.0 retries of the queue's 5", "the graph lists 5"),
        || Scene::of(with_retries_listed(5.0.into()), "signing-linux64"),
        || Scene::of(with_retries_listed(5.into()), "signing-linux64"),
    ),
    Case::remarks(
        Code::EqualInPythonOnly,
        ("task", "build-linux64"),
        ("the graph lists true where the task has 1", "the graph lists 1"),
        || Scene::of(with_log_level(true.into()), "signing-linux64"),
        || Scene::of(with_log_level(1.into()), "signing-linux64"),
    ),
    Case::remarks(
        Code::GraphLabelMismatch,
        ("task", "build-linux64"),
        ("the graph calls the build by another label", "the graph says that it is of another kind"),
        || Scene::of(listed_with("label", "build-linux64-shippable/debug"), "signing-linux64"),
        || Scene::of(listed_with("kind", "build-debug"), "signing-linux64"),
    ),
    Case::remarks(
        Code::GraphDifferenceIgnored,
        ("task", "build-linux64"),
        ("the build has a key that the graph lacks", "the queue fills in a key that the graph lacks"),
        || Scene::of(redefined(|task| task["onExitStatus"] = json!({})), "signing-linux64"),
        || Scene::of(redefined(|task| task["schedulerId"] = "gecko-level-4".into()), "signing-linux64"),
    ),
    Case::remarks(
        Code::GraphDifferenceIgnored,
        ("task", "build-linux64"),
        ("the build lacks a dependency that the graph lists", "the build has the decision as one more"),
        || Scene::of(redefined(|task| task["dependencies"] = json!([])), "signing-linux64"),
        || Scene::of(depending_on("decision"), "signing-linux64"),
    ),
    Case::remarks(
        Code::GroupTaskUnlisted,
        ("graph", "decision"),
        ("a task more, which the graph does not list", "the graph lists it"),
        || Scene::of(with_another_task(false, rework), "signing-linux64"),
        || Scene::of(with_another_task(true, rework), "signing-linux64"),
    ),
    Case::remarks(
        Code::GroupTaskUnlisted,
        ("graph", "decision"),
        ("a task more, which the graph does not list", "an action task more, which no graph lists"),
        || Scene::of(with_another_task(false, rework), "signing-linux64"),
        || {
            let act = |task: &mut Value| {
                rework(task);
                task["extra"]["action"] = json!({"name": "retrigger"});
            };
            Scene::of(with_another_task(false, act), "signing-linux64")
        },
    ),
    Case::remarks(
        Code::TaskSubmittedAgain,
        ("task", "docker-image"),
        ("somebody submits the task that made the image once more", "the graph lists the second one"),
        || Scene::of(with_another_task(false, |_| ()), "signing-linux64"),
        || Scene::of(with_another_task(true, |_| ()), "signing-linux64"),
    )
    .also(&[Code::GroupTaskUnlisted]),
    Case::remarks(
        Code::TaskSubmittedAgain,
        ("task", "docker-image"),
        ("it is submitted in no group", "it is submitted so with another payload"),
        || Scene::of(with_another_task(false, alone), "signing-linux64"),
        || {
            let edit = |task: &mut Value| {
                alone(task);
                task["payload"]["maxRunTime"] = 1.into();
            };
            Scene::of(with_another_task(false, edit), "signing-linux64")
        },
    ),
    Case::remarks(
        Code::GraphTaskNotRun,
        ("graph", "decision"),
        ("a test of the graph waits for a worker", "a worker runs it"),
        || Scene::of(test_that_is("pending"), "signing-linux64"),
        || Scene::of(test_that_is("running"), "signing-linux64"),
    ),
];

/// The graph says something else of the build, beside its definition.
fn listed_with(key: &str, text: &str) -> World {
    let mut world = nightly_2026();
    let id = world.task_id("build-linux64").unwrap().to_owned();
    edit_graph(&mut world, |graph| {
        assert!(graph[&id][key].is_string());
        graph[&id][key] = text.into();
    });
    world
}

/// One docker-image task more than the sample has, edited.
fn with_another_task(is_listed: bool, edit: impl Fn(&mut Value)) -> World {
    let mut world = nightly_2026();
    copy_task(&mut world, "docker-image", OTHER_TASK, edit);
    edit_graph(&mut world, |graph| {
        if !is_listed {
            graph.as_object_mut().unwrap().remove(OTHER_TASK).unwrap();
        }
    });
    world
}

/// Not the work of any other task.
fn rework(task: &mut Value) {
    task["payload"]["maxRunTime"] = 1.into();
}

/// As a task is that was submitted without a group: its id is that of its group.
fn alone(task: &mut Value) {
    task["taskGroupId"] = OTHER_TASK.into();
    task["extra"].as_object_mut().unwrap().remove("parent");
}

/// The id of a task that the sample does not have.
const OTHER_TASK: &str = "ATaskThatIsNotThere001";

/// The one run of the test is in this state, and has not ended.
fn test_that_is(state: &str) -> World {
    let mut world = nightly_2026();
    edit_status(&mut world, "test-linux64", |status| {
        let status = &mut status["status"];
        status["state"] = state.into();
        let run = status["runs"][0].as_object_mut().unwrap();
        run.insert("state".to_owned(), state.into());
        run.remove("resolved").unwrap();
        run.remove("reasonResolved").unwrap();
        if state == "pending" {
            for key in ["started", "takenUntil", "workerGroup", "workerId"] {
                run.remove(key).unwrap();
            }
        }
    });
    world
}

fn ending(edit: impl FnOnce(&[u8]) -> Vec<u8>) -> World {
    let mut world = nightly_2026();
    let path = graph_path(&world);
    edit_bytes(&mut world, &path, |bytes| edit(&bytes));
    world.attest("decision").unwrap();
    world
}

fn emptied(label: &str) -> World {
    let mut world = nightly_2026();
    let id = world.task_id(label).unwrap().to_owned();
    edit_graph(&mut world, |graph| graph[&id] = json!({}));
    world
}

fn unlisted(label: &str) -> World {
    let mut world = nightly_2026();
    let id = world.task_id(label).unwrap().to_owned();
    edit_graph(&mut world, |graph| {
        graph.as_object_mut().unwrap().remove(&id).unwrap();
    });
    world
}

/// The build ran another definition than the graph lists.
fn redefined(edit: impl FnOnce(&mut Value)) -> World {
    let mut world = nightly_2026();
    redefine_alone(&mut world, "build-linux64", edit);
    world
}

/// A build with a command of its own, which the graph beside the signing task lists; as its parent, or not.
fn adopted(as_parent: bool) -> World {
    let mut world = nightly_2026();
    let [signing, build] = ["signing-linux64", "build-linux64"].map(|label| world.task_id(label).unwrap().to_owned());
    if as_parent {
        redefine_alone(&mut world, "build-linux64", |task| {
            task["extra"]["parent"] = signing.into();
            task["payload"]["command"] = json!(["evil"]);
        });
    }
    let definition = world.json(&world.definition_path("build-linux64").unwrap()).unwrap();
    let graph = json!({ build: { "task": definition } });
    let path = world.artifact_path("signing-linux64", "public/task-graph.json").unwrap();
    world.put(&path, graph.to_string());
    world
}

fn depending_on(label: &str) -> World {
    let id = nightly_2026().task_id(label).unwrap().to_owned();
    redefined(|task| task["dependencies"].as_array_mut().unwrap().push(id.into()))
}

/// The graph lists the build with these retries; the queue says 5.
fn with_retries_listed(retries: Value) -> World {
    let mut world = nightly_2026();
    let id = world.task_id("build-linux64").unwrap().to_owned();
    edit_graph(&mut world, |graph| graph[&id]["task"]["retries"] = retries);
    world
}

/// The build has a setting of 1, and the graph lists this.
fn with_log_level(listed: Value) -> World {
    let mut world = redefined(|task| task["payload"]["logLevel"] = 1.into());
    let id = world.task_id("build-linux64").unwrap().to_owned();
    edit_graph(&mut world, |graph| graph[&id]["task"]["payload"]["logLevel"] = listed);
    world
}
