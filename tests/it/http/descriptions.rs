//! The descriptions of the service and of the data.

use super::{BASE, Server, request};
use axum::http::{Method, StatusCode};
use oslo_registry::http::ServerConfig;
use oslo_registry::store::OpenOptions;

#[tokio::test]
async fn the_service_describes_itself() {
    let server = Server::new().with_graph("extra", "<http://e/a> <http://e/p> 1 .");
    let answer = server.get_as("/sparql", "text/turtle").await;
    insta::assert_snapshot!("service_description", answer.snapshot());
    assert_eq!(
        server.get("/sparql").await.body,
        answer.body,
        "the same words each time"
    );
    let list = server.get_as("/rdf-graphs", "text/turtle").await;
    assert_eq!(list.body, answer.body);
}

#[tokio::test]
async fn a_server_that_takes_no_updates_does_not_offer_them() {
    let server = Server::with_config(ServerConfig::default());
    let answer = server.get_as("/sparql", "text/turtle").await;
    assert!(answer.text().contains("sd:SPARQL11Query"));
    assert!(!answer.text().contains("SPARQL11Update"));
}

#[tokio::test]
async fn the_data_are_described_in_figures() {
    let server = Server::new().with_graph("extra", "<http://e/a> a <http://e/K> .");
    let path = "/.well-known/void";
    let answer = server.get_as(path, "text/turtle").await;
    insta::assert_snapshot!("void_whole", answer.snapshot());
    for accept in [
        "application/ld+json",
        "application/n-triples",
        "application/rdf+xml",
    ] {
        let answer = server.get_as(path, accept).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.header("content-type").starts_with(accept));
    }
    server
        .get_as(path, "image/png")
        .await
        .assert_problem(406, "not-acceptable");
    let head = server.send(request(Method::HEAD, path, &[], "")).await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
}

#[tokio::test]
async fn each_graph_has_figures_of_its_own() {
    let server = Server::new().with_graph("extra", "<http://e/a> a <http://e/K> .");
    let path = format!("/.well-known/void?graph={BASE}/graph/extra");
    let answer = server.get_as(&path, "text/turtle").await;
    insta::assert_snapshot!("void_graph", answer.snapshot());
    server
        .get("/.well-known/void?graph=http://e/onbekend")
        .await
        .assert_problem(404, "not-found");
}

#[tokio::test]
async fn earlier_states_have_figures_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::in_folder(folder.path(), OpenOptions::default())
        .with_graph("een", "<http://e/a> a <http://e/K> .")
        .with_graph("twee", "<http://e/a> a <http://e/K> .");
    let path = format!("/.well-known/void?graph={BASE}/graph/twee");
    assert_eq!(server.get(&path).await.status, StatusCode::OK);
    server
        .get(&format!("{path}&asOf=1"))
        .await
        .assert_problem(404, "not-found");
    let then = server.get("/.well-known/void?asOf=1").await;
    assert_eq!(then.header("x-commit"), "1");
    assert!(!then.text().contains("graph/twee"), "{}", then.text());
}
