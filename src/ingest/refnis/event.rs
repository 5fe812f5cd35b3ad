//! The merger or replacement of municipalities itself, whoever tells of it.

use crate::rdf::vocab::{dct, rdf, xsd};
use oxrdf::{Literal, NamedNode, Quad, Term};

const ORG: &str = "http://www.w3.org/ns/org#";
const ORGANISATIE: &str = "https://data.vlaanderen.be/ns/organisatie#";

/// Statements of an `org:ChangeEvent`: on a day, some municipalities became another one; a merger, or the replacement of a
/// code. One per successor and day, so that what tells of the same event adds to it.
pub(in crate::ingest) fn change_event<'a>(
    base: &str,
    graph: &NamedNode,
    (day, is_merger): (&str, bool),
    from: impl IntoIterator<Item = &'a str>,
    to: &str,
) -> Vec<Quad> {
    let number = to.rsplit('/').next().unwrap_or_default();
    let subject = NamedNode::new_unchecked(format!("{base}/id/wijziging/gemeente-{number}-{day}"));
    let iri = |iri: &str| Term::from(NamedNode::new_unchecked(iri));
    let kind = if is_merger { "Fusie" } else { "Vervanging" };
    let date = NamedNode::new_unchecked(xsd::DATE);
    let mut said = vec![
        (rdf::TYPE.to_owned(), iri(&format!("{ORG}ChangeEvent"))),
        (rdf::TYPE.to_owned(), iri(&format!("{ORGANISATIE}{kind}"))),
        (format!("{ORG}resultingOrganization"), iri(to)),
        (
            dct::DATE.to_owned(),
            Literal::new_typed_literal(day, date).into(),
        ),
    ];
    let from = from.into_iter();
    said.extend(from.map(|from| (format!("{ORG}originalOrganization"), iri(from))));
    said.into_iter()
        .map(|(predicate, object)| {
            let predicate = NamedNode::new_unchecked(predicate);
            Quad::new(subject.clone(), predicate, object, graph.clone())
        })
        .collect()
}
