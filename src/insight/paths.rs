//! Why one task rests on another: over how many paths, and which are the shortest.
//!
//! A path never comes to a task twice. Where no cycle lies between the ends, every path is counted, in one pass over the
//! edges: the paths to a task are those to all from which it is next. Definitions that contradict each other can make
//! cycles; to count paths then takes time beyond any bound, so of each end only the shortest ones are counted.
//!
//! The shortest paths come one after the other: every task keeps the paths from it that were found so far, and the next
//! one of a task is made of the next one of a neighbour (Jiménez and Marzal's recursive enumeration). Only what is asked for
//! is made. Their number, and the steps they take, are bounded.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::dependency_graph::{DependencyGraph, Direction, Node, Origins};

/// The most paths that are told.
pub const PATHS_MAX: usize = 1_000;

/// The steps that looking for the shortest paths takes at most: about a second. Paths of hostile graphs can be long.
const STEPS_MAX: u64 = 20_000_000;

/// Which paths were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// All.
    All,
    /// Of each end the shortest ones, since tasks between rest on each other in a cycle.
    Shortest,
}

impl Counted {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Shortest => "shortest",
        }
    }
}

/// A task at which paths end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// The task.
    pub node: Node,
    /// The length of the shortest paths to it.
    pub distance: usize,
    /// How many paths there are to it; [`u64::MAX`] is that or more.
    pub count: u64,
}

/// The paths from a task to what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The tasks at which they end, ordered by distance, then by task id. None: there is no path.
    pub ends: Vec<End>,
    /// How many paths there are; [`u64::MAX`] is that or more.
    pub count: u64,
    /// Which were counted.
    pub counted: Counted,
    /// The shortest ones: by length, then by the ids of their tasks from the first on. Each begins with the task asked for.
    pub shortest: Vec<Vec<Node>>,
    /// Whether the steps ended before as many were found as were asked for: there may be more, longer ones.
    pub is_cut: bool,
}

impl DependencyGraph {
    /// The paths over which a task rests on another, over edges of these origins; `limit` of them are told. From a task to
    /// itself there is one, of no edge.
    pub fn paths(&self, from: Node, to: Node, origins: Origins, limit: usize) -> Paths {
        self.paths_within(from, Some(to), origins, limit, STEPS_MAX)
    }

    /// The paths from a task to all that rest on nothing: its tree's own tasks, and those of which nobody knows what they
    /// rest on.
    pub fn paths_to_tree(&self, from: Node, origins: Origins, limit: usize) -> Paths {
        self.paths_within(from, None, origins, limit, STEPS_MAX)
    }

    fn paths_within(&self, from: Node, to: Option<Node>, origins: Origins, limit: usize, steps: u64) -> Paths {
        let between = Between::of(self, from, to, origins);
        let (ends, counted) = between.count();
        let count = ends.iter().fold(0, |sum: u64, end| sum.saturating_add(end.count));
        let (mut shortest, mut is_cut) = (Vec::new(), false);
        if !ends.is_empty() {
            let mut ranking = Ranking { between: &between, ranked: HashMap::new(), steps };
            is_cut = ranking.first(limit.min(PATHS_MAX), counted, &mut shortest).is_none();
        }
        let node = |place: u32| Node(between.nodes[place as usize]);
        let shortest = shortest.into_iter().map(|path| path.into_iter().map(node).collect()).collect();
        Paths { ends, count, counted, shortest, is_cut }
    }

    /// The next tasks that a task rests on, but for itself, over edges of these origins.
    fn rests_on(&self, node: u32, origins: Origins) -> impl Iterator<Item = u32> {
        let next = self.neighbours(Node(node), Direction::Ancestors);
        next.filter(move |(to, by)| to.0 != node && by.meets(origins)).map(|(to, _)| to.0)
    }
}

/// Neighbours, one row after the other.
#[derive(Default)]
struct Rows {
    begins: Vec<usize>,
    to: Vec<u32>,
}

impl Rows {
    fn row(&self, place: u32) -> &[u32] {
        &self.to[self.begins[place as usize]..self.begins[place as usize + 1]]
    }

    /// The same edges the other way round.
    fn turned(&self) -> Self {
        let nodes = self.begins.len() - 1;
        let mut begins = vec![0; nodes + 1];
        self.to.iter().for_each(|to| begins[*to as usize + 1] += 1);
        for place in 0..nodes {
            begins[place + 1] += begins[place];
        }
        let (mut next, mut to) = (begins.clone(), vec![0; self.to.len()]);
        for from in 0..nodes as u32 {
            for other in self.row(from) {
                let place = &mut next[*other as usize];
                to[*place] = from;
                *place += 1;
            }
        }
        Self { begins, to }
    }

    /// The least number of edges from any of some nodes, [`FAR`] where there is no way.
    fn distances(&self, starts: impl IntoIterator<Item = u32>) -> Vec<u32> {
        let mut distances = vec![FAR; self.begins.len() - 1];
        let mut order: Vec<u32> = starts.into_iter().collect();
        order.iter().for_each(|start| distances[*start as usize] = 0);
        let mut at = 0;
        while let Some(place) = order.get(at).copied() {
            at += 1;
            for to in self.row(place) {
                if distances[*to as usize] == FAR {
                    distances[*to as usize] = distances[place as usize] + 1;
                    order.push(*to);
                }
            }
        }
        distances
    }
}

/// No way leads there.
const FAR: u32 = u32::MAX;

/// What a task rests on, renumbered in the order of task ids, as far as paths can lead: none comes back to its beginning or
/// goes on beyond its end.
struct Between {
    /// Their numbers in the graph, sorted.
    nodes: Vec<u32>,
    from: u32,
    /// What each rests on.
    next: Rows,
    ends: Vec<u32>,
    /// How far it is to the nearest end.
    to_end: Vec<u32>,
}

impl Between {
    fn of(graph: &DependencyGraph, from: Node, to: Option<Node>, origins: Origins) -> Self {
        let mut nodes: Vec<u32> = graph.ancestors(from, origins).nodes().map(|node| node.0).collect();
        nodes.push(from.0);
        nodes.sort_unstable();
        let mut places = vec![0; graph.len()];
        for (place, node) in (0..).zip(&nodes) {
            places[*node as usize] = place;
        }
        let (mut next, mut ends) = (Rows { begins: vec![0], to: Vec::new() }, Vec::new());
        for (place, node) in (0..).zip(&nodes) {
            let is_end = match to {
                Some(to) => to.0 == *node,
                None => graph.rests_on(*node, origins).next().is_none(),
            };
            if is_end {
                ends.push(place);
            } else {
                let others = graph.rests_on(*node, origins).filter(|other| *other != from.0);
                next.to.extend(others.map(|other| places[other as usize]));
            }
            next.begins.push(next.to.len());
        }
        let to_end = next.turned().distances(ends.iter().copied());
        Self { from: places[from.0 as usize], nodes, next, ends, to_end }
    }

    /// The next ones from which there is a way to an end.
    fn next(&self, place: u32) -> impl Iterator<Item = u32> {
        self.next.row(place).iter().copied().filter(|to| self.to_end[*to as usize] != FAR)
    }

    /// The ends that are reached, with the number of paths to each.
    fn count(&self) -> (Vec<End>, Counted) {
        let distances = self.next.distances([self.from]);
        let is_used = |place: &u32| self.to_end[*place as usize] != FAR && distances[*place as usize] != FAR;
        let used: Vec<u32> = (0..self.nodes.len() as u32).filter(is_used).collect();
        let (order, counted) = match self.in_order(&used) {
            Some(order) => (order, Counted::All),
            None => {
                let mut by_distance = used;
                by_distance.sort_by_key(|place| distances[*place as usize]);
                (by_distance, Counted::Shortest)
            }
        };
        let mut counts = vec![0_u64; self.nodes.len()];
        counts[self.from as usize] = 1;
        for place in order {
            for to in self.next(place) {
                if counted == Counted::All || distances[to as usize] == distances[place as usize] + 1 {
                    counts[to as usize] = counts[to as usize].saturating_add(counts[place as usize]);
                }
            }
        }
        let end = |place: &u32| End {
            node: Node(self.nodes[*place as usize]),
            distance: distances[*place as usize] as usize,
            count: counts[*place as usize],
        };
        // What is reached only beyond another end, or by coming back to the beginning, is no end of a path.
        let mut ends: Vec<End> = self.ends.iter().filter(|end| distances[**end as usize] != FAR).map(end).collect();
        ends.sort_by_key(|end| (end.distance, end.node));
        (ends, counted)
    }

    /// The nodes of all paths, each before those that it rests on; `None` where there is a cycle.
    fn in_order(&self, used: &[u32]) -> Option<Vec<u32>> {
        let mut before = vec![0_u32; self.nodes.len()];
        used.iter().flat_map(|place| self.next(*place)).for_each(|to| before[to as usize] += 1);
        let mut order: Vec<u32> = used.iter().copied().filter(|place| before[*place as usize] == 0).collect();
        let mut at = 0;
        while let Some(place) = order.get(at).copied() {
            at += 1;
            for to in self.next(place) {
                before[to as usize] -= 1;
                if before[to as usize] == 0 {
                    order.push(to);
                }
            }
        }
        (order.len() == used.len()).then_some(order)
    }
}

/// A path from a node, by its length, the next node, and which of that one's paths goes on. Ordered as paths are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Hop {
    length: u32,
    next: u32,
    rank: usize,
}

/// The paths from a node to the ends.
#[derive(Default)]
struct Ranked {
    /// Those that were found, in order.
    found: Vec<Hop>,
    /// By next node, the first of its paths that is not found yet.
    waiting: BinaryHeap<Reverse<Hop>>,
    /// Whether the next nodes were looked at.
    is_begun: bool,
    /// The one found last, whose next node was not asked for another yet.
    open: Option<Hop>,
    /// Whether there are no more.
    is_done: bool,
}

/// The paths between two ends, in order, as far as they are asked for.
struct Ranking<'a> {
    between: &'a Between,
    ranked: HashMap<u32, Ranked>,
    steps: u64,
}

impl Ranking<'_> {
    /// Finds the first paths; `None` where the steps ended before.
    fn first(&mut self, limit: usize, counted: Counted, paths: &mut Vec<Vec<u32>>) -> Option<()> {
        let from = self.between.from;
        let mut rank = 0;
        while paths.len() < limit {
            if !self.has(from, rank)? {
                break;
            }
            let path = self.path(from, rank)?;
            rank += 1;
            if path.len() > self.between.nodes.len() {
                // All that follow are as long, and come to some task twice.
                break;
            }
            if counted == Counted::All || is_simple(&path) {
                paths.push(path);
            }
        }
        Some(())
    }

    fn take(&mut self, steps: usize) -> Option<()> {
        self.steps = self.steps.checked_sub(steps as u64)?;
        Some(())
    }

    /// Whether a node has a path of this rank; all before it were asked for.
    fn has(&mut self, place: u32, rank: usize) -> Option<bool> {
        if self.of(place).found.len() <= rank {
            self.find_next(place)?;
        }
        Some(self.of(place).found.len() > rank)
    }

    /// What is known of a node: at first the shortest path, and of several the one over the least ids.
    fn of(&mut self, place: u32) -> &mut Ranked {
        let between = self.between;
        self.ranked.entry(place).or_insert_with(|| {
            let length = between.to_end[place as usize];
            let nearer = |to: &u32| between.to_end[*to as usize].checked_add(1) == Some(length);
            match between.next(place).find(nearer).filter(|_| length > 0) {
                Some(next) => {
                    let hop = Hop { length, next, rank: 0 };
                    Ranked { found: vec![hop], open: Some(hop), ..Ranked::default() }
                }
                // An end: only the path of no edge begins there.
                None => {
                    Ranked { found: vec![Hop { length, next: place, rank: 0 }], is_done: true, ..Ranked::default() }
                }
            }
        })
    }

    /// Finds one more path from a node. It takes one more from the next node of the path found last, and so on; a list of
    /// those that wait stands in for recursion, since paths can be long.
    fn find_next(&mut self, place: u32) -> Option<()> {
        let mut asked = vec![place];
        while let Some(place) = asked.last().copied() {
            self.take(1)?;
            self.begin(place)?;
            let Some(open) = self.of(place).open else {
                let ranked = self.of(place);
                match ranked.waiting.pop() {
                    Some(Reverse(hop)) => {
                        ranked.found.push(hop);
                        ranked.open = Some(hop);
                    }
                    None => ranked.is_done = true,
                }
                asked.pop();
                continue;
            };
            let further = self.of(open.next);
            match further.found.get(open.rank + 1).copied() {
                Some(hop) => {
                    let hop = Hop { length: hop.length + 1, next: open.next, rank: open.rank + 1 };
                    let ranked = self.of(place);
                    ranked.waiting.push(Reverse(hop));
                    ranked.open = None;
                }
                None if further.is_done => self.of(place).open = None,
                None => asked.push(open.next),
            }
        }
        Some(())
    }

    /// Lets the other next nodes of a node wait.
    fn begin(&mut self, place: u32) -> Option<()> {
        let ranked = self.of(place);
        if ranked.is_begun || ranked.is_done {
            return Some(());
        }
        ranked.is_begun = true;
        let first = ranked.found.first().map(|hop| hop.next);
        let between = self.between;
        let others = between.next(place).filter(|to| Some(*to) != first);
        let waiting: BinaryHeap<Reverse<Hop>> =
            others.map(|next| Reverse(Hop { length: between.to_end[next as usize] + 1, next, rank: 0 })).collect();
        let steps = waiting.len();
        self.of(place).waiting = waiting;
        self.take(steps)
    }

    /// The nodes of a path that was found.
    fn path(&mut self, place: u32, rank: usize) -> Option<Vec<u32>> {
        let (mut path, mut at) = (vec![place], (place, rank));
        while let Some(hop) = self.of(at.0).found.get(at.1).copied().filter(|hop| hop.length > 0) {
            self.take(1)?;
            path.push(hop.next);
            at = (hop.next, hop.rank);
        }
        Some(path)
    }
}

/// Whether no node stands in a path twice.
fn is_simple(path: &[u32]) -> bool {
    let mut sorted = path.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair[0] != pair[1])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Origin, TaskId};

    fn id(number: usize) -> TaskId {
        format!("{number:022}").parse().unwrap()
    }

    fn graph(edges: &[(usize, usize)]) -> DependencyGraph {
        let edges = edges.iter().map(|(from, to)| (id(*from), id(*to), Origin::Dependency));
        DependencyGraph::new([], edges).unwrap()
    }

    fn node(graph: &DependencyGraph, number: usize) -> Node {
        graph.node(&id(number)).unwrap()
    }

    fn number(graph: &DependencyGraph, node: Node) -> usize {
        graph.task_id(node).as_str().parse().unwrap()
    }

    fn told(graph: &DependencyGraph, paths: &Paths) -> Vec<Vec<usize>> {
        paths.shortest.iter().map(|path| path.iter().map(|node| number(graph, *node)).collect()).collect()
    }

    /// Diamonds one after the other: 0 to 3, 3 to 6, and so on.
    fn diamonds(count: usize) -> DependencyGraph {
        let edges = (0..count).map(|diamond| 3 * diamond);
        graph(
            &edges.flat_map(|at| [(at, at + 1), (at, at + 2), (at + 1, at + 3), (at + 2, at + 3)]).collect::<Vec<_>>(),
        )
    }

    #[test]
    fn paths_over_diamonds_double_with_each() {
        let graph = diamonds(40);
        let paths = graph.paths(node(&graph, 0), node(&graph, 120), Origins::ALL, 3);
        assert_eq!((paths.count, paths.counted, paths.is_cut), (1 << 40, Counted::All, false));
        assert_eq!(paths.ends, [End { node: node(&graph, 120), distance: 80, count: 1 << 40 }]);
        let told = told(&graph, &paths);
        assert_eq!(told[0][..3], [0, 1, 3]);
        assert_eq!((told[0][79], told[1][79], told[2][77], told[2][79]), (118, 119, 116, 118));
        assert_eq!(graph.paths_to_tree(node(&graph, 0), Origins::ALL, 3), paths);
        let capped = diamonds(70).paths_to_tree(node(&graph, 0), Origins::ALL, usize::MAX);
        assert_eq!((capped.count, capped.shortest.len(), capped.is_cut), (u64::MAX, PATHS_MAX, false));
    }

    #[test]
    fn the_shortest_come_first_and_then_by_id() {
        let graph = graph(&[(0, 5), (0, 2), (0, 9), (2, 7), (5, 7), (5, 6), (6, 7), (9, 8), (7, 8), (0, 8)]);
        let paths = graph.paths(node(&graph, 0), node(&graph, 8), Origins::ALL, 10);
        let expected: [&[usize]; 5] = [&[0, 8], &[0, 9, 8], &[0, 2, 7, 8], &[0, 5, 7, 8], &[0, 5, 6, 7, 8]];
        assert_eq!(told(&graph, &paths), expected);
        assert_eq!((paths.count, paths.is_cut), (5, false));
        let two = graph.paths(node(&graph, 0), node(&graph, 8), Origins::ALL, 2);
        assert_eq!((told(&graph, &two), two.count), (expected[..2].iter().map(|path| path.to_vec()).collect(), 5));
    }

    #[test]
    fn where_tasks_rest_on_each_other_the_shortest_are_counted() {
        let graph = graph(&[(0, 1), (1, 2), (2, 1), (1, 3), (2, 3), (3, 3), (3, 0)]);
        let paths = graph.paths(node(&graph, 0), node(&graph, 3), Origins::ALL, 10);
        assert_eq!((paths.count, paths.counted, paths.is_cut), (1, Counted::Shortest, false));
        assert_eq!(told(&graph, &paths), [vec![0, 1, 3], vec![0, 1, 2, 3]]);
        // All rest on each other: nobody rests on nothing.
        let none = graph.paths_to_tree(node(&graph, 0), Origins::ALL, 10);
        assert!(none.ends.is_empty() && none.shortest.is_empty() && none.count == 0);
        // A cycle beside the paths is none of them.
        let paths = graph.paths(node(&graph, 3), node(&graph, 0), Origins::ALL, 10);
        assert_eq!((paths.count, paths.counted), (1, Counted::All));
    }

    #[test]
    fn what_is_not_connected_has_no_path() {
        let graph = graph(&[(0, 1), (2, 3), (4, 4)]);
        let none = graph.paths(node(&graph, 0), node(&graph, 3), Origins::ALL, 10);
        assert_eq!((none.ends.len(), none.count, none.shortest.len(), none.is_cut), (0, 0, 0, false));
        assert_eq!(graph.paths(node(&graph, 1), node(&graph, 0), Origins::ALL, 10).count, 0);
        let other_origin = graph.paths(node(&graph, 0), node(&graph, 1), Origin::Input.into(), 10);
        assert_eq!(other_origin.count, 0);
        for number in [1, 4] {
            let own = graph.paths_to_tree(node(&graph, number), Origins::ALL, 10);
            assert_eq!((told(&graph, &own), own.ends[0].distance, own.count), (vec![vec![number]], 0, 1));
        }
    }

    /// Long paths are no deep recursion, and what takes too many steps is cut off and says so.
    #[test]
    fn steps_are_bounded() {
        let long: Vec<_> = (0..200_000).flat_map(|at| [(at, at + 1), (at, at + 2)]).collect();
        let graph = graph(&long);
        let (first, last) = (node(&graph, 0), node(&graph, 200_001));
        let paths = graph.paths(first, last, Origins::ALL, 2);
        assert_eq!((paths.count, paths.shortest.len(), paths.is_cut), (u64::MAX, 2, false));
        assert_eq!(paths.ends[0].distance, 100_001);
        let cut = graph.paths(first, last, Origins::ALL, 1_000);
        assert!(cut.is_cut && (1..1_000).contains(&cut.shortest.len()), "{}", cut.shortest.len());
        assert_eq!(cut.count, u64::MAX);
        let none = graph.paths_within(first, Some(last), Origins::ALL, 1, 100);
        assert!(none.is_cut && none.shortest.is_empty() && none.count == u64::MAX);
    }

    /// A knot: each of some tasks rests on each. The shortest path is found, and the search for others ends.
    #[test]
    fn a_knot_ends() {
        let knot: Vec<_> = (0..60).flat_map(|from| (0..60).map(move |to| (from, to))).chain([(59, 60)]).collect();
        let graph = graph(&knot);
        let paths = graph.paths_to_tree(node(&graph, 0), Origins::ALL, 5);
        assert_eq!(paths.counted, Counted::Shortest);
        assert_eq!(paths.count, 1);
        assert_eq!(told(&graph, &paths)[..2], [vec![0, 59, 60], vec![0, 1, 59, 60]]);
    }

    /// All simple paths, by trying every one.
    fn naive(
        edges: &[(usize, usize)],
        path: &mut Vec<usize>,
        is_end: &dyn Fn(usize) -> bool,
        all: &mut Vec<Vec<usize>>,
    ) {
        let Some(last) = path.last().copied() else { return };
        if is_end(last) {
            all.push(path.clone());
            return;
        }
        for (_, to) in edges.iter().filter(|(from, _)| *from == last) {
            if !path.contains(to) {
                path.push(*to);
                naive(edges, path, is_end, all);
                path.pop();
            }
        }
    }

    proptest! {
        #[test]
        fn it_says_what_trying_every_path_says(
            edges in prop::collection::btree_set((0..7_usize, 0..7_usize), 0..18),
            from in 0..7_usize,
            to in 0..7_usize,
            is_acyclic in any::<bool>(),
            limit in 0..12_usize,
        ) {
            let edges: Vec<_> = edges.into_iter().filter(|(from, to)| !is_acyclic || from < to).collect();
            let graph = graph(&edges);
            let (Some(start), Some(end)) = (graph.node(&id(from)), graph.node(&id(to))) else { return Ok(()) };
            let rests_on_nothing = |task: usize| edges.iter().all(|(from, to)| *from != task || from == to);
            let is_to = |task: usize| task == to;
            let cases: [(Paths, &dyn Fn(usize) -> bool); 2] = [
                (graph.paths(start, end, Origins::ALL, limit), &is_to),
                (graph.paths_to_tree(start, Origins::ALL, limit), &rests_on_nothing),
            ];
            for (paths, is_end) in cases {
                let mut all = Vec::new();
                naive(&edges, &mut vec![from], is_end, &mut all);
                all.sort_by_key(|path| (path.len(), path.clone()));
                prop_assert!(!paths.is_cut);
                prop_assert_eq!(told(&graph, &paths), all[..limit.min(all.len())].to_vec());
                let mut ends: Vec<End> = Vec::new();
                for path in &all {
                    let [first, .., last] = [&path[..], &path[..]].concat()[..] else { continue };
                    prop_assert_eq!(first, from);
                    let node = node(&graph, last);
                    let distance = path.len() - 1;
                    match ends.iter_mut().find(|end| end.node == node) {
                        Some(end) if paths.counted == Counted::All || end.distance == distance => end.count += 1,
                        Some(_) => {}
                        None => ends.push(End { node, distance, count: 1 }),
                    }
                }
                ends.sort_by_key(|end| (end.distance, end.node));
                prop_assert_eq!(paths.count, ends.iter().map(|end| end.count).sum::<u64>());
                prop_assert_eq!(&paths.ends, &ends);
                prop_assert!(!is_acyclic || paths.counted == Counted::All);
            }
        }
    }
}
