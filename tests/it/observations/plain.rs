//! `/obs/v1` by requests: batches in, and series, values, windows, files and events out.

use crate::http::{Answer, BASE, Server, TOKEN, request};
use axum::http::{Method, StatusCode};
use oslo_registry::store::OpenOptions;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

/// Two series: temperatures and counts.
const SENSORS: &str = r#"
@prefix sosa: <http://www.w3.org/ns/sosa/> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix qudt: <http://qudt.org/schema/qudt/> .
@base <http://register.test/id/> .
<observatieverzameling/1> a sosa:ObservationCollection ; dct:title "Temperatuur aan de kerk"@nl ; qudt:hasUnit <http://qudt.org/vocab/unit/DEG_C> ;
  sosa:madeBySensor <sensor/1> ; sosa:observedProperty <eigenschap/temperatuur> ; sosa:hasFeatureOfInterest <object/kerk> ;
  dct:type <http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement> .
<observatieverzameling/2> a sosa:ObservationCollection ; dct:title "Fietsers"@nl ;
  dct:type <http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CountObservation> .
"#;

const BATCH: &str = "/obs/v1/observaties";
const VALUES: &str = "/obs/v1/reeksen/1/waarden";

fn server() -> (Server, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::in_folder(folder.path(), OpenOptions::default());
    (server.with_graph("sensoren", SENSORS), folder)
}

async fn send(server: &Server, kind: &str, body: &str) -> Answer {
    server.write(Method::POST, BATCH, kind, body).await
}

/// Puts what is in memory into files, once the server before has let go of them.
fn seal(data: &std::path::Path) {
    use oslo_registry::observations::{
        OBSERVATIONS_DIR, ObservationError, ObservationOptions, ObservationStore,
    };
    let dir = data.join(OBSERVATIONS_DIR);
    let since = std::time::Instant::now();
    let store = loop {
        match ObservationStore::open(&dir, ObservationOptions::default()) {
            Err(ObservationError::InUse { .. }) if since.elapsed().as_secs() < 10 => {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            opened => break opened.expect("opens"),
        }
    };
    store.seal().expect("sealed");
}

fn told(series: u32, time: &str, value: Json) -> Json {
    json!({ "reeks": series.to_string(), "tijd": format!("2026-03-01T{time}Z"), "waarde": value })
}

async fn store(server: &Server, all: &[Json]) -> Answer {
    let answer = send(server, "application/json", &json!(all).to_string()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer
}

async fn json_of(server: &Server, path: &str) -> Json {
    let answer = server.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    answer.json()
}

#[tokio::test]
async fn a_batch_is_stored_read_and_corrected() {
    let (server, _folder) = server();
    let answer = store(
        &server,
        &[
            told(1, "10:00:00", json!(20.5)),
            told(1, "10:30:00", json!(21.5)),
            told(2, "10:00:00", json!(7)),
        ],
    )
    .await;
    assert_eq!(
        answer.json(),
        json!({ "ontvangen": 3, "eerste": 1, "laatste": 3 })
    );
    // The same once more is no news; another result is a correction.
    store(&server, &[told(1, "10:00:00", json!(20.5))]).await;
    let lines = "{\"reeks\":\"1\",\"tijd\":\"2026-03-01T10:30:00Z\",\"waarde\":22}\n";
    let answer = send(&server, "application/x-ndjson", lines).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let now = json_of(&server, VALUES).await;
    let values = |json: &Json| -> Vec<Json> {
        let rows = json["observaties"].as_array().expect("a list");
        rows.iter().map(|row| row["waarde"].clone()).collect()
    };
    assert_eq!(values(&now), [json!(20.5), json!(22.0)]);
    assert_eq!(now["eenheid"], "http://qudt.org/vocab/unit/DEG_C");
    let before = json_of(&server, &format!("{VALUES}?bekendOp=3")).await;
    assert_eq!(values(&before), [json!(20.5), json!(21.5)]);
    let all = json_of(&server, &format!("{VALUES}?correcties=true")).await;
    assert_eq!(values(&all), [json!(20.5), json!(21.5), json!(22.0)]);
    let csv = server.get_as(VALUES, "text/csv").await;
    assert_eq!(
        csv.text(),
        "tijd,tot,resultaattijd,waarde,kwaliteit,object,volgnummer\r\n\
         2026-03-01T10:00:00Z,,,20.5,0,,1\r\n2026-03-01T10:30:00Z,,,22.0,0,,5\r\n"
    );
    let series = json_of(&server, "/obs/v1/reeksen").await;
    assert_eq!(series["totaal"], 2);
    let first = &series["reeksen"][0];
    assert_eq!(first["titel"]["nl"], "Temperatuur aan de kerk");
    assert_eq!(first["laatste"]["waarde"], 22.0);
    let page = server.get_as("/obs/v1/reeksen?taal=en", "text/html").await;
    assert!(page.text().contains("Newest value") && page.text().contains("DEG_C"));
    let page = server.get_as("/obs/v1/reeksen/1", "text/html").await;
    assert!(page.text().contains("Temperatuur aan de kerk") && page.text().contains("22.0"));
    let one = json_of(&server, "/obs/v1/reeksen/2").await;
    assert_eq!(
        (&one["soort"], &one["aantal"]),
        (&json!("integer"), &json!(1))
    );
    assert_eq!(one["laatste"]["waarde"], 7);
}

#[tokio::test]
async fn a_window_without_observations_is_told_as_such() {
    let (server, _folder) = server();
    let all = [
        told(1, "10:00:00", json!(10)),
        told(1, "10:30:00", json!(20)),
        told(1, "13:05:00", json!(4)),
    ];
    store(&server, &all).await;
    let path = format!(
        "{VALUES}?van=2026-03-01T10:00:00Z&tot=2026-03-01T14:00:00Z&venster=PT1H&agg=avg,max,p50"
    );
    let json = json_of(&server, &path).await;
    assert_eq!(json["leeg"], 2);
    let rows = json["vensters"].as_array().expect("a list");
    let row = |n: usize| {
        (
            &rows[n]["aantal"],
            &rows[n]["avg"],
            &rows[n]["max"],
            &rows[n]["p50"],
        )
    };
    assert_eq!(
        row(0),
        (&json!(2), &json!(15.0), &json!(20.0), &json!(15.0))
    );
    assert_eq!(row(1), (&json!(0), &Json::Null, &Json::Null, &Json::Null));
    assert_eq!(row(3), (&json!(1), &json!(4.0), &json!(4.0), &json!(4.0)));
    let csv = server.get(&format!("{path}&format=csv")).await;
    let lines: Vec<&str> = csv.text().lines().collect();
    assert_eq!(lines[0], "begin,einde,aantal,avg,max,p50");
    assert_eq!(lines[2], "2026-03-01T11:00:00Z,2026-03-01T12:00:00Z,0,,,");
    // Months of the calendar.
    let path = format!("{VALUES}?van=2026-01-31&tot=2026-04-01&venster=P1M&agg=count");
    let json = json_of(&server, &path).await;
    let begins: Vec<&str> = json["vensters"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| {
            row["begin"]
                .as_str()
                .expect("a text")
                .split('T')
                .next()
                .expect("a day")
        })
        .collect();
    assert_eq!(begins, ["2026-01-31", "2026-02-28", "2026-03-31"]);
    assert_eq!(json["vensters"][1]["count"], 3);
    for (query, code) in [
        ("venster=PT1H", "bad-parameter"),
        ("van=2026-03-01&venster=uur", "bad-parameter"),
        (
            "van=2026-03-01&venster=PT1H&agg=gemiddelde",
            "bad-parameter",
        ),
        ("van=2026-03-02&tot=2026-03-01", "bad-parameter"),
        ("bekendOp=gisteren", "bad-parameter"),
        ("vn=2026-03-01", "bad-parameter"),
    ] {
        server
            .get(&format!("{VALUES}?{query}"))
            .await
            .assert_problem(400, code);
    }
    let tiny = format!("{VALUES}?van=1990-01-01&tot=2026-01-01&venster=PT1S");
    server
        .get(&tiny)
        .await
        .assert_problem(422, "too-many-observations");
}

#[tokio::test]
async fn pages_go_on_where_the_one_before_ended() {
    let (server, _folder) = server();
    let all: Vec<Json> = (0..25)
        .map(|n| told(1, &format!("10:{n:02}:00"), json!(n)))
        .collect();
    store(&server, &all).await;
    for order in ["", "&omgekeerd=true"] {
        let mut found = Vec::new();
        let mut path = format!("{VALUES}?limit=10{order}");
        loop {
            let json = json_of(&server, &path).await;
            let rows = json["observaties"].as_array().expect("a list");
            found.extend(
                rows.iter()
                    .map(|row| row["waarde"].as_f64().expect("a number")),
            );
            let Some(next) = json["volgende"].as_str() else {
                break;
            };
            path = next
                .strip_prefix(BASE)
                .expect("an address of ours")
                .to_owned();
        }
        let mut wanted: Vec<f64> = (0..25).map(f64::from).collect();
        if !order.is_empty() {
            wanted.reverse();
        }
        assert_eq!(found, wanted, "{order}");
    }
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_and_nothing_of_it_is() {
    let (server, _folder) = server();
    let good = told(1, "10:00:00", json!(1));
    for (bad, code) in [
        (told(1, "10:00:00", json!("warm")), "other-kind"),
        (told(1, "10:00:00", json!("NaN")), "not-finite"),
        (told(2, "10:00:00", json!(1.5)), "other-kind"),
        (told(9, "10:00:00", json!(1)), "unknown-series"),
        (
            json!({ "reeks": "1", "tijd": "2999-01-01T00:00:00Z", "waarde": 1 }),
            "in-the-future",
        ),
        (
            json!({ "reeks": "1", "tijd": "1492-01-01T00:00:00Z", "waarde": 1 }),
            "too-long-ago",
        ),
        (
            json!({ "reeks": "1", "tijd": "2026-03-01T10:00:00", "waarde": 1 }),
            "bad-time",
        ),
        (
            json!({ "reeks": "1", "tijd": "2026-03-01T10:00:00Z", "waarde": 1, "eenheid": "unit:K" }),
            "other-unit",
        ),
        (
            json!({ "reeks": "1", "tijd": "2026-03-01T10:00:00Z", "tot": "2026-03-01T09:00:00Z", "waarde": 1 }),
            "ends-before-start",
        ),
    ] {
        let body = json!([good, bad]).to_string();
        let answer = send(&server, "application/json", &body).await;
        answer.assert_problem(422, "observations-refused");
        let told = &answer.json()["fouten"][0];
        assert_eq!(
            (&told["plaats"], &told["code"]),
            (&json!(1), &json!(code)),
            "{bad}"
        );
        assert!(told["melding"]["nl"].is_string() && told["melding"]["en"].is_string());
    }
    let nan = "[{\"reeks\":\"1\",\"tijd\":\"2026-03-01T10:00:00Z\",\"waarde\":NaN}]";
    let answer = send(&server, "application/json", nan).await;
    answer.assert_problem(400, "invalid-json");
    assert_eq!(answer.json()["fouten"][0]["code"], "not-finite");
    send(&server, "application/json", "[1]")
        .await
        .assert_problem(400, "wrong-type");
    send(&server, "text/csv", "a,b")
        .await
        .assert_problem(415, "unsupported-media-type");
    let many: Vec<Json> = (0..50).map(|_| told(9, "10:00:00", json!(1))).collect();
    let answer = send(&server, "application/json", &json!(many).to_string()).await;
    assert_eq!(answer.json()["fouten"].as_array().map(Vec::len), Some(20));
    let anonymous = request(
        Method::POST,
        BATCH,
        &[("content-type", "application/json")],
        "[]",
    );
    server
        .send(anonymous)
        .await
        .assert_problem(401, "unauthorized");
    assert_eq!(json_of(&server, VALUES).await["observaties"], json!([]));
    server
        .get("/obs/v1/reeksen/9")
        .await
        .assert_problem(404, "not-found");
}

#[tokio::test]
async fn sosa_is_taken_in_by_sensor_and_property() {
    let (server, _folder) = server();
    let body = r#"{
      "@context": { "sosa": "http://www.w3.org/ns/sosa/", "xsd": "http://www.w3.org/2001/XMLSchema#" },
      "@type": "sosa:Observation",
      "sosa:madeBySensor": { "@id": "http://register.test/id/sensor/1" },
      "sosa:observedProperty": { "@id": "http://register.test/id/eigenschap/temperatuur" },
      "sosa:hasFeatureOfInterest": { "@id": "http://register.test/id/object/toren" },
      "sosa:resultTime": { "@value": "2026-03-01T10:00:00Z", "@type": "xsd:dateTime" },
      "sosa:hasSimpleResult": 19.5 }"#;
    let answer = send(&server, "application/ld+json", body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let one = &json_of(&server, VALUES).await["observaties"][0];
    assert_eq!(one["waarde"], 19.5);
    assert_eq!(one["object"], "http://register.test/id/object/toren");
    // That of the series itself is not told again.
    let own = body.replace("object/toren", "object/kerk");
    send(&server, "application/ld+json", &own).await;
    let rows = json_of(&server, VALUES).await;
    assert_eq!(rows["observaties"].as_array().map(Vec::len), Some(2));
    assert_eq!(rows["observaties"][0]["object"], Json::Null);
    let elsewhere = body.replace("sensor/1", "sensor/2");
    let answer = send(&server, "application/ld+json", &elsewhere).await;
    answer.assert_problem(422, "observations-refused");
    // What is answered is SOSA again.
    let answer = server.get_as(VALUES, "application/ld+json").await;
    let quads = oxjsonld::JsonLdParser::new().for_slice(&answer.body);
    let quads: Vec<_> = quads.map(|quad| quad.expect("JSON-LD")).collect();
    let results = quads
        .iter()
        .filter(|quad| quad.predicate.as_str() == "http://www.w3.org/ns/sosa/hasSimpleResult");
    assert_eq!(results.count(), 2);
    let members = quads
        .iter()
        .filter(|quad| quad.predicate.as_str() == "http://www.w3.org/ns/sosa/hasMember");
    assert_eq!(members.count(), 2);
}

#[tokio::test]
async fn files_are_sent_whole_and_in_parts() {
    let (server, folder) = server();
    store(
        &server,
        &[told(1, "10:00:00", json!(1)), told(2, "10:00:00", json!(2))],
    )
    .await;
    drop(server);
    seal(folder.path());
    let server = Server::in_folder(folder.path(), OpenOptions::default());
    let list = json_of(&server, "/obs/v1/bestanden").await;
    let file = &list["bestanden"][0];
    assert_eq!(
        (&file["rijen"], &file["dag"]),
        (&json!(2), &json!("2026-03-01"))
    );
    let path = file["adres"]
        .as_str()
        .expect("an address")
        .strip_prefix(BASE)
        .expect("ours");
    let whole = server.get(path).await;
    assert_eq!(
        whole.header("content-type"),
        "application/vnd.apache.parquet"
    );
    assert_eq!(Some(whole.body.len() as u64), file["bytes"].as_u64());
    assert!(whole.body.starts_with(b"PAR1") && whole.body.ends_with(b"PAR1"));
    let part = server
        .send(request(Method::GET, path, &[("range", "bytes=-4")], ""))
        .await;
    assert_eq!(
        (part.status, &part.body[..]),
        (StatusCode::PARTIAL_CONTENT, &b"PAR1"[..])
    );
    let names = server.get("/obs/v1/bestanden/reeksen.csv").await;
    assert_eq!(
        names.text(),
        "nummer,reeks,soort,eenheid\n0,http://register.test/id/observatieverzameling/1,number,http://qudt.org/vocab/unit/DEG_C\n1,http://register.test/id/observatieverzameling/2,integer,\n"
    );
    let none = server
        .get("/obs/v1/bestanden/2026-03-01-999999.parquet")
        .await;
    none.assert_problem(404, "not-found");
}

#[tokio::test]
async fn listeners_hear_what_is_stored_and_what_they_missed() {
    use oslo_registry::http::{AppState, ServerConfig, router};
    use oslo_registry::observations::{
        Kind, Observation, ObservationOptions, ObservationStore, Series, Value,
    };
    use oslo_registry::registry::{Registry, RegistryConfig};
    use std::sync::Arc;
    use tokio_stream::StreamExt as _;
    use tower::ServiceExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let open = ObservationStore::open(folder.path(), ObservationOptions::default());
    let open = Arc::new(open.expect("opens"));
    let series = Series {
        iri: format!("{BASE}/id/observatieverzameling/1"),
        kind: Kind::Integer,
        unit: None,
    };
    let id = open.declare(series).expect("declared");
    let add = async |n: i64| {
        let one = Observation::new(id, 1_772_359_200_000_000 + n, Value::Number(n as f64));
        open.append(vec![one])
            .expect("taken")
            .await
            .expect("durable");
    };
    let registry = Registry::in_memory(RegistryConfig {
        base: BASE.to_owned(),
    });
    let config = ServerConfig {
        admin_token: Some(TOKEN.to_owned()),
        observations: Some(Arc::clone(&open)),
        ..ServerConfig::default()
    };
    let app = router(AppState::new(Arc::new(registry), config));
    for n in 1..=3 {
        add(n).await;
    }
    let ask = request(
        Method::GET,
        "/obs/v1/reeksen/1/live",
        &[("last-event-id", "1")],
        "",
    );
    let answer = app.clone().oneshot(ask).await.expect("answers");
    assert_eq!(answer.status(), StatusCode::OK);
    let mut body = answer.into_body().into_data_stream();
    let mut heard = String::new();
    let mut hear = async |wanted: &str| {
        while !heard.contains(wanted) {
            let next = tokio::time::timeout(std::time::Duration::from_secs(10), body.next()).await;
            let part = next.unwrap_or_else(|_| panic!("{wanted} in {heard}"));
            heard += std::str::from_utf8(&part.expect("more").expect("no end")).expect("UTF-8");
        }
        heard.clone()
    };
    hear("id: 3\n").await;
    add(4).await;
    let heard = hear("id: 4\n").await;
    let ids: Vec<&str> = heard
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .collect();
    assert_eq!(ids, ["2", "3", "4"]);
    assert!(heard.contains("\"waarde\":4"), "{heard}");
}

#[tokio::test]
async fn too_much_at_once_is_turned_away_with_a_time() {
    use oslo_registry::http::{AppState, ServerConfig, router};
    use oslo_registry::observations::{Kind, ObservationOptions, ObservationStore, Series};
    use oslo_registry::registry::{Registry, RegistryConfig};
    use std::sync::Arc;
    use tower::ServiceExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let options = ObservationOptions {
        queue_rows: 1,
        ..ObservationOptions::default()
    };
    let open = Arc::new(ObservationStore::open(folder.path(), options).expect("opens"));
    open.declare(Series {
        iri: format!("{BASE}/id/observatieverzameling/1"),
        kind: Kind::Number,
        unit: None,
    })
    .expect("declared");
    let registry = Registry::in_memory(RegistryConfig {
        base: BASE.to_owned(),
    });
    let config = ServerConfig {
        admin_token: Some(TOKEN.to_owned()),
        observations: Some(open),
        ..ServerConfig::default()
    };
    let app = router(AppState::new(Arc::new(registry), config));
    let authorization = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
    ];
    let body = |n: usize| {
        let all = (0..20).map(|m| told(1, &format!("{:02}:{m:02}:00", n % 24), json!(n)));
        json!(all.collect::<Vec<_>>()).to_string()
    };
    let sent: Vec<_> = (0..64)
        .map(|n| {
            tokio::spawn(
                app.clone()
                    .oneshot(request(Method::POST, BATCH, &headers, &body(n))),
            )
        })
        .collect();
    let (mut stored, mut turned_away) = (0, 0);
    for one in sent {
        let answer = one.await.expect("ends").expect("answers");
        match answer.status() {
            StatusCode::CREATED => stored += 1,
            StatusCode::TOO_MANY_REQUESTS => {
                assert!(answer.headers().contains_key("retry-after"));
                turned_away += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert!(
        stored > 0 && turned_away > 0,
        "{stored} stored, {turned_away} turned away"
    );
}

#[tokio::test]
async fn a_series_of_elsewhere_is_found_by_its_whole_iri() {
    let (server, _folder) = server();
    let iri = "https://elders.example/reeks/a?b=c";
    server.load(
        "elders",
        format!("<{iri}> a <http://www.w3.org/ns/sosa/ObservationCollection> .").as_bytes(),
    );
    let one = json!({ "reeks": iri, "tijd": "2026-03-01T10:00:00Z", "waarde": 1.5 });
    store(&server, &[one]).await;
    let list = json_of(&server, "/obs/v1/reeksen").await;
    let address = list["reeksen"][0]["waarden"].as_str().expect("an address");
    let path = address.strip_prefix(BASE).expect("ours");
    let values = json_of(&server, path).await;
    assert_eq!(
        (&values["@id"], &values["observaties"][0]["waarde"]),
        (&json!(iri), &json!(1.5))
    );
}

#[tokio::test]
async fn the_catalogue_tells_of_the_files() {
    let (server, folder) = server();
    let none = server.get_as("/catalog", "application/n-triples").await;
    assert!(!none.text().contains("/id/dataset/waarnemingen"));
    store(&server, &[told(1, "10:00:00", json!(1))]).await;
    drop(server);
    seal(folder.path());
    let server = Server::in_folder(folder.path(), OpenOptions::default());
    let list = json_of(&server, "/obs/v1/bestanden").await;
    let file = &list["bestanden"][0];
    let catalogue = server.get_as("/catalog", "application/n-triples").await;
    let text = catalogue.text();
    let address = file["adres"].as_str().expect("an address");
    assert!(text.contains(&format!(
        "<http://www.w3.org/ns/dcat#downloadURL> <{address}>"
    )));
    assert!(text.contains(file["sha256"].as_str().expect("a digest")));
    assert!(text.contains("/file-type/PARQUET>"));
    let said = json_of(&server, "/health").await;
    assert_eq!(said["waarnemingen"]["rijen"], 1, "{said}");
    let page = server
        .get_as("/doc/dataset/waarnemingen", "text/html")
        .await;
    assert_eq!(page.status, StatusCode::OK);
}
