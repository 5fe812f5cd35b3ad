//! req/datamodel and req/resource-path: what entities are and where they are found.

use super::{BASE, all, filled, first_series, get, make, server, thing};
use crate::http::Server;
use serde_json::{Value as Json, json};

#[tokio::test]
async fn the_root_lists_the_sets_and_what_is_claimed() {
    let (server, _folder) = server();
    let root = get(&server, "").await;
    let sets = all(&root, "name");
    for set in [
        "Things",
        "Locations",
        "Datastreams",
        "Sensors",
        "ObservedProperties",
        "FeaturesOfInterest",
        "Observations",
    ] {
        assert!(sets.contains(&json!(set)), "{set}");
        assert_eq!(get(&server, &format!("/{set}")).await["value"], json!([]));
    }
    let claimed = root["serverSettings"]["conformance"]
        .as_array()
        .expect("a list");
    assert!(
        claimed
            .iter()
            .any(|one| one == "http://www.opengis.net/spec/iot_sensing/1.1/req/datamodel")
    );
}

#[tokio::test]
async fn entities_have_control_information_properties_and_relations() {
    let (server, _folder) = filled().await;
    let expected: [(&str, &[&str], &[&str]); 6] = [
        (
            "Things",
            &["name", "description", "properties"],
            &["Locations", "Datastreams"],
        ),
        (
            "Locations",
            &["name", "encodingType", "location"],
            &["Things"],
        ),
        (
            "Datastreams",
            &["name", "observationType", "unitOfMeasurement"],
            &["Thing", "Sensor", "ObservedProperty", "Observations"],
        ),
        (
            "Sensors",
            &["name", "encodingType", "metadata"],
            &["Datastreams"],
        ),
        (
            "ObservedProperties",
            &["name", "definition"],
            &["Datastreams"],
        ),
        (
            "FeaturesOfInterest",
            &["name", "encodingType", "feature"],
            &["Observations"],
        ),
    ];
    for (set, properties, relations) in expected {
        let listed = get(&server, &format!("/{set}")).await;
        let one = &listed["value"][0];
        let id = &one["@iot.id"];
        assert!(id.is_u64(), "{set}: {one}");
        assert_eq!(one["@iot.selfLink"], format!("{BASE}/{set}({id})"));
        for name in properties {
            assert!(!one[name].is_null(), "{set} {name}: {one}");
        }
        for name in relations {
            let link = format!("{BASE}/{set}({id})/{name}");
            assert_eq!(one[format!("{name}@iot.navigationLink")], link);
            get(&server, &format!("/{set}({id})/{name}")).await;
        }
        assert_eq!(get(&server, &format!("/{set}({id})")).await, *one);
    }
}

#[tokio::test]
async fn observations_have_times_results_and_what_they_are_of() {
    let (server, _folder) = filled().await;
    let listed = get(&server, "/Observations").await;
    let one = &listed["value"][0];
    assert_eq!(one["phenomenonTime"], "2026-03-01T10:00:00Z");
    assert_eq!(one["resultTime"], "2026-03-01T10:00:00Z");
    assert_eq!(one["result"], 20);
    let own = one["@iot.selfLink"].as_str().expect("a link");
    let path = own.strip_prefix(BASE).expect("below the root");
    assert_eq!(get(&server, path).await, *one);
    let series = get(&server, &format!("{path}/Datastream")).await;
    assert_eq!(series["name"], "warmte");
    assert_eq!(
        series["phenomenonTime"],
        "2026-03-01T10:00:00Z/2026-03-01T10:04:00Z"
    );
    let feature = get(&server, &format!("{path}/FeatureOfInterest")).await;
    assert_eq!(feature["feature"]["coordinates"], json!([3.72, 51.05]));
    let id = &feature["@iot.id"];
    let about = get(
        &server,
        &format!("/FeaturesOfInterest({id})/Observations?$count=true"),
    )
    .await;
    assert_eq!(about["@iot.count"], 5);
}

#[tokio::test]
async fn addresses_lead_to_properties_values_and_links() {
    let (server, _folder) = filled().await;
    let id = get(&server, "/Things").await["value"][0]["@iot.id"].clone();
    assert_eq!(
        get(&server, &format!("/Things({id})/name")).await,
        json!({ "name": "Paal" })
    );
    let value = server
        .get(&super::encoded(&format!("/Things({id})/name/$value")))
        .await;
    assert_eq!(
        (value.text(), value.header("content-type")),
        ("Paal", "text/plain; charset=utf-8")
    );
    let deep = server
        .get(&super::encoded(&format!(
            "/Things({id})/properties/hoogte/$value"
        )))
        .await;
    assert_eq!(deep.text(), "4");
    let links = get(&server, &format!("/Things({id})/Datastreams/$ref")).await;
    assert_eq!(links["value"].as_array().map(Vec::len), Some(2));
    assert!(links["value"][0].get("name").is_none());
    let series = first_series(&server).await;
    let through = get(
        &server,
        &format!("/Things({id})/Datastreams({series})/Sensor/Datastreams"),
    )
    .await;
    assert_eq!(all(&through, "name"), [json!("warmte")]);
    for wrong in [
        "/Things(99)",
        "/Dingen",
        "/Things(1)/Sensors",
        "/Things/name",
        "/Observations('1:2')",
        "/Things(1)/name/a",
        "/Things/$value",
    ] {
        let answer = server.get(&super::encoded(wrong)).await;
        answer.assert_problem(404, "not-found");
    }
}

/// What a query says of the statements.
async fn ask(server: &Server, pattern: &str) -> bool {
    let query = format!(
        "PREFIX sosa: <http://www.w3.org/ns/sosa/> PREFIX locn: <http://www.w3.org/ns/locn#> PREFIX geo: <http://www.opengis.net/ont/geosparql#> ASK {{ {pattern} }}"
    );
    let answer = server
        .write(
            axum::http::Method::POST,
            "/sparql",
            "application/sparql-query",
            &query,
        )
        .await;
    answer.json()["boolean"] == Json::Bool(true)
}

#[tokio::test]
async fn the_same_is_told_in_sosa() {
    let (server, _folder) = server();
    make(&server, "/Things", thing("Paal")).await;
    let pattern = "?c a sosa:ObservationCollection ; sosa:madeBySensor ?s ; sosa:observedProperty ?p ; sosa:hasFeatureOfInterest ?f ;
          <http://qudt.org/schema/qudt/hasUnit> <http://qudt.org/vocab/unit/DEG_C> ; <http://purl.org/dc/terms/title> \"warmte\"@nl .
        ?s a sosa:Sensor ; sosa:observes ?p ; sosa:isHostedBy ?t .
        ?t a sosa:Platform ; sosa:hosts ?s ; locn:address <https://data.vlaanderen.be/id/adres/9> ; locn:geometry/geo:asWKT ?w ;
          <http://www.w3.org/2000/01/rdf-schema#label> \"Paal\"@nl .
        ?p a sosa:ObservableProperty . ?f a sosa:FeatureOfInterest .
        FILTER(STR(?w) = \"POINT (3.72 51.05)\")";
    assert!(ask(&server, pattern).await);
    // All of it is gone with the platform, but for what may be of others: sensors no longer observe.
    let id = get(&server, "/Things").await["value"][0]["@iot.id"].clone();
    let gone = server
        .write(
            axum::http::Method::DELETE,
            &super::encoded(&format!("/Things({id})")),
            "application/json",
            "",
        )
        .await;
    assert_eq!(gone.status, 200, "{}", gone.text());
    assert!(!ask(&server, "?s a sosa:Sensor").await);
    assert!(!ask(&server, "?c a sosa:ObservationCollection").await);
    assert_eq!(get(&server, "/Sensors?$count=true").await["@iot.count"], 2);
}

#[tokio::test]
async fn what_others_described_is_read_by_its_iri() {
    let (server, _folder) = server();
    server.load("sensoren", include_bytes!("../../../fixtures/sensoren.ttl"));
    let sensors = get(&server, "/Sensors?$expand=Datastreams($expand=Thing)").await;
    assert_eq!(sensors["value"].as_array().map(Vec::len), Some(4));
    let one = &sensors["value"][0];
    assert_eq!(
        one["@iot.id"],
        "https://data.vlaanderen.be/id/sensor/90000001"
    );
    assert_eq!(
        one["Datastreams"][0]["Thing"]["@iot.id"],
        "https://data.vlaanderen.be/id/platform/90000001"
    );
    let path = "/Sensors('https://data.vlaanderen.be/id/sensor/90000001')";
    assert_eq!(get(&server, path).await["name"], "Telpunt Markt");
    let answer = super::send(
        &server,
        axum::http::Method::PATCH,
        path,
        &json!({ "name": "Anders" }),
    )
    .await;
    answer.assert_problem(409, "entity-elsewhere");
}
