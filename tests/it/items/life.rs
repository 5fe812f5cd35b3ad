//! The life of an item: made, read, replaced, changed in part, taken away.

use super::{document, send};
use crate::http::{SHAPE, Server, TOKEN, request};
use axum::http::Method;
use serde_json::json;

const NEW: &str = r#"{"huisnummer": "12", "heeftStraatnaam": "https://data.vlaanderen.be/id/straatnaam/1",
  "isVerrijktMet": [{"@type": "Adresuitbreiding", "volledigAdres": [{"@value": "Dorpstraat 12, 9999 Testdorp", "@language": "nl"}]}]}"#;

#[tokio::test]
async fn an_item_lives() {
    let server = Server::new().with_graph("shapes/adres", SHAPE);
    // Plain JSON without context, class or id.
    let made = send(&server, Method::POST, "/api/adressen", &[], NEW).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.header("location"), "http://register.test/id/adres/12");
    assert_eq!(
        made.json()["item"],
        "https://data.vlaanderen.be/id/adres/12"
    );
    let path = "/api/adressen/12";
    let read = server.get(path).await;
    assert_eq!(read.header("etag"), made.header("etag"));
    let mut item = read.json();
    assert_eq!(item["@type"], "Adres");
    assert_eq!(
        item["isVerrijktMet"][0]["volledigAdres"][0]["@value"],
        "Dorpstraat 12, 9999 Testdorp"
    );
    // Sent back as it was read, it is the same, and nothing is committed.
    let before = server.registry.snapshot().seq();
    let same = send(&server, Method::PUT, path, &[], &item.to_string()).await;
    assert_eq!(same.status, 200, "{}", same.text());
    assert_eq!(same.json()["gewijzigd"], false);
    assert_eq!(same.header("etag"), read.header("etag"));
    assert_eq!(server.registry.snapshot().seq(), before);
    // Tried first, then done.
    item["busnummer"] = "3".into();
    let tried = send(
        &server,
        Method::PUT,
        &format!("{path}?dryRun=true"),
        &[],
        &item.to_string(),
    )
    .await;
    assert_eq!(
        (
            tried.json()["proef"].clone(),
            tried.json()["toegevoegd"].clone()
        ),
        (json!(true), json!(1))
    );
    assert_eq!(server.registry.snapshot().seq(), before);
    let changed = send(
        &server,
        Method::PUT,
        path,
        &[("prefer", "return=representation")],
        &item.to_string(),
    )
    .await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(
        changed.header("preference-applied"),
        "return=representation"
    );
    assert_eq!(
        changed.header("content-location"),
        "http://register.test/api/adressen/12"
    );
    assert_eq!(changed.json(), document(&server, path).await);
    assert_eq!(changed.json()["busnummer"], "3");
    // In part.
    let merge = [("content-type", "application/merge-patch+json")];
    let patched = send(
        &server,
        Method::PATCH,
        path,
        &merge,
        r#"{"busnummer": null, "huisnummer": "14"}"#,
    )
    .await;
    assert_eq!(patched.status, 200, "{}", patched.text());
    assert_eq!(
        (
            patched.json()["toegevoegd"].clone(),
            patched.json()["verwijderd"].clone()
        ),
        (json!(1), json!(2))
    );
    let operations = [
        ("content-type", "application/json-patch+json"),
        ("prefer", "return=minimal"),
    ];
    let patch = r#"[{"op": "test", "path": "/huisnummer", "value": "14"}, {"op": "replace", "path": "/huisnummer", "value": "16"}]"#;
    let patched = send(&server, Method::PATCH, path, &operations, patch).await;
    assert_eq!((patched.status.as_u16(), patched.text()), (204, ""));
    let item = document(&server, path).await;
    assert_eq!(
        (item["huisnummer"].clone(), item.get("busnummer")),
        (json!("16"), None)
    );
    // Away, with its parts.
    let gone = send(&server, Method::DELETE, path, &[], "").await;
    assert_eq!(gone.status, 200, "{}", gone.text());
    let quads = server.registry.snapshot().view();
    assert_eq!(quads.quads(None, None, None, None).count(), {
        let fresh = Server::new().with_graph("shapes/adres", SHAPE);
        fresh
            .registry
            .snapshot()
            .view()
            .quads(None, None, None, None)
            .count()
    });
    let authorization = format!("Bearer {TOKEN}");
    let again = server
        .send(request(
            Method::DELETE,
            path,
            &[("authorization", &authorization)],
            "",
        ))
        .await;
    assert!(
        [404, 410].contains(&again.status.as_u16()),
        "{}",
        again.text()
    );
    // A number is not given twice.
    let next = send(&server, Method::POST, "/api/adressen", &[], NEW).await;
    assert_eq!(next.header("location"), "http://register.test/id/adres/13");
}

#[tokio::test]
async fn shapes_judge_and_the_place_is_told() {
    let server = Server::new().with_graph("shapes/adres", SHAPE);
    let two = r#"{"@type": "Adres", "huisnummer": ["1", "2"]}"#;
    let refused = send(&server, Method::PUT, "/api/adressen/77", &[], two).await;
    let problem = refused.assert_problem(422, "shapes-violated");
    assert_eq!(problem["fouten"][0]["wijzer"], "/huisnummer/0");
    assert_eq!(problem["fouten"][0]["naam"], "huisnummer");
    let report = send(
        &server,
        Method::PUT,
        "/api/adressen/77",
        &[("accept", "text/turtle")],
        two,
    )
    .await;
    assert_eq!(
        (report.status.as_u16(), report.header("content-type")),
        (422, "text/turtle; charset=utf-8")
    );
    assert_eq!(server.get("/api/adressen/77").await.status, 404);
    let created = send(
        &server,
        Method::PUT,
        "/api/adressen/77",
        &[],
        r#"{"huisnummer": "1"}"#,
    )
    .await;
    assert_eq!(created.status, 201, "{}", created.text());
    let turtle = [("content-type", "text/turtle")];
    let body = "<> a <https://data.vlaanderen.be/ns/adres#Adres> ; <https://data.vlaanderen.be/ns/adres#huisnummer> \"78\" .";
    let created = send(&server, Method::POST, "/api/adressen", &turtle, body).await;
    assert_eq!(
        created.header("location"),
        "http://register.test/id/adres/78",
        "{}",
        created.text()
    );
}
