//! Short names for IRIs in texts for people, and the nearest of a list of candidates. Never used in RDF output.

use crate::rdf::text::direction_name;
use oxrdf::Term;

/// Prefixes readers of Flemish data know, longest namespace first where one contains another.
const PREFIXES: &[(&str, &str)] = &[
    ("adms", "http://www.w3.org/ns/adms#"),
    ("adres", "https://data.vlaanderen.be/ns/adres#"),
    ("besluit", "http://data.vlaanderen.be/ns/besluit#"),
    ("cpsv", "http://purl.org/vocab/cpsv#"),
    ("dcat", "http://www.w3.org/ns/dcat#"),
    ("dct", "http://purl.org/dc/terms/"),
    ("dienst", "https://data.vlaanderen.be/ns/dienst#"),
    ("dossier", "https://data.vlaanderen.be/ns/dossier#"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("gebouw", "https://data.vlaanderen.be/ns/gebouw#"),
    ("generiek", "https://data.vlaanderen.be/ns/generiek#"),
    ("geo", "http://www.opengis.net/ont/geosparql#"),
    ("locn", "http://www.w3.org/ns/locn#"),
    ("mandaat", "http://data.vlaanderen.be/ns/mandaat#"),
    ("mobiliteit", "https://data.vlaanderen.be/ns/mobiliteit#"),
    ("org", "http://www.w3.org/ns/org#"),
    ("organisatie", "https://data.vlaanderen.be/ns/organisatie#"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("perceel", "https://data.vlaanderen.be/ns/perceel#"),
    ("persoon", "https://data.vlaanderen.be/ns/persoon#"),
    ("person", "http://www.w3.org/ns/person#"),
    ("prov", "http://www.w3.org/ns/prov#"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("regorg", "http://www.w3.org/ns/regorg#"),
    ("schema", "https://schema.org/"),
    ("sh", "http://www.w3.org/ns/shacl#"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("sosa", "http://www.w3.org/ns/sosa/"),
    ("ssn", "http://www.w3.org/ns/ssn/"),
    ("time", "http://www.w3.org/2006/time#"),
    ("transactie", "https://data.vlaanderen.be/ns/transactie#"),
    ("vcard", "http://www.w3.org/2006/vcard/ns#"),
    (
        "verkeersmetingen",
        "https://data.vlaanderen.be/ns/verkeersmetingen#",
    ),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

/// `adres:huisnummer` where the namespace is known, else `<iri>`.
pub(crate) fn short_iri(iri: &str) -> String {
    for (prefix, namespace) in PREFIXES {
        if let Some(local) = iri.strip_prefix(namespace)
            && !local.is_empty()
            && !local.contains(['/', '#', '?', ':'])
        {
            return format!("{prefix}:{local}");
        }
    }
    format!("<{iri}>")
}

/// A term for people: short IRIs, literals in quotes with a short datatype, triple terms of such terms.
pub(crate) fn short_term(term: &Term) -> String {
    match term {
        Term::NamedNode(node) => short_iri(node.as_str()),
        Term::BlankNode(node) => format!("_:{}", node.as_str()),
        Term::Literal(literal) => {
            let value = literal.value();
            let mut text: String = value.chars().take(120).collect();
            if text.len() < value.len() {
                text.push('…');
            }
            match literal.language() {
                Some(language) => match literal.direction() {
                    Some(direction) => {
                        format!("\"{text}\"@{language}--{}", direction_name(direction))
                    }
                    None => format!("\"{text}\"@{language}"),
                },
                None if literal.datatype() == oxrdf::vocab::xsd::STRING => format!("\"{text}\""),
                None => format!("\"{text}\"^^{}", short_iri(literal.datatype().as_str())),
            }
        }
        Term::Triple(triple) => format!(
            "<<( {} {} {} )>>",
            short_term(&triple.subject.clone().into()),
            short_iri(triple.predicate.as_str()),
            short_term(&triple.object)
        ),
    }
}

/// The part of an IRI behind the last `#` or `/`.
pub(crate) fn local_name(iri: &str) -> &str {
    let iri = iri.trim_end_matches(['/', '#']);
    iri.rsplit(['#', '/']).next().unwrap_or(iri)
}

/// The candidate nearest to `wanted`, when it is near enough to be a slip of the pen.
pub(crate) fn nearest<'a>(
    wanted: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (wanted.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|candidate| (edit_distance(wanted, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions and replacements that turn one text into the other, whatever the case of letters.
fn edit_distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().take(200).collect();
    let b: Vec<char> = b.to_lowercase().chars().take(200).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_forgives_case_and_slips_only() {
        let terms = ["nodeKind", "node", "datatype"];
        assert_eq!(nearest("nodekind", terms), Some("nodeKind"));
        assert_eq!(nearest("dataType", terms), Some("datatype"));
        assert_eq!(nearest("datatpe", terms), Some("datatype"));
        assert_eq!(nearest("huisnummer", terms), None);
    }

    #[test]
    fn short_names() {
        assert_eq!(
            short_iri("https://data.vlaanderen.be/ns/adres#huisnummer"),
            "adres:huisnummer"
        );
        assert_eq!(
            short_iri("https://example.org/x"),
            "<https://example.org/x>"
        );
        assert_eq!(local_name("https://example.org/a#Adres"), "Adres");
    }
}
