//! The variables for a tree on GitHub: what its API says of commits, releases and pull requests.

use super::context::{optional, value};
use super::replies::Kind;
use super::task::Task;
use super::template::{Repository, requested};
use super::{Context, Maker, Step, chained, is_null, read_json, refuse, replies};
use crate::formats::json;
use crate::formats::jsone::Value;
use crate::formats::url::{owner_and_name, with_scheme};
use crate::model::{GithubSender, PullRequest};

impl Maker<'_> {
    pub(super) fn github_context(&mut self, decision: &Task<'_>, tasks_for: &str) -> Step<Context> {
        let prefix = self.recipe.env_prefix.clone();
        match tasks_for {
            "github-push" => self.github_push(decision, &prefix),
            "github-release" => self.github_release(decision, &prefix),
            "github-pull-request" | "github-pull-request-untrusted" => self.pull_request(decision, &prefix),
            "cron" => self.github_cron(decision, &prefix),
            other => refuse(format_args!("{other:?} is no reason for a task of a tree on GitHub")),
        }
    }

    fn github_push(&mut self, decision: &Task<'_>, prefix: &str) -> Step<Context> {
        let url = with_scheme(decision.head(prefix)?);
        let repository = self.github(&url)?;
        let revision = decision.revision(prefix)?;
        let commit =
            self.api(&format!("{}/commits/{}", repository.api, decision.revision_in_address(prefix)?), Kind::Commit)?;
        let login = match self.recipe.contexts.github_sender {
            GithubSender::Author => optional(commit.pointer("/author/login")),
            GithubSender::Committer => committer(&commit)?,
        };
        let event = Value::object([
            ("before", optional(decision.env(&format!("{prefix}_BASE_REV"))?)),
            ("after", revision.map_or(Value::Null, Value::text)),
            // The one address of several that the pusher used is not told by the API: the task's own word is taken.
            ("pusher", Value::object([("email", value(decision.required("/metadata/owner")?))])),
            ("base_ref", optional(decision.branch(prefix, "BASE")?)),
            ("ref", optional(decision.branch(prefix, "HEAD")?)),
            (
                "repository",
                Value::object([
                    ("full_name", Value::text(&repository.full_name())),
                    ("ssh_url", Value::text(&format!("git@github.com:{}.git", repository.full_name()))),
                    ("html_url", Value::text(&url)),
                    ("name", Value::text(&repository.name)),
                    ("pushed_at", pushed_at(decision, prefix)?),
                ]),
            ),
            ("sender", Value::object([("login", login)])),
        ]);
        Ok(vec![("event", event)])
    }

    fn github_release(&mut self, decision: &Task<'_>, prefix: &str) -> Step<Context> {
        let url = decision.head(prefix)?;
        let repository = self.github(url)?;
        let tag = decision.revision(prefix)?;
        let address = format!("{}/releases/tags/{}", repository.api, decision.revision_in_address(prefix)?);
        let release = self.api(&address, Kind::Release)?;
        let told = |pointer: &str| {
            let found = release.pointer(pointer).map(value);
            found.map_or_else(|| refuse(format_args!("GitHub tells no {pointer} of the release")), Ok)
        };
        let event = Value::object([
            ("action", Value::text("published")),
            (
                "repository",
                Value::object([
                    ("clone_url", Value::text(&format!("{url}.git"))),
                    ("full_name", Value::text(&repository.full_name())),
                    ("html_url", Value::text(url)),
                    ("name", Value::text(&repository.name)),
                ]),
            ),
            (
                "release",
                Value::object([
                    ("tag_name", tag.map_or(Value::Null, Value::text)),
                    ("target_commitish", told("/target_commitish")?),
                    ("published_at", told("/published_at")?),
                ]),
            ),
            ("sender", Value::object([("login", told("/author/login")?)])),
        ]);
        Ok(vec![("event", event)])
    }

    fn github_cron(&mut self, decision: &Task<'_>, prefix: &str) -> Step<Context> {
        let url = decision.head(prefix)?;
        let Some((owner, name)) = owner_and_name(url) else {
            return refuse(format_args!("{url} is no repository on GitHub"));
        };
        let cron = self.cron(decision)?;
        let level = self.level_of(&name)?;
        let revision = optional(decision.env(&format!("{prefix}_HEAD_REV"))?);
        let branch = optional(decision.branch(prefix, "HEAD")?);
        let triggered_by = decision.env(&format!("{prefix}_TRIGGERED_BY"))?.filter(|who| !is_null(who));
        let event = Value::object([
            (
                "repository",
                Value::object([
                    ("clone_url", Value::text(url)),
                    ("full_name", Value::text(&format!("{owner}/{name}"))),
                    ("html_url", Value::text(url)),
                    ("name", Value::text(&name)),
                ]),
            ),
            (
                "release",
                Value::object([
                    ("tag_name", revision.clone()),
                    ("target_commitish", branch.clone()),
                    ("published_at", pushed_at(decision, prefix)?),
                ]),
            ),
            ("sender", Value::object([("login", triggered_by.map_or_else(|| Value::text("TaskclusterHook"), value))])),
        ]);
        let repository = Value::object([
            ("url", Value::text(url)),
            ("project", Value::text(&name)),
            ("level", Value::text(&level)),
            ("type", Value::text("git")),
        ]);
        let push = Value::object([("revision", revision), ("branch", branch)]);
        Ok(vec![("cron", cron), ("event", event), ("repository", repository), ("push", push)])
    }

    fn pull_request(&mut self, decision: &Task<'_>, prefix: &str) -> Step<Context> {
        let base = decision.repository(prefix, "BASE")?;
        // It is read before anything else, whether or not it is needed then.
        if base.is_none() && self.is_recent() {
            return refuse(format_args!("it names no {prefix}_BASE_REPOSITORY"));
        }
        let url = with_scheme(decision.head(prefix)?);
        let number = self.pull_request_number(decision, prefix)?;
        let repository = self.github(&url)?;
        let parent = self.parent(base, &url, &repository)?;
        let api = match parent {
            Some(parent) => self.github(&parent)?.api,
            None => repository.api,
        };
        let request = self.api(&format!("{api}/pulls/{number}"), Kind::PullRequest)?;
        let told = |pointer: &str| {
            let found = request.pointer(pointer).map(value);
            found.map_or_else(|| refuse(format_args!("GitHub tells no {pointer} of the pull request")), Ok)
        };
        let mut head = told("/head")?;
        let mut base = told("/base")?;
        head = with(&head, "updated_at", pushed_at(decision, prefix)?)?;
        if self.recipe.contexts.pull_request == PullRequest::BaseByTask {
            // A pull request moves on; the task knows what it was made from.
            base = with(&base, "sha", optional(decision.env(&format!("{prefix}_BASE_REV"))?))?;
            head = with(&head, "sha", optional(decision.env(&format!("{prefix}_HEAD_REV"))?))?;
        }
        let repository = match self.recipe.contexts.pull_request {
            PullRequest::Head => told("/head/repo")?,
            PullRequest::Base | PullRequest::BaseByTask => told("/base/repo")?,
        };
        let whole = with(&with(&value(&request), "head", head)?, "base", base)?;
        let event = Value::object([
            ("action", Value::text("synchronize")),
            ("repository", repository),
            ("pull_request", whole),
            ("sender", Value::object([("login", told("/head/user/login")?)])),
        ]);
        Ok(vec![("event", event)])
    }

    /// The number of the pull request, as Python's `int` takes it.
    fn pull_request_number(&self, decision: &Task<'_>, prefix: &str) -> Step<i64> {
        let name = format!("{prefix}_PULL_REQUEST_NUMBER");
        let number = match decision.env(&name)? {
            Some(json::Value::Number(number)) => number.as_i64(),
            Some(text) => text.as_text().and_then(|text| text.trim().parse().ok()),
            None => None,
        };
        match number {
            // There is no request of such a number, and nobody asks for it.
            Some(..=0) => refuse(format_args!("{name} is no number of a pull request")),
            Some(number) => Ok(number),
            None => refuse(format_args!("{name} is no number")),
        }
    }

    /// The repository in which a fork's pull request is, if it is not in the fork itself.
    fn parent(&self, base: Option<&str>, url: &str, repository: &Repository) -> Step<Option<String>> {
        let is_fork = repository.definition.get("fork").is_some_and(json::Value::is_truthy);
        let is_its_own = self.is_recent() && base.is_some_and(|base| with_scheme(base) == url);
        if !is_fork || is_its_own {
            return Ok(None);
        }
        let text = |pointer: &str| repository.definition.pointer(pointer).and_then(json::Value::as_text);
        match text("/parent/owner/login").zip(text("/parent/name")) {
            Some((owner, name)) => Ok(Some(format!("https://github.com/{owner}/{name}"))),
            None => refuse("GitHub does not tell what the repository is a fork of"),
        }
    }

    /// An answer of GitHub's API.
    fn api(&mut self, url: &str, kind: Kind) -> Step<json::Value> {
        let url = requested(url);
        let body = self.answer(&url)?;
        self.reply(&body.bytes, &url, kind)
    }

    /// The same, of bytes.
    pub(super) fn reply(&self, bytes: &[u8], url: &str, kind: Kind) -> Step<json::Value> {
        let reply = read_json(bytes, url)?;
        if self.is_recent() {
            replies::check(&reply, kind)?;
        }
        Ok(reply)
    }
}

/// Who made a commit: its committer, or where that is GitHub itself or not known its author.
fn committer(commit: &json::Value) -> Step<Value> {
    let Some(committer) = commit.get("committer") else { return refuse("GitHub tells no /committer of the commit") };
    let login = |who: &'static str, person: Option<&json::Value>| {
        let Some(person) = person.filter(|person| person.is_truthy()) else { return Ok(None) };
        let Some(person) = person.as_map() else { return refuse(format_args!("GitHub's {who} is no object")) };
        Ok(person.get("login").map(value))
    };
    match login("committer", Some(committer))? {
        Some(login) if !matches!(login, Value::Null) && login.as_text() != Some("web-flow") => Ok(login),
        Some(_) | None => {
            // Looked up whether or not it is needed.
            let by_git = chained(commit, &["commit", "author", "login"])?;
            let author = login("author", commit.get("author"))?;
            Ok(author.unwrap_or_else(|| by_git.map_or_else(|| Value::text("@@@unknown@@@"), value)))
        }
    }
}

/// When a push was, as the task says: GitHub does not tell it.
fn pushed_at(decision: &Task<'_>, prefix: &str) -> Step<Value> {
    Ok(optional(decision.env(&format!("{prefix}_PUSH_DATE_TIME"))?))
}

/// A mapping with one value put in.
fn with(map: &Value, key: &'static str, value: Value) -> Step<Value> {
    let Some(entries) = map.as_map() else { return refuse(format_args!("GitHub's {key} stands in no object")) };
    let entries = entries.iter().map(|(key, value)| (key.clone(), value.clone()));
    Ok(Value::map(entries.chain([(key.into(), value)])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committer_of_a_commit_is_found_as_scriptworker_finds_it() {
        for (commit, expected) in [
            (r#"{"committer": {"login": "a"}}"#, Some("a")),
            (r#"{"committer": {"login": "web-flow"}, "author": {"login": "b"}}"#, Some("b")),
            (r#"{"committer": null, "author": null}"#, Some("@@@unknown@@@")),
            (r#"{"committer": null, "commit": {"author": {"login": "c"}}}"#, Some("c")),
            (r#"{"committer": null, "author": {"login": "b"}, "commit": null}"#, None),
            (r#"{"committer": "a", "author": {"login": "b"}}"#, None),
            (r#"{"author": {"login": "b"}}"#, None),
        ] {
            let reply = read_json(commit.as_bytes(), "it").unwrap();
            assert_eq!(committer(&reply).ok().as_ref().and_then(Value::as_text), expected, "{commit}");
        }
    }
}
