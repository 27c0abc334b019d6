//! Which lines of a list of tasks are wanted, and in which order.
//!
//! A filter is a line of terms with blanks between them:
//!
//! | term | wants |
//! | --- | --- |
//! | `word` | the word in the label, the name or the task id, whatever the case |
//! | `field~text` | the text somewhere in the field, whatever the case |
//! | `label:`, `name:`, `worker:`, `pool:`, `task:` | a field that begins so; of a pool also its worker type |
//! | `type:`, `kind:`, `state:` | a field that is this |
//! | `tree:` | this tree, or one whose last parts are these: `mozilla-beta` |
//! | `key:` | a key whose fingerprint, or base64, begins or ends so |
//! | `verdict:`, `reason:` | this word, or the one that begins so |
//! | `after:`, `before:` | a task made at this moment or later; earlier than it |
//! | `has:` | a task of which this field is known; `has:note`, one with a note |
//!
//! A `-` in front of a term wants the tasks that the term does not. All terms must hold, with one exception: of several with
//! `:` on the same field, and no `-`, one must (`type:signing type:beetmover`). `after:`, `before:` and `has:` are no fields,
//! and all of them must hold. A text with blanks stands in `"`; within, `\"` is a quote and `\\` a backslash. A word that
//! looks like a term stands in `"` too.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::model::{Moment, Reason, TaskId, Verdict};

/// What is known of a task in a list. Texts are captured.
#[derive(Debug, Clone, Copy)]
pub struct TaskLine<'a> {
    /// The task.
    pub task_id: &'a TaskId,
    /// `tags.label`.
    pub label: Option<&'a str>,
    /// `metadata.name`.
    pub name: Option<&'a str>,
    /// The task type that it was judged as.
    pub task_type: Option<&'a str>,
    /// `tags.kind`.
    pub kind: Option<&'a str>,
    /// Its verdict, where it was judged.
    pub verdict: Option<Verdict>,
    /// The class of the weightiest reason against it.
    pub reason: Option<Reason>,
    /// The keys that made its signatures, each with its kind in front: `openpgp:` or `ed25519:`.
    pub keys: &'a [Arc<str>],
    /// The worker of its latest run.
    pub worker: Option<&'a str>,
    /// Its worker pool: provisioner, `/`, worker type.
    pub pool: Option<&'a str>,
    /// The tree that its source lies in.
    pub tree: Option<&'a str>,
    /// The state in its status.
    pub state: Option<&'a str>,
    /// When it was made.
    pub created: Option<Moment>,
    /// Whether somebody noted something on it.
    pub has_note: bool,
}

impl TaskLine<'_> {
    /// The one text of a field; of keys the first, and none of what is no text.
    fn text(&self, field: Field) -> Option<&str> {
        match field {
            Field::Task => Some(self.task_id.as_str()),
            Field::Label => self.label,
            Field::Name => self.name,
            Field::Type => self.task_type,
            Field::Kind => self.kind,
            Field::Key => self.keys.first().map(|key| &**key),
            Field::Worker => self.worker,
            Field::Pool => self.pool,
            Field::Tree => self.tree,
            Field::State => self.state,
            Field::Verdict | Field::Reason | Field::Created | Field::Note => None,
        }
    }

    fn has(&self, field: Field) -> bool {
        match field {
            Field::Verdict => self.verdict.is_some(),
            Field::Reason => self.reason.is_some(),
            Field::Created => self.created.is_some(),
            Field::Note => self.has_note,
            Field::Task
            | Field::Label
            | Field::Name
            | Field::Type
            | Field::Kind
            | Field::Key
            | Field::Worker
            | Field::Pool
            | Field::Tree
            | Field::State => self.text(field).is_some(),
        }
    }
}

/// A part of a line: what terms ask for, and what lines are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The task id.
    Task,
    /// The label.
    Label,
    /// The name.
    Name,
    /// The task type.
    Type,
    /// The kind.
    Kind,
    /// The verdict, the best first.
    Verdict,
    /// The class of the reason, the weightiest first.
    Reason,
    /// The keys.
    Key,
    /// The worker.
    Worker,
    /// The worker pool.
    Pool,
    /// The tree.
    Tree,
    /// The state.
    State,
    /// When it was made.
    Created,
    /// Whether there is a note.
    Note,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Task,
        Self::Label,
        Self::Name,
        Self::Type,
        Self::Kind,
        Self::Verdict,
        Self::Reason,
        Self::Key,
        Self::Worker,
        Self::Pool,
        Self::Tree,
        Self::State,
        Self::Created,
        Self::Note,
    ];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Label => "label",
            Self::Name => "name",
            Self::Type => "type",
            Self::Kind => "kind",
            Self::Verdict => "verdict",
            Self::Reason => "reason",
            Self::Key => "key",
            Self::Worker => "worker",
            Self::Pool => "pool",
            Self::Tree => "tree",
            Self::State => "state",
            Self::Created => "created",
            Self::Note => "note",
        }
    }

    /// Whether it holds a text.
    const fn is_text(self) -> bool {
        !matches!(self, Self::Verdict | Self::Reason | Self::Created | Self::Note)
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }

    fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.word() == word)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A text to look for, whatever the case.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Needle {
    typed: String,
    lowered: String,
}

impl Needle {
    fn new(typed: String) -> Self {
        let lowered = typed.chars().flat_map(char::to_lowercase).collect();
        Self { typed, lowered }
    }

    fn is_in(&self, text: &str) -> bool {
        let wanted = self.lowered.as_bytes();
        if text.is_ascii() {
            let Some((first, rest)) = wanted.split_first() else { return true };
            let Some(last) = text.len().checked_sub(wanted.len()) else { return false };
            let text = text.as_bytes();
            let starts = memchr::memchr2_iter(*first, first.to_ascii_uppercase(), &text[..=last]);
            return starts.map(|at| &text[at + 1..at + wanted.len()]).any(|part| part.eq_ignore_ascii_case(rest));
        }
        text.char_indices().any(|(at, _)| {
            let mut lowered = text[at..].chars().flat_map(char::to_lowercase);
            self.lowered.chars().all(|wanted| lowered.next() == Some(wanted))
        })
    }
}

/// What a term asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    /// A word.
    Word(Needle),
    /// A field that is this, or begins so.
    Is(Field, String),
    /// A field with this in it.
    Holds(Field, Needle),
    Verdict(Verdict),
    Reason(Reason),
    /// Made then or later.
    After(Moment),
    /// Made earlier.
    Before(Moment),
    Has(Field),
}

impl Test {
    /// The field of which one of several tests must hold.
    const fn alternative(&self) -> Option<Field> {
        match self {
            Self::Is(field, _) => Some(*field),
            Self::Verdict(_) => Some(Field::Verdict),
            Self::Reason(_) => Some(Field::Reason),
            Self::Word(_) | Self::Holds(..) | Self::After(_) | Self::Before(_) | Self::Has(_) => None,
        }
    }

    fn holds(&self, line: &TaskLine<'_>) -> bool {
        match self {
            Self::Word(word) => {
                let texts = [line.label, line.name, Some(line.task_id.as_str())];
                texts.into_iter().flatten().any(|text| word.is_in(text))
            }
            Self::Is(Field::Key, wanted) => line.keys.iter().any(|key| is_key(key, wanted)),
            Self::Is(field, wanted) => line.text(*field).is_some_and(|text| is(*field, text, wanted)),
            Self::Holds(Field::Key, part) => line.keys.iter().any(|key| part.is_in(key)),
            Self::Holds(field, part) => line.text(*field).is_some_and(|text| part.is_in(text)),
            Self::Verdict(verdict) => line.verdict == Some(*verdict),
            Self::Reason(reason) => line.reason == Some(*reason),
            Self::After(moment) => line.created.is_some_and(|created| created >= *moment),
            Self::Before(moment) => line.created.is_some_and(|created| created < *moment),
            Self::Has(field) => line.has(*field),
        }
    }
}

/// Whether a field is what is wanted.
fn is(field: Field, text: &str, wanted: &str) -> bool {
    match field {
        Field::Type | Field::Kind | Field::State => text == wanted,
        Field::Tree => {
            let before = text.strip_suffix(wanted.trim_start_matches('/'));
            before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
        }
        Field::Pool => {
            let worker_type = text.split_once('/').map_or("", |(_, worker_type)| worker_type);
            text.starts_with(wanted) || worker_type.starts_with(wanted)
        }
        Field::Task | Field::Label | Field::Name | Field::Worker => text.starts_with(wanted),
        Field::Key => is_key(text, wanted),
        Field::Verdict | Field::Reason | Field::Created | Field::Note => false,
    }
}

/// Whether a key is meant by the beginning or end of its fingerprint or base64, with or without its kind in front.
fn is_key(key: &str, wanted: &str) -> bool {
    let (kind, name) = key.split_once(':').unwrap_or(("", key));
    let wanted = match wanted.split_once(':') {
        Some((of_kind, wanted)) if of_kind == kind => wanted,
        Some(_) => return false,
        None => wanted,
    };
    if kind != "openpgp" {
        // Base64 tells cases apart, hexadecimal does not.
        return name.starts_with(wanted) || name.ends_with(wanted);
    }
    let wanted = wanted.strip_prefix("0x").unwrap_or(wanted).as_bytes();
    let name = name.as_bytes();
    let Some(rest) = name.len().checked_sub(wanted.len()) else { return false };
    name[..wanted.len()].eq_ignore_ascii_case(wanted) || name[rest..].eq_ignore_ascii_case(wanted)
}

/// One term of a filter. Its text is the canonical one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    is_negated: bool,
    test: Test,
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_negated {
            f.write_str("-")?;
        }
        match &self.test {
            Test::Word(word) => {
                let looks_like_a_term = word.typed.starts_with('-') || word.typed.contains([':', '~']);
                write_value(&word.typed, looks_like_a_term, f)
            }
            Test::Is(field, wanted) => {
                write!(f, "{field}:")?;
                write_value(wanted, false, f)
            }
            Test::Holds(field, part) => {
                write!(f, "{field}~")?;
                write_value(&part.typed, false, f)
            }
            Test::Verdict(verdict) => write!(f, "verdict:{}", verdict.word()),
            Test::Reason(reason) => write!(f, "reason:{}", reason.word()),
            Test::After(moment) => write!(f, "after:{}", Short(*moment)),
            Test::Before(moment) => write!(f, "before:{}", Short(*moment)),
            Test::Has(field) => write!(f, "has:{field}"),
        }
    }
}

fn write_value(value: &str, must_quote: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if !must_quote && !value.contains(|c: char| c.is_whitespace() || c == '"') {
        return f.write_str(value);
    }
    f.write_str("\"")?;
    for character in value.chars() {
        if matches!(character, '"' | '\\') {
            f.write_str("\\")?;
        }
        fmt::Write::write_char(f, character)?;
    }
    f.write_str("\"")
}

/// A moment, at midnight as its date.
struct Short(Moment);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let date = text.strip_suffix("T00:00:00Z").filter(|date| date.len() == 10);
        f.write_str(date.unwrap_or(&text))
    }
}

/// Which tasks are wanted. The default wants all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskFilter {
    terms: Vec<Term>,
}

impl TaskFilter {
    /// Its terms, in the order in which they were written.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Whether it wants all tasks.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The filter without one of its terms; where there is none of that number, the same.
    #[must_use]
    pub fn without(&self, index: usize) -> Self {
        let kept = self.terms.iter().enumerate().filter(|(at, _)| *at != index);
        Self { terms: kept.map(|(_, term)| term.clone()).collect() }
    }

    /// Whether it wants this task. Nothing is allocated.
    pub fn matches(&self, line: &TaskLine<'_>) -> bool {
        // The fields of which one of several terms must hold, and those of which one does.
        let (mut wanted, mut met) = (0, 0);
        for term in &self.terms {
            match term.test.alternative().filter(|_| !term.is_negated) {
                Some(field) => {
                    wanted |= field.bit();
                    if met & field.bit() == 0 && term.test.holds(line) {
                        met |= field.bit();
                    }
                }
                None if term.test.holds(line) == term.is_negated => return false,
                None => {}
            }
        }
        wanted == met
    }
}

impl fmt::Display for TaskFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, term) in self.terms.iter().enumerate() {
            let blank = if at == 0 { "" } else { " " };
            write!(f, "{blank}{term}")?;
        }
        Ok(())
    }
}

/// A text that is no filter, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at character {}: {problem}", at + 1)]
pub struct InvalidFilter {
    /// The place in the text: how many characters stand before it.
    pub at: usize,
    /// What is wrong there.
    pub problem: FilterProblem,
}

/// What is wrong with a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterProblem {
    /// There is no such field.
    #[error("there is no field {0:?}: there are {FIELDS}; a word with : or ~ stands in quotes")]
    Field(String),
    /// Nothing stands where something is looked for.
    #[error("nothing stands there to look for")]
    Empty,
    /// A quote is not closed.
    #[error("the quote is not closed")]
    OpenQuote,
    /// Something stands right behind a quote.
    #[error("a blank must follow the quote")]
    AfterQuote,
    /// The field holds no text to look for with `~`.
    #[error("{0} takes : only")]
    NoText(String),
    /// The field is looked for by moments.
    #[error("when a task was made is asked for by after: and before:")]
    Created,
    /// No word of the field, or several, begin so.
    #[error("{0:?} is no {1}: there are {2}")]
    Word(String, &'static str, String),
    /// It is no moment.
    #[error("{0:?} is {1}")]
    Moment(String, crate::model::InvalidMoment),
}

/// The names that stand before `:` or `~`.
const FIELDS: &str =
    "task, label, name, type, kind, verdict, reason, key, worker, pool, tree, state, after, before, has";

impl FromStr for TaskFilter {
    type Err = InvalidFilter;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut reader = Reader { text, at: 0 };
        let mut terms = Vec::new();
        while reader.skip_blanks() {
            terms.push(reader.term()?);
        }
        Ok(Self { terms })
    }
}

/// A filter's text, and how far it was read.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Goes on to the next term; whether there is one.
    fn skip_blanks(&mut self) -> bool {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
        self.at < self.text.len()
    }

    fn fails<T>(&self, at: usize, problem: FilterProblem) -> Result<T, InvalidFilter> {
        Err(InvalidFilter { at: self.text[..at].chars().count(), problem })
    }

    /// Up to the next blank.
    fn word(&self) -> &'a str {
        self.rest().split(char::is_whitespace).next().unwrap_or_default()
    }

    fn term(&mut self) -> Result<Term, InvalidFilter> {
        let is_negated = self.rest().starts_with('-');
        self.at += usize::from(is_negated);
        let (start, word) = (self.at, self.word());
        let ends = word.find([':', '~']).filter(|_| !word.starts_with('"'));
        let Some(ends) = ends else {
            return Ok(Term { is_negated, test: Test::Word(Needle::new(self.value()?)) });
        };
        let (name, holds) = (&word[..ends], word[ends..].starts_with('~'));
        let is_known = Field::named(name).is_some_and(|field| field != Field::Note);
        if !is_known && !matches!(name, "after" | "before" | "has") {
            return self.fails(start, FilterProblem::Field(name.to_owned()));
        }
        self.at += ends + 1;
        let at = self.at;
        let value = self.value()?;
        match test(name, holds, value) {
            Ok(test) => Ok(Term { is_negated, test }),
            Err(problem @ (FilterProblem::NoText(_) | FilterProblem::Created)) => self.fails(start, problem),
            Err(problem) => self.fails(at, problem),
        }
    }

    /// A text, up to the next blank or in quotes.
    fn value(&mut self) -> Result<String, InvalidFilter> {
        let open = self.at;
        let value = if self.rest().starts_with('"') {
            self.quoted()?
        } else {
            let word = self.word();
            self.at += word.len();
            word.to_owned()
        };
        if value.is_empty() { self.fails(open, FilterProblem::Empty) } else { Ok(value) }
    }

    fn quoted(&mut self) -> Result<String, InvalidFilter> {
        let open = self.at;
        let mut value = String::new();
        let mut characters = self.rest().char_indices().skip(1).peekable();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.at = open + at + 1;
                    let follows = self.rest().chars().next();
                    if follows.is_some_and(|follows| !follows.is_whitespace()) {
                        return self.fails(self.at, FilterProblem::AfterQuote);
                    }
                    return Ok(value);
                }
                '\\' => {
                    let escaped = characters.next_if(|(_, next)| matches!(next, '"' | '\\'));
                    value.push(escaped.map_or('\\', |(_, escaped)| escaped));
                }
                other => value.push(other),
            }
        }
        self.fails(open, FilterProblem::OpenQuote)
    }
}

/// The test that a field, `:` or `~`, and a value make.
fn test(name: &str, holds: bool, value: String) -> Result<Test, FilterProblem> {
    let field = Field::named(name);
    if holds {
        return match field.filter(|field| field.is_text()) {
            Some(field) => Ok(Test::Holds(field, Needle::new(value))),
            None => Err(FilterProblem::NoText(name.to_owned())),
        };
    }
    match field {
        Some(Field::Verdict) => {
            let verdicts = [Verdict::Verified, Verdict::Undetermined, Verdict::Refuted];
            one_of("verdict", &verdicts.map(|verdict| (verdict.word(), verdict)), &value).map(Test::Verdict)
        }
        Some(Field::Reason) => {
            let reasons =
                [Reason::Contradicted, Reason::Malformed, Reason::NotPermitted, Reason::NotTrusted, Reason::Absent];
            one_of("reason", &reasons.map(|reason| (reason.word(), reason)), &value).map(Test::Reason)
        }
        Some(Field::Created) => Err(FilterProblem::Created),
        Some(field) => Ok(Test::Is(field, value)),
        None if name == "has" => one_of("field", &Field::ALL.map(|field| (field.word(), field)), &value).map(Test::Has),
        None => {
            let moment = value.parse::<Moment>().map_err(|error| FilterProblem::Moment(value, error))?;
            let moment = moment.to_milliseconds();
            Ok(if name == "after" { Test::After(moment) } else { Test::Before(moment) })
        }
    }
}

/// The one value whose word is this, or begins so.
fn one_of<T: Copy>(what: &'static str, known: &[(&'static str, T)], value: &str) -> Result<T, FilterProblem> {
    let lowered = value.to_lowercase();
    if let Some((_, exact)) = known.iter().find(|(word, _)| *word == lowered) {
        return Ok(*exact);
    }
    let mut begins = known.iter().filter(|(word, _)| word.starts_with(&lowered));
    match (begins.next(), begins.next()) {
        (Some((_, one)), None) => Ok(*one),
        (None | Some(_), _) => {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            Err(FilterProblem::Word(value.to_owned(), what, words.join(", ")))
        }
    }
}

/// Which way a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortDirection {
    /// The least first.
    #[default]
    Ascending,
    /// The greatest first.
    Descending,
}

/// The order of a list of tasks: by one field, then by task id. A task of which the field is not known comes after those of
/// which it is, either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskOrder {
    /// The field.
    pub column: Field,
    /// Which way.
    pub direction: SortDirection,
}

impl Default for TaskOrder {
    fn default() -> Self {
        Self { column: Field::Task, direction: SortDirection::Ascending }
    }
}

impl TaskOrder {
    /// Which of two tasks comes first.
    pub fn compare(&self, a: &TaskLine<'_>, b: &TaskLine<'_>) -> Ordering {
        let by_column = match self.column {
            Field::Verdict => self.known_first(a.verdict, b.verdict),
            Field::Reason => self.known_first(a.reason, b.reason),
            Field::Created => self.known_first(a.created, b.created),
            Field::Note => self.known_first(a.has_note.then_some(()), b.has_note.then_some(())),
            Field::Task
            | Field::Label
            | Field::Name
            | Field::Type
            | Field::Kind
            | Field::Key
            | Field::Worker
            | Field::Pool
            | Field::Tree
            | Field::State => self.known_first(a.text(self.column), b.text(self.column)),
        };
        by_column.then_with(|| a.task_id.cmp(b.task_id))
    }

    fn known_first<T: Ord>(&self, a: Option<T>, b: Option<T>) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) => match self.direction {
                SortDirection::Ascending => a.cmp(&b),
                SortDirection::Descending => b.cmp(&a),
            },
            (a, b) => a.is_none().cmp(&b.is_none()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a test says of a task; texts that are empty are not known.
    struct Told {
        task_id: TaskId,
        label: &'static str,
        name: &'static str,
        task_type: &'static str,
        kind: &'static str,
        verdict: Option<Verdict>,
        reason: Option<Reason>,
        keys: Vec<Arc<str>>,
        worker: &'static str,
        pool: &'static str,
        tree: &'static str,
        created: &'static str,
        has_note: bool,
    }

    fn told() -> Told {
        Told {
            task_id: "IRUnzTe9RuSQYlbWiSqMdQ".parse().unwrap(),
            label: "signing-linux64-nightly/opt",
            name: "Sign Grüße",
            task_type: "signing",
            kind: "build-signing",
            verdict: Some(Verdict::Refuted),
            reason: Some(Reason::NotTrusted),
            keys: vec!["openpgp:FAD6F73EAA09".into(), "ed25519:aBcDeF=".into()],
            worker: "signing-linux-12",
            pool: "scriptworker-prov-v1/signing-linux-v1",
            tree: "/releases/mozilla-beta",
            created: "2017-06-02T10:00:00.565Z",
            has_note: true,
        }
    }

    impl Told {
        fn line(&self) -> TaskLine<'_> {
            let known = |text: &'static str| Some(text).filter(|text| !text.is_empty());
            TaskLine {
                task_id: &self.task_id,
                label: known(self.label),
                name: known(self.name),
                task_type: known(self.task_type),
                kind: known(self.kind),
                verdict: self.verdict,
                reason: self.reason,
                keys: &self.keys,
                worker: known(self.worker),
                pool: known(self.pool),
                tree: known(self.tree),
                state: Some("completed"),
                created: known(self.created).map(|created| created.parse().unwrap()),
                has_note: self.has_note,
            }
        }
    }

    fn filter(text: &str) -> TaskFilter {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn terms_want_what_they_say_and_not_what_is_near_to_it() {
        let told = told();
        for text in [
            "",
            "linux64",
            "LINUX64 ng-lin",
            "IRUnz",
            "irunz",
            "\"Sign Gr\"",
            "task:IRUn",
            "label:signing-linux64",
            "label~NIGHTLY",
            "name~GRÜ",
            "name:\"Sign G\"",
            "type:signing",
            "kind:build-signing kind~sign",
            "verdict:refuted",
            "verdict:r",
            "reason:not-trusted",
            "key:FAD6",
            "key:0xfad6",
            "key:aa09",
            "key:openpgp:FAD6F73EAA09",
            "key:aBc key~CDE",
            "key:ed25519:DeF=",
            "worker:signing",
            "worker:signing-linux-12",
            "-worker:mac",
            "pool:scriptworker-prov-v1/",
            "pool:signing-linux-v1",
            "tree:mozilla-beta",
            "tree:/releases/mozilla-beta",
            "tree:releases/mozilla-beta",
            "state:completed",
            "after:2017-06-02",
            "after:2017-06-02T10:00:00.565Z",
            "before:2017-06-03 after:2017-06-01",
            "has:note",
            "has:key has:tree",
            "type:build type:signing",
            "-type:build -type:beetmover",
            "verdict:verified verdict:refuted linux",
        ] {
            assert!(filter(text).matches(&told.line()), "{text}");
        }
        for text in [
            "linux65",
            "grüSSe-",
            "\"Grüße Sign\"",
            "task:RUnz",
            "task:irun",
            "label:linux64",
            "label~night_ly",
            "type:sign",
            "type:signing2",
            "kind:build",
            "verdict:verified",
            "-verdict:refuted",
            "reason:not-permitted",
            "key:F73E",
            "key:FAD7",
            "key:ed25519:FAD6",
            "key:abc",
            "worker:linux",
            "pool:linux-v1",
            "tree:beta",
            "tree:mozilla-bet",
            "tree:/mozilla-beta/",
            "after:2017-06-02T10:00:00.566Z",
            "before:2017-06-02T10:00:00.565Z",
            "before:2017-06-02",
            "-has:note",
            "type:build type:beetmover",
            "type:signing -label~linux",
            "type:signing linux mac",
            "has:note -has:key",
        ] {
            assert!(!filter(text).matches(&told.line()), "{text}");
        }
    }

    /// What is not known is nothing, and not the opposite.
    #[test]
    fn what_is_not_known_fits_no_term_and_every_negated_one() {
        let told = Told {
            label: "",
            name: "",
            task_type: "",
            kind: "",
            verdict: None,
            reason: None,
            keys: Vec::new(),
            worker: "",
            pool: "",
            tree: "",
            created: "",
            has_note: false,
            ..told()
        };
        for term in [
            "label~a",
            "type:build",
            "verdict:verified",
            "reason:absent",
            "key:F",
            "worker:a",
            "pool:a",
            "tree:a",
            "after:2000-01-01",
            "before:2030-01-01",
            "has:note",
            "has:created",
        ] {
            assert!(!filter(term).matches(&told.line()), "{term}");
            assert!(filter(&format!("-{term}")).matches(&told.line()), "-{term}");
        }
    }

    #[test]
    fn terms_are_shown_in_one_form_and_taken_away_one_by_one() {
        for (text, shown) in [
            ("  a   b ", "a b"),
            ("verdict:REF", "verdict:refuted"),
            ("reason:abs -reason:m", "reason:absent -reason:malformed"),
            ("after:2017-06-01T02:00:00+02:00", "after:2017-06-01"),
            ("before:2017-06-01T10:00:00.1239Z", "before:2017-06-01T10:00:00.123Z"),
            ("label:\"plain\"", "label:plain"),
            ("label~\"a b\"", "label~\"a b\""),
            ("\"a:b\" -\"-c\" --d", "\"a:b\" -\"-c\" -\"-d\""),
            (r#""say \"no\" \\ \x""#, r#""say \"no\" \\ \\x""#),
            (r"a\b", r"a\b"),
            ("key:openpgp:FAD6", "key:openpgp:FAD6"),
            ("has:not has:la", "has:note has:label"),
        ] {
            assert_eq!(filter(text).to_string(), shown);
            assert_eq!(filter(shown), filter(text));
        }
        let three = filter("verdict:refuted -worker:mac linux");
        let chips: Vec<String> = three.terms().iter().map(ToString::to_string).collect();
        assert_eq!(chips, ["verdict:refuted", "-worker:mac", "linux"]);
        assert_eq!(three.without(1).to_string(), "verdict:refuted linux");
        assert_eq!(three.without(3), three);
        assert!(filter("linux").without(0).is_empty());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (text, at, says) in [
            ("linux colour:red", 6, "no field \"colour\""),
            ("é -Label:a", 3, "no field \"Label\""),
            ("note:a", 0, "no field \"note\""),
            ("https://a", 0, "stands in quotes"),
            (":a", 0, "no field \"\""),
            ("a label:", 8, "nothing"),
            ("a -", 3, "nothing"),
            ("a \"\"", 2, "nothing"),
            ("label:\"a b", 6, "not closed"),
            ("\"a\"b", 3, "blank"),
            ("verdict:good", 8, "there are verified, undetermined, refuted"),
            ("reason:not", 7, "not-permitted, not-trusted-at-as-of"),
            ("verdict~ref", 0, "verdict takes : only"),
            ("after~2017", 0, "after takes : only"),
            ("created:2017-06-01", 0, "after: and before:"),
            ("after:2017-06-31", 6, "not a date"),
            ("-before:10:00", 8, "not a date"),
            ("has:colour", 4, "is no field"),
            ("has:n", 4, "is no field"),
        ] {
            let error = text.parse::<TaskFilter>().unwrap_err();
            assert_eq!(error.at, at, "{text}: {error}");
            assert!(error.to_string().starts_with(&format!("at character {}: ", at + 1)), "{error}");
            assert!(error.to_string().contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn lists_are_sorted_with_the_unknown_last() {
        let tasks = [
            ("AAAAAAAAQAAAAAAAAAAAAA", "b"),
            ("BAAAAAAAQAAAAAAAAAAAAA", ""),
            ("CAAAAAAAQAAAAAAAAAAAAA", "a"),
            ("DAAAAAAAQAAAAAAAAAAAAA", "b"),
        ]
        .map(|(id, label)| Told { task_id: id.parse().unwrap(), label, ..told() });
        let sorted = |column, direction| {
            let mut lines: Vec<TaskLine<'_>> = tasks.iter().map(Told::line).collect();
            lines.sort_by(|a, b| TaskOrder { column, direction }.compare(a, b));
            lines.iter().map(|line| line.task_id.as_str()[..1].to_owned()).collect::<String>()
        };
        assert_eq!(sorted(Field::Label, SortDirection::Ascending), "CADB");
        assert_eq!(sorted(Field::Label, SortDirection::Descending), "ADCB");
        assert_eq!(sorted(Field::Task, SortDirection::Descending), "DCBA");
        for column in Field::ALL.into_iter().filter(|column| !matches!(column, Field::Label | Field::Task)) {
            assert_eq!(sorted(column, SortDirection::Descending), "ABCD", "{column}");
        }
    }

    /// Texts that look like filters.
    fn near_filters() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "-",
            "\"",
            "\\",
            " ",
            ":",
            "~",
            "a",
            "é",
            "\u{3000}",
            "label",
            "verdict",
            "after",
            "has",
            "key",
            "2017-06-01",
            "refuted",
            "note",
            "x",
            "\n",
        ]);
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    fn value() -> impl Strategy<Value = String> {
        prop_oneof!["[a-z:~\"\\\\ -]{1,6}", any::<String>().prop_filter("something", |text| !text.is_empty())]
    }

    fn term() -> impl Strategy<Value = Term> {
        let field = prop::sample::select(Field::ALL.to_vec());
        let text_field = field.clone().prop_filter("a text", |field| field.is_text());
        let moment = (-62_135_596_800_000_i64..253_402_300_799_000)
            .prop_map(|at| Moment::new(jiff::Timestamp::from_millisecond(at).unwrap()));
        let test = prop_oneof![
            value().prop_map(|text| Test::Word(Needle::new(text))),
            (text_field.clone(), value()).prop_map(|(field, text)| Test::Is(field, text)),
            (text_field, value()).prop_map(|(field, text)| Test::Holds(field, Needle::new(text))),
            prop::sample::select(vec![Verdict::Verified, Verdict::Undetermined, Verdict::Refuted])
                .prop_map(Test::Verdict),
            prop::sample::select(vec![Reason::Contradicted, Reason::NotTrusted]).prop_map(Test::Reason),
            moment.clone().prop_map(Test::After),
            moment.prop_map(Test::Before),
            field.prop_map(Test::Has),
        ];
        (any::<bool>(), test).prop_map(|(is_negated, test)| Term { is_negated, test })
    }

    proptest! {
        #[test]
        fn what_is_shown_is_what_was_meant(terms in prop::collection::vec(term(), 0..6)) {
            let filter = TaskFilter { terms };
            let shown = filter.to_string();
            prop_assert_eq!(shown.parse(), Ok(filter.clone()), "{}", shown);
            filter.matches(&told().line());
        }

        #[test]
        fn no_text_is_too_much(text in prop_oneof![near_filters(), any::<String>()]) {
            match text.parse::<TaskFilter>() {
                Ok(filter) => {
                    filter.matches(&told().line());
                    prop_assert_eq!(filter.to_string().parse::<TaskFilter>(), Ok(filter));
                }
                Err(error) => prop_assert!(error.at <= text.chars().count()),
            }
        }

        /// Looking without allocating finds what lowering both texts finds.
        #[test]
        fn a_part_is_found_whatever_the_case(text in "[aAbBßİé]{0,12}", part in "[aAbBßİé]{1,3}") {
            let lowered = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
            let found = Needle::new(part.clone()).is_in(&text);
            // A character whose small form is two is found whole only.
            if !text.contains('İ') {
                prop_assert_eq!(found, lowered(&text).contains(&lowered(&part)));
            }
            if text.contains(&part) {
                prop_assert!(found);
            }
        }
    }
}
