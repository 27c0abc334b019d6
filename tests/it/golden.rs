//! Reports as people and programs read them, text and JSON pinned together.

use cotrace::export::text::Detail;
use cotrace::export::{json, text};
use cotrace::model::Verdict;

use crate::support::{Scene, nightly_2017, nightly_2026, only_target};

/// A report in both forms.
fn both_forms(scene: &Scene, verdict: Verdict) -> String {
    let report = scene.report();
    assert_eq!(only_target(&report).verdict, verdict);
    let mut plain = anstream::StripStream::new(Vec::new());
    text::write(&report, Detail::Chains, &mut plain).unwrap();
    let mut out = plain.into_inner();
    out.extend(b"\n=== JSON ===\n");
    json::write(&report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn verified() {
    let scene = Scene::of(nightly_2026(), "signing-linux64");
    insta::assert_snapshot!(both_forms(&scene, Verdict::Verified));
}

#[test]
fn key_expired() {
    let scene = Scene::of(nightly_2017(), "signing-win64").at("2018-12-01");
    insta::assert_snapshot!(both_forms(&scene, Verdict::Refuted));
}

#[test]
fn altered_artifact() {
    let mut world = nightly_2026();
    world.put(&world.artifact_path("build-linux64", "public/build/target.tar.xz").unwrap(), "something else");
    insta::assert_snapshot!(both_forms(&Scene::of(world, "signing-linux64"), Verdict::Refuted));
}

#[test]
fn attestation_unknown() {
    let mut world = nightly_2026();
    for name in ["public/chain-of-trust.json", "public/chain-of-trust.json.sig"] {
        world.remove(&world.artifact_path("docker-image", name).unwrap());
    }
    insta::assert_snapshot!(both_forms(&Scene::of(world, "signing-linux64"), Verdict::Undetermined));
}
