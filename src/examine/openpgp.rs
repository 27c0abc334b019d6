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

use super::{Keyring, certificate, keyring::OpenpgpKey};
use crate::formats::clearsign::{self, AnomalyKind, Block, ClearSigned};
use crate::formats::openpgp::{CrcState, dearmor, normalise_mpis};
use crate::model::{ArmorNote, Digest, Role, Signature, SignatureState};

/// The longest excerpt of odd bytes, in bytes.
const EXCERPT_MAX: usize = 80;

/// What OpenPGP.js writes into its armor headers.
const OPENPGPJS: &[u8] = b"Version: OpenPGP.js";

/// Examines a clear-signed file: tries the keys of a role first, then the others, in their listed order, up to the match.
pub(super) fn examine(file: &[u8], role: Option<&Role>, keyring: &Keyring) -> Signature {
    let parts = clearsign::split(file);
    let mut fact = Signature {
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
        notes: notes(file, &parts),
        hash_refused_from: None,
    };
    let block = match parts.blocks.as_slice() {
        [] => {
            fact.why = Some("the file holds no clear-signed text".to_owned());
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
    match signature_packet(file, block, &mut fact.notes) {
        Ok(packet) => verify(block, &packet, role, keyring, &mut fact),
        Err((state, why)) => {
            fact.state = state;
            fact.why = Some(why);
        }
    }
    fact
}

/// The one signature of a block. A wrong checksum of its armor is noted: it is no part of the signature.
fn signature_packet(
    file: &[u8],
    block: &Block,
    notes: &mut Vec<ArmorNote>,
) -> Result<SignaturePacket, (SignatureState, String)> {
    let unreadable = |why: String| (SignatureState::Unreadable, why);
    if block.headers.iter().any(|header| header.name.eq_ignore_ascii_case("NotDashEscaped")) {
        return Err(unreadable(
            "the header NotDashEscaped changes what the signature covers; cotrace does not undo it".into(),
        ));
    }
    let armor = block.armor.clone().and_then(|range| file.get(range.clone()).zip(Some(range)));
    let (armor, range) = armor.ok_or_else(|| unreadable("the file ends before its signature does".to_owned()))?;
    let dearmored = dearmor(armor).map_err(|error| unreadable(format!("the signature's armor: {error}")))?;
    if dearmored.crc == CrcState::Bad {
        notes.push(note("wrong-checksum", range, 1, ""));
    }
    let packets = dearmored.bytes;
    // Old implementations (Go's among them) overstate the length of numbers; strict parsers then refuse the packet.
    let packets = normalise_mpis(&packets).unwrap_or(packets);
    let pile =
        PacketPile::from_bytes(&packets).map_err(|error| unreadable(format!("the signature's packets: {error}")))?;
    let mut packets: Vec<Packet> = pile.into_children().collect();
    if packets.len() > 1 {
        return Err((SignatureState::Ambiguous, format!("the block holds {} signature packets", packets.len())));
    }
    match packets.pop() {
        Some(Packet::Signature(signature)) if signature.typ() == SignatureType::Text => {
            unreadable_part(&signature).map_or(Ok(signature), |why| Err(unreadable(why)))
        }
        Some(Packet::Signature(signature)) => Err(unreadable(format!("its type is {:?}, not Text", signature.typ()))),
        Some(packet) => Err(unreadable(format!("it is a packet of kind {}", packet.tag()))),
        None => Err(unreadable("the armor holds no packet".to_owned())),
    }
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

fn verify(block: &Block, packet: &SignaturePacket, role: Option<&Role>, keyring: &Keyring, fact: &mut Signature) {
    let issuers = packet.get_issuers();
    fact.issuer = issuers.first().map(KeyHandle::to_hex);
    fact.claimed_time = packet.signature_creation_time().and_then(certificate::moment);
    let expiry = packet.signature_creation_time().zip(packet.signature_validity_period());
    fact.expires = expiry.and_then(|(made, period)| made.checked_add(period)).and_then(certificate::moment);
    fact.hash = Some(packet.hash_algo().to_string());
    fact.hash_refused_from = certificate::data_hash_cutoff(packet.hash_algo());
    fact.algorithm = format!("{}/{}", packet.pk_algo(), packet.hash_algo());
    if !block.hash_names().iter().any(|name| name.eq_ignore_ascii_case(&packet.hash_algo().to_string()))
        && !block.hash_names().is_empty()
    {
        fact.notes.push(note(
            "wrong-hash-header",
            block.headers.first().map_or(block.span.clone(), |h| h.span.clone()),
            1,
            "",
        ));
    }
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
        // The mathematics alone: no clock, no policy, and not Sequoia's process-wide cache of signatures.
        if key.key.verify(packet.mpis(), packet.hash_algo(), &digest).is_ok() {
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

/// What is odd about the framing: everything that some reader could take otherwise.
fn notes(file: &[u8], parts: &ClearSigned) -> Vec<ArmorNote> {
    // OpenPGP.js, which docker-worker used, begins its files with CRLF, ends all lines so, and says that it wrote the
    // file: then CRLF is as it was.
    let after_text = parts.blocks.first().and_then(|block| file.get(block.text.end..)).unwrap_or_default();
    let is_openpgpjs =
        file.starts_with(b"\r\n-----BEGIN") || after_text.windows(OPENPGPJS.len()).any(|window| window == OPENPGPJS);
    let counts = |kind: AnomalyKind| match kind {
        AnomalyKind::DashEscaped => false,
        AnomalyKind::CrLf => !is_openpgpjs,
        AnomalyKind::TextBefore
        | AnomalyKind::TextBetween
        | AnomalyKind::TextAfter
        | AnomalyKind::SecondBlock
        | AnomalyKind::TooManyBlocks
        | AnomalyKind::UnexpectedHeader
        | AnomalyKind::NotDashEscapedHeader
        | AnomalyKind::MissingHashHeader
        | AnomalyKind::TrailingWhitespace
        | AnomalyKind::MixedLineEnds
        | AnomalyKind::LoneCarriageReturn
        | AnomalyKind::UnescapedDash
        | AnomalyKind::FormFeed
        | AnomalyKind::NulByte
        | AnomalyKind::LineTooLong
        | AnomalyKind::NonUtf8
        | AnomalyKind::UnknownHashName
        | AnomalyKind::TooManyHeaders
        | AnomalyKind::UnexpectedArmor
        | AnomalyKind::SignatureArmorMissing
        | AnomalyKind::SignatureArmorUnterminated => true,
    };
    let counted = parts.anomalies.iter().filter(|anomaly| counts(anomaly.kind));
    counted
        .map(|anomaly| {
            let bytes = file.get(anomaly.span.clone()).unwrap_or_default();
            let excerpt = String::from_utf8_lossy(&bytes[..bytes.len().min(EXCERPT_MAX)]).into_owned();
            note(name(anomaly.kind), anomaly.span.clone(), anomaly.count, &excerpt)
        })
        .collect()
}

fn note(kind: &str, span: std::ops::Range<usize>, count: usize, excerpt: &str) -> ArmorNote {
    ArmorNote {
        kind: kind.to_owned(),
        start: span.start as u64,
        end: span.end as u64,
        count: count as u64,
        excerpt: excerpt.to_owned(),
    }
}

const fn name(kind: AnomalyKind) -> &'static str {
    match kind {
        AnomalyKind::TextBefore => "text-before",
        AnomalyKind::TextBetween => "text-between",
        AnomalyKind::TextAfter => "text-after",
        AnomalyKind::SecondBlock => "second-block",
        AnomalyKind::TooManyBlocks => "too-many-blocks",
        AnomalyKind::UnexpectedHeader => "unexpected-header",
        AnomalyKind::NotDashEscapedHeader => "not-dash-escaped-header",
        AnomalyKind::MissingHashHeader => "missing-hash-header",
        AnomalyKind::TrailingWhitespace => "trailing-whitespace",
        AnomalyKind::CrLf => "crlf",
        AnomalyKind::MixedLineEnds => "mixed-line-ends",
        AnomalyKind::LoneCarriageReturn => "lone-carriage-return",
        AnomalyKind::DashEscaped => "dash-escaped",
        AnomalyKind::UnescapedDash => "unescaped-dash",
        AnomalyKind::FormFeed => "form-feed",
        AnomalyKind::NulByte => "nul-byte",
        AnomalyKind::LineTooLong => "line-too-long",
        AnomalyKind::NonUtf8 => "non-utf8",
        AnomalyKind::UnknownHashName => "unknown-hash-name",
        AnomalyKind::TooManyHeaders => "too-many-headers",
        AnomalyKind::UnexpectedArmor => "unexpected-armor",
        AnomalyKind::SignatureArmorMissing => "signature-armor-missing",
        AnomalyKind::SignatureArmorUnterminated => "signature-armor-unterminated",
    }
}
