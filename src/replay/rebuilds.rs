//! Facts of decision and action tasks that take more than one document: what their trees make of them, and whether the
//! commits that they name are on branches.

use std::collections::{BTreeMap, BTreeSet};

use super::desk::{FactDesk, fact_key};
use super::examination::DOCUMENT_SIZE_MAX;
use super::scope::Scope;
use crate::examine::{Reply, landing, rebuild};
use crate::model::{
    ACTIONS_JSON, Digest, FactKey, FactKind, Landing, PARAMETERS_YML, Rebuild, Recipe, TaskFacts, TaskId,
};
use crate::store::{SourceInfo, StoreError};

/// What is wanted of some tasks.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Rebuilds, each by a recipe.
    pub(super) rebuilds: BTreeSet<(TaskId, Recipe)>,
    /// Commits.
    pub(super) landings: BTreeSet<(TaskId, CommitsOf)>,
}

/// Which commits of a task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CommitsOf {
    /// What the variables that name them begin with.
    pub(super) prefix: String,
    /// Whether nobody asks, since the repositories are private.
    pub(super) is_private: bool,
    /// The name of this in facts.
    pub(super) key: String,
}

/// What servers answered, as a scope has it.
pub(super) struct Answers {
    by_url: BTreeMap<String, SourceInfo>,
    digest: Digest,
}

impl Answers {
    pub(super) fn of(desk: &FactDesk<'_>, scope: &Scope) -> Result<Self, StoreError> {
        let by_url = scope.sources(desk.case)?;
        let rows = by_url.values().map(|row| {
            let not_kept = || if is_too_large(row.size) { "too large".to_owned() } else { String::new() };
            let sha256 = row.sha256.map_or_else(not_kept, |digest| digest.to_string());
            let content_type = row.content_type.as_deref().unwrap_or_default();
            format!("{} {:?} {content_type} {sha256}", row.url, row.http_status)
        });
        let rows: Vec<String> = rows.collect();
        let digest = Digest::of_parts(rows.iter().map(String::as_bytes));
        Ok(Self { by_url, digest })
    }

    /// What a server answered. A failure of the case file is kept for later: examiners know none.
    fn reply(&self, desk: &FactDesk<'_>, url: &str, failure: &mut Option<StoreError>) -> Reply {
        let Some(row) = self.by_url.get(url) else { return Reply::Unknown };
        match (row.http_status, row.sha256) {
            (Some(404 | 410), _) => Reply::Denied,
            (None | Some(200), Some(sha256)) => match desk.document(&sha256, DOCUMENT_SIZE_MAX) {
                Ok(Some(bytes)) => {
                    let content_type = row.content_type.as_deref().unwrap_or_default().trim_start();
                    let is_html = content_type.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("text/html"));
                    Reply::Body { sha256, bytes, is_html }
                }
                Ok(None) if is_too_large(row.size) => Reply::TooLarge { limit: DOCUMENT_SIZE_MAX },
                Ok(None) => Reply::Unknown,
                Err(error) => {
                    *failure = Some(error);
                    Reply::Unknown
                }
            },
            (None | Some(200), None) if is_too_large(row.size) => Reply::TooLarge { limit: DOCUMENT_SIZE_MAX },
            _ => Reply::Unknown,
        }
    }
}

/// Whether a document of this size is not read; an import keeps none of that size.
fn is_too_large(size: Option<u64>) -> bool {
    size.is_some_and(|size| size > DOCUMENT_SIZE_MAX)
}

/// Adds what is wanted to the facts of tasks, where it is not there yet.
pub(super) fn examine(
    desk: &mut FactDesk<'_>,
    answers: &Answers,
    tasks: &mut BTreeMap<TaskId, TaskFacts>,
    wanted: &Wanted,
) -> Result<(), StoreError> {
    for (task_id, recipe) in &wanted.rebuilds {
        if tasks.get(task_id).is_some_and(|task| task.rebuilds.contains_key(&recipe.digest())) {
            continue;
        }
        if let Some(rebuild) = rebuilt(desk, answers, tasks, task_id, recipe)?
            && let Some(task) = tasks.get_mut(task_id)
        {
            task.rebuilds.insert(recipe.digest(), rebuild);
        }
    }
    for (task_id, commits) in &wanted.landings {
        if tasks.get(task_id).is_some_and(|task| task.landings.contains_key(&commits.key)) {
            continue;
        }
        if let Some(landing) = landed(desk, answers, tasks, task_id, commits)?
            && let Some(task) = tasks.get_mut(task_id)
        {
            task.landings.insert(commits.key.clone(), landing);
        }
    }
    desk.keep()
}

/// Makes again what is stored of the tasks of a scope, for whoever holds it against that.
pub(super) fn make_again(
    desk: &mut FactDesk<'_>,
    scope: &Scope,
    tasks: &mut BTreeMap<TaskId, TaskFacts>,
) -> Result<(), StoreError> {
    let mut wanted = Wanted::default();
    let mut stored: Vec<FactKey> = Vec::new();
    for kind in [FactKind::Rebuild, FactKind::Landing] {
        desk.case.facts_of(kind, &mut |key, _| stored.push(key))?;
    }
    for key in stored {
        let Ok(task_id) = key.subject.parse::<TaskId>() else { continue };
        if key.kind == FactKind::Rebuild {
            wanted.rebuilds.extend(serde_json::from_str(&key.variant).ok().map(|recipe| (task_id, recipe)));
        } else {
            let (prefix, is_private) = match key.variant.strip_suffix(" private") {
                Some(prefix) => (prefix.to_owned(), true),
                None => (key.variant.clone(), false),
            };
            wanted.landings.insert((task_id, CommitsOf { prefix, is_private, key: key.variant }));
        }
    }
    let answers = Answers::of(desk, scope)?;
    examine(desk, &answers, tasks, &wanted)
}

fn rebuilt(
    desk: &mut FactDesk<'_>,
    answers: &Answers,
    tasks: &BTreeMap<TaskId, TaskFacts>,
    task_id: &TaskId,
    recipe: &Recipe,
) -> Result<Option<Rebuild>, StoreError> {
    let Some(found) = documents(tasks, task_id) else { return Ok(None) };
    let variant = serde_json::to_string(recipe).unwrap_or_default();
    let inputs = [Some(found.definition), found.decision, found.parameters, found.actions, Some(answers.digest)];
    let key = fact_key(FactKind::Rebuild, task_id, variant, &inputs, rebuild::VERSION);
    let is_held = desk.case.blob_size(&found.definition)?.is_some();
    if let Some(stored) = desk.stored::<Rebuild>(&key)?.filter(|_| is_held) {
        return Ok(Some(stored));
    }
    let workings = work_out(desk, answers, &found, task_id, recipe)?;
    let Some(workings) = workings else { return Ok(None) };
    desk.examined(key, &workings.rebuild);
    Ok(Some(workings.rebuild))
}

/// Rebuilds a task now, and keeps template, context and result.
pub(super) fn work_out(
    desk: &FactDesk<'_>,
    answers: &Answers,
    found: &Documents,
    task_id: &TaskId,
    recipe: &Recipe,
) -> Result<Option<rebuild::Workings>, StoreError> {
    let read = |digest: Option<Digest>| match digest {
        Some(digest) => desk.document(&digest, DOCUMENT_SIZE_MAX),
        None => Ok(None),
    };
    let Some(definition) = read(Some(found.definition))? else { return Ok(None) };
    let (decision, parameters, actions) = (read(found.decision)?, read(found.parameters)?, read(found.actions)?);
    let inputs = rebuild::Inputs {
        task_id: task_id.as_str(),
        definition: &definition,
        decision_id: &found.decision_id,
        decision: decision.as_deref(),
        parameters: parameters.as_deref(),
        actions: actions.as_deref(),
    };
    let mut failure = None;
    let workings = rebuild::work_out(&inputs, recipe, &mut |url| answers.reply(desk, url, &mut failure));
    failure.map_or(Ok(Some(workings)), Err)
}

fn landed(
    desk: &mut FactDesk<'_>,
    answers: &Answers,
    tasks: &BTreeMap<TaskId, TaskFacts>,
    task_id: &TaskId,
    commits: &CommitsOf,
) -> Result<Option<Landing>, StoreError> {
    let Some(definition) = tasks.get(task_id).and_then(|task| task.evidence.definition) else { return Ok(None) };
    let inputs = [Some(definition), Some(answers.digest)];
    let key = fact_key(FactKind::Landing, task_id, commits.key.clone(), &inputs, landing::VERSION);
    let is_held = desk.case.blob_size(&definition)?.is_some();
    if let Some(stored) = desk.stored::<Landing>(&key)?.filter(|_| is_held) {
        return Ok(Some(stored));
    }
    let Some(bytes) = desk.document(&definition, DOCUMENT_SIZE_MAX)? else { return Ok(None) };
    let mut failure = None;
    let found = landing::examine(&bytes, &commits.prefix, commits.is_private, &mut |url| {
        answers.reply(desk, url, &mut failure)
    });
    if let Some(error) = failure {
        return Err(error);
    }
    desk.examined(key, &found);
    Ok(Some(found))
}

/// What a task is rebuilt from.
pub(super) struct Documents {
    definition: Digest,
    decision_id: String,
    decision: Option<Digest>,
    parameters: Option<Digest>,
    actions: Option<Digest>,
}

/// Finds it; `None` where the task's own definition is missing.
pub(super) fn documents(tasks: &BTreeMap<TaskId, TaskFacts>, task_id: &TaskId) -> Option<Documents> {
    let task = tasks.get(task_id)?;
    let definition = task.evidence.definition?;
    let decision_id = task.definition.as_ref()?.task_group_id.clone()?;
    let decision = decision_id.parse().ok().and_then(|decision: TaskId| tasks.get(&decision));
    let artifact = |name: &str| {
        let evidence = &decision?.evidence;
        evidence.artifact(evidence.latest_run()?, name)?.sha256
    };
    Some(Documents {
        definition,
        decision: decision.and_then(|decision| decision.evidence.definition),
        parameters: artifact(PARAMETERS_YML),
        actions: artifact(ACTIONS_JSON),
        decision_id,
    })
}
