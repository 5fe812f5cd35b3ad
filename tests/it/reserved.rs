//! Graphs of declared sources are written by their source alone, whichever way anybody else takes.

use super::http::{Server, TOKEN, request};
use super::oslo::{output, run, stderr};
use axum::http::Method;
use oslo_registry::registry::{DeclaredSource, SourceKind};
use std::fs;

const UPDATE: &str = "application/sparql-update";

#[tokio::test]
async fn no_route_of_the_server_writes_to_them() {
    let server = Server::new();
    let registry = &server.registry;
    let graph = registry.graph_iri("bron/hinder");
    let location = "https://data.example/hinder";
    let source = DeclaredSource::new("hinder", SourceKind::Ldes, location, graph);
    // Something is there already, so that there is something to take away.
    for graph in ["bron/hinder", "herkomst/hinder"] {
        let path = format!("/graph/{graph}");
        let put = server
            .write(Method::PUT, &path, "text/turtle", "<urn:a> <urn:p> 1 .")
            .await;
        assert_eq!(put.status, 201, "{}", put.text());
    }
    registry.declare_source(&source).expect("declared");
    let before = registry.snapshot().seq();
    for graph in [
        "bron/hinder",
        "bron/hinder/afgeleid",
        "herkomst/hinder",
        "beheer/bronnen",
    ] {
        let iri = registry.graph_iri(graph);
        let iri = iri.as_str();
        let path = format!("/graph/{graph}");
        let indirect = format!("/rdf-graphs?graph={iri}");
        let insert = format!("INSERT DATA {{ GRAPH <{iri}> {{ <urn:b> <urn:p> 2 }} }}");
        let form = format!(
            "update={}",
            oslo_registry::views::html::percent_encode(&insert)
        );
        let turtle = "<urn:b> <urn:p> 2 .";
        let own = "INSERT DATA { <urn:b> <urn:p> 2 }";
        let mut answers = vec![
            server
                .write(Method::PUT, &path, "text/turtle", turtle)
                .await,
            server
                .write(Method::POST, &path, "text/turtle", turtle)
                .await,
            server.write(Method::PATCH, &path, UPDATE, own).await,
            server
                .write(Method::PUT, &indirect, "text/turtle", turtle)
                .await,
            server
                .write(Method::POST, &indirect, "text/turtle", turtle)
                .await,
            server
                .write(Method::POST, "/sparql/update", UPDATE, &insert)
                .await,
            server.write(Method::POST, "/sparql", UPDATE, &insert).await,
            server
                .write(
                    Method::POST,
                    "/sparql/update",
                    "application/x-www-form-urlencoded",
                    &form,
                )
                .await,
            server
                .write(Method::POST, "/sparql/update?dryRun=true", UPDATE, &insert)
                .await,
        ];
        if !graph.ends_with("afgeleid") {
            let away = format!("DROP GRAPH <{iri}>");
            let authorization = format!("Bearer {TOKEN}");
            let headers = [("authorization", authorization.as_str())];
            answers.push(
                server
                    .send(request(Method::DELETE, &path, &headers, ""))
                    .await,
            );
            answers.push(
                server
                    .write(Method::POST, "/sparql/update", UPDATE, &away)
                    .await,
            );
            answers.push(
                server
                    .write(Method::POST, "/sparql/update", UPDATE, "CLEAR ALL")
                    .await,
            );
        }
        for answer in answers {
            let problem = answer.assert_problem(403, "source-graph");
            assert!(problem["graaf"].is_string(), "{problem}");
        }
        assert_eq!(registry.snapshot().seq(), before, "{graph}");
    }
    let free = server
        .write(
            Method::PUT,
            "/graph/bron/ander",
            "text/turtle",
            "<urn:a> <urn:p> 1 .",
        )
        .await;
    assert_eq!(free.status, 201, "{}", free.text());
    registry.forget_source("hinder").expect("forgotten");
    let after = server
        .write(
            Method::PUT,
            "/graph/bron/hinder",
            "text/turtle",
            "<urn:b> <urn:p> 2 .",
        )
        .await;
    assert_eq!(after.status, 200, "{}", after.text());
}

#[test]
fn no_command_writes_to_them_unless_it_is_meant() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, file) = (folder.path().join("data"), folder.path().join("a.ttl"));
    fs::write(&file, "<urn:a> <urn:p> 1 .").expect("room");
    let file = file.to_str().expect("a path");
    output(&data, ["source", "add", "wijken", file]);
    output(&data, ["source", "run", "wijken"]);
    let graph = "http://127.0.0.1:7400/graph/bron/wijken";
    let more = folder.path().join("b.ttl");
    fs::write(&more, "<urn:b> <urn:p> 2 .").expect("room");
    let quads = folder.path().join("b.nq");
    fs::write(&quads, format!("<urn:b> <urn:p> \"3\" <{graph}> .\n")).expect("room");
    let (more, quads) = (
        more.to_str().expect("a path"),
        quads.to_str().expect("a path"),
    );
    let insert = format!("INSERT DATA {{ GRAPH <{graph}> {{ <urn:b> <urn:p> 4 }} }}");
    for (refused, code) in [
        (run(&data, ["load", "--graph", graph, more]), 1),
        (run(&data, ["load", "--replace", "--graph", graph, more]), 1),
        (run(&data, ["load", quads]), 1),
        (run(&data, ["update", &insert]), 2),
        (
            run(
                &data,
                [
                    "harvest",
                    "ldes",
                    "file:///dev/null",
                    "--graph",
                    graph,
                    "--once",
                ],
            ),
            1,
        ),
    ] {
        assert_eq!(refused.status.code(), Some(code), "{}", stderr(&refused));
    }
    let told = stderr(&run(&data, ["load", "--graph", graph, more]));
    assert!(
        told.contains("P036") && told.contains("source wijken"),
        "{told}"
    );
    let told = stderr(&run(&data, ["update", &insert]));
    assert!(told.contains("oslo source remove wijken"), "{told}");
    let told = stderr(&run(&data, ["--lang", "nl", "update", &insert]));
    assert!(told.contains("alleen die bron schrijft erin"), "{told}");
    let ran = output(&data, ["source", "run", "wijken"]);
    assert!(ran.contains("unchanged"), "nobody wrote: {ran}");
    output(&data, ["update", "--force", &insert]);
    output(&data, ["load", "--force", quads]);
    let ran = output(&data, ["source", "run", "wijken"]);
    assert!(ran.contains("+0\t-2"), "the source sets it right: {ran}");
    output(&data, ["source", "remove", "wijken"]);
    output(&data, ["update", &insert]);
}
