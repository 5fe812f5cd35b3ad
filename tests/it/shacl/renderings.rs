//! The report in its formats.

use oslo_registry::shapes::Report;

/// The JSON-LD report holds the same results as the triples.
pub(crate) fn check_jsonld(report: &Report, found: &(bool, Vec<String>)) -> Result<(), String> {
    let mut json = Vec::new();
    report
        .render_jsonld(&mut json)
        .map_err(|error| error.to_string())?;
    let graph: oxrdf::Graph = oxjsonld::JsonLdParser::new()
        .for_slice(&json)
        .map(|quad| {
            quad.map(oxrdf::Triple::from)
                .map_err(|error| error.to_string())
        })
        .collect::<Result<_, _>>()?;
    let node = graph
        .subject_for_predicate_object(
            oxrdf::vocab::rdf::TYPE,
            oxrdf::NamedNodeRef::new_unchecked("http://www.w3.org/ns/shacl#ValidationReport"),
        )
        .ok_or("no report in JSON-LD")?;
    let written = super::results(&graph, node);
    if written == *found {
        Ok(())
    } else {
        Err(format!(
            "the JSON-LD report differs: {}",
            String::from_utf8_lossy(&json)
        ))
    }
}
