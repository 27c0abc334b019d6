//! Clear-signed text, byte for byte as three implementations framed it in 2017.

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sequoia_openpgp::types::HashAlgorithm;
use sha2::{Digest as _, Sha256, Sha512};

use crate::keys::OpenPgpKey;

/// An implementation that clear-signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Framing {
    /// OpenPGP.js 2.3: CRLF around and in the text, LF between the lines of base64.
    OpenPgpJs,
    /// Go's clearsign: LF throughout, no line end after the last dash, and a signature number that counts leading zeros.
    Go,
    /// GnuPG 2.0 with SHA-512 preferred: LF throughout.
    GnuPg,
}

const BINARY_SIGNATURE: u8 = 0x00;
const TEXT_SIGNATURE: u8 = 0x01;
const RSA: u8 = 1;

/// The clear-signed file of a text; `more` are subpackets that the signature states beside its time.
pub(crate) fn clear_sign(
    framing: Framing,
    text: &str,
    key: &mut OpenPgpKey,
    made: u32,
    more: &[u8],
) -> Result<Vec<u8>> {
    let text = text.replace('\r', "");
    let lines: Vec<&str> = text.strip_suffix('\n').unwrap_or(&text).split('\n').collect();
    let signature = signature(framing, TEXT_SIGNATURE, canonical(&lines).as_bytes(), key, made, more)?;
    let end = if framing == Framing::OpenPgpJs { "\r\n" } else { "\n" };
    let mut out = String::new();
    if framing == Framing::OpenPgpJs {
        out.push_str(end);
    }
    let hash = if framing == Framing::GnuPg { "SHA512" } else { "SHA256" };
    out.push_str(&format!("-----BEGIN PGP SIGNED MESSAGE-----{end}Hash: {hash}{end}{end}"));
    for line in &lines {
        if line.starts_with('-') || (framing == Framing::GnuPg && line.starts_with("From ")) {
            out.push_str("- ");
        }
        out.push_str(line);
        out.push_str(end);
    }
    out.push_str(&armor(framing, &signature));
    Ok(out.into_bytes())
}

/// The armored signature of bytes that stand elsewhere, as GnuPG makes it for git.
pub(crate) fn detached(bytes: &[u8], key: &mut OpenPgpKey, made: u32) -> Result<String> {
    let signature = signature(Framing::GnuPg, BINARY_SIGNATURE, bytes, key, made, &[])?;
    Ok(armor(Framing::GnuPg, &signature))
}

fn armor(framing: Framing, signature: &[u8]) -> String {
    let end = if framing == Framing::OpenPgpJs { "\r\n" } else { "\n" };
    let mut out = format!("-----BEGIN PGP SIGNATURE-----{end}");
    out.push_str(match framing {
        Framing::OpenPgpJs => "Version: OpenPGP.js v2.3.8\r\nComment: http://openpgpjs.org\r\n",
        Framing::Go => "",
        Framing::GnuPg => "Version: GnuPG v2.0.14 (GNU/Linux)\n",
    });
    out.push_str(end);
    let base64 = STANDARD.encode(signature);
    let width = if framing == Framing::OpenPgpJs { 60 } else { 64 };
    let mut rest = base64.as_str();
    while rest.len() > width {
        let (line, after) = rest.split_at(width);
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    let sum = STANDARD.encode(&crc24(signature).to_be_bytes()[1..]);
    out.push_str(&format!("{rest}{end}={sum}{end}-----END PGP SIGNATURE-----"));
    if framing != Framing::Go {
        out.push_str(end);
    }
    out
}

/// The text between the armour lines, dash escapes undone and lines ending in LF, without the last line's end.
pub(crate) fn text_of(file: &[u8]) -> Result<String> {
    let file = std::str::from_utf8(file).context("the attestation is not UTF-8")?;
    let mut lines = file.lines().skip_while(|line| *line != "-----BEGIN PGP SIGNED MESSAGE-----").skip(1);
    for header in lines.by_ref() {
        if header.is_empty() {
            break;
        }
    }
    let mut text = Vec::new();
    for line in lines {
        if line == "-----BEGIN PGP SIGNATURE-----" {
            return Ok(text.join("\n"));
        }
        text.push(line.strip_prefix("- ").unwrap_or(line));
    }
    bail!("the attestation is not clear-signed text")
}

/// What is hashed: lines without trailing blanks, joined by CRLF, no line end after the last.
fn canonical(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim_end_matches([' ', '\t'])).collect::<Vec<_>>().join("\r\n")
}

/// A version 4 signature packet over bytes: canonical text, for a signature over text.
fn signature(
    framing: Framing,
    kind: u8,
    signed: &[u8],
    key: &mut OpenPgpKey,
    made: u32,
    more: &[u8],
) -> Result<Vec<u8>> {
    let (algorithm, hash) =
        if framing == Framing::GnuPg { (HashAlgorithm::SHA512, 10) } else { (HashAlgorithm::SHA256, 8) };
    let mut creation = vec![5, 2];
    creation.extend_from_slice(&made.to_be_bytes());
    creation.extend_from_slice(more);
    let mut issuer = vec![9, 16];
    issuer.extend_from_slice(&key.id);
    // GnuPG leaves the issuer outside what it signs; the two others sign it.
    let (hashed, unhashed) =
        if framing == Framing::GnuPg { (creation, issuer) } else { ([creation, issuer].concat(), vec![]) };

    let mut packet = vec![4, kind, RSA, hash];
    packet.extend_from_slice(&u16::try_from(hashed.len())?.to_be_bytes());
    packet.extend_from_slice(&hashed);
    let mut trailer = packet.clone();
    trailer.extend_from_slice(&[4, 0xff]);
    trailer.extend_from_slice(&u32::try_from(packet.len())?.to_be_bytes());
    let digest = if framing == Framing::GnuPg {
        Sha512::new().chain_update(signed).chain_update(&trailer).finalize().to_vec()
    } else {
        Sha256::new().chain_update(signed).chain_update(&trailer).finalize().to_vec()
    };

    packet.extend_from_slice(&u16::try_from(unhashed.len())?.to_be_bytes());
    packet.extend_from_slice(&unhashed);
    packet.extend_from_slice(&digest[..2]);
    let number = key.sign(algorithm, &digest)?;
    if framing == Framing::Go {
        packet.extend_from_slice(&u16::try_from(number.len() * 8)?.to_be_bytes());
        packet.extend_from_slice(&number);
    } else {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let number = &number[zeros..];
        let bits = number.len() * 8 - number.first().map_or(0, |byte| byte.leading_zeros() as usize);
        packet.extend_from_slice(&u16::try_from(bits)?.to_be_bytes());
        packet.extend_from_slice(number);
    }

    let length = u16::try_from(packet.len())?;
    let mut out = if framing == Framing::GnuPg {
        let [high, low] = length.to_be_bytes();
        vec![0x89, high, low]
    } else {
        let [high, low] = length.checked_sub(192).context("a signature is longer than that")?.to_be_bytes();
        vec![0xc2, high + 192, low]
    };
    out.extend_from_slice(&packet);
    Ok(out)
}

/// How many leading zero bits a Go signature's number has, of the length that its packet states.
#[cfg(test)]
pub(crate) fn leading_zero_bits(file: &[u8]) -> Result<u32> {
    let file = std::str::from_utf8(file)?;
    let (_, block) = file.split_once("-----BEGIN PGP SIGNATURE-----\n\n").context("no signature")?;
    let (base64, _) = block.split_once("\n=").context("no checksum")?;
    let packet = STANDARD.decode(base64.replace('\n', ""))?;
    // Header 3, version to hash 4, hashed area 2 + 16, unhashed area 2, digest prefix 2, bit length 2.
    let number = &packet[31..];
    let stated = usize::from(u16::from_be_bytes([packet[29], packet[30]]));
    anyhow::ensure!(stated == number.len() * 8, "the bit length is not that of the modulus");
    Ok(number.first().map_or(0, |byte| byte.leading_zeros()))
}

fn crc24(bytes: &[u8]) -> u32 {
    let mut crc = 0x00b7_04ce_u32;
    for byte in bytes {
        crc ^= u32::from(*byte) << 16;
        for _ in 0..8 {
            crc <<= 1;
            if crc & 0x0100_0000 != 0 {
                crc ^= 0x0186_4cfb;
            }
        }
    }
    crc & 0x00ff_ffff
}
