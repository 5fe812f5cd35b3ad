//! The shipped mappings, read and used.

use super::*;
use serde_json::json;

fn options() -> NormaliseOptions {
    NormaliseOptions::new("http://127.0.0.1:7400", "test")
}

fn run(record: &Value) -> Result<(Normalised, Vec<String>), NormaliseError> {
    let mut quads = Vec::new();
    let done = Normaliser::shipped()
        .normalise(record, &options(), &mut |quad| quads.push(quad.to_string()))?;
    Ok((done, quads))
}

#[test]
fn the_shipped_mappings_are_sound() {
    let normaliser = Normaliser::read_shipped().expect("sound");
    assert!(normaliser.mappings().len() >= 14);
}

#[test]
fn a_record_of_another_kind_is_not_touched() {
    for record in [
        json!(null),
        json!([]),
        json!({}),
        json!({"identificator": {"id": "x"}}),
        json!({"@id": "https://data.vlaanderen.be/id/adres/1"}),
    ] {
        assert_eq!(run(&record).map(|_| ()), Err(NormaliseError::Unrecognised));
    }
}

#[test]
fn depth_and_size_are_bounded() {
    let mut deep = json!(1);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    let id = json!({"id": "https://data.vlaanderen.be/id/adres/1"});
    let record = json!({"identificator": id, "huisnummer": deep});
    assert!(matches!(run(&record), Err(NormaliseError::TooDeep { .. })));
    let wide: Vec<u32> = (0..300_000).collect();
    let record = json!({"identificator": id, "huisnummer": wide});
    assert!(matches!(run(&record), Err(NormaliseError::TooLarge { .. })));
}
