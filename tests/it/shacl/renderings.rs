//! The report in its formats.

use super::validate_turtle;
use oslo_registry::rdf::label::Language;
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

const SHAPES: &str = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .
@prefix adres: <https://data.vlaanderen.be/ns/adres#> .
ex:AdresShape a sh:NodeShape ; sh:targetClass adres:Adres ;
  sh:property [ sh:path adres:huisnummer ; sh:name \"huisnummer\"@nl , \"house number\"@en ; sh:minCount 1 ] ;
  sh:property [ sh:path ( adres:positie [ sh:inversePath adres:punt ] ) ; sh:maxCount 0 ; sh:severity sh:Warning ] ;
  sh:property [ sh:path adres:busnummer ; sh:maxLength 3 ; sh:message \"Te lang.\"@nl ] .";
const DATA: &str = "@prefix ex: <http://example.org/> . @prefix adres: <https://data.vlaanderen.be/ns/adres#> .
ex:a a adres:Adres ; adres:busnummer \"=1+1\" , \"0001\" . ex:b a adres:Adres ; adres:positie ex:p ; adres:huisnummer \"1\" .
ex:q adres:punt ex:p .";

fn rendered(render: impl Fn(&Report, &mut Vec<u8>) -> std::io::Result<()>) -> String {
    let (_, report) = validate_turtle(DATA, SHAPES);
    let mut out = Vec::new();
    render(&report, &mut out).expect("memory");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn text_groups_by_rule_in_one_language() {
    insta::assert_snapshot!(rendered(|report, out| report.render_text(out, Language::Nl)), @r###"
    fout[V011]: <http://example.org/AdresShape> › adres:busnummer (MaxLength, 2 keer)
      object: <http://example.org/a>, adres:busnummer
        Te lang.
        waarde: "0001"
        hulp: Kort de waarde in.
      object: <http://example.org/a>, adres:busnummer
        Te lang.
        waarde: "=1+1"
        hulp: Kort de waarde in.

    fout[V004]: <http://example.org/AdresShape> › adres:huisnummer (MinCount, 1 keer)
      object: <http://example.org/a>, adres:huisnummer
        Minimaal 1 waarde(n) verwacht voor "huisnummer"; gevonden: 0.
        hulp: Voeg adres:huisnummer toe.

    waarschuwing[V005]: <http://example.org/AdresShape> › adres:positie/^adres:punt (MaxCount, 1 keer)
      object: <http://example.org/b>, adres:positie/^adres:punt
        Maximaal 0 waarde(n) verwacht voor "adres:punt"; gevonden: 1.
        hulp: Verwijder de overtollige waarden van adres:positie/^adres:punt.

    Voldoet niet (fouten: 3, waarschuwingen: 1, meldingen: 0).
    "###);
}

#[test]
fn csv_has_both_languages_and_no_formulas() {
    insta::assert_snapshot!(rendered(|report, out| report.render_csv(out)), @r###"
    ernst,shape,regel,focus,pad,waarde,boodschap_nl,boodschap_en,bron
    fout,<http://example.org/AdresShape> › adres:busnummer,V011 MaxLength,http://example.org/a,adres:busnummer,0001,Te lang.,Te lang.,urn:x:data
    fout,<http://example.org/AdresShape> › adres:busnummer,V011 MaxLength,http://example.org/a,adres:busnummer,'=1+1,Te lang.,Te lang.,urn:x:data
    fout,<http://example.org/AdresShape> › adres:huisnummer,V004 MinCount,http://example.org/a,adres:huisnummer,,"Minimaal 1 waarde(n) verwacht voor ""huisnummer""; gevonden: 0.","At least 1 value(s) expected for ""house number""; found: 0.",urn:x:data
    waarschuwing,<http://example.org/AdresShape> › adres:positie/^adres:punt,V005 MaxCount,http://example.org/b,adres:positie/^adres:punt,,"Maximaal 0 waarde(n) verwacht voor ""adres:punt""; gevonden: 1.","At most 0 value(s) expected for ""adres:punt""; found: 1.",urn:x:data
    "###);
}

#[test]
fn ndjson_has_one_object_a_line() {
    let lines = rendered(|report, out| report.render_ndjson(out, Language::En));
    let objects: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .collect();
    assert_eq!(objects.len(), 4);
    assert_eq!(objects[0]["code"], "V011");
    assert_eq!(objects[0]["message"], "Te lang.");
}

#[test]
fn turtle_copies_the_structure_of_paths() {
    let turtle = rendered(|report, out| report.render_turtle(out));
    assert!(
        turtle.contains(
            "sh:resultPath ( <https://data.vlaanderen.be/ns/adres#positie> \
             [ sh:inversePath <https://data.vlaanderen.be/ns/adres#punt> ] )"
        ),
        "{turtle}"
    );
}

#[test]
fn every_rdf_form_says_the_same() {
    use oxrdfio::{RdfFormat, RdfParser};
    let read = |format: RdfFormat, text: &str| -> oxrdf::Graph {
        let mut graph: oxrdf::Graph = RdfParser::from_format(format)
            .for_slice(text)
            .map(|quad| oxrdf::Triple::from(quad.expect("valid RDF")))
            .collect();
        graph.canonicalize(oxrdf::graph::CanonicalizationAlgorithm::Unstable);
        graph
    };
    let turtle = read(
        RdfFormat::Turtle,
        &rendered(|report, out| report.render_turtle(out)),
    );
    assert!(turtle.len() > 40);
    let ntriples = rendered(|report, out| report.render_ntriples(out));
    assert_eq!(read(RdfFormat::NTriples, &ntriples), turtle);
    let rdfxml = rendered(|report, out| report.render_rdfxml(out));
    assert_eq!(read(RdfFormat::RdfXml, &rdfxml), turtle);
    let json_ld = RdfFormat::JsonLd {
        profile: oxrdfio::JsonLdProfileSet::empty(),
    };
    let json = rendered(|report, out| report.render_jsonld(out));
    assert_eq!(read(json_ld, &json), turtle);
}

#[test]
fn sarif_names_rules_places_and_what_was_not_checked() {
    let shapes = format!(
        "{SHAPES} ex:Kapot a sh:NodeShape ; sh:targetClass adres:Adres ; sh:nodekind sh:IRI ."
    );
    let (_, report) = validate_turtle(DATA, &shapes);
    let origin = |focus| {
        (report.term_text(focus) == "<http://example.org/a>").then(|| {
            oslo_registry::shapes::Origin {
                name: "map/a b.ttl".to_owned(),
                line: Some(7),
                is_file: true,
            }
        })
    };
    let rendering = oslo_registry::shapes::Rendering {
        language: Language::En,
        origin_of: &origin,
    };
    let mut out = Vec::new();
    report.render_sarif(&rendering, &mut out).expect("memory");
    let mut sarif: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
    crate::http::reports::assert_sarif(&sarif);
    sarif["runs"][0]["tool"]["driver"]["semanticVersion"] = "[version]".into();
    insta::assert_snapshot!("sarif", format!("{sarif:#}"));
}

#[test]
fn numbers_of_results_stay_and_differ() {
    let ids = |shapes: &str| -> Vec<String> {
        let (_, report) = validate_turtle(DATA, shapes);
        let mut ids: Vec<String> = report
            .results()
            .iter()
            .map(|row| report.result_id(row))
            .collect();
        ids.sort();
        ids
    };
    let first = ids(SHAPES);
    assert_eq!(first, ids(SHAPES));
    let mut unique = first.clone();
    unique.dedup();
    assert_eq!(unique, first);
    // Another message is the same result.
    assert_eq!(first, ids(&SHAPES.replace("Te lang.", "Korter.")));
}

#[test]
fn results_left_out_are_not_counted() {
    let (_, mut report) = validate_turtle(DATA, SHAPES);
    report.retain_results(|report, row| report.term_text(row.focus).contains("/b>"));
    assert_eq!((report.total(), report.results().len()), (1, 1));
    assert_eq!(report.counts().warning, 1);
    assert_eq!(report.groups().len(), 1);
    report.retain_results(|_, _| false);
    assert_eq!(report.verdict(), oslo_registry::shapes::Verdict::Conforms);
}
