//! The server killed while observations come in by HTTP and from a broker: every one that was acknowledged, by the server or by the
//! broker, is there afterwards, once.

use super::broker::Mosquitto;
use crate::served::{Served, TOKEN, free_address};
use oslo_registry::observations::{
    OBSERVATIONS_DIR, ObservationOptions, ObservationStore, Row, Scan, Value,
};
use rumqttc::{Client, Event, MqttOptions, Outgoing, Packet, QoS};
use serde_json::{Value as Json, json};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const BASE: &str = "http://register.test";
const SENSORS: &str = r#"
@prefix sosa: <http://www.w3.org/ns/sosa/> .
@prefix dct: <http://purl.org/dc/terms/> .
<http://register.test/id/observatieverzameling/http> a sosa:ObservationCollection ;
  dct:type <http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CountObservation> .
<http://register.test/id/observatieverzameling/telling-markt> a sosa:ObservationCollection ;
  dct:type <http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CountObservation> .
"#;
/// 2026-03-01T00:00:00Z in seconds.
const START: u64 = 1_772_323_200;
/// Observations of one batch.
const BATCH: u64 = 5;

/// An answer: status and body, unless the server went.
fn send(address: SocketAddr, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .ok()?;
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.get(9..12)?.parse().ok()?;
    Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
}

fn health(address: SocketAddr) -> Option<Json> {
    let (_, body) = send(address, "GET", "/health", "")?;
    serde_json::from_str(&body).ok()
}

/// Waits until `/health` says what is waited for.
fn wait_for(address: SocketAddr, what: &str, is_so: impl Fn(&Json) -> bool) {
    let since = Instant::now();
    loop {
        let said = health(address);
        if said.as_ref().is_some_and(&is_so) {
            return;
        }
        assert!(
            since.elapsed() < Duration::from_secs(60),
            "{what}: {said:?}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Sends batches, again and again, wherever the server is; counts those that were acknowledged without a gap.
fn write_by_http(address: &Mutex<SocketAddr>, stop: &AtomicBool, done: &AtomicU64) {
    while !stop.load(Ordering::Relaxed) {
        let first = done.load(Ordering::Relaxed);
        let batch: Vec<Json> = (first..first + BATCH)
            .map(|n| json!({ "reeks": "http", "tijd": moment(n), "waarde": n }))
            .collect();
        let at = *address.lock().expect("an address");
        match send(at, "POST", "/obs/v1/observaties", &json!(batch).to_string()) {
            Some((201, _)) => {
                done.fetch_add(BATCH, Ordering::Relaxed);
            }
            Some((429 | 503, _)) | None => std::thread::sleep(Duration::from_millis(20)),
            Some((status, body)) => panic!("{status} {body}"),
        }
    }
}

fn moment(n: u64) -> String {
    let seconds = i64::try_from(START + n).expect("a moment");
    jiff::Timestamp::from_second(seconds)
        .expect("a moment")
        .to_string()
}

/// Publishes one message after the other; how many there were, once the broker acknowledged all of them.
fn publish(broker: SocketAddr, stop: &Arc<AtomicBool>) -> u64 {
    let mut options = MqttOptions::new("sensor", broker.ip().to_string(), broker.port());
    options.set_inflight(50);
    let (client, mut connection) = Client::new(options, 50);
    let stopped = Arc::clone(stop);
    let sender = std::thread::spawn(move || {
        let mut sent = 0_u64;
        while !stopped.load(Ordering::Relaxed) {
            let message = json!({ "aantal": sent, "ts": START + sent }).to_string();
            client
                .publish("stad/markt/telling", QoS::AtLeastOnce, false, message)
                .expect("a broker");
            sent += 1;
            std::thread::sleep(Duration::from_micros(500));
        }
        // Behind everything else.
        client.disconnect().expect("a broker");
        sent
    });
    let mut acknowledged = 0;
    let mut is_leaving = false;
    let published = loop {
        match connection.recv_timeout(Duration::from_secs(10)) {
            Ok(Ok(Event::Incoming(Packet::PubAck(_)))) => acknowledged += 1,
            Ok(Ok(Event::Outgoing(Outgoing::Disconnect))) => is_leaving = true,
            Ok(Ok(_)) => {}
            Ok(Err(_)) | Err(_) if is_leaving => break sender.join().expect("the sender"),
            Ok(Err(error)) => panic!("the broker went: {error}"),
            Err(error) => panic!("the broker is silent: {error:?}"),
        }
    };
    // Those that the broker did not acknowledge before the end may be there or not; all before them are.
    assert!(
        acknowledged + 60 > published,
        "{acknowledged} of {published}"
    );
    acknowledged
}

/// The rows of a series, what was corrected included.
fn rows(store: &ObservationStore, name: &str) -> Vec<Row> {
    let id = store.find(&format!("{BASE}/id/observatieverzameling/{name}"));
    let mut scan = Scan::new(id.expect("a series"), i64::MIN..i64::MAX);
    scan.corrected = true;
    store.rows(&scan, usize::MAX).expect("reads")
}

/// Every observation from 0 to `count` is there once, with its own value.
fn assert_complete(store: &ObservationStore, name: &str, count: u64) {
    let rows = rows(store, name);
    assert!(
        rows.len() as u64 >= count,
        "{name}: {} of {count}",
        rows.len()
    );
    for (n, row) in rows.iter().enumerate() {
        let expected = i64::try_from(START + n as u64).expect("a moment") * 1_000_000;
        assert_eq!(row.observation.time, expected, "{name} {n}");
        assert_eq!(
            row.observation.result,
            Some(Value::Number(n as f64)),
            "{name} {n}"
        );
    }
}

fn prepare(data: &Path, folder: &Path) {
    std::fs::create_dir(data).expect("a folder");
    let file = folder.join("sensoren.ttl");
    std::fs::write(&file, SENSORS).expect("room");
    let path = file.to_str().expect("a path");
    crate::oslo::output(data, ["--base", BASE, "load", path]);
}

#[test]
fn every_acknowledged_observation_is_there_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    prepare(&data, folder.path());
    let broker = Mosquitto::start(folder.path());
    if let Some(broker) = &broker {
        let mapping = format!(
            "[makelaar]\nadres = \"{}\"\n[[onderwerp]]\npatroon = \"stad/+/telling\"\nreeks = \"telling-{{1}}\"\nwaarde = \"/aantal\"\ntijd = \"/ts\"\ntijdvorm = \"seconden\"\n",
            broker.address
        );
        std::fs::write(data.join("mqtt.toml"), mapping).expect("room");
    }
    let rounds =
        std::env::var("OSLO_OBSERVATION_KILLS").map_or(3, |text| text.parse().expect("a number"));
    let address = Mutex::new(free_address());
    let here = || *address.lock().expect("an address");
    let mut served = Some(Served::start(&data, here(), BASE, &[]));
    let is_connected = |said: &Json| said["waarnemingen"]["mqtt"]["verbonden"] == true;
    if broker.is_some() {
        wait_for(here(), "connected", is_connected);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let acknowledged = AtomicU64::new(0);
    let published = std::thread::scope(|scope| {
        scope.spawn(|| write_by_http(&address, &stop, &acknowledged));
        let publisher = broker.as_ref().map(|broker| {
            let (at, stop) = (broker.address, Arc::clone(&stop));
            scope.spawn(move || publish(at, &stop))
        });
        for round in 0..rounds {
            std::thread::sleep(Duration::from_millis(700 + 130 * round));
            // In the middle of whatever it does.
            drop(served.take());
            let next = free_address();
            served = Some(Served::start(&data, next, BASE, &[]));
            *address.lock().expect("an address") = next;
        }
        std::thread::sleep(Duration::from_millis(500));
        stop.store(true, Ordering::Relaxed);
        publisher.map(|publisher| publisher.join().expect("the publisher"))
    });
    if let Some(published) = published {
        // What the broker kept while we were away comes too.
        let path = "/obs/v1/reeksen/telling-markt";
        let since = Instant::now();
        loop {
            let count = send(here(), "GET", path, "")
                .and_then(|(_, body)| serde_json::from_str::<Json>(&body).ok())
                .and_then(|series| series["aantal"].as_u64());
            if count.is_some_and(|count| count >= published) {
                break;
            }
            assert!(
                since.elapsed() < Duration::from_secs(60),
                "{count:?} of {published}: {:?}",
                health(here())
            );
            std::thread::sleep(Duration::from_millis(100));
        }
        let said = health(here()).expect("an answer");
        assert_eq!(said["waarnemingen"]["mqtt"]["geweigerd"], 0, "{said}");
    }
    // A copy made beside the server has all of it too, and so has what is restored of that.
    let copy = folder.path().join("kopie");
    crate::oslo::output(&data, ["backup", copy.to_str().expect("a path")]);
    let again = folder.path().join("opnieuw");
    crate::oslo::output(&again, ["restore", copy.to_str().expect("a path")]);
    let ended = served.expect("a server").stop();
    assert!(ended.status.success(), "{}", ended.log);
    let dir = data.join(OBSERVATIONS_DIR);
    let store = ObservationStore::open(&dir, ObservationOptions::default()).expect("opens");
    let acknowledged = acknowledged.load(Ordering::Relaxed);
    assert!(acknowledged > 100, "{acknowledged}");
    assert_complete(&store, "http", acknowledged);
    if let Some(published) = published {
        assert!(published > 100, "{published}");
        assert_complete(&store, "telling-markt", published);
    }
    drop(store);
    let dir = again.join(OBSERVATIONS_DIR);
    let store = ObservationStore::open(&dir, ObservationOptions::default()).expect("opens");
    assert_complete(&store, "http", acknowledged);
    if let Some(published) = published {
        assert_complete(&store, "telling-markt", published);
        assert!(again.join("mqtt.toml").exists());
    }
    println!("{acknowledged} by HTTP, {published:?} by MQTT");
}

#[test]
fn what_the_broker_brings_and_cannot_be_stored_is_counted_and_not_sent_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    prepare(&data, folder.path());
    let Some(broker) = Mosquitto::start(folder.path()) else {
        return;
    };
    let mapping = format!(
        "[makelaar]\nadres = \"{}\"\n[[onderwerp]]\npatroon = \"stad/+/telling\"\nreeks = \"telling-{{1}}\"\nwaarde = \"/aantal\"\ntijd = \"/ts\"\n",
        broker.address
    );
    std::fs::write(data.join("mqtt.toml"), mapping).expect("room");
    let address = free_address();
    let served = Served::start(&data, address, BASE, &[]);
    wait_for(address, "connected", |said| {
        said["waarnemingen"]["mqtt"]["verbonden"] == true
    });
    let options = MqttOptions::new(
        "sensor",
        broker.address.ip().to_string(),
        broker.address.port(),
    );
    let (client, mut connection) = Client::new(options, 10);
    for (topic, message) in [
        ("stad/markt/telling", "geen json"),
        (
            "stad/markt/telling",
            "{\"aantal\":1.5,\"ts\":\"2026-03-01T10:00:00Z\"}",
        ),
        (
            "stad/markt/telling",
            "{\"aantal\":1,\"ts\":\"2999-03-01T10:00:00Z\"}",
        ),
        (
            "stad/nergens/telling",
            "{\"aantal\":1,\"ts\":\"2026-03-01T10:00:00Z\"}",
        ),
        (
            "stad/markt/telling",
            "{\"aantal\":1,\"ts\":\"2026-03-01T10:00:00Z\"}",
        ),
    ] {
        client
            .publish(topic, QoS::AtLeastOnce, false, message)
            .expect("a broker");
    }
    let mut acknowledged = 0;
    while acknowledged < 5 {
        let event = connection.recv_timeout(Duration::from_secs(10));
        if let Event::Incoming(Packet::PubAck(_)) =
            event.expect("the broker answers").expect("no end")
        {
            acknowledged += 1;
        }
    }
    wait_for(address, "stored", |said| {
        let mqtt = &said["waarnemingen"]["mqtt"];
        mqtt["bewaard"] == 1 && mqtt["geweigerd"] == 4 && mqtt["onderweg"] == 0
    });
    let said = health(address).expect("an answer");
    assert_eq!(
        said["waarnemingen"]["mqtt"]["laatsteWeigering"]["code"],
        "unknown-series"
    );
    assert!(
        !served.log().contains("geen json"),
        "what messages say stays out of the log"
    );
    let ended = served.stop();
    assert!(ended.status.success(), "{}", ended.log);
    // After another start nothing of it comes again.
    let address = free_address();
    let served = Served::start(&data, address, BASE, &[]);
    wait_for(address, "connected", |said| {
        said["waarnemingen"]["mqtt"]["verbonden"] == true
    });
    std::thread::sleep(Duration::from_millis(300));
    let said = health(address).expect("an answer");
    assert_eq!(said["waarnemingen"]["mqtt"]["ontvangen"], 0, "{said}");
    drop(served);
}
