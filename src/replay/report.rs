//! Assembling a report: one target after the other, findings and gaps that several share told once.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::findings::Findings;
use super::keys::Keys;
use super::planning::{Plan, Trial};
use super::service::Request;
use crate::chain::{Link, WorkerVote};
use crate::insight::completeness;
use crate::judge::{Judgement, Leeway, MomentOfJudgement, Place};
use crate::model::{
    AsOf, AsOfUsed, Asserter, AttestationReport, Basis, CheckResult, Clocks, Code, Completeness, Definition, Digest,
    Evidence, Facts, Finding, Form, Gap, LinkReport, Moment, NotChecked, Opinion, Outcome, Plane, Reason, Report,
    RulesUsed, SnapshotReport, Subject, TargetReport, TaskFacts, TaskId, TimeBound, TrustUsed, Verdict, VerifierUsed,
};
use crate::rules::{Images, Rebuilding, RuleBook, Trees, Workers};
use crate::trust::{Deployed, Fleet, Pin, Rollout};

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

/// A judgement, and by what it was made.
#[derive(Debug)]
pub(super) struct HeardAt {
    pub(super) trial: Trial,
    pub(super) judgement: Judgement,
}

/// All judgements of a target.
#[derive(Debug)]
pub(super) struct Heard {
    /// When it ran, as the queue says.
    pub(super) ran: MomentOfJudgement,
    /// Whether it may have run under more rule books than are looked at.
    pub(super) is_cut: bool,
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
        let is_contradicted = self.leeway.is_contradicted();
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
        let by = |rollout| self.judgements.iter().filter(move |heard| heard.trial.rollout == rollout);
        by(Rollout::Late).filter_map(move |late| {
            let at_once = by(Rollout::AtOnce).find(|heard| heard.trial.moment == late.trial.moment);
            at_once.map(|at_once| (at_once, late))
        })
    }

    /// What the fleet ran at a moment.
    fn deployed(&self, moment: Moment) -> Option<(&Fleet, Deployed<'_>)> {
        let fleet = self.fleet.as_ref()?;
        Some((fleet, fleet.deployed(moment)?))
    }

    /// The scriptworker that judges at a moment.
    fn verifier(&self, clocks: Option<Clocks>) -> VerifierUsed {
        let deployed = clocks.and_then(|clocks| self.deployed(clocks.key)).map(|(_, deployed)| deployed);
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
    snapshots: Vec<Digest>,
    label: Option<String>,
    /// By each rule book that could have counted.
    plans: Vec<Plan>,
    completeness: Completeness,
    /// The evidence of the links of the plan that is told.
    runs: Vec<LinkEvidence>,
    heard: Heard,
}

impl Judged {
    pub(super) fn new(task_id: TaskId, plans: Vec<Plan>, snapshots: Vec<Digest>, facts: &Facts, heard: Heard) -> Self {
        let shape = facts.tasks.get(&task_id).and_then(TaskFacts::shape);
        let label = shape.and_then(Definition::title).map(str::to_owned);
        let run = |link: &Link| {
            let task = facts.tasks.get(&link.task_id);
            let shaped_by_attestation = task.is_some_and(|task| task.definition.is_none() && task.shape().is_some());
            LinkEvidence {
                run_id: task.and_then(|task| task.evidence.latest_run()),
                is_embedded: shaped_by_attestation,
                attestations: task.map(attestations).unwrap_or_default(),
            }
        };
        let mut judged =
            Self { task_id, snapshots, label, plans, completeness: Completeness::default(), runs: Vec::new(), heard };
        judged.completeness = completeness(judged.told().needs(), facts);
        judged.runs = judged.told().chain.links.iter().map(run).collect();
        judged
    }

    /// The plan of the judgement that is told.
    pub(super) fn told(&self) -> &Plan {
        &self.plans[self.heard.worst().map_or(0, |(heard, _)| heard.trial.plan)]
    }

    /// The rule books by which it was judged.
    pub(super) fn books(&self) -> impl Iterator<Item = &RuleBook> {
        self.plans.iter().map(|plan| &*plan.rules.book)
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

/// A report in the making: judged targets are added as they come, so that judgements need not be kept.
#[derive(Default)]
pub(super) struct Telling {
    pub(super) targets: Vec<TargetReport>,
    findings: Findings,
    gaps: Gaps,
    not_checked: BTreeSet<NotChecked>,
    books: BTreeSet<Digest>,
    /// The lists of checks that links share.
    checks: HashSet<Arc<[CheckResult]>>,
}

impl Telling {
    /// Adds targets.
    pub(super) fn add(&mut self, judged: Vec<Judged>, request: &Request) {
        for book in judged.iter().flat_map(Judged::books) {
            if self.books.insert(book.digest) {
                add_not_checked(book, &mut self.not_checked);
            }
        }
        let told: Vec<(TargetReport, Vec<Finding>, Vec<Gap>)> =
            judged.into_par_iter().map(|target| report_target(target, request)).collect();
        for (mut target, own, lacking) in told {
            target.links.iter_mut().for_each(|link| share(&mut self.checks, &mut link.checks));
            own.into_iter().for_each(|finding| self.findings.add(finding));
            lacking.into_iter().for_each(|gap| self.gaps.add(target.task_id, gap));
            self.targets.push(target);
        }
    }

    /// The report.
    pub(super) fn report(
        self,
        content_id: Digest,
        inputs: Digest,
        snapshots: Vec<SnapshotReport>,
        keys: &Keys,
        request: &Request,
    ) -> Report {
        let Self { mut targets, mut findings, gaps, not_checked, .. } = self;
        targets.sort_by_key(|target| target.task_id);
        for problem in keys.problems.iter().filter(|problem| !problem.is_for_audit) {
            findings.add(problem.finding());
        }
        let (findings, findings_left_out) = findings.told();
        let gaps = gaps.ordered();
        let mut not_checked: Vec<NotChecked> = not_checked.into_iter().collect();
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
            notes: Vec::new(),
        }
    }
}

/// Takes the list that is known already, where one is the same.
fn share(known: &mut HashSet<Arc<[CheckResult]>>, checks: &mut Arc<[CheckResult]>) {
    match known.get(checks) {
        Some(known) => *checks = Arc::clone(known),
        None => {
            known.insert(Arc::clone(checks));
        }
    }
}

/// Verdict and reason of a target, as its report tells them.
pub(super) fn standing(judged: Judged, request: &Request) -> (Verdict, Option<Reason>) {
    let (target, ..) = report_target(judged, request);
    (target.verdict, target.reason)
}

/// What is told of a target, its findings and its gaps. Made in parallel with the others.
fn report_target(judged: Judged, request: &Request) -> (TargetReport, Vec<Finding>, Vec<Gap>) {
    let outcome = judged.heard.worst();
    let plan = judged.told();
    let agree = outcome.is_none_or(|(_, agree)| agree);
    let clocks = outcome.map(|(heard, _)| heard.trial.clocks);
    let judgement = outcome.map(|(heard, _)| &heard.judgement);
    let mut verdict = judgement.map_or(Verdict::Undetermined, |judgement| judgement.verdict);
    let mut reason = judgement.and_then(|judgement| judgement.reason);
    let mut own: Vec<(Finding, Place)> = judgement.map(|judgement| judgement.findings.clone()).unwrap_or_default();
    if plan.task_type.is_none() {
        verdict = verdict.max(Verdict::Undetermined);
        own.push((undecided_type(&judged, plan), FIRST));
    }
    let (undecided, remarks) = (undecided_verifier(&judged), queues_word(&judged));
    if judged.heard.is_cut {
        verdict = verdict.max(Verdict::Undetermined);
        own.push((undecided_rules(&judged), FIRST));
    }
    if !agree {
        // The verdict depends on a moment or a release that nobody knows: then it can't be said.
        verdict = Verdict::Undetermined;
        if undecided.as_ref().is_none_or(|finding| finding.plane == Plane::Audit) || moments_disagree(&judged) {
            own.push((undecided_moment(&judged, request), FIRST));
        }
    }
    own.extend(undecided.into_iter().chain(remarks).map(|finding| (finding, FIRST)));
    if shape_is_embedded(&judged) {
        verdict = verdict.max(Verdict::Undetermined);
    }
    if verdict == Verdict::Undetermined {
        reason = Some(Reason::Absent);
    }
    let links = report_links(&judged, plan, judgement);
    let headline = headline(verdict, reason, &links, &own, judgement, &plan.rules.book);
    let gaps = judgement.map(|judgement| judgement.gaps.clone()).unwrap_or_default();
    let is_one = matches!(judged.heard.ran, MomentOfJudgement::At(..)) || matches!(request.as_of, AsOf::At(_));
    let known = clocks.filter(|_| is_one);
    let verifier = judged.heard.verifier(known);
    let as_of = as_of_used(&judged.heard, request, known);
    let target = TargetReport {
        task_id: judged.task_id,
        label: judged.label.clone(),
        task_type: plan.task_type.clone(),
        task_type_candidates: plan.candidates.clone(),
        product: plan.product.clone(),
        mode: request.mode.word().to_owned(),
        rules: RulesUsed {
            id: plan.rules.book.id.clone(),
            digest: plan.rules.book.digest,
            basis: plan.rules.basis.clone(),
        },
        trust_basis: judgement.map(|judgement| judgement.trust_basis.iter().copied().collect()).unwrap_or_default(),
        as_of,
        verifier,
        verdict,
        reason,
        headline,
        snapshots: judged.snapshots.clone(),
        completeness: judged.completeness,
        links,
    };
    (target, own.into_iter().map(|(finding, _)| finding).collect(), gaps)
}

/// The moment of judgement as it is told: the queue's word is no longer it where other keys rule that out.
fn as_of_used(heard: &Heard, request: &Request, clocks: Option<Clocks>) -> AsOfUsed {
    let is_contradicted = heard.leeway.is_contradicted();
    let (mode, basis) = match (request.as_of, heard.ran) {
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

fn report_links(judged: &Judged, plan: &Plan, judgement: Option<&Judgement>) -> Vec<LinkReport> {
    let of_links = judgement.map_or(&[][..], |judgement| &judgement.links);
    let links = plan.chain.links.iter().zip(&judged.runs).zip(of_links);
    links
        .map(|((link, run), judged)| LinkReport {
            task_id: link.task_id,
            name: link.name.clone(),
            reached_from: link.reached_from,
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
            checks: judged.checks.as_slice().into(),
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
        subject: Subject { kind: "task", task_id: Some(judged.task_id), run_id: None, name: None },
        targets: vec![judged.task_id],
        message,
        confirm: None,
        evidence: Vec::new(),
    }
}

fn undecided_type(judged: &Judged, plan: &Plan) -> Finding {
    let message = format!(
        "the evidence does not settle the task type; it may be {}: say which with --task-type",
        plan.candidates.join(", ")
    );
    own_finding(judged, Code::TaskTypeUndecided, message)
}

fn moments_disagree(judged: &Judged) -> bool {
    let at_once = judged.heard.judgements.iter().filter(|heard| heard.trial.rollout == Rollout::AtOnce);
    let verdicts: BTreeSet<Verdict> = at_once.map(|heard| heard.judgement.verdict).collect();
    verdicts.len() > 1 && verdicts.contains(&Verdict::Refuted)
}

fn undecided_rules(judged: &Judged) -> Finding {
    let book = &judged.told().rules.book.id;
    let message = format!(
        "when the target ran is not known, and too many releases had their own rules between its creation and its \
         deadline; it was judged by those of {book}: say by which with --rules"
    );
    own_finding(judged, Code::MomentUndecided, message)
}

fn undecided_moment(judged: &Judged, request: &Request) -> Finding {
    let mut told: Vec<String> = Vec::new();
    let mut last = None;
    for heard in &judged.heard.judgements {
        if last != Some(heard.judgement.verdict) {
            told.push(format!("{} from {}", heard.judgement.verdict.word(), heard.trial.moment));
            last = Some(heard.judgement.verdict);
        }
    }
    let advice = match request.as_of {
        AsOf::Then => "say when with --as-of",
        AsOf::At(_) => "say by which rules with --rules",
    };
    let message =
        format!("when the target ran is not known, and the verdict depends on it: {}; {advice}", told.join(", "));
    own_finding(judged, Code::MomentUndecided, message)
}

/// That a new release was being rolled out, and its keys or rules make another judgement than those of the one before: of
/// the verdict, then nobody can say which holds; of single links, then that is told beside it.
fn undecided_verifier(judged: &Judged) -> Option<Finding> {
    let (at_once, late, differing) = judged.heard.by_release().find_map(|(at_once, late)| {
        let differing = differing_links(judged, at_once, late);
        (!differing.is_empty()).then_some((at_once, late, differing))
    })?;
    // Keys are those of the clocks, rules those of the run: where the auditor names the clocks, either was in between.
    let Trial { clocks, moment, .. } = at_once.trial;
    let is_between = |at: &Moment| judged.heard.deployed(*at).is_some_and(|(_, deployed)| deployed.before.is_some());
    let moment = Some(clocks.key).filter(is_between).unwrap_or(moment);
    let deployed = judged.heard.deployed(moment);
    let name = |pin: Option<&Pin>| pin.map_or_else(|| "no release".to_owned(), |pin| pin.release.to_string());
    let message = format!(
        "{} was being rolled out to {} on {moment}, and {} could still run there: {} by the first, {} by the second; \
         they differ on {}",
        name(deployed.map(|(_, deployed)| deployed.pin)),
        deployed.map(|(fleet, _)| fleet.name.as_str()).unwrap_or_default(),
        name(deployed.and_then(|(_, deployed)| deployed.before)),
        at_once.judgement.verdict.word(),
        late.judgement.verdict.word(),
        differing.join(", ")
    );
    let finding = own_finding(judged, Code::VerifierReleaseUndecided, message);
    let is_same = at_once.judgement.verdict == late.judgement.verdict;
    Some(if is_same { Finding { plane: Plane::Audit, ..finding } } else { finding })
}

/// The links, by their names, of which two judgements say different things, or that the chain of one of them lacks.
fn differing_links(judged: &Judged, one: &HeardAt, other: &HeardAt) -> Vec<String> {
    let links = |heard: &HeardAt| {
        let links = judged.plans[heard.trial.plan].chain.links.iter().zip(&heard.judgement.links);
        links.map(|(link, judgement)| (link.task_id, (link.name.clone(), judgement.verdict))).collect()
    };
    let (one, other): (BTreeMap<TaskId, (String, Verdict)>, BTreeMap<_, _>) = (links(one), links(other));
    let verdict = |of: &BTreeMap<TaskId, (String, Verdict)>, task_id| of.get(task_id).map(|(_, verdict)| *verdict);
    let all: BTreeMap<&TaskId, &String> =
        other.iter().chain(&one).map(|(task_id, (name, _))| (task_id, name)).collect();
    let mut differing: Vec<String> = all
        .into_iter()
        .filter(|(task_id, _)| verdict(&one, task_id) != verdict(&other, task_id))
        .map(|(_, name)| name.clone())
        .collect();
    differing.sort();
    differing
}

/// That the moment of judgement, which only the queue tells, can be moved within what other keys prove, and the verdict
/// with it; or that they rule it out.
fn queues_word(judged: &Judged) -> Option<Finding> {
    let heard = &judged.heard;
    let MomentOfJudgement::At(moment, _) = heard.ran else { return None };
    let first = heard.judgements.first()?;
    let here = first.judgement.verdict;
    let other = heard.moved.iter().find(|moved| moved.judgement.verdict != here);
    let is_contradicted = heard.leeway.is_contradicted();
    let by = |heard: &HeardAt| {
        let rules = &judged.plans[heard.trial.plan].rules.book.id;
        let is_other = heard.trial.plan != first.trial.plan;
        if is_other { format!(" by the rules of {rules}") } else { String::new() }
    };
    let told = match other {
        Some(other) => {
            let verdict = other.judgement.verdict.word();
            format!("{} there, {verdict} at {}{}", here.word(), other.trial.moment, by(other))
        }
        None if is_contradicted => {
            let by = heard.moved.first().map(by).unwrap_or_default();
            format!("{} there and at the nearest moment that is possible{by}", here.word())
        }
        None => return None,
    };
    let bound =
        |words: &str, bound: &Option<Box<TimeBound>>| bound.as_ref().map(|bound| format!("{words} {}", bound.words()));
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
    let unknown = links.flat_map(|link| link.checks.iter()).filter(|result| result.outcome == Outcome::Unknown).count();
    let part = |what: &str, message: String| NotChecked { what: what.to_owned(), required_by_rules: true, message };
    let told = [
        ("missing-evidence", gaps.len(), "things that checks need are missing: the gaps name them."),
        ("open-checks", unknown, "checks of links could not be decided."),
    ];
    let told = told.into_iter().filter(|(_, count, _)| *count > 0);
    told.map(|(what, count, message)| part(what, format!("{count} {message}"))).collect()
}

/// Adds what the verdicts do not cover, by a rule book that was used.
fn add_not_checked(book: &RuleBook, all: &mut BTreeSet<NotChecked>) {
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

/// Gaps, those that several targets share told once.
#[derive(Default)]
struct Gaps {
    /// Each as the first target in the order of their ids has it, and that target.
    all: BTreeMap<(crate::model::GapKind, Subject), (TaskId, Gap)>,
}

impl Gaps {
    fn add(&mut self, target: TaskId, gap: Gap) {
        match self.all.get_mut(&(gap.kind, gap.subject.clone())) {
            Some((first, known)) => {
                let mut needed_by = std::mem::take(&mut known.needed_by);
                needed_by.extend_from_slice(&gap.needed_by);
                needed_by.sort();
                needed_by.dedup();
                if target < *first {
                    (*first, *known) = (target, gap);
                }
                known.needed_by = needed_by;
            }
            None => {
                self.all.insert((gap.kind, gap.subject.clone()), (target, gap));
            }
        }
    }

    fn ordered(self) -> Vec<Gap> {
        self.all.into_values().map(|(_, gap)| gap).collect()
    }
}
