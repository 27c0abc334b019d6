//! A rebuilt task beside a definition, as scriptworker compares them (`compare_jsone_task_definition`, with
//! `dictdiffer`).

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "containers, numbers and texts are compared in their own ways, and everything else as a whole"
)]

use super::{Step, Workings, refuse};
use crate::formats::json::{self, to_compact_string};
use crate::formats::jsone::Value;
use crate::model::{Difference, DifferenceKind, QueueFields, RebuildOutcome, Recipe};

/// The most bytes of a value in a difference.
const EXCERPT_MAX: usize = 1024;

/// The most differences that are kept of a rebuilt task.
const DIFFERENCES_MAX: usize = 100;

/// The most values that one comparison looks at: several rebuilt tasks beside a definition. Real ones have some hundreds
/// each.
const STEPS_MAX: u64 = 2_000_000;

/// Two numbers count as equal that differ by this part of the greater (`sys.float_info.epsilon`).
const TOLERANCE: f64 = f64::EPSILON;

/// Compares the tasks that a template gave with a definition. The first that does not differ settles it.
pub(super) fn compare(
    rendered: &Value,
    definition: &json::Value,
    recipe: &Recipe,
    workings: &mut Workings,
) -> Step<RebuildOutcome> {
    // Releases before 13.0.0 rendered one task.
    let tasks = match rendered.get("tasks") {
        Some(tasks) => tasks.as_list().map(|tasks| tasks.items().to_vec()),
        None if recipe.rendering == crate::model::Rendering::FirstTask => Some(vec![rendered.clone()]),
        None => None,
    };
    let Some(tasks) = tasks else { return refuse("the template gives no list of tasks") };
    workings.rebuild.tasks = tasks.len();
    let definition = normal(&Value::of_json(definition), recipe)?;
    workings.definition = Some(definition.clone());
    let mut nearest: Option<(usize, Vec<Difference>, Value)> = None;
    let mut steps = STEPS_MAX;
    for task in tasks {
        let Some(map) = task.as_map() else { return refuse("the template gives a task that is no object") };
        let task = normal(&Value::Map(std::rc::Rc::new(map.without("taskId"))), recipe)?;
        let mut differ = Differ { found: Vec::new(), count: 0, steps };
        differ.compare(&task, &definition, &mut String::new())?;
        steps = differ.steps;
        let is_nearer = nearest.as_ref().is_none_or(|(known, ..)| differ.count < *known);
        if is_nearer {
            nearest = Some((differ.count, differ.found, task));
        }
        if nearest.as_ref().is_some_and(|(count, ..)| *count == 0) {
            break;
        }
    }
    let Some((_, differences, task)) = nearest else { return refuse("the template gives no task") };
    let outcome = if differences.is_empty() { RebuildOutcome::Matches } else { RebuildOutcome::Differs };
    workings.rebuild.differences = differences;
    workings.nearest = Some(task);
    Ok(outcome)
}

/// A task as it is compared: without what is empty, and with what the queue fills in.
fn normal(task: &Value, recipe: &Recipe) -> Step<Value> {
    let task = without_empty(task);
    if recipe.contexts.queue_fields == QueueFields::AsTheyAre {
        return Ok(task);
    }
    let Some(map) = task.as_map() else { return refuse("the definition is no object") };
    let text = |name: &str| map.get(name).and_then(Value::as_text);
    let queue = match map.get("taskQueueId") {
        Some(queue) => queue.clone(),
        None => match text("provisionerId").zip(text("workerType")) {
            Some((provisioner, worker_type)) => Value::text(&format!("{provisioner}/{worker_type}")),
            None => return refuse("a task names no worker pool"),
        },
    };
    let project = map.get("projectId").cloned().unwrap_or_else(|| Value::text("none"));
    let replaced = ["projectId", "taskQueueId", "provisionerId", "workerType"];
    let rest = map.iter().filter(|(key, _)| !replaced.contains(&&***key));
    let rest = rest.map(|(key, value)| (key.clone(), value.clone()));
    Ok(Value::map(rest.chain([("projectId".into(), project), ("taskQueueId".into(), queue)])))
}

/// A value without the empty ones in it, once from above: what becomes empty by that stays (`remove_empty_keys`).
fn without_empty(value: &Value) -> Value {
    match value {
        Value::Map(map) => Value::map(
            map.iter().filter(|(_, value)| !is_empty(value)).map(|(key, value)| (key.clone(), without_empty(value))),
        ),
        Value::List(list) => {
            Value::list(list.items().iter().filter(|value| !is_empty(value)).map(without_empty).collect())
        }
        other => other.clone(),
    }
}

/// Nothing, an empty container, or the text `null`.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => &**text == "null",
        Value::List(list) => list.items().is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

/// Collects differences.
struct Differ {
    /// The first of them.
    found: Vec<Difference>,
    /// How many there are.
    count: usize,
    /// How many values may still be looked at.
    steps: u64,
}

impl Differ {
    fn compare(&mut self, left: &Value, right: &Value, pointer: &mut String) -> Step<()> {
        self.step()?;
        match (left, right) {
            (Value::Map(left), Value::Map(right)) => {
                for (key, value) in left.iter() {
                    self.inside(key, Some(value), right.get(key), pointer)?;
                }
                for (key, value) in right.iter().filter(|(key, _)| left.get(key).is_none()) {
                    self.inside(key, None, Some(value), pointer)?;
                }
            }
            (Value::List(left), Value::List(right)) => {
                let (left, right) = (left.items(), right.items());
                for index in 0..left.len().max(right.len()) {
                    self.inside(&index.to_string(), left.get(index), right.get(index), pointer)?;
                }
            }
            _ if are_equal(left, right)? => {}
            _ => self.add(Some(left), Some(right), pointer),
        }
        Ok(())
    }

    fn inside(&mut self, key: &str, left: Option<&Value>, right: Option<&Value>, pointer: &mut String) -> Step<()> {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
        let compared = match (left, right) {
            (Some(left), Some(right)) => self.compare(left, right, pointer),
            (left, right) => {
                self.add(left, right, pointer);
                self.step()
            }
        };
        pointer.truncate(length);
        compared
    }

    fn step(&mut self) -> Step<()> {
        match self.steps.checked_sub(1) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => Err(super::Stop::Unsettled("the template gives more than is compared".to_owned())),
        }
    }

    fn add(&mut self, left: Option<&Value>, right: Option<&Value>, pointer: &str) {
        let kind = match (left, right) {
            (Some(_), None) => DifferenceKind::LeftOnly,
            (None, Some(_)) => DifferenceKind::RightOnly,
            _ => DifferenceKind::Changed,
        };
        self.count += 1;
        if self.found.len() < DIFFERENCES_MAX {
            let (left, right) = (left.map(excerpt), right.map(excerpt));
            self.found.push(Difference { pointer: pointer.to_owned(), kind, left, right });
        }
    }
}

fn excerpt(value: &Value) -> String {
    let mut text = match (value, value.to_json()) {
        (_, Ok(json)) => to_compact_string(&json),
        (_, Err(error)) => format!("({error})"),
    };
    if text.len() > EXCERPT_MAX {
        let end = text.floor_char_boundary(EXCERPT_MAX);
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Whether two values that are not both mappings, or both lists, are the same to `dictdiffer`.
fn are_equal(left: &Value, right: &Value) -> Step<bool> {
    use super::Stop;
    Ok(match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Text(left), Value::Text(right)) => left == right,
        (Value::Odd(what), _) | (_, Value::Odd(what)) => {
            return Err(Stop::Unsettled(format!("what Python makes of {what} is not known")));
        }
        _ => match (number(left), number(right)) {
            (Some(left), Some(right)) => {
                if left.0 == right.0 && left.1 == right.1 {
                    return Ok(true);
                }
                let (left, right) = (left.1, right.1);
                if left.is_nan() || right.is_nan() {
                    return Ok(left.is_nan() && right.is_nan());
                }
                // What is infinite is near nothing (`math.isclose`).
                let is_finite = left.is_finite() && right.is_finite();
                left == right || (is_finite && (left - right).abs() <= TOLERANCE * left.abs().max(right.abs()))
            }
            _ => false,
        },
    })
}

/// A number exactly, where it is whole, and as a float.
#[expect(clippy::cast_precision_loss, reason = "dictdiffer compares as floats what is not equal")]
fn number(value: &Value) -> Option<(Option<i128>, f64)> {
    match value {
        Value::Bool(bool) => Some((Some(i128::from(*bool)), f64::from(u8::from(*bool)))),
        Value::Int(int) => Some((Some(*int), *int as f64)),
        Value::Float(float) => Some((None, *float)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_infinite_is_near_nothing_else() {
        let (inf, nan) = (f64::INFINITY, f64::NAN);
        for (left, right, expected) in [
            (inf, 1800.0, false),
            (1800.0, inf, false),
            (inf, -inf, false),
            (inf, inf, true),
            (nan, nan, true),
            (nan, 1.0, false),
            (nan, inf, false),
            (0.3, 0.1 + 0.2, true),
        ] {
            assert_eq!(are_equal(&Value::Float(left), &Value::Float(right)), Ok(expected), "{left} {right}");
        }
    }
}
