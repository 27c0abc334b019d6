//! Parity with scriptworker 63.6.1 itself, where its oracle and a Python that can run it are at hand.
//!
//! `COTRACE_ORACLE_PYTHON` names the Python (else `python3` is tried). A world is made anew, which takes minutes;
//! `COTRACE_ORACLE_WORLDS` may name folders that hold worlds already, each as `base` and `mutants`, with colons between them
//! as in `PATH`. Each is judged. With both set, and the oracle beside the repository, this is all of it:
//!
//! ```sh
//! COTRACE_ORACLE_PYTHON=PYTHON COTRACE_ORACLE_WORLDS=ONE:OTHER cargo test -p cotrace --test it -- parity:: --nocapture
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock};

use cotrace::chain::Mode;
use cotrace::model::{Plane, Report, Severity, Verdict};
use cotrace::replay::{Request, RuleChoice, SILENT, Targets, replay};
use cotrace::rules::RuleBook;
use cotrace::store::{Access, Case};
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{CaseFile, root, skip};
use crate::support::request;

/// The rule book that is scriptworker's.
const THEIRS: &str = "scriptworker-63.6.1";

/// What scriptworker says where it refuses, and the codes with which cotrace says the same. The first that fits counts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cause {
    /// A part of scriptworker's message.
    message: String,
    /// Any of these is the same cause.
    #[serde(default)]
    codes: BTreeSet<String>,
    /// Whether it refuses since evidence is missing: then nothing more than a gap is asked for.
    #[serde(default)]
    missing: bool,
}

/// A divergence that is meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    label: String,
    mode: String,
    /// What is excepted: `verdict`, `cause`, `chain` or `audit`.
    what: String,
    #[serde(rename = "reason")]
    _reason: String,
}

/// Where a world and its mutants are, and what keeps them there.
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

/// The worlds: those that are there already, else one made now; none where that can't be, which is said.
fn worlds() -> Vec<Worlds> {
    #[expect(clippy::disallowed_methods, reason = "a test of this machine's worlds")]
    let ready = std::env::var("COTRACE_ORACLE_WORLDS").ok();
    let Some(ready) = ready.filter(|ready| !ready.is_empty()) else { return made().into_iter().collect() };
    let folders = std::env::split_paths(&ready).filter(|folder| !folder.as_os_str().is_empty());
    folders.map(|ready| Worlds { base: ready.join("base"), mutants: ready.join("mutants"), _made: None }).collect()
}

/// A world that is made now.
fn made() -> Option<Worlds> {
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
    fn ask(&mut self, target: &Value, mode: Mode) -> Option<Report> {
        static BOOK: LazyLock<Arc<RuleBook>> = LazyLock::new(|| Arc::new(RuleBook::named(THEIRS).unwrap()));
        let text = |name: &str| target[name].as_str().map(str::to_owned);
        let targets = Targets::These(vec![text("task_id").unwrap().parse().unwrap()]);
        let asked = Request {
            task_type: text("task_type"),
            product: text("cot_product"),
            mode,
            rules: RuleChoice::One(Arc::clone(&BOOK)),
            ..request(targets)
        };
        replay(&mut self.case, &asked, SILENT).ok().map(|replayed| replayed.report)
    }
}

/// One line of the table.
struct Line {
    label: String,
    class: String,
    power: String,
    mode: &'static str,
    theirs: Option<bool>,
    message: String,
    ours: Option<Verdict>,
    /// The codes on the rule plane.
    rule: BTreeSet<&'static str>,
    /// The codes on the audit plane, each with whether it is worse than low.
    audit: BTreeMap<&'static str, bool>,
    has_gaps: bool,
    chain: Option<bool>,
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

fn judge(world: &mut World, variant: &Value, label: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    for (mode, how) in MODES {
        let recorded = variant.get("verdicts").map(|verdicts| &verdicts[mode]);
        let report = world.ask(variant.get("target").unwrap_or(variant), how);
        let accepted = recorded.filter(|recorded| recorded["ok"] == true);
        let chains = accepted.zip(report.as_ref());
        let findings = || report.iter().flat_map(|report| &report.findings);
        let on = |plane| findings().filter(move |finding| finding.plane == plane);
        let text = |name: &str| variant[name].as_str().unwrap_or("sound").to_owned();
        lines.push(Line {
            label: label.to_owned(),
            class: text("class"),
            power: text("power"),
            mode,
            theirs: recorded.map_or(Some(true), |recorded| recorded["ok"].as_bool()),
            message: recorded.and_then(|recorded| recorded["message"].as_str()).unwrap_or_default().to_owned(),
            ours: report.as_ref().map(|report| report.targets[0].verdict),
            rule: on(Plane::Rule).map(|finding| finding.code.id()).collect(),
            audit: on(Plane::Audit).map(|f| (f.code.id(), f.severity > Severity::Low)).collect(),
            has_gaps: report.as_ref().is_none_or(|report| !report.gaps.is_empty()),
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
        let rule = line.rule.iter().copied().collect::<Vec<_>>().join(" ");
        let audit = line.audit.keys().copied().collect::<Vec<_>>().join(" ");
        let (label, class, power, mode) = (&line.label, &line.class, &line.power, line.mode);
        let message = line.message.replace('\n', " ");
        let message: String = message.chars().take(160).collect();
        writeln!(
            table,
            "{label:<42} {class:<40} {power:<13} {mode:<6} {theirs:<8} {ours:<13} {chain:<13} [{rule}] ({audit}) {message}"
        )
        .unwrap();
    }
    table
}

/// The world that a folder of the oracle holds, asked for each of its variants; the sound targets first.
fn lines(worlds: &Worlds) -> (Vec<Line>, usize) {
    let mut base = World::import(&worlds.base);
    let mut lines = Vec::new();
    for target in read(&worlds.base.join("targets.json")).as_array().unwrap() {
        lines.extend(judge(&mut base, target, target["label"].as_str().unwrap()));
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
            let judge = |variant: &Value| judge(&mut world, variant, variant["label"].as_str().unwrap());
            variants.into_iter().flat_map(judge).collect()
        })
        .collect();
    lines.extend(judged.into_iter().flatten());
    (lines, sound)
}

/// What is wrong with a line, and of what sort.
fn wrong(line: &Line, causes: &[Cause], sound_audit: &BTreeSet<&str>, is_sound: bool) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    // As worker, a target that rests on itself is a second link to scriptworker.
    if line.mode == "audit" && line.chain == Some(false) {
        wrong.push(("chain", "another chain".to_owned()));
    }
    let ours = line.ours.map_or("-", Verdict::word);
    match line.theirs {
        Some(true) if line.ours != Some(Verdict::Verified) => {
            wrong.push(("verdict", format!("accepted there, {ours} here: {:?}", line.rule)));
        }
        Some(false) => {
            let cause = causes.iter().find(|cause| line.message.contains(&cause.message));
            let Some(cause) = cause else {
                wrong.push(("cause", format!("no cause is known for {:?}", line.message)));
                return wrong;
            };
            let names_it = line.rule.iter().any(|code| cause.codes.contains(*code));
            let is_missing = cause.missing && line.has_gaps;
            match line.ours {
                Some(Verdict::Refuted) if names_it || is_missing => {}
                Some(Verdict::Undetermined) | None if cause.missing => {}
                Some(Verdict::Refuted) => {
                    wrong.push(("cause", format!("refused for {:?}, here {:?}", line.message, line.rule)));
                }
                _ => wrong.push(("verdict", format!("refused there ({}), {ours} here", line.message))),
            }
        }
        _ => {}
    }
    if is_sound && line.audit.values().any(|is_bad| *is_bad) {
        wrong.push(("audit", format!("a sound target raises {:?}", line.audit)));
    }
    let is_attack = !is_sound && line.power != "none";
    if is_attack
        && line.mode == "audit"
        && line.theirs == Some(true)
        && line.audit.keys().all(|code| sound_audit.contains(code))
    {
        wrong.push(("audit", "accepted by both, and nothing raised".to_owned()));
    }
    wrong
}

#[test]
fn verdicts_and_causes_agree_with_scriptworker() {
    let causes: Vec<Cause> = serde_json::from_str(include_str!("../parity/causes.json")).unwrap();
    let exceptions: Vec<Exception> = serde_json::from_str(include_str!("../exceptions.json")).unwrap();
    let mut told = Vec::new();
    let mut tables = String::new();
    // What one world has no case of, another may: an exception must hold in one of them.
    let mut used = BTreeSet::new();
    let all = worlds();
    for worlds in &all {
        let (lines, sound) = lines(worlds);
        writeln!(tables, "{}\n{}", worlds.base.display(), table(&lines)).unwrap();
        let sound_audit: BTreeSet<&str> = lines[..sound].iter().flat_map(|line| line.audit.keys().copied()).collect();
        for (index, line) in lines.iter().enumerate() {
            for (what, why) in wrong(line, &causes, &sound_audit, index < sound) {
                let is_it = |e: &&Exception| (&*e.label, &*e.mode, &*e.what) == (&*line.label, line.mode, what);
                match exceptions.iter().position(|exception| is_it(&exception)) {
                    Some(exception) => {
                        used.insert(exception);
                    }
                    None => {
                        told.push(format!("  {}: {what}: {} {}: {why}", worlds.base.display(), line.label, line.mode));
                    }
                }
            }
        }
    }
    if all.is_empty() {
        return;
    }
    fs::create_dir_all(root().join("target")).unwrap();
    fs::write(root().join("target/parity.txt"), tables).unwrap();
    let unused = exceptions.iter().enumerate().filter(|(index, _)| !used.contains(index));
    told.extend(unused.map(|(_, e)| format!("  the exception {} {} {} no longer holds", e.label, e.mode, e.what)));
    assert!(told.is_empty(), "{} divergences:\n{}", told.len(), told.join("\n"));
}
