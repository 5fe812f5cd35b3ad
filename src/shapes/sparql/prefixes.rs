//! Prefixes of queries in shapes graphs ([§5.2.1](https://www.w3.org/TR/shacl/#sparql-prefixes)): `sh:prefixes` names nodes whose
//! `sh:declare` hold them, those that `owl:imports` leads to included. Nothing is fetched.

use crate::rdf::vocab::{owl, xsd};
use crate::shapes::graph::ShapesGraph;
use crate::shapes::vocabulary as sh;
use crate::store::Id;
use oxrdf::Term;
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// The prologue for the query of a node, on one line so that positions in the query stay true.
///
/// # Errors
/// The declaration that cannot be read, or the prefix that stands for two namespaces.
pub(super) fn prologue(graph: &ShapesGraph<'_>, node: Id) -> Result<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut queue = graph.objects(node, sh::PREFIXES);
    let mut seen: FxHashSet<Id> = queue.iter().copied().collect();
    while let Some(holder) = queue.pop() {
        for declaration in graph.objects(holder, sh::DECLARE) {
            let (prefix, namespace) =
                declared(graph, declaration).ok_or_else(|| graph.term(holder).to_string())?;
            match found.get(&prefix) {
                Some(known) if *known != namespace => return Err(format!("{prefix}:")),
                _ => found.insert(prefix, namespace),
            };
        }
        let further = graph.objects(holder, owl::IMPORTS);
        queue.extend(further.into_iter().filter(|next| seen.insert(*next)));
    }
    let mut prologue = String::new();
    for (prefix, namespace) in found {
        prologue.push_str(&format!("PREFIX {prefix}: <{namespace}> "));
    }
    Ok(prologue)
}

/// The prefix and namespace of one `sh:declare`.
fn declared(graph: &ShapesGraph<'_>, declaration: Id) -> Option<(String, String)> {
    let [prefix] = graph.objects(declaration, sh::PREFIX)[..] else {
        return None;
    };
    let [namespace] = graph.objects(declaration, sh::NAMESPACE)[..] else {
        return None;
    };
    let prefix = graph.literal(prefix)?;
    let namespace = match graph.term(namespace) {
        Term::Literal(literal)
            if [xsd::ANY_URI, xsd::STRING].contains(&literal.datatype().as_str()) =>
        {
            literal.value().to_owned()
        }
        Term::NamedNode(node) => node.into_string(),
        _ => return None,
    };
    let is_name = |c: char| c.is_alphanumeric() || ['-', '_', '.'].contains(&c);
    let is_iri = |c: char| !(c.is_whitespace() || ['<', '>', '"', '{', '}'].contains(&c));
    (prefix.value().chars().all(is_name) && namespace.chars().all(is_iri))
        .then(|| (prefix.value().to_owned(), namespace))
}
