//! Pages against the rules of TREE and LDES (`tests/feeds/tree.ttl`): by our engine here, by pySHACL and rdflib where
//! `make feeds-replicate` installed them.

use super::replicated::{endpoint, try_program};
use super::{addresses, all_pages};
use crate::http::{Server, request};
use axum::http::Method;
use oxrdf::GraphName;
use oxrdfio::{RdfFormat, RdfParser};
use serde_json::json;

const RULES: &str = include_str!("../../feeds/tree.ttl");

/// The statements of a page that are in no graph of their own, as N-Triples.
fn default_graph(text: &str) -> String {
    let parser = RdfParser::from_format(RdfFormat::NQuads).for_slice(text);
    let quads = parser.map(|quad| quad.expect("N-Quads"));
    let kept = quads.filter(|quad| quad.graph_name == GraphName::DefaultGraph);
    kept.map(|quad| format!("{} {} {} .\n", quad.subject, quad.predicate, quad.object))
        .collect()
}

async fn judge(judge: &Server, page: &str) -> serde_json::Value {
    let body = json!({
        "contentToValidate": page, "contentSyntax": "text/turtle", "embeddingMethod": "STRING",
        "reportSyntax": "application/json", "locale": "en",
        "externalRules": [{ "ruleSyntax": "text/turtle", "embeddingMethod": "STRING", "ruleSet": RULES }],
    });
    let headers = [("content-type", "application/json")];
    let asked = request(Method::POST, "/api/validate", &headers, &body.to_string());
    judge.send(asked).await.json()
}

#[tokio::test]
async fn pages_keep_the_rules_by_our_engine() {
    let server = Server::empty();
    server.load("adressen", addresses(260).as_bytes());
    server.load("adressen", addresses(263).as_bytes());
    let validator = Server::empty();
    for format in ["nq", "nt"] {
        let pages = all_pages(&server, "adressen", format).await;
        assert_eq!(pages.len(), 3);
        for (address, page) in pages {
            let text = match format {
                "nq" => default_graph(page.text()),
                _ => page.text().to_owned(),
            };
            let report = judge(&validator, &text).await;
            assert_eq!(report["result"], "SUCCESS", "{address}: {report:#}");
            // The rules find what is broken.
            let broken = text.replace("Z\"^^", "\"^^");
            if broken != text {
                assert_eq!(
                    judge(&validator, &broken).await["result"],
                    "FAILURE",
                    "{address}"
                );
            }
        }
    }
}

#[test]
fn rdflib_reads_all_pages_and_pyshacl_finds_nothing_wrong() {
    let Some(folder) = super::replicated::feeds() else {
        return;
    };
    let endpoint = endpoint(300);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/feeds/pages.py");
    let python = folder.join("venv/bin/python");
    try_program(&endpoint, &python, &["-W", "ignore", script], &[]);
}
