//! Which truth values and numbers of JSON a term takes, by the datatype it coerces to. Looks at no text: whether that is one of
//! its datatype the shapes say.

use super::Coercion;
use crate::rdf::vocab::{INTEGER_DATATYPES, xsd};
use serde_json::Value as Json;

/// What a term wants in place of a truth value or number that it does not take, in Dutch and English. JSON-LD would make a
/// literal of its datatype of any of them.
pub(super) fn wanted(coercion: &Coercion, value: &Json) -> Option<(&'static str, &'static str)> {
    let text = ("een tekst", "a text");
    let datatype = match coercion {
        Coercion::None => return None,
        Coercion::Iri => return Some(("een IRI of een object", "an IRI or an object")),
        Coercion::Language(_) => return Some(text),
        Coercion::Datatype(datatype) => datatype.as_str(),
    };
    let (is_right, words) = match datatype {
        xsd::BOOLEAN => (value.is_boolean(), ("true of false", "true or false")),
        xsd::DECIMAL | xsd::DOUBLE | xsd::FLOAT => (value.is_number(), ("een getal", "a number")),
        known if INTEGER_DATATYPES.contains(&known) => {
            let is_whole = value.as_f64().is_some_and(|number| number.fract() == 0.0);
            (is_whole, ("een geheel getal", "a whole number"))
        }
        _ => (false, text),
    };
    (!is_right).then_some(words)
}

/// The text of a number with a fraction under a term for decimals: JSON-LD writes those with an exponent, which no decimal
/// has ([JSON-LD 1.1 API §8.2](https://www.w3.org/TR/json-ld11-api/#object-to-rdf-conversion)).
pub(super) fn fraction(coercion: &Coercion, value: &Json) -> Option<String> {
    let is_decimal = matches!(coercion, Coercion::Datatype(datatype) if datatype == xsd::DECIMAL);
    let number = value.as_f64().filter(|number| number.fract() != 0.0)?;
    is_decimal.then(|| number.to_string())
}
