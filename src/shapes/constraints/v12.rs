//! Constraints of SHACL 1.2: reading their parameters when they are switched on, and finding violations.

mod reifiers;

pub(crate) use reifiers::reifiers_of;

use super::value_type::failing;
use super::{count, logical, members, needs_path};
use crate::rdf::vocab::rdf;
use crate::shapes::bind::Bound12;
use crate::shapes::idset::{IdSet, sort_unique};
use crate::shapes::lint::Lint;
use crate::shapes::model::{Constraint, ShapeIx};
use crate::shapes::read::{Reader, ShapeNode, shacl_term};
use crate::shapes::run::{At, Failure, Frame, Run, Sink, focus_nodes};
use crate::shapes::v12::Constraint12;
use crate::shapes::vocabulary as sh;
use crate::store::{Id, TermKind, View};
use hashbrown::HashTable;
use oxrdf::{NamedNode, NamedNodeRef};
use rustc_hash::{FxBuildHasher, FxHashSet};
use std::hash::BuildHasher;

/// IRIs of the parameters that make a node a shape.
pub(crate) const PARAMETER_IRIS: [&str; 10] = [
    sh::MAX_LIST_LENGTH,
    sh::MEMBER_SHAPE,
    sh::MIN_LIST_LENGTH,
    sh::REIFIER_SHAPE,
    sh::ROOT_CLASS,
    sh::SINGLE_LINE,
    sh::SOME_VALUE,
    sh::SUBSET_OF,
    sh::UNIQUE_MEMBERS,
    sh::UNIQUE_VALUES_FOR,
];

/// One name, or a list of which any will do.
pub(super) enum Names {
    One(NamedNode),
    Any(Vec<NamedNode>),
}

/// An IRI, or with SHACL 1.2 a list of IRIs. Anything else is a finding.
pub(super) fn names(
    reader: &mut Reader<'_>,
    node: &ShapeNode,
    local: &str,
    value: Id,
) -> Option<Names> {
    if let Some(name) = reader.graph.named_node(value) {
        return Some(Names::One(name));
    }
    let is_list = value.is_blank() && !reader.graph.objects(value, rdf::FIRST).is_empty();
    let term = shacl_term(local);
    if is_list && !reader.options.shacl12 {
        reader.lint(node.ix, Lint::new("L026", &format!("{term} ( … )"), ""));
        return None;
    }
    if !is_list {
        reader.lint_value(node.ix, "L014", &term, value);
        return None;
    }
    let list = members(reader, node, local, value)?;
    let mut names = Vec::with_capacity(list.len());
    for member in list {
        let Some(name) = reader.graph.named_node(member) else {
            reader.lint_value(node.ix, "L014", &term, member);
            return None;
        };
        names.push(name);
    }
    Some(Names::Any(names))
}

impl Names {
    fn into_list(self) -> Vec<NamedNode> {
        match self {
            Self::One(name) => vec![name],
            Self::Any(names) => names,
        }
    }
}

pub(super) fn read(reader: &mut Reader<'_>, node: &ShapeNode, out: &mut Vec<Constraint>) {
    if !reader.options.shacl12 {
        return;
    }
    let mut found = Vec::new();
    for &value in node.values("rootClass") {
        let names = names(reader, node, "rootClass", value);
        found.extend(names.map(|names| Constraint12::RootClass(names.into_list())));
    }
    if reader.flag(node, "singleLine") {
        found.push(Constraint12::SingleLine);
    }
    for &value in node.values("someValue") {
        let shape = logical::shape_at(reader, node, "someValue", value);
        found.extend(shape.map(Constraint12::SomeValue));
    }
    if needs_path(reader, node, "subsetOf") {
        for &value in node.values("subsetOf") {
            let path = reader.path(node.ix, "sh:subsetOf", value);
            found.extend(path.map(|(path, _)| Constraint12::SubsetOf(path)));
        }
    }
    for &value in node.values("memberShape") {
        let shape = logical::shape_at(reader, node, "memberShape", value);
        found.extend(shape.map(Constraint12::MemberShape));
    }
    let (min, max) = (
        count(reader, node, "minListLength"),
        count(reader, node, "maxListLength"),
    );
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        reader.lint(node.ix, Lint::new("L009", "", &format!("{min} > {max}")));
    }
    found.extend(min.map(Constraint12::MinListLength));
    found.extend(max.map(Constraint12::MaxListLength));
    if reader.flag(node, "uniqueMembers") {
        found.push(Constraint12::UniqueMembers);
    }
    for &value in node.values("uniqueValuesFor") {
        let names = names(reader, node, "uniqueValuesFor", value);
        found.extend(names.map(|names| {
            let mut properties = names.into_list();
            properties.sort_unstable();
            properties.dedup();
            Constraint12::UniqueValuesFor(properties)
        }));
    }
    reifiers::read(reader, node, &mut found);
    out.extend(found.into_iter().map(Constraint::V12));
}

/// Bits of the node kinds that a value of `sh:nodeKind` names, with those of SHACL 1.2 when it is on.
pub(super) fn node_kind(reader: &Reader<'_>, local: &str) -> Option<u8> {
    let known = sh::NODE_KINDS.iter().find(|(name, _)| *name == local);
    match known {
        Some((_, bits)) => Some(*bits),
        None if reader.options.shacl12 && local == "TripleTerm" => Some(8),
        None => None,
    }
}

/// Finds the violations of one constraint in a frame: rows of bad values, or results of their own.
pub(super) fn check(
    run: &mut Run<'_>,
    (bound, constraint): (&Bound12, &Constraint12),
    frame: &Frame<'_>,
    at: At,
    sink: &mut dyn Sink,
    rows: &mut Vec<u32>,
) {
    match (bound, constraint) {
        (Bound12::ClassIn(classes), _) => {
            for (turn, class) in classes.iter().enumerate() {
                let mut not_of_it = Vec::new();
                super::value_type::class(run, *class, frame, &mut not_of_it);
                if turn == 0 {
                    *rows = not_of_it;
                } else {
                    rows.retain(|row| not_of_it.binary_search(row).is_ok());
                }
            }
            if classes.is_empty() {
                failing(frame, rows, |_| false);
            }
        }
        (Bound12::DatatypeIn(datatypes), _) => failing(frame, rows, |value| {
            value.is_literal() && {
                let meta = run.meta(value);
                meta.kind == TermKind::Literal
                    && datatypes.contains(&meta.datatype)
                    && meta.well_formed
            }
        }),
        (Bound12::RootClass(classes), _) => {
            failing(frame, rows, |value| classes.binary_search(&value).is_ok());
        }
        (Bound12::SingleLine(memo), _) => run.memoised(*memo, frame, rows, |run, value| {
            run.kind(value) != TermKind::Literal
                || run.with_string(value, |text| !text.contains(['\n', '\r', '\u{b}', '\u{c}']))
        }),
        (Bound12::SubsetOf(path), _) => {
            let bindings = run.bound;
            let others = run.frame(&bindings.paths[*path as usize], frame.focus(), at.shape);
            if run.is_stopped() {
                return;
            }
            for (position, &focus) in frame.focus().iter().enumerate() {
                let among = &others.values()[others.rows(position)];
                for &value in &frame.values()[frame.rows(position)] {
                    if among.binary_search(&value).is_err() {
                        sink.fail(at, Failure::of_value(focus, value));
                    }
                }
            }
        }
        (Bound12::Shapes, Constraint12::SomeValue(shape)) => {
            some_value(run, *shape, frame, at, sink);
        }
        (Bound12::UniqueValues(properties), _) => {
            unique_values(run, properties, frame, at, sink);
        }
        (Bound12::Shapes, Constraint12::ReifierShape { shape, is_required }) => {
            reifiers::check(run, (*shape, *is_required), frame, at, rows);
        }
        (Bound12::Shapes, _) => lists(run, constraint, frame, rows),
    }
}

fn some_value(run: &mut Run<'_>, shape: ShapeIx, frame: &Frame<'_>, at: At, sink: &mut dyn Sink) {
    let values = frame.distinct_values();
    if !values.is_empty() {
        run.decide(shape, values);
        if run.is_stopped() {
            return;
        }
    }
    for (position, &focus) in frame.focus().iter().enumerate() {
        let values = &frame.values()[frame.rows(position)];
        if values.iter().all(|value| run.fails(shape, *value)) {
            sink.fail(at, Failure::of_focus(focus));
        }
    }
}

/// `sh:memberShape`, `sh:minListLength`, `sh:maxListLength` and `sh:uniqueMembers`: what is no list fails.
fn lists(run: &mut Run<'_>, constraint: &Constraint12, frame: &Frame<'_>, rows: &mut Vec<u32>) {
    let cells = Cells::new(run);
    let mut bad = IdSet::default();
    // Members of all lists are decided together.
    let mut waiting: Vec<(Id, Vec<Id>)> = Vec::new();
    for &value in frame.distinct_values() {
        let Some(members) = cells.members(value) else {
            bad.insert(value);
            continue;
        };
        let passes = match constraint {
            Constraint12::MinListLength(min) => members.len() as u64 >= *min,
            Constraint12::MaxListLength(max) => members.len() as u64 <= *max,
            Constraint12::UniqueMembers => {
                let length = members.len();
                sort_unique(members).len() == length
            }
            _ => {
                waiting.push((value, members));
                true
            }
        };
        if !passes {
            bad.insert(value);
        }
    }
    if let Constraint12::MemberShape(shape) = constraint {
        let all = waiting.iter().flat_map(|(_, members)| members).copied();
        let all = sort_unique(all.collect());
        if !all.is_empty() {
            run.decide(*shape, &all);
        }
        for (value, members) in waiting {
            if members.iter().any(|member| run.fails(*shape, *member)) {
                bad.insert(value);
            }
        }
    }
    if !bad.is_empty() {
        failing(frame, rows, |value| !bad.contains(value));
    }
}

/// The members of a list in the data; `None` for what is no list.
pub(crate) fn members_of_list(run: &mut Run<'_>, head: Id) -> Option<Vec<Id>> {
    Cells::new(run).members(head)
}

/// Reads lists in data.
struct Cells<'v> {
    view: &'v View,
    first: Option<Id>,
    rest: Option<Id>,
    nil: Id,
}

impl<'v> Cells<'v> {
    fn new(run: &mut Run<'v>) -> Self {
        let view = run.context;
        let nil = NamedNodeRef::new_unchecked(rdf::NIL);
        Self {
            view,
            first: view.id_of_iri(rdf::FIRST),
            rest: view.id_of_iri(rdf::REST),
            nil: run.locals.bind(view, nil.into()),
        }
    }

    /// The members; `None` for what is no list: a cell without exactly one member and rest, or a circle.
    fn members(&self, head: Id) -> Option<Vec<Id>> {
        let mut members = Vec::new();
        let mut seen = FxHashSet::default();
        let mut cell = head;
        while cell != self.nil {
            if cell.is_literal() || !seen.insert(cell) {
                return None;
            }
            members.push(self.only(cell, self.first?)?);
            cell = self.only(cell, self.rest?)?;
        }
        Some(members)
    }

    fn only(&self, cell: Id, predicate: Id) -> Option<Id> {
        let mut objects = self.view.objects(cell, predicate);
        let one = objects.next()?;
        objects.next().is_none().then_some(one)
    }
}

/// The target nodes of a shape by their values of some properties: one of those that share them, and whether there are more.
#[derive(Debug, Default)]
pub(crate) struct SharedValues {
    table: HashTable<(u64, Id, bool)>,
}

fn unique_values(
    run: &mut Run<'_>,
    properties: &[Option<Id>],
    frame: &Frame<'_>,
    at: At,
    sink: &mut dyn Sink,
) {
    let key = (at.shape, at.constraint);
    let shared = match run.shared_values.remove(&key) {
        Some(known) => known,
        None => {
            let compiled = run.compiled;
            let targets = focus_nodes(run, &compiled.shapes[at.shape as usize].targets);
            if run.is_stopped() {
                return;
            }
            let mut shared = SharedValues::default();
            for &target in &targets {
                if let Some(hash) = hash_of(run.context, properties, target) {
                    let same = |entry: &(u64, Id, bool)| {
                        entry.0 == hash && same_values(run.context, properties, entry.1, target)
                    };
                    match shared.table.find_mut(hash, same) {
                        Some(entry) => entry.2 |= entry.1 != target,
                        None => {
                            let entry = (hash, target, false);
                            shared.table.insert_unique(hash, entry, |entry| entry.0);
                        }
                    }
                }
            }
            shared
        }
    };
    let mut bad = IdSet::default();
    for &value in frame.distinct_values() {
        let found = hash_of(run.context, properties, value).and_then(|hash| {
            shared.table.find(hash, |entry| {
                entry.0 == hash && same_values(run.context, properties, entry.1, value)
            })
        });
        if found.is_some_and(|(_, one, more)| *more || *one != value) {
            bad.insert(value);
        }
    }
    run.shared_values.insert(key, shared);
    // The draft gives these results no value: the node is the focus node, or the path leads to it.
    for (row, value) in frame.values().iter().enumerate() {
        if bad.contains(*value) {
            sink.fail(at, Failure::of_focus(frame.focus_of_row(row)));
        }
    }
}

/// A number for the values of a node; `None` when it has none at all.
fn hash_of(view: &View, properties: &[Option<Id>], node: Id) -> Option<u64> {
    let mut all: Vec<(usize, Id)> = Vec::new();
    for (ix, property) in properties.iter().enumerate() {
        if let Some(property) = property {
            all.extend(view.objects(node, *property).map(|value| (ix, value)));
        }
    }
    (!all.is_empty()).then(|| FxBuildHasher.hash_one(&all))
}

fn same_values(view: &View, properties: &[Option<Id>], a: Id, b: Id) -> bool {
    a == b
        || properties
            .iter()
            .flatten()
            .all(|property| view.objects(a, *property).eq(view.objects(b, *property)))
}

/// `sh:targetWhere` as it stands on a shape.
pub(crate) fn read_target_where(reader: &mut Reader<'_>, node: &ShapeNode) -> Vec<ShapeIx> {
    let mut found = Vec::new();
    for &value in node.values("targetWhere") {
        found.extend(logical::shape_at(reader, node, "targetWhere", value));
    }
    found
}

/// Whether a value of `sh:closed` asks for what SHACL 1.2 calls closed by types, which is not checked.
pub(super) fn closed_by_types(reader: &mut Reader<'_>, node: &ShapeNode) -> bool {
    let by_types = node.values("closed").iter().any(|value| {
        let name = reader.graph.named_node(*value);
        name.is_some_and(|name| name.as_str() == sh::BY_TYPES)
    });
    if by_types {
        let code = if reader.options.shacl12 {
            "L080"
        } else {
            "L026"
        };
        reader.lint(node.ix, Lint::new(code, "sh:closed sh:ByTypes", ""));
    }
    by_types
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_have_the_names_of_the_draft() {
        for iri in PARAMETER_IRIS {
            let local = iri.strip_prefix(sh::NS).expect("a SHACL term");
            assert!(sh::DRAFT_PARAMETERS.contains(&local), "{local}");
        }
    }
}
