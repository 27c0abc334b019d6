//! Which tasks rest on which: what a task rests on, and what rests on it, however far away.
//!
//! Nodes are numbered in the order of their task ids, and a row of neighbours is sorted. A walk goes outwards level by
//! level, each in that order: its answer needs no sorting by id, and it passes through the rows in one direction, which
//! is what keeps it fast where the graph is larger than the processor's caches.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::{Serialize, Serializer};

use crate::model::{Definition, Origin, TaskId};

/// Every origin, in their order.
const ORIGINS: [Origin; 5] =
    [Origin::Parent, Origin::TaskGroup, Origin::Input, Origin::UpstreamArtifacts, Origin::Dependency];

/// Some of the places in definitions that make edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origins(u8);

impl Origins {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self((1 << ORIGINS.len()) - 1);

    /// What is in this or that.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether some are in both.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// One after the other.
    pub fn iter(self) -> impl Iterator<Item = Origin> {
        ORIGINS.into_iter().filter(move |origin| self.meets(Self::from(*origin)))
    }
}

impl From<Origin> for Origins {
    fn from(origin: Origin) -> Self {
        Self(match origin {
            Origin::Parent => 1,
            Origin::TaskGroup => 1 << 1,
            Origin::Input => 1 << 2,
            Origin::UpstreamArtifacts => 1 << 3,
            Origin::Dependency => 1 << 4,
        })
    }
}

impl FromIterator<Origin> for Origins {
    fn from_iter<I: IntoIterator<Item = Origin>>(origins: I) -> Self {
        origins.into_iter().map(Self::from).fold(Self::NONE, Self::or)
    }
}

impl Serialize for Origins {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Where a walk goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the tasks that rest on it.
    Dependants,
    /// To the tasks that it rests on.
    Ancestors,
}

/// The graph has more edges than it has numbers for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the tasks have more than 4,294,967,295 edges")]
pub struct TooManyEdges;

/// A task of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(pub(super) u32);

/// Tasks and what they rest on. Tasks that others rest on and that were not captured are in it too.
#[derive(Debug)]
pub struct DependencyGraph {
    /// Sorted: a node's number is its place.
    ids: Vec<TaskId>,
    captured: Bits,
    /// By task, what it rests on.
    ancestors: Rows,
    /// By task, what rests on it.
    dependants: Rows,
}

impl DependencyGraph {
    /// The graph of the tasks that were captured, and of edges, each from a task to one that it rests on.
    pub fn new(
        captured: impl IntoIterator<Item = TaskId>,
        edges: impl IntoIterator<Item = (TaskId, TaskId, Origin)>,
    ) -> Result<Self, TooManyEdges> {
        let captured = captured.into_iter();
        let mut met = Vec::with_capacity(captured.size_hint().0);
        let mut numbers: HashMap<TaskId, u32> = HashMap::with_capacity(captured.size_hint().0);
        let mut number = |task_id: TaskId| match numbers.entry(task_id) {
            Entry::Occupied(entry) => Ok(*entry.get()),
            Entry::Vacant(entry) => {
                let number = u32::try_from(met.len()).map_err(|_| TooManyEdges)?;
                met.push(task_id);
                Ok(*entry.insert(number))
            }
        };
        let captured = captured.map(&mut number).collect::<Result<Vec<u32>, _>>()?;
        // The edges of a task mostly come one after the other.
        let mut last: Option<(TaskId, u32)> = None;
        let mut edge = |(from, to, origin): (TaskId, TaskId, Origin)| {
            let from = match last {
                Some((task_id, number)) if task_id == from => number,
                Some(_) | None => last.insert((from, number(from)?)).1,
            };
            Ok((from, number(to)?, Origins::from(origin)))
        };
        let edges = edges.into_iter().map(&mut edge).collect::<Result<Vec<_>, _>>()?;
        u32::try_from(edges.len()).map_err(|_| TooManyEdges)?;

        let mut order: Vec<(TaskId, u32)> = met.into_iter().zip(0..).collect();
        order.sort_unstable();
        let mut places = vec![0; order.len()];
        for (place, (_, number)) in order.iter().enumerate() {
            places[*number as usize] = place as u32;
        }
        let place = |number: u32| places[number as usize];
        let mut is_captured = Bits::new(order.len());
        captured.into_iter().for_each(|number| is_captured.insert(place(number)));
        let placed = edges.into_iter().map(|(from, to, origins)| (place(from), place(to), origins)).collect::<Vec<_>>();
        let dependants = Rows::unsorted(order.len(), &placed).turned().merged();
        Ok(Self {
            ids: order.into_iter().map(|(task_id, _)| task_id).collect(),
            captured: is_captured,
            ancestors: dependants.turned(),
            dependants,
        })
    }

    /// The graph of tasks by their definitions; `None` is a task that was captured without one. An edge that names no
    /// task id leads nowhere, and is left out.
    pub fn of_definitions<'a>(
        tasks: impl IntoIterator<Item = (TaskId, Option<&'a Definition>)> + Clone,
    ) -> Result<Self, TooManyEdges> {
        let edges = tasks.clone().into_iter().flat_map(|(task_id, definition)| {
            let edges = definition.into_iter().flat_map(|definition| &definition.edges);
            edges.filter_map(move |edge| Some((task_id, edge.to.parse().ok()?, edge.origin)))
        });
        Self::new(tasks.into_iter().map(|(task_id, _)| task_id), edges)
    }

    /// How many tasks it has, those among them that were not captured.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The node of a task.
    pub fn node(&self, task_id: &TaskId) -> Option<Node> {
        self.ids.binary_search(task_id).ok().map(|place| Node(place as u32))
    }

    /// The task of a node.
    pub fn task_id(&self, node: Node) -> &TaskId {
        &self.ids[node.0 as usize]
    }

    /// Whether the task of a node was captured. What one that was not rests on is unknown.
    pub fn is_captured(&self, node: Node) -> bool {
        self.captured.has(node.0)
    }

    /// The next tasks in a direction, ordered by id, with the origins of the edges between.
    pub fn neighbours(&self, node: Node, direction: Direction) -> impl Iterator<Item = (Node, Origins)> {
        self.rows(direction).row(node.0).map(|(to, origins)| (Node(to), origins))
    }

    /// What rests on a task, over edges of these origins.
    pub fn dependants(&self, node: Node, origins: Origins) -> Reach<'_> {
        self.reach(node, Direction::Dependants, origins)
    }

    /// What a task rests on, over edges of these origins.
    pub fn ancestors(&self, node: Node, origins: Origins) -> Reach<'_> {
        self.reach(node, Direction::Ancestors, origins)
    }

    /// What can be reached from a task in a direction, over edges of these origins.
    pub fn reach(&self, node: Node, direction: Direction, origins: Origins) -> Reach<'_> {
        let rows = self.rows(direction);
        let (nodes, levels) = if origins == Origins::ALL {
            rows.walk::<false>(node.0, origins)
        } else {
            rows.walk::<true>(node.0, origins)
        };
        Reach { graph: self, direction, origins, nodes, levels }
    }

    const fn rows(&self, direction: Direction) -> &Rows {
        match direction {
            Direction::Dependants => &self.dependants,
            Direction::Ancestors => &self.ancestors,
        }
    }
}

/// What can be reached from a task: each task once, at its least distance. Ordered by distance, then by task id.
#[derive(Debug)]
pub struct Reach<'a> {
    graph: &'a DependencyGraph,
    direction: Direction,
    origins: Origins,
    /// The task itself, then what was reached.
    nodes: Vec<u32>,
    /// Where each distance begins among the nodes; distance 0 is the task itself.
    levels: Vec<usize>,
}

/// One task that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// The task.
    pub node: Node,
    /// How many edges it is away.
    pub distance: usize,
    /// The task with the least id of those that are one edge nearer and next to it.
    pub via: Node,
    /// The origins of its edges with all of those.
    pub origins: Origins,
}

impl Reach<'_> {
    /// How many tasks were reached; the one that the walk began at is none of them.
    pub fn len(&self) -> usize {
        self.nodes.len() - 1
    }

    /// Whether none was reached.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tasks that were reached, in order.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = Node> {
        self.nodes[1..].iter().map(|node| Node(*node))
    }

    /// How many tasks are how far away, from a distance of one on.
    pub fn by_distance(&self) -> impl ExactSizeIterator<Item = usize> {
        (1..self.levels.len()).map(|distance| self.level(distance).len())
    }

    /// How a task was reached, by its place in the order, from 0.
    pub fn get(&self, place: usize) -> Option<Reached> {
        let place = place + 1;
        let node = *self.nodes.get(place)?;
        let distance = self.levels.partition_point(|begin| *begin <= place) - 1;
        let nearer = self.level(distance - 1);
        let back = match self.direction {
            Direction::Dependants => Direction::Ancestors,
            Direction::Ancestors => Direction::Dependants,
        };
        let mut before = self.graph.rows(back).row(node).filter(|(to, origins)| {
            // Both a row and a level are sorted.
            origins.meets(self.origins) && nearer.binary_search(to).is_ok()
        });
        let (via, first) = before.next()?;
        let origins = before.fold(first, |all, (_, origins)| all.or(origins));
        let origins = Origins(origins.0 & self.origins.0);
        Some(Reached { node: Node(node), distance, via: Node(via), origins })
    }

    fn level(&self, distance: usize) -> &[u32] {
        let end = self.levels.get(distance + 1).copied().unwrap_or(self.nodes.len());
        &self.nodes[self.levels[distance]..end]
    }
}

/// The neighbours of every node in one direction, one row after the other.
#[derive(Debug)]
struct Rows {
    /// Where the row of each node begins, and at the end where the last one ends.
    begins: Vec<u32>,
    nodes: Vec<u32>,
    origins: Vec<Origins>,
}

impl Rows {
    /// The rows of these edges, each row in their order.
    fn unsorted(nodes: usize, edges: &[(u32, u32, Origins)]) -> Self {
        Self::filled(nodes, edges.len(), || edges.iter().copied())
    }

    /// The rows of the same edges the other way round. Each is sorted, whatever the order was here.
    fn turned(&self) -> Self {
        let edges = || (0..self.len() as u32).flat_map(|from| self.row(from).map(move |(to, by)| (to, from, by)));
        Self::filled(self.len(), self.nodes.len(), edges)
    }

    fn filled<I: Iterator<Item = (u32, u32, Origins)>>(nodes: usize, edges: usize, each: impl Fn() -> I) -> Self {
        let mut begins = vec![0_u32; nodes + 1];
        each().for_each(|(from, _, _)| begins[from as usize + 1] += 1);
        for place in 0..nodes {
            begins[place + 1] += begins[place];
        }
        let mut next = begins.clone();
        let mut rows = Self { begins, nodes: vec![0; edges], origins: vec![Origins::NONE; edges] };
        for (from, to, origins) in each() {
            let place = &mut next[from as usize];
            rows.nodes[*place as usize] = to;
            rows.origins[*place as usize] = origins;
            *place += 1;
        }
        rows
    }

    /// The rows with each neighbour once, where it stood several times in a row.
    fn merged(self) -> Self {
        let mut merged = Self { begins: vec![0], nodes: Vec::new(), origins: Vec::new() };
        for node in 0..self.len() as u32 {
            let begin = merged.nodes.len();
            for (to, origins) in self.row(node) {
                match merged.origins.last_mut().filter(|_| merged.nodes[begin..].last() == Some(&to)) {
                    Some(known) => *known = known.or(origins),
                    None => {
                        merged.nodes.push(to);
                        merged.origins.push(origins);
                    }
                }
            }
            merged.begins.push(merged.nodes.len() as u32);
        }
        merged
    }

    fn len(&self) -> usize {
        self.begins.len() - 1
    }

    fn range(&self, node: u32) -> std::ops::Range<usize> {
        self.begins[node as usize] as usize..self.begins[node as usize + 1] as usize
    }

    fn row(&self, node: u32) -> impl Iterator<Item = (u32, Origins)> {
        let range = self.range(node);
        self.nodes[range.clone()].iter().copied().zip(self.origins[range].iter().copied())
    }

    /// All nodes that can be reached, the first one among them, and where each distance begins.
    fn walk<const SOME_ORIGINS: bool>(&self, start: u32, wanted: Origins) -> (Vec<u32>, Vec<usize>) {
        let mut seen = Bits::new(self.len());
        let mut told = Bits::new(self.len());
        seen.insert(start);
        told.insert(start);
        // One place more than there are nodes: what is next to a node is always written, and counts if it is new. That
        // spares a branch that nobody can predict.
        let mut order = vec![0; self.len() + 1];
        order[0] = start;
        let (mut begin, mut end) = (0, 1);
        let mut levels = Vec::new();
        while begin < end {
            levels.push(begin);
            let until = end;
            for place in begin..until {
                let range = self.range(order[place]);
                for edge in range {
                    let to = self.nodes[edge];
                    let counts = !SOME_ORIGINS || wanted.meets(self.origins[edge]);
                    order[end] = to;
                    end += usize::from(seen.take(to, counts));
                }
            }
            told.tell(&seen, &mut order[until..end]);
            begin = until;
        }
        order.truncate(end);
        order.shrink_to_fit();
        (order, levels)
    }
}

/// A set of nodes, a bit each.
#[derive(Debug)]
struct Bits(Vec<u64>);

impl Bits {
    fn new(nodes: usize) -> Self {
        Self(vec![0; nodes.div_ceil(64)])
    }

    fn has(&self, node: u32) -> bool {
        self.0[node as usize / 64] >> (node % 64) & 1 != 0
    }

    fn insert(&mut self, node: u32) {
        self.0[node as usize / 64] |= 1 << (node % 64);
    }

    /// Puts a node in where it counts, and says whether it was not there. Without a branch.
    fn take(&mut self, node: u32, counts: bool) -> bool {
        let word = &mut self.0[node as usize / 64];
        let bit = u64::from(counts) << (node % 64);
        let is_new = !*word & bit != 0;
        *word |= bit;
        is_new
    }

    /// Sorts the nodes that are in `seen` and not yet here, and takes them in. Many are read off the bits, few are sorted.
    fn tell(&mut self, seen: &Self, fresh: &mut [u32]) {
        if fresh.len() < self.0.len() {
            fresh.sort_unstable();
            fresh.iter().for_each(|node| self.insert(*node));
            return;
        }
        let mut places = fresh.iter_mut();
        for (at, (told, seen)) in self.0.iter_mut().zip(&seen.0).enumerate() {
            let mut left = seen & !*told;
            *told = *seen;
            while left != 0
                && let Some(place) = places.next()
            {
                *place = at as u32 * 64 + left.trailing_zeros();
                left &= left - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    fn id(number: usize) -> TaskId {
        format!("{number:022}").parse().unwrap()
    }

    fn graph(captured: usize, edges: &[(usize, usize, Origin)]) -> DependencyGraph {
        let edges = edges.iter().map(|(from, to, origin)| (id(*from), id(*to), *origin));
        DependencyGraph::new((0..captured).map(id), edges).unwrap()
    }

    /// Distance and number of everything reached.
    fn told(reach: &Reach<'_>) -> Vec<(usize, TaskId)> {
        (0..reach.len())
            .map(|place| reach.get(place).unwrap())
            .map(|at| (at.distance, *reach.graph.task_id(at.node)))
            .collect()
    }

    #[test]
    fn a_chain_is_walked_both_ways() {
        let graph = graph(4, &[(3, 2, Origin::Dependency), (2, 1, Origin::Input), (1, 0, Origin::Parent)]);
        let [first, last] = [0, 3].map(|number| graph.node(&id(number)).unwrap());
        assert_eq!(told(&graph.dependants(first, Origins::ALL)), [(1, id(1)), (2, id(2)), (3, id(3))]);
        assert_eq!(told(&graph.ancestors(last, Origins::ALL)), [(1, id(2)), (2, id(1)), (3, id(0))]);
        assert!(graph.dependants(last, Origins::ALL).is_empty() && graph.ancestors(first, Origins::ALL).is_empty());
    }

    #[test]
    fn a_cycle_ends_and_its_beginning_is_not_told() {
        let graph =
            graph(3, &[(0, 1, Origin::Input), (1, 2, Origin::Input), (2, 0, Origin::Input), (0, 0, Origin::TaskGroup)]);
        let node = graph.node(&id(0)).unwrap();
        assert_eq!(told(&graph.ancestors(node, Origins::ALL)), [(1, id(1)), (2, id(2))]);
    }

    #[test]
    fn a_task_that_was_not_captured_is_a_node() {
        let graph = graph(2, &[(0, 9, Origin::Input), (1, 9, Origin::Input)]);
        let missing = graph.node(&id(9)).unwrap();
        assert!(!graph.is_captured(missing) && graph.is_captured(graph.node(&id(1)).unwrap()));
        assert_eq!(told(&graph.dependants(missing, Origins::ALL)), [(1, id(0)), (1, id(1))]);
        assert_eq!((graph.len(), graph.node(&id(5))), (3, None));
    }

    #[test]
    fn edges_of_several_origins_are_one() {
        let graph =
            graph(2, &[(1, 0, Origin::Dependency), (1, 0, Origin::UpstreamArtifacts), (1, 0, Origin::Dependency)]);
        let nodes = [0, 1].map(|number| graph.node(&id(number)).unwrap());
        let both: Origins = [Origin::UpstreamArtifacts, Origin::Dependency].into_iter().collect();
        assert_eq!(graph.neighbours(nodes[1], Direction::Ancestors).collect::<Vec<_>>(), [(nodes[0], both)]);
        assert_eq!(graph.neighbours(nodes[0], Direction::Dependants).collect::<Vec<_>>(), [(nodes[1], both)]);
        let by_one = graph.dependants(nodes[0], Origin::Dependency.into());
        assert_eq!(by_one.get(0).unwrap().origins, Origin::Dependency.into());
        assert!(graph.dependants(nodes[0], Origin::Parent.into()).is_empty());
    }

    #[test]
    fn an_edge_that_names_no_task_leads_nowhere() {
        let edge = |to: &str| crate::model::Edge { to: to.to_owned(), name: "x".to_owned(), origin: Origin::Input };
        let definition = Definition { edges: vec![edge("none"), edge(id(1).as_str())], ..Definition::default() };
        let graph = DependencyGraph::of_definitions([(id(0), Some(&definition)), (id(2), None)]).unwrap();
        assert_eq!(graph.len(), 3);
        assert_eq!(told(&graph.ancestors(graph.node(&id(0)).unwrap(), Origins::ALL)), [(1, id(1))]);
    }

    /// A level that is wide enough to be read off the bits.
    #[test]
    fn a_wide_level_is_in_order() {
        let edges: Vec<_> = (1..2_000).rev().map(|from| (from, 0, Origin::Parent)).collect();
        let graph = graph(2_000, &edges);
        let reach = graph.dependants(graph.node(&id(0)).unwrap(), Origins::ALL);
        assert_eq!(told(&reach), (1..2_000).map(|number| (1, id(number))).collect::<Vec<_>>());
        assert_eq!(reach.by_distance().collect::<Vec<_>>(), [1_999]);
    }

    type Step = (usize, Option<(usize, BTreeSet<Origin>)>);

    /// Distances by asking every edge again and again, and how each node is reached from the distance before.
    fn naive(edges: &[(usize, usize, Origin)], start: usize, wanted: &[Origin]) -> BTreeMap<usize, Step> {
        let mut steps: BTreeMap<usize, Step> = BTreeMap::from([(start, (0, None))]);
        for distance in 1.. {
            let before: BTreeSet<usize> =
                steps.iter().filter(|(_, step)| step.0 == distance - 1).map(|(node, _)| *node).collect();
            if before.is_empty() {
                break;
            }
            for (from, to, origin) in edges.iter().filter(|edge| wanted.contains(&edge.2)) {
                if before.contains(to) {
                    let (reached, how) = steps.entry(*from).or_insert((distance, None));
                    if *reached == distance {
                        let how = how.get_or_insert((*to, BTreeSet::new()));
                        how.0 = how.0.min(*to);
                        how.1.insert(*origin);
                    }
                }
            }
        }
        steps.remove(&start);
        steps
    }

    proptest! {
        #[test]
        fn it_says_what_asking_every_edge_says(
            edges in prop::collection::vec((0..40_usize, 0..40_usize, 0..ORIGINS.len()), 0..120),
            start in 0..40_usize,
            wanted in prop::collection::btree_set(0..ORIGINS.len(), 1..=ORIGINS.len()),
            captured in 0..40_usize,
        ) {
            let edges: Vec<_> = edges.into_iter().map(|(from, to, origin)| (from, to, ORIGINS[origin])).collect();
            let turned: Vec<_> = edges.iter().map(|(from, to, origin)| (*to, *from, *origin)).collect();
            let wanted: Vec<Origin> = wanted.into_iter().map(|origin| ORIGINS[origin]).collect();
            let graph = graph(captured, &edges);
            let Some(node) = graph.node(&id(start)) else { return Ok(()) };
            prop_assert_eq!(graph.is_captured(node), start < captured);
            for (direction, edges) in [(Direction::Dependants, &edges), (Direction::Ancestors, &turned)] {
                let reach = graph.reach(node, direction, wanted.iter().copied().collect());
                let mut expected: Vec<_> = naive(edges, start, &wanted).into_iter().map(|(node, step)| (step.0, node, step.1)).collect();
                expected.sort_by_key(|(distance, node, _)| (*distance, *node));
                prop_assert_eq!(reach.len(), expected.len());
                for (place, (distance, number, how)) in expected.into_iter().enumerate() {
                    let (via, origins) = how.unwrap();
                    let [node, via] = [number, via].map(|number| graph.node(&id(number)).unwrap());
                    let origins = origins.into_iter().collect();
                    prop_assert_eq!(reach.get(place), Some(Reached { node, distance, via, origins }));
                }
            }
        }
    }
}
