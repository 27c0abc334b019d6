//! What a replay and an import are made of, each part alone, over generated graphs: signatures, JSON, the comparison with
//! the task graph, documents out of packs, digests, the judgement of one chain.
//!
//! Where there is a bound, such as the mathematics alone on all cores, it runs beside as `bound`.

#![expect(clippy::unwrap_used, reason = "a benchmark that can't be set up has nothing to say")]

mod support;

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cotrace::chain::Mode;
use cotrace::examine::graph_entry::{self, GraphIndex};
use cotrace::examine::{Keyring, ListedKey, Reading, signature};
use cotrace::formats::json;
use cotrace::import::digest_of;
use cotrace::model::{
    AsOf, Basis, ClockOverrides, Digest, FactKey, FactKind, Form, Role, SignatureState, TASK_GRAPH_JSON, TaskId,
    ToolUsed,
};
use cotrace::replay::{Request, RuleChoice, SILENT, SnapshotChoice, Targets, replay};
use cotrace::store::{Access, Case};
use cotrace_generator::scale::{self, ScaleSummary};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use ed25519_dalek::VerifyingKey;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};
use support::{ROLES, ed25519_keys, imported, moment};

const TASKS: usize = 2_000;
/// Making RSA signatures takes longer than all else here.
const OPENPGP_TASKS: usize = 300;
const BATCH: usize = 256;
const SIZE_MAX: u64 = 64 * 1024 * 1024;

fn main() {
    divan::main();
}

/// A task with what the case holds of it: definition, attestation, signature; and whose key must have signed, where that
/// is not told by the signature.
type Held = (TaskId, Digest, Digest, Option<Digest>, Option<Role>);

/// A task with the bytes of its attestation and signature.
type Work = (TaskId, Vec<u8>, Option<Vec<u8>>, &'static Option<Role>);

/// A graph, its case, and what of it the parts need.
struct World {
    folder: tempfile::TempDir,
    summary: ScaleSummary,
    keyring: Keyring,
    tasks: Vec<Held>,
}

/// A graph of an era, imported.
fn world(form: Form) -> World {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("capture");
    let summary = match form {
        Form::Ed25519 => scale::write(&capture, TASKS, 1),
        Form::Openpgp => scale::write_openpgp(&capture, OPENPGP_TASKS, 1),
    }
    .unwrap();
    let case = imported(&capture, &folder.path().join("imported.sqlite"));
    let snapshot = case.snapshots().unwrap().pop().unwrap();
    let digest_of = |record: Option<&cotrace::model::ArtifactRecord>| record.and_then(|record| record.sha256);
    let tasks = case.evidence_of_all(snapshot.id).unwrap().into_iter().map(|task| {
        let signature = digest_of(task.artifact(0, cotrace::model::ATTESTATION_SIG));
        let definition = task.definition.unwrap();
        let bytes = case.blob(&definition, SIZE_MAX).unwrap().unwrap();
        let definition_json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let role = definition_json["tags"]["worker-implementation"].as_str().map(Role::new);
        (task.task_id, definition, digest_of(task.artifact(0, form.artifact())).unwrap(), signature, role)
    });
    World { keyring: keyring(&capture, form), tasks: tasks.collect(), summary, folder }
}

fn keyring(capture: &std::path::Path, form: Form) -> Keyring {
    let mut keyring = Keyring::default();
    for role in ROLES {
        match form {
            Form::Ed25519 => {
                for key in ed25519_keys(capture, role) {
                    keyring.add(&Role::new(role), ListedKey::Ed25519(&key));
                }
            }
            Form::Openpgp => {
                let file = capture.join(format!("keys/openpgp/{role}/sample-{role}.asc"));
                keyring.add(&Role::new(role), ListedKey::Openpgp(&fs::read(file).unwrap()));
            }
        }
    }
    keyring
}

static ED25519: LazyLock<World> = LazyLock::new(|| world(Form::Ed25519));
static OPENPGP: LazyLock<World> = LazyLock::new(|| world(Form::Openpgp));

impl World {
    /// A copy of the case as it was imported.
    fn case(&self) -> Case {
        let path = self.path();
        fs::copy(self.folder.path().join("imported.sqlite"), &path).unwrap();
        Case::open(&path, Access::Keep).unwrap()
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("case.sqlite")
    }

    fn read(&self, of: impl Fn(&Held) -> Digest) -> Vec<Vec<u8>> {
        let case = self.case();
        self.tasks.iter().map(|task| case.blob(&of(task), SIZE_MAX).unwrap().unwrap()).collect()
    }

    /// Reads the attestations from the case, checks their digests, examines their signatures on all cores, and stores the
    /// facts: batch by batch as a replay does.
    fn examine_signatures(&'static self, case: &mut Case, form: Form) {
        let read = |case: &mut Case, batch: Option<&'static [Held]>| -> Vec<Work> {
            let mut blob = |digest| case.blob(&digest, SIZE_MAX).unwrap().unwrap();
            let batch = batch.unwrap_or_default().iter();
            batch.map(|(task, _, body, signature, role)| (*task, blob(*body), signature.map(&mut blob), role)).collect()
        };
        let keys = self.keyring.digest();
        let examine = |(task, body, detached, role): Work| {
            let fact = signature::examine(form, &body, detached.as_deref(), role.as_ref(), &self.keyring);
            assert_eq!(fact.state, SignatureState::Sound);
            let key = FactKey {
                kind: FactKind::Signature,
                subject: task.to_string(),
                variant: form.name().to_owned(),
                inputs: keys,
                examiner: signature::VERSION,
            };
            (key, serde_json::to_string(&fact).unwrap())
        };
        let mut batches = self.tasks.chunks(BATCH);
        let mut next = read(case, batches.next());
        while !next.is_empty() {
            let batch = std::mem::take(&mut next);
            let (facts, read_next) =
                rayon::join(|| batch.into_par_iter().map(examine).collect::<Vec<_>>(), || read(case, batches.next()));
            next = read_next;
            case.keep_facts(&facts).unwrap();
        }
    }
}

/// Signatures of both eras.
#[divan::bench_group(sample_count = 10, sample_size = 1)]
mod signatures {
    use super::*;

    #[divan::bench]
    fn ed25519_from_the_case(bencher: Bencher) {
        bencher
            .counter(ItemsCount::new(ED25519.tasks.len()))
            .with_inputs(|| ED25519.case())
            .bench_local_values(|mut case| ED25519.examine_signatures(&mut case, Form::Ed25519));
    }

    /// Strict verification of the same messages, held in memory, each with its own key, on all cores.
    #[divan::bench]
    fn ed25519_bound(bencher: Bencher) {
        let capture = ED25519.folder.path().join("capture");
        let keys: Vec<VerifyingKey> = ["docker-worker", "generic-worker", "scriptworker"]
            .iter()
            .flat_map(|role| ed25519_keys(&capture, role))
            .map(|key| VerifyingKey::from_bytes(&STANDARD.decode(key).unwrap().try_into().unwrap()).unwrap())
            .collect();
        let messages = ED25519.read(|task| task.2);
        let signatures = ED25519.read(|task| task.3.unwrap());
        let all: Vec<_> = messages
            .par_iter()
            .zip(&signatures)
            .map(|(message, signature)| {
                let signature = ed25519_dalek::Signature::from_slice(signature).unwrap();
                let key = keys.iter().find(|key| key.verify_strict(message, &signature).is_ok()).unwrap();
                (message, signature, key)
            })
            .collect();
        bencher.counter(ItemsCount::new(all.len())).bench_local(|| {
            assert!(all.par_iter().all(|(message, signature, key)| key.verify_strict(message, signature).is_ok()));
        });
    }

    /// Five of six have RSA keys with 4096 bits, the sixth has 2048.
    #[divan::bench]
    fn openpgp_from_the_case(bencher: Bencher) {
        bencher
            .counter(ItemsCount::new(OPENPGP.tasks.len()))
            .with_inputs(|| OPENPGP.case())
            .bench_local_values(|mut case| OPENPGP.examine_signatures(&mut case, Form::Openpgp));
    }
}

/// Attestations and definitions as values, on one core.
#[divan::bench_group(sample_count = 20, sample_size = 1)]
mod reading_json {
    use super::*;

    fn documents() -> (Vec<Vec<u8>>, usize) {
        let documents: Vec<_> = ED25519.read(|task| task.1).into_iter().chain(ED25519.read(|task| task.2)).collect();
        let bytes = documents.iter().map(Vec::len).sum();
        (documents, bytes)
    }

    #[divan::bench]
    fn cotrace(bencher: Bencher) {
        let (documents, bytes) = documents();
        let read =
            || documents.iter().map(|bytes| json::parse(black_box(bytes)).unwrap().oddities.len()).sum::<usize>();
        bencher.counter(BytesCount::new(bytes)).bench_local(read);
    }

    /// Into values too, with the last of members that are there twice and without telling them.
    #[divan::bench]
    fn peer_serde_json(bencher: Bencher) {
        let (documents, bytes) = documents();
        let read = |bytes: &Vec<u8>| serde_json::from_slice::<serde_json::Value>(black_box(bytes)).unwrap().is_object();
        bencher.counter(BytesCount::new(bytes)).bench_local(|| documents.iter().all(read));
    }
}

/// Every definition beside its entry in the task graph, on one core; the graph is indexed anew each time.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn task_graph_comparison(bencher: Bencher) {
    let decision = &ED25519.summary.targets[0].task_id;
    let graph = ED25519.folder.path().join(format!("capture/tasks/{decision}/artifacts/0/{TASK_GRAPH_JSON}"));
    let graph = fs::read(graph).unwrap();
    let definitions = ED25519.read(|task| task.1);
    bencher.counter(ItemsCount::new(definitions.len())).bench_local(|| {
        let index = GraphIndex::new(&graph);
        let compare = |task: &TaskId, definition: &[u8]| {
            let listing = index.find(task.as_str()).read(|range| Ok::<_, ()>(graph[range].to_vec())).unwrap();
            graph_entry::examine(&listing, &Reading::of(definition)).listed
        };
        let compared = ED25519.tasks.iter().zip(&definitions);
        let listed = compared.filter(|(task, definition)| compare(&task.0, definition)).count();
        assert_eq!(listed, TASKS - 1);
    });
}

/// The replay of one target whose facts are stored.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn judging_one_chain(bencher: Bencher) {
    let target = ED25519.summary.targets.iter().find(|target| target.task_type == "beetmover").unwrap();
    let request = Request {
        targets: Targets::These(vec![target.task_id.parse().unwrap()]),
        snapshot: SnapshotChoice::Newest,
        task_type: None,
        product: None,
        mode: Mode::AfterRun,
        as_of: AsOf::Then,
        clocks: ClockOverrides { key: None, policy: None, knowledge: None },
        bases: Basis::ALL.into_iter().collect(),
        distrust: Vec::new(),
        rules: RuleChoice::Then,
        tool: ToolUsed { name: "cotrace".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        now: moment("2026-11-01"),
    };
    let mut case = ED25519.case();
    replay(&mut case, &request, SILENT).unwrap();
    bencher.bench_local(|| {
        let replayed = replay(&mut case, &request, SILENT).unwrap();
        assert_eq!(replayed.work.examined, 0);
        replayed
    });
}

/// Every definition and attestation out of the packs, in the order of task ids; each is hashed.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn documents_from_packs(bencher: Bencher) {
    let bytes: usize = ED25519.read(|task| task.1).iter().chain(&ED25519.read(|task| task.2)).map(Vec::len).sum();
    bencher.counter(BytesCount::new(bytes)).with_inputs(|| ED25519.case()).bench_local_values(|case| {
        let read = |digest: &Digest| case.blob(digest, SIZE_MAX).unwrap().unwrap().len();
        let definitions: usize = ED25519.tasks.iter().map(|task| read(&task.1)).sum();
        definitions + ED25519.tasks.iter().map(|task| read(&task.2)).sum::<usize>()
    });
}

/// SHA-256 as the importer makes it, of 64 MiB on one core.
#[divan::bench_group(sample_count = 10, sample_size = 1)]
mod sha256 {
    use super::*;

    const SIZE: usize = 64 * 1024 * 1024;

    #[divan::bench]
    fn importer(bencher: Bencher) {
        let bytes = vec![7_u8; SIZE];
        bencher.counter(BytesCount::new(SIZE)).bench_local(|| digest_of(black_box(bytes.as_slice())).unwrap());
    }

    #[divan::bench]
    fn bound(bencher: Bencher) {
        let bytes = vec![7_u8; SIZE];
        bencher.counter(BytesCount::new(SIZE)).bench_local(|| Sha256::digest(black_box(&bytes)));
    }
}
