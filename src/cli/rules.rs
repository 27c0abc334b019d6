//! `cotrace rules`.

use std::collections::BTreeSet;
use std::io::Write;

use serde::Serialize;

use super::args::{Format, RulesCommand, RulesDiffArgs, RulesShowArgs};
use super::{Outcome, output};
use crate::model::{Moment, Release, Untrusted};
use crate::rules::{Figure, ProductRules, RuleBook, releases};

/// A rule book in the list, for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    id: String,
    tagged: Option<Moment>,
    read_in_full: bool,
    products: Vec<&'a str>,
}

/// What two rule books differ in, for programs.
#[derive(Serialize)]
struct Difference {
    removed: Vec<Line>,
    added: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    place: Vec<String>,
    value: String,
}

pub(super) fn run(command: &RulesCommand) -> anyhow::Result<Outcome> {
    let mut out = output::stdout();
    let outcome = match command {
        RulesCommand::List(args) => list(args.format, &mut out)?,
        RulesCommand::Show(args) => show(args, &mut out)?,
        RulesCommand::Diff(args) => diff(args, &mut out)?,
    };
    out.flush()?;
    Ok(outcome)
}

fn list(format: Format, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let in_full: Vec<Release> = RuleBook::read_in_full();
    let mut books = vec![(RuleBook::named("signatures")?, None, true)];
    for known in releases() {
        if let Some(book) = RuleBook::of_release(&known.release) {
            books.push((book?, known.tagged, in_full.contains(&known.release)));
        }
    }
    let listed = books.iter().map(|(book, tagged, read_in_full)| Listed {
        id: book.id.clone(),
        tagged: *tagged,
        read_in_full: *read_in_full,
        products: book.products.keys().map(String::as_str).collect(),
    });
    let listed: Vec<Listed<'_>> = listed.collect();
    match format {
        Format::Json => crate::export::json::write_value(&listed, out)?,
        Format::Text => {
            for book in &listed {
                let tagged = book.tagged.map_or_else(|| "-".to_owned(), |tagged| tagged.to_string());
                let full = if book.read_in_full { "in full" } else { "as far as known" };
                writeln!(out, "{:<24} {tagged:<22} {full:<16} {}", book.id, book.products.join(" "))?;
            }
        }
    }
    Ok(Outcome::Done)
}

/// The rule book of a name; or a usage error told.
fn book(name: &str, product: Option<&str>) -> Option<RuleBook> {
    let mut book = super::replay::book(name)?;
    if let Some(product) = product {
        if !book.products.contains_key(product) {
            let known = book.products.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            output::note(&format!("error: {} has no product {product}; it has: {known}", book.id));
            return None;
        }
        book.products.retain(|name, _| name == product);
    }
    Some(book)
}

fn show(args: &RulesShowArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let Some(book) = book(&args.book, args.product.as_deref()) else { return Ok(Outcome::Usage) };
    match args.format {
        Format::Json => writeln!(out, "{}", book.to_file())?,
        Format::Text => {
            writeln!(out, "{}: {}", Untrusted(&book.id), Untrusted(&book.description))?;
            let rest = book.figures().into_iter().filter(|figure| figure.place.first().is_none_or(|n| n != "products"));
            write_figures(rest, 0, out)?;
            for (name, rules) in &book.products {
                write_product(name, rules, &book, out)?;
            }
        }
    }
    Ok(Outcome::Done)
}

fn write_product(name: &str, rules: &ProductRules, book: &RuleBook, out: &mut dyn Write) -> anyhow::Result<()> {
    let scopes = rules.scopes.len();
    writeln!(out, "\nproduct {}: {scopes} restricted scopes", Untrusted(name))?;
    let of_product = book.figures().into_iter().filter(|figure| {
        matches!(figure.place.as_slice(), [products, product, ..] if products == "products" && product == name)
    });
    write_figures(of_product, 2, out)
}

/// Writes figures, those of one place together.
fn write_figures(figures: impl Iterator<Item = Figure>, skip: usize, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut last: Option<Vec<String>> = None;
    for figure in figures {
        let place = figure.place.get(skip..).unwrap_or_default().to_vec();
        if last.as_ref() != Some(&place) {
            writeln!(out, "  {}", Untrusted(&place.join(" › ")))?;
            last = Some(place);
        }
        writeln!(out, "      {}", Untrusted(&figure.value))?;
    }
    Ok(())
}

fn diff(args: &RulesDiffArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let figures = |name: &str| -> Option<BTreeSet<Figure>> {
        let book = super::replay::book(name)?;
        let is_asked_for = |figure: &Figure| match (&args.product, figure.place.as_slice()) {
            (Some(asked), [products, product, ..]) if products == "products" => product == asked,
            _ => true,
        };
        Some(book.figures().into_iter().filter(is_asked_for).collect())
    };
    let (Some(old), Some(new)) = (figures(&args.old), figures(&args.new)) else { return Ok(Outcome::Usage) };
    match args.format {
        Format::Json => {
            let lines = |one: &BTreeSet<Figure>, other: &BTreeSet<Figure>| {
                let lines = one.difference(other).cloned();
                lines.map(|Figure { place, value }| Line { place, value }).collect()
            };
            let difference = Difference { removed: lines(&old, &new), added: lines(&new, &old) };
            crate::export::json::write_value(&difference, out)?;
        }
        Format::Text => {
            let changed: BTreeSet<&Figure> = old.symmetric_difference(&new).collect();
            for figure in changed {
                let sign = if old.contains(figure) { '-' } else { '+' };
                writeln!(out, "{sign} {}: {}", Untrusted(&figure.place.join(" › ")), Untrusted(&figure.value))?;
            }
        }
    }
    Ok(Outcome::Done)
}
