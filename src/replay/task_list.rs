//! All tasks of a case as a list: what was captured of each, beside what a replay made of it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::rules::RuleChoice;
use super::service::Request;
use super::targets::{ReplayError, Targets, by_scope};
use crate::insight::TaskLine;
use crate::judge::SourceTrees;
use crate::model::{KeyId, Moment, NoteSubject, Notes, Reason, TargetReport, TaskId, Verdict};
use crate::store::{Case, TaskHead};

/// A task of a list. Texts are captured.
#[derive(Debug, Clone)]
pub struct ListedTask {
    /// The task.
    pub task_id: TaskId,
    /// `tags.label`.
    pub label: Option<Arc<str>>,
    /// `metadata.name`.
    pub name: Option<Arc<str>>,
    /// The task type that it was judged as.
    pub task_type: Option<Arc<str>>,
    /// `tags.kind`.
    pub kind: Option<Arc<str>>,
    /// Its verdict; `None`: it has and needs no attestation, and was not judged.
    pub verdict: Option<Verdict>,
    /// The class of the weightiest reason against it.
    pub reason: Option<Reason>,
    /// The keys that made its signatures, each with its kind in front.
    pub keys: Vec<Arc<str>>,
    /// The worker of its latest run.
    pub worker: Option<Arc<str>>,
    /// Provisioner, `/`, worker type.
    pub pool: Option<Arc<str>>,
    /// The tree that its source lies in, as far as some release's tables, or those of the request's rule book, know it.
    pub tree: Option<Arc<str>>,
    /// The state in its status.
    pub state: Option<Arc<str>>,
    /// When it was made, as its definition says.
    pub created: Option<Moment>,
    /// Whether somebody noted something on it, and did not withdraw it.
    pub has_note: bool,
    has_definition: bool,
    has_status: bool,
}

impl ListedTask {
    /// What filters and orders look at.
    pub fn line(&self) -> TaskLine<'_> {
        TaskLine {
            task_id: &self.task_id,
            label: self.label.as_deref(),
            name: self.name.as_deref(),
            task_type: self.task_type.as_deref(),
            kind: self.kind.as_deref(),
            verdict: self.verdict,
            reason: self.reason,
            keys: &self.keys,
            worker: self.worker.as_deref(),
            pool: self.pool.as_deref(),
            tree: self.tree.as_deref(),
            state: self.state.as_deref(),
            created: self.created,
            has_note: self.has_note,
        }
    }

    /// Takes over what an older snapshot of a union has and the newer lacks.
    fn join(&mut self, older: Self) {
        if !self.has_definition && older.has_definition {
            self.has_definition = true;
            (self.label, self.name, self.kind) = (older.label, older.name, older.kind);
            (self.pool, self.tree, self.created) = (older.pool, older.tree, older.created);
        }
        if !self.has_status && older.has_status {
            self.has_status = true;
            (self.state, self.worker) = (older.state, older.worker);
        }
    }

    /// Takes over what a replay made of it.
    fn judged(&mut self, target: &TargetReport, words: &mut Words) {
        self.verdict = Some(target.verdict);
        self.reason = target.reason;
        self.task_type = target.task_type.as_deref().map(|task_type| words.one(task_type));
        if self.label.is_none() && self.name.is_none() {
            self.label = target.label.as_deref().map(Arc::from);
        }
        let attestations = target.links.first().into_iter().flat_map(|link| &link.attestations);
        for attestation in attestations {
            let signing_key = attestation.signing_key.as_deref();
            for key in KeyId::names(attestation.form, attestation.key.as_deref(), signing_key) {
                let key = words.one(&key);
                if !self.keys.contains(&key) {
                    self.keys.push(key);
                }
            }
        }
    }
}

/// Words that many tasks share, each kept once.
#[derive(Default)]
struct Words(HashSet<Arc<str>>);

impl Words {
    fn one(&mut self, word: &str) -> Arc<str> {
        if let Some(known) = self.0.get(word) {
            return known.clone();
        }
        let word = Arc::<str>::from(word);
        self.0.insert(word.clone());
        word
    }
}

/// A list in the making.
struct Listing<'a> {
    words: Words,
    trees: SourceTrees<'a>,
    /// Trees by source: the tasks of a push share a few.
    known: HashMap<Box<str>, Option<Arc<str>>>,
    /// The tasks, each with the number of its scope.
    tasks: Vec<(usize, ListedTask)>,
}

impl Listing<'_> {
    fn add(&mut self, scope: usize, head: TaskHead<'_>) {
        let label: Option<Arc<str>> = head.label.map(Arc::from);
        let name = head.name.map(|name| match &label {
            Some(label) if **label == *name => label.clone(),
            Some(_) | None => Arc::from(name),
        });
        let pool = head
            .worker_type
            .map(|worker_type| self.words.one(&format!("{}/{worker_type}", head.provisioner_id.unwrap_or_default())));
        let mut one = |word: Option<&str>| word.map(|word| self.words.one(word));
        let (kind, worker, state) = (one(head.kind), one(head.worker_id), one(head.state));
        let task = ListedTask {
            task_id: head.task_id,
            label,
            name,
            task_type: None,
            kind,
            verdict: None,
            reason: None,
            keys: Vec::new(),
            worker,
            pool,
            tree: head.source.and_then(|source| self.tree(source)),
            state,
            created: head.created.and_then(|created| created.parse().ok()),
            has_note: false,
            has_definition: head.has_definition,
            has_status: head.has_status,
        };
        self.tasks.push((scope, task));
    }

    fn tree(&mut self, source: &str) -> Option<Arc<str>> {
        if let Some(known) = self.known.get(source) {
            return known.clone();
        }
        let tree = self.trees.tree(source).map(|tree| self.words.one(&tree));
        self.known.insert(source.into(), tree.clone());
        tree
    }
}

/// All tasks of the snapshots of a request, ordered by id, with what a replay of it made of those that it judged. Which
/// tasks the request names does not matter.
pub fn task_list(case: &Case, request: &Request, judged: &[TargetReport]) -> Result<Vec<ListedTask>, ReplayError> {
    let book = match &request.rules {
        RuleChoice::Then => None,
        RuleChoice::One(book) => Some(&**book),
    };
    let mut listing =
        Listing { words: Words::default(), trees: SourceTrees::new(book), known: HashMap::new(), tasks: Vec::new() };
    let scopes = by_scope(case, &Targets::All, &request.snapshot)?;
    for (number, scoped) in scopes.iter().rev().enumerate() {
        scoped.scope.each_task_head(case, &mut |head| listing.add(number, head))?;
    }
    let Listing { mut words, mut tasks, .. } = listing;
    // A stable sort: of one task, the newest snapshot stays first.
    tasks.sort_by_key(|(_, task)| task.task_id);
    let mut joined: Vec<(usize, ListedTask)> = Vec::with_capacity(tasks.len());
    for (scope, task) in tasks {
        match joined.last_mut() {
            Some((of_newer, newer)) if newer.task_id == task.task_id => {
                if *of_newer == scope {
                    newer.join(task);
                }
            }
            Some(_) | None => joined.push((scope, task)),
        }
    }
    let mut listed: Vec<ListedTask> = joined.into_iter().map(|(_, task)| task).collect();
    for target in judged {
        if let Ok(at) = listed.binary_search_by(|task| task.task_id.cmp(&target.task_id)) {
            listed[at].judged(target, &mut words);
        }
    }
    for (subject, _) in Notes::of_list(case.notes()?).iter() {
        if let NoteSubject::Task(task_id) = subject
            && let Ok(at) = listed.binary_search_by(|task| task.task_id.cmp(task_id))
        {
            listed[at].has_note = true;
        }
    }
    Ok(listed)
}
