//! How a verifier rebuilds the definitions of decision and action tasks: all that shapes the outcome but the evidence.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Digest;

/// Where a tree lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VersionControl {
    /// On hg.mozilla.org.
    Hg,
    /// On GitHub.
    Github,
}

impl VersionControl {
    /// The word that rule books use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hg => "hg",
            Self::Github => "github",
        }
    }

    /// The one with this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Hg, Self::Github].into_iter().find(|known| known.word() == name)
    }
}

/// How a verifier rebuilds the definitions of decision and action tasks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recipe {
    /// What the variables in `payload.env` begin with that name the tree, such as `GECKO`.
    pub env_prefix: String,
    /// Where trees may lie.
    pub product_types: BTreeSet<VersionControl>,
    /// The address of the list of projects.
    pub projects_url: String,
    /// The address of a push, with `{repo}` and `{revision}`.
    pub pushlog_url: String,
    /// What of a template is rendered.
    pub rendering: Rendering,
    /// Which actions there are.
    pub actions: ActionKinds,
    /// Where the template lies.
    pub template: TemplatePlace,
    /// What the template's variables hold.
    pub contexts: Contexts,
}

impl Recipe {
    /// A digest over all of it.
    pub fn digest(&self) -> Digest {
        Digest::of(serde_json::to_string(self).unwrap_or_default().as_bytes())
    }
}

/// What the variables of templates hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Contexts {
    /// What a cron task knows of the push.
    pub cron_push: CronPush,
    /// Which comment is that of a push.
    pub push_comment: PushComment,
    /// Whether what the queue fills in is filled in before the comparison.
    pub queue_fields: QueueFields,
    /// How the level of a project is found.
    pub project_level: ProjectLevel,
    /// Who is taken for the maker of a push to GitHub.
    pub github_sender: GithubSender,
    /// Which repository a pull request is said to be in.
    pub pull_request: PullRequest,
}

/// What of a template is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rendering {
    /// Its first task (scriptworker 7.0.0 to 12.x).
    FirstTask,
    /// All of it; the definition must be one of the tasks that it gives (since 13.0.0).
    WholeTemplate,
}

/// Which actions there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKinds {
    /// Templates that stand in actions.json itself, found by their name (8.0.0 to 15.x).
    TemplatesByName,
    /// Templates, and hooks, found by their callback (17.1.0 to 40.x).
    TemplatesAndHooks,
    /// Hooks alone (since 41.0.0).
    Hooks,
}

/// Where the template of a tree lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TemplatePlace {
    /// Where the decision task's `metadata.source` says.
    Source,
    /// `.taskcluster.yml` of the repository and revision that the decision task's variables name.
    Repository,
}

/// What a cron task knows of the push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CronPush {
    /// Constants: push -1 at 0 (until 16.x).
    Constants,
    /// What the pushlog says (since 17.0.0).
    Pushlog,
}

/// Which comment is that of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PushComment {
    /// That of its first changeset.
    First,
    /// That of its last one.
    Last,
}

/// Whether what the queue fills in is filled in before a rebuilt definition is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueueFields {
    /// It is not.
    AsTheyAre,
    /// `projectId` and `taskQueueId` are (since 41.0.0).
    FilledIn,
}

/// How the level of a project is found in the list of projects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProjectLevel {
    /// By its `access`, else its `level` (until 50.x).
    Access,
    /// By its `access` on hg.mozilla.org, and by that of its default branch elsewhere (since 60.0.0).
    RepositoryType,
}

/// Who is taken for the maker of a push to GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GithubSender {
    /// The author of its commit.
    Author,
    /// Its committer, or where that is GitHub itself its author.
    Committer,
}

/// Which repository a pull request is said to be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PullRequest {
    /// The one that it comes from.
    Head,
    /// The one that it is made to, found by whether the repository is a fork.
    Base,
    /// The same; a fork that takes pull requests of its own is none (since 63.x); revisions come from the task.
    BaseByTask,
}
