//! Finds the cheapest tree: all connected sub-joins for small joins, the best next step for large ones. Parts of a join
//! that share no variable are ordered one by one and multiplied last.
//! Estimates nothing itself.

use crate::query::plan::estimate::{Estimator, State};
use crate::query::plan::{
    BUILD_US, COMBINE_US, Condition, JoinTree, LOOKUP_US, Ordered, PROBE_US, ROW_US, Relation,
    Terms, VarSet,
};
use crate::store::Statistics;

/// Up to so many relations all trees are compared; above, a hash table is for one of them or for all others.
const BUSHY: usize = 8;
/// Up to so many relations all orders are compared.
const ORDERS: usize = 10;
/// First relations that are tried for larger joins.
const TRIED_STARTS: usize = 3;
/// What a solution too many in a hash table costs, in microseconds: enough to avoid it where there is another way.
const TOO_LARGE_US: f64 = 100.0;

/// Orders a join of one or more relations. The order of the list does not matter.
pub(in crate::query) fn order(
    relations: &[Relation],
    conditions: &[Condition],
    terms: &Terms,
    statistics: Option<&Statistics>,
) -> Ordered {
    // An estimate depends a little on the order in which relations join: small ones first, always.
    let mut places: Vec<usize> = (0..relations.len()).collect();
    places.sort_by(|a, b| relations[*a].rows.total_cmp(&relations[*b].rows));
    let sorted: Vec<Relation> = places.iter().map(|p| relations[*p].clone()).collect();
    let mut ordered = order_sorted(&sorted, conditions, terms, statistics);
    rename(&mut ordered.tree, &places);
    ordered
}

fn rename(tree: &mut JoinTree, places: &[usize]) {
    match tree {
        JoinTree::Leaf(place) => *place = places[*place],
        JoinTree::Loop(left, right) | JoinTree::Hash(left, right) => {
            rename(left, places);
            rename(right, places);
        }
    }
}

fn order_sorted(
    relations: &[Relation],
    conditions: &[Condition],
    terms: &Terms,
    statistics: Option<&Statistics>,
) -> Ordered {
    let estimator = Estimator::new(relations, conditions, terms.bound, statistics);
    let search = Search {
        relations,
        terms,
        estimator,
    };
    let mut parts: Vec<Part> = search
        .components()
        .into_iter()
        .map(|members| search.part(&members))
        .collect();
    // Small parts first: an empty one ends the work, and the others are then done once.
    parts.sort_by(|a, b| a.rows.total_cmp(&b.rows));
    let product = parts.into_iter().reduce(|left, right| {
        let rows = left.rows * right.rows;
        // One evaluation of the right side for each of few solutions, or both sides once.
        let again = left.cost.plus(0.0, left.rows.max(1.0) * right.cost.total());
        // The side that is held in memory must be the smaller one: a product of three parts would else hold that of two.
        let is_left_held = left.rows <= right.rows;
        let (held, read) = if is_left_held {
            (&left, &right)
        } else {
            (&right, &left)
        };
        let once = Cost {
            start: held.cost.total() + search.build_us(held.rows) + read.cost.start,
            run: read.cost.run + rows * COMBINE_US,
        };
        let (left, right) = (Box::new(left.tree), Box::new(right.tree));
        let (tree, cost) = if terms.loops_only || again.total() <= once.total() {
            (JoinTree::Loop(left, right), again)
        } else if is_left_held {
            (JoinTree::Hash(left, right), once)
        } else {
            (JoinTree::Hash(right, left), once)
        };
        Part { tree, rows, cost }
    });
    let part = product.unwrap_or(Part {
        tree: JoinTree::Leaf(0),
        rows: 0.0,
        cost: Cost::default(),
    });
    Ordered {
        cost_us: part.cost.for_share(share(terms.goal, part.rows)),
        rows: part.rows,
        tree: part.tree,
    }
}

/// The part of the work that is done when only so many solutions are read.
fn share(goal: f64, rows: f64) -> f64 {
    if goal >= rows { 1.0 } else { goal / rows }
}

/// Microseconds before the first solution and for all of them after that.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    start: f64,
    run: f64,
}

impl Cost {
    fn total(self) -> f64 {
        self.start + self.run
    }

    fn for_share(self, share: f64) -> f64 {
        self.start + share * self.run
    }

    fn plus(self, start: f64, run: f64) -> Self {
        Self {
            start: self.start + start,
            run: self.run + run,
        }
    }
}

/// An ordered part of the join.
struct Part {
    tree: JoinTree,
    rows: f64,
    cost: Cost,
}

/// The best way to a sub-join: what was done last.
#[derive(Clone, Copy, Debug)]
enum Step {
    Scan(usize),
    /// A look-up of the relation for each solution of the sub-join.
    Loop(usize, usize),
    /// A hash table of the first sub-join, looked into by the second.
    Hash(usize, usize),
}

#[derive(Clone, Copy, Debug)]
struct Best {
    cost: Cost,
    step: Step,
}

struct Search<'a> {
    relations: &'a [Relation],
    terms: &'a Terms,
    estimator: Estimator<'a>,
}

impl Search<'_> {
    /// Places of relations that hang together by variables without a value, in groups.
    fn components(&self) -> Vec<Vec<usize>> {
        let mut left: Vec<usize> = (0..self.relations.len()).collect();
        let mut components = Vec::new();
        while let Some(first) = left.first().copied() {
            let mut seen = self.free(first);
            loop {
                let more = left
                    .iter()
                    .filter(|i| self.free(**i).meets(seen))
                    .fold(seen, |all, i| all.or(self.free(*i)));
                if more == seen {
                    break;
                }
                seen = more;
            }
            let (inside, outside) = left
                .into_iter()
                .partition(|i| *i == first || self.free(*i).meets(seen));
            left = outside;
            components.push(inside);
        }
        components
    }

    fn free(&self, relation: usize) -> VarSet {
        self.relations[relation].possible.without(self.terms.bound)
    }

    fn part(&self, members: &[usize]) -> Part {
        let part = match members {
            [one] => self.single(*one),
            _ if members.len() <= ORDERS => self.exhaustive(members),
            _ => None,
        };
        part.unwrap_or_else(|| self.greedy(members))
    }

    fn single(&self, relation: usize) -> Option<Part> {
        let start = self.estimator.start(self.terms.bound);
        let state = self.estimator.join(&start, relation);
        Some(Part {
            tree: JoinTree::Leaf(relation),
            rows: state.rows,
            cost: self.first_cost(&start, relation),
        })
    }

    /// Cost of the relation that comes first.
    fn first_cost(&self, start: &State, relation: usize) -> Cost {
        let own = &self.relations[relation];
        match own.lookup_us {
            Some(lookup) if own.possible.meets(self.terms.bound) => Cost {
                start: 0.0,
                run: lookup + self.estimator.joined_rows(start, relation) * ROW_US,
            },
            _ => Cost {
                start: own.start_us,
                run: own.scan_us,
            },
        }
    }

    /// Cost of looking a relation up for each solution, or `None` when that is not to be done.
    fn loop_cost(&self, state: &State, possible: VarSet, relation: usize) -> Option<f64> {
        let own = &self.relations[relation];
        match own.lookup_us {
            Some(lookup) if own.possible.meets(possible) => {
                Some(state.rows * lookup + self.estimator.joined_rows(state, relation) * ROW_US)
            }
            _ if self.terms.loops_only => {
                Some(state.rows * (LOOKUP_US + own.start_us + own.scan_us))
            }
            _ => None,
        }
    }

    fn build_us(&self, rows: f64) -> f64 {
        rows * BUILD_US + (rows - self.terms.max_build).max(0.0) * TOO_LARGE_US
    }

    /// All connected sub-joins, smaller ones first.
    fn exhaustive(&self, members: &[usize]) -> Option<Part> {
        let n = members.len();
        let full = (1_usize << n) - 1;
        let bound = self.terms.bound;
        // Sizes first: they do not depend on the order.
        let mut states: Vec<State> = Vec::with_capacity(full + 1);
        let mut possible: Vec<VarSet> = Vec::with_capacity(full + 1);
        states.push(self.estimator.start(bound));
        possible.push(bound);
        for mask in 1..=full {
            let last = (usize::BITS - 1 - mask.leading_zeros()) as usize;
            let rest = mask & !(1 << last);
            states.push(self.estimator.join(&states[rest], members[last]));
            possible.push(possible[rest].or(self.relations[members[last]].possible));
        }
        let share = share(self.terms.goal, states[full].rows);
        let mut best: Vec<Option<Best>> = vec![None; full + 1];
        for mask in 1..=full {
            let mut found: Option<Best> = None;
            let mut offer = |cost: Cost, step: Step| {
                if found.is_none_or(|b| cost.for_share(share) < b.cost.for_share(share)) {
                    found = Some(Best { cost, step });
                }
            };
            if mask.is_power_of_two() {
                let relation = mask.trailing_zeros() as usize;
                offer(
                    self.first_cost(&states[0], members[relation]),
                    Step::Scan(relation),
                );
            }
            for relation in (0..n).filter(|r| mask >> r & 1 == 1) {
                let rest = mask & !(1 << relation);
                let Some(before) = best[rest] else {
                    continue;
                };
                if let Some(run) = self.loop_cost(&states[rest], possible[rest], members[relation])
                    && self.relations[members[relation]]
                        .possible
                        .meets(possible[rest])
                {
                    offer(before.cost.plus(0.0, run), Step::Loop(rest, relation));
                }
            }
            if !self.terms.loops_only {
                let mut try_hash = |build: usize| {
                    let probe = mask & !build;
                    if let (Some(b), Some(p)) = (best[build], best[probe])
                        && states[build].certain.meets(states[probe].certain)
                    {
                        let cost = self.hash_cost(
                            (b.cost, states[build].rows),
                            (p.cost, states[probe].rows),
                            states[mask].rows,
                        );
                        offer(cost, Step::Hash(build, probe));
                    }
                };
                if n <= BUSHY {
                    let mut build = mask & (mask - 1);
                    while build != 0 {
                        try_hash(build);
                        build = (build - 1) & mask;
                    }
                } else if !mask.is_power_of_two() {
                    for relation in (0..n).filter(|r| mask >> r & 1 == 1) {
                        try_hash(1 << relation);
                        try_hash(mask & !(1 << relation));
                    }
                }
            }
            best[mask] = found;
        }
        let cost = best[full]?.cost;
        Some(Part {
            tree: tree(&best, members, full)?,
            rows: states[full].rows,
            cost,
        })
    }

    fn hash_cost(&self, build: (Cost, f64), probe: (Cost, f64), rows: f64) -> Cost {
        Cost {
            start: build.0.total() + self.build_us(build.1) + probe.0.start,
            run: probe.0.run + probe.1 * PROBE_US + rows * COMBINE_US,
        }
    }

    /// The cheapest next step, again and again.
    fn greedy(&self, members: &[usize]) -> Part {
        let start = self.estimator.start(self.terms.bound);
        let mut firsts: Vec<usize> = members.to_vec();
        firsts.sort_by(|a, b| {
            self.first_cost(&start, *a)
                .total()
                .total_cmp(&self.first_cost(&start, *b).total())
        });
        firsts
            .into_iter()
            .take(TRIED_STARTS)
            .map(|first| self.greedy_from(&start, first, members))
            .min_by(|a, b| a.cost.total().total_cmp(&b.cost.total()))
            .unwrap_or(Part {
                tree: JoinTree::Leaf(members.first().copied().unwrap_or(0)),
                rows: 0.0,
                cost: Cost::default(),
            })
    }

    fn greedy_from(&self, start: &State, first: usize, members: &[usize]) -> Part {
        let mut state = self.estimator.join(start, first);
        let mut possible = self.terms.bound.or(self.relations[first].possible);
        let mut part = Part {
            tree: JoinTree::Leaf(first),
            rows: state.rows,
            cost: self.first_cost(start, first),
        };
        let mut left: Vec<usize> = members.iter().copied().filter(|m| *m != first).collect();
        while !left.is_empty() {
            let mut choice: Option<(f64, usize, Cost, Way)> = None;
            let connected = left
                .iter()
                .any(|r| self.relations[*r].possible.meets(possible));
            for (place, relation) in left.iter().enumerate() {
                if connected && !self.relations[*relation].possible.meets(possible) {
                    continue;
                }
                let after = self.estimator.joined_rows(&state, *relation);
                for (cost, way) in self.ways(&part, &state, possible, *relation, after) {
                    let score = cost.total() + after * LOOKUP_US;
                    if choice.is_none_or(|(least, ..)| score < least) {
                        choice = Some((score, place, cost, way));
                    }
                }
            }
            let Some((_, place, cost, way)) = choice else {
                break;
            };
            let relation = left.swap_remove(place);
            let leaf = Box::new(JoinTree::Leaf(relation));
            let before = Box::new(part.tree);
            state = self.estimator.join(&state, relation);
            possible = possible.or(self.relations[relation].possible);
            part = Part {
                tree: match way {
                    Way::Loop => JoinTree::Loop(before, leaf),
                    Way::HashLeft => JoinTree::Hash(before, leaf),
                    Way::HashRight => JoinTree::Hash(leaf, before),
                },
                rows: state.rows,
                cost,
            };
        }
        part
    }

    /// Every way to join one more relation, with the cost up to there.
    fn ways(
        &self,
        part: &Part,
        state: &State,
        possible: VarSet,
        relation: usize,
        after: f64,
    ) -> Vec<(Cost, Way)> {
        let own = &self.relations[relation];
        let mut ways = Vec::with_capacity(3);
        if let Some(run) = self.loop_cost(state, possible, relation) {
            ways.push((part.cost.plus(0.0, run), Way::Loop));
        }
        if !self.terms.loops_only {
            let alone = Cost {
                start: own.start_us,
                run: own.scan_us,
            };
            let (before, it) = ((part.cost, state.rows), (alone, own.rows));
            ways.push((self.hash_cost(before, it, after), Way::HashLeft));
            ways.push((self.hash_cost(it, before, after), Way::HashRight));
        }
        ways
    }
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Loop,
    /// The hash table holds what was joined before.
    HashLeft,
    /// The hash table holds the relation.
    HashRight,
}

/// The tree of the steps that lead to a sub-join.
fn tree(best: &[Option<Best>], members: &[usize], mask: usize) -> Option<JoinTree> {
    Some(match best.get(mask).copied().flatten()?.step {
        Step::Scan(relation) => JoinTree::Leaf(members[relation]),
        Step::Loop(rest, relation) => JoinTree::Loop(
            Box::new(tree(best, members, rest)?),
            Box::new(JoinTree::Leaf(members[relation])),
        ),
        Step::Hash(build, probe) => JoinTree::Hash(
            Box::new(tree(best, members, build)?),
            Box::new(tree(best, members, probe)?),
        ),
    })
}
