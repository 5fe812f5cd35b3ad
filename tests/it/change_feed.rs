//! The change feed as those who poll it see it: what each address answers, that full pages stay, that what is not public is
//! not there, and that our own harvester makes the same items of it.

mod copied;
mod judged;

use crate::http::{Answer, BASE, Server, TOKEN, request};
use axum::http::{Method, StatusCode};
use serde_json::Value as Json;

const FEED: &str = "/v3/feeds/wijzigingen/adressen";
const BATCH: &str = "application/cloudevents-batch+json";

async fn update(server: &Server, text: &str) {
    let text = format!(
        "PREFIX adr: <https://data.vlaanderen.be/ns/adres#> PREFIX gen: <https://data.vlaanderen.be/ns/generiek#> \
         PREFIX adms: <http://www.w3.org/ns/adms#> PREFIX prov: <http://www.w3.org/ns/prov#> \
         PREFIX geo: <http://www.opengis.net/ont/geosparql#> PREFIX locn: <http://www.w3.org/ns/locn#> \
         PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> \
         PREFIX g: <http://register.test/graph/> PREFIX id: <https://data.vlaanderen.be/id/> {text}"
    );
    let kind = "application/sparql-update";
    let done = server
        .write(Method::POST, "/sparql/update", kind, &text)
        .await;
    assert!(done.status.is_success(), "{}", done.text());
}

/// An address that comes, changes in its own words and in a part of it, and goes; a street; an organisation.
async fn server() -> Server {
    let server = Server::empty();
    // A registry in memory has no log: what was before somebody asked is there as one commit.
    assert_eq!(server.get(FEED).await.status, StatusCode::OK);
    update(
        &server,
        "INSERT DATA { GRAPH g:adressen { <https://data.vlaanderen.be/id/adres/60> a adr:Adres ; adr:huisnummer \"42\" ;
           adr:officieelToegekend true ; adr:heeftStraatnaam <https://data.vlaanderen.be/id/straatnaam/7> ;
           adr:Adres.status <https://data.vlaanderen.be/id/concept/adresstatus/voorgesteld> ;
           prov:wasAttributedTo <https://data.vlaanderen.be/id/gemeente/99999> ;
           adms:identifier [ gen:gestructureerdeIdentificator [ gen:versieIdentificator \"2026-01-31T10:00:00+01:00\" ] ] ;
           adr:positie [ a gen:GeografischePositie ; gen:methode <https://data.vlaanderen.be/id/concept/geometriemethode/afgeleidVanObject> ;
             locn:geometry [ geo:asWKT \"<http://www.opengis.net/def/crs/EPSG/0/31370> POINT (141252.7 182279.1)\"^^geo:wktLiteral ] ] } }",
    )
    .await;
    update(
        &server,
        "DELETE { GRAPH g:adressen { ?a adr:Adres.status ?s } } INSERT { GRAPH g:adressen { ?a adr:busnummer \"A\" ;
           adr:Adres.status <https://data.vlaanderen.be/id/concept/adresstatus/inGebruik> } } WHERE { GRAPH g:adressen { ?a adr:Adres.status ?s } }",
    )
    .await;
    update(
        &server,
        "DELETE { GRAPH g:adressen { ?p gen:methode ?m } } WHERE { GRAPH g:adressen { ?p gen:methode ?m } }",
    )
    .await;
    update(
        &server,
        "INSERT DATA { GRAPH g:straatnamen { <https://data.vlaanderen.be/id/straatnaam/7> a adr:Straatnaam ;
           rdfs:label \"Dorpstraat\"@nl, \"Rue du Village\"@fr } }",
    )
    .await;
    update(
        &server,
        "INSERT DATA { GRAPH g:organisaties { <https://data.vlaanderen.be/id/organisatie/OVO000060>
           a <http://www.w3.org/ns/org#Organization> ; skos:prefLabel \"Proefdienst\"@nl } }",
    )
    .await;
    update(
        &server,
        "DELETE { GRAPH g:adressen { ?s ?p ?o } } WHERE { GRAPH g:adressen { ?s ?p ?o } }",
    )
    .await;
    server
}

/// Without moments, which differ each time.
fn steady(answer: &Answer) -> String {
    let text = format!("{:#}", answer.json());
    let moment =
        regex::Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z").expect("a pattern");
    moment.replace_all(&text, "[moment]").into_owned()
}

fn addresses(from: usize, count: usize) -> String {
    (from..from + count)
        .map(|n| format!("<https://data.vlaanderen.be/id/adres/{n}> a <https://data.vlaanderen.be/ns/adres#Adres> .\n"))
        .collect()
}

fn ids(page: &Answer) -> Vec<String> {
    let page = page.json();
    let events = page.as_array().expect("a list").iter();
    events
        .map(|event| event["id"].as_str().expect("a text").to_owned())
        .collect()
}

#[tokio::test]
async fn events_are_in_the_shape_of_the_base_registries() {
    let server = server().await;
    for register in ["adressen", "straatnamen", "organisaties"] {
        let page = server
            .get(&format!("/v3/feeds/wijzigingen/{register}"))
            .await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        assert_eq!(page.header("content-type"), BATCH);
        assert_eq!(page.header("x-page-complete"), "false");
        insta::assert_snapshot!(format!("page_{register}"), steady(&page));
    }
    let all = server.get(FEED).await.json();
    let one = server.get(&format!("{FEED}/60")).await;
    assert_eq!(one.json(), all);
    let some = server
        .get(&format!("{FEED}/60?offset=1&limit=2"))
        .await
        .json();
    assert_eq!(
        some.as_array().map(Vec::as_slice),
        Some(&all.as_array().expect("a list")[1..3])
    );
    let plain = server.get_as(FEED, "application/json").await;
    assert_eq!(plain.header("content-type"), "application/json");
    assert_eq!(plain.json(), all);
    server
        .get_as(FEED, "text/turtle")
        .await
        .assert_problem(406, "not-acceptable");
}

#[tokio::test]
async fn full_pages_never_change_and_the_last_one_is_asked_for_again() {
    let server = Server::empty();
    server.get(FEED).await;
    server.load("adressen", addresses(1, 250).as_bytes());
    let first = server.get(FEED).await;
    assert_eq!(ids(&first).len(), 100);
    assert_eq!(first.header("x-page-complete"), "true");
    assert_eq!(
        first.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(first.header("access-control-allow-origin"), "*");
    assert!(
        first
            .header("access-control-expose-headers")
            .contains("x-page-complete")
    );
    let last = server.get(&format!("{FEED}?pagina=3")).await;
    assert_eq!(ids(&last).len(), 50);
    assert_eq!(last.header("x-page-complete"), "false");
    assert_eq!(last.header("cache-control"), "public, max-age=0");
    let again = |page: &str, etag: &str| request(Method::GET, page, &[("if-none-match", etag)], "");
    for (page, answer) in [
        (FEED.to_owned(), &first),
        (format!("{FEED}?pagina=3"), &last),
    ] {
        let same = server.send(again(&page, answer.header("etag"))).await;
        assert_eq!(same.status, StatusCode::NOT_MODIFIED);
        assert_eq!(
            same.header("x-page-complete"),
            answer.header("x-page-complete")
        );
        let head = server.send(request(Method::HEAD, &page, &[], "")).await;
        assert_eq!(head.header("etag"), answer.header("etag"));
        assert!(head.body.is_empty());
    }
    // Beyond the end there is nothing yet.
    for page in ["4", "99", "18446744073709551615", "99999999999999999999999"] {
        let beyond = server.get(&format!("{FEED}?pagina={page}")).await;
        assert_eq!(
            (beyond.status, ids(&beyond).len()),
            (StatusCode::OK, 0),
            "{page}"
        );
        assert_eq!(beyond.header("x-page-complete"), "false");
    }
    server.load("adressen", addresses(251, 50).as_bytes());
    let filled = server
        .send(again(&format!("{FEED}?pagina=3"), last.header("etag")))
        .await;
    assert_eq!(filled.header("x-page-complete"), "true");
    assert_eq!(ids(&filled)[..50], ids(&last));
    assert_eq!(server.get(FEED).await.body, first.body);
    assert_eq!(
        server.get(&format!("{FEED}?pagina=1")).await.header("etag"),
        first.header("etag")
    );
    let all: Vec<u64> = [
        &first,
        &server.get(&format!("{FEED}?pagina=2")).await,
        &filled,
    ]
    .into_iter()
    .flat_map(ids)
    .map(|id| id.parse().expect("a number"))
    .collect();
    assert!(all.is_sorted_by(|a, b| a < b));
    assert_eq!(all.len(), 300);
}

#[tokio::test]
async fn positions_lead_to_pages() {
    let server = Server::empty();
    server.get(FEED).await;
    server.load("adressen", addresses(1, 150).as_bytes());
    server.load("adressen", addresses(151, 100).as_bytes());
    let position = async |asked: &str| -> Json {
        let answer = server
            .get(&format!("/v3/feeds/posities?register=adressen&{asked}"))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()
    };
    let second = position("feed=1").await;
    insta::assert_snapshot!("position", format!("{second:#}"));
    assert_eq!(position("download=1").await, second);
    assert_eq!(position("wijzigingFeedId=100000149").await, second);
    assert_eq!(position("wijzigingFeedId=100999999").await, second);
    assert_eq!(position("feed=2").await["wijzigingenFeedPagina"], 3);
    assert_eq!(position("feed=99").await["wijzigingenFeedId"], 200_000_099);
    let none = position("feed=0").await;
    assert!(
        none.as_object()
            .expect("an object")
            .values()
            .all(Json::is_null)
    );
    assert_eq!(position("moment=2000-01-01T00:00:00Z").await, none);
    assert_eq!(
        position("moment=2999-01-01T00:00:00%2B01:00").await["wijzigingenFeedPagina"],
        3
    );
    let event = server.get(&format!("{FEED}/120")).await.json();
    let version = event[0]["data"]["versieId"]
        .as_str()
        .expect("a text")
        .to_owned();
    let found = position(&format!("objectId=120&versie={version}")).await;
    assert_eq!(
        found["wijzigingenFeedId"].to_string(),
        event[0]["id"].as_str().expect("a text")
    );
    assert_eq!(
        position("objectId=120&versie=1999-01-01T00:00:00Z").await,
        none
    );
    // Also by the type of its items, as the published service asks.
    let by_type = server.get("/v3/feeds/posities?register=Adres&feed=1").await;
    assert_eq!(by_type.json(), second);
}

#[tokio::test]
async fn what_is_wrong_is_told() {
    let server = server().await;
    for page in ["0", "-1", "x", "", "1.5", "%2B1", "1e3"] {
        let problem = server.get(&format!("{FEED}?pagina={page}")).await;
        let problem = problem.assert_problem(400, "bad-parameter");
        assert_eq!(problem["parameter"], "pagina");
    }
    let positions = "/v3/feeds/posities";
    for (path, status, code) in [
        (
            format!("{FEED}?pagina=1&pagina=2"),
            400,
            "duplicate-parameter",
        ),
        (
            "/v3/feeds/wijzigingen/bestaat-niet".to_owned(),
            404,
            "not-found",
        ),
        (
            "/v3/feeds/wijzigingen/bestaat-niet/1".to_owned(),
            404,
            "not-found",
        ),
        (format!("{FEED}/61"), 404, "not-found"),
        (format!("{FEED}/%00"), 404, "not-found"),
        (format!("{FEED}/60?limit=0"), 400, "bad-parameter"),
        (format!("{FEED}/60?limit=501"), 400, "bad-parameter"),
        (format!("{FEED}/60?offset=-1"), 400, "bad-parameter"),
        (positions.to_owned(), 400, "bad-parameter"),
        (
            format!("{positions}?register=adressen"),
            400,
            "bad-parameter",
        ),
        (format!("{positions}?feed=1"), 400, "bad-parameter"),
        (
            format!("{positions}?register=adressen&feed=1&moment=2026-01-01T00:00:00Z"),
            400,
            "bad-parameter",
        ),
        (
            format!("{positions}?register=adressen&feed=een"),
            400,
            "bad-parameter",
        ),
        (
            format!("{positions}?register=adressen&moment=gisteren"),
            400,
            "bad-parameter",
        ),
        (
            format!("{positions}?register=adressen&objectId=60"),
            400,
            "bad-parameter",
        ),
        (
            format!("{positions}?register=bestaat-niet&feed=1"),
            404,
            "not-found",
        ),
        (
            format!("{positions}?register=adressen&objectId=61&versie=x"),
            404,
            "not-found",
        ),
    ] {
        server.get(&path).await.assert_problem(status, code);
    }
    let far = server
        .get(&format!("{FEED}/60?offset=99999999999999999999"))
        .await;
    assert_eq!(far.json(), serde_json::json!([]));
}

#[tokio::test]
async fn what_is_not_public_is_not_told_and_what_is_off_is_gone() {
    let server = server().await;
    let before = server.get(FEED).await;
    update(
        &server,
        "INSERT DATA { GRAPH g:quarantaine\\/adressen { <https://data.vlaanderen.be/id/adres/61> a adr:Adres ; adr:huisnummer \"geheim\" } }",
    )
    .await;
    let after = server.get(FEED).await;
    assert_eq!(after.body, before.body);
    assert_eq!(after.header("etag"), before.header("etag"));
    server
        .get(&format!("{FEED}/61"))
        .await
        .assert_problem(404, "not-found");
    let token = format!("Bearer {TOKEN}");
    let switch = [("authorization", token.as_str())];
    let switch = request(Method::DELETE, "/ldes/adressen", &switch, "");
    assert_eq!(server.send(switch).await.status, StatusCode::OK);
    for path in [
        FEED,
        &format!("{FEED}/60"),
        "/v3/feeds/posities?register=adressen&feed=1",
    ] {
        server.get(path).await.assert_problem(410, "feed-removed");
    }
    let other = server.get("/v3/feeds/wijzigingen/straatnamen").await;
    assert_eq!(other.status, StatusCode::OK);
    assert!(
        other
            .text()
            .contains(&format!("{BASE}/v3/feeds/wijzigingen/straatnamen"))
    );
}
