//! Addresses, taken apart as Python's `urllib.parse` does, which scriptworker judges by. Other readers of addresses
//! normalise, and would find other hosts and paths in hostile ones.

/// The schemes whose last path segment may have parameters after a semicolon (`urllib.parse.uses_params`).
const USES_PARAMS: [&str; 14] =
    ["", "ftp", "hdl", "prospero", "http", "https", "shttp", "rtsp", "rtspu", "sip", "sips", "mms", "sftp", "tel"];

/// The parts of an address that verification looks at (`urlparse`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Url {
    /// The scheme in lower case, without its colon.
    pub scheme: String,
    /// Host, port and user, as they stand.
    pub netloc: String,
    /// The path, as it stands.
    pub path: String,
}

impl Url {
    /// Why Python refuses an address, if it does: `urlsplit` looks at the host alone (`_check_bracketed_netloc`, since
    /// Python 3.11.4, and `_checknetloc`).
    pub fn problem(text: &str) -> Option<&'static str> {
        let netloc = Self::parse(text).netloc;
        match (netloc.contains('['), netloc.contains(']')) {
            (false, false) => {}
            (true, true) if is_bracketed_host(&netloc) => {}
            _ => return Some("its host has brackets that hold no IPv6 address"),
        }
        let is_hidden = |c: char| HIDDEN_DELIMITERS.contains(&c);
        netloc.contains(is_hidden).then_some("its host has characters that stand for delimiters")
    }

    /// Takes an address apart. Every text is one.
    pub fn parse(text: &str) -> Self {
        // `_WHATWG_C0_CONTROL_OR_SPACE` is stripped in front, `_UNSAFE_URL_BYTES_TO_REMOVE` everywhere.
        let text: String =
            text.trim_start_matches(|c: char| c <= ' ').chars().filter(|c| !matches!(c, '\t' | '\r' | '\n')).collect();
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
            Some(_) | None => (String::new(), text.as_str()),
        };
        let (netloc, rest) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
            None => ("", rest),
        };
        let path = rest.split_once('#').map_or(rest, |(before, _)| before);
        let path = path.split_once('?').map_or(path, |(before, _)| before);
        let path = if USES_PARAMS.contains(&scheme.as_str()) { without_params(path) } else { path };
        Self { scheme, netloc: netloc.to_owned(), path: path.to_owned() }
    }

    /// The host in lower case, without user and port; `None` where there is none.
    pub fn hostname(&self) -> Option<String> {
        let host = self.netloc.rsplit_once('@').map_or(self.netloc.as_str(), |(_, host)| host);
        let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((inner, _)) => inner,
            None => host.split_once(':').map_or(host, |(host, _)| host),
        };
        (!host.is_empty()).then(|| host.to_lowercase())
    }

    /// The path with its percent-encodings undone, and its parts between slashes, leading slashes left out
    /// (`get_parts_of_url_path`).
    pub fn path_parts(&self) -> Vec<String> {
        unquote(&self.path).trim_start_matches('/').split('/').map(str::to_owned).collect()
    }
}

/// The characters that come to one of `/?#@:` under NFKC (Unicode 15).
const HIDDEN_DELIMITERS: [char; 19] = [
    '\u{2047}', '\u{2048}', '\u{2049}', '\u{2100}', '\u{2101}', '\u{2105}', '\u{2106}', '\u{2a74}', '\u{fe13}',
    '\u{fe16}', '\u{fe55}', '\u{fe56}', '\u{fe5f}', '\u{fe6b}', '\u{ff03}', '\u{ff0f}', '\u{ff1a}', '\u{ff1f}',
    '\u{ff20}',
];

/// Whether the host is an IPv6 address in brackets, with nothing but a port behind it.
fn is_bracketed_host(netloc: &str) -> bool {
    let host = netloc.rsplit_once('@').map_or(netloc, |(_, host)| host);
    let Some((inner, behind)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) else { return false };
    let address = inner.split_once('%').map_or(inner, |(address, _)| address);
    (behind.is_empty() || behind.starts_with(':')) && address.parse::<core::net::Ipv6Addr>().is_ok()
}

fn is_scheme(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic()) && text.bytes().all(is_inner)
}

/// A path without the parameters of its last segment.
fn without_params(path: &str) -> &str {
    let last = path.rfind('/').map_or(0, |slash| slash + 1);
    match path[last..].find(';') {
        Some(semicolon) => &path[..last + semicolon],
        None => path,
    }
}

/// Undoes percent-encodings (`unquote`): what is no UTF-8 then becomes U+FFFD.
pub fn unquote(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
        match (first, digit(after.first()), digit(after.get(1))) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether an address is one of GitHub's (`is_github_url`).
pub fn is_github(url: &str) -> bool {
    url.starts_with("https://github.com/") || url.starts_with("ssh://github.com/")
}

/// An address of GitHub for `git@github.com:`, which is none.
pub fn with_scheme(repository: &str) -> String {
    repository.replacen("git@github.com:", "ssh://github.com/", 1)
}

/// Whether an address lies in a repository: the same host, and the repository's path before the address's own
/// (`verify_repo_matches_url`).
pub fn is_inside(repository: &str, url: &str) -> bool {
    let repository = with_scheme(repository);
    let repository = Url::parse(repository.strip_suffix(".git").unwrap_or(&repository));
    let url = Url::parse(url);
    let parts = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    repository.hostname() == url.hostname() && parts(&url.path).starts_with(&parts(&repository.path))
}

/// Owner and name of a repository on GitHub (`extract_github_repo_owner_and_name`).
pub fn owner_and_name(url: &str) -> Option<(String, String)> {
    if !is_github(url) {
        return None;
    }
    let mut parts = Url::parse(url).path_parts().into_iter();
    let (owner, name) = (parts.next()?, parts.next()?);
    let name = name.strip_suffix(".git").map(str::to_owned).unwrap_or(name);
    Some((owner, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> [String; 4] {
        let url = Url::parse(text);
        let host = url.hostname().unwrap_or_else(|| "-".to_owned());
        [url.scheme, url.netloc, url.path, host]
    }

    #[test]
    fn addresses_are_taken_apart_as_python_does() {
        // As Python 3.11's urlparse answers.
        for (text, expected) in [
            ("https://hg.mozilla.org/try/", ["https", "hg.mozilla.org", "/try/", "hg.mozilla.org"]),
            (
                "HTTPS://U:p@HG.mozilla.org:443/a;b/c;d?e#f",
                ["https", "U:p@HG.mozilla.org:443", "/a;b/c", "hg.mozilla.org"],
            ),
            ("git@github.com:o/r", ["", "", "git@github.com:o/r", "-"]),
            ("ssh://github.com/o/r;x", ["ssh", "github.com", "/o/r;x", "github.com"]),
            (" \u{1}ht\ntps://h\\evil/x", ["https", "h\\evil", "/x", "h\\evil"]),
            ("https:///x", ["https", "", "/x", "-"]),
            ("//[::1]:8/x", ["", "[::1]:8", "/x", "::1"]),
            ("", ["", "", "", "-"]),
            ("1a:b", ["", "", "1a:b", "-"]),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }

    #[test]
    fn what_python_refuses_is_no_address() {
        for text in ["https://[/x", "https://a[b/x", "https://[x]/", "https://a]b/", "https://hg.mozilla.org℀/x"] {
            assert!(Url::problem(text).is_some(), "{text}");
        }
        for text in ["https://hg.mozilla.org/[x", "https://[::1]:8/x", "https://u@[fe80::1%25eth0]/", "https://é/x", ""]
        {
            assert_eq!(Url::problem(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_lies_in_a_repository_by_host_and_whole_parts_of_its_path() {
        let repository = "https://hg.mozilla.org/try";
        assert!(is_inside(repository, "https://hg.mozilla.org/try/raw-file/1/x"));
        assert!(is_inside(repository, "ssh://HG.mozilla.org/try"));
        assert!(!is_inside(repository, "https://hg.mozilla.org/try-comm-central/raw-file/1/x"));
        assert!(!is_inside(repository, "https://hg.mozilla.org.evil/try/x"));
        assert!(is_inside("git@github.com:o/r.git", "https://github.com/o/r/raw/1/x"));
        let parts = |url: &str| owner_and_name(url);
        assert_eq!(parts("https://github.com/o/r.git/x"), Some(("o".to_owned(), "r".to_owned())));
        assert_eq!(parts("https://github.com/o"), None);
        assert_eq!(parts("https://gitlab.com/o/r"), None);
    }

    #[test]
    fn percent_encodings_are_undone_once() {
        assert_eq!(unquote("/a%2Fb%252f%zz%e2%82%ac%ff%"), "/a/b%2f%zz€\u{fffd}%");
        assert_eq!(Url::parse("https://h//o%2Fr/x").path_parts(), ["o", "r", "x"]);
        assert_eq!(Url::parse("https://h").path_parts(), [""]);
    }
}
