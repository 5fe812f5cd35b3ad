//! What the file declares, and what messages tell by it.

use super::mapping::MqttConfig;
use jiff::Timestamp;
use serde_json::json;

const CONFIG: &str = r#"
[makelaar]
adres = "127.0.0.1:1883"

[[onderwerp]]
patroon = "stad/+/telling"
reeks = "telling-{1}"
waarde = "/aantal"
tijd = "/ts"
tijdvorm = "milliseconden"

[[onderwerp]]
patroon = "lucht/#"
reeks = "https://data.example.org/reeks/{1}"
lijst = "/metingen"
waarde = "/v"
tijd = "/t"
eenheid = "/u"

[[onderwerp]]
patroon = "deur"
reeks = "deur"
tijd = "aankomst"
"#;

#[test]
fn topics_name_series_and_messages_tell_values() {
    let config = MqttConfig::parse(CONFIG).expect("a mapping");
    let now = Timestamp::now();
    let (topic, caught) = config.topic("stad/markt/telling").expect("matches");
    let series = topic.series_of(&caught).expect("a series");
    assert_eq!(series, "telling-markt");
    let message = json!({ "aantal": 7, "ts": 1_772_359_200_500_i64 });
    let told = topic.read(&series, &message, now).expect("reads");
    assert_eq!(told[0].time, "2026-03-01T10:00:00.5Z");
    let (topic, caught) = config.topic("lucht/noord/no2").expect("matches");
    let series = topic.series_of(&caught).expect("a series");
    assert_eq!(series, "https://data.example.org/reeks/noord/no2");
    let message = json!({ "metingen": [
        { "v": 1.5, "t": "2026-03-01T10:00:00Z", "u": "unit:MicroGM-PER-M3" },
        { "v": 2, "t": "2026-03-01T10:01:00Z", "u": "unit:MicroGM-PER-M3" },
    ] });
    assert_eq!(topic.read(&series, &message, now).expect("reads").len(), 2);
    let (topic, caught) = config.topic("deur").expect("matches");
    let told = json!(true);
    assert!(caught.is_empty() && topic.read("deur", &told, now).is_ok());
    for none in [
        "stad/telling",
        "stad/a/b/telling",
        "stad",
        "deur/open",
        "$SYS/x",
    ] {
        assert!(config.topic(none).is_none(), "{none}");
    }
}

#[test]
fn what_messages_lack_is_told_by_a_code() {
    let config = MqttConfig::parse(CONFIG).expect("a mapping");
    let now = Timestamp::now();
    let (topic, _) = config.topic("stad/markt/telling").expect("matches");
    for (message, code) in [
        (json!({ "ts": 1 }), "no-value"),
        (json!({ "aantal": 7 }), "no-time"),
        (json!({ "aantal": 7, "ts": "gisteren" }), "bad-time"),
        (json!({ "aantal": [7], "ts": 1 }), "bad-value"),
    ] {
        assert_eq!(topic.read("x", &message, now).err(), Some(code));
    }
    // What stands for a wildcard cannot lead out of its place.
    for name in [
        "stad/a b/telling",
        "stad/../telling",
        "stad/a?x/telling",
        "stad//telling",
    ] {
        let (topic, caught) = config.topic(name).expect("matches");
        assert_eq!(topic.series_of(&caught), None, "{name}");
    }
}

#[test]
fn mistakes_in_the_file_are_told() {
    let with =
        |topic: &str| format!("[makelaar]\nadres = \"127.0.0.1:1883\"\n[[onderwerp]]\n{topic}");
    for (text, what) in [
        (
            "[makelaar]\nadres = \"127.0.0.1\"\n".to_owned(),
            "host and port",
        ),
        (
            "[makelaar]\nadres = \"127.0.0.1:1883\"\n".to_owned(),
            "no onderwerpen",
        ),
        (
            with("patroon = \"a/#/b\"\nreeks = \"r\"\ntijd = \"/t\""),
            "no filter",
        ),
        (
            with("patroon = \"a/+\"\nreeks = \"{2}\"\ntijd = \"/t\""),
            "{2}",
        ),
        (
            with("patroon = \"a\"\nreeks = \"r\"\ntijd = \"t\""),
            "tijd is",
        ),
        (
            with("patroon = \"a\"\nreeks = \"r\"\ntijd = \"/t\"\nwarde = \"/v\""),
            "warde",
        ),
        (
            with("patroon = \"a\"\nreeks = \"r\"\nlijst = \"/l\"\ntijd = \"aankomst\""),
            "of their own",
        ),
    ] {
        let error = MqttConfig::parse(&text).expect_err("a mistake");
        assert!(error.contains(what), "{error}");
    }
    let told = format!("{:?}", MqttConfig::parse(CONFIG).expect("a mapping").broker);
    assert!(!told.contains("password"), "{told}");
}
