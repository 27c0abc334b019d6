//! The vocabulary: what every other module speaks in. Values only; nothing here reads, asks or prints.

mod artifact;
mod bounds;
mod check;
mod code;
mod difference;
mod digest;
mod edge;
mod evidence;
mod fact;
mod facts;
mod few;
mod finding;
mod key;
mod key_history;
mod key_releases;
mod key_report;
mod moment;
mod note;
mod opinion;
mod outline;
mod rebuild;
mod recipe;
mod release;
mod report;
mod task;
mod text;
mod untrusted;
mod verdict;

pub use artifact::{
    ACTIONS_JSON, ATTESTATION_ASC, ATTESTATION_JSON, ATTESTATION_SIG, PARAMETERS_YML, Presence, TASK_GRAPH_JSON,
    VERIFICATION_LOG, is_evidence_artifact,
};
pub use bounds::{BoundBasis, SigningBounds, TimeBound};
pub use check::{Check, CheckResult, Outcome};
pub use code::Code;
pub use difference::{Difference, DifferenceKind};
pub use digest::{Algorithm, Digest, InvalidDigest};
pub use edge::{Edge, Origin, UpstreamArtifact};
pub use evidence::{ArtifactRecord, Conflict, Denial, TaskEvidence};
pub use fact::{
    ArmorNote, Attestation, Certificate, CertificateKey, CertificateStep, Claim, ClaimState, Definition, DigestFact,
    DigestOutcome, FactKey, FactKind, Form, FramingKind, GraphEntry, ImageKind, LoggedDigest, PolicyEra, Revocation,
    Signature, SignatureState, TaskImage, Validity, VerificationLog, WorkerHints,
};
pub use facts::{AttestationFacts, EarlierAttestation, Facts, Group, LogFacts, TaskCopy, TaskFacts};
pub use few::FewMap;
pub use finding::{Asserter, Evidence, Finding, Plane, Reason, Severity, Subject};
pub use key::{Basis, EpochEvent, KeyEpoch, KeyId, Role};
pub use key_history::{
    BlockReason, GitSignature, GitSignatureState, KeyBlocker, KeyHistory, KeyMember, KeyPoint, PointKind, Ring,
};
pub use key_releases::{CommitTold, KeyChange, KeyRelease, KeyReleases, ReleasedKey};
pub use key_report::{CertificateSeen, KeyReport, KeyStory, KeyUse};
pub use moment::{AsOf, ClockOverrides, Clocks, InvalidMoment, Moment};
pub use note::{
    FindingSubject, InvalidNote, InvalidNoteSubject, NOTE_TEXT_MAX, NewNote, Note, NoteStanding, NoteSubject, Notes,
    Withdrawal,
};
pub use opinion::{Answer, Opinion, Viewer};
pub use outline::{DefinitionOutline, Outline, TaskOutline};
pub use rebuild::{Commit, Lacking, Landing, Rebuild, RebuildOutcome, SourceRead};
pub use recipe::{
    ActionKinds, Contexts, CronPush, GithubSender, ProjectLevel, PullRequest, PushComment, QueueFields, Recipe,
    Rendering, TemplatePlace, VersionControl,
};
pub use release::{InvalidRelease, Release};
pub use report::{
    AsOfUsed, AttestationReport, ClocksUsed, Completeness, FindingsLeftOut, Gap, GapKind, LinkReport, NotChecked,
    Report, RulesUsed, SnapshotReport, TargetReport, ToolUsed, TrustUsed, VerifierUsed,
};
pub use task::{InvalidTaskId, Run, TaskId};
pub use untrusted::{Untrusted, is_steering};
pub use verdict::Verdict;
