//! What a report and its shapes look like from outside, for pages and lists: sections by shape, nodes with their results,
//! stable names of groups. Reads what is there and checks nothing.

use super::model::{Severity, Shapes};
use super::names::local_name;
use super::report::{Report, ResultGroup, ResultRow, ShapeRef};
use crate::rdf::label::{Language, pick};
use crate::store::Id;
use oxrdf::Term;
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

/// The groups of results below one shape with targets.
#[derive(Clone, Debug)]
pub struct Section {
    /// The shape with targets.
    pub root: ShapeRef,
    /// Positions in [`Report::groups`], worst severity first.
    pub groups: Vec<usize>,
    /// Exact number of results.
    pub total: u64,
}

impl Shapes {
    /// IRIs and blank nodes of all shapes: node shapes and property shapes.
    pub fn terms(&self) -> impl Iterator<Item = &Term> {
        self.compiled.shapes.iter().map(|shape| &shape.term)
    }

    /// How many shapes have targets and are not deactivated.
    pub fn target_count(&self) -> usize {
        self.compiled.roots.len()
    }
}

impl Report {
    /// The shapes it was checked against.
    pub fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    /// Name of a shape for people: its own name or label, else the last part of its IRI, else its path.
    pub fn shape_name(&self, shape: ShapeRef, language: Language) -> String {
        let names = &self.shape(shape).names;
        if let Some(name) = pick(names.iter().map(|n| (n.value(), n.language())), language) {
            return name.to_owned();
        }
        match self.shape_term(shape) {
            Term::NamedNode(node) => local_name(node.as_str()).to_owned(),
            _ => self.shape_label(shape),
        }
    }

    /// A name for a group that stays the same from report to report; fit for an address.
    pub fn group_key(&self, group: &ResultGroup) -> String {
        let mut hasher = Sha256::new();
        hasher.update(self.shape_label(group.shape));
        let digest = hasher.finalize();
        let hex: String = digest[..4].iter().map(|b| format!("{b:02x}")).collect();
        format!("{}-{hex}", group.component.code())
    }

    /// The group of a name.
    pub fn group_by_key(&self, key: &str) -> Option<&ResultGroup> {
        self.groups()
            .iter()
            .find(|group| self.group_key(group) == key)
    }

    /// Kept results of a group.
    pub fn rows_of(&self, group: &ResultGroup) -> &[ResultRow] {
        &self.results()[group.rows.clone()]
    }

    /// Groups by the shape with targets above them, worst severity first and else in report order.
    pub fn sections(&self) -> Vec<Section> {
        let rank = |position: &usize| severity_rank(&self.groups()[*position].severity);
        let mut sections: Vec<Section> = Vec::new();
        for (position, group) in self.groups().iter().enumerate() {
            let root = self.root_of(group.shape);
            match sections.iter_mut().find(|section| section.root == root) {
                Some(section) => {
                    section.groups.push(position);
                    section.total += group.total;
                }
                None => sections.push(Section {
                    root,
                    groups: vec![position],
                    total: group.total,
                }),
            }
        }
        for section in &mut sections {
            section.groups.sort_by_key(rank);
        }
        sections.sort_by_key(|section| section.groups.first().map_or(u8::MAX, rank));
        sections
    }

    /// Nodes with the positions of their kept results, those with most results first and else by their text.
    pub fn by_focus(&self) -> Vec<(Id, Vec<usize>)> {
        let mut nodes: FxHashMap<Id, Vec<usize>> = FxHashMap::default();
        for (position, row) in self.results().iter().enumerate() {
            nodes.entry(row.focus).or_default().push(position);
        }
        let mut nodes: Vec<(Id, Vec<usize>)> = nodes.into_iter().collect();
        nodes.sort_by_cached_key(|(focus, rows)| {
            (std::cmp::Reverse(rows.len()), self.term(*focus).to_string())
        });
        nodes
    }
}

/// 0 for what is worst.
fn severity_rank(severity: &Severity) -> u8 {
    match severity {
        Severity::Other(_) if severity.is_mild() => 3,
        Severity::Violation | Severity::Other(_) => 0,
        Severity::Warning => 1,
        Severity::Info => 2,
    }
}
