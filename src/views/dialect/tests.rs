//! What templates mean, on small stores; that whatever is stored gives JSON.

use super::{Dialect, Page};
use crate::registry::Register;
use crate::registry::assets::REGISTERS;
use crate::store::{CommitMeta, Id, Store, View};
use crate::views::test_data::view_of;
use oxrdf::{BlankNode, GraphNameRef, Literal, NamedNode, Term, Triple};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const BASE: &str = "http://register.test";
const ADDRESS: &str = "https://data.vlaanderen.be/id/adres/90000001";

fn registers() -> Vec<Register> {
    REGISTERS
        .files()
        .filter_map(|file| file.contents_utf8())
        .map(|toml| Register::parse(toml).expect("a declaration"))
        .collect()
}

fn dialect() -> Dialect {
    Dialect::shipped(BASE, &registers()).unwrap_or_else(|error| panic!("{error}"))
}

fn detail(view: &View, version: &str, name: &str, iri: &str, system: Option<&'static str>) -> Json {
    let dialect = dialect();
    let resource = dialect.resource(version, name).expect("declared");
    let subject = view.id_of_iri(iri).expect("stored");
    let body = dialect
        .detail(view, resource, subject, system)
        .expect("small");
    serde_json::from_slice(&body.json).expect("JSON")
}

#[test]
fn every_declaration_can_be_used() {
    let dialect = dialect();
    for version in ["v2", "v3"] {
        let names: Vec<&str> = dialect
            .resources(version)
            .into_iter()
            .map(|resource| resource.name.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "adressen",
                "gebouweenheden",
                "gebouwen",
                "gemeenten",
                "organisaties",
                "percelen",
                "postinfo",
                "straatnamen"
            ]
        );
        let registers = registers();
        for resource in dialect.resources(version) {
            let register = registers
                .iter()
                .find(|register| register.name == resource.register)
                .expect("checked when compiled");
            for filter in &resource.filters {
                assert!(
                    register.filters.iter().any(|f| f.name == filter.filter),
                    "{version}/{}: no filter {} behind {}",
                    resource.name,
                    filter.filter,
                    filter.name
                );
            }
            for (name, key) in &resource.sorts {
                assert!(
                    key == "id" || register.sort_key(key).is_some(),
                    "{version}/{}: no sort key {key} behind {name}",
                    resource.name
                );
            }
        }
    }
}

#[test]
fn what_is_missing_has_no_key() {
    let view = view_of(&format!(
        "<{ADDRESS}> a <https://data.vlaanderen.be/ns/adres#Adres> ."
    ));
    let body = detail(&view, "v3", "adressen", ADDRESS, None);
    assert_eq!(body["data"], json!({"@type": "Adres", "@id": ADDRESS}));
    let body = detail(&view, "v2", "adressen", ADDRESS, None);
    let keys: Vec<&String> = body.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["@context", "@type", "identificator", "_links"]);
}

#[test]
fn an_address_without_its_text_gets_one_of_its_parts() {
    let view = view_of(&format!(
        r#"@prefix adr: <https://data.vlaanderen.be/ns/adres#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        <{ADDRESS}> a adr:Adres ; adr:huisnummer "12A" ; adr:busnummer "3" ; adr:heeftStraatnaam <http://e/s> ;
          adr:heeftPostinfo <https://data.vlaanderen.be/id/postinfo/9000> ; adr:heeftGemeentenaam [ rdfs:label "Gent"@nl, "Gand"@fr ] .
        <http://e/s> rdfs:label "Rue \"du\" Test"@fr, "Teststraat"@nl ."#
    ));
    let body = detail(&view, "v3", "adressen", ADDRESS, None);
    assert_eq!(
        body["data"]["isVerrijktMet"]["volledigAdres"],
        json!([
            {"@value": "Teststraat 12A bus 3, 9000 Gent", "@language": "nl"},
            {"@value": "Rue \"du\" Test 12A bte 3, 9000 Gand", "@language": "fr"}
        ])
    );
    // A street outside the register: its document is where other resources are shown.
    assert_eq!(
        body["data"]["heeftStraatnaam"]["detail"],
        json!("http://register.test/doc?uri=http%3A%2F%2Fe%2Fs")
    );
}

#[test]
fn geometries_come_in_the_system_asked_for() {
    let gml = r#"<gml:Point srsName=\"https://www.opengis.net/def/crs/EPSG/0/31370\" xmlns:gml=\"http://www.opengis.net/gml/3.2\"><gml:pos>140252.76 198794.27</gml:pos></gml:Point>"#;
    let view = view_of(&format!(
        r#"@prefix adr: <https://data.vlaanderen.be/ns/adres#> . @prefix geo: <http://www.opengis.net/ont/geosparql#> .
        <{ADDRESS}> a adr:Adres ; adr:positie [ <http://www.w3.org/ns/locn#geometry> [ geo:asGML "{gml}"^^geo:gmlLiteral ] ] ."#
    ));
    let shown = |system| {
        let body = detail(&view, "v3", "adressen", ADDRESS, system);
        let all = body["data"]["positie"]["geometrie"].clone();
        let texts = all.as_array().expect("an array").iter();
        let texts: Vec<String> = texts
            .map(|one| one["gml"].as_str().expect("GML").to_owned())
            .collect();
        texts
    };
    let usual = shown(None);
    assert_eq!(usual.len(), 2);
    // As it was sent, to the letter.
    assert_eq!(usual[0], gml.replace("\\\"", "\""));
    assert!(usual[1].contains("<gml:pos>640249.09 698793.29</gml:pos>"));
    let degrees = shown(crate::query::system_of("EPSG:4326"));
    assert_eq!(degrees.len(), 1);
    assert!(degrees[0].contains("EPSG/0/4326"), "{}", degrees[0]);
    // A v2 body has one geometry.
    let body = detail(&view, "v2", "adressen", ADDRESS, None);
    assert_eq!(body["adresPositie"]["geometrie"]["gml"], json!(usual[0]));
}

/// Predicates of the templates, and others.
fn predicate() -> impl Strategy<Value = String> {
    let mut known = dialect().predicates.clone();
    known.push(crate::rdf::vocab::rdf::TYPE.to_owned());
    proptest::sample::select(known)
}

fn node() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        ADDRESS.to_owned(),
        "https://data.vlaanderen.be/id/straatnaam/7".to_owned(),
        "https://data.vlaanderen.be/id/concept/adresstatus/inGebruik".to_owned(),
        "https://data.vlaanderen.be/.well-known/genid/adres/90000001/id".to_owned(),
        "http://e/a?b=c&d=%22#".to_owned(),
        "_:b".to_owned(),
    ])
}

fn object() -> impl Strategy<Value = Term> {
    let text = || {
        proptest::string::string_regex("[ -~\\x00-\\x1f\\x7fé😀\u{fffe}\\\\\"]{0,12}")
            .expect("a pattern")
    };
    prop_oneof![
        3 => node().prop_map(|name| of_name(&name)),
        2 => (text(), proptest::sample::select(vec!["nl", "fr", "en-gb", "x"]))
            .prop_map(|(text, tag)| Literal::new_language_tagged_literal_unchecked(text, tag).into()),
        1 => text().prop_map(|text| Literal::new_simple_literal(text).into()),
        1 => any::<i64>().prop_map(|number| Literal::from(number).into()),
        1 => any::<bool>().prop_map(|truth| Literal::from(truth).into()),
        1 => (text(), proptest::sample::select(vec!["gmlLiteral", "wktLiteral"])).prop_map(|(text, kind)| {
            let datatype = format!("http://www.opengis.net/ont/geosparql#{kind}");
            Literal::new_typed_literal(text, NamedNode::new_unchecked(datatype)).into()
        }),
    ]
}

fn of_name(name: &str) -> Term {
    match name.strip_prefix("_:") {
        Some(label) => BlankNode::new_unchecked(label).into(),
        None => NamedNode::new_unchecked(name).into(),
    }
}

fn view_of_triples(triples: &[(String, String, Term)]) -> View {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("a memory store takes writes");
    for (s, p, o) in triples {
        let subject = match of_name(s) {
            Term::NamedNode(node) => oxrdf::NamedOrBlankNode::from(node),
            Term::BlankNode(node) => node.into(),
            _ => continue,
        };
        let triple = Triple::new(subject, NamedNode::new_unchecked(p.as_str()), o.clone());
        draft.add_quad(triple.as_ref().in_graph(GraphNameRef::DefaultGraph));
    }
    draft
        .commit(CommitMeta {
            agent: "http://e/agent".into(),
            activity: "http://e/activity".into(),
            source: Vec::new(),
            message: None,
        })
        .expect("a memory store commits");
    store.snapshot().view()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_stored_gives_json(
        triples in proptest::collection::vec((node(), predicate(), object()), 0..60)
    ) {
        let view = view_of_triples(&triples);
        let dialect = dialect();
        let subjects: Vec<Id> = triples
            .iter()
            .filter_map(|(s, ..)| view.id_of(of_name(s).as_ref()))
            .collect();
        for version in ["v2", "v3"] {
            for resource in dialect.resources(version) {
                for system in [None, crate::query::system_of("CRS84")] {
                    for subject in &subjects {
                        let body = dialect.detail(&view, resource, *subject, system).expect("small");
                        let json: Json = serde_json::from_slice(&body.json).expect("JSON");
                        prop_assert!(json.is_object());
                    }
                    let page = Page { items: &subjects, total: 7, next: Some("http://e/\"?"), system };
                    let list = dialect.list(&view, resource, &page).expect("small");
                    let json: Json = serde_json::from_slice(&list).expect("JSON");
                    let key = if version == "v3" { "data" } else {
                        json.as_object().and_then(|map| map.keys().nth(1)).expect("the items")
                    };
                    prop_assert_eq!(json[key].as_array().map(Vec::len), Some(subjects.len()));
                    prop_assert_eq!(&json["volgende"], &json!("http://e/\"?"));
                }
            }
        }
    }
}
