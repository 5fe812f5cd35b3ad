//! Recorded answers of the base registries beside ours: the same keys in the same order, of the same types.

use super::asked::server;
use crate::normalise::documents::shared;
use serde_json::Value as Json;

/// Ways to every value below a node with its type, in order; those without a value left out.
fn ways(json: &Json, way: &str, found: &mut Vec<String>) {
    match json {
        Json::Object(members) => {
            for (key, value) in members {
                ways(value, &format!("{way}/{key}"), found);
            }
        }
        Json::Array(list) => {
            found.push(format!("{way} list"));
            for value in list.iter().take(1) {
                ways(value, &format!("{way}/0"), found);
            }
        }
        Json::Null => {}
        Json::String(_) => found.push(format!("{way} text")),
        Json::Number(_) => found.push(format!("{way} number")),
        Json::Bool(_) => found.push(format!("{way} boolean")),
    }
}

fn ways_of(json: &Json) -> Vec<String> {
    let mut found = Vec::new();
    ways(json, "", &mut found);
    found
}

#[tokio::test]
async fn answers_have_the_keys_of_the_recorded_ones() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("registries/instance/association-registry/AdresMatch");
    let recorded = |name: &str| -> Json {
        let text = std::fs::read_to_string(folder.join(name)).expect("a recorded answer");
        serde_json::from_str(&text).expect("JSON")
    };
    let server = server();
    let exact = recorded("Exact_Match_Affligem.json");
    let asked = "/v2/adresmatch?gemeentenaam=Proefstad&straatnaam=Kerkstraat&huisnummer=12";
    let ours = server.get(asked).await.json();
    assert_eq!(
        ways_of(&ours["adresMatches"][0]),
        ways_of(&exact["adresMatches"][0])
    );
    let keys = |json: &Json| -> Vec<String> {
        let members = json.as_object().expect("an object");
        members.keys().cloned().collect()
    };
    assert_eq!(keys(&ours), keys(&exact));
    // A street without the house number.
    let street = recorded("No_Id_In_Match_Destelbergen.json");
    let asked = "/v2/adresmatch?gemeentenaam=Proefstad&straatnaam=Kerkstraat&huisnummer=99";
    let ours = server.get(asked).await.json();
    assert_eq!(
        ways_of(&ours["adresMatches"][0]),
        ways_of(&street["adresMatches"][0])
    );
    // Nothing at all, and what is unknown.
    let nothing = recorded("fallback.json");
    let asked = "/v2/adresmatch?gemeentenaam=Zzzzzz&postcode=1234&straatnaam=Zzzzzz";
    let ours = server.get(asked).await.json();
    assert_eq!(ours["adresMatches"], nothing["adresMatches"]);
    for warning in nothing["warnings"].as_array().expect("a list") {
        let told = ours["warnings"].as_array().expect("a list");
        assert!(told.contains(warning), "{warning}: {told:?}");
    }
}
