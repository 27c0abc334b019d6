//! Nodes to values: PyYAML's `SafeConstructor`.

use std::rc::Rc;

use super::binary;
use super::error::{YamlError, YamlErrorReason};
use super::map::{Key, Map};
use super::node::{Content, NAMESPACE, Node, Pairs, Tag};
use super::number;
use super::oddity::{OddityKind, OddityList};
use super::time::{Moment, Stamp};
use super::value::Value;
use crate::formats::json::Text;

/// Makes the value of a node. The composer has bounded how deep it goes and how much it costs.
pub(super) fn construct(node: &Node, oddities: &mut OddityList) -> Result<Value, YamlError> {
    let wrong_kind = || Err(YamlError::new(node.mark, YamlErrorReason::WrongKind(node.tag.name())));
    match (node.tag, &node.content) {
        (Tag::Merge | Tag::Value | Tag::Yaml, _) => {
            let name = format!("{NAMESPACE}{}", node.tag.name());
            Err(YamlError::new(node.mark, YamlErrorReason::UnknownTag(name)))
        }
        (tag, Content::Scalar(text)) => scalar(tag, text).ok_or_else(|| YamlError::new(node.mark, scalar_error(tag))),
        (Tag::Seq, Content::Sequence(items)) => {
            items.iter().map(|item| construct(item, oddities)).collect::<Result<_, _>>().map(Value::List)
        }
        (Tag::Omap | Tag::Pairs, Content::Sequence(items)) => pairs(items, oddities),
        (Tag::Map, Content::Mapping(pairs)) => mapping(pairs, oddities).map(Value::Map),
        (Tag::Set, Content::Mapping(pairs)) => mapping(pairs, oddities).map(|map| Value::Set(map.into_keys())),
        (
            Tag::Null
            | Tag::Bool
            | Tag::Int
            | Tag::Float
            | Tag::Binary
            | Tag::Timestamp
            | Tag::Str
            | Tag::Seq
            | Tag::Map
            | Tag::Set
            | Tag::Omap
            | Tag::Pairs,
            Content::Sequence(_) | Content::Mapping(_),
        ) => wrong_kind(),
    }
}

fn scalar(tag: Tag, text: &str) -> Option<Value> {
    Some(match tag {
        Tag::Null => Value::Null,
        Tag::Bool => Value::Bool(boolean(text)?),
        Tag::Int => Value::Number(number::int(text)?),
        Tag::Float => Value::Number(number::float(text)?.into()),
        Tag::Binary => Value::Binary(binary::decode(text)?),
        Tag::Timestamp => match Stamp::read(text)?.moment()? {
            Moment::Date(date) => Value::Date(date),
            Moment::DateTime(time) => Value::DateTime(time),
        },
        Tag::Str => Value::Text(Text::from(text)),
        Tag::Seq | Tag::Map | Tag::Set | Tag::Omap | Tag::Pairs | Tag::Merge | Tag::Value | Tag::Yaml => return None,
    })
}

fn scalar_error(tag: Tag) -> YamlErrorReason {
    match tag {
        Tag::Seq | Tag::Map | Tag::Set | Tag::Omap | Tag::Pairs => YamlErrorReason::WrongKind(tag.name()),
        Tag::Null
        | Tag::Bool
        | Tag::Int
        | Tag::Float
        | Tag::Binary
        | Tag::Timestamp
        | Tag::Str
        | Tag::Merge
        | Tag::Value
        | Tag::Yaml => YamlErrorReason::BadScalar(tag.name()),
    }
}

/// PyYAML's `bool_values`, in any casing (which only an explicit tag can bring). No letter outside ASCII becomes one of
/// these by lowering it.
fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" => Some(true),
        "no" | "false" | "off" => Some(false),
        _ => None,
    }
}

/// PyYAML's `construct_mapping`: every pair is constructed, also those that a later one replaces.
fn mapping(pairs: &Pairs, oddities: &mut OddityList) -> Result<Map, YamlError> {
    let mut map = Map::new();
    // Whether the pair that stands at a position of the map is an own one.
    let mut is_own = Vec::new();
    for (position, (key_node, value_node)) in pairs.list.iter().enumerate() {
        let key = key(key_node, oddities)?;
        let is_text = key.text().is_some();
        let value = construct(value_node, oddities)?;
        let (index, was_there) = map.insert(key, value);
        let is_own_now = position >= pairs.merged;
        match is_own.get_mut(index) {
            Some(was_own) => {
                if was_there && *was_own && is_own_now {
                    oddities.add(OddityKind::DuplicateKey, key_node.mark, key_node.end);
                }
                *was_own = is_own_now;
            }
            None => is_own.push(is_own_now),
        }
        if !is_text {
            oddities.add(OddityKind::NonStringKey, key_node.mark, key_node.end);
        }
    }
    Ok(map)
}

fn key(node: &Node, oddities: &mut OddityList) -> Result<Key, YamlError> {
    let value = match (node.tag, &node.content) {
        // `flatten_mapping` makes a string of it.
        (Tag::Value, Content::Scalar(text)) => Value::Text(Text::from(text.as_str())),
        (_, Content::Scalar(_) | Content::Sequence(_) | Content::Mapping(_)) => construct(node, oddities)?,
    };
    Key::new(value).ok_or_else(|| YamlError::new(node.mark, YamlErrorReason::UnhashableKey))
}

/// PyYAML's `construct_yaml_omap` and `construct_yaml_pairs`, which are alike. Merge keys are not flattened there, but may
/// have been before, if the mapping has an anchor; so they are refused, and so is `=`.
fn pairs(items: &[Rc<Node>], oddities: &mut OddityList) -> Result<Value, YamlError> {
    let mut list = Vec::with_capacity(items.len());
    for item in items {
        let bad = || YamlError::new(item.mark, YamlErrorReason::BadPair);
        let Content::Mapping(Pairs { list: pairs, has_merge_key: false, .. }) = &item.content else {
            return Err(bad());
        };
        let [(key, value)] = pairs.as_slice() else {
            return Err(bad());
        };
        list.push((construct(key, oddities)?, construct(value, oddities)?));
    }
    Ok(if list.is_empty() { Value::List(Vec::new()) } else { Value::Pairs(list) })
}
