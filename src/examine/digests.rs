//! The digests that an attestation states, beside the artifacts seen.

use std::collections::BTreeMap;

use super::reading::Reading;
use crate::formats::json::{Value, to_compact_string};
use crate::model::{Algorithm, ArtifactRecord, Claim, ClaimState, DigestFact, DigestOutcome};

/// Raised when the answers of this file could change.
pub const VERSION: u32 = 2;

/// Compares what an attestation states of each artifact with the artifacts of its run, by name.
pub fn examine(covered: &Reading, artifacts: &BTreeMap<&str, &ArtifactRecord>) -> DigestFact {
    let Ok(document) = covered.document() else { return DigestFact::default() };
    let Some(stated) = document.value.get("artifacts").and_then(Value::as_map) else { return DigestFact::default() };
    let mut claims = Vec::new();
    for (name, claim) in stated.iter() {
        // A name that is no Unicode text names no artifact; written as JSON it stays apart from every other.
        let name = name.as_str().map_or_else(|| to_compact_string(&Value::Text(name.clone())), str::to_owned);
        let claim = compare(claim, artifacts.get(name.as_str()).copied());
        claims.push((name, claim));
    }
    DigestFact { claims: claims.into_iter().collect() }
}

/// Compares one claim. Digests are compared as texts, as scriptworker does: an upper-case one is another text.
fn compare(claim: &Value, seen: Option<&ArtifactRecord>) -> Claim {
    let Some(digests) = claim.as_map() else {
        return Claim { state: ClaimState::Malformed, algorithms: Vec::new(), open: Vec::new() };
    };
    if digests.is_empty() {
        return Claim { state: ClaimState::NoDigest, algorithms: Vec::new(), open: Vec::new() };
    }
    let mut open = Vec::new();
    let (mut differs, mut unknown, mut unseen) = (false, false, false);
    for (algorithm, stated) in digests.iter() {
        let algorithm = algorithm.to_lossy().into_owned();
        let text = stated.as_text().map_or_else(|| to_compact_string(stated), str::to_owned);
        let bytes = seen.and_then(|record| record.sha256.map(|sha256| (sha256, record.sha512.clone())));
        let computed = match (Algorithm::named(&algorithm), bytes) {
            (None, _) => {
                unknown = true;
                open.push(DigestOutcome { algorithm, stated: text, seen: None });
                continue;
            }
            (Some(_), None) => None,
            (Some(Algorithm::Sha256), Some((sha256, _))) => Some(sha256.to_string()),
            (Some(Algorithm::Sha512), Some((_, sha512))) => sha512,
        };
        match computed {
            Some(computed) if stated.as_text() == Some(computed.as_str()) => {}
            Some(computed) => {
                differs = true;
                open.push(DigestOutcome { algorithm, stated: text, seen: Some(computed) });
            }
            None => {
                unseen = true;
                open.push(DigestOutcome { algorithm, stated: text, seen: None });
            }
        }
    }
    let state = if differs {
        ClaimState::Differs
    } else if unknown {
        ClaimState::UnknownAlgorithm
    } else if unseen {
        ClaimState::Unseen
    } else {
        ClaimState::Agrees
    };
    let algorithms = digests.keys().map(|algorithm| algorithm.to_lossy().into_owned()).collect();
    Claim { state, algorithms, open }
}
