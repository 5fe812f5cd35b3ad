//! Findings that compare shapes with the vocabularies at hand: classes and properties that nobody declares although their
//! namespace is known, and properties without a name. Notes only: shapes may well speak of what is not loaded.

use super::compile::shape_label;
use super::lint::Lint;
use super::model::{Constraint, Shape, ShapeIx, Shapes, Target};
use super::names::{local_name, nearest, short_iri};
use super::v12::Constraint12;
use crate::rdf::vocab::{owl, rdf, rdfs, skos};
use crate::store::View;
use oxrdf::NamedNode;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::Cell;

const DATATYPE_PROPERTY: &str = "http://www.w3.org/2002/07/owl#DatatypeProperty";
const OBJECT_PROPERTY: &str = "http://www.w3.org/2002/07/owl#ObjectProperty";
const ANNOTATION_PROPERTY: &str = "http://www.w3.org/2002/07/owl#AnnotationProperty";

impl Shapes {
    /// What is odd about the shapes when compared with the vocabularies in some views, in the order of the shapes: classes
    /// (`L088`) and properties (`L089`) that are declared nowhere although their namespace is, and properties that have no
    /// name (`L092`). What is not loaded at all is not held against the shapes.
    pub fn vocabulary_findings(&self, vocabularies: &[View]) -> Vec<Lint> {
        let compiled = &self.compiled;
        let classes = Declared::new(vocabularies, &[rdfs::CLASS, owl::CLASS]);
        let properties = Declared::new(
            vocabularies,
            &[
                rdf::PROPERTY,
                DATATYPE_PROPERTY,
                OBJECT_PROPERTY,
                ANNOTATION_PROPERTY,
            ],
        );
        let mut order: Vec<ShapeIx> = (0..compiled.shapes.len() as ShapeIx).collect();
        order.sort_unstable_by_key(|ix| compiled.rank[*ix as usize]);
        let mut found = Vec::new();
        for ix in order {
            let shape = &compiled.shapes[ix as usize];
            let mut tell = |mut lint: Lint| {
                lint.shape = Some(shape.term.clone());
                lint.shape_ix = Some(ix);
                lint.shape_label = shape_label(&compiled.shapes, ix);
                found.push(lint);
            };
            for (term, class) in classes_of(shape) {
                if let Some(near) = classes.misses(class.as_str()) {
                    tell(Lint::new("L088", term, &short_iri(class.as_str())).suggesting(near));
                }
            }
            let Some(path) = shape.written_path.as_ref().filter(|_| shape.runs()) else {
                continue;
            };
            let mut told = FxHashSet::default();
            for predicate in path.predicates() {
                if told.insert(predicate)
                    && let Some(near) = properties.misses(predicate.as_str())
                {
                    let name = short_iri(predicate.as_str());
                    tell(Lint::new("L089", "sh:path", &name).suggesting(near));
                }
            }
            let predicate = path.last_predicate();
            let asks = shape.constraints.iter().any(|c| c.property().is_none());
            if asks && shape.names.is_empty() && !has_name(vocabularies, predicate) {
                tell(Lint::new("L092", "", &short_iri(predicate.as_str())));
            }
        }
        found
    }
}

/// Classes that a shape names, with the term that names them.
fn classes_of(shape: &Shape) -> Vec<(&'static str, &NamedNode)> {
    let mut classes = Vec::new();
    for target in &shape.targets {
        if let Target::Class(class) = target {
            classes.push(("sh:targetClass", class));
        }
    }
    for constraint in &shape.constraints {
        match constraint {
            Constraint::Class(class) => classes.push(("sh:class", class)),
            Constraint::V12(Constraint12::ClassIn(list)) => {
                classes.extend(list.iter().map(|class| ("sh:class", class)));
            }
            Constraint::V12(Constraint12::RootClass(list)) => {
                classes.extend(list.iter().map(|class| ("sh:rootClass", class)));
            }
            _ => {}
        }
    }
    classes
}

fn has_name(views: &[View], node: &NamedNode) -> bool {
    views.iter().any(|view| {
        let Some(id) = view.id_of_iri(node.as_str()) else {
            return false;
        };
        [rdfs::LABEL, skos::PREF_LABEL].into_iter().any(|label| {
            view.id_of_iri(label)
                .is_some_and(|label| view.objects(id, label).next().is_some())
        })
    })
}

/// Names for which a near one is looked for; a search looks at all names of a namespace.
const MOST_SEARCHES: u32 = 500;

/// Names that vocabularies declare.
struct Declared {
    all: FxHashSet<String>,
    /// Local names by namespace, and namespaces without `http:` or `https:` by what they are in full.
    by_namespace: FxHashMap<String, Vec<String>>,
    /// Whole names by how they look: without scheme, in small letters.
    alike: FxHashMap<String, String>,
    searches: Cell<u32>,
}

impl Declared {
    fn new(views: &[View], kinds: &[&'static str]) -> Self {
        let mut all = FxHashSet::default();
        for view in views {
            let Some(rdf_type) = view.id_of_iri(rdf::TYPE) else {
                continue;
            };
            for kind in kinds.iter().filter_map(|kind| view.id_of_iri(kind)) {
                for id in view.subjects(rdf_type, kind) {
                    all.extend(view.iri(id).map(|iri| iri.into_owned()));
                }
            }
        }
        let (mut by_namespace, mut alike) = (FxHashMap::default(), FxHashMap::default());
        for iri in &all {
            let local = local_name(iri);
            let namespace = &iri[..iri.len() - local.len()];
            let locals: &mut Vec<String> = by_namespace.entry(namespace.to_owned()).or_default();
            locals.push(local.to_owned());
            alike.insert(plain(iri), iri.clone());
        }
        for locals in by_namespace.values_mut() {
            locals.sort_unstable();
        }
        Self {
            all,
            by_namespace,
            alike,
            searches: Cell::new(0),
        }
    }

    /// `Some` when a name is not declared and should be: with the name that was probably meant, if there is one.
    fn misses(&self, iri: &str) -> Option<Option<String>> {
        if self.all.contains(iri) {
            return None;
        }
        if let Some(twin) = self.alike.get(&plain(iri)) {
            return Some(Some(format!("<{twin}>")));
        }
        let local = local_name(iri);
        let namespace = &iri[..iri.len() - local.len()];
        let locals = self.by_namespace.get(namespace)?;
        let searches = self.searches.replace(self.searches.get() + 1);
        if searches >= MOST_SEARCHES {
            return Some(None);
        }
        let near = nearest(local, locals.iter().map(String::as_str));
        Some(near.map(|near| short_iri(&format!("{namespace}{near}"))))
    }
}

/// A name without its scheme, in small letters.
fn plain(iri: &str) -> String {
    let rest = iri
        .strip_prefix("https:")
        .or_else(|| iri.strip_prefix("http:"))
        .unwrap_or(iri);
    rest.to_lowercase()
}
