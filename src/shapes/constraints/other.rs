//! `sh:closed`, `sh:hasValue`, `sh:in` ([§4.8](https://www.w3.org/TR/shacl/#core-components-others)), and `qb:codeList`
//! read as "a concept of this scheme".

use super::{members, single, v12};
use crate::rdf::vocab::skos;
use crate::shapes::lint::Lint;
use crate::shapes::model::Constraint;
use crate::shapes::read::{Reader, ShapeNode};
use crate::shapes::run::{At, Failure, Frame, Run, Sink};
use crate::shapes::vocabulary as sh;
use crate::store::Id;
use oxrdf::Term;
use std::sync::Arc;

pub(super) fn read(reader: &mut Reader<'_>, node: &ShapeNode, out: &mut Vec<Constraint>) {
    if !v12::closed_by_types(reader, node) && reader.flag(node, "closed") {
        read_closed(reader, node, out);
    } else if !node.values("ignoredProperties").is_empty() {
        reader.lint(node.ix, Lint::new("L095", "", ""));
    }
    for &value in node.values("hasValue") {
        out.push(Constraint::HasValue(reader.graph.term(value)));
    }
    if let Some(head) = single(reader, node, "in") {
        out.extend(value_list(reader, node, head).map(Constraint::In));
    }
}

/// The members of a list of values. Shapes with the same list share it.
fn value_list(reader: &mut Reader<'_>, node: &ShapeNode, head: Id) -> Option<Arc<[Term]>> {
    if let Some(known) = reader.value_lists.get(&head) {
        return Some(Arc::clone(known));
    }
    let list = members(reader, node, "in", head)?;
    let terms: Arc<[Term]> = list
        .into_iter()
        .map(|member| reader.graph.term(member))
        .collect();
    reader.value_lists.insert(head, Arc::clone(&terms));
    Some(terms)
}

fn read_closed(reader: &mut Reader<'_>, node: &ShapeNode, out: &mut Vec<Constraint>) {
    let mut allowed = Vec::new();
    for &property in node.values("property") {
        for path in reader.graph.objects(property, sh::PATH) {
            allowed.extend(reader.graph.named_node(path));
        }
    }
    if let Some(head) = single(reader, node, "ignoredProperties") {
        let Some(list) = members(reader, node, "ignoredProperties", head) else {
            return;
        };
        for member in list {
            match reader.graph.named_node(member) {
                Some(predicate) => allowed.push(predicate),
                None => reader.lint_value(node.ix, "L014", "sh:ignoredProperties", member),
            }
        }
    }
    allowed.sort_unstable();
    allowed.dedup();
    out.push(Constraint::Closed(allowed));
}

pub(super) fn has_value(value: Id, frame: &Frame<'_>, at: At, sink: &mut dyn Sink) {
    for (position, &focus) in frame.focus().iter().enumerate() {
        if frame.values()[frame.rows(position)]
            .binary_search(&value)
            .is_err()
        {
            sink.fail(at, Failure::of_focus(focus));
        }
    }
}

pub(super) fn is_in(members: &[Id], frame: &Frame<'_>, rows: &mut Vec<u32>) {
    // Lists of a few members are faster to walk than to search.
    if members.len() <= 8 {
        super::value_type::failing(frame, rows, |value| members.contains(&value));
    } else {
        super::value_type::failing(frame, rows, |value| members.binary_search(&value).is_ok());
    }
}

/// `scheme` is (`skos:inScheme`, the scheme), `None` when the store knows one of them not.
pub(super) fn code_list(
    run: &mut Run<'_>,
    scheme: Option<u32>,
    frame: &Frame<'_>,
    rows: &mut Vec<u32>,
) {
    let Some(scheme) = scheme else {
        return super::value_type::failing(frame, rows, |_| false);
    };
    let concepts = run.concepts(scheme);
    super::value_type::failing(frame, rows, |value| concepts.binary_search(&value).is_ok());
}

/// Concepts of a scheme, sorted: those that say `skos:inScheme`.
pub(crate) fn concepts_of(view: &crate::store::View, scheme: Id) -> Vec<Id> {
    match view.id_of_iri(skos::IN_SCHEME) {
        Some(in_scheme) => view.subjects(in_scheme, scheme).collect(),
        None => Vec::new(),
    }
}

pub(super) fn closed(
    run: &mut Run<'_>,
    allowed: &[Id],
    frame: &Frame<'_>,
    at: At,
    sink: &mut dyn Sink,
) {
    // Values of a closed property shape may be shared; each node is looked at once per focus node.
    for (row, &value) in frame.values().iter().enumerate() {
        if value.is_literal() {
            continue;
        }
        let focus = frame.focus_of_row(row);
        run.stats.seeks += 1;
        for (predicate, object) in run.context.star(value) {
            run.stats.rows_scanned += 1;
            if allowed.binary_search(&predicate).is_err() {
                sink.fail(at, Failure::of_property(focus, predicate, object));
            }
        }
    }
}
