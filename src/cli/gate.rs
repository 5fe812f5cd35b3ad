//! `oslo gate`: shows and changes how strictly commits are judged, per graph. The rules are statements of the registry;
//! changing one is a commit.

use super::Exit;
use super::arguments::parse_iri;
use super::load::Strictness;
use super::problem;
use super::session::Session;
use crate::registry::{
    CommitError, CommitRequest, GATE_GRAPH, GATE_NS, Gate, GateRule, Level, Mode, Registry,
};
use crate::shapes::Severity;
use crate::store::{CommitMeta, Draft, Id};
use clap::{Args, ValueEnum};
use oxrdf::{Literal, NamedNode};
use std::convert::Infallible;
use std::io::Write;

#[derive(Args)]
pub(crate) struct GateArgs {
    /// Graph whose rule is shown or changed: an IRI, or its name below BASE/graph/ [default: the rule of all graphs without one]
    #[arg(value_name = "GRAPH")]
    graph: Option<String>,
    /// How strictly commits in the graph are judged
    #[arg(long, value_enum, value_name = "HOW")]
    mode: Option<Strictness>,
    /// The mildest severity that "reject" refuses and "quarantine" lets wait
    #[arg(long, value_enum, value_name = "SEVERITY")]
    from: Option<From>,
    /// Take the graph's own rule away
    #[arg(long, conflicts_with_all = ["mode", "from"], requires = "graph")]
    clear: bool,
}

/// A severity of SHACL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum From {
    /// sh:Violation only
    Violation,
    /// sh:Warning and worse
    Warning,
    /// sh:Info and worse
    Info,
}

impl From {
    fn level(self) -> Level {
        match self {
            Self::Violation => Level::Violation,
            Self::Warning => Level::Warning,
            Self::Info => Level::Info,
        }
    }
}

pub(crate) fn run(session: &Session, args: &GateArgs) -> anyhow::Result<Exit> {
    let changes = args.mode.is_some() || args.from.is_some() || args.clear;
    let registry = if changes {
        session.open_to_write(None)?
    } else {
        session.open_to_read()?
    };
    let graph = match &args.graph {
        None => registry.graph_iri(GATE_GRAPH),
        Some(name) if name.contains(':') => parse_iri(name)?,
        Some(name) => registry.graph_iri(name),
    };
    if changes {
        change(&registry, &graph, args)?;
    }
    show(session, &registry, args.graph.is_some().then_some(&graph))
}

/// Replaces the statements about one graph.
fn change(registry: &Registry, graph: &NamedNode, args: &GateArgs) -> anyhow::Result<()> {
    let request = CommitRequest::new(CommitMeta {
        agent: registry.agent_iri("oslo"),
        activity: registry.activity_iri("poort"),
        source: Vec::new(),
        message: Some("oslo gate".to_owned()),
    })
    .with_mode(Mode::Off);
    let done = registry.commit(request, |draft| -> Result<(), Infallible> {
        let rules = draft.intern(registry.graph_iri(GATE_GRAPH).as_ref().into());
        let subject = draft.intern(graph.as_ref().into());
        for (name, value) in [
            (
                "mode",
                args.mode.map(|mode| literal(Mode::from(mode).word())),
            ),
            ("from", args.from.map(|from| severity(from.level()))),
        ] {
            if value.is_none() && !args.clear {
                continue;
            }
            let predicate = NamedNode::new_unchecked(format!("{GATE_NS}{name}"));
            let predicate = draft.intern(predicate.as_ref().into());
            forget(draft, rules, subject, predicate);
            if let Some(value) = value {
                let o = draft.intern(value.as_ref());
                draft.add(crate::store::QuadIds {
                    s: subject,
                    p: predicate,
                    o,
                    g: rules,
                });
            }
        }
        Ok(())
    });
    match done {
        Ok(_) => Ok(()),
        Err(CommitError::Reserved(reserved)) => Err(problem::of_reserved(&reserved)),
        Err(CommitError::Store(error)) => Err(problem::of_store(error)),
        Err(CommitError::Change(never)) => match never {},
        Err(CommitError::Rejected(_)) => unreachable!("nothing is judged with the mode off"),
    }
}

fn forget(draft: &mut Draft<'_>, rules: Id, subject: Id, predicate: Id) {
    let view = draft.base().view();
    for quad in view.quads(Some(subject), Some(predicate), None, Some(rules)) {
        draft.remove(quad);
    }
}

fn literal(text: &str) -> oxrdf::Term {
    Literal::new_simple_literal(text).into()
}

fn severity(level: Level) -> oxrdf::Term {
    NamedNode::new_unchecked(level.severity().iri()).into()
}

/// One line for the rule of all graphs and one for each graph with a rule of its own.
fn show(session: &Session, registry: &Registry, only: Option<&NamedNode>) -> anyhow::Result<Exit> {
    let view = registry.snapshot().view();
    let gate: Gate = registry.gate();
    let mut rows: Vec<(String, GateRule)> = gate
        .rules()
        .filter_map(|(graph, rule)| Some((view.iri(graph)?.into_owned(), rule)))
        .collect();
    rows.sort();
    if let Some(graph) = only {
        rows.retain(|(name, _)| name == graph.as_str());
        if rows.is_empty() {
            rows.push((graph.as_str().to_owned(), gate.default_rule()));
        }
    } else {
        rows.insert(0, ("*".to_owned(), gate.default_rule()));
    }
    let mut out = session.console.out();
    for (graph, rule) in rows {
        let severity: Severity = rule.from.severity();
        let from = severity.label(crate::rdf::label::Language::En);
        writeln!(out, "{graph}\t{}\t{from}", rule.mode.word())?;
    }
    out.flush()?;
    Ok(Exit::Done)
}
