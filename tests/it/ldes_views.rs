//! Views of event streams as those who read them see them, and removing streams and views.

use super::http::{BASE, Server, TOKEN, request};
use axum::http::{Method, StatusCode};
use oslo_registry::store::OpenOptions;
use std::collections::BTreeSet;

const ADR: &str = "https://data.vlaanderen.be/ns/adres#";

/// So many addresses, in three municipalities, of which one has a hostile name.
fn addresses(count: usize) -> String {
    let municipalities = [
        "https://data.vlaanderen.be/id/gemeente/44021",
        "https://data.vlaanderen.be/id/gemeente/11002",
        "http://e.org/a/b%2F%22?x=/../y&z#é",
    ];
    let mut out = String::new();
    for n in 1..=count {
        let municipality = municipalities[n % 3];
        out.push_str(&format!(
            "<https://data.vlaanderen.be/id/adres/{n}> a <{ADR}Adres> ; <{ADR}huisnummer> \"{n}\" ; \
             <http://www.w3.org/ns/prov#wasAttributedTo> <{municipality}> .\n"
        ));
    }
    out
}

/// The addresses of pages that a page leads to.
fn targets(page: &str) -> BTreeSet<String> {
    let found = page
        .lines()
        .filter_map(|line| line.split_once("<https://w3id.org/tree#node> <"));
    let found = found.map(|(_, rest)| {
        let address = rest.trim_end_matches("> .");
        address.strip_prefix(BASE).expect("ours").to_owned()
    });
    found.collect()
}

/// The items about which there are members on all pages that an entry leads to, in the order they are met.
async fn items(server: &Server, entry: &str) -> Vec<String> {
    let (mut due, mut found) = (vec![entry.to_owned()], Vec::new());
    while let Some(address) = due.pop() {
        let page = server.get(&address).await;
        assert_eq!(page.status, StatusCode::OK, "{address}: {}", page.text());
        let says_so = page.text().contains("<https://w3id.org/ldes#immutable>");
        let cache = page.header("cache-control");
        assert_eq!(cache.contains("immutable"), says_so, "{address}");
        let tag = [("if-none-match", page.header("etag"))];
        let again = server.send(request(Method::GET, &address, &tag, "")).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{address}");
        due.extend(targets(page.text()));
        for line in page.text().lines() {
            if let Some((_, item)) = line.split_once("activitystreams#object> <")
                && line.starts_with(&format!("<{BASE}/ldes/adressen/lid/"))
            {
                found.push(item.trim_end_matches("> .").to_owned());
            }
        }
    }
    found
}

#[tokio::test]
async fn every_view_leads_to_every_item_once() {
    let server = Server::empty();
    server.load("adressen", addresses(600).as_bytes());
    for view in [
        "pagina", "laatste", "stand", "gemeente", "postcode", "tegel",
    ] {
        let entry = format!("/ldes/adressen/{view}");
        let page = server.get(&entry).await;
        let view_of = "#stroom> <https://w3id.org/tree#view> ";
        assert_eq!(page.text().matches(view_of).count(), 1, "{view}");
        assert!(page.text().contains(&format!("{view_of}<{BASE}{entry}> .")));
        let found = items(&server, &entry).await;
        assert_eq!(found.len(), 600, "{view}");
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 600, "{view}");
    }
    let list = server.get("/ldes").await.json();
    let streams = list["stromen"].as_array().expect("streams");
    let stream = streams.iter().find(|s| s["register"] == "adressen");
    let views = stream.expect("listed")["weergaven"]
        .as_array()
        .expect("views");
    assert!(
        views
            .iter()
            .any(|view| view["url"] == format!("{BASE}/ldes/adressen/gemeente"))
    );
    // A page of no height was never there, so it is not gone either.
    let never = [
        "/ldes/adressen/bestaat-niet",
        "/ldes/geen/laatste",
        "/ldes/adressen/laatste/0/blad/null%2Cnull/0",
        "/ldes/adressen/tijd/0/hoog/0",
        "/ldes/adressen/lid/x/1",
    ];
    for path in never {
        server.get(path).await.assert_problem(404, "not-found");
    }
}

#[tokio::test]
async fn pages_come_in_every_format() {
    let server = Server::empty();
    server.load("adressen", addresses(4).as_bytes());
    for format in ["nq", "trig", "jsonld", "ttl", "nt", "rdf"] {
        for view in ["pagina", "laatste", "stand", "gemeente", "tegel"] {
            let entry = format!("/ldes/adressen/{view}?format={format}");
            let page = server.get(&entry).await;
            assert_eq!(page.status, StatusCode::OK, "{entry}: {}", page.text());
            assert!(page.text().contains(&format!("format={format}")), "{entry}");
        }
    }
}

#[tokio::test]
async fn what_is_removed_is_gone_until_it_is_on_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::in_folder(folder.path(), OpenOptions::default());
    server.load("adressen", addresses(300).as_bytes());
    let entry = "/ldes/adressen/gemeente";
    assert_eq!(items(&server, entry).await.len(), 300);
    let files = folder.path().join("feeds");
    assert!(files.join("views/adressen/gemeente").exists());
    let denied = server.send(request(Method::DELETE, entry, &[], "")).await;
    denied.assert_problem(401, "unauthorized");
    let authorization = format!("Bearer {TOKEN}");
    let headers = [("authorization", authorization.as_str())];
    let write = async |method: Method, path: &str| {
        let done = server.send(request(method, path, &headers, "")).await;
        assert_eq!(done.status, StatusCode::OK, "{path}: {}", done.text());
        done.json()
    };
    let done = write(Method::DELETE, entry).await;
    assert_eq!(
        (&done["aan"], &done["gewijzigd"]),
        (&false.into(), &true.into())
    );
    assert_eq!(write(Method::DELETE, entry).await["gewijzigd"], false);
    assert!(!files.join("views/adressen/gemeente").exists());
    server.get(entry).await.assert_problem(410, "feed-removed");
    assert!(!server.get("/ldes").await.text().contains(entry));
    assert_eq!(items(&server, "/ldes/adressen/laatste").await.len(), 300);
    write(Method::PUT, entry).await;
    assert_eq!(items(&server, entry).await.len(), 300);
    // The whole stream, with all its views.
    let leaf = targets(server.get("/ldes/adressen").await.text());
    write(Method::DELETE, "/ldes/adressen").await;
    for path in ["/ldes/adressen", entry] {
        server.get(path).await.assert_problem(410, "feed-removed");
    }
    let blocks = files.join("streams/adressen/blocks");
    let size = || std::fs::metadata(&blocks).map_or(0, |file| file.len());
    for _ in 0..200 {
        if size() == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(size(), 0, "its files are empty");
    drop(server);
    let server = Server::in_folder(folder.path(), OpenOptions::default());
    server.get(entry).await.assert_problem(410, "feed-removed");
    let on = request(Method::PUT, "/ldes/adressen", &headers, "");
    assert_eq!(server.send(on).await.status, StatusCode::OK);
    let mut status = StatusCode::SERVICE_UNAVAILABLE;
    for _ in 0..200 {
        status = server.get("/ldes/adressen").await.status;
        if status != StatusCode::SERVICE_UNAVAILABLE {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(status, StatusCode::OK);
    assert_eq!(targets(server.get("/ldes/adressen").await.text()), leaf);
    assert_eq!(items(&server, entry).await.len(), 300);
}
