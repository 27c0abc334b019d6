//! Reading a whole document.

use super::compose::compose;
use super::construct::construct;
use super::error::YamlError;
use super::oddity::{Oddity, OddityList};
use super::source::Source;
use super::value::Value;

/// A document that was read.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it says; null if there is nothing but comments.
    pub value: Value,
    /// What in it could be read otherwise, in the order of its bytes.
    pub oddities: Vec<Oddity>,
    /// Whether there are more oddities than [`super::ODDITIES_MAX`].
    pub oddities_truncated: bool,
}

/// Reads a document as `yaml.safe_load` reads a file opened as UTF-8 text. Whatever is at its root is accepted.
///
/// # Errors
///
/// What PyYAML refuses, what it may read otherwise than this reader (see [`super::YamlErrorReason`]), and what exceeds a
/// limit.
pub fn parse(bytes: &[u8]) -> Result<Document, YamlError> {
    let source = Source::decode(bytes)?;
    let mut oddities = OddityList::default();
    let value = match compose(&source, &mut oddities)? {
        Some(root) => construct(&root, &mut oddities)?,
        None => Value::Null,
    };
    let (oddities, oddities_truncated) = oddities.finish();
    Ok(Document { value, oddities, oddities_truncated })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::budget::DEPTH_MAX;
    use super::super::error::YamlErrorReason;
    use super::super::oddity::{ODDITIES_MAX, OddityKind};
    use super::*;

    /// The value much as Python's `repr` shows it.
    fn shown(value: &Value) -> String {
        let joined = |items: Vec<String>| items.join(", ");
        match value {
            Value::Null => "None".to_owned(),
            Value::Bool(bool) => if *bool { "True" } else { "False" }.to_owned(),
            Value::Number(number) => number.repr(),
            Value::Text(text) => format!("'{}'", text.to_lossy().escape_debug()),
            Value::Date(date) => format!("<{}>", date.python_str()),
            Value::DateTime(time) => format!("<{}>", time.python_str()),
            Value::Binary(bytes) => format!("b'{}'", bytes.escape_ascii()),
            Value::List(list) => format!("[{}]", joined(list.iter().map(shown).collect())),
            Value::Pairs(pairs) => {
                format!("[{}]", joined(pairs.iter().map(|(k, v)| format!("({}, {})", shown(k), shown(v))).collect()))
            }
            Value::Map(map) => {
                let pairs = map.iter().map(|(k, v)| format!("{}: {}", shown(k.value()), shown(v)));
                format!("{{{}}}", joined(pairs.collect()))
            }
            Value::Set(set) => format!("{{{}}}", joined(set.iter().map(|key| shown(key.value())).collect())),
        }
    }

    fn python(text: &str) -> String {
        shown(&parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}")).value)
    }

    #[test]
    fn values_are_pyyamls() {
        for (text, value) in [
            ("", "None"),
            ("# a\n", "None"),
            ("---\n...\n", "None"),
            ("a", "'a'"),
            ("a\n%b", "'a %b'"),
            (
                "a: [yes, 010, 1:30, 1e3, 1.0e+3, 08, 1_000, ~, '']",
                "{'a': [True, 8, 90, '1e3', 1000.0, '08', 1000, None, '']}",
            ),
            ("[2001-01-01, 2001-1-1 0:00:00, '2001-01-01']", "[<2001-01-01>, <2001-01-01 00:00:00>, '2001-01-01']"),
            ("{1: a, yes: b, 1.0: c, '1': d, ~: e}", "{1: 'c', '1': 'd', None: 'e'}"),
            ("{a: 1, b: 2, a: 3}", "{'a': 3, 'b': 2}"),
            ("[a: b, {c}]", "[{'a': 'b'}, {'c': None}]"),
            ("? a\n? b\n: c", "{'a': None, 'b': 'c'}"),
            ("a:\n- b\n-\n- - c", "{'a': ['b', None, ['c']]}"),
            ("|\n a\n  b\n\n", "'a\\n b\\n'"),
            ("|\n a", "'a'"),
            (">-\n a\n b\n\n c\n", "'a b\\nc'"),
            ("\"a\\x41\\u00e9\\\n  b\n\n  c\"", "'aAéb\\nc'"),
            ("'a''b\n  c'", "'a\\'b c'"),
            ("[! '12', ! yes, !!str 12, !!str , !!null x]", "[12, True, '12', '', None]"),
            ("[&a {b: c}, *a]", "[{'b': 'c'}, {'b': 'c'}]"),
            ("!!binary aGk=", "b'hi'"),
            ("!!set {b, a}", "{'b', 'a'}"),
            ("!!omap [a: b, {c: d}]", "[('a', 'b'), ('c', 'd')]"),
            ("!!pairs [[a]: b, [a]: c]", "[(['a'], 'b'), (['a'], 'c')]"),
            ("{=: 1}", "{'=': 1}"),
            ("a: b\r\nc: |\r  d\r", "{'a': 'b', 'c': 'd\\n'}"),
        ] {
            assert_eq!(python(text), value, "{text:?}");
        }
    }

    #[test]
    fn merge_keys_are_flattened_as_pyyaml_does() {
        for (text, value) in [
            ("{a: 1, <<: {b: 2, a: 3}}", "{'b': 2, 'a': 1}"),
            ("{<<: [{a: 1}, {a: 2, b: 3}]}", "{'a': 1, 'b': 3}"),
            ("{<<: {a: 1}, <<: {a: 2}}", "{'a': 2}"),
            ("{'<<': {a: 1}}", "{'<<': {'a': 1}}"),
            ("{!!merge x: {a: 1}}", "{'a': 1}"),
            ("{<<: [], a: 1}", "{'a': 1}"),
            ("{<<: {<<: {a: 1}, b: 2}, c: 3}", "{'a': 1, 'b': 2, 'c': 3}"),
            ("!!set {<<: {a: b}, c}", "{'a', 'c'}"),
        ] {
            assert_eq!(python(text), value, "{text}");
        }
    }

    #[test]
    fn what_pyyaml_refuses_is_refused() {
        for (text, reason) in [
            ("{[a]: b}", YamlErrorReason::UnhashableKey),
            ("{{a: b}: c}", YamlErrorReason::UnhashableKey),
            ("{!!set {a} : b}", YamlErrorReason::UnhashableKey),
            ("{<<: a}", YamlErrorReason::BadMerge),
            ("{<<: }", YamlErrorReason::BadMerge),
            ("{<<: [{a: b}, c]}", YamlErrorReason::BadMerge),
            ("!!omap [a]", YamlErrorReason::BadPair),
            ("!!omap [{a: b, c: d}]", YamlErrorReason::BadPair),
            ("!!omap [{<<: {a: b}}]", YamlErrorReason::BadPair),
            ("!!seq {a: b}", YamlErrorReason::WrongKind("seq")),
            ("!!map [a]", YamlErrorReason::WrongKind("map")),
            ("!!map", YamlErrorReason::WrongKind("map")),
            ("!!str {=: a}", YamlErrorReason::WrongKind("str")),
            ("!!int abc", YamlErrorReason::BadScalar("int")),
            ("0b_", YamlErrorReason::BadScalar("int")),
            ("!!bool maybe", YamlErrorReason::BadScalar("bool")),
            ("2001-02-30", YamlErrorReason::BadScalar("timestamp")),
            ("!!float x", YamlErrorReason::BadScalar("float")),
            ("!!binary a", YamlErrorReason::BadScalar("binary")),
        ] {
            assert_eq!(parse(text.as_bytes()).map(|d| d.value).unwrap_err().reason, reason, "{text}");
        }
        for text in [
            "a: b: c",
            "[a",
            "{a: b",
            "a: 'b",
            "a: @b",
            "- a\nb",
            "a\nb: c",
            "--- a: b",
            "'a'#b",
            "[a]]",
            "a: |x\n b",
            "%YAML 1.1\na",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        let key = |length: usize| format!("{}: b", "a".repeat(length));
        assert!(parse(key(1024).as_bytes()).is_ok() && parse(key(1025).as_bytes()).is_err());
    }

    #[test]
    fn errors_say_what_and_where() {
        let refusal = |text: &str| parse(text.as_bytes()).map(|d| d.value).unwrap_err();
        assert_eq!(
            refusal("a: b\r\né:  \tc").to_string(),
            "refused: tab outside of quoted text, block text and comments at line 2, column 5"
        );
        assert_eq!(refusal("a: b\r\né:  \tc").offset, 11);
        assert_eq!(refusal("\u{feff}a:\n  - 2001-02-30").to_string(), "no valid timestamp at line 2, column 5");
        assert_eq!(refusal("\u{feff}a:\n  - 2001-02-30").offset, 10);
    }

    #[test]
    fn oddities_are_placed() {
        let text = "\u{feff}a: yes\r\n<<: &x {é: 1:30}\r\n'b': [*x, 1_0, 010, 0b1, 1e3, 2001-01-01, !!str c]\r\na: 1\r\n2: true\r\n";
        let document = parse(text.as_bytes()).unwrap();
        let found: Vec<_> = document
            .oddities
            .iter()
            .map(|oddity| (oddity.kind, oddity.line, oddity.column, &text[oddity.span.clone()]))
            .collect();
        assert_eq!(
            found,
            [
                (OddityKind::WordBoolean, 1, 4, "yes"),
                (OddityKind::MergeKey, 2, 1, "<<"),
                (OddityKind::Anchor, 2, 5, "&x"),
                (OddityKind::Sexagesimal, 2, 12, "1:30"),
                (OddityKind::Alias, 3, 7, "*x"),
                (OddityKind::UnderscoreNumber, 3, 11, "1_0"),
                (OddityKind::ZeroOctal, 3, 16, "010"),
                (OddityKind::OldNumber, 3, 21, "0b1"),
                (OddityKind::NewNumber, 3, 26, "1e3"),
                (OddityKind::Timestamp, 3, 31, "2001-01-01"),
                (OddityKind::Tag, 3, 43, "!!str"),
                (OddityKind::DuplicateKey, 4, 1, "a"),
                (OddityKind::NonStringKey, 5, 1, "2"),
            ]
        );
        assert!(parse(b"{a: [1, 1.5, 0x1F, true, ~, '010', \"yes\"], b: c}").unwrap().oddities.is_empty());
        let merged = parse(b"{a: &x {b: 1}, c: {<<: *x, b: 2}}").unwrap();
        assert!(merged.oddities.iter().all(|oddity| oddity.kind != OddityKind::DuplicateKey));
        let many = parse("- yes\n".repeat(ODDITIES_MAX + 1).as_bytes()).unwrap();
        assert!(many.oddities_truncated && many.oddities.len() == ODDITIES_MAX);
    }

    /// Reading, cloning, comparing and dropping the deepest value fits the smallest usual stack.
    #[test]
    fn the_deepest_document_fits_a_thread() {
        let work = || {
            for (open, inner, close) in [("[", "", "]"), ("{a: ", "b", "}"), ("- ", "a", ""), ("? ", "a", "")] {
                let text = format!("{}{inner}{}", open.repeat(DEPTH_MAX), close.repeat(DEPTH_MAX));
                match parse(text.as_bytes()) {
                    Ok(document) => {
                        let other = document.value.clone();
                        assert_eq!(document.value, other);
                        assert!(super::super::to_json(&other).is_some());
                        assert!(!format!("{other:?}").is_empty());
                    }
                    Err(error) => assert_eq!(error.reason, YamlErrorReason::UnhashableKey),
                }
            }
        };
        std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap();
    }

    /// YAML's tokens in any order.
    fn yaml_like() -> impl Strategy<Value = String> {
        let word = prop::sample::select(vec![
            "a",
            "b: ",
            "- ",
            "\n",
            "\n  ",
            "\n- ",
            " ",
            ":",
            ": ",
            "? ",
            ", ",
            "[",
            "]",
            "{",
            "}",
            "&x ",
            "*x",
            "<<: ",
            "!!str ",
            "! ",
            "!!omap ",
            "!!set ",
            "|\n ",
            ">-\n ",
            "'",
            "\"",
            "\\",
            "#",
            " #c\n",
            "---\n",
            "...\n",
            "%a\n",
            "\t",
            "010",
            "1:30",
            "2001-01-01",
            "yes",
            "~",
            "é",
            "\u{feff}",
            "\r\n",
            "=",
        ]);
        prop::collection::vec(word, 0..20).prop_map(|words| words.concat())
    }

    fn check_places(bytes: &[u8]) {
        match parse(bytes) {
            Ok(document) => {
                let text = std::str::from_utf8(bytes).unwrap();
                for oddity in &document.oddities {
                    assert!(text.get(oddity.span.clone()).is_some() && oddity.line > 0 && oddity.column > 0);
                }
            }
            Err(error) => assert!(error.offset <= bytes.len() && !error.to_string().is_empty()),
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            check_places(&bytes);
        }

        #[test]
        fn any_text_is_survived(text: String) {
            check_places(text.as_bytes());
        }

        #[test]
        fn any_tokens_are_survived(text in yaml_like()) {
            check_places(text.as_bytes());
        }

        #[test]
        fn line_ends_do_not_matter(text in yaml_like()) {
            let unified = text.replace("\r\n", "\n");
            let other = parse(unified.replace('\n', "\r\n").as_bytes()).map(|d| shown(&d.value)).map_err(|e| e.reason);
            prop_assert_eq!(parse(unified.as_bytes()).map(|d| shown(&d.value)).map_err(|e| e.reason), other);
        }

        #[test]
        fn quoted_text_is_itself(text in "[ -~\u{a0}-\u{2027}]*") {
            let document = parse(format!("- '{}'", text.replace('\'', "''")).as_bytes()).unwrap();
            prop_assert_eq!(document.value, Value::List(vec![Value::Text(text.as_str().into())]));
        }
    }
}
