//! The case file: read-only, damaged, interrupted, and full of large documents.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use cotrace::model::Digest;
use cotrace::replay::{Progress, ReplayError, Request, SILENT, Targets, replay};
use cotrace::store::{Access, Case};
use cotrace_generator::sample::nightly_2026;
use tempfile::TempDir;

use crate::program::{CaseFile, Ran, capture_of, cotrace, files, how_often, root, sample, targets, tell};
use crate::support::request;

/// The number of rows of every table but the custody log, which tells every import.
fn rows(case: &CaseFile) -> BTreeMap<String, i64> {
    let sqlite = case.sqlite();
    let mut statement = sqlite
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'log'")
        .unwrap();
    let names: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let count = |name: &str| case.number(&format!("SELECT count(*) FROM \"{name}\""));
    names.into_iter().map(|name| (name.clone(), count(&name))).collect()
}

#[cfg(unix)]
fn allow(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_case_that_can_not_be_written_to_is_replayed_all_the_same() {
    let id = targets("nightly-2026")["signing-linux64"].clone();
    let fresh = CaseFile::of(&[sample("nightly-2026")]);
    let replayed = CaseFile::of(&[sample("nightly-2026")]);
    let wanted = replayed.run(["replay", "--all", "--format", "json"]).exits(0).stdout;
    let shown = replayed.run(["show", &id]).exits(0).stdout;
    // One has no facts yet, the other has them all.
    for case in [fresh, replayed] {
        allow(&case.path, 0o444);
        allow(case.folder.path(), 0o555);
        let before = fs::read(&case.path).unwrap();
        for _ in 0..2 {
            assert!(case.run(["replay", "--all", "--format", "json"]).exits(0).stdout == wanted);
            assert!(case.run(["show", &id]).exits(0).stdout == shown);
            assert_eq!(case.run(["cat", &id, "definition.json"]).exits(0).stderr, "");
        }
        let ran = case.import(&[sample("nightly-2017")]).exits(1);
        assert!(ran.stderr.contains("can't be written to"), "{}", ran.stderr);
        assert!(fs::read(&case.path).unwrap() == before, "the file was changed");
        assert_eq!(files(case.folder.path()).len(), 1, "something was left beside it");
        allow(case.folder.path(), 0o755);
    }
}

#[test]
fn the_same_document_is_kept_once() {
    let mut world = nightly_2026().unwrap();
    let id = world.task_id("build-linux64").unwrap().to_owned();
    let twice = b"the same log, many times over\n".repeat(100);
    for name in ["public/logs/one.log", "public/logs/two.log", "public/logs/three.log"] {
        let path = world.artifact_path("build-linux64", name).unwrap();
        world.put(&path, twice.clone());
    }
    let folder = capture_of(&world);
    let case = CaseFile::empty();
    case.run(["import", "--keep-artifacts", "all", folder.path().to_str().unwrap()]).exits(0);
    let digest = Digest::of(&twice);
    assert_eq!(case.number(&format!("SELECT count(*) FROM artifacts WHERE sha256 = '{digest}'")), 3);
    assert_eq!(case.number(&format!("SELECT count(*) FROM blob WHERE lower(hex(sha256)) = '{digest}'")), 1);
    let documents = case.number("SELECT count(*) FROM blob");
    // Another capture that shares all but one document.
    let path = world.artifact_path("build-linux64", "public/logs/four.log").unwrap();
    world.put(&path, "new");
    let second = capture_of(&world);
    let ran = case.run(["import", "--keep-artifacts", "all", second.path().to_str().unwrap()]).exits(0);
    assert!(ran.stderr.contains("contents new to the case: 1 documents, 3 B"), "{}", ran.stderr);
    assert_eq!(case.number("SELECT count(*) FROM blob"), documents + 1);
    assert_eq!(case.number("SELECT count(*) FROM snapshot"), 2);
    assert_eq!(case.run(["cat", &id, "public/logs/three.log"]).exits(0).stdout, twice);
}

#[test]
fn a_flipped_byte_is_damage_and_no_verdict() {
    let clean = CaseFile::of(&[sample("nightly-2026")]);
    let pack: Vec<u8> = clean.sqlite().query_row("SELECT content FROM pack", [], |row| row.get(0)).unwrap();
    let report = {
        let copy = CaseFile::empty();
        fs::copy(&clean.path, &copy.path).unwrap();
        copy.run(["replay", "--all"]).exits(0).stdout
    };
    let blobs: Vec<String> = {
        let sqlite = clean.sqlite();
        let mut statement = sqlite.prepare("SELECT lower(hex(sha256)) FROM blob").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let mut told = 0;
    for step in 0..24 {
        let at = pack.len() * step / 24 + 3;
        let case = CaseFile::empty();
        fs::copy(&clean.path, &case.path).unwrap();
        let mut flipped = pack.clone();
        flipped[at] ^= 0x10;
        case.sqlite().execute("UPDATE pack SET content = ?1", [&flipped]).unwrap();
        let ran = case.run(["replay", "--all"]);
        case.run(["case", "verify"]).exits(1);
        // The byte may stand in a document that no verdict rests on.
        if ran.code == 0 {
            assert!(ran.stdout == report, "byte {at}: another report from damaged evidence");
        } else {
            is_told(&ran, at);
            told += 1;
        }
        let damaged = blobs.iter().map(|blob| case.run(["cat", blob])).filter(|ran| ran.code != 0);
        let damaged = damaged.map(|ran| is_told(&ran, at)).count();
        assert!(damaged > 0, "byte {at}: nobody noticed");
    }
    assert!(told > 12, "only {told} replays met the damage");
}

#[track_caller]
fn is_told(ran: &Ran, at: usize) {
    assert_eq!(ran.code, 1, "byte {at}: {}", ran.stderr);
    assert_eq!(ran.text(), "", "byte {at}: damaged bytes were shown");
    let names = ran.stderr.contains("pack 1") || ran.stderr.contains("blob ");
    assert!(ran.stderr.contains("the case file is damaged") && names, "byte {at}: {}", ran.stderr);
}

#[test]
fn missing_and_impossible_packs_are_damage() {
    for sql in [
        "DELETE FROM pack",
        "UPDATE pack SET content = x''",
        "UPDATE pack SET raw_size = raw_size - 1",
        "UPDATE blob SET start = start + 1",
        "UPDATE blob SET start = 999999999",
        "UPDATE blob SET pack = pack + 7",
        "UPDATE blob SET size = size + 1",
    ] {
        let case = CaseFile::of(&[sample("nightly-2026")]);
        case.sqlite().execute_batch(sql).unwrap();
        let ran = case.run(["replay", "--all"]).exits(1);
        assert!(ran.stderr.contains("the case file is damaged"), "{sql}: {}", ran.stderr);
        assert_eq!(ran.text(), "", "{sql}");
    }
}

/// Bytes that can't be compressed, the same every time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(next).collect()
}

#[test]
fn large_documents_span_packs_and_come_back_whole() {
    let mut world = nightly_2026().unwrap();
    let graph = world.artifact_path("decision", "public/task-graph.json").unwrap();
    let filler: String = noise(1_000_000).iter().map(|byte| format!("{byte:02x}")).collect();
    world
        .edit_json(&graph, |graph| graph["filler"] = serde_json::json!({ "label": "filler", "text": filler }))
        .unwrap();
    world.attest("decision").unwrap();
    let bytes = world.read(&graph).unwrap().to_vec();
    assert!(bytes.len() > 2_000_000);
    let decision = world.task_id("decision").unwrap().to_owned();
    // Sizes around that of a pack, each ending where the next begins.
    let mut parts = BTreeMap::new();
    for size in [0, 1, 524_286, 524_287, 524_288, 524_289, 1_048_575, 1_048_576, 1_048_577] {
        let part = noise(size + 1).split_off(1);
        world.put(&format!("tasks/{decision}/artifacts/0/public/logs/{size:08}.log"), part.clone());
        parts.insert(format!("public/logs/{size:08}.log"), part);
    }
    let folder = capture_of(&world);
    let case = CaseFile::of(&[folder.path()]);
    assert!(case.number("SELECT count(*) FROM pack") > 10);
    assert!(case.number("SELECT max(raw_size) FROM pack") == 524_288);
    assert!(case.run(["cat", &decision, "public/task-graph.json"]).exits(0).stdout == bytes);
    for (name, part) in &parts {
        assert!(case.run(["cat", &decision, name]).exits(0).stdout == *part, "{name} came back otherwise");
    }
    let report = case.report([world.task_id("signing-linux64").unwrap()]);
    assert_eq!(report["targets"][0]["verdict"], "verified", "{}", report["targets"][0]["headline"]);
}

#[test]
fn a_second_import_changes_nothing() {
    let case = CaseFile::of(&[sample("nightly-2026"), sample("nightly-2017")]);
    let report = Digest::of(&case.run(["replay", "--all", "--format", "json"]).exits(11).stdout);
    let before = rows(&case);
    for _ in 0..2 {
        case.import(&[sample("nightly-2017"), sample("nightly-2026")]).exits(0);
        assert_eq!(rows(&case), before);
        let again = Digest::of(&case.run(["replay", "--all", "--format", "json"]).exits(11).stdout);
        assert_eq!(again, report);
        assert_eq!(rows(&case), before, "the same question was kept twice");
    }
    assert_eq!(case.sqlite().query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap(), "ok");
    assert_eq!(case.number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

/// Another process has the case: the program waits, and then says so.
#[test]
fn a_busy_case_is_no_broken_one() {
    let case = CaseFile::of(&[sample("nightly-2026")]);
    let lock = case.sqlite();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let importing = case.command().arg("import").arg(sample("nightly-2017")).stderr(Stdio::piped()).spawn().unwrap();
    let output = importing.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("another process is writing"), "{said}");
    drop(lock);
    case.import(&[sample("nightly-2017")]).exits(0);
}

/// Says how often an import is interrupted.
const CRASH_POINTS: &str = "COTRACE_CRASH_POINTS";

/// The tasks of the capture that is imported again and again: 2,000 where somebody asks for points.
fn crashed_tasks() -> i64 {
    if std::env::var_os(CRASH_POINTS).is_some() { 2_000 } else { 400 }
}

#[test]
fn an_import_that_is_killed_leaves_all_or_nothing() {
    let folder = TempDir::new().unwrap();
    let capture = folder.path().join("capture");
    cotrace_generator::scale::write(&capture, crashed_tasks() as usize, 7).unwrap();
    let clean = CaseFile::empty();
    let begun = Instant::now();
    clean.import(&[&capture]).exits(0);
    let whole = begun.elapsed();
    let wanted = clean.run(["replay", "--all", "--format", "json"]);
    let imported = rows(&CaseFile::of(&[&capture]));
    let (points, mut interrupted, mut kept) = (how_often(CRASH_POINTS, 8), 0, 0);
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for point in 0..points {
        let case = CaseFile::empty();
        let mut child = case
            .command()
            .arg("import")
            .arg(&capture)
            .args(["--accept-keys", "--operator", "T"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(whole.mul_f64((random >> 40) as f64 / f64::from(1 << 24)));
        child.kill().unwrap();
        interrupted += u32::from(child.wait().unwrap().code().is_none());
        if case.path.exists() && is_whole_or_empty(&case, point) {
            kept += 1;
        }
        case.import(&[&capture]).exits(0);
        assert_eq!(rows(&case), imported, "point {point}");
        case.run(["case", "verify"]).exits(0);
        if point % 50 == 49 {
            tell(&format!("{} points tried", point + 1));
        }
        if point % 10 == 1 {
            let report = case.run(["replay", "--all", "--format", "json"]);
            assert_eq!(report.code, wanted.code);
            assert!(report.stdout == wanted.stdout, "point {point}: another report after an interruption");
        }
    }
    assert!(interrupted >= points / 3, "only {interrupted} imports were interrupted within {whole:?}");
    tell(&format!("{interrupted} of {points} imports were interrupted; {kept} cases had their snapshot already"));
}

/// A limit on the size of files is met as an I/O error in the middle of a write, and no room left on a disk as that.
#[test]
fn an_import_that_can_not_write_leaves_all_or_nothing() {
    let folder = TempDir::new().unwrap();
    let capture = folder.path().join("capture");
    cotrace_generator::scale::write(&capture, crashed_tasks() as usize, 7).unwrap();
    let whole = CaseFile::of(&[&capture]);
    let size = fs::metadata(&whole.path).unwrap().len();
    let imported = rows(&whole);
    for part in 0..5_u64 {
        let case = CaseFile::empty();
        // In units of 1,024 bytes; the file ahead of the database grows to about its size.
        let blocks = (size * part / 5 / 1024).max(1);
        let script = format!("ulimit -f {blocks}; trap '' XFSZ; exec \"$@\"");
        let mut command = std::process::Command::new("bash");
        command.args(["-c", &script, "bash"]).arg(env!("CARGO_BIN_EXE_cotrace")).arg("--case").arg(&case.path);
        let ran = Ran::of(command.arg("import").arg(&capture).args(["--accept-keys", "--operator", "T"]));
        assert_eq!(ran.code, 1, "{blocks} KiB: {}{}", ran.text(), ran.stderr);
        assert!(ran.stderr.contains("reading or writing") && ran.stderr.contains("failed:"), "{}", ran.stderr);
        is_whole_or_empty(&case, part as u32);
        case.import(&[&capture]).exits(0);
        assert_eq!(rows(&case), imported, "{blocks} KiB");
        case.run(["case", "verify"]).exits(0);
    }
}

/// A disk that is really full: a small one, of its own to the test, where a process may mount one.
#[cfg(target_os = "linux")]
#[test]
fn an_import_on_a_full_disk_leaves_all_or_nothing() {
    let unshared = |script: &str, args: &[&std::ffi::OsStr]| {
        let mut command = std::process::Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "bash", "-c", script, "bash"]).args(args);
        command.output()
    };
    let folder = TempDir::new().unwrap();
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let mount = "mount -t tmpfs -o size=64k tmpfs \"$1\"";
    if !unshared(mount, &[disk.as_os_str()]).is_ok_and(|output| output.status.success()) {
        return crate::program::skip("no small disk can be mounted here");
    }
    let capture = folder.path().join("capture");
    cotrace_generator::scale::write(&capture, crashed_tasks() as usize, 7).unwrap();
    let whole = CaseFile::of(&[&capture]);
    let size = fs::metadata(&whole.path).unwrap().len();
    let imported = rows(&whole);
    for part in 0..5_u64 {
        // The disk goes away with its processes: what is on it when the import has failed is taken along.
        let script = "mount -t tmpfs -o size=$5k tmpfs \"$1\"; \"$2\" --case \"$1/case.sqlite\" import \"$3\" \\
            --accept-keys --operator T; code=$?; cp \"$1\"/* \"$4\"; exit $code";
        let blocks = (size * part / 5 / 1024).max(4).to_string();
        let case = CaseFile::empty();
        let program = std::ffi::OsStr::new(env!("CARGO_BIN_EXE_cotrace"));
        let args = [disk.as_os_str(), program, capture.as_os_str(), case.folder.path().as_os_str(), blocks.as_ref()];
        let output = unshared(script, &args).unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{blocks} KiB: {said}");
        assert!(said.contains("there is no room left on the disk of"), "{blocks} KiB: {said}");
        is_whole_or_empty(&case, part as u32);
        case.import(&[&capture]).exits(0);
        assert_eq!(rows(&case), imported, "{blocks} KiB");
        case.run(["case", "verify"]).exits(0);
    }
}

/// Whatever lies beside a file that is no case, or a foreign one: it is refused, and both stay as they were.
#[test]
fn a_refused_file_and_what_lies_beside_it_stay_as_they_were() {
    let genuine = CaseFile::of(&[sample("nightly-2026")]);
    for (suffix, mode) in [("-journal", "DELETE"), ("-wal", "WAL")] {
        let foreign = CaseFile::empty();
        // A database of somebody else's in the middle of a write.
        let other = rusqlite::Connection::open(&foreign.path).unwrap();
        other.pragma_update(None, "journal_mode", mode).unwrap();
        other.execute_batch("PRAGMA cache_size = 1; CREATE TABLE t (x); BEGIN").unwrap();
        for _ in 0..200 {
            other.execute("INSERT INTO t VALUES (randomblob(4000))", []).unwrap();
        }
        let hostile = CaseFile::empty();
        fs::copy(&foreign.path, &hostile.path).unwrap();
        let beside = |case: &CaseFile| format!("{}{suffix}", case.path.display());
        if suffix == "-wal" {
            other.execute_batch("COMMIT").unwrap();
        }
        fs::copy(beside(&foreign), beside(&hostile)).unwrap();
        let before = (fs::read(&hostile.path).unwrap(), fs::read(beside(&hostile)).unwrap());
        assert!(!before.1.is_empty());
        for args in [&["replay", "--all"][..], &["case", "verify"], &["import", "nowhere"]] {
            let ran = hostile.run(args);
            assert_eq!(ran.code, 1, "{suffix} {args:?}: {}", ran.stderr);
        }
        let import = hostile.import(&[sample("nightly-2026")]);
        assert!(import.stderr.contains("not a cotrace case file"), "{suffix}: {}", import.stderr);
        let after = (fs::read(&hostile.path).unwrap(), fs::read(beside(&hostile)).unwrap());
        assert!(before == after, "{suffix}: something was changed");
        assert_eq!(files(hostile.folder.path()).len(), 2, "{suffix}: something was left beside it");
    }
    genuine.run(["case", "verify"]).exits(0);
}

/// What is no plain file of SQLite's own beside a case is not even opened: SQLite would write through a link, wait for a
/// pipe, and delete the file that a journal names.
#[cfg(unix)]
#[test]
fn bait_beside_a_case_is_refused() {
    let genuine = CaseFile::of(&[sample("nightly-2026")]);
    let set = |bait: &dyn Fn(&CaseFile, &Path)| {
        let case = CaseFile::empty();
        fs::copy(&genuine.path, &case.path).unwrap();
        let precious = case.folder.path().join("precious");
        fs::write(&precious, [0xd9; 4096]).unwrap();
        bait(&case, &precious);
        for args in [&["case", "verify"][..], &["replay", "--all"]] {
            let ran = case.run(args).exits(1);
            assert!(ran.stderr.contains("nothing is opened"), "{}", ran.stderr);
        }
        let ran = case.import(&[sample("nightly-2017")]).exits(1);
        assert!(ran.stderr.contains("nothing is opened"), "{}", ran.stderr);
        assert!(fs::read(&precious).unwrap() == [0xd9; 4096], "another file was changed");
        assert!(fs::read(&case.path).unwrap() == fs::read(&genuine.path).unwrap(), "the case was changed");
    };
    for suffix in ["-journal", "-wal", "-shm"] {
        let beside = |case: &CaseFile| format!("{}{suffix}", case.path.display());
        set(&|case, precious| std::os::unix::fs::symlink(precious, beside(case)).unwrap());
        set(&|case, _| fs::create_dir(beside(case)).unwrap());
        set(&|case, _| assert!(std::process::Command::new("mkfifo").arg(beside(case)).status().unwrap().success()));
    }
    // A journal of no pages, with the name of a file that goes away when it is undone.
    set(&|case, precious| fs::write(format!("{}-journal", case.path.display()), journal_naming(precious)).unwrap());
}

/// A hot journal that changes nothing and names a file as the common journal of several databases.
fn journal_naming(path: &Path) -> Vec<u8> {
    const MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let mut journal = MAGIC.to_vec();
    for number in [0_u32, 0, u32::MAX, 512, 4096] {
        journal.extend(number.to_be_bytes());
    }
    journal.resize(512, 0);
    let name = path.to_str().unwrap().as_bytes();
    // The page number that no database has.
    journal.extend((0x4000_0000_u32 / 4096 + 1).to_be_bytes());
    journal.extend(name);
    journal.extend((name.len() as u32).to_be_bytes());
    journal.extend(name.iter().map(|byte| u32::from(*byte)).sum::<u32>().to_be_bytes());
    journal.extend(MAGIC);
    journal
}

/// A link leads to the case, and what lies beside that counts.
#[cfg(unix)]
#[test]
fn a_link_to_a_case_is_the_case() {
    let case = CaseFile::of(&[sample("nightly-2026")]);
    let elsewhere = TempDir::new().unwrap();
    let link = CaseFile { path: elsewhere.path().join("link.sqlite"), folder: elsewhere };
    std::os::unix::fs::symlink(&case.path, &link.path).unwrap();
    link.run(["case", "verify"]).exits(0);
    fs::create_dir(format!("{}-journal", case.path.display())).unwrap();
    let ran = link.run(["case", "verify"]).exits(1);
    assert!(ran.stderr.contains("nothing is opened"), "{}", ran.stderr);
}

/// A journal whose case is not there may be all that is left of it: SQLite would delete it.
#[test]
fn what_an_absent_case_has_left_is_kept() {
    for suffix in ["-journal", "-wal"] {
        let case = CaseFile::empty();
        let left = format!("{}{suffix}", case.path.display());
        fs::write(&left, [7; 5000]).unwrap();
        let ran = case.import(&[sample("nightly-2026")]).exits(1);
        assert!(ran.stderr.contains("belongs to a file that is not there"), "{suffix}: {}", ran.stderr);
        assert!(fs::read(&left).unwrap() == [7; 5000] && !case.path.exists(), "{suffix}");
    }
}

/// A write of our own that was interrupted is undone, where it can be.
#[test]
fn an_interrupted_write_is_undone() {
    let case = CaseFile::of(&[sample("nightly-2026")]);
    let wanted = rows(&case);
    let sqlite = case.sqlite();
    sqlite.execute_batch("PRAGMA cache_size = 1; PRAGMA synchronous = FULL; BEGIN").unwrap();
    sqlite.execute("UPDATE fact SET value = value || ' '", []).unwrap();
    for _ in 0..300 {
        sqlite.execute("INSERT INTO pack (raw_size, content) VALUES (1, randomblob(4000))", []).unwrap();
    }
    let torn = CaseFile::empty();
    fs::copy(&case.path, &torn.path).unwrap();
    let journal = |case: &CaseFile| format!("{}-journal", case.path.display());
    fs::copy(journal(&case), journal(&torn)).unwrap();
    drop(sqlite);
    let read_only = torn.run(["case", "verify"]).exits(1);
    assert!(read_only.stderr.contains("was interrupted: a command that may write"), "{}", read_only.stderr);
    torn.run(["replay", "--all"]).exits(0);
    torn.run(["case", "verify"]).exits(0);
    assert_eq!(torn.number("SELECT count(*) FROM pack"), wanted["pack"]);
}

/// Where nothing can be written, what an interrupted write has left can't be settled: each command says so, and says it of
/// nothing else.
#[cfg(target_os = "linux")]
#[test]
fn a_read_only_place_is_told_for_what_it_is() {
    let case = CaseFile::of(&[sample("nightly-2026")]);
    let on_read_only = |folder: &Path, args: &[&str]| {
        let script = "mount --bind -o ro \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" || exit 77; cd \"$1\"; shift; exec \"$@\"";
        let mut command = std::process::Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "bash", "-c", script, "bash"]).arg(folder);
        command.arg(env!("CARGO_BIN_EXE_cotrace")).args(["--case", "case.sqlite"]).args(args).output()
    };
    let commands: [&[&str]; 4] = [&["case", "verify"], &["case", "info"], &["case", "log"], &["replay", "--all"]];
    for left in ["", "-journal", "-wal"] {
        let torn = CaseFile::empty();
        let sqlite = case.sqlite();
        sqlite.execute_batch("PRAGMA cache_size = 1").unwrap();
        if left == "-wal" {
            sqlite.pragma_update(None, "journal_mode", "WAL").unwrap();
        }
        sqlite.execute_batch("BEGIN").unwrap();
        for _ in 0..300 {
            sqlite.execute("INSERT INTO pack (raw_size, content) VALUES (1, randomblob(4000))", []).unwrap();
        }
        if left.is_empty() {
            sqlite.execute_batch("ROLLBACK").unwrap();
        } else {
            fs::copy(format!("{}{left}", case.path.display()), format!("{}{left}", torn.path.display())).unwrap();
        }
        fs::copy(&case.path, &torn.path).unwrap();
        let before: Vec<_> = files(torn.folder.path()).into_values().map(|path| fs::read(path).unwrap()).collect();
        for args in commands {
            let Ok(output) = on_read_only(torn.folder.path(), args) else {
                return crate::program::skip("there is no `unshare`");
            };
            if !matches!(output.status.code(), Some(0 | 1)) {
                return crate::program::skip("no folder can be made read-only here");
            }
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code() == Some(0), left.is_empty(), "{left} {args:?}: {said}");
            let is_told = said.contains("was interrupted: a command that may write");
            assert_eq!(is_told, !left.is_empty(), "{left} {args:?}: {said}");
        }
        let after: Vec<_> = files(torn.folder.path()).into_values().map(|path| fs::read(path).unwrap()).collect();
        assert!(before == after, "{left}: something was changed");
    }
}

/// Holds what an interrupted import has left, and that looking at it and verifying it changes nothing. Returns whether the
/// snapshot is there.
#[track_caller]
fn is_whole_or_empty(case: &CaseFile, point: u32) -> bool {
    let ran = case.run(["case", "verify"]);
    // A file that the interrupted import had only just made is no case yet, and says so.
    if ran.code == 1 && fs::metadata(&case.path).unwrap().len() == 0 {
        assert!(ran.stderr.contains("is not a cotrace case file"), "point {point}: {}", ran.stderr);
        return false;
    }
    // The first write of all may have left its journal, which a command that only reads can't undo.
    if !ran.stderr.contains("was interrupted: a command that may write") {
        assert_eq!(ran.code, 0, "point {point}: {}{}", ran.text(), ran.stderr);
    }
    let ran = case.run(["show", "AAAAAAAAQAAAAAAAAAAAAA"]);
    assert_eq!(ran.code, 3, "point {point}: {}", ran.stderr);
    case.run(["case", "verify"]).exits(0);
    let snapshots = case.number("SELECT count(*) FROM snapshot");
    assert!(snapshots <= 1, "point {point}: {snapshots} snapshots");
    let tasks = case.number("SELECT count(*) FROM task");
    assert_eq!(tasks, snapshots * crashed_tasks(), "point {point}: a half snapshot shows");
    if snapshots == 0 {
        for table in ["blob", "pack", "artifact", "run", "key", "file", "acceptance"] {
            assert_eq!(case.number(&format!("SELECT count(*) FROM {table}")), 0, "point {point}: {table}");
        }
        Ran::of(cotrace().arg("--case").arg(&case.path).args(["replay", "--all"])).exits(3);
    }
    snapshots == 1
}

#[test]
fn the_case_is_the_same_at_any_number_of_threads() {
    let dump = |threads: &str| {
        let case = CaseFile::empty();
        let mut command = case.command();
        command.arg("import").args([sample("nightly-2026"), sample("nightly-2017")]).env("RAYON_NUM_THREADS", threads);
        Ran::of(&mut command).exits(0);
        let sqlite = case.sqlite();
        let mut statement = sqlite.prepare("SELECT lower(hex(sha256)), pack, start, size FROM blob").unwrap();
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?))
        });
        let blobs = rows.unwrap().map(Result::unwrap).collect::<Vec<_>>();
        let mut statement = sqlite.prepare("SELECT lower(hex(sha256)), digest FROM entry_index").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)));
        let indexes = rows.unwrap().map(Result::unwrap).collect::<Vec<_>>();
        assert!(indexes.len() >= 2, "{indexes:?}");
        (blobs, indexes)
    };
    assert_eq!(dump("1"), dump("8"));
}

/// Whoever hands over a case file can leave the documents out and write the facts that they like.
#[test]
fn facts_without_their_documents_count_for_nothing() {
    let full = CaseFile::of(&[sample("nightly-2026")]);
    full.run(["replay", "--all"]).exits(0);
    let bare = CaseFile::empty();
    let folder = sample("nightly-2026");
    let import = ["import", folder.to_str().unwrap(), "--keep-artifacts", "none"];
    bare.run(import.iter().chain(&["--accept-keys", "--operator", "me"])).exits(0);
    let honest = bare.run(["replay", "--all"]).exits(10).stdout;
    let sqlite = bare.sqlite();
    sqlite.execute("ATTACH ?1 AS other", [full.path.to_str().unwrap()]).unwrap();
    let copied = sqlite.execute("INSERT OR IGNORE INTO fact SELECT * FROM other.fact", []).unwrap();
    assert!(copied > 0);
    drop(sqlite);
    assert!(bare.run(["replay", "--all"]).exits(10).stdout == honest);
    let damage = bare.run(["case", "verify"]).exits(1).stdout;
    let damage = String::from_utf8_lossy(&damage);
    assert!(damage.contains("fact signature"), "{damage}");
}

/// What a replay has told as examined is stored but for the last batch where it is killed, and the last too where whoever
/// listens stops it: so it goes on from there.
#[test]
fn a_replay_that_is_stopped_keeps_what_it_examined() {
    let folder = TempDir::new().unwrap();
    let capture = folder.path().join("capture");
    cotrace_generator::scale::write(&capture, 700, 7).unwrap();
    let file = CaseFile::of(&[&capture]);
    let request = request(Targets::All);
    let stopped = std::panic::catch_unwind(|| {
        let mut case = Case::open(&file.path, Access::Keep).unwrap();
        replay(&mut case, &request, &|Progress { stage, done, .. }| {
            // Unwinding is the nearest that there is to a signal in the middle of it.
            assert!(stage != "tasks" || done < 512, "stopped");
            ControlFlow::Continue(())
        })
    });
    assert!(stopped.is_err());
    let attested = "SELECT count(*) FROM fact WHERE kind = 'attestation'";
    assert_eq!(file.number(attested), 256);
    let mut case = Case::open(&file.path, Access::Keep).unwrap();
    let stopped = replay(&mut case, &request, &|Progress { stage, done, .. }| match (stage, done) {
        ("tasks", 512..) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert!(matches!(stopped, Err(ReplayError::Stopped)), "{stopped:?}");
    assert_eq!(file.number(attested), 512);
    let resumed = replay(&mut case, &request, SILENT).unwrap();
    let fresh = CaseFile::of(&[&capture]);
    let mut fresh = Case::open(&fresh.path, Access::Keep).unwrap();
    let whole = replay(&mut fresh, &request, SILENT).unwrap();
    assert_eq!(resumed.report, whole.report);
    // Definition, attestation, signature and digests of each, and its entry in the graph but for the decision task.
    assert!(resumed.work.reused >= 4 * 512 + 511, "{:?}", resumed.work);
    assert_eq!(resumed.work.examined + resumed.work.reused, whole.work.examined + whole.work.reused);
}

/// A key more: only what no known key explained is examined again.
#[test]
fn a_new_key_leaves_sound_signatures_as_they_are() {
    let case = CaseFile::of(&[sample("nightly-2026"), sample("nightly-2017")]);
    case.run(["replay", "--all"]).exits(11);
    let signatures = "SELECT count(*) FROM fact WHERE kind = 'signature'";
    let before = case.number(signatures);
    let keys = root().join("generator/keys/stranger.public.asc");
    case.run(["keys", "import", keys.to_str().unwrap(), "--role", "docker-worker", "--operator", "T"]).exits(0);
    case.run(["replay", "--all"]).exits(11);
    assert_eq!(case.number(signatures), before);
    case.run(["case", "verify"]).exits(0);
    // One that nobody's key explained is, and finds its key.
    let mut world = cotrace_generator::sample::nightly_2017().unwrap();
    world.sign_as("build-linux64", cotrace_generator::Signer::Stranger).unwrap();
    let folder = capture_of(&world);
    let case = CaseFile::of(&[folder.path()]);
    case.run(["replay", "--all"]).exits(11);
    let before = case.number(signatures);
    case.run(["keys", "import", keys.to_str().unwrap(), "--role", "docker-worker", "--operator", "T"]).exits(0);
    case.run(["replay", "--all"]).exits(0);
    assert_eq!(case.number(signatures), before + 1);
}

#[test]
fn stored_facts_are_used_again() {
    let case = CaseFile::of(&[sample("nightly-2026")]);
    case.run(["replay", "--all"]).exits(0);
    let facts = case.number("SELECT count(*) FROM fact");
    assert!(facts > 20, "{facts}");
    case.run(["replay", "--all", "--as-of", "2026-11-01"]);
    assert_eq!(case.number("SELECT count(*) FROM fact"), facts, "another moment needs no new facts");
    // Another rule book that rebuilds otherwise needs one more, once.
    case.run(["replay", "--all", "--rules", "12.0.0"]);
    let with_other = case.number("SELECT count(*) FROM fact");
    case.run(["replay", "--all", "--rules", "12.0.0"]);
    assert_eq!(case.number("SELECT count(*) FROM fact"), with_other, "nor do rules whose facts are there");
    // Everything derived can be deleted and is made again.
    let before = case.run(["replay", "--all"]).exits(0).stdout;
    let clear = "DELETE FROM verdict; DELETE FROM finding; DELETE FROM gap; DELETE FROM replay; DELETE FROM fact;";
    case.sqlite().execute_batch(clear).unwrap();
    assert!(case.run(["replay", "--all"]).exits(0).stdout == before);
    assert_eq!(case.number("SELECT count(*) FROM fact"), facts);
    // A stored fact that can't be read is made anew, not believed.
    case.sqlite().execute_batch("UPDATE fact SET value = '{'").unwrap();
    assert!(case.run(["replay", "--all"]).exits(0).stdout == before);
}

/// Judging again, at another moment, with distrust, or by other rules whose facts are there, reads no evidence: so nothing
/// is hashed, parsed or verified. What other rules need is examined first, and counted apart.
#[test]
fn judging_again_reads_no_evidence() {
    use crate::support::{TempCase, rules};
    let world = nightly_2026().unwrap();
    let mut case = TempCase::new();
    case.import(&world, true, cotrace::import::KeepArtifacts::Evidence);
    let all = || request(Targets::All);
    let usual = Request { rules: rules("63.6.1"), ..all() };
    let work = |case: &mut TempCase, request: &Request| case.replayed(request).work;
    let first = work(&mut case, &usual);
    assert!(first.examined > 20 && first.documents > 20, "{first:?}");
    let again = [
        usual.clone(),
        Request { as_of: cotrace::model::AsOf::At("2026-11-01".parse().unwrap()), ..usual.clone() },
        Request { distrust: vec!["worker:nobody@2026-01-01".parse().unwrap()], ..usual.clone() },
        Request { rules: rules("signatures"), ..usual.clone() },
        Request { mode: cotrace::chain::Mode::BeforeRun, ..usual.clone() },
    ];
    for request in again {
        let work = work(&mut case, &request);
        assert_eq!((work.examined, work.documents), (0, 0), "{request:?}");
        assert!(work.reused > 20);
    }
    // This release rebuilds otherwise: one fact is missing, and a second time none is.
    let older = Request { rules: rules("41.0.0"), ..usual };
    let work_of_older = work(&mut case, &older);
    assert_eq!(work_of_older.examined, 1, "{work_of_older:?}");
    assert_eq!(work(&mut case, &older).documents, 0);
}
