//! Colours and symbols. A meaning never rests on a colour alone: each has a word or a symbol, too.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use crate::model::{Outcome, Severity, Verdict};

/// What the terminal can show. Colours are the sixteen that every terminal has, so that its own palette counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Whether there are colours; without them bold, underlined and reversed text remain.
    pub has_colours: bool,
    /// Whether lines and symbols are ASCII.
    pub is_ascii: bool,
}

impl Theme {
    const fn coloured(self, colour: Color) -> Style {
        if self.has_colours { Style::new().fg(colour) } else { Style::new() }
    }

    /// Of a verdict.
    pub(super) const fn verdict(self, verdict: Verdict) -> Style {
        let colour = match verdict {
            Verdict::Verified => Color::Green,
            Verdict::Undetermined => Color::Yellow,
            Verdict::Refuted => Color::Red,
        };
        self.coloured(colour).add_modifier(Modifier::BOLD)
    }

    /// A verdict's symbol.
    pub(super) const fn verdict_symbol(self, verdict: Verdict) -> &'static str {
        match (verdict, self.is_ascii) {
            (Verdict::Verified, false) => "✔",
            (Verdict::Verified, true) => "+",
            (Verdict::Undetermined, _) => "?",
            (Verdict::Refuted, false) => "✘",
            (Verdict::Refuted, true) => "x",
        }
    }

    /// Of what a check came to.
    pub(super) const fn outcome(self, outcome: Outcome) -> Style {
        match outcome {
            Outcome::NotApplicable => self.dim(),
            Outcome::Pass | Outcome::Unknown | Outcome::Fail => self.verdict(outcome.verdict()),
        }
    }

    /// The symbol of what a check came to.
    pub(super) const fn outcome_symbol(self, outcome: Outcome) -> &'static str {
        match outcome {
            Outcome::NotApplicable => "-",
            Outcome::Pass | Outcome::Unknown | Outcome::Fail => self.verdict_symbol(outcome.verdict()),
        }
    }

    /// Of a severity.
    pub(super) const fn severity(self, severity: Severity) -> Style {
        match severity {
            Severity::Info | Severity::Low => self.dim(),
            Severity::Medium => self.verdict(Verdict::Undetermined),
            Severity::High => self.verdict(Verdict::Refuted),
        }
    }

    /// A severity's symbol: the more, the worse.
    pub(super) const fn severity_symbol(self, severity: Severity) -> &'static str {
        match severity {
            Severity::Info => "   ",
            Severity::Low => "!  ",
            Severity::Medium => "!! ",
            Severity::High => "!!!",
        }
    }

    /// Of what matters less.
    pub(super) const fn dim(self) -> Style {
        if self.has_colours { Style::new().fg(Color::DarkGray) } else { Style::new().add_modifier(Modifier::DIM) }
    }

    /// Of headings.
    pub(super) const fn heading(self) -> Style {
        self.coloured(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// Of keys to press.
    pub(super) const fn key(self) -> Style {
        self.coloured(Color::Cyan)
    }

    /// Of the line under the cursor.
    pub(super) const fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// Of characters of captured text that could have misled, and are told instead of shown.
    pub(super) const fn marked(self) -> Style {
        self.coloured(Color::Magenta).add_modifier(Modifier::UNDERLINED)
    }

    /// Of what something was before it changed.
    pub(super) const fn changed(self) -> Style {
        self.coloured(Color::Magenta).add_modifier(Modifier::BOLD)
    }

    /// Of what a signature covers.
    pub(super) const fn signed(self) -> Style {
        self.coloured(Color::Green)
    }

    /// Of what no signature covers.
    pub(super) const fn unsigned(self) -> Style {
        self.coloured(Color::Red).add_modifier(Modifier::ITALIC)
    }

    /// The characters of frames.
    pub(super) const fn border(self) -> border::Set<'static> {
        if self.is_ascii {
            border::Set {
                top_left: "+",
                top_right: "+",
                bottom_left: "+",
                bottom_right: "+",
                vertical_left: "|",
                vertical_right: "|",
                horizontal_top: "-",
                horizontal_bottom: "-",
            }
        } else {
            border::PLAIN
        }
    }

    /// One of two texts, the second in ASCII.
    pub(super) const fn or<'a>(self, symbol: &'a str, ascii: &'a str) -> &'a str {
        if self.is_ascii { ascii } else { symbol }
    }
}
