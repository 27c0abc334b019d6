//! A list that words narrow, and that is searched by words.

use super::{Purpose, Step};
use crate::tui::keymap::Action;

/// By which words a list is narrowed, and which are sought in it.
#[derive(Debug, Default)]
pub(super) struct Narrowing {
    pub(super) filter: String,
    pub(super) found: String,
}

/// What an action asks of a list.
pub(super) enum Narrowed {
    /// To be made anew.
    List,
    /// To go to the next line that has what is sought, or with `true` to the one before.
    Search(bool),
    /// To have something typed.
    Type(Step),
}

impl Narrowing {
    /// The words of the filter.
    pub(super) fn words(&self) -> Vec<String> {
        self.filter.to_lowercase().split_whitespace().map(str::to_owned).collect()
    }

    /// What is sought, as one word.
    pub(super) fn sought(&self) -> Vec<String> {
        vec![self.found.to_lowercase()]
    }

    /// What an action asks for; `None`: it is none of these.
    pub(super) fn act(&mut self, action: Action) -> Option<Narrowed> {
        let typed = |purpose, label, text| Narrowed::Type(Step::Type { purpose, label, text });
        Some(match action {
            Action::Filter => typed(Purpose::Filter, "filter", self.filter.clone()),
            Action::DropChip if !self.filter.is_empty() => {
                let kept = self.filter.trim_end().rfind(' ').unwrap_or_default();
                self.filter.truncate(kept);
                Narrowed::List
            }
            Action::Search => typed(Purpose::Search, "/", String::new()),
            Action::SearchNext => Narrowed::Search(false),
            Action::SearchBack => Narrowed::Search(true),
            _ => return None,
        })
    }

    /// Takes what is typed; `is_here`: whether the line under the cursor has these words.
    pub(super) fn typed(
        &mut self,
        purpose: Purpose,
        text: &str,
        is_done: bool,
        is_here: impl Fn(&[String]) -> bool,
    ) -> Option<Narrowed> {
        match purpose {
            Purpose::Filter => {
                text.clone_into(&mut self.filter);
                Some(Narrowed::List)
            }
            Purpose::Search if !text.is_empty() => {
                text.clone_into(&mut self.found);
                (!is_done && !is_here(&self.sought())).then_some(Narrowed::Search(false))
            }
            Purpose::Search | Purpose::AsOf | Purpose::Distrust | Purpose::Export | Purpose::Note => None,
        }
    }
}
