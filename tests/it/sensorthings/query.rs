//! req/request-data: order, expand, select, filter, count, pagination and dataArray.

use super::{BASE, all, filled, first_series, get, make, server, thing};
use serde_json::json;

#[tokio::test]
async fn filter_compares_reckons_and_calls_functions() {
    let (server, _folder) = filled().await;
    for (filter, count) in [
        ("result gt 21", 2),
        ("result ge 21 and result lt 22", 2),
        ("not (result eq 20)", 4),
        ("result eq 20 or result eq 20.5", 2),
        ("result sub 20 gt 1", 2),
        ("result mul 2 eq 41", 1),
        ("result div 2 eq 10", 1),
        ("result mod 2 eq 0", 2),
        ("round(result) eq 22", 2),
        ("floor(result) eq 20", 2),
        ("ceiling(result) eq 21", 2),
        ("phenomenonTime gt 2026-03-01T10:02:00Z", 2),
        (
            "phenomenonTime ge 2026-03-01T11:02:00+01:00 and phenomenonTime lt 2026-03-01T10:04:00Z",
            2,
        ),
        ("phenomenonTime eq 2026-03-01T10:03:00Z", 1),
        ("resultTime le 2026-03-01T10:01:00Z", 2),
        ("minute(phenomenonTime) eq 3", 1),
        (
            "hour(resultTime) eq 10 and year(resultTime) eq 2026 and month(resultTime) eq 3 and day(resultTime) eq 1",
            5,
        ),
        ("date(phenomenonTime) eq 2026-03-01", 5),
        ("time(phenomenonTime) eq 10:02:00", 1),
        ("phenomenonTime lt now()", 5),
        ("phenomenonTime gt now() sub duration'P1D'", 0),
        ("Datastream/name eq 'warmte'", 5),
        ("Datastream/Thing/name eq 'Paal' and result gt 21.5", 1),
        ("Datastream/name eq 'fietsers'", 0),
        ("FeatureOfInterest/name eq 'Markt'", 5),
    ] {
        let found = get(
            &server,
            &format!("/Observations?$count=true&$filter={filter}"),
        )
        .await;
        assert_eq!(found["@iot.count"], count, "{filter}");
        assert_eq!(all(&found, "result").len(), count, "{filter}");
    }
    for (filter, count) in [
        ("name eq 'Paal'", 1),
        ("substringof('aa', name)", 1),
        ("startswith(name, 'P') and endswith(name, 'l')", 1),
        ("tolower(name) eq 'paal' and toupper(name) eq 'PAAL'", 1),
        ("length(name) eq 4", 1),
        ("indexof(name, 'l') eq 3", 1),
        ("substring(name, 1) eq 'aal'", 1),
        ("trim(concat(name, ' ')) eq 'Paal'", 1),
        ("properties/hoogte gt 3", 1),
        ("properties/hoogte gt 5", 0),
        ("properties/eigenaar eq 'gemeente'", 1),
        ("Datastreams/name eq 'fietsers'", 1),
        (
            "Datastreams/ObservedProperty/name eq 'Kenmerk van warmte'",
            1,
        ),
        ("Datastreams/unitOfMeasurement/symbol eq 'K'", 0),
        ("id eq 1", 1),
    ] {
        let found = get(&server, &format!("/Things?$filter={filter}")).await;
        assert_eq!(all(&found, "name").len(), count, "{filter}");
    }
}

#[tokio::test]
async fn expand_nests_with_options_of_its_own() {
    let (server, _folder) = filled().await;
    let path = "/Things?$expand=Locations($select=name),Datastreams($orderby=name desc;$expand=Observations($top=1;$orderby=phenomenonTime desc;$count=true),Sensor)";
    let found = get(&server, path).await;
    let one = &found["value"][0];
    assert_eq!(one["Locations"], json!([{ "name": "Markt" }]));
    assert!(one.get("Locations@iot.navigationLink").is_none());
    let series = &one["Datastreams"][0];
    assert_eq!(series["name"], "warmte");
    assert_eq!(series["Observations@iot.count"], 5);
    assert_eq!(series["Observations"][0]["result"], 22);
    assert_eq!(series["Sensor"]["name"], "Sensor van warmte");
    assert_eq!(one["Datastreams"][1]["Observations"], json!([]));
    // What goes on has an address.
    let next = series["Observations@iot.nextLink"]
        .as_str()
        .expect("a link");
    let next = get(&server, &decoded(next)).await;
    assert_eq!(all(&next, "result"), [json!(21.5)]);
    let path = get(
        &server,
        "/Datastreams?$expand=Thing/Locations&$filter=name eq 'warmte'",
    )
    .await;
    assert_eq!(path["value"][0]["Thing"]["Locations"][0]["name"], "Markt");
}

/// The path below the root of an address that was handed out.
fn decoded(address: &str) -> String {
    let path = address.strip_prefix(BASE).expect("below the root");
    path.replace("%20", " ")
        .replace("%3A", ":")
        .replace("%2C", ",")
        .replace("%27", "'")
}

#[tokio::test]
async fn select_shows_what_is_named() {
    let (server, _folder) = filled().await;
    let found = get(
        &server,
        "/Observations?$top=1&$select=result,phenomenonTime",
    )
    .await;
    assert_eq!(
        found["value"],
        json!([{ "phenomenonTime": "2026-03-01T10:00:00Z", "result": 20 }])
    );
    let found = get(&server, "/Things?$select=id,name,Locations").await;
    let one = found["value"][0].as_object().expect("an object");
    let names: Vec<&str> = one.keys().map(String::as_str).collect();
    assert_eq!(names, ["@iot.id", "name", "Locations@iot.navigationLink"]);
}

#[tokio::test]
async fn order_top_skip_and_count_make_pages() {
    let (server, _folder) = server();
    for name in ["c", "a", "b"] {
        make(
            &server,
            "/Things",
            json!({ "name": name, "description": name }),
        )
        .await;
    }
    let found = get(&server, "/Things?$orderby=name&$top=2&$count=true").await;
    assert_eq!(
        (all(&found, "name"), &found["@iot.count"]),
        (vec![json!("a"), json!("b")], &json!(3))
    );
    let next = found["@iot.nextLink"].as_str().expect("a link");
    let rest = get(&server, &decoded(next)).await;
    assert_eq!(all(&rest, "name"), [json!("c")]);
    assert!(rest.get("@iot.nextLink").is_none());
    let down = get(&server, "/Things?$orderby=name desc&$skip=1").await;
    assert_eq!(all(&down, "name"), [json!("b"), json!("a")]);
}

#[tokio::test]
async fn pages_of_observations_follow_each_other() {
    let (server, _folder) = filled().await;
    let id = first_series(&server).await;
    for order in [
        "",
        "&$orderby=phenomenonTime asc",
        "&$orderby=phenomenonTime desc",
        "&$orderby=result desc",
    ] {
        for set in [
            "/Observations".to_owned(),
            format!("/Datastreams({id})/Observations"),
        ] {
            let mut path = format!("{set}?$top=2{order}");
            let mut seen = Vec::new();
            loop {
                let page = get(&server, &path).await;
                seen.extend(all(&page, "result"));
                match page["@iot.nextLink"].as_str() {
                    Some(next) => path = decoded(next),
                    None => break,
                }
                assert!(seen.len() <= 5, "{path}");
            }
            let mut expected = vec![json!(20), json!(20.5), json!(21), json!(21.5), json!(22)];
            if order.ends_with("desc") {
                expected.reverse();
            }
            assert_eq!(seen, expected, "{set} {order}");
        }
    }
}

#[tokio::test]
async fn several_series_are_merged_by_time() {
    let (server, _folder) = filled().await;
    let id = get(&server, "/Datastreams?$filter=name eq 'fietsers'").await["value"][0]["@iot.id"]
        .clone();
    for second in [30, 10, 50] {
        let told =
            json!({ "phenomenonTime": format!("2026-03-01T10:01:{second}Z"), "result": second });
        make(&server, &format!("/Datastreams({id})/Observations"), told).await;
    }
    let found = get(
        &server,
        "/Observations?$orderby=phenomenonTime desc&$top=4&$skip=1",
    )
    .await;
    assert_eq!(
        all(&found, "result"),
        [json!(21.5), json!(21), json!(50), json!(30)]
    );
    let found = get(
        &server,
        "/Observations?$orderby=Datastream/name,result desc&$top=2",
    )
    .await;
    assert_eq!(all(&found, "result"), [json!(50), json!(30)]);
}

#[tokio::test]
async fn data_array_names_components_once() {
    let (server, _folder) = filled().await;
    let found = get(
        &server,
        "/Observations?$resultFormat=dataArray&$top=2&$count=true",
    )
    .await;
    let group = &found["value"][0];
    assert_eq!(
        group["components"],
        json!(["id", "phenomenonTime", "resultTime", "result"])
    );
    assert_eq!(group["dataArray@iot.count"], 2);
    assert_eq!(group["dataArray"][1][3], 20.5);
    assert_eq!(found["@iot.count"], 5);
    let found = get(
        &server,
        "/Observations?$resultFormat=dataArray&$select=result",
    )
    .await;
    assert_eq!(found["value"][0]["dataArray"][0], json!([20]));
}

#[tokio::test]
async fn what_is_no_option_is_refused_with_its_place() {
    let (server, _folder) = filled().await;
    make(&server, "/Things", thing("Ander")).await;
    for (path, code) in [
        ("/Things?$filter=name eq", "filter"),
        ("/Things?$filter=naam eq 'x'", "filter"),
        ("/Things?$filter=Datastreams/x eq 1", "filter"),
        (
            "/Things?$filter=Datastreams/Observations/result gt 1",
            "bad-parameter",
        ),
        ("/Things?$filter=onbekend(name) eq 1", "filter"),
        ("/Things?$orderby=x", "filter"),
        ("/Things?$select=x", "filter"),
        ("/Things?$expand=Sensors", "filter"),
        ("/Things?$top=-1", "bad-parameter"),
        ("/Things?$top=1000000", "bad-parameter"),
        ("/Things?$what=1", "bad-parameter"),
        ("/Things?$resultFormat=dataArray", "bad-parameter"),
        ("/Observations?$skiptoken=x", "bad-parameter"),
        ("/Things?$top=1&$top=2", "bad-parameter"),
    ] {
        let answer = server.get(&super::encoded(path)).await;
        assert_eq!(answer.status, 400, "{path}");
        answer.assert_problem(400, code);
    }
}
