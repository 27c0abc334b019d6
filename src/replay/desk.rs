//! Where facts are looked up and put down, and batches of evidence go through the examiners.

use std::any::Any;
use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use rayon::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::{
    Attestation, Definition, Digest, DigestFact, FactKey, FactKind, GraphEntry, Landing, Rebuild, Signature, TaskId,
    VerificationLog,
};
use crate::store::{Case, DocumentIndex, StoreError};

/// Tasks whose documents are in memory at once.
const BATCH_TASKS: usize = 256;

/// The most bytes of documents in memory at once; one document may go beyond.
const BATCH_SIZE_MAX: usize = 64 * 1024 * 1024;

/// The longest fact that is stored; a longer one, which only hostile evidence gives, is made anew each time.
const FACT_SIZE_MAX: usize = 16 * 1024 * 1024;

/// How much work a replay did. No report tells it: the same inputs give the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// Facts that were examined.
    pub examined: u64,
    /// Facts that were stored already.
    pub reused: u64,
    /// Documents of tasks and answers of servers that were read, and with that checked, parsed or verified. Key files are
    /// read each time, and are not counted.
    pub documents: u64,
}

/// How far a replay has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done: `tasks` are examined, or of some tasks `definitions`, `attestations`, `logs` or `graph entries`;
    /// or `targets` are judged.
    pub stage: &'static str,
    /// How many are done. Facts that were stored already are not counted.
    pub done: u64,
    /// How many there are, stored ones among them.
    pub total: u64,
}

/// Whom to tell how far a replay has come. Told from any thread.
///
/// Breaking stops it: what was examined so far is kept, and nothing is told.
pub type Listener<'a> = &'a (dyn Fn(Progress) -> ControlFlow<()> + Sync);

/// For whoever does not ask.
pub const SILENT: Listener<'static> = &|_| ControlFlow::Continue(());

/// One digest over the digests of a fact's inputs; a missing input counts as such.
pub(super) fn input_digest(inputs: &[Option<Digest>]) -> Digest {
    Digest::of_parts(inputs.iter().map(|input| input.as_ref().map_or(&[][..], |digest| digest.bytes().as_slice())))
}

/// Looks facts up and collects those to be stored.
pub(super) struct FactDesk<'case> {
    pub(super) case: &'case mut Case,
    pub(super) work: Work,
    /// Documents that were read: a document is read while facts are looked at.
    documents: Cell<u64>,
    /// All stored facts of a kind, where many will be asked for; each is of that kind's type.
    loaded: HashMap<FactKind, HashMap<FactKey, Box<dyn Any + Send>>>,
    fresh: Vec<(FactKey, String)>,
    /// Indexes of documents, to be stored.
    indexes: Vec<(Digest, DocumentIndex)>,
    /// Whether facts are made again to be held against the stored ones, rather than looked up and stored.
    audit: Option<FactAudit>,
    pub(super) listener: Listener<'case>,
}

/// Facts that were made again.
#[derive(Debug, Default)]
pub(super) struct FactAudit {
    /// The stored facts that are not what is made now, and those that nothing in the case makes: a fact without its
    /// document rests on nobody's word but the writer's.
    pub(super) differing: BTreeSet<FactKey>,
}

impl<'case> FactDesk<'case> {
    pub(super) fn new(case: &'case mut Case) -> Self {
        Self {
            case,
            work: Work::default(),
            documents: Cell::new(0),
            loaded: HashMap::new(),
            fresh: Vec::new(),
            indexes: Vec::new(),
            audit: None,
            listener: SILENT,
        }
    }

    /// A desk that tells how far it has come.
    pub(super) fn telling(case: &'case mut Case, listener: Listener<'case>) -> Self {
        Self { listener, ..Self::new(case) }
    }

    /// A desk that makes every fact again.
    pub(super) fn auditing(case: &'case mut Case) -> Self {
        Self { audit: Some(FactAudit::default()), ..Self::new(case) }
    }

    /// Whether it makes facts again.
    pub(super) const fn is_auditing(&self) -> bool {
        self.audit.is_some()
    }

    /// Tells how far it has come. An error: it is to stop.
    pub(super) fn tell(&self, progress: Progress) -> Result<(), StoreError> {
        match (self.listener)(progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(StoreError::Stopped),
        }
    }

    /// How much was done.
    pub(super) fn work(&self) -> Work {
        Work { documents: self.documents.get(), ..self.work }
    }

    /// What came of making facts again.
    pub(super) fn into_audit(self) -> FactAudit {
        self.audit.unwrap_or_default()
    }

    /// Reads all facts of a kind at once, on all cores: worth it where most of them will be asked for.
    pub(super) fn load_all<T: DeserializeOwned + Send + 'static>(&mut self, kind: FactKind) -> Result<(), StoreError> {
        if self.is_auditing() {
            return Ok(());
        }
        let mut texts = Vec::new();
        self.case.facts_of(kind, &mut |key, value| texts.push((key, value)))?;
        let read = |(key, text): (FactKey, String)| {
            let fact = serde_json::from_str::<T>(&text).ok()?;
            Some((key, Box::new(fact) as Box<dyn Any + Send>))
        };
        let facts: Vec<_> = texts.into_par_iter().filter_map(read).collect();
        self.loaded.insert(kind, facts.into_iter().collect());
        Ok(())
    }

    /// Forgets what was read so: it was asked for, and single facts are asked for from now on.
    pub(super) fn unload(&mut self, kind: FactKind) {
        self.loaded.remove(&kind);
    }

    /// Reads all facts of tasks.
    pub(super) fn load_facts_of_tasks(&mut self) -> Result<(), StoreError> {
        self.load_all::<Definition>(FactKind::Definition)?;
        self.load_all::<Attestation>(FactKind::Attestation)?;
        self.load_all::<Signature>(FactKind::Signature)?;
        self.load_all::<DigestFact>(FactKind::Digests)?;
        self.load_all::<GraphEntry>(FactKind::GraphEntry)?;
        self.load_all::<Vec<String>>(FactKind::GraphTasks)?;
        self.load_all::<VerificationLog>(FactKind::VerificationLog)?;
        self.load_all::<Rebuild>(FactKind::Rebuild)?;
        self.load_all::<Landing>(FactKind::Landing)
    }

    /// A stored fact. One that can't be read is made anew.
    pub(super) fn stored<T: DeserializeOwned + 'static>(&mut self, key: &FactKey) -> Result<Option<T>, StoreError> {
        if let Some(audit) = &mut self.audit {
            if self.case.fact(key)?.is_some() {
                audit.differing.insert(key.clone());
            }
            return Ok(None);
        }
        let fact = match self.loaded.get_mut(&key.kind) {
            Some(facts) => facts.remove(key).and_then(|fact| fact.downcast().ok()).map(|fact| *fact),
            None => self.case.fact(key)?.and_then(|value| serde_json::from_str(&value).ok()),
        };
        self.work.reused += u64::from(fact.is_some());
        Ok(fact)
    }

    pub(super) fn examined<T: Serialize>(&mut self, key: FactKey, fact: &T) {
        if let Ok(value) = serde_json::to_string(fact) {
            self.made(key, value);
        }
    }

    /// The bytes of a document, if the case holds them and they are not too many.
    pub(super) fn document(&self, digest: &Digest, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.count_document();
        match self.case.blob(digest, limit) {
            Err(StoreError::TooLarge { .. }) => Ok(None),
            read => read,
        }
    }

    /// Counts a document that is read.
    pub(super) fn count_document(&self) {
        self.documents.set(self.documents.get() + 1);
    }

    /// Takes the index of a document that was made: to be stored.
    pub(super) fn indexed(&mut self, document: Digest, index: DocumentIndex) {
        if self.audit.is_none() && self.case.is_writable() {
            self.indexes.push((document, index));
        }
    }

    /// Reads many things at once. Nothing is stored meanwhile.
    pub(super) fn at_once<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.case.begin_reading()?;
        let found = read(self);
        let ended = self.case.end_reading();
        let found = found?;
        ended.map(|()| found)
    }

    /// Takes a fact that was made: to be stored, or held against the stored one.
    pub(super) fn made(&mut self, key: FactKey, value: String) {
        self.work.examined += 1;
        if self.audit.is_some() || (value.len() <= FACT_SIZE_MAX && self.case.is_writable()) {
            self.fresh.push((key, value));
        }
    }

    /// Stores what was examined since the last call.
    pub(super) fn keep(&mut self) -> Result<(), StoreError> {
        let fresh = std::mem::take(&mut self.fresh);
        let Some(audit) = &mut self.audit else {
            self.case.keep_indexes(&std::mem::take(&mut self.indexes))?;
            return self.case.keep_facts(&fresh);
        };
        for (key, value) in fresh {
            match self.case.fact(&key)? {
                Some(stored) if stored == value => audit.differing.remove(&key),
                Some(_) => audit.differing.insert(key),
                None => false,
            };
        }
        Ok(())
    }
}

pub(super) fn fact_key(
    kind: FactKind,
    task_id: &TaskId,
    variant: String,
    inputs: &[Option<Digest>],
    examiner: u32,
) -> FactKey {
    FactKey { kind, subject: task_id.to_string(), variant, inputs: input_digest(inputs), examiner }
}

/// Gathers work for the examiners, examines it on all cores, and takes what came of it, in the order of the work. While
/// one batch is examined the next is read from the case, and what came of the one before is stored.
pub(super) fn in_batches<W: Send, E: Send>(
    desk: &mut FactDesk<'_>,
    (stage, total): (&'static str, usize),
    mut gather: impl FnMut(&mut FactDesk<'_>) -> Result<Option<(W, usize)>, StoreError> + Send,
    examine: impl Fn(W) -> E + Sync,
    mut take: impl FnMut(&mut FactDesk<'_>, E) + Send,
) -> Result<(), StoreError> {
    let mut next_batch = |desk: &mut FactDesk<'_>| -> Result<Vec<W>, StoreError> {
        desk.at_once(|desk| {
            let (mut batch, mut held) = (Vec::new(), 0);
            while batch.len() < BATCH_TASKS
                && held < BATCH_SIZE_MAX
                && let Some((work, size)) = gather(desk)?
            {
                held += size;
                batch.push(work);
            }
            Ok(batch)
        })
    };
    let mut batch = next_batch(desk)?;
    let mut examined: Vec<E> = Vec::new();
    let mut done = 0;
    while !batch.is_empty() {
        let works = std::mem::take(&mut batch);
        done += works.len() as u64;
        let before = std::mem::take(&mut examined);
        let (made, next) = rayon::join(
            || works.into_par_iter().map(&examine).collect(),
            || {
                before.into_iter().for_each(|done| take(desk, done));
                desk.keep()?;
                next_batch(desk)
            },
        );
        (examined, batch) = (made, next?);
        if let Err(stopped) = desk.tell(Progress { stage, done, total: total as u64 }) {
            examined.into_iter().for_each(|done| take(desk, done));
            desk.keep()?;
            return Err(stopped);
        }
    }
    examined.into_iter().for_each(|done| take(desk, done));
    desk.keep()
}
