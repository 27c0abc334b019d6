//! Real decision, cron and action tasks, rebuilt from the templates, pushlogs, projects files and hooks that were recorded
//! with them, where they lie beside the repository.

use std::fs;
use std::path::Path;

use cotrace::examine::Reply;
use cotrace::examine::rebuild::{Inputs, Workings, work_out};
use cotrace::formats::{jsone, yaml};
use cotrace::model::{Digest, Lacking, RebuildOutcome, Recipe};
use cotrace::rules::RuleBook;
use serde_json::{Value, json};

use crate::cases::edits;
use crate::program::{CaseFile, capture_of};
use crate::real_input::shared;

/// The files of a rebuild.
#[derive(Clone, Copy, Default)]
struct Files {
    template: &'static str,
    pushlog: &'static str,
    projects: &'static str,
    parameters: Option<&'static str>,
    actions: Option<&'static str>,
    /// What GitHub says of the commit.
    commit: Option<&'static str>,
}

/// A task that was recorded, and what comes of its rebuild.
struct Recorded {
    task: &'static str,
    task_id: &'static str,
    decision: &'static str,
    decision_id: &'static str,
    files: Files,
    product: &'static str,
    rules: &'static str,
    outcome: RebuildOutcome,
    /// The places of the differences, or a part of why it is refused.
    why: &'static [&'static str],
}

const COTV2: Files = Files {
    template: "cotv2/2018-01-12.ced50c02.taskcluster.yml",
    pushlog: "cotv2/2018-01-12.6a87218b.pushlog.json",
    projects: "cotv2/2022-02-09.afeedb12.projects.yml",
    parameters: Some("cotv2/2018-01-12.c3e9cc8d.parameters.yml"),
    actions: Some("cotv2/2018-12-19.6441b789.actions.json"),
    commit: None,
};

const COTV3: Files = Files {
    template: "cotv3/2018-05-24.47106fff.taskcluster.yml",
    pushlog: "cotv3/2018-05-24.979aadab.pushlog.json",
    projects: "cotv4/2022-02-09.29f1f7ae.projects.yml",
    parameters: None,
    actions: Some("cotv3/2018-05-24.c98ec11d.actions.json"),
    commit: None,
};

const COTV4: Files = Files {
    template: "cotv4/2018-12-19.9deec8de.taskcluster.yml",
    pushlog: "cotv4/2018-12-19.904416fd.pushlog.json",
    projects: "cotv4/2022-02-09.29f1f7ae.projects.yml",
    parameters: Some("cotv4/2018-12-19.f38cf8a2.parameters.yml"),
    actions: Some("cotv4/2018-12-19.636ff311.actions.json"),
    commit: None,
};

/// The names of everything that replies of GitHub must hold for scriptworker to read them.
const MEMBERS: &str = "_links active_lock_reason additions archive_url archived assets assets_url assignee assignees assignees_url \
    author author_association avatar_url base blobs_url body branches_url browser_download_url clone_url \
    closed_at collaborators_url comments comments_url commits commits_url compare_url content_type contents_url \
    contributors_url created_at default_branch deletions deployments_url description diff_url download_count \
    download_url downloads_url draft events_url files followers_url following_url fork forks_count forks_url \
    full_name gists_url git_commits_url git_refs_url git_tags_url git_url gravatar_id has_downloads has_issues \
    has_pages has_projects has_wiki head homepage hooks_url html_url id issue_comment_url issue_events_url \
    issue_url issues_url key keys_url label labels_url language languages_url locked login merge_commit_sha \
    mergeable mergeable_state merged merged_at merged_by merges_url milestones_url mirror_url name network_count \
    notifications_url number open_issues_count organizations_url owner patch_url path prerelease private \
    published_at pulls_url pushed_at received_events_url ref releases_url repos_url requested_reviewers \
    requested_teams review_comment_url review_comments review_comments_url sha size spdx_id ssh_url \
    stargazers_count stargazers_url starred_url state stats statuses_url subscribers_count subscribers_url \
    subscription_url subscriptions_url svn_url tag_name tags_url tarball_url target_commitish teams_url title \
    trees_url type updated_at upload_url url user watchers_count zipball_url";

/// A reply of GitHub, or a part of one, that says so much and is complete otherwise.
fn told(what: &Value) -> Value {
    let mut reply: Value = MEMBERS.split(' ').map(|name| (name.to_owned(), Value::Null)).collect();
    let members = reply.as_object_mut().unwrap();
    members.extend(what.as_object().unwrap().clone());
    reply
}

/// What GitHub says of a repository.
fn told_repository() -> Value {
    let mut repository = told(&json!({"owner": told(&json!({}))}));
    // Without one, addresses are made from its name.
    repository["url"] = Value::Null;
    repository
}

/// What scriptworker's own test has GitHub say of the commit.
const COMMIT: &str = r#"{"author": {"login": "Callek"}, "committer": {"login": "Callek"},
    "commit": {"author": {"email": "Callek@gmail.com"}, "committer": {"email": "Callek@gmail.com"}}}"#;

const fn recorded(
    task: &'static str,
    task_id: &'static str,
    decision: &'static str,
    decision_id: &'static str,
    files: Files,
    rules: &'static str,
) -> Recorded {
    let (product, outcome, why) = ("firefox", RebuildOutcome::Matches, &[] as &[&str]);
    Recorded { task, task_id, decision, decision_id, files, product, rules, outcome, why }
}

impl Recorded {
    const fn comes_to(self, outcome: RebuildOutcome, why: &'static [&'static str]) -> Self {
        Self { outcome, why, ..self }
    }

    const fn of(self, product: &'static str) -> Self {
        Self { product, ..self }
    }
}

/// The recorded tasks, each with what scriptworker 63.6.1 itself makes of it, and some with what a release of their time
/// does.
fn all() -> Vec<Recorded> {
    use RebuildOutcome::{Differs, Refused};
    let hg_push = "cotv2/2018-01-12.8364e9bd.decision_hg-push.json";
    let hg_id = "VQU9QMO4Teq7zr91FhBusg";
    let cron_id = "D4euZNyCRtuBci-fnsfn7A";
    let cron = |file, rules| recorded(file, cron_id, file, cron_id, COTV2, rules);
    let old_projects = Files { projects: "cotv2/2018-01-12.32580040.projects.yml", ..COTV2 };
    let (late, january) = ("cotv2/2018-10-19.38096bd2.cron.json", "cotv2/2018-01-12.bcd6ef0a.cron.json");
    let april = "cotv2/2018-04-23.193b0523.cron.json";
    let relpro = "cotv2/2018-01-12.102ee7be.action_relpro.json";
    let relpro2 = |rules| recorded(relpro, "MP8uhRdMTjm__Q_sA0GTnA", hg_push, hg_id, COTV2, rules);
    let (try3, try3_id) = ("cotv3/2018-05-24.9983fc5e.decision_try.json", "c5nn2xbNS9mJxeVC0uNElg");
    let (try4, try4_id) = ("cotv4/2018-12-19.1f8b48c9.decision_try.json", "LpCJV9wUQHSAm5SHyW4Olw");
    let retrigger = "cotv4/2018-12-19.72ac4a9b.action_retrigger.json";
    let relpro4 = |file| recorded(file, try4_id, file, try4_id, COTV4, "63.6.1");
    let private = "cotv4/2021-08-24.44ea1792.decision_github_private.json";
    let vpn =
        Files { template: "cotv4/2021-08-24.84775760.private_github_.taskcluster.yml", commit: Some(COMMIT), ..COTV4 };
    vec![
        recorded(hg_push, hg_id, hg_push, hg_id, COTV2, "63.6.1"),
        recorded(hg_push, hg_id, hg_push, hg_id, old_projects, "12.0.0"),
        cron(late, "63.6.1"),
        cron(late, "17.1.0"),
        cron(january, "63.6.1").comes_to(Differs, &["/payload/command/6", "/routes/0", "/metadata/owner"]),
        cron(april, "63.6.1").comes_to(Differs, &["/payload/command/6", "/routes/0"]),
        cron(april, "12.0.0"),
        relpro2("63.6.1").comes_to(Refused, &["otherwise than as a hook"]),
        relpro2("12.0.0"),
        recorded(try3, try3_id, try3, try3_id, COTV3, "63.6.1"),
        recorded(try4, try4_id, try4, try4_id, COTV4, "63.6.1"),
        recorded(retrigger, "E93EolXNSRuV2gOy7yMZEA", try4, try4_id, COTV4, "63.6.1"),
        recorded(retrigger, "NdzxKw8bS5Sw5DRhoiM14w", try4, try4_id, COTV4, "63.6.1").comes_to(Differs, &["/routes/3"]),
        relpro4("cotv4/2021-09-02.59875172.action_relpro.json"),
        relpro4("cotv4/2018-12-19.4a8b10ab.action_relpro.json").comes_to(Differs, &["/routes/3"]),
        recorded(private, "VUTfOIPFQWaGHf7sIbgTEg", private, "VUTfOIPFQWaGHf7sIbgTEg", vpn, "63.6.1").of("mozillavpn"),
    ]
}

/// A recorded definition: some stand in what the queue told a worker.
fn definition(folder: &Path, name: &str) -> Vec<u8> {
    let bytes = fs::read(folder.join(name)).unwrap();
    let value: Value = serde_json::from_slice(&bytes).unwrap();
    match value.get("task") {
        Some(task) => task.to_string().into_bytes(),
        None => bytes,
    }
}

fn recipe(recorded: &Recorded) -> Recipe {
    RuleBook::named(recorded.rules).unwrap().recipe(recorded.product).unwrap()
}

fn rebuild(folder: &Path, recorded: &Recorded) -> Workings {
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let task = definition(folder, recorded.task);
    let decision = definition(folder, recorded.decision);
    let parameters = recorded.files.parameters.map(read);
    let actions = recorded.files.actions.map(read);
    let inputs = Inputs {
        task_id: recorded.task_id,
        definition: &task,
        decision_id: recorded.decision_id,
        decision: Some(&decision),
        parameters: parameters.as_deref(),
        actions: actions.as_deref(),
    };
    let mut ask = |url: &str| {
        let bytes = if url.contains("/json-pushes?") {
            read(recorded.files.pushlog)
        } else if url.ends_with("projects.yml") {
            read(recorded.files.projects)
        } else if url.contains("/contents/.taskcluster.yml?ref=") {
            use base64::Engine as _;
            let content = base64::engine::general_purpose::STANDARD.encode(read(recorded.files.template));
            told(&json!({"encoding": "base64", "content": content})).to_string().into_bytes()
        } else if url.contains(".taskcluster.yml") {
            read(recorded.files.template)
        } else if url.contains("/commits/") {
            told(&serde_json::from_str(recorded.files.commit.unwrap()).unwrap()).to_string().into_bytes()
        } else {
            assert!(url.starts_with("https://api.github.com/repos/"), "{url}");
            told_repository().to_string().into_bytes()
        };
        Reply::Body { sha256: Digest::of(&bytes), bytes, is_html: false }
    };
    work_out(&inputs, &recipe(recorded), &mut ask)
}

#[test]
fn real_tasks_are_rebuilt_as_scriptworker_rebuilds_them() {
    let Some(folder) = shared("real/scriptworker") else { return };
    let mut wrong = Vec::new();
    for recorded in all() {
        let rebuild = rebuild(&folder, &recorded).rebuild;
        let mut places: Vec<&str> = rebuild.differences.iter().map(|found| found.pointer.as_str()).collect();
        let mut expected = recorded.why.to_vec();
        places.sort_unstable();
        expected.sort_unstable();
        let why = rebuild.why.as_deref().unwrap_or_default();
        let is_as_expected = rebuild.outcome == recorded.outcome
            && match rebuild.outcome {
                RebuildOutcome::Refused => recorded.why.iter().all(|part| why.contains(part)),
                RebuildOutcome::Matches
                | RebuildOutcome::Differs
                | RebuildOutcome::Unsettled
                | RebuildOutcome::Incomplete => places == expected,
            };
        if !is_as_expected {
            let (task, rules) = (recorded.task, recorded.rules);
            wrong.push(format!("{task} by {rules}: {:?} {why} {:?}", rebuild.outcome, rebuild.differences));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A push to hg.mozilla.org, whose servers are asked.
#[test]
fn an_answer_that_is_too_large_settles_nothing_and_is_not_missing() {
    let task = br#"{"created": "2026-08-14T00:00:00.000Z",
        "metadata": {"source": "https://hg.mozilla.org/mozilla-central/raw-file/1/.taskcluster.yml"},
        "extra": {"tasks_for": "hg-push"}, "payload": {"env": {
        "GECKO_HEAD_REPOSITORY": "https://hg.mozilla.org/mozilla-central", "GECKO_HEAD_REV": "1"}}}"#;
    let decision_id = "VQU9QMO4Teq7zr91FhBusg";
    let definition = task.as_slice();
    let decision = Some(definition);
    let inputs = Inputs { task_id: decision_id, definition, decision_id, decision, parameters: None, actions: None };
    let recipe = RuleBook::named("latest").unwrap().recipe("firefox").unwrap();
    let template = "https://hg.mozilla.org/mozilla-central/raw-file/1/.taskcluster.yml";
    let rebuilt = |of_template: &Reply| {
        let mut ask = |url: &str| if url == template { of_template.clone() } else { Reply::Unknown };
        work_out(&inputs, &recipe, &mut ask).rebuild
    };
    let missing = rebuilt(&Reply::Unknown);
    assert_eq!(missing.outcome, RebuildOutcome::Incomplete);
    assert!(missing.lacks.contains(&Lacking::Source(template.to_owned())), "{:?}", missing.lacks);
    let too_large = rebuilt(&Reply::TooLarge { limit: 5 });
    assert_eq!(too_large.outcome, RebuildOutcome::Unsettled);
    assert_eq!(too_large.why, Some(format!("{template} has more than 5 bytes, the most that is read")));
    assert!(too_large.lacks.contains(&Lacking::TooLarge { url: template.to_owned(), limit: 5 }));
    assert!(!too_large.lacks.contains(&Lacking::Source(template.to_owned())));
}

/// What is never rebuilt is one thing, what can't be for want of a source another.
#[test]
fn a_task_that_is_never_rebuilt_is_told_from_one_that_lacks_a_source() {
    let mut world = crate::support::nightly_2026();
    let id = |label: &str| world.task_id(label).unwrap().to_owned();
    let (signing, decision) = (id("signing-linux64"), id("decision"));
    let case = CaseFile::of(&[capture_of(&world).path()]);
    let show = |case: &CaseFile, task: &str, rules: &str, code| {
        case.run(["show", task, "--rebuild", "--rules", rules]).exits(code)
    };
    show(&case, &decision, "latest", 0);
    let other = show(&case, &signing, "latest", 3);
    assert!(other.stderr.contains("only decision and action tasks are rebuilt"), "{}", other.stderr);
    assert!(other.stderr.contains("type signing"), "{}", other.stderr);
    let by_none = show(&case, &decision, "signatures", 3);
    assert!(by_none.stderr.contains("signatures rebuilds no tasks of firefox"), "{}", by_none.stderr);

    let template = edits::source_ending(&world, ".taskcluster.yml");
    edits::forget_source(&mut world, &template);
    let without = CaseFile::of(&[capture_of(&world).path()]);
    let lacking = show(&without, &decision, "latest", 10).text();
    assert!(lacking.contains(&format!("missing {template}")) && lacking.contains("incomplete"), "{lacking}");
}

/// Each context that scriptworker logged while it verified a real chain, with success, renders a template of the revisions
/// in that log.
#[test]
fn real_templates_render_with_the_contexts_that_were_logged() {
    let (Some(templates), Some(logs)) = (shared("real/taskcluster-yml"), shared("real/ffupdater")) else { return };
    let templates: Vec<(String, jsone::Value)> = crate::program::files(&templates)
        .into_iter()
        .filter(|(name, _)| name.ends_with(".yml"))
        .map(|(name, path)| {
            let document = yaml::parse(&fs::read(&path).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, jsone::Value::of_yaml(&document.value))
        })
        .collect();
    let mut rendered = 0;
    for (name, path) in crate::program::files(&logs).into_iter().filter(|(name, _)| name.ends_with(".log")) {
        let log = fs::read_to_string(&path).unwrap();
        // Actions are rendered by their hooks, with other variables than these.
        for context in contexts(&log).into_iter().filter(|context| !is_action(context)) {
            let of_log = templates.iter().filter(|(name, _)| log.contains(&format!("/raw/{}", revision(name))));
            let tasks =
                of_log.filter_map(|(_, template)| jsone::render(template, &variables(&context), jsone::LIMITS).ok());
            let tasks = tasks.filter(|rendered| rendered.get("tasks").is_some_and(|tasks| tasks.as_list().is_some()));
            assert!(tasks.count() > 0, "{name}: {context:?}");
            rendered += 1;
        }
    }
    assert!(rendered >= 9, "{rendered}");
}

/// The revision in a template's name, such as `fenix-v90.1.0.taskcluster.yml`.
fn revision(name: &str) -> String {
    let name = name.trim_end_matches(".taskcluster.yml").trim_start_matches("focus-android-");
    format!("{}/", name.trim_start_matches("fenix-"))
}

/// The contexts in a log: dictionaries as Python's `pprint` writes them, which are YAML but for the function in them.
fn contexts(log: &str) -> Vec<yaml::Value> {
    let mut contexts = Vec::new();
    for after in log.split("json-e context:\n").skip(1) {
        let is_new = |line: &&str| !line.starts_with("20") || line.contains(" -  {");
        let text: Vec<&str> = after.lines().take_while(is_new).collect();
        let text = text.join("\n").replace(": None", ": null");
        let Some((_, text)) = text.split_once(" -  ") else { continue };
        let text = match (text.find("'as_slugid'"), text.find(">,")) {
            (Some(start), Some(end)) => format!("{}{}", &text[..start], &text[end + 2..]),
            _ => text.to_owned(),
        };
        // A long text that is written in several parts is no YAML.
        contexts.extend(yaml::parse(text.as_bytes()).ok().map(|document| document.value));
    }
    contexts
}

fn is_action(context: &yaml::Value) -> bool {
    context.get("tasks_for").and_then(yaml::Value::as_text) == Some("action")
}

fn variables(context: &yaml::Value) -> Vec<(&'static str, jsone::Value)> {
    const NAMES: [&str; 8] = ["now", "tasks_for", "ownTaskId", "taskId", "event", "cron", "repository", "push"];
    let own = context.get("ownTaskId").and_then(yaml::Value::as_text).unwrap_or_default();
    let as_slugid = jsone::Function::lookup(vec![("decision".to_owned(), own.to_owned())], own);
    let given = NAMES.iter().filter_map(|name| Some((*name, jsone::Value::of_yaml(context.get(name)?))));
    given.chain([("as_slugid", jsone::Value::Function(as_slugid))]).collect()
}

/// What comes of a task that is its own decision task: outcome and reason. `sources` are the ends of addresses and what lies
/// there; the tree gives no tasks.
fn made_up(
    product: &str,
    definition: &Value,
    actions: Option<&Value>,
    sources: &[(&str, Value)],
) -> (RebuildOutcome, String) {
    let task_id = "AMadeUpTaskOfNobody001";
    let definition = definition.to_string().into_bytes();
    let actions = actions.map(|actions| actions.to_string().into_bytes());
    let inputs = Inputs {
        task_id,
        definition: &definition,
        decision_id: task_id,
        decision: Some(&definition),
        parameters: Some(b"{}"),
        actions: actions.as_deref(),
    };
    let mut ask = |url: &str| {
        let found = sources.iter().find(|(end, _)| url.ends_with(end)).map(|(_, source)| source.to_string());
        let bytes = found.unwrap_or_else(|| r#"{"tasks": []}"#.to_owned()).into_bytes();
        Reply::Body { sha256: Digest::of(&bytes), bytes, is_html: false }
    };
    let recipe = RuleBook::named("63.6.1").unwrap().recipe(product).unwrap();
    let rebuild = work_out(&inputs, &recipe, &mut ask).rebuild;
    (rebuild.outcome, rebuild.why.unwrap_or_default())
}

/// A change of a document.
type Edit = fn(&mut Value);

/// Why a template without tasks is refused: everything before that went well.
const NO_TASKS: &str = "the template gives no task";

const TREE: &str = "https://hg.mozilla.org/mozilla-central";

/// A definition of a tree on hg.mozilla.org.
fn of_hg(tasks_for: &str) -> Value {
    json!({
        "created": "2026-08-01T09:30:12.345Z",
        "taskQueueId": "a/b",
        "metadata": {"source": format!("{TREE}/raw-file/abc/.taskcluster.yml")},
        "payload": {"env": {"GECKO_HEAD_REPOSITORY": TREE, "GECKO_HEAD_REV": "abc", "ACTION_CALLBACK": "run"}},
        "extra": {
            "tasks_for": tasks_for,
            "cron": "{}",
            "action": {"context": {"input": null, "taskId": null}},
        },
    })
}

fn hg_sources(edit: impl FnOnce(&mut Value)) -> [(&'static str, Value); 2] {
    let projects = json!({"mozilla-central": {"repo": TREE, "repo_type": "hg", "access": "scm_level_3"}});
    let mut push = json!({"date": 1, "user": "u", "changesets": [{"parents": ["def"], "desc": "d"}]});
    edit(&mut push);
    [("projects.yml", projects), ("full=1", json!({"pushes": {"1": push}}))]
}

#[test]
fn pushes_are_read_as_scriptworker_reads_them() {
    let come = |tasks_for: &str, message: Option<Value>, edit: fn(&mut Value)| {
        let mut task = of_hg(tasks_for);
        if let Some(message) = message {
            task["payload"]["env"]["GECKO_COMMIT_MSG"] = message;
        }
        made_up("firefox", &task, None, &hg_sources(edit)).1
    };
    let as_it_is = |_: &mut Value| {};
    assert_eq!(come("hg-push", None, as_it_is), NO_TASKS);
    assert_eq!(come("hg-push", Some(Value::Null), as_it_is), "GECKO_COMMIT_MSG is not the comment of the push");
    let without_comment = |push: &mut Value| push["changesets"][0]["desc"] = Value::Null;
    assert_eq!(come("hg-push", None, without_comment), "the comment of the push is no text");
    assert_eq!(come("cron", None, without_comment), NO_TASKS);
    let parents = |push: &mut Value| push["changesets"][0]["parents"] = json!({"0": "def"});
    assert_eq!(come("hg-push", None, parents), "the pushlog does not tell of a push");
}

#[test]
fn offered_actions_are_read_as_scriptworker_reads_them() {
    let offered = |payload: Value| json!({"kind": "hook", "hookPayload": payload});
    let run = |more: Value| {
        let decision = json!({"action": {"cb_name": "run"}, "push": {}, "repository": {"url": TREE}, "parameters": {}});
        let mut action = offered(json!({"decision": decision, "user": {}}));
        action.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        action
    };
    let come = |actions: Vec<Value>| {
        let actions = json!({"actions": actions});
        made_up("firefox", &of_hg("action"), Some(&actions), &hg_sources(|_| {})).1
    };
    // An action's group is looked for in the first of the tasks, of which there are none.
    let well = "the template gives no ACTION_TASK_GROUP_ID";
    let now = json!({"hookId": "generic/now"});
    assert_ne!(come(vec![]), well);
    for before in [offered(json!({})), json!({}), json!({"kind": "task"})] {
        assert_ne!(come(vec![before.clone()]), well);
        assert!(!come(vec![before, run(now.clone())]).contains("is no object"));
    }
    for before in [Value::Null, offered(Value::Null), offered(json!({"decision": {"action": []}}))] {
        assert!(come(vec![before, run(now.clone())]).ends_with("is no object"));
    }
    for extra in [Value::Null, json!([])] {
        assert_eq!(come(vec![run(json!({"extra": extra}))]), "what should have actionPerm is no object");
    }
    assert_eq!(come(vec![run(json!({"hookId": null}))]), "the action's hookId is no text");
}

#[test]
fn pull_requests_are_read_as_scriptworker_reads_them() {
    use base64::Engine as _;
    const REPOSITORY: &str = "https://github.com/mozilla-mobile/mozilla-vpn-client";
    let all = |edit: Edit, encoding: &str, edit_reply: Edit| {
        let mut task = json!({
            "created": "2026-08-01T09:30:12.345Z",
            "taskQueueId": "a/b",
            "metadata": {"source": REPOSITORY},
            "payload": {"env": {
                "MOZILLAVPN_HEAD_REPOSITORY": REPOSITORY,
                "MOZILLAVPN_BASE_REPOSITORY": REPOSITORY,
                "MOZILLAVPN_HEAD_REV": "abc",
                "MOZILLAVPN_PULL_REQUEST_NUMBER": "7",
            }},
            "extra": {"tasks_for": "github-pull-request"},
        });
        edit(&mut task["payload"]["env"]);
        let content = base64::engine::general_purpose::STANDARD.encode("tasks: []");
        let person = told(&json!({"login": "u"}));
        let side = told(&json!({"repo": told_repository(), "user": person}));
        let mut request = told(&json!({"head": side, "base": side, "user": person}));
        for people in ["assignees", "requested_reviewers"] {
            request[people] = json!([person]);
        }
        edit_reply(&mut request);
        let file = told(&json!({"encoding": encoding, "content": content}));
        let sources =
            [("ref=abc", file), ("/pulls/7", request), ("/repos/mozilla-mobile/mozilla-vpn-client", told_repository())];
        made_up("mozillavpn", &task, None, &sources).1
    };
    let come = |edit: Edit, encoding: &str| all(edit, encoding, |_| {});
    assert_eq!(come(|_| {}, "base64"), NO_TASKS);
    // What scriptworker does not look at may not lack either.
    let without: [(Edit, &str); 4] = [
        (|reply| drop(reply.as_object_mut().unwrap().remove("title")), "GitHub's pull request has no title"),
        (|reply| drop(reply["user"].as_object_mut().unwrap().remove("type")), "GitHub's user has no type"),
        (|reply| drop(reply["head"]["repo"].as_object_mut().unwrap().remove("fork")), "GitHub's head has no fork"),
        (|reply| reply["base"]["repo"] = Value::Null, "GitHub's pull request is to no repository"),
    ];
    for (edit, why) in without {
        assert_eq!(all(|_| {}, "base64", edit), why);
    }
    assert!(come(|_| {}, "utf-8").ends_with("is not told in base64"));
    let without_base = |env: &mut Value| env["MOZILLAVPN_BASE_REPOSITORY"] = Value::Null;
    assert_eq!(come(without_base, "base64"), "it names no MOZILLAVPN_BASE_REPOSITORY");
    let numbers: [Edit; 3] = [
        |env| env["MOZILLAVPN_PULL_REQUEST_NUMBER"] = "0".into(),
        |env| env["MOZILLAVPN_PULL_REQUEST_NUMBER"] = "-1".into(),
        |env| env["MOZILLAVPN_PULL_REQUEST_NUMBER"] = "-0".into(),
    ];
    for number in numbers {
        assert!(come(number, "base64").ends_with("is no number of a pull request"));
    }
}
