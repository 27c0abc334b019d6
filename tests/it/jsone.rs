//! JSON-e: the specification, Python's own renderer on random templates, and hostile templates.

use std::io::Write as _;
use std::process::{Command, Stdio};

use cotrace::formats::jsone::{JsoneError, LIMITS, Limits, Value, render};
use cotrace::formats::{json, yaml};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::parity::python;
use crate::program::{how_often, skip, tell};

/// The time of the specification's cases.
const NOW: &str = "2017-01-19T16:27:20.974Z";

fn rendered(template: &Value, variables: Option<&Value>) -> Result<Value, JsoneError> {
    let mut context = vec![("now", Value::text(NOW))];
    let variables = variables.and_then(Value::as_map);
    context.extend(variables.iter().flat_map(|map| map.iter()).map(|(key, value)| (&**key, value.clone())));
    render(template, &context, LIMITS)
}

fn of_text(text: &str) -> Value {
    Value::of_yaml(&yaml::parse(text.as_bytes()).unwrap().value)
}

/// The cases of JSON-e's specification, where somebody has it.
#[test]
fn the_specification_holds() {
    let Some(path) = std::env::var_os("COTRACE_JSON_E") else {
        skip("there is no specification.yml of JSON-e (COTRACE_JSON_E)");
        return;
    };
    let text = std::fs::read_to_string(path).unwrap();
    let (mut cases, mut wrong) = (0, Vec::new());
    for document in text.split("\n---\n") {
        let case = Value::of_yaml(&yaml::parse(document.as_bytes()).unwrap().value);
        let Some(title) = case.get("title").and_then(Value::as_text) else { continue };
        cases += 1;
        let result = rendered(case.get("template").unwrap_or(&Value::Null), case.get("context"));
        let is_error =
            |name: &str| case.get(name).is_some_and(|value| !matches!(value, Value::Null | Value::Bool(false)));
        let is_right = if is_error("error") || is_error("panic") {
            matches!(result, Err(JsoneError::Refused(_)))
        } else {
            let expected = case.get("result").map_or(json::Value::Null, |result| result.to_json().unwrap());
            result.as_ref().is_ok_and(|value| value.to_json().unwrap() == expected)
        };
        if !is_right {
            wrong.push(format!("{title}: {result:?}"));
        }
    }
    tell(&format!("{cases} cases of JSON-e's specification, {} wrong", wrong.len()));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases > 1000, "{cases} cases");
}

/// Expressions of every operator and function, often well formed.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "1",
        "0",
        "2.5",
        "-3",
        "10",
        "'a'",
        "'abc'",
        "\"\"",
        "true",
        "false",
        "null",
        "x",
        "t",
        "l",
        "o",
        "n",
        "b",
        "now",
        "z",
        "[]",
        "{}",
        "'1 day'",
        "1.0",
        "3",
        "'b'",
        "f",
        "'k'",
        "4000000000",
        "1152921504606846976",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 4, |inner| {
        let infix = prop::sample::select(vec![
            "+", "-", "*", "/", "**", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in",
        ]);
        let function = prop::sample::select(vec![
            "min", "max", "sqrt", "abs", "ceil", "floor", "range", "lowercase", "uppercase", "len", "str", "number", "strip",
            "rstrip", "lstrip", "join", "split", "fromNow", "typeof", "defined", "as_slugid", "x",
        ]);
        prop_oneof![
            4 => (inner.clone(), infix, inner.clone()).prop_map(|(a, sign, b)| format!("{a} {sign} {b}")),
            3 => (function, prop::collection::vec(inner.clone(), 0..3))
                .prop_map(|(function, arguments)| format!("{function}({})", arguments.join(", "))),
            1 => inner.clone().prop_map(|a| format!("({a})")),
            1 => (prop::sample::select(vec!["-", "!", "+", "!-"]), inner.clone()).prop_map(|(sign, a)| format!("{sign}{a}")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}[{b}]")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("{a}[{b}:{c}]")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}[{b}:]")),
            1 => inner.clone().prop_map(|a| format!("{a}[:2]")),
            1 => (inner.clone(), prop::sample::select(vec!["k", "val", "zz"])).prop_map(|(a, name)| format!("{a}.{name}")),
            1 => prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(", "))),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{{k: {a}, 'c': {b}, k: {b}}}")),
            1 => (inner.clone(), inner).prop_map(|(a, b)| format!("{a} {b}")),
        ]
    })
}

/// Templates of every operator.
fn templates() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value as Json, json};
    let text = prop_oneof![
        2 => expressions().prop_map(|e| format!("a ${{{e}}} b")),
        1 => expressions().prop_map(|e| format!("${{{e}}}${{{e}")),
        1 => prop::sample::select(vec!["plain", "$${x}", "$$", "${x}${n}", "$${${t}", "", "${"]).prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        3 => expressions().prop_map(|e| json!({"$eval": e})),
        2 => text.prop_map(Json::String),
        1 => prop::sample::select(vec![json!(1), json!(1.5), json!(null), json!(true), json!([]), json!({}), json!([3, 1, 2]), json!([["a"], "b"])]),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let list = || prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            2 => list().prop_map(Json::Array),
            2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| json!({"a": a, "k${t}": b})),
            2 => (expressions(), inner.clone(), inner.clone()).prop_map(|(e, a, b)| json!({"$if": e, "then": a, "else": b})),
            1 => (expressions(), inner.clone()).prop_map(|(e, a)| json!({"$if": e, "thenX": a})),
            2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| json!({"$let": {"x": a, "y": 1}, "in": b})),
            2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| json!({"$map": a, "each(x)": b})),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| json!({"$map": a, "each(x, i)": b})),
            1 => (list(), inner.clone()).prop_map(|(a, b)| json!({"$reduce": a, "initial": 1, "each(x,y)": b})),
            1 => (list(), expressions()).prop_map(|(a, e)| json!({"$find": a, "each(x)": e})),
            1 => (expressions(), inner.clone(), inner.clone()).prop_map(|(e, a, b)| json!({"$match": {(e): a, "true": b}})),
            1 => (expressions(), inner.clone(), inner.clone()).prop_map(|(e, a, b)| json!({"$switch": {(e): a, "$default": b}})),
            1 => list().prop_map(|a| json!({"$merge": a})),
            1 => list().prop_map(|a| json!({"$mergeDeep": a})),
            1 => list().prop_map(|a| json!({"$flatten": a})),
            1 => list().prop_map(|a| json!({"$flattenDeep": a})),
            1 => list().prop_map(|a| json!({"$reverse": a})),
            1 => list().prop_map(|a| json!({"$sort": a})),
            1 => (list(), expressions()).prop_map(|(a, e)| json!({"$sort": a, "by(x)": e})),
            1 => inner.clone().prop_map(|a| json!({"$json": a})),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| json!({"$fromNow": a, "from": b})),
            1 => inner.clone().prop_map(|a| json!({"$fromNow": a})),
            1 => (inner.clone(), inner).prop_map(|(a, b)| json!({"$eval": a, "b": b})),
        ]
    })
}

const VARIABLES: &str =
    r#"{"x": 1, "t": "text", "l": [1, 2, "a"], "o": {"k": "v", "l": [1]}, "n": null, "b": true, "f": 2.0}"#;

const PYTHON: &str = r#"
import json, resource, signal, sys, jsone
# Some templates would take all memory, or for ever: here they count as refused.
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
def stop(*_):
    raise TimeoutError()
signal.signal(signal.SIGALRM, stop)
for line in sys.stdin:
    context = json.loads(sys.argv[1])
    context["now"] = sys.argv[2]
    context["as_slugid"] = lambda x: {"default": "D", "decision": "C"}.get(x, "D")
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        print(json.dumps({"ok": jsone.render(json.loads(line), context)}))
    except BaseException as error:
        print(json.dumps({"error": type(error).__name__ + ": " + str(error)}))
"#;

/// Random templates, rendered by Python's json-e too: never another value, never a value where Python refuses.
#[test]
fn python_renders_the_same() {
    let Some(python) = python() else {
        skip("there is no Python with json-e (COTRACE_ORACLE_PYTHON)");
        return;
    };
    let count = how_often("COTRACE_JSON_E_CASES", 4000);
    let seed = u8::try_from(how_often("COTRACE_JSON_E_SEED", 1) % 256).unwrap();
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = templates();
    let cases: Vec<serde_json::Value> = (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let mut command = Command::new(python);
    command.args(["-c", PYTHON, VARIABLES, NOW]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines: String = cases.iter().map(|case| format!("{case}\n")).collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let answers: Vec<serde_json::Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), cases.len());
    let (mut same, mut refused, mut untold, mut wrong) = (0, 0, 0, Vec::new());
    for (case, answer) in cases.iter().zip(&answers) {
        let template = Value::of_json(&json::parse(case.to_string().as_bytes()).unwrap().value);
        let variables = Value::of_json(&json::parse(VARIABLES.as_bytes()).unwrap().value);
        let mut context = vec![("now", Value::text(NOW)), ("as_slugid", as_slugid())];
        context.extend(variables.as_map().unwrap().iter().map(|(key, value)| (&**key, value.clone())));
        match (render(&template, &context, LIMITS), answer.get("ok")) {
            (Err(JsoneError::Limit(_) | JsoneError::Unsupported(_)), _) => untold += 1,
            (Err(JsoneError::Refused(_)), None) => refused += 1,
            (Ok(value), Some(theirs)) => {
                let theirs = json::parse(theirs.to_string().as_bytes()).unwrap().value;
                // NaN equals nothing: compare as text.
                let ours = json::to_compact_string(&value.to_json().unwrap());
                if ours == json::to_compact_string(&theirs) {
                    same += 1;
                } else {
                    wrong.push(format!("{case}\n  ours {ours}\n  theirs {answer}"));
                }
            }
            (ours, _) => wrong.push(format!("{case}\n  ours {ours:?}\n  theirs {answer}")),
        }
    }
    tell(&format!(
        "{count} random templates: {same} rendered and {refused} refused as Python does, {untold} not told, {} wrong",
        wrong.len()
    ));
    assert!(wrong.is_empty(), "{}", wrong.into_iter().take(20).collect::<Vec<_>>().join("\n"));
    assert!(same > count as usize / 10 && (untold as usize) < count as usize / 20, "{same} same, {untold} not told");
}

fn as_slugid() -> Value {
    use cotrace::formats::jsone::Function;
    let known = vec![("default".to_owned(), "D".to_owned()), ("decision".to_owned(), "C".to_owned())];
    Value::Function(Function::lookup(known, "D"))
}

#[test]
fn templates_render_as_in_python() {
    let variables = of_text("{x: 1, t: text, l: [1, 2, a], o: {k: v}, day: 2020-01-02}");
    for (template, result) in [
        ("{$eval: 'x + 1'}", "2"),
        ("'${x}${null} ${true} ${1.0} ${10 / 4} ${2 ** 3 ** 2} ${day}'", "'1 true 1.0 2.5 512 2020-01-02'"),
        ("{$eval: 'true == 1 && 1 == 1.0 && !(1 == \"1\")'}", "true"),
        ("{$eval: '-2 ** 2'}", "4"),
        ("{$eval: 'l[-1] + l[2][0:1]'}", "aa"),
        ("{$eval: 'o[\"zz\"]'}", "null"),
        ("{$eval: 'l[x 7]'}", "2"),
        ("'${true || }'", "'true'"),
        ("{$if: 'x', then: {$$if: 1, '$${a}': '$${x}'}}", "{$if: 1, '${a}': '${x}'}"),
        ("{a: {$if: '0', then: 1}, b: [{$if: '0', else: 2}, {$if: '1'}]}", "{b: [2]}"),
        ("{$map: {b: 1, a: 2}, 'each(v, k)': {'${k}2': {$eval: v}}}", "{b2: 1, a2: 2}"),
        ("{$reduce: [1, 2], initial: '${x}', 'each(a,e)': '${a}${e}'}", "'${x}12'"),
        ("{$match: {'x == 1': b, 'x < 2': a}}", "[a, b]"),
        ("{$json: {b: [1.0, null], a: 'é\"'}}", "'{\"a\":\"é\\\"\",\"b\":[1.0,null]}'"),
        ("{$sort: [{a: 2}, {a: 1}], 'by(x)': x.a}", "[{a: 1}, {a: 2}]"),
        ("{$fromNow: '1 day', from: '2020-02-28T00:00:00.0Z'}", "'2020-02-29T00:00:00.000Z'"),
        ("{$mergeDeep: [{a: {b: [1]}}, {a: {b: [2], c: 3}}]}", "{a: {b: [1, 2], c: 3}}"),
        ("{$eval: 'join([true, null, 1.5], 0)'}", "'True0None01.5'"),
    ] {
        let found = rendered(&of_text(template), Some(&variables));
        let found = found.unwrap_or_else(|error| panic!("{template}: {error}")).to_json().unwrap();
        assert_eq!(found, of_text(result).to_json().unwrap(), "{template}");
    }
    for template in [
        "'${'",
        "'${x'",
        "'${)}'",
        "{$eval: ''}",
        "{$eval: '1 2'}",
        "{$eval: 1}",
        "{$if: 1}",
        "{$zz: 1}",
        "'${l}'",
        "{$eval: 'unknown'}",
        "{$eval: '1 < 2.0'}",
        "{$eval: 'o.zz'}",
        "{$eval: '1 + \"1\"'}",
        "{$eval: 'min(1)'}",
        "{$eval: 'l[9]'}",
        "{$eval: 'len'}",
        "{$eval: 'x', $if: 'x'}",
        "{$eval: x, y: 1}",
        "{$json: {$eval: len}}",
        "{$switch: {'1': a, '2': b}}",
        "{$sort: [1, 2.0]}",
    ] {
        let found = rendered(&of_text(template), Some(&variables));
        assert!(matches!(found, Err(JsoneError::Refused(_))), "{template}: {found:?}");
    }
}

/// Templates that make Python or others hang, run out of memory or overflow the stack.
#[test]
fn hostile_templates_end() {
    let nest = |open: &str, middle: &str, close: &str, times: usize| {
        format!("{{$eval: '{}{middle}{}'}}", open.repeat(times), close.repeat(times))
    };
    let doubling =
        (0..40).fold("{$eval: x}".to_owned(), |inner, _| format!("{{$let: {{x: {{$eval: 'x + x'}}}}, in: {inner}}}"));
    let maps =
        (0..6).fold("1".to_owned(), |inner, _| format!("{{$map: {{$eval: 'range(0, 30)'}}, 'each(x)': {inner}}}"));
    for template in [
        nest("(", "1", ")", 50_000),
        nest("[", "1", "]", 20_000),
        nest("!", "1", "", 50_000),
        nest("-", "1", "", 100_000),
        nest("1+", "1", "", 100_000),
        nest("2**", "1", "", 100_000),
        nest("x", "", "[0]", 100_000),
        "{$eval: 'range(0, 1000000000)'}".to_owned(),
        "{$eval: '9**9**9'}".to_owned(),
        doubling,
        maps,
        "{$reduce: {$eval: 'range(0, 100000)'}, initial: [], 'each(a,e)': [{$eval: a}]}".to_owned(),
        "{$reduce: {$eval: 'range(0, 100000)'}, initial: 'x', 'each(a,e)': '${a}${a}'}".to_owned(),
    ] {
        let variables = of_text("{x: aaaaaaaa}");
        let found = rendered(&of_text(&template), Some(&variables));
        let is_limit = matches!(found, Err(JsoneError::Limit(_) | JsoneError::Unsupported(_)));
        assert!(is_limit, "{}: {found:?}", &template[..60.min(template.len())]);
    }
    let deep = (0..5_000).fold(Value::Null, |inner, _| Value::list(vec![inner]));
    assert!(matches!(rendered(&deep, None), Err(JsoneError::Limit(_))));
    // Dropped by hand: a value of a document is never that deep.
    std::mem::forget(deep);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// No template panics, and each ends within few steps where it may take few.
    #[test]
    fn no_template_panics(template in templates(), steps in 0_u64..2000) {
        let template = Value::of_json(&json::parse(template.to_string().as_bytes()).unwrap().value);
        let variables = Value::of_json(&json::parse(VARIABLES.as_bytes()).unwrap().value);
        let limits = Limits { steps, ..LIMITS };
        let context: Vec<(&str, Value)> = variables.as_map().unwrap().iter().map(|(key, value)| (&**key, value.clone())).collect();
        if let Ok(value) = render(&template, &context, limits) {
            prop_assert_eq!(value.to_json().ok(), rendered(&template, Some(&variables)).ok().and_then(|value| value.to_json().ok()));
        }
    }

    #[test]
    fn no_expression_panics(source in "[-+*/!<>=&|.,:()\\[\\]{}'\"a-c0-9 é\u{1c}]{0,40}") {
        let template = Value::object([("$eval", Value::text(&source))]);
        let _ = render(&template, &[("a", Value::Int(1))], LIMITS);
        let _ = render(&Value::text(&format!("${{{source}")), &[], LIMITS);
    }
}
