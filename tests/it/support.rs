//! Worlds, imported and replayed in process.
//!
//! A [`Scene`] is a world and a question about it: `Scene::of(nightly_2026(), "signing-linux64").report()`. Beneath it
//! lies a [`TempCase`], for tests that want the case file.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use cotrace::chain::Mode;
use cotrace::import::{Evidence, KeepArtifacts, Options, Summary, import};
use cotrace::model::{AsOf, Basis, ClockOverrides, Moment, Report, TargetReport, TaskId, ToolUsed};
use cotrace::replay::{Replayed, Request, RuleChoice, SILENT, SnapshotChoice, Targets, replay};
use cotrace::rules::RuleBook;
use cotrace::store::{Access, Case};
use cotrace::trust::Distrusted;
use cotrace_generator::{World, sample};

/// A copy of the sample of 2017: OpenPGP attestations.
pub(crate) fn nightly_2017() -> World {
    static WORLD: LazyLock<World> = LazyLock::new(|| sample::nightly_2017().unwrap());
    WORLD.clone()
}

/// A copy of the sample of 2026: ed25519 attestations.
pub(crate) fn nightly_2026() -> World {
    static WORLD: LazyLock<World> = LazyLock::new(|| sample::nightly_2026().unwrap());
    WORLD.clone()
}

/// A world with nothing in it, for captures of keys alone.
pub(crate) fn nothing() -> World {
    let mut world = nightly_2026();
    world.files.clear();
    world
}

/// The moment that a text names.
pub(crate) fn moment(text: &str) -> Moment {
    text.parse().unwrap()
}

/// The id of the task with a label; of a task without one, give the id itself.
pub(crate) fn task_id(world: &World, label: &str) -> TaskId {
    world.task_id(label).unwrap_or(label).parse().unwrap()
}

/// A case file in a directory that goes away with it.
pub(crate) struct TempCase {
    /// The open case.
    pub(crate) case: Case,
    directory: tempfile::TempDir,
    captures: usize,
}

impl TempCase {
    /// An empty case.
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let case = Case::open(&directory.path().join("case.sqlite"), Access::Create).unwrap();
        Self { case, directory, captures: 0 }
    }

    /// Writes a world as a capture and imports it.
    pub(crate) fn import(&mut self, world: &World, accept_keys: bool, keep: KeepArtifacts) -> Summary {
        let capture = self.write(world);
        let options = Options {
            keep,
            accept_keys,
            operator: Some("J. Doe".to_owned()),
            now: moment("2026-11-01"),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let evidence = Evidence::open(&capture).unwrap();
        import(&mut self.case, &evidence, &options, &|_| ()).unwrap()
    }

    /// Writes a world as a capture beside the case file.
    pub(crate) fn write(&mut self, world: &World) -> PathBuf {
        let capture = self.directory.path().join(format!("capture-{}", self.captures));
        self.captures += 1;
        world.write_to(&capture).unwrap();
        capture
    }

    /// Replays what is asked.
    pub(crate) fn replay(&mut self, request: &Request) -> Report {
        self.replayed(request).report
    }

    /// The same, with how much work it was.
    pub(crate) fn replayed(&mut self, request: &Request) -> Replayed {
        replay(&mut self.case, request, SILENT).unwrap()
    }
}

/// The rules of this name.
pub(crate) fn rules(name: &str) -> RuleChoice {
    if name == "then" { RuleChoice::Then } else { RuleChoice::One(Arc::new(RuleBook::named(name).unwrap())) }
}

/// The usual question: the rule book `signatures`, at `then`, after the run.
pub(crate) fn request(targets: Targets) -> Request {
    Request {
        snapshot: SnapshotChoice::Newest,
        targets,
        task_type: None,
        product: None,
        mode: Mode::AfterRun,
        as_of: AsOf::Then,
        clocks: ClockOverrides::default(),
        bases: Basis::ALL.into_iter().collect(),
        distrust: Vec::new(),
        rules: rules("signatures"),
        tool: ToolUsed { name: "cotrace".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        now: moment("2026-11-01"),
    }
}

/// A world and a question about one of its tasks.
#[derive(Clone)]
pub(crate) struct Scene {
    /// The capture, whose keys the operator accepts.
    pub(crate) world: World,
    /// The label of the target.
    pub(crate) target: &'static str,
    /// Captures imported before it, each with whether its keys are accepted.
    pub(crate) earlier: Vec<(World, bool)>,
    accept_keys: bool,
    keep: KeepArtifacts,
    as_of: AsOf,
    clocks: ClockOverrides,
    bases: BTreeSet<Basis>,
    distrust: Vec<Distrusted>,
    mode: Mode,
    task_type: Option<String>,
    product: Option<String>,
    rules: Option<&'static str>,
    snapshot: SnapshotChoice,
}

impl Scene {
    /// The verdict on a task of a world, asked in the usual way.
    pub(crate) fn of(world: World, target: &'static str) -> Self {
        Self {
            world,
            target,
            earlier: Vec::new(),
            accept_keys: true,
            keep: KeepArtifacts::Evidence,
            as_of: AsOf::Then,
            clocks: ClockOverrides::default(),
            bases: Basis::ALL.into_iter().collect(),
            distrust: Vec::new(),
            mode: Mode::AfterRun,
            task_type: None,
            product: None,
            rules: None,
            snapshot: SnapshotChoice::Newest,
        }
    }

    /// At this moment.
    pub(crate) fn at(self, text: &str) -> Self {
        Self { as_of: AsOf::At(moment(text)), ..self }
    }

    /// With what is known now of keys.
    pub(crate) fn known_now(self) -> Self {
        let clocks = ClockOverrides { knowledge: Some(moment("2026-11-02")), ..self.clocks };
        Self { clocks, ..self }
    }

    /// With these clocks moved away from the moment.
    pub(crate) fn with_clocks(self, clocks: ClockOverrides) -> Self {
        Self { clocks, ..self }
    }

    /// With this distrusted.
    pub(crate) fn distrusting(mut self, text: &str) -> Self {
        self.distrust.push(text.parse().unwrap());
        self
    }

    /// With these bases of trust alone.
    pub(crate) fn trusting(self, bases: &[Basis]) -> Self {
        Self { bases: bases.iter().copied().collect(), ..self }
    }

    /// As about to run (`--no-check-task`).
    pub(crate) fn before_run(self) -> Self {
        Self { mode: Mode::BeforeRun, ..self }
    }

    /// As this task type.
    pub(crate) fn typed(self, task_type: &str) -> Self {
        Self { task_type: Some(task_type.to_owned()), ..self }
    }

    /// By the tables of this product.
    pub(crate) fn of_product(self, product: &str) -> Self {
        Self { product: Some(product.to_owned()), ..self }
    }

    /// Under this rule book.
    pub(crate) fn under(self, rules: &'static str) -> Self {
        Self { rules: Some(rules), ..self }
    }

    /// With all snapshots joined.
    pub(crate) fn joined(self) -> Self {
        Self { snapshot: SnapshotChoice::Union, ..self }
    }

    /// With this capture imported before.
    pub(crate) fn after(mut self, world: World, accept_keys: bool) -> Self {
        self.earlier.push((world, accept_keys));
        self
    }

    /// Without anybody accepting the capture's keys.
    pub(crate) fn keys_not_accepted(self) -> Self {
        Self { accept_keys: false, ..self }
    }

    /// With these artifacts' contents kept.
    pub(crate) fn keeping(self, keep: KeepArtifacts) -> Self {
        Self { keep, ..self }
    }

    /// The id of the task with a label.
    pub(crate) fn task_id(&self, label: &str) -> TaskId {
        task_id(&self.world, label)
    }

    /// The question.
    pub(crate) fn request(&self) -> Request {
        let usual = request(Targets::These(vec![self.task_id(self.target)]));
        Request {
            task_type: self.task_type.clone(),
            product: self.product.clone(),
            mode: self.mode,
            snapshot: self.snapshot.clone(),
            as_of: self.as_of,
            clocks: self.clocks,
            bases: self.bases.clone(),
            distrust: self.distrust.clone(),
            rules: self.rules.map_or_else(|| usual.rules.clone(), rules),
            ..usual
        }
    }

    /// Imports everything into a case of its own.
    pub(crate) fn import(&self) -> TempCase {
        let mut case = TempCase::new();
        for (world, accept_keys) in &self.earlier {
            case.import(world, *accept_keys, self.keep);
        }
        case.import(&self.world, self.accept_keys, self.keep);
        case
    }

    /// Imports everything and replays the target.
    pub(crate) fn report(&self) -> Report {
        self.import().replay(&self.request())
    }
}

/// The one target of a report.
pub(crate) fn only_target(report: &Report) -> &TargetReport {
    let [target] = report.targets.as_slice() else { panic!("{} targets", report.targets.len()) };
    target
}
