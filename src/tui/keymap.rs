//! What can be done, and with which keys. Help, the palette and the hints at the foot of the screen are made from this
//! table; nothing else knows a key.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Something that a user can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    Quit,
    Back,
    Forward,
    Help,
    Palette,
    Overview,
    Tasks,
    Graph,
    Chain,
    Time,
    Keys,
    Findings,
    Notes,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Top,
    Bottom,
    Open,
    Next,
    Previous,
    Search,
    SearchNext,
    SearchBack,
    Filter,
    DropChip,
    Sort,
    Turn,
    Fold,
    Hex,
    Why,
    Mark,
    Focus,
    Walk,
    Explain,
    Distrust,
    DistrustNone,
    AsOf,
    Then,
    Now,
    DayBack,
    DayOn,
    WeekBack,
    WeekOn,
    EventBack,
    EventOn,
    Compare,
    SpanBegin,
    SpanEnd,
    ZoomIn,
    ZoomOut,
    ZoomWhole,
    Note,
    Withdraw,
    Copy,
    Export,
    Twin,
    Refresh,
    Cancel,
    Mouse,
    Redraw,
    Suspend,
}

/// Where a key means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Overview,
    Tasks,
    Graph,
    Chain,
    Link,
    Time,
    Keys,
    Findings,
    Document,
    Notes,
    Help,
}

impl Place {
    /// The word for it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Tasks => "tasks",
            Self::Graph => "graph",
            Self::Chain => "chain",
            Self::Link => "link",
            Self::Time => "time",
            Self::Keys => "keys",
            Self::Findings => "findings",
            Self::Document => "document",
            Self::Notes => "notes",
            Self::Help => "help",
        }
    }
}

/// An action with its name, its keys, and where it can be done.
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) action: Action,
    /// The name that the palette knows.
    pub(super) name: &'static str,
    /// What it does, for help.
    pub(super) does: &'static str,
    pub(super) keys: &'static [&'static str],
    /// Where; empty: everywhere.
    pub(super) places: &'static [Place],
    /// A short word at the foot of the screen; empty: not there.
    pub(super) hint: &'static str,
}

const fn anywhere(
    action: Action,
    name: &'static str,
    does: &'static str,
    keys: &'static [&'static str],
    hint: &'static str,
) -> Binding {
    Binding { action, name, does, keys, places: &[], hint }
}

const fn at(
    places: &'static [Place],
    action: Action,
    name: &'static str,
    does: &'static str,
    keys: &'static [&'static str],
    hint: &'static str,
) -> Binding {
    Binding { action, name, does, keys, places, hint }
}

use Place as P;

/// Where there is more than one part.
const TABBED: &[Place] = &[P::Link, P::Keys, P::Findings];

/// Where there is something to search.
const SEARCHED: &[Place] = &[P::Tasks, P::Graph, P::Chain, P::Link, P::Keys, P::Findings, P::Document, P::Notes];

/// Every binding. Of two for one key, the first whose place fits counts: special ones stand before those for everywhere.
pub(super) const BINDINGS: &[Binding] = &[
    at(&[P::Time], Action::DayBack, "day-back", "move the moment back a day", &["Left", "h"], "day back"),
    at(&[P::Time], Action::DayOn, "day-on", "move the moment on a day", &["Right", "l"], "day on"),
    at(&[P::Time], Action::WeekBack, "week-back", "move the moment back a week", &["H", "Shift-Left"], "week"),
    at(&[P::Time], Action::WeekOn, "week-on", "move the moment on a week", &["L", "Shift-Right"], ""),
    at(&[P::Time], Action::EventBack, "event-back", "move the moment to the event before", &["["], "event before"),
    at(&[P::Time], Action::EventOn, "event-on", "move the moment to the next event", &["]"], "next event"),
    at(
        &[P::Time],
        Action::Compare,
        "compare",
        "set the second mark here, or take it away: what differs between the two is listed",
        &["m"],
        "second mark",
    ),
    at(&[P::Time, P::Keys], Action::ZoomIn, "zoom-in", "show half as much time", &["+", "="], "zoom"),
    at(&[P::Time, P::Keys], Action::ZoomOut, "zoom-out", "show twice as much time", &["-"], ""),
    at(&[P::Time, P::Keys], Action::ZoomWhole, "zoom-whole", "show the whole time", &["0"], ""),
    at(&[P::Time], Action::SpanBegin, "span-begin", "move the moment to the first event", &["Home"], ""),
    at(&[P::Time], Action::SpanEnd, "span-end", "move the moment to the last event, or the present", &["End"], ""),
    at(&[P::Time], Action::Next, "lane", "let [ and ] go by the next row of events alone, or by all", &["Tab"], "row"),
    at(&[P::Time], Action::Previous, "lane-before", "the same, the row before", &["BackTab"], ""),
    at(
        &[P::Tasks, P::Notes, P::Findings],
        Action::Filter,
        "filter",
        "narrow the list: fields such as verdict:refuted, or words",
        &["f"],
        "filter",
    ),
    at(
        &[P::Tasks, P::Notes, P::Findings],
        Action::DropChip,
        "drop-chip",
        "take the last chip of the filter away",
        &["Backspace"],
        "",
    ),
    at(&[P::Tasks, P::Findings], Action::Sort, "sort", "sort by the next column", &["s"], "sort"),
    at(&[P::Tasks, P::Findings], Action::Turn, "turn", "turn the order round", &["S"], ""),
    at(
        &[P::Graph],
        Action::Why,
        "why",
        "the paths from this task to the tree, or between two marked tasks",
        &["w"],
        "why",
    ),
    at(&[P::Graph], Action::Mark, "mark", "mark this task as the other end of why", &["m"], "mark"),
    at(
        &[P::Graph],
        Action::Focus,
        "focus",
        "hide all tasks but those that the filter of the task list matches",
        &["z"],
        "focus",
    ),
    at(
        &[P::Graph],
        Action::Walk,
        "walk",
        "count what rests on this task and what it rests on, however far away",
        &["x"],
        "reach",
    ),
    at(
        &[P::Link, P::Graph, P::Chain, P::Tasks],
        Action::Copy,
        "copy",
        "copy the task id to the terminal's clipboard",
        &["y"],
        "copy",
    ),
    at(
        &[P::Link],
        Action::Fold,
        "fold",
        "fold or unfold this part of the document; elsewhere open what is under the cursor",
        &["Space", "Enter"],
        "fold or open",
    ),
    at(
        &[P::Link],
        Action::Hex,
        "hex",
        "show the bytes as text, in hexadecimal, or parsed; of a finding, tell what its code means",
        &["x"],
        "hex, explain",
    ),
    anywhere(
        Action::Distrust,
        "distrust",
        "distrust this key or task, or a worker, pool, image or tree, from a moment on",
        &["d"],
        "distrust",
    ),
    anywhere(Action::DistrustNone, "distrust-none", "trust everything again that was distrusted here", &["D"], ""),
    at(
        &[P::Findings, P::Overview, P::Keys],
        Action::Explain,
        "explain",
        "tell what the finding's code means",
        &["x"],
        "explain",
    ),
    at(&[P::Notes], Action::Withdraw, "withdraw", "withdraw the note", &["Delete"], "withdraw"),
    anywhere(Action::AsOf, "as-of", "name the moment of judgement: a date, an instant, then or now", &["@"], "as of"),
    anywhere(Action::Then, "then", "judge each target at its own moment", &["t"], ""),
    anywhere(Action::Now, "now", "judge all at the present moment", &["T"], ""),
    anywhere(Action::Overview, "overview", "what the case holds, and what matters most", &["1"], ""),
    anywhere(Action::Tasks, "tasks", "all tasks", &["2"], ""),
    anywhere(Action::Graph, "graph", "what this task rests on, and what rests on it", &["3"], ""),
    anywhere(Action::Chain, "chain", "the chain of this target back to the tree", &["4"], ""),
    anywhere(Action::Time, "time", "move the moment of judgement", &["5"], ""),
    anywhere(Action::Keys, "keys", "who was trusted when, and what each key signed", &["6"], ""),
    anywhere(Action::Findings, "findings", "all findings", &["7"], ""),
    anywhere(Action::Notes, "notes", "what the auditors wrote", &["8"], ""),
    anywhere(Action::Open, "open", "open what is under the cursor", &["Enter"], "open"),
    anywhere(Action::Up, "up", "a line up", &["Up", "k"], ""),
    anywhere(Action::Down, "down", "a line down", &["Down", "j"], ""),
    anywhere(Action::Left, "left", "to the left", &["Left", "h"], ""),
    anywhere(Action::Right, "right", "to the right", &["Right", "l"], ""),
    anywhere(Action::PageUp, "page-up", "a screen up", &["PageUp", "Ctrl-b"], ""),
    anywhere(Action::PageDown, "page-down", "a screen down", &["PageDown", "Ctrl-f"], ""),
    anywhere(Action::Top, "top", "to the first line", &["g", "Home"], ""),
    anywhere(Action::Bottom, "bottom", "to the last line", &["G", "End"], ""),
    at(TABBED, Action::Next, "next", "the next part, tab or piece of evidence", &["Tab"], "next part"),
    at(TABBED, Action::Previous, "previous", "the one before", &["BackTab"], ""),
    at(SEARCHED, Action::Search, "search", "search as you type", &["/"], "search"),
    at(SEARCHED, Action::SearchNext, "search-next", "the next place that matches", &["n"], ""),
    at(SEARCHED, Action::SearchBack, "search-back", "the place before that matches", &["N"], ""),
    anywhere(Action::Note, "note", "write a note on what is under the cursor", &["a"], "note"),
    anywhere(Action::Copy, "copy-id", "copy what is under the cursor to the terminal's clipboard", &["y"], ""),
    anywhere(Action::Export, "export", "write what this screen shows to a file", &["e"], "export"),
    anywhere(Action::Twin, "twin", "show the command line that prints the same", &["!"], "command"),
    anywhere(Action::Back, "back", "to the screen before", &["Esc", "Ctrl-o", "Backspace"], "back"),
    anywhere(Action::Forward, "forward", "to the screen that back left", &["Ctrl-l"], ""),
    anywhere(Action::Palette, "palette", "do anything by its name", &[":"], "do"),
    anywhere(Action::Help, "help", "the keys of this screen, and what the symbols mean", &["?"], "help"),
    anywhere(Action::Refresh, "refresh", "read the case file again", &["F5", "r"], ""),
    anywhere(Action::Cancel, "cancel", "give up the work that goes on", &["Ctrl-c"], ""),
    anywhere(Action::Mouse, "mouse", "let the mouse act here, or leave it to the terminal", &["M"], ""),
    anywhere(Action::Redraw, "redraw", "draw the whole screen again", &["Ctrl-r"], ""),
    anywhere(Action::Suspend, "suspend", "back to the shell, until fg", &["Ctrl-z"], ""),
    anywhere(Action::Quit, "quit", "leave", &["q", "Ctrl-q"], "quit"),
];

/// What a key does in a place.
pub(super) fn action(key: &str, place: Place) -> Option<Action> {
    bindings(place).find(|binding| binding.keys.contains(&key)).map(|binding| binding.action)
}

/// The bindings of a place, in the order in which they count.
pub(super) fn bindings(place: Place) -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(move |binding| binding.places.is_empty() || binding.places.contains(&place))
}

/// The name of a key, as the table has it.
pub(super) fn name(key: &KeyEvent) -> String {
    let plain = match key.code {
        KeyCode::Char(' ') => "Space".to_owned(),
        KeyCode::Char(character) => character.to_string(),
        KeyCode::Enter => "Enter".to_owned(),
        KeyCode::Esc => "Esc".to_owned(),
        KeyCode::Tab => "Tab".to_owned(),
        KeyCode::BackTab => "BackTab".to_owned(),
        KeyCode::Backspace => "Backspace".to_owned(),
        KeyCode::Delete => "Delete".to_owned(),
        KeyCode::Up => "Up".to_owned(),
        KeyCode::Down => "Down".to_owned(),
        KeyCode::Left => "Left".to_owned(),
        KeyCode::Right => "Right".to_owned(),
        KeyCode::Home => "Home".to_owned(),
        KeyCode::End => "End".to_owned(),
        KeyCode::PageUp => "PageUp".to_owned(),
        KeyCode::PageDown => "PageDown".to_owned(),
        KeyCode::F(number) => format!("F{number}"),
        _ => String::new(),
    };
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        format!("Ctrl-{plain}")
    } else if key.modifiers.contains(KeyModifiers::SHIFT) && matches!(key.code, KeyCode::Left | KeyCode::Right) {
        format!("Shift-{plain}")
    } else {
        plain
    }
}

/// The key of a name.
pub(super) fn key(name: &str) -> Option<KeyEvent> {
    let (modifiers, plain) = match name.split_once('-') {
        Some(("Ctrl", plain)) if !plain.is_empty() => (KeyModifiers::CONTROL, plain),
        Some(("Shift", plain)) if !plain.is_empty() => (KeyModifiers::SHIFT, plain),
        Some(_) | None => (KeyModifiers::NONE, name),
    };
    let code = match plain {
        "Space" => KeyCode::Char(' '),
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Tab" => KeyCode::Tab,
        "BackTab" => KeyCode::BackTab,
        "Backspace" => KeyCode::Backspace,
        "Delete" => KeyCode::Delete,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "PageUp" => KeyCode::PageUp,
        "PageDown" => KeyCode::PageDown,
        "F5" => KeyCode::F(5),
        _ => {
            let mut characters = plain.chars();
            let character = characters.next()?;
            characters.next().is_none().then_some(KeyCode::Char(character))?
        }
    };
    Some(KeyEvent::new(code, modifiers))
}

/// The keys of a text such as `jj<Enter>/build<Enter>`: characters as they are, others by name in angle brackets, where
/// `<lt>` is `<`. `None`: a name is unknown.
pub(super) fn keys(text: &str) -> Option<Vec<KeyEvent>> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        match named {
            Some(("lt", after)) => {
                keys.push(KeyEvent::new(KeyCode::Char('<'), KeyModifiers::NONE));
                rest = after;
            }
            Some((name, after)) => {
                keys.push(key(name)?);
                rest = after;
            }
            None => {
                keys.push(KeyEvent::new(KeyCode::Char(character), KeyModifiers::NONE));
                rest = &rest[character.len_utf8()..];
            }
        }
    }
    Some(keys)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_key_of_the_table_can_be_pressed_and_every_name_is_one() {
        let mut names = BTreeSet::new();
        for binding in BINDINGS {
            assert!(names.insert(binding.name), "{} stands twice", binding.name);
            assert!(!binding.keys.is_empty() && !binding.does.is_empty());
            for text in binding.keys {
                let pressed = key(text).unwrap();
                assert_eq!(name(&pressed), *text);
            }
        }
    }

    #[test]
    fn texts_of_keys_are_read() {
        let pressed = keys("a<Enter><lt>").unwrap();
        assert_eq!(pressed.iter().map(name).collect::<Vec<_>>(), ["a", "Enter", "<"]);
        assert!(keys("<Nothing>").is_none());
    }
}
