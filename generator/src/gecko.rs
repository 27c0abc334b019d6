//! The shapes of Firefox CI tasks on mozilla-central in the autumn of 2026, for the sample and for graphs of any size.

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::attestation::{Era, Worker};
use crate::world::World;
use crate::{clock, ids, json, keys};

pub(crate) const REPOSITORY: &str = "https://hg.mozilla.org/mozilla-central";
const UNIFIED: &str = "https://hg.mozilla.org/mozilla-unified";
const TEMPLATE: &str = include_str!("../templates/taskcluster-2026.yml");
const PROJECTS_URL: &str = "https://raw.githubusercontent.com/mozilla-releng/fxci-config/main/projects.yml";
const DECISION_IMAGE: &str =
    "mozillareleases/gecko_decision:6.1.0@sha256:48d84a5b1c8cf60b9ae55d9da2d9e4a0a4aa1d0d9d2e4c9a7c7d2f0be4a6a7b3";
const IMAGE_BUILDER: &str =
    "mozillareleases/image_builder:5.1.0@sha256:0c5ac4b2c6ce8be35ac06e2ba7b3c97d1f1c4c2a8e0b9c6d0d4a3b2f1e0d9c8b";

/// The address, content type, file name and text of a source.
pub(crate) type Source = (String, &'static str, &'static str, String);

/// A push to mozilla-central.
pub(crate) struct Push {
    pub(crate) revision: String,
    pub(crate) base: String,
    pub(crate) id: u64,
    /// Seconds since 1970.
    pub(crate) date: i64,
    pub(crate) owner: &'static str,
    pub(crate) message: &'static str,
}

impl Push {
    /// What the version-control and configuration servers say of it.
    pub(crate) fn sources(&self) -> Vec<Source> {
        let changeset = json!({
            "author": format!("A Developer <{}>", self.owner),
            "branch": "default",
            "desc": self.message,
            "files": ["browser/base/content/browser.js", "taskcluster/kinds/build/linux.yml"],
            "node": self.revision,
            "parents": [self.base],
            "tags": [],
        });
        let pushes = json!({
            "lastpushid": self.id + 7,
            "pushes": {self.id.to_string(): {"changesets": [changeset], "date": self.date, "user": self.owner}},
        });
        vec![
            (
                format!("{REPOSITORY}/json-pushes?changeset={}&version=2&full=1", self.revision),
                "application/json",
                "json-pushes.json",
                json::print(&pushes, json::PYTHON),
            ),
            (
                format!("{REPOSITORY}/raw-file/{}/.taskcluster.yml", self.revision),
                "text/plain",
                "taskcluster.yml",
                TEMPLATE.to_owned(),
            ),
            (PROJECTS_URL.to_owned(), "text/plain; charset=utf-8", "projects.yml", projects()),
        ]
    }

    /// The decision task, as rendering the template gives it and the queue then tells it.
    pub(crate) fn decision(&self, task_id: &str, created: i64) -> Result<Value> {
        let (owner, revision) = (self.owner, &self.revision);
        let index = "index.gecko.v2.mozilla-central";
        let command = format!(
            "cd /builds/worker/checkouts/gecko && ln -s /builds/worker/artifacts artifacts && \
             ./mach --log-no-times taskgraph decision --pushlog-id='{}' --pushdate='{}' --project='mozilla-central' \
             --owner='{owner}' --level='3' --tasks-for='hg-push' --repository-type='hg' \
             --base-repository=\"$GECKO_BASE_REPOSITORY\" --base-rev=\"$GECKO_BASE_REV\" \
             --head-repository=\"$GECKO_HEAD_REPOSITORY\" --head-ref=\"$GECKO_HEAD_REF\" --head-rev=\"$GECKO_HEAD_REV\"",
            self.id, self.date
        );
        let task = json!({
            "provisionerId": "gecko-3",
            "workerType": "decision-gcp",
            "dependencies": [],
            "requires": "all-completed",
            "routes": [
                format!("tc-treeherder.v2.mozilla-central.{revision}"),
                format!("{index}.latest.taskgraph.decision"),
                format!("{index}.revision.{revision}.taskgraph.decision"),
                format!("{index}.pushlog-id.{}.decision", self.id),
                format!("notify.email.{owner}.on-failed"),
                format!("notify.email.{owner}.on-exception"),
            ],
            "priority": "lowest",
            "retries": 5,
            "created": {"relative-datestamp": "0 seconds"},
            "deadline": {"relative-datestamp": "1 day"},
            "expires": clock::text(created + 365 * clock::DAY + clock::SECOND)?,
            "scopes": [
                "assume:repo:hg.mozilla.org/mozilla-central:branch:default",
                format!("queue:route:notify.email.{owner}.*"),
                "in-tree:hook-action:project-gecko/in-tree-action-3-*",
            ],
            "payload": {
                "env": {
                    "GECKO_HEAD_REF": revision,
                    "GECKO_HEAD_REV": revision,
                    "HG_STORE_PATH": "/builds/worker/checkouts/hg-store",
                    "GECKO_BASE_REV": self.base,
                    "GECKO_COMMIT_MSG": " ",
                    "TASKCLUSTER_CACHES": "/builds/worker/checkouts",
                    "GECKO_BASE_REPOSITORY": UNIFIED,
                    "GECKO_HEAD_REPOSITORY": REPOSITORY,
                },
                "cache": {"gecko-level-3-checkouts-sparse-v3": "/builds/worker/checkouts"},
                "image": DECISION_IMAGE,
                "command": [
                    "/builds/worker/bin/run-task",
                    "--gecko-checkout=/builds/worker/checkouts/gecko",
                    "--gecko-sparse-profile=build/sparse-profiles/taskgraph",
                    "--",
                    "bash",
                    "-cx",
                    command,
                ],
                "features": {"chainOfTrust": true, "taskclusterProxy": true},
                "artifacts": {
                    "public": {
                        "path": "/builds/worker/artifacts",
                        "type": "directory",
                        "expires": {"relative-datestamp": "1 year"},
                    },
                },
                "maxRunTime": 1800,
            },
            "metadata": {
                "name": "Gecko Decision Task",
                "owner": owner,
                "source": format!("{REPOSITORY}/raw-file/{revision}/.taskcluster.yml"),
                "description": "Makes all other tasks of the graph",
            },
            "tags": {"kind": "decision-task", "createdForUser": owner, "worker-implementation": "docker-worker"},
            "extra": {"tasks_for": "hg-push", "treeherder": {"symbol": "D", "machine": {"platform": "gecko-decision"}}},
        });
        definition(&task, created, task_id, &[])
    }

    /// The decision's parameters.
    pub(crate) fn parameters(&self, build_date: &str) -> String {
        format!(
            "app_version: 145.0a1\nbase_ref: default\nbase_repository: {UNIFIED}\nbase_rev: {base}\nbuild_date: {date}\n\
             build_number: 1\ndo_not_optimize: []\nexisting_tasks: {{}}\nfiltered_tasks: null\nfilters:\n- target_tasks_method\n\
             head_ref: {rev}\nhead_repository: {REPOSITORY}\nhead_rev: {rev}\nhead_tag: ''\nhg_branch: default\nlevel: '3'\n\
             message: ''\nmoz_build_date: '{build_date}'\nnext_version: null\noptimize_target_tasks: true\n\
             owner: {owner}\nphabricator_diff: null\nproject: mozilla-central\npushdate: {date}\npushlog_id: '{id}'\n\
             release_enable_emefree: false\nrelease_type: nightly\nrepository_type: hg\ntarget_tasks_method: mozilla_central_tasks\n\
             tasks_for: hg-push\ntry_mode: null\nversion: 145.0a1\n",
            base = self.base,
            date = self.date,
            rev = self.revision,
            owner = self.owner,
            id = self.id,
        )
    }

    /// The actions that the decision offers.
    pub(crate) fn actions(&self, decision: &str) -> Value {
        let action = |name: &str, title: &str, symbol: &str, description: &str, permission: &str| {
            json!({
                "context": [{}],
                "description": description,
                "extra": {"actionPerm": permission},
                "hookGroupId": "project-gecko",
                "hookId": format!("in-tree-action-3-{permission}/{}", ids::hex_id("hook", permission, 5)),
                "hookPayload": {
                    "decision": {
                        "action": {
                            "cb_name": name,
                            "description": description,
                            "name": name,
                            "symbol": symbol,
                            "taskGroupId": decision,
                            "title": title,
                        },
                        "push": {
                            "base_revision": self.base,
                            "owner": self.owner,
                            "pushlog_id": self.id.to_string(),
                            "revision": self.revision,
                        },
                        "repository": {"level": "3", "project": "mozilla-central", "url": REPOSITORY},
                    },
                    "user": {
                        "input": {"$eval": "input"},
                        "taskGroupId": {"$eval": "taskGroupId"},
                        "taskId": {"$eval": "taskId"},
                    },
                },
                "kind": "hook",
                "name": name,
                "schema": {"type": "object", "properties": {}, "additionalProperties": false},
                "title": title,
            })
        };
        json!({
            "actions": [
                action("retrigger", "Retrigger", "rt", "Runs the task again as a new task", "generic"),
                action("cancel-all", "Cancel All", "cAll", "Cancels what has not finished", "generic"),
            ],
            "variables": {},
            "version": 1,
        })
    }
}

/// A world with all but tasks: key lists, sources, and a word about itself.
pub(crate) fn frame(push: &Push, captured_at: &str, note: &str) -> Result<World> {
    let mut world = World::new(Era::Ed25519);
    world.put_sources(&push.sources());
    let key = keys::ed25519_public;
    world.put_indented(
        "keys.json",
        &json!({
            // A generic-worker may run docker payloads, so its key is in both lists.
            "docker-worker": [key("docker-worker")?, key("generic-worker")?],
            "generic-worker": [key("generic-worker")?],
            "scriptworker": [key("scriptworker")?, key("scriptworker-previous")?],
        }),
    );
    world.put_indented(
        "capture.json",
        &json!({
            "captureVersion": 1,
            "rootUrl": "https://firefox-ci-tc.services.mozilla.com",
            "capturedAt": captured_at,
            "tool": "cotrace-generator",
            "note": note,
        }),
    );
    Ok(world)
}

fn projects() -> String {
    let mut out = String::new();
    let all = [
        ("autoland", "integration/autoland", 3),
        ("mozilla-beta", "releases/mozilla-beta", 3),
        ("mozilla-central", "mozilla-central", 3),
        ("mozilla-release", "releases/mozilla-release", 3),
        ("try", "try", 1),
    ];
    for (name, path, level) in all {
        out.push_str(&format!(
            "{name}:\n  access: scm_level_{level}\n  features:\n    taskcluster-push: true\n  repo: https://hg.mozilla.org/{path}\n  \
             repo_type: hg\n  trust_domain: gecko\n"
        ));
    }
    out
}

/// A task as the queue tells it, from its entry in a task graph.
pub(crate) fn definition(task: &Value, created: i64, group: &str, dependencies: &[String]) -> Result<Value> {
    let resolved = clock::resolve(task, created, "")?;
    let mut out = Map::new();
    let queue = format!("{}/{}", text(task, "provisionerId"), text(task, "workerType"));
    let order = [
        "provisionerId",
        "workerType",
        "taskQueueId",
        "schedulerId",
        "projectId",
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
            "taskQueueId" => queue.as_str().into(),
            "schedulerId" => "gecko-level-3".into(),
            "projectId" => "none".into(),
            "taskGroupId" => group.into(),
            "dependencies" => dependencies.into(),
            _ => resolved[key].clone(),
        };
        out.insert(key.to_owned(), value);
    }
    Ok(Value::Object(out))
}

fn text<'a>(task: &'a Value, key: &str) -> &'a str {
    task[key].as_str().unwrap_or_default()
}

/// A task of a graph before it is created.
pub(crate) struct Planned<'a> {
    pub(crate) kind: &'a str,
    /// The label in the graph, such as `build-linux64-shippable/opt`.
    pub(crate) label: &'a str,
    pub(crate) platform: &'a str,
    pub(crate) worker: Worker,
    pub(crate) pool: &'a str,
    pub(crate) description: String,
    pub(crate) symbol: &'a str,
    pub(crate) payload: Value,
    pub(crate) scopes: Vec<String>,
    /// Name and task id.
    pub(crate) dependencies: Vec<(&'a str, String)>,
    /// The image task whose image it runs in.
    pub(crate) image: Option<&'a str>,
    pub(crate) expires: &'a str,
}

impl Planned<'_> {
    /// The `task` of its entry in the graph.
    pub(crate) fn task(&self, push: &Push, decision: &str) -> Value {
        let provisioner = if self.worker == Worker::Script { "scriptworker-k8s" } else { "gecko-3" };
        let short = self.platform.trim_end_matches("-shippable");
        let system = match self.worker {
            Worker::Docker => "linux",
            Worker::Generic => "windows",
            Worker::Script => "scriptworker",
        };
        let index = "index.gecko.v2.mozilla-central";
        let product = format!("{}-opt.{}", self.platform, self.kind);
        let mut extra = json!({
            "index": {"rank": push.date},
            "parent": decision,
            "treeherder": {
                "tier": 1,
                "symbol": self.symbol,
                "jobKind": if matches!(self.kind, "build" | "test") { self.kind } else { "other" },
                "machine": {"platform": short},
                "collection": {"opt": true},
                "groupName": format!("{} tasks", self.kind),
                "groupSymbol": self.kind.get(..1).unwrap_or_default().to_uppercase(),
            },
            "treeherder-platform": format!("{short}/opt"),
        });
        if let Some(image) = self.image {
            extra["chainOfTrust"] = json!({"inputs": {"docker-image": image}});
        }
        let mut dependencies: Vec<&str> = self.dependencies.iter().map(|(_, id)| id.as_str()).collect();
        dependencies.sort_unstable();
        dependencies.dedup();
        json!({
            "created": {"relative-datestamp": "0 seconds"},
            "deadline": {"relative-datestamp": "1 day"},
            "dependencies": dependencies,
            "expires": {"relative-datestamp": self.expires},
            "extra": extra,
            "metadata": {
                "description": format!(
                    "{} ([Treeherder push](https://treeherder.mozilla.org/#/jobs?repo=mozilla-central&revision={}))",
                    self.description, push.revision
                ),
                "name": self.label,
                "owner": push.owner,
                "source": format!("{REPOSITORY}/file/{}/taskcluster/kinds/{}", push.revision, self.kind),
            },
            "payload": self.payload,
            "priority": if self.kind == "docker-image" { "low" } else { "medium" },
            "provisionerId": provisioner,
            "requires": "all-completed",
            "retries": 5,
            "routes": [
                format!("tc-treeherder.v2.mozilla-central.{}", push.revision),
                format!("{index}.latest.firefox.{product}"),
                format!("{index}.revision.{}.firefox.{product}", push.revision),
                format!("{index}.pushlog-id.{}.firefox.{product}", push.id),
            ],
            "scopes": self.scopes,
            "tags": {
                "createdForUser": push.owner,
                "kind": self.kind,
                "label": self.label,
                "os": system,
                "project": "mozilla-central",
                "trust-domain": "gecko",
                "worker-implementation": self.worker.role(),
            },
            "workerType": self.pool,
        })
    }

    /// Its entry in the graph.
    pub(crate) fn entry(&self, task_id: &str, task: &Value) -> Value {
        let dependencies: Map<String, Value> =
            self.dependencies.iter().map(|(name, id)| ((*name).to_owned(), id.as_str().into())).collect();
        json!({
            "attributes": {
                "build_platform": self.platform,
                "build_type": "opt",
                "kind": self.kind,
                "run_on_projects": ["mozilla-central"],
                "run_on_repo_type": ["git", "hg"],
                "shippable": true,
            },
            "dependencies": dependencies,
            "description": task["metadata"]["description"],
            "if_dependencies": [],
            "kind": self.kind,
            "label": self.label,
            "optimization": null,
            "soft_dependencies": [],
            "task": task,
            "task_id": task_id,
        })
    }

    /// What the created task depends on: the decision, if on nothing else.
    pub(crate) fn created_dependencies(&self, task: &Value, decision: &str) -> Vec<String> {
        let ids: Vec<String> = task["dependencies"]
            .as_array()
            .map(|ids| ids.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            .unwrap_or_default();
        if ids.is_empty() { vec![decision.to_owned()] } else { ids }
    }
}

/// The environment variables of a checkout.
fn checkout(push: &Push) -> Map<String, Value> {
    let pairs = [
        ("GECKO_BASE_REPOSITORY", UNIFIED),
        ("GECKO_BASE_REV", &push.base),
        ("GECKO_HEAD_REF", &push.revision),
        ("GECKO_HEAD_REPOSITORY", REPOSITORY),
        ("GECKO_HEAD_REV", &push.revision),
        ("MOZ_AUTOMATION", "1"),
        ("MOZ_SCM_LEVEL", "3"),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect()
}

fn with(mut map: Map<String, Value>, pairs: &[(&str, &str)]) -> Map<String, Value> {
    for (key, value) in pairs {
        map.insert((*key).to_owned(), (*value).into());
    }
    map
}

/// A task that builds a docker image.
pub(crate) fn image_payload(push: &Push, decision: &str, name: &str) -> Value {
    let hash = ids::hex_id("image-context", name, 32);
    json!({
        "artifacts": {
            "public/image.tar.zst": {
                "expires": {"relative-datestamp": "1 year"},
                "path": "/workspace/out/image.tar.zst",
                "type": "file",
            },
        },
        "cache": {"gecko-level-3-imagebuilder-sparse-v3": "/builds/worker/checkouts"},
        "command": ["/usr/local/bin/build-image"],
        "env": with(checkout(push), &[
            ("CONTEXT_PATH", &format!("public/docker-contexts/{name}.tar.gz")),
            ("CONTEXT_TASK_ID", decision),
            ("DOCKER_IMAGE_ZSTD_LEVEL", "10"),
            ("HASH", &hash),
            ("IMAGE_NAME", name),
        ]),
        "features": {"chainOfTrust": true, "taskclusterProxy": true},
        "image": IMAGE_BUILDER,
        "maxRunTime": 7200,
    })
}

/// A task that runs in an image of its own graph.
pub(crate) fn docker_payload(push: &Push, image: &str, script: &str, build_date: &str, attested: bool) -> Value {
    let cache = |name: &str| format!("gecko-level-3-{name}-hg58-v3-0c8a5e2c71a0c6f0d6b1");
    let mut features = json!({"taskclusterProxy": true, "allowPtrace": true});
    if attested {
        features["chainOfTrust"] = true.into();
    }
    json!({
        "artifacts": {
            "public/build": {
                "expires": {"relative-datestamp": "1 year"},
                "path": "/builds/worker/artifacts",
                "type": "directory",
            },
        },
        "cache": {
            cache("checkouts"): "/builds/worker/checkouts",
            cache("tooltool-cache"): "/builds/worker/tooltool-cache",
            cache("mozilla-central-build-workspace"): "/builds/worker/workspace",
        },
        "command": [
            "/builds/worker/bin/run-task",
            "--gecko-checkout=/builds/worker/checkouts/gecko",
            "--fetch-hgfingerprint",
            "--",
            format!("/builds/worker/checkouts/gecko/taskcluster/scripts/{script}"),
        ],
        "env": with(checkout(push), &[
            ("GECKO_PATH", "/builds/worker/checkouts/gecko"),
            ("HG_STORE_PATH", "/builds/worker/checkouts/hg-store"),
            ("MH_BRANCH", "mozilla-central"),
            ("MH_BUILD_POOL", "taskcluster"),
            ("MOZHARNESS_ACTIONS", "get-secrets build"),
            ("MOZHARNESS_CONFIG", "builds/releng_base_firefox.py builds/releng_base_linux_64_builds.py taskcluster_nightly.py"),
            ("MOZHARNESS_SCRIPT", "mozharness/scripts/fx_desktop_build.py"),
            ("MOZ_BUILD_DATE", build_date),
            ("MOZ_FETCHES_DIR", "fetches"),
            ("MOZ_SOURCE_CHANGESET", &push.revision),
            ("MOZ_SOURCE_REPO", REPOSITORY),
            ("NEED_XVFB", "true"),
            ("PERFHERDER_EXTRA_OPTIONS", "shippable taskcluster"),
            ("SCCACHE_DISABLE", "1"),
            ("TASKCLUSTER_CACHES", "/builds/worker/checkouts;/builds/worker/tooltool-cache;/builds/worker/workspace"),
            ("TOOLTOOL_CACHE", "/builds/worker/tooltool-cache"),
            ("TOOLTOOL_MANIFEST", "browser/config/tooltool-manifests/linux64/releng.manifest"),
            ("UPLOAD_DIR", "/builds/worker/artifacts/"),
        ]),
        "features": features,
        "image": {"path": "public/image.tar.zst", "taskId": image, "type": "task-image"},
        "maxRunTime": 10800,
        "onExitStatus": {"purgeCaches": [72], "retry": [4]},
    })
}

/// A task on a Windows machine.
pub(crate) fn windows_payload(push: &Push, build_date: &str) -> Value {
    json!({
        "artifacts": [
            {"expires": {"relative-datestamp": "1 year"}, "name": "public/build", "path": "public/build", "type": "directory"},
            {"expires": {"relative-datestamp": "1 year"}, "name": "public/logs", "path": "logs", "type": "directory"},
        ],
        "command": [
            "set MOZ_FETCHES_DIR=fetches",
            "c:/mozilla-build/python3/python3.exe run-task --gecko-checkout=./build/src -- bash -cx \
             'cd build/src && taskcluster/scripts/builder/build-windows.sh > ../../logs/build.log 2>&1'",
        ],
        "env": with(checkout(push), &[
            ("GECKO_PATH", "build/src"),
            ("MOZHARNESS_ACTIONS", "get-secrets build"),
            ("MOZHARNESS_CONFIG", "builds/releng_base_firefox.py builds/taskcluster_base_windows.py builds/taskcluster_base_win64.py"),
            ("MOZ_BUILD_DATE", build_date),
            ("MOZ_SOURCE_CHANGESET", &push.revision),
            ("MOZ_SOURCE_REPO", REPOSITORY),
            ("TOOLTOOL_MANIFEST", "browser/config/tooltool-manifests/win64/releng.manifest"),
        ]),
        "features": {"chainOfTrust": true, "taskclusterProxy": true},
        "maxRunTime": 10800,
        "mounts": [
            {"cacheName": "gecko-level-3-checkouts-hg58-v3", "directory": "build"},
            {
                "content": {"url": format!("{REPOSITORY}/raw-file/{}/taskcluster/scripts/run-task", push.revision)},
                "file": "./run-task",
            },
        ],
        "onExitStatus": {"retry": [1_073_807_364, 3_221_225_786_u32]},
        "osGroups": [],
    })
}

/// The worker group and the id of the worker that a label's run was on.
pub(crate) fn machine(worker: Worker, pool: &str, seed: &str, label: &str) -> (String, String) {
    match worker {
        Worker::Docker => ("us-central1-a".to_owned(), ids::number(seed, label, 9_000_000_000_000_000_000).to_string()),
        Worker::Generic => ("eastus2".to_owned(), format!("vm-{}", ids::hex_id(seed, label, 11))),
        Worker::Script => (pool.to_owned(), format!("{pool}-{}", ids::hex_id(seed, label, 11))),
    }
}

/// What a worker says of where it ran.
pub(crate) fn environment(worker: Worker, seed: &str, label: &str, instance: &str) -> Value {
    match worker {
        Worker::Docker => google_environment(seed, label, instance),
        Worker::Generic => azure_environment(seed, label, instance),
        Worker::Script => json!({}),
    }
}

/// What a docker-worker on Google's machines says of where it ran.
fn google_environment(seed: &str, label: &str, instance: &str) -> Value {
    let number = |of: &str, limit| ids::number(seed, &format!("{label} {of}"), limit);
    json!({
        "publicIpAddress": format!("192.0.2.{}", number("public", 254) + 1),
        "privateIpAddress": format!("10.138.{}.{}", number("net", 64), number("host", 254) + 1),
        "imageHash": format!("sha256:{}", ids::hex_id(seed, &format!("{label} loaded image"), 32)),
        "instanceId": instance,
        "instanceType": "n2-standard-16",
        "region": "us-central1-a",
    })
}

/// What a generic-worker on Azure's machines says of where it ran.
fn azure_environment(seed: &str, label: &str, instance: &str) -> Value {
    let number = |of: &str, limit| ids::number(seed, &format!("{label} {of}"), limit);
    json!({
        "publicIpAddress": format!("198.51.100.{}", number("public", 254) + 1),
        "privateIpAddress": format!("10.0.{}.{}", number("net", 64), number("host", 254) + 1),
        "instanceId": instance,
        "instanceType": "Standard_F32s_v2",
        "region": "eastus2",
    })
}
