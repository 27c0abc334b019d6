//! What each verifier says of a signature, separately: mathematics, the key's own dates, scriptworker at the moment of
//! judgement, and who asks for trust at the link's own time. None of them is the verdict; where they differ, a reader
//! sees which tool would have said what.

use std::borrow::Cow;

use super::judging::Judging;
use crate::model::{
    Answer, AttestationFacts, Clocks, Form, KeyId, Moment, Opinion, Role, Signature, SignatureState, TaskFacts,
    Validity, Viewer,
};
use crate::trust::Standing;

/// When the release was made that first read the ed25519 form: scriptworker 22.0.0.
const ED25519_SINCE: i64 = 1_551_988_050;

/// When the release was made that no longer reads the OpenPGP form: scriptworker 23.0.0.
const OPENPGP_UNTIL: i64 = 1_553_727_598;

/// The opinions on the signature of one form of a link's attestation, in the order of [`Viewer`].
pub(super) fn opinions(
    judging: &Judging<'_>,
    task: &TaskFacts,
    form: Form,
    facts: &AttestationFacts,
    role: Option<&Role>,
) -> Vec<Opinion> {
    let Some(signature) = &facts.signature else { return Vec::new() };
    let moment = judging.clocks.key;
    let calculated = mathematics(signature);
    let mut opinions = vec![Opinion { viewer: Viewer::Mathematics, at: None, answer: calculated.0, why: calculated.1 }];
    let sound = signature.key.as_ref().filter(|_| signature.state == SignatureState::Sound);
    let is_target = judging.is_target(&task.evidence.task_id);
    let case = sound.map(|key| Case { judging, form, signature, key, role, is_target });
    let own_time = own_time(task).or(signature.claimed_time);
    let views =
        [(Viewer::KeyDates, signature.claimed_time), (Viewer::Verifier, Some(moment)), (Viewer::OwnTime, own_time)];
    for (viewer, at) in views {
        let (answer, why) = match (&case, viewer) {
            // What is not sound nobody accepts; what no known key explains nobody can judge.
            (None, _) if opinions[0].answer == Answer::CannotSay => (Answer::CannotSay, "its key is not known".into()),
            (None, _) => (Answer::Refuses, "it is not sound".into()),
            (Some(case), Viewer::KeyDates) => case.key_dates(),
            (Some(case), Viewer::Verifier) => case.verifier(moment),
            (Some(case), Viewer::OwnTime | Viewer::Mathematics) => case.own_time(own_time),
        };
        opinions.push(Opinion { viewer, at, answer, why });
    }
    opinions
}

/// The best that anybody says of when the link ran: the queue's end of its run, else its start.
fn own_time(task: &TaskFacts) -> Option<Moment> {
    let run = task.evidence.latest_run().and_then(|run_id| task.evidence.run(run_id))?;
    run.resolved.or(run.started)
}

fn mathematics(signature: &Signature) -> (Answer, Cow<'static, str>) {
    let why = |fallback: &'static str| signature.why.clone().map_or(fallback.into(), Cow::from);
    match signature.state {
        SignatureState::Sound => (Answer::Accepts, "it verifies over the attestation's bytes".into()),
        SignatureState::Invalid => (Answer::Refuses, "it does not verify under any key that it could be of".into()),
        SignatureState::NoKey => (Answer::CannotSay, "no known key could have made it".into()),
        SignatureState::Unreadable => (Answer::Refuses, why("it can't be read")),
        SignatureState::Ambiguous => (Answer::CannotSay, why("which text is signed can't be said")),
        SignatureState::Missing => (Answer::Refuses, why("there is none")),
    }
}

/// A sound signature.
struct Case<'a, 'j> {
    judging: &'a Judging<'j>,
    form: Form,
    signature: &'a Signature,
    key: &'a KeyId,
    role: Option<&'a Role>,
    /// Whether it is the target's own: that no host verified itself.
    is_target: bool,
}

impl Case<'_, '_> {
    fn standing(&self, clocks: Clocks) -> Option<Standing> {
        let signing_key = self.signature.signing_key.as_deref();
        self.role.map(|role| self.judging.ledger.standing(self.key, signing_key, role, clocks))
    }

    /// gpgv and sq today: whether the key was alive when the signature says that it was made. No trust, no revocation, and
    /// whatever algorithm binds the key.
    fn key_dates(&self) -> (Answer, Cow<'static, str>) {
        let Some((claimed, signing_key)) = self.signature.claimed_time.zip(self.signature.signing_key.as_deref())
        else {
            return (Answer::CannotSay, "neither the key nor the signature has dates".into());
        };
        match self.judging.ledger.own_dates(self.key, signing_key, claimed) {
            Some((Validity::Valid, _)) => (Answer::Accepts, "its key was alive at the time that it claims".into()),
            Some((validity, since)) => {
                (Answer::Refuses, format!("its key was {}{}", validity.word(), told(since)).into())
            }
            None => (Answer::CannotSay, "its certificate is not in the case".into()),
        }
    }

    /// scriptworker at a moment. In the era of OpenPGP it asked gpg, which looks at the wall clock and not at the signature's
    /// time, takes whatever algorithm binds a key, and does not read lines of more than 20,000 characters.
    fn verifier(&self, moment: Moment) -> (Answer, Cow<'static, str>) {
        match self.form {
            Form::Openpgp if moment.unix() >= OPENPGP_UNTIL => {
                return (Answer::Refuses, "scriptworker no longer reads this form since 23.0.0".into());
            }
            Form::Ed25519 if moment.unix() < ED25519_SINCE => {
                return (Answer::Refuses, "scriptworker reads this form since 22.0.0 only".into());
            }
            Form::Openpgp | Form::Ed25519 => {}
        }
        if let Some(refusal) = self.signature.gpg_refusal() {
            return (Answer::Refuses, refusal.into());
        }
        // Policy time is the beginning of all: gpg of that time refused no algorithm that keys or signatures here rest on.
        let oldest = Moment::from_unix(0).unwrap_or(moment);
        let clocks = Clocks { key: moment, policy: oldest, knowledge: moment };
        let own = self.judging.is_own_host_key(self.key) && self.form == Form::Openpgp && !self.is_target;
        match self.standing(clocks) {
            Some(Standing::Trusted { .. }) => (Answer::Accepts, "it held its key then".into()),
            _ if own => (Answer::Accepts, "it is the host's own key, which stood in every keyring".into()),
            Some(standing) => self.refusal(&standing, moment),
            None => (Answer::CannotSay, "the worker implementation, and with it the role, is not known".into()),
        }
    }

    /// Whether the key was trusted when the link ran, by what is known at the moment of judgement.
    fn own_time(&self, at: Option<Moment>) -> (Answer, Cow<'static, str>) {
        let Some(at) = at else { return (Answer::CannotSay, "nothing tells when it ran".into()) };
        let clocks = Clocks { key: at, policy: at, knowledge: self.judging.clocks.knowledge };
        match self.standing(clocks) {
            Some(Standing::Trusted { .. }) => (Answer::Accepts, "its key was trusted then".into()),
            Some(standing) => self.refusal(&standing, at),
            None => (Answer::CannotSay, "the worker implementation, and with it the role, is not known".into()),
        }
    }

    fn refusal(&self, standing: &Standing, moment: Moment) -> (Answer, Cow<'static, str>) {
        let role = self.role.map(ToString::to_string).unwrap_or_default();
        let why = match standing {
            Standing::Trusted { .. } => return (Answer::Accepts, "its key is trusted".into()),
            Standing::NotAccepted => {
                let is_known = self.role.is_some_and(|role| self.judging.ledger.has_accepted(role, self.form, moment));
                if !is_known {
                    return (Answer::CannotSay, format!("which keys of {role} were held then is not known").into());
                }
                "nobody accepted its key".into()
            }
            Standing::OtherRoles(_) => format!("its key is not one of {role}").into(),
            Standing::NotInForce { .. } => format!("its key was not among those of {role} then").into(),
            Standing::OtherVariant => "its certificate is another variant than the one that was held".into(),
            Standing::NotValid { validity, moment } => {
                format!("its key was {}{}", validity.word(), told(*moment)).into()
            }
        };
        (Answer::Refuses, why)
    }
}

fn told(since: Option<Moment>) -> String {
    since.map(|since| format!(" ({since})")).unwrap_or_default()
}
