//! The functions as queries see them: terms in, terms out.

mod literals;
mod measures;
mod relations;
mod shapes;

use super::*;
use oxrdf::{Literal, NamedNode, Term};

fn wkt(text: &str) -> Term {
    typed(text, WKT_LITERAL)
}

fn gml(text: &str) -> Term {
    typed(text, GML_LITERAL)
}

fn geojson(text: &str) -> Term {
    typed(text, GEOJSON_LITERAL)
}

fn typed(text: &str, datatype: &str) -> Term {
    Literal::new_typed_literal(text, NamedNode::new_unchecked(datatype)).into()
}

fn lambert(text: &str) -> Term {
    wkt(&format!(
        "<http://www.opengis.net/def/crs/EPSG/0/31370> {text}"
    ))
}

fn iri(text: &str) -> Term {
    NamedNode::new_unchecked(text).into()
}

fn metre() -> Term {
    iri("http://www.opengis.net/def/uom/OGC/1.0/metre")
}

/// Calls `geof:{name}`.
fn geof(name: &str, arguments: &[Term]) -> Option<Term> {
    let mut all = vec![iri(&format!("{GEOF}{name}"))];
    all.extend_from_slice(arguments);
    call(&all)
}

fn value(term: Option<Term>) -> String {
    match term {
        Some(Term::Literal(literal)) => literal.value().to_owned(),
        Some(other) => other.to_string(),
        None => "error".to_owned(),
    }
}

fn text(name: &str, arguments: &[Term]) -> String {
    value(geof(name, arguments))
}

fn number(name: &str, arguments: &[Term]) -> f64 {
    text(name, arguments).parse().expect("a number")
}
