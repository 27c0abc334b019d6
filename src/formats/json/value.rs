//! A JSON value as Python sees it.

use super::map::Map;
use super::number::Number;
use super::text::Text;

/// A JSON value. One that [`super::parse`] made nests no deeper than [`super::MAX_DEPTH`]; code that builds values must
/// keep to that too, since dropping, cloning and comparing recurse.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`, Python's `None`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer or float.
    Number(Number),
    /// A string.
    Text(Text),
    /// An array.
    List(Vec<Value>),
    /// An object.
    Map(Map),
}

impl Value {
    /// The string, if it is one without lone surrogates.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => text.as_str(),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// The object, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// The array, if it is one.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(list) => Some(list),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::Map(_) => None,
        }
    }

    /// The integer, if it is one that fits 64 bits. A float is none, even `1.0`; nor is a boolean.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.as_i64(),
            Self::Null | Self::Bool(_) | Self::Text(_) | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(bool) => Some(*bool),
            Self::Null | Self::Number(_) | Self::Text(_) | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// The value of a key, if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// What a JSON pointer (RFC 6901) names: `""` is the whole, `/a/0` the first element of the key `a`. Keys with lone
    /// surrogates cannot be named.
    pub fn pointer(&self, pointer: &str) -> Option<&Value> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |value, token| match value {
            Self::Map(map) if token.contains('~') => map.get(&token.replace("~1", "/").replace("~0", "~")),
            Self::Map(map) => map.get(token),
            Self::List(list) => list.get(list_index(token)?),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => None,
        })
    }

    /// Python's `bool(value)`: false for null, false, zero, and empty strings, arrays and objects.
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(bool) => *bool,
            Self::Number(number) => number.is_truthy(),
            Self::Text(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
        }
    }

    /// JSON's word for what it is: `object`, `array`, `string`, `number`, `boolean` or `null`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::List(_) => "array",
            Self::Map(_) => "object",
        }
    }
}

/// An array index of RFC 6901: decimal digits without leading zeros.
fn list_index(token: &str) -> Option<usize> {
    let canonical = token == "0" || !token.starts_with('0') && token.bytes().all(|b| b.is_ascii_digit());
    canonical.then(|| token.parse().ok()).flatten()
}

/// Python's `==`: booleans, integers and floats compare by exact numeric value (`true == 1 == 1.0`), objects whatever
/// the order of their keys. NaN equals nothing, hence no `Eq`.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Number(left), Self::Number(right)) => left == right,
            (Self::Bool(bool), Self::Number(number)) | (Self::Number(number), Self::Bool(bool)) => {
                *number == Number::Int(i64::from(*bool))
            }
            (Self::Text(left), Self::Text(right)) => left == right,
            (Self::List(left), Self::List(right)) => left == right,
            (Self::Map(left), Self::Map(right)) => left == right,
            (
                Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) | Self::Map(_),
                Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) | Self::Map(_),
            ) => false,
        }
    }
}

impl From<bool> for Value {
    fn from(bool: bool) -> Self {
        Self::Bool(bool)
    }
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Self::Number(Number::Int(int))
    }
}

impl From<f64> for Value {
    fn from(float: f64) -> Self {
        Self::Number(Number::Float(float))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<Vec<Value>> for Value {
    fn from(list: Vec<Value>) -> Self {
        Self::List(list)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::super::document::parse;
    use super::super::token::tests::any_text;
    use super::*;

    /// Any value that a document can have, but small.
    pub(in super::super) fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::from),
            (-3i64..3).prop_map(Value::from),
            any::<i128>().prop_map(|int| Value::Number(num_bigint::BigInt::from(int).into())),
            proptest::num::f64::ANY.prop_map(|float| Value::from(if float.is_nan() { f64::NAN } else { float })),
            (-3i8..3).prop_map(|int| Value::from(f64::from(int))),
            any_text().prop_map(Value::Text),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            let pairs = prop::collection::vec((any_text(), inner.clone()), 0..5);
            prop_oneof![
                prop::collection::vec(inner, 0..5).prop_map(Value::List),
                pairs.prop_map(|pairs| Value::Map(pairs.into_iter().collect())),
            ]
        })
    }

    /// Text of JSON's words in any order, often well formed.
    pub(in super::super) fn json_like() -> impl Strategy<Value = String> {
        let word = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"a\"",
            "\"A\"",
            "\"\\u0061\"",
            "\"\\ud800\"",
            "\"\\udc00\"",
            "\"é\"",
            "\"",
            "\\",
            "1",
            "-0",
            "1.5",
            "1e999",
            "NaN",
            "-Infinity",
            "null",
            "true",
            " ",
            "\n",
            "0",
            "99999999999999999999",
            "\"\\q\"",
        ]);
        let jumble = prop::collection::vec(word, 0..12).prop_map(|words| words.concat());
        let leaf = prop_oneof![
            4 => prop::sample::select(vec!["1", "\"a\"", "NaN", "[]", "{}", " null ", "\"\\ud800\\udc00\\ud800\"", "-1E+2"])
                .prop_map(str::to_owned),
            1 => jumble,
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let key =
                prop::sample::select(vec!["\"a\"", "\"A\"", "\"\\u0061\"", "\"\\ud800\"", "\"b\" ", "\"\"", "\"\\/\""]);
            let pair = (key, inner.clone()).prop_map(|(key, value)| format!("{key}:{value}"));
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::vec(pair, 0..4).prop_map(|pairs| format!(" {{{}\n}}", pairs.join(", "))),
            ]
        })
    }

    fn value(text: &str) -> Value {
        parse(text.as_bytes()).unwrap().value
    }

    #[test]
    fn equality_is_pythons() {
        for (left, right) in [
            ("true", "1"),
            ("true", "1.0"),
            ("false", "0"),
            ("1", "1.0"),
            (r#"{"a":1,"b":[true]}"#, r#"{"b":[1.0],"a":1}"#),
            ("-0.0", "0"),
            ("1e22", "10000000000000000000000"),
        ] {
            assert_eq!(value(left), value(right), "{left} {right}");
            assert_eq!(value(right), value(left), "{right} {left}");
        }
        for (left, right) in [
            ("null", "0"),
            ("null", "false"),
            ("\"1\"", "1"),
            ("[]", "{}"),
            ("[1,2]", "[2,1]"),
            ("[1]", "[1,1]"),
            (r#"{"a":1}"#, r#"{"b":1}"#),
            (r#"{"a":null}"#, "{}"),
            ("NaN", "NaN"),
            ("9007199254740993", "9007199254740992.0"),
            ("\"\"", "null"),
        ] {
            assert_ne!(value(left), value(right), "{left} {right}");
            assert_ne!(value(right), value(left), "{right} {left}");
        }
    }

    #[test]
    fn pointers_follow_rfc_6901() {
        let document = value(r#"{"a/b":[10,{"m~n":true}],"":5,"0":6}"#);
        assert_eq!(document.pointer(""), Some(&document));
        assert_eq!(document.pointer("/a~1b/0"), Some(&10.into()));
        assert_eq!(document.pointer("/a~1b/1/m~0n"), Some(&true.into()));
        assert_eq!(document.pointer("/"), Some(&5.into()));
        assert_eq!(document.pointer("/0"), Some(&6.into()));
        for absent in
            ["/a~1b/00", "/a~1b/+0", "/a~1b/-", "/a~1b/2", "/a~1b/", "a", "/x", "/0/0", "/a~1b/99999999999999999999"]
        {
            assert_eq!(document.pointer(absent), None, "{absent}");
        }
    }

    #[test]
    fn accessors_take_only_their_own_type() {
        let document = value(r#"{"t":"x","l":[1],"i":7,"f":1.0,"b":true,"n":null,"s":"\ud800"}"#);
        let at = |key: &str| document.get(key).unwrap();
        assert_eq!(at("t").as_text(), Some("x"));
        assert_eq!(at("s").as_text(), None);
        assert_eq!(at("l").as_list().map(<[Value]>::len), Some(1));
        assert_eq!((at("i").as_i64(), at("f").as_i64(), at("b").as_i64()), (Some(7), None, None));
        assert_eq!((at("b").as_bool(), at("i").as_bool()), (Some(true), None));
        assert_eq!(at("t").get("x"), None);
        let names = ["t", "l", "i", "b", "n"].map(|key| at(key).type_name());
        assert_eq!(names, ["string", "array", "number", "boolean", "null"]);
        assert_eq!(document.type_name(), "object");
    }

    #[test]
    fn truth_is_pythons() {
        for falsy in ["null", "false", "0", "0.0", "-0.0", "\"\"", "[]", "{}"] {
            assert!(!value(falsy).is_truthy(), "{falsy}");
        }
        for truthy in ["true", "1", "NaN", "\"0\"", "[0]", "{\"\":0}", "10000000000000000000000"] {
            assert!(value(truthy).is_truthy(), "{truthy}");
        }
    }

    #[test]
    fn a_value_is_small() {
        assert!(size_of::<Value>() <= 32);
    }
}
