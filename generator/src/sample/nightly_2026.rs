//! mozilla-central in the autumn of 2026: a push with ed25519 attestations.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::Purpose;
use crate::attestation::Worker;
use crate::gecko::{self, Planned, Push};
use crate::keys::Signer;
use crate::log::{self, Verified};
use crate::world::{NewTask, Run, World};
use crate::{clock, ids, json};

const SEED: &str = "nightly-2026";
const BUILD_DATE: &str = "20261006095840";

/// The sample `nightly-2026` for tests to edit: with logs of scriptworkers that list no digests.
///
/// Labels: `decision`, `docker-image`, `build-linux64`, `build-win64`, `test-linux64` (not attested), `signing-linux64`,
/// `signing-win64`, `beetmover-linux64`, `balrog-linux64`.
pub fn nightly_2026() -> Result<World> {
    made(Purpose::Editing)
}

/// The sample `nightly-2026` as it ships: the tasks of [`nightly_2026`], and logs with digests.
pub fn nightly_2026_as_shipped() -> Result<World> {
    made(Purpose::Shipping)
}

fn made(purpose: Purpose) -> Result<World> {
    let mut maker = Maker::new(purpose)?;
    maker.image()?;
    maker.builds()?;
    maker.signings()?;
    maker.publishing()?;
    maker.decision()?;
    maker.run_all()?;
    let mut world = maker.world;
    for (label, task_type) in [
        ("signing-linux64", "signing"),
        ("signing-win64", "signing"),
        ("beetmover-linux64", "beetmover"),
        ("balrog-linux64", "balrog"),
        ("build-linux64", "build"),
        ("docker-image", "docker-image"),
        ("decision", "decision"),
    ] {
        world.target(label, task_type)?;
    }
    world.put_verdicts();
    world.put_readme(include_str!("nightly_2026.md"));
    Ok(world)
}

/// The world under construction, with the graph that its decision will publish.
struct Maker {
    purpose: Purpose,
    world: World,
    push: Push,
    decision: String,
    created: i64,
    graph: Map<String, Value>,
    labels: Map<String, Value>,
    /// What is to run once the decision has made the graph.
    pending: Vec<Pending>,
}

/// A task of the graph that has not run yet.
struct Pending {
    worker: Worker,
    task_id: String,
    definition: Value,
    outcome: Outcome,
    attested: bool,
}

/// What became of a planned task.
struct Outcome {
    /// The label in the world.
    label: &'static str,
    artifacts: Vec<(&'static str, Vec<u8>)>,
    /// Minutes after the decision's creation at which its last run started, and how many it ran.
    started: i64,
    minutes: i64,
    /// Its first run was lost with the machine.
    second_try: bool,
    listed: bool,
}

fn id(label: &str) -> String {
    ids::slugid(SEED, label)
}

impl Maker {
    fn new(purpose: Purpose) -> Result<Self> {
        let push = Push {
            revision: ids::hex_id(SEED, "revision", 20),
            base: ids::hex_id(SEED, "base", 20),
            id: 45_120,
            date: clock::moment("2026-10-06T09:58:40Z")? / clock::SECOND,
            owner: "developer@example.com",
            message: "Bug 1990001 - Draw the tab strip in one pass. r=reviewer",
        };
        let world = gecko::frame(
            &push,
            "2026-10-07T08:00:00.000Z",
            "A made-up mozilla-central push with ed25519 attestations; throwaway keys.",
        )?;
        Ok(Self {
            purpose,
            world,
            push,
            decision: id("decision"),
            created: clock::moment("2026-10-06T10:01:52.607Z")?,
            graph: Map::new(),
            labels: Map::new(),
            pending: Vec::new(),
        })
    }

    fn add(&mut self, planned: &Planned<'_>, outcome: Outcome) -> Result<()> {
        let task_id = id(outcome.label);
        let task = planned.task(&self.push, &self.decision);
        self.labels.insert(planned.label.to_owned(), task_id.as_str().into());
        self.graph.insert(task_id.clone(), planned.entry(&task_id, &task));
        let created = self.created + 231 * clock::SECOND + 7 * self.graph.len() as i64;
        let dependencies = planned.created_dependencies(&task, &self.decision);
        let definition = gecko::definition(&task, created, &self.decision, &dependencies)?;
        let (worker, attested) = (planned.worker, planned.kind != "test");
        self.pending.push(Pending { worker, task_id, definition, outcome, attested });
        Ok(())
    }

    /// Runs the tasks of the graph, each after what it rests on: a log tells the digests of what was there.
    fn run_all(&mut self) -> Result<()> {
        for Pending { worker, task_id, definition, outcome, attested } in std::mem::take(&mut self.pending) {
            self.finish(worker, &task_id, &definition, outcome, attested)?;
        }
        Ok(())
    }

    fn finish(
        &mut self,
        worker: Worker,
        task_id: &str,
        definition: &Value,
        outcome: Outcome,
        attested: bool,
    ) -> Result<()> {
        let pool = definition["workerType"].as_str().unwrap_or_default();
        let started = self.created + outcome.started * clock::MINUTE + 3 * clock::SECOND + 418;
        let resolved = started + outcome.minutes * clock::MINUTE + 27 * clock::SECOND + 93;
        let mut runs = Vec::new();
        let machine = |run: &str| gecko::machine(worker, pool, SEED, &format!("{} {run}", outcome.label));
        if outcome.second_try {
            let (group, worker) = machine("first run");
            let started = started - 21 * clock::MINUTE;
            runs.push(Run {
                group,
                worker,
                scheduled: started - 2 * clock::SECOND,
                started,
                resolved: started + 20 * clock::MINUTE + 804,
                shutdown: true,
            });
        }
        let (group, name) = machine("run");
        let environment = gecko::environment(worker, SEED, outcome.label, &name);
        let scheduled = runs.last().map_or(started - 4 * clock::SECOND - 277, |run| run.resolved);
        let stamp = clock::format(started, "%Y-%m-%d %H:%M:%S")?;
        let mut artifacts: Vec<(String, Vec<u8>)> =
            outcome.artifacts.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect();
        let log = format!(
            "[taskcluster {stamp}Z] Task ID: {task_id}\n[taskcluster {stamp}Z] Worker ID: {name}\n[taskcluster {stamp}Z] Worker Group: {group}\n\
             [taskcluster {stamp}Z] Worker Type: {pool}\n\n=== Task Starting ===\n=== Task Finished ===\n\
             [taskcluster] Successful task run with exit code: 0 completed in {} seconds\n",
            outcome.minutes * 60
        );
        if worker == Worker::Script {
            let chain = match self.purpose {
                Purpose::Editing => format!("{stamp}     INFO - Verifying {task_id}\n{stamp}     INFO - Good.\n"),
                Purpose::Shipping => log::chain_of_trust(&self.world, &Verified { task_id, definition, started })?,
            };
            artifacts.push(("public/logs/chain_of_trust.log".to_owned(), chain.into_bytes()));
        } else if attested {
            artifacts.push(("public/logs/certified.log".to_owned(), log.clone().into_bytes()));
        }
        artifacts.push(("public/logs/live_backing.log".to_owned(), log.into_bytes()));
        runs.push(Run { group, worker: name, scheduled, started, resolved, shutdown: false });
        self.world.add(NewTask {
            label: outcome.label,
            task_id,
            worker,
            signer: Signer::Role(worker.role()),
            definition,
            runs: &runs,
            artifacts,
            environment,
            attested: attested.then_some(2 * clock::SECOND),
            listed: outcome.listed,
        })
    }

    fn image(&mut self) -> Result<()> {
        let planned = Planned {
            kind: "docker-image",
            label: "docker-image-debian12-amd64-build",
            platform: "taskcluster-images",
            worker: Worker::Docker,
            pool: "images-gcp",
            description: "Builds the image that Linux builds run in".to_owned(),
            symbol: "debian12",
            payload: gecko::image_payload(&self.push, &self.decision, "debian12-amd64-build"),
            scopes: vec!["secrets:get:project/taskcluster/gecko/hgfingerprint".to_owned()],
            dependencies: vec![],
            image: None,
            expires: "1 year",
        };
        self.add(
            &planned,
            Outcome {
                label: "docker-image",
                artifacts: vec![("public/image.tar.zst", ids::blob(SEED, "image", 6000))],
                started: 4,
                minutes: 9,
                second_try: false,
                listed: false,
            },
        )
    }

    fn builds(&mut self) -> Result<()> {
        let image = id("docker-image");
        let secrets = "secrets:get:project/releng/gecko/build/level-3/*".to_owned();
        let linux = Planned {
            kind: "build",
            label: "build-linux64-shippable/opt",
            platform: "linux64-shippable",
            worker: Worker::Docker,
            pool: "b-linux-gcp",
            description: "Linux x64 Shippable – für alle, 日本語も".to_owned(),
            symbol: "B",
            payload: gecko::docker_payload(&self.push, &image, "builder/build-linux.sh", BUILD_DATE, true),
            scopes: vec![secrets.clone(), "project:releng:services/tooltool/api/download/public".to_owned()],
            dependencies: vec![("docker-image", image.clone())],
            image: Some(&image),
            expires: "1 year",
        };
        let artifacts = vec![
            ("public/build/target.tar.xz", ids::blob(SEED, "linux target", 5000)),
            ("public/build/target.complete.mar", ids::blob(SEED, "linux mar", 4000)),
            ("public/build/target.langpack.xpi", ids::blob(SEED, "linux langpack", 900)),
            ("public/build/target.checksums", checksums(&["linux target", "linux mar"]).into_bytes()),
        ];
        self.add(
            &linux,
            Outcome { label: "build-linux64", artifacts, started: 37, minutes: 48, second_try: true, listed: true },
        )?;

        let windows = Planned {
            kind: "build",
            label: "build-win64-shippable/opt",
            platform: "win64-shippable",
            worker: Worker::Generic,
            pool: "b-win2022",
            description: "Windows x64 Shippable".to_owned(),
            symbol: "B",
            payload: gecko::windows_payload(&self.push, BUILD_DATE),
            scopes: vec![secrets, "generic-worker:cache:gecko-level-3-checkouts-hg58-v3".to_owned()],
            dependencies: vec![],
            image: None,
            expires: "1 year",
        };
        let artifacts = vec![
            ("public/build/target.zip", ids::blob(SEED, "win target", 5000)),
            ("public/build/target.complete.mar", ids::blob(SEED, "win mar", 4000)),
            ("public/build/target.checksums", checksums(&["win target", "win mar"]).into_bytes()),
        ];
        self.add(
            &windows,
            Outcome { label: "build-win64", artifacts, started: 5, minutes: 61, second_try: false, listed: false },
        )?;

        let test = Planned {
            kind: "test",
            label: "test-linux2404-64-shippable/opt-xpcshell-1",
            platform: "linux64-shippable",
            worker: Worker::Docker,
            pool: "t-linux-docker-noscratch-amd",
            description: "xpcshell tests".to_owned(),
            symbol: "X1",
            payload: gecko::docker_payload(&self.push, &image, "tester/test-linux.sh", BUILD_DATE, false),
            scopes: vec!["secrets:get:project/taskcluster/gecko/hgfingerprint".to_owned()],
            dependencies: vec![("build", id("build-linux64")), ("docker-image", image.clone())],
            image: Some(&image),
            expires: "28 days",
        };
        let artifacts = vec![("public/test_info/xpcshell.json", b"{\"passed\":412,\"failed\":0}\n".to_vec())];
        self.add(
            &test,
            Outcome { label: "test-linux64", artifacts, started: 88, minutes: 14, second_try: false, listed: false },
        )
    }

    fn signings(&mut self) -> Result<()> {
        for (label, build, target, name, format, started) in [
            (
                "signing-linux64",
                "build-linux64",
                "public/build/target.tar.xz",
                "build-signing-linux64-shippable/opt",
                "gcp_prod_autograph_gpg",
                87,
            ),
            (
                "signing-win64",
                "build-win64",
                "public/build/target.zip",
                "build-signing-win64-shippable/opt",
                "gcp_prod_autograph_authenticode_202412",
                68,
            ),
        ] {
            let linux = build == "build-linux64";
            let mar = "public/build/target.complete.mar";
            let planned = Planned {
                kind: "build-signing",
                label: name,
                platform: if linux { "linux64-shippable" } else { "win64-shippable" },
                worker: Worker::Script,
                pool: "gecko-3-signing",
                description: if linux { "Signs Linux x64 Shippable \u{1f98a}" } else { "Signs Windows x64 Shippable" }
                    .to_owned(),
                symbol: "Bs",
                payload: json!({
                    "maxRunTime": 3600,
                    "upstreamArtifacts": [
                        {"formats": [format], "paths": [target], "taskId": id(build), "taskType": "build"},
                        {"formats": ["gcp_prod_autograph_hash_only_mar384"], "paths": [mar], "taskId": id(build), "taskType": "build"},
                    ],
                }),
                scopes: vec!["project:releng:signing:cert:nightly-signing".to_owned()],
                dependencies: vec![("build", id(build))],
                image: None,
                expires: "1 year",
            };
            let mut artifacts = vec![
                (target, ids::blob(SEED, &format!("{label} target"), 5200)),
                (mar, ids::blob(SEED, &format!("{label} mar"), 4100)),
            ];
            if linux {
                artifacts.push(("public/build/target.tar.xz.asc", ids::hex_id(SEED, "detached", 240).into_bytes()));
            }
            self.add(&planned, Outcome { label, artifacts, started, minutes: 3, second_try: false, listed: linux })?;
        }
        Ok(())
    }

    fn publishing(&mut self) -> Result<()> {
        let (build, signing) = (id("build-linux64"), id("signing-linux64"));
        let beetmover = Planned {
            kind: "beetmover",
            label: "beetmover-linux64-shippable/opt",
            platform: "linux64-shippable",
            worker: Worker::Script,
            pool: "gecko-3-beetmover",
            description: "Puts Linux x64 Shippable where it can be downloaded".to_owned(),
            symbol: "BM",
            payload: json!({
                "maxRunTime": 3600,
                "releaseProperties": {
                    "appName": "Firefox",
                    "appVersion": "145.0a1",
                    "branch": "mozilla-central",
                    "buildid": BUILD_DATE,
                    "hashType": "sha512",
                    "platform": "linux64",
                },
                "upstreamArtifacts": [
                    {"locale": "en-US", "paths": ["public/build/target.checksums"], "taskId": build, "taskType": "build"},
                    {
                        "locale": "en-US",
                        "optional": true,
                        "paths": ["public/build/*.langpack.xpi", "public/build/target.crashreporter-symbols.zip"],
                        "taskId": build,
                        "taskType": "build",
                    },
                    {
                        "locale": "en-US",
                        "paths": ["public/build/target.tar.xz", "public/build/target.tar.xz.asc", "public/build/target.complete.mar"],
                        "taskId": signing,
                        "taskType": "signing",
                    },
                ],
            }),
            scopes: vec![
                "project:releng:beetmover:bucket:nightly".to_owned(),
                "project:releng:beetmover:action:push-to-nightly".to_owned(),
            ],
            dependencies: vec![("build", build.clone()), ("build-signing", signing)],
            image: None,
            expires: "1 year",
        };
        let manifest = json!([{
            "branch": "mozilla-central",
            "buildid": BUILD_DATE,
            "completeInfo": [{"size": 4100, "url": format!("https://archive.mozilla.org/pub/firefox/nightly/2026/10/{BUILD_DATE}/target.complete.mar")}],
            "locale": "en-US",
            "platform": "linux64",
        }]);
        let artifacts = vec![("public/manifest.json", json::print(&manifest, json::PYTHON).into_bytes())];
        self.add(
            &beetmover,
            Outcome {
                label: "beetmover-linux64",
                artifacts,
                started: 92,
                minutes: 2,
                second_try: false,
                listed: false,
            },
        )?;

        let balrog = Planned {
            kind: "balrog",
            label: "balrog-linux64-shippable/opt",
            platform: "linux64-shippable",
            worker: Worker::Script,
            pool: "gecko-3-balrog",
            description: "Tells the update server of Linux x64 Shippable".to_owned(),
            symbol: "c-Up",
            payload: json!({
                "maxRunTime": 3600,
                "upstreamArtifacts": [
                    {"paths": ["public/manifest.json"], "taskId": id("beetmover-linux64"), "taskType": "beetmover"},
                ],
            }),
            scopes: vec![
                "project:releng:balrog:server:nightly".to_owned(),
                "project:releng:balrog:action:submit-locale".to_owned(),
            ],
            dependencies: vec![("beetmover", id("beetmover-linux64"))],
            image: None,
            expires: "1 year",
        };
        self.add(
            &balrog,
            Outcome {
                label: "balrog-linux64",
                artifacts: vec![],
                started: 95,
                minutes: 1,
                second_try: false,
                listed: false,
            },
        )
    }

    fn decision(&mut self) -> Result<()> {
        let decision = self.decision.clone();
        let definition = self.push.decision(&decision, self.created)?;
        let python = |value: &Value| json::print(value, json::PYTHON).into_bytes();
        let mut labels: Vec<Value> = self.labels.keys().map(|label| label.as_str().into()).collect();
        labels.sort_by_key(Value::to_string);
        let artifacts = vec![
            ("public/actions.json", python(&self.push.actions(&decision))),
            ("public/label-to-taskid.json", python(&Value::Object(self.labels.clone()))),
            ("public/parameters.yml", self.push.parameters(BUILD_DATE).into_bytes()),
            ("public/target-tasks.json", python(&Value::Array(labels))),
            ("public/task-graph.json", python(&Value::Object(self.graph.clone()))),
        ];
        self.finish(
            Worker::Docker,
            &decision,
            &definition,
            Outcome { label: "decision", artifacts, started: 0, minutes: 3, second_try: false, listed: true },
            true,
        )
    }
}

/// A list of digests as builds publish it.
fn checksums(blobs: &[&str]) -> String {
    blobs.iter().map(|blob| format!("{} sha256 {}\n", ids::sha256(blob.as_bytes()), blob.replace(' ', "/"))).collect()
}
