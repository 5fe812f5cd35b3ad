//! Municipalities in normal form, with a version for each day on which something about them changed.

use super::event::change_event;
use super::lists::{Lists, Municipality, Succession};
use crate::rdf::vocab::{adms, dct, generiek, rdf, rdfs, skos};
use crate::registry::{Moment, Objects};
use crate::store::{Draft, QuadIds};
use oxrdf::{Literal, NamedNode, Quad, Term};
use std::collections::BTreeSet;

const THINGS: &str = "https://data.vlaanderen.be/id/gemeente";
const STATUS: &str = "https://data.vlaanderen.be/id/concept/gemeentestatus";
const MUNICIPALITY: &str = "https://data.vlaanderen.be/ns/generiek#Gemeente";
const NAME: &str = "https://data.vlaanderen.be/ns/adres#Gemeentenaam";
const DERIVED_FROM: &str = "https://data.vlaanderen.be/ns/adres#isAfgeleidVan";

fn iri(text: impl Into<String>) -> Term {
    NamedNode::new_unchecked(text).into()
}

fn thing(code: &str) -> String {
    format!("{THINGS}/{code}")
}

/// Writes the municipalities of the lists, corrected before, into a graph; returns how many there are.
pub(in crate::ingest) fn write(
    draft: &mut Draft<'_>,
    base: &str,
    graph: &NamedNode,
    lists: &Lists,
) -> u64 {
    let municipalities = lists.municipalities();
    let successions = lists.successions();
    let mut objects = Objects::new(draft, base, graph.as_str());
    for (code, municipality) in &municipalities {
        let nodes = format!("{base}/.well-known/genid/gemeente/{code}");
        let object = objects.open(draft, &thing(code), &nodes, &[]);
        for (day, quads) in course(base, graph, code, municipality, &successions) {
            let Some(moment) = Moment::parse(&day) else {
                continue;
            };
            let now: BTreeSet<QuadIds> = quads
                .iter()
                .map(|quad| draft.intern_quad(quad.as_ref()))
                .collect();
            if object.since().is_none_or(|since| since.at() <= moment.at()) && object.now != now {
                object.changes_at(draft, &moment);
                object.now = now;
            }
        }
    }
    objects.flush(draft);
    for succession in &successions {
        let from: Vec<String> = succession.from.iter().map(|code| thing(code)).collect();
        let from = from.iter().map(String::as_str);
        let when = (succession.day.as_str(), succession.is_merger);
        for quad in change_event(base, graph, when, from, &thing(&succession.to)) {
            draft.add_quad(quad.as_ref());
        }
    }
    municipalities.len() as u64
}

/// What is said of a municipality from each day on.
fn course(
    base: &str,
    graph: &NamedNode,
    code: &str,
    municipality: &Municipality,
    successions: &BTreeSet<Succession>,
) -> Vec<(String, Vec<Quad>)> {
    let mut days = BTreeSet::from([municipality.start.clone()]);
    days.extend(municipality.end.clone());
    let own = successions
        .iter()
        .filter(|one| one.to == code || one.from.contains(code));
    days.extend(own.clone().map(|one| one.day.clone()));
    days.retain(|day| *day >= municipality.start);
    days.into_iter()
        .map(|day| {
            let is_over = municipality.end.as_ref().is_some_and(|end| *end <= day);
            let mut said = vec![
                (thing(code), rdf::TYPE, iri(MUNICIPALITY)),
                (
                    thing(code),
                    adms::STATUS,
                    iri(format!(
                        "{STATUS}/{}",
                        if is_over { "gehistoreerd" } else { "inGebruik" }
                    )),
                ),
            ];
            said.extend(described(base, code, municipality));
            for one in own.clone().filter(|one| one.day <= day) {
                if one.to == code {
                    let others = one.from.iter().filter(|from| *from != code);
                    said.extend(others.map(|from| (thing(code), dct::REPLACES, iri(thing(from)))));
                } else {
                    said.push((thing(code), dct::IS_REPLACED_BY, iri(thing(&one.to))));
                }
            }
            let quads = said.into_iter().map(|(subject, predicate, object)| {
                let predicate = NamedNode::new_unchecked(predicate);
                Quad::new(
                    NamedNode::new_unchecked(subject),
                    predicate,
                    object,
                    graph.clone(),
                )
            });
            (day, quads.collect())
        })
        .collect()
}

/// What is said of a municipality at all times.
fn described(
    base: &str,
    code: &str,
    municipality: &Municipality,
) -> Vec<(String, &'static str, Term)> {
    let own = thing(code);
    let node = |role: &str| format!("{base}/.well-known/genid/gemeente/{code}/{role}");
    let (id, gid, name) = (node("id"), node("gid"), node("naam"));
    let text = |text: &str| Term::from(Literal::new_simple_literal(text));
    let mut said = vec![
        (own.clone(), adms::IDENTIFIER, iri(id.clone())),
        (id.clone(), rdf::TYPE, iri(adms::IDENTIFIER_CLASS)),
        (
            id,
            generiek::GESTRUCTUREERDE_IDENTIFICATOR,
            iri(gid.clone()),
        ),
        (
            gid.clone(),
            rdf::TYPE,
            iri(generiek::GESTRUCTUREERDE_IDENTIFICATOR_CLASS),
        ),
        (gid.clone(), generiek::NAAMRUIMTE, text(THINGS)),
        (gid, generiek::LOKALE_IDENTIFICATOR, text(code)),
        (name.clone(), rdf::TYPE, iri(NAME)),
        (name.clone(), DERIVED_FROM, iri(own.clone())),
    ];
    for (language, label) in &municipality.names {
        let label = Literal::new_language_tagged_literal(label, language)
            .unwrap_or_else(|_| Literal::new_simple_literal(label));
        said.push((own.clone(), rdfs::LABEL, label.clone().into()));
        said.push((name.clone(), rdfs::LABEL, label.into()));
    }
    let concepts = municipality.concepts.iter();
    said.extend(concepts.map(|concept| (own.clone(), skos::EXACT_MATCH, iri(concept))));
    let above = municipality.above.iter();
    said.extend(above.map(|concept| (own.clone(), dct::IS_PART_OF, iri(concept))));
    said
}
