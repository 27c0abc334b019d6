//! The variables that a template is rendered with (`populate_jsone_context`).

use super::task::Task;
use super::{Context, Maker, Step, read_json, refuse};
use crate::formats::json;
use crate::formats::jsone::{Function, Value};
use crate::model::VersionControl;

impl Maker<'_> {
    /// The variables for a task that was made for this reason. Of one name the last counts.
    pub(super) fn context(&mut self, own: &Task<'_>, decision: &Task<'_>, tasks_for: &str) -> Step<Context> {
        let mut context = self.first_variables(own, tasks_for)?;
        let more = match self.version_control(decision)? {
            VersionControl::Github => self.github_context(decision, tasks_for)?,
            VersionControl::Hg => self.hg_context(own, decision, tasks_for)?,
        };
        merge(&mut context, more);
        Ok(context)
    }

    /// The variables that every template has.
    pub(super) fn first_variables(&self, own: &Task<'_>, tasks_for: &str) -> Step<Context> {
        Ok(vec![
            ("now", value(own.required("/created")?)),
            ("as_slugid", self.as_slugid()),
            ("tasks_for", Value::text(tasks_for)),
            ("ownTaskId", Value::text(self.inputs.task_id)),
            ("taskId", Value::Null),
        ])
    }

    /// What `as_slugid` gives: the decision task's id for `decision`, and the task's own for everything else.
    pub(super) fn as_slugid(&self) -> Value {
        let own = self.inputs.task_id;
        let known = [("default", own), ("decision", self.inputs.decision_id)];
        let known = known.map(|(name, id)| (name.to_owned(), id.to_owned())).to_vec();
        Value::Function(Function::lookup(known, own))
    }

    /// Where the tree lies: for a product that may lie in both places, where the decision task says.
    pub(super) fn version_control(&self, decision: &Task<'_>) -> Step<VersionControl> {
        let known: Vec<VersionControl> = self.recipe.product_types.iter().copied().collect();
        if let [one] = known.as_slice() {
            return Ok(*one);
        }
        let told = if decision.is_github() { VersionControl::Github } else { VersionControl::Hg };
        if known.contains(&told) { Ok(told) } else { refuse(format_args!("no tree may lie on {}", told.word())) }
    }

    /// What a cron task says of its job: a JSON document in a text.
    pub(super) fn cron(&self, task: &Task<'_>) -> Step<Value> {
        let text = task.required_text("/extra/cron")?;
        Ok(value(&read_json(text.as_bytes(), "/extra/cron")?))
    }
}

/// Adds variables; of one name the last counts.
pub(super) fn merge(context: &mut Context, more: Context) {
    for (name, value) in more {
        match context.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = value,
            None => context.push((name, value)),
        }
    }
}

/// A value of a JSON document as a variable.
pub(super) fn value(value: &json::Value) -> Value {
    Value::of_json(value)
}

/// The same of one that may be missing.
pub(super) fn optional(found: Option<&json::Value>) -> Value {
    found.map_or(Value::Null, value)
}
