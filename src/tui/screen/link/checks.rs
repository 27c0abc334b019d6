//! What every check came to, what other verifiers say, and when it was signed as far as others prove it.

use ratatui::style::Style;

use super::Context;
use super::body::Lines;
use crate::tui::screen::chain::check_line;

pub(super) fn lines(context: &Context<'_>) -> Lines {
    let theme = context.session.theme;
    let mut lines = Lines::new(theme);
    let Some(link) = context.link else {
        context.absent(&mut lines);
        return lines;
    };
    for made in link.checks.iter() {
        let mut spans = check_line(made, theme).spans;
        let outcome = format!("{:<15}", made.outcome.word());
        spans.insert(0, ratatui::text::Span::styled(outcome, theme.outcome(made.outcome)));
        lines.line(spans).copying(&made.detail);
    }
    for attestation in &link.attestations {
        if !attestation.opinions.is_empty() {
            lines.heading(&format!("what verifiers say of the signature of {}", attestation.form.artifact()));
        }
        for opinion in &attestation.opinions {
            let words = opinion.words();
            lines.text(&words, Style::new()).indented(2).copying(&words);
        }
    }
    let bounds = link.signed.words();
    if !link.attestations.is_empty() {
        lines.heading("when it was signed");
        if bounds.is_empty() {
            lines.text("no other key's signature tells when it was signed", theme.dim()).indented(2);
        }
    }
    for bound in bounds {
        lines.text(&format!("signed {bound}"), Style::new()).indented(2).copying(&bound);
    }
    lines
}
