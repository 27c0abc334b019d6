//! The variables that a template sees.

use std::rc::Rc;

use super::builtins::Builtin;
use super::value::{Function, Value};

/// Variables, over those of the template around.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    variables: Vec<(Rc<str>, Value)>,
    outer: Option<Rc<Self>>,
}

impl Scope {
    /// The outermost scope.
    pub(super) fn new(variables: Vec<(Rc<str>, Value)>) -> Rc<Self> {
        Rc::new(Self { variables, outer: None })
    }

    /// A scope with these variables over another.
    pub(super) fn over(outer: &Rc<Self>, variables: Vec<(Rc<str>, Value)>) -> Rc<Self> {
        Rc::new(Self { variables, outer: Some(Rc::clone(outer)) })
    }

    /// What a name stands for; JSON-e's own functions last.
    pub(super) fn get(&self, name: &str) -> Option<Value> {
        let mut scope = Some(self);
        while let Some(here) = scope {
            // Later ones of a scope stand for the same dictionary, set again.
            if let Some((_, value)) = here.variables.iter().rev().find(|(known, _)| &**known == name) {
                return Some(value.clone());
            }
            scope = here.outer.as_deref();
        }
        Builtin::named(name).map(|builtin| Value::Function(Function::Builtin(builtin)))
    }

    /// How many scopes lie over each other: what a look-up may cost.
    pub(super) fn depth(&self) -> usize {
        let mut depth = 0;
        let mut scope = Some(self);
        while let Some(here) = scope {
            depth += here.variables.len();
            scope = here.outer.as_deref();
        }
        depth
    }
}
