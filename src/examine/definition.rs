//! What a task definition says.

use super::ambiguity::ambiguities;
use super::decision_command::{unseen, unusual};
use super::reading::Reading;
use crate::formats::json::{Text, Value, to_sorted_string};
use crate::model::{
    Definition, Digest, Edge, FewMap, ImageKind, Moment, Origin, TaskImage, UpstreamArtifact, WorkerHints,
};

/// Raised when the answers of this file could change.
pub const VERSION: u32 = 5;

/// Examines a definition.
pub fn examine(definition: &Reading) -> Definition {
    match definition.document() {
        Ok(document) => Definition { ambiguities: ambiguities(document), ..shape(&document.value) },
        Err(error) => {
            Definition { problems: vec![format!("it is no JSON document: {error}")], ..Definition::default() }
        }
    }
}

/// The typed view of a definition's value. What scriptworker reads and is missing, or is not in the form that lets it
/// go on, is a problem (`guess_worker_impl`, `find_sorted_task_dependencies`, `get_parent_task_id` in its
/// `cot/verify.py` and `task.py`).
pub(super) fn shape(value: &Value) -> Definition {
    let mut reader = Reader { value, problems: Vec::new() };
    if value.as_map().is_none() {
        reader.problems.push(format!("it is no object but {}", value.type_name()));
        return Definition { problems: reader.problems, ..Definition::default() };
    }
    let task_group_id = reader.required_text("/taskGroupId");
    let parent = reader.optional_text("/extra/parent");
    reader.required_object("/extra");
    reader.required_object("/payload");
    let upstream = reader.upstream();
    let edges = reader.edges(task_group_id.as_deref(), parent.as_deref(), &upstream);
    let task_image = reader.task_image();
    let (hints, scopes) = reader.hints();
    let tree_variables = reader.tree_variables();
    let created = reader.moment("/created");
    if created.is_none() {
        reader.problem("/created", "is missing, or no instant");
    }
    let deadline = reader.moment("/deadline");
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_text).map(str::to_owned);
    Definition {
        is_action: is_action(value),
        name: text("/metadata/name"),
        label: text("/tags/label"),
        kind: text("/tags/kind"),
        work: work(value),
        source: text("/metadata/source"),
        wants_attestation: value.pointer("/payload/features/chainOfTrust").is_some_and(Value::is_truthy),
        expires: reader.moment("/expires"),
        problems: reader.problems,
        ambiguities: Vec::new(),
        task_group_id,
        parent,
        edges,
        upstream,
        task_image,
        image: image(value),
        interactive: interactive(value, &scopes),
        privileged: privileged(value),
        has_docker_parts: ["/payload/features", "/payload/env"]
            .iter()
            .all(|pointer| value.pointer(pointer).is_some_and(|part| part.as_map().is_some())),
        unusual_command: unusual(value),
        unseen_command: unseen(value),
        unasked: unasked(value).map(str::to_owned),
        scheduler_id: text("/schedulerId"),
        tasks_for: text("/extra/tasks_for"),
        scopes,
        tree_variables,
        hints,
        created,
        deadline,
    }
}

/// `payload.env.ACTION_CALLBACK` is truthy, or `extra.action` is not null.
fn is_action(value: &Value) -> bool {
    value.pointer("/payload/env/ACTION_CALLBACK").is_some_and(Value::is_truthy)
        || value.pointer("/extra/action").is_some_and(|action| !matches!(action, Value::Null))
}

/// Where scriptworker stumbles when it asks whether a push to try or a pull request made a task (`is_github_task`, `is_try`).
fn unasked(value: &Value) -> Option<&'static str> {
    let is_text = |pointer: &str| value.pointer(pointer).is_none_or(|value| value.as_text().is_some());
    if !is_text("/extra/tasks_for") {
        return Some("extra.tasks_for is no text");
    }
    if value.get("schedulerId").is_none() {
        return Some("there is no schedulerId");
    }
    (!is_text("/payload/env/MH_BRANCH")).then_some("MH_BRANCH is no text")
}

/// The digest of name and payload. Whoever submits a definition again must give its artifacts other moments to expire at.
fn work(value: &Value) -> Option<Digest> {
    let mut payload = value.pointer("/payload")?.as_map().filter(|payload| !payload.is_empty())?.clone();
    if let Some(Value::Map(artifacts)) = payload.get_mut("artifacts") {
        let names: Vec<Text> = artifacts.keys().cloned().collect();
        for name in &names {
            if let Some(Value::Map(artifact)) = name.as_str().and_then(|name| artifacts.get_mut(name)) {
                artifact.remove("expires");
            }
        }
    }
    let name = value.pointer("/metadata/name").map(to_sorted_string).unwrap_or_default();
    Some(Digest::of_parts([name.as_bytes(), to_sorted_string(&Value::Map(payload)).as_bytes()]))
}

/// What `payload.image` is.
fn image(value: &Value) -> ImageKind {
    let image = value.pointer("/payload/image");
    let Some(image) = image.filter(|image| !matches!(image, Value::Null)) else { return ImageKind::None };
    let text = |name: &str| image.get(name).and_then(Value::as_text).unwrap_or_default().to_owned();
    match (image.as_text(), image.get("type").and_then(Value::as_text)) {
        (Some(name), _) => ImageKind::Named(name.to_owned()),
        (None, Some("task-image")) => ImageKind::OfTask,
        (None, Some("indexed-image")) => ImageKind::Indexed(text("namespace")),
        (None, Some(other)) => ImageKind::Other(other.to_owned()),
        (None, None) => ImageKind::Other(String::new()),
    }
}

/// Where a task lets somebody log in (`check_interactive_docker_worker`, `check_interactive_generic_worker`).
fn interactive(value: &Value, scopes: &[String]) -> Vec<String> {
    const PLACES: [&str; 3] =
        ["/payload/features/interactive", "/payload/env/TASKCLUSTER_INTERACTIVE", "/payload/rdpInfo"];
    let places = PLACES.iter().filter(|pointer| value.pointer(pointer).is_some_and(Value::is_truthy));
    let places = places.map(|pointer| (*pointer).to_owned());
    let remote = scopes.iter().enumerate().filter(|(_, scope)| scope.starts_with("generic-worker:allow-rdp:"));
    places.chain(remote.map(|(index, _)| format!("/scopes/{index}"))).collect()
}

/// Where a task asks for more rights on its worker than tasks need (docker-worker's and generic-worker's payload schemas).
/// Docker in docker is left out: tasks that make docker images need it.
fn privileged(value: &Value) -> Vec<String> {
    const PLACES: [&str; 5] = [
        "/payload/capabilities/privileged",
        "/payload/capabilities/disableSeccomp",
        "/payload/capabilities/devices",
        "/payload/features/runAsAdministrator",
        "/payload/features/runTaskAsCurrentUser",
    ];
    let is_asked_for = |pointer: &&&str| value.pointer(pointer).is_some_and(Value::is_truthy);
    PLACES.iter().filter(is_asked_for).map(|pointer| (*pointer).to_owned()).collect()
}

struct Reader<'a> {
    value: &'a Value,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    /// A member that is there and not null.
    fn there(&self, pointer: &str) -> Option<&'a Value> {
        self.value.pointer(pointer).filter(|value| !matches!(value, Value::Null))
    }

    fn problem(&mut self, pointer: &str, what: &str) {
        self.problems.push(format!("{pointer} {what}"));
    }

    fn required_text(&mut self, pointer: &str) -> Option<String> {
        let text = self.optional_text(pointer);
        if text.is_none() && self.there(pointer).is_none() {
            self.problem(pointer, "is missing");
        }
        text
    }

    fn optional_text(&mut self, pointer: &str) -> Option<String> {
        let value = self.there(pointer)?;
        if value.as_text().is_none() {
            self.problem(pointer, "is no text");
        }
        value.as_text().map(str::to_owned)
    }

    fn required_object(&mut self, pointer: &str) {
        match self.there(pointer) {
            None => self.problem(pointer, "is missing"),
            Some(value) if value.as_map().is_none() => self.problem(pointer, "is no object"),
            Some(_) => {}
        }
    }

    fn moment(&self, pointer: &str) -> Option<Moment> {
        let text = self.value.pointer(pointer).and_then(Value::as_text)?;
        crate::formats::datestamp::parse_instant(text).map(Moment::new)
    }

    /// A list, if there is one; anything else than a list is a problem.
    fn list(&mut self, pointer: &str) -> &'a [Value] {
        // A null is no empty list: scriptworker stumbles over it.
        match self.value.pointer(pointer) {
            None => &[],
            Some(value) => value.as_list().unwrap_or_else(|| {
                self.problem(pointer, "is no list");
                &[]
            }),
        }
    }

    fn upstream(&mut self) -> Vec<UpstreamArtifact> {
        const POINTER: &str = "/payload/upstreamArtifacts";
        let mut upstream = Vec::new();
        for (index, entry) in self.list(POINTER).iter().enumerate() {
            let text = |name: &str| entry.get(name).and_then(Value::as_text).map(str::to_owned);
            let paths = entry.get("paths").and_then(Value::as_list).and_then(|paths| {
                paths.iter().map(|path| path.as_text().map(str::to_owned)).collect::<Option<Vec<_>>>()
            });
            match (text("taskId"), text("taskType"), paths) {
                (Some(task_id), Some(task_type), Some(paths)) => {
                    let optional = entry.get("optional").and_then(Value::as_bool) == Some(true);
                    upstream.push(UpstreamArtifact { task_id, task_type, paths, optional });
                }
                _ => self.problem(&format!("{POINTER}/{index}"), "has not taskId, taskType and a list of paths"),
            }
        }
        upstream
    }

    fn edges(&mut self, group: Option<&str>, parent: Option<&str>, upstream: &[UpstreamArtifact]) -> Vec<Edge> {
        let edge = |to: &str, name: &str, origin| Edge { to: to.to_owned(), name: name.to_owned(), origin };
        let mut edges = Vec::new();
        match (parent, group) {
            (Some(parent), _) => edges.push(edge(parent, "parent", Origin::Parent)),
            (None, Some(group)) => edges.push(edge(group, "parent", Origin::TaskGroup)),
            (None, None) => {}
        }
        edges.extend(self.inputs());
        edges.extend(upstream.iter().map(|entry| edge(&entry.task_id, &entry.task_type, Origin::UpstreamArtifacts)));
        for dependency in self.list("/dependencies") {
            match dependency.as_text() {
                Some(task_id) => edges.push(edge(task_id, "dependency", Origin::Dependency)),
                None => self.problem("/dependencies", "has an entry that is no text"),
            }
        }
        edges
    }

    fn inputs(&mut self) -> Vec<Edge> {
        const POINTER: &str = "/extra/chainOfTrust/inputs";
        if self.value.pointer("/extra/chainOfTrust").is_some_and(|value| value.as_map().is_none()) {
            self.problem("/extra/chainOfTrust", "is no object");
        }
        let Some(inputs) = self.value.pointer(POINTER) else { return Vec::new() };
        let Some(inputs) = inputs.as_map() else {
            self.problem(POINTER, "is no object");
            return Vec::new();
        };
        let mut edges = Vec::new();
        for (name, task_id) in inputs.iter() {
            match task_id.as_text() {
                Some(task_id) => edges.push(Edge {
                    to: task_id.to_owned(),
                    name: name.to_lossy().into_owned(),
                    origin: Origin::Input,
                }),
                None => self.problem(POINTER, "has an entry that is no text"),
            }
        }
        edges
    }

    fn task_image(&mut self) -> Option<TaskImage> {
        const POINTER: &str = "/payload/image";
        let image =
            self.there(POINTER).filter(|image| image.get("type").and_then(Value::as_text) == Some("task-image"))?;
        let text = |name: &str| image.get(name).and_then(Value::as_text).map(str::to_owned);
        let task_image = text("taskId").zip(text("path")).map(|(task_id, path)| TaskImage { task_id, path });
        if task_image.is_none() {
            self.problem(POINTER, "has not the taskId and path of a task-image");
        }
        task_image
    }

    /// The variables of `payload.env` that tell of a tree.
    fn tree_variables(&mut self) -> FewMap<String, String> {
        const POINTER: &str = "/payload/env";
        let mut variables = Vec::new();
        let Some(env) = self.value.pointer(POINTER) else { return FewMap::new() };
        let Some(env) = env.as_map() else {
            self.problem(POINTER, "is no object");
            return FewMap::new();
        };
        for (name, value) in env.iter().filter_map(|(name, value)| Some((name.as_str()?, value))) {
            let tells = name == "MH_BRANCH" || name.ends_with("_HEAD_REPOSITORY") || name.ends_with("_HEAD_REV");
            match value {
                Value::Text(text) if tells => {
                    variables.push((name.to_owned(), text.to_lossy().into_owned()));
                }
                Value::Null | Value::Text(_) => {}
                Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Map(_) if tells => {
                    self.problem(&format!("{POINTER}/{name}"), "is no text");
                }
                Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Map(_) => {}
            }
        }
        variables.into_iter().collect()
    }

    fn hints(&mut self) -> (WorkerHints, Vec<String>) {
        let mut hints = WorkerHints {
            provisioner_id: self.optional_text("/provisionerId"),
            worker_type: self.optional_text("/workerType"),
            image: self.there("/payload/image").is_some_and(Value::is_truthy),
            mounts: self.there("/payload/mounts").is_some(),
            os_groups: self.there("/payload/osGroups").is_some(),
            ..WorkerHints::default()
        };
        let queue = self.optional_text("/taskQueueId");
        if let Some((provisioner, worker_type)) = queue.as_deref().and_then(|queue| queue.split_once('/')) {
            hints.provisioner_id.get_or_insert_with(|| provisioner.to_owned());
            hints.worker_type.get_or_insert_with(|| worker_type.to_owned());
        }
        if hints.provisioner_id.is_none() || hints.worker_type.is_none() {
            self.problem("/provisionerId, /workerType", "are missing, and there is no taskQueueId");
        } else if self.there("/provisionerId").is_none() {
            // Scriptworker reads no taskQueueId.
            self.problem("/provisionerId", "is missing");
        }
        match self.there("/tags/worker-implementation").filter(|tag| tag.is_truthy()) {
            Some(tag) if tag.as_text().is_some() => hints.tag = tag.as_text().map(str::to_owned),
            Some(_) => self.problem("/tags/worker-implementation", "is no text"),
            None => {}
        }
        if self.value.get("tags").is_some_and(|tags| tags.as_map().is_none()) {
            self.problem("/tags", "is no object");
        }
        if self.there("/scopes").is_none() {
            self.problem("/scopes", "is missing");
        }
        let mut scopes = Vec::new();
        for scope in self.list("/scopes") {
            match scope.as_text() {
                Some(scope) => {
                    hints.docker_worker_scope |= scope.starts_with("docker-worker:");
                    scopes.push(scope.to_owned());
                }
                None => self.problem("/scopes", "has an entry that is no text"),
            }
        }
        (hints, scopes)
    }
}
