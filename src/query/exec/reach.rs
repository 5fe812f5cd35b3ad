//! Paths of any length: what is reached from a node along links, each node once (SPARQL 1.1 §18.4). Goes from all nodes of a
//! batch at a time, one round of links after the other, each round in the order of the index. Plans choose no direction:
//! the operator goes from the side that has fewer different nodes.

use super::plan::{Place, Route};
use super::rows::{Batch, Context, Held, Operator};
use crate::query::budget::step;
use crate::query::error::QueryError;
use crate::store::{Id, Order, View};
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// Different starts that are gone from at a time: at first, and at most.
const FIRST_STARTS: usize = 8;
const MOST_STARTS: usize = 4096;
/// When so few pairs of nodes were found, more starts are gone from at a time…
const FEW_PAIRS: usize = 50_000;
/// …and fewer when there were so many.
const MANY_PAIRS: usize = 500_000;

/// A node, and the number of the start from which it was reached.
type Reached = (u32, u64);

/// What one round of links finds. A node with many links, reached from many starts, gives more than memory may hold.
struct Found {
    all: Vec<Reached>,
    held: Held,
    counted: usize,
}

impl Found {
    /// Pairs between two looks at the limits.
    const MANY: usize = 16 << 10;

    fn new(context: &Rc<Context>) -> Self {
        Self {
            all: Vec::new(),
            held: Held::nothing(context),
            counted: 0,
        }
    }

    /// Adds a node for each of the starts of a run.
    fn extend(&mut self, run: &[(u64, u32)], node: u64) -> Result<(), QueryError> {
        self.all.extend(run.iter().map(|(_, start)| (*start, node)));
        if self.all.len() >= self.counted + Self::MANY {
            self.counted = self.all.len();
            self.held.set(size_of::<Reached>() * self.all.capacity())?;
        }
        Ok(())
    }
}

/// What goes along routes.
struct Walker {
    view: View,
    context: Rc<Context>,
}

impl Walker {
    /// What is reached from some nodes, each once for a start, sorted.
    fn reach(&self, route: &Route, from: &[Reached]) -> Result<Vec<Reached>, QueryError> {
        let mut found = match route {
            Route::Link {
                predicate,
                backward,
            } => self.linked(*predicate, *backward, from)?,
            Route::Other { except, backward } => self.linked_otherwise(except, *backward, from)?,
            Route::Sequence(first, second) => self.reach(second, &self.reach(first, from)?)?,
            Route::Alternative(first, second) => {
                let mut found = self.reach(first, from)?;
                found.extend(self.reach(second, from)?);
                found
            }
            Route::ZeroOrOne(inner) => {
                let mut found = self.reach(inner, from)?;
                found.extend_from_slice(from);
                found
            }
            Route::Repeated { inner, from_zero } => self.repeated(inner, *from_zero, from)?,
        };
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    fn repeated(
        &self,
        inner: &Route,
        from_zero: bool,
        from: &[Reached],
    ) -> Result<Vec<Reached>, QueryError> {
        let mut held = Held::nothing(&self.context);
        let mut all: Vec<Reached> = Vec::new();
        let mut seen: FxHashSet<Reached> = FxHashSet::default();
        if from_zero {
            seen.extend(from);
            all.extend(seen.iter());
        }
        let mut edge = from.to_vec();
        while !edge.is_empty() {
            let mut next = self.reach(inner, &edge)?;
            next.retain(|reached| {
                step();
                seen.insert(*reached)
            });
            all.extend_from_slice(&next);
            held.set(48 * all.len())?;
            edge = next;
        }
        Ok(all)
    }

    /// Some nodes by value, and for each the starts it was reached from.
    fn by_node(from: &[Reached]) -> Vec<(u64, u32)> {
        let mut nodes: Vec<(u64, u32)> = from
            .iter()
            .filter(|(_, node)| !is_local(*node))
            .map(|(start, node)| (*node, *start))
            .collect();
        nodes.sort_unstable();
        nodes
    }

    fn linked(
        &self,
        predicate: u64,
        backward: bool,
        from: &[Reached],
    ) -> Result<Vec<Reached>, QueryError> {
        let mut found = Found::new(&self.context);
        if is_local(predicate) {
            return Ok(Vec::new());
        }
        let order = if backward { Order::Posg } else { Order::Psog };
        let nodes = Self::by_node(from);
        let is_only = nodes.chunk_by(|a, b| a.0 == b.0).nth(1).is_none();
        let prefix = [predicate, nodes.first().map_or(0, |(node, _)| *node)];
        // One node needs no more of the index than its own rows.
        let prefix = &prefix[..if is_only { 2 } else { 1 }];
        let mut rows = self.view.sorted(order, prefix, false);
        let mut row = None;
        for run in nodes.chunk_by(|a, b| a.0 == b.0) {
            let node = run[0].0;
            if row.is_none_or(|row: [u64; 4]| row[1] < node) {
                rows.seek([predicate, node, 0]);
                row = rows.next_row();
            }
            while let Some(at) = row
                && at[1] == node
            {
                step();
                found.extend(run, at[2])?;
                row = rows.next_row();
            }
            if row.is_none() {
                break;
            }
        }
        self.context.check()?;
        Ok(found.all)
    }

    fn linked_otherwise(
        &self,
        except: &[u64],
        backward: bool,
        from: &[Reached],
    ) -> Result<Vec<Reached>, QueryError> {
        // Columns of the predicate and of the other end.
        let (order, predicate, end) = match backward {
            false => (Order::Spog, 1, 2),
            true => (Order::Ospg, 2, 1),
        };
        let mut found = Found::new(&self.context);
        for run in Self::by_node(from).chunk_by(|a, b| a.0 == b.0) {
            let mut rows = self.view.sorted(order, &[run[0].0], false);
            while let Some(row) = rows.next_row() {
                step();
                if !except.contains(&row[predicate]) {
                    found.extend(run, row[end])?;
                }
            }
            self.context.check()?;
        }
        Ok(found.all)
    }

    /// Whether a term is the subject or the object of a triple.
    fn is_node(&self, node: u64) -> bool {
        !is_local(node)
            && [Order::Spog, Order::Ospg].into_iter().any(|order| {
                let mut rows = self.view.sorted(order, &[node], false);
                rows.next_row().is_some()
            })
    }

    /// Nodes from which a route may lead, sorted: all of them when it may have no length.
    fn starts(&self, route: &Route) -> Result<Vec<u64>, QueryError> {
        let mut nodes = Vec::new();
        let mut held = Held::nothing(&self.context);
        for (order, prefix) in first_links(route) {
            let column = prefix.len();
            let mut rows = self.view.sorted(order, &prefix, false);
            while let Some(row) = rows.next_row() {
                step();
                nodes.push(row[column]);
                held.set(8 * nodes.len())?;
                let mut next = [0; 3];
                next[..column].copy_from_slice(&prefix);
                match row[column].checked_add(1) {
                    Some(after) => next[column] = after,
                    None => break,
                }
                rows.seek(next);
            }
        }
        nodes.sort_unstable();
        nodes.dedup();
        Ok(nodes)
    }
}

/// Orders and prefixes of the index under which the next column holds the nodes that a route may begin at.
fn first_links(route: &Route) -> Vec<(Order, Vec<u64>)> {
    if route.may_be_empty() {
        return vec![(Order::Spog, Vec::new()), (Order::Ospg, Vec::new())];
    }
    match route {
        Route::Link { predicate, .. } if is_local(*predicate) => Vec::new(),
        Route::Link {
            predicate,
            backward,
        } => {
            let order = if *backward { Order::Posg } else { Order::Psog };
            vec![(order, vec![*predicate])]
        }
        Route::Other { backward: true, .. } => vec![(Order::Ospg, Vec::new())],
        Route::Other {
            backward: false, ..
        } => vec![(Order::Spog, Vec::new())],
        Route::Sequence(first, _) => first_links(first),
        Route::Alternative(first, second) => {
            let mut links = first_links(first);
            links.extend(first_links(second));
            links
        }
        Route::ZeroOrOne(inner) | Route::Repeated { inner, .. } => first_links(inner),
    }
}

/// The operator.
pub(super) struct Reach {
    input: Box<dyn Operator>,
    walker: Walker,
    ends: [Place; 2],
    /// From the subject, and from the object.
    routes: [Rc<Route>; 2],
    batch: Batch,
    /// Groups of solutions of the batch that are still to be gone on from.
    pending: Vec<Group>,
    /// What was reached for the group at hand.
    results: Batch,
    given: usize,
    held: Held,
    /// Starts to be gone from at a time.
    starts: usize,
}

/// Solutions of a batch that are gone on from in the same way.
struct Group {
    /// Which end is started from.
    from: usize,
    /// The starts, sorted, and the solutions of each.
    starts: Vec<(u64, Vec<u32>)>,
}

impl Reach {
    pub(super) fn new(
        context: &Rc<Context>,
        input: Box<dyn Operator>,
        ends: [Place; 2],
        routes: &[Rc<Route>; 2],
        view: &View,
    ) -> Self {
        Self {
            input,
            walker: Walker {
                view: view.clone(),
                context: Rc::clone(context),
            },
            ends,
            routes: routes.clone(),
            batch: Batch::new(context.width),
            pending: Vec::new(),
            results: Batch::new(context.width),
            given: 0,
            held: Held::nothing(context),
            starts: FIRST_STARTS,
        }
    }

    /// Parts the batch by which ends its solutions bind.
    fn plan(&mut self) -> Result<(), QueryError> {
        let mut by_ends: [Vec<(u32, [u64; 2])>; 4] = Default::default();
        for (number, row) in self.batch.rows().enumerate() {
            let ends = self.ends.map(|end| match end {
                Place::Is(raw) => raw,
                Place::Slot(slot) => row[slot],
            });
            let bound = usize::from(ends[0] != 0) + 2 * usize::from(ends[1] != 0);
            by_ends[bound].push((number as u32, ends));
        }
        let [free, from_subject, from_object, both] = by_ends;
        let grouped = |rows: &[(u32, [u64; 2])], from: usize| {
            let mut starts: FxHashMap<u64, Vec<u32>> = FxHashMap::default();
            for (number, ends) in rows {
                starts.entry(ends[from]).or_default().push(*number);
            }
            let mut starts: Vec<_> = starts.into_iter().collect();
            starts.sort_unstable();
            Group { from, starts }
        };
        let mut groups = Vec::new();
        if !both.is_empty() {
            let sides = [grouped(&both, 0), grouped(&both, 1)];
            let [subjects, objects] = sides;
            groups.push(if objects.starts.len() < subjects.starts.len() {
                objects
            } else {
                subjects
            });
        }
        groups.push(grouped(&from_subject, 0));
        groups.push(grouped(&from_object, 1));
        if !free.is_empty() {
            let rows: Vec<u32> = free.iter().map(|(number, _)| *number).collect();
            let nodes = self.walker.starts(&self.routes[0])?;
            groups.push(Group {
                from: 0,
                starts: nodes.into_iter().map(|node| (node, rows.clone())).collect(),
            });
        }
        // The last is taken first; so are the last starts of a group.
        groups.retain(|group| !group.starts.is_empty());
        groups.reverse();
        groups.iter_mut().for_each(|group| group.starts.reverse());
        self.pending = groups;
        Ok(())
    }

    /// Goes from the next few starts.
    fn walk(&mut self) -> Result<bool, QueryError> {
        self.results.clear();
        self.given = 0;
        let Some(group) = self.pending.last_mut() else {
            return Ok(false);
        };
        let from = group.from;
        let keep = group.starts.len().saturating_sub(self.starts);
        let mut starts = group.starts.split_off(keep);
        starts.reverse();
        if keep == 0 {
            self.pending.pop();
        }
        let nodes: Vec<Reached> = (0..)
            .zip(&starts)
            .map(|(n, (node, _))| (n, *node))
            .collect();
        let mut reached = self.walker.reach(&self.routes[from], &nodes)?;
        if self.routes[from].may_be_empty() {
            // Without a link a path leads from a node to itself, and from a term that the query names.
            reached.retain(|(start, node)| {
                starts[*start as usize].0 != *node
                    || self.ends.contains(&Place::Is(*node))
                    || self.walker.is_node(*node)
            });
        }
        self.starts = match reached.len() {
            ..FEW_PAIRS => (4 * self.starts).min(MOST_STARTS),
            MANY_PAIRS.. => (self.starts / 4).max(1),
            _ => self.starts,
        };
        let (start_end, other_end) = (self.ends[from], self.ends[1 - from]);
        for (start, node) in reached {
            let (start, rows) = &starts[start as usize];
            for number in rows {
                step();
                let row = self.results.push(self.batch.row(*number as usize));
                if let Place::Slot(slot) = start_end {
                    row[slot] = *start;
                }
                let agrees = match other_end {
                    Place::Is(raw) => raw == node,
                    Place::Slot(slot) => {
                        let agrees = row[slot] == 0 || row[slot] == node;
                        row[slot] = node;
                        agrees
                    }
                };
                if !agrees {
                    self.results.pop();
                }
            }
        }
        self.held.set(self.results.bytes())?;
        Ok(true)
    }
}

impl Operator for Reach {
    fn next(&mut self, out: &mut Batch, want: usize) -> Result<bool, QueryError> {
        out.clear();
        loop {
            while self.given < self.results.len() && out.len() < want {
                out.push(self.results.row(self.given));
                self.given += 1;
            }
            if out.len() >= want {
                return Ok(true);
            }
            if self.walk()? {
                continue;
            }
            self.walker.context.check()?;
            if !self.input.next(&mut self.batch, want)? {
                return Ok(!out.is_empty());
            }
            self.plan()?;
        }
    }
}

fn is_local(raw: u64) -> bool {
    Id::from_raw(raw).is_some_and(|id| id.local_index().is_some())
}
