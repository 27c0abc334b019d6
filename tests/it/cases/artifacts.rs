use cotrace::model::{Code, Plane, Verdict};
use cotrace_generator::World;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

use super::edits::{listing_path, log_digest, redefine, uncapture, unlist};
use super::{Case, THEIRS};
use crate::support::{Scene, nightly_2026};

pub(super) const CASES: &[Case] = &[
    Case::refutes(
        Code::ArtifactMissing,
        ("artifact", "build-linux64"),
        ("the queue does not list what is consumed", "the queue lists it, and it was not captured"),
        || {
            let mut world = without_target();
            unlist(&mut world, "build-linux64", TARGET);
            Scene::of(world, "signing-linux64")
        },
        || Scene::of(without_target(), "signing-linux64"),
    )
    .near_verdict(Verdict::Undetermined)
    .also(&[Code::ArtifactAttestedUnlisted]),
    Case::refutes(
        Code::ArtifactMissing,
        ("artifact", "build-linux64"),
        ("what is consumed is not there", "what is consumed as optional is not there"),
        || Scene::of(without_langpack(false), "beetmover-linux64"),
        || Scene::of(without_langpack(true), "beetmover-linux64"),
    )
    .also(&[Code::ArtifactAttestedUnlisted])
    .near_also(&[Code::ArtifactAttestedUnlisted]),
    Case::refutes(
        Code::ArtifactNotAttested,
        ("artifact", "build-linux64"),
        ("what is consumed is not attested", "what nothing consumes is not attested"),
        || Scene::of(unattested(TARGET), "signing-linux64"),
        || Scene::of(unattested("public/build/target.langpack.xpi"), "signing-linux64"),
    )
    .also(&[Code::ArtifactUnattested])
    .near_also(&[Code::ArtifactUnattested]),
    Case::refutes(
        Code::ArtifactDigestMismatch,
        ("artifact", "build-linux64"),
        ("it was altered", "it was altered, and its worker attested it so"),
        || Scene::of(altered("build-linux64", TARGET), "signing-linux64"),
        || {
            let mut world = altered("build-linux64", TARGET);
            world.attest("build-linux64").unwrap();
            Scene::of(world, "signing-linux64")
        },
    ),
    Case::refutes(
        Code::ArtifactDigestMismatch,
        ("artifact", "build-linux64"),
        ("a digest is written in capitals, which is another text", "a digest is written as it was"),
        || Scene::of(digest_as(str::to_ascii_uppercase), "signing-linux64"),
        || Scene::of(digest_as(str::to_ascii_lowercase), "signing-linux64"),
    ),
    Case::refutes(
        Code::ArtifactDigestMismatch,
        ("artifact", "decision"),
        ("the parameters of the decision were altered", "they were altered, and the decision attested them so"),
        || Scene::of(altered("decision", "public/parameters.yml"), "signing-linux64"),
        || {
            let mut world = altered("decision", "public/parameters.yml");
            world.attest("decision").unwrap();
            Scene::of(world, "signing-linux64")
        },
    ),
    Case {
        // What scriptworker never saw: it holds the artifacts of the target alone to their digests.
        plane: Plane::Audit,
        ..Case::refutes(
            Code::ArtifactDigestMismatch,
            ("artifact", "build-linux64"),
            ("under scriptworker's rules, what another link consumes was altered", "and attested so"),
            || Scene::of(altered("build-linux64", "public/build/target.checksums"), "balrog-linux64").under(THEIRS),
            || {
                let mut world = altered("build-linux64", "public/build/target.checksums");
                world.attest("build-linux64").unwrap();
                Scene::of(world, "balrog-linux64").under(THEIRS)
            },
        )
        .verdict(Verdict::Verified)
    },
    Case::refutes(
        Code::ArtifactDigestMalformed,
        ("artifact", "build-linux64"),
        ("an attestation states MD5", "an attestation states SHA-512 beside SHA-256"),
        || Scene::of(stating(|claim, _| claim["md5"] = "d41d8cd98f00b204e9800998ecf8427e".into()), "signing-linux64"),
        || {
            let state = |claim: &mut Value, bytes: &[u8]| claim["sha512"] = hex::encode(Sha512::digest(bytes)).into();
            Scene::of(stating(state), "signing-linux64")
        },
    ),
    Case::refutes(
        Code::ArtifactDigestMalformed,
        ("artifact", "build-linux64"),
        ("an attestation states no digest", "an attestation states SHA-512 alone"),
        || Scene::of(stating(|claim, _| *claim = json!({})), "signing-linux64"),
        || {
            let state =
                |claim: &mut Value, bytes: &[u8]| *claim = json!({"sha512": hex::encode(Sha512::digest(bytes))});
            Scene::of(stating(state), "signing-linux64")
        },
    ),
    Case::remarks(
        Code::ArtifactPatternUnlisted,
        ("artifact", "build-linux64"),
        ("a pattern, and no listing of the run", "a pattern, and a listing of the run"),
        || {
            let mut world = nightly_2026();
            world.remove(&listing_path(&world, "build-linux64"));
            Scene::of(world, "beetmover-linux64")
        },
        || Scene::of(nightly_2026(), "beetmover-linux64"),
    ),
    Case::refutes(
        Code::ArtifactMissing,
        ("artifact", "build-linux64"),
        ("what a pattern stands for was deleted, and is attested", "it is there"),
        || Scene::of(deleted(with_pattern_for("public/build/*", false)), "beetmover-linux64"),
        || Scene::of(with_pattern_for("public/build/*", false), "beetmover-linux64"),
    )
    .also(&[Code::ArtifactAttestedUnlisted]),
    Case::remarks(
        Code::ArtifactMissing,
        ("artifact", "build-linux64"),
        ("what an optional pattern stands for was deleted, and is attested", "it is there"),
        || Scene::of(deleted(with_pattern_for("public/build/*", true)), "beetmover-linux64"),
        || Scene::of(with_pattern_for("public/build/*", true), "beetmover-linux64"),
    )
    .also(&[Code::ArtifactAttestedUnlisted]),
    Case::remarks(
        Code::ArtifactPatternUnfollowed,
        ("artifact", "build-linux64"),
        ("a pattern of 4,097 characters", "a pattern of 4,096"),
        || Scene::of(with_pattern_for(&format!("public/build/{}", "*".repeat(4084)), true), "beetmover-linux64"),
        || Scene::of(with_pattern_for(&format!("public/build/{}", "*".repeat(4083)), true), "beetmover-linux64"),
    )
    .verdict(Verdict::Undetermined),
    Case::refutes(
        Code::ArtifactPathIllegal,
        ("artifact", "build-linux64"),
        ("a name with two dots", "a name with dots apart"),
        || Scene::of(consuming("public/build/..hidden"), "signing-linux64"),
        || Scene::of(consuming("public/build/.hid.den"), "signing-linux64"),
    ),
    Case::refutes(
        Code::ArtifactPathIllegal,
        ("artifact", "build-linux64"),
        ("a name that begins with a slash", "a name that ends in a blank"),
        || Scene::of(consuming("/public/build/hidden"), "signing-linux64"),
        || Scene::of(consuming("public/build/hidden "), "signing-linux64"),
    ),
    Case::refutes(
        Code::ArtifactPathIllegal,
        ("artifact", "build-linux64"),
        ("a name that is another one when it is decoded", "a name with a percent sign alone"),
        || Scene::of(consuming("public/build/hid%2eden"), "signing-linux64"),
        || Scene::of(consuming("public/build/hid%zz"), "signing-linux64"),
    ),
    Case::refutes(
        Code::ArtifactPathIllegal,
        ("artifact", "build-linux64"),
        ("a task that is about to run must have what a pattern means", "it may have what a pattern means"),
        || Scene::of(with_pattern(false), "beetmover-linux64").before_run(),
        || Scene::of(with_pattern(true), "beetmover-linux64").before_run(),
    ),
    Case::remarks(
        Code::ArtifactAltered,
        ("artifact", "build-linux64"),
        ("what nothing consumes was altered", "what nobody attested was altered"),
        || Scene::of(altered("build-linux64", "public/logs/certified.log"), "signing-linux64"),
        || Scene::of(altered("build-linux64", "public/logs/live_backing.log"), "signing-linux64"),
    ),
    Case::remarks(
        Code::VerifiedOtherBytes,
        ("artifact", "signing-linux64"),
        ("the signing had other bytes of what it consumed", "it had those bytes"),
        || {
            let mut world = nightly_2026();
            log_digest(&mut world, "signing-linux64", "build-linux64", TARGET, b"other bytes");
            Scene::of(world, "signing-linux64")
        },
        || {
            let mut world = nightly_2026();
            let bytes = world.read(&world.artifact_path("build-linux64", TARGET).unwrap()).unwrap().to_vec();
            log_digest(&mut world, "signing-linux64", "build-linux64", TARGET, &bytes);
            Scene::of(world, "signing-linux64")
        },
    ),
];

/// What the signing takes from the build.
const TARGET: &str = "public/build/target.tar.xz";

fn without_target() -> World {
    let mut world = nightly_2026();
    uncapture(&mut world, "build-linux64", TARGET);
    world
}

/// The beetmover consumes the langpack by its name, and it is not there.
fn without_langpack(optional: bool) -> World {
    let name = "public/build/target.langpack.xpi";
    let mut world = nightly_2026();
    redefine(&mut world, "beetmover-linux64", |task| {
        let entry = &mut task["payload"]["upstreamArtifacts"][1];
        entry["optional"] = optional.into();
        entry["paths"] = json!([name]);
    });
    uncapture(&mut world, "build-linux64", name);
    unlist(&mut world, "build-linux64", name);
    world
}

fn unattested(name: &str) -> World {
    let mut world = nightly_2026();
    world
        .edit_attestation("build-linux64", |body| {
            body["artifacts"].as_object_mut().unwrap().remove(name).unwrap();
        })
        .unwrap();
    world
}

fn altered(label: &str, name: &str) -> World {
    let mut world = nightly_2026();
    let path = world.artifact_path(label, name).unwrap();
    super::edits::edit_bytes(&mut world, &path, |bytes| [bytes.as_slice(), b"\n# altered\n"].concat());
    world
}

/// The build's worker states of its target what is said here.
fn stating(state: impl FnOnce(&mut Value, &[u8])) -> World {
    let mut world = nightly_2026();
    let bytes = world.read(&world.artifact_path("build-linux64", TARGET).unwrap()).unwrap().to_vec();
    world.edit_attestation("build-linux64", |body| state(&mut body["artifacts"][TARGET], &bytes)).unwrap();
    world
}

fn digest_as(write: fn(&str) -> String) -> World {
    stating(|claim, _| claim["sha256"] = write(claim["sha256"].as_str().unwrap()).into())
}

/// The signing consumes one thing more of the build, of any name, which the build published and attested.
fn consuming(name: &str) -> World {
    let mut world = nightly_2026();
    world.put(&world.artifact_path("build-linux64", "more").unwrap(), "more");
    world.remove(&listing_path(&world, "build-linux64"));
    let names = listing_path(&world, "build-linux64").replace(".json", ".names.json");
    world.put(&names, json!({name: "more"}).to_string());
    world.attest("build-linux64").unwrap();
    redefine(&mut world, "signing-linux64", |task| {
        task["payload"]["upstreamArtifacts"][0]["paths"].as_array_mut().unwrap().push(name.into());
    });
    world
}

/// The beetmover takes this pattern of the build.
fn with_pattern_for(pattern: &str, optional: bool) -> World {
    let mut world = nightly_2026();
    redefine(&mut world, "beetmover-linux64", |task| {
        let entry = &mut task["payload"]["upstreamArtifacts"][1];
        entry["optional"] = optional.into();
        entry["paths"] = json!([pattern]);
    });
    world
}

/// The build's language pack is gone from storage and listing.
fn deleted(mut world: World) -> World {
    let name = "public/build/target.langpack.xpi";
    uncapture(&mut world, "build-linux64", name);
    unlist(&mut world, "build-linux64", name);
    world
}

/// The beetmover's pattern is optional or not.
fn with_pattern(optional: bool) -> World {
    let mut world = nightly_2026();
    redefine(&mut world, "beetmover-linux64", |task| {
        let entry = &mut task["payload"]["upstreamArtifacts"][1];
        entry["optional"] = optional.into();
        entry["paths"] = json!(["public/build/*.langpack.xpi"]);
    });
    world
}

/// Scriptworker follows a pattern over the queue's listing. What that lists nobody knows who has not captured it.
#[test]
fn an_attested_name_counts_for_scriptworker_unless_a_listing_lacks_it() {
    let name = "public/build/target.langpack.xpi";
    let lacks = |world: World| {
        let report = Scene::of(world, "beetmover-linux64").under(THEIRS).report();
        report.gaps.iter().any(|gap| gap.subject.name.as_deref() == Some(name))
    };
    let mut unlisted = with_pattern_for("public/build/*", false);
    uncapture(&mut unlisted, "build-linux64", name);
    unlisted.remove(&listing_path(&unlisted, "build-linux64"));
    assert!(lacks(unlisted));
    assert!(!lacks(deleted(with_pattern_for("public/build/*", false))));
}
