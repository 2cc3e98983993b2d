//! Covers assignments with `assign` nodes: assignments that several permission sets and principals share become one node.

use std::collections::{BTreeMap, BTreeSet};

use crate::accounts::Mask;

/// Cost of an `assign` node apart from its names, counted in names.
const NODE: usize = 3;
/// Number of pairs on one set of accounts above which the search for the largest rectangle would take too long.
const MOST_SEARCHED: usize = 200;

/// The accounts in which a principal has a permission set.
pub(crate) type Pairs = BTreeMap<Pair, Mask>;

/// A permission set and a principal, by their positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pair {
    pub(crate) set: usize,
    pub(crate) principal: usize,
}

/// Every permission set, for every principal, in the accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rectangle {
    pub(crate) sets: Vec<usize>,
    pub(crate) principals: Vec<usize>,
    /// The position of the accounts among the masks.
    pub(crate) mask: usize,
}

/// All rectangles, and the distinct sets of accounts that they use.
pub(crate) struct Cover {
    pub(crate) rectangles: Vec<Rectangle>,
    pub(crate) masks: Vec<Mask>,
}

/// The pairs of one set of accounts.
type Graph = BTreeSet<Pair>;

/// Covers each assignment once.
pub(crate) fn cover(pairs: &Pairs) -> Cover {
    let mut graphs: BTreeMap<Vec<usize>, (&Mask, Graph)> = BTreeMap::new();
    for (pair, mask) in pairs.iter().filter(|(_, mask)| !mask.is_clear()) {
        graphs.entry(mask.ones().collect()).or_insert_with(|| (mask, Graph::new())).1.insert(*pair);
    }
    let mut parts: BTreeMap<Vec<usize>, (Mask, Graph)> = BTreeMap::new();
    for (mask, graph) in divide(&graphs.into_values().collect::<Vec<_>>()) {
        parts.entry(mask.ones().collect()).or_insert_with(|| (mask, Graph::new())).1.extend(graph);
    }
    let mut cover = Cover { rectangles: Vec::new(), masks: Vec::new() };
    for (mask, graph) in parts.into_values() {
        let at = cover.masks.len();
        cover.rectangles.extend(rectangles(&graph, at));
        cover.masks.push(mask);
    }
    cover.rectangles.sort_by(|a, b| (&a.sets, &a.principals, a.mask).cmp(&(&b.sets, &b.principals, b.mask)));
    cover
}

/// Splits a pair that has the accounts of others and a few more, if that completes the others.
fn divide(graphs: &[(&Mask, Graph)]) -> Vec<(Mask, Graph)> {
    let popular: Vec<(&Mask, &Graph, usize)> = graphs
        .iter()
        .filter(|(_, graph)| graph.len() > 2)
        .map(|(mask, graph)| (*mask, graph, mask.count_ones(..)))
        .collect();
    let mut divided = Vec::with_capacity(graphs.len());
    for (mask, graph) in graphs {
        let size = mask.count_ones(..);
        for pair in graph {
            let completes = |graph: &Graph| {
                graph.iter().any(|other| other.set == pair.set)
                    && graph.iter().any(|other| other.principal == pair.principal)
            };
            let base = popular
                .iter()
                .filter(|(base, _, common)| {
                    *common < size && size - *common <= (*common / 8).max(1) && base.is_subset(mask)
                })
                .filter(|(_, of_base, _)| of_base.len() > graph.len() && completes(of_base))
                .max_by_key(|(_, _, common)| *common);
            let mut rest = (*mask).clone();
            if let Some((base, ..)) = base {
                rest.difference_with(base);
                divided.push(((*base).clone(), Graph::from([*pair])));
            }
            divided.push((rest, Graph::from([*pair])));
        }
    }
    divided
}

/// Covers the pairs of one set of accounts with rectangles, in the shortest of three ways: the sets that the same
/// principals have; the principals that have the same sets; the largest rectangle first.
fn rectangles(graph: &Graph, mask: usize) -> Vec<Rectangle> {
    let by_principal = grouped(graph.iter().map(|pair| (pair.principal, pair.set)));
    let by_set = grouped(graph.iter().map(|pair| (pair.set, pair.principal)));
    let of_principals =
        by_principal.into_iter().map(|(sets, principals)| Rectangle { sets, principals, mask }).collect();
    let of_sets = by_set.into_iter().map(|(principals, sets)| Rectangle { sets, principals, mask }).collect();
    let mut ways: Vec<Vec<Rectangle>> = vec![of_principals, of_sets];
    if graph.len() <= MOST_SEARCHED {
        ways.push(largest_first(graph, mask));
    }
    let cost = |way: &Vec<Rectangle>| -> usize {
        way.iter().map(|one| NODE + one.sets.len() + one.principals.len()).sum()
    };
    ways.into_iter().min_by_key(cost).unwrap_or_default()
}

/// Takes the largest remaining rectangle until nothing remains.
fn largest_first(graph: &Graph, mask: usize) -> Vec<Rectangle> {
    let mut left = graph.clone();
    let mut found = Vec::new();
    while !left.is_empty() {
        let sets_of = neighbours(left.iter().map(|pair| (pair.principal, pair.set)));
        let principals_of = neighbours(left.iter().map(|pair| (pair.set, pair.principal)));
        let from_principals = sets_of.values().map(|sets| {
            let all = sets_of.iter().filter(|(_, others)| sets.is_subset(others)).map(|(at, _)| *at);
            (sets.clone(), all.collect::<BTreeSet<usize>>())
        });
        let from_sets = principals_of.values().map(|principals| {
            let all =
                principals_of.iter().filter(|(_, others)| principals.is_subset(others)).map(|(at, _)| *at);
            (all.collect::<BTreeSet<usize>>(), principals.clone())
        });
        let area = |(sets, principals): &(BTreeSet<usize>, BTreeSet<usize>)| sets.len() * principals.len();
        let best =
            from_principals.chain(from_sets).max_by_key(|one| (area(one), std::cmp::Reverse(one.clone())));
        // A pair is a rectangle by itself, so there is always one.
        let Some((sets, principals)) = best else { break };
        left.retain(|pair| !(sets.contains(&pair.set) && principals.contains(&pair.principal)));
        found.push(Rectangle {
            sets: sets.into_iter().collect(),
            principals: principals.into_iter().collect(),
            mask,
        });
    }
    found
}

/// Returns the values of each key.
fn neighbours(pairs: impl Iterator<Item = (usize, usize)>) -> BTreeMap<usize, BTreeSet<usize>> {
    let mut values: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (key, value) in pairs {
        values.entry(key).or_default().insert(value);
    }
    values
}

/// Groups the keys by their values.
fn grouped(pairs: impl Iterator<Item = (usize, usize)>) -> BTreeMap<Vec<usize>, Vec<usize>> {
    let mut keys: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
    for (key, values) in neighbours(pairs) {
        keys.entry(values.into_iter().collect()).or_default().push(key);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(accounts: &[usize]) -> Mask {
        let mut mask = Mask::with_capacity(64);
        accounts.iter().for_each(|at| mask.insert(*at));
        mask
    }

    #[test]
    fn what_is_shared_stands_in_one_rectangle() {
        let mut pairs = Pairs::new();
        for (set, principal) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1)] {
            pairs.insert(Pair { set, principal }, mask(&[1, 2, 3]));
        }
        let cover = cover(&pairs);
        let shown: Vec<_> = cover.rectangles.iter().map(|one| (&one.sets[..], &one.principals[..])).collect();
        assert_eq!(shown, [(&[0, 1][..], &[0, 1][..]), (&[2][..], &[1][..])]);
    }

    #[test]
    fn a_stray_row_does_not_break_what_is_shared() {
        let mut pairs = Pairs::new();
        for (set, principal) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            pairs.insert(Pair { set, principal }, mask(&[1, 2, 3]));
        }
        pairs.insert(Pair { set: 1, principal: 1 }, mask(&[1, 2, 3, 9]));
        let cover = cover(&pairs);
        assert_eq!(cover.rectangles.len(), 2);
        assert_eq!(cover.rectangles[0].principals, [0, 1]);
        assert_eq!(cover.masks[cover.rectangles[1].mask], mask(&[9]));
    }
}
