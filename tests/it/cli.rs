//! The command line: exit codes, arguments, examples, pipes.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::house::fenced;
use crate::program::{
    BINARY, CaseFile, Ran, capture, copy, cotrace, files, root, run, sample, skip, target, targets, write,
};

const SUBCOMMANDS: [&str; 21] = [
    "import",
    "replay",
    "what-if",
    "tasks",
    "show",
    "cat",
    "find",
    "dependants",
    "ancestors",
    "why",
    "gaps",
    "note",
    "notes",
    "rules",
    "verify-cot",
    "tui",
    "keys",
    "case",
    "explain",
    "completions",
    "man",
];

/// A task of nightly-2026 that a scriptworker ran.
fn signing() -> String {
    targets("nightly-2026")["signing-linux64"].clone()
}

#[test]
fn zero_when_every_target_is_verified() {
    let case = CaseFile::of(&[sample("nightly-2026")]);
    let ran = case.run(["replay", "--all"]).exits(0);
    assert!(ran.text().contains("8 targets: 8 verified, 0 refuted, 0 undetermined"));
    assert_eq!(ran.stderr, "");
}

#[test]
fn ten_when_a_target_is_undetermined() {
    let case = CaseFile::empty();
    Ran::of(case.command().arg("import").arg(sample("nightly-2026"))).exits(0);
    let ran = case.run(["replay", "--all"]).exits(10);
    assert!(ran.text().contains("0 verified, 0 refuted, 8 undetermined"), "{}", ran.text());
}

#[test]
fn eleven_when_a_target_is_refuted_whatever_else() {
    let case = CaseFile::of(&[sample("nightly-2017")]);
    let ran = case.run(["replay", "--all", "--as-of", "2001-01-01"]).exits(11);
    assert!(ran.text().contains("key-not-yet-created"));
    case.run(["replay", "--all", "--as-of", "2001-01-01", "--fail-on", "info"]).exits(11);
}

#[test]
fn twelve_when_a_verified_replay_has_a_finding_that_the_caller_minds() {
    // A key file that is none: an audit finding of medium severity.
    let folder = TempDir::new().unwrap();
    copy(&sample("nightly-2026"), folder.path());
    write(folder.path(), "keys/openpgp/scriptworker/junk.asc", b"junk");
    let case = CaseFile::of(&[folder.path()]);
    let ran = case.run(["replay", "--all"]).exits(0);
    assert!(ran.text().contains("medium key-malformed"), "{}", ran.text());
    for (severity, code) in [("info", 12), ("low", 12), ("medium", 12), ("high", 0)] {
        let judged = case.run(["replay", "--all", "--fail-on", severity]).exits(code);
        assert_eq!(judged.stdout, ran.stdout);
    }
    case.run(["replay", "--all", "--fail-on", "severe"]).exits(2);
}

#[test]
fn three_when_there_is_nothing_to_replay() {
    let case = CaseFile::of(&[sample("nightly-2026")]);
    for command in ["replay", "verify", "show"] {
        let ran = case.run([command, "AAAAAAAAQAAAAAAAAAAAAA"]).exits(3);
        assert!(ran.stderr.contains("AAAAAAAAQAAAAAAAAAAAAA"), "{}", ran.stderr);
        assert_eq!(ran.text(), "");
    }
    let keys_only = capture(&[("keys.json", "{}")]);
    CaseFile::of(&[keys_only.path()]).run(["replay", "--all"]).exits(3);
}

#[test]
fn two_when_the_command_line_is_wrong() {
    let case = CaseFile::of(&[sample("nightly-2026")]);
    let id = signing();
    let wrong: &[&[&str]] = &[
        &[],
        &["frobnicate"],
        &["replay"],
        &["replay", "--all", &id],
        &["replay", "no-task-id"],
        &["replay", "--all", "--format", "yaml"],
        &["replay", "--all", "--rules", "scriptworker-0"],
        &["replay", "--all", "--task-type", "nonsense"],
        &["show"],
        &["show", &id, "--rules", "nonsense"],
        &["cat"],
        &["cat", &id],
        &["cat", "nonsense"],
        &["cat", &id, "definition.json", "more"],
        &["explain", "no-such-code"],
        &["completions", "tcsh"],
        &["import"],
        &["import", "snapshots", "--keep-artifacts", "some"],
    ];
    for args in wrong {
        let ran = case.run(*args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.stderr);
        assert_eq!(ran.text(), "", "{args:?}");
        assert!(!ran.stderr.is_empty(), "{args:?}");
    }
    let ran = case.run(["replay", "--all", "--rules", "scriptworker-0"]);
    assert!(ran.stderr.contains("rules list"), "the message says where the books are: {}", ran.stderr);
}

#[test]
fn a_case_is_needed_and_may_come_from_the_environment() {
    let case = CaseFile::of(&[sample("nightly-2026")]);
    for args in [&["replay", "--all"][..], &["import", "snapshots"], &["show", &signing()], &["cat", &signing(), "x"]] {
        let ran = run(args).exits(2);
        assert!(ran.stderr.contains("--case") && ran.stderr.contains("COTRACE_CASE"), "{}", ran.stderr);
    }
    let named = case.run(["replay", "--all"]).exits(0);
    let from_environment = Ran::of(cotrace().env("COTRACE_CASE", &case.path).args(["replay", "--all"])).exits(0);
    assert_eq!(named.stdout, from_environment.stdout);
    // The argument is the stronger one, wherever it stands.
    let after =
        Ran::of(cotrace().env("COTRACE_CASE", "elsewhere.sqlite").args(["replay", "--all", "--case"]).arg(&case.path));
    assert_eq!(after.exits(0).stdout, named.stdout);
}

#[test]
fn verify_is_another_name_of_replay() {
    let case = CaseFile::of(&[sample("nightly-2026")]);
    for args in [&["--all"][..], &["--all", "--format", "json"], &[&signing(), "--no-check-task"]] {
        let replay = Ran::of(case.command().arg("replay").args(args));
        let verify = Ran::of(case.command().arg("verify").args(args));
        assert_eq!((replay.code, replay.stdout), (verify.code, verify.stdout));
    }
    let products = ["--product", "--cot-product"]
        .map(|name| case.run(["replay", &signing(), name, "thunderbird", "--format", "json"]).json());
    assert_eq!(products[0], products[1]);
    assert_eq!(products[0]["targets"][0]["product"], "thunderbird");
}

#[test]
fn a_moment_is_a_date_or_an_instant_with_its_offset() {
    let case = CaseFile::of(&[sample("nightly-2026")]);
    let key = |text: &str| {
        let report = case.report([signing().as_str(), "--as-of", text]);
        report["targets"][0]["asOf"]["key"].as_str().unwrap().to_owned()
    };
    assert_eq!(key("2026-08-15"), "2026-08-15T00:00:00Z");
    assert_eq!(key("2026-08-15T10:00:00Z"), "2026-08-15T10:00:00Z");
    assert_eq!(key("2026-08-15T01:30:00+02:00"), "2026-08-14T23:30:00Z");
    assert_eq!(key("2026-08-15T10:00:00.25-07:00"), "2026-08-15T17:00:00.250Z");
    for text in ["2026-08-15T10:00:00", "2026-08-15 10:00", "10:00", "2026-02-30", "yesterday", "", "2026-8-5"] {
        let ran = case.run(["replay", "--all", "--as-of", text]).exits(2);
        assert!(ran.stderr.contains("offset"), "{text}: {}", ran.stderr);
    }
    // In another time zone a date is the same date.
    let args = ["replay", &signing(), "--as-of", "2026-08-15", "--format", "json"];
    let abroad = Ran::of(case.command().env("TZ", "Pacific/Kiritimati").args(args)).json();
    assert_eq!(abroad["targets"][0]["asOf"]["key"], "2026-08-15T00:00:00Z");
}

#[test]
fn one_when_the_tool_can_not_do_its_work() {
    let case = CaseFile::empty();
    for args in [&["replay", "--all"][..], &["show", &signing()], &["cat", &signing(), "status.json"]] {
        let ran = case.run(args).exits(1);
        assert!(ran.stderr.contains("there is no case file"), "{}", ran.stderr);
        assert!(!case.path.exists(), "{args:?} made a case file");
    }
    let in_no_folder = case.folder.path().join("none/case.sqlite");
    Ran::of(cotrace().arg("--case").arg(in_no_folder).arg("import").arg(sample("nightly-2026"))).exits(1);
}

#[test]
fn a_file_that_is_no_case_is_refused_and_left_alone() {
    let sqlite = CaseFile::empty();
    sqlite.sqlite().execute_batch("CREATE TABLE other (x); INSERT INTO other VALUES (1)").unwrap();
    let contents = [
        ("text", b"not a case file, but longer than the header of one ....................".repeat(100)),
        ("short", b"x".to_vec()),
        ("zeros", vec![0; 8192]),
        ("magic", [b"SQLite format 3\0".as_slice(), &[0xff; 5000]].concat()),
        ("sqlite", fs::read(&sqlite.path).unwrap()),
    ];
    for (name, bytes) in contents {
        let case = CaseFile::empty();
        fs::write(&case.path, &bytes).unwrap();
        let commands: [Vec<&str>; 3] = [vec!["replay", "--all"], vec!["cat", "a"], vec!["import"]];
        for mut args in commands {
            let capture = sample("nightly-2026");
            if args == ["import"] {
                args.push(capture.to_str().unwrap());
            } else if args[0] == "cat" {
                args = vec!["show", "AAAAAAAAQAAAAAAAAAAAAA"];
            }
            let ran = case.run(&args);
            assert_eq!(ran.code, 1, "{name} {args:?}: {}", ran.stderr);
            let is_told = ran.stderr.contains("is not a cotrace case file") || ran.stderr.contains("is damaged");
            assert!(is_told, "{name} {args:?}: {}", ran.stderr);
            assert!(fs::read(&case.path).unwrap() == bytes, "{name} {args:?} changed the file");
        }
        let beside: Vec<_> = files(case.folder.path()).into_keys().collect();
        assert_eq!(beside, ["case.sqlite"], "{name}: something was left beside the file");
    }
}

#[test]
fn a_case_of_a_newer_version_is_refused_and_left_alone() {
    let case = CaseFile::of(&[sample("nightly-2026")]);
    case.sqlite().pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(&case.path).unwrap();
    for args in [&["replay", "--all"][..], &["import", sample("nightly-2017").to_str().unwrap()]] {
        let ran = case.run(args).exits(1);
        assert!(ran.stderr.contains("newer cotrace"), "{}", ran.stderr);
        assert!(fs::read(&case.path).unwrap() == before);
    }
}

#[test]
fn what_is_no_capture_makes_no_case() {
    let nothing = TempDir::new().unwrap();
    let other = capture(&[("README.md", "hello"), ("src/main.rs", "fn main() {}")]);
    let newer = capture(&[("capture.json", r#"{"captureVersion": 2}"#), ("keys.json", "{}")]);
    let file = sample("nightly-2026").join("README.md");
    let missing = other.path().join("missing");
    let wrong = [nothing.path(), other.path(), newer.path(), &file, &missing];
    for path in wrong {
        let case = CaseFile::empty();
        let ran = case.import(&[path]).exits(1);
        assert!(ran.stderr.contains(path.to_str().unwrap()), "{}", ran.stderr);
        assert!(!case.path.exists(), "{}: a case file was made", path.display());
    }
    // One wrong capture among several: nothing is imported.
    let case = CaseFile::empty();
    case.import(&[sample("nightly-2026").as_path(), nothing.path()]).exits(1);
    assert!(!case.path.exists());
}

#[test]
fn several_captures_are_several_snapshots() {
    let together = CaseFile::of(&[sample("nightly-2017"), sample("nightly-2026")]);
    let apart = CaseFile::of(&[sample("nightly-2026")]);
    apart.import(&[sample("nightly-2017")]).exits(0);
    assert_eq!(together.number("SELECT count(*) FROM snapshot"), 2);
    let reports = [&together, &apart].map(|case| case.run(["replay", "--all", "--format", "json"]).exits(11));
    assert_eq!(reports[0].stdout, reports[1].stdout, "the order of imports shows");
    assert_eq!(reports[0].json()["targets"].as_array().unwrap().len(), 20);
    // A task of each can be asked for together.
    let (old, new) = (&targets("nightly-2017")["balrog-linux64"], &targets("nightly-2026")["balrog-linux64"]);
    let both = together.report([old.as_str(), new.as_str()]);
    assert_eq!([target(&both, old)["verdict"].clone(), target(&both, new)["verdict"].clone()], ["verified"; 2]);
}

#[test]
fn importing_again_imports_nothing_and_changes_no_report() {
    for (name, code) in [("nightly-2017", 11), ("nightly-2026", 0)] {
        let case = CaseFile::empty();
        let first = case.import(&[sample(name)]).exits(0);
        assert!(first.stderr.contains(": imported: snapshot "), "{}", first.stderr);
        assert_eq!(first.text(), "", "the summary is no report");
        let before = case.run(["replay", "--all"]).exits(code);
        let second = case.import(&[sample(name)]).exits(0);
        assert!(second.stderr.contains("already in the case, nothing imported"), "{}", second.stderr);
        assert!(second.stderr.contains("contents new to the case: 0 documents"), "{}", second.stderr);
        let after = case.run(["replay", "--all"]).exits(code);
        assert!(before.stdout == after.stdout, "{name}: the report changed");
    }
}

#[test]
fn import_and_replay_in_one_say_what_they_say_in_two() {
    let once = CaseFile::empty();
    let capture = sample("nightly-2026");
    let args = ["import", capture.to_str().unwrap(), "--accept-keys", "--operator", "T", "--replay"];
    let ran = once.run(args).exits(0);
    assert_eq!(ran.stdout, CaseFile::of(&[&capture]).run(["replay", "--all"]).stdout);
    let unaccepted = CaseFile::empty();
    unaccepted.run(["import", capture.to_str().unwrap(), "--replay"]).exits(10);
}

#[test]
fn keys_are_accepted_by_somebody() {
    let capture = sample("nightly-2026");
    let accepted_by = |operator: Option<&str>, environment: &[(&str, &str)]| {
        let case = CaseFile::empty();
        let mut command = case.command();
        command.arg("import").arg(&capture).arg("--accept-keys").envs(environment.iter().copied());
        let ran = Ran::of(command.args(operator.map(|name| ["--operator", name]).into_iter().flatten())).exits(0);
        let name: String = case.sqlite().query_row("SELECT operator FROM acceptance", [], |row| row.get(0)).unwrap();
        assert!(ran.stderr.contains(&format!("keys accepted by {name}")), "{}", ran.stderr);
        name
    };
    assert_eq!(accepted_by(Some("J. Doe"), &[("USER", "u"), ("COTRACE_OPERATOR", "o")]), "J. Doe");
    assert_eq!(accepted_by(None, &[("USER", "u"), ("COTRACE_OPERATOR", "o")]), "o");
    assert_eq!(accepted_by(None, &[("USER", "u")]), "u");
    // Later, by another import of the same capture.
    let case = CaseFile::empty();
    Ran::of(case.command().arg("import").arg(&capture)).exits(0);
    case.run(["replay", "--all"]).exits(10);
    case.import(&[&capture]).exits(0);
    case.run(["replay", "--all"]).exits(0);
}

#[test]
fn cat_gives_the_bytes_as_they_came() {
    for name in ["nightly-2017", "nightly-2026"] {
        let case = CaseFile::empty();
        let capture = sample(name);
        let all = ["import", capture.to_str().unwrap(), "--keep-artifacts", "all"];
        case.run(all).exits(0);
        let mut compared = 0;
        for (path, file) in files(&capture.join("tasks")) {
            let bytes = fs::read(file).unwrap();
            let (task_id, rest) = path.split_once('/').unwrap();
            let ran = match rest.strip_prefix("artifacts/0/") {
                Some(artifact) => case.run(["cat", task_id, artifact]).exits(0),
                None if rest == "definition.json" || rest == "status.json" => case.run(["cat", task_id, rest]).exits(0),
                None => continue,
            };
            assert!(ran.stdout == bytes, "{path} came back otherwise");
            assert_eq!(ran.stderr, "");
            let digest = cotrace::model::Digest::of(&bytes).to_string();
            assert!(case.run(["cat", &digest]).exits(0).stdout == bytes, "{path} came back otherwise by its digest");
            compared += 1;
        }
        assert!(compared > 40, "{name}: only {compared} documents");
    }
}

#[test]
fn cat_says_what_is_not_there() {
    let case = CaseFile::of(&[sample("nightly-2026")]);
    let id = signing();
    let missing: &[&[&str]] = &[
        &["cat", &id, "public/none.txt"],
        &["cat", &id, "public/chain-of-trust.json", "--run", "7"],
        &["cat", "AAAAAAAAQAAAAAAAAAAAAA", "definition.json"],
        &["cat", "0000000000000000000000000000000000000000000000000000000000000000"],
    ];
    for args in missing {
        let ran = case.run(*args).exits(1);
        assert!(ran.stderr.starts_with("error: the case has "), "{args:?}: {}", ran.stderr);
        assert_eq!(ran.text(), "");
    }
    // Its digest is known, its bytes were not kept.
    let ran = case.run(["cat", &id, "public/build/target.tar.xz"]).exits(1);
    assert!(ran.stderr.contains("--keep-artifacts"), "{}", ran.stderr);
    let run_zero = case.run(["cat", &id, "public/chain-of-trust.json", "--run", "0"]).exits(0);
    assert_eq!(run_zero.stdout, case.run(["cat", &id, "public/chain-of-trust.json"]).stdout);
}

#[test]
fn show_tells_all_of_a_task() {
    let case = CaseFile::of(&[sample("nightly-2026")]);
    let id = signing();
    let ran = case.run(["show", &id]).exits(0);
    let text = ran.text();
    for part in [&format!("task {id}"), "definition sha256:", "run 0: completed", "public/chain-of-trust.json.sig"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let replay = case.run(["replay", &id]).exits(0).text();
    assert!(text.ends_with(&replay), "it ends with the replay of the task");
    case.run(["show", &id, "--as-of", "2001-01-01", "--rules", "scriptworker-63.6.1"]);
}

/// A command line in a shell's words.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    assert!(quote.is_none(), "an open quote: {line}");
    words.extend(word);
    words
}

/// The lines below `Examples:` of a help text.
fn examples(help: &str) -> Vec<String> {
    let below = help.lines().skip_while(|line| line.trim() != "Examples:").skip(1);
    below.map(str::trim).take_while(|line| line.starts_with("cotrace ")).map(str::to_owned).collect()
}

/// A folder to run examples in: with the samples in reach.
pub(crate) fn workbench() -> TempDir {
    let folder = TempDir::new().unwrap();
    copy(&root().join("snapshots"), &folder.path().join("snapshots"));
    folder
}

/// Puts a real task and a real document where an example has a placeholder.
fn filled(example: &str) -> String {
    let attestation = format!("tasks/{}/artifacts/0/public/chain-of-trust.json", signing());
    let bytes = fs::read(sample("nightly-2026").join(attestation)).unwrap();
    let decision = &targets("nightly-2026")["decision"];
    let example = example.replace("DECISION_ID", decision).replace("TASK_ID", &signing());
    example.replace("SHA256", &cotrace::model::Digest::of(&bytes).to_string())
}

/// The exit codes that an example may have: a replay's verdicts are no failures.
fn is_fine(line: &str, code: i32) -> bool {
    let judges = ["replay", "verify", "show", "verify-cot", "what-if"]
        .iter()
        .any(|word| line.split_whitespace().any(|w| w.trim_matches('-') == *word));
    code == 0 || judges && matches!(code, 10..=12)
}

#[test]
fn every_example_of_the_help_works() {
    let folder = workbench();
    for subcommand in SUBCOMMANDS {
        let long = run(["help", subcommand]).exits(0).text();
        assert_eq!(long, run([subcommand, "--help"]).exits(0).text());
        let found = examples(&long);
        assert!(!found.is_empty(), "{subcommand} has no examples:\n{long}");
        for example in found {
            let mut words = words(&filled(&example));
            if subcommand == "tui" {
                // There is no terminal here: the screen is written instead.
                words.extend(["--picture".to_owned(), String::new()]);
            }
            let ran = Ran::of(cotrace().current_dir(folder.path()).args(&words[1..]));
            assert!(is_fine(&example, ran.code), "{example}: {}: {}", ran.code, ran.stderr);
            let may_tell = ["import", "find", "gaps", "note", "notes"].contains(&subcommand);
            let speaks = !ran.stdout.is_empty() || may_tell && !ran.stderr.is_empty();
            assert!(speaks, "{example} says nothing");
        }
    }
}

#[test]
fn the_help_lists_every_subcommand_and_the_exit_codes() {
    let help = run(["--help"]).exits(0).text();
    for subcommand in SUBCOMMANDS {
        assert!(help.contains(&format!("\n  {subcommand} ")), "{subcommand}\n{help}");
    }
    for code in [0, 1, 2, 3, 10, 11, 12] {
        assert!(help.contains(&format!("{code} ")), "{code}\n{help}");
    }
    let listed: BTreeSet<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let known: BTreeSet<&str> = SUBCOMMANDS.into_iter().chain(["help"]).collect();
    assert_eq!(listed, known, "a subcommand is missing in this test");
    let version = run(["--version"]).exits(0).text();
    assert_eq!(version.trim(), format!("cotrace {}", env!("CARGO_PKG_VERSION")));
}

/// The commands of a page's code blocks that are cotrace's or cargo's, with continued lines joined.
fn commands(page: &str) -> Vec<String> {
    let mut commands = Vec::new();
    for block in fenced(page, &["", "sh", "bash", "console", "shell", "text"]) {
        for line in block.replace("\\\n", " ").lines() {
            let line = line.trim().trim_start_matches("$ ");
            if line.starts_with("cotrace ") || line.starts_with("cargo run") {
                commands.push(line.to_owned());
            }
        }
    }
    commands
}

/// Makes what `cargo run -p cotrace-generator -- ARGS` makes.
fn generate(folder: &Path, args: &[String]) {
    let out = folder.join(args.last().unwrap());
    match args[0].as_str() {
        "sample" => cotrace_generator::sample::by_name(&args[1]).unwrap().write_to(&out).unwrap(),
        "scale" => {
            let after = |name: &str| &args[1 + args.iter().position(|arg| arg == name).unwrap()];
            let tasks: usize = after("--tasks").parse().unwrap();
            cotrace_generator::scale::write(&out, tasks.min(200), after("--seed").parse().unwrap()).unwrap();
        }
        other => panic!("the generator has no {other}"),
    }
}

/// A command as a shell runs it, `cargo run` being the built binary.
pub(crate) fn run_in_shell(folder: &Path, command: &str) {
    let mut command = filled(command.split(" #").next().unwrap_or(command));
    if command.ends_with(" tui") {
        // There is no terminal here: it opens as for a picture.
        command.push_str(" --picture ''");
    }
    let (before, args) = match command.strip_prefix("cargo run") {
        Some(rest) => rest.split_once(" -- ").unwrap_or((rest, "")),
        None => ("", command.strip_prefix("cotrace ").unwrap()),
    };
    if before.contains("cotrace-generator") {
        return generate(folder, &words(args));
    }
    let script = format!("'{BINARY}' {args}");
    let ran = Ran::of(
        Command::new("/bin/sh").env_clear().env("PATH", "/usr/bin:/bin").current_dir(folder).args(["-c", &script]),
    );
    assert!(is_fine(&command, ran.code), "{command}: {}: {}", ran.code, ran.stderr);
}

#[test]
fn every_command_of_the_readme_works() {
    let page = fs::read_to_string(root().join("README.md")).expect("README.md");
    let found = commands(&page);
    assert!(!found.is_empty(), "the README has no commands");
    let folder = workbench();
    for command in found {
        run_in_shell(folder.path(), &command);
    }
}

#[test]
fn completions_are_made_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = run(["completions", shell]).exits(0);
        let text = ran.text();
        for subcommand in SUBCOMMANDS {
            assert!(text.contains(subcommand), "{shell}: {subcommand}");
        }
        assert!(text.contains("--keep-artifacts") || text.contains("keep-artifacts"), "{shell}");
    }
    let script = run(["completions", "bash"]).stdout;
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("cotrace.bash"), script).unwrap();
    let bash = Command::new("bash").current_dir(folder.path()).args(["-n", "cotrace.bash"]).output();
    match bash {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => skip("there is no bash"),
    }
}

#[test]
fn the_manual_has_every_subcommand() {
    let ran = run(["man"]).exits(0);
    let text = ran.text();
    for subcommand in SUBCOMMANDS {
        assert!(
            text.contains(&format!("cotrace\\-{subcommand}")) || text.contains(&format!("cotrace {subcommand}")),
            "{subcommand}"
        );
    }
    let folder = TempDir::new().unwrap();
    let page = folder.path().join("cotrace.1");
    fs::write(&page, &ran.stdout).unwrap();
    let mut man = Command::new("man");
    man.env("MANROFFSEQ", "").env("MANWIDTH", "80").env("LC_ALL", "C.UTF-8").args(["--warnings", "-E", "UTF-8", "-l"]);
    let Ok(output) = man.arg(&page).stdin(Stdio::null()).output() else { return skip("there is no man") };
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("minimized") || String::from_utf8_lossy(&output.stdout).contains("minimized") {
        return skip("man is a placeholder here");
    }
    assert!(output.status.success(), "{said}");
    assert_eq!(said, "", "man warns");
    assert!(String::from_utf8_lossy(&output.stdout).contains("EXAMPLES") || !output.stdout.is_empty());
}

/// Command lines that print something.
fn talkative() -> Vec<Vec<String>> {
    let id = signing();
    let lines: &[&[&str]] = &[
        &["replay", "--all"],
        &["replay", "--all", "--chains"],
        &["replay", "--all", "--format", "json"],
        &["replay", "--all", "--as-of", "2001-01-01"],
        &["show", &id],
        &["cat", &id, "definition.json"],
        &["explain"],
        &["explain", "key-expired"],
        &["completions", "bash"],
        &["man"],
        &["help", "replay"],
        &["--help"],
        &["--version"],
    ];
    lines.iter().map(|line| line.iter().map(|word| (*word).to_owned()).collect()).collect()
}

#[test]
fn nothing_is_coloured_in_a_pipe_or_where_nobody_wants_it() {
    let case = CaseFile::of(&[sample("nightly-2026"), sample("nightly-2017")]);
    let mut coloured = 0;
    for args in talkative() {
        let plain = case.run(&args);
        assert!(!plain.stdout.contains(&0x1b), "{args:?} is coloured in a pipe");
        let asked = Ran::of(case.command().env("CLICOLOR_FORCE", "1").args(&args));
        coloured += usize::from(asked.stdout.contains(&0x1b));
        let refused = Ran::of(case.command().env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").args(&args));
        assert!(!refused.stdout.contains(&0x1b), "{args:?} is coloured in spite of NO_COLOR");
        assert_eq!(plain.stdout, refused.stdout, "{args:?}");
    }
    assert!(coloured > 3, "nothing is coloured where it is asked for");
}

#[test]
fn a_pipe_that_is_closed_early_is_no_failure() {
    let case = CaseFile::of(&[sample("nightly-2026"), sample("nightly-2017")]);
    for args in talkative() {
        // Closed before anything is written, and after the first line.
        for lines in [0, 1] {
            let mut command = case.command();
            let mut child = command.args(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let mut reader = BufReader::new(child.stdout.take().unwrap());
            for _ in 0..lines {
                reader.read_line(&mut String::new()).unwrap();
            }
            drop(reader);
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            let expected = if args[0] == "replay" { [0, 11] } else { [0, 0] };
            let code = output.status.code().unwrap_or_else(|| panic!("{args:?}: {}", output.status));
            assert!(expected.contains(&code), "{args:?}: {code}: {said}");
            assert_eq!(said, "", "{args:?}");
        }
    }
}

#[test]
fn explain_prints_every_page() {
    let listed = run(["explain"]).exits(0).text();
    assert_eq!(listed.lines().count(), cotrace::model::Code::ALL.len());
    for line in listed.lines() {
        let code = line.split_whitespace().next().unwrap();
        let page = run(["explain", code]).exits(0).text();
        assert!(page.starts_with(&format!("# {code}\n")), "{code}");
    }
}

#[test]
fn a_task_type_that_the_caller_names_is_used() {
    let case = CaseFile::of(&[sample("nightly-2026")]);
    let report = case.report([signing().as_str(), "--task-type", "beetmover"]);
    assert_eq!(report["targets"][0]["taskType"], "beetmover");
    assert_eq!(report["targets"][0]["links"][0]["name"], "beetmover");
    let before = case.report([signing().as_str(), "--no-check-task"]);
    assert_eq!(before["targets"][0]["mode"], "before-run");
}
