//! The case file: one SQLite file with content-addressed blobs and rows. The only code that speaks SQL.
//!
//! What each table and column is stands in `schema/case/schema.sql`; the numbered files beside it are the migrations
//! that make it. Blobs lie zstd-compressed in packs of up to 512 KiB and are checked against their digest on every
//! read; of task graphs single entries are read too, checked against digests of parts. A snapshot is written in one transaction: a case never shows half of one.

mod blobs;
mod case;
mod convert;
mod error;
mod evidence;
mod facts;
mod guard;
mod index;
mod keys;
mod listing;
mod log;
mod migrate;
mod notes;
mod readable;
mod replays;
mod rows;
mod snapshot;
mod task_heads;
mod verify;

pub use blobs::{BlobWriter, PACK_SIZE_MAX};
pub use case::{Access, Case};
pub use error::StoreError;
pub use evidence::{Place, SnapshotInfo, SourceInfo, TaskSummary};
pub use index::{DocumentIndex, INDEX_SIZE_MAX, PartDigests};
pub use keys::{KeyKind, KeyRow};
pub use listing::{StoredReplay, TaskListRow, TaskSink};
pub use log::{LogEntry, LoggedEntry};
pub use migrate::{APPLICATION_ID, SCHEMA_VERSION};
pub use replays::ReplayRecord;
pub use snapshot::{
    ArtifactRow, DenialRow, Disposition, FileRow, ListingRow, RunRow, SnapshotHead, SnapshotWriter, SourceRow, TaskRow,
    TaskRows,
};
pub use task_heads::TaskHead;
pub use verify::{CaseInfo, Damage, SnapshotSummary};
