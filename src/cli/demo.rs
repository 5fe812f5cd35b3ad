//! `oslo demo`: the shipped vocabularies, shapes and example data in a registry, checked, counted and served.
//! A second start finds everything there and is up at once.

use super::Exit;
use super::console::{Console, Rows};
use super::problem::{self, Problem};
use super::serve;
use super::session::Session;
use crate::feeds::catalogue::CatalogueSettings;
use crate::http::ServerConfig;
use crate::ingest::load::CommitUnit;
use crate::ingest::{Input, LoadItem, LoadPlan, load_files};
use crate::registry::assets::{self, Asset};
use crate::registry::{Mode, Registry, stored};
use crate::shapes::{SeverityCounts, Validation, ValidationOptions, validate};
use crate::store::{Beside, Graphs, Id};
use clap::Args;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7400")]
    bind: std::net::SocketAddr,
    /// Stop after the summary
    #[arg(long)]
    no_serve: bool,
}

pub(crate) fn run(session: &Session, args: &DemoArgs) -> anyhow::Result<Exit> {
    let (session, registry) = session.open_to_serve(args.bind)?;
    let console = session.console;
    let missing = missing_assets(&registry);
    if !missing.is_empty() {
        let mut bar = console
            .progress(console.say("Voorbeeldregister laden", "Loading the example registry"))
            .impatient();
        load_assets(&registry, &missing, &mut |index| {
            bar.at(index as u64, missing.len() as u64)
        })?;
        bar.label(console.say("Controleren", "Checking"));
        bar.at(missing.len() as u64, missing.len() as u64);
        let summary = summarise(&registry);
        bar.done();
        print_summary(&session, &summary)?;
    }
    install_queries(session.data())?;
    describe_catalogue(session.data())?;
    if args.no_serve {
        return Ok(Exit::Done);
    }
    let token_file = session.data().join("admin-token");
    let admin_token = Some(serve::ensure_token(&token_file)?);
    let config = ServerConfig {
        bind: args.bind,
        admin_token,
        ..ServerConfig::default()
    };
    serve::start(Arc::new(registry), config, |address| {
        let mut out = console.out();
        print_commands(console, &format!("http://{address}"), &token_file, &mut out)?;
        out.flush()
    })
}

/// Puts the shipped stored queries into the data folder, once: when it has none. What a steward changed or removed stays so.
fn install_queries(data: &Path) -> anyhow::Result<()> {
    let folder = data.join(stored::FOLDER);
    if folder.exists() {
        return Ok(());
    }
    let write = || -> io::Result<()> {
        std::fs::create_dir(&folder)?;
        for (name, bytes) in assets::stored_queries() {
            std::fs::write(folder.join(name), bytes)?;
        }
        Ok(())
    };
    write().map_err(|error| {
        let folder = folder.display();
        Problem::new(
            format!("{folder} kan niet geschreven worden: {error}"),
            format!("{folder} cannot be written: {error}"),
        )
        .into()
    })
}

/// Says whose catalogue it is, once: what a steward said stays so.
fn describe_catalogue(data: &Path) -> anyhow::Result<()> {
    let kept = Beside::Catalogue.read(data).map_err(problem::of_store)?;
    if kept.is_none() {
        Beside::Catalogue
            .write(data, CatalogueSettings::demo())
            .map_err(problem::of_store)?;
    }
    Ok(())
}

/// What to try: each line that starts with `curl` can be pasted into a shell.
fn print_commands(
    console: Console,
    url: &str,
    token_file: &Path,
    out: &mut impl Write,
) -> io::Result<()> {
    let token_file = token_file.display().to_string().replace('\'', "'\\''");
    writeln!(
        out,
        "\n{} {url}\n",
        console.say("Het register staat op", "The registry is at")
    )?;
    let commands = [
        (
            console.say(
                "Straten met de meeste adressen (SPARQL)",
                "Streets with most addresses (SPARQL)",
            ),
            format!(
                "curl -s -H 'Accept: text/csv' --data-urlencode 'query=SELECT ?straat (COUNT(*) AS ?adressen) {{ ?adres <https://data.vlaanderen.be/ns/adres#heeftStraatnaam> ?s . ?s <http://www.w3.org/2000/01/rdf-schema#label> ?straat }} GROUP BY ?straat ORDER BY DESC(?adressen) ?straat LIMIT 5' {url}/sparql"
            ),
        ),
        (
            console.say("Een adres als JSON-LD", "One address as JSON-LD"),
            format!("curl -s -L -H 'Accept: application/ld+json' {url}/doc/adres/90000001"),
        ),
        (
            console.say(
                "Een verzameling met een filter",
                "A collection with a filter",
            ),
            format!("curl -s '{url}/api/adressen?postcode=9550&limit=3'"),
        ),
        (
            console.say("Het validatierapport", "The validation report"),
            format!("curl -s -H 'Accept: text/turtle' {url}/rapport"),
        ),
        (
            console.say(
                "Een onvolledig adres opladen: geweigerd, met de redenen",
                "Uploading an incomplete address: refused, with the reasons",
            ),
            format!(
                "curl -s -w '\\n%{{http_code}}\\n' -H \"Authorization: Bearer $(cat '{token_file}')\" -H 'Content-Type: text/turtle' -d '<https://data.vlaanderen.be/id/adres/1> a <https://data.vlaanderen.be/ns/adres#Adres> .' {url}/graph/proef"
            ),
        ),
    ];
    for (number, (title, command)) in commands.iter().enumerate() {
        writeln!(out, "{}. {title}\n{command}\n", number + 1)?;
    }
    writeln!(
        out,
        "{}",
        console.say("Stoppen: Ctrl-C", "Stop with Ctrl-C")
    )
}

/// Shipped files whose graph the registry does not have.
fn missing_assets(registry: &Registry) -> Vec<Asset> {
    let view = registry.snapshot().view();
    let mut files = assets::demo_files();
    files.retain(|asset| {
        let graph = view.id_of_iri(registry.graph_iri(asset.graph).as_str());
        graph.is_none_or(|graph| view.graph_size(graph) == 0)
    });
    files
}

/// Loads shipped files without checking them one by one: they refer to each other and are checked as a whole afterwards.
/// Vocabularies and shapes make one commit each, every fixture one of its own. `progress` gets the number of files done.
pub(crate) fn load_assets(
    registry: &Registry,
    files: &[Asset],
    progress: &mut dyn FnMut(usize),
) -> anyhow::Result<()> {
    let mut done = 0;
    for files in files.chunk_by(|a, b| a.folder == b.folder) {
        let items = files
            .iter()
            .map(|asset| LoadItem {
                input: Input::bytes(asset.path, asset.bytes),
                format: None,
                graph: Some(registry.graph_iri(asset.graph)),
                base_iri: None,
            })
            .collect();
        let mut plan = LoadPlan::new(registry, items);
        plan.gate = Some(Mode::Off);
        plan.agent = registry.agent_iri("oslo-demo");
        plan.message = Some("oslo demo".to_owned());
        plan.unit = if files[0].folder == "fixtures" {
            CommitUnit::PerFile
        } else {
            CommitUnit::Together
        };
        let summary = load_files(registry, &plan, &mut |at| progress(done + at.index))
            .map_err(problem::of_store)?;
        if let Some(failed) = summary.files.iter().find(|file| !file.outcome.is_good()) {
            return Err(Problem::new(
                format!(
                    "het meegeleverde bestand {} kan niet geladen worden: {:?}",
                    failed.name, failed.outcome
                ),
                format!(
                    "the shipped file {} cannot be loaded: {:?}",
                    failed.name, failed.outcome
                ),
            )
            .into());
        }
        done += files.len();
    }
    Ok(())
}

/// Counts of one graph, or of a family of graphs.
#[derive(Default)]
struct GraphCounts {
    graphs: u64,
    quads: u64,
    focus: u64,
    results: SeverityCounts,
}

/// Counts per graph; shapes, vocabularies and code lists as families.
fn summarise(registry: &Registry) -> BTreeMap<(u8, String), GraphCounts> {
    let view = registry.snapshot().view();
    let shapes = registry.shapes();
    let data = registry.data_graphs(&view);
    let mut counts: BTreeMap<(u8, String), GraphCounts> = BTreeMap::new();
    for graph in view.graph_names() {
        let iri = view.iri(graph).unwrap_or_default().into_owned();
        let name = iri
            .strip_prefix(&format!("{}/graph/", registry.base()))
            .unwrap_or(&iri);
        let is_data = data.contains(&graph) && graph != Id::DEFAULT_GRAPH;
        let key = match name.split_once('/') {
            Some((family, _)) if !is_data => (1, format!("{family}/*")),
            _ => (0, name.to_owned()),
        };
        let entry = counts.entry(key).or_default();
        entry.graphs += 1;
        entry.quads += view.graph_size(graph);
        if is_data {
            let report = validate(
                &shapes,
                &Validation {
                    data: view.with_graphs(Graphs::One(graph)),
                    context: view.without_apart(),
                    options: ValidationOptions::default(),
                },
            );
            entry.focus += report.focus_total();
            entry.results = report.counts();
        }
    }
    counts
}

fn print_summary(
    session: &Session,
    counts: &BTreeMap<(u8, String), GraphCounts>,
) -> anyhow::Result<()> {
    let console = session.console;
    let mut rows = Rows::new(
        console,
        &[
            ("graaf", "graph"),
            ("quads#", "quads#"),
            ("objecten#", "focus nodes#"),
            ("fouten#", "violations#"),
            ("waarschuwingen#", "warnings#"),
            ("meldingen#", "infos#"),
        ],
    );
    for ((_, name), it) in counts {
        let name = if it.graphs > 1 {
            format!("{name} ({})", it.graphs)
        } else {
            name.clone()
        };
        let numbers = [
            it.quads,
            it.focus,
            it.results.errors(),
            it.results.warning,
            it.results.informative(),
        ];
        let mut row = vec![name];
        row.extend(numbers.map(|number| console.number(number)));
        rows.push(row);
    }
    let mut out = console.out();
    rows.write(&mut out)?;
    out.flush()?;
    Ok(())
}
