//! `sh:class`, `sh:datatype` and `sh:nodeKind` ([§4.1](https://www.w3.org/TR/shacl/#core-components-value-type)).

use super::{iris, single};
use crate::shapes::idset::IdSet;
use crate::shapes::lint::Lint;
use crate::shapes::model::Constraint;
use crate::shapes::names::{nearest, short_term};
use crate::shapes::read::{Reader, ShapeNode, is_datatype};
use crate::shapes::run::{Frame, Run};
use crate::shapes::vocabulary as sh;
use crate::store::{Id, TermKind, View};
use oxrdf::Term;

pub(super) fn read(reader: &mut Reader<'_>, node: &ShapeNode, out: &mut Vec<Constraint>) {
    for class in iris(reader, node, "class") {
        if is_datatype(class.as_str()) {
            let value = short_term(&Term::from(class.clone()));
            reader.lint(node.ix, Lint::new("L019", "sh:class", &value));
        }
        out.push(Constraint::Class(class));
    }
    if !node.values("class").is_empty() && !node.values("datatype").is_empty() {
        reader.lint(node.ix, Lint::new("L010", "", ""));
    }
    if let Some(value) = single(reader, node, "datatype") {
        match reader.graph.named_node(value) {
            Some(datatype) => out.push(Constraint::Datatype(datatype)),
            None => reader.lint_value(node.ix, "L014", "sh:datatype", value),
        }
    }
    if let Some(value) = single(reader, node, "nodeKind") {
        let local = reader
            .graph
            .named_node(value)
            .and_then(|iri| iri.as_str().strip_prefix(sh::NS).map(str::to_owned));
        let kinds = local
            .as_deref()
            .and_then(|l| sh::NODE_KINDS.iter().find(|(name, _)| *name == l));
        match kinds {
            Some((_, kinds)) => out.push(Constraint::NodeKind(*kinds)),
            None => {
                let near = local
                    .as_deref()
                    .and_then(|l| nearest(l, sh::NODE_KINDS.iter().map(|(name, _)| *name)));
                let text = short_term(&reader.graph.term(value));
                let lint = Lint::new("L014", "sh:nodeKind", &text)
                    .suggesting(near.map(|n| format!("sh:{n}")));
                reader.lint(node.ix, lint);
            }
        }
    }
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
const ROWS_PER_PROBE: u64 = 16;
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

pub(super) fn node_kind(run: &Run<'_>, kinds: u8, frame: &Frame<'_>, rows: &mut Vec<u32>) {
    failing(frame, rows, |value| {
        let kind = match run.kind(value) {
            TermKind::Iri | TermKind::DefaultGraph => 1,
            TermKind::Blank => 2,
            TermKind::Literal => 4,
            // No kind of node that SHACL names.
            TermKind::Triple => 0,
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
