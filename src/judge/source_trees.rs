//! Which tree a source lies in, whatever the product and the moment: for lists of tasks. No verdict rests on it.

use crate::formats::url::{Url, unquote};
use crate::rules::{ProductRules, RuleBook};

/// The trees that any release knew, and those of a rule book.
#[derive(Debug)]
pub struct SourceTrees<'a> {
    book: Option<&'a RuleBook>,
    ever: ProductRules,
}

impl<'a> SourceTrees<'a> {
    /// By the tables that ship, and by those of a user's book before them.
    pub fn new(book: Option<&'a RuleBook>) -> Self {
        Self { book, ever: ProductRules { vcs_rules: RuleBook::vcs_rules_ever(), ..ProductRules::default() } }
    }

    /// The tree that a source lies in, such as `/releases/mozilla-beta`. Captured text.
    pub fn tree(&self, source: &str) -> Option<String> {
        let url = Url::parse(source);
        let path = unquote(&url.path);
        let own = self.book.into_iter().flat_map(|book| book.products.values());
        own.chain([&self.ever]).find_map(|rules| rules.tree(&url.scheme, &url.netloc, &path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_of_all_times_are_known_and_no_others() {
        let trees = SourceTrees::new(None);
        for (source, tree) in [
            ("https://hg.mozilla.org/mozilla-central/file/1/a", Some("/mozilla-central")),
            ("https://hg.mozilla.org/releases/mozilla-aurora/file/1", Some("/releases/mozilla-aurora")),
            ("https://hg.mozilla.org/releases/mozilla%2Dbeta/file/1", Some("/releases/mozilla-beta")),
            ("https://github.com/mozilla-mobile/fenix/raw/1/a", Some("/mozilla-mobile/fenix")),
            ("https://hg.mozilla.org.example.com/mozilla-central", None),
            ("https://hg.mozilla.org/mozilla-centralx", None),
            ("no address", None),
        ] {
            assert_eq!(trees.tree(source).as_deref(), tree, "{source}");
        }
    }
}
