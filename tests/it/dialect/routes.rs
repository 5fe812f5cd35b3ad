//! Every route of the dialect over the example town: details, lists, counts, parameters, headers and every problem.

use crate::http::{Answer, BASE, Server, request};
use axum::http::Method;
use oslo_registry::registry::assets::demo_files;
use oslo_registry::store::OpenOptions;
use serde_json::{Value as Json, json};

const OBJECTS: [(&str, &str); 8] = [
    ("adressen", "90000010"),
    ("straatnamen", "90000004"),
    ("gemeenten", "41027"),
    ("postinfo", "9550"),
    ("gebouwen", "90000001"),
    ("gebouweenheden", "90000001"),
    ("percelen", "99991A0001-02_000"),
    ("organisaties", "OVO990001"),
];

/// The example town.
fn town() -> Server {
    let server = Server::empty();
    for asset in demo_files() {
        let wanted =
            OBJECTS.iter().any(|(name, _)| *name == asset.graph) || asset.graph == "fusies";
        if asset.folder == "fixtures" && wanted {
            server.load(asset.graph, asset.bytes);
        }
    }
    server
}

/// Status, type and body, laid out for reading.
fn shown(answer: &Answer) -> String {
    format!(
        "{} {}\n\n{:#}\n",
        answer.status.as_u16(),
        answer.header("content-type"),
        answer.json()
    )
}

fn below(address: &Json) -> String {
    let address = address
        .as_str()
        .and_then(|address| address.strip_prefix(BASE));
    address.expect("an address of ours").to_owned()
}

#[tokio::test]
async fn details_lists_and_counts() {
    let server = town();
    for version in ["v2", "v3"] {
        for (name, id) in OBJECTS {
            let detail = server.get(&format!("/{version}/{name}/{id}")).await;
            assert_eq!(detail.header("content-type"), "application/ld+json");
            insta::assert_snapshot!(format!("detail_{version}_{name}"), shown(&detail));
            let list = server.get(&format!("/{version}/{name}?limit=2")).await;
            insta::assert_snapshot!(format!("list_{version}_{name}"), shown(&list));
            let count = server
                .get(&format!("/{version}/{name}/totaal-aantal"))
                .await;
            assert_eq!(count.header("content-type"), "application/json");
            let total = count.json()["aantal"].as_u64().expect("a number");
            assert!(total >= 20, "{name}: {total}");
        }
    }
}

#[tokio::test]
async fn following_volgende_meets_every_item_once() {
    let server = town();
    for (version, key) in [("v2", "gebouweenheden"), ("v3", "data")] {
        let mut path = format!("/{version}/gebouweenheden?limit=50&status=gerealiseerd");
        let mut seen: Vec<String> = Vec::new();
        loop {
            let answer = server.get(&path).await;
            let page = answer.json();
            for item in page[key].as_array().expect("items") {
                seen.push(item["detail"].as_str().expect("an address").to_owned());
            }
            let Some(next) = page.get("volgende") else {
                break;
            };
            assert!(
                answer
                    .links()
                    .iter()
                    .any(|link| link.contains("rel=\"next\""))
            );
            path = below(next);
            assert!(
                path.contains("limit=50") && path.contains("status=gerealiseerd"),
                "{path}"
            );
        }
        let path = format!("/{version}/gebouweenheden/totaal-aantal?status=gerealiseerd");
        let total = server.get(&path).await.json()["aantal"].as_u64();
        assert_eq!(Some(seen.len() as u64), total);
        let mut once = seen.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), seen.len());
    }
}

#[tokio::test]
async fn parameters_have_the_names_of_the_dialect_in_any_case() {
    let server = town();
    let count = async |query: &str| {
        let answer = server.get(&format!("/v3/{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        answer.json()["aantal"].as_u64().expect("a number")
    };
    let all = count("adressen/totaal-aantal").await;
    assert_eq!(all, 303);
    assert_eq!(
        count("adressen/totaal-aantal?Gemeentenaam=herzele").await,
        all
    );
    let some = count("adressen/totaal-aantal?straatnaamobjectid=90000009").await;
    assert!((1..all).contains(&some), "{some}");
    let same = count("adressen/totaal-aantal?straatnaamObjectId=90000009&huisnummer=").await;
    assert_eq!(same, some);
    assert_eq!(count("adressen/totaal-aantal?postcode=1000").await, 0);
    let page = server.get("/v3/adressen?Offset=300&Limit=2").await.json();
    assert_eq!(page["data"].as_array().map(Vec::len), Some(2));
    assert!(page.get("volgende").is_some());
    let last = server.get("/v3/adressen?offset=301&limit=2").await.json();
    assert!(last.get("volgende").is_none());
    let beyond = server.get("/v3/adressen?offset=100000000").await.json();
    assert_eq!(beyond["data"], json!([]));
}

#[tokio::test]
async fn codes_of_merged_municipalities_still_work() {
    let server = town();
    // Kruishoutem is Kruisem since 2019; what is of Kruisem is found by either code.
    server.load(
        "proef",
        b"@prefix adr: <https://data.vlaanderen.be/ns/adres#> .
        <https://data.vlaanderen.be/id/straatnaam/1> a adr:Straatnaam ;
          <http://www.w3.org/ns/prov#wasAttributedTo> <https://data.vlaanderen.be/id/gemeente/45068> .",
    );
    for code in ["45068", "45017"] {
        let page = server
            .get(&format!("/v3/straatnamen?niscode={code}"))
            .await
            .json();
        let items = page["data"].as_array().expect("items");
        assert_eq!(items.len(), 1, "{code}: {page:#}");
    }
}

#[tokio::test]
async fn headers_say_what_a_client_of_the_registers_expects() {
    let server = town();
    let path = "/v3/adressen/90000010";
    let answer = server.get(path).await;
    assert_eq!(
        answer.header("last-modified"),
        "Fri, 29 Apr 2011 12:50:05 GMT"
    );
    assert_eq!(answer.header("content-crs"), "EPSG:31370");
    assert_eq!(answer.header("cache-control"), "public, no-cache");
    assert!(!answer.header("x-commit").is_empty());
    let tag = answer.header("etag").to_owned();
    let again = request(Method::GET, path, &[("if-none-match", &tag)], "");
    assert_eq!(server.send(again).await.status, 304);
    for (asked, name) in [
        ("EPSG:4326", "EPSG:4326"),
        ("epsg:3812", "EPSG:3812"),
        ("CRS84", "CRS84"),
        (
            "<http://www.opengis.net/def/crs/EPSG/0/31370>",
            "EPSG:31370",
        ),
    ] {
        let answer = server
            .send(request(Method::GET, path, &[("accept-crs", asked)], ""))
            .await;
        assert_eq!(answer.header("content-crs"), name);
        assert_ne!(answer.header("etag"), tag);
        let body = answer.json();
        let shown = body["data"]["positie"]["geometrie"]
            .as_array()
            .expect("geometries");
        assert_eq!(shown.len(), 1);
        assert!(
            shown[0]["gml"]
                .as_str()
                .is_some_and(|gml| { gml.contains(name.rsplit(':').next().expect("a code")) })
        );
    }
    let plain = server.get_as(path, "application/json").await;
    assert_eq!(plain.header("content-type"), "application/json");
    assert_eq!(plain.json(), answer.json());
    let street = server.get("/v3/straatnamen/90000004").await;
    assert_eq!(street.header("content-crs"), "");
    let head = server.send(request(Method::HEAD, path, &[], "")).await;
    assert_eq!(
        (head.status.as_u16(), head.header("etag")),
        (200, tag.as_str())
    );
}

#[tokio::test]
async fn problems_name_the_register_and_the_field() {
    let server = town();
    let cases = [
        ("unknown_object", "/v3/adressen/12345678", vec![]),
        ("malformed_id", "/v2/adressen/abc", vec![]),
        ("named_only", "/v3/gebouwen/1", vec![]),
        ("unknown_resource", "/v3/huizen", vec![]),
        ("unknown_resource_detail", "/v2/huizen/1", vec![]),
        ("unknown_parameter", "/v3/adressen?kleur=rood", vec![]),
        (
            "parameter_of_a_detail",
            "/v3/adressen/90000010?limit=1",
            vec![],
        ),
        ("point_in_a_name", "/v3/adressen?status.code=x", vec![]),
        ("twice", "/v3/adressen?status=a&Status=b", vec![]),
        ("limit", "/v3/adressen?limit=501", vec![]),
        ("limit_of_nothing", "/v2/postinfo?limit=0", vec![]),
        ("offset", "/v3/adressen?offset=-1", vec![]),
        ("sort", "/v3/adressen?sort=kleur", vec![]),
        ("moment", "/v3/adressen/90000010?asOf=gisteren", vec![]),
        (
            "media_type",
            "/v3/adressen/90000010",
            vec![("accept", "image/png")],
        ),
        (
            "system",
            "/v3/adressen/90000010",
            vec![("accept-crs", "EPSG:99")],
        ),
    ];
    for (name, path, headers) in cases {
        for language in ["nl", "en"] {
            let mut headers = headers.clone();
            headers.push(("accept-language", language));
            let answer = server.send(request(Method::GET, path, &headers, "")).await;
            assert_eq!(
                answer.header("content-type"),
                "application/problem+json",
                "{path}"
            );
            let urn = answer.json()["type"].as_str().unwrap_or("").to_owned();
            assert!(
                urn.starts_with("urn:be.vlaanderen.basisregisters.api:"),
                "{path}: {urn}"
            );
            insta::assert_snapshot!(format!("problem_{name}_{language}"), shown(&answer));
        }
    }
    let answer = server
        .send(request(Method::DELETE, "/v3/adressen", &[], ""))
        .await;
    assert_eq!(answer.status, 405);
}

/// Every address of ours in a body.
fn addresses(body: &Json, found: &mut Vec<String>) {
    match body {
        Json::String(text) if text.starts_with(BASE) => found.push(text.clone()),
        Json::Array(items) => items.iter().for_each(|item| addresses(item, found)),
        Json::Object(members) => members.values().for_each(|value| addresses(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_address_in_a_body_leads_somewhere() {
    let server = town();
    let mut lists = 0;
    for version in ["v2", "v3"] {
        for (name, id) in OBJECTS {
            let body = server.get(&format!("/{version}/{name}/{id}")).await.json();
            let mut found = Vec::new();
            addresses(&body, &mut found);
            assert!(found.len() >= 2, "{version}/{name}");
            for address in found {
                let answer = server.get(&below(&address.as_str().into())).await;
                assert_eq!(answer.status, 200, "{address}: {}", answer.text());
                if address.contains('?') && !address.ends_with("90000010") {
                    let page = answer.json();
                    let items = page.as_object().into_iter().flat_map(|page| page.values());
                    let mut items = items.filter_map(Json::as_array);
                    assert!(items.any(|items| !items.is_empty()), "{address}");
                    lists += 1;
                }
            }
        }
    }
    assert!(lists >= 10, "{lists}");
}

#[tokio::test]
async fn lists_of_what_something_points_at_and_in_other_orders() {
    let server = town();
    let ids = async |path: &str| {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let page = answer.json();
        let items = page["data"].as_array().expect("items").clone();
        let ids = items
            .iter()
            .map(|item| item["@id"].as_str().expect("an IRI").to_owned());
        (ids.collect::<Vec<String>>(), page)
    };
    let unit = "https://data.vlaanderen.be/id/gebouweenheid/90000001";
    for path in [
        "/v3/gebouweenheden?gebouwObjectId=90000001",
        "/v3/gebouweenheden?adresobjectid=90000001",
        "/v3/gebouweenheden?adresObjectId=90000001&gebouwobjectid=90000001&status=gerealiseerd",
    ] {
        assert_eq!(ids(path).await.0, [unit], "{path}");
    }
    let (parcels, _) = ids("/v3/percelen?adresObjectId=90000001").await;
    assert_eq!(
        parcels,
        ["https://data.vlaanderen.be/id/perceel/99991A0001-02_000"]
    );
    for nothing in [
        "gebouwObjectId=1",
        "gebouwObjectId=a%20b",
        "adresObjectId=90000001&status=gepland",
    ] {
        assert!(
            ids(&format!("/v3/gebouweenheden?{nothing}"))
                .await
                .0
                .is_empty(),
            "{nothing}"
        );
    }
    // The order holds from page to page.
    let (all, _) = ids("/v3/straatnamen?sort=-naam-nl&limit=500").await;
    let mut paged = Vec::new();
    let mut path = "/v3/straatnamen?sort=-naam-nl&limit=7".to_owned();
    loop {
        let (some, page) = ids(&path).await;
        paged.extend(some);
        match page.get("volgende") {
            Some(next) => path = below(next),
            None => break,
        }
    }
    assert_eq!(paged, all);
    let (ascending, _) = ids("/v3/straatnamen?sort=naam-nl&limit=500").await;
    assert_eq!(all.len(), ascending.len());
    assert_ne!(all, ascending);
}

#[tokio::test]
async fn what_was_removed_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::in_folder(folder.path(), OpenOptions::default());
    server.load(
        "adressen",
        b"<https://data.vlaanderen.be/id/adres/7> a <https://data.vlaanderen.be/ns/adres#Adres> .",
    );
    assert_eq!(server.get("/v3/adressen/7").await.status, 200);
    let update = "DELETE WHERE { GRAPH ?g { <https://data.vlaanderen.be/id/adres/7> ?p ?o } }";
    let done = server
        .write(
            Method::POST,
            "/sparql/update",
            "application/sparql-update",
            update,
        )
        .await;
    assert!(done.status.is_success(), "{}", done.text());
    for version in ["v2", "v3"] {
        let answer = server.get(&format!("/{version}/adressen/7")).await;
        assert_eq!(answer.status, 410, "{}", answer.text());
        let problem = answer.json();
        assert_eq!(
            problem["type"],
            "urn:be.vlaanderen.basisregisters.api:address:gone"
        );
        let before = server.get(&format!("/{version}/adressen/7?asOf=1")).await;
        assert_eq!(before.status, 200, "{}", before.text());
    }
    assert_eq!(server.get("/v3/adressen/8").await.status, 404);
}
