//! The product whose tables apply, worked out from where a task's source lies.

use crate::model::Definition;

/// The products by the beginning of `metadata.source` (valid and trusted version-control rules of scriptworker's
/// `constants.py`, 2016 to 2026).
const PRODUCTS: &[(&str, &str)] = &[
    ("https://hg.mozilla.org/comm-central", "thunderbird"),
    ("https://hg.mozilla.org/releases/comm-", "thunderbird"),
    ("https://hg.mozilla.org/try-comm-central", "thunderbird"),
    ("https://hg.mozilla.org/projects/comm-", "thunderbird"),
    ("https://hg.mozilla.org/", "firefox"),
    ("https://github.com/mozilla-firefox/", "firefox"),
    ("https://github.com/mozilla-mobile/mozilla-vpn-client", "mozillavpn"),
    ("https://github.com/mozilla-mobile/", "mobile"),
    ("https://github.com/mozilla/application-services", "app-services"),
    ("https://github.com/mozilla/glean", "glean"),
    ("https://github.com/mozilla-extensions/", "xpi"),
    ("https://github.com/mozilla-releng/scriptworker", "scriptworker"),
    ("https://github.com/mozilla-releng/", "adhoc"),
];

/// The product of a source among those of scriptworker's releases; `None` where the beginning of its URL tells none.
pub fn product(source: &str) -> Option<&'static str> {
    PRODUCTS.iter().find(|(start, _)| source.starts_with(start)).map(|(_, product)| *product)
}

/// Whether something in a task speaks of GitHub (scriptworker's `is_github_task`).
pub fn speaks_of_github(shape: &Definition) -> bool {
    let source = shape.source.as_deref().unwrap_or_default();
    shape.scheduler_id.as_deref() == Some("taskcluster-github")
        || shape.tasks_for.as_deref().is_some_and(|tasks_for| tasks_for.starts_with("github-"))
        || source.starts_with("https://github.com/")
        || source.starts_with("ssh://github.com/")
}

/// The products that any release had rules for (`cot_product` in scriptworker, 2016 to 2026). A user's rule book may have
/// others.
pub const NAMES: [&str; 13] = [
    "adhoc",
    "app-services",
    "application-services",
    "enterprise",
    "firefox",
    "glean",
    "mobile",
    "mozillavpn",
    "mpd001",
    "scriptworker",
    "thunderbird",
    "translations",
    "xpi",
];
