//! What is an item's own and what is not, and past versions of items.

use super::{document, send};
use crate::http::Server;
use axum::http::Method;
use serde_json::json;

const MERGE: (&str, &str) = ("content-type", "application/merge-patch+json");

/// Two addresses with one blank node between them, and a street that is shown with each.
const SHARED: &str = r#"
@prefix adr: <https://data.vlaanderen.be/ns/adres#> .
@prefix dct: <http://purl.org/dc/terms/> .
@base <https://data.vlaanderen.be/id/> .
<adres/1> a adr:Adres ; adr:huisnummer "1" ; adr:isVerrijktMet _:b , [ adr:volledigAdres "eigen"@nl ] .
<adres/2> a adr:Adres ; adr:huisnummer "2" ; adr:isVerrijktMet _:b .
_:b adr:volledigAdres "gedeeld"@nl .
<https://data.vlaanderen.be/.well-known/genid/adres/1/punt> dct:isPartOf <adres/1> .
"#;

#[tokio::test]
async fn what_others_share_stays() {
    let server = Server::empty().with_graph("adressen", SHARED);
    let other = document(&server, "/api/adressen/2").await;
    let mut one = document(&server, "/api/adressen/1").await;
    // The shared part is changed for this item alone.
    one["isVerrijktMet"][0]["volledigAdres"] = json!([{"@value": "nieuw", "@language": "nl"}]);
    let changed = send(
        &server,
        Method::PUT,
        "/api/adressen/1",
        &[],
        &one.to_string(),
    )
    .await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(document(&server, "/api/adressen/2").await, other);
    let gone = send(&server, Method::DELETE, "/api/adressen/1", &[], "").await;
    assert_eq!(gone.status, 200, "{}", gone.text());
    assert_eq!(document(&server, "/api/adressen/2").await, other);
    // A part that only pointed to the item went with it.
    let left = server
        .registry
        .snapshot()
        .view()
        .quads(None, None, None, None)
        .count();
    assert_eq!(left, 4);
    assert_eq!(
        server.get("/api/adressen/1").await.status,
        404,
        "memory keeps no log"
    );
}

#[tokio::test]
async fn patches_change_nothing_of_others() {
    let part = "<https://data.vlaanderen.be/.well-known/genid/gemeente/41027/naam> <http://www.w3.org/2000/01/rdf-schema#label> \"Herzele\"@nl , \"Herzelle\"@fr .
      <https://data.vlaanderen.be/id/adres/3> a <https://data.vlaanderen.be/ns/adres#Adres> ; <https://data.vlaanderen.be/ns/adres#huisnummer> \"3\" ;
        <https://data.vlaanderen.be/ns/adres#heeftGemeentenaam> <https://data.vlaanderen.be/.well-known/genid/gemeente/41027/naam> .";
    let server = Server::empty().with_graph("adressen", part);
    let seq = server.registry.snapshot().seq();
    for patch in [
        r#"{"heeftGemeentenaam": {"label": null}}"#,
        r#"{"heeftGemeentenaam": {"label": [{"@value": "Herzele", "@language": "nl"}]}}"#,
        r#"{"heeftGemeentenaam": {"label": [{"@value": "Anders", "@language": "nl"}]}}"#,
    ] {
        let refused = send(&server, Method::PATCH, "/api/adressen/3", &[MERGE], patch).await;
        let problem = refused.assert_problem(422, "other-subjects");
        assert_eq!(problem["fouten"][0]["naam"], "label", "{patch}");
    }
    assert_eq!(server.registry.snapshot().seq(), seq);
    let away = r#"{"heeftGemeentenaam": null}"#;
    let changed = send(&server, Method::PATCH, "/api/adressen/3", &[MERGE], away).await;
    assert_eq!(changed.json()["verwijderd"], 1, "{}", changed.text());
}

/// A register that keeps versions, because those of its graph are kept already.
#[tokio::test]
async fn past_versions_are_kept() {
    let known = "<http://register.test/graph/versies/adressen> <urn:oslo-registry:version:inverse> <urn:x> .";
    let server = Server::empty().with_graph("versies/adressen", known);
    let body = r#"{"huisnummer": "1", "isVerrijktMet": {"volledigAdres": "A 1"}, "identificator": {"gestructureerdeIdentificator":
      {"@type": "GestructureerdeIdentificator", "lokaleIdentificator": "1"}}}"#;
    let made = send(&server, Method::PUT, "/api/adressen/1", &[], body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let first = document(&server, "/api/adressen/1").await;
    let version = |json: &serde_json::Value| {
        let version =
            &json["identificator"][0]["gestructureerdeIdentificator"]["versieIdentificator"];
        version.as_str().expect("a moment").to_owned()
    };
    let from = version(&first);
    // Sent back as it was read it is still no change.
    let same = send(
        &server,
        Method::PUT,
        "/api/adressen/1",
        &[],
        &first.to_string(),
    )
    .await;
    assert_eq!(same.json()["gewijzigd"], false, "{}", same.text());
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let merge = r#"{"huisnummer": "2", "isVerrijktMet": [{"volledigAdres": "A 2"}]}"#;
    let changed = send(&server, Method::PATCH, "/api/adressen/1", &[MERGE], merge).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let now = document(&server, "/api/adressen/1").await;
    assert!(version(&now) > from, "{now}");
    let then = document(&server, &format!("/api/adressen/1?geldigOp={from}")).await;
    assert_eq!(
        (&then["huisnummer"], &then["isVerrijktMet"]),
        (&first["huisnummer"], &first["isVerrijktMet"])
    );
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let gone = send(&server, Method::DELETE, "/api/adressen/1", &[], "").await;
    assert_eq!(gone.status, 200, "{}", gone.text());
    assert_eq!(server.get("/api/adressen/1").await.status, 410);
    let then = document(&server, &format!("/api/adressen/1?geldigOp={from}")).await;
    assert_eq!(then["huisnummer"], "1");
}
