//! Whom a replay trusts: bases, clocks, distrust.

use std::collections::BTreeSet;

use cotrace::model::{Basis, ClockOverrides, Code, Moment, Report, Verdict};
use cotrace_generator::World;
use proptest::prelude::*;

use crate::cases::{fingerprint, log_attestation, revoked_key};
use crate::support::{Scene, TempCase, moment, nightly_2017, nightly_2026, only_target};

fn verdict(scene: &Scene) -> Verdict {
    only_target(&scene.report()).verdict
}

fn codes(report: &Report) -> BTreeSet<Code> {
    report.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn a_basis_that_is_left_out_counts_for_nothing() {
    let scene = || Scene::of(nightly_2026(), "signing-linux64");
    assert_eq!(verdict(&scene().trusting(&[Basis::Operator])), Verdict::Verified);
    assert_eq!(verdict(&scene().trusting(&[Basis::Builtin])), Verdict::Undetermined);
    assert_eq!(verdict(&scene().trusting(&[])), Verdict::Undetermined);
}

#[test]
fn each_clock_can_be_moved_alone() {
    let scene = |clocks: ClockOverrides| Scene::of(nightly_2017(), "signing-win64").with_clocks(clocks);
    assert_eq!(verdict(&scene(ClockOverrides::default())), Verdict::Verified);
    let late = Some(moment("2023-03-01"));
    let by_key = scene(ClockOverrides { key: late, ..ClockOverrides::default() }).report();
    assert!(codes(&by_key).contains(&Code::KeyExpired) && !codes(&by_key).contains(&Code::KeyRefusedByPolicy));
    let by_policy = scene(ClockOverrides { policy: late, ..ClockOverrides::default() }).report();
    assert!(codes(&by_policy).contains(&Code::KeyRefusedByPolicy) && !codes(&by_policy).contains(&Code::KeyExpired));
    let knowing = scene(ClockOverrides { knowledge: late, ..ClockOverrides::default() });
    assert_eq!(verdict(&knowing), Verdict::Verified, "there is nothing to know");
    let told = &only_target(&by_policy).as_of;
    assert_eq!(told.moved.policy, late);
    assert_eq!((told.clocks.policy, told.moved.key), (late, None));
}

#[test]
fn a_revocation_counts_from_when_it_was_known() {
    // Imported on 2026-11-01; made on 2018-01-01, as compromised.
    let scene = |knowledge: &str| {
        let clocks = ClockOverrides { knowledge: Some(moment(knowledge)), ..ClockOverrides::default() };
        Scene::of(revoked_key(), "decision").with_clocks(clocks)
    };
    assert_eq!(verdict(&scene("2026-10-31T23:59:59Z")), Verdict::Verified);
    assert!(codes(&scene("2026-10-31T23:59:59Z").report()).contains(&Code::KeyRevokedLater));
    assert_eq!(verdict(&scene("2026-11-01T00:00:00Z")), Verdict::Refuted);
    assert!(codes(&scene("2026-11-01T00:00:00Z").report()).contains(&Code::KeyRevoked));
}

#[test]
fn every_kind_of_distrust_reaches_the_target_through_its_chain() {
    let scene = || Scene::of(nightly_2017(), "signing-linux64");
    let world = nightly_2017();
    let id = |label: &str| crate::support::task_id(&world, label).to_string();
    for text in [
        format!("task:{}", id("build-linux64")),
        format!("image:{}", id("docker-image")),
        "tree:mozilla-central".to_owned(),
        "tree:https://hg.mozilla.org/mozilla-central@2017-01-01".to_owned(),
    ] {
        assert_eq!(verdict(&scene().distrusting(&text)), Verdict::Refuted, "{text}");
    }
    for text in ["task:AAAAAAAAQAaAAAAAAAAAAA", "tree:try", "worker:nobody", "pool:aws-provisioner-v1/nothing"] {
        assert_eq!(verdict(&scene().distrusting(text)), Verdict::Verified, "{text}");
    }
    let report = scene().distrusting(&format!("task:{}", id("build-linux64"))).report();
    let found = report.findings.iter().find(|finding| finding.code == Code::Distrusted).unwrap();
    assert_eq!(found.subject.task_id.as_ref().map(ToString::to_string), Some(id("build-linux64")));
    assert_eq!(report.trust.distrust, [format!("task:{}", id("build-linux64"))]);
}

#[test]
fn workers_and_pools_are_meant_as_attestation_and_definition_name_them() {
    let scene = Scene::of(nightly_2017(), "signing-linux64");
    let report = scene.report();
    let target = only_target(&report);
    let attested = target.links.iter().find_map(|link| link.attestations.first()).unwrap();
    let (group, id) = (attested.worker_group.clone().unwrap(), attested.worker_id.clone().unwrap());
    for text in [format!("worker:{id}"), format!("worker:{group}/{id}")] {
        assert_eq!(verdict(&scene.clone().distrusting(&text)), Verdict::Refuted, "{text}");
    }
    assert_eq!(verdict(&scene.distrusting(&format!("worker:{group}"))), Verdict::Verified);
}

/// The signing's log lists the digests of all that it rests on, and so of every attestation by docker-workers.
fn logged() -> World {
    let mut world = nightly_2017();
    for of in ["decision", "docker-image", "build-linux64"] {
        log_attestation(&mut world, "signing-linux64", of);
    }
    world
}

#[test]
fn what_others_signed_in_time_is_older_than_distrust_and_nothing_else_is() {
    let docker_worker = format!("key:{}", fingerprint("docker-worker"));
    let scriptworker = format!("key:{}", fingerprint("scriptworker"));
    let judged = |world: World, distrust: &[String]| {
        let scene = Scene::of(world, "signing-linux64");
        verdict(&distrust.iter().fold(scene, |scene, text| scene.distrusting(text)))
    };
    let leaked = |at: &str| [format!("{docker_worker}@{at}")];
    let links = only_target(&Scene::of(logged(), "signing-linux64").report()).links.clone();
    let id = crate::support::task_id(&nightly_2017(), "build-linux64");
    let build = links.iter().find(|link| link.task_id == id).unwrap();
    let bound = build.signed.not_after.clone().unwrap();
    let second_after = Moment::from_unix(bound.at.unix() + 1).unwrap();
    assert_eq!(judged(logged(), &leaked(&second_after.to_string())), Verdict::Verified);
    assert_eq!(judged(logged(), &leaked(&bound.at.to_string())), Verdict::Refuted, "not before it");
    assert_eq!(judged(nightly_2017(), &leaked("2018-03-01")), Verdict::Refuted, "nobody else says when");
    let [leak] = leaked("2018-03-01");
    assert_eq!(judged(logged(), std::slice::from_ref(&leak)), Verdict::Verified);
    assert_eq!(judged(logged(), &[leak, format!("{scriptworker}@2019-01-01")]), Verdict::Refuted, "by a leaked key");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Distrusting more never makes a verdict better.
    #[test]
    fn distrust_only_ever_takes_away(picked in prop::collection::vec(0usize..12, 0..4), more in 0usize..12, at in 0u8..3) {
        let world = logged();
        let names: Vec<String> = {
            let id = |label: &str| crate::support::task_id(&world, label).to_string();
            vec![
                format!("task:{}", id("decision")),
                format!("task:{}", id("build-win64")),
                format!("image:{}", id("docker-image")),
                "tree:mozilla-central".to_owned(),
                "tree:try".to_owned(),
                "worker:nobody".to_owned(),
                "key:FAD6F73E".to_owned(),
                "pool:gecko-3-b-linux".to_owned(),
                "pool:signing-linux-v1".to_owned(),
                format!("task:{}", id("signing-linux64")),
                format!("key:{}", fingerprint("docker-worker")),
                format!("key:{}", fingerprint("scriptworker")),
            ]
        };
        let dated = |index: usize| match at {
            0 => names[index].clone(),
            1 => format!("{}@2017-06-01", names[index]),
            _ => format!("{}@2018-03-01", names[index]),
        };
        let mut case = TempCase::new();
        case.import(&world, true, cotrace::import::KeepArtifacts::Evidence);
        let judge = |case: &mut TempCase, picked: &[usize]| {
            let scene = picked.iter().fold(Scene::of(world.clone(), "signing-linux64"), |scene, index| {
                scene.distrusting(&dated(*index))
            });
            only_target(&case.replay(&scene.request())).verdict
        };
        let fewer = judge(&mut case, &picked);
        let all: Vec<usize> = picked.into_iter().chain([more]).collect();
        prop_assert!(judge(&mut case, &all) >= fewer);
    }
}
