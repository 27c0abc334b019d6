//! Where two values are equal to Python and not to others.

use super::difference::{DIFFERENCE_POINTER_BYTES_MAX, Difference, DifferenceKind};
use super::number::Number;
use super::oddity::push_token;
use super::value::Value;

/// The most places that one comparison lists.
pub const LOOKALIKES_MAX: usize = 20;

/// The places where two values are equal as Python's `==` says and are not the same all the same: an integer and a float
/// (`1`, `1.0`), a boolean and a number (`true`, `1`), two zeros of different sign. A reader with types tells them apart.
/// At most [`LOOKALIKES_MAX`] places; what differs in other ways is [`super::difference()`]'s.
pub fn lookalikes(left: &Value, right: &Value) -> Vec<Difference> {
    let mut search = Search { path: Vec::new(), found: Vec::new(), pointer_bytes: 0 };
    search.compare(left, right);
    search.found
}

struct Search {
    path: Vec<String>,
    found: Vec<Difference>,
    pointer_bytes: usize,
}

impl Search {
    /// Goes as deep as the values nest, which the reader bounds.
    fn compare(&mut self, left: &Value, right: &Value) {
        if self.found.len() >= LOOKALIKES_MAX {
            return;
        }
        match (left, right) {
            (Value::Map(left), Value::Map(right)) => {
                for (key, value) in left.iter() {
                    if let Some(other) = right.get_text(key) {
                        self.descend(&key.to_lossy(), value, other);
                    }
                }
            }
            (Value::List(left), Value::List(right)) => {
                for (index, (value, other)) in left.iter().zip(right).enumerate() {
                    self.descend(&index.to_string(), value, other);
                }
            }
            (left, right) => {
                if left == right && !is_same(left, right) {
                    self.add(left, right);
                }
            }
        }
    }

    fn descend(&mut self, token: &str, left: &Value, right: &Value) {
        if matches!((left, right), (Value::Text(_), Value::Text(_)) | (Value::Null, Value::Null)) {
            return;
        }
        self.path.push(token.to_owned());
        self.compare(left, right);
        self.path.pop();
    }

    fn add(&mut self, left: &Value, right: &Value) {
        let mut pointer = String::new();
        for token in &self.path {
            push_token(&mut pointer, token);
            if self.pointer_bytes + pointer.len() > DIFFERENCE_POINTER_BYTES_MAX {
                // That there is one is told; the place is too long to tell.
                pointer.clear();
                break;
            }
        }
        self.pointer_bytes += pointer.len();
        let (left, right) = (Some(left.clone()), Some(right.clone()));
        self.found.push(Difference { pointer, kind: DifferenceKind::Changed, left, right });
    }
}

/// Whether two values that are equal to Python, and no containers, are of one type and sign.
fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(Number::Float(left)), Value::Number(Number::Float(right))) => left.to_bits() == right.to_bits(),
        (Value::Number(left), Value::Number(right)) => {
            matches!(left, Number::Float(_)) == matches!(right, Number::Float(_))
        }
        (Value::Bool(_), Value::Number(_)) | (Value::Number(_), Value::Bool(_)) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::compact::to_compact_string;
    use super::super::document::parse;
    use super::super::value::tests::any_value;
    use super::*;

    fn shown(left: &str, right: &str) -> Vec<String> {
        let value = |text: &str| parse(text.as_bytes()).unwrap().value;
        let side = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), to_compact_string);
        lookalikes(&value(left), &value(right))
            .iter()
            .map(|found| format!("{} {} {}", found.pointer, side(&found.left), side(&found.right)))
            .collect()
    }

    #[test]
    fn what_only_python_calls_equal_is_placed() {
        assert_eq!(
            shown(r#"{"a":[1,{"x/y":true}],"b":0.0,"c":1}"#, r#"{"a":[1.0,{"x/y":1}],"b":-0.0,"c":1}"#),
            ["/a/0 1 1.0", "/a/1/x~1y true 1", "/b 0.0 -0.0"]
        );
        assert_eq!(shown("18446744073709551616", "18446744073709551616.0").len(), 1);
        assert_eq!(shown("1.0", "1.0"), [""; 0]);
        assert_eq!(shown("100.0", "1e2"), [""; 0]);
        assert_eq!(shown("0", "-0"), [""; 0]);
        assert_eq!(shown("[1,2]", "[1.5,3.0]"), [""; 0]);
        assert_eq!(shown("\"1\"", "1"), [""; 0]);
        assert_eq!(shown("NaN", "NaN"), [""; 0]);
    }

    #[test]
    fn places_are_bounded() {
        let list = |item: &str| format!("[{}]", vec![item; 1_000].join(","));
        assert_eq!(shown(&list("1"), &list("1.0")).len(), LOOKALIKES_MAX);
        let long = "k".repeat(DIFFERENCE_POINTER_BYTES_MAX);
        let of = |item: &str| format!("{{\"{long}\":{item}}}");
        assert_eq!(shown(&of("1"), &of("1.0")), [" 1 1.0"]);
    }

    proptest! {
        #[test]
        fn a_value_is_no_lookalike_of_itself(value in any_value()) {
            prop_assert!(lookalikes(&value, &value).is_empty());
        }
    }
}
