//! A screen as text, as text with its styles, and as a picture (SVG).

use std::fmt::Write as _;

use ratatui::backend::{Backend as _, CrosstermBackend};
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// Width and height of a character in a picture, in pixels.
const CELL: (u16, u16) = (9, 19);

/// Colours of a picture: what the sixteen of a terminal look like on a dark ground.
const GROUND: &str = "#1b1f27";
const INK: &str = "#d8dee9";

/// The screen as lines of text, blanks at their ends left out.
pub(super) fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in rows(buffer) {
        let line: String = row.iter().map(|cell| cell.symbol()).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The screen as lines of text, each followed by its runs of styles: `from-to style`.
pub(super) fn styled_text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in rows(buffer) {
        let line: String = row.iter().map(|cell| cell.symbol()).collect();
        let mut runs = Vec::new();
        let mut at = 0;
        for run in row.chunk_by(|a, b| style(a) == style(b)) {
            let told = style(&run[0]);
            if !told.is_empty() {
                runs.push(format!("{at}-{} {told}", at + run.len()));
            }
            at += run.len();
        }
        let line = line.trim_end();
        let runs = if runs.is_empty() { String::new() } else { format!("    {}", runs.join(", ")) };
        // Writing to a string does not fail.
        let _ = writeln!(text, "|{line}\n{runs}");
    }
    text
}

/// The screen as a terminal gets it.
pub(super) fn sequences(buffer: &Buffer) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut backend = CrosstermBackend::new(&mut bytes);
    let area = buffer.area;
    let cells = area.positions().filter_map(|at| Some((at.x, at.y, buffer.cell(at)?)));
    // Writing to memory does not fail.
    let _ = backend.draw(cells);
    bytes
}

fn rows(buffer: &Buffer) -> impl Iterator<Item = &[Cell]> {
    buffer.content.chunks(usize::from(buffer.area.width).max(1))
}

/// The style of a cell in words.
fn style(cell: &Cell) -> String {
    let mut words = Vec::new();
    if cell.fg != Color::Reset {
        words.push(cell.fg.to_string().to_lowercase());
    }
    if cell.bg != Color::Reset {
        words.push(format!("on {}", cell.bg.to_string().to_lowercase()));
    }
    for (modifier, word) in [
        (Modifier::BOLD, "bold"),
        (Modifier::DIM, "dim"),
        (Modifier::ITALIC, "italic"),
        (Modifier::UNDERLINED, "underlined"),
        (Modifier::REVERSED, "reversed"),
    ] {
        if cell.modifier.contains(modifier) {
            words.push(word.to_owned());
        }
    }
    words.join(" ")
}

const fn ink(colour: Color) -> &'static str {
    match colour {
        Color::Red | Color::LightRed => "#f2777a",
        Color::Green | Color::LightGreen => "#99cc99",
        Color::Yellow | Color::LightYellow => "#ffcc66",
        Color::Blue | Color::LightBlue => "#6699cc",
        Color::Magenta | Color::LightMagenta => "#d8a0dd",
        Color::Cyan | Color::LightCyan => "#66cccc",
        Color::DarkGray => "#7f8a9c",
        Color::Black => GROUND,
        _ => INK,
    }
}

/// The screen as a picture.
pub(super) fn svg(buffer: &Buffer) -> String {
    let (width, height) = (buffer.area.width * CELL.0 + 16, buffer.area.height * CELL.1 + 16);
    let mut svg = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"15\" xml:space=\"preserve\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{GROUND}\"/>"
    );
    for (y, row) in rows(buffer).enumerate() {
        let mut at = 0;
        for run in row.chunk_by(|a, b| style(a) == style(b)) {
            write_run(&mut svg, at, y, run);
            at += run.len();
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn write_run(svg: &mut String, at: usize, y: usize, run: &[Cell]) {
    let text: String = run.iter().map(|cell| cell.symbol()).collect();
    let cell = &run[0];
    let is_reversed = cell.modifier.contains(Modifier::REVERSED);
    let (left, top) = (8 + at * usize::from(CELL.0), 8 + y * usize::from(CELL.1));
    let colour = ink(cell.fg);
    if is_reversed {
        let _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\" fill=\"{colour}\"/>",
            run.len() * usize::from(CELL.0),
            CELL.1
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let fill = if is_reversed { GROUND } else { colour };
    let mut style = String::new();
    for (modifier, attribute) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
    ] {
        if cell.modifier.contains(modifier) {
            style.push_str(attribute);
        }
    }
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(
        svg,
        "<text x=\"{left}\" y=\"{}\" fill=\"{fill}\"{style} textLength=\"{}\">{escaped}</text>",
        top + 14,
        run.len() * usize::from(CELL.0)
    );
}
