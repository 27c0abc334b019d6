//! The framing of OpenPGP packets (RFC 4880 section 4.2).

use std::ops::Range;

/// The tag of a signature packet (RFC 4880 section 4.3).
pub(super) const SIGNATURE_TAG: u8 = 2;

/// One packet of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) tag: u8,
    /// Header and body.
    pub(super) span: Range<usize>,
    pub(super) body: Range<usize>,
}

/// The packet that starts at a byte of a stream; none if it is malformed, or has a body of partial or indeterminate length
/// (which no signature or key may have).
pub(super) fn packet(stream: &[u8], start: usize) -> Option<Packet> {
    let (&first, rest) = stream.get(start..)?.split_first()?;
    let (tag, length_octets, length) = match first {
        0x00..=0x7f => return None,
        0x80..=0xbf => old_length(first, rest).map(|(octets, length)| (first >> 2 & 0x0f, octets, length))?,
        0xc0..=0xff => new_length(rest).map(|(octets, length)| (first & 0x3f, octets, length))?,
    };
    let body_start = start + 1 + length_octets;
    let body = body_start..body_start.checked_add(length)?;
    stream.get(body.clone())?;
    Some(Packet { tag, span: start..body.end, body })
}

/// Number of length octets and length, RFC 4880 section 4.2.1.
fn old_length(first: u8, rest: &[u8]) -> Option<(usize, usize)> {
    let octets = match first & 0x03 {
        0 => 1,
        1 => 2,
        2 => 4,
        _ => return None,
    };
    Some((octets, number(rest.get(..octets)?)))
}

/// Number of length octets and length, RFC 4880 section 4.2.2.
fn new_length(rest: &[u8]) -> Option<(usize, usize)> {
    match *rest {
        [length @ 0..=191, ..] => Some((1, usize::from(length))),
        [high @ 192..=223, low, ..] => Some((2, ((usize::from(high) - 192) << 8) + usize::from(low) + 192)),
        [255, a, b, c, d, ..] => Some((5, number(&[a, b, c, d]))),
        _ => None,
    }
}

/// Writes a packet again with a body that is not longer, in the same format of header: old with as many length octets,
/// new with the fewest, or with five if there were five.
pub(super) fn write(out: &mut Vec<u8>, stream: &[u8], packet: &Packet, body: &[u8]) -> Option<()> {
    let header = stream.get(packet.span.start..packet.body.start)?;
    let (&first, length_octets) = header.split_first()?;
    out.push(first);
    let length = u32::try_from(body.len()).ok()?;
    match (first & 0x40 != 0, length_octets.len(), length) {
        (false, octets, _) => out.extend(length.to_be_bytes().get(4_usize.checked_sub(octets)?..)?),
        (true, 5, _) => {
            out.push(255);
            out.extend(length.to_be_bytes());
        }
        (true, _, 0..=191) => out.push(u8::try_from(length).ok()?),
        (true, _, _) => {
            let [high, low] = u16::try_from(length - 192).ok()?.to_be_bytes();
            out.extend([high.checked_add(192)?, low]);
        }
    }
    out.extend(body);
    Some(())
}

/// A big-endian number of at most four bytes.
fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}
