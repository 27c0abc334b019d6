//! Detached ed25519 signatures: 64 raw bytes, strict.

use ed25519_dalek::Signature as RawSignature;

use super::Keyring;
use crate::model::{Digest, Role, Signature, SignatureState};

/// Tries the keys of a role first, then the others, in their listed order, up to the match.
pub(super) fn examine(body: &[u8], signature: Option<&[u8]>, role: Option<&Role>, keyring: &Keyring) -> Signature {
    let mut fact = Signature {
        state: SignatureState::Missing,
        key: None,
        signing_key: None,
        issuer: None,
        algorithm: "ed25519".to_owned(),
        hash: None,
        claimed_time: None,
        expires: None,
        covered: Some(Digest::of(body)),
        tried: Vec::new(),
        why: None,
        notes: Vec::new(),
        hash_refused_from: None,
    };
    let Some(bytes) = signature else { return fact };
    let Ok(raw) = RawSignature::from_slice(bytes) else {
        fact.state = SignatureState::Unreadable;
        fact.why = Some(format!("it is {} bytes long, not 64", bytes.len()));
        return fact;
    };
    let of_role = keyring.ed25519.iter().filter(|(_, of, _)| Some(of) == role);
    let of_others = keyring.ed25519.iter().filter(|(_, of, _)| Some(of) != role);
    for (id, _, key) in of_role.chain(of_others) {
        if fact.tried.contains(id) {
            continue;
        }
        fact.tried.push(id.clone());
        // Strict: refuses small-order keys and points R, and S that is not reduced.
        if key.verify_strict(body, &raw).is_ok() {
            fact.state = SignatureState::Sound;
            fact.key = Some(id.clone());
            return fact;
        }
    }
    fact.state = if fact.tried.is_empty() { SignatureState::NoKey } else { SignatureState::Invalid };
    fact
}
