//! The report of one replay.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::{
    Asserter, Basis, CheckResult, ClockOverrides, Clocks, Code, Digest, Finding, Form, Moment, Note, Opinion, Plane,
    Presence, Reason, Release, Severity, SignatureState, SigningBounds, Subject, TaskId, TimeBound, Verdict,
};

/// Verdicts, findings and gaps of one replay. The same case, rules, moment and version give the same report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The version of this format: 1.
    pub report_version: u32,
    /// What made it.
    pub tool: ToolUsed,
    /// The content id of the case: a digest over its snapshots.
    pub case: Digest,
    /// A digest over what else the verdicts rest on: which keys are accepted, and of how many documents the contents are
    /// kept. Two reports of one case that differ say so here.
    pub inputs: Digest,
    /// What was trusted and distrusted.
    pub trust: TrustUsed,
    /// The evidence that the targets were judged by, each snapshot or union of snapshots with its share of what they need
    /// together. Sorted.
    pub snapshots: Vec<SnapshotReport>,
    /// The targets, in the order of their task ids.
    pub targets: Vec<TargetReport>,
    /// The findings, ordered by plane, severity, code, subject. Of each code and plane the first 200, and the first for
    /// each target.
    pub findings: Vec<Finding>,
    /// How many more there are, by plane and code. They count for the verdicts all the same.
    pub findings_left_out: Vec<FindingsLeftOut>,
    /// What the snapshots lack, ordered by kind and subject.
    pub gaps: Vec<Gap>,
    /// What no verdict of this report covers.
    pub not_checked: Vec<NotChecked>,
    /// What operators noted on the tasks, keys and findings that are told, and did not withdraw. No verdict rests on it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

impl Report {
    /// The audit findings of high severity of a target, in words: no verdict speaks of them, and nobody should miss them
    /// for it.
    pub fn beyond_the_rules(&self, target: &TaskId) -> Option<String> {
        let beyond: BTreeSet<&str> = self
            .findings
            .iter()
            .filter(|finding| finding.plane == Plane::Audit && finding.severity == Severity::High)
            .filter(|finding| finding.targets.contains(target))
            .map(|finding| finding.code.id())
            .collect();
        let beyond: Vec<&str> = beyond.into_iter().collect();
        (!beyond.is_empty()).then(|| format!("beyond the rules, of high severity: {}", beyond.join(", ")))
    }
}

/// Findings of one code and plane that a report does not tell one by one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingsLeftOut {
    /// Their plane.
    pub plane: Plane,
    /// Their code.
    pub code: Code,
    /// How many.
    pub count: u64,
}

/// What was trusted and distrusted, as asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrustUsed {
    /// The bases of trust that count.
    pub bases: Vec<Basis>,
    /// What is distrusted, as `KIND:NAME` or `KIND:NAME@MOMENT`.
    pub distrust: Vec<String>,
}

/// The program that made a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToolUsed {
    /// `cotrace`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The rules that a target was judged by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RulesUsed {
    /// The rule book's id.
    pub id: String,
    /// The digest of its tables and switches.
    pub digest: Digest,
    /// Why this rule book: `requested`, or which release judged the target then and what says so. Where its code was not read
    /// in full, whose behaviour counts.
    pub basis: String,
}

/// The moments of a judgement, asked for and resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AsOfUsed {
    /// `then` or `at`.
    pub mode: String,
    /// What `then` was taken from; `null` where a moment was named.
    pub basis: Option<String>,
    /// The clocks that were moved away from that moment.
    pub moved: ClocksUsed,
    /// The clocks.
    #[serde(flatten)]
    pub clocks: ClocksUsed,
    /// The latest moment that other keys prove to be before the judgement.
    pub not_before: Option<Box<TimeBound>>,
    /// The earliest moment that other keys prove to be after it; where there is none, only the queue tells when it was.
    pub not_after: Option<Box<TimeBound>>,
}

impl AsOfUsed {
    /// The moment, and what it was taken from, in words. Holds captured text.
    pub fn words(&self) -> String {
        let told =
            |moment: Option<Moment>| moment.map_or_else(|| "an unknown moment".to_owned(), |moment| moment.to_string());
        let clocks = &self.clocks;
        let apart = if clocks.policy != clocks.key || clocks.knowledge != clocks.key {
            format!(", algorithms as of {}, key facts known as of {}", told(clocks.policy), told(clocks.knowledge))
        } else {
            String::new()
        };
        let basis = self.basis.as_ref().map(|basis| format!(" ({basis})")).unwrap_or_default();
        format!("as of {}{basis}{apart}", told(clocks.key))
    }

    /// Between which moments other keys prove that the judgement was, in words.
    pub fn proven(&self) -> String {
        match TimeBound::words_of(self.not_before.as_deref(), self.not_after.as_deref()).as_slice() {
            [] => "no other key's signature tells when it was judged".to_owned(),
            bounds => format!("judged {}", bounds.join(" and ")),
        }
    }
}

/// The scriptworker that judges: which release, and so which ed25519 keys. Its default configuration is assumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifierUsed {
    /// `deployed`: what its fleet's configuration said; `release-dates`: no such fleet is known, and the newest release is
    /// taken.
    pub basis: String,
    /// The fleet of worker pools.
    pub fleet: Option<String>,
    /// The release; `null` where no one moment of judgement is known, or before the fleet's first.
    pub release: Option<Release>,
    /// When the fleet's configuration began to name it.
    pub landed: Option<Moment>,
    /// The commit that did.
    pub commit: Option<String>,
    /// The release before it, while some workers could still run that.
    pub before: Option<Release>,
    /// When what says so was last read, where that is before the moment of judgement: a newer release would not be known.
    pub last_read: Option<Moment>,
}

impl VerifierUsed {
    /// Which scriptworker judges, in words.
    pub fn words(&self) -> String {
        let fleet = self.fleet.as_deref().unwrap_or("no known fleet");
        match (&self.release, self.landed) {
            (Some(release), Some(landed)) => {
                let before = self.before.as_ref().map(|before| format!(", and {before} could still run"));
                let before = before.unwrap_or_default();
                let read = self.last_read.map(|read| format!(", as last read on {read}")).unwrap_or_default();
                format!(
                    "verifier: scriptworker {release} on {fleet} since {landed}{before}{read}; default configuration \
                     assumed"
                )
            }
            _ => format!("verifier: scriptworker by release dates ({fleet}); default configuration assumed"),
        }
    }
}

/// The three clocks; `null` where `then` could not be worked out, and of clocks that were not moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClocksUsed {
    /// Key time.
    pub key: Option<Moment>,
    /// Policy time.
    pub policy: Option<Moment>,
    /// Knowledge time.
    pub knowledge: Option<Moment>,
}

impl From<ClockOverrides> for ClocksUsed {
    fn from(moved: ClockOverrides) -> Self {
        Self { key: moved.key, policy: moved.policy, knowledge: moved.knowledge }
    }
}

impl From<Option<Clocks>> for ClocksUsed {
    fn from(clocks: Option<Clocks>) -> Self {
        Self {
            key: clocks.map(|clocks| clocks.key),
            policy: clocks.map(|clocks| clocks.policy),
            knowledge: clocks.map(|clocks| clocks.knowledge),
        }
    }
}

/// How much of the evidence that a target's chain needs is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Completeness {
    /// Pieces of evidence that were captured.
    pub present: u64,
    /// Pieces that were asked for and are not there.
    pub absent: u64,
    /// Pieces that were asked for after they had expired.
    pub gone: u64,
    /// Pieces that nobody asked for.
    pub unknown: u64,
}

impl Completeness {
    /// Counts one piece.
    pub const fn add(&mut self, presence: Presence) {
        match presence {
            Presence::Present => self.present += 1,
            Presence::Absent => self.absent += 1,
            Presence::Gone => self.gone += 1,
            Presence::Unknown => self.unknown += 1,
        }
    }

    /// The pieces that are needed.
    pub const fn needed(&self) -> u64 {
        self.present + self.absent + self.gone + self.unknown
    }

    /// How much of the evidence that is needed is there, in a line.
    pub fn words(&self) -> String {
        let Self { present, absent, gone, unknown } = self;
        let needed = self.needed();
        format!("evidence: {present} of {needed} present, {absent} absent, {gone} gone, {unknown} never asked for")
    }
}

/// The evidence that some targets were judged by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SnapshotReport {
    /// The digests of the snapshots: one, or those that were joined, sorted.
    pub snapshots: Vec<Digest>,
    /// How many targets were judged by it.
    pub targets: u64,
    /// How much of the evidence that their chains need is there, each piece counted once.
    pub completeness: Completeness,
}

/// One target's verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetReport {
    /// The target.
    pub task_id: TaskId,
    /// Its label or name, as its definition says.
    pub label: Option<String>,
    /// Its task type; `null` where the evidence does not settle it.
    pub task_type: Option<String>,
    /// The task types that the evidence allows, where it does not settle one.
    pub task_type_candidates: Vec<String>,
    /// The product whose tables would apply; `null` where the evidence does not settle it.
    pub product: Option<String>,
    /// `after-run` (the target's own attestation is a link) or `before-run` (`--no-check-task`).
    pub mode: String,
    /// The rules.
    pub rules: RulesUsed,
    /// The bases on which the keys in use were trusted.
    pub trust_basis: Vec<Basis>,
    /// The moment of judgement.
    pub as_of: AsOfUsed,
    /// The scriptworker that judges it.
    pub verifier: VerifierUsed,
    /// The verdict.
    pub verdict: Verdict,
    /// The class of the weightiest reason against it; `null` when verified.
    pub reason: Option<Reason>,
    /// The verdict and its reason in one line.
    pub headline: String,
    /// The digests of the snapshots that it was judged by, sorted.
    pub snapshots: Vec<Digest>,
    /// How much of the evidence that its chain needs is there.
    pub completeness: Completeness,
    /// The chain: the target first, then in the order of construction.
    pub links: Vec<LinkReport>,
}

/// One link's verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkReport {
    /// The task.
    pub task_id: TaskId,
    /// Its path of labels from the target.
    pub name: String,
    /// The link from which it was first reached; `null` for the target.
    pub reached_from: Option<TaskId>,
    /// Its task type, where one can be told.
    pub task_type: Option<String>,
    /// The worker implementation that ran it, where one can be told.
    pub worker_impl: Option<String>,
    /// The run whose artifacts were read.
    pub run_id: Option<u32>,
    /// Its verdict: the worst over its checks.
    pub verdict: Verdict,
    /// The key that made its signature, sound or not trusted.
    pub key: Option<String>,
    /// Whether only the attestation's embedded task gives its shape, the queue's definition being missing.
    pub shape_from_attestation: bool,
    /// When its attestation was signed, as far as others prove it.
    pub signed: SigningBounds,
    /// Its attestations, in every form that the snapshot has of that run.
    pub attestations: Vec<AttestationReport>,
    /// Its checks. Few lists differ, and links share them.
    pub checks: Arc<[CheckResult]>,
}

/// One attestation of a link, and what was found of its signature, whatever the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttestationReport {
    /// Its form.
    pub form: Form,
    /// The bytes of the artifact that carries it.
    pub blob: Digest,
    /// What came of the signature; `null` where its bytes are not kept.
    pub signature: Option<SignatureState>,
    /// The key that made it.
    pub key: Option<String>,
    /// The OpenPGP key or subkey that made it.
    pub signing_key: Option<String>,
    /// The algorithm.
    pub algorithm: Option<String>,
    /// The time that an OpenPGP signature claims: the signer's word.
    pub claimed_time: Option<Moment>,
    /// The SHA-256 of the bytes that the signature covers.
    pub covered: Option<Digest>,
    /// The keys that were tried, up to the match.
    pub tried: Vec<String>,
    /// What the attestation states: the run, the worker group and the worker. Captured text.
    pub run_id: Option<String>,
    /// The worker group that it states.
    pub worker_group: Option<String>,
    /// The worker that it states.
    pub worker_id: Option<String>,
    /// What each verifier says of its signature.
    pub opinions: Vec<Opinion>,
}

/// Evidence that some check needs and the snapshot lacks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    /// What is lacking.
    pub kind: GapKind,
    /// Of what.
    pub subject: Subject,
    /// Where it could be fetched, where the snapshot tells its deployment.
    pub url: Option<String>,
    /// The checks that need it, sorted.
    pub needed_by: Vec<String>,
    /// What is known of it: `present` (and not readable), `absent`, `gone` or `unknown`.
    pub presence: Presence,
    /// Who says so: the queue by a listing, or whoever collected the evidence; `null`: nobody asked.
    pub told_by: Option<Asserter>,
}

impl Gap {
    /// Whether it can be hoped that its address still gives what is lacking: nobody said that it is not there.
    pub const fn is_fetchable(&self) -> bool {
        self.url.is_some() && matches!(self.presence, Presence::Present | Presence::Unknown)
    }

    /// What is lacking, who says so, and what needs it, in a line. Holds captured text.
    pub fn words(&self) -> String {
        let of = self.subject.words();
        let name = self.subject.name.as_deref().unwrap_or("any role");
        let words = match (self.kind, self.presence) {
            (GapKind::Keys, _) => format!("no key is accepted for {name}: import --accept-keys"),
            (GapKind::ArtifactContent, _) => format!("the bytes of {of} were not kept: import --keep-artifacts"),
            (kind, Presence::Present) => format!("{} of {of} is there and can't be read", kind.word()),
            (kind, presence) => format!("{} of {of} {}", kind.word(), presence.phrase(self.told_by)),
        };
        let told = match self.told_by {
            // What is not known is told with the reason.
            _ if self.presence == Presence::Unknown => "",
            None => "",
            Some(Asserter::Queue) => ", the queue says",
            Some(Asserter::Collector | Asserter::WorkerSigned | Asserter::Operator) => ", as collected",
        };
        format!("{words}{told}; needed for: {}", self.needed_by.join(", "))
    }
}

/// Kinds of missing evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapKind {
    /// A task's definition.
    Definition,
    /// A task's status.
    Status,
    /// An attestation.
    Attestation,
    /// A detached signature.
    Signature,
    /// An artifact.
    Artifact,
    /// The bytes of an artifact whose digest alone was kept.
    ArtifactContent,
    /// Keys that somebody has accepted for a role.
    Keys,
    /// What a server of version control or of the project's configuration answered.
    Source,
}

impl GapKind {
    /// The word that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Definition => "definition",
            Self::Status => "status",
            Self::Attestation => "attestation",
            Self::Signature => "signature",
            Self::Artifact => "artifact",
            Self::ArtifactContent => "artifact-content",
            Self::Keys => "keys",
            Self::Source => "source",
        }
    }
}

/// Something that the verdicts do not cover.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotChecked {
    /// A stable name.
    pub what: String,
    /// Whether the rule book would ask for it, so that no verdict can be Verified without it.
    pub required_by_rules: bool,
    /// One sentence.
    pub message: String,
}
