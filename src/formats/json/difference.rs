//! In what two values differ.

use super::oddity::push_token;
use super::text::Text;
use super::value::Value;

/// Most bytes of all pointers of one comparison together. Without a limit, hostile values (a key of many megabytes with
/// many differences under it) would have pointers of a size that is the square of theirs.
pub const DIFFERENCE_POINTER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// One place where two values differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The place as a JSON pointer (RFC 6901); lone surrogates in keys are shown as U+FFFD.
    pub pointer: String,
    /// In what way they differ there.
    pub kind: DifferenceKind,
    /// What the left value has there.
    pub left: Option<Value>,
    /// What the right value has there.
    pub right: Option<Value>,
}

/// In what way two values differ at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DifferenceKind {
    /// The key, or the list position, is only in the left value.
    LeftOnly,
    /// The key, or the list position, is only in the right value.
    RightOnly,
    /// Both have something there, and it is not equal.
    Changed,
}

/// All places where two values differ: none exactly if they are equal (as `==` says, so NaN differs from NaN).
///
/// Objects are compared by key: the left one's keys in their order, then those that only the right one has. Lists are
/// compared by position. Everything else, and values of different types, as a whole. Should the pointers exceed
/// [`DIFFERENCE_POINTER_BYTES_MAX`], the containers with too many differences are given as a whole instead: the answer is
/// coarser then, but still complete.
pub fn difference(left: &Value, right: &Value) -> Vec<Difference> {
    let root = Place { parent: None, token: Token::Index(0), pointer_length: 0 };
    let mut comparison = Comparison { places: vec![root], found: Vec::new(), pointer_bytes: 0 };
    comparison.compare(0, left, right);
    comparison.finish()
}

struct Comparison<'v> {
    /// The places on the way to the current one, and on the way to each difference.
    places: Vec<Place<'v>>,
    found: Vec<Found<'v>>,
    pointer_bytes: usize,
}

/// A place in the values; its pointer is written out only at the end, when it is known to be wanted.
struct Place<'v> {
    /// Position among the places; none for the root, whose token has no meaning.
    parent: Option<usize>,
    token: Token<'v>,
    pointer_length: usize,
}

#[derive(Clone, Copy)]
enum Token<'v> {
    Key(&'v Text),
    Index(usize),
}

struct Found<'v> {
    place: usize,
    left: Option<&'v Value>,
    right: Option<&'v Value>,
}

impl<'v> Comparison<'v> {
    fn compare(&mut self, place: usize, left: &'v Value, right: &'v Value) {
        let found_before = self.found.len();
        let bytes_before = self.pointer_bytes;
        let places_before = self.places.len();
        let is_listed = match (left, right) {
            (Value::Map(left), Value::Map(right)) => {
                let lefts = left.iter().map(|(key, value)| (Token::Key(key), Some(value), right.get_text(key)));
                let rights = right.iter().filter(|(key, _)| left.get_text(key).is_none());
                let rights = rights.map(|(key, value)| (Token::Key(key), None, Some(value)));
                self.compare_children(place, lefts.chain(rights))
            }
            (Value::List(left), Value::List(right)) => {
                let positions = 0..usize::max(left.len(), right.len());
                self.compare_children(place, positions.map(|i| (Token::Index(i), left.get(i), right.get(i))))
            }
            (
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) | Value::Map(_),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) | Value::Map(_),
            ) => left == right,
        };
        if !is_listed {
            self.found.truncate(found_before);
            self.places.truncate(places_before);
            self.pointer_bytes = bytes_before;
            self.add(place, Some(left), Some(right));
        }
    }

    /// Compares the children of two containers. False if their differences are too many to list.
    fn compare_children(
        &mut self,
        parent: usize,
        children: impl Iterator<Item = (Token<'v>, Option<&'v Value>, Option<&'v Value>)>,
    ) -> bool {
        let parent_length = self.places.get(parent).map_or(0, |place| place.pointer_length);
        for (token, left, right) in children {
            let found_before = self.found.len();
            let place = self.places.len();
            let pointer_length = parent_length + token_length(token);
            self.places.push(Place { parent: Some(parent), token, pointer_length });
            match (left, right) {
                (Some(left), Some(right)) => self.compare(place, left, right),
                (left, right) => self.add(place, left, right),
            }
            if self.found.len() == found_before {
                self.places.truncate(place);
            }
            if self.pointer_bytes > DIFFERENCE_POINTER_BYTES_MAX {
                return false;
            }
        }
        true
    }

    fn add(&mut self, place: usize, left: Option<&'v Value>, right: Option<&'v Value>) {
        self.pointer_bytes += self.places.get(place).map_or(0, |place| place.pointer_length);
        self.found.push(Found { place, left, right });
    }

    fn finish(&self) -> Vec<Difference> {
        let differences = self.found.iter().map(|found| Difference {
            pointer: self.pointer(found.place),
            kind: match (found.left, found.right) {
                (Some(_), None) => DifferenceKind::LeftOnly,
                (None, Some(_)) => DifferenceKind::RightOnly,
                (Some(_), Some(_)) | (None, None) => DifferenceKind::Changed,
            },
            left: found.left.cloned(),
            right: found.right.cloned(),
        });
        differences.collect()
    }

    fn pointer(&self, place: usize) -> String {
        let mut tokens = Vec::new();
        let mut next = self.places.get(place);
        while let Some(Place { parent: Some(parent), token, .. }) = next {
            tokens.push(*token);
            next = self.places.get(*parent);
        }
        let mut pointer = String::new();
        for token in tokens.into_iter().rev() {
            match token {
                Token::Key(key) => push_token(&mut pointer, &key.to_lossy()),
                Token::Index(index) => push_token(&mut pointer, &index.to_string()),
            }
        }
        pointer
    }
}

/// How many bytes a token adds to a pointer.
fn token_length(token: Token<'_>) -> usize {
    match token {
        Token::Key(key) => {
            let bytes = key.as_bytes();
            1 + bytes.len() + bytes.iter().filter(|b| matches!(b, b'~' | b'/')).count()
        }
        Token::Index(index) => 2 + index.checked_ilog10().unwrap_or_default() as usize,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::compact::to_compact_string;
    use super::super::document::parse;
    use super::super::map::Map;
    use super::super::value::tests::any_value;
    use super::*;

    fn value(text: &str) -> Value {
        parse(text.as_bytes()).unwrap().value
    }

    fn shown(left: &str, right: &str) -> Vec<String> {
        let side = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), to_compact_string);
        difference(&value(left), &value(right))
            .iter()
            .map(|d| format!("{} {:?} {} {}", d.pointer, d.kind, side(&d.left), side(&d.right)))
            .collect()
    }

    #[test]
    fn differences_are_placed_and_ordered() {
        assert_eq!(
            shown(
                r#"{"z":1,"same":[1,{}],"a":{"x/y":[1,2,3]},"t":"1"}"#,
                r#"{"new":null,"same":[1.0,{}],"a":{"x/y":[1,5],"n":0},"t":1}"#
            ),
            [
                "/z LeftOnly 1 -",
                "/a/x~1y/1 Changed 2 5",
                "/a/x~1y/2 LeftOnly 3 -",
                "/a/n RightOnly - 0",
                "/t Changed \"1\" 1",
                "/new RightOnly - null",
            ]
        );
        assert_eq!(shown("[1]", "[1,[2]]"), ["/1 RightOnly - [2]"]);
        assert_eq!(shown("{}", "[]"), [" Changed {} []"]);
        assert_eq!(shown("{\"a\":null}", "{}"), ["/a LeftOnly null -"]);
        assert_eq!(shown("NaN", "NaN"), [" Changed NaN NaN"]);
        assert_eq!(shown("[true,1,0.0]", "[1,1.0,false]"), [""; 0]);
    }

    #[test]
    fn too_many_pointers_are_drawn_together() {
        let long = "k".repeat(DIFFERENCE_POINTER_BYTES_MAX / 4);
        let of = |ints: [i64; 5]| {
            let inner: Vec<Value> = ints.map(Value::from).to_vec();
            let map: Map = [(Text::from(long.as_str()), Value::from(inner))].into_iter().collect();
            Value::from(vec![Value::from(map), 0.into()])
        };
        let few = difference(&of([1, 2, 3, 0, 0]), &of([0, 0, 0, 0, 0]));
        assert_eq!(few.len(), 3);
        let many = difference(&of([1, 2, 3, 4, 5]), &of([0, 0, 0, 0, 0]));
        assert_eq!(many.len(), 1);
        assert_eq!(many[0].pointer, format!("/0/{long}"));
        let longer = "k".repeat(DIFFERENCE_POINTER_BYTES_MAX);
        let of = |int: i64| Value::from([(Text::from(longer.as_str()), int.into())].into_iter().collect::<Map>());
        assert_eq!(difference(&of(1), &of(2))[0].pointer, "");
    }

    /// The left value, with each difference set right.
    fn patched(mut left: Value, differences: &[Difference]) -> Value {
        // From behind, so that lists lose their last items first.
        for difference in differences.iter().rev() {
            let (parent, token) = difference.pointer.rsplit_once('/').unwrap();
            let token = unescaped(token);
            match (target(&mut left, parent), difference.kind) {
                (Value::List(list), DifferenceKind::LeftOnly) => _ = list.remove(token.parse().unwrap()),
                (Value::Map(map), DifferenceKind::LeftOnly) => _ = map.remove(&token).unwrap(),
                _ => {}
            }
        }
        for difference in differences {
            let Some(right) = difference.right.clone() else { continue };
            let (parent, token) = difference.pointer.rsplit_once('/').unwrap();
            let token = unescaped(token);
            match (target(&mut left, parent), difference.kind) {
                (Value::List(list), DifferenceKind::RightOnly) => list.insert(token.parse().unwrap(), right),
                (Value::List(list), _) => list[token.parse::<usize>().unwrap()] = right,
                (Value::Map(map), _) => _ = map.insert(token, right),
                (other, _) => panic!("{other:?}"),
            }
        }
        left
    }

    fn target<'v>(value: &'v mut Value, pointer: &str) -> &'v mut Value {
        pointer.split('/').skip(1).fold(value, |value, token| {
            if let Value::List(list) = value {
                return &mut list[token.parse::<usize>().unwrap()];
            }
            let Value::Map(map) = value else { panic!("{token} leads nowhere") };
            map.get_mut(&unescaped(token)).unwrap()
        })
    }

    fn unescaped(token: &str) -> String {
        token.replace("~1", "/").replace("~0", "~")
    }

    proptest! {
        #[test]
        fn no_difference_exactly_if_equal(left in any_value(), right in any_value()) {
            prop_assert_eq!(difference(&left, &right).is_empty(), left == right);
            prop_assert_eq!(difference(&left, &left).is_empty(), left == left.clone());
        }

        #[test]
        fn the_differences_are_all_there_is(left in any_value(), right in any_value()) {
            let text = to_compact_string(&left) + &to_compact_string(&right);
            // Surrogates cannot be named in a pointer, and NaN equals nothing.
            if text.contains("\\ud") || text.contains("NaN") {
                return Ok(());
            }
            let left = Value::from(vec![left]);
            let right = Value::from(vec![right]);
            prop_assert_eq!(patched(left.clone(), &difference(&left, &right)), right);
        }
    }
}
