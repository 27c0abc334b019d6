//! The link's source is a tree, and the target's restricted scopes are for that tree (`trace_back_to_tree`).

use std::collections::BTreeMap;

use crate::chain::{Chain, Link, speaks_of_github};
use crate::formats::url::{Url, is_inside, unquote};
use crate::judge::judging::{Judging, Rules, Ruling, evidence, subject};
use crate::model::{
    Asserter, Code, Commit, Definition, Facts, GapKind, Lacking, Outcome, Presence, Role, Subject, TaskId,
};
use crate::rules::{ProductRules, Restriction, RuleBook, Trees};

/// The reasons for which tasks of pull requests are made.
const PULL_REQUESTS: [&str; 2] = ["github-pull-request", "github-pull-request-untrusted"];

/// The most scopes that one message names.
const SCOPES_TOLD: usize = 3;

pub(super) fn check(judging: &mut Judging<'_>, link: &Link) -> Ruling {
    if judging.book.switches.trees == Trees::NotHeld {
        return (Outcome::NotApplicable, "the rule book looks at no trees".to_owned());
    }
    let Some(product) = judging.product else { return no_product(judging, link) };
    let Some(shape) = judging.task(&link.task_id).and_then(|task| task.shape()) else {
        return (Outcome::Unknown, "not captured".to_owned());
    };
    let is_target = judging.is_target(&link.task_id);
    let mut outcome = source(judging, link, shape);
    let tree = tree(judging, product, link);
    if is_target {
        outcome = outcome.max(scopes(judging, product, link, shape, tree));
    } else {
        outcome = outcome.max(sibling(judging, product, link, tree));
        // Only the target's scopes count: of what it rests on, nobody looks.
        let mark = judging.mark();
        scopes(judging, product, link, shape, tree);
        judging.demote_since(mark);
    }
    unused(judging, product, link, shape);
    if is_restricted(judging) {
        outcome = outcome.max(try_or_pull_request(judging, product, link, shape));
    } else if is_try(product, shape) && !is_target {
        let message = "it was made by a push to try, and the target rests on it".to_owned();
        judging.remark(Code::SourceTryOrPullRequest, about(link), message, Vec::new());
    }
    if let (Some(tree), Some(plain)) = (tree, own_tree(judging, link))
        && tree != plain
    {
        let message = format!("it is from {plain}, the mirror of {tree}");
        let definition = judging.task(&link.task_id).and_then(|task| task.evidence.definition);
        let place = evidence(definition, "/metadata/source", shape.source.clone(), Asserter::Queue);
        judging.remark(Code::SourceOfMirror, about(link), message, vec![place]);
    }
    let told = tree.map_or_else(|| "no known tree".to_owned(), |tree| format!("from {tree}"));
    (outcome, told)
}

fn no_product(judging: &mut Judging<'_>, link: &Link) -> Ruling {
    let is_target = judging.is_target(&link.task_id);
    if is_target {
        let message = match judging.product_name {
            None => "the evidence does not tell whose rules apply: --product says it".to_owned(),
            Some(name) => format!("{} knows no product {name}", judging.book.id),
        };
        judging.refute(Code::ProductUndecided, about(link), message, Vec::new());
    }
    (Outcome::Unknown, "whose trees count is not known".to_owned())
}

/// The source can be read, and lies in the repository that the task's variables name (`get_source_url`).
fn source(judging: &mut Judging<'_>, link: &Link, shape: &Definition) -> Outcome {
    let definition = judging.task(&link.task_id).and_then(|task| task.evidence.definition);
    let Some(source) = shape.source.as_deref() else {
        let place = evidence(definition, "/metadata/source", None, Asserter::Queue);
        judging.refute(Code::SourceMalformed, about(link), "it names no source".to_owned(), vec![place]);
        return Outcome::Fail;
    };
    if let Some(why) = Url::problem(source) {
        let place = evidence(definition, "/metadata/source", Some(source.to_owned()), Asserter::Queue);
        judging.refute(Code::SourceMalformed, about(link), format!("its source is no address: {why}"), vec![place]);
        return Outcome::Fail;
    }
    if judging.book.switches.trees == Trees::VariablesWin {
        return Outcome::Pass;
    }
    let prefix = judging.product.map(|product| product.source_env_prefix.as_str()).unwrap_or_default();
    let repository = repository(shape, prefix);
    // Two decision tasks make the graphs of this product: what comes of the one for Thunderbird's tree says so.
    let comm = repository_of_comm(judging, shape);
    let expected = comm.or(repository);
    match expected {
        Some(expected) if !expected.is_empty() && !is_inside(expected, source) => {
            let message = format!("its variables name the repository {expected}, and its source is {source}");
            let place = evidence(definition, "/metadata/source", Some(source.to_owned()), Asserter::Queue);
            judging.refute(Code::SourceOutsideRepository, about(link), message, vec![place]);
            Outcome::Fail
        }
        Some(_) | None => Outcome::Pass,
    }
}

fn repository<'a>(shape: &'a Definition, prefix: &str) -> Option<&'a str> {
    shape.tree_variables.get(&format!("{prefix}_HEAD_REPOSITORY")).map(|repository| repository.trim_end_matches('/'))
}

fn repository_of_comm<'a>(judging: &Judging<'_>, shape: &'a Definition) -> Option<&'a str> {
    let is_enterprise = judging.product_name == Some("enterprise");
    repository(shape, "COMM").filter(|repository| is_enterprise && !repository.is_empty())
}

/// The tree of a link, by the tables.
fn tree<'a>(judging: &Judging<'a>, product: &ProductRules, link: &Link) -> Option<&'a str> {
    let own = own_tree(judging, link)?;
    // While Firefox moves to GitHub, tasks of a graph of the old tree may come from its mirror. Parents never do.
    let target = judging.chain.links.first()?;
    if link.decision != target.decision || link.is_parent_type() {
        return Some(own);
    }
    let decision = target.decision.as_deref().and_then(|decision| decision.parse::<TaskId>().ok());
    let parent = decision.and_then(|decision| judging.chain.link(&decision)).filter(|link| link.is_parent_type());
    let of_parents = own_tree(judging, parent.unwrap_or(target))?;
    if is_mirror(product, of_parents, own) { Some(of_parents) } else { Some(own) }
}

/// Whether one tree counts as another.
fn is_mirror(product: &ProductRules, tree: &str, mirror: &str) -> bool {
    product.mirrors.get(tree).is_some_and(|known| known == mirror)
}

/// What is asked again and again of a chain's sources, whatever the moment.
#[derive(Debug, Default)]
pub(in crate::judge) struct Sources {
    /// The tree of each link by its own source, where it has one.
    trees: BTreeMap<TaskId, String>,
    /// Whether the target has a restricted scope (`has_restricted_scopes`).
    is_restricted: bool,
}

impl Sources {
    /// Of all links of a chain.
    pub(in crate::judge) fn of(chain: &Chain, facts: &Facts, rules: Rules<'_>) -> Self {
        let product = rules.product.and_then(|product| rules.book.products.get(product));
        let Some(product) = product else { return Self::default() };
        let shape = |link: &Link| facts.tasks.get(&link.task_id).and_then(|task| task.shape());
        let links = chain.links.iter();
        let trees = links.filter_map(|link| Some((link.task_id, plain_tree(rules.book, product, shape(link)?)?)));
        let target = chain.links.first().and_then(shape);
        let is_restricted = |scope: &String| product.restriction(scope) != Restriction::None;
        Self {
            trees: trees.collect(),
            is_restricted: target.is_some_and(|target| target.scopes.iter().any(is_restricted)),
        }
    }
}

fn plain_tree(book: &RuleBook, product: &ProductRules, shape: &Definition) -> Option<String> {
    let mut source = shape.source.as_deref()?;
    if book.switches.trees == Trees::VariablesWin
        && let Some(repository) = repository(shape, &product.source_env_prefix)
        && !source.starts_with(repository)
    {
        source = repository;
    }
    let url = Url::parse(source);
    product.tree(&url.scheme, &url.netloc, &unquote(&url.path))
}

/// The tree of a link by its own source.
fn own_tree<'a>(judging: &Judging<'a>, link: &Link) -> Option<&'a str> {
    judging.sources.trees.get(&link.task_id).map(String::as_str)
}

/// Whether the target has a restricted scope.
pub(super) const fn is_restricted(judging: &Judging<'_>) -> bool {
    judging.sources.is_restricted
}

/// The target's restricted scopes are for its tree.
fn scopes(
    judging: &mut Judging<'_>,
    product: &ProductRules,
    link: &Link,
    shape: &Definition,
    tree: Option<&str>,
) -> Outcome {
    let definition = judging.task(&link.task_id).and_then(|task| task.evidence.definition);
    let mut outcome = Outcome::Pass;
    for (index, scope) in shape.scopes.iter().enumerate() {
        let place = || evidence(definition, &format!("/scopes/{index}"), Some(scope.clone()), Asserter::Queue);
        let message = match product.restriction(scope) {
            Restriction::None => {
                wildcard(judging, product, link, scope, place());
                continue;
            }
            Restriction::Several => {
                format!("{scope} is an instance of more than one restricted scope, which scriptworker refuses")
            }
            Restriction::One { trees, .. } => {
                let allowed = product.trees.get(trees);
                if tree.is_some_and(|tree| allowed.is_some_and(|allowed| allowed.contains(tree))) {
                    continue;
                }
                let from = tree.unwrap_or("no known tree");
                format!("{scope} is for the trees of {trees}, and the target is from {from}")
            }
        };
        judging.refute(Code::ScopeNotPermitted, about(link), message, vec![place()]);
        outcome = Outcome::Fail;
    }
    outcome
}

/// Restricted scopes are rights at scriptworkers. Another task does nothing with them, but may hand them on to tasks that it
/// makes.
fn unused(judging: &mut Judging<'_>, product: &ProductRules, link: &Link, shape: &Definition) {
    let scriptworker = Role::new("scriptworker");
    if Judging::role(link).is_none_or(|role| *role == scriptworker) {
        return;
    }
    let held = shape.scopes.iter().enumerate();
    let held: Vec<_> = held.filter(|(_, scope)| product.restriction(scope) != Restriction::None).collect();
    if held.is_empty() {
        return;
    }
    let told = held.iter().take(SCOPES_TOLD).map(|(_, scope)| scope.as_str()).collect::<Vec<_>>().join(", ");
    let more = if held.len() > SCOPES_TOLD { ", …" } else { "" };
    let message = format!("no scriptworker runs it, and it has restricted scopes: {told}{more}");
    let definition = judging.task(&link.task_id).and_then(|task| task.evidence.definition);
    let place = |(index, scope): &(usize, &String)| {
        evidence(definition, &format!("/scopes/{index}"), Some((*scope).clone()), Asserter::Queue)
    };
    let places = held.iter().take(SCOPES_TOLD).map(place).collect();
    judging.remark(Code::ScopeUnused, about(link), message, places);
}

/// A scope that stands for restricted ones, which scriptworker takes for none.
fn wildcard(
    judging: &mut Judging<'_>,
    product: &ProductRules,
    link: &Link,
    scope: &str,
    place: crate::model::Evidence,
) {
    let Some(start) = scope.strip_suffix('*') else { return };
    let covered = product.scopes.keys().filter(|restricted| restricted.starts_with(start)).count();
    if covered > 0 {
        let message = format!("{scope} stands for {covered} restricted scopes, and counts as none");
        judging.remark(Code::ScopeWildcard, about(link), message, vec![place]);
    }
}

/// A link of the target's own graph comes from the target's tree; others, under restricted scopes, from a known one.
fn sibling(judging: &mut Judging<'_>, product: &ProductRules, link: &Link, own: Option<&str>) -> Outcome {
    let Some(target) = judging.chain.links.first() else { return Outcome::Unknown };
    if judging.task(&target.task_id).is_none_or(|task| task.shape().is_none()) {
        return Outcome::Unknown;
    }
    let of_target = tree(judging, product, target);
    let definition = judging.task(&link.task_id).and_then(|task| task.evidence.definition);
    let place = || evidence(definition, "/metadata/source", None, Asserter::Queue);
    if link.decision == target.decision {
        if own == of_target {
            return Outcome::Pass;
        }
        let of_target = of_target.unwrap_or("no known tree");
        let own = own.unwrap_or("no known tree");
        let message = format!("it is from {own}, and the target, of the same graph, from {of_target}");
        judging.refute(Code::SourceDiffersFromTarget, about(link), message, vec![place()]);
        return Outcome::Fail;
    }
    if own.is_none() && is_restricted(judging) {
        let message = "its source is no known tree, and the target has restricted scopes".to_owned();
        judging.refute(Code::SourceNotATree, about(link), message, vec![place()]);
        return Outcome::Fail;
    }
    if own != of_target {
        let of_target = of_target.unwrap_or("no known tree");
        let message = format!("it is from {}, and the target from {of_target}", own.unwrap_or("no known tree"));
        judging.remark(Code::SourceOfOtherTree, about(link), message, vec![place()]);
    }
    Outcome::Pass
}

/// Under restricted scopes, no link comes of a try push or a pull request (`is_try_or_pull_request`).
fn try_or_pull_request(judging: &mut Judging<'_>, product: &ProductRules, link: &Link, shape: &Definition) -> Outcome {
    let asks_github = judging.book.switches.trees == Trees::OneTreeAndNoPullRequest;
    let is_settled = asks_github && shape.scheduler_id.as_deref() == Some("taskcluster-github");
    if let Some(why) = shape.unasked.as_deref().filter(|_| !is_settled) {
        let definition = judging.task(&link.task_id).and_then(|task| task.evidence.definition);
        let message = format!("whether a push to try or a pull request made it can't be asked: {why}");
        judging.refute(
            Code::DefinitionMalformed,
            about(link),
            message,
            vec![evidence(definition, "", None, Asserter::Queue)],
        );
        return Outcome::Fail;
    }
    if asks_github && speaks_of_github(shape) {
        return pull_request(judging, product, link, shape);
    }
    if !is_try(product, shape) {
        return Outcome::Pass;
    }
    refuse(judging, link, "it was made by a push to try, and the target has restricted scopes")
}

/// Whether a task was made by a push to try (`is_try`).
fn is_try(product: &ProductRules, shape: &Definition) -> bool {
    let source = shape.source.as_deref().unwrap_or_default();
    let repository = repository(shape, &product.source_env_prefix).unwrap_or_default();
    let is_try = |url: &str| Url::parse(url).path_parts().first().is_some_and(|part| part.contains("try"));
    let branch = shape.tree_variables.get("MH_BRANCH").is_some_and(|branch| branch.contains("try"));
    let level = shape.scheduler_id.as_deref() == Some("gecko-level-1");
    level || branch || is_try(repository) || is_try(source)
}

fn pull_request(judging: &mut Judging<'_>, product: &ProductRules, link: &Link, shape: &Definition) -> Outcome {
    if shape.tasks_for.as_deref().is_some_and(|tasks_for| PULL_REQUESTS.contains(&tasks_for)) {
        return refuse(judging, link, "it was made for a pull request, and the target has restricted scopes");
    }
    let key = product.commits_key();
    let Some(landing) = judging.task(&link.task_id).and_then(|task| task.landings.get(&key)) else {
        return Outcome::Unknown;
    };
    if let Some(why) = &landing.refused {
        judging.refute(Code::SourceMalformed, about(link), why.clone(), Vec::new());
        return Outcome::Fail;
    }
    let mut outcome = Outcome::Pass;
    for commit in &landing.commits {
        outcome = outcome.max(landed(judging, product, link, commit));
    }
    outcome
}

/// A commit lies in an official repository, on a branch.
fn landed(judging: &mut Judging<'_>, product: &ProductRules, link: &Link, commit: &Commit) -> Outcome {
    let Commit { owner, repository, .. } = commit;
    if !product.official_owners.contains(owner) {
        return refuse(judging, link, &format!("{owner}/{repository} is no repository of an official owner"));
    }
    let Some(revision) = &commit.revision else { return Outcome::Pass };
    if let Some(why) = &commit.refused {
        judging.refute(Code::SourceMalformed, about(link), why.clone(), Vec::new());
        return Outcome::Fail;
    }
    match (commit.landed, &commit.lacks) {
        (Some(true), _) => Outcome::Pass,
        (Some(false), _) => {
            refuse(judging, link, &format!("{revision} is on no branch of {owner}/{repository}: a pull request's"))
        }
        (None, Some(Lacking::NoSource(url))) => super::rebuild::denied(judging, link, url),
        (None, Some(Lacking::TooLarge { url, limit })) => {
            let message = format!(
                "whether {revision} is on a branch can't be said: {url} has more than {limit} bytes, the most that is read"
            );
            judging.refute(Code::RebuildUnsettled, about(link), message, Vec::new());
            Outcome::Unknown
        }
        (None, lack) => {
            if let Some(Lacking::Source(url)) = lack {
                judging.lack(GapKind::Source, super::rebuild::source(url), Presence::Unknown);
            }
            Outcome::Unknown
        }
    }
}

fn refuse(judging: &mut Judging<'_>, link: &Link, message: &str) -> Outcome {
    let definition = judging.task(&link.task_id).and_then(|task| task.evidence.definition);
    let place = evidence(definition, "/metadata/source", None, Asserter::Queue);
    judging.refute(Code::SourceTryOrPullRequest, about(link), message.to_owned(), vec![place]);
    Outcome::Fail
}

fn about(link: &Link) -> Subject {
    subject("task", &link.task_id, None, None)
}
