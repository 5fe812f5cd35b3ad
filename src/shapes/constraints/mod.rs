//! The constraints of SHACL Core ([§4]), one file per group of the specification: reading the parameters and the
//! operator that finds violations. Operators take a whole frame of focus nodes with their values, never one node.
//!
//! [§4]: https://www.w3.org/TR/shacl/#core-components

mod cardinality;
mod logical;
mod other;
mod pair;
mod qualified;
mod string;
mod v12;
mod value_range;
mod value_type;

pub(crate) use other::concepts_of;
pub(crate) use string::{LanguageTest, Length};
pub(crate) use v12::{
    PARAMETER_IRIS as PARAMETER_IRIS_12, SharedValues, members_of_list, read_target_where,
    reifiers_of,
};
pub(crate) use value_range::Limit;
pub(crate) use value_type::ClassExtent;

use super::bind::BoundConstraint;
use super::graph::ListError;
use super::lint::Lint;
use super::model::{Constraint, ShapeIx};
use super::read::{Reader, ShapeNode, shacl_term};
use super::run::{At, Failure, Frame, Run, Sink};
use super::vocabulary as sh;
use crate::rdf::vocab::xsd;
use crate::store::Id;
use oxrdf::NamedNode;

/// IRIs of the parameters that make a node a shape.
pub(crate) const PARAMETER_IRIS: [&str; 31] = [
    sh::AND,
    sh::CLASS,
    sh::CLOSED,
    sh::DATATYPE,
    sh::DISJOINT,
    sh::EQUALS,
    sh::HAS_VALUE,
    sh::IN,
    sh::LANGUAGE_IN,
    sh::LESS_THAN,
    sh::LESS_THAN_OR_EQUALS,
    sh::MAX_COUNT,
    sh::MAX_EXCLUSIVE,
    sh::MAX_INCLUSIVE,
    sh::MAX_LENGTH,
    sh::MIN_COUNT,
    sh::MIN_EXCLUSIVE,
    sh::MIN_INCLUSIVE,
    sh::MIN_LENGTH,
    sh::NODE,
    sh::NODE_KIND,
    sh::NOT,
    sh::OR,
    sh::PATTERN,
    sh::PROPERTY,
    sh::QUALIFIED_VALUE_SHAPE,
    sh::QUALIFIED_MAX_COUNT,
    sh::QUALIFIED_MIN_COUNT,
    sh::SPARQL,
    sh::UNIQUE_LANG,
    sh::XONE,
];

/// Reads all constraints of a shape, in the order of the specification.
pub(crate) fn read(reader: &mut Reader<'_>, node: &ShapeNode) -> Vec<Constraint> {
    let mut out = Vec::new();
    value_type::read(reader, node, &mut out);
    cardinality::read(reader, node, &mut out);
    value_range::read(reader, node, &mut out);
    string::read(reader, node, &mut out);
    pair::read(reader, node, &mut out);
    logical::read(reader, node, &mut out);
    qualified::read(reader, node, &mut out);
    other::read(reader, node, &mut out);
    super::sparql::read(reader, node, &mut out);
    v12::read(reader, node, &mut out);
    out
}

/// Finds the violations of one constraint in a frame.
pub(crate) fn check(
    run: &mut Run<'_>,
    frame: &Frame<'_>,
    shape: ShapeIx,
    position: usize,
    sink: &mut dyn Sink,
) {
    let (compiled, bound) = (run.compiled, run.bound);
    let constraint = &compiled.shapes[shape as usize].constraints[position];
    let at = At {
        shape,
        constraint: position as u32,
        component: constraint.component(),
    };
    let mut rows = std::mem::take(&mut run.scratch);
    rows.clear();
    match (&bound.shapes[shape as usize][position], constraint) {
        (BoundConstraint::Class(class), _) => value_type::class(run, *class, frame, &mut rows),
        (BoundConstraint::Datatype(datatype), _) => {
            value_type::datatype(run, *datatype, frame, &mut rows)
        }
        (BoundConstraint::NodeKind(kinds), _) => {
            value_type::check_node_kind(run, *kinds, frame, &mut rows)
        }
        (BoundConstraint::Range(limit), _) => value_range::check(run, limit, frame, &mut rows),
        (BoundConstraint::Length(length), _) => string::length(run, length, frame, &mut rows),
        (BoundConstraint::Pattern(memo), Constraint::Pattern { regex, .. }) => {
            string::pattern(run, regex, *memo, frame, &mut rows);
        }
        (BoundConstraint::Languages(test), _) => string::language_in(run, test, frame, &mut rows),
        (BoundConstraint::In(members), _) => other::is_in(members, frame, &mut rows),
        (BoundConstraint::CodeList(scheme), _) => other::code_list(run, *scheme, frame, &mut rows),
        (BoundConstraint::MinCount(min), _) => cardinality::min_count(*min, frame, at, sink),
        (BoundConstraint::MaxCount(max), _) => cardinality::max_count(*max, frame, at, sink),
        (BoundConstraint::UniqueLang, _) => string::unique_lang(run, frame, at, sink),
        (BoundConstraint::Pair(kind, predicate), _) => {
            pair::check(run, *kind, *predicate, frame, at, sink)
        }
        (BoundConstraint::HasValue(value), _) => other::has_value(*value, frame, at, sink),
        (BoundConstraint::Closed(allowed), _) => other::closed(run, allowed, frame, at, sink),
        (BoundConstraint::Shapes, Constraint::Qualified { .. }) => {
            qualified::check(run, constraint, frame, at, sink)
        }
        (BoundConstraint::Shapes, _) => logical::check(run, constraint, frame, &mut rows),
        (BoundConstraint::Query, Constraint::Sparql(rule)) => {
            super::sparql::check(run, rule, frame, at, sink);
        }
        (BoundConstraint::V12(bound), Constraint::V12(constraint)) => {
            v12::check(run, (bound, constraint), frame, at, sink, &mut rows);
        }
        (BoundConstraint::Pattern(_) | BoundConstraint::Query | BoundConstraint::V12(_), _) => {
            unreachable!("bound from the same constraint")
        }
    }
    // What was not decided in full shows nothing.
    if run.is_stopped() {
        rows.clear();
    }
    for &row in &rows {
        let row = row as usize;
        sink.fail(
            at,
            Failure::of_value(frame.focus_of_row(row), frame.values()[row]),
        );
    }
    run.scratch = rows;
}

/// The values of a property that may occur once at most: none, or the one value. More than one is a finding.
fn single(reader: &mut Reader<'_>, node: &ShapeNode, local: &str) -> Option<Id> {
    match node.values(local) {
        [] => None,
        [one] => Some(*one),
        many => {
            let count = many.len().to_string();
            reader.lint(node.ix, Lint::new("L015", &shacl_term(local), &count));
            None
        }
    }
}

/// The IRIs among the values of a property; others are a finding.
fn iris(reader: &mut Reader<'_>, node: &ShapeNode, local: &str) -> Vec<NamedNode> {
    let mut found = Vec::new();
    for &value in node.values(local) {
        match reader.graph.named_node(value) {
            Some(iri) => found.push(iri),
            None => reader.lint_value(node.ix, "L014", &shacl_term(local), value),
        }
    }
    found.sort_unstable();
    found
}

/// A whole number from 0 up, typed `xsd:integer`; anything else is a finding.
fn count(reader: &mut Reader<'_>, node: &ShapeNode, local: &str) -> Option<u64> {
    let value = single(reader, node, local)?;
    let parsed = reader
        .graph
        .literal(value)
        .filter(|literal| literal.datatype().as_str() == xsd::INTEGER)
        .and_then(|literal| literal.value().trim_start_matches('+').parse().ok());
    if parsed.is_none() {
        reader.lint_value(node.ix, "L004", &shacl_term(local), value);
    }
    parsed
}

/// Whether a parameter that needs a path has one; when used without, that is a finding.
fn needs_path(reader: &mut Reader<'_>, node: &ShapeNode, local: &str) -> bool {
    if node.values(local).is_empty() {
        return false;
    }
    if !node.has_path {
        reader.lint(node.ix, Lint::new("L002", &shacl_term(local), ""));
    }
    node.has_path
}

/// The members of the list that is the value of a property; a list that is broken or too long is a finding.
fn members(reader: &mut Reader<'_>, node: &ShapeNode, local: &str, head: Id) -> Option<Vec<Id>> {
    match reader.list(head) {
        Ok(members) => Some(members),
        Err(error) => {
            let code = match error {
                ListError::Broken => "L013",
                ListError::TooLong => "L097",
            };
            reader.lint(node.ix, Lint::new(code, &shacl_term(local), ""));
            None
        }
    }
}
