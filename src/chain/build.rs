//! Building a chain as scriptworker 63.6.1 does (`find_sorted_task_dependencies`, `build_task_dependencies`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::worker::{WorkerVote, worker_implementation};
use crate::model::{Definition, Facts, Origin, TaskId};
use crate::rules::{Parents, RuleBook};

/// Whether the target has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Its own attestation is part of the chain (`verify_cot --verify-sigs`).
    AfterRun,
    /// It is judged as about to run: it is no link itself.
    BeforeRun,
}

impl Mode {
    /// The word that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AfterRun => "after-run",
            Self::BeforeRun => "before-run",
        }
    }
}

/// One task of a chain, with the role that it plays there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The task.
    pub task_id: TaskId,
    /// Its path of labels from the target, such as `signing:build:docker-image`.
    pub name: String,
    /// Its task type: the last label, with `parent` worked out; `None` where the shape is missing for that.
    pub task_type: Option<String>,
    /// What its definition votes for; `None` where the shape is missing.
    pub worker: Option<WorkerVote>,
    /// Its parent: the task whose task graph lists it.
    pub parent: Option<TaskId>,
    /// Its decision task: its task group.
    pub decision: Option<String>,
    /// Whether its own attestation is judged: all links but a target that is about to run.
    pub is_attested: bool,
    /// The link from which it was first reached; `None` for the target.
    pub reached_from: Option<TaskId>,
}

impl Link {
    /// Whether it is a decision or action task, which publishes a task graph of its own.
    pub fn is_parent_type(&self) -> bool {
        matches!(self.task_type.as_deref(), Some("decision" | "action"))
    }
}

/// Why a chain could not be followed somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainProblem {
    /// A link lies too deep to be followed.
    TooDeep {
        /// The link.
        task_id: TaskId,
    },
    /// A definition names a dependency that is no task id.
    Malformed {
        /// The task whose definition it is.
        task_id: TaskId,
        /// Where it stands.
        origin: Origin,
        /// What it says there.
        to: String,
    },
    /// A task rests on itself through these.
    Cycle {
        /// The tasks of the cycle, beginning with the one first met.
        tasks: Vec<TaskId>,
    },
}

impl ChainProblem {
    /// The link at which it shows.
    fn task_id(&self) -> Option<&TaskId> {
        match self {
            Self::TooDeep { task_id } | Self::Malformed { task_id, .. } => Some(task_id),
            Self::Cycle { tasks } => tasks.first(),
        }
    }
}

/// A target with every task that its trust rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The links: the target first, then in the order of construction.
    pub links: Vec<Link>,
    /// Where it could not be followed, by the link at which that shows.
    pub problems: BTreeMap<TaskId, Vec<ChainProblem>>,
    index: BTreeMap<TaskId, usize>,
}

impl Chain {
    /// The link of a task.
    pub fn link(&self, task_id: &TaskId) -> Option<&Link> {
        self.index.get(task_id).and_then(|index| self.links.get(*index))
    }
}

/// Builds the chain of a target. What the snapshot lacks stays a link without shape; the rest is still built.
///
/// A task that several paths reach takes the name of the first: level by level, the parent before the others, and those
/// in the order of their names and ids.
pub fn build(target: &TaskId, task_type: &str, mode: Mode, facts: &Facts, book: &RuleBook) -> Chain {
    let mut builder = Builder { facts, book, links: Vec::new(), problems: Vec::new() };
    let mut head = builder.link(target, task_type.to_owned());
    head.is_attested = mode == Mode::AfterRun;
    builder.links.push(head);
    let mut seen = BTreeSet::new();
    if mode == Mode::AfterRun {
        seen.insert(*target);
    }
    let mut open = VecDeque::from([(*target, task_type.to_owned())]);
    while let Some((task_id, name)) = open.pop_front() {
        if name.matches(':').count() > book.max_chain_length {
            builder.problems.push(ChainProblem::TooDeep { task_id });
            continue;
        }
        for (name, dependency) in builder.dependencies(&task_id, &name) {
            if !seen.insert(dependency) {
                continue;
            }
            if dependency == *target {
                // A target that is about to run, and that the chain leads back to: as a link it must have run.
                builder.links[0].is_attested = true;
            } else {
                let mut link = builder.link(&dependency, name.clone());
                link.reached_from = Some(task_id);
                builder.links.push(link);
            }
            open.push_back((dependency, name));
        }
    }
    builder.find_cycle();
    let mut problems: BTreeMap<TaskId, Vec<ChainProblem>> = BTreeMap::new();
    for problem in builder.problems {
        if let Some(task_id) = problem.task_id() {
            problems.entry(*task_id).or_default().push(problem);
        }
    }
    let index = builder.links.iter().enumerate().map(|(index, link)| (link.task_id, index)).collect();
    Chain { links: builder.links, problems, index }
}

struct Builder<'a> {
    facts: &'a Facts,
    book: &'a RuleBook,
    links: Vec<Link>,
    problems: Vec<ChainProblem>,
}

impl Builder<'_> {
    fn shape(&self, task_id: &TaskId) -> Option<&Definition> {
        self.facts.tasks.get(task_id).and_then(|task| task.shape())
    }

    fn link(&self, task_id: &TaskId, name: String) -> Link {
        let shape = self.shape(task_id);
        let last = name.rsplit(':').next().unwrap_or_default();
        let task_type = match (last, shape) {
            ("parent", None) => None,
            ("parent", Some(shape)) if shape.is_action => Some("action".to_owned()),
            ("parent", Some(_)) => Some("decision".to_owned()),
            (last, _) => Some(last.to_owned()),
        };
        let parent = shape.and_then(|shape| match self.book.switches.parents {
            Parents::ExtraParent => shape.maker(),
            Parents::TaskGroup => shape.task_group_id.as_ref(),
        });
        Link {
            task_id: *task_id,
            name,
            task_type,
            worker: shape.map(|shape| worker_implementation(&shape.hints, self.book)),
            parent: parent.and_then(|parent| parent.parse().ok()),
            decision: shape.and_then(|shape| shape.task_group_id.clone()),
            is_attested: true,
            reached_from: None,
        }
    }

    /// The links that a link leads to, by name: the parent first, then inputs and upstream tasks sorted.
    fn dependencies(&mut self, task_id: &TaskId, name: &str) -> Vec<(String, TaskId)> {
        let Some(shape) = self.facts.tasks.get(task_id).and_then(|task| task.shape()) else { return Vec::new() };
        let mut parents = Vec::new();
        let mut others = Vec::new();
        let by_group = self.book.switches.parents == Parents::TaskGroup;
        if by_group {
            parents.extend(decision_by_group(shape, task_id, name));
        }
        for edge in &shape.edges {
            let list = match edge.origin {
                Origin::Parent | Origin::TaskGroup if by_group => continue,
                Origin::Parent | Origin::TaskGroup => &mut parents,
                Origin::Input | Origin::UpstreamArtifacts => &mut others,
                Origin::Dependency => continue,
            };
            match edge.to.parse::<TaskId>() {
                Ok(to) => list.push((format!("{name}:{}", edge.name), to)),
                Err(_) => self.problems.push(ChainProblem::Malformed {
                    task_id: *task_id,
                    origin: edge.origin,
                    to: edge.to.clone(),
                }),
            }
        }
        others.sort_by_cached_key(|(name, to)| format!("{name}_{to}"));
        parents.extend(others);
        parents
    }

    /// Notes the first cycle among the links. A decision task that is its own task group is none.
    fn find_cycle(&mut self) {
        let edges: BTreeMap<&TaskId, Vec<TaskId>> = self
            .links
            .iter()
            .map(|link| {
                let edges = self.shape(&link.task_id).map_or(&[][..], |shape| &shape.edges);
                let counts = |origin: Origin, to: &TaskId| match origin {
                    Origin::Parent | Origin::Input | Origin::UpstreamArtifacts => true,
                    Origin::TaskGroup => *to != link.task_id,
                    Origin::Dependency => false,
                };
                let to = edges.iter().filter_map(|edge| Some((edge.origin, edge.to.parse().ok()?)));
                (&link.task_id, to.filter(|(origin, to)| counts(*origin, to)).map(|(_, to)| to).collect())
            })
            .collect();
        if let Some(first) = self.links.first()
            && let Some(tasks) = cycle(&first.task_id, &edges)
        {
            self.problems.push(ChainProblem::Cycle { tasks });
        }
    }
}

/// The decision task of a task, as releases before 5.2.0 found it: its task group, where it is no decision task itself.
fn decision_by_group(shape: &Definition, task_id: &TaskId, name: &str) -> Option<(String, TaskId)> {
    let group = shape.task_group_id.as_ref()?.parse::<TaskId>().ok()?;
    let is_decision = name.rsplit(':').next() == Some("decision");
    (group != *task_id && !is_decision).then(|| (format!("{name}:decision"), group))
}

/// The first cycle that a depth-first walk meets, without recursion.
fn cycle(start: &TaskId, edges: &BTreeMap<&TaskId, Vec<TaskId>>) -> Option<Vec<TaskId>> {
    let next = |task: &TaskId| edges.get(task).map_or(&[][..], Vec::as_slice);
    let mut done = BTreeSet::new();
    let mut on_path = BTreeSet::from([*start]);
    let mut path = vec![(*start, 0)];
    while let Some((task, position)) = path.last_mut() {
        let Some(to) = next(task).get(*position).cloned() else {
            on_path.remove(task);
            done.insert(*task);
            path.pop();
            continue;
        };
        *position += 1;
        if on_path.contains(&to) {
            let begin = path.iter().position(|(task, _)| *task == to)?;
            return Some(path.drain(begin..).map(|(task, _)| task).collect());
        }
        if !done.contains(&to) {
            on_path.insert(to);
            path.push((to, 0));
        }
    }
    None
}
