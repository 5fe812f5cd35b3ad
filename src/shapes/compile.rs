//! Linking shapes after reading: circles, shapes that cannot be checked fully, equal conditions, report order.
//! Works on the model alone; the graph is no longer needed.

use super::lint::Lint;
use super::lint_model::lint_model;
use super::model::{Compiled, Constraint, Shape, ShapeIx, Target};
use super::names::{short_iri, short_term};
use super::v12::Constraint12;
use oxrdf::Term;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::hash::BuildHasher;
use std::sync::Arc;

/// Links what was read.
pub(crate) fn compile(mut compiled: Compiled) -> Compiled {
    let components = circles(&compiled.shapes);
    mark_recursion(&mut compiled, &components);
    refuse_depth(&mut compiled, &components);
    drop_undecidable_negations(&mut compiled);
    let structures = share_conditions(&mut compiled, &components);
    set_stable_keys(&mut compiled.shapes, &structures);
    lint_model(&mut compiled);
    order(&mut compiled);
    let labels: Vec<String> = (0..compiled.shapes.len())
        .map(|ix| shape_label(&compiled.shapes, ix as ShapeIx))
        .collect();
    for finding in &mut compiled.findings {
        if let Some(ix) = finding.shape_ix {
            finding.shape_label.clone_from(&labels[ix as usize]);
        }
    }
    let rank = &compiled.rank;
    compiled.findings.sort_by(|a, b| {
        let key = |lint: &Lint| lint.shape_ix.map_or(u32::MAX, |ix| rank[ix as usize]);
        (key(a), a.code, &a.message.en).cmp(&(key(b), b.code, &b.message.en))
    });
    compiled
}

/// Shapes a shape refers to that take part in validation.
fn references(shapes: &[Shape], ix: ShapeIx) -> Vec<ShapeIx> {
    let shape = &shapes[ix as usize];
    if !shape.runs() {
        return Vec::new();
    }
    let all = shape.constraints.iter().flat_map(Constraint::shapes);
    all.filter(|other| shapes[*other as usize].runs()).collect()
}

/// Strongly connected components (Tarjan), each after those it refers to.
fn circles(shapes: &[Shape]) -> Vec<Vec<ShapeIx>> {
    struct Visit {
        node: ShapeIx,
        edges: Vec<ShapeIx>,
        next: usize,
    }
    const NEW: u32 = u32::MAX;
    let mut number = vec![NEW; shapes.len()];
    let mut low = vec![0_u32; shapes.len()];
    let mut on_stack = vec![false; shapes.len()];
    let (mut stack, mut found, mut counter) = (Vec::new(), Vec::new(), 0);
    for root in 0..shapes.len() as ShapeIx {
        let mut visits: Vec<Visit> = Vec::new();
        if number[root as usize] == NEW {
            visits.push(Visit {
                node: root,
                edges: references(shapes, root),
                next: 0,
            });
        }
        while let Some(visit) = visits.last_mut() {
            let node = visit.node as usize;
            if number[node] == NEW {
                number[node] = counter;
                low[node] = counter;
                counter += 1;
                stack.push(visit.node);
                on_stack[node] = true;
            }
            if let Some(&target) = visit.edges.get(visit.next) {
                visit.next += 1;
                if number[target as usize] == NEW {
                    visits.push(Visit {
                        node: target,
                        edges: references(shapes, target),
                        next: 0,
                    });
                } else if on_stack[target as usize] {
                    low[node] = low[node].min(number[target as usize]);
                }
                continue;
            }
            if low[node] == number[node] {
                let mut component = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member as usize] = false;
                    component.push(member);
                    if member as usize == node {
                        break;
                    }
                }
                found.push(component);
            }
            visits.pop();
            if let Some(above) = visits.last() {
                let above = above.node as usize;
                low[above] = low[above].min(low[node]);
            }
        }
    }
    found
}

/// Shapes of a circle that its finding names.
const NAMED_IN_CIRCLE: usize = 8;

fn mark_recursion(compiled: &mut Compiled, components: &[Vec<ShapeIx>]) {
    for (number, component) in components.iter().enumerate() {
        let refers_to_itself = component.len() > 1
            || references(&compiled.shapes, component[0]).contains(&component[0]);
        if !refers_to_itself {
            continue;
        }
        let within: FxHashSet<ShapeIx> = component.iter().copied().collect();
        let negated = component.iter().any(|ix| {
            let constraints = &compiled.shapes[*ix as usize].constraints;
            constraints
                .iter()
                .any(|c| c.negates() && c.shapes().iter().any(|other| within.contains(other)))
        });
        let mut names: Vec<String> = component
            .iter()
            .filter_map(|ix| match &compiled.shapes[*ix as usize].term {
                Term::NamedNode(node) => Some(short_iri(node.as_str())),
                _ => None,
            })
            .collect();
        names.sort_unstable();
        if names.len() > NAMED_IN_CIRCLE {
            names.truncate(NAMED_IN_CIRCLE);
            names.push("…".to_owned());
        }
        let circle = names.join(" → ");
        let mut members = component.clone();
        members.sort_unstable();
        for &ix in &members {
            compiled.shapes[ix as usize].recursion = Some(number as u32);
        }
        let told: &[ShapeIx] = if negated { &members } else { &members[..1] };
        for &ix in told {
            let shape = &mut compiled.shapes[ix as usize];
            shape.quarantined |= negated;
            let mut lint = Lint::new(if negated { "L016" } else { "L017" }, "", &circle);
            lint.shape = Some(shape.term.clone());
            lint.shape_ix = Some(ix);
            compiled.findings.push(lint);
        }
    }
}

/// Levels of shapes within shapes that a run follows.
const MAX_DEPTH: u32 = 100;

/// Takes out shapes that others nest too deeply: the run goes down one call per level.
fn refuse_depth(compiled: &mut Compiled, components: &[Vec<ShapeIx>]) {
    let mut depth = vec![0_u32; compiled.shapes.len()];
    for component in components {
        let below = component
            .iter()
            .flat_map(|ix| references(&compiled.shapes, *ix));
        let deepest = below.map(|ix| depth[ix as usize]).max().unwrap_or(0);
        let reached = deepest + component.len() as u32;
        for &ix in component {
            depth[ix as usize] = reached;
        }
        // Only the first too deep one: those above it lose it and are shallow again.
        if reached > MAX_DEPTH {
            for &ix in component {
                let shape = &mut compiled.shapes[ix as usize];
                shape.quarantined = true;
                depth[ix as usize] = 0;
                let mut lint = Lint::new("L030", "", &MAX_DEPTH.to_string());
                lint.shape = Some(shape.term.clone());
                lint.shape_ix = Some(ix);
                compiled.findings.push(lint);
            }
        }
    }
}

/// A shape that is not fully checked is only known to fail, never known to conform. Using it positively is sound;
/// a negation of it, or a target that asks who conforms to it, is left out.
fn drop_undecidable_negations(compiled: &mut Compiled) {
    // Who uses a shape; what is unsure makes its users unsure.
    let mut users: Vec<Vec<ShapeIx>> = vec![Vec::new(); compiled.shapes.len()];
    for (ix, shape) in compiled.shapes.iter().enumerate() {
        let targets = shape.targets.iter().filter_map(Target::shape);
        for other in shape
            .constraints
            .iter()
            .flat_map(Constraint::shapes)
            .chain(targets)
        {
            users[other as usize].push(ix as ShapeIx);
        }
    }
    let unsure = |shape: &Shape| !shape.deactivated && (shape.quarantined || shape.partial);
    let mut queue: Vec<ShapeIx> = (0..compiled.shapes.len() as ShapeIx)
        .filter(|ix| unsure(&compiled.shapes[*ix as usize]))
        .collect();
    let mut done = vec![false; compiled.shapes.len()];
    let mut touched: Vec<ShapeIx> = Vec::new();
    while let Some(ix) = queue.pop() {
        if std::mem::replace(&mut done[ix as usize], true) {
            continue;
        }
        for &user in &users[ix as usize] {
            touched.push(user);
            let user_shape = &mut compiled.shapes[user as usize];
            user_shape.partial = true;
            if unsure(user_shape) {
                queue.push(user);
            }
        }
    }
    touched.sort_unstable();
    touched.dedup();
    for ix in touched {
        let model = &mut compiled.shapes[ix as usize];
        let mut constraints = std::mem::take(&mut model.constraints);
        let mut targets = std::mem::take(&mut model.targets);
        let mut lints = Vec::new();
        let is_unsure = |other: &ShapeIx| unsure(&compiled.shapes[*other as usize]);
        constraints.retain(|constraint| {
            let keep = !(constraint.negates() && constraint.shapes().iter().any(is_unsure));
            if !keep {
                let name = constraint.component().map_or("sh:property", |c| c.name());
                lints.push(Lint::new("L018", name, ""));
            }
            keep
        });
        let all = targets.len();
        targets.retain(|target| !target.shape().is_some_and(|shape| is_unsure(&shape)));
        if targets.len() < all {
            lints.push(Lint::new("L099", "sh:targetWhere", ""));
        }
        let model = &mut compiled.shapes[ix as usize];
        (model.constraints, model.targets) = (constraints, targets);
        for mut lint in lints {
            lint.shape = Some(model.term.clone());
            lint.shape_ix = Some(ix);
            compiled.findings.push(lint);
        }
    }
}

/// Gives equal conditions one number. Returns a hash of each shape's structure that does not depend on blank nodes.
fn share_conditions(compiled: &mut Compiled, components: &[Vec<ShapeIx>]) -> Vec<u64> {
    let mut structures = vec![0_u64; compiled.shapes.len()];
    let mut numbers: FxHashMap<String, u32> = FxHashMap::default();
    let lists = RefCell::default();
    // Components come children first.
    for &ix in components.iter().flatten() {
        let shape = &compiled.shapes[ix as usize];
        let key = if !shape.runs() {
            "true".to_owned()
        } else if shape.recursion.is_some() {
            format!("recursive {ix}")
        } else {
            let number_of = |other: &ShapeIx| u64::from(compiled.shapes[*other as usize].condition);
            structure_key(compiled, shape, &number_of, &lists)
        };
        structures[ix as usize] = if shape.recursion.is_some() {
            FxBuildHasher.hash_one(short_term(&shape.term))
        } else {
            FxBuildHasher.hash_one(structure_key(
                compiled,
                shape,
                &|other| structures[*other as usize],
                &lists,
            ))
        };
        let next = numbers.len() as u32;
        let condition = *numbers.entry(key).or_insert(next);
        compiled.shapes[ix as usize].condition = condition;
    }
    compiled.condition_count = numbers.len() as u32;
    structures
}

/// Lists of more members are told apart by a number.
const LONG_LIST: usize = 64;

/// A number for a long list: equal lists have equal numbers, and others do not but by a chance of one in 2^128.
fn list_number(members: &[Term]) -> String {
    let mut hash = Sha256::new();
    for member in members {
        hash.update(member.to_string());
        hash.update([0]);
    }
    hash.finalize()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Path and constraints as text, constraints sorted and each once.
fn structure_key(
    compiled: &Compiled,
    shape: &Shape,
    shape_number: &dyn Fn(&ShapeIx) -> u64,
    lists: &RefCell<FxHashMap<usize, String>>,
) -> String {
    let list = |shapes: &[ShapeIx]| {
        shapes
            .iter()
            .map(|s| shape_number(s).to_string())
            .collect::<Vec<_>>()
            .join(",")
    };
    let mut parts: Vec<String> = shape
        .constraints
        .iter()
        .map(|constraint| match constraint {
            Constraint::Node(s) => format!("node {}", shape_number(s)),
            Constraint::Property(s) => format!("property {}", shape_number(s)),
            Constraint::Not(s) => format!("not {}", shape_number(s)),
            Constraint::And(s) => format!("and {}", list(s)),
            Constraint::Or(s) => format!("or {}", list(s)),
            Constraint::Xone(s) => format!("xone {}", list(s)),
            Constraint::Qualified {
                shape,
                min,
                max,
                siblings,
            } => {
                format!(
                    "qualified {} {min:?} {max:?} {}",
                    shape_number(shape),
                    list(siblings)
                )
            }
            Constraint::Pattern { source, flags, .. } => format!("pattern {flags} {source}"),
            // A key may be long, but not as long as the longest lists.
            Constraint::In(members) if members.len() > LONG_LIST => {
                // Many shapes may share one list.
                let list = Arc::as_ptr(members).cast::<Term>() as usize;
                let mut lists = lists.borrow_mut();
                let number = lists.entry(list).or_insert_with(|| list_number(members));
                format!("in {} {number}", members.len())
            }
            Constraint::V12(c @ Constraint12::UniqueValuesFor(_)) => {
                // Its meaning hangs on the targets of the shape.
                format!(
                    "{} {:?}",
                    c.key(shape_number, &compiled.paths),
                    shape.targets
                )
            }
            Constraint::V12(c) => c.key(shape_number, &compiled.paths),
            other => format!("{other:?}"),
        })
        .collect();
    parts.sort_unstable();
    parts.dedup();
    let path = shape.path.map_or_else(String::new, |p| {
        compiled.paths[p as usize].to_sparql(&|predicate| predicate.as_str().to_owned())
    });
    format!("{path}\n{}", parts.join("\n"))
}

fn set_stable_keys(shapes: &mut [Shape], structures: &[u64]) {
    for ix in 0..shapes.len() {
        // Up to the first ancestor with an IRI; a circle of blank nodes ends after a few steps.
        let mut trail = Vec::new();
        let mut at = Some(ix as ShapeIx);
        while let Some(current) = at.filter(|_| trail.len() < 32) {
            let shape = &shapes[current as usize];
            if let Term::NamedNode(node) = &shape.term {
                trail.push(FxBuildHasher.hash_one(node.as_str()));
                break;
            }
            trail.push(structures[current as usize]);
            at = shape.parent;
        }
        shapes[ix].stable_key = FxBuildHasher.hash_one(trail);
    }
}

/// Sets roots and ranks: roots by IRI, below each its shapes depth first, properties by path.
fn order(compiled: &mut Compiled) {
    let shapes = &compiled.shapes;
    let key = |ix: &ShapeIx| {
        let shape = &shapes[*ix as usize];
        let iri = match &shape.term {
            Term::NamedNode(node) => node.as_str(),
            _ => "",
        };
        let path = shape
            .written_path
            .as_ref()
            .map(|path| path.to_sparql(&|p| p.as_str().to_owned()));
        (iri.is_empty(), iri.to_owned(), path, shape.stable_key, *ix)
    };
    let mut roots: Vec<ShapeIx> = (0..shapes.len() as ShapeIx)
        .filter(|ix| !shapes[*ix as usize].targets.is_empty() && !shapes[*ix as usize].deactivated)
        .collect();
    roots.sort_by_cached_key(key);
    let mut rest: Vec<ShapeIx> = (0..shapes.len() as ShapeIx).collect();
    rest.sort_by_cached_key(key);
    let mut rank = vec![u32::MAX; shapes.len()];
    let mut next = 0;
    for root in roots.iter().chain(&rest) {
        let mut stack = vec![*root];
        while let Some(ix) = stack.pop() {
            if rank[ix as usize] != u32::MAX {
                continue;
            }
            rank[ix as usize] = next;
            next += 1;
            let mut below: Vec<ShapeIx> = shapes[ix as usize]
                .constraints
                .iter()
                .flat_map(Constraint::shapes)
                .filter(|child| rank[*child as usize] == u32::MAX)
                .collect();
            below.sort_by_cached_key(|child| {
                let (_, iri, path, stable, ix) = key(child);
                (path, iri, stable, ix)
            });
            stack.extend(below.into_iter().rev());
        }
    }
    compiled.roots = roots;
    compiled.rank = rank;
}

/// A shape in words: its IRI, or its path below the nearest shape with an IRI.
pub(crate) fn shape_label(shapes: &[Shape], ix: ShapeIx) -> String {
    let shape = &shapes[ix as usize];
    if let Term::NamedNode(node) = &shape.term {
        return short_iri(node.as_str());
    }
    let mut parts: Vec<String> = Vec::new();
    let mut at = Some(ix);
    let mut steps = 0;
    while let Some(current) = at.filter(|_| steps < 32) {
        steps += 1;
        let shape = &shapes[current as usize];
        if let Term::NamedNode(node) = &shape.term {
            parts.push(short_iri(node.as_str()));
            break;
        }
        parts.extend(
            shape
                .written_path
                .as_ref()
                .map(|path| path.to_sparql(&|p| short_iri(p.as_str()))),
        );
        at = shape.parent;
    }
    parts.reverse();
    if parts.is_empty() {
        short_term(&shape.term)
    } else {
        parts.join(" › ")
    }
}
