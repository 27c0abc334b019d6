//! Templates: texts with interpolations, lists, objects, and objects that are operators.

use std::rc::Rc;

use indexmap::IndexMap;

use super::compare::to_str;
use super::error::JsoneError;
use super::evaluate::{interpolation, sized};
use super::limits::{Budget, Limits};
use super::operators;
use super::scope::Scope;
use super::value::{Map, Value};

/// Renders a template. `context` holds the variables; `now` among them is what time is counted from.
///
/// # Errors
///
/// Where Python refuses the template too, where a limit is reached, and where only Python could tell.
pub fn render(template: &Value, context: &[(&str, Value)], limits: Limits) -> Result<Value, JsoneError> {
    if !context.iter().all(|(name, _)| is_identifier(name)) {
        return Err(JsoneError::refused("a variable's name is no identifier"));
    }
    let budget = Budget::new(limits);
    let variables = context.iter().map(|(name, value)| (Rc::from(*name), value.clone())).collect();
    let rendered = Renderer { budget: &budget }.value(template, &Scope::new(variables))?;
    if matches!(rendered, Value::Deleted) {
        return Ok(Value::Null);
    }
    if contains_functions(&rendered, &budget)? {
        return Err(JsoneError::refused("a function is left uncalled"));
    }
    Ok(rendered)
}

/// Renders with one budget.
#[derive(Clone, Copy)]
pub(super) struct Renderer<'a> {
    pub(super) budget: &'a Budget,
}

impl Renderer<'_> {
    /// What a template comes to.
    pub(super) fn value(&self, template: &Value, scope: &Rc<Scope>) -> Result<Value, JsoneError> {
        self.budget.charge(0)?;
        match template {
            Value::Text(text) => self.text(text, scope).map(|text| Value::Text(Rc::from(text))),
            Value::Map(map) => self.budget.deeper(|| match operators::named(map)? {
                Some(operator) => operators::apply(operator, map, self, scope),
                None => self.object(map, scope),
            }),
            Value::List(list) => self.budget.deeper(|| {
                let mut items = Vec::new();
                for item in list.items() {
                    match self.value(item, scope)? {
                        Value::Deleted => {}
                        rendered => items.push(rendered),
                    }
                }
                sized(Value::list(items), self.budget)
            }),
            Value::Odd(what) => Err(JsoneError::unsupported(*what)),
            plain => Ok(plain.clone()),
        }
    }

    fn object(&self, map: &Map, scope: &Rc<Scope>) -> Result<Value, JsoneError> {
        let mut entries = IndexMap::new();
        for (key, value) in map.iter() {
            let key = match key.strip_prefix('$') {
                Some(rest) if rest.starts_with('$') => rest.to_owned(),
                Some(rest) if is_identifier(rest) => {
                    return Err(JsoneError::refused(format!("the key ${rest} is reserved")));
                }
                Some(_) | None => self.text(key, scope)?,
            };
            match self.value(value, scope)? {
                Value::Deleted => {}
                rendered => {
                    entries.insert(Rc::from(key), rendered);
                }
            }
        }
        sized(Value::of_entries(entries), self.budget)
    }

    /// A text with its interpolations.
    fn text(&self, text: &str, scope: &Scope) -> Result<String, JsoneError> {
        self.budget.charge(text.len() / 8)?;
        let mut result = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            // `$${` stands for `${`.
            if let Some(before) = rest[..at].strip_suffix('$') {
                result.push_str(before);
                result.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            result.push_str(&rest[..at]);
            rest = &rest[at + 2..];
            let (value, end) = interpolation(rest, scope, self.budget)?;
            match &value {
                Value::List(_) | Value::Map(_) => {
                    return Err(JsoneError::refused("an interpolation gives a list or object"));
                }
                Value::Null => {}
                value => {
                    let text = to_str(value)?;
                    self.budget.charge(text.len() / 8)?;
                    result.push_str(&text);
                }
            }
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        result.push_str(rest);
        Ok(result)
    }
}

/// Whether a text is a name: Python's pattern also takes one with a line feed behind it.
pub(super) fn is_identifier(text: &str) -> bool {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let is_start = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.starts_with(is_start) && text.chars().all(|c| is_start(c) || c.is_ascii_digit())
}

/// Whether a rendered value holds a function.
pub(super) fn contains_functions(value: &Value, budget: &Budget) -> Result<bool, JsoneError> {
    budget.charge(0)?;
    match value {
        Value::Function(_) | Value::Deleted => Ok(true),
        Value::List(list) => any(list.items().iter(), budget),
        Value::Map(map) => any(map.iter().map(|(_, value)| value), budget),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Stamp(_)
        | Value::Odd(_) => Ok(false),
    }
}

fn any<'a>(values: impl Iterator<Item = &'a Value>, budget: &Budget) -> Result<bool, JsoneError> {
    for value in values {
        if contains_functions(value, budget)? {
            return Ok(true);
        }
    }
    Ok(false)
}
