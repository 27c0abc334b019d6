//! Whether a decision task runs the command that decision tasks usually ran: what scriptworker looked at before it could
//! rebuild them (`verify_decision_command`, until 6.0.2, and as the last resort until 11.x).
//!
//! It was easy to deceive: whatever follows `cd` or `ln` in a part of the shell's line is not looked at.

use crate::formats::json::Value;

/// What starts the command (the second since 5.1.1).
const RUN_TASK: [&str; 2] = ["/home/worker/bin/run-task", "/builds/worker/bin/run-task"];

/// What may stand between that and the shell's line (`/bin/bash` since 2.5.0).
const BETWEEN: [&str; 4] = ["--", "bash", "/bin/bash", "-cx"];

/// What options between may begin with (the second since 5.0.1, the third for Thunderbird since 8.1.0).
const OPTIONS: [&str; 3] = ["--vcs-checkout=", "--sparse-profile=", "--comm-checkout="];

/// The subcommands of `./mach taskgraph` that make tasks (those of actions since 5.2.0).
const SUBCOMMANDS: [&str; 4] = ["decision", "add-tasks", "backfill", "action-callback"];

/// How a task's `payload.command` differs from the usual one; `None` where it does not.
pub(super) fn unusual(task: &Value) -> Option<String> {
    let Some(command) = task.pointer("/payload/command").and_then(Value::as_list) else {
        return Some("/payload/command is no list".to_owned());
    };
    let words: Option<Vec<&str>> = command.iter().map(Value::as_text).collect();
    let Some(words) = words else { return Some("/payload/command holds something else than text".to_owned()) };
    let [first, between @ .., line] = words.as_slice() else {
        return Some("/payload/command has fewer than two words".to_owned());
    };
    if !RUN_TASK.contains(first) {
        return Some(format!("it runs {first:?} and not run-task"));
    }
    let is_known = |word: &&&str| BETWEEN.contains(*word) || OPTIONS.iter().any(|option| word.starts_with(option));
    if let Some(odd) = between.iter().find(|word| !is_known(word)) {
        return Some(format!("run-task is called with {odd:?}"));
    }
    for part in line.split("&&") {
        let Some(words) = shell_words(part) else { return Some(format!("{part:?} has an open quotation")) };
        if words.first().is_none_or(|word| word == "cd" || word == "ln") {
            continue;
        }
        let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.starts_with("--")).collect();
        if !matches!(words.as_slice(), ["./mach", "taskgraph", subcommand] if SUBCOMMANDS.contains(subcommand)) {
            return Some(format!("it runs {part:?} and not ./mach taskgraph decision"));
        }
    }
    None
}

/// What of a command is passed over where the usual one is looked for: in parts of the shell's line that begin with `cd` or
/// `ln`, and in options, all that a shell runs beside them.
pub(super) fn unseen(task: &Value) -> Option<String> {
    let command = task.pointer("/payload/command").and_then(Value::as_list)?;
    let line = command.last().and_then(Value::as_text)?;
    let is_passed_over = |part: &&str| {
        let first = part.split_whitespace().next();
        let goes_on = part.contains([';', '|', '`', '\n']) || part.contains("$(");
        goes_on || matches!(first, Some("cd" | "ln")) && part.contains(['&', '>'])
    };
    line.split("&&").find(is_passed_over).map(|part| part.trim().to_owned())
}

/// The words of a part of a shell's line, as Python's `shlex.split` finds them; `None` where a quotation is not closed.
fn shell_words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (Some(open), char) if char == open => quote = None,
            (Some('"'), '\\') => {
                let next = chars.next()?;
                if next != '"' && next != '\\' {
                    word.get_or_insert_default().push('\\');
                }
                word.get_or_insert_default().push(next);
            }
            (Some(_), char) => word.get_or_insert_default().push(char),
            (None, '\'' | '"') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            (None, '\\') => word.get_or_insert_default().push(chars.next()?),
            (None, ' ' | '\t' | '\r' | '\n') => words.extend(word.take()),
            (None, char) => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::json::parse;

    fn told(command: &str) -> Option<String> {
        unusual(&parse(format!(r#"{{"payload": {{"command": {command}}}}}"#).as_bytes()).unwrap().value)
    }

    #[test]
    fn the_usual_command_is_known_and_others_are_told() {
        let usual = r#"["/home/worker/bin/run-task", "--vcs-checkout=/home/worker/checkouts/gecko", "--", "bash", "-cx",
            "cd /home/worker/checkouts/gecko && ln -s /x y && ./mach --log-no-times taskgraph decision --pushlog-id='1 2'"]"#;
        assert_eq!(told(usual), None);
        for (command, expected) in [
            (r#""x""#, "no list"),
            ("[]", "fewer than two"),
            (r#"["/home/worker/bin/run-task", 1]"#, "something else"),
            (r#"["/bin/evil", "./mach taskgraph decision"]"#, "not run-task"),
            (r#"["/home/worker/bin/run-task", "--evil", "./mach taskgraph decision"]"#, "--evil"),
            (r#"["/home/worker/bin/run-task", "curl evil"]"#, "curl evil"),
            (r#"["/home/worker/bin/run-task", "cd x && ./mach taskgraph decision now"]"#, "decision now"),
            (r#"["/home/worker/bin/run-task", "./mach 'taskgraph"]"#, "open quotation"),
        ] {
            assert!(told(command).unwrap().contains(expected), "{command}");
        }
        // As easy to deceive as it was.
        let deceives = r#"["/home/worker/bin/run-task", "cd x; curl evil && ./mach taskgraph decision"]"#;
        assert_eq!(told(deceives), None);
        let passed_over = |command: &str| {
            unseen(&parse(format!(r#"{{"payload": {{"command": {command}}}}}"#).as_bytes()).unwrap().value)
        };
        assert_eq!(passed_over(deceives).as_deref(), Some("cd x; curl evil"));
        assert_eq!(passed_over(usual), None);
    }
}
