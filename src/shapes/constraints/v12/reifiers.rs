//! `sh:reifierShape` and `sh:reificationRequired` of SHACL 1.2: what is said, by whatever reifies it in RDF 1.2, of the
//! triple of focus node, predicate and value.

use crate::rdf::vocab::rdf;
use crate::shapes::constraints::{logical, needs_path};
use crate::shapes::idset::sort_unique;
use crate::shapes::lint::Lint;
use crate::shapes::model::ShapeIx;
use crate::shapes::read::{Reader, ShapeNode};
use crate::shapes::run::{At, Frame, Run};
use crate::shapes::v12::Constraint12;
use crate::store::{Id, View};
use oxrdf::{NamedNode, NamedOrBlankNode, Term, Triple};

pub(super) fn read(reader: &mut Reader<'_>, node: &ShapeNode, out: &mut Vec<Constraint12>) {
    if node.values("reifierShape").is_empty() && !node.values("reificationRequired").is_empty() {
        let lint = Lint::new("L101", "sh:reificationRequired", "sh:reifierShape");
        reader.lint(node.ix, lint);
    }
    if !needs_path(reader, node, "reifierShape") {
        return;
    }
    // Only triples have reifiers, and other paths lead over many.
    let is_predicate =
        matches!(node.values("path"), [path] if reader.graph.named_node(*path).is_some());
    if !is_predicate {
        return reader.lint(
            node.ix,
            Lint::new("L080", "sh:reifierShape + sh:path ( … )", ""),
        );
    }
    let is_required = reader.flag(node, "reificationRequired");
    for &value in node.values("reifierShape") {
        let shape = logical::shape_at(reader, node, "reifierShape", value);
        out.extend(shape.map(|shape| Constraint12::ReifierShape { shape, is_required }));
    }
}

/// Rows of values with a reifier that does not conform, or without one that is required.
pub(super) fn check(
    run: &mut Run<'_>,
    (shape, is_required): (ShapeIx, bool),
    frame: &Frame<'_>,
    at: At,
    rows: &mut Vec<u32>,
) {
    let mut waiting: Vec<(u32, Vec<Id>)> = Vec::new();
    for (position, &focus) in frame.focus().iter().enumerate() {
        for row in frame.rows(position) {
            let reifiers = reifiers_of(run, at.shape, focus, frame.values()[row]);
            if !reifiers.is_empty() {
                waiting.push((row as u32, reifiers));
            } else if is_required {
                rows.push(row as u32);
            }
        }
    }
    let all = waiting.iter().flat_map(|(_, reifiers)| reifiers).copied();
    let all = sort_unique(all.collect());
    if !all.is_empty() {
        run.decide(shape, &all);
    }
    let fails = |(_, reifiers): &(u32, Vec<Id>)| reifiers.iter().any(|id| run.fails(shape, *id));
    rows.extend(waiting.iter().filter(|it| fails(it)).map(|(row, _)| *row));
    rows.sort_unstable();
}

/// What reifies the triple of a focus node, the predicate of a property shape and a value.
pub(crate) fn reifiers_of(run: &Run<'_>, shape: ShapeIx, focus: Id, value: Id) -> Vec<Id> {
    let path = run.compiled.shapes[shape as usize].written_path.as_ref();
    let predicate = path.and_then(|path| path.as_predicate());
    let found = predicate.and_then(|predicate| {
        let reifies = run.context.id_of_iri(rdf::REIFIES)?;
        let triple = triple_term(run.context, focus, predicate, value)?;
        Some(run.context.subjects(reifies, triple).collect())
    });
    found.unwrap_or_default()
}

/// The id of a triple term, when the state knows it.
fn triple_term(view: &View, focus: Id, predicate: &NamedNode, value: Id) -> Option<Id> {
    if focus.local_index().is_some() || value.local_index().is_some() {
        return None;
    }
    let subject = NamedOrBlankNode::try_from(view.term(focus)).ok()?;
    let triple = Triple::new(subject, predicate.clone(), view.term(value));
    view.id_of(Term::from(triple).as_ref())
}
