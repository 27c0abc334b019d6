//! The keys of a case for people: lists, one key's story, a picture of the epochs, the audit.

use std::io::{self, Write};

use anstyle::Style;

use super::text;
use crate::insight::{KeyStretch, TimeScale, key_span, key_stretches, keys_by_role};
use crate::model::{
    Basis, CertificateKey, EpochEvent, KeyEpoch, KeyId, KeyReport, KeyStory, KeyUse, Moment, Role, Untrusted, Validity,
};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// The columns of a key's short name.
const NAME_SHORT: usize = KeyId::SHORT;

/// The most signatures that are listed of one key.
const USES_TOLD: usize = 50;

/// Writes the epochs, one a line.
pub fn list(report: &KeyReport, out: &mut dyn Write) -> io::Result<()> {
    for (role, stories) in keys_by_role(report) {
        writeln!(out, "{BOLD}{}{BOLD:#}", Untrusted(role.as_str()))?;
        let mut rows: Vec<(&KeyEpoch, &KeyStory)> = Vec::new();
        for story in stories {
            rows.extend(story.epochs.iter().filter(|epoch| epoch.role == *role).map(|epoch| (epoch, story)));
        }
        rows.sort_by(|a, b| (a.0.from, &a.0.key, a.0.basis).cmp(&(b.0.from, &b.0.key, b.0.basis)));
        for (epoch, story) in rows {
            let seen = story.uses.iter().filter(|made| made.role.as_ref() == Some(role)).count();
            let seen = match seen {
                0 => String::new(),
                1 => "  1 signature seen".to_owned(),
                _ => format!("  {seen} signatures seen"),
            };
            let ends = ends(story, epoch).map(|ends| format!("  {ends}")).unwrap_or_default();
            writeln!(
                out,
                "  {}  {} … {}  {}  {DIM}{}{DIM:#}{seen}{ends}",
                short(&epoch.key),
                bound(epoch.from, "ever"),
                bound(epoch.until, "open"),
                epoch.basis.map_or("nobody", Basis::word),
                Untrusted(&epoch.source)
            )?;
        }
    }
    let unlisted: Vec<&KeyStory> = report.keys.iter().filter(|story| story.epochs.is_empty()).collect();
    for story in unlisted {
        writeln!(out, "{}  in no list; {} signatures seen", short(&story.key), story.uses.len())?;
    }
    Ok(())
}

/// What ends the key of an epoch beside the epoch's own end: its revocation, else the date on which its certificate
/// expires.
fn ends(story: &KeyStory, epoch: &KeyEpoch) -> Option<String> {
    let primaries = || story.certificates.iter().filter_map(|seen| Some((seen, seen.certificate.keys.first()?)));
    let revoked = primaries().flat_map(|(_, key)| &key.revocations).min_by_key(|made| (!made.is_hard, made.made));
    if let Some(revocation) = revoked {
        return Some(format!("revoked {}", bound(revocation.made, "at an unknown time")));
    }
    let of_file = primaries().find(|(seen, _)| epoch.file.is_none_or(|file| file == seen.file));
    let steps = &of_file?.1.eras.first()?.steps;
    let expired = steps.iter().rev().find(|step| step.validity == Validity::Expired)?;
    Some(format!("expires {}", expired.from))
}

/// Writes all that is known of the keys of a report.
pub fn show(report: &KeyReport, out: &mut dyn Write) -> io::Result<()> {
    for story in &report.keys {
        writeln!(out, "{BOLD}{}{BOLD:#}", story.key)?;
        for epoch in &story.epochs {
            write_epoch(epoch, out)?;
        }
        if story.epochs.is_empty() {
            writeln!(out, "  in no list")?;
        }
        for seen in &story.certificates {
            writeln!(out, "  certificate in {}, known since {}", seen.file, bound(seen.known_since, "ever"))?;
            for user_id in &seen.certificate.user_ids {
                writeln!(out, "    {}", Untrusted(user_id))?;
            }
            for key in &seen.certificate.keys {
                write_key(key, out)?;
            }
        }
        writeln!(out, "  {} sound signatures seen", story.uses.len())?;
        for made in story.uses.iter().take(USES_TOLD) {
            write_use(made, out)?;
        }
        if story.uses.len() > USES_TOLD {
            writeln!(out, "    … {} more; --format json tells all", story.uses.len() - USES_TOLD)?;
        }
    }
    text::write_key_findings(&report.findings, out)
}

fn write_epoch(epoch: &KeyEpoch, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "  {} from {} until {}, trusted by {}",
        Untrusted(epoch.role.as_str()),
        bound(epoch.from, "ever"),
        bound(epoch.until, "nobody says when"),
        epoch.basis.map_or("nobody", Basis::word)
    )?;
    writeln!(out, "    {DIM}source {}{DIM:#}", Untrusted(&epoch.source))?;
    if !epoch.deployments.is_empty() {
        writeln!(out, "    {DIM}for {}{DIM:#}", Untrusted(&epoch.deployments.join(", ")))?;
    }
    if let Some(file) = &epoch.file {
        writeln!(out, "    {DIM}with the certificate of file {file}{DIM:#}")?;
    }
    for (word, event) in [("began", &epoch.began), ("ended", &epoch.ended)] {
        if let Some(event) = event {
            writeln!(out, "    {DIM}{word}: {}{DIM:#}", Untrusted(&told(event)))?;
        }
    }
    if let Some(known) = epoch.known_until {
        writeln!(out, "    {DIM}the source was read on {known}{DIM:#}")?;
    }
    Ok(())
}

/// An event in a line.
fn told(event: &EpochEvent) -> String {
    let why = event.why.as_ref().map(|why| format!("\u{201c}{why}\u{201d}"));
    event.parts().chain(why).collect::<Vec<_>>().join(", ")
}

fn write_key(key: &CertificateKey, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "    {} {} created {}", key.fingerprint, key.algorithm, bound(key.created, "at an unknown time"))?;
    for era in &key.eras {
        let from =
            era.from.map_or_else(|| "at first".to_owned(), |from| format!("by the algorithms that count since {from}"));
        let steps: Vec<String> =
            era.steps.iter().map(|step| format!("{} from {}", step.validity.word(), step.from)).collect();
        writeln!(out, "      {DIM}{from}: {}{DIM:#}", steps.join(", "))?;
    }
    for revocation in &key.revocations {
        let kind = if revocation.is_hard { "for ever" } else { "from then on" };
        let made = bound(revocation.made, "at an unknown time");
        writeln!(out, "      revoked {made}, {kind}: {}", Untrusted(&revocation.reason))?;
    }
    Ok(())
}

fn write_use(made: &KeyUse, out: &mut dyn Write) -> io::Result<()> {
    let claimed = made.claimed_time.map_or_else(String::new, |claimed| format!(", claims {claimed}"));
    let run = match (made.started, made.resolved) {
        (None, None) => "no time known".to_owned(),
        (from, until) => format!("the queue says {} … {}", bound(from, "?"), bound(until, "?")),
    };
    let role = made.role.as_ref().map_or("no role known", Role::as_str);
    writeln!(out, "    {}  {}  {run}{claimed}", made.task_id, Untrusted(role))
}

/// Writes what is odd about the keys.
pub fn audit(report: &KeyReport, out: &mut dyn Write) -> io::Result<()> {
    text::write_key_findings(&report.findings, out)?;
    writeln!(out, "{} keys, {} findings", report.keys.len(), report.findings.len())
}

/// How to draw a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// The first moment shown; `None`: the first that anything is known of.
    pub from: Option<Moment>,
    /// The moment at which the picture ends; `None`: the last that anything is known of.
    pub until: Option<Moment>,
    /// Where the cursor stands.
    pub cursor: Option<Moment>,
    /// ASCII characters alone.
    pub is_ascii: bool,
    /// The columns of the whole picture.
    pub columns: usize,
}

/// The fewest columns of the bars.
const BARS_MIN: usize = 20;

/// The characters of a picture.
struct Strokes {
    trusted: char,
    not_valid: char,
    used: char,
    cursor: char,
}

const UNICODE: Strokes = Strokes { trusted: '━', not_valid: '┄', used: '●', cursor: '│' };
const ASCII: Strokes = Strokes { trusted: '=', not_valid: '-', used: 'x', cursor: '|' };

/// Draws the epochs of every role as bars over time, with the signatures seen as marks.
pub fn timeline(report: &KeyReport, picture: &Picture, out: &mut dyn Write) -> io::Result<()> {
    let Some(scale) = scale(report, picture) else {
        return writeln!(out, "no epoch has a beginning or an end");
    };
    let strokes = if picture.is_ascii { &ASCII } else { &UNICODE };
    for (role, stories) in keys_by_role(report) {
        writeln!(out, "{BOLD}{}{BOLD:#}", Untrusted(role.as_str()))?;
        for story in stories {
            writeln!(out, "{}  {}", short(&story.key), bar(&scale, story, role, picture.cursor, strokes))?;
        }
    }
    let day = |moment: Moment| moment.to_string().chars().take(10).collect::<String>();
    let (from, until) = (day(scale.from()), day(scale.until()));
    let space = scale.columns().saturating_sub(from.len() + until.len());
    writeln!(out, "{}  {from}{}{until}", " ".repeat(NAME_SHORT), " ".repeat(space))?;
    if let Some(cursor) = picture.cursor {
        writeln!(out, "{} as of {cursor}", strokes.cursor)?;
    }
    writeln!(
        out,
        "{} in force   {} in force, certificate not valid or revoked   {} a signature seen, at the queue's end of its run",
        strokes.trusted, strokes.not_valid, strokes.used
    )
}

/// The columns of a picture.
fn scale(report: &KeyReport, picture: &Picture) -> Option<TimeScale> {
    let known = key_span(report, picture.cursor);
    let from = picture.from.or_else(|| known.map(|(first, _)| first))?;
    let until = picture.until.or_else(|| known.map(|(_, last)| last))?;
    TimeScale::new(from, until, picture.columns.saturating_sub(NAME_SHORT + 2).max(BARS_MIN))
}

/// The bar of a key for a role, with the signatures that it made for it.
fn bar(scale: &TimeScale, story: &KeyStory, role: &Role, cursor: Option<Moment>, strokes: &Strokes) -> String {
    let stretches = key_stretches(scale, story, role).into_iter().map(|stretch| match stretch {
        KeyStretch::Outside => ' ',
        KeyStretch::InForce => strokes.trusted,
        KeyStretch::NotValid => strokes.not_valid,
    });
    let mut bar: Vec<char> = stretches.collect();
    let mut put = |moment: Option<Moment>, stroke: char| {
        if let Some(cell) = moment.and_then(|moment| scale.column(moment)).and_then(|column| bar.get_mut(column)) {
            *cell = stroke;
        }
    };
    put(cursor, strokes.cursor);
    for made in story.uses.iter().filter(|made| made.role.as_ref() == Some(role)) {
        put(made.about(), strokes.used);
    }
    bar.into_iter().collect::<String>().trim_end().to_owned()
}

/// A key's short name, as wide as all of them.
fn short(key: &KeyId) -> String {
    format!("{:NAME_SHORT$}", key.short())
}

fn bound(moment: Option<Moment>, words: &str) -> String {
    moment.map_or_else(|| words.to_owned(), |moment| moment.to_string())
}
