//! The built binary, run as a user runs it: an environment with nothing of the developer's in it, and temporary folders.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The binary.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_cotrace");

/// The folder of the package.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A sample capture of the repository.
pub(crate) fn sample(name: &str) -> PathBuf {
    root().join("snapshots").join(name)
}

/// Says that a test has nothing to work on.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn skip(reason: &str) {
    eprintln!("skipped: {reason}");
}

/// Says what a test tried.
#[expect(clippy::print_stderr, reason = "for whoever reads the output of the tests")]
pub(crate) fn tell(text: &str) {
    eprintln!("{text}");
}

/// How often a test tries something: `usual`, or what the environment variable `name` says.
#[expect(clippy::disallowed_methods, reason = "a test that does more when asked")]
pub(crate) fn how_often(name: &str, usual: u32) -> u32 {
    let asked = std::env::var(name).map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")));
    let often = asked.unwrap_or(usual);
    tell(&format!("trying {often} times; {name} sets how often"));
    often
}

/// The binary with a scrubbed environment: no case, no operator, no colours, no locale, no time zone.
pub(crate) fn cotrace() -> Command {
    let mut command = Command::new(BINARY);
    command.env_clear().env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
    command
}

/// What a run of the program came to.
#[derive(Debug, Clone)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ran {
    /// Runs a command to its end. A signal is a failure of the test.
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let code = output.status.code().unwrap_or_else(|| panic!("{command:?}: {}: {stderr}", output.status));
        assert!(!stderr.contains("panicked at"), "{command:?} panicked: {stderr}");
        Self { code, stdout: output.stdout, stderr }
    }

    /// Holds the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stderr: {}\nstdout: {}", self.stderr, self.text());
        self
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON: {error}\n{}\n{}", self.stderr, self.text()))
    }
}

/// Runs the program with arguments.
pub(crate) fn run<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Ran {
    Ran::of(cotrace().args(args))
}

/// A case file in a temporary folder.
#[derive(Debug)]
pub(crate) struct CaseFile {
    /// Holds the case and whatever else a test puts there.
    pub(crate) folder: TempDir,
    pub(crate) path: PathBuf,
}

impl CaseFile {
    /// A place for a case file; there is none yet.
    pub(crate) fn empty() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("case.sqlite");
        Self { folder, path }
    }

    /// A case with these captures, keys accepted.
    #[track_caller]
    pub(crate) fn of<P: AsRef<Path>>(captures: &[P]) -> Self {
        let case = Self::empty();
        case.import(captures).exits(0);
        case
    }

    /// The program on this case.
    pub(crate) fn command(&self) -> Command {
        let mut command = cotrace();
        command.arg("--case").arg(&self.path);
        command
    }

    /// Runs the program on this case.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Ran {
        Ran::of(self.command().args(args))
    }

    /// Imports captures, accepting their keys.
    pub(crate) fn import<P: AsRef<Path>>(&self, captures: &[P]) -> Ran {
        let mut command = self.command();
        command.arg("import").args(captures.iter().map(AsRef::as_ref));
        Ran::of(command.args(["--accept-keys", "--operator", "T"]))
    }

    /// A replay as JSON, whatever its verdicts.
    #[track_caller]
    pub(crate) fn report<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Value {
        let ran = Ran::of(self.command().args(["replay", "--format", "json"]).args(args));
        assert!(matches!(ran.code, 0 | 10 | 11), "exit code {}: {}", ran.code, ran.stderr);
        ran.json()
    }

    /// Opens the file as SQLite has it.
    pub(crate) fn sqlite(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(&self.path).unwrap()
    }

    /// A single number out of the file.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.sqlite().query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

/// Writes files below a new temporary folder, as a capture.
pub(crate) fn capture<B: AsRef<[u8]>>(files: &[(&str, B)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, bytes) in files {
        write(folder.path(), path, bytes.as_ref());
    }
    folder
}

/// Writes a world as a capture.
pub(crate) fn capture_of(world: &cotrace_generator::World) -> TempDir {
    let files: Vec<(&str, &[u8])> = world.files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    capture(&files)
}

/// Writes a file below a folder, with the folders on the way to it.
pub(crate) fn write(folder: &Path, path: &str, bytes: &[u8]) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::File::create(&path).unwrap().write_all(bytes).unwrap();
}

/// Every regular file below a folder, by its path there.
pub(crate) fn files(base: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut open = vec![base.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(base).unwrap().to_str().unwrap().replace('\\', "/");
                found.insert(name, path);
            }
        }
    }
    found
}

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    for (name, path) in files(from) {
        write(to, &name, &fs::read(path).unwrap());
    }
}

/// The ids of the targets that a sample's `verdicts.json` lists, by label.
pub(crate) fn targets(sample_name: &str) -> BTreeMap<String, String> {
    let text = fs::read(sample(sample_name).join("verdicts.json")).unwrap();
    let value: Value = serde_json::from_slice(&text).unwrap();
    let entry =
        |target: &Value| (target["label"].as_str().unwrap().to_owned(), target["taskId"].as_str().unwrap().to_owned());
    value["targets"].as_array().unwrap().iter().map(entry).collect()
}

/// The report's target with this id.
#[track_caller]
pub(crate) fn target<'a>(report: &'a Value, task_id: &str) -> &'a Value {
    let targets = report["targets"].as_array().unwrap();
    targets.iter().find(|target| target["taskId"] == task_id).unwrap_or_else(|| panic!("no target {task_id}"))
}

/// The codes of a report's findings, each once.
pub(crate) fn codes(report: &Value) -> std::collections::BTreeSet<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}
