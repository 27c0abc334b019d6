//! What was found of this task, with its evidence.

use ratatui::style::Style;
use ratatui::text::Span;

use super::Context;
use super::body::{Lines, Opens};
use crate::model::{Finding, Plane};
use crate::tui::text::captured;

pub(super) fn lines(context: &Context<'_>) -> Lines {
    let theme = context.session.theme;
    let mut lines = Lines::new(theme);
    let Some(report) = context.report else {
        lines.text("being judged", theme.dim());
        return lines;
    };
    let own = report.findings.iter().filter(|finding| finding.subject.task_id == Some(context.task_id));
    let own: Vec<&Finding> = own.collect();
    if own.is_empty() {
        lines.text("none of this task", theme.dim());
    }
    for finding in own {
        finding_lines(context, finding, &mut lines);
    }
    for left in &report.findings_left_out {
        let told = format!("{} more of {} in this chain, which no report tells one by one", left.count, left.code.id());
        lines.text(&told, theme.dim());
    }
    lines
}

fn finding_lines(context: &Context<'_>, finding: &Finding, lines: &mut Lines) {
    let theme = context.session.theme;
    let opens = Opens::Code(finding.code);
    let severity = format!("{} {:<7}", theme.severity_symbol(finding.severity), finding.severity.word());
    let plane = match finding.plane {
        Plane::Rule => "by rule  ",
        Plane::Audit => "by audit ",
    };
    let mut spans = vec![
        Span::styled(severity, theme.severity(finding.severity)),
        Span::styled(plane, theme.dim()),
        Span::styled(format!("{} ", finding.code.id()), theme.heading()),
    ];
    spans.extend(captured(&format!("[{}] {}", finding.reason.phrase(), finding.subject.words()), theme.dim(), theme));
    lines.line(spans).copying(finding.code.id()).opening(opens);
    lines.text(&finding.message, Style::new()).indented(4).copying(&finding.message).opening(opens);
    for evidence in &finding.evidence {
        let digest = evidence.blob.map(|blob| blob.to_string());
        let copy = evidence.pointer.clone().filter(|pointer| !pointer.is_empty()).or(digest).unwrap_or_default();
        lines.text(&evidence.words(), theme.dim()).indented(4).copying(&copy).opening(opens);
    }
    if let Some(confirm) = &finding.confirm {
        lines.field("confirm", confirm).indented(4).opening(opens);
    }
    lines.line(Vec::new());
}
