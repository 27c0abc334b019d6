//! Assembling a report: one target after the other, findings and gaps that several share told once.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::Findings;
use super::keys::Keys;
use super::rules::RulesOfTarget;
use super::service::Request;
use crate::chain::{Chain, Link, WorkerVote};
use crate::judge::{Judgement, Leeway, MomentOfJudgement, Place};
use crate::model::{
    AsOf, AsOfUsed, Asserter, AttestationReport, Basis, CheckResult, Clocks, Code, Completeness, Digest, Evidence,
    Facts, Finding, Form, Gap, LinkReport, NotChecked, Opinion, Outcome, Plane, Reason, Release, Report, RulesUsed,
    SnapshotReport, Subject, TargetReport, TaskFacts, TaskId, TimeBound, TrustUsed, Verdict, VerifierUsed,
};
use crate::rules::{Images, Rebuilding, RuleBook, Trees, Workers};
use crate::trust::{Fleet, Rollout};

/// The version of the report format.
const REPORT_VERSION: u32 = 1;

/// What no replay covers, whatever the rule book: stable name and sentence.
const NEVER_COVERED: [(&str, &str); 7] = [
    ("servers", "Whether hg.mozilla.org, GitHub and the list of projects answered truly: nobody signs what they say."),
    ("tree", "Whether the source code at the revision is what it should be: the chain ends at the tree."),
    ("downloads-at-run-time", "What a task fetched while it ran, beyond its declared inputs."),
    ("freshness", "Whether a newer, corrected task exists: an old sound chain stays sound."),
    ("worker-integrity", "Whether a worker that holds a trusted key did what its attestation says."),
    ("verifier-configuration", "Whether scriptworker judged in its default configuration, which is assumed."),
    ("queue-times", "Whether the queue's times are true: nobody signs them."),
];

/// What the rule book `signatures` leaves to rule books that know the trees.
const BEYOND_SIGNATURES: [(&str, &str); 4] = [
    ("task-rebuild", "Whether decision and action tasks are what the tree's templates render to."),
    ("docker-images", "Whether docker images that no docker-image task built (prebuilt, or by index) may be used."),
    ("worker-pools", "Whether tasks ran in the worker pools that are meant for them."),
    ("trees-and-scopes", "Whether restricted scopes were used from the trees that may use them."),
];

/// Where findings about a target as a whole come up.
const FIRST: Place = Place { check: crate::model::Check::Chain, link: 0 };

/// A judgement at a moment.
#[derive(Debug)]
pub(super) struct HeardAt {
    pub(super) clocks: Clocks,
    /// How quickly the verifier is taken to have run what its configuration said.
    pub(super) rollout: Rollout,
    pub(super) judgement: Judgement,
}

/// All judgements of a target.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) as_of: MomentOfJudgement,
    /// At the moment of judgement, or at all that are in question.
    pub(super) judgements: Vec<HeardAt>,
    /// To which other moments it could be moved.
    pub(super) leeway: Leeway,
    /// At those.
    pub(super) moved: Vec<HeardAt>,
    /// The fleet that judges.
    pub(super) fleet: Option<Fleet>,
}

impl Heard {
    /// The judgement to tell, and whether all agree. Where the queue's moment is ruled out, the worst of that and of the
    /// nearest that is not counts: a proof that something is younger never makes it better.
    fn worst(&self) -> Option<(&HeardAt, bool)> {
        let is_contradicted = self.leeway.is_contradicted;
        let moved = self.moved.iter().filter(|_| is_contradicted);
        let all: Vec<&HeardAt> = self.judgements.iter().chain(moved).collect();
        let first = all.first()?.judgement.verdict;
        // Undetermined and Verified agree in that nothing is refuted at any moment: the worse of them stands.
        let agree = is_contradicted
            || all.iter().all(|heard| heard.judgement.verdict == first)
            || all.iter().all(|heard| heard.judgement.verdict != Verdict::Refuted);
        let rank = |heard: &HeardAt| (heard.judgement.verdict, heard.judgement.findings.len());
        let worst = all.into_iter().reduce(|a, b| if rank(b) > rank(a) { b } else { a })?;
        Some((worst, agree))
    }

    /// The judgements by both releases where one was being rolled out.
    fn by_release(&self) -> impl Iterator<Item = (&HeardAt, &HeardAt)> {
        let late = self.judgements.iter().filter(|heard| heard.rollout == Rollout::Late);
        late.filter_map(|late| {
            let mut at_once = self.judgements.iter().filter(|heard| heard.rollout == Rollout::AtOnce);
            at_once.find(|heard| heard.clocks == late.clocks).map(|at_once| (at_once, late))
        })
    }

    /// The scriptworker that judges at a moment.
    fn verifier(&self, clocks: Option<Clocks>) -> VerifierUsed {
        let deployed = self.fleet.as_ref().zip(clocks).and_then(|(fleet, clocks)| fleet.deployed(clocks.key));
        let pin = deployed.map(|deployed| deployed.pin);
        VerifierUsed {
            basis: if pin.is_some() { "deployed" } else { "release-dates" }.to_owned(),
            fleet: self.fleet.as_ref().map(|fleet| fleet.name.clone()),
            release: pin.map(|pin| pin.release.clone()),
            landed: pin.map(|pin| pin.landed),
            commit: pin.map(|pin| pin.commit.clone()),
            before: deployed.and_then(|deployed| Some(deployed.before?.release.clone())),
            last_read: self
                .fleet
                .as_ref()
                .zip(clocks)
                .and_then(|(fleet, clocks)| fleet.known_until.filter(|known| pin.is_some() && *known <= clocks.key)),
        }
    }
}

/// One judged target.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) task_id: TaskId,
    pub(super) rules: RulesOfTarget,
    snapshots: Vec<Digest>,
    label: Option<String>,
    pub(super) chain: Chain,
    runs: Vec<LinkEvidence>,
    completeness: Completeness,
    task_type: Option<String>,
    candidates: Vec<String>,
    product: Option<String>,
    heard: Heard,
}

impl Judged {
    #[expect(clippy::too_many_arguments, reason = "each is one part of the target's report")]
    pub(super) fn new(
        task_id: TaskId,
        rules: RulesOfTarget,
        snapshots: Vec<Digest>,
        chain: Chain,
        facts: &Facts,
        task_type: Option<String>,
        candidates: Vec<String>,
        product: Option<String>,
        heard: Heard,
        completeness: Completeness,
    ) -> Self {
        let shape = facts.tasks.get(&task_id).and_then(TaskFacts::shape);
        let label = shape.and_then(|shape| shape.label.clone().or_else(|| shape.name.clone()));
        let run = |link: &Link| {
            let task = facts.tasks.get(&link.task_id);
            let shaped_by_attestation = task.is_some_and(|task| task.definition.is_none() && task.shape().is_some());
            LinkEvidence {
                run_id: task.and_then(|task| task.evidence.latest_run()),
                is_embedded: shaped_by_attestation,
                attestations: task.map(attestations).unwrap_or_default(),
            }
        };
        let runs = chain.links.iter().map(run).collect();
        Self { task_id, rules, snapshots, label, chain, runs, completeness, task_type, candidates, product, heard }
    }
}

/// What a report tells of a link's evidence.
#[derive(Debug)]
struct LinkEvidence {
    run_id: Option<u32>,
    is_embedded: bool,
    attestations: Vec<AttestationReport>,
}

fn attestations(task: &TaskFacts) -> Vec<AttestationReport> {
    let told = task.attestations.iter().map(|(form, facts)| {
        let signature = facts.signature.as_ref();
        let says = facts.attestation.as_ref();
        AttestationReport {
            form: *form,
            blob: facts.blob,
            signature: signature.map(|signature| signature.state),
            key: signature.and_then(|signature| signature.key.as_ref()).map(ToString::to_string),
            signing_key: signature.and_then(|signature| signature.signing_key.clone()),
            algorithm: signature.map(|signature| signature.algorithm.clone()),
            claimed_time: signature.and_then(|signature| signature.claimed_time),
            covered: signature.and_then(|signature| signature.covered),
            tried: signature
                .map(|signature| signature.tried.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            run_id: says.and_then(|says| says.run_id.clone()),
            worker_group: says.and_then(|says| says.worker_group.clone()),
            worker_id: says.and_then(|says| says.worker_id.clone()),
            opinions: Vec::new(),
        }
    });
    told.collect()
}

/// Assembles the report.
pub(super) fn assemble(
    content_id: Digest,
    inputs: Digest,
    snapshots: Vec<SnapshotReport>,
    judged: Vec<Judged>,
    keys: &Keys,
    request: &Request,
) -> Report {
    let mut not_checked = not_checked(judged.iter().map(|target| &*target.rules.book));
    let mut targets = Vec::with_capacity(judged.len());
    let mut findings = Findings::default();
    let mut gaps = Gaps::default();
    for target in judged {
        targets.push(report_target(target, request, &mut findings, &mut gaps));
    }
    for problem in keys.problems.iter().filter(|problem| !problem.is_for_audit) {
        findings.add(problem.finding());
    }
    let (findings, findings_left_out) = findings.told();
    let gaps = gaps.ordered();
    not_checked.extend(left_open(&targets, &gaps));
    not_checked.sort();
    Report {
        report_version: REPORT_VERSION,
        tool: request.tool.clone(),
        case: content_id,
        inputs,
        trust: TrustUsed {
            bases: request.bases.iter().copied().collect(),
            distrust: request.distrust.iter().map(ToString::to_string).collect(),
        },
        snapshots,
        targets,
        findings,
        findings_left_out,
        gaps,
        not_checked,
    }
}

fn report_target(judged: Judged, request: &Request, findings: &mut Findings, gaps: &mut Gaps) -> TargetReport {
    let outcome = judged.heard.worst();
    let agree = outcome.is_none_or(|(_, agree)| agree);
    let clocks = outcome.map(|(heard, _)| heard.clocks);
    let judgement = outcome.map(|(heard, _)| &heard.judgement);
    let mut verdict = judgement.map_or(Verdict::Undetermined, |judgement| judgement.verdict);
    let mut reason = judgement.and_then(|judgement| judgement.reason);
    let mut own: Vec<(Finding, Place)> = judgement.map(|judgement| judgement.findings.clone()).unwrap_or_default();
    if judged.task_type.is_none() {
        verdict = verdict.max(Verdict::Undetermined);
        own.push((undecided_type(&judged), FIRST));
    }
    let (undecided, remarks) = (undecided_verifier(&judged), queues_word(&judged));
    if !agree {
        // The verdict depends on a moment or a release that nobody knows: then it can't be said.
        verdict = Verdict::Undetermined;
        if undecided.as_ref().is_none_or(|finding| finding.plane == Plane::Audit) || moments_disagree(&judged) {
            own.push((undecided_moment(&judged), FIRST));
        }
    }
    own.extend(undecided.into_iter().chain(remarks).map(|finding| (finding, FIRST)));
    if shape_is_embedded(&judged) {
        verdict = verdict.max(Verdict::Undetermined);
    }
    if verdict == Verdict::Undetermined {
        reason = Some(Reason::Absent);
    }
    let links = report_links(&judged, judgement);
    let headline = headline(verdict, reason, &links, &own, judgement, &judged.rules.book);
    own.into_iter().for_each(|(finding, _)| findings.add(finding));
    judgement.into_iter().flat_map(|judgement| judgement.gaps.clone()).for_each(|gap| gaps.add(gap));
    let known = clocks.filter(|_| matches!(judged.heard.as_of, MomentOfJudgement::At(..)));
    let verifier = judged.heard.verifier(known);
    let as_of = as_of_used(&judged.heard, request, known);
    TargetReport {
        task_id: judged.task_id,
        label: judged.label,
        task_type: judged.task_type,
        task_type_candidates: judged.candidates,
        product: judged.product,
        mode: request.mode.word().to_owned(),
        rules: RulesUsed {
            id: judged.rules.book.id.clone(),
            digest: judged.rules.book.digest,
            basis: judged.rules.basis.clone(),
        },
        trust_basis: judgement.map(|judgement| judgement.trust_basis.iter().copied().collect()).unwrap_or_default(),
        as_of,
        verifier,
        verdict,
        reason,
        headline,
        snapshots: judged.snapshots,
        completeness: judged.completeness,
        links,
    }
}

/// The moment of judgement as it is told: the queue's word is no longer it where other keys rule that out.
fn as_of_used(heard: &Heard, request: &Request, clocks: Option<Clocks>) -> AsOfUsed {
    let is_contradicted = heard.leeway.is_contradicted;
    let (mode, basis) = match (request.as_of, heard.as_of) {
        (AsOf::At(_), _) => ("at", None),
        (AsOf::Then, MomentOfJudgement::At(moment, _)) if is_contradicted => {
            ("then", Some(format!("the queue says {moment}, which signatures of other keys rule out")))
        }
        (AsOf::Then, MomentOfJudgement::At(_, basis)) => ("then", Some(basis.to_owned())),
        (AsOf::Then, MomentOfJudgement::Between(from, until)) => (
            "then",
            Some(format!("between the target's creation and deadline, {from} and {until}: its run is not known")),
        ),
        (AsOf::Then, MomentOfJudgement::Unknown) => ("then", Some("nothing tells when the target ran".to_owned())),
    };
    let bounds = &heard.leeway.bounds;
    AsOfUsed {
        mode: mode.to_owned(),
        basis,
        moved: request.clocks.into(),
        clocks: clocks.into(),
        not_before: bounds.not_before.clone(),
        not_after: bounds.not_after.clone(),
    }
}

fn shape_is_embedded(judged: &Judged) -> bool {
    judged.runs.iter().any(|run| run.is_embedded)
}

fn report_links(judged: &Judged, judgement: Option<&Judgement>) -> Vec<LinkReport> {
    let of_links = judgement.map_or(&[][..], |judgement| &judgement.links);
    let links = judged.chain.links.iter().zip(&judged.runs).zip(of_links);
    links
        .map(|((link, run), judged)| LinkReport {
            task_id: link.task_id.clone(),
            name: link.name.clone(),
            reached_from: link.reached_from.clone(),
            task_type: link.task_type.clone(),
            worker_impl: match &link.worker {
                Some(WorkerVote::Agreed(role)) => Some(role.to_string()),
                Some(WorkerVote::Nobody | WorkerVote::Disagree(_)) | None => None,
            },
            run_id: run.run_id,
            verdict: judged.verdict,
            key: judged.key.clone(),
            shape_from_attestation: run.is_embedded,
            signed: judged.signed.clone(),
            attestations: with_opinions(&run.attestations, &judged.opinions),
            checks: judged.checks.clone(),
        })
        .collect()
}

fn with_opinions(attestations: &[AttestationReport], opinions: &[(Form, Vec<Opinion>)]) -> Vec<AttestationReport> {
    let of = |form: Form| opinions.iter().find(|(of, _)| *of == form).map(|(_, opinions)| opinions.clone());
    let told = attestations
        .iter()
        .map(|told| AttestationReport { opinions: of(told.form).unwrap_or_default(), ..told.clone() });
    told.collect()
}

/// The verdict and its reason in one line.
fn headline(
    verdict: Verdict,
    reason: Option<Reason>,
    links: &[LinkReport],
    findings: &[(Finding, Place)],
    judgement: Option<&Judgement>,
    book: &RuleBook,
) -> String {
    match verdict {
        Verdict::Verified => {
            let bases = judgement.map(|judgement| &judgement.trust_basis);
            let bases: Vec<&str> = bases.into_iter().flatten().map(|basis: &Basis| basis.word()).collect();
            let trusted = if bases.is_empty() {
                "no signature was needed".to_owned()
            } else {
                format!("keys trusted by: {}", bases.join(", "))
            };
            let parts: Vec<&str> = book.approximate.iter().map(|part| part.what.as_str()).collect();
            let nearly = if parts.is_empty() { String::new() } else { format!("; approximate: {}", parts.join(", ")) };
            format!("verified under the rule book {}: {} links, {trusted}{nearly}", book.id, links.len())
        }
        Verdict::Refuted => {
            let weightiest = findings
                .iter()
                .filter(|(finding, _)| finding.plane == Plane::Rule && Some(finding.reason) == reason)
                .min_by(|a, b| a.1.cmp(&b.1).then_with(|| a.0.order(&b.0)));
            let told = weightiest.map(|(finding, place)| {
                let name = links.get(place.link).map(|link| format!("{}: ", link.name)).unwrap_or_default();
                format!("{name}{} ({})", finding.message, finding.code)
            });
            told.unwrap_or_else(|| "a check failed".to_owned())
        }
        Verdict::Undetermined => undetermined(links, findings, book),
    }
}

fn undetermined(links: &[LinkReport], findings: &[(Finding, Place)], book: &RuleBook) -> String {
    let undecided = findings.iter().map(|(finding, _)| finding);
    let mut undecided = undecided.filter(|f| {
        matches!(
            f.code,
            Code::TaskTypeUndecided | Code::MomentUndecided | Code::VerifierReleaseUndecided | Code::ProductUndecided
        ) && f.plane == Plane::Rule
    });
    if let Some(finding) = undecided.next() {
        return finding.message.clone();
    }
    let unknown = |link: &'_ LinkReport| -> Option<CheckResult> {
        link.checks.iter().find(|result| result.outcome == Outcome::Unknown).cloned()
    };
    let open: Vec<(&LinkReport, CheckResult)> = links.iter().filter_map(|link| Some((link, unknown(link)?))).collect();
    // The earliest check names the cause, those after it the consequences.
    match open.iter().min_by_key(|(_, result)| result.check) {
        Some((link, result)) => {
            let more = if open.len() > 1 { format!("; {} links in all are open", open.len()) } else { String::new() };
            format!("{}: {}: {}{more}", link.name, result.check.word(), result.detail)
        }
        None if !book.not_checked.is_empty() => {
            let parts: Vec<&str> = book.not_checked.iter().map(|part| part.what.as_str()).collect();
            format!("not checked yet under {}: {}", book.id, parts.join(", "))
        }
        None => "only an attestation gives a task's shape: the queue's definition is missing".to_owned(),
    }
}

fn own_finding(judged: &Judged, code: Code, message: String) -> Finding {
    Finding {
        code,
        plane: Plane::Rule,
        severity: code.severity(),
        reason: code.reason(),
        subject: Subject { kind: "task", task_id: Some(judged.task_id.clone()), run_id: None, name: None },
        targets: vec![judged.task_id.clone()],
        message,
        confirm: None,
        evidence: Vec::new(),
    }
}

fn undecided_type(judged: &Judged) -> Finding {
    let message = format!(
        "the evidence does not settle the task type; it may be {}: say which with --task-type",
        judged.candidates.join(", ")
    );
    own_finding(judged, Code::TaskTypeUndecided, message)
}

fn moments_disagree(judged: &Judged) -> bool {
    let at_once = judged.heard.judgements.iter().filter(|heard| heard.rollout == Rollout::AtOnce);
    let verdicts: BTreeSet<Verdict> = at_once.map(|heard| heard.judgement.verdict).collect();
    verdicts.len() > 1 && verdicts.contains(&Verdict::Refuted)
}

fn undecided_moment(judged: &Judged) -> Finding {
    let mut told: Vec<String> = Vec::new();
    let mut last = None;
    for heard in &judged.heard.judgements {
        if last != Some(heard.judgement.verdict) {
            told.push(format!("{} from {}", heard.judgement.verdict.word(), heard.clocks.key));
            last = Some(heard.judgement.verdict);
        }
    }
    let message = format!(
        "when the target ran is not known, and the verdict depends on it: {}; say when with --as-of",
        told.join(", ")
    );
    own_finding(judged, Code::MomentUndecided, message)
}

/// That a new release was being rolled out, and its keys make another judgement than those of the one before: of the
/// verdict, then nobody can say which holds; of single links, then that is told beside it.
fn undecided_verifier(judged: &Judged) -> Option<Finding> {
    let links = |heard: &HeardAt| -> Vec<Verdict> { heard.judgement.links.iter().map(|link| link.verdict).collect() };
    let (at_once, late) = judged.heard.by_release().find(|(at_once, late)| links(at_once) != links(late))?;
    let used = judged.heard.verifier(Some(at_once.clocks));
    let name =
        |release: Option<Release>| release.map_or_else(|| "no release".to_owned(), |release| release.to_string());
    let differing =
        chain_names(judged, |index| at_once.judgement.links[index].verdict != late.judgement.links[index].verdict);
    let message = format!(
        "{} was being rolled out to {} on {}, and {} could still run there: {} by the first, {} by the second; they differ on {}",
        name(used.release),
        used.fleet.unwrap_or_default(),
        at_once.clocks.key,
        name(used.before),
        at_once.judgement.verdict.word(),
        late.judgement.verdict.word(),
        differing.join(", ")
    );
    let finding = own_finding(judged, Code::VerifierReleaseUndecided, message);
    let is_same = at_once.judgement.verdict == late.judgement.verdict;
    Some(if is_same { Finding { plane: Plane::Audit, ..finding } } else { finding })
}

fn chain_names(judged: &Judged, differs: impl Fn(usize) -> bool) -> Vec<String> {
    let links = judged.chain.links.iter().enumerate().filter(|(index, _)| differs(*index));
    links.map(|(_, link)| link.name.clone()).collect()
}

/// That the moment of judgement, which only the queue tells, can be moved within what other keys prove, and the verdict
/// with it; or that they rule it out.
fn queues_word(judged: &Judged) -> Option<Finding> {
    let heard = &judged.heard;
    let MomentOfJudgement::At(moment, _) = heard.as_of else { return None };
    let here = heard.judgements.first()?.judgement.verdict;
    let other = heard.moved.iter().find(|moved| moved.judgement.verdict != here);
    let is_contradicted = heard.leeway.is_contradicted;
    let told = match other {
        Some(other) => format!("{} there, {} at {}", here.word(), other.judgement.verdict.word(), other.clocks.key),
        None if is_contradicted => format!("{} there and at the nearest moment that is possible", here.word()),
        None => return None,
    };
    let bound =
        |words: &str, bound: &Option<TimeBound>| bound.as_ref().map(|bound| format!("{words} {}", bound.words()));
    let bounds =
        [bound("not before", &heard.leeway.bounds.not_before), bound("not after", &heard.leeway.bounds.not_after)];
    let bounds: Vec<String> = bounds.into_iter().flatten().collect();
    let verb = if is_contradicted { "rule that out" } else { "allow others" };
    let message = format!(
        "the queue says that it was judged at {moment}, and signatures of other keys {verb}: {}; {told}",
        bounds.join(", ")
    );
    let witnesses = [&heard.leeway.bounds.not_before, &heard.leeway.bounds.not_after].into_iter().flatten();
    let evidence = witnesses.map(|bound| Evidence {
        blob: Some(bound.blob),
        pointer: Some(String::new()),
        excerpt: Some(bound.at.to_string()),
        asserted_by: Asserter::WorkerSigned,
    });
    let finding = own_finding(judged, Code::MomentOnQueuesWord, message);
    Some(Finding { plane: Plane::Audit, evidence: evidence.collect(), ..finding })
}

/// What the verdicts do not cover since evidence is missing.
fn left_open(targets: &[TargetReport], gaps: &[Gap]) -> Vec<NotChecked> {
    let links = targets.iter().flat_map(|target| &target.links);
    let unknown = links.flat_map(|link| &link.checks).filter(|result| result.outcome == Outcome::Unknown).count();
    let part = |what: &str, message: String| NotChecked { what: what.to_owned(), required_by_rules: true, message };
    let told = [
        ("missing-evidence", gaps.len(), "things that checks need are missing: the gaps name them."),
        ("open-checks", unknown, "checks of links could not be decided."),
    ];
    let told = told.into_iter().filter(|(_, count, _)| *count > 0);
    told.map(|(what, count, message)| part(what, format!("{count} {message}"))).collect()
}

/// What the verdicts do not cover, by the rule books that were used.
fn not_checked<'a>(books: impl Iterator<Item = &'a RuleBook>) -> Vec<NotChecked> {
    let mut all = BTreeSet::new();
    for book in books {
        for (parts, is_required) in [(&book.not_checked, true), (&book.approximate, false)] {
            all.extend(parts.iter().map(|part| NotChecked {
                what: part.what.clone(),
                required_by_rules: is_required,
                message: part.message.clone(),
            }));
        }
        let switches = &book.switches;
        let beyond = [
            switches.rebuild == Rebuilding::NotMade,
            switches.images == Images::MadeByTasks,
            switches.workers == Workers::NotHeld,
            switches.trees == Trees::NotHeld,
        ];
        let beyond = BEYOND_SIGNATURES.iter().zip(beyond).filter(|(_, is_left_out)| *is_left_out);
        all.extend(NEVER_COVERED.iter().chain(beyond.map(|(part, _)| part)).map(|(what, message)| NotChecked {
            what: (*what).to_owned(),
            required_by_rules: false,
            message: (*message).to_owned(),
        }));
    }
    all.into_iter().collect()
}

/// Gaps, those that several targets share told once.
#[derive(Default)]
struct Gaps {
    all: BTreeMap<(crate::model::GapKind, Subject), Gap>,
}

impl Gaps {
    fn add(&mut self, gap: Gap) {
        match self.all.get_mut(&(gap.kind, gap.subject.clone())) {
            Some(known) => {
                known.needed_by.extend(gap.needed_by);
                known.needed_by.sort();
                known.needed_by.dedup();
            }
            None => {
                self.all.insert((gap.kind, gap.subject.clone()), gap);
            }
        }
    }

    fn ordered(self) -> Vec<Gap> {
        self.all.into_values().collect()
    }
}
