//! Where rule books come from: cotrace's own, one for each release of scriptworker, and files of a user's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::book::{RuleBook, Switches, Unchecked};
use super::product::VcsRule;
use super::releases::{Span, latest, releases};
use super::tables::Tables;
use crate::model::{Digest, Release};

/// The version of the format of rule books.
const RULE_BOOK_VERSION: u32 = 1;

/// cotrace's own rule book: what signatures alone can say.
const SIGNATURES: &str = include_str!("signatures.json");

/// How each release verifies: what changed, and with which release.
const SWITCHES: &str = include_str!("switches.json");

/// The value of a switch from a release on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    since: Release,
    value: Value,
    /// Where it was read: functions of scriptworker's.
    #[serde(rename = "source")]
    _source: String,
}

/// Switches by name, each with its changes in their order.
type Changes = BTreeMap<String, Vec<Change>>;

/// How each release verifies.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct History {
    /// The releases whose code was read in full. Of the others it is known what is told here: each change was looked for at
    /// every tag.
    read_in_full: Vec<Release>,
    graph_ignored_keys: BTreeMap<String, String>,
    switches: Changes,
    /// The parts of the switch `rebuild`.
    rebuild: Changes,
    /// The parts of its `contexts`.
    contexts: Changes,
    approximate: Vec<Approximation>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Approximation {
    what: String,
    message: String,
    releases: String,
}

static HISTORY: LazyLock<Result<History, String>> =
    LazyLock::new(|| serde_json::from_str(SWITCHES).map_err(|error| error.to_string()));

impl History {
    /// The switches of a release.
    fn switches(&self, release: &Release) -> Result<Switches, String> {
        let mut switches = at(&self.switches, release);
        let mut rebuild = at(&self.rebuild, release);
        if rebuild.get("how").and_then(Value::as_str) == Some("from-the-tree") {
            rebuild.insert("contexts".to_owned(), Value::Object(at(&self.contexts, release)));
        } else {
            rebuild.retain(|name, _| name == "how");
        }
        switches.insert("rebuild".to_owned(), Value::Object(rebuild));
        serde_json::from_value(Value::Object(switches)).map_err(|error| error.to_string())
    }
}

/// The values that switches have at a release.
fn at(changes: &Changes, release: &Release) -> serde_json::Map<String, Value> {
    let now = changes.iter().filter_map(|(name, changes)| {
        let change = changes.iter().rev().find(|change| change.since <= *release)?;
        Some((name.clone(), change.value.clone()))
    });
    now.collect()
}

/// A rule book could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleBookError {
    /// There is none of that name.
    #[error(
        "there is no rule book {id}; there are: signatures, latest, and each release of scriptworker from {} on, such as \
         12.0.0 or scriptworker-12.0.0 (cotrace rules list)",
        releases().first().map(|known| known.release.to_string()).unwrap_or_default()
    )]
    Unknown {
        /// The name asked for.
        id: String,
    },
    /// It is broken.
    #[error("the rule book {0} can't be read: {1}")]
    Malformed(String, String),
}

impl RuleBook {
    /// Every task type that any release knew.
    pub fn task_types_ever() -> BTreeSet<String> {
        super::tables::task_types_ever()
    }

    /// Every rule of version control that any release had, of all products.
    pub fn vcs_rules_ever() -> Vec<VcsRule> {
        super::tables::vcs_rules_ever()
    }

    /// The releases whose code was read in full, the oldest first.
    pub fn read_in_full() -> Vec<Release> {
        HISTORY.as_ref().map(|history| history.read_in_full.clone()).unwrap_or_default()
    }

    /// A rule book that cotrace ships: `signatures`, `latest`, or that of a release, with or without `scriptworker-` in
    /// front.
    ///
    /// # Errors
    ///
    /// If there is none of that name; if what is shipped is broken.
    pub fn named(id: &str) -> Result<Self, RuleBookError> {
        if id == "signatures" {
            return read(id, SIGNATURES);
        }
        let unknown = || RuleBookError::Unknown { id: id.to_owned() };
        let release = match id {
            "latest" => latest().cloned().ok_or_else(unknown)?,
            id => id.strip_prefix("scriptworker-").unwrap_or(id).parse().map_err(|_| unknown())?,
        };
        Self::of_release(&release).ok_or_else(unknown)?
    }

    /// The rule book of a release; `None` where that is before the first or after the last one known.
    pub fn of_release(release: &Release) -> Option<Result<Self, RuleBookError>> {
        let (first, last) = (releases().first()?, releases().last()?);
        if *release < first.release || *release > last.release {
            return None;
        }
        let id = format!("scriptworker-{release}");
        let broken = |why: String| RuleBookError::Malformed(id.clone(), why);
        Some(HISTORY.clone().and_then(|history| assemble(release, &id, &history)).map_err(broken))
    }

    /// Reads a rule book of a user's: a whole one, or one that says with `base` on which other one it rests, and beside
    /// that only what differs, as a JSON merge patch (RFC 7396).
    ///
    /// # Errors
    ///
    /// If it is none.
    pub fn of_file(name: &str, text: &str) -> Result<Self, RuleBookError> {
        let broken = |why: String| RuleBookError::Malformed(name.to_owned(), why);
        let mut own: Value = serde_json::from_str(text).map_err(|error| broken(error.to_string()))?;
        let base = own.as_object_mut().and_then(|own| own.remove("base"));
        let whole = match base {
            None => own,
            Some(Value::String(base)) => {
                let base = Self::named(&base)?;
                let mut whole = serde_json::to_value(&base).map_err(|error| broken(error.to_string()))?;
                // What names the base is not the file's: nobody may take these rules for those of a release.
                if let Some(whole) = whole.as_object_mut() {
                    whole.insert("description".to_owned(), format!("rules of {name}, upon {}", base.id).into());
                    whole.remove("id");
                    whole.remove("readInFull");
                }
                merge(&mut whole, own);
                whole
            }
            Some(_) => return Err(broken("its base is no name of a rule book that ships".to_owned())),
        };
        let book = read(name, &whole.to_string())?;
        let is_shipped = Self::named(&book.id).is_ok_and(|shipped| shipped.digest != book.digest);
        if is_shipped {
            return Err(broken(format!(
                "its id, {}, is that of a rule book that ships: give it one of its own",
                book.id
            )));
        }
        Ok(book)
    }

    /// The book as a file that [`RuleBook::of_file`] reads.
    pub fn to_file(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

fn read(name: &str, text: &str) -> Result<RuleBook, RuleBookError> {
    let broken = |why: String| RuleBookError::Malformed(name.to_owned(), why);
    let book: RuleBook = serde_json::from_str(text).map_err(|error| broken(error.to_string()))?;
    if book.rule_book_version != RULE_BOOK_VERSION {
        return Err(broken(format!("its version is not {RULE_BOOK_VERSION}")));
    }
    if let Some(why) = book.problem() {
        return Err(broken(why));
    }
    Ok(sealed(book))
}

/// A book with its digest.
fn sealed(mut book: RuleBook) -> RuleBook {
    book.digest = Digest::of(serde_json::to_string(&book).unwrap_or_default().as_bytes());
    book
}

fn assemble(release: &Release, id: &str, history: &History) -> Result<RuleBook, String> {
    let read = history.read_in_full.iter().rev().find(|read| *read <= release);
    let description = match read {
        Some(read) if read == release => format!("what scriptworker {release} checked"),
        Some(read) => format!(
            "what scriptworker {release} checked, as far as known: its tables, and the behaviour of {read}, the nearest \
             release before it that was read in full, with the changes that are known since"
        ),
        None => format!("what scriptworker {release} checked, as far as known: no release so early was read in full"),
    };
    let mut graph_ignored_keys = BTreeSet::new();
    for (key, releases) in &history.graph_ignored_keys {
        if Span::parse(releases)?.holds(release) {
            graph_ignored_keys.insert(key.clone());
        }
    }
    let mut approximate = Vec::new();
    for Approximation { what, message, releases } in &history.approximate {
        if Span::parse(releases)?.holds(release) {
            approximate.push(Unchecked { what: what.clone(), message: message.clone() });
        }
    }
    let tables = Tables::at(release)?;
    Ok(sealed(RuleBook {
        rule_book_version: RULE_BOOK_VERSION,
        id: id.to_owned(),
        description,
        read_in_full: read.cloned(),
        switches: history.switches(release)?,
        task_types: tables.task_types,
        scriptworker_provisioners: tables.scriptworker_provisioners,
        scriptworker_worker_types: tables.scriptworker_worker_types,
        max_chain_length: tables.max_chain_length,
        graph_ignored_keys,
        projects_url: tables.projects_url,
        pushlog_url: tables.pushlog_url,
        products: tables.products,
        not_checked: Vec::new(),
        approximate,
        digest: Digest::new([0; 32]),
    }))
}

/// Applies a JSON merge patch.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Some(target) = target.as_object_mut() else { return };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(&key);
        } else {
            merge(target.entry(key).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_release_has_a_rule_book_and_a_whole_one_can_be_read_back() {
        for known in releases() {
            let book = RuleBook::of_release(&known.release).unwrap().unwrap();
            assert_eq!(book.id, format!("scriptworker-{}", known.release));
            assert_eq!(book.products.values().find_map(|rules| rules.problem()), None, "{}", book.id);
            let again = RuleBook::of_file("again", &book.to_file()).unwrap();
            assert_eq!(again, book);
        }
    }

    #[test]
    fn books_have_several_names_and_unknown_ones_are_told() {
        assert_eq!(RuleBook::named("signatures").unwrap().id, "signatures");
        assert_eq!(RuleBook::named("5.1.4").unwrap(), RuleBook::named("scriptworker-5.1.4").unwrap());
        assert_eq!(RuleBook::named("latest").unwrap().id, "scriptworker-63.6.1");
        for id in ["", "0.9.0", "64.0.0", "scriptworker", "firefox"] {
            assert!(matches!(RuleBook::named(id), Err(RuleBookError::Unknown { .. })), "{id}");
        }
    }

    #[test]
    fn what_was_not_read_in_full_says_whose_behaviour_it_has() {
        let behaviour = |id: &str| RuleBook::named(id).unwrap().behaviour();
        assert_eq!(behaviour("22.0.0"), None);
        assert_eq!(behaviour("22.1.0").as_deref(), Some("behaviour as of 22.0.0"));
        assert_eq!(behaviour("1.0.0b5").as_deref(), Some("behaviour as far as known"));
        assert_eq!(behaviour("signatures"), None);
        let own = RuleBook::of_file("mine.json", r#"{"base": "22.1.0", "id": "scriptworker-99.0.0"}"#).unwrap();
        assert_eq!(own.behaviour(), None);
    }

    #[test]
    fn a_file_may_say_only_what_differs() {
        let nameless = RuleBook::of_file("mine.json", r#"{"base": "63.6.1"}"#);
        assert!(nameless.unwrap_err().to_string().contains("id"));
        let posing = RuleBook::of_file("mine.json", r#"{"base": "1.0.0b5", "id": "scriptworker-63.6.1"}"#);
        assert!(posing.unwrap_err().to_string().contains("that ships"));
        let text = r#"{"base": "63.6.1", "id": "mine", "maxChainLength": 3,
            "products": {"firefox": {"scopes": {"project:mine:*": "release"}}, "xpi": null}}"#;
        let book = RuleBook::of_file("mine.json", text).unwrap();
        assert_eq!((book.id.as_str(), book.max_chain_length), ("mine", 3));
        assert!(book.products["firefox"].scopes.len() > 10 && !book.products.contains_key("xpi"));
        assert_ne!(book.digest, RuleBook::named("latest").unwrap().digest);
        for text in [
            "",
            "{}",
            r#"{"base": 1}"#,
            r#"{"base": "0.1.0"}"#,
            r#"{"base": "latest", "id": "y", "idd": "x"}"#,
            r#"{"base": "latest", "id": "y", "switches": {"forms": []}}"#,
            r#"{"base": "latest", "id": "y", "projectsUrl": null}"#,
            r#"{"base": "latest", "id": "y", "products": {"firefox": {"productTypes": []}}}"#,
        ] {
            assert!(RuleBook::of_file("broken", text).is_err(), "{text}");
        }
    }
}
