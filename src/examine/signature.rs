//! Which key made a signature, over which bytes.

use std::borrow::Cow;

use super::{Keyring, ed25519, openpgp};
use crate::formats::clearsign;
use crate::model::{Form, Role, Signature};

/// Raised when the answers of this file could change.
pub const VERSION: u32 = 5;

/// The bytes of an attestation artifact that a signature covers: all of a detached one's, the signed text of a
/// clear-signed one. Of a clear-signed file only these are ever parsed. `None` where there are none, or where there is
/// more than one signed text and nothing says which is meant.
pub fn covered(form: Form, artifact: &[u8]) -> Option<Cow<'_, [u8]>> {
    match form {
        Form::Ed25519 => Some(Cow::Borrowed(artifact)),
        Form::Openpgp => {
            let mut file = clearsign::split(artifact);
            if file.blocks.len() == 1 { file.blocks.pop().map(|block| Cow::Owned(block.signed)) } else { None }
        }
    }
}

/// Examines the signature of an attestation artifact; `detached` is the content of the artifact beside it.
pub fn examine(
    form: Form,
    artifact: &[u8],
    detached: Option<&[u8]>,
    role: Option<&Role>,
    keyring: &Keyring,
) -> Signature {
    match form {
        Form::Ed25519 => ed25519::examine(artifact, detached, role, keyring),
        Form::Openpgp => openpgp::examine(artifact, role, keyring),
    }
}
