//! Task graphs: where their entries lie, and the bytes of single ones. No graph is read whole where the case has its index.

use std::ops::Range;

use super::desk::FactDesk;
use super::examination::GRAPH_SIZE_MAX;
use super::targets::ReplayError;
use crate::examine::graph_entry::{GraphIndex, INDEX_VERSION, Listing};
use crate::model::Digest;
use crate::store::{Case, Damage, DocumentIndex, INDEX_SIZE_MAX, PartDigests, StoreError};

/// With more entries than this to be read of a graph that is not in the order of its tasks, as taskgraph's are, it is read
/// whole: each entry would have another pack decompressed.
const SCATTERED_MAX: usize = 64;

/// A task graph whose entries can be read.
pub(super) struct Graph {
    digest: Digest,
    index: GraphIndex,
    entries: Entries,
}

/// Where entries are read from.
enum Entries {
    /// The parts of the document that they touch.
    Parts(DocumentIndex),
    /// The document.
    Whole(Vec<u8>),
}

impl Graph {
    /// Opens a graph of which so many entries will be asked for; `None` if the case does not hold it, or it is too large. Where
    /// the case has no index of it, it is read whole, and the index is kept.
    pub(super) fn open(desk: &mut FactDesk<'_>, digest: Digest, wanted: usize) -> Result<Option<Self>, StoreError> {
        let size = desk.case.blob_size(&digest)?.filter(|size| *size <= GRAPH_SIZE_MAX);
        let kept = match size {
            // Who makes everything again makes this again, too.
            Some(size) if !desk.is_auditing() => kept(desk.case, &digest, size)?,
            Some(_) | None => None,
        };
        if let Some((stored, index)) = kept {
            if wanted <= SCATTERED_MAX || index.is_in_order() {
                desk.count_document();
                return Ok(Some(Self { digest, index, entries: Entries::Parts(stored) }));
            }
            let bytes = desk.document(&digest, GRAPH_SIZE_MAX)?;
            return Ok(bytes.map(|bytes| Self { digest, index, entries: Entries::Whole(bytes) }));
        }
        let Some(bytes) = desk.document(&digest, GRAPH_SIZE_MAX)? else { return Ok(None) };
        let (index, made) = make(&bytes)?;
        // One that would be too large for the case is made anew each time: no real graph has it.
        let entries = match made {
            Some(made) if wanted <= SCATTERED_MAX || index.is_in_order() => {
                desk.indexed(digest, made.clone());
                Entries::Parts(made)
            }
            made => {
                made.into_iter().for_each(|made| desk.indexed(digest, made));
                Entries::Whole(bytes)
            }
        };
        Ok(Some(Self { digest, index, entries }))
    }

    /// What it says of a task, with the bytes of the entry.
    pub(super) fn listing(&self, desk: &FactDesk<'_>, task_id: &str) -> Result<Listing<Vec<u8>>, StoreError> {
        self.index.find(task_id).read(|Range { start, end }| match &self.entries {
            Entries::Parts(stored) => desk.case.blob_range(&self.digest, stored, start as u64..end as u64),
            Entries::Whole(bytes) => Ok(bytes.get(start..end).unwrap_or_default().to_vec()),
        })
    }

    /// The tasks that it lists, sorted; `None` where it can't be read.
    pub(super) fn tasks(&self) -> Option<Vec<String>> {
        self.index.tasks()
    }
}

/// The index that the case keeps of a graph.
fn kept(case: &Case, graph: &Digest, size: u64) -> Result<Option<(DocumentIndex, GraphIndex)>, StoreError> {
    let Some(stored) = case.document_index(graph, INDEX_VERSION)? else { return Ok(None) };
    match GraphIndex::from_bytes(&stored.entries()?, size) {
        Some(index) => Ok(Some((stored, index))),
        None => Err(StoreError::Damaged(format!("the index of {graph} names places outside of it"))),
    }
}

/// Indexes a graph: for use, and where it is small enough for keeping.
fn make(bytes: &[u8]) -> Result<(GraphIndex, Option<DocumentIndex>), StoreError> {
    let index = GraphIndex::new(bytes);
    let entries = index.to_bytes();
    let made = (entries.len() <= INDEX_SIZE_MAX)
        .then(|| DocumentIndex::new(INDEX_VERSION, PartDigests::of(bytes), &entries))
        .transpose()?;
    Ok((index, made))
}

/// Makes the index of every graph that has one again, and holds it against the one that the case keeps.
pub fn verify_indexes(case: &Case) -> Result<Vec<Damage>, ReplayError> {
    let mut damages = Vec::new();
    for graph in case.indexed_documents(INDEX_VERSION)? {
        let bytes = match case.blob(&graph, GRAPH_SIZE_MAX) {
            // Nobody makes one of so large a document.
            Err(StoreError::TooLarge { .. }) => None,
            read => read?,
        };
        let made = bytes.map(|bytes| make(&bytes)).transpose()?.and_then(|(_, made)| made);
        let is_its_own = match (made, case.document_index(&graph, INDEX_VERSION)?) {
            (Some(made), Some(stored)) => made.is_same(&stored)?,
            _ => false,
        };
        if !is_its_own {
            let message = "it is not what the document gives".to_owned();
            damages.push(Damage { kind: "index", name: graph.to_string(), message });
        }
    }
    Ok(damages)
}
