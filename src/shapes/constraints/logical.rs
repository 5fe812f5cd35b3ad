//! `sh:not`, `sh:and`, `sh:or`, `sh:xone` ([§4.6](https://www.w3.org/TR/shacl/#core-components-logical)), `sh:node` and
//! `sh:property` ([§4.7](https://www.w3.org/TR/shacl/#core-components-shape)): set algebra over who conforms to what.

use super::members;
use crate::shapes::model::{Constraint, ShapeIx};
use crate::shapes::read::{Reader, ShapeNode};
use crate::shapes::run::{Frame, Run};
use crate::store::Id;

pub(super) fn read(reader: &mut Reader<'_>, node: &ShapeNode, out: &mut Vec<Constraint>) {
    let mut single = |reader: &mut Reader<'_>, local, make: fn(ShapeIx) -> Constraint| {
        for &value in node.values(local) {
            if let Some(shape) = shape_at(reader, node, local, value) {
                out.push(make(shape));
            }
        }
    };
    single(reader, "not", Constraint::Not);
    single(reader, "node", Constraint::Node);
    single(reader, "property", Constraint::Property);
    for (local, make) in [
        ("and", Constraint::And as fn(Vec<ShapeIx>) -> Constraint),
        ("or", Constraint::Or),
        ("xone", Constraint::Xone),
    ] {
        for &head in node.values(local) {
            let Some(list) = members(reader, node, local, head) else {
                continue;
            };
            let shapes: Vec<ShapeIx> = list
                .iter()
                .filter_map(|value| shape_at(reader, node, local, *value))
                .collect();
            // A member that is no shape makes the whole list unusable.
            if shapes.len() == list.len() {
                out.push(make(shapes));
            }
        }
    }
}

/// The shape a value names; a literal is a finding.
pub(super) fn shape_at(
    reader: &mut Reader<'_>,
    node: &ShapeNode,
    local: &str,
    value: Id,
) -> Option<ShapeIx> {
    if value.is_literal() {
        reader.lint_value(node.ix, "L014", &format!("sh:{local}"), value);
        return None;
    }
    Some(reader.shape_ix(value, Some(node.ix)))
}

pub(super) fn check(
    run: &mut Run<'_>,
    constraint: &Constraint,
    frame: &Frame<'_>,
    rows: &mut Vec<u32>,
) {
    let values = frame.distinct_values();
    if values.is_empty() {
        return;
    }
    let bad: Vec<Id> = match constraint {
        Constraint::Node(shape) | Constraint::Property(shape) => run.failing(*shape, values),
        Constraint::Not(shape) => {
            run.decide(*shape, values);
            values
                .iter()
                .copied()
                .filter(|value| !run.fails(*shape, *value))
                .collect()
        }
        Constraint::And(shapes) => {
            for shape in shapes {
                run.decide(*shape, values);
            }
            values
                .iter()
                .copied()
                .filter(|value| shapes.iter().any(|shape| run.fails(*shape, *value)))
                .collect()
        }
        Constraint::Or(shapes) => {
            let mut left = values.to_vec();
            for shape in shapes {
                left = run.failing(*shape, &left);
            }
            left
        }
        Constraint::Xone(shapes) => {
            for shape in shapes {
                run.decide(*shape, values);
            }
            let conforming = |value: Id| {
                shapes
                    .iter()
                    .filter(|shape| !run.fails(**shape, value))
                    .count()
            };
            values
                .iter()
                .copied()
                .filter(|value| conforming(*value) != 1)
                .collect()
        }
        _ => unreachable!("only constraints that refer to shapes come here"),
    };
    if !bad.is_empty() {
        super::value_type::failing(frame, rows, |value| bad.binary_search(&value).is_err());
    }
}
