//! Template and variables of an action task: the hook that its decision task offered (`get_action_context_and_template`).

use super::context::{merge, value};
use super::task::Task;
use super::{Context, Maker, Step, chained, is_null, read_json, refuse};
use crate::formats::json;
use crate::formats::jsone::{self, LIMITS, Value};
use crate::model::{ACTIONS_JSON, ActionKinds, Lacking, Rebuild, VersionControl};

impl Maker<'_> {
    pub(super) fn action(&mut self, own: &Task<'_>, decision: &Task<'_>, tasks_for: &str) -> Step<(Value, Context)> {
        let action = self.offered(own);
        let context = self.action_context(own, decision, tasks_for);
        let template = self.template(decision);
        let (action, (context, template)) = super::both(action, super::both(context, template))?;
        match action.get("kind").and_then(json::Value::as_text) {
            Some("hook") if self.knows_hooks() => {
                let template = wrap(&template, &action_perm(&action)?, tasks_for);
                Ok((template, self.hook_context(&action, &context)?))
            }
            _ if self.recipe.actions == ActionKinds::Hooks => {
                refuse("the decision task offers the action otherwise than as a hook")
            }
            _ => match action.get("task") {
                // Before hooks, an action was a template of its own.
                Some(task) => {
                    let template = Value::object([("tasks", Value::list(vec![value(task)]))]);
                    Ok((template, context))
                }
                None => self.of_tree(&action, own, template, context),
            },
        }
    }

    /// The action as the decision task offered it.
    fn offered(&mut self, own: &Task<'_>) -> Step<json::Value> {
        let Some(actions) = self.inputs.actions else {
            return self.missing(Lacking::Artifact(ACTIONS_JSON.to_owned()));
        };
        let document = read_json(actions, ACTIONS_JSON)?;
        let Some(actions) = document.get("actions").and_then(json::Value::as_list) else {
            return refuse("actions.json has no list of actions");
        };
        let callback = own.env("ACTION_CALLBACK")?;
        let name = own.required("/extra/action/name").ok();
        let callback = callback.filter(|callback| !is_null(callback));
        let is_called = |action: &json::Value, path: &[&str]| -> Step<bool> {
            Ok(chained(action, path)?.filter(|callback| !is_null(callback)) == callback)
        };
        for action in actions {
            let is_asked_for = match self.recipe.actions {
                ActionKinds::TemplatesByName => action.get("name").is_some() && action.get("name") == name,
                ActionKinds::TemplatesAndHooks if action.get("kind").and_then(json::Value::as_text) == Some("task") => {
                    is_called(action, &["task", "$let", "action", "cb_name"])?
                }
                ActionKinds::TemplatesAndHooks | ActionKinds::Hooks => {
                    is_called(action, &["hookPayload", "decision", "action", "cb_name"])?
                }
            };
            if is_asked_for {
                return Ok(action.clone());
            }
        }
        refuse("the decision task offers no such action")
    }

    /// The variables before a hook is looked at: what the task says of itself goes over the rest.
    fn action_context(&mut self, own: &Task<'_>, decision: &Task<'_>, tasks_for: &str) -> Step<Context> {
        match self.version_control(decision)? {
            VersionControl::Hg => self.context(own, decision, tasks_for),
            VersionControl::Github => {
                let mut context = self.first_variables(own, tasks_for)?;
                merge(&mut context, self.stated(own)?);
                Ok(context)
            }
        }
    }

    /// The variables of an action on a tree on hg.mozilla.org: the task's own, and the decision task's parameters.
    pub(super) fn action_variables(&mut self, own: &Task<'_>) -> Step<Context> {
        let parameters = self.parameters();
        let stated = self.stated(own);
        let (parameters, mut context) = super::both(parameters, stated)?;
        merge(&mut context, vec![("parameters", parameters), ("task", Value::Null)]);
        Ok(context)
    }

    /// What the task says in `extra.action.context`. Only the names that templates and hooks use are taken.
    fn stated(&self, own: &Task<'_>) -> Step<Context> {
        const NAMES: [&str; 14] = [
            "now",
            "as_slugid",
            "tasks_for",
            "ownTaskId",
            "taskId",
            "taskGroupId",
            "input",
            "parameters",
            "clientId",
            "repository",
            "push",
            "action",
            "task",
            "event",
        ];
        let stated = own.required("/extra/action/context")?;
        let Some(stated) = stated.as_map() else { return refuse("/extra/action/context is no object") };
        Ok(NAMES.iter().filter_map(|name| Some((*name, value(stated.get(name)?)))).collect())
    }

    /// The variables with which the hook's template was rendered: what whoever fired it said, and what the decision task
    /// laid down.
    fn hook_context(&self, action: &json::Value, context: &Context) -> Step<Context> {
        let variable = |name: &str| context.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        let required = |name: &str| {
            let found = variable(name);
            found.map_or_else(|| refuse(format_args!("/extra/action/context has no {name}")), Ok)
        };
        let Some(payload) = action.get("hookPayload") else { return refuse("the hook has no hookPayload") };
        let payload_context = [
            // Python's JSON-e counts from the moment at which it renders, which is another whenever it does.
            ("now", Value::Odd("the moment of a verification")),
            ("input", required("input")?),
            ("parameters", variable("parameters").unwrap_or(Value::Null)),
            ("taskGroupId", Value::text(self.inputs.decision_id)),
            ("taskId", required("taskId")?),
        ];
        let payload = jsone::render(&value(payload), &payload_context, LIMITS)?;
        Ok(vec![
            ("payload", payload),
            ("taskId", Value::text(self.inputs.task_id)),
            ("now", required("now")?),
            ("as_slugid", variable("as_slugid").unwrap_or(Value::Null)),
            ("clientId", variable("clientId").unwrap_or(Value::Null)),
        ])
    }

    /// An action by the tree's template, as releases before hooks had it.
    fn of_tree(
        &self,
        action: &json::Value,
        own: &Task<'_>,
        template: Value,
        mut context: Context,
    ) -> Step<(Value, Context)> {
        let laid_down = |name: &str| match action.pointer(&format!("/hookPayload/decision/{name}")) {
            Some(found) => value(found),
            None => Value::map([]),
        };
        let Value::Map(stated) = laid_down("action") else { return refuse("the action is no object") };
        let repo_scope = repo_scope(own)?.map_or(Value::Null, |scope| Value::text(&scope));
        let entries = stated.iter().map(|(key, value)| (key.clone(), value.clone()));
        let stated = Value::map(entries.chain([("repo_scope".into(), repo_scope)]));
        merge(
            &mut context,
            vec![("action", stated), ("push", laid_down("push")), ("repository", laid_down("repository"))],
        );
        Ok((template, context))
    }

    /// Holds the task group that the template gives against the two that there can be, and puts the definition's own in
    /// its place, which scriptworker does not look at (`check_and_update_action_task_group_id`).
    pub(super) fn group_id(&self, own: &Task<'_>, rendered: &Value, rebuild: &mut Rebuild) -> Step<Value> {
        const PATH: [&str; 3] = ["payload", "env", "ACTION_TASK_GROUP_ID"];
        let tasks = rendered.get("tasks").and_then(Value::as_list);
        let first = tasks.and_then(|tasks| tasks.items().first());
        let Some(made) = first.and_then(|task| task.at(&PATH)) else {
            return refuse("the template gives no ACTION_TASK_GROUP_ID");
        };
        let stated = value(own.required("/payload/env/ACTION_TASK_GROUP_ID")?);
        let made_text = made.as_text().unwrap_or_default();
        if made_text != self.inputs.task_id && made_text != self.inputs.decision_id {
            return refuse("the template's ACTION_TASK_GROUP_ID is neither the task nor its decision task");
        }
        if stated.as_text() != Some(made_text) {
            rebuild.group_id = Some(made_text.to_owned());
        }
        let (Some(first), Some(tasks)) = (first, tasks) else { return refuse("the template gives no tasks") };
        let first = put(first, &PATH, stated);
        let rest = tasks.items().iter().skip(1).cloned();
        Ok(put(rendered, &["tasks"], Value::list(std::iter::once(first).chain(rest).collect())))
    }
}

/// What a hook wraps around the tree's template, as the hooks of the deployment are made.
fn wrap(template: &Value, action_perm: &str, tasks_for: &str) -> Value {
    let of_action = |name: &str| Value::text(&format!("${{payload.decision.action.{name}}}"));
    let eval = |expression: &str| Value::object([("$eval", Value::text(expression))]);
    let repo_scope = format!("assume:repo:${{payload.decision.repository.url[8:]}}:{tasks_for}:{action_perm}");
    let variables = Value::object([
        ("tasks_for", Value::text(tasks_for)),
        (
            "action",
            Value::object([
                ("name", of_action("name")),
                ("title", of_action("title")),
                ("description", of_action("description")),
                ("taskGroupId", of_action("taskGroupId")),
                ("symbol", of_action("symbol")),
                ("repo_scope", Value::text(&repo_scope)),
                ("action_perm", Value::text(action_perm)),
                ("cb_name", of_action("cb_name")),
            ]),
        ),
        ("push", eval("payload.decision.push")),
        ("repository", eval("payload.decision.repository")),
        ("input", eval("payload.user.input")),
        ("parameters", eval("payload.decision['parameters']")),
        ("taskId", eval("payload.user.taskId")),
        ("taskGroupId", eval("payload.user.taskGroupId")),
        ("ownTaskId", eval("taskId")),
    ]);
    Value::object([("$let", variables), ("in", template.clone())])
}

/// The permission that an action needs (`_get_action_perm`).
fn action_perm(action: &json::Value) -> Step<String> {
    let stated = chained(action, &["extra", "actionPerm"])?.or_else(|| action.get("actionPerm"));
    match stated.filter(|stated| !is_null(stated)) {
        Some(stated) => {
            stated.as_text().map(str::to_owned).map_or_else(|| refuse("the action's actionPerm is no text"), Ok)
        }
        None => {
            let Some(hook) = action.get("hookId").map_or(Some("generic/"), json::Value::as_text) else {
                return refuse("the action's hookId is no text");
            };
            if hook.contains("generic/") {
                return Ok("generic".to_owned());
            }
            let name = action.pointer("/hookPayload/decision/action/cb_name").and_then(json::Value::as_text);
            name.map(str::to_owned).map_or_else(|| refuse("the action has no cb_name"), Ok)
        }
    }
}

/// The one scope of a task that names a repository's role (`get_repo_scope`).
fn repo_scope(own: &Task<'_>) -> Step<Option<String>> {
    let scopes = own.required("/scopes")?.as_list().unwrap_or_default();
    let mut found = scopes.iter().filter_map(json::Value::as_text).filter(|scope| is_repo_scope(scope));
    match (found.next(), found.next()) {
        (found, None) => Ok(found.map(str::to_owned)),
        (_, Some(_)) => refuse("it has more than one scope of a repository"),
    }
}

/// `assume:repo:HOST/PATH:action:NAME` (`REPO_SCOPE_REGEX`).
fn is_repo_scope(scope: &str) -> bool {
    let Some(rest) = scope.strip_prefix("assume:repo:") else { return false };
    rest.split_once(":action:").is_some_and(|(repository, action)| !repository.is_empty() && !action.is_empty())
}

/// A mapping with one value put in at a path that it has.
fn put(map: &Value, path: &[&str], value: Value) -> Value {
    let (Some((key, rest)), Some(entries)) = (path.split_first(), map.as_map()) else { return value };
    Value::map(entries.iter().map(|(known, old)| {
        let is_it = **known == **key;
        (known.clone(), if is_it { put(old, rest, value.clone()) } else { old.clone() })
    }))
}
