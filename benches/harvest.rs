//! Measures the harvest of an event stream from a server on this machine: 100,000 versions of addresses of 13 statements on
//! pages of 250, as the state of each object and as versions; a second run in which nothing is new; and, beside it on the
//! same pages, the npm package `ldes-client`, which hands members over and stores nothing. Server and clients run in
//! processes of their own. Prints a table and writes `docs/benchmarks-harvest.md`; fails when members are missing.
//!
//! `OSLO_HARVEST_CLIENTS` names the folder in which `benches/harvest/install.sh` put the other client (`make bench-harvest`
//! does). With `OSLO_BENCH_SHORT` set there are 10,000 members and no page is written. `OSLO_BENCH_DATE` is the date in the
//! page.

#[path = "shared/machine.rs"]
mod machine;

use machine::{date, machine};
use oslo_registry::ingest::fetch::FetchOptions;
use oslo_registry::ingest::ldes::{Form, Harvest, HarvestOptions};
use oslo_registry::registry::{Registry, RegistryConfig};
use oslo_registry::store::OpenOptions;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// As the program has.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const PAGE: u64 = 250;
/// Versions of each object.
const VERSIONS: u64 = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["subject", "serve", members] => serve(members.parse().expect("a number")),
        ["subject", "ours", form, url, data] => ours(form, url, Path::new(data)),
        _ => return compare(),
    }
    ExitCode::SUCCESS
}

/// A page in N-Quads. Each member has 13 statements, the link from the stream counted.
fn page(base: &str, number: u64, members: u64) -> String {
    const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
    const TREE: &str = "https://w3id.org/tree#";
    const LDES: &str = "https://w3id.org/ldes#";
    const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
    const NS: &str = "https://data.vlaanderen.be/ns/";
    let stream = format!("<{base}/stroom>");
    let mut text = format!(
        "{stream} <{RDF}type> <{LDES}EventStream> .\n\
         {stream} <{TREE}view> <{base}/p0> .\n\
         {stream} <{LDES}timestampPath> <http://www.w3.org/ns/prov#generatedAtTime> .\n\
         {stream} <{LDES}versionOfPath> <http://purl.org/dc/terms/isVersionOf> .\n\
         <{base}/p{number}> <{RDF}type> <{TREE}Node> .\n"
    );
    let end = ((number + 1) * PAGE).min(members);
    if end < members {
        let next = number + 1;
        let _ = write!(
            text,
            "<{base}/p{number}> <{TREE}relation> _:r .\n\
             _:r <{RDF}type> <{TREE}Relation> .\n\
             _:r <{TREE}node> <{base}/p{next}> .\n"
        );
    }
    let objects = members / VERSIONS;
    for at in number * PAGE..end {
        let (object, version) = (90_000_000 + at % objects, at / objects);
        let own = format!("<https://data.vlaanderen.be/id/adres/{object}>");
        let it = format!("<https://data.vlaanderen.be/id/adres/{object}/{version}>");
        let id = |path: &str| format!("<https://data.vlaanderen.be/id/{path}>");
        let (street, status) = (
            id(&format!("straatnaam/{}", object % 997)),
            id("concept/adresstatus/inGebruik"),
        );
        let (postal, method) = (
            id("postinfo/9000"),
            id("concept/geometriemethode/aangeduidDoorBeheerder"),
        );
        let (day, second) = (1 + at / 86_400, at % 86_400);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        let _ = write!(
            text,
            "{stream} <{TREE}member> {it} .\n\
             {it} <http://purl.org/dc/terms/isVersionOf> {own} .\n\
             {it} <http://www.w3.org/ns/prov#generatedAtTime> \"2025-01-{day:02}T{hour:02}:{minute:02}:{second:02}Z\"^^<{XSD}dateTime> .\n\
             {it} <{RDF}type> <{NS}adres#Adres> .\n\
             {it} <{NS}adres#huisnummer> \"{version}\" .\n\
             {it} <{NS}adres#heeftStraatnaam> {street} .\n\
             {it} <{NS}adres#heeftPostinfo> {postal} .\n\
             {it} <{NS}adres#Adres.status> {status} .\n\
             {it} <{NS}adres#officieelToegekend> \"true\"^^<{XSD}boolean> .\n\
             {it} <{NS}adres#positie> _:p{at} .\n\
             _:p{at} <{RDF}type> <{NS}generiek#GeografischePositie> .\n\
             _:p{at} <{NS}generiek#methode> {method} .\n\
             _:p{at} <{NS}generiek#default> \"true\"^^<{XSD}boolean> .\n"
        );
    }
    text
}

/// Serves the stream until its standard input ends; prints its address first.
fn serve(members: u64) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    let pages = members.div_ceil(PAGE);
    let bodies: Arc<Vec<String>> = Arc::new(
        (0..pages)
            .map(|number| page(&base, number, members))
            .collect(),
    );
    println!("{base}");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let bodies = Arc::clone(&bodies);
            std::thread::spawn(move || {
                let mut stream = stream;
                while answer(&mut stream, &bodies).is_some() {}
            });
        }
    });
    let mut rest = Vec::new();
    let _ = std::io::stdin().read_to_end(&mut rest);
}

fn answer(stream: &mut TcpStream, bodies: &[String]) -> Option<()> {
    let mut head = Vec::new();
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let before = head.len();
        if reader.read_until(b'\n', &mut head).ok()? == 0 || head.len() > 1 << 16 {
            return None;
        }
        if head.len() - before <= 2 {
            break;
        }
    }
    let head = String::from_utf8(head).ok()?;
    let number: usize = head
        .split(' ')
        .nth(1)?
        .trim_start_matches("/p")
        .parse()
        .ok()?;
    let etag = format!("\"p{number}\"");
    let is_known = head.contains(&etag);
    let body = bodies.get(number)?;
    let cache = if number + 1 < bodies.len() {
        "public, max-age=604800, immutable"
    } else {
        "no-cache"
    };
    let (status, length) = if is_known {
        ("304 Not Modified", 0)
    } else {
        ("200 OK", body.len())
    };
    let reply = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/n-quads\r\ncache-control: {cache}\r\netag: {etag}\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(reply.as_bytes()).ok()?;
    stream
        .write_all(if is_known { b"" } else { body.as_bytes() })
        .ok()
}

/// Harvests into a data folder, and tells how long that took and how much memory.
fn ours(form: &str, url: &str, data: &Path) {
    let config = RegistryConfig::default();
    let registry =
        Registry::open(data, OpenOptions::default(), config, &mut |_, _| {}).expect("opens");
    let mut options = HarvestOptions::new(&registry, url, registry.graph_iri("adressen"));
    options.name = "adressen".to_owned();
    options.form = if form == "state" {
        Form::State
    } else {
        Form::Versions
    };
    options.fetch = FetchOptions {
        allow_private: true,
        per_second: 0.0,
        ..FetchOptions::default()
    };
    let begun = Instant::now();
    let mut harvest = Harvest::open(&registry, options, Arc::default()).expect("opens");
    let summary = harvest.run(&mut |_| {}).expect("the store works");
    let seconds = begun.elapsed().as_secs_f64();
    assert!(summary.failing.is_empty(), "{:?}", summary.failing);
    println!("seconds\t{seconds}");
    println!("members\t{}", summary.members);
    println!("commits\t{}", summary.commits);
    println!("peak\t{}", peak_mib("self"));
}

/// The most memory a process had, in MiB.
fn peak_mib(pid: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    kib.map_or(0.0, |kib| kib / 1024.0)
}

fn subject(arguments: &[&str]) -> BTreeMap<String, f64> {
    let program = std::env::current_exe().expect("this program has a path");
    let done = Command::new(program)
        .arg("subject")
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .expect("the subject runs");
    let text = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{arguments:?} failed: {text}");
    let told = text.lines().filter_map(|line| {
        let (name, value) = line.split_once('\t')?;
        Some((name.to_owned(), value.parse().ok()?))
    });
    told.collect()
}

/// A server of its own; it ends with this value.
struct Served(Child, String);

impl Served {
    fn start(members: u64) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut child = Command::new(program)
            .args(["subject", "serve", &members.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("piped");
        BufReader::new(out)
            .read_line(&mut line)
            .expect("an address");
        Self(child, line.trim().to_owned())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// What the other client needed; `None` when it is not installed.
fn theirs(url: &str, members: u64) -> Option<(f64, f64)> {
    let folder = PathBuf::from(std::env::var_os("OSLO_HARVEST_CLIENTS")?);
    let begun = Instant::now();
    let mut child = Command::new("node")
        .arg(folder.join("replicate.mjs"))
        .arg(url)
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let pid = child.id().to_string();
    let mut peak: f64 = 0.0;
    let limit = Duration::from_secs(1_800);
    let is_done = loop {
        peak = peak.max(peak_mib(&pid));
        match child.try_wait().expect("a child") {
            Some(status) => break status.success(),
            None if begun.elapsed() > limit => {
                let _ = child.kill();
                break false;
            }
            None => std::thread::sleep(Duration::from_millis(100)),
        }
    };
    let seconds = begun.elapsed().as_secs_f64();
    let mut text = String::new();
    child.stdout.take()?.read_to_string(&mut text).ok()?;
    assert!(is_done, "the other client did not come to its end: {text}");
    assert_eq!(
        text.trim().parse::<u64>().ok(),
        Some(members),
        "members of the other client"
    );
    Some((seconds, peak))
}

fn compare() -> ExitCode {
    let is_short = std::env::var_os("OSLO_BENCH_SHORT").is_some();
    let members: u64 = if is_short { 10_000 } else { 100_000 };
    let served = Served::start(members);
    let url = format!("{}/p0", served.1);
    let temporary = tempfile::tempdir().expect("a folder");
    let mut table = String::from(
        "| client | what it does | seconds | members a second | most memory, MiB |\n|---|---|--:|--:|--:|\n",
    );
    let mut row = |client: &str, what: &str, read: u64, seconds: f64, peak: f64| {
        let rate = if read > 0 {
            format!("{:.0}", read as f64 / seconds)
        } else {
            "–".to_owned()
        };
        let _ = writeln!(
            table,
            "| {client} | {what} | {seconds:.2} | {rate} | {peak:.0} |"
        );
    };
    let mut fastest = 0.0;
    for (form, what, again) in [
        (
            "state",
            "the state of each object, stored and logged",
            "the same again, nothing new",
        ),
        (
            "versions",
            "all versions, stored and logged",
            "the same again, nothing new",
        ),
    ] {
        let data = temporary.path().join(form);
        let data = data.to_str().expect("a path");
        let told = subject(&["ours", form, &url, data]);
        let figure = |name: &str| told.get(name).copied().unwrap_or(0.0);
        assert_eq!(figure("members") as u64, members, "{form}");
        row("oslo", what, members, figure("seconds"), figure("peak"));
        if form == "state" {
            fastest = figure("seconds");
        }
        let told = subject(&["ours", form, &url, data]);
        let figure = |name: &str| told.get(name).copied().unwrap_or(0.0);
        assert_eq!(
            (figure("members"), figure("commits")),
            (0.0, 0.0),
            "{form}, again"
        );
        row("oslo", again, 0, figure("seconds"), figure("peak"));
    }
    let mut ratio = String::new();
    match theirs(&url, members) {
        Some((seconds, peak)) => {
            row(
                "npm ldes-client 0.3.0",
                "members handed over, nothing stored",
                members,
                seconds,
                peak,
            );
            ratio = format!(
                "Ours, which stores and logs the state of each object, takes 1/{:.1} of the time of the other, which stores nothing.\n",
                seconds / fastest
            );
        }
        None => println!("SKIPPED: the other client is not installed"),
    }
    let rate = members as f64 / fastest;
    println!("{table}\n{ratio}");
    if rate < 10_000.0 {
        println!("{rate:.0} members a second are fewer than 10,000");
        return ExitCode::FAILURE;
    }
    if !is_short {
        let page = format!(
            "# Harvesting an event stream\n\nWritten by `make bench-harvest`. {}; {}.\n\n\
             {members} versions of {} objects, 13 statements each, on {} pages of N-Quads from a server on the same machine. Every\n\
             client runs in a process of its own; memory is the most the process had.\n\n{table}\n{ratio}",
            machine(),
            date(),
            members / VERSIONS,
            members.div_ceil(PAGE),
        );
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/benchmarks-harvest.md");
        fs::write(place, page).expect("the page is written");
    }
    ExitCode::SUCCESS
}
