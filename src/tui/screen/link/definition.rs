//! The task's definition as the queue has it: a document that can be folded.

use super::body::{Body, Lines};
use super::tree::Tree;
use super::{Context, Stamp};
use crate::model::Digest;
use crate::tui::session::Session;

/// The document, where the evidence names one.
pub(super) fn digest(session: &Session, task_id: &crate::model::TaskId) -> Option<Digest> {
    session.seen.get(task_id)?.as_ref()?.evidence.definition
}

/// What of the session it is made of.
pub(super) fn stamp(session: &Session, task_id: &crate::model::TaskId) -> Stamp {
    let seen = session.seen.get(task_id).map_or(0, |seen| 1 + usize::from(seen.is_some()));
    let bytes = digest(session, task_id).and_then(|digest| session.documents.get(&digest));
    vec![seen, bytes.map_or(0, |bytes| bytes.as_ref().map_or(1, |bytes| bytes.as_ptr() as usize))]
}

pub(super) fn body(context: &Context<'_>) -> Body {
    let theme = context.session.theme;
    let mut lines = Lines::new(theme);
    let Some(seen) = context.session.seen.get(&context.task_id) else {
        lines.text("being read", theme.dim());
        return Body::Lines(lines);
    };
    let definition = seen.as_ref().and_then(|seen| seen.evidence.definition);
    let Some(digest) = definition else {
        lines.text("the case does not have the queue's definition", theme.dim());
        return Body::Lines(lines);
    };
    match context.session.documents.get(&digest) {
        None => lines.text("being read", theme.dim()),
        Some(Err(error)) => lines.text(&format!("sha256:{digest}: {error}"), theme.dim()),
        Some(Ok(bytes)) => match Tree::of(bytes) {
            Ok(tree) => return Body::Tree(tree),
            Err(error) => lines.text(&format!("sha256:{digest} is no JSON: {error}"), theme.dim()),
        },
    };
    Body::Lines(lines)
}
