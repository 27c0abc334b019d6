//! scriptworker's own repository: which ed25519 keys its releases list, and what that makes of them.

use cotrace::model::{Basis, Code, EpochEvent, KeyEpoch, KeyReleases, KeyReport};
use cotrace::trust::{LedgerFile, release_epochs};
use cotrace_generator::World;

use crate::keys::report;
use crate::program::{CaseFile, root, skip};
use crate::repository::{By, DAY, Repository};

const PATH: &str = "src/scriptworker/constants.py";

/// A key of nobody's, by number: the public half of a seed.
fn key(number: u8) -> String {
    use base64::Engine as _;
    let key = ed25519_dalek::SigningKey::from_bytes(&[number; 32]).verifying_key();
    base64::engine::general_purpose::STANDARD.encode(key.as_bytes())
}

/// The file as a release had it.
fn constants(keys: &[u8]) -> String {
    let keys: String = keys.iter().map(|number| format!("            \"{}\",  # a key\n", key(*number))).collect();
    format!(
        "import os\n\nDEFAULT_CONFIG: immutabledict[str, Any] = immutabledict(\n    {{\n        \"x\": 60 * 2,\n        \
         \"ed25519_public_keys\": immutabledict({{\"test-worker\": tuple([\n{keys}        ])}}),\n    }}\n)\n"
    )
}

/// Releases with these lists, a day apart, each with who signs its tag.
pub(crate) fn released(releases: &[(&str, &str, By)]) -> World {
    let mut repository = Repository::default();
    let mut parent: Option<String> = None;
    for (index, (name, source, by)) in releases.iter().enumerate() {
        let at = DAY + 86_400 * i64::try_from(index).unwrap();
        let tree = repository.tree(&[(PATH, source.as_bytes()), ("src/scriptworker/other.py", b""), ("README", b"")]);
        let parents: Vec<&str> = parent.as_deref().into_iter().collect();
        let commit = repository.commit(&tree, &parents, at, By::Nobody);
        repository.tag(name, "commit", &commit, at + 60, *by);
        parent = Some(commit);
    }
    repository.head(&parent.unwrap());
    repository.world()
}

/// A repository whose only key the shipped ledger does not know, and one without a key.
pub(crate) fn with_another_key(keys: &[u8]) -> (World, bool) {
    (released(&[("30.0.0", &constants(keys), By::Signer)]), true)
}

/// The epochs of the role that only the repository knows.
fn epochs(report: &KeyReport) -> Vec<&KeyEpoch> {
    let all = report.keys.iter().flat_map(|story| &story.epochs);
    let mut found: Vec<&KeyEpoch> = all.filter(|epoch| epoch.role.as_str() == "test-worker").collect();
    found.sort_by_key(|epoch| epoch.from);
    found
}

fn incomplete(report: &KeyReport, words: &str) -> bool {
    let told = |finding: &cotrace::model::Finding| finding.message.contains(words);
    report.findings.iter().any(|finding| finding.code == Code::KeyRepositoryIncomplete && told(finding))
}

#[test]
fn a_key_counts_from_the_first_release_that_lists_it_to_the_first_that_does_not() {
    let (first, second, third) = (constants(&[1]), constants(&[1, 2]), constants(&[2]));
    let world =
        released(&[("30.0.0", &first, By::Signer), ("30.0.1", &second, By::Signer), ("31.0.0", &third, By::Signer)]);
    let report = report(&world, true);
    let found = epochs(&report);
    let day = |number: i64| cotrace::model::Moment::from_unix(DAY + 86_400 * number);
    let told: Vec<_> = found.iter().map(|epoch| (epoch.key.public_key().unwrap(), epoch.from, epoch.until)).collect();
    assert_eq!(told, [(&*key(1), day(0), day(2)), (&*key(2), day(1), None)]);
    assert!(found.iter().all(|epoch| epoch.basis == Some(Basis::Repository)));
    let ended = found[0].ended.as_ref().unwrap();
    assert_eq!((ended.release.as_deref(), ended.landed_at), (Some("31.0.0"), day(2)));
    assert!(found[1].source.contains(&format!("{PATH}:8 of 30.0.1")), "{}", found[1].source);
}

#[test]
fn releases_whose_tags_nobody_trusted_signed_are_somebodys_word() {
    for by in [By::Nobody, By::Forger] {
        let world = released(&[("30.0.0", &constants(&[1]), by)]);
        let accepted = report(&world, true);
        let found = epochs(&accepted);
        assert_eq!(found[0].basis, Some(Basis::Operator));
        assert!(found[0].source.contains("not authenticated"), "{}", found[0].source);
        assert_eq!(epochs(&report(&world, false))[0].basis, None);
    }
}

#[test]
fn what_is_no_plain_list_gives_no_key_and_is_told() {
    let good = constants(&[1]);
    for (source, words) in [
        (good.replace("tuple([", "tuple(OTHERS + ["), "no plain dictionary of lists"),
        (good.replace("immutabledict(\n", "make(\n"), "no plain dictionary"),
        (good.clone() + "DEFAULT_CONFIG = {}\n", "used again"),
        (good.replace('"', "'''"), ""),
        (good.replace(&key(1), "TBD"), "can't be used"),
        (good.replace(&key(1), &"A".repeat(43)), "can't be used"),
        ("[".repeat(1 << 20), "too many words"),
        (format!("DEFAULT_CONFIG = {}", "[".repeat(200)), "nested too deeply"),
        (String::new(), "nothing is assigned"),
        ("\u{0}\u{1}".to_owned(), "nothing is assigned"),
    ] {
        let report = report(&released(&[("30.0.0", &source, By::Signer)]), true);
        if words.is_empty() {
            assert_eq!(epochs(&report).len(), 1, "{:#?}", report.findings);
        } else {
            assert!(epochs(&report).is_empty(), "{words}");
            assert!(incomplete(&report, words), "{words}: {:#?}", report.findings);
        }
    }
}

#[test]
fn odd_repositories_are_told_and_stop_nothing() {
    let source = constants(&[1]);
    let mut repository = Repository::default();
    let tree = repository.tree(&[(PATH, source.as_bytes())]);
    let folder = repository.tree(&[(&format!("{PATH}/x.py"), b"")]);
    let parents: Vec<String> = (0..3).map(|number| repository.commit(&tree, &[], DAY + number, By::Nobody)).collect();
    let parents: Vec<&str> = parents.iter().map(String::as_str).collect();
    let octopus = repository.commit(&tree, &parents, DAY + 10, By::Nobody);
    let of_folder = repository.commit(&folder, &[&octopus], DAY + 20, By::Nobody);
    repository.tag("30.0.0", "commit", &octopus, DAY + 30, By::Signer);
    repository.tag("30.0.1", "commit", &of_folder, DAY + 30, By::Signer);
    repository.tag("30.0.2", "tree", &tree, DAY + 30, By::Signer);
    repository.tag("not-a-release", "commit", &octopus, DAY + 30, By::Signer);
    // A sound tag in another one's place.
    let sound = repository.files["refs/tags/30.0.0"].clone();
    repository.files.insert("refs/tags/99.0.0".to_owned(), sound);
    repository.files.insert("shallow".to_owned(), format!("{}\n", parents[0]).into_bytes());
    repository.head(&of_folder);
    let report = report(&repository.world(), true);
    for words in ["is no file", "points to no commit", "calls itself \"30.0.0\"", "is shallow"] {
        assert!(incomplete(&report, words), "{words}: {:#?}", report.findings);
    }
    let bases: Vec<_> = epochs(&report).iter().map(|epoch| epoch.basis).collect();
    assert_eq!(bases, [Some(Basis::Repository)], "{:#?}", epochs(&report));
}

#[test]
fn a_list_of_a_hundred_megabytes_is_set_aside() {
    let mut source = constants(&[1]);
    source.push_str(&"#".repeat(100 << 20));
    let report = report(&released(&[("30.0.0", &source, By::Signer)]), true);
    assert!(epochs(&report).is_empty());
    assert!(incomplete(&report, "is missing or is no file"), "{:#?}", report.findings);
}

/// The ledger that ships is what scriptworker's repository comes to, where somebody has it. Where it is not, what it
/// should be is written to `target/scriptworker-ed25519.json`.
#[test]
fn the_shipped_ledger_is_what_the_real_repository_comes_to() {
    let Some(repository) = std::env::var_os("COTRACE_SCRIPTWORKER") else {
        skip("there is no repository of scriptworker (COTRACE_SCRIPTWORKER)");
        return;
    };
    let case = CaseFile::empty();
    case.run(["keys", "import", repository.to_str().unwrap(), "--operator", "T"]).exits(0);
    let audit = case.run(["keys", "audit", "--format", "json"]).exits(0).text();
    assert!(!audit.contains("key-ledger-contradicted"), "{audit}");
    let sql = "SELECT value FROM fact WHERE kind = 'key-releases'";
    let lists: String = case.sqlite().query_row(sql, [], |row| row.get(0)).unwrap();
    let lists: KeyReleases = serde_json::from_str(&lists).unwrap();
    let shipped = std::fs::read_to_string(root().join("src/trust/ledgers/scriptworker-ed25519.json")).unwrap();
    let ledger = LedgerFile::read("shipped", &shipped).unwrap();
    let known = |moment: &cotrace::model::Moment| ledger.known_until.is_none_or(|known| *moment < known);
    // What was released since the ledger was read is no difference.
    let epochs = release_epochs(&lists, "", &[], Some(Basis::Operator))
        .into_iter()
        .filter(|epoch| epoch.from.as_ref().is_none_or(known));
    let rows: Vec<String> = epochs.map(|epoch| row(&epoch, epoch.until.as_ref().is_none_or(known))).collect();
    let (head, _) = shipped.split_once("  \"epochs\": [\n").unwrap();
    let made = format!("{head}  \"epochs\": [\n{}\n  ]\n}}\n", rows.join(",\n"));
    if made != shipped {
        std::fs::create_dir_all(root().join("target")).unwrap();
        std::fs::write(root().join("target/scriptworker-ed25519.json"), made).unwrap();
        panic!("the ledger that ships differs from what target/scriptworker-ed25519.json now has");
    }
}

/// A row of the ledger that ships, as that file has it.
fn row(epoch: &KeyEpoch, is_end_known: bool) -> String {
    let event = |event: &EpochEvent| {
        let fields = serde_json::to_value(event).unwrap();
        let order = ["release", "releasedAt", "commit", "committedAt", "landedAt", "who", "why"];
        let told = order.iter().filter(|name| !fields[**name].is_null());
        let told: Vec<String> = told.map(|name| format!("\"{name}\": {}", fields[*name])).collect();
        format!("{{{}}}", told.join(", "))
    };
    let until = epoch.until.filter(|_| is_end_known).map_or_else(|| "null".to_owned(), |until| format!("\"{until}\""));
    format!(
        "    {{\"role\": \"{}\", \"key\": \"{}\", \"from\": \"{}\", \"until\": {until}, \"began\": {}, \"ended\": {}}}",
        epoch.role,
        epoch.key,
        epoch.from.unwrap(),
        event(epoch.began.as_ref().unwrap()),
        epoch.ended.as_ref().filter(|_| is_end_known).map_or_else(|| "null".to_owned(), event)
    )
}
