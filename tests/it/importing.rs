//! How an import goes: the same case at any number of threads, and nothing of evidence that changes meanwhile.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use cotrace::import::{Evidence, ImportError, KeepArtifacts, Options, Progress, Summary, import};
use cotrace::model::Digest;
use cotrace::store::{Access, Case};
use tempfile::TempDir;

use crate::program::{CaseFile, capture, write};

const TASK: &str = "AAAAAAAAQACAAAAAAAAAAA";

/// Imports with all contents, at a moment that is always the same.
fn imported(case: &Path, evidence: &Evidence, progress: &dyn Fn(Progress)) -> Result<Summary, ImportError> {
    let options = Options {
        keep: KeepArtifacts::All,
        accept_keys: false,
        operator: None,
        now: "2026-01-01T00:00:00Z".parse().unwrap(),
        version: "1".to_owned(),
    };
    import(&mut Case::open(case, Access::Create).unwrap(), evidence, &options, progress)
}

/// A tar archive of a folder, beside it.
fn tar_of(folder: &Path) -> PathBuf {
    let path = folder.with_extension("tar");
    let mut archive = tar::Builder::new(fs::File::create(&path).unwrap());
    archive.append_dir_all("capture", folder).unwrap();
    archive.finish().unwrap();
    path
}

/// A file for file, byte for byte: rows, packs, and where in the file they lie.
#[test]
fn the_case_file_is_the_same_byte_for_byte_at_any_number_of_threads() {
    let folder = TempDir::new().unwrap();
    let capture = folder.path().join("capture");
    cotrace_generator::scale::write(&capture, 400, 7).unwrap();
    // Artifacts that are shared out among threads, and documents larger than a pack.
    for number in 0_u8..6 {
        let bytes: Vec<u8> = (0..700_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8 ^ number).collect();
        write(&capture, &format!("tasks/{TASK}/artifacts/0/public/build/{number}.bin"), &bytes);
    }
    for evidence in [tar_of(&capture), capture] {
        let file = |threads: usize| {
            let case = CaseFile::empty();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let evidence = Evidence::open(&evidence).unwrap();
            let summary = pool.install(|| imported(&case.path, &evidence, &|_| {})).unwrap();
            assert_eq!(summary.tasks, 401);
            assert!(case.number("SELECT count(*) FROM pack") > 10);
            Digest::of(&fs::read(&case.path).unwrap())
        };
        let one = file(1);
        assert_eq!(one, file(2), "two threads");
        assert_eq!(one, file(8), "eight threads");
    }
}

/// Tries to import evidence that `change` changes once the first tasks are written.
fn disturbed(evidence: &Path, change: &dyn Fn()) -> Result<Summary, ImportError> {
    let case = CaseFile::empty();
    let evidence = Evidence::open(evidence).unwrap();
    let is_done = Cell::new(false);
    let result = imported(&case.path, &evidence, &|_| {
        if !is_done.replace(true) {
            change();
        }
    });
    assert!(is_done.get(), "the import told of no progress");
    let expected = i64::from(result.is_ok());
    for table in ["snapshot", "log"] {
        assert_eq!(case.number(&format!("SELECT count(*) FROM {table}")), expected, "{table}");
    }
    if expected == 0 {
        for table in ["task", "artifact", "blob", "pack"] {
            assert_eq!(case.number(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
        }
    }
    result
}

/// A change of evidence in a folder, and what it is.
type Change<'a> = (&'a str, &'a dyn Fn(&Path));

#[test]
fn nothing_is_imported_of_a_directory_that_changes_meanwhile() {
    let changes: &[Change<'_>] = &[
        ("a file grows", &|folder| write(folder, &format!("tasks/{TASK}/status.json"), b"{} ")),
        ("a file is another of the same size", &|folder| {
            let path = folder.join(format!("tasks/{TASK}/status.json"));
            let times = fs::metadata(&path).unwrap().modified().unwrap();
            fs::write(&path, "[]").unwrap();
            fs::File::options().write(true).open(&path).unwrap().set_modified(times).unwrap();
        }),
        ("a file is replaced", &|folder| {
            write(folder, "new", b"{}");
            fs::rename(folder.join("new"), folder.join(format!("tasks/{TASK}/status.json"))).unwrap();
        }),
        ("a file comes", &|folder| write(folder, &format!("tasks/{TASK}/artifacts/0/public/late"), b"late")),
        ("a file goes", &|folder| fs::remove_file(folder.join(format!("tasks/{TASK}/status.json"))).unwrap()),
        ("a folder comes", &|folder| fs::create_dir(folder.join("tasks/BAAAAAAAQACAAAAAAAAAAA")).unwrap()),
        ("a folder goes", &|folder| fs::remove_dir_all(folder.join(format!("tasks/{TASK}/artifacts/0"))).unwrap()),
        ("a file becomes a folder", &|folder| {
            let path = folder.join(format!("tasks/{TASK}/artifacts/0/public/a"));
            fs::remove_file(&path).unwrap();
            fs::create_dir(path).unwrap();
        }),
    ];
    for (what, change) in changes {
        // The time of a file that nobody can set is all that tells one change; Windows has none.
        if cfg!(not(unix)) && what.contains("same size") {
            continue;
        }
        let folder = evidence();
        let result = disturbed(folder.path(), &|| change(folder.path()));
        assert!(matches!(result, Err(ImportError::Changed(_))), "{what}: {result:?}");
    }
    let folder = evidence();
    disturbed(folder.path(), &|| {
        fs::read(folder.path().join("capture.json")).unwrap();
        // Of a folder that is no part of a capture nobody read anything.
        write(folder.path(), "elsewhere/late", b"late");
    })
    .unwrap();
}

fn evidence() -> TempDir {
    capture(&[
        ("capture.json", r#"{"captureVersion": 1}"#),
        (&format!("tasks/{TASK}/status.json"), "{}"),
        (&format!("tasks/{TASK}/artifacts/0/public/a"), "a"),
        ("elsewhere/early", "early"),
    ])
}

#[test]
fn nothing_is_imported_of_an_archive_that_changes_meanwhile() {
    let folder = evidence();
    let beside = TempDir::new().unwrap();
    let path = beside.path().join("capture.tar");
    fs::rename(tar_of(folder.path()), &path).unwrap();
    let whole = fs::read(&path).unwrap();
    disturbed(&path, &|| {}).unwrap();
    let grown = || fs::write(&path, [whole.clone(), vec![0; 512]].concat()).unwrap();
    assert!(matches!(disturbed(&path, &grown), Err(ImportError::Changed(_))));
    fs::write(&path, &whole).unwrap();
    let replaced = || {
        fs::write(beside.path().join("other"), &whole).unwrap();
        fs::rename(beside.path().join("other"), &path).unwrap();
    };
    if cfg!(unix) {
        assert!(matches!(disturbed(&path, &replaced), Err(ImportError::Changed(_))));
    }
}

/// SHA-512 takes several times as long as SHA-256 where a processor has instructions for the latter alone.
#[test]
fn sha512_is_made_where_an_attestation_states_one() {
    let attested = |name: &str, attestation: &str| {
        let folder = capture(&[
            (&*format!("tasks/{TASK}/artifacts/0/public/{name}"), attestation),
            (&format!("tasks/{TASK}/artifacts/0/public/build/target.bin"), "target"),
            (&format!("tasks/{TASK}/artifacts/1/public/build/target.bin"), "target"),
        ]);
        let case = CaseFile::of(&[folder.path()]);
        let count = |run: u32| {
            let sql = "SELECT count(sha512) FROM artifact WHERE name = 'public/build/target.bin' AND run_id =";
            case.number(&format!("{sql} {run}"))
        };
        (count(0), count(1))
    };
    for name in ["chain-of-trust.json", "chainOfTrust.json.asc"] {
        assert_eq!(attested(name, r#"{"artifacts": {"public/build/target.bin": {"sha512": "00"}}}"#), (1, 0), "{name}");
        assert_eq!(attested(name, r#"{"artifacts": {"public/build/target.bin": {"sha256": "00"}}}"#), (0, 0), "{name}");
    }
    assert_eq!(attested("other.json", r#"{"artifacts": {"public/build/target.bin": {"sha512": "00"}}}"#), (0, 0));
}
