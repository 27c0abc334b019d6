//! Big numbers of signatures (RFC 4880 section 3.2).

use super::packet::{Packet, SIGNATURE_TAG, packet, write};

/// Sets the big numbers of signatures right, so that a strict reader takes them.
///
/// A multiprecision integer states its length in bits, counted from its highest one. Older releases of Go's
/// `golang.org/x/crypto/openpgp` (GitHub's web-flow commits, generic-worker) state eight times the bytes of the modulus
/// instead, so that a number may begin with zero bits, or zero bytes. GnuPG reads that; Sequoia does not. The numbers lie
/// outside what a signature hashes, so that correcting them changes no verdict.
///
/// Corrected are the signature packets of versions 3 and 4 that are RSA or EdDSA; everything else stays byte for byte.
/// None if nothing needs correction, or the stream is malformed or has bodies of partial length.
pub fn normalise_mpis(stream: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(stream.len());
    let mut is_changed = false;
    let mut at = 0;
    while at < stream.len() {
        let packet = packet(stream, at)?;
        at = packet.span.end;
        match normalised_body(stream, &packet) {
            Some(body) => {
                is_changed = true;
                write(&mut out, stream, &packet, &body)?;
            }
            None => out.extend(stream.get(packet.span)?),
        }
    }
    is_changed.then_some(out)
}

/// The body of a signature packet with its numbers set right; none if that is no change.
fn normalised_body(stream: &[u8], packet: &Packet) -> Option<Vec<u8>> {
    if packet.tag != SIGNATURE_TAG {
        return None;
    }
    let body = stream.get(packet.body.clone())?;
    let mpis_start = mpis_start(body)?;
    let mut rest = body.get(mpis_start..)?;
    let mut out = body.get(..mpis_start)?.to_vec();
    while let Some((mpi, tail)) = split_mpi(rest) {
        let first_bit = mpi.iter().position(|byte| *byte != 0).unwrap_or(mpi.len());
        let value = mpi.get(first_bit..)?;
        let bits = value.len() * 8 - value.first().map_or(0, |byte| byte.leading_zeros() as usize);
        out.extend(u16::try_from(bits).ok()?.to_be_bytes());
        out.extend(value);
        rest = tail;
    }
    // A body that does not end with a whole number is left to the strict reader's verdict.
    (rest.is_empty() && out != body).then_some(out)
}

/// Where the big numbers begin in the body of a signature packet whose form and algorithm are known.
fn mpis_start(body: &[u8]) -> Option<usize> {
    let (algorithm, start) = match *body {
        // RFC 4880 section 5.2.2: version, length 5, type, time (4), issuer (8), algorithms (2), left bits (2).
        [3, 5, ..] => (*body.get(15)?, 19),
        // RFC 4880 section 5.2.3: version, type, algorithms (2), hashed and unhashed subpackets, left bits (2).
        [4, _, algorithm, _, high, low, ..] => {
            let unhashed = 6 + usize::from(u16::from_be_bytes([high, low]));
            let length = body.get(unhashed..)?.first_chunk::<2>()?;
            (algorithm, unhashed + 2 + usize::from(u16::from_be_bytes(*length)) + 2)
        }
        _ => return None,
    };
    // 1 and 3 are RSA (RFC 4880 section 9.1), 22 is EdDSA (draft-ietf-openpgp-rfc4880bis).
    matches!(algorithm, 1 | 3 | 22).then_some(start)
}

/// The bytes of the first big number, and what follows it.
fn split_mpi(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)).div_ceil(8))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The body of a version 4 signature, with a hashed and an unhashed subpacket.
    fn v4(algorithm: u8, mpis: &[u8]) -> Vec<u8> {
        let mut body = vec![4, 1, algorithm, 10, 0, 6, 5, 2, 1, 2, 3, 4, 0, 2, 1, 99, 0xab, 0xcd];
        body.extend(mpis);
        body
    }

    fn v3(algorithm: u8, mpis: &[u8]) -> Vec<u8> {
        let mut body = vec![3, 5, 0, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, algorithm, 8, 0xab, 0xcd];
        body.extend(mpis);
        body
    }

    /// A packet in each format of header that can hold the body. `tag` 2.
    fn framed(body: &[u8]) -> Vec<Vec<u8>> {
        let length = body.len() as u32;
        let [a, b, c, d] = length.to_be_bytes();
        let mut headers = vec![vec![0xc2, 255, a, b, c, d], vec![0x8a, a, b, c, d], vec![0x89, c, d]];
        if length < 256 {
            headers.push(vec![0x88, d]);
        }
        if length < 192 {
            headers.push(vec![0xc2, d]);
        } else {
            let [high, low] = (length as u16 - 192).to_be_bytes();
            headers.push(vec![0xc2, 192 + high, low]);
        }
        headers.into_iter().map(|header| [header, body.to_vec()].concat()).collect()
    }

    #[test]
    fn overstated_lengths_are_corrected() {
        let value = [0x3f; 255];
        // 2048 bits are stated; the first byte is zero, the second has two leading zero bits.
        let stated = [&[8, 0, 0], value.as_slice()].concat();
        let right = [&[0x07, 0xf6], value.as_slice()].concat();
        for build in [v4, v3] {
            let expected = framed(&build(1, &right));
            for (packet, expected) in framed(&build(1, &stated)).iter().zip(&expected) {
                assert_eq!(normalise_mpis(packet).as_ref(), Some(expected));
                assert_eq!(normalise_mpis(expected), None);
            }
        }
    }

    #[test]
    fn only_bits_may_be_overstated() {
        let packet = |mpi: &[u8]| framed(&v4(1, mpi)).pop().unwrap();
        assert_eq!(normalise_mpis(&packet(&[0, 16, 0x7f, 1])), Some(packet(&[0, 15, 0x7f, 1])));
        assert_eq!(normalise_mpis(&packet(&[0, 8, 0])), Some(packet(&[0, 0])));
        assert_eq!(normalise_mpis(&packet(&[0, 0])), None);
    }

    #[test]
    fn a_shorter_length_is_written_in_fewer_octets() {
        // 192 bytes of body take two octets of length, 191 take one. The body is 18 bytes long without its number.
        let value = [vec![0], vec![0xff; 171]].concat();
        let body = v4(1, &[(172_u16 * 8).to_be_bytes().to_vec(), value].concat());
        assert_eq!(body.len(), 192);
        let packet = framed(&body).into_iter().find(|packet| packet.starts_with(&[0xc2, 192])).unwrap();
        let fixed = normalise_mpis(&packet).unwrap();
        assert_eq!(fixed.get(..2), Some([0xc2, 191].as_slice()));
        assert_eq!(fixed.len(), 193);
    }

    #[test]
    fn other_packets_are_left_alone() {
        let user_id = [0xcd, 3, b'a', b'b', b'c'];
        let [bad, good] = [[0, 16, 0x01, 1], [0, 9, 0x01, 1]].map(|mpi| framed(&v4(22, &mpi.repeat(2))).remove(1));
        let stream = [user_id.as_slice(), &bad, &user_id, &good].concat();
        assert_eq!(normalise_mpis(&stream), Some([user_id.as_slice(), &good, &user_id, &good].concat()));
        // DSA is none of our business, nor are unknown versions.
        assert_eq!(normalise_mpis(&framed(&v4(17, &[0, 16, 0x01, 1])).remove(0)), None);
        let mut unknown = v4(1, &[0, 16, 0x01, 1]);
        unknown[0] = 5;
        assert_eq!(normalise_mpis(&framed(&unknown).remove(0)), None);
    }

    #[test]
    fn malformed_streams_are_left_alone() {
        let packet = framed(&v4(1, &[0, 16, 0x01, 1])).remove(1);
        assert!(normalise_mpis(&packet).is_some());
        let cut = packet.get(..packet.len() - 1).unwrap();
        let junk = [packet.as_slice(), &[0]].concat();
        let body = v4(1, &[0, 16, 0x01, 1]);
        let partial = [vec![0xc2, 0xe1, body[0], body[1], (body.len() - 2) as u8], body[2..].to_vec()].concat();
        let indeterminate = [vec![0x8b], body].concat();
        for stream in [&[], cut, &junk, &partial, &indeterminate] {
            assert_eq!(normalise_mpis(stream), None);
        }
        for mpis in [[0, 17, 0x01, 1].as_slice(), &[0, 16, 1, 1, 0], &[0], &[0, 16, 1, 1, 0, 16, 1]] {
            assert_eq!(normalise_mpis(&framed(&v4(1, mpis)).remove(0)), None, "{mpis:?}");
        }
    }

    fn any_packet() -> impl Strategy<Value = Vec<u8>> {
        let value = prop::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..40);
        let mpi = (value, 0u16..8).prop_map(|(value, less)| {
            let bits = (value.len() as u16 * 8).saturating_sub(if value.is_empty() { 0 } else { less });
            [bits.to_be_bytes().to_vec(), value].concat()
        });
        let mpis = prop::collection::vec(mpi, 0..4).prop_map(|mpis| mpis.concat());
        (any::<bool>(), prop::sample::select(vec![1u8, 3, 17, 22]), mpis, any::<prop::sample::Index>()).prop_map(
            |(is_v4, algorithm, mpis, index)| {
                let packets = framed(&if is_v4 { v4(algorithm, &mpis) } else { v3(algorithm, &mpis) });
                packets[index.index(packets.len())].clone()
            },
        )
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>, signature in any_packet(), tail: Vec<u8>) {
            let _ = normalise_mpis(&bytes);
            let _ = normalise_mpis(&[signature, tail].concat());
        }

        #[test]
        fn correction_is_done_once(signatures in prop::collection::vec(any_packet(), 0..4)) {
            let stream = signatures.concat();
            if let Some(fixed) = normalise_mpis(&stream) {
                prop_assert!(fixed.len() <= stream.len() && fixed != stream);
                prop_assert_eq!(normalise_mpis(&fixed), None);
            }
        }
    }
}
