//! The line below every screen: what was said last, what is being typed, or what can be done here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use crate::tui::app::{App, Overlay};
use crate::tui::keymap::{Action, Binding, bindings};
use crate::tui::text::plain;

pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let theme = app.session.theme;
    if let Some(Overlay::Typing { label, text, .. }) = &app.overlay {
        let shown = plain(text);
        // The end is what is being typed.
        let room = usize::from(area.width).saturating_sub(label.chars().count() + 2);
        let skipped = shown.chars().count().saturating_sub(room);
        let shown: String = shown.chars().skip(skipped).collect();
        let cursor = Span::styled(" ", theme.selected());
        let label = Span::styled(format!("{label} "), theme.heading());
        Line::from(vec![label, Span::raw(shown), cursor]).render(area, buffer);
        return;
    }
    if let Some(failure) = &app.session.failure {
        let told = format!("{} {}", theme.or("✘", "x"), plain(failure));
        Line::styled(told, theme.verdict(crate::model::Verdict::Refuted)).render(area, buffer);
        return;
    }
    if let Some(said) = &app.session.said {
        Line::styled(plain(said), theme.changed()).render(area, buffer);
        return;
    }
    let hint = |binding: &'static Binding| [format!("{} ", binding.keys[0]), format!("{}  ", binding.hint)];
    let width = |hint: &[String; 2]| hint.iter().map(|part| part.chars().count()).sum::<usize>();
    let hinted = || bindings(app.screen.place()).filter(|binding| !binding.hint.is_empty());
    // Whoever knows no other key is to see these.
    let is_always = |binding: &&Binding| matches!(binding.action, Action::Help | Action::Quit);
    let always: Vec<[String; 2]> = hinted().filter(is_always).map(hint).collect();
    let mut room = usize::from(area.width).saturating_sub(always.iter().map(width).sum());
    let mut told = Vec::new();
    for hint in hinted().filter(|binding| !is_always(binding)).map(hint) {
        // Help tells the others.
        if width(&hint) <= room {
            room -= width(&hint);
            told.push(hint);
        }
    }
    let spans = told
        .into_iter()
        .chain(always)
        .flat_map(|[key, hint]| [Span::styled(key, theme.key()), Span::styled(hint, theme.dim())]);
    let spans: Vec<Span<'static>> = spans.collect();
    Line::from(spans).render(area, buffer);
}
