//! Collections: pages by key, declared filters, the envelope.

use super::{BASE, Server};
use axum::http::StatusCode;
use serde_json::Value as Json;

/// Local part of a path below the base.
fn below(address: &Json) -> String {
    address
        .as_str()
        .and_then(|address| address.strip_prefix(BASE))
        .expect("an address of ours")
        .to_owned()
}

fn ids(page: &Json) -> Vec<String> {
    page["data"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| {
            item["@id"]
                .as_str()
                .and_then(|iri| iri.rsplit('/').next())
                .expect("an IRI")
                .to_owned()
        })
        .collect()
}

#[tokio::test]
async fn a_collection_is_an_envelope_with_declared_items() {
    let server = Server::new();
    let answer = server.get("/api/adressen").await;
    assert_eq!(answer.header("content-type"), "application/ld+json");
    insta::assert_snapshot!("collection_jsonld", answer.snapshot());
    assert_eq!(ids(&answer.json()), ["9", "10", "11"]);
    assert!(
        answer
            .links()
            .iter()
            .any(|link| link.contains("rel=\"describedby\""))
    );
    let page = server
        .get_as("/api/adressen?straatnaam=Dorpstraat", "text/html")
        .await;
    insta::assert_snapshot!("collection_page", page.snapshot());
    for format in ["ttl", "nt", "rdf", "json"] {
        assert_eq!(
            server
                .get(&format!("/api/adressen?format={format}"))
                .await
                .status,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn filters_are_the_declared_ones() {
    let server = Server::new();
    for (query, expected) in [
        ("status=inGebruik", vec!["9", "11"]),
        ("straatnaamObjectId=1", vec!["9", "10"]),
        ("straatnaam=rue%20du%20village", vec!["9", "10"]),
        ("huisnummer=3&status=inGebruik", vec!["11"]),
        ("huisnummer=&status=", vec!["9", "10", "11"]),
        ("huisnummer=onbekend", vec![]),
    ] {
        let page = server.get(&format!("/api/adressen?{query}")).await.json();
        assert_eq!(ids(&page), expected, "{query}");
        assert_eq!(page["totaal"], expected.len());
    }
    let answer = server.get("/api/adressen?kleur=rood").await;
    let problem = answer.assert_problem(400, "unknown-filter");
    assert!(
        problem["filters"]
            .as_array()
            .is_some_and(|list| list.contains(&"straatnaam".into()))
    );
    insta::assert_snapshot!("problem_unknown_filter", answer.snapshot());
    for limit in ["0", "501", "x", "-1"] {
        server
            .get(&format!("/api/adressen?limit={limit}"))
            .await
            .assert_problem(400, "limit");
    }
    server
        .get("/api/onbekend")
        .await
        .assert_problem(404, "not-found");
}

#[tokio::test]
async fn pages_follow_each_other_under_writes() {
    let addresses: String = (1..=25)
        .map(|n| format!("<https://data.vlaanderen.be/id/adres/{}> a <https://data.vlaanderen.be/ns/adres#Adres> ; <https://data.vlaanderen.be/ns/adres#huisnummer> \"1\" .\n", n * 10))
        .collect();
    let server = Server::empty().with_graph("adressen", &addresses);
    let mut path = "/api/adressen?limit=10&huisnummer=1".to_owned();
    let mut seen = Vec::new();
    let mut pages = 0;
    loop {
        let answer = server.get(&path).await;
        let page = answer.json();
        seen.extend(ids(&page));
        pages += 1;
        // Between pages: one item before the key, one after.
        let turtle = format!(
            "<https://data.vlaanderen.be/id/adres/{}> a <https://data.vlaanderen.be/ns/adres#Adres> ; <https://data.vlaanderen.be/ns/adres#huisnummer> \"1\" .
             <https://data.vlaanderen.be/id/adres/{}> a <https://data.vlaanderen.be/ns/adres#Adres> ; <https://data.vlaanderen.be/ns/adres#huisnummer> \"1\" .",
            pages,
            240 + pages,
        );
        server.load("adressen", turtle.as_bytes());
        match page.get("volgende") {
            Some(next) => {
                assert!(
                    answer
                        .links()
                        .iter()
                        .any(|link| link.contains("rel=\"next\""))
                );
                path = below(next);
                assert!(
                    path.contains("limit=10") && path.contains("huisnummer=1"),
                    "{path}"
                );
            }
            None => break,
        }
    }
    let numbers: Vec<u64> = seen
        .iter()
        .map(|id| id.parse().expect("a number"))
        .collect();
    assert!(
        numbers.windows(2).all(|pair| pair[0] < pair[1]),
        "sorted, none twice: {numbers:?}"
    );
    assert!(
        (1..=25).all(|n| numbers.contains(&(n * 10))),
        "none missing: {numbers:?}"
    );
    assert!(pages >= 3);
}

#[tokio::test]
async fn one_item_is_the_document_of_its_resource() {
    let server = Server::new();
    let item = server.get("/api/adressen/9").await;
    let document = server.get("/doc/adres/9").await;
    assert_eq!(item.body, document.body);
    server
        .get("/api/adressen/404")
        .await
        .assert_problem(404, "not-found");
    server
        .get("/api/onbekend/1")
        .await
        .assert_problem(404, "not-found");
    let list = server.get("/api").await.json();
    let addresses = list["registers"]
        .as_array()
        .and_then(|list| list.iter().find(|register| register["naam"] == "adressen"))
        .expect("declared")
        .clone();
    assert_eq!(addresses["totaal"], 3);
}

/// Addresses with all that orders, ranges and boxes look at.
const PLACES: &str = r#"
@prefix adr: <https://data.vlaanderen.be/ns/adres#> .
@prefix adms: <http://www.w3.org/ns/adms#> .
@prefix gen: <https://data.vlaanderen.be/ns/generiek#> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix locn: <http://www.w3.org/ns/locn#> .
@base <https://data.vlaanderen.be/id/> .
<adres/9> adms:identifier [ gen:gestructureerdeIdentificator [ gen:versieIdentificator "2024-03-01T10:00:00+01:00" ] ] ;
  adr:positie [ locn:geometry [ geo:asWKT "<http://www.opengis.net/def/crs/EPSG/0/31370> POINT(104000 193000)"^^geo:wktLiteral ] ] .
<adres/10> adms:identifier [ gen:gestructureerdeIdentificator [ gen:versieIdentificator "2024-05-01T10:00:00+02:00" ] ] ;
  adr:positie [ locn:geometry [ geo:asWKT "<http://www.opengis.net/def/crs/EPSG/0/31370> POINT(105000 194000)"^^geo:wktLiteral ] ] .
<straatnaam/1> gen:gelegenIn <gemeente/99999> .
"#;

fn places() -> Server {
    Server::new().with_graph("plaatsen", PLACES)
}

#[tokio::test]
async fn items_come_in_declared_orders_from_any_place() {
    let server = places();
    for (query, expected) in [
        ("sort=huisnummer", vec!["11", "9", "10"]),
        ("sort=-huisnummer", vec!["10", "9", "11"]),
        ("sort=-straatnaam,huisnummer", vec!["11", "9", "10"]),
        ("sort=status,-id", vec!["11", "9", "10"]),
        ("sort=versie", vec!["9", "10", "11"]),
        // A key given again says nothing new.
        ("sort=-huisnummer,huisnummer", vec!["10", "9", "11"]),
        ("sort=-id", vec!["11", "10", "9"]),
        ("offset=1", vec!["10", "11"]),
        ("offset=3", vec![]),
        ("offset=1&sort=huisnummer&limit=1", vec!["9"]),
        ("versieVan=2024-04-01", vec!["10"]),
        ("versieTot=2024-03-01", vec!["9"]),
        ("versie=2024-04-01&versieTot=2024-03-01", vec![]),
        ("gewijzigdSinds=2024-05-01T08:00:00Z", vec!["10"]),
        ("officieelToegekend=true", vec!["9"]),
        ("heeftBusnummer=false&sort=-id", vec!["11", "9"]),
        (
            "bbox=103999,192999,104001,193001&bbox-crs=EPSG:31370",
            vec!["9"],
        ),
        ("bbox=3.6,51.0,3.8,51.2", vec!["9", "10"]),
        ("bbox=51.0,3.6,51.2,3.8&bbox-crs=EPSG:4326", vec!["9", "10"]),
        ("bbox=4.6,51.0,4.8,51.2", vec![]),
        // Far from what the systems of the geometries reach.
        ("bbox=4.6,51.0,4.8,51.2&bbox-crs=EPSG:4326", vec![]),
    ] {
        let page = server.get(&format!("/api/adressen?{query}")).await.json();
        assert_eq!(ids(&page), expected, "{query}");
    }
    // Pages follow each other in every order, whatever they select.
    for sort in ["huisnummer", "-straatnaam", "busnummer", "-versie,status"] {
        let all = server
            .get(&format!("/api/adressen?sort={sort}"))
            .await
            .json();
        let mut path = format!("/api/adressen?sort={sort}&limit=1&fields=huisnummer&count=false");
        let mut seen = Vec::new();
        loop {
            let page = server.get(&path).await.json();
            assert!(page.get("totaal").is_none());
            seen.extend(ids(&page));
            match page.get("volgende") {
                Some(next) => path = below(next),
                None => break,
            }
        }
        assert_eq!(seen, ids(&all), "{sort}");
    }
}

#[tokio::test]
async fn documents_show_what_is_selected() {
    let server = places();
    for (name, path) in [
        (
            "selected_fields",
            "/api/adressen?fields=huisnummer,positie.geometrie&limit=1",
        ),
        (
            "selected_expanded",
            "/api/adressen/9?fields=huisnummer,heeftStraatnaam&expand=heeftStraatnaam&lang=fr,nl",
        ),
        (
            "selected_below_a_link",
            "/api/adressen?sort=-id&fields=heeftStraatnaam.label&lang=nl&count=false",
        ),
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        insta::assert_snapshot!(name, answer.snapshot());
    }
    // All forms show the same.
    let turtle = server
        .get("/api/adressen?fields=huisnummer&format=nt")
        .await;
    assert_eq!(turtle.text().lines().count(), 6, "{}", turtle.text());
    let whole = server.get("/api/adressen/9").await;
    let part = server.get("/api/adressen/9?fields=huisnummer").await;
    assert_ne!(whole.header("etag"), part.header("etag"));
}

#[tokio::test]
async fn every_wrong_parameter_is_named() {
    let server = places();
    let mut told = String::new();
    for query in [
        "sort=kleur",
        "sort=huisnummer,status,versie,straatnaam",
        "fields=kleur",
        "fields=positie.geometrie.a.b.c.d.e",
        "expand=heeftStraatnaam.a.b.c",
        "lang=nederlands!",
        "count=ja",
        "offset=-1",
        "offset=veel",
        "limit=0",
        "limit=501",
        "bbox=1,2,3",
        "bbox=4,51,3,50",
        "bbox=3,50,4,51&bbox-crs=EPSG:28992",
        "bbox-crs=EPSG:28992",
        "gewijzigdSinds=gisteren",
        "versieVan=ooit",
        "versie=2024-04-01&versieVan=ooit",
        "officieelToegekend=misschien",
        "heeftBusnummer=1",
        "na=a,b&sort=huisnummer,-versie,status",
        "sort=id&sort=huisnummer",
        "huisnummer.van=1",
        "kleur=rood",
        "format=pdf",
    ] {
        let answer = server.get(&format!("/api/adressen?{query}")).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{query}: {}",
            answer.text()
        );
        let problem = answer.json();
        let detail = problem["detail"].as_str().expect("a text");
        let short: String = detail.chars().take(160).collect();
        told.push_str(&format!(
            "{query}\n  {} {}: {short}\n",
            problem["code"].as_str().expect("a code"),
            problem["parameter"],
        ));
    }
    for query in ["fields=kleur", "sort=huisnummer", "expand=a", "lang=-"] {
        let answer = server.get(&format!("/api/adressen/9?{query}")).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{query}: {}",
            answer.text()
        );
        let problem = answer.json();
        told.push_str(&format!(
            "/9?{query}\n  {} {}\n",
            problem["code"], problem["parameter"]
        ));
    }
    insta::assert_snapshot!("wrong_parameters", told);
    server
        .get("/api/organisaties?bbox=3,50,4,51")
        .await
        .assert_problem(400, "bad-parameter");
}
