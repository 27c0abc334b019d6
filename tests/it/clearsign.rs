//! No edit of a clear-signed file is silent: whatever is done to bytes that the signature does not cover is told.

use std::collections::BTreeSet;

use cotrace::examine::{Keyring, ListedKey, signature};
use cotrace::model::{Form, FramingKind, Role, Signature, SignatureState};
use rayon::prelude::*;
use serde_json::json;

use crate::support::nightly_2017;

/// A genuine file of every writer: its role, and a task of it.
const WRITERS: [(&str, &str); 3] =
    [("docker-worker", "build-linux64"), ("generic-worker", "build-win64"), ("scriptworker", "signing-linux64")];

/// Bytes that are put in, and put in the place of others: what ends or begins something in some reader, blanks of every
/// sort, and letters and digits of every part.
const BYTES: [u8; 15] = *b"\n\r \t\0\x0c-:=,/Aa0\xff";

/// Edits of whole lines that can't be told, each with its reason.
const SILENT_LINES: [(&str, &str); 1] =
    [("without Version: GnuPG", "GnuPG writes no such header since 2.1: the file is as those are")];

/// A small file of a writer, signed as its worker does, and the keys.
fn genuine(role: &str, label: &str) -> (Vec<u8>, Keyring) {
    let mut world = nightly_2017();
    world
        .edit_attestation(label, |body| *body = json!({"taskId": "x", "artifacts": {"a -b": {"sha256": "00"}}}))
        .unwrap();
    let file = world.read(&world.attestation_path(label).unwrap()).unwrap().to_vec();
    let mut keyring = Keyring::default();
    let key = world.read(&format!("keys/openpgp/{role}/sample-{role}.asc")).unwrap();
    assert_eq!(keyring.add(&Role::new(role), ListedKey::Openpgp(key)).problem, None);
    (file, keyring)
}

fn examine(file: &[u8], keyring: &Keyring) -> Signature {
    signature::examine(Form::Openpgp, file, None, None, keyring)
}

/// The findings about the framing, without their places: an edit moves all that follow.
fn told(fact: &Signature) -> BTreeSet<(FramingKind, u64, &str)> {
    fact.notes.iter().map(|note| (note.kind, note.count, note.excerpt.as_str())).collect()
}

/// Whether an edited file is taken for sound without anything being said that is not said of the genuine one.
fn is_silent(genuine: &Signature, file: &[u8], keyring: &Keyring) -> bool {
    let edited = examine(file, keyring);
    if edited.state != SignatureState::Sound {
        // One that is refused is told by its own code.
        return false;
    }
    assert_eq!(edited.covered, genuine.covered, "sound over another text");
    for note in &edited.notes {
        let (start, end) = (note.start as usize, note.end as usize);
        let there = file.get(start..end).unwrap_or_else(|| panic!("{note:?} lies outside the file"));
        assert!(String::from_utf8_lossy(there).starts_with(note.excerpt.trim_end_matches('\u{fffd}')), "{note:?}");
    }
    told(&edited).is_subset(&told(genuine))
}

#[test]
fn genuine_files_have_ordinary_framing() {
    for (role, label) in WRITERS {
        let (file, keyring) = genuine(role, label);
        let fact = examine(&file, &keyring);
        assert_eq!(fact.state, SignatureState::Sound, "{role}");
        let kinds: Vec<FramingKind> = fact.notes.iter().map(|note| note.kind).collect();
        let expected: &[FramingKind] = if role == "generic-worker" { &[] } else { &[FramingKind::WriterHeader] };
        assert_eq!(kinds, expected, "{role}: {:?}", fact.notes);
    }
}

/// At every place of a file a byte taken out, every bit turned, bytes replaced and put in: thousands of files, none of which is
/// taken for the genuine one.
#[test]
fn no_edit_of_a_byte_is_silent() {
    for (role, label) in WRITERS {
        let (file, keyring) = genuine(role, label);
        let fact = examine(&file, &keyring);
        let silent: Vec<String> = (0..=file.len())
            .into_par_iter()
            .flat_map_iter(|at| {
                let (before, after) = file.split_at(at);
                let rest = after.get(1..).unwrap_or_default();
                let old = after.first().copied();
                let put_in = BYTES.map(|byte| (format!("{byte:#x} put in"), [before, &[byte], after].concat()));
                let replaced = BYTES.into_iter().chain((0..8).filter_map(move |bit| Some(old? ^ 1 << bit)));
                let replaced = replaced
                    .filter(move |byte| old.is_some_and(|old| old != *byte))
                    .map(move |byte| (format!("now {byte:#x}"), [before, &[byte], rest].concat()));
                let taken_out = old.map(|_| ("taken out".to_owned(), [before, rest].concat()));
                let edits = put_in.into_iter().chain(replaced).chain(taken_out);
                let (fact, keyring) = (&fact, &keyring);
                edits
                    .filter(move |(_, edited)| is_silent(fact, edited, keyring))
                    .map(move |(words, _)| format!("{role}: byte {at} ({:?}) {words}", old.map(char::from)))
                    .collect::<Vec<_>>()
            })
            .collect();
        assert!(silent.is_empty(), "{} edits are silent:\n{}", silent.len(), silent.join("\n"));
    }
}

/// Every line taken out, doubled, and swapped with the next.
#[test]
fn no_edit_of_a_line_is_silent() {
    for (role, label) in WRITERS {
        let (file, keyring) = genuine(role, label);
        let fact = examine(&file, &keyring);
        let lines: Vec<&[u8]> = file.split_inclusive(|byte| *byte == b'\n').collect();
        for (at, line) in lines.iter().enumerate() {
            let words = String::from_utf8_lossy(line).trim_end().to_owned();
            let (before, after) = (lines[..at].concat(), lines[at + 1..].concat());
            let mut swapped = lines.clone();
            swapped.swap(at, usize::min(at + 1, lines.len() - 1));
            for (edit, edited) in [
                ("without", [before.as_slice(), &after].concat()),
                ("doubled", [before.as_slice(), line, line, &after].concat()),
                ("swapped", swapped.concat()),
            ] {
                let words = format!("{edit} {words}");
                let is_known = SILENT_LINES.iter().any(|(known, _)| words.starts_with(known));
                let is_silent = edited != file && is_silent(&fact, &edited, &keyring);
                assert_eq!(is_silent, is_known && role == "scriptworker", "{role}: {words}");
            }
        }
    }
}
