//! Documents that two readers could understand differently.

use crate::formats::json::{Document, OddityKind};

/// The most ambiguities that a fact lists.
const AMBIGUITIES_MAX: usize = 20;

/// What a document holds that other readers of JSON read otherwise, or not at all.
///
/// Keys that differ in case only count at the top of a document: further down real definitions have them, in
/// environments (`http_proxy` and `HTTP_PROXY`).
pub(super) fn ambiguities(document: &Document) -> Vec<String> {
    let counts = |kind: &OddityKind, pointer: &str| match kind {
        OddityKind::CaseTwinKeys => pointer.matches('/').count() <= 1,
        OddityKind::DuplicateKey
        | OddityKind::EscapedKey
        | OddityKind::LoneSurrogate
        | OddityKind::NonFinite
        | OddityKind::BigInteger => true,
    };
    let told = document.oddities.iter().filter(|oddity| counts(&oddity.kind, &oddity.pointer));
    told.take(AMBIGUITIES_MAX).map(|oddity| format!("{} at {}", oddity.kind.phrase(), oddity.pointer)).collect()
}
