//! The `geof:` functions by name: takes their arguments apart and makes terms of what they give.
//!
//! Relations, set operations, distance: two geometries, the second brought to the system of the first. An argument that
//! is no geometry, no known unit or out of bounds makes an expression error.

use super::crs::Crs;
use super::geometry::Geom;
use super::measures::{self, Edges, Unit};
use super::relations::{self, Matrix, Relation};
use super::shapes::{self, SetOperation};
use super::{GEOF, GEOJSON_LITERAL, GML_LITERAL, SF, WKT_LITERAL, geojson, gml, wkt};
use crate::query::budget::check_now;
use oxrdf::vocab::xsd;
use oxrdf::{Literal, NamedNode, Term};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// How a function is called.
#[derive(Clone, Copy)]
enum Function {
    /// A relation of two geometries.
    Related(Relation),
    /// Something of one geometry.
    One(fn(&Rc<Geom>) -> Option<Term>),
    /// Something of one geometry and a term.
    With(fn(&Rc<Geom>, &Term) -> Option<Term>),
    /// Something of two geometries in the same system.
    Both(fn(&Geom, &Geom) -> Option<Term>),
    /// Something else.
    Any(fn(&[Term]) -> Option<Term>),
}

/// The relations by the local names of their functions.
const RELATIONS: [(&str, Relation); 24] = [
    ("ehContains", Relation::Patterns(&["T*TFF*FF*"])),
    ("ehCoveredBy", Relation::Patterns(&["TFF*TFT**"])),
    ("ehCovers", Relation::Patterns(&["T*TFT*FF*"])),
    ("ehDisjoint", Relation::Disjoint),
    ("ehEquals", Relation::Equals),
    ("ehInside", Relation::Patterns(&["TFF*FFT**"])),
    ("ehMeet", Relation::Touches),
    ("ehOverlap", Relation::Patterns(&["T*T***T**"])),
    ("rcc8dc", Relation::Patterns(&["FFTFFTTTT"])),
    ("rcc8ec", Relation::Patterns(&["FFTFTTTTT"])),
    ("rcc8eq", Relation::Patterns(&["TFFFTFFFT"])),
    ("rcc8ntpp", Relation::Patterns(&["TFFTFFTTT"])),
    ("rcc8ntppi", Relation::Patterns(&["TTTFFTFFT"])),
    ("rcc8po", Relation::Patterns(&["TTTTTTTTT"])),
    ("rcc8tpp", Relation::Patterns(&["TFFTTFTTT"])),
    ("rcc8tppi", Relation::Patterns(&["TTTFTTFFT"])),
    ("sfContains", Relation::Contains),
    ("sfCrosses", Relation::Crosses),
    ("sfDisjoint", Relation::Disjoint),
    ("sfEquals", Relation::Equals),
    ("sfIntersects", Relation::Intersects),
    ("sfOverlaps", Relation::Overlaps),
    ("sfTouches", Relation::Touches),
    ("sfWithin", Relation::Within),
];

/// All other functions, sorted by local name.
const FUNCTIONS: [(&str, Function); 37] = [
    (
        "area",
        Function::With(|g, unit| double(measures::area(g, unit_of(unit)?)?)),
    ),
    ("asGML", Function::Any(as_gml)),
    ("asGeoJSON", Function::One(as_geojson)),
    ("asWKT", Function::One(|g| Some(geometry(g)))),
    (
        "boundary",
        Function::One(|g| Some(geometry(&shapes::boundary(g)?))),
    ),
    ("buffer", Function::Any(buffer)),
    (
        "centroid",
        Function::One(|g| Some(geometry(&shapes::centroid(g)))),
    ),
    (
        "convexHull",
        Function::One(|g| Some(geometry(&shapes::convex_hull(g)))),
    ),
    (
        "coordinateDimension",
        Function::One(|g| integer(2 + i64::from(g.has_z) + i64::from(g.has_m))),
    ),
    (
        "difference",
        Function::Both(|a, b| combined(SetOperation::Difference, a, b)),
    ),
    (
        "dimension",
        Function::One(|g| integer(relations::dimension(g).map_or(0, i64::from))),
    ),
    ("distance", Function::Any(distance)),
    (
        "envelope",
        Function::One(|g| Some(geometry(&shapes::envelope(g)))),
    ),
    (
        "geometryN",
        Function::With(|g, number| {
            Some(geometry(&shapes::member(g, number_of(number)? as usize)?))
        }),
    ),
    (
        "geometryType",
        Function::One(|g| uri(&format!("{SF}{}", g.kind.name()))),
    ),
    ("getSRID", Function::One(|g| uri(g.crs.iri()))),
    (
        "intersection",
        Function::Both(|a, b| combined(SetOperation::Intersection, a, b)),
    ),
    ("is3D", Function::One(|g| boolean(g.has_z))),
    ("isEmpty", Function::One(|g| boolean(g.is_empty()))),
    ("isMeasured", Function::One(|g| boolean(g.has_m))),
    (
        "length",
        Function::With(|g, unit| double(measures::length(g, unit_of(unit)?, Edges::All)?)),
    ),
    ("maxX", Function::One(|g| double(g.bounds?.max.0))),
    ("maxY", Function::One(|g| double(g.bounds?.max.1))),
    (
        "metricArea",
        Function::One(|g| double(measures::area(g, METRE)?)),
    ),
    (
        "metricBuffer",
        Function::With(|g, radius| {
            Some(geometry(&measures::buffer(g, number_of(radius)?, METRE)?))
        }),
    ),
    ("metricDistance", Function::Any(distance)),
    (
        "metricLength",
        Function::One(|g| double(measures::length(g, METRE, Edges::All)?)),
    ),
    (
        "metricPerimeter",
        Function::One(|g| double(measures::length(g, METRE, Edges::Areas)?)),
    ),
    ("minX", Function::One(|g| double(g.bounds?.min.0))),
    ("minY", Function::One(|g| double(g.bounds?.min.1))),
    (
        "numGeometries",
        Function::One(|g| integer(shapes::count(g) as i64)),
    ),
    (
        "perimeter",
        Function::With(|g, unit| double(measures::length(g, unit_of(unit)?, Edges::Areas)?)),
    ),
    ("relate", Function::Any(relate)),
    (
        "spatialDimension",
        Function::One(|g| integer(2 + i64::from(g.has_z))),
    ),
    (
        "symDifference",
        Function::Both(|a, b| combined(SetOperation::SymDifference, a, b)),
    ),
    ("transform", Function::With(transform)),
    (
        "union",
        Function::Both(|a, b| combined(SetOperation::Union, a, b)),
    ),
];

macro_rules! iris {
    ($($name:literal,)*) => {
        &[$(concat!("http://www.opengis.net/def/function/geosparql/", $name)),*]
    };
}

/// The IRIs of all functions, sorted.
#[rustfmt::skip]
pub(in crate::query) const IRIS: &[&str] = iris![
    "area",
    "asGML",
    "asGeoJSON",
    "asWKT",
    "boundary",
    "buffer",
    "centroid",
    "convexHull",
    "coordinateDimension",
    "difference",
    "dimension",
    "distance",
    "ehContains",
    "ehCoveredBy",
    "ehCovers",
    "ehDisjoint",
    "ehEquals",
    "ehInside",
    "ehMeet",
    "ehOverlap",
    "envelope",
    "geometryN",
    "geometryType",
    "getSRID",
    "intersection",
    "is3D",
    "isEmpty",
    "isMeasured",
    "length",
    "maxX",
    "maxY",
    "metricArea",
    "metricBuffer",
    "metricDistance",
    "metricLength",
    "metricPerimeter",
    "minX",
    "minY",
    "numGeometries",
    "perimeter",
    "rcc8dc",
    "rcc8ec",
    "rcc8eq",
    "rcc8ntpp",
    "rcc8ntppi",
    "rcc8po",
    "rcc8tpp",
    "rcc8tppi",
    "relate",
    "sfContains",
    "sfCrosses",
    "sfDisjoint",
    "sfEquals",
    "sfIntersects",
    "sfOverlaps",
    "sfTouches",
    "sfWithin",
    "spatialDimension",
    "symDifference",
    "transform",
    "union",
];

const METRE: Unit = Unit::Length(1.0);

fn find(name: &str) -> Option<Function> {
    if let Ok(at) = RELATIONS.binary_search_by(|(known, _)| (*known).cmp(name)) {
        return Some(Function::Related(RELATIONS[at].1));
    }
    let at = FUNCTIONS.binary_search_by(|(known, _)| (*known).cmp(name));
    at.ok().map(|at| FUNCTIONS[at].1)
}

/// The local names of all functions.
#[cfg(test)]
pub(super) fn names() -> Vec<&'static str> {
    let relations = RELATIONS.iter().map(|(name, _)| *name);
    relations
        .chain(FUNCTIONS.iter().map(|(name, _)| *name))
        .collect()
}

/// Whether an IRI names one of the functions.
pub(in crate::query) fn is_function(iri: &str) -> bool {
    iri.strip_prefix(GEOF).and_then(find).is_some()
}

/// Bytes of a geometry from which on a call may take long.
const LARGE: usize = 2 << 10;

/// Calls a function: its IRI, then its arguments. `None` is an expression error.
pub(in crate::query) fn call(arguments: &[Term]) -> Option<Term> {
    let (Term::NamedNode(name), arguments) = arguments.split_first()? else {
        return None;
    };
    let function = find(name.as_str().strip_prefix(GEOF)?)?;
    // Whatever steps are between two looks at the limits, each may take milliseconds here.
    let is_large = |term: &Term| matches!(term, Term::Literal(text) if text.value().len() > LARGE);
    if arguments.iter().any(is_large) {
        check_now();
    }
    // The algorithms work on whatever people draw; one that gives up on it must not end the query.
    catch_unwind(AssertUnwindSafe(|| apply(function, arguments))).unwrap_or(None)
}

fn apply(function: Function, arguments: &[Term]) -> Option<Term> {
    match (function, arguments) {
        (Function::Related(relation), [a, b]) => {
            let (a, b) = both(a, b)?;
            boolean(relations::holds(relation, &a, &b)?)
        }
        (Function::One(of), [one]) => of(&Geom::of_term(one)?),
        (Function::With(of), [one, other]) => of(&Geom::of_term(one)?, other),
        (Function::Both(of), [a, b]) => {
            let (a, b) = both(a, b)?;
            of(&a, &b)
        }
        (Function::Any(of), arguments) => of(arguments),
        _ => None,
    }
}

/// Two geometries, the second in the system of the first.
fn both(a: &Term, b: &Term) -> Option<(Rc<Geom>, Rc<Geom>)> {
    let (a, b) = (Geom::of_term(a)?, Geom::of_term(b)?);
    let b = b.in_crs(a.crs)?;
    Some((a, b))
}

fn combined(operation: SetOperation, a: &Geom, b: &Geom) -> Option<Term> {
    Some(geometry(&shapes::combine(operation, a, b)?))
}

/// `distance(a, b)` in metres, `distance(a, b, unit)`.
fn distance(arguments: &[Term]) -> Option<Term> {
    let (a, b, unit) = match arguments {
        [a, b] => (a, b, METRE),
        [a, b, unit] => (a, b, unit_of(unit)?),
        _ => return None,
    };
    double(measures::distance(
        &Geom::of_term(a)?,
        &Geom::of_term(b)?,
        unit,
    )?)
}

/// `buffer(geometry, radius, unit)`.
fn buffer(arguments: &[Term]) -> Option<Term> {
    let [of, radius, unit] = arguments else {
        return None;
    };
    let (of, radius) = (Geom::of_term(of)?, number_of(radius)?);
    Some(geometry(&measures::buffer(&of, radius, unit_of(unit)?)?))
}

/// `relate(a, b, pattern)`.
fn relate(arguments: &[Term]) -> Option<Term> {
    let [a, b, pattern] = arguments else {
        return None;
    };
    let (a, b) = both(a, b)?;
    boolean(Matrix::of(&a, &b)?.fits(text_of(pattern)?)?)
}

/// `transform(geometry, system)`.
fn transform(of: &Rc<Geom>, system: &Term) -> Option<Term> {
    let crs = Crs::of_name(text_of(system)?)?;
    if crs == of.crs {
        return Some(geometry(of));
    }
    Some(geometry(&shapes::rounded(&*of.in_crs(crs)?)))
}

/// `asGML(geometry)` and `asGML(geometry, profile)`: what is written fits every profile from GML 3.1 on.
fn as_gml(arguments: &[Term]) -> Option<Term> {
    let ([of] | [of, _]) = arguments else {
        return None;
    };
    let text = gml::write(&*Geom::of_term(of)?);
    Some(typed(text, GML_LITERAL))
}

fn as_geojson(of: &Rc<Geom>) -> Option<Term> {
    let there = of.in_crs(Crs::Crs84)?;
    let text = if of.crs.is_same_place(Crs::Crs84) {
        geojson::write(&there)
    } else {
        geojson::write(&shapes::rounded(&there))
    };
    Some(typed(text, GEOJSON_LITERAL))
}

fn geometry(of: &Geom) -> Term {
    typed(wkt::write(of), WKT_LITERAL)
}

fn typed(text: String, datatype: &str) -> Term {
    Literal::new_typed_literal(text, NamedNode::new_unchecked(datatype)).into()
}

#[allow(clippy::unnecessary_wraps)]
fn boolean(value: bool) -> Option<Term> {
    Some(Literal::from(value).into())
}

fn double(value: f64) -> Option<Term> {
    value.is_finite().then(|| Literal::from(value).into())
}

#[allow(clippy::unnecessary_wraps)]
fn integer(value: i64) -> Option<Term> {
    Some(Literal::from(value).into())
}

#[allow(clippy::unnecessary_wraps)]
fn uri(value: &str) -> Option<Term> {
    Some(typed(value.to_owned(), xsd::ANY_URI.as_str()))
}

/// The text of an IRI or of a literal that holds one.
fn text_of(term: &Term) -> Option<&str> {
    match term {
        Term::NamedNode(node) => Some(node.as_str()),
        Term::Literal(literal) => Some(literal.value()),
        Term::BlankNode(_) | Term::Triple(_) => None,
    }
}

fn unit_of(term: &Term) -> Option<Unit> {
    Unit::of(text_of(term)?)
}

/// A finite number of any numeric type.
fn number_of(term: &Term) -> Option<f64> {
    let Term::Literal(literal) = term else {
        return None;
    };
    if !literal
        .datatype()
        .as_str()
        .starts_with("http://www.w3.org/2001/XMLSchema#")
    {
        return None;
    }
    literal.value().parse().ok().filter(|n: &f64| n.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(RELATIONS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(FUNCTIONS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let mut names = names();
        names.sort_unstable();
        let listed: Vec<_> = IRIS
            .iter()
            .filter_map(|iri| iri.strip_prefix(GEOF))
            .collect();
        assert_eq!(listed, names);
        assert!(is_function(&format!("{GEOF}sfWithin")));
        assert!(is_function(&format!("{GEOF}area")));
        assert!(!is_function(&format!("{GEOF}sfNear")));
        assert!(!is_function(GEOF));
    }
}
