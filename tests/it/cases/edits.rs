//! What is done to worlds.

use cotrace::model::VERIFICATION_LOG;
use cotrace_generator::World;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The path of the decision task's graph.
pub(super) fn graph_path(world: &World) -> String {
    world.artifact_path("decision", "public/task-graph.json").unwrap()
}

/// Edits the graph, and has the decision task attest it.
pub(super) fn edit_graph(world: &mut World, edit: impl FnOnce(&mut Value)) {
    let path = graph_path(world);
    world.edit_json(&path, edit).unwrap();
    world.attest("decision").unwrap();
}

/// Edits a definition, and has the worker attest it: the graph lists another one then.
pub(super) fn redefine_alone(world: &mut World, label: &str, edit: impl FnOnce(&mut Value)) {
    let path = world.definition_path(label).unwrap();
    world.edit_json(&path, edit).unwrap();
    world.attest(label).unwrap();
}

/// Edits a definition and its entry in the graph, and has both attested: a graph that was so from the beginning.
pub(crate) fn redefine(world: &mut World, label: &str, edit: impl Fn(&mut Value)) {
    let id = world.task_id(label).unwrap().to_owned();
    redefine_alone(world, label, &edit);
    edit_graph(world, |graph| edit(&mut graph[&id]["task"]));
}

/// Edits the status of a task.
pub(super) fn edit_status(world: &mut World, label: &str, edit: impl FnOnce(&mut Value)) {
    let path = world.status_path(label).unwrap();
    world.edit_json(&path, edit).unwrap();
}

/// Replaces the first occurrence of a text in a file.
pub(super) fn replace(world: &mut World, path: &str, from: &str, to: &str) {
    let bytes = world.read(path).unwrap();
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes());
    let at = at.unwrap_or_else(|| panic!("{path} does not hold {from:?}"));
    let edited = [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat();
    world.put(path, edited);
}

/// Edits the bytes of a file.
pub(super) fn edit_bytes(world: &mut World, path: &str, edit: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let bytes = world.read(path).unwrap().to_vec();
    world.put(path, edit(bytes));
}

/// Edits the text of a task's attestation file as it lies there, and signs nothing.
pub(super) fn edit_attestation_file(world: &mut World, label: &str, edit: impl FnOnce(String) -> String) {
    let path = world.attestation_path(label).unwrap();
    edit_bytes(world, &path, |bytes| edit(String::from_utf8(bytes).unwrap()).into_bytes());
}

/// The path of the queue's listing of a task's last run.
pub(super) fn listing_path(world: &World, label: &str) -> String {
    let folder = world.artifact_path(label, "").unwrap();
    format!("{}.json", folder.trim_end_matches('/'))
}

/// Takes an artifact away: its bytes are not captured.
pub(super) fn uncapture(world: &mut World, label: &str, name: &str) {
    let path = world.artifact_path(label, name).unwrap();
    world.read(&path).unwrap();
    world.remove(&path);
}

/// Takes an artifact out of the queue's listing.
pub(super) fn unlist(world: &mut World, label: &str, name: &str) {
    let path = listing_path(world, label);
    world
        .edit_json(&path, |listing| {
            let artifacts = listing["artifacts"].as_array_mut().unwrap();
            let before = artifacts.len();
            artifacts.retain(|artifact| artifact["name"] != name);
            assert_eq!(artifacts.len() + 1, before);
        })
        .unwrap();
}

/// Notes that the queue answered 404 at a moment.
pub(super) fn deny(world: &mut World, label: &str, what: &[(&str, Option<&str>)], at: &str) {
    let entries: Vec<Value> = what
        .iter()
        .map(|(what, name)| match name {
            Some(name) => json!({"what": what, "runId": 0, "name": name, "status": 404, "at": at}),
            None => json!({"what": what, "status": 404, "at": at}),
        })
        .collect();
    let path = format!("tasks/{}/absent.json", world.task_id(label).unwrap());
    world.put(&path, Value::Array(entries).to_string());
}

/// A scriptworker's task logs the digest of a file that it downloaded of another task, and its worker attests that log.
pub(crate) fn log_digest(world: &mut World, label: &str, of: &str, name: &str, bytes: &[u8]) {
    let upstream = world.task_id(of).unwrap().to_owned();
    let hash = hex::encode(Sha256::digest(bytes));
    let path = world.artifact_path(label, VERIFICATION_LOG).unwrap();
    let line = format!("2017-06-27T11:33:50    DEBUG - /builds/cot/{upstream}/./{name} downloaded; hash is {hash}\n");
    edit_bytes(world, &path, |bytes| [bytes, line.into_bytes()].concat());
    world.attest(label).unwrap();
}

/// The same of another task's attestation as it is now.
pub(crate) fn log_attestation(world: &mut World, label: &str, of: &str) {
    let path = world.attestation_path(of).unwrap();
    let name = path.rsplit_once("/public/").map(|(_, name)| format!("public/{name}")).unwrap();
    let bytes = world.read(&path).unwrap().to_vec();
    log_digest(world, label, of, &name, &bytes);
}

/// Adds a task that is like another one but for what is edited, by its worker. No graph lists it.
pub(super) fn copy_alone(world: &mut World, label: &str, id: &str, edit: impl FnOnce(&mut World)) {
    let folder = format!("tasks/{}/", world.task_id(label).unwrap());
    let mut scratch = world.clone();
    edit(&mut scratch);
    edit_status(&mut scratch, label, |status| status["status"]["taskId"] = id.into());
    scratch.attest(label).unwrap();
    scratch.edit_attestation(label, |body| body["taskId"] = id.into()).unwrap();
    for (path, bytes) in &scratch.files {
        if let Some(rest) = path.strip_prefix(&folder) {
            world.put(&format!("tasks/{id}/{rest}"), bytes.clone());
        }
    }
}

/// Adds a task that is like another one, by its worker, and lists it in the graph. The decision task is not attested
/// anew.
pub(super) fn copy_task(world: &mut World, label: &str, id: &str, edit: impl Fn(&mut Value)) {
    let original = world.task_id(label).unwrap().to_owned();
    copy_alone(world, label, id, |scratch| {
        scratch.edit_json(&scratch.definition_path(label).unwrap(), &edit).unwrap();
    });
    let path = graph_path(world);
    world
        .edit_json(&path, |graph| {
            let mut entry = graph[&original].clone();
            entry["task_id"] = id.into();
            edit(&mut entry["task"]);
            graph[id] = entry;
        })
        .unwrap();
}

/// Gives a task of 2017 also an attestation of the ed25519 form, as runs of the transition in 2019 had: this text, signed
/// with the docker-worker key of 2026, which is listed then.
pub(super) fn attest_in_both_forms(world: &mut World, label: &str, text: &str, signed: &str) {
    let mut scratch = crate::support::nightly_2026();
    let path = scratch.attestation_path("docker-image").unwrap();
    scratch.put(&path, signed);
    scratch.sign("docker-image").unwrap();
    let signature = scratch.read(&format!("{path}.sig")).unwrap().to_vec();
    let name = "public/chain-of-trust.json";
    world.put(&world.artifact_path(label, name).unwrap(), text);
    world.put(&world.artifact_path(label, &format!("{name}.sig")).unwrap(), signature);
    world.put("keys.json", scratch.read("keys.json").unwrap().to_vec());
}

/// What lists the answers of servers.
const SOURCES: &str = "sources/index.json";

/// The one address that a server was asked for and that ends so.
pub(crate) fn source_ending(world: &World, end: &str) -> String {
    let index = world.json(SOURCES).unwrap();
    let ending: Vec<&String> = index.as_object().unwrap().keys().filter(|url| url.ends_with(end)).collect();
    let [url] = ending.as_slice() else { panic!("{} sources end in {end}", ending.len()) };
    (*url).clone()
}

/// A server answers this at an address.
pub(super) fn put_source(world: &mut World, url: &str, content_type: &str, text: &str) {
    remove_source(world, url);
    let sha256 = hex::encode(Sha256::digest(text));
    let file = format!("files/{}", &sha256[..16]);
    world.put(&format!("sources/{file}"), text);
    let entry = json!({"file": file, "sha256": sha256, "status": 200, "content_type": content_type});
    world.edit_json(SOURCES, |index| index[url] = entry).unwrap();
}

/// The text that a server answers at an address.
pub(super) fn source(world: &World, url: &str) -> String {
    let file = world.json(SOURCES).unwrap()[url]["file"].as_str().unwrap().to_owned();
    String::from_utf8(world.read(&format!("sources/{file}")).unwrap().to_vec()).unwrap()
}

/// A server answers something else at the address that ends so.
pub(super) fn edit_source(world: &mut World, end: &str, edit: impl FnOnce(String) -> String) {
    let url = source_ending(world, end);
    let before = source(world, &url);
    let after = edit(before.clone());
    assert_ne!(after, before);
    put_source(world, &url, "text/plain", &after);
}

/// Takes the answer at an address away, if there is one.
fn remove_source(world: &mut World, url: &str) -> bool {
    let file = world.json(SOURCES).unwrap()[url]["file"].as_str().map(str::to_owned);
    let Some(file) = file else { return false };
    world.remove(&format!("sources/{file}"));
    world.edit_json(SOURCES, |index| assert!(index.as_object_mut().unwrap().remove(url).is_some())).unwrap();
    true
}

/// Nobody asked a server for an address.
pub(crate) fn forget_source(world: &mut World, url: &str) {
    assert!(remove_source(world, url));
}

/// A server said that it has nothing at an address.
pub(super) fn deny_source(world: &mut World, url: &str) {
    assert!(remove_source(world, url));
    world.edit_json(SOURCES, |index| index[url] = json!({"status": 404})).unwrap();
}

/// Rewords every text of a value.
pub(super) fn reword(value: &mut Value, edit: impl Fn(&str) -> String) {
    *value = serde_json::from_str(&edit(&value.to_string())).unwrap();
}
