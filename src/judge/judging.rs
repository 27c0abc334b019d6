//! One judgement, while it is made.

use std::collections::{BTreeMap, BTreeSet};

use super::bounds::Bounds;
use super::checks;
use super::consumption::Consumption;
use super::opinions::opinions;
use crate::chain::{Chain, Link, Mode, WorkerVote};
use crate::model::{
    Asserter, Basis, Check, CheckResult, Clocks, Code, Digest, Evidence, Facts, Finding, Form, Gap, GapKind, KeyId,
    Opinion, Outcome, Plane, Presence, Reason, Role, SignatureState, SigningBounds, Subject, TaskFacts, TaskId,
    Verdict,
};
use crate::rules::{ProductRules, RuleBook};
use crate::trust::{Distrusted, Ledger};

/// What a judgement came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The worst over the links, and never better than what the rule book leaves unchecked allows.
    pub verdict: Verdict,
    /// The class of the weightiest reason against it.
    pub reason: Option<Reason>,
    /// The links, in the chain's order.
    pub links: Vec<LinkJudgement>,
    /// The findings, unordered, each with where it came up.
    pub findings: Vec<(Finding, Place)>,
    /// The gaps, by kind and subject.
    pub gaps: Vec<Gap>,
    /// The bases on which keys were trusted.
    pub trust_basis: BTreeSet<Basis>,
}

/// Where a finding came up. Ordered by check: an earlier one names the cause, a later one its consequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The check.
    pub check: Check,
    /// The index of the link in the chain.
    pub link: usize,
}

/// What was judged of one link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkJudgement {
    /// The worst over its checks.
    pub verdict: Verdict,
    /// Its checks, in their order.
    pub checks: Vec<CheckResult>,
    /// The key that made its signature.
    pub key: Option<String>,
    /// When it was signed, as far as others prove it.
    pub signed: SigningBounds,
    /// What each verifier says of its signatures.
    pub opinions: Vec<(Form, Vec<Opinion>)>,
}

/// A check's outcome with a few words on it.
pub(super) type Ruling = (Outcome, String);

/// The rules that a chain is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The rule book.
    pub book: &'a RuleBook,
    /// The product whose tables count; `None` where nobody knows.
    pub product: Option<&'a str>,
}

impl Rules<'_> {
    /// How definitions are rebuilt, by digest; `None` where they are not.
    pub(super) fn recipe(&self) -> Option<Digest> {
        self.product.and_then(|product| self.book.recipe(product)).map(|recipe| recipe.digest())
    }
}

/// Judges a chain at some moments. What it consumes does not depend on them and is worked out once.
pub fn judge(
    chain: &Chain,
    facts: &Facts,
    rules: Rules<'_>,
    ledger: &Ledger,
    distrust: &[Distrusted],
    moments: &[Clocks],
    mode: Mode,
) -> Vec<Judgement> {
    let mut consumption = Consumption::of(chain, facts);
    let sources = checks::Sources::of(chain, facts, rules);
    let recipe = rules.recipe();
    let matter = Matter { chain, facts, rules, recipe, sources: &sources, ledger, mode };
    let mut judgements = Vec::with_capacity(moments.len());
    for clocks in moments {
        let (judgement, worked_out) = judge_at(matter, distrust, *clocks, consumption);
        judgements.push(judgement);
        consumption = worked_out;
    }
    judgements
}

/// What is judged, whatever the moment, and by what.
#[derive(Clone, Copy)]
pub(super) struct Matter<'a> {
    pub(super) chain: &'a Chain,
    pub(super) facts: &'a Facts,
    pub(super) rules: Rules<'a>,
    pub(super) recipe: Option<Digest>,
    pub(super) sources: &'a checks::Sources,
    pub(super) ledger: &'a Ledger,
    pub(super) mode: Mode,
}

fn judge_at<'a>(
    matter: Matter<'a>,
    distrust: &'a [Distrusted],
    clocks: Clocks,
    consumption: Consumption<'a>,
) -> (Judgement, Consumption<'a>) {
    let Matter { chain, facts, rules, ledger, .. } = matter;
    let bounds = Bounds::of_chain(chain, facts, rules.book, ledger, &[], clocks.knowledge);
    let proven = match distrust {
        [] => bounds.clone(),
        distrust => Bounds::of_chain(chain, facts, rules.book, ledger, distrust, clocks.knowledge),
    };
    let mut judging = Judging { bounds, proven, ..Judging::new(matter, distrust, clocks, consumption) };
    let links: Vec<LinkJudgement> =
        chain.links.iter().enumerate().map(|(index, link)| judging.judge_link(index, link)).collect();
    judging.conclude(links)
}

/// The keys of the host that ran the target, where a scriptworker did.
fn own_host_keys(chain: &Chain, facts: &Facts, ledger: &Ledger) -> BTreeSet<KeyId> {
    let scriptworker = Role::new("scriptworker");
    let target = chain.links.first().filter(|target| Judging::role(target) == Some(&scriptworker));
    let Some(task) = target.and_then(|target| facts.tasks.get(&target.task_id)) else { return BTreeSet::new() };
    let sound = task.attestations.values().filter_map(|facts| facts.signature.as_ref());
    let sound = sound.filter(|signature| signature.state == SignatureState::Sound);
    let mut keys: BTreeSet<KeyId> = sound.filter_map(|signature| signature.key.clone()).collect();
    let run = task.evidence.latest_run().and_then(|run_id| task.evidence.run(run_id));
    let Some(worker_id) = run.and_then(|run| run.worker_id.as_deref()).filter(|id| !id.is_empty()) else { return keys };
    // As in `signing-linux-1 <cltsign@signing-linux-1.srv.releng.use1.mozilla.com>`.
    let host = format!("@{worker_id}.");
    let names_host = |key: &&KeyId| {
        let mut certificates = ledger.certificates(key);
        certificates.any(|(certificate, ..)| certificate.user_ids.iter().any(|user_id| user_id.contains(&host)))
    };
    keys.extend(ledger.accepted(&scriptworker).into_iter().filter(names_host).cloned());
    keys
}

/// A gap in the making.
struct Lack {
    presence: Presence,
    told_by: Option<Asserter>,
    url: Option<String>,
    needed_by: BTreeSet<String>,
}

/// What checks see, and where they leave what they find.
pub(super) struct Judging<'a> {
    pub(super) chain: &'a Chain,
    pub(super) facts: &'a Facts,
    pub(super) book: &'a RuleBook,
    /// The product whose tables count.
    pub(super) product_name: Option<&'a str>,
    /// Its tables; `None` where nobody knows the product, or the rule book has none of that name.
    pub(super) product: Option<&'a ProductRules>,
    /// How definitions are rebuilt, by digest; `None` where they are not.
    pub(super) recipe: Option<Digest>,
    /// The trees of the links.
    pub(super) sources: &'a checks::Sources,
    pub(super) ledger: &'a Ledger,
    pub(super) distrust: &'a [Distrusted],
    /// When the links were signed, as far as others prove it.
    pub(super) bounds: Bounds,
    /// The same without the word of anything that is distrusted: only this can show that a link is older than that.
    pub(super) proven: Bounds,
    own_host_keys: BTreeSet<KeyId>,
    /// What the links consume, for all checks of the chain.
    pub(super) consumption: Consumption<'a>,
    pub(super) clocks: Clocks,
    pub(super) mode: Mode,
    pub(super) trust_basis: BTreeSet<Basis>,
    pub(super) key: Option<String>,
    findings: Vec<(Finding, Place)>,
    gaps: BTreeMap<(GapKind, Subject), Lack>,
    check: Check,
    link: usize,
}

impl<'a> Judging<'a> {
    /// A judgement that begins, without bounds on when anything was signed.
    pub(super) fn new(
        matter: Matter<'a>,
        distrust: &'a [Distrusted],
        clocks: Clocks,
        consumption: Consumption<'a>,
    ) -> Self {
        let Matter { chain, facts, rules, recipe, sources, ledger, mode } = matter;
        Self {
            own_host_keys: own_host_keys(chain, facts, ledger),
            bounds: Bounds::default(),
            proven: Bounds::default(),
            chain,
            facts,
            book: rules.book,
            product_name: rules.product,
            product: rules.product.and_then(|product| rules.book.products.get(product)),
            recipe,
            sources,
            ledger,
            distrust,
            consumption,
            clocks,
            mode,
            findings: Vec::new(),
            gaps: BTreeMap::new(),
            trust_basis: BTreeSet::new(),
            key: None,
            check: Check::Chain,
            link: 0,
        }
    }

    /// What some checks of a link come to, for the verdict: the worst outcome, and the reasons against it.
    pub(super) fn weigh(
        &mut self,
        index: usize,
        link: &'a Link,
        checks: impl IntoIterator<Item = Check>,
    ) -> (Verdict, Vec<Reason>) {
        self.link = index;
        let mark = self.mark();
        let mut worst = Verdict::Verified;
        for check in checks {
            self.check = check;
            worst = worst.max(checks::run(check, self, link).0.verdict());
        }
        let found = self.findings.drain(mark..).map(|(finding, _)| finding);
        (worst, found.filter(|finding| finding.plane == Plane::Rule).map(|finding| finding.reason).collect())
    }

    /// What it comes to, once every link was judged.
    fn conclude(self, links: Vec<LinkJudgement>) -> (Judgement, Consumption<'a>) {
        let worst = links.iter().map(|link| link.verdict).max().unwrap_or(Verdict::Undetermined);
        let at_best = if self.book.not_checked.is_empty() { Verdict::Verified } else { Verdict::Undetermined };
        let verdict = worst.max(at_best);
        let failed = self.findings.iter().map(|(finding, _)| finding);
        let failed = failed.filter(|finding| finding.plane == Plane::Rule).map(|finding| finding.reason);
        let reason = match verdict {
            Verdict::Verified => None,
            Verdict::Undetermined => Some(Reason::Absent),
            Verdict::Refuted => failed.min(),
        };
        let gaps = self.gaps.into_iter().map(|((kind, subject), lack)| Gap {
            kind,
            subject,
            url: lack.url,
            needed_by: lack.needed_by.into_iter().collect(),
            presence: lack.presence,
            told_by: lack.told_by,
        });
        let judgement = Judgement {
            verdict,
            reason,
            links,
            gaps: gaps.collect(),
            findings: self.findings,
            trust_basis: self.trust_basis,
        };
        (judgement, self.consumption)
    }

    fn judge_link(&mut self, index: usize, link: &'a Link) -> LinkJudgement {
        self.link = index;
        self.key = None;
        let results: Vec<CheckResult> = Check::ALL
            .into_iter()
            .filter(|check| *check != Check::Distrust || !self.distrust.is_empty())
            .map(|check| {
                self.check = check;
                let (outcome, detail) = checks::run(check, self, link);
                CheckResult { check, outcome, detail }
            })
            .collect();
        let verdict = results.iter().map(|result| result.outcome.verdict()).max().unwrap_or(Verdict::Undetermined);
        let opinions = self.opinions(link);
        LinkJudgement {
            verdict,
            checks: results,
            key: self.key.take(),
            signed: self.bounds.of(&link.task_id),
            opinions,
        }
    }

    fn opinions(&self, link: &Link) -> Vec<(Form, Vec<Opinion>)> {
        let attestations = self.task(&link.task_id).into_iter().flat_map(|task| {
            let of_forms = task.attestations.iter();
            of_forms.map(move |(form, facts)| (*form, opinions(self, task, *form, facts, Self::role(link))))
        });
        attestations.filter(|(_, opinions)| !opinions.is_empty()).collect()
    }

    /// Whether a key is that of the host which judges the target, as far as the evidence tells: the one that signed the
    /// target's attestation, or a scriptworker's whose certificate names the host.
    pub(super) fn is_own_host_key(&self, key: &KeyId) -> bool {
        self.own_host_keys.contains(key)
    }

    /// Whether a task is the chain's target.
    pub(super) fn is_target(&self, task_id: &TaskId) -> bool {
        self.chain.links.first().is_some_and(|target| target.task_id == *task_id)
    }

    /// What is known of a task; `None` where the snapshot has nothing of it.
    pub(super) fn task(&self, task_id: &TaskId) -> Option<&'a TaskFacts> {
        self.facts.tasks.get(task_id)
    }

    /// The role whose keys may sign for a link.
    pub(super) fn role(link: &Link) -> Option<&Role> {
        match &link.worker {
            Some(WorkerVote::Agreed(role)) => Some(role),
            Some(WorkerVote::Nobody | WorkerVote::Disagree(_)) | None => None,
        }
    }

    /// The forms of attestation that the rule book accepts and the snapshot has of a task's latest run.
    pub(super) fn forms(&self, task: &'a TaskFacts) -> Vec<(Form, &'a crate::model::AttestationFacts)> {
        let accepted = |form: &&Form| self.book.switches.forms.contains(form);
        task.attestations.iter().filter(|(form, _)| accepted(form)).map(|(form, facts)| (*form, facts)).collect()
    }

    /// Adds a finding on the rule plane.
    pub(super) fn refute(&mut self, code: Code, subject: Subject, message: String, evidence: Vec<Evidence>) {
        self.found(Plane::Rule, code, subject, message, evidence, None);
    }

    /// Adds a finding on the audit plane.
    pub(super) fn remark(&mut self, code: Code, subject: Subject, message: String, evidence: Vec<Evidence>) {
        self.found(Plane::Audit, code, subject, message, evidence, None);
    }

    /// Adds a finding on a plane; what it means for the check.
    pub(super) fn object(
        &mut self,
        plane: Plane,
        code: Code,
        subject: Subject,
        message: String,
        evidence: Vec<Evidence>,
    ) -> Outcome {
        self.found(plane, code, subject, message, evidence, None);
        match plane {
            Plane::Rule => Outcome::Fail,
            Plane::Audit => Outcome::Pass,
        }
    }

    /// Adds a finding.
    pub(super) fn found(
        &mut self,
        plane: Plane,
        code: Code,
        subject: Subject,
        message: String,
        evidence: Vec<Evidence>,
        confirm: Option<String>,
    ) {
        let target = self.chain.links.first().map(|link| link.task_id);
        let finding = Finding {
            code,
            plane,
            severity: code.severity(),
            reason: code.reason(),
            subject,
            targets: target.into_iter().collect(),
            message,
            confirm,
            evidence,
        };
        self.findings.push((finding, Place { check: self.check, link: self.link }));
    }

    /// A place in the list of findings.
    pub(super) const fn mark(&self) -> usize {
        self.findings.len()
    }

    /// Moves the findings since a place to the audit plane.
    pub(super) fn demote_since(&mut self, mark: usize) {
        self.findings.iter_mut().skip(mark).for_each(|(finding, _)| finding.plane = Plane::Audit);
    }

    /// The artifact that would carry a task's attestation, most likely: the ed25519 form came on 2019-03-07
    /// (scriptworker 22.0.0).
    pub(super) fn attestation_artifact(&self, task_id: &TaskId) -> Subject {
        const ED25519_SINCE: &str = "2019-03-07";
        let task = self.task(task_id);
        let created = task.and_then(|task| task.shape()).and_then(|shape| shape.created);
        let is_early = created.is_some_and(|created| created.to_string().as_str() < ED25519_SINCE);
        let likely = if is_early { Form::Openpgp } else { Form::Ed25519 };
        let form = if self.book.switches.forms.contains(&likely) { likely } else { Form::Ed25519 };
        subject("artifact", task_id, task.and_then(|task| task.evidence.latest_run()), Some(form.artifact()))
    }

    /// Notes that the current check lacks a task's attestation; returns what is known of it.
    pub(super) fn lack_attestation(&mut self, task_id: &TaskId) -> Presence {
        let about = self.attestation_artifact(task_id);
        let presence = match (self.task(task_id), about.run_id) {
            (Some(task), Some(run_id)) => {
                let forms = self.book.switches.forms.iter();
                let presences = forms.map(|form| task.evidence.artifact_presence(run_id, form.artifact()));
                // Absent only if every form is: which of them it would be, nobody knows.
                presences.filter(|presence| *presence != Presence::Absent).min().unwrap_or(Presence::Absent)
            }
            _ => Presence::Unknown,
        };
        if presence != Presence::Absent {
            self.lack(GapKind::Attestation, about, presence);
        }
        presence
    }

    /// Who says how it stands with something: whoever collected it, where it is there or he was denied it; else the
    /// queue, whose listing has it or lacks it. `None`: nobody asked.
    pub(super) fn told_by(&self, kind: GapKind, subject: &Subject, presence: Presence) -> Option<Asserter> {
        if presence == Presence::Present {
            return Some(Asserter::Collector);
        }
        if kind == GapKind::Source && presence == Presence::Gone {
            return Some(Asserter::Collector);
        }
        let task = self.task(subject.task_id.as_ref()?)?;
        let what = match kind {
            GapKind::Definition => "definition",
            GapKind::Status => "status",
            GapKind::Attestation | GapKind::Signature | GapKind::Artifact | GapKind::ArtifactContent => "artifact",
            GapKind::Keys | GapKind::Source => return None,
        };
        // Of attestations that nobody has, which form it would be is a guess.
        let names: Vec<Option<&str>> = if kind == GapKind::Attestation {
            self.book.switches.forms.iter().map(|form| Some(form.artifact())).collect()
        } else {
            vec![subject.name.as_deref()]
        };
        if names.iter().any(|name| task.evidence.was_denied(what, subject.run_id, *name)) {
            return Some(Asserter::Collector);
        }
        let is_listed = |name: &Option<&str>| {
            let record = subject.run_id.zip(*name).and_then(|(run_id, name)| task.evidence.artifact(run_id, name));
            record.is_some_and(|record| record.listed)
        };
        let is_told = presence != Presence::Unknown || names.iter().any(is_listed);
        is_told.then_some(Asserter::Queue)
    }

    /// Notes that the current check lacks evidence.
    pub(super) fn lack(&mut self, kind: GapKind, subject: Subject, presence: Presence) {
        let url = url(self.facts.root_url.as_deref(), kind, &subject);
        let needed_by = self.check.word().to_owned();
        let told_by = self.told_by(kind, &subject, presence);
        let lack = Lack { presence, told_by, url, needed_by: BTreeSet::new() };
        self.gaps.entry((kind, subject)).or_insert(lack).needed_by.insert(needed_by);
    }
}

/// Where missing evidence could be fetched, in the addresses of the queue.
fn url(root_url: Option<&str>, kind: GapKind, subject: &Subject) -> Option<String> {
    if kind == GapKind::Source {
        return subject.name.clone().filter(|url| is_source_address(url));
    }
    let root = root_url.filter(|root| is_address(root))?.trim_end_matches('/');
    // Before the deployments had root URLs, there was one, whose services had hosts of their own.
    let queue = match root {
        "https://taskcluster.net" => "https://queue.taskcluster.net/v1".to_owned(),
        _ => format!("{root}/api/queue/v1"),
    };
    let task = format!("{queue}/task/{}", subject.task_id.as_ref()?);
    match kind {
        GapKind::Definition => Some(task),
        GapKind::Status => Some(format!("{task}/status")),
        GapKind::Attestation | GapKind::Signature | GapKind::Artifact | GapKind::ArtifactContent => {
            let name = percent_encode(subject.name.as_deref()?);
            Some(match subject.run_id {
                Some(run_id) => format!("{task}/runs/{run_id}/artifacts/{name}"),
                None => format!("{task}/artifacts/{name}"),
            })
        }
        GapKind::Keys | GapKind::Source => None,
    }
}

/// Whether an address that captured text is part of can be fetched: one of the web, with nothing in it that a server or a
/// shell would take for something else.
fn is_source_address(url: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?&=%+@,;[]".contains(&byte);
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && rest.bytes().all(is_plain))
}

/// Whether a deployment's root, which is captured text, can be the beginning of addresses that fetch something of it: one
/// of the web, with nothing in it that ends the path or hides the host.
fn is_address(root: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/[]%".contains(&byte);
    let rest = root.strip_prefix("https://").or_else(|| root.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && rest.bytes().all(is_plain))
}

/// Percent-encodes everything but the unreserved characters of RFC 3986, slashes too, as the queue's clients do.
fn percent_encode(name: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// A subject of a finding or gap.
pub(super) fn subject(kind: &'static str, task_id: &TaskId, run_id: Option<u32>, name: Option<&str>) -> Subject {
    Subject { kind, task_id: Some(*task_id), run_id, name: name.map(str::to_owned) }
}

/// A piece of evidence.
pub(super) fn evidence(
    blob: Option<Digest>,
    pointer: &str,
    excerpt: Option<String>,
    asserted_by: Asserter,
) -> Evidence {
    Evidence { blob, pointer: Some(pointer.to_owned()), excerpt, asserted_by }
}
