//! Indexes of task graphs: made by the import, else by the first replay; believed as far as they go, and told where they lie.

use std::fs;
use std::path::{Path, PathBuf};

use cotrace::formats::json::{INDEX_VERSION, KeyIndex};
use cotrace::import::KeepArtifacts;
use cotrace::model::{Code, Digest, Report, Verdict};
use cotrace::replay::{Targets, verify_indexes};
use cotrace::store::{Access, Case, DocumentIndex, PartDigests};
use cotrace_generator::{World, scale};
use serde_json::json;
use tempfile::TempDir;

use crate::program::{CaseFile, capture_of, sample};
use crate::support::{TempCase, nightly_2026, only_target, request, task_id};

const GRAPH: &str = "public/task-graph.json";

/// Takes a case back to the first version of its schema.
fn as_version_1(case: &CaseFile) {
    case.sqlite().execute_batch("DROP TABLE entry_index; DROP TABLE note; PRAGMA user_version = 1").unwrap();
}

/// The documents that have an index, with the index as SQLite has it.
fn indexes(case: &CaseFile) -> Vec<(String, Vec<u8>)> {
    let sqlite = case.sqlite();
    let sql = "SELECT lower(hex(sha256)), CAST(digest || parts || entries AS BLOB) FROM entry_index ORDER BY 1";
    let mut statement = sqlite.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

/// The graphs of a capture, by digest.
fn graphs(capture: &Path) -> Vec<String> {
    let files = crate::program::files(capture);
    let graphs = files.into_iter().filter(|(name, _)| name.ends_with("/public/task-graph.json"));
    let mut digests: Vec<String> =
        graphs.map(|(_, path)| hex::encode(Digest::of(&fs::read(path).unwrap()).bytes())).collect();
    digests.sort();
    digests.dedup();
    digests
}

/// A capture of a graph that fills several packs, with the id of a task of it, its graph's place, and the graph.
struct Large {
    folder: TempDir,
    target: String,
    graph: Vec<u8>,
}

impl Large {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let capture = folder.path().join("capture");
        let summary = scale::write(&capture, 700, 7).unwrap();
        let target = summary.targets.iter().find(|target| target.task_type == "beetmover").unwrap().task_id.clone();
        let decision = &summary.targets[0].task_id;
        let graph = fs::read(capture.join(format!("tasks/{decision}/artifacts/0/{GRAPH}"))).unwrap();
        assert!(graph.len() > 5 * 524_288, "{}", graph.len());
        Self { folder, target, graph }
    }

    fn capture(&self) -> PathBuf {
        self.folder.path().join("capture")
    }

    /// In which pack of the graph's packs a place of it lies.
    fn pack_of(place: usize) -> i64 {
        (place / 524_288) as i64
    }
}

#[test]
fn an_import_indexes_the_graphs_that_it_keeps() {
    for name in ["nightly-2026", "nightly-2017"] {
        let case = CaseFile::of(&[sample(name)]);
        let indexed: Vec<String> = indexes(&case).into_iter().map(|(document, _)| document).collect();
        assert_eq!(indexed, graphs(&sample(name)), "{name}");
        case.run(["replay", "--all"]);
        case.run(["case", "verify"]).exits(0);
        let bare = CaseFile::empty();
        let folder = sample(name);
        bare.run(["import", folder.to_str().unwrap(), "--keep-artifacts", "none"]).exits(0);
        assert_eq!(indexes(&bare), []);
    }
}

/// One task costs the parts of the graph that its entry and its chain's touch: the rest may be gone.
#[test]
fn a_replay_reads_no_more_of_a_graph_than_the_entries_that_it_needs() {
    let large = Large::new();
    let whole = CaseFile::of(&[large.capture()]);
    let digest = hex::encode(Digest::of(&large.graph).bytes());
    let first = whole.number(&format!("SELECT pack FROM blob WHERE lower(hex(sha256)) = '{digest}'"));
    assert_eq!(whole.number(&format!("SELECT start FROM blob WHERE lower(hex(sha256)) = '{digest}'")), 0);
    let replay = |case: &CaseFile| case.run(["replay", &large.target, "--format", "json"]);
    let copy = || {
        let case = CaseFile::empty();
        fs::copy(&whole.path, &case.path).unwrap();
        case
    };
    let report = replay(&copy());
    let links: Vec<String> = report.json()["targets"][0]["links"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| link["taskId"].as_str().unwrap().to_owned())
        .collect();
    assert!(links.len() > 4, "{links:?}");
    let packs_of_links: Vec<i64> = links
        .iter()
        .filter_map(|id| memchr::memmem::find(&large.graph, format!("\n  \"{id}\": ").as_bytes()))
        .flat_map(|place| [Large::pack_of(place), Large::pack_of(place + 65_536)])
        .collect();
    // The last pack of the graph holds other documents too.
    let last = Large::pack_of(large.graph.len());
    let mut untouched = 0;
    for pack in 0..last {
        let case = copy();
        let sql = format!("UPDATE pack SET content = x'00' WHERE id = {}", first + pack);
        assert_eq!(case.sqlite().execute(&sql, []).unwrap(), 1);
        let ran = replay(&case);
        if packs_of_links.contains(&pack) {
            continue;
        }
        assert_eq!(ran.code, report.code, "pack {pack}: {}", ran.stderr);
        assert!(ran.stdout == report.stdout, "pack {pack}");
        let told = case.run(["case", "verify"]).exits(1).text();
        assert!(told.contains(&format!("damaged: blob {digest}")), "{told}");
        untouched += 1;
    }
    assert!(untouched > 0, "every pack has an entry of the chain");
}

/// Bytes of an entry that are not those that were imported are damage, also where they still are an entry.
#[test]
fn an_altered_entry_is_damage_and_no_verdict() {
    let large = Large::new();
    let case = CaseFile::of(&[large.capture()]);
    let place = memchr::memmem::find(&large.graph, format!("\n  \"{}\": ", large.target).as_bytes()).unwrap();
    let digest = hex::encode(Digest::of(&large.graph).bytes());
    let first = case.number(&format!("SELECT pack FROM blob WHERE lower(hex(sha256)) = '{digest}'"));
    let pack = first + Large::pack_of(place);
    let sqlite = case.sqlite();
    let raw = sqlite.query_row("SELECT content FROM pack WHERE id = ?1", [pack], |row| row.get::<_, Vec<u8>>(0));
    let mut raw = zstd::bulk::decompress(&raw.unwrap(), 524_288).unwrap();
    let within = place % 524_288;
    let at = within + memchr::memmem::find(&raw[within..], b"\"description\": \"").unwrap() + 16;
    raw[at] ^= 1;
    let altered = zstd::bulk::compress(&raw, 3).unwrap();
    sqlite.execute("UPDATE pack SET content = ?1 WHERE id = ?2", rusqlite::params![altered, pack]).unwrap();
    drop(sqlite);
    for args in [vec!["replay", &large.target], vec!["replay", "--all"]] {
        let ran = case.run(args).exits(1);
        assert_eq!(ran.text(), "");
        assert!(ran.stderr.contains("does not have the bytes that its index names"), "{}", ran.stderr);
    }
    case.run(["case", "verify"]).exits(1);
}

#[test]
fn a_tampered_index_is_damage_and_no_verdict() {
    let id = task_id(&nightly_2026(), "signing-linux64").to_string();
    for sql in [
        "UPDATE entry_index SET entries = substr(entries, 1, length(entries) - 1)",
        "UPDATE entry_index SET entries = x''",
        "UPDATE entry_index SET entries_size = entries_size - 1",
        "UPDATE entry_index SET entries_size = 9223372036854775807",
        "UPDATE entry_index SET entries_size = -1",
        "UPDATE entry_index SET parts = x''",
        "UPDATE entry_index SET parts = x'01'",
        "UPDATE entry_index SET parts = zeroblob(32)",
        "UPDATE entry_index SET parts = CAST(parts || parts AS BLOB)",
        "UPDATE entry_index SET digest = zeroblob(32)",
        "UPDATE entry_index SET digest = x''",
        "UPDATE entry_index SET version = -1",
        "UPDATE entry_index SET version = 4294967296",
        "UPDATE entry_index SET version = version + 1",
        "UPDATE entry_index SET entries = 'text'",
    ] {
        let case = CaseFile::of(&[sample("nightly-2026")]);
        let sqlite = case.sqlite();
        sqlite.execute_batch("PRAGMA ignore_check_constraints = ON").unwrap();
        // STRICT keeps a text out, and nothing else.
        if sqlite.execute(sql, []).is_err() {
            assert!(sql.contains("'text'"), "{sql}");
            continue;
        }
        drop(sqlite);
        for args in [vec!["replay", &id], vec!["replay", "--all"]] {
            let ran = case.run(args).exits(1);
            assert!(ran.stderr.contains("the case file is damaged"), "{sql}: {}", ran.stderr);
            assert_eq!(ran.text(), "", "{sql}");
        }
        let told = case.run(["case", "verify"]).exits(1).text();
        assert!(told.contains("damaged: index ") || told.contains("entry_index"), "{sql}: {told}");
    }
    // Derived like facts: without it, it is made again.
    let case = CaseFile::of(&[sample("nightly-2026")]);
    let before = indexes(&case);
    case.sqlite().execute_batch("DELETE FROM entry_index").unwrap();
    case.run(["replay", &id]).exits(0);
    assert_eq!(indexes(&case).len(), 1);
    assert!(before.contains(&indexes(&case)[0]));
    case.run(["case", "verify"]).exits(0);
}

/// Who knows how an index is made can make one that leads elsewhere. Whoever makes it again sees it.
#[test]
fn a_false_index_is_told() {
    let world = nightly_2026();
    let graph = world.read(&world.artifact_path("decision", GRAPH).unwrap()).unwrap().to_vec();
    let digest = Digest::of(&graph);
    let (build, signing) = (world.task_id("build-linux64").unwrap(), world.task_id("signing-linux64").unwrap());
    let keep = |case: &mut TempCase, entries: &[u8], parts: PartDigests| {
        let index = DocumentIndex::new(INDEX_VERSION, parts, entries).unwrap();
        case.case.keep_indexes(&[(digest, index)]).unwrap();
    };
    let imported = || {
        let mut case = TempCase::new();
        case.import(&world, true, KeepArtifacts::Evidence);
        assert_eq!(verify_indexes(&case.case).unwrap(), []);
        case
    };
    let told = |case: &TempCase| {
        let damages = verify_indexes(&case.case).unwrap();
        assert_eq!(damages.len(), 1);
        assert_eq!((damages[0].kind, damages[0].name.clone()), ("index", digest.to_string()));
    };
    // The entries of two tasks swapped, and one of them left out.
    let text = String::from_utf8(graph.clone()).unwrap();
    let place = |id: &str| text.find(&format!("\n  \"{id}\": ")).unwrap() + 4;
    let mut swapped = text.clone();
    swapped.replace_range(place(build)..place(build) + 22, signing);
    swapped.replace_range(place(signing)..place(signing) + 22, build);
    let mut left_out = text.clone();
    left_out.replace_range(place(signing)..place(signing) + 22, "AAAAAAAAAAAAAAAAAAAAAA");
    for other in [swapped, left_out] {
        let mut case = imported();
        keep(&mut case, &KeyIndex::of(other.as_bytes()).to_bytes(), PartDigests::of(&graph));
        let report = case.replay(&request(Targets::These(vec![signing.parse().unwrap()])));
        assert_ne!(only_target(&report).verdict, Verdict::Verified);
        told(&case);
    }
    // Places outside the graph, bytes that are no index, and digests of other parts.
    let longer = format!("{}{text}", " ".repeat(graph.len()));
    let outside = KeyIndex::of(longer.as_bytes()).to_bytes();
    let entries = KeyIndex::of(&graph).to_bytes();
    let false_ones = [
        (outside.as_slice(), PartDigests::of(&graph)),
        (b"\x07", PartDigests::of(&graph)),
        (&entries, PartDigests::of(longer.as_bytes())),
        (&entries, PartDigests::of(&graph[1..])),
    ];
    for (entries, parts) in false_ones {
        let mut case = imported();
        keep(&mut case, entries, parts);
        let request = request(Targets::These(vec![signing.parse().unwrap()]));
        let error = cotrace::replay::replay(&mut case.case, &request, cotrace::replay::SILENT).unwrap_err();
        assert!(error.to_string().contains("the case file is damaged"), "{error}");
        told(&case);
    }
    // And one of a document that the case does not hold.
    let case = CaseFile::of(&[sample("nightly-2026")]);
    let index = DocumentIndex::new(INDEX_VERSION, PartDigests::of(b"{}"), &KeyIndex::of(b"{}").to_bytes()).unwrap();
    let mut open = Case::open(&case.path, Access::Keep).unwrap();
    open.keep_indexes(&[(Digest::of(b"{}"), index)]).unwrap();
    drop(open);
    let told = case.run(["case", "verify"]).exits(1).text();
    assert!(told.contains("damaged: index ") && told.contains("of no document of the case"), "{told}");
}

/// A case of the first schema is read as it is; where it can be written to, indexes come with the first replay.
#[test]
fn an_older_case_gets_its_indexes_with_the_first_replay() {
    let new = CaseFile::of(&[sample("nightly-2026"), sample("nightly-2017")]);
    let wanted = indexes(&new);
    let report = new.run(["replay", "--all", "--format", "json"]).exits(11);
    let facts = new.number("SELECT count(*) FROM fact");
    for args in [&["--all"][..], &[]] {
        let old = CaseFile::of(&[sample("nightly-2026"), sample("nightly-2017")]);
        as_version_1(&old);
        let before = fs::read(&old.path).unwrap();
        for command in ["info", "verify", "log"] {
            old.run(["case", command]).exits(0);
        }
        assert!(fs::read(&old.path).unwrap() == before, "who reads changes nothing");
        if args.is_empty() {
            let id = task_id(&nightly_2026(), "signing-linux64").to_string();
            let one = |case: &CaseFile| case.run(["replay", &id, "--format", "json"]).exits(0).stdout;
            assert!(one(&old) == one(&new));
            assert_eq!(indexes(&old).len(), 1);
        }
        assert!(old.run(["replay", "--all", "--format", "json"]).exits(11).stdout == report.stdout);
        // Graphs of earlier runs and of decisions that nothing is compared with are not asked for.
        let made = indexes(&old);
        assert!(!made.is_empty() && made.iter().all(|index| wanted.contains(index)));
        assert_eq!(old.number("SELECT count(*) FROM fact"), facts);
        assert_eq!(old.number("PRAGMA user_version"), 3);
        old.run(["case", "verify"]).exits(0);
    }
    // The same capture once more brings them, too.
    let old = CaseFile::of(&[sample("nightly-2026"), sample("nightly-2017")]);
    as_version_1(&old);
    old.import(&[sample("nightly-2026"), sample("nightly-2017")]).exits(0);
    assert_eq!(indexes(&old), wanted);
}

#[cfg(unix)]
#[test]
fn an_older_case_that_can_not_be_written_to_is_replayed_all_the_same() {
    use std::os::unix::fs::PermissionsExt as _;
    let report = CaseFile::of(&[sample("nightly-2026")]).run(["replay", "--all", "--format", "json"]).exits(0);
    let old = CaseFile::of(&[sample("nightly-2026")]);
    as_version_1(&old);
    fs::set_permissions(&old.path, fs::Permissions::from_mode(0o444)).unwrap();
    let before = fs::read(&old.path).unwrap();
    assert!(old.run(["replay", "--all", "--format", "json"]).exits(0).stdout == report.stdout);
    assert!(fs::read(&old.path).unwrap() == before);
    let ran = old.import(&[sample("nightly-2017")]).exits(1);
    assert!(ran.stderr.contains("can't be written to"), "{}", ran.stderr);
}

/// What an older schema holds beside its own is as foreign as in the newest.
#[test]
fn an_older_version_is_held_against_its_own_schema() {
    for sql in [
        "PRAGMA user_version = 1",
        "DROP TABLE entry_index; DROP TABLE note; CREATE TABLE more (a); PRAGMA user_version = 1",
        "DROP TABLE entry_index; DROP TABLE note; CREATE VIEW entry_index AS SELECT 1; PRAGMA user_version = 1",
        "DROP TABLE entry_index; DROP TABLE note; DROP VIEW tasks; PRAGMA user_version = 1",
        "DROP TABLE entry_index",
    ] {
        let case = CaseFile::of(&[sample("nightly-2026")]);
        case.sqlite().execute_batch(sql).unwrap();
        let before = fs::read(&case.path).unwrap();
        for args in [&["replay", "--all"][..], &["case", "info"]] {
            let ran = case.run(args).exits(1);
            assert!(ran.stderr.contains("foreign") || ran.stderr.contains("is missing"), "{sql}: {}", ran.stderr);
        }
        assert!(fs::read(&case.path).unwrap() == before, "{sql}");
    }
}

/// The graph of the decision task replaced, its attestation made anew.
fn with_graph(graph: &[u8]) -> World {
    let mut world = nightly_2026();
    let path = world.artifact_path("decision", GRAPH).unwrap();
    world.put(&path, graph);
    world.attest("decision").unwrap();
    world
}

/// The report on the signing task, asked twice: with the indexes of the import, and of a case that has none. And how many
/// documents had an index after the import, and after the second replay.
fn asked_twice(world: &World) -> (Report, usize, usize) {
    let folder = capture_of(world);
    let target = task_id(world, "signing-linux64");
    let request = request(Targets::These(vec![target]));
    let replay = |case: &CaseFile| {
        let mut case = Case::open(&case.path, Access::Keep).unwrap();
        let report = cotrace::replay::replay(&mut case, &request, cotrace::replay::SILENT).unwrap().report;
        assert_eq!(verify_indexes(&case).unwrap(), []);
        report
    };
    let case = CaseFile::of(&[folder.path()]);
    let digest = Digest::of(world.read(&world.artifact_path("decision", GRAPH).unwrap()).unwrap());
    let count = |case: &CaseFile| {
        let digest = hex::encode(digest.bytes());
        case.number(&format!("SELECT count(*) FROM entry_index WHERE lower(hex(sha256)) = '{digest}'")) as usize
    };
    let imported = count(&case);
    let report = replay(&case);
    let old = CaseFile::of(&[folder.path()]);
    as_version_1(&old);
    assert_eq!(replay(&old), report);
    (report, imported, count(&old))
}

#[test]
fn graphs_that_can_not_be_indexed_are_told_as_ever() {
    let world = nightly_2026();
    let graph = world.read(&world.artifact_path("decision", GRAPH).unwrap()).unwrap().to_vec();
    let has = |report: &Report, code: Code| report.findings.iter().any(|finding| finding.code == code);
    let cut = &graph[..graph.len() - 1];
    let marked = ["\u{feff}".as_bytes(), &graph].concat();
    for broken in [b"[]".as_slice(), b"", b"null", cut, &marked, b"{\"a\":1,}", b"\xff"] {
        let (report, imported, derived) = asked_twice(&with_graph(broken));
        assert_ne!(only_target(&report).verdict, Verdict::Verified);
        assert!(has(&report, Code::GraphMalformed), "{broken:?}");
        assert_eq!((imported, derived), (0, 1));
    }
    let (report, imported, derived) = asked_twice(&with_graph(b" {\n} "));
    assert!(has(&report, Code::TaskNotInGraph));
    assert_eq!((imported, derived), (1, 1));
    // The same task twice: the last entry counts, and it is told.
    let entry = KeyIndex::of(&graph).find(world.task_id("signing-linux64").unwrap()).unwrap();
    let entry = String::from_utf8(graph[entry.range].to_vec()).unwrap();
    let open = String::from_utf8(cut.to_vec()).unwrap();
    let id = world.task_id("signing-linux64").unwrap();
    for (last, verdict) in [(entry.as_str(), Verdict::Verified), ("{}", Verdict::Refuted)] {
        let (report, ..) = asked_twice(&with_graph(format!("{},\"{id}\":{last}}}", open.trim_end()).as_bytes()));
        assert_eq!(only_target(&report).verdict, verdict, "{}", only_target(&report).headline);
        assert!(has(&report, Code::DocumentAmbiguous));
    }
}

/// Larger than any real one: a million entries, and one of 100 MB.
#[test]
fn graphs_of_monstrous_size_are_judged() {
    let world = nightly_2026();
    let graph = world.read(&world.artifact_path("decision", GRAPH).unwrap()).unwrap().to_vec();
    let open = String::from_utf8(graph[..graph.len() - 1].to_vec()).unwrap();
    let open = open.trim_end();
    let many: String = (0..1_000_000).map(|number| format!(",\"x{number:06}\":{{}}")).collect();
    let (report, imported, derived) = asked_twice(&with_graph(format!("{open}{many}}}").as_bytes()));
    assert_eq!(only_target(&report).verdict, Verdict::Verified, "{}", only_target(&report).headline);
    assert_eq!((imported, derived), (1, 1));
    // The import holds no entry of this size; who reads the graph whole indexes it.
    let long = json!({ "label": "long", "text": "x".repeat(100_000_000) });
    let (report, imported, derived) = asked_twice(&with_graph(format!("{open},\"long\":{long}}}").as_bytes()));
    assert_eq!(only_target(&report).verdict, Verdict::Verified, "{}", only_target(&report).headline);
    assert_eq!((imported, derived), (0, 1));
}

/// Entries in an order of their own give the verdicts of those in taskgraph's, for one task and for all at once.
#[test]
fn the_order_of_entries_does_not_matter() {
    let world = nightly_2026();
    let graph = world.read(&world.artifact_path("decision", GRAPH).unwrap()).unwrap().to_vec();
    let index = KeyIndex::of(&graph);
    let entry = |id: &str| String::from_utf8(graph[index.find(id).unwrap().range].to_vec()).unwrap();
    let mut entries: Vec<String> = index.keys().map(|id| format!("\"{id}\":{}", entry(id))).collect();
    let verdicts = |entries: &[String]| {
        let graph = format!("{{{}}}", entries.join(","));
        let mut world = with_graph(graph.as_bytes());
        // So many tasks that all are examined in one go.
        for number in 0..80 {
            world.put(&format!("tasks/A{number:02}AAAAAAAAAAAAAAAAAAA/definition.json"), "{}");
        }
        let replay = |targets: Targets| {
            let mut case = TempCase::new();
            case.import(&world, true, KeepArtifacts::Evidence);
            let report = case.replay(&request(targets));
            let told = |target: &cotrace::model::TargetReport| (target.task_id, target.verdict);
            report.targets.iter().map(told).collect::<Vec<_>>()
        };
        let all = replay(Targets::All);
        let one = replay(Targets::These(vec![task_id(&world, "signing-linux64")]));
        assert!(all.contains(&one[0]));
        (KeyIndex::of(graph.as_bytes()).is_in_order(), all)
    };
    let (is_in_order, sorted) = verdicts(&entries);
    assert!(
        is_in_order && sorted.iter().filter(|(_, verdict)| *verdict == Verdict::Verified).count() > 5,
        "{sorted:?}"
    );
    entries.reverse();
    assert_eq!(verdicts(&entries), (false, sorted));
}
