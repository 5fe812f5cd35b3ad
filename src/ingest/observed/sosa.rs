//! Batches as SOSA statements ([SOSA/SSN](https://www.w3.org/TR/vocab-ssn/)), read of JSON-LD with local contexts. Every
//! `sosa:Observation` becomes one observation of a series, which is what it is a member of, or else the one series of its sensor and
//! property. Names that observations have themselves are not kept: here an observation is named by its series and number.

use super::about::{Known, QUDT, SOSA};
use super::batch::ObservedError;
use super::result::{MAX_EXACT, Making, Told, Written};
use crate::ingest::{Collect, ContextStore, Input, Limits, collect};
use crate::observations::Observation;
use crate::rdf::label::Text;
use crate::rdf::version::RdfVersion;
use crate::rdf::vocab::{rdf, xsd};
use oxrdf::{Literal, Quad, Term};
use std::borrow::Cow;
use std::collections::HashMap;

const TIME: &str = "http://www.w3.org/2006/time#";
const DCT: &str = "http://purl.org/dc/terms/";
const SCHEMA: &str = "https://schema.org/";

/// The statements of a batch by subject, in the order in which they stand there.
struct Nodes<'q> {
    order: Vec<String>,
    by_subject: HashMap<String, Vec<&'q Quad>>,
    /// Whose member an observation is said to be by the collection.
    member_of: HashMap<String, String>,
}

impl<'q> Nodes<'q> {
    fn new(quads: &'q [Quad]) -> Self {
        let mut nodes = Self {
            order: Vec::new(),
            by_subject: HashMap::new(),
            member_of: HashMap::new(),
        };
        let has_member = format!("{SOSA}hasMember");
        for quad in quads {
            let subject = quad.subject.to_string();
            if quad.predicate.as_str() == has_member
                && let Some(iri) = iri_of(&quad.subject.clone().into())
            {
                nodes.member_of.insert(quad.object.to_string(), iri);
            }
            let known = nodes.by_subject.entry(subject.clone()).or_insert_with(|| {
                nodes.order.push(subject);
                Vec::new()
            });
            known.push(quad);
        }
        nodes
    }

    fn values(&self, subject: &str, predicate: &str) -> impl Iterator<Item = &'q Term> {
        let quads = self.by_subject.get(subject).map_or(&[][..], Vec::as_slice);
        let quads = quads
            .iter()
            .filter(move |quad| quad.predicate.as_str() == predicate);
        quads
            .map(|quad| &quad.object)
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn value(&self, subject: &str, predicate: &str) -> Option<&'q Term> {
        self.values(subject, predicate).next()
    }

    /// Of a value that is a node, what that says of itself.
    fn inner(&self, term: &Term, predicate: &str) -> Option<&'q Term> {
        self.value(&term.to_string(), predicate)
    }
}

/// Reads JSON-LD.
///
/// # Errors
/// [`ObservedError`]; nothing is fetched: contexts are those that ship and those of the administrator.
pub fn read_sosa(
    bytes: &[u8],
    contexts: &ContextStore,
    version: RdfVersion,
    known: &mut Known<'_>,
) -> Result<Vec<Observation>, ObservedError> {
    let input = Input::bytes("waarnemingen.jsonld".to_owned(), bytes.to_vec());
    let limits = Limits::default();
    let how = Collect {
        media_type: Some("application/ld+json"),
        base: None,
        limits: &limits,
        contexts,
        version,
    };
    let quads =
        collect(&input, &how).map_err(|found| ObservedError::Unreadable(Box::new(found)))?;
    let nodes = Nodes::new(&quads);
    let mut making = Making::new(known);
    let class = format!("{SOSA}Observation");
    for subject in &nodes.order {
        let is_one = |term: &Term| iri_of(term).as_deref() == Some(&class);
        if nodes.values(subject, rdf::TYPE).any(is_one) {
            read_one(&nodes, subject, &mut making)?;
        }
    }
    if making.count == 0 {
        making.flaws.add(
            0,
            "no-observation",
            Text::new(
                "er staat geen sosa:Observation in de inhoud",
                "there is no sosa:Observation in the content",
            ),
        );
    }
    let (made, count) = (std::mem::take(&mut making.made), making.count);
    making.flaws.finish(made, count)
}

fn read_one(
    nodes: &Nodes<'_>,
    subject: &str,
    making: &mut Making<'_, '_>,
) -> Result<(), ObservedError> {
    let sosa = |name: &str| nodes.value(subject, &format!("{SOSA}{name}"));
    let place = making.count;
    let series = sosa("isMemberOf")
        .or_else(|| nodes.value(subject, &format!("{DCT}isPartOf")))
        .and_then(iri_of)
        .or_else(|| nodes.member_of.get(subject).cloned())
        .or_else(|| {
            let sensor = iri_of(sosa("madeBySensor")?)?;
            let property = iri_of(sosa("observedProperty")?)?;
            making.by_sensor(&sensor, &property)
        });
    let Some(series) = series else {
        making.count += 1;
        making.flaws.add(
            place,
            "unknown-series",
            Text::new(
                "de waarneming zegt niet bij welke reeks ze hoort (sosa:hasMember van de reeks, of sosa:isMemberOf), en haar sensor en eigenschap wijzen geen enkele reeks aan",
                "the observation does not say which series it belongs to (sosa:hasMember of the series, or sosa:isMemberOf), and its sensor and property point to no single series",
            ),
        );
        return Ok(());
    };
    let missing = |making: &mut Making<'_, '_>, what: &str| {
        making.count += 1;
        making.flaws.add(
            place,
            "missing",
            Text::new(format!("{what} ontbreekt"), format!("{what} is missing")),
        );
    };
    let Some(time) = sosa("phenomenonTime")
        .or_else(|| sosa("resultTime"))
        .and_then(|term| time_of(nodes, term))
    else {
        missing(making, "sosa:phenomenonTime");
        return Ok(());
    };
    let result_time = sosa("resultTime").and_then(|term| time_of(nodes, term));
    let (result, unit) = match (sosa("hasSimpleResult"), sosa("hasResult")) {
        (Some(simple), _) => (written(simple), None),
        (None, Some(node)) => {
            let numeric = ["numericValue", "value"];
            let value = numeric
                .iter()
                .find_map(|name| nodes.inner(node, &format!("{QUDT}{name}")))
                .or_else(|| nodes.inner(node, "http://www.w3.org/1999/02/22-rdf-syntax-ns#value"))
                .or_else(|| nodes.inner(node, &format!("{SCHEMA}value")));
            let unit = ["unit", "hasUnit"]
                .iter()
                .find_map(|name| nodes.inner(node, &format!("{QUDT}{name}")));
            let unit = unit.and_then(text_of);
            (value.or(Some(node)).and_then(written), unit)
        }
        (None, None) => (None, None),
    };
    let Some(result) = result else {
        missing(making, "sosa:hasSimpleResult");
        return Ok(());
    };
    let told = Told {
        series: Cow::Owned(series),
        time: Cow::Owned(time),
        result_time: result_time.map(Cow::Owned),
        result: Some(result),
        unit: unit.map(Cow::Owned),
        feature: sosa("hasFeatureOfInterest")
            .and_then(iri_of)
            .map(Cow::Owned),
        ..Told::default()
    };
    making.add(&told)?;
    Ok(())
}

/// A moment or interval as text: a literal, or a node of OWL-Time.
fn time_of(nodes: &Nodes<'_>, term: &Term) -> Option<String> {
    if let Term::Literal(literal) = term {
        return Some(literal.value().to_owned());
    }
    let moment = |term: &Term| {
        if let Term::Literal(literal) = term {
            return Some(literal.value().to_owned());
        }
        ["inXSDDateTimeStamp", "inXSDDateTime"]
            .iter()
            .find_map(|name| nodes.inner(term, &format!("{TIME}{name}")))
            .and_then(text_of)
    };
    if let Some(one) = moment(term) {
        return Some(one);
    }
    let begin = nodes
        .inner(term, &format!("{TIME}hasBeginning"))
        .and_then(moment)?;
    let end = nodes
        .inner(term, &format!("{TIME}hasEnd"))
        .and_then(moment)?;
    Some(format!("{begin}/{end}"))
}

fn iri_of(term: &Term) -> Option<String> {
    match term {
        Term::NamedNode(node) => Some(node.as_str().to_owned()),
        _ => None,
    }
}

fn text_of(term: &Term) -> Option<String> {
    match term {
        Term::Literal(literal) => Some(literal.value().to_owned()),
        other => iri_of(other),
    }
}

/// A result; of a code list it is the IRI of the concept.
fn written(term: &Term) -> Option<Written> {
    match term {
        Term::Literal(literal) => Some(literal_of(literal)),
        other => iri_of(other).map(Written::Text),
    }
}

fn literal_of(literal: &Literal) -> Written {
    let text = literal.value();
    let datatype = literal.datatype();
    let name = datatype.as_str();
    if name == xsd::BOOLEAN {
        match text {
            "true" | "1" => return Written::Boolean(true),
            "false" | "0" => return Written::Boolean(false),
            _ => {}
        }
    }
    let is_number = [
        "decimal", "integer", "double", "float", "int", "long", "short", "byte",
    ]
    .iter()
    .any(|kind| name.strip_prefix("http://www.w3.org/2001/XMLSchema#") == Some(kind));
    let is_number = is_number || name.contains("Integer") || name.contains("unsigned");
    if is_number
        && let Ok(number) = text.parse::<f64>()
        && number.is_finite()
    {
        let whole = text.trim_start_matches(['+', '-']).parse::<u64>();
        let is_whole = text
            .trim_start_matches(['+', '-'])
            .bytes()
            .all(|b| b.is_ascii_digit());
        return match whole {
            Ok(whole) if whole <= MAX_EXACT => Written::Number(number),
            _ if is_whole => Written::Large(number),
            _ => Written::Number(number),
        };
    }
    Written::Text(text.to_owned())
}
