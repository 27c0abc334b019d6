//! Notes: what an operator says of a task, a key or a finding. They are kept in the case file, and change no verdict.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::{Code, Finding, KeyId, Moment, Plane, TaskId};

/// The most bytes of a note's text.
pub const NOTE_TEXT_MAX: usize = 64 * 1024;

/// The most bytes of a tag.
const TAG_MAX: usize = 100;

/// The most tags of a note.
const TAGS_MAX: usize = 100;

/// What a finding is of, however often it is found again: not what its message says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingSubject {
    /// Its code; perhaps one that only another version knows.
    pub code: String,
    /// Its plane.
    pub plane: Plane,
    /// The kind of its subject.
    pub kind: String,
    /// The task.
    pub task_id: Option<TaskId>,
    /// Its run.
    pub run_id: Option<u32>,
    /// An artifact's name, or a key's. Captured text.
    pub name: Option<String>,
}

impl From<&Finding> for FindingSubject {
    fn from(finding: &Finding) -> Self {
        Self {
            code: finding.code.id().to_owned(),
            plane: finding.plane,
            kind: finding.subject.kind.to_owned(),
            task_id: finding.subject.task_id,
            run_id: finding.subject.run_id,
            name: finding.subject.name.clone(),
        }
    }
}

/// What a note is about. As text: `task:ID`, `key:openpgp:FINGERPRINT`, `key:ed25519:BASE64`, or
/// `finding:CODE:PLANE:KIND:TASK:RUN:NAME`, of which the last three may be empty, and the last left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteSubject {
    /// A task.
    Task(TaskId),
    /// A key.
    Key(KeyId),
    /// A finding, whichever replay makes it.
    Finding(FindingSubject),
}

/// A text that names nothing that notes are about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNoteSubject {
    /// It begins otherwise.
    #[error("not task:ID, key:NAME or finding:CODE:PLANE:KIND:TASK:RUN:NAME")]
    Kind,
    /// It is no task id.
    #[error("task: {0}")]
    Task(#[from] super::InvalidTaskId),
    /// It is no whole name of a key.
    #[error(
        "key: not the whole name of a key (openpgp: and its fingerprint, or ed25519: and its public key in base64)"
    )]
    Key,
    /// It names no finding.
    #[error("finding: its {0} is not one")]
    Finding(&'static str),
}

impl NoteSubject {
    /// What a finding's notes are about.
    pub fn of(finding: &Finding) -> Self {
        Self::Finding(finding.into())
    }
}

impl fmt::Display for NoteSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task(task_id) => write!(f, "task:{task_id}"),
            Self::Key(key) => write!(f, "key:{}", key.as_str()),
            Self::Finding(FindingSubject { code, plane, kind, task_id, run_id, name }) => {
                let task_id = task_id.as_ref().map(ToString::to_string).unwrap_or_default();
                let run_id = run_id.map(|run_id| run_id.to_string()).unwrap_or_default();
                write!(f, "finding:{code}:{}:{kind}:{task_id}:{run_id}", plane.word())?;
                name.as_ref().map_or(Ok(()), |name| write!(f, ":{name}"))
            }
        }
    }
}

impl FromStr for NoteSubject {
    type Err = InvalidNoteSubject;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("task", task_id)) => Ok(Self::Task(task_id.parse()?)),
            Some(("key", name)) => key(name).map(Self::Key).ok_or(InvalidNoteSubject::Key),
            Some(("finding", parts)) => finding(parts).map(Self::Finding),
            Some(_) | None => Err(InvalidNoteSubject::Kind),
        }
    }
}

/// A key by its whole name, with or without its kind.
fn key(name: &str) -> Option<KeyId> {
    let (kind, name) = match name.split_once(':') {
        Some((kind, name)) => (Some(kind), name),
        None => (None, name),
    };
    let is_fingerprint = matches!(name.len(), 32..=64) && name.bytes().all(|digit| digit.is_ascii_hexdigit());
    match kind {
        Some("openpgp") | None if is_fingerprint => Some(KeyId::openpgp(name)),
        Some("ed25519") | None => KeyId::ed25519_named(name),
        Some(_) => None,
    }
}

fn finding(text: &str) -> Result<FindingSubject, InvalidNoteSubject> {
    let mut parts = text.splitn(6, ':');
    let mut part = |what| parts.next().ok_or(InvalidNoteSubject::Finding(what));
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_lowercase() || c == b'-');
    let word = |what, text: &str| is_word(text).then(|| text.to_owned()).ok_or(InvalidNoteSubject::Finding(what));
    let code = word("code", part("code")?)?;
    let plane = Plane::named(part("plane")?).ok_or(InvalidNoteSubject::Finding("plane"))?;
    let kind = word("kind of subject", part("kind of subject")?)?;
    let task_id = match part("task")? {
        "" => None,
        task_id => Some(task_id.parse()?),
    };
    let run_id = match part("run")? {
        "" => None,
        run_id => {
            let number = run_id.parse::<u32>().ok().filter(|number| number.to_string() == run_id);
            Some(number.ok_or(InvalidNoteSubject::Finding("run"))?)
        }
    };
    Ok(FindingSubject { code, plane, kind, task_id, run_id, name: parts.next().map(str::to_owned) })
}

impl FindingSubject {
    /// Its code, where this version knows it.
    pub fn known_code(&self) -> Option<Code> {
        self.code.parse().ok()
    }
}

impl Serialize for NoteSubject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How an operator stands to what a note is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NoteStanding {
    /// To come back to.
    Bookmark,
    /// Looked at.
    Reviewed,
    /// It is so, and is taken as it is; the text says why.
    Accepted,
    /// It is not so; the text says why.
    False,
}

impl NoteStanding {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Bookmark, Self::Reviewed, Self::Accepted, Self::False];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bookmark => "bookmark",
            Self::Reviewed => "reviewed",
            Self::Accepted => "accepted",
            Self::False => "false",
        }
    }

    /// Whether somebody has to say why.
    pub const fn needs_reason(self) -> bool {
        matches!(self, Self::Accepted | Self::False)
    }

    /// The one of a word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.word() == word)
    }
}

/// What is to be noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNote {
    subject: NoteSubject,
    standing: Option<NoteStanding>,
    text: String,
    tags: Vec<String>,
}

/// What can't be noted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNote {
    /// It says nothing.
    #[error("a note has a text, a tag or a standing")]
    Empty,
    /// Nobody says why.
    #[error("{} needs a text that says why", .0.word())]
    NoReason(NoteStanding),
    /// It is too long.
    #[error("a note has {NOTE_TEXT_MAX} bytes at most")]
    TooLong,
    /// A tag is no tag.
    #[error("{0:?} is no tag: one has no blanks, and {TAG_MAX} bytes at most")]
    Tag(String),
    /// There are too many.
    #[error("a note has {TAGS_MAX} tags at most")]
    TooManyTags,
}

impl NewNote {
    /// A note of what is said. Tags are kept sorted, each once.
    pub fn new(
        subject: NoteSubject,
        standing: Option<NoteStanding>,
        text: impl Into<String>,
        mut tags: Vec<String>,
    ) -> Result<Self, InvalidNote> {
        let text = text.into();
        tags.sort();
        tags.dedup();
        let is_tag = |tag: &String| {
            !tag.is_empty() && tag.len() <= TAG_MAX && !tag.contains(|c: char| c.is_whitespace() || c.is_control())
        };
        if let Some(tag) = tags.iter().find(|tag| !is_tag(tag)) {
            return Err(InvalidNote::Tag(tag.clone()));
        }
        match standing.filter(|standing| standing.needs_reason() && text.trim().is_empty()) {
            Some(standing) => Err(InvalidNote::NoReason(standing)),
            None if text.len() > NOTE_TEXT_MAX => Err(InvalidNote::TooLong),
            None if tags.len() > TAGS_MAX => Err(InvalidNote::TooManyTags),
            None if standing.is_none() && text.trim().is_empty() && tags.is_empty() => Err(InvalidNote::Empty),
            None => Ok(Self { subject, standing, text, tags }),
        }
    }

    /// What it is about.
    pub const fn subject(&self) -> &NoteSubject {
        &self.subject
    }

    /// The standing.
    pub const fn standing(&self) -> Option<NoteStanding> {
        self.standing
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The tags, sorted.
    pub fn tags(&self) -> &[String] {
        &self.tags
    }
}

/// Who withdrew a note, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Withdrawal {
    /// Who.
    pub author: String,
    /// When, by the clock of the machine.
    pub at: Moment,
}

/// A note as the case keeps it. All of it is an operator's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Its number in the case.
    pub id: i64,
    /// What it is about.
    pub subject: NoteSubject,
    /// The standing.
    pub standing: Option<NoteStanding>,
    /// The text.
    pub text: String,
    /// The tags, sorted.
    pub tags: Vec<String>,
    /// Who wrote it.
    pub author: String,
    /// When, by the clock of the machine.
    pub at: Moment,
    /// Who withdrew it, if somebody did: then it no longer counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawal>,
}

/// The notes that were not withdrawn, by what they are about, each list in the order in which they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes(BTreeMap<NoteSubject, Vec<Note>>);

impl Notes {
    /// Of a list.
    pub fn of_list(notes: impl IntoIterator<Item = Note>) -> Self {
        let mut by_subject: BTreeMap<NoteSubject, Vec<Note>> = BTreeMap::new();
        for note in notes.into_iter().filter(|note| note.withdrawn.is_none()) {
            by_subject.entry(note.subject.clone()).or_default().push(note);
        }
        Self(by_subject)
    }

    /// The notes on something.
    pub fn on(&self, subject: &NoteSubject) -> &[Note] {
        self.0.get(subject).map_or(&[], Vec::as_slice)
    }

    /// The standing of something: that of the latest note which has one.
    pub fn standing(&self, subject: &NoteSubject) -> Option<NoteStanding> {
        self.on(subject).iter().rev().find_map(|note| note.standing)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All that notes are about, with the notes on each.
    pub fn iter(&self) -> impl Iterator<Item = (&NoteSubject, &[Note])> {
        self.0.iter().map(|(subject, notes)| (subject, notes.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "IRUnzTe9RuSQYlbWiSqMdQ";
    const FINGERPRINT: &str = "FAD6F73EAA09F73EAA09FAD6F73EAA09FAD6F73E";

    #[test]
    fn subjects_have_one_text() {
        let lower = FINGERPRINT.to_ascii_lowercase();
        let base64 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        for (text, shown) in [
            (format!("task:{ID}"), format!("task:{ID}")),
            (format!("key:{lower}"), format!("key:openpgp:{FINGERPRINT}")),
            (format!("key:openpgp:{FINGERPRINT}"), format!("key:openpgp:{FINGERPRINT}")),
            (format!("key:{base64}"), format!("key:ed25519:{base64}")),
        ] {
            assert_eq!(text.parse::<NoteSubject>().unwrap().to_string(), shown);
        }
        for text in [
            format!("finding:key-expired:rule:signature:{ID}:0:a:b"),
            format!("finding:key-expired:audit:key:{ID}:"),
            "finding:key-short:audit:key:::".to_owned(),
            "finding:key-short:audit:key::".to_owned(),
        ] {
            assert_eq!(text.parse::<NoteSubject>().unwrap().to_string(), text);
        }
        for text in [
            "",
            ID,
            "task:",
            "task:short",
            "key:FAD6F73E",
            "key:openpgp:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "key:rsa:FAD6F73EAA09FAD6F73EAA09FAD6F73EAA09FAD6",
            "key:ed25519:AAAA",
            "finding:key-expired",
            "finding:key-expired:both:signature::",
            "finding:key-expired:rule:signature:",
            "finding:key-expired:rule:signature:ID:",
            "finding:key-expired:rule:signature::01",
            "finding:Key:rule:signature::",
            "finding::rule:signature::",
        ] {
            assert!(text.parse::<NoteSubject>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_note_says_something_and_why() {
        let note = |standing, text: &str, tags: &[&str]| {
            let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
            NewNote::new(NoteSubject::Task(ID.parse().unwrap()), standing, text, tags)
        };
        assert_eq!(note(None, " ", &[]), Err(InvalidNote::Empty));
        for standing in NoteStanding::ALL {
            let reasonless = note(Some(standing), "\n", &["a"]);
            let expected = standing.needs_reason().then_some(InvalidNote::NoReason(standing));
            assert_eq!(reasonless.err(), expected);
            assert!(note(Some(standing), "since", &[]).is_ok());
            assert_eq!(NoteStanding::named(standing.word()), Some(standing));
        }
        assert_eq!(note(None, "", &["b", "a", "b"]).unwrap().tags(), ["a", "b"]);
        for tag in ["", "a b", "a\u{1b}", &"a".repeat(TAG_MAX + 1)] {
            assert_eq!(note(None, "", &[tag]), Err(InvalidNote::Tag(tag.to_owned())));
        }
        assert!(note(None, &"a".repeat(NOTE_TEXT_MAX), &[]).is_ok());
        assert_eq!(note(None, &"a".repeat(NOTE_TEXT_MAX + 1), &[]), Err(InvalidNote::TooLong));
    }

    proptest! {
        #[test]
        fn what_is_shown_names_the_same(
            plane in prop::sample::select(vec![Plane::Rule, Plane::Audit]),
            task in any::<bool>(),
            run_id in any::<Option<u32>>(),
            name in any::<Option<String>>(),
        ) {
            let task_id = task.then(|| ID.parse().unwrap());
            let (code, kind) = ("key-expired".to_owned(), "signature".to_owned());
            let subject = NoteSubject::Finding(FindingSubject { code, plane, kind, task_id, run_id, name });
            prop_assert_eq!(subject.to_string().parse(), Ok(subject));
        }

        #[test]
        fn no_text_is_too_much(text in any::<String>(), kind in prop::sample::select(vec!["", "task:", "key:", "finding:a:rule:b:"])) {
            if let Ok(subject) = format!("{kind}{text}").parse::<NoteSubject>() {
                prop_assert_eq!(subject.to_string().parse(), Ok(subject));
            }
        }
    }
}
