//! Documents in every form: formats by extension and by `Accept`, forms of JSON-LD by profile. All say the same.

use crate::http::{Answer, Server};
use axum::http::StatusCode;
use oxrdf::{Dataset, Quad, dataset::CanonicalizationAlgorithm};
use oxrdfio::{RdfFormat, RdfParser};

/// The statements of a document, canonical.
fn statements(answer: &Answer, format: RdfFormat) -> Vec<String> {
    let base = "http://register.test/";
    let context = |iri: &str| {
        let name = iri.rsplit('/').next().unwrap_or("").to_owned();
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("vocab/context");
        std::fs::read(path.join(name)).expect("a context of ours")
    };
    let quads: Vec<Quad> = if matches!(format, RdfFormat::JsonLd { .. }) {
        oxjsonld::JsonLdParser::new()
            .for_slice(&answer.body)
            .with_load_document_callback(move |iri, _| {
                Ok(oxjsonld::JsonLdRemoteDocument {
                    document: context(iri),
                    document_url: iri.to_owned(),
                })
            })
            .collect::<Result<_, _>>()
            .unwrap_or_else(|e| panic!("{e}: {}", answer.text()))
    } else {
        RdfParser::from_format(format)
            .with_base_iri(base)
            .expect("an IRI")
            .for_slice(&answer.body)
            .collect::<Result<_, _>>()
            .unwrap_or_else(|e| panic!("{e}: {}", answer.text()))
    };
    let mut dataset: Dataset = quads
        .into_iter()
        .map(|quad| Quad {
            graph_name: oxrdf::GraphName::DefaultGraph,
            ..quad
        })
        .collect();
    dataset.canonicalize(CanonicalizationAlgorithm::Unstable);
    let mut lines: Vec<String> = dataset.iter().map(|quad| quad.to_string()).collect();
    lines.sort();
    lines
}

fn json_ld() -> RdfFormat {
    RdfFormat::JsonLd {
        profile: oxrdfio::JsonLdProfileSet::empty(),
    }
}

#[tokio::test]
async fn every_form_says_the_same() {
    let server = Server::new();
    let plain = server.get("/doc/adres/9").await;
    let stored = statements(&plain, json_ld());
    assert!(stored.len() > 8);
    let mut tags = vec![plain.header("etag").to_owned()];
    for (extension, format) in [
        ("ttl", RdfFormat::Turtle),
        ("nt", RdfFormat::NTriples),
        ("rdf", RdfFormat::RdfXml),
        ("trig", RdfFormat::TriG),
        ("nq", RdfFormat::NQuads),
    ] {
        let answer = server.get(&format!("/doc/adres/9.{extension}")).await;
        assert_eq!(statements(&answer, format), stored, "{extension}");
        tags.push(answer.header("etag").to_owned());
    }
    for profile in [
        "expanded",
        "flattened",
        "compacted",
        "flattened http://www.w3.org/ns/json-ld#compacted",
    ] {
        let accept =
            format!("application/ld+json;profile=\"http://www.w3.org/ns/json-ld#{profile}\"");
        let answer = server.get_as("/doc/adres/9", &accept).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::OK, accept.as_str())
        );
        assert_eq!(statements(&answer, json_ld()), stored, "{profile}");
        if profile == "compacted" {
            assert_eq!(answer.body, plain.body);
        }
        tags.push(answer.header("etag").to_owned());
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 10, "each has its own tag");
    let expanded = server.get("/doc/adres/9?profile=expanded").await;
    insta::assert_snapshot!("expanded", expanded.snapshot());
    let flattened = server.get("/doc/adres/9?profile=flattened").await;
    assert!(
        flattened
            .json()
            .as_array()
            .is_some_and(|nodes| nodes.len() == 4),
        "{}",
        flattened.text()
    );
}

#[tokio::test]
async fn forms_that_do_not_exist_are_told() {
    let server = Server::new();
    let accept = "application/ld+json;profile=\"http://www.w3.org/ns/json-ld#streaming\"";
    let answer = server.get_as("/doc/adres/9", accept).await;
    answer.assert_problem(406, "json-ld-profile");
    insta::assert_snapshot!("unknown_profile", answer.snapshot());
    for (path, code) in [
        ("/doc/adres/9?profile=framed", "json-ld-profile"),
        ("/doc/adres/9?profile=klein", "json-ld-profile"),
        ("/doc/adres/9.ttl?profile=expanded", "json-ld-profile"),
    ] {
        let problem = server.get(path).await.assert_problem(400, code);
        assert_eq!(problem["parameter"], "profile", "{path}");
    }
    let english = [("accept-language", "en"), ("accept", accept)];
    let english = server
        .send(crate::http::request(
            axum::http::Method::GET,
            "/doc/adres/9",
            &english,
            "",
        ))
        .await;
    assert_eq!(english.header("content-language"), "en");
    assert!(
        english.json()["detail"]
            .as_str()
            .is_some_and(|d| d.starts_with("There is no profile"))
    );
}

#[tokio::test]
async fn a_frame_shapes_a_document() {
    let server = Server::new();
    let named = server.get("/doc/adres/9?frame=adres-in-context").await;
    assert_eq!(named.status, StatusCode::OK, "{}", named.text());
    assert_eq!(
        named.header("content-type"),
        "application/ld+json;profile=\"http://www.w3.org/ns/json-ld#framed\""
    );
    insta::assert_snapshot!("framed", named.text());
    let post = |path: &'static str, kind: &'static str, frame: String| {
        let server = &server;
        async move {
            let headers = [("content-type", kind)];
            server
                .send(crate::http::request(
                    axum::http::Method::POST,
                    path,
                    &headers,
                    &frame,
                ))
                .await
        }
    };
    let frame = r#"{"@context": ["http://register.test/contexts/adres.jsonld", {"straat": "http://www.w3.org/2000/01/rdf-schema#label"}],
        "@explicit": true, "huisnummer": {}, "heeftStraatnaam": {"@explicit": true, "straat": {"@value": {}, "@language": "fr"}}}"#;
    for path in [
        "/doc/adres/9",
        "/doc?uri=https://data.vlaanderen.be/id/adres/9",
    ] {
        let framed = post(path, "application/ld+json", frame.to_owned()).await;
        assert_eq!(framed.status, StatusCode::OK, "{}", framed.text());
        assert_eq!(framed.header("cache-control"), "no-store");
        let json = framed.json();
        assert_eq!(json["huisnummer"], "9");
        assert!(
            framed.text().contains("Rue du Village") && !framed.text().contains("Dorpstraat"),
            "{json:#}"
        );
        assert!(json.get("officieelToegekend").is_none());
    }
    let mut deep = "{}".to_owned();
    for _ in 0..40 {
        deep = format!("{{\"http://e/p\": {deep}}}");
    }
    let large = format!("{{\"x\": \"{}\"}}", "x".repeat(70_000));
    for (path, kind, frame, status, code) in [
        (
            "/doc/adres/9",
            "application/json",
            "{".to_owned(),
            400,
            "frame",
        ),
        (
            "/doc/adres/9",
            "application/json",
            "[]".to_owned(),
            400,
            "frame",
        ),
        ("/doc/adres/9", "application/json", deep, 400, "frame"),
        (
            "/doc/adres/9",
            "application/json",
            r#"{"@context": "http://elders.test/c"}"#.to_owned(),
            400,
            "frame",
        ),
        (
            "/doc/adres/9",
            "application/json",
            large,
            413,
            "body-too-large",
        ),
        (
            "/doc/adres/9",
            "text/turtle",
            "{}".to_owned(),
            415,
            "unsupported-media-type",
        ),
        (
            "/doc/adres/404",
            "application/json",
            "{}".to_owned(),
            404,
            "not-found",
        ),
        (
            "/doc",
            "application/json",
            "{}".to_owned(),
            400,
            "missing-parameter",
        ),
    ] {
        post(path, kind, frame).await.assert_problem(status, code);
    }
    let unknown = server.get("/doc/adres/9?frame=onbekend").await;
    unknown.assert_problem(400, "frame");
    insta::assert_snapshot!("unknown_frame", unknown.snapshot());
}
