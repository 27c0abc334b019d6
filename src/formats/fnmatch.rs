//! Shell patterns as Python's `fnmatch.fnmatch` reads them on POSIX (CPython 3.9 and later).

/// The longest text and pattern that are compared, in bytes. The queue lists no artifact whose name has more than
/// 1,024 characters (its schema `list-artifacts-response`).
pub const LENGTH_MAX: usize = 4096;

/// Whether the text matches the pattern, all of it and with case. `*` is any text (slashes too), `?` any character,
/// `[seq]` one of a set and `[!seq]` one outside it, with ranges; a `[` that is not closed stands for itself. There is no
/// escape.
///
/// The work is at most the product of both lengths: it goes back only to the last `*`. `None`: one of both is longer
/// than `LENGTH_MAX`, and nobody waits for the answer.
pub fn fnmatch(text: &str, pattern: &str) -> Option<bool> {
    Pattern::new(pattern)?.matches(text, &mut u64::MAX.clone())
}

/// A pattern, read once for many texts.
#[derive(Debug, PartialEq, Eq)]
pub struct Pattern {
    tokens: Vec<Token>,
}

impl Pattern {
    /// Reads a pattern; `None`: it is longer than `LENGTH_MAX`.
    pub fn new(pattern: &str) -> Option<Self> {
        (pattern.len() <= LENGTH_MAX).then(|| Self { tokens: tokens(pattern) })
    }

    /// Whether a text matches, all of it and with case. Each step of the comparison is taken from `steps`; `None`: the
    /// text is longer than `LENGTH_MAX`, or no steps are left.
    pub fn matches(&self, text: &str, steps: &mut u64) -> Option<bool> {
        if text.len() > LENGTH_MAX { None } else { matches(text, &self.tokens, steps) }
    }
}

fn matches(text: &str, pattern: &[Token], steps: &mut u64) -> Option<bool> {
    let text: Vec<char> = text.chars().collect();
    *steps = steps.checked_sub(1 + text.len() as u64 / 16)?;
    let (mut at, mut token) = (0, 0);
    // Where the last star stands, and where its text ends so far.
    let mut star = None;
    while let Some(&char) = text.get(at) {
        *steps = steps.checked_sub(1)?;
        match pattern.get(token) {
            Some(Token::Star) => {
                star = Some((token, at));
                token += 1;
                continue;
            }
            Some(one) if one.matches(char) => {
                at += 1;
                token += 1;
                continue;
            }
            Some(_) | None => {}
        }
        let Some((star_token, star_end)) = star else { return Some(false) };
        star = Some((star_token, star_end + 1));
        (at, token) = (star_end + 1, star_token + 1);
    }
    Some(pattern.get(token..).unwrap_or_default().iter().all(|token| *token == Token::Star))
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// Any text.
    Star,
    /// Any character.
    Any,
    /// This character.
    One(char),
    /// A character in one of the ranges, or in none of them.
    Set { is_negated: bool, ranges: Vec<(char, char)> },
}

impl Token {
    fn matches(&self, char: char) -> bool {
        match self {
            Self::Star => false,
            Self::Any => true,
            Self::One(one) => *one == char,
            Self::Set { is_negated, ranges } => {
                ranges.iter().any(|&(low, high)| (low..=high).contains(&char)) != *is_negated
            }
        }
    }
}

fn tokens(pattern: &str) -> Vec<Token> {
    let pattern: Vec<char> = pattern.chars().collect();
    // Once one `[` is not closed, no later one is; knowing that keeps the search for `]` linear.
    let last_close = pattern.iter().rposition(|char| *char == ']').unwrap_or(0);
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&char) = pattern.get(at) {
        at += 1;
        tokens.push(match char {
            '*' => Token::Star,
            '?' => Token::Any,
            '[' if at <= last_close => match set_length(pattern.get(at..).unwrap_or_default()) {
                Some(length) => {
                    let set = set(pattern.get(at..at + length).unwrap_or_default());
                    at += length + 1;
                    set
                }
                None => Token::One('['),
            },
            other => Token::One(other),
        });
    }
    tokens
}

/// How long the inside of a set is: up to the first `]` that is not its first character (after `!`).
fn set_length(rest: &[char]) -> Option<usize> {
    let skipped = match rest {
        ['!', ']', ..] => 2,
        ['!', ..] | [']', ..] => 1,
        _ => 0,
    };
    let length = rest.get(skipped..)?.iter().position(|char| *char == ']')?;
    Some(skipped + length)
}

/// A set by its inside, which Python cuts at the hyphens that make ranges: each joins the last character of a chunk to
/// the first of the next. Ranges that would be empty are taken out, with both their ends.
fn set(inside: &[char]) -> Token {
    let mut chunks = chunks(inside);
    for index in (1..chunks.len()).rev() {
        let (Some(low), Some(high)) = (last(&chunks, index - 1), first(&chunks, index)) else { continue };
        if low > high {
            let following = chunks.remove(index);
            if let Some(chunk) = chunks.get_mut(index - 1) {
                chunk.pop();
                chunk.extend(following.into_iter().skip(1));
            }
        }
    }
    let is_negated = first(&chunks, 0) == Some('!');
    if is_negated && let Some(chunk) = chunks.first_mut() {
        chunk.remove(0);
    }
    // A hyphen behind nothing stands for itself.
    let joins =
        (1..chunks.len()).map(|index| last(&chunks, index - 1).zip(first(&chunks, index)).unwrap_or(('-', '-')));
    let alone = chunks.iter().flatten().map(|char| (*char, *char));
    Token::Set { is_negated, ranges: joins.chain(alone).collect() }
}

fn chunks(inside: &[char]) -> Vec<Vec<char>> {
    let mut chunks = Vec::new();
    let mut start = 0;
    // A hyphen that comes first makes no range, nor does one that follows a range directly.
    let mut search = if inside.first() == Some(&'!') { 2 } else { 1 };
    while let Some(length) = inside.get(search..).and_then(|rest| rest.iter().position(|char| *char == '-')) {
        let hyphen = search + length;
        chunks.push(inside.get(start..hyphen).unwrap_or_default().to_vec());
        start = hyphen + 1;
        search = hyphen + 3;
    }
    match (inside.get(start..).unwrap_or_default(), chunks.last_mut()) {
        // A hyphen that comes last stands for itself.
        ([], Some(chunk)) => chunk.push('-'),
        (rest, _) => chunks.push(rest.to_vec()),
    }
    chunks
}

fn first(chunks: &[Vec<char>], index: usize) -> Option<char> {
    chunks.get(index)?.first().copied()
}

fn last(chunks: &[Vec<char>], index: usize) -> Option<char> {
    chunks.get(index)?.last().copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LENGTH_MAX, Pattern, fnmatch, matches, tokens};

    /// Checked against CPython 3.11.
    #[test]
    fn patterns_match_as_in_python() {
        for (text, pattern) in [
            ("", ""),
            ("", "*"),
            ("", "***"),
            ("a/b.c", "*"),
            ("project:x:releng:y", "project:*:releng:*"),
            ("aXbXc", "a*X*c"),
            ("abab", "*ab"),
            ("a\nb", "a?b"),
            ("é", "?"),
            ("b", "[a-c]"),
            ("]", "[]]"),
            ("x", "[!]]"),
            ("-", "[a-]"),
            ("-", "[-a]"),
            ("a", "[!b-z]"),
            ("[", "["),
            ("[a", "[a"),
            ("[!", "[!"),
            ("[]", "[]"),
            ("!", "[!]]"),
            ("^", "[^a]"),
            ("a", "[^a]"),
            ("\\", "[\\]"),
            ("&", "[a&&b]"),
            ("x", "[!b-a]"),
            ("c", "[b-ac]"),
            ("e", "[a-c-e]"),
            ("-", "[a-c-e]"),
            (".", "[--/]"),
        ] {
            assert_eq!(fnmatch(text, pattern), Some(true), "{text:?} {pattern:?}");
        }
        for (text, pattern) in [
            ("a", ""),
            ("A", "a"),
            ("ab", "?"),
            ("", "?"),
            ("a", "[!a]"),
            ("b", "[b-a]"),
            ("a", "[b-a]"),
            ("b", "[b-ac]"),
            ("d", "[a-c-e]"),
            ("\\a", "\\*b"),
            ("ab", "a"),
            ("abc", "*b"),
            ("]", "[!]]"),
            ("", "[]]"),
            ("-", "[]--!-b]"),
        ] {
            assert_eq!(fnmatch(text, pattern), Some(false), "{text:?} {pattern:?}");
        }
    }

    #[test]
    fn hostile_patterns_end() {
        let text = "a".repeat(2_000);
        assert_eq!(fnmatch(&text, &format!("{}b", "*a".repeat(1_000))), Some(false));
        let mut steps = u64::MAX;
        assert_eq!(matches(&text, &tokens(&"[".repeat(100_000)), &mut steps), Some(false));
        assert_eq!(matches(&text, &tokens(&"[!".repeat(100_000)), &mut steps), Some(false));
    }

    #[test]
    fn work_is_counted_and_ends() {
        let pattern = Pattern::new(&format!("{}b", "*a".repeat(1_000))).unwrap();
        let text = "a".repeat(2_000);
        let mut steps = 10_000_000;
        assert_eq!(pattern.matches(&text, &mut steps), Some(false));
        let used = 10_000_000 - steps;
        let mut short = used - 1;
        assert_eq!(pattern.matches(&text, &mut short), None);
    }

    #[test]
    fn nothing_is_said_of_what_is_too_long() {
        let long = "*".repeat(LENGTH_MAX + 1);
        assert_eq!(fnmatch("a", &long), None);
        assert_eq!(fnmatch(&long, "*"), None);
        assert_eq!(fnmatch(&"a".repeat(LENGTH_MAX), "*"), Some(true));
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text: String, pattern: String) {
            let _ = fnmatch(&text, &pattern);
        }

        #[test]
        fn awkward_sets_are_survived(text in "[a-c!^-]{0,3}", pattern in "[\\[\\]!a-c^*?-]{0,12}") {
            let _ = fnmatch(&text, &pattern);
        }

        #[test]
        fn plain_text_matches_itself_only(text in "[a-z/.:-]{0,8}", other in "[a-z/.:-]{0,8}") {
            prop_assert_eq!(fnmatch(&text, &text), Some(true));
            prop_assert_eq!(fnmatch(&other, &text), Some(other == text));
            let inside = format!("{other}{text}{other}");
            let pattern = format!("*{text}*");
            prop_assert_eq!(fnmatch(&inside, &pattern), Some(true));
        }
    }
}
