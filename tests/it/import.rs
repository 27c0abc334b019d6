//! Hostile captures: whatever lies there, an import ends well, tells what it set aside, and leaves the evidence alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use cotrace::model::Digest;
use tempfile::TempDir;

use crate::program::{CaseFile, Ran, capture, copy, sample, skip, targets, write};

const TASK: &str = "AAAAAAAAQACAAAAAAAAAAA";
const OTHER: &str = "AAAAAAAAQACAAAAAAAAAAQ";

/// Everything below a folder that an importer could change: kinds, times, sizes, links and bytes.
fn state(base: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![base.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let metadata = entry.metadata().unwrap();
            let path = entry.path();
            let content = if metadata.is_symlink() {
                format!("{:?}", fs::read_link(&path).unwrap())
            } else if metadata.is_file() && metadata.len() < 1 << 24 {
                Digest::of(&fs::read(&path).unwrap()).to_string()
            } else {
                metadata.len().to_string()
            };
            let kind = metadata.file_type();
            let line = format!("{kind:?} {:?} {:?} {content}", metadata.permissions(), metadata.modified().unwrap());
            found.insert(format!("{:?}", path.strip_prefix(base).unwrap()), line);
            if metadata.is_dir() {
                open.push(path);
            }
        }
    }
    found
}

/// Imports a capture with all contents, sees that it stayed as it was, and that everything else works on the case.
#[track_caller]
fn imported(folder: &Path) -> (CaseFile, Ran) {
    let case = CaseFile::empty();
    let before = state(folder);
    let mut command = case.command();
    command.arg("import").arg(folder).args(["--accept-keys", "--operator", "T", "--keep-artifacts", "all"]);
    let ran = Ran::of(&mut command).exits(0);
    assert_eq!(state(folder), before, "the evidence was changed");
    assert!(!ran.stderr.contains('\u{1b}'), "an escape sequence came through: {}", ran.stderr);
    let again = Ran::of(&mut command).exits(0);
    assert!(again.stderr.contains("nothing imported"), "{}", again.stderr);
    for args in [&["replay", "--all"][..], &["replay", "--all", "--format", "json"], &["show", TASK]] {
        let ran = case.run(args);
        assert!(matches!(ran.code, 0 | 3 | 10 | 11), "{args:?}: {}: {}", ran.code, ran.stderr);
        assert!(!ran.stdout.contains(&0x1b), "{args:?}: an escape sequence came through");
    }
    (case, ran)
}

/// Holds that the summary sets a path aside, with these words in the reason.
#[track_caller]
fn sets_aside(ran: &Ran, path: &str, reason: &str) {
    let lines = ran.stderr.lines().filter_map(|line| line.strip_prefix("  set aside: "));
    let found = lines.filter_map(|line| line.strip_prefix(&format!("{path}: "))).any(|why| why.contains(reason));
    assert!(found, "{path} is not set aside for {reason:?}:\n{}", ran.stderr);
}

/// How many files of the capture have this disposition.
fn count(case: &CaseFile, disposition: &str) -> i64 {
    case.number(&format!("SELECT count(*) FROM file WHERE disposition = '{disposition}'"))
}

#[cfg(unix)]
#[test]
fn links_are_never_followed() {
    use std::os::unix::fs::symlink;
    let outside = TempDir::new().unwrap();
    write(outside.path(), "secret.txt", b"secret");
    copy(&sample("nightly-2026"), &outside.path().join("other"));
    let folder = capture(&[
        (format!("tasks/{TASK}/definition.json").as_str(), "{}"),
        (format!("tasks/{TASK}/artifacts/0/public/real.txt").as_str(), "real"),
        ("sources/index.json", r#"{"https://example.org/a": {"file": "files/a", "status": 200}}"#),
        ("keys/ed25519.json", "[]"),
    ]);
    let at = |path: &str| folder.path().join(path);
    let other = |path: &str| outside.path().join("other").join(path);
    let id = &targets("nightly-2026")["build-linux64"];
    fs::create_dir_all(at("sources/files")).unwrap();
    fs::create_dir_all(at("keys/openpgp")).unwrap();
    let secret = outside.path().join("secret.txt");
    let links = [
        (secret.clone(), "capture.json".to_owned(), "capture.json".to_owned()),
        (other("keys.json"), "keys.json".to_owned(), "keys.json".to_owned()),
        (other(&format!("tasks/{id}")), format!("tasks/{id}"), format!("tasks/{id}")),
        (secret.clone(), format!("tasks/{TASK}/status.json"), format!("tasks/{TASK}/status.json")),
        (secret.clone(), format!("tasks/{TASK}/artifacts/0.json"), format!("tasks/{TASK}/artifacts/0.json")),
        (
            secret.clone(),
            format!("tasks/{TASK}/artifacts/0/public/link"),
            format!("tasks/{TASK}/artifacts/0/public/link"),
        ),
        (outside.path().to_owned(), format!("tasks/{TASK}/artifacts/0/dir"), format!("tasks/{TASK}/artifacts/0/dir")),
        (outside.path().to_owned(), format!("tasks/{TASK}/artifacts/1"), format!("tasks/{TASK}/artifacts/1")),
        ("/etc/passwd".into(), "sources/files/a".to_owned(), "sources/files/a".to_owned()),
        ("nowhere".into(), "keys/openpgp/scriptworker".to_owned(), "keys/openpgp/scriptworker".to_owned()),
        (".".into(), format!("tasks/{TASK}/artifacts/0/loop"), format!("tasks/{TASK}/artifacts/0/loop")),
    ];
    for (to, path, _) in &links {
        symlink(to, at(path)).unwrap();
    }
    let (case, ran) = imported(folder.path());
    for (_, _, told) in &links {
        sets_aside(&ran, told, "symbolic link");
    }
    let secret = Digest::of(b"secret").to_string();
    assert_eq!(case.number(&format!("SELECT count(*) FROM blob WHERE lower(hex(sha256)) = '{secret}'")), 0);
    assert_eq!(case.number("SELECT count(*) FROM task"), 1);
    assert_eq!(case.number("SELECT count(*) FROM key"), 0);
    assert_eq!(case.run(["cat", TASK, "public/real.txt"]).exits(0).text(), "real");
}

#[cfg(unix)]
#[test]
fn links_in_the_place_of_a_top_folder_are_not_followed() {
    use std::os::unix::fs::symlink;
    let outside = TempDir::new().unwrap();
    copy(&sample("nightly-2026"), outside.path());
    write(outside.path(), "keys/ed25519.json", br#"[{"role": "docker-worker", "publicKey": "AAAA"}]"#);
    let folders = ["tasks", "sources", "keys"];
    for linked in folders {
        let folder = TempDir::new().unwrap();
        for name in folders.iter().filter(|name| **name != linked) {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        symlink(outside.path().join(linked), folder.path().join(linked)).unwrap();
        let (case, ran) = imported(folder.path());
        sets_aside(&ran, linked, "symbolic link");
        for table in ["task", "source", "key", "blob"] {
            assert_eq!(case.number(&format!("SELECT count(*) FROM {table}")), 0, "{linked} was followed: {table}");
        }
    }
    // The capture itself may be reached through a link: its operator named it.
    let folder = TempDir::new().unwrap();
    symlink(outside.path(), folder.path().join("link")).unwrap();
    CaseFile::of(&[folder.path().join("link")]).run(["replay", "--all"]).exits(0);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_waited_for() {
    let folder = capture(&[(format!("tasks/{TASK}/artifacts/0/public/real.txt").as_str(), "real")]);
    let places = [
        "capture.json".to_owned(),
        "keys.json".to_owned(),
        format!("tasks/{TASK}/definition.json"),
        format!("tasks/{TASK}/artifacts/0.names.json"),
        format!("tasks/{TASK}/artifacts/0/public/pipe"),
        "sources/index.json".to_owned(),
    ];
    fs::create_dir(folder.path().join("sources")).unwrap();
    for place in &places {
        let Ok(made) = Command::new("mkfifo").arg(folder.path().join(place)).status() else {
            return skip("there is no mkfifo");
        };
        assert!(made.success());
    }
    let socket = folder.path().join(format!("tasks/{TASK}/artifacts/0/socket"));
    let _socket = std::os::unix::net::UnixListener::bind(socket).unwrap();
    let (case, ran) = imported(folder.path());
    for place in &places {
        sets_aside(&ran, place, "neither file nor folder");
    }
    sets_aside(&ran, &format!("tasks/{TASK}/artifacts/0/socket"), "neither file nor folder");
    assert_eq!(case.run(["cat", TASK, "public/real.txt"]).exits(0).text(), "real");
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_are_set_aside() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let folder = capture(&[(format!("tasks/{TASK}/artifacts/0/public/real.txt").as_str(), "real")]);
    let name = OsStr::from_bytes(b"caf\xe9\x1b[31m.txt");
    for place in ["", "tasks", &format!("tasks/{TASK}"), &format!("tasks/{TASK}/artifacts/0/public")] {
        fs::write(folder.path().join(place).join(name), "bytes").unwrap();
    }
    fs::create_dir(folder.path().join("tasks").join(OsStr::from_bytes(b"\xff\xfe"))).unwrap();
    let (case, ran) = imported(folder.path());
    assert_eq!(ran.stderr.matches("its name is not UTF-8").count(), 5, "{}", ran.stderr);
    assert!(ran.stderr.contains("caf\u{fffd}\\u{1b}[31m.txt"), "{}", ran.stderr);
    assert_eq!(case.run(["cat", TASK, "public/real.txt"]).exits(0).text(), "real");
}

#[test]
fn folders_that_are_no_tasks_and_no_runs_are_set_aside() {
    let mut files: Vec<(String, &str)> = vec![(format!("tasks/{TASK}/artifacts/0/public/real.txt"), "real")];
    let no_tasks = ["decision", "AAAAAAAAQACAAAAAAAAAA", "AAAAAAAAQACAAAAAAAAAAA=", "AAAAAAAAQACAAAAA AAAAA", "..a"];
    files.extend(no_tasks.map(|name| (format!("tasks/{name}/definition.json"), "{}")));
    let no_runs = ["01", "-1", "+1", "1e0", "4294967296", "latest", " 1"];
    files.extend(no_runs.map(|name| (format!("tasks/{TASK}/artifacts/{name}/public/x.txt"), "x")));
    files.push(("tasks/file".to_owned(), "x"));
    files.push((format!("tasks/{TASK}/artifacts/02.json"), "{}"));
    files.push((format!("tasks/{TASK}/artifacts/4294967295/public/last.txt"), "last"));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let folder = capture(&files);
    let (case, ran) = imported(folder.path());
    for name in no_tasks {
        sets_aside(&ran, &format!("tasks/{name}"), "not a task id");
    }
    for name in no_runs {
        sets_aside(&ran, &format!("tasks/{TASK}/artifacts/{name}"), "no run number");
    }
    assert!(ran.stderr.contains("ignored: tasks/file"), "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("ignored: tasks/{TASK}/artifacts/02.json")), "{}", ran.stderr);
    assert_eq!(case.number("SELECT count(*) FROM task"), 1);
    assert_eq!(case.run(["cat", TASK, "public/last.txt"]).exits(0).text(), "last");
    assert_eq!(case.run(["cat", TASK, "public/real.txt", "--run", "0"]).exits(0).text(), "real");
}

/// Texts that are no JSON, or no document that anybody expects there.
fn broken() -> Vec<(&'static str, Vec<u8>)> {
    let mut broken: Vec<(&str, Vec<u8>)> = [
        ("empty", ""),
        ("cut", "{\"a\": "),
        ("html", "<!DOCTYPE html><title>502</title>"),
        ("null", "null"),
        ("number", "1e999"),
        ("list", "[1, [2], {\"x\": []}, \"text\", null]"),
        ("text", "\"../../../etc/passwd\""),
        ("nan", "{\"status\": NaN}"),
        ("bom", "\u{feff}{}"),
        ("twice", "{\"status\": 1, \"status\": {\"taskId\": 1}}"),
        ("nested objects", r#"{"status": {"taskId": {}, "runs": {"0": 1}}, "artifacts": {"name": 1}}"#),
        ("types", r#"{"docker-worker": 5, "runs": [5], "artifacts": [5, {"name": 7}]}"#),
        ("surrogate", r#"{"\ud800": ["\udfff"], "name": "\ud800"}"#),
        ("numbers", r#"[{"role": 1, "publicKey": 2}, {"what": {}, "runId": -1, "status": 1e30}]"#),
    ]
    .map(|(name, text)| (name, text.as_bytes().to_vec()))
    .to_vec();
    broken.push(("binary", (0..=255).collect()));
    broken.push(("invalid", b"{\"a\": \"\xff\xc0\x80\"}".to_vec()));
    broken.push(("deep", b"[".repeat(1_000_000)));
    broken.push(("deep objects", b"{\"a\":".repeat(100_000)));
    broken.push(("long number", [b"{\"runs\": ".to_vec(), b"9".repeat(100_000), b"}".to_vec()].concat()));
    broken.push(("zeros", vec![0; 4096]));
    broken
}

#[test]
fn broken_documents_are_kept_as_they_came() {
    let places = [
        "capture.json".to_owned(),
        "keys.json".to_owned(),
        "keys/ed25519.json".to_owned(),
        "keys/openpgp/scriptworker/key.asc".to_owned(),
        "sources/index.json".to_owned(),
        format!("tasks/{TASK}/definition.json"),
        format!("tasks/{TASK}/status.json"),
        format!("tasks/{TASK}/absent.json"),
        format!("tasks/{TASK}/artifacts/0.json"),
        format!("tasks/{TASK}/artifacts/0.names.json"),
        format!("tasks/{TASK}/artifacts/0/public/chain-of-trust.json"),
        format!("tasks/{TASK}/artifacts/0/public/chain-of-trust.json.sig"),
        format!("tasks/{TASK}/artifacts/0/public/chainOfTrust.json.asc"),
        format!("tasks/{TASK}/artifacts/0/public/task-graph.json"),
        format!("tasks/{TASK}/artifacts/0/public/actions.json"),
        format!("tasks/{TASK}/artifacts/0/public/parameters.yml"),
    ];
    for (name, bytes) in broken() {
        let files: Vec<(&str, &[u8])> = places.iter().map(|place| (place.as_str(), bytes.as_slice())).collect();
        let folder = capture(&files);
        let (case, _) = imported(folder.path());
        assert_eq!(case.number("SELECT count(*) FROM task"), 1, "{name}");
        for document in ["definition.json", "status.json"] {
            assert!(
                case.run(["cat", TASK, document]).exits(0).stdout == bytes,
                "{name}: {document} came back otherwise"
            );
        }
        let digest = Digest::of(&bytes).to_string();
        assert!(case.run(["cat", &digest]).exits(0).stdout == bytes, "{name}");
        for document in ["public/chain-of-trust.json", "public/chainOfTrust.json.asc", "public/task-graph.json"] {
            let artifact = case.run(["cat", TASK, document, "--run", "0"]).exits(0);
            assert!(artifact.stdout == bytes, "{name}: {document} came back otherwise");
        }
        let replayed = case.run(["replay", "--all", "--rules", "scriptworker-63.6.1", "--no-check-task"]);
        assert!(matches!(replayed.code, 3 | 10 | 11), "{name}: {}", replayed.stderr);
    }
}

/// One broken document at a time, in an otherwise good sample: never a crash, never a better verdict.
#[test]
fn one_broken_document_breaks_nothing_else() {
    let id = targets("nightly-2026")["signing-linux64"].clone();
    let places = [
        "capture.json".to_owned(),
        "keys.json".to_owned(),
        "sources/index.json".to_owned(),
        format!("tasks/{id}/definition.json"),
        format!("tasks/{id}/status.json"),
        format!("tasks/{id}/absent.json"),
        format!("tasks/{id}/artifacts/0.json"),
        format!("tasks/{id}/artifacts/0.names.json"),
    ];
    for place in places {
        for (name, bytes) in broken().into_iter().filter(|(name, _)| matches!(*name, "cut" | "types" | "deep" | "list"))
        {
            let folder = TempDir::new().unwrap();
            copy(&sample("nightly-2026"), folder.path());
            write(folder.path(), &place, &bytes);
            let case = CaseFile::of(&[folder.path()]);
            let ran = case.run(["replay", &id]);
            let matters = place == "keys.json" || place.ends_with("definition.json");
            assert!(matches!(ran.code, 0 | 10 | 11), "{place} {name}: {}", ran.stderr);
            assert!(!matters || ran.code != 0, "{place} {name}: verified without it");
        }
    }
}

/// Artifact names that no plain path can carry.
const NAMES: [&str; 16] = [
    "../../../../../../tmp/escape-of-cotrace",
    "/etc/escape-of-cotrace",
    "..",
    ".",
    "",
    "public/\u{1b}[31mred\u{7}",
    "public/two\nlines",
    "public/nul\u{0}byte",
    "public/back\\slash",
    "public/con.",
    "public/\u{202e}txt.exe",
    "public/folder",
    "public/folder/inside",
    "public//double",
    "public/caf\u{e9}",
    "public/CAF\u{c9}",
];

#[test]
fn a_name_never_becomes_a_path() {
    let long = "x".repeat(5000);
    let names: Vec<&str> = NAMES.into_iter().chain([long.as_str()]).collect();
    let mut mapping = serde_json::Map::new();
    let mut files: Vec<(String, Vec<u8>)> = vec![(format!("tasks/{TASK}/definition.json"), b"{}".to_vec())];
    for (number, name) in names.iter().enumerate() {
        mapping.insert((*name).to_owned(), format!("named/{number}").into());
        files.push((format!("tasks/{TASK}/artifacts/0/named/{number}"), format!("bytes of {number}").into_bytes()));
    }
    mapping.insert("public/gone".to_owned(), "named/gone".into());
    mapping.insert("public/outside".to_owned(), "../../definition.json".into());
    mapping.insert("public/absolute".to_owned(), "/etc/passwd".into());
    mapping.insert("public/itself".to_owned(), "../0.names.json".into());
    let text = serde_json::to_vec(&mapping).unwrap();
    files.push((format!("tasks/{TASK}/artifacts/0.names.json"), text));
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    let folder = capture(&files);
    let (case, ran) = imported(folder.path());
    for missing in ["named/gone", "../../definition.json", "/etc/passwd", "../0.names.json"] {
        sets_aside(&ran, &format!("tasks/{TASK}/artifacts/0.names.json#{missing}"), "not there");
    }
    // No argument of a program can carry a zero byte.
    for (number, name) in names.iter().enumerate().filter(|(_, name)| !name.contains('\0')) {
        let bytes = case.run(["cat", TASK, name]).exits(0).text();
        assert_eq!(bytes, format!("bytes of {number}"), "{name:?}");
    }
    let artifacts = case.number("SELECT count(*) FROM artifact WHERE sha256 IS NOT NULL");
    assert_eq!(artifacts, names.len() as i64, "an artifact has its name, and not that of its file");
    for name in ["public/gone", "public/outside", "public/absolute", "public/itself", "named/0"] {
        case.run(["cat", TASK, name]).exits(1);
    }
    assert!(!Path::new("/tmp/escape-of-cotrace").exists() && !Path::new("/etc/escape-of-cotrace").exists());
    let shown = case.run(["show", TASK]);
    assert!(!shown.stdout.iter().any(|byte| *byte < b' ' && *byte != b'\n'), "{}", shown.text());
    let beside = fs::read_dir(case.folder.path()).unwrap().count();
    assert_eq!(beside, 1, "only the case file is written");
}

#[test]
fn two_files_of_one_name_are_told() {
    let folder = capture(&[
        (&*format!("tasks/{TASK}/artifacts/0/a.txt"), "plain"),
        (&*format!("tasks/{TASK}/artifacts/0/b.txt"), "mapped"),
        (&*format!("tasks/{TASK}/artifacts/0.names.json"), r#"{"a.txt": "b.txt"}"#),
    ]);
    let (case, ran) = imported(folder.path());
    sets_aside(&ran, &format!("tasks/{TASK}/artifacts/0/b.txt"), "same artifact name");
    assert_eq!(case.run(["cat", TASK, "a.txt"]).exits(0).text(), "plain");
}

#[test]
fn duplicates_are_survived() {
    let run = r#"{"runId": 0, "state": "completed", "started": "2026-01-01T00:00:00.000Z"}"#;
    let status =
        format!(r#"{{"status": {{"taskId": "{TASK}", "state": "completed", "runs": [{run}, {run}, {run}]}}}}"#);
    let listing = r#"{"artifacts": [{"name": "a"}, {"name": "a"}, {"name": "a", "contentType": "text/plain"}]}"#;
    let denied = r#"{"what": "artifact", "runId": 0, "name": "b", "status": 404, "at": "2026-01-01T00:00:00Z"}"#;
    let absent = format!("[{denied}, {denied}]");
    let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let keys = format!(r#"{{"docker-worker": ["{key}", "{key}"], "docker-worker": ["{key}", "{key}", 1, null]}}"#);
    let dated =
        format!(r#"[{{"role": "x", "publicKey": "{key}"}}, {{"role": "x", "publicKey": "{key}", "role": "y"}}]"#);
    let sources = r#"{"u": {"file": "a", "status": 200}, "u": {"file": "b", "status": 404}, "v": {"file": "b"}}"#;
    let files = [
        ("keys.json".to_owned(), keys),
        ("keys/ed25519.json".to_owned(), dated),
        ("sources/index.json".to_owned(), sources.to_owned()),
        ("sources/a".to_owned(), "a".to_owned()),
        ("sources/b".to_owned(), "b".to_owned()),
        (format!("tasks/{TASK}/status.json"), status),
        (format!("tasks/{TASK}/absent.json"), absent),
        (format!("tasks/{TASK}/artifacts/0.json"), listing.to_owned()),
        (format!("tasks/{TASK}/artifacts/0/a"), "a".to_owned()),
        (format!("tasks/{OTHER}/definition.json"), "{}".to_owned()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let folder = capture(&files);
    let (case, _) = imported(folder.path());
    assert_eq!(case.number("SELECT count(*) FROM run"), 3);
    assert_eq!(case.number("SELECT count(*) FROM artifact"), 1);
    assert_eq!(case.number("SELECT count(*) FROM denial"), 2);
    assert_eq!(case.number("SELECT count(*) FROM source"), 2);
    assert_eq!(case.number("SELECT count(*) FROM key"), 6);
}

#[test]
fn thousands_of_stray_files_are_counted_and_not_read() {
    let junk: usize = if is_full_size() { 200_000 } else { 5_000 };
    let folder = TempDir::new().unwrap();
    copy(&sample("nightly-2026"), folder.path());
    let id = &targets("nightly-2026")["signing-linux64"];
    for number in 0..junk {
        let place = match number % 3 {
            0 => folder.path().join(format!("junk-{number}")),
            1 => folder.path().join(format!("tasks/{id}/junk-{number}")),
            _ => folder.path().join(format!("tasks/junk-{number}")),
        };
        fs::File::create(place).unwrap();
    }
    let (case, ran) = imported(folder.path());
    assert_eq!(count(&case, "ignored"), junk as i64 + 2);
    let lines = ran.stderr.lines().count();
    assert!(lines < 40, "the summary has {lines} lines");
    assert!(ran.stderr.contains(&format!("ignored: {} more", junk + 2 - 20)), "{}", ran.stderr);
    assert!(ran.stderr.contains("junk-"), "{}", ran.stderr);
    case.run(["replay", "--all"]).exits(0);
}

#[test]
fn folders_without_end_are_left() {
    let folder = capture(&[(&*format!("tasks/{TASK}/artifacts/0/public/real.txt"), "real")]);
    let mut deep = folder.path().join(format!("tasks/{TASK}/artifacts/0"));
    for _ in 0..200 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("bottom.txt"), "bottom").unwrap();
    let (case, ran) = imported(folder.path());
    assert!(ran.stderr.contains("folders deep"), "{}", ran.stderr);
    assert_eq!(case.number("SELECT count(*) FROM artifact"), 1);
}

/// Whether the largest sizes are asked for: `COTRACE_FULL_SIZES=1`. They take minutes.
fn is_full_size() -> bool {
    std::env::var_os("COTRACE_FULL_SIZES").is_some()
}

/// The most memory that a process had, in KiB, watched until its end.
#[cfg(target_os = "linux")]
pub(crate) fn peak_of(mut command: Command) -> (u64, std::process::Output) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let seen = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(seen.unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    (peak, child.wait_with_output().unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn artifacts_of_any_size_need_little_memory() {
    let folder = capture(&[(&*format!("tasks/{TASK}/definition.json"), "{}")]);
    let sparse = |name: &str, size: u64| {
        write(folder.path(), &format!("tasks/{TASK}/artifacts/0/{name}"), b"begins");
        let path = folder.path().join(format!("tasks/{TASK}/artifacts/0/{name}"));
        fs::OpenOptions::new().write(true).open(path).unwrap().set_len(size).unwrap();
    };
    // One whose digest alone is kept, one whose bytes are.
    let large = if is_full_size() { 10 << 30 } else { 1 << 30 };
    sparse("public/build/target.tar.xz", large);
    sparse("public/logs/live_backing.log", 200 << 20);
    let case = CaseFile::empty();
    let mut command = case.command();
    command.arg("import").arg(folder.path());
    let (peak, output) = peak_of(command);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(peak > 0 && peak < 300 * 1024, "the import needed {} MiB", peak / 1024);
    assert_eq!(case.number("SELECT max(size) FROM artifact"), large as i64);
    assert_eq!(case.number("SELECT max(size) FROM blob"), 200 << 20);
    assert!(fs::metadata(&case.path).unwrap().len() < 4 << 20, "nothing compresses as well as zeros");
    // And to give the bytes back.
    let mut counted = Command::new("sh");
    counted.arg("-c").arg("exec \"$0\" --case \"$1\" cat \"$2\" public/logs/live_backing.log > /dev/null");
    counted.arg(crate::program::BINARY).arg(&case.path).arg(TASK);
    let (peak, output) = peak_of(counted);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(peak < 300 * 1024, "cat needed {} MiB", peak / 1024);
}

/// Replies as large as are read at all, of many tasks at once, in a capture and in a flat folder.
#[cfg(target_os = "linux")]
#[test]
fn many_large_replies_need_little_memory() {
    let reply = format!(r#"{{"status": {{"taskId": "{TASK}", "runs": []}}, "pad": "{}"}}"#, "x".repeat(12 << 20));
    let folder = capture(&[("reply.json", &*reply), ("capture/capture.json", r#"{"captureVersion": 1}"#)]);
    let tasks = folder.path().join("capture/tasks");
    let flat = folder.path().join("flat");
    fs::create_dir(&flat).unwrap();
    for number in 0..48 {
        let task = tasks.join(format!("A{number:07}QaAAAAAAAAAAAA"));
        fs::create_dir_all(&task).unwrap();
        fs::hard_link(folder.path().join("reply.json"), task.join("status.json")).unwrap();
        fs::hard_link(folder.path().join("reply.json"), flat.join(format!("{number}.json"))).unwrap();
    }
    for evidence in [folder.path().join("capture"), flat] {
        let case = CaseFile::empty();
        let mut command = case.command();
        command.arg("import").arg(&evidence);
        let (peak, output) = peak_of(command);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(peak < 250 * 1024, "the import of {} needed {} MiB", evidence.display(), peak / 1024);
        assert_eq!(case.number("SELECT count(*) FROM blob WHERE size > 12000000"), 1);
    }
}

/// A document of nothing but small values costs many times its size: such a reply is refused before that.
#[cfg(target_os = "linux")]
#[test]
fn replies_of_many_small_values_need_bounded_memory() {
    let values = "{\"\":0},".repeat(2_000_000);
    let reply = format!(r#"{{"status": {{"taskId": "{TASK}", "runs": [{values}{{}}]}}}}"#);
    let folder = capture(&[(&*format!("tasks/{TASK}/status.json"), &*reply)]);
    let case = CaseFile::empty();
    let mut command = case.command();
    command.arg("import").arg(folder.path());
    let (peak, output) = peak_of(command);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(peak < 400 * 1024, "the import needed {} MiB", peak / 1024);
    let problem: String = case.sqlite().query_row("SELECT status_problem FROM task", [], |row| row.get(0)).unwrap();
    assert!(problem.contains("values"), "{problem}");
}

#[test]
fn a_file_that_many_urls_name_is_held_once() {
    let entry = |number: usize| format!(r#""https://hg.example/{number}": {{"file": "files/x", "status": 200}}"#);
    let index = format!("{{{}}}", (0..200).map(entry).collect::<Vec<_>>().join(", "));
    let large = "x".repeat(8 << 20);
    let folder = capture(&[("sources/index.json", &*index), ("sources/files/x", &*large)]);
    let case = CaseFile::empty();
    let mut command = case.command();
    command.arg("import").arg(folder.path());
    let (peak, output) = peak_of(command);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(peak < 300 * 1024, "the import needed {} MiB", peak / 1024);
    assert_eq!(case.number("SELECT count(DISTINCT sha256) FROM source"), 1);
    assert_eq!(case.number("SELECT count(*) FROM source"), 200);
}

#[test]
fn an_empty_capture_is_a_snapshot_of_nothing() {
    for name in ["tasks", "sources", "keys"] {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join(name)).unwrap();
        let (case, _) = imported(folder.path());
        assert_eq!(case.number("SELECT count(*) FROM snapshot"), 1);
        case.run(["replay", "--all"]).exits(3);
    }
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join(format!("tasks/{TASK}"))).unwrap();
    let (case, _) = imported(folder.path());
    assert_eq!(case.number("SELECT count(*) FROM task"), 1);
}
