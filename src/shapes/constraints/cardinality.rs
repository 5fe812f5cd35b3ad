//! `sh:minCount` and `sh:maxCount` ([§4.2](https://www.w3.org/TR/shacl/#core-components-count)).

use super::{count, needs_path};
use crate::shapes::lint::Lint;
use crate::shapes::model::Constraint;
use crate::shapes::read::{Reader, ShapeNode};
use crate::shapes::run::{At, Failure, Frame, Sink};

pub(super) fn read(reader: &mut Reader<'_>, node: &ShapeNode, out: &mut Vec<Constraint>) {
    let bound = |reader: &mut Reader<'_>, local| {
        if needs_path(reader, node, local) {
            count(reader, node, local)
        } else {
            None
        }
    };
    let (min, max) = (bound(reader, "minCount"), bound(reader, "maxCount"));
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        reader.lint(node.ix, Lint::new("L009", "", &format!("{min} > {max}")));
    }
    // A minimum of 0 asks nothing.
    out.extend(min.filter(|min| *min > 0).map(Constraint::MinCount));
    out.extend(max.map(Constraint::MaxCount));
}

pub(super) fn min_count(min: u64, frame: &Frame<'_>, at: At, sink: &mut dyn Sink) {
    for (position, &focus) in frame.focus().iter().enumerate() {
        let found = frame.rows(position).len() as u64;
        if found < min {
            sink.fail(at, Failure::of_focus(focus).counting(found));
        }
    }
}

pub(super) fn max_count(max: u64, frame: &Frame<'_>, at: At, sink: &mut dyn Sink) {
    for (position, &focus) in frame.focus().iter().enumerate() {
        let found = frame.rows(position).len() as u64;
        if found > max {
            sink.fail(at, Failure::of_focus(focus).counting(found));
        }
    }
}
