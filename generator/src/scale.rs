//! Graphs of any size, written straight to disk: memory holds the ids of all tasks and a few tasks at a time.
//!
//! Tasks come in blocks of ten: five Linux builds or tests and up to one more, a Windows build, two signings and a
//! beetmover; every tenth block begins with the image that the ten blocks run in. Everything about a task follows from
//! its number, so any number of threads makes the same bytes.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::thread;

use anyhow::{Context as _, Result, bail};
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::attestation::{Attestation, Era, Worker, with_image_artifact};
use crate::gecko::{self, Planned, Push};
use crate::keys::{self, Signer};
use crate::world::{self, Run, Target};
use crate::{clock, ids, json, sample};

const BUILD_DATE: &str = "20261006095840";
const BLOCK: usize = 10;
/// How many tasks one thread makes before the graph is written on.
const CHUNK: usize = 128;

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScaleSummary {
    /// Tasks, the decision among them.
    pub tasks: usize,
    /// Tasks with a signed attestation: all of them.
    pub attested: usize,
    /// Files.
    pub files: usize,
    /// Bytes in files.
    pub bytes: u64,
    /// Some tasks of every type, all of which verify.
    pub targets: Vec<Target>,
}

/// Writes a capture of a task graph of June 2017 with this many tasks, the decision among them, each with a clear-signed
/// attestation; refuses a directory that exists. It is made in memory.
pub fn write_openpgp(dir: &Path, tasks: usize, seed: u64) -> Result<ScaleSummary> {
    if tasks <= BLOCK {
        bail!("a graph has more than {BLOCK} tasks");
    }
    let world = sample::graph_of_2017(tasks, seed)?;
    world.write_to(dir)?;
    let bytes = world.files.values().map(|bytes| bytes.len() as u64).sum();
    Ok(ScaleSummary { tasks, attested: tasks, files: world.files.len(), bytes, targets: world.targets })
}

/// Writes a capture of one task graph with this many tasks, the decision among them; refuses a directory that exists.
pub fn write(dir: &Path, tasks: usize, seed: u64) -> Result<ScaleSummary> {
    if tasks <= BLOCK {
        bail!("a graph has more than {BLOCK} tasks");
    }
    let plan = Plan::new(tasks - 1, seed)?;
    let frame = gecko::frame(
        &plan.push,
        "2026-10-07T08:00:00.000Z",
        &format!("A made-up graph of {tasks} tasks, seed {seed}; throwaway keys."),
    )?;
    frame.write_to(dir)?;
    let mut tally =
        Tally { files: frame.files.len(), bytes: frame.files.values().map(|bytes| bytes.len() as u64).sum() };
    tally.add(plan.graph(dir)?);
    let targets = plan.targets();
    let verdicts: Vec<Value> = targets
        .iter()
        .map(|target| {
            json!({
                "label": target.label, "taskId": target.task_id, "taskType": target.task_type, "product": target.product,
                "verdict": target.verdict,
            })
        })
        .collect();
    let verdicts = json::print(&json!({ "targets": verdicts }), json::JAVASCRIPT_INDENTED) + "\n";
    tally.write(&dir.join("verdicts.json"), verdicts.as_bytes())?;
    Ok(ScaleSummary { tasks, attested: tasks, files: tally.files, bytes: tally.bytes, targets })
}

#[derive(Default)]
struct Tally {
    files: usize,
    bytes: u64,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
    }

    fn write(&mut self, path: &Path, bytes: &[u8]) -> Result<()> {
        fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        self.files += 1;
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

/// What the task of a number is.
#[derive(Clone, Copy)]
enum Part {
    Image,
    Build,
    Test,
    Windows,
    /// Signs the build of this number.
    Signing(usize),
    /// Moves the build and the signing of these numbers.
    Beetmover(usize, usize),
}

fn part(number: usize) -> Part {
    let block = number - number % BLOCK;
    match number % BLOCK {
        0 if (number / BLOCK).is_multiple_of(BLOCK) => Part::Image,
        0..=3 => Part::Build,
        4 | 5 => Part::Test,
        6 => Part::Windows,
        7 => Part::Signing(block + 1),
        8 => Part::Signing(block + 6),
        _ => Part::Beetmover(block + 1, block + 7),
    }
}

/// The number of the image task for a task of this number.
fn image_of(number: usize) -> usize {
    number - number % (BLOCK * BLOCK)
}

struct Plan {
    seed: String,
    push: Push,
    decision: String,
    created: i64,
    /// The task ids of the graph by number.
    ids: Vec<String>,
    keys: [SigningKey; 3],
}

/// One task, made but not written.
struct Made {
    /// Its entry in the graph and its line in the list of labels, without what joins them.
    entry: String,
    label: String,
    tally: Tally,
}

impl Plan {
    fn new(tasks: usize, seed: u64) -> Result<Self> {
        let seed = format!("scale {seed}");
        let push = Push {
            revision: ids::hex_id(&seed, "revision", 20),
            base: ids::hex_id(&seed, "base", 20),
            id: 45_121,
            date: clock::moment("2026-10-06T09:58:40Z")? / clock::SECOND,
            owner: "developer@example.com",
            message: "Bug 1990002 - Build everything. r=reviewer",
        };
        Ok(Self {
            push,
            decision: ids::slugid(&seed, "decision"),
            created: clock::moment("2026-10-06T10:01:52.607Z")?,
            ids: (0..tasks).map(|number| ids::slugid(&seed, &format!("task {number}"))).collect(),
            keys: [
                keys::ed25519(Signer::Role(Worker::Docker.role()))?,
                keys::ed25519(Signer::Role(Worker::Generic.role()))?,
                keys::ed25519(Signer::Role(Worker::Script.role()))?,
            ],
            seed,
        })
    }

    fn key(&self, worker: Worker) -> &SigningKey {
        match worker {
            Worker::Docker => &self.keys[0],
            Worker::Generic => &self.keys[1],
            Worker::Script => &self.keys[2],
        }
    }

    /// Writes all tasks, and the decision last, since it attests the graph of the others.
    fn graph(&self, dir: &Path) -> Result<Tally> {
        let public = dir.join(format!("tasks/{}/artifacts/0/public", self.decision));
        fs::create_dir_all(&public).with_context(|| format!("cannot make {}", public.display()))?;
        let mut graph = Hashed::create(&public.join("task-graph.json"))?;
        let mut labels = Hashed::create(&public.join("label-to-taskid.json"))?;
        // Python sorts the graph by task id.
        let mut order: Vec<usize> = (0..self.ids.len()).collect();
        order.sort_unstable_by_key(|number| &self.ids[*number]);
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let mut tally = Tally::default();
        let mut before = "{\n";
        for batch in order.chunks(CHUNK * threads) {
            let made: Vec<Result<Vec<Made>>> = thread::scope(|scope| {
                let workers: Vec<_> = batch
                    .chunks(CHUNK)
                    .map(|numbers| scope.spawn(move || numbers.iter().map(|number| self.task(dir, *number)).collect()))
                    .collect();
                workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| bail!("a thread panicked"))).collect()
            });
            for made in made {
                for made in made? {
                    graph.text(before)?;
                    graph.text(&made.entry)?;
                    labels.text(before)?;
                    labels.text(&made.label)?;
                    before = ",\n";
                    tally.add(made.tally);
                }
            }
        }
        graph.text("\n}")?;
        labels.text("\n}")?;
        let mut artifacts = vec![
            ("public/task-graph.json".to_owned(), graph.finish(&mut tally)?),
            ("public/label-to-taskid.json".to_owned(), labels.finish(&mut tally)?),
        ];
        for (name, bytes) in [
            ("public/actions.json", json::print(&self.push.actions(&self.decision), json::PYTHON)),
            ("public/parameters.yml", self.push.parameters(BUILD_DATE)),
            ("public/logs/certified.log", log(&self.decision)),
        ] {
            artifacts.push((name.to_owned(), ids::sha256(bytes.as_bytes())));
            let path = public.join(name.trim_start_matches("public/"));
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            tally.write(&path, bytes.as_bytes())?;
        }
        artifacts.sort();
        let definition = self.push.decision(&self.decision, self.created)?;
        tally.add(self.finish(dir, Worker::Docker, &self.decision, &definition, &artifacts, None, 0, 3)?);
        Ok(tally)
    }

    /// Makes one task of the graph and writes its files.
    fn task(&self, dir: &Path, number: usize) -> Result<Made> {
        let task_id = &self.ids[number];
        let part = part(number);
        let label = label(number, part);
        let planned = self.planned(number, part, &label);
        let task = planned.task(&self.push, &self.decision);
        let entry = json::print(&planned.entry(task_id, &task), json::PYTHON).replace('\n', "\n  ");
        let created = self.created + 231 * clock::SECOND + number as i64;
        let definition =
            gecko::definition(&task, created, &self.decision, &planned.created_dependencies(&task, &self.decision))?;

        let mut tally = Tally::default();
        let folder = dir.join(format!("tasks/{task_id}/artifacts/0"));
        for below in ["public/build", "public/logs"] {
            if below != "public/build" || !matches!(part, Part::Image | Part::Beetmover(..)) {
                fs::create_dir_all(folder.join(below)).with_context(|| format!("cannot make {}", folder.display()))?;
            }
        }
        let mut artifacts = Vec::new();
        for (name, length) in produced(part) {
            let bytes = self.artifact(number, name, *length);
            artifacts.push(((*name).to_owned(), ids::sha256(&bytes)));
            tally.write(&folder.join(name), &bytes)?;
        }
        let name =
            if planned.worker == Worker::Script { "public/logs/live_backing.log" } else { "public/logs/certified.log" };
        let log = log(task_id);
        artifacts.push((name.to_owned(), ids::sha256(log.as_bytes())));
        tally.write(&folder.join(name), log.as_bytes())?;
        artifacts.sort();

        let image = planned.image.map(|_| {
            let (name, length) = produced(Part::Image)[0];
            ids::sha256(&self.artifact(image_of(number), name, length))
        });
        let (started, minutes) = match part {
            Part::Image => (5, 9),
            Part::Build | Part::Windows => (16, 50),
            Part::Test | Part::Signing(_) => (70, 6),
            Part::Beetmover(..) => (80, 2),
        };
        let entry = format!("  \"{task_id}\": {entry}");
        let label = format!("  \"{label}\": \"{task_id}\"");
        tally.add(self.finish(dir, planned.worker, task_id, &definition, &artifacts, image, started, minutes)?);
        Ok(Made { entry, label, tally })
    }

    fn artifact(&self, number: usize, name: &str, length: usize) -> Vec<u8> {
        ids::blob(&self.seed, &format!("{number} {name}"), length)
    }

    /// Writes definition, status and signed attestation of a task.
    #[expect(clippy::too_many_arguments, reason = "one call for the decision, one for the rest")]
    fn finish(
        &self,
        dir: &Path,
        worker: Worker,
        task_id: &str,
        definition: &Value,
        artifacts: &[(String, String)],
        image: Option<String>,
        started: i64,
        minutes: i64,
    ) -> Result<Tally> {
        let pool = definition["workerType"].as_str().unwrap_or_default();
        let (group, name) = gecko::machine(worker, pool, &self.seed, task_id);
        let mut environment = gecko::environment(worker, &self.seed, task_id, &name);
        if let Some(digest) = image {
            environment = with_image_artifact(environment, &digest);
        }
        let started = self.created + started * clock::MINUTE + 3 * clock::SECOND;
        let run = Run {
            group,
            worker: name,
            scheduled: started - 2 * clock::SECOND,
            started,
            resolved: started + minutes * clock::MINUTE,
            shutdown: false,
        };
        let status = world::status(task_id, definition, &[run])?;
        let body =
            Attestation { worker, definition, task_id, run: &status["status"]["runs"][0], artifacts, environment }
                .body()?;
        let body = worker.print(Era::Ed25519, &body);
        let folder = dir.join("tasks").join(task_id);
        let mut tally = Tally::default();
        tally.write(&folder.join("definition.json"), json::print(definition, json::JAVASCRIPT).as_bytes())?;
        tally.write(&folder.join("status.json"), json::print(&status, json::JAVASCRIPT).as_bytes())?;
        let attestation = folder.join("artifacts/0/public/chain-of-trust.json");
        tally.write(&attestation, body.as_bytes())?;
        let signature = keys::ed25519_sign(self.key(worker), body.as_bytes());
        tally.write(&attestation.with_extension("json.sig"), &signature)?;
        Ok(tally)
    }

    /// A task by its number, with this label.
    fn planned<'a>(&'a self, number: usize, part: Part, label: &'a str) -> Planned<'a> {
        let id = |number: usize| self.ids[number].as_str();
        let image = id(image_of(number));
        let script = |kind,
                      pool,
                      description: &str,
                      symbol,
                      scopes: &[&str],
                      upstreams: &[(usize, &'static str, &[&str])]| {
            let upstream_artifacts: Vec<Value> = upstreams
                .iter()
                .map(|(number, task_type, paths)| {
                    json!({"formats": ["gcp_prod_autograph_gpg"], "paths": paths, "taskId": id(*number), "taskType": task_type})
                })
                .collect();
            Planned {
                kind,
                label,
                platform: "linux64-shippable",
                worker: Worker::Script,
                pool,
                description: description.to_owned(),
                symbol,
                payload: json!({"maxRunTime": 3600, "upstreamArtifacts": upstream_artifacts}),
                scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
                dependencies: upstreams.iter().map(|(number, name, _)| (*name, id(*number).to_owned())).collect(),
                image: None,
                expires: "1 year",
            }
        };
        let docker = |kind, symbol, pool, description: &str, run: &str, dependencies| Planned {
            kind,
            label,
            platform: "linux64-shippable",
            worker: Worker::Docker,
            pool,
            description: description.to_owned(),
            symbol,
            payload: gecko::docker_payload(&self.push, image, run, BUILD_DATE, true),
            scopes: vec![
                "secrets:get:project/taskcluster/gecko/hgfingerprint".to_owned(),
                "secrets:get:project/releng/gecko/build/level-3/*".to_owned(),
                "project:releng:services/tooltool/api/download/public".to_owned(),
            ],
            dependencies,
            image: Some(image),
            expires: "1 year",
        };
        match part {
            Part::Image => Planned {
                kind: "docker-image",
                label,
                platform: "taskcluster-images",
                worker: Worker::Docker,
                pool: "images-gcp",
                description: "Builds the image that ten blocks run in".to_owned(),
                symbol: "I",
                payload: gecko::image_payload(&self.push, &self.decision, label),
                scopes: vec!["secrets:get:project/taskcluster/gecko/hgfingerprint".to_owned()],
                dependencies: vec![],
                image: None,
                expires: "1 year",
            },
            Part::Build => docker(
                "build",
                "B",
                "b-linux-gcp",
                "Linux x64 Shippable",
                "builder/build-linux.sh",
                vec![("docker-image", image.to_owned())],
            ),
            Part::Test => docker(
                "test",
                "X",
                "t-linux-docker",
                "Linux x64 tests",
                "tester/test-linux.sh",
                vec![("build", id(number - number % BLOCK + 1).to_owned()), ("docker-image", image.to_owned())],
            ),
            Part::Windows => Planned {
                kind: "build",
                label,
                platform: "win64-shippable",
                worker: Worker::Generic,
                pool: "b-win2022",
                description: "Windows x64 Shippable".to_owned(),
                symbol: "B",
                payload: gecko::windows_payload(&self.push, BUILD_DATE),
                scopes: vec!["generic-worker:cache:gecko-level-3-checkouts-hg58-v3".to_owned()],
                dependencies: vec![],
                image: None,
                expires: "1 year",
            },
            Part::Signing(build) => script(
                "build-signing",
                "gecko-3-signing",
                "Signs a build",
                "Bs",
                &["project:releng:signing:cert:nightly-signing"],
                &[(build, "build", &["public/build/target.tar.xz", "public/build/target.complete.mar"])],
            ),
            Part::Beetmover(build, signing) => script(
                "beetmover",
                "gecko-3-beetmover",
                "Puts a build where it can be downloaded",
                "BM",
                &["project:releng:beetmover:bucket:nightly", "project:releng:beetmover:action:push-to-nightly"],
                &[
                    (build, "build", &["public/build/target.checksums"]),
                    (signing, "signing", &["public/build/target.tar.xz", "public/build/target.tar.xz.asc"]),
                ],
            ),
        }
    }

    fn targets(&self) -> Vec<Target> {
        let mut targets = vec![target("decision", &self.decision, "decision")];
        let blocks = self.ids.len() / BLOCK;
        let spread = [0, blocks / 3, blocks / 2, blocks.saturating_sub(1)];
        let mut seen = Vec::new();
        for block in spread {
            if seen.contains(&block) {
                continue;
            }
            seen.push(block);
            for (place, task_type) in [(1, "build"), (7, "signing"), (8, "signing"), (9, "beetmover")] {
                let number = block * BLOCK + place;
                if let Some(id) = self.ids.get(number) {
                    targets.push(target(&format!("{task_type}-{number}"), id, task_type));
                }
            }
        }
        targets
    }
}

fn target(label: &str, task_id: &str, task_type: &str) -> Target {
    Target {
        label: label.to_owned(),
        task_id: task_id.to_owned(),
        task_type: task_type.to_owned(),
        product: "firefox".to_owned(),
        verdict: "verified".to_owned(),
        findings: Vec::new(),
    }
}

/// The label of a task in the graph.
fn label(number: usize, part: Part) -> String {
    match part {
        Part::Image => format!("docker-image-{number}"),
        Part::Build => format!("build-linux64-shippable-{number}/opt"),
        Part::Test => format!("test-linux64-shippable-{number}/opt"),
        Part::Windows => format!("build-win64-shippable-{number}/opt"),
        Part::Signing(_) => format!("build-signing-{number}/opt"),
        Part::Beetmover(..) => format!("beetmover-{number}/opt"),
    }
}

/// The artifacts of a task beside its log, with their lengths.
fn produced(part: Part) -> &'static [(&'static str, usize)] {
    match part {
        Part::Image => &[("public/image.tar.zst", 512)],
        Part::Build => &[
            ("public/build/target.checksums", 128),
            ("public/build/target.complete.mar", 384),
            ("public/build/target.tar.xz", 640),
        ],
        Part::Test => &[("public/build/report.json", 256)],
        Part::Windows => &[("public/build/target.complete.mar", 384), ("public/build/target.tar.xz", 640)],
        Part::Signing(_) => &[
            ("public/build/target.complete.mar", 400),
            ("public/build/target.tar.xz", 660),
            ("public/build/target.tar.xz.asc", 96),
        ],
        Part::Beetmover(..) => &[("public/manifest.json", 256)],
    }
}

fn log(task_id: &str) -> String {
    format!("[taskcluster] Task ID: {task_id}\n=== Task Starting ===\n=== Task Finished ===\n")
}

/// A file that is hashed as it is written.
struct Hashed {
    file: BufWriter<File>,
    hasher: Sha256,
    bytes: u64,
}

impl Hashed {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { file: BufWriter::new(file), hasher: Sha256::new(), bytes: 0 })
    }

    fn text(&mut self, text: &str) -> Result<()> {
        self.file.write_all(text.as_bytes())?;
        self.hasher.update(text.as_bytes());
        self.bytes += text.len() as u64;
        Ok(())
    }

    fn finish(mut self, tally: &mut Tally) -> Result<String> {
        self.file.flush()?;
        tally.files += 1;
        tally.bytes += self.bytes;
        Ok(hex::encode(self.hasher.finalize()))
    }
}
