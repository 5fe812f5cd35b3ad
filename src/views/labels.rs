//! Names of resources for people: the label in the reader's language, or a short form of the IRI.

use crate::rdf::label::{Language, pick};
use crate::rdf::vocab::{dct, foaf, rdfs, skos};
use crate::store::{Id, View};
use oxrdf::Term;

/// Predicates that name a resource, best first.
const NAMING: [&str; 7] = [
    rdfs::LABEL,
    skos::PREF_LABEL,
    dct::TITLE,
    foaf::NAME,
    "http://schema.org/name",
    "http://www.w3.org/ns/shacl#name",
    skos::NOTATION,
];

/// The label of a resource, when it has one.
pub fn label_of(view: &View, id: Id, language: Language) -> Option<String> {
    for predicate in NAMING {
        let Some(predicate) = view.id_of_iri(predicate) else {
            continue;
        };
        let literals: Vec<oxrdf::Literal> = view
            .objects(id, predicate)
            .take(64)
            .filter_map(|object| match view.term(object) {
                Term::Literal(literal) => Some(literal),
                _ => None,
            })
            .collect();
        let candidates = literals.iter().map(|l| (l.value(), l.language()));
        if let Some(label) = pick(candidates, language) {
            return Some(label.to_owned());
        }
    }
    None
}

/// The label of an IRI, or its last segment.
pub fn name_of_iri(view: &View, iri: &str, language: Language) -> String {
    view.id_of_iri(iri)
        .and_then(|id| label_of(view, id, language))
        .unwrap_or_else(|| last_segment(iri).to_owned())
}

/// What follows the last `/` or `#`; the whole IRI when that is empty.
pub fn last_segment(iri: &str) -> &str {
    match iri.rsplit(['/', '#']).next() {
        Some(segment) if !segment.is_empty() => segment,
        _ => iri,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::test_data::view_of;

    #[test]
    fn names_follow_the_language_and_fall_back_to_the_segment() {
        let view = view_of(
            r#"@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
               <http://e/a> rdfs:label "Gent"@nl, "Ghent"@en ; rdfs:seeAlso <http://e/b#c> ."#,
        );
        assert_eq!(name_of_iri(&view, "http://e/a", Language::Nl), "Gent");
        assert_eq!(name_of_iri(&view, "http://e/a", Language::En), "Ghent");
        assert_eq!(name_of_iri(&view, "http://e/b#c", Language::Nl), "c");
        assert_eq!(name_of_iri(&view, "http://e/", Language::Nl), "http://e/");
    }
}
