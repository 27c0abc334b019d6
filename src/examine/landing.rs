//! Whether the commits that a task names are on branches of their repositories on GitHub (`is_pull_request` in
//! scriptworker's `task.py`).

use super::rebuild::api;
use super::sources::{Ask, Sources};
use crate::formats::json::{self, Value};
use crate::formats::jsone::is_space;
use crate::formats::url::{Url, is_github, owner_and_name, with_scheme};
use crate::model::{Commit, Lacking, Landing};

/// Raised when the answers of this file could change.
pub const VERSION: u32 = 3;

/// Looks the commits of a definition up. `prefix` begins the names of the variables; `is_private` says that the trees
/// are private, where scriptworker does not ask.
pub fn examine(definition: &[u8], prefix: &str, is_private: bool, ask: Ask<'_>) -> Landing {
    let Ok(document) = json::parse(definition) else { return Landing::default() };
    let task = &document.value;
    let text = |pointer: &str| task.pointer(pointer).and_then(Value::as_text);
    let mut commits = Vec::new();
    let repository = text(&format!("/payload/env/{prefix}_HEAD_REPOSITORY")).map(|url| url.trim_end_matches('/'));
    let mut refused = None;
    if let Some(repository) = repository.filter(|repository| !repository.is_empty()) {
        let revision = text(&format!("/payload/env/{prefix}_HEAD_REV")).filter(|revision| !revision.is_empty());
        match owner_and_name(&with_scheme(repository)) {
            Some((owner, name)) => commits.push(Commit {
                pointer: format!("/payload/env/{prefix}_HEAD_REPOSITORY"),
                owner,
                repository: name,
                revision: revision.map(str::to_owned),
                landed: None,
                refused: None,
                source: None,
                lacks: None,
            }),
            None => refused = Some(format!("{repository} is no repository on GitHub")),
        }
    }
    let source = text("/metadata/source").unwrap_or_default();
    match of_source(source) {
        Some((owner, repository, revision)) => commits.push(Commit {
            pointer: "/metadata/source".to_owned(),
            owner,
            repository,
            revision: Some(revision),
            landed: None,
            refused: None,
            source: None,
            lacks: None,
        }),
        None => refused = Some(format!("{source} names no repository and revision on GitHub")),
    }
    let mut sources = Sources::new(ask);
    for commit in &mut commits {
        land(commit, is_private, &mut sources);
    }
    Landing { commits, refused }
}

/// Repository and revision of an address such as `https://github.com/OWNER/NAME/raw/REVISION/FILE`.
fn of_source(source: &str) -> Option<(String, String, String)> {
    if !is_github(source) {
        return None;
    }
    let parts = Url::parse(source).path_parts();
    let name = parts.get(1)?;
    let name = name.strip_suffix(".git").unwrap_or(name);
    Some((parts.first()?.clone(), name.to_owned(), parts.get(3)?.clone()))
}

/// Asks whether a commit is on a branch.
fn land(commit: &mut Commit, is_private: bool, sources: &mut Sources<'_>) {
    let Some(revision) = commit.revision.clone() else { return };
    if is_private {
        // The page that tells it is not to be had of private repositories: scriptworker takes it for granted.
        commit.landed = Some(true);
        return;
    }
    let (read, lacks) = (sources.read.len(), sources.lacks.len());
    match landed(commit, &revision, sources) {
        Ok(landed) => commit.landed = landed,
        Err(why) => {
            commit.refused = Some(why);
            return;
        }
    }
    commit.source = sources.read.get(read..).and_then(|read| read.last()).cloned();
    commit.lacks = sources.lacks.get(lacks..).and_then(|lacks| lacks.last()).cloned();
    if commit.landed.is_none() && commit.lacks.is_none() {
        // Asked for before: the note stands at the first commit that lacks it.
        commit.lacks = sources.lacks.last().cloned();
    }
}

/// Whether a commit is on a branch; `None` where that can't be said.
///
/// # Errors
/// What scriptworker stumbles over.
fn landed(commit: &Commit, revision: &str, sources: &mut Sources<'_>) -> Result<Option<bool>, String> {
    let url = api(&commit.owner, &commit.repository);
    let Some(body) = sources.get(&url) else { return Ok(None) };
    let Ok(definition) = json::parse(&body.bytes) else { return Ok(None) };
    let text = |name: &str| definition.value.get(name).and_then(Value::as_text);
    let home = text("html_url").map_or_else(
        || format!("https://github.com/{}/{}", commit.owner, commit.repository),
        |url| url.trim_end_matches('/').to_owned(),
    );
    let hash = if is_full_hash(revision) {
        revision.to_owned()
    } else {
        // `branch_commits` does not know tags.
        match tagged(text("url").unwrap_or(&url), revision, sources)? {
            Some(hash) => hash,
            None => return Ok(None),
        }
    };
    let page = format!("{home}/branch_commits/{hash}");
    let Some(body) = sources.get(&page) else { return Ok(None) };
    let text = std::str::from_utf8(&body.bytes).map_err(|_| format!("{page} is no UTF-8"))?;
    Ok(Some(!text.trim_matches(is_space).is_empty()))
}

/// The commit that a tag names; `None` where the tags were not captured, or are more than one page.
fn tagged(api: &str, tag: &str, sources: &mut Sources<'_>) -> Result<Option<String>, String> {
    // GitHub's tags of a repository come in pages of as many.
    const TAGS_MAX: usize = 100;
    let url = format!("{api}/tags?per_page={TAGS_MAX}");
    let Some(body) = sources.get(&url) else { return Ok(None) };
    let Ok(document) = json::parse(&body.bytes) else { return Ok(None) };
    let Some(tags) = document.value.as_list() else { return Ok(None) };
    let mut found = tags.iter().filter(|entry| entry.get("name").and_then(Value::as_text) == Some(tag));
    let first = found.next();
    if found.next().is_some() {
        return Err(format!("{url} lists the tag {tag} more than once"));
    }
    match first.map(|entry| entry.pointer("/commit/sha").and_then(Value::as_text)) {
        Some(Some(hash)) => Ok(Some(hash.to_owned())),
        Some(None) => Err(format!("{url} does not say of which commit the tag {tag} is")),
        None if tags.len() < TAGS_MAX => Err(format!("{url} lists no tag {tag}")),
        None => {
            sources.lack(Lacking::Source(url));
            Ok(None)
        }
    }
}

fn is_full_hash(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examine::Reply;

    const DEFINITION: &[u8] = br#"{"metadata": {"source":
        "https://github.com/mozilla-mobile/fenix/raw/0123456789012345678901234567890123456789/a.yml"}}"#;

    #[test]
    fn what_scriptworker_stumbles_over_is_refused() {
        let definition = String::from_utf8_lossy(DEFINITION).replace("0123456789012345678901234567890123456789", "v1");
        let landing = |tags: &str, page: &[u8]| {
            let landing = examine(definition.as_bytes(), "MOBILE", false, &mut |url| {
                let bytes = match url.rsplit('/').next() {
                    Some("fenix") => b"{}".to_vec(),
                    Some(end) if end.starts_with("tags") => tags.as_bytes().to_vec(),
                    _ => page.to_vec(),
                };
                Reply::Body { sha256: crate::model::Digest::of(&bytes), bytes, is_html: false }
            });
            let commit = &landing.commits[0];
            (commit.landed, commit.refused.is_some())
        };
        let one = r#"[{"name": "v1", "commit": {"sha": "1"}}]"#;
        let two = r#"[{"name": "v1", "commit": {"sha": "1"}}, {"name": "v1", "commit": {"sha": "2"}}]"#;
        assert_eq!(landing(one, b"main"), (Some(true), false));
        assert_eq!(landing(one, b" \n"), (Some(false), false));
        assert_eq!(landing(one, b"\x1c\x1f\n"), (Some(false), false));
        assert_eq!(landing(one, b"\xff"), (None, true));
        assert_eq!(landing(two, b"main"), (None, true));
        assert_eq!(landing("[]", b"main"), (None, true));
        assert_eq!(landing(r#"[{"name": "v1", "commit": {"sha": null}}]"#, b"main"), (None, true));
    }

    #[test]
    fn an_answer_that_is_too_large_is_not_missing() {
        let lacks = |reply: Reply| {
            let landing = examine(DEFINITION, "MOBILE", false, &mut |_| reply.clone());
            assert_eq!(landing.commits[0].landed, None);
            landing.commits[0].lacks.clone().unwrap()
        };
        let url = "https://api.github.com/repos/mozilla-mobile/fenix".to_owned();
        assert_eq!(lacks(Reply::Unknown), Lacking::Source(url.clone()));
        assert_eq!(lacks(Reply::TooLarge { limit: 5 }), Lacking::TooLarge { url, limit: 5 });
    }
}
