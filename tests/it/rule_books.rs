//! Rule books: what ships, against what scriptworker's own tables were; those of users; and the command that tells them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use cotrace::rules::{ProductRules, RuleBook, releases};
use serde_json::Value;

use crate::parity::python;
use crate::program::{CaseFile, root, run, sample, skip, write};

fn schema() -> jsonschema::Validator {
    let text = fs::read_to_string(root().join("schema/rule-book-v1.json")).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

#[test]
fn every_rule_book_holds_the_schema() {
    let schema = schema();
    let signatures = RuleBook::named("signatures").unwrap();
    let books = releases().iter().map(|known| RuleBook::of_release(&known.release).unwrap().unwrap());
    for book in books.chain([signatures]) {
        let file: Value = serde_json::from_str(&book.to_file()).unwrap();
        let errors: Vec<String> = schema.iter_errors(&file).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", book.id);
    }
    assert!(schema.is_valid(&serde_json::json!({"base": "latest", "id": "mine"})));
    assert!(!schema.is_valid(&serde_json::json!({"id": "mine"})));
    let mut broken: Value = serde_json::from_str(&RuleBook::named("latest").unwrap().to_file()).unwrap();
    broken["switches"]["images"] = "any".into();
    assert!(!schema.is_valid(&broken));
    assert!(RuleBook::of_file("broken", &broken.to_string()).is_err());
}

/// What scriptworker's configuration says of a product under a key: by product, or for all.
fn of_product<'a>(config: &'a Value, key: &str, product: &str) -> Option<&'a Value> {
    let found = config.get(key)?;
    match found.get("by-cot-product") {
        Some(by_product) => by_product.get(product),
        None if matches!(key, "cot_restricted_scopes" | "cot_restricted_trees") => found.get(product),
        None => Some(found),
    }
}

fn texts(value: Option<&Value>) -> BTreeSet<String> {
    match value {
        Some(Value::String(text)) if !text.is_empty() => BTreeSet::from([text.clone()]),
        Some(Value::Array(list)) => list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect(),
        _ => BTreeSet::new(),
    }
}

fn pairs(value: Option<&Value>) -> BTreeMap<String, String> {
    let entries = value.and_then(Value::as_object).into_iter().flatten();
    entries.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

fn lists(value: Option<&Value>) -> BTreeMap<String, BTreeSet<String>> {
    let entries = value.and_then(Value::as_object).into_iter().flatten();
    let lists = entries.map(|(key, value)| (key.clone(), texts(Some(value))));
    lists.filter(|(_, list)| !list.is_empty()).collect()
}

/// What differs between a product's tables and a configuration.
fn differing(rules: &ProductRules, config: &Value, product: &str) -> Vec<&'static str> {
    let of = |key: &str| of_product(config, key, product);
    let either = |one: &str, other: &str| of(one).or_else(|| of(other));
    let patterns = either("trusted_vcs_rules", "valid_vcs_rules").and_then(Value::as_array);
    let patterns: Vec<String> = patterns
        .into_iter()
        .flatten()
        .flat_map(|rule| rule["path_regexes"].as_array().unwrap().clone())
        .map(|text| text.as_str().unwrap().to_owned())
        .collect();
    let own: Vec<String> = rules.vcs_rules.iter().map(|rule| rule.path.clone()).collect();
    let pools = |new: &str, old: &str| texts(either(new, old));
    let mut prebuilt = texts(of("prebuilt_docker_image_task_types"));
    // Release 12.0.0 has null for what later ones call any.
    if prebuilt.is_empty() && config.get("prebuilt_docker_image_task_types").is_some() {
        prebuilt = BTreeSet::from(["any".to_owned()]);
    }
    let checks = [
        ("scopes", rules.scopes == pairs(of("cot_restricted_scopes"))),
        ("trees", rules.trees == lists(of("cot_restricted_trees"))),
        ("vcsRules", own == patterns),
        ("tasksFor", rules.tasks_for == texts(of("valid_tasks_for"))),
        ("officialOwners", rules.official_owners == texts(of("official_github_repos_owner"))),
        ("decisionPools", rules.decision_pools == pools("valid_decision_worker_pools", "valid_decision_worker_types")),
        (
            "dockerImagePools",
            rules.docker_image_pools == pools("valid_docker_image_worker_pools", "valid_docker_image_worker_types"),
        ),
        ("prebuiltImageTypes", rules.prebuilt_image_types == prebuilt),
        ("imageDigests", rules.image_digests == lists(config.get("docker_image_allowlists"))),
        ("mirrors", rules.mirrors == pairs(of("hg_git_mirrors"))),
    ];
    checks.into_iter().filter(|(_, same)| !same).map(|(what, _)| what).collect()
}

/// The tables of every release, against what was read from scriptworker's repository at its tags.
#[test]
fn the_tables_are_those_of_scriptworker_at_each_tag() {
    let path = root().join("../shared/history/trees.json");
    let Ok(text) = fs::read(path) else { return skip("there is no history of trees beside the repository") };
    let history: Value = serde_json::from_slice(&text).unwrap();
    let mut compared = 0;
    for release in history["releases"].as_array().unwrap() {
        let mut config = serde_json::Map::new();
        for (key, digest) in release["values"].as_object().unwrap() {
            config.insert(key.clone(), history["values"][key][digest.as_str().unwrap()].clone());
        }
        let config = Value::Object(config);
        // Before 1.0.0b4 scopes were for job types, and named their trees themselves.
        let Some(scopes) = config.get("cot_restricted_scopes").filter(|_| config.get("cot_restricted_trees").is_some())
        else {
            continue;
        };
        let products = scopes.get("by-cot-product").unwrap_or(scopes).as_object().unwrap();
        let tag = release["tag"].as_str().unwrap();
        let book = RuleBook::named(tag).unwrap();
        assert!(book.products.keys().eq(products.keys().collect::<BTreeSet<_>>()), "{tag}");
        for (product, rules) in &book.products {
            assert_eq!(differing(rules, &config, product), [""; 0], "{tag} {product}");
            compared += 1;
        }
    }
    assert!(compared > 1000, "{compared}");
}

/// The newest tables, against those of the package that is installed.
#[test]
fn the_newest_tables_are_those_of_the_package() {
    let Some(python) = python() else { return skip("there is no Python with scriptworker (COTRACE_ORACLE_PYTHON)") };
    let script = "import json, scriptworker\nfrom scriptworker.constants import DEFAULT_CONFIG as c\n\
        plain = lambda x: {k: plain(v) for k, v in x.items()} if hasattr(x, 'items') else [plain(v) for v in x] \
        if isinstance(x, (tuple, list)) else x\nprint(json.dumps([scriptworker.__version__, plain(c)]))";
    let output = Command::new(python).args(["-c", script]).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let Ok(book) = RuleBook::named(told[0].as_str().unwrap()) else { return skip("its release is not known") };
    for (product, rules) in &book.products {
        assert_eq!(differing(rules, &told[1], product), [""; 0], "{product}");
    }
    assert_eq!(Some(book.max_chain_length as u64), told[1]["max_chain_length"].as_u64());
    assert_eq!(book.scriptworker_provisioners, texts(told[1].get("scriptworker_provisioners")));
    assert_eq!(book.projects_url.as_deref(), told[1]["project_configuration_url"].as_str());
    assert_eq!(book.pushlog_url.as_deref(), told[1]["pushlog_url"].as_str());
}

#[test]
fn rules_are_told_and_compared() {
    let list = run(["rules", "list"]).exits(0).text();
    assert!(list.lines().count() > 200 && list.contains("scriptworker-5.1.4"), "{list}");
    let shown = run(["rules", "show", "12.0.0", "--product", "firefox"]).exits(0).text();
    assert!(shown.contains("/releases/mozilla-beta") && !shown.contains("product thunderbird"), "{shown}");
    let diff = run(["rules", "diff", "11.1.0", "12.0.0"]).exits(0).text();
    assert!(diff.contains("- switches › images: digest-lists\n+ switches › images: task-types\n"), "{diff}");
    let json = run(["rules", "diff", "11.1.0", "12.0.0", "--format", "json"]).exits(0).json();
    assert!(!json["removed"].as_array().unwrap().is_empty());
    assert_eq!(run(["rules", "diff", "12.0.0", "12.0.0"]).exits(0).text(), "");
    for wrong in [&["rules", "show", "0.1.0"][..], &["rules", "show", "latest", "--product", "x"]] {
        assert_eq!(run(wrong).exits(2).text(), "");
    }
}

#[test]
fn a_user_has_rules_of_his_own() {
    let folder = tempfile::TempDir::new().unwrap();
    let stricter = r#"{"base": "latest", "id": "stricter",
        "products": {"firefox": {"trees": {"nightly": ["/nowhere"], "all-nightly-branches": ["/nowhere"]}}}}"#;
    write(folder.path(), "stricter.json", stricter.as_bytes());
    write(folder.path(), "whole.json", run(["rules", "show", "latest", "--format", "json"]).exits(0).text().as_bytes());
    write(folder.path(), "broken.json", b"{");
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let case = CaseFile::of(&[sample("nightly-2026")]);
    let report = case.report(["--all", "--rules", &path("stricter.json")]);
    let refuted = report["targets"].as_array().unwrap().iter().filter(|target| target["verdict"] == "refuted");
    assert!(refuted.count() > 0);
    assert!(crate::program::codes(&report).contains("scope-not-permitted"));
    assert_eq!(report["targets"][0]["rules"]["id"], "stricter");
    case.run(["replay", "--all", "--rules", &path("whole.json")]).exits(0);
    case.run(["replay", "--all", "--rules", &path("broken.json")]).exits(2);
    case.run(["replay", "--all", "--rules", &path("not-there.json")]).exits(2);
    let against = case.run(["replay", "--all", "--against", &path("stricter.json")]).exits(11).text();
    assert!(against.contains("stricter") && against.contains("refuted under the other rules"), "{against}");
}

/// A book whose only product is the user's own, with the trees of Firefox that lie on hg.mozilla.org.
#[test]
fn a_user_has_products_of_his_own() {
    let mut book: Value = serde_json::from_str(&RuleBook::named("latest").unwrap().to_file()).unwrap();
    let mut ours = book["products"]["firefox"].take();
    ours["vcsRules"].as_array_mut().unwrap().retain(|rule| rule["hosts"] == serde_json::json!(["hg.mozilla.org"]));
    book["products"] = serde_json::json!({"ours": ours});
    book["id"] = "mine".into();
    let folder = tempfile::TempDir::new().unwrap();
    write(folder.path(), "mine.json", book.to_string().as_bytes());
    let mine = folder.path().join("mine.json").to_str().unwrap().to_owned();
    let case = CaseFile::of(&[sample("nightly-2026")]);
    let latest = case.report(["--all", "--rules", "latest"]);
    for args in [&["--all", "--rules", &mine][..], &["--all", "--rules", &mine, "--product", "ours"]] {
        let report = case.report(args.iter().copied());
        let verdicts = |report: &Value| -> Vec<Value> {
            report["targets"].as_array().unwrap().iter().map(|target| target["verdict"].clone()).collect()
        };
        assert_eq!(verdicts(&report), verdicts(&latest));
        assert!(report["targets"].as_array().unwrap().iter().all(|target| target["product"] == "ours"));
    }
    let wrong = case.run(["replay", "--all", "--rules", &mine, "--product", "firefox"]).exits(2);
    assert!(wrong.stderr.contains("no product of the rule book mine; there are: ours"), "{}", wrong.stderr);
    case.run(["replay", "--all", "--rules", "latest", "--against", &mine, "--product", "firefox"]).exits(2);
    case.run(["replay", "--all", "--rules", "latest", "--product", "ours"]).exits(2);
    case.run(["replay", "--all", "--product", "ours"]).exits(2);
}
