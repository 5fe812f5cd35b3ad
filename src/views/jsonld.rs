//! Trees as compact JSON-LD 1.1 by a flat context: what an application developer reads without knowing RDF, and what a
//! JSON-LD reader turns back into exactly the stored statements, those with triple terms of RDF 1.2 excepted.

use crate::rdf::text::{direction_name, json_integer, term_text};
use crate::rdf::version::TRIPLE_TERM;
use crate::rdf::vocab::{INTEGER_DATATYPES, rdf, xsd};
use crate::views::context::{Coercion, Context, TermDefinition};
use crate::views::resource::{Node, Tree, Value};
use oxrdf::{Literal, NamedOrBlankNode, TermRef, Triple};
use rustc_hash::FxHashSet;
use serde_json::{Map, Value as Json, json};

/// A document: the tree with an `@context` reference in front.
pub fn document(tree: &Tree, context: &Context, context_reference: Json) -> Json {
    let mut out = Map::new();
    out.insert("@context".into(), context_reference);
    write_node(&tree.root, context, &tree.shared_blanks, &mut out);
    Json::Object(out)
}

/// A node as an object without `@context`.
pub fn node(
    node: &Node,
    context: &Context,
    shared_blanks: &FxHashSet<String>,
) -> Map<String, Json> {
    let mut out = Map::new();
    write_node(node, context, shared_blanks, &mut out);
    out
}

fn write_node(
    node: &Node,
    context: &Context,
    shared: &FxHashSet<String>,
    out: &mut Map<String, Json>,
) {
    match &node.id {
        NamedOrBlankNode::NamedNode(iri) => {
            out.insert("@id".into(), iri.as_str().into());
        }
        NamedOrBlankNode::BlankNode(blank) if shared.contains(blank.as_str()) => {
            out.insert("@id".into(), blank.to_string().into());
        }
        NamedOrBlankNode::BlankNode(_) => {}
    }
    let mut classes: Vec<&str> = node
        .types()
        .map(|class| context.class_name(class.as_str()))
        .collect();
    match classes.len() {
        0 => {}
        1 => {
            out.insert("@type".into(), classes.remove(0).into());
        }
        _ => {
            out.insert("@type".into(), classes.into());
        }
    }
    for property in &node.properties {
        let predicate = property.predicate.as_str();
        for value in &property.values {
            if predicate == rdf::TYPE {
                match value {
                    Value::Link(NamedOrBlankNode::NamedNode(_)) => continue,
                    Value::Node(class) if matches!(class.id, NamedOrBlankNode::NamedNode(_)) => {
                        // The class itself stands in `@type`; what is said about it follows here.
                    }
                    _ => {}
                }
            }
            let term = choose_term(context.terms_of(predicate), value);
            let json = write_value(value, term, context, shared);
            let key = term.map_or(predicate, |term| term.name.as_str());
            insert(out, key, json, term.is_some_and(|term| term.is_set));
        }
    }
}

/// Adds a value to a key: alone, as a list with others, always as a list when the term is a set.
fn insert(out: &mut Map<String, Json>, key: &str, value: Json, is_set: bool) {
    match out.get_mut(key) {
        Some(Json::Array(values)) => values.push(value),
        Some(single) => {
            let first = single.take();
            *single = Json::Array(vec![first, value]);
        }
        None if is_set => {
            out.insert(key.to_owned(), Json::Array(vec![value]));
        }
        None => {
            out.insert(key.to_owned(), value);
        }
    }
}

/// The term that says the value shortest: one that coerces to its kind, else a plain one, else any.
fn choose_term<'a>(terms: &'a [TermDefinition], value: &Value) -> Option<&'a TermDefinition> {
    let fits = |term: &&TermDefinition| match (&term.coercion, value) {
        (Coercion::Iri, Value::Link(_) | Value::Node(_)) => true,
        (Coercion::Datatype(datatype), Value::Literal(literal)) => {
            literal.datatype().as_str() == datatype
        }
        (Coercion::Language(language), Value::Literal(literal)) => literal
            .language()
            .is_some_and(|tag| tag.eq_ignore_ascii_case(language)),
        _ => false,
    };
    let plain = |term: &&TermDefinition| term.coercion == Coercion::None;
    terms
        .iter()
        .find(fits)
        .or_else(|| terms.iter().find(plain))
        .or_else(|| terms.first())
}

fn write_value(
    value: &Value,
    term: Option<&TermDefinition>,
    context: &Context,
    shared: &FxHashSet<String>,
) -> Json {
    let coercion = term.map_or(&Coercion::None, |term| &term.coercion);
    match value {
        Value::Literal(literal) => write_literal(literal, coercion),
        Value::Triple(triple) => write_triple(triple),
        Value::Link(id) => {
            let name = match id {
                NamedOrBlankNode::NamedNode(iri) => iri.as_str().to_owned(),
                NamedOrBlankNode::BlankNode(blank) => blank.to_string(),
            };
            if *coercion == Coercion::Iri {
                Json::String(name)
            } else {
                json!({ "@id": name })
            }
        }
        Value::Node(inner) => Json::Object(node(inner, context, shared)),
        Value::List(items) => {
            let items: Vec<Json> = items
                .iter()
                .map(|item| write_value(item, term, context, shared))
                .collect();
            json!({ "@list": items })
        }
    }
}

/// JSON-LD 1.1 has no form for a triple term: its text, with a datatype that says what it is.
fn write_triple(triple: &Triple) -> Json {
    json!({ "@value": term_text(TermRef::Triple(triple)), "@type": TRIPLE_TERM })
}

fn write_literal(literal: &Literal, coercion: &Coercion) -> Json {
    let text = literal.value();
    if let (Some(language), Some(direction)) = (literal.language(), literal.direction()) {
        return json!({
            "@value": text,
            "@language": language,
            "@direction": direction_name(direction),
        });
    }
    if let Some(language) = literal.language() {
        return match coercion {
            Coercion::Language(tag) if tag.eq_ignore_ascii_case(language) && tag == language => {
                text.into()
            }
            _ => json!({ "@value": text, "@language": language }),
        };
    }
    let datatype = literal.datatype().as_str();
    if datatype == xsd::STRING {
        return match coercion {
            Coercion::None => text.into(),
            _ => json!({ "@value": text }),
        };
    }
    let coerced = matches!(coercion, Coercion::Datatype(wanted) if wanted == datatype);
    if (coerced || *coercion == Coercion::None) && datatype == xsd::BOOLEAN {
        match text {
            "true" => return true.into(),
            "false" => return false.into(),
            _ => {}
        }
    }
    let number_fits = coerced && INTEGER_DATATYPES.contains(&datatype)
        || *coercion == Coercion::None && datatype == xsd::INTEGER;
    if number_fits && let Some(number) = json_integer(text) {
        return number.into();
    }
    if coerced {
        text.into()
    } else {
        json!({ "@value": text, "@type": datatype })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::resource::{EmbedRules, build_tree};
    use crate::views::test_data::view_of;
    use oxrdf::{Dataset, Quad, dataset::CanonicalizationAlgorithm};

    const CONTEXT: &str = r#"{"@context": {"@version": 1.1,
        "Ding": "http://e/Ding",
        "naam": {"@id": "http://e/naam", "@container": "@set"},
        "status": {"@id": "http://e/status", "@type": "@id"},
        "actief": {"@id": "http://e/actief", "@type": "http://www.w3.org/2001/XMLSchema#boolean"},
        "aantal": {"@id": "http://e/aantal", "@type": "http://www.w3.org/2001/XMLSchema#nonNegativeInteger"},
        "titel": {"@id": "http://e/titel", "@language": "nl"},
        "deel": {"@id": "http://e/deel", "@type": "@id", "@container": "@set"},
        "waarde": "http://e/waarde"}}"#;

    /// Every kind of value under every kind of term, including those that do not fit their term.
    const DATA: &str = r#"
        @prefix e: <http://e/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        e:a a e:Ding, e:Ander, _:klasse ;
          e:naam "A"@nl, "Á"@nl-BE, "x", "5"^^xsd:integer, e:naamding ;
          e:status e:s, "inGebruik", true, "true", [ e:waarde 1 ] ;
          e:actief true, "1"^^xsd:boolean, "true", false, "ja"@nl ;
          e:aantal "5"^^xsd:nonNegativeInteger, "05"^^xsd:nonNegativeInteger, 5, "5",
            "99999999999999999999"^^xsd:nonNegativeInteger ;
          e:titel "T"@nl, "T"@NL, "T"@en, "T", <mailto:a@b> ;
          e:deel [ e:waarde 1.5, 1e0, -3, "-0"^^xsd:integer ], ( 1 "b" e:c ( ) ), e:a ;
          e:waarde ( e:x ), "", "@id", "\u0000 \" \\ 😀", "2026-01-01"^^xsd:date, <urn:x:y> ;
          e:onbekend _:gedeeld ; e:onbekend2 _:gedeeld .
        _:gedeeld e:waarde _:gedeeld .
        _:klasse e:waarde "k" .
    "#;

    fn canonical(quads: impl IntoIterator<Item = Quad>) -> Vec<String> {
        let mut dataset: Dataset = quads.into_iter().collect();
        dataset.canonicalize(CanonicalizationAlgorithm::Unstable);
        let mut lines: Vec<String> = dataset.iter().map(|quad| quad.to_string()).collect();
        lines.sort();
        lines
    }

    #[test]
    fn reads_back_as_exactly_the_stored_statements() {
        let view = view_of(DATA);
        let subject = view.id_of_iri("http://e/a").expect("stored");
        let tree = build_tree(&view, subject, &EmbedRules::default())
            .expect("small")
            .expect("known");
        let context = Context::parse(CONTEXT).expect("a context");
        let inline: Json = serde_json::from_str(CONTEXT).expect("JSON");
        let document = document(&tree, &context, inline["@context"].clone());
        let text = serde_json::to_string_pretty(&document).expect("JSON");
        let read: Vec<Quad> = oxjsonld::JsonLdParser::new()
            .for_slice(text.as_bytes())
            .collect::<Result<_, _>>()
            .unwrap_or_else(|e| panic!("{e}\n{text}"));
        let stored: Vec<Quad> = view
            .quads(None, None, None, None)
            .map(|quad| {
                let oxrdf::Term::NamedNode(p) = view.term(quad.p) else {
                    panic!("predicates are IRIs")
                };
                let s = NamedOrBlankNode::try_from(view.term(quad.s)).expect("a subject");
                Quad::new(s, p, view.term(quad.o), oxrdf::GraphName::DefaultGraph)
            })
            .collect();
        assert_eq!(canonical(read), canonical(stored), "{text}");
        assert_eq!(document["actief"][0], "1");
        assert!(document["naam"].is_array());
    }
}
