//! What a rule book says of one product: trees, scopes, workers, images.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::model::VersionControl;

/// The tables of a product, as scriptworker's `DEFAULT_CONFIG` has them under `by-cot-product`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ProductRules {
    /// Where its trees may lie (`cot_product_type`).
    pub product_types: BTreeSet<VersionControl>,
    /// What its variables in `payload.env` begin with, before `_HEAD_REPOSITORY` and its like (`source_env_prefix`).
    pub source_env_prefix: String,
    /// The owners of its repositories on GitHub (`official_github_repos_owner`).
    pub official_owners: BTreeSet<String>,
    /// The reasons for which a decision or action task may be made (`valid_tasks_for`); empty before 20.0.0, which knew no
    /// list by product.
    pub tasks_for: BTreeSet<String>,
    /// The worker pools that may run decision and action tasks (`valid_decision_worker_pools`). A name without a slash is a
    /// worker type of any provisioner (`valid_decision_worker_types`, before 24.0.0).
    pub decision_pools: BTreeSet<String>,
    /// The same for docker-image tasks (`valid_docker_image_worker_pools`).
    pub docker_image_pools: BTreeSet<String>,
    /// The task types that may use an image which no docker-image task of the chain made, or `any`
    /// (`prebuilt_docker_image_task_types`).
    pub prebuilt_image_types: BTreeSet<String>,
    /// Before 12.0.0: by task type, the digests of the images that it may use (`docker_image_allowlists`).
    pub image_digests: BTreeMap<String, BTreeSet<String>>,
    /// Which sources are trees, in the order in which they are tried (`trusted_vcs_rules`).
    pub vcs_rules: Vec<VcsRule>,
    /// By restricted scope, the group of trees that may use it (`cot_restricted_scopes`). One that ends in `*` stands for
    /// all that begin so.
    pub scopes: BTreeMap<String, String>,
    /// By group, the trees (`cot_restricted_trees`).
    pub trees: BTreeMap<String, BTreeSet<String>>,
    /// By tree on hg.mozilla.org, the one on GitHub that counts as the same (`hg_git_mirrors`).
    pub mirrors: BTreeMap<String, String>,
}

/// Which sources belong to a tree.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VcsRule {
    /// The schemes of their addresses.
    pub schemes: Vec<String>,
    /// Their hosts.
    pub hosts: Vec<String>,
    /// A regular expression for the path, whose group `path` is the tree.
    pub path: String,
    /// Whether the repository needs a secret to be read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_private: bool,
    #[serde(skip)]
    compiled: OnceLock<Option<Regex>>,
}

impl PartialEq for VcsRule {
    fn eq(&self, other: &Self) -> bool {
        (&self.schemes, &self.hosts, &self.path, self.is_private)
            == (&other.schemes, &other.hosts, &other.path, other.is_private)
    }
}

impl Eq for VcsRule {}

/// A restricted scope that a scope is an instance of, by the tables of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restriction<'a> {
    /// It is none.
    None,
    /// It is this one.
    One {
        /// The restricted scope.
        scope: &'a str,
        /// The group of trees that may use it.
        trees: &'a str,
    },
    /// It is more than one, which scriptworker refuses.
    Several,
}

impl VcsRule {
    pub(super) const fn new(schemes: Vec<String>, hosts: Vec<String>, path: String, is_private: bool) -> Self {
        Self { schemes, hosts, path, is_private, compiled: OnceLock::new() }
    }

    /// The rule's expression, if it is one and names a `path`.
    pub(super) fn expression(&self) -> Option<&Regex> {
        let compile =
            || Regex::new(&self.path).ok().filter(|regex| regex.capture_names().any(|name| name == Some("path")));
        self.compiled.get_or_init(compile).as_ref()
    }
}

impl ProductRules {
    /// The tree that an address belongs to: `/releases/mozilla-beta`, `/mozilla-mobile/reference-browser`. `scheme`,
    /// `host` and decoded `path` are the parts of the address.
    pub fn tree(&self, scheme: &str, host: &str, path: &str) -> Option<String> {
        let may_apply = |rule: &&VcsRule| {
            rule.schemes.iter().any(|known| known == scheme) && rule.hosts.iter().any(|known| known == host)
        };
        self.vcs_rules.iter().filter(may_apply).find_map(|rule| {
            let found = rule.expression()?.captures(path)?;
            found.name("path").map(|tree| tree.as_str().to_owned())
        })
    }

    /// The restricted scope that a scope is an instance of.
    pub fn restriction(&self, scope: &str) -> Restriction<'_> {
        let is_instance = |restricted: &str| match restricted.strip_suffix('*') {
            Some(start) => scope.starts_with(start.trim_end_matches('*')),
            None => scope == restricted,
        };
        let mut found = self.scopes.iter().filter(|(restricted, _)| is_instance(restricted));
        match (found.next(), found.next()) {
            (None, _) => Restriction::None,
            (Some((scope, trees)), None) => Restriction::One { scope, trees },
            (Some(_), Some(_)) => Restriction::Several,
        }
    }

    /// Whether a worker pool is one of a list.
    pub fn is_pool_of(pools: &BTreeSet<String>, provisioner: &str, worker_type: &str) -> bool {
        pools.contains(worker_type) || pools.contains(&format!("{provisioner}/{worker_type}"))
    }

    /// Whether its trees may lie in repositories that need a secret to be read.
    pub fn is_private(&self) -> bool {
        self.vcs_rules.iter().any(|rule| rule.is_private)
    }

    /// What tells apart what is known of a task's commits: which variables name them, and whether anybody asks.
    pub fn commits_key(&self) -> String {
        format!("{}{}", self.source_env_prefix, if self.is_private() { " private" } else { "" })
    }

    /// Why the tables can't be used, if they can't.
    pub(super) fn problem(&self) -> Option<String> {
        let broken = self.vcs_rules.iter().find(|rule| rule.expression().is_none());
        broken.map(|rule| format!("{:?} is no regular expression with a group `path`", rule.path))
    }
}
