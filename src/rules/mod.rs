//! Rule books: which checks apply, with their tables and a short list of named switches. Data; no engine.

mod book;
mod figures;
mod library;
mod product;
mod releases;
mod tables;

pub use book::{
    ArtifactExpiry, AttestationIdentity, Consumers, DecisionArtifacts, EmptyDigests, Images, ImplementationTag,
    Interactive, OptionalArtifacts, OwnHostKey, Parentage, Parents, Rebuilding, RuleBook, Switches, Trees, Unchecked,
    Workers,
};
pub use figures::Figure;
pub use library::RuleBookError;
pub use product::{ProductRules, Restriction, VcsRule};
pub use releases::{KnownRelease, latest, newest_at, releases};
