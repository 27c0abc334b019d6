use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cotrace::model::{Code, Verdict};
use cotrace_generator::{Signer, World};

use super::Case;
use super::edits::{attest_in_both_forms, edit_attestation_file, edit_bytes, log_attestation, uncapture, unlist};
use crate::support::{Scene, moment, nightly_2017, nightly_2026};

pub(super) const CASES: &[Case] = &[
    Case::refutes(
        Code::SignatureExpired,
        ("signature", "build-linux64"),
        (
            "it was to be valid for a day, and weeks have passed",
            "it was to be valid for a day, and is judged on that day",
        ),
        || Scene::of(stating(&VALID_FOR_A_DAY), "signing-linux64").at("2017-07-15"),
        || Scene::of(stating(&VALID_FOR_A_DAY), "signing-linux64"),
    ),
    Case::refutes(
        Code::SignatureUnreadable,
        ("signature", "build-linux64"),
        ("it states a critical notation that nobody knows", "it states the same notation as an aside"),
        || Scene::of(stating(&notation(0x80)), "signing-linux64"),
        || Scene::of(stating(&notation(0)), "signing-linux64"),
    ),
    Case::refutes(
        Code::SignatureMissing,
        ("signature", "build-linux64"),
        ("the queue lists none", "the queue lists one that was not captured"),
        || {
            let mut world = without_signature();
            unlist(&mut world, "build-linux64", "public/chain-of-trust.json.sig");
            Scene::of(world, "signing-linux64")
        },
        || Scene::of(without_signature(), "signing-linux64"),
    )
    .near_verdict(Verdict::Undetermined),
    Case::refutes(
        Code::SignatureUnreadable,
        ("signature", "build-linux64"),
        ("63 of its 64 bytes", "64 other bytes, by another key of the role"),
        || {
            let mut world = nightly_2026();
            let path = world.attestation_path("build-linux64").unwrap() + ".sig";
            edit_bytes(&mut world, &path, |bytes| bytes[..63].to_vec());
            Scene::of(world, "signing-linux64")
        },
        || {
            let mut world = nightly_2026();
            world.sign_as("build-linux64", Signer::Role("generic-worker")).unwrap();
            Scene::of(world, "signing-linux64")
        },
    )
    .near_also(&[Code::DockerImageByTask]),
    Case::refutes(
        Code::SignatureUnreadable,
        ("signature", "signing-linux64"),
        ("the armor's checksum is none", "the armor has no checksum, which was always optional"),
        || Scene::of(with_checksum(Some("=!!!!")), "signing-linux64"),
        || Scene::of(with_checksum(None), "signing-linux64"),
    )
    .near_also(&[Code::ClearsignChecksumMissing]),
    Case::refutes(
        Code::SignatureUnreadable,
        ("signature", "build-linux64"),
        ("the file ends within the signature", "the file ends with the last dash of the signature"),
        || Scene::of(asc("build-linux64", |text| text[..text.len() - 60].to_owned()), "signing-linux64"),
        || Scene::of(asc("build-linux64", |text| text.trim_end().to_owned()), "signing-linux64"),
    )
    .near_also(&[Code::ClearsignArmorLayout]),
    Case::refutes(
        Code::SignatureMissing,
        ("signature", "signing-linux64"),
        ("the file ends where its signature begins", "the file ends a byte too early"),
        || {
            let edit = |text: String| text.split_once("-----BEGIN PGP SIGNATURE").unwrap().0.to_owned();
            Scene::of(asc("signing-linux64", edit), "signing-linux64")
        },
        || Scene::of(asc("signing-linux64", |text| text.trim_end().to_owned()), "signing-linux64"),
    )
    .near_also(&[Code::ClearsignArmorLayout]),
    Case::refutes(
        Code::SignatureInvalid,
        ("signature", "build-linux64"),
        ("a byte was changed", "a byte was changed and the text signed again"),
        || Scene::of(with_a_byte_changed(), "signing-linux64"),
        || {
            let mut world = with_a_byte_changed();
            world.sign("build-linux64").unwrap();
            Scene::of(world, "signing-linux64")
        },
    ),
    Case::refutes(
        Code::SignatureInvalid,
        ("signature", "build-linux64"),
        ("a key that nobody knows made it: ed25519 names none", "the key before the last made it"),
        || {
            let mut world = nightly_2026();
            world.sign_as("build-linux64", Signer::Stranger).unwrap();
            Scene::of(world, "signing-linux64")
        },
        || {
            let mut world = nightly_2026();
            world.sign_as("signing-linux64", Signer::Role("scriptworker-previous")).unwrap();
            Scene::of(world, "signing-linux64")
        },
    ),
    Case::refutes(
        Code::SignatureInvalid,
        ("signature", "build-win64"),
        ("a letter of the signed text was changed", "line ends, which no signature covers, were changed"),
        || Scene::of(asc("build-win64", |text| text.replacen("us-west-2", "us-west-1", 1)), "signing-win64"),
        || Scene::of(asc("build-win64", in_crlf), "signing-win64"),
    )
    .also(&[Code::AttestationWorkerMismatch])
    .near_also(&[Code::ClearsignUncoveredBytes]),
    Case::refutes(
        Code::SignatureInvalid,
        ("signature", "docker-image"),
        ("of two forms one is of another text", "both forms are sound"),
        || {
            let mut world = nightly_2017();
            let text = world.attestation("docker-image").unwrap();
            attest_in_both_forms(&mut world, "docker-image", &text, "{}");
            Scene::of(world, "docker-image")
        },
        || {
            let mut world = nightly_2017();
            let text = world.attestation("docker-image").unwrap();
            attest_in_both_forms(&mut world, "docker-image", &text, &text);
            Scene::of(world, "docker-image")
        },
    ),
    Case::refutes(
        Code::SignatureAmbiguous,
        ("signature", "signing-linux64"),
        ("the file holds the signed text twice", "blank lines stand around it"),
        || Scene::of(asc("signing-linux64", |text| text.repeat(2)), "signing-linux64"),
        || Scene::of(asc("signing-linux64", |text| format!("\n \n{text}\n\t\n")), "signing-linux64"),
    )
    .near_also(&[Code::ClearsignBlankOutside]),
    Case::refutes(
        Code::SignatureAmbiguous,
        ("signature", "signing-linux64"),
        ("the armor holds the signature twice", "the armor holds it once"),
        || Scene::of(armored(|packets| [packets, packets].concat(), None), "signing-linux64"),
        || Scene::of(armored(<[u8]>::to_vec, None), "signing-linux64"),
    )
    .also(&[Code::ClearsignChecksumMissing])
    .near_also(&[Code::ClearsignChecksumMissing]),
    Case::remarks(
        Code::SignatureAfterAsOf,
        ("signature", "build-linux64"),
        ("it claims the second after the target's start", "it claims the second of the target's start"),
        || Scene::of(signed_at_start("signing-linux64", 1), "signing-linux64"),
        || Scene::of(signed_at_start("signing-linux64", 0), "signing-linux64"),
    ),
    Case::remarks(
        Code::SignatureTimeOutsideRun,
        ("signature", "build-linux64"),
        ("it claims 15 minutes and a second before its run", "it claims 15 minutes before its run"),
        || Scene::of(signed_at_start("build-linux64", -901), "signing-linux64"),
        || Scene::of(signed_at_start("build-linux64", -900), "signing-linux64"),
    ),
    Case::remarks(
        Code::SignatureTimeContradicted,
        ("signature", "signing-linux64"),
        ("it claims to be older than what it rests on, by 15 minutes and a second", "by 15 minutes"),
        || Scene::of(older_than_its_build(-901), "signing-linux64"),
        || Scene::of(older_than_its_build(-900), "signing-linux64"),
    )
    .also(&[Code::SignatureTimeOutsideRun])
    .near_also(&[Code::SignatureTimeOutsideRun]),
    Case::remarks(
        Code::SignatureTimeContradicted,
        ("signature", "build-win64"),
        ("it claims to be younger than what states its digest, by 15 minutes and a second", "by 15 minutes"),
        || Scene::of(younger_than_its_signing("2017-08-30T09:15:01Z"), "signing-win64"),
        || Scene::of(younger_than_its_signing("2017-08-30T09:15:00Z"), "signing-win64"),
    )
    .also(&[Code::SignatureAfterAsOf, Code::SignatureTimeOutsideRun, Code::SignatureTimeOutsideKey])
    .near_also(&[Code::SignatureAfterAsOf, Code::SignatureTimeOutsideRun, Code::SignatureTimeOutsideKey]),
    Case::remarks(
        Code::SignatureTimeOutsideKey,
        ("signature", "build-linux64"),
        ("it claims a second before its key was made", "it claims the second in which its key was made"),
        || Scene::of(signed_when_key_was_made(-1), "signing-linux64"),
        || Scene::of(signed_when_key_was_made(0), "signing-linux64"),
    )
    .also(&[Code::SignatureTimeOutsideRun])
    .near_also(&[Code::SignatureTimeOutsideRun]),
    Case::remarks(
        Code::ClearsignTextOutside,
        ("signature", "signing-linux64"),
        ("text before the signed one", "blanks before the signed one"),
        || Scene::of(asc("signing-linux64", |text| format!("{{\"artifacts\": {{}}}}\n{text}")), "signing-linux64"),
        || Scene::of(asc("signing-linux64", |text| format!("\n \t\n{text}")), "signing-linux64"),
    )
    .near_also(&[Code::ClearsignBlankOutside]),
    Case::remarks(
        Code::ClearsignTextOutside,
        ("signature", "build-linux64"),
        ("text behind the signed one", "blanks behind the signed one"),
        || Scene::of(asc("build-linux64", |text| text + "."), "signing-linux64"),
        || Scene::of(asc("build-linux64", |text| text + " \n\n"), "signing-linux64"),
    )
    .near_also(&[Code::ClearsignBlankOutside]),
    Case::remarks(
        Code::ClearsignTextOutside,
        ("signature", "signing-linux64"),
        ("text between the end of the signature's data and its marker", "a blank behind the marker"),
        || {
            let edit = |text: String| text.replacen("-----END", "-----END PGP X-----\n{}\n-----END", 1);
            Scene::of(asc("signing-linux64", edit), "signing-linux64")
        },
        || Scene::of(asc("signing-linux64", |text| text.trim_end().to_owned() + " \n"), "signing-linux64"),
    )
    .near_also(&[Code::ClearsignArmorLayout]),
    Case::remarks(
        Code::ClearsignBlankOutside,
        ("signature", "signing-linux64"),
        ("a form feed before the signed text", "the empty line with which OpenPGP.js begins"),
        || Scene::of(asc("signing-linux64", |text| format!("\u{c}\n{text}")), "signing-linux64"),
        || Scene::of(nightly_2017(), "build-linux64"),
    ),
    Case::remarks(
        Code::ClearsignBlankOutside,
        ("signature", "build-win64"),
        ("a line end behind a file of Go's, which has none", "the line end behind a file of GnuPG's"),
        || Scene::of(asc("build-win64", |text| text + "\n"), "signing-win64"),
        || Scene::of(nightly_2017(), "signing-win64"),
    ),
    Case::remarks(
        Code::ClearsignUncoveredBytes,
        ("signature", "signing-linux64"),
        ("a blank at the end of a line", "a blank at the end of a marker's line"),
        || Scene::of(asc("signing-linux64", |text| before_signature(&text, " \n")), "signing-linux64"),
        || {
            let edit = |text: String| text.replacen("MESSAGE-----\n", "MESSAGE----- \n", 1);
            Scene::of(asc("signing-linux64", edit), "signing-linux64")
        },
    )
    .near_also(&[Code::ClearsignArmorLayout]),
    Case::remarks(
        Code::ClearsignUncoveredBytes,
        ("signature", "signing-linux64"),
        ("CRLF where GnuPG wrote LF", "CRLF as OpenPGP.js writes it"),
        || Scene::of(asc("signing-linux64", in_crlf), "signing-linux64"),
        || Scene::of(nightly_2017(), "build-linux64"),
    ),
    Case::remarks(
        Code::ClearsignUncoveredBytes,
        ("signature", "build-linux64"),
        ("LF where OpenPGP.js wrote CRLF", "LF as GnuPG writes it"),
        || Scene::of(asc("build-linux64", |text| text.replace('\r', "")), "build-linux64"),
        || Scene::of(nightly_2017(), "signing-linux64"),
    ),
    Case::remarks(
        Code::ClearsignUncoveredBytes,
        ("signature", "signing-linux64"),
        ("a NUL at the end of a line", "a tab at the end of a header"),
        || Scene::of(asc("signing-linux64", |text| before_signature(&text, "\0\n")), "signing-linux64"),
        || Scene::of(asc("signing-linux64", |text| header(&text, "Hash: SHA512\t\n")), "signing-linux64"),
    )
    .also(&[Code::ClearsignFraming])
    .near_also(&[Code::ClearsignArmorLayout]),
    Case::remarks(
        Code::ClearsignHashHeader,
        ("signature", "signing-linux64"),
        ("no header names the hash", "a tab stands behind the header that does"),
        || Scene::of(asc("signing-linux64", |text| header(&text, "")), "signing-linux64"),
        || Scene::of(asc("signing-linux64", |text| header(&text, "Hash: SHA512\t\n")), "signing-linux64"),
    )
    .near_also(&[Code::ClearsignArmorLayout]),
    Case::remarks(
        Code::ClearsignHashHeader,
        ("signature", "signing-linux64"),
        ("the header names another hash", "the header names the signature's hash"),
        || Scene::of(asc("signing-linux64", |text| header(&text, "Hash: SHA256\n")), "signing-linux64"),
        || Scene::of(nightly_2017(), "signing-linux64"),
    ),
    Case::remarks(
        Code::ClearsignHashHeader,
        ("signature", "signing-linux64"),
        ("a second header names the right hash", "the second header is a comment"),
        || Scene::of(asc("signing-linux64", |text| header(&text, "Hash: SHA256\nHash: SHA512\n")), "signing-linux64"),
        || Scene::of(asc("signing-linux64", |text| header(&text, "Hash: SHA512\nComment: sound\n")), "signing-linux64"),
    )
    .near_also(&[Code::ClearsignArmorHeader]),
    Case::remarks(
        Code::ClearsignHashHeader,
        ("signature", "signing-linux64"),
        ("the header names a hash that there is not", "the header names one that there is"),
        || Scene::of(asc("signing-linux64", |text| header(&text, "Hash: SHA512, SHA3\n")), "signing-linux64"),
        || Scene::of(nightly_2017(), "signing-linux64"),
    ),
    Case::remarks(
        Code::ClearsignHashHeader,
        ("signature", "signing-linux64"),
        ("the header names another hash beside the right one", "the header names one"),
        || Scene::of(asc("signing-linux64", |text| header(&text, "Hash: SHA1, SHA512\n")), "signing-linux64"),
        || Scene::of(nightly_2017(), "signing-linux64"),
    ),
    Case::remarks(
        Code::ClearsignArmorHeader,
        ("signature", "signing-linux64"),
        ("a comment among the headers of the text", "a tab behind the header of the text"),
        || Scene::of(asc("signing-linux64", |text| header(&text, "Hash: SHA512\nComment: sound\n")), "signing-linux64"),
        || Scene::of(asc("signing-linux64", |text| header(&text, "Hash: SHA512\t\n")), "signing-linux64"),
    )
    .near_also(&[Code::ClearsignArmorLayout]),
    Case::remarks(
        Code::ClearsignArmorHeader,
        ("signature", "signing-linux64"),
        ("a comment among the headers of the signature", "the comment that OpenPGP.js writes there"),
        || {
            let edit = |text: String| text.replacen("SIGNATURE-----\n", "SIGNATURE-----\nComment: sound\n", 1);
            Scene::of(asc("signing-linux64", edit), "signing-linux64")
        },
        || Scene::of(nightly_2017(), "build-linux64"),
    ),
    Case::remarks(
        Code::ClearsignArmorHeader,
        ("signature", "signing-linux64"),
        ("a version that says more than a version", "another version of GnuPG"),
        || {
            let edit = |text: String| text.replacen("v2.0.14 (GNU/Linux)", "v2.0.14 ({\"taskId\": 1})", 1);
            Scene::of(asc("signing-linux64", edit), "signing-linux64")
        },
        || Scene::of(asc("signing-linux64", |text| text.replacen("v2.0.14", "v2", 1)), "signing-linux64"),
    ),
    Case::remarks(
        Code::ClearsignChecksumWrong,
        ("signature", "signing-linux64"),
        ("the armor's checksum is another signature's", "the armor has no checksum, which was always optional"),
        || Scene::of(with_checksum(Some("=AAAA")), "signing-linux64"),
        || Scene::of(with_checksum(None), "signing-linux64"),
    )
    .near_also(&[Code::ClearsignChecksumMissing]),
    Case::remarks(
        Code::ClearsignChecksumMissing,
        ("signature", "signing-linux64"),
        ("the armor has no checksum", "the armor has the right checksum"),
        || Scene::of(with_checksum(None), "signing-linux64"),
        || Scene::of(nightly_2017(), "signing-linux64"),
    ),
    Case::remarks(
        Code::ClearsignDashEscape,
        ("signature", "signing-linux64"),
        ("a line is escaped that need not be", "no line needs to be, and none is"),
        || {
            let edit = |text: String| text.replacen("\n  \"artifacts\"", "\n-   \"artifacts\"", 1);
            Scene::of(asc("signing-linux64", edit), "signing-linux64")
        },
        || Scene::of(nightly_2017(), "signing-linux64"),
    ),
    Case::remarks(
        Code::ClearsignArmorLayout,
        ("signature", "signing-linux64"),
        ("a line of the signature's data is broken in two", "all lines of the data are 64 characters long"),
        || {
            let edit = |text: String| text.replacen("(GNU/Linux)\n\niQ", "(GNU/Linux)\n\ni\nQ", 1);
            Scene::of(asc("signing-linux64", edit), "signing-linux64")
        },
        || Scene::of(nightly_2017(), "signing-linux64"),
    ),
    Case::remarks(
        Code::ClearsignArmorLayout,
        ("signature", "build-linux64"),
        ("a blank behind the last marker", "LF between the lines of data and CRLF elsewhere, as OpenPGP.js writes"),
        || {
            Scene::of(
                asc("build-linux64", |text| text.replacen("END PGP SIGNATURE-----", "END PGP SIGNATURE----- ", 1)),
                "build-linux64",
            )
        },
        || Scene::of(nightly_2017(), "build-linux64"),
    ),
    Case::remarks(
        Code::ClearsignFraming,
        ("signature", "signing-linux64"),
        ("a carriage return too many at a line's end", "a line ends in CRLF and the others in LF"),
        || Scene::of(asc("signing-linux64", |text| before_signature(&text, "\r\r\n")), "signing-linux64"),
        || Scene::of(asc("signing-linux64", |text| before_signature(&text, "\r\n")), "signing-linux64"),
    )
    .also(&[Code::ClearsignUncoveredBytes])
    .near_also(&[Code::ClearsignUncoveredBytes]),
    Case::remarks(
        Code::ClearsignFraming,
        ("signature", "signing-linux64"),
        ("something else than a signature seems to follow the text", "a blank follows on the marker's line"),
        || {
            let edit = |text: String| text.replacen("BEGIN PGP SIGNATURE", "BEGIN PGP MESSAGE", 1);
            Scene::of(asc("signing-linux64", edit), "signing-linux64")
        },
        || {
            let edit = |text: String| text.replacen("SIGNATURE-----\n", "SIGNATURE----- \n", 1);
            Scene::of(asc("signing-linux64", edit), "signing-linux64")
        },
    )
    .near_also(&[Code::ClearsignArmorLayout]),
    Case::remarks(
        Code::ClearsignLineTooLong,
        ("signature", "signing-linux64"),
        ("a line of 19,996 bytes", "a line of 19,995 bytes"),
        || Scene::of(with_longest_line(19_996), "signing-linux64"),
        || Scene::of(with_longest_line(19_995), "signing-linux64"),
    ),
];

/// A subpacket: the signature is valid for a day.
const VALID_FOR_A_DAY: [u8; 6] = [5, 3, 0, 1, 0x51, 0x80];

/// A notation, with the bit that says whether it is critical.
fn notation(critical: u8) -> Vec<u8> {
    let (name, value) = (b"note@example.invalid", b"x");
    let mut notation = vec![20 | critical, 0x80, 0, 0, 0, 0, 20, 0, 1];
    notation.extend_from_slice(name);
    notation.extend_from_slice(value);
    notation.insert(0, u8::try_from(notation.len()).unwrap());
    notation
}

/// The build of 2017 under a signature that states more than usual.
fn stating(subpackets: &[u8]) -> World {
    let mut world = nightly_2017();
    world.sign_stating("build-linux64", Signer::Role("docker-worker"), subpackets).unwrap();
    world
}

fn without_signature() -> World {
    let mut world = nightly_2026();
    uncapture(&mut world, "build-linux64", "public/chain-of-trust.json.sig");
    world
}

/// A byte of the build's environment is another one, and the signature is the old one.
fn with_a_byte_changed() -> World {
    let mut world = nightly_2026();
    edit_attestation_file(&mut world, "build-linux64", |text| {
        let edited = text.replacen("\"imageHash\"", "\"imageHasH\"", 1);
        assert_ne!(edited, text);
        edited
    });
    world
}

/// A clear-signed file of 2017, its bytes edited.
fn asc(label: &str, edit: impl FnOnce(String) -> String) -> World {
    let mut world = nightly_2017();
    let path = world.attestation_path(label).unwrap();
    let before = world.read(&path).unwrap().to_vec();
    edit_attestation_file(&mut world, label, edit);
    assert_ne!(world.read(&path).unwrap(), before, "nothing was edited");
    world
}

fn in_crlf(text: String) -> String {
    text.replace('\n', "\r\n")
}

/// Replaces the line feed at the end of the signed text.
fn before_signature(text: &str, end: &str) -> String {
    text.replacen("\n-----BEGIN PGP SIGNATURE", &format!("{end}-----BEGIN PGP SIGNATURE"), 1)
}

/// Replaces the header of GnuPG's text.
fn header(text: &str, header: &str) -> String {
    text.replacen("Hash: SHA512\n", header, 1)
}

/// Writes the armor of the signing's signature anew, with other packets and another checksum.
fn armored(edit: impl FnOnce(&[u8]) -> Vec<u8>, checksum: Option<&str>) -> World {
    asc("signing-linux64", |text| {
        let (before, rest) = text.split_once("(GNU/Linux)\n\n").unwrap();
        let (base64, _) = rest.split_once("\n=").unwrap();
        let encoded = STANDARD.encode(edit(&STANDARD.decode(base64.replace('\n', "")).unwrap()));
        let lines = encoded.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap());
        let lines: Vec<&str> = lines.chain(checksum).collect();
        format!("{before}(GNU/Linux)\n\n{}\n-----END PGP SIGNATURE-----\n", lines.join("\n"))
    })
}

fn with_checksum(checksum: Option<&str>) -> World {
    armored(<[u8]>::to_vec, checksum)
}

/// The second of a moment of a task's run.
pub(super) fn run_moment(world: &World, label: &str, what: &str) -> i64 {
    let status = world.json(&world.status_path(label).unwrap()).unwrap();
    moment(status["status"]["runs"][0][what].as_str().unwrap()).unix()
}

/// The build is signed at so many seconds from the second in which the last run of a task started.
fn signed_at_start(label: &str, seconds: i64) -> World {
    let mut world = nightly_2017();
    let made = u32::try_from(run_moment(&world, label, "started") + seconds).unwrap();
    world.sign_at("build-linux64", Signer::Role("docker-worker"), made).unwrap();
    world
}

/// The build is signed at the start of its run, and the signing, whose log lists the build's attestation, so many seconds
/// from then.
fn older_than_its_build(seconds: i64) -> World {
    let mut world = signed_at_start("build-linux64", 0);
    log_attestation(&mut world, "signing-linux64", "build-linux64");
    let made = u32::try_from(run_moment(&world, "build-linux64", "started") + seconds).unwrap();
    world.sign_at("signing-linux64", Signer::Role("scriptworker"), made).unwrap();
    world
}

/// The build claims this moment, at which its key had expired: so its claim counts for nothing. The signing, whose log
/// lists its digest, claims nine o'clock.
fn younger_than_its_signing(at: &str) -> World {
    let mut world = nightly_2017();
    let seconds = |text| u32::try_from(moment(text).unix()).unwrap();
    world.sign_at("build-win64", Signer::Role("generic-worker"), seconds(at)).unwrap();
    log_attestation(&mut world, "signing-win64", "build-win64");
    world.sign_at("signing-win64", Signer::Role("scriptworker"), seconds("2017-08-30T09:00:00Z")).unwrap();
    world
}

/// The build is signed so many seconds from the moment in which its key was made.
fn signed_when_key_was_made(seconds: i64) -> World {
    let mut world = nightly_2017();
    let made = u32::try_from(moment("2017-01-15T12:00:00Z").unix() + seconds).unwrap();
    world.sign_at("build-linux64", Signer::Role("docker-worker"), made).unwrap();
    world
}

/// The signing's attestation has a line of so many bytes, and none longer.
fn with_longest_line(length: usize) -> World {
    let mut world = nightly_2017();
    let path = world.attestation_path("signing-linux64").unwrap();
    let mut attest = |filler: usize| {
        world
            .edit_attestation("signing-linux64", |body| body["environment"]["filler"] = "x".repeat(filler).into())
            .unwrap();
        world.read(&path).unwrap().split(|byte| *byte == b'\n').map(<[u8]>::len).max().unwrap()
    };
    let first = attest(15_000);
    assert_eq!(attest(15_000 + length - first), length);
    world
}
