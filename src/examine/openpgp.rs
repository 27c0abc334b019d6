//! Signatures of OpenPGP clear-signed files.
//!
//! The file is taken apart here, not by an OpenPGP library's stream reader: those accept text around the block, further
//! blocks and odd headers without a word. Of the library only the packet parser and the mathematics are used.

use sequoia_openpgp::crypto::hash::Hash as _;
use sequoia_openpgp::packet::signature::subpacket::SubpacketTag;
use sequoia_openpgp::packet::{Packet, Signature as SignaturePacket};
use sequoia_openpgp::parse::Parse;
use sequoia_openpgp::types::SignatureType;
use sequoia_openpgp::{KeyHandle, PacketPile};

use super::framing::{self, Framing};
use super::{Keyring, certificate, keyring::OpenpgpKey, rsa};
use crate::formats::clearsign::{self, AnomalyKind, Block};
use crate::formats::openpgp::{dearmor, normalise_mpis};
use crate::model::{ArmorNote, Digest, FramingKind, Role, Signature, SignatureState};

/// The most signatures of one text that are tried and told one by one.
const SIGNATURES_TOLD: usize = 8;

/// Examines a clear-signed file: tries the keys of a role first, then the others, in their listed order, up to the match.
pub(super) fn examine(file: &[u8], role: Option<&Role>, keyring: &Keyring) -> Signature {
    let parts = clearsign::split(file);
    let mut fact = unreadable(framing::anomalies(file, &parts));
    let block = match parts.blocks.as_slice() {
        [] => {
            (fact.state, fact.why) = without_block(file);
            return fact;
        }
        [block] => block,
        blocks => {
            fact.state = SignatureState::Ambiguous;
            fact.why = Some(format!("the file holds {} clear-signed texts", blocks.len()));
            return fact;
        }
    };
    fact.covered = Some(Digest::of(&block.signed));
    if parts.anomalies.iter().any(|anomaly| anomaly.kind == AnomalyKind::SignatureArmorMissing) {
        fact.state = SignatureState::Missing;
        fact.why = Some("the file ends where its signature should begin".to_owned());
        return fact;
    }
    let outcome = packets(file, block, &mut fact.notes).and_then(|packets| {
        one_signature(packets, |packet| {
            let mut scratch = unreadable(Vec::new());
            verify(file, block, packet, role, keyring, &mut scratch);
            scratch
        })
    });
    match outcome {
        Ok(packet) => verify(file, block, &packet, role, keyring, &mut fact),
        Err((state, why)) => {
            fact.state = state;
            fact.why = Some(why);
        }
    }
    fact
}

/// A signature of which nothing is known yet.
fn unreadable(notes: Vec<ArmorNote>) -> Signature {
    Signature {
        state: SignatureState::Unreadable,
        key: None,
        signing_key: None,
        issuer: None,
        algorithm: "openpgp".to_owned(),
        hash: None,
        claimed_time: None,
        expires: None,
        covered: None,
        tried: Vec::new(),
        why: None,
        notes,
        hash_refused_from: None,
    }
}

/// What a file without clear-signed text is: one that may be signed in some other manner, or one without a signature.
fn without_block(file: &[u8]) -> (SignatureState, Option<String>) {
    let has = |text: &[u8]| file.windows(text.len()).any(|window| window == text);
    let (state, why) = if has(b"BEGIN PGP SIGNED MESSAGE") || has(b"BEGIN PGP SIGNATURE") {
        (SignatureState::Unreadable, "the markers of the clear-signed text are damaged")
    } else if has(b"BEGIN PGP") {
        (SignatureState::Unreadable, "the file holds OpenPGP data in armor, but no clear-signed text")
    } else if file.first().is_some_and(|byte| byte & 0x80 != 0) {
        // Every OpenPGP packet begins with such a byte (RFC 4880 section 4.2).
        (SignatureState::Unreadable, "the file is not clear-signed text; it may be binary OpenPGP data")
    } else if file.is_empty() {
        (SignatureState::Missing, "the file is empty")
    } else {
        (SignatureState::Missing, "the file holds no clear-signed text and no signature")
    };
    (state, Some(why.to_owned()))
}

type Refusal = (SignatureState, String);

fn refuse<T>(why: String) -> Result<T, Refusal> {
    Err((SignatureState::Unreadable, why))
}

/// The packets of a block's signature. What is odd about the framing is noted: it is no part of the signature.
fn packets(file: &[u8], block: &Block, notes: &mut Vec<ArmorNote>) -> Result<Vec<Packet>, Refusal> {
    let armor = block.armor.clone().and_then(|range| file.get(range.clone()).zip(Some(range)));
    let Some((armor, range)) = armor else {
        framing::without_armor(file, block, notes);
        return refuse("the file ends before its signature does".to_owned());
    };
    let dearmored = match dearmor(armor) {
        Ok(dearmored) => dearmored,
        Err(error) => {
            framing::without_armor(file, block, notes);
            return refuse(format!("the signature's armor: {error}"));
        }
    };
    Framing::of(file, block, &range, &dearmored).compare(file, &dearmored, notes);
    if block.headers.iter().any(|header| header.name.eq_ignore_ascii_case("NotDashEscaped")) {
        return refuse("the header NotDashEscaped changes what the signature covers; cotrace does not undo it".into());
    }
    let packets = dearmored.bytes;
    // Old implementations (Go's among them) overstate the length of numbers; strict parsers then refuse the packet.
    let packets = normalise_mpis(&packets).unwrap_or(packets);
    match PacketPile::from_bytes(&packets) {
        Ok(pile) => Ok(pile.into_children().collect()),
        Err(error) => refuse(format!("the signature's packets: {error}")),
    }
}

/// The one signature among packets. Of several none is taken, but each is tried, so that a bad one among good ones is
/// told.
fn one_signature(
    mut packets: Vec<Packet>,
    verified: impl Fn(&SignaturePacket) -> Signature,
) -> Result<SignaturePacket, Refusal> {
    if packets.len() > 1 {
        let count = packets.len();
        let told: Vec<String> = packets
            .drain(..)
            .take(SIGNATURES_TOLD)
            .enumerate()
            .map(|(index, packet)| {
                let words = text_signature(packet).map_or_else(|why| why, |packet| outcome(&verified(&packet)));
                format!("the {}: {words}", ordinal(index))
            })
            .collect();
        let more = if count > SIGNATURES_TOLD { "; …" } else { "" };
        let why = format!("the block holds {count} signature packets; {}{more}", told.join("; "));
        return Err((SignatureState::Ambiguous, why));
    }
    match packets.pop() {
        Some(packet) => text_signature(packet).or_else(refuse),
        None => refuse("the armor holds no packet".to_owned()),
    }
}

/// A packet that is a signature of text and can be taken at its word; else why it is not.
fn text_signature(packet: Packet) -> Result<SignaturePacket, String> {
    let tag = packet.tag();
    let Packet::Signature(signature) = packet else { return Err(format!("it is a packet of kind {tag}")) };
    if signature.typ() != SignatureType::Text {
        return Err(format!("its type is {:?}, not Text", signature.typ()));
    }
    unreadable_part(&signature).map_or(Ok(signature), Err)
}

/// Why a signature can't be taken at its word, if it can't: RFC 4880 5.2.3.1 bids to refuse one with a critical part
/// that is not understood, and every signature has to say when it was made.
fn unreadable_part(signature: &SignaturePacket) -> Option<String> {
    if signature.signature_creation_time().is_none() {
        return Some("it does not say when it was made".to_owned());
    }
    let is_known = |tag: SubpacketTag| {
        matches!(
            tag,
            SubpacketTag::SignatureCreationTime
                | SubpacketTag::SignatureExpirationTime
                | SubpacketTag::Issuer
                | SubpacketTag::IssuerFingerprint
                | SubpacketTag::SignersUserID
        )
    };
    let mut critical = signature.hashed_area().iter().filter(|part| part.critical());
    critical
        .find(|part| !is_known(part.tag()))
        .map(|part| format!("its critical part {} is not understood", part.tag()))
}

/// What came of one signature of several, in a few words.
fn outcome(fact: &Signature) -> String {
    let issuer = fact.issuer.as_deref().unwrap_or("that it does not name");
    match (&fact.state, &fact.key) {
        (SignatureState::Sound, Some(key)) => format!("sound, by {key}"),
        (SignatureState::Invalid, _) => format!("does not verify under key {issuer}"),
        (SignatureState::NoKey, _) => format!("by key {issuer}, which is not known"),
        _ => fact.why.clone().unwrap_or_else(|| "can't be read".to_owned()),
    }
}

fn ordinal(index: usize) -> String {
    match index {
        0 => "first".to_owned(),
        1 => "second".to_owned(),
        2 => "third".to_owned(),
        _ => format!("{}th", index + 1),
    }
}

fn verify(
    file: &[u8],
    block: &Block,
    packet: &SignaturePacket,
    role: Option<&Role>,
    keyring: &Keyring,
    fact: &mut Signature,
) {
    let issuers = packet.get_issuers();
    fact.issuer = issuers.first().map(KeyHandle::to_hex);
    fact.claimed_time = packet.signature_creation_time().and_then(certificate::moment);
    let expiry = packet.signature_creation_time().zip(packet.signature_validity_period());
    fact.expires = expiry.and_then(|(made, period)| made.checked_add(period)).and_then(certificate::moment);
    fact.hash = Some(packet.hash_algo().to_string());
    fact.hash_refused_from = certificate::data_hash_cutoff(packet.hash_algo());
    fact.algorithm = format!("{}/{}", packet.pk_algo(), packet.hash_algo());
    fact.notes.extend(hash_header(file, block, &packet.hash_algo().to_string()));
    let digest = match digest(block, packet) {
        Ok(digest) => digest,
        Err(error) => {
            fact.state = SignatureState::Unreadable;
            fact.why = Some(format!("its hash {} can't be computed: {error}", packet.hash_algo()));
            return;
        }
    };
    let names = |key: &&OpenpgpKey| {
        let handle = KeyHandle::from(key.key.fingerprint());
        issuers.is_empty() || issuers.iter().any(|issuer| issuer.aliases(&handle))
    };
    let of_role = keyring.openpgp.iter().filter(|key| Some(&key.role) == role).filter(names);
    let of_others = keyring.openpgp.iter().filter(|key| Some(&key.role) != role).filter(names);
    for key in of_role.chain(of_others) {
        if !fact.tried.contains(&key.id) {
            fact.tried.push(key.id.clone());
        }
        // The mathematics alone: no clock, no policy.
        if rsa::verifies(&key.key, packet.mpis(), packet.hash_algo(), &digest) {
            let name = certificate::algorithm(&key.key.pk_algo().to_string(), key.key.mpis().bits());
            fact.algorithm = format!("{name}/{}", packet.hash_algo());
            fact.state = SignatureState::Sound;
            fact.key = Some(key.id.clone());
            fact.signing_key = Some(key.key.fingerprint().to_hex());
            return;
        }
    }
    fact.state = if fact.tried.is_empty() { SignatureState::NoKey } else { SignatureState::Invalid };
}

fn digest(block: &Block, packet: &SignaturePacket) -> sequoia_openpgp::Result<Vec<u8>> {
    let mut hasher = packet.hash_algo().context()?.for_signature(packet.version());
    hasher.update(&block.signed);
    packet.hash(&mut hasher)?;
    hasher.into_digest()
}

/// What is odd about the `Hash` headers beside the hash of the signature. All writers write one, `Hash: ` and one name.
fn hash_header(file: &[u8], block: &Block, hash: &str) -> Option<ArmorNote> {
    let names = block.hash_names();
    let header = block.headers.iter().find(|header| header.name == "Hash")?;
    let line = file.get(header.span.clone()).unwrap_or_default().trim_ascii_end();
    let kind = if names.is_empty() {
        // Told as a header that names no hash.
        return None;
    } else if !names.iter().any(|name| name.eq_ignore_ascii_case(hash)) {
        FramingKind::WrongHashHeader
    } else if line != format!("Hash: {hash}").as_bytes() {
        FramingKind::UnusualHashHeader
    } else {
        return None;
    };
    Some(framing::note(file, kind, header.span.clone(), 1))
}
