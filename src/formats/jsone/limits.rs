//! What a rendering may use.

use std::cell::Cell;

use super::error::JsoneError;

/// The limits of a rendering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Steps: nodes visited, and characters, elements and keys that are copied or compared.
    pub steps: u64,
    /// How deep templates may be nested.
    pub template_depth: u32,
    /// How deep expressions may be nested.
    pub expression_depth: u32,
    /// How deep values may be nested.
    pub value_depth: u16,
}

/// The limits for the templates of a tree. The largest real renderings take some 10,000 steps; real templates are nested 30
/// deep and their expressions 6. Python itself gives up at some 300 and 100.
pub const LIMITS: Limits = Limits { steps: 2_000_000, template_depth: 100, expression_depth: 60, value_depth: 400 };

/// What is left of the limits.
#[derive(Debug)]
pub(super) struct Budget {
    limits: Limits,
    steps: Cell<u64>,
    templates: Cell<u32>,
}

impl Budget {
    pub(super) const fn new(limits: Limits) -> Self {
        Self { limits, steps: Cell::new(limits.steps), templates: Cell::new(0) }
    }

    /// Takes so many steps, and one more.
    pub(super) fn charge(&self, steps: usize) -> Result<(), JsoneError> {
        let left = self.steps.get().checked_sub(steps as u64 + 1).ok_or(JsoneError::Limit("steps"))?;
        self.steps.set(left);
        Ok(())
    }

    /// Goes a template deeper while something is done.
    pub(super) fn deeper<T>(&self, action: impl FnOnce() -> Result<T, JsoneError>) -> Result<T, JsoneError> {
        let depth = self.templates.get();
        if depth >= self.limits.template_depth {
            return Err(JsoneError::Limit("levels of templates"));
        }
        self.templates.set(depth + 1);
        let done = action();
        self.templates.set(depth);
        done
    }

    pub(super) const fn limits(&self) -> Limits {
        self.limits
    }
}
