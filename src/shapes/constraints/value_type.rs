//! `sh:class`, `sh:datatype` and `sh:nodeKind` ([§4.1](https://www.w3.org/TR/shacl/#core-components-value-type)).

use super::single;
use super::v12::{self, Names, names};
use crate::shapes::idset::IdSet;
use crate::shapes::lint::Lint;
use crate::shapes::model::Constraint;
use crate::shapes::names::{nearest, short_term};
use crate::shapes::read::{Reader, ShapeNode, is_datatype};
use crate::shapes::run::{Frame, Run};
use crate::shapes::v12::Constraint12;
use crate::shapes::vocabulary as sh;
use crate::store::{Id, TermKind, View};
use oxrdf::{NamedNode, Term};

pub(super) fn read(reader: &mut Reader<'_>, node: &ShapeNode, out: &mut Vec<Constraint>) {
    for &value in node.values("class") {
        let Some(found) = names(reader, node, "class", value) else {
            continue;
        };
        let classes = match &found {
            Names::One(class) => std::slice::from_ref(class),
            Names::Any(classes) => classes.as_slice(),
        };
        for class in classes.iter().filter(|class| is_datatype(class.as_str())) {
            let value = short_term(&Term::from(class.clone()));
            reader.lint(node.ix, Lint::new("L019", "sh:class", &value));
        }
        out.push(match found {
            Names::One(class) => Constraint::Class(class),
            Names::Any(classes) => Constraint::V12(Constraint12::ClassIn(classes)),
        });
    }
    if !node.values("class").is_empty() && !node.values("datatype").is_empty() {
        reader.lint(node.ix, Lint::new("L010", "", ""));
    }
    if let Some(value) = single(reader, node, "datatype") {
        out.extend(
            names(reader, node, "datatype", value).map(|found| match found {
                Names::One(datatype) => Constraint::Datatype(datatype),
                Names::Any(datatypes) => Constraint::V12(Constraint12::DatatypeIn(datatypes)),
            }),
        );
    }
    if let Some(value) = single(reader, node, "nodeKind")
        && let Some(found) = names(reader, node, "nodeKind", value)
    {
        let kinds = match found {
            Names::One(kind) => node_kind(reader, node, &kind),
            Names::Any(kinds) => kinds
                .iter()
                .map(|kind| node_kind(reader, node, kind))
                .try_fold(0, |all, kind| Some(all | kind?)),
        };
        out.extend(kinds.map(Constraint::NodeKind));
    }
}

/// Bits of a node kind; an unknown one is a finding.
fn node_kind(reader: &mut Reader<'_>, node: &ShapeNode, kind: &NamedNode) -> Option<u8> {
    let local = kind.as_str().strip_prefix(sh::NS);
    let bits = local.and_then(|local| v12::node_kind(reader, local));
    if bits.is_none() {
        let near = local.and_then(|l| nearest(l, sh::NODE_KINDS.iter().map(|(name, _)| *name)));
        let text = short_term(&kind.clone().into());
        let lint =
            Lint::new("L014", "sh:nodeKind", &text).suggesting(near.map(|n| format!("sh:{n}")));
        reader.lint(node.ix, lint);
    }
    bits
}

/// Members of a class and its subclasses, found by whichever way reads less: probing each value, or one scan.
#[derive(Debug, Default)]
pub(crate) struct ClassExtent {
    /// Upper bound of the members, counted when there is a choice.
    size: Option<u64>,
    /// All members, once scanned.
    extent: Option<IdSet>,
    probed: IdSet,
    members_probed: IdSet,
}

impl ClassExtent {
    /// Whether a value is a member, after [`prepare`] for it.
    fn holds(&self, value: Id) -> bool {
        match &self.extent {
            Some(extent) => extent.contains(value),
            None => self.members_probed.contains(value),
        }
    }

    /// Upper bound of the members.
    fn size(&mut self, view: &View, rdf_type: Id, classes: &[Id]) -> u64 {
        *self.size.get_or_insert_with(|| {
            let members = |class: &Id| view.count(None, Some(rdf_type), Some(*class));
            classes.iter().map(members).sum()
        })
    }
}

/// One probe of an index costs about as much as reading this many rows of a scan.
const ROWS_PER_PROBE: u64 = 128;
/// So few values are probed without counting what a scan would read; their types are read once for all classes.
const FEW_PROBES: u64 = 2048;

pub(super) fn class(run: &mut Run<'_>, class: u32, frame: &Frame<'_>, rows: &mut Vec<u32>) {
    let extent = prepare(run, class, frame);
    match &extent.extent {
        Some(extent) => failing(frame, rows, |value| extent.contains(value)),
        None => failing(frame, rows, |value| extent.holds(value)),
    }
    run.keep_class(class, extent);
}

/// Finds out who of the values is a member.
fn prepare(run: &mut Run<'_>, class: u32, frame: &Frame<'_>) -> Box<ClassExtent> {
    let mut state = run.take_class(class);
    let classes = &run.bound.classes[class as usize];
    let Some(rdf_type) = run.bound.rdf_type.filter(|_| !classes.is_empty()) else {
        return state;
    };
    if state.extent.is_some() || frame.values().is_empty() {
        return state;
    }
    let probes = frame.values().len() as u64 + state.probed.len();
    if probes <= FEW_PROBES {
        run.read_types(rdf_type, frame.values());
        for &value in frame.values() {
            if state.probed.insert(value) {
                let is_member = |class: &Id| classes.binary_search(class).is_ok();
                if run.types_of(value).iter().any(is_member) {
                    state.members_probed.insert(value);
                }
            }
        }
        return state;
    }
    let size = state.size(run.context, rdf_type, classes);
    if probes * classes.len() as u64 * ROWS_PER_PROBE >= size {
        let mut extent = IdSet::default();
        for &class in classes {
            extent.extend(run.context.subjects(rdf_type, class));
        }
        run.stats.rows_scanned += size;
        state.extent = Some(extent);
        return state;
    }
    for &value in frame.values() {
        if state.probed.insert(value) && !value.is_literal() {
            run.stats.seeks += 1;
            let mut of = classes.iter();
            if of.any(|class| run.context.contains(value, rdf_type, *class)) {
                state.members_probed.insert(value);
            }
        }
    }
    state
}

pub(super) fn datatype(
    run: &Run<'_>,
    datatype: Option<u16>,
    frame: &Frame<'_>,
    rows: &mut Vec<u32>,
) {
    let Some(datatype) = datatype else {
        return failing(frame, rows, |_| false);
    };
    failing(frame, rows, |value| {
        value.is_literal() && {
            let meta = run.meta(value);
            meta.kind == TermKind::Literal && meta.datatype == datatype && meta.well_formed
        }
    });
}

pub(super) fn check_node_kind(run: &Run<'_>, kinds: u8, frame: &Frame<'_>, rows: &mut Vec<u32>) {
    failing(frame, rows, |value| {
        let kind = match run.kind(value) {
            TermKind::Iri | TermKind::DefaultGraph => 1,
            TermKind::Blank => 2,
            TermKind::Literal => 4,
            // Named by SHACL 1.2 only.
            TermKind::Triple => 8,
        };
        kinds & kind != 0
    });
}

/// Rows of a frame whose value does not pass.
pub(super) fn failing(frame: &Frame<'_>, rows: &mut Vec<u32>, passes: impl Fn(Id) -> bool) {
    for (row, &value) in frame.values().iter().enumerate() {
        if !passes(value) {
            rows.push(row as u32);
        }
    }
}
