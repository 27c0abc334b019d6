//! Facts: kept under their key, never changed.

use rusqlite::{TransactionBehavior, params};

use super::{Case, StoreError};
use crate::model::{FactKey, FactKind};

impl Case {
    /// The value of a fact, if it has been examined.
    pub fn fact(&self, key: &FactKey) -> Result<Option<String>, StoreError> {
        self.reading(|conn| {
            use rusqlite::OptionalExtension as _;
            let value = conn
                .prepare_cached(
                    "SELECT value FROM fact WHERE kind = ?1 AND subject = ?2 AND variant = ?3 AND inputs = ?4 AND examiner = ?5",
                )?
                .query_row(params![key.kind.name(), key.subject, key.variant, key.inputs, key.examiner], |row| row.get(0))
                .optional()?;
            Ok(value)
        })
    }

    /// Whether any fact is stored.
    pub fn has_facts(&self) -> Result<bool, StoreError> {
        self.reading(|conn| Ok(conn.prepare_cached("SELECT 1 FROM fact")?.exists([])?))
    }

    /// Every stored fact of a kind, passed to `sink` with its key.
    pub fn facts_of(&self, kind: FactKind, sink: &mut dyn FnMut(FactKey, String)) -> Result<(), StoreError> {
        self.reading(|conn| {
            let mut statement =
                conn.prepare("SELECT subject, variant, inputs, examiner, value FROM fact WHERE kind = ?1")?;
            let mut rows = statement.query([kind.name()])?;
            while let Some(row) = rows.next()? {
                let key = FactKey {
                    kind,
                    subject: row.get(0)?,
                    variant: row.get(1)?,
                    inputs: row.get(2)?,
                    examiner: row.get(3)?,
                };
                sink(key, row.get(4)?);
            }
            Ok(())
        })
    }

    /// Keeps facts, in one transaction.
    pub fn keep_facts(&mut self, facts: &[(FactKey, String)]) -> Result<(), StoreError> {
        if facts.is_empty() {
            return Ok(());
        }
        let path = self.path().to_owned();
        let written = self.insert_facts(facts).map_err(|error| error.of(&path));
        self.forgo(written)
    }

    fn insert_facts(&mut self, facts: &[(FactKey, String)]) -> Result<(), StoreError> {
        let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut statement = transaction.prepare_cached(
                "INSERT OR IGNORE INTO fact (kind, subject, variant, inputs, examiner, value)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            for (key, value) in facts {
                statement.execute(params![
                    key.kind.name(),
                    key.subject,
                    key.variant,
                    key.inputs,
                    key.examiner,
                    value
                ])?;
            }
        }
        transaction.commit()?;
        Ok(())
    }
}
