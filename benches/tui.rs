//! The terminal UI on a case of a million tasks: how soon something is there, and how long each frame takes.
//!
//! `cargo bench --bench tui -- [--tasks N] [--case FILE]`. A case that is named is kept, and taken as it is where it is
//! there. What is measured is told as lines of words: what, number of samples, median, 99th percentile and greatest in
//! milliseconds; and memory in MiB.
//!
//! 5,000 tasks are a generated graph with attestations, whose facts are stored: those are judged. The others have a row and
//! a run each, as their definitions and statuses would give, and no document: no chain reaches them.

#![expect(clippy::unwrap_used, reason = "a benchmark that can't be set up has nothing to say")]
#![expect(clippy::print_stdout, reason = "it tells what it measured")]

#[expect(dead_code, reason = "it has what other benchmarks set up, too")]
mod support;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cotrace::chain::Mode;
use cotrace::model::{AsOf, Basis, ClockOverrides, Moment, ToolUsed};
use cotrace::replay::{Request, RuleChoice, SnapshotChoice, Targets, hold, replay};
use cotrace::store::{Access, Case};
use cotrace::tui::{Options, Rehearsal, Theme};
use cotrace_generator::scale;
use rusqlite::{Connection, params};
use support::{imported, moment};

/// The tasks that are judged.
const JUDGED: usize = 5_000;

/// How often the program is started.
const STARTS: usize = 5;

/// How long somebody who types takes for a key.
const TYPING: Duration = Duration::from_millis(120);

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let after = |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1));
    if let Some(case) = after("--start") {
        return start(Path::new(case));
    }
    if let Some(case) = after("--facts") {
        return facts(Path::new(case));
    }
    let tasks = after("--tasks").map_or(1_000_000, |tasks| tasks.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = after("--case").map_or_else(|| folder.path().join("case.sqlite"), PathBuf::from);
    if !path.exists() {
        make(&path, tasks);
    }
    starts(&path);
    let mut ui = Rehearsal::new(options(&path), 160, 50);
    settled(&mut ui);
    println!("memory/ui {:.0}", memory("VmRSS"));
    scrolling(&mut ui);
    typing(&mut ui);
    sorting(&mut ui);
    time(&mut ui);
    println!("memory/peak {:.0}", memory("VmHWM"));
}

fn question() -> Request {
    Request {
        targets: Targets::All,
        snapshot: SnapshotChoice::Newest,
        task_type: None,
        product: None,
        mode: Mode::AfterRun,
        as_of: AsOf::Then,
        clocks: ClockOverrides::default(),
        bases: Basis::ALL.into_iter().collect(),
        distrust: Vec::new(),
        rules: RuleChoice::Then,
        tool: ToolUsed { name: "cotrace".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        now: present(),
    }
}

fn present() -> Moment {
    moment("2026-11-01")
}

fn options(path: &Path) -> Options {
    Options {
        path: path.to_owned(),
        program: PathBuf::from("/nonexistent/cotrace"),
        operator: "bench".to_owned(),
        base: question(),
        arguments: Vec::new(),
        theme: Theme { has_colours: true, is_ascii: false },
        clock: present,
    }
}

/// A case: the graph, replayed, and the other tasks in a snapshot of their own.
fn make(path: &Path, tasks: usize) {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("capture");
    scale::write(&capture, JUDGED, 1).unwrap();
    let mut case = imported(&capture, path);
    replay(&mut case, &question(), cotrace::replay::SILENT).unwrap();
    drop(case);
    let mut conn = Connection::open(path).unwrap();
    conn.execute_batch("PRAGMA cache_size = -400000; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF").unwrap();
    let transaction = conn.transaction().unwrap();
    transaction
        .execute(
            "INSERT INTO snapshot (digest, rows, capture_path, imported_at, cotrace_version)
             VALUES (randomblob(32), randomblob(32), 'generated', '2026-11-01T00:00:00Z', '0')",
            [],
        )
        .unwrap();
    let snapshot = transaction.last_insert_rowid();
    for number in JUDGED..tasks {
        insert_task(&transaction, snapshot, number);
    }
    transaction.commit().unwrap();
    drop(conn);
    let case = Case::open(path, Access::Read).unwrap();
    let content_id = case.content_id().unwrap();
    drop(case);
    // What a replay of all of them would have left.
    let mut conn = Connection::open(path).unwrap();
    let transaction = conn.transaction().unwrap();
    transaction
        .execute(
            "INSERT INTO replay (request, content_id, cotrace_version, rules, as_of, mode, trust, replayed_at)
             VALUES (randomblob(32), ?1, '0', 'then', 'then', 'after-run', '', '2026-11-01T00:00:00Z')",
            [content_id],
        )
        .unwrap();
    let replay = transaction.last_insert_rowid();
    transaction
        .execute(
            "INSERT INTO verdict (replay, task_id, task_type, product, judged_at, verdict, headline, links)
             SELECT ?1, task_id, 'build', 'gecko', created, CASE id % 50 WHEN 0 THEN 'refuted' ELSE 'verified' END,
             'every link of the chain holds', 4 FROM task ORDER BY task_id",
            [replay],
        )
        .unwrap();
    transaction.commit().unwrap();
}

fn insert_task(conn: &Connection, snapshot: i64, number: usize) {
    let id = id(number as u64);
    let kinds = ["build", "test", "signing", "beetmover", "balrog", "source-test", "docker-image", "l10n"];
    let kind = kinds[number % kinds.len()];
    let label = format!("{kind}-linux{}-64/opt-chunk-{}-{number}", 1804 + number % 7, number % 97);
    let source = format!("https://hg.mozilla.org/mozilla-central/file/{:040x}/taskcluster/ci/{kind}", number / 2_000);
    let seconds = 1_750_000_000 + (number as i64 * 7_919) % 30_000_000;
    let at = |seconds: i64| Moment::from_unix(seconds).unwrap().to_string();
    conn.prepare_cached(
        "INSERT INTO task (snapshot, task_id, task_group_id, name, label, kind, provisioner_id, worker_type, source,
         created, state, run_basis) VALUES (?1, ?2, ?2, ?3, ?3, ?4, 'gecko-t', ?5, ?6, ?7, 'completed', 'queue')",
    )
    .unwrap()
    .execute(params![snapshot, id, label, kind, format!("t-linux-{}", number % 40), source, at(seconds)])
    .unwrap();
    let task = conn.last_insert_rowid();
    conn.prepare_cached(
        "INSERT INTO run (task, ordinal, run_id, state, worker_group, worker_id, started, resolved)
         VALUES (?1, 0, 0, 'completed', 'us-east1', ?2, ?3, ?4)",
    )
    .unwrap()
    .execute(params![task, format!("i-{:08x}", number % 20_000), at(seconds + 60), at(seconds + 900)])
    .unwrap();
}

/// A task id, other for each number, in no order.
fn id(number: u64) -> String {
    let mixed = |mut word: u64| {
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    };
    let (one, other) = (mixed(number.wrapping_add(0x9e37_79b9_7f4a_7c15)), mixed(!number));
    URL_SAFE_NO_PAD.encode([one.to_le_bytes(), other.to_le_bytes()].concat())
}

/// Memory of this process, in MiB: `VmRSS`, or the peak, `VmHWM`.
fn memory(what: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// In a process of its own: says when what is there.
fn start(path: &Path) {
    let mut ui = Rehearsal::at_once(options(path), 160, 50);
    println!("drawn");
    let mut wait = |what: &str, is_there: &dyn Fn(&str) -> bool| {
        while !is_there(&ui.text()) && ui.turn(Duration::from_secs(1)) {}
        println!("{what}");
    };
    wait("counts", &|text| text.contains("verified"));
    wait("judged", &|text| text.contains("5,007 targets") || text.contains("5,000 targets"));
    ui.press_only("2");
    while ui.text().contains("(loading") && ui.turn(Duration::from_secs(1)) {}
    println!("listed");
    settled(&mut ui);
    println!("settled {:.0} {:.0}", memory("VmRSS"), memory("VmHWM"));
}

/// In a process of its own: what the facts take that every question rests on.
fn facts(path: &Path) {
    let mut case = Case::open(path, Access::Keep).unwrap();
    let request = question();
    let told = hold(&mut case, &[&request], cotrace::replay::SILENT, |sitting, _| {
        sitting.ask(&request).unwrap();
        (memory("VmRSS"), memory("VmHWM"))
    });
    let (now, peak) = told.unwrap();
    println!("{now:.0} {peak:.0}");
}

fn this(option: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(option).arg(path).stdout(Stdio::piped());
    command
}

fn starts(path: &Path) {
    let mut seen: Vec<(String, Vec<Duration>)> = Vec::new();
    for _ in 0..STARTS {
        let begin = Instant::now();
        let mut child = this("--start", path).spawn().unwrap();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let (line, took) = (line.unwrap(), begin.elapsed());
            let word = line.split(' ').next().unwrap_or_default().to_owned();
            if word == "settled" {
                println!("memory/start (now, peak) {line}");
            }
            match seen.iter_mut().find(|(known, _)| *known == word) {
                Some((_, times)) => times.push(took),
                None => seen.push((word, vec![took])),
            }
        }
        child.wait().unwrap();
    }
    for (word, times) in seen {
        tell(&format!("start/{word}"), times);
    }
    let told = this("--facts", path).output().unwrap();
    println!("memory/facts (now, peak) {}", String::from_utf8_lossy(&told.stdout).trim());
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |part: f64| times[((times.len() - 1) as f64 * part).round() as usize].as_secs_f64() * 1000.0;
    println!("{what} {} median {:.2} p99 {:.2} max {:.2} ms", times.len(), at(0.5), at(0.99), at(1.0));
}

fn settled(ui: &mut Rehearsal) {
    while ui.turn(Duration::from_secs(1)) {}
}

/// One key: until it is drawn.
fn frame(ui: &mut Rehearsal, key: &str) -> Duration {
    let begin = Instant::now();
    assert!(ui.press_only(key));
    begin.elapsed()
}

/// Until everything that was asked for is there and drawn, and the longest frame meanwhile.
fn until_there(ui: &mut Rehearsal, longest: &mut Vec<Duration>) -> Duration {
    let begin = Instant::now();
    loop {
        let (more, took) = ui.turn_timed(Duration::from_secs(1));
        longest.push(took);
        if !more {
            return begin.elapsed();
        }
    }
}

fn scrolling(ui: &mut Rehearsal) {
    frame(ui, "2");
    settled(ui);
    for (what, key, times) in [("PageDown", "<PageDown>", 1_000), ("Down", "j", 1_000), ("PageUp", "<PageUp>", 500)] {
        tell(&format!("scroll/{what}"), (0..times).map(|_| frame(ui, key)).collect());
    }
    tell("scroll/End, Home", ["G", "g"].into_iter().cycle().take(100).map(|key| frame(ui, key)).collect());
}

/// Types a text, a key at a time, and then waits for the list.
fn type_text(ui: &mut Rehearsal, what: &str, open: &str, text: &str) {
    let (mut keys, mut answers, mut there) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..5 {
        frame(ui, open);
        for character in text.chars() {
            let key = if character == ' ' { "<Space>".to_owned() } else { character.to_string() };
            keys.push(frame(ui, &key));
            let next = Instant::now() + TYPING;
            while let Some(left) = next.checked_duration_since(Instant::now()) {
                answers.push(ui.turn_timed(left).1);
            }
        }
        there.push(until_there(ui, &mut answers));
        frame(ui, "<Enter>");
        settled(ui);
        frame(ui, "<Backspace>");
        settled(ui);
    }
    tell(&format!("{what}/key"), keys);
    tell(&format!("{what}/answer drawn"), answers);
    tell(&format!("{what}/list after the last key"), there);
}

fn typing(ui: &mut Rehearsal) {
    type_text(ui, "search", "/", "signlinux18");
    type_text(ui, "filter", "f", "label~chunk-42");
    let mut there = Vec::new();
    for _ in 0..5 {
        frame(ui, "/");
        for key in ["c", "h", "u", "n", "k"] {
            frame(ui, key);
        }
        there.push(until_there(ui, &mut Vec::new()));
        frame(ui, "<Enter>");
        frame(ui, "<Backspace>");
        settled(ui);
    }
    tell("search/list, typed at once", there);
}

fn sorting(ui: &mut Rehearsal) {
    let (mut keys, mut answers) = (Vec::new(), Vec::new());
    for column in ["verdict", "reason", "label", "type", "worker", "created", "tree", "key", "task"] {
        let mut there = Vec::new();
        keys.push(frame(ui, "s"));
        there.push(until_there(ui, &mut answers));
        for _ in 0..2 {
            keys.push(frame(ui, "S"));
            there.push(until_there(ui, &mut answers));
        }
        tell(&format!("sort/{column}"), there);
    }
    tell("sort/key", keys);
    tell("sort/answer drawn", answers);
}

fn time(ui: &mut Rehearsal) {
    frame(ui, "4");
    let mut answers = Vec::new();
    tell("time/events there", vec![until_there(ui, &mut answers)]);
    for (what, key) in [("day back", "<Left>"), ("event on", "]"), ("event back", "[")] {
        let (mut keys, mut there) = (Vec::new(), Vec::new());
        for _ in 0..60 {
            keys.push(frame(ui, key));
            there.push(until_there(ui, &mut answers));
        }
        tell(&format!("time/{what}, key"), keys);
        tell(&format!("time/{what}, judged"), there);
    }
    tell("time/answer drawn", answers);
}
