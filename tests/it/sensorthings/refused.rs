//! What may not be stored: a clear refusal each, and nothing stored.

use super::{ROOT, datastream, filled, first_series, get, make, send, server};
use crate::http::{Server, request};
use axum::http::Method;
use serde_json::{Value as Json, json};

async fn refused(server: &Server, told: Json, status: u16, code: &str) -> Json {
    let id = first_series(server).await;
    let answer = send(
        server,
        Method::POST,
        &format!("/Datastreams({id})/Observations"),
        &told,
    )
    .await;
    let problem = answer.assert_problem(status, code);
    assert_eq!(
        get(server, "/Observations?$count=true").await["@iot.count"],
        5,
        "{told}"
    );
    problem
}

#[tokio::test]
async fn observations_that_do_not_fit_are_refused() {
    let (server, _folder) = filled().await;
    let at = "2026-03-01T11:00:00Z";
    for (told, reason) in [
        (
            json!({ "phenomenonTime": at, "result": "warm" }),
            "other-kind",
        ),
        (
            json!({ "phenomenonTime": at, "result": true }),
            "other-kind",
        ),
        (
            json!({ "phenomenonTime": at, "result": "NaN" }),
            "not-finite",
        ),
        (
            json!({ "phenomenonTime": at, "result": "Infinity" }),
            "not-finite",
        ),
        (
            json!({ "phenomenonTime": "2099-01-01T00:00:00Z", "result": 1 }),
            "in-the-future",
        ),
        (
            json!({ "phenomenonTime": "1700-01-01T00:00:00Z", "result": 1 }),
            "too-long-ago",
        ),
        (
            json!({ "phenomenonTime": format!("{at}/2026-03-01T10:00:00Z"), "result": 1 }),
            "ends-before-start",
        ),
    ] {
        let problem = refused(&server, told, 422, "observations-refused").await;
        assert_eq!(problem["fouten"][0]["code"], reason);
    }
    for told in [
        json!({ "phenomenonTime": "gisteren", "result": 1 }),
        json!({ "phenomenonTime": at }),
        json!({ "phenomenonTime": at, "result": null }),
        json!({ "phenomenonTime": at, "result": 1, "resultQuality": 300 }),
        json!({ "phenomenonTime": at, "result": 1, "parameters": { "druk": 2 } }),
        json!({ "phenomenonTime": at, "result": 1, "unit": "K" }),
        json!([1]),
    ] {
        refused(&server, told, 400, "wrong-type").await;
    }
    let unknown = json!({ "phenomenonTime": at, "result": 1, "Datastream": { "@iot.id": 999 } });
    let answer = send(&server, Method::POST, "/Observations", &unknown).await;
    answer.assert_problem(422, "dangling-reference");
}

#[tokio::test]
async fn entities_that_do_not_fit_are_refused() {
    let (server, _folder) = server();
    let whole = json!({ "name": "Paal", "description": "" });
    let with = |name: &str, value: Json| {
        let mut body = whole.clone();
        body[name] = value;
        body
    };
    for body in [
        json!({ "description": "" }),
        with("name", json!(3)),
        with("properties", json!([])),
        with("naam", json!("x")),
        with("@iot.id", json!(3)),
        with("Locations", json!(3)),
        with("Datastreams", json!([{ "name": "x" }])),
        json!([]),
    ] {
        let answer = send(&server, Method::POST, "/Things", &body).await;
        answer.assert_problem(400, "wrong-type");
    }
    let dangling = with("Locations", json!([{ "@iot.id": 99 }]));
    let answer = send(&server, Method::POST, "/Things", &dangling).await;
    answer.assert_problem(422, "dangling-reference");
    let mut any = datastream("x", "OM_Observation");
    any["Thing"] = whole.clone();
    let answer = send(&server, Method::POST, "/Datastreams", &any).await;
    answer.assert_problem(400, "wrong-type");
    for set in ["Things", "Datastreams", "Sensors", "Locations"] {
        assert_eq!(
            get(&server, &format!("/{set}")).await["value"],
            json!([]),
            "{set}"
        );
    }
    for (method, path) in [
        (Method::POST, "/Things(1)"),
        (Method::POST, "/Dingen"),
        (Method::PATCH, "/Things"),
        (Method::DELETE, "/Things(7)"),
    ] {
        let answer = send(&server, method, path, &whole).await;
        answer.assert_problem(404, "not-found");
    }
}

#[tokio::test]
async fn writes_are_for_who_may_write() {
    let (server, _folder) = filled().await;
    let id = first_series(&server).await;
    let body = json!({ "result": 1, "Datastream": { "@iot.id": id } }).to_string();
    let headers = [("content-type", "application/json")];
    for path in ["/Things", "/Observations", "/CreateObservations"] {
        let asked = request(Method::POST, &format!("{ROOT}{path}"), &headers, &body);
        let answer = server.send(asked).await;
        assert_eq!(answer.status, 401, "{path}");
    }
    // A batch reads for anybody.
    let batch = json!({ "requests": [
        { "id": "1", "method": "get", "url": "Things?$select=name" },
        { "id": "2", "method": "post", "url": "Things", "body": { "name": "x", "description": "" } },
    ] });
    let asked = request(
        Method::POST,
        &format!("{ROOT}/$batch"),
        &headers,
        &batch.to_string(),
    );
    let answer = server.send(asked).await.json();
    assert_eq!(
        answer["responses"][0]["body"]["value"],
        json!([{ "name": "Paal" }])
    );
    assert_eq!(answer["responses"][1]["status"], 401);
}

#[tokio::test]
async fn a_server_without_values_shows_what_sensors_are() {
    let server = Server::empty();
    let made = make(&server, "/Things", super::thing("Paal")).await;
    assert_eq!(
        get(&server, &format!("{made}/Datastreams?$count=true")).await["@iot.count"],
        2
    );
    assert_eq!(get(&server, "/Observations").await["value"], json!([]));
    let id = first_series(&server).await;
    let told = json!({ "phenomenonTime": "2026-03-01T10:00:00Z", "result": 1 });
    let answer = send(
        &server,
        Method::POST,
        &format!("/Datastreams({id})/Observations"),
        &told,
    )
    .await;
    answer.assert_problem(503, "no-observations");
}
