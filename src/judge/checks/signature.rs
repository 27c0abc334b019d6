//! The attestation's signature is sound, by a key in force for the role of its worker.

use std::collections::BTreeSet;

use crate::chain::Link;
use crate::judge::judging::{Judging, Ruling, evidence, subject};
use crate::judge::signing_time;
use crate::model::{
    ArmorNote, Asserter, AttestationFacts, Basis, Clocks, Code, Evidence, Form, FramingKind, GapKind, KeyId, Moment,
    Outcome, Plane, Presence, Role, Signature, SignatureState, Subject, TaskFacts, Validity,
};
use crate::rules::OwnHostKey;
use crate::trust::Standing;

/// The most characters of odd bytes that a message shows; the evidence beside it has more.
const EXCERPT_TOLD: usize = 40;

/// The most keys that one message names.
const KEYS_TOLD: usize = 6;

/// All that the outcome of this check rests on beside moments, keys and rules: links with the same grounds have the same
/// outcome at a moment. What is only remarked on is left out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::judge) enum Grounds {
    /// The target has not run.
    NotRun,
    /// Nothing of the task was captured.
    NotCaptured,
    /// Its attestations, in the forms that the rule book reads.
    Forms(Option<Role>, Vec<FormGrounds>),
}

/// The same of one form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::judge) struct FormGrounds {
    form: Form,
    signature: Option<SignatureGrounds>,
    /// Whether a detached signature is known to be missing.
    is_absent: bool,
}

/// The same of a signature whose bytes are kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct SignatureGrounds {
    state: SignatureState,
    key: Option<KeyId>,
    signing_key: Option<String>,
    issuer: Option<String>,
    expires: Option<Moment>,
    hash_refused_from: Option<Moment>,
    is_by_own_host: bool,
}

impl Grounds {
    /// Of a link.
    pub(in crate::judge) fn of(judging: &Judging<'_>, link: &Link) -> Self {
        if !link.is_attested {
            return Self::NotRun;
        }
        let Some(task) = judging.task(&link.task_id) else { return Self::NotCaptured };
        let is_target = judging.is_target(&link.task_id);
        let of_form = |(form, facts): (Form, &AttestationFacts)| {
            let signature = facts.signature.as_ref().map(|signature| SignatureGrounds {
                state: signature.state,
                key: signature.key.clone(),
                signing_key: signature.signing_key.clone(),
                issuer: signature.issuer.clone(),
                expires: signature.expires,
                hash_refused_from: signature.hash_refused_from,
                is_by_own_host: !is_target && signature.key.as_ref().is_some_and(|key| judging.is_own_host_key(key)),
            });
            let presence = |run_id| task.evidence.artifact_presence(run_id, crate::model::ATTESTATION_SIG);
            let is_absent = task.evidence.latest_run().map(presence) == Some(Presence::Absent);
            FormGrounds { form, signature, is_absent }
        };
        Self::Forms(Judging::role(link).cloned(), judging.forms(task).into_iter().map(of_form).collect())
    }
}

/// What one form's signature came to.
struct FormRuling {
    outcome: Outcome,
    /// Whether the failure is one of bytes, not of trust: then no other form makes up for it.
    is_contradicted: bool,
    words: String,
}

pub(super) fn check(judging: &mut Judging<'_>, link: &Link) -> Ruling {
    if !link.is_attested {
        return (Outcome::NotApplicable, "the target has not run yet".to_owned());
    }
    let Some(task) = judging.task(&link.task_id) else { return (Outcome::Unknown, "not captured".to_owned()) };
    let forms = judging.forms(task);
    if forms.is_empty() {
        judging.lack_attestation(&link.task_id);
        return (Outcome::Unknown, "there is no attestation".to_owned());
    }
    let before = judging.mark();
    let rulings: Vec<FormRuling> =
        forms.iter().map(|(form, facts)| check_form(judging, link, task, *form, facts)).collect();
    let words = rulings.iter().map(|ruling| ruling.words.clone()).collect::<Vec<_>>().join("; ");
    // A run of the transition of 2019 has both forms: one that is sound and trusted is enough, unless the other's bytes
    // contradict their signature.
    let outcome = if rulings.iter().any(|ruling| ruling.is_contradicted) {
        Outcome::Fail
    } else {
        rulings.iter().map(|ruling| ruling.outcome).min().unwrap_or(Outcome::Unknown)
    };
    if outcome == Outcome::Pass {
        // What does not count for the verdict is told beside it.
        judging.demote_since(before);
    }
    (outcome, words)
}

fn check_form(
    judging: &mut Judging<'_>,
    link: &Link,
    task: &TaskFacts,
    form: Form,
    facts: &AttestationFacts,
) -> FormRuling {
    let here = subject("signature", &link.task_id, task.evidence.latest_run(), Some(form.artifact()));
    let Some(signature) = &facts.signature else {
        let is_detached = facts.attestation.is_some() && facts.signature_blob.is_some();
        let name = if is_detached { crate::model::ATTESTATION_SIG } else { form.artifact() };
        let content = subject("artifact", &link.task_id, here.run_id, Some(name));
        judging.lack(GapKind::ArtifactContent, content, Presence::Present);
        return unknown("its bytes are not kept");
    };
    remark_on_framing(judging, &here, facts, signature);
    if let Some(key) = &signature.key {
        judging.key = Some(key.to_string());
    }
    // Whom a key is trusted for matters only where one made or could have made the signature.
    let needs_role = match signature.state {
        SignatureState::Sound | SignatureState::NoKey => true,
        SignatureState::Invalid => signature.issuer.is_none(),
        SignatureState::Missing | SignatureState::Unreadable | SignatureState::Ambiguous => false,
    };
    let beside = signature.gpg_of_the_time().map(|said| format!(" ({said})")).unwrap_or_default();
    let nobody = Role::new("");
    let role = Judging::role(link);
    signing_time::remark(judging, task, &here, facts, signature, role);
    let role = match role {
        Some(role) => role,
        None if needs_role => return unknown(&format!("no role: the worker implementation is not known{beside}")),
        None => &nobody,
    };
    let case = FormCase { link, task, form, facts, signature, role, here };
    let ruling = match signature.state {
        SignatureState::Sound => case.sound(judging),
        SignatureState::Missing => case.missing(judging),
        SignatureState::Unreadable => {
            let why = signature.why.clone().unwrap_or_default();
            case.fail(judging, Code::SignatureUnreadable, format!("the signature can't be read: {why}"))
        }
        SignatureState::Ambiguous => {
            let why = signature.why.clone().unwrap_or_default();
            case.fail(judging, Code::SignatureAmbiguous, format!("which text is signed can't be said: {why}"))
        }
        SignatureState::Invalid => case.invalid(judging),
        SignatureState::NoKey => case.no_key(judging),
    };
    FormRuling { words: format!("{}{beside}", ruling.words), ..ruling }
}

fn unknown(words: &str) -> FormRuling {
    FormRuling { outcome: Outcome::Unknown, is_contradicted: false, words: words.to_owned() }
}

/// One form's signature, with what is needed to speak of it.
struct FormCase<'a> {
    link: &'a Link,
    task: &'a TaskFacts,
    form: Form,
    facts: &'a AttestationFacts,
    signature: &'a Signature,
    role: &'a Role,
    here: Subject,
}

impl FormCase<'_> {
    fn sound(&self, judging: &mut Judging<'_>) -> FormRuling {
        let Some(key) = &self.signature.key else { return unknown("no key is named") };
        let standing = judging.ledger.standing(key, self.signature.signing_key.as_deref(), self.role, judging.clocks);
        let moment = judging.clocks.key;
        let role = self.role;
        if self.is_taken_as_own(judging, key, &standing) {
            self.remark_on_own_host(judging, key);
            let words = format!("sound, by {key}, the own key of the host that judged, which it took for every role");
            return FormRuling { outcome: Outcome::Pass, is_contradicted: false, words };
        }
        let (code, words) = match standing {
            Standing::Trusted { bases, last_known } => {
                if let Some(cutoff) = self.signature.hash_refused_from.filter(|cutoff| *cutoff <= judging.clocks.policy)
                {
                    let hash = self.signature.hash.as_deref().unwrap_or("its hash");
                    let words = format!("the signature rests on {hash}, which no longer counts since {cutoff}");
                    return self.fail(judging, Code::KeyRefusedByPolicy, words);
                }
                if let Some(expires) = self.signature.expires.filter(|expires| *expires <= moment) {
                    let words = format!(
                        "the signature is sound, but it expired by itself on {expires}, before the moment of judgement, {moment}"
                    );
                    return self.fail(judging, Code::SignatureExpired, words);
                }
                if let Some(words) = self.behind_a_broken_key(judging, key, &bases) {
                    return self.fail(judging, Code::KeyMalformed, words);
                }
                judging.trust_basis.extend(bases);
                self.remark_on_trust(judging, key, last_known);
                let words = format!("sound, by {key}, in force for {role}");
                return FormRuling { outcome: Outcome::Pass, is_contradicted: false, words };
            }
            Standing::NotAccepted if !judging.ledger.has_accepted(self.role, self.form, moment) => {
                judging.lack(GapKind::Keys, keys_of(self.role), Presence::Unknown);
                return unknown(&format!("sound, by {key}, which nobody has accepted for {role}"));
            }
            Standing::NotAccepted => (Code::KeyNotAccepted, "nobody accepted its key".to_owned()),
            Standing::OtherRoles(roles) => {
                let roles: Vec<&str> = roles.iter().map(Role::as_str).collect();
                (Code::KeyWrongRole, format!("its key is trusted for {}, not for {role}", roles.join(", ")))
            }
            Standing::NotInForce { intervals, validity } => {
                if let Some((validity, since)) = validity {
                    let (code, words) = invalidity(validity, since, moment);
                    self.fail(judging, code, format!("besides, {words} (key {key})"));
                }
                let told: Vec<String> = intervals.iter().map(|(from, until)| interval(*from, *until)).collect();
                (Code::KeyNotInForce, format!("its key was in force {}, not at {moment}", told.join(" and ")))
            }
            Standing::OtherVariant => {
                let words = "its key is in force only with another variant of its certificate than the case has";
                (Code::KeyVariantUnknown, words.to_owned())
            }
            Standing::NotValid { validity, moment: since } => invalidity(validity, since, moment),
        };
        self.remark_on_own_host(judging, key);
        self.fail(judging, code, format!("the signature is sound, but {words} (key {key})"))
    }

    /// That scriptworker does not come to the key: it tries those of a role in the order of its configuration, and one that
    /// can't be read ends its verification (`verify_link_ed25519_cot_signature`). A list that ships with cotrace has
    /// none.
    fn behind_a_broken_key(&self, judging: &Judging<'_>, key: &KeyId, bases: &BTreeSet<Basis>) -> Option<String> {
        let is_scriptworkers = judging.book.read_in_full.is_some() && self.form == Form::Ed25519;
        let only_listed = bases.iter().all(|basis| *basis == Basis::Operator);
        let told = judging.ledger.behind(self.role, key).filter(|_| is_scriptworkers && only_listed)?;
        Some(format!("the signature is sound, but scriptworker stumbles over {told} before it tries {key}"))
    }

    /// Whether it is another link's signature by the key of the host that ran the target.
    fn is_by_own_host(&self, judging: &Judging<'_>, key: &KeyId) -> bool {
        let is_target = judging.is_target(&self.link.task_id);
        self.form == Form::Openpgp && !is_target && judging.is_own_host_key(key)
    }

    /// Whether the rule book takes the host's own key where it is not trusted otherwise. An expired or revoked one gpg did
    /// not trust, whosever it was.
    fn is_taken_as_own(&self, judging: &Judging<'_>, key: &KeyId, standing: &Standing) -> bool {
        let is_alive = match standing {
            Standing::Trusted { .. } => return false,
            Standing::NotValid { validity, .. } | Standing::NotInForce { validity: Some((validity, _)), .. } => {
                *validity == Validity::RefusedByPolicy
            }
            Standing::NotInForce { validity: None, .. }
            | Standing::NotAccepted
            | Standing::OtherRoles(_)
            | Standing::OtherVariant => true,
        };
        is_alive && judging.book.switches.own_host_key == OwnHostKey::Accepted && self.is_by_own_host(judging, key)
    }

    /// That scriptworker of the OpenPGP era took the key nevertheless: the host's own stood in every keyring.
    fn remark_on_own_host(&self, judging: &mut Judging<'_>, key: &KeyId) {
        if !self.is_by_own_host(judging, key) {
            return;
        }
        let message = format!(
            "{key} is the key of the host that ran the target: scriptworker there took it for every role, {} too",
            self.role
        );
        judging.remark(Code::KeyOfOwnHost, self.here.clone(), message, self.places());
    }

    /// What is to be said of a trusted key besides: that its source is older than the moment, or that it was revoked by
    /// something that was not known then.
    fn remark_on_trust(&self, judging: &mut Judging<'_>, key: &KeyId, last_known: Option<Moment>) {
        self.remark_on_own_time(judging, key);
        if let Some(known) = last_known {
            let message = format!(
                "{key} is trusted as of {}, and what says so was last read on {known}: a later removal would not be known",
                judging.clocks.key
            );
            judging.remark(Code::KeyLedgerOutdated, self.here.clone(), message, self.places());
        }
        let signing_key = self.signature.signing_key.as_deref().unwrap_or_default();
        let later = judging.ledger.later_revocation(key, signing_key, judging.clocks);
        if let Some((revocation, known)) = later {
            let made =
                revocation.made.map_or_else(|| "at a time it does not state".to_owned(), |made| format!("on {made}"));
            let kind =
                if revocation.is_hard { "it counts for every signature of the key" } else { "it counts from then on" };
            let message = format!(
                "{key} was revoked {made} ({}): {kind}; the case has known it since {known}, after the moment of judgement",
                revocation.reason
            );
            judging.remark(Code::KeyRevokedLater, self.here.clone(), message, self.places());
        }
    }

    /// That the key is trusted at the moment of judgement, and was not when the link ran: a verifier looks at its own
    /// moment alone.
    fn remark_on_own_time(&self, judging: &mut Judging<'_>, key: &KeyId) {
        let run = self.task.evidence.latest_run().and_then(|run_id| self.task.evidence.run(run_id));
        // The end is when the worker signed, as the queue tells it; the target itself is judged before that.
        let Some(ended) = run.and_then(|run| run.resolved).filter(|ended| *ended < judging.clocks.key) else { return };
        let clocks = Clocks::all_at(ended);
        let standing = judging.ledger.standing(key, self.signature.signing_key.as_deref(), self.role, clocks);
        let why = match standing {
            Standing::Trusted { .. } => return,
            Standing::NotInForce { .. } => "was not in force",
            Standing::NotValid { validity: Validity::NotYetCreated, .. } => "did not exist",
            Standing::NotValid { validity: Validity::Expired, .. } => "had expired",
            Standing::NotValid { .. } | Standing::OtherVariant => "was not valid",
            Standing::NotAccepted | Standing::OtherRoles(_) => "was not trusted",
        };
        let message = format!(
            "{key} is trusted for {} at {}, and {why} when the run ended, on {ended}, as the queue has it",
            self.role, judging.clocks.key
        );
        judging.remark(Code::KeyNotTrustedThen, self.here.clone(), message, self.places());
    }

    fn missing(&self, judging: &mut Judging<'_>) -> FormRuling {
        if self.form == Form::Openpgp {
            // The signature's place is the file itself, and the file is there.
            let why = self.signature.why.as_deref().unwrap_or("the file has none");
            return self.fail(judging, Code::SignatureMissing, format!("there is no signature: {why}"));
        }
        let name = crate::model::ATTESTATION_SIG;
        let run_id = self.task.evidence.latest_run();
        let presence = run_id.map_or(Presence::Unknown, |run_id| self.task.evidence.artifact_presence(run_id, name));
        match presence {
            Presence::Absent => self.fail(judging, Code::SignatureMissing, format!("there is no {name}")),
            Presence::Present => {
                let content = subject("artifact", &self.link.task_id, run_id, Some(name));
                judging.lack(GapKind::ArtifactContent, content, presence);
                unknown("the signature's bytes are not kept")
            }
            Presence::Gone | Presence::Unknown => {
                judging.lack(GapKind::Signature, subject("artifact", &self.link.task_id, run_id, Some(name)), presence);
                unknown(&format!("the signature is {}", presence.word()))
            }
        }
    }

    fn invalid(&self, judging: &mut Judging<'_>) -> FormRuling {
        let tried = self.signature.tried.len();
        match &self.signature.issuer {
            Some(issuer) => {
                let words = format!("the signature names key {issuer} and does not verify under it");
                self.fail(judging, Code::SignatureInvalid, words)
            }
            // A detached ed25519 signature names no key: it can't be told from one by a key that is nowhere known.
            None if judging.ledger.has_accepted(self.role, self.form, judging.clocks.key) => {
                let accepted = judging.ledger.accepted(self.role);
                let named: Vec<&str> = accepted.iter().take(KEYS_TOLD).map(|key| key.as_str()).collect();
                let more = if accepted.len() > KEYS_TOLD { ", …" } else { "" };
                let words = format!(
                    "the signature verifies under none of the {tried} known keys, {} of them accepted for {}: {}{more}",
                    accepted.len(),
                    self.role,
                    named.join(", ")
                );
                self.fail(judging, Code::SignatureInvalid, words)
            }
            None => {
                judging.lack(GapKind::Keys, keys_of(self.role), Presence::Unknown);
                unknown(&format!(
                    "it verifies under none of the {tried} known keys, and none is accepted for {}",
                    self.role
                ))
            }
        }
    }

    fn no_key(&self, judging: &mut Judging<'_>) -> FormRuling {
        let issuer = self.signature.issuer.as_deref().unwrap_or("an unnamed key");
        if let Some(key) = self.signature.issuer.as_deref().and_then(|issuer| judging.ledger.issued_by(issuer)) {
            let words = format!("the signature names {key}, whose certificate is not in the case");
            judging.lack(GapKind::Keys, keys_of(self.role), Presence::Unknown);
            return unknown(&words);
        }
        if judging.ledger.has_accepted(self.role, self.form, judging.clocks.key) && self.form == Form::Openpgp {
            let words = format!("the signature names key {issuer}, which is not known");
            return self.fail(judging, Code::KeyUnknown, words);
        }
        judging.lack(GapKind::Keys, keys_of(self.role), Presence::Unknown);
        unknown(&format!("there is no key for {} to verify it with", self.role))
    }

    fn fail(&self, judging: &mut Judging<'_>, code: Code, words: String) -> FormRuling {
        let confirm = confirm(judging, self);
        judging.found(Plane::Rule, code, self.here.clone(), words.clone(), self.places(), Some(confirm));
        // Without a signature a clear-signed file is a contradiction of itself; of a detached signature it is a lack.
        let is_contradicted =
            matches!(code, Code::SignatureInvalid | Code::SignatureUnreadable | Code::SignatureAmbiguous)
                || code == Code::SignatureMissing && self.form == Form::Openpgp;
        FormRuling { outcome: Outcome::Fail, is_contradicted, words }
    }

    fn places(&self) -> Vec<Evidence> {
        let signed = evidence(Some(self.facts.blob), "", None, self.facts.asserter());
        let detached =
            self.facts.signature_blob.map(|blob| evidence(Some(blob), "bytes=0-64", None, self.facts.asserter()));
        let untold = self.signature.notes.iter().filter(|note| framing(note.kind).is_none());
        std::iter::once(signed).chain(detached).chain(untold.map(|note| place(self.facts, note))).collect()
    }
}

fn keys_of(role: &Role) -> Subject {
    Subject { kind: "key", task_id: None, run_id: None, name: Some(role.to_string()) }
}

fn interval(from: Option<Moment>, until: Option<Moment>) -> String {
    match (from, until) {
        (None, None) => "always".to_owned(),
        (Some(from), Some(until)) if from >= until => "never".to_owned(),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("until {until}"),
        (Some(from), Some(until)) => format!("from {from} until {until}"),
    }
}

/// Why a certificate does not let its key count at a moment.
fn invalidity(validity: Validity, since: Option<Moment>, moment: Moment) -> (Code, String) {
    let is_always = since.is_none();
    let since = since.map_or_else(|| "a moment that is not known".to_owned(), |since| since.to_string());
    match validity {
        Validity::Revoked if is_always => (
            Code::KeyRevoked,
            "its key is revoked, for signatures of any time: compromised, or no reason given".to_owned(),
        ),
        Validity::NotYetCreated => {
            (Code::KeyNotYetCreated, format!("its key was created on {since}, after the moment of judgement, {moment}"))
        }
        Validity::Expired => {
            (Code::KeyExpired, format!("its key expired on {since}, before the moment of judgement, {moment}"))
        }
        Validity::Revoked => (Code::KeyRevoked, format!("its key is revoked, for signatures since {since}")),
        Validity::RefusedByPolicy => {
            let words = format!("what binds its key rests on an algorithm that no longer counted at {moment}");
            (Code::KeyRefusedByPolicy, words)
        }
        Validity::NotForSigning | Validity::Valid => (Code::KeyUnusable, "its key is not for signing".to_owned()),
    }
}

/// The command with which another program confirms what a finding says of a signature.
fn confirm(judging: &Judging<'_>, case: &FormCase<'_>) -> String {
    let run = case.here.run_id.map(|run_id| format!(" --run {run_id}")).unwrap_or_default();
    let cat = |name: &str| format!("cotrace cat {} {name}{run}", case.link.task_id);
    let head = "export COTRACE_CASE=CASE_FILE";
    match case.form {
        Form::Ed25519 => {
            let made = case.signature.key.as_ref();
            let keys: Vec<&str> = match made {
                Some(key) => vec![key.as_str()],
                None => case.signature.tried.iter().map(KeyId::as_str).collect(),
            };
            let keys: Vec<&str> = keys.into_iter().map(|key| key.trim_start_matches("ed25519:")).collect();
            // 302a300506032b6570032100 is the DER of an ed25519 public key up to the key itself (RFC 8410).
            format!(
                "{head}; {} > cot.json; {} > cot.sig; for key in {}; do \
                 (printf 302a300506032b6570032100 | xxd -r -p; echo $key | base64 -d) > key.der; \
                 openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in cot.json -sigfile cot.sig; done",
                cat(crate::model::ATTESTATION_JSON),
                cat(crate::model::ATTESTATION_SIG),
                keys.join(" "),
            )
        }
        Form::Openpgp => {
            let known = case.signature.key.iter().chain(&case.signature.tried).find_map(|key| judging.ledger.file(key));
            let import =
                known.map(|file| format!(" cotrace cat {file} > key.asc; gpg --import key.asc;")).unwrap_or_default();
            let time = case.signature.claimed_time.map(|time| format!(" --faked-system-time {}", time.unix()));
            format!(
                "{head}; export GNUPGHOME=$(mktemp -d); {} > cot.asc;{import} gpg{} --verify cot.asc",
                cat(crate::model::ATTESTATION_ASC),
                time.unwrap_or_default(),
            )
        }
    }
}

/// What is odd about the framing of a clear-signed file: each as its own finding, with the bytes.
fn remark_on_framing(judging: &mut Judging<'_>, here: &Subject, facts: &AttestationFacts, signature: &Signature) {
    for note in &signature.notes {
        let Some((code, words)) = framing(note.kind) else { continue };
        judging.remark(code, here.clone(), format!("{words} ({})", whereabouts(note)), vec![place(facts, note)]);
    }
}

/// Where the bytes of a note stand, how many they are, and what they are; control characters as escapes.
fn whereabouts(note: &ArmorNote) -> String {
    let times = if note.count > 1 { format!(", {} times in all", note.count) } else { String::new() };
    match note.end - note.start {
        0 => format!("at byte {}{times}", note.start),
        length => {
            let shown: String = note.excerpt.chars().take(EXCERPT_TOLD).collect();
            let more = if shown.len() as u64 == length { "" } else { "…" };
            format!("at byte {}, {length} long{times}: {shown:?}{more}", note.start)
        }
    }
}

fn place(facts: &AttestationFacts, note: &ArmorNote) -> Evidence {
    let excerpt = Some(note.excerpt.clone()).filter(|excerpt| !excerpt.is_empty());
    let pointer = format!("bytes={}-{}", note.start, note.end);
    evidence(Some(facts.blob), &pointer, excerpt, Asserter::Collector)
}

/// The code and the words for what is odd; none for what makes a signature missing, unreadable or ambiguous, which is
/// told there, and with the same places.
fn framing(kind: FramingKind) -> Option<(Code, &'static str)> {
    use FramingKind as Kind;
    Some(match kind {
        Kind::TextBefore => (Code::ClearsignTextOutside, "the file holds text before the signed one"),
        Kind::TextBetween => (Code::ClearsignTextOutside, "the file holds text between signed ones"),
        Kind::TextAfter => (Code::ClearsignTextOutside, "the file holds text after the signed one"),
        Kind::TextInArmor => {
            (Code::ClearsignTextOutside, "the file holds text between the signature and its end marker")
        }
        Kind::BlankBefore => (Code::ClearsignBlankOutside, "blank text before the signed one"),
        Kind::BlankAfter => (Code::ClearsignBlankOutside, "blank text after the signed one"),
        Kind::TrailingWhitespace
        | Kind::CrLf
        | Kind::LfOnly
        | Kind::MixedLineEnds
        | Kind::LoneCarriageReturn
        | Kind::FormFeed
        | Kind::NulByte
        | Kind::NonUtf8
        | Kind::LineTooLong
        | Kind::UnescapedDash
        | Kind::UnescapedFrom
        | Kind::NeedlessEscape => return framing_of_text(kind),
        Kind::UnexpectedHeader => (Code::ClearsignArmorHeader, "an armor header other than Hash, which gpg refuses"),
        Kind::TooManyHeaders => (Code::ClearsignArmorHeader, "more armor headers than any writer writes"),
        Kind::SignatureHeader => {
            (Code::ClearsignArmorHeader, "a header of the signature's armor that no known writer writes")
        }
        Kind::NotDashEscapedHeader => (Code::ClearsignFraming, "a NotDashEscaped header, which changes what is signed"),
        Kind::UnexpectedArmor => (Code::ClearsignFraming, "the text does not end where a signature begins"),
        Kind::MissingHashHeader => (Code::ClearsignHashHeader, "no Hash header, without which gpg refuses the file"),
        Kind::WrongHashHeader => {
            (Code::ClearsignHashHeader, "the Hash header names another hash than the signature, which gpg refuses")
        }
        Kind::UnknownHashName => (Code::ClearsignHashHeader, "the Hash header names no hash that gpg knows"),
        Kind::SecondHashHeader => (Code::ClearsignHashHeader, "a Hash header after the first"),
        Kind::UnusualHashHeader => {
            (Code::ClearsignHashHeader, "the Hash header is more than the name of the signature's hash")
        }
        Kind::WrongChecksum => {
            (Code::ClearsignChecksumWrong, "the armor of the signature has a wrong checksum, which gpg refuses")
        }
        Kind::MissingChecksum => (Code::ClearsignChecksumMissing, "the armor of the signature has no checksum"),
        Kind::FramingBlanks => {
            (Code::ClearsignArmorLayout, "blanks behind a marker or a header, or where an empty line should be")
        }
        Kind::FramingLineEnd => {
            (Code::ClearsignArmorLayout, "the line of a marker or header does not end as its writer ends it")
        }
        Kind::MissingLineEnd => {
            (Code::ClearsignArmorLayout, "a line end that its writer puts around the signed text is not there")
        }
        Kind::ArmorLines => {
            (Code::ClearsignArmorLayout, "the signature's data are not in the lines in which their writer puts them")
        }
        Kind::SecondBlock | Kind::TooManyBlocks | Kind::SignatureArmorMissing | Kind::SignatureArmorUnterminated => {
            return None;
        }
        // Nearly every file has it: the fact keeps it, and a finding for each would hide the others.
        Kind::WriterHeader => return None,
    })
}

/// The same for the lines of the text itself.
#[expect(clippy::wildcard_enum_match_arm, reason = "the caller hands on the kinds of the text alone")]
fn framing_of_text(kind: FramingKind) -> Option<(Code, &'static str)> {
    use FramingKind as Kind;
    Some(match kind {
        Kind::TrailingWhitespace => {
            (Code::ClearsignUncoveredBytes, "white space at line ends, which the signature does not cover")
        }
        Kind::CrLf => {
            (Code::ClearsignUncoveredBytes, "all lines end in CRLF, which the signature does not tell from LF")
        }
        Kind::LfOnly => (
            Code::ClearsignUncoveredBytes,
            "all lines end in LF where the writer writes CRLF, which the signature does not tell",
        ),
        Kind::MixedLineEnds => {
            (Code::ClearsignUncoveredBytes, "lines end differently, which the signature does not tell")
        }
        Kind::LoneCarriageReturn => {
            (Code::ClearsignFraming, "a carriage return inside a line, which programs read differently")
        }
        Kind::FormFeed => (Code::ClearsignFraming, "a form feed, at which some programs end the text"),
        Kind::NulByte => (Code::ClearsignFraming, "a NUL byte, at which some programs end the text"),
        Kind::NonUtf8 => (Code::ClearsignFraming, "bytes that are not UTF-8"),
        Kind::LineTooLong => {
            (Code::ClearsignLineTooLong, "a line of more than 19,995 bytes: gpg of that time called the signature bad")
        }
        Kind::UnescapedDash => (Code::ClearsignFraming, "a line that begins with a dash and is not escaped"),
        Kind::UnescapedFrom => {
            (Code::ClearsignDashEscape, "a line that begins with \"From \" and is not escaped, as gpg does")
        }
        Kind::NeedlessEscape => {
            (Code::ClearsignDashEscape, "a line that is dash-escaped without need, which the signature does not cover")
        }
        _ => return None,
    })
}
