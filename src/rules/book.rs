//! One rule book.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::product::ProductRules;
use super::releases::releases;
use crate::model::{ActionKinds, Contexts, Digest, Form, Recipe, Release, Rendering, TemplatePlace};

/// The rules that a judgement applies: named switches for how a verifier behaves, and its tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleBook {
    /// The version of the format: 1.
    pub rule_book_version: u32,
    /// Its stable id.
    pub id: String,
    /// What it is, in a sentence.
    pub description: String,
    /// The release of scriptworker whose code was read in full, the nearest before it; none where it is a policy of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_in_full: Option<Release>,
    /// How verification goes.
    pub switches: Switches,
    /// The task types that a link may have (`get_valid_task_types`).
    pub task_types: BTreeSet<String>,
    /// The provisioners whose tasks scriptworkers run (`scriptworker_provisioners`).
    pub scriptworker_provisioners: BTreeSet<String>,
    /// The worker types whose tasks scriptworkers run, whatever the provisioner (`scriptworker_worker_types`, before
    /// 24.0.0).
    #[serde(default)]
    pub scriptworker_worker_types: BTreeSet<String>,
    /// The most colons in a link's name: deeper links are not followed (`max_chain_length`; 5 before 6.0.2).
    pub max_chain_length: usize,
    /// The top-level keys that the comparison with the task graph leaves out (`verify_task_in_task_graph`).
    pub graph_ignored_keys: BTreeSet<String>,
    /// The address of the list of projects (`project_configuration_url`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projects_url: Option<String>,
    /// The address of a push (`pushlog_url`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushlog_url: Option<String>,
    /// The products, by name.
    #[serde(default)]
    pub products: BTreeMap<String, ProductRules>,
    /// What the real verifier checks and this book does not: keeps every verdict from being Verified.
    #[serde(default)]
    pub not_checked: Vec<Unchecked>,
    /// What this book does much as the real verifier does, and not exactly so.
    #[serde(default)]
    pub approximate: Vec<Unchecked>,
    /// The digest of the whole book.
    #[serde(skip, default = "no_digest")]
    pub digest: Digest,
}

const fn no_digest() -> Digest {
    Digest::new([0; 32])
}

impl RuleBook {
    /// Why the book can't be used, if it can't: then it would accuse evidence of its own faults.
    pub(super) fn problem(&self) -> Option<String> {
        let rebuilds = matches!(self.switches.rebuild, Rebuilding::FromTheTree { .. });
        if self.id.is_empty() {
            return Some("it has no id".to_owned());
        }
        if self.switches.forms.is_empty() {
            return Some("it accepts no form of attestation".to_owned());
        }
        if rebuilds && (self.projects_url.is_none() || self.pushlog_url.is_none()) {
            return Some("it rebuilds tasks, and names no list of projects or no push log".to_owned());
        }
        self.products.iter().find_map(|(name, rules)| {
            let is_nowhere = rebuilds && rules.product_types.is_empty();
            let why = is_nowhere.then(|| "its trees lie nowhere: it has no productTypes".to_owned());
            why.or_else(|| rules.problem()).map(|why| format!("product {name}: {why}"))
        })
    }

    /// How well the behaviour of the release is known, where its code was not read in full; `None` where it was, and for a
    /// book that is no release's.
    pub fn behaviour(&self) -> Option<String> {
        let release: Release = self.id.strip_prefix("scriptworker-")?.parse().ok()?;
        let is_known = releases().first()?.release <= release && release <= releases().last()?.release;
        match &self.read_in_full {
            _ if !is_known => None,
            Some(read) if *read == release => None,
            Some(read) => Some(format!("behaviour as of {read}")),
            None => Some("behaviour as far as known".to_owned()),
        }
    }

    /// How the definitions of a product's decision and action tasks are rebuilt; `None` where they are not.
    pub fn recipe(&self, product: &str) -> Option<Recipe> {
        let rules = self.products.get(product)?;
        let Rebuilding::FromTheTree { except, rendering, actions, template, contexts } = &self.switches.rebuild else {
            return None;
        };
        if except.contains(product) {
            return None;
        }
        Some(Recipe {
            env_prefix: rules.source_env_prefix.clone(),
            product_types: rules.product_types.clone(),
            projects_url: self.projects_url.clone()?,
            pushlog_url: self.pushlog_url.clone()?,
            rendering: *rendering,
            actions: *actions,
            template: *template,
            contexts: *contexts,
        })
    }
}

/// How verification goes: what changed from release to release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Switches {
    /// The forms of attestation that it accepts.
    pub forms: BTreeSet<Form>,
    /// How much of an attestation must fit the run that published it.
    pub attestation_identity: AttestationIdentity,
    /// Whose consumed artifacts are held to their digests.
    pub consumers: Consumers,
    /// Whether artifacts that a definition calls optional are held to their digests where they are there.
    pub optional_artifacts: OptionalArtifacts,
    /// When a decision task's actions.json and parameters.yml count as consumed.
    pub decision_artifacts: DecisionArtifacts,
    /// Which task is the parent of another.
    pub parents: Parents,
    /// Whether a task's parent must be a decision or action task of the chain.
    pub parentage: Parentage,
    /// What an artifact that is attested with no digest at all is worth.
    pub empty_digests: EmptyDigests,
    /// Whether the comparison with the task graph looks at the expiry of payload artifacts.
    pub artifact_expiry_in_graph: ArtifactExpiry,
    /// Whether the key of the host that judges may sign for every role.
    pub own_host_key: OwnHostKey,
    /// Whether the tag `worker-implementation` has a vote.
    pub implementation_tag: ImplementationTag,
    /// Whether workers must be those of the tables.
    pub workers: Workers,
    /// Whether tasks that somebody can log in to are refused.
    pub interactive: Interactive,
    /// Which docker images tasks may use.
    pub images: Images,
    /// Whether sources must be trees, and restricted scopes are for some of them.
    pub trees: Trees,
    /// How the definitions of decision and action tasks are held to the tree.
    pub rebuild: Rebuilding,
}

/// How much of an attestation must fit the run that published it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttestationIdentity {
    /// Nothing (scriptworker until 4.1.2); what does not fit is an audit finding.
    NotHeld,
    /// Its task id (scriptworker since 4.1.3, 2017-07-12); the rest is an audit finding.
    TaskId,
    /// Schema, task id, run, worker and the definition that the worker ran.
    Whole,
}

/// Whose consumed artifacts are held to their digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consumers {
    /// The target's, as scriptworker does; those of other links are audit findings.
    Target,
    /// Every link's.
    EveryLink,
}

/// Whether optional artifacts are held to their digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptionalArtifacts {
    /// They may be missing, and a wrong digest is an audit finding, as scriptworker has it.
    NotHeld,
    /// They may be missing; where they are there, they must be what was attested.
    HeldToTheirDigest,
}

/// When a decision task's actions.json and parameters.yml count as consumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecisionArtifacts {
    /// Never (scriptworker until 6.0.2).
    Never,
    /// Always (scriptworker since 7.0.0, 2018-01-18).
    Always,
    /// Where the decision task attests them: decision tasks of 2016 did not publish them all.
    IfAttested,
}

/// Which task is the parent of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parents {
    /// Its task group; a decision task has none (scriptworker until 5.1.x).
    TaskGroup,
    /// `extra.parent`, else its task group (since 5.2.0, 2017-10-03; for good since 12.0.0).
    ExtraParent,
}

/// Whether a task's parent must be a decision or action task of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parentage {
    /// It must: else nothing says who made the task.
    Held,
    /// A parent that the chain knows under another task type is not looked at, as scriptworker has it.
    NotHeld,
}

/// What an artifact that is attested with no digest at all is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmptyDigests {
    /// Nothing: it is refused.
    Refused,
    /// It passes unchecked, as scriptworker has it; an audit finding.
    NotChecked,
}

/// Whether the comparison with the task graph looks at `payload.artifacts[].expires`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArtifactExpiry {
    /// It does (scriptworker since 60.5.0, which resolves relative moments first).
    Compared,
    /// It does not (until 60.4.0): graphs state it relative to another moment.
    Ignored,
}

/// Whether the key of the host that judges may sign for every role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnHostKey {
    /// It may: each scriptworker of the OpenPGP era put its own key into every keyring, with ultimate trust (0.8.0 to
    /// 22.1.0, `rebuild_gpg_homedirs`). Each such use is an audit finding.
    Accepted,
    /// It may sign what its role says.
    Refused,
}

/// Whether the tag `worker-implementation` has a vote on who ran a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImplementationTag {
    /// It has (scriptworker since 15.0.1, 2018-08-30).
    Votes,
    /// It has none.
    Ignored,
}

/// Whether workers must be those of the tables: for decision, action and docker-image tasks the worker pools, for tasks of
/// types that scriptworkers run a scriptworker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workers {
    /// They must.
    Held,
    /// Nobody looks.
    NotHeld,
}

/// Whether tasks that somebody can log in to are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interactive {
    /// They are looked at, and what is found is dropped (scriptworker until 33.x): an audit finding.
    NotRefused,
    /// They are refused (since 34.0.0, 2020-04-17); `features.interactive` of generic-worker is not looked at.
    Refused,
    /// `features.interactive` of generic-worker too (since 63.4.4).
    RefusedWhollyForGenericWorker,
}

/// Which docker images tasks may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Images {
    /// An image that a task of the chain made must be what that task attested; others are not looked at.
    MadeByTasks,
    /// The same; others must have one of the digests in the tables (scriptworker until 11.x). Every image that is no name is
    /// taken for one that a task made.
    DigestLists,
    /// The same; others are for some task types (12.0.0 to 23.4.0). Every image that is no name is taken for one that a task
    /// made.
    TaskTypes,
    /// The same, and images found by an index are for some task types, and not for those with restricted scopes (since
    /// 23.5.0); images of other kinds are refused.
    TaskTypesAndIndex,
}

/// Whether sources must be trees, and restricted scopes are for some of them (`trace_back_to_tree`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trees {
    /// Nobody looks.
    NotHeld,
    /// They must; where variables and source name different trees, the variables count (scriptworker until 11.x).
    VariablesWin,
    /// They must; variables and source must name one tree (since 12.0.0).
    OneTree,
    /// The same; commits of pull requests may not use restricted scopes (since 20.0.0).
    OneTreeAndNoPullRequest,
}

/// How the definitions of decision and action tasks are held to the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Rebuilding {
    /// They are not.
    NotMade,
    /// Their commands are looked at (scriptworker until 6.0.2, and as the last resort until 11.x).
    Commands,
    /// They are rebuilt with JSON-e.
    FromTheTree {
        /// The products that are left out.
        #[serde(default)]
        except: BTreeSet<String>,
        /// What of a template is rendered.
        rendering: Rendering,
        /// Which actions there are.
        actions: ActionKinds,
        /// Where the template lies.
        template: TemplatePlace,
        /// What the template's variables hold.
        contexts: Contexts,
    },
}

/// Something that the real verifier checks and a book does not, or not exactly so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unchecked {
    /// A stable name.
    pub what: String,
    /// One sentence.
    pub message: String,
}
