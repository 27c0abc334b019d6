//! A million verdicts, judged again at another moment, or with one key distrusted.
//!
//! The chains of a generated graph are heard again and again until there are a million: each hearing is held and combined by
//! itself, as those of a million tasks would be. Every change here changes every verdict; one that changes fewer costs less.

#![expect(clippy::unwrap_used, reason = "a benchmark that can't be set up has nothing to say")]

mod support;

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cotrace::chain::{Chain, EdgeNames, Mode, TaskTypeGuess, build, guess_task_type};
use cotrace::examine::outline::outline;
use cotrace::judge::{Docket, Hearing, Rules, product_of};
use cotrace::model::{Basis, Clocks, Facts, KeyEpoch, KeyId, Moment, Outline, Role, TaskFacts, TaskOutline, Verdict};
use cotrace::replay::survey;
use cotrace::rules::RuleBook;
use cotrace::trust::{Distrusted, Ledger};
use cotrace_generator::scale;
use divan::Bencher;
use divan::counter::ItemsCount;
use support::{ROLES, ed25519_keys, imported, moment};

const TASKS: usize = 1_000;
const VERDICTS: usize = 1_000_000;

fn main() {
    divan::main();
}

/// What all hearings are of.
struct Matter {
    facts: Facts,
    chains: Vec<(Chain, Option<String>)>,
    book: RuleBook,
    ledger: Ledger,
    /// A key that signed an attestation of every chain: that of the decision task's worker.
    key: KeyId,
}

static MATTER: LazyLock<Matter> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("capture");
    scale::write(&capture, TASKS, 1).unwrap();
    let mut case = imported(&capture, &folder.path().join("case.sqlite"));
    let (_, facts) = survey(&mut case).unwrap().pop().unwrap();
    let book = RuleBook::named("latest").unwrap();
    let named = facts.tasks.iter().map(|(task_id, task)| {
        let definition = task.shape().map(|shape| Box::new(outline(task_id, shape)));
        (*task_id, TaskOutline { definition, ..TaskOutline::default() })
    });
    let names = EdgeNames::new(&Outline { tasks: named.collect() }, |_| true);
    let chain = |(task_id, task): (_, &TaskFacts)| {
        let shape = task.shape().unwrap();
        let TaskTypeGuess::Settled(task_type) = guess_task_type(task_id, shape, &names, &book) else { return None };
        let product = shape.source.as_deref().and_then(|source| product_of(source, &book));
        Some((build(task_id, &task_type, Mode::AfterRun, &facts, &book), product))
    };
    let chains: Vec<_> = facts.tasks.iter().filter_map(chain).collect();
    let mut ledger = Ledger::default();
    for role in ROLES {
        for key in ed25519_keys(&capture, role) {
            let key = STANDARD.decode(key).unwrap();
            ledger.add_epoch(epoch(KeyId::ed25519(&key.try_into().unwrap()), Role::new(role)));
        }
    }
    let decision = chains.iter().find(|(chain, _)| chain.links.len() == 1).unwrap().0.links[0].task_id;
    let signature = facts.tasks[&decision].attestations.values().find_map(|facts| facts.signature.clone());
    Matter { key: signature.unwrap().key.unwrap(), facts, chains, book, ledger }
});

/// A key that was trusted for a year.
fn epoch(key: KeyId, role: Role) -> KeyEpoch {
    KeyEpoch {
        key,
        role,
        from: Some(moment("2026-01-01")),
        until: Some(moment("2027-01-01")),
        deployments: Vec::new(),
        file: None,
        source: "the generator".to_owned(),
        began: None,
        ended: None,
        known_until: None,
        basis: Some(Basis::Operator),
    }
}

fn docket() -> Docket<'static> {
    let matter = &*MATTER;
    let own = Clocks::all_at(moment("2026-08-01"));
    let hearing = |(chain, product): &'static (Chain, Option<String>)| Hearing {
        chain,
        rules: Rules { book: &matter.book, product: product.as_deref() },
        ledger: &matter.ledger,
        own,
    };
    let hearings = matter.chains.iter().map(hearing).cycle().take(VERDICTS).collect();
    Docket::new(&matter.facts, Mode::AfterRun, hearings)
}

/// Asks two questions in turn; every answer changes every verdict.
fn in_turn(bencher: Bencher<'_, '_>, questions: [(Moment, &[Distrusted]); 2]) {
    let mut docket = docket();
    for (moment, distrust) in questions {
        docket.rehear(Some(Clocks::all_at(moment)), distrust);
    }
    let mut turn = questions.into_iter().cycle();
    bencher.counter(ItemsCount::new(VERDICTS)).bench_local(|| {
        let (moment, distrust) = turn.next().unwrap();
        let told = docket.rehear(Some(Clocks::all_at(moment)), distrust);
        assert_eq!((told.changed.len(), told.in_full), (VERDICTS, 0));
    });
    assert_eq!(docket.verdict(0).map(|(verdict, _)| verdict == Verdict::Undetermined), Some(false));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn another_moment(bencher: Bencher) {
    in_turn(bencher, [(moment("2026-08-01"), &[]), (moment("2028-01-01"), &[])]);
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn a_distrusted_key(bencher: Bencher) {
    let distrust = [format!("key:{}", MATTER.key).parse().unwrap()];
    in_turn(bencher, [(moment("2026-08-01"), &[]), (moment("2026-08-01"), &distrust)]);
}
