//! Case files that are damaged, in another layout, or edited by somebody who knows SQLite.

use std::collections::BTreeMap;
use std::fs;

use rusqlite::Connection;

use crate::program::{CaseFile, Ran, sample, targets};

/// A case with facts, verdicts and an acceptance.
fn replayed() -> CaseFile {
    let case = CaseFile::of(&[sample("nightly-2017")]);
    case.run(["replay", "--all"]).exits(11);
    case
}

fn copy_of(case: &CaseFile) -> CaseFile {
    let copy = CaseFile::empty();
    fs::copy(&case.path, &copy.path).unwrap();
    copy
}

fn content_id(case: &CaseFile) -> String {
    case.run(["case", "info"]).exits(0).text().lines().next().unwrap().to_owned()
}

#[test]
fn the_content_id_is_that_of_the_content() {
    let case = replayed();
    let (before, report) = (content_id(&case), case.run(["replay", "--all", "--format", "json"]).exits(11).stdout);
    for pragma in ["page_size = 1024", "page_size = 65536", "auto_vacuum = FULL", "journal_mode = WAL"] {
        let other = copy_of(&case);
        other.sqlite().execute_batch(&format!("PRAGMA {pragma}; VACUUM")).unwrap();
        assert!(fs::read(&other.path).unwrap() != fs::read(&case.path).unwrap());
        assert_eq!(content_id(&other), before, "{pragma}");
        other.run(["case", "verify"]).exits(0);
        assert!(other.run(["replay", "--all", "--format", "json"]).exits(11).stdout == report, "{pragma}");
    }
    // In another order of imports too.
    let order = |names: [&str; 2]| content_id(&CaseFile::of(&names.map(sample)));
    assert_eq!(order(["nightly-2017", "nightly-2026"]), order(["nightly-2026", "nightly-2017"]));
}

/// A file that claims to be a case and to need our schema yet: nothing is added to it.
#[test]
fn a_case_without_a_version_is_not_migrated() {
    for sql in [
        "PRAGMA user_version = 0",
        "PRAGMA user_version = -1",
        "PRAGMA user_version = -2147483648",
        "PRAGMA application_id = 0",
        "DROP VIEW verdicts; DROP VIEW findings; DROP TABLE gap; PRAGMA user_version = 0",
    ] {
        let case = replayed();
        case.sqlite().execute_batch(sql).unwrap();
        let before = fs::read(&case.path).unwrap();
        for ran in readers(&case).into_iter().chain([case.import(&[sample("nightly-2017")])]) {
            assert!(ran.code == 1 && ran.stderr.contains("is not a cotrace case file"), "{sql}: {}", ran.stderr);
        }
        assert!(fs::read(&case.path).unwrap() == before, "{sql}: the file was touched");
    }
    let alien = CaseFile::empty();
    alien.sqlite().execute_batch("CREATE TABLE more (a); PRAGMA application_id = 0x436f5472").unwrap();
    let before = fs::read(&alien.path).unwrap();
    for ran in readers(&alien).into_iter().chain([alien.import(&[sample("nightly-2017")])]) {
        assert!(ran.code == 1 && ran.stderr.contains("is not a cotrace case file"), "{}", ran.stderr);
    }
    assert!(fs::read(&alien.path).unwrap() == before, "the file was touched");
}

/// Every command that reads, with arguments that reach as much as possible.
fn readers(case: &CaseFile) -> Vec<Ran> {
    let id = targets("nightly-2017").into_values().next().unwrap();
    let commands: [&[&str]; 8] = [
        &["case", "info"],
        &["case", "verify"],
        &["case", "log"],
        &["replay", "--all"],
        &["show", &id],
        &["keys", "list"],
        &["gaps"],
        &["cat", &id, "definition.json"],
    ];
    commands.iter().map(|args| case.run(*args)).collect()
}

/// Whole pages overwritten: a clear error or a damage that is told, and nothing is written.
#[test]
fn overwritten_pages_are_told() {
    let whole = replayed();
    let bytes = fs::read(&whole.path).unwrap();
    let pages = bytes.len() / 4096;
    for page in 0..pages {
        // A schema page and every fifth of the rest.
        if page > 12 && page % 5 != 0 {
            continue;
        }
        let case = CaseFile::empty();
        let mut torn = bytes.clone();
        let from = page * 4096 + if page == 0 { 100 } else { 0 };
        torn[from..(page + 1) * 4096].fill(0xa5);
        fs::write(&case.path, &torn).unwrap();
        for ran in readers(&case).into_iter().chain([case.import(&[sample("nightly-2017")])]) {
            assert!([0, 1, 3, 10, 11].contains(&ran.code), "page {page}: {}", ran.stderr);
            let is_clear = ran.code != 1 || !ran.stderr.contains("SQLite:") && ran.stderr.contains("error:");
            assert!(is_clear, "page {page}: {}", ran.stderr);
        }
        fs::write(&case.path, &torn).unwrap();
        let ran = case.run(["case", "verify"]).exits(1);
        assert!(ran.text().contains("damaged: ") || ran.stderr.contains("damaged"), "page {page}: {}", ran.stderr);
        assert!(fs::read(&case.path).unwrap() == torn, "page {page}: verifying wrote");
    }
}

#[test]
fn a_case_that_another_process_holds_is_busy() {
    let case = replayed();
    let before = fs::read(&case.path).unwrap();
    let holder = case.sqlite();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    for args in [&["case", "verify"][..], &["replay", "--all"]] {
        let ran = case.run(args).exits(1);
        assert!(ran.stderr.contains("another process is writing"), "{}", ran.stderr);
    }
    drop(holder);
    assert!(fs::read(&case.path).unwrap() == before);
    case.run(["case", "verify"]).exits(0);
}

/// Edits a case as STRICT tables and checks forbid it, and leaves a schema to the letter.
fn forced(case: &CaseFile, edit: impl FnOnce(&Connection)) {
    let reschema = |edit: &str| {
        let sqlite = case.sqlite();
        sqlite.pragma_update(None, "writable_schema", true).unwrap();
        sqlite.execute_batch(edit).unwrap();
    };
    let sqlite = case.sqlite();
    let mut statement =
        sqlite.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql <> ''").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let tables: BTreeMap<String, String> = rows.map(Result::unwrap).collect();
    drop(statement);
    drop(sqlite);
    reschema(
        "UPDATE sqlite_schema SET sql = replace(replace(replace(sql, ') STRICT, W', ') W'), ') STRICT', ')'), 'NOT NULL', '')
         WHERE type = 'table'",
    );
    {
        let sqlite = case.sqlite();
        sqlite.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON").unwrap();
        edit(&sqlite);
    }
    let restore = |(name, sql): (&String, &String)| {
        format!(
            "UPDATE sqlite_schema SET sql = '{}' WHERE type = 'table' AND name = '{name}';",
            sql.replace('\'', "''")
        )
    };
    reschema(&tables.iter().map(restore).collect::<String>());
}

/// Tables, columns and values that no reader takes.
const UNREADABLE: [(&str, &str, &str); 26] = [
    ("snapshot", "digest", "x'00'"),
    ("snapshot", "rows", "'text'"),
    ("snapshot", "imported_at", "'yesterday'"),
    ("snapshot", "operator", "x'ff'"),
    ("acceptance", "operator", "x'ff'"),
    ("log", "at", "x'ff'"),
    ("log", "detail", "CAST(x'ff' AS TEXT)"),
    ("log", "digest", "1.5"),
    ("pack", "raw_size", "-1"),
    ("pack", "content", "'text'"),
    ("blob", "size", "-1"),
    ("blob", "start", "'x'"),
    ("task", "task_id", "'nope'"),
    ("task", "definition", "'text'"),
    ("task", "rows", "NULL"),
    ("task", "status_problem", "x'ff'"),
    ("task", "run_basis", "'hearsay'"),
    ("run", "run_id", "-1"),
    ("run", "state", "NULL"),
    ("artifact", "run_id", "1 << 40"),
    ("artifact", "listed", "'no'"),
    ("artifact", "size", "1.5"),
    ("source", "http_status", "70000"),
    ("key", "kind", "'x'"),
    ("file", "disposition", "'x'"),
    ("fact", "examiner", "-1"),
];

#[test]
fn a_value_that_can_not_be_read_is_told_by_table_and_row() {
    let whole = replayed();
    for (table, column, value) in UNREADABLE {
        let case = copy_of(&whole);
        forced(&case, |sqlite| {
            let sql =
                format!("UPDATE {table} SET {column} = {value} WHERE {column} IN (SELECT max({column}) FROM {table})");
            let changed = sqlite.execute(&sql, []).unwrap_or_else(|error| panic!("{sql}: {error}"));
            let all = format!("UPDATE {table} SET {column} = {value}");
            assert!(changed > 0 || sqlite.execute(&all, []).unwrap() > 0, "{sql}");
        });
        for ran in readers(&case) {
            assert!([0, 1, 3, 10, 11].contains(&ran.code), "{table}.{column}: {}", ran.stderr);
            assert!(!ran.stderr.contains("SQLite:"), "{table}.{column}: {}", ran.stderr);
        }
        let told = case.run(["case", "verify"]).exits(1);
        let row = format!("damaged: row of {table} with ");
        let line = told.text().lines().find(|line| line.starts_with(&row)).map(str::to_owned);
        assert!(line.is_some_and(|line| line.contains(&format!("its {column} is "))), "{column}: {}", told.text());
    }
}

/// One damage does not hide another, and what reads a damaged row names it.
#[test]
fn every_damaged_row_is_listed() {
    let case = replayed();
    let runs = case.number("SELECT count(*) FROM run");
    let tasks = case.number("SELECT count(*) FROM task");
    forced(&case, |sqlite| {
        for sql in [
            "UPDATE run SET run_id = -1 - run_id",
            "UPDATE task SET definition = 'none'",
            "UPDATE log SET previous = x'00' WHERE sequence = 1",
            "UPDATE pack SET content = 'none'",
        ] {
            assert!(sqlite.execute(sql, []).unwrap() > 0, "{sql}");
        }
    });
    let told = case.run(["case", "verify"]).exits(1).text();
    let count = |text: &str| told.lines().filter(|line| line.contains(text)).count() as i64;
    assert_eq!(count("damaged: row of run with "), runs, "{told}");
    assert_eq!(count("damaged: row of task with "), tasks, "{told}");
    assert_eq!(count("damaged: task "), tasks, "{told}");
    assert_eq!(count("damaged: row of log with sequence 1: its previous is 1 bytes"), 1, "{told}");
    assert!(count("damaged: blob ") > 10 && count("damaged: row of pack with id 1") == 1, "{told}");
    let ran = case.run(["replay", "--all"]).exits(1);
    assert!(ran.stderr.contains("the case file is damaged: the row of "), "{}", ran.stderr);
}

#[test]
fn numbers_at_their_end_are_no_crash() {
    for sql in [
        "UPDATE log SET sequence = 9223372036854775807 WHERE sequence = (SELECT max(sequence) FROM log)",
        "UPDATE snapshot SET id = 9223372036854775807",
        "UPDATE pack SET id = 9223372036854775807 WHERE id = (SELECT max(id) FROM pack)",
        "UPDATE blob SET size = 9223372036854775807",
        "UPDATE blob SET start = 9223372036854775807, pack = 9223372036854775807",
        "UPDATE log SET detail = replace(detail, '\"documentsKept\":', '\"documentsKept\":18446744073709551615, \"x\":')",
    ] {
        let case = replayed();
        forced(&case, |sqlite| assert!(sqlite.execute(sql, []).unwrap() > 0, "{sql}"));
        for ran in readers(&case).into_iter().chain([case.import(&[sample("nightly-2026")])]) {
            assert!([0, 1, 3, 10, 11].contains(&ran.code), "{sql}: {}", ran.stderr);
            assert!(!ran.stderr.contains("SQLite:"), "{sql}: {}", ran.stderr);
        }
        case.run(["case", "verify"]).exits(1);
    }
}
