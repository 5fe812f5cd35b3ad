//! Constraint components of the shapes graph ([§6](https://www.w3.org/TR/shacl/#sparql-constraint-components)): which properties are
//! parameters, and the rule that a shape's values of them make. One rule for each tuple of values.

use super::Rule;
use super::read::{Draft, holes, lint_holes, literals, prepare};
use crate::query::QueryKind;
use crate::shapes::graph::ShapesGraph;
use crate::shapes::lint::Lint;
use crate::shapes::model::Constraint;
use crate::shapes::names::{local_name, short_iri};
use crate::shapes::read::{Reader, ShapeNode};
use crate::shapes::vocabulary as sh;
use crate::store::Id;
use oxrdf::{NamedNode, Term};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Position of a component in [`Components`].
pub(crate) type ComponentIx = usize;

/// Variables that no parameter may be called.
const RESERVED: [&str; 6] = [
    "this",
    "shapesGraph",
    "currentShape",
    "path",
    "PATH",
    "value",
];

/// The declared components.
#[derive(Default)]
pub(crate) struct Components {
    all: Vec<Arc<Declared>>,
    by_parameter: FxHashMap<Id, Vec<ComponentIx>>,
}

struct Declared {
    id: Id,
    iri: NamedNode,
    parameters: Vec<Parameter>,
    /// What is wrong with the declaration, for the shapes that use it.
    fault: Option<String>,
}

struct Parameter {
    predicate: Id,
    name: String,
    is_optional: bool,
}

impl Components {
    /// Reads the declarations among some nodes. Those of SHACL itself are built in.
    pub(crate) fn read(graph: &ShapesGraph<'_>, nodes: &[Id]) -> Self {
        let mut found = Self::default();
        for &id in nodes {
            let Some(iri) = graph.named_node(id) else {
                continue;
            };
            if iri.as_str().starts_with(sh::NS) {
                continue;
            }
            let declared = declared(graph, id, iri);
            let ix = found.all.len();
            for parameter in &declared.parameters {
                found
                    .by_parameter
                    .entry(parameter.predicate)
                    .or_default()
                    .push(ix);
            }
            found.all.push(Arc::new(declared));
        }
        found
    }

    /// Whether a predicate is a parameter of a component.
    pub(crate) fn has_parameter(&self, predicate: Id) -> bool {
        self.by_parameter.contains_key(&predicate)
    }

    /// Predicates without which a component asks nothing.
    pub(crate) fn mandatory(&self) -> impl Iterator<Item = Id> {
        let parameters = self.all.iter().flat_map(|declared| &declared.parameters);
        parameters.filter(|p| !p.is_optional).map(|p| p.predicate)
    }
}

fn declared(graph: &ShapesGraph<'_>, id: Id, iri: NamedNode) -> Declared {
    let mut parameters = Vec::new();
    let mut fault = None;
    for parameter in graph.objects(id, sh::PARAMETER) {
        let [predicate] = graph.objects(parameter, sh::PATH)[..] else {
            fault = Some("sh:path".to_owned());
            continue;
        };
        let Some(node) = graph.named_node(predicate) else {
            fault = Some("sh:path".to_owned());
            continue;
        };
        let name = local_name(node.as_str()).to_owned();
        if RESERVED.contains(&name.as_str())
            || parameters.iter().any(|p: &Parameter| p.name == name)
        {
            fault = Some(format!("${name}"));
        }
        parameters.push(Parameter {
            predicate,
            name,
            is_optional: is_true(graph, parameter, sh::OPTIONAL),
        });
    }
    parameters.sort_by(|a, b| a.name.cmp(&b.name));
    if parameters.iter().all(|p| p.is_optional) {
        fault.get_or_insert_with(|| "sh:parameter".to_owned());
    }
    Declared {
        id,
        iri,
        parameters,
        fault,
    }
}

/// Whether a node has the literal `true` as a value of a property.
pub(crate) fn is_true(graph: &ShapesGraph<'_>, node: Id, property: &'static str) -> bool {
    graph
        .objects(node, property)
        .into_iter()
        .filter_map(|value| graph.literal(value))
        .any(|literal| ["true", "1"].contains(&literal.value()))
}

/// Reads the rules that components make of a shape's own parameters.
pub(super) fn read(reader: &mut Reader<'_>, node: &ShapeNode, out: &mut Vec<Constraint>) {
    let mut used: Vec<ComponentIx> = node
        .custom
        .keys()
        .filter_map(|predicate| reader.components.by_parameter.get(predicate))
        .flatten()
        .copied()
        .collect();
    used.sort_unstable();
    used.dedup();
    for ix in used {
        let declared = Arc::clone(&reader.components.all[ix]);
        let values = |parameter: &Parameter| node.custom.get(&parameter.predicate);
        let missing = declared
            .parameters
            .iter()
            .find(|p| !p.is_optional && values(p).is_none());
        let name = short_iri(declared.iri.as_str());
        if let Some(missing) = missing {
            reader.lint(
                node.ix,
                Lint::new("L066", &name, &format!("${}", missing.name)),
            );
            continue;
        }
        if let Some(fault) = &declared.fault {
            reader.lint(node.ix, Lint::new("L065", &name, fault));
            continue;
        }
        let mut tuples: Vec<Vec<(String, Term)>> = vec![Vec::new()];
        for parameter in &declared.parameters {
            let Some(found) = values(parameter) else {
                continue;
            };
            if declared.parameters.len() > 1 && found.len() > 1 {
                reader.lint(
                    node.ix,
                    Lint::new("L067", &name, &format!("${}", parameter.name)),
                );
                tuples.clear();
                break;
            }
            let terms: Vec<Term> = found.iter().map(|id| reader.graph.term(*id)).collect();
            tuples = tuples
                .iter()
                .flat_map(|tuple| {
                    terms.iter().map(|term| {
                        let mut tuple = tuple.clone();
                        tuple.push((parameter.name.clone(), term.clone()));
                        tuple
                    })
                })
                .collect();
        }
        for parameters in tuples {
            if let Some(rule) = rule(reader, node, &declared, parameters) {
                out.push(Constraint::Sparql(Arc::new(rule)));
            }
        }
    }
}

/// The validator of a component for a kind of shape ([§6.2.3](https://www.w3.org/TR/shacl/#constraint-components-validators)).
fn validator(reader: &Reader<'_>, component: Id, has_path: bool) -> Option<(Id, QueryKind)> {
    let own = if has_path {
        sh::PROPERTY_VALIDATOR
    } else {
        sh::NODE_VALIDATOR
    };
    let graph = &reader.graph;
    for property in [own, sh::VALIDATOR] {
        for node in graph.objects(component, property) {
            if !graph.objects(node, sh::SELECT).is_empty() {
                return Some((node, QueryKind::Select));
            }
            if !graph.objects(node, sh::ASK).is_empty() {
                return Some((node, QueryKind::Ask));
            }
        }
    }
    None
}

fn rule(
    reader: &mut Reader<'_>,
    node: &ShapeNode,
    declared: &Declared,
    parameters: Vec<(String, Term)>,
) -> Option<Rule> {
    let name = short_iri(declared.iri.as_str());
    let Some((validator, kind)) = validator(reader, declared.id, node.has_path) else {
        reader.lint(node.ix, Lint::new("L068", &name, ""));
        return None;
    };
    let path = reader.written_path(node.ix);
    let draft = Draft {
        node: validator,
        kind,
        parameters: &parameters,
        path: path.as_deref(),
        term: &name,
    };
    let given: &[&'static str] = match kind {
        QueryKind::Ask => &["this", "value"],
        _ => &["this"],
    };
    let prepared = prepare(reader, node, &draft, given)?;
    let mut messages = literals(reader, validator, sh::MESSAGE);
    if messages.is_empty() {
        messages = literals(reader, declared.id, sh::MESSAGE);
    }
    if messages.is_empty() && !reader.has_messages(node.ix) {
        messages = literals(reader, declared.id, sh::LABEL_TEMPLATE);
    }
    // An optional parameter may be named and have no value.
    let optional = declared.parameters.iter().filter(|p| p.is_optional);
    let mut named = parameters.clone();
    named.extend(optional.map(|p| (p.name.clone(), reader.graph.term(p.predicate))));
    lint_holes(reader, node, &name, &messages, &prepared.query, &named);
    let mut key = format!("{} {}", declared.iri, prepared.key);
    for (name, term) in &parameters {
        key.push_str(&format!("\n{name} {term}"));
    }
    Some(Rule {
        source: None,
        component: Some(declared.iri.clone()),
        holes: holes(&messages, &prepared.query, &parameters),
        messages,
        parameters,
        path: path.filter(|_| kind == QueryKind::Ask),
        query: prepared.query,
        given: prepared.given,
        blanks: prepared.blanks,
        reads_shapes: prepared.reads_shapes,
        key,
    })
}
