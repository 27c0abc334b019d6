//! The public keys that signatures are tried against: all that the case knows, trusted or not. Which of them count is a
//! matter of judgement.

use ed25519_dalek::VerifyingKey;
use sequoia_openpgp::Cert;
use sequoia_openpgp::packet::Key;
use sequoia_openpgp::packet::key::{PublicParts, UnspecifiedRole};

use super::certificate;
use crate::model::{Digest, KeyId, Role};

/// A key as a capture lists it.
#[derive(Debug, Clone, Copy)]
pub enum ListedKey<'a> {
    /// A base64 ed25519 public key.
    Ed25519(&'a str),
    /// A file of OpenPGP certificates.
    Openpgp(&'a [u8]),
}

/// What became of a listed key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyringEntry {
    /// The role it is listed for.
    pub role: Role,
    /// The keys that it holds: one, or those of a file of certificates.
    pub keys: Vec<KeyId>,
    /// Why it can't be used, if it can't.
    pub problem: Option<String>,
}

/// A key of an OpenPGP certificate that may have signed.
#[derive(Debug)]
pub(super) struct OpenpgpKey {
    pub(super) id: KeyId,
    pub(super) role: Role,
    pub(super) key: Key<PublicParts, UnspecifiedRole>,
}

/// All known keys, in their listed order.
#[derive(Debug, Default)]
pub struct Keyring {
    pub(super) ed25519: Vec<(KeyId, Role, VerifyingKey)>,
    pub(super) openpgp: Vec<OpenpgpKey>,
    parts: Vec<String>,
}

impl Keyring {
    /// Adds a listed key.
    pub fn add(&mut self, role: &Role, listed: ListedKey<'_>) -> KeyringEntry {
        let outcome = match listed {
            ListedKey::Ed25519(text) => self.add_ed25519(role, text),
            ListedKey::Openpgp(bytes) => self.add_openpgp(role, bytes),
        };
        let (keys, problem) = match outcome {
            Ok(keys) => (keys, None),
            Err(problem) => (Vec::new(), Some(problem)),
        };
        for key in &keys {
            self.parts.push(format!("{role} {key}"));
        }
        KeyringEntry { role: role.clone(), keys, problem }
    }

    fn add_ed25519(&mut self, role: &Role, text: &str) -> Result<Vec<KeyId>, String> {
        let (id, key) = read_ed25519(text)?;
        self.ed25519.push((id.clone(), role.clone(), key));
        Ok(vec![id])
    }

    fn add_openpgp(&mut self, role: &Role, bytes: &[u8]) -> Result<Vec<KeyId>, String> {
        let certs = certificate::read(bytes)?;
        let mut ids = Vec::new();
        for cert in &certs {
            let id = certificate::key_id(cert);
            self.openpgp.extend(signing_keys(cert, &id, role));
            ids.push(id);
        }
        Ok(ids)
    }

    /// A digest over the keys and their roles, in their order: an input of every signature fact.
    pub fn digest(&self) -> Digest {
        Digest::of_parts(self.parts.iter().map(String::as_bytes))
    }
}

/// Reads a base64 ed25519 public key.
///
/// # Errors
///
/// Why it can't be used.
pub(super) fn read_ed25519(text: &str) -> Result<(KeyId, VerifyingKey), String> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).map_err(|_| "it is no base64")?;
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| "it is not 32 bytes long")?;
    let key = VerifyingKey::from_bytes(&bytes).map_err(|_| "it is no point of the curve")?;
    if key.is_weak() {
        // RFC 8032 leaves such keys to the application: everybody can sign for them.
        return Err("it is a key of small order, for which anybody can forge signatures".to_owned());
    }
    Ok((KeyId::ed25519(&bytes), key))
}

/// Primary key and subkeys: whether one may sign at some moment is for judgement.
fn signing_keys(cert: &Cert, id: &KeyId, role: &Role) -> Vec<OpenpgpKey> {
    let keys = cert.keys().filter(|key| key.key().pk_algo().for_signing());
    keys.map(|key| OpenpgpKey { id: id.clone(), role: role.clone(), key: key.key().clone() }).collect()
}
