//! The template of a tree: its `.taskcluster.yml` at the decision task's revision (`get_in_tree_template`).

use super::replies::Kind;
use super::task::Task;
use super::{Maker, Step, read_yaml, refuse};
use crate::formats::json;
use crate::formats::jsone::Value;
use crate::formats::url::{Url, is_github, owner_and_name, with_scheme};
use crate::formats::yaml::decode_base64;
use crate::model::TemplatePlace;

/// The file that the template is.
const FILE: &str = ".taskcluster.yml";

impl Maker<'_> {
    pub(super) fn template(&mut self, decision: &Task<'_>) -> Step<Value> {
        let prefix = &self.recipe.env_prefix;
        let url = match self.recipe.template {
            TemplatePlace::Source => {
                let source = decision.source(prefix)?;
                if !source.ends_with(".yml") && !source.ends_with(".yaml") {
                    return refuse(format_args!("the source {source} is no YAML file"));
                }
                source.to_owned()
            }
            TemplatePlace::Repository => {
                let repository = with_scheme(decision.head(prefix)?);
                if is_github(&repository) {
                    return self.github_template(&repository, decision.revision(prefix)?);
                }
                let Url { scheme, netloc, path } = Url::parse(decision.head(prefix)?);
                if netloc != "hg.mozilla.org" {
                    return refuse(format_args!("{netloc} is no server of trees that scriptworker knows"));
                }
                format!("{scheme}://{netloc}{path}/raw-file/{}/{FILE}", decision.revision_in_address(prefix)?)
            }
        };
        let body = self.answer(&url)?;
        if body.is_html {
            return refuse(format_args!("{url} is an HTML page"));
        }
        read_yaml(&body.bytes, FILE)
    }

    fn github_template(&mut self, repository: &str, revision: Option<&str>) -> Step<Value> {
        let file = requested(&format!("{}/contents/{FILE}", self.github(repository)?.api));
        // Without a revision, the default branch is asked for.
        let url = revision.map_or_else(|| file.clone(), |revision| format!("{file}?ref={}", query(revision)));
        let body = self.answer(&url)?;
        let reply = self.reply(&body.bytes, &url, Kind::Contents)?;
        let text = |name: &str| reply.get(name).and_then(json::Value::as_text);
        let Some(content) = text("content") else { return refuse(format_args!("{url} has no content")) };
        // Only this is decoded, and nothing else taken.
        if text("encoding") != Some("base64") {
            return refuse(format_args!("the content of {url} is not told in base64"));
        }
        match decode_base64(content) {
            Some(bytes) => read_yaml(&bytes, FILE),
            None => refuse(format_args!("the content of {url} is no base64")),
        }
    }

    /// What GitHub says of a repository, of which everything else is asked.
    pub(super) fn github(&mut self, url: &str) -> Step<Repository> {
        let Some((owner, name)) = owner_and_name(url) else {
            return refuse(format_args!("{url} is no repository on GitHub"));
        };
        let url = api(&owner, &name);
        let address = requested(&url);
        let body = self.answer(&address)?;
        let definition = self.reply(&body.bytes, &address, Kind::Repository)?;
        let api = definition.get("url").and_then(json::Value::as_text).unwrap_or(&url).to_owned();
        Ok(Repository { owner, name, api, definition })
    }
}

/// A repository on GitHub.
pub(super) struct Repository {
    pub(super) owner: String,
    pub(super) name: String,
    /// Where its parts are asked for: where it is now, whatever it was called.
    pub(super) api: String,
    pub(super) definition: json::Value,
}

impl Repository {
    pub(super) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }
}

/// Where GitHub tells of a repository.
pub(crate) fn api(owner: &str, name: &str) -> String {
    format!("https://api.github.com/repos/{owner}/{name}")
}

/// The address that is asked for where this one is meant, as `requests` makes it: dot segments are left out, what is not
/// allowed is encoded, and what needs no encoding is decoded. A server is not told what follows a `#`.
pub(super) fn requested(url: &str) -> String {
    let url = url.split_once('#').map_or(url, |(before, _)| before);
    let start = url.find("://").map_or(0, |scheme| scheme + 3);
    let (server, rest) = url.split_at(url[start..].find(['/', '?']).map_or(url.len(), |end| start + end));
    let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
    let path = without_needless(&encoded(&without_dots(path), ":@/"));
    let query = query.map(|query| without_needless(&encoded(query, ":@/?")));
    format!("{server}{path}{}", query.map(|query| format!("?{query}")).unwrap_or_default())
}

/// A path without its dot segments (`urllib3`).
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    if path.starts_with('/') && kept.first().is_none_or(|first| !first.is_empty()) {
        kept.insert(0, "");
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        kept.push("");
    }
    kept.join("/")
}

/// A part of an address with what it may not hold encoded (`urllib3`). A percent sign is, unless all of them are encodings.
fn encoded(text: &str, also_allowed: &str) -> String {
    let bytes = text.as_bytes();
    let is_hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    let mut signs = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%');
    let is_encoded = signs.all(|(at, _)| is_hex(at + 1) && is_hex(at + 2));
    let mut result = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        let char = char::from(*byte);
        let is_allowed = is_unreserved(*byte) || (byte.is_ascii() && "!$&'()*+,;=".contains(char));
        let is_digit = |back: usize| at.checked_sub(back).is_some_and(|sign| bytes[sign] == b'%' && is_hex(sign + 1));
        if (is_digit(1) || is_digit(2)) && is_hex(at) {
            result.push(char.to_ascii_uppercase());
        } else if is_allowed || also_allowed.contains(char) || (is_encoded && char == '%') {
            result.push(char);
        } else {
            push_encoded(&mut result, *byte);
        }
    }
    result
}

/// A part of an address without encodings of what stands for itself (`unquote_unreserved`).
fn without_needless(text: &str) -> String {
    let mut parts = text.split('%');
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.filter(|byte| is_unreserved(*byte)) {
            Some(byte) => {
                result.push(char::from(byte));
                result.push_str(&part[2..]);
            }
            None => {
                result.push('%');
                result.push_str(part);
            }
        }
    }
    result
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'~')
}

fn push_encoded(text: &mut String, byte: u8) {
    use std::fmt::Write as _;
    let _ = write!(text, "%{byte:02X}");
}

/// A text in the query of an address (`urllib.parse.quote_plus`).
fn query(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            byte if is_unreserved(byte) => encoded.push(char::from(byte)),
            b' ' => encoded.push('+'),
            other => push_encoded(&mut encoded, other),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_asked_for_as_requests_makes_them() {
        for (tag, expected) in [
            ("v1.0-b~2_x", "v1.0-b~2_x"),
            ("é", "%C3%A9"),
            ("%41%2f%c3", "A%2F%C3"),
            ("100%", "100%25"),
            ("%41%", "%2541%25"),
            ("a b|c", "a%20b%7Cc"),
            ("a@b:c;d+e", "a@b:c;d+e"),
            ("v1#x", "v1"),
            ("v?a b", "v?a%20b"),
            ("x/../v1", "v1"),
            ("%2e%2e", ".."),
            ("", ""),
        ] {
            let of = |tag: &str| format!("https://api.github.com/repos/o/r/releases/tags/{tag}");
            assert_eq!(requested(&of(tag)), of(expected), "{tag}");
        }
    }
}
