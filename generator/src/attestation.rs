//! The attested body of a run, laid out as each worker did.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use crate::clearsign::Framing;
use crate::json;

/// A worker implementation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Worker {
    Docker,
    Generic,
    Script,
}

/// How attestations were signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Era {
    OpenPgp,
    Ed25519,
}

impl Worker {
    /// The role under which its keys are listed.
    pub(crate) fn role(self) -> &'static str {
        match self {
            Self::Docker => "docker-worker",
            Self::Generic => "generic-worker",
            Self::Script => "scriptworker",
        }
    }

    pub(crate) fn framing(self) -> Framing {
        match self {
            Self::Docker => Framing::OpenPgpJs,
            Self::Generic => Framing::Go,
            Self::Script => Framing::GnuPg,
        }
    }

    fn style(self, era: Era) -> json::Style {
        match (self, era) {
            (Self::Docker, Era::OpenPgp) => json::JAVASCRIPT,
            (Self::Docker, Era::Ed25519) => json::JAVASCRIPT_INDENTED,
            (Self::Generic, _) => json::GO,
            (Self::Script, _) => json::PYTHON,
        }
    }

    /// The text of a body.
    pub(crate) fn print(self, era: Era, body: &Value) -> String {
        let mut text = json::print(body, self.style(era));
        if (self, era) == (Self::Generic, Era::OpenPgp) {
            text.push('\n');
        }
        text
    }

    /// Whether this worker attests an artifact of this name.
    pub(crate) fn attests(self, name: &str) -> bool {
        let own = ["public/chainOfTrust.json.asc", "public/chain-of-trust.json", "public/chain-of-trust.json.sig"];
        let live = ["public/logs/live.log", "public/logs/live_backing.log"];
        !own.contains(&name) && (self == Self::Script || !live.contains(&name))
    }
}

/// What a worker knows when it attests.
pub(crate) struct Attestation<'a> {
    pub(crate) worker: Worker,
    pub(crate) definition: &'a Value,
    pub(crate) task_id: &'a str,
    pub(crate) run: &'a Value,
    /// Names and SHA-256 digests, in the order of the names.
    pub(crate) artifacts: &'a [(String, String)],
    pub(crate) environment: Value,
}

impl Attestation<'_> {
    /// The body, with its members in the order in which the worker writes them.
    pub(crate) fn body(&self) -> Result<Value> {
        let run = |key: &str| self.run.get(key).cloned().with_context(|| format!("the run has no {key}"));
        let mut artifacts = Map::new();
        let log = "public/logs/certified.log";
        // docker-worker hashes its log when all else is done.
        let last = |name: &str| self.worker == Worker::Docker && name == log;
        for turn in [false, true] {
            for (name, digest) in self.artifacts.iter().filter(|(name, _)| last(name) == turn) {
                artifacts.insert(name.clone(), json!({"sha256": digest}));
            }
        }
        let task = if self.worker == Worker::Generic { go_struct(self.definition) } else { self.definition.clone() };
        let mut body = json!({
            "chainOfTrustVersion": 1,
            "artifacts": artifacts,
            "task": task,
            "taskId": self.task_id,
            "runId": run("runId")?,
            "workerGroup": run("workerGroup")?,
            "workerId": run("workerId")?,
            "environment": self.environment,
        });
        if self.worker == Worker::Script {
            body["workerType"] = self.definition["workerType"].clone();
        }
        Ok(body)
    }
}

/// An environment that also says which image artifact was loaded, where docker-worker says it.
pub(crate) fn with_image_artifact(environment: Value, digest: &str) -> Value {
    let Value::Object(map) = environment else { return environment };
    let mut out = Map::new();
    for (key, value) in map {
        let here = key == "imageHash";
        out.insert(key, value);
        if here {
            out.insert("imageArtifactHash".to_owned(), format!("sha256:{digest}").into());
        }
    }
    Value::Object(out)
}

/// A definition as Go's generated type prints it: fields by name, what the type leaves raw as it came.
fn go_struct(definition: &Value) -> Value {
    let Value::Object(map) = definition else { return definition.clone() };
    let mut fields: Vec<_> = map.iter().collect();
    fields.sort_by_key(|(key, _)| *key);
    let typed = ["metadata", "tags"];
    Value::Object(
        fields
            .into_iter()
            .map(|(key, value)| {
                let value = if typed.contains(&key.as_str()) { go_struct(value) } else { value.clone() };
                (key.clone(), value)
            })
            .collect(),
    )
}
