//! What different verifiers say of one signature.

use std::borrow::Cow;

use serde::Serialize;

use super::Moment;

/// Who looks at a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Viewer {
    /// Who only calculates.
    Mathematics,
    /// Who looks at the key's own dates, at the time that the signature claims: as gpgv and sq do today.
    KeyDates,
    /// scriptworker at the moment of judgement: by the wall clock, with the keys that it held.
    Verifier,
    /// Who asks whether the key was trusted when the link ran.
    OwnTime,
}

impl Viewer {
    /// The words for people.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Mathematics => "mathematics",
            Self::KeyDates => "the key's own dates",
            Self::Verifier => "scriptworker at that moment",
            Self::OwnTime => "trust at its own time",
        }
    }
}

/// What somebody says of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It is good.
    Accepts,
    /// It is not.
    Refuses,
    /// It can't be said.
    CannotSay,
}

impl Answer {
    /// The word that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepts => "accepts",
            Self::Refuses => "refuses",
            Self::CannotSay => "cannot say",
        }
    }
}

/// One verifier's answer, with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Opinion {
    /// Who says so.
    pub viewer: Viewer,
    /// The moment that it looks at; `None` where it looks at none.
    pub at: Option<Moment>,
    /// What it says.
    pub answer: Answer,
    /// Why.
    pub why: Cow<'static, str>,
}

impl Opinion {
    /// What it says and why, in a line. Holds captured text.
    pub fn words(&self) -> String {
        let at = self.at.map(|at| format!(", {at}")).unwrap_or_default();
        format!("{}{at}: {}: {}", self.viewer.phrase(), self.answer.word(), self.why)
    }
}
