//! A capture in memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::attestation::{Attestation, Era, Worker, with_image_artifact};
use crate::json::{self, Escape, Style};
use crate::keys::{self, OpenPgpKey, Signer};
use crate::{clearsign, clock, ids};

/// A capture in memory: relative path to bytes, plus what its maker knows about it.
#[derive(Clone, Debug)]
pub struct World {
    /// Every file of the capture, by its path below the capture's directory.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The tasks that a verifier is expected to judge, with the verdict that it must give.
    pub targets: Vec<Target>,
    /// Every task by its label.
    known: BTreeMap<String, Known>,
    era: Era,
}

/// A task that a verifier is expected to judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The short name by which [`World::task_id`] finds it.
    pub label: String,
    /// Its id.
    pub task_id: String,
    /// The task type under which it is verified.
    pub task_type: String,
    /// The product whose rules apply.
    pub product: String,
    /// The expected verdict.
    pub verdict: String,
    /// The codes of findings that it must have.
    pub findings: Vec<&'static str>,
}

/// What the maker knows of a task, and the capture does not say.
#[derive(Clone, Debug)]
struct Known {
    task_id: String,
    worker: Worker,
    /// Whose key signs its attestation.
    signer: Signer,
    environment: Value,
    /// How long before its run resolved the worker signed.
    lead: i64,
}

/// One run of a task to be added.
pub(crate) struct Run {
    pub(crate) group: String,
    pub(crate) worker: String,
    pub(crate) scheduled: i64,
    pub(crate) started: i64,
    pub(crate) resolved: i64,
    /// The machine went away, and the queue tried again.
    pub(crate) shutdown: bool,
}

/// A task to be added.
pub(crate) struct NewTask<'a> {
    pub(crate) label: &'a str,
    pub(crate) task_id: &'a str,
    pub(crate) worker: Worker,
    /// Whose key signs its attestation.
    pub(crate) signer: Signer,
    pub(crate) definition: &'a Value,
    pub(crate) runs: &'a [Run],
    pub(crate) artifacts: Vec<(String, Vec<u8>)>,
    pub(crate) environment: Value,
    /// How long before its run resolved the worker signed, in milliseconds; no attestation without it.
    pub(crate) attested: Option<i64>,
    /// Whether the capture has the queue's list of artifacts.
    pub(crate) listed: bool,
}

impl World {
    pub(crate) fn new(era: Era) -> Self {
        Self { files: BTreeMap::new(), targets: Vec::new(), known: BTreeMap::new(), era }
    }

    /// Writes the capture; refuses a directory that exists.
    pub fn write_to(&self, dir: &Path) -> Result<()> {
        if dir.symlink_metadata().is_ok() {
            bail!("{} exists already", dir.display());
        }
        for (path, bytes) in &self.files {
            let target = dir.join(path);
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
            }
            fs::write(&target, bytes).with_context(|| format!("cannot write {}", target.display()))?;
        }
        Ok(())
    }

    /// The bytes of a file.
    pub fn read(&self, path: &str) -> Result<&[u8]> {
        self.files.get(path).map(Vec::as_slice).with_context(|| format!("there is no file {path}"))
    }

    /// A file as JSON.
    pub fn json(&self, path: &str) -> Result<Value> {
        serde_json::from_slice(self.read(path)?).with_context(|| format!("{path} is not JSON"))
    }

    /// Edits a JSON file, and rewrites it in the layout that it had (one line or indented, ASCII only or not).
    pub fn edit_json(&mut self, path: &str, edit: impl FnOnce(&mut Value)) -> Result<()> {
        let old = self.read(path)?;
        let indent = old.trim_ascii_end().contains(&b'\n');
        let escape = if old.is_ascii() { Escape::Ascii } else { Escape::Needed };
        let end = if old.ends_with(b"\n") { "\n" } else { "" };
        let mut value = self.json(path)?;
        edit(&mut value);
        let text = json::print(&value, Style { indent, sort: false, escape }) + end;
        self.put(path, text);
        Ok(())
    }

    /// Takes a file away.
    pub fn remove(&mut self, path: &str) {
        self.files.remove(path);
    }

    /// Adds a file, or replaces it.
    pub fn put(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.files.insert(path.to_owned(), bytes.into());
    }

    pub(crate) fn era(&self) -> Era {
        self.era
    }

    /// The labels of all tasks.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.known.keys().map(String::as_str)
    }

    /// The id of the task with this label, of all tasks and not only the targets.
    pub fn task_id(&self, label: &str) -> Result<&str> {
        Ok(&self.known(label)?.task_id)
    }

    /// The path of a task's definition.
    pub fn definition_path(&self, label: &str) -> Result<String> {
        Ok(format!("tasks/{}/definition.json", self.task_id(label)?))
    }

    /// The path of a task's status.
    pub fn status_path(&self, label: &str) -> Result<String> {
        Ok(format!("tasks/{}/status.json", self.task_id(label)?))
    }

    /// The path of an artifact of a task's last run.
    pub fn artifact_path(&self, label: &str, name: &str) -> Result<String> {
        Ok(self.run_folder(label)? + name)
    }

    /// The path of a task's attestation: the clear-signed file, or the JSON file beside its signature.
    pub fn attestation_path(&self, label: &str) -> Result<String> {
        self.artifact_path(
            label,
            match self.era {
                Era::OpenPgp => "public/chainOfTrust.json.asc",
                Era::Ed25519 => "public/chain-of-trust.json",
            },
        )
    }

    /// The text of a task's attestation as it is now.
    pub fn attestation(&self, label: &str) -> Result<String> {
        let bytes = self.read(&self.attestation_path(label)?)?;
        match self.era {
            Era::OpenPgp => clearsign::text_of(bytes),
            Era::Ed25519 => String::from_utf8(bytes.to_vec()).context("the attestation is not UTF-8"),
        }
    }

    /// Makes the attestation of a task's last run anew, from its definition, status and artifacts as they are now, and
    /// signs it with its worker's key: what an insider would do after a change.
    pub fn attest(&mut self, label: &str) -> Result<()> {
        let body = self.fresh_body(label)?;
        self.state_signed(label, &body)
    }

    /// Edits the body of an attestation and signs it with its worker's key: a worker that lies.
    pub fn edit_attestation(&mut self, label: &str, edit: impl FnOnce(&mut Value)) -> Result<()> {
        let mut body = serde_json::from_str(&self.attestation(label)?).context("the attestation is not JSON")?;
        edit(&mut body);
        self.state_signed(label, &body)
    }

    /// Signs the attestation as it is now with its worker's key.
    pub fn sign(&mut self, label: &str) -> Result<()> {
        self.sign_as(label, self.known(label)?.signer)
    }

    /// Signs the attestation as it is now with any key, in the format of the task's own worker.
    pub fn sign_as(&mut self, label: &str, key: Signer) -> Result<()> {
        let text = self.attestation(label)?;
        self.sign_text(label, &text, key, None, &[])
    }

    /// Signs the attestation as it is now with any key, and states these OpenPGP subpackets (each with its length and
    /// type) in the part of the signature that it covers; an ed25519 signature states nothing.
    pub fn sign_stating(&mut self, label: &str, key: Signer, subpackets: &[u8]) -> Result<()> {
        let text = self.attestation(label)?;
        self.sign_text(label, &text, key, None, subpackets)
    }

    /// Signs the attestation as it is now with any key, and states this time (seconds since 1970) in the signature; an
    /// ed25519 signature states none.
    pub fn sign_at(&mut self, label: &str, key: Signer, made: u32) -> Result<()> {
        let text = self.attestation(label)?;
        self.sign_text(label, &text, key, Some(made), &[])
    }

    pub(crate) fn add(&mut self, task: NewTask<'_>) -> Result<()> {
        let run_id = task.runs.len().checked_sub(1).context("a finished task has a run")?;
        let folder = format!("tasks/{}/", task.task_id);
        self.put(&format!("{folder}definition.json"), json::print(task.definition, json::JAVASCRIPT));
        let status = status(task.task_id, task.definition, task.runs)?;
        self.put(&format!("{folder}status.json"), json::print(&status, json::JAVASCRIPT));
        for (name, bytes) in task.artifacts {
            self.put(&format!("{folder}artifacts/{run_id}/{name}"), bytes);
        }
        let known = Known {
            task_id: task.task_id.to_owned(),
            worker: task.worker,
            signer: task.signer,
            environment: task.environment,
            lead: task.attested.unwrap_or_default(),
        };
        self.known.insert(task.label.to_owned(), known);
        if task.attested.is_some() {
            self.attest(task.label)?;
        }
        if task.listed {
            let listing = self.listing(&format!("{folder}artifacts/{run_id}/"), &task.definition["expires"]);
            self.put(&format!("{folder}artifacts/{run_id}.json"), json::print(&listing, json::JAVASCRIPT));
        }
        Ok(())
    }

    /// Leaves out all tasks but these, and all targets.
    pub(crate) fn keep(&mut self, labels: &[&str]) -> Result<()> {
        for label in labels {
            self.known(label)?;
        }
        let gone: Vec<String> = self.known.keys().filter(|label| !labels.contains(&label.as_str())).cloned().collect();
        for label in gone {
            if let Some(known) = self.known.remove(&label) {
                let folder = format!("tasks/{}/", known.task_id);
                self.files.retain(|path, _| !path.starts_with(&folder));
            }
        }
        self.targets.clear();
        Ok(())
    }

    /// Adds a target that must be verified.
    pub(crate) fn target(&mut self, label: &str, task_type: &str) -> Result<()> {
        self.target_with(label, task_type, "verified", &[])
    }

    /// Adds a target with its verdict, and the codes of findings that it must have.
    pub(crate) fn target_with(
        &mut self,
        label: &str,
        task_type: &str,
        verdict: &str,
        findings: &[&'static str],
    ) -> Result<()> {
        let target = Target {
            label: label.to_owned(),
            task_id: self.task_id(label)?.to_owned(),
            task_type: task_type.to_owned(),
            product: "firefox".to_owned(),
            verdict: verdict.to_owned(),
            findings: findings.to_vec(),
        };
        self.targets.push(target);
        Ok(())
    }

    /// Writes what importers pass over: the expected verdicts.
    pub(crate) fn put_verdicts(&mut self) {
        let targets: Vec<Value> = self
            .targets
            .iter()
            .map(|target| {
                let mut stated = json!({
                    "label": target.label,
                    "taskId": target.task_id,
                    "taskType": target.task_type,
                    "product": target.product,
                    "verdict": target.verdict,
                });
                if !target.findings.is_empty() {
                    stated["findings"] = json!(target.findings);
                }
                stated
            })
            .collect();
        self.put_indented("verdicts.json", &json!({ "targets": targets }));
    }

    /// Writes the capture's description, with a table of all tasks where the prose says `{tasks}`.
    pub(crate) fn put_readme(&mut self, prose: &str) {
        let mut table = "| label | task | worker | expected |\n| --- | --- | --- | --- |\n".to_owned();
        for (label, known) in &self.known {
            let target = self.targets.iter().find(|target| target.label == *label);
            let expected = target.map_or_else(
                || "not a target".to_owned(),
                |target| {
                    let findings = target.findings.iter().map(|code| format!(", `{code}`")).collect::<String>();
                    format!("{} as `{}`{findings}", target.verdict, target.task_type)
                },
            );
            let role = known.worker.role();
            table.push_str(&format!("| `{label}` | `{}` | {role} | {expected} |\n", known.task_id));
        }
        self.put("README.md", prose.replace("{tasks}\n", &table));
    }

    /// Writes a JSON file of ours, indented, with an end of line.
    pub(crate) fn put_indented(&mut self, path: &str, value: &Value) {
        self.put(path, json::print(value, json::JAVASCRIPT_INDENTED) + "\n");
    }

    /// Writes the answers of version-control and configuration servers: address, content type, file, bytes.
    pub(crate) fn put_sources(&mut self, sources: &[(String, &str, &str, String)]) {
        let mut index = serde_json::Map::new();
        for (url, content_type, name, text) in sources {
            let file = format!("files/{name}");
            index.insert(
                url.clone(),
                json!({"file": file, "sha256": ids::sha256(text.as_bytes()), "status": 200, "content_type": content_type}),
            );
            self.put(&format!("sources/{file}"), text.as_bytes());
        }
        self.put_indented("sources/index.json", &Value::Object(index));
    }

    /// The label of a task.
    pub(crate) fn label_of(&self, task_id: &str) -> Option<&str> {
        self.known.iter().find(|(_, known)| known.task_id == task_id).map(|(label, _)| label.as_str())
    }

    /// The names of the artifacts of a task's last run.
    pub(crate) fn artifact_names(&self, label: &str) -> Result<Vec<String>> {
        let folder = self.run_folder(label)?;
        Ok(self.below(&folder).map(|(name, _)| name.to_owned()).collect())
    }

    fn known(&self, label: &str) -> Result<&Known> {
        self.known.get(label).with_context(|| format!("there is no task labelled {label:?}"))
    }

    fn last_run(&self, label: &str) -> Result<Value> {
        let path = self.status_path(label)?;
        let status = self.json(&path)?;
        let runs = status["status"]["runs"].as_array();
        runs.and_then(|runs| runs.last()).cloned().with_context(|| format!("{path} has no run"))
    }

    fn run_folder(&self, label: &str) -> Result<String> {
        Ok(format!("tasks/{}/artifacts/{}/", self.task_id(label)?, self.last_run(label)?["runId"]))
    }

    fn fresh_body(&self, label: &str) -> Result<Value> {
        let known = self.known(label)?;
        let definition = self.json(&self.definition_path(label)?)?;
        let run = self.last_run(label)?;
        let mut environment = known.environment.clone();
        if let Some(digest) = self.image_digest(&definition)? {
            environment = with_image_artifact(environment, &digest);
        }
        let artifacts = self.artifact_digests(&self.run_folder(label)?, known.worker)?;
        Attestation {
            worker: known.worker,
            definition: &definition,
            task_id: &known.task_id,
            run: &run,
            artifacts: &artifacts,
            environment,
        }
        .body()
    }

    /// The artifacts that a worker attests, in the order of their names.
    fn artifact_digests(&self, folder: &str, worker: Worker) -> Result<Vec<(String, String)>> {
        let aliases = match self.files.get(&format!("{}.names.json", folder.trim_end_matches('/'))) {
            Some(bytes) => serde_json::from_slice::<BTreeMap<String, String>>(bytes)?,
            None => BTreeMap::new(),
        };
        let mut digests = Vec::new();
        for (file, bytes) in self.below(folder) {
            let alias = aliases.iter().find(|(_, carrier)| *carrier == file).map(|(name, _)| name.as_str());
            let name = alias.unwrap_or(file);
            if worker.attests(name) {
                digests.push((name.to_owned(), ids::sha256(bytes)));
            }
        }
        digests.sort();
        Ok(digests)
    }

    fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        let from = self.files.range(folder.to_owned()..);
        from.map_while(move |(path, bytes)| Some((path.strip_prefix(folder)?, bytes.as_slice())))
    }

    /// The digest of the image that a docker-worker loads, where an image task made it.
    fn image_digest(&self, definition: &Value) -> Result<Option<String>> {
        let image = &definition["payload"]["image"];
        let (Some(task_id), Some(path)) = (image["taskId"].as_str(), image["path"].as_str()) else { return Ok(None) };
        let Some(label) = self.label_of(task_id) else { return Ok(None) };
        let path = self.artifact_path(label, path)?;
        Ok(self.files.get(&path).map(|bytes| ids::sha256(bytes)))
    }

    /// Prints a body as the task's worker does, stores it and signs it.
    fn state_signed(&mut self, label: &str, body: &Value) -> Result<()> {
        let Known { worker, signer, .. } = *self.known(label)?;
        let text = worker.print(self.era, body);
        if self.era == Era::Ed25519 {
            let path = self.attestation_path(label)?;
            self.put(&path, text.as_bytes());
        }
        self.sign_text(label, &text, signer, None, &[])
    }

    fn sign_text(&mut self, label: &str, text: &str, key: Signer, made: Option<u32>, more: &[u8]) -> Result<()> {
        let path = self.attestation_path(label)?;
        match self.era {
            Era::Ed25519 => {
                let signature = keys::ed25519_sign(&keys::ed25519(key)?, text.as_bytes());
                self.put(&format!("{path}.sig"), signature);
            }
            Era::OpenPgp => {
                let known = self.known(label)?;
                let made = match made {
                    Some(made) => made,
                    None => {
                        let run = self.last_run(label)?;
                        let resolved = run["resolved"].as_str().context("the run has not been resolved")?;
                        u32::try_from((clock::moment(resolved)? - known.lead) / clock::SECOND)?
                    }
                };
                let framing = known.worker.framing();
                let signed = clearsign::clear_sign(framing, text, &mut OpenPgpKey::of(key)?, made, more)?;
                self.put(&path, signed);
            }
        }
        Ok(())
    }

    fn listing(&self, folder: &str, expires: &Value) -> Value {
        let artifacts: Vec<Value> = self
            .below(folder)
            .map(|(name, _)| {
                let content_type = match name.rsplit('.').next() {
                    Some("json") => "application/json",
                    Some("yml") => "application/x-yaml",
                    Some("log" | "txt" | "checksums" | "asc") => "text/plain; charset=utf-8",
                    Some("zip") => "application/zip",
                    _ => "application/octet-stream",
                };
                json!({"storageType": "s3", "name": name, "expires": expires, "contentType": content_type})
            })
            .collect();
        json!({ "artifacts": artifacts })
    }
}

/// The queue's status of a finished task.
pub(crate) fn status(task_id: &str, definition: &Value, runs: &[Run]) -> Result<Value> {
    let mut out = Vec::new();
    for (id, run) in runs.iter().enumerate() {
        out.push(json!({
            "runId": id,
            "state": if run.shutdown { "exception" } else { "completed" },
            "reasonCreated": if id == 0 { "scheduled" } else { "retry" },
            "reasonResolved": if run.shutdown { "worker-shutdown" } else { "completed" },
            "workerGroup": run.group,
            "workerId": run.worker,
            "takenUntil": clock::text(run.resolved + 13 * clock::MINUTE + 211)?,
            "scheduled": clock::text(run.scheduled)?,
            "started": clock::text(run.started)?,
            "resolved": clock::text(run.resolved)?,
        }));
    }
    let mut status = serde_json::Map::new();
    status.insert("taskId".to_owned(), task_id.into());
    let from = [
        "provisionerId",
        "workerType",
        "taskQueueId",
        "schedulerId",
        "projectId",
        "taskGroupId",
        "deadline",
        "expires",
    ];
    for key in from {
        if let Some(value) = definition.get(key) {
            status.insert(key.to_owned(), value.clone());
        }
    }
    let retries = definition["retries"].as_u64().unwrap_or(5);
    let retries_left = retries.saturating_sub(runs.iter().filter(|run| run.shutdown).count() as u64);
    status.insert("retriesLeft".to_owned(), retries_left.into());
    status.insert("state".to_owned(), "completed".into());
    status.insert("runs".to_owned(), out.into());
    Ok(json!({ "status": status }))
}
