//! What verification reads of a task that is rebuilt (scriptworker's `task.py`).

use super::{Step, refuse};
use crate::formats::json::Value;
use crate::formats::url::{is_github, is_inside};

/// A definition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task<'a>(&'a Value);

impl<'a> Task<'a> {
    pub(super) const fn new(value: &'a Value) -> Self {
        Self(value)
    }

    pub(super) const fn value(&self) -> &'a Value {
        self.0
    }

    /// What stands at a pointer, which Python would raise `KeyError` for the lack of.
    pub(super) fn required(&self, pointer: &str) -> Step<&'a Value> {
        self.0.pointer(pointer).map_or_else(|| refuse(format_args!("{pointer} is missing")), Ok)
    }

    /// A text at a pointer.
    pub(super) fn required_text(&self, pointer: &str) -> Step<&'a str> {
        let text = self.required(pointer)?.as_text();
        text.map_or_else(|| refuse(format_args!("{pointer} is no text")), Ok)
    }

    /// `extra.tasks_for`: the reason for which the task was made.
    pub(super) fn tasks_for(&self) -> Step<String> {
        self.required_text("/extra/tasks_for").map(str::to_owned)
    }

    /// A variable of `payload.env`. One that is null is there: nothing is taken in its place.
    pub(super) fn env(&self, name: &str) -> Step<Option<&'a Value>> {
        match self.required("/payload")?.as_map().map(|payload| payload.get("env")) {
            None => refuse("/payload is no object"),
            Some(None) => Ok(None),
            Some(Some(env)) => match env.as_map() {
                None => refuse("/payload/env is no object"),
                Some(env) => Ok(env.get(name)),
            },
        }
    }

    /// A variable of `payload.env` that is a text, where it is there and not null.
    pub(super) fn env_text(&self, name: &str) -> Step<Option<&'a str>> {
        match self.env(name)? {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_text() {
                None => refuse(format_args!("/payload/env/{name} is no text")),
                Some(text) => Ok(Some(text)),
            },
        }
    }

    /// The repository that it was made from, or (`BASE`) that its change is to (`get_repo`).
    pub(super) fn repository(&self, prefix: &str, which: &str) -> Step<Option<&'a str>> {
        let name = format!("{prefix}_{which}_REPOSITORY");
        Ok(self.env_text(&name)?.map(|repository| repository.trim_end_matches('/')))
    }

    /// The repository that it was made from, which it must name.
    pub(super) fn head(&self, prefix: &str) -> Step<&'a str> {
        let head = self.repository(prefix, "HEAD")?;
        head.map_or_else(|| refuse(format_args!("it names no {prefix}_HEAD_REPOSITORY")), Ok)
    }

    /// The revision that it was made from (`get_revision`).
    pub(super) fn revision(&self, prefix: &str) -> Step<Option<&'a str>> {
        self.env_text(&format!("{prefix}_HEAD_REV"))
    }

    /// The revision as it stands in an address: what Python writes for none where there is none.
    pub(super) fn revision_in_address(&self, prefix: &str) -> Step<&'a str> {
        Ok(self.revision(prefix)?.unwrap_or("None"))
    }

    /// One of two variables: of the branch, or where that is missing of the reference (`get_branch`, `get_base_branch`).
    pub(super) fn branch(&self, prefix: &str, which: &str) -> Step<Option<&'a Value>> {
        match self.env(&format!("{prefix}_{which}_BRANCH"))? {
            Some(branch) => Ok(Some(branch)),
            None => self.env(&format!("{prefix}_{which}_REF")),
        }
    }

    /// `metadata.source`, which must lie in the repository that the variables name, if they name one
    /// (`get_source_url`).
    pub(super) fn source(&self, prefix: &str) -> Step<&'a str> {
        let source = self.required_text("/metadata/source")?;
        match self.repository(prefix, "HEAD")? {
            Some(repository) if !repository.is_empty() && !is_inside(repository, source) => {
                refuse(format_args!("{prefix}_HEAD_REPOSITORY {repository} does not fit the source {source}"))
            }
            Some(_) | None => Ok(source),
        }
    }

    /// Whether something in it speaks of GitHub (`is_github_task`).
    pub(super) fn is_github(&self) -> bool {
        let text = |pointer: &str| self.0.pointer(pointer).and_then(Value::as_text).unwrap_or_default();
        text("/schedulerId") == "taskcluster-github"
            || text("/extra/tasks_for").starts_with("github-")
            || is_github(text("/metadata/source"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::json::parse;

    #[test]
    fn a_variable_that_is_null_is_not_replaced() {
        let task = parse(br#"{"payload": {"env": {"A_HEAD_BRANCH": null, "A_HEAD_REF": "r", "A_BASE_REF": "b"}}}"#);
        let task = task.unwrap().value;
        let task = Task::new(&task);
        assert_eq!(task.branch("A", "HEAD"), Ok(Some(&Value::Null)));
        assert_eq!(task.branch("A", "BASE").unwrap().and_then(Value::as_text), Some("b"));
        assert_eq!(task.env_text("A_HEAD_BRANCH"), Ok(None));
        assert_eq!((task.revision("A"), task.revision_in_address("A")), (Ok(None), Ok("None")));
    }
}
