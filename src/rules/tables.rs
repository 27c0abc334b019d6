//! scriptworker's tables, by release: figures, each with the releases that had it.
//!
//! One file a product, and one for what holds for every product. The figures were read from scriptworker's
//! `constants.py` and `cot/verify.py` at each of its tags, and from its packages on PyPI.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::product::{ProductRules, VcsRule};
use super::releases::Span;
use crate::model::{Release, VersionControl};

/// The tables of every product.
const COMMON: &str = include_str!("tables/every-product.json");

/// The tables of each product.
const PRODUCTS: [&str; 13] = [
    include_str!("tables/adhoc.json"),
    include_str!("tables/app-services.json"),
    include_str!("tables/application-services.json"),
    include_str!("tables/enterprise.json"),
    include_str!("tables/firefox.json"),
    include_str!("tables/glean.json"),
    include_str!("tables/mobile.json"),
    include_str!("tables/mozillavpn.json"),
    include_str!("tables/mpd001.json"),
    include_str!("tables/scriptworker.json"),
    include_str!("tables/thunderbird.json"),
    include_str!("tables/translations.json"),
    include_str!("tables/xpi.json"),
];

/// Figures of one kind, each with the releases that had it.
type Figures = BTreeMap<String, String>;

/// Figures of one kind that belong to something.
type Groups = BTreeMap<String, Figures>;

/// What a file says of a product.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProductTables {
    product: String,
    releases: String,
    product_types: Figures,
    source_env_prefix: Figures,
    #[serde(default)]
    official_owners: Figures,
    #[serde(default)]
    tasks_for: Figures,
    #[serde(default)]
    decision_pools: Figures,
    #[serde(default)]
    docker_image_pools: Figures,
    #[serde(default)]
    prebuilt_image_types: Figures,
    #[serde(default)]
    image_digests: Groups,
    #[serde(default)]
    vcs_rules: Vec<VcsFigure>,
    #[serde(default)]
    scopes: Groups,
    #[serde(default)]
    trees: Groups,
    #[serde(default)]
    mirrors: Groups,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VcsFigure {
    schemes: Vec<String>,
    hosts: Vec<String>,
    path: String,
    #[serde(default)]
    is_private: bool,
    releases: String,
}

/// What a file says of every product.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CommonTables {
    #[serde(rename = "releases")]
    _releases: String,
    scriptworker_provisioners: Figures,
    scriptworker_worker_types: Figures,
    task_types: Figures,
    max_chain_length: Figures,
    projects_url: Figures,
    pushlog_url: Figures,
}

/// The tables of a release.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) scriptworker_provisioners: BTreeSet<String>,
    pub(super) scriptworker_worker_types: BTreeSet<String>,
    pub(super) task_types: BTreeSet<String>,
    pub(super) max_chain_length: usize,
    pub(super) projects_url: Option<String>,
    pub(super) pushlog_url: Option<String>,
    pub(super) products: BTreeMap<String, ProductRules>,
}

impl Tables {
    /// Those of a release.
    ///
    /// # Errors
    ///
    /// If the shipped files are broken: then the program was built wrong.
    pub(super) fn at(release: &Release) -> Result<Self, String> {
        let common: CommonTables = read(COMMON)?;
        let length = one(&common.max_chain_length, release)?.unwrap_or_default();
        let mut products = BTreeMap::new();
        for text in PRODUCTS {
            let tables: ProductTables = read(text)?;
            if Span::parse(&tables.releases)?.holds(release) {
                products.insert(tables.product.clone(), tables.at(release)?);
            }
        }
        Ok(Self {
            scriptworker_provisioners: all(&common.scriptworker_provisioners, release)?,
            scriptworker_worker_types: all(&common.scriptworker_worker_types, release)?,
            task_types: all(&common.task_types, release)?,
            max_chain_length: length.parse().map_err(|_| format!("{length:?} is no number"))?,
            projects_url: one(&common.projects_url, release)?,
            pushlog_url: one(&common.pushlog_url, release)?,
            products,
        })
    }
}

/// Every task type that any release knew.
pub(super) fn task_types_ever() -> BTreeSet<String> {
    read::<CommonTables>(COMMON).map(|common| common.task_types.into_keys().collect()).unwrap_or_default()
}

/// Every rule of version control that any release had, each once.
pub(super) fn vcs_rules_ever() -> Vec<VcsRule> {
    let mut rules: Vec<VcsRule> = Vec::new();
    for tables in PRODUCTS.iter().filter_map(|text| read::<ProductTables>(text).ok()) {
        for VcsFigure { schemes, hosts, path, is_private, .. } in tables.vcs_rules {
            let rule = VcsRule::new(schemes, hosts, path, is_private);
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
    }
    rules
}

impl ProductTables {
    fn at(&self, release: &Release) -> Result<ProductRules, String> {
        let mut product_types = BTreeSet::new();
        for name in all(&self.product_types, release)? {
            let known =
                VersionControl::named(&name).ok_or_else(|| format!("{name:?} is no kind of version control"))?;
            product_types.insert(known);
        }
        let mut vcs_rules = Vec::new();
        for rule in &self.vcs_rules {
            if Span::parse(&rule.releases)?.holds(release) {
                let VcsFigure { schemes, hosts, path, is_private, .. } = rule;
                vcs_rules.push(VcsRule::new(schemes.clone(), hosts.clone(), path.clone(), *is_private));
            }
        }
        Ok(ProductRules {
            product_types,
            source_env_prefix: one(&self.source_env_prefix, release)?.unwrap_or_default(),
            official_owners: all(&self.official_owners, release)?,
            tasks_for: all(&self.tasks_for, release)?,
            decision_pools: all(&self.decision_pools, release)?,
            docker_image_pools: all(&self.docker_image_pools, release)?,
            prebuilt_image_types: all(&self.prebuilt_image_types, release)?,
            image_digests: groups(&self.image_digests, release)?,
            vcs_rules,
            scopes: ones(&self.scopes, release)?,
            trees: groups(&self.trees, release)?,
            mirrors: ones(&self.mirrors, release)?,
        })
    }
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// The figures that a release has.
fn all(figures: &Figures, release: &Release) -> Result<BTreeSet<String>, String> {
    let mut held = BTreeSet::new();
    for (figure, releases) in figures {
        if Span::parse(releases)?.holds(release) {
            held.insert(figure.clone());
        }
    }
    Ok(held)
}

/// The one figure that a release has.
fn one(figures: &Figures, release: &Release) -> Result<Option<String>, String> {
    let held = all(figures, release)?;
    if held.len() > 1 {
        return Err(format!("{release} has two figures where there is one: {held:?}"));
    }
    Ok(held.into_iter().next())
}

fn groups(groups: &Groups, release: &Release) -> Result<BTreeMap<String, BTreeSet<String>>, String> {
    let mut held = BTreeMap::new();
    for (group, figures) in groups {
        let of_group = all(figures, release)?;
        if !of_group.is_empty() {
            held.insert(group.clone(), of_group);
        }
    }
    Ok(held)
}

fn ones(groups: &Groups, release: &Release) -> Result<BTreeMap<String, String>, String> {
    let mut held = BTreeMap::new();
    for (group, figures) in groups {
        if let Some(figure) = one(figures, release)? {
            held.insert(group.clone(), figure);
        }
    }
    Ok(held)
}
