//! What all screens share: the case, the question, what came of it so far, and what was asked for.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;

use super::catalog::{Catalog, Live};
use super::message::{ClerkAsk, Event, JudgeAsk, Rebuilt, Seen, TargetLine, Told};
use super::moments::{MadeOf, Moments};
use super::theme::Theme;
use crate::insight::{DependencyGraph, TaskFilter, TaskOrder};
use crate::model::{AsOf, Digest, KeyReport, Moment, NewNote, Note, NoteSubject, Report, TaskFacts, TaskId, Verdict};
use crate::replay::{NotRebuilt, Progress, Request, Standing};
use crate::store::{CaseInfo, StoredReplay};
use crate::trust::Distrusted;

/// How many chains, documents and other answers of one kind are kept at hand.
const KEPT: usize = 32;

/// How many targets came to each verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    pub(super) verified: u64,
    pub(super) undetermined: u64,
    pub(super) refuted: u64,
}

impl Counts {
    /// Of standings.
    pub(super) fn of(standings: &[Standing]) -> Self {
        let mut counts = Self::default();
        for (verdict, _) in standings {
            match verdict {
                Verdict::Verified => counts.verified += 1,
                Verdict::Undetermined => counts.undetermined += 1,
                Verdict::Refuted => counts.refuted += 1,
            }
        }
        counts
    }

    /// Of one verdict.
    pub(super) const fn get(&self, verdict: Verdict) -> u64 {
        match verdict {
            Verdict::Verified => self.verified,
            Verdict::Undetermined => self.undetermined,
            Verdict::Refuted => self.refuted,
        }
    }
}

/// The second mark of the time screen: a question, and what it came to.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) as_of: AsOf,
    pub(super) distrust: Vec<Distrusted>,
    /// The version of the question that it is of.
    version: u64,
    /// `None`: it is being judged.
    pub(super) standings: Option<Arc<Vec<Standing>>>,
}

/// The last few answers of a kind, by what was asked.
#[derive(Debug)]
pub(super) struct Shelf<K, V> {
    kept: VecDeque<(K, V)>,
}

impl<K, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self { kept: VecDeque::new() }
    }
}

impl<K: PartialEq, V> Shelf<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.kept.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    fn put(&mut self, key: K, value: V) {
        self.kept.retain(|(known, _)| *known != key);
        self.kept.push_front((key, value));
        self.kept.truncate(KEPT);
    }
}

/// What is shared.
pub(super) struct Session {
    pub(super) theme: Theme,
    pub(super) path: PathBuf,
    /// What the command line said of rules, trust and snapshots.
    arguments: Vec<String>,
    /// The clock, for `now` and for notes.
    clock: fn() -> Moment,
    /// The question of the command line.
    pub(super) base: Request,
    /// The question now: the same at another moment, with something else distrusted.
    pub(super) question: Request,
    /// Its number. What is answered for another one is late.
    pub(super) version: u64,
    pub(super) info: Option<Box<CaseInfo>>,
    pub(super) stored: Option<Box<StoredReplay>>,
    /// How many tasks the case has, also while the list of them is not yet whole.
    pub(super) tasks: u64,
    pub(super) catalog: Arc<Catalog>,
    pub(super) catalog_is_whole: bool,
    pub(super) targets: Arc<Vec<TargetLine>>,
    pub(super) graph: Option<Arc<DependencyGraph>>,
    pub(super) key_changes: Arc<Vec<Moment>>,
    /// By the question of the command line, and by the question now.
    pub(super) before: Option<Arc<Vec<Standing>>>,
    pub(super) standings: Option<Arc<Vec<Standing>>>,
    /// How many of each verdict those two have.
    pub(super) counts_before: Counts,
    pub(super) counts: Counts,
    /// Whether the standings are those of the question now.
    pub(super) is_fresh: bool,
    /// Findings and gaps, and the version of the question that they are of.
    pub(super) survey: Option<(u64, Arc<Report>)>,
    pub(super) chains: Shelf<(u64, TaskId), Result<Arc<Report>, String>>,
    pub(super) seen: Shelf<TaskId, Option<Box<Seen>>>,
    pub(super) documents: Shelf<Digest, Result<Arc<[u8]>, String>>,
    pub(super) rebuilds: Shelf<TaskId, Result<Result<Box<Rebuilt>, NotRebuilt>, String>>,
    pub(super) facts: Shelf<TaskId, Option<Box<TaskFacts>>>,
    pub(super) keys: Option<Arc<KeyReport>>,
    /// In the order in which they were written, those that were withdrawn among them.
    pub(super) notes: Arc<Vec<Note>>,
    /// How many that were not withdrawn there are on each task.
    pub(super) noted: Arc<BTreeMap<TaskId, usize>>,
    /// What happened when.
    pub(super) moments: Option<Arc<Moments>>,
    moments_of: Option<(u64, MadeOf)>,
    pub(super) mark: Option<Mark>,
    pub(super) filter: TaskFilter,
    pub(super) progress: Option<Progress>,
    /// How wide the screen is.
    pub(super) columns: u16,
    /// What the foot of the screen says until the next key.
    pub(super) said: Option<String>,
    /// Why nothing more can be judged.
    pub(super) failure: Option<String>,
    /// How many things were asked for and are not yet done.
    pub(super) pending: usize,
    asked: Vec<Wanted>,
    judge: Sender<(u64, JudgeAsk)>,
    clerk: Sender<ClerkAsk>,
    events: Sender<Event>,
    listing: Option<(u64, Arc<AtomicBool>)>,
    /// Whether the list of all tasks that is being read is no longer wanted.
    reading: Arc<AtomicBool>,
    /// How many tasks of the list were read.
    pub(super) loaded: u64,
    /// The number of the next question to the judge. Those with lower ones than `given_up` are given up.
    number: u64,
    given_up: Arc<AtomicU64>,
    /// Whether something was given up that is still wanting.
    pub(super) is_given_up: bool,
}

/// The way to the judge: questions by their numbers, the opening having 0, and below which number they are given up.
pub(super) struct ToJudge {
    pub(super) asks: Sender<(u64, JudgeAsk)>,
    pub(super) given_up: Arc<AtomicU64>,
}

/// Something that was asked for and did not come yet: it is asked for once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Survey(u64),
    Chain(u64, TaskId),
    Evidence(TaskId),
    Document(Digest),
    Rebuild(TaskId),
    Facts(TaskId),
    Keys,
}

impl Session {
    pub(super) fn new(
        path: PathBuf,
        base: Request,
        arguments: Vec<String>,
        theme: Theme,
        clock: fn() -> Moment,
        (judge, clerk, events): (ToJudge, Sender<ClerkAsk>, Sender<Event>),
    ) -> Self {
        let mut session = Self {
            theme,
            path,
            arguments,
            clock,
            question: base.clone(),
            base,
            version: 0,
            info: None,
            stored: None,
            tasks: 0,
            catalog: Arc::default(),
            catalog_is_whole: false,
            targets: Arc::default(),
            graph: None,
            key_changes: Arc::default(),
            before: None,
            standings: None,
            counts_before: Counts::default(),
            counts: Counts::default(),
            is_fresh: false,
            survey: None,
            chains: Shelf::default(),
            seen: Shelf::default(),
            documents: Shelf::default(),
            rebuilds: Shelf::default(),
            facts: Shelf::default(),
            keys: None,
            notes: Arc::default(),
            noted: Arc::default(),
            moments: None,
            moments_of: None,
            mark: None,
            filter: TaskFilter::default(),
            progress: None,
            columns: 0,
            said: None,
            failure: None,
            // The judge opens the case by itself.
            pending: 1,
            asked: Vec::new(),
            judge: judge.asks,
            clerk,
            events,
            listing: None,
            reading: Arc::default(),
            loaded: 0,
            number: 1,
            given_up: judge.given_up,
            is_given_up: false,
        };
        session.read();
        session
    }

    /// The present moment.
    pub(super) fn now(&self) -> Moment {
        (self.clock)()
    }

    /// What the judge says, for the catalog.
    pub(super) fn live(&self) -> Live<'_> {
        Live {
            targets: &self.targets,
            standings: self.standings.as_deref().map_or(&[], Vec::as_slice),
            noted: &self.noted,
        }
    }

    /// A target's standing by the question now.
    pub(super) fn standing(&self, task_id: &TaskId) -> Option<Standing> {
        self.live().target(task_id).and_then(|(_, standing)| standing)
    }

    /// A target's standing by the question of the command line, where it is another one now.
    pub(super) fn standing_before(&self, task_id: &TaskId) -> Option<Standing> {
        let place = self.targets.binary_search_by(|target| target.task_id.cmp(task_id)).ok()?;
        let before = self.before.as_ref()?.get(place).copied()?;
        (Some(before) != self.standings.as_ref()?.get(place).copied()).then_some(before)
    }

    /// A task's label, else its name. Captured text.
    pub(super) fn title(&self, task_id: &TaskId) -> &str {
        self.catalog.title(task_id).unwrap_or("unnamed")
    }

    /// Whether the question is another than that of the command line.
    pub(super) fn is_moved(&self) -> bool {
        self.question.as_of != self.base.as_of || self.question.distrust != self.base.distrust
    }

    /// Judges at another moment.
    pub(super) fn judge_at(&mut self, as_of: AsOf) {
        if self.question.as_of != as_of {
            self.question.as_of = as_of;
            self.judge_again();
        }
    }

    /// Distrusts something as well.
    pub(super) fn distrust(&mut self, distrusted: Distrusted) {
        if !self.question.distrust.contains(&distrusted) {
            self.question.distrust.push(distrusted);
            self.judge_again();
        }
    }

    /// Distrusts what the command line distrusts, and no more.
    pub(super) fn distrust_no_more(&mut self) {
        if self.question.distrust != self.base.distrust {
            self.question.distrust = self.base.distrust.clone();
            self.judge_again();
        }
    }

    fn judge_again(&mut self) {
        self.version += 1;
        self.is_fresh = false;
        let question = Box::new(self.question.clone());
        self.ask_judge(JudgeAsk::Standings { version: self.version, question });
    }

    /// Reads the case file from the beginning.
    pub(super) fn refresh(&mut self) {
        self.version += 1;
        self.is_fresh = false;
        self.failure = None;
        self.keys = None;
        self.asked.clear();
        (self.seen, self.rebuilds, self.facts) = (Shelf::default(), Shelf::default(), Shelf::default());
        let question = Box::new(self.question.clone());
        self.ask_judge(JudgeAsk::Open { version: self.version, question });
        self.read();
    }

    /// Has the list of tasks and what the case is read; what is being read is given up.
    fn read(&mut self) {
        self.reading.store(true, Ordering::Relaxed);
        self.reading = Arc::default();
        self.loaded = 0;
        self.is_given_up = false;
        self.ask_clerk(ClerkAsk::Open { is_idle: Arc::clone(&self.reading) });
    }

    /// Gives up everything that was asked for. What was examined so far is kept in the case. `false`: there is nothing.
    pub(super) fn give_up(&mut self) -> bool {
        if self.pending == 0 {
            return false;
        }
        self.given_up.store(self.number, Ordering::Relaxed);
        self.reading.store(true, Ordering::Relaxed);
        self.cancel_listing();
        self.is_given_up = true;
        true
    }

    fn wants(&mut self, wanted: Wanted) -> bool {
        let is_new = !self.asked.contains(&wanted);
        if is_new {
            self.asked.push(wanted);
        }
        is_new
    }

    /// Findings and gaps of the question now; asked for where they are not there.
    pub(super) fn want_survey(&mut self) {
        let version = self.version;
        let is_there = self.survey.as_ref().is_some_and(|(of, _)| *of == version);
        if !is_there && self.standings.is_some() && self.wants(Wanted::Survey(version)) {
            self.ask_judge(JudgeAsk::Survey { version, question: Box::new(self.question.clone()) });
        }
    }

    /// The chain of a task by the question now; asked for where it is not there.
    pub(super) fn want_chain(&mut self, task_id: TaskId) {
        let version = self.version;
        if self.chains.get(&(version, task_id)).is_none() && self.wants(Wanted::Chain(version, task_id)) {
            self.ask_judge(JudgeAsk::Chain { version, question: Box::new(self.question.clone()), task_id });
        }
    }

    /// The chain of a task by the question now, or while that is being made, by the one before.
    pub(super) fn chain(&self, task_id: &TaskId) -> Option<&Result<Arc<Report>, String>> {
        let here = self.chains.get(&(self.version, *task_id));
        here.or_else(|| self.chains.kept.iter().find(|((_, of), _)| of == task_id).map(|(_, report)| report))
    }

    /// What the case has of a task; asked for where it is not there.
    pub(super) fn want_evidence(&mut self, task_id: TaskId) {
        if self.seen.get(&task_id).is_none() && self.wants(Wanted::Evidence(task_id)) {
            self.ask_clerk(ClerkAsk::Evidence(task_id));
        }
    }

    /// The bytes of a document; asked for where they are not there.
    pub(super) fn want_document(&mut self, digest: Digest) {
        if self.documents.get(&digest).is_none() && self.wants(Wanted::Document(digest)) {
            self.ask_clerk(ClerkAsk::Document(digest));
        }
    }

    /// How a task is rebuilt; asked for where it is not there.
    pub(super) fn want_rebuild(&mut self, task_id: TaskId) {
        if self.rebuilds.get(&task_id).is_none() && self.wants(Wanted::Rebuild(task_id)) {
            self.ask_judge(JudgeAsk::Rebuild { question: Box::new(self.question.clone()), task_id });
        }
    }

    /// The facts of a task; asked for where they are not there.
    pub(super) fn want_facts(&mut self, task_id: TaskId) {
        if self.facts.get(&task_id).is_none() && self.wants(Wanted::Facts(task_id)) {
            self.ask_judge(JudgeAsk::Facts(task_id));
        }
    }

    /// The keys; asked for where they are not there.
    pub(super) fn want_keys(&mut self) {
        if self.keys.is_none() && self.wants(Wanted::Keys) {
            self.ask_judge(JudgeAsk::Keys { question: Box::new(self.question.clone()) });
        }
    }

    /// What happened when: gathered beside the loop, and anew where there is more to gather it of.
    pub(super) fn want_moments(&mut self) {
        let made_of = MadeOf {
            catalog: Arc::clone(&self.catalog),
            targets: Arc::clone(&self.targets),
            keys: self.keys.clone(),
            key_changes: Arc::clone(&self.key_changes),
        };
        if self.moments_of.as_ref().is_some_and(|(_, of)| of.is(&made_of)) {
            return;
        }
        let job = self.moments_of.as_ref().map_or(0, |(job, _)| job + 1);
        self.moments_of = Some((job, made_of.clone()));
        let events = self.events.clone();
        self.pending += 1;
        std::thread::spawn(move || {
            let moments = Arc::new(Moments::of(&made_of));
            let _ = events.send(Event::Told(Told::Moments { job, moments }));
            let _ = events.send(Event::Served);
        });
    }

    /// Sets the second mark at the question now, or takes it away.
    pub(super) fn turn_mark(&mut self) {
        self.mark = match self.mark {
            Some(_) => None,
            None => Some(Mark {
                as_of: self.question.as_of,
                distrust: self.question.distrust.clone(),
                version: self.version,
                standings: self.standings.clone().filter(|_| self.is_fresh),
            }),
        };
    }

    /// Keeps a note in the case.
    pub(super) fn note(&mut self, note: NewNote) {
        let now = self.now();
        self.ask_clerk(ClerkAsk::Note { note: Box::new(note), now });
    }

    /// Withdraws a note.
    pub(super) fn withdraw_note(&mut self, note: i64) {
        let now = self.now();
        self.ask_clerk(ClerkAsk::Withdraw { note, now });
    }

    /// Has what a command line prints written to a file.
    pub(super) fn export(&mut self, arguments: Vec<String>, to: PathBuf) {
        self.ask_clerk(ClerkAsk::Export { arguments, to });
    }

    /// Works beside the loop, and tells what comes of it.
    pub(super) fn beside(&mut self, work: impl FnOnce() -> Told + Send + 'static) {
        let events = self.events.clone();
        self.pending += 1;
        std::thread::spawn(move || {
            let _ = events.send(Event::Told(work()));
            let _ = events.send(Event::Served);
        });
    }

    /// Makes the list of tasks that a filter and a search leave, beside the loop; the one before is given up.
    pub(super) fn list(&mut self, fuzzy: &str, order: Option<TaskOrder>) -> u64 {
        let job = self.listing.as_ref().map_or(0, |(job, _)| job + 1);
        self.cancel_listing();
        let is_idle = Arc::new(AtomicBool::new(false));
        self.listing = Some((job, Arc::clone(&is_idle)));
        let (catalog, targets) = (Arc::clone(&self.catalog), Arc::clone(&self.targets));
        let standings = self.standings.clone().unwrap_or_default();
        let (filter, fuzzy, noted) = (self.filter.clone(), fuzzy.to_owned(), Arc::clone(&self.noted));
        let events = self.events.clone();
        self.pending += 1;
        std::thread::spawn(move || {
            let live = Live { targets: &targets, standings: &standings, noted: &noted };
            if let Some(rows) = catalog.list(live, &filter, &fuzzy, order, &is_idle) {
                let _ = events.send(Event::Told(Told::Listed { job, rows: Arc::new(rows) }));
            }
            let _ = events.send(Event::Served);
        });
        job
    }

    fn cancel_listing(&mut self) {
        if let Some((_, is_idle)) = &self.listing {
            is_idle.store(true, Ordering::Relaxed);
        }
    }

    fn ask_judge(&mut self, ask: JudgeAsk) {
        let number = self.number;
        self.number += 1;
        match self.judge.send((number, ask)) {
            Ok(()) => self.pending += 1,
            Err(_) => self.failure = Some("the judge is gone".to_owned()),
        }
    }

    pub(super) fn ask_clerk(&mut self, ask: ClerkAsk) {
        match self.clerk.send(ask) {
            Ok(()) => self.pending += 1,
            Err(_) => self.failure = Some("the clerk is gone".to_owned()),
        }
    }

    /// Takes an answer.
    pub(super) fn hear(&mut self, told: &Told) {
        match told {
            Told::Progress(progress) => self.progress = Some(*progress),
            Told::Graph(graph) => self.graph = Some(Arc::clone(graph)),
            Told::Opened(opened) => {
                self.targets = Arc::clone(&opened.targets);
                // Its standings are those of other targets.
                self.mark = None;
                self.key_changes = Arc::clone(&opened.key_changes);
            }
            Told::Before(of) => {
                self.counts_before = Counts::of(of);
                self.before = Some(Arc::clone(of));
            }
            Told::Standings { version, of } if *version == self.version => {
                self.standings = Some(Arc::clone(of));
                self.counts = Counts::of(of);
                self.is_given_up = false;
                self.is_fresh = true;
                if let Some(mark) = self.mark.as_mut().filter(|mark| mark.version == *version) {
                    mark.standings = Some(Arc::clone(of));
                }
            }
            Told::Survey { version, report } if *version == self.version => {
                self.survey = Some((*version, Arc::clone(report)));
            }
            // Late.
            Told::Standings { .. } | Told::Survey { .. } => {}
            Told::Chain { version, task_id, report } => {
                self.asked.retain(|wanted| *wanted != Wanted::Chain(*version, *task_id));
                self.chains.put((*version, *task_id), report.clone());
            }
            Told::Notes(notes) => {
                let mut noted: BTreeMap<TaskId, usize> = BTreeMap::new();
                for note in notes.iter().filter(|note| note.withdrawn.is_none()) {
                    if let NoteSubject::Task(task_id) = &note.subject {
                        *noted.entry(*task_id).or_default() += 1;
                    }
                }
                (self.notes, self.noted) = (Arc::clone(notes), Arc::new(noted));
            }
            Told::Keys(report) => self.keys = Some(Arc::clone(report)),
            Told::Catalog { catalog, is_whole } => {
                (self.catalog, self.catalog_is_whole) = (Arc::clone(catalog), *is_whole);
            }
            Told::Document(digest, bytes) => {
                self.asked.retain(|wanted| *wanted != Wanted::Document(*digest));
                self.documents.put(*digest, bytes.clone());
            }
            Told::Moments { job, moments } => {
                if self.moments_of.as_ref().is_some_and(|(of, _)| of == job) {
                    self.moments = Some(Arc::clone(moments));
                }
            }
            Told::Said(text) => self.said = Some(text.clone()),
            Told::Failed(text) => self.failure = Some(text.clone()),
            Told::Tasks(tasks) => self.tasks = *tasks,
            Told::Loaded(tasks) => self.loaded = *tasks,
            Told::GivenUp => self.is_given_up = true,
            Told::Case(_)
            | Told::Stored(_)
            | Told::Evidence(..)
            | Told::Rebuild { .. }
            | Told::Facts(..)
            | Told::Listed { .. }
            | Told::Show(..) => {}
        }
    }

    /// Keeps what an answer holds and nobody else needs.
    pub(super) fn keep(&mut self, told: Told) {
        match told {
            Told::Case(info) => self.info = Some(info),
            Told::Stored(stored) => self.stored = stored,
            Told::Evidence(task_id, seen) => {
                self.asked.retain(|wanted| *wanted != Wanted::Evidence(task_id));
                self.seen.put(task_id, seen);
            }
            Told::Rebuild { task_id, shown } => {
                self.asked.retain(|wanted| *wanted != Wanted::Rebuild(task_id));
                self.rebuilds.put(task_id, shown);
            }
            Told::Facts(task_id, facts) => {
                self.asked.retain(|wanted| *wanted != Wanted::Facts(task_id));
                self.facts.put(task_id, facts);
            }
            Told::Progress(_)
            | Told::Tasks(_)
            | Told::Loaded(_)
            | Told::GivenUp
            | Told::Opened(_)
            | Told::Graph(_)
            | Told::Before(_)
            | Told::Standings { .. }
            | Told::Survey { .. }
            | Told::Chain { .. }
            | Told::Keys(_)
            | Told::Catalog { .. }
            | Told::Document(..)
            | Told::Listed { .. }
            | Told::Notes(_)
            | Told::Show(..)
            | Told::Moments { .. }
            | Told::Said(_)
            | Told::Failed(_) => {}
        }
    }

    /// The arguments of the command line that stand for the question now.
    pub(super) fn question_arguments(&self) -> Vec<String> {
        self.arguments_of(self.question.as_of, &self.question.distrust)
    }

    /// Those that stand for the same question at another moment, with other things distrusted.
    pub(super) fn arguments_of(&self, as_of: AsOf, distrust: &[Distrusted]) -> Vec<String> {
        let question = &self.question;
        let mut arguments = Vec::new();
        let mut push = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
        if let AsOf::At(moment) = as_of {
            push("--as-of", moment.to_string());
        }
        for (name, clock) in [
            ("--keys-as-of", question.clocks.key),
            ("--policy-as-of", question.clocks.policy),
            ("--known-as-of", question.clocks.knowledge),
        ] {
            if let Some(moment) = clock {
                push(name, moment.to_string());
            }
        }
        for distrusted in distrust {
            push("--distrust", distrusted.to_string());
        }
        arguments.extend(self.arguments.iter().cloned());
        arguments
    }
}
