//! Reading shapes from a view: which nodes are shapes, their targets, constraints and texts, and every finding on the
//! way. Never fails: what is ill-formed becomes a finding and is left out. Linking the shapes is `compile.rs`.

use super::compile::compile;
use super::constraints;
use super::graph::{ShapesGraph, subclass_closure};
use super::lint::{Effect, Lint};
use super::model::{Compiled, Constraint, PathIx, Severity, Shape, ShapeIx, Shapes, Target};
use super::names::{nearest, short_iri, short_term};
use super::path::{Path, PathError};
use super::sparql::{self, Components, Origin};
use super::vocabulary as sh;
use crate::rdf::vocab::{geo, owl, rdf, rdfs, xsd};
use crate::store::{Id, View};
use oxrdf::{Literal, NamedNode};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// Reads and compiles all shapes in the graphs of a view. Never fails; see [`Shapes::findings`].
pub fn read_shapes(view: &View) -> Shapes {
    let (view, absent) = sparql::local_imports(view);
    let mut reader = Reader::new(&view);
    reader.read_all();
    for import in absent {
        reader
            .findings
            .push(Lint::new("L069", "", &short_iri(import.as_str())));
    }
    let Reader {
        shapes,
        paths,
        findings,
        origin,
        ..
    } = reader;
    let compiled = compile(Compiled {
        shapes,
        paths,
        findings,
        origin,
        ..Compiled::default()
    });
    Shapes {
        compiled: Arc::new(compiled),
    }
}

/// What a predicate on a shape means.
#[derive(Clone, Debug)]
enum Meaning {
    /// A term of the SHACL namespace, by local name.
    Shacl(Arc<str>),
    Type,
    Label,
    FlemishMessage,
    CodeList,
    /// A parameter of a constraint component declared in the shapes graph.
    CustomParameter,
    Other,
}

/// The properties of one shape, grouped by the local name of the SHACL term.
pub(crate) struct ShapeNode {
    pub(crate) id: Id,
    pub(crate) ix: ShapeIx,
    pub(crate) has_path: bool,
    values: FxHashMap<Arc<str>, Vec<Id>>,
    /// Values of parameters of declared components, by predicate.
    pub(crate) custom: FxHashMap<Id, Vec<Id>>,
}

impl ShapeNode {
    /// Values of a SHACL property, sorted by id.
    pub(crate) fn values(&self, local: &str) -> &[Id] {
        self.values.get(local).map_or(&[], Vec::as_slice)
    }
}

pub(crate) struct Reader<'v> {
    pub(crate) graph: ShapesGraph<'v>,
    /// Constraint components of the shapes graph.
    pub(crate) components: Components,
    /// The graphs that are read.
    pub(crate) origin: Origin,
    meanings: FxHashMap<Id, Meaning>,
    classes: FxHashSet<Id>,
    declared: FxHashSet<Id>,
    declared_property: FxHashSet<Id>,
    by_id: FxHashMap<Id, ShapeIx>,
    queue: Vec<(Id, ShapeIx)>,
    path_ix: FxHashMap<Path, PathIx>,
    shapes: Vec<Shape>,
    paths: Vec<Path>,
    findings: Vec<Lint>,
}

impl<'v> Reader<'v> {
    fn new(view: &'v View) -> Self {
        let graph = ShapesGraph::new(view);
        let classes = [rdfs::CLASS, owl::CLASS]
            .into_iter()
            .filter_map(|class| graph.id(class))
            .flat_map(|class| subclass_closure(view, class))
            .collect();
        Self {
            graph,
            components: Components::default(),
            origin: Origin::of(view),
            meanings: FxHashMap::default(),
            classes,
            declared: FxHashSet::default(),
            declared_property: FxHashSet::default(),
            by_id: FxHashMap::default(),
            queue: Vec::new(),
            path_ix: FxHashMap::default(),
            shapes: Vec::new(),
            paths: Vec::new(),
            findings: Vec::new(),
        }
    }

    fn read_all(&mut self) {
        let components = self.instances(sh::CONSTRAINT_COMPONENT);
        self.components = Components::read(&self.graph, &components);
        let property_shapes = self.instances(sh::PROPERTY_SHAPE);
        self.declared = self
            .instances(sh::NODE_SHAPE)
            .into_iter()
            .chain(property_shapes.iter().copied())
            .collect();
        self.declared_property = property_shapes.into_iter().collect();
        for id in self.shape_nodes() {
            self.shape_ix(id, None);
        }
        while let Some((id, ix)) = self.queue.pop() {
            self.read_shape(id, ix);
        }
        for ix in 0..self.shapes.len() {
            let shape = &self.shapes[ix];
            let idle = shape.targets.is_empty() && shape.parent.is_none() && !shape.deactivated;
            let declared = self
                .graph
                .view()
                .id_of(shape.term.as_ref())
                .is_some_and(|id| self.declared.contains(&id));
            if idle && declared {
                self.lint(ix as ShapeIx, Lint::new("L027", "", ""));
            }
        }
    }

    /// Nodes that are shapes by themselves ([§2.1](https://www.w3.org/TR/shacl/#shapes)): declared ones and those with a
    /// target or a parameter. Shapes that others refer to are found while reading.
    fn shape_nodes(&self) -> Vec<Id> {
        let mut nodes: Vec<Id> = self.declared.iter().copied().collect();
        for target in [
            sh::TARGET_CLASS,
            sh::TARGET_NODE,
            sh::TARGET_SUBJECTS_OF,
            sh::TARGET_OBJECTS_OF,
            sh::TARGET,
        ] {
            nodes.extend(self.graph.subjects_with(target));
        }
        for parameter in constraints::PARAMETER_IRIS {
            nodes.extend(self.graph.subjects_with(parameter));
        }
        for parameter in self.components.mandatory() {
            let pairs = self.graph.view().pairs(parameter);
            nodes.extend(pairs.map(|(subject, _)| subject));
        }
        super::idset::sort_unique(nodes)
    }

    /// Instances of a class and its subclasses, sorted.
    pub(crate) fn instances(&self, class: &'static str) -> Vec<Id> {
        let (Some(class), Some(rdf_type)) = (self.graph.id(class), self.graph.id(rdf::TYPE)) else {
            return Vec::new();
        };
        let view = self.graph.view();
        let classes = subclass_closure(view, class);
        super::idset::sort_unique(
            classes
                .into_iter()
                .flat_map(|class| view.subjects(rdf_type, class))
                .collect(),
        )
    }

    /// The path of a shape that was read, as written.
    pub(crate) fn written_path(&self, ix: ShapeIx) -> Option<Arc<Path>> {
        self.shapes[ix as usize].written_path.clone()
    }

    /// Whether a shape that was read has messages of its own.
    pub(crate) fn has_messages(&self, ix: ShapeIx) -> bool {
        !self.shapes[ix as usize].messages.is_empty()
    }

    /// Whether a node has the literal `true` as a value of a property.
    pub(crate) fn is_true(&self, node: Id, property: &'static str) -> bool {
        sparql::is_true(&self.graph, node, property)
    }

    /// Position of the shape of a node; read later when it is new. `parent` is the shape that refers to it.
    pub(crate) fn shape_ix(&mut self, id: Id, parent: Option<ShapeIx>) -> ShapeIx {
        if let Some(&ix) = self.by_id.get(&id) {
            let shape = &mut self.shapes[ix as usize];
            if shape.parent.is_none() && parent != Some(ix) {
                shape.parent = parent;
            }
            return ix;
        }
        let ix = self.shapes.len() as ShapeIx;
        self.by_id.insert(id, ix);
        self.queue.push((id, ix));
        self.shapes.push(Shape {
            term: self.graph.term(id),
            path: None,
            written_path: None,
            targets: Vec::new(),
            constraints: Vec::new(),
            severity: Severity::Violation,
            deactivated: false,
            quarantined: false,
            partial: false,
            messages: Vec::new(),
            names: Vec::new(),
            parent,
            condition: 0,
            recursion: None,
            stable_key: 0,
        });
        ix
    }

    /// Records a finding about a shape and takes the shape out when the finding says so.
    pub(crate) fn lint(&mut self, ix: ShapeIx, mut lint: Lint) {
        let shape = &mut self.shapes[ix as usize];
        lint.shape = Some(shape.term.clone());
        lint.shape_ix = Some(ix);
        match lint.effect {
            Effect::Note => {}
            Effect::Constraint => shape.partial = true,
            Effect::Shape => shape.quarantined = true,
        }
        self.findings.push(lint);
    }

    fn meaning(&mut self, predicate: Id) -> Meaning {
        if let Some(meaning) = self.meanings.get(&predicate) {
            return meaning.clone();
        }
        let meaning = match self.graph.named_node(predicate) {
            Some(node) => match node.as_str() {
                rdf::TYPE => Meaning::Type,
                rdfs::LABEL => Meaning::Label,
                sh::CODE_LIST => Meaning::CodeList,
                iri if sh::FLEMISH_MESSAGES.contains(&iri) => Meaning::FlemishMessage,
                _ if self.components.has_parameter(predicate) => Meaning::CustomParameter,
                iri => iri
                    .strip_prefix(sh::NS)
                    .map_or(Meaning::Other, |local| Meaning::Shacl(local.into())),
            },
            None => Meaning::Other,
        };
        self.meanings.insert(predicate, meaning.clone());
        meaning
    }

    fn read_shape(&mut self, id: Id, ix: ShapeIx) {
        let star: Vec<(Id, Id)> = self.graph.view().star(id).collect();
        let mut node = ShapeNode {
            id,
            ix,
            has_path: false,
            values: FxHashMap::default(),
            custom: FxHashMap::default(),
        };
        let (mut labels, mut flemish, mut code_lists) = (Vec::new(), Vec::new(), Vec::new());
        let mut is_class = false;
        for &(predicate, object) in &star {
            match self.meaning(predicate) {
                Meaning::Shacl(local) => node.values.entry(local).or_default().push(object),
                Meaning::Type => is_class |= self.classes.contains(&object),
                Meaning::Label => labels.extend(self.graph.literal(object)),
                Meaning::FlemishMessage => flemish.push(object),
                Meaning::CodeList => code_lists.push(object),
                Meaning::CustomParameter => node.custom.entry(predicate).or_default().push(object),
                Meaning::Other => {}
            }
        }
        if star.is_empty() {
            let parent = self.shapes[ix as usize].parent;
            let term = short_term(&self.graph.term(id));
            self.lint(
                ix,
                Lint {
                    effect: Effect::Shape,
                    ..Lint::new("L020", "Een andere shape", &term)
                },
            );
            if let Some(parent) = parent {
                self.shapes[parent as usize].partial = true;
            }
            return;
        }
        self.read_path(&mut node);
        self.read_texts(&node, labels, &flemish);
        self.read_targets(&node, is_class);
        self.read_unknown(&node);
        let mut found = constraints::read(self, &node);
        for list in code_lists {
            match self.graph.named_node(list) {
                Some(list) => found.push(Constraint::CodeList(list)),
                None => self.lint_value(ix, "L014", "qb:codeList", list),
            }
        }
        self.shapes[ix as usize].constraints = found;
    }

    /// A finding that quotes a term and a value.
    pub(crate) fn lint_value(&mut self, ix: ShapeIx, code: &'static str, term: &str, value: Id) {
        let value = short_term(&self.graph.term(value));
        self.lint(ix, Lint::new(code, term, &value));
    }

    fn read_path(&mut self, node: &mut ShapeNode) {
        let values = node.values("path").to_vec();
        match values[..] {
            [] => {
                // Only reached as a value of sh:property: a node shape declared as such is fine elsewhere.
                let under_property = self.graph.id(sh::PROPERTY).is_some_and(|property| {
                    self.graph
                        .view()
                        .triples(None, Some(property), Some(node.id))
                        .next()
                        .is_some()
                });
                if under_property || self.declared_property.contains(&node.id) {
                    self.lint(node.ix, Lint::new("L003", "", ""));
                }
            }
            [value] => {
                node.has_path = true;
                match Path::read(&self.graph, value) {
                    Ok(path) => {
                        let normal = path.normal();
                        let next = self.paths.len() as PathIx;
                        let path_ix = *self.path_ix.entry(normal.clone()).or_insert(next);
                        if path_ix == next {
                            self.paths.push(normal);
                        }
                        let shape = &mut self.shapes[node.ix as usize];
                        shape.path = Some(path_ix);
                        shape.written_path = Some(Arc::new(path));
                    }
                    Err(PathError::Literal) => self.lint_value(node.ix, "L007", "sh:path", value),
                    Err(_) => self.lint_value(node.ix, "L008", "sh:path", value),
                }
            }
            _ => {
                node.has_path = true;
                self.lint(node.ix, Lint::new("L001", "sh:path", ""));
            }
        }
    }

    fn read_texts(&mut self, node: &ShapeNode, labels: Vec<Literal>, flemish: &[Id]) {
        let mut messages = Vec::new();
        for &value in node.values("message").iter().chain(flemish) {
            match self.graph.literal(value) {
                Some(literal)
                    if literal.language().is_some()
                        || literal.datatype().as_str() == xsd::STRING =>
                {
                    if !messages.contains(&literal) {
                        messages.push(literal);
                    }
                }
                _ => self.lint_value(node.ix, "L022", "sh:message", value),
            }
        }
        // The Flemish properties speak only where sh:message is silent.
        let own = node
            .values("message")
            .iter()
            .filter_map(|m| self.graph.literal(*m))
            .count();
        if own > 0 {
            messages.truncate(own);
        }
        messages.sort_by(|a, b| (a.language(), a.value()).cmp(&(b.language(), b.value())));
        let names: Vec<Literal> = node
            .values("name")
            .iter()
            .filter_map(|n| self.graph.literal(*n))
            .collect();
        let severity = match node.values("severity") {
            [] => Severity::Violation,
            [one] => match self.graph.named_node(*one) {
                Some(iri) => Severity::from_iri(iri.as_str()),
                None => {
                    self.lint(node.ix, Lint::new("L023", "", ""));
                    Severity::Violation
                }
            },
            _ => {
                self.lint(node.ix, Lint::new("L023", "", ""));
                Severity::Violation
            }
        };
        let deactivated = self.flag(node, "deactivated");
        let shape = &mut self.shapes[node.ix as usize];
        shape.messages = messages;
        shape.names = if names.is_empty() { labels } else { names };
        shape.severity = severity;
        shape.deactivated = deactivated;
    }

    /// A boolean of the shape: only the literal `true` switches it on.
    pub(crate) fn flag(&mut self, node: &ShapeNode, local: &str) -> bool {
        let mut on = false;
        for &value in node.values(local) {
            match self.graph.literal(value) {
                Some(l) if l.datatype().as_str() == xsd::BOOLEAN && l.value() == "true" => {
                    on = true
                }
                Some(l) if l.datatype().as_str() == xsd::BOOLEAN && l.value() == "false" => {}
                _ => self.lint_value(node.ix, "L021", &format!("sh:{local}"), value),
            }
        }
        on
    }

    fn read_targets(&mut self, node: &ShapeNode, is_class: bool) {
        let mut targets = Vec::new();
        for &class in node.values("targetClass") {
            match self.graph.named_node(class) {
                Some(iri) if !is_datatype(iri.as_str()) => targets.push(Target::Class(iri)),
                _ => self.lint_value(node.ix, "L006", "sh:targetClass", class),
            }
        }
        if is_class && let Some(iri) = self.graph.named_node(node.id) {
            targets.push(Target::Class(iri));
        }
        for &value in node.values("targetNode") {
            if value.is_blank() {
                self.lint_value(node.ix, "L014", "sh:targetNode", value);
            } else {
                targets.push(Target::Node(self.graph.term(value)));
            }
        }
        for (local, make) in [
            (
                "targetSubjectsOf",
                Target::SubjectsOf as fn(NamedNode) -> Target,
            ),
            ("targetObjectsOf", Target::ObjectsOf),
        ] {
            for &predicate in node.values(local) {
                match self.graph.named_node(predicate) {
                    Some(iri) => targets.push(make(iri)),
                    None => self.lint_value(node.ix, "L014", &format!("sh:{local}"), predicate),
                }
            }
        }
        sparql::read_target(self, node, &mut targets);
        self.shapes[node.ix as usize].targets = targets;
    }

    /// Terms of the SHACL namespace that are unknown, or known and not supported.
    fn read_unknown(&mut self, node: &ShapeNode) {
        let mut locals: Vec<Arc<str>> = node.values.keys().cloned().collect();
        locals.sort_unstable();
        for local in locals {
            let name = &*local;
            if sh::CORE_PARAMETERS.contains(&name) || sh::SILENT.contains(&name) || name == "target"
            {
                continue;
            }
            let term = format!("sh:{name}");
            let lint = if sh::SCRIPT_PARAMETERS.contains(&name) {
                Lint::new("L011", &term, "")
            } else if sh::DRAFT_PARAMETERS.contains(&name) {
                Lint::new("L026", &term, "")
            } else if sh::DESCRIPTIVE.contains(&name) {
                Lint::new("L029", &term, "")
            } else {
                let known = sh::CORE_PARAMETERS.iter().chain(sh::SILENT).copied();
                let near =
                    nearest(name.trim_end_matches(':'), known).map(|near| format!("sh:{near}"));
                Lint::new("L005", &term, "").suggesting(near)
            };
            self.lint(node.ix, lint);
        }
    }
}

/// Whether an IRI names a datatype, which no node is an instance of.
pub(crate) fn is_datatype(iri: &str) -> bool {
    iri.starts_with(xsd::NS)
        || [
            rdf::LANG_STRING,
            rdf::HTML,
            rdf::XML_LITERAL,
            rdf::JSON,
            "http://www.w3.org/2000/01/rdf-schema#Literal",
            geo::WKT_LITERAL,
            geo::GML_LITERAL,
        ]
        .contains(&iri)
}

/// `sh:name`, for texts.
pub(crate) fn shacl_term(local: &str) -> String {
    short_iri(&format!("{}{local}", sh::NS))
}
