//! Who signed the attestation, with what, and when each key was trusted.

use ratatui::style::Style;

use super::Context;
use super::body::Lines;
use crate::model::{AttestationReport, Basis, KeyEpoch, Signature, SignatureState};

pub(super) fn lines(context: &Context<'_>) -> Lines {
    let theme = context.session.theme;
    let mut lines = Lines::new(theme);
    let Some(link) = context.link else {
        context.absent(&mut lines);
        return lines;
    };
    if link.attestations.is_empty() {
        lines.text("no attestation was captured", theme.dim());
    }
    let facts = context.session.facts.get(&context.task_id).and_then(|facts| facts.as_deref());
    for attestation in &link.attestations {
        lines.heading(attestation.form.artifact()).copying(&attestation.blob.to_string());
        attestation_lines(attestation, &mut lines);
        let examined = facts.and_then(|facts| facts.attestations.get(&attestation.form)?.signature.as_ref());
        if let Some(signature) = examined {
            signature_lines(signature, &mut lines);
        }
        for opinion in &attestation.opinions {
            lines.field("verifier", &opinion.words()).indented(2);
        }
        if let Some(key) = &attestation.key {
            epochs(context, key, &mut lines);
        }
    }
    bounds(context, &mut lines);
    lines
}

fn attestation_lines(attestation: &AttestationReport, lines: &mut Lines) {
    let none = || "none".to_owned();
    let text = |text: &Option<String>| text.clone().unwrap_or_else(none);
    let digest = attestation.blob.to_string();
    lines.field("document", &format!("sha256:{digest}")).indented(2).copying(&digest);
    lines.field("form", attestation.form.name()).indented(2);
    lines.field("state", attestation.signature.map_or("not kept", SignatureState::word)).indented(2);
    lines.field("key", &text(&attestation.key)).indented(2);
    lines.field("signing key", &text(&attestation.signing_key)).indented(2);
    lines.field("algorithm", &text(&attestation.algorithm)).indented(2);
    if let Some(time) = attestation.claimed_time {
        let told = format!("{time}, by its own word");
        lines.field("claimed time", &told).indented(2).copying(&time.to_string());
    }
    if let Some(covered) = attestation.covered {
        let digest = covered.to_string();
        lines.field("covers", &format!("bytes of sha256:{digest}")).indented(2).copying(&digest);
    }
    for key in &attestation.tried {
        lines.field("tried", key).indented(2);
    }
    for (name, stated) in [
        ("states run", &attestation.run_id),
        ("states group", &attestation.worker_group),
        ("states worker", &attestation.worker_id),
    ] {
        lines.field(name, &text(stated)).indented(2);
    }
}

/// What the examiner found beyond what reports tell.
fn signature_lines(signature: &Signature, lines: &mut Lines) {
    let moment = |moment: Option<crate::model::Moment>| moment.map(|moment| moment.to_string());
    for (name, told) in [
        ("why", signature.why.clone()),
        ("issuer", signature.issuer.clone()),
        ("hash", signature.hash.clone()),
        ("expires", moment(signature.expires)),
        ("hash until", moment(signature.hash_refused_from)),
        ("gpg then", signature.gpg_of_the_time().map(str::to_owned)),
    ] {
        if let Some(told) = told {
            lines.field(name, &told).indented(2);
        }
    }
    for note in &signature.notes {
        let told =
            format!("{:?} at bytes={}-{}, {} times: {}", note.kind, note.start, note.end, note.count, note.excerpt);
        lines.field("framing", &told).indented(2).copying(&format!("bytes={}-{}", note.start, note.end));
    }
}

/// When a key was trusted, and on whose word.
fn epochs(context: &Context<'_>, key: &str, lines: &mut Lines) {
    let Some(report) = &context.session.keys else {
        lines.field("epochs", "being read").indented(2);
        return;
    };
    let story = report.keys.iter().find(|story| story.key.as_str() == key);
    let epochs = story.map_or(&[][..], |story| &story.epochs);
    if epochs.is_empty() {
        lines.field("epochs", "nobody says that this key was ever trusted").indented(2);
    }
    for epoch in epochs {
        lines.field("epoch", &epoch_words(epoch)).indented(2);
        lines.field("", &format!("source {}", epoch.source)).indented(4);
    }
}

/// An epoch in a line.
fn epoch_words(epoch: &KeyEpoch) -> String {
    let from = epoch.from.map_or_else(|| "ever".to_owned(), |from| from.to_string());
    let until = epoch.until.map_or_else(|| "nobody says when".to_owned(), |until| until.to_string());
    format!("{} from {from} until {until}, trusted by {}", epoch.role, epoch.basis.map_or("nobody", Basis::word))
}

/// When it was judged and signed, as far as anybody says.
fn bounds(context: &Context<'_>, lines: &mut Lines) {
    if let Some(target) = context.report.and_then(|report| report.targets.first()) {
        lines.heading("the judgement");
        lines.text(&target.as_of.words(), Style::new()).indented(2);
        let moved = target.as_of.moved.clone();
        for (name, moment) in [("key time", moved.key), ("policy time", moved.policy), ("known as of", moved.knowledge)]
        {
            if let Some(moment) = moment {
                lines.field(name, &format!("moved to {moment}")).indented(2);
            }
        }
        lines.text(&target.as_of.proven(), Style::new()).indented(2);
    }
    let Some(link) = context.link else { return };
    lines.heading("when it was signed");
    let others = |tasks: &[crate::model::TaskId]| tasks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if !link.signed.after.is_empty() {
        let told = format!("after the attestations of {}, whose digests it lists", others(&link.signed.after));
        lines.text(&told, Style::new()).indented(2);
    }
    if !link.signed.before.is_empty() {
        let told = format!("before the attestations of {}, which list its digest", others(&link.signed.before));
        lines.text(&told, Style::new()).indented(2);
    }
    let words = link.signed.words();
    if words.is_empty() {
        lines.text("no other key's signature tells when it was signed", Style::new()).indented(2);
    }
    for bound in words {
        lines.text(&format!("signed {bound}"), Style::new()).indented(2);
    }
}
