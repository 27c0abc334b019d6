//! The releases of scriptworker whose tables are known, in their order.

use std::sync::LazyLock;

use crate::model::{Moment, Release};

/// Tags of scriptworker's repository, or versions on PyPI, and the moment of the tagged commit (`git log`, read
/// 2026-08-12); of the last six, which only PyPI had when they were read on 2026-11-27, no moment is known.
const RELEASES: &str = include_str!("tables/releases.json");

/// A release whose tables are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRelease {
    /// It.
    pub release: Release,
    /// When it was tagged.
    pub tagged: Option<Moment>,
}

/// The releases, the oldest first.
static KNOWN: LazyLock<Vec<KnownRelease>> = LazyLock::new(|| {
    let rows: Vec<(Release, Option<Moment>)> = serde_json::from_str(RELEASES).unwrap_or_default();
    rows.into_iter().map(|(release, tagged)| KnownRelease { release, tagged }).collect()
});

/// The releases whose tables are known, the oldest first.
pub fn releases() -> &'static [KnownRelease] {
    &KNOWN
}

/// The newest release at a moment, by the moments of their tags; `None` before the first.
pub fn newest_at(moment: Moment) -> Option<&'static Release> {
    let tagged = releases().iter().filter(|known| known.tagged.is_some_and(|tagged| tagged <= moment));
    tagged.map(|known| &known.release).max()
}

/// The newest release of all.
pub fn latest() -> Option<&'static Release> {
    releases().last().map(|known| &known.release)
}

/// Since when, and until when, a figure stood in scriptworker's tables: intervals of releases, each half open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span(Vec<(Release, Option<Release>)>);

impl Span {
    /// Reads `8.1.0..12.0.0, 17.2.0..`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no list of releases such as 8.1.0..12.0.0, 17.2.0..");
        let interval = |text: &str| {
            let (from, until) = text.split_once("..")?;
            let until = if until.is_empty() { None } else { Some(until.parse().ok()?) };
            Some((from.parse().ok()?, until))
        };
        text.split(", ").map(interval).collect::<Option<Vec<_>>>().map(Self).ok_or_else(wrong)
    }

    /// Whether a release lies in it.
    pub(super) fn holds(&self, release: &Release) -> bool {
        self.0.iter().any(|(from, until)| from <= release && until.as_ref().is_none_or(|until| release < until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_releases_are_in_their_order_and_a_moment_has_the_newest_before_it() {
        assert!(releases().len() > 200);
        assert!(releases().is_sorted_by(|a, b| a.release < b.release));
        let newest = |moment: &str| newest_at(moment.parse().unwrap()).map(ToString::to_string);
        assert_eq!(newest("2017-06-26").as_deref(), Some("4.1.2"));
        assert_eq!(newest("2016-01-01"), None);
        assert_eq!(latest().unwrap().to_string(), "63.6.1");
    }

    #[test]
    fn a_span_is_half_open_and_may_have_gaps() {
        let span = Span::parse("1.0.0b4..2.0.0, 8.1.0..").unwrap();
        let holds = |release: &str| span.holds(&release.parse().unwrap());
        assert!(!holds("1.0.0b3") && holds("1.0.0b4") && holds("1.9.9") && !holds("2.0.0"));
        assert!(!holds("8.0.9") && holds("8.1.0") && holds("99.0.0"));
        assert!(Span::parse("8.1.0").is_err() && Span::parse("").is_err() && Span::parse("x..").is_err());
    }
}
