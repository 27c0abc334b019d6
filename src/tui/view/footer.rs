//! The line below every screen: what was said last, what is being typed, or what can be done here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use crate::tui::app::{App, Overlay};
use crate::tui::keymap::bindings;
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
    let mut spans = Vec::new();
    let mut room = usize::from(area.width);
    for binding in bindings(app.screen.place()).filter(|binding| !binding.hint.is_empty()) {
        let told = format!("{} ", binding.keys[0]);
        let width = told.chars().count() + binding.hint.len() + 2;
        // Help tells the others.
        if width > room {
            continue;
        }
        room -= width;
        spans.push(Span::styled(told, theme.key()));
        spans.push(Span::styled(format!("{}  ", binding.hint), theme.dim()));
    }
    Line::from(spans).render(area, buffer);
}
