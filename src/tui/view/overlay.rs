//! What lies over a screen: help, the palette, explanations.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget as _};

use crate::model::{Severity, Verdict};
use crate::tui::app::{App, Overlay};
use crate::tui::keymap::{Binding, Place, bindings};
use crate::tui::theme::Theme;
use crate::tui::view::wrap::wrapped;

/// The widest that text is over a screen.
const WIDTH_MAX: u16 = 110;

/// Draws what lies over the screen, if anything does.
pub(in crate::tui) fn draw(app: &mut App, area: Rect, buffer: &mut Buffer) {
    let theme = app.session.theme;
    match &mut app.overlay {
        Some(Overlay::Text { title, lines, cursor, .. }) => {
            let inner = framed(title, lines.len() as u16, theme, area, buffer);
            let lines = wrapped(lines, inner.width.into());
            let window = cursor.window(lines.len(), inner.height.into());
            for (line, y) in lines[window].iter().zip(inner.y..) {
                line.render(Rect { y, height: 1, ..inner }, buffer);
            }
        }
        Some(Overlay::Palette { text, cursor }) => {
            let found = palette(app.screen.place(), text);
            let inner = framed(&format!(":{text}"), found.len() as u16, theme, area, buffer);
            let window = cursor.window(found.len(), inner.height.into());
            let at = cursor.at;
            for (place, y) in window.zip(inner.y..) {
                let style = if place == at { theme.selected() } else { Style::new() };
                let row = Rect { y, height: 1, ..inner };
                buffer.set_style(row, style);
                binding_line(found[place], theme, style).render(row, buffer);
            }
        }
        Some(Overlay::Typing { .. }) | None => {}
    }
}

/// The bindings whose name or description has every word of a text.
pub(in crate::tui) fn palette(place: Place, text: &str) -> Vec<&'static Binding> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let has = |binding: &&Binding| words.iter().all(|word| binding.name.contains(word) || binding.does.contains(word));
    let mut found: Vec<&Binding> = bindings(place).filter(has).collect();
    // Who types a whole name means it.
    found.sort_by_key(|binding| (binding.name != text, !binding.name.starts_with(text)));
    found
}

fn binding_line(binding: &Binding, theme: Theme, style: Style) -> Line<'static> {
    let keys = binding.keys.join(" ");
    Line::from(vec![
        Span::styled(format!("{keys:<18} "), style.patch(theme.key())),
        Span::styled(format!("{:<14} ", binding.name), style.patch(theme.heading())),
        Span::styled(binding.does, style),
    ])
}

/// Help for a place: its keys, from the table itself, and the symbols.
pub(in crate::tui) fn help(place: Place, theme: Theme) -> Vec<Line<'static>> {
    let mut lines = vec![Line::styled(format!("keys of the screen {}", place.word()), theme.heading())];
    let (own, common): (Vec<&Binding>, Vec<&Binding>) = bindings(place).partition(|binding| !binding.places.is_empty());
    lines.extend(own.into_iter().map(|binding| binding_line(binding, theme, Style::new())));
    lines.push(Line::default());
    lines.push(Line::styled("keys everywhere", theme.heading()));
    lines.extend(common.into_iter().map(|binding| binding_line(binding, theme, Style::new())));
    lines.push(Line::default());
    lines.push(Line::styled("symbols", theme.heading()));
    let verdicts = [
        (Verdict::Verified, "every check that applies passed, on evidence that is there"),
        (Verdict::Undetermined, "some check could not be made, and none failed"),
        (Verdict::Refuted, "some check failed"),
    ];
    lines.extend(verdicts.map(|(verdict, means)| {
        let symbol = format!("{:<4}{:<14}", theme.verdict_symbol(verdict), verdict.word());
        Line::from(vec![Span::styled(symbol, theme.verdict(verdict)), Span::raw(means)])
    }));
    let severities = [
        (Severity::High, "breaks trust, or would have"),
        (Severity::Medium, "needs an explanation"),
        (Severity::Low, "odd, and mostly harmless"),
        (Severity::Info, "worth knowing"),
    ];
    lines.extend(severities.map(|(severity, means)| {
        let symbol = format!("{:<4}{:<14}", theme.severity_symbol(severity), severity.word());
        Line::from(vec![Span::styled(symbol, theme.severity(severity)), Span::raw(means)])
    }));
    lines.push(Line::from(vec![
        Span::styled("\\u{…}             ".replace('…', theme.or("…", "..")), theme.marked()),
        Span::raw("a character of captured text that could have steered the terminal or misled the eye"),
    ]));
    lines.push(Line::from(vec![
        Span::styled("was …             ".replace('…', theme.or("…", "..")), theme.changed()),
        Span::raw("what the question of the command line came to, where the one now comes to something else"),
    ]));
    lines.push(Line::raw("~                 the text goes on, and there is no room for it"));
    lines
}

/// A frame in the middle, and the area within.
fn framed(title: &str, lines: u16, theme: Theme, area: Rect, buffer: &mut Buffer) -> Rect {
    let width = area.width.saturating_sub(2).min(WIDTH_MAX);
    let height = lines.saturating_add(2).clamp(3, area.height.saturating_sub(2).max(3)).min(area.height);
    let frame = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    Clear.render(frame, buffer);
    let title = Span::styled(format!(" {} ", crate::tui::text::plain(title)), theme.heading());
    let block = Block::bordered().border_set(theme.border()).title(title);
    let inner = block.inner(frame);
    block.render(frame, buffer);
    inner
}
