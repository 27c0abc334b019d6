//! A decision or action task's definition, rebuilt from its tree with JSON-e, beside the one that the queue gives.
//!
//! By the rules of scriptworker 63.6.1 (`verify_parent_task_definition` and what it calls in `cot/verify.py`); a
//! [`Recipe`] names where earlier releases did otherwise. Where Python raises anything at all, the definition is refused.

mod action;
mod compare;
mod context;
mod github;
mod hg;
mod replies;
mod task;
mod template;

pub(super) use self::template::api;

use std::fmt;

use self::compare::compare;
use self::task::Task;
use super::sources::{Ask, Body, Sources};
use crate::formats::json;
use crate::formats::jsone::{self, JsoneError, LIMITS, Value};
use crate::model::{ActionKinds, Lacking, PARAMETERS_YML, ProjectLevel, Rebuild, RebuildOutcome, Recipe, Rendering};

/// Raised when the answers of this folder could change.
pub const VERSION: u32 = 2;

/// What a definition is rebuilt from beside what servers answered.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The task.
    pub task_id: &'a str,
    /// Its definition.
    pub definition: &'a [u8],
    /// Its decision task: its task group.
    pub decision_id: &'a str,
    /// That task's definition; the same, where the task is its own decision task.
    pub decision: Option<&'a [u8]>,
    /// The decision task's `public/parameters.yml`.
    pub parameters: Option<&'a [u8]>,
    /// The decision task's `public/actions.json`.
    pub actions: Option<&'a [u8]>,
}

/// A rebuild with everything that went into it.
#[derive(Debug, Default)]
pub struct Workings {
    /// What came of it.
    pub rebuild: Rebuild,
    /// The template, with what a hook wraps around it.
    pub template: Option<Value>,
    /// The variables that it is rendered with.
    pub context: Option<Value>,
    /// What it gives.
    pub rendered: Option<Value>,
    /// The rebuilt task that is nearest to the definition, as it is compared.
    pub nearest: Option<Value>,
    /// The definition, as it is compared.
    pub definition: Option<Value>,
}

/// Why a rebuild ends early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    /// Scriptworker refuses the definition.
    Refused(String),
    /// Nobody can say here what scriptworker makes of it.
    Unsettled(String),
    /// Something is missing, and noted.
    Missing,
}

pub(super) type Step<T> = Result<T, Stop>;

/// A refusal.
pub(super) fn refuse<T>(why: impl fmt::Display) -> Step<T> {
    Err(Stop::Refused(why.to_string()))
}

impl From<JsoneError> for Stop {
    fn from(error: JsoneError) -> Self {
        match error {
            JsoneError::Refused(why) => Self::Refused(format!("the template can't be rendered: {why}")),
            JsoneError::Limit(_) | JsoneError::Unsupported(_) => Self::Unsettled(error.to_string()),
        }
    }
}

/// Rebuilds a definition. `ask` tells what servers answered.
pub fn examine(inputs: &Inputs<'_>, recipe: &Recipe, ask: Ask<'_>) -> Rebuild {
    work_out(inputs, recipe, ask).rebuild
}

/// Rebuilds a definition, and keeps template, context and result for whoever wants to see them.
pub fn work_out(inputs: &Inputs<'_>, recipe: &Recipe, ask: Ask<'_>) -> Workings {
    let mut workings = Workings::default();
    let mut maker = Maker { inputs, recipe, sources: Sources::new(ask) };
    let outcome = maker.run(&mut workings);
    let (outcome, why) = match outcome {
        Ok(outcome) => (outcome, None),
        Err(Stop::Refused(why)) => (RebuildOutcome::Refused, Some(why)),
        Err(Stop::Unsettled(why)) => (RebuildOutcome::Unsettled, Some(why)),
        Err(Stop::Missing) => (RebuildOutcome::Incomplete, None),
    };
    workings.rebuild.outcome = outcome;
    workings.rebuild.why = why;
    workings.rebuild.sources = maker.sources.read;
    workings.rebuild.lacks = maker.sources.lacks;
    workings
}

/// A rebuild in the making.
struct Maker<'a> {
    inputs: &'a Inputs<'a>,
    recipe: &'a Recipe,
    sources: Sources<'a>,
}

/// Variables by name.
type Context = Vec<(&'static str, Value)>;

impl Maker<'_> {
    fn run(&mut self, workings: &mut Workings) -> Step<RebuildOutcome> {
        let own = read_task(self.inputs.definition, "the definition")?;
        let own = Task::new(&own);
        let tasks_for = own.tasks_for()?;
        workings.rebuild.tasks_for = Some(tasks_for.clone());
        let Some(decision) = self.inputs.decision else { return self.missing(Lacking::Decision) };
        let decision = read_task(decision, "the decision task's definition")?;
        let decision = Task::new(&decision);
        let is_action = matches!(tasks_for.as_str(), "action" | "pr-action");
        let prepared = if is_action {
            self.action(&own, &decision, &tasks_for)
        } else {
            self.decision(&own, &decision, &tasks_for)
        };
        let (template, context) = prepared?;
        workings.template = Some(template.clone());
        let shown = context.iter().filter(|(_, value)| !matches!(value, Value::Function(_)));
        workings.context = Some(Value::map(shown.map(|(name, value)| ((*name).into(), value.clone()))));
        let mut rendered = jsone::render(&template, &context, LIMITS)?;
        workings.rendered = Some(rendered.clone());
        if is_action {
            rendered = self.group_id(&own, &rendered, &mut workings.rebuild)?;
        }
        compare(&rendered, own.value(), self.recipe, workings)
    }

    /// Template and context of a task that is no action. Both are asked for, so that all that is missing is told.
    fn decision(&mut self, own: &Task<'_>, decision: &Task<'_>, tasks_for: &str) -> Step<(Value, Context)> {
        let template = self.template(decision);
        let context = self.context(own, decision, tasks_for);
        let (template, context) = both(template, context)?;
        match self.recipe.rendering {
            Rendering::WholeTemplate => Ok((template, context)),
            Rendering::FirstTask => Ok((first_task(&template)?, context)),
        }
    }

    /// Notes that something is missing.
    fn missing<T>(&mut self, what: Lacking) -> Step<T> {
        self.sources.lack(what);
        Err(Stop::Missing)
    }

    /// What a server answered at an address.
    fn answer(&mut self, url: &str) -> Step<Body> {
        match (self.sources.get(url), self.sources.exceeded(url)) {
            (Some(body), _) => Ok(body),
            (None, Some(limit)) => {
                Err(Stop::Unsettled(format!("{url} has more than {limit} bytes, the most that is read")))
            }
            (None, None) => Err(Stop::Missing),
        }
    }

    /// The decision task's parameters.
    fn parameters(&mut self) -> Step<Value> {
        match self.inputs.parameters {
            Some(bytes) => read_yaml(bytes, PARAMETERS_YML),
            None => self.missing(Lacking::Artifact(PARAMETERS_YML.to_owned())),
        }
    }

    /// Whether this release is 60.0.0 or later: that is when levels came to be told by the type of a repository. From then on
    /// pull requests name the repository that they are to, and github3.py is what [`replies`] knows.
    fn is_recent(&self) -> bool {
        self.recipe.contexts.project_level == ProjectLevel::RepositoryType
    }

    /// Whether this release knows actions as hooks.
    fn knows_hooks(&self) -> bool {
        self.recipe.actions != ActionKinds::TemplatesByName
    }
}

/// A chain of `get(name, {})`, which raises where something on its way is no mapping.
fn chained<'a>(value: &'a json::Value, path: &[&str]) -> Step<Option<&'a json::Value>> {
    let mut value = value;
    for name in path {
        let Some(map) = value.as_map() else { return refuse(format_args!("what should have {name} is no object")) };
        match map.get(name) {
            Some(found) => value = found,
            None => return Ok(None),
        }
    }
    Ok(Some(value))
}

const fn is_null(value: &json::Value) -> bool {
    matches!(value, json::Value::Null)
}

/// The weightier of two failures: what is refused stays so, whatever else is missing.
fn both<A, B>(left: Step<A>, right: Step<B>) -> Step<(A, B)> {
    match (left, right) {
        (Ok(left), Ok(right)) => Ok((left, right)),
        (Err(Stop::Refused(why)), _) | (_, Err(Stop::Refused(why))) => Err(Stop::Refused(why)),
        (Err(Stop::Unsettled(why)), _) | (_, Err(Stop::Unsettled(why))) => Err(Stop::Unsettled(why)),
        (Err(Stop::Missing), _) | (_, Err(Stop::Missing)) => Err(Stop::Missing),
    }
}

/// The first task of a template, as releases before 13.0.0 took it.
fn first_task(template: &Value) -> Step<Value> {
    let tasks = template.get("tasks").and_then(Value::as_list);
    let first = tasks.and_then(|tasks| tasks.items().first());
    first.cloned().map_or_else(|| refuse("the template has no list of tasks"), Ok)
}

fn read_task(bytes: &[u8], what: &str) -> Step<json::Value> {
    match json::parse(bytes) {
        Ok(document) => Ok(document.value),
        Err(error) => refuse(format_args!("{what} can't be read: {error}")),
    }
}

fn read_json(bytes: &[u8], what: &str) -> Step<json::Value> {
    read_task(bytes, what)
}

fn read_yaml(bytes: &[u8], what: &str) -> Step<Value> {
    use crate::formats::yaml::{YamlErrorReason, parse};
    match parse(bytes) {
        Ok(document) => Ok(Value::of_yaml(&document.value)),
        Err(error) => {
            let why = format!("{what} can't be read: {error}");
            match error.reason {
                YamlErrorReason::Refused(_)
                | YamlErrorReason::TooLarge
                | YamlErrorReason::TooDeep
                | YamlErrorReason::AliasBomb => Err(Stop::Unsettled(why)),
                YamlErrorReason::InvalidUtf8
                | YamlErrorReason::NotPrintable(_)
                | YamlErrorReason::Malformed(_)
                | YamlErrorReason::SeveralDocuments
                | YamlErrorReason::DuplicateAnchor
                | YamlErrorReason::UnknownTag(_)
                | YamlErrorReason::WrongKind(_)
                | YamlErrorReason::BadScalar(_)
                | YamlErrorReason::UnhashableKey
                | YamlErrorReason::BadMerge
                | YamlErrorReason::BadPair => Err(Stop::Refused(why)),
            }
        }
    }
}
