//! The operators: objects with a key such as `$if`.

use std::rc::Rc;

use indexmap::IndexMap;

use super::builtins::of_now;
use super::compare::is_space;
use super::error::JsoneError;
use super::evaluate::{expression, sized};
use super::from_now::from_now;
use super::limits::Budget;
use super::render::{Renderer, contains_functions, is_identifier};
use super::scope::Scope;
use super::value::{Map, Value};
use crate::formats::json::Number;

macro_rules! operators {
    ($($variant:ident $name:literal;)*) => {
        /// An operator.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Operator { $($variant,)* }

        impl Operator {
            fn of(key: &str) -> Option<Self> {
                match key { $($name => Some(Self::$variant),)* _ => None }
            }

            const fn key(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

operators! {
    Eval "$eval"; Flatten "$flatten"; FlattenDeep "$flattenDeep"; FromNow "$fromNow"; If "$if"; Json "$json";
    Let "$let"; Map "$map"; Reduce "$reduce"; Find "$find"; Match "$match"; Switch "$switch"; Merge "$merge";
    MergeDeep "$mergeDeep"; Reverse "$reverse"; Sort "$sort";
}

/// The operator of an object, if it is one.
pub(super) fn named(map: &Map) -> Result<Option<Operator>, JsoneError> {
    let mut found = map.iter().filter_map(|(key, _)| Operator::of(key));
    let operator = found.next();
    if found.next().is_some() { Err(JsoneError::refused("an object has two operators")) } else { Ok(operator) }
}

/// Keys that an operator takes beside its own. json-e matches them by one pattern of which only the last alternative is
/// held to the key's end.
enum Beside {
    Nothing,
    /// The last may stand alone; those before it begin the key.
    Keys(&'static [&'static str], &'static str),
    /// The first begins the key; the last is `each(…)` with so many names, or `by(…)` with one.
    Variables(&'static [&'static str], &'static str, (usize, usize)),
}

const fn beside(operator: Operator) -> Beside {
    match operator {
        Operator::FromNow => Beside::Keys(&[], "from"),
        Operator::If => Beside::Keys(&["then"], "else"),
        Operator::Let => Beside::Keys(&[], "in"),
        Operator::Map | Operator::Find => Beside::Variables(&[], "each(", (1, 2)),
        Operator::Reduce => Beside::Variables(&["initial"], "each(", (2, 3)),
        Operator::Sort => Beside::Variables(&[], "by(", (1, 1)),
        Operator::Eval
        | Operator::Flatten
        | Operator::FlattenDeep
        | Operator::Json
        | Operator::Match
        | Operator::Switch
        | Operator::Merge
        | Operator::MergeDeep
        | Operator::Reverse => Beside::Nothing,
    }
}

/// Refuses keys that an operator does not take.
fn check_keys(operator: Operator, map: &Map) -> Result<(), JsoneError> {
    let begins = |key: &str, starts: &[&str]| {
        key.starts_with(operator.key()) || starts.iter().any(|start| key.starts_with(start))
    };
    for (key, _) in map.iter() {
        let is_allowed = match beside(operator) {
            Beside::Nothing => &**key == operator.key(),
            Beside::Keys(starts, last) => begins(key, starts) || &**key == last,
            Beside::Variables(starts, head, counts) => begins(key, starts) || names(key, head, counts).is_some(),
        };
        if !is_allowed {
            return Err(JsoneError::refused(format!("{} has the undefined property {key:?}", operator.key())));
        }
    }
    Ok(())
}

/// The names in a key such as `each(x, i)`: blanks may stand behind a comma only.
fn names<'a>(key: &'a str, head: &str, (least, most): (usize, usize)) -> Option<Vec<&'a str>> {
    let inner = key.strip_prefix(head)?.strip_suffix(')')?;
    let names: Vec<&str> = inner
        .split(',')
        .enumerate()
        .map(|(index, name)| if index == 0 { name } else { name.trim_start_matches(is_space) })
        .collect();
    let is_name = |name: &&str| is_identifier(name) && !name.ends_with('\n');
    ((least..=most).contains(&names.len()) && names.iter().all(is_name)).then_some(names)
}

/// The one key of an object that begins so, its names, and its value.
fn variables<'a>(
    map: &'a Map,
    head: &str,
    counts: (usize, usize),
) -> Result<Option<(Vec<&'a str>, &'a Value)>, JsoneError> {
    let mut found = map.iter().filter(|(key, _)| key.starts_with(head));
    let first = found.next();
    if found.next().is_some() {
        return Err(JsoneError::refused(format!("an operator takes one {head}…) only")));
    }
    Ok(first.and_then(|(key, value)| Some((names(key, head, counts)?, value))))
}

/// Applies an operator.
pub(super) fn apply(
    operator: Operator,
    map: &Map,
    renderer: &Renderer<'_>,
    scope: &Rc<Scope>,
) -> Result<Value, JsoneError> {
    check_keys(operator, map)?;
    let own = map.get(operator.key()).ok_or_else(|| JsoneError::refused("an operator is missing"))?;
    let work = Work { renderer, scope, map, own };
    let result = match operator {
        Operator::Eval => work.evaluate(own, scope)?,
        Operator::If => work.condition()?,
        Operator::Let => work.bind()?,
        Operator::FromNow => work.moment()?,
        Operator::Json => work.json()?,
        Operator::Match => work.matching()?,
        Operator::Switch => work.switch()?,
        Operator::Map => work.each()?,
        Operator::Reduce => work.reduce()?,
        Operator::Find => work.find()?,
        Operator::Sort => work.sort()?,
        Operator::Merge | Operator::MergeDeep => work.merge(operator == Operator::MergeDeep)?,
        Operator::Flatten | Operator::FlattenDeep | Operator::Reverse => {
            let list = work.list()?;
            let Value::List(list) = list else { return Err(work.wants("a list")) };
            renderer.budget.charge(list.items().len())?;
            match operator {
                Operator::Reverse => Value::list(list.items().iter().rev().cloned().collect()),
                Operator::Flatten => flatten(list.items(), false, renderer.budget)?,
                _ => flatten(list.items(), true, renderer.budget)?,
            }
        }
    };
    sized(result, renderer.budget)
}

/// An operator at work.
struct Work<'a> {
    renderer: &'a Renderer<'a>,
    scope: &'a Rc<Scope>,
    map: &'a Map,
    /// The value of the operator's own key.
    own: &'a Value,
}

impl Work<'_> {
    fn wants(&self, what: &str) -> JsoneError {
        let key = self.map.iter().find_map(|(key, _)| Operator::of(key)).map_or("an operator", Operator::key);
        JsoneError::refused(format!("{key} wants {what}"))
    }

    /// An expression, which must be a text.
    fn evaluate(&self, source: &Value, scope: &Scope) -> Result<Value, JsoneError> {
        match source {
            Value::Text(source) => expression(source, scope, self.renderer.budget),
            Value::Odd(what) => Err(JsoneError::unsupported(*what)),
            _ => Err(self.wants("an expression, which is a text")),
        }
    }

    /// The rendered value of the operator's own key.
    fn list(&self) -> Result<Value, JsoneError> {
        self.renderer.value(self.own, self.scope)
    }

    fn condition(&self) -> Result<Value, JsoneError> {
        let holds = self.evaluate(self.own, self.scope)?.is_truthy()?;
        match self.map.get(if holds { "then" } else { "else" }) {
            Some(branch) => self.renderer.value(branch, self.scope),
            None => Ok(Value::Deleted),
        }
    }

    fn bind(&self) -> Result<Value, JsoneError> {
        let Value::Map(_) = self.own else { return Err(self.wants("an object")) };
        let Value::Map(bound) = self.renderer.value(self.own, self.scope)? else { return Err(self.wants("an object")) };
        if !bound.iter().all(|(name, _)| is_identifier(name)) {
            return Err(self.wants("identifiers"));
        }
        let inner = self.map.get("in").ok_or_else(|| self.wants("an in"))?;
        let variables = bound.iter().map(|(name, value)| (Rc::clone(name), value.clone())).collect();
        self.renderer.value(inner, &Scope::over(self.scope, variables))
    }

    fn moment(&self) -> Result<Value, JsoneError> {
        let offset = self.renderer.value(self.own, self.scope)?;
        let reference = match self.map.get("from") {
            Some(from) => Some(self.renderer.value(from, self.scope)?),
            None => self.scope.get("now"),
        };
        let Value::Text(offset) = offset else { return Err(self.wants("a text")) };
        match reference {
            Some(Value::Text(reference)) => Ok(Value::text(&from_now(&offset, &reference)?)),
            other => of_now(&offset, other),
        }
    }

    fn json(&self) -> Result<Value, JsoneError> {
        let value = self.renderer.value(self.own, self.scope)?;
        if contains_functions(&value, self.renderer.budget)? {
            return Err(self.wants("no uncalled functions"));
        }
        let mut text = String::new();
        dump(&value, &mut text, self.renderer.budget)?;
        Ok(Value::text(&text))
    }

    fn matching(&self) -> Result<Value, JsoneError> {
        let Value::Map(branches) = self.own else { return Err(self.wants("an object")) };
        let mut conditions: Vec<(&Rc<str>, &Value)> = branches.iter().collect();
        conditions.sort_by_key(|(condition, _)| Rc::clone(condition));
        let mut items = Vec::new();
        for (condition, branch) in conditions {
            if expression(condition, self.scope, self.renderer.budget)?.is_truthy()? {
                // What is to be left out stays here, as Python has it.
                items.push(self.renderer.value(branch, self.scope)?);
            }
        }
        Ok(Value::list(items))
    }

    fn switch(&self) -> Result<Value, JsoneError> {
        let Value::Map(branches) = self.own else { return Err(self.wants("an object")) };
        let mut chosen = Vec::new();
        for (condition, branch) in branches.iter().filter(|(condition, _)| &***condition != "$default") {
            if expression(condition, self.scope, self.renderer.budget)?.is_truthy()? {
                chosen.push(self.renderer.value(branch, self.scope)?);
            }
        }
        if chosen.len() > 1 {
            return Err(self.wants("one condition that holds"));
        }
        match (chosen.pop(), branches.get("$default")) {
            (Some(chosen), _) => Ok(chosen),
            (None, Some(default)) => self.renderer.value(default, self.scope),
            (None, None) => Ok(Value::Deleted),
        }
    }

    fn each(&self) -> Result<Value, JsoneError> {
        let value = self.renderer.value(self.own, self.scope)?;
        let (names, template) = variables(self.map, "each(", (1, 2))?.ok_or_else(|| self.wants("an each(…)"))?;
        let of_element = |element: Value, index: Value| -> Result<Value, JsoneError> {
            let mut bound = vec![(Rc::from(names[0]), element)];
            if let Some(name) = names.get(1) {
                bound.push((Rc::from(*name), index));
            }
            self.renderer.value(template, &Scope::over(self.scope, bound))
        };
        match &value {
            Value::List(list) => {
                let mut items = Vec::new();
                for (index, element) in list.items().iter().enumerate() {
                    match of_element(element.clone(), Value::Int(index as i128))? {
                        Value::Deleted => {}
                        rendered => items.push(rendered),
                    }
                }
                Ok(Value::list(items))
            }
            Value::Map(map) => {
                let mut entries = IndexMap::new();
                for (key, value) in map.iter() {
                    let key = Value::Text(Rc::clone(key));
                    let rendered = if names.len() == 1 {
                        of_element(Value::object([("key", key), ("val", value.clone())]), Value::Null)?
                    } else {
                        of_element(value.clone(), key)?
                    };
                    match rendered {
                        Value::Deleted => {}
                        Value::Map(rendered) => self.update(&mut entries, &rendered)?,
                        _ => return Err(self.wants("objects of an each(…) over an object")),
                    }
                }
                Ok(Value::of_entries(entries))
            }
            Value::Odd(what) => Err(JsoneError::unsupported(*what)),
            _ => Err(self.wants("a list or an object")),
        }
    }

    /// Adds the entries of an object; of equal keys the later value counts.
    fn update(&self, entries: &mut IndexMap<Rc<str>, Value>, from: &Map) -> Result<(), JsoneError> {
        self.renderer.budget.charge(from.len())?;
        entries.extend(from.iter().map(|(key, value)| (Rc::clone(key), value.clone())));
        Ok(())
    }

    fn reduce(&self) -> Result<Value, JsoneError> {
        let Value::List(list) = self.renderer.value(self.own, self.scope)? else { return Err(self.wants("a list")) };
        if self.map.len() != 3 {
            return Err(self.wants("exactly three properties"));
        }
        let (names, template) = variables(self.map, "each(", (2, 3))?.ok_or_else(|| self.wants("an each(…)"))?;
        // The beginning is taken as it is, not rendered.
        let mut result = self.map.get("initial").ok_or_else(|| self.wants("an initial"))?.clone();
        for (index, element) in list.items().iter().enumerate() {
            let mut bound = vec![(Rc::from(names[0]), result.clone()), (Rc::from(names[1]), element.clone())];
            if let Some(name) = names.get(2) {
                bound.push((Rc::from(*name), Value::Int(index as i128)));
            }
            match self.renderer.value(template, &Scope::over(self.scope, bound))? {
                Value::Deleted => {}
                rendered => result = rendered,
            }
        }
        Ok(result)
    }

    fn find(&self) -> Result<Value, JsoneError> {
        let Value::List(list) = self.renderer.value(self.own, self.scope)? else { return Err(self.wants("a list")) };
        let (names, condition) = variables(self.map, "each(", (1, 2))?.ok_or_else(|| self.wants("an each(…)"))?;
        let Value::Text(condition) = condition else { return Err(self.wants("an expression, which is a text")) };
        for (index, element) in list.items().iter().enumerate() {
            let mut bound = vec![(Rc::from(names[0]), element.clone())];
            if let Some(name) = names.get(1) {
                bound.push((Rc::from(*name), Value::Int(index as i128)));
            }
            let scope = Scope::over(self.scope, bound);
            if expression(condition, &scope, self.renderer.budget)?.is_truthy()? {
                // The element is rendered once more.
                return self.renderer.value(element, &scope);
            }
        }
        Ok(Value::Deleted)
    }

    fn sort(&self) -> Result<Value, JsoneError> {
        let Value::List(list) = self.renderer.value(self.own, self.scope)? else { return Err(self.wants("a list")) };
        let keys = match variables(self.map, "by(", (1, 1))? {
            None => list.items().to_vec(),
            Some((names, by)) => {
                let key = |element: &Value| {
                    let scope = Scope::over(self.scope, vec![(Rc::from(names[0]), element.clone())]);
                    self.evaluate(by, &scope)
                };
                list.items().iter().map(key).collect::<Result<_, _>>()?
            }
        };
        let ranks = keys.iter().map(|key| rank(key, &keys)).collect::<Result<Vec<Rank>, _>>()?;
        self.renderer.budget.charge(ranks.len() * 16)?;
        let mut order: Vec<usize> = (0..ranks.len()).collect();
        order.sort_by(|a, b| ranks[*a].compare(&ranks[*b]));
        Ok(Value::list(order.into_iter().map(|index| list.items()[index].clone()).collect()))
    }

    fn merge(&self, is_deep: bool) -> Result<Value, JsoneError> {
        let Value::List(list) = self.renderer.value(self.own, self.scope)? else { return Err(self.wants("a list")) };
        let objects: Option<Vec<&Rc<Map>>> = list.items().iter().map(Value::as_map).collect();
        let objects = objects.ok_or_else(|| self.wants("a list of objects"))?;
        let mut merged: IndexMap<Rc<str>, Value> = IndexMap::new();
        for object in objects {
            if is_deep {
                merge_deep(&mut merged, object, self.renderer.budget)?;
            } else {
                self.update(&mut merged, object)?;
            }
        }
        Ok(Value::of_entries(merged))
    }
}

/// Merges objects and joins lists that stand at the same key; of everything else the later counts.
fn merge_deep(into: &mut IndexMap<Rc<str>, Value>, from: &Map, budget: &Budget) -> Result<(), JsoneError> {
    for (key, value) in from.iter() {
        budget.charge(0)?;
        let merged = match (into.get(key), value) {
            (Some(Value::List(left)), Value::List(right)) => {
                budget.charge(left.items().len() + right.items().len())?;
                Value::list(left.items().iter().chain(right.items()).cloned().collect())
            }
            (Some(Value::Map(left)), Value::Map(right)) => {
                budget.charge(left.len())?;
                let mut entries = Map::into_entries(left);
                merge_deep(&mut entries, right, budget)?;
                Value::of_entries(entries)
            }
            _ => value.clone(),
        };
        into.insert(Rc::clone(key), merged);
    }
    Ok(())
}

/// The elements of lists in a list: of the first level, or of all.
fn flatten(items: &[Value], is_deep: bool, budget: &Budget) -> Result<Value, JsoneError> {
    fn add(items: &[Value], levels: u16, flat: &mut Vec<Value>, budget: &Budget) -> Result<(), JsoneError> {
        for item in items {
            budget.charge(0)?;
            match item {
                Value::List(inner) if levels > 0 => add(inner.items(), levels - 1, flat, budget)?,
                item => flat.push(item.clone()),
            }
        }
        Ok(())
    }
    let mut flat = Vec::new();
    add(items, if is_deep { u16::MAX } else { 1 }, &mut flat, budget)?;
    Ok(Value::list(flat))
}

/// What values are sorted by.
enum Rank {
    Int(i128),
    Float(f64),
    Text(Rc<str>),
}

impl Rank {
    fn compare(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            (Self::Int(left), Self::Int(right)) => left.cmp(right),
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            (Self::Float(left), Self::Float(right)) => left.partial_cmp(right).unwrap_or(std::cmp::Ordering::Equal),
            // All are of one type.
            (Self::Int(_) | Self::Float(_) | Self::Text(_), _) => std::cmp::Ordering::Equal,
        }
    }
}

/// What a value is sorted by among others, which must be of the type of the first. Booleans pass among integers.
fn rank(value: &Value, all: &[Value]) -> Result<Rank, JsoneError> {
    let wrong = || JsoneError::refused("$sort wants numbers or texts of one type");
    match (all.first(), value) {
        (Some(Value::Odd(what)), _) | (_, Value::Odd(what)) => Err(JsoneError::unsupported(*what)),
        (Some(Value::Stamp(_)), _) => Err(JsoneError::unsupported("the order of dates")),
        (Some(Value::Int(_)), Value::Int(int)) => Ok(Rank::Int(*int)),
        (Some(Value::Int(_)), Value::Bool(bool)) => Ok(Rank::Int(i128::from(*bool))),
        (Some(Value::Float(_)), Value::Float(float)) if float.is_nan() => {
            Err(JsoneError::unsupported("the order of NaN"))
        }
        (Some(Value::Float(_)), Value::Float(float)) => Ok(Rank::Float(*float)),
        (Some(Value::Text(_)), Value::Text(text)) => Ok(Rank::Text(Rc::clone(text))),
        _ => Err(wrong()),
    }
}

/// Python's `json.dumps` with the shortest separators, sorted keys, and characters as they are.
fn dump(value: &Value, text: &mut String, budget: &Budget) -> Result<(), JsoneError> {
    budget.charge(0)?;
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(bool) => text.push_str(if *bool { "true" } else { "false" }),
        Value::Int(int) => text.push_str(&int.to_string()),
        Value::Float(float) if float.is_nan() => text.push_str("NaN"),
        Value::Float(float) if float.is_infinite() => {
            text.push_str(if *float > 0.0 { "Infinity" } else { "-Infinity" });
        }
        Value::Float(float) => text.push_str(&Number::Float(*float).repr()),
        Value::Text(string) => dump_text(string, text, budget)?,
        Value::List(list) => {
            text.push('[');
            for (index, item) in list.items().iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                dump(item, text, budget)?;
            }
            text.push(']');
        }
        Value::Map(map) => {
            let mut entries: Vec<(&Rc<str>, &Value)> = map.iter().collect();
            entries.sort_by_key(|(key, _)| Rc::clone(key));
            text.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                dump_text(key, text, budget)?;
                text.push(':');
                dump(value, text, budget)?;
            }
            text.push('}');
        }
        Value::Stamp(_) => return Err(JsoneError::refused("a date is no JSON")),
        Value::Function(_) | Value::Deleted => return Err(JsoneError::refused("a function is no JSON")),
        Value::Odd(what) => return Err(JsoneError::unsupported(*what)),
    }
    Ok(())
}

fn dump_text(string: &str, text: &mut String, budget: &Budget) -> Result<(), JsoneError> {
    budget.charge(string.len())?;
    text.push('"');
    for c in string.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            c if c < ' ' => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push('"');
    Ok(())
}
