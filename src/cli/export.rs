//! `oslo export`: every quad, sorted by its text, so that equal registries give equal bytes.

use super::Exit;
use super::arguments::parse_as_of;
use super::problem::Problem;
use super::session::Session;
use crate::store::{AsOf, Id, Snapshot};
use crate::views::quads;
use clap::{Args, ValueEnum};
use oxrdf::NamedNode;
use std::io::{self, Write};

#[derive(Args)]
pub(crate) struct ExportArgs {
    /// Only this graph ("default" is the default graph)
    #[arg(long, value_name = "IRI")]
    graph: Option<String>,
    /// Syntax of the output
    #[arg(long, value_enum, default_value_t = ExportFormat::Nquads)]
    format: ExportFormat,
    /// Write the state after this commit, at the end of this day (UTC) or at this moment
    #[arg(long, value_name = "WHEN", value_parser = parse_as_of)]
    as_of: Option<AsOf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// N-Quads: one statement a line
    Nquads,
    /// TriG: statements grouped by graph and subject
    Trig,
}

pub(crate) fn run(session: &Session, args: &ExportArgs) -> anyhow::Result<Exit> {
    let (_registry, snapshot) = session.open_state(args.as_of)?;
    let graph = args
        .graph
        .as_deref()
        .map(|name| find_graph(&snapshot, name))
        .transpose()?;
    let mut out = session.console.out();
    match args.format {
        ExportFormat::Nquads => write_nquads(&snapshot, graph, &mut out)?,
        ExportFormat::Trig => write_trig(&snapshot, graph, &mut out)?,
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn find_graph(snapshot: &Snapshot, name: &str) -> anyhow::Result<Id> {
    if matches!(name, "default" | "standaard") {
        return Ok(Id::DEFAULT_GRAPH);
    }
    NamedNode::new(name).map_err(|_| {
        Problem::new(
            format!("{name} is geen IRI"),
            format!("{name} is not an IRI"),
        )
        .hint(
            "schrijf de volledige IRI van de graaf, of `default`",
            "write the graph's full IRI, or `default`",
        )
    })?;
    let view = snapshot.whole();
    view.id_of_iri(name)
        .filter(|id| view.graph_names().contains(id))
        .ok_or_else(|| {
            Problem::new(
                format!("er is geen graaf {name}"),
                format!("there is no graph {name}"),
            )
            .hint(
                "`oslo query 'SELECT DISTINCT ?g { GRAPH ?g {} }'` toont de grafen",
                "`oslo query 'SELECT DISTINCT ?g { GRAPH ?g {} }'` lists the graphs",
            )
            .into()
        })
}

/// N-Quads in the order of their bytes.
fn write_nquads(snapshot: &Snapshot, graph: Option<Id>, out: &mut impl Write) -> io::Result<()> {
    let view = snapshot.whole();
    let mut lines: Vec<Box<str>> = view
        .quads(None, None, None, graph)
        .map(|quad| quads::line(&view, &quad).into_boxed_str())
        .collect();
    lines.sort_unstable();
    lines
        .iter()
        .try_for_each(|line| out.write_all(line.as_bytes()))
}

/// TriG with full IRIs: graphs, subjects and predicates in the order of their bytes, the default graph first.
fn write_trig(snapshot: &Snapshot, graph: Option<Id>, out: &mut impl Write) -> io::Result<()> {
    let view = snapshot.whole();
    let mut rows: Vec<quads::Row> = view
        .quads(None, None, None, graph)
        .map(|quad| quads::row(&view, &quad))
        .collect();
    rows.sort_unstable();
    let mut writer = quads::TrigWriter::new(out);
    for row in rows {
        writer.row(row)?;
    }
    writer.finish().map(|_| ())
}
