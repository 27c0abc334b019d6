//! What single chains ask of all tasks of a snapshot: stored once, and the same however it came about.

use std::fs;

use cotrace::model::TaskId;
use cotrace::replay::{Replayed, Request, SILENT, SnapshotChoice, Targets, replay};
use cotrace::store::{Access, Case};
use tempfile::TempDir;

use crate::program::{CaseFile, copy, files};
use crate::support::request;

/// Tasks of the generated graph: enough for those ways that only many tasks go.
const TASKS: usize = 200;

fn graph() -> TempDir {
    let folder = TempDir::new().unwrap();
    cotrace_generator::scale::write(&folder.path().join("capture"), TASKS, 3).unwrap();
    folder
}

/// The graph as a second collector saw it, who missed or did not wait for some of it.
fn seen_again(graph: &TempDir) -> TempDir {
    let folder = TempDir::new().unwrap();
    let capture = folder.path().join("capture");
    copy(&graph.path().join("capture"), &capture);
    for (name, path) in files(&capture) {
        let Some((task, of_task)) = name.strip_prefix("tasks/").and_then(|name| name.split_once('/')) else { continue };
        let is_missed = match task.as_bytes()[0] % 4 {
            0 => of_task == "task.json",
            1 => of_task == "status.json",
            2 => of_task.ends_with("chain-of-trust.json"),
            _ => false,
        };
        if is_missed {
            fs::remove_file(path).unwrap();
        }
    }
    folder
}

fn ask(case: &CaseFile, targets: Targets, snapshot: SnapshotChoice) -> Replayed {
    let request = Request { snapshot, ..request(targets) };
    replay(&mut Case::open(&case.path, Access::Keep).unwrap(), &request, SILENT).unwrap()
}

fn outlines(case: &CaseFile) -> Vec<String> {
    let sqlite = case.sqlite();
    let mut statement = sqlite.prepare("SELECT value FROM fact WHERE kind = 'outline' ORDER BY subject").unwrap();
    let values = statement.query_map([], |row| row.get(0)).unwrap();
    values.map(Result::unwrap).collect()
}

#[test]
fn one_chain_asks_for_its_own_facts_and_an_outline() {
    let graph = graph();
    let capture = graph.path().join("capture");
    let case = CaseFile::of(&[&capture]);
    let whole = ask(&case, Targets::All, SnapshotChoice::Newest);
    let of_all = outlines(&case);
    assert_eq!(of_all.len(), 1);
    let target = whole.report.targets.iter().max_by_key(|target| target.links.len()).unwrap();
    let one = ask(&case, Targets::These(vec![target.task_id]), SnapshotChoice::Newest);
    assert_eq!(one.report.targets, std::slice::from_ref(target));
    // Of each link and each witness a handful, and of the others nothing.
    assert_eq!((one.work.examined, one.work.documents), (0, 0));
    assert!(one.work.reused < whole.work.examined / 4, "{:?} of {:?}", one.work, whole.work);
    // Who asks for one chain first makes the same outline.
    let fresh = CaseFile::of(&[&capture]);
    assert_eq!(ask(&fresh, Targets::These(vec![target.task_id]), SnapshotChoice::Newest).report, one.report);
    assert!(outlines(&fresh) == of_all);
}

#[test]
fn a_case_that_can_not_keep_an_outline_does_without() {
    let graph = graph();
    let case = CaseFile::of(&[graph.path().join("capture")]);
    let read_only = |target| {
        let mut case = Case::open(&case.path, Access::Read).unwrap();
        replay(&mut case, &request(Targets::These(vec![target])), SILENT).unwrap()
    };
    let first = case.sqlite().query_row("SELECT min(task_id) FROM task", [], |row| row.get::<_, String>(0));
    let target: TaskId = first.unwrap().parse().unwrap();
    let first = read_only(target);
    assert!(first.work.examined > TASKS as u64, "{:?}", first.work);
    // Each definition is read once, though it is asked for in the outline and in the chain.
    assert!(first.work.documents < (TASKS + TASKS / 2) as u64, "{:?}", first.work);
    assert_eq!(case.number("SELECT count(*) FROM fact"), 0);
    assert_eq!(ask(&case, Targets::These(vec![target]), SnapshotChoice::Newest).report, first.report);
    assert_eq!(outlines(&case).len(), 1);
}

/// All tasks are known by what was read of them, single ones by the outlines of the snapshots: both come to the same.
#[test]
fn joined_outlines_are_the_outline_of_joined_snapshots() {
    let graph = graph();
    let again = seen_again(&graph);
    let case = CaseFile::of(&[graph.path().join("capture"), again.path().join("capture")]);
    assert_eq!(case.number("SELECT count(*) FROM snapshot"), 2);
    let whole = ask(&case, Targets::All, SnapshotChoice::Union).report;
    assert!(whole.targets.len() > TASKS / 2);
    assert!(outlines(&case).is_empty());
    for target in whole.targets.iter().step_by(7) {
        let one = ask(&case, Targets::These(vec![target.task_id]), SnapshotChoice::Union).report;
        assert_eq!(one.targets, std::slice::from_ref(target));
    }
    assert_eq!(outlines(&case).len(), 2);
    // Each snapshot by itself says less than both, so the question was one.
    let alone = ask(&case, Targets::All, SnapshotChoice::Newest).report;
    assert!(alone.targets.iter().any(|target| !whole.targets.contains(target)));
}

#[test]
fn an_outline_that_was_changed_is_told() {
    let graph = graph();
    let case = CaseFile::of(&[graph.path().join("capture")]);
    case.run(["replay", "--all"]);
    case.run(["case", "verify"]).exits(0);
    let changed =
        "UPDATE fact SET value = replace(value, '\"hasRun\":true', '\"hasRun\":false') WHERE kind = 'outline'";
    assert_eq!(case.sqlite().execute(changed, []).unwrap(), 1);
    let told = case.run(["case", "verify"]).exits(1).text();
    assert!(told.contains("fact outline"), "{told}");
}
