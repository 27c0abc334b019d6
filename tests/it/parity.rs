//! Parity with scriptworker 63.6.1 itself, where its oracle and a Python that can run it are at hand.
//!
//! `COTRACE_ORACLE_PYTHON` names the Python (else `python3` is tried). The worlds are made anew, which takes minutes;
//! `COTRACE_ORACLE_WORLDS` may name a folder that holds them already, as `base` and `mutants`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cotrace::chain::Mode;
use cotrace::model::{Report, Verdict};
use cotrace::replay::{Request, Targets, replay};
use cotrace::rules::RuleBook;
use cotrace::store::{Access, Case};
use rayon::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{CaseFile, root, skip};
use crate::support::request;

/// Classes of mutants that only rules beyond signatures can refuse: what the tree's templates render to, which trees may
/// use which scopes, which task type a link has. In every other class what scriptworker refuses is never verified.
const BEYOND_SIGNATURES: [&str; 7] = [
    "policy (generated graph)",
    "in-tree source",
    "YAML dialect (PyYAML is 1.1)",
    "forged action perm",
    "action ACTION_TASK_GROUP_ID",
    "wrong task type",
    "unknown task type",
];

/// What scriptworker accepts and cotrace refutes under its rules too, deliberately: it computes no MD5.
const STRICTER: [&str; 1] = ["img-hash-other-alg"];

/// Where the worlds are, and what keeps them there.
struct Worlds {
    base: PathBuf,
    mutants: PathBuf,
    _made: Option<TempDir>,
}

/// A Python that has scriptworker.
pub(crate) fn python() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "a test of this machine's Python")]
    let named = std::env::var("COTRACE_ORACLE_PYTHON").ok();
    let python = named.unwrap_or_else(|| "python3".to_owned());
    let mut command = Command::new(&python);
    let status = command.args(["-c", "import scriptworker"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success()).then_some(python)
}

/// The worlds: those that are there already, else made now.
fn worlds() -> Option<Worlds> {
    #[expect(clippy::disallowed_methods, reason = "a test of this machine's worlds")]
    if let Ok(ready) = std::env::var("COTRACE_ORACLE_WORLDS") {
        let ready = PathBuf::from(ready);
        return Some(Worlds { base: ready.join("base"), mutants: ready.join("mutants"), _made: None });
    }
    let oracle = root().join("../shared/oracle");
    if !oracle.join("gen.py").is_file() {
        skip("the oracle is not beside the repository");
        return None;
    }
    let Some(python) = python() else {
        skip("there is no Python with scriptworker (COTRACE_ORACLE_PYTHON)");
        return None;
    };
    let folder = TempDir::new().unwrap();
    let (base, mutants) = (folder.path().join("base"), folder.path().join("mutants"));
    let groups = "main,images,cron,beta,mobile,fxgit,evil";
    let script = |name: &str| {
        let mut command = Command::new(&python);
        command.arg("-B").arg(oracle.join(name)).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let made = script("gen.py").arg(&base).args(["--tasks", "160", "--width", "4", "--groups", groups]).status();
    assert!(made.unwrap().success(), "gen.py failed");
    assert!(script("mutate.py").arg(&base).arg(&mutants).status().unwrap().success(), "mutate.py failed");
    Some(Worlds { base, mutants, _made: Some(folder) })
}

/// An imported world, and the questions asked of it.
struct World {
    case: Case,
    _file: CaseFile,
}

impl World {
    fn import(folder: &Path) -> Self {
        let file = CaseFile::empty();
        let mut command = file.command();
        command.arg("import").arg(folder).args(["--accept-keys", "--operator", "T"]);
        assert!(command.stderr(Stdio::null()).status().unwrap().success(), "{} was not imported", folder.display());
        let case = Case::open(&file.path, Access::Keep).unwrap();
        Self { case, _file: file }
    }

    /// The report on a target as scriptworker is asked for it; `None` where the capture has nothing of it.
    fn ask(&mut self, target: &Value, mode: Mode, book: &str) -> Option<Report> {
        let text = |name: &str| target[name].as_str().map(str::to_owned);
        let targets = Targets::These(vec![text("task_id").unwrap().parse().unwrap()]);
        let task_type =
            text("task_type").filter(|task_type| RuleBook::named(book).unwrap().task_types.contains(task_type));
        let asked = Request {
            task_type,
            product: text("cot_product"),
            mode,
            book: RuleBook::named(book).unwrap(),
            ..request(targets)
        };
        replay(&mut self.case, &asked).ok().map(|replayed| replayed.report)
    }
}

/// One line of the table.
struct Line {
    label: String,
    class: String,
    mode: &'static str,
    theirs: Option<bool>,
    ours: Option<Verdict>,
    codes: BTreeSet<&'static str>,
    /// Our verdict under the rule book that is scriptworker's.
    under_theirs: Option<Verdict>,
    chain: Option<bool>,
}

impl Line {
    fn is_verified(&self) -> bool {
        self.ours == Some(Verdict::Verified)
    }
}

const MODES: [(&str, Mode); 2] = [("worker", Mode::BeforeRun), ("audit", Mode::AfterRun)];

/// A chain as both sides name it.
fn ours(report: &Report) -> BTreeSet<[String; 4]> {
    let links = report.targets[0].links.iter();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    links
        .map(|link| [link.name.clone(), link.task_id.to_string(), text(&link.task_type), text(&link.worker_impl)])
        .collect()
}

fn theirs(chain: &Value) -> BTreeSet<[String; 4]> {
    let links = chain.as_array().unwrap().iter();
    links
        .map(|link| {
            ["name", "task_id", "task_type", "worker_impl"]
                .map(|name| link[name].as_str().unwrap_or_default().to_owned())
        })
        .collect()
}

fn judge(world: &mut World, variant: &Value, label: &str, class: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    for (mode, how) in MODES {
        let recorded = variant.get("verdicts").map(|verdicts| &verdicts[mode]);
        let report = world.ask(variant.get("target").unwrap_or(variant), how, "signatures");
        let same_rules = world.ask(variant.get("target").unwrap_or(variant), how, "scriptworker-63.6.1");
        let accepted = recorded.filter(|recorded| recorded["ok"] == true);
        let chains = accepted.zip(same_rules.as_ref());
        lines.push(Line {
            label: label.to_owned(),
            class: class.to_owned(),
            mode,
            theirs: recorded.and_then(|recorded| recorded["ok"].as_bool()),
            ours: report.as_ref().map(|report| report.targets[0].verdict),
            codes: report.iter().flat_map(|report| report.findings.iter().map(|finding| finding.code.id())).collect(),
            under_theirs: same_rules.as_ref().map(|report| report.targets[0].verdict),
            chain: chains.map(|(recorded, report)| ours(report) == theirs(&recorded["chain"])),
        });
    }
    lines
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn table(lines: &[Line]) -> String {
    let mut table = String::new();
    for line in lines {
        let theirs = line.theirs.map_or("-", |ok| if ok { "accepts" } else { "refuses" });
        let ours = line.ours.map_or("-", Verdict::word);
        let chain = line.chain.map_or("", |same| if same { "same chain" } else { "ANOTHER CHAIN" });
        let codes = line.codes.iter().copied().collect::<Vec<_>>().join(" ");
        let strict = line.under_theirs.map_or("-", Verdict::word);
        let (label, class, mode) = (&line.label, &line.class, line.mode);
        writeln!(table, "{label:<42} {class:<42} {mode:<6} {theirs:<8} {ours:<13} {strict:<13} {chain:<13} {codes}")
            .unwrap();
    }
    table
}

#[test]
fn verdicts_agree_with_scriptworker() {
    let Some(worlds) = worlds() else { return };
    let mut base = World::import(&worlds.base);
    let mut lines = Vec::new();
    for target in read(&worlds.base.join("targets.json")).as_array().unwrap() {
        lines.extend(judge(&mut base, target, target["label"].as_str().unwrap(), "sound"));
    }
    let sound = lines.len();
    let expected = read(&worlds.mutants.join("expected.json"));
    let mut by_folder: BTreeMap<PathBuf, Vec<&Value>> = BTreeMap::new();
    for variant in expected["variants"].as_array().unwrap() {
        let folder = worlds.mutants.join(variant["dir"].as_str().unwrap());
        // Policy cases lie in the base world, at a path relative to where the mutants were made.
        let folder = if folder.join("targets.json").is_file() { folder } else { worlds.base.clone() };
        by_folder.entry(folder).or_default().push(variant);
    }
    let judged: Vec<Vec<Line>> = by_folder
        .into_par_iter()
        .map(|(folder, variants)| {
            let mut world = World::import(&folder);
            let judge = |variant: &Value| {
                let words = ["label", "class"].map(|name| variant[name].as_str().unwrap());
                judge(&mut world, variant, words[0], words[1])
            };
            variants.into_iter().flat_map(judge).collect()
        })
        .collect();
    lines.extend(judged.into_iter().flatten());
    fs::create_dir_all(root().join("target")).unwrap();
    fs::write(root().join("target/parity.txt"), table(&lines)).unwrap();
    let unsound: Vec<&Line> = lines[..sound].iter().filter(|line| !line.is_verified()).collect();
    let missed: Vec<&Line> = lines[sound..]
        .iter()
        .filter(|line| line.theirs == Some(false) && line.is_verified())
        .filter(|line| !BEYOND_SIGNATURES.contains(&line.class.as_str()))
        .collect();
    let stricter: Vec<&Line> = lines
        .iter()
        .filter(|line| line.theirs == Some(true) && line.under_theirs == Some(Verdict::Refuted))
        .filter(|line| !STRICTER.contains(&line.label.as_str()))
        .collect();
    // As worker, a target that rests on itself is a second link to scriptworker.
    let other_chains: Vec<&Line> =
        lines.iter().filter(|line| line.mode == "audit" && line.chain == Some(false)).collect();
    let list = |lines: &[&Line]| {
        let told = lines.iter().map(|line| format!("  {} {} {:?}", line.label, line.mode, line.codes));
        told.collect::<Vec<_>>().join("\n")
    };
    let (unsound, missed, stricter, other) = (list(&unsound), list(&missed), list(&stricter), list(&other_chains));
    assert!(unsound.is_empty(), "sound targets that are not verified:\n{unsound}");
    assert!(missed.is_empty(), "refused by scriptworker, verified by cotrace:\n{missed}");
    assert!(stricter.is_empty(), "accepted by scriptworker, refuted under its rules:\n{stricter}");
    assert!(other.is_empty(), "accepted by scriptworker with another chain:\n{other}");
}
