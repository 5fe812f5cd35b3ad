//! The command line as people and scripts meet it: output, exit codes, messages in two languages.

use super::oslo::{oslo, output, run, stderr, stdout};
use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
        .display()
        .to_string()
}

/// A registry with the example data.
fn demo(folder: &Path) -> std::path::PathBuf {
    let data = folder.join("demo");
    output(&data, ["demo", "--no-serve"]);
    data
}

#[test]
fn the_base_of_a_demo_follows_its_address() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let bases = |data: &Path, base: &str| {
        let query =
            "SELECT DISTINCT (REPLACE(STR(?g), '/graph/.*', '') AS ?base) { GRAPH ?g { ?s a ?c } }";
        output(data, ["--base", base, "query", "--format", "csv", query])
    };
    let data = folder.path().join("een");
    output(&data, ["demo", "--no-serve", "--bind", "0.0.0.0:7499"]);
    let base = "http://127.0.0.1:7499";
    assert_eq!(
        bases(&data, base).replace('\r', ""),
        format!("base\n{base}\n")
    );
    let log = output(&data, ["--base", base, "log"]);
    // What is stored keeps its base at another address.
    output(&data, ["demo", "--no-serve", "--bind", "127.0.0.1:7498"]);
    assert_eq!(output(&data, ["--base", base, "log"]), log);
    // Nobody has to say it again: shapes are found below it.
    let checked = run(&data, ["validate", &fixture("adressen.ttl")]);
    let said = stderr(&checked);
    assert!(!said.contains("L042") && !said.contains("--base"), "{said}");
    let told = run(&data, ["--base", "http://e.test", "log"]);
    assert!(stderr(&told).contains("use --base http://127.0.0.1:7499"));
    let data = folder.path().join("twee");
    let base = "http://register.test";
    let bind = "127.0.0.1:7499";
    output(
        &data,
        ["--base", base, "demo", "--no-serve", "--bind", bind],
    );
    assert_eq!(
        bases(&data, base).replace('\r', ""),
        format!("base\n{base}\n")
    );
}

#[test]
fn demo_loads_once_and_reports_every_graph() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = folder.path().join("data");
    let summary = output(&data, ["demo", "--no-serve"]);
    let row = |name: &str| {
        summary
            .lines()
            .find(|line| line.starts_with(name))
            .map(ToOwned::to_owned)
    };
    assert!(
        row("graph\tquads\tfocus nodes\tviolations\twarnings\tinfos").is_some(),
        "{summary}"
    );
    let cells: Vec<String> = row("adressen\t")
        .expect("addresses")
        .split('\t')
        .map(ToOwned::to_owned)
        .collect();
    assert!(
        cells[1].parse::<u64>().is_ok_and(|quads| quads > 1000),
        "{cells:?}"
    );
    assert!(
        cells[2].parse::<u64>().is_ok_and(|focus| focus > 300),
        "{cells:?}"
    );
    assert_eq!(cells[3], "0", "the example data hold no violations");
    let before = output(&data, ["log"]);
    output(&data, ["demo", "--no-serve"]);
    assert_eq!(
        output(&data, ["log"]),
        before,
        "a second start adds nothing"
    );
}

#[test]
fn queries_print_plain_values_when_piped() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = demo(folder.path());
    let count = "SELECT (COUNT(*) AS ?n) { ?s a <https://data.vlaanderen.be/ns/adres#Adres> }";
    assert_eq!(
        output(&data, ["query", "--format", "csv", count]),
        "n\r\n303\r\n"
    );
    assert!(output(&data, ["query", count]).starts_with("?n\n"));
    let json = output(&data, ["query", "--format", "json", "ASK { ?s ?p ?o }"]);
    assert!(json.contains("true"), "{json}");
    let graph = output(
        &data,
        [
            "query",
            "DESCRIBE <https://data.vlaanderen.be/id/adres/90000001>",
        ],
    );
    assert!(graph.contains("90000001"), "{graph}");
    let file = folder.path().join("q.rq");
    fs::write(&file, count).expect("write");
    assert!(output(&data, ["query", "-f", &file.display().to_string()]).contains("303"));
}

#[test]
fn queries_are_explained_as_text_and_as_json() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = demo(folder.path());
    let query = "SELECT ?s { ?s a <https://data.vlaanderen.be/ns/adres#Adres> }";
    let text = output(&data, ["query", "--explain", query]);
    assert!(text.starts_with("Engine: executor. Planned in "), "{text}");
    assert!(text.contains(" ms: 303 rows."), "{text}");
    assert!(text.contains("scan  ?s rdf:type adr:Adres"), "{text}");
    let plan = output(&data, ["--lang", "nl", "query", "--explain=plan", query]);
    assert!(plan.contains("Niet uitgevoerd."), "{plan}");
    let json = output(&data, ["query", "--explain", "--format", "json", query]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["stappen"][0]["rijen"], 303);
    // A limit ends it as it ends the query, after the figures up to there.
    let stopped = run(&data, ["query", "--explain", "--max-rows", "5", query]);
    assert_eq!(stopped.status.code(), Some(2));
    assert!(
        stdout(&stopped).contains("Broken off after "),
        "{}",
        stdout(&stopped)
    );
    assert!(stderr(&stopped).contains("5 rows"), "{}", stderr(&stopped));
    let wrong = run(&data, ["query", "--explain=maybe", query]);
    assert_eq!(wrong.status.code(), Some(2));
    let wrong = run(&data, ["query", "--explain", "--format", "csv", query]);
    assert!(stderr(&wrong).contains("text, json"), "{}", stderr(&wrong));
}

#[test]
fn exit_codes_tell_what_happened() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = demo(folder.path());
    let code = |arguments: &[&str]| {
        let done = oslo(&data)
            .args(arguments)
            .output()
            .expect("the binary runs");
        (done.status.code().expect("not killed"), stderr(&done))
    };
    assert_eq!(code(&["check"]).0, 0);
    assert_eq!(
        code(&["validate"]).0,
        1,
        "the example data hold warnings on purpose"
    );
    let (exit, message) = code(&["query", "SELECT ?s {"]);
    assert_eq!(exit, 2);
    assert!(message.contains("line 1"), "{message}");
    assert_eq!(
        code(&["query", "--max-rows", "5", "SELECT * { ?s ?p ?o }"]).0,
        2
    );
    assert_eq!(code(&["frobnicate"]).0, 2);
    assert_eq!(code(&["--help"]).0, 0);
    let (exit, message) = code(&["load", "nowhere.ttl"]);
    assert_eq!(exit, 1, "{message}");
    let wrong = folder.path().join("wrong.ttl");
    fs::write(
        &wrong,
        "<http://example.org/a> <http://example.org/p> oops .",
    )
    .expect("write");
    let (exit, message) = code(&["load", &wrong.display().to_string()]);
    assert_eq!(exit, 1);
    assert!(message.contains("wrong.ttl:1:"), "{message}");
}

#[test]
fn a_file_that_breaks_the_shapes_is_refused_and_leaves_no_trace() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = demo(folder.path());
    let before = output(&data, ["export"]);
    let bad = folder.path().join("slecht.ttl");
    fs::write(
        &bad,
        "@prefix adr: <https://data.vlaanderen.be/ns/adres#> .\n<https://data.vlaanderen.be/id/adres/99999999> a adr:Adres ; adr:huisnummer \"nul\" .\n",
    )
    .expect("write");
    let bad = bad.display().to_string();
    let done = run(&data, ["load", &bad]);
    assert_eq!(done.status.code(), Some(1));
    assert!(stdout(&done).starts_with("rejected\t"), "{}", stdout(&done));
    assert!(stderr(&done).contains("99999999"), "{}", stderr(&done));
    assert_eq!(output(&data, ["export"]), before);
    let done = run(
        &data,
        ["load", "--graph", "by-path", "--on-violation", "warn", &bad],
    );
    assert_eq!(done.status.code(), Some(0));
    assert!(stdout(&done).starts_with("loaded\t"));
    let graph = format!("{}/graph/slecht", "http://127.0.0.1:7400");
    let exported = output(&data, ["export", "--graph", &graph]);
    assert_eq!(exported.lines().count(), 2);
    let undo = run(&data, ["update", &format!("DROP GRAPH <{graph}>")]);
    assert_eq!(undo.status.code(), Some(0), "{}", stderr(&undo));
    assert_eq!(output(&data, ["export"]), before);
}

/// Published shapes are data like any other until somebody puts them in force.
#[test]
fn shapes_loaded_without_a_graph_are_no_rules() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = folder.path().join("data");
    let shapes = folder.path().join("shapes");
    fs::create_dir(&shapes).expect("folder");
    fs::write(
        shapes.join("a.ttl"),
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n<http://e/S> a sh:NodeShape ; sh:targetClass <http://e/C> ; sh:property [ sh:path <http://e/p> ; sh:minCount 1 ] .\n",
    )
    .expect("write");
    let item = folder.path().join("b.nt");
    fs::write(
        &item,
        "<http://e/1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://e/C> .\n",
    )
    .expect("write");
    let (shapes, item) = (shapes.display().to_string(), item.display().to_string());
    let loaded = run(&data, ["load", &shapes, &item]);
    assert_eq!(loaded.status.code(), Some(0), "{}", stderr(&loaded));
    let graph = "http://127.0.0.1:7400/graph/shapes/a";
    let in_force = run(&data, ["load", "--graph", graph, &shapes]);
    assert_eq!(in_force.status.code(), Some(0), "{}", stderr(&in_force));
    let checked = run(&data, ["validate"]);
    assert_eq!(checked.status.code(), Some(1), "{}", stdout(&checked));
}

/// A strict check gives no report where the shapes cannot be checked in full; a lenient one lists what it left out.
#[test]
fn strict_validation_refuses_what_it_cannot_check() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("write");
        path.display().to_string()
    };
    let prefix = "@prefix sh: <http://www.w3.org/ns/shacl#> .\n<http://e/S> a sh:NodeShape ; sh:targetClass <http://e/C> ;";
    let good = write(
        "good.ttl",
        &format!(
            "{prefix} sh:sparql [ sh:select \"SELECT $this {{ $this <http://e/bad> ?x }}\" ] .\n"
        ),
    );
    let odd = write(
        "odd.ttl",
        &format!(
            "{prefix} sh:sparql [ sh:select \"SELECT $this {{ $this ?p ?x MINUS {{ $this ?p 1 }} }}\" ] .\n"
        ),
    );
    let item = write("item.ttl", "<http://e/1> a <http://e/C> .\n");
    let none = folder.path().join("none");
    let lenient = |shapes: &str| run(&none, ["validate", "--shapes", shapes, &item]);
    let strict = |shapes: &str| run(&none, ["validate", "--strict", "--shapes", shapes, &item]);
    assert_eq!(strict(&good).status.code(), Some(0));
    assert_eq!(lenient(&odd).status.code(), Some(3));
    let refused = strict(&odd);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("L062"), "{}", stderr(&refused));
}

/// Files may name their own shapes graph, which is used when no other is given.
#[test]
fn files_may_name_their_shapes_graph() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let item = folder.path().join("item.trig");
    fs::write(
        &item,
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n<http://e/1> a <http://e/C> . <http://e/data> sh:shapesGraph <http://e/shapes> .\n\
         <http://e/shapes> { <http://e/S> a sh:NodeShape ; sh:targetClass <http://e/C> ; sh:property [ sh:path <http://e/p> ; sh:minCount 1 ] . }\n",
    )
    .expect("write");
    let item = item.display().to_string();
    let checked = run(&folder.path().join("none"), ["validate", &item]);
    assert_eq!(checked.status.code(), Some(1), "{}", stdout(&checked));
    assert!(
        stdout(&checked).contains("http://e/S"),
        "{}",
        stdout(&checked)
    );
}

#[test]
fn messages_come_in_dutch_and_english() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let missing = folder.path().join("niets");
    let english = run(&missing, ["log"]);
    assert_eq!(english.status.code(), Some(2));
    assert!(
        stderr(&english).starts_with("error: there is no registry"),
        "{}",
        stderr(&english)
    );
    let dutch = run(&missing, ["--lang", "nl", "log"]);
    assert!(
        stderr(&dutch).starts_with("fout: er is geen register"),
        "{}",
        stderr(&dutch)
    );
    let by_locale = oslo(&missing)
        .env("LANG", "nl_BE.UTF-8")
        .arg("log")
        .output()
        .expect("the binary runs");
    assert_eq!(stderr(&by_locale), stderr(&dutch));
    assert!(!missing.exists(), "reading makes no folder");
    let data = demo(folder.path());
    let elsewhere = run(&data, ["--base", "https://stad.example", "query", "ASK {}"]);
    assert!(
        stderr(&elsewhere).contains("--base http://127.0.0.1:7400"),
        "{}",
        stderr(&elsewhere)
    );
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = demo(folder.path());
    for arguments in [
        &["export"][..],
        &["query", "SELECT * { ?s ?p ?o }"],
        &["generate", "--addresses", "2000"],
    ] {
        let mut child = oslo(&data)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut first = [0; 100];
        child
            .stdout
            .take()
            .expect("piped")
            .read_exact(&mut first)
            .expect("some output");
        // The reading end is closed here, as by `head -c 100`.
        let done = child.wait_with_output().expect("the binary ends");
        assert_eq!(done.status.code(), Some(0), "{arguments:?}");
        assert_eq!(stderr(&done), "", "{arguments:?}");
    }
}

#[test]
fn readers_work_beside_a_writer_and_a_second_writer_is_told() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = demo(folder.path());
    let store =
        oslo_registry::store::Store::open(&data, oslo_registry::store::OpenOptions::default())
            .expect("opens");
    assert_eq!(run(&data, ["query", "ASK {}"]).status.code(), Some(0));
    assert_eq!(run(&data, ["check"]).status.code(), Some(0));
    let second = run(&data, ["update", "INSERT DATA { <urn:a> <urn:b> <urn:c> }"]);
    assert_eq!(second.status.code(), Some(2));
    assert!(stderr(&second).contains("in use"), "{}", stderr(&second));
    drop(store);
}

#[test]
fn a_damaged_log_is_found_and_the_way_out_is_told() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = folder.path().join("data");
    output(
        &data,
        [
            "load",
            "--on-violation",
            "off",
            &fixture("fusies.ttl"),
            &fixture("postinfo.ttl"),
        ],
    );
    let log = data.join("log/000000000001.log");
    let mut bytes = fs::read(&log).expect("log");
    let middle = bytes.len() / 3;
    bytes[middle] ^= 0x20;
    fs::write(&log, &bytes).expect("write");
    let done = run(&data, ["check"]);
    assert_eq!(done.status.code(), Some(1));
    assert!(stdout(&done).contains("damaged"), "{}", stdout(&done));
    assert_eq!(run(&data, ["query", "ASK {}"]).status.code(), Some(2));
}

/// Rules that see a planted fault from another side: the unit of an address on two units, an address beside its moved building,
/// the form of a house number, namespace and number that no longer make the IRI, and a key by its issuer.
const FROM_ANOTHER_SIDE: [&str; 5] = ["Q118", "Q129", "Q213", "Q502", "Q507"];

#[test]
fn every_planted_fault_is_found_and_nothing_else() {
    let folder = tempfile::tempdir().expect("temporary folder");
    // No registry here: files are checked against what ships with the program.
    let data = folder.path().join("none");
    let town = folder.path().join("stad.nq");
    let truth = folder.path().join("waarheid.csv");
    let (town_name, truth_name) = (town.display().to_string(), truth.display().to_string());
    let sizes = ["--addresses", "1200", "--seed", "11"];
    fs::write(
        &town,
        output(&data, ["generate", sizes[0], sizes[1], sizes[2], sizes[3]]),
    )
    .expect("write");
    let sound = run(&data, ["validate", "--format", "csv", &town_name]);
    assert_eq!(
        sound.status.code(),
        Some(0),
        "sound, and every rule was checked: {}",
        stdout(&sound)
    );

    let faulty = ["--faults", "0.002", "--truth", &truth_name];
    let made = output(
        &data,
        [
            "generate", sizes[0], sizes[1], sizes[2], sizes[3], faulty[0], faulty[1], faulty[2],
            faulty[3],
        ],
    );
    fs::write(&town, made).expect("write");
    let mut expected = BTreeSet::new();
    for row in csv::Reader::from_path(&truth).expect("truth").records() {
        let row = row.expect("CSV");
        expected.insert((row[0].to_owned(), row[1].to_owned()));
    }
    let kinds: BTreeSet<&str> = expected.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(kinds.len(), 35);

    let report = run(&data, ["validate", "--format", "csv", &town_name]);
    assert_eq!(report.status.code(), Some(1));
    let mut found = BTreeSet::new();
    for row in csv::Reader::from_reader(report.stdout.as_slice()).records() {
        let row = row.expect("CSV");
        let shape = row[1].trim_matches(['<', '>']);
        let code = shape.rsplit_once('#').map_or(shape, |(_, local)| local);
        let code = code.split('>').next().unwrap_or(code);
        found.insert((code.to_owned(), row[3].to_owned()));
    }
    found.retain(|(code, _)| !FROM_ANOTHER_SIDE.contains(&code.as_str()));
    let missed: Vec<_> = expected.difference(&found).collect();
    let extra: Vec<_> = found.difference(&expected).collect();
    assert!(
        missed.is_empty() && extra.is_empty(),
        "missed {missed:#?}\nextra {extra:#?}"
    );
}

/// Kills a server when the test ends, however it ends.
struct Server(std::process::Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(unix)]
#[test]
fn the_commands_that_the_demo_prints_do_what_it_says() {
    use std::io::BufRead;
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    if !Command::new("curl")
        .arg("--version")
        .output()
        .is_ok_and(|done| done.status.success())
    {
        eprintln!("curl is not installed: the demo's commands were not tried");
        return;
    }
    let folder = tempfile::tempdir().expect("temporary folder");
    // A blank in the path: the commands must be quoted.
    let data = folder.path().join("de map");
    let child = oslo(&data)
        .args(["demo", "--bind", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut server = Server(child);
    let out = std::io::BufReader::new(server.0.stdout.take().expect("piped"));
    let mut commands = Vec::new();
    for line in out.lines() {
        let line = line.expect("text");
        if line.starts_with("curl ") {
            commands.push(line);
        } else if line.starts_with("Stop") {
            break;
        }
    }
    let answers: Vec<String> = commands
        .iter()
        .map(|command| {
            stdout(
                &Command::new("sh")
                    .args(["-c", command])
                    .output()
                    .expect("a shell"),
            )
        })
        .collect();
    assert_eq!(answers.len(), 5, "{commands:#?}");
    assert!(
        answers[0].starts_with("straat,adressen\r\n") && answers[0].lines().count() == 6,
        "{}",
        answers[0]
    );
    assert!(
        answers[1].contains("\"@context\"") && answers[1].contains("90000001"),
        "{}",
        answers[1]
    );
    assert!(
        answers[2].contains("9550") && answers[2].contains("totaal"),
        "{}",
        answers[2]
    );
    assert!(answers[3].contains("ValidationReport"), "{}", answers[3]);
    assert!(
        answers[4].trim_end().ends_with("422") && answers[4].contains("huisnummer"),
        "{}",
        answers[4]
    );
    let mode = fs::metadata(data.join("admin-token"))
        .expect("token")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    // Reading beside the server works.
    assert_eq!(run(&data, ["query", "ASK {}"]).status.code(), Some(0));
}

#[test]
fn serve_needs_a_registry_and_a_free_port() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let missing = run(&folder.path().join("none"), ["serve"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(
        stderr(&missing).contains("oslo demo"),
        "{}",
        stderr(&missing)
    );
    let data = folder.path().join("data");
    output(
        &data,
        ["load", &fixture("postinfo.ttl"), "--on-violation", "off"],
    );
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    let refused = run(&data, ["serve", "--bind", &address]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains(&address), "{}", stderr(&refused));
}

#[test]
fn shapes_are_looked_at_by_themselves() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = folder.path().join("none");
    let file = folder.path().join("vormen.ttl");
    let path = file.display().to_string();
    let write = |shape: &str| {
        let text = format!(
            "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix adres: <https://data.vlaanderen.be/ns/adres#> .\n\
             <https://stad.example/vorm> a sh:NodeShape ; {shape} .\n"
        );
        fs::write(&file, text).expect("a file");
    };
    // A slip in a class is a note, a slip in a term means that something is not checked.
    write("sh:targetClass adres:Adress ; sh:nodeKind sh:IRI");
    let noted = run(&data, ["lint", &path]);
    assert_eq!(noted.status.code(), Some(0), "{}", stderr(&noted));
    let text = stdout(&noted);
    assert!(text.contains("note[L088]"), "{text}");
    assert!(text.contains("Did you mean adres:Adres?"), "{text}");
    assert!(text.contains("vormen.ttl"), "{text}");
    assert!(
        text.contains("1 shapes read: 0 shapes and 0 rules not checked, 1 notes."),
        "{text}"
    );
    let silent = output(&data, ["lint", "--no-notes", "--format", "json", &path]);
    assert_eq!(silent.trim(), "[]");
    write("sh:targetClass adres:Adres ; sh:nodekind sh:IRI ; sh:singleLine true");
    let wrong = run(&data, ["lint", "--lang", "nl", &path]);
    assert_eq!(wrong.status.code(), Some(1), "{}", stderr(&wrong));
    let text = stdout(&wrong);
    assert!(text.contains("regel niet gecontroleerd[L005]"), "{text}");
    assert!(text.contains("oslo settings --shacl 1.2"), "{text}");
    let newer = run(&data, ["lint", "--shacl", "1.2", "--format", "json", &path]);
    let findings: serde_json::Value =
        serde_json::from_str(&stdout(&newer)).expect("an array in JSON");
    let codes: Vec<&str> = findings
        .as_array()
        .expect("an array")
        .iter()
        .filter_map(|finding| finding["code"].as_str())
        .collect();
    assert_eq!(codes, ["L005"]);
    assert_eq!(findings[0]["shape"], "<https://stad.example/vorm>");
    assert_eq!(findings[0]["effect"], "constraint");
    // Nothing stored, and no file: there is nothing to look at.
    assert_eq!(run(&data, ["lint"]).status.code(), Some(2));
}

#[test]
fn shacl_12_is_a_setting_of_the_registry() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = folder.path().join("data");
    let shapes = folder.path().join("vormen.ttl");
    fs::write(
        &shapes,
        "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .\n\
         ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:uniqueValuesFor ex:id ; sh:severity sh:Warning .\n",
    )
    .expect("a file");
    let items = folder.path().join("gegevens.ttl");
    fs::write(
        &items,
        "@prefix ex: <http://example.org/> .\nex:a a ex:C ; ex:id 1 . ex:b a ex:C ; ex:id 1 .\n",
    )
    .expect("a file");
    let (shapes, items) = (shapes.display().to_string(), items.display().to_string());
    let validate = || run(&data, ["validate", "--shapes", &shapes, &items]);
    assert_eq!(
        output(&data, ["settings", "--shacl", "1.0"]),
        "rdf\t1.1\nshacl\t1.0\n"
    );
    let off = validate();
    assert_eq!(off.status.code(), Some(3), "{}", stdout(&off));
    assert!(stdout(&off).contains("L026"), "{}", stdout(&off));
    assert_eq!(
        output(&data, ["settings", "--shacl", "1.2"]),
        "rdf\t1.1\nshacl\t1.2\ndisallow\tinfo\n"
    );
    let on = validate();
    assert_eq!(on.status.code(), Some(1), "{}", stdout(&on));
    assert!(
        stdout(&on).contains("UniqueValuesFor, 2 times"),
        "{}",
        stdout(&on)
    );
    output(&data, ["settings", "--disallow", "violation"]);
    let mild = validate();
    assert_eq!(mild.status.code(), Some(0), "{}", stdout(&mild));
    assert_eq!(
        run(&data, ["settings", "--shacl", "2"]).status.code(),
        Some(2)
    );
}

#[test]
fn help_is_grouped_and_codes_are_explained() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let english = output(folder.path(), ["--help"]);
    assert!(
        english.contains("Start here:") && english.contains("Exit codes:"),
        "{english}"
    );
    let dutch = output(folder.path(), ["--lang", "nl", "load", "--help"]);
    assert!(
        dutch.contains("Bestanden en mappen") && dutch.contains("Voorbeelden:"),
        "{dutch}"
    );
    assert!(output(folder.path(), ["explain", "v004"]).starts_with("V004: "));
    assert_eq!(run(folder.path(), ["explain", "X1"]).status.code(), Some(2));
}
