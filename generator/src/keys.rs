//! The throwaway keys of the sample workers.

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use sequoia_openpgp as openpgp;
use sequoia_openpgp::crypto::{KeyPair, Signer as _};
use sequoia_openpgp::parse::Parse as _;
use sequoia_openpgp::types::HashAlgorithm;
use sha2::{Digest as _, Sha256};

/// Who signs an attestation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// A key of this role: `docker-worker`, `generic-worker` or `scriptworker`; in the ed25519 era also
    /// `scriptworker-previous`, the second key of the scriptworker list.
    Role(&'static str),
    /// The own key of a scriptworker's host, of the OpenPGP era, whose life the key repository of `nightly-2017` tells:
    /// `signing-linux-2` expired, `signing-linux-3` was removed, `beetmoverworker-2` was revoked.
    Host(&'static str),
    /// Who signs the commits and tags of that repository, and certifies the hosts' keys.
    Releng,
    /// A key that is in no list.
    Stranger,
}

impl Signer {
    fn name(self) -> &'static str {
        match self {
            Self::Role(name) | Self::Host(name) => name,
            Self::Releng => "releng",
            Self::Stranger => "stranger",
        }
    }
}

const ED25519_NAMES: [&str; 5] =
    ["docker-worker", "generic-worker", "scriptworker", "scriptworker-previous", "stranger"];

/// The ed25519 key of a name: its seed is the digest of that name.
pub(crate) fn ed25519(signer: Signer) -> Result<SigningKey> {
    let name = signer.name();
    if !ED25519_NAMES.contains(&name) {
        bail!("there is no ed25519 key named {name:?}");
    }
    Ok(SigningKey::from_bytes(&Sha256::digest(format!("cotrace sample ed25519 key of {name}")).into()))
}

/// The public half, as key lists have it.
pub(crate) fn ed25519_public(name: &'static str) -> Result<String> {
    Ok(STANDARD.encode(ed25519(Signer::Role(name))?.verifying_key().to_bytes()))
}

/// The 64 bytes of a detached signature.
pub(crate) fn ed25519_sign(key: &SigningKey, message: &[u8]) -> Vec<u8> {
    key.sign(message).to_bytes().to_vec()
}

/// The certificate of a role, armored as GnuPG exported it.
pub(crate) fn openpgp_public(role: &str) -> Result<&'static str> {
    Ok(match role {
        "docker-worker" => include_str!("../keys/docker-worker.public.asc"),
        "generic-worker" => include_str!("../keys/generic-worker.public.asc"),
        "scriptworker" => include_str!("../keys/scriptworker.public.asc"),
        _ => bail!("there is no OpenPGP key named {role:?}"),
    })
}

/// A key file of the key repository: a certificate with what others certified, armored as GnuPG exported it.
pub(crate) fn repository_file(name: &str) -> Result<&'static str> {
    Ok(match name {
        "releng" => include_str!("../keys/releng.public.asc"),
        "scriptworker" => include_str!("../keys/scriptworker.certified.asc"),
        "signing-linux-2" => include_str!("../keys/signing-linux-2.public.asc"),
        "signing-linux-3" => include_str!("../keys/signing-linux-3.public.asc"),
        "beetmoverworker-2" => include_str!("../keys/beetmoverworker-2.public.asc"),
        "beetmoverworker-2 revoked" => include_str!("../keys/beetmoverworker-2.revoked.asc"),
        _ => openpgp_public(name)?,
    })
}

/// An RSA key with what a signature packet says of it.
pub(crate) struct OpenPgpKey {
    pair: KeyPair,
    /// The low half of the fingerprint.
    pub(crate) id: [u8; 8],
    /// The length of the modulus in bytes.
    pub(crate) modulus: usize,
}

impl OpenPgpKey {
    /// The key of a name.
    pub(crate) fn of(signer: Signer) -> Result<Self> {
        let armored = match signer.name() {
            "docker-worker" => include_str!("../keys/docker-worker.secret.asc"),
            "generic-worker" => include_str!("../keys/generic-worker.secret.asc"),
            "scriptworker" => include_str!("../keys/scriptworker.secret.asc"),
            "releng" => include_str!("../keys/releng.secret.asc"),
            "signing-linux-2" => include_str!("../keys/signing-linux-2.secret.asc"),
            "signing-linux-3" => include_str!("../keys/signing-linux-3.secret.asc"),
            "beetmoverworker-2" => include_str!("../keys/beetmoverworker-2.secret.asc"),
            "stranger" => include_str!("../keys/stranger.secret.asc"),
            name => bail!("there is no OpenPGP key named {name:?}"),
        };
        let cert = openpgp::Cert::from_bytes(armored.as_bytes())?;
        let key = cert.primary_key().key().clone().parts_into_secret()?;
        let id = key.keyid().as_bytes().try_into().context("a key id has eight bytes")?;
        let modulus = key.mpis().bits().context("an RSA key has a length")?.div_ceil(8);
        Ok(Self { pair: key.into_keypair()?, id, modulus })
    }

    /// The RSA PKCS #1 v1.5 signature of a digest: a number as long as the modulus, leading zeros included.
    pub(crate) fn sign(&mut self, hash: HashAlgorithm, digest: &[u8]) -> Result<Vec<u8>> {
        let openpgp::crypto::mpi::Signature::RSA { s } = self.pair.sign(hash, digest)? else {
            bail!("the key is not RSA");
        };
        Ok(s.value_padded(self.modulus)?.into_owned())
    }
}
