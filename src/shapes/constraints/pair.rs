//! `sh:equals`, `sh:disjoint`, `sh:lessThan` and `sh:lessThanOrEquals`
//! ([§4.5](https://www.w3.org/TR/shacl/#core-components-property-pairs)).

use super::{iris, needs_path};
use crate::shapes::bind::BoundPath;
use crate::shapes::compare::{Value, compare};
use crate::shapes::model::{Constraint, PairKind};
use crate::shapes::read::{Reader, ShapeNode};
use crate::shapes::run::{At, Failure, Frame, Run, Sink};
use crate::store::Id;
use std::cmp::Ordering;

pub(super) fn read(reader: &mut Reader<'_>, node: &ShapeNode, out: &mut Vec<Constraint>) {
    for (local, kind) in [
        ("equals", PairKind::Equals),
        ("disjoint", PairKind::Disjoint),
    ] {
        out.extend(
            iris(reader, node, local)
                .into_iter()
                .map(|iri| Constraint::Pair(kind, iri)),
        );
    }
    for (local, kind) in [
        ("lessThan", PairKind::LessThan),
        ("lessThanOrEquals", PairKind::LessThanOrEquals),
    ] {
        if needs_path(reader, node, local) {
            out.extend(
                iris(reader, node, local)
                    .into_iter()
                    .map(|iri| Constraint::Pair(kind, iri)),
            );
        }
    }
}

pub(super) fn check(
    run: &mut Run<'_>,
    kind: PairKind,
    predicate: Option<Id>,
    frame: &Frame<'_>,
    at: At,
    sink: &mut dyn Sink,
) {
    let path = predicate.map_or(BoundPath::Nothing, BoundPath::Forward);
    let others = run.frame(&path, frame.focus(), at.shape);
    for (position, &focus) in frame.focus().iter().enumerate() {
        let values = &frame.values()[frame.rows(position)];
        let other = &others.values()[others.rows(position)];
        match kind {
            PairKind::Equals => {
                for &value in values.iter().filter(|v| other.binary_search(v).is_err()) {
                    sink.fail(at, Failure::of_value(focus, value));
                }
                for &value in other.iter().filter(|v| values.binary_search(v).is_err()) {
                    sink.fail(at, Failure::of_value(focus, value));
                }
            }
            PairKind::Disjoint => {
                for &value in values.iter().filter(|v| other.binary_search(v).is_ok()) {
                    sink.fail(at, Failure::of_value(focus, value));
                }
            }
            PairKind::LessThan | PairKind::LessThanOrEquals => {
                less_than(run, kind, focus, values, other, at, sink);
            }
        }
    }
}

/// One result per pair of values that is not in order, incomparable pairs included.
fn less_than(
    run: &Run<'_>,
    kind: PairKind,
    focus: Id,
    values: &[Id],
    others: &[Id],
    at: At,
    sink: &mut dyn Sink,
) {
    if values.is_empty() || others.is_empty() {
        return;
    }
    let others: Vec<Option<Value>> = others.iter().map(|other| run.value(*other)).collect();
    for &id in values {
        let value = run.value(id);
        for other in &others {
            let order = value
                .as_ref()
                .zip(other.as_ref())
                .and_then(|(a, b)| compare(a, b));
            let holds = match order {
                Some(Ordering::Less) => true,
                Some(Ordering::Equal) => kind == PairKind::LessThanOrEquals,
                _ => false,
            };
            if !holds {
                sink.fail(at, Failure::of_value(focus, id));
            }
        }
    }
}
