//! Custody of a case file: its log, its verification, and case files that are bait.

use std::fs;

use rusqlite::Connection;

use crate::program::{CaseFile, capture_of, how_often, sample};

fn sampled() -> CaseFile {
    let case = CaseFile::of(&[sample("nightly-2017")]);
    case.run(["replay", "--all"]).exits(11);
    case
}

/// Opens the case as anybody could who has the file, with nothing of ours in the way.
fn tampered(edit: impl FnOnce(&Connection)) -> CaseFile {
    let case = sampled();
    edit(&case.sqlite());
    case
}

#[test]
fn an_untouched_case_is_whole() {
    let case = sampled();
    assert!(case.run(["case", "verify"]).exits(0).text().starts_with("whole: "));
    let info = case.run(["case", "info"]).exits(0).text();
    assert!(info.contains("12 tasks") && info.contains("keys accepted by T"), "{info}");
}

#[test]
fn the_log_tells_of_every_import_and_acceptance() {
    let case = sampled();
    case.import(&[sample("nightly-2017")]).exits(0);
    let log = case.run(["case", "log"]).exits(0).text();
    let actions: Vec<&str> = ["T import", "T accept-keys"].into_iter().filter(|action| log.contains(action)).collect();
    assert_eq!(actions.len(), 2, "{log}");
    // The second import changed nothing, and is told all the same.
    assert_eq!(case.number("SELECT count(*) FROM log WHERE action = 'import'"), 2);
    assert_eq!(case.number("SELECT count(*) FROM log WHERE action = 'accept-keys'"), 1);
    assert_eq!(case.number("SELECT count(*) FROM snapshot"), 1);
}

#[test]
fn a_changed_row_is_told_and_named() {
    for (sql, named) in [
        ("UPDATE artifact SET size = size + 1 WHERE name LIKE '%task-graph%'", "damaged: task IZr_cb1TRzm1-iEx4FadFg"),
        ("DELETE FROM artifact WHERE name = 'public/logs/certified.log'", "damaged: task "),
        ("UPDATE run SET started = '2001-01-01T00:00:00.000Z'", "damaged: task "),
        ("UPDATE key SET role = 'scriptworker'", "damaged: snapshot "),
        ("UPDATE source SET http_status = 404", "damaged: snapshot "),
        ("UPDATE snapshot SET root_url = 'https://example.invalid'", "damaged: snapshot "),
        ("UPDATE acceptance SET operator = 'somebody else'", "damaged: acceptance "),
        ("DELETE FROM acceptance", "damaged: acceptance "),
        ("UPDATE log SET operator = 'somebody else' WHERE sequence = 1", "damaged: log entry 1"),
        ("DELETE FROM log WHERE sequence = 1", "damaged: log entry 2"),
        ("DELETE FROM log WHERE sequence = 2", "damaged: acceptance "),
        ("DELETE FROM log WHERE action = 'import'", "the log does not tell of its import"),
        ("DELETE FROM snapshot", "and it is not there"),
        ("UPDATE artifact SET task = 999 WHERE task = 1", "belong to no task"),
        ("UPDATE key SET snapshot = 999", "belong to no snapshot"),
        ("UPDATE acceptance SET snapshot = 999", "acceptances belong to no snapshot"),
        (
            "UPDATE fact SET value = replace(value, '\"sound\"', '\"invalid\"') WHERE kind = 'signature'",
            "damaged: fact signature ",
        ),
        ("UPDATE fact SET value = '[]' WHERE kind = 'certificate'", "damaged: fact certificate "),
        ("UPDATE blob SET start = start + 1 WHERE start > 0", "damaged: blob "),
        ("UPDATE entry_index SET version = 0", "damaged: index "),
        ("UPDATE entry_index SET entries = x'00'", "damaged: index "),
        ("DELETE FROM blob", "damaged: "),
    ] {
        let case = tampered(|conn| {
            conn.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
            assert!(conn.execute(sql, []).unwrap() > 0, "{sql} changed nothing");
        });
        let told = case.run(["case", "verify"]).text();
        assert!(told.contains(named), "{sql}: {told}");
    }
}

/// What can't be told from within, as the handbook says: only the head of the log, noted elsewhere, tells it.
#[test]
fn the_head_of_the_log_tells_what_the_case_can_not() {
    let case = sampled();
    case.import(&[sample("nightly-2017")]).exits(0);
    let head = |case: &CaseFile| {
        let info = case.run(["case", "info"]).exits(0).text();
        info.lines().find(|line| line.starts_with("log ")).unwrap().to_owned()
    };
    let noted = head(&case);
    let removed = case.sqlite().execute("DELETE FROM log WHERE sequence = (SELECT max(sequence) FROM log)", []);
    assert_eq!(removed, Ok(1));
    let told = case.run(["case", "verify"]).exits(0).text();
    assert!(told.contains("compare its head with one noted elsewhere"), "{told}");
    assert_ne!(head(&case), noted);
}

#[test]
fn a_file_that_was_cut_off_is_told() {
    let case = sampled();
    let bytes = fs::read(&case.path).unwrap();
    fs::write(&case.path, &bytes[..bytes.len() / 2]).unwrap();
    let before = fs::read(&case.path).unwrap();
    let ran = case.run(["replay", "--all"]).exits(1);
    assert!(ran.stderr.contains("it was cut off"), "{}", ran.stderr);
    assert_eq!(fs::read(&case.path).unwrap(), before);
}

#[test]
fn a_case_with_a_foreign_schema_is_not_opened() {
    for sql in [
        "CREATE TRIGGER t AFTER INSERT ON fact BEGIN DELETE FROM log; END",
        "CREATE VIEW more AS SELECT 1",
        "CREATE TABLE more (a)",
        "CREATE INDEX more ON fact (length(value))",
        "CREATE VIRTUAL TABLE more USING fts5(a)",
        "ALTER TABLE snapshot ADD COLUMN more TEXT",
        "ALTER TABLE pack RENAME TO real_pack; CREATE VIEW pack AS SELECT * FROM real_pack",
        "DROP VIEW tasks",
    ] {
        let case = tampered(|conn| conn.execute_batch(sql).unwrap());
        let before = fs::read(&case.path).unwrap();
        for args in [&["replay", "--all"][..], &["case", "verify"], &["case", "info"]] {
            let ran = case.run(args).exits(1);
            let fits = ran.stderr.contains("foreign") || ran.stderr.contains("is missing");
            assert!(fits && !ran.stderr.contains("panicked"), "{sql}: {}", ran.stderr);
        }
        case.import(&[sample("nightly-2026")]).exits(1);
        assert_eq!(fs::read(&case.path).unwrap(), before, "{sql}: the file was touched");
    }
}

#[test]
fn reading_goes_on_while_another_process_writes() {
    let case = sampled();
    let mut writer = case.sqlite();
    writer.pragma_update(None, "journal_mode", "WAL").unwrap();
    let transaction = writer.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    transaction.execute("UPDATE snapshot SET note = 'not yet'", []).unwrap();
    // A replay whose facts and verdicts are kept already needs to write nothing.
    case.run(["case", "info"]).exits(0);
    let ran = case.import(&[sample("nightly-2026")]).exits(1);
    assert!(ran.stderr.contains("another process is writing"), "{}", ran.stderr);
    transaction.rollback().unwrap();
    drop(writer);
    case.import(&[sample("nightly-2026")]).exits(0);
    assert!(!case.path.with_extension("sqlite-wal").exists());
}

/// What verdicts rest on. Facts, verdicts and findings are made again from it.
const TABLES: [&str; 15] = [
    "snapshot",
    "acceptance",
    "log",
    "pack",
    "blob",
    "entry_index",
    "task",
    "run",
    "artifact",
    "listing",
    "denial",
    "source",
    "key",
    "file",
    "fact",
];

/// Columns that no verdict rests on: a fact under another key is one that nobody asks for, and is made again.
const COUNTS_FOR_NOTHING: [&str; 6] =
    ["fact.id", "fact.kind", "fact.subject", "fact.variant", "fact.inputs", "fact.examiner"];

/// The columns of a table: name, declared type, and whether it is part of the primary key.
fn columns(sqlite: &Connection, table: &str) -> Vec<(String, String, bool)> {
    let sql = format!("SELECT name, type, pk > 0 FROM pragma_table_info('{table}')");
    let mut statement = sqlite.prepare(&sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

/// Every column of every table that a verdict rests on, changed in one row by one bit or letter, or from nothing to
/// something: it is told.
#[test]
fn a_change_in_any_column_is_told() {
    let mut world = cotrace_generator::sample::nightly_2017().unwrap();
    let denied = r#"[{"what": "artifact", "runId": 0, "name": "b", "status": 404, "at": "2017-07-01T00:00:00Z"}]"#;
    world.put(&format!("tasks/{}/absent.json", world.task_id("decision").unwrap()), denied);
    let capture = capture_of(&world);
    let whole = CaseFile::of(&[capture.path(), &sample("nightly-2026")]);
    whole.run(["replay", "--all"]).exits(0);
    whole.run(["case", "verify"]).exits(0);
    let mut silent = Vec::new();
    for table in TABLES {
        let all = columns(&whole.sqlite(), table);
        let key =
            all.iter().filter(|(.., is_key)| *is_key).map(|(name, ..)| name.as_str()).collect::<Vec<_>>().join(", ");
        for (column, declared, _) in &all {
            let case = CaseFile::empty();
            fs::copy(&whole.path, &case.path).unwrap();
            let sqlite = case.sqlite();
            sqlite.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON").unwrap();
            let made = match declared.as_str() {
                "TEXT" => "'x'",
                "INTEGER" => "1",
                _ => "x'00'",
            };
            let sql = format!(
                "UPDATE {table} SET {column} = CASE typeof({column})
                     WHEN 'text' THEN {column} || 'x' WHEN 'integer' THEN {column} + 1 WHEN 'null' THEN {made}
                     ELSE CAST(substr({column}, 2) || substr({column}, 1, 1) AS BLOB) END
                 WHERE ({key}) IN (SELECT {key} FROM {table} ORDER BY {column} IS NULL, {column} DESC LIMIT 1)"
            );
            assert_eq!(sqlite.execute(&sql, []).unwrap(), 1, "{sql}");
            drop(sqlite);
            let name = format!("{table}.{column}");
            let ran = case.run(["case", "verify"]);
            let is_told = ran.code == 1 && ran.text().contains("damaged: ");
            if is_told == COUNTS_FOR_NOTHING.contains(&name.as_str()) {
                silent.push(format!("{name}: exit {}: {}{}", ran.code, ran.text(), ran.stderr));
            }
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

/// One bit of the file flipped, anywhere: it is told, or nothing that the file says has changed.
#[test]
fn a_flipped_bit_anywhere_is_told_or_means_nothing() {
    let whole = sampled();
    whole.run(["replay", "--all"]);
    let bytes = fs::read(&whole.path).unwrap();
    let dump = |case: &CaseFile| -> Result<Vec<String>, rusqlite::Error> {
        let sqlite = case.sqlite();
        let mut rows = Vec::new();
        for table in TABLES {
            let mut statement = sqlite.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2, 3"))?;
            let columns = statement.column_count();
            let mut found = statement.query([])?;
            while let Some(row) = found.next()? {
                let values: Result<Vec<rusqlite::types::Value>, _> = (0..columns).map(|at| row.get(at)).collect();
                rows.push(format!("{table} {:?}", values?));
            }
        }
        Ok(rows)
    };
    let wanted = dump(&whole).unwrap();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..how_often("COTRACE_FLIPS", 60) {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = (random >> 20) as usize % bytes.len();
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (random >> 60 & 7);
        let case = CaseFile::empty();
        fs::write(&case.path, &flipped).unwrap();
        let ran = case.run(["case", "verify"]);
        if ran.code == 0 {
            assert!(dump(&case).is_ok_and(|rows| rows == wanted), "byte {at}: nobody noticed");
        } else {
            let is_clear = ran.stderr.contains("error:") && !ran.stderr.contains("SQLite:");
            assert!(ran.code == 1 && is_clear, "byte {at}: {}", ran.stderr);
        }
    }
}
