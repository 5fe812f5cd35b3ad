//! What records can state by a mapping: predicates of the object and its nodes, and those by which it speaks of others.

use super::{Body, Place, Rule};
use crate::rdf::vocab::{adms, generiek, geo, prov};
use oxrdf::NamedNode;
use std::collections::BTreeSet;

/// What the nodes and fields of a mapping state of the object and its nodes.
pub(super) fn own_predicates(body: &Body) -> BTreeSet<String> {
    let fixed = [
        adms::IDENTIFIER,
        generiek::GESTRUCTUREERDE_IDENTIFICATOR,
        generiek::NAAMRUIMTE,
        generiek::LOKALE_IDENTIFICATOR,
        generiek::VERSIE_IDENTIFICATOR,
        geo::AS_GML,
        geo::AS_WKT,
        prov::WAS_DERIVED_FROM,
    ];
    let mut own: BTreeSet<String> = fixed.map(ToOwned::to_owned).into();
    add_predicates(body, &mut own);
    own
}

/// Where a field puts its value, and whether it states that of others.
pub(super) fn places_of(rule: &Rule) -> (&[Place], bool) {
    match rule {
        Rule::Text { places, .. }
        | Rule::Boolean(places)
        | Rule::Language(places)
        | Rule::Json(places)
        | Rule::Label { places, .. }
        | Rule::Typed { places, .. }
        | Rule::Wkt { places, .. }
        | Rule::GeoJson { places, .. }
        | Rule::Concept { places, .. } => (places, false),
        Rule::Named {
            places, inverse, ..
        }
        | Rule::Link {
            places, inverse, ..
        } => (places, *inverse),
        Rule::IdBlock { .. } | Rule::Part(_) | Rule::Geometry { .. } | Rule::Omit { .. } => {
            (&[], false)
        }
    }
}

/// Predicates of inverse links on the object itself, and of nodes that link to it.
pub(super) fn inverse_predicates(body: &Body) -> Vec<NamedNode> {
    let nodes = body.nodes.iter().filter(|node| node.parent.is_none());
    let back = nodes.filter_map(|node| node.back.as_ref());
    let mut found: BTreeSet<String> = back.map(|iri| iri.as_str().to_owned()).collect();
    let mut open = vec![&body.tree];
    while let Some(tree) = open.pop() {
        open.extend(tree.children.values());
        for choice in &tree.choices {
            let (places, is_inverse) = places_of(&choice.rule);
            let own = places
                .iter()
                .filter(|place| is_inverse && place.on.is_none());
            found.extend(own.map(|place| place.predicate.as_str().to_owned()));
        }
    }
    found.into_iter().map(NamedNode::new_unchecked).collect()
}

fn add_predicates(body: &Body, own: &mut BTreeSet<String>) {
    let mut add = |iri: &NamedNode| {
        own.insert(iri.as_str().to_owned());
    };
    for say in body
        .says
        .iter()
        .chain(body.nodes.iter().flat_map(|node| &node.says))
    {
        add(&say.predicate);
    }
    for node in &body.nodes {
        node.links.iter().for_each(|link| add(&link.predicate));
        node.back.iter().for_each(&mut add);
    }
    let mut parts = Vec::new();
    let mut open = vec![&body.tree];
    while let Some(tree) = open.pop() {
        open.extend(tree.children.values());
        for choice in &tree.choices {
            match &choice.rule {
                Rule::IdBlock {
                    local_predicate, ..
                } => local_predicate.iter().for_each(&mut add),
                Rule::Part(part) => {
                    part.links.iter().for_each(|link| add(&link.predicate));
                    part.back.iter().for_each(&mut add);
                    parts.push(&part.body);
                }
                rule => {
                    let (places, is_inverse) = places_of(rule);
                    let own = places.iter().filter(|_| !is_inverse);
                    own.for_each(|place| add(&place.predicate));
                }
            }
        }
    }
    for part in parts {
        add_predicates(part, own);
    }
}
