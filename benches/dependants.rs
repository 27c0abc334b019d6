//! What rests on one task of a graph of a million tasks and three million edges, beside petgraph and recursive SQL.
//!
//! Every task but the first rests on up to three that came shortly or long before it, so that all rest on the first. The
//! peers answer less: petgraph gives the tasks in the order of its search, and SQL in none; neither tells a distance.

#![expect(clippy::unwrap_used, reason = "a benchmark that can't be set up has nothing to say")]

use std::sync::LazyLock;

use cotrace::insight::{DependencyGraph, Node, Origins};
use cotrace::model::{Origin, TaskId};
use divan::{Bencher, black_box};
use petgraph::graph::{Graph, NodeIndex};
use petgraph::visit::{Bfs, Reversed, Walker as _};
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

const TASKS: u32 = 1_000_000;
const EDGES: u32 = 3;

fn main() {
    divan::main();
}

/// A number that looks random and is always the same.
fn number(seed: u64) -> u64 {
    // splitmix64.
    let mut mixed = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Every edge, from a task to one that it rests on, by number.
fn edges() -> impl Iterator<Item = (u32, u32)> {
    (1..TASKS).flat_map(|from| {
        (0..EDGES).map(move |edge| {
            let random = number(u64::from(from) * u64::from(EDGES) + u64::from(edge));
            // One near neighbour, as in a build's own chain, and two from anywhere before.
            let reach = if edge == 0 { from.min(100) } else { from };
            (from, from - 1 - (random % u64::from(reach)) as u32)
        })
    })
}

/// Task ids are random: their order is not that of the numbers.
fn id(number: u32) -> TaskId {
    hex::encode(Sha256::digest(number.to_be_bytes()))[..22].parse().unwrap()
}

static GRAPH: LazyLock<(DependencyGraph, Node)> = LazyLock::new(|| {
    let edges = edges().map(|(from, to)| (id(from), id(to), Origin::Dependency));
    let graph = DependencyGraph::new((0..TASKS).map(id), edges).unwrap();
    let first = graph.node(&id(0)).unwrap();
    assert_eq!(graph.dependants(first, Origins::ALL).len(), TASKS as usize - 1);
    (graph, first)
});

#[divan::bench]
fn dependants_of_one(bencher: Bencher) {
    let (graph, first) = &*GRAPH;
    bencher.bench(|| graph.dependants(black_box(*first), Origins::ALL).len());
}

/// The same over edges of one origin: each edge is asked.
#[divan::bench]
fn dependants_of_one_by_one_origin(bencher: Bencher) {
    let (graph, first) = &*GRAPH;
    let wanted = Origins::from(Origin::Dependency);
    bencher.bench(|| graph.dependants(black_box(*first), wanted).len());
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn making_the_graph(bencher: Bencher) {
    let ids: Vec<TaskId> = (0..TASKS).map(id).collect();
    let all: Vec<_> = edges().collect();
    bencher.bench(|| {
        let edges = all.iter().map(|(from, to)| (ids[*from as usize], ids[*to as usize], Origin::Dependency));
        DependencyGraph::new(ids.iter().copied(), edges).unwrap()
    });
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn peer_petgraph(bencher: Bencher) {
    let mut graph: Graph<(), ()> = Graph::with_capacity(TASKS as usize, (TASKS * EDGES) as usize);
    for _ in 0..TASKS {
        graph.add_node(());
    }
    for (from, to) in edges() {
        graph.add_edge(NodeIndex::new(from as usize), NodeIndex::new(to as usize), ());
    }
    bencher.bench(|| {
        let reversed = Reversed(&graph);
        let found = Bfs::new(reversed, black_box(NodeIndex::new(0))).iter(reversed).count();
        assert_eq!(found, TASKS as usize);
    });
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn peer_recursive_sql(bencher: Bencher) {
    let mut connection = Connection::open_in_memory().unwrap();
    let sql =
        "CREATE TABLE edge (below INTEGER NOT NULL, above INTEGER NOT NULL, PRIMARY KEY (above, below)) WITHOUT ROWID;";
    connection.execute_batch(sql).unwrap();
    let transaction = connection.transaction().unwrap();
    let mut insert = transaction.prepare("INSERT OR IGNORE INTO edge (below, above) VALUES (?1, ?2)").unwrap();
    for edge in edges() {
        insert.execute(edge).unwrap();
    }
    drop(insert);
    transaction.commit().unwrap();
    bencher.bench_local(|| {
        let sql =
            "WITH RECURSIVE reached (task) AS (VALUES (?1) UNION SELECT below FROM edge, reached WHERE above = task)
            SELECT count(*) FROM reached";
        let found: u32 = connection.query_row(sql, [black_box(0)], |row| row.get(0)).unwrap();
        assert_eq!(found, TASKS);
    });
}
