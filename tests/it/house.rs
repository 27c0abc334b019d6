//! The rules of the house: which module may use which, what each code, column and dependency must say of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use cotrace::model::Code;
use rusqlite::Connection;

use crate::program::{CaseFile, files, root, sample};

/// Which modules each module may use.
const EDGES: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("formats", &[]),
    ("rules", &["model"]),
    ("trust", &["model"]),
    ("chain", &["model", "rules"]),
    ("examine", &["model", "formats"]),
    ("judge", &["model", "formats", "rules", "trust", "chain"]),
    ("insight", &["model", "formats", "rules", "chain"]),
    ("store", &["model"]),
    ("import", &["model", "formats", "store"]),
    ("replay", &["model", "examine", "chain", "rules", "trust", "judge", "insight", "store"]),
    ("export", &["model", "insight"]),
    ("tui", &["model", "formats", "rules", "trust", "judge", "insight", "store", "replay"]),
    (
        "cli",
        &[
            "model", "formats", "rules", "trust", "chain", "examine", "judge", "insight", "store", "import", "replay",
            "export", "tui",
        ],
    ),
];

/// Modules that take values and return values.
const PURE: &[&str] = &["model", "formats", "rules", "trust", "chain", "examine", "judge", "insight"];

/// What no pure module names.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::process",
    "std::net",
    "std::env",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "std::thread",
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "print!(",
    "println!(",
    "eprint!(",
    "eprintln!(",
    "rusqlite",
    "getrandom",
];

/// Where certain crates may be named, and nowhere else.
const HOMES: &[(&str, &[&str])] = &[
    ("rusqlite", &["store"]),
    ("zstd", &["store", "import"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("anyhow", &["cli"]),
    ("anstream", &["cli"]),
    ("indicatif", &["cli"]),
    ("sequoia_openpgp", &["examine"]),
    ("ed25519_dalek", &["examine"]),
    ("rayon", &["import", "judge", "replay", "tui"]),
    ("ratatui", &["tui"]),
    ("nucleo_matcher", &["tui"]),
    ("rustix", &["tui"]),
];

/// The longest that a function may be.
const FUNCTION_LINES_MAX: usize = 70;

/// One file of `src/`.
struct Source {
    /// Its path below the package.
    path: String,
    /// The module of the first level that it belongs to; `lib` and `main` for those two files.
    module: String,
    /// How many modules it lies below the crate.
    depth: usize,
    /// Its text without its tests.
    text: String,
}

impl Source {
    /// Its lines that are no comments.
    fn code(&self) -> impl Iterator<Item = &str> {
        self.text.lines().filter(|line| !line.trim_start().starts_with("//"))
    }
}

fn sources() -> Vec<Source> {
    let found: Vec<Source> = files(&root().join("src"))
        .into_iter()
        .filter(|(name, _)| name.ends_with(".rs"))
        .map(|(name, path)| {
            let stem = name.trim_end_matches(".rs");
            let parts: Vec<&str> = stem.split('/').filter(|part| *part != "mod").collect();
            let text = fs::read_to_string(&path).unwrap();
            let text = match text.split_once("\n#[cfg(test)]\nmod tests {") {
                Some((before, _)) => before.to_owned(),
                None => text,
            };
            Source { module: parts[0].to_owned(), depth: parts.len(), path: format!("src/{name}"), text }
        })
        .collect();
    assert!(found.len() > 50, "the sources were not found");
    found
}

/// The modules that follow `crate::` in a text: one, or those of a braced list.
fn modules_used(text: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '$') {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        if !rest.starts_with('{') {
            used.insert(word(rest));
            continue;
        }
        let mut depth = 0;
        let mut begins = false;
        for (at, character) in rest.char_indices() {
            match character {
                '{' => (depth, begins) = (depth + 1, depth == 0),
                '}' => depth -= 1,
                ',' => begins = depth == 1,
                c if c.is_whitespace() => {}
                _ if begins => {
                    used.insert(word(&rest[at..]));
                    begins = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    used
}

#[test]
fn the_reader_of_use_lines_reads_them() {
    let text = "use crate::model::A;\nuse crate::{\n    chain::{B, self},\n    rules,\n};\nlet x = crate::store::y(my_crate::z);";
    let used: Vec<String> = modules_used(text).into_iter().collect();
    assert_eq!(used, ["chain", "model", "rules", "store"]);
}

#[test]
fn modules_use_only_what_lies_below_them() {
    let edges: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for source in sources() {
        if matches!(source.module.as_str(), "lib" | "main") {
            continue;
        }
        seen.insert(source.module.clone());
        let Some(allowed) = edges.get(source.module.as_str()) else {
            wrong.push(format!("{}: the module {} is in no table", source.path, source.module));
            continue;
        };
        let code: String = source.code().collect::<Vec<_>>().join("\n");
        for used in modules_used(&code) {
            if used != source.module && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{}: {} may not use {used}", source.path, source.module));
            }
        }
        // As many `super::` as the file has modules above it would lead out of its own.
        if code.contains(&"super::".repeat(source.depth)) {
            wrong.push(format!("{}: leaves its module through super::", source.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let known: BTreeSet<String> = EDGES.iter().map(|(module, _)| (*module).to_owned()).collect();
    assert_eq!(seen, known, "the table names modules that are not there");
}

/// From a judge to the formats there are two ways: file name patterns and addresses, which are no hostile documents.
#[test]
fn judges_use_no_format_but_patterns_and_addresses() {
    for source in sources().iter().filter(|source| source.module == "judge") {
        for line in source.code().filter(|line| line.contains("formats")) {
            assert!(line.contains("formats::fnmatch") || line.contains("formats::url"), "{}: {line}", source.path);
        }
    }
}

#[test]
fn pure_modules_ask_nothing() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| PURE.contains(&source.module.as_str())) {
        for line in source.code() {
            let named = IMPURE.iter().filter(|name| line.contains(**name));
            wrong.extend(named.map(|name| format!("{}: {name}: {}", source.path, line.trim())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn some_crates_are_named_in_one_place_only() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (name, homes) in HOMES.iter().filter(|(_, homes)| !homes.contains(&source.module.as_str())) {
            let named = source.code().any(|line| {
                line.match_indices(name).any(|(at, _)| {
                    let is_part = |c: char| c.is_alphanumeric() || c == '_';
                    !line[..at].ends_with(is_part) && line[at + name.len()..].starts_with("::")
                })
            });
            if named {
                wrong.push(format!("{}: {name} belongs to {homes:?}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_source_file_says_what_it_is() {
    for source in sources() {
        assert!(source.text.starts_with("//! "), "{} has no header", source.path);
    }
}

#[test]
fn functions_are_short() {
    let mut wrong = Vec::new();
    for source in sources() {
        let lines: Vec<&str> = source.text.lines().collect();
        for (from, line) in lines.iter().enumerate().filter(|(_, line)| is_function(line)) {
            let indent = &line[..line.len() - line.trim_start().len()];
            let end = format!("{indent}}}");
            let length = lines[from..].iter().position(|line| *line == end).map_or(1, |to| to + 1);
            if length > FUNCTION_LINES_MAX {
                wrong.push(format!("{}:{}: {length} lines: {}", source.path, from + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a line begins a function with a body.
fn is_function(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let before = words.iter().position(|word| *word == "fn");
    let qualifies = |word: &&str| word.starts_with("pub") || matches!(*word, "const" | "async" | "super)" | "crate)");
    before.is_some_and(|at| words[..at].iter().all(qualifies)) && !line.ends_with(';') && !line.ends_with('}')
}

#[test]
fn every_finding_code_has_its_page_and_every_page_its_code() {
    const SECTIONS: [&str; 4] =
        ["## What it means for the verdict", "## How it comes about", "## Who checks it", "## Confirm it by hand"];
    let pages = files(&root().join("docs/findings"));
    let mut wrong = Vec::new();
    for code in Code::ALL {
        let Some(path) = pages.get(&format!("{code}.md")) else {
            wrong.push(format!("{code} has no page"));
            continue;
        };
        let text = fs::read_to_string(path).unwrap();
        if text.lines().next() != Some(&format!("# {code}")) {
            wrong.push(format!("{code}.md does not begin with its code"));
        }
        let headings: Vec<&str> = text.lines().filter(|line| line.starts_with("## ")).collect();
        if headings.iter().filter(|heading| SECTIONS.contains(*heading)).copied().collect::<Vec<_>>() != SECTIONS {
            wrong.push(format!("{code}.md lacks a section, or has them in another order: {headings:?}"));
        }
        for section in SECTIONS {
            let body = text.split_once(section).map_or("", |(_, rest)| rest).split("\n## ").next().unwrap_or_default();
            if body.trim().len() < 20 {
                wrong.push(format!("{code}.md says nothing under {section}"));
            }
        }
    }
    for page in pages.keys() {
        let id = page.trim_end_matches(".md");
        if id.parse::<Code>().is_err() && id != "README" {
            wrong.push(format!("docs/findings/{page} is of no code"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// SQL as one line, without comments.
fn normalised(sql: &str) -> String {
    let stripped: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    let words = stripped.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    words.replace("( ", "(").replace(" )", ")")
}

fn schema_of(connection: &Connection) -> BTreeMap<String, String> {
    let mut statement = connection.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, normalised(&row.get::<_, String>(1)?)))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn the_documented_schema_is_what_the_migrations_make() {
    let documented = fs::read_to_string(root().join("schema/case/schema.sql")).expect("schema/case/schema.sql");
    let fresh = Connection::open_in_memory().unwrap();
    fresh.execute_batch(&documented).unwrap();
    let case = CaseFile::of(&[sample("nightly-2026")]);
    let (documented, made) = (schema_of(&fresh), schema_of(&case.sqlite()));
    for (name, sql) in &made {
        assert_eq!(documented.get(name), Some(sql), "{name}");
    }
    assert_eq!(documented.len(), made.len(), "schema.sql has more than the migrations make");
}

#[test]
fn the_documented_schema_explains_every_table_and_column() {
    let documented = fs::read_to_string(root().join("schema/case/schema.sql")).expect("schema/case/schema.sql");
    let mut table = None;
    let mut columns = 0;
    let mut wrong = Vec::new();
    let mut before = "";
    for line in documented.lines() {
        let is_explained = line.contains("--") || before.trim_start().starts_with("--");
        if let Some(name) = line.strip_prefix("CREATE TABLE ").or_else(|| line.strip_prefix("CREATE VIEW ")) {
            table = line.starts_with("CREATE TABLE").then_some(name);
            if !is_explained {
                wrong.push(format!("{line}: nothing says what it is"));
            }
        } else if line.starts_with(')') || line.trim_end().ends_with(';') {
            table = None;
        } else if let Some(table) = table
            && line.trim_start().starts_with(|c: char| c.is_ascii_lowercase())
        {
            columns += 1;
            if !is_explained {
                wrong.push(format!("{table} {line}: nothing says what it is"));
            }
        }
        before = line;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(columns > 80, "only {columns} columns were found");
}

/// The Markdown files of the repository that are for readers.
fn pages() -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for name in ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "generator/README.md"] {
        if let Ok(text) = fs::read_to_string(root().join(name)) {
            pages.push((name.to_owned(), text));
        }
    }
    for (name, path) in files(&root().join("docs")) {
        if name.ends_with(".md") {
            pages.push((format!("docs/{name}"), fs::read_to_string(path).unwrap()));
        }
    }
    pages
}

#[test]
fn nothing_names_places_of_development() {
    // In two parts, so that this file does not name them either.
    let places = [["/wo", "rk/"], ["/tmp/", "orc"], ["/root", "/"], ["/home/", "runner"]].map(|parts| parts.concat());
    let mut texts = pages();
    for folder in ["src", "tests", "schema", "generator", "snapshots"] {
        for (name, path) in files(&root().join(folder)) {
            if let Ok(text) = fs::read_to_string(&path) {
                texts.push((format!("{folder}/{name}"), text));
            }
        }
    }
    for name in ["Cargo.toml", "clippy.toml"] {
        texts.push((name.to_owned(), fs::read_to_string(root().join(name)).unwrap()));
    }
    let mut wrong = Vec::new();
    for (name, text) in &texts {
        for (number, line) in text.lines().enumerate() {
            // At the start of a path only: a relative folder of that name is none of ours.
            let named = places.iter().filter(|place| {
                line.match_indices(place.as_str())
                    .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-')))
            });
            wrong.extend(named.map(|place| format!("{name}:{}: {place}", number + 1)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A dependency is explained by a comment above it, or above a neighbour that it shares its first letters with; one
/// that is taken from the workspace is explained there.
#[test]
fn every_dependency_has_its_reason() {
    let mut wrong = Vec::new();
    let mut dependencies = 0;
    for manifest in ["Cargo.toml", "generator/Cargo.toml"] {
        let text = fs::read_to_string(root().join(manifest)).unwrap();
        let mut in_table = false;
        let mut explained: Option<&str> = None;
        let mut has_comment = false;
        for line in text.lines() {
            if line.starts_with('[') {
                in_table = line.trim_matches(['[', ']']).ends_with("dependencies");
                (explained, has_comment) = (None, false);
            } else if line.starts_with('#') {
                has_comment = true;
            } else if in_table && let Some((name, _)) = line.split_once([' ', '=']) {
                dependencies += 1;
                let name = name.split('.').next().unwrap_or(name);
                let shares = explained.is_some_and(|first| first.get(..4) == name.get(..4));
                if has_comment {
                    explained = Some(name);
                } else if !shares && !line.contains("workspace = true") {
                    wrong.push(format!("{manifest}: {name}: nothing says what it is for"));
                }
                has_comment = false;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(dependencies > 20, "only {dependencies} dependencies were found");
}

/// The blocks of a Markdown text that are fenced as one of these languages.
pub(crate) fn fenced(text: &str, languages: &[&str]) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<(bool, String)> = None;
    for line in text.lines() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some((languages.contains(&language.trim()), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take().filter(|(wanted, _)| *wanted).map(|(_, block)| block)),
            (None, Some((_, block))) => *block += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    blocks
}

#[test]
fn the_queries_of_the_handbook_run() {
    let page = root().join("docs/case-file.md");
    let Ok(text) = fs::read_to_string(&page) else {
        crate::program::skip("there is no docs/case-file.md");
        return;
    };
    let case = CaseFile::of(&[sample("nightly-2026"), sample("nightly-2017")]);
    case.run(["replay", "--all"]).exits(11);
    case.run(["replay", "--all", "--as-of", "2016-01-01"]);
    let connection = case.sqlite();
    let blocks = fenced(&text, &["sql"]);
    assert!(!blocks.is_empty(), "the page has no queries");
    for block in blocks {
        for statement in block.split_inclusive(';').filter(|statement| !normalised(statement).is_empty()) {
            run_query(&connection, statement);
        }
    }
}

/// Runs a query to its last row.
fn run_query(connection: &Connection, sql: &str) {
    let mut statement = connection.prepare(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    let given: Vec<Option<&str>> = vec![None; statement.parameter_count()];
    let mut rows = statement.query(rusqlite::params_from_iter(given)).unwrap();
    while rows.next().unwrap_or_else(|error| panic!("{error}\n{sql}")).is_some() {}
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut wrong = Vec::new();
    for (name, text) in pages() {
        let folder = Path::new(&name).parent().unwrap();
        for (at, _) in text.match_indices("](") {
            let link = text[at + 2..].split([')', ' ', '#']).next().unwrap_or_default();
            let is_elsewhere = link.is_empty() || link.contains("://") || link.starts_with("mailto:");
            if !is_elsewhere && !root().join(folder).join(link).exists() {
                wrong.push(format!("{name}: {link} is not there"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
