//! The functions that JSON-e brings.

use super::compare::{is_space, python_str, to_str};
use super::error::JsoneError;
use super::from_now::from_now;
use super::limits::Budget;
use super::scope::Scope;
use super::value::Value;

macro_rules! builtins {
    ($($variant:ident $name:literal;)*) => {
        /// A function that JSON-e brings.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Builtin {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Builtin {
            pub(super) fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

builtins! {
    Min "min"; Max "max"; Sqrt "sqrt"; Abs "abs"; Ceil "ceil"; Floor "floor"; Range "range";
    Lowercase "lowercase"; Uppercase "uppercase"; Len "len"; Str "str"; Number "number";
    Strip "strip"; Rstrip "rstrip"; Lstrip "lstrip"; Join "join"; Split "split"; FromNow "fromNow";
    Typeof "typeof"; Defined "defined";
}

/// Calls a function.
pub(super) fn call(builtin: Builtin, arguments: &[Value], scope: &Scope, budget: &Budget) -> Result<Value, JsoneError> {
    let invalid = || JsoneError::refused(format!("{} is given something that it does not take", builtin.name()));
    let length: usize = arguments.iter().filter_map(Value::as_text).map(str::len).sum();
    budget.charge(length)?;
    match (builtin, arguments) {
        (Builtin::Min | Builtin::Max, numbers) => extreme(numbers, builtin == Builtin::Max).ok_or_else(invalid)?,
        (Builtin::Sqrt, [number]) => {
            let number = float(number).filter(|number| *number >= 0.0 || number.is_nan()).ok_or_else(invalid)?;
            Ok(Value::Float(number.sqrt()))
        }
        (Builtin::Abs, [Value::Int(int)]) => Ok(Value::Int(int.checked_abs().ok_or_else(invalid)?)),
        (Builtin::Abs, [Value::Float(float)]) => Ok(Value::Float(float.abs())),
        (Builtin::Ceil | Builtin::Floor, [Value::Int(int)]) => Ok(Value::Int(*int)),
        (Builtin::Ceil | Builtin::Floor, [Value::Float(float)]) => {
            let rounded = if builtin == Builtin::Ceil { float.ceil() } else { float.floor() };
            whole(rounded)
        }
        (Builtin::Range, arguments) => range(arguments, budget),
        (Builtin::Lowercase, [Value::Text(text)]) => Ok(Value::text(&text.to_lowercase())),
        (Builtin::Uppercase, [Value::Text(text)]) => Ok(Value::text(&text.to_uppercase())),
        (Builtin::Len, [Value::Text(text)]) => Ok(Value::Int(text.chars().count() as i128)),
        (Builtin::Len, [Value::List(list)]) => Ok(Value::Int(list.items().len() as i128)),
        (Builtin::Str, [value @ (Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_))]) => {
            to_str(value).map(|text| Value::text(&text))
        }
        (Builtin::Number, [Value::Text(text)]) => python_float(text).map(Value::Float),
        (Builtin::Strip, [Value::Text(text)]) => Ok(Value::text(text.trim_matches(is_space))),
        (Builtin::Rstrip, [Value::Text(text)]) => Ok(Value::text(text.trim_end_matches(is_space))),
        (Builtin::Lstrip, [Value::Text(text)]) => Ok(Value::text(text.trim_start_matches(is_space))),
        (Builtin::Join, [Value::List(list), by @ (Value::Text(_) | Value::Int(_) | Value::Float(_))]) => {
            let texts: Vec<String> = list.items().iter().map(python_str).collect::<Result<_, _>>()?;
            let by = python_str(by)?;
            budget.charge(texts.iter().map(|text| text.len() + by.len()).sum())?;
            Ok(Value::text(&texts.join(&by)))
        }
        (Builtin::Split, [Value::Text(text), by @ (Value::Text(_) | Value::Int(_) | Value::Float(_))]) => {
            split(text, by, budget)
        }
        (Builtin::FromNow, [Value::Text(offset)]) => from_now_or_now(offset, "", scope),
        (Builtin::FromNow, [Value::Text(offset), Value::Text(reference)]) => from_now_or_now(offset, reference, scope),
        (Builtin::Typeof, [value]) => type_of(value).map(Value::text).ok_or_else(invalid),
        (Builtin::Defined, [Value::Text(name)]) => Ok(Value::Bool(scope.get(name).is_some())),
        _ => Err(invalid()),
    }
}

/// The moment so long from another, or from the variable `now`.
fn from_now_or_now(offset: &str, reference: &str, scope: &Scope) -> Result<Value, JsoneError> {
    if reference.is_empty() { of_now(offset, scope.get("now")) } else { Ok(Value::text(&from_now(offset, reference)?)) }
}

/// The moment so long from a value that should be one.
pub(super) fn of_now(offset: &str, now: Option<Value>) -> Result<Value, JsoneError> {
    match now {
        Some(Value::Text(now)) => Ok(Value::text(&from_now(offset, &now)?)),
        // Python reads the clock.
        None | Some(Value::Null) => Err(JsoneError::unsupported("a moment counted from the present")),
        Some(Value::Stamp(_) | Value::Odd(_)) => Err(JsoneError::unsupported("a moment counted from a date")),
        Some(_) => Err(JsoneError::refused("now is no text")),
    }
}

fn float(value: &Value) -> Option<f64> {
    if let Value::Int(int) = value {
        return Some(*int as f64);
    }
    if let Value::Float(float) = value { Some(*float) } else { None }
}

/// The least or largest of at least two numbers, the first of equal ones. Python's `min` refuses one alone.
fn extreme(numbers: &[Value], is_max: bool) -> Option<Result<Value, JsoneError>> {
    let (first, rest) = numbers.split_first().filter(|(_, rest)| !rest.is_empty())?;
    let mut best = first;
    float(first)?;
    for value in rest {
        let (here, there) = (float(value)?, float(best)?);
        let exact = match (value, best) {
            (Value::Int(here), Value::Int(there)) => here.partial_cmp(there),
            _ => here.partial_cmp(&there),
        };
        let Some(order) = exact else { return Some(Err(JsoneError::unsupported("the order of NaN"))) };
        if if is_max { order.is_gt() } else { order.is_lt() } {
            best = value;
        }
    }
    Some(Ok(best.clone()))
}

/// The integer that a rounded float is.
fn whole(float: f64) -> Result<Value, JsoneError> {
    if !float.is_finite() {
        return Err(JsoneError::refused("what is not finite can't be rounded"));
    }
    if float.abs() >= 1e38 {
        return Err(JsoneError::unsupported("an integer of more than 128 bits"));
    }
    Ok(Value::Int(float as i128))
}

/// Python's `range`; booleans are integers.
fn range(arguments: &[Value], budget: &Budget) -> Result<Value, JsoneError> {
    let invalid = || JsoneError::refused("range wants two or three integers, and a step other than 0");
    let integer = |value: &Value| match value {
        Value::Int(int) => Some(*int),
        Value::Bool(bool) => Some(i128::from(*bool)),
        _ => None,
    };
    let integers: Option<Vec<i128>> = arguments.iter().map(integer).collect();
    let (mut next, stop, step) = match integers.as_deref() {
        Some([start, stop]) => (*start, *stop, 1),
        Some([start, stop, step]) if *step != 0 => (*start, *stop, *step),
        _ => return Err(invalid()),
    };
    let mut items = Vec::new();
    while if step > 0 { next < stop } else { next > stop } {
        budget.charge(0)?;
        items.push(Value::Int(next));
        let Some(after) = next.checked_add(step) else { break };
        next = after;
    }
    Ok(Value::list(items))
}

fn split(text: &str, by: &Value, budget: &Budget) -> Result<Value, JsoneError> {
    let by = if by.is_truthy()? { to_str(by)? } else { String::new() };
    let parts: Vec<Value> = if by.is_empty() {
        text.chars().map(|c| Value::text(c.encode_utf8(&mut [0; 4]))).collect()
    } else {
        text.split(&by).map(Value::text).collect()
    };
    budget.charge(parts.len())?;
    Ok(Value::list(parts))
}

/// Python's `float(text)`.
fn python_float(text: &str) -> Result<f64, JsoneError> {
    let invalid = || JsoneError::refused(format!("{text:?} is no number"));
    let trimmed = text.trim_matches(is_space);
    if !trimmed.is_ascii() {
        // Python takes digits of any script.
        return Err(JsoneError::unsupported("a number in other than ASCII digits"));
    }
    let bytes = trimmed.as_bytes();
    let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let well_joined =
        |(at, byte): (usize, &u8)| *byte != b'_' || (is_digit(at.checked_sub(1)) && is_digit(at.checked_add(1)));
    let plain = trimmed.replace('_', "");
    let word = plain.trim_start_matches(['+', '-']).to_ascii_lowercase();
    let is_number = word.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let is_known = is_number || matches!(word.as_str(), "inf" | "infinity" | "nan");
    if !is_known || !bytes.iter().enumerate().all(well_joined) {
        return Err(invalid());
    }
    plain.parse().map_err(|_| invalid())
}

/// What JSON-e calls the type of a value; `None` of what it does not take.
const fn type_of(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::Bool(_) => "boolean",
        Value::Text(_) => "string",
        Value::Int(_) | Value::Float(_) => "number",
        Value::List(_) => "array",
        Value::Map(_) => "object",
        Value::Null => "null",
        Value::Function(_) | Value::Deleted => "function",
        Value::Stamp(_) | Value::Odd(_) => return None,
    })
}
