//! The variables for a tree on hg.mozilla.org: projects file and pushlog.

use super::context::value;
use super::task::Task;
use super::{Context, Maker, Step, Stop, read_json, read_yaml, refuse};
use crate::formats::json;
use crate::formats::jsone::Value;
use crate::model::{CronPush, ProjectLevel, PushComment};

/// What the pushlog says of a push.
struct Push {
    id: Value,
    comment: json::Value,
    date: Value,
    user: Value,
    base_revision: Value,
}

impl Maker<'_> {
    pub(super) fn hg_context(&mut self, own: &Task<'_>, decision: &Task<'_>, tasks_for: &str) -> Step<Context> {
        let prefix = self.recipe.env_prefix.clone();
        let source = decision.source(&prefix)?;
        let repository = self.repository(decision, source, matches!(tasks_for, "hg-push" | "cron"));
        let more = match tasks_for {
            "hg-push" => self.push_context(decision, &prefix),
            "cron" => self.cron_context(own, decision, &prefix),
            "action" => self.action_variables(own),
            other => refuse(format_args!("{other:?} is no reason for a task of a tree on hg.mozilla.org")),
        };
        let (repository, more) = super::both(repository, more)?;
        let mut context = vec![("repository", repository)];
        super::context::merge(&mut context, more);
        Ok(context)
    }

    fn repository(&mut self, decision: &Task<'_>, source: &str, tells_type: bool) -> Step<Value> {
        let url = Value::text(decision.head(&self.recipe.env_prefix)?);
        let (project, level) = self.project(source)?;
        let mut repository =
            vec![("url".into(), url), ("level".into(), Value::text(&level)), ("project".into(), Value::text(&project))];
        if tells_type {
            repository.push(("type".into(), Value::text("hg")));
        }
        Ok(Value::map(repository))
    }

    /// The project of a source, and its level (`get_project`, `get_scm_level`).
    fn project(&mut self, source: &str) -> Step<(String, String)> {
        let projects = self.projects()?;
        let Some(entries) = projects.as_map() else { return refuse("the list of projects is no mapping") };
        for (name, project) in entries.iter() {
            let Some(repository) = project.get("repo").and_then(Value::as_text) else {
                return refuse(format_args!("the project {name} has no repo"));
            };
            if source == repository || source.strip_prefix(repository).is_some_and(|rest| rest.starts_with('/')) {
                return Ok((name.to_string(), self.level(name, project)?));
            }
        }
        refuse(format_args!("no project is at {source}"))
    }

    /// The level of a project that is known by its name.
    pub(super) fn level_of(&mut self, name: &str) -> Step<String> {
        let projects = self.projects()?;
        match projects.get(name) {
            Some(project) => self.level(name, project),
            None => refuse(format_args!("there is no project {name}")),
        }
    }

    fn level(&self, name: &str, project: &Value) -> Step<String> {
        match self.recipe.contexts.project_level {
            ProjectLevel::RepositoryType => level(name, project),
            ProjectLevel::Access => access(name, project),
        }
    }

    fn projects(&mut self) -> Step<Value> {
        let url = self.recipe.projects_url.clone();
        let body = self.answer(&url)?;
        if body.is_html {
            return refuse(format_args!("{url} is an HTML page"));
        }
        read_yaml(&body.bytes, "the list of projects")
    }

    fn push_context(&mut self, decision: &Task<'_>, prefix: &str) -> Step<Context> {
        let push = self.push(decision, prefix)?;
        let comment = decision.env("GECKO_COMMIT_MSG")?;
        let stated = comment.map_or(Some(" "), json::Value::as_text);
        // `try:` and what follows it on its line is all of a comment that a tree may put into a definition.
        let Some(told) = push.comment.as_text() else { return refuse("the comment of the push is no text") };
        let from_try = told.find("try:").map(|start| told[start..].split('\n').next().unwrap_or(""));
        let Some(stated) = stated.filter(|stated| *stated == " " || Some(*stated) == from_try) else {
            return refuse("GECKO_COMMIT_MSG is not the comment of the push");
        };
        Ok(vec![(
            "push",
            Value::object([
                ("base_revision", push.base_revision),
                ("revision", decision.revision(prefix)?.map_or(Value::Null, Value::text)),
                ("comment", Value::text(stated)),
                ("owner", push.user),
                ("pushlog_id", push.id),
                ("pushdate", push.date),
            ]),
        )])
    }

    fn cron_context(&mut self, own: &Task<'_>, decision: &Task<'_>, prefix: &str) -> Step<Context> {
        let cron = self.cron(own)?;
        let revision = decision.revision(prefix)?.map_or(Value::Null, Value::text);
        let (base, id, date) = match self.recipe.contexts.cron_push {
            CronPush::Constants => (Value::Null, Value::text("-1"), Value::Int(0)),
            CronPush::Pushlog => {
                let push = self.push(decision, prefix)?;
                (push.base_revision, push.id, push.date)
            }
        };
        let push = Value::object([
            ("base_revision", base),
            ("revision", revision),
            ("comment", Value::text("")),
            ("owner", Value::text("cron")),
            ("pushlog_id", id),
            ("pushdate", date),
        ]);
        Ok(vec![("cron", cron), ("push", push)])
    }

    /// What the pushlog says of the decision task's push (`_get_additional_hgpush_info`).
    fn push(&mut self, decision: &Task<'_>, prefix: &str) -> Step<Push> {
        let repository = decision.head(prefix)?;
        let revision = decision.revision_in_address(prefix)?;
        // One replacement: a repository's name must not be able to bring in another.
        let url = fill_in(&self.recipe.pushlog_url, repository, revision);
        let body = self.answer(&url)?;
        if body.is_html {
            return refuse(format_args!("{url} is an HTML page"));
        }
        let pushlog = read_json(&body.bytes, "the pushlog")?;
        let wrong = || Stop::Refused("the pushlog does not tell of a push".to_owned());
        let pushes = pushlog.get("pushes").and_then(json::Value::as_map).ok_or_else(wrong)?;
        let (id, push) = pushes.iter().next().ok_or_else(wrong)?;
        let changesets = push.get("changesets").and_then(json::Value::as_list).ok_or_else(wrong)?;
        let (first, last) = changesets.first().zip(changesets.last()).ok_or_else(wrong)?;
        let commented = match self.recipe.contexts.push_comment {
            PushComment::First => first,
            PushComment::Last => last,
        };
        let comment = commented.get("desc").ok_or_else(wrong)?;
        // Releases that took the first comment did not look at parents.
        let parent = first.get("parents").and_then(json::Value::as_list).and_then(|parents| parents.first());
        let base_revision = match (self.recipe.contexts.push_comment, parent) {
            (_, Some(parent)) => value(parent),
            (PushComment::First, None) => Value::Null,
            (PushComment::Last, None) => return Err(wrong()),
        };
        Ok(Push {
            id: Value::text(id.as_str().ok_or_else(wrong)?),
            comment: comment.clone(),
            date: value(push.get("date").ok_or_else(wrong)?),
            user: value(push.get("user").ok_or_else(wrong)?),
            base_revision,
        })
    }
}

/// The level of a project as releases before 60.0.0 found it.
fn access(name: &str, project: &Value) -> Step<String> {
    match (project.get("access"), project.get("level")) {
        (Some(Value::Text(access)), _) => Ok(access.replace("scm_level_", "")),
        (None, Some(Value::Int(level))) => Ok(level.to_string()),
        (None, Some(Value::Text(level))) => Ok(level.to_string()),
        _ => refuse(format_args!("the project {name} has no level")),
    }
}

/// The level of a project's tree.
fn level(name: &str, project: &Value) -> Step<String> {
    let none = || refuse(format_args!("the project {name} has no level"));
    match project.get("repo_type").and_then(Value::as_text) {
        Some("hg") => match project.get("access").and_then(Value::as_text) {
            Some(access) => Ok(access.replace("scm_level_", "")),
            None => none(),
        },
        Some("git") => {
            // Only where it is missing is it the usual one.
            let default = project.get("default_branch").map_or(Some("main"), Value::as_text);
            let Some(branches) = project.get("branches").and_then(Value::as_list) else { return none() };
            for branch in branches.items() {
                let Some(branch_name) = branch.get("name") else {
                    return refuse(format_args!("the project {name} has a branch without a name"));
                };
                if default.is_some() && branch_name.as_text() == default {
                    return match branch.get("level") {
                        Some(Value::Int(level)) => Ok(level.to_string()),
                        Some(Value::Text(level)) => Ok(level.to_string()),
                        Some(_) | None => none(),
                    };
                }
            }
            none()
        }
        Some(_) | None => none(),
    }
}

/// Puts repository and revision into the address of a pushlog.
fn fill_in(url: &str, repository: &str, revision: &str) -> String {
    let put = |text: &str| text.replace("{revision}", revision);
    match url.split_once("{repo}") {
        Some((before, after)) => format!("{}{repository}{}", put(before), put(after)),
        None => put(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_read_up_to_the_usual_one() {
        for (project, expected) in [
            ("branches: [{name: main, level: 3}]", Some("3")),
            ("branches: [{name: main, level: 3}, null]", Some("3")),
            ("default_branch: release, branches: [{name: main, level: 1}, {name: release, level: 3}]", Some("3")),
            ("default_branch: null, branches: [{name: main, level: 3}]", None),
            ("default_branch: 5, branches: [{name: main, level: 3}]", None),
            ("branches: [{level: 1}, {name: main, level: 3}]", None),
            ("branches: [null, {name: main, level: 3}]", None),
            ("branches: {name: main, level: 3}", None),
        ] {
            let project = read_yaml(format!("{{repo_type: git, {project}}}").as_bytes(), "it").unwrap();
            assert_eq!(level("firefox", &project).ok().as_deref(), expected, "{project:?}");
        }
    }
}
