//! req/data-array (CreateObservations) and $batch.

use super::{BASE, filled, first_series, get, send};
use axum::http::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn create_observations_stores_arrays_of_several_series() {
    let (server, _folder) = filled().await;
    let warm = first_series(&server).await;
    let bikes =
        get(&server, "/Datastreams?$filter=name eq 'fietsers'").await["value"][0]["@iot.id"]
            .clone();
    let feature = get(&server, "/FeaturesOfInterest").await["value"][0]["@iot.id"].clone();
    let body = json!([
        { "Datastream": { "@iot.id": warm }, "components": ["phenomenonTime", "result", "FeatureOfInterest/id"], "dataArray@iot.count": 2,
          "dataArray": [["2026-03-01T11:00:00Z", 1.5, feature], ["2026-03-01T11:01:00Z", 2.5, feature]] },
        { "Datastream": { "@iot.id": bikes }, "components": ["phenomenonTime", "resultTime", "result"],
          "dataArray": [["2026-03-01T11:00:00Z/2026-03-01T12:00:00Z", "2026-03-01T12:00:01Z", 12]] },
    ]);
    let answer = send(&server, Method::POST, "/CreateObservations", &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let links = answer.json();
    assert_eq!(links.as_array().map(Vec::len), Some(3));
    let path = links[2]
        .as_str()
        .and_then(|link| link.strip_prefix(BASE))
        .expect("a link");
    let told = get(&server, path).await;
    assert_eq!(
        told["phenomenonTime"],
        "2026-03-01T11:00:00Z/2026-03-01T12:00:00Z"
    );
    assert_eq!(
        (&told["resultTime"], &told["result"]),
        (&json!("2026-03-01T12:00:01Z"), &json!(12))
    );
    // The object of the series is no object of its own.
    assert!(
        !links[0]
            .as_str()
            .expect("a link")
            .trim_end_matches("')")
            .ends_with(":1")
    );
    // The same once more is no news.
    let again = send(&server, Method::POST, "/CreateObservations", &body).await;
    assert_eq!(again.status, StatusCode::CREATED);
    assert_eq!(
        get(&server, "/Observations?$count=true").await["@iot.count"],
        8
    );
}

#[tokio::test]
async fn create_observations_stores_all_or_nothing() {
    let (server, _folder) = filled().await;
    let id = first_series(&server).await;
    let body = |components: serde_json::Value, rows: serde_json::Value| json!([{ "Datastream": { "@iot.id": id }, "components": components, "dataArray": rows }]);
    let mixed = body(
        json!(["phenomenonTime", "result"]),
        json!([
            ["2026-03-01T11:00:00Z", 1],
            ["2026-03-01T11:01:00Z", "x"],
            ["2026-03-01T11:02:00Z", "NaN"]
        ]),
    );
    let answer = send(&server, Method::POST, "/CreateObservations", &mixed).await;
    let problem = answer.assert_problem(422, "observations-refused");
    let told: Vec<_> = problem["fouten"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["plaats"].clone(), one["code"].clone()))
        .collect();
    assert_eq!(
        told,
        [
            (json!(1), json!("other-kind")),
            (json!(2), json!("not-finite"))
        ]
    );
    for wrong in [
        body(json!(["phenomenonTime"]), json!([["2026-03-01T11:00:00Z"]])),
        body(json!(["what"]), json!([[1]])),
        body(json!(["result"]), json!([[1, 2]])),
        body(json!(["result"]), json!(3)),
        json!({}),
    ] {
        let answer = send(&server, Method::POST, "/CreateObservations", &wrong).await;
        answer.assert_problem(400, "wrong-type");
    }
    assert_eq!(
        get(&server, "/Observations?$count=true").await["@iot.count"],
        5
    );
}

#[tokio::test]
async fn a_batch_carries_out_its_requests_in_turn() {
    let (server, _folder) = filled().await;
    let body = json!({ "requests": [
        { "id": "a", "method": "post", "url": "Things", "body": { "name": "Nieuw", "description": "" } },
        { "id": "b", "method": "patch", "url": "$a", "body": { "name": "Nieuwer" } },
        { "id": "c", "method": "get", "url": "/sta/v1.1/Things?$filter=name%20eq%20'Nieuwer'&$select=name" },
        { "id": "d", "method": "get", "url": "Dingen" },
        { "id": "e", "method": "delete", "url": "$a" },
    ] });
    let answer = send(&server, Method::POST, "/$batch", &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let json = answer.json();
    let statuses: Vec<u64> = json["responses"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["status"].as_u64())
        .collect();
    assert_eq!(statuses, [201, 200, 200, 404, 200], "{json:#}");
    assert_eq!(
        json["responses"][2]["body"]["value"],
        json!([{ "name": "Nieuwer" }])
    );
    assert_eq!(json["responses"][3]["body"]["code"], "not-found");
}

#[tokio::test]
async fn an_atomic_group_is_done_as_a_whole() {
    let (server, _folder) = filled().await;
    let request = |id: &str, url: &str, body: serde_json::Value| json!({ "id": id, "atomicityGroup": "g", "method": "post", "url": url, "body": body });
    let good = json!({ "requests": [
        request("1", "Locations", json!({ "name": "Kaai", "description": "", "encodingType": "application/geo+json", "location": { "type": "Point", "coordinates": [4, 51] } })),
        request("2", "Things", json!({ "name": "Boei", "description": "", "Locations": [{ "@iot.id": "$1" }] })),
    ] });
    let json = send(&server, Method::POST, "/$batch", &good).await.json();
    assert_eq!(json["responses"][1]["status"], 201, "{json:#}");
    let found = get(
        &server,
        "/Things?$filter=Locations/name eq 'Kaai'&$select=name",
    )
    .await;
    assert_eq!(found["value"], json!([{ "name": "Boei" }]));
    let bad = json!({ "requests": [
        request("1", "Things", json!({ "name": "Weg", "description": "" })),
        request("2", "Things", json!({ "name": 3 })),
        { "id": "3", "method": "get", "url": "Things?$filter=name%20eq%20'Weg'" },
    ] });
    let json = send(&server, Method::POST, "/$batch", &bad).await.json();
    let statuses: Vec<u64> = json["responses"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["status"].as_u64())
        .collect();
    assert_eq!(statuses, [424, 400, 200], "{json:#}");
    assert_eq!(json["responses"][2]["body"]["value"], json!([]));
}
