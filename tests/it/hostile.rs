//! A hostile afternoon: many clients at once send what breaks servers (`hostile/attacks`), while one asks a normal question
//! in a steady rhythm. A real server is watched from outside: memory, threads, what it logs, how it answers and how it stops.
//!
//! - `OSLO_HOSTILE`: how many requests (a short run without it; `make hostile` sends 10,000 to an optimised build).
//! - `OSLO_HOSTILE_SEED`: which requests. `OSLO_HOSTILE_CLIENTS`: how many clients send them.
//! - `OSLO_HOSTILE_ONLY`: only the request of this number, by itself, with its answer.

mod attacks;
mod wire;

use crate::oslo::output;
use crate::served::{Served, TOKEN, example, free_address};
use attacks::{Attack, attack};
use oslo_registry::views::html::percent_encode;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use wire::{Got, Steady};

/// Requests of an ordinary test run.
const REQUESTS: u64 = 500;
/// From so many requests on, the figures are held to what is promised; a short run beside other tests is no measurement.
const REQUESTS_OF_A_MEASUREMENT: u64 = 5_000;
/// Rest between two normal queries.
const RHYTHM: Duration = Duration::from_millis(20);
/// Memory for intermediate results that the server is given.
const QUERY_MEMORY_MIB: u64 = 256;
/// What intermediate results take for each byte that is counted: lists and tables that grow hold the old and the new at once.
const FOR_EACH_COUNTED: u64 = 2;
/// What bodies of requests may take together.
const BODIES_MIB: u64 = 256;
/// 64 answers under way, each with a thread, half a MiB of chunks ahead of its client, and what packs it.
const ANSWERS_MIB: u64 = 64;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What the normal client asks: an address with its street, by its number; small, and with a join.
const NORMAL: &str = "PREFIX adr: <https://data.vlaanderen.be/ns/adres#> \
    PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> \
    SELECT ?huisnummer ?straat { <https://data.vlaanderen.be/id/adres/90000001> adr:huisnummer ?huisnummer ; \
    adr:heeftStraatnaam ?s . ?s rdfs:label ?straat }";

/// A larger one: counted over all addresses, a few milliseconds of work. Told, and bounded less strictly.
const LARGER: &str = "PREFIX adr: <https://data.vlaanderen.be/ns/adres#> \
    SELECT ?s (COUNT(*) AS ?n) { ?a adr:heeftStraatnaam ?s ; adr:huisnummer ?h } GROUP BY ?s ORDER BY DESC(?n) ?s LIMIT 5";

fn ask(text: &str) -> Vec<u8> {
    let text = percent_encode(text);
    format!("GET /sparql?query={text} HTTP/1.1\r\nhost: x\r\naccept: text/csv\r\n\r\n").into_bytes()
}

/// What a client saw while it asked the same again and again.
#[derive(Default)]
struct Seen {
    times: Vec<Duration>,
    /// Times it was told to come back later.
    sent_away: u64,
    wrong: Vec<String>,
}

impl Seen {
    fn share(&self, share: f64) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        let at = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
        times.get(at).copied().unwrap_or_default()
    }

    fn told(&self) -> String {
        let [half, most, longest] =
            [0.5, 0.99, 1.0].map(|share| self.share(share).as_secs_f64() * 1e3);
        format!(
            "{} answers, p50 {half:.1} ms, p99 {most:.1} ms, longest {longest:.1} ms; sent away {}",
            self.times.len(),
            self.sent_away
        )
    }
}

/// Asks until told to stop. The answer is to be the same each time.
fn keep_asking(address: SocketAddr, text: &str, done: &AtomicBool) -> Seen {
    let mut client = Steady::new(address, ask(text));
    let mut seen = Seen::default();
    let mut expected = None;
    while !done.load(Ordering::Relaxed) {
        match client.ask() {
            Ok((took, got)) if got.status == 200 => {
                seen.times.push(took);
                let first = expected.get_or_insert_with(|| got.body.clone());
                if *first != got.body || got.body.len() < 30 {
                    seen.wrong
                        .push(String::from_utf8_lossy(&got.body).into_owned());
                }
            }
            Ok((_, got)) if got.status == 503 => seen.sent_away += 1,
            Ok((_, got)) => seen.wrong.push(format!("{}", got.status)),
            Err(error) => seen.wrong.push(error),
        }
        std::thread::sleep(RHYTHM);
    }
    seen
}

/// The codes of problems that the server says there are.
fn known_codes(address: SocketAddr) -> BTreeSet<String> {
    let list = wire::json(address, "/fouten", "");
    let list = list["fouten"].as_array().expect("a list");
    list.iter()
        .map(|entry| entry["code"].as_str().expect("a code").to_owned())
        .collect()
}

/// Whether an answer is one that the documentation knows; why not otherwise.
fn judge(got: &Got, codes: &BTreeSet<String>) -> Result<String, String> {
    let text = || String::from_utf8_lossy(&got.body[..got.body.len().min(300)]).into_owned();
    match got.status {
        200 | 201 | 204 | 303 | 304 if got.is_whole => Ok(format!("{}", got.status)),
        // Broken off after its first bytes, so that nobody takes it for whole.
        200 => Ok("200 broken off".to_owned()),
        // What is no HTTP, or too much of it, is refused before there is anybody to write a problem.
        400 | 414 | 431 | 503 if got.body.is_empty() => Ok(format!("{} bare", got.status)),
        400..=599 if got.content_type.starts_with("text/html") && got.is_whole => {
            Ok(format!("{} page", got.status))
        }
        400..=599 => {
            let problem: serde_json::Value =
                serde_json::from_slice(&got.body).map_err(|error| {
                    format!("{}: no problem document: {error}: {}", got.status, text())
                })?;
            let code = problem["code"].as_str().unwrap_or("");
            if got.content_type != "application/problem+json" || !codes.contains(code) {
                return Err(format!("{}: {}: {}", got.status, got.content_type, text()));
            }
            if got.status == 500 || code.contains("internal") {
                return Err(format!("500 is nobody's fault but ours: {}", text()));
            }
            Ok(format!("{} {code}", got.status))
        }
        other => Err(format!("{other}: {}", text())),
    }
}

/// What a run found out.
#[derive(Default)]
struct Account {
    /// How often each answer was given, by kind of request.
    answers: BTreeMap<(&'static str, String), u64>,
    wrong: Vec<String>,
    slowest: Vec<(Duration, u64, String)>,
}

/// One hostile client.
fn harass(
    address: SocketAddr,
    seed: u64,
    next: &AtomicU64,
    most: u64,
    codes: &BTreeSet<String>,
    account: &Mutex<Account>,
) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= most {
            return;
        }
        let Attack {
            kind,
            bytes,
            way,
            told,
        } = attack(seed, number, TOKEN);
        let since = Instant::now();
        let outcome = wire::send(address, &bytes, way);
        let took = since.elapsed();
        let verdict = match outcome {
            Ok(None) => Ok("left".to_owned()),
            Ok(Some(got)) => judge(&got, codes),
            Err(error) => Err(error),
        };
        let mut account = account
            .lock()
            .expect("no client panics while it holds the account");
        match verdict {
            Ok(answer) => *account.answers.entry((kind, answer)).or_default() += 1,
            Err(error) => account.wrong.push(format!(
                "request {number} ({kind}, {way:?}): {error}\n  {told}"
            )),
        }
        account
            .slowest
            .push((took, number, format!("{kind}: {told}")));
        if account.slowest.len() > 4_000 {
            account.slowest.sort_unstable_by(|a, b| b.cmp(a));
            account.slowest.truncate(8);
        }
    }
}

/// Most memory and threads seen.
#[derive(Default)]
struct Most {
    resident_mib: u64,
    threads: u64,
}

fn watch(server: &Served, done: &AtomicBool) -> Most {
    let mut most = Most::default();
    while !done.load(Ordering::Relaxed) {
        most.resident_mib = most.resident_mib.max(server.proc_status("VmRSS") / 1024);
        most.threads = most.threads.max(server.proc_status("Threads"));
        std::thread::sleep(Duration::from_millis(25));
    }
    most
}

/// Waits until something holds; `false` when it never does.
fn within(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let since = Instant::now();
    while !holds() {
        if since.elapsed() > limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    true
}

fn fill(data: &std::path::Path, base: &str, addresses: u64) {
    example(data, base);
    let (ring, town) = (data.join("ring.ttl"), data.join("stad.nq"));
    fs::write(&ring, attacks::ring()).expect("write");
    let addresses = addresses.to_string();
    let made = output(
        data,
        ["--base", base, "generate", "--addresses", &addresses],
    );
    fs::write(&town, made).expect("write");
    let [ring, town] = [ring, town].map(|path| path.display().to_string());
    output(
        data,
        [
            "--base",
            base,
            "load",
            "--on-violation",
            "off",
            &ring,
            &town,
        ],
    );
}

#[test]
fn a_normal_client_does_not_notice_a_hostile_afternoon() {
    if !cfg!(target_os = "linux") {
        eprintln!("memory and threads are read from /proc: the hostile afternoon was not tried");
        return;
    }
    let most = setting("OSLO_HOSTILE").unwrap_or(REQUESTS);
    let seed = setting("OSLO_HOSTILE_SEED").unwrap_or(4);
    let clients = setting("OSLO_HOSTILE_CLIENTS").unwrap_or(48);
    let is_measured = most >= REQUESTS_OF_A_MEASUREMENT;
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = folder.path().join("data");
    let address = free_address();
    let base = format!("http://{address}");
    fill(&data, &base, if is_measured { 20_000 } else { 300 });
    let memory = format!("{QUERY_MEMORY_MIB}MiB");
    let mut server = Served::start(&data, address, &base, &["--query-memory", &memory]);
    let codes = known_codes(address);

    if let Some(number) = setting("OSLO_HOSTILE_ONLY") {
        let Attack {
            kind,
            bytes,
            way,
            told,
        } = attack(seed, number, TOKEN);
        let since = Instant::now();
        let got = wire::send(address, &bytes, way);
        let got = got.map(|got| {
            got.map(|got| (got.status, String::from_utf8_lossy(&got.body).into_owned()))
        });
        eprintln!(
            "{kind}: {told}\n{got:?} after {:?}\n{}",
            since.elapsed(),
            server.log()
        );
        return;
    }

    // What is made on first use is there: text index, statistics, descriptions.
    for text in [NORMAL, LARGER] {
        let (_, got) = Steady::new(address, ask(text)).ask().expect("an answer");
        assert_eq!(got.status, 200, "{}", String::from_utf8_lossy(&got.body));
    }
    let alone = AtomicBool::new(false);
    let quiet = std::thread::scope(|scope| {
        let asking = scope.spawn(|| keep_asking(address, NORMAL, &alone));
        std::thread::sleep(Duration::from_secs(1));
        alone.store(true, Ordering::Relaxed);
        asking.join().expect("no panic")
    });
    let at_rest_mib = server.proc_status("VmRSS") / 1024;
    let threads_at_rest = server.proc_status("Threads");

    let since = Instant::now();
    let (next, done) = (AtomicU64::new(0), AtomicBool::new(false));
    let account = Mutex::new(Account::default());
    let (normal, larger, peak) = std::thread::scope(|scope| {
        let normal = scope.spawn(|| keep_asking(address, NORMAL, &done));
        let larger = scope.spawn(|| keep_asking(address, LARGER, &done));
        let watching = scope.spawn(|| watch(&server, &done));
        let hostile: Vec<_> = (0..clients)
            .map(|_| scope.spawn(|| harass(address, seed, &next, most, &codes, &account)))
            .collect();
        for client in hostile {
            client.join().expect("no panic");
        }
        done.store(true, Ordering::Relaxed);
        (
            normal.join().expect("no panic"),
            larger.join().expect("no panic"),
            watching.join().expect("no panic"),
        )
    });
    let took = since.elapsed();
    let account = account.into_inner().expect("no client panicked");
    assert!(server.is_alive(), "the server died\n{}", server.log());

    // Nothing stays behind.
    let token = format!("authorization: Bearer {TOKEN}\r\n");
    let nothing_runs = within(Duration::from_secs(20), || {
        let list = wire::json(address, "/bevragingen", &token);
        list["lopend"].as_array().is_some_and(Vec::is_empty)
    });
    let threads_gone = within(Duration::from_secs(25), || {
        server.proc_status("Threads") <= threads_at_rest + 4
    });
    let left_over = server.threads();
    let after_mib = server.proc_status("VmRSS") / 1024;
    let ended = server.stop();

    let budget_mib = at_rest_mib + FOR_EACH_COUNTED * QUERY_MEMORY_MIB + BODIES_MIB + ANSWERS_MIB;
    eprintln!(
        "{most} requests by {clients} clients in {:.0} s, seed {seed}\n\
         normal query alone:  {}\nnormal query beside: {}\nlarger query beside: {}\n\
         memory: {at_rest_mib} MiB at rest, {} MiB at most, {after_mib} MiB afterwards; budget {budget_mib} MiB\n\
         threads: {threads_at_rest} at rest, {} at most; stopped in {:.2} s",
        took.as_secs_f64(),
        quiet.told(),
        normal.told(),
        larger.told(),
        peak.resident_mib,
        peak.threads,
        ended.took.as_secs_f64()
    );
    let mut kinds: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for ((kind, answer), count) in &account.answers {
        kinds
            .entry(kind)
            .or_default()
            .push(format!("{answer} ×{count}"));
    }
    for (kind, answers) in &kinds {
        eprintln!("  {kind}: {}", answers.join(", "));
    }
    let mut slowest = account.slowest;
    slowest.sort_unstable_by(|a, b| b.cmp(a));
    for (took, number, told) in slowest.iter().take(8) {
        eprintln!("  {:.2} s: request {number}: {told}", took.as_secs_f64());
    }

    let wrong: Vec<_> = account.wrong.iter().take(20).cloned().collect();
    assert!(
        wrong.is_empty(),
        "{} wrong answers:\n{}\n{}",
        account.wrong.len(),
        wrong.join("\n"),
        ended.log
    );
    for (who, seen) in [("normal", &normal), ("larger", &larger)] {
        assert!(
            seen.wrong.is_empty() && !seen.times.is_empty(),
            "{who}: {:?}",
            seen.wrong.first()
        );
    }
    assert!(nothing_runs, "queries still run");
    assert!(threads_gone, "threads are left: {left_over:?}");
    for word in ["panicked", "ERROR"] {
        let lines: Vec<_> = ended
            .log
            .lines()
            .filter(|line| line.contains(word))
            .take(5)
            .collect();
        assert!(lines.is_empty(), "{lines:#?}");
    }
    assert!(ended.status.success(), "{:?}", ended.status);
    assert!(ended.took < Duration::from_secs(5), "{:?}", ended.took);
    assert!(
        peak.resident_mib <= budget_mib,
        "{} MiB of {budget_mib}",
        peak.resident_mib
    );
    assert_eq!(normal.sent_away, 0, "the normal client was sent away");
    // A build without optimisation beside other tests: only what is stuck is seen.
    let limit = Duration::from_millis(if is_measured { 200 } else { 2_000 });
    assert!(normal.share(0.99) < limit, "{}", normal.told());
}
