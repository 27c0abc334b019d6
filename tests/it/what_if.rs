//! What would change: the incremental answer beside the whole one.

use std::cell::RefCell;
use std::collections::BTreeMap;

use cotrace::model::{AsOf, ClockOverrides, TaskId, Verdict};
use cotrace::replay::{Request, SILENT, Standing, Targets, WhatIf, hold, what_if};
use cotrace_generator::World;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::program::{CaseFile, sample};
use crate::support::{TempCase, moment, nightly_2017, nightly_2026, request};

/// Every target's verdict and reason, by a whole replay.
fn whole(case: &mut TempCase, request: &Request) -> BTreeMap<TaskId, Standing> {
    let report = case.replay(request);
    report.targets.into_iter().map(|target| (target.task_id, (target.verdict, target.reason))).collect()
}

/// Holds an answer against whole replays of both questions.
fn check(told: &WhatIf, before: &BTreeMap<TaskId, Standing>, after: &BTreeMap<TaskId, Standing>, question: &Request) {
    let mut patched = before.clone();
    for changed in &told.changed {
        assert_eq!(patched.insert(changed.task_id, changed.after), Some(changed.before), "{question:?}");
        assert_ne!(changed.before, changed.after);
    }
    let what = (&question.as_of, &question.clocks, &question.distrust);
    assert_eq!(&patched, after, "{what:?}");
    for (counts, standings) in [(&told.before, before), (&told.after, after)] {
        let mut counted: BTreeMap<Verdict, u64> = BTreeMap::new();
        standings.values().for_each(|(verdict, _)| *counted.entry(*verdict).or_default() += 1);
        assert_eq!(*counts, counted, "{what:?}");
    }
    assert_eq!(told.examined, 0, "a replay has examined everything");
}

/// What can be distrusted of the targets of a report.
fn suspects(case: &mut TempCase, base: &Request) -> Vec<String> {
    let report = case.replay(base);
    let mut suspects = vec!["tree:try".to_owned(), "pool:nobody/nowhere".to_owned(), "key:ffffffff".to_owned()];
    for link in report.targets.iter().flat_map(|target| &target.links) {
        suspects.push(format!("task:{}", link.task_id));
        suspects.extend(link.key.iter().map(|key| format!("key:{key}")));
        let workers = link.attestations.iter().filter_map(|attestation| attestation.worker_id.as_ref());
        suspects.extend(workers.map(|worker| format!("worker:{worker}")));
    }
    suspects.sort();
    suspects.dedup();
    suspects
}

/// Random sequences of questions to one docket, each answer held against a whole replay: what is not judged again has not
/// changed.
fn incremental_is_whole(world: &World, moments: &'static [&'static str]) {
    let mut case = TempCase::new();
    case.import(world, true, cotrace::import::KeepArtifacts::Evidence);
    let base = request(Targets::All);
    let suspects = suspects(&mut case, &base);
    let before = whole(&mut case, &base);
    let since = prop::option::of(prop::sample::select(moments));
    let distrust = prop::collection::vec((prop::sample::select(suspects), since), 0..3);
    let as_of = prop::option::of(prop::sample::select(moments));
    let known = prop::option::of(prop::sample::select(moments));
    let sequences = prop::collection::vec((as_of, known, distrust), 1..6);
    // The seed is fixed: a failure comes again.
    let config = Config { cases: 12, failure_persistence: None, ..Config::default() };
    let seed = proptest::test_runner::TestRng::deterministic_rng(config.rng_algorithm);
    let case = RefCell::new(case);
    TestRunner::new_with_rng(config, seed)
        .run(&sequences, |sequence| {
            let questions: Vec<Request> = sequence
                .into_iter()
                .map(|(as_of, known, distrust)| Request {
                    as_of: as_of.map_or(AsOf::Then, |text| AsOf::At(moment(text))),
                    clocks: ClockOverrides { knowledge: known.map(moment), ..base.clocks },
                    distrust: distrust
                        .into_iter()
                        .map(|(name, since)| {
                            let since = since.map(|since| format!("@{since}")).unwrap_or_default();
                            format!("{name}{since}").parse().unwrap()
                        })
                        .collect(),
                    ..base.clone()
                })
                .collect();
            let mut case = case.borrow_mut();
            let told = what_if(&mut case.case, &base, &questions).unwrap();
            for (told, question) in told.iter().zip(&questions) {
                check(told, &before, &whole(&mut case, question), question);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_incremental_answer_is_the_whole_one_of_2017() {
    let moments =
        &["2016-01-01", "2017-05-31", "2017-06-02T10:00:00Z", "2017-06-03", "2017-09-20", "2018-11-20", "2026-01-01"];
    incremental_is_whole(&nightly_2017(), moments);
}

#[test]
fn the_incremental_answer_is_the_whole_one_of_2026() {
    incremental_is_whole(&nightly_2026(), &["2016-01-01", "2019-03-08", "2025-01-01", "2026-03-01", "2030-01-01"]);
}

/// Each target then has its own moment, and that of the first question is none of them.
#[test]
fn from_one_moment_back_to_then_each_target_is_judged_at_its_own() {
    let mut case = TempCase::new();
    case.import(&nightly_2017(), true, cotrace::import::KeepArtifacts::Evidence);
    let then = request(Targets::All);
    let known = ClockOverrides { knowledge: Some(moment("2026-01-01")), ..then.clocks };
    let questions = [then.clone(), Request { clocks: known, ..then.clone() }];
    for at in ["2016-01-01", "2018-11-20"] {
        let first = Request { as_of: AsOf::At(moment(at)), ..then.clone() };
        let before = whole(&mut case, &first);
        assert_ne!(before, whole(&mut case, &then));
        let told = what_if(&mut case.case, &first, &questions).unwrap();
        for (told, question) in told.iter().zip(&questions) {
            check(told, &before, &whole(&mut case, question), question);
        }
    }
}

#[test]
fn a_sitting_reports_as_a_replay_does() {
    for world in [nightly_2017(), nightly_2026()] {
        let mut case = TempCase::new();
        case.import(&world, true, cotrace::import::KeepArtifacts::Evidence);
        let then = request(Targets::All);
        let at = Request { as_of: AsOf::At(moment("2018-11-20")), ..then.clone() };
        let all = [case.replay(&then), case.replay(&at)];
        let target = all[0].targets[0].task_id;
        let of_one = |question: &Request| Request { targets: Targets::These(vec![target]), ..question.clone() };
        let one = [case.replay(&of_one(&then)), case.replay(&of_one(&at))];
        hold(&mut case.case, &[&then, &at], SILENT, |sitting, _| {
            for (question, (all, one)) in [&then, &at].into_iter().zip(all.iter().zip(&one)) {
                assert_eq!(&sitting.report(None, question, SILENT).unwrap(), all);
                assert_eq!(&sitting.report(Some(&[target]), question, SILENT).unwrap(), one);
            }
        })
        .unwrap();
    }
}

#[test]
fn what_a_change_cannot_touch_is_not_judged_again() {
    let mut case = TempCase::new();
    case.import(&nightly_2026(), true, cotrace::import::KeepArtifacts::Evidence);
    let base = request(Targets::All);
    let report = case.replay(&base);
    let with = |text: &str| Request { distrust: vec![text.parse().unwrap()], ..base.clone() };
    let target = &report.targets.iter().max_by_key(|target| target.links.len()).unwrap();
    let questions = [base.clone(), with("key:ffffffff"), with(&format!("task:{}", target.task_id)), base.clone()];
    let told = what_if(&mut case.case, &base, &questions).unwrap();
    let rests_on_it =
        report.targets.iter().filter(|other| other.links.iter().any(|link| link.task_id == target.task_id)).count();
    assert!((1..report.targets.len()).contains(&rests_on_it));
    let plain: Vec<u64> = told.iter().map(|told| told.reheard - told.in_full).collect();
    assert_eq!((plain[0], plain[1]), (0, 0), "nothing to judge again");
    assert!(plain[2] > 0 && plain[2] <= rests_on_it as u64, "{plain:?}");
    assert_eq!(plain[3], plain[2], "and back");
    assert!(told.iter().all(|told| told.examined == 0));
}

#[test]
fn the_command_tells_what_would_change() {
    let case = CaseFile::of(&[sample("nightly-2017")]);
    case.run(["replay", "--all"]);
    let key: String = {
        let sql = "SELECT key FROM signatures WHERE state = 'sound' ORDER BY key LIMIT 1";
        case.sqlite().query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let told = case.run(["what-if", "--distrust-also", &format!("key:{key}"), "--format", "json"]).exits(11).json();
    let answer = &told[0];
    assert_eq!(answer["examined"], 0);
    let changed = answer["changed"].as_array().unwrap();
    assert!(!changed.is_empty() && changed.iter().all(|change| change["after"] == "refuted"), "{told:#}");
    assert_eq!(answer["changedCount"].as_u64().unwrap() as usize, changed.len());
    let text =
        case.run(["what-if", "--judged-at", "2016-01-01", "--judged-at", "now", "--limit", "1"]).exits(11).text();
    assert_eq!(text.matches("judged as of").count(), 2, "{text}");
    assert!(text.contains("more; --limit says how many are shown") && text.contains("facts examined 0"), "{text}");
    case.run(["what-if"]).exits(2);
    case.run(["what-if", "--distrust-also", "key:x"]).exits(2);
}
