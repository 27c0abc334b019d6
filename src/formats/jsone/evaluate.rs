//! Expressions, evaluated as json-e's interpreter does.

use std::rc::Rc;

use indexmap::IndexMap;

use super::builtins;
use super::compare::equals;
use super::error::JsoneError;
use super::limits::Budget;
use super::parse::{self, Node};
use super::scope::Scope;
use super::value::{Function, Value};

/// The largest integer up to which Python's true division of integers is that of floats.
const EXACT_IN_FLOATS: i128 = 1 << 53;

/// Evaluates a whole expression.
pub(super) fn expression(source: &str, scope: &Scope, budget: &Budget) -> Result<Value, JsoneError> {
    let node = parse::whole(source, budget)?;
    Evaluator { scope, budget }.visit(&node)
}

/// Evaluates the expression of an interpolation; and says where its `}` stands.
pub(super) fn interpolation(source: &str, scope: &Scope, budget: &Budget) -> Result<(Value, usize), JsoneError> {
    let (node, end) = parse::interpolated(source, budget)?;
    Ok((Evaluator { scope, budget }.visit(&node)?, end))
}

struct Evaluator<'a> {
    scope: &'a Scope,
    budget: &'a Budget,
}

impl Evaluator<'_> {
    fn visit(&self, node: &Node) -> Result<Value, JsoneError> {
        self.budget.charge(0)?;
        match node {
            Node::Null => Ok(Value::Null),
            Node::Bool(bool) => Ok(Value::Bool(*bool)),
            Node::Number(text) => number(text),
            Node::Text(text) => Ok(Value::text(text)),
            Node::Name(name) => self.name(name),
            Node::Unary(sign, operand) => self.unary(sign, operand),
            Node::Binary(sign, first, second) => self.binary(sign, first, second),
            Node::Property(left, name) => self.property(left, name),
            Node::Access { value, is_interval, left, right } => {
                self.access(value, *is_interval, left.as_deref(), right.as_deref())
            }
            Node::Call(function, arguments) => self.call(function, arguments),
            Node::List(items) => {
                let items: Vec<Value> = items.iter().map(|item| self.visit(item)).collect::<Result<_, _>>()?;
                self.sized(Value::list(items))
            }
            Node::Object(entries) => {
                let mut object = IndexMap::new();
                for (key, value) in entries {
                    object.insert(Rc::from(key.as_str()), self.visit(value)?);
                }
                self.sized(Value::of_entries(object))
            }
            Node::Missing => Err(JsoneError::refused("an operand is missing")),
        }
    }

    /// Holds a container to the limit of depth.
    fn sized(&self, value: Value) -> Result<Value, JsoneError> {
        sized(value, self.budget)
    }

    fn name(&self, name: &str) -> Result<Value, JsoneError> {
        self.budget.charge(self.scope.depth() / 8)?;
        self.scope.get(name).ok_or_else(|| JsoneError::refused(format!("there is no variable {name}")))
    }

    fn unary(&self, sign: &str, operand: &Node) -> Result<Value, JsoneError> {
        let value = self.visit(operand)?;
        match (sign, value) {
            ("!", value) => Ok(Value::Bool(!value.is_truthy()?)),
            (_, Value::Odd(what)) => Err(JsoneError::unsupported(what)),
            ("+", value @ (Value::Int(_) | Value::Float(_))) => Ok(value),
            ("-", Value::Int(int)) => int.checked_neg().map(Value::Int).ok_or_else(too_large),
            ("-", Value::Float(float)) => Ok(Value::Float(-float)),
            (sign, _) => Err(JsoneError::refused(format!("unary {sign} wants a number"))),
        }
    }

    fn binary(&self, sign: &str, first: &Node, second: &Node) -> Result<Value, JsoneError> {
        let left = self.visit(first)?;
        match sign {
            "||" => return Ok(Value::Bool(left.is_truthy()? || self.visit(second)?.is_truthy()?)),
            "&&" => return Ok(Value::Bool(left.is_truthy()? && self.visit(second)?.is_truthy()?)),
            _ => {}
        }
        let right = self.visit(second)?;
        if let (Value::Odd(what), _) | (_, Value::Odd(what)) = (&left, &right) {
            return Err(JsoneError::unsupported(*what));
        }
        match sign {
            "==" => Ok(Value::Bool(equals(&left, &right, self.budget)?)),
            "!=" => Ok(Value::Bool(!equals(&left, &right, self.budget)?)),
            "in" => self.contains(&left, &right),
            "<" | "<=" | ">" | ">=" => self.order(sign, &left, &right),
            // The exponent was evaluated first.
            "**" => power(&right, &left),
            sign => self.arithmetic(sign, &left, &right),
        }
    }

    fn contains(&self, left: &Value, right: &Value) -> Result<Value, JsoneError> {
        let found = match (left, right) {
            (Value::Text(key), Value::Map(map)) => map.get(key).is_some(),
            (Value::Text(part), Value::Text(whole)) => {
                self.budget.charge(whole.len() / 8)?;
                whole.contains(&**part)
            }
            (left, Value::List(list)) => {
                let mut found = false;
                for item in list.items() {
                    found = found || equals(left, item, self.budget)?;
                }
                found
            }
            _ => return Err(JsoneError::refused("in wants a text and an object or text, or a list on its right")),
        };
        Ok(Value::Bool(found))
    }

    /// Both of exactly the same type: integers and floats are not compared.
    fn order(&self, sign: &str, left: &Value, right: &Value) -> Result<Value, JsoneError> {
        let order = match (left, right) {
            (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
            (Value::Float(left), Value::Float(right)) => left.partial_cmp(right),
            (Value::Text(left), Value::Text(right)) => {
                self.budget.charge(left.len().min(right.len()) / 16)?;
                Some(left.cmp(right))
            }
            _ => return Err(JsoneError::refused(format!("{sign} wants two numbers or two texts"))),
        };
        // NaN is in no order.
        let Some(order) = order else { return Ok(Value::Bool(false)) };
        Ok(Value::Bool(match sign {
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            _ => order.is_ge(),
        }))
    }

    fn arithmetic(&self, sign: &str, left: &Value, right: &Value) -> Result<Value, JsoneError> {
        if let (Value::Text(left), Value::Text(right), "+") = (left, right, sign) {
            self.budget.charge(left.len() + right.len())?;
            return Ok(Value::text(&format!("{left}{right}")));
        }
        let is_zero = matches!(right, Value::Int(0)) || matches!(right, Value::Float(float) if *float == 0.0);
        match (sign, left, right) {
            ("/", Value::Int(_) | Value::Float(_), _) if is_zero => Err(JsoneError::refused("division by zero")),
            ("/", Value::Int(left), Value::Int(right)) => {
                if left.abs() > EXACT_IN_FLOATS || right.abs() > EXACT_IN_FLOATS {
                    return Err(JsoneError::unsupported("a division of large integers"));
                }
                Ok(Value::Float(*left as f64 / *right as f64))
            }
            (sign, Value::Int(left), Value::Int(right)) => {
                let result = match sign {
                    "+" => left.checked_add(*right),
                    "-" => left.checked_sub(*right),
                    _ => left.checked_mul(*right),
                };
                result.map(Value::Int).ok_or_else(too_large)
            }
            (sign, left, right) => {
                let wrong = || JsoneError::refused(format!("{sign} wants numbers"));
                let (left, right) = (float(left).ok_or_else(wrong)?, float(right).ok_or_else(wrong)?);
                Ok(Value::Float(match sign {
                    "+" => left? + right?,
                    "-" => left? - right?,
                    "*" => left? * right?,
                    _ => left? / right?,
                }))
            }
        }
    }

    fn property(&self, left: &Node, name: &str) -> Result<Value, JsoneError> {
        match self.visit(left)? {
            Value::Map(map) => map.get(name).cloned().ok_or_else(|| JsoneError::refused(format!("there is no {name}"))),
            Value::Odd(what) => Err(JsoneError::unsupported(what)),
            _ => Err(JsoneError::refused(format!("what has .{name} is no object"))),
        }
    }

    fn access(
        &self,
        value: &Node,
        is_interval: bool,
        left: Option<&Node>,
        right: Option<&Node>,
    ) -> Result<Value, JsoneError> {
        let value = self.visit(value)?;
        let left = left.map(|left| self.visit(left)).transpose()?.unwrap_or(Value::Int(0));
        let right = right.map(|right| self.visit(right)).transpose()?;
        match (&value, &left) {
            (Value::Odd(what), _) | (_, Value::Odd(what)) => Err(JsoneError::unsupported(*what)),
            (Value::List(list), _) if is_interval => {
                let (from, to) = bounds(&left, right.as_ref(), list.items().len())?;
                let items = list.items().get(from..to.max(from)).unwrap_or_default().to_vec();
                self.budget.charge(items.len())?;
                Ok(Value::list(items))
            }
            (Value::Text(text), _) if is_interval => {
                self.budget.charge(text.len())?;
                let (from, to) = bounds(&left, right.as_ref(), text.chars().count())?;
                let part: String = text.chars().skip(from).take(to.saturating_sub(from)).collect();
                Ok(Value::text(&part))
            }
            (Value::List(list), _) => {
                let items = list.items();
                place(&left, items.len()).map(|index| items.get(index).cloned().unwrap_or(Value::Null))
            }
            (Value::Text(text), _) => {
                self.budget.charge(text.len())?;
                let index = place(&left, text.chars().count())?;
                Ok(Value::text(&text.chars().skip(index).take(1).collect::<String>()))
            }
            // An interval of an object is the value of its beginning.
            (Value::Map(map), Value::Text(key)) => Ok(map.get(key).cloned().unwrap_or(Value::Null)),
            (Value::Map(_), _) => Err(JsoneError::refused("an object's keys are texts")),
            _ => Err(JsoneError::refused("brackets want a list, a text or an object")),
        }
    }

    fn call(&self, function: &Node, arguments: &[Node]) -> Result<Value, JsoneError> {
        let called = self.visit(function)?;
        let Value::Function(called) = called else {
            return Err(if let Value::Odd(what) = called {
                JsoneError::unsupported(what)
            } else {
                JsoneError::refused("what is called is no function")
            });
        };
        let arguments: Vec<Value> = arguments.iter().map(|argument| self.visit(argument)).collect::<Result<_, _>>()?;
        if let Some(Value::Odd(what)) = arguments.iter().find(|argument| matches!(argument, Value::Odd(_))) {
            return Err(JsoneError::unsupported(*what));
        }
        match called {
            Function::Builtin(builtin) => {
                let result = builtins::call(builtin, &arguments, self.scope, self.budget)?;
                self.sized(result)
            }
            Function::Lookup(table) => match arguments.as_slice() {
                [Value::Text(name)] => {
                    let known = table.known.iter().find(|(known, _)| *known == **name);
                    Ok(Value::text(known.map_or(table.otherwise.as_str(), |(_, gives)| gives)))
                }
                [Value::List(_) | Value::Map(_)] => Err(JsoneError::refused("a list or object can't be looked up")),
                [_] => Ok(Value::text(&table.otherwise)),
                _ => Err(JsoneError::refused("the function wants one argument")),
            },
        }
    }
}

/// Holds a container to the limit of depth.
pub(super) fn sized(value: Value, budget: &Budget) -> Result<Value, JsoneError> {
    if value.depth() > budget.limits().value_depth { Err(JsoneError::Limit("levels of values")) } else { Ok(value) }
}

fn too_large() -> JsoneError {
    JsoneError::unsupported("an integer of more than 128 bits")
}

fn number(text: &str) -> Result<Value, JsoneError> {
    if text.contains('.') {
        // Digits and a point always parse.
        return Ok(Value::Float(text.parse().unwrap_or(f64::NAN)));
    }
    text.parse().map(Value::Int).map_err(|_| too_large())
}

/// A number as Python's arithmetic takes it together with a float; `None` of what is no number.
fn float(value: &Value) -> Option<Result<f64, JsoneError>> {
    match value {
        Value::Float(float) => Some(Ok(*float)),
        // Larger ones are rounded by rules of Python's own in a division alone; here to the nearest, as `as` does.
        Value::Int(int) => Some(Ok(*int as f64)),
        Value::Null
        | Value::Bool(_)
        | Value::Text(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Stamp(_)
        | Value::Function(_)
        | Value::Odd(_)
        | Value::Deleted => None,
    }
}

/// Python's `base ** exponent`.
fn power(base: &Value, exponent: &Value) -> Result<Value, JsoneError> {
    if let (Value::Int(base), Value::Int(exponent)) = (base, exponent)
        && *exponent >= 0
    {
        if matches!(base, -1..=1) {
            let is_odd = exponent % 2 != 0;
            return Ok(Value::Int(if *exponent == 0 || (*base == -1 && !is_odd) { 1 } else { *base }));
        }
        let exponent = u32::try_from(*exponent).map_err(|_| too_large())?;
        return base.checked_pow(exponent).map(Value::Int).ok_or_else(too_large);
    }
    let wrong = || JsoneError::refused("** wants numbers");
    let (base, exponent) = (float(base).ok_or_else(wrong)??, float(exponent).ok_or_else(wrong)??);
    if base == 0.0 && exponent < 0.0 {
        return Err(JsoneError::refused("zero to a negative power"));
    }
    if base < 0.0 && base.is_finite() && exponent.is_finite() && exponent.fract() != 0.0 {
        return Err(JsoneError::unsupported("a complex number"));
    }
    let result = base.powf(exponent);
    if result.is_infinite() && base.is_finite() && exponent.is_finite() {
        return Err(JsoneError::refused("a power is too large"));
    }
    Ok(Value::Float(result))
}

/// An index as Python takes it: integers, and booleans, which are integers.
fn index(value: &Value) -> Option<i128> {
    match value {
        Value::Int(int) => Some(*int),
        Value::Bool(bool) => Some(i128::from(*bool)),
        Value::Null
        | Value::Float(_)
        | Value::Text(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Stamp(_)
        | Value::Function(_)
        | Value::Odd(_)
        | Value::Deleted => None,
    }
}

/// The place of an element, counted from the end where the index is negative.
fn place(value: &Value, length: usize) -> Result<usize, JsoneError> {
    let index = index(value).ok_or_else(|| JsoneError::refused("an index is no integer"))?;
    let index = if index < 0 { index + length as i128 } else { index };
    usize::try_from(index).ok().filter(|index| *index < length).ok_or_else(|| JsoneError::refused("no such element"))
}

/// The ends of an interval, as Python's slices have them.
fn bounds(left: &Value, right: Option<&Value>, length: usize) -> Result<(usize, usize), JsoneError> {
    let end = |value: Option<&Value>, otherwise: usize| match value {
        None | Some(Value::Null) => Ok(otherwise),
        Some(value) => {
            let index = index(value).ok_or_else(|| JsoneError::refused("an interval's end is no integer"))?;
            let index = if index < 0 { index + length as i128 } else { index };
            Ok(usize::try_from(index.max(0)).unwrap_or(usize::MAX).min(length))
        }
    };
    Ok((end(Some(left), 0)?, end(right, length)?))
}
