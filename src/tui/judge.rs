//! The judge: a thread that holds the facts of the case and judges again when asked.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;

use super::message::{Event, JudgeAsk, Opened, Rebuilt, TargetLine, Told};
use crate::formats::json::to_pretty_string;
use crate::model::{Basis, TaskId};
use crate::replay::{
    Progress, RebuildShown, ReplayError, Request, Sitting, Standing, Standings, Targets, definitions, dependency_graph,
    hold, keep, key_report, rebuild, replay,
};
use crate::store::{Access, Case};

/// How a sitting ends.
enum Next {
    /// Nobody asks any more.
    End,
    /// Another begins, with this question.
    Open { number: u64, version: u64, question: Box<Request> },
}

/// What is asked, each with its number.
type Asked = Receiver<(u64, JudgeAsk)>;

/// Whom to tell, and which questions are given up.
#[derive(Clone, Copy)]
struct Desk<'t> {
    given_up: &'t AtomicU64,
    tell: Tell<'t>,
}

impl Desk<'_> {
    fn is_given_up(self, number: u64) -> bool {
        number < self.given_up.load(Ordering::Relaxed)
    }

    /// Tells how far a question has come, and hears whether it is still wanted.
    fn go_on(self, number: u64, progress: Option<Progress>) -> ControlFlow<()> {
        if self.is_given_up(number) {
            return ControlFlow::Break(());
        }
        if let Some(progress) = progress {
            (self.tell)(Event::Told(Told::Progress(progress)));
        }
        ControlFlow::Continue(())
    }
}

/// Whom to tell.
pub(super) type Tell<'a> = &'a (dyn Fn(Event) + Sync);

/// Opens the case and answers until nobody asks any more. Opening counts as asked for.
pub(super) fn sit(path: &Path, base: &Request, asks: &Asked, given_up: &AtomicU64, tell: Tell<'_>) {
    let (mut number, mut version, mut question) = (0, 0, Box::new(base.clone()));
    loop {
        let desk = Desk { given_up, tell };
        let listener = |progress: Progress| desk.go_on(number, Some(progress));
        let held = Case::open(path, Access::Keep).map_err(|error| error.to_string()).and_then(|mut case| {
            let serve = |sitting: &mut Sitting<'_>, case: &mut Case| {
                let mut bench = Bench { sitting, case, base, order: Vec::new(), desk, number };
                bench.open(version, &question);
                bench.serve(asks)
            };
            let questions = if is_same(&question, base) { vec![base] } else { vec![base, &question] };
            match hold(&mut case, &questions, &listener, serve) {
                Err(ReplayError::Stopped) => Ok(None),
                held => held.map(Some).map_err(|error| error.to_string()),
            }
        });
        let next = held.map_err(Told::Failed).and_then(|held| held.ok_or(Told::GivenUp)).unwrap_or_else(|told| {
            tell(Event::Told(told));
            tell(Event::Served);
            wait_for_another(asks, tell)
        });
        match next {
            Next::End => return,
            Next::Open { number: next, version: of, question: asked } => {
                (number, version, question) = (next, of, asked);
            }
        }
    }
}

/// After a failure, or where the opening was given up, only another opening helps.
fn wait_for_another(asks: &Asked, tell: Tell<'_>) -> Next {
    while let Ok((number, ask)) = asks.recv() {
        match ask {
            JudgeAsk::Open { version, question } => return Next::Open { number, version, question },
            JudgeAsk::Standings { .. }
            | JudgeAsk::Survey { .. }
            | JudgeAsk::Chain { .. }
            | JudgeAsk::Rebuild { .. }
            | JudgeAsk::Facts(_)
            | JudgeAsk::Keys { .. } => tell(Event::Served),
        }
    }
    Next::End
}

/// The judge at work.
struct Bench<'s, 'c, 'f, 't> {
    sitting: &'s mut Sitting<'f>,
    case: &'c mut Case,
    /// The question of the command line.
    base: &'c Request,
    /// The places of the targets in the order of their ids.
    order: Vec<usize>,
    desk: Desk<'t>,
    /// The number of the question that is being answered.
    number: u64,
}

impl Bench<'_, '_, '_, '_> {
    /// Tells what does not depend on the question, and the verdicts by the first.
    fn open(&mut self, version: u64, question: &Request) {
        let lines: Vec<TargetLine> = self.sitting.lines().map(line).collect();
        self.order = (0..lines.len()).collect();
        self.order.sort_by_key(|place| lines[*place].task_id);
        let opened = Opened {
            targets: Arc::new(self.order.iter().map(|place| lines[*place].clone()).collect()),
            key_changes: Arc::new(self.sitting.key_changes().into_iter().collect()),
        };
        self.told(Told::Opened(Box::new(opened)));
        match self.sitting.ask(self.base) {
            Ok(Some(standings)) => {
                let of = self.in_order(&standings);
                self.told(Told::Before(Arc::clone(&of)));
                if is_same(question, self.base) {
                    self.told(Told::Standings { version, of });
                } else {
                    let asked = self.sitting.ask(question).map_err(|error| error.to_string());
                    self.standings(version, asked.map(Option::unwrap_or_default));
                }
            }
            // Everything that it needs was asked for.
            Ok(None) => {}
            Err(error) => self.told(Told::Failed(error.to_string())),
        }
        if !self.desk.is_given_up(self.number) {
            self.graph();
        }
        (self.desk.tell)(Event::Served);
    }

    /// Which tasks rest on which: of all tasks, also of those that no chain reaches.
    fn graph(&mut self) {
        let graph = definitions(self.case).map_err(|error| error.to_string()).and_then(|(summaries, definitions)| {
            dependency_graph(&summaries, &definitions).map_err(|error| error.to_string())
        });
        match graph {
            Ok(graph) => self.told(Told::Graph(Arc::new(graph))),
            Err(error) => self.told(Told::Said(format!("there is no graph: {error}"))),
        }
    }

    fn serve(&mut self, asks: &Asked) -> Next {
        let mut waiting: Vec<(u64, JudgeAsk)> = Vec::new();
        loop {
            if waiting.is_empty() {
                let Ok(ask) = asks.recv() else { return Next::End };
                waiting.push(ask);
            }
            waiting.extend(asks.try_iter());
            let (number, ask) = waiting.remove(0);
            if self.desk.is_given_up(number) || waiting.iter().any(|(_, later)| supersedes(later, &ask)) {
                (self.desk.tell)(Event::Served);
                continue;
            }
            self.number = number;
            if let Some(next) = self.answer(ask) {
                waiting.iter().for_each(|_| (self.desk.tell)(Event::Served));
                return next;
            }
            (self.desk.tell)(Event::Served);
        }
    }

    fn answer(&mut self, ask: JudgeAsk) -> Option<Next> {
        match ask {
            JudgeAsk::Open { version, question } => {
                return Some(Next::Open { number: self.number, version, question });
            }
            JudgeAsk::Standings { version, question } => match self.sitting.ask(&question) {
                Ok(Some(standings)) => self.standings(version, Ok(standings)),
                Ok(None) => return Some(Next::Open { number: self.number, version, question }),
                Err(error) => self.standings(version, Err(error.to_string())),
            },
            JudgeAsk::Survey { version, question } => self.survey(version, &question),
            JudgeAsk::Chain { version, question, task_id } => self.chain(version, &question, task_id),
            JudgeAsk::Rebuild { question, task_id } => {
                let question = of_one(&question, task_id);
                let shown = rebuild(self.case, &question).map_err(|error| error.to_string());
                self.told(Told::Rebuild { task_id, shown: shown.map(|shown| shown.map(rebuilt)) });
            }
            JudgeAsk::Facts(task_id) => {
                let facts = self.sitting.facts(&task_id).cloned();
                self.told(Told::Facts(task_id, facts.map(Box::new)));
            }
            JudgeAsk::Keys { question } => {
                let bases: BTreeSet<Basis> = question.bases.clone();
                match key_report(self.case, &bases) {
                    Ok(report) => self.told(Told::Keys(Arc::new(report))),
                    Err(error) => self.told(Told::Failed(error.to_string())),
                }
            }
        }
        None
    }

    /// The standings in the order of the targets' ids.
    fn in_order(&self, standings: &Standings) -> Arc<Vec<Standing>> {
        Arc::new(self.order.iter().filter_map(|place| standings.of.get(*place).copied()).collect())
    }

    fn standings(&self, version: u64, asked: Result<Standings, String>) {
        match asked {
            Ok(standings) => {
                let of = self.in_order(&standings);
                self.told(Told::Standings { version, of });
            }
            Err(error) => self.told(Told::Failed(error)),
        }
    }

    /// Everything but the targets; what came of the question of the command line is kept in the case, as a replay keeps it.
    fn survey(&mut self, version: u64, question: &Request) {
        let (desk, number) = (self.desk, self.number);
        let listener = |progress: Progress| desk.go_on(number, Some(progress));
        match self.sitting.report(None, question, &listener) {
            Ok(mut report) => {
                if is_same(question, self.base)
                    && self.case.is_writable()
                    && let Err(error) = keep(self.case, &report, question)
                {
                    self.told(Told::Said(format!("the verdicts were not kept: {error}")));
                }
                report.targets = Vec::new();
                self.told(Told::Survey { version, report: Arc::new(report) });
            }
            Err(ReplayError::Stopped) => self.told(Told::GivenUp),
            Err(error) => self.told(Told::Failed(error.to_string())),
        }
    }

    fn chain(&mut self, version: u64, question: &Request, task_id: TaskId) {
        let (desk, number) = (self.desk, self.number);
        let listener = |_: Progress| desk.go_on(number, None);
        let is_target = self.sitting.targets().any(|target| target == task_id);
        let report = if is_target {
            self.sitting.report(Some(&[task_id]), question, &listener)
        } else {
            // Nobody asks for its attestation, and the auditor wants to see its chain all the same.
            replay(self.case, &of_one(question, task_id), &listener).map(|replayed| replayed.report)
        };
        let report = report.map(Arc::new).map_err(|error| error.to_string());
        self.told(Told::Chain { version, task_id, report });
    }

    fn told(&self, told: Told) {
        (self.desk.tell)(Event::Told(told));
    }
}

/// Whether a later question makes an earlier one idle: the moment has moved on.
fn supersedes(later: &JudgeAsk, earlier: &JudgeAsk) -> bool {
    match (later, earlier) {
        (JudgeAsk::Standings { .. }, JudgeAsk::Standings { .. })
        | (JudgeAsk::Survey { .. }, JudgeAsk::Survey { .. })
        | (JudgeAsk::Open { .. }, _) => true,
        (JudgeAsk::Standings { version, .. }, JudgeAsk::Survey { version: of, .. }) => version != of,
        (
            JudgeAsk::Standings { .. }
            | JudgeAsk::Survey { .. }
            | JudgeAsk::Chain { .. }
            | JudgeAsk::Rebuild { .. }
            | JudgeAsk::Facts(_)
            | JudgeAsk::Keys { .. },
            _,
        ) => false,
    }
}

/// Whether two questions of one terminal UI are the same: only the moment and what is distrusted move.
fn is_same(one: &Request, other: &Request) -> bool {
    one.as_of == other.as_of && one.distrust == other.distrust
}

fn of_one(question: &Request, task_id: TaskId) -> Request {
    Request { targets: Targets::These(vec![task_id]), ..question.clone() }
}

fn line(line: crate::replay::SittingLine) -> TargetLine {
    TargetLine {
        task_id: line.task_id,
        task_type: line.task_type.map(Arc::from),
        keys: line.keys.into_iter().map(Arc::from).collect(),
        judged_at: line.judged_at,
    }
}

/// A rebuild in words: its values belong to this thread.
fn rebuilt(shown: RebuildShown) -> Box<Rebuilt> {
    let workings = &shown.workings;
    let parts = [
        ("template", &workings.template),
        ("variables (as_slugid left out)", &workings.context),
        ("rebuilt, as it is compared", &workings.nearest),
        ("definition, as it is compared", &workings.definition),
    ];
    let parts = parts.into_iter().filter_map(|(name, value)| {
        let told = value.as_ref()?.to_json().map_or_else(|error| error.to_string(), |value| to_pretty_string(&value));
        Some((name, told))
    });
    Box::new(Rebuilt {
        parts: parts.collect(),
        rules: shown.rules,
        product: shown.product,
        rebuild: shown.workings.rebuild,
    })
}
