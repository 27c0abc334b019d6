//! Facts: what the evidence shows, whatever the moment and the rules. Examined once, stored, never changed.

use serde::{Deserialize, Serialize};

use super::{Algorithm, ArtifactRecord, Difference, Digest, Edge, FewMap, KeyId, Moment, TaskId, UpstreamArtifact};

/// What kind of fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactKind {
    /// What a task definition says: [`Definition`].
    Definition,
    /// What is asked of every task of a snapshot when some are judged: [`super::Outline`].
    Outline,
    /// What an attestation says, and how its embedded task differs from the queue's: [`Attestation`].
    Attestation,
    /// Which key made the signature, over which bytes: [`Signature`].
    Signature,
    /// The digests that an attestation states beside the artifacts seen: [`DigestFact`].
    Digests,
    /// How a definition differs from its entry in a task graph: [`GraphEntry`].
    GraphEntry,
    /// The certificates of a key file, and when each of their keys is valid: a list of [`Certificate`].
    Certificate,
    /// What the history of a key repository shows: [`super::KeyHistory`].
    KeyHistory,
    /// Which keys scriptworker's releases list, by its repository: [`super::KeyReleases`].
    KeyReleases,
    /// What a scriptworker logged while it verified a chain.
    VerificationLog,
    /// The tasks that a task graph lists: a list of their ids.
    GraphTasks,
    /// What the tree makes of a decision or action task: [`super::Rebuild`].
    Rebuild,
    /// Whether the commits that a task names are on branches: [`super::Landing`].
    Landing,
}

impl FactKind {
    /// Its name in the case file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Definition => "definition",
            Self::Outline => "outline",
            Self::Attestation => "attestation",
            Self::Signature => "signature",
            Self::Digests => "digests",
            Self::GraphEntry => "graph-entry",
            Self::Certificate => "certificate",
            Self::KeyHistory => "key-history",
            Self::KeyReleases => "key-releases",
            Self::VerificationLog => "verification-log",
            Self::GraphTasks => "graph-tasks",
            Self::Rebuild => "rebuild",
            Self::Landing => "landing",
        }
    }
}

/// What a fact is stored under. The same key always holds the same value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FactKey {
    /// Its kind.
    pub kind: FactKind,
    /// The task, or the digest of a key file.
    pub subject: String,
    /// What tells facts of one kind about one subject apart: a run and form, a parent task.
    pub variant: String,
    /// A digest over the digests of every input.
    pub inputs: Digest,
    /// The version of the examiner of this kind; raised when its answers could change.
    pub examiner: u32,
}

/// The typed view of a task definition.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Definition {
    /// What verification reads and the definition lacks or has in the wrong form; empty if well-formed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// Why two readers could understand the document differently.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ambiguities: Vec<String>,
    /// `taskGroupId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_group_id: Option<String>,
    /// `extra.parent`, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Whether it is an action task: `payload.env.ACTION_CALLBACK` or `extra.action`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_action: bool,
    /// What it rests on, in the order of the document.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edges: Vec<Edge>,
    /// What it consumes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub upstream: Vec<UpstreamArtifact>,
    /// The docker image that a docker-image task built and this one runs in: `payload.image` of type `task-image`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_image: Option<TaskImage>,
    /// What `payload.image` is.
    pub image: ImageKind,
    /// What tells the worker implementation.
    pub hints: WorkerHints,
    /// Why nobody can ask whether a push to try or a pull request made it, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unasked: Option<String>,
    /// `schedulerId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduler_id: Option<String>,
    /// `extra.tasks_for`: the reason that a decision or action task gives for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tasks_for: Option<String>,
    /// `scopes`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// The variables of `payload.env` that tell of a tree: `MH_BRANCH`, and those whose names end in `_HEAD_REPOSITORY` or
    /// `_HEAD_REV`.
    #[serde(skip_serializing_if = "FewMap::is_empty")]
    pub tree_variables: FewMap<String, String>,
    /// Where it lets somebody log in while it runs: JSON pointers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interactive: Vec<String>,
    /// Where it asks for more rights on the worker than tasks need: JSON pointers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub privileged: Vec<String>,
    /// How `payload.command` differs from the usual command of a decision task; `None` where it is the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unusual_command: Option<String>,
    /// What of `payload.command` nobody looked at who looked for the usual command; `None` where there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unseen_command: Option<String>,
    /// Whether `payload.features` and `payload.env` are objects: scriptworker stumbles over docker-worker tasks without
    /// them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_docker_parts: bool,
    /// `metadata.name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `tags.label`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// `tags.kind`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// A digest of name and payload, whatever moments the payload's artifacts expire at: the same for two tasks that do
    /// the same. `None` where the payload is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work: Option<Digest>,
    /// `metadata.source`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `payload.features.chainOfTrust`, truthy: whether the task asks its worker for an attestation.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub wants_attestation: bool,
    /// `created`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Moment>,
    /// `deadline`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Moment>,
    /// `expires`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Moment>,
}

impl Definition {
    /// What people call the task: its label, else its name. Captured text.
    pub fn title(&self) -> Option<&str> {
        self.label.as_deref().or(self.name.as_deref())
    }

    /// The task that makes tasks like this one: `extra.parent`, else the group.
    pub fn maker(&self) -> Option<&String> {
        self.parent.as_ref().or(self.task_group_id.as_ref())
    }

    /// Whether it is an action task, or a decision task, whose id is that of its group. Such tasks are in no graph.
    pub fn makes_tasks(&self, task_id: &TaskId) -> bool {
        self.is_action || self.task_group_id.as_deref() == Some(task_id.as_str())
    }
}

/// What a task says of the docker image that it runs in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageKind {
    /// Nothing.
    #[default]
    None,
    /// A name, with or without a digest. Captured text.
    Named(String),
    /// One that another task built: `task-image`.
    OfTask,
    /// One found by an index: `indexed-image`, with its namespace. Captured text.
    Indexed(String),
    /// Something else: its type. Captured text.
    Other(String),
}

/// A docker image that another task built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskImage {
    /// The task that built it: captured text.
    pub task_id: String,
    /// The artifact that holds it.
    pub path: String,
}

/// The parts of a definition that vote for a worker implementation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkerHints {
    /// `provisionerId`, or what precedes the slash of `taskQueueId` where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioner_id: Option<String>,
    /// `workerType`, or what follows the slash of `taskQueueId` where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_type: Option<String>,
    /// `payload.image` is truthy.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub image: bool,
    /// `payload.mounts` is there and not null.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub mounts: bool,
    /// `payload.osGroups` is there and not null.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub os_groups: bool,
    /// A scope begins with `docker-worker:`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub docker_worker_scope: bool,
    /// `tags.worker-implementation`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

/// The form of an attestation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// `public/chainOfTrust.json.asc`, clear-signed with OpenPGP.
    Openpgp,
    /// `public/chain-of-trust.json` with a detached ed25519 signature.
    Ed25519,
}

impl Form {
    /// Both forms.
    pub const ALL: [Self; 2] = [Self::Openpgp, Self::Ed25519];

    /// Its name in fact keys and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Openpgp => "openpgp",
            Self::Ed25519 => "ed25519",
        }
    }

    /// The artifact that carries the attestation.
    pub const fn artifact(self) -> &'static str {
        match self {
            Self::Openpgp => super::ATTESTATION_ASC,
            Self::Ed25519 => super::ATTESTATION_JSON,
        }
    }
}

/// What an attestation says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Attestation {
    /// Why it is no JSON document, if it is none; then nothing else is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
    /// Where it breaks schema version 1.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// Why two readers could understand the document differently.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ambiguities: Vec<String>,
    /// `taskId`, as compact JSON where it is no string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// `runId`, as compact JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// `workerGroup`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_group: Option<String>,
    /// `workerId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_id: Option<String>,
    /// `environment.imageHash`: the digest of the docker image that the worker loaded, where no task made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_hash: Option<String>,
    /// `environment.imageArtifactHash`: the digest of the docker image that the worker loaded, as `sha256:…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_artifact_hash: Option<String>,
    /// How its embedded task (left) differs from the queue's definition (right); `None` where one of them is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differences: Option<Vec<Difference>>,
    /// Where the embedded task (left) and the queue's definition (right) are equal to Python alone: `1` and `1.0`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lookalikes: Vec<Difference>,
    /// The shape of its embedded task, for a chain whose definition the queue no longer has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedded: Option<Box<Definition>>,
    /// The digest of its value as canonical JSON, by which two forms of one attestation are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_digest: Option<Digest>,
}

/// The digests that an attestation states, beside the artifacts seen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DigestFact {
    /// By artifact name.
    pub claims: FewMap<String, Claim>,
}

impl DigestFact {
    /// The digest that it states of an artifact by an algorithm; `seen` is what was captured of that artifact.
    pub fn stated(&self, name: &str, algorithm: &str, seen: Option<&ArtifactRecord>) -> Option<String> {
        let claim = self.claims.get(name)?;
        if let Some(open) = claim.open.iter().find(|open| open.algorithm == algorithm) {
            return Some(open.stated.clone());
        }
        if !claim.algorithms.iter().any(|stated| stated == algorithm) {
            return None;
        }
        // What is stated and not open agrees with the bytes seen.
        match Algorithm::named(algorithm)? {
            Algorithm::Sha256 => seen?.sha256.map(|digest| digest.to_string()),
            Algorithm::Sha512 => seen?.sha512.clone(),
        }
    }
}

/// What an attestation states of one artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// How it compares with the artifact seen.
    pub state: ClaimState,
    /// The algorithms of the digests stated.
    #[serde(default = "sha256_alone", skip_serializing_if = "is_sha256_alone")]
    pub algorithms: Vec<String>,
    /// The digests that do not agree with bytes seen: they differ, can't be used, or have no bytes beside them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<DigestOutcome>,
}

/// What nearly all claims state; left out of stored facts.
fn sha256_alone() -> Vec<String> {
    vec![Algorithm::Sha256.name().to_owned()]
}

fn is_sha256_alone(algorithms: &[String]) -> bool {
    matches!(algorithms, [one] if one == Algorithm::Sha256.name())
}

/// How a claim compares with the artifact seen. Scriptworker compares texts: an upper-case digest differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimState {
    /// At least one digest is stated, and each agrees with the bytes.
    Agrees,
    /// A stated digest is not that of the bytes.
    Differs,
    /// The bytes were not captured.
    Unseen,
    /// No digest is stated.
    NoDigest,
    /// A digest by an algorithm outside SHA-256 and SHA-512 is stated.
    UnknownAlgorithm,
    /// The claim is no object of digests.
    Malformed,
}

/// One stated digest that does not agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DigestOutcome {
    /// The algorithm, as stated.
    pub algorithm: String,
    /// The digest stated, as text (compact JSON where it is no string).
    pub stated: String,
    /// The digest of the bytes seen, in lower-case hexadecimal; `None` where it was not computed.
    pub seen: Option<String>,
}

/// Which key made a signature, over which bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Signature {
    /// What came of it.
    pub state: SignatureState,
    /// The key that made it: sound only if `state` says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
    /// The fingerprint of the OpenPGP key or subkey that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<String>,
    /// The issuer that an OpenPGP signature names, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// `ed25519`, or public-key algorithm, size and hash of an OpenPGP signature, such as `RSA-4096/SHA512`.
    pub algorithm: String,
    /// The hash algorithm of an OpenPGP signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// The time that an OpenPGP signature claims, from its hashed area. The signer's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed_time: Option<Moment>,
    /// When an OpenPGP signature expires by itself, as its hashed area says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Moment>,
    /// The SHA-256 of the bytes that the signature covers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covered: Option<Digest>,
    /// Keys that were tried, in order, up to the match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<KeyId>,
    /// Why it is unreadable, ambiguous or bad, in a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What is odd about the framing of a clear-signed file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<ArmorNote>,
    /// From which policy time on the hash of an OpenPGP signature no longer counts; `None`: it still does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash_refused_from: Option<Moment>,
}

impl Signature {
    /// Why gpg of that time does not take a clear-signed file as it stands, whatever the mathematics.
    pub fn gpg_refusal(&self) -> Option<&'static str> {
        if self.algorithm == "ed25519" { None } else { self.notes.iter().find_map(|note| note.kind.gpg_refusal()) }
    }

    /// What gpg 2.0 to 2.2, which scriptworker called until 2019, would have said of a clear-signed file's signature,
    /// leaving aside whether it trusted the key; `None` for a detached ed25519 signature, and where it can't be told.
    pub fn gpg_of_the_time(&self) -> Option<&'static str> {
        if self.algorithm == "ed25519" {
            return None;
        }
        let refusal = self.gpg_refusal();
        match self.state {
            SignatureState::Sound => Some(refusal.unwrap_or("gpg of that time calls the signature good")),
            SignatureState::Invalid => Some(refusal.unwrap_or("gpg of that time calls the signature bad")),
            SignatureState::NoKey => Some(refusal.unwrap_or("gpg of that time has no key for it either")),
            SignatureState::Unreadable | SignatureState::Ambiguous | SignatureState::Missing => refusal,
        }
    }
}

/// What came of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureState {
    /// It verifies under `key`.
    Sound,
    /// It verifies under no known key, or not under the known key that it names.
    Invalid,
    /// It names an issuer that no known key has, or there is no key to try.
    NoKey,
    /// It is there and can't be read.
    Unreadable,
    /// The file holds more than one signed text or signature.
    Ambiguous,
    /// The attestation is there without a signature.
    Missing,
}

impl SignatureState {
    /// The word that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Invalid => "invalid",
            Self::NoKey => "no-key",
            Self::Unreadable => "unreadable",
            Self::Ambiguous => "ambiguous",
            Self::Missing => "missing",
        }
    }
}

/// Something odd in the framing of a clear-signed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArmorNote {
    /// What it is.
    pub kind: FramingKind,
    /// Offset of the first such byte.
    pub start: u64,
    /// Offset after it; the same, where something is missing there.
    pub end: u64,
    /// How often it occurs.
    pub count: u64,
    /// The bytes there, as text, cut where they are long.
    pub excerpt: String,
}

/// What can be odd in the framing of a clear-signed file: everything about it that no signature covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FramingKind {
    /// Text before the signed one that is not blank.
    TextBefore,
    /// Text between signed ones that is not blank.
    TextBetween,
    /// Text after the signed one that is not blank.
    TextAfter,
    /// Text between the end of the signature's data and its end marker.
    TextInArmor,
    /// Blank text before the signed one that its writer does not put there.
    BlankBefore,
    /// Blank text after the signed one that its writer does not put there.
    BlankAfter,
    /// A signed text after the first.
    SecondBlock,
    /// More signed texts than are taken apart.
    TooManyBlocks,
    /// A header of the text other than `Hash`.
    UnexpectedHeader,
    /// More headers than are kept.
    TooManyHeaders,
    /// A `NotDashEscaped` header.
    NotDashEscapedHeader,
    /// No `Hash` header.
    MissingHashHeader,
    /// A `Hash` header that names no hash, or one that gpg does not know.
    UnknownHashName,
    /// The `Hash` headers do not name the signature's hash.
    WrongHashHeader,
    /// A `Hash` header after the first.
    SecondHashHeader,
    /// A `Hash` header that names more than the signature's hash, or is not written as all writers do.
    UnusualHashHeader,
    /// A header of the signature's armor that no known writer writes.
    SignatureHeader,
    /// A header of the signature's armor with which its writer names itself.
    WriterHeader,
    /// White space at the ends of the text's lines.
    TrailingWhitespace,
    /// All lines end in CRLF, and the writer writes LF.
    CrLf,
    /// All lines of the text end in LF, and the writer writes CRLF.
    LfOnly,
    /// Lines of the text end differently.
    MixedLineEnds,
    /// A carriage return in the text that ends no line.
    LoneCarriageReturn,
    /// A line of the text is dash-escaped and need not be, or not by this writer.
    NeedlessEscape,
    /// A line that starts with `From ` and is not escaped, as gpg does.
    UnescapedFrom,
    /// A line that starts with a dash and is not escaped.
    UnescapedDash,
    /// A form feed in the text.
    FormFeed,
    /// A NUL byte in the text.
    NulByte,
    /// The text is not UTF-8.
    NonUtf8,
    /// A line too long for gpg.
    LineTooLong,
    /// The line that ends the text is not the marker of a signature.
    UnexpectedArmor,
    /// The file ends before the signature begins.
    SignatureArmorMissing,
    /// The signature begins and does not end.
    SignatureArmorUnterminated,
    /// The armor's checksum is not that of its data.
    WrongChecksum,
    /// The armor has no checksum.
    MissingChecksum,
    /// Blanks behind a marker, a header, or in the line that ends the headers.
    FramingBlanks,
    /// A line of the framing does not end as the writer ends it.
    FramingLineEnd,
    /// A line end that the writer puts before or behind the signed text is not there.
    MissingLineEnd,
    /// The armor's data are not laid out in the lines in which their writer lays them out.
    ArmorLines,
}

impl FramingKind {
    /// Why gpg of the time refused a file with it, if it did.
    const fn gpg_refusal(self) -> Option<&'static str> {
        Some(match self {
            Self::UnexpectedHeader => "gpg of that time refuses the file: an armor header that it does not allow",
            Self::UnknownHashName => "gpg of that time refuses the file: a Hash header that it does not know",
            Self::MissingHashHeader => "gpg of that time refuses the file: no Hash header",
            Self::WrongHashHeader => "gpg of that time refuses the file: a Hash header of another hash",
            Self::WrongChecksum => "gpg of that time refuses the file: a wrong armor checksum",
            Self::LineTooLong => "gpg of that time calls the signature bad: a line too long for it",
            Self::TextBefore
            | Self::TextBetween
            | Self::TextAfter
            | Self::TextInArmor
            | Self::BlankBefore
            | Self::BlankAfter
            | Self::SecondBlock
            | Self::TooManyBlocks
            | Self::TooManyHeaders
            | Self::NotDashEscapedHeader
            | Self::SecondHashHeader
            | Self::UnusualHashHeader
            | Self::SignatureHeader
            | Self::WriterHeader
            | Self::TrailingWhitespace
            | Self::CrLf
            | Self::LfOnly
            | Self::MixedLineEnds
            | Self::LoneCarriageReturn
            | Self::NeedlessEscape
            | Self::UnescapedFrom
            | Self::UnescapedDash
            | Self::FormFeed
            | Self::NulByte
            | Self::NonUtf8
            | Self::UnexpectedArmor
            | Self::SignatureArmorMissing
            | Self::SignatureArmorUnterminated
            | Self::MissingChecksum
            | Self::FramingBlanks
            | Self::FramingLineEnd
            | Self::MissingLineEnd
            | Self::ArmorLines => return None,
        })
    }
}

/// A definition beside its entry in a task graph.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GraphEntry {
    /// Why the graph can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
    /// Why the entry can't be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub malformed: Option<String>,
    /// Why two readers could understand the entry differently.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ambiguities: Vec<String>,
    /// Whether the graph lists the task.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub listed: bool,
    /// The complete difference between the entry's task (left) and the definition (right). Relative datestamps of the
    /// entry are resolved against the definition's `created`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// Where the entry's task (left) and the definition (right) are equal to Python alone: `1` and `1.0`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lookalikes: Vec<Difference>,
    /// Dependencies of the definition that the entry lacks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra_dependencies: Vec<String>,
    /// Dependencies of the entry that the definition lacks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing_dependencies: Vec<String>,
    /// The label that the entry gives the task, where the definition's name is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_label: Option<String>,
}

/// What a scriptworker logged while it verified the chain of its task: the digests of what it downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VerificationLog {
    /// The digests, in the order of their lines, each once.
    pub digests: Vec<LoggedDigest>,
    /// Whether there were more than are kept.
    pub is_cut: bool,
}

/// A digest that a scriptworker logged.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoggedDigest {
    /// The task that published the artifact.
    pub task_id: TaskId,
    /// The artifact's name.
    pub name: String,
    /// The SHA-256 of the bytes that the scriptworker had.
    pub sha256: Digest,
    /// The line, counted from 1.
    pub line: u64,
}

/// One certificate of a key file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// The certificate's name.
    pub key: KeyId,
    /// Its user ids. Captured text.
    pub user_ids: Vec<String>,
    /// The primary key and the subkeys.
    pub keys: Vec<CertificateKey>,
}

/// One key of a certificate, with its validity for signing as a step function over key time, a function for each
/// policy era.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateKey {
    /// Its fingerprint.
    pub fingerprint: String,
    /// Algorithm and size, such as `RSA-4096`.
    pub algorithm: String,
    /// When it was created.
    pub created: Option<Moment>,
    /// Its validity, by policy time, revocations left aside.
    pub eras: Vec<PolicyEra>,
    /// What revokes it, or its whole certificate. When each counts depends on when it was known.
    pub revocations: Vec<Revocation>,
}

/// A revocation that its own key made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Revocation {
    /// The time that it claims.
    pub made: Option<Moment>,
    /// Whether it counts at every key time: the key was compromised, or no reason is given.
    pub is_hard: bool,
    /// The reason that it states. Captured text.
    pub reason: String,
}

impl Revocation {
    /// Whether it rejects a signature that is judged at a key time.
    pub fn rejects(&self, key_time: Moment) -> bool {
        self.is_hard || self.made.is_none_or(|made| made <= key_time)
    }
}

/// From one policy time on, until the next era's: which algorithms count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyEra {
    /// First policy time; `None` for the first era.
    pub from: Option<Moment>,
    /// Validity by key time. Before the first step, the key is not yet created.
    pub steps: Vec<CertificateStep>,
}

/// From one key time on, until the next step's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateStep {
    /// First key time.
    pub from: Moment,
    /// Validity from then on.
    pub validity: Validity,
}

/// Whether a key may sign at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Validity {
    /// It may.
    Valid,
    /// It does not exist yet, or nothing binds it to its certificate yet.
    NotYetCreated,
    /// It has expired.
    Expired,
    /// It is revoked.
    Revoked,
    /// What binds it rests on an algorithm that no longer counts.
    RefusedByPolicy,
    /// It is not for signing.
    NotForSigning,
}

impl Validity {
    /// The word that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::NotYetCreated => "not-yet-created",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::RefusedByPolicy => "refused-by-policy",
            Self::NotForSigning => "not-for-signing",
        }
    }
}

impl CertificateKey {
    /// The validity at a key time under the policy of a policy time, and since when it has been that; before the first
    /// step the moment of that step.
    pub fn validity(&self, key_time: Moment, policy_time: Moment) -> (Validity, Option<Moment>) {
        let era = self.eras.iter().rev().find(|era| era.from.is_none_or(|from| from <= policy_time));
        let steps = era.map_or(&[][..], |era| &era.steps);
        match steps.iter().rev().find(|step| step.from <= key_time) {
            Some(step) => (step.validity, Some(step.from)),
            None => (Validity::NotYetCreated, steps.first().map(|step| step.from)),
        }
    }
}
