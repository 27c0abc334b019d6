//! A rule book as single figures, by which two are compared.

use std::collections::BTreeSet;

use serde_json::Value;

use super::book::RuleBook;

/// One figure: where it stands, and what it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Figure {
    /// The names on the way to it, such as `products`, `firefox`, `trees`, `esr`.
    pub place: Vec<String>,
    /// It.
    pub value: String,
}

impl RuleBook {
    /// Its figures, but for what only names the book: each member of a list is one, each text, number and switch.
    pub fn figures(&self) -> BTreeSet<Figure> {
        let mut figures = BTreeSet::new();
        let mut whole = serde_json::to_value(self).unwrap_or_default();
        if let Some(whole) = whole.as_object_mut() {
            for name in ["ruleBookVersion", "id", "description", "readInFull"] {
                whole.remove(name);
            }
        }
        collect(&whole, &mut Vec::new(), &mut figures);
        figures
    }
}

fn collect(value: &Value, place: &mut Vec<String>, figures: &mut BTreeSet<Figure>) {
    match value {
        Value::Object(members) if is_one_figure(members) => {
            figures.insert(Figure { place: place.clone(), value: value.to_string() });
        }
        Value::Object(members) => {
            for (name, member) in members {
                place.push(name.clone());
                collect(member, place, figures);
                place.pop();
            }
        }
        Value::Array(members) => members.iter().for_each(|member| collect(member, place, figures)),
        Value::String(text) => {
            figures.insert(Figure { place: place.clone(), value: text.clone() });
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            figures.insert(Figure { place: place.clone(), value: value.to_string() });
        }
    }
}

/// A rule of version control, or something that is not checked: read as a whole.
fn is_one_figure(members: &serde_json::Map<String, Value>) -> bool {
    members.contains_key("path") || members.contains_key("what")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_releases_differ_in_the_figures_that_changed() {
        let figures = |id: &str| RuleBook::named(id).unwrap().figures();
        let (old, new) = (figures("11.1.0"), figures("12.0.0"));
        let gone: Vec<String> = old.difference(&new).map(|figure| figure.place.join(" ")).collect();
        assert!(gone.iter().any(|place| place == "products firefox imageDigests decision"), "{gone:?}");
        assert!(new.difference(&old).any(|figure| figure.place == ["switches", "rebuild", "how"]));
        assert_eq!(figures("48.0.0").difference(&figures("48.0.0")).count(), 0);
    }
}
