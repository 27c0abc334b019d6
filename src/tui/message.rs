//! What goes between the loop and the two threads that work for it: the judge, who holds the facts, and the clerk, who
//! reads the case file. The loop itself never waits for either.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ratatui::crossterm::event::Event as Input;
use ratatui::text::Line;

use super::catalog::Catalog;
use super::moments::Moments;
use crate::insight::DependencyGraph;
use crate::model::{Digest, KeyReport, Moment, NewNote, Note, Rebuild, Report, TaskEvidence, TaskFacts, TaskId};
use crate::replay::{NotRebuilt, Progress, Request, Standing};
use crate::store::{CaseInfo, SnapshotInfo, StoredReplay};

/// What the loop wakes up for.
#[derive(Debug)]
pub(super) enum Event {
    /// A key, the mouse, another size.
    Input(Input),
    /// An answer, or how far one has come.
    Told(Told),
    /// Something that was asked for is done.
    Served,
}

/// What is asked of the judge. Each question has a version, so that late answers are known.
#[derive(Debug)]
pub(super) enum JudgeAsk {
    /// The verdicts of all targets.
    Standings { version: u64, question: Box<Request> },
    /// Findings, gaps and completeness of all targets.
    Survey { version: u64, question: Box<Request> },
    /// The chain of one task.
    Chain { version: u64, question: Box<Request>, task_id: TaskId },
    /// How one task is rebuilt from its tree.
    Rebuild { question: Box<Request>, task_id: TaskId },
    /// The facts of one task.
    Facts(TaskId),
    /// The keys, and what they signed.
    Keys { question: Box<Request> },
    /// Everything from the beginning: the case has changed.
    Open { version: u64, question: Box<Request> },
}

/// What is asked of the clerk.
#[derive(Debug)]
pub(super) enum ClerkAsk {
    /// The list of tasks, what the case is, and what was last replayed: until it is no longer wanted.
    Open { is_idle: Arc<AtomicBool> },
    /// What the case has of a task.
    Evidence(TaskId),
    /// The bytes of a document.
    Document(Digest),
    /// Keeps a note.
    Note { note: Box<NewNote>, now: Moment },
    /// Withdraws a note.
    Withdraw { note: i64, now: Moment },
    /// Runs the command line that prints what a screen shows, into a file.
    Export { arguments: Vec<String>, to: PathBuf },
}

/// A target, as far as it does not depend on the question.
#[derive(Debug, Clone)]
pub(super) struct TargetLine {
    pub(super) task_id: TaskId,
    /// The task type, where the evidence settles it.
    pub(super) task_type: Option<Arc<str>>,
    /// The keys that made sound or broken signatures of its attestations.
    pub(super) keys: Vec<Arc<str>>,
    /// When it was judged, where one moment is known.
    pub(super) judged_at: Option<Moment>,
}

/// What the judge has when the case is open.
#[derive(Debug)]
pub(super) struct Opened {
    /// Ordered by task id.
    pub(super) targets: Arc<Vec<TargetLine>>,
    /// When the standing of any key can change.
    pub(super) key_changes: Arc<Vec<Moment>>,
}

/// What a task's evidence is, and which documents of it the case holds.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) snapshot: SnapshotInfo,
    pub(super) evidence: TaskEvidence,
    /// The sizes of the documents that are kept.
    pub(super) held: BTreeMap<Digest, u64>,
}

/// How a task is rebuilt from its tree.
#[derive(Debug)]
pub(super) struct Rebuilt {
    pub(super) rules: String,
    pub(super) product: String,
    /// What came of it.
    pub(super) rebuild: Rebuild,
    /// Template, variables, result and definition, each as indented JSON. Captured text.
    pub(super) parts: Vec<(&'static str, String)>,
}

/// Answers.
#[derive(Debug)]
pub(super) enum Told {
    Progress(Progress),
    Opened(Box<Opened>),
    /// Which tasks rest on which.
    Graph(Arc<DependencyGraph>),
    /// What the question of the command line came to, in the order of the targets.
    Before(Arc<Vec<Standing>>),
    /// The same of the question now.
    Standings {
        version: u64,
        of: Arc<Vec<Standing>>,
    },
    /// A report without its targets.
    Survey {
        version: u64,
        report: Arc<Report>,
    },
    /// The report of one task; in words, why there is none.
    Chain {
        version: u64,
        task_id: TaskId,
        report: Result<Arc<Report>, String>,
    },
    Rebuild {
        task_id: TaskId,
        shown: Result<Result<Box<Rebuilt>, NotRebuilt>, String>,
    },
    /// The facts of a task, if the judge has any.
    Facts(TaskId, Option<Box<TaskFacts>>),
    Keys(Arc<KeyReport>),
    /// The tasks so far, and whether these are all.
    Catalog {
        catalog: Arc<Catalog>,
        is_whole: bool,
    },
    /// What was last replayed.
    Stored(Option<Box<StoredReplay>>),
    /// How many tasks the case has.
    Tasks(u64),
    /// How many of them were read.
    Loaded(u64),
    Case(Box<CaseInfo>),
    /// What the judge was at was given up.
    GivenUp,
    Evidence(TaskId, Option<Box<Seen>>),
    /// Bytes, or in words why there are none.
    Document(Digest, Result<Arc<[u8]>, String>),
    /// The list of tasks that a filter left, of this job.
    Listed {
        job: u64,
        rows: Arc<Vec<u32>>,
    },
    /// All notes, in the order in which they were written.
    Notes(Arc<Vec<Note>>),
    /// Something to show over the screen: a title and lines.
    Show(String, Vec<Line<'static>>),
    /// What happened when, of this job.
    Moments {
        job: u64,
        moments: Arc<Moments>,
    },
    /// Something to say at the foot of the screen.
    Said(String),
    /// The judge or the clerk could not go on.
    Failed(String),
}
