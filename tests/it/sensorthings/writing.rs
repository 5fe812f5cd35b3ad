//! req/create-update-delete: entities made with what comes in them, changed and removed.

use super::{TYPES, all, datastream, filled, first_series, get, make, send, server, thing};
use axum::http::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn create_entity_links_to_what_exists() {
    let (server, _folder) = server();
    let thing = make(
        &server,
        "/Things",
        json!({ "name": "Paal", "description": "" }),
    )
    .await;
    let sensor =
        json!({ "name": "S", "description": "", "encodingType": "text/html", "metadata": "x" });
    let sensor = make(&server, "/Sensors", sensor).await;
    let property = json!({ "name": "P", "description": "", "definition": "http://qudt.org/vocab/quantitykind/Temperature" });
    let property = make(&server, "/ObservedProperties", property).await;
    let id = |path: &str| -> u64 {
        let inner = path.split(['(', ')']).nth(1).expect("an id");
        inner.parse().expect("a number")
    };
    let mut body = datastream("warmte", "OM_Measurement");
    for (name, path) in [("Sensor", &sensor), ("ObservedProperty", &property)] {
        body[name] = json!({ "@iot.id": id(path) });
    }
    let series = make(&server, &format!("{thing}/Datastreams"), body).await;
    let shown = get(
        &server,
        &format!("{series}?$expand=Thing,Sensor,ObservedProperty"),
    )
    .await;
    assert_eq!(
        (&shown["Thing"]["name"], &shown["Sensor"]["name"]),
        (&json!("Paal"), &json!("S"))
    );
    assert_eq!(shown["ObservedProperty"]["name"], "P");
    let place = json!({ "name": "Markt", "description": "", "encodingType": "application/geo+json", "location": { "type": "Point", "coordinates": [4, 51] } });
    let place = make(&server, &format!("{thing}/Locations"), place).await;
    assert_eq!(
        all(&get(&server, &format!("{place}/Things")).await, "name"),
        [json!("Paal")]
    );
    // The place of the platform is what its series are about from then on.
    let told = json!({ "phenomenonTime": "2026-03-01T10:00:00Z", "result": 1, "Datastream": { "@iot.id": id(&series) } });
    let told = make(&server, "/Observations", told).await;
    assert_eq!(
        get(&server, &format!("{told}/FeatureOfInterest")).await["name"],
        "Markt"
    );
}

#[tokio::test]
async fn deep_insert_makes_all_of_it_or_nothing() {
    let (server, _folder) = server();
    let mut body = thing("Paal");
    body["Datastreams"][0]["Observations"] = json!([
        { "phenomenonTime": "2026-03-01T10:00:00Z", "result": 20.5, "FeatureOfInterest": {
            "name": "Lucht", "description": "", "encodingType": "application/geo+json", "feature": { "type": "Point", "coordinates": [4, 51] } } },
        { "phenomenonTime": "2026-03-01T10:01:00Z", "result": 21 },
    ]);
    let made = make(&server, "/Things", body.clone()).await;
    let shown = get(
        &server,
        &format!("{made}?$expand=Datastreams/Observations/FeatureOfInterest"),
    )
    .await;
    let told = &shown["Datastreams"][0]["Observations"];
    assert_eq!(told[0]["FeatureOfInterest"]["name"], "Lucht");
    assert_eq!(told[1]["FeatureOfInterest"]["name"], "Markt");
    // One observation that does not fit, and nothing is there.
    body["Datastreams"][0]["Observations"][1]["result"] = json!("warm");
    let answer = send(&server, Method::POST, "/Things", &body).await;
    let problem = answer.assert_problem(422, "observations-refused");
    assert_eq!(
        (
            &problem["fouten"][0]["plaats"],
            &problem["fouten"][0]["code"]
        ),
        (&json!(1), &json!("other-kind"))
    );
    for set in ["Things", "Datastreams", "Sensors", "Locations"] {
        let count = get(&server, &format!("/{set}?$count=true")).await["@iot.count"].clone();
        assert_eq!(
            count,
            if set == "Things" || set == "Locations" {
                1
            } else {
                2
            },
            "{set}"
        );
    }
    assert_eq!(
        get(&server, "/Observations?$count=true").await["@iot.count"],
        2
    );
    // What was given up leaves no trace: the next one may measure anything.
    let mut other = thing("Ander");
    other["Datastreams"][0] = datastream("vocht", "OM_CategoryObservation");
    make(&server, "/Things", other).await;
}

#[tokio::test]
async fn update_entity_changes_what_is_sent() {
    let (server, _folder) = filled().await;
    let id = get(&server, "/Things").await["value"][0]["@iot.id"].clone();
    let path = format!("/Things({id})");
    let answer = send(
        &server,
        Method::PATCH,
        &path,
        &json!({ "name": "Mast", "properties": { "hoogte": 6 } }),
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let shown = get(&server, &path).await;
    assert_eq!(
        (&shown["name"], &shown["description"]),
        (&json!("Mast"), &json!("Een meetpaal"))
    );
    assert_eq!(shown["properties"], json!({ "hoogte": 6 }));
    // What clients read comes back to be written.
    let answer = send(&server, Method::PATCH, &path, &shown).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(get(&server, &path).await, shown);
    // PUT says all there is to say.
    let bare = json!({ "name": "Kaal", "description": "" });
    let answer = send(&server, Method::PUT, &path, &bare).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let shown = get(&server, &path).await;
    assert_eq!(
        (&shown["name"], shown.get("properties")),
        (&json!("Kaal"), None)
    );
    let answer = send(&server, Method::PUT, &path, &json!({ "description": "" })).await;
    answer.assert_problem(400, "wrong-type");
    let other = make(
        &server,
        "/Things",
        json!({ "name": "Ander", "description": "" }),
    )
    .await;
    let series = first_series(&server).await;
    let other_id: u64 = other
        .split(['(', ')'])
        .nth(1)
        .and_then(|id| id.parse().ok())
        .expect("an id");
    let moved = json!({ "Thing": { "@iot.id": other_id } });
    let answer = send(
        &server,
        Method::PATCH,
        &format!("/Datastreams({series})"),
        &moved,
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(
        all(&get(&server, &format!("{other}/Datastreams")).await, "name"),
        [json!("warmte")]
    );
}

#[tokio::test]
async fn kind_and_unit_of_a_series_stay() {
    let (server, _folder) = filled().await;
    let path = format!("/Datastreams({})", first_series(&server).await);
    let before = get(&server, &path).await;
    for change in [
        json!({ "unitOfMeasurement": { "name": "kelvin", "symbol": "K", "definition": "http://qudt.org/vocab/unit/K" } }),
        json!({ "observationType": format!("{TYPES}OM_CountObservation") }),
    ] {
        let answer = send(&server, Method::PATCH, &path, &change).await;
        answer.assert_problem(409, "other-series");
    }
    assert_eq!(get(&server, &path).await, before);
}

#[tokio::test]
async fn observations_are_corrected_and_withdrawn() {
    let (server, _folder) = filled().await;
    let listed = get(&server, "/Observations?$filter=result eq 21").await;
    let id = listed["value"][0]["@iot.id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let path = format!("/Observations('{id}')");
    let answer = send(
        &server,
        Method::PATCH,
        &path,
        &json!({ "result": 19, "resultQuality": 2 }),
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let shown = get(&server, &path).await;
    assert_eq!(
        (&shown["result"], &shown["resultQuality"]),
        (&json!(19), &json!(2))
    );
    let moved = json!({ "phenomenonTime": "2026-03-01T09:00:00Z" });
    let answer = send(&server, Method::PATCH, &path, &moved).await;
    answer.assert_problem(409, "observation-moved");
    let answer = send(&server, Method::DELETE, &path, &json!(null)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    server
        .get(&super::encoded(&path))
        .await
        .assert_problem(404, "not-found");
    assert_eq!(
        get(&server, "/Observations?$count=true").await["@iot.count"],
        4
    );
}

#[tokio::test]
async fn delete_entity_removes_what_cannot_be_without_it() {
    let (server, _folder) = filled().await;
    let feature = get(&server, "/FeaturesOfInterest").await["value"][0]["@iot.id"].clone();
    let answer = send(
        &server,
        Method::DELETE,
        &format!("/FeaturesOfInterest({feature})"),
        &json!(null),
    )
    .await;
    answer.assert_problem(409, "entity-in-use");
    let sensor =
        get(&server, "/Sensors?$filter=Datastreams/name eq 'warmte'").await["value"][0]["@iot.id"]
            .clone();
    let answer = send(
        &server,
        Method::DELETE,
        &format!("/Sensors({sensor})"),
        &json!(null),
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(
        all(&get(&server, "/Datastreams").await, "name"),
        [json!("fietsers")]
    );
    assert_eq!(get(&server, "/Observations").await["value"], json!([]));
    // Numbers are not given again.
    let next = make(
        &server,
        "/Things",
        json!({ "name": "x", "description": "" }),
    )
    .await;
    let number: u64 = next
        .split(['(', ')'])
        .nth(1)
        .and_then(|id| id.parse().ok())
        .expect("an id");
    assert!(number > sensor.as_u64().expect("a number"));
}
