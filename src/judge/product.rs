//! The product whose tables of a rule book apply to a task.

use crate::chain::{PRODUCTS, product};
use crate::formats::url::{Url, unquote};
use crate::rules::RuleBook;

/// The product of a rule book that a source tells; `None` where it tells none.
///
/// Beginnings of addresses tell those of scriptworker's products. Where they name none, or one that the book lacks, it is
/// the only one of the book whose trees the source belongs to. So is a product of a user's own, whatever they name: they
/// know nothing of it.
pub fn product_of(source: &str, book: &RuleBook) -> Option<String> {
    let named = product(source);
    let has_named = named.is_some_and(|name| book.products.contains_key(name));
    let is_own = |name: &str| !PRODUCTS.contains(&name);
    if !has_named || book.products.keys().any(|name| is_own(name)) {
        let only = only_product_with_tree(source, book);
        if let Some(only) = only.filter(|only| !has_named || is_own(only)) {
            return Some(only.to_owned());
        }
    }
    // One that the book lacks too: the report then says that the book lacks it.
    named.map(str::to_owned)
}

/// The only product one of whose trees a source belongs to.
fn only_product_with_tree<'a>(source: &str, book: &'a RuleBook) -> Option<&'a str> {
    let url = Url::parse(source);
    let path = unquote(&url.path);
    let mut found = book.products.iter().filter(|(_, rules)| rules.tree(&url.scheme, &url.netloc, &path).is_some());
    let (only, _) = found.next()?;
    found.next().is_none().then_some(only)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = r#"{"base": "latest", "id": "mine", "products": {"ours": {"productTypes": ["github"],
        "vcsRules": [{"schemes": ["https"], "hosts": ["github.com"], "path": "^(?P<path>/mozilla-releng/ours)(/|$)"}]}}}"#;

    #[test]
    fn a_users_product_is_told_by_its_trees() {
        let book = RuleBook::of_file("mine.json", OWN).unwrap();
        let told = |source: &str| product_of(source, &book);
        assert_eq!(told("https://github.com/mozilla-releng/ours/raw/main/a").as_deref(), Some("ours"));
        assert_eq!(told("https://github.com/mozilla-releng/theirs/raw/main/a").as_deref(), Some("adhoc"));
        assert_eq!(told("https://hg.mozilla.org/mozilla-central/raw-file/1/a").as_deref(), Some("firefox"));
        assert_eq!(told("https://github.com/nobody/ours/raw/main/a"), None);
    }

    #[test]
    fn what_shipped_books_have_is_told_by_the_beginnings_of_addresses() {
        let latest = RuleBook::named("latest").unwrap();
        for source in [
            "https://hg.mozilla.org/comm-central/rev/1",
            "https://hg.mozilla.org/nowhere/rev/1",
            "https://github.com/mozilla-mobile/fenix/raw/1/a",
            "https://github.com/mozilla-releng/x",
        ] {
            assert_eq!(product_of(source, &latest).as_deref(), product(source), "{source}");
        }
        let signatures = RuleBook::named("signatures").unwrap();
        assert_eq!(product_of("https://hg.mozilla.org/mozilla-central", &signatures).as_deref(), Some("firefox"));
    }
}
