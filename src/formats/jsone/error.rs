//! Why a template was not rendered.

/// Why a template was not rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsoneError {
    /// Python refuses it too.
    #[error("{0}")]
    Refused(String),
    /// It needs more than a limit allows. Python may render it.
    #[error("the template needs more {0} than are allowed")]
    Limit(&'static str),
    /// What Python makes of it is not known here.
    #[error("what Python makes of {0} is not known")]
    Unsupported(String),
}

impl JsoneError {
    pub(super) fn refused(why: impl Into<String>) -> Self {
        Self::Refused(why.into())
    }

    pub(super) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported(what.into())
    }
}
