//! The frame around every screen, one file an area, and what screens draw with.
//!
//! ```text
//! cotrace review.sqlite   12 targets  ✔ 9 verified  ? 0 undetermined  ✘ 3 refuted      header
//! as of then · rules then · trust all · distrust none
//! ── tasks ─────────────────────────────────────────────────────────────────────
//!                                                                            the screen
//! Enter open  f filter  / search  ? help  q quit                               footer
//! ```

mod footer;
mod header;
pub(super) mod overlay;
pub(super) mod wrap;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::app::App;
use super::session::Session;
use crate::model::is_steering;

/// The fewest columns and rows in which anything can be told.
const LEAST: (u16, u16) = (20, 6);

/// Where the screen's own area is.
pub(super) fn body(area: Rect) -> Rect {
    let [_, _, body, _] = parts(area);
    body
}

fn parts(area: Rect) -> [Rect; 4] {
    Layout::vertical([Constraint::Length(2), Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)])
        .areas(area)
}

/// Draws everything.
pub(super) fn draw(app: &mut App, area: Rect, buffer: &mut Buffer) {
    if area.width < LEAST.0 || area.height < LEAST.1 {
        Line::raw("too small").render(area, buffer);
        return;
    }
    let [top, title, body, foot] = parts(area);
    header::draw(&app.session, top, buffer);
    rule(&app.session, &app.screen.title(&app.session), title, buffer);
    app.screen.draw(&app.session, body, buffer);
    footer::draw(app, foot, buffer);
    overlay::draw(app, area, buffer);
    guard(area, buffer);
}

/// A line across with a title in it.
pub(super) fn rule(session: &Session, title: &str, area: Rect, buffer: &mut Buffer) {
    let line = session.theme.or("─", "-");
    let title = Span::styled(format!(" {title} "), session.theme.heading());
    let before = Span::styled(line.repeat(2), session.theme.dim());
    let rest = usize::from(area.width).saturating_sub(title.width() + 2);
    Line::from(vec![before, title, Span::styled(line.repeat(rest), session.theme.dim())]).render(area, buffer);
}

/// Writes spans into a cell of a table, cut with a mark where they are too long.
pub(super) fn cell(spans: Vec<Span<'static>>, area: Rect, buffer: &mut Buffer) {
    let area = Rect { height: 1.min(area.height), ..area }.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    let line = Line::from(spans);
    let is_cut = line.width() > usize::from(area.width);
    let last = line.spans.last().map_or(Style::new(), |span| span.style);
    line.render(area, buffer);
    if is_cut {
        let at = (area.right().saturating_sub(1), area.y);
        if let Some(cell) = buffer.cell_mut(at) {
            cell.set_symbol("~").set_style(last);
        }
    }
}

/// Marks a row as the one under the cursor: reversed as a whole, whatever colours are in it.
pub(super) fn select(row: Rect, session: &Session, buffer: &mut Buffer) {
    for position in row.positions() {
        if let Some(cell) = buffer.cell_mut(position) {
            cell.fg = Color::Reset;
        }
    }
    buffer.set_style(row, session.theme.selected());
}

/// A number with its thousands apart.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut told = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    told
}

/// A size in bytes as people read it.
pub(super) fn size(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", units[unit]) }
}

/// The last look at what goes to the terminal: whatever a screen forgot to neutralise goes out as a mark.
fn guard(area: Rect, buffer: &mut Buffer) {
    for position in area.positions() {
        if let Some(cell) = buffer.cell_mut(position)
            && is_odd(cell.symbol())
        {
            cell.set_symbol("\u{fffd}");
        }
    }
}

/// Whether a cell holds something that steers. Most hold a printable ASCII character.
fn is_odd(symbol: &str) -> bool {
    !matches!(symbol.as_bytes(), [b' '..=b'~']) && symbol.chars().any(is_steering)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_with_thousands() {
        assert_eq!([0, 12, 999, 1000, 1_234_567].map(count), ["0", "12", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1023, 1536].map(size), ["0 B", "1023 B", "1.5 KiB"]);
    }

    #[test]
    fn nothing_that_steers_gets_through() {
        let area = Rect::new(0, 0, 3, 1);
        let mut buffer = Buffer::empty(area);
        buffer[(1, 0)].set_symbol("\u{202e}");
        guard(area, &mut buffer);
        assert_eq!(buffer[(1, 0)].symbol(), "\u{fffd}");
    }
}
