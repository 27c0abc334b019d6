//! Rule books: which checks apply, with their tables and a short list of named switches. Data; no engine.

mod book;

pub use book::{
    ArtifactExpiry, AttestationIdentity, Consumers, DecisionArtifacts, EmptyDigests, OptionalArtifacts, OwnHostKey,
    Parentage, RuleBook, RuleBookError, Unchecked,
};
