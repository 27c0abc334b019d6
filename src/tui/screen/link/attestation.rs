//! The attestation as it was captured: its bytes as text or in hexadecimal, each with whether the signature covers it, or
//! what it says, of what is signed alone.

use std::ops::Range;
use std::sync::Arc;

use super::body::{Body, Lines};
use super::bytes::{Bytes, Mark};
use super::tree::Tree;
use super::{Context, Stamp};
use crate::formats::clearsign::split;
use crate::model::{ATTESTATION_SIG, Digest, Form, SignatureState, TaskId};
use crate::tui::session::Session;

/// The ways to show one.
const WAYS: [&str; 3] = ["text", "hexadecimal", "JSON"];

/// The attestations of the latest run, by form.
fn found(session: &Session, task_id: &TaskId) -> Vec<(Form, Digest)> {
    let Some(Some(seen)) = session.seen.get(task_id) else { return Vec::new() };
    let Some(run_id) = seen.evidence.latest_run() else { return Vec::new() };
    let digest = |form: Form| seen.evidence.artifact(run_id, form.artifact())?.sha256;
    Form::ALL.into_iter().filter_map(|form| Some((form, digest(form)?))).collect()
}

/// Which attestation is shown, of so many presses of the key that goes through them, and in which way.
fn shown(session: &Session, task_id: &TaskId, presses: usize) -> Option<(Form, Digest, usize)> {
    let found = found(session, task_id);
    let (form, digest) = *found.get(presses / WAYS.len() % found.len().max(1))?;
    Some((form, digest, presses % WAYS.len()))
}

/// The artifact that is shown.
pub(super) fn name(session: &Session, task_id: &TaskId, presses: usize) -> Option<&'static str> {
    Some(shown(session, task_id, presses)?.0.artifact())
}

/// Its document.
pub(super) fn digest(session: &Session, task_id: &TaskId, presses: usize) -> Option<Digest> {
    Some(shown(session, task_id, presses)?.1)
}

/// What the examiner said of its signature.
fn state(session: &Session, task_id: &TaskId, form: Form) -> Option<SignatureState> {
    let facts = session.facts.get(task_id)?.as_deref()?;
    Some(facts.attestations.get(&form)?.signature.as_ref()?.state)
}

/// What of the session it is made of.
pub(super) fn stamp(session: &Session, task_id: &TaskId, presses: usize) -> Stamp {
    let seen = session.seen.get(task_id).map_or(0, |seen| 1 + usize::from(seen.is_some()));
    let bytes = digest(session, task_id, presses).and_then(|digest| session.documents.get(&digest));
    let bytes = bytes.map_or(0, |bytes| bytes.as_ref().map_or(1, |bytes| bytes.as_ptr() as usize));
    vec![seen, bytes, usize::from(session.facts.get(task_id).is_some()), presses]
}

/// What is shown, and a line about it.
pub(super) fn body(context: &Context<'_>, presses: usize) -> (Body, String) {
    let session = context.session;
    let theme = session.theme;
    let mut lines = Lines::new(theme);
    let Some((form, digest, way)) = shown(session, &context.task_id, presses) else {
        let is_read = session.seen.get(&context.task_id).is_some();
        lines.text(if is_read { "no attestation was captured" } else { "being read" }, theme.dim());
        return (Body::Lines(lines), String::new());
    };
    let state = state(session, &context.task_id, form);
    let next = WAYS[(way + 1) % WAYS.len()];
    let signature = state.map_or("not looked at", SignatureState::word);
    let about = format!("{} as {}, signature {signature}  (x: {next})", form.artifact(), WAYS[way]);
    let bytes = match session.documents.get(&digest) {
        None => {
            lines.text("being read", theme.dim());
            return (Body::Lines(lines), about);
        }
        Some(Err(error)) => {
            lines.text(&format!("sha256:{digest}: {error}"), theme.dim());
            return (Body::Lines(lines), about);
        }
        Some(Ok(bytes)) => bytes,
    };
    let has_signature = match form {
        Form::Openpgp => true,
        Form::Ed25519 => has_detached(session, &context.task_id),
    };
    let body = match way {
        0 => Body::Bytes(Bytes::text(Arc::clone(bytes), regions(bytes, form, state, has_signature))),
        1 => Body::Bytes(Bytes::hex(Arc::clone(bytes), regions(bytes, form, state, has_signature))),
        _ => match said(bytes, form, has_signature) {
            Ok(tree) => Body::Tree(tree),
            Err(why) => {
                lines.text(&why, theme.dim());
                Body::Lines(lines)
            }
        },
    };
    (body, about)
}

/// Whether the detached signature was captured.
fn has_detached(session: &Session, task_id: &TaskId) -> bool {
    let Some(Some(seen)) = session.seen.get(task_id) else { return false };
    let run = seen.evidence.latest_run();
    run.and_then(|run_id| seen.evidence.artifact(run_id, ATTESTATION_SIG)).is_some_and(|record| record.sha256.is_some())
}

/// What each stretch of the bytes is.
fn regions(bytes: &[u8], form: Form, state: Option<SignatureState>, has_signature: bool) -> Vec<(Range<usize>, Mark)> {
    let covered = if state == Some(SignatureState::Sound) { Mark::Signed } else { Mark::Covered };
    match form {
        Form::Ed25519 if has_signature => vec![(0..bytes.len(), covered)],
        Form::Ed25519 => Vec::new(),
        Form::Openpgp => {
            let apart = split(bytes);
            let mark = if apart.blocks.len() == 1 { covered } else { Mark::Contested };
            let mut regions = Vec::new();
            for block in &apart.blocks {
                regions.extend(block.covered(bytes).into_iter().map(|range| (range, mark)));
                regions.extend(block.armor.clone().map(|range| (range, Mark::Signature)));
            }
            joined(regions)
        }
    }
}

/// The same regions, with those of one mark that touch as one.
fn joined(regions: Vec<(Range<usize>, Mark)>) -> Vec<(Range<usize>, Mark)> {
    let mut joined: Vec<(Range<usize>, Mark)> = Vec::new();
    for (range, mark) in regions {
        match joined.last_mut() {
            Some((last, of)) if last.end == range.start && *of == mark => last.end = range.end,
            Some(_) | None => joined.push((range, mark)),
        }
    }
    joined
}

/// What it says: of what the signature covers, and nothing else.
fn said(bytes: &[u8], form: Form, has_signature: bool) -> Result<Tree, String> {
    let no_json = |error: String| format!("what is signed is no JSON: {error}");
    match form {
        Form::Ed25519 if has_signature => Tree::of(bytes).map_err(no_json),
        Form::Ed25519 => Err("nothing of it is signed: its detached signature was not captured".to_owned()),
        Form::Openpgp => match split(bytes).blocks.as_slice() {
            [block] => Tree::of(&block.signed).map_err(no_json),
            [] => Err("nothing of it is signed: it has no clear-signed text".to_owned()),
            blocks => Err(format!("it has {} signed texts, and nobody can say which one counts", blocks.len())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "odd\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{ \n- -}\n-----BEGIN PGP SIGNATURE-----\n\
                        \niQ==\n-----END PGP SIGNATURE-----\n";

    fn of_mark(file: &str, wanted: Mark, state: SignatureState) -> Vec<&str> {
        let regions = regions(file.as_bytes(), Form::Openpgp, Some(state), true);
        regions.into_iter().filter(|(_, mark)| *mark == wanted).map(|(range, _)| &file[range]).collect()
    }

    #[test]
    fn only_what_the_signature_covers_is_signed() {
        assert_eq!(of_mark(FILE, Mark::Signed, SignatureState::Sound), ["{", "\n", "-}"]);
        let armor = "-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----";
        assert_eq!(of_mark(FILE, Mark::Signature, SignatureState::Sound), [armor]);
        assert!(of_mark(FILE, Mark::Signed, SignatureState::Invalid).is_empty());
        assert_eq!(of_mark(FILE, Mark::Covered, SignatureState::Invalid).len(), 3);
        // Of two signed texts neither is.
        let twice = FILE.repeat(2);
        assert!(of_mark(&twice, Mark::Signed, SignatureState::Sound).is_empty());
        assert_eq!(of_mark(&twice, Mark::Contested, SignatureState::Ambiguous).len(), 6);
    }

    #[test]
    fn nothing_is_read_that_nobody_signed() {
        assert!(said(b"{}", Form::Ed25519, false).is_err());
        assert!(said(b"{}", Form::Ed25519, true).is_ok());
        assert!(said(b"{}", Form::Openpgp, true).is_err());
        assert!(said(FILE.repeat(2).as_bytes(), Form::Openpgp, true).is_err());
    }
}
