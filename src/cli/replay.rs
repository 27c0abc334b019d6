//! `cotrace replay`.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{FailOn, Format, JudgementArgs, ReplayArgs};
use super::{Outcome, clock, output};
use crate::chain::{Mode, PRODUCTS};
use crate::export::text::Detail;
use crate::export::{against, json, text};
use crate::model::{Basis, ClockOverrides, Plane, Report, Severity, ToolUsed};
use crate::replay::{Progress, ReplayError, Replayed, Request, RuleChoice, SnapshotChoice, Targets, replay};
use crate::rules::RuleBook;
use crate::store::{Access, Case};

/// The most bytes of a rule book's file. Whole ones have some 60 kB.
const BOOK_SIZE_MAX: u64 = 16 * 1024 * 1024;

/// The rules that are used where none are named.
const DEFAULT_RULES: &str = "then";

pub(super) fn run(case: Option<PathBuf>, args: &ReplayArgs) -> anyhow::Result<Outcome> {
    let Some(path) = case_path(case.as_deref()) else { return Ok(Outcome::Usage) };
    let targets = if args.all { Targets::All } else { Targets::These(args.targets.clone()) };
    let Some(request) = request(targets, &args.judgement) else { return Ok(Outcome::Usage) };
    let detail = if args.all && !args.chains { Detail::Brief } else { Detail::Chains };
    let Some(name) = &args.against else {
        let mut case = Case::open(path, Access::Keep)?;
        return print(&mut case, &request, args.format, detail, args.fail_on);
    };
    let Some(other) = rules(name).filter(|rules| has_product(rules, request.product.as_deref())) else {
        return Ok(Outcome::Usage);
    };
    let mut case = Case::open(path, Access::Keep)?;
    compare(&mut case, request, other, args.format)
}

/// Replays under two rules, and tells where the verdicts differ.
fn compare(case: &mut Case, request: Request, rules: RuleChoice, format: Format) -> anyhow::Result<Outcome> {
    let Some(first) = replay_or_say(case, &request)? else { return Ok(Outcome::NothingToReplay) };
    let other = Request { rules, ..request };
    let Some(second) = replay_or_say(case, &other)? else { return Ok(Outcome::NothingToReplay) };
    let compared = against::compared(&first.report, &second.report);
    let mut out = output::stdout();
    match format {
        Format::Text => against::write(&compared, &mut out)?,
        Format::Json => json::write_value(&compared, &mut out)?,
    }
    out.flush()?;
    Ok(outcome(&second.report, None))
}

/// Replays everything, as after an import.
pub(super) fn replay_all(case: &mut Case, format: Format) -> anyhow::Result<Outcome> {
    let Some(request) = request(Targets::All, &JudgementArgs::default()) else { return Ok(Outcome::Usage) };
    print(case, &request, format, Detail::Brief, None)
}

/// The case file, or a usage error told.
pub(super) fn case_path(case: Option<&Path>) -> Option<&Path> {
    if case.is_none() {
        output::note("error: name the case file with --case FILE or in COTRACE_CASE");
    }
    case
}

/// The rules of this name: `then`, a shipped rule book, or a file; or a usage error told.
pub(super) fn rules(name: &str) -> Option<RuleChoice> {
    if name == "then" { Some(RuleChoice::Then) } else { book(name).map(|book| RuleChoice::One(Arc::new(book))) }
}

/// The rule book of this name, shipped or a file; or a usage error told.
pub(super) fn book(name: &str) -> Option<RuleBook> {
    let is_file = name.contains(['/', '\\']) || name.ends_with(".json");
    let book = if is_file {
        match read_book(name) {
            Ok(text) => RuleBook::of_file(name, &text),
            Err(error) => {
                output::note(&format!("error: the rule book {name} can't be read: {error}"));
                return None;
            }
        }
    } else {
        RuleBook::named(name)
    };
    book.inspect_err(|error| output::note(&format!("error: {error}"))).ok()
}

/// The text of a rule book's file.
fn read_book(name: &str) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(name)?.take(BOOK_SIZE_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > BOOK_SIZE_MAX {
        return Err(std::io::Error::other(format!("it has more than {BOOK_SIZE_MAX} bytes")));
    }
    Ok(text)
}

/// Whether these rules have the product that is named, if one is; else a usage error is told.
fn has_product(rules: &RuleChoice, product: Option<&str>) -> bool {
    let Some(product) = product else { return true };
    let (known, whose): (Vec<&str>, _) = match rules {
        RuleChoice::One(book) if !book.products.is_empty() => {
            (book.products.keys().map(String::as_str).collect(), format!("the rule book {}", book.id))
        }
        // A book without products asks for none: there any that is known will do.
        RuleChoice::One(_) | RuleChoice::Then => (PRODUCTS.to_vec(), "any release of scriptworker".to_owned()),
    };
    let has_it = known.contains(&product);
    if !has_it {
        output::note(&format!("error: {product} is no product of {whose}; there are: {}", known.join(", ")));
    }
    has_it
}

/// What is asked, or a usage error told.
pub(super) fn request(targets: Targets, args: &JudgementArgs) -> Option<Request> {
    let rules = rules(args.rules.as_deref().unwrap_or(DEFAULT_RULES))?;
    let task_types = match &rules {
        RuleChoice::One(book) => book.task_types.clone(),
        RuleChoice::Then => RuleBook::task_types_ever(),
    };
    if let Some(task_type) = &args.task_type
        && !task_types.contains(task_type)
    {
        let known = task_types.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        output::note(&format!("error: {task_type} is no task type; there are: {known}"));
        return None;
    }
    if !has_product(&rules, args.product.as_deref()) {
        return None;
    }
    Some(Request {
        targets,
        snapshot: match &args.snapshot {
            Some(start) => SnapshotChoice::Named(start.clone()),
            None if args.union => SnapshotChoice::Union,
            None => SnapshotChoice::Newest,
        },
        task_type: args.task_type.clone(),
        product: args.product.clone(),
        mode: if args.no_check_task { Mode::BeforeRun } else { Mode::AfterRun },
        as_of: args.as_of,
        clocks: ClockOverrides { key: args.keys_as_of, policy: args.policy_as_of, knowledge: args.known_as_of },
        bases: if args.trust.is_empty() {
            Basis::ALL.into_iter().collect()
        } else {
            args.trust.iter().copied().map(Basis::from).collect()
        },
        distrust: args.distrust.clone(),
        rules,
        tool: ToolUsed { name: "cotrace".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        now: clock::now(),
    })
}

fn print(
    case: &mut Case,
    request: &Request,
    format: Format,
    detail: Detail,
    fail_on: Option<FailOn>,
) -> anyhow::Result<Outcome> {
    let Some(replayed) = replay_or_say(case, request)? else { return Ok(Outcome::NothingToReplay) };
    match format {
        Format::Text => {
            let mut out = output::stdout();
            text::write(&replayed.report, detail, &mut out)?;
            out.flush()?;
        }
        Format::Json => {
            let mut out = output::plain();
            json::write(&replayed.report, &mut out)?;
            out.flush()?;
        }
    }
    Ok(outcome(&replayed.report, fail_on))
}

/// The verdicts come first: a refuted target is refuted whatever else was found.
pub(super) fn outcome(report: &Report, fail_on: Option<FailOn>) -> Outcome {
    let worst = report.targets.iter().map(|target| target.verdict).max();
    let fails = fail_on.map(Severity::from).is_some_and(|severity| {
        report.findings.iter().any(|finding| finding.plane == Plane::Audit && finding.severity >= severity)
    });
    let of_verdicts = Outcome::of_worst(worst);
    if of_verdicts == Outcome::Done && fails { Outcome::Findings } else { of_verdicts }
}

/// Replays; `None` where there is nothing to replay, which is said.
pub(super) fn replay_or_say(case: &mut Case, request: &Request) -> anyhow::Result<Option<Replayed>> {
    or_say(replay_telling(case, request))
}

/// Replays, and shows how far it has come.
pub(super) fn replay_telling(case: &mut Case, request: &Request) -> Result<Replayed, ReplayError> {
    let bar = output::bar("{msg}");
    let replayed = replay(case, request, &|Progress { stage, done, total }| {
        bar.set_length(total);
        bar.set_position(done);
        bar.set_message(stage);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    replayed
}

/// What came of it; `None` where there is nothing to replay, which is said.
pub(super) fn or_say<T>(result: Result<T, ReplayError>) -> anyhow::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(
            error @ (ReplayError::NothingToReplay | ReplayError::UnknownTarget(_) | ReplayError::UnknownSnapshot(_)),
        ) => {
            output::note(&format!("error: {error}"));
            Ok(None)
        }
        Err(
            error @ (ReplayError::Store(_) | ReplayError::Rules(_) | ReplayError::Ledger(_) | ReplayError::Stopped),
        ) => Err(error.into()),
    }
}
