//! Dumps: each format read back by another reader says what the API says; the same state gives the same bytes; what is not
//! public is in none; downloads can be resumed; whoever is killed leaves nothing half.

mod download;
mod killed;
mod law;
mod readers;
mod town;

use super::http::{ADDRESSES, Server};
use flate2::read::GzDecoder;
use oslo_registry::feeds::dumps::{
    self, DumpError, EVERYTHING, Folder, Format, Made, Manifest, Options, Packing,
};
use oslo_registry::store::OpenOptions;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

/// Besides the addresses: a geometry, a collection, texts that need care, a statement in another graph, a nested part that
/// two addresses share.
const MORE: &str = r#"
@prefix adr: <https://data.vlaanderen.be/ns/adres#> .
@prefix gen: <https://data.vlaanderen.be/ns/generiek#> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix locn: <http://www.w3.org/ns/locn#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@base <https://data.vlaanderen.be/id/> .
<adres/9> adr:positie [ a gen:GeografischePositie ; locn:geometry [
    geo:asWKT "<http://www.opengis.net/def/crs/EPSG/0/31370> POINT(140252.76 198794.27)"^^geo:wktLiteral ] ] ;
  adr:heeftGemeentenaam <gemeentenaam/1> ;
  rdfs:comment "=1+1, \"x\" | \\ y\n2"@nl , "plain" ; rdfs:seeAlso ( <http://e/1> "b" ( 3 ) ) .
<adres/10> adr:heeftGemeentenaam <gemeentenaam/1> .
<gemeentenaam/1> a adr:Gemeentenaam ; rdfs:label "Testdorp"@nl , "Village-Test"@fr .
<adres/100> a adr:Adres ; adr:huisnummer "12|A\\" .
"#;

/// A registry in a folder with the addresses in two graphs.
fn server(data: &Path) -> Server {
    Server::in_folder(data, OpenOptions::default())
        .with_graph("adressen", ADDRESSES)
        .with_graph("aanvulling", MORE)
}

/// Makes the dump of the addresses, and of everything.
fn make(server: &Server, folder: &Folder, options: &Options) -> (Made, Made) {
    let registry = &server.registry;
    let snapshot = registry.snapshot();
    let slot = folder.claim().expect("a free folder");
    let place = (folder, &slot);
    let register = registry.register("adressen").expect("declared");
    let progress = &mut |_, _| {};
    let one = dumps::make(registry, &snapshot, place, register, options, progress);
    let all = dumps::make_all_statements(registry, &snapshot, place, options, progress);
    (one.expect("made"), all.expect("made"))
}

/// What is in a file of a dump.
fn content(folder: &Folder, manifest: &Manifest, extension: &str) -> String {
    let file = manifest.file(extension).expect("the format");
    let path = folder.path_of(&manifest.register, &file.name);
    let input = File::open(path).expect("a file");
    let mut text = String::new();
    match file.packing {
        Some(Packing::Gzip) => GzDecoder::new(input).read_to_string(&mut text),
        Some(Packing::Zstd) => zstd::Decoder::new(input)
            .expect("Zstandard")
            .read_to_string(&mut text),
        None => (&input).read_to_string(&mut text),
    }
    .expect("UTF-8");
    assert_eq!(text.len() as u64, file.plain_bytes, "{extension}");
    text
}

/// The quads of a text as another library reads them.
fn quads(text: &str, format: oxigraph::io::RdfFormat) -> BTreeSet<String> {
    let parsed = oxigraph::io::RdfParser::from_format(format).for_slice(text.as_bytes());
    parsed
        .map(|quad| quad.expect("well-formed").to_string())
        .collect()
}

/// The addresses in the order of the collection, by their ids.
const IDS: [&str; 4] = ["9", "10", "11", "100"];

#[tokio::test]
async fn every_format_says_what_the_api_says() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = server(dir.path());
    let folder = Folder::of_data(dir.path());
    let (made, _) = make(&server, &folder, &Options::default());
    let manifest = made.manifest();
    assert_eq!((manifest.items, manifest.commit), (Some(4), 2));
    assert_eq!(manifest.files.len(), 11);

    // RDF: what the documents say together, by another library.
    let mut expected = BTreeSet::new();
    for id in IDS {
        let path = format!("/doc/adres/{id}");
        let document = server.get_as(&path, "application/n-quads").await;
        expected.extend(quads(document.text(), oxigraph::io::RdfFormat::NQuads));
    }
    // Documents name the cells of collections anew, so these are told by what is stored.
    let without_cells = |quads: BTreeSet<String>| -> BTreeSet<String> {
        let is_cell = |quad: &String| {
            quad.contains("rdf-syntax-ns#first")
                || quad.contains("rdf-syntax-ns#rest")
                || quad.contains("#seeAlso")
        };
        quads.into_iter().filter(|quad| !is_cell(quad)).collect()
    };
    let nquads = quads(
        &content(&folder, manifest, "nq.gz"),
        oxigraph::io::RdfFormat::NQuads,
    );
    assert_eq!(manifest.statements, Some(nquads.len() as u64), "each once");
    assert_eq!(
        without_cells(nquads.clone()),
        without_cells(expected.clone())
    );
    let count = |quads: &BTreeSet<String>, part: &str| {
        quads.iter().filter(|quad| quad.contains(part)).count()
    };
    for part in ["#first", "#rest", "#seeAlso"] {
        assert_eq!(count(&nquads, part), count(&expected, part), "{part}");
    }
    assert_eq!(count(&nquads, "#first> "), 4);
    assert_eq!(
        quads(
            &content(&folder, manifest, "trig.zst"),
            oxigraph::io::RdfFormat::TriG
        ),
        nquads
    );

    // JSON-LD: the documents of the API, a line each, in the order of the collection.
    let text = content(&folder, manifest, "jsonl.gz");
    let lines: Vec<Json> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), IDS.len());
    for (line, id) in lines.iter().zip(IDS) {
        let item = server.get(&format!("/api/adressen/{id}")).await;
        assert_eq!(*line, item.json(), "{id}");
    }

    // CSV: the same values in cells.
    let text = content(&folder, manifest, "csv.zst");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    assert_eq!(&header[0], "id");
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), IDS.len());
    let cell = |row: usize, name: &str| {
        let at = header.iter().position(|column| column == name);
        rows[row][at.unwrap_or_else(|| panic!("{name}: {header:?}"))].to_owned()
    };
    assert_eq!(cell(0, "huisnummer"), "9");
    assert_eq!(cell(0, "officieelToegekend"), "true");
    assert_eq!(cell(0, "heeftGemeentenaam.label@fr"), "Village-Test");
    assert_eq!(cell(1, "heeftGemeentenaam.label@nl"), "Testdorp");
    assert_eq!(cell(3, "huisnummer"), r"12\|A\\");
    let comment = header.iter().find(|name| name.ends_with("comment@nl"));
    let comment = comment.expect("the column of the comment");
    assert_eq!(cell(0, comment), "=1+1, \"x\" \\| \\\\ y\n2");
    let csv = manifest.file("csv.gz").expect("CSV");
    assert_eq!((csv.rows, csv.formula_cells), (4, 1));
    assert!(text.contains("\r\n"), "RFC 4180");

    // Its metadata names every column.
    let metadata = content(&folder, manifest, "csv-metadata.json");
    let metadata: Json = serde_json::from_str(&metadata).expect("JSON");
    let columns = metadata["tableSchema"]["columns"].as_array();
    let titles = columns.expect("columns").iter();
    let titles: Vec<&str> = titles
        .filter_map(|column| column["titles"].as_str())
        .collect();
    assert_eq!(titles, header.iter().collect::<Vec<_>>());
    assert_eq!(
        metadata["url"],
        "adressen-".to_owned() + &stem_end(manifest) + ".csv"
    );

    // GeoJSON: degrees, the literal no longer among the properties, null where there is none.
    let features = content(&folder, manifest, "geojson.gz");
    let features: Json = serde_json::from_str(&features).expect("JSON");
    let list = features["features"].as_array().expect("features");
    assert_eq!(list.len(), IDS.len());
    let place = list[0]["geometry"]["coordinates"]
        .as_array()
        .expect("a place");
    let near = |value: &Json, wanted: f64| {
        let found = value.as_f64().expect("a number");
        (found - wanted).abs() < 1e-5
    };
    assert!(
        near(&place[0], 4.229_604) && near(&place[1], 51.099_167),
        "{place:?}"
    );
    assert_eq!(list[1]["geometry"], Json::Null);
    assert_eq!(list[0]["id"], "https://data.vlaanderen.be/id/adres/9");
    assert!(!list[0]["properties"].to_string().contains("POINT"));
    assert_eq!(list[1]["properties"]["huisnummer"], "10");
    insta::assert_snapshot!("feature", format!("{:#}", list[1]));
}

fn stem_end(manifest: &Manifest) -> String {
    manifest.stem().trim_start_matches("adressen-").to_owned()
}

#[test]
fn the_same_state_gives_the_same_bytes() {
    let dirs = [0, 1].map(|_| tempfile::tempdir().expect("a folder"));
    let read = |dir: &Path| {
        let server = server(dir);
        // Twice of the same registry, and of another one with the same content.
        let folders = ["een", "twee"].map(|name| Folder::at(dir.join(name)));
        let sums = folders.each_ref().map(|folder| {
            let (one, all) = make(&server, folder, &Options::default());
            let files = [one, all].map(|made| made.manifest().files.clone());
            let files = files.into_iter().flatten();
            let files = files.filter(|file| file.format != Format::CsvMetadata);
            let sums: Vec<(String, String)> =
                files.map(|file| (file.extension(), file.sha256)).collect();
            sums
        });
        assert_eq!(sums[0], sums[1]);
        sums[0].clone()
    };
    assert_eq!(read(dirs[0].path()), read(dirs[1].path()));
}

#[test]
fn another_index_gives_the_same_bytes() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    super::oslo::output(&data, ["demo", "--no-serve"]);
    let sums = |name: &str| -> Vec<(String, String)> {
        let to = dir.path().join(name);
        super::oslo::output(&data, ["dump", "--to", &to.display().to_string()]);
        let mut sums = Vec::new();
        for register in ["adressen", "dossiers", "gebouwen", "mandaten", EVERYTHING] {
            let newest = dumps::newest(&Folder::at(&to), register).expect("readable");
            let files = newest.expect("made").files.into_iter();
            sums.extend(files.map(|file| (file.name, file.sha256)));
        }
        sums
    };
    let before = sums("een");
    // Numbered anew from the log.
    super::oslo::output(&data, ["rebuild"]);
    assert_eq!(sums("twee"), before);
}

#[test]
fn what_did_not_change_stays_and_old_dumps_go() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = server(dir.path());
    let folder = Folder::of_data(dir.path());
    let options = Options {
        keep: Some(2),
        ..Options::default()
    };
    let csv = Options {
        formats: vec![Format::Csv],
        packings: vec![Packing::Gzip],
        ..options.clone()
    };
    // Formats are added to the dump of the same commit.
    let (made, _) = make(&server, &folder, &csv);
    assert_eq!(made.manifest().files.len(), 2);
    let (made, _) = make(&server, &folder, &options);
    assert!(matches!(made, Made::New(_)));
    assert_eq!(made.manifest().files.len(), 11);
    let (again, all) = make(&server, &folder, &options);
    assert_eq!(again, Made::Unchanged(made.manifest().clone()));
    // A commit about something else makes no new dump of the addresses, but one of everything.
    server.load("straten", b"<http://e/s> <http://e/p> \"x\" .");
    let (again, other) = make(&server, &folder, &options);
    assert_eq!(again, Made::Unchanged(made.manifest().clone()));
    assert!(matches!(&other, Made::New(new) if new.commit == 3));
    assert_eq!(
        other.manifest().statements,
        all.manifest().statements.map(|count| count + 1)
    );
    let more = "<https://data.vlaanderen.be/id/adres/9> <http://e/p> \"x\" .";
    for name in ["a", "b"] {
        server.load(name, more.as_bytes());
        let (made, _) = make(&server, &folder, &options);
        assert!(matches!(made, Made::New(_)));
    }
    let kept = folder.manifests("adressen").expect("readable");
    let commits: Vec<u64> = kept.iter().map(|manifest| manifest.commit).collect();
    assert_eq!(commits, [5, 4]);
    let files = fs::read_dir(dir.path().join("dumps/adressen")).expect("a folder");
    assert_eq!(files.count(), 24, "two manifests and their files");
    let newest = dumps::newest(&folder, "adressen").expect("readable");
    assert_eq!(newest.as_ref(), kept.first());
    assert!(
        newest
            .expect("made")
            .file("geojson.zst")
            .is_some_and(|file| file.media_type == "application/geo+json" && file.bytes > 0)
    );
}

#[test]
fn what_is_not_public_is_in_no_dump() {
    let dir = tempfile::tempdir().expect("a folder");
    let secret = "<https://data.vlaanderen.be/id/adres/9> <http://e/p> \"geheim\" .
        <https://data.vlaanderen.be/id/adres/8> a <https://data.vlaanderen.be/ns/adres#Adres> .";
    let server = server(dir.path())
        .with_graph("versies/adressen", secret)
        // Last: what waits is tried again after every commit.
        .with_graph("quarantaine/adressen", secret);
    let folder = Folder::of_data(dir.path());
    let (one, all) = make(&server, &folder, &Options::default());
    assert_eq!(one.manifest().items, Some(4));
    for (made, extensions) in [
        (
            &one,
            &["nq.gz", "trig.gz", "jsonl.gz", "csv.gz", "geojson.gz"][..],
        ),
        (&all, &["nq.gz"][..]),
    ] {
        for extension in extensions {
            let text = content(&folder, made.manifest(), extension);
            assert!(!text.contains("geheim"), "{extension}");
            assert!(!text.contains("quarantaine"), "{extension}");
        }
    }
    // A register that not everybody may read has none at all.
    let registry = &server.registry;
    let mut closed = registry.register("adressen").expect("declared").clone();
    closed.access = "intern".into();
    let slot = folder.claim().expect("a free folder");
    let made = dumps::make(
        registry,
        &registry.snapshot(),
        (&folder, &slot),
        &closed,
        &Options::default(),
        &mut |_, _| {},
    );
    assert!(matches!(made, Err(DumpError::NotPublic { .. })));
}

#[test]
fn everything_is_what_an_export_writes() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    super::oslo::output(&data, ["demo", "--no-serve"]);
    super::oslo::output(&data, ["dump", EVERYTHING, "--pack", "zst"]);
    let folder = Folder::of_data(&data);
    let manifest = dumps::newest(&folder, EVERYTHING).expect("readable");
    let manifest = manifest.expect("made");
    let export = super::oslo::output(&data, ["export"]);
    assert_eq!(content(&folder, &manifest, "nq.zst"), export);
    assert_eq!(manifest.statements, Some(export.lines().count() as u64));
}
