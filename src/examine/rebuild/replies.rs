//! What replies of GitHub's API must hold for scriptworker to read them: github3.py 4.0.1 makes objects of them, and raises
//! where one lacks a member that it knows, needed or not.
//!
//! A pull request's `body_html` and `body_text` are left out, though github3.py demands them: GitHub adds them only for its
//! media type, and an archive may have asked with another.

use super::{Step, refuse};
use crate::formats::json::Value;

/// What a reply tells of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Repository,
    Commit,
    Release,
    PullRequest,
    Contents,
}

/// `users.py`, `_User`.
const USER: &str = "avatar_url events_url followers_url following_url gists_url gravatar_id html_url id login \
    organizations_url received_events_url repos_url starred_url subscriptions_url type url";

/// `repos/repo.py`, `_Repository`.
const SHORT_REPOSITORY: &str = "archive_url assignees_url blobs_url branches_url collaborators_url comments_url \
    commits_url compare_url contents_url contributors_url deployments_url description downloads_url events_url fork \
    forks_url full_name git_commits_url git_refs_url git_tags_url hooks_url html_url id issue_comment_url \
    issue_events_url issues_url keys_url labels_url languages_url merges_url milestones_url name notifications_url owner \
    private pulls_url releases_url stargazers_url statuses_url subscribers_url subscription_url tags_url teams_url \
    trees_url url";

/// `repos/repo.py`, `Repository`, beside the same.
const REPOSITORY: &str = "archived clone_url created_at default_branch forks_count git_url has_downloads has_issues \
    has_pages has_projects has_wiki homepage language mirror_url network_count open_issues_count pushed_at size ssh_url \
    stargazers_count subscribers_count svn_url updated_at watchers_count";

/// `licenses.py`, `_License`.
const LICENSE: &str = "key name spdx_id url";

/// `repos/commit.py`, `RepoCommit`.
const COMMIT: &str = "files sha stats url";

/// `repos/release.py`, `Release`.
const RELEASE: &str = "assets assets_url author body created_at draft html_url id name prerelease published_at tag_name \
    tarball_url target_commitish upload_url url zipball_url";

/// `repos/release.py`, `Asset`.
const ASSET: &str =
    "browser_download_url content_type created_at download_count id label name size state updated_at url";

/// `pulls.py`, `PullRequest`.
const PULL_REQUEST: &str = "_links active_lock_reason additions assignee assignees author_association base body \
    closed_at comments comments_url commits commits_url created_at deletions diff_url draft head html_url id issue_url \
    locked merge_commit_sha mergeable mergeable_state merged merged_at merged_by number patch_url requested_reviewers \
    requested_teams review_comment_url review_comments review_comments_url state statuses_url title updated_at url user";

/// `pulls.py`, `PullDestination`.
const DESTINATION: &str = "label ref sha";

/// `repos/contents.py`, `Contents`.
const CONTENTS: &str = "_links download_url git_url html_url name path sha size type url";

/// Refuses a reply that lacks something.
pub(super) fn check(reply: &Value, kind: Kind) -> Step<()> {
    match kind {
        Kind::Repository => {
            short_repository(reply, "repository")?;
            has(reply, "repository", REPOSITORY)?;
            if let Some(license) = there(reply, "license") {
                has(license, "license", LICENSE)?;
            }
            for origin in ["parent", "source"] {
                if let Some(origin_of) = there(reply, origin) {
                    short_repository(origin_of, origin)?;
                }
            }
            Ok(())
        }
        Kind::Commit => {
            has(reply, "commit", COMMIT)?;
            match reply.get("stats").filter(|stats| stats.is_truthy()) {
                Some(stats) => has(stats, "stats", "additions deletions total"),
                None => Ok(()),
            }
        }
        Kind::Release => {
            has(reply, "release", RELEASE)?;
            user(reply, "author")?;
            each(reply, "assets", |asset| has(asset, "asset", ASSET))
        }
        Kind::PullRequest => pull_request(reply),
        Kind::Contents => has(reply, "file", CONTENTS),
    }
}

fn pull_request(reply: &Value) -> Step<()> {
    has(reply, "pull request", PULL_REQUEST)?;
    user(reply, "user")?;
    for person in ["assignee", "merged_by"] {
        if there(reply, person).is_some() {
            user(reply, person)?;
        }
    }
    for people in ["assignees", "requested_reviewers"] {
        each(reply, people, |person| has(person, people, USER))?;
    }
    for side in ["base", "head"] {
        let Some(side_of) = reply.get(side) else { continue };
        has(side_of, side, DESTINATION)?;
        if side_of.get("user").is_some_and(Value::is_truthy) {
            user(side_of, "user")?;
        }
        match side_of.get("repo").filter(|repository| repository.is_truthy()) {
            Some(repository) => short_repository(repository, side)?,
            // That of the head may be gone by now.
            None if side == "base" => return refuse("GitHub's pull request is to no repository"),
            None => {}
        }
    }
    Ok(())
}

fn short_repository(repository: &Value, what: &str) -> Step<()> {
    has(repository, what, SHORT_REPOSITORY)?;
    user(repository, "owner")
}

fn user(of: &Value, who: &str) -> Step<()> {
    match of.get(who) {
        Some(user) => has(user, who, USER),
        None => refuse(format_args!("GitHub tells no {who}")),
    }
}

/// A member that is there, and not null.
fn there<'a>(of: &'a Value, name: &str) -> Option<&'a Value> {
    of.get(name).filter(|value| !super::is_null(value))
}

fn each(of: &Value, name: &str, check: impl Fn(&Value) -> Step<()>) -> Step<()> {
    match of.get(name).and_then(Value::as_list) {
        Some(list) => list.iter().try_for_each(check),
        None => refuse(format_args!("GitHub's {name} are no list")),
    }
}

fn has(value: &Value, what: &str, names: &str) -> Step<()> {
    let Some(map) = value.as_map() else { return refuse(format_args!("GitHub's {what} is no object")) };
    match names.split(' ').find(|name| !map.contains_key(name)) {
        Some(name) => refuse(format_args!("GitHub's {what} has no {name}")),
        None => Ok(()),
    }
}
