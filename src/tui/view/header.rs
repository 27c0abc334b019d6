//! The two lines above every screen: how many verdicts of which kind, and by which question.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::count;
use crate::model::{AsOf, Basis, Verdict};
use crate::tui::session::Session;
use crate::tui::text::plain;

/// The verdicts, the worst first.
const VERDICTS: [Verdict; 3] = [Verdict::Refuted, Verdict::Undetermined, Verdict::Verified];

pub(super) fn draw(session: &Session, area: Rect, buffer: &mut Buffer) {
    let row = |y: u16| Rect { y: area.y + y, height: 1, ..area };
    verdicts(session, area.width).render(row(0), buffer);
    question(session, area.width).render(row(1), buffer);
    if let Some(work) = work(session) {
        let width = u16::try_from(work.width()).unwrap_or(area.width).min(area.width);
        let at = Rect { x: area.right() - width, width, ..row(0) };
        work.render(at, buffer);
    }
}

/// What goes on, if anything does.
fn work(session: &Session) -> Option<Line<'static>> {
    if session.pending == 0 && session.is_fresh && !session.is_given_up {
        return None;
    }
    let told = match session.progress.filter(|_| session.pending > 0) {
        Some(progress) if progress.done < progress.total => {
            format!(" {} {}/{} ", progress.stage, count(progress.done), count(progress.total))
        }
        Some(_) | None if session.failure.is_some() => " stopped ".to_owned(),
        Some(_) | None if session.is_given_up => " given up ".to_owned(),
        Some(_) | None => " judging ".to_owned(),
    };
    Some(Line::styled(told, session.theme.selected()))
}

fn verdicts(session: &Session, width: u16) -> Line<'static> {
    let theme = session.theme;
    let mut spans = Vec::new();
    if width >= 100 {
        let name = session.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        spans.push(Span::styled(format!("cotrace {}  ", plain(&name)), theme.heading()));
    }
    let Some(standings) = &session.standings else {
        spans.extend(stored(session));
        return Line::from(spans);
    };
    let now = session.counts;
    let before = session.before.as_ref().filter(|_| session.is_moved()).map(|_| session.counts_before);
    if width >= 60 {
        spans.push(Span::raw(format!("{} targets  ", count(standings.len() as u64))));
    }
    for verdict in VERDICTS {
        let (number, style) = (now.get(verdict), theme.verdict(verdict));
        let style = if number == 0 { theme.dim() } else { style };
        spans.push(Span::styled(
            format!("{} {} {}", theme.verdict_symbol(verdict), count(number), verdict.word()),
            style,
        ));
        if let Some(before) = before.map(|before| before.get(verdict)).filter(|before| *before != number) {
            spans.push(Span::styled(format!(" (was {})", count(before)), theme.changed()));
        }
        spans.push(Span::raw("  "));
    }
    Line::from(spans)
}

/// Until the first verdicts are there: what the last replay came to.
fn stored(session: &Session) -> Vec<Span<'static>> {
    let theme = session.theme;
    let Some(stored) = &session.stored else {
        return vec![Span::styled("not judged yet", theme.dim())];
    };
    let of = |verdict: Verdict| stored.verdicts.get(verdict.word()).copied().unwrap_or_default();
    let told = VERDICTS.map(|verdict| {
        let told = format!("{} {} {}  ", theme.verdict_symbol(verdict), count(of(verdict)), verdict.word());
        Span::styled(told, theme.verdict(verdict))
    });
    let age = if stored.is_current { "as last judged" } else { "as last judged, with other evidence" };
    told.into_iter().chain([Span::styled(age, theme.dim())]).collect()
}

fn question(session: &Session, width: u16) -> Line<'static> {
    let theme = session.theme;
    let question = &session.question;
    let mut parts: Vec<Span<'static>> = Vec::new();
    let mut tell = |what: &str, told: String, is_other: bool| {
        if !parts.is_empty() {
            parts.push(Span::styled(theme.or(" · ", " | ").to_owned(), theme.dim()));
        }
        parts.push(Span::styled(format!("{what} "), theme.dim()));
        parts.push(Span::styled(told, if is_other { theme.changed() } else { theme.heading() }));
    };
    let as_of = match question.as_of {
        AsOf::Then => "then".to_owned(),
        AsOf::At(moment) => moment.to_string(),
    };
    // What differs from the question of the command line comes first: it must never be cut off.
    tell("as of", as_of, question.as_of != session.base.as_of);
    let distrust: Vec<String> = question.distrust.iter().map(|distrusted| plain(&distrusted.to_string())).collect();
    if !distrust.is_empty() {
        let told = if distrust.len() == 1 || width >= 120 {
            distrust.join(", ")
        } else {
            format!("{} things", distrust.len())
        };
        tell("distrust", told, question.distrust != session.base.distrust);
    }
    for (what, clock) in
        [("keys", question.clocks.key), ("policy", question.clocks.policy), ("known", question.clocks.knowledge)]
    {
        if let Some(moment) = clock {
            tell(what, moment.to_string(), false);
        }
    }
    tell("rules", plain(question.rules.word()), false);
    let bases: Vec<&str> = question.bases.iter().map(|basis| basis.word()).collect();
    tell("trust", if bases.len() == Basis::ALL.len() { "all".to_owned() } else { bases.join(",") }, false);
    if distrust.is_empty() {
        tell("distrust", "none".to_owned(), false);
    }
    Line::from(parts)
}
