//! The contract of the Interoperability Test Bed for SHACL validators.

use super::reports::{assert_sarif, assert_well_formed};
use super::{SHAPE, Server, request};
use axum::http::{Method, StatusCode};
use oslo_registry::http::ServerConfig;
use oxrdfio::{RdfFormat, RdfParser};
use serde_json::{Value as Json, json};

const BAD: &str = "<http://e/1> a <https://data.vlaanderen.be/ns/adres#Adres> .";
const BAD_BASE64: &str =
    "PGh0dHA6Ly9lLzE+IGEgPGh0dHBzOi8vZGF0YS52bGFhbmRlcmVuLmJlL25zL2FkcmVzI0FkcmVzPiAu";
const OTHER: &str = "@prefix sh: <http://www.w3.org/ns/shacl#> .
<http://register.test/vormen#Status> a sh:NodeShape ; sh:targetClass <https://data.vlaanderen.be/ns/adres#Adres> ;
  sh:property [ sh:path <http://e/status> ; sh:minCount 1 ; sh:severity sh:Warning ] .";

fn server() -> Server {
    Server::empty()
        .with_graph("shapes/adres", SHAPE)
        .with_graph("shapes/status", OTHER)
}

async fn post(server: &Server, path: &str, body: &Json) -> super::Answer {
    let headers = [("content-type", "application/json")];
    server
        .send(request(Method::POST, path, &headers, &body.to_string()))
        .await
}

async fn validate(server: &Server, body: &Json) -> super::Answer {
    post(server, "/api/validate", body).await
}

#[tokio::test]
async fn a_report_comes_in_the_syntax_asked() {
    let server = server();
    let seq = server.registry.snapshot().seq();
    let default = json!({ "contentToValidate": BAD, "contentSyntax": "text/turtle", "embeddingMethod": "STRING" });
    let answer = validate(&server, &default).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, "application/rdf+xml")
    );
    assert_eq!(answer.header("x-conforms"), "false");
    let triples = RdfParser::from_format(RdfFormat::RdfXml).for_slice(&answer.body);
    assert!(triples.filter(Result::is_ok).count() > 10);
    for (syntax, content_type) in [
        ("text/turtle", "text/turtle; charset=utf-8"),
        ("application/ld+json", "application/ld+json"),
        ("application/n-triples", "application/n-triples"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("application/sarif+json", "application/sarif+json"),
    ] {
        let mut body = default.clone();
        body["reportSyntax"] = syntax.into();
        let answer = validate(&server, &body).await;
        assert_eq!(answer.header("content-type"), content_type, "{syntax}");
        assert!(answer.text().contains("http://e/1"), "{syntax}");
        if syntax.contains("sarif") {
            assert_sarif(&answer.json());
        }
    }
    let accept = [
        ("content-type", "application/json"),
        ("accept", "text/turtle"),
    ];
    let asked = request(Method::POST, "/api/validate", &accept, &default.to_string());
    assert_eq!(
        server.send(asked).await.header("content-type"),
        "text/turtle; charset=utf-8"
    );
    assert_eq!(server.registry.snapshot().seq(), seq);
}

#[tokio::test]
async fn the_gitb_report_counts_by_level() {
    let server = server();
    let body = json!({
        "contentToValidate": BAD_BASE64, "embeddingMethod": "BASE64", "contentSyntax": "text/turtle",
        "reportSyntax": "application/json", "locale": "en",
    });
    let answer = validate(&server, &body).await;
    assert_eq!(answer.header("content-type"), "application/json");
    let mut report = answer.json();
    assert_eq!(report["result"], "FAILURE");
    assert_eq!(report["counters"]["nrOfErrors"], 1);
    assert_eq!(report["counters"]["nrOfWarnings"], 1);
    report["date"] = "[date]".into();
    report["overview"]["validationServiceVersion"] = "[version]".into();
    insta::assert_snapshot!("test_bed_gitb", format!("{report:#}"));
    let mut one = body.clone();
    one["validationType"] = "status".into();
    let report = validate(&server, &one).await.json();
    assert_eq!(report["result"], "WARNING");
    let good = json!({
        "contentToValidate": "<http://e/1> a <http://e/Ding> .", "contentSyntax": "text/turtle",
        "reportSyntax": "application/json",
    });
    assert_eq!(validate(&server, &good).await.json()["result"], "SUCCESS");
}

/// Facts of the schema of GITB reports: the root and its type, and elements in their order.
fn assert_gitb(xml: &str) {
    let start = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<TestStepReport xmlns=\"http://www.gitb.com/tr/v1/\" ";
    let body = xml.strip_prefix(start).expect("the start of a report");
    assert_well_formed(&format!("<TestStepReport {body}"));
    assert!(body.contains(" xsi:type=\"TAR\""), "{xml}");
    let names: Vec<&str> = body
        .lines()
        .filter(|line| line.starts_with("  <") && !line.starts_with("  </"))
        .map(|line| line[3..].split(['>', ' ']).next().unwrap_or(""))
        .collect();
    let order = ["date", "result", "overview", "counters", "reports"];
    assert!(order.starts_with(&names), "{names:?}");
    let items = body.matches(" xsi:type=\"BAR\">").count();
    assert_eq!(body.matches("<description>").count(), items);
    assert_eq!(names.contains(&"reports"), items > 0);
}

#[tokio::test]
async fn the_gitb_report_comes_in_xml_too() {
    let server = server();
    let body = json!({
        "contentToValidate": "<http://e/1> a <https://data.vlaanderen.be/ns/adres#Adres> ;
            <https://data.vlaanderen.be/ns/adres#huisnummer> \"1 & <2>\\u0007\" , 3 .",
        "contentSyntax": "text/turtle", "embeddingMethod": "STRING", "reportSyntax": "application/xml", "locale": "en",
        "externalRules": [{ "ruleSyntax": "text/turtle", "embeddingMethod": "STRING", "ruleSet":
            "<http://e/Vorm> <http://www.w3.org/ns/shacl#targetNode> <http://e/1> ; <http://www.w3.org/ns/shacl#property>
               <http://e/nummer> . <http://e/nummer> <http://www.w3.org/ns/shacl#path>
               <https://data.vlaanderen.be/ns/adres#huisnummer> ; <http://www.w3.org/ns/shacl#maxLength> 1 ." }],
    });
    let answer = validate(&server, &body).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, "application/xml")
    );
    assert_eq!(answer.header("x-conforms"), "false");
    let xml = answer.text();
    assert_gitb(xml);
    let (head, rest) = xml.split_once("<date>").expect("a date");
    let (_, rest) = rest.split_once("</date>").expect("a date");
    let version = env!("CARGO_PKG_VERSION");
    let shown = format!("{head}<date>[date]</date>{rest}").replace(version, "[version]");
    insta::assert_snapshot!("test_bed_gitb_xml", shown);
    // By `Accept`, with nothing to report, and among several.
    let good = json!({ "contentToValidate": "<http://e/1> a <http://e/Ding> .", "contentSyntax": "text/turtle" });
    for accept in ["application/xml", "text/xml"] {
        let headers = [("content-type", "application/json"), ("accept", accept)];
        let asked = request(
            Method::POST,
            "/api/adres/validate",
            &headers,
            &good.to_string(),
        );
        let answer = server.send(asked).await;
        assert_eq!(answer.header("content-type"), "application/xml");
        assert_gitb(answer.text());
        assert!(answer.text().contains("<result>SUCCESS</result>"));
        assert!(answer.text().contains("<nrOfErrors>0</nrOfErrors>"));
    }
    let mut one = good.clone();
    one["reportSyntax"] = "text/xml".into();
    let answer = post(&server, "/api/validateMultiple", &json!([one])).await;
    assert_eq!(answer.json()[0]["reportSyntax"], "application/xml");
}

#[tokio::test]
async fn content_is_recognised_and_types_are_names_of_profiles() {
    let server = server();
    let class = "https://data.vlaanderen.be/ns/adres#Adres";
    let xml = format!(
        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:a=\"{}\"><a:Adres rdf:about=\"http://e/1\"/></rdf:RDF>",
        "https://data.vlaanderen.be/ns/adres#"
    );
    let json_ld = format!(r#"{{"@id":"http://e/1","@type":"{class}"}}"#);
    let list = format!(r#"[ {{"@id":"http://e/1","@type":"{class}"}} ]"#);
    for content in [BAD, BAD_BASE64, &xml, &json_ld, &list] {
        let body = json!({ "contentToValidate": content, "validationType": "adres", "reportSyntax": "text/turtle", "unknownField": 1 });
        let answer = validate(&server, &body).await;
        assert_eq!(
            answer.header("x-conforms"),
            "false",
            "{content}: {}",
            answer.text()
        );
    }
    let body = json!({ "contentToValidate": BAD, "reportSyntax": "application/json" });
    let by_path = post(&server, "/api/adres/validate", &body).await.json();
    assert_eq!(by_path["counters"]["nrOfWarnings"], 0);
    let domain = post(&server, "/shacl/status/api/validate", &body).await;
    assert_eq!(domain.json()["counters"]["nrOfErrors"], 0);
    let all = post(&server, "/shacl/applicatieprofielen/api/validate", &body).await;
    assert_eq!(all.json()["counters"]["nrOfErrors"], 1);
    // The name by which OSLO's validator knows the profile.
    let body = json!({ "contentToValidate": BAD, "validationType": "adresregister", "reportSyntax": "application/json" });
    assert_eq!(
        validate(&server, &body).await.json()["counters"]["nrOfWarnings"],
        0
    );
}

#[tokio::test]
async fn shapes_may_come_along() {
    let server = Server::empty();
    let rules = "@prefix sh: <http://www.w3.org/ns/shacl#> . <http://e/S> a sh:NodeShape ; sh:targetNode <http://e/1> ; sh:class <http://e/Ding> .";
    let body = json!({
        "contentToValidate": BAD, "reportSyntax": "application/json",
        "externalRules": [{ "ruleSet": rules, "embeddingMethod": "STRING", "ruleSyntax": "text/turtle" }],
    });
    let report = validate(&server, &body).await.json();
    assert_eq!(report["counters"]["nrOfErrors"], 1, "{report:#}");
    assert_eq!(report["reports"]["error"][0]["assertionID"], "V001");
}

#[tokio::test]
async fn several_contents_have_a_report_each() {
    let server = server();
    let body = json!([
        { "contentToValidate": BAD, "reportSyntax": "text/turtle" },
        { "contentToValidate": "<http://e/1> a <http://e/Ding> .", "reportSyntax": "application/n-triples" },
    ]);
    let answer = post(&server, "/api/validateMultiple", &body).await.json();
    assert_eq!(answer[0]["reportSyntax"], "text/turtle");
    assert_eq!(answer[1]["reportSyntax"], "application/n-triples");
    let report = answer[1]["report"].as_str().expect("base64");
    assert!(!report.contains(char::is_whitespace) && report.len() % 4 == 0);
    assert!(answer[0]["report"].as_str().map(str::len) > Some(report.len()));
    let domain = post(&server, "/shacl/adres/api/validateMultiple", &body).await;
    assert_eq!(domain.status, StatusCode::OK);
    let many: Vec<Json> = (0..101).map(|_| body[0].clone()).collect();
    post(&server, "/api/validateMultiple", &Json::Array(many))
        .await
        .assert_problem(400, "limit");
}

#[tokio::test]
async fn domains_and_types_are_told() {
    let server = server();
    let info = server.get("/api/info").await.json();
    insta::assert_snapshot!("test_bed_info", format!("{info:#}"));
    let domain = server.get("/shacl/applicatieprofielen/api/info").await;
    assert_eq!(domain.json(), info[0]);
    let one = server.get("/shacl/adres/api/info").await.json();
    assert_eq!(one["validationTypes"].as_array().map(Vec::len), Some(1));
    server
        .get("/shacl/elders/api/info")
        .await
        .assert_problem(404, "not-found");
}

#[tokio::test]
async fn what_cannot_be_done_is_said() {
    let server = server();
    let check = async |body: Json, status: u16, code: &str| {
        let answer = validate(&server, &body).await;
        let problem = answer.assert_problem(status, code);
        assert!(problem["message"].is_string(), "{problem:#}");
    };
    let url = "https://elders.example/adressen.ttl";
    check(
        json!({ "contentToValidate": url, "embeddingMethod": "URL" }),
        400,
        "fetch-refused",
    )
    .await;
    check(json!({ "contentToValidate": url }), 400, "fetch-refused").await;
    check(
        json!({ "contentToValidate": BAD, "externalRules": [{ "ruleSet": url, "embeddingMethod": "URL" }] }),
        400,
        "fetch-refused",
    )
    .await;
    check(json!({}), 400, "embedded-content").await;
    check(
        json!({ "contentToValidate": "*", "embeddingMethod": "BASE64" }),
        400,
        "embedded-content",
    )
    .await;
    check(
        json!({ "contentToValidate": BAD, "embeddingMethod": "FTP" }),
        400,
        "field-not-supported",
    )
    .await;
    check(
        json!({ "contentToValidate": BAD, "validationType": "x" }),
        400,
        "unknown-profile",
    )
    .await;
    check(
        json!({ "contentToValidate": BAD, "reportSyntax": "xml" }),
        400,
        "unknown-format",
    )
    .await;
    check(
        json!({ "contentToValidate": BAD, "reportQuery": "CONSTRUCT {} {}" }),
        400,
        "field-not-supported",
    )
    .await;
    check(
        json!({ "contentQuery": "CONSTRUCT {} {}", "contentQueryEndpoint": url }),
        400,
        "field-not-supported",
    )
    .await;
    check(
        json!({ "contentToValidate": "<a> <b>", "contentSyntax": "text/turtle" }),
        400,
        "parse-error",
    )
    .await;
    check(json!("tekst"), 400, "malformed").await;
    post(
        &server,
        "/api/bestaat-niet/validate",
        &json!({ "contentToValidate": BAD }),
    )
    .await
    .assert_problem(404, "not-found");
    let headers = [("content-type", "text/turtle")];
    let plain = request(Method::POST, "/api/validate", &headers, BAD);
    server
        .send(plain)
        .await
        .assert_problem(415, "unsupported-media-type");
    // Nesting is bounded by the reader.
    let deep = format!("{{\"externalRules\":{}", "[".repeat(5000));
    let headers = [("content-type", "application/json")];
    let deep = request(Method::POST, "/api/validate", &headers, &deep);
    server.send(deep).await.assert_problem(400, "malformed");
    let small = Server::with_config(ServerConfig {
        max_body_bytes: 100,
        ..ServerConfig::default()
    });
    let body = json!({ "contentToValidate": BAD.repeat(4) });
    validate(&small, &body)
        .await
        .assert_problem(413, "body-too-large");
}
