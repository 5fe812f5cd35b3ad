//! `oslo export`: every quad, sorted by its text, so that equal registries give equal bytes.

use super::Exit;
use super::arguments::parse_as_of;
use super::problem::Problem;
use super::session::Session;
use crate::store::{AsOf, Id, Snapshot};
use clap::{Args, ValueEnum};
use oxrdf::NamedNode;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
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
        .map(|quad| {
            let mut line = String::new();
            for id in [quad.s, quad.p, quad.o] {
                line.push_str(&stable_label(view.text(id)));
                line.push(' ');
            }
            if quad.g != Id::DEFAULT_GRAPH {
                line.push_str(&stable_label(view.text(quad.g)));
                line.push(' ');
            }
            line.push_str(".\n");
            line.into_boxed_str()
        })
        .collect();
    lines.sort_unstable();
    lines
        .iter()
        .try_for_each(|line| out.write_all(line.as_bytes()))
}

/// TriG with full IRIs: graphs, subjects and predicates in the order of their bytes, the default graph first.
fn write_trig(snapshot: &Snapshot, graph: Option<Id>, out: &mut impl Write) -> io::Result<()> {
    let view = snapshot.whole();
    let mut rows: Vec<[Box<str>; 4]> = view
        .quads(None, None, None, graph)
        .map(|quad| {
            let text = |id| stable_label(view.text(id)).into_owned().into_boxed_str();
            let graph = if quad.g == Id::DEFAULT_GRAPH {
                Box::from("")
            } else {
                text(quad.g)
            };
            [graph, text(quad.s), text(quad.p), text(quad.o)]
        })
        .collect();
    rows.sort_unstable();
    let mut last: Option<&[Box<str>; 4]> = None;
    for row in &rows {
        let [graph, subject, predicate, object] = row;
        let same = |depth: usize| last.is_some_and(|last| last[..depth] == row[..depth]);
        let indent = if graph.is_empty() { "" } else { "  " };
        if same(3) {
            write!(out, ",\n{indent}    {object}")?;
        } else if same(2) {
            write!(out, " ;\n{indent}  {predicate} {object}")?;
        } else {
            if last.is_some() {
                writeln!(out, " .")?;
            }
            if !same(1) {
                if last.is_some_and(|last| !last[0].is_empty()) {
                    writeln!(out, "}}")?;
                }
                if !graph.is_empty() {
                    writeln!(out, "{}{graph} {{", if last.is_some() { "\n" } else { "" })?;
                }
            }
            write!(out, "{indent}{subject} {predicate} {object}")?;
        }
        last = Some(row);
    }
    if let Some(last) = last {
        writeln!(out, " .")?;
        if !last[0].is_empty() {
            writeln!(out, "}}")?;
        }
    }
    Ok(())
}

/// The text of a term with a blank-node label that loading keeps: labels that the loader gave stay, others are made from
/// their old label.
fn stable_label(text: Cow<'_, str>) -> Cow<'_, str> {
    let Some(label) = text.strip_prefix("_:") else {
        return text;
    };
    let (hash, number) = (label.get(1..21), label.get(22..));
    let kept = label.starts_with('b')
        && label.get(21..22) == Some("x")
        && hash.is_some_and(|hash| hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
        && number
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()));
    if kept {
        return text;
    }
    let digest = Sha256::digest(label.as_bytes());
    let hex: String = digest[..10]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Cow::Owned(format!("_:b{hex}x0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_the_loader_stay() {
        let kept = "_:b0123456789abcdef0123x17";
        assert_eq!(stable_label(kept.into()), kept);
        assert_eq!(stable_label("<urn:a>".into()), "<urn:a>");
        let made = stable_label("_:b1".into()).into_owned();
        assert_eq!(stable_label(made.as_str().into()), made);
    }
}
