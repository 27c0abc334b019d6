//! The template of a tree: its `.taskcluster.yml` at the decision task's revision (`get_in_tree_template`).

use super::task::Task;
use super::{Maker, Step, read_json, read_yaml, refuse};
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
                    return self.github_template(&repository, &decision.revision(prefix)?);
                }
                let Url { scheme, netloc, path } = Url::parse(decision.head(prefix)?);
                if netloc != "hg.mozilla.org" {
                    return refuse(format_args!("{netloc} is no server of trees that scriptworker knows"));
                }
                format!("{scheme}://{netloc}{path}/raw-file/{}/{FILE}", decision.revision(prefix)?)
            }
        };
        let body = self.answer(&url)?;
        if body.is_html {
            return refuse(format_args!("{url} is an HTML page"));
        }
        read_yaml(&body.bytes, FILE)
    }

    fn github_template(&mut self, repository: &str, revision: &str) -> Step<Value> {
        let api = self.github(repository)?.api;
        let url = format!("{api}/contents/{FILE}?ref={}", query(revision));
        let body = self.answer(&url)?;
        let reply = read_json(&body.bytes, &url)?;
        let text = |name: &str| reply.get(name).and_then(json::Value::as_text);
        let Some(content) = text("content") else { return refuse(format_args!("{url} has no content")) };
        let decoded = match text("encoding") {
            Some("base64") => decode_base64(content),
            Some(_) | None => Some(content.as_bytes().to_vec()),
        };
        match decoded {
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
        let body = self.answer(&url)?;
        let definition = read_json(&body.bytes, &url)?;
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

/// A text in the query of an address (`urllib.parse.quote_plus`).
fn query(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => encoded.push(char::from(byte)),
            b' ' => encoded.push('+'),
            other => {
                let _ = write!(encoded, "%{other:02X}");
            }
        }
    }
    encoded
}
