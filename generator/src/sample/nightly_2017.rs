//! mozilla-central in June 2017: a nightly graph with clear-signed attestations.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::{Purpose, key_history};
use crate::attestation::{Era, Worker};
use crate::keys::Signer;
use crate::log::{self, Verified};
use crate::world::{NewTask, Run, World};
use crate::{clock, ids, json, keys};

const SEED: &str = "nightly-2017";
const REPOSITORY: &str = "https://hg.mozilla.org/mozilla-central";
const TEMPLATE: &str = include_str!("../../templates/taskcluster-2017.yml");
const BUILD_DATE: &str = "20170627100244";
/// The decision image that was allowed since April 2017, and the name under which tasks asked for it.
const DECISION_IMAGE_HASH: &str = "sha256:a22b90c7e16191a701760ef4f9159e86289ba598bf8ff5b22b7b94867530460d";
const DECISION_IMAGE: &str =
    "taskcluster/decision:0.1.8@sha256:195d8439c8e90d59311d877bd2a8964849b2e43bfc6c234092618518d8b2891b";
/// The same for images that build images.
const BUILDER_IMAGE_HASH: &str = "sha256:f5e7548ca4313beb7a324681a5f6adf9adfeabbc7b8ad63ce170cf3010546851";
const BUILDER_IMAGE: &str =
    "taskcluster/image_builder@sha256:ceaaf92511cfbff711598005585127953873332c62f245dcf1892510c4eb371f";
/// Chosen so that the number of the Windows build's signature begins with a zero byte, which Go writes and counts.
const COMPILED: u32 = 109;

/// The good tasks of the sample `nightly-2017`, for tests to edit: with bare certificates and no key repository, and with
/// logs of scriptworkers that list no digests.
///
/// Labels: `decision`, `docker-image`, `build-linux64`, `build-win64`, `signing-linux64`, `signing-win64`,
/// `beetmover-linux64`, `balrog-linux64`.
pub fn nightly_2017() -> Result<World> {
    finished(made(COMPILED, Purpose::Editing)?)
}

/// The sample `nightly-2017` as it ships: the tasks of [`nightly_2017`], logs with digests, a key repository with its
/// history, and four tasks whose keys that history tells of.
///
/// More labels: `checksums-signing-linux64`, whose key had expired; `checksums-signing-win64`, whose key had been
/// removed; `beetmover-win64`, whose key was revoked later; `repackage-signing-linux64`, whose signature is backdated.
pub fn nightly_2017_as_shipped() -> Result<World> {
    let mut world = made(COMPILED, Purpose::Shipping)?;
    key_history::put(&mut world)?;
    finished(world)
}

/// A task of a scriptworker's host with a key of its own, and what the key's history makes of it.
struct Story {
    label: &'static str,
    kind: &'static str,
    platform: &'static str,
    task_type: &'static str,
    worker_type: &'static str,
    description: &'static str,
    /// The label of the task that it consumes, that one's task type, and what it takes.
    upstream: (&'static str, &'static str, &'static [&'static str]),
    artifact: &'static str,
    host: &'static str,
    /// Minutes after the decision's creation at which it started, but for the days that it is backdated.
    started: i64,
    days_back: i64,
    verdict: &'static str,
    findings: &'static [&'static str],
}

const STORIES: [Story; 4] = [
    Story {
        label: "checksums-signing-linux64",
        kind: "checksums-signing",
        platform: "linux64",
        task_type: "signing",
        worker_type: "signing-linux-v1",
        description: "Signing of the checksums of Linux64 Nightly",
        upstream: ("build-linux64", "build", &["public/build/target.checksums"]),
        artifact: "public/build/target.checksums.asc",
        host: "signing-linux-2",
        started: 94,
        days_back: 0,
        verdict: "refuted",
        findings: &["key-expired", "signature-time-outside-key"],
    },
    Story {
        label: "checksums-signing-win64",
        kind: "checksums-signing",
        platform: "windows2012-64",
        task_type: "signing",
        worker_type: "signing-linux-v1",
        description: "Signing of the checksums of Win64 Nightly",
        upstream: ("build-win64", "build", &["public/build/target.checksums"]),
        artifact: "public/build/target.checksums.asc",
        host: "signing-linux-3",
        started: 103,
        days_back: 0,
        verdict: "refuted",
        findings: &["key-not-in-force", "signature-time-outside-key"],
    },
    Story {
        label: "beetmover-win64",
        kind: "beetmover",
        platform: "windows2012-64",
        task_type: "beetmover",
        worker_type: "beetmoverworker-v1",
        description: "Beetmover submission for locale 'en-US' for build 'Win64 Nightly'",
        upstream: ("signing-win64", "signing", &["public/build/target.zip", "public/build/update/target.complete.mar"]),
        artifact: "public/manifest.json",
        host: "beetmoverworker-2",
        started: 107,
        days_back: 0,
        verdict: "verified",
        findings: &["key-revoked-later"],
    },
    Story {
        label: "repackage-signing-linux64",
        kind: "repackage-signing",
        platform: "linux64",
        task_type: "signing",
        worker_type: "signing-linux-v1",
        description: "Signing of the repackaged Linux64 Nightly",
        upstream: ("build-linux64", "build", &["public/build/target.tar.bz2"]),
        artifact: "public/build/target.tar.bz2.asc",
        host: "signing-linux-3",
        started: 95,
        days_back: 20,
        verdict: "refuted",
        findings: &["key-not-in-force", "moment-on-queues-word", "signature-time-contradicted"],
    },
];

/// A graph of as many tasks, the decision among them, in waves of a nightly's six. The keys are those of the sample: RSA
/// with 4096 bits, but for docker-worker's 2048.
pub(crate) fn graph_of_2017(tasks: usize, seed: u64) -> Result<World> {
    const WAVE: usize = 6;
    let mut maker = Maker::new(Purpose::Editing, &format!("scale 2017 {seed}"))?;
    maker.tasks_max = tasks - 1;
    maker.image()?;
    let waves = (tasks - 2).div_ceil(WAVE);
    for wave in 0..waves {
        maker.wave = format!("-{wave}");
        maker.builds(u32::try_from(wave)?)?;
        maker.signings()?;
        maker.publishing()?;
    }
    maker.wave.clear();
    maker.decision()?;
    maker.run_all()?;
    let mut world = maker.world;
    let last = waves.saturating_sub(2);
    for wave in BTreeSet::from([0, last / 3, last / 2, last]) {
        for (label, task_type) in [
            ("signing-linux64", "signing"),
            ("signing-win64", "signing"),
            ("beetmover-linux64", "beetmover"),
            ("balrog-linux64", "balrog"),
        ] {
            world.target(&format!("{label}-{wave}"), task_type)?;
        }
    }
    world.put_verdicts();
    Ok(world)
}

fn made(compiled: u32, purpose: Purpose) -> Result<World> {
    let mut maker = Maker::new(purpose, SEED)?;
    maker.image()?;
    maker.builds(compiled)?;
    maker.signings()?;
    maker.publishing()?;
    if purpose == Purpose::Shipping {
        maker.by_hosts_of_their_own()?;
    }
    maker.decision()?;
    maker.run_all()?;
    Ok(maker.world)
}

fn finished(mut world: World) -> Result<World> {
    for (label, task_type) in [
        ("signing-linux64", "signing"),
        ("signing-win64", "signing"),
        ("beetmover-linux64", "beetmover"),
        ("balrog-linux64", "balrog"),
    ] {
        world.target(label, task_type)?;
    }
    for story in STORIES.iter().filter(|story| world.task_id(story.label).is_ok()).collect::<Vec<_>>() {
        world.target_with(story.label, story.task_type, story.verdict, story.findings)?;
    }
    world.put_verdicts();
    world.put_readme(include_str!("nightly_2017.md"));
    Ok(world)
}

struct Maker {
    purpose: Purpose,
    seed: String,
    /// What is added to the labels and names of tasks, of which a graph has many alike.
    wave: String,
    /// How many tasks the graph may have.
    tasks_max: usize,
    /// The id of the image task, which all waves share.
    image: String,
    world: World,
    revision: String,
    decision: String,
    created: i64,
    graph: Map<String, Value>,
    labels: Map<String, Value>,
    /// What is to run once the decision has made the graph.
    pending: Vec<(Ran, String, Value)>,
}

/// A task of the graph and what became of it.
struct Plan<'a> {
    /// The label in the world.
    label: String,
    kind: &'a str,
    /// The label in the graph.
    name: &'a str,
    platform: &'a str,
    worker: Worker,
    worker_type: &'static str,
    description: &'a str,
    symbol: &'a str,
    payload: Value,
    scopes: Vec<&'a str>,
    routes: Vec<String>,
    dependencies: Vec<(&'a str, String)>,
    artifacts: Vec<(&'static str, Vec<u8>)>,
    image_hash: Option<String>,
    instance_type: &'static str,
    /// What its log says of the work.
    work: String,
    /// Minutes after the decision's creation at which it started, and how many it ran.
    started: i64,
    minutes: i64,
    /// The scriptworker's host, if it has a key of its own.
    host: Option<&'static str>,
    /// How many days before the others the queue says that it was made and ran.
    days_back: i64,
}

/// What became of a task.
struct Ran {
    label: String,
    worker: Worker,
    worker_type: &'static str,
    artifacts: Vec<(&'static str, Vec<u8>)>,
    image_hash: Option<String>,
    instance_type: &'static str,
    work: String,
    /// When it started, and how many minutes it ran.
    started: i64,
    minutes: i64,
    host: Option<&'static str>,
}

impl Plan<'_> {
    /// What became of it, in a graph whose decision was created at a moment.
    fn ran(self, created: i64) -> Ran {
        Ran {
            label: self.label,
            worker: self.worker,
            worker_type: self.worker_type,
            artifacts: self.artifacts,
            image_hash: self.image_hash,
            instance_type: self.instance_type,
            work: self.work,
            started: created + self.started * clock::MINUTE + 2 * clock::SECOND + 871 - self.days_back * clock::DAY,
            minutes: self.minutes,
            host: self.host,
        }
    }
}

impl Maker {
    fn new(purpose: Purpose, seed: &str) -> Result<Self> {
        let revision = ids::hex_id(seed, "revision", 20);
        let mut world = World::new(Era::OpenPgp);
        let changeset = json!({
            "author": "A Sheriff <sheriff@example.com>",
            "branch": "default",
            "desc": "merge mozilla-inbound to mozilla-central a=merge",
            "files": ["browser/base/content/browser.js"],
            "node": revision,
            "parents": [ids::hex_id(seed, "first parent", 20), ids::hex_id(seed, "second parent", 20)],
            "tags": [],
        });
        let date = clock::moment("2017-06-27T09:41:07Z")? / clock::SECOND;
        let pushes = json!({
            "lastpushid": 32_122,
            "pushes": {"32121": {"changesets": [changeset], "date": date, "user": "sheriff@example.com"}},
        });
        world.put_sources(&[
            (
                format!("{REPOSITORY}/json-pushes?changeset={revision}&version=2&full=1"),
                "application/json",
                "json-pushes.json",
                json::print(&pushes, json::PYTHON),
            ),
            (
                format!("{REPOSITORY}/raw-file/{revision}/.taskcluster.yml"),
                "text/plain",
                "taskcluster.yml",
                TEMPLATE.to_owned(),
            ),
        ]);
        for role in ["docker-worker", "generic-worker", "scriptworker"] {
            world.put(&format!("keys/openpgp/{role}/sample-{role}.asc"), keys::openpgp_public(role)?);
        }
        world.put_indented(
            "capture.json",
            &json!({
                "captureVersion": 1,
                "rootUrl": "https://taskcluster.net",
                "capturedAt": match purpose {
                    Purpose::Editing => "2017-06-28T08:00:00.000Z",
                    Purpose::Shipping => "2017-07-13T08:00:00.000Z",
                },
                "tool": "cotrace-generator",
                "note": "A made-up mozilla-central nightly with OpenPGP attestations; throwaway keys.",
            }),
        );
        Ok(Self {
            purpose,
            seed: seed.to_owned(),
            wave: String::new(),
            tasks_max: usize::MAX,
            image: ids::slugid(seed, "docker-image"),
            world,
            revision,
            decision: ids::slugid(seed, "decision"),
            created: clock::moment("2017-06-27T10:01:47.318Z")?,
            graph: Map::new(),
            labels: Map::new(),
            pending: Vec::new(),
        })
    }

    /// A label of this wave.
    fn named(&self, label: &str) -> String {
        format!("{label}{}", self.wave)
    }

    /// A label of this wave as the graph has it.
    fn entitled(&self, name: &str) -> String {
        format!("{name}{}/opt", self.wave)
    }

    /// The id of the task of this wave with a label.
    fn id(&self, label: &str) -> String {
        ids::slugid(&self.seed, &self.named(label))
    }

    fn blob(&self, label: &str, length: usize) -> Vec<u8> {
        ids::blob(&self.seed, &self.named(label), length)
    }

    fn hex_id(&self, label: &str, length: usize) -> String {
        ids::hex_id(&self.seed, &self.named(label), length)
    }

    fn number(&self, label: &str, limit: u64) -> u64 {
        ids::number(&self.seed, &self.named(label), limit)
    }

    fn treeherder_routes(&self) -> [String; 2] {
        ["tc-treeherder", "tc-treeherder-stage"].map(|route| format!("{route}.v2.mozilla-central.{}.-1", self.revision))
    }

    /// The routes of a nightly product.
    fn product_routes(&self, product: &str, prefix: &str) -> Vec<String> {
        let index = format!("index.gecko.v2.mozilla-central.{prefix}nightly");
        let mut routes = vec![
            format!("{index}.2017.06.27.latest.firefox.{product}"),
            format!("{index}.2017.06.27.revision.{}.firefox.{product}", self.revision),
            format!("{index}.latest.firefox.{product}"),
            format!("{index}.revision.{}.firefox.{product}", self.revision),
        ];
        routes.extend(self.treeherder_routes());
        routes
    }

    fn add(&mut self, plan: Plan<'_>) -> Result<()> {
        if self.graph.len() == self.tasks_max {
            return Ok(());
        }
        let task_id = ids::slugid(&self.seed, &plan.label);
        let revision = &self.revision;
        let provisioner = if plan.worker == Worker::Script { "scriptworker-prov-v1" } else { "aws-provisioner-v1" };
        let mut dependencies: Vec<&str> = plan.dependencies.iter().map(|(_, id)| id.as_str()).collect();
        dependencies.sort_unstable();
        let mut extra = json!({
            "index": {"rank": self.created / clock::SECOND},
            "treeherderEnv": ["production", "staging"],
            "treeherder": {
                "jobKind": if plan.kind == "docker-image" { "other" } else { "build" },
                "groupSymbol": if plan.kind == "docker-image" { "I" } else { "tc" },
                "collection": {"opt": true},
                "machine": {"platform": plan.platform},
                "groupName": if plan.kind == "docker-image" { "Docker Image Builds" } else { "Executed by TaskCluster" },
                "tier": 1,
                "symbol": plan.symbol,
            },
        });
        if let Some(image) = plan.payload["image"]["taskId"].as_str() {
            extra["chainOfTrust"] = json!({"inputs": {"docker-image": image}});
        }
        let task = json!({
            "created": {"relative-datestamp": "0 seconds"},
            "deadline": {"relative-datestamp": "1 day"},
            "dependencies": dependencies,
            "expires": {"relative-datestamp": "1 year"},
            "extra": extra,
            "metadata": {
                "owner": "nobody@mozilla.org",
                "source": format!("{REPOSITORY}/file/{revision}/taskcluster/ci/{}", plan.kind),
                "description": format!(
                    "{} ([Treeherder push](https://treeherder.mozilla.org/#/jobs?repo=mozilla-central&revision={revision}))",
                    plan.description
                ),
                "name": plan.name,
            },
            "payload": plan.payload,
            "priority": if plan.kind == "docker-image" { "normal" } else { "medium" },
            "provisionerId": provisioner,
            "routes": plan.routes,
            "scopes": plan.scopes,
            "tags": {"createdForUser": "nobody@mozilla.org"},
            "workerType": plan.worker_type,
        });
        let depends: Map<String, Value> =
            plan.dependencies.iter().map(|(name, id)| ((*name).to_owned(), id.as_str().into())).collect();
        let entry = json!({
            "attributes": {
                "build_platform": plan.platform,
                "build_type": "opt",
                "kind": plan.kind,
                "nightly": true,
                "run_on_projects": ["all"],
            },
            "dependencies": depends,
            "kind": plan.kind,
            "label": plan.name,
            "optimizations": [],
            "task": task,
            "task_id": task_id,
        });
        self.graph.insert(task_id.clone(), entry);
        self.labels.insert(plan.name.to_owned(), task_id.as_str().into());
        // A graph of many tasks is created as fast as if several did it: no task starts before it is there.
        let turn = self.graph.len() as i64 % 150;
        let created = self.created + 142 * clock::SECOND + 611 * turn - plan.days_back * clock::DAY;
        let dependencies: Vec<String> = if plan.dependencies.is_empty() {
            vec![self.decision.clone()]
        } else {
            dependencies.into_iter().map(str::to_owned).collect()
        };
        let definition = definition(&task, created, &self.decision, &dependencies)?;
        self.pending.push((plan.ran(self.created), task_id, definition));
        Ok(())
    }

    /// Runs the tasks of the graph, each after what it rests on: a log tells the digests of what was there.
    fn run_all(&mut self) -> Result<()> {
        for (plan, task_id, definition) in std::mem::take(&mut self.pending) {
            self.finish(&plan, &task_id, &definition)?;
        }
        Ok(())
    }

    fn finish(&mut self, plan: &Ran, task_id: &str, definition: &Value) -> Result<()> {
        let started = plan.started;
        let resolved = started + plan.minutes * clock::MINUTE + 41 * clock::SECOND + 502;
        let instance = format!("i-{}", &self.hex_id(&format!("{} instance", plan.label), 9)[..17]);
        let host = 1 + self.number(&format!("{} host", plan.label), 8);
        let (group, worker) = match plan.worker {
            Worker::Docker => ("us-east-1", instance.clone()),
            Worker::Generic => ("us-west-2", instance.clone()),
            Worker::Script => {
                let any = format!("{}-{host}", plan.worker_type.trim_end_matches("-v1"));
                (plan.worker_type, plan.host.map_or(any, str::to_owned))
            }
        };
        let address = |of: &str, limit| 1 + self.number(&format!("{} {of}", plan.label), limit);
        let mut environment = json!({
            "publicIpAddress": format!("203.0.113.{}", address("public", 254)),
            "privateIpAddress": format!("172.31.{}.{}", address("net", 63), address("private", 254)),
        });
        if let Some(hash) = &plan.image_hash {
            environment["imageHash"] = hash.as_str().into();
        }
        environment["instanceId"] = instance.into();
        environment["instanceType"] = plan.instance_type.into();
        environment["region"] = if plan.worker == Worker::Docker { "us-east-1d" } else { "us-west-2" }.into();
        if plan.worker == Worker::Script {
            environment = json!({});
        }
        let stamp = |format: &str| clock::format(started, format);
        let time = stamp("%Y-%m-%dT%H:%M:%S")?;
        let log = match plan.worker {
            Worker::Docker | Worker::Generic => format!(
                "[taskcluster {day}] Task ID: {task_id}\n[taskcluster {day}] Worker ID: {worker}\n[taskcluster {day}] Worker Group: {group}\n\
                 [taskcluster {day}] Worker Type: {}\n\n{}\n[taskcluster] Successful task run with exit code: 0 completed in {} seconds\n",
                plan.worker_type,
                plan.work,
                plan.minutes * 60 + 37,
                day = stamp("%Y-%m-%d %H:%M:%S.%3fZ")?,
            ),
            Worker::Script => format!("{time}     INFO - {}\n{time}     INFO - exit code: 0\n", plan.work),
        };
        let mut artifacts: Vec<(String, Vec<u8>)> =
            plan.artifacts.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.clone())).collect();
        if plan.worker == Worker::Script {
            let chain = match self.purpose {
                Purpose::Editing => format!("{time}     INFO - Verifying {task_id}\n{time}     INFO - Good.\n"),
                Purpose::Shipping => log::chain_of_trust(&self.world, &Verified { task_id, definition, started })?,
            };
            artifacts.push(("public/logs/chain_of_trust.log".to_owned(), chain.into_bytes()));
        } else {
            artifacts.push(("public/logs/certified.log".to_owned(), log.clone().into_bytes()));
        }
        artifacts.push(("public/logs/live_backing.log".to_owned(), log.into_bytes()));
        let run = Run {
            group: group.to_owned(),
            worker,
            scheduled: started - 5 * clock::SECOND - 63,
            started,
            resolved,
            shutdown: false,
        };
        self.world.add(NewTask {
            label: &plan.label,
            task_id,
            worker: plan.worker,
            signer: plan.host.map_or(Signer::Role(plan.worker.role()), Signer::Host),
            definition,
            runs: &[run],
            artifacts,
            environment,
            attested: Some(2 * clock::SECOND),
            listed: false,
        })
    }

    fn image(&mut self) -> Result<()> {
        let hash = self.hex_id("image context", 32);
        let mut routes = vec![
            "index.docker.images.v2.level-3.desktop-build.latest".to_owned(),
            "index.docker.images.v2.level-3.desktop-build.pushdate.2017.06-27-094107".to_owned(),
            format!("index.docker.images.v2.level-3.desktop-build.hash.{hash}"),
        ];
        routes.extend(self.treeherder_routes());
        self.add(Plan {
            label: self.named("docker-image"),
            kind: "docker-image",
            name: "build-docker-image-desktop-build",
            platform: "taskcluster-images",
            worker: Worker::Docker,
            worker_type: "gecko-images",
            description: "Build the docker image desktop-build for use by dependent tasks",
            symbol: "db",
            payload: json!({
                "features": {"taskclusterProxy": true, "dind": true, "chainOfTrust": true},
                "maxRunTime": 3600,
                "image": BUILDER_IMAGE,
                "cache": {"level-3-imagebuilder-v1": "/home/worker/checkouts"},
                "artifacts": {
                    "public/image.tar.zst": {
                        "path": "/home/worker/workspace/artifacts/image.tar.zst",
                        "expires": {"relative-datestamp": "1 year"},
                        "type": "file",
                    },
                },
                "env": {
                    "HASH": hash,
                    "DOCKER_IMAGE_ZSTD_LEVEL": "10",
                    "SCCACHE_DISABLE": "1",
                    "GECKO_HEAD_REV": self.revision,
                    "IMAGE_NAME": "desktop-build",
                    "PROJECT": "mozilla-central",
                    "HG_STORE_PATH": "/home/worker/checkouts/hg-store",
                    "GECKO_BASE_REPOSITORY": "https://hg.mozilla.org/mozilla-unified",
                    "GECKO_HEAD_REPOSITORY": REPOSITORY,
                },
                "command": [],
            }),
            scopes: vec![
                "secrets:get:project/taskcluster/gecko/hgfingerprint",
                "docker-worker:cache:level-3-imagebuilder-v1",
            ],
            routes,
            dependencies: vec![],
            artifacts: vec![("public/image.tar.zst", self.blob("image", 6000))],
            image_hash: Some(BUILDER_IMAGE_HASH.to_owned()),
            instance_type: "c4.2xlarge",
            work: "Successfully built the image".to_owned(),
            started: 4,
            minutes: 11,
            host: None,
            days_back: 0,
        })
    }

    fn builds(&mut self, compiled: u32) -> Result<()> {
        let image = self.image.clone();
        let workspace = "level-3-mozilla-central-build-linux64-nightly-opt-workspace";
        let environment = |more: &[(&str, &str)]| -> Value {
            let mut map = Map::new();
            let common = [
                ("MOZ_BUILD_DATE", BUILD_DATE),
                ("MH_BUILD_POOL", "taskcluster"),
                ("GECKO_HEAD_REV", self.revision.as_str()),
                ("MH_BRANCH", "mozilla-central"),
                ("MOZ_SCM_LEVEL", "3"),
                ("GECKO_BASE_REPOSITORY", REPOSITORY),
                ("GECKO_HEAD_REPOSITORY", REPOSITORY),
                ("MOZ_AUTOMATION", "1"),
            ];
            for (key, value) in common.iter().chain(more) {
                map.insert((*key).to_owned(), (*value).into());
            }
            Value::Object(map)
        };
        let linux = Plan {
            label: self.named("build-linux64"),
            kind: "build",
            name: &self.entitled("build-linux64-nightly"),
            platform: "linux64",
            worker: Worker::Docker,
            worker_type: "gecko-3-b-linux",
            description: "Linux64 Nightly",
            symbol: "N",
            payload: json!({
                "onExitStatus": {"retry": [4]},
                "maxRunTime": 36000,
                "image": {"path": "public/image.tar.zst", "type": "task-image", "taskId": image},
                "cache": {
                    workspace: "/home/worker/workspace",
                    "tooltool-cache": "/home/worker/tooltool-cache",
                    "level-3-checkouts-v1": "/home/worker/checkouts",
                },
                "artifacts": {
                    "public/build": {
                        "path": "/home/worker/artifacts/",
                        "expires": {"relative-datestamp": "1 year"},
                        "type": "directory",
                    },
                },
                "command": [
                    "/home/worker/bin/run-task",
                    "--chown-recursive",
                    "/home/worker/workspace",
                    "--chown-recursive",
                    "/home/worker/tooltool-cache",
                    "--vcs-checkout",
                    "/home/worker/workspace/build/src",
                    "--tools-checkout",
                    "/home/worker/workspace/build/tools",
                    "--",
                    "/home/worker/workspace/build/src/taskcluster/scripts/builder/build-linux.sh",
                ],
                "env": environment(&[
                    ("HG_STORE_PATH", "~/checkouts/hg-store"),
                    ("MOZHARNESS_ACTIONS", "get-secrets build check-test update"),
                    ("MOZHARNESS_CONFIG", "builds/releng_base_linux_64_builds.py disable_signing.py taskcluster_nightly.py"),
                    ("MOZHARNESS_SCRIPT", "mozharness/scripts/fx_desktop_build.py"),
                    ("NEED_XVFB", "true"),
                    ("TOOLTOOL_CACHE", "/home/worker/tooltool-cache"),
                    ("TOOLTOOL_MANIFEST", "browser/config/tooltool-manifests/linux64/releng.manifest"),
                    ("USE_SCCACHE", "1"),
                ]),
                "features": {"taskclusterProxy": true, "relengAPIProxy": true, "chainOfTrust": true},
            }),
            scopes: vec![
                "secrets:get:project/taskcluster/gecko/hgfingerprint",
                "docker-worker:relengapi-proxy:tooltool.download.public",
                "secrets:get:project/releng/gecko/build/level-3/*",
                "assume:project:taskcluster:level-3-sccache-buckets",
                "docker-worker:cache:level-3-mozilla-central-build-linux64-nightly-opt-workspace",
                "docker-worker:cache:level-3-checkouts-v1",
                "docker-worker:cache:tooltool-cache",
            ],
            routes: self.product_routes("linux64-opt", ""),
            dependencies: vec![("docker-image", image.clone())],
            artifacts: vec![
                (
                    "public/build/balrog_props.json",
                    b"{\"properties\": {\"appName\": \"Firefox\", \"appVersion\": \"56.0a1\"}}\n".to_vec(),
                ),
                ("public/build/host/bin/mar", self.blob("linux mar tool", 800)),
                ("public/build/target.checksums", checksums("linux").into_bytes()),
                ("public/build/target.tar.bz2", self.blob("linux target", 5000)),
                ("public/build/update/target.complete.mar", self.blob("linux mar", 4000)),
            ],
            image_hash: Some(format!("sha256:{}", self.hex_id("loaded image", 32))),
            instance_type: "c4.4xlarge",
            work: "Build finished".to_owned(),
            started: 17,
            minutes: 73,
            host: None,
            days_back: 0,
        };
        let windows = Plan {
            label: self.named("build-win64"),
            kind: "build",
            name: &self.entitled("build-win64-nightly"),
            platform: "windows2012-64",
            worker: Worker::Generic,
            worker_type: "gecko-3-b-win2012",
            description: "Win64 Nightly",
            symbol: "N",
            payload: json!({
                "osGroups": [],
                "maxRunTime": 18000,
                "onExitStatus": {"retry": [1_073_807_364]},
                "mounts": [
                    {"cacheName": "level-3-mozilla-central-build-win64-nightly-opt-workspace", "directory": "build"},
                ],
                "artifacts": [
                    {"path": "public/build", "expires": {"relative-datestamp": "1 year"}, "type": "directory"},
                ],
                "command": [
                    "mkdir .\\build\\src",
                    "hg share c:\\builds\\hg-shared\\mozilla-central .\\build\\src && hg pull -u -R .\\build\\src --rev %GECKO_HEAD_REV% %GECKO_HEAD_REPOSITORY%",
                    ".\\build\\src\\taskcluster\\scripts\\builder\\build-windows.cmd > build.log 2>&1",
                ],
                "env": environment(&[
                    ("MOZHARNESS_CONFIG", "builds/taskcluster_firefox_windows_64_opt.py disable_signing.py taskcluster_nightly.py"),
                    ("TOOLTOOL_MANIFEST", "browser/config/tooltool-manifests/win64/releng.manifest"),
                ]),
                "features": {"chainOfTrust": true, "taskclusterProxy": true},
            }),
            scopes: vec![
                "generic-worker:cache:level-3-mozilla-central-build-win64-nightly-opt-workspace",
                "secrets:get:project/releng/gecko/build/level-3/*",
            ],
            routes: self.product_routes("win64-opt", ""),
            dependencies: vec![],
            artifacts: vec![
                ("public/build/target.checksums", checksums("win").into_bytes()),
                ("public/build/target.zip", self.blob("win target", 5000)),
                ("public/build/update/target.complete.mar", self.blob("win mar", 4000)),
            ],
            image_hash: None,
            instance_type: "c4.4xlarge",
            work: format!("Compiled {} files", 6000 + compiled),
            started: 4,
            minutes: 96,
            host: None,
            days_back: 0,
        };
        self.add(linux)?;
        self.add(windows)
    }

    fn signings(&mut self) -> Result<()> {
        let mar = "public/build/update/target.complete.mar";
        for (label, build, platform, target, format, started) in [
            ("signing-linux64", "build-linux64", "linux64", "public/build/target.tar.bz2", "gpg", 92),
            ("signing-win64", "build-win64", "windows2012-64", "public/build/target.zip", "sha2signcode", 102),
        ] {
            let linux = build == "build-linux64";
            let mut artifacts = vec![
                (target, self.blob(&format!("{label} target"), 5200)),
                (mar, self.blob(&format!("{label} mar"), 4100)),
            ];
            if linux {
                artifacts.push(("public/build/target.tar.bz2.asc", self.hex_id("detached", 240).into_bytes()));
            }
            let format_scope = format!("project:releng:signing:format:{format}");
            self.add(Plan {
                label: self.named(label),
                kind: "build-signing",
                name: &self.entitled(if linux { "signing-linux64-nightly" } else { "signing-win64-nightly" }),
                platform,
                worker: Worker::Script,
                worker_type: "signing-linux-v1",
                description: if linux { "Linux64 Nightly Signing – für Prüfer" } else { "Win64 Nightly Signing" },
                symbol: "Ns",
                payload: json!({
                    "maxRunTime": 3600,
                    "upstreamArtifacts": [
                        {"paths": [target], "formats": [format], "taskId": self.id(build), "taskType": "build"},
                        {"paths": [mar], "formats": ["mar"], "taskId": self.id(build), "taskType": "build"},
                    ],
                }),
                scopes: vec![
                    "project:releng:signing:cert:nightly-signing",
                    &format_scope,
                    "project:releng:signing:format:mar",
                ],
                routes: self.product_routes(if linux { "linux64-opt" } else { "win64-opt" }, "signed-nightly."),
                dependencies: vec![("build", self.id(build))],
                artifacts,
                image_hash: None,
                instance_type: "",
                work: format!("signing {target}"),
                started,
                minutes: 2,
                host: None,
                days_back: 0,
            })?;
        }
        Ok(())
    }

    fn publishing(&mut self) -> Result<()> {
        let (build, signing, beetmover) =
            (self.id("build-linux64"), self.id("signing-linux64"), self.id("beetmover-linux64"));
        let manifest = json!([{
            "appName": "Firefox",
            "appVersion": "56.0a1",
            "branch": "mozilla-central",
            "buildid": BUILD_DATE,
            "completeInfo": [{
                "hash": self.hex_id("mar sha512", 64),
                "size": 4100,
                "url": "http://archive.mozilla.org/pub/firefox/nightly/2017/06/2017-06-27-10-02-44-mozilla-central/firefox-56.0a1.en-US.linux-x86_64.complete.mar",
            }],
            "extVersion": "56.0a1",
            "locale": "en-US",
            "platform": "linux64",
            "url_replacements": [],
        }]);
        self.add(Plan {
            label: self.named("beetmover-linux64"),
            kind: "beetmover",
            name: &self.entitled("beetmover-linux64-nightly"),
            platform: "linux64",
            worker: Worker::Script,
            worker_type: "beetmoverworker-v1",
            description: "Beetmover submission for locale 'en-US' for build 'Linux64 Nightly'",
            symbol: "BM-S",
            payload: json!({
                "maxRunTime": 3600,
                "upload_date": clock::moment("2017-06-27T10:02:44Z")? / clock::SECOND,
                "upstreamArtifacts": [
                    {
                        "paths": ["public/build/balrog_props.json", "public/build/host/bin/mar", "public/build/target.checksums"],
                        "locale": "en-US",
                        "taskId": build,
                        "taskType": "build",
                    },
                    {
                        "paths": [
                            "public/build/target.tar.bz2",
                            "public/build/target.tar.bz2.asc",
                            "public/build/update/target.complete.mar",
                        ],
                        "locale": "en-US",
                        "taskId": signing,
                        "taskType": "signing",
                    },
                ],
            }),
            scopes: vec!["project:releng:beetmover:bucket:nightly", "project:releng:beetmover:action:push-to-nightly"],
            routes: self.treeherder_routes().to_vec(),
            dependencies: vec![("build", build.clone()), ("build-signing", signing)],
            artifacts: vec![("public/manifest.json", json::print(&manifest, json::PYTHON).into_bytes())],
            image_hash: None,
            instance_type: "",
            work: "moved 6 files".to_owned(),
            started: 97,
            minutes: 3,
            host: None,
            days_back: 0,
        })?;
        self.add(Plan {
            label: self.named("balrog-linux64"),
            kind: "balrog",
            name: &self.entitled("balrog-linux64-nightly"),
            platform: "linux64",
            worker: Worker::Script,
            worker_type: "balrogworker-v1",
            description: "Balrog submission for locale 'en-US' for build 'Linux64 Nightly'",
            symbol: "c-Up",
            payload: json!({
                "maxRunTime": 600,
                "upstreamArtifacts": [{"paths": ["public/manifest.json"], "taskId": beetmover, "taskType": "beetmover"}],
            }),
            scopes: vec!["project:releng:balrog:server:nightly"],
            routes: self.treeherder_routes().to_vec(),
            dependencies: vec![("beetmover", beetmover.clone())],
            artifacts: vec![],
            image_hash: None,
            instance_type: "",
            work: "submitted 1 update".to_owned(),
            started: 102,
            minutes: 1,
            host: None,
            days_back: 0,
        })
    }

    /// The tasks of hosts whose keys have a history.
    fn by_hosts_of_their_own(&mut self) -> Result<()> {
        for story in &STORIES {
            let (upstream, upstream_type, paths) = story.upstream;
            let is_signing = story.task_type == "signing";
            let mut entry = json!({"paths": paths, "taskId": self.id(upstream), "taskType": upstream_type});
            entry[if is_signing { "formats" } else { "locale" }] =
                if is_signing { json!(["gpg"]) } else { json!("en-US") };
            let scopes = if is_signing {
                vec!["project:releng:signing:cert:nightly-signing", "project:releng:signing:format:gpg"]
            } else {
                vec!["project:releng:beetmover:bucket:nightly", "project:releng:beetmover:action:push-to-nightly"]
            };
            self.add(Plan {
                label: self.named(story.label),
                kind: story.kind,
                name: &self.entitled(&format!("{}-nightly", story.label)),
                platform: story.platform,
                worker: Worker::Script,
                worker_type: story.worker_type,
                description: story.description,
                symbol: if is_signing { "Ns" } else { "BM-S" },
                payload: json!({"maxRunTime": 3600, "upstreamArtifacts": [entry]}),
                scopes,
                routes: self.treeherder_routes().to_vec(),
                dependencies: vec![(upstream_type, self.id(upstream))],
                artifacts: vec![(story.artifact, self.hex_id(story.label, 240).into_bytes())],
                image_hash: None,
                instance_type: "",
                work: format!("done with {}", paths.join(", ")),
                started: story.started,
                minutes: 1,
                host: Some(story.host),
                days_back: story.days_back,
            })?;
        }
        Ok(())
    }

    fn decision(&mut self) -> Result<()> {
        let (decision, revision) = (self.decision.clone(), &self.revision);
        let command = format!(
            "cd /home/worker/checkouts/gecko && ln -s /home/worker/artifacts artifacts && ./mach --log-no-times taskgraph decision \
             --pushlog-id='-1' --pushdate='0' --project='mozilla-central' --message=\"no push -- cron task 'nightly-desktop'\" \
             --owner='nobody@mozilla.org' --level='3' --base-repository='{REPOSITORY}' --head-repository='{REPOSITORY}' \
             --head-ref='{revision}' --head-rev='{revision}' --target-tasks-method=nightly_desktop"
        );
        let [treeherder, staging] = self.treeherder_routes();
        let task = json!({
            "provisionerId": "aws-provisioner-v1",
            "workerType": "gecko-decision",
            "routes": [
                "index.gecko.v2.mozilla-central.latest.firefox.decision",
                treeherder,
                staging,
                "notify.email.nobody@mozilla.org.on-failed",
                "notify.email.nobody@mozilla.org.on-exception",
            ],
            "priority": "lowest",
            "created": {"relative-datestamp": "0 seconds"},
            "deadline": {"relative-datestamp": "1 day"},
            "expires": {"relative-datestamp": "365 days"},
            "scopes": ["assume:repo:hg.mozilla.org/mozilla-central:cron:nightly-desktop"],
            "payload": {
                "features": {"taskclusterProxy": true, "chainOfTrust": true},
                "artifacts": {
                    "public": {
                        "path": "/home/worker/artifacts",
                        "expires": {"relative-datestamp": "364 days"},
                        "type": "directory",
                    },
                },
                "image": DECISION_IMAGE,
                "cache": {"level-3-checkouts": "/home/worker/checkouts"},
                "maxRunTime": 1800,
                "command": [
                    "/home/worker/bin/run-task",
                    "--vcs-checkout=/home/worker/checkouts/gecko",
                    "--",
                    "bash",
                    "-cx",
                    command,
                ],
                "env": {
                    "GECKO_HEAD_REPOSITORY": REPOSITORY,
                    "HG_STORE_PATH": "/home/worker/checkouts/hg-store",
                    "GECKO_HEAD_REF": revision,
                    "GECKO_BASE_REPOSITORY": "https://hg.mozilla.org/mozilla-unified",
                    "GECKO_HEAD_REV": revision,
                },
            },
            "metadata": {
                "owner": "mozilla-taskcluster-maintenance@mozilla.com",
                "source": REPOSITORY,
                "name": "Decision task for cron job nightly-desktop",
                "description": format!("Created by a [cron task](https://tools.taskcluster.net/task-inspector/#{}/)", self.id("cron task")),
            },
            "tags": {"createdForUser": "nobody@mozilla.org"},
            "extra": {"treeherder": {"symbol": "Nd", "groupSymbol": "cron"}},
        });
        let definition = definition(&task, self.created, &decision, &[])?;
        let parameters = format!(
            "base_repository: {REPOSITORY}\nbuild_date: {date}\nfilters: [check_servo, target_tasks_method]\nhead_ref: {revision}\n\
             head_repository: {REPOSITORY}\nhead_rev: {revision}\ninclude_nightly: true\nlevel: '3'\n\
             message: no push -- cron task 'nightly-desktop'\nmoz_build_date: '{BUILD_DATE}'\noptimize_target_tasks: true\n\
             owner: nobody@mozilla.org\nproject: mozilla-central\npushdate: 0\npushlog_id: '-1'\n\
             target_tasks_method: nightly_desktop\ntriggered_by: nightly\n",
            date = clock::moment("2017-06-27T10:02:44Z")? / clock::SECOND,
        );
        let python = |value: &Value| json::print(value, json::PYTHON).into_bytes();
        let mut targets: Vec<&String> = self.labels.keys().collect();
        targets.sort();
        let plan = Plan {
            label: "decision".to_owned(),
            kind: "decision",
            name: "",
            platform: "",
            worker: Worker::Docker,
            worker_type: "gecko-decision",
            description: "",
            symbol: "",
            payload: Value::Null,
            scopes: vec![],
            routes: vec![],
            dependencies: vec![],
            artifacts: vec![
                ("public/actions.json", python(&json!({"actions": [], "variables": {}, "version": 1}))),
                ("public/full-task-graph.json", python(&Value::Object(self.graph.clone()))),
                ("public/label-to-taskid.json", python(&Value::Object(self.labels.clone()))),
                ("public/parameters.yml", parameters.into_bytes()),
                ("public/target-tasks.json", python(&json!(targets))),
                ("public/task-graph.json", python(&Value::Object(self.graph.clone()))),
            ],
            image_hash: Some(DECISION_IMAGE_HASH.to_owned()),
            instance_type: "r3.xlarge",
            work: format!("created {} tasks", self.graph.len()),
            started: 0,
            minutes: 2,
            host: None,
            days_back: 0,
        };
        self.finish(&plan.ran(self.created), &decision, &definition)
    }
}

/// A task as the queue told it in 2017: dates inside the payload kept the microseconds that they were made with.
fn definition(task: &Value, created: i64, group: &str, dependencies: &[String]) -> Result<Value> {
    let spare = format!("{:03}", ids::number(SEED, &created.to_string(), 1000));
    let mut out = Map::new();
    let order = [
        "provisionerId",
        "workerType",
        "schedulerId",
        "taskGroupId",
        "dependencies",
        "requires",
        "routes",
        "priority",
        "retries",
        "created",
        "deadline",
        "expires",
        "scopes",
        "payload",
        "metadata",
        "tags",
        "extra",
    ];
    for key in order {
        let value = match key {
            "schedulerId" => "gecko-level-3".into(),
            "taskGroupId" => group.into(),
            "dependencies" => dependencies.into(),
            "requires" => "all-completed".into(),
            "retries" => 5.into(),
            "payload" => clock::resolve(&task[key], created, &spare)?,
            _ => clock::resolve(&task[key], created, "")?,
        };
        out.insert(key.to_owned(), value);
    }
    Ok(Value::Object(out))
}

fn checksums(platform: &str) -> String {
    ["target", "mar"]
        .iter()
        .map(|what| format!("{} sha512 4000 {what}\n", ids::hex_id(SEED, &format!("{platform} {what} sha512"), 64)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clearsign;

    fn leading_zeros(compiled: u32) -> u32 {
        let world = made(compiled, Purpose::Editing).unwrap();
        let path = world.attestation_path("build-win64").unwrap();
        clearsign::leading_zero_bits(world.read(&path).unwrap()).unwrap()
    }

    #[test]
    fn a_go_signature_counts_leading_zeros() {
        let bits = leading_zeros(COMPILED);
        assert!(bits >= 8, "only {bits} leading zero bits: find another count with `search_for_leading_zeros`");
    }

    #[test]
    #[ignore = "a tool: finds the count for the test above after the sample changes"]
    fn search_for_leading_zeros() {
        let found = (0..5000).find(|compiled| leading_zeros(*compiled) >= 8);
        panic!("COMPILED = {found:?}");
    }
}
