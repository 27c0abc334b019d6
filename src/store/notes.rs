//! Notes of operators: rows that are only ever added, each with an entry in the custody log that has its digest.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, TransactionBehavior, params};

use super::log::{self, LogEntry};
use super::migrate::NOTES_SINCE;
use super::{Case, Damage, LoggedEntry, StoreError, readable};
use crate::model::{Digest, Moment, NewNote, Note, NoteStanding, Withdrawal};

/// What the log calls a note.
const NOTED: &str = "note";

/// What the log calls the withdrawal of one.
const WITHDRAWN: &str = "withdraw-note";

/// A row: a note, or the withdrawal of one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    id: i64,
    at: Moment,
    author: String,
    subject: String,
    standing: Option<String>,
    text: String,
    tags: String,
    withdraws: Option<i64>,
}

const SELECT: &str = "SELECT id, at, author, subject, standing, text, tags, withdraws FROM note ORDER BY id";

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        id: row.get(0)?,
        at: row.get(1)?,
        author: row.get(2)?,
        subject: row.get(3)?,
        standing: row.get(4)?,
        text: row.get(5)?,
        tags: row.get(6)?,
        withdraws: row.get(7)?,
    })
}

impl Entry {
    fn digest(&self) -> Digest {
        let (id, at) = (self.id.to_be_bytes(), self.at.to_string());
        let withdraws = self.withdraws.map(i64::to_be_bytes);
        Digest::of_parts([
            id.as_slice(),
            at.as_bytes(),
            self.author.as_bytes(),
            self.subject.as_bytes(),
            self.standing.as_deref().unwrap_or_default().as_bytes(),
            self.text.as_bytes(),
            self.tags.as_bytes(),
            withdraws.as_ref().map_or(&[], <[u8; 8]>::as_slice),
        ])
    }

    const fn action(&self) -> &'static str {
        if self.withdraws.is_some() { WITHDRAWN } else { NOTED }
    }

    /// The note, unless it is a withdrawal.
    fn note(self) -> Result<Note, StoreError> {
        let wrong = |what: &str| StoreError::Damaged(format!("the {what} of note {} can't be read", self.id));
        Ok(Note {
            id: self.id,
            subject: self.subject.parse().map_err(|_| wrong("subject"))?,
            standing: match &self.standing {
                Some(word) => Some(NoteStanding::named(word).ok_or_else(|| wrong("standing"))?),
                None => None,
            },
            tags: serde_json::from_str(&self.tags).map_err(|_| wrong("tags"))?,
            text: self.text,
            author: self.author,
            at: self.at,
            withdrawn: None,
        })
    }

    /// Writes the row, and tells the log of it.
    fn append(&self, conn: &Connection) -> Result<(), StoreError> {
        conn.execute(
            "INSERT INTO note (id, at, author, subject, standing, text, tags, withdraws)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![self.id, self.at, self.author, self.subject, self.standing, self.text, self.tags, self.withdraws],
        )?;
        let mut detail = serde_json::json!({ "note": self.id, "digest": self.digest().to_string() });
        if let Some(withdraws) = self.withdraws {
            detail["withdraws"] = withdraws.into();
        }
        log::append(
            conn,
            &LogEntry {
                at: self.at.to_string(),
                operator: self.author.clone(),
                cotrace_version: env!("CARGO_PKG_VERSION").to_owned(),
                action: self.action().to_owned(),
                detail: detail.to_string(),
            },
        )
    }
}

impl Case {
    /// All notes, in the order in which they were written; those that were withdrawn say so.
    pub fn notes(&self) -> Result<Vec<Note>, StoreError> {
        if self.version < NOTES_SINCE {
            return Ok(Vec::new());
        }
        self.reading(notes)
    }

    /// Keeps a note, with an entry in the custody log.
    pub fn add_note(&mut self, note: &NewNote, now: Moment, operator: &str) -> Result<Note, StoreError> {
        self.write_note(|_, id| {
            Ok(Entry {
                id,
                at: now.to_milliseconds(),
                author: operator.to_owned(),
                subject: note.subject().to_string(),
                standing: note.standing().map(|standing| standing.word().to_owned()),
                text: note.text().to_owned(),
                tags: serde_json::Value::from(note.tags().to_vec()).to_string(),
                withdraws: None,
            })
        })
    }

    /// Withdraws a note: it stays in the case, and no longer counts. That is an entry of its own, here and in the custody
    /// log.
    pub fn withdraw_note(&mut self, note: i64, now: Moment, operator: &str) -> Result<Note, StoreError> {
        self.write_note(|conn, id| {
            let known = notes(conn)?.into_iter().find(|known| known.id == note).ok_or(StoreError::NoNote(note))?;
            if known.withdrawn.is_some() {
                return Err(StoreError::Withdrawn(note));
            }
            Ok(Entry {
                id,
                at: now.to_milliseconds(),
                author: operator.to_owned(),
                subject: known.subject.to_string(),
                standing: None,
                text: String::new(),
                tags: "[]".to_owned(),
                withdraws: Some(note),
            })
        })
    }

    /// Writes an entry, and returns the note that it is, or that it withdraws, as it now is.
    fn write_note(
        &mut self,
        make: impl FnOnce(&Connection, i64) -> Result<Entry, StoreError>,
    ) -> Result<Note, StoreError> {
        let path = self.path().to_owned();
        if !self.is_writable() {
            return Err(StoreError::ReadOnly(path));
        }
        let write = || {
            let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let last = transaction.query_row("SELECT max(id) FROM note", [], |row| row.get::<_, Option<i64>>(0))?;
            let id = last.unwrap_or(0).checked_add(1);
            let id = id.ok_or_else(|| StoreError::Damaged("its notes have no number left".to_owned()))?;
            let entry = make(&transaction, id)?;
            entry.append(&transaction)?;
            let wanted = entry.withdraws.unwrap_or(id);
            let written = notes(&transaction)?.into_iter().find(|note| note.id == wanted);
            transaction.commit()?;
            written.ok_or(StoreError::NoNote(wanted))
        };
        write().map_err(|error| error.of(&path))
    }

    /// Holds every note against what the log tells of it.
    pub(super) fn verify_notes(&self, damages: &mut Vec<Damage>) -> Result<(), StoreError> {
        if self.version < NOTES_SINCE {
            return Ok(());
        }
        let mut told = told(&self.legible_log()?);
        let mut statement = self.conn.prepare(SELECT)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let entry = match entry(row) {
                Ok(entry) => entry,
                // It was told as a row that can't be read.
                Err(error) if readable::is_unreadable(&error) => {
                    if let Ok(id) = row.get(0) {
                        told.remove(&id);
                    }
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let expected = [entry.action(), &entry.at.to_string(), &entry.author, &entry.digest().to_string()];
            let message = match told.remove(&entry.id) {
                None => "the log does not tell of it",
                Some(told) if told != expected => "it is not what the log tells of",
                Some(_) => continue,
            };
            damages.push(Damage { kind: "note", name: entry.id.to_string(), message: message.to_owned() });
        }
        for id in told.into_keys() {
            let message = "the log tells of it, and it is not there".to_owned();
            damages.push(Damage { kind: "note", name: id.to_string(), message });
        }
        Ok(())
    }
}

/// What the log tells of notes, by number: action, moment, author and digest.
fn told(entries: &[LoggedEntry]) -> BTreeMap<i64, [String; 4]> {
    let mut told = BTreeMap::new();
    for LoggedEntry { entry, .. } in entries.iter().filter(|logged| [NOTED, WITHDRAWN].contains(&&*logged.entry.action))
    {
        let detail = serde_json::from_str::<serde_json::Value>(&entry.detail).unwrap_or_default();
        let (Some(id), Some(digest)) = (detail["note"].as_i64(), detail["digest"].as_str()) else { continue };
        // Of two entries with one number the first counts: rows are never written anew.
        told.entry(id)
            .or_insert_with(|| [entry.action.clone(), entry.at.clone(), entry.operator.clone(), digest.to_owned()]);
    }
    told
}

fn notes(conn: &Connection) -> Result<Vec<Note>, StoreError> {
    let mut statement = conn.prepare_cached(SELECT)?;
    let entries = statement.query_map([], entry)?.collect::<Result<Vec<_>, _>>()?;
    let mut notes: BTreeMap<i64, Note> = BTreeMap::new();
    for entry in entries {
        match entry.withdraws {
            None => drop(notes.insert(entry.id, entry.note()?)),
            Some(withdrawn) => {
                if let Some(note) = notes.get_mut(&withdrawn) {
                    note.withdrawn = Some(Withdrawal { author: entry.author, at: entry.at });
                }
            }
        }
    }
    Ok(notes.into_values().collect())
}
