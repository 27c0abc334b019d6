//! Every finding code has a case that raises it and a near miss that does not.
//!
//! One file a family. A case changes a sentence of a sample world; its near miss changes the next sentence.

use std::collections::BTreeSet;
use std::sync::{LazyLock, OnceLock};

use cotrace::import::KeepArtifacts;
use cotrace::model::{Code, GapKind, Plane, Presence, Report, Verdict};

use crate::support::{Scene, nightly_2026, only_target};

mod artifacts;
mod attestation;
mod chain;
mod definition;
mod docker_image;
mod documents;
pub(crate) mod edits;
mod graph;
mod key;
mod rebuild;
mod signature;
mod tree;
mod uploads;
mod worker;

pub(crate) use edits::{log_attestation, redefine};
pub(crate) use key::{date_keys, fingerprint, revoked_key};

/// The rule book of the newest release of scriptworker, which looks at all there is.
const THEIRS: &str = "scriptworker-63.6.1";

/// One way to raise a finding, and what is nearest to it and raises none.
struct Case {
    code: Code,
    /// What is done to the world, and in the near miss.
    words: (&'static str, &'static str),
    raises: fn() -> Scene,
    near_miss: fn() -> Scene,
    plane: Plane,
    /// The kind of the finding's subject, and the label of its task, if it has one.
    subject: (&'static str, Option<&'static str>),
    /// The verdict on the target, and in the near miss.
    verdicts: (Verdict, Verdict),
    /// The other codes of the report, and those of the near miss.
    also: (&'static [Code], &'static [Code]),
}

impl Case {
    /// A finding that refutes; its near miss is verified.
    const fn refutes(
        code: Code,
        subject: (&'static str, &'static str),
        words: (&'static str, &'static str),
        raises: fn() -> Scene,
        near_miss: fn() -> Scene,
    ) -> Self {
        Self {
            code,
            words,
            raises,
            near_miss,
            plane: Plane::Rule,
            subject: (subject.0, Some(subject.1)),
            verdicts: (Verdict::Refuted, Verdict::Verified),
            also: (&[], &[]),
        }
    }

    /// A finding beyond the rule book: the target is verified, with and without it.
    const fn remarks(
        code: Code,
        subject: (&'static str, &'static str),
        words: (&'static str, &'static str),
        raises: fn() -> Scene,
        near_miss: fn() -> Scene,
    ) -> Self {
        let case = Self::refutes(code, subject, words, raises, near_miss);
        Self { plane: Plane::Audit, verdicts: (Verdict::Verified, Verdict::Verified), ..case }
    }

    /// With another verdict.
    const fn verdict(self, verdict: Verdict) -> Self {
        Self { verdicts: (verdict, self.verdicts.1), ..self }
    }

    /// With another verdict of the near miss.
    const fn near_verdict(self, verdict: Verdict) -> Self {
        Self { verdicts: (self.verdicts.0, verdict), ..self }
    }

    /// With other findings beside it.
    const fn also(self, codes: &'static [Code]) -> Self {
        Self { also: (codes, self.also.1), ..self }
    }

    /// With findings in the near miss.
    const fn near_also(self, codes: &'static [Code]) -> Self {
        Self { also: (self.also.0, codes), ..self }
    }

    /// About something that belongs to no task.
    const fn about_no_task(self) -> Self {
        Self { subject: (self.subject.0, None), ..self }
    }
}

type Family = (&'static str, &'static [Case]);

const FAMILIES: &[Family] = &[
    ("chain", chain::CASES),
    ("definition", definition::CASES),
    ("documents", documents::CASES),
    ("attestation", attestation::CASES),
    ("signature", signature::CASES),
    ("key", key::CASES),
    ("artifacts", artifacts::CASES),
    ("docker-image", docker_image::CASES),
    ("graph", graph::CASES),
    ("uploads", uploads::CASES),
    ("worker", worker::CASES),
    ("rebuild", rebuild::CASES),
    ("tree", tree::CASES),
];

/// The codes that are only ever told beyond the rule book, and leave a verdict as it is.
const REMARKS: &[Code] = &[
    Code::ChainCycle,
    Code::StatusMalformed,
    Code::DocumentAmbiguous,
    Code::SignatureAfterAsOf,
    Code::SignatureTimeOutsideRun,
    Code::SignatureTimeContradicted,
    Code::SignatureTimeOutsideKey,
    Code::MomentOnQueuesWord,
    Code::KeyOfOwnHost,
    Code::VerifiedOtherBytes,
    Code::ClearsignTextOutside,
    Code::ClearsignUncoveredBytes,
    Code::ClearsignFraming,
    Code::ClearsignBlankOutside,
    Code::ClearsignHashHeader,
    Code::ClearsignArmorHeader,
    Code::ClearsignChecksumWrong,
    Code::ClearsignChecksumMissing,
    Code::ClearsignDashEscape,
    Code::ClearsignArmorLayout,
    Code::ClearsignLineTooLong,
    Code::KeyRevokedLater,
    Code::KeyNotTrustedThen,
    Code::KeyLedgerOutdated,
    Code::ArtifactPatternUnlisted,
    Code::ArtifactPatternUnfollowed,
    Code::ArtifactAltered,
    Code::SnapshotsDisagree,
    Code::RunNotCompleted,
    Code::RunRepeated,
    Code::RunUnlisted,
    Code::EqualInPythonOnly,
    Code::GraphLabelMismatch,
    Code::TreeGivesSeveralTasks,
    Code::SourceOfOtherTree,
    Code::SourceOfMirror,
    Code::GraphDifferenceIgnored,
    Code::GroupTaskUnlisted,
    Code::TaskSubmittedAgain,
    Code::GraphTaskNotRun,
    Code::RunBeforeUpstream,
    Code::EvidenceExpired,
    Code::ArtifactPointer,
    Code::ArtifactUnattested,
    Code::ArtifactAttestedUnlisted,
    Code::ArtifactChangedBetweenRuns,
    Code::AttestationDataByTask,
    Code::TasksForMismatch,
    Code::DecisionCommandUnseen,
    Code::TaskPrivileged,
    Code::DockerImageFloating,
    Code::ActionGroupOverlooked,
    Code::ScopeWildcard,
    Code::ScopeUnused,
];

/// A case with its reports, made when first asked for.
struct Played {
    family: &'static str,
    case: &'static Case,
    reports: OnceLock<[(Scene, Report); 2]>,
}

impl Played {
    fn reports(&self) -> &[(Scene, Report); 2] {
        self.reports.get_or_init(|| {
            [(self.case.raises)(), (self.case.near_miss)()].map(|scene| {
                let report = scene.report();
                (scene, report)
            })
        })
    }

    /// What is not as the case says.
    fn problems(&self) -> Vec<String> {
        let Case { code, words, plane, verdicts, also, .. } = self.case;
        let [(scene, raised), (_, near)] = self.reports();
        let mut problems = Vec::new();
        let mut ask = |holds: bool, problem: String| {
            if !holds {
                problems.push(problem);
            }
        };
        let (kind, label) = self.case.subject;
        let subject = label.map(|label| scene.task_id(label));
        let target = only_target(raised);
        let found = raised.findings.iter().any(|finding| {
            finding.code == *code
                && finding.plane == *plane
                && finding.subject.kind == kind
                && finding.subject.task_id == subject
                && (subject.is_none() || finding.targets.contains(&target.task_id))
        });
        let told = || format!("it has {:#?}", raised.findings);
        ask(found, format!("no finding {code} on plane {plane:?} about {kind} of {label:?}; {}", told()));
        ask(target.verdict == verdicts.0, format!("the verdict is {}: {}", target.verdict.word(), target.headline));
        let others = others(raised, *code);
        ask(others == also.0.iter().copied().collect(), format!("beside {code} there are {others:?}; {}", told()));
        if *plane == Plane::Rule && verdicts.0 == Verdict::Refuted && also.0.is_empty() {
            ask(target.reason == Some(code.reason()), format!("the reason is {:?}", target.reason));
            ask(target.headline.contains(code.id()), format!("the headline is {}", target.headline));
        }
        let problems_raised = std::mem::take(&mut problems);
        let mut ask = |holds: bool, problem: String| {
            if !holds {
                problems.push(problem);
            }
        };
        let near_target = only_target(near);
        ask(
            near.findings.iter().all(|finding| finding.code != *code),
            format!("{code} is found: {:#?}", near.findings),
        );
        ask(
            near_target.verdict == verdicts.1,
            format!("the verdict is {}: {}", near_target.verdict.word(), near_target.headline),
        );
        let near_others = self::others(near, *code);
        ask(
            near_others == also.1.iter().copied().collect(),
            format!("there are {near_others:?}: {:#?}", near.findings),
        );
        let in_case = problems_raised.iter().map(|problem| format!("{code}: {}: {problem}", words.0));
        let in_near_miss = problems.iter().map(|problem| format!("{code}: near miss: {}: {problem}", words.1));
        in_case.chain(in_near_miss).collect()
    }
}

/// What is said of the samples as they are.
const EVERYWHERE: [Code; 1] = [Code::DockerImagePrebuilt];

/// The codes of a report but one, and but those that are said of every world.
fn others(report: &Report, code: Code) -> BTreeSet<Code> {
    let codes = report.findings.iter().map(|finding| finding.code);
    codes.filter(|other| *other != code && !EVERYWHERE.contains(other)).collect()
}

static PLAYED: LazyLock<Vec<Played>> = LazyLock::new(|| {
    let of_family = |(family, cases): &Family| {
        let family = *family;
        cases.iter().map(move |case| Played { family, case, reports: OnceLock::new() })
    };
    FAMILIES.iter().flat_map(of_family).collect()
});

fn play(family: &str) {
    let of_family: Vec<&Played> = PLAYED.iter().filter(|played| played.family == family).collect();
    let problems: Vec<String> = of_family.iter().flat_map(|played| played.problems()).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

#[test]
fn every_code_has_a_case_and_a_near_miss() {
    let with_case: BTreeSet<Code> = PLAYED.iter().map(|played| played.case.code).collect();
    let audited = crate::keys::audited();
    let without = Code::ALL.iter().filter(|code| !with_case.contains(code) && !audited.contains(code));
    let without: Vec<&str> = without.map(|code| code.id()).collect();
    assert!(without.is_empty(), "no case raises {without:?}");
}

#[test]
fn what_refuses_is_never_verified() {
    let refusing = PLAYED.iter().filter(|played| !REMARKS.contains(&played.case.code));
    let refusing: Vec<&Played> = refusing.filter(|played| played.case.plane == Plane::Rule).collect();
    let verified: Vec<String> = refusing
        .iter()
        .filter(|played| only_target(&played.reports()[0].1).verdict == Verdict::Verified)
        .map(|played| format!("{}: {}", played.case.code, played.case.words.0))
        .collect();
    assert!(verified.is_empty(), "verified all the same: {verified:#?}");
    assert!(refusing.len() >= Code::ALL.len() - REMARKS.len() - crate::keys::audited().len());
}

#[test]
fn what_remarks_is_never_on_the_rule_plane() {
    let remarks: Vec<&Played> = PLAYED.iter().filter(|played| REMARKS.contains(&played.case.code)).collect();
    for played in remarks {
        assert_eq!(played.case.plane, Plane::Audit, "{}", played.case.code);
        let [(_, report), _] = played.reports();
        let mut of_code = report.findings.iter().filter(|finding| finding.code == played.case.code);
        assert!(of_code.all(|finding| finding.plane == Plane::Audit), "{}", played.case.code);
    }
}

#[test]
fn verdicts_fit_their_findings_and_gaps() {
    let all: Vec<&Played> = PLAYED.iter().collect();
    let problems: Vec<String> = all
        .iter()
        .flat_map(|played| played.reports().iter().map(|(_, report)| (played.case, report)))
        .filter(|(_, report)| {
            let target = only_target(report);
            let fails = report.findings.iter().any(|finding| finding.plane == Plane::Rule);
            let lacks =
                fails || !report.gaps.is_empty() || report.not_checked.iter().any(|part| part.required_by_rules);
            !match target.verdict {
                Verdict::Verified => !fails && target.reason.is_none(),
                Verdict::Refuted => fails && target.reason.is_some(),
                Verdict::Undetermined => lacks && target.reason.is_some(),
            }
        })
        .map(|(case, report)| format!("{}: {}: {:#?}", case.code, case.words.0, only_target(report).headline))
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn keys_that_nobody_accepted_leave_a_gap() {
    let report = Scene::of(nightly_2026(), "signing-linux64").keys_not_accepted().report();
    assert_eq!(only_target(&report).verdict, Verdict::Undetermined);
    assert!(report.findings.iter().all(|finding| EVERYWHERE.contains(&finding.code)));
    let gaps: Vec<_> = report.gaps.iter().map(|gap| (gap.kind, gap.subject.name.as_deref())).collect();
    assert_eq!(gaps, [(GapKind::Keys, Some("docker-worker")), (GapKind::Keys, Some("scriptworker"))]);
}

#[test]
fn contents_that_were_not_kept_leave_gaps() {
    let report = Scene::of(nightly_2026(), "signing-linux64").keeping(KeepArtifacts::None).report();
    assert_eq!(only_target(&report).verdict, Verdict::Undetermined);
    assert!(report.findings.iter().all(|finding| EVERYWHERE.contains(&finding.code)));
    assert!(!report.gaps.is_empty());
    let not_kept =
        |gap: &cotrace::model::Gap| (gap.kind, gap.presence) == (GapKind::ArtifactContent, Presence::Present);
    assert!(report.gaps.iter().all(not_kept), "{:#?}", report.gaps);
}

#[test]
fn chain_cases() {
    play("chain");
}

#[test]
fn definition_cases() {
    play("definition");
}

#[test]
fn document_cases() {
    play("documents");
}

#[test]
fn attestation_cases() {
    play("attestation");
}

#[test]
fn signature_cases() {
    play("signature");
}

#[test]
fn key_cases() {
    play("key");
}

#[test]
fn artifact_cases() {
    play("artifacts");
}

#[test]
fn docker_image_cases() {
    play("docker-image");
}

#[test]
fn graph_cases() {
    play("graph");
}

#[test]
fn upload_cases() {
    play("uploads");
}

#[test]
fn worker_cases() {
    play("worker");
}

#[test]
fn rebuild_cases() {
    play("rebuild");
}

#[test]
fn tree_cases() {
    play("tree");
}
