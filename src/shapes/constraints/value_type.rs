//! `sh:class`, `sh:datatype` and `sh:nodeKind` ([§4.1](https://www.w3.org/TR/shacl/#core-components-value-type)).

use super::{iris, single};
use crate::shapes::idset::IdSet;
use crate::shapes::lint::Lint;
use crate::shapes::model::Constraint;
use crate::shapes::names::{nearest, short_term};
use crate::shapes::read::{Reader, ShapeNode, is_datatype};
use crate::shapes::run::{Frame, Run};
use crate::shapes::vocabulary as sh;
use crate::store::{Id, TermKind};
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
    /// The class and its subclasses that the store knows.
    classes: Vec<Id>,
    /// Upper bound of the members.
    size: u64,
    /// All members, once scanned.
    extent: Option<IdSet>,
    probed: IdSet,
    members_probed: IdSet,
}

impl ClassExtent {
    pub(crate) fn new(
        run_view: &crate::store::View,
        rdf_type: Option<Id>,
        classes: Vec<Id>,
    ) -> Self {
        let size = rdf_type.map_or(0, |t| {
            classes
                .iter()
                .map(|c| run_view.count(None, Some(t), Some(*c)))
                .sum()
        });
        Self {
            classes,
            size,
            ..Self::default()
        }
    }

    /// Whether a value is a member, after [`ClassExtent::prepare`] for it.
    fn holds(&self, value: Id) -> bool {
        match &self.extent {
            Some(extent) => extent.contains(value),
            None => self.members_probed.contains(value),
        }
    }
}

/// One probe of an index costs about as much as reading this many rows of a scan.
const ROWS_PER_PROBE: u64 = 16;

pub(super) fn class(run: &mut Run<'_>, class: u32, frame: &Frame<'_>, rows: &mut Vec<u32>) {
    prepare(run, class, frame);
    let extent = &run.classes[class as usize];
    match &extent.extent {
        Some(extent) => failing(frame, rows, |value| extent.contains(value)),
        None => failing(frame, rows, |value| extent.holds(value)),
    }
}

fn prepare(run: &mut Run<'_>, class: u32, frame: &Frame<'_>) {
    let mut state = std::mem::take(&mut run.classes[class as usize]);
    if state.extent.is_none() && !frame.values().is_empty() {
        let probes =
            (frame.values().len() as u64 + state.probed.len()) * state.classes.len() as u64;
        if let Some(rdf_type) = run.bound.rdf_type {
            if probes * ROWS_PER_PROBE >= state.size {
                let mut extent = IdSet::default();
                for &class in &state.classes {
                    extent.extend(run.context.subjects(rdf_type, class));
                }
                run.stats.rows_scanned += state.size;
                state.extent = Some(extent);
            } else {
                for &value in frame.values() {
                    if state.probed.insert(value) && !value.is_literal() {
                        run.stats.seeks += 1;
                        if state
                            .classes
                            .iter()
                            .any(|class| run.context.contains(value, rdf_type, *class))
                        {
                            state.members_probed.insert(value);
                        }
                    }
                }
            }
        }
    }
    run.classes[class as usize] = state;
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
