//! Keeping what replays came to, for SQL: the reports themselves are always made anew.

use rusqlite::{Transaction, TransactionBehavior, params};

use super::{Case, StoreError};
use crate::model::{Digest, Finding, Gap, Moment, Report, TargetReport};

/// What a replay was asked.
#[derive(Debug, Clone)]
pub struct ReplayRecord {
    /// A digest over everything that the report depends on: the same question is kept once.
    pub request: Digest,
    /// The rule book's id.
    pub rules: String,
    /// `then`, or the moment asked for.
    pub as_of: String,
    /// `after-run` or `before-run`.
    pub mode: String,
    /// The bases of trust, comma-separated.
    pub trust: String,
    /// When.
    pub replayed_at: Moment,
}

impl Case {
    /// Keeps the verdicts, findings and gaps of a report. A question that was answered before changes nothing.
    pub fn keep_replay(&mut self, record: &ReplayRecord, report: &Report) -> Result<(), StoreError> {
        let path = self.path().to_owned();
        let written = self.insert_replay(record, report).map_err(|error| error.of(&path));
        self.forgo(written)
    }

    fn insert_replay(&mut self, record: &ReplayRecord, report: &Report) -> Result<(), StoreError> {
        let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let inserted = transaction.execute(
            "INSERT OR IGNORE INTO replay (request, content_id, cotrace_version, rules, as_of, mode, trust, replayed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                record.request,
                report.case,
                report.tool.version,
                record.rules,
                record.as_of,
                record.mode,
                record.trust,
                record.replayed_at
            ],
        )?;
        if inserted == 1 {
            let replay = transaction.last_insert_rowid();
            for target in &report.targets {
                insert_verdict(&transaction, replay, target)?;
            }
            for (ordinal, finding) in report.findings.iter().enumerate() {
                insert_finding(&transaction, replay, ordinal, finding)?;
            }
            for (ordinal, gap) in report.gaps.iter().enumerate() {
                insert_gap(&transaction, replay, ordinal, gap)?;
            }
        }
        transaction.commit()?;
        Ok(())
    }
}

fn insert_verdict(transaction: &Transaction<'_>, replay: i64, target: &TargetReport) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO verdict (replay, task_id, task_type, product, judged_at, verdict, reason, headline, links)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            replay,
            target.task_id,
            target.task_type,
            target.product,
            target.as_of.clocks.key,
            target.verdict.word(),
            target.reason.map(|reason| reason.word()),
            target.headline,
            target.links.len() as i64
        ])?;
    Ok(())
}

fn insert_finding(
    transaction: &Transaction<'_>,
    replay: i64,
    ordinal: usize,
    finding: &Finding,
) -> Result<(), StoreError> {
    let targets = serde_json::to_string(&finding.targets).unwrap_or_default();
    let evidence = serde_json::to_string(&finding.evidence).unwrap_or_default();
    transaction
        .prepare_cached(
            "INSERT INTO finding (replay, ordinal, code, plane, severity, reason, subject_kind, task_id, run_id, name,
             message, targets, evidence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            replay,
            ordinal as i64,
            finding.code.id(),
            finding.plane.word(),
            finding.severity.word(),
            finding.reason.word(),
            finding.subject.kind,
            finding.subject.task_id,
            finding.subject.run_id,
            finding.subject.name,
            finding.message,
            targets,
            evidence
        ])?;
    Ok(())
}

fn insert_gap(transaction: &Transaction<'_>, replay: i64, ordinal: usize, gap: &Gap) -> Result<(), StoreError> {
    let needed_by = serde_json::to_string(&gap.needed_by).unwrap_or_default();
    transaction
        .prepare_cached(
            "INSERT INTO gap (replay, ordinal, kind, task_id, run_id, name, url, presence, needed_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            replay,
            ordinal as i64,
            gap.kind.word(),
            gap.subject.task_id,
            gap.subject.run_id,
            gap.subject.name,
            gap.url,
            gap.presence.word(),
            needed_by
        ])?;
    Ok(())
}
