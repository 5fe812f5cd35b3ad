//! `sh:qualifiedValueShape` with its counts and disjoint siblings
//! ([§4.7.3](https://www.w3.org/TR/shacl/#QualifiedValueShapeConstraintComponent)).

use super::{count, logical, needs_path, single};
use crate::shapes::lint::Lint;
use crate::shapes::model::{Component, Constraint};
use crate::shapes::read::{Reader, ShapeNode, shacl_term};
use crate::shapes::run::{At, Failure, Frame, Run, Sink};
use crate::shapes::vocabulary as sh;
use crate::store::Id;

pub(super) fn read(reader: &mut Reader<'_>, node: &ShapeNode, out: &mut Vec<Constraint>) {
    if node.values("qualifiedValueShape").is_empty() {
        for local in ["qualifiedMinCount", "qualifiedMaxCount"] {
            if !node.values(local).is_empty() {
                reader.lint(node.ix, Lint::new("L086", &shacl_term(local), ""));
            }
        }
    }
    if !needs_path(reader, node, "qualifiedValueShape") {
        return;
    }
    let (min, max) = (
        count(reader, node, "qualifiedMinCount"),
        count(reader, node, "qualifiedMaxCount"),
    );
    let Some(value) = single(reader, node, "qualifiedValueShape") else {
        return;
    };
    let Some(shape) = logical::shape_at(reader, node, "qualifiedValueShape", value) else {
        return;
    };
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        reader.lint(node.ix, Lint::new("L009", "", &format!("{min} > {max}")));
    }
    let siblings = if reader.flag(node, "qualifiedValueShapesDisjoint") {
        siblings(reader, node, value)
    } else {
        Vec::new()
    };
    if !reader.counts(siblings.len()) {
        let lint = Lint::new("L097", "sh:qualifiedValueShapesDisjoint", "");
        return reader.lint(node.ix, lint);
    }
    let siblings = siblings
        .into_iter()
        .map(|sibling| reader.shape_ix(sibling, Some(node.ix)))
        .collect();
    let counted = |local| !node.values(local).is_empty();
    if !counted("qualifiedMinCount") && !counted("qualifiedMaxCount") {
        reader.lint(node.ix, Lint::new("L087", "", ""));
    }
    if min.is_some_and(|min| min > 0) || max.is_some() {
        out.push(Constraint::Qualified {
            shape,
            min: min.filter(|min| *min > 0),
            max,
            siblings,
        });
    }
}

/// Qualified value shapes of the other property shapes below the same parents.
fn siblings(reader: &mut Reader<'_>, node: &ShapeNode, own: Id) -> Vec<Id> {
    let Some(property) = reader.graph.id(sh::PROPERTY) else {
        return Vec::new();
    };
    let parents: Vec<Id> = reader.graph.view().subjects(property, node.id).collect();
    let mut found = Vec::new();
    for parent in parents {
        let graph = &reader.graph;
        let all = reader.qualified.entry(parent).or_insert_with(|| {
            graph
                .objects(parent, sh::PROPERTY)
                .into_iter()
                .flat_map(|sibling| graph.objects(sibling, sh::QUALIFIED_VALUE_SHAPE))
                .filter(|shape| !shape.is_literal())
                .collect()
        });
        found.extend(all.iter().copied().filter(|shape| *shape != own));
    }
    crate::shapes::idset::sort_unique(found)
}

pub(super) fn check(
    run: &mut Run<'_>,
    constraint: &Constraint,
    frame: &Frame<'_>,
    at: At,
    sink: &mut dyn Sink,
) {
    let Constraint::Qualified {
        shape,
        min,
        max,
        siblings,
    } = constraint
    else {
        return;
    };
    let values = frame.distinct_values();
    if !values.is_empty() {
        run.decide(*shape, values);
        for sibling in siblings {
            run.decide(*sibling, values);
        }
        if run.is_stopped() {
            return;
        }
    }
    for (position, &focus) in frame.focus().iter().enumerate() {
        let counts = |value: &&Id| {
            !run.fails(*shape, **value)
                && siblings.iter().all(|sibling| run.fails(*sibling, **value))
        };
        let found = frame.values()[frame.rows(position)]
            .iter()
            .filter(counts)
            .count() as u64;
        if min.is_some_and(|min| found < min) {
            let at = At {
                component: Some(Component::QualifiedMinCount),
                ..at
            };
            sink.fail(at, Failure::of_focus(focus).counting(found));
        }
        if max.is_some_and(|max| found > max) {
            let at = At {
                component: Some(Component::QualifiedMaxCount),
                ..at
            };
            sink.fail(at, Failure::of_focus(focus).counting(found));
        }
    }
}
