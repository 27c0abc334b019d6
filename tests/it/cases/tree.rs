use cotrace::model::{Code, Verdict};
use cotrace_generator::World;
use serde_json::{Value, json};

use super::edits::{
    copy_alone, deny_source, edit_graph, edit_source, put_source, redefine, redefine_alone, reword, source,
    source_ending,
};
use super::{Case, THEIRS};
use crate::support::{Scene, nightly_2026};

pub(super) const CASES: &[Case] = &[
    Case::refutes(
        Code::ProductUndecided,
        ("task", "signing-linux64"),
        ("the source of the target tells of no product", "the source is as short as can be"),
        || Scene::of(signing_of("https://hg.example.org/mozilla-central"), "signing-linux64").under(THEIRS),
        || Scene::of(signing_of("https://hg.mozilla.org/mozilla-central"), "signing-linux64").under(THEIRS),
    )
    .verdict(Verdict::Undetermined),
    Case::refutes(
        Code::ProductUndecided,
        ("task", "signing-linux64"),
        ("somebody names a product that there is not", "somebody names the product"),
        || Scene::of(nightly_2026(), "signing-linux64").of_product("firefoxes").under(THEIRS),
        || Scene::of(nightly_2026(), "signing-linux64").of_product("firefox").under(THEIRS),
    )
    .verdict(Verdict::Undetermined),
    Case::refutes(
        Code::SourceMalformed,
        ("task", "build-linux64"),
        ("a build from GitHub names no revision", "it names one"),
        || {
            Scene::of(from_mirror("https://github.com/mozilla-firefox/firefox/tree", Some(BRANCHES)), "signing-linux64")
                .under(THEIRS)
        },
        || Scene::of(from_mirror(MIRRORED, Some(BRANCHES)), "signing-linux64").under(THEIRS),
    )
    .also(&[Code::SourceOfMirror])
    .near_also(&[Code::SourceOfMirror]),
    Case::refutes(
        Code::SourceMalformed,
        ("task", "build-linux64"),
        ("a build names no source", "a build names the repository alone"),
        || {
            let edit = |task: &mut Value| {
                task["metadata"].as_object_mut().unwrap().remove("source").unwrap();
            };
            Scene::of(build(edit), "signing-linux64").under(THEIRS)
        },
        || {
            let edit = |task: &mut Value| task["metadata"]["source"] = "https://hg.mozilla.org/mozilla-central".into();
            Scene::of(build(edit), "signing-linux64").under(THEIRS)
        },
    )
    .also(&[Code::SourceDiffersFromTarget]),
    Case::refutes(
        Code::SourceOutsideRepository,
        ("task", "build-linux64"),
        ("the variables of a build name another repository", "they name its own with a slash"),
        || Scene::of(in_repository("https://hg.mozilla.org/mozilla-unified"), "signing-linux64").under(THEIRS),
        || Scene::of(in_repository("https://hg.mozilla.org/mozilla-central/"), "signing-linux64").under(THEIRS),
    ),
    Case::refutes(
        Code::SourceDiffersFromTarget,
        ("task", "build-linux64"),
        ("a build is from another tree", "a build is from another revision of the tree"),
        || Scene::of(reworded("mozilla-central", "mozilla-unified"), "signing-linux64").under(THEIRS),
        || Scene::of(reworded("mozilla-central/file/", "mozilla-central/file/0"), "signing-linux64").under(THEIRS),
    ),
    Case::remarks(
        Code::SourceOfOtherTree,
        ("task", "docker-image"),
        ("the image is of a graph of another tree", "the image is of another graph of the tree"),
        || Scene::of(image_of("integration/autoland", "autoland"), "signing-linux64").under(THEIRS),
        || Scene::of(image_of("mozilla-central", "mozilla-central"), "signing-linux64").under(THEIRS),
    ),
    Case::refutes(
        Code::SourceNotATree,
        ("task", "docker-image"),
        ("a target with restricted scopes rests on an image of no known tree", "it rests on an image of a known tree"),
        || Scene::of(image_of("projects/oak", "oak"), "signing-linux64").under(THEIRS),
        || Scene::of(image_of("projects/pine", "pine"), "signing-linux64").under(THEIRS),
    )
    .near_also(&[Code::SourceOfOtherTree]),
    Case::refutes(
        Code::SourceNotATree,
        ("task", "docker-image"),
        (
            "a target with restricted scopes rests on an image of no known tree",
            "a target without such scopes rests on it",
        ),
        || Scene::of(image_of("projects/oak", "oak"), "signing-linux64").under(THEIRS),
        || Scene::of(image_of("projects/oak", "oak"), "build-linux64").under(THEIRS),
    )
    .near_also(&[Code::SourceOfOtherTree]),
    Case::remarks(
        Code::SourceOfMirror,
        ("task", "build-linux64"),
        ("a build is from the tree's mirror", "a build is from the tree, and is based on its mirror"),
        || Scene::of(from_mirror(MIRRORED, Some(BRANCHES)), "signing-linux64").under(THEIRS),
        || {
            let edit = |task: &mut Value| {
                task["payload"]["env"]["GECKO_BASE_REPOSITORY"] = "https://github.com/mozilla-firefox/firefox".into();
            };
            Scene::of(build(edit), "signing-linux64").under(THEIRS)
        },
    ),
    Case::refutes(
        Code::SourceTryOrPullRequest,
        ("task", "build-linux64"),
        ("a build's commit is on no branch of the mirror", "it is on a branch"),
        || Scene::of(from_mirror(MIRRORED, Some("\n")), "signing-linux64").under(THEIRS),
        || Scene::of(from_mirror(MIRRORED, Some(BRANCHES)), "signing-linux64").under(THEIRS),
    )
    .also(&[Code::SourceOfMirror])
    .near_also(&[Code::SourceOfMirror]),
    Case::refutes(
        Code::SourceDenied,
        ("task", "build-linux64"),
        ("GitHub has nothing on the commit of a build", "nobody asked GitHub"),
        || {
            let mut world = from_mirror(MIRRORED, Some(BRANCHES));
            let url = source_ending(&world, &format!("branch_commits/{COMMIT}"));
            deny_source(&mut world, &url);
            Scene::of(world, "signing-linux64").under(THEIRS)
        },
        || Scene::of(from_mirror(MIRRORED, None), "signing-linux64").under(THEIRS),
    )
    .near_verdict(Verdict::Undetermined)
    .also(&[Code::SourceOfMirror])
    .near_also(&[Code::SourceOfMirror]),
    Case::refutes(
        Code::SourceTryOrPullRequest,
        ("task", "build-linux64"),
        ("a build is of level 1, which is that of try", "a build is of level 2"),
        || Scene::of(build(|task| task["schedulerId"] = "gecko-level-1".into()), "signing-linux64").under(THEIRS),
        || Scene::of(build(|task| task["schedulerId"] = "gecko-level-2".into()), "signing-linux64").under(THEIRS),
    ),
    Case::remarks(
        Code::SourceTryOrPullRequest,
        ("task", "docker-image"),
        ("a target without restricted scopes rests on an image of try", "the image of try is the target"),
        || Scene::of(image_at_level(1), "build-linux64").under(THEIRS),
        || Scene::of(image_at_level(1), "docker-image").under(THEIRS),
    ),
    Case::refutes(
        Code::ScopeNotPermitted,
        ("task", "signing-linux64"),
        ("the signing has a scope that is for other trees", "it has one that is for its tree too"),
        || Scene::of(signing_with("project:releng:signing:cert:release-signing"), "signing-linux64").under(THEIRS),
        || Scene::of(signing_with("project:releng:signing:cert:production-signing"), "signing-linux64").under(THEIRS),
    ),
    Case::remarks(
        Code::ScopeNotPermitted,
        ("task", "signing-linux64"),
        ("what the target rests on has a scope that is for other trees", "it has one that is for its tree too"),
        || Scene::of(signing_with("project:releng:signing:cert:release-signing"), "beetmover-linux64").under(THEIRS),
        || Scene::of(signing_with("project:releng:signing:cert:production-signing"), "beetmover-linux64").under(THEIRS),
    ),
    Case::remarks(
        Code::ScopeWildcard,
        ("task", "signing-linux64"),
        ("the signing has a scope that stands for restricted ones", "it has one that stands for others"),
        || Scene::of(signing_with("project:releng:signing:cert:*"), "signing-linux64").under(THEIRS),
        || Scene::of(signing_with("project:releng:signing:cert:dep-*"), "signing-linux64").under(THEIRS),
    ),
    Case::remarks(
        Code::ScopeUnused,
        ("task", "build-linux64"),
        ("the build has the scope of the signing", "it has one that is not restricted"),
        || Scene::of(build_with("project:releng:signing:cert:nightly-signing"), "signing-linux64").under(THEIRS),
        || Scene::of(build_with("project:releng:signing:cert:dep-signing"), "signing-linux64").under(THEIRS),
    ),
    Case::remarks(
        Code::ScopeUnused,
        ("task", "build-linux64"),
        ("the build has a restricted scope", "the signing has it, which a scriptworker runs"),
        || Scene::of(build_with("project:releng:signing:cert:nightly-signing"), "signing-linux64").under(THEIRS),
        || Scene::of(signing_with("project:releng:signing:cert:nightly-signing"), "signing-linux64").under(THEIRS),
    ),
];

/// The build has one scope.
fn build_with(scope: &str) -> World {
    build(|task| task["scopes"] = json!([scope]))
}

fn build(edit: impl Fn(&mut Value)) -> World {
    let mut world = nightly_2026();
    redefine(&mut world, "build-linux64", edit);
    world
}

/// The source of the signing.
fn signing_of(source: &str) -> World {
    let mut world = nightly_2026();
    redefine(&mut world, "signing-linux64", |task| task["metadata"]["source"] = source.into());
    world
}

/// The signing has one scope.
fn signing_with(scope: &str) -> World {
    let mut world = nightly_2026();
    redefine(&mut world, "signing-linux64", |task| task["scopes"] = json!([scope]));
    world
}

fn in_repository(repository: &str) -> World {
    build(|task| task["payload"]["env"]["GECKO_HEAD_REPOSITORY"] = repository.into())
}

/// The build's definition, with one text for another on hg.mozilla.org.
fn reworded(from: &str, to: &str) -> World {
    let before = format!("https://hg.mozilla.org/{from}");
    build(|task| reword(task, |text| text.replace(&before, &format!("https://hg.mozilla.org/{to}"))))
}

fn image_at_level(level: u32) -> World {
    let mut world = nightly_2026();
    redefine(&mut world, "docker-image", |task| task["schedulerId"] = format!("gecko-level-{level}").into());
    world
}

/// A commit of the mirror.
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// The source of a build of that commit.
const MIRRORED: &str =
    "https://github.com/mozilla-firefox/firefox/blob/0123456789abcdef0123456789abcdef01234567/taskcluster/kinds/build";

/// What GitHub says of a commit on a branch.
const BRANCHES: &str = "<ul><li class=\"branch\"><a href=\"/mozilla-firefox/firefox\">main</a></li></ul>";

/// The build is from the mirror of its tree; `branches` is what GitHub says of its commit, if anybody asked.
fn from_mirror(source: &str, branches: Option<&str>) -> World {
    const REPOSITORY: &str = "https://github.com/mozilla-firefox/firefox";
    let mut world = build(|task| {
        task["metadata"]["source"] = source.into();
        let env = &mut task["payload"]["env"];
        env["GECKO_HEAD_REPOSITORY"] = REPOSITORY.into();
        env["GECKO_HEAD_REV"] = COMMIT.into();
    });
    let api = "https://api.github.com/repos/mozilla-firefox/firefox";
    put_source(&mut world, api, "application/json", &json!({"html_url": REPOSITORY, "url": api}).to_string());
    if let Some(branches) = branches {
        put_source(&mut world, &format!("{REPOSITORY}/branch_commits/{COMMIT}"), "text/html", branches);
    }
    world
}

/// A decision that the sample does not have.
const OTHER_DECISION: &str = "ADecisionElsewhere0001";

/// The docker image is of another graph: that of a push to this tree of hg.mozilla.org, which is this project.
fn image_of(tree: &str, project: &str) -> World {
    let mut world = nightly_2026();
    let [decision, image] = ["decision", "docker-image"].map(|label| world.task_id(label).unwrap().to_owned());
    let elsewhere = |text: &str| {
        let text = text.replace("hg.mozilla.org/mozilla-central", &format!("hg.mozilla.org/{tree}"));
        let text = if tree == "mozilla-central" { text } else { text.replace("mozilla-central", project) };
        text.replace(&decision, OTHER_DECISION)
    };
    copy_alone(&mut world, "decision", OTHER_DECISION, |scratch| {
        let folder = format!("tasks/{decision}/");
        for (path, bytes) in &mut scratch.files {
            if let Ok(text) = std::str::from_utf8(bytes)
                && path.starts_with(&folder)
            {
                *bytes = elsewhere(text).into_bytes();
            }
        }
    });
    redefine_alone(&mut world, "docker-image", |task| reword(task, elsewhere));
    edit_graph(&mut world, |graph| {
        graph.as_object_mut().unwrap().remove(&image).unwrap();
    });
    for end in [".taskcluster.yml", "&version=2&full=1"] {
        let url = source_ending(&world, end);
        let text = source(&world, &url);
        put_source(&mut world, &elsewhere(&url), "text/plain", &text);
    }
    if !["mozilla-central", "autoland"].contains(&project) {
        edit_source(&mut world, "projects.yml", |text| {
            let entry = format!("{project}:\n  access: scm_level_3\n  repo: https://hg.mozilla.org/{tree}\n");
            format!("{text}{entry}  repo_type: hg\n")
        });
    }
    world
}
