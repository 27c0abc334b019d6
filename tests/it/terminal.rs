//! Captured text on a terminal: whatever stands in the evidence, it never steers one.

use cotrace_generator::World;
use cotrace_generator::sample::{nightly_2017, nightly_2026};
use serde_json::Value;

use crate::program::{CaseFile, Ran, capture_of};

/// Texts that steer terminals or mislead readers.
pub(crate) const NAUGHTY: &[&str] = &[
    "\u{1b}]0;title\u{7}",
    "\u{1b}[2J\u{1b}[H\u{1b}[31mred",
    "\u{1b}[?1049h\u{1b}[?25l",
    "\u{1b}]52;c;aGVsbG8=\u{7}",
    "\u{1b}]8;;https://example.invalid\u{1b}\\link",
    "\u{1b}P1$r0m\u{1b}\\",
    "\u{9b}31m\u{9d}0;t\u{9c}\u{90}q\u{9c}",
    "back\u{8}\u{8}\u{8}\u{8}space\rreturn\u{b}\u{c}",
    "line\nfeed\u{85}next\u{2028}separator\u{2029}",
    "\u{202e}txt.exe\u{202c}\u{2066}isolated\u{2069}",
    "zero\u{200b}width\u{200d}joiner\u{feff}mark\u{ad}soft",
    "tag\u{e0041}\u{e007f}\u{fe0f}",
    "nul\u{0}del\u{7f}",
    "%s%n{}{0}",
];

/// Puts a naughty text before every text of a document, keys apart; `keep` says which texts the document needs as they
/// are, for the chain to be built at all.
fn spoil(value: &mut Value, naughty: &str, keep: &dyn Fn(&str) -> bool) {
    match value {
        Value::String(text) if !keep(text) => *text = format!("{naughty}{text}"),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::Array(items) => items.iter_mut().for_each(|item| spoil(item, naughty, keep)),
        Value::Object(members) => members.values_mut().for_each(|member| spoil(member, naughty, keep)),
    }
}

/// A world with one naughty text in every field of its documents, and in the names of artifacts.
pub(crate) fn spoilt(mut world: World, naughty: &str) -> World {
    let needed = |text: &str| {
        let is_id = text.len() == 22 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let is_time = text.len() == 24 && text.ends_with('Z') && text.starts_with("20");
        is_id || is_time || ["scriptworker-k8s", "scriptworker-prov-v1", "build", "signing"].contains(&text)
    };
    let documents: Vec<String> = world.files.keys().filter(|path| path.ends_with(".json")).cloned().collect();
    for path in documents {
        let is_reply = ["/definition.json", "/status.json", "capture.json", "index.json", "/chain-of-trust.json"];
        if is_reply.iter().any(|end| path.ends_with(end)) {
            world.edit_json(&path, |value| spoil(value, naughty, &needed)).unwrap();
        }
    }
    let id = world.task_id("build-linux64").unwrap().to_owned();
    let names = serde_json::json!({ format!("public/{naughty}"): "odd" });
    world.put(&format!("tasks/{id}/artifacts/0/odd"), "odd");
    world.put(&format!("tasks/{id}/artifacts/0.names.json"), names.to_string());
    let absent =
        serde_json::json!([{ "what": "artifact", "runId": 0, "name": naughty, "status": 404, "url": naughty }]);
    world.put(&format!("tasks/{id}/absent.json"), absent.to_string());
    world.put(
        "keys/ed25519.json",
        serde_json::json!([{ "role": naughty, "publicKey": naughty, "from": naughty }]).to_string(),
    );
    world
}

/// Characters that no output may hold, whatever the evidence: all controls but the line feed, and what reorders or hides.
fn is_steering(character: char) -> bool {
    let reorders = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    let hides = matches!(character, '\u{ad}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}');
    (character.is_control() && character != '\n') || reorders || hides
}

/// A text has none of them.
pub(crate) fn steers_nothing(text: &str, what: &str) {
    let found = text.chars().find(|character| is_steering(*character));
    assert!(found.is_none(), "{what}: {found:?} in {text:?}");
}

/// Neither output steers a terminal that shows it.
fn harmless(ran: &Ran, what: &str) {
    for output in [ran.text(), ran.stderr.clone()] {
        steers_nothing(&output, what);
        let mut terminal = vt100::Parser::new(50.try_into().unwrap(), 200.try_into().unwrap(), 0);
        terminal.process(output.replace('\n', "\r\n").as_bytes());
        let screen = terminal.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.application_keypad(), "{what}");
        assert_eq!(screen.fgcolor(), vt100::Color::Default, "{what}");
    }
}

#[test]
fn arguments_do_not_steer_a_terminal_either() {
    for args in [
        &["replay", "\u{1b}[31mred"][..],
        &["\u{1b}]0;title\u{7}"],
        &["explain", "a\u{202e}b"],
        &["keys", "show", "\u{9b}2J"],
    ] {
        let ran = crate::program::run(args.iter().copied());
        assert_ne!(ran.code, 0);
        let said = ran.text() + &ran.stderr;
        assert!(!said.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{9b}']), "{args:?}: {said:?}");
    }
}

#[test]
fn no_captured_text_steers_a_terminal() {
    for (number, naughty) in NAUGHTY.iter().enumerate() {
        let world = if number % 2 == 0 { nightly_2026() } else { nightly_2017() };
        let world = spoilt(world.unwrap(), naughty);
        let case = CaseFile::empty();
        let capture = capture_of(&world);
        let mut import = case.command();
        import.arg("import").arg(capture.path()).args(["--accept-keys", "--operator", &naughty.replace('\0', "")]);
        let imported = Ran::of(&mut import);
        assert_eq!(imported.code, 0, "{}", imported.stderr);
        harmless(&imported, "import");
        let id = world.task_id("signing-linux64").unwrap();
        let build = world.task_id("build-linux64").unwrap();
        for args in [
            &["replay", "--all"][..],
            &["replay", "--all", "--chains"],
            &["replay", "--all", "--format", "json"],
            &["show", id],
            &["show", build],
            &["gaps"],
            &["gaps", "--format", "urls"],
            &["gaps", "--format", "json"],
            &["find", "*"],
            &["find", "*", "--format", "json"],
            &["cat", build, "definition.json", "--as", "pretty"],
            &["cat", build, "definition.json", "--as", "hex"],
            &["case", "info"],
            &["case", "verify"],
            &["case", "log"],
        ] {
            let ran = case.run(args);
            assert!([0, 1, 10, 11].contains(&ran.code), "{args:?}: {}: {}", ran.code, ran.stderr);
            harmless(&ran, &format!("{args:?} with {naughty:?}"));
        }
    }
}
