//! Reading shapes from a view: which nodes are shapes, their targets, constraints and texts, and every finding on the
//! way. Never fails: what is ill-formed becomes a finding and is left out. Linking the shapes is `compile.rs`.

use super::compile::compile;
use super::constraints;
use super::graph::{ListError, ShapesGraph, subclass_closure};
use super::lint::{Effect, Lint};
use super::model::{Compiled, Constraint, PathIx, Severity, Shape, ShapeIx, Shapes, Target};
use super::names::{nearest, short_iri, short_term};
use super::path::{self, Path, PathError};
use super::pattern::Patterns;
use super::sparql::{self, Components, Origin};
use super::vocabulary as sh;
use crate::rdf::shacl::Threshold;
use crate::rdf::vocab::{geo, owl, rdf, rdfs, xsd};
use crate::store::{Id, View};
use oxrdf::{Literal, NamedNode, Term};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// How shapes are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShapesOptions {
    /// Whether what the SHACL 1.2 drafts add is taken; else it is listed as not checked (`L026`).
    pub shacl12: bool,
    /// Which results deny conformance, with [`ShapesOptions::shacl12`]; else all do.
    pub threshold: Threshold,
}

/// Reads and compiles all shapes of SHACL 1.0 in the graphs of a view. Never fails; see [`Shapes::findings`].
pub fn read_shapes(view: &View) -> Shapes {
    read_shapes_with(view, ShapesOptions::default())
}

/// Reads and compiles all shapes in the graphs of a view. Never fails; see [`Shapes::findings`].
pub fn read_shapes_with(view: &View, options: ShapesOptions) -> Shapes {
    let (view, absent) = sparql::local_imports(view);
    let mut reader = Reader::new(&view, options);
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
        threshold: options.shacl12.then_some(options.threshold),
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
    pub(crate) options: ShapesOptions,
    pub(crate) patterns: Patterns,
    /// Lists of values, by their heads: many shapes may share one.
    pub(crate) value_lists: FxHashMap<Id, Arc<[Term]>>,
    /// Qualified value shapes of the properties below a shape.
    pub(crate) qualified: FxHashMap<Id, Vec<Id>>,
    /// References between shapes and members of lists that may still be read.
    references_left: usize,
}

/// References between shapes and members of lists that one shapes graph may have: a few megabytes can say far more of them
/// when many shapes share one long list.
const MAX_REFERENCES: usize = 2 << 20;

/// Messages of one shape that are used: each result repeats them.
const MAX_MESSAGES: usize = 100;

impl<'v> Reader<'v> {
    fn new(view: &'v View, options: ShapesOptions) -> Self {
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
            options,
            patterns: Patterns::default(),
            value_lists: FxHashMap::default(),
            qualified: FxHashMap::default(),
            references_left: MAX_REFERENCES,
        }
    }

    /// The members of a list, counted against what may be read.
    pub(crate) fn list(&mut self, head: Id) -> Result<Vec<Id>, ListError> {
        let members = self.graph.list(head, self.references_left)?;
        self.references_left -= members.len();
        Ok(members)
    }

    /// Counts references that are not written as a list; `false` when there are more than may be read.
    pub(crate) fn counts(&mut self, references: usize) -> bool {
        match self.references_left.checked_sub(references) {
            Some(left) => {
                self.references_left = left;
                true
            }
            None => false,
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
        if self.options.shacl12 {
            let both = self.instances(sh::SHAPE_CLASS);
            self.declared.extend(both);
            self.classes.extend(self.graph.id(sh::SHAPE_CLASS));
        }
        self.declared_property = property_shapes.into_iter().collect();
        for id in self.shape_nodes() {
            self.shape_ix(id, None);
        }
        while let Some((id, ix)) = self.queue.pop() {
            self.read_shape(id, ix);
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
        if self.options.shacl12 {
            for parameter in constraints::PARAMETER_IRIS_12 {
                nodes.extend(self.graph.subjects_with(parameter));
            }
            nodes.extend(self.graph.subjects_with(sh::TARGET_WHERE));
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
            declared: self.declared.contains(&id),
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
                if let Some((path_ix, path)) = self.path(node.ix, "sh:path", value) {
                    let shape = &mut self.shapes[node.ix as usize];
                    shape.path = Some(path_ix);
                    shape.written_path = Some(Arc::new(path));
                }
            }
            _ => {
                node.has_path = true;
                self.lint(node.ix, Lint::new("L001", "sh:path", ""));
            }
        }
    }

    /// Reads the path at a node; what is no path is a finding.
    pub(crate) fn path(&mut self, ix: ShapeIx, term: &str, value: Id) -> Option<(PathIx, Path)> {
        match Path::read(&self.graph, value) {
            Ok(path) => {
                let normal = path.normal();
                let next = self.paths.len() as PathIx;
                let path_ix = *self.path_ix.entry(normal.clone()).or_insert(next);
                if path_ix == next {
                    self.paths.push(normal);
                }
                return Some((path_ix, path));
            }
            Err(PathError::Literal) => self.lint_value(ix, "L007", term, value),
            Err(PathError::TooLarge) => {
                let bounds = format!("{} / {}", path::MAX_STEPS, path::MAX_DEPTH);
                self.lint(ix, Lint::new("L096", term, &bounds));
            }
            Err(_) => self.lint_value(ix, "L008", term, value),
        }
        None
    }

    fn read_texts(&mut self, node: &ShapeNode, labels: Vec<Literal>, flemish: &[Id]) {
        let own = self.messages(node.ix, node.values("message"));
        let flemish = self.messages(node.ix, flemish);
        // The Flemish properties speak only where sh:message is silent.
        let messages = if own.is_empty() { flemish } else { own };
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

    /// The texts among some values, sorted by language, each once; others are a finding.
    fn messages(&mut self, ix: ShapeIx, values: &[Id]) -> Vec<Literal> {
        let mut messages = Vec::new();
        for &value in values {
            match self.graph.literal(value) {
                Some(literal)
                    if literal.language().is_some()
                        || literal.datatype().as_str() == xsd::STRING =>
                {
                    messages.push(literal);
                }
                _ => self.lint_value(ix, "L022", "sh:message", value),
            }
        }
        messages.sort_by(|a, b| (a.language(), a.value()).cmp(&(b.language(), b.value())));
        messages.dedup();
        if messages.len() > MAX_MESSAGES {
            let count = messages.len().to_string();
            self.lint(ix, Lint::new("L031", &MAX_MESSAGES.to_string(), &count));
            messages.truncate(MAX_MESSAGES);
        }
        messages
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
        if self.options.shacl12 {
            let shapes = constraints::read_target_where(self, node);
            targets.extend(shapes.into_iter().map(Target::Where));
        }
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
                if self.options.shacl12 {
                    continue;
                }
                Lint::new("L026", &term, "").about_target(name == "targetWhere")
            } else if sh::LATER_PARAMETERS.contains(&name) {
                Lint::new("L080", &term, "")
            } else if sh::DESCRIPTIVE.contains(&name) {
                Lint::new("L029", &term, "")
            } else {
                let draft: &[&str] = if self.options.shacl12 {
                    sh::DRAFT_PARAMETERS
                } else {
                    &[]
                };
                let known = sh::CORE_PARAMETERS
                    .iter()
                    .chain(sh::SILENT)
                    .chain(draft)
                    .copied();
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
